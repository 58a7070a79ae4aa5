/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What a guest is offered, in the guest header: CPUID leaves, privileges, features, questions. */
#include "out_guest.h"

#include "spell.h"

static void leaf_bits(struct text *t, const struct cpuid_leaf *l, unsigned reg)
{
	static const char *const names[CPUID_REGISTERS] = { "EAX", "EBX", "ECX", "EDX" };

	for (const struct bits *b = l->registers[reg].bits; b; b = b->next) {
		if (b->kind != BITS_NAMED || !b->name)
			continue;
		const char *macro =
			namef("HV_CPUID_%s_%s_%s", upper(l->name), names[reg], upper(b->name));
		if (b->source == CPUID_CONSTANT)
			guest_define(t, namef("HV_CPUID_%s_%s", upper(l->name), upper(b->name)),
				     guest_number(b->constant, 4));
		if (b->high != b->low)
			guest_define(t, namef("%s_SHIFT", macro), namef("%u", b->low));
		guest_define(t, b->high != b->low ? namef("%s_MASK", macro) : macro,
			     guest_number(bits_mask(b), 4));
	}
}

static unsigned leaf_count(const struct spec *s)
{
	unsigned count = 1;

	for (const struct cpuid_leaf *l = s->leaves; l; l = l->next)
		if (leaf_implemented(l) && l->number - LEAF_FIRST >= count)
			count = l->number - LEAF_FIRST + 1;
	return count;
}

void guest_cpuid(struct text *t, const struct spec *s)
{
	guest_section(t, "CPUID");
	guest_define(t, "HV_CPUID_FIRST", guest_number(LEAF_FIRST, 4));
	guest_define(t, "HV_CPUID_LEAVES", namef("%uu", leaf_count(s)));
	emit_blank(t);
	for (const struct cpuid_leaf *l = s->leaves; l; l = l->next) {
		if (!for_x64(&l->about))
			continue;
		emit_comment(t, l->about.doc);
		guest_define(t, namef("HV_CPUID_%s", upper(l->name)), guest_number(l->number, 4));
		for (unsigned reg = 0; reg < CPUID_REGISTERS; reg++)
			leaf_bits(t, l, reg);
		emit_blank(t);
	}
}

/* Bits as a partition is offered them: privileges as one word, and what else there is. */
void guest_offers(struct text *t, const struct spec *s)
{
	guest_section(t, "Privileges and features");
	for (const struct offer *o = s->offers; o; o = o->next) {
		emit_comment(t, o->about.doc);
		for (const struct offer_bit *b = o->bits; b; b = b->next)
			guest_define(t, namef("HV_%s_%s", upper(o->name), upper(b->name)),
				     guest_number(1ull << b->bit, o->width / 8));
		emit_blank(t);
	}
}

static void question(struct text *t, const struct cpuid_leaf *l, const char *reg,
		     const struct bits *b)
{
	const struct offer_bit *o = b->offer->target;

	emit_line(t, "HV_FN int hv_has_%s_%s(const struct hv_detected *d)", o->block->name,
		  o->name);
	emit_line(t, "{\n\treturn (d->leaf[%u].%s & %s) != 0;\n}\n", l->number - LEAF_FIRST, reg,
		  guest_number(bits_mask(b), 4));
}

/* One question per offered bit that a leaf shows. */
void guest_questions(struct text *t, const struct spec *s)
{
	static const char *const names[CPUID_REGISTERS] = { "eax", "ebx", "ecx", "edx" };

	for (const struct cpuid_leaf *l = s->leaves; l; l = l->next)
		for (unsigned reg = 0; for_x64(&l->about) && reg < CPUID_REGISTERS; reg++)
			for (const struct bits *b = l->registers[reg].bits; b; b = b->next)
				if (b->source == CPUID_OFFER)
					question(t, l, names[reg], b);
}
