/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Drawings of layouts. */
#include "svg.h"

#include <string.h>

enum {
	ROW_UNITS = 8,
	ROWS_MOST = 64,       /* shown ones; more are no picture any more */
	GUTTER = 30,          /* left of the cells, for the number of the row's first unit */
	HEAD = 14,            /* above them, for the numbers of the columns */
	WIDTH = 44, HEIGHT = 34, /* of one unit */
	CHARACTER = 11,       /* width of one, in halves */
	LINE = 10, LINES_MOST = 3,
};

/* Rows from the top; those inside a long cell are left out. */
struct rows {
	unsigned count, shown;
	unsigned y[512];
	bool hidden[512];
};

/* A piece of a cell: from `left` to `right` in columns, between two heights. */
struct span {
	unsigned left, right, top, bottom;
};

/* Units in the order of reading: bytes as they are, bits from the highest on. */
static unsigned from_start(const struct svg_map *m, const struct svg_cell *c)
{
	return m->bits ? m->units - c->start - c->count : c->start;
}

/* Leave out what lies between the first and the last full row of each cell. */
static bool lay_rows(const struct svg_map *m, struct rows *r)
{
	unsigned y = HEAD;

	*r = (struct rows){ .count = (m->units + ROW_UNITS - 1) / ROW_UNITS };
	if (r->count > sizeof(r->y) / sizeof(r->y[0]))
		return false;
	for (size_t i = 0; i < m->count; i++) {
		unsigned start = from_start(m, &m->cells[i]);
		unsigned first = (start + ROW_UNITS - 1) / ROW_UNITS;
		unsigned end = (start + m->cells[i].count) / ROW_UNITS;

		for (unsigned row = first + 1; row + 1 < end; row++)
			r->hidden[row] = true;
	}
	for (unsigned row = 0; row < r->count; row++) {
		r->y[row] = y;
		if (r->hidden[row])
			continue;
		r->shown++;
		y += HEIGHT;
	}
	return r->shown <= ROWS_MOST;
}

/* ---- text ---- */

/* How much of the label the next line takes: up to a '_' when all does not fit. */
static size_t line_length(const char *label, size_t room)
{
	size_t length = strlen(label), n = room;

	if (length <= room)
		return length;
	while (n > 1 && label[n - 1] != '_' && label[n - 1] != ' ')
		n--;
	return n > 1 ? n : room;
}

static unsigned split(const char *label, size_t room, unsigned most, const char **lines,
		      size_t *lengths)
{
	unsigned count = 0;

	while (*label && count < most) {
		lines[count] = label;
		lengths[count] = line_length(label, room);
		label += lengths[count++];
	}
	return count;
}

/* The label in the middle of a span, in as many lines as it needs and has. */
static void write_label(struct text *t, const char *label, const struct span *s)
{
	const char *lines[LINES_MOST];
	size_t lengths[LINES_MOST];
	unsigned width = (s->right - s->left) * WIDTH - 4;
	size_t room = width * 2 / CHARACTER;
	unsigned count = split(label, room, LINES_MOST, lines, lengths);
	bool cut = lines[count - 1][lengths[count - 1]] != 0;
	unsigned x = GUTTER + (s->left + s->right) * WIDTH / 2;
	unsigned y = (s->top + s->bottom) / 2 + 3 - (count - 1) * LINE / 2;

	emit(t, "<text x=\"%u\" y=\"%u\">", x, y);
	for (unsigned i = 0; i < count; i++) {
		const char *dots = cut && i + 1 == count ? "&#8230;" : "";
		size_t n = *dots && lengths[i] == room ? room - 1 : lengths[i];

		if (count == 1)
			emit(t, "%.*s%s", (int)n, lines[i], dots);
		else if (i == 0)
			emit(t, "<tspan>%.*s</tspan>", (int)n, lines[i]);
		else
			emit(t, "<tspan x=\"%u\" dy=\"%d\">%.*s%s</tspan>", x, LINE, (int)n, lines[i],
			     dots);
	}
	emit(t, "</text>");
}

/* ---- cells ---- */

static void box(struct text *t, const struct span *s)
{
	unsigned width = (s->right - s->left) * WIDTH;

	emit(t, "M%u %uh%uV%uh-%uz", GUTTER + s->left * WIDTH, s->top, width, s->bottom, width);
}

/* A cell of several rows as one outline: its first row may begin late, its last end early. */
static void outline(struct text *t, const struct span *first, const struct span *last)
{
	unsigned left = GUTTER, right = GUTTER + ROW_UNITS * WIDTH;
	unsigned begin = left + first->left * WIDTH, end = left + last->right * WIDTH;

	if (first->bottom == last->top && first->left >= last->right) {
		box(t, first);
		box(t, last);
		return;
	}
	emit(t, "M%u %uH%uV%uH%uV%uH%uV%uH%uz", begin, first->top, right, last->top, end,
	     last->bottom, left, first->bottom, begin);
}

/* Where the label of a cell has most room: its full rows together, else its longer end. */
static struct span widest(const struct span *first, const struct span *last)
{
	struct span middle = { 0, ROW_UNITS, first->top, last->bottom };

	if (first->left)
		middle.top = first->bottom;
	if (last->right < ROW_UNITS)
		middle.bottom = last->top;
	if (middle.bottom > middle.top)
		return middle;
	return ROW_UNITS - first->left >= last->right ? *first : *last;
}

static void draw_cell(struct text *t, const struct svg_map *m, const struct svg_cell *c,
		      const struct rows *r)
{
	static const char *const classes[] = { "f", "z", "i", "p" };
	unsigned start = from_start(m, c), end = start + c->count;
	unsigned top = start / ROW_UNITS, bottom = (end - 1) / ROW_UNITS;
	struct span first = { start % ROW_UNITS, ROW_UNITS, r->y[top], r->y[top] + HEIGHT };
	struct span last = { 0, (end - 1) % ROW_UNITS + 1, r->y[bottom], r->y[bottom] + HEIGHT };
	struct span best;

	emit(t, "<path class=\"%s\" d=\"", classes[c->kind]);
	if (top == bottom) {
		first.right = last.right;
		box(t, &first);
		best = first;
	} else {
		outline(t, &first, &last);
		best = widest(&first, &last);
	}
	emit(t, "\"/>");
	write_label(t, c->label, &best);
}

static void draw_numbers(struct text *t, const struct svg_map *m, const struct rows *r)
{
	unsigned columns = m->units < ROW_UNITS ? m->units : ROW_UNITS;

	emit(t, "<g class=\"n\">");
	for (unsigned i = 0; i < columns; i++)
		emit(t, "<text x=\"%u\" y=\"10\">%u</text>", GUTTER + i * WIDTH + WIDTH / 2,
		     m->bits ? columns - 1 - i : i);
	emit(t, "</g><g class=\"r\">");
	for (unsigned row = 0; row < r->count; row++) {
		unsigned unit = row * ROW_UNITS;

		if (r->hidden[row])
			continue;
		emit(t, "<text x=\"%u\" y=\"%u\">%u</text>", GUTTER - 5, r->y[row] + HEIGHT / 2 + 3,
		     m->bits ? m->units - unit - ROW_UNITS : unit);
		if (row + 1 < r->count && r->hidden[row + 1])
			emit(t, "<text x=\"%u\" y=\"%u\">&#8942;</text>", GUTTER - 5,
			     r->y[row] + HEIGHT + 3);
	}
	emit(t, "</g>");
}

void svg_map(struct text *t, const struct svg_map *m)
{
	struct rows rows;

	if (!m->units || !lay_rows(m, &rows))
		return;
	emit(t, "<svg class=\"map\" viewBox=\"0 0 %u %u\" role=\"img\"><title>%s</title>"
		"<desc>Eight %s a row; the table that follows says the same.</desc>\n",
	     GUTTER + ROW_UNITS * WIDTH + 2, HEAD + rows.shown * HEIGHT + 2, m->title,
	     m->bits ? "bits" : "bytes");
	draw_numbers(t, m, &rows);
	for (size_t i = 0; i < m->count; i++)
		draw_cell(t, m, &m->cells[i], &rows);
	emit(t, "</svg>\n");
}
