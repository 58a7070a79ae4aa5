/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The four synthetic timers of a VP (TLFS chapter 12). */
#ifndef PARTITA_STIMER_H
#define PARTITA_STIMER_H

#include "types.h"
#include "synic.h"

struct vcpu;

#define STIMERS 4

struct stimer {
	u64 config, count;             /* (s) the registers */
	u64 expiry;                    /* (s) reference time; meaningful while running */
	u64 deadline;                  /* (s) the same as host TSC; 0: not running */
	struct synic_buffer buffer;    /* its message; busy until the guest makes room */
	bool sent;                     /* (q) that message has been delivered, and is repeated */
};
/* Legend: (s) only the processor that runs the VP; (q) under the lock of the VP's SynIC. */

/* What the timers of a fresh VP know of themselves. */
void stimer_create(struct vcpu *v);

/* Fire those whose time has come. */
void stimer_check(struct vcpu *v, u64 now);

/* The earliest deadline of all four as host TSC; 0: none. */
u64 stimer_next(const struct vcpu *v);

/* Stop all, and forget their registers. */
void stimer_reset(struct vcpu *v);

#endif
