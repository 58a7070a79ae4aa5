/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Finds out which things of two lists are the same ones, and what became of the others. */
#include <string.h>

#include "diff_compare.h"

void add_item(struct spec *s, struct item ***tail, const char *name, uint64_t number,
	      const struct pos *at, const struct about *about, const void *self)
{
	struct item *i = spec_alloc(s, sizeof(*i));

	*i = (struct item){
		.name = name, .number = number, .at = at, .about = about, .self = self
	};
	**tail = i;
	*tail = &i->next;
}

/* ---- who is who ---- */

static void pair(struct item *old, struct item *new)
{
	old->other = new;
	new->other = old;
}

static bool meet(const struct item *a, const struct item *b)
{
	return a->about->arch & b->about->arch;
}

static struct item *find_name(struct item *list, const struct item *like)
{
	for (struct item *i = list; i; i = i->next)
		if (!i->other && strcmp(i->name, like->name) == 0 && meet(i, like))
			return i;
	return NULL;
}

static bool was_named(const struct item *i, const char *name)
{
	for (const struct name_list *n = i->about->formerly; n; n = n->next)
		if (strcmp(n->name.text, name) == 0)
			return true;
	return false;
}

static struct item *find_former(struct item *list, const struct item *like)
{
	for (struct item *i = list; i; i = i->next)
		if (!i->other && was_named(i, like->name) && meet(i, like))
			return i;
	return NULL;
}

static struct item *find_number(struct item *list, const struct item *like)
{
	for (struct item *i = list; i; i = i->next)
		if (i->number == like->number && meet(i, like))
			return i;
	return NULL;
}

/* The same number under another name: that the TLFS calls both alike, or that they are alike. */
static bool is_renamed(const struct item_kind *kind, const struct item *old, const struct item *new)
{
	if (old->about->named && new->about->named)
		return strcmp(old->about->named, new->about->named) == 0;
	return kind->alike && kind->alike(old->self, new->self);
}

static struct item *find_alike(const struct item_kind *kind, const struct item *old,
			       struct item *list)
{
	for (struct item *i = list; i; i = i->next)
		if (!i->other && (kind->unnumbered || i->number == old->number) && meet(i, old) &&
		    is_renamed(kind, old, i))
			return i;
	return NULL;
}

/* Names say most; a name that is gone may live on as a former name, or by what it stood for. */
static void match(const struct item_kind *kind, struct item *old, struct item *new)
{
	struct item *found;

	for (struct item *i = old; i; i = i->next)
		if ((found = find_name(new, i)))
			pair(i, found);
	for (struct item *i = old; i; i = i->next)
		if (!i->other && (found = find_former(new, i)))
			pair(i, found);
	for (struct item *i = old; i; i = i->next)
		if (!i->other && (found = find_alike(kind, i, new)))
			pair(i, found);
}

/* ---- what became of them ---- */

/* Whether the thing has or had that name. */
static bool goes_by(const struct item *i, const char *name)
{
	return strcmp(i->name, name) == 0 || was_named(i, name);
}

/* The names that sources may use for one thing. */
static void compare_names(const struct place *p, const struct item *old, const struct item *new)
{
	if (strcmp(old->name, new->name) != 0)
		changed(p, was_named(new, old->name) ? DIFF_RENAMED_WITH_ALIAS : DIFF_RENAMED,
			"'%s' is now called '%s'", old->name, new->name);
	for (const struct name_list *n = old->about->formerly; n; n = n->next)
		if (!goes_by(new, n->name.text))
			changed(p, DIFF_ALIAS_REMOVED, "the former name '%s' is gone",
				n->name.text);
	for (const struct name_list *n = new->about->formerly; n; n = n->next)
		if (!goes_by(old, n->name.text))
			changed(p, DIFF_ADDED, "the former name '%s' is new", n->name.text);
}

/* A number of the old list that now means something else. */
static void find_reuse(const struct place *p, const struct item *old, struct item *new)
{
	struct item *heir = find_number(new, old);

	if (!heir || heir == old->other || heir->number != old->number)
		return;
	if (heir->other && heir->other->number == heir->number)
		return;
	heir->reused = !heir->other;
	changed(&(struct place){ p->diff, p->item, *old->at, *heir->at, p->ways },
		DIFF_NUMBER_REUSED, "0x%llx was '%s' and is now '%s'",
		(unsigned long long)old->number, old->name, heir->name);
}

static struct place place_of(const struct place *p, const struct item *old, const struct item *new)
{
	const struct pos *old_at = old ? old->at : &p->old_at, *new_at = new ? new->at : &p->new_at;

	return place_within(p, new ? new->name : old->name, old_at, new_at);
}

static void compare_pair(const struct place *p, const struct item_kind *kind,
			 const struct item *old, struct item *list)
{
	const struct item *new = old->other;
	struct place at = place_of(p, old, new);

	compare_names(&at, old, new);
	if (!kind->unnumbered && old->number != new->number) {
		changed(&at, DIFF_RENUMBERED, "0x%llx became 0x%llx",
			(unsigned long long)old->number, (unsigned long long)new->number);
		find_reuse(&at, old, list);
	}
	compare_about(&at, old->about, new->about);
	if (kind->compare)
		kind->compare(&at, old->self, new->self);
}

static void judge_removed(const struct place *p, const struct item_kind *kind,
			 const struct item *old, struct item *list)
{
	struct place at = place_of(p, old, NULL);
	struct item *heir = kind->unnumbered ? NULL : find_number(list, old);

	if (!heir || heir->other)
		changed(&at, kind->removed, "'%s' is gone", old->name);
	if (heir)
		find_reuse(&at, old, list);
}

void compare_items(const struct place *p, const struct item_kind *kind, struct item *old,
		   struct item *new)
{
	match(kind, old, new);
	for (struct item *i = old; i; i = i->next)
		if (i->other)
			compare_pair(p, kind, i, new);
		else
			judge_removed(p, kind, i, new);
	for (struct item *i = new; i; i = i->next) {
		struct place at = place_of(p, NULL, i);

		if (!i->other && !i->reused)
			changed(&at, kind->judge ? kind->judge(&at, i->self) : kind->added,
				"'%s' is new", i->name);
	}
}
