/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The outputs of the generator: one function and one source file each, listed in one table. */
#ifndef HVGEN_OUT_H
#define HVGEN_OUT_H

#include <stdbool.h>
#include <stdio.h>

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
void out_guest_long_h(struct text *t, const struct spec *s);
void out_vectors_h(struct text *t, const struct spec *s);
void out_edges_h(struct text *t, const struct spec *s);
void out_mutants_c(struct text *t, const struct spec *s);
void out_eva_c(struct text *t, const struct spec *s);
void out_reference_md(struct text *t, const struct spec *s);
void out_vectors_json(struct text *t, const struct spec *s);
void out_fuzz_readme(struct text *t, const struct spec *s);
void out_fuzz_dict(struct text *t, const struct spec *s);
void out_trace_h(struct text *t, const struct spec *s);
void out_python(struct text *t, const struct spec *s);
void out_rust_manifest(struct text *t, const struct spec *s);
void out_rust_lib(struct text *t, const struct spec *s);
void out_rust_wire(struct text *t, const struct spec *s);
void out_rust_call(struct text *t, const struct spec *s);
void out_rust_cpuid(struct text *t, const struct spec *s);
void out_rust_msr(struct text *t, const struct spec *s);
void out_rust_offer(struct text *t, const struct spec *s);
void out_rust_status(struct text *t, const struct spec *s);
void out_rust_types(struct text *t, const struct spec *s);

/* Each fills the folder, which is there, with files; false after a message on stderr. */
bool out_html(const struct spec *s, const char *dir);
bool out_fuzz_corpus(const struct spec *s, const char *dir);

/* The functions that the expressions of validators call. */
void emit_check_helpers(struct text *t);

/*
 * Outputs come in sets, so that one who needs the guest header alone gets no more. The bit of the
 * set with that name, 0 when there is none.
 */
unsigned out_set(const char *name);

/* The name of set i, counted from 0; NULL behind the last. */
const char *out_set_name(unsigned i);

/*
 * Write the outputs of the sets below the folder dir (made when missing), each only when its bytes
 * change. Says on stderr what it cannot write. True when all are in place.
 */
bool out_write(const struct spec *s, const char *dir, unsigned sets);

/*
 * Make dir/name, where name may lead through folders that are made when missing, hold exactly the
 * text. For outputs of many files. False after a message on stderr.
 */
bool out_save(const struct text *t, const char *dir, const char *name);

/* Every set and what is in it, for people. */
void out_list(FILE *to);

#endif
