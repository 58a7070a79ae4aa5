/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What the screens about things of the interface share. */
#include <string.h>

#include "draw.h"
#include "explain.h"
#include "spell.h"
#include "words.h"

enum { REMARK_INDENT = 11 };

const char *explain_also(const char *list, const char *name)
{
	return *list ? namef("%s, %s", list, name) : name;
}

/* ---- what is said of anything ---- */

static const char *arch_words(const struct about *a)
{
	return a->arch == ARCH_ALL ? NULL : namef("%s alone", words_arches(a->arch));
}

static const char *seen_words(const struct about *a)
{
	const char *text = "";

	for (const struct seen *s = a->seen; s; s = s->next)
		text = explain_also(text, *s->how ? namef("%s (%s)", seen_name(s->who), s->how)
						  : seen_name(s->who));
	return text;
}

static void append(const char **text, const char *more)
{
	if (more && *more)
		*text = namef("%s%s%s", *text, **text ? " " : "", more);
}

const char *explain_remarks(const struct about *a)
{
	const char *text = a->doc;

	for (const struct mark *m = a->marks; m; m = m->next)
		append(&text, namef("@%s: %s.", mark_name(m->kind), m->reason));
	if (arch_words(a))
		append(&text, namef("%s.", arch_words(a)));
	for (const struct offer_use *u = a->offered; u; u = u->next)
		append(&text, namef("Offered by %s.%s.", u->block.text, u->bit.text));
	for (const struct name_list *n = a->formerly; n; n = n->next)
		append(&text, namef("Formerly %s.", n->name.text));
	if (a->unimplemented)
		append(&text, namef("Not implemented: %s.", a->unimplemented));
	if (a->seen)
		append(&text, namef("Also in %s.", seen_words(a)));
	return text;
}

static const char *names(const struct name_list *list)
{
	const char *text = "";

	for (; list; list = list->next)
		text = explain_also(text, list->name.text);
	return text;
}

static void title_line(struct text *t, const char *name, const char *what)
{
	size_t used = strlen(name) + strlen(what);

	if (used + 2 <= SCREEN_COLUMNS)
		emit_line(t, "%s%*s%s", name, (int)(SCREEN_COLUMNS - used), "", what);
	else
		emit_line(t, "%s\n%*s", name, SCREEN_COLUMNS, what);
}

struct text *explain_head(struct screen *screen, const char *name, const char *what,
			  const struct about *a)
{
	struct text *t = screen_part(screen);
	const char *refs = "";

	title_line(t, name, what);
	screen_fill(t, 0, a->doc);
	emit(t, *a->doc ? "\n\n" : "\n");
	for (const struct name_list *r = a->refs; r; r = r->next)
		refs = namef("%s%s%s", refs, *refs ? "; " : "", r->name.text);
	screen_item(t, "TLFS", refs);
	screen_item(t, "since", a->since);
	screen_item(t, "formerly", names(a->formerly));
	screen_item(t, "architecture", arch_words(a));
	for (const struct mark *m = a->marks; m; m = m->next)
		screen_item(t, namef("@%s", mark_name(m->kind)), m->reason);
	screen_item(t, "also in", seen_words(a));
	return t;
}

void explain_place(struct text *t, const struct pos *at, const char *name)
{
	screen_item(t, "declared", namef("%s:%u as %s", at->source->name, at->line, name));
}

void explain_implemented(struct text *t, const struct about *a, const char *where)
{
	screen_item(t, "implemented", a->unimplemented ? namef("no: %s", a->unimplemented) : where);
}

/* ---- what is offered ---- */

const char *explain_offers(const struct spec *s, const struct offer_use *list)
{
	const char *text = "";

	for (const struct offer_use *u = list; u; u = u->next) {
		const char *name = namef("%s.%s", u->block.text, u->bit.text);
		struct found place;

		if (u->target->shown && find_bits(s, u->target->shown, &place))
			name = namef("%s (%s)", name, find_name(&place));
		text = explain_also(text, name);
	}
	return text;
}

/* ---- layouts ---- */

void explain_line(struct text *t, const char *line, unsigned column, const char *remarks)
{
	emit(t, "%s", line);
	if (*remarks && column + strlen(remarks) <= SCREEN_COLUMNS) {
		emit_column(t, column);
		emit(t, "%s", remarks);
	} else if (*remarks) {
		emit_blank(t);
		screen_fill(t, REMARK_INDENT, remarks);
	}
	emit_blank(t);
}

unsigned explain_longer(unsigned a, const char *text)
{
	size_t length = strlen(text);

	return length > a ? (unsigned)length : a;
}

static const char *field_type(const struct field *f)
{
	if (f->kind == FIELD_DATA)
		return f->type->name;
	return f->count == 1 ? "1 byte" : namef("%u bytes", f->count);
}

static const char *field_name(const struct field *f)
{
	if (f->kind != FIELD_DATA)
		return f->kind == FIELD_PAD ? "(ignored)" : "(must be zero)";
	return f->is_array ? namef("%s[%u]", f->name, f->count) : f->name;
}

static void field_table(struct text *t, const struct field *list)
{
	unsigned types = 0, names = 0;

	for (const struct field *f = list; f; f = f->next) {
		types = explain_longer(types, field_type(f));
		names = explain_longer(names, field_name(f));
	}
	for (const struct field *f = list; f; f = f->next)
		explain_line(t, namef("  0x%04x  %-*s  %s", f->offset, (int)types, field_type(f),
				      field_name(f)),
			     14 + types + names, explain_remarks(&f->about));
}

void explain_fields(struct screen *screen, const char *title, const struct field *list)
{
	struct text *t = screen_part(screen);

	if (*title)
		emit_line(t, "%s", title);
	draw_bytes(t, list);
	field_table(screen_part(screen), list);
}

static const char *bit_words(const struct bits *b)
{
	const char *text = words_bits_rule(b), *more = explain_remarks(&b->about);

	if (b->type)
		text = explain_also(text, namef("of type %s", b->type->name));
	if (b->in)
		text = explain_also(text, namef("in 0x%llx..0x%llx",
						(unsigned long long)b->in->low,
						(unsigned long long)b->in->high));
	if (b->nonzero)
		text = explain_also(text, "not zero");
	if (b->unless.text)
		text = explain_also(text, namef("unless %s", b->unless.text));
	if (b->source != CPUID_NONE)
		text = explain_also(text, namef("from %s", words_source(b)));
	return *text && *more ? namef("%s. %s", text, more) : *text ? text : more;
}

static void bit_table(struct text *t, const struct bits *list)
{
	unsigned names = 0;

	for (const struct bits *b = list; b; b = b->next)
		names = explain_longer(names, b->name ? b->name : "");
	for (const struct bits *b = list; b; b = b->next)
		explain_line(t, namef("  %c  %-7s%s%s", draw_letter(list, b),
				      words_bit_range(b->high, b->low), b->name ? " " : "",
				      b->name ? b->name : ""),
			     15 + names, bit_words(b));
}

void explain_bit_list(struct screen *screen, const char *title, const struct bits *list,
		      unsigned width)
{
	struct text *t = screen_part(screen);

	if (*title)
		emit_line(t, "%s", title);
	draw_bits(t, list, width);
	bit_table(screen_part(screen), list);
	for (const struct bits *b = list; b; b = b->next)
		if (b->type && b->type->kind == TYPE_BITS)
			explain_bit_list(screen, namef("Bits of %s, of type %s", b->name,
						       b->type->name),
					 b->type->bits, 8 * b->type->size);
}

void explain_checks(struct screen *screen, const struct check *list)
{
	struct text *t;

	if (!list)
		return;
	t = screen_part(screen);
	emit_line(t, "Rules, in the order in which they are checked");
	for (const struct check *k = list; k; k = k->next) {
		emit(t, "  %s ", k->id);
		screen_fill(t, 4, namef("%s, else %s", k->text, words_outcome(k->status)));
		emit_blank(t);
	}
}
