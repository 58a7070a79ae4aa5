/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Compares hypercalls. */
#include <string.h>

#include "diff_compare.h"

/* ---- how it is made ---- */

static const char *shape(const struct call *c)
{
	return c->counted ? "a counted rep call" : c->rep ? "a rep call" : "a simple call";
}

/* How much of its input may be in registers. */
static unsigned registers(const struct call *c)
{
	return c->fast ? 2 : c->xmm ? 1 : 0;
}

static void compare_registers(const struct place *p, const struct call *old, const struct call *new)
{
	static const char *const names[] = { "memory alone", "XMM registers", "general registers" };
	unsigned before = registers(old), after = registers(new);

	if (before != after)
		changed(p, after > before ? DIFF_REGISTERS_ADDED : DIFF_REGISTERS_REMOVED,
			"its input may be in %s, was %s", names[after], names[before]);
}

/* ---- who may make it, and what comes of it ---- */

static void compare_callers(const struct place *p, unsigned old, unsigned new)
{
	if (old & ~new)
		changed(p, DIFF_NARROWED, "some callers are no longer admitted");
	if (new & ~old)
		changed(p, DIFF_WIDENED, "more callers are admitted");
}

static bool is_listed(const struct status_use *list, const struct status *status)
{
	for (; list; list = list->next)
		if (same_status(list->status, status))
			return true;
	return false;
}

static void compare_statuses(const struct place *p, const struct status_use *old,
			     const struct status_use *new)
{
	for (const struct status_use *u = new; u; u = u->next)
		if (!is_listed(old, u->status))
			changed(p, DIFF_STATUS_POSSIBLE, "may now yield '%s'", u->name.text);
	for (const struct status_use *u = old; u; u = u->next)
		if (!is_listed(new, u->status))
			changed(p, DIFF_STATUS_IMPOSSIBLE, "no longer yields '%s'", u->name.text);
}

static void compare_gate(const struct place *p, const struct call *old, const struct call *new)
{
	compare_needs(p, old->needs, new->needs);
	compare_offered(p, old->offered, new->offered);
	if (old->denied && new->denied && !same_status(old->denied, new->denied))
		changed(p, DIFF_REFUSAL_CHANGED, "refused with '%s' instead of '%s'",
			new->denied->name, old->denied->name);
}

/* ---- parameters ---- */

static void compare_block(const struct place *p, const char *name, unsigned ways,
			  const struct block *old, const struct block *new)
{
	struct place at = place_within(p, name, old->present ? &old->at : &p->old_at,
				       new->present ? &new->at : &p->new_at);

	at.ways = ways;
	if (!old->present && new->present)
		changed(&at, DIFF_BLOCK_ADDED, "%u bytes are new", new->size);
	if (old->present && !new->present)
		changed(&at, DIFF_REMOVED, "the block is gone");
	if (!old->present || !new->present)
		return;
	if (old->size != new->size)
		changed(&at, DIFF_RESIZED, "%u bytes became %u", old->size, new->size);
	compare_fields(&at, old->fields, new->fields);
}

/* Callers that know of no variable header declare that theirs is empty. */
static void compare_var(const struct place *p, const struct block *old, const struct block *new)
{
	struct place at = place_within(p, "var", &p->old_at, &new->at);

	if (!old->present && new->present)
		changed(&at, DIFF_VARHEAD_ADDED, "callers may now pass a variable header");
	else
		compare_block(p, "var", WAY_IN, old, new);
}

static void compare_blocks(const struct place *p, const struct call *old, const struct call *new)
{
	compare_block(p, "in", WAY_IN, &old->in, &new->in);
	compare_var(p, &old->var, &new->var);
	compare_block(p, "each_in", WAY_IN, &old->each_in, &new->each_in);
	compare_block(p, "out", WAY_OUT, &old->out, &new->out);
	compare_block(p, "each_out", WAY_OUT, &old->each_out, &new->each_out);
}

/* ---- validators ---- */

/* What a rule is about: its enumerator begins with the name of its call. */
static const char *subject(const struct call *c, const struct check *k)
{
	return k->enumerator + strlen(c->name);
}

static bool has_check(const struct call *c, const char *wanted)
{
	for (const struct check *k = c->checks; k; k = k->next)
		if (strcmp(subject(c, k), wanted) == 0)
			return true;
	return false;
}

/* Rule ids count the rules of a call, so that a rule gained or lost gives others new ids. */
static void note_checks(const struct place *p, const struct call *old, const struct call *new)
{
	for (const struct check *k = new->checks; k; k = k->next)
		if (!has_check(old, subject(new, k)))
			noted(p, "gains the rule %s: %s", k->id, k->text);
	for (const struct check *k = old->checks; k; k = k->next)
		if (!has_check(new, subject(old, k)))
			noted(p, "loses the rule that was %s: %s", k->id, k->text);
}

/* ---- the list ---- */

static void compare_call(const struct place *p, const void *old, const void *new)
{
	const struct call *a = old, *b = new;

	if (strcmp(a->name, b->name) == 0 && strcmp(a->named, b->named) != 0)
		changed(p, DIFF_TEXT, "the TLFS's name '%s' became '%s'", a->named, b->named);
	if (a->unknown != b->unknown) {
		changed(p, b->unknown ? DIFF_UNDESCRIBED : DIFF_DESCRIBED, "%s",
			b->unknown ? "no longer described" : "now described");
		return;
	}
	if (strcmp(shape(a), shape(b)) != 0)
		changed(p, DIFF_SHAPE, "%s became %s", shape(a), shape(b));
	compare_registers(p, a, b);
	compare_gate(p, a, b);
	compare_callers(p, a->callers, b->callers);
	compare_statuses(p, a->statuses, b->statuses);
	if (a->continuable != b->continuable)
		changed(p, DIFF_CONTINUABLE, "%s", b->continuable ? "may now be interrupted"
								  : "is no longer interrupted");
	compare_blocks(p, a, b);
	note_checks(p, a, b);
}

static bool same_block(const struct block *a, const struct block *b)
{
	return a->present == b->present && same_fields(a->fields, b->fields);
}

static bool alike(const void *old, const void *new)
{
	const struct call *a = old, *b = new;

	return !a->unknown && strcmp(shape(a), shape(b)) == 0 && a->unknown == b->unknown &&
	       same_block(&a->in, &b->in) && same_block(&a->var, &b->var) &&
	       same_block(&a->each_in, &b->each_in) && same_block(&a->out, &b->out) &&
	       same_block(&a->each_out, &b->each_out);
}

static struct item *list_calls(struct spec *s, const struct spec *of)
{
	struct item *list = NULL, **tail = &list;

	for (const struct call *i = of->calls; i; i = i->next)
		add_item(s, &tail, i->name, i->code, &i->at, &i->about, i);
	return list;
}

void compare_calls(struct diff *d)
{
	static const struct item_kind kind = {
		.compare = compare_call,
		.alike = alike,
		.added = DIFF_ADDED,
		.removed = DIFF_REMOVED,
	};
	const struct place p = { .diff = d, .item = "hypercall" };

	compare_items(&p, &kind, list_calls(d->new, d->old), list_calls(d->new, d->new));
}
