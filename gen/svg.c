/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Drawings of layouts. */
#include "svg.h"

#include <string.h>

enum {
	ROW_WIDTH = 352,
	ROWS_MOST = 64,       /* shown ones; more are no picture any more */
	GUTTER = 30,          /* left of the cells, for the number of the row's first unit */
	HEAD = 14,            /* above them, for the numbers of the columns */
	HEIGHT = 34,          /* of a row, unless labels that stand on end need more */
	HEIGHT_MOST = 124,
	MARGIN = 6,           /* around a label, both sides together */
	CHARACTER = 11,       /* width of one, in halves */
	CHARACTER_ON_END = 10, /* those are smaller */
	LINE = 10, LINES_MOST = 3,
	LINE_ON_END = 9,
};

/* Rows from the top; those inside a long cell are left out. */
struct rows {
	unsigned units, width; /* of a row in bytes or bits; of one of these */
	unsigned count, shown;
	unsigned end;          /* below the last */
	unsigned y[512], height[512];
	bool hidden[512];
};

/* A piece of a cell: from `left` to `right` in columns, between two heights. */
struct span {
	unsigned left, right, top, bottom;
};

/* A label in lines; `on_end` when it has to be turned to fit. */
struct lines {
	const char *text[LINES_MOST];
	size_t length[LINES_MOST];
	unsigned count;
	bool cut;              /* the last line is not the end of the label */
	bool on_end;
};

/* ---- labels ---- */

/* How much of the label the next line takes: up to behind a '_' when all does not fit. */
static size_t line_length(const char *label, size_t room)
{
	size_t length = strlen(label), n = room;

	if (length <= room)
		return length;
	while (n > 1 && label[n - 1] != '_')
		n--;
	return n > 1 ? n : room;
}

/* True when the label fits without a word being cut. */
static bool split(struct lines *l, const char *label, size_t room, unsigned most)
{
	bool whole = true;

	l->count = 0;
	while (*label && l->count < most) {
		size_t n = line_length(label, room);

		whole = whole && (!label[n] || label[n - 1] == '_');
		l->text[l->count] = label;
		l->length[l->count++] = n;
		label += n;
	}
	l->cut = *label != 0;
	return whole && !l->cut;
}

/* How many characters of a width in halves have room. */
static size_t characters(unsigned space, unsigned width)
{
	return space < MARGIN + width ? 1 : (space - MARGIN) * 2 / width;
}

/* How many lines on end have room side by side. */
static unsigned lines_in(unsigned space)
{
	unsigned most = space / LINE_ON_END;

	return most < 1 ? 1 : most < LINES_MOST ? most : LINES_MOST;
}

/*
 * Lay the label out for a cell so wide. Returns the height it needs: that of a row, or more when
 * only a label on end can be read.
 */
static unsigned lay_label(struct lines *l, const char *label, unsigned width)
{
	unsigned most = lines_in(width);

	l->on_end = false;
	if (split(l, label, characters(width, CHARACTER), LINES_MOST))
		return HEIGHT;
	l->on_end = true;
	for (unsigned height = HEIGHT; height < HEIGHT_MOST; height += LINE)
		if (split(l, label, characters(height, CHARACTER_ON_END), most))
			return height;
	split(l, label, characters(HEIGHT_MOST, CHARACTER_ON_END), most);
	return HEIGHT_MOST;
}

/* The label in the middle of a span. */
static void write_label(struct text *t, const char *label, const struct rows *r,
			const struct span *s)
{
	struct lines l;
	unsigned x = GUTTER + (s->left + s->right) * r->width / 2;
	unsigned y = (s->top + s->bottom) / 2;

	int count, line;

	lay_label(&l, label, (s->right - s->left) * r->width);
	count = (int)l.count;
	line = l.on_end ? LINE_ON_END : LINE;
	emit(t, l.on_end ? "<text class=\"e\" transform=\"translate(%u %u)rotate(-90)\">"
			 : "<text transform=\"translate(%u %u)\">",
	     x, y);
	for (int i = 0; i < count; i++) {
		bool dots = l.cut && i + 1 == count;
		size_t n = l.length[i] - (dots && l.length[i] > 1);

		emit(t, "<tspan x=\"0\" y=\"%d\">%.*s%s</tspan>",
		     (2 * i - count + 1) * line / 2 + 3, (int)n, l.text[i], dots ? "&#8230;" : "");
	}
	emit(t, "</text>");
}

/* ---- rows ---- */

/* Units in the order of reading: bytes as they are, bits from the highest on. */
static unsigned from_start(const struct svg_map *m, const struct svg_cell *c)
{
	return m->bits ? m->units - c->start - c->count : c->start;
}

/* Leave out what lies between the first and the last full row of the cell. */
static void hide_rows(struct rows *r, unsigned start, unsigned count)
{
	unsigned first = (start + r->units - 1) / r->units, end = (start + count) / r->units;

	for (unsigned row = first + 1; row + 1 < end; row++)
		r->hidden[row] = true;
}

/* A cell that lies in one row may need it to be higher. */
static void raise_row(struct rows *r, const char *label, unsigned start, unsigned count)
{
	unsigned row = start / r->units, height;
	struct lines l;

	if ((start + count - 1) / r->units != row)
		return;
	height = lay_label(&l, label, count * r->width);
	if (height > r->height[row])
		r->height[row] = height;
}

/* False when there are too many rows. */
static bool lay_rows(const struct svg_map *m, struct rows *r)
{
	unsigned units = m->bits ? 16 : 8;

	*r = (struct rows){ .units = units, .width = ROW_WIDTH / units, .end = HEAD };
	if (m->bits && m->units < units)
		r->units = m->units;
	r->count = (m->units + r->units - 1) / r->units;
	if (r->count > sizeof(r->y) / sizeof(r->y[0]))
		return false;
	for (unsigned row = 0; row < r->count; row++)
		r->height[row] = HEIGHT;
	for (size_t i = 0; i < m->count; i++) {
		unsigned start = from_start(m, &m->cells[i]);

		hide_rows(r, start, m->cells[i].count);
		raise_row(r, m->cells[i].label, start, m->cells[i].count);
	}
	for (unsigned row = 0; row < r->count; row++) {
		r->y[row] = r->end;
		if (r->hidden[row])
			continue;
		r->shown++;
		r->end += r->height[row];
	}
	return r->shown <= ROWS_MOST;
}

/* ---- cells ---- */

static void box(struct text *t, const struct rows *r, const struct span *s)
{
	unsigned width = (s->right - s->left) * r->width;

	emit(t, "M%u %uh%uV%uh-%uz", GUTTER + s->left * r->width, s->top, width, s->bottom, width);
}

/* A cell of several rows as one outline: its first row may begin late, its last end early. */
static void outline(struct text *t, const struct rows *r, const struct span *first,
		    const struct span *last)
{
	unsigned left = GUTTER, right = GUTTER + r->units * r->width;
	unsigned begin = left + first->left * r->width, end = left + last->right * r->width;

	if (first->bottom == last->top && first->left >= last->right) {
		box(t, r, first);
		box(t, r, last);
		return;
	}
	emit(t, "M%u %uH%uV%uH%uV%uH%uV%uH%uz", begin, first->top, right, last->top, end,
	     last->bottom, left, first->bottom, begin);
}

/* Where the label of a cell has most room: its full rows together, else its longer end. */
static struct span widest(const struct rows *r, const struct span *first, const struct span *last)
{
	struct span middle = { 0, r->units, first->top, last->bottom };

	if (first->left)
		middle.top = first->bottom;
	if (last->right < r->units)
		middle.bottom = last->top;
	if (middle.bottom > middle.top)
		return middle;
	return r->units - first->left >= last->right ? *first : *last;
}

static void draw_cell(struct text *t, const struct svg_map *m, const struct svg_cell *c,
		      const struct rows *r)
{
	static const char classes[] = { 'f', 'z', 'i', 'p' };
	unsigned start = from_start(m, c), end = start + c->count;
	unsigned top = start / r->units, bottom = (end - 1) / r->units;
	struct span first = { start % r->units, r->units, r->y[top], r->y[top] + r->height[top] };
	struct span last = { 0, (end - 1) % r->units + 1, r->y[bottom],
			     r->y[bottom] + r->height[bottom] };

	emit(t, "<path class=\"%c\" d=\"", classes[c->kind]);
	if (top == bottom) {
		first.right = last.right;
		box(t, r, &first);
	} else {
		outline(t, r, &first, &last);
		first = widest(r, &first, &last);
	}
	emit(t, "\"/>");
	write_label(t, c->label, r, &first);
}

static void draw_numbers(struct text *t, const struct svg_map *m, const struct rows *r)
{
	emit(t, "<g class=\"n\">");
	for (unsigned i = 0; i < r->units && i < m->units; i++)
		emit(t, "<text x=\"%u\" y=\"10\">%u</text>", GUTTER + i * r->width + r->width / 2,
		     m->bits ? r->units - 1 - i : i);
	emit(t, "</g><g class=\"r\">");
	for (unsigned row = 0; row < r->count; row++) {
		unsigned unit = row * r->units;

		if (r->hidden[row])
			continue;
		emit(t, "<text x=\"%u\" y=\"%u\">%u</text>", GUTTER - 5,
		     r->y[row] + r->height[row] / 2 + 3,
		     m->bits ? m->units - unit - r->units : unit);
		if (row + 1 < r->count && r->hidden[row + 1])
			emit(t, "<text x=\"%u\" y=\"%u\">&#8942;</text>", GUTTER - 5,
			     r->y[row] + r->height[row] + 3);
	}
	emit(t, "</g>");
}

void svg_map(struct text *t, const struct svg_map *m)
{
	struct rows rows;

	if (!m->units || !lay_rows(m, &rows))
		return;
	emit(t,
	     "<svg class=\"map\" viewBox=\"0 0 %u %u\" role=\"img\"><title>%s</title>"
	     "<desc>%u %s a row; the table that follows says the same.</desc>\n",
	     GUTTER + ROW_WIDTH + 2, rows.end + 2, m->title, rows.units,
	     m->bits ? "bits" : "bytes");
	draw_numbers(t, m, &rows);
	for (size_t i = 0; i < m->count; i++)
		draw_cell(t, m, &m->cells[i], &rows);
	emit(t, "</svg>\n");
}
