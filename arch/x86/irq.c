/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Physical interrupts: those of the hypervisor are handled, those of devices are the root's. */
#include "irq.h"

#include "apic.h"
#include "cpu.h"
#include "idt.h"
#include "interrupt.h"
#include "lapic.h"
#include "machine.h"
#include "partition.h"
#include "percpu.h"
#include "trace.h"
#include "vcpu.h"
#include "virt.h"

#define LVT_MASKED (1u << 16)
#define LVT_MODE (7u << 8)
#define LVT_FIXED (0u << 8)
#define LVT_NMI (4u << 8)
#define LVT_EXTINT (7u << 8)
#define LVT_TSC_DEADLINE (2u << 17)
#define DIVIDE_BY_1 0xbu
#define MOST_TICKS 0x7fffffffu
#define SCALE_SHIFT 32

static bool has_deadline;  /* (c) the timer compares with the TSC */
static u64 ticks_per_tsc;  /* (c) of the counting timer, times 2^32 */

void irq_set_rates(u64 tsc_hz, u64 apic_hz)
{
	has_deadline = cpu_has(CPU_TSC_DEADLINE);
	/* apic_hz * 2^32 / tsc_hz in 64 bits: both are below 2^40, and 12 bits of tsc_hz are noise. */
	ticks_per_tsc = (apic_hz << 20) / (tsc_hz >> 12);
}

void irq_init(void)
{
	apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_1);
	apic_write(APIC_LVT_TIMER, APIC_VECTOR_TIMER | (has_deadline ? LVT_TSC_DEADLINE : 0));
	/* SDM 11.5.4.1: the write of the mode must be done before the first deadline. */
	asm volatile("mfence" : : : "memory");
}

/* An early interrupt finds nothing due and sets the timer again. */
static void count_down(u64 tsc)
{
	const i64 left = (i64)(tsc - cpu_rdtsc());
	const u128 ticks = left <= 0 ? 0 : (u128)(u64)left * ticks_per_tsc >> SCALE_SHIFT;

	apic_write(APIC_TIMER_INITIAL, ticks > MOST_TICKS ? MOST_TICKS : (u32)ticks + 1);
}

void machine_timer_set(u64 tsc)
{
	if (has_deadline)
		cpu_wrmsr(MSR_TSC_DEADLINE, tsc);
	else if (tsc)
		count_down(tsc);
	else
		apic_write(APIC_TIMER_INITIAL, 0);
}

/*
 * Interrupts may end in an order that is not that of the physical APIC, where a higher one can have
 * come in the meantime; there, the EOI is always the highest one's. So it is told only when the
 * highest is one that has ended.
 */
void machine_end_interrupt(u8 vector)
{
	u64 *ended = cpu_self()->ended;
	int highest;

	ended[vector / 64] |= 1ull << vector % 64;
	for (;;) {
		highest = apic_highest_in_service();
		if (highest < 0 || !(ended[highest / 64] >> highest % 64 & 1))
			return;
		ended[highest / 64] &= ~(1ull << highest % 64);
		apic_write(APIC_EOI, 0);
	}
}

/*
 * A request of the PIC that a masked LINT0 stops is gone. QEMU's APIC takes it back only when it
 * looks again, and until then lets the processor ask for a vector that nobody has.
 */
void irq_look_again(void)
{
	apic_write(APIC_TPR, 0);
}

/*
 * What the guest wants of the processor's own sources is what the processor does; but a pin that
 * brings an INIT or an SMI would take the processor away from the hypervisor.
 */
void machine_lvt_written(u32 entry, u32 value)
{
	const u32 mode = value & LVT_MODE;

	if (mode != LVT_FIXED && mode != LVT_NMI && mode != LVT_EXTINT)
		value |= LVT_MASKED;
	if (entry != APIC_LVT_LINT0 && entry != APIC_LVT_LINT1)
		return;
	apic_write(entry, value);
	if (entry == APIC_LVT_LINT0) {
		cpu_self()->pic = (value & (LVT_MASKED | LVT_MODE)) == LVT_EXTINT;
		irq_look_again();
	}
}

void machine_logical_id(u32 ldr, u32 dfr)
{
	apic_set_logical_id(ldr, dfr);
}

void machine_release_pic(void)
{
	if (cpu_self()->pic)
		apic_write(APIC_LVT_LINT0, LVT_EXTINT);
}

/*
 * The PIC decides on the vector when its request is acknowledged, and its mask may change before:
 * while the guest cannot take an interrupt, the request must wait outside. One that an I/O APIC may
 * have brought is taken all the same: masking LINT0 does not keep it out, and the guest would exit
 * for it before each instruction.
 */
static bool must_wait(struct vcpu *v)
{
	if (__atomic_load_n(&v->partition->ioapics.brings_pic, __ATOMIC_ACQUIRE))
		return false;
	return (!virt->interrupt_open(v) || v->extint_count) && !apic_has_deliverable();
}

void irq_exit(struct vcpu *v)
{
	if (!must_wait(v)) {
		virt->let_in(v);
		return;
	}
	/* Bochs' PIC does not pass through LINT0; there the guest goes on all the same. */
	if (cpu_self()->pic)
		apic_write(APIC_LVT_LINT0, LVT_EXTINT | LVT_MASKED);
	irq_look_again();
	v->pic_waits = true;
	vcpu_check_interrupts(v);
}

u32 machine_lvt(u32 entry)
{
	return (u32)apic_read(entry);
}

static void arrived(struct vcpu *v, u8 vector)
{
	trace(v, TRACE_INTERRUPT, vector, cpu_rdtsc(), 0);
	if (!apic_in_service(vector)) {
		/* Not the APIC's: a spurious one, or from the PIC through LINT0. */
		if (vector != APIC_VECTOR_SPURIOUS)
			interrupt_from_pic(v, vector);
		return;
	}
	if (apic_is_level(vector)) {
		lapic_raise(v, vector, true);
		return;
	}
	/* It has just interrupted whatever else is in service, whose priority is lower. */
	apic_write(APIC_EOI, 0);
	/* One that had fired when the timer was moved or turned off comes late, and is no guest's. */
	if (vector == APIC_VECTOR_TIMER)
		interrupt_timer(v, cpu_rdtsc());
	else
		lapic_raise(v, vector, false);
}

void irq_take(struct vcpu *v)
{
	struct cpu *c = cpu_self();

	if (nmi_take_pending(c))
		interrupt_nmi(v);
	if (c->interrupted) {
		c->interrupted = false;
		arrived(v, c->vector);
	}
}
