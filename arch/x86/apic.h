/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * The physical local APIC, which belongs to the hypervisor (Intel SDM vol. 3 chapter 11); reached in
 * the mode that firmware left it in.
 */
#ifndef PARTITA_X86_APIC_H
#define PARTITA_X86_APIC_H

#include "types.h"

#define APIC_ID 0x20
#define APIC_TPR 0x80
#define APIC_EOI 0xb0
#define APIC_SVR 0xf0
#define APIC_ISR 0x100
#define APIC_TMR 0x180
#define APIC_IRR 0x200
#define APIC_ICR 0x300
#define APIC_LVT_TIMER 0x320
#define APIC_LVT_LINT0 0x350
#define APIC_LVT_LINT1 0x360
#define APIC_TIMER_INITIAL 0x380
#define APIC_TIMER_CURRENT 0x390
#define APIC_TIMER_DIVIDE 0x3e0

#define APIC_DEFAULT_BASE 0xfee00000ull

/*
 * Vectors that are the hypervisor's own. They are in the highest class, so that no interrupt of a
 * device in service holds them up. A device that the root gives the spurious one is still heard, and
 * a level-triggered one with the timer's: irq.c tells them apart.
 */
#define APIC_VECTOR_TIMER 0xfeu
#define APIC_VECTOR_SPURIOUS 0xffu

/* Turn on the calling processor's APIC; what firmware wired to its pins stays. */
void apic_init(void);

u64 apic_read(u32 reg);
void apic_write(u32 reg, u64 value);

/* The logical id and its model, in the registers of an xAPIC; an x2APIC's is fixed. */
void apic_set_logical_id(u32 ldr, u32 dfr);

/* INIT, then two start-up IPIs for the page of code at page << 12, with the waits of SDM 9.4.4.1. */
void apic_start_processor(u32 apic_id, u8 page, u64 tsc_hz);

/* INIT alone: the processor waits for a start-up IPI from then on. */
void apic_stop_processor(u32 apic_id);

/* Whether a vector is in service, and whether it came as level-triggered. */
bool apic_in_service(u8 vector);
bool apic_is_level(u8 vector);

/* Whether an interrupt of its own waits for the processor, which its priority lets through. */
bool apic_has_deliverable(void);

/* The vector in service with the highest priority, or -1. */
int apic_highest_in_service(void);

#endif
