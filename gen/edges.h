/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Samples at the edges of a rule: on both sides of each bound, each reserved bit, each value of an
 * enum and its neighbours, the last element, the excuse, the order of two rules.
 */
#ifndef HVGEN_EDGES_H
#define HVGEN_EDGES_H

#include "sample.h"

/* Takes one sample; `edge` names it among those of the rule: "bit-12", "above". */
typedef void edge_taker(void *context, const struct check *k, const struct sample *s,
			const char *edge);

/* Hand every edge of rule k of the list, made from a sample that keeps all rules, to take(). */
void edges_of(struct spec *s, const struct sample *good, const struct check *rules,
	      const struct check *k, edge_taker *take, void *context);

/*
 * The rule behind k whose order with k a caller can see: the next one of the same validator, where
 * it yields another status and one input breaks both. NULL when there is none.
 */
const struct check *edge_rival(const struct sample *good, const struct check *rules,
			       const struct check *k);

#endif
