/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Allocation, options, log, trace, panics and reference time. */
/* link: core */
#include "fake.h"

#include <string.h>

#include "alloc.h"
#include "hv_abi.h"
#include "log.h"
#include "machine.h"
#include "options.h"
#include "panic.h"
#include "reftsc.h"
#include "text.h"
#include "trace.h"

/* ---- allocation ---- */

static void test_alloc(void **state)
{
	struct alloc_statistics s;
	u8 *a, *b, *many;

	(void)state;
	fake_reset(64 * PAGE_SIZE);
	memset(fake_at(0), 0xff, 64 * PAGE_SIZE);
	alloc_init(HPA(10 * PAGE_SIZE + 1), 10 * PAGE_SIZE); /* nine whole pages */
	alloc_get_statistics(&s);
	assert_int_equal(s.pages, 9);
	a = alloc_page();
	b = alloc_page();
	assert_ptr_equal(a, fake_at(11 * PAGE_SIZE));
	for (size_t i = 0; i < PAGE_SIZE; i++)
		assert_int_equal(a[i], 0);
	assert_int_equal(*(u8 *)fake_at(13 * PAGE_SIZE), 0xff);
	many = alloc_pages(7);
	assert_ptr_equal(many, fake_at(13 * PAGE_SIZE));
	assert_null(alloc_page());
	assert_null(alloc_pages(1));
	assert_null(alloc_pages(0));
	assert_null(alloc_pages(SIZE_MAX));
	assert_int_equal(*(u8 *)fake_at(20 * PAGE_SIZE), 0xff);
	memset(b, 0xee, PAGE_SIZE);
	free_page(b);
	free_page(NULL);
	assert_ptr_equal(alloc_page(), b);
	assert_int_equal(b[100], 0);
	alloc_get_statistics(&s);
	assert_int_equal(s.free, 0);
	assert_int_equal(s.peak, 9);
	assert_true(fake_halts(free_page(a + 8)));
}

static void test_alloc_cut(void **state)
{
	struct alloc_statistics s;

	(void)state;
	fake_reset(64 * PAGE_SIZE);
	alloc_init(HPA(10 * PAGE_SIZE), 10 * PAGE_SIZE);
	alloc_page();
	alloc_cut(HPA(12 * PAGE_SIZE));
	alloc_get_statistics(&s);
	assert_int_equal(s.pages, 2);
	assert_int_equal(s.free, 1);
	assert_non_null(alloc_page());
	assert_null(alloc_page());
	assert_true(fake_halts(alloc_cut(HPA(11 * PAGE_SIZE)))); /* has been handed out */
}

/* ---- options ---- */

static bool parse(const char *line, struct options *o, char *error)
{
	struct text t;

	text_init(&t, error, 1024);
	return options_parse(o, line, &t);
}

static void test_options(void **state)
{
	struct options o;
	char error[1024];

	(void)state;
	assert_true(parse("", &o, error));
	assert_string_equal(o.console, "com2");
	assert_true(parse("partita", &o, error));
	assert_true(parse("  /boot/partita  console=e9   end=qemu ", &o, error));
	assert_string_equal(o.console, "e9");
	assert_string_equal(o.end, "qemu");
	assert_string_equal(o.privileges, "default");
	/* Without a name; the last one counts. */
	assert_true(parse("console=none console=com1", &o, error));
	assert_string_equal(o.console, "com1");
	assert_true(parse("x end=", &o, error));
	assert_string_equal(o.end, "");
}

static void test_bad_options(void **state)
{
	struct options o;
	char error[1024], line[200];

	(void)state;
	assert_false(parse("partita consol=e9", &o, error));
	assert_non_null(strstr(error, "unknown option 'consol=e9'"));
	assert_non_null(strstr(error, "console=com2"));
	assert_non_null(strstr(error, "privileges="));
	assert_false(parse("partita quiet", &o, error));
	assert_false(parse("partita consolex=e9", &o, error));
	assert_false(parse("partita =e9", &o, error));
	memset(line, 'a', sizeof(line));
	memcpy(line, "p end=", 6);
	line[6 + OPTION_MAX - 1] = '\0';
	assert_true(parse(line, &o, error));
	line[6 + OPTION_MAX - 1] = 'a';
	line[6 + OPTION_MAX] = '\0';
	assert_false(parse(line, &o, error));
	assert_non_null(strstr(error, "'end'"));
}

static void test_option_numbers(void **state)
{
	u64 n;

	(void)state;
	assert_true(options_number("0", &n) && n == 0);
	assert_true(options_number("4711", &n) && n == 4711);
	assert_true(options_number("0xFfffFFFFffffffff", &n) && n == UINT64_MAX);
	assert_true(options_number("18446744073709551615", &n) && n == UINT64_MAX);
	assert_false(options_number("18446744073709551616", &n));
	assert_false(options_number("0x10000000000000000", &n));
	assert_false(options_number("", &n));
	assert_false(options_number("0x", &n));
	assert_false(options_number("1f", &n));
	assert_false(options_number("0xg", &n));
	assert_false(options_number("-1", &n));
}

/* ---- log and trace ---- */

static void test_log_lines(void **state)
{
	char long_line[1000];

	(void)state;
	fake_vp();
	memset(long_line, 'x', sizeof(long_line) - 1);
	long_line[sizeof(long_line) - 1] = '\0';
	log_info("number %u", 5);
	log_warn("%s", "careful");
	log_line("as it is %s");
	assert_string_equal(fake_machine.console,
			    "partita: number 5\npartita: warning: careful\npartita: as it is %s\n");
	log_info("%s", long_line);
	assert_int_equal(fake_machine.console[fake_machine.console_length - 1], '\n');
	assert_true(fake_machine.console_length < 400);
}

static void test_refusals_are_counted(void **state)
{
	struct vcpu *v = fake_vp();
	static const char kinds[400];
	size_t length;

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		log_refusal_of(v, &kinds[0], 3, "kind A %u", i);
	assert_true(fake_logged("vp 0: kind A 2 (more of this kind are only counted)\n"));
	length = fake_machine.console_length;
	log_refusal_of(v, &kinds[0], 3, "kind A again");
	assert_int_equal(fake_machine.console_length, length);
	log_refusal_of(v, &kinds[8], 3, "kind B");
	assert_true(fake_logged("kind B\n"));
	/* More kinds than there is room for: no overrun, no flood. */
	for (size_t i = 0; i < sizeof(kinds); i++)
		log_refusal_of(v, &kinds[i], 1, "kind %zu", i);
	log_summary();
	assert_true(fake_logged("more refusals were not shown\n"));
}

static void test_trace_ring(void **state)
{
	struct vcpu *v = fake_vp();

	(void)state;
	for (u32 i = 0; i < TRACE_RECORDS + 10; i++)
		trace(v, TRACE_CPUID, i, 0, 0);
	fake_machine.console_length = 0;
	trace_dump(v, 3);
	assert_string_equal(fake_machine.console, "partita: trace: exit 0: CPUID 0x807.0\n"
						  "partita: trace: exit 0: CPUID 0x808.0\n"
						  "partita: trace: exit 0: CPUID 0x809.0\n");
	fake_machine.console_length = 0;
	trace_dump(v, 100000);
	assert_true(strncmp(fake_machine.console, "partita: trace: exit 0: CPUID 0xa.0\n", 36) ==
		    0);
}

/* Every record has words, whatever its fields. */
static void test_trace_words(void **state)
{
	static const u64 values[] = { 0, 1, 0x40000001, UINT64_MAX };
	char buf[300];
	struct text t;

	(void)state;
	for (u16 type = 0; type <= TRACE_TYPES; type++) {
		for (size_t i = 0; i < 4; i++) {
			struct trace_record r = { type,	     0,		(u32)values[i],
						  values[i], values[i], values[i] };

			text_init(&t, buf, sizeof(buf));
			trace_decode(&r, 0, &t);
			assert_true(t.len > 10);
		}
	}
	text_init(&t, buf, sizeof(buf));
	/* The low part of an exit's number, and the number of them by now, tell the whole. */
	trace_decode(&(struct trace_record){ TRACE_HYPERCALL, 0xfffe,
					     HV_STATUS_ACCESS_DENIED | 2 << 16, 0x300000003, 5, 7 },
		     0x30001, &t);
	assert_string_equal(buf, "exit 196606: HvCallFlushVirtualAddressList, control 0x300000003, "
				 "input 0x5 0x7: HV_STATUS_ACCESS_DENIED, 2 reps");
}

/* ---- panics ---- */

static void test_panic(void **state)
{
	struct vcpu *v = fake_vp();

	(void)state;
	v->exits = 1;
	options_parse(&options, "", &(struct text){ (char[1]){ 0 }, 1, 0 });
	v->regs.r12 = 0x123456789;
	v->current_call = HV_CALL_GET_PARTITION_ID;
	v->current_msr = HV_X64_MSR_HYPERCALL;
	v->last_rule = 1;
	fake_virt.reg[VREG_RIP] = 0x5000;
	memcpy(fake_at(0x5000), "\x0f\x01\xd9\xc3", 4);
	trace(v, TRACE_CPUID, 0x40000003, 0, 0);
	assert_true(fake_halts(panic("what went %s", "wrong")));
	assert_true(fake_logged("partita: panic: what went wrong\n"));
	assert_true(fake_logged("vp 0 of partition 1"));
	assert_true(fake_logged("r12 0000000123456789"));
	assert_true(fake_logged("code at rip: 0f 01 d9 c3 00"));
	assert_true(fake_logged("latest call 0x46 HvCallGetPartitionId"));
	assert_true(fake_logged("latest MSR 0x40000001 HV_X64_MSR_HYPERCALL"));
	assert_true(fake_logged("latest refusal HVR-C-01"));
	assert_true(fake_logged("FAKE: fake exit\n"));
	assert_true(fake_logged("FAKE: fake qualification\n"));
	assert_true(fake_logged("trace: exit 1: CPUID 0x40000003.0"));
	assert_true(strstr(fake_machine.console, "partita: end: panic\n")[20] == '\0');
	/* Once more, as from inside the dump: only the reason and the end. */
	fake_machine.console_length = 0;
	assert_true(fake_halts(panic("again")));
	assert_true(strncmp(fake_machine.console, "partita: panic: again\n", 22) == 0);
	assert_false(fake_logged("r12"));
	assert_true(fake_halts(
		panic_exception(&(struct exception_frame){ .vector = 14, .cr2 = 0xabc })));
	assert_true(fake_logged("exception 14 in the hypervisor"));
}

static void test_triple_fault(void **state)
{
	struct vcpu *v = fake_vp();

	(void)state;
	assert_true(fake_halts(triple_fault_exit(v)));
	assert_true(fake_logged("triple fault of the root"));
	assert_true(fake_logged("partita: end: triple fault\n"));
}

/* ---- reference time ---- */

static void test_scale(void **state)
{
	static const u64 rates[] = { 10000001,	 999999999,  1000000000,  2399999999,
				     2596000000, 5200000000, 100000000000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rates); i++)
		assert_int_equal(reftsc_scale(rates[i]), (u64)(((u128)10000000 << 64) / rates[i]));
	assert_true(fake_halts(reftsc_scale(10000000)));
}

static void test_reference_time(void **state)
{
	static const u64 starts[] = { 0, 1, 123456789, 1ull << 40, UINT64_MAX - 1000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		struct reftime t;

		reftime_start(&t, 2596000000, starts[i]);
		assert_int_equal(reftime_at(&t, starts[i]), 0);
		for (u64 passed = 1; passed < 1ull << 44; passed = passed * 5 + 3) {
			u64 exact = (u64)((u128)passed * 10000000 / 2596000000);

			if (starts[i] + passed < starts[i])
				break;
			assert_in_range(reftime_at(&t, starts[i] + passed) + 1, exact, exact + 2);
		}
	}
}

/* A TSC about to wrap: the time goes on rising behind it, and no page is valid. */
static void test_reference_time_over_the_wrap(void **state)
{
	struct partition *p = fake_vp()->partition;
	struct reftime *t = &p->time;
	struct reftsc_page *page = overlay_page(p, OVERLAY_REFERENCE_TSC);

	(void)state;
	page->sequence = 5;
	reftime_start(t, 1000000000, 0 - 1000ull);
	assert_int_equal(reftime_at(t, 0 - 500ull), 5);
	assert_in_range(reftime_at(t, 500), 14, 15);
	assert_in_range(reftime_at(t, 1000000000 - 1000), 9999999, 10000000);
	reftsc_publish(p);
	assert_int_equal(page->sequence, 0);
}

/* All three members are as published, the sequence not the invalid one written in between. */
static void test_publish(void **state)
{
	struct partition *p = fake_vp()->partition;
	struct reftsc_page *page = overlay_page(p, OVERLAY_REFERENCE_TSC);

	(void)state;
	*page = (struct reftsc_page){ .sequence = 5, .scale = 1, .offset = 2 };
	p->time = (struct reftime){ .scale = 10, .offset = 20, .sequence = 6 };
	reftsc_publish(p);
	assert_int_equal(page->sequence, 6);
	assert_int_equal(page->scale, 10);
	assert_int_equal(page->offset, 20);
}

/* The sequence comes round without ever being 0 or all ones. */
static void test_sequence(void **state)
{
	struct vcpu *v = fake_vp();

	(void)state;
	v->partition->time.sequence = 0xfffffffd;
	reftsc_set_tsc_offset(v, 1);
	assert_int_equal(v->partition->time.sequence, 0xfffffffe);
	reftsc_set_tsc_offset(v, 2);
	assert_int_equal(v->partition->time.sequence, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alloc),
		cmocka_unit_test(test_alloc_cut),	    cmocka_unit_test(test_options),
		cmocka_unit_test(test_bad_options), cmocka_unit_test(test_option_numbers),
		cmocka_unit_test(test_log_lines),   cmocka_unit_test(test_refusals_are_counted),
		cmocka_unit_test(test_trace_ring),  cmocka_unit_test(test_trace_words),
		cmocka_unit_test(test_panic),	    cmocka_unit_test(test_triple_fault),
		cmocka_unit_test(test_scale),	    cmocka_unit_test(test_reference_time),
		cmocka_unit_test(test_reference_time_over_the_wrap),
		cmocka_unit_test(test_publish),	    cmocka_unit_test(test_sequence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
