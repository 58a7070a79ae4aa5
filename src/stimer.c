/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The four synthetic timers of a VP (TLFS chapter 12). */
#include "stimer.h"

#include "hv_abi.h"
#include "lapic.h"
#include "machine.h"
#include "partition.h"
#include "reftsc.h"
#include "string.h"
#include "spec_msrs.h"
#include "vcpu.h"

#define SOURCE(config) ((u32)((config) >> HV_STIMER_CONFIG_SINTX_SHIFT) & 15)
#define VECTOR(config) ((u8)((config) >> HV_STIMER_CONFIG_APIC_VECTOR_SHIFT))
#define FIRST_LEGAL_VECTOR 16
#define UNIT_SHIFT 32
#define MOST_TICKS (1ull << 62)

/* Of reference time: 100 us. With a much shorter one a processor would do nothing but expire timers. */
#define SHORTEST_PERIOD 1000

#define MOST_MISSED 16 /* periods that are made up for */

/* Host TSC and reference time of one moment. */
struct moment { u64 tsc, time; };

static struct moment now_of(const struct vcpu *v)
{
	const u64 tsc = machine_tsc();

	return (struct moment){ tsc, reftime_at(&v->partition->time, tsc) };
}

/* Look at the timer again right after reference time has come to `time`, which lies ahead. */
static void look_at(struct vcpu *v, struct stimer *t, u64 time, struct moment now)
{
	const u128 ticks = (u128)(time - now.time) * v->partition->time.tsc_per_unit >> UNIT_SHIFT;
	const u64 deadline = now.tsc + (ticks < MOST_TICKS ? (u64)ticks : MOST_TICKS) + 1;

	t->deadline = deadline + !deadline; /* 0 says that it does not run */
	vcpu_deadline_added(v, t->deadline, now.tsc);
}

static void run_until(struct vcpu *v, struct stimer *t, u64 expiry, struct moment now)
{
	t->expiry = expiry;
	look_at(v, t, expiry, now);
}

static bool is_periodic(const struct stimer *t)
{
	return t->config & HV_STIMER_CONFIG_PERIODIC_MASK;
}

static bool is_direct(u64 config)
{
	return config & HV_STIMER_CONFIG_DIRECT_MODE_MASK;
}

static u64 period_of(const struct stimer *t)
{
	return t->count > SHORTEST_PERIOD ? t->count : SHORTEST_PERIOD;
}

/* A time too far away to be written is never. */
static u64 later(u64 time, u64 by)
{
	return time + by < time ? UINT64_MAX : time + by;
}

/* ---- expiry ---- */

/* Called under the lock of the SynIC, on whatever processor: the slot is about to be filled. */
static void freshen(struct vcpu *v, struct synic_buffer *b)
{
	struct stimer *t = (struct stimer *)((u8 *)b - offsetof(struct stimer, buffer));
	struct hv_message *m = (struct hv_message *)b->message;
	struct hv_timer_message_payload *payload = (struct hv_timer_message_payload *)m->payload;

	if (t->sent)
		payload->expiration_time += period_of(t);
	payload->delivery_time = now_of(v).time;
	t->sent = true;
}

static void send(struct vcpu *v, struct stimer *t, u64 expiry)
{
	struct hv_message *m = (struct hv_message *)t->buffer.message;
	const struct hv_timer_message_payload payload = {
		.timer_index = (u32)(t - v->stimer), .expiration_time = expiry
	};

	t->sent = false;
	m->header.type = HV_MESSAGE_TYPE_TIMER_EXPIRED;
	m->header.payload_size = sizeof(payload);
	memcpy(m->payload, &payload, sizeof(payload));
	synic_post(v, SOURCE(t->config), &t->buffer);
}

/*
 * While the message before still waits, that of a lazy timer is skipped; of others there will be
 * one more (TLFS 12.3.2).
 */
static void announce(struct vcpu *v, struct stimer *t, u64 expiry)
{
	if (is_direct(t->config)) {
		lapic_raise(v, VECTOR(t->config), false);
		return;
	}
	while (!synic_claim(&t->buffer))
		if (t->config & HV_STIMER_CONFIG_LAZY_MASK || synic_repeat(v, &t->buffer))
			return;
	send(v, t, expiry);
}

/*
 * Periods that were missed altogether are made up for by shorter ones, unless they are many or the
 * timer is lazy: then they are skipped (TLFS 12.3.2).
 */
static void next_period(struct vcpu *v, struct stimer *t, struct moment now)
{
	const u64 period = period_of(t), next = later(t->expiry, period);

	if (next > now.time) {
		run_until(v, t, next, now);
	} else if (t->config & HV_STIMER_CONFIG_LAZY_MASK ||
		   (now.time - next) / MOST_MISSED >= period) {
		run_until(v, t, later(now.time, period), now);
	} else {
		t->expiry = next;
		look_at(v, t, now.time + period / 2, now);
	}
}

/* Its time has come. */
static __attribute__((noinline)) void expire(struct vcpu *v, struct stimer *t, struct moment now)
{
	const u64 expiry = t->expiry;

	if (is_periodic(t)) {
		next_period(v, t, now);
	} else {
		t->config &= ~HV_STIMER_CONFIG_ENABLE_MASK;
		t->deadline = 0;
	}
	announce(v, t, expiry);
}

void stimer_check(struct vcpu *v, u64 tsc)
{
	const struct moment now = { tsc, reftime_at(&v->partition->time, tsc) };

	for (u32 i = 0; i < STIMERS; i++) {
		struct stimer *t = &v->stimer[i];

		if (!t->deadline || (i64)(t->deadline - tsc) > 0)
			continue;
		if (now.time >= t->expiry)
			expire(v, t, now);
		else /* the clock was set back, or the way was too long for one go */
			look_at(v, t, t->expiry, now);
	}
}

u64 stimer_next(const struct vcpu *v)
{
	u64 next = 0;

	for (u32 i = 0; i < STIMERS; i++) {
		const u64 deadline = v->stimer[i].deadline;

		if (deadline && (!next || (i64)(deadline - next) < 0))
			next = deadline;
	}
	return next;
}

static void stop(struct vcpu *v, struct stimer *t)
{
	t->deadline = 0;
	if (__atomic_load_n(&t->buffer.busy, __ATOMIC_RELAXED))
		synic_cancel(v, &t->buffer);
}

static void start(struct vcpu *v, struct stimer *t)
{
	const struct moment now = now_of(v);

	t->expiry = is_periodic(t) ? later(now.time, period_of(t)) : t->count;
	if (t->expiry > now.time)
		look_at(v, t, t->expiry, now);
	else
		expire(v, t, now);
}

/* A timer that is enabled counts anew from what its registers say. */
static inline void restart(struct vcpu *v, struct stimer *t)
{
	stop(v, t);
	if (t->config & HV_STIMER_CONFIG_ENABLE_MASK && t->count)
		start(v, t);
}

void stimer_create(struct vcpu *v)
{
	for (u32 i = 0; i < STIMERS; i++)
		v->stimer[i].buffer.freshen = freshen;
}

void stimer_reset(struct vcpu *v)
{
	for (u32 i = 0; i < STIMERS; i++) {
		stop(v, &v->stimer[i]);
		v->stimer[i].config = v->stimer[i].count = 0;
	}
	vcpu_deadlines_changed(v);
}

/* ---- MSRs ---- */

/* TLFS 12.3.1: a message needs a source, and 0 is none that a timer can have. */
static bool has_goal(u64 config)
{
	return is_direct(config) || SOURCE(config);
}

static bool is_legal(const struct vcpu *v, u64 config)
{
	return !is_direct(config) ||
	       (VECTOR(config) >= FIRST_LEGAL_VECTOR &&
		v->partition->offer.feature & SPEC_FEATURE_DIRECT_SYNTHETIC_TIMERS);
}

/* The count may be written later: a timer that is enabled without one does not run yet. */
static bool write_config(struct vcpu *v, struct stimer *t, u64 value)
{
	if (!is_legal(v, value))
		return false;
	if (!has_goal(value))
		value &= ~HV_STIMER_CONFIG_ENABLE_MASK;
	t->config = value;
	restart(v, t);
	return true;
}

static bool write_count(struct vcpu *v, struct stimer *t, u64 value)
{
	t->count = value;
	if (!value)
		t->config &= ~HV_STIMER_CONFIG_ENABLE_MASK;
	else if (t->config & HV_STIMER_CONFIG_AUTO_ENABLE_MASK && has_goal(t->config))
		t->config |= HV_STIMER_CONFIG_ENABLE_MASK;
	restart(v, t);
	return true;
}

/* The MSRs of each timer: config and count, and what reads of them see. */
#define TIMER(n)                                                                       \
	bool msr_read_stimer##n##_config(struct vcpu *v, u32 index, u64 *value)        \
	{                                                                              \
		(void)index;                                                           \
		*value = v->stimer[n].config;                                          \
		return true;                                                           \
	}                                                                              \
	bool msr_write_stimer##n##_config(struct vcpu *v, u32 index, u64 old, u64 value) \
	{                                                                              \
		(void)index, (void)old;                                                \
		return write_config(v, &v->stimer[n], value);                          \
	}                                                                              \
	bool msr_write_stimer##n##_count(struct vcpu *v, u32 index, u64 old, u64 value) \
	{                                                                              \
		(void)index, (void)old;                                                \
		return write_count(v, &v->stimer[n], value);                           \
	}
TIMER(0)
TIMER(1)
TIMER(2)
TIMER(3)
