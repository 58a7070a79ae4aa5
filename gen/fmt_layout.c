/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Columns and lines: where each group of words stands. */
#include "fmt.h"
#include "parse.h"

enum {
	MARGIN = 120,          /* columns */
	LIST_MARGIN = 100,     /* where lists of names go on below */
	STEP = 4,              /* a brace */
	DEEPER = 8,            /* what goes on on the next line */
	GAP = 2,               /* between things of one line */
};

/* ---- columns ---- */

static unsigned max(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

static unsigned end_of_row(const struct entry *e)
{
	const struct table *t = e->table;

	if (e->cells[2])
		return t->second + e->cells[2]->width;
	return (e->cells[0] ? t->name : 0) + e->cells[1]->width;
}

/* Whether there is something that could stand behind the words of the row. */
static bool has_tail(const struct entry *e)
{
	unsigned used = STEP * e->depth + end_of_row(e) + GAP;

	return e->tail && !e->tail->own && used + e->tail->width <= MARGIN;
}

/* Numbers, types, names, and what comes behind: each in one column, no farther right than needed. */
static void find_columns(struct entry *entries, struct table *tables)
{
	for (struct table *t = tables; t; t = t->next)
		t->name = t->second = t->tail = 0;
	for (const struct entry *e = entries; e; e = e->next)
		if (e->kind == ENTRY_ROW && e->cells[0])
			e->table->name = max(e->table->name, e->cells[0]->width);
	for (struct table *t = tables; t; t = t->next)
		if (t->name)
			t->name = t->name < t->least_name ? t->least_name : t->name + GAP;
	for (const struct entry *e = entries; e; e = e->next)
		if (e->kind == ENTRY_ROW && e->cells[2])
			e->table->second = max(e->table->second, (e->cells[0] ? e->table->name : 0) +
								e->cells[1]->width + GAP);
	for (const struct entry *e = entries; e; e = e->next)
		if (e->kind == ENTRY_ROW && has_tail(e))
			e->table->tail = max(e->table->tail, end_of_row(e) + GAP);
}

/* ---- lines ---- */

struct writer {
	struct text *out;
	unsigned column;
	unsigned lead;         /* indentation of the line that notes below must be deeper than */
	bool moved;            /* a note did not fit where it stood */
};

static void pad_to(struct writer *w, unsigned column)
{
	for (; w->column < column; w->column++)
		emit_char(w->out, ' ');
}

static void new_line(struct writer *w, unsigned indent)
{
	while (w->out->data[w->out->len - 1] == ' ')
		w->out->len--;
	emit_char(w->out, '\n');
	w->column = 0;
	pad_to(w, indent);
}

static void put_atom(struct writer *w, const struct atom *a)
{
	for (size_t i = 0; i < a->length; i++)
		emit_char(w->out, a->text[i]);
	w->column += (unsigned)a->length;
}

/* Further lines of an entry that a number opens do not count: notes below them are as deep. */
static void continue_at(struct writer *w, const struct entry *e, unsigned indent)
{
	if (e->kind != ENTRY_ROW || !e->cells[0])
		w->lead = indent;
	new_line(w, indent);
}

/* A comment inside a group stands on its own line or ends one, and the group goes on at `below`. */
static void put_group(struct writer *w, const struct entry *e, const struct group *g,
		      unsigned below)
{
	for (size_t i = 0; i < g->count; i++) {
		const struct atom *a = &g->atoms[i];
		bool comment = a->kind == ATOM_COMMENT;

		if (comment && a->first && g->count > 1)
			new_line(w, below);
		else if (i && a[-1].kind == ATOM_COMMENT)
			continue_at(w, e, below);
		else if (i && (comment || fmt_space_between(a - 1, a)))
			pad_to(w, w->column + 1);
		put_atom(w, a);
	}
}

/* Notes stand deeper than what they are about, and those of a body as deep as what is in it. */
static unsigned note_indent(const struct writer *w, const struct entry *e)
{
	return max(STEP * e->depth + (e->kind == ENTRY_OPEN ? STEP : DEEPER), w->lead + STEP);
}

/* Where a group goes on the line behind another or behind the words of the entry, if it can. */
static unsigned tail_column(const struct writer *w, const struct entry *e,
			    const struct group *previous, const struct group *g)
{
	if (previous)
		return w->column + (previous->rule && g->rule ? 1 : GAP);
	if (e->kind == ENTRY_ROW)
		return max(w->column + GAP, STEP * e->depth + e->table->tail);
	return w->column + GAP;
}

static void put_tail(struct writer *w, struct entry *e)
{
	unsigned below = STEP * e->depth + DEEPER;
	const struct group *previous = NULL;

	for (struct group *g = e->tail; g; previous = g, g = g->next) {
		unsigned column = tail_column(w, e, previous, g);
		bool room = !(previous && previous->last);
		bool fits = room && (column + g->width <= MARGIN || g->stays);

		if (g->note && !g->own && !fits)
			g->own = w->moved = true;
		if (g->own)
			new_line(w, note_indent(w, e));
		else if (fits)
			pad_to(w, column);
		else
			continue_at(w, e, below);
		put_group(w, e, g, below);
	}
}

static void put_row(struct writer *w, const struct entry *e)
{
	unsigned start = w->column;

	if (e->cells[0]) {
		put_group(w, e, e->cells[0], w->lead + DEEPER);
		pad_to(w, start + e->table->name);
	}
	put_group(w, e, e->cells[1], w->lead + DEEPER);
	if (!e->cells[2])
		return;
	pad_to(w, start + e->table->second);
	put_group(w, e, e->cells[2], w->lead + DEEPER);
}

static void put_keyword(struct writer *w, const struct entry *e)
{
	unsigned start = w->column, column;

	put_group(w, e, e->cells[0], w->lead + DEEPER);
	if (!e->list)
		return;
	column = max(w->column + 1, start + e->table->keyword);
	for (const struct group *g = e->list; g; g = g->next) {
		if (g == e->list)
			pad_to(w, column);
		else if (w->column + 1 + g->width > LIST_MARGIN)
			continue_at(w, e, column);
		else
			pad_to(w, w->column + 1);
		put_group(w, e, g, column);
	}
}

static void put_entry(struct writer *w, struct entry *e)
{
	w->column = 0;
	pad_to(w, STEP * e->depth);
	w->lead = w->column;
	if (e->kind == ENTRY_ROW)
		put_row(w, e);
	else if (e->kind == ENTRY_KEYWORD)
		put_keyword(w, e);
	else
		put_group(w, e, e->cells[0], w->lead + DEEPER);
	put_tail(w, e);
	emit_char(w->out, '\n');
}

/* True when every note stands where it could stay. */
static bool put_entries(struct text *out, struct entry *entries)
{
	struct writer w = { .out = out };
	const struct entry *previous = NULL;

	for (struct entry *e = entries; e; previous = e, e = e->next) {
		bool inside = previous && previous->kind != ENTRY_OPEN && e->kind != ENTRY_CLOSE;

		if (e->blank && inside)
			emit_char(out, '\n');
		put_entry(&w, e);
	}
	return !w.moved;
}

/*
 * A note that does not fit moves to a line of its own, and leaves the column that it has widened:
 * until nothing moves. What is written then would be written again.
 */
void fmt_layout(struct text *out, struct entry *entries, struct table *tables)
{
	size_t start = out->len;

	for (;; out->len = start) {
		find_columns(entries, tables);
		if (put_entries(out, entries))
			return;
	}
}
