/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The model as JSON: the document and its top-level lists. */
#include "model_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "spell.h"

enum { FORMAT = 1 };  /* counts changes that take something away from readers */

/* ---- the order of items ---- */

/* A list as an array, to be sorted by number, then by name. */
struct entry {
	uint64_t number;
	const char *name;
	const void *item;
};

struct index {
	struct entry *entries;
	size_t count, room;
};

static void add(struct index *x, uint64_t number, const char *name, const void *item)
{
	if (x->count == x->room) {
		x->room = x->room ? 2 * x->room : 64;
		x->entries = realloc(x->entries, x->room * sizeof(*x->entries));
		if (!x->entries) {
			fputs("hvgen: out of memory\n", stderr);
			exit(2);
		}
	}
	x->entries[x->count++] = (struct entry){ number, name, item };
}

static int compare(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* Write the items of an index, which ends with that, as one top-level list. */
static void put_list(struct model_json *m, const char *key, struct index *x,
		     void (*put)(struct model_json *m, const void *item))
{
	json_array(&m->json, key);
	if (x->count)
		qsort(x->entries, x->count, sizeof(*x->entries), compare);
	for (size_t i = 0; i < x->count; i++)
		put(m, x->entries[i].item);
	json_end(&m->json);
	free(x->entries);
}

/* ---- hypercalls ---- */

static void put_statuses_of(struct model_json *m, const struct call *c)
{
	if (!c->statuses)
		return;
	json_array(&m->json, "statuses");
	for (const struct status_use *u = c->statuses; u; u = u->next)
		json_text(&m->json, NULL, status_title(u->status));
	json_end(&m->json);
}

/* Who may call; absent where it is not known. */
static void put_callers(struct model_json *m, unsigned callers)
{
	if (!callers)
		return;
	json_array(&m->json, "callers");
	for (unsigned i = 0; caller_name(i); i++)
		if (callers >> i & 1)
			json_text(&m->json, NULL, caller_name(i));
	json_end(&m->json);
}

static void put_use(struct model_json *m, const struct call *c)
{
	put_callers(m, c->callers);
	put_offers(m, "needs", c->needs);
	if (c->needs)
		json_text(&m->json, "denied", status_title(c->denied));
	put_offers(m, "offered", c->offered);
	put_statuses_of(m, c);
}

static void put_shape(struct model_json *m, const struct call *c)
{
	struct json *j = &m->json;

	json_text(j, "class", c->unknown ? "unknown" : c->rep ? "rep" : "simple");
	json_bool(j, "variable_header", c->varhead);
	json_bool(j, "fast", c->fast);
	json_bool(j, "xmm", c->xmm);
	json_bool(j, "counted", c->counted);
	json_bool(j, "continuable", c->continuable);
}

static void put_blocks(struct model_json *m, const struct call *c)
{
	struct json *j = &m->json;

	json_row(j, "sizes");
	json_number(j, "input", call_in_size(c));
	json_number(j, "rep", c->each_in.size);
	json_number(j, "output", call_out_size(c));
	json_number(j, "rep_output", c->each_out.size);
	json_end(j);
	put_fields(m, "input", c->in.fields, 0);
	put_fields(m, "variable", c->var.fields, call_in_size(c));
	put_fields(m, "rep", c->each_in.fields, 0);
	put_fields(m, "output", c->out.fields, 0);
	put_fields(m, "rep_output", c->each_out.fields, 0);
}

static void put_call(struct model_json *m, const void *item)
{
	const struct call *c = item;

	json_object(&m->json, NULL);
	put_head(m, c->named, c->code, c->name);
	put_about(m, &c->about, &c->at);
	put_shape(m, c);
	put_use(m, c);
	put_blocks(m, c);
	put_checks(m, c->checks);
	json_end(&m->json);
}

static void put_calls(struct model_json *m)
{
	struct index x = { 0 };

	for (const struct call *c = m->spec->calls; c; c = c->next)
		add(&x, c->code, c->named, c);
	put_list(m, "hypercalls", &x, put_call);
}

/* ---- MSRs ---- */

static void put_access(struct model_json *m, const struct msr *r)
{
	struct json *j = &m->json;

	if (r->unknown)
		return;
	json_text(j, "scope", r->vp ? "vp" : "partition");
	json_text(j, "access", !r->writable ? "ro" : r->readable ? "rw" : "wo");
	json_number(j, "reset", r->reset);
	json_bool(j, "computed", r->computed);
	json_bool(j, "acts", r->acts);
}

/* Every number of a family has the whole item. */
static void put_msr(struct model_json *m, const void *item)
{
	const struct msr_row *row = item;
	const struct msr *r = row->msr;

	json_object(&m->json, NULL);
	put_head(m, msr_instance(r, row->index), row->number, r->name);
	if (r->strided)
		json_number(&m->json, "index", row->index);
	put_about(m, &r->about, &r->at);
	put_access(m, r);
	put_offers(m, "needs", r->needs);
	put_bits(m, "bits", r->bits);
	put_checks(m, r->checks);
	json_end(&m->json);
}

static void put_msrs(struct model_json *m)
{
	struct index x = { 0 };

	for (size_t i = 0; i < m->spec->msr_row_count; i++) {
		const struct msr_row *row = &m->spec->msr_rows[i];

		add(&x, row->number, row->msr->name, row);
	}
	put_list(m, "msrs", &x, put_msr);
}

/* ---- CPUID ---- */

static const char *const register_names[CPUID_REGISTERS] = { "EAX", "EBX", "ECX", "EDX" };

static void put_source(struct model_json *m, const struct bits *b)
{
	if (b->source == CPUID_OFFER)
		put_offers(m, "shows", b->offer);
	if (b->source == CPUID_CONSTANT)
		json_number(&m->json, "constant", b->constant);
	if (b->source == CPUID_VALUE)
		json_text(&m->json, "filled", b->value->name);
}

static void put_cpuid_part(struct model_json *m, const struct cpuid_leaf *l, const char *reg,
			   const struct bits *b)
{
	struct json *j = &m->json;
	struct about about = b->about;

	about.arch &= l->about.arch;
	if (!about.unimplemented)
		about.unimplemented = l->about.unimplemented;
	json_row(j, NULL);
	put_head(m, part_title(b), b->low, b->name);
	json_number(j, "width", b->high - b->low + 1);
	json_number(j, "leaf", l->number);
	json_text(j, "register", reg);
	put_source(m, b);
	put_about(m, &about, &b->at);
	json_end(j);
}

/* One item for each named part of a register; what is said of the leaf holds for all of them. */
static void put_cpuid_leaf(struct model_json *m, const void *item)
{
	const struct cpuid_leaf *l = item;

	for (int i = 0; i < CPUID_REGISTERS; i++)
		for (const struct bits *b = l->registers[i].bits; b; b = b->next)
			if (b->name)
				put_cpuid_part(m, l, register_names[i], b);
}

static void put_leaf(struct model_json *m, const void *item)
{
	const struct cpuid_leaf *l = item;

	json_object(&m->json, NULL);
	put_head(m, l->name, l->number, l->name);
	put_about(m, &l->about, &l->at);
	json_end(&m->json);
}

static void put_leaves(struct model_json *m, const char *key,
		       void (*put)(struct model_json *m, const void *item))
{
	struct index x = { 0 };

	for (const struct cpuid_leaf *l = m->spec->leaves; l; l = l->next)
		add(&x, l->number, l->name, l);
	put_list(m, key, &x, put);
}

/* ---- numbers with names ---- */

static void put_status(struct model_json *m, const void *item)
{
	const struct status *s = item;

	json_row(&m->json, NULL);
	put_head(m, status_title(s), s->value, s->name);
	put_about(m, &s->about, &s->at);
	json_end(&m->json);
}

static void put_statuses(struct model_json *m)
{
	struct index x = { 0 };

	for (const struct status *s = m->spec->statuses; s; s = s->next)
		add(&x, s->value, s->name, s);
	put_list(m, "statuses", &x, put_status);
}

static void put_register(struct model_json *m, const void *item)
{
	const struct enumerator *e = item;

	put_value(m, e->named, e);
}

static void put_registers(struct model_json *m)
{
	const struct type *names = spec_type(m->spec, "register_name");
	struct index x = { 0 };

	for (const struct enumerator *e = names ? names->values : NULL; e; e = e->next)
		add(&x, e->value, e->name, e);
	put_list(m, "registers", &x, put_register);
}

/* ---- types ---- */

static const char *type_kind(const struct type *t)
{
	static const char *const kinds[] = {
		[TYPE_INTEGER] = "integer", [TYPE_ALIAS] = "alias", [TYPE_BITS] = "bits",
		[TYPE_ENUM] = "enum", [TYPE_FLAGS] = "flags", [TYPE_STRUCT] = "struct",
	};

	return kinds[t->kind];
}

static void put_members(struct model_json *m, const struct type *t)
{
	if (t->kind == TYPE_STRUCT)
		put_fields(m, "fields", t->fields, 0);
	if (t->kind == TYPE_BITS)
		put_bits(m, "bits", t->bits);
	if (t->kind == TYPE_ENUM || t->kind == TYPE_FLAGS)
		put_values(m, "values", t);
}

static void put_type(struct model_json *m, const void *item)
{
	const struct type *t = item;

	json_object(&m->json, NULL);
	put_head(m, type_title(t), t->size, t->name);
	put_about(m, &t->about, &t->at);
	json_text(&m->json, "kind", type_kind(t));
	json_number(&m->json, "align", t->align);
	if (t->base)
		json_text(&m->json, "base", t->base->name);
	if (t->kind == TYPE_ENUM)
		json_bool(&m->json, "open", t->open);
	put_members(m, t);
	json_end(&m->json);
}

static void put_types(struct model_json *m)
{
	struct index x = { 0 };

	for (const struct type *t = m->spec->types; t; t = t->next)
		add(&x, 0, t->name, t);
	put_list(m, "types", &x, put_type);
}

/* ---- rules of the calling convention, privileges and features ---- */

static void put_rule(struct model_json *m, const void *item)
{
	const struct rule *r = item;

	json_row(&m->json, NULL);
	put_head(m, r->id, r->number, r->name);
	json_text(&m->json, "status", status_title(r->status));
	put_about(m, &r->about, &r->at);
	json_end(&m->json);
}

static void put_rules(struct model_json *m)
{
	struct index x = { 0 };

	for (const struct rule *r = m->spec->rules; r; r = r->next)
		add(&x, r->number, r->name, r);
	put_list(m, "rules", &x, put_rule);
}

static void put_offer_bit(struct model_json *m, const void *item)
{
	const struct offer_bit *b = item;

	json_row(&m->json, NULL);
	put_head(m, offer_title(b), b->bit, namef("%s.%s", b->block->name, b->name));
	put_about(m, &b->about, &b->at);
	json_end(&m->json);
}

/* The bits of all blocks of one kind. */
static void put_offer_kind(struct model_json *m, const char *key, bool privileges)
{
	struct index x = { 0 };

	for (const struct offer *o = m->spec->offers; o; o = o->next)
		for (const struct offer_bit *b = o->bits; b && o->is_privileges == privileges;
		     b = b->next)
			add(&x, b->bit, o->name, b);
	put_list(m, key, &x, put_offer_bit);
}

/* ---- what is no item ---- */

static void put_remarks(struct model_json *m)
{
	json_array(&m->json, "remarks");
	for (const struct remark *r = m->spec->remarks; r; r = r->next) {
		json_row(&m->json, NULL);
		json_text(&m->json, "subject", r->subject);
		put_about(m, &r->about, &r->at);
		json_end(&m->json);
	}
	json_end(&m->json);
}

static void put_absences(struct model_json *m)
{
	json_array(&m->json, "absences");
	for (const struct absence *a = m->spec->absences; a; a = a->next) {
		json_row(&m->json, NULL);
		json_text(&m->json, "name", a->name);
		json_text(&m->json, "reason", a->reason);
		json_end(&m->json);
	}
	json_end(&m->json);
}

/* ---- the document ---- */

static void put_identity(struct model_json *m)
{
	const struct spec *s = m->spec;
	struct json *j = &m->json;

	json_number(j, "format", FORMAT);
	json_text(j, "interface", s->interface);
	json_text(j, "version", namef("%u.%u.%u", s->version[0], s->version[1], s->version[2]));
	json_text(j, "sha256", spec_sha256(s));
	json_array(j, "sources");
	for (const struct source *source = s->sources; source; source = source->next) {
		json_row(j, NULL);
		json_text(j, "file", source_name(s, source));
		json_text(j, "title", source->title);
		json_end(j);
	}
	json_end(j);
}

void model_json(struct text *t, const struct spec *s, bool places)
{
	struct model_json m = { .json = { .text = t }, .spec = s, .places = places };

	json_object(&m.json, NULL);
	put_identity(&m);
	put_calls(&m);
	put_msrs(&m);
	put_leaves(&m, "leaves", put_leaf);
	put_leaves(&m, "cpuid", put_cpuid_leaf);
	put_statuses(&m);
	put_registers(&m);
	put_types(&m);
	put_rules(&m);
	put_offer_kind(&m, "privileges", true);
	put_offer_kind(&m, "features", false);
	put_remarks(&m);
	put_absences(&m);
	json_end(&m.json);
}
