/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Every generated test vector against the hypervisor on the fake machine. */
/* link: core */
#include "fake.h"

#include <stdio.h>
#include <string.h>

#include "hv_abi.h"
#include "hv_vectors.h"
#include "hypercall.h"
#include "msr.h"
#include "spec_calls.h"
#include "spec_check.h"
#include "spec_msrs.h"

#define IN_PAGE 0x200000ull
#define OUT_PAGE 0x202000ull

/* Where the list that a vector is about lies, by its gpa_form. */
static u64 place(const struct hv_vector *t, u64 page)
{
	switch (t->gpa_form) {
	case 1:
		return page + 4;
	case 2:
		return page + PAGE_SIZE - 8;
	case 3:
		return 1ull << FAKE_GPA_BITS;
	default:
		return page;
	}
}

static enum vm_next run(struct vcpu *v, const struct hv_vector *t)
{
	u64 words[512] = { 0 }; /* a page: some vectors have more than fits the registers */
	u64 in = t->input_size ? place(t, IN_PAGE) : IN_PAGE,
	    out = t->input_size ? OUT_PAGE : place(t, OUT_PAGE);

	if (t->gpa_form == 4)
		out = in;
	memset(&v->regs, 0, sizeof(v->regs));
	if (t->input_size)
		memcpy(t->fast ? (void *)words : fake_at(in > FAKE_HIDDEN ? IN_PAGE : in), t->input,
		       t->input_size);
	memcpy(fake_machine.xmm, words + 2, sizeof(fake_machine.xmm));
	v->regs.rcx = t->control;
	v->regs.rdx = t->fast ? words[0] : in;
	v->regs.r8 = t->fast ? words[1] : out;
	return hypercall_exit(v, CALLER_64);
}

/* A positive vector breaks no generated rule; the handler may still have its own mind. */
static bool agrees(const struct vcpu *v, const struct hv_vector *t, enum vm_next next)
{
	if (!(spec_call_row(t->code)->flags & SPEC_CALL_IMPLEMENTED))
		return next == VM_SKIP && (u16)v->regs.rax == t->answer &&
		       v->last_rule == SPEC_RULE_CODE_KNOWN;
	if (t->status == 0xffff || t->status == 0xfffe)
		return next == (t->status == 0xffff ? VM_UD : VM_GP);
	if (next != VM_SKIP || (!t->positive && (u16)v->regs.rax != t->status))
		return false;
	return t->positive ? v->last_rule == SPEC_RULE_NONE || (u16)v->regs.rax == t->status :
			     strcmp(spec_rules[v->last_rule].id, t->rule) == 0;
}

/* Whether a vector is answered as it must be; says so when not. */
static bool try(const struct hv_vector *t, bool warm)
{
	struct vcpu *v = fake_vp();
	enum vm_next next;

	if (warm) /* short paths want a page that was used lately */
		gpa_ptr(v->partition, &v->hits, GPA(IN_PAGE), NPT_R);
	next = run(v, t);
	if (agrees(v, t, next))
		return true;
	print_error("%s: next %d status 0x%x by %s, wanted 0x%x by %s\n", t->name, next,
		    (u16)v->regs.rax, spec_rules[v->last_rule].id, t->answer, t->rule);
	return false;
}

static void test_calls(void **state)
{
	u32 bad = 0;

	(void)state;
	assert_true(hv_vector_count > 50);
	for (unsigned i = 0; i < hv_vector_count; i++)
		bad += !try(&hv_vectors[i], false) + !try(&hv_vectors[i], true);
	assert_int_equal(bad, 0);
}

/*
 * Where an implemented call's gate is shut, every vector of it that passes the rules before is
 * denied.
 */
static void test_gates(void **state)
{
	u32 seen = 0;

	(void)state;
	for (unsigned i = 0; i < hv_vector_count; i++) {
		struct vcpu *v = fake_vp();

		if (!hv_vectors[i].needs_privilege || hv_vectors[i].answer != hv_vectors[i].status)
			continue;
		seen++;
		v->partition->offer.privilege = 0;
		hypercall_open(v->partition, true);
		assert_int_equal(run(v, &hv_vectors[i]), VM_SKIP);
		assert_int_equal((u16)v->regs.rax, hv_vectors[i].denied);
	}
	assert_true(seen > 0);
}

static bool msr_access(struct vcpu *v, const struct hv_msr_vector *t, u64 *value)
{
	if (t->before)
		assert_int_equal(msr_write(v, t->msr, t->before), !t->lacking);
	return t->write ? msr_write(v, t->msr, t->value) : msr_read(v, t->msr, value);
}

static void test_msrs(void **state)
{
	u32 bad = 0;

	(void)state;
	for (unsigned i = 0; i < hv_msr_vector_count; i++) {
		const struct hv_msr_vector *t = &hv_msr_vectors[i];
		struct vcpu *v = fake_vp();
		u64 value = 0;
		bool done = msr_access(v, t, &value);
		bool same_rule = strcmp(spec_rules[v->last_rule].id, t->rule) == 0 || !*t->rule ||
				 t->lacking;

		if (done && t->read_known)
			same_rule &= msr_read(v, t->msr, &value) && value == t->expect_read;
		if (done == !(t->faults || t->lacking) && same_rule)
			continue;
		bad++;
		print_error("%s: %s by %s, wanted %s by %s\n", t->name, done ? "done" : "refused",
			    spec_rules[v->last_rule].id, t->faults ? "refused" : "done", t->rule);
	}
	assert_int_equal(bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_gates),
		cmocka_unit_test(test_msrs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
