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
#define UNIT_SHIFT 32
#define MOST_TICKS (1ull << 62)
/* Shorter periods would leave the guest no time between two: some of theirs are lost. */
#define LEAST_PERIOD 200

static u64 reference_time(const struct vcpu *v, u64 tsc)
{
	return reftime_at(&v->partition->time, tsc);
}

/* The host TSC right after the reference time has come to `time`; now, when it has. */
static u64 tsc_at(const struct vcpu *v, u64 time)
{
	const u64 now = machine_tsc(), reference = reference_time(v, now);
	const u64 left = time > reference ? time - reference : 0;
	const u128 ticks = (u128)left * v->partition->time.tsc_per_unit >> UNIT_SHIFT;

	return now + (ticks < MOST_TICKS ? (u64)ticks : MOST_TICKS) + 1;
}

static void run_until(struct vcpu *v, struct stimer *t, u64 expiry)
{
	t->expiry = expiry;
	t->deadline = tsc_at(v, expiry);
}

static void stop(struct stimer *t)
{
	t->deadline = 0;
	t->late = 0;
}

/* Times that no clock comes to are all the same. */
static u64 later(u64 time, u64 by)
{
	return time + by < time ? UINT64_MAX : time + by;
}

/* A timer that is enabled counts anew from what its registers say. */
static void restart(struct vcpu *v, struct stimer *t)
{
	stop(t);
	if (t->config & HV_STIMER_CONFIG_ENABLE_MASK) {
		const bool periodic = t->config & HV_STIMER_CONFIG_PERIODIC_MASK;

		run_until(v, t, later(periodic ? reference_time(v, machine_tsc()) : 0, t->count));
	}
	vcpu_deadlines_changed(v);
}

/* ---- expiry ---- */

static void fill_message(struct stimer *t, u32 index, u64 now)
{
	struct hv_message *m = (struct hv_message *)t->buffer.message;
	const struct hv_timer_message_payload payload = {
		.timer_index = index, .expiration_time = t->expiry, .delivery_time = now
	};

	memset(m, 0, sizeof(*m));
	m->header.type = HV_MESSAGE_TYPE_TIMER_EXPIRED;
	m->header.payload_size = sizeof(payload);
	memcpy(m->payload, &payload, sizeof(payload));
}

static bool is_busy(const struct stimer *t)
{
	return __atomic_load_n(&t->buffer.queued, __ATOMIC_ACQUIRE);
}

/*
 * Tell the guest. While the last message still waits, one that a lazy timer has missed is nobody's
 * loss; others are sent when there is room.
 */
static void announce(struct vcpu *v, u32 index, u64 now)
{
	struct stimer *t = &v->stimer[index];

	if (t->config & HV_STIMER_CONFIG_DIRECT_MODE_MASK) {
		lapic_raise(v, VECTOR(t->config), false);
	} else if (!is_busy(t)) {
		fill_message(t, index, now);
		synic_post(v, SOURCE(t->config), &t->buffer);
	} else if (!(t->config & HV_STIMER_CONFIG_LAZY_MASK)) {
		t->late++;
	}
}

/* Periods that went by altogether are one: more would only come late. */
static u64 next_expiry(const struct stimer *t, u64 now)
{
	const u64 beat = later(t->expiry, t->count);
	const u64 next = beat > now ? beat : later(now, t->count);

	return t->count < LEAST_PERIOD && next < now + LEAST_PERIOD ? now + LEAST_PERIOD : next;
}

static void expire(struct vcpu *v, u32 index, u64 now)
{
	struct stimer *t = &v->stimer[index];

	announce(v, index, now);
	if (!(t->config & HV_STIMER_CONFIG_PERIODIC_MASK)) {
		t->config &= ~HV_STIMER_CONFIG_ENABLE_MASK;
		t->deadline = 0;
		return;
	}
	run_until(v, t, next_expiry(t, now));
}

void stimer_check(struct vcpu *v, u64 now)
{
	const u64 time = reference_time(v, now);

	for (u32 i = 0; i < STIMERS; i++) {
		struct stimer *t = &v->stimer[i];

		if (!t->deadline || (i64)(t->deadline - now) > 0)
			continue;
		if (time >= t->expiry)
			expire(v, i, time);
		else /* the clock was set back, or the way was too long for one go */
			run_until(v, t, t->expiry);
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

void stimer_retry(struct vcpu *v)
{
	for (u32 i = 0; i < STIMERS; i++) {
		struct stimer *t = &v->stimer[i];

		if (!t->late || is_busy(t))
			continue;
		t->late--;
		announce(v, i, reference_time(v, machine_tsc()));
	}
}

void stimer_reset(struct vcpu *v)
{
	for (u32 i = 0; i < STIMERS; i++) {
		stop(&v->stimer[i]);
		v->stimer[i].config = v->stimer[i].count = 0;
	}
	vcpu_deadlines_changed(v);
}

/* ---- MSRs ---- */

/* TLFS 12.3.1: a message needs a source, and 0 is none that a timer can have. */
static bool can_run(u64 config, u64 count)
{
	return count && (config & HV_STIMER_CONFIG_DIRECT_MODE_MASK || SOURCE(config));
}

static bool vector_is_legal(u64 config)
{
	return !(config & HV_STIMER_CONFIG_DIRECT_MODE_MASK) || VECTOR(config) >= 16;
}

static bool write_config(struct vcpu *v, u32 index, u64 value)
{
	struct stimer *t = &v->stimer[index];

	if (!vector_is_legal(value))
		return false;
	if (!can_run(value, t->count))
		value &= ~HV_STIMER_CONFIG_ENABLE_MASK;
	t->config = value;
	restart(v, t);
	return true;
}

static bool write_count(struct vcpu *v, u32 index, u64 value)
{
	struct stimer *t = &v->stimer[index];

	t->count = value;
	if (!can_run(t->config, value))
		t->config &= ~HV_STIMER_CONFIG_ENABLE_MASK;
	else if (t->config & HV_STIMER_CONFIG_AUTO_ENABLE_MASK)
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
		return write_config(v, n, value);                                      \
	}                                                                              \
	bool msr_write_stimer##n##_count(struct vcpu *v, u32 index, u64 old, u64 value) \
	{                                                                              \
		(void)index, (void)old;                                                \
		return write_count(v, n, value);                                       \
	}
TIMER(0)
TIMER(1)
TIMER(2)
TIMER(3)
