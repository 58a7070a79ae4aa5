/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* C spellings of the specification's items. */
#include "spell.h"

#include <string.h>

const char *c_status(const struct status *s)
{
	return namef(status_is_fault(s) ? "SPEC_FAULT_%s" : "HV_STATUS_%s", upper(s->name));
}

unsigned status_number(const struct status *s)
{
	return s->value;
}

const struct type *plain_type(const struct type *t)
{
	while (t->kind != TYPE_INTEGER && t->kind != TYPE_STRUCT)
		t = t->base;
	return t;
}

const char *c_type(const char *prefix, const struct type *t)
{
	const struct type *plain = plain_type(t);

	if (plain->kind == TYPE_STRUCT)
		return namef("struct hv_%s", plain->name);
	if (*prefix && plain->size == 16)
		return namef("struct %s%s", prefix, plain->name);
	return namef("%s%s", prefix, plain->name);
}

const char *c_hex(uint64_t value, unsigned bytes)
{
	return namef("0x%llx%s", (unsigned long long)value, bytes == 8 ? "ull" : "u");
}

const struct block *call_block(const struct call *c, unsigned i)
{
	const struct block *const blocks[CALL_BLOCKS] = { &c->in, &c->each_in, &c->out,
							  &c->each_out };
	return blocks[i];
}

const char *block_name(const struct call *c, const struct block *b)
{
	static const char *const suffix[CALL_BLOCKS] = { "in", "each_in", "out", "each_out" };

	for (unsigned i = 0; i < CALL_BLOCKS; i++)
		if (call_block(c, i) == b)
			return namef("%s_%s", c->name, suffix[i]);
	return c->name;
}

struct type_walk {
	struct text *text;
	void (*print)(struct text *, const struct type *);
	bool all;              /* else structs alone */
	const struct type **done;
	size_t count;
};

static void walk_type(struct type_walk *w, const struct type *type)
{
	if (type->kind == TYPE_INTEGER || (type->kind != TYPE_STRUCT && !w->all))
		return;
	for (size_t i = 0; i < w->count; i++)
		if (w->done[i] == type)
			return;
	for (const struct field *f = type->fields; f; f = f->next)
		walk_type(w, f->type);
	for (const struct bits *b = type->bits; b; b = b->next)
		if (b->type)
			walk_type(w, b->type);
	w->done[w->count++] = type;
	w->print(w->text, type);
}

static void walk_types(struct text *t, const struct spec *s,
		       void (*print)(struct text *, const struct type *), bool all)
{
	size_t types = 1;

	for (const struct type *type = s->types; type; type = type->next)
		types++;
	const struct type *done[types];
	struct type_walk walk = { .text = t, .print = print, .all = all, .done = done };
	for (const struct type *type = s->types; type; type = type->next)
		if (for_x64(&type->about))
			walk_type(&walk, type);
}

void each_struct(struct text *t, const struct spec *s,
		 void (*print)(struct text *, const struct type *))
{
	walk_types(t, s, print, false);
}

void each_type(struct text *t, const struct spec *s,
	       void (*print)(struct text *, const struct type *))
{
	walk_types(t, s, print, true);
}

const char *first_line(const char *doc)
{
	return namef("%.*s", (int)strcspn(doc, "\n"), doc);
}

uint64_t needs_mask(const struct spec *s, const struct offer_use *needs, const char *block)
{
	const struct offer *o = spec_offer(s, block);
	return o ? offer_use_mask(needs, o) : 0;
}

static unsigned slots_before(const struct spec *s, const struct msr *end, bool vp)
{
	unsigned n = 0;

	for (const struct msr *m = s->msrs; m != end; m = m->next)
		if (m->vp == vp && msr_implemented(m) && for_x64(&m->about))
			n += m->count;
	return n;
}

unsigned msr_slot(const struct spec *s, const struct msr *m)
{
	return slots_before(s, m, m->vp);
}

unsigned msr_slots(const struct spec *s, bool vp)
{
	return slots_before(s, NULL, vp);
}

const char *msr_instance(const struct msr *m, unsigned index)
{
	return m->strided ? namef("%s%u", m->named, index) : m->named;
}

const struct check *msr_check(const struct msr *m, enum check_kind kind)
{
	const struct check *k = m->checks;

	while (k && k->kind != kind)
		k = k->next;
	return k;
}
