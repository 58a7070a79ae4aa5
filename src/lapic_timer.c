/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * The timer of the virtual local APIC (Intel SDM vol. 3, 11.5.4). It counts the TSC, divided by a
 * power of two that is the partition's and one that the guest sets: all sums are shifts.
 */
#include "lapic.h"

#include "machine.h"
#include "partition.h"
#include "vcpu.h"

#define LVT_TIMER_MODE(entry) ((entry) >> 17 & 3)
/* Shorter periods would leave the guest no time between two: some of theirs are lost. */
#define MOST_PERIODS_PER_SECOND 10000
/* Ticks of the TSC that never pass, in a number that can be compared as signed. */
#define AGES (1ull << 62)
enum { MODE_ONE_SHOT, MODE_PERIODIC, MODE_TSC_DEADLINE };

/* TSC ticks of one count, as a shift. SDM figure 11-10: 7 means divide by 1, 0 by 2, 1 by 4, ... */
static unsigned count_shift(const struct vcpu *v)
{
	const u32 divide = v->lapic.timer_divide;
	const u32 code = (divide >> 1 & 4) | (divide & 3);

	return v->partition->apic_timer_shift + ((code + 1) & 7);
}

static void set_deadline(struct vcpu *v, u64 deadline)
{
	v->lapic.deadline = deadline;
	vcpu_deadlines_changed(v);
}

static void start_count(struct vcpu *v)
{
	const u64 count = v->lapic.timer_initial;

	set_deadline(v, count ? machine_tsc() + (count << count_shift(v)) : 0);
}

u32 lapic_timer_count(const struct vcpu *v)
{
	const u64 deadline = v->lapic.deadline, now = machine_tsc();
	const unsigned shift = count_shift(v);

	if (!deadline || v->lapic.timer_mode >= MODE_TSC_DEADLINE || (i64)(deadline - now) <= 0)
		return 0;
	return (u32)((deadline - now + (1ull << shift) - 1) >> shift);
}

/* SDM 11.5.4.1: the deadline mode ignores it. */
static void initial_written(struct vcpu *v)
{
	struct lapic *l = &v->lapic;

	if (l->timer_mode >= MODE_TSC_DEADLINE) {
		*lapic_reg(l, LAPIC_TIMER_INITIAL) = l->timer_initial;
		return;
	}
	l->timer_initial = *lapic_reg(l, LAPIC_TIMER_INITIAL);
	start_count(v);
}

/* What is counting goes on from its count at the new rate. */
static void divide_written(struct vcpu *v)
{
	struct lapic *l = &v->lapic;
	const u64 left = lapic_timer_count(v);

	l->timer_divide = *lapic_reg(l, LAPIC_TIMER_DIVIDE);
	if (l->timer_mode < MODE_TSC_DEADLINE && l->deadline)
		set_deadline(v, machine_tsc() + (left << count_shift(v)));
}

/* A change from or to the deadline mode disarms the timer. */
static void mode_written(struct vcpu *v)
{
	struct lapic *l = &v->lapic;
	const u32 old = l->timer_mode, mode = LVT_TIMER_MODE(*lapic_reg(l, LAPIC_LVT_TIMER));

	l->timer_mode = mode;
	if ((old == MODE_TSC_DEADLINE) != (mode < MODE_TSC_DEADLINE))
		return;
	l->tsc_deadline = 0;
	l->timer_initial = *lapic_reg(l, LAPIC_TIMER_INITIAL) = 0;
	set_deadline(v, 0);
}

void lapic_timer_written(struct vcpu *v, u32 offset)
{
	if (offset != LAPIC_LVT_TIMER)
		lapic_timer_settle(v);
	switch (offset) {
	case LAPIC_TIMER_INITIAL: initial_written(v); break;
	case LAPIC_TIMER_DIVIDE: divide_written(v); break;
	default: mode_written(v);
	}
}

u64 lapic_read_tsc_deadline(const struct vcpu *v)
{
	return v->lapic.timer_mode == MODE_TSC_DEADLINE ? v->lapic.tsc_deadline : 0;
}

/* Of the guest's TSC, which a deadline is compared with as it stands: it may be ages away. */
static void start_deadline(struct vcpu *v)
{
	const u64 now = machine_tsc(), guest = now + v->tsc_offset, wanted = v->lapic.tsc_deadline;
	const u64 left = wanted <= guest ? 0 : wanted - guest < AGES ? wanted - guest : AGES;

	/* 0 means none here: the one deadline that would be 0 is a tick late. */
	set_deadline(v, !wanted ? 0 : now + left ? now + left : 1);
}

void lapic_write_tsc_deadline(struct vcpu *v, u64 value)
{
	if (v->lapic.timer_mode != MODE_TSC_DEADLINE)
		return;
	lapic_timer_settle(v);
	v->lapic.tsc_deadline = value;
	start_deadline(v);
}

/* Periods that went by altogether are one interrupt, as on the processor; the count goes on. */
static u64 next_period(const struct vcpu *v, u64 now)
{
	const u64 deadline = v->lapic.deadline;
	const u64 period = (u64)v->lapic.timer_initial << count_shift(v);
	const u64 next = deadline + ((now - deadline) / period + 1) * period;
	const u64 least = now + v->partition->tsc_hz / MOST_PERIODS_PER_SECOND;

	return (i64)(next - least) < 0 && period < least - now ? least : next;
}

void lapic_tsc_changed(struct vcpu *v)
{
	if (v->lapic.tsc_deadline)
		start_deadline(v);
}

void lapic_timer_check(struct vcpu *v, u64 now)
{
	struct lapic *l = &v->lapic;

	if (!l->deadline || (i64)(l->deadline - now) > 0)
		return;
	if (v->lapic.timer_mode == MODE_PERIODIC) {
		l->deadline = next_period(v, now);
	} else {
		l->deadline = 0;
		l->tsc_deadline = 0;
	}
	lapic_raise_lvt(v, LAPIC_LVT_TIMER);
}

void lapic_timer_settle(struct vcpu *v)
{
	if (v->lapic.deadline)
		lapic_timer_check(v, machine_tsc());
}
