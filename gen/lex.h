/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* From the text of one source to tokens. */
#ifndef GEN_LEX_H
#define GEN_LEX_H

#include "model.h"

/* Token numbers come from the grammar (parse.h, TOKEN_*); the end of the text is TOKEN_END. */
enum { TOKEN_END = 0 };

struct token {
	int kind;
	struct pos at;
	const char *text; /* names as written; strings without quotes, docs without slashes; never
			     NULL */
	uint64_t number;       /* TOKEN_NUMBER */
	bool first;            /* nothing but blanks stands before it on its line */
};

struct lexer {
	struct spec *spec;     /* owns the texts of tokens, takes the errors */
	const struct source *source;
	const char *cursor, *marker, *limit;
	const char *line_start;
	unsigned line;
	bool line_has_token;
};

void lex_init(struct lexer *l, struct spec *s, const struct source *source);

/* The next token. What is no token is reported and skipped, so that only good ones arrive. */
struct token lex_next(struct lexer *l);

/*
 * How a token is called in a message: "a name", "'{'", "'hypercall'". What it says of a keyword lives
 * until the next call.
 */
const char *lex_token_name(int kind);

/* How many kinds there are. The word of a keyword; NULL for a kind that is none. */
int lex_kinds(void);
const char *lex_keyword(int kind);

/* True for the keywords that open a declaration. */
bool lex_opens_declaration(int kind);

#endif
