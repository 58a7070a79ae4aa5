/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Partition reference time: 100 ns units of the TSC, as the reference TSC page says it. */
#include "reftsc.h"

#include "lapic.h"
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

u64 reftime_insist(const struct reftime *t, u64 host_tsc)
{
	u64 time;

	while (!reftime_try(t, host_tsc, &time))
		machine_pause();
	return time;
}

void reftime_start(struct reftime *t, u64 tsc_hz, u64 host_tsc)
{
	*t = (struct reftime){
		.sequence = 1,
		.scale = reftsc_scale(tsc_hz),
		.tsc_per_unit = (tsc_hz / REFERENCE_HZ << 32) +
				((tsc_hz % REFERENCE_HZ << 32) + REFERENCE_HZ - 1) / REFERENCE_HZ,
		.start = host_tsc,
	};
	t->offset = 0 - reftime_unversioned(t, host_tsc);
}

/*
 * Whether guest TSC = host TSC + offset for all VPs. One that waits for its start has no use for the
 * page: it asks again when it starts.
 */
static bool is_common(const struct partition *p, u64 tsc_offset)
{
	for (u32 i = 0; i < p->env.vp_count; i++) {
		const struct vcpu *v = p->vp[i];

		if (v->tsc_offset != tsc_offset && v->state != VCPU_WAITS_FOR_START_UP)
			return false;
	}
	return true;
}

static volatile struct reftsc_page *page_of(struct partition *p)
{
	return p->overlays.slot[OVERLAY_REFERENCE_TSC].page;
}

void reftsc_publish(struct partition *p)
{
	const struct reftime *t = &p->time;
	volatile struct reftsc_page *page = page_of(p);

	if (!page)
		return;
	/*
	 * TLFS 12.7.3: a reader that sees sequence 0 uses the MSR; one that reads two different
	 * sequences tries again. x86 stores become visible in program order, and volatile keeps the
	 * compiler from reordering them.
	 */
	page->sequence = 0;
	page->scale = t->scale;
	page->offset = t->offset;
	/* The formula of the page knows no wrap: a TSC that comes to it has no valid page. */
	if (!(t->start >> 63) && is_common(p, t->tsc_offset))
		page->sequence = t->sequence;
}

/* 0 says invalid, and 0xffffffff said so once. */
static u32 next_sequence(u32 sequence)
{
	return sequence >= 0xfffffffe ? 1 : sequence + 1;
}

/*
 * The clock goes by another TSC from now on. It gains a unit in that: by the two formulas the time
 * at one host TSC may differ by less, so that no processor sees a step back.
 */
static void change_clock(struct reftime *t, u64 tsc_offset)
{
	const u64 host = machine_tsc(), time = reftime_unversioned(t, host) + 1;

	__atomic_store_n(&t->version, t->version + 1, __ATOMIC_RELAXED);
	/* Release: whoever sees a new value sees that the version is odd, too. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	__atomic_store_n(&t->tsc_offset, tsc_offset, __ATOMIC_RELAXED);
	__atomic_store_n(&t->start, host + tsc_offset, __ATOMIC_RELAXED);
	__atomic_store_n(&t->offset, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&t->offset, time - reftime_unversioned(t, host), __ATOMIC_RELAXED);
	__atomic_store_n(&t->version, t->version + 1, __ATOMIC_RELEASE);
	t->sequence = next_sequence(t->sequence);
}

void reftsc_vp_changed(struct vcpu *v)
{
	partition_lock(v->partition);
	reftsc_publish(v->partition);
	partition_unlock(v->partition);
}

void reftsc_set_tsc_offset(struct vcpu *v, u64 offset)
{
	struct partition *p = v->partition;
	volatile struct reftsc_page *page;

	partition_lock(p);
	v->tsc_offset = offset;
	virt->set_tsc_offset(v, offset);
	page = page_of(p);
	/* Nobody may go by the old formula when the new one begins. */
	if (page)
		page->sequence = 0;
	if (offset != p->time.tsc_offset && is_common(p, offset))
		change_clock(&p->time, offset);
	reftsc_publish(p);
	partition_unlock(p);
	lapic_tsc_changed(v);
}
