/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* How the parts of a specification are compared: one function for each kind of thing. */
#ifndef HVGEN_DIFF_COMPARE_H
#define HVGEN_DIFF_COMPARE_H

#include "diff.h"

/* Which way values go between guest and hypervisor. */
enum { WAY_IN = 1, WAY_OUT = 2 };

/* What is being compared: its name, where it stands in both texts, and which way it goes. */
struct place {
	struct diff *diff;
	const char *item;
	struct pos old_at, new_at;
	unsigned ways;
};

/* Note a change of the place itself. */
void changed(const struct place *p, enum diff_rule rule, const char *format, ...)
	EMIT_PRINTF(3, 4);

/* The same place with another name behind a dot, and other positions. */
struct place place_within(const struct place *p, const char *name, const struct pos *old_at,
			  const struct pos *new_at);

/* Something worth knowing about the place. */
void noted(const struct place *p, const char *format, ...) EMIT_PRINTF(2, 3);

/* Texts that may be NULL are the same. */
bool same_text(const char *a, const char *b);

/* ---- lists of things with a name and a number; diff_items.c ---- */

struct item {
	struct item *next;
	const char *name;
	uint64_t number;
	const struct pos *at;
	const struct about *about;
	const void *self;
	struct item *other;    /* its counterpart in the other list */
	bool reused;           /* new: takes a number that meant something else */
};

struct item_kind {
	/* Compares two that are one thing; NULL when there is no more than name and number. */
	void (*compare)(const struct place *p, const void *old, const void *new);
	/* Whether two of different names and the same number are alike; NULL: never. */
	bool (*alike)(const void *old, const void *new);
	/* What it means that one is new; NULL: `added`. */
	enum diff_rule (*judge)(const struct place *p, const void *new);
	enum diff_rule added, removed;
	bool unnumbered;       /* the numbers mean nothing */
};

/* Add to a list for compare_items(). */
void add_item(struct spec *s, struct item ***tail, const char *name, uint64_t number,
	      const struct pos *at, const struct about *about, const void *self);

/*
 * Find out which are the same, compare those, and note the others as added, removed, renamed,
 * renumbered or put in place of each other. `p` is what the lists are in.
 */
void compare_items(const struct place *p, const struct item_kind *kind, struct item *old,
		   struct item *new);

/* Documentation, provenance, architecture and whether it is implemented. */
void compare_about(const struct place *p, const struct about *old, const struct about *new);

/* What is called differently in other headers, or in the TLFS. */
void compare_alias(const struct place *p, const struct about *old, const struct about *new);

/* ---- parts ---- */

/* Fields of a struct or a block; diff_fields.c. */
void compare_fields(const struct place *p, const struct field *old, const struct field *new);
bool same_fields(const struct field *old, const struct field *new);

/* Bits of a type, an MSR (with the resets of both) or a CPUID register; diff_bits.c. */
void compare_bits(const struct place *p, const struct bits *old, const struct bits *new,
		  const struct msr *old_msr, const struct msr *new_msr);
bool same_bits(const struct bits *old, const struct bits *new);

/* How a field or a part names its type; diff_types.c. Either type may be NULL. */
void compare_type_use(const struct place *p, const struct type *old, const struct type *new);
void compare_range(const struct place *p, const struct range *old, const struct range *new);
/* A rule that is there or not. */
void compare_check(const struct place *p, bool old, bool new, const char *what);
/* A field or part from a reserved place: whether zero is a legal value of it. */
bool admits_zero(const struct type *t, const struct range *in, bool nonzero);

/*
 * Whether names written in the old and the new text mean one thing: by the name, or by the number
 * of what has been renamed.
 */
bool same_status(const struct status *old, const struct status *new);
bool same_offer(const struct offer_use *old, const struct offer_use *new);

/* Bits that must be offered, and bits that tell. */
void compare_needs(const struct place *p, const struct offer_use *old, const struct offer_use *new);
void compare_offered(const struct place *p, const struct offer_use *old,
		     const struct offer_use *new);

/* ---- kinds of items ---- */

void compare_types(struct diff *d);
void compare_calls(struct diff *d);
void compare_msrs(struct diff *d);
void compare_leaves(struct diff *d);

#endif
