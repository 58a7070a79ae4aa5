/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * The physical I/O APICs (82093AA data sheet). They are the root's, but for what would take a
 * processor away from the hypervisor: entries that send INIT or SMI stay masked.
 */
#ifndef PARTITA_IOAPIC_H
#define PARTITA_IOAPIC_H

#include "types.h"

struct partition;

#define IOAPICS 8
#define IOAPIC_DEFAULT_BASE 0xfec00000ull

/* Legend: (c) constant once the partition runs; (p) the partition's lock. */
struct ioapics {
	u32 count;            /* (c) */
	u64 base[IOAPICS];    /* (c) physical addresses, each the start of a page */
	u8 selected[IOAPICS]; /* (p) the register that each one's window shows */
	/* Atomic: the root has let an entry bring the PIC's interrupts to a processor, ever. */
	bool brings_pic;
};

/*
 * Access 32 bits at a physical address in the page of an I/O APIC, as the root does. Reads give
 * all ones, and writes do nothing, where there is no I/O APIC. Takes the partition's lock.
 */
u32 ioapic_read(struct partition *p, u64 gpa);
void ioapic_write(struct partition *p, u64 gpa, u32 value);

#endif
