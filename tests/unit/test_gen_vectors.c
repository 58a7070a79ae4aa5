/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Every generated vector against the generated validators, and the promises that the generated
 * tables make.
 */
/* link: build/gen/spec_check.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

/* No handler runs here: the tables may point to none. */
#define SPEC_HANDLER __attribute__((weak))
#include "spec_calls.c"
#include "spec_msrs.c"

#include "hv_edges.h"
#include "vector_copy.h"

enum { GPA_PAGES = 1 << 20 };

/*
 * Rules of the calling convention that no input breaks by itself: they take another mode, page,
 * partition or mapping.
 */
static bool needs_surroundings(u32 rule)
{
	return rule == SPEC_RULE_CALLER_MODE || rule == SPEC_RULE_PAGE_ENABLED ||
	       rule == SPEC_RULE_PRIVILEGE || rule == SPEC_RULE_XMM_OFFERED ||
	       rule == SPEC_RULE_GPA_ACCESS;
}

static u32 rule_by_id(const char *id)
{
	for (u32 i = 0; i < SPEC_RULE_COUNT; i++)
		if (strcmp(spec_rules[i].id, id) == 0)
			return i;
	fail_msg("no rule has the id %s", id);
	return 0;
}

static bool is_convention(const char *id)
{
	return strncmp(id, "HVR-C-", 6) == 0;
}

/* ---- hypercalls ---- */

/* What the validators say of a vector's input. */
static u32 verdict(const struct hv_vector *v)
{
	static struct vector_copy copy;
	const struct spec_call *row = spec_call_row(v->code);
	struct spec_args args = vector_headers(&copy, v);
	u32 rule = row->check(&args);

	for (u32 i = 0; !rule && vector_element(&copy, v, i, &args); i++)
		rule = row->check_each(&args);
	return rule;
}

static void judge(const struct hv_vector *v)
{
	bool implemented = spec_call_row(v->code)->flags & SPEC_CALL_IMPLEMENTED;
	u16 status = spec_rules[rule_by_id(v->rule)].status;
	u32 wanted = is_convention(v->rule) ? SPEC_RULE_NONE : rule_by_id(v->rule),
	    found = verdict(v);

	if (found != wanted)
		fail_msg("%s: rule %s, not '%s'", v->name, spec_rules[found].id, v->rule);
	if (v->status != status)
		fail_msg("%s: status %#x, not %#x", v->name, v->status, status);
	if (!implemented)
		status = spec_rules[SPEC_RULE_CODE_KNOWN].status;
	if (v->answer != status)
		fail_msg("%s: answer %#x, not %#x", v->name, v->answer, status);
	assert_int_equal(v->code, v->control & 0xffff);
	assert_int_equal(v->positive, v->rule[0] == 0);
}

static void test_call_vectors(void **state)
{
	(void)state;
	for (u32 i = 0; i < hv_edge_count; i++)
		judge(&hv_edges[i]);
	for (u32 i = 0; i < hv_vector_count; i++) {
		if (spec_call_row(hv_vectors[i].code)->flags)
			judge(&hv_vectors[i]);
		else
			assert_string_equal(hv_vectors[i].rule,
					    spec_rules[SPEC_RULE_CODE_KNOWN].id);
	}
}

static void test_every_call_has_a_positive_vector(void **state)
{
	(void)state;
	for (u32 code = 0; code < 0x10000; code++) {
		bool found = !spec_call_row(code)->flags;
		for (u32 i = 0; i < hv_vector_count; i++)
			found |= hv_vectors[i].code == code && hv_vectors[i].positive;
		if (!found)
			fail_msg("call %#x has no positive vector", code);
	}
}

/* ---- MSRs ---- */

static u32 msr_verdict(const struct hv_msr_vector *v, u64 *value)
{
	static u64 partition[SPEC_MSR_PARTITION_SLOTS], vp[SPEC_MSR_VP_SLOTS];
	const struct spec_msr_env env = { partition, vp, GPA_PAGES };
	const struct spec_msr *row = spec_msr_row(v->msr);

	spec_msr_reset_partition(partition);
	spec_msr_reset_vp(vp);
	*value = v->value;
	if (!v->write)
		return row->flags & SPEC_MSR_READ ? SPEC_RULE_NONE : row->refuse_read;
	if (!(row->flags & SPEC_MSR_WRITE))
		assert_int_equal(row->check(&env, row->reset, value), row->refuse_write);
	return row->check(&env, v->before ? v->before : row->reset, value);
}

static void judge_msr(const struct hv_msr_vector *v)
{
	bool there = spec_msr_row(v->msr)->flags & SPEC_MSR_IMPLEMENTED;
	u64 value;
	u32 found = msr_verdict(v, &value);

	if (found != rule_by_id(v->rule))
		fail_msg("%s: rule %s, not '%s'", v->name, spec_rules[found].id, v->rule);
	if (v->faults != (found != SPEC_RULE_NONE) || v->lacking == there)
		fail_msg("%s: faults is %u, lacking %u", v->name, v->faults, v->lacking);
	if (v->write && !found && value != v->expect_read)
		fail_msg("%s: %#llx is stored", v->name, (unsigned long long)value);
}

static void test_msr_vectors(void **state)
{
	(void)state;
	for (u32 i = 0; i < hv_msr_vector_count; i++)
		judge_msr(&hv_msr_vectors[i]);
	for (u32 i = 0; i < hv_msr_edge_count; i++)
		judge_msr(&hv_msr_edges[i]);
}

/* The page's enable bit needs an OS id; bits that a write leaves alone stay. */
static void test_msr_values_are_put_right(void **state)
{
	u64 partition[SPEC_MSR_PARTITION_SLOTS], vp[SPEC_MSR_VP_SLOTS], value = 0x1fff;
	const struct spec_msr_env env = { partition, vp, GPA_PAGES };
	const struct spec_msr *row = spec_msr_row(HV_X64_MSR_HYPERCALL);

	(void)state;
	spec_msr_reset_partition(partition);
	spec_msr_reset_vp(vp);
	assert_int_equal(row->check(&env, 0x540, &value), SPEC_RULE_NONE);
	assert_int_equal(value, 0x1000 | 0x540 | HV_X64_MSR_HYPERCALL_LOCKED);
	partition[SPEC_MSR_SLOT_GUEST_OS_ID] = 1;
	value = 0x1fff;
	assert_int_equal(row->check(&env, 0, &value), SPEC_RULE_NONE);
	assert_int_equal(value, 0x1000 | HV_X64_MSR_HYPERCALL_LOCKED | HV_X64_MSR_HYPERCALL_ENABLE);
}

static u64 next_random(u64 *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state >> 20 ^ *state << 30;
}

/* What the table calls free to store is what the rules let pass as it is, whatever was before. */
static void test_free_msr_values_break_no_rule(void **state)
{
	u64 partition[SPEC_MSR_PARTITION_SLOTS] = { 0 }, vp[SPEC_MSR_VP_SLOTS] = { 0 }, seed = 1;
	const struct spec_msr_env env = { partition, vp, GPA_PAGES };
	u32 rows = 0;

	(void)state;
	for (u32 i = 0; i < SPEC_MSR_RANGE; i++) {
		const struct spec_msr *row = spec_msr_row(SPEC_MSR_FIRST + i);

		if (row->free_bits >= 64)
			continue;
		rows++;
		assert_true(row->flags & SPEC_MSR_WRITE);
		for (u32 n = 0; n < 200; n++) {
			const u64 below = (1ull << row->free_bits) - 1,
				  value = n < 2 ? n * below : next_random(&seed) & below;
			const u64 old = next_random(&seed);
			u64 stored = value;

			assert_int_equal(row->check(&env, old, &stored), SPEC_RULE_NONE);
			assert_int_equal(stored, value);
		}
	}
	assert_true(rows > 10);
	assert_int_equal(spec_msr_row(HV_X64_MSR_EOI)->free_bits, 32);
	assert_int_equal(spec_msr_row(HV_X64_MSR_HYPERCALL)->free_bits, 255);
}

/* ---- rules and tables ---- */

static void test_every_rule_has_a_vector(void **state)
{
	static bool seen[SPEC_RULE_COUNT];

	(void)state;
	for (u32 i = 0; i < hv_vector_count; i++)
		seen[rule_by_id(hv_vectors[i].rule)] = true;
	for (u32 i = 0; i < hv_msr_vector_count; i++)
		seen[rule_by_id(hv_msr_vectors[i].rule)] = true;
	for (u32 i = 1; i < SPEC_RULE_COUNT; i++)
		if (!seen[i] && !needs_surroundings(i))
			fail_msg("nothing breaks %s: %s", spec_rules[i].id, spec_rules[i].text);
}

static void test_rule_ids_are_unique(void **state)
{
	(void)state;
	for (u32 i = 0; i < SPEC_RULE_COUNT; i++) {
		assert_non_null(spec_rules[i].text);
		assert_int_equal(rule_by_id(spec_rules[i].id), i);
	}
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void require_unique(const char **names, size_t count)
{
	qsort(names, count, sizeof(*names), by_text);
	for (size_t i = 1; i < count; i++)
		assert_string_not_equal(names[i - 1], names[i]);
}

static void test_vector_names_are_unique(void **state)
{
	static const char *calls[ARRAY_SIZE(hv_vectors) + ARRAY_SIZE(hv_edges)],
		*msrs[ARRAY_SIZE(hv_msr_vectors) + ARRAY_SIZE(hv_msr_edges)];
	size_t n = 0, m = 0;

	(void)state;
	for (u32 i = 0; i < hv_vector_count; i++)
		calls[n++] = hv_vectors[i].name;
	for (u32 i = 0; i < hv_edge_count; i++)
		calls[n++] = hv_edges[i].name;
	for (u32 i = 0; i < hv_msr_vector_count; i++)
		msrs[m++] = hv_msr_vectors[i].name;
	for (u32 i = 0; i < hv_msr_edge_count; i++)
		msrs[m++] = hv_msr_edges[i].name;
	require_unique(calls, n);
	require_unique(msrs, m);
}

static void test_call_table_is_total(void **state)
{
	(void)state;
	for (u32 code = 0; code < 0x10000; code++) {
		const struct spec_call *row = spec_call_row(code);
		assert_true(row == spec_call_rows || row->code == code);
		assert_true(row->check && row->check_each && row->handle);
		assert_true(!(row->flags & SPEC_CALL_IMPLEMENTED) || row->flags & SPEC_CALL_KNOWN);
		if (!(row->flags & SPEC_CALL_IMPLEMENTED))
			assert_int_equal(row->handle(NULL, NULL), HV_STATUS_INVALID_HYPERCALL_CODE);
	}
	assert_int_equal(spec_call_rows[0].flags, 0);
}

static void test_msr_table_is_total(void **state)
{
	static const u32 outside[] = { 0, 0x3fffffff, 0x40000000 + SPEC_MSR_RANGE, 0xc0000080,
				       0xffffffff };

	(void)state;
	for (u32 i = 0; i < SPEC_MSR_RANGE; i++) {
		const struct spec_msr *row = spec_msr_row(SPEC_MSR_FIRST + i);
		bool vp = row->flags & SPEC_MSR_VP;
		assert_true(row == spec_msr_rows || row->number == SPEC_MSR_FIRST + i);
		assert_true(row->check != NULL);
		assert_true(row->slot < (vp ? SPEC_MSR_VP_SLOTS : SPEC_MSR_PARTITION_SLOTS));
		assert_int_equal(!!(row->flags & SPEC_MSR_READ), row->flags && !row->refuse_read);
	}
	for (u32 i = 0; i < ARRAY_SIZE(outside); i++)
		assert_ptr_equal(spec_msr_row(outside[i]), spec_msr_rows);
}

static void test_a_table_row_is_a_cache_line(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct spec_call), 64);
	assert_int_equal(sizeof(struct spec_msr), 64);
	assert_int_equal((uintptr_t)spec_call_rows % 64, 0);
	assert_int_equal((uintptr_t)spec_msr_rows % 64, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_call_vectors),
		cmocka_unit_test(test_every_call_has_a_positive_vector),
		cmocka_unit_test(test_msr_vectors),
		cmocka_unit_test(test_msr_values_are_put_right),
		cmocka_unit_test(test_free_msr_values_break_no_rule),
		cmocka_unit_test(test_every_rule_has_a_vector),
		cmocka_unit_test(test_rule_ids_are_unique),
		cmocka_unit_test(test_vector_names_are_unique),
		cmocka_unit_test(test_call_table_is_total),
		cmocka_unit_test(test_msr_table_is_total),
		cmocka_unit_test(test_a_table_row_is_a_cache_line),
	};
	return cmocka_run_group_tests_name("generated vectors and tables", tests, NULL, NULL);
}
