/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Which name was meant by one that does not exist. */
#ifndef GEN_NEAR_H
#define GEN_NEAR_H

#include "model.h"

/* The best candidate so far. Start with { .wanted = the name as written }. */
struct near {
	const char *wanted;
	const char *best;      /* NULL: none that is near enough */
	unsigned distance;     /* of `best`: letters inserted, left out, changed or swapped */
};

void near_try(struct near *n, const char *candidate);

/* What a message says behind the name: "; did you mean 'x'?", or nothing. Lives in the spec. */
const char *near_hint(struct spec *s, const struct near *n);

#endif
