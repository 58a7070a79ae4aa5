/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Types in the guest header: constants, accessors, structures with the asserts of their layout. */
#include "out_guest.h"

#include <string.h>

#include "spell.h"

/* Functions only for parts that are neither one bit nor the whole word. */
static void accessors(struct text *t, const char *macro, const char *function, const char *field,
		      const char *type)
{
	emit_line(t, "HV_FN %s %s_get_%s(\n\t%s word)", type, function, field, type);
	emit_line(t, "{\n\treturn HV_CAST(%s, hv_field_get(word,\n"
		     "\t\t%s_MASK,\n\t\t%s_SHIFT));\n}\n", type, macro, macro);
	emit_line(t, "HV_FN %s %s_set_%s(\n\t%s word, %s value)", type, function, field, type,
		  type);
	emit_line(t, "{\n\treturn HV_CAST(%s, hv_field_set(word, value,\n"
		     "\t\t%s_MASK,\n\t\t%s_SHIFT));\n}\n", type, macro, macro);
}

static bool is_part(const struct bits *b, unsigned bytes)
{
	return b->kind == BITS_NAMED && b->high != b->low && b->high - b->low + 1 != 8 * bytes;
}

/*
 * A part has shift, width and mask, a single bit is a constant too, the whole word needs nothing.
 */
static void bit_constants(struct text *t, const char *macro, const struct bits *b, unsigned bytes)
{
	bool single = b->high == b->low;
	const char *alias = about_alias(&b->about, macro);

	emit_comment(t, b->about.doc);
	if (alias)
		guest_define(t, alias, guest_number(bits_mask(b), bytes));
	if (!single && !is_part(b, bytes))
		return;
	if (single)
		guest_define(t, macro, guest_number(bits_mask(b), bytes));
	guest_define(t, namef("%s_MASK", macro), guest_number(bits_mask(b), bytes));
	guest_define(t, namef("%s_SHIFT", macro), namef("%u", b->low));
	guest_define(t, namef("%s_WIDTH", macro), namef("%u", b->high - b->low + 1));
}

void guest_bits(struct text *t, const char *macros, const char *functions, const struct bits *bits,
		unsigned bytes)
{
	for (const struct bits *b = bits; b; b = b->next)
		if (b->kind == BITS_NAMED)
			bit_constants(t, namef("%s_%s", macros, upper(b->name)), b, bytes);
	emit_blank(t);
	for (const struct bits *b = bits; b; b = b->next)
		if (is_part(b, bytes))
			accessors(t, namef("%s_%s", macros, upper(b->name)), functions, b->name,
				  namef("hv_u%u", 8 * bytes));
}

/* A constant, under the name that other headers give it too when that is one of C. */
static void constant(struct text *t, const struct type *type, const struct enumerator *e,
		     uint64_t value)
{
	const char *name = namef("HV_%s_%s", upper(type->name), upper(e->name));
	const char *alias = about_alias(&e->about, name);

	emit_comment(t, e->about.doc);
	guest_define(t, name, guest_number(value, type->size));
	if (alias)
		guest_define(t, alias, guest_number(value, type->size));
	guest_since(t, name + 3, &e->about);
}

static void flags(struct text *t, const struct type *type)
{
	const char *prefix = namef("HV_%s", upper(type->name));

	for (const struct enumerator *e = type->values; e; e = e->next)
		constant(t, type, e, 1ull << e->value);
	guest_define(t, namef("%s_MASK", prefix),
		     guest_number(type_flags_mask(type), type->size));
	emit_blank(t);
}

/* Constants and not a C enum: the size and sign of one differ from compiler to compiler. */
static void enumeration(struct text *t, const struct type *type)
{
	for (const struct enumerator *e = type->values; e; e = e->next)
		if (for_x64(&e->about))
			constant(t, type, e, e->value);
	emit_blank(t);
}

/* The name of the number that a field is, when it is one of those that must not be confused. */
static const char *number_type(const struct field *f)
{
	const struct type *plain = plain_type(f->type);
	size_t length = strlen(f->name);

	if (plain->kind != TYPE_INTEGER)
		return NULL;
	if (plain->size == 4 && strcmp(f->type->name, "vp_index") == 0)
		return "hv_vp_index_t";
	if (plain->size == 4 && length >= 8 && strcmp(f->name + length - 8, "vp_index") == 0)
		return "hv_vp_index_t";
	if (plain->size == 4 && strcmp(f->name, "apic_id") == 0)
		return "hv_apic_id_t";
	if (plain->size == 8 && f->type->kind == TYPE_INTEGER && length >= 3 &&
	    strcmp(f->name + length - 3, "gpa") == 0)
		return "hv_gpa_t";
	return NULL;
}

static void member(struct text *t, const struct field *f)
{
	const char *number = number_type(f);

	emit(t, "%s %s%s;", number ? number : c_type("hv_", f->type), f->name,
	     f->is_array ? namef("[%u]", f->count) : "");
	if (f->kind != FIELD_DATA)
		emit(t, f->kind == FIELD_PAD ? " /* ignored */" : " /* must be zero */");
	emit_blank(t);
}

void guest_struct(struct text *t, const char *name, const struct field *fields, unsigned size,
		  unsigned align)
{
	emit_open(t, "struct %shv_%s {", align >= 8 ? namef("HV_ALIGN(%u) ", align) : "", name);
	for (const struct field *f = fields; f; f = f->next) {
		if (f->kind == FIELD_DATA)
			emit_comment(t, f->about.doc);
		member(t, f);
	}
	emit_close(t, "};");
	emit_line(t, "HV_HAS_LAYOUT(hv_%s, %u, %u);", name, size, align);
	for (const struct field *f = fields; f; f = f->next)
		emit_line(t, "HV_IS_AT(hv_%s, %s, %u);", name, f->name, f->offset);
	emit_blank(t);
}

static void plain_types(struct text *t, const struct spec *s)
{
	for (const struct type *type = s->types; type; type = type->next) {
		if (!for_x64(&type->about) || type->kind == TYPE_STRUCT || type->kind == TYPE_ALIAS)
			continue;
		emit_comment(t, type->about.doc);
		if (*type->about.doc)
			emit_blank(t);
		if (type->kind == TYPE_BITS)
			guest_bits(t, namef("HV_%s", upper(type->name)),
				   namef("hv_%s", type->name), type->bits, type->size);
		else if (type->kind == TYPE_FLAGS)
			flags(t, type);
		else
			enumeration(t, type);
	}
}

static void one_struct(struct text *t, const struct type *type)
{
	emit_comment(t, type->about.doc);
	guest_since(t, upper(type->name), &type->about);
	guest_struct(t, type->name, type->fields, type->size, type->align);
}

void guest_types(struct text *t, const struct spec *s)
{
	guest_section(t, "Types");
	plain_types(t, s);
	each_struct(t, s, one_struct);
}
