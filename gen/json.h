/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* JSON text that is being generated: ASCII, indented by two spaces, members in the order given. */
#ifndef HVGEN_JSON_H
#define HVGEN_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "emit.h"

enum { JSON_DEPTH = 32 };  /* objects and arrays that may be open inside each other */

/* One document, appended to `text`. Start with { .text = t }. */
struct json {
	struct text *text;
	unsigned depth;          /* of what is open */
	unsigned row;            /* the depth whose content stands on one line; 0: none */
	bool filled;             /* something stands in the innermost already */
	char ends[JSON_DEPTH];   /* what closes each */
};

/*
 * Open an object or an array; json_end() closes the innermost. A row is an object that stands on
 * one line with all that is in it. `key` is the name of a member, NULL in an array and for the
 * document itself, behind whose end a line ends.
 */
void json_object(struct json *j, const char *key);
void json_array(struct json *j, const char *key);
void json_row(struct json *j, const char *key);
void json_end(struct json *j);

/* One value. A text that is NULL is null. */
void json_text(struct json *j, const char *key, const char *value);
void json_bool(struct json *j, const char *key, bool value);
/*
 * An integer with all its digits: beyond 2^53 it is exact for those who read integers as such, as
 * Python does, and rounded for those who make doubles of them.
 */
void json_number(struct json *j, const char *key, uint64_t value);

#endif
