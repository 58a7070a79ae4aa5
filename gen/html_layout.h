/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Layouts in pages: a drawing and a table. */
#ifndef HVGEN_HTML_LAYOUT_H
#define HVGEN_HTML_LAYOUT_H

#include "html.h"

/* The fields of a block of `size` bytes below a title; without a drawing when it is 0. */
void html_fields(struct text *t, const char *title, const struct field *list, unsigned size);

/* The bits of a register of `width` bits below a title. Each has an id behind `prefix`, if any. */
void html_bits(struct text *t, const char *title, const struct bits *list, unsigned width,
	       const char *prefix);

#endif
