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
 * time = ((tsc * scale) >> 64) + offset, modulo 2^64, where tsc = host TSC + tsc_offset: the one
 * clock of all VPs. While all of them have set their TSC alike, tsc is the guest's, and the
 * reference TSC page says the same.
 */
struct reftime {
	u32 version;       /* (a) odd while what follows is being changed */
	u32 sequence;      /* (p) of the page, when it is valid: neither 0 nor all ones */
	u64 scale;         /* (c) */
	u64 tsc_per_unit;  /* (c) TSC ticks of 100 ns, times 2^32 */
	u64 tsc_offset;    /* (v) */
	u64 offset;        /* (v) */
	/*
	 * (v) tsc when that began; a value in the lower half, when this is in the upper one, is from
	 * behind the wrap of the TSC.
	 */
	u64 start;
};
/*
 * Legend: (c) constant after creation; (p) the partition's lock; (v) likewise for changes, read by
 * the version; (a) atomic.
 */

/* Scale for a TSC of hz (more than 10 MHz): 2^64 * 10^7 / hz. */
u64 reftsc_scale(u64 hz);

/* The same for whoever holds the lock. */
static inline u64 reftime_unversioned(const struct reftime *t, u64 host_tsc)
{
	const u64 tsc = host_tsc + __atomic_load_n(&t->tsc_offset, __ATOMIC_RELAXED),
		  offset = __atomic_load_n(&t->offset, __ATOMIC_RELAXED),
		  start = __atomic_load_n(&t->start, __ATOMIC_RELAXED),
		  time = (u64)(((u128)tsc * t->scale) >> 64) + offset;

	return __builtin_expect((start & ~tsc) >> 63, 0) ? time + t->scale : time;
}

/* False: the clock was changed meanwhile. */
static inline bool reftime_try(const struct reftime *t, u64 host_tsc, u64 *time)
{
	/* Acquire, both times: the values lie between the two looks at the version. */
	const u32 version = __atomic_load_n(&t->version, __ATOMIC_ACQUIRE);

	*time = reftime_unversioned(t, host_tsc);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return !(version & 1) && version == __atomic_load_n(&t->version, __ATOMIC_RELAXED);
}

/* The same until it succeeds. */
u64 reftime_insist(const struct reftime *t, u64 host_tsc);

/* The reference time at a host TSC value; from any processor. */
static inline u64 reftime_at(const struct reftime *t, u64 host_tsc)
{
	u64 time;

	return __builtin_expect(reftime_try(t, host_tsc, &time), 1) ? time
								     : reftime_insist(t, host_tsc);
}

/* Start counting from zero at a host TSC value. */
void reftime_start(struct reftime *t, u64 tsc_hz, u64 host_tsc);

/* Fill in the page, where it is in use, by its sequence protocol. The partition's lock is held. */
void reftsc_publish(struct partition *p);

/* The VP has started, or waits for that again: the page may be valid no longer, or once more. */
void reftsc_vp_changed(struct vcpu *v);

/*
 * The guest wrote the TSC of a VP: from now on guest TSC = host TSC + offset. Reference time goes on
 * without a step back; the page is invalid while VPs that have started differ.
 */
void reftsc_set_tsc_offset(struct vcpu *v, u64 offset);

#endif
