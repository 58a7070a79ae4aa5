/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Reads sources, follows includes, feeds the grammar, and goes on behind what cannot be read. */
#include "read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "build.h"
#include "diag.h"
#include "parse.h"

enum {
	SOURCE_LIMIT = 16 << 20,  /* bytes; a larger file is no specification */
	INCLUDE_LIMIT = 32,       /* files that include each other in a row */
};

/* Provided by the grammar. */
void *ParseAlloc(void *(*allocate)(size_t));
void Parse(void *parser, int kind, struct token token, struct build *b);
void ParseFree(void *parser, void (*release)(void *));

/* ---- files ---- */

char *read_stream(FILE *stream, size_t *size)
{
	size_t room = 4096;
	char *bytes = malloc(room);

	for (*size = 0; bytes; room *= 2) {
		char *more;

		*size += fread(bytes + *size, 1, room - *size, stream);
		if (*size < room)
			break;
		if (room > SOURCE_LIMIT)
			errno = EFBIG;
		more = room > SOURCE_LIMIT ? NULL : realloc(bytes, room * 2);
		if (!more)
			free(bytes);
		bytes = more;
	}
	if (bytes && ferror(stream)) {
		free(bytes);
		return NULL;
	}
	return bytes;
}

static struct source *add_source(struct spec *s, const char *name, const char *text, size_t size)
{
	struct source *source = spec_alloc(s, sizeof(*source));

	for (const struct source *other = s->sources; other; other = other->next)
		source->index++;
	source->name = spec_strndup(s, name, strlen(name));
	source->text = spec_strndup(s, text, size);
	source->size = size;
	APPEND(s->sources, source);
	return source;
}

/*
 * The source at path, read once however often it is named. NULL with errno set when it cannot be
 * read.
 */
static struct source *load(struct spec *s, FILE *stream, const char *path, bool *fresh)
{
	struct stat file;
	struct source *source;
	size_t size;
	char *text;

	if (fstat(fileno(stream), &file) != 0)
		return NULL;
	for (source = s->sources; source; source = source->next)
		if (source->device == file.st_dev && source->inode == file.st_ino)
			return source;
	text = read_stream(stream, &size);
	if (!text)
		return NULL;
	source = add_source(s, path, text, size);
	source->device = file.st_dev;
	source->inode = file.st_ino;
	*fresh = true;
	free(text);
	return source;
}

static struct source *open_source(struct spec *s, const char *path, bool *fresh)
{
	FILE *stream = fopen(path, "rb");
	struct source *source;
	int why;

	*fresh = false;
	if (!stream)
		return NULL;
	source = load(s, stream, path, fresh);
	why = errno;
	fclose(stream);
	errno = why;
	return source;
}

/* ---- tokens ---- */

struct feeder {
	struct build build;
	struct lexer lexer;
	void *parser;
	unsigned item_column;  /* of what notes on the next lines may belong to */
	bool item_numbered;    /* a number opens it: other words, too, go on on deeper lines */
	struct token opened;   /* the keyword of the declaration that is open */
	int depth;             /* of braces */
	struct token_list names; /* all of them in that declaration so far */
	struct token_list *kept; /* where the tokens go, too; or NULL */
};

static void *checked(void *memory)
{
	if (memory)
		return memory;
	fputs("hvgen: out of memory\n", stderr);
	exit(2);
}

static void *allocate(size_t size)
{
	return checked(malloc(size));
}

static void restart(struct feeder *f)
{
	if (f->parser)
		ParseFree(f->parser, free);
	f->parser = ParseAlloc(allocate);
	build_reset_state(&f->build);
	f->depth = 0;
}

/* The first word of a line starts an item, if it does not continue the one above. */
static void start_item(struct feeder *f, const struct token *t)
{
	if (f->item_numbered && t->at.column > f->item_column)
		return;
	f->item_column = t->at.column;
	f->item_numbered = t->kind == TOKEN_NUMBER;
}

/*
 * Marks, `seen` and documentation belong to what stands before them on their line, or above them
 * and less deep. First on a line as deep as the line above, they belong to the declaration around
 * them, or to what follows.
 */
static void place_note(struct feeder *f, struct token *t)
{
	bool note = t->kind == TOKEN_MARK || t->kind == TOKEN_DOC || t->kind == TOKEN_SEEN;

	if (!t->first && t->kind == TOKEN_DOC)
		t->kind = TOKEN_LINE_DOC;
	if (!t->first)
		return;
	if (!note)
		start_item(f, t);
	else if (t->at.column > f->item_column && f->item_column)
		t->kind = t->kind == TOKEN_DOC ? TOKEN_LINE_DOC : t->kind;
	else if (t->kind == TOKEN_MARK)
		t->kind = TOKEN_BODY_MARK;
	else if (t->kind == TOKEN_SEEN)
		t->kind = TOKEN_BODY_SEEN;
}

static void keep(struct token_list *l, const struct token *t)
{
	if (l->count == l->room) {
		l->room = l->room ? 2 * l->room : 256;
		l->tokens = checked(realloc(l->tokens, l->room * sizeof(*l->tokens)));
	}
	l->tokens[l->count++] = *t;
}

void token_list_free(struct token_list *l)
{
	free(l->tokens);
	*l = (struct token_list){ 0 };
}

static bool starts_declaration(const struct token *t)
{
	return t->first && t->at.column == 1 && lex_opens_declaration(t->kind);
}

/* Names of the declaration, for the case that it cannot be read. */
static void remember_name(struct feeder *f, const struct token *t)
{
	if (t->kind != TOKEN_STRING && t->kind != TOKEN_NUMBER)
		keep(&f->names, t);
}

/* What a broken declaration declares and uses is neither unknown nor unused. */
static void end_declaration(struct feeder *f)
{
	struct spec *s = f->build.spec;

	for (size_t i = 0; f->build.failed && i < f->names.count; i++) {
		struct name_list *lost = spec_alloc(s, sizeof(*lost));

		lost->name = build_name(&f->names.tokens[i]);
		lost->next = s->lost;
		s->lost = lost;
	}
	f->names.count = 0;
	f->build.failed = false;
}

static void report_unclosed(struct feeder *f, const struct token *t)
{
	if (t->kind == TOKEN_END)
		diag_error(f->build.spec, &t->at,
			   "the file ends inside a declaration: '}' is missing");
	else
		diag_error(f->build.spec, &t->at, "'}' is missing before this declaration");
	diag_note(f->build.spec, &f->opened.at, "the open declaration starts here");
}

/* A keyword in column 1 always starts a declaration, whatever is still open. */
static void start_declaration(struct feeder *f, const struct token *t)
{
	bool fresh = f->depth == 0 && !f->build.failed;

	if (f->depth > 0 && !f->build.failed) {
		report_unclosed(f, t);
		f->build.failed = true;
	}
	end_declaration(f);
	if (!fresh)
		restart(f);
	f->opened = *t;
}

static void feed_end(struct feeder *f, const struct token *t)
{
	if (f->build.failed)
		return;
	if (f->depth == 0) {
		Parse(f->parser, t->kind, *t, &f->build);
		return;
	}
	report_unclosed(f, t);
	f->build.failed = true;
}

static void feed_one(struct feeder *f, struct token *t)
{
	place_note(f, t);
	if (starts_declaration(t))
		start_declaration(f, t);
	else if (lex_opens_declaration(t->kind))
		t->kind = TOKEN_NAME;
	remember_name(f, t);
	if (f->kept)
		keep(f->kept, t);
	if (!f->build.failed)
		Parse(f->parser, t->kind, *t, &f->build);
	f->depth += (t->kind == TOKEN_LBRACE) - (t->kind == TOKEN_RBRACE);
}

/* Read a whole source into the specification; alone and with its tokens kept when `kept` is given. */
static void feed(struct spec *s, const struct source *source, struct token_list *kept)
{
	struct feeder f = { .kept = kept };
	struct token t;

	build_init(&f.build, s, source);
	f.build.alone = kept != NULL;
	lex_init(&f.lexer, s, source);
	restart(&f);
	for (t = lex_next(&f.lexer); t.kind != TOKEN_END; t = lex_next(&f.lexer))
		feed_one(&f, &t);
	feed_end(&f, &t);
	if (!f.build.failed)
		build_close(&f.build);
	end_declaration(&f);
	token_list_free(&f.names);
	ParseFree(f.parser, free);
}

/* ---- includes ---- */

/* The path of an included file: relative to the folder of the file that names it. */
static const char *resolve(struct spec *s, const struct source *from, const char *path)
{
	const char *slash = strrchr(from->name, '/');

	if (!slash || path[0] == '/')
		return path;
	return spec_printf(s, "%.*s%s", (int)(slash + 1 - from->name), from->name, path);
}

static void refuse_cycle(struct spec *s, const struct token *path, const struct source *from,
			 const struct source *to)
{
	const struct source *open = from;

	while (open && open != to)
		open = open->includer;
	if (!open)
		return;
	diag_error(s, &path->at, "include cycle: \"%s\" is still being read", path->text);
	for (const struct source *via = from; via != to; via = via->includer)
		diag_note(s, &via->included_at, "by way of this include");
}

static bool too_deep(struct spec *s, const struct token *path, const struct source *from)
{
	unsigned depth = 0;

	for (; from; from = from->includer)
		depth++;
	if (depth < INCLUDE_LIMIT)
		return false;
	diag_error(s, &path->at, "includes nested more than %d deep", INCLUDE_LIMIT);
	return true;
}

void build_include(struct build *b, const struct token *path, const struct token *title)
{
	bool fresh;
	struct source *source;

	if (b->alone || too_deep(b->spec, path, b->source))
		return;
	source = open_source(b->spec, resolve(b->spec, b->source, path->text), &fresh);
	if (!source) {
		diag_error(b->spec, &path->at, "cannot read \"%s\": %s", path->text,
			   strerror(errno));
		b->spec->missing_source = true;
		return;
	}
	if (!fresh) {
		refuse_cycle(b->spec, path, b->source, source);
		return;
	}
	source->includer = b->source;
	source->included_at = path->at;
	source->title = title ? title->text : NULL;
	feed(b->spec, source, NULL);
}

bool read_spec(struct spec *s, const char *path)
{
	bool fresh;
	struct source *source = open_source(s, path, &fresh);

	if (source)
		feed(s, source, NULL);
	return source != NULL;
}

void read_text(struct spec *s, const char *name, const char *text, size_t size)
{
	feed(s, add_source(s, name, text, size), NULL);
}

const struct source *read_alone(struct spec *s, const char *name, const char *text, size_t size,
				struct token_list *tokens)
{
	const struct source *source = add_source(s, name, text, size);

	s->missing_source = true;
	feed(s, source, tokens);
	return source;
}
