/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Life of the guest OS id and of the hypercall page. */
#include "test.h"

#define ENABLE HV_X64_MSR_HYPERCALL_ENABLE
#define LOCKED HV_X64_MSR_HYPERCALL_LOCKED
#define GUEST_ID 0x8100000000000001ull
#define PATTERN 0xa5
#define FAR_GPA 0x200000000ull          /* 8 GiB: no memory there, but inside the address space */

static const u8 endbr64[4] = { 0xf3, 0x0f, 0x1e, 0xfa };
static u8 other_page[RT_PAGE] RT_PAGE_ALIGNED;
static u8 copy[16] __attribute__((aligned(16)));

static u64 page_msr(void)
{
	u64 value = 0;

	EXPECT_EQ(rt_rdmsr(HV_X64_MSR_HYPERCALL, &value), FAULT_NONE, "fault of reading HYPERCALL");
	return value;
}

static void set_id(u64 id)
{
	EXPECT_EQ(rt_wrmsr(HV_X64_MSR_GUEST_OS_ID, id), FAULT_NONE, "fault of writing GUEST_OS_ID");
}

static void set_page(u64 value)
{
	EXPECT_EQ(rt_wrmsr(HV_X64_MSR_HYPERCALL, value), FAULT_NONE, "fault of writing HYPERCALL");
}

/* Start of every test: no id, no page, known memory where pages will be. */
static void fresh(void)
{
	call_disable();
	memset(call_page, PATTERN, RT_PAGE);
	memset(other_page, PATTERN, RT_PAGE);
}

static bool has_pattern(const u8 *page)
{
	for (unsigned i = 0; i < RT_PAGE; i++)
		if (((const volatile u8 *)page)[i] != PATTERN)
			return false;
	return true;
}

static bool has_code(const u8 *page)
{
	return !memcmp(page, endbr64, sizeof(endbr64));
}

/* Offset of VMCALL or VMMCALL in the page, or RT_PAGE. */
static unsigned call_offset(const u8 *page)
{
	for (unsigned i = 0; i + 3 < RT_PAGE; i++)
		if (page[i] == 0x0f && page[i + 1] == 0x01 &&
			(page[i + 2] == 0xc1 || page[i + 2] == 0xd9))
			return i;
	return RT_PAGE;
}

static void starts_off(void)
{
	u64 id = 1;

	EXPECT_EQ(
		rt_rdmsr(HV_X64_MSR_GUEST_OS_ID, &id), FAULT_NONE, "fault of reading GUEST_OS_ID");
	EXPECT_EQ(id, 0, "GUEST_OS_ID at start");
	EXPECT_EQ(page_msr() & (ENABLE | LOCKED), 0, "HYPERCALL at start");
}

static void ignored_without_id(void)
{
	fresh();
	set_page(RT_GPA(call_page) | ENABLE);
	EXPECT_EQ(page_msr() & ENABLE, 0, "enable bit without an id");
	EXPECT(has_pattern(call_page), "the page hides memory without an id");
}

static void enable(void)
{
	fresh();
	set_id(GUEST_ID);
	set_page(RT_GPA(call_page) | ENABLE);
	EXPECT_EQ(page_msr(), RT_GPA(call_page) | ENABLE, "HYPERCALL");
	EXPECT(has_code(call_page), "the page does not begin with ENDBR64");
}

static void contents(void)
{
	unsigned at;

	enable();
	at = call_offset(call_page);
	EXPECT(at < RT_PAGE - 3, "no VMCALL or VMMCALL in the page");
	EXPECT(at < RT_PAGE - 3 && call_page[at + 3] == 0xc3, "the call is not followed by RET");
}

static void id_reads_back(void)
{
	u64 id = 0;

	fresh();
	set_id(GUEST_ID + 5);
	rt_rdmsr(HV_X64_MSR_GUEST_OS_ID, &id);
	EXPECT_EQ(id, GUEST_ID + 5, "GUEST_OS_ID");
}

static void disable(void)
{
	enable();
	set_page(RT_GPA(call_page));
	EXPECT_EQ(page_msr() & ENABLE, 0, "enable bit");
	EXPECT(has_pattern(call_page), "the memory below the page did not come back");
}

static void id_zero_disables(void)
{
	enable();
	set_id(0);
	EXPECT_EQ(page_msr() & ENABLE, 0, "enable bit after clearing the id");
	EXPECT(has_pattern(call_page), "the memory below the page did not come back");
}

static void moves(void)
{
	enable();
	set_page(RT_GPA(other_page) | ENABLE);
	EXPECT_EQ(page_msr(), RT_GPA(other_page) | ENABLE, "HYPERCALL");
	EXPECT(has_code(other_page), "no code at the new place");
	EXPECT(has_pattern(call_page), "the memory at the old place did not come back");
	set_page(RT_GPA(call_page) | ENABLE);
	EXPECT(has_code(call_page), "no code after moving back");
	EXPECT(has_pattern(other_page), "the memory of the other page did not come back");
}

static void same_bytes_again(void)
{
	static u8 first[RT_PAGE];

	enable();
	memcpy(first, call_page, RT_PAGE);
	disable();
	enable();
	EXPECT(!memcmp(first, call_page, RT_PAGE), "the page differs when enabled again");
}

static void write_faults(void)
{
	u32 fault;

	enable();
	fault = rt_write8((uintptr_t)call_page, 0x90);
	EXPECT_EQ(fault, FAULT_GP, "fault of writing into the page");
	EXPECT_EQ(rt_fault.error, 0, "its error code");
	EXPECT_EQ(rt_fault.ip, (uintptr_t)rt_write_at, "its address");
	EXPECT(has_code(call_page), "the write changed the page");
	disable();
	EXPECT_EQ(rt_write8((uintptr_t)call_page, 0x90), FAULT_NONE,
		"fault of writing below a page that is off");
}

static void beyond_memory_faults(void)
{
	enable();
	EXPECT_EQ(rt_wrmsr(HV_X64_MSR_HYPERCALL, HV_X64_MSR_HYPERCALL_GPFN_MASK | ENABLE), FAULT_GP,
		"fault of a page outside the address space");
	EXPECT_EQ(rt_fault.ip, (uintptr_t)rt_wrmsr_at, "its address");
	EXPECT_EQ(page_msr(), RT_GPA(call_page) | ENABLE, "HYPERCALL after the refusal");
	EXPECT(has_code(call_page), "the page is gone after the refusal");
}

static void needs_no_memory(void)
{
	u8 *page = rt_window(2, FAR_GPA);

	fresh();
	set_id(GUEST_ID);
	set_page(FAR_GPA | ENABLE);
	EXPECT_EQ(page_msr(), FAR_GPA | ENABLE, "HYPERCALL");
	EXPECT(has_code(page), "no code at a place without memory");
	fresh();
}

static void keeps_reserved_bits(void)
{
	u64 reserved = HV_X64_MSR_HYPERCALL_GPFN_MASK | ENABLE | LOCKED;

	enable();
	set_page(page_msr() | ~reserved);
	EXPECT_EQ(page_msr(), RT_GPA(call_page) | ENABLE,
		"HYPERCALL after ones to its preserved bits");
}

/* The instruction itself, without the page: copied while there is one. */
static void call_without_page(void)
{
	struct rt_regs r, after;
	unsigned at;

	enable();
	at = call_offset(call_page);
	if (at >= RT_PAGE - 3)
		return;
	memcpy(copy, call_page + at, 4);
	call_disable();
	call_registers(&r, 0, 0, 0);
	EXPECT_EQ(rt_call(copy, &r, &after), FAULT_UD, "fault of a call while there is no page");
	EXPECT_EQ(rt_fault.ip, (uintptr_t)copy, "its address");
}

static void user_mode(void)
{
	struct rt_regs r;

	enable();
	call_registers(&r, 0, 0, 0);
	EXPECT_EQ(rt_call_user(call_page, &r), FAULT_UD, "fault of a call at CPL 3");
	EXPECT_EQ(rt_fault.cs, SEL_USER_CODE, "its CS");
	EXPECT_EQ(rt_fault.ip, (uintptr_t)call_page + call_offset(call_page), "its address");
}

static void real_mode(void)
{
	u32 fault;

	fresh();
	memset((u8 *)RT_REAL_PAGE, PATTERN, RT_PAGE);
	set_id(GUEST_ID);
	set_page(RT_REAL_PAGE | ENABLE);
	fault = rt_call_real();
	EXPECT_EQ(fault, FAULT_UD, "fault of a call in real mode");
	EXPECT_EQ(rt_real_ip, RT_REAL_PAGE - RT_REAL_BASE + call_offset((const u8 *)RT_REAL_PAGE),
		"its IP");
	set_page(0);
	EXPECT(has_pattern((const u8 *)RT_REAL_PAGE),
		"the memory below the page did not come back");
}

static void locked(void)
{
	enable();
	set_page(RT_GPA(call_page) | ENABLE | LOCKED);
	EXPECT_EQ(page_msr(), RT_GPA(call_page) | ENABLE | LOCKED, "HYPERCALL");
	EXPECT_EQ(rt_wrmsr(HV_X64_MSR_HYPERCALL, RT_GPA(other_page) | ENABLE), FAULT_GP,
		"fault of moving it");
	EXPECT_EQ(rt_wrmsr(HV_X64_MSR_HYPERCALL, 0), FAULT_GP, "fault of disabling it");
	EXPECT_EQ(page_msr(), RT_GPA(call_page) | ENABLE | LOCKED, "HYPERCALL after the refusals");
	EXPECT(has_code(call_page), "the page is gone after the refusals");
}

void suite_page(void)
{
	static const struct test tests[] = {
		{ "starts-off", starts_off },
		{ "ignored-without-id", ignored_without_id },
		{ "id-reads-back", id_reads_back },
		{ "enable", enable },
		{ "contents", contents },
		{ "disable", disable },
		{ "id-zero-disables", id_zero_disables },
		{ "moves", moves },
		{ "same-bytes-again", same_bytes_again },
		{ "write-faults", write_faults },
		{ "beyond-memory-faults", beyond_memory_faults },
		{ "needs-no-memory", needs_no_memory },
		{ "keeps-reserved-bits", keeps_reserved_bits },
		{ "call-without-page", call_without_page },
		{ "user-mode", user_mode },
		{ "real-mode", real_mode },
	};

	test_run("page", tests, RT_COUNT(tests));
}

void suite_last(void)
{
	static const struct test tests[] = { { "page-locked", locked } };

	test_run("last", tests, RT_COUNT(tests));
	suite_msr_locks();
}
