/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Compares the fields of structs and of parameter blocks. */
#include <string.h>

#include "check.h"
#include "diff_compare.h"

static unsigned end_of(const struct field *f)
{
	return f->offset + field_size(f);
}

static bool overlap(const struct field *a, const struct field *b)
{
	return a->offset < end_of(b) && b->offset < end_of(a);
}

static bool is_filler(const struct field *f)
{
	return f->kind != FIELD_DATA;
}

static const struct field *find_name(const struct field *list, const char *name)
{
	for (; list; list = list->next)
		if (!is_filler(list) && strcmp(list->name, name) == 0)
			return list;
	return NULL;
}

static const struct field *find_offset(const struct field *list, unsigned offset)
{
	for (; list; list = list->next)
		if (!is_filler(list) && list->offset == offset)
			return list;
	return NULL;
}

/*
 * The counterpart of a field: by name, else the one in its place, of its size, whose name the other
 * list does not know.
 */
static const struct field *find_pair(const struct field *f, const struct field *own,
				     const struct field *others)
{
	const struct field *other = find_name(others, f->name);

	if (other)
		return other;
	other = find_offset(others, f->offset);
	if (!other || field_size(other) != field_size(f) || find_name(own, other->name))
		return NULL;
	return other;
}

/* ---- one field in both ---- */

static bool has_own_rule(const struct field *f)
{
	return f->in || f->nonzero || f->zero || f->valid || f->count_of.text;
}

static const char *refusal(const struct field *f)
{
	return f->otherwise.text ? f->otherwise.text : field_refusal(f);
}

static const struct status *find_status(const struct spec *s, const char *name)
{
	if (strcmp(name, status_ud.name) == 0)
		return &status_ud;
	return strcmp(name, status_gp.name) == 0 ? &status_gp : spec_status(s, name);
}

static void compare_refusal(const struct place *p, const struct field *old, const struct field *new)
{
	bool any = has_own_rule(old) || old->otherwise.text || new->otherwise.text;
	const struct status *before = find_status(p->diff->old, refusal(old));
	const struct status *after = find_status(p->diff->new, refusal(new));

	if (any && before && after && !same_status(before, after))
		changed(p, DIFF_REFUSAL_CHANGED, "refused with '%s' instead of '%s'", refusal(new),
			refusal(old));
}

static bool same_unless(const struct unless *a, const struct unless *b)
{
	return strcmp(a->field.text, b->field.text) == 0 && strcmp(a->bit.text, b->bit.text) == 0;
}

static void compare_unless(const struct place *p, const struct unless *old,
			   const struct unless *new)
{
	if (!old && new)
		changed(p, DIFF_WIDENED, "its rules no longer hold when %s.%s", new->field.text,
			new->bit.text);
	else if (old && !new)
		changed(p, DIFF_NARROWED, "its rules now hold even when %s.%s", old->field.text,
			old->bit.text);
	else if (old && !same_unless(old, new))
		changed(p, DIFF_NARROWED, "its rules depend on %s.%s instead of %s.%s",
			new->field.text, new->bit.text, old->field.text, old->bit.text);
}

static void compare_own_rules(const struct place *p, const struct field *old,
			      const struct field *new)
{
	compare_range(p, old->in, new->in);
	compare_check(p, old->nonzero, new->nonzero, "is not zero");
	compare_check(p, old->zero, new->zero, "is zero");
	for (enum valid v = VALID_PARTITION; v < VALID_COUNT; v++)
		compare_check(p, old->valid == v, new->valid == v,
			      namef("is a valid %s", valid_name(v)));
	if (same_text(old->count_of.text, new->count_of.text))
		return;
	if (old->count_of.text)
		changed(p, DIFF_CHECK_REMOVED, "no longer counts the bits of '%s'",
			old->count_of.text);
	if (new->count_of.text)
		changed(p, DIFF_CHECK_ADDED, "now counts the bits of '%s'", new->count_of.text);
}

static void compare_rules(const struct place *p, const struct field *old, const struct field *new)
{
	bool ruled = has_own_rule(old) && has_own_rule(new);

	compare_own_rules(p, old, new);
	if (has_own_rule(old) == has_own_rule(new))
		compare_refusal(p, old, new);
	if (ruled || (old->unless && new->unless))
		compare_unless(p, old->unless, new->unless);
}

static void compare_pair(const struct place *p, const struct field *old, const struct field *new)
{
	if (strcmp(old->name, new->name) != 0)
		changed(p, DIFF_RENAMED, "'%s' is now called '%s'", old->name, new->name);
	if (old->offset != new->offset)
		changed(p, DIFF_MOVED, "offset %u became %u", old->offset, new->offset);
	if (field_size(old) != field_size(new) || old->is_array != new->is_array)
		changed(p, DIFF_RESIZED, "%u bytes of %s became %u of %s", field_size(old),
			old->type->name, field_size(new), new->type->name);
	else
		compare_type_use(p, old->type, new->type);
	compare_about(p, &old->about, &new->about);
	if (p->ways & WAY_IN)
		compare_rules(p, old, new);
}

/* ---- what lay in the bytes of a new field ---- */

/* Kinds of bytes, the worst to build on last. */
enum ground { GROUND_NEW, GROUND_MBZ, GROUND_PAD, GROUND_DATA };

/* What a field is built on, and where that was declared. */
static enum ground ground_below(const struct field *list, const struct field *f, struct pos *at)
{
	static const enum ground of[] = {
		[FIELD_DATA] = GROUND_DATA, [FIELD_PAD] = GROUND_PAD, [FIELD_MBZ] = GROUND_MBZ
	};
	enum ground worst = GROUND_NEW;

	for (; list; list = list->next) {
		if (!overlap(list, f) || of[list->kind] <= worst)
			continue;
		worst = of[list->kind];
		*at = list->at;
	}
	return worst;
}

static void build_on_mbz(const struct place *p, const struct field *f)
{
	if (f->type->kind != TYPE_STRUCT && !f->zero &&
	    !admits_zero(f->type, f->in, f->nonzero))
		changed(p, DIFF_RESERVED_TO_FIELD_NONZERO, "new in bytes that had to be zero");
	else if (f->about.offered)
		changed(p, DIFF_RESERVED_TO_FIELD,
			"new in bytes that had to be zero, offered by %s.%s",
			f->about.offered->block.text, f->about.offered->bit.text);
	else
		changed(p, DIFF_RESERVED_TO_FIELD_UNGATED,
			"new in bytes that had to be zero, and no bit tells of it");
}

static void judge_new(struct place *p, const struct field *f, const struct field *old)
{
	enum ground ground = ground_below(old, f, &p->old_at);

	if (ground == GROUND_NEW)
		return; /* the block has grown, and that says it */
	if (ground == GROUND_DATA)
		changed(p, DIFF_RETYPED, "new in bytes that had another meaning");
	else if (!(p->ways & WAY_IN))
		changed(p, DIFF_OUTPUT_WIDENED, "new in reserved bytes");
	else if (ground == GROUND_PAD)
		changed(p, DIFF_IGNORED_TO_FIELD, "new in bytes that were ignored");
	else
		build_on_mbz(p, f);
}

/* ---- reserved bytes ---- */

static void compare_filler(const struct place *p, const struct field *old, const struct field *new)
{
	if (old->kind == new->kind)
		compare_about(p, &old->about, &new->about);
	else if (!(p->ways & WAY_IN))
		changed(p, DIFF_RESERVED_KIND, "%s",
			old->kind == FIELD_MBZ ? "no longer zero" : "now zero");
	else if (old->kind == FIELD_PAD)
		changed(p, DIFF_CHECK_ADDED, "ignored bytes must be zero");
	else
		changed(p, DIFF_CHECK_REMOVED, "bytes that had to be zero are ignored");
	if (old->kind == FIELD_MBZ && new->kind == FIELD_MBZ && p->ways & WAY_IN)
		compare_refusal(p, old, new);
}

static void compare_fillers(const struct place *p, const struct field *old,
			    const struct field *new)
{
	for (const struct field *f = new; f; f = f->next)
		for (const struct field *o = old; o && is_filler(f); o = o->next) {
			const char *name = spec_printf(p->diff->new, "at_%u", f->offset);
			struct place at = place_within(p, name, &o->at, &f->at);

			if (is_filler(o) && overlap(o, f))
				compare_filler(&at, o, f);
		}
}

static unsigned reserved_bytes(const struct field *list)
{
	unsigned bytes = 0;

	for (; list; list = list->next)
		if (is_filler(list))
			bytes += field_size(list);
	return bytes;
}

static void note_budget(const struct place *p, const struct field *old, const struct field *new)
{
	unsigned before = reserved_bytes(old), after = reserved_bytes(new);

	if (before != after)
		noted(p, "%u reserved bytes are left of %u", after, before);
}

/* ---- the list ---- */

void compare_fields(const struct place *p, const struct field *old, const struct field *new)
{
	for (const struct field *f = old; f; f = f->next) {
		const struct field *pair = is_filler(f) ? NULL : find_pair(f, old, new);
		struct place at = place_within(p, pair ? pair->name : f->name, &f->at,
					       pair ? &pair->at : &p->new_at);

		if (pair)
			compare_pair(&at, f, pair);
		else if (!is_filler(f))
			changed(&at, DIFF_REMOVED, "the field is gone");
	}
	for (const struct field *f = new; f; f = f->next) {
		struct place at = place_within(p, f->name, &p->old_at, &f->at);

		if (!is_filler(f) && !find_pair(f, new, old))
			judge_new(&at, f, old);
	}
	compare_fillers(p, old, new);
	note_budget(p, old, new);
}

bool same_fields(const struct field *a, const struct field *b)
{
	for (; a && b; a = a->next, b = b->next)
		if (a->kind != b->kind || strcmp(a->name, b->name) != 0 || a->offset != b->offset ||
		    field_size(a) != field_size(b) || strcmp(a->type->name, b->type->name) != 0)
			return false;
	return a == b;
}
