/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * The order of checks: a call that breaks two rules is refused by the one that the specification
 * lists first (spec/rules.def), and by its own rules last.
 */
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

#define FAST (1ull << 16)
#define VAR(n) ((u64)(n) << 17)
#define REPS(n) ((u64)(n) << 32)
#define START(n) ((u64)(n) << 48)

/* One call as it will be made. */
struct attempt {
	struct vcpu *v;
	enum caller_mode mode;
	u64 control;
	u64 in, out;
	struct hv_get_vp_registers_in header;
	bool overlap;   /* output at the place of input, wherever that is by then */
};

/* ---- how to break each rule: changes that go together ---- */

static void caller_mode(struct attempt *a)
{
	a->mode = CALLER_ILLEGAL;
}

static void page_enabled(struct attempt *a)
{
	a->v->partition->msr[SPEC_MSR_SLOT_HYPERCALL] = 0;
}

static void code_known(struct attempt *a)
{
	a->control |= 0xffff;
}

static void privilege(struct attempt *a)
{
	a->v->partition->offer.privilege = 0;
}

static void control_reserved(struct attempt *a)
{
	a->control |= 1ull << 63;
}

static void nested(struct attempt *a)
{
	a->control |= 1ull << 31;
}

static void rep_count(struct attempt *a)
{
	a->control &= ~REPS(0xfff);
}

static void rep_start(struct attempt *a)
{
	a->control |= START(0xfff);
}

static void variable_header(struct attempt *a)
{
	a->control |= VAR(1);
}

/* Eight registers of output are too many for the registers of a call. */
static void fast_allowed(struct attempt *a)
{
	a->control |= FAST;
}

/* In memory there is nothing to break; in registers this call's input needs more than two. */
static void xmm_offered(struct attempt *a)
{
	a->v->partition->offer.feature = 0;
}

static void gpa_alignment(struct attempt *a)
{
	a->in |= 4;
}

static void gpa_page(struct attempt *a)
{
	a->in |= PAGE_SIZE - 8;
}

static void gpa_space(struct attempt *a)
{
	a->in += 1ull << FAKE_GPA_BITS;
}

static void gpa_overlap(struct attempt *a)
{
	a->overlap = true;
}

static void gpa_access(struct attempt *a)
{
	a->in = (a->in & (PAGE_SIZE - 1)) + (a->in & ~((1ull << FAKE_GPA_BITS) - 1)) + FAKE_HIDDEN;
}

/* Not a rule of the convention: one of the call's own, which all come after it. */
static void own_rule(struct attempt *a)
{
	a->header.target_vtl = 0x80;
}

struct breaker {
	u32 rule;
	void (*apply)(struct attempt *a);
};

static const struct breaker in_memory[] = {
	{ SPEC_RULE_CALLER_MODE, caller_mode },
	{ SPEC_RULE_PAGE_ENABLED, page_enabled },
	{ SPEC_RULE_CODE_KNOWN, code_known },
	{ SPEC_RULE_PRIVILEGE, privilege },
	{ SPEC_RULE_CONTROL_RESERVED, control_reserved },
	{ SPEC_RULE_NESTED, nested },
	{ SPEC_RULE_REP_COUNT, rep_count },
	{ SPEC_RULE_REP_START, rep_start },
	{ SPEC_RULE_VARIABLE_HEADER, variable_header },
	{ SPEC_RULE_FAST_ALLOWED, fast_allowed },
	{ SPEC_RULE_GPA_ALIGNMENT, gpa_alignment },
	{ SPEC_RULE_GPA_PAGE, gpa_page },
	{ SPEC_RULE_GPA_SPACE, gpa_space },
	{ SPEC_RULE_GPA_OVERLAP, gpa_overlap },
	{ SPEC_RULE_GPA_ACCESS, gpa_access },
	{ SPEC_RULE_GET_VP_REGISTERS_TARGET_VTL_RESERVED, own_rule },
};

/* Input in registers lies nowhere: no rule of place applies. */
static const struct breaker in_registers[] = {
	{ SPEC_RULE_CALLER_MODE, caller_mode },
	{ SPEC_RULE_PAGE_ENABLED, page_enabled },
	{ SPEC_RULE_CODE_KNOWN, code_known },
	{ SPEC_RULE_PRIVILEGE, privilege },
	{ SPEC_RULE_CONTROL_RESERVED, control_reserved },
	{ SPEC_RULE_NESTED, nested },
	{ SPEC_RULE_REP_COUNT, rep_count },
	{ SPEC_RULE_REP_START, rep_start },
	{ SPEC_RULE_VARIABLE_HEADER, variable_header },
	{ SPEC_RULE_XMM_OFFERED, xmm_offered },
	{ SPEC_RULE_SET_VP_REGISTERS_TARGET_VTL_RESERVED, own_rule },
};

static u32 attempt(u64 control, const struct breaker *one, const struct breaker *other)
{
	struct attempt a = { .mode = CALLER_64, .control = control, .in = IN_PAGE, .out = OUT_PAGE };
	u64 words[2];

	a.v = fake_vp();
	a.header.partition_id = HV_PARTITION_ID_SELF;
	a.header.vp_index = HV_VP_INDEX_SELF;
	one->apply(&a);
	other->apply(&a);
	hypercall_open(a.v->partition, a.v->partition->msr[SPEC_MSR_SLOT_HYPERCALL] != 0);
	memcpy(fake_at(IN_PAGE), &a.header, sizeof(a.header));
	memcpy(words, &a.header, sizeof(words));
	a.v->regs.rcx = a.control;
	a.v->regs.rdx = a.control & FAST ? words[0] : a.in;
	a.v->regs.r8 = a.control & FAST ? words[1] : a.overlap ? a.in : a.out;
	a.v->last_rule = SPEC_RULE_NONE;
	hypercall_exit(a.v, a.mode);
	return a.v->last_rule;
}

static void check_pairs(u64 control, const struct breaker *breakers, size_t count)
{
	for (size_t first = 0; first < count; first++)
		for (size_t second = first; second < count; second++) {
			u32 got = attempt(control, &breakers[first], &breakers[second]);

			if (got != breakers[first].rule)
				fail_msg("%s and %s broken: refused by %s",
					 spec_rules[breakers[first].rule].id,
					 spec_rules[breakers[second].rule].id, spec_rules[got].id);
		}
}

static void test_in_memory(void **state)
{
	(void)state;
	check_pairs(HV_CALL_GET_VP_REGISTERS | REPS(8), in_memory, ARRAY_SIZE(in_memory));
}

static void test_in_registers(void **state)
{
	(void)state;
	check_pairs(HV_CALL_SET_VP_REGISTERS | REPS(1) | FAST, in_registers,
		    ARRAY_SIZE(in_registers));
}

/* Input that is too long for registers is so whether XMM registers are offered or not. */
static void test_too_long_without_xmm(void **state)
{
	const struct breaker too_long = { SPEC_RULE_FAST_ALLOWED, fast_allowed },
			     no_xmm = { SPEC_RULE_XMM_OFFERED, xmm_offered };

	(void)state;
	assert_int_equal(attempt(HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST | REPS(12), &too_long, &no_xmm),
			 SPEC_RULE_FAST_ALLOWED);
}

/* The specification's order is what the tables above are in, and they leave no rule out. */
static void test_tables_are_whole(void **state)
{
	bool seen[SPEC_RULE_COUNT] = { false };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(in_memory); i++) {
		seen[in_memory[i].rule] = true;
		assert_true(i == 0 || in_memory[i - 1].rule < in_memory[i].rule);
	}
	for (size_t i = 0; i < ARRAY_SIZE(in_registers); i++) {
		seen[in_registers[i].rule] = true;
		assert_true(i == 0 || in_registers[i - 1].rule < in_registers[i].rule);
	}
	for (u32 rule = 1; strncmp(spec_rules[rule].id, "HVR-C-", 6) == 0; rule++)
		if (!seen[rule])
			fail_msg("the order of %s is not tested", spec_rules[rule].id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_memory),
		cmocka_unit_test(test_in_registers),
		cmocka_unit_test(test_too_long_without_xmm),
		cmocka_unit_test(test_tables_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
