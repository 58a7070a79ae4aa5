/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Partition reference time: 100 ns units of the TSC, as the reference TSC page says it. */
#include "reftsc.h"

#include "machine.h"
#include "overlay.h"
#include "panic.h"
#include "partition.h"
#include "vcpu.h"
#include "virt.h"

#define REFERENCE_HZ 10000000ull

u64 reftsc_scale(u64 hz)
{
	u64 quotient = 0, rest = REFERENCE_HZ;

	hv_assert(hz > REFERENCE_HZ);
	/*
	 * 2^64 * 10^7 / hz bit by bit: a 128-bit division would call the compiler's library. rest <
	 * hz < 2^63 throughout.
	 */
	for (int i = 0; i < 64; i++) {
		rest <<= 1;
		quotient <<= 1;
		if (rest >= hz) {
			rest -= hz;
			quotient |= 1;
		}
	}
	return quotient;
}

void reftime_start(struct reftime *t, u64 tsc_hz, u64 tsc)
{
	t->scale = reftsc_scale(tsc_hz);
	t->tsc_per_unit = (tsc_hz / REFERENCE_HZ << 32) +
			  ((tsc_hz % REFERENCE_HZ << 32) + REFERENCE_HZ - 1) / REFERENCE_HZ;
	t->offset = 0;
	t->start = tsc;
	t->offset = 0 - reftime_at(t, tsc);
	t->sequence = 1;
}

void reftsc_publish(struct reftime *t, volatile struct reftsc_page *page)
{
	/*
	 * TLFS 12.7.3: a reader that sees sequence 0 uses the MSR; one that reads two different
	 * sequences tries again. x86 stores become visible in program order, and volatile keeps the
	 * compiler from reordering them.
	 */
	page->sequence = 0;
	page->scale = t->scale;
	page->offset = t->offset;
	/* The formula of the page knows no wrap: a TSC that comes to it has no valid page. */
	if (!(t->start >> 63))
		page->sequence = t->sequence;
}

/* 0 says invalid, and 0xffffffff said so once. */
static u32 next_sequence(u32 sequence)
{
	return sequence >= 0xfffffffe ? 1 : sequence + 1;
}

void reftsc_set_tsc_offset(struct vcpu *v, u64 offset)
{
	struct reftime *t = &v->partition->time;
	struct overlay *o = &v->partition->overlays.slot[OVERLAY_REFERENCE_TSC];
	u64 host = machine_tsc(), now = reftime_at(t, host + v->tsc_offset);

	/* Both clocks say the same at one host TSC value, and each only rises: no step back. */
	t->offset = 0;
	t->start = host + offset;
	t->offset = now - reftime_at(t, host + offset);
	t->sequence = next_sequence(t->sequence);
	v->tsc_offset = offset;
	virt->set_tsc_offset(v, offset);
	if (o->page)
		reftsc_publish(t, o->page);
}
