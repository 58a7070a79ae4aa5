/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * The four flush calls: what they refuse, long lists with continuation, lists in registers, and
 * that they flush.
 */
#include "control.h"
#include "test.h"

#define SPACE HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE
#define LIST HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST
#define SPACE_EX HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX
#define LIST_EX HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX
#define ALL_PROCESSORS HV_FLUSH_FLAGS_ALL_PROCESSORS
#define ALL_SPACES HV_FLUSH_FLAGS_ALL_VIRTUAL_ADDRESS_SPACES
#define EXTENDED_RANGES HV_FLUSH_LIST_FLAGS_USE_EXTENDED_RANGE_FORMAT
#define SWEEPS 40
#define LIST_MOST ((RT_PAGE - sizeof(struct hv_flush_virtual_address_list_in)) / sizeof(u64))
#define LIST_EX_MOST \
	((RT_PAGE - sizeof(struct hv_flush_virtual_address_list_ex_in) - sizeof(u64)) / sizeof(u64))
#define XMM_WORDS 14
#define VECTOR 0x92
#define APIC_TIMER_ENTRY 0x320
#define APIC_TIMER_INITIAL 0x380
#define APIC_TIMER_DIVIDE 0x3e0
#define APIC_MASKED 0x10000
#define APIC_DIVIDE_BY_1 0xb
#define REGISTER_WORDS (sizeof(struct hv_flush_virtual_address_list_in) / sizeof(u64))

static void expect_result(struct result r, u16 status, u32 reps, const char *what)
{
	EXPECT_EQ(r.fault, FAULT_NONE, what);
	if (r.fault)
		return;
	EXPECT(r.status == status, "%s gives %s, not %s", what, hv_status_name(r.status),
		hv_status_name(status));
	EXPECT(r.reps == reps, "%s completes %u repetitions, not %u", what, r.reps, reps);
}

/* The header of the plain calls, at the start of the input page. */
static u64 *plain(u64 space, u64 flags, u64 mask)
{
	u64 *in = (u64 *)call_input;

	memset(call_input, 0, RT_PAGE);
	in[0] = space;
	in[1] = flags;
	in[2] = mask;
	return in + 3;
}

static u64 *extended(u64 space, u64 flags, u64 format, u64 banks)
{
	u64 *in = (u64 *)call_input;

	memset(call_input, 0, RT_PAGE);
	in[0] = space;
	in[1] = flags;
	in[2] = format;
	in[3] = banks;
	return in + 4;
}

static struct result memory_call(u16 code, u32 varhead, u32 reps, u32 start)
{
	return call(HV_CONTROL(code, 0, varhead, reps, start), RT_GPA(call_input), 0);
}

static void space(void)
{
	plain(read_cr3(), 0, 1);
	expect_result(memory_call(SPACE, 0, 0, 0), HV_STATUS_SUCCESS, 0, "this processor");
	plain(read_cr3(), ALL_PROCESSORS, 0);
	expect_result(memory_call(SPACE, 0, 0, 0), HV_STATUS_SUCCESS, 0, "all processors");
	plain(0, ALL_PROCESSORS | ALL_SPACES, 0);
	expect_result(memory_call(SPACE, 0, 0, 0), HV_STATUS_SUCCESS, 0, "all spaces");
	plain(read_cr3(), HV_FLUSH_FLAGS_NON_GLOBAL_MAPPINGS_ONLY, 1);
	expect_result(memory_call(SPACE, 0, 0, 0), HV_STATUS_SUCCESS, 0, "non-global mappings");
}

static void space_refuses(void)
{
	plain(read_cr3(), 0, 0);
	expect_result(memory_call(SPACE, 0, 0, 0), HV_STATUS_INVALID_PARAMETER, 0, "nobody");
	plain(read_cr3(), 1ull << 63, 1);
	expect_result(
		memory_call(SPACE, 0, 0, 0), HV_STATUS_INVALID_PARAMETER, 0, "an unknown flag");
	plain(1ull << 63, 0, 1);
	expect_result(memory_call(SPACE, 0, 0, 0), HV_STATUS_INVALID_PARAMETER, 0,
		"a CR3 with reserved bits");
	plain(1ull << 63, ALL_SPACES, 1);
	expect_result(memory_call(SPACE, 0, 0, 0), HV_STATUS_SUCCESS, 0,
		"such a CR3 where all spaces are meant");
}

static void space_ex(void)
{
	extended(read_cr3(), 0, HV_VP_SET_FORMAT_ALL, 0);
	expect_result(memory_call(SPACE_EX, 0, 0, 0), HV_STATUS_SUCCESS, 0, "all processors");
	extended(read_cr3(), 0, HV_VP_SET_FORMAT_SPARSE_4K, 1)[0] = 1;
	expect_result(memory_call(SPACE_EX, 1, 0, 0), HV_STATUS_SUCCESS, 0, "this processor");
}

static void space_ex_refuses(void)
{
	extended(read_cr3(), 0, HV_VP_SET_FORMAT_SPARSE_4K, 3)[0] = 1;
	expect_result(memory_call(SPACE_EX, 1, 0, 0), HV_STATUS_INVALID_HYPERCALL_INPUT, 0,
		"one bank of two");
	extended(read_cr3(), 0, HV_VP_SET_FORMAT_SPARSE_4K, 1)[0] = 1;
	expect_result(memory_call(SPACE_EX, 2, 0, 0), HV_STATUS_INVALID_HYPERCALL_INPUT, 0,
		"two banks of one");
	extended(read_cr3(), 0, 7, 0);
	expect_result(memory_call(SPACE_EX, 0, 0, 0), HV_STATUS_INVALID_PARAMETER, 0,
		"an unknown format");
}

static void list(void)
{
	plain(read_cr3(), 0, 1)[0] = RT_GPA(call_output);
	expect_result(memory_call(LIST, 0, 1, 0), HV_STATUS_SUCCESS, 1, "one range");
	plain(read_cr3(), HV_FLUSH_FLAGS_NON_GLOBAL_MAPPINGS_ONLY, 1);
	expect_result(memory_call(LIST, 0, 1, 0), HV_STATUS_INVALID_PARAMETER, 0,
		"the flag of the other call");
}

/*
 * As many ranges as a page holds; where the hypervisor stops on the way, the call goes on by
 * itself.
 */
static void long_list(void)
{
	u64 *ranges = plain(read_cr3(), 0, 1);

	for (unsigned i = 0; i < LIST_MOST; i++)
		ranges[i] = RT_GPA(call_output) + (u64)i * RT_PAGE;
	expect_result(memory_call(LIST, 0, LIST_MOST, 0), HV_STATUS_SUCCESS, LIST_MOST,
		"a page of ranges");
	expect_result(memory_call(LIST, 0, LIST_MOST + 1, 0), HV_STATUS_INVALID_ALIGNMENT, 0,
		"one range more");
}

static void long_list_ex(void)
{
	u64 *in = extended(read_cr3(), 0, HV_VP_SET_FORMAT_SPARSE_4K, 1);

	in[0] = 1;
	for (unsigned i = 0; i < LIST_EX_MOST; i++)
		in[1 + i] = RT_GPA(call_output) | 3;
	expect_result(memory_call(LIST_EX, 1, LIST_EX_MOST, 0), HV_STATUS_SUCCESS, LIST_EX_MOST,
		"a page of ranges");
	expect_result(memory_call(LIST_EX, 1, LIST_EX_MOST + 1, 0), HV_STATUS_INVALID_ALIGNMENT, 0,
		"one range more");
}

/* Ranges of 2 MiB and 1 GiB, and small ones in their format, where all of that is offered. */
static void extended_ranges(void)
{
	const bool is_offered = hv_has_feature_extended_gva_ranges(&offer) &&
		hv_has_privilege_enable_extended_gva_ranges(&offer);
	const u16 status = is_offered ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_PARAMETER;
	const u64 ranges[] = { RT_GPA(call_output), RT_GPA(call_output) | 0x7ff,
		0x40000000 | HV_GVA_RANGE_EXTENDED_LARGE_PAGE_MASK,
		0x40000000 | HV_GVA_RANGE_EXTENDED_LARGE_PAGE_MASK |
			HV_GVA_RANGE_LARGE_PAGE_SIZE_MASK | 3 };
	const u32 count = RT_COUNT(ranges);

	memcpy(plain(read_cr3(), EXTENDED_RANGES, 1), ranges, sizeof(ranges));
	expect_result(memory_call(LIST, 0, count, 0), status, is_offered ? count : 0, "the list");
	memcpy(extended(read_cr3(), EXTENDED_RANGES, HV_VP_SET_FORMAT_ALL, 0), ranges, sizeof(ranges));
	expect_result(
		memory_call(LIST_EX, 0, count, 0), status, is_offered ? count : 0, "the list of Ex");
	plain(read_cr3(), EXTENDED_RANGES, 1);
	expect_result(memory_call(SPACE, 0, 0, 0), HV_STATUS_INVALID_PARAMETER, 0,
		"the flag for a whole space");
}

/* Repetitions are counted from the first, whatever the start index. */
static void start_index(void)
{
	plain(read_cr3(), 0, 1);
	expect_result(
		memory_call(LIST, 0, 10, 3), HV_STATUS_SUCCESS, 10, "ten ranges from the fourth");
	expect_result(
		memory_call(LIST, 0, 10, 9), HV_STATUS_SUCCESS, 10, "ten ranges from the last");
}

static void end_of_interrupt(u32 vector)
{
	(void)vector;
	rt_apic_write(0xb0, 0);
}

/*
 * Start index in the control word of the call that the last interrupt came in; 0 when it came
 * elsewhere.
 */
static u32 interrupted_start(void)
{
	uintptr_t page = (uintptr_t)call_page;

	if (rt_interrupted.ip < page || rt_interrupted.ip >= page + RT_PAGE)
		return 0;
#ifdef __x86_64__
	return rt_interrupted.cx >> 48 & 0xfff;
#else
	return rt_interrupted.dx >> 16 & 0xfff;
#endif
}

/*
 * One long list with a timer interrupt due after so many ticks; the start index that the interrupt
 * saw.
 */
static u32 interrupted_list(u32 ticks)
{
	struct result r;

	rt_interrupted.ip = 0;
	rt_apic_write(APIC_TIMER_INITIAL, ticks);
	__asm__ volatile("sti" : : : "memory");
	r = memory_call(LIST, 0, LIST_MOST, 0);
	__asm__ volatile("cli" : : : "memory");
	rt_apic_write(APIC_TIMER_INITIAL, 0);
	__asm__ volatile("sti; nop; nop; cli" : : : "memory");
	expect_result(r, HV_STATUS_SUCCESS, LIST_MOST, "a list with an interrupt on the way");
	return interrupted_start();
}

/* Where in a list an interrupt was seen, for some delay of the timer; 0 if for none. */
static u32 sweep_delays(void)
{
	u32 seen = 0;

	for (u32 ticks = 2000; ticks < 200000 && !seen; ticks += ticks / 16)
		seen = interrupted_list(ticks);
	return seen;
}

/*
 * A long call stays interruptible: the interrupt comes on the call instruction, part of the list
 * done. An emulator on a busy machine has late timers; one of many sweeps hits.
 */
static void interruptible(void)
{
	u32 seen = 0;

	plain(read_cr3(), 0, 1);
	rt_apic_enable();
	rt_apic_write(APIC_TIMER_DIVIDE, APIC_DIVIDE_BY_1);
	rt_apic_write(APIC_TIMER_ENTRY, VECTOR);
	rt_on_interrupt = end_of_interrupt;
	for (u32 i = 0; i < SWEEPS && !seen; i++)
		seen = sweep_delays();
	rt_on_interrupt = NULL;
	rt_apic_write(APIC_TIMER_ENTRY, APIC_MASKED | VECTOR);
	EXPECT(seen, "no interrupt was taken within a list of %u", (u32)LIST_MOST);
	EXPECT(seen < LIST_MOST, "start index %u", seen);
}

static void odd_addresses(void)
{
	u64 *ranges = plain(read_cr3(), 0, 1);

	ranges[0] = 0x0000800000000000ull;
	ranges[1] = 0x8000000000000000ull | 0xfff;
	ranges[2] = ~0ull;
	ranges[3] = 0xfff;
	expect_result(
		memory_call(LIST, 0, 4, 0), HV_STATUS_SUCCESS, 4, "addresses that do not exist");
}

static bool xmm_offered(void)
{
	return offered(hv_has_feature_xmm_registers_for_fast_hypercall);
}

static void xmm_space(void)
{
	u64 words[XMM_WORDS] = { read_cr3(), 0, 1 };

	if (!xmm_offered())
		return;
	expect_result(call_xmm(HV_CONTROL(SPACE, 1, 0, 0, 0), words), HV_STATUS_SUCCESS, 0,
		"this processor");
	words[2] = 0;
	expect_result(call_xmm(HV_CONTROL(SPACE, 1, 0, 0, 0), words), HV_STATUS_INVALID_PARAMETER,
		0, "nobody");
}

/* All 14 words of the registers: 3 of header, 11 of list. */
static void xmm_list(void)
{
	u64 words[XMM_WORDS] = { read_cr3(), 0, 1 };
	u32 most = XMM_WORDS - REGISTER_WORDS;

	if (!xmm_offered())
		return;
	for (u32 i = REGISTER_WORDS; i < XMM_WORDS; i++)
		words[i] = RT_GPA(call_output) + i * RT_PAGE;
	for (u32 n = 1; n <= most; n++)
		expect_result(call_xmm(HV_CONTROL(LIST, 1, 0, n, 0), words), HV_STATUS_SUCCESS, n,
			"ranges in registers");
	expect_result(call_xmm(HV_CONTROL(LIST, 1, 0, most, most - 1), words), HV_STATUS_SUCCESS,
		most, "the last range in registers");
	expect_result(call_xmm(HV_CONTROL(LIST, 1, 0, most + 1, 0), words),
		HV_STATUS_INVALID_HYPERCALL_INPUT, 0, "a range more than registers hold");
}

static void xmm_list_ex(void)
{
	u64 words[XMM_WORDS] = { read_cr3(), 0, HV_VP_SET_FORMAT_SPARSE_4K, 1, 1 };

	if (!xmm_offered())
		return;
	expect_result(call_xmm(HV_CONTROL(LIST_EX, 1, 1, 9, 0), words), HV_STATUS_SUCCESS, 9,
		"nine ranges");
	expect_result(call_xmm(HV_CONTROL(LIST_EX, 1, 1, 10, 0), words),
		HV_STATUS_INVALID_HYPERCALL_INPUT, 0, "ten ranges");
	expect_result(
		call_xmm(HV_CONTROL(SPACE_EX, 1, 1, 0, 0), words), HV_STATUS_SUCCESS, 0, "a space");
	words[3] = 3;
	expect_result(call_xmm(HV_CONTROL(SPACE_EX, 1, 1, 0, 0), words),
		HV_STATUS_INVALID_HYPERCALL_INPUT, 0, "one bank of two");
}

static void xmm_not_offered(void)
{
	u64 words[XMM_WORDS] = { read_cr3(), 0, 1 };

	if (hv_has_feature_xmm_registers_for_fast_hypercall(&offer)) {
		test_skip("XMM input is offered");
		return;
	}
	EXPECT_EQ(call_xmm(HV_CONTROL(SPACE, 1, 0, 0, 0), words).fault, FAULT_UD,
		"fault of input in XMM registers");
}

/* Change a translation and flush by call alone: the new one must be in force. */
static void flushes(void)
{
	volatile u64 *here = rt_window(5, RT_GPA(call_output));

	memset(call_output, 0x11, RT_PAGE);
	EXPECT_EQ(*here, 0x1111111111111111ull, "memory before");
	plain(read_cr3(), 0, 1)[0] = (u64)(uintptr_t)here;
	*rt_window_entry(5) = RT_GPA(call_input) | 7;
	expect_result(memory_call(LIST, 0, 1, 0), HV_STATUS_SUCCESS, 1, "one range");
	EXPECT_EQ(*here, read_cr3(), "memory after a list");
	*rt_window_entry(5) = RT_GPA(call_output) | 7;
	expect_result(memory_call(SPACE, 0, 0, 0), HV_STATUS_SUCCESS, 0, "a space");
	EXPECT_EQ(*here, 0x1111111111111111ull, "memory after a space");
}

void suite_flush(void)
{
	static const struct test tests[] = {
		{ "space", space },
		{ "space-refuses", space_refuses },
		{ "space-ex", space_ex },
		{ "space-ex-refuses", space_ex_refuses },
		{ "list", list },
		{ "long-list", long_list },
		{ "long-list-ex", long_list_ex },
		{ "extended-ranges", extended_ranges },
		{ "start-index", start_index },
		{ "interruptible", interruptible },
		{ "odd-addresses", odd_addresses },
		{ "xmm-space", xmm_space },
		{ "xmm-list", xmm_list },
		{ "xmm-list-ex", xmm_list_ex },
		{ "xmm-not-offered", xmm_not_offered },
		{ "flushes", flushes },
	};

	call_enable();
	test_run("flush", tests, RT_COUNT(tests));
}
