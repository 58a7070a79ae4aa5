/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Text for one screen of a terminal: 80 columns, and parts that give way when they are too many. */
#ifndef HVGEN_SCREEN_H
#define HVGEN_SCREEN_H

#include <stdio.h>

#include "emit.h"

enum { SCREEN_COLUMNS = 80, SCREEN_LINES = 50, SCREEN_PARTS = 24 };

/* Start as { 0 }. */
struct screen {
	struct text parts[SCREEN_PARTS];
	unsigned count;
};

/* Begin a part: its text, to write to. At most SCREEN_PARTS of them. */
struct text *screen_part(struct screen *s);

/*
 * Print the parts with an empty line between them and free them. Unless `all`, the longest parts
 * lose lines at their end until the whole fits on a screen, and say how many.
 */
void screen_show(struct screen *s, FILE *to, bool all);

/*
 * Words of text from the end of the current line on, wrapped at 80 columns; lines that follow
 * start at `column`. No line end at the end.
 */
void screen_fill(struct text *t, unsigned column, const char *words);

/* A line "label   words"; nothing when there are no words. */
void screen_item(struct text *t, const char *label, const char *words);

#endif
