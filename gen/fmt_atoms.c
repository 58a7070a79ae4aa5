/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Tokens together with the comments and empty lines between them, which the lexer skips. */
#include <string.h>

#include "fmt.h"
#include "parse.h"
#include "read.h"

struct scan {
	struct spec *spec;
	const char *at, *end;  /* what has not been looked at */
	const char *line_start;
	unsigned line;
	bool line_used;        /* something stood on this line already */
	unsigned newlines;     /* since the last atom */
	struct atom *atoms;
	size_t count;
};

static struct atom *add(struct scan *s, int kind, const char *text, size_t length)
{
	struct atom *a = &s->atoms[s->count++];

	*a = (struct atom){
		.kind = kind, .text = text, .length = length,
		.first = !s->line_used, .blank = s->newlines > 1,
	};
	s->line_used = true;
	s->newlines = 0;
	return a;
}

static void add_comment(struct scan *s)
{
	const char *end = memchr(s->at, '\n', (size_t)(s->end - s->at));
	const char *start = s->at;

	s->at = end ? end : s->end;
	end = s->at;
	while (strchr(" \t\r", end[-1]) && end[-1])
		end--;
	add(s, ATOM_COMMENT, start, (size_t)(end - start));
}

/* The comments and line ends up to a place where a token starts. */
static void skip_to(struct scan *s, const char *place)
{
	while (s->at < place) {
		if (*s->at == '/') {
			add_comment(s);
			continue;
		}
		if (*s->at++ != '\n')
			continue;
		s->line++;
		s->line_start = s->at;
		s->line_used = false;
		s->newlines++;
	}
}

/* Where the line of a position starts, which is not above the line that the scan has reached. */
static const char *line_of(const struct scan *s, const struct pos *at)
{
	const char *p = s->line_start;

	for (unsigned line = s->line; line < at->line; line++)
		p = (const char *)memchr(p, '\n', (size_t)(s->end - p)) + 1;
	return p;
}

static void add_doc(struct scan *s, const struct token *t)
{
	const char *text = spec_printf(s->spec, *t->text ? "/// %s" : "///", t->text);

	add(s, t->kind, text, strlen(text));
}

static void add_token(struct scan *s, const struct token *t)
{
	const char *start = line_of(s, &t->at) + t->at.column - 1;

	skip_to(s, start);
	if (t->kind == TOKEN_DOC || t->kind == TOKEN_LINE_DOC)
		add_doc(s, t);
	else
		add(s, t->kind, start, t->at.length);
	s->at = start + t->at.length;
}

/* Comments take two bytes at least, and stand between tokens. */
struct atom *fmt_atoms(struct spec *spec, const struct source *source,
		       const struct token_list *tokens)
{
	struct scan s = {
		.spec = spec,
		.at = source->text, .end = source->text + source->size,
		.line_start = source->text, .line = 1,
	};

	s.atoms = spec_alloc(spec, (tokens->count + source->size / 2 + 1) * sizeof(*s.atoms));
	for (size_t i = 0; i < tokens->count; i++)
		add_token(&s, &tokens->tokens[i]);
	skip_to(&s, s.end);
	add(&s, TOKEN_END, s.end, 0);
	return s.atoms;
}
