/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Layouts drawn with characters: structs as rows of eight bytes, registers as a strip of bits. */
#ifndef HVGEN_DRAW_H
#define HVGEN_DRAW_H

#include "emit.h"
#include "model.h"

/*
 * Rows of eight bytes, byte 0 on the left, 72 columns wide. Of a field that fills many rows the
 * first is shown and the last.
 */
void draw_bytes(struct text *t, const struct field *list);

/*
 * A strip with one character for each of `width` bits, the highest on the left: a letter for each
 * named part, '0' must be zero, '.' ignored, '=' preserved. 71 columns for 64 bits.
 */
void draw_bits(struct text *t, const struct bits *list, unsigned width);

/* The letter of a part in that strip. */
char draw_letter(const struct bits *list, const struct bits *part);

#endif
