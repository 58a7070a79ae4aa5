/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Which name was meant by one that does not exist. */
#ifndef GEN_NEAR_H
#define GEN_NEAR_H

#include "model.h"

/*
 * Letters inserted, left out, changed or swapped to make one name of the other; NEAR_NEVER when one
 * is too long to be compared.
 */
enum { NEAR_NEVER = 1000 };
unsigned near_distance(const char *a, const char *b);

/* The best candidate so far. Start with { .wanted = the name as written }. */
struct near {
	const char *wanted;
	const char *best;      /* NULL: none that is near enough */
	unsigned distance;     /* of `best` */
};

void near_try(struct near *n, const char *candidate);

/* What a message says behind the name: "; did you mean 'x'?", or nothing. Lives in the spec. */
const char *near_hint(struct spec *s, const struct near *n);

#endif
