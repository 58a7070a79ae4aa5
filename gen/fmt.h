/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The canonical form of a source: same words, notes and comments, one way to lay them out. */
#ifndef HVGEN_FMT_H
#define HVGEN_FMT_H

#include "emit.h"
#include "lex.h"
#include "read.h"

/*
 * Append the canonical form of a text, which is told apart from others by `name`. False when the
 * text cannot be read: why is then in the errors of the specification.
 */
bool fmt_text(struct spec *s, const char *name, const char *text, size_t size, struct text *out);

/* ---- from bytes to atoms; fmt_atoms.c ---- */

/* A token or a comment, as it stands in the canonical form. */
struct atom {
	int kind;              /* of the token; ATOM_COMMENT */
	const char *text;
	size_t length;
	bool first;            /* on its line of the source */
	bool blank;            /* an empty line stands in front of it */
};

enum { ATOM_COMMENT = -1 };

/* The last atom is a TOKEN_END. */
struct atom *fmt_atoms(struct spec *s, const struct source *source,
		       const struct token_list *tokens);

/* ---- from atoms to entries; fmt_entries.c ---- */

/* Atoms that stay together. */
struct group {
	struct group *next;
	const struct atom *atoms;
	size_t count;
	unsigned width;
	bool rule;             /* stands close to the rule in front of it */
	bool note;             /* a mark, documentation or a comment: starts a line where it did so */
	bool stays;            /* behind what it stands behind, however long: a comment */
	bool own;              /* starts a line of its own */
	bool last;             /* nothing can stand behind it on its line */
};

/* How the entries of one body are lined up; columns count from the indentation. */
struct table {
	struct table *next;
	unsigned least_name, keyword; /* columns: of names at least, of what keywords say */
	unsigned name, second, tail;  /* columns: of the words of rows, found by the layout */
};

enum entry_kind {
	ENTRY_ROW,             /* lined up with the other rows of its table */
	ENTRY_KEYWORD,         /* a word and what it says */
	ENTRY_OPEN, ENTRY_CLOSE, /* what ends with, and what begins with a brace */
	ENTRY_LINE,            /* anything else */
};

enum { ROW_CELLS = 3 };

struct entry {
	struct entry *next;
	enum entry_kind kind;
	struct table *table;
	unsigned depth;        /* of braces */
	bool blank;            /* an empty line stands in front of it */
	const struct group *cells[ROW_CELLS]; /* of a row: number (or NULL), type or name, name */
	struct group *list;    /* of a keyword: what it says */
	struct group *tail;    /* rules and notes */
};

struct entry *fmt_entries(struct spec *s, const struct atom *atoms, struct table **tables);

/* Whether a space stands between two atoms of a group. */
bool fmt_space_between(const struct atom *left, const struct atom *right);

/* ---- from entries to lines; fmt_layout.c ---- */

void fmt_layout(struct text *out, struct entry *entries, struct table *tables);

#endif
