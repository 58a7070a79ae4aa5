/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The generated parts of hv_tlfs.h, one function and one source file for each of its chapters. */
#ifndef HVGEN_OUT_GUEST_H
#define HVGEN_OUT_GUEST_H

#include "emit.h"
#include "model.h"

void guest_statuses(struct text *t, const struct spec *s);
void guest_types(struct text *t, const struct spec *s);
void guest_cpuid(struct text *t, const struct spec *s);
void guest_offers(struct text *t, const struct spec *s);
void guest_msrs(struct text *t, const struct spec *s);
void guest_call_types(struct text *t, const struct spec *s);
void guest_former(struct text *t, const struct spec *s);

/* Functions: hv_has_...(), hv_msr_update_...(), hv_call_...(). */
void guest_questions(struct text *t, const struct spec *s);
void guest_updates(struct text *t, const struct spec *s);
void guest_calls(struct text *t, const struct spec *s);

/* Everything from the first constant to the last function. */
void guest_body(struct text *t, const struct spec *s);

/* ---- what they share ---- */

/* The comment that opens a chapter. */
void guest_section(struct text *t, const char *title);
/* #define, with its value in the column of values. */
void guest_define(struct text *t, const char *name, const char *value);
/* HV_SINCE_name, when the item says since which edition it exists. name is without HV_. */
void guest_since(struct text *t, const char *name, const struct about *a);
/* A constant of so many bytes without a suffix that C89 lacks. */
const char *guest_number(uint64_t v, unsigned bytes);
/*
 * Constants of the parts of a word, which begin with macros_, then their accessors, which begin
 * with functions_.
 */
void guest_bits(struct text *t, const char *macros, const char *functions, const struct bits *bits,
		unsigned bytes);
/* A struct hv_name with the asserts of its layout. */
void guest_struct(struct text *t, const char *name, const struct field *fields, unsigned size,
		  unsigned align);

#endif
