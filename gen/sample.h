/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Sample inputs of calls and MSRs: one that keeps all rules, and for each rule the smallest that
 * breaks it.
 */
#ifndef HVGEN_SAMPLE_H
#define HVGEN_SAMPLE_H

#include "model.h"

struct sample {
	uint8_t in[SPEC_PAGE];   /* fixed header */
	uint8_t each[SPEC_PAGE]; /* the one element of a rep call */
	uint64_t bank;           /* every qword of the variable header */
	unsigned var_count;
	uint64_t msr, msr_old;   /* the value written, and the one before */
};

/*
 * A sample that keeps every rule and does no harm when it is executed. A specification that passed
 * has one; before that, sample_broken() tells.
 */
struct sample sample_of_call(const struct call *c);
struct sample sample_of_msr(const struct msr *m);

/*
 * Make of a good sample one that breaks rule k of the list, by element i of an array, before any
 * other. False when there is none, which for the first element a specification that passed never
 * meets, nor rules of accesses instead of values.
 */
bool sample_break(struct sample *s, const struct check *rules, const struct check *k, unsigned i);

/* Likewise one that breaks k before any other and a later rule too: their order shows. */
bool sample_break_both(struct sample *s, const struct check *rules, const struct check *k,
		       const struct check *later);

/* The first rule that a sample breaks, or NULL. */
const struct check *sample_broken(const struct sample *s, const struct check *rules);

/*
 * Put a value into element i of what rule k looks at, with the rule's guard such that it counts,
 * and with as many qwords of variable header as the other rules want.
 */
void sample_put(struct sample *s, const struct check *rules, const struct check *k, unsigned i,
		uint64_t value);

/* Likewise one byte of an operand of any length. */
void sample_put_byte(struct sample *s, const struct check *rules, const struct check *k,
		     unsigned at, uint8_t value);

/* Let the guard of rule k excuse from it. */
void sample_excuse(struct sample *s, const struct check *k);

#endif
