/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The synthetic interrupt controller and the synthetic timers: sources, messages, events, expiry. */
/* link: core */
#include "fake.h"

#include <string.h>

#include "hv_abi.h"
#include "interrupt.h"
#include "lapic.h"
#include "machine.h"
#include "msr.h"
#include "stimer.h"
#include "synic.h"

#define SINT 3u
#define VECTOR 0x95u
#define MESSAGES 0x200000ull /* where the guest has its pages */
#define EVENTS 0x201000ull
#define ON 1ull

static void put(struct vcpu *v, u32 msr, u64 value)
{
	assert_true(msr_write(v, msr, value));
}

static u64 get(struct vcpu *v, u32 msr)
{
	u64 value;

	assert_true(msr_read(v, msr, &value));
	return value;
}

static void *guest_page(struct vcpu *v, u64 gpa)
{
	return gpa_ptr(v->partition, &v->hits, GPA(gpa), NPT_W);
}

static struct hv_message *slot(struct vcpu *v, u32 source)
{
	struct hv_message_page *page = guest_page(v, MESSAGES);

	return &page->slots[source];
}

/* A VP with controller, pages and one source on, at time 0. */
static struct vcpu *enabled_vp(void)
{
	struct vcpu *v = fake_vp();

	lapic_write(v, LAPIC_SVR, 0x1ff);
	put(v, HV_X64_MSR_SIMP, MESSAGES | ON);
	put(v, HV_X64_MSR_SIEFP, EVENTS | ON);
	put(v, HV_X64_MSR_SCONTROL, ON);
	put(v, HV_X64_MSR_SINT0 + SINT, VECTOR);
	return v;
}

/* What an entry to the guest does, and the guest with it. */
static int take(struct vcpu *v)
{
	int vector;

	lapic_take_posted(v);
	vector = lapic_pending(v);
	if (vector >= 0)
		lapic_accept(v, (u8)vector);
	return vector;
}

static int take_and_end(struct vcpu *v)
{
	const int vector = take(v);

	if (vector >= 0)
		lapic_eoi(v);
	return vector;
}

static void fill(struct synic_buffer *b, u32 type)
{
	struct hv_message *m = (struct hv_message *)b->message;

	memset(b, 0, sizeof(*b));
	m->header.type = type;
	m->header.payload_size = 240;
	m->header.sender = 0x1122334455667788;
	for (u32 i = 0; i < ARRAY_SIZE(m->payload); i++)
		m->payload[i] = (u64)type << 32 | i;
}

static void post(struct vcpu *v, u32 source, struct synic_buffer *b, u32 type)
{
	fill(b, type);
	assert_true(synic_claim(b));
	synic_post(v, source, b);
}

/* The guest empties a slot, and says so if it was asked to. */
static u32 consume(struct vcpu *v, u32 source)
{
	struct hv_message *m = slot(v, source);
	const u32 type = m->header.type;

	m->header.type = HV_MESSAGE_TYPE_NONE;
	if (m->header.flags & HV_MESSAGE_FLAGS_MESSAGE_PENDING_MASK)
		put(v, HV_X64_MSR_EOM, 0);
	return type;
}

/* ---- sources ---- */

static void test_source_registers(void **state)
{
	struct vcpu *v = fake_vp();

	(void)state;
	for (u32 i = 0; i < SYNIC_SOURCES; i++) {
		const u32 msr = HV_X64_MSR_SINT0 + i;

		assert_int_equal(get(v, msr), HV_X64_MSR_SINT_MASKED);
		for (u32 vector = 0; vector < 16; vector++) {
			assert_false(msr_write(v, msr, vector));
			put(v, msr, vector | HV_X64_MSR_SINT_MASKED);
			assert_int_equal(get(v, msr), vector | HV_X64_MSR_SINT_MASKED);
		}
		for (u32 vector = 16; vector < 256; vector++)
			put(v, msr, vector);
		assert_int_equal(get(v, msr), 0xff);
	}
}

/* Every way of a source: masked, polling, neither. */
static void test_interrupt_of_source(void **state)
{
	static const struct { u64 bits; bool interrupts, signals; } ways[] = {
		{ 0, true, true },
		{ HV_X64_MSR_SINT_AUTO_EOI, true, true },
		{ HV_X64_MSR_SINT_POLLING, false, true },
		{ HV_X64_MSR_SINT_MASKED, false, false },
		{ HV_X64_MSR_SINT_MASKED | HV_X64_MSR_SINT_POLLING, false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct vcpu *v = enabled_vp();
		const int vector = ways[i].interrupts ? (int)VECTOR : LAPIC_NO_VECTOR;
		struct synic_buffer b;

		put(v, HV_X64_MSR_SINT0 + SINT, ways[i].bits | VECTOR);
		post(v, SINT, &b, 1);
		assert_int_equal(slot(v, SINT)->header.type, 1);
		assert_int_equal(take_and_end(v), vector);
		assert_int_equal(synic_signal(v, SINT, 5), ways[i].signals);
		assert_int_equal(take_and_end(v), vector);
	}
}

static void test_auto_eoi(void **state)
{
	struct vcpu *v = enabled_vp();

	(void)state;
	put(v, HV_X64_MSR_SINT0 + SINT, HV_X64_MSR_SINT_AUTO_EOI | VECTOR);
	lapic_raise(v, VECTOR, false);
	assert_int_equal(take(v), VECTOR);
	assert_int_equal(lapic_read(v, LAPIC_PPR), 0); /* it has ended at delivery */
	lapic_raise(v, VECTOR, true);
	assert_int_equal(take(v), VECTOR);
	assert_int_equal(fake_machine.ends, 1);
	/* One source of several with a vector is enough; masked ones do not count. */
	put(v, HV_X64_MSR_SINT0 + 4, VECTOR);
	lapic_raise(v, VECTOR, false);
	assert_int_equal(take(v), VECTOR);
	assert_int_equal(lapic_read(v, LAPIC_PPR), 0);
	put(v, HV_X64_MSR_SINT0 + SINT,
	    HV_X64_MSR_SINT_AUTO_EOI | HV_X64_MSR_SINT_MASKED | VECTOR);
	lapic_raise(v, VECTOR, false);
	assert_int_equal(take(v), VECTOR);
	assert_int_equal(lapic_read(v, LAPIC_PPR), VECTOR & 0xf0);
}

/* ---- messages ---- */

static void test_message(void **state)
{
	struct vcpu *v = enabled_vp();
	struct synic_buffer b;

	(void)state;
	post(v, SINT, &b, 0x1234);
	assert_false(b.busy);
	assert_int_equal(take_and_end(v), VECTOR);
	assert_memory_equal(slot(v, SINT), b.message, sizeof(b.message));
	for (u32 i = 0; i < SYNIC_SOURCES; i++)
		if (i != SINT)
			assert_int_equal(slot(v, i)->header.type, HV_MESSAGE_TYPE_NONE);
	assert_int_equal(consume(v, SINT), 0x1234);
}

/* Three at once: one in the slot, two that wait in order, each told of by the pending flag. */
static void test_pending_protocol(void **state)
{
	struct vcpu *v = enabled_vp();
	struct synic_buffer b[3];

	(void)state;
	post(v, SINT, &b[0], 1);
	assert_int_equal(slot(v, SINT)->header.flags, 0);
	assert_int_equal(take_and_end(v), VECTOR);
	post(v, SINT, &b[1], 2);
	post(v, SINT, &b[2], 3);
	assert_true(b[1].busy && b[2].busy);
	assert_int_equal(slot(v, SINT)->header.flags, HV_MESSAGE_FLAGS_MESSAGE_PENDING_MASK);
	assert_int_equal(slot(v, SINT)->header.type, 1); /* what the guest has not read stays */
	assert_int_equal(take(v), LAPIC_NO_VECTOR);
	put(v, HV_X64_MSR_EOM, 0); /* too early */
	assert_int_equal(slot(v, SINT)->header.type, 1);
	assert_int_equal(consume(v, SINT), 1);
	assert_int_equal(take_and_end(v), VECTOR);
	assert_false(b[1].busy);
	assert_int_equal(slot(v, SINT)->header.flags, HV_MESSAGE_FLAGS_MESSAGE_PENDING_MASK);
	assert_int_equal(consume(v, SINT), 2);
	assert_int_equal(slot(v, SINT)->header.flags, 0);
	assert_int_equal(take_and_end(v), VECTOR);
	assert_int_equal(consume(v, SINT), 3);
	assert_int_equal(slot(v, SINT)->header.type, HV_MESSAGE_TYPE_NONE);
	assert_int_equal(take(v), LAPIC_NO_VECTOR);
	/* A buffer that once had others behind it has none when it comes again. */
	assert_true(synic_claim(&b[1]));
	synic_post(v, SINT, &b[1]);
	assert_int_equal(slot(v, SINT)->header.flags, 0);
	assert_int_equal(consume(v, SINT), 2);
	assert_int_equal(slot(v, SINT)->header.type, HV_MESSAGE_TYPE_NONE);
}

/* The end of a source's interrupt is another chance; that of others is not. */
static void test_retry_at_eoi(void **state)
{
	struct vcpu *v = enabled_vp();
	struct synic_buffer b[2];

	(void)state;
	post(v, SINT, &b[0], 1);
	assert_int_equal(take(v), VECTOR);
	post(v, SINT, &b[1], 2);
	slot(v, SINT)->header.type = HV_MESSAGE_TYPE_NONE;
	lapic_raise(v, 0xa5, false);
	assert_int_equal(take_and_end(v), 0xa5);
	assert_int_equal(slot(v, SINT)->header.type, HV_MESSAGE_TYPE_NONE);
	lapic_eoi(v);
	assert_int_equal(slot(v, SINT)->header.type, 2);
	assert_int_equal(take_and_end(v), VECTOR);
}

/* So is another message, which goes behind those that wait. */
/*
 * The end of an interrupt that the guest need not tell is found while another one is looked at,
 * which it is too low for: the message that it makes room for is looked at, too.
 */
static void test_retry_at_end_not_told(void **state)
{
	struct vcpu *v = enabled_vp();
	struct synic_buffer first, second;
	u32 assist = 0;

	(void)state;
	put(v, HV_X64_MSR_SINT0 + SINT, HV_X64_MSR_SINT_MASKED | VECTOR);
	lapic_set_assist(v, &assist);
	lapic_raise(v, VECTOR, false);
	interrupt_service(v);
	assert_int_equal(assist, 1);
	put(v, HV_X64_MSR_SINT0 + SINT, VECTOR);
	post(v, SINT, &first, 1);
	post(v, SINT, &second, 2);
	slot(v, SINT)->header.type = HV_MESSAGE_TYPE_NONE;
	*lapic_reg(&v->lapic, LAPIC_IRR + VECTOR / 32 * 0x10) = 0; /* that of the first */
	v->lapic.irr_words = 0;
	lapic_set_tpr(v, 0x50);
	lapic_raise(v, 0x41, false);
	assist = 0;
	fake_virts[0].interrupt_shut = false;
	interrupt_service(v);
	assert_int_equal(slot(v, SINT)->header.type, 2);
	assert_int_equal(fake_virts[0].injections, 2);
	assert_int_equal(fake_virts[0].injected[1], VECTOR);
}

static void test_retry_at_post(void **state)
{
	struct vcpu *v = enabled_vp();
	struct synic_buffer b[3];

	(void)state;
	post(v, SINT, &b[0], 1);
	post(v, SINT, &b[1], 2);
	slot(v, SINT)->header.type = HV_MESSAGE_TYPE_NONE;
	post(v, SINT, &b[2], 3);
	assert_int_equal(slot(v, SINT)->header.type, 2);
	assert_true(b[2].busy);
	assert_int_equal(slot(v, SINT)->header.flags, HV_MESSAGE_FLAGS_MESSAGE_PENDING_MASK);
}

/* Without the controller or its page messages wait; sources do not disturb each other. */
static void test_message_waits_for_page(void **state)
{
	struct vcpu *v = enabled_vp();
	struct synic_buffer b[3];

	(void)state;
	put(v, HV_X64_MSR_SIMP, MESSAGES);
	post(v, SINT, &b[0], 1);
	assert_true(b[0].busy);
	assert_int_equal(take(v), LAPIC_NO_VECTOR);
	put(v, HV_X64_MSR_SCONTROL, 0);
	put(v, HV_X64_MSR_SIMP, MESSAGES | ON);
	put(v, HV_X64_MSR_EOM, 0);
	assert_true(b[0].busy);
	put(v, HV_X64_MSR_SCONTROL, ON);
	assert_int_equal(slot(v, SINT)->header.type, 1);
	assert_int_equal(take_and_end(v), VECTOR);
	post(v, SINT, &b[1], 2);
	post(v, 4, &b[2], 3); /* masked: there is its message, but no interrupt */
	assert_int_equal(slot(v, 4)->header.type, 3);
	assert_int_equal(take(v), LAPIC_NO_VECTOR);
}

/* A VP that is reset knows of nothing any more, and who sent to it can send again. */
static void test_reset(void **state)
{
	struct vcpu *v = enabled_vp();
	struct synic_buffer b[3];

	(void)state;
	for (u32 i = 0; i < 3; i++)
		post(v, SINT, &b[i], i + 1);
	put(v, HV_X64_MSR_SINT0 + 5, HV_X64_MSR_SINT_AUTO_EOI | 0x55);
	put(v, HV_X64_MSR_STIMER0_COUNT, 1000000);
	put(v, HV_X64_MSR_STIMER0_CONFIG, 1ull << 12 | 0x66 << 4 | 1);
	assert_int_not_equal(fake_machine.timer, 0);
	vcpu_reset(v);
	assert_int_equal(fake_machine.timer, 0);
	for (u32 i = 0; i < 3; i++)
		assert_false(b[i].busy);
	for (u32 i = 0; i < SYNIC_SOURCES; i++)
		assert_int_equal(get(v, HV_X64_MSR_SINT0 + i), HV_X64_MSR_SINT_MASKED);
	assert_int_equal(get(v, HV_X64_MSR_SIMP), 0);
	assert_int_equal(get(v, HV_X64_MSR_SIEFP), 0);
	assert_int_equal(get(v, HV_X64_MSR_SCONTROL), 0);
	assert_int_equal(get(v, HV_X64_MSR_STIMER0_CONFIG), 0);
	assert_int_equal(get(v, HV_X64_MSR_STIMER0_COUNT), 0);
	assert_ptr_equal(guest_page(v, MESSAGES), fake_at(MESSAGES));
	assert_false(synic_ends_itself(v, 0x55));
	put(v, HV_X64_MSR_SIMP, MESSAGES | ON);
	for (u32 i = 0; i < SYNIC_SOURCES; i++)
		assert_int_equal(slot(v, i)->header.type, HV_MESSAGE_TYPE_NONE);
}

/* ---- events ---- */

static void test_events(void **state)
{
	struct vcpu *v = enabled_vp();
	struct hv_event_flags *flags = guest_page(v, EVENTS);

	(void)state;
	for (u32 flag = 0; flag < SYNIC_FLAGS; flag++) {
		assert_true(synic_signal(v, SINT, flag));
		assert_int_equal(take_and_end(v), VECTOR);
		assert_int_equal(flags[SINT].flags[flag / 64], ~0ull >> (63 - flag % 64));
		/* One that is set already makes no interrupt. */
		assert_true(synic_signal(v, SINT, flag));
		assert_int_equal(take(v), LAPIC_NO_VECTOR);
	}
	assert_int_equal(flags[SINT + 1].flags[0], 0);
	assert_int_equal(flags[SINT - 1].flags[31], 0);
	put(v, HV_X64_MSR_SIEFP, EVENTS);
	assert_false(synic_signal(v, SINT, 0));
	put(v, HV_X64_MSR_SIEFP, EVENTS | ON);
	put(v, HV_X64_MSR_SCONTROL, 0);
	assert_false(synic_signal(v, SINT, 0));
}

/* ---- timers ---- */

#define ENABLE (1ull << 0)
#define PERIODIC (1ull << 1)
#define LAZY (1ull << 2)
#define AUTO (1ull << 3)
#define DIRECT (1ull << 12)
#define TO_SINT ((u64)SINT << 16)
#define TO_VECTOR (DIRECT | (u64)VECTOR << 4)
#define TICKS (FAKE_TSC_HZ / 10000000) /* TSC ticks of 100 ns */

#define CONFIG(n) (HV_X64_MSR_STIMER0_CONFIG + 2 * (n))
#define COUNT(n) (HV_X64_MSR_STIMER0_COUNT + 2 * (n))

/* Reference time now, and what the processor's timer does at a reference time. */
static u64 now(struct vcpu *v)
{
	return get(v, HV_X64_MSR_TIME_REF_COUNT);
}

static void fire_at(struct vcpu *v, u64 time)
{
	fake_machine.tsc += (time - now(v)) * TICKS;
	while (now(v) < time)
		fake_machine.tsc++;
	if (v->timer_set && v->timer_set <= fake_machine.tsc)
		interrupt_timer(v, fake_machine.tsc);
}

static u64 payload(struct vcpu *v, u32 word)
{
	return slot(v, SINT)->payload[word];
}

/* Never early, and no later than the clock's next step. */
static void test_one_shot_message(void **state)
{
	(void)state;
	for (u32 n = 0; n < STIMERS; n++) {
		struct vcpu *v = enabled_vp();

		put(v, COUNT(n), 5000);
		put(v, CONFIG(n), TO_SINT | ENABLE);
		fire_at(v, 4999);
		assert_int_equal(take(v), LAPIC_NO_VECTOR);
		fire_at(v, 5001);
		assert_int_equal(take_and_end(v), VECTOR);
		assert_int_equal(slot(v, SINT)->header.type, HV_MESSAGE_TYPE_TIMER_EXPIRED);
		assert_int_equal(slot(v, SINT)->header.payload_size, 24);
		assert_int_equal((u32)payload(v, 0), n);
		assert_int_equal(payload(v, 1), 5000);
		assert_in_range(payload(v, 2), 5000, 5001);
		assert_int_equal(get(v, CONFIG(n)), TO_SINT); /* it is not enabled any more */
		assert_int_equal(get(v, COUNT(n)), 5000);
		assert_int_equal(v->timer_set, 0);
	}
}

/* A deadline is at the first TSC with the time, at every offset within a unit. */
static void test_never_early(void **state)
{
	(void)state;
	for (u32 offset = 0; offset < 2 * TICKS; offset++) {
		struct vcpu *v = enabled_vp();

		fake_machine.tsc += offset;
		put(v, COUNT(0), 1000);
		put(v, CONFIG(0), TO_VECTOR | ENABLE);
		fake_machine.tsc = v->timer_set;
		assert_in_range(now(v), 1000, 1001);
		interrupt_timer(v, fake_machine.tsc);
		assert_int_equal(take(v), VECTOR);
	}
}

static void test_past_expires_at_once(void **state)
{
	struct vcpu *v = enabled_vp();

	(void)state;
	fire_at(v, 9000);
	put(v, COUNT(1), 1);
	put(v, CONFIG(1), TO_VECTOR | ENABLE);
	fire_at(v, 9001);
	assert_int_equal(take_and_end(v), VECTOR);
}

/* Which registers let a timer run; TLFS chapter 12. */
static void test_enable_rules(void **state)
{
	struct vcpu *v = enabled_vp();

	(void)state;
	/* No source: not enabled. No count yet: enabled, but it does not run. */
	put(v, COUNT(0), 100);
	put(v, CONFIG(0), ENABLE);
	assert_int_equal(get(v, CONFIG(0)), 0);
	put(v, COUNT(0), 0);
	put(v, CONFIG(0), TO_SINT | ENABLE);
	assert_int_equal(get(v, CONFIG(0)), TO_SINT | ENABLE);
	assert_int_equal(stimer_next(v), 0);
	put(v, COUNT(0), 1000);
	assert_int_not_equal(stimer_next(v), 0);
	/* A count enables only where that is wanted, and zero always disables. */
	put(v, COUNT(0), 0);
	assert_int_equal(get(v, CONFIG(0)), TO_SINT);
	put(v, COUNT(0), 1000);
	assert_int_equal(get(v, CONFIG(0)), TO_SINT);
	put(v, CONFIG(0), TO_SINT | AUTO);
	assert_int_equal(stimer_next(v), 0);
	put(v, COUNT(0), 1000);
	assert_int_equal(get(v, CONFIG(0)), TO_SINT | AUTO | ENABLE);
	assert_int_not_equal(stimer_next(v), 0);
	put(v, COUNT(0), 0);
	assert_int_equal(get(v, CONFIG(0)), TO_SINT | AUTO);
	assert_int_equal(stimer_next(v), 0);
	/* Auto-enabling needs somebody to tell. */
	put(v, CONFIG(0), AUTO);
	put(v, COUNT(0), 1000);
	assert_int_equal(get(v, CONFIG(0)), AUTO);
	/* A vector below 16 is illegal in direct mode, and unused in the other. */
	assert_false(msr_write(v, CONFIG(0), DIRECT | 15 << 4));
	assert_false(msr_write(v, CONFIG(0), DIRECT | ENABLE));
	put(v, CONFIG(0), TO_SINT | 15 << 4);
	for (u32 bit = 13; bit < 64; bit++)
		if (bit < 16 || bit >= 20)
			assert_false(msr_write(v, CONFIG(0), 1ull << bit));
}

static void test_periodic(void **state)
{
	struct vcpu *v = enabled_vp();

	(void)state;
	fire_at(v, 700);
	put(v, COUNT(0), 1000);
	put(v, CONFIG(0), TO_VECTOR | PERIODIC | ENABLE);
	fire_at(v, 1699);
	assert_int_equal(take(v), LAPIC_NO_VECTOR);
	for (u64 time = 1700; time < 9000; time += 1000) {
		fire_at(v, time + 1);
		assert_int_equal(take_and_end(v), VECTOR);
	}
	assert_int_equal(get(v, CONFIG(0)), TO_VECTOR | PERIODIC | ENABLE);
	put(v, CONFIG(0), TO_VECTOR | PERIODIC);
	assert_int_equal(stimer_next(v), 0);
}

/* How many interrupts come from `time` to `end` for one that looks every 100 us. */
static u32 count_until(struct vcpu *v, u64 time, u64 end)
{
	u32 count = 0;

	for (; time <= end; time += 1000) {
		fire_at(v, time);
		count += take_and_end(v) == (int)VECTOR;
	}
	return count;
}

/* Periods that were missed are made up for by shorter ones, if they are few and it is not lazy. */
static void test_missed_periods(void **state)
{
	static const struct { u64 kind, away; u32 count; } cases[] = {
		{ 0, 5, 40 }, { 0, 10, 40 }, { LAZY, 5, 35 }, { 0, 18, 22 }, { LAZY, 18, 22 }
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vcpu *v = enabled_vp();
		const u64 period = 10000, away = cases[i].away * period;

		put(v, COUNT(0), period);
		put(v, CONFIG(0), TO_VECTOR | PERIODIC | ENABLE | cases[i].kind);
		/* Nobody looks for `away` periods; then there are more looks than periods. */
		assert_int_equal(count_until(v, away + period / 2, 40 * period + period / 2),
				 cases[i].count);
	}
}

/* The shortest of periods leaves the guest time, the longest never comes. */
static void test_extreme_periods(void **state)
{
	struct vcpu *v = enabled_vp();
	u64 time;

	(void)state;
	fire_at(v, 1000);
	put(v, COUNT(0), 1);
	put(v, CONFIG(0), TO_VECTOR | PERIODIC | ENABLE);
	fire_at(v, 1002);
	assert_int_equal(take(v), LAPIC_NO_VECTOR);
	fire_at(v, 2001);
	assert_int_equal(take_and_end(v), VECTOR);
	time = now(v);
	assert_true(v->timer_set - fake_machine.tsc >= 499 * TICKS);
	fire_at(v, time + 1001);
	assert_int_equal(take_and_end(v), VECTOR);
	put(v, COUNT(0), UINT64_MAX);
	fire_at(v, time + 100000);
	assert_int_equal(take(v), LAPIC_NO_VECTOR);
	put(v, CONFIG(0), TO_VECTOR | ENABLE);
	fire_at(v, time + 200000);
	assert_int_equal(take(v), LAPIC_NO_VECTOR);
	assert_int_not_equal(v->timer_set, 0);
}

/* While the slot is full one message waits and further expiries are counted, but not lazy ones. */
static void test_full_slot(void **state)
{
	static const u64 kinds[] = { 0, LAZY };

	(void)state;
	for (u32 kind = 0; kind < 2; kind++) {
		struct vcpu *v = enabled_vp();
		u32 messages = 0;

		put(v, COUNT(0), 1000);
		put(v, CONFIG(0), TO_SINT | PERIODIC | ENABLE | kinds[kind]);
		for (u64 time = 1000; time <= 5000; time += 1000)
			fire_at(v, time + 1);
		put(v, CONFIG(0), TO_SINT | PERIODIC | kinds[kind]);
		while (slot(v, SINT)->header.type) {
			messages++;
			consume(v, SINT);
		}
		/* The slot's; what waits is forgotten when the timer stops. */
		assert_int_equal(messages, 1);
	}
}

/* Each has its own time of expiry, and the time of its delivery; lazy ones are two at most. */
static void test_expiries_that_wait(void **state)
{
	static const struct { u64 kind; u32 messages; } cases[] = { { 0, 5 }, { LAZY, 2 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vcpu *v = enabled_vp();
		u32 messages = 0;

		put(v, COUNT(0), 1000);
		put(v, CONFIG(0), TO_SINT | PERIODIC | ENABLE | cases[i].kind);
		for (u64 time = 1000; time <= 5000; time += 1000)
			fire_at(v, time + 1);
		fire_at(v, 5500);
		while (slot(v, SINT)->header.type) {
			messages++;
			assert_int_equal(payload(v, 1), 1000 * messages);
			assert_in_range(payload(v, 2), messages == 1 ? 1000 : 5500,
					messages == 1 ? 1001 : 5501);
			consume(v, SINT);
		}
		assert_int_equal(messages, cases[i].messages);
	}
}

/* A message that waits can be taken back, wherever it is in its queue. */
static void test_cancel(void **state)
{
	(void)state;
	for (u32 gone = 1; gone < 4; gone++) {
		struct vcpu *v = enabled_vp();
		struct synic_buffer b[4];

		for (u32 i = 0; i < 4; i++)
			post(v, SINT, &b[i], i + 1);
		synic_cancel(v, &b[gone]);
		synic_cancel(v, &b[gone]);
		assert_false(b[gone].busy);
		for (u32 i = 0; i < 4; i++)
			if (i != gone)
				assert_int_equal(consume(v, SINT), i + 1);
		assert_int_equal(slot(v, SINT)->header.type, HV_MESSAGE_TYPE_NONE);
		assert_int_equal(v->synic.waiting, 0);
		/* The queue is whole. */
		post(v, SINT, &b[0], 8);
		post(v, SINT, &b[1], 9);
		assert_int_equal(consume(v, SINT), 8);
		assert_int_equal(consume(v, SINT), 9);
	}
}

/* What is repeated goes to the end of its queue, and not for ever. */
static void test_repeat(void **state)
{
	struct vcpu *v = enabled_vp();
	struct synic_buffer b[3];
	u32 count = 0;

	(void)state;
	for (u32 i = 0; i < 3; i++)
		post(v, SINT, &b[i], i + 1);
	assert_false(synic_repeat(v, &b[0])); /* it was delivered */
	assert_true(synic_repeat(v, &b[1]));
	assert_int_equal(consume(v, SINT), 1);
	assert_int_equal(consume(v, SINT), 2);
	assert_false(synic_claim(&b[1]));
	assert_int_equal(consume(v, SINT), 3);
	assert_int_equal(consume(v, SINT), 2);
	assert_true(synic_claim(&b[1]));
	b[1].busy = false;
	for (u32 i = 0; i < 2; i++)
		post(v, SINT, &b[i], i + 1);
	for (u32 i = 0; i < 1000; i++)
		assert_true(synic_repeat(v, &b[1]));
	while (consume(v, SINT))
		count++;
	assert_int_equal(count, 2 + SYNIC_REPEATS);
}

/* A source of another VP: that one is told to look. */
static void test_other_vp(void **state)
{
	struct vcpu *v = fake_vps(2), *other = v->partition->vp[1];
	struct synic_buffer b;

	(void)state;
	fake_machine.on_pause = fake_others_flush;
	fake_machine.vcpu = other;
	lapic_write(other, LAPIC_SVR, 0x1ff);
	put(other, HV_X64_MSR_SIMP, MESSAGES | ON);
	put(other, HV_X64_MSR_SCONTROL, ON);
	put(other, HV_X64_MSR_SINT0 + SINT, VECTOR);
	fake_machine.vcpu = v;
	fake_machine.kicks = 0;
	post(other, SINT, &b, 7);
	assert_int_equal(fake_machine.kicks, 1);
	assert_int_equal(fake_machine.kick[0], other->apic_id);
	assert_int_equal(take(v), LAPIC_NO_VECTOR);
	fake_machine.vcpu = other;
	assert_int_equal(take_and_end(other), VECTOR);
	assert_int_equal(consume(other, SINT), 7);
}

/* Four timers, one processor timer: each in its turn. */
static void test_four_timers(void **state)
{
	static const u64 times[STIMERS] = { 4000, 1000, 3000, 2000 };
	struct vcpu *v = enabled_vp();

	(void)state;
	for (u32 n = 0; n < STIMERS; n++) {
		put(v, COUNT(n), times[n]);
		put(v, CONFIG(n), DIRECT | ENABLE | (u64)(0x50 + 0x10 * n) << 4);
	}
	for (u64 time = 1000; time <= 4000; time += 1000) {
		int vector = LAPIC_NO_VECTOR;

		for (u32 n = 0; n < STIMERS; n++)
			if (times[n] == time)
				vector = (int)(0x50 + 0x10 * n);
		fire_at(v, time - 1);
		assert_int_equal(take(v), LAPIC_NO_VECTOR);
		fire_at(v, time + 1);
		assert_int_equal(take_and_end(v), vector);
	}
	assert_int_equal(v->timer_set, 0);
}

/* The processor may interrupt before the time: nothing is due, and it is set again. */
static void test_early_interrupt(void **state)
{
	struct vcpu *v = enabled_vp();

	(void)state;
	put(v, COUNT(0), 5000);
	put(v, CONFIG(0), TO_VECTOR | ENABLE);
	fire_at(v, 3000);
	interrupt_timer(v, fake_machine.tsc); /* as a counting timer does */
	assert_int_equal(take(v), LAPIC_NO_VECTOR);
	assert_int_not_equal(v->timer_set, 0);
	fire_at(v, 5001);
	assert_int_equal(take_and_end(v), VECTOR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_source_registers),
		cmocka_unit_test(test_interrupt_of_source),
		cmocka_unit_test(test_auto_eoi),
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_pending_protocol),
		cmocka_unit_test(test_retry_at_eoi),
		cmocka_unit_test(test_retry_at_end_not_told),
		cmocka_unit_test(test_retry_at_post),
		cmocka_unit_test(test_message_waits_for_page),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_one_shot_message),
		cmocka_unit_test(test_never_early),
		cmocka_unit_test(test_past_expires_at_once),
		cmocka_unit_test(test_enable_rules),
		cmocka_unit_test(test_periodic),
		cmocka_unit_test(test_missed_periods),
		cmocka_unit_test(test_extreme_periods),
		cmocka_unit_test(test_full_slot),
		cmocka_unit_test(test_expiries_that_wait),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_repeat),
		cmocka_unit_test(test_other_vp),
		cmocka_unit_test(test_four_timers),
		cmocka_unit_test(test_early_interrupt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
