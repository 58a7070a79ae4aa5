/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* hv_abi.h: types, constants and layouts of the interface, for the hypervisor. */
#include "out.h"
#include "spell.h"

static void define(struct text *t, const char *name, const char *value)
{
	emit(t, "#define %s", name);
	emit_column(t, 64);
	emit_line(t, "%s", value);
}

static void statuses(struct text *t, const struct spec *s)
{
	emit_open(t, "enum hv_status {");
	for (const struct status *st = s->statuses; st; st = st->next)
		emit_line(t, "%s = 0x%04x,", c_status(st), st->value);
	emit_close(t, "};");
	emit_blank(t);
}

/* SHIFT and MASK of each named part. A single bit of an MSR is a mask under its own name. */
static void bit_fields(struct text *t, const char *prefix, const struct bits *bits, unsigned bytes,
		       bool bare_bits)
{
	for (const struct bits *b = bits; b; b = b->next) {
		if (b->kind != BITS_NAMED)
			continue;
		const char *name = namef("%s_%s", prefix, upper(b->name));
		if (bare_bits && b->high == b->low) {
			define(t, name, c_hex(bits_mask(b), bytes));
			continue;
		}
		define(t, namef("%s_SHIFT", name), namef("%u", b->low));
		define(t, namef("%s_MASK", name), c_hex(bits_mask(b), bytes));
	}
}

static void flags(struct text *t, const struct type *type)
{
	const char *prefix = namef("HV_%s", upper(type->name));

	for (const struct enumerator *e = type->values; e; e = e->next)
		define(t, namef("%s_%s", prefix, upper(e->name)),
		       namef("(1ull << %u)", (unsigned)e->value));
	define(t, namef("%s_MASK", prefix), c_hex(type_flags_mask(type), 8));
}

static void enumeration(struct text *t, const struct type *type)
{
	const char *prefix = namef("HV_%s", upper(type->name));
	uint64_t highest = 0;

	for (const struct enumerator *e = type->values; e; e = e->next)
		if (for_x64(&e->about) && e->value > highest)
			highest = e->value;
	if (highest > INT32_MAX) {
		for (const struct enumerator *e = type->values; e; e = e->next)
			if (for_x64(&e->about))
				define(t, namef("%s_%s", prefix, upper(e->name)),
				       c_hex(e->value, type->size));
		return;
	}
	emit_open(t, "enum hv_%s {", type->name);
	for (const struct enumerator *e = type->values; e; e = e->next)
		if (for_x64(&e->about))
			emit_line(t, "%s_%s = 0x%x,", prefix, upper(e->name), (unsigned)e->value);
	emit_close(t, "};");
}

/* A struct with natural alignment, and the proof that the compiler agrees with the layout. */
static void structure(struct text *t, const char *name, const struct field *fields, unsigned size)
{
	emit_open(t, "struct hv_%s {", name);
	for (const struct field *f = fields; f; f = f->next) {
		const char *array = f->is_array ? namef("[%u]", f->count) : "";
		emit_line(t, "%s %s%s;", c_type("", f->type), f->name, array);
	}
	emit_close(t, "};");
	emit_line(t, "_Static_assert(sizeof(struct hv_%s) == %u, \"size\");", name, size);
	for (const struct field *f = fields; f; f = f->next)
		emit_wrapped(t, "_Static_assert(offsetof(struct hv_%s, %s) == %u, \"offset\");",
			     name, f->name, f->offset);
}

static void one_type(struct text *t, const struct type *type)
{
	if (!for_x64(&type->about) || type->kind == TYPE_ALIAS || type->kind == TYPE_INTEGER)
		return;
	emit_comment(t, type->about.doc);
	if (type->kind == TYPE_BITS)
		bit_fields(t, namef("HV_%s", upper(type->name)), type->bits, type->size, false);
	else if (type->kind == TYPE_FLAGS)
		flags(t, type);
	else if (type->kind == TYPE_ENUM)
		enumeration(t, type);
	else
		structure(t, type->name, type->fields, type->declared_size);
	emit_blank(t);
}

static void one_call(struct text *t, const struct call *c)
{
	if (!for_x64(&c->about))
		return;
	emit_comment(t, namef("%s. %s", c->named, first_line(c->about.doc)));
	define(t, namef("HV_CALL_%s", upper(c->name)), namef("0x%04x", c->code));
	for (unsigned i = 0; i < CALL_BLOCKS; i++) {
		const struct block *b = call_block(c, i);
		if (b->present)
			structure(t, block_name(c, b), b->fields, b->size);
	}
	emit_blank(t);
}

static void one_msr(struct text *t, const struct msr *m)
{
	if (!for_x64(&m->about))
		return;
	emit_comment(t, m->about.doc);
	for (unsigned i = 0; i < m->count; i++)
		define(t, msr_instance(m, i), namef("0x%08x", m->number + i * m->stride));
	if (m->strided) {
		define(t, namef("%s_COUNT", m->named), namef("%u", m->count));
		define(t, namef("%s_STRIDE", m->named), namef("%u", m->stride));
	}
	bit_fields(t, m->named, m->bits, 8, true);
	emit_blank(t);
}

static void types(struct text *t, const struct spec *s)
{
	for (const struct type *type = s->types; type; type = type->next)
		if (type->kind != TYPE_STRUCT)
			one_type(t, type);
	each_struct(t, s, one_type);
}

void out_abi_h(struct text *t, const struct spec *s)
{
	emit_banner(t, "Types, constants and layouts of the hypervisor interface.");
	emit(t, "#ifndef HV_ABI_H\n#define HV_ABI_H\n\n#include \"types.h\"\n\n");
	statuses(t, s);
	types(t, s);
	for (const struct call *c = s->calls; c; c = c->next)
		one_call(t, c);
	for (const struct msr *m = s->msrs; m; m = m->next)
		one_msr(t, m);
	emit_line(t, "#endif");
}
