/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Whose a synthetic MSR is: the partition's or one VP's, what INIT leaves of it, and one clock for all. */
#include "test.h"

#define MSR_TSC 0x10
#define VECTOR 0x51

static u8 page[RT_PAGE] RT_PAGE_ALIGNED;

/* MSRs that hold what they are given, and a value that they take. */
static const struct held { u32 msr; u64 value; bool own; offered_fn offered; } held[] = {
	{ HV_X64_MSR_CRASH_P0 + 2, 0x1234567890abcdef, false, hv_has_feature_guest_crash_regs },
	{ HV_X64_MSR_REENLIGHTENMENT_CONTROL, 0x1000000ee, false,
		hv_has_privilege_access_reenlightenment_controls },
	{ HV_X64_MSR_TSC_EMULATION_CONTROL, 1, false,
		hv_has_privilege_access_reenlightenment_controls },
	{ HV_X64_MSR_SINT0 + 7, VECTOR, true, hv_has_privilege_access_synic_regs },
	{ HV_X64_MSR_SCONTROL, 1, true, hv_has_privilege_access_synic_regs },
	{ HV_X64_MSR_NPIEP_CONFIG, 5, true, hv_has_feature_npiep1 },
	{ HV_X64_MSR_VP_ASSIST_PAGE, 0x123000, true, hv_has_privilege_access_intr_ctrl_regs },
};

struct access { u32 msr; u64 value; };

static void read_there(void *argument)
{
	struct access *a = argument;

	EXPECT_EQ(rt_rdmsr(a->msr, &a->value), FAULT_NONE, "fault of a read");
}

static void write_there(void *argument)
{
	const struct access *a = argument;

	EXPECT_EQ(rt_wrmsr(a->msr, a->value), FAULT_NONE, "fault of a write");
}

static u64 read_on(unsigned n, u32 msr)
{
	struct access a = { msr, ~0ull };

	EXPECT_EQ(rt_run_on(n, read_there, &a), FAULT_NONE, "fault there");
	return a.value;
}

static void write_on(unsigned n, u32 msr, u64 value)
{
	struct access a = { msr, value };

	EXPECT_EQ(rt_run_on(n, write_there, &a), FAULT_NONE, "fault there");
}

static bool other_starts(void)
{
	if (rt_cpu_count == 1) {
		test_skip("one processor");
		return false;
	}
	EXPECT(rt_cpu_start(1), "the other processor does not start");
	return true;
}

static void scope(void)
{
	if (!other_starts())
		return;
	for (unsigned i = 0; i < RT_COUNT(held); i++) {
		const struct held *h = &held[i];
		u64 before;

		if (!h->offered(&offer))
			continue;
		before = read_on(0, h->msr);
		write_on(1, h->msr, h->value);
		EXPECT(read_on(1, h->msr) == h->value, "MSR 0x%x does not hold its value", h->msr);
		EXPECT(read_on(0, h->msr) == (h->own ? before : h->value),
			"MSR 0x%x is 0x%llx on the first processor", h->msr, read_on(0, h->msr));
		write_on(1, h->msr, before);
	}
	rt_cpu_stop(1);
}

static void after_init(void)
{
	u64 reset[RT_COUNT(held)];

	if (!other_starts())
		return;
	for (unsigned i = 0; i < RT_COUNT(held); i++) {
		if (!held[i].offered(&offer))
			continue;
		reset[i] = read_on(1, held[i].msr);
		write_on(1, held[i].msr, held[i].value);
	}
	EXPECT(rt_cpu_start(1), "the other processor does not start again");
	for (unsigned i = 0; i < RT_COUNT(held); i++) {
		const struct held *h = &held[i];

		if (!h->offered(&offer))
			continue;
		EXPECT(read_on(1, h->msr) == (h->own ? reset[i] : h->value),
			"MSR 0x%x is 0x%llx after INIT", h->msr, read_on(1, h->msr));
		write_on(1, h->msr, reset[i]);
	}
	rt_cpu_stop(1);
}

/* Time that passed while a processor waited for its start is not time that it has used. */
static void run_time_of_a_stopped_one(void)
{
	u64 used, passed;

	if (!offered(hv_has_privilege_access_vp_run_time_reg) ||
		!offered(hv_has_privilege_access_partition_reference_counter) || !other_starts())
		return;
	used = read_on(1, HV_X64_MSR_VP_RUNTIME);
	rt_cpu_stop(1);
	passed = read_on(0, HV_X64_MSR_TIME_REF_COUNT);
	rt_pm_wait(3579545 / 5);
	passed = read_on(0, HV_X64_MSR_TIME_REF_COUNT) - passed;
	EXPECT(rt_cpu_start(1), "the other processor does not start again");
	used = read_on(1, HV_X64_MSR_VP_RUNTIME) - used;
	EXPECT(used < passed, "%llu units used, %llu passed while it was stopped", used, passed);
	rt_cpu_stop(1);
}

static void expect_one_clock(const char *when)
{
	u64 last = read_on(0, HV_X64_MSR_TIME_REF_COUNT);

	for (unsigned i = 0; i < 20; i++) {
		u64 now = read_on(i % 2, HV_X64_MSR_TIME_REF_COUNT);

		EXPECT(now >= last, "0x%llx behind 0x%llx %s", now, last, when);
		last = now;
	}
}

static bool is_valid(void *unused)
{
	(void)unused;
	return ((const volatile struct hv_reference_tsc_page *)page)->sequence;
}

/*
 * One processor sets its TSC: the counter goes on for all, and the page, whose formula is right for
 * some of them only, is not valid until that one is gone.
 */
static void clocks_that_differ(void)
{
	if (!offered(hv_has_privilege_access_partition_reference_counter) ||
		!offered(hv_has_privilege_access_partition_reference_tsc) || !other_starts())
		return;
	write_on(0, HV_X64_MSR_REFERENCE_TSC, RT_GPA(page) | HV_X64_MSR_REFERENCE_TSC_ENABLE);
	expect_one_clock("at first");
	write_on(1, MSR_TSC, 0x123456789abc);
	EXPECT(!is_valid(NULL), "the page is valid while clocks differ");
	expect_one_clock("while clocks differ");
	rt_cpu_stop(1);
	EXPECT(rt_wait_for(is_valid, NULL), "the page is not valid with one processor");
	write_on(0, HV_X64_MSR_REFERENCE_TSC, 0);
}

void suite_scope(void)
{
	static const struct test tests[] = {
		{ "scope", scope },
		{ "after-init", after_init },
		{ "run-time-of-a-stopped-one", run_time_of_a_stopped_one },
		{ "clocks-that-differ", clocks_that_differ },
	};

	test_run("scope", tests, RT_COUNT(tests));
}
