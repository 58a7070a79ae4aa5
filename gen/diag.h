/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What is wrong with a specification: collected as it is found, shown in the order of the text. */
#ifndef GEN_DIAG_H
#define GEN_DIAG_H

#include <stdio.h>

#include "model.h"

/* Add an error. Equal messages at one place count once. */
void diag_error(struct spec *s, const struct pos *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Add a note to the last error: where the other half of a contradiction stands. */
void diag_note(struct spec *s, const struct pos *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The source line of a place, and a caret below it. */
void diag_show_line(const struct pos *at, FILE *to);

/* Show all errors, sorted by file, line and column, each with its line and a caret. */
void diag_print(const struct spec *s, FILE *to);

#endif
