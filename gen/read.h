/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* From files to a specification that is well written; check.h finds out what it means. */
#ifndef GEN_READ_H
#define GEN_READ_H

#include <stdio.h>

#include "lex.h"
#include "model.h"

/*
 * Read the front door and all that it includes. False when the front door itself cannot be read;
 * why is then in errno. Everything else that is wrong is in the errors of the specification.
 */
bool read_spec(struct spec *s, const char *path);

/* The same for a text in memory; includes are relative to the folder of its name. */
void read_text(struct spec *s, const char *name, const char *text, size_t size);

/* Tokens as the grammar got them, without that of the end; to be freed with token_list_free(). */
struct token_list {
	struct token *tokens;
	size_t count, room;
};

/*
 * Read a text in memory alone: what it includes or continues is taken on trust. Its tokens are
 * added to the list, which is complete when the specification has no errors afterwards.
 */
const struct source *read_alone(struct spec *s, const char *name, const char *text, size_t size,
				struct token_list *tokens);
void token_list_free(struct token_list *l);

/* All bytes of a stream, to be freed; NULL with errno set when they cannot be had. */
char *read_stream(FILE *stream, size_t *size);

#endif
