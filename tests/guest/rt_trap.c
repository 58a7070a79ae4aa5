/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * The interrupt table of the test guests, faults handed to whoever waits for one, and single
 * instructions tried.
 */
#include "rt.h"

struct trap_frame {
#ifdef __x86_64__
	u64 r15, r14, r13, r12, r11, r10, r9, r8, di, si, bp, bx, dx, cx, ax;
#else
	u32 di, si, bp, old_sp, bx, dx, cx, ax;
#endif
	uintptr_t vector, error, ip, cs, flags;
	uintptr_t sp, ss; /* in 32 bit only from another privilege level */
};

#define VECTOR_NMI 2
#define FIRST_INTERRUPT 32

extern const u8 rt_trap_entries[256][16];
extern const u64 rt_gdt[RT_GDT_ENTRIES];

void rt_trap(struct trap_frame *f);
void rt_unwind(void);
void rt_insn_rdmsr(void *argument);
void rt_insn_wrmsr(void *argument);
void rt_insn_read(void *argument);
void rt_insn_write(void *argument);

#ifdef __x86_64__
struct gate { u16 low, selector; u8 stack, type; u16 middle; u32 high, zero; };
struct __attribute__((packed)) tss { u32 reserved; u64 sp0; u8 rest[92]; };
#else
struct gate { u16 low, selector; u8 zero, type; u16 middle; };
struct tss { u32 link, sp0, ss0; u8 rest[92]; };
#endif
_Static_assert(sizeof(struct tss) == 104, "the size the processor wants");

static struct gate gates[256] __attribute__((aligned(16)));
_Static_assert(sizeof(struct tss) == sizeof(rt_cpus[0].tss), "each processor has room for one");

static void gate_set(unsigned vector, uintptr_t handler)
{
	struct gate *g = &gates[vector];

	g->low = (u16)handler;
	g->selector = SEL_CODE;
	g->type = 0x8e; /* present, interrupt gate, DPL 0 */
	g->middle = (u16)(handler >> 16);
#ifdef __x86_64__
	g->high = (u32)(handler >> 32);
#endif
}

/* The stack for entries from CPL 3; a task segment is needed for nothing else. */
static void tss_load(struct rt_cpu *cpu)
{
	struct tss *tss = (struct tss *)cpu->tss;
	uintptr_t base = (uintptr_t)tss;

	tss->sp0 = (uintptr_t)(cpu->trap_stack + sizeof(cpu->trap_stack));
#ifndef __x86_64__
	tss->ss0 = SEL_DATA;
#endif
	cpu->gdt[SEL_TSS / 8] = (sizeof(*tss) - 1) | (u64)(base & 0xffffff) << 16 | 0x89ull << 40 |
		(u64)(base >> 24 & 0xff) << 56;
	__asm__ volatile("ltr %w0" : : "r"(SEL_TSS));
}

void rt_trap_init(unsigned n)
{
	struct rt_cpu *cpu = &rt_cpus[n];
	struct __attribute__((packed)) { u16 limit; uintptr_t base; }
		idtr = { sizeof(gates) - 1, (uintptr_t)gates },
		gdtr = { sizeof(cpu->gdt) - 1, (uintptr_t)cpu->gdt };

	for (unsigned v = 0; v < 256 && !n; v++)
		gate_set(v, (uintptr_t)rt_trap_entries[v]);
	memcpy(cpu->gdt, rt_gdt, sizeof(cpu->gdt));
	__asm__ volatile("lgdt %0; lidt %1" : : "m"(gdtr), "m"(idtr) : "memory");
	tss_load(cpu);
}

static uintptr_t fault_address(void)
{
	uintptr_t cr2;

	__asm__ volatile("mov %%cr2, %0" : "=r"(cr2));
	return cr2;
}

/* Called by every entry. Returns only for interrupts. */
void rt_trap(struct trap_frame *f)
{
	if (f->vector >= FIRST_INTERRUPT || (f->vector == VECTOR_NMI && rt_takes_nmi)) {
		rt_interrupts[f->vector]++;
		rt_interrupted.ip = f->ip;
		rt_interrupted.ax = f->ax;
		rt_interrupted.cx = f->cx;
		rt_interrupted.dx = f->dx;
		if (rt_on_interrupt)
			rt_on_interrupt((u32)f->vector);
		return;
	}
	rt_fault.vector = (u32)f->vector;
	rt_fault.cs = (u32)f->cs;
	rt_fault.error = f->error;
	rt_fault.ip = f->ip;
	rt_fault.address = fault_address();
	rt_fault.cx = f->cx;
	rt_fault.si = f->si;
	rt_fault.di = f->di;
	rt_fault.flags = f->flags;
	rt_unwind();
	rt_printf("guest: unexpected exception %u error %llx at %llx, cr2 %llx, ax %llx cx %llx dx "
		  "%llx\n",
		(u32)f->vector, (u64)f->error, (u64)f->ip, (u64)rt_fault.address, (u64)f->ax,
		(u64)f->cx, (u64)f->dx);
	rt_exit(1);
}

u32 rt_rdmsr(u32 msr, u64 *value)
{
	u64 argument[2] = { msr, 0 };
	u32 fault = rt_try(rt_insn_rdmsr, argument);

	*value = argument[1];
	return fault;
}

u32 rt_wrmsr(u32 msr, u64 value)
{
	u64 argument[2] = { msr, value };

	return rt_try(rt_insn_wrmsr, argument);
}

u32 rt_read8(uintptr_t address, u8 *value)
{
	u64 argument[2] = { address, 0 };
	u32 fault = rt_try(rt_insn_read, argument);

	*value = (u8)argument[1];
	return fault;
}

u32 rt_write8(uintptr_t address, u8 value)
{
	u64 argument[2] = { address, value };

	return rt_try(rt_insn_write, argument);
}
