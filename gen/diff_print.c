/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Shows a comparison: to people, to programs, and to those who read what is new. */
#include <string.h>

#include "diag.h"
#include "diff.h"
#include "digest.h"
#include "json.h"

static const struct pos *main_place(const struct change *c)
{
	return c->new_at.source ? &c->new_at : &c->old_at;
}

static const char *version(const struct spec *s)
{
	return namef("%u.%u.%u", s->version[0], s->version[1], s->version[2]);
}

static enum verdict worse(const struct diff_rule_info *r)
{
	return r->wire > r->source ? r->wire : r->source;
}

static unsigned count(const struct diff *d, enum verdict v, bool allowed)
{
	unsigned n = 0;

	for (const struct change *c = d->changes; c; c = c->next)
		n += c->allowed == allowed && (allowed || worse(&diff_rules[c->rule]) == v);
	return n;
}

/* ---- text ---- */

static void print_place(const struct pos *at, FILE *to)
{
	fprintf(to, "%s:%u:%u: ", at->source->name, at->line, at->column);
}

static void print_change(const struct change *c, FILE *to)
{
	const struct diff_rule_info *r = &diff_rules[c->rule];

	print_place(main_place(c), to);
	fprintf(to, "%s: %s: %s [%s: wire %s, source %s]\n",
		c->allowed ? "allowed" : level_name(r->level), c->item, c->text, r->name,
		verdict_name(r->wire), verdict_name(r->source));
	diag_show_line(main_place(c), to);
	if (!c->new_at.source || !c->old_at.source)
		return;
	print_place(&c->old_at, to);
	fputs("note: before\n", to);
	diag_show_line(&c->old_at, to);
}

/* What the changes ask of the version number, and whether it does that. */
static void print_demand(const struct diff *d, FILE *to)
{
	enum level level = diff_level(d), demand = diff_demand(d);

	fprintf(to, "demands: %s%s; version goes %s -> %s: %s\n", level_name(level),
		level != demand ? namef(" (%s before 1.0.0)", level_name(demand)) : "",
		version(d->old), version(d->new),
		diff_version_suffices(d) ? "enough" : "too small");
}

static bool same_version(const struct diff *d)
{
	return memcmp(d->old->version, d->new->version, sizeof(d->new->version)) == 0;
}

void diff_print_text(const struct diff *d, FILE *to)
{
	for (const struct change *c = d->changes; c; c = c->next)
		print_change(c, to);
	for (const struct diff_note *r = d->notes; r; r = r->next) {
		print_place(&r->at, to);
		fprintf(to, "note: %s: %s\n", r->item, r->text);
		diag_show_line(&r->at, to);
	}
	if (!d->changes && same_version(d))
		return;
	fprintf(to, "%u breaking, %u warnings, %u additive, %u without effect, %u allowed\n",
		count(d, BREAKING, false), count(d, WARNING, false), count(d, ADDITIVE, false),
		count(d, NONE, false), count(d, NONE, true));
	print_demand(d, to);
}

/* ---- JSON ---- */

static void json_place(struct json *j, const char *key, const struct pos *at)
{
	if (!at->source)
		return;
	json_row(j, key);
	json_text(j, "file", at->source->name);
	json_number(j, "line", at->line);
	json_number(j, "column", at->column);
	json_end(j);
}

static void json_change(struct json *j, const struct change *c)
{
	const struct diff_rule_info *r = &diff_rules[c->rule];

	json_object(j, NULL);
	json_text(j, "rule", r->name);
	json_text(j, "item", c->item);
	json_text(j, "text", c->text);
	json_text(j, "wire", verdict_name(r->wire));
	json_text(j, "source", verdict_name(r->source));
	json_text(j, "demands", level_name(r->level));
	json_bool(j, "allowed", c->allowed);
	json_place(j, "old", &c->old_at);
	json_place(j, "new", &c->new_at);
	json_end(j);
}

static void json_spec(struct json *j, const char *key, const struct spec *s)
{
	json_row(j, key);
	json_text(j, "interface", s->interface);
	json_text(j, "version", version(s));
	json_text(j, "sha256", spec_sha256(s));
	json_end(j);
}

void diff_print_json(const struct diff *d, struct text *t)
{
	struct json j = { .text = t };

	json_object(&j, NULL);
	json_spec(&j, "old", d->old);
	json_spec(&j, "new", d->new);
	json_text(&j, "verdict", verdict_name(diff_verdict(d)));
	json_text(&j, "demands", level_name(diff_demand(d)));
	json_bool(&j, "version_suffices", diff_version_suffices(d));
	json_array(&j, "changes");
	for (const struct change *c = d->changes; c; c = c->next)
		json_change(&j, c);
	json_end(&j);
	json_array(&j, "notes");
	for (const struct diff_note *r = d->notes; r; r = r->next) {
		json_object(&j, NULL);
		json_text(&j, "item", r->item);
		json_text(&j, "text", r->text);
		json_place(&j, "new", &r->at);
		json_end(&j);
	}
	json_end(&j);
	json_end(&j);
}

/* ---- changelog ---- */

static void list_changes(const struct diff *d, const char *title, enum verdict v, struct text *t)
{
	bool any = false;

	for (const struct change *c = d->changes; c; c = c->next) {
		const struct diff_rule_info *r = &diff_rules[c->rule];

		if (worse(r) != v)
			continue;
		if (!any)
			emit_line(t, "\n### %s\n", title);
		any = true;
		emit_line(t, "- `%s`: %s (%s%s)", c->item, c->text, r->name,
			  v != BREAKING	       ? ""
			  : r->wire != BREAKING ? "; sources alone"
			  : r->source != BREAKING ? "; running guests alone"
						  : "");
	}
}

void diff_print_first(const struct spec *s, struct text *t)
{
	emit_line(t, "## %s\n\nThe first version.", version(s));
}

void diff_print_changelog(const struct diff *d, struct text *t)
{
	unsigned quiet = count(d, NONE, false);

	emit_line(t, "## %s (after %s)", version(d->new), version(d->old));
	if (!d->changes)
		emit_line(t, "\nNothing has changed.");
	list_changes(d, "Breaking", BREAKING, t);
	list_changes(d, "To be aware of", WARNING, t);
	list_changes(d, "New", ADDITIVE, t);
	if (quiet)
		emit_line(t, "\n%u more change%s what guests and sources cannot notice.", quiet,
			  quiet == 1 ? "s" : "");
}
