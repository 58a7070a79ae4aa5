/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* eva.c: every validator called with input of which nothing is known, for Frama-C's Eva. */
#include "expr.h"
#include "out.h"
#include "spell.h"

static const char helpers[] =
	"#include \"spec_calls.h\"\n"
	"#include \"spec_check.h\"\n"
	"#include \"spec_msrs.h\"\n"
	"\n"
	"/* Puts anything at all into every byte. */\n"
	"void eva_unknown(void *object, unsigned long size);\n"
	"\n"
	"#define UNKNOWN(object) eva_unknown(&(object), sizeof(object))\n"
	"\n"
	"static struct spec_args nothing(void)\n"
	"{\n"
	"\tstatic struct spec_env env;\n"
	"\tstruct spec_args a = { .env = &env };\n"
	"\n"
	"\tUNKNOWN(env);\n"
	"\tUNKNOWN(a.var_count);\n"
	"\treturn a;\n"
	"}\n";

static const char msrs[] =
	"static void any_msr(void)\n"
	"{\n"
	"\tu64 partition[SPEC_MSR_PARTITION_SLOTS], vp[SPEC_MSR_VP_SLOTS], old, value;\n"
	"\tstruct spec_msr_env env = { partition, vp, 0 };\n"
	"\tu32 number;\n"
	"\n"
	"\tUNKNOWN(partition);\n"
	"\tUNKNOWN(vp);\n"
	"\tUNKNOWN(env.gpa_pages);\n"
	"\tUNKNOWN(old);\n"
	"\tUNKNOWN(value);\n"
	"\tUNKNOWN(number);\n"
	"\tspec_msr_row(number)->check(&env, old, &value);\n"
	"}\n"
	"\n"
	"static u16 any_code(void)\n"
	"{\n"
	"\tu16 code;\n"
	"\n"
	"\tUNKNOWN(code);\n"
	"\treturn spec_call_row(code)->code;\n"
	"}\n";

/* A block of exactly its size, so that looking beyond it is an error. */
static void unknown_block(struct text *t, const struct call *c, const char *name)
{
	emit_line(t, "struct hv_%s_%s %s;\n", c->name, name, name);
}

static void validator(struct text *t, const struct call *c, bool each)
{
	const char *block = each ? "each_in" : "in";
	bool in = looks_at(c, each, PART_IN), element = looks_at(c, each, PART_EACH);

	emit_blank(t);
	emit_line(t, "static void any_%s_%s(void)", c->name, block);
	emit_open(t, "{");
	emit_line(t, "struct spec_args a = nothing();");
	if (in)
		unknown_block(t, c, "in");
	if (element)
		unknown_block(t, c, "each_in");
	if (in)
		emit_line(t, "UNKNOWN(in);\na.in = &in;");
	if (element)
		emit_line(t, "UNKNOWN(each_in);\na.each_in = &each_in;");
	emit_line(t, "spec_check_%s%s(&a);", each ? "each_" : "", c->name);
	emit_close(t, "}");
}

void out_eva_c(struct text *t, const struct spec *s)
{
	emit_banner(t, "Every validator with input of which nothing is known, for Frama-C's Eva.");
	emit(t, "%s", helpers);
	for (const struct call *c = s->calls; c; c = c->next)
		for (unsigned each = 0; for_x64(&c->about) && each < 2; each++)
			if (has_checks(c, each))
				validator(t, c, each);
	emit(t, "\n%s\nvoid eva_main(void);\n\nvoid eva_main(void)\n", msrs);
	emit_open(t, "{");
	for (const struct call *c = s->calls; c; c = c->next)
		for (unsigned each = 0; for_x64(&c->about) && each < 2; each++)
			if (has_checks(c, each))
				emit_line(t, "any_%s_%s();", c->name, each ? "each_in" : "in");
	emit_line(t, "any_msr();\nany_code();");
	emit_close(t, "}");
}
