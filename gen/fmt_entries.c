/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Which words of a source belong on one line. The grammar has accepted them already. */
#include <string.h>

#include "fmt.h"
#include "parse.h"

struct splitter {
	struct spec *spec;
	const struct atom *at;
	struct entry *first, **end;
	struct table *tables;
	unsigned depth;
};

/* ---- atoms ---- */

/* The token that comes next, or the one after so many others; comments do not count. */
static int peek(const struct splitter *s, unsigned ahead)
{
	const struct atom *a = s->at;

	for (;; a++) {
		if (a->kind == ATOM_COMMENT)
			continue;
		if (a->kind == TOKEN_END || ahead-- == 0)
			return a->kind;
	}
}

static bool is_note(int kind)
{
	return kind == TOKEN_LINE_DOC || kind == TOKEN_MARK || kind == TOKEN_SEEN;
}

static bool is_rule(int kind)
{
	switch (kind) {
	case TOKEN_IN: case TOKEN_NONZERO: case TOKEN_MBZ: case TOKEN_PAD: case TOKEN_PRESERVE:
	case TOKEN_GPA: case TOKEN_LOCKS: case TOKEN_VALID: case TOKEN_COUNT_OF:
	case TOKEN_IGNORED_UNLESS: case TOKEN_UNLESS: case TOKEN_ELSE:
		return true;
	default:
		return false;
	}
}

/* What can say more of the row in front of it. */
static bool is_row_word(int kind)
{
	switch (kind) {
	case TOKEN_NAMED: case TOKEN_FORMERLY: case TOKEN_UNIMPLEMENTED: case TOKEN_OFFERED:
	case TOKEN_COLON: case TOKEN_EQUALS: case TOKEN_LBRACKET:
		return true;
	default:
		return is_rule(kind) || is_note(kind);
	}
}

bool fmt_space_between(const struct atom *left, const struct atom *right)
{
	switch (right->kind) {
	case TOKEN_COMMA: case TOKEN_DOT: case TOKEN_RANGE: case TOKEN_LBRACKET:
	case TOKEN_RBRACKET:
		return false;
	default:
		return left->kind != TOKEN_DOT && left->kind != TOKEN_RANGE &&
		       left->kind != TOKEN_LBRACKET;
	}
}

/* ---- groups ---- */

static struct group *start_group(struct splitter *s)
{
	struct group *g = spec_alloc(s->spec, sizeof(*g));

	g->atoms = s->at;
	return g;
}

/* The next token goes into the group, and so do the comments in front of it. */
static void take(struct splitter *s, struct group *g)
{
	bool more = true;

	for (; more; s->at++) {
		const struct atom *previous = g->count ? s->at - 1 : NULL;

		more = s->at->kind == ATOM_COMMENT;
		g->width += (unsigned)s->at->length +
			    (previous && fmt_space_between(previous, s->at));
		g->count++;
	}
}

static void take_some(struct splitter *s, struct group *g, unsigned count)
{
	while (count--)
		take(s, g);
}

static struct group *group_of(struct splitter *s, unsigned count)
{
	struct group *g = start_group(s);

	take_some(s, g, count);
	return g;
}

static struct group *take_comment(struct splitter *s)
{
	struct group *g = start_group(s);

	*g = (struct group){
		.atoms = s->at, .count = 1, .width = (unsigned)s->at->length,
		.note = true, .stays = true, .own = s->at->first, .last = true,
	};
	s->at++;
	return g;
}

/* A keyword and what it lists: names, with dots inside or texts behind them. */
static void take_list(struct splitter *s, struct group *g)
{
	do {
		take_some(s, g, 2);
		while (peek(s, 0) == TOKEN_DOT)
			take_some(s, g, 2);
		if (peek(s, 0) == TOKEN_STRING)
			take(s, g);
	} while (peek(s, 0) == TOKEN_COMMA);
}

static bool lists(int kind)
{
	return kind == TOKEN_SEEN || kind == TOKEN_FORMERLY || kind == TOKEN_OFFERED;
}

/* How many tokens a word of a row brings along; strings come on top of them. */
static unsigned arity(const struct splitter *s)
{
	switch (peek(s, 0)) {
	case TOKEN_IN:
		return 3;
	case TOKEN_EQUALS:
		return peek(s, 2) == TOKEN_DOT ? 3 : 2;
	case TOKEN_UNLESS:
		return peek(s, 2) == TOKEN_DOT ? 3 : 1;
	case TOKEN_LBRACKET:
		return 2;
	case TOKEN_ELSE: case TOKEN_COLON: case TOKEN_VALID: case TOKEN_COUNT_OF:
	case TOKEN_IGNORED_UNLESS:
		return 1;
	default:
		return 0;
	}
}

static struct group *take_word(struct splitter *s)
{
	struct group *g = start_group(s);
	int kind = peek(s, 0);

	g->rule = is_rule(kind);
	g->note = is_note(kind);
	g->own = g->note && s->at->first;
	g->last = kind == TOKEN_LINE_DOC;
	if (lists(kind)) {
		take_list(s, g);
		return g;
	}
	take_some(s, g, 1 + arity(s));
	if (kind != TOKEN_LINE_DOC && peek(s, 0) == TOKEN_STRING)
		take(s, g);
	return g;
}

/* ---- entries ---- */

static struct entry *add_entry(struct splitter *s, enum entry_kind kind, struct table *t)
{
	struct entry *e = spec_alloc(s->spec, sizeof(*e));

	e->kind = kind;
	e->table = t;
	e->depth = s->depth;
	e->blank = s->at->blank;
	*s->end = e;
	s->end = &e->next;
	return e;
}

/* Rules and notes that belong to the entry, and the comments in between and behind it. */
static void take_tail(struct splitter *s, struct entry *e, bool (*belongs)(int kind))
{
	struct group **end = &e->tail;

	for (;; end = &(*end)->next) {
		bool more = belongs(peek(s, 0));

		if (s->at->kind == ATOM_COMMENT && (more || !s->at->first))
			*end = take_comment(s);
		else if (more)
			*end = take_word(s);
		else
			return;
	}
}

static void split_comments(struct splitter *s, struct table *t)
{
	while (s->at->kind == ATOM_COMMENT) {
		struct entry *e = add_entry(s, ENTRY_LINE, t);

		e->cells[0] = take_comment(s);
	}
}

/* Documentation of what follows, or a mark of what is around it. */
static void split_note(struct splitter *s, struct table *t)
{
	struct entry *e = add_entry(s, ENTRY_LINE, t);

	e->cells[0] = group_of(s, peek(s, 0) == TOKEN_BODY_MARK ? 2 : 1);
	take_tail(s, e, is_note);
}

/* ---- bodies ---- */

enum body { BODY_VALUES, BODY_RULES, BODY_BITS, BODY_FIELDS, BODY_CALL, BODY_MSR, BODY_LEAF,
	    BODY_BLOCK, BODY_VAR, BODY_REGISTER, BODY_COUNT };

/* Columns that bodies of a kind have in common, so that the eye finds them everywhere. */
static const struct table columns[BODY_COUNT] = {
	[BODY_VALUES] = { .least_name = 7, .keyword = 7 },
	[BODY_RULES] = { .least_name = 4, .keyword = 7 },
	[BODY_BITS] = { .least_name = 7, .keyword = 7 },
	[BODY_FIELDS] = { .least_name = 7, .keyword = 7 },
	[BODY_CALL] = { .keyword = 9 },
	[BODY_MSR] = { .least_name = 9, .keyword = 9 },
	[BODY_LEAF] = { .keyword = 6 },
	[BODY_BLOCK] = { .least_name = 5, .keyword = 9 },
	[BODY_VAR] = { .keyword = 9 },
	[BODY_REGISTER] = { .least_name = 8, .keyword = 9 },
};

static struct table *add_table(struct splitter *s, enum body body)
{
	struct table *t = spec_alloc(s->spec, sizeof(*t));

	*t = columns[body];
	t->next = s->tables;
	s->tables = t;
	return t;
}

/* The type of a value or of bits, and the size of an array, belong to the name. */
static const struct group *take_name(struct splitter *s)
{
	struct group *g = group_of(s, 1);

	while (s->at->kind == TOKEN_COLON || s->at->kind == TOKEN_LBRACKET)
		take_some(s, g, 1 + arity(s));
	return g;
}

static bool is_filler(const struct splitter *s)
{
	int kind = peek(s, 0);

	return (kind == TOKEN_PAD || kind == TOKEN_MBZ) && peek(s, 1) == TOKEN_LBRACKET;
}

static void split_row(struct splitter *s, struct table *t, enum body body)
{
	struct entry *e = add_entry(s, ENTRY_ROW, t);

	if (peek(s, 0) == TOKEN_NUMBER)
		e->cells[0] = group_of(s, peek(s, 1) == TOKEN_RANGE ? 3 : 1);
	if ((body == BODY_FIELDS || body == BODY_BLOCK || body == BODY_VAR) && !is_filler(s)) {
		e->cells[1] = group_of(s, 1);
		e->cells[2] = take_name(s);
	} else {
		e->cells[1] = take_name(s);
	}
	take_tail(s, e, is_row_word);
}

static bool stands_alone(int keyword)
{
	return keyword == TOKEN_ACTS || keyword == TOKEN_COMPUTED || keyword == TOKEN_CONTINUABLE;
}

/* One of the things that a keyword lists, up to its comma. */
static struct group *take_listed(struct splitter *s)
{
	struct group *g = group_of(s, peek(s, 0) == TOKEN_ELSE ? 2 : 1);

	while (peek(s, 0) == TOKEN_DOT)
		take_some(s, g, 2);
	if (peek(s, 0) == TOKEN_STRING)
		take(s, g);
	if (peek(s, 0) == TOKEN_COMMA)
		take(s, g);
	return g;
}

static void split_keyword(struct splitter *s, struct table *t)
{
	struct entry *e = add_entry(s, ENTRY_KEYWORD, t);
	struct group **end = &e->list;
	int keyword = peek(s, 0);
	bool more = !stands_alone(keyword);

	e->cells[0] = group_of(s, 1);
	for (; more; end = &(*end)->next) {
		*end = take_listed(s);
		more = s->at[-1].kind == TOKEN_COMMA || peek(s, 0) == TOKEN_ELSE;
	}
	take_tail(s, e, is_note);
}

static bool opens_block(const struct splitter *s)
{
	return peek(s, 1) == TOKEN_LBRACE ||
	       (peek(s, 0) == TOKEN_EACH && peek(s, 2) == TOKEN_LBRACE);
}

static void split_body(struct splitter *s, struct table *outer, enum body body);

static void split_block(struct splitter *s, struct table *t, enum body outer)
{
	int keyword = peek(s, 0);
	struct entry *e = add_entry(s, ENTRY_OPEN, t);

	e->cells[0] = group_of(s, peek(s, 1) == TOKEN_LBRACE ? 2 : 3);
	take_tail(s, e, is_note);
	split_body(s, t, outer == BODY_LEAF ? BODY_REGISTER
			 : keyword == TOKEN_VAR ? BODY_VAR : BODY_BLOCK);
}

static void split_item(struct splitter *s, struct table *t, enum body body)
{
	int kind = peek(s, 0);

	if (kind == TOKEN_DOC || kind == TOKEN_BODY_MARK)
		split_note(s, t);
	else if (kind == TOKEN_NUMBER || body == BODY_VAR)
		split_row(s, t, body);
	else if (opens_block(s))
		split_block(s, t, body);
	else
		split_keyword(s, t);
}

/* Everything up to the brace, and that. */
static void split_body(struct splitter *s, struct table *outer, enum body body)
{
	struct table *t = add_table(s, body);
	struct entry *close;

	s->depth++;
	for (split_comments(s, t); peek(s, 0) != TOKEN_RBRACE; split_comments(s, t))
		split_item(s, t, body);
	s->depth--;
	close = add_entry(s, ENTRY_CLOSE, outer);
	close->cells[0] = group_of(s, 1);
	take_tail(s, close, is_note);
}

/* ---- declarations ---- */

static enum body body_of(int keyword)
{
	switch (keyword) {
	case TOKEN_BITS: return BODY_BITS;
	case TOKEN_STRUCT: return BODY_FIELDS;
	case TOKEN_RULES: return BODY_RULES;
	case TOKEN_HYPERCALL: return BODY_CALL;
	case TOKEN_MSR: return BODY_MSR;
	case TOKEN_CPUID: return BODY_LEAF;
	default: return BODY_VALUES;
	}
}

static bool ends_head(int kind)
{
	return lex_opens_declaration(kind) || is_note(kind) || kind == TOKEN_END ||
	       kind == TOKEN_DOC || kind == TOKEN_BODY_MARK || kind == TOKEN_BODY_SEEN;
}

static void split_declaration(struct splitter *s, struct table *t)
{
	int keyword = peek(s, 0), last = keyword;
	struct entry *e = add_entry(s, ENTRY_ROW, t);
	struct group *head = group_of(s, 1);

	for (; last != TOKEN_LBRACE && !ends_head(peek(s, 0)); take(s, head))
		last = peek(s, 0);
	e->cells[1] = head;
	take_tail(s, e, is_note);
	if (last != TOKEN_LBRACE)
		return;
	e->kind = ENTRY_OPEN;
	e->cells[0] = head;
	split_body(s, t, body_of(keyword));
}

/* Lines that follow each other without anything between them are lined up. */
static struct table *table_of_line(struct splitter *s, struct table *t, bool fresh)
{
	return t && !fresh && !s->at->blank ? t : add_table(s, BODY_VAR);
}

struct entry *fmt_entries(struct spec *spec, const struct atom *atoms, struct table **tables)
{
	struct splitter s = { .spec = spec, .at = atoms };
	struct table *t = NULL;
	bool fresh = true;

	s.end = &s.first;
	while (s.at->kind != TOKEN_END) {
		int kind = s.at->kind;

		t = table_of_line(&s, t, fresh);
		fresh = !lex_opens_declaration(kind);
		if (kind == ATOM_COMMENT)
			split_comments(&s, t);
		else if (kind == TOKEN_DOC || kind == TOKEN_BODY_MARK)
			split_note(&s, t);
		else if (kind == TOKEN_BODY_SEEN)
			split_keyword(&s, t);
		else
			split_declaration(&s, t);
	}
	*tables = s.tables;
	return s.first;
}
