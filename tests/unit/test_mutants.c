/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Every rule of every call and MSR, wrong in every way the generator knows: each must be noticed by
 * a vector. A survivor means that the vectors are too weak to hold an implementation to that rule.
 */
/* link: build/gen/spec_check.c build/gen/spec_names.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

/* No handler runs here: the tables may point to none. */
#define SPEC_HANDLER __attribute__((weak))
#include "spec_calls.c"
#include "spec_msrs.c"
#include "mutants.c"

#include "hv_edges.h"
#include "spec_names.h"
#include "vector_copy.h"

enum { GPA_PAGES = 1 << 20, NO_STATUS = 0xfffd };

static u32 caught, survivors;

/* What a mutant yields where the rule says so: its status, which may be the thing that is wrong. */
static u16 status_of(u32 n, u32 rule)
{
	const struct spec_rule_info *info = &spec_rules[rule];

	return mutants[n].other_status && strcmp(info->id, mutants[n].rule) == 0 ? NO_STATUS
										  : info->status;
}

static void count(u32 n, const char *owner, bool noticed)
{
	caught += noticed;
	survivors += !noticed;
	if (!noticed)
		print_error("survives: %s %s of %s\n", mutants[n].rule, mutants[n].what, owner);
}

/* ---- calls ---- */

/* True when mutant n answers the vector otherwise than it must be. */
static bool call_differs(const struct mutant_call *call, u32 n, const struct hv_vector *v)
{
	static struct vector_copy copy;
	struct spec_args args = vector_headers(&copy, v);
	u32 rule = call->check(n, &args);

	for (u32 i = 0; !rule && vector_element(&copy, v, i, &args); i++)
		rule = call->check_each(n, &args);
	return strcmp(spec_rules[rule].id, v->rule) != 0 || status_of(n, rule) != v->status;
}

/* The next row from *at on that is about this call's own rules, or NULL. */
static const struct hv_vector *next_row(const struct hv_vector **at, u16 code)
{
	for (; (*at)->name; (*at)++)
		if ((*at)->code == code && strncmp((*at)->rule, "HVR-C-", 6) != 0)
			return (*at)++;
	return NULL;
}

static bool call_noticed(const struct mutant_call *call, u32 n)
{
	const struct hv_vector *tables[] = { hv_vectors, hv_edges }, *v;

	for (u32 i = 0; i < ARRAY_SIZE(tables); i++)
		while ((v = next_row(&tables[i], call->code)) != NULL)
			if (call_differs(call, n, v))
				return true;
	return false;
}

static void test_calls(void **state)
{
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(mutant_calls); i++) {
		const struct mutant_call *call = &mutant_calls[i];

		assert_false(call_noticed(call, 0));
		for (u32 n = call->first; n <= call->last; n++)
			count(n, spec_call_name(call->code), call_noticed(call, n));
	}
	assert_int_equal(survivors, 0);
}

/* ---- MSRs ---- */

static bool msr_differs(const struct mutant_msr *msr, u32 n, const struct hv_msr_vector *v)
{
	static u64 partition[SPEC_MSR_PARTITION_SLOTS], vp[SPEC_MSR_VP_SLOTS];
	const struct spec_msr_env env = { partition, vp, GPA_PAGES };
	u64 value = v->value;
	u32 rule;

	spec_msr_reset_partition(partition);
	spec_msr_reset_vp(vp);
	rule = msr->check(n, v->write, &env, v->before ? v->before : spec_msr_row(v->msr)->reset,
			  &value);
	if (strcmp(spec_rules[rule].id, v->rule) != 0)
		return true;
	if (rule)
		return status_of(n, rule) != SPEC_FAULT_GP;
	return v->write && value != v->expect_read;
}

static bool msr_noticed(const struct mutant_msr *msr, u32 n)
{
	const struct hv_msr_vector *tables[] = { hv_msr_vectors, hv_msr_edges };

	for (u32 i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct hv_msr_vector *v = tables[i]; v->name; v++)
			if (v->msr == msr->number && msr_differs(msr, n, v))
				return true;
	return false;
}

static void test_msrs(void **state)
{
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(mutant_msrs); i++) {
		const struct mutant_msr *msr = &mutant_msrs[i];

		assert_false(msr_noticed(msr, 0));
		for (u32 n = msr->first; n <= msr->last; n++)
			count(n, spec_msr_name(msr->number), msr_noticed(msr, n));
	}
	assert_int_equal(survivors, 0);
}

/* Every rule of a call or MSR has been weakened. */
static void test_no_rule_is_forgotten(void **state)
{
	(void)state;
	for (u32 rule = 1; rule < SPEC_RULE_COUNT; rule++) {
		const char *id = spec_rules[rule].id;
		bool found = strncmp(id, "HVR-C-", 6) == 0;

		for (u32 n = 1; n < ARRAY_SIZE(mutants) && !found; n++)
			found = strcmp(mutants[n].rule, id) == 0;
		if (!found)
			fail_msg("no mutant of %s", id);
	}
	assert_int_equal(caught + survivors, ARRAY_SIZE(mutants) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_msrs),
		cmocka_unit_test(test_no_rule_is_forgotten),
	};
	int failed = cmocka_run_group_tests_name("mutants of the rules", tests, NULL, NULL);

	printf("# %u of %u mutants of the rules caught\n", caught, caught + survivors);
	return failed;
}
