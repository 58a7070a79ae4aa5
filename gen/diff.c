/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Compares two specifications: the whole, and lists that have no more than names and numbers. */
#include "diff.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "diff_compare.h"

/* ---- what is found ---- */

static const char *format_text(struct spec *s, const char *format, va_list args)
{
	char text[512];

	vsnprintf(text, sizeof(text), format, args);
	return spec_strndup(s, text, strlen(text));
}

void changed(const struct place *p, enum diff_rule rule, const char *format, ...)
{
	struct spec *s = p->diff->new;
	struct change *c = spec_alloc(s, sizeof(*c));
	va_list args;

	va_start(args, format);
	*c = (struct change){
		.rule = rule,
		.item = p->item,
		.text = format_text(s, format, args),
		.old_at = p->old_at,
		.new_at = p->new_at,
	};
	va_end(args);
	APPEND(p->diff->changes, c);
}

void noted(const struct place *p, const char *format, ...)
{
	struct spec *s = p->diff->new;
	struct diff_note *r = spec_alloc(s, sizeof(*r));
	va_list args;

	va_start(args, format);
	*r = (struct diff_note){
		.item = p->item, .text = format_text(s, format, args), .at = p->new_at
	};
	va_end(args);
	APPEND(p->diff->notes, r);
}

struct place place_within(const struct place *p, const char *name, const struct pos *old_at,
			  const struct pos *new_at)
{
	return (struct place){
		.diff = p->diff,
		.item = *p->item ? spec_printf(p->diff->new, "%s.%s", p->item, name) : name,
		.old_at = *old_at,
		.new_at = *new_at,
		.ways = p->ways,
	};
}

/* ---- what may be said of anything ---- */

bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_list(const struct name_list *a, const struct name_list *b)
{
	for (; a && b; a = a->next, b = b->next)
		if (strcmp(a->name.text, b->name.text) != 0)
			return false;
	return a == b;
}

static bool same_marks(const struct mark *a, const struct mark *b)
{
	for (; a && b; a = a->next, b = b->next)
		if (a->kind != b->kind || strcmp(a->reason, b->reason) != 0)
			return false;
	return a == b;
}

static bool same_seen(const struct seen *a, const struct seen *b)
{
	for (; a && b; a = a->next, b = b->next)
		if (a->who != b->who || strcmp(a->how, b->how) != 0)
			return false;
	return a == b;
}

static bool same_words(const struct about *a, const struct about *b)
{
	bool both = a->unimplemented && b->unimplemented;

	return strcmp(a->doc, b->doc) == 0 && same_list(a->refs, b->refs) &&
	       same_text(a->since, b->since) && same_marks(a->marks, b->marks) &&
	       same_seen(a->seen, b->seen) &&
	       (!both || strcmp(a->unimplemented, b->unimplemented) == 0);
}

void compare_about(const struct place *p, const struct about *old, const struct about *new)
{
	if (old->unimplemented && !new->unimplemented)
		changed(p, DIFF_IMPLEMENTED, "now implemented");
	if (!old->unimplemented && new->unimplemented)
		changed(p, DIFF_WITHDRAWN, "now unimplemented: %s", new->unimplemented);
	if (new->arch & ~old->arch)
		changed(p, DIFF_ARCH_WIDENED, "now on another architecture, too");
	if (old->arch & ~new->arch)
		changed(p, DIFF_ARCH_NARROWED, "no longer on one of its architectures");
	if (!same_words(old, new))
		changed(p, DIFF_TEXT, "documentation or provenance changed");
	compare_offered(p, old->offered, new->offered);
}

void compare_alias(const struct place *p, const struct about *old, const struct about *new)
{
	const char *from = about_alias(old, ""), *to = about_alias(new, "");

	if (same_text(old->named, new->named))
		return;
	if (from)
		changed(p, DIFF_ALIAS_REMOVED, "no longer called '%s', too", from);
	if (to)
		changed(p, DIFF_ADDED, "called '%s', too", to);
	if (!from && !to)
		changed(p, DIFF_TEXT, "another name in the TLFS");
}

bool same_status(const struct status *old, const struct status *new)
{
	return strcmp(old->name, new->name) == 0 || old->value == new->value;
}

bool same_offer(const struct offer_use *old, const struct offer_use *new)
{
	return strcmp(old->block.text, new->block.text) == 0 &&
	       (strcmp(old->bit.text, new->bit.text) == 0 ||
		old->target->bit == new->target->bit);
}

static bool is_listed(const struct offer_use *list, const struct offer_use *use)
{
	for (; list; list = list->next)
		if (same_offer(list, use))
			return true;
	return false;
}

/* Note as changes the uses of `list` that are not among `others`. */
static void compare_uses(const struct place *p, enum diff_rule rule, const char *what,
		      const struct offer_use *list, const struct offer_use *others)
{
	for (; list; list = list->next)
		if (!is_listed(others, list))
			changed(p, rule, "%s '%s.%s'", what, list->block.text, list->bit.text);
}

void compare_needs(const struct place *p, const struct offer_use *old, const struct offer_use *new)
{
	compare_uses(p, DIFF_GATE_ADDED, "now needs", new, old);
	compare_uses(p, DIFF_GATE_REMOVED, "no longer needs", old, new);
}

void compare_offered(const struct place *p, const struct offer_use *old,
		     const struct offer_use *new)
{
	compare_uses(p, DIFF_OFFER_CHANGED, "now offered by", new, old);
	compare_uses(p, DIFF_OFFER_CHANGED, "no longer offered by", old, new);
}

/* ---- lists ---- */

static struct item *list_statuses(struct spec *s, const struct spec *of)
{
	struct item *list = NULL, **tail = &list;

	for (const struct status *i = of->statuses; i; i = i->next)
		add_item(s, &tail, i->name, i->value, &i->at, &i->about, i);
	return list;
}

static struct item *list_rules(struct spec *s, const struct spec *of)
{
	struct item *list = NULL, **tail = &list;

	for (const struct rule *i = of->rules; i; i = i->next)
		add_item(s, &tail, i->name, i->number, &i->at, &i->about, i);
	return list;
}

static struct item *list_offers(struct spec *s, const struct spec *of)
{
	struct item *list = NULL, **tail = &list;

	for (const struct offer *i = of->offers; i; i = i->next)
		add_item(s, &tail, i->name, i->index, &i->at, &i->about, i);
	return list;
}

static struct item *list_bits(struct spec *s, const struct offer *of)
{
	struct item *list = NULL, **tail = &list;

	for (const struct offer_bit *i = of->bits; i; i = i->next)
		add_item(s, &tail, i->name, i->bit, &i->at, &i->about, i);
	return list;
}

static void compare_rule(const struct place *p, const void *old, const void *new)
{
	const struct rule *a = old, *b = new;

	if (!same_status(a->status, b->status))
		changed(p, DIFF_REFUSAL_CHANGED, "yields '%s' instead of '%s'", b->otherwise.text,
			a->otherwise.text);
	if (a->number != b->number)
		changed(p, DIFF_CHECK_ORDER, "is now check %u, was %u", b->number, a->number);
}

static void compare_offer(const struct place *p, const void *old, const void *new)
{
	static const struct item_kind kind = { .added = DIFF_ADDED, .removed = DIFF_REMOVED };
	const struct offer *a = old, *b = new;
	struct spec *s = p->diff->new;

	if (a->width != b->width)
		changed(p, DIFF_RESIZED, "%u bits became %u", a->width, b->width);
	compare_items(p, &kind, list_bits(s, a), list_bits(s, b));
}

static void compare_lists(struct diff *d)
{
	static const struct item_kind statuses = {
		.added = DIFF_ADDED_TO_OUTPUT, .removed = DIFF_REMOVED
	};
	static const struct item_kind rules = {
		.compare = compare_rule, .added = DIFF_CHECK_ADDED,
		.removed = DIFF_CHECK_REMOVED, .unnumbered = true
	};
	static const struct item_kind offers = {
		.compare = compare_offer, .added = DIFF_ADDED,
		.removed = DIFF_REMOVED, .unnumbered = true
	};
	struct place p = { .diff = d, .item = "status" };

	compare_items(&p, &statuses, list_statuses(d->new, d->old), list_statuses(d->new, d->new));
	p.item = "rule";
	compare_items(&p, &rules, list_rules(d->new, d->old), list_rules(d->new, d->new));
	p.item = "";
	compare_items(&p, &offers, list_offers(d->new, d->old), list_offers(d->new, d->new));
}

/* ---- notes ---- */

static bool names_bit(const struct offer_use *list, const struct offer_bit *bit)
{
	for (; list; list = list->next)
		if (list->target == bit)
			return true;
	return false;
}

static bool lines_name_bit(const struct field *fields, const struct bits *bits,
			   const struct enumerator *values, const struct offer_bit *bit)
{
	for (; fields; fields = fields->next)
		if (names_bit(fields->about.offered, bit))
			return true;
	for (; bits; bits = bits->next)
		if (names_bit(bits->about.offered, bit))
			return true;
	for (; values; values = values->next)
		if (names_bit(values->about.offered, bit))
			return true;
	return false;
}

static bool call_names_bit(const struct call *c, const struct offer_bit *bit)
{
	const struct block *const blocks[] = {
		&c->in, &c->var, &c->each_in, &c->out, &c->each_out
	};

	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
		if (lines_name_bit(blocks[i]->fields, NULL, NULL, bit))
			return true;
	return names_bit(c->needs, bit) || names_bit(c->offered, bit);
}

/* Whether anything but CPUID speaks of the bit. */
static bool has_user(const struct spec *s, const struct offer_bit *bit)
{
	for (const struct call *c = s->calls; c; c = c->next)
		if (call_names_bit(c, bit))
			return true;
	for (const struct msr *m = s->msrs; m; m = m->next)
		if (names_bit(m->needs, bit) || lines_name_bit(NULL, m->bits, NULL, bit))
			return true;
	for (const struct type *t = s->types; t; t = t->next)
		if (lines_name_bit(t->fields, t->bits, t->values, bit))
			return true;
	return false;
}

static void note_idle_bits(struct diff *d)
{
	for (const struct offer *o = d->new->offers; o; o = o->next)
		for (const struct offer_bit *b = o->bits; b; b = b->next) {
			struct place p = {
				d, spec_printf(d->new, "%s.%s", o->name, b->name), { 0 }, b->at, 0
			};

			if (!spec_offer_bit(d->old, o->name, b->name) && !has_user(d->new, b))
				noted(&p, "a new bit that no call, MSR, field or value names");
		}
}

/* ---- the whole ---- */

static bool same_remarks(const struct spec *a, const struct spec *b)
{
	const struct remark *r = a->remarks, *q = b->remarks;

	for (; r && q; r = r->next, q = q->next)
		if (strcmp(r->subject, q->subject) != 0 || !same_words(&r->about, &q->about))
			return false;
	return r == q;
}

static bool same_absences(const struct spec *a, const struct spec *b)
{
	const struct absence *x = a->absences, *y = b->absences;

	for (; x && y; x = x->next, y = y->next)
		if (strcmp(x->name, y->name) != 0 || strcmp(x->reason, y->reason) != 0)
			return false;
	return x == y;
}

static void compare_interface(struct diff *d)
{
	struct place p = {
		d, "interface", d->old->interface_at, d->new->interface_at, WAY_IN | WAY_OUT
	};

	if (strcmp(d->old->interface, d->new->interface) != 0)
		changed(&p, DIFF_RENAMED, "'%s' is now called '%s'", d->old->interface,
			d->new->interface);
	compare_about(&p, &d->old->interface_about, &d->new->interface_about);
	if (!same_remarks(d->old, d->new) || !same_absences(d->old, d->new))
		changed(&p, DIFF_TEXT, "remarks or absences changed");
}

struct diff diff_specs(struct spec *old, struct spec *new)
{
	struct diff d = { .old = old, .new = new };

	compare_interface(&d);
	compare_types(&d);
	compare_lists(&d);
	compare_msrs(&d);
	compare_leaves(&d);
	compare_calls(&d);
	note_idle_bits(&d);
	return d;
}

/* ---- the verdict ---- */

enum verdict diff_verdict(const struct diff *d)
{
	enum verdict worst = NONE;

	for (const struct change *c = d->changes; c; c = c->next) {
		const struct diff_rule_info *rule = &diff_rules[c->rule];

		if (c->allowed)
			continue;
		if (rule->wire > worst)
			worst = rule->wire;
		if (rule->source > worst)
			worst = rule->source;
	}
	return worst;
}

enum level diff_level(const struct diff *d)
{
	enum level highest = SAME;

	for (const struct change *c = d->changes; c; c = c->next)
		if (!c->allowed && diff_rules[c->rule].level > highest)
			highest = diff_rules[c->rule].level;
	return highest;
}

enum level diff_demand(const struct diff *d)
{
	enum level level = diff_level(d);

	return level == MAJOR && d->old->version[0] == 0 ? MINOR : level;
}

bool diff_version_suffices(const struct diff *d)
{
	const unsigned *old = d->old->version, *new = d->new->version;
	static const enum level levels[] = { MAJOR, MINOR, PATCH };

	for (unsigned i = 0; i < 3; i++)
		if (old[i] != new[i])
			return new[i] > old[i] && levels[i] >= diff_demand(d);
	return diff_demand(d) == SAME;
}
