/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Screens about hypercalls, and about the rules of the calling convention and of inputs. */
#include <string.h>

#include "explain.h"
#include "sample.h"
#include "spell.h"
#include "words.h"

/* ---- calls ---- */

static const char *statuses_of(const struct call *c)
{
	const char *text = "HV_STATUS_SUCCESS";

	for (const struct status_use *u = c->statuses; u; u = u->next)
		text = explain_also(text, c_status(u->status));
	return namef("%s, and those of the convention", text);
}

static void block(struct screen *screen, const char *title, const struct block *b)
{
	if (b->present)
		explain_fields(screen, namef("%s, %u bytes", title, b->size), b->fields);
}

/* The variable header is a row of qwords, too many to draw. */
static void variable_header(struct screen *screen, const struct call *c)
{
	const struct field *f = c->var.fields;
	struct text *t;

	if (!f)
		return;
	t = screen_part(screen);
	emit(t, "Variable header, from 0x%04x on: ", call_in_size(c));
	screen_fill(t, 2, namef("qwords %s (%s)%s. %s", f->name, f->type->name,
				f->count_of.text ? namef(", one for each bit set in %s",
							 f->count_of.text)
						 : "",
				explain_remarks(&f->about)));
	emit_blank(t);
}

void explain_call(struct screen *screen, const struct spec *s, const struct call *c)
{
	struct text *t = explain_head(screen, c->named, namef("hypercall 0x%04x", c->code),
					 &c->about);

	screen_item(t, "shape", words_shape(c));
	screen_item(t, "caller", words_callers(c->callers));
	screen_item(t, "needs", explain_offers(s, c->needs));
	if (c->needs)
		screen_item(t, "without it", c_status(c->denied));
	screen_item(t, "offered by", explain_offers(s, c->offered));
	if (!c->unknown)
		screen_item(t, "statuses", statuses_of(c));
	explain_implemented(t, &c->about, "yes");
	explain_place(t, &c->at, c->name);
	block(screen, "Input header", &c->in);
	variable_header(screen, c);
	block(screen, "Each element of the input", &c->each_in);
	block(screen, "Output", &c->out);
	block(screen, "Each element of the output", &c->each_out);
	explain_checks(screen, c->checks);
}

/* ---- rules ---- */

static const struct about nothing = { .doc = "", .arch = ARCH_ALL };

void explain_rule(struct screen *screen, const struct spec *s, const struct rule *r)
{
	struct text *t = explain_head(screen, r->id, "rule of the calling convention", &r->about);

	screen_item(t, "otherwise", words_outcome(r->status));
	screen_item(t, "order", namef("number %u, before the rules of a call's own input",
				      r->number));
	explain_place(t, &r->at, r->name);
}

static unsigned end_of_input(const struct call *c, const struct sample *smp)
{
	return call_in_size(c) + 8 * smp->var_count;
}

static void hex(struct text *t, const char *what, const uint8_t *bytes, unsigned count)
{
	const char *text = "";

	for (unsigned i = 0; i < count; i++)
		text = namef("%s%s%02x", text, i ? i % 8 ? " " : "  " : "", bytes[i]);
	screen_item(t, what, text);
}

/* The smallest input that breaks the rule, as the test vectors have it. */
static void breaking_input(struct screen *screen, const struct call *c, const struct check *k)
{
	struct sample smp = sample_of_call(c);
	struct text *t = screen_part(screen);

	if (!sample_break(&smp, c->checks, k, 0))
		return;
	emit_line(t, "The smallest input that breaks it and no rule before it");
	hex(t, "header", smp.in, call_in_size(c));
	if (smp.var_count)
		screen_item(t, "then", namef("%u qwords of 0x%llx, up to byte %u", smp.var_count,
					     (unsigned long long)smp.bank,
					     end_of_input(c, &smp)));
	hex(t, "element", smp.each, c->each_in.size);
}

static void breaking_value(struct screen *screen, const struct msr *m, const struct check *k)
{
	struct sample smp = sample_of_msr(m);
	struct text *t = screen_part(screen);

	if (!sample_break(&smp, m->checks, k, 0))
		return;
	screen_item(t, "broken by", namef("writing 0x%016llx over 0x%016llx",
					  (unsigned long long)smp.msr,
					  (unsigned long long)smp.msr_old));
}

void explain_check(struct screen *screen, const struct spec *s, const struct found *f)
{
	const struct check *k = f->check;
	const char *owner = f->call ? f->call->named : f->msr->named;
	struct text *t = explain_head(screen, k->id, namef("rule of %s", owner), &nothing);

	screen_item(t, "what holds", k->text);
	screen_item(t, "otherwise", words_outcome(k->status));
	explain_place(t, &k->at, namef("SPEC_RULE_%s", k->enumerator));
	if (f->call)
		breaking_input(screen, f->call, k);
	else
		breaking_value(screen, f->msr, k);
}
