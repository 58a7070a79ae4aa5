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

static void open_function(struct text *t, const char *name, const char *type)
{
	emit_blank(t);
	emit_line(t, "const char *%s(%s number)", name, type);
	emit_open(t, "{");
	emit_line(t, "switch (number) {");
}

static void one_case(struct text *t, unsigned number, const char *name)
{
	emit_line(t, "case 0x%x: return \"%s\";", number, name);
}

static void close_function(struct text *t, const char *unknown)
{
	emit_line(t, "default: return \"%s\";", unknown);
	emit_line(t, "}");
	emit_close(t, "}");
}

static void registers(struct text *t, const struct spec *s)
{
	const struct type *names = spec_type(s, "register_name");

	open_function(t, "spec_register_name", "u32");
	for (const struct enumerator *e = names ? names->values : NULL; e; e = e->next)
		if (for_x64(&e->about))
			one_case(t, (unsigned)e->value, e->named);
	close_function(t, "unknown register");
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
	emit(t, "#include \"spec_names.h\"\n\n#include \"spec_offer.h\"\n");
	open_function(t, "spec_call_name", "u16");
	for (const struct call *c = s->calls; c; c = c->next)
		if (for_x64(&c->about))
			one_case(t, c->code, c->named);
	close_function(t, "unknown call");
	open_function(t, "spec_msr_name", "u32");
	for (size_t i = 0; i < s->msr_row_count; i++)
		if (for_x64(&s->msr_rows[i].msr->about))
			one_case(t, s->msr_rows[i].number,
				 msr_instance(s->msr_rows[i].msr, s->msr_rows[i].index));
	close_function(t, "unknown MSR");
	open_function(t, "spec_status_name", "u16");
	for (const struct status *st = s->statuses; st; st = st->next)
		one_case(t, st->value, c_status(st));
	close_function(t, "unknown status");
	registers(t, s);
	offer_names(t, s);
}
