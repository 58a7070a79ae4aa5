/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Text for one screen. */
#include "screen.h"

#include <string.h>

enum { LABEL_COLUMNS = 13, LEAST_LINES = 2 };

struct text *screen_part(struct screen *s)
{
	return &s->parts[s->count++];
}

/* ---- filling lines ---- */

static unsigned column_of(const struct text *t)
{
	size_t start = t->len;

	while (start > 0 && t->data[start - 1] != '\n')
		start--;
	return (unsigned)(t->len - start);
}

static void pad_to(struct text *t, unsigned column)
{
	while (column_of(t) < column)
		emit_char(t, ' ');
}

void screen_fill(struct text *t, unsigned column, const char *words)
{
	bool first = true;

	for (words += strspn(words, " \n\t"); *words; words += strspn(words, " \n\t")) {
		size_t length = strcspn(words, " \n\t");

		if (!first && column_of(t) + 1 + length > SCREEN_COLUMNS)
			emit_char(t, '\n');
		else if (!first)
			emit_char(t, ' ');
		pad_to(t, column);
		emit(t, "%.*s", (int)length, words);
		words += length;
		first = false;
	}
}

void screen_item(struct text *t, const char *label, const char *words)
{
	if (!words || !*words)
		return;
	emit(t, "%s", label);
	screen_fill(t, LABEL_COLUMNS, words);
	emit_blank(t);
}

/* ---- one screen ---- */

static unsigned lines_of(const struct text *t)
{
	unsigned lines = 0;

	for (size_t i = 0; i < t->len; i++)
		lines += t->data[i] == '\n';
	return lines;
}

/* Take lines from the longest parts until all fit; the first part stays whole. */
static void share_lines(unsigned *shown, unsigned count)
{
	for (;;) {
		unsigned total = 0, longest = 0;

		for (unsigned i = 0; i < count; i++) {
			total += shown[i] + (i && shown[i]);
			if (i && (!longest || shown[i] > shown[longest]))
				longest = i;
		}
		if (total <= SCREEN_LINES || !longest || shown[longest] <= LEAST_LINES)
			return;
		shown[longest]--;
	}
}

static void print_part(const struct text *t, FILE *to, unsigned lines, unsigned shown)
{
	const char *at = t->data, *end = t->data + t->len;
	unsigned whole = shown < lines ? shown - 1 : lines;

	for (unsigned i = 0; i < whole; i++) {
		const char *next = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;

		fwrite(at, 1, (size_t)(next - at), to);
		at = next;
	}
	if (shown < lines)
		fprintf(to, "  ... %u more lines: --all shows them\n", lines - whole);
}

void screen_show(struct screen *s, FILE *to, bool all)
{
	unsigned lines[SCREEN_PARTS], shown[SCREEN_PARTS];
	bool first = true;

	for (unsigned i = 0; i < s->count; i++)
		lines[i] = shown[i] = lines_of(&s->parts[i]);
	if (!all)
		share_lines(shown, s->count);
	for (unsigned i = 0; i < s->count; i++) {
		if (!lines[i])
			continue;
		if (!first)
			fputc('\n', to);
		print_part(&s->parts[i], to, lines[i], shown[i]);
		text_free(&s->parts[i]);
		first = false;
	}
	s->count = 0;
}
