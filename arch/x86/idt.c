/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * The hypervisor's own interrupt descriptor table: every exception is a readable panic, except the
 * expected ones.
 */
#include "idt.h"

#include "cpu.h"
#include "panic.h"

#define EXCEPTIONS 32
#define STUB_BYTES 16
#define GATE_INTERRUPT 0x8e /* present, DPL 0, 64-bit interrupt gate */
#define TSS_BYTES 104
#define TSS_BUSY \
	0x8bull /* present, busy 64-bit TSS: LTR is not executed, VM exits load it as it stands */

struct gate {
	u16 offset_low, selector;
	u8 ist, attributes;
	u16 offset_middle;
	u32 offset_high, _reserved;
};
_Static_assert(sizeof(struct gate) == 16, "APM 4.8.4");

struct table_register { u16 limit; u64 base; } __attribute__((packed));

/* An instruction that may fault, and where to go on if it does. */
struct exception_entry { u64 rip, resume; };

extern const char exception_stubs[];
extern const struct exception_entry exception_table[], exception_table_end[];

void exception_entry(struct exception_frame *frame);

static struct gate idt[EXCEPTIONS] __attribute__((aligned(16)));
/* No stack switching: the TSS exists because VMX demands one in the host state. */
static u8 tss[TSS_BYTES] __attribute__((aligned(16)));
static u64 gdt[5] __attribute__((aligned(16))) = {
	0,
	0x00af9b000000ffff, /* HOST_CS: 64-bit code */
	0x00cf93000000ffff, /* HOST_DS */
};
static volatile bool nmi_pending; /* set by the NMI handler, cleared by the vendor before an entry;
				     same processor */

static void set_gate(unsigned vector)
{
	const u64 stub = (u64)exception_stubs + vector * STUB_BYTES;

	idt[vector] = (struct gate){
		.offset_low = (u16)stub, .selector = HOST_CS, .attributes = GATE_INTERRUPT,
		.offset_middle = (u16)(stub >> 16), .offset_high = (u32)(stub >> 32),
	};
}

static void set_tss(void)
{
	const u64 base = (u64)tss;

	gdt[HOST_TR / 8] = (TSS_BYTES - 1) | (base & 0xffffff) << 16 | TSS_BUSY << 40 |
			   (base >> 24 & 0xff) << 56;
	gdt[HOST_TR / 8 + 1] = base >> 32;
}

void idt_init(void)
{
	const struct table_register idtr = { sizeof(idt) - 1, (u64)idt };
	const struct table_register gdtr = { sizeof(gdt) - 1, (u64)gdt };

	for (unsigned v = 0; v < EXCEPTIONS; v++)
		set_gate(v);
	set_tss();
	asm volatile("lgdt %0; lidt %1" : : "m"(gdtr), "m"(idtr));
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

u64 gdt_base(void)
{
	return (u64)gdt;
}

u64 tss_base(void)
{
	return (u64)tss;
}

bool nmi_take_pending(void)
{
	const bool was = nmi_pending;

	nmi_pending = false;
	return was;
}

/* Called by exception.S; returns to continue at frame->rip. */
void exception_entry(struct exception_frame *frame)
{
	if (frame->vector == VECTOR_NMI) {
		nmi_pending = true;
		return;
	}
	for (const struct exception_entry *e = exception_table; e < exception_table_end; e++) {
		if (e->rip != frame->rip || frame->vector != VECTOR_GP)
			continue;
		frame->rip = e->resume;
		return;
	}
	panic_exception(frame);
}
