/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Screens about MSRs, CPUID leaves and what a partition is offered. */
#include <string.h>

#include "draw.h"
#include "explain.h"
#include "spell.h"
#include "words.h"

/* ---- MSRs ---- */

static const char *behaviour(const struct msr *m)
{
	const char *text = m->computed ? "reads are computed" : "";

	return m->acts ? explain_also(text, "writes act at once") : text;
}

static const char *numbers(const struct msr *m)
{
	if (!m->strided)
		return NULL;
	return namef("%u registers, 0x%08x to 0x%08x, every %u", m->count, m->number,
		     m->number + (m->count - 1) * m->stride, m->stride);
}

void explain_msr(struct screen *screen, const struct spec *s, const struct found *f)
{
	const struct msr *m = f->msr;
	const char *access = words_access(m);
	const char *what = namef("MSR 0x%08x%s%s", m->number + f->index * m->stride,
				 access ? ", " : "", access ? access : "");
	struct text *t = explain_head(screen, find_name(f), what, &m->about);

	screen_item(t, "family", numbers(m));
	screen_item(t, m->unknown ? "content" : "one for each", words_scope(m));
	screen_item(t, "needs", explain_offers(s, m->needs));
	if (m->needs)
		screen_item(t, "without it", "#GP");
	if (!m->unknown)
		screen_item(t, "reset", namef("0x%016llx", (unsigned long long)m->reset));
	screen_item(t, "behaviour", behaviour(m));
	explain_implemented(t, &m->about, "yes");
	explain_place(t, &m->at, m->name);
	if (m->bits)
		explain_bit_list(screen, "", m->bits, 64);
	explain_checks(screen, m->checks);
}

/* ---- CPUID ---- */

static struct text *leaf_head(struct screen *screen, const struct found *f, const char *what)
{
	const struct cpuid_leaf *l = f->leaf;
	struct text *t = explain_head(screen, find_name(f), what, &l->about);

	explain_implemented(t, &l->about, "yes");
	explain_place(t, &l->at, l->name);
	return t;
}

static void leaf_register(struct screen *screen, const struct cpuid_leaf *l, unsigned reg)
{
	explain_bit_list(screen, upper(cpuid_register_names[reg]), l->registers[reg].bits, 32);
}

/* A register beside three others: its bits by name alone. */
static void leaf_names(struct screen *screen, const struct cpuid_leaf *l, unsigned reg)
{
	const struct bits *list = l->registers[reg].bits;
	struct text *t = screen_part(screen);
	const char *names = "";

	emit_line(t, "%s", upper(cpuid_register_names[reg]));
	draw_bits(t, list, 32);
	for (const struct bits *b = list; b; b = b->next)
		if (b->name)
			names = explain_also(names, namef("%c=%s", draw_letter(list, b), b->name));
	if (!*names)
		return;
	screen_fill(t, 2, names);
	emit_blank(t);
}

void explain_leaf(struct screen *screen, const struct spec *s, const struct cpuid_leaf *l)
{
	struct found f = { .kind = FOUND_LEAF, .leaf = l };
	struct text *t = leaf_head(screen, &f, namef("CPUID leaf %s", l->name));

	screen_item(t, "more", namef("hvgen explain %s.eax and its like tell what each bit means",
				     find_name(&f)));
	for (unsigned r = 0; r < CPUID_REGISTERS; r++)
		if (l->registers[r].present)
			leaf_names(screen, l, r);
}

void explain_register(struct screen *screen, const struct spec *s, const struct found *f)
{
	leaf_head(screen, f, namef("%s of CPUID leaf %s", upper(cpuid_register_names[f->reg]),
				   f->leaf->name));
	leaf_register(screen, f->leaf, f->reg);
}

/* Who needs a bit, or is advertised by it. */
static bool uses(const struct offer_use *list, const struct offer_bit *b)
{
	for (; list; list = list->next)
		if (list->target == b)
			return true;
	return false;
}

static void users(struct text *t, const struct spec *s, const struct offer_bit *b)
{
	const char *needed = "", *offered = "";

	for (const struct call *c = s->calls; c; c = c->next) {
		if (uses(c->needs, b))
			needed = explain_also(needed, c->named);
		if (uses(c->offered, b))
			offered = explain_also(offered, c->named);
	}
	for (const struct msr *m = s->msrs; m; m = m->next)
		if (uses(m->needs, b))
			needed = explain_also(needed, m->named);
	screen_item(t, "needed by", needed);
	screen_item(t, "advertises", offered);
}

void explain_bits(struct screen *screen, const struct spec *s, const struct found *f)
{
	const struct bits *b = f->bits;
	const char *what = namef("%s of CPUID leaf %s, bit%s %s",
				 upper(cpuid_register_names[f->reg]), f->leaf->name,
				 b->high > b->low ? "s" : "", words_bit_range(b->high, b->low));
	struct text *t = explain_head(screen, b->name ? b->name : words_bits_rule(b), what,
				      &b->about);

	screen_item(t, "place", namef("%s", find_name(f)));
	screen_item(t, "comes from", words_source(b));
	if (b->source == CPUID_OFFER && b->offer->target) {
		screen_item(t, "meaning", b->offer->target->about.doc);
		explain_implemented(t, &b->offer->target->about, "yes");
		users(t, s, b->offer->target);
	}
	explain_place(t, &b->at, b->name ? b->name : words_bits_rule(b));
}

/* ---- privileges and features ---- */

void explain_offer_bit(struct screen *screen, const struct spec *s, const struct offer_bit *b)
{
	const struct offer *o = b->block;
	struct found place;
	struct text *t = explain_head(screen, namef("%s.%s", o->name, b->name),
				      namef("bit %u, %s", b->bit,
					    o->is_privileges ? "a privilege" : "a feature"),
				      &b->about);

	if (b->shown && find_bits(s, b->shown, &place))
		screen_item(t, "shown in", namef("CPUID %s", find_name(&place)));
	users(t, s, b);
	explain_implemented(t, &b->about, "may be offered");
	explain_place(t, &b->at, b->name);
}

void explain_offer(struct screen *screen, const struct spec *s, const struct offer *o)
{
	struct text *t = explain_head(screen, o->name, namef("%u bits that may be offered",
							     o->width), &o->about);

	explain_place(t, &o->at, o->name);
	t = screen_part(screen);
	for (const struct offer_bit *b = o->bits; b; b = b->next) {
		emit(t, "  %2u  ", b->bit);
		screen_fill(t, 6, namef("%s  %s", b->name, explain_remarks(&b->about)));
		emit_blank(t);
	}
}
