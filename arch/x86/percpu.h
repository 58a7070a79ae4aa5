/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What each physical processor has for itself. */
#ifndef PARTITA_X86_PERCPU_H
#define PARTITA_X86_PERCPU_H

#include "types.h"

struct vcpu;

#define CPU_GDT_ENTRIES 6
#define CPU_TSS_BYTES 104
#define CPU_STACK_PAGES 4

/* What LGDT and LIDT load. */
struct table_register { u16 limit; const void *base; } __attribute__((packed));

/*
 * FS, GS and TR belong to the guest all the time on some processors, the GDT register to the
 * hypervisor on all: the table lies at the start, so that the register tells where this is.
 */
struct cpu {
	u64 gdt[CPU_GDT_ENTRIES];     /* (c) null, code, data, two for the TSS */
	u8 tss[CPU_TSS_BYTES] __attribute__((aligned(16))); /* (c) */
	u32 apic_id;                  /* (c) */
	struct vcpu *vcpu;            /* (c) the VP that it runs, once there is one */
	void *vendor;                 /* (s) VMX: the struct vmx_vcpu of the current VMCS */
	struct table_register idt;    /* (s) its own gates for exceptions */
	bool interrupted;             /* (s) an interrupt was let in, of this vector */
	u8 vector;                    /* (s) */
	u64 ended[4];                 /* (s) vectors that have ended, but for their EOI */
	bool nmi;                     /* (s) an NMI interrupted it */
	bool pic;                     /* (s) the guest has LINT0 bring the PIC's requests */
	bool online;                  /* (a) has reached its own part of the boot */
	u8 *stack_top;                /* (c) */
} __attribute__((aligned(64)));
/*
 * Legend: (c) constant once the processor is online; (s) that processor alone, its NMIs included;
 * (a) atomic.
 */

/* The calling processor's. */
static inline struct cpu *cpu_self(void)
{
	struct table_register gdtr;

	asm("sgdt %0" : "=m"(gdtr));
	return (struct cpu *)gdtr.base;
}

#endif
