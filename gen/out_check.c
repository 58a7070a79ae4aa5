/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * spec_check.h and spec_check.c: the rules with their ids, and the validators of hypercall input.
 */
#include <string.h>

#include "expr.h"
#include "out.h"
#include "spell.h"

static void call_rule_names(struct text *t, const struct check *checks)
{
	for (const struct check *k = checks; k; k = k->next)
		emit_line(t, "SPEC_RULE_%s,", k->enumerator);
}

static void rule_enum(struct text *t, const struct spec *s)
{
	emit_open(t, "enum spec_rule {");
	emit_line(t, "SPEC_RULE_NONE,");
	for (const struct rule *r = s->rules; r; r = r->next)
		emit_line(t, "SPEC_RULE_%s,", upper(r->name));
	for (const struct call *c = s->calls; c; c = c->next)
		if (for_x64(&c->about))
			call_rule_names(t, c->checks);
	for (const struct msr *m = s->msrs; m; m = m->next)
		if (for_x64(&m->about))
			call_rule_names(t, m->checks);
	emit_line(t, "SPEC_RULE_COUNT");
	emit_close(t, "};");
	emit_blank(t);
}

/* A string of any length, on as many lines as it takes. */
static void long_string(struct text *t, const char *text)
{
	enum { WIDTH = 80 };

	while (strlen(text) > WIDTH) {
		size_t end = WIDTH;

		while (end > 1 && text[end - 1] != ' ')
			end--;
		emit_line(t, "\"%.*s\"", (int)end, text);
		text += end;
	}
	emit(t, "\"");
	emit_escaped(t, text);
	emit(t, "\"");
}

static void rule_info(struct text *t, const char *enumerator, const char *id, const char *text,
		      const struct status *st)
{
	emit_open(t, "[SPEC_RULE_%s] = {", enumerator);
	emit_line(t, "\"%s\",", id);
	long_string(t, text);
	emit_line(t, ",\n%s", c_status(st));
	emit_close(t, "},");
}

static void check_infos(struct text *t, const struct check *checks)
{
	for (const struct check *k = checks; k; k = k->next)
		rule_info(t, k->enumerator, k->id, k->text, k->status);
}

static void rule_table(struct text *t, const struct spec *s)
{
	emit_open(t, "const struct spec_rule_info spec_rules[SPEC_RULE_COUNT] = {");
	emit_line(t, "[SPEC_RULE_NONE] = { \"\", \"\", HV_STATUS_SUCCESS },");
	for (const struct rule *r = s->rules; r; r = r->next)
		rule_info(t, upper(r->name), r->id, first_line(r->about.doc), r->status);
	for (const struct call *c = s->calls; c; c = c->next)
		if (for_x64(&c->about))
			check_infos(t, c->checks);
	for (const struct msr *m = s->msrs; m; m = m->next)
		if (for_x64(&m->about))
			check_infos(t, m->checks);
	emit_close(t, "};");
}

static void prototypes(struct text *t, const struct call *c)
{
	if (has_checks(c, false))
		emit_line(t, "u32 spec_check_%s(const struct spec_args *a);", c->name);
	if (has_checks(c, true))
		emit_line(t, "u32 spec_check_each_%s(const struct spec_args *a);", c->name);
}

void out_check_h(struct text *t, const struct spec *s)
{
	emit_banner(t, "The rules of the interface with their ids, and the validators of hypercall "
		       "input.");
	emit(t, "#ifndef SPEC_CHECK_H\n#define SPEC_CHECK_H\n\n#include \"hv_abi.h\"\n\n");
	emit(t, "struct spec_args;\n\n");
	rule_enum(t, s);
	emit_comment(t, "What breaking a rule yields when it is no status: an exception.");
	emit(t, "#define SPEC_FAULT_UD 0xffff\n#define SPEC_FAULT_GP 0xfffe\n\n");
	emit_open(t, "struct spec_rule_info {");
	emit_line(t, "const char *id;   /* \"HVR-0014-02\"; convention: \"HVR-C-05\"; MSR: "
		     "\"HVR-M-40000001-03\" */");
	emit_line(t, "const char *text; /* what must hold, one line */");
	emit_line(t, "u16 status;       /* enum hv_status, SPEC_FAULT_UD or SPEC_FAULT_GP */");
	emit_close(t, "};");
	emit_line(t, "extern const struct spec_rule_info spec_rules[SPEC_RULE_COUNT];");
	emit_blank(t);
	emit_comment(t, "Pure functions over a private copy: 0, or the first rule that is broken. "
			"Calls without rules use the first.");
	emit_line(t, "u32 spec_check_none(const struct spec_args *a);");
	for (const struct call *c = s->calls; c; c = c->next)
		if (for_x64(&c->about))
			prototypes(t, c);
	emit(t, "\n#endif\n");
}

/* Pointers to the parts that the rules of one function look at. */
static void parts(struct text *t, const struct call *c, bool each)
{
	if (looks_at(c, each, PART_IN))
		emit_line(t, "const struct hv_%s_in *in = a->in;", c->name);
	if (looks_at(c, each, PART_EACH))
		emit_line(t, "const struct hv_%s_each_in *each = a->each_in;", c->name);
	emit_blank(t);
}

static void check_line(struct text *t, const struct check *k)
{
	const char *guard = k->guarded ? namef("%s && ", expr_guard(k)) : "";
	bool over_var = k->on.part == PART_VAR && k->kind != CHECK_COUNT;
	bool loop = over_var || k->on.count > 1;

	if (loop)
		emit_open(t, "for (u32 i = 0; i < %s; i++)",
			  over_var ? "a->var_count" : namef("%u", k->on.count));
	emit_wrapped(t, "if (%s%s)", guard, expr_broken(k));
	t->indent++;
	emit_line(t, "return SPEC_RULE_%s;", k->enumerator);
	t->indent -= loop ? 2 : 1;
}

static void validator(struct text *t, const struct call *c, bool each)
{
	if (!has_checks(c, each))
		return;
	emit_blank(t);
	emit_line(t, "u32 spec_check_%s%s(const struct spec_args *a)", each ? "each_" : "",
		  c->name);
	emit_open(t, "{");
	parts(t, c, each);
	for (const struct check *k = c->checks; k; k = k->next)
		if ((k->on.part == PART_EACH) == each)
			check_line(t, k);
	emit_line(t, "return SPEC_RULE_NONE;");
	emit_close(t, "}");
}

static const char helpers[] =
	"/* Up to eight bytes of a block whatever their type; the offsets come from the "
	"specification. */\n"
	"#define LOAD(width) \\\n"
	"\tstatic inline __attribute__((unused)) u64 load##width(const void *part, u32 offset) \\\n"
	"\t{ \\\n"
	"\t\tu##width v; \\\n"
	"\t\t__builtin_memcpy(&v, (const u8 *)part + offset, sizeof(v)); \\\n"
	"\t\treturn v; \\\n"
	"\t}\n"
	"LOAD(8)\n"
	"LOAD(16)\n"
	"LOAD(32)\n"
	"LOAD(64)\n";

static const char popcount[] =
	"\n/* The processor's own instruction is not in the baseline, and there is no library to "
	"ask. */\n"
	"static inline __attribute__((unused)) u32 popcount(u64 x)\n"
	"{\n"
	"\tx -= x >> 1 & 0x5555555555555555ull;\n"
	"\tx = (x & 0x3333333333333333ull) + (x >> 2 & 0x3333333333333333ull);\n"
	"\tx = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0full;\n"
	"\treturn (u32)(x * 0x0101010101010101ull >> 56);\n"
	"}\n";

void emit_check_helpers(struct text *t)
{
	emit(t, "%s%s", helpers, popcount);
}

void out_check_c(struct text *t, const struct spec *s)
{
	emit_banner(t, "The rules of the interface and the validators of hypercall input.");
	emit(t, "#include \"spec_check.h\"\n\n#include \"spec_calls.h\"\n\n");
	emit_check_helpers(t);
	emit_blank(t);
	rule_table(t, s);
	emit_blank(t);
	emit(t, "u32 spec_check_none(const struct spec_args *a)\n{\n\t(void)a;\n\treturn "
		"SPEC_RULE_NONE;\n}\n");
	for (const struct call *c = s->calls; c; c = c->next) {
		if (!for_x64(&c->about))
			continue;
		validator(t, c, false);
		validator(t, c, true);
	}
}
