/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* hv_decode.h: tables, and one function, by which traces show words of the interface by name. */
#include <string.h>

#include "out.h"
#include "spell.h"
#include "text/text.h"

/* ---- names, each once: a string of strings, with places in it ---- */

struct name_entry {
	struct name_entry *next;
	const char *text;
	unsigned place;
};

/* What is gathered while the tables are written one after the other. */
struct trace {
	const struct spec *spec;
	struct name_entry *names, **last_name;
	unsigned next_place;       /* 0 is the empty name */
	struct text calls, statuses, words, parts;
	unsigned part_count;
};

static unsigned place_of(struct trace *t, const char *name)
{
	struct name_entry *e = t->names;

	while (e && strcmp(e->text, name) != 0)
		e = e->next;
	if (e)
		return e->place;
	e = spec_alloc((struct spec *)t->spec, sizeof(*e));
	e->text = name;
	e->place = t->next_place;
	t->next_place += (unsigned)strlen(name) + 1;
	*t->last_name = e;
	t->last_name = &e->next;
	return e->place;
}

static void print_names(struct text *out, const struct trace *t)
{
	emit_line(out, "static const char hv_decode_names[] =");
	emit_line(out, "\t\"\\0\"");
	for (const struct name_entry *e = t->names; e; e = e->next)
		emit_line(out, "\t\"%s\\0\"%s", e->text, e->next ? "" : ";");
	if (!t->names)
		emit_line(out, "\t\"\";");
}

/* ---- words ---- */

enum { PART_SHOWN, PART_RESERVED, PART_SILENT, PART_CALL, PART_STATUS };

static unsigned kind_of_part(const struct bits *b, unsigned special)
{
	if (b->kind == BITS_MBZ)
		return PART_RESERVED;
	if (b->kind != BITS_NAMED)
		return PART_SILENT;
	return b->low == 0 && special ? special : PART_SHOWN;
}

/* The parts of a word; the lowest is `special` when that is not 0. Returns how many there are. */
static unsigned list_parts(struct trace *t, const struct bits *list, unsigned special)
{
	unsigned first = t->part_count;

	for (const struct bits *b = list; b; b = b->next, t->part_count++)
		emit_line(&t->parts, "\t{ %u, %u, %u, %u },", b->high, b->low,
			  kind_of_part(b, special), b->name ? place_of(t, b->name) : 0);
	return t->part_count - first;
}

/* One row: a word is known by its kind, its number and its register. */
struct row {
	unsigned kind, number, reg, stride, count;
	const char *name;
	const struct bits *bits;
	unsigned special;
};

enum { KIND_CONTROL, KIND_RESULT, KIND_MSR, KIND_CPUID };

static void add_word(struct trace *t, const struct row *r)
{
	unsigned first = t->part_count;
	unsigned parts = list_parts(t, r->bits, r->special);

	emit_line(&t->words, "\t{ %u, 0x%08x, %u, %u, %u, %u, %u, %u },", r->kind, r->number,
		  r->reg, r->stride, r->count, place_of(t, r->name), first, parts);
}

static void add_word_of_convention(struct trace *t, unsigned kind, const char *type,
				   const char *name, unsigned special)
{
	const struct type *found = spec_type(t->spec, type);
	bool known = found && found->kind == TYPE_BITS;
	struct row r = { .kind = kind, .count = 1, .name = name, .special = special };

	r.bits = known ? found->bits : NULL;
	add_word(t, &r);
}

static void add_msrs(struct trace *t)
{
	for (const struct msr *m = t->spec->msrs; m; m = m->next) {
		struct row r = { .kind = KIND_MSR, .number = m->number, .count = m->count,
				 .stride = m->strided ? m->stride : 0, .name = m->named,
				 .bits = m->bits };

		if (for_x64(&m->about))
			add_word(t, &r);
	}
}

static void add_leaves(struct trace *t)
{
	for (const struct cpuid_leaf *l = t->spec->leaves; l; l = l->next) {
		for (unsigned reg = 0; reg < CPUID_REGISTERS && for_x64(&l->about); reg++) {
			struct row r = { .kind = KIND_CPUID, .number = l->number, .reg = reg,
					 .count = 1, .name = l->name,
					 .bits = l->registers[reg].bits };

			if (l->registers[reg].present)
				add_word(t, &r);
		}
	}
}

static void add_names(struct trace *t)
{
	for (const struct call *c = t->spec->calls; c; c = c->next)
		if (for_x64(&c->about))
			emit_line(&t->calls, "\t{ 0x%04x, %u },", c->code, place_of(t, c->named));
	for (const struct status *st = t->spec->statuses; st; st = st->next)
		if (for_x64(&st->about))
			emit_line(&t->statuses, "\t{ 0x%04x, %u },", st->value,
				  place_of(t, c_status(st)));
}

/* ---- the file ---- */

/* A table ends with a row of zeros, so that none is empty. */
static void print_table(struct text *out, const char *type, const char *name,
			const struct text *rows, const char *zeros)
{
	emit_line(out, "\nstatic const struct %s %s[] = {", type, name);
	emit(out, "%.*s", (int)rows->len, rows->len ? rows->data : "");
	emit_line(out, "\t{ %s },\n};", zeros);
}

void out_trace_h(struct text *out, const struct spec *s)
{
	struct trace t = { .spec = s, .next_place = 1 };

	t.last_name = &t.names;
	add_names(&t);
	add_word_of_convention(&t, KIND_CONTROL, "hypercall_control", "control", PART_CALL);
	add_word_of_convention(&t, KIND_RESULT, "hypercall_result", "result", PART_STATUS);
	add_msrs(&t);
	add_leaves(&t);
	emit_banner(out, "Words of the interface as text, for traces and debuggers: include it in "
			 "one C file.");
	emit(out, "%s", text_trace_types_h);
	print_names(out, &t);
	print_table(out, "hv_decode_name", "hv_decode_calls", &t.calls, "0, 0");
	print_table(out, "hv_decode_name", "hv_decode_statuses", &t.statuses, "0, 0");
	print_table(out, "hv_decode_word", "hv_decode_words", &t.words, "0, 0, 0, 0, 0, 0, 0, 0");
	print_table(out, "hv_decode_part", "hv_decode_parts", &t.parts, "0, 0, 0, 0");
	emit_blank(out);
	emit(out, "%s", text_trace_code_h);
	text_free(&t.calls);
	text_free(&t.statuses);
	text_free(&t.words);
	text_free(&t.parts);
}
