/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Partition reference time: 100 ns units of the TSC by a 64.64 scale and an offset. */
#ifndef PARTITA_REFTSC_H
#define PARTITA_REFTSC_H

#include "types.h"

struct partition;
struct vcpu;

/* TLFS 12.7: HV_REFERENCE_TSC_PAGE, its first members. */
struct reftsc_page { u32 sequence, _reserved; u64 scale; u64 offset; };

/*
 * time = ((guest TSC * scale) >> 64) + offset, modulo 2^64. start: the guest TSC when that began; a
 * value in the lower half, when start is in the upper one, is from behind the wrap of the TSC.
 */
struct reftime {
	u64 scale, offset, start;
	u64 tsc_per_unit;  /* TSC ticks of 100 ns, times 2^32 */
	u32 sequence;
};

/* Scale for a TSC of hz (more than 10 MHz): 2^64 * 10^7 / hz. */
u64 reftsc_scale(u64 hz);

/* The reference time at a guest TSC value. */
static inline u64 reftime_at(const struct reftime *t, u64 tsc)
{
	const u64 time = (u64)(((u128)tsc * t->scale) >> 64) + t->offset;

	return __builtin_expect((t->start & ~tsc) >> 63, 0) ? time + t->scale : time;
}

/* Start counting from zero at guest TSC value tsc. */
void reftime_start(struct reftime *t, u64 tsc_hz, u64 tsc);

/* Write scale and offset into the page by its sequence protocol. */
void reftsc_publish(struct reftime *t, volatile struct reftsc_page *page);

/*
 * The guest wrote its TSC: from now on guest TSC = host TSC + offset. Reference time goes on
 * without a step back.
 */
void reftsc_set_tsc_offset(struct vcpu *v, u64 offset);

#endif
