/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The pages of statuses, of the calling convention's checks, and of privileges and features. */
#include "html.h"
#include "out_html.h"
#include "spell.h"

/* What uses the item: closed, where there is much of it. */
static void users(struct text *t, const struct site *site, const void *item)
{
	const struct edge *e = site_edges(site, item);
	unsigned count = 0;

	for (; e; e = site_next(site, e))
		count++;
	if (!count)
		return;
	emit(t, count > 4 ? "<details><summary>%u places</summary>" : "<div class=\"users\">",
	     count);
	html_user_links(t, site, item);
	emit(t, count > 4 ? "</details>" : "</div>");
}

static void statuses(struct site *site)
{
	struct text *t = &site->page;

	html_open(t, site, "statuses.html", "Statuses");
	emit(t, "<h1>Statuses</h1>\n<p class=\"lead\">What a hypercall returns in bits 15 to 0 of "
		"its result, and which calls do.</p>\n");
	html_table(t, "statuses", "number|name|meaning");
	for (const struct status *st = site->spec->statuses; st; st = st->next) {
		emit(t, "<tr id=\"%s\"><td class=\"n\">0x%04x</td><td><code>%s</code></td><td>",
		     st->name, st->value, c_status(st));
		html_remarks(t, &st->about);
		users(t, site, st);
		emit(t, "</td></tr>\n");
	}
	html_table_end(t);
	html_close(t, site);
	site_save(site, "statuses.html");
}

static void rules(struct site *site)
{
	struct text *t = &site->page;

	html_open(t, site, "rules.html", "Order of checks");
	emit(t, "<h1>Order of checks</h1>\n<p class=\"lead\">Every hypercall passes these checks, "
		"in this order, before the rules of its own input, which the page of the call "
		"lists. The first that fails gives the result.</p>\n");
	html_table(t, "checks", "rule|what must hold|otherwise");
	for (const struct rule *r = site->spec->rules; r; r = r->next) {
		emit(t, "<tr id=\"%s\"><td class=\"n\">%s</td><td><b>%s</b> ", r->name, r->id,
		     r->name);
		html_remarks(t, &r->about);
		emit(t, "</td><td>");
		html_status(t, r->status);
		emit(t, "</td></tr>\n");
	}
	html_table_end(t);
	html_close(t, site);
	site_save(site, "rules.html");
}

static void offer(struct text *t, const struct site *site, const struct offer *o)
{
	emit(t, "<h2 id=\"%s\">%s</h2>\n", o->name, o->name);
	html_lead(t, &o->about);
	emit(t, "<dl>\n");
	html_facts_about(t, &o->about);
	emit(t, "</dl>\n");
	html_marks(t, &o->about);
	html_table(t, "offers", "bit|name|remarks, and what it opens");
	for (const struct offer_bit *b = o->bits; b; b = b->next) {
		emit(t, "<tr id=\"%s.%s\"><td class=\"n\">%u</td><td><b>", o->name, b->name,
		     b->bit);
		html_name(t, b->name);
		emit(t, "</b></td><td>");
		html_remarks(t, &b->about);
		users(t, site, b);
		emit(t, "</td></tr>\n");
	}
	html_table_end(t);
}

static void offers(struct site *site)
{
	struct text *t = &site->page;

	html_open(t, site, "offers.html", "Privileges and features");
	emit(t, "<h1>Privileges and features</h1>\n<p class=\"lead\">What a partition may be "
		"offered: each bit with the CPUID bit that shows it and the calls and MSRs that it "
		"opens or advertises.</p>\n");
	for (const struct offer *o = site->spec->offers; o; o = o->next)
		offer(t, site, o);
	html_close(t, site);
	site_save(site, "offers.html");
}

void out_html_tables(struct site *site)
{
	statuses(site);
	rules(site);
	offers(site);
}
