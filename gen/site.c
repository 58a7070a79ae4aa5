/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Places of items in the linked reference, and the links that lead to them. */
#include "site.h"

#include <stdlib.h>
#include <string.h>

#include "out.h"

const char *const register_names[CPUID_REGISTERS] = { "eax", "ebx", "ecx", "edx" };

/* ---- places ---- */

const char *href_call(const struct call *c)
{
	return namef("call-%s.html", c->name);
}

const char *href_msr(const struct msr *m)
{
	return namef("msr-%s.html", m->name);
}

const char *href_leaf(const struct cpuid_leaf *l)
{
	return namef("cpuid-%s.html", l->name);
}

const char *href_type(const struct type *t)
{
	return namef("type-%s.html", t->name);
}

const char *value_anchor(const struct enumerator *e)
{
	return e->about.arch == ARCH_ARM64 ? namef("%s-arm64", e->name) : e->name;
}

const char *href_value(const struct type *t, const struct enumerator *e)
{
	return namef("%s#%s", href_type(t), value_anchor(e));
}

const char *href_offer(const struct offer_bit *b)
{
	return namef("offers.html#%s.%s", b->block->name, b->name);
}

const char *msr_title(const struct msr *m)
{
	return m->strided ? namef("%s0 to %u", m->named, m->count - 1) : m->named;
}

const char *leaf_anchor(unsigned reg, const struct bits *b)
{
	return namef("%s-%u", register_names[reg], b->low);
}

/* The name of a source without its folders and what follows the dot. */
const char *chapter_anchor(const struct source *source)
{
	const char *slash = strrchr(source->name, '/');
	const char *base = slash ? slash + 1 : source->name;

	return namef("%.*s", (int)strcspn(base, "."), base);
}

const char *chapter_title(const struct source *source)
{
	return source->title ? source->title : chapter_anchor(source);
}

/* ---- links ---- */

static void add(struct site *site, const void *item, const char *href, const char *label)
{
	if (site->edge_count == site->edge_room) {
		site->edge_room = site->edge_room ? site->edge_room * 2 : 1024;
		site->edges = must(realloc(site->edges, site->edge_room * sizeof(*site->edges)));
	}
	site->edges[site->edge_count] = (struct edge){ item, href, label,
						       (unsigned)site->edge_count };
	site->edge_count++;
}

static void add_type(struct site *site, const struct type *t, const char *href, const char *label)
{
	if (t && t->kind != TYPE_INTEGER)
		add(site, t, href, label);
}

static void add_fields(struct site *site, const struct field *list, const char *href,
		       const char *label)
{
	for (const struct field *f = list; f; f = f->next)
		add_type(site, f->type, href, label);
}

static void add_bits(struct site *site, const struct bits *list, const char *href,
		     const char *label)
{
	for (const struct bits *b = list; b; b = b->next)
		add_type(site, b->type, href, label);
}

static void add_offers(struct site *site, const struct offer_use *list, const char *href,
		       const char *label)
{
	for (const struct offer_use *u = list; u; u = u->next)
		add(site, u->target, href, label);
}

static void add_call(struct site *site, const struct call *c)
{
	const char *href = href_call(c);
	const struct block *const blocks[] = { &c->in, &c->var, &c->each_in, &c->out,
					       &c->each_out };

	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
		add_fields(site, blocks[i]->fields, href, c->named);
	for (const struct status_use *u = c->statuses; u; u = u->next)
		add(site, u->status, href, c->named);
	if (c->needs)
		add(site, c->denied, href, c->named);
	add_offers(site, c->needs, href, c->named);
	add_offers(site, c->offered, href, c->named);
}

static void add_declared(struct site *site, const struct type *t)
{
	const char *href = href_type(t);

	add_fields(site, t->fields, href, t->name);
	add_bits(site, t->bits, href, t->name);
	for (const struct enumerator *e = t->values; e; e = e->next)
		add_type(site, e->type, href_value(t, e), e->named);
}

static void add_leaf(struct site *site, const struct cpuid_leaf *l)
{
	for (unsigned i = 0; i < CPUID_REGISTERS; i++)
		for (const struct bits *b = l->registers[i].bits; b; b = b->next)
			if (b->source == CPUID_OFFER)
				add(site, b->offer->target,
				    namef("%s#%s", href_leaf(l), leaf_anchor(i, b)),
				    namef("CPUID 0x%08x", l->number));
}

static int compare(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	if (x->item != y->item)
		return (uintptr_t)x->item < (uintptr_t)y->item ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

void site_open(struct site *site, const struct spec *s, const char *dir)
{
	*site = (struct site){ .spec = s, .dir = dir, .good = true };
	for (const struct cpuid_leaf *l = s->leaves; l; l = l->next)
		add_leaf(site, l);
	for (const struct msr *m = s->msrs; m; m = m->next) {
		add_offers(site, m->needs, href_msr(m), m->named);
		add_bits(site, m->bits, href_msr(m), m->named);
	}
	for (const struct call *c = s->calls; c; c = c->next)
		add_call(site, c);
	for (const struct rule *r = s->rules; r; r = r->next)
		add(site, r->status, namef("rules.html#%s", r->name), r->id);
	for (const struct type *t = s->types; t; t = t->next)
		add_declared(site, t);
	if (site->edge_count)
		qsort(site->edges, site->edge_count, sizeof(*site->edges), compare);
}

void site_close(struct site *site)
{
	text_free(&site->page);
	free(site->edges);
}

const struct edge *site_edges(const struct site *site, const void *item)
{
	size_t low = 0, high = site->edge_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if ((uintptr_t)site->edges[middle].item < (uintptr_t)item)
			low = middle + 1;
		else
			high = middle;
	}
	return low < site->edge_count && site->edges[low].item == item ? &site->edges[low] : NULL;
}

/* One page may speak of an item in several places; it is named once. */
const struct edge *site_next(const struct site *site, const struct edge *e)
{
	const struct edge *end = site->edges + site->edge_count, *n = e;

	while (++n < end && n->item == e->item)
		if (strcmp(n->href, e->href) != 0)
			return n;
	return NULL;
}

void site_save(struct site *site, const char *name)
{
	site->good = site->good && out_save(&site->page, site->dir, name);
	site->page.len = 0;
}
