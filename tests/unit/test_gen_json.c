/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Tests of the JSON writer. */
/* link: gen/json.c gen/emit.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "json.h"

static void expect(struct json *j, const char *wanted)
{
	emit_char(j->text, 0);
	assert_string_equal(j->text->data, wanted);
	text_free(j->text);
}

static void nesting(void **state)
{
	struct text text = { 0 };
	struct json j = { .text = &text };

	json_object(&j, NULL);
	json_array(&j, "list");
	json_object(&j, NULL);
	json_bool(&j, "yes", true);
	json_bool(&j, "no", false);
	json_end(&j);
	json_number(&j, NULL, 7);
	json_end(&j);
	json_text(&j, "last", "x");
	json_end(&j);
	expect(&j, "{\n  \"list\": [\n    {\n      \"yes\": true,\n      \"no\": false\n    },\n"
		   "    7\n  ],\n  \"last\": \"x\"\n}\n");
}

static void nothing_inside(void **state)
{
	struct text text = { 0 };
	struct json j = { .text = &text };

	json_object(&j, NULL);
	json_array(&j, "a");
	json_end(&j);
	json_object(&j, "o");
	json_end(&j);
	json_row(&j, "r");
	json_end(&j);
	json_end(&j);
	expect(&j, "{\n  \"a\": [],\n  \"o\": {},\n  \"r\": {}\n}\n");
}

static void rows(void **state)
{
	struct text text = { 0 };
	struct json j = { .text = &text };

	json_array(&j, NULL);
	json_row(&j, NULL);
	json_number(&j, "a", 1);
	json_row(&j, "b");
	json_array(&j, "c");
	json_number(&j, NULL, 2);
	json_number(&j, NULL, 3);
	json_end(&j);
	json_end(&j);
	json_number(&j, "d", 4);
	json_end(&j);
	json_number(&j, NULL, 5);
	json_end(&j);
	expect(&j, "[\n  {\"a\": 1, \"b\": {\"c\": [2, 3]}, \"d\": 4},\n  5\n]\n");
}

static void values(void **state)
{
	struct text text = { 0 };
	struct json j = { .text = &text };

	json_row(&j, NULL);
	json_number(&j, "least", 0);
	json_number(&j, "most", UINT64_MAX);
	json_text(&j, "none", NULL);
	json_text(&j, "q\"\\", "/\n\t\x7f\xe9");
	json_end(&j);
	expect(&j, "{\"least\": 0, \"most\": 18446744073709551615, \"none\": null, "
		   "\"q\\\"\\\\\": \"/\\n\\u0009\\u007f\\u00e9\"}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nesting),
		cmocka_unit_test(nothing_inside),
		cmocka_unit_test(rows),
		cmocka_unit_test(values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
