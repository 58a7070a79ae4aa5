/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * The timer of the local APIC in its three modes and on every processor. How late it comes depends
 * on the machine; that it never comes early, twice or unasked does not.
 */
#include "apic.h"
#include "test.h"

#define VECTOR 0x81
#define PM_MILLISECOND 3580     /* ticks of the PM timer */
#define CPUID_TSC_DEADLINE (1u << 24)
#define MSR_TSC 0x10
#define TRIES 20
#define READINGS 8

static u32 count_per_ms, tsc_per_ms;    /* measured at the start */
static u64 came_at[RT_CPUS];            /* TSC in the handler */
static u64 begun_at;

static void note_and_end(u32 vector)
{
	came_at[rt_index()] = rt_tsc();
	if (vector != SPURIOUS_VECTOR)
		rt_apic_write(APIC_EOI, 0);
}

static u32 came(void)
{
	return rt_interrupts[VECTOR];
}

static void set_mode(u32 mode)
{
	rt_apic_write(APIC_LVT_TIMER, mode | VECTOR);
}

static void begin(u32 mode)
{
	rt_on_interrupt = note_and_end;
	rt_apic_write(APIC_TIMER_INITIAL, 0);
	rt_apic_write(APIC_LVT_TIMER, APIC_MASKED);
	rt_apic_write(APIC_TIMER_DIVIDE, APIC_DIVIDE_BY_1);
	apic_let_in();
	set_mode(mode);
	rt_interrupts[VECTOR] = 0;
	begun_at = rt_tsc();
}

/*
 * Whether so much has passed since begin() that a timer of LONG milliseconds may have come while it
 * was being changed: a busy machine. Not for ever, so that what always comes is noticed.
 */
#define LONG 10

static bool was_slow(unsigned *tries)
{
	return rt_tsc() - begun_at > LONG / 2 * (u64)tsc_per_ms && ++*tries < TRIES;
}

static void end(void)
{
	rt_apic_write(APIC_TIMER_INITIAL, 0);
	rt_apic_write(APIC_LVT_TIMER, APIC_MASKED);
	EXPECT(!apic_vector_bit(APIC_IRR, VECTOR), "one is pending at the end");
}

/*
 * TSC and count of one moment: of some readings the quickest, as the processor may be taken away in
 * the middle of one.
 */
static void read_both(u64 *tsc, u32 *count)
{
	u64 quickest = ~0ull;

	for (unsigned i = 0; i < READINGS; i++) {
		const u64 start = rt_tsc();
		const u32 now = rt_apic_read(APIC_TIMER_CURRENT);
		const u64 took = rt_tsc() - start;

		if (took >= quickest)
			continue;
		quickest = took;
		*tsc = start;
		*count = now;
	}
}

/* What passes of the count and of the TSC in ticks of the PM timer. */
static void measure(u32 ticks, u32 *count, u32 *tsc)
{
	u64 tsc_before = 0, tsc_after = 0;
	u32 before = 0, after = 0, waited;

	read_both(&tsc_before, &before);
	waited = rt_pm_wait(ticks);
	read_both(&tsc_after, &after);
	*count = (u32)rt_div((u64)(before - after) * ticks, waited, NULL);
	*tsc = (u32)rt_div((tsc_after - tsc_before) * ticks, waited, NULL);
}

/* ---- counting ---- */

static void counts_down(void)
{
	u32 last = ~0u;

	begin(APIC_MASKED);
	EXPECT_EQ(rt_apic_read(APIC_TIMER_CURRENT), 0, "the count before the start");
	rt_apic_write(APIC_TIMER_INITIAL, ~0u);
	EXPECT_EQ(rt_apic_read(APIC_TIMER_INITIAL), ~0u, "the initial count");
	for (unsigned i = 0; i < 200; i++) {
		const u32 now = rt_apic_read(APIC_TIMER_CURRENT);

		EXPECT(now <= last && now, "0x%x after 0x%x", now, last);
		last = now;
	}
	EXPECT(last < ~0u, "it does not count");
	measure(5 * PM_MILLISECOND, &count_per_ms, &tsc_per_ms);
	count_per_ms /= 5;
	tsc_per_ms /= 5;
	EXPECT(count_per_ms > 100, "only %u in a millisecond", count_per_ms);
	rt_apic_write(APIC_TIMER_INITIAL, 0);
	EXPECT_EQ(rt_apic_read(APIC_TIMER_CURRENT), 0, "the count after the stop");
	end();
}

/* Count and TSC have one source here, so that a busy machine disturbs both alike. */
static void divides(void)
{
	static const u32 codes[] = { 0xb, 0x0, 0x1, 0x2, 0x3, 0x8, 0x9, 0xa };

	begin(APIC_MASKED);
	for (unsigned shift = 0; shift < RT_COUNT(codes); shift++) {
		u32 count = 0, tsc = 0, wanted = 1;

		rt_apic_write(APIC_TIMER_DIVIDE, codes[shift]);
		EXPECT_EQ(rt_apic_read(APIC_TIMER_DIVIDE), codes[shift], "the divide register");
		rt_apic_write(APIC_TIMER_INITIAL, ~0u);
		for (unsigned i = 0; i < TRIES; i++) {
			measure(5 * PM_MILLISECOND, &count, &tsc);
			wanted = (u32)rt_div((u64)tsc * count_per_ms, tsc_per_ms, NULL) >> shift;
			if (count > wanted - wanted / 16 && count < wanted + wanted / 16)
				break;
		}
		EXPECT(count > wanted - wanted / 16 && count < wanted + wanted / 16,
			"divided by %u it counts %u, not %u", 1u << shift, count, wanted);
	}
	end();
}

/* A new divisor lets the count go on from where it is. */
static void divides_on_the_way(void)
{
	u32 before, after;

	begin(APIC_MASKED);
	rt_apic_write(APIC_TIMER_DIVIDE, 0x8);
	rt_apic_write(APIC_TIMER_INITIAL, ~0u);
	rt_pm_wait(PM_MILLISECOND);
	before = rt_apic_read(APIC_TIMER_CURRENT);
	rt_apic_write(APIC_TIMER_DIVIDE, 0xa);
	after = rt_apic_read(APIC_TIMER_CURRENT);
	EXPECT(after <= before && before - after < before / 2, "0x%x after 0x%x", after, before);
	end();
}

/* ---- one shot ---- */

/* Sleep until the timer comes. */
static void halt_until(u32 count)
{
	while (came() < count)
		__asm__ volatile("sti; hlt; cli" : : : "memory");
}

static void expect_not_before(u64 start, u64 tsc)
{
	const u64 passed = came_at[rt_index()] - start;

	EXPECT(passed + passed / 32 >= tsc, "it came after %llu of %llu ticks of the TSC", passed,
		tsc);
}

static void one_shot(void)
{
	u64 start;

	begin(0);
	start = rt_tsc();
	rt_apic_write(APIC_TIMER_INITIAL, 2 * count_per_ms);
	apic_wait_for(VECTOR, 1);
	EXPECT_EQ(came(), 1, "interrupts that came");
	expect_not_before(start, 2ull * tsc_per_ms);
	EXPECT_EQ(rt_apic_read(APIC_TIMER_CURRENT), 0, "the count afterwards");
	EXPECT_EQ(rt_apic_read(APIC_TIMER_INITIAL), 2 * count_per_ms, "the initial count");
	apic_let_in_for(5 * PM_MILLISECOND);
	EXPECT_EQ(came(), 1, "interrupts that came in all");
	end();
}

static void wakes(void)
{
	u64 start;

	begin(0);
	for (u32 i = 1; i <= 3; i++) {
		start = rt_tsc();
		rt_apic_write(APIC_TIMER_INITIAL, count_per_ms);
		halt_until(i);
		expect_not_before(start, tsc_per_ms);
	}
	end();
}

/* Another start before the end: only the last counts. */
static void started_again(void)
{
	u64 start = 0;

	begin(0);
	for (unsigned i = 0; i < 4; i++) {
		start = rt_tsc();
		rt_apic_write(APIC_TIMER_INITIAL, 20 * count_per_ms);
		apic_let_in_for(PM_MILLISECOND / 4);
	}
	apic_wait_for(VECTOR, 1);
	expect_not_before(start, 20ull * tsc_per_ms);
	end();
}

static void stopped(void)
{
	unsigned tries = 0;

	do {
		begin(0);
		rt_apic_write(APIC_TIMER_INITIAL, LONG * count_per_ms);
		rt_apic_write(APIC_TIMER_INITIAL, 0);
	} while (was_slow(&tries));
	apic_let_in_for((LONG + 2) * PM_MILLISECOND);
	EXPECT_EQ(came(), 0, "interrupts of a stopped timer");
	end();
}

/* Masked it counts all the same, and its end is forgotten. */
static void masked(void)
{
	unsigned tries = 0;

	begin(APIC_MASKED);
	rt_apic_write(APIC_TIMER_INITIAL, count_per_ms);
	apic_let_in_for(3 * PM_MILLISECOND);
	EXPECT_EQ(rt_apic_read(APIC_TIMER_CURRENT), 0, "the count");
	set_mode(0);
	apic_let_in_for(PM_MILLISECOND);
	EXPECT_EQ(came(), 0, "interrupts of a masked timer");
	do {
		begin(APIC_MASKED);
		rt_apic_write(APIC_TIMER_INITIAL, LONG * count_per_ms);
		set_mode(0);
	} while (was_slow(&tries));
	apic_wait_for(VECTOR, 1);
	EXPECT_EQ(came(), 1, "interrupts after it was unmasked on the way");
	end();
}

static void illegal_vector(void)
{
	u32 errors = 0;

	begin(0);
	rt_apic_write(APIC_ESR, 0);
	rt_apic_write(APIC_LVT_TIMER, 3);
	rt_apic_write(APIC_TIMER_INITIAL, 1);
	for (unsigned i = 0; i < 5 * TRIES && !errors; i++) {
		apic_let_in_for(PM_MILLISECOND);
		rt_apic_write(APIC_ESR, 0);
		errors = rt_apic_read(APIC_ESR);
	}
	EXPECT_EQ(errors, ESR_RECEIVED_VECTOR, "the error of vector 3");
	rt_apic_write(APIC_ESR, 0);
	end();
}

/* ---- periodic ---- */

static void periodic(void)
{
	u64 start;
	u32 seen;

	begin(APIC_PERIODIC);
	start = rt_tsc();
	rt_apic_write(APIC_TIMER_INITIAL, count_per_ms);
	halt_until(8);
	expect_not_before(start, 8ull * tsc_per_ms);
	EXPECT(rt_apic_read(APIC_TIMER_CURRENT) <= count_per_ms, "the count is above the initial");
	rt_apic_write(APIC_LVT_TIMER, APIC_MASKED | APIC_PERIODIC | VECTOR);
	apic_let_in();
	seen = came();
	apic_let_in_for(4 * PM_MILLISECOND);
	EXPECT_EQ(came(), seen, "interrupts when it is masked");
	set_mode(APIC_PERIODIC);
	apic_wait_for(VECTOR, seen + 2);
	EXPECT(came() >= seen + 2, "it does not go on when it is unmasked");
	rt_apic_write(APIC_TIMER_INITIAL, 0);
	apic_let_in();
	seen = came();
	apic_let_in_for(4 * PM_MILLISECOND);
	EXPECT_EQ(came(), seen, "interrupts when it is stopped");
	end();
}

/* A period that nobody can keep up with leaves the processor time for other things. */
static void shortest_period(void)
{
	volatile u32 rounds = 0;

	begin(APIC_PERIODIC);
	rt_apic_write(APIC_TIMER_INITIAL, 1);
	__asm__ volatile("sti" : : : "memory");
	while (rounds < 10000 || (!came() && rounds < 100000000))
		rounds++;
	__asm__ volatile("cli" : : : "memory");
	rt_apic_write(APIC_TIMER_INITIAL, 0);
	apic_let_in();
	EXPECT(came() > 0, "it does not come");
	set_mode(APIC_PERIODIC | APIC_MASKED);
	rt_apic_write(APIC_TIMER_INITIAL, 1);
	rt_pm_wait(PM_MILLISECOND);
	end();
}

/* From one mode to the other while it counts: it goes on, but ends as the new mode says. */
static void periodic_to_one_shot(void)
{
	unsigned tries = 0;

	do {
		begin(APIC_PERIODIC);
		rt_apic_write(APIC_TIMER_INITIAL, LONG * count_per_ms);
		set_mode(0);
	} while (was_slow(&tries));
	apic_wait_for(VECTOR, 1);
	apic_let_in_for((LONG + 2) * PM_MILLISECOND);
	EXPECT_EQ(came(), 1, "interrupts that came");
	end();
}

/* ---- the TSC deadline ---- */

static u64 deadline(void)
{
	u64 value = ~0ull;

	EXPECT_EQ(rt_rdmsr(MSR_TSC_DEADLINE, &value), FAULT_NONE, "fault of reading the deadline");
	return value;
}

static void set_deadline(u64 value)
{
	EXPECT_EQ(rt_wrmsr(MSR_TSC_DEADLINE, value), FAULT_NONE, "fault of the deadline");
}

static void tsc_deadline(void)
{
	u64 at;

	EXPECT(rt_cpuid(1, 0).ecx & CPUID_TSC_DEADLINE, "CPUID does not show it");
	begin(APIC_TSC_DEADLINE);
	EXPECT_EQ(deadline(), 0, "the deadline before one is set");
	for (u32 i = 1; i <= 4; i++) {
		at = rt_tsc() + 50ull * tsc_per_ms;
		set_deadline(at);
		EXPECT_EQ(deadline(), at, "the deadline");
		set_deadline(at -= 48ull * tsc_per_ms);
		halt_until(i);
		EXPECT(came_at[rt_index()] >= at, "it came %llu ticks early",
			at - came_at[rt_index()]);
		EXPECT_EQ(deadline(), 0, "the deadline when it has passed");
	}
	apic_let_in_for(3 * PM_MILLISECOND);
	EXPECT_EQ(came(), 4, "interrupts in all");
	end();
}

static void deadline_long_ago(void)
{
	begin(APIC_TSC_DEADLINE);
	set_deadline(1);
	apic_wait_for(VECTOR, 1);
	EXPECT_EQ(came(), 1, "interrupts for a deadline in the past");
	set_deadline(rt_tsc());
	apic_wait_for(VECTOR, 2);
	EXPECT_EQ(came(), 2, "interrupts for one that is now");
	EXPECT_EQ(deadline(), 0, "the deadline");
	end();
}

static void deadline_never(void)
{
	static const u64 far[] = { ~0ull, 1ull << 63, (1ull << 63) + (1ull << 62), 1ull << 62 };
	unsigned tries = 0;

	begin(APIC_TSC_DEADLINE);
	for (unsigned i = 0; i < RT_COUNT(far); i++) {
		set_deadline(far[i]);
		apic_let_in_for(PM_MILLISECOND);
		EXPECT(came() == 0, "0x%llx has come", far[i]);
		EXPECT_EQ(deadline(), far[i], "the deadline");
	}
	do {
		begin(APIC_TSC_DEADLINE);
		set_deadline(rt_tsc() + LONG * (u64)tsc_per_ms);
		set_deadline(0);
	} while (was_slow(&tries));
	apic_let_in_for((LONG + 2) * PM_MILLISECOND);
	EXPECT_EQ(came(), 0, "interrupts of a deadline that was taken back");
	end();
}

/* The count is for the other modes, the deadline for this. */
static void deadline_and_count(void)
{
	begin(0);
	set_deadline(rt_tsc() + tsc_per_ms);
	EXPECT_EQ(deadline(), 0, "the deadline in another mode");
	apic_let_in_for(3 * PM_MILLISECOND);
	EXPECT_EQ(came(), 0, "interrupts of a deadline in another mode");
	set_mode(APIC_TSC_DEADLINE);
	rt_apic_write(APIC_TIMER_INITIAL, count_per_ms);
	EXPECT_EQ(rt_apic_read(APIC_TIMER_CURRENT), 0, "the count in this mode");
	apic_let_in_for(3 * PM_MILLISECOND);
	EXPECT_EQ(came(), 0, "interrupts of a count in this mode");
	end();
}

/* A change of the mode disarms it in both directions. */
static void deadline_mode_changes(void)
{
	unsigned tries = 0;

	do {
		begin(APIC_TSC_DEADLINE);
		set_deadline(rt_tsc() + LONG * (u64)tsc_per_ms);
		set_mode(0);
	} while (was_slow(&tries));
	set_mode(APIC_TSC_DEADLINE);
	EXPECT_EQ(deadline(), 0, "the deadline after two changes");
	apic_let_in_for((LONG + 2) * PM_MILLISECOND);
	EXPECT_EQ(came(), 0, "interrupts of a deadline after a change");
	do {
		begin(0);
		rt_apic_write(APIC_TIMER_INITIAL, LONG * count_per_ms);
		set_mode(APIC_TSC_DEADLINE);
	} while (was_slow(&tries));
	set_mode(0);
	EXPECT_EQ(rt_apic_read(APIC_TIMER_CURRENT), 0, "the count after two changes");
	apic_let_in_for((LONG + 2) * PM_MILLISECOND);
	EXPECT_EQ(came(), 0, "interrupts of a count after a change");
	end();
}

/* The guest's TSC jumps over the deadline, and back away from one. */
static void deadline_and_jumps(void)
{
	const u64 hour = 3600000ull * tsc_per_ms;
	unsigned tries = 0;

	begin(APIC_TSC_DEADLINE);
	set_deadline(rt_tsc() + hour);
	rt_wrmsr(MSR_TSC, rt_tsc() + 2 * hour);
	apic_wait_for(VECTOR, 1);
	EXPECT_EQ(came(), 1, "interrupts after the jump");
	do {
		begin(APIC_TSC_DEADLINE);
		set_deadline(rt_tsc() + LONG * (u64)tsc_per_ms);
		begun_at -= 2 * hour;
		rt_wrmsr(MSR_TSC, rt_tsc() - 2 * hour);
	} while (was_slow(&tries) && !rt_wrmsr(MSR_TSC, rt_tsc() + 2 * hour));
	apic_let_in_for((LONG + 2) * PM_MILLISECOND);
	EXPECT_EQ(came(), 0, "interrupts after the jump back");
	set_deadline(0);
	end();
}

/* ---- several processors ---- */

static void run_all(void *unused)
{
	enum apic_mode mode = apic_tested_mode;

	(void)unused;
	if (rt_index())
		apic_reset_to(&mode);
	one_shot();
	periodic();
	tsc_deadline();
}

static void everywhere(void)
{
	EXPECT_EQ(rt_cpus_start(), rt_cpu_count, "processors that started");
	for (unsigned n = 1; n < rt_cpu_count; n++)
		rt_ask(n, run_all, NULL);
	run_all(NULL);
	for (unsigned n = 1; n < rt_cpu_count; n++)
		EXPECT_EQ(rt_answer(n), FAULT_NONE, "fault there");
	rt_cpus_stop();
}

static void start_periodic(void *unused)
{
	(void)unused;
	apic_reset_to(&apic_tested_mode);
	begin(APIC_PERIODIC);
	rt_apic_write(APIC_TIMER_INITIAL, count_per_ms);
}

/* INIT stops it. */
static void stopped_by_init(void)
{
	EXPECT(rt_cpu_start(1), "it does not start");
	EXPECT_EQ(rt_run_on(1, start_periodic, NULL), FAULT_NONE, "fault there");
	EXPECT(rt_cpu_start(1), "it does not start again");
	EXPECT_EQ(rt_run_on(1, apic_reset_to, &apic_tested_mode), FAULT_NONE, "fault of its mode");
	rt_pm_wait(3 * PM_MILLISECOND);
	EXPECT_EQ(rt_cpus[1].interrupts[VECTOR], 0, "interrupts that came");
	rt_cpus_stop();
}

void suite_apic_timer(void)
{
	static const struct test tests[] = {
		{ "counts-down", counts_down },
		{ "divides", divides },
		{ "divides-on-the-way", divides_on_the_way },
		{ "one-shot", one_shot },
		{ "wakes", wakes },
		{ "started-again", started_again },
		{ "stopped", stopped },
		{ "masked", masked },
		{ "illegal-vector", illegal_vector },
		{ "periodic", periodic },
		{ "shortest-period", shortest_period },
		{ "periodic-to-one-shot", periodic_to_one_shot },
		{ "tsc-deadline", tsc_deadline },
		{ "deadline-long-ago", deadline_long_ago },
		{ "deadline-never", deadline_never },
		{ "deadline-and-count", deadline_and_count },
		{ "deadline-mode-changes", deadline_mode_changes },
		{ "deadline-and-jumps", deadline_and_jumps },
	};
	static const struct test of_several[] = {
		{ "everywhere", everywhere },
		{ "stopped-by-init", stopped_by_init },
	};

	apic_test_run("apic-timer", tests, RT_COUNT(tests));
	if (rt_cpu_count > 1)
		apic_test_run("apic-timer", of_several, RT_COUNT(of_several));
}
