/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Collects the errors of a specification and shows each with its source line and a caret. */
#include "diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_COLUMNS = 200 };  /* longer lines are shown up to here, or around the caret */

struct diag {
	struct diag *next;     /* of a note: the next note of the same error */
	struct diag *notes;
	struct pos at;
	const char *text;
};

static struct diag *diag_new(struct spec *s, const struct pos *at, const char *format, va_list args)
{
	char text[512];
	struct diag *d = spec_alloc(s, sizeof(*d));

	vsnprintf(text, sizeof(text), format, args);
	d->at = *at;
	d->text = spec_strndup(s, text, strlen(text));
	return d;
}

static bool same(const struct diag *a, const struct diag *b)
{
	return a->at.source == b->at.source && a->at.line == b->at.line &&
	       a->at.column == b->at.column && strcmp(a->text, b->text) == 0;
}

void diag_error(struct spec *s, const struct pos *at, const char *format, ...)
{
	va_list args;
	struct diag *d;

	va_start(args, format);
	d = diag_new(s, at, format, args);
	va_end(args);
	if (s->last_error && same(s->last_error, d))
		return;
	if (s->last_error)
		s->last_error->next = d;
	else
		s->errors = d;
	s->last_error = d;
	s->error_count++;
}

void diag_note(struct spec *s, const struct pos *at, const char *format, ...)
{
	va_list args;
	struct diag *d;

	va_start(args, format);
	d = diag_new(s, at, format, args);
	va_end(args);
	if (!s->last_error)
		return;
	for (struct diag *old = s->last_error->notes; old; old = old->next)
		if (same(old, d))
			return;
	APPEND(s->last_error->notes, d);
}

/* The line that holds the position, without its end. */
static const char *find_line(const struct pos *at, size_t *length)
{
	const char *p = at->source->text, *end = p + at->source->size;

	for (unsigned line = 1; line < at->line && p < end; line++) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));

		p = newline ? newline + 1 : end;
	}
	const char *newline = memchr(p, '\n', (size_t)(end - p));

	*length = (size_t)((newline ? newline : end) - p);
	if (*length && p[*length - 1] == '\r')
		(*length)--;
	return p;
}

static char printable(char c)
{
	return c == '\t' || (c >= ' ' && c != 0x7f) || (unsigned char)c >= 0x80 ? c : '?';
}

/*
 * Blanks below the line's first bytes: a tab for a tab, nothing for the rest of a UTF-8 sequence.
 */
static void print_blanks(const char *line, size_t length, FILE *to)
{
	for (size_t i = 0; i < length; i++)
		if (line[i] == '\t')
			fputc('\t', to);
		else if (((unsigned char)line[i] & 0xc0) != 0x80)
			fputc(' ', to);
}

void diag_show_line(const struct pos *at, FILE *to)
{
	size_t length, column = at->column - 1, start = 0;
	const char *line = find_line(at, &length);

	if (column > length)
		column = length;
	if (column > SHOWN_COLUMNS / 2 && length > SHOWN_COLUMNS)
		start = column - SHOWN_COLUMNS / 2;
	if (length - start > SHOWN_COLUMNS)
		length = start + SHOWN_COLUMNS;
	fprintf(to, "%5u | ", at->line);
	for (size_t i = start; i < length; i++)
		fputc(printable(line[i]), to);
	fputs("\n      | ", to);
	print_blanks(line + start, column - start, to);
	fputc('^', to);
	for (size_t i = 1; i < at->length && column + i < length; i++)
		fputc('~', to);
	fputc('\n', to);
}

static void print_one(const struct diag *d, const char *kind, FILE *to)
{
	fprintf(to, "%s:%u:%u: %s: %s\n", d->at.source->name, d->at.line, d->at.column, kind,
		d->text);
	diag_show_line(&d->at, to);
}

static int compare(const void *left, const void *right)
{
	const struct diag *a = *(const struct diag *const *)left,
			  *b = *(const struct diag *const *)right;

	if (a->at.source != b->at.source)
		return a->at.source->index < b->at.source->index ? -1 : 1;
	if (a->at.line != b->at.line)
		return a->at.line < b->at.line ? -1 : 1;
	if (a->at.column != b->at.column)
		return a->at.column < b->at.column ? -1 : 1;
	return strcmp(a->text, b->text);
}

void diag_print(const struct spec *s, FILE *to)
{
	size_t n = 0;
	const struct diag **sorted = calloc(s->error_count + 1, sizeof(*sorted));

	if (!sorted) {
		fputs("hvgen: out of memory\n", stderr);
		exit(2);
	}
	for (const struct diag *d = s->errors; d; d = d->next)
		sorted[n++] = d;
	qsort(sorted, n, sizeof(*sorted), compare);
	for (size_t i = 0; i < n; i++) {
		print_one(sorted[i], "error", to);
		for (const struct diag *note = sorted[i]->notes; note; note = note->next)
			print_one(note, "note", to);
	}
	free(sorted);
}
