/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Messages, events and synthetic timers of several processors: all at work at the same time, and one
 * that is taken away in the middle of it.
 */
#include "apic.h"
#include "synic.h"

#define MESSAGES HV_LOOP_BACK_SOURCE_MESSAGE
#define EVENTS HV_LOOP_BACK_SOURCE_EVENT
#define MESSAGE_VECTOR 0xa5
#define EVENT_VECTOR 0xb5
#define TIMER_VECTOR 0xc5
#define TYPE 77u
#define ROUNDS 200u /* messages, and flags, from each to each */
#define EXPIRIES 50u
#define BUFFERS 16u
#define MS 10000u /* of reference time */

/* What a processor has received; written by its own interrupt handler alone. */
static struct received {
	u32 next[RT_CPUS];      /* number of the next message, by sender */
	u32 wrong;              /* messages out of order */
	u32 flags;              /* events */
	u32 expiries;           /* of its timers */
} received[RT_CPUS];
static u32 ready;               /* processors that can receive */

/* The payload of a message. */
struct parcel { u32 sender, number; };

static void take_messages(struct received *r)
{
	struct hv_message copy;
	struct parcel parcel;

	while (hv_message_take(synic_slot(MESSAGES), &copy)) {
		memcpy(&parcel, copy.payload, sizeof(parcel));
		if (copy.header.type != TYPE || parcel.sender >= RT_CPUS ||
			r->next[parcel.sender]++ != parcel.number)
			r->wrong++;
	}
}

static void take_events(struct received *r)
{
	for (u32 word = 0; word < HV_EVENT_LIMIT_FLAGS / 32; word++) {
		u32 flags = hv_event_flags_take(&synic_own()->events.sints[EVENTS], word);

		for (; flags; flags &= flags - 1)
			r->flags++;
	}
}

static void on_interrupt(u32 vector)
{
	struct received *r = &received[rt_index()];

	if (vector == MESSAGE_VECTOR)
		take_messages(r);
	else if (vector == EVENT_VECTOR)
		take_events(r);
	else if (vector == TIMER_VECTOR)
		r->expiries++;
	rt_apic_write(APIC_EOI, 0);
}

static bool all_ready(void *unused)
{
	(void)unused;
	interrupts_in();
	return __atomic_load_n(&ready, __ATOMIC_ACQUIRE) >= rt_cpu_count;
}

/* Receive from here on; false: not all others came to that. */
static bool meet(void)
{
	rt_on_interrupt = on_interrupt;
	synic_on();
	synic_source(MESSAGES, MESSAGE_VECTOR, 0);
	synic_source(EVENTS, EVENT_VECTOR, 0);
	__atomic_fetch_add(&ready, 1, __ATOMIC_ACQ_REL);
	return rt_wait_for(all_ready, NULL);
}

/* Done with what is to be done, go on receiving until all are. */
static void part(void)
{
	__atomic_fetch_add(&ready, (u32)RT_CPUS, __ATOMIC_ACQ_REL);
}

static bool all_parted(void *unused)
{
	(void)unused;
	interrupts_in();
	return __atomic_load_n(&ready, __ATOMIC_ACQUIRE) >= rt_cpu_count * (RT_CPUS + 1);
}

/* Whether there are several processors, and what is needed is offered; all started then. */
static bool begin(offered_fn privilege)
{
	if (!offered(privilege) || !offered(hv_has_privilege_access_synic_regs))
		return false;
	if (rt_cpu_count == 1) {
		test_skip("one processor");
		return false;
	}
	EXPECT_EQ(rt_cpus_start(), rt_cpu_count, "processors that started");
	memset(received, 0, sizeof(received));
	ready = 0;
	return true;
}

/* All run it, this processor, too; each passes what happened as *(u32 *)argument: 0 is good. */
static void run_all(void (*function)(void *))
{
	u32 bad[RT_CPUS] = { 0 };

	for (unsigned n = 1; n < rt_cpu_count; n++)
		rt_ask(n, function, &bad[n]);
	function(&bad[0]);
	for (unsigned n = 1; n < rt_cpu_count; n++)
		EXPECT_EQ(rt_answer(n), FAULT_NONE, "fault there");
	for (unsigned n = 0; n < rt_cpu_count; n++)
		EXPECT_EQ(bad[n], 0, "what went wrong on a processor");
	rt_on_interrupt = NULL;
	rt_cpus_stop();
}

/* ---- all to all ---- */

static u32 send_message(unsigned to, u32 number)
{
	const struct parcel parcel = { rt_index(), number };
	u32 status;

	while ((status = synic_post(HV_LOOP_BACK_MESSAGE + to, TYPE, &parcel, sizeof(parcel))) ==
		HV_STATUS_INSUFFICIENT_BUFFERS)
		interrupts_in();
	return status != HV_STATUS_SUCCESS;
}

static void send_messages(void *bad)
{
	u32 *const failed = bad;

	*failed += !meet();
	for (u32 number = 0; number < ROUNDS; number++)
		for (unsigned to = 0; to < rt_cpu_count; to++)
			*failed += send_message(to, number);
	part();
	*failed += !rt_wait_for(all_parted, NULL);
	interrupts_in();
	synic_off();
}

static void messages_all_to_all(void)
{
	if (!begin(hv_has_privilege_post_messages))
		return;
	run_all(send_messages);
	for (unsigned to = 0; to < rt_cpu_count; to++) {
		EXPECT_EQ(received[to].wrong, 0, "messages out of order");
		for (unsigned from = 0; from < rt_cpu_count; from++)
			EXPECT_EQ(received[to].next[from], ROUNDS, "messages from one to one");
	}
}

static void send_events(void *bad)
{
	u32 *const failed = bad;

	*failed += !meet();
	for (u32 number = 0; number < ROUNDS; number++)
		for (unsigned to = 0; to < rt_cpu_count; to++)
			*failed += synic_signal(HV_LOOP_BACK_EVENT + to,
					   rt_index() * ROUNDS + number) != HV_STATUS_SUCCESS;
	part();
	*failed += !rt_wait_for(all_parted, NULL);
	interrupts_in();
	synic_off();
}

/* Each flag is set once, and taken once. */
static void events_all_to_all(void)
{
	if (!begin(hv_has_privilege_signal_events))
		return;
	run_all(send_events);
	for (unsigned to = 0; to < rt_cpu_count; to++)
		EXPECT_EQ(received[to].flags, ROUNDS * rt_cpu_count, "events");
}

/* ---- one that sleeps ---- */

static void sleep_until_event(void *unused)
{
	const struct received *r = &received[rt_index()];

	(void)unused;
	meet();
	while (!__atomic_load_n(&r->flags, __ATOMIC_RELAXED))
		__asm__ volatile("sti; hlt; cli" : : : "memory");
	synic_off();
}

static void event_wakes(void)
{
	if (!begin(hv_has_privilege_signal_events))
		return;
	for (unsigned n = 1; n < rt_cpu_count; n++)
		rt_ask(n, sleep_until_event, NULL);
	meet();
	rt_pm_wait(3580); /* 1 ms: time to fall asleep */
	for (unsigned n = 1; n < rt_cpu_count; n++)
		EXPECT_EQ(synic_signal(HV_LOOP_BACK_EVENT + n, 3), HV_STATUS_SUCCESS, "the call");
	for (unsigned n = 1; n < rt_cpu_count; n++)
		EXPECT_EQ(rt_answer(n), FAULT_NONE, "fault there");
	rt_on_interrupt = NULL;
	synic_off();
	rt_cpus_stop();
}

/* ---- one that is not there, or is taken away ---- */

static void switch_on(void *unused)
{
	(void)unused;
	synic_on();
}

/* Until the port is full; how many it took. */
static u32 fill_port(unsigned to, u32 last)
{
	u32 count = 0, status;

	while ((status = synic_post(HV_LOOP_BACK_MESSAGE + to, TYPE, &count, sizeof(count))) ==
			HV_STATUS_SUCCESS &&
		count < 100)
		count++;
	EXPECT_EQ(status, last, "status of the last one");
	return count;
}

static void look_at_reset(void *bad)
{
	u32 *const wrong = bad;

	*wrong += synic_read(HV_X64_MSR_SCONTROL) != 0;
	*wrong += synic_read(HV_X64_MSR_SIMP) != 0;
	*wrong += synic_read(HV_X64_MSR_SIEFP) != 0;
	for (u32 i = 0; i < HV_X64_MSR_SINT_COUNT; i++)
		*wrong += synic_read(HV_X64_MSR_SINT0 + i) != HV_X64_MSR_SINT_MASKED;
	synic_write(HV_X64_MSR_SIMP, RT_GPA(&synic_own()->messages) | HV_X64_MSR_SIMP_ENABLE);
	*wrong += synic_slot(MESSAGES)->header.type != 0;
	synic_write(HV_X64_MSR_SIMP, 0);
}

static void init_forgets(void)
{
	u32 wrong = 0;

	if (!begin(hv_has_privilege_post_messages))
		return;
	EXPECT_EQ(fill_port(1, HV_STATUS_INVALID_SYNIC_STATE), 0, "messages to one that is off");
	EXPECT_EQ(rt_run_on(1, switch_on, NULL), FAULT_NONE, "fault there");
	EXPECT_EQ(fill_port(1, HV_STATUS_INSUFFICIENT_BUFFERS), BUFFERS + 1, "messages");
	rt_cpu_stop(1);
	EXPECT(rt_cpu_start(1), "it does not start again");
	EXPECT_EQ(fill_port(1, HV_STATUS_INVALID_SYNIC_STATE), 0, "messages after INIT");
	EXPECT_EQ(rt_run_on(1, look_at_reset, &wrong), FAULT_NONE, "fault there");
	EXPECT_EQ(wrong, 0, "registers that INIT left");
	EXPECT_EQ(rt_run_on(1, switch_on, NULL), FAULT_NONE, "fault there");
	EXPECT_EQ(fill_port(1, HV_STATUS_INSUFFICIENT_BUFFERS), BUFFERS + 1,
		"messages when it is on again");
	rt_cpus_stop();
}

/* To any: this one does not take it, so another has it. */
static void any_finds_another(void)
{
	const unsigned last = rt_cpu_count - 1;

	if (!begin(hv_has_privilege_post_messages))
		return;
	EXPECT_EQ(synic_post(HV_LOOP_BACK_MESSAGE_ANY, TYPE, &last, sizeof(last)),
		HV_STATUS_INVALID_SYNIC_STATE, "a message when all are off");
	EXPECT_EQ(rt_run_on(last, switch_on, NULL), FAULT_NONE, "fault there");
	EXPECT_EQ(synic_post(HV_LOOP_BACK_MESSAGE_ANY, TYPE, &last, sizeof(last)),
		HV_STATUS_SUCCESS, "a message to any");
	EXPECT_EQ(fill_port(last, HV_STATUS_INSUFFICIENT_BUFFERS), BUFFERS,
		"messages behind the one in its slot");
	rt_cpus_stop();
}

/* ---- timers ---- */

static bool all_expired(void *unused)
{
	(void)unused;
	interrupts_in();
	return received[rt_index()].expiries >= EXPIRIES;
}

static void run_timer(void *bad)
{
	const u32 timer = 2 * (rt_index() % HV_SYNIC_LIMIT_TIMERS);
	const u64 config = HV_STIMER_CONFIG_ENABLE | HV_STIMER_CONFIG_PERIODIC |
		HV_STIMER_CONFIG_DIRECT_MODE | TIMER_VECTOR << HV_STIMER_CONFIG_APIC_VECTOR_SHIFT;

	*(u32 *)bad += !meet();
	synic_write(HV_X64_MSR_STIMER0_COUNT + timer, MS * (1 + rt_index()) / 2);
	synic_write(HV_X64_MSR_STIMER0_CONFIG + timer, config);
	*(u32 *)bad += !rt_wait_for(all_expired, NULL);
	synic_write(HV_X64_MSR_STIMER0_CONFIG + timer, 0);
	interrupts_in();
	synic_off();
}

static void timers_of_all(void)
{
	if (offered(hv_has_privilege_access_synthetic_timer_regs) &&
		offered(hv_has_feature_direct_synthetic_timers) &&
		begin(hv_has_privilege_access_synic_regs))
		run_all(run_timer);
}

void suite_synic_cpus(void)
{
	static const struct test tests[] = {
		{ "messages-all-to-all", messages_all_to_all },
		{ "events-all-to-all", events_all_to_all },
		{ "event-wakes", event_wakes },
		{ "init-forgets", init_forgets },
		{ "any-finds-another", any_finds_another },
		{ "timers-of-all", timers_of_all },
	};

	call_enable();
	test_run("synic-cpus", tests, RT_COUNT(tests));
}
