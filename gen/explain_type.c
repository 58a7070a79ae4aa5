/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Screens about types, their values and statuses. */
#include <string.h>

#include "explain.h"
#include "spell.h"
#include "words.h"

/* ---- types ---- */

static const char *kind_of(const struct type *t)
{
	static const char *const kinds[] = { "integer", "integer", "register of bits",
					     "list of values", "set of flags", "structure" };

	return namef("%s%s, %u byte%s", t->kind == TYPE_ENUM && t->open ? "open " : "",
		     kinds[t->kind], t->size, t->size == 1 ? "" : "s");
}

static bool has_field(const struct field *list, const struct type *t)
{
	for (; list; list = list->next)
		if (list->type == t && list->kind == FIELD_DATA)
			return true;
	return false;
}

static bool call_uses(const struct call *c, const struct type *t)
{
	for (unsigned i = 0; i < CALL_BLOCKS; i++)
		if (has_field(call_block(c, i)->fields, t))
			return true;
	return has_field(c->var.fields, t);
}

static bool has_value(const struct type *of, const struct type *t)
{
	for (const struct enumerator *e = of->values; e; e = e->next)
		if (e->type == t)
			return true;
	return false;
}

static void users(struct text *text, const struct spec *s, const struct type *t)
{
	const char *list = "";

	for (const struct type *u = s->types; u; u = u->next)
		if (has_field(u->fields, t) || has_value(u, t))
			list = explain_also(list, u->name);
	for (const struct call *c = s->calls; c; c = c->next)
		if (call_uses(c, t))
			list = explain_also(list, c->named);
	screen_item(text, "used in", list);
}

static const char *value_number(const struct type *of, const struct enumerator *e)
{
	if (of->kind == TYPE_FLAGS)
		return namef("%2u", (unsigned)e->value);
	return namef("0x%0*llx", (int)of->size * 2, (unsigned long long)e->value);
}

static const char *value_words(const struct type *of, const struct enumerator *e)
{
	return namef("  %s  %s", value_number(of, e), e->named);
}

static const char *value_remarks(const struct enumerator *e)
{
	const char *words = explain_remarks(&e->about);

	if (!e->type)
		return words;
	return namef("Layout: %s.%s%s", e->type->name, *words ? " " : "", words);
}

static void value_table(struct text *t, const struct type *type)
{
	unsigned column = 0;

	for (const struct enumerator *e = type->values; e; e = e->next)
		column = explain_longer(column, value_words(type, e));
	for (const struct enumerator *e = type->values; e; e = e->next)
		explain_line(t, value_words(type, e), column + 2, value_remarks(e));
}

/* What a type is made of. */
static void content(struct screen *screen, const struct type *t)
{
	if (t->kind == TYPE_STRUCT)
		explain_fields(screen, "", t->fields);
	else if (t->kind == TYPE_BITS)
		explain_bit_list(screen, "", t->bits, t->size * 8);
	else if (t->values)
		value_table(screen_part(screen), t);
}

void explain_type(struct screen *screen, const struct spec *s, const struct type *t)
{
	struct text *text = explain_head(screen, namef("HV_%s", upper(t->name)), kind_of(t),
					 &t->about);

	if (t->base)
		screen_item(text, "carried by", t->base->name);
	users(text, s, t);
	explain_place(text, &t->at, t->name);
	content(screen, t);
}

void explain_value(struct screen *screen, const struct spec *s, const struct found *f)
{
	const struct enumerator *e = f->value;
	bool is_flag = f->type->kind == TYPE_FLAGS;
	bool is_register = strcmp(find_kind(f), "register") == 0;
	struct text *t = explain_head(screen, e->named,
				      namef("%s%s of HV_%s", is_flag ? "bit " : "",
					    value_number(f->type, e), upper(f->type->name)),
				      &e->about);

	screen_item(t, "list", namef("%s: %s", f->type->name, f->type->about.doc));
	if (e->type)
		screen_item(t, "stands for", namef("%s, %s", e->type->name, kind_of(e->type)));
	explain_implemented(t, &e->about, is_register ? "yes" : NULL);
	explain_place(t, &e->at, e->name);
	if (e->type)
		content(screen, e->type);
}

/* ---- statuses ---- */

static bool call_lists(const struct call *c, const struct status *st)
{
	for (const struct status_use *u = c->statuses; u; u = u->next)
		if (u->status == st)
			return true;
	return c->denied == st && c->needs;
}

static const char *rules_yielding(const struct spec *s, const struct status *st)
{
	const char *text = "";

	for (const struct rule *r = s->rules; r; r = r->next)
		if (r->status == st)
			text = explain_also(text, namef("%s %s", r->id, r->name));
	for (const struct call *c = s->calls; c; c = c->next)
		for (const struct check *k = c->checks; k; k = k->next)
			if (k->status == st)
				text = explain_also(text, k->id);
	return text;
}

void explain_status(struct screen *screen, const struct spec *s, const struct status *st)
{
	struct text *t = explain_head(screen, c_status(st), namef("status 0x%04x", st->value),
				      &st->about);
	const char *calls = "";

	for (const struct call *c = s->calls; c; c = c->next)
		if (call_lists(c, st))
			calls = explain_also(calls, c->named);
	explain_place(t, &st->at, st->name);
	screen_item(screen_part(screen), "yielded by", rules_yielding(s, st));
	screen_item(screen_part(screen), "listed by", calls);
}
