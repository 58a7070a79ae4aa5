/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Text that is being generated: a growing buffer, indentation, columns, comments, and files that
 * change only when they must.
 */
#ifndef HVGEN_EMIT_H
#define HVGEN_EMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	char *data;
	size_t len, cap;
	unsigned indent; /* tabs before each line that is not empty and not a preprocessor line */
};

#define EMIT_PRINTF(f, a) __attribute__((format(printf, f, a)))

/*
 * Append formatted text. Line starts are indented; memory that runs out ends the program with a
 * message.
 */
void emit(struct text *t, const char *fmt, ...) EMIT_PRINTF(2, 3);
/* Append one character, or n bytes, as they are. */
void emit_char(struct text *t, char c);
void emit_bytes(struct text *t, const char *bytes, size_t n);
/* emit() then a line end. */
void emit_line(struct text *t, const char *fmt, ...) EMIT_PRINTF(2, 3);
/* emit_line() of one statement, broken at spaces into lines of up to 100 columns. */
void emit_wrapped(struct text *t, const char *fmt, ...) EMIT_PRINTF(2, 3);
/* Append an empty line. */
void emit_blank(struct text *t);
/*
 * A line that opens a block, with what follows one tab deeper; emit_close() ends it with its own
 * text.
 */
void emit_open(struct text *t, const char *fmt, ...) EMIT_PRINTF(2, 3);
void emit_close(struct text *t, const char *fmt, ...) EMIT_PRINTF(2, 3);
/* Fill up with spaces to a column (0-based, tabs of eight); at least one space. */
void emit_column(struct text *t, unsigned column);
/* Words of text as a C comment, wrapped to 100 columns. Nothing when text is NULL or empty. */
void emit_comment(struct text *t, const char *text);
/*
 * Words of text in lines of up to 100 columns, which begin with `first` and then with `rest`; `last`
 * stands behind them. Nothing when text is NULL or empty.
 */
void emit_words(struct text *t, const char *first, const char *rest, const char *last,
		const char *text);
/* Text with everything escaped that a C string literal needs, without the quotes. */
void emit_escaped(struct text *t, const char *text);
/* Licence line, one-sentence description and "generated" notice of a generated C file. */
void emit_banner(struct text *t, const char *what);
/* Give the memory back; *t is empty afterwards. */
void text_free(struct text *t);

/* The memory; there being none ends the program with a message. */
void *must(void *memory);

/*
 * Names made for one output. They live until the program ends (they are few), so a caller may keep
 * them. upper("vp_set") is "VP_SET"; camel("vp_set") is "VpSet"; namef() is sprintf.
 */
const char *upper(const char *name);
const char *camel(const char *name);
const char *namef(const char *fmt, ...) EMIT_PRINTF(1, 2);

/*
 * Make dir/name hold exactly the text: nothing is touched when it already does; another file of the
 * name is replaced at once by a new one of the same mode. False after a message on stderr.
 */
bool text_save(const struct text *t, const char *dir, const char *name);

#endif
