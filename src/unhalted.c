/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The timer of unhalted time of a VP: it counts while the VP runs, and stands still while it waits. */
#include "unhalted.h"

#include "hv_abi.h"
#include "lapic.h"
#include "machine.h"
#include "partition.h"
#include "reftsc.h"
#include "spec_msrs.h"
#include "vcpu.h"

#define VECTOR_NMI 2
#define FIRST_VECTOR 16
#define UNIT_SHIFT 32
#define SHORTEST_PERIOD 1000 /* 100 us: with a much shorter one a processor would do nothing else */
#define MOST_TICKS (1ull << 62)

static u64 deadline_of(const struct vcpu *v)
{
	const u64 deadline = v->unhalted.due + v->started_tsc + v->waited;

	return deadline + !deadline; /* 0 says that it does not run */
}

void unhalted_pause(struct vcpu *v)
{
	v->unhalted.deadline = 0;
}

void unhalted_resume(struct vcpu *v)
{
	if (!v->unhalted.period)
		return;
	v->unhalted.deadline = deadline_of(v);
	vcpu_deadline_added(v, v->unhalted.deadline, machine_tsc());
}

/* NMIs are not told apart by a vector: the guest finds in its page why one came. */
static void announce(struct vcpu *v)
{
	struct hv_vp_assist_page *page = (struct hv_vp_assist_page *)v->lapic.assist;

	if (page)
		__atomic_store_n(&page->synthetic_time_unhalted_timer_expired, 1, __ATOMIC_RELAXED);
	if (v->unhalted.vector == VECTOR_NMI) {
		v->nmi_pending = true;
		vcpu_check_interrupts(v);
	} else {
		lapic_raise(v, v->unhalted.vector, false);
	}
}

/* Periods that were missed altogether are not made up for. */
void unhalted_check(struct vcpu *v, u64 now)
{
	struct unhalted_timer *t = &v->unhalted;
	u64 ran;

	if (!t->deadline || (i64)(t->deadline - now) > 0)
		return;
	ran = now - v->started_tsc - v->waited;
	t->due = ran - t->due < t->period ? t->due + t->period : ran + t->period;
	t->deadline = deadline_of(v);
	announce(v);
}

/* What the registers say, from now on. */
static void restart(struct vcpu *v, u64 config, u64 count)
{
	const u64 units = count > SHORTEST_PERIOD ? count : SHORTEST_PERIOD;
	const u128 ticks = (u128)units * v->partition->time.tsc_per_unit >> UNIT_SHIFT;

	v->unhalted = (struct unhalted_timer){ .vector = (u8)config };
	if (!(config & HV_X64_MSR_STIME_UNHALTED_TIMER_CONFIG_ENABLED) || !count)
		return;
	v->unhalted.period = ticks < MOST_TICKS ? (u64)ticks : MOST_TICKS;
	v->unhalted.due = machine_tsc() - v->started_tsc - v->waited + v->unhalted.period;
	unhalted_resume(v);
}

void unhalted_reset(struct vcpu *v)
{
	v->unhalted = (struct unhalted_timer){ 0 };
}

/* ---- MSRs ---- */

bool msr_write_stime_unhalted_timer_config(struct vcpu *v, u32 index, u64 old, u64 value)
{
	const u8 vector = (u8)value;

	(void)index, (void)old;
	if (value & HV_X64_MSR_STIME_UNHALTED_TIMER_CONFIG_ENABLED && vector != VECTOR_NMI &&
	    vector < FIRST_VECTOR)
		return false;
	restart(v, value, v->msr[SPEC_MSR_SLOT_STIME_UNHALTED_TIMER_COUNT]);
	return true;
}

bool msr_write_stime_unhalted_timer_count(struct vcpu *v, u32 index, u64 old, u64 value)
{
	(void)index, (void)old;
	restart(v, v->msr[SPEC_MSR_SLOT_STIME_UNHALTED_TIMER_CONFIG], value);
	return true;
}
