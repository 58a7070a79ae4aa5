/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The front page, and the lists of hypercalls, MSRs, CPUID leaves and types by chapter. */
#include "html.h"
#include "out_html.h"
#include "spell.h"

/* ---- rows: one item of a list ---- */

static void state(struct text *t, const struct about *a)
{
	if (a->unimplemented)
		emit(t, " <b class=\"mark refused\">not implemented</b>");
	if (a->arch != ARCH_ALL && !(a->arch & ARCH_X64))
		emit(t, " <b class=\"arch\">ARM64</b>");
}

static void row(struct text *t, const char *number, const char *href, const char *name,
		const struct about *a)
{
	emit(t, "<tr><td class=\"n\">%s</td><td><a href=\"%s\">%s</a>", number, href, name);
	state(t, a);
	emit(t, "</td><td>");
	html_text(t, a->doc);
	emit(t, "</td></tr>\n");
}

/*
 * Each prints the rows of one chapter, or nothing when t is NULL. Returns how many there are.
 */
static unsigned call_rows(struct text *t, const struct spec *s, const struct source *chapter)
{
	unsigned count = 0;

	for (const struct call *c = s->calls; c; c = c->next) {
		if (c->at.source != chapter)
			continue;
		count++;
		if (t)
			row(t, namef("0x%04x", c->code), href_call(c), c->named, &c->about);
	}
	return count;
}

static unsigned msr_rows(struct text *t, const struct spec *s, const struct source *chapter)
{
	unsigned count = 0;

	for (const struct msr *m = s->msrs; m; m = m->next) {
		if (m->at.source != chapter)
			continue;
		count++;
		if (t)
			row(t, namef("0x%08x", m->number), href_msr(m), msr_title(m), &m->about);
	}
	return count;
}

static unsigned leaf_rows(struct text *t, const struct spec *s, const struct source *chapter)
{
	unsigned count = 0;

	for (const struct cpuid_leaf *l = s->leaves; l; l = l->next) {
		if (l->at.source != chapter)
			continue;
		count++;
		if (t)
			row(t, namef("0x%08x", l->number), href_leaf(l), l->name, &l->about);
	}
	return count;
}

static unsigned type_rows(struct text *t, const struct spec *s, const struct source *chapter)
{
	static const char *const kinds[] = { "integer", "alias", "bits",
					     "values",	"flags", "struct" };
	unsigned count = 0;

	for (const struct type *y = s->types; y; y = y->next) {
		if (y->at.source != chapter)
			continue;
		count++;
		if (t)
			row(t, kinds[y->kind], href_type(y), y->name, &y->about);
	}
	return count;
}

/* ---- lists ---- */

static const struct list {
	const char *href, *title, *lead, *columns;
	unsigned (*rows)(struct text *t, const struct spec *s, const struct source *chapter);
} lists[] = {
	{ "calls.html", "Hypercalls", "Requests to the hypervisor, by chapter.",
	  "code|name|what it does", call_rows },
	{ "msrs.html", "MSRs", "Synthetic model-specific registers, by chapter.",
	  "number|name|what it is", msr_rows },
	{ "cpuid.html", "CPUID leaves", "What a guest is told of the hypervisor.",
	  "leaf|name|what it tells", leaf_rows },
	{ "types.html", "Types", "Structures, bits, values and flags, by chapter.",
	  "kind|name|what it is", type_rows },
};

static const size_t list_count = sizeof(lists) / sizeof(lists[0]);

static unsigned rows_of(const struct list *l, const struct spec *s)
{
	unsigned count = 0;

	for (const struct source *c = s->sources; c; c = c->next)
		count += l->rows(NULL, s, c);
	return count;
}

/* Links to the chapters of a list. */
static void contents(struct text *t, const struct list *l, const struct spec *s)
{
	emit(t, "<ul class=\"contents\">\n");
	for (const struct source *c = s->sources; c; c = c->next) {
		if (!l->rows(NULL, s, c))
			continue;
		emit(t, "<li><a href=\"%s#%s\">", l->href, chapter_anchor(c));
		html_text(t, chapter_title(c));
		emit(t, "</a></li>\n");
	}
	emit(t, "</ul>\n");
}

static void chapters(struct text *t, const struct list *l, const struct spec *s)
{
	for (const struct source *c = s->sources; c; c = c->next) {
		if (!l->rows(NULL, s, c))
			continue;
		emit(t, "<h2 id=\"%s\">", chapter_anchor(c));
		html_text(t, chapter_title(c));
		emit(t, "</h2>\n");
		html_table(t, "list", l->columns);
		l->rows(t, s, c);
		html_table_end(t);
	}
}

static void list(struct site *site, const struct list *l)
{
	struct text *t = &site->page;

	html_open(t, site, l->href, l->title);
	emit(t, "<h1>%s</h1>\n<p class=\"lead\">%s</p>\n", l->title, l->lead);
	contents(t, l, site->spec);
	chapters(t, l, site->spec);
	html_close(t, site);
	site_save(site, l->href);
}

/* ---- the front page ---- */

static void front(struct site *site)
{
	struct text *t = &site->page;
	const struct spec *s = site->spec;

	html_open(t, site, "index.html", "Start");
	emit(t, "<h1>The interface %s</h1>\n<p class=\"lead\">", s->interface);
	html_text(t, *s->interface_about.doc ? s->interface_about.doc
					     : "Calls, registers and layouts with which a guest "
					       "and its hypervisor speak.");
	emit(t,
	     "</p>\n<p>Every item has a page: what it is, how it lies in memory, who may use it, "
	     "what is checked in which order, what comes back, and where the fact is from. "
	     "Look for a name, a number or a part of either in the search above, or press "
	     "<kbd>/</kbd>.</p>\n"
	     "<p>What bears no mark is architectural: the document says so. Else it bears one:"
	     "</p>\n<ul class=\"marks\">\n"
	     "<li><b class=\"mark observed\">observed</b> what known hypervisors and guests do, "
	     "where the document is silent</li>\n"
	     "<li><b class=\"mark erratum\">erratum</b> the document is wrong, and why</li>\n"
	     "<li><b class=\"mark disputed\">disputed</b> sources disagree</li>\n"
	     "<li><b class=\"mark ours\">ours</b> a choice of this hypervisor</li>\n"
	     "<li><b class=\"mark refused\">not implemented</b> known, and refused by this "
	     "hypervisor for the reason given</li>\n</ul>\n");
	for (size_t i = 0; i < list_count; i++) {
		emit(t, "<h2><a href=\"%s\">%s</a> <small>%u</small></h2>\n", lists[i].href,
		     lists[i].title, rows_of(&lists[i], s));
		contents(t, &lists[i], s);
	}
	emit(t, "<h2>Across all of it</h2>\n<ul class=\"contents\">\n"
		"<li><a href=\"statuses.html\">Statuses</a></li>\n"
		"<li><a href=\"rules.html\">Order of checks</a></li>\n"
		"<li><a href=\"offers.html\">Privileges and features</a></li>\n"
		"<li><a href=\"conformance.html\">Conformance: what is here, and who else has "
		"it</a></li>\n"
		"<li><a href=\"provenance.html\">Provenance: errata, disputes, choices</a></li>\n"
		"</ul>\n");
	html_close(t, site);
	site_save(site, "index.html");
}

void out_html_lists(struct site *site)
{
	front(site);
	for (size_t i = 0; i < list_count; i++)
		list(site, &lists[i]);
}
