/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * The hypervisor's own interrupt descriptor table: every exception is a readable panic, except the
 * expected ones; interrupts are noted.
 */
#include "idt.h"

#include "cpu.h"
#include "panic.h"
#include "percpu.h"

#define EXCEPTIONS 32
#define VECTORS 256
#define EXCEPTION_STUB_BYTES 16
#define INTERRUPT_STUB_BYTES 8
#define GATE_INTERRUPT 0x8e /* present, DPL 0, 64-bit interrupt gate */
#define TSS_AVAILABLE 0x89ull /* present, 64-bit; LTR makes it busy */

struct gate {
	u16 offset_low, selector;
	u8 ist, attributes;
	u16 offset_middle;
	u32 offset_high, _reserved;
};
_Static_assert(sizeof(struct gate) == 16, "APM 4.8.4");

/* An instruction that may fault, and where to go on if it does. */
struct exception_entry { u64 rip, resume; };

extern const char exception_stubs[], interrupt_stubs[];
extern const struct exception_entry exception_table[], exception_table_end[];

void exception_entry(struct exception_frame *frame);
void interrupt_entry(u64 vector, u64 *rip);

/* Without stack switching: a TSS exists because VMX demands one in the host state. */
static struct gate idt[EXCEPTIONS] __attribute__((aligned(16)));
/*
 * For the moments in which interrupts are let in: firmware has the PIC give vectors that are also
 * those of exceptions, and only the moment tells them apart.
 */
static struct gate interrupt_idt[VECTORS] __attribute__((aligned(16)));

struct cpu boot_cpu;

static void set_gate(struct gate *gate, u64 stub)
{
	*gate = (struct gate){
		.offset_low = (u16)stub, .selector = HOST_CS, .attributes = GATE_INTERRUPT,
		.offset_middle = (u16)(stub >> 16), .offset_high = (u32)(stub >> 32),
	};
}

static void set_tss(struct cpu *c)
{
	const u64 base = (u64)c->tss;

	c->gdt[HOST_TR / 8] = (CPU_TSS_BYTES - 1) | (base & 0xffffff) << 16 | TSS_AVAILABLE << 40 |
			      (base >> 24 & 0xff) << 56;
	c->gdt[HOST_TR / 8 + 1] = base >> 32;
}

void idt_init(void)
{
	for (unsigned v = 0; v < EXCEPTIONS; v++)
		set_gate(&idt[v], (u64)exception_stubs + v * EXCEPTION_STUB_BYTES);
	for (unsigned v = 0; v < VECTORS; v++)
		set_gate(&interrupt_idt[v], (u64)interrupt_stubs + v * INTERRUPT_STUB_BYTES);
	idt[VECTOR_NMI] = interrupt_idt[VECTOR_NMI];
}

static inline void load_idt(const struct table_register *idtr)
{
	asm volatile("lidt %0" : : "m"(*idtr));
}

void idt_adopt(const void *table)
{
	struct cpu *c = cpu_self();

	c->idt = (struct table_register){ sizeof(idt) - 1, table };
	load_idt(&c->idt);
}

void idt_load(struct cpu *c)
{
	const struct table_register gdtr = { sizeof(c->gdt) - 1, c->gdt };

	c->gdt[HOST_CS / 8] = 0x00af9b000000ffff; /* 64-bit code */
	c->gdt[HOST_DS / 8] = 0x00cf93000000ffff;
	set_tss(c);
	/* VM exits load the task register too, but an NMI that wants its stack may come before. */
	asm volatile("lgdt %0; ltr %w1" : : "m"(gdtr), "r"(HOST_TR) : "memory");
	idt_adopt(idt);
	asm volatile("push %0; lea 1f(%%rip), %%rax; push %%rax; lretq; 1: mov %1, %%ds; mov %1, "
		     "%%es; mov %1, %%ss"
		     :
		     : "i"(HOST_CS), "r"(HOST_DS)
		     : "rax", "memory");
}

u64 idt_base(void)
{
	return (u64)idt;
}

void idt_listen(bool on)
{
	static const struct table_register open = { sizeof(interrupt_idt) - 1, interrupt_idt };

	load_idt(on ? &open : &cpu_self()->idt);
}

bool nmi_take_pending(struct cpu *c)
{
	/* VMX lets one in at any time: cleared without having been seen, it would be lost. */
	if (!__atomic_load_n(&c->nmi, __ATOMIC_RELAXED))
		return false;
	__atomic_store_n(&c->nmi, false, __ATOMIC_RELAXED);
	return true;
}

/* Whoever was about to halt has been woken. */
static void leave_wait(u64 *rip)
{
	if (*rip >= (u64)idt_wait && *rip < (u64)idt_wait_end)
		*rip = (u64)idt_wait_end;
}

/*
 * Called by exception.S for the vectors that are no exceptions. Whose it is, irq.c finds out. Only one
 * is let in, so that the APIC's are, which come first, while the PIC's must wait: IF of the frame is
 * cleared.
 */
void interrupt_entry(u64 vector, u64 *rip)
{
	u64 *const rflags = rip + 2;
	struct cpu *c = cpu_self();

	if (vector == VECTOR_NMI) {
		c->nmi = true;
	} else {
		c->interrupted = true;
		c->vector = (u8)vector;
		*rflags &= ~RFLAGS_IF;
	}
	leave_wait(rip);
}

/* Called by exception.S; returns to continue at frame->rip. */
void exception_entry(struct exception_frame *frame)
{
	for (const struct exception_entry *e = exception_table; e < exception_table_end; e++) {
		if (e->rip != frame->rip || frame->vector != VECTOR_GP)
			continue;
		frame->rip = e->resume;
		return;
	}
	panic_exception(frame);
}
