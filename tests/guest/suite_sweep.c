/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * A hostile guest: every synthetic MSR, every call code, every page that it was not given. It must
 * survive by the rules.
 */
#include "test.h"

#define MSR_FIRST 0x40000000u
#define MSR_LAST 0x400001ffu
#define BEGIN_OF_HIGH_MEMORY 0x100000u
#define FOUR_GIB 0x100000000ull

static struct { u32 done, refused; } msr_reads, msr_writes;
static u64 refused_page;        /* the first page that raised #GP: the hypervisor's */
static u32 refused_pages, read_pages, written_pages;

/* ---- MSRs ---- */

/*
 * Writing this one ends the machine or wakes a processor that is not there: other modes and suites
 * do it.
 */
static bool is_dangerous(u32 msr)
{
	return msr == HV_X64_MSR_RESET || msr == HV_X64_MSR_ICR || msr == HV_X64_MSR_EOI;
}

static void expect_gp(u32 msr, u32 fault, const u8 *at)
{
	EXPECT(fault == FAULT_NONE || fault == FAULT_GP, "MSR 0x%x raises %u", msr, fault);
	EXPECT(fault == FAULT_NONE || (rt_fault.ip == (uintptr_t)at && !rt_fault.error),
		"MSR 0x%x raises #GP(%llx) at 0x%llx", msr, (u64)rt_fault.error, (u64)rt_fault.ip);
}

static void read_msrs(void)
{
	u64 value;

	interrupt_hold(); /* or GUEST_IDLE would wait for one */
	for (u32 msr = MSR_FIRST; msr <= MSR_LAST; msr++) {
		u32 fault = rt_rdmsr(msr, &value);

		expect_gp(msr, fault, rt_rdmsr_at);
		if (fault)
			msr_reads.refused++;
		else
			msr_reads.done++;
	}
	EXPECT(msr_reads.done, "none can be read");
	EXPECT(msr_reads.refused, "none is refused");
}

static void write_msrs(void)
{
	static const u64 values[] = { 0, 1, 0xffffffffffffffffull, 0x5555555555555555ull,
		0xfffffffffffff001ull, 0x8000000000000000ull, 0x1ull << 52 };

	for (u32 msr = MSR_FIRST; msr <= MSR_LAST; msr++) {
		for (unsigned i = 0; i < RT_COUNT(values) && !is_dangerous(msr); i++) {
			u32 fault = rt_wrmsr(msr, values[i]);

			expect_gp(msr, fault, rt_wrmsr_at);
			if (fault)
				msr_writes.refused++;
			else
				msr_writes.done++;
		}
		if (!is_dangerous(msr))
			rt_wrmsr(msr, 0);
	}
	EXPECT(msr_writes.done, "none can be written");
	EXPECT(msr_writes.refused, "none is refused");
}

/* What lies beside the range, and beyond any table's end. */
static void neighbour_msrs(void)
{
	static const u32 msrs[] = { 0x3fffffff, 0x40000200, 0x40000fff, 0x40001000, 0x40010000,
		0x4fffffff, 0x50000000, 0x7fffffff, 0xffffffff };
	u64 value;

	for (unsigned i = 0; i < RT_COUNT(msrs); i++) {
		expect_gp(msrs[i], rt_rdmsr(msrs[i], &value), rt_rdmsr_at);
		expect_gp(msrs[i], rt_wrmsr(msrs[i], ~0ull), rt_wrmsr_at);
	}
}

/* ---- hypercalls ---- */

static u8 declared[0x10000 / 8]; /* one bit per code */

static bool is_declared(u32 code)
{
	return declared[code / 8] >> code % 8 & 1;
}

static void sweep_codes(u64 control, u64 input, u64 output)
{
	for (u32 code = 0; code <= 0xffff; code++) {
		struct result r = call(control | code, input, output);

		if (is_declared(code))
			EXPECT(r.fault == FAULT_NONE || r.fault == FAULT_UD, "code 0x%x raises %u",
				code, r.fault);
		else
			EXPECT(r.fault == FAULT_NONE && r.word == HV_STATUS_INVALID_HYPERCALL_CODE,
				"code 0x%x: fault %u, result 0x%llx", code, r.fault, r.word);
	}
}

static void codes_memory(void)
{
	memset(call_input, 0, RT_PAGE);
	sweep_codes(0, RT_GPA(call_input), RT_GPA(call_output));
}

static void codes_fast(void)
{
	sweep_codes(HV_CONTROL(0, 1, 0, 0, 0), 0, 0);
}

static void codes_rep(void)
{
	memset(call_input, 0xff, RT_PAGE);
	sweep_codes(HV_CONTROL(0, 0, 0, 2, 1), RT_GPA(call_input), RT_GPA(call_output));
}

static void codes_everything_set(void)
{
	sweep_codes(~0ull << 16, ~0ull, ~0ull);
}

/* ---- memory ---- */

/* A page in a range that the map reserves among the RAM: no device's, so that it may be written. */
static bool may_write(u64 gpa, bool listed)
{
	return listed && gpa >= BEGIN_OF_HIGH_MEMORY && gpa < rt_ram_end() + (64u << 20);
}

static void expect_refusal(u64 gpa, u32 fault, const u8 *at)
{
	EXPECT(fault == FAULT_NONE || fault == FAULT_GP, "page 0x%llx raises %u", gpa, fault);
	EXPECT(fault == FAULT_NONE || rt_fault.ip == (uintptr_t)at,
		"page 0x%llx raises %u at 0x%llx", gpa, fault, (u64)rt_fault.ip);
}

static void touch(u64 gpa, bool listed)
{
	uintptr_t at = (uintptr_t)gpa + 0x10;
	u8 value;
	u32 fault = rt_read8(at, &value), write_fault;

	expect_refusal(gpa, fault, rt_read_at);
	if (fault) {
		refused_page = refused_page ? refused_page : gpa;
		refused_pages++;
	} else {
		read_pages++;
	}
	if (!fault && !may_write(gpa, listed))
		return;
	write_fault = rt_write8(at, value);
	expect_refusal(gpa, write_fault, rt_write_at);
	EXPECT(!fault || write_fault, "page 0x%llx can be written but not read", gpa);
	if (!write_fault)
		written_pages++;
}

static void touch_pages(void)
{
	for (u64 gpa = 0; gpa < FOUR_GIB; gpa += RT_PAGE) {
		bool listed;
		enum rt_kind kind = rt_kind_of(gpa, &listed);

		if (!(listed && kind == RT_RAM))
			touch(gpa, listed);
	}
	EXPECT(read_pages, "no page can be read");
	EXPECT(refused_pages, "no page is refused: where is the hypervisor?");
}

static void jump(void *argument)
{
	((void (*)(void))(uintptr_t)*(u64 *)argument)();
}

static void run_there(void)
{
	if (!refused_page) {
		test_skip("no page is refused");
		return;
	}
	EXPECT_EQ(rt_try(jump, &refused_page), FAULT_GP,
		"fault of running in the hypervisor's memory");
	EXPECT_EQ(rt_fault.ip, refused_page, "its address");
}

/* The processor itself must not read page tables there. */
static void walk_there(void)
{
	extern u64 rt_directory[4 * 512];
	unsigned slot = 0xa00000u >> 21;
	u64 saved = rt_directory[slot];
	u8 value;

	if (!refused_page) {
		test_skip("no page is refused");
		return;
	}
	((volatile u64 *)rt_directory)[slot] = refused_page | 7;
	__asm__ volatile("invlpg (%0)" : : "r"(0xa00000ul) : "memory");
	EXPECT_EQ(rt_read8(0xa00000u, &value), FAULT_GP,
		"fault of a page table in the hypervisor's memory");
	EXPECT_EQ(rt_fault.ip, (uintptr_t)rt_read_at, "its address");
	((volatile u64 *)rt_directory)[slot] = saved;
	__asm__ volatile("invlpg (%0)" : : "r"(0xa00000ul) : "memory");
}

/* As parameters of a call, and as places of pages, the same addresses. */
static void parameters_there(void)
{
	struct result r;

	if (!refused_page) {
		test_skip("no page is refused");
		return;
	}
	call_enable();
	r = call(HV_CONTROL(HV_CALL_NOTIFY_LONG_SPIN_WAIT, 0, 0, 0, 0), refused_page, 0);
	EXPECT_EQ(r.fault, FAULT_GP, "fault of input in the hypervisor's memory");
	if (hv_has_privilege_access_partition_id(&offer))
		EXPECT_EQ(call(HV_CONTROL(HV_CALL_GET_PARTITION_ID, 0, 0, 0, 0), 0, refused_page)
				  .fault,
			FAULT_GP, "fault of output in the hypervisor's memory");
}

static void overlays_there(void)
{
	static const u32 msrs[] = { HV_X64_MSR_REFERENCE_TSC, HV_X64_MSR_VP_ASSIST_PAGE };
	u8 value;

	if (!refused_page) {
		test_skip("no page is refused");
		return;
	}
	for (unsigned i = 0; i < RT_COUNT(msrs); i++) {
		rt_wrmsr(msrs[i], refused_page | 1);
		rt_wrmsr(msrs[i], 0);
		EXPECT_EQ(rt_read8((uintptr_t)refused_page, &value), FAULT_GP,
			"fault of the hypervisor's memory after a page was laid over it");
	}
}

/* ---- afterwards ---- */

static void still_answers(void)
{
	struct result r;

	EXPECT(call_enable(), "the hypercall page cannot be enabled");
	r = call(HV_CONTROL(HV_CALL_NOTIFY_LONG_SPIN_WAIT, 1, 0, 0, 0), 0, 0);
	EXPECT(r.fault == FAULT_NONE && r.word == HV_STATUS_SUCCESS, "fault %u, result 0x%llx",
		r.fault, r.word);
}

void suite_sweep(void)
{
	static const struct test msrs[] = {
		{ "msr-read", read_msrs },
		{ "msr-write", write_msrs },
		{ "msr-neighbours", neighbour_msrs },
		{ "answers-after-msrs", still_answers },
	};
	static const struct test calls[] = {
		{ "calls-memory", codes_memory },
		{ "calls-fast", codes_fast },
		{ "calls-rep", codes_rep },
		{ "calls-everything-set", codes_everything_set },
		{ "answers-after-calls", still_answers },
	};
	static const struct test memory[] = {
		{ "pages", touch_pages }, { "run-there", run_there }, { "walk-there", walk_there },
		{ "parameters-there", parameters_there }, { "overlays-there", overlays_there },
		{ "answers-after-memory", still_answers },
	};

	test_run("sweep", msrs, RT_COUNT(msrs));
	rt_printf("sweep: MSR reads %u done, %u refused; writes %u done, %u refused\n",
		msr_reads.done, msr_reads.refused, msr_writes.done, msr_writes.refused);
	vectors_list_codes(declared);
	test_run("sweep", calls, RT_COUNT(calls));
	test_run("sweep", memory, RT_COUNT(memory));
	rt_printf("sweep: pages %u read, %u written, %u refused, the first at 0x%llx\n", read_pages,
		written_pages, refused_pages, refused_page);
}
