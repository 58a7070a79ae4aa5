/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * reference.md: the interface for people, with what is implemented, what is refused and why, and
 * where facts come from.
 */
#include <string.h>

#include "out.h"
#include "spell.h"
#include "words.h"

/* ---- words ---- */

/* Text inside a table cell: on one line, bars and angle brackets meaning themselves. */
static const char *cell(const char *text)
{
	struct text t = { 0 };

	for (; text && *text; text++) {
		if (*text == '|' || *text == '<')
			emit_char(&t, '\\');
		emit_char(&t, *text == '\n' ? ' ' : *text);
	}
	const char *kept = namef("%.*s", (int)t.len, t.len ? t.data : "");
	text_free(&t);
	return kept;
}

/* Where a fact departs from the architecture: each mark with its reason, as one run of text. */
static const char *marks(const struct about *a)
{
	const char *text = "";

	for (const struct mark *m = a->marks; m; m = m->next)
		text = namef("%s%s*%s*: %s.", text, *text ? " " : "", mark_name(m->kind),
			     cell(m->reason));
	return text;
}

static const char *offers(const struct offer_use *list)
{
	const char *text = "";

	for (; list; list = list->next)
		text = namef("%s%s`%s.%s`", text, *text ? ", " : "", list->block.text,
			     list->bit.text);
	return text;
}

/* Two runs of text as one. */
static const char *joined(const char *a, const char *b)
{
	return namef("%s%s%s", a, *a && *b ? " " : "", b);
}

/* Documentation, marks, architecture and history of one line. */
static const char *remarks(const struct about *a)
{
	const char *text = joined(cell(a->doc), marks(a));

	if (a->arch != ARCH_ALL)
		text = joined(text, namef("%s only.", words_arches(a->arch)));
	if (a->offered)
		text = joined(text, namef("Offered by %s.", offers(a->offered)));
	for (const struct name_list *n = a->formerly; n; n = n->next)
		text = joined(text, namef("Formerly `%s`.", n->name.text));
	return text;
}

static void item(struct text *t, const char *name, const char *value)
{
	if (value && *value)
		emit_line(t, "- %s: %s", name, value);
}

/* What every declaration may say of itself. */
static void about(struct text *t, const struct about *a)
{
	const char *refs = "";

	for (const struct name_list *r = a->refs; r; r = r->next)
		refs = namef("%s%s%s", refs, *refs ? "; " : "", r->name.text);
	if (*a->doc)
		emit_line(t, "%s\n", cell(a->doc));
	item(t, "TLFS", refs);
	item(t, "since", a->since);
	for (const struct name_list *n = a->formerly; n; n = n->next)
		item(t, "formerly", namef("`%s`", n->name.text));
	item(t, "provenance", marks(a));
	item(t, "not implemented", cell(a->unimplemented));
	if (a->arch != ARCH_ALL)
		item(t, "architecture", words_arches(a->arch));
}

/* ---- what is there ---- */

/* One empty line before it, however what stands above ended. */
static void table_head(struct text *t, const char *columns)
{
	if (t->len < 2 || t->data[t->len - 2] != '\n')
		emit_blank(t);
	emit(t, "| %s |\n|", columns);
	for (const char *p = columns; p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL)
		emit(t, "---|");
	emit_line(t, "%s", "");
}

static const char *state(const char *reason, const char *refusal)
{
	return reason ? namef("refused with %s: %s", refusal, cell(reason)) : "implemented";
}

static void conformance(struct text *t, const struct spec *s)
{
	emit_line(t, "\n## Conformance\n\nEverything the specification names, and what comes of "
		     "using it.");
	table_head(t, "call | name | state");
	for (const struct call *c = s->calls; c; c = c->next)
		emit_line(
			t, "| 0x%04x | %s | %s |", c->code, c->named,
			state(c->about.unimplemented,
			      words_outcome(spec_rule(s, "code_known")->status)));
	table_head(t, "MSR | name | state");
	for (const struct msr *m = s->msrs; m; m = m->next)
		emit_line(t, "| 0x%08x | %s | %s |", m->number, m->named,
			  state(m->about.unimplemented, "#GP"));
	table_head(t, "privilege or feature | bit | state");
	for (const struct offer *o = s->offers; o; o = o->next)
		for (const struct offer_bit *b = o->bits; b; b = b->next)
			emit_line(t, "| `%s.%s` | %u | %s |", o->name, b->name, b->bit,
				  b->about.unimplemented
					  ? namef("never offered: %s", cell(b->about.unimplemented))
					  : "may be offered");
}

static void convention(struct text *t, const struct spec *s)
{
	emit_line(t, "\n## Checks of the calling convention\n\nIn this order, before the rules of "
		     "a call's own input.");
	table_head(t, "rule | name | what must hold | otherwise | remarks");
	for (const struct rule *r = s->rules; r; r = r->next)
		emit_line(t, "| %s | %s | %s | %s | %s |", r->id, r->name, cell(r->about.doc),
			  words_outcome(r->status), marks(&r->about));
}

/* ---- layouts ---- */

static const char *field_type(const struct field *f)
{
	const char *name = f->kind == FIELD_PAD   ? "ignored"
			   : f->kind == FIELD_MBZ ? "must be zero"
						  : f->type->name;
	bool declared = f->kind == FIELD_DATA && f->type->kind != TYPE_INTEGER;

	if (declared)
		name = namef("[%s](#type-%s)", name, name);
	return f->is_array ? namef("%s, %u %s", name, f->count,
				   f->kind == FIELD_DATA ? "times" : "bytes")
			   : name;
}

static void fields(struct text *t, const char *title, const struct field *list)
{
	emit_line(t, "\n%s:", title);
	table_head(t, "offset | size | type | name | remarks");
	for (const struct field *f = list; f; f = f->next)
		emit_line(t, "| %u | %u | %s | %s | %s |", f->offset, field_size(f), field_type(f),
			  f->kind == FIELD_DATA ? f->name : "", remarks(&f->about));
}

static void block(struct text *t, const char *title, const struct block *b)
{
	if (b->present)
		fields(t, namef("%s, %u bytes", title, b->size), b->fields);
}

static void bits_table(struct text *t, const struct bits *list)
{
	if (!list)
		return;
	table_head(t, "bits | name | rule | remarks");
	for (const struct bits *b = list; b; b = b->next)
		emit_line(t, "| %s | %s | %s | %s |", words_bit_range(b->high, b->low),
			  b->name ? b->name : "", words_bits_rule(b), remarks(&b->about));
}

static void rules(struct text *t, const struct check *list)
{
	if (!list)
		return;
	table_head(t, "rule | what must hold | otherwise");
	for (const struct check *k = list; k; k = k->next)
		emit_line(t, "| %s | %s | %s |", k->id, cell(k->text), words_outcome(k->status));
}

/* ---- declarations ---- */

static const char *statuses_of(const struct call *c)
{
	const char *text = "`HV_STATUS_SUCCESS`";

	for (const struct status_use *u = c->statuses; u; u = u->next)
		text = namef("%s, `%s`", text, c_status(u->status));
	return text;
}

static void call(struct text *t, const struct call *c)
{
	emit_line(t, "\n### 0x%04x %s\n", c->code, c->named);
	about(t, &c->about);
	item(t, "shape", words_shape(c));
	item(t, "caller", words_callers(c->callers));
	item(t, "advertised by", offers(c->offered));
	item(t, "needs", offers(c->needs));
	if (c->needs)
		item(t, "without it", c_status(c->denied));
	item(t, "statuses beside those of the convention", statuses_of(c));
	block(t, "Input header", &c->in);
	if (c->var.present)
		fields(t, "Variable header, qwords", c->var.fields);
	block(t, "Each input element", &c->each_in);
	block(t, "Output", &c->out);
	block(t, "Each output element", &c->each_out);
	rules(t, c->checks);
}

static void msr(struct text *t, const struct msr *m)
{
	emit_line(t, "\n### 0x%08x %s\n", m->number, m->named);
	about(t, &m->about);
	item(t, "scope", words_scope(m));
	item(t, "access", words_access(m));
	if (m->strided)
		item(t, "instances", namef("%u, every %u", m->count, m->stride));
	item(t, "needs", offers(m->needs));
	if (!m->unknown)
		item(t, "reset", namef("0x%llx", (unsigned long long)m->reset));
	bits_table(t, m->bits);
	rules(t, m->checks);
}

static void leaf(struct text *t, const struct cpuid_leaf *l)
{
	static const char *const names[CPUID_REGISTERS] = { "EAX", "EBX", "ECX", "EDX" };

	emit_line(t, "\n### 0x%08x %s\n", l->number, l->name);
	about(t, &l->about);
	table_head(t, "register | bits | name | from | remarks");
	for (unsigned i = 0; i < CPUID_REGISTERS; i++)
		for (const struct bits *b = l->registers[i].bits; b; b = b->next)
			emit_line(t, "| %s | %s | %s | %s | %s |", names[i],
				  words_bit_range(b->high, b->low), b->name ? b->name : "",
				  words_source(b), remarks(&b->about));
}

static void values(struct text *t, const struct type *type)
{
	table_head(t, type->kind == TYPE_FLAGS ? "bit | constant | name | remarks"
					       : "value | constant | name | remarks");
	for (const struct enumerator *e = type->values; e; e = e->next) {
		const char *number = type->kind == TYPE_FLAGS
					     ? namef("%u", (unsigned)e->value)
					     : namef("0x%llx", (unsigned long long)e->value);
		const char *why = e->about.unimplemented;
		emit_line(t, "| %s | HV_%s_%s | %s | %s%s |", number, upper(type->name),
			  upper(e->name), e->named, remarks(&e->about),
			  why ? namef(" Not implemented: %s.", cell(why)) : "");
	}
}

static void type(struct text *t, const struct type *type)
{
	static const char *const kinds[] = { "integer", "integer", "bits",
					     "values",  "flags",   "structure" };

	emit_line(t, "\n### Type %s\n\n<a id=\"type-%s\"></a>\n", type->name, type->name);
	about(t, &type->about);
	item(t, "kind",
	     namef("%s%s, %u byte%s", type->kind == TYPE_ENUM && type->open ? "open list of " : "",
		   kinds[type->kind], type->size, type->size == 1 ? "" : "s"));
	if (type->kind == TYPE_BITS)
		bits_table(t, type->bits);
	else if (type->kind == TYPE_ENUM || type->kind == TYPE_FLAGS)
		values(t, type);
	else if (type->kind == TYPE_STRUCT)
		fields(t, "Layout", type->fields);
}

static void statuses(struct text *t, const struct spec *s)
{
	emit_line(t, "\n## Statuses");
	table_head(t, "number | name | remarks");
	for (const struct status *st = s->statuses; st; st = st->next)
		emit_line(t, "| 0x%04x | %s | %s |", st->value, c_status(st), remarks(&st->about));
}

static void offer(struct text *t, const struct offer *o)
{
	emit_line(t, "\n### Word %s\n", o->name);
	about(t, &o->about);
	table_head(t, "bit | name | remarks");
	for (const struct offer_bit *b = o->bits; b; b = b->next)
		emit_line(t, "| %u | `%s.%s` | %s |", b->bit, o->name, b->name, remarks(&b->about));
}

void out_reference_md(struct text *t, const struct spec *s)
{
	emit_line(t, "# The interface %s, version %u.%u.%u\n", s->interface, s->version[0],
		  s->version[1], s->version[2]);
	emit_line(t, "Generated by hvgen from the specification. What bears no mark is "
		     "architectural; *observed* is what\nknown hypervisors do, *erratum* where the "
		     "document is wrong, *disputed* where sources disagree,\n*ours* our choice.");
	conformance(t, s);
	convention(t, s);
	emit_line(t, "\n## Hypercalls");
	for (const struct call *c = s->calls; c; c = c->next)
		call(t, c);
	emit_line(t, "\n## MSRs");
	for (const struct msr *m = s->msrs; m; m = m->next)
		msr(t, m);
	emit_line(t, "\n## CPUID leaves");
	for (const struct cpuid_leaf *l = s->leaves; l; l = l->next)
		leaf(t, l);
	emit_line(t, "\n## What a partition is offered");
	for (const struct offer *o = s->offers; o; o = o->next)
		offer(t, o);
	statuses(t, s);
	emit_line(t, "\n## Types");
	for (const struct type *y = s->types; y; y = y->next)
		type(t, y);
}
