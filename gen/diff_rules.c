/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The rules by which changes are judged, as a table and as text. */
#include "diff.h"

const struct diff_rule_info diff_rules[DIFF_RULE_COUNT] = {
#define X(id, name, wire, source, level, text) { name, wire, source, level, text },
	DIFF_RULES(X)
#undef X
};

const char *verdict_name(enum verdict v)
{
	static const char *const names[] = { "none", "additive", "warning", "breaking" };

	return names[v];
}

const char *level_name(enum level l)
{
	static const char *const names[] = { "nothing", "patch", "minor", "major" };

	return names[l];
}

void diff_print_rules(struct text *t)
{
	emit_line(t, "| rule | wire | source | demands | what it is |");
	emit_line(t, "|---|---|---|---|---|");
	for (unsigned i = 0; i < DIFF_RULE_COUNT; i++)
		emit_line(t, "| %s | %s | %s | %s | %s |", diff_rules[i].name,
			  verdict_name(diff_rules[i].wire), verdict_name(diff_rules[i].source),
			  level_name(diff_rules[i].level), diff_rules[i].text);
}
