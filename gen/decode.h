/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Whole things taken apart: words of the calling convention, registers, messages, inputs. */
#ifndef HVGEN_DECODE_H
#define HVGEN_DECODE_H

#include "value.h"

/*
 * Each appends lines and a judgement: which rules are broken, by id, and what the answer is. False
 * with a reason in *why when the specification lacks what is needed.
 */
bool decode_control(struct text *t, const struct spec *s, uint64_t word, const char **why);
bool decode_result(struct text *t, const struct spec *s, uint64_t word, const char **why);
bool decode_message(struct text *t, const struct spec *s, const struct memory *m, const char **why);

/* `old` is what the MSR held before. */
void decode_msr(struct text *t, const struct msr *m, uint32_t index, uint64_t value, uint64_t old);
void decode_cpuid(struct text *t, const struct cpuid_leaf *l, unsigned reg, uint32_t value);

/* How many qwords of variable header there are, when the input does not tell: VAR_UNKNOWN. */
enum { VAR_UNKNOWN = 1 << 16 };
void decode_input(struct text *t, const struct call *c, const struct memory *m, unsigned var_count);
void decode_output(struct text *t, const struct call *c, const struct memory *m);

/* What boot/run --trace brings home: a line for each record, in the order of time. */
bool decode_trace(struct text *t, const struct spec *s, const struct memory *m, const char **why);

#endif
