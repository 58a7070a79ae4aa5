/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* CPUID leaves: every bit has one source, and shows what nothing else shows. */
#include "check.h"
#include "diag.h"

/* A privilege or feature is shown by one bit of all leaves. */
static void show_offer(struct spec *s, struct bits *b)
{
	struct offer_bit *bit = b->offer->target;

	if (b->high != b->low)
		diag_error(s, &b->range_at, "a privilege or feature is a single bit");
	if (!bit)
		return;
	if (bit->shown) {
		diag_error(s, &b->at, "second CPUID bit for '%s.%s'", bit->block->name, bit->name);
		diag_note(s, &bit->shown->at, "first shown here");
		return;
	}
	bit->shown = b;
}

/* A leaf that is only described reads zero: nothing feeds its bits. */
static void refuse_source(struct spec *s, const struct bits *b)
{
	if (b->source != CPUID_NONE)
		diag_error(s, &b->at, "the leaf is unimplemented: its bits have no source");
}

static void check_source(struct spec *s, struct bits *b)
{
	if (b->kind != BITS_NAMED) {
		if (b->source != CPUID_NONE)
			diag_error(s, &b->at, "reserved bits have no source");
		return;
	}
	if (b->source == CPUID_NONE)
		diag_error(s, &b->at,
			   "'%s' has no source: write = privilege.x, = feature.x, = constant N or "
			   "= value NAME",
			   b->name);
	if (b->source == CPUID_CONSTANT && b->constant > low_bits(b->high - b->low + 1))
		diag_error(s, &b->at, "the constant does not fit in %u bits", b->high - b->low + 1);
	if (b->source == CPUID_OFFER)
		show_offer(s, b);
}

static void check_register(struct spec *s, const struct cpuid_leaf *leaf, struct cpuid_register *r)
{
	static const char *const names[CPUID_REGISTERS] = { "eax", "ebx", "ecx", "edx" };

	for (struct bits *b = r->bits; b; b = b->next) {
		refer_offers(s, b->offer);
		if (leaf->about.unimplemented)
			refuse_source(s, b);
		else if (!leaf->about.broken)
			check_source(s, b);
	}
	if (r->present && !leaf->about.broken)
		check_bits(s, r->bits, 32, HOME_CPUID, names[r - leaf->registers], &r->at);
}

void check_cpuid(struct spec *s)
{
	for (const struct cpuid_value *v = s->values; v; v = v->next)
		refuse_c_word(s, v->name, &v->at, "a value");
	for (struct cpuid_leaf *leaf = s->leaves; leaf; leaf = leaf->next) {
		if (!leaf->about.unimplemented &&
		    (leaf->number < LEAF_FIRST || leaf->number > LEAF_LAST))
			diag_error(s, &leaf->number_at,
				   "outside the hypervisor's leaves, 0x%x to 0x%x", LEAF_FIRST,
				   LEAF_LAST);
		for (int i = 0; i < CPUID_REGISTERS; i++)
			check_register(s, leaf, &leaf->registers[i]);
	}
}
