/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The physical local APIC, which belongs to the hypervisor; reached in the mode it is in. */
#include "apic.h"

#include "cpu.h"
#include "layout.h"
#include "machine.h"

#define XAPIC_LDR 0x0d0
#define XAPIC_DFR 0x0e0
#define XAPIC_ICR_HIGH 0x310
#define BASE_ADDRESS 0x000ffffffffff000ull

#define SVR_ENABLE (1u << 8)
#define ICR_BUSY (1u << 12)
#define ICR_ASSERT (1u << 14)
#define ICR_NMI (4u << 8 | ICR_ASSERT)
#define ICR_INIT (5u << 8 | ICR_ASSERT)
#define ICR_STARTUP (6u << 8 | ICR_ASSERT)

/* The same on every processor: firmware changes the mode on all or none. */
static bool x2apic;                                          /* (c) */
static u8 *registers = (u8 *)PHYS_MAP + APIC_DEFAULT_BASE; /* (c) of an xAPIC */

static inline volatile u32 *xapic(u32 reg)
{
	return (volatile u32 *)(registers + reg);
}

u64 apic_read(u32 reg)
{
	return x2apic ? cpu_rdmsr(MSR_X2APIC_FIRST + (reg >> 4)) : *xapic(reg);
}

void apic_write(u32 reg, u64 value)
{
	if (x2apic)
		cpu_wrmsr(MSR_X2APIC_FIRST + (reg >> 4), value);
	else
		*xapic(reg) = (u32)value;
}

void apic_init(void)
{
	const u64 value = cpu_rdmsr(MSR_APIC_BASE);

	x2apic = (value & (APIC_BASE_EXTD | APIC_BASE_ENABLE)) ==
		 (APIC_BASE_EXTD | APIC_BASE_ENABLE);
	registers = machine_ptr(HPA(value & BASE_ADDRESS));
	if (!(value & APIC_BASE_ENABLE))
		cpu_wrmsr(MSR_APIC_BASE, value | APIC_BASE_ENABLE);
	apic_write(APIC_TPR, 0);
	apic_write(APIC_SVR, SVR_ENABLE | APIC_VECTOR_SPURIOUS);
}

void apic_set_logical_id(u32 ldr, u32 dfr)
{
	if (x2apic)
		return;
	*xapic(XAPIC_DFR) = dfr;
	*xapic(XAPIC_LDR) = ldr;
}

/* The command goes out with the low half; an xAPIC takes one at a time. */
static void send(u32 apic_id, u32 command)
{
	if (x2apic) {
		/* WRMSR to the x2APIC does not wait for stores before it (SDM 11.12.3). */
		asm volatile("mfence; lfence" : : : "memory");
		cpu_wrmsr(MSR_X2APIC_FIRST + (APIC_ICR >> 4), (u64)apic_id << 32 | command);
		return;
	}
	while (*xapic(APIC_ICR) & ICR_BUSY)
		cpu_pause();
	*xapic(XAPIC_ICR_HIGH) = apic_id << 24;
	*xapic(APIC_ICR) = command;
}

void machine_kick(u32 apic_id)
{
	send(apic_id, ICR_NMI);
}

static void wait(u64 tsc)
{
	const u64 start = cpu_rdtsc();

	while (cpu_rdtsc() - start < tsc)
		cpu_pause();
}

void apic_stop_processor(u32 apic_id)
{
	send(apic_id, ICR_INIT);
}

void apic_start_processor(u32 apic_id, u8 page, u64 tsc_hz)
{
	apic_stop_processor(apic_id);
	wait(tsc_hz / 100);
	for (int i = 0; i < 2; i++) {
		send(apic_id, ICR_STARTUP | page);
		wait(tsc_hz / 5000);
	}
}

static bool bit_of(u32 set, u8 vector)
{
	return apic_read(set + vector / 32 * 0x10u) >> vector % 32 & 1;
}

bool apic_in_service(u8 vector)
{
	return bit_of(APIC_ISR, vector);
}

bool apic_is_level(u8 vector)
{
	return bit_of(APIC_TMR, vector);
}

/* The highest vector of a set of eight words of 32, or -1. */
static int highest(u32 set)
{
	for (int word = 7; word >= 0; word--) {
		const u32 bits = (u32)apic_read(set + (u32)word * 0x10);

		if (bits)
			return word * 32 + 31 - __builtin_clz(bits);
	}
	return -1;
}

int apic_highest_in_service(void)
{
	return highest(APIC_ISR);
}

/* The task priority is always zero here. -1 >> 4 is below every class. */
bool apic_has_deliverable(void)
{
	return highest(APIC_IRR) >> 4 > highest(APIC_ISR) >> 4;
}
