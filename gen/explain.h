/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* One screen about one thing of the interface. */
#ifndef HVGEN_EXPLAIN_H
#define HVGEN_EXPLAIN_H

#include "find.h"
#include "screen.h"

/* All that the specification says of a thing. */
void explain(struct screen *screen, const struct spec *s, const struct found *f);

/* ---- parts of a screen, one file for each group of things ---- */

void explain_call(struct screen *screen, const struct spec *s, const struct call *c);
void explain_msr(struct screen *screen, const struct spec *s, const struct found *f);
void explain_leaf(struct screen *screen, const struct spec *s, const struct cpuid_leaf *l);
void explain_register(struct screen *screen, const struct spec *s, const struct found *f);
void explain_bits(struct screen *screen, const struct spec *s, const struct found *f);
void explain_type(struct screen *screen, const struct spec *s, const struct type *t);
void explain_value(struct screen *screen, const struct spec *s, const struct found *f);
void explain_status(struct screen *screen, const struct spec *s, const struct status *st);
void explain_offer(struct screen *screen, const struct spec *s, const struct offer *o);
void explain_offer_bit(struct screen *screen, const struct spec *s, const struct offer_bit *b);
void explain_rule(struct screen *screen, const struct spec *s, const struct rule *r);
void explain_check(struct screen *screen, const struct spec *s, const struct found *f);

/* What they share; explain_parts.c. */

/*
 * The first part: name and what it is on one line, then what its declaration says of itself. More
 * lines may be added to it.
 */
struct text *explain_head(struct screen *screen, const char *name, const char *what,
			  const struct about *a);
/* Where it is declared, and under which name: the last line of the head. */
void explain_place(struct text *t, const struct pos *at, const char *name);
/* Whether it works here: "yes", or "no: why". `where` stands behind the "yes". */
void explain_implemented(struct text *t, const struct about *a, const char *where);
/* "privilege.x (0x40000003.eax.5)" of each bit in the list. */
const char *explain_offers(const struct spec *s, const struct offer_use *list);
/* A part with a drawing, a line for each field or bit, and a title of its own. */
void explain_fields(struct screen *screen, const char *title, const struct field *list);
void explain_bit_list(struct screen *screen, const char *title, const struct bits *list,
		      unsigned width);
/* A part with the rules of a call or an MSR. */
void explain_checks(struct screen *screen, const struct check *list);
/* Documentation, marks and what else is said of one line, as one run of text. */
const char *explain_remarks(const struct about *a);
/* A line of a table: the words in front, and remarks that stand at a column behind them or below. */
void explain_line(struct text *t, const char *line, unsigned column, const char *remarks);
/* The length of a text, or `length` when that is more: for the widths of columns. */
unsigned explain_longer(unsigned length, const char *text);
/* "a" and then ", b": a list of names that grows. */
const char *explain_also(const char *list, const char *name);

#endif
