/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What the grammar calls: one function for each thing that can be written. */
#ifndef GEN_BUILD_H
#define GEN_BUILD_H

#include "lex.h"
#include "model.h"

/* The state of reading one source: the declaration that is open, and what notes would attach to. */
struct build {
	struct spec *spec;
	const struct source *source;
	bool alone;            /* includes are not followed */
	bool failed;           /* a syntax error: the rest up to the next declaration is skipped */

	struct about *body;    /* of the open declaration, or NULL */
	struct about
		*target; /* of the last thing written: takes marks and documentation behind it */
	bool may_be_unimplemented; /* the open declaration may */
	struct about pending; /* documentation and marks waiting for the next declaration or line */
	struct pos pending_at;

	/* What lines of the open declaration go to; exactly one kind is open at a time. */
	struct type *type;
	struct offer *offer;
	struct call *call;
	struct msr *msr;
	struct cpuid_leaf *leaf;
	bool in_statuses, in_rules;
	bool shared_statuses;         /* no call need use them */
	bool continued;               /* a later block of the enum `type` */
	struct enumerator **fresh_values; /* where the values of a continued block begin */
	struct status **fresh_statuses;   /* where the statuses of this block begin */
	struct bits **bits_list, *discarded;
	struct field **field_list;

	/* The line itself. */
	struct token part_name;
	enum bits_kind part_kind;
	struct bits *bits;
	struct field *field;
	struct rule *rule;
	struct enumerator *value; /* NULL where values are no members of an enum or a flag set */
	unsigned fillers;      /* pads and mbz of the open block so far, for their names */
};

/* Set up for a source; forget whatever declaration is open. */
void build_init(struct build *b, struct spec *s, const struct source *source);
void build_reset_state(struct build *b);

/* Reads an included file, a chapter with that title unless it is NULL; read.c. */
void build_include(struct build *b, const struct token *path, const struct token *title);

void build_syntax_error(struct build *b, const struct token *found, const int *expected, int count);
void build_too_deep(struct build *b);

/* Ends the open declaration, which was read to its end. */
void build_close(struct build *b);

/* Heads of declarations. */
void build_interface(struct build *b, const struct token *name, const struct token *x,
		     const struct token *y, const struct token *z);
void build_type(struct build *b, enum type_kind kind, const struct token *name,
		const struct token *base, const struct token *size, const struct name_list *words);
void build_statuses(struct build *b, const struct token *keyword, const struct name_list *words);
void build_rules(struct build *b, const struct token *keyword);
void build_offer(struct build *b, bool privileges, const struct token *name,
		 const struct token *width);
void build_call(struct build *b, const struct token *name, const struct token *code,
		const struct name_list *words);
void build_msr(struct build *b, const struct token *name, const struct token *number,
	       const struct token *stride, const struct token *count,
	       const struct name_list *words);
void build_leaf(struct build *b, const struct token *number, const struct token *name);
void build_remark(struct build *b, const struct token *subject);
void build_absence(struct build *b, const struct token *name, const struct token *reason);
void build_register(struct build *b, const struct token *name);

/* A number and a name: of an enum, flag set, status, rule, privilege or feature. */
void build_value(struct build *b, const struct token *value, const struct token *name);
void build_value_type(struct build *b, const struct token *type);
void build_value_else(struct build *b, const struct token *status);

/* Bits; build_part_name() comes first. */
void build_part_name(struct build *b, const struct token *name, enum bits_kind kind);
void build_bits(struct build *b, const struct token *high, const struct token *low);
void build_part_unless(struct build *b, const struct token *bit);
void build_part_else(struct build *b, const struct token *status);
void build_constant(struct build *b, const struct token *number);
void build_cpuid_value(struct build *b, const struct token *name);
void build_cpuid_offer(struct build *b, const struct token *equals, struct offer_use *use);

/* Fields; offset is NULL in `var`. */
void build_field(struct build *b, const struct token *offset, const struct token *type,
		 const struct token *name);
void build_filler(struct build *b, enum field_kind kind, const struct token *offset,
		  const struct token *keyword, const struct token *bytes);
void build_array(struct build *b, const struct token *count);
void build_valid(struct build *b, const struct token *kind);
void build_unless(struct build *b, const struct token *field, const struct token *bit);

/* Lines of calls and MSRs. */
void build_block(struct build *b, const struct token *keyword, struct block *block);
void build_empty_var(struct build *b, const struct token *brace);
void build_offered(struct build *b, struct offer_use *uses);
void build_needs(struct build *b, struct offer_use *uses, const struct name *otherwise);
void build_callers(struct build *b, const struct token *keyword, const struct name_list *words);
void build_call_statuses(struct build *b, const struct name_list *words);
void build_reset(struct build *b, const struct token *keyword, const struct token *number);

/* Notes. */
void build_doc(struct build *b, const struct token *doc);
void build_line_doc(struct build *b, const struct token *doc);
void build_mark(struct build *b, const struct token *mark, const struct token *reason);
void build_body_mark(struct build *b, const struct token *mark, const struct token *reason);
struct seen *build_seen_in(struct build *b, const struct token *who, const struct token *how);
void build_seen(struct build *b, struct seen *list);
void build_body_seen(struct build *b, struct seen *list);
void build_ref(struct build *b, const struct token *keyword, struct name_list *refs);
void build_since(struct build *b, const struct token *edition);
void build_arch(struct build *b, const struct name_list *words);
void build_named(struct build *b, const struct token *keyword, const struct token *name);
void build_formerly(struct build *b, struct name_list *names);
void build_line_offered(struct build *b, const struct token *keyword, struct offer_use *uses);
void build_unimplemented(struct build *b, const struct token *keyword, const struct token *reason);

/* Pieces. */
struct name build_name(const struct token *t);
struct range *build_range(struct build *b, const struct token *low, const struct token *high);
struct name_list *build_list(struct build *b, struct name_list *list, const struct token *item);
struct offer_use *build_use(struct build *b, const struct token *block, const struct token *bit);

#endif
