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
 * A sample that keeps every rule and does no harm when it is executed. Ends the program when there
 * is none.
 */
struct sample sample_of_call(const struct call *c);
struct sample sample_of_msr(const struct msr *m);

/* Likewise one that breaks rule k of the list before any other. */
struct sample sample_breaking(const struct sample *good, const struct check *rules,
			      const struct check *k);

/* The rule that a call's input breaks first, or NULL. */
const struct check *sample_broken(const struct sample *s, const struct check *rules);

#endif
