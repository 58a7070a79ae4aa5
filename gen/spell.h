/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* How things of the specification are spelled in C, the same in every output. */
#ifndef HVGEN_SPELL_H
#define HVGEN_SPELL_H

#include "emit.h"
#include "model.h"

/*
 * The hypervisor and the guest header are for x64; the reference alone shows other architectures.
 */
static inline bool for_x64(const struct about *a)
{
	return a->arch & ARCH_X64;
}

/* "HV_STATUS_INVALID_PARAMETER", "SPEC_FAULT_UD". */
const char *c_status(const struct status *s);
/* The number of a status or fault. */
unsigned status_number(const struct status *s);
/*
 * The type of a field or element: "u64", "struct hv_gva_range"; "hv_u64" in the guest header,
 * whose prefix is "hv_".
 */
const char *c_type(const char *prefix, const struct type *t);
/* The integer type below an alias, bits, enum or flags; a struct or an integer is itself. */
const struct type *plain_type(const struct type *t);
/* "0x1f" with the suffix an integer of so many bytes wants: "u" or "ull". */
const char *c_hex(uint64_t value, unsigned bytes);
/* Name of a block's struct: "flush_virtual_address_space_in". */
const char *block_name(const struct call *c, const struct block *b);
/* Print every struct for x64 once, after those it contains, whatever the order of declaration. */
void each_struct(struct text *t, const struct spec *s,
		 void (*print)(struct text *, const struct type *));
/* The same for every declared type for x64: what it is made of comes first. */
void each_type(struct text *t, const struct spec *s,
	       void (*print)(struct text *, const struct type *));
/* First line of a documentation text, without its line end. */
const char *first_line(const char *doc);

/*
 * The five parameter blocks of a call by number, as members of struct call; `var` has no struct of
 * its own.
 */
enum { CALL_BLOCKS = 4 };
const struct block *call_block(const struct call *c, unsigned i);

/* Bits of a block in a list of uses; 0 when the spec has no such block. */
uint64_t needs_mask(const struct spec *s, const struct offer_use *needs, const char *block);

/*
 * Slots: where the stored value of an implemented MSR lives among those of its scope, and how many
 * a scope has.
 */
unsigned msr_slot(const struct spec *s, const struct msr *m);
unsigned msr_slots(const struct spec *s, bool vp);
/* "HV_X64_MSR_SINT3" */
const char *msr_instance(const struct msr *m, unsigned index);

/* The check of an MSR of that kind, or NULL. */
const struct check *msr_check(const struct msr *m, enum check_kind kind);

#endif
