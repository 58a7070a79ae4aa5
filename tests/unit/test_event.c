/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Double-fault rules, and which interrupted deliveries are repeated. */
/* link: arch/x86/event.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cpu.h"
#include "event.h"

#define TRIPLE 0xff

/* What comes of vector second while first is delivered: a vector, or TRIPLE. */
static unsigned combined(u8 first, u8 second)
{
	const struct event a = event_exception(first), b = event_exception(second);
	struct event out;

	return event_combine(&a, &b, &out) == EVENT_TRIPLE ? TRIPLE : out.vector;
}

/* SDM table 6-5, APM table 8-3, by classes. */
static void test_classes(void **state)
{
	static const u8 benign[] = { VECTOR_DB, VECTOR_BP, VECTOR_OF, VECTOR_UD, 7,
				     16,        VECTOR_AC, VECTOR_MC, 19 };
	static const u8 contributory[] = { VECTOR_DE, VECTOR_TS, VECTOR_NP,
					   VECTOR_SS, VECTOR_GP, VECTOR_CP };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(benign); i++) {
		assert_int_equal(combined(benign[i], VECTOR_GP), VECTOR_GP);
		assert_int_equal(combined(benign[i], VECTOR_PF), VECTOR_PF);
		assert_int_equal(combined(VECTOR_PF, benign[i]), benign[i]);
		assert_int_equal(combined(VECTOR_DF, benign[i]), benign[i]);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(contributory); i++) {
		for (unsigned j = 0; j < ARRAY_SIZE(contributory); j++)
			assert_int_equal(combined(contributory[i], contributory[j]), VECTOR_DF);
		assert_int_equal(combined(contributory[i], VECTOR_PF), VECTOR_PF);
		assert_int_equal(combined(VECTOR_PF, contributory[i]), VECTOR_DF);
		assert_int_equal(combined(VECTOR_DF, contributory[i]), TRIPLE);
		assert_int_equal(combined(contributory[i], VECTOR_UD), VECTOR_UD);
	}
	assert_int_equal(combined(VECTOR_PF, VECTOR_PF), VECTOR_DF);
	assert_int_equal(combined(VECTOR_DF, VECTOR_PF), TRIPLE);
}

static void test_double_fault_has_error_zero(void **state)
{
	struct event a = event_exception(VECTOR_GP), b = event_exception(VECTOR_GP), out;

	(void)state;
	b.error = 0x50;
	assert_int_equal(event_combine(&a, &b, &out), EVENT_DELIVER);
	assert_int_equal(out.vector, VECTOR_DF);
	assert_true(out.has_error);
	assert_int_equal(out.error, 0);
}

/* An interrupt with the number of an exception is none; without a first event nothing combines. */
static void test_only_exceptions_combine(void **state)
{
	struct event first = event_exception(VECTOR_GP), second = event_exception(VECTOR_GP), out;
	static const u8 types[] = { EVENT_INTERRUPT, EVENT_NMI, EVENT_SOFT_INTERRUPT };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(types); i++) {
		first.type = types[i];
		assert_int_equal(event_combine(&first, &second, &out), EVENT_DELIVER);
		assert_int_equal(out.vector, VECTOR_GP);
	}
	first = event_exception(VECTOR_DF);
	first.valid = false;
	assert_int_equal(event_combine(&first, &second, &out), EVENT_DELIVER);
	assert_int_equal(out.vector, VECTOR_GP);
}

static void test_error_codes(void **state)
{
	u32 with = 0;

	(void)state;
	for (unsigned v = 0; v < 256; v++)
		if (event_has_error((u8)v))
			with |= 1u << v;
	assert_int_equal(with, 0x227d00);
}

static void test_repeat(void **state)
{
	static const struct { u8 type, vector; bool repeat;
	} cases[] = {
		{ EVENT_INTERRUPT, 0x30, true },
		{ EVENT_NMI, VECTOR_NMI, true },
		{ EVENT_EXCEPTION, VECTOR_GP, true },
		{ EVENT_EXCEPTION, VECTOR_DB, true },
		{ EVENT_EXCEPTION, VECTOR_BP, false },
		{ EVENT_EXCEPTION, VECTOR_OF, false },
		{ EVENT_SOFT_INTERRUPT, 0x80, false },
		{ EVENT_PRIVILEGED, VECTOR_DB, false },
		{ EVENT_SOFT_EXCEPTION, VECTOR_BP, false },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct event e = { .valid = true,
				   .type = cases[i].type,
				   .vector = cases[i].vector };

		assert_int_equal(event_must_repeat(&e), cases[i].repeat);
		e.valid = false;
		assert_false(event_must_repeat(&e));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_double_fault_has_error_zero),
		cmocka_unit_test(test_only_exceptions_combine),
		cmocka_unit_test(test_error_codes),
		cmocka_unit_test(test_repeat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
