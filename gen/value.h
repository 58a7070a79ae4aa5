/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Bytes and numbers of the interface as text: names, values and what is wrong with them. */
#ifndef HVGEN_VALUE_H
#define HVGEN_VALUE_H

#include "emit.h"
#include "model.h"

/* Bytes of memory: those that are missing at the end are said to be. */
struct memory {
	const uint8_t *bytes;
	size_t count;
};

/* A little-endian number of up to eight bytes; bytes that are missing are zero. */
uint64_t memory_number(const struct memory *m, size_t at, unsigned size);

/*
 * Lines for the parts of a number, `depth` steps to the right: range, name, value and meaning. Bits
 * that must be zero and are not stand behind a '!'.
 */
void value_bits(struct text *t, const struct bits *list, uint64_t number, unsigned depth);

/* Lines for the fields at `base` of the memory. */
void value_fields(struct text *t, const struct field *list, const struct memory *m, size_t base,
		  unsigned depth);

/* Lines for one value of a type at `base`, called `name`. */
void value_typed(struct text *t, const struct type *type, const char *name, const struct memory *m,
		 size_t base, unsigned depth);

/* What a number of that type means: the names of values or flags; "" when there is none. */
const char *value_meaning(const struct type *type, uint64_t number);

/* The value of an enum with that number, for x64 first; NULL when there is none. */
const struct enumerator *value_named(const struct type *type, uint64_t number);

#endif
