/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Runs tests and keeps their tally. */
#include "test.h"

static unsigned passed, failed, skipped;
static unsigned details;        /* failures in the running test, on any processor */
static char detail[200];
static const char *skip_reason;

void test_fail(const char *format, ...)
{
	va_list args;

	if (__atomic_fetch_add(&details, 1, __ATOMIC_RELAXED))
		return;
	va_start(args, format);
	rt_vformat(detail, sizeof(detail), format, args);
	va_end(args);
}

void test_skip(const char *reason)
{
	skip_reason = reason;
}

static void report(const char *suite, const char *name)
{
	if (details) {
		failed++;
		rt_printf("not ok %s/%s: %s", suite, name, detail);
		if (details > 1)
			rt_printf(" (and %u more)", details - 1);
		rt_printf("\n");
	} else if (skip_reason) {
		skipped++;
		rt_printf("skip %s/%s: %s\n", suite, name, skip_reason);
	} else {
		passed++;
		rt_printf("ok %s/%s\n", suite, name);
	}
}

void test_run_one(const char *suite, const char *name, void (*run)(void *), void *argument)
{
	details = 0;
	skip_reason = NULL;
	if (rt_try(run, argument) != FAULT_NONE)
		test_fail("unexpected exception %u error 0x%llx at 0x%llx, address 0x%llx",
			rt_fault.vector, (u64)rt_fault.error, (u64)rt_fault.ip,
			(u64)rt_fault.address);
	report(suite, name);
}

static void run_plain(void *argument)
{
	((const struct test *)argument)->run();
}

void test_run(const char *suite, const struct test *tests, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		test_run_one(suite, tests[i].name, run_plain, (void *)(uintptr_t)&tests[i]);
}

bool test_done(void)
{
	rt_printf("done: %u ok, %u failed, %u skipped\n", passed, failed, skipped);
	return !failed;
}
