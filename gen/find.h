/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What people call the things of the interface, and which thing they mean. */
#ifndef HVGEN_FIND_H
#define HVGEN_FIND_H

#include "model.h"

enum found_kind {
	FOUND_CALL,
	FOUND_MSR,
	FOUND_LEAF,
	FOUND_REGISTER,  /* of a leaf */
	FOUND_BITS,      /* of a register of a leaf */
	FOUND_STATUS,
	FOUND_TYPE,
	FOUND_VALUE,     /* of an enum or flag set, register names among them */
	FOUND_OFFER,     /* a block of privileges or features */
	FOUND_OFFER_BIT,
	FOUND_RULE,      /* of the calling convention */
	FOUND_CHECK,     /* of a call or an MSR */
};

/* One thing; the members that its kind does not have are NULL or 0. */
struct found {
	struct found *next;
	enum found_kind kind;
	const struct call *call;             /* also of a rule of its input */
	const struct msr *msr;               /* likewise */
	unsigned index;                      /* of a family of MSRs */
	bool whole_family;
	const struct cpuid_leaf *leaf;
	unsigned reg;                        /* CPUID_EAX, ... */
	const struct bits *bits;
	const struct status *status;
	const struct type *type;             /* also of a value */
	const struct enumerator *value;
	const struct offer *offer;           /* also of a bit */
	const struct offer_bit *offer_bit;
	const struct rule *rule;
	const struct check *check;
};

/*
 * The things that a word means: a name in any of the usual spellings (case and underscores do not
 * count), a number, "0x40000003.edx.4", the id of a rule; with "KIND:" in front those of that kind
 * alone, with "arm64:" in front of that those that ARM64 alone has. A full name hides names that are
 * merely alike, and x64 what ARM64 has instead. NULL when there are none. They live as long as the
 * spec.
 */
const struct found *find(struct spec *s, const char *word);

/* Names that are nearly the word, as "a, b or c"; NULL when nothing is near. */
const char *find_near(struct spec *s, const char *word);

/* "call", "msr", ...: the KIND in front of a word. */
const char *find_kind(const struct found *f);

/* The name that means this thing and no other of its kind and architecture. */
const char *find_name(const struct found *f);

/* What the declaration says of the thing; NULL for a rule of an input, which has no words. */
const struct about *find_about(const struct found *f);

/* "eax", "ebx", "ecx", "edx" */
extern const char *const cpuid_register_names[CPUID_REGISTERS];

/* The leaf and register in which a part stands; false when it is no part of a leaf. */
bool find_bits(const struct spec *s, const struct bits *b, struct found *place);

/* A number as people write it: decimal or 0x, `_` between digits. False for anything else. */
bool find_number(const char *word, uint64_t *number);

#endif
