/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Physical interrupts: those of the hypervisor are handled, those of devices are the root's. */
#ifndef PARTITA_X86_IRQ_H
#define PARTITA_X86_IRQ_H

#include "types.h"

struct vcpu;

/* The rates of TSC and APIC timer, once they are measured; before any processor's irq_init(). */
void irq_set_rates(u64 tsc_hz, u64 apic_hz);

/* Set up the calling processor's timer. */
void irq_init(void);

/* A physical interrupt waits to be let in: now, or when the guest can take what the PIC has. */
void irq_exit(struct vcpu *v);

/*
 * Have the APIC compare what it asks of the processor with what it has: it does so whenever its task
 * priority is written.
 */
void irq_look_again(void);

/* Deal with the interrupts and NMIs that have come to the hypervisor since the last time. */
void irq_take(struct vcpu *v);

#endif
