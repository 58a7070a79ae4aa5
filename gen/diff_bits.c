/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Compares the parts of types that are cut into bits, of MSRs and of CPUID registers. */
#include <string.h>

#include "diff_compare.h"

/* Two lists of parts, and the MSRs that they belong to, or NULL. */
struct pair {
	const struct bits *old, *new;
	const struct msr *old_msr, *new_msr;
};

static bool is_named(const struct bits *b)
{
	return b->kind == BITS_NAMED;
}

static const struct bits *find_name(const struct bits *list, const char *name)
{
	for (; list; list = list->next)
		if (is_named(list) && strcmp(list->name, name) == 0)
			return list;
	return NULL;
}

static const struct bits *find_range(const struct bits *list, const struct bits *like)
{
	for (; list; list = list->next)
		if (is_named(list) && list->low == like->low && list->high == like->high)
			return list;
	return NULL;
}

static bool same_source(const struct bits *a, const struct bits *b)
{
	if (a->source != b->source)
		return false;
	if (a->source == CPUID_OFFER)
		return same_offer(a->offer, b->offer);
	return true;
}

/* The counterpart of a part: by name, else the one in its place that its list does not know. */
static const struct bits *find_pair(const struct bits *b, const struct bits *own,
				    const struct bits *others)
{
	const struct bits *other = find_name(others, b->name);

	if (other)
		return other;
	other = find_range(others, b);
	return other && !find_name(own, other->name) && same_source(b, other) ? other : NULL;
}

/* ---- one part in both ---- */

static void compare_source(const struct place *p, const struct bits *old, const struct bits *new)
{
	if (!same_source(old, new))
		changed(p, DIFF_SOURCE, "shows something else");
	else if (old->source == CPUID_CONSTANT && old->constant != new->constant)
		changed(p, DIFF_START, "0x%llx became 0x%llx", (unsigned long long)old->constant,
			(unsigned long long)new->constant);
	else if (old->source == CPUID_VALUE && strcmp(old->value->name, new->value->name) != 0)
		changed(p, DIFF_INSIDE, "filled in as '%s' instead of '%s'", new->value->name,
			old->value->name);
}

static void compare_unless(const struct place *p, const struct bits *old, const struct bits *new)
{
	if (old == new || (old && new && old->low == new->low))
		return;
	changed(p, old ? DIFF_NARROWED : DIFF_WIDENED, "its rules %s%s",
		new ? "no longer hold while set: " : "now hold even while set: ",
		new ? new->name : old->name);
}

static void compare_ignored(const struct place *p, const struct msr *old, const struct msr *new)
{
	if (old == new || (old && new && old->number == new->number))
		return;
	if (new)
		changed(p, DIFF_NARROWED, "now stays zero while '%s' is zero", new->name);
	else
		changed(p, DIFF_WIDENED, "no longer waits for '%s'", old->name);
}

static void compare_rules(const struct place *p, const struct bits *old, const struct bits *new)
{
	compare_range(p, old->in, new->in);
	compare_check(p, old->nonzero, new->nonzero, "is not zero");
	compare_check(p, old->gpa, new->gpa, "is a page of the guest");
	compare_check(p, old->locks, new->locks, "is not set already");
	compare_unless(p, old->unless_bit, new->unless_bit);
	compare_ignored(p, old->ignored_unless_msr, new->ignored_unless_msr);
}

static void compare_pair(const struct place *p, const struct bits *old, const struct bits *new)
{
	if (strcmp(old->name, new->name) != 0)
		changed(p, DIFF_RENAMED, "'%s' is now called '%s'", old->name, new->name);
	if (old->high - old->low != new->high - new->low)
		changed(p, DIFF_RESIZED, "%u bits became %u", old->high - old->low + 1,
			new->high - new->low + 1);
	else if (old->low != new->low)
		changed(p, DIFF_MOVED, "bit %u became bit %u", old->low, new->low);
	compare_type_use(p, old->type, new->type);
	compare_source(p, old, new);
	compare_alias(p, &old->about, &new->about);
	compare_about(p, &old->about, &new->about);
	if (p->ways & WAY_IN)
		compare_rules(p, old, new);
}

/* ---- what lay below a new part ---- */

static bool overlap(const struct bits *a, const struct bits *b)
{
	return a->low <= b->high && b->low <= a->high;
}

/* The part below it that is the worst to build on; NULL where the whole was narrower. */
static const struct bits *ground_below(const struct bits *list, const struct bits *b)
{
	static const int badness[] = {
		[BITS_MBZ] = 1, [BITS_PRESERVE] = 2, [BITS_PAD] = 3, [BITS_NAMED] = 4
	};
	const struct bits *worst = NULL;

	for (; list; list = list->next)
		if (overlap(list, b) && (!worst || badness[list->kind] > badness[worst->kind]))
			worst = list;
	return worst;
}

static void build_on_mbz(const struct place *p, const struct bits *b)
{
	if (!admits_zero(b->type, b->in, b->nonzero))
		changed(p, DIFF_RESERVED_TO_FIELD_NONZERO, "new in bits that had to be zero");
	else if (b->about.offered)
		changed(p, DIFF_RESERVED_TO_FIELD,
			"new in bits that had to be zero, offered by %s.%s",
			b->about.offered->block.text, b->about.offered->bit.text);
	else
		changed(p, DIFF_RESERVED_TO_FIELD_UNGATED,
			"new in bits that had to be zero, and no bit tells of it");
}

static void build_on_preserved(const struct place *p, const struct pair *in, const struct bits *b)
{
	uint64_t mask = bits_mask(b);
	bool same = in->old_msr && in->new_msr &&
		    (in->old_msr->reset & mask) == (in->new_msr->reset & mask);

	if (same)
		changed(p, DIFF_PRESERVED_TO_FIELD,
			"new in preserved bits, its reset value as before");
	else
		changed(p, DIFF_PRESERVED_TO_FIELD_CHANGED,
			"new in preserved bits, without their default");
}

static void judge_new(const struct place *whole, const struct pair *in, const struct bits *b)
{
	const struct bits *ground = ground_below(in->old, b);
	struct place at = place_within(whole, b->name, ground ? &ground->at : &whole->old_at,
				       &b->at);
	const struct place *p = &at;

	if (!ground)
		return; /* the whole has grown, and that says it */
	if (is_named(ground))
		changed(p, DIFF_RETYPED, "new in bits that had another meaning");
	else if (b->source != CPUID_NONE)
		changed(p, DIFF_ADDED, "new in reserved bits");
	else if (!(p->ways & WAY_IN))
		changed(p, DIFF_OUTPUT_WIDENED, "new in reserved bits");
	else if (ground->kind == BITS_PAD)
		changed(p, DIFF_IGNORED_TO_FIELD, "new in bits that were ignored");
	else if (ground->kind == BITS_PRESERVE)
		build_on_preserved(p, in, b);
	else
		build_on_mbz(p, b);
}

/* ---- reserved bits ---- */

static void compare_reserved(const struct place *p, const struct bits *old, const struct bits *new)
{
	if (old->kind == new->kind)
		compare_about(p, &old->about, &new->about);
	else if (!(p->ways & WAY_IN) || (old->kind != BITS_MBZ && new->kind != BITS_MBZ))
		changed(p, DIFF_RESERVED_KIND, "reserved in another way");
	else if (new->kind == BITS_MBZ)
		changed(p, DIFF_CHECK_ADDED, "must now be zero");
	else
		changed(p, DIFF_CHECK_REMOVED, "need no longer be zero");
}

static const char *range_name(struct spec *s, const struct bits *b)
{
	return b->high == b->low ? spec_printf(s, "bit_%u", b->low)
				 : spec_printf(s, "bits_%u_%u", b->high, b->low);
}

static void compare_all_reserved(const struct place *p, const struct pair *in)
{
	for (const struct bits *b = in->new; b; b = b->next)
		for (const struct bits *o = in->old; o && !is_named(b); o = o->next) {
			const char *name = range_name(p->diff->new, b);
			struct place at = place_within(p, name, &o->at, &b->at);

			if (!is_named(o) && overlap(o, b))
				compare_reserved(&at, o, b);
		}
}

static unsigned reserved_bits(const struct bits *list)
{
	unsigned n = 0;

	for (; list; list = list->next)
		if (!is_named(list))
			n += list->high - list->low + 1;
	return n;
}

static void note_budget(const struct place *p, const struct pair *in)
{
	unsigned before = reserved_bits(in->old), after = reserved_bits(in->new);

	if (before != after)
		noted(p, "%u reserved bits are left of %u", after, before);
}

/* ---- the list ---- */

static void judge_old(const struct place *p, const struct pair *in, const struct bits *b)
{
	const struct bits *pair = find_pair(b, in->old, in->new);
	struct place at = place_within(p, pair ? pair->name : b->name, &b->at,
				       pair ? &pair->at : &p->new_at);

	if (pair)
		compare_pair(&at, b, pair);
	else
		changed(&at, DIFF_REMOVED, "the part is gone");
}

void compare_bits(const struct place *p, const struct bits *old, const struct bits *new,
		  const struct msr *old_msr, const struct msr *new_msr)
{
	const struct pair in = { old, new, old_msr, new_msr };

	for (const struct bits *b = old; b; b = b->next)
		if (is_named(b))
			judge_old(p, &in, b);
	for (const struct bits *b = new; b; b = b->next)
		if (is_named(b) && !find_pair(b, new, old))
			judge_new(p, &in, b);
	compare_all_reserved(p, &in);
	note_budget(p, &in);
}

bool same_bits(const struct bits *a, const struct bits *b)
{
	for (; a && b; a = a->next, b = b->next)
		if (a->kind != b->kind || a->high != b->high || a->low != b->low ||
		    !same_text(a->name, b->name))
			return false;
	return a == b;
}
