/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The pages of hypercalls. */
#include "html_layout.h"
#include "out_html.h"
#include "spell.h"
#include "words.h"

static void block(struct text *t, const char *title, const struct block *b)
{
	if (b->present)
		html_fields(t, namef("%s, %u bytes", title, b->size), b->fields, b->size);
}

static void blocks(struct text *t, const struct call *c)
{
	block(t, "Input", &c->in);
	if (c->var.present)
		html_fields(t, "Variable header, any number of 8 bytes", c->var.fields, 0);
	block(t, "Each input element", &c->each_in);
	block(t, "Output", &c->out);
	block(t, "Each output element", &c->each_out);
}

static void statuses(struct text *t, const struct call *c)
{
	emit(t, "<h2>Statuses</h2>\n");
	if (c->unknown) {
		emit(t, "<p>Not known.</p>\n");
		return;
	}
	emit(t, "<p>Beside success and those of the <a href=\"rules.html\">calling convention</a>:"
		"</p>\n");
	html_table(t, "statuses", "number|name|meaning");
	for (const struct status_use *u = c->statuses; u; u = u->next) {
		emit(t, "<tr><td class=\"n\">0x%04x</td><td>", u->status->value);
		html_status(t, u->status);
		emit(t, "</td><td>");
		html_text(t, u->status->about.doc);
		emit(t, "</td></tr>\n");
	}
	html_table_end(t);
}

static void needs(struct text *t, const struct call *c)
{
	if (c->offered) {
		html_fact(t, "Advertised by");
		html_offers(t, c->offered);
		html_fact_end(t);
	}
	if (!c->needs)
		return;
	html_fact(t, "Needs");
	html_offers(t, c->needs);
	emit(t, ", else ");
	html_status(t, c->denied);
	html_fact_end(t);
}

static void facts(struct text *t, const struct call *c)
{
	emit(t, "<dl>\n");
	html_fact_text(t, "Form", words_shape(c));
	html_fact_text(t, "Caller", words_callers(c->callers));
	needs(t, c);
	html_facts_about(t, &c->about);
	if (for_x64(&c->about)) {
		html_fact(t, "In C");
		emit(t, "<code>HV_CALL_%s</code>", upper(c->name));
		html_fact_end(t);
	}
	emit(t, "</dl>\n");
}

static void call(struct site *site, const struct call *c)
{
	struct text *t = &site->page;
	const struct status *refused = spec_rule(site->spec, "code_known")->status;

	html_open(t, site, "calls.html", c->named);
	html_title(t, "calls.html", "Hypercalls", &c->at, c->named,
		   namef("<code>0x%04x</code> hypercall", c->code));
	html_lead(t, &c->about);
	html_state(t, &c->about, namef("Answered with <code>%s</code>.", words_outcome(refused)));
	facts(t, c);
	html_marks(t, &c->about);
	blocks(t, c);
	html_checks(t, c->checks);
	if (c->unknown || c->statuses)
		statuses(t, c);
	html_close(t, site);
	site_save(site, href_call(c));
}

void out_html_calls(struct site *site)
{
	for (const struct call *c = site->spec->calls; c; c = c->next)
		call(site, c);
}
