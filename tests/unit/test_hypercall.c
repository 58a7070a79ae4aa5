/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The calling convention: all shapes of calls, all rules, copies, continuation. */
/* link: core */
#include "fake.h"

#include <string.h>

#include "hv_abi.h"
#include "hypercall.h"
#include "spec_calls.h"
#include "spec_check.h"
#include "spec_msrs.h"

#define IN_PAGE 0x200000ull
#define OUT_PAGE 0x201000ull
#define CANARY 0xa5

#define FAST (1ull << 16)
#define VAR(n) ((u64)(n) << 17)
#define REPS(n) ((u64)(n) << 32)
#define START(n) ((u64)(n) << 48)

static struct vcpu *v;

/* How a call is made: convention and place of input. */
enum shape { MEMORY_64, MEMORY_32, FAST_64, FAST_32, SHAPES };

static bool is_fast(enum shape s)
{
	return s == FAST_64 || s == FAST_32;
}

static bool is_wide(enum shape s)
{
	return s == MEMORY_64 || s == FAST_64;
}

static int setup(void **state)
{
	(void)state;
	v = fake_vp();
	memset(fake_at(IN_PAGE), CANARY, 2 * PAGE_SIZE);
	return 0;
}

static enum vm_next call_64(u64 control, u64 in, u64 out)
{
	memset(&v->regs, 0xee, sizeof(v->regs));
	v->regs.rcx = control;
	v->regs.rdx = in;
	v->regs.r8 = out;
	return hypercall_exit(v, CALLER_64);
}

/* The upper halves are noise: in the 32-bit convention nobody may look at them. */
static enum vm_next call_32(u64 control, u64 in, u64 out)
{
	const u64 noise = 0xdeadbeef00000000;

	memset(&v->regs, 0xee, sizeof(v->regs));
	v->regs.rdx = noise | control >> 32;
	v->regs.rax = noise | (u32)control;
	v->regs.rbx = noise | in >> 32;
	v->regs.rcx = noise | (u32)in;
	v->regs.rdi = noise | out >> 32;
	v->regs.rsi = noise | (u32)out;
	return hypercall_exit(v, CALLER_32);
}

/* Make a call with size bytes of input in the way of the shape; output goes to OUT_PAGE. */
static enum vm_next call(enum shape s, u64 control, const void *input, size_t size)
{
	u64 words[64] = { 0 };

	if (size)
		memcpy(is_fast(s) ? (void *)words : fake_at(IN_PAGE), input, size);
	if (is_fast(s)) {
		memcpy(fake_machine.xmm, words + 2, sizeof(fake_machine.xmm));
		return is_wide(s) ? call_64(control | FAST, words[0], words[1])
				  : call_32(control | FAST, words[0], words[1]);
	}
	return is_wide(s) ? call_64(control, IN_PAGE, OUT_PAGE)
			  : call_32(control, IN_PAGE, OUT_PAGE);
}

static u64 result(enum shape s)
{
	return is_wide(s) ? v->regs.rax : v->regs.rdx << 32 | (u32)v->regs.rax;
}

static void expect(enum shape s, enum vm_next next, u16 status, u32 reps)
{
	assert_int_equal(next, VM_SKIP);
	assert_int_equal(result(s), status | (u64)reps << 32);
	if (!is_wide(s)) { /* written as 32-bit registers */
		assert_int_equal(v->regs.rax >> 32, 0);
		assert_int_equal(v->regs.rdx >> 32, 0);
	}
}

static void expect_refusal(enum vm_next next, u32 rule)
{
	u16 status = spec_rules[rule].status;

	assert_int_equal(v->last_rule, rule);
	assert_int_equal(next, status == SPEC_FAULT_UD	 ? VM_UD
			       : status == SPEC_FAULT_GP ? VM_GP
							 : VM_SKIP);
	if (next == VM_SKIP)
		assert_int_equal(v->regs.rax, status);
}

static void touch_pages(void)
{
	gpa_ptr(v->partition, &v->hits, GPA(IN_PAGE), NPT_R);
	gpa_ptr(v->partition, &v->hits, GPA(OUT_PAGE), NPT_W);
}

static void assert_canary(u64 from, u64 to)
{
	for (u64 at = from; at < to; at++)
		assert_int_equal(*(u8 *)fake_at(at), CANARY);
}

/* ---- the shapes ---- */

struct shaped { const char *name; u64 control; size_t size; u64 words[14]; u32 reps; u32 flushes; };

/* A flush of VP 0 in each form that has one. */
static const struct shaped flushes[] = {
	{ "simple, 24 bytes", HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, 24, { 0x1000, 0, 1 }, 0, 1 },
	{ "simple, of another VP",
	  HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE,
	  24,
	  { 0x1000, 0, 2 },
	  0,
	  0 },
	{ "simple, all processors",
	  HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE,
	  24,
	  { 0x1000, 1, 0 },
	  0,
	  1 },
	{ "rep of 1",
	  HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST | REPS(1),
	  32,
	  { 0x1000, 0, 1, 0x7000 },
	  1,
	  1 },
	{ "rep of 11",
	  HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST | REPS(11),
	  112,
	  { 0x1000, 0, 1, 0x7000 },
	  11,
	  11 },
	{ "rep from 4",
	  HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST | REPS(11) | START(4),
	  112,
	  { 0x1000, 0, 1 },
	  11,
	  7 },
	{ "varhead of 0", HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX, 32, { 0x1000, 1, 0, 0 }, 0, 1 },
	{ "varhead of 1",
	  HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX | VAR(1),
	  40,
	  { 0x1000, 0, 0, 1, 1 },
	  0,
	  1 },
	{ "varhead of 10",
	  HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX | VAR(10),
	  112,
	  { 0x1000, 0, 0, 0x3ff, 1, 0, 0, 0, 0, 0, 0, 0, 0, 9 },
	  0,
	  1 },
	{ "varhead without VP 0",
	  HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX | VAR(2),
	  48,
	  { 0x1000, 0, 0, 6, 1, 1 },
	  0,
	  0 },
	{ "format all", HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX, 32, { 0x1000, 0, 1, 0 }, 0, 1 },
	{ "rep and varhead",
	  HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX | VAR(1) | REPS(3),
	  64,
	  { 0x1000, 0, 0, 1, 1, 0x1000, 0x2000, 0x3000 },
	  3,
	  3 },
};

static void run_shapes(bool warm)
{
	for (size_t i = 0; i < ARRAY_SIZE(flushes); i++) {
		const struct shaped *f = &flushes[i];

		for (enum shape s = 0; s < SHAPES; s++) {
			enum vm_next next;

			setup(NULL);
			if (warm) /* short paths want pages that were used lately */
				touch_pages();
			next = call(s, f->control, f->words, f->size);
			expect(s, next, HV_STATUS_SUCCESS, f->reps);
			assert_int_equal(fake_virt.gva_flushes, f->flushes);
			assert_int_equal(fake_machine.xmm_reads,
					 is_fast(s) ? (f->size - 16 + 15) / 16 : 0);
			assert_canary(IN_PAGE + (is_fast(s) ? 0 : f->size),
				      IN_PAGE + 2 * PAGE_SIZE);
		}
	}
}

static void test_shapes(void **state)
{
	(void)state;
	run_shapes(false);
	run_shapes(true);
}

static void test_null_call(void **state)
{
	static const u64 count = 1;

	(void)state;
	for (enum shape s = 0; s < SHAPES; s++) {
		setup(NULL);
		expect(s, call(s, HV_CALL_NOTIFY_LONG_SPIN_WAIT, &count, 8), HV_STATUS_SUCCESS, 0);
		assert_int_equal(fake_machine.xmm_reads, 0);
	}
}

/* What the convention does not name as an output register stays. */
static void test_registers_kept(void **state)
{
	struct vcpu_regs before;

	(void)state;
	call_64(HV_CALL_NOTIFY_LONG_SPIN_WAIT | FAST, 1, 2);
	before = v->regs;
	before.rcx = HV_CALL_NOTIFY_LONG_SPIN_WAIT | FAST;
	before.rax = HV_STATUS_SUCCESS;
	assert_memory_equal(&before, &v->regs, sizeof(before));
	call_32(HV_CALL_NOTIFY_LONG_SPIN_WAIT, IN_PAGE, 0);
	assert_int_equal((u32)v->regs.rbx, 0);
	assert_int_equal((u32)v->regs.rcx, IN_PAGE);
	assert_int_equal(v->regs.r8, 0xeeeeeeeeeeeeeeee);
}

static void test_output_only(void **state)
{
	(void)state;
	for (enum shape s = MEMORY_64; s <= MEMORY_32; s++) {
		setup(NULL);
		expect(s, call(s, HV_CALL_GET_PARTITION_ID, NULL, 0), HV_STATUS_SUCCESS, 0);
		assert_int_equal(*(u64 *)fake_at(OUT_PAGE), 1);
		assert_canary(IN_PAGE, OUT_PAGE);
		assert_canary(OUT_PAGE + 8, OUT_PAGE + PAGE_SIZE);
	}
	/* No input: its GPA does not matter. */
	expect(MEMORY_64, call_64(HV_CALL_GET_PARTITION_ID, UINT64_MAX, OUT_PAGE + 0xff8),
	       HV_STATUS_SUCCESS, 0);
	assert_int_equal(*(u64 *)fake_at(OUT_PAGE + 0xff8), 1);
}

static void test_no_output_ignores_its_gpa(void **state)
{
	static const u64 in[3] = { 0, 1, 0 };

	(void)state;
	memcpy(fake_at(IN_PAGE), in, sizeof(in));
	expect(MEMORY_64, call_64(HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, IN_PAGE, UINT64_MAX),
	       HV_STATUS_SUCCESS, 0);
}

/* ---- register calls: repetitions with output ---- */

static size_t get_input(void *to, u32 vp, const u32 *names, u32 count)
{
	struct hv_get_vp_registers_in in = { .partition_id = HV_PARTITION_ID_SELF, .vp_index = vp };

	memcpy(to, &in, sizeof(in));
	memcpy((u8 *)to + sizeof(in), names, count * 4);
	return sizeof(in) + count * 4;
}

static void test_rep_output(void **state)
{
	static const u32 names[] = { HV_REGISTER_NAME_X64_RIP, HV_REGISTER_NAME_X64_RAX,
				     HV_REGISTER_NAME_VP_INDEX };
	u8 input[64];
	u64 *out;

	(void)state;
	for (enum shape s = MEMORY_64; s <= MEMORY_32; s++) {
		setup(NULL);
		out = fake_at(OUT_PAGE);
		fake_virt.reg[VREG_RIP] = 0x1234;
		expect(s,
		       call(s, HV_CALL_GET_VP_REGISTERS | REPS(3), input,
			    get_input(input, HV_VP_INDEX_SELF, names, 3)),
		       HV_STATUS_SUCCESS, 3);
		assert_int_equal(out[0], 0x1234);
		assert_int_equal(out[1], 0);
		assert_int_equal(out[4], 0);
		assert_canary(OUT_PAGE + 48, OUT_PAGE + PAGE_SIZE);
	}
}

/* Elements before the failing one are done, counted and written; nothing after them is touched. */
static void test_rep_error_in_the_middle(void **state)
{
	static const u32 names[] = { HV_REGISTER_NAME_X64_RIP, HV_REGISTER_NAME_X64_RFLAGS,
				     0x12345678, HV_REGISTER_NAME_X64_RIP };
	u8 input[64];
	size_t size = get_input(input, 0, names, 4);

	(void)state;
	expect(MEMORY_64, call(MEMORY_64, HV_CALL_GET_VP_REGISTERS | REPS(4), input, size),
	       HV_STATUS_INVALID_PARAMETER, 2);
	assert_canary(OUT_PAGE + 32, OUT_PAGE + PAGE_SIZE);
	/* From element 1 on: output 1 stands at its own index, output 0 is left alone. */
	setup(NULL);
	expect(MEMORY_64,
	       call(MEMORY_64, HV_CALL_GET_VP_REGISTERS | REPS(4) | START(1), input, size),
	       HV_STATUS_INVALID_PARAMETER, 2);
	assert_canary(OUT_PAGE, OUT_PAGE + 16);
	assert_int_equal(*(u64 *)fake_at(OUT_PAGE + 16), 0);
	assert_canary(OUT_PAGE + 32, OUT_PAGE + PAGE_SIZE);
}

/* A rule of an element: status, count and id. */
static void test_rep_rule_in_the_middle(void **state)
{
	u64 words[14] = { HV_PARTITION_ID_SELF,
			  HV_VP_INDEX_SELF,
			  HV_REGISTER_NAME_X64_RBX,
			  0,
			  0x1111,
			  0,
			  HV_REGISTER_NAME_X64_RBP | 1ull << 40,
			  0,
			  0x2222,
			  0 };

	(void)state;
	expect(MEMORY_64, call(MEMORY_64, HV_CALL_SET_VP_REGISTERS | REPS(2), words, 80),
	       HV_STATUS_INVALID_PARAMETER, 1);
	assert_int_equal(v->last_rule, SPEC_RULE_SET_VP_REGISTERS_EACH_AT_4_MBZ);
	assert_int_equal(v->regs.rbx, 0x1111);
	assert_int_equal(v->regs.rbp, 0xeeeeeeeeeeeeeeee);
}

/* A rule of the header on a later entry: what was done before it counts. */
static void test_header_rule_counts_start(void **state)
{
	static const u64 words[] = { 0x1000, 1ull << 63, 1, 0, 0, 0 };

	(void)state;
	expect(MEMORY_64,
	       call(MEMORY_64, HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST | REPS(3) | START(2), words, 48),
	       HV_STATUS_INVALID_PARAMETER, 2);
}

/* ---- continuation ---- */

static void test_continuation(void **state)
{
	static u64 words[3 + 400] = { 0x1000, 0, 1 };
	u64 control;
	u32 entries, last;

	(void)state;
	for (enum shape s = MEMORY_64; s <= MEMORY_32; s++) {
		setup(NULL);
		memcpy(fake_at(IN_PAGE), words, sizeof(words));
		control = HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST | REPS(400);
		for (entries = 1, last = 0;; entries++) {
			enum vm_next next = is_wide(s) ? call_64(control, IN_PAGE, 0)
						       : call_32(control, IN_PAGE, 0);
			u64 now = is_wide(s) ? v->regs.rcx : result(s);

			if (next == VM_SKIP)
				break;
			assert_int_equal(next, VM_RETRY);
			assert_int_equal(now & ~(0xfffull << 48), control & ~(0xfffull << 48));
			assert_true((now >> 48 & 0xfff) > last);
			last = now >> 48 & 0xfff;
			assert_int_equal(fake_virt.gva_flushes, last);
			control = now;
		}
		assert_int_equal(result(s), REPS(400));
		assert_int_equal(fake_virt.gva_flushes, 400);
		assert_true(entries > 1 && entries <= 400);
	}
}

/* In 64 bit only RCX changes between entries. */
static void test_continuation_registers(void **state)
{
	static u64 words[3 + 100] = { 0x1000, 0, 1 };

	(void)state;
	memcpy(fake_at(IN_PAGE), words, sizeof(words));
	assert_int_equal(call_64(HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST | REPS(100), IN_PAGE, 77),
			 VM_RETRY);
	assert_int_equal(v->regs.rax, 0xeeeeeeeeeeeeeeee);
	assert_int_equal(v->regs.rdx, IN_PAGE);
	assert_int_equal(v->regs.r8, 77);
}

/* ---- the private copy ---- */

static void spoil_input(void)
{
	memset(fake_at(IN_PAGE), 0xff, PAGE_SIZE);
}

/*
 * The guest's input page changes while the call runs: what counts is what was copied, header and
 * later elements alike.
 */
static void test_input_is_read_once(void **state)
{
	u64 words[] = { HV_PARTITION_ID_SELF,
			HV_VP_INDEX_SELF,
			HV_REGISTER_NAME_X64_RBX,
			0,
			5,
			0,
			HV_REGISTER_NAME_X64_RSI,
			0,
			6,
			0 };

	(void)state;
	for (enum shape s = MEMORY_64; s <= MEMORY_32; s++) {
		for (unsigned pass = 0; pass < 2;
		     pass++) { /* then with a page that was used lately */
			fake_virt.on_set = spoil_input;
			expect(s, call(s, HV_CALL_SET_VP_REGISTERS | REPS(2), words, sizeof(words)),
			       HV_STATUS_SUCCESS, 2);
			assert_int_equal(*(u8 *)fake_at(IN_PAGE), 0xff);
			assert_int_equal(v->regs.rbx, 5);
			assert_int_equal(v->regs.rsi, 6);
		}
	}
}

/* The copies lie in memory that the guest has no mapping of. */
static void test_copies_are_private(void **state)
{
	unsigned level;

	(void)state;
	assert_int_equal(fake_npt(v->partition, (u64)(v->call_in - (u8 *)fake_at(0)), &level), 0);
	assert_int_equal(fake_npt(v->partition, (u64)(v->call_out - (u8 *)fake_at(0)), &level), 0);
}

/* Nothing of an earlier call's output leaks into a later one. */
static void test_output_is_zeroed(void **state)
{
	static const u32 name = 0x12345678;
	u8 input[64];

	(void)state;
	memset(v->call_out, 0x77, PAGE_SIZE);
	call(MEMORY_64, HV_CALL_GET_VP_REGISTERS | REPS(1), input, get_input(input, 0, &name, 1));
	assert_canary(OUT_PAGE, OUT_PAGE + PAGE_SIZE);
	assert_int_equal(v->call_out[0], 0);
}

/* ---- rules of the convention, each both ways ---- */

static void test_caller_mode(void **state)
{
	(void)state;
	v->regs.rcx = HV_CALL_NOTIFY_LONG_SPIN_WAIT | FAST;
	expect_refusal(hypercall_exit(v, CALLER_ILLEGAL), SPEC_RULE_CALLER_MODE);
}

static void test_page_enabled(void **state)
{
	(void)state;
	v->regs.rcx = HV_X64_MSR_GUEST_OS_ID;
	v->regs.rax = v->regs.rdx = 0;
	assert_int_equal(msr_write_exit(v), VM_SKIP);
	expect_refusal(call_64(HV_CALL_NOTIFY_LONG_SPIN_WAIT | FAST, 0, 0), SPEC_RULE_PAGE_ENABLED);
	expect_refusal(call_32(0xffff, 0, 0), SPEC_RULE_PAGE_ENABLED);
}

/*
 * Every code: known ones pass this rule, all others are refused by it, before anything else of them
 * is looked at.
 */
static void test_code_known(void **state)
{
	(void)state;
	for (u32 code = 0; code <= 0xffff; code++) {
		bool implemented = spec_call_row((u16)code)->flags & SPEC_CALL_IMPLEMENTED;

		v->last_rule = 0;
		call_64(code | 1ull << 27, 0, 0);
		assert_int_equal(v->last_rule,
				 implemented ? SPEC_RULE_CONTROL_RESERVED : SPEC_RULE_CODE_KNOWN);
		assert_int_equal(v->regs.rax, implemented ? HV_STATUS_INVALID_HYPERCALL_INPUT
							  : HV_STATUS_INVALID_HYPERCALL_CODE);
	}
}

static void test_privilege(void **state)
{
	(void)state;
	v->partition->offer.privilege &= ~SPEC_PRIVILEGE_ACCESS_PARTITION_ID;
	hypercall_open(v->partition, true);
	expect_refusal(call_64(HV_CALL_GET_PARTITION_ID | 1ull << 27, 0, 0), SPEC_RULE_PRIVILEGE);
	assert_int_equal(v->regs.rax, HV_STATUS_ACCESS_DENIED);
	assert_true(fake_logged(
		"vp 0: refused HvCallGetPartitionId (0x46, control 0x8000046): HVR-C-04: "));
	assert_canary(IN_PAGE, IN_PAGE + 2 * PAGE_SIZE);
}

/* Short paths are no way around it. */
static void test_privilege_of_plain_calls(void **state)
{
	(void)state;
	v->partition->offer.privilege &= ~SPEC_PRIVILEGE_ACCESS_VP_REGISTERS;
	hypercall_open(v->partition, true);
	touch_pages();
	expect_refusal(call_64(HV_CALL_SET_VP_REGISTERS | REPS(1), IN_PAGE, 0), SPEC_RULE_PRIVILEGE);
}

static void test_control(void **state)
{
	static const struct { u64 control; u32 rule;
	} rows[] = {
		{ HV_CALL_NOTIFY_LONG_SPIN_WAIT | FAST | 1ull << 31, SPEC_RULE_NESTED },
		{ HV_CALL_NOTIFY_LONG_SPIN_WAIT | FAST | 1ull << 31 | 1ull << 30,
		  SPEC_RULE_CONTROL_RESERVED },
		{ HV_CALL_NOTIFY_LONG_SPIN_WAIT | FAST | REPS(1), SPEC_RULE_REP_COUNT },
		{ HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST, SPEC_RULE_REP_COUNT },
		{ HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST | START(1), SPEC_RULE_REP_COUNT },
		{ HV_CALL_NOTIFY_LONG_SPIN_WAIT | FAST | START(1), SPEC_RULE_REP_START },
		{ HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST | REPS(3) | START(3), SPEC_RULE_REP_START },
		{ HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST | REPS(3) | START(4095), SPEC_RULE_REP_START },
		{ HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST | REPS(3) | START(2048), SPEC_RULE_REP_START },
		{ HV_CALL_NOTIFY_LONG_SPIN_WAIT | FAST | VAR(1), SPEC_RULE_VARIABLE_HEADER },
		{ HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE | VAR(1023), SPEC_RULE_VARIABLE_HEADER },
		{ HV_CALL_GET_VP_REGISTERS | FAST | REPS(5), SPEC_RULE_FAST_ALLOWED },
		{ HV_CALL_GET_VP_INDEX_FROM_APIC_ID | FAST | REPS(13), SPEC_RULE_FAST_ALLOWED },
		{ HV_CALL_START_VIRTUAL_PROCESSOR | FAST, SPEC_RULE_FAST_ALLOWED },
		{ HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST | FAST | REPS(12), SPEC_RULE_FAST_ALLOWED },
		{ HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX | FAST | VAR(11), SPEC_RULE_FAST_ALLOWED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		setup(NULL);
		expect_refusal(call_64(rows[i].control, IN_PAGE, OUT_PAGE), rows[i].rule);
		touch_pages(); /* short paths want pages that were used lately */
		expect_refusal(call_64(rows[i].control, IN_PAGE, OUT_PAGE), rows[i].rule);
		assert_int_equal(fake_virt.gva_flushes, 0);
	}
}

static void test_every_reserved_bit(void **state)
{
	static const u32 bits[] = { 27, 28, 29, 30, 44, 45, 46, 47, 60, 61, 62, 63 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bits); i++)
		expect_refusal(call_64(HV_CALL_NOTIFY_LONG_SPIN_WAIT | FAST | 1ull << bits[i], 0, 0),
			       SPEC_RULE_CONTROL_RESERVED);
}

static void test_xmm_offered(void **state)
{
	static const u64 words[3] = { 0x1000, 1, 0 }, nobody[2] = { 0x30, 0 };

	(void)state;
	v->partition->offer.feature &= ~SPEC_FEATURE_XMM_REGISTERS_FOR_FAST_HYPERCALL;
	expect_refusal(call(FAST_64, HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, words, 24),
		       SPEC_RULE_XMM_OFFERED);
	assert_int_equal(fake_machine.xmm_reads, 0);
	expect(MEMORY_64, call(MEMORY_64, HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, words, 24),
	       HV_STATUS_SUCCESS, 0);
	expect(FAST_32, call(FAST_32, HV_CALL_NOTIFY_LONG_SPIN_WAIT, words, 8), HV_STATUS_SUCCESS,
	       0);
	expect(FAST_32, call(FAST_32, HV_CALL_SEND_SYNTHETIC_CLUSTER_IPI, nobody, 16),
	       HV_STATUS_SUCCESS, 0);
}

/* ---- output in registers ---- */

#define WORDS 14

/* All words that registers hold, canaries behind the input; one call. */
static enum vm_next call_for_output(u64 control, const void *input, size_t size)
{
	u64 words[WORDS];

	for (u32 i = 0; i < WORDS; i++)
		words[i] = 0x1000 + i;
	if (size)
		memcpy(words, input, size);
	memcpy(fake_machine.xmm, words + 2, sizeof(fake_machine.xmm));
	return call_64(control | FAST, words[0], words[1]);
}

static u64 word(u32 n)
{
	return n == 0 ? v->regs.rdx : n == 1 ? v->regs.r8 : fake_machine.xmm[n / 2 - 1][n % 2];
}

static void assert_words_kept(u32 from, u32 to)
{
	for (u32 n = from; n < to; n++)
		assert_int_equal(word(n), 0x1000 + n);
}

static void test_register_output_alone(void **state)
{
	(void)state;
	expect(FAST_64, call_for_output(HV_CALL_GET_PARTITION_ID, NULL, 0), HV_STATUS_SUCCESS, 0);
	assert_int_equal(word(0), 1);
	assert_words_kept(1, WORDS);
	assert_canary(IN_PAGE, IN_PAGE + 2 * PAGE_SIZE);
}

static void test_register_output_of_lists(void **state)
{
	static const u32 names[] = { HV_REGISTER_NAME_X64_RIP, HV_REGISTER_NAME_X64_CR3,
				     HV_REGISTER_NAME_X64_RIP, HV_REGISTER_NAME_X64_CR3 };
	u8 input[64];

	(void)state;
	fake_virt.reg[VREG_RIP] = 0x11;
	fake_virt.reg[VREG_CR3] = 0x22;
	for (u32 count = 1; count <= 4; count++) {
		const size_t size = get_input(input, 0, names, count);

		expect(FAST_64,
		       call_for_output(HV_CALL_GET_VP_REGISTERS | REPS(count), input, size),
		       HV_STATUS_SUCCESS, count);
		for (u32 i = 0; i < count; i++) {
			assert_int_equal(word(4 + 2 * i), i % 2 ? 0x22 : 0x11);
			assert_int_equal(word(5 + 2 * i), 0);
		}
		assert_words_kept(4 + 2 * count, WORDS);
	}
}

/* Elements of half a word: as many as fit to the last byte, and what is left of the last word. */
static void test_register_output_of_halves(void **state)
{
	u32 input[4 + 12] = { UINT32_MAX, UINT32_MAX };

	(void)state;
	for (u32 count = 1; count <= 12; count++) {
		const u32 first = (4 + count + 3) / 4 * 2, end = first + (count + 1) / 2;

		for (u32 i = 0; i < count; i++)
			input[4 + i] = 7;
		expect(FAST_64,
		       call_for_output(HV_CALL_GET_VP_INDEX_FROM_APIC_ID | REPS(count), input,
				       16 + 4 * count),
		       HV_STATUS_SUCCESS, count);
		for (u32 n = first; n < end; n++)
			assert_int_equal((u32)word(n), 0);
		assert_words_kept(end, WORDS);
	}
}

/* From the middle on, and up to an element that is refused: the others stay. */
static void test_register_output_of_some(void **state)
{
	static const u32 names[] = { HV_REGISTER_NAME_X64_RIP, HV_REGISTER_NAME_X64_RIP,
				     0x12345678, HV_REGISTER_NAME_X64_RIP };
	u8 input[64];
	const size_t size = get_input(input, 0, names, 4);

	(void)state;
	fake_virt.reg[VREG_RIP] = 0x11;
	expect(FAST_64, call_for_output(HV_CALL_GET_VP_REGISTERS | REPS(4) | START(1), input, size),
	       HV_STATUS_INVALID_PARAMETER, 2);
	assert_words_kept(4, 6);
	assert_int_equal(word(6), 0x11);
	assert_words_kept(8, WORDS);
}

static void test_register_output_offered(void **state)
{
	static const u32 name = HV_REGISTER_NAME_X64_RIP;
	struct spec_offer *offer = &v->partition->offer;
	const struct spec_offer all = *offer;
	u8 input[64];
	const size_t size = get_input(input, 0, &name, 1);

	(void)state;
	offer->feature = all.feature & ~SPEC_FEATURE_FAST_HYPERCALL_OUTPUT;
	expect_refusal(call_for_output(HV_CALL_GET_PARTITION_ID, NULL, 0), SPEC_RULE_XMM_OFFERED);
	/* What is too long for registers is so whether they are offered or not. */
	expect_refusal(call_for_output(HV_CALL_GET_VP_REGISTERS | REPS(5), input, size),
		       SPEC_RULE_FAST_ALLOWED);
	*offer = all;
	offer->privilege = all.privilege & ~SPEC_PRIVILEGE_FAST_HYPERCALL_OUTPUT;
	expect_refusal(call_for_output(HV_CALL_GET_PARTITION_ID, NULL, 0), SPEC_RULE_XMM_OFFERED);
	*offer = all;
	expect_refusal(call_32(HV_CALL_GET_PARTITION_ID | FAST, 0, 0), SPEC_RULE_XMM_OFFERED);
	offer->feature = all.feature & ~SPEC_FEATURE_XMM_REGISTERS_FOR_FAST_HYPERCALL;
	expect(FAST_64, call_for_output(HV_CALL_GET_PARTITION_ID, NULL, 0), HV_STATUS_SUCCESS, 0);
	expect_refusal(call_for_output(HV_CALL_GET_VP_REGISTERS | REPS(1), input, size),
		       SPEC_RULE_XMM_OFFERED);
	assert_words_kept(4, WORDS);
}

/* ---- ranges of the extended format ---- */

static void test_extended_ranges(void **state)
{
	static const u64 words[] = { 0x1000, HV_FLUSH_LIST_FLAGS_USE_EXTENDED_RANGE_FORMAT, 1,
				     0x40001803 },
			 ex[] = { 0x1000, HV_FLUSH_LIST_FLAGS_USE_EXTENDED_RANGE_FORMAT,
				  HV_VP_SET_FORMAT_ALL, 0, 0x40001803 };
	const u64 list = HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST | REPS(1),
		  list_ex = HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX | REPS(1);
	struct spec_offer *offer = &v->partition->offer;
	const struct spec_offer all = *offer;

	(void)state;
	expect(MEMORY_64, call(MEMORY_64, list, words, 32), HV_STATUS_SUCCESS, 1);
	expect(MEMORY_64, call(MEMORY_64, list_ex, ex, 40), HV_STATUS_SUCCESS, 1);
	assert_int_equal(fake_virt.gva_flushes, 2);
	offer->feature = all.feature & ~SPEC_FEATURE_EXTENDED_GVA_RANGES;
	expect(MEMORY_64, call(MEMORY_64, list, words, 32), HV_STATUS_INVALID_PARAMETER, 0);
	expect(MEMORY_64, call(MEMORY_64, list_ex, ex, 40), HV_STATUS_INVALID_PARAMETER, 0);
	*offer = all;
	offer->privilege = all.privilege & ~SPEC_PRIVILEGE_ENABLE_EXTENDED_GVA_RANGES;
	expect(MEMORY_64, call(MEMORY_64, list, words, 32), HV_STATUS_INVALID_PARAMETER, 0);
	assert_int_equal(fake_virt.gva_flushes, 2);
}

static void test_gpa_rules(void **state)
{
	const u64 limit = 1ull << FAKE_GPA_BITS;
	const u64 get = HV_CALL_GET_VP_REGISTERS | REPS(1);
	const struct { u64 control, in, out; u32 rule;
	} rows[] = {
		{ HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, IN_PAGE + 4, 0, SPEC_RULE_GPA_ALIGNMENT },
		{ HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, IN_PAGE + 2, 0, SPEC_RULE_GPA_ALIGNMENT },
		{ HV_CALL_GET_PARTITION_ID, 0, OUT_PAGE + 1, SPEC_RULE_GPA_ALIGNMENT },
		{ get, IN_PAGE, OUT_PAGE + 4, SPEC_RULE_GPA_ALIGNMENT },
		{ HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, IN_PAGE + 0xff0, 0, SPEC_RULE_GPA_PAGE },
		{ get, IN_PAGE, OUT_PAGE + 0xff8, SPEC_RULE_GPA_PAGE },
		{ HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST | REPS(4095), IN_PAGE, 0, SPEC_RULE_GPA_PAGE },
		{ HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST | REPS(2048), IN_PAGE, 0, SPEC_RULE_GPA_PAGE },
		{ HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX | VAR(1023), IN_PAGE, 0,
		  SPEC_RULE_GPA_PAGE },
		{ HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX | VAR(512), IN_PAGE, 0,
		  SPEC_RULE_GPA_PAGE },
		{ HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, limit, 0, SPEC_RULE_GPA_SPACE },
		{ HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, 0xffffffffffffe000, 0, SPEC_RULE_GPA_SPACE },
		{ get, IN_PAGE, limit, SPEC_RULE_GPA_SPACE },
		{ get, IN_PAGE, IN_PAGE, SPEC_RULE_GPA_OVERLAP },
		{ get, IN_PAGE, IN_PAGE + 16, SPEC_RULE_GPA_OVERLAP },
		{ get, IN_PAGE + 8, IN_PAGE, SPEC_RULE_GPA_OVERLAP },
		{ HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, FAKE_HIDDEN, 0, SPEC_RULE_GPA_ACCESS },
		{ HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, 0xa0000, 0, SPEC_RULE_GPA_ACCESS },
		{ HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, limit - PAGE_SIZE, 0, SPEC_RULE_GPA_ACCESS },
		{ HV_CALL_GET_PARTITION_ID, 0, FAKE_HIDDEN, SPEC_RULE_GPA_ACCESS },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		setup(NULL);
		for (unsigned pass = 0; pass < 2;
		     pass++) { /* the second time with pages that were used lately */
			expect_refusal(call_64(rows[i].control, rows[i].in, rows[i].out),
				       rows[i].rule);
			touch_pages();
		}
		assert_canary(IN_PAGE, IN_PAGE + 2 * PAGE_SIZE);
	}
}

/* Lists that just fit, and lists side by side, are fine. */
static void test_gpa_limits(void **state)
{
	static const u64 flush[3] = { 0x1000, 1, 0 };
	static const u32 names[2] = { HV_REGISTER_NAME_X64_RIP, HV_REGISTER_NAME_X64_RIP };

	(void)state;
	memcpy(fake_at(IN_PAGE + PAGE_SIZE - 24), flush, 24);
	expect(MEMORY_64, call_64(HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, IN_PAGE + PAGE_SIZE - 24, 0),
	       HV_STATUS_SUCCESS, 0);
	assert_int_equal(get_input(fake_at(IN_PAGE + 32), 0, names, 2), 24);
	expect(MEMORY_64, call_64(HV_CALL_GET_VP_REGISTERS | REPS(2), IN_PAGE + 32, IN_PAGE + 56),
	       HV_STATUS_SUCCESS, 2);
	expect(MEMORY_64, call_64(HV_CALL_GET_VP_REGISTERS | REPS(2), IN_PAGE + 32, IN_PAGE),
	       HV_STATUS_SUCCESS, 2);
	memcpy(fake_at(FAKE_HIDDEN - 24), flush, 24);
	expect(MEMORY_64, call_64(HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, FAKE_HIDDEN - 24, 0),
	       HV_STATUS_SUCCESS, 0);
}

/*
 * Writing through a page that the guest may not write: the hypercall page. Reading it is allowed.
 */
static void test_gpa_access_of_overlays(void **state)
{
	(void)state;
	memset(&v->regs, 0, sizeof(v->regs));
	v->regs.rcx = HV_X64_MSR_HYPERCALL;
	v->regs.rax = 0x300000 | HV_X64_MSR_HYPERCALL_ENABLE;
	assert_int_equal(msr_write_exit(v), VM_SKIP);
	expect_refusal(call_64(HV_CALL_GET_PARTITION_ID, 0, 0x300000), SPEC_RULE_GPA_ACCESS);
	call_64(HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, 0x300000, 0);
	assert_int_not_equal(v->last_rule, SPEC_RULE_GPA_ACCESS);
}

/* The short path refuses what the long one would, with the same rule. */
static void test_fast_simple_rules(void **state)
{
	(void)state;
	for (u16 code = 0; code < SPEC_CALL_LOW; code++) {
		const u32 flags = spec_call_row(code)->flags;

		if (flags & SPEC_CALL_FAST && !(flags & SPEC_CALL_IMPLEMENTED))
			expect_refusal(call_64(code | FAST, 0, 0), SPEC_RULE_CODE_KNOWN);
	}
	expect_refusal(call_64(HV_CALL_SIGNAL_EVENT | FAST, 1 << 24, 0),
		       SPEC_RULE_SIGNAL_EVENT_CONNECTION_RESERVED);
	expect_refusal(call_64(HV_CALL_SIGNAL_EVENT | FAST, 1ull << 63, 0),
		       SPEC_RULE_SIGNAL_EVENT_AT_6_MBZ);
}

/* ---- registers of the caller itself ---- */

static enum hv_status set_register(u32 name, u64 low, u64 high)
{
	u64 words[] = { HV_PARTITION_ID_SELF, HV_VP_INDEX_SELF, name, 0, low, high };

	call(MEMORY_64, HV_CALL_SET_VP_REGISTERS | REPS(1), words, sizeof(words));
	return (u16)v->regs.rax;
}

static enum hv_status get_register(u32 name, u64 out[2])
{
	u8 input[64];

	call(MEMORY_64, HV_CALL_GET_VP_REGISTERS | REPS(1), input,
	     get_input(input, HV_VP_INDEX_SELF, &name, 1));
	memcpy(out, fake_at(OUT_PAGE), 16);
	return (u16)v->regs.rax;
}

static void test_plain_registers(void **state)
{
	static const u32 names[] = { HV_REGISTER_NAME_X64_R15,	 HV_REGISTER_NAME_X64_RFLAGS,
				     HV_REGISTER_NAME_X64_CR3,	 HV_REGISTER_NAME_X64_DR7,
				     HV_REGISTER_NAME_X64_LSTAR, HV_REGISTER_NAME_X64_PAT };
	u64 value[2];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(set_register(names[i], 0x1000 + i, 0), HV_STATUS_SUCCESS);
		if (names[i] == HV_REGISTER_NAME_X64_R15)
			assert_int_equal(v->regs.r15, 0x1000);
		else {
			assert_int_equal(get_register(names[i], value), HV_STATUS_SUCCESS);
			assert_int_equal(value[0], 0x1000 + i);
			assert_int_equal(value[1], 0);
		}
		assert_int_equal(set_register(names[i], 1, 1), HV_STATUS_INVALID_REGISTER_VALUE);
		assert_int_equal(set_register(names[i], fake_virt.illegal, 0),
				 HV_STATUS_INVALID_REGISTER_VALUE);
	}
}

/* Every name of the interface is either a register or refused, and none brings us down. */
static void test_all_names(void **state)
{
	u64 value[2];

	(void)state;
	for (u32 name = 0; name < 0xb0200; name++) {
		enum hv_status status = get_register(name, value);

		assert_true(status == HV_STATUS_SUCCESS || status == HV_STATUS_INVALID_PARAMETER);
	}
	assert_int_equal(set_register(HV_REGISTER_NAME_VP_INDEX, 1, 0),
			 HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(set_register(HV_REGISTER_NAME_FEATURES_INFO, 1, 0),
			 HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(set_register(0x7fffffff, 1, 0), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(get_register(HV_REGISTER_NAME_X64_SYNTHETIC_EOI, value),
			 HV_STATUS_INVALID_PARAMETER);
	/* The same registers as by their MSRs. */
	assert_int_equal(set_register(HV_REGISTER_NAME_SINT7, 0x77, 0), HV_STATUS_SUCCESS);
	assert_int_equal(v->msr[SPEC_MSR_SLOT_SINT + 7], 0x77);
	assert_int_equal(set_register(HV_REGISTER_NAME_SINT7, 7, 0),
			 HV_STATUS_INVALID_REGISTER_VALUE);
	assert_int_equal(set_register(HV_REGISTER_NAME_STIMER3_COUNT, 99, 0), HV_STATUS_SUCCESS);
	assert_int_equal(v->stimer[3].count, 99);
}

static void test_segments(void **state)
{
	struct hv_segment_register in = { .base = 0x10,
					  .limit = 0xfffff,
					  .selector = 0x33,
					  .attributes = 0xaffb },
				   out;
	struct hv_table_register table = { .limit = 0x7f, .base = 0xffff800000001000 };
	u64 words[2];

	(void)state;
	memcpy(words, &in, 16);
	assert_int_equal(set_register(HV_REGISTER_NAME_X64_CS, words[0], words[1]),
			 HV_STATUS_SUCCESS);
	assert_int_equal(fake_virt.segment[VSEG_CS].base, 0x10);
	assert_int_equal(fake_virt.segment[VSEG_CS].limit, 0xfffff);
	assert_int_equal(fake_virt.segment[VSEG_CS].selector, 0x33);
	assert_int_equal(fake_virt.segment[VSEG_CS].attributes, 0xa0fb);
	assert_int_equal(get_register(HV_REGISTER_NAME_X64_CS, words), HV_STATUS_SUCCESS);
	memcpy(&out, words, 16);
	assert_int_equal(out.attributes, 0xa0fb);
	memcpy(words, &table, 16);
	assert_int_equal(set_register(HV_REGISTER_NAME_X64_IDTR, words[0], words[1]),
			 HV_STATUS_SUCCESS);
	assert_int_equal(fake_virt.segment[VSEG_IDTR].base, 0xffff800000001000);
	assert_int_equal(fake_virt.segment[VSEG_IDTR].limit, 0x7f);
	assert_int_equal(get_register(HV_REGISTER_NAME_X64_IDTR, words), HV_STATUS_SUCCESS);
	assert_memory_equal(words, &table, 16);
}

static void test_info_registers(void **state)
{
	u64 value[2];

	(void)state;
	assert_int_equal(get_register(HV_REGISTER_NAME_PRIVILEGES_AND_FEATURES_INFO, value),
			 HV_STATUS_SUCCESS);
	assert_int_equal(value[0], SPEC_PRIVILEGE_IMPLEMENTED);
	assert_int_equal(value[1] >> 32, (u32)SPEC_FEATURE_IMPLEMENTED);
	assert_int_equal(get_register(HV_REGISTER_NAME_X64_INITIAL_APIC_ID, value),
			 HV_STATUS_SUCCESS);
	assert_int_equal(value[0], 7);
	assert_int_equal(get_register(HV_REGISTER_NAME_PROCESSOR_CLOCK_FREQUENCY, value),
			 HV_STATUS_SUCCESS);
	assert_int_equal(value[0], FAKE_TSC_HZ);
}

static void test_tsc_register(void **state)
{
	u64 value[2];

	(void)state;
	fake_machine.tsc = 5000;
	assert_int_equal(set_register(HV_REGISTER_NAME_X64_TSC, 1000000, 0), HV_STATUS_SUCCESS);
	assert_int_equal(fake_virt.tsc_offset, 995000);
	fake_machine.tsc = 6000;
	assert_int_equal(get_register(HV_REGISTER_NAME_X64_TSC, value), HV_STATUS_SUCCESS);
	assert_int_equal(value[0], 1001000);
}

/* Set RIP is where the guest goes on: no instruction length on top, no further repetition. */
static void test_set_rip(void **state)
{
	u64 words[] = {
		HV_PARTITION_ID_SELF, HV_VP_INDEX_SELF, HV_REGISTER_NAME_X64_RIP, 0, 0x4000, 0
	};

	(void)state;
	assert_int_equal(call(MEMORY_64, HV_CALL_SET_VP_REGISTERS | REPS(1), words, sizeof(words)),
			 VM_RETRY);
	assert_int_equal(fake_virt.reg[VREG_RIP], 0x4000);
	assert_int_equal(v->regs.rax, REPS(1));
	/* The next call is not taken for one that did so. */
	assert_int_equal(call_64(HV_CALL_NOTIFY_LONG_SPIN_WAIT | FAST, 0, 0), VM_SKIP);
}

/*
 * The same when a later element is refused, by its handler or by a rule; registers of the call
 * itself may be set, too.
 */
static void test_set_rip_then_fail(void **state)
{
	u64 words[] = { HV_PARTITION_ID_SELF,
			HV_VP_INDEX_SELF,
			HV_REGISTER_NAME_X64_RIP,
			0,
			0x4000,
			0,
			HV_REGISTER_NAME_X64_RCX,
			0,
			UINT64_MAX,
			0,
			0x12345,
			0,
			0,
			0 };

	(void)state;
	assert_int_equal(call(MEMORY_64, HV_CALL_SET_VP_REGISTERS | REPS(3), words, sizeof(words)),
			 VM_RETRY);
	assert_int_equal(v->regs.rax, REPS(2) | HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(v->regs.rcx, UINT64_MAX);
	words[10] = HV_REGISTER_NAME_X64_RBX | 1ull << 32;
	assert_int_equal(call(MEMORY_64, HV_CALL_SET_VP_REGISTERS | REPS(3), words, sizeof(words)),
			 VM_RETRY);
	assert_int_equal(v->regs.rax, REPS(2) | HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(v->last_rule, SPEC_RULE_SET_VP_REGISTERS_EACH_AT_4_MBZ);
}

static void test_targets(void **state)
{
	static const struct { u64 partition; u32 vp; u8 vtl; u32 rule; } rows[] = {
		{ HV_PARTITION_ID_SELF, HV_VP_INDEX_SELF, 0, SPEC_RULE_NONE },
		{ 1, 0, 0, SPEC_RULE_NONE },
		{ 1, 0, HV_INPUT_VTL_USE_TARGET_VTL_MASK, SPEC_RULE_NONE },
		{ 1, 0, 1, SPEC_RULE_NONE }, /* a level that is not used does not matter */
		{ 1, 0, HV_INPUT_VTL_USE_TARGET_VTL_MASK | 1,
		  SPEC_RULE_GET_VP_REGISTERS_TARGET_VTL_VALID },
		{ 1, 0, 0x20, SPEC_RULE_GET_VP_REGISTERS_TARGET_VTL_RESERVED },
		{ 2, 0, 0, SPEC_RULE_GET_VP_REGISTERS_PARTITION_ID_VALID },
		{ 0, 0, 0, SPEC_RULE_GET_VP_REGISTERS_PARTITION_ID_VALID },
		{ 2, 1, 0xff, SPEC_RULE_GET_VP_REGISTERS_PARTITION_ID_VALID },
		{ 1, 1, 0, SPEC_RULE_GET_VP_REGISTERS_VP_INDEX_VALID },
		{ 1, HV_VP_INDEX_ANY, 0, SPEC_RULE_GET_VP_REGISTERS_VP_INDEX_VALID },
		{ 1, 64, 0, SPEC_RULE_GET_VP_REGISTERS_VP_INDEX_VALID },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		u64 words[] = { rows[i].partition, rows[i].vp | (u64)rows[i].vtl << 32,
				HV_REGISTER_NAME_X64_RIP };
		const u32 rule = rows[i].rule;

		v->last_rule = SPEC_RULE_NONE;
		expect(MEMORY_64,
		       call(MEMORY_64, HV_CALL_GET_VP_REGISTERS | REPS(1), words, sizeof(words)),
		       spec_rules[rule].status, rule == SPEC_RULE_NONE);
		assert_int_equal(v->last_rule, rule);
	}
}

static void test_bad_address_space(void **state)
{
	const u64 limit = 1ull << FAKE_GPA_BITS;
	u64 words[] = { limit, 0, 1 };

	(void)state;
	expect(MEMORY_64, call(MEMORY_64, HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, words, 24),
	       HV_STATUS_INVALID_PARAMETER, 0);
	assert_int_equal(v->last_rule, SPEC_RULE_FLUSH_VIRTUAL_ADDRESS_SPACE_ADDRESS_SPACE_VALID);
	words[1] = HV_FLUSH_FLAGS_ALL_VIRTUAL_ADDRESS_SPACES;
	expect(MEMORY_64, call(MEMORY_64, HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, words, 24),
	       HV_STATUS_SUCCESS, 0);
	words[0] = limit - 1;
	words[1] = 0;
	expect(MEMORY_64, call(MEMORY_64, HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, words, 24),
	       HV_STATUS_SUCCESS, 0);
}

/* A guest that breaks rules for ever fills neither the log nor our patience. */
static void test_log_is_bounded(void **state)
{
	size_t length;

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		call_64(0xffff, 0, 0);
	length = fake_machine.console_length;
	for (unsigned i = 0; i < 1000; i++)
		call_64(0x7777, 0, 0);
	assert_int_equal(fake_machine.console_length, length);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_shapes),
		TEST(test_null_call),
		TEST(test_registers_kept),
		TEST(test_output_only),
		TEST(test_no_output_ignores_its_gpa),
		TEST(test_rep_output),
		TEST(test_rep_error_in_the_middle),
		TEST(test_rep_rule_in_the_middle),
		TEST(test_header_rule_counts_start),
		TEST(test_continuation),
		TEST(test_continuation_registers),
		TEST(test_input_is_read_once),
		TEST(test_copies_are_private),
		TEST(test_output_is_zeroed),
		TEST(test_caller_mode),
		TEST(test_page_enabled),
		TEST(test_code_known),
		TEST(test_privilege),
		TEST(test_privilege_of_plain_calls),
		TEST(test_control),
		TEST(test_every_reserved_bit),
		TEST(test_xmm_offered),
		TEST(test_register_output_alone),
		TEST(test_register_output_of_lists),
		TEST(test_register_output_of_halves),
		TEST(test_register_output_of_some),
		TEST(test_register_output_offered),
		TEST(test_extended_ranges),
		TEST(test_gpa_rules),
		TEST(test_gpa_limits),
		TEST(test_gpa_access_of_overlays),
		TEST(test_fast_simple_rules),
		TEST(test_plain_registers),
		TEST(test_all_names),
		TEST(test_segments),
		TEST(test_info_registers),
		TEST(test_tsc_register),
		TEST(test_set_rip),
		TEST(test_set_rip_then_fail),
		TEST(test_targets),
		TEST(test_bad_address_space),
		TEST(test_log_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
