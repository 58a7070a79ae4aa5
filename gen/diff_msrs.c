/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Compares MSRs and CPUID leaves. */
#include <string.h>

#include "diff_compare.h"

/* ---- MSRs ---- */

static void compare_access(const struct place *p, const char *what, bool old, bool new)
{
	if (old != new)
		changed(p, new ? DIFF_WIDENED : DIFF_NARROWED, "may %s be %s",
			new ? "now" : "no longer", what);
}

static void compare_family(const struct place *p, const struct msr *old, const struct msr *new)
{
	if (old->stride != new->stride || old->strided != new->strided)
		changed(p, DIFF_RENUMBERED, "stride %u became %u", old->stride, new->stride);
	else if (old->count > new->count)
		changed(p, DIFF_REMOVED, "%u of %u registers are gone", old->count - new->count,
			old->count);
	else if (old->count < new->count)
		changed(p, DIFF_ADDED, "%u registers became %u", old->count, new->count);
}

/* The start of bits that are in both; what new bits start with is judged with them. */
static void compare_reset(const struct place *p, const struct msr *old, const struct msr *new)
{
	const struct place at = { p->diff, p->item, old->reset_at, new->reset_at, p->ways };

	if (old->reset != new->reset)
		changed(&at, DIFF_START, "starts with 0x%llx instead of 0x%llx",
			(unsigned long long)new->reset, (unsigned long long)old->reset);
}

static void compare_msr(const struct place *p, const void *old, const void *new)
{
	const struct msr *a = old, *b = new;
	struct place at = *p;

	at.ways = a->writable || b->writable ? WAY_IN | WAY_OUT : WAY_OUT;
	if (strcmp(a->name, b->name) == 0 && strcmp(a->named, b->named) != 0)
		changed(p, DIFF_RENAMED, "'%s' is now called '%s'", a->named, b->named);
	if (a->unknown != b->unknown) {
		changed(p, b->unknown ? DIFF_UNDESCRIBED : DIFF_DESCRIBED, "%s",
			b->unknown ? "no longer described" : "now described");
		return;
	}
	compare_family(p, a, b);
	if (a->vp != b->vp)
		changed(p, DIFF_SCOPE, "one for each %s",
			b->vp ? "virtual processor" : "partition");
	compare_access(p, "read", a->readable, b->readable);
	compare_access(p, "written", a->writable, b->writable);
	if (a->computed != b->computed || a->acts != b->acts)
		changed(p, DIFF_INSIDE, "'acts' or 'computed' changed");
	compare_needs(p, a->needs, b->needs);
	compare_reset(p, a, b);
	compare_bits(&at, a->bits, b->bits, a, b);
}

static bool alike_msrs(const void *old, const void *new)
{
	const struct msr *a = old, *b = new;

	return !a->unknown && !b->unknown && a->vp == b->vp && a->count == b->count && a->bits &&
	       same_bits(a->bits, b->bits);
}

static struct item *list_msrs(struct spec *s, const struct spec *of)
{
	struct item *list = NULL, **tail = &list;

	for (const struct msr *i = of->msrs; i; i = i->next)
		add_item(s, &tail, i->name, i->number, &i->at, &i->about, i);
	return list;
}

void compare_msrs(struct diff *d)
{
	static const struct item_kind kind = {
		.compare = compare_msr,
		.alike = alike_msrs,
		.added = DIFF_ADDED,
		.removed = DIFF_REMOVED,
	};
	const struct place p = { .diff = d, .item = "msr" };

	compare_items(&p, &kind, list_msrs(d->new, d->old), list_msrs(d->new, d->new));
}

/* ---- CPUID ---- */

static void compare_register(const struct place *p, const char *name,
			     const struct cpuid_register *old, const struct cpuid_register *new)
{
	struct place at = place_within(p, name, old->present ? &old->at : &p->old_at,
				       new->present ? &new->at : &p->new_at);

	at.ways = WAY_OUT;
	if (!old->present && new->present)
		changed(&at, DIFF_ADDED, "the register is described");
	else if (old->present && !new->present)
		changed(&at, DIFF_REMOVED, "the register reads zero");
	else
		compare_bits(&at, old->bits, new->bits, NULL, NULL);
}

static void compare_leaf(const struct place *p, const void *old, const void *new)
{
	static const char *const names[CPUID_REGISTERS] = { "eax", "ebx", "ecx", "edx" };
	const struct cpuid_leaf *a = old, *b = new;

	for (unsigned r = 0; r < CPUID_REGISTERS; r++)
		compare_register(p, names[r], &a->registers[r], &b->registers[r]);
}

static bool alike_leaves(const void *old, const void *new)
{
	const struct cpuid_leaf *a = old, *b = new;

	for (unsigned r = 0; r < CPUID_REGISTERS; r++)
		if (!same_bits(a->registers[r].bits, b->registers[r].bits))
			return false;
	return true;
}

static struct item *list_leaves(struct spec *s, const struct spec *of)
{
	struct item *list = NULL, **tail = &list;

	for (const struct cpuid_leaf *i = of->leaves; i; i = i->next)
		add_item(s, &tail, i->name, i->number, &i->at, &i->about, i);
	return list;
}

void compare_leaves(struct diff *d)
{
	static const struct item_kind kind = {
		.compare = compare_leaf,
		.alike = alike_leaves,
		.added = DIFF_ADDED,
		.removed = DIFF_REMOVED,
	};
	const struct place p = { .diff = d, .item = "cpuid" };

	compare_items(&p, &kind, list_leaves(d->new, d->old), list_leaves(d->new, d->new));
}
