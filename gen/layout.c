/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Where every field lies: sizes, natural alignment, order, and no byte without a name. */
#include <string.h>

#include "check.h"
#include "diag.h"

enum { NESTING_LIMIT = 16 };  /* structs inside structs */

/* Members of C and C++ structs cannot have these names. */
static const char *const c_words[] = {
	"alignas",  "alignof",	"and",	    "asm",     "auto",	    "bool",	 "break",
	"case",	    "catch",	"char",	    "class",   "concept",   "const",	 "continue",
	"default",  "delete",	"do",	    "double",  "else",	    "enum",	 "explicit",
	"export",   "extern",	"false",    "float",   "for",	    "friend",	 "goto",
	"if",	    "inline",	"int",	    "long",    "mutable",   "namespace", "new",
	"not",	    "operator", "or",	    "private", "protected", "public",	 "register",
	"requires", "restrict", "return",   "short",   "signed",    "sizeof",	 "static",
	"struct",   "switch",	"template", "this",    "throw",	    "true",	 "try",
	"typedef",  "typename", "typeof",   "union",   "unsigned",  "using",	 "virtual",
	"void",	    "volatile", "while",    "xor",
	"i386",	    "linux",	"unix", /* macros of GNU C */
};

void refuse_c_word(struct spec *s, const char *name, const struct pos *at, const char *what)
{
	for (size_t i = 0; i < sizeof(c_words) / sizeof(c_words[0]); i++)
		if (strcmp(name, c_words[i]) == 0)
			diag_error(s, at, "'%s' is a word of C or C++ and cannot name %s", name,
				   what);
}

/* ---- a list of fields ---- */

static void layout_type(struct spec *s, struct type *t, unsigned depth);

static void resolve_field(struct spec *s, struct field *f, unsigned depth)
{
	static const struct name byte = { .text = "u8" };

	f->type = refer_type(s, f->kind == FIELD_DATA ? &f->type_name : &byte);
	if (f->is_array && f->count == 0)
		diag_error(s, &f->count_at, "an array of nothing");
	if (f->type)
		layout_type(s, f->type, depth);
	refuse_c_word(s, f->name, &f->at, "a field");
}

/*
 * Refuse the bytes in front of a field that nothing names, or that something names already. Where
 * the field before has no type or a wrong offset, its end is not known. True: the offset is right.
 */
static bool check_offset(struct spec *s, const struct field *f, const struct field *before,
			 unsigned end, bool end_known)
{
	if (before && f->offset < before->offset) {
		diag_error(s, &f->offset_at, "out of order: offset %u after %u", f->offset,
			   before->offset);
	} else if (!end_known) {
		return true;
	} else if (f->offset < end) {
		diag_error(s, &f->offset_at, "overlaps '%s', which ends at %u", before->name, end);
		diag_note(s, &before->at, "declared here");
	} else if (f->offset > end) {
		diag_error(s, &f->offset_at,
			   "nothing names bytes %u to %u: write %u pad[%u] or mbz[%u]", end,
			   f->offset - 1, end, f->offset - end, f->offset - end);
	} else if (f->type && f->type->align && f->offset % f->type->align) {
		diag_error(s, &f->offset_at, "misaligned: %s stands on multiples of %u",
			   f->type->name, f->type->align);
	} else {
		return true;
	}
	return false;
}

struct extent {
	unsigned size, align;
	bool known; /* false when a type is unknown or an offset wrong, so that sizes mean nothing */
};

static struct extent layout_fields(struct spec *s, struct field *fields, unsigned depth)
{
	struct extent e = { .align = 1, .known = true };
	const struct field *before = NULL;
	bool placed = true;

	for (struct field *f = fields; f; f = f->next) {
		resolve_field(s, f, depth);
		placed = check_offset(s, f, before, e.size, placed && (!before || before->type));
		if (!f->type || !f->type->size || !placed)
			e.known = false;
		else if (f->type->align > e.align)
			e.align = f->type->align;
		if (f->offset + field_size(f) > e.size || !f->type)
			e.size = f->offset + field_size(f);
		before = f;
	}
	return e;
}

/* ---- types ---- */

static void layout_struct(struct spec *s, struct type *t, unsigned depth)
{
	struct extent e = layout_fields(s, t->fields, depth + 1);

	t->size = t->declared_size;
	t->align = e.align;
	if (t->about.broken || !e.known)
		return;
	if (!t->fields)
		diag_error(s, &t->at, "struct '%s' has no fields", t->name);
	else if (e.size != t->declared_size)
		diag_error(s, &t->size_at, "the fields of '%s' take %u bytes, not %u", t->name,
			   e.size, t->declared_size);
	else if (e.size % e.align)
		diag_error(s, &t->size_at, "size %u is no multiple of the alignment %u", e.size,
			   e.align);
}

/* The integer that a type is made of, aliases seen through. */
static void layout_base(struct spec *s, struct type *t, unsigned depth)
{
	struct type *base = refer_type(s, &t->base_name);

	if (!base)
		return;
	layout_type(s, base, depth + 1);
	if (base->kind == TYPE_ALIAS)
		base = base->base;
	if (!base)
		return;
	if (base->kind != TYPE_INTEGER) {
		diag_error(s, &t->base_name.at, "'%s' is no integer", t->base_name.text);
		return;
	}
	if (t->kind != TYPE_ALIAS && (base->is_signed || base->size > 8)) {
		diag_error(s, &t->base_name.at, "'%s' cannot be cut into bits or values",
			   t->base_name.text);
		return;
	}
	t->base = base;
	t->size = base->size;
	t->align = base->align;
}

static void check_values(struct spec *s, const struct type *t)
{
	unsigned width = t->base->size * 8;

	if (!t->values && !t->about.broken)
		diag_error(s, &t->at, "'%s' has no values", t->name);
	for (const struct enumerator *v = t->values; v; v = v->next)
		if (t->kind == TYPE_FLAGS ? v->value >= width : v->value > low_bits(width))
			diag_error(s, &v->at, "'%s' does not fit in %s", v->name, t->base->name);
}

static void layout_parts(struct spec *s, struct type *t, unsigned depth)
{
	for (struct bits *b = t->bits; b; b = b->next) {
		struct type *type = b->type_name.text ? spec_type(s, b->type_name.text) : NULL;

		if (type)
			layout_type(s, type, depth + 1);
	}
	if (!t->about.broken)
		check_bits(s, t->bits, t->base->size * 8, HOME_TYPE, t->name, &t->at);
}

enum { UNSEEN, OPEN, DONE };

static void layout_type(struct spec *s, struct type *t, unsigned depth)
{
	if (t->kind == TYPE_INTEGER || t->visit == DONE)
		return;
	if (t->visit == OPEN || depth > NESTING_LIMIT) {
		diag_error(s, &t->at,
			   t->visit == OPEN ? "'%s' contains itself" : "'%s' is nested too deep",
			   t->name);
		t->visit = DONE;
		return;
	}
	t->visit = OPEN;
	if (t->kind == TYPE_STRUCT)
		layout_struct(s, t, depth);
	else
		layout_base(s, t, depth);
	if (t->base && (t->kind == TYPE_ENUM || t->kind == TYPE_FLAGS))
		check_values(s, t);
	if (t->base && t->kind == TYPE_BITS)
		layout_parts(s, t, depth);
	t->visit = DONE;
}

/* What values stand for: no part of the type itself, so that it may hold a value of that type. */
static void refer_layouts(struct spec *s, const struct type *t)
{
	for (struct enumerator *v = t->values; v; v = v->next)
		if (v->type_name.text)
			v->type = refer_type(s, &v->type_name);
}

void layout_types(struct spec *s)
{
	for (struct type *t = s->types; t; t = t->next) {
		layout_type(s, t, 0);
		refer_layouts(s, t);
	}
}

/* ---- calls ---- */

static void layout_block(struct spec *s, const struct call *c, struct block *b)
{
	struct extent e;

	if (!b->present)
		return;
	e = layout_fields(s, b->fields, 0);
	b->size = e.size;
	b->align = e.align;
	if (c->about.broken || !e.known)
		return;
	if (!b->fields)
		diag_error(s, &b->at, "an empty block: leave it out");
	else if (e.size % e.align)
		diag_error(s, &b->at,
			   "the block ends at %u: write %u pad[%u] or mbz[%u] to fill it to a "
			   "multiple of %u",
			   e.size, e.size, e.align - e.size % e.align, e.align - e.size % e.align,
			   e.align);
}

/* The variable header is an array of qwords; its one field says what a qword means. */
static void layout_var(struct spec *s, struct call *c)
{
	struct field *f = c->var.fields;

	if (!f)
		return;
	c->var.size = c->var.align = 8;
	resolve_field(s, f, 0);
	if (f->next)
		diag_error(s, &f->next->at, "a variable header has one field");
	if (f->type && (f->type->size != 8 || f->is_array))
		diag_error(s, &f->type_name.at, "a variable header is made of 64-bit values");
}

static void check_page(struct spec *s, const struct block *b, const char *what, unsigned size)
{
	if (size > SPEC_PAGE)
		diag_error(s, &b->at, "%s takes %u bytes, more than a page", what, size);
}

void layout_calls(struct spec *s)
{
	for (struct call *c = s->calls; c; c = c->next) {
		layout_block(s, c, &c->in);
		layout_var(s, c);
		layout_block(s, c, &c->each_in);
		layout_block(s, c, &c->out);
		layout_block(s, c, &c->each_out);
		check_page(s, c->in.present ? &c->in : &c->each_in, "the input",
			   call_in_size(c) + c->each_in.size);
		check_page(s, c->out.present ? &c->out : &c->each_out, "the output",
			   call_out_size(c) + c->each_out.size);
	}
}
