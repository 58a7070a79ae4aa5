/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* From what is written to what holds: names resolved, layouts proved, rules listed. */
#ifndef GEN_CHECK_H
#define GEN_CHECK_H

#include "model.h"

/* All of it. True when the specification has no errors, those of reading included. */
bool spec_check(struct spec *s);

/* ---- the parts, in the order in which they run ---- */

/* No name and no number is declared twice; unique.c. */
void check_unique(struct spec *s);

/* No two things become one name in C. For specifications without errors so far. */
void check_spellings(struct spec *s);

/* Sizes, alignments and offsets of types and of the blocks of calls; layout.c. */
void layout_types(struct spec *s);
void layout_calls(struct spec *s);

void check_statuses(struct spec *s);
void check_rules(struct spec *s);
void check_calls(struct spec *s);  /* lists their rules too */
void check_msrs(struct spec *s);   /* likewise, and numbers the instances */
void check_cpuid(struct spec *s);

/*
 * Every privilege and feature has a user, an offered one a user that works; what works is offered.
 */
void check_offers(struct spec *s);
void check_unused(struct spec *s);

/*
 * Remarks have a mark and no name is absent twice; and what is absent is not declared, for
 * specifications without errors so far. check_remarks.c.
 */
void check_remarks(struct spec *s);
void check_absences(struct spec *s);

/*
 * Every call and MSR has an input that keeps its rules, and every rule one that breaks it and none
 * before it; check_testable.c. For specifications without errors.
 */
void check_testable(struct spec *s);

/* ---- names; refer.c ---- */

/* True for a name that may be declared or used where the text could not be read. */
bool is_lost(const struct spec *s, const char *name);

/* What a name means, marked as used. NULL after an error. */
struct type *refer_type(struct spec *s, const struct name *n);
const struct status *refer_status(struct spec *s, const struct name *n); /* statuses, UD and GP */
const struct status *refer_real_status(struct spec *s, const struct name *n);  /* statuses alone */
void refer_offers(struct spec *s, struct offer_use *uses);
/* Likewise of what a call or an MSR needs: a table row has room for privileges and features. */
void refer_needs(struct spec *s, struct offer_use *uses);

/* Refuses what cannot name a member of a struct; layout.c. `what` is named by it. */
void refuse_c_word(struct spec *s, const char *name, const struct pos *at, const char *what);

/* ---- bits; check_bits.c ---- */

enum bits_home { HOME_TYPE, HOME_MSR, HOME_CPUID };

/*
 * Refuses parts that are unordered, overlap, leave holes or exceed the width, and words that do not
 * belong where they stand. `what` names the whole for messages. Types of parts are resolved.
 */
void check_bits(struct spec *s, struct bits *list, unsigned width, enum bits_home home,
		const char *what, const struct pos *at);

/* "bit 4" or "bits 7..5". */
const char *spell_bits(struct spec *s, unsigned high, unsigned low);

/* ---- the rules of a call or an MSR; rules.c ---- */

/* Where a rule is written and what breaking it yields. */
struct rule_source {
	struct pos at;
	const struct status *status;
};

/* Where rules are collected. */
struct rule_list {
	struct spec *spec;
	const char *id_prefix;     /* "HVR-0014-" */
	const char *name_prefix;   /* "FLUSH_VIRTUAL_ADDRESS_LIST_EX_" */
	unsigned count;
	struct check **tail;
};

/*
 * Add one rule for an operand; the caller fills in what else its kind needs. `text` says what must
 * hold.
 */
struct check *rules_add(struct rule_list *rules, enum check_kind kind, const struct operand *on,
			const char *suffix, const struct rule_source *from, const char *text);

/* The rules that the type of an operand brings, and those that the parts in `list` bring. */
void rules_add_type(struct rule_list *rules, const struct operand *on, const struct type *type,
		    const struct rule_source *from);
void rules_add_bits(struct rule_list *rules, const struct operand *whole, const struct bits *list,
		    const struct rule_source *from);

/* The status that breaking a field's own rules yields where nothing else is said. */
const char *field_refusal(const struct field *f);

/* All rules of a call's input. */
void rules_of_call(struct spec *s, struct call *c);

#endif
