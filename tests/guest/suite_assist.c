/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * The VP assist page and the crash registers: what the guest and the hypervisor keep for each
 * other.
 */
#include "test.h"

#define ENABLE HV_X64_MSR_VP_ASSIST_PAGE_ENABLE

static u8 page[RT_PAGE] RT_PAGE_ALIGNED;
static u8 other_page[RT_PAGE] RT_PAGE_ALIGNED;

static u64 read_msr(u32 msr)
{
	u64 value = 0;

	EXPECT_EQ(rt_rdmsr(msr, &value), FAULT_NONE, "fault of the read");
	return value;
}

static bool all_bytes(const u8 *p, u8 byte)
{
	for (unsigned i = 0; i < RT_PAGE; i++)
		if (((const volatile u8 *)p)[i] != byte)
			return false;
	return true;
}

static bool assist_offered(void)
{
	return offered(hv_has_privilege_access_intr_ctrl_regs);
}

static void set_page(u64 value)
{
	EXPECT_EQ(rt_wrmsr(HV_X64_MSR_VP_ASSIST_PAGE, value), FAULT_NONE, "fault of the write");
	EXPECT_EQ(read_msr(HV_X64_MSR_VP_ASSIST_PAGE), value, "VP_ASSIST_PAGE");
}

static void assist_page(void)
{
	if (!assist_offered())
		return;
	EXPECT_EQ(read_msr(HV_X64_MSR_VP_ASSIST_PAGE) & ENABLE, 0, "enable bit at start");
	memset(page, 0xa5, RT_PAGE);
	set_page(RT_GPA(page) | ENABLE);
	EXPECT(all_bytes(page, 0), "the page is not all zero at first");
	memset(page, 0x3c, RT_PAGE);
	EXPECT(all_bytes(page, 0x3c), "the page does not keep what is written");
	set_page(RT_GPA(page));
	EXPECT(all_bytes(page, 0xa5), "the memory did not come back");
}

static void assist_moves(void)
{
	if (!assist_offered())
		return;
	memset(page, 0xa5, RT_PAGE);
	memset(other_page, 0x5a, RT_PAGE);
	set_page(RT_GPA(page) | ENABLE);
	memset(page, 0x77, RT_PAGE);
	set_page(RT_GPA(other_page) | ENABLE);
	EXPECT(all_bytes(page, 0xa5), "the memory at the old place did not come back");
	EXPECT(all_bytes(other_page, 0x77), "the page lost its contents in the move");
	memset(other_page, 0, RT_PAGE);
	set_page(0);
	EXPECT(all_bytes(other_page, 0x5a), "the memory did not come back");
}

static void assist_beyond_memory(void)
{
	if (!assist_offered())
		return;
	EXPECT_EQ(rt_wrmsr(HV_X64_MSR_VP_ASSIST_PAGE, HV_X64_MSR_VP_ASSIST_PAGE_GPFN_MASK | ENABLE),
		FAULT_GP, "fault of a page outside the address space");
	EXPECT_EQ(read_msr(HV_X64_MSR_VP_ASSIST_PAGE), 0, "VP_ASSIST_PAGE after the refusal");
}

static bool crash_offered(void)
{
	return offered(hv_has_feature_guest_crash_regs);
}

static void crash_parameters(void)
{
	if (!crash_offered())
		return;
	for (u32 i = 0; i < HV_X64_MSR_CRASH_P_COUNT; i++)
		EXPECT_EQ(rt_wrmsr(HV_X64_MSR_CRASH_P0 + i, 0xfeed000000000000ull + i), FAULT_NONE,
			"fault of a write");
	for (u32 i = 0; i < HV_X64_MSR_CRASH_P_COUNT; i++)
		EXPECT_EQ(read_msr(HV_X64_MSR_CRASH_P0 + i), 0xfeed000000000000ull + i, "CRASH_Pn");
}

static void crash_control(void)
{
	u64 actions = HV_X64_MSR_CRASH_CTL_CRASH_NOTIFY | HV_X64_MSR_CRASH_CTL_CRASH_MESSAGE;

	if (crash_offered())
		EXPECT_EQ(read_msr(HV_X64_MSR_CRASH_CTL) & actions, actions, "supported actions");
}

/* A message must be read with the care that any guest address deserves. */
static void crash_message_anywhere(void)
{
	static const u64 places[][2] = { { ~0ull, 64 }, { 0, ~0ull },
		{ 0xfffffffffffff000ull, 4096 }, { 0x1fffffff8ull, 4096 }, { 1, 4096 },
		{ 0xfee00000, 16 } };

	if (!crash_offered())
		return;
	for (unsigned i = 0; i < RT_COUNT(places); i++) {
		rt_wrmsr(HV_X64_MSR_CRASH_P0 + 3, places[i][0]);
		rt_wrmsr(HV_X64_MSR_CRASH_P0 + 4, places[i][1]);
		EXPECT_EQ(rt_wrmsr(HV_X64_MSR_CRASH_CTL,
				  HV_X64_MSR_CRASH_CTL_CRASH_NOTIFY |
					  HV_X64_MSR_CRASH_CTL_CRASH_MESSAGE),
			FAULT_NONE, "fault of reporting a crash");
	}
}

void suite_assist(void)
{
	static const struct test tests[] = {
		{ "page", assist_page },
		{ "page-moves", assist_moves },
		{ "page-beyond-memory", assist_beyond_memory },
		{ "crash-parameters", crash_parameters },
		{ "crash-control", crash_control },
		{ "crash-message-anywhere", crash_message_anywhere },
	};

	test_run("assist", tests, RT_COUNT(tests));
}
