/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Drawings and tables of fields and bits. */
#include "html_layout.h"

#include <stdlib.h>
#include <string.h>

#include "spell.h"
#include "svg.h"
#include "words.h"

/* ---- cells of drawings ---- */

/* Room for the cells of a list so long. */
static struct svg_cell *cells_alloc(size_t count)
{
	return must(calloc(count, sizeof(struct svg_cell)));
}

static void draw_fields(struct text *t, const char *title, const struct field *list, unsigned size)
{
	struct svg_map m = { .title = title, .units = size };
	size_t i = 0;

	for (const struct field *f = list; f; f = f->next)
		m.count++;
	m.cells = cells_alloc(m.count);
	for (const struct field *f = list; f; f = f->next) {
		struct svg_cell *c = &m.cells[i++];

		c->start = f->offset;
		c->count = field_size(f);
		c->kind = f->kind == FIELD_DATA && !f->zero ? SVG_FIELD
			  : f->kind == FIELD_PAD	    ? SVG_IGNORED
							    : SVG_ZERO;
		c->label = f->kind == FIELD_PAD	  ? "ignored"
			   : f->kind == FIELD_MBZ ? "0"
			   : f->is_array	  ? namef("%s[%u]", f->name, f->count)
						  : f->name;
	}
	svg_map(t, &m);
	free(m.cells);
}

static void draw_bits(struct text *t, const char *title, const struct bits *list, unsigned width)
{
	static const struct {
		enum svg_kind kind;
		const char *label;
	} looks[] = {
		[BITS_NAMED] = { SVG_FIELD, "" },
		[BITS_MBZ] = { SVG_ZERO, "0" },
		[BITS_PAD] = { SVG_IGNORED, "ignored" },
		[BITS_PRESERVE] = { SVG_PRESERVED, "preserved" },
	};
	struct svg_map m = { .title = title, .bits = true, .units = width };
	size_t i = 0;

	for (const struct bits *b = list; b; b = b->next)
		m.count++;
	m.cells = cells_alloc(m.count);
	for (const struct bits *b = list; b; b = b->next)
		m.cells[i++] = (struct svg_cell){ looks[b->kind].kind, b->low,
						  b->high - b->low + 1,
						  b->name ? b->name : looks[b->kind].label };
	svg_map(t, &m);
	free(m.cells);
}

/* ---- tables ---- */

static void type_of(struct text *t, const struct type *type, const char *name)
{
	if (type->kind == TYPE_INTEGER)
		emit(t, "<code>%s</code>", name);
	else
		html_link(t, href_type(type), name, true);
}

static void range(struct text *t, const struct range *r)
{
	if (r)
		emit(t, " <span class=\"rule\">0x%llx to 0x%llx</span>",
		     (unsigned long long)r->low, (unsigned long long)r->high);
}

static void field_rules(struct text *t, const struct field *f)
{
	range(t, f->in);
	if (f->nonzero)
		emit(t, " <span class=\"rule\">not zero</span>");
	if (f->zero)
		emit(t, " <span class=\"rule\">must be zero</span>");
	if (f->valid)
		emit(t, " <span class=\"rule\">a valid %s</span>", valid_name(f->valid));
	if (f->count_of.text)
		emit(t, " <span class=\"rule\">one for each bit set in <code>%s</code></span>",
		     f->count_of.text);
	if (f->unless)
		emit(t, " <span class=\"rule\">unless <code>%s.%s</code></span>",
		     f->unless->field.text, f->unless->bit.text);
}

static void field_row(struct text *t, const struct field *f)
{
	emit(t, "<tr><td class=\"n\">%u</td><td class=\"n\">%u</td><td>", f->offset, field_size(f));
	if (f->kind == FIELD_DATA) {
		emit(t, "<b>");
		html_name(t, f->name);
		emit(t, "</b> ");
		type_of(t, f->type, f->type_name.text);
		if (f->is_array)
			emit(t, " &times; %u", f->count);
	} else {
		emit(t, "<i>%s</i>", f->kind == FIELD_PAD ? "ignored" : "must be zero");
	}
	field_rules(t, f);
	emit(t, "</td><td>");
	html_remarks(t, &f->about);
	emit(t, "</td></tr>\n");
}

void html_fields(struct text *t, const char *title, const struct field *list, unsigned size)
{
	emit(t, "<h2>%s</h2>\n", title);
	if (!list) {
		emit(t, "<p>Empty.</p>\n");
		return;
	}
	if (size)
		draw_fields(t, title, list, size);
	html_table(t, "fields", "offset|size|field|remarks");
	for (const struct field *f = list; f; f = f->next)
		field_row(t, f);
	html_table_end(t);
}

static void bits_name(struct text *t, const struct bits *b)
{
	const char *rule = words_bits_rule(b);

	if (b->name) {
		emit(t, "<b>");
		html_name(t, b->name);
		emit(t, "</b>");
	}
	if (b->type) {
		emit(t, " ");
		type_of(t, b->type, b->type_name.text);
	}
	range(t, b->in);
	if (b->nonzero)
		emit(t, " <span class=\"rule\">not zero</span>");
	if (b->unless.text)
		emit(t, " <span class=\"rule\">unless <code>%s</code></span>", b->unless.text);
	if (*rule) {
		emit(t, b->name ? " <span class=\"rule\">" : "<i>");
		html_text(t, rule);
		emit(t, b->name ? "</span>" : "</i>");
	}
}

/* Where a bit of a CPUID register comes from: the block alone, if it has the same name there. */
static void bits_source(struct text *t, const struct bits *b)
{
	bool same;

	switch (b->source) {
	case CPUID_OFFER:
		same = b->name && strcmp(b->name, b->offer->bit.text) == 0;
		emit(t, " = ");
		html_link(t, href_offer(b->offer->target),
			  same ? b->offer->block.text
			       : namef("%s.%s", b->offer->block.text, b->offer->bit.text),
			  true);
		break;
	case CPUID_CONSTANT:
		emit(t, " = <code>0x%llx</code>", (unsigned long long)b->constant);
		break;
	case CPUID_VALUE:
		emit(t, " <span class=\"rule\">filled in for the partition</span>");
		break;
	case CPUID_NONE:
		break;
	}
}

void html_bits(struct text *t, const char *title, const struct bits *list, unsigned width,
	       const char *prefix)
{
	emit(t, "<h2>%s</h2>\n", title);
	draw_bits(t, title, list, width);
	html_table(t, "bits", "bits|name|remarks");
	for (const struct bits *b = list; b; b = b->next) {
		if (prefix)
			emit(t, "<tr id=\"%s-%u\">", prefix, b->low);
		else
			emit(t, "<tr>");
		emit(t, "<td class=\"n\">%s</td><td>", words_bit_range(b->high, b->low));
		bits_name(t, b);
		bits_source(t, b);
		emit(t, "</td><td>");
		html_remarks(t, &b->about);
		emit(t, "</td></tr>\n");
	}
	html_table_end(t);
}
