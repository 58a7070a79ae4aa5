/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Exits that are observed: their records, their times, and the trace as it is written. */
/* link: core */
#include "fake.h"

#include <string.h>

#include "hv_abi.h"
#include "observe.h"
#include "trace.h"

static void write_msr(struct vcpu *v)
{
	vcpu_count(v, EXIT_MSR_WRITE);
	trace(v, TRACE_MSR_WRITE, 0x40000000, 1, 0);
	fake_machine.tsc += 90;
}

/* A flush of two ranges by memory: 24 bytes of header and two elements. */
static void call(struct vcpu *v)
{
	static const u64 input[] = { 0x1000, 1, 7, 0x2000, 0x3001, 99, 99 };

	memcpy(fake_at(0x8000), input, sizeof(input));
	vcpu_count(v, EXIT_HYPERCALL);
	v->regs.rcx = HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST | 2ull << 32;
	v->regs.rdx = 0x8000;
	assert_int_equal(hypercall_exit(v, CALLER_64), VM_SKIP);
	assert_int_equal(v->regs.rax, 2ull << 32);
}

static struct vcpu *observed_vp(void)
{
	struct vcpu *v = fake_vp();

	observe_choose(true);
	fake_machine.tsc_step = 0;
	fake_machine.tsc = 5000;
	fake_virt.reg[VREG_RIP] = 0x7c00;
	return v;
}

static void test_handler(void **state)
{
	(void)state;
	fake_vp();
	observe_choose(false);
	assert_ptr_equal(observe_handler, virt->exit);
	assert_int_equal(observe_port(), 0);
	observe_write(fake_machine.vcpu->partition);
	assert_int_equal(fake_machine.debug_length, 0);
	observe_choose(true);
	assert_ptr_equal(observe_handler, observe_exit);
	assert_int_equal(observe_port(), FAKE_DEBUG_PORT);
}

static void test_exit(void **state)
{
	struct vcpu *v = observed_vp();
	const struct trace_record *r;

	(void)state;
	fake_virt.on_exit = write_msr;
	observe_handler(v);
	observe_handler(v);
	assert_int_equal(v->exit_count[EXIT_MSR_WRITE], 2);
	assert_int_equal(v->exit_ticks[EXIT_MSR_WRITE], 180);
	r = trace_back(v, 2); /* the record of the exit is in front of what came of it */
	assert_int_equal(r->type, TRACE_EXIT);
	assert_int_equal(r->exit, 2);
	assert_int_equal(r->a, EXIT_MSR_WRITE);
	assert_int_equal(r->b, 5090);
	assert_int_equal(r->c, 0x7c00);
	assert_int_equal(r->d, 90);
	assert_int_equal(trace_back(v, 1)->type, TRACE_MSR_WRITE);
	assert_int_equal(trace_back(v, 1)->exit, 2);
}

/* The call's own record has two words of input, as always; observed, the others follow. */
static void test_input(void **state)
{
	struct vcpu *v = observed_vp();
	const struct trace_record *r;

	(void)state;
	fake_virt.on_exit = call;
	observe_handler(v);
	r = trace_back(v, 2);
	assert_int_equal(r->type, TRACE_HYPERCALL);
	assert_int_equal(r->a, HV_STATUS_SUCCESS | 2 << 16);
	assert_int_equal(r->b, HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST | 2ull << 32);
	assert_int_equal(r->c, 0x1000);
	assert_int_equal(r->d, 1);
	r = trace_back(v, 1);
	assert_int_equal(r->type, TRACE_INPUT);
	assert_int_equal(r->a, 16);
	assert_int_equal(r->b, 7);
	assert_int_equal(r->c, 0x2000);
	assert_int_equal(r->d, 0x3001);
}

static void test_write(void **state)
{
	struct vcpu *v = observed_vp();
	const struct trace_record *records;
	struct trace_head head;

	(void)state;
	fake_virt.on_exit = write_msr;
	observe_handler(v);
	observe_write(v->partition);
	memcpy(&head, fake_machine.debug, sizeof(head));
	assert_memory_equal(head.magic, TRACE_MAGIC, sizeof(head.magic));
	assert_int_equal(head.vp, 0);
	assert_int_equal(head.exits, 1);
	assert_int_equal(head.kinds, EXIT_KIND_COUNT);
	assert_int_equal(head.tsc_hz, FAKE_TSC_HZ);
	assert_int_equal(head.of[EXIT_MSR_WRITE].count, 1);
	assert_int_equal(head.of[EXIT_MSR_WRITE].ticks, 90);
	assert_int_equal(fake_machine.debug_length,
			 sizeof(head) + head.records * sizeof(struct trace_record));
	records = (const void *)(fake_machine.debug + sizeof(head));
	assert_int_equal(records[head.records - 2].type, TRACE_EXIT);
	assert_int_equal(records[head.records - 1].type, TRACE_MSR_WRITE);
	/* A full ring is written as it turns: the oldest record first. */
	for (u32 i = 0; i < TRACE_RECORDS + 3; i++)
		trace(v, TRACE_CPUID, i, 0, 0);
	fake_machine.debug_length = 0;
	observe_write(v->partition);
	memcpy(&head, fake_machine.debug, sizeof(head));
	assert_int_equal(head.records, TRACE_RECORDS);
	assert_int_equal(records[0].a, 3);
	assert_int_equal(records[TRACE_RECORDS - 1].a, TRACE_RECORDS + 2);
}

static void test_counts(void **state)
{
	struct vcpu *v = observed_vp();

	(void)state;
	fake_virt.on_exit = write_msr;
	observe_handler(v);
	observe_log_counts(v->partition);
	assert_string_equal(fake_machine.console,
			    "partita: exits: 1 of kind WRMSR, 90 TSC ticks each\n");
	observe_choose(false);
	fake_machine.console_length = 0;
	observe_log_counts(v->partition);
	assert_int_equal(strncmp(fake_machine.console, "partita: exits: 1 of kind WRMSR\n", 32), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handler), cmocka_unit_test(test_exit),
		cmocka_unit_test(test_input),   cmocka_unit_test(test_write),
		cmocka_unit_test(test_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
