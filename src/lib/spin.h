/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Ticket locks, for what several processors change. Who holds one never waits for another processor
 * to do anything but release a lock, and takes them in the order: partition, allocator, log.
 */
#ifndef PARTITA_SPIN_H
#define PARTITA_SPIN_H

#include "machine.h"
#include "types.h"

/* All zero: free. */
struct spin { u32 next, serving; };

static inline void spin_lock(struct spin *s)
{
	const u32 ticket = __atomic_fetch_add(&s->next, 1, __ATOMIC_RELAXED);

	/* Acquire: what the holder before wrote is seen from here on. */
	while (__atomic_load_n(&s->serving, __ATOMIC_ACQUIRE) != ticket)
		machine_pause();
}

static inline void spin_unlock(struct spin *s)
{
	/* Only the holder writes it. */
	__atomic_store_n(&s->serving, s->serving + 1, __ATOMIC_RELEASE);
}

#endif
