/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * What the search looks through: a script, so that pages opened from a disk can load it, with one
 * string of lines: kind, name, number, place, other name, divided by tabs. Names are C names, so
 * nothing needs to be escaped.
 */
#include <string.h>

#include "out_html.h"
#include "site.h"
#include "spell.h"

static void entry(struct text *t, const char *kind, const char *name, const char *number,
		  const char *href, const char *other)
{
	emit(t, "%s\t%s\t%s\t%s\t%s\n", kind, name, number, href,
	     strcmp(name, other) == 0 ? "" : other);
}

static void checks(struct text *t, const struct check *list, const char *href)
{
	for (const struct check *k = list; k; k = k->next)
		entry(t, "rule", k->id, "", namef("%s#%s", href, k->id), "");
}

static void calls(struct text *t, const struct spec *s)
{
	for (const struct call *c = s->calls; c; c = c->next) {
		entry(t, "hypercall", c->named, namef("0x%04x", c->code), href_call(c), c->name);
		checks(t, c->checks, href_call(c));
	}
}

static void msrs(struct text *t, const struct spec *s)
{
	for (const struct msr *m = s->msrs; m; m = m->next) {
		for (unsigned i = 0; i < m->count; i++)
			entry(t, "MSR", msr_instance(m, i),
			      namef("0x%08x", m->number + i * m->stride), href_msr(m),
			      i ? "" : m->name);
		checks(t, m->checks, href_msr(m));
	}
}

static void leaves(struct text *t, const struct spec *s)
{
	for (const struct cpuid_leaf *l = s->leaves; l; l = l->next) {
		entry(t, "CPUID", l->name, namef("0x%08x", l->number), href_leaf(l), "");
		for (unsigned i = 0; i < CPUID_REGISTERS; i++)
			for (const struct bits *b = l->registers[i].bits; b; b = b->next)
				if (b->name)
					entry(t, "CPUID bit", b->name,
					      namef("%x.%s.%u", l->number, register_names[i],
						    b->low),
					      namef("%s#%s", href_leaf(l), leaf_anchor(i, b)), "");
	}
}

static void types(struct text *t, const struct spec *s)
{
	for (const struct type *y = s->types; y; y = y->next) {
		entry(t, "type", y->name, "", href_type(y), namef("HV_%s", upper(y->name)));
		for (const struct enumerator *e = y->values; e; e = e->next)
			entry(t, y->kind == TYPE_FLAGS ? "flag" : "value", e->named,
			      namef(y->kind == TYPE_FLAGS ? "%llu" : "0x%llx",
				    (unsigned long long)e->value),
			      href_value(y, e), e->name);
	}
}

static void tables(struct text *t, const struct spec *s)
{
	for (const struct status *st = s->statuses; st; st = st->next)
		entry(t, "status", c_status(st), namef("0x%04x", st->value),
		      namef("statuses.html#%s", st->name), "");
	for (const struct rule *r = s->rules; r; r = r->next)
		entry(t, "rule", r->id, "", namef("rules.html#%s", r->name), r->name);
	for (const struct offer *o = s->offers; o; o = o->next)
		for (const struct offer_bit *b = o->bits; b; b = b->next)
			entry(t, o->name, b->name, namef("%u", b->bit), href_offer(b), "");
}

void out_html_search(struct site *site)
{
	struct text *t = &site->page;

	emit(t, "searchIn(`");
	calls(t, site->spec);
	msrs(t, site->spec);
	leaves(t, site->spec);
	types(t, site->spec);
	tables(t, site->spec);
	emit(t, "`);\n");
	site_save(site, "search-data.js");
}
