/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Tests of the generator's lexer: what is a token, where it stands, and what is refused. */
/* link: gen/model.c gen/diag.c build/obj/gen/lex.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "lex.h"

struct reader {
	struct spec *spec;
	struct source source;
	struct lexer lexer;
};

static void open_bytes(struct reader *r, const char *text, size_t size)
{
	r->spec = spec_new();
	r->source = (struct source){ .name = "test.def", .size = size };
	r->source.text = spec_strndup(r->spec, text, size);
	lex_init(&r->lexer, r->spec, &r->source);
}

static void open_text(struct reader *r, const char *text)
{
	open_bytes(r, text, strlen(text));
}

/* Expect one token: how messages call it, its text, and where it stands. */
static void expect(struct reader *r, const char *name, const char *text, unsigned line,
		   unsigned column)
{
	struct token t = lex_next(&r->lexer);

	assert_string_equal(lex_token_name(t.kind), name);
	assert_string_equal(t.text, text);
	assert_int_equal(t.at.line, line);
	assert_int_equal(t.at.column, column);
}

static void expect_end(struct reader *r, size_t errors)
{
	assert_int_equal(lex_next(&r->lexer).kind, TOKEN_END);
	assert_int_equal(lex_next(&r->lexer).kind, TOKEN_END);
	assert_int_equal(r->spec->error_count, errors);
	spec_free(r->spec);
}

static void tokens_and_places(void **state)
{
	struct reader r;

	(void)state;
	open_text(&r, "hypercall a_1 = {\n\t3..0 \"s t\"\n}");
	expect(&r, "'hypercall'", "hypercall", 1, 1);
	expect(&r, "a name", "a_1", 1, 11);
	expect(&r, "'='", "=", 1, 15);
	expect(&r, "'{'", "{", 1, 17);
	expect(&r, "a number", "3", 2, 2);
	expect(&r, "'..'", "..", 2, 3);
	expect(&r, "a number", "0", 2, 5);
	expect(&r, "a string", "s t", 2, 7);
	expect(&r, "'}'", "}", 3, 1);
	expect_end(&r, 0);
}

static void numbers(void **state)
{
	static const struct {
		const char *text;
		uint64_t value;
		size_t errors;
	} cases[] = {
		{ "0", 0, 0 },
		{ "007", 7, 0 },
		{ "1_000", 1000, 0 },
		{ "0x7fff_FFFF", 0x7fffffff, 0 },
		{ "18446744073709551615", UINT64_MAX, 0 },
		{ "0xffff_ffff_ffff_ffff", UINT64_MAX, 0 },
		{ "18446744073709551616", 0, 1 },
		{ "0x10000000000000000", 0, 1 },
		{ "99999999999999999999999999", 0, 1 },
		{ "0x", 0, 1 },
		{ "0x_", 0, 1 },
		{ "12ab", 0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reader r;
		struct token t;

		open_text(&r, cases[i].text);
		t = lex_next(&r.lexer);
		assert_string_equal(lex_token_name(t.kind), "a number");
		assert_true(t.number == cases[i].value);
		expect_end(&r, cases[i].errors);
	}
}

static void version_is_three_numbers(void **state)
{
	struct reader r;

	(void)state;
	open_text(&r, "0.1.2");
	expect(&r, "a number", "0", 1, 1);
	expect(&r, "'.'", ".", 1, 2);
	expect(&r, "a number", "1", 1, 3);
	expect(&r, "'.'", ".", 1, 4);
	expect(&r, "a number", "2", 1, 5);
	expect_end(&r, 0);
}

static void comments_and_documentation(void **state)
{
	struct reader r;

	(void)state;
	open_text(&r, "// no\n//// no\n///  two blanks \t\r\n///\nx // no\n");
	expect(&r, "documentation", " two blanks", 3, 1);
	expect(&r, "documentation", "", 4, 1);
	expect(&r, "a name", "x", 5, 1);
	expect_end(&r, 0);
}

static void first_on_the_line(void **state)
{
	struct reader r;

	(void)state;
	open_text(&r, "a b\n  c @ours");
	assert_true(lex_next(&r.lexer).first);
	assert_false(lex_next(&r.lexer).first);
	assert_true(lex_next(&r.lexer).first);
	assert_false(lex_next(&r.lexer).first);
	expect_end(&r, 0);
}

static void bytes_that_are_no_tokens(void **state)
{
	struct reader r;

	(void)state;
	open_bytes(&r, "a\0b \xff;\"open\n\"z\0\"", 16);
	expect(&r, "a name", "a", 1, 1);
	expect(&r, "a name", "b", 1, 3);
	expect(&r, "a string", "open", 1, 7);
	expect(&r, "a string", "z", 2, 1);
	expect_end(&r, 5);
}

static void every_keyword_is_known(void **state)
{
	static const char *const openers[] = {
		"include", "interface", "type", "bits", "enum", "flags", "struct", "statuses",
		"rules", "privileges", "features", "hypercall", "msr", "cpuid",
	};
	static const char *const others[] = {
		"version", "size", "stride", "count", "ref", "since", "arch", "named",
		"unimplemented", "offered", "needs", "caller", "status", "continuable", "in", "var",
		"each", "out", "reset", "acts", "computed", "pad", "mbz", "preserve", "nonzero",
		"valid", "count_of", "unless", "else", "gpa", "locks", "ignored_unless", "constant", "value",
	};
	struct reader r;

	(void)state;
	for (size_t i = 0; i < sizeof(openers) / sizeof(openers[0]); i++) {
		open_text(&r, openers[i]);
		assert_true(lex_opens_declaration(lex_next(&r.lexer).kind));
		expect_end(&r, 0);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		char name[32];
		int kind;

		open_text(&r, others[i]);
		kind = lex_next(&r.lexer).kind;
		snprintf(name, sizeof(name), "'%s'", others[i]);
		assert_string_equal(lex_token_name(kind), name);
		assert_false(lex_opens_declaration(kind));
		expect_end(&r, 0);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_and_places),
		cmocka_unit_test(numbers),
		cmocka_unit_test(version_is_three_numbers),
		cmocka_unit_test(comments_and_documentation),
		cmocka_unit_test(first_on_the_line),
		cmocka_unit_test(bytes_that_are_no_tokens),
		cmocka_unit_test(every_keyword_is_known),
	};

	return cmocka_run_group_tests_name("generator: lexer", tests, NULL, NULL);
}
