/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Drawings of layouts: eight bytes or sixteen bits a row, as SVG that stands inside a page. */
#ifndef HVGEN_SVG_H
#define HVGEN_SVG_H

#include "emit.h"

enum svg_kind { SVG_FIELD, SVG_ZERO, SVG_IGNORED, SVG_PRESERVED };

/* One cell: `count` bytes or bits from `start` on. */
struct svg_cell {
	enum svg_kind kind;
	unsigned start, count;
	const char *label;
};

struct svg_map {
	const char *title;     /* for those who cannot see it */
	bool bits;             /* bits, the highest first; else bytes, the lowest first */
	unsigned units;        /* bits or bytes in all, covered by the cells */
	struct svg_cell *cells; /* ascending */
	size_t count;
};

/* Append the drawing; nothing when it would be too long to be of use. */
void svg_map(struct text *t, const struct svg_map *m);

#endif
