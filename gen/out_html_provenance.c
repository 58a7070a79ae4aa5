/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The page of all marks: where the document is wrong, where sources disagree, what was chosen. */
#include <string.h>

#include "html.h"
#include "out_html.h"
#include "spell.h"

/* Printing the marks of one kind; equal ones that follow each other share their text. */
struct listing {
	struct text *t;
	enum mark_kind kind;
	const struct source *chapter; /* whose list is open, or NULL */
	const char *reason;           /* whose item is open, or NULL */
	const char *href;             /* linked last */
};

static void end_reason(struct listing *l)
{
	if (l->reason)
		emit(l->t, "</li>\n");
	l->reason = NULL;
}

static void end_chapter(struct listing *l)
{
	end_reason(l);
	if (l->chapter)
		emit(l->t, "</ul>\n");
	l->chapter = NULL;
}

static void open_chapter(struct listing *l, const struct source *chapter)
{
	end_chapter(l);
	emit(l->t, "<h3>");
	html_text(l->t, chapter_title(chapter));
	emit(l->t, "</h3>\n<ul class=\"errata\">\n");
	l->chapter = chapter;
}

/* The marks of one item. */
static void list(struct listing *l, const struct about *a, const char *href, const char *label)
{
	for (const struct mark *m = a->marks; m; m = m->next) {
		if (m->kind != l->kind)
			continue;
		if (m->at.source != l->chapter)
			open_chapter(l, m->at.source);
		if (l->reason && strcmp(l->reason, m->reason) == 0) {
			if (strcmp(l->href, href) == 0)
				continue;
			emit(l->t, ", ");
		} else {
			end_reason(l);
			emit(l->t, "<li>");
			html_text(l->t, m->reason);
			emit(l->t, ": ");
		}
		html_link(l->t, href, label, false);
		l->reason = m->reason;
		l->href = href;
	}
}

static void list_fields(struct listing *l, const struct field *list_, const char *href,
			const char *owner)
{
	for (const struct field *f = list_; f; f = f->next)
		list(l, &f->about, href,
		     f->kind == FIELD_DATA ? namef("%s.%s", owner, f->name)
					   : namef("%s at %u", owner, f->offset));
}

static void list_bits(struct listing *l, const struct bits *list_, const char *href,
		      const char *owner)
{
	for (const struct bits *b = list_; b; b = b->next)
		list(l, &b->about, href,
		     b->name ? namef("%s.%s", owner, b->name) : namef("%s bit %u", owner, b->low));
}

static void list_calls(struct listing *l, const struct spec *s)
{
	for (const struct call *c = s->calls; c; c = c->next) {
		const struct block *const blocks[] = { &c->in, &c->var, &c->each_in, &c->out,
						       &c->each_out };
		const char *href = href_call(c);

		list(l, &c->about, href, c->named);
		for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
			list_fields(l, blocks[i]->fields, href, c->named);
	}
}

static void list_types(struct listing *l, const struct spec *s)
{
	for (const struct type *y = s->types; y; y = y->next) {
		const char *href = href_type(y);

		list(l, &y->about, href, y->name);
		list_fields(l, y->fields, href, y->name);
		list_bits(l, y->bits, href, y->name);
		for (const struct enumerator *e = y->values; e; e = e->next)
			list(l, &e->about, href_value(y, e), e->named);
	}
}

static void list_registers(struct listing *l, const struct spec *s)
{
	for (const struct msr *m = s->msrs; m; m = m->next) {
		list(l, &m->about, href_msr(m), m->named);
		list_bits(l, m->bits, href_msr(m), m->named);
	}
	for (const struct cpuid_leaf *f = s->leaves; f; f = f->next) {
		list(l, &f->about, href_leaf(f), f->name);
		for (unsigned i = 0; i < CPUID_REGISTERS; i++)
			list_bits(l, f->registers[i].bits, href_leaf(f), f->name);
	}
}

static void list_tables(struct listing *l, const struct spec *s)
{
	for (const struct status *st = s->statuses; st; st = st->next)
		list(l, &st->about, namef("statuses.html#%s", st->name), upper(st->name));
	for (const struct rule *r = s->rules; r; r = r->next)
		list(l, &r->about, namef("rules.html#%s", r->name), r->name);
	for (const struct offer *o = s->offers; o; o = o->next) {
		list(l, &o->about, namef("offers.html#%s", o->name), o->name);
		for (const struct offer_bit *b = o->bits; b; b = b->next)
			list(l, &b->about, href_offer(b), namef("%s.%s", o->name, b->name));
	}
}

static const struct kind {
	enum mark_kind kind;
	const char *title, *lead;
} kinds[] = {
	{ MARK_ERRATUM, "Errata", "Where the document is wrong, and how that is known." },
	{ MARK_DISPUTED, "Disputes", "Where sources disagree, and which one is followed." },
	{ MARK_OURS, "Choices", "What no source settles and this hypervisor chose." },
	{ MARK_OBSERVED, "Observations",
	  "What known hypervisors and guests do where the document is silent." },
};

static const size_t kind_count = sizeof(kinds) / sizeof(kinds[0]);

static void section(struct text *t, const struct spec *s, const struct kind *k)
{
	struct listing l = { .t = t, .kind = k->kind };

	emit(t, "<h2 id=\"%s\">%s</h2>\n<p>%s</p>\n", mark_name(k->kind), k->title, k->lead);
	list_calls(&l, s);
	list_registers(&l, s);
	list_tables(&l, s);
	list_types(&l, s);
	end_chapter(&l);
}

void out_html_provenance(struct site *site)
{
	struct text *t = &site->page;

	html_open(t, site, "provenance.html", "Provenance");
	emit(t, "<h1>Provenance</h1>\n<p class=\"lead\">Everything that is not plainly what the "
		"document says, with the reason.</p>\n<ul class=\"contents\">\n");
	for (size_t i = 0; i < kind_count; i++)
		emit(t, "<li><a href=\"#%s\">%s</a></li>\n", mark_name(kinds[i].kind),
		     kinds[i].title);
	emit(t, "</ul>\n");
	for (size_t i = 0; i < kind_count; i++)
		section(t, site->spec, &kinds[i]);
	html_close(t, site);
	site_save(site, "provenance.html");
}
