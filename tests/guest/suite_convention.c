/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * The calling convention: the control word, both forms, places of parameters, the order of the
 * checks, odd modes.
 */
#include "test.h"

#define NULL_CALL HV_CALL_NOTIFY_LONG_SPIN_WAIT
#define LIST_CALL HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST
#define UNKNOWN_CALL 0x0fff
#define BEYOND_MEMORY 0x000ffffffffff000ull

static void expect_status(struct result r, u16 status, const char *what)
{
	EXPECT_EQ(r.fault, FAULT_NONE, what);
	if (r.fault)
		return;
	EXPECT(r.status == status, "%s gives %s, not %s", what, hv_status_name(r.status),
		hv_status_name(status));
	if (status != HV_STATUS_SUCCESS)
		EXPECT(!r.reps, "%s completes %u repetitions", what, r.reps);
}

static void null_fast(void)
{
	struct result r = call(HV_CONTROL(NULL_CALL, 1, 0, 0, 0), 100, 0x123456789abcdef0ull);

	expect_status(r, HV_STATUS_SUCCESS, "a fast null call");
	EXPECT_EQ(r.word, 0, "the whole result");
}

static void null_memory(void)
{
	memset(call_input, 0, RT_PAGE);
	expect_status(call(HV_CONTROL(NULL_CALL, 0, 0, 0, 0), RT_GPA(call_input), 0),
		HV_STATUS_SUCCESS, "a null call");
	expect_status(call(HV_CONTROL(NULL_CALL, 0, 0, 0, 0), RT_GPA(call_input), ~0ull),
		HV_STATUS_SUCCESS, "a null call with an address for output that it has not");
}

static void input_at_end_of_page(void)
{
	expect_status(call(HV_CONTROL(NULL_CALL, 0, 0, 0, 0), RT_GPA(call_input) + RT_PAGE - 8, 0),
		HV_STATUS_SUCCESS, "input that ends with its page");
}

static void reserved_bits(void)
{
	static const u8 bits[] = { 27, 28, 29, 30, 44, 45, 46, 47, 60, 61, 62, 63 };

	for (unsigned i = 0; i < RT_COUNT(bits); i++)
		expect_status(call(HV_CONTROL(NULL_CALL, 1, 0, 0, 0) | 1ull << bits[i], 0, 0),
			HV_STATUS_INVALID_HYPERCALL_INPUT, "a reserved bit of the control word");
}

static void nested_bit(void)
{
	expect_status(call(HV_CONTROL(NULL_CALL, 1, 0, 0, 0) | 1ull << 31, 0, 0),
		HV_STATUS_INVALID_HYPERCALL_INPUT, "the nested bit");
}

static void simple_has_no_reps(void)
{
	expect_status(call(HV_CONTROL(NULL_CALL, 1, 0, 1, 0), 0, 0),
		HV_STATUS_INVALID_HYPERCALL_INPUT, "a simple call with a repetition");
	expect_status(call(HV_CONTROL(NULL_CALL, 1, 0, 0, 1), 0, 0),
		HV_STATUS_INVALID_HYPERCALL_INPUT, "a simple call with a start index");
	expect_status(call(HV_CONTROL(NULL_CALL, 1, 0, 4095, 4094), 0, 0),
		HV_STATUS_INVALID_HYPERCALL_INPUT, "a simple call with the most of both");
}

static void rep_needs_reps(void)
{
	memset(call_input, 0, RT_PAGE);
	expect_status(call(HV_CONTROL(LIST_CALL, 0, 0, 0, 0), RT_GPA(call_input), 0),
		HV_STATUS_INVALID_HYPERCALL_INPUT, "a rep call without repetitions");
	expect_status(call(HV_CONTROL(LIST_CALL, 0, 0, 2, 2), RT_GPA(call_input), 0),
		HV_STATUS_INVALID_HYPERCALL_INPUT, "a start index that is the count");
	expect_status(call(HV_CONTROL(LIST_CALL, 0, 0, 2, 4095), RT_GPA(call_input), 0),
		HV_STATUS_INVALID_HYPERCALL_INPUT, "a start index above the count");
}

static void no_variable_header(void)
{
	expect_status(call(HV_CONTROL(NULL_CALL, 1, 1, 0, 0), 0, 0),
		HV_STATUS_INVALID_HYPERCALL_INPUT, "a variable header on a call without");
	expect_status(call(HV_CONTROL(NULL_CALL, 1, 1023, 0, 0), 0, 0),
		HV_STATUS_INVALID_HYPERCALL_INPUT, "the largest variable header on a call without");
}

static void unknown_code(void)
{
	expect_status(call(HV_CONTROL(UNKNOWN_CALL, 1, 0, 0, 0), 0, 0),
		HV_STATUS_INVALID_HYPERCALL_CODE, "an unknown code");
	expect_status(
		call(HV_CONTROL(0, 1, 0, 0, 0), 0, 0), HV_STATUS_INVALID_HYPERCALL_CODE, "code 0");
	expect_status(call(HV_CONTROL(0xffff, 0, 0, 0, 0), 3, 5), HV_STATUS_INVALID_HYPERCALL_CODE,
		"code 0xffff");
	expect_status(call(HV_CONTROL(UNKNOWN_CALL, 1, 0, 0, 0) | 1ull << 63, 0, 0),
		HV_STATUS_INVALID_HYPERCALL_CODE,
		"an unknown code with a reserved bit: the code is checked first");
}

static void denied_before_input(void)
{
	if (hv_has_privilege_access_partition_id(&offer)) {
		test_skip("the privilege is there");
		return;
	}
	expect_status(call(HV_CONTROL(HV_CALL_GET_PARTITION_ID, 1, 3, 9, 9) | 1ull << 63, 1, 1),
		HV_STATUS_ACCESS_DENIED, "a call that is denied, with a bad control word");
}

/* ---- output in registers ---- */

static u64 id_in_memory(void)
{
	call(HV_CONTROL(HV_CALL_GET_PARTITION_ID, 0, 0, 0, 0), 0, RT_GPA(call_output));
	return *(u64 *)call_output;
}

/* Without input, output begins in the first register; the word behind it stays. */
static void output_alone(void)
{
	u64 words[CALL_WORDS];
	struct result r;

	if (!offered(hv_has_privilege_access_partition_id))
		return;
	for (unsigned i = 0; i < CALL_WORDS; i++)
		words[i] = 0x1000 + i;
	r = call_xmm_out(HV_CONTROL(HV_CALL_GET_PARTITION_ID, 1, 0, 0, 0), words, 0);
	if (!call_output_offered()) {
		EXPECT_EQ(r.fault, FAULT_UD, "fault where output in registers is not offered");
		return;
	}
	expect_status(r, HV_STATUS_SUCCESS, "asking for the partition's id");
	EXPECT_EQ(words[0], id_in_memory(), "the id");
	for (unsigned i = 1; i < CALL_WORDS; i++)
		EXPECT(words[i] == 0x1000 + i, "word %u is 0x%llx", i, words[i]);
}

#define GET HV_CALL_GET_VP_REGISTERS
#define GET_MOST 4      /* 32 bytes of input, 64 of output */

/* Names of registers in the words of a call; which word the first value comes in. */
static unsigned get_words(u64 words[CALL_WORDS], u32 count, u32 vp)
{
	static const u32 names[] = { HV_REGISTER_NAME_VP_INDEX, HV_REGISTER_NAME_X64_CR0,
		HV_REGISTER_NAME_X64_CR3, HV_REGISTER_NAME_X64_EFER, HV_REGISTER_NAME_X64_CR4 };

	for (unsigned i = 0; i < CALL_WORDS; i++)
		words[i] = 0x1000 + i;
	words[0] = HV_PARTITION_ID_SELF;
	words[1] = vp;
	memcpy(words + 2, names, 4 * count);
	return (16 + 4 * count + 15) / 16 * 2;
}

static void output_of_lists(void)
{
	u64 words[CALL_WORDS], *in_memory = (u64 *)call_output;

	if (!offered(hv_has_privilege_access_vp_registers))
		return;
	for (u32 count = 1; count <= GET_MOST; count++) {
		const unsigned first = get_words(words, count, HV_VP_INDEX_SELF);
		struct result r;

		memcpy(call_input, words, sizeof(words));
		call(HV_CONTROL(GET, 0, 0, count, 0), RT_GPA(call_input), RT_GPA(call_output));
		r = call_xmm_out(HV_CONTROL(GET, 1, 0, count, 0), words, first);
		if (!call_output_offered()) {
			EXPECT_EQ(r.fault, FAULT_UD, "fault where it is not offered");
			continue;
		}
		expect_status(r, HV_STATUS_SUCCESS, "registers in registers");
		EXPECT_EQ(r.reps, count, "repetitions");
		for (unsigned i = first; i < CALL_WORDS; i++)
			EXPECT(words[i] ==
					(i < first + 2 * count ? in_memory[i - first] : 0x1000 + i),
				"%u registers: word %u is 0x%llx", count, i, words[i]);
	}
}

static void output_refuses(void)
{
	u64 words[CALL_WORDS];

	if (!offered(hv_has_privilege_access_vp_registers))
		return;
	get_words(words, GET_MOST + 1, HV_VP_INDEX_SELF);
	expect_status(call_xmm(HV_CONTROL(GET, 1, 0, GET_MOST + 1, 0), words),
		HV_STATUS_INVALID_HYPERCALL_INPUT, "more output than registers");
	if (!call_output_offered())
		return;
	get_words(words, 1, 0x7fffffff);
	expect_status(call_xmm(HV_CONTROL(GET, 1, 0, 1, 0), words), HV_STATUS_INVALID_VP_INDEX,
		"a processor that is not there");
}

/* What was done before a bad element has come back. */
static void output_of_some(void)
{
	u64 words[CALL_WORDS];
	struct result r;

	if (!offered(hv_has_privilege_access_vp_registers) || !call_output_offered())
		return;
	get_words(words, 3, HV_VP_INDEX_SELF);
	words[3] = 0x7ffffff0; /* the third name */
	r = call_xmm_out(HV_CONTROL(GET, 1, 0, 3, 0), words, 4);
	EXPECT(!r.fault && r.status == HV_STATUS_INVALID_PARAMETER && r.reps == 2,
		"fault %u, %s, %u repetitions", r.fault, hv_status_name(r.status), r.reps);
	EXPECT_EQ(words[4], 0, "the first value");
	for (unsigned i = 8; i < CALL_WORDS; i++)
		EXPECT(words[i] == 0x1000 + i, "word %u is 0x%llx", i, words[i]);
}

static void misaligned(void)
{
	for (unsigned i = 1; i < 8; i++)
		expect_status(call(HV_CONTROL(NULL_CALL, 0, 0, 0, 0), RT_GPA(call_input) + i, 0),
			HV_STATUS_INVALID_ALIGNMENT, "misaligned input");
}

static void crosses_page(void)
{
	u64 control = HV_CONTROL(HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, 0, 0, 0, 0);

	for (unsigned left = 8; left < 24; left += 8)
		expect_status(call(control, RT_GPA(call_input) + RT_PAGE - left, 0),
			HV_STATUS_INVALID_ALIGNMENT, "input that crosses a page");
	expect_status(call(HV_CONTROL(LIST_CALL, 0, 0, 4095, 0), RT_GPA(call_input), 0),
		HV_STATUS_INVALID_ALIGNMENT, "a list that is longer than a page");
	expect_status(call(HV_CONTROL(HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX, 0, 1023, 0, 0),
			      RT_GPA(call_input), 0),
		HV_STATUS_INVALID_ALIGNMENT, "a variable header that is longer than a page");
}

static void beyond_memory(void)
{
	expect_status(call(HV_CONTROL(NULL_CALL, 0, 0, 0, 0), BEYOND_MEMORY, 0),
		HV_STATUS_INVALID_ALIGNMENT, "input outside the address space");
	expect_status(call(HV_CONTROL(NULL_CALL, 0, 0, 0, 0), ~7ull, 0),
		HV_STATUS_INVALID_ALIGNMENT, "input at the end of all addresses");
}

/* An address that is in the space but has no memory is answered or refused, never followed. */
static void no_memory_there(void)
{
	struct result r = call(HV_CONTROL(NULL_CALL, 0, 0, 0, 0), 0x200000000ull, 0);

	EXPECT(r.fault == FAULT_GP || (r.fault == FAULT_NONE && r.status == HV_STATUS_SUCCESS),
		"fault %u, status %u", r.fault, r.status);
}

static void output_places(void)
{
	u64 control = HV_CONTROL(HV_CALL_GET_PARTITION_ID, 0, 0, 0, 0);

	if (!hv_has_privilege_access_partition_id(&offer)) {
		test_skip("no call with output is offered");
		return;
	}
	expect_status(call(control, ~0ull, RT_GPA(call_output)), HV_STATUS_SUCCESS,
		"an address for input it has not");
	expect_status(call(control, 0, RT_GPA(call_output) + 4), HV_STATUS_INVALID_ALIGNMENT,
		"misaligned output");
	expect_status(call(control, 0, BEYOND_MEMORY), HV_STATUS_INVALID_ALIGNMENT,
		"output outside the address space");
	expect_status(call(control, 0, RT_GPA(call_output) + RT_PAGE - 8), HV_STATUS_SUCCESS,
		"output that ends with its page");
	EXPECT_EQ(call(control, 0, RT_GPA(call_page)).fault, FAULT_GP,
		"fault of output onto the hypercall page");
}

static void partition_id(void)
{
	volatile u64 *id = (volatile u64 *)call_output;

	memset(call_output, 0xff, 16);
	if (!hv_has_privilege_access_partition_id(&offer)) {
		expect_status(call(HV_CONTROL(HV_CALL_GET_PARTITION_ID, 0, 0, 0, 0), 0,
				      RT_GPA(call_output)),
			HV_STATUS_ACCESS_DENIED, "asking without the privilege");
		EXPECT_EQ(id[0], ~0ull, "output of a denied call");
		return;
	}
	expect_status(
		call(HV_CONTROL(HV_CALL_GET_PARTITION_ID, 0, 0, 0, 0), 0, RT_GPA(call_output)),
		HV_STATUS_SUCCESS, "asking with the privilege");
	EXPECT(id[0] != HV_PARTITION_ID_INVALID && id[0] != HV_PARTITION_ID_SELF,
		"the id is 0x%llx", id[0]);
	EXPECT_EQ(id[1], ~0ull, "the word behind the output");
}

static void other_mode(void)
{
	u64 control = HV_CONTROL(NULL_CALL, 1, 0, 0, 0);
	u64 bad = control | 1ull << 63;
#ifdef __x86_64__
	u64 (*odd)(u32, u64, u64, u64) = rt_call_compat;
#else
	u64 (*odd)(u32, u64, u64, u64) = rt_call_unpaged;
#endif
	u32 page = (u32)(uintptr_t)call_page;

	EXPECT_EQ(odd(page, control, 100, 0), HV_STATUS_SUCCESS, "a null call");
	EXPECT_EQ(odd(page, bad, 100, 0), HV_STATUS_INVALID_HYPERCALL_INPUT,
		"a reserved bit in the high half");
	EXPECT_EQ(odd(page, HV_CONTROL(NULL_CALL, 0, 0, 0, 0), RT_GPA(call_input), 0),
		HV_STATUS_SUCCESS, "a null call from memory");
	EXPECT_EQ(odd(page, HV_CONTROL(NULL_CALL, 0, 0, 0, 0), RT_GPA(call_input) | 1ull << 60, 0),
		HV_STATUS_INVALID_ALIGNMENT, "the high half of an address");
}

void suite_convention(void)
{
	static const struct test tests[] = {
		{ "null-fast", null_fast },
		{ "null-memory", null_memory },
		{ "input-at-end-of-page", input_at_end_of_page },
		{ "reserved-bits", reserved_bits },
		{ "nested-bit", nested_bit },
		{ "simple-has-no-reps", simple_has_no_reps },
		{ "rep-needs-reps", rep_needs_reps },
		{ "no-variable-header", no_variable_header },
		{ "unknown-code", unknown_code },
		{ "denied-before-input", denied_before_input },
		{ "output-alone", output_alone },
		{ "output-of-lists", output_of_lists },
		{ "output-refuses", output_refuses },
		{ "output-of-some", output_of_some },
		{ "misaligned", misaligned },
		{ "crosses-page", crosses_page },
		{ "beyond-memory", beyond_memory },
		{ "no-memory-there", no_memory_there },
		{ "output-places", output_places },
		{ "partition-id", partition_id },
#ifdef __x86_64__
		{ "compatibility-mode", other_mode },
#else
		{ "without-paging", other_mode },
#endif
	};

	if (!call_enable()) {
		rt_printf("not ok convention: the hypercall page cannot be enabled\n");
		return;
	}
	test_run("convention", tests, RT_COUNT(tests));
}
