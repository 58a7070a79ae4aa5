/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What changed between two specifications, and what that means for guests and for sources. */
#ifndef HVGEN_DIFF_H
#define HVGEN_DIFF_H

#include <stdio.h>

#include "emit.h"
#include "model.h"

/* For one audience: programs that run (the wire), or programs that are compiled again. */
enum verdict { NONE, ADDITIVE, WARNING, BREAKING };

/* The part of the version that has to grow. */
enum level { SAME, PATCH, MINOR, MAJOR };

/*
 * Every kind of change: identifier, its spelling, the verdicts, what it demands, and its meaning.
 * Those who waive a change name it by the spelling, which therefore stays.
 */
#define DIFF_RULES(X)                                                                              \
	/* things that have a name and a number */                                                 \
	X(ADDED, "added", ADDITIVE, ADDITIVE, MINOR, "something new that was refused before")      \
	X(ADDED_TO_OUTPUT, "added-to-output", WARNING, ADDITIVE, MINOR,                            \
	  "something new that old guests may be given")                                            \
	X(REMOVED, "removed", BREAKING, BREAKING, MAJOR, "something is gone")                      \
	X(NAME_REMOVED, "name-removed", NONE, BREAKING, MAJOR,                                     \
	  "a name is gone that only sources used")                                                 \
	X(RENUMBERED, "renumbered", BREAKING, BREAKING, MAJOR, "another number, bit or code")      \
	X(NUMBER_REUSED, "number-reused", BREAKING, BREAKING, MAJOR,                               \
	  "a number now means something else")                                                     \
	X(RENAMED, "renamed", NONE, BREAKING, MAJOR, "another name, and the old one is gone")      \
	X(RENAMED_WITH_ALIAS, "renamed-with-alias", NONE, ADDITIVE, MINOR,                         \
	  "another name, and 'formerly' keeps the old one")                                        \
	X(ALIAS_REMOVED, "alias-removed", NONE, BREAKING, MAJOR, "a former name is gone")          \
	X(IMPLEMENTED, "implemented", ADDITIVE, NONE, MINOR, "no longer unimplemented")            \
	X(WITHDRAWN, "withdrawn", BREAKING, NONE, MAJOR, "now unimplemented")                      \
	X(DESCRIBED, "described", NONE, ADDITIVE, MINOR, "no longer unknown but for its name")     \
	X(UNDESCRIBED, "undescribed", NONE, BREAKING, MAJOR, "now unknown but for its name")       \
	X(ARCH_WIDENED, "arch-widened", ADDITIVE, ADDITIVE, MINOR, "on another architecture, too") \
	X(ARCH_NARROWED, "arch-narrowed", BREAKING, BREAKING, MAJOR,                               \
	  "no longer on an architecture")                                                          \
	X(TEXT, "text", NONE, NONE, PATCH, "documentation, provenance or a reason")                \
	/* layout */                                                                               \
	X(MOVED, "moved", BREAKING, BREAKING, MAJOR, "another offset or bit")                      \
	X(RESIZED, "resized", BREAKING, BREAKING, MAJOR, "another size, width or count")           \
	X(RETYPED, "retyped", BREAKING, BREAKING, MAJOR, "a type of another meaning")              \
	X(TYPE_RENAMED, "type-renamed", NONE, WARNING, MINOR,                                      \
	  "a type of the same form by another name")                                               \
	X(BLOCK_ADDED, "block-added", BREAKING, BREAKING, MAJOR,                                   \
	  "parameters that callers did not pass")                                                  \
	X(VARHEAD_ADDED, "variable-header-added", ADDITIVE, ADDITIVE, MINOR,                       \
	  "a variable header, whose size the caller declares")                                     \
	X(RESERVED_TO_FIELD, "reserved-to-field", ADDITIVE, ADDITIVE, MINOR,                       \
	  "what was refused unless zero is a field that may be zero, and a bit tells of it")       \
	X(RESERVED_TO_FIELD_UNGATED, "reserved-to-field-ungated", BREAKING, ADDITIVE, MAJOR,       \
	  "the same, but no bit tells of it: write offered BLOCK.BIT")                             \
	X(RESERVED_TO_FIELD_NONZERO, "reserved-to-field-nonzero", BREAKING, ADDITIVE, MAJOR,       \
	  "the same, but zero is refused")                                                         \
	X(IGNORED_TO_FIELD, "ignored-to-field", BREAKING, ADDITIVE, MAJOR,                         \
	  "what was ignored is a field: old guests may hold anything there")                       \
	X(PRESERVED_TO_FIELD, "preserved-to-field", ADDITIVE, ADDITIVE, MINOR,                     \
	  "what was preserved is a field, and its reset value is what it was")                     \
	X(PRESERVED_TO_FIELD_CHANGED, "preserved-to-field-changed", BREAKING, ADDITIVE, MAJOR,     \
	  "what was preserved is a field without the old default")                                 \
	X(OUTPUT_WIDENED, "output-widened", WARNING, ADDITIVE, MINOR,                              \
	  "reserved output carries something")                                                     \
	X(RESERVED_KIND, "reserved-kind", WARNING, NONE, MINOR,                                    \
	  "another kind of reserved bits that are not checked")                                    \
	/* what is refused */                                                                      \
	X(CHECK_ADDED, "check-added", BREAKING, NONE, MAJOR, "a check of input that was not made") \
	X(CHECK_REMOVED, "check-removed", ADDITIVE, ADDITIVE, MINOR,                               \
	  "a check of input is no longer made")                                                    \
	X(NARROWED, "narrowed", BREAKING, NONE, MAJOR, "fewer values or callers are admitted")     \
	X(WIDENED, "widened", ADDITIVE, ADDITIVE, MINOR, "more values or callers are admitted")    \
	X(GATE_ADDED, "gate-added", BREAKING, NONE, MAJOR,                                         \
	  "another privilege or feature is needed")                                                \
	X(GATE_REMOVED, "gate-removed", ADDITIVE, ADDITIVE, MINOR,                                 \
	  "a privilege or feature is no longer needed")                                            \
	X(OFFER_CHANGED, "offer-changed", WARNING, NONE, MINOR, "other bits tell of it")           \
	X(REFUSAL_CHANGED, "refusal-changed", WARNING, NONE, MINOR, "a failure has another code")  \
	X(CHECK_ORDER, "check-order", WARNING, NONE, MINOR, "checks are made in another order")    \
	/* calls */                                                                                \
	X(SHAPE, "shape", BREAKING, BREAKING, MAJOR, "simple, rep or counted, but another one")    \
	X(REGISTERS_ADDED, "registers-added", ADDITIVE, ADDITIVE, MINOR,                           \
	  "parameters may be in more registers")                                                   \
	X(REGISTERS_REMOVED, "registers-removed", BREAKING, BREAKING, MAJOR,                       \
	  "parameters may be in fewer registers")                                                  \
	X(STATUS_POSSIBLE, "status-possible", WARNING, NONE, MINOR,                                \
	  "the call may yield another status")                                                     \
	X(STATUS_IMPOSSIBLE, "status-impossible", NONE, NONE, MINOR,                               \
	  "the call no longer yields a status")                                                    \
	X(CONTINUABLE, "continuable", WARNING, NONE, MINOR,                                        \
	  "whether the call may be interrupted")                                                   \
	/* MSRs and CPUID */                                                                       \
	X(SCOPE, "scope", BREAKING, NONE, MAJOR, "per partition or per virtual processor")         \
	X(START, "start", BREAKING, NONE, MAJOR, "another reset value or constant")                \
	X(SOURCE, "source", BREAKING, NONE, MAJOR, "a CPUID bit shows something else")             \
	X(INSIDE, "inside", NONE, NONE, PATCH, "a concern of the hypervisor alone")

enum diff_rule {
#define X(id, name, wire, source, level, text) DIFF_##id,
	DIFF_RULES(X)
#undef X
	DIFF_RULE_COUNT
};

struct diff_rule_info {
	const char *name;
	enum verdict wire, source;
	enum level level;
	const char *text;
};

extern const struct diff_rule_info diff_rules[DIFF_RULE_COUNT];

const char *verdict_name(enum verdict v);
const char *level_name(enum level l);

/* One change. A position whose source is NULL is in neither text. */
struct change {
	struct change *next;
	enum diff_rule rule;
	const char *item;      /* "hypercall.post_message.in.payload_size" */
	const char *text;      /* what became of it */
	struct pos old_at, new_at;
	bool allowed;          /* waived: shown, and counts for nothing */
};

/* What is worth knowing beside the changes. */
struct diff_note {
	struct diff_note *next;
	const char *item, *text;
	struct pos at;         /* in the new text */
};

struct diff {
	struct spec *old, *new;
	struct change *changes;
	struct diff_note *notes;
};

/*
 * Compare two good specifications. Changes come in the order of the new one's kinds of items, those
 * that are gone behind their kind. All memory is that of `new`.
 */
struct diff diff_specs(struct spec *old, struct spec *new);

/* The worst verdicts and the highest demand of the changes that are not allowed. */
enum verdict diff_verdict(const struct diff *d);
enum level diff_level(const struct diff *d);

/*
 * Whether the new version number goes as far as the changes demand. Before 1.0.0 a break asks for
 * no more than an addition does, a new minor number.
 */
enum level diff_demand(const struct diff *d);
bool diff_version_suffices(const struct diff *d);

/* ---- output ---- */

/* Every change with its line and a caret in both texts, then the notes and the verdict. */
void diff_print_text(const struct diff *d, FILE *to);
void diff_print_json(const struct diff *d, struct text *t);
/* A section of a changelog, in Markdown; that of the first version has no changes. */
void diff_print_first(const struct spec *s, struct text *t);
void diff_print_changelog(const struct diff *d, struct text *t);
/* The table of all rules, in Markdown. */
void diff_print_rules(struct text *t);

#endif
