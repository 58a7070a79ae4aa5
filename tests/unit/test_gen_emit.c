/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Tests of generated text: it formats as the C library does, and indents. */
/* link: gen/emit.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "emit.h"

static void expect(struct text *t, const char *wanted)
{
	emit_char(t, 0);
	assert_string_equal(t->data, wanted);
	text_free(t);
}

#define SAME(...) do { \
	char wanted_[512]; \
	struct text text_ = { 0 }; \
	snprintf(wanted_, sizeof(wanted_), __VA_ARGS__); \
	assert_string_equal(namef(__VA_ARGS__), wanted_); \
	emit(&text_, __VA_ARGS__); \
	expect(&text_, wanted_); \
} while (0)

static void formats_as_the_library(void **state)
{
	static const unsigned numbers[] = { 0, 1, 9, 10, 0x7fffffff, 0xffffffff };
	const char *volatile empty = "";

	SAME("%s", empty);
	SAME("plain");
	SAME("%%d 100%%");
	SAME("[%s] [%s%s] %c", "text", empty, "more", 'x');
	SAME("%.*s|%.*s|%.*s", 0, "abc", 2, "abc", 9, "abc");
	for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		unsigned n = numbers[i];
		unsigned long long wide = n * 0x100000001ull;

		SAME("%u %x %5u %05u %02x %08x %12x", n, n, n, n, n, n, n);
		SAME("%llu %llx %016llx %20llu %zu %04zx", wide, wide, wide, wide, (size_t)wide,
		     (size_t)n);
	}
}

/* What is left to the library, alone and between conversions that are not. */
static void leaves_the_rest(void **state)
{
	SAME("%d", -7);
	SAME("%s %d %s %u", "a", -7, "b", 8u);
	SAME("%-6s|%6s|%-3u|%#x|%.2s|%ld", "ab", "cd", 1u, 255u, "efg", 5l);
	SAME("%u %0*llx %s", 3u, 8, 0xabcull, "end");
}

static void grows(void **state)
{
	struct text t = { 0 };
	char wanted[20001];

	memset(wanted, 'x', sizeof(wanted) - 1);
	wanted[sizeof(wanted) - 1] = 0;
	for (unsigned i = 0; i < 2000; i++)
		emit(&t, "%s%c%s", "xxxx", 'x', "xxxxx");
	expect(&t, wanted);
	emit(&t, "%s", wanted);
	expect(&t, wanted);
}

static void indents(void **state)
{
	struct text t = { 0 };

	emit_open(&t, "a %s", "{");
	emit(&t, "one");
	emit(&t, " two\nthree %u\n\n#if\nfour", 3u);
	emit_bytes(&t, "\nfive\n", 6);
	emit_bytes(&t, "six", 3);
	emit_char(&t, '\n');
	emit_close(&t, "}");
	expect(&t, "a {\n\tone two\n\tthree 3\n\n#if\n\tfour\n\tfive\n\tsix\n}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats_as_the_library),
		cmocka_unit_test(leaves_the_rest),
		cmocka_unit_test(grows),
		cmocka_unit_test(indents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
