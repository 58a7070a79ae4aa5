/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * spec_calls.h and spec_calls.c: the total dispatch table of hypercalls and the handlers it wants.
 */
#include "expr.h"
#include "out.h"
#include "spell.h"

static const char args_and_row[] =
	"struct vcpu;\n"
	"\n"
	"/* What rules must know of the partition that calls. */\n"
	"struct spec_env {\n"
	"\tu64 gpa_pages;       /* first page number outside the guest physical address space */\n"
	"\tu64 partition_id;\n"
	"\tu32 vp_count;        /* first index that no virtual processor has */\n"
	"\tu32 vtl;             /* highest trust level */\n"
	"};\n"
	"\n"
	"/* Private, checked copies: a handler never sees a register or a GPA of its own "
	"arguments. */\n"
	"struct spec_args {\n"
	"\tconst struct spec_env *env;\n"
	"\tconst void *in;      /* fixed header */\n"
	"\tconst u64 *var;      /* variable header */\n"
	"\tu32 var_count;       /* qwords in it */\n"
	"\tconst void *each_in; /* this repetition's element or NULL */\n"
	"\tvoid *out;           /* fixed output, zeroed beforehand */\n"
	"\tvoid *each_out;      /* this repetition's output element, zeroed beforehand */\n"
	"};\n"
	"\n"
	"enum {\n"
	"\tSPEC_CALL_REP = 1,\n"
	"\tSPEC_CALL_FAST = 2,\n"
	"\tSPEC_CALL_XMM = 4,\n"
	"\tSPEC_CALL_VARHEAD = 8,\n"
	"\tSPEC_CALL_IMPLEMENTED = 16,\n"
	"\tSPEC_CALL_CONTINUABLE = 32,\n"
	"\tSPEC_CALL_KNOWN = 64\n"
	"};\n"
	"\n"
	"struct spec_call {\n"
	"\tu16 code, flags;\n"
	"\t/* Bytes; headers rounded up to 8 before elements. */\n"
	"\tu16 in_size, each_in_size, out_size, each_out_size;\n"
	"\tu64 needs_privilege, needs_feature; /* all bits must be offered */\n"
	"\tu16 denied;                         /* enum hv_status when they are not */\n"
	"\t/* 0 or the rule that is broken: by header and variable header, by one element. */\n"
	"\tu32 (*check)(const struct spec_args *);\n"
	"\tu32 (*check_each)(const struct spec_args *);\n"
	"\t/* Once, or once per repetition. */\n"
	"\tenum hv_status (*handle)(struct vcpu *, const struct spec_args *);\n"
	"};\n"
	"extern const struct spec_call spec_call_rows[];\n";

/*
 * Codes come in dense groups: from 0, the extended ones from 0x8000, those of isolated guests from
 * 0xc000. The first two are always there.
 */
enum { LOW, EXTENDED, ISOLATED, GROUPS };

static const struct {
	unsigned first;
	const char *macro;
} groups[GROUPS] = {
	{ 0, "SPEC_CALL_LOW" }, { 0x8000, "SPEC_CALL_EXTENDED" }, { 0xc000, "SPEC_CALL_ISOLATED" }
};

static unsigned group_of(const struct call *c)
{
	unsigned group = ISOLATED;

	while (c->code < groups[group].first)
		group--;
	return group;
}

static unsigned group_size(const struct spec *s, unsigned group)
{
	unsigned size = group == ISOLATED ? 0 : 1;

	for (const struct call *c = s->calls; c; c = c->next) {
		unsigned at = c->code - groups[group].first;
		if (for_x64(&c->about) && group_of(c) == group && at >= size)
			size = at + 1;
	}
	return size;
}

/* Where a group begins in the index. */
static unsigned group_start(const struct spec *s, unsigned group)
{
	return group ? group_start(s, group - 1) + group_size(s, group - 1) : 0;
}

static const char *index_length(const struct spec *s)
{
	return group_size(s, ISOLATED)
		       ? "SPEC_CALL_LOW + SPEC_CALL_EXTENDED + SPEC_CALL_ISOLATED"
		       : "SPEC_CALL_LOW + SPEC_CALL_EXTENDED";
}

static unsigned call_count(const struct spec *s)
{
	unsigned n = 0;

	for (const struct call *c = s->calls; c; c = c->next)
		n += for_x64(&c->about);
	return n;
}

/* Parameters in the order of the contract, each only when the call has the block. */
static void handler_prototype(struct text *t, const struct call *c)
{
	const char *in = namef(", const struct hv_%s_in *in", c->name);
	const char *each = namef(", const struct hv_%s_each_in *each", c->name);
	const char *out = namef(", struct hv_%s_out *out", c->name);
	const char *each_out = namef(", struct hv_%s_each_out *each_out", c->name);

	emit_wrapped(t, "SPEC_HANDLER enum hv_status hv_%s(struct vcpu *v%s%s%s%s%s);", c->name,
		     c->in.present ? in : "", c->varhead ? ", const u64 *var, u32 var_count" : "",
		     c->each_in.present ? each : "", c->out.present ? out : "",
		     c->each_out.present ? each_out : "");
}

static void lookup(struct text *t, const struct spec *s)
{
	for (unsigned g = LOW; g < GROUPS; g++)
		if (group_size(s, g))
			emit_line(t, "#define %s %u", groups[g].macro, group_size(s, g));
	emit_line(t, "extern const %s spec_call_index[%s];", call_count(s) > 255 ? "u16" : "u8",
		  index_length(s));
	emit_blank(t);
	emit_comment(t, "The row of a call code. Total: row 0, which has no flags, is every code "
			"that is not in the specification.");
	emit_line(t, "static inline const struct spec_call *spec_call_row(u16 code)");
	emit_open(t, "{");
	emit_line(t, "if (code < SPEC_CALL_LOW)");
	emit_line(t, "\treturn &spec_call_rows[spec_call_index[code]];");
	emit_line(t, "if (code >= 0x8000 && code < 0x8000 + SPEC_CALL_EXTENDED)");
	emit_line(t, "\treturn &spec_call_rows[spec_call_index[code - 0x8000 + SPEC_CALL_LOW]];");
	if (group_size(s, ISOLATED)) {
		emit_line(t, "if (code >= 0xc000 && code < 0xc000 + SPEC_CALL_ISOLATED)");
		emit_line(t, "\treturn &spec_call_rows[spec_call_index[code - 0xc000 + SPEC_CALL_LOW +");
		emit_line(t, "\t\t\t\t\t\t       SPEC_CALL_EXTENDED]];");
	}
	emit_line(t, "return &spec_call_rows[0];");
	emit_close(t, "}");
}

void out_calls_h(struct text *t, const struct spec *s)
{
	emit_banner(t, "The table of hypercalls and the handlers that the hypervisor must have.");
	emit(t, "#ifndef SPEC_CALLS_H\n#define SPEC_CALLS_H\n\n#include \"hv_abi.h\"\n\n%s",
	     args_and_row);
	lookup(t, s);
	emit_blank(t);
	emit_comment(t, "Tests of the tables alone make it a weak symbol.");
	emit(t, "#ifndef SPEC_HANDLER\n#define SPEC_HANDLER\n#endif\n\n");
	emit_comment(t, "One handler per implemented call; of a rep call it does one repetition. A "
			"missing one fails the link by name.");
	for (const struct call *c = s->calls; c; c = c->next)
		if (for_x64(&c->about) && call_implemented(c))
			handler_prototype(t, c);
	emit(t, "\n#endif\n");
}

static void thunk(struct text *t, const struct call *c)
{
	bool used = c->in.present || c->varhead || c->each_in.present || c->out.present ||
		    c->each_out.present;

	emit_line(t, "static enum hv_status call_%s(struct vcpu *v, const struct spec_args *a)",
		  c->name);
	emit_open(t, "{");
	if (!used)
		emit_line(t, "(void)a;");
	emit(t, "return hv_%s(v", c->name);
	emit(t, "%s%s", c->in.present ? ", a->in" : "", c->varhead ? ", a->var, a->var_count" : "");
	emit(t, "%s%s", c->each_in.present ? ", a->each_in" : "", c->out.present ? ", a->out" : "");
	emit_line(t, "%s);", c->each_out.present ? ", a->each_out" : "");
	emit_close(t, "}");
	emit_blank(t);
}

static const char *flag_list(const struct call *c)
{
	return namef("SPEC_CALL_KNOWN%s%s%s%s%s%s", c->rep ? " | SPEC_CALL_REP" : "",
		     c->fast ? " | SPEC_CALL_FAST" : "",
		     c->xmm || c->fast ? " | SPEC_CALL_XMM" : "",
		     c->varhead ? " | SPEC_CALL_VARHEAD" : "",
		     call_implemented(c) ? " | SPEC_CALL_IMPLEMENTED" : "",
		     c->continuable ? " | SPEC_CALL_CONTINUABLE" : "");
}

static void row(struct text *t, const struct spec *s, const struct call *c)
{
	emit_open(t, "{");
	emit_line(t, ".code = 0x%04x,", c->code);
	emit_wrapped(t, ".flags = %s,", flag_list(c));
	emit_line(t, ".in_size = %u, .each_in_size = %u,", call_in_size(c), c->each_in.size);
	emit_line(t, ".out_size = %u, .each_out_size = %u,", call_out_size(c), c->each_out.size);
	emit_line(t, ".needs_privilege = %s,", c_hex(needs_mask(s, c->needs, "privilege"), 8));
	emit_line(t, ".needs_feature = %s,", c_hex(needs_mask(s, c->needs, "feature"), 8));
	emit_line(t, ".denied = %s,",
		  c_status(c->denied ? c->denied : spec_rule(s, "privilege")->status));
	emit_line(t, ".check = spec_check_%s,", has_checks(c, false) ? c->name : "none");
	emit_line(t, ".check_each = spec_check_%s,",
		  has_checks(c, true) ? namef("each_%s", c->name) : "none");
	emit_line(t, ".handle = %s,",
		  call_implemented(c) ? namef("call_%s", c->name) : "call_refused");
	emit_close(t, "},");
}

static void index_table(struct text *t, const struct spec *s)
{
	unsigned n = 0;

	emit_open(t, "const %s spec_call_index[%s] = {", call_count(s) > 255 ? "u16" : "u8",
		  index_length(s));
	for (const struct call *c = s->calls; c; c = c->next) {
		if (!for_x64(&c->about))
			continue;
		emit_line(t, "[%u] = %u, /* 0x%04x %s */",
			  group_start(s, group_of(c)) + c->code - groups[group_of(c)].first, ++n,
			  c->code, c->named);
	}
	emit_close(t, "};");
}

static void refusals(struct text *t, const struct spec *s)
{
	emit_line(t, "/* What a code without a handler is answered. */");
	emit_line(t,
		  "static enum hv_status call_refused(struct vcpu *v, const struct spec_args *a)");
	emit_open(t, "{");
	emit_line(t, "(void)v;");
	emit_line(t, "(void)a;");
	emit_line(t, "return %s;", c_status(spec_rule(s, "code_known")->status));
	emit_close(t, "}");
	emit_blank(t);
}

void out_calls_c(struct text *t, const struct spec *s)
{
	emit_banner(t, "The table of hypercalls.");
	emit(t, "#include \"spec_calls.h\"\n\n#include \"spec_check.h\"\n\n");
	refusals(t, s);
	for (const struct call *c = s->calls; c; c = c->next)
		if (for_x64(&c->about) && call_implemented(c))
			thunk(t, c);
	emit_line(t, "/* One row is one cache line. */");
	emit_open(t, "__attribute__((aligned(64))) const struct spec_call spec_call_rows[] = {");
	emit_wrapped(t,
		     "{ .denied = %s, .check = spec_check_none, .check_each = spec_check_none, "
		     ".handle = call_refused },",
		     c_status(spec_rule(s, "privilege")->status));
	for (const struct call *c = s->calls; c; c = c->next)
		if (for_x64(&c->about))
			row(t, s, c);
	emit_close(t, "};");
	emit_blank(t);
	index_table(t, s);
}
