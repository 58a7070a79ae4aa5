/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The timer of unhalted time of a VP: it counts while the VP runs, and stands still while it waits. */
#ifndef PARTITA_UNHALTED_H
#define PARTITA_UNHALTED_H

#include "types.h"

struct vcpu;

struct unhalted_timer {
	u8 vector;     /* (s) what it raises; 2: an NMI */
	u64 period;    /* (s) TSC ticks; 0: not running */
	u64 due;       /* (s) expires when the VP has run so many ticks since it was created */
	u64 deadline;  /* (s) the same as host TSC while the VP runs; 0 while it does not */
};
/* Legend: (s) only the processor that runs the VP. */

/* It expires, if its time has come. */
void unhalted_check(struct vcpu *v, u64 now);

/* The VP begins to wait, and runs again with v->waited as it is now. */
void unhalted_pause(struct vcpu *v);
void unhalted_resume(struct vcpu *v);

void unhalted_reset(struct vcpu *v);

#endif
