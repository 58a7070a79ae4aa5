/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What interrupts a VP: requests of other processors, timers, pending vectors, and their order. */
#ifndef PARTITA_INTERRUPT_H
#define PARTITA_INTERRUPT_H

#include "types.h"
#include "vcpu.h"

/*
 * Do what other processors asked for, wait where the VP does not run, and hand the vendor the next
 * event to deliver. Called before VM entry when v->requests or v->look is not zero.
 */
void interrupt_service(struct vcpu *v);

/* The interrupt controller behind LINT0 gave a vector. */
void interrupt_from_pic(struct vcpu *v, u8 vector);

/* The processor's timer fired, for what it was set to or for what it had been. */
void interrupt_timer(struct vcpu *v, u64 now);

/* An NMI reached the processor: the answer to a request, or the guest's own. */
void interrupt_nmi(struct vcpu *v);

/*
 * The machine comes to its end by this processor: no other VP of the partition enters its guest
 * again, and the log is this one's. A second processor with the same intent halts here.
 */
void interrupt_stop_others(struct partition *p);

#endif
