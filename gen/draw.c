/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Layouts drawn with characters. */
#include "draw.h"

#include <string.h>

enum { ROW_BYTES = 8, BYTE_COLUMNS = 8 };

/* ---- bytes ---- */

static void frame(struct text *t)
{
	emit(t, "       +");
	for (unsigned i = 0; i < ROW_BYTES; i++)
		emit(t, "-------+");
	emit_blank(t);
}

static const char *caption(const struct field *f)
{
	if (f->kind == FIELD_PAD)
		return "ignored";
	if (f->kind == FIELD_MBZ)
		return "zero";
	return f->is_array ? namef("%s[%u]", f->name, f->count) : f->name;
}

/* What fills the columns of a cell; a name that is too long ends in '~'. */
static void cell(struct text *t, const char *name, unsigned bytes)
{
	size_t room = bytes * BYTE_COLUMNS - 1, length = strlen(name);

	if (length > room)
		emit(t, "%.*s~", (int)room - 1, name);
	else
		emit(t, "%-*s", (int)room, name);
	emit_char(t, '|');
}

/* The part of a row that belongs to a field: bytes [from, end) of the block. */
static void field_cell(struct text *t, const struct field *f, unsigned from, unsigned end)
{
	bool starts = from == f->offset;
	/* Where the first bytes are few, the name stands in the first full row as well. */
	bool again = from == f->offset + ROW_BYTES - f->offset % ROW_BYTES &&
		     from - f->offset < ROW_BYTES / 2 && end - from > ROW_BYTES / 2;

	cell(t, starts || again ? caption(f) : "", end - from);
}

static unsigned end_of(const struct field *f)
{
	return f->offset + field_size(f);
}

/* True for a row inside a field, with another below it that looks the same, and one more. */
static bool is_inner(const struct field *f, unsigned at)
{
	return f->offset + ROW_BYTES <= at && end_of(f) > at + 2 * ROW_BYTES;
}

/* One row; *f is the field at its start and becomes that at its end. */
static void row(struct text *t, const struct field **f, unsigned at)
{
	unsigned from = at, end;

	emit(t, "0x%04x |", at);
	while (*f && from < at + ROW_BYTES) {
		end = end_of(*f) < at + ROW_BYTES ? end_of(*f) : at + ROW_BYTES;
		field_cell(t, *f, from, end);
		from = end;
		if (end == end_of(*f))
			*f = (*f)->next;
	}
	emit_blank(t);
}

void draw_bytes(struct text *t, const struct field *list)
{
	const struct field *f = list;

	emit(t, "       ");
	for (unsigned i = 0; i < ROW_BYTES; i++)
		emit(t, " %-7u", i);
	t->len -= 6; /* no blanks at the end of the line */
	emit_blank(t);
	frame(t);
	for (unsigned at = 0; f; at += ROW_BYTES) {
		if (is_inner(f, at)) {
			emit_line(t, "  ...  |%*s|", ROW_BYTES * BYTE_COLUMNS - 1, "");
			at = (end_of(f) - 1) / ROW_BYTES * ROW_BYTES;
		}
		row(t, &f, at);
	}
	frame(t);
}

/* ---- bits ---- */

char draw_letter(const struct bits *list, const struct bits *part)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ123456789";
	unsigned index = 0;

	switch (part->kind) {
	case BITS_MBZ:
		return '0';
	case BITS_PAD:
		return '.';
	case BITS_PRESERVE:
		return '=';
	case BITS_NAMED:
		break;
	}
	for (const struct bits *b = list; b && b != part; b = b->next)
		index += b->kind == BITS_NAMED;
	return letters[index % (sizeof(letters) - 1)];
}

static char letter_at(const struct bits *list, unsigned bit)
{
	for (const struct bits *b = list; b; b = b->next)
		if (bit >= b->low && bit <= b->high)
			return draw_letter(list, b);
	return ' ';
}

void draw_bits(struct text *t, const struct bits *list, unsigned width)
{
	emit(t, "  ");
	for (unsigned byte = width / 8; byte-- > 0;)
		emit(t, byte ? "%-9u" : "%-7u0", 8 * byte + 7);
	emit(t, "\n  ");
	for (unsigned bit = width; bit-- > 0;) {
		emit_char(t, letter_at(list, bit));
		if (bit && bit % 8 == 0)
			emit_char(t, ' ');
	}
	emit_blank(t);
}
