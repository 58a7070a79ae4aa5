/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The outputs of the generator: one function and one source file each, listed in one table. */
#ifndef HVGEN_OUT_H
#define HVGEN_OUT_H

#include <stdbool.h>

struct spec;
struct text;

/* Each appends one whole file to *t; the spec has been checked and laid out and holds no errors. */
void out_abi_h(struct text *t, const struct spec *s);
void out_calls_h(struct text *t, const struct spec *s);
void out_calls_c(struct text *t, const struct spec *s);
void out_check_h(struct text *t, const struct spec *s);
void out_check_c(struct text *t, const struct spec *s);
void out_offer_h(struct text *t, const struct spec *s);
void out_msrs_h(struct text *t, const struct spec *s);
void out_msrs_c(struct text *t, const struct spec *s);
void out_cpuid_h(struct text *t, const struct spec *s);
void out_cpuid_c(struct text *t, const struct spec *s);
void out_names_h(struct text *t, const struct spec *s);
void out_names_c(struct text *t, const struct spec *s);
void out_guest_h(struct text *t, const struct spec *s);
void out_vectors_h(struct text *t, const struct spec *s);
void out_reference_md(struct text *t, const struct spec *s);

/*
 * Write every output below the folder dir (made when missing), each only when its bytes change.
 * Says on stderr what it cannot write. True when all are in place.
 */
bool out_all(const struct spec *s, const char *dir);

#endif
