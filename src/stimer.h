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
	u64 late;                      /* (s) expiries whose messages the buffer had no room for */
	struct synic_buffer buffer;    /* its message; busy until the guest makes room */
};
/* Legend: (s) only the processor that runs the VP. */

/* Fire those whose time has come. */
void stimer_check(struct vcpu *v, u64 now);

/* The earliest deadline of all four as host TSC; 0: none. */
u64 stimer_next(const struct vcpu *v);

/* A slot was emptied: what waits for a message buffer goes on. */
void stimer_retry(struct vcpu *v);

/* Stop all, and forget their registers. */
void stimer_reset(struct vcpu *v);

#endif
