/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Clocks: the reference counter and its page, processor run time, frequencies, the invariant TSC.
 */
#include "test.h"

#define PM_HZ 3579545u
#define WINDOW_TICKS (PM_HZ / 20)       /* 50 ms */
#define REFERENCE_HZ 10000000u
#define PARTS_PER_MILLION 2000u /* what two clocks may differ by, read one after the other */
#define TRIES 20 /* an emulator's processor may be taken away between two reads */
#define INVARIANT_TSC (1u << 8)         /* CPUID 0x80000007 EDX */
#define APIC_TIMER_ENTRY 0x320
#define APIC_TIMER_INITIAL 0x380
#define APIC_TIMER_NOW 0x390
#define APIC_TIMER_DIVIDE 0x3e0
#define APIC_MASKED 0x10000
#define APIC_DIVIDE_BY_1 0xb

static u8 page[RT_PAGE] RT_PAGE_ALIGNED;
static u8 other_page[RT_PAGE] RT_PAGE_ALIGNED;

static u64 read_msr(u32 msr)
{
	u64 value = 0;

	EXPECT_EQ(rt_rdmsr(msr, &value), FAULT_NONE, "fault of the read");
	return value;
}

static u64 read_reference(void)
{
	return read_msr(HV_X64_MSR_TIME_REF_COUNT);
}

static u64 read_apic_timer(void)
{
	return ~rt_apic_read(APIC_TIMER_NOW);
}

/*
 * Frequency in hertz that a clock shows against the PM timer; 0 without one. A reading costs time
 * itself, which the PM timer's ticks leave out.
 */
static u64 measure(u64 (*clock)(void), u64 mask)
{
	u64 before = clock(), start = clock(), cost = start - before;
	u32 ticks = rt_pm_wait(WINDOW_TICKS);
	u64 passed = (clock() - start - cost) & mask;

	return ticks ? rt_div(passed * PM_HZ, ticks, NULL) : 0;
}

static bool close_to(u64 a, u64 b)
{
	u64 difference = a > b ? a - b : b - a;

	return difference <= rt_div(b, 1000000, NULL) * PARTS_PER_MILLION + PARTS_PER_MILLION;
}

static void expect_frequency(u64 (*clock)(void), u64 mask, u64 hertz)
{
	u64 measured = 0;

	if (!rt_pm_timer) {
		test_skip("no PM timer");
		return;
	}
	for (unsigned i = 0; i < TRIES && !close_to(measured, hertz); i++)
		measured = measure(clock, mask);
	EXPECT(close_to(measured, hertz), "measured %llu Hz, said to be %llu Hz", measured, hertz);
}

static void counter_monotonic(void)
{
	u64 last, now;

	if (!offered(hv_has_privilege_access_partition_reference_counter))
		return;
	last = read_reference();
	for (unsigned i = 0; i < 2000; i++, last = now) {
		now = read_reference();
		EXPECT(now >= last, "0x%llx after 0x%llx", now, last);
	}
	EXPECT(last != 0, "the counter stands at zero");
}

static void counter_rate(void)
{
	if (offered(hv_has_privilege_access_partition_reference_counter))
		expect_frequency(read_reference, ~0ull, REFERENCE_HZ);
}

static void tsc_frequency(void)
{
	if (offered(hv_has_privilege_access_frequency_regs))
		expect_frequency(rt_tsc, ~0ull, read_msr(HV_X64_MSR_TSC_FREQUENCY));
}

static void apic_frequency(void)
{
	if (!offered(hv_has_privilege_access_frequency_regs))
		return;
	rt_apic_enable();
	rt_apic_write(APIC_TIMER_ENTRY, APIC_MASKED);
	rt_apic_write(APIC_TIMER_DIVIDE, APIC_DIVIDE_BY_1);
	rt_apic_write(APIC_TIMER_INITIAL, ~0u);
	expect_frequency(read_apic_timer, ~0u, read_msr(HV_X64_MSR_APIC_FREQUENCY));
	rt_apic_write(APIC_TIMER_INITIAL, 0);
}

static void run_time(void)
{
	u64 first, second, elapsed;

	if (!offered(hv_has_privilege_access_vp_run_time_reg) ||
	    !offered(hv_has_privilege_access_partition_reference_counter))
		return;
	elapsed = read_reference();
	first = read_msr(HV_X64_MSR_VP_RUNTIME);
	rt_pm_wait(PM_HZ / 100);
	second = read_msr(HV_X64_MSR_VP_RUNTIME);
	elapsed = read_reference() - elapsed;
	EXPECT(second > first, "0x%llx after 0x%llx", second, first);
	EXPECT(second - first <= elapsed + 1, "%llu used of %llu that passed", second - first,
		elapsed);
}

/* ---- the page ---- */

static bool enable_page(u8 *at)
{
	if (!offered(hv_has_privilege_access_partition_reference_tsc))
		return false;
	EXPECT_EQ(rt_wrmsr(HV_X64_MSR_REFERENCE_TSC, RT_GPA(at) | HV_X64_MSR_REFERENCE_TSC_ENABLE),
		FAULT_NONE, "fault of the write");
	EXPECT_EQ(read_msr(HV_X64_MSR_REFERENCE_TSC), RT_GPA(at) | HV_X64_MSR_REFERENCE_TSC_ENABLE,
		"REFERENCE_TSC");
	return true;
}

static void page_off(void)
{
	EXPECT_EQ(rt_wrmsr(HV_X64_MSR_REFERENCE_TSC, 0), FAULT_NONE, "fault of disabling");
}

static bool all_bytes(const u8 *p, u8 byte)
{
	for (unsigned i = 0; i < RT_PAGE; i++)
		if (((const volatile u8 *)p)[i] != byte)
			return false;
	return true;
}

static void page_agrees(void)
{
	const volatile struct hv_reference_tsc_page *p = (const volatile void *)page;

	if (!enable_page(page))
		return;
	if (p->sequence == 0)
		test_skip("the page says to use the counter");
	for (unsigned i = 0; i < 1000 && p->sequence; i++) {
		u64 before = read_reference(), after;
		hv_u64 now = 0;

		EXPECT(hv_reference_time(page, &now), "the page cannot be read");
		after = read_reference();
		EXPECT(before <= now && now <= after, "the page says %llu between %llu and %llu",
			(u64)now, before, after);
	}
	page_off();
}

static void page_moves(void)
{
	memset(page, 0x5a, RT_PAGE);
	memset(other_page, 0x5a, RT_PAGE);
	if (!enable_page(page))
		return;
	EXPECT(!all_bytes(page, 0x5a), "the page does not hide memory");
	enable_page(other_page);
	EXPECT(all_bytes(page, 0x5a), "the memory at the old place did not come back");
	EXPECT(!all_bytes(other_page, 0x5a), "the page does not hide memory at the new place");
	page_off();
	EXPECT(all_bytes(other_page, 0x5a), "the memory did not come back");
}

static void page_out_of_reach(void)
{
	if (!offered(hv_has_privilege_access_partition_reference_tsc))
		return;
	EXPECT_EQ(rt_wrmsr(HV_X64_MSR_REFERENCE_TSC,
			  HV_X64_MSR_REFERENCE_TSC_GPFN_MASK | HV_X64_MSR_REFERENCE_TSC_ENABLE),
		FAULT_NONE, "fault of a page outside the address space");
	page_off();
	EXPECT_EQ(read_msr(HV_X64_MSR_REFERENCE_TSC) & HV_X64_MSR_REFERENCE_TSC_ENABLE, 0,
		"enable bit");
}

static void invariant_tsc(void)
{
	if (!offered(hv_has_privilege_access_tsc_invariant_controls))
		return;
	EXPECT_EQ(read_msr(HV_X64_MSR_TSC_INVARIANT_CONTROL), 0, "TSC_INVARIANT_CONTROL at start");
	EXPECT_EQ(rt_cpuid(0x80000007, 0).edx & INVARIANT_TSC, 0, "CPUID bit before");
	EXPECT_EQ(rt_wrmsr(HV_X64_MSR_TSC_INVARIANT_CONTROL, 1), FAULT_NONE, "fault of the write");
	EXPECT_EQ(read_msr(HV_X64_MSR_TSC_INVARIANT_CONTROL), 1, "TSC_INVARIANT_CONTROL");
	EXPECT_EQ(rt_cpuid(0x80000007, 0).edx & INVARIANT_TSC, INVARIANT_TSC, "CPUID bit after");
	EXPECT_EQ(rt_wrmsr(HV_X64_MSR_TSC_INVARIANT_CONTROL, 0), FAULT_GP,
		"fault of clearing it again");
	EXPECT_EQ(
		rt_cpuid(0x80000007, 0).edx & INVARIANT_TSC, INVARIANT_TSC, "CPUID bit after that");
}

void suite_time(void)
{
	static const struct test tests[] = {
		{ "counter-monotonic", counter_monotonic },
		{ "counter-rate", counter_rate },
		{ "tsc-frequency", tsc_frequency },
		{ "apic-frequency", apic_frequency },
		{ "run-time", run_time },
		{ "page-agrees", page_agrees },
		{ "page-moves", page_moves },
		{ "page-out-of-reach", page_out_of_reach },
		{ "invariant-tsc", invariant_tsc },
	};

	test_run("time", tests, RT_COUNT(tests));
}
