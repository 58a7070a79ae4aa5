/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The synthetic timers: registers, every mode, and what stops them. */
#include "apic.h"
#include "synic.h"

#define VECTOR 0xb4
#define SOURCE 3u
#define TIMERS HV_SYNIC_LIMIT_TIMERS
#define MS 10000u               /* of reference time */
#define SOON (2 * MS)
#define PATIENCE (2000 * MS)    /* an emulator may be held up for long */
#define TRIES 4                 /* ... and too many periods be missed then */

#define C(name) HV_STIMER_CONFIG_##name
#define DIRECT (C(DIRECT_MODE) | (u64)VECTOR << C(APIC_VECTOR_SHIFT))
#define MESSAGE ((u64)SOURCE << C(SINTX_SHIFT))

static u32 config_of(u32 timer)
{
	return HV_X64_MSR_STIMER0_CONFIG + 2 * timer;
}

static u32 count_of(u32 timer)
{
	return HV_X64_MSR_STIMER0_COUNT + 2 * timer;
}

static u64 now(void)
{
	return synic_read(HV_X64_MSR_TIME_REF_COUNT);
}

static void end_interrupt(u32 vector)
{
	(void)vector;
	rt_apic_write(APIC_EOI, 0);
}

static void stop_all(void)
{
	for (u32 i = 0; i < TIMERS; i++) {
		synic_write(config_of(i), 0);
		synic_write(count_of(i), 0);
	}
}

/* What a test in either mode needs; the source of the messages raises the same vector. */
static bool begin(bool direct)
{
	if (!offered(hv_has_privilege_access_synthetic_timer_regs) ||
		!offered(hv_has_privilege_access_partition_reference_counter) ||
		(direct && !offered(hv_has_feature_direct_synthetic_timers)) ||
		(!direct && !offered(hv_has_privilege_access_synic_regs)))
		return false;
	rt_apic_enable();
	rt_on_interrupt = end_interrupt;
	if (direct)
		return true;
	synic_on();
	synic_source(SOURCE, VECTOR, 0);
	return true;
}

static void end(void)
{
	stop_all();
	interrupts_in();
	rt_on_interrupt = NULL;
	if (!hv_has_privilege_access_synic_regs(&offer))
		return;
	synic_drain(SOURCE);
	synic_off();
}

/* Take interrupts until `count` more came, or time is up: how many came. */
static u32 wait_for(u32 count, u64 patience)
{
	const u32 before = rt_interrupts[VECTOR];
	const u64 start = now();

	while (rt_interrupts[VECTOR] - before < count && now() - start < patience)
		interrupts_in();
	return rt_interrupts[VECTOR] - before;
}

static void arm(u32 timer, u64 config, u64 count)
{
	synic_write(config_of(timer), 0);
	synic_write(count_of(timer), count);
	synic_write(config_of(timer), config | C(ENABLE));
}

static bool is_enabled(u32 timer)
{
	return synic_read(config_of(timer)) & C(ENABLE);
}

static void expect_silence(u64 time)
{
	EXPECT_EQ(wait_for(1, time), 0, "interrupts that should not have come");
}

/* ---- registers ---- */

static void refused(void)
{
	static const u64 illegal[] = { 1ull << 13, 1ull << 14, 1ull << 15, 1ull << 20, 1ull << 63,
		C(DIRECT_MODE), C(DIRECT_MODE) | 15ull << C(APIC_VECTOR_SHIFT),
		DIRECT | 1ull << 32 };

	if (!offered(hv_has_privilege_access_synthetic_timer_regs))
		return;
	for (u32 timer = 0; timer < TIMERS; timer++)
		for (u32 i = 0; i < RT_COUNT(illegal); i++) {
			EXPECT_EQ(rt_wrmsr(config_of(timer), illegal[i]), FAULT_GP, "the write");
			EXPECT_EQ(synic_read(config_of(timer)), 0, "what is read after it");
		}
	if (!hv_has_feature_direct_synthetic_timers(&offer))
		EXPECT_EQ(rt_wrmsr(config_of(0), DIRECT), FAULT_GP, "direct mode");
	EXPECT_EQ(rt_wrmsr(count_of(TIMERS - 1) + 1, 0), FAULT_GP, "one past the last timer");
}

/* When the enable bit stands, by what is written. */
static void enabling(void)
{
	const u64 far = ~0ull >> 1;

	if (!begin(true))
		return;
	for (u32 t = 0; t < TIMERS; t++) {
		synic_write(config_of(t), C(ENABLE));
		EXPECT(!is_enabled(t), "enabled without a source");
		synic_write(config_of(t), C(ENABLE) | DIRECT);
		EXPECT(is_enabled(t), "not enabled in direct mode");
		synic_write(count_of(t), far);
		EXPECT(is_enabled(t), "not enabled after the count");
		EXPECT_EQ(synic_read(count_of(t)), far, "the count");
		synic_write(count_of(t), 0);
		EXPECT(!is_enabled(t), "enabled with a count of 0");
		synic_write(count_of(t), far);
		EXPECT(!is_enabled(t), "enabled by a count alone");
		synic_write(config_of(t), C(AUTO_ENABLE) | DIRECT);
		EXPECT(!is_enabled(t), "enabled by the bit that is for later");
		synic_write(count_of(t), far);
		EXPECT(is_enabled(t), "not enabled by the count");
		synic_write(config_of(t), C(AUTO_ENABLE));
		synic_write(count_of(t), far);
		EXPECT(!is_enabled(t), "enabled by the count without a source");
	}
	expect_silence(SOON);
	end();
}

/* ---- one shot ---- */

static void one_shot_direct(void)
{
	if (!begin(true))
		return;
	for (u32 t = 0; t < TIMERS; t++) {
		const u64 expiry = now() + SOON;

		arm(t, DIRECT, expiry);
		EXPECT_EQ(wait_for(1, PATIENCE), 1, "interrupts");
		EXPECT(now() >= expiry, "it came early");
		EXPECT(!is_enabled(t), "it is still enabled");
		EXPECT_EQ(synic_read(count_of(t)), expiry, "the count after it");
		expect_silence(SOON);
	}
	end();
}

static void one_shot_message(void)
{
	struct hv_message copy;

	if (!begin(false))
		return;
	for (u32 t = 0; t < TIMERS; t++) {
		const u64 expiry = now() + SOON;
		struct hv_timer_message_payload payload;

		arm(t, MESSAGE, expiry);
		EXPECT_EQ(wait_for(1, PATIENCE), 1, "interrupts");
		EXPECT_EQ(hv_message_take(synic_slot(SOURCE), &copy), HV_MESSAGE_TYPE_TIMER_EXPIRED,
			"type of the message");
		memcpy(&payload, copy.payload, sizeof(payload));
		EXPECT_EQ(copy.header.payload_size, sizeof(payload), "its size");
		EXPECT_EQ(payload.timer_index, t, "the timer");
		EXPECT_EQ(payload.expiration_time, expiry, "time of expiry");
		EXPECT(payload.delivery_time >= expiry && payload.delivery_time <= now(),
			"delivered at %llu, due at %llu", (u64)payload.delivery_time, expiry);
		EXPECT(!is_enabled(t), "it is still enabled");
	}
	end();
}

/* A time that has passed is due at once. */
static void past(void)
{
	if (!begin(true))
		return;
	arm(0, DIRECT, 1);
	EXPECT(!is_enabled(0), "it is still enabled");
	EXPECT_EQ(wait_for(1, PATIENCE), 1, "interrupts");
	arm(0, DIRECT, now() - 1);
	EXPECT_EQ(wait_for(1, PATIENCE), 1, "interrupts of one just past");
	synic_write(config_of(0), C(AUTO_ENABLE) | DIRECT);
	synic_write(count_of(0), 1);
	EXPECT_EQ(wait_for(1, PATIENCE), 1, "interrupts of one that enables itself");
	end();
}

static void never(void)
{
	static const u64 counts[] = { ~0ull, ~0ull - 1, 1ull << 63 };

	if (!begin(true))
		return;
	for (u32 i = 0; i < RT_COUNT(counts); i++) {
		arm(0, DIRECT, counts[i]);
		arm(1, DIRECT | C(PERIODIC), counts[i]);
		expect_silence(SOON);
		EXPECT(is_enabled(0) && is_enabled(1), "one has expired");
	}
	end();
}

static void halt_wakes(void)
{
	u64 expiry;

	if (!begin(true))
		return;
	expiry = now() + SOON;
	arm(0, DIRECT, expiry);
	while (is_enabled(0))
		__asm__ volatile("sti; hlt; cli" : : : "memory");
	EXPECT(now() >= expiry, "it came early");
	end();
}

/* ---- periodic ---- */

static void periodic_direct(void)
{
	const u32 ticks = 20;
	u64 start;

	if (!begin(true))
		return;
	start = now();
	arm(2, DIRECT | C(PERIODIC), MS);
	EXPECT(wait_for(ticks, PATIENCE) >= ticks, "not enough interrupts");
	EXPECT(now() - start >= ticks * MS, "%u periods in %llu us", ticks,
		rt_div(now() - start, 10, NULL));
	EXPECT(is_enabled(2), "it is not enabled any more");
	EXPECT_EQ(synic_read(count_of(2)), MS, "the period");
	synic_write(config_of(2), DIRECT | C(PERIODIC));
	interrupts_in();
	expect_silence(SOON);
	end();
}

static void periodic_message(void)
{
	struct hv_timer_message_payload payload = { 0 };
	struct hv_message copy;
	u64 last = 0;

	if (!begin(false))
		return;
	arm(1, MESSAGE | C(PERIODIC), MS);
	for (u32 i = 0; i < 10; i++) {
		EXPECT_EQ(wait_for(1, PATIENCE), 1, "interrupts");
		hv_message_take(synic_slot(SOURCE), &copy);
		memcpy(&payload, copy.payload, sizeof(payload));
		EXPECT(payload.expiration_time >= last + MS, "expiry at %llu after %llu",
			(u64)payload.expiration_time, last);
		EXPECT(payload.delivery_time >= payload.expiration_time, "delivered early");
		last = payload.expiration_time;
	}
	EXPECT(is_enabled(1), "it is not enabled any more");
	end();
}

/*
 * Looks at no message for a while, then at all that wait: how many there are, and in *regular
 * whether each expired one period after the one before.
 */
static u32 messages_after_a_pause(u64 config, bool *regular)
{
	const u64 start = now(), period = 4 * MS;
	struct hv_timer_message_payload payload;
	struct hv_message copy;
	u32 count = 0;
	u64 last = 0;

	*regular = true;
	arm(0, MESSAGE | C(PERIODIC) | config, period);
	while (now() - start < 25 * period)
		interrupts_in();
	while (now() - start < PATIENCE && hv_message_take(synic_slot(SOURCE), &copy)) {
		memcpy(&payload, copy.payload, sizeof(payload));
		*regular &= !count++ || payload.expiration_time == last + period;
		last = payload.expiration_time;
	}
	stop_all();
	interrupts_in();
	synic_drain(SOURCE);
	return count;
}

/* Of a lazy timer one message is in the slot, one waits, and more may come while they are taken. */
static void missed_periods(void)
{
	bool regular = false;
	u32 count = 0;

	if (!begin(false))
		return;
	for (u32 i = 0; i < TRIES && (count < 4 || !regular); i++)
		count = messages_after_a_pause(0, &regular);
	EXPECT(regular, "periods are missing");
	EXPECT(count >= 4, "%u messages of 25 periods", count);
	count = messages_after_a_pause(C(LAZY), &regular);
	EXPECT(count >= 1 && count <= 4, "%u messages of a lazy timer", count);
	end();
}

/* The shortest period leaves the processor time for something else. */
static void short_period(void)
{
	u64 start;

	if (!begin(true))
		return;
	start = now();
	arm(3, DIRECT | C(PERIODIC), 1);
	for (u32 i = 0; i < 100 && now() - start < PATIENCE; i++)
		interrupts_in();
	EXPECT_EQ(wait_for(10, PATIENCE) >= 10, 1, "ten interrupts");
	end();
}

/* ---- together, and stopped ---- */

/* An emulator's timer may come late. */
static void wait_for_message(void)
{
	const u64 limit = now() + PATIENCE;

	while (!__atomic_load_n((u32 *)&synic_slot(SOURCE)->header.type, __ATOMIC_RELAXED) &&
		now() < limit)
		;
}

static void all_at_once(void)
{
	struct hv_message copy;
	u32 seen = 0;
	u64 base;

	if (!begin(false))
		return;
	base = now() + SOON;
	for (u32 t = 0; t < TIMERS; t++)
		arm(t, MESSAGE, base + (TIMERS - t) * 100);
	while (now() < base + SOON)
		;
	/* All have expired; one message is in the slot, the others wait. */
	for (u32 i = 0; i < TIMERS; i++) {
		struct hv_timer_message_payload payload;

		interrupts_in();
		wait_for_message();
		EXPECT_EQ(hv_message_take(synic_slot(SOURCE), &copy), HV_MESSAGE_TYPE_TIMER_EXPIRED,
			"type of a message");
		memcpy(&payload, copy.payload, sizeof(payload));
		seen |= 1u << payload.timer_index;
		EXPECT_EQ(payload.expiration_time, base + (TIMERS - payload.timer_index) * 100,
			"its expiry");
	}
	EXPECT_EQ(seen, (1u << TIMERS) - 1, "timers that expired");
	end();
}

/* A timer that was stopped sends nothing, not even what was waiting. */
static void stopped(void)
{
	struct hv_message copy;

	if (!begin(false))
		return;
	arm(0, MESSAGE, 1);
	arm(1, MESSAGE, 1);
	synic_write(config_of(1), 0);
	EXPECT_EQ(hv_message_take(synic_slot(SOURCE), &copy), HV_MESSAGE_TYPE_TIMER_EXPIRED,
		"type of the first message");
	synic_write(HV_X64_MSR_EOM, 0);
	EXPECT_EQ(synic_slot(SOURCE)->header.type, 0, "type of a message from a stopped timer");
	arm(0, MESSAGE, now() + SOON);
	synic_write(count_of(0), 0);
	interrupts_in();
	expect_silence(2 * SOON);
	end();
}

/* A new count while it runs starts it anew, for a later time or a sooner one. */
static void moved(void)
{
	u64 start, expiry;

	if (!begin(true))
		return;
	start = now();
	expiry = start + 60 * SOON;
	arm(0, DIRECT, start + 50 * SOON);
	synic_write(count_of(0), expiry);
	EXPECT_EQ(wait_for(1, PATIENCE), 1, "interrupts");
	EXPECT(now() >= expiry, "it came at the old time");
	arm(0, DIRECT, ~0ull);
	synic_write(count_of(0), now() + SOON);
	EXPECT_EQ(wait_for(1, PATIENCE), 1, "interrupts of one that is due sooner");
	expect_silence(SOON);
	end();
}

/* ---- the timer of unhalted time ---- */

#define UNHALTED_CONFIG HV_X64_MSR_STIME_UNHALTED_TIMER_CONFIG
#define UNHALTED_COUNT HV_X64_MSR_STIME_UNHALTED_TIMER_COUNT
#define UNHALTED_ENABLED HV_X64_MSR_STIME_UNHALTED_TIMER_CONFIG_ENABLED
#define OTHER_VECTOR 0xb5
#define VECTOR_NMI 2

static bool unhalted_begin(void)
{
	return offered(hv_has_feature_synthetic_time_unhalted_timer) && begin(true);
}

static void unhalted_arm(u64 vector, u64 count)
{
	synic_write(UNHALTED_CONFIG, 0);
	synic_write(UNHALTED_COUNT, count);
	synic_write(UNHALTED_CONFIG, UNHALTED_ENABLED | vector);
}

static void unhalted_end(void)
{
	synic_write(UNHALTED_CONFIG, 0);
	synic_write(UNHALTED_COUNT, 0);
	end();
}

static void unhalted_refused(void)
{
	static const u64 illegal[] = { UNHALTED_ENABLED, UNHALTED_ENABLED | 3, UNHALTED_ENABLED | 15,
		UNHALTED_ENABLED | OTHER_VECTOR | 1u << 9, 1ull << 63 };

	if (!hv_has_feature_synthetic_time_unhalted_timer(&offer)) {
		u64 value;

		EXPECT_EQ(rt_rdmsr(UNHALTED_CONFIG, &value), FAULT_GP, "config, not offered");
		EXPECT_EQ(rt_wrmsr(UNHALTED_COUNT, 0), FAULT_GP, "count, not offered");
		return;
	}
	if (!unhalted_begin())
		return;
	EXPECT_EQ(synic_read(UNHALTED_CONFIG), 0, "config at first");
	EXPECT_EQ(synic_read(UNHALTED_COUNT), 0, "count at first");
	for (u32 i = 0; i < RT_COUNT(illegal); i++)
		EXPECT_EQ(rt_wrmsr(UNHALTED_CONFIG, illegal[i]), FAULT_GP, "an illegal config");
	EXPECT_EQ(synic_read(UNHALTED_CONFIG), 0, "config afterwards");
	synic_write(UNHALTED_CONFIG, UNHALTED_ENABLED | 16);
	EXPECT_EQ(synic_read(UNHALTED_CONFIG), UNHALTED_ENABLED | 16, "config of vector 16");
	synic_write(UNHALTED_COUNT, ~0ull);
	EXPECT_EQ(synic_read(UNHALTED_COUNT), ~0ull, "the longest count");
	unhalted_end();
}

static void unhalted_periodic(void)
{
	const u32 ticks = 10;
	u64 start;

	if (!unhalted_begin())
		return;
	start = now();
	unhalted_arm(VECTOR, MS);
	EXPECT(wait_for(ticks, PATIENCE) >= ticks, "not enough interrupts");
	EXPECT(now() - start >= ticks * MS, "%u periods in %llu us", ticks,
		rt_div(now() - start, 10, NULL));
	EXPECT_EQ(synic_read(UNHALTED_COUNT), MS, "the period");
	synic_write(UNHALTED_COUNT, 0);
	interrupts_in();
	expect_silence(SOON);
	unhalted_end();
}

/* Halted time does not count: the other timer wakes the processor now and then, for a moment. */
static void unhalted_halted(void)
{
	const u32 wakes = 20, before = rt_interrupts[VECTOR];
	u64 start;

	if (!unhalted_begin())
		return;
	rt_interrupts[OTHER_VECTOR] = 0;
	unhalted_arm(VECTOR, 30 * MS);
	arm(0, C(DIRECT_MODE) | (u64)OTHER_VECTOR << C(APIC_VECTOR_SHIFT) | C(PERIODIC), 5 * MS);
	start = now();
	while (rt_interrupts[OTHER_VECTOR] < wakes)
		__asm__ volatile("sti; hlt; cli" : : : "memory");
	EXPECT(now() - start >= wakes * 5 * MS / 2, "it halted for %llu us",
		rt_div(now() - start, 10, NULL));
	EXPECT_EQ(rt_interrupts[VECTOR] - before, 0, "interrupts while it halted");
	synic_write(config_of(0), 0);
	EXPECT(wait_for(1, PATIENCE) == 1, "none once it runs");
	unhalted_end();
}

static u8 assist[RT_PAGE] RT_PAGE_ALIGNED;

static void unhalted_nmi(void)
{
	const struct hv_vp_assist_page *page = (const void *)assist;
	const u32 before = rt_interrupts[VECTOR_NMI];
	u32 came;
	u64 start;

	if (!offered(hv_has_privilege_access_intr_ctrl_regs) || !unhalted_begin())
		return;
	memset(assist, 0, sizeof(assist));
	synic_write(HV_X64_MSR_VP_ASSIST_PAGE,
		RT_GPA(assist) | HV_X64_MSR_VP_ASSIST_PAGE_ENABLE);
	rt_takes_nmi = true;
	unhalted_arm(VECTOR_NMI, 2 * MS);
	start = now();
	while (rt_interrupts[VECTOR_NMI] == before && now() - start < PATIENCE)
		interrupts_in(); /* without that, Bochs brings no timer's interrupt to the hypervisor */
	synic_write(UNHALTED_CONFIG, 0);
	came = rt_interrupts[VECTOR_NMI] - before; /* more than one where the emulator was held up */
	EXPECT(came, "no NMI");
	for (start = now(); now() - start < 4 * MS;)
		interrupts_in();
	EXPECT_EQ(rt_interrupts[VECTOR_NMI] - before, came, "NMIs with the timer off");
	EXPECT_EQ(page->synthetic_time_unhalted_timer_expired, 1, "the flag in the page");
	rt_takes_nmi = false;
	synic_write(HV_X64_MSR_VP_ASSIST_PAGE, 0);
	unhalted_end();
}

void suite_stimer(void)
{
	static const struct test tests[] = {
		{ "refused", refused },
		{ "enabling", enabling },
		{ "one-shot-direct", one_shot_direct },
		{ "one-shot-message", one_shot_message },
		{ "past", past },
		{ "never", never },
		{ "halt-wakes", halt_wakes },
		{ "periodic-direct", periodic_direct },
		{ "periodic-message", periodic_message },
		{ "missed-periods", missed_periods },
		{ "short-period", short_period },
		{ "all-at-once", all_at_once },
		{ "stopped", stopped },
		{ "moved", moved },
		{ "unhalted-refused", unhalted_refused },
		{ "unhalted-periodic", unhalted_periodic },
		{ "unhalted-halted", unhalted_halted },
		{ "unhalted-nmi", unhalted_nmi },
	};

	test_run("stimer", tests, RT_COUNT(tests));
}
