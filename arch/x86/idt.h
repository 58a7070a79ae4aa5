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

/* Load GDT, IDT and TSS. */
void idt_init(void);

/* Linear addresses for a vendor's host state. */
u64 idt_base(void);
u64 gdt_base(void);
u64 tss_base(void);

/*
 * An NMI arrived while the hypervisor ran: the guest's, to be injected on the next entry. Clears it
 * when asked.
 */
bool nmi_take_pending(void);

#endif
