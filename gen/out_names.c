/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* spec_names.h and spec_names.c: names for logs, traces and panics. */
#include "out.h"
#include "spell.h"

void out_names_h(struct text *t, const struct spec *s)
{
	(void)s;
	emit_banner(t, "Names for logs, traces and panics.");
	emit(t, "#ifndef SPEC_NAMES_H\n#define SPEC_NAMES_H\n\n#include \"types.h\"\n\n");
	emit_comment(t, "All are total: never NULL, and what has no name is said to be unknown.");
	emit_line(t, "const char *spec_call_name(u16 code);      /* "
		     "\"HvCallFlushVirtualAddressSpace\" */");
	emit_line(t, "const char *spec_msr_name(u32 number);     /* \"HV_X64_MSR_HYPERCALL\" */");
	emit_line(t, "const char *spec_status_name(u16 status);  /* \"HV_STATUS_SUCCESS\" */");
	emit_line(t, "const char *spec_register_name(u32 name);  /* \"HvX64RegisterRip\" */");
	emit(t, "\n#endif\n");
}

static void open_table(struct text *t, const char *name)
{
	emit_blank(t);
	emit_open(t, "static const struct name %s[] = {", name);
}

static void one_name(struct text *t, unsigned number, const char *name)
{
	emit_line(t, "{ 0x%x, \"%s\" },", number, name);
}

/* The end of a table, whose last row has no name of its own, and the function that looks there. */
static void close_table(struct text *t, const char *table, const char *function, const char *type,
			const char *unknown)
{
	emit_line(t, "{ 0, NULL },");
	emit_close(t, "};");
	emit_blank(t);
	emit_line(t, "const char *%s(%s number)", function, type);
	emit_open(t, "{");
	emit_line(t, "return find(%s, number, \"%s\");", table, unknown);
	emit_close(t, "}");
}

static void search(struct text *t)
{
	emit_line(t, "struct name { u32 number; const char *text; };");
	emit_blank(t);
	emit_line(t, "static const char *find(const struct name *row, u32 number, const char *unknown)");
	emit_open(t, "{");
	emit_line(t, "while (row->text && row->number != number)");
	emit_line(t, "\trow++;");
	emit_line(t, "return row->text ? row->text : unknown;");
	emit_close(t, "}");
}

static void registers(struct text *t, const struct spec *s)
{
	const struct type *names = spec_type(s, "register_name");

	open_table(t, "registers");
	for (const struct enumerator *e = names ? names->values : NULL; e; e = e->next)
		if (for_x64(&e->about))
			one_name(t, (unsigned)e->value, e->named);
	close_table(t, "registers", "spec_register_name", "u32", "unknown register");
}

static void offer_names(struct text *t, const struct spec *s)
{
	emit_blank(t);
	emit_open(t, "const struct spec_bit_name spec_offer_names[SPEC_OFFER_NAMES] = {");
	for (const struct offer *o = s->offers; o; o = o->next)
		for (const struct offer_bit *b = o->bits; b; b = b->next)
			emit_line(t, "{ \"%s.%s\", %u, %u },", o->name, b->name, o->index, b->bit);
	emit_close(t, "};");
}

void out_names_c(struct text *t, const struct spec *s)
{
	emit_banner(t, "Names for logs, traces and panics.");
	emit(t, "#include \"spec_names.h\"\n\n#include \"spec_offer.h\"\n\n");
	search(t);
	open_table(t, "calls");
	for (const struct call *c = s->calls; c; c = c->next)
		if (for_x64(&c->about))
			one_name(t, c->code, c->named);
	close_table(t, "calls", "spec_call_name", "u16", "unknown call");
	open_table(t, "msrs");
	for (size_t i = 0; i < s->msr_row_count; i++)
		if (for_x64(&s->msr_rows[i].msr->about))
			one_name(t, s->msr_rows[i].number,
				 msr_instance(s->msr_rows[i].msr, s->msr_rows[i].index));
	close_table(t, "msrs", "spec_msr_name", "u32", "unknown MSR");
	open_table(t, "statuses");
	for (const struct status *st = s->statuses; st; st = st->next)
		one_name(t, st->value, c_status(st));
	close_table(t, "statuses", "spec_status_name", "u16", "unknown status");
	registers(t, s);
	offer_names(t, s);
}
