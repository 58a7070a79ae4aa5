/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Compares types, by what goes through them: values that guests pass, and values they are given. */
#include <string.h>

#include "diff_compare.h"

/* ---- which way values of a type go ---- */

static bool type_holds(const struct type *t, const struct type *wanted);

static bool fields_hold(const struct field *list, const struct type *wanted)
{
	for (; list; list = list->next)
		if (type_holds(list->type, wanted))
			return true;
	return false;
}

static bool bits_hold(const struct bits *list, const struct type *wanted)
{
	for (; list; list = list->next)
		if (list->type && type_holds(list->type, wanted))
			return true;
	return false;
}

static bool type_holds(const struct type *t, const struct type *wanted)
{
	return t == wanted || fields_hold(t->fields, wanted) || bits_hold(t->bits, wanted);
}

static unsigned ways_in_call(const struct call *c, const struct type *t)
{
	bool in = fields_hold(c->in.fields, t) || fields_hold(c->var.fields, t) ||
		  fields_hold(c->each_in.fields, t);
	bool out = fields_hold(c->out.fields, t) || fields_hold(c->each_out.fields, t);

	return (in ? WAY_IN : 0) | (out ? WAY_OUT : 0);
}

/* What lies in shared memory may be written by either side. */
static unsigned ways_of(const struct spec *s, const struct type *t)
{
	unsigned ways = 0;

	for (const struct call *c = s->calls; c; c = c->next)
		ways |= ways_in_call(c, t);
	for (const struct msr *m = s->msrs; m; m = m->next)
		if (bits_hold(m->bits, t))
			ways |= (m->writable ? WAY_IN : 0) | (m->readable ? WAY_OUT : 0);
	for (const struct type *other = s->types; other; other = other->next)
		if (!ways && other->shared && type_holds(other, t))
			return WAY_IN | WAY_OUT;
	return ways;
}

/* ---- how a field or a part names its type ---- */

static bool is_struct(const struct type *t)
{
	return t && t->kind == TYPE_STRUCT;
}

/* Whether a type of a number refuses some of its values. */
static bool is_checked(const struct type *t)
{
	return t && ((t->kind == TYPE_ENUM && !t->open) || t->kind == TYPE_FLAGS ||
		     (t->kind == TYPE_BITS && type_mbz_mask(t)));
}

static const char *type_name(const struct type *t)
{
	return t ? t->name : "a number";
}

static bool same_form(const struct type *a, const struct type *b);

static bool same_type_name(const struct type *a, const struct type *b)
{
	return a == b || (a && b && strcmp(a->name, b->name) == 0);
}

void compare_type_use(const struct place *p, const struct type *old, const struct type *new)
{
	const char *from = type_name(old), *to = type_name(new);

	if (same_type_name(old, new))
		return;
	if (old && new && same_form(old, new))
		changed(p, DIFF_TYPE_RENAMED, "%s is now called %s", from, to);
	else if (is_struct(old) || is_struct(new) || (is_checked(old) && is_checked(new)))
		changed(p, DIFF_RETYPED, "%s became %s", from, to);
	else if (is_checked(new) && p->ways & WAY_IN)
		changed(p, DIFF_CHECK_ADDED, "%s became %s, which refuses some values", from, to);
	else if (is_checked(old) && p->ways & WAY_IN)
		changed(p, DIFF_CHECK_REMOVED, "%s became %s, which admits every value", from, to);
	else
		changed(p, DIFF_TYPE_RENAMED, "%s became %s", from, to);
}

void compare_check(const struct place *p, bool old, bool new, const char *what)
{
	if (!old && new)
		changed(p, DIFF_CHECK_ADDED, "now checked: %s", what);
	if (old && !new)
		changed(p, DIFF_CHECK_REMOVED, "no longer checked: %s", what);
}

static const char *spell_range(struct spec *s, const struct range *r)
{
	return spec_printf(s, "0x%llx..0x%llx", (unsigned long long)r->low,
			   (unsigned long long)r->high);
}

void compare_range(const struct place *p, const struct range *old, const struct range *new)
{
	struct spec *s = p->diff->new;

	if (!old && !new)
		return;
	if (!old)
		changed(p, DIFF_CHECK_ADDED, "now in %s alone", spell_range(s, new));
	else if (!new)
		changed(p, DIFF_CHECK_REMOVED, "no longer in %s alone", spell_range(s, old));
	else if (new->low > old->low || new->high < old->high)
		changed(p, DIFF_NARROWED, "%s became %s", spell_range(s, old), spell_range(s, new));
	else if (new->low != old->low || new->high != old->high)
		changed(p, DIFF_WIDENED, "%s became %s", spell_range(s, old), spell_range(s, new));
}

static bool has_zero(const struct type *t)
{
	for (const struct enumerator *v = t->values; v; v = v->next)
		if (v->value == 0)
			return true;
	return false;
}

bool admits_zero(const struct type *t, const struct range *in, bool nonzero)
{
	if (nonzero || (in && in->low > 0))
		return false;
	return !t || t->kind != TYPE_ENUM || t->open || has_zero(t);
}

/* ---- values ---- */

static struct item *list_values(struct spec *s, const struct type *t)
{
	struct item *list = NULL, **tail = &list;

	for (const struct enumerator *i = t->values; i; i = i->next)
		add_item(s, &tail, i->name, i->value, &i->at, &i->about, i);
	return list;
}

static void compare_value(const struct place *p, const void *old, const void *new)
{
	const struct enumerator *a = old, *b = new;

	compare_alias(p, &a->about, &b->about);
	compare_type_use(p, a->type, b->type);
}

/* Values of one number are alike when they are said to mean the same. */
static bool alike_values(const void *old, const void *new)
{
	const struct enumerator *a = old, *b = new;

	return *a->about.doc && strcmp(a->about.doc, b->about.doc) == 0;
}

/*
 * A bit that a flag set lacked had to be zero where guests pass it, which is why a new one is
 * judged like a field in reserved bits.
 */
static enum diff_rule judge_flag(const struct place *p, const void *new)
{
	const struct enumerator *flag = new;

	if (p->ways & WAY_IN && !flag->about.offered)
		return DIFF_RESERVED_TO_FIELD_UNGATED;
	return p->ways & WAY_OUT ? DIFF_ADDED_TO_OUTPUT : DIFF_RESERVED_TO_FIELD;
}

static enum diff_rule judge_value(const struct place *p, const void *new)
{
	(void)new;
	return p->ways & WAY_OUT ? DIFF_ADDED_TO_OUTPUT : DIFF_ADDED;
}

static void compare_values(const struct place *p, const struct type *old, const struct type *new)
{
	const struct item_kind kind = {
		.compare = compare_value,
		.alike = alike_values,
		.judge = new->kind == TYPE_FLAGS ? judge_flag : judge_value,
		.removed = DIFF_REMOVED,
	};

	compare_items(p, &kind, list_values(p->diff->new, old), list_values(p->diff->new, new));
	if (old->open && !new->open)
		changed(p, DIFF_NARROWED, "now closed: other values are refused");
	if (!old->open && new->open)
		changed(p, p->ways & WAY_OUT ? DIFF_ADDED_TO_OUTPUT : DIFF_WIDENED,
			"now open: there may be other values");
}

/* ---- a type in both ---- */

static bool same_values(const struct type *a, const struct type *b)
{
	const struct enumerator *v = a->values, *w = b->values;

	for (; v && w; v = v->next, w = w->next)
		if (v->value != w->value || strcmp(v->name, w->name) != 0)
			return false;
	return v == w;
}

static const struct type *plain(const struct type *t)
{
	return t->kind == TYPE_ALIAS ? t->base : t;
}

/* Of one form, whatever they are called. */
static bool same_form(const struct type *a, const struct type *b)
{
	a = plain(a);
	b = plain(b);
	return a->kind == b->kind && a->size == b->size && a->is_signed == b->is_signed &&
	       a->open == b->open && same_values(a, b) && same_fields(a->fields, b->fields) &&
	       same_bits(a->bits, b->bits);
}

static bool alike(const void *old, const void *new)
{
	const struct type *a = old, *b = new;

	return a->kind == b->kind && a->kind != TYPE_ALIAS && same_form(a, b);
}

static void compare_type(const struct place *p, const void *old, const void *new)
{
	const struct type *a = old, *b = new;
	struct place at = *p;

	at.ways = ways_of(p->diff->old, a) | ways_of(p->diff->new, b);
	if (a->kind != b->kind || a->is_signed != b->is_signed) {
		changed(&at, DIFF_RETYPED, "another kind of type");
		return;
	}
	if (a->size != b->size)
		changed(&at, DIFF_RESIZED, "%u bytes became %u", a->size, b->size);
	else if (a->align != b->align)
		changed(&at, DIFF_RETYPED, "aligned to %u instead of %u", b->align, a->align);
	compare_values(&at, a, b);
	compare_fields(&at, a->fields, b->fields);
	compare_bits(&at, a->bits, b->bits, NULL, NULL);
}

static struct item *list_types(struct spec *s, const struct spec *of)
{
	struct item *list = NULL, **tail = &list;

	for (const struct type *i = of->types; i; i = i->next)
		add_item(s, &tail, i->name, 0, &i->at, &i->about, i);
	return list;
}

void compare_types(struct diff *d)
{
	static const struct item_kind kind = {
		.compare = compare_type,
		.alike = alike,
		.added = DIFF_ADDED,
		.removed = DIFF_NAME_REMOVED,
		.unnumbered = true,
	};
	const struct place p = { .diff = d, .item = "type" };

	compare_items(&p, &kind, list_types(d->new, d->old), list_types(d->new, d->new));
}
