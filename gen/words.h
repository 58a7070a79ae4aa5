/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Facts in words, the same in every text that people read. */
#ifndef HVGEN_WORDS_H
#define HVGEN_WORDS_H

#include "model.h"

/* "x64", "ARM64", "x64 and ARM64". */
const char *words_arches(unsigned set);
/* "4", "7..5". */
const char *words_bit_range(unsigned high, unsigned low);
/* A status by name, a fault as manuals write it: "HV_STATUS_ACCESS_DENIED", "#GP". */
const char *words_outcome(const struct status *st);
/* What is special about the bits; "" for none. */
const char *words_bits_rule(const struct bits *b);
/* Where the bits of a CPUID register come from. */
const char *words_source(const struct bits *b);
/* "rep, variable header, XMM fast, continuable". */
const char *words_shape(const struct call *c);
/* "guest, root"; "" when it is not known. */
const char *words_callers(unsigned set);
/* Of which an MSR is one each; how it is accessed, NULL when it is not known. */
const char *words_scope(const struct msr *m);
const char *words_access(const struct msr *m);

#endif
