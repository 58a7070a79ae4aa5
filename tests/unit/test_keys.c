/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Keys on the hypervisor's console: when they are looked for, and what they answer. */
/* link: core */
#include "fake.h"

#include <string.h>

#include "interrupt.h"
#include "keys.h"
#include "trace.h"

#define TENTH (FAKE_TSC_HZ / 10)

/* VPs whose first looks for keys; the time stands still. */
static struct vcpu *start(u32 count)
{
	struct vcpu *v = fake_vps(count);

	fake_machine.tsc_step = 0;
	fake_machine.tsc = 1000;
	keys_start(v);
	return v;
}

static void type(struct vcpu *v, const char *keys)
{
	fake_machine.console_length = 0;
	memset(fake_machine.console, 0, sizeof(fake_machine.console));
	fake_machine.keys = keys;
	fake_machine.tsc = v->keys_due;
	keys_check(v, fake_machine.tsc);
}

static void test_times(void **state)
{
	struct vcpu *v = start(1);

	(void)state;
	assert_int_equal(v->keys_due, 1000 + TENTH);
	assert_int_equal(fake_machine.timer, 1000 + TENTH);
	fake_machine.keys = "h";
	keys_check(v, 999 + TENTH); /* too early */
	assert_string_equal(fake_machine.keys, "h");
	fake_machine.tsc = 1000 + TENTH;
	interrupt_timer(v, 1000 + TENTH);
	assert_string_equal(fake_machine.keys, "");
	assert_int_equal(v->keys_due, 1000 + 2 * TENTH);
	assert_int_equal(fake_machine.timer, 1000 + 2 * TENTH);
	/* What is due earlier comes first, and again afterwards. */
	v->lapic.deadline = 1000 + TENTH + TENTH / 2;
	vcpu_deadlines_changed(v);
	assert_int_equal(fake_machine.timer, 1000 + TENTH + TENTH / 2);
	v->lapic.deadline = 0;
	vcpu_deadlines_changed(v);
	assert_int_equal(fake_machine.timer, 1000 + 2 * TENTH);
}

static void test_no_device(void **state)
{
	struct vcpu *v;

	(void)state;
	v = fake_vps(1);
	fake_machine.no_keys = true;
	keys_start(v);
	assert_int_equal(v->keys_due, 0);
	keys_check(v, UINT64_MAX / 4);
	assert_int_equal(v->keys_due, 0);
}

static void test_answers(void **state)
{
	struct vcpu *v = start(2);

	(void)state;
	type(v, "h");
	assert_true(fake_logged("key h: these keys\n"));
	assert_true(fake_logged("key v: virtual processors\n"));
	type(v, "p");
	assert_true(fake_logged("partition 1: 2 virtual processors, privileges 0x"));
	assert_true(fake_logged("  HV_X64_MSR_HYPERCALL = 0x"));
	v->exits = 5;
	vcpu_count(v, EXIT_CPUID);
	type(v, "c");
	assert_true(fake_logged("vp 0: 5 exits\n"));
	assert_true(fake_logged("exits: 1 of kind CPUID\n"));
	trace(v, TRACE_CPUID, 0x1234, 0, 0);
	type(v, "t");
	assert_true(fake_logged("exit 5: CPUID 0x1234.0\n"));
	type(v, "?\n");
	assert_int_equal(fake_machine.console_length, 0);
	type(v, "hc"); /* all that wait, in their order */
	assert_true(fake_logged("key h: "));
	assert_true(fake_logged("vp 1: 0 exits\n"));
}

/* Each VP shows itself on its own processor, then asks the next. */
static void test_vps(void **state)
{
	struct vcpu *v = start(2), *other = v->partition->vp[1];

	(void)state;
	v->regs.r12 = 0x777;
	type(v, "v");
	assert_int_equal(v->requests, VCPU_REQUEST_SHOW);
	assert_int_equal(other->requests, 0);
	interrupt_service(v);
	assert_true(fake_logged("vp 0 of partition 1, APIC id 7, runs, "));
	assert_true(fake_logged("r12 0000000000000777"));
	assert_true(fake_logged("no interrupt pending\n"));
	assert_false(fake_logged("vp 1 of"));
	assert_int_equal(other->requests, VCPU_REQUEST_SHOW);
	assert_int_equal(fake_machine.kicks, 1);
	fake_machine.vcpu = other;
	other->state = VCPU_RUNS;
	interrupt_service(other);
	assert_true(fake_logged("vp 1 of partition 1, APIC id 8, runs, "));
	assert_int_equal(v->requests, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times), cmocka_unit_test(test_no_device),
		cmocka_unit_test(test_answers), cmocka_unit_test(test_vps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
