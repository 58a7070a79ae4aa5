/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * The hypervisor's own interrupt descriptor table: every exception is a readable panic, except the
 * expected ones.
 */
#ifndef PARTITA_X86_IDT_H
#define PARTITA_X86_IDT_H

#include "types.h"

/* Descriptor tables of the hypervisor: code 0x08 (64-bit), data 0x10, TSS 0x18. */
#define HOST_CS 0x08
#define HOST_DS 0x10
#define HOST_TR 0x18

struct cpu;

/* The boot processor's; it is the only one that is not allocated. */
extern struct cpu boot_cpu;

/* Fill the descriptor tables once, before the first idt_load(). */
void idt_init(void);

/* Give the calling processor its own GDT and TSS, and the IDT of all. */
void idt_load(struct cpu *cpu);

/* Linear address of the IDT, for a vendor's host state. */
u64 idt_base(void);

/* The calling processor's exceptions go to this table of 32 gates from now on. */
void idt_adopt(const void *table);

/* Take all vectors for interrupts, but for NMIs: around the moments that let them in. */
void idt_listen(bool on);

/* exception.S: halt until an interrupt or NMI; not if *nmi is set, nor if one comes before the HLT. */
void idt_wait(const bool *nmi, bool has_gif);
extern const char idt_wait_end[];

/*
 * An NMI arrived while the hypervisor ran on c, the calling processor: a kick or the guest's own.
 * Clears it when asked.
 */
bool nmi_take_pending(struct cpu *c);

#endif
