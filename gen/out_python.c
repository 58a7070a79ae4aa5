/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* python/hv_tlfs.py: the interface as a Python module without dependencies. */
#include "out.h"
#include "spell.h"
#include "text/text.h"

static const char *class_name(const struct type *type)
{
	return type->kind == TYPE_INTEGER ? upper(type->name) : camel(type->name);
}

static void comment(struct text *t, const char *indent, const char *doc)
{
	const char *prefix = namef("%s# ", indent);

	emit_words(t, prefix, prefix, "", doc);
}

/* The docstring must not hold what ends or escapes one. */
static const char *in_docstring(const char *doc)
{
	char *copy = (char *)(uintptr_t)namef("%s", doc);

	for (char *p = copy; *p; p++)
		if (*p == '"' || *p == '\\')
			*p = '\'';
	return copy;
}

/* Head of a class: PEP 8 wants two empty lines in front of it. */
static void open_class(struct text *t, const char *name, const char *base, const char *doc,
		       unsigned size, unsigned align)
{
	emit(t, "\n\nclass %s(%s):\n", name, base);
	emit_words(t, "    \"\"\"", "    ", "\"\"\"", *doc ? in_docstring(doc) : namef("%s.", name));
	if (size == align)
		emit(t, "\n    _size_ = _align_ = %u\n", size);
	else
		emit(t, "\n    _size_, _align_ = %u, %u\n", size, align);
}

static void parts(struct text *t, const struct bits *list)
{
	uint64_t mbz = 0;

	emit_line(t, "    _parts_ = {");
	for (const struct bits *b = list; b; b = b->next) {
		if (b->kind == BITS_MBZ)
			mbz |= bits_mask(b);
		if (b->kind != BITS_NAMED)
			continue;
		comment(t, "        ", b->about.doc);
		emit_line(t, "        '%s': (%u, %u, %s),", b->name, b->high, b->low,
			  b->type ? class_name(b->type) : "int");
	}
	emit_line(t, "    }");
	if (mbz)
		emit_line(t, "    _mbz_ = 0x%llx", (unsigned long long)mbz);
}

static bool mentioned(const struct type *type, const struct enumerator *e)
{
	return type->kind == TYPE_FLAGS || for_x64(&e->about);
}

static void values(struct text *t, const struct type *type)
{
	for (const struct enumerator *e = type->values; e; e = e->next) {
		uint64_t value = type->kind == TYPE_FLAGS ? 1ull << e->value : e->value;

		if (!mentioned(type, e))
			continue;
		comment(t, "    ", e->about.doc);
		emit_line(t, "    %s = 0x%llx", upper(e->name), (unsigned long long)value);
	}
}

static void contents(struct text *t, const struct type *type)
{
	bool any = false;

	for (const struct enumerator *e = type->values; e; e = e->next) {
		if (!e->type || !for_x64(&e->about) || !for_x64(&e->type->about))
			continue;
		if (!any)
			emit_line(t, "\n\n%s._contents_ = {", class_name(type));
		any = true;
		emit_line(t, "    %s.%s: %s,", class_name(type), upper(e->name),
			  class_name(e->type));
	}
	if (any)
		emit_line(t, "}");
}

static void fields(struct text *t, const struct field *list)
{
	emit_line(t, "    _fields_ = (");
	for (const struct field *f = list; f; f = f->next) {
		if (f->kind != FIELD_DATA)
			continue;
		comment(t, "        ", f->about.doc);
		emit_line(t, "        (%u, '%s', %s, %u),", f->offset, f->name, class_name(f->type),
			  f->is_array ? f->count : 0);
	}
	emit_line(t, "    )");
}

static void one_type(struct text *t, const struct type *type)
{
	static const char *const bases[] = {
		[TYPE_BITS] = "_Bits",
		[TYPE_ENUM] = "_Enum",
		[TYPE_FLAGS] = "_Flags",
		[TYPE_STRUCT] = "_Struct",
	};

	if (type->kind == TYPE_ALIAS) {
		emit_line(t, "\n\n%s = %s", class_name(type), class_name(type->base));
		return;
	}
	open_class(t, class_name(type), bases[type->kind], type->about.doc, type->size,
		   type->align);
	if (type->open)
		emit_line(t, "    _open_ = True");
	if (type->kind == TYPE_BITS)
		parts(t, type->bits);
	else if (type->kind == TYPE_STRUCT)
		fields(t, type->fields);
	else
		values(t, type);
}

/* Two empty lines end a class, but none is needed in front of another one. */
static void table(struct text *t, const char *doc, const char *name)
{
	emit(t, "\n\n# %s\n%s = {\n", doc, name);
}

static void statuses(struct text *t, const struct spec *s)
{
	table(t, "{status: name}", "STATUSES");
	for (const struct status *st = s->statuses; st; st = st->next)
		emit_line(t, "    0x%04x: '%s',", st->value, c_status(st));
	emit_line(t, "}");
}

/* ---- what a guest is offered ---- */

static void offer(struct text *t, const struct offer *o)
{
	open_class(t, camel(o->name), "_Flags", o->about.doc, o->width / 8, o->width / 8);
	for (const struct offer_bit *b = o->bits; b; b = b->next) {
		comment(t, "    ", b->about.doc);
		emit_line(t, "    %s = 0x%llx", upper(b->name), 1ull << b->bit);
	}
}

static const char *register_class(const struct cpuid_leaf *l, unsigned i)
{
	static const char *const names[CPUID_REGISTERS] = { "eax", "ebx", "ecx", "edx" };

	return camel(namef("cpuid_%s_%s", l->name, names[i]));
}

static void cpuid(struct text *t, const struct spec *s)
{
	for (const struct cpuid_leaf *l = s->leaves; l; l = l->next)
		for (unsigned i = 0; for_x64(&l->about) && i < CPUID_REGISTERS; i++) {
			if (!l->registers[i].present)
				continue;
			open_class(t, register_class(l, i), "_Bits",
				   namef("A register of leaf 0x%08x, %s.", l->number, l->name), 4,
				   4);
			parts(t, l->registers[i].bits);
		}
	table(t, "{number: leaf}; a register that is None has no parts.", "LEAVES");
	for (const struct cpuid_leaf *l = s->leaves; l; l = l->next) {
		if (!for_x64(&l->about))
			continue;
		emit(t, "    0x%08x: _Leaf(0x%08x, '%s'", l->number, l->number, l->name);
		for (unsigned i = 0; i < CPUID_REGISTERS; i++)
			emit(t, ",%s%s", i % 2 ? " " : "\n                       ",
			     l->registers[i].present ? register_class(l, i) : "None");
		emit_line(t, "),");
	}
	emit_line(t, "}");
}

/* ---- MSRs ---- */

static const char *content_class(const struct msr *m)
{
	return m->bits ? camel(namef("msr_%s", m->name)) : "U64";
}

static const char *python_bool(bool value)
{
	return value ? "True" : "False";
}

static void msrs(struct text *t, const struct spec *s)
{
	for (const struct msr *m = s->msrs; m; m = m->next) {
		if (!m->bits || !for_x64(&m->about))
			continue;
		open_class(t, content_class(m), "_Bits", m->about.doc, 8, 8);
		parts(t, m->bits);
	}
	table(t, "{number: MSR}", "MSRS");
	for (size_t i = 0; i < s->msr_row_count; i++) {
		const struct msr_row *row = &s->msr_rows[i];
		const struct msr *m = row->msr;

		if (!for_x64(&m->about))
			continue;
		emit(t, "    0x%08x: _Msr(0x%08x, '%s', ", row->number, row->number,
		     msr_instance(m, row->index));
		emit(t, "%s, %s, %s,\n", python_bool(m->vp), python_bool(m->readable),
		     python_bool(m->writable));
		emit_line(t, "                     0x%llx, %s),", (unsigned long long)m->reset,
			  content_class(m));
	}
	emit_line(t, "}");
}

/* ---- hypercalls ---- */

static const char *block_class(const struct call *c, const struct block *b)
{
	return b->present ? camel(block_name(c, b)) : "None";
}

static const char *const block_docs[CALL_BLOCKS] = {
	"Input", "One input element", "Output", "One output element",
};

static void call_types(struct text *t, const struct call *c)
{
	for (unsigned i = 0; i < CALL_BLOCKS; i++) {
		const struct block *b = call_block(c, i);

		if (!b->present)
			continue;
		open_class(t, block_class(c, b), "_Struct", namef("%s of %s.", block_docs[i], c->named),
			   b->size, b->align);
		fields(t, b->fields);
	}
}

static void call_row(struct text *t, const struct call *c)
{
	const char *shape = c->unknown ? "unknown" : c->rep ? "rep" : "simple";

	emit_line(t, "    0x%04x: _Call(0x%04x, '%s', ('%s', %s%s),", c->code, c->code, c->named,
		  shape, c->fast ? "'fast', " : "", c->xmm ? "'xmm'" : "");
	emit_line(t, "                  %s, %s,", block_class(c, &c->in), python_bool(c->varhead));
	emit_line(t, "                  %s,", block_class(c, &c->each_in));
	emit_line(t, "                  %s, %s),", block_class(c, &c->out),
		  block_class(c, &c->each_out));
}

static void calls(struct text *t, const struct spec *s)
{
	for (const struct call *c = s->calls; c; c = c->next)
		if (for_x64(&c->about))
			call_types(t, c);
	table(t, "{code: call}", "CALLS");
	for (const struct call *c = s->calls; c; c = c->next)
		if (for_x64(&c->about))
			call_row(t, c);
	emit_line(t, "}");
}

void out_python(struct text *t, const struct spec *s)
{
	emit_line(t, "# SPDX-License-Identifier: BSD-2-Clause OR MIT");
	emit_line(t, "# Generated by hvgen from the specification: edit that.");
	emit(t, "%s", text_hv_tlfs_py);
	emit_line(t, "\n\nVERSION = (%u, %u, %u)", s->version[0], s->version[1], s->version[2]);
	statuses(t, s);
	each_type(t, s, one_type);
	for (const struct type *type = s->types; type; type = type->next)
		if (type->kind == TYPE_ENUM && for_x64(&type->about))
			contents(t, type);
	for (const struct offer *o = s->offers; o; o = o->next)
		offer(t, o);
	cpuid(t, s);
	msrs(t, s);
	calls(t, s);
}
