/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What the processor of one VP does on behalf of another: most state of a VP is its own alone. */
#ifndef PARTITA_REMOTE_H
#define PARTITA_REMOTE_H

struct vcpu;

/*
 * Have act run on the processor that runs target, between two instructions of its guest or while it
 * waits for another VP, and return once it has. The caller runs a hypercall of its own VP and holds
 * no lock; while it waits it does what others ask of its VP. act may flush, which waits too, but
 * calls no other VP.
 */
void remote_run(struct vcpu *target, void (*act)(struct vcpu *target, void *argument),
		void *argument);

/* Do what others have asked of this VP by remote_run(), on its own processor. */
void remote_requested(struct vcpu *v);

#endif
