/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Walks through everything a specification declares. */
#include "items.h"

#include "emit.h"
#include "spell.h"

struct walk {
	void (*visit)(void *context, const struct item *item);
	void *context;
};

static void report(const struct walk *w, struct item item)
{
	if (!item.numbers)
		item.numbers = 1;
	w->visit(w->context, &item);
}

static enum item_state state_of(const struct about *a)
{
	return a->unimplemented ? ITEM_DESCRIBED : ITEM_WORKS;
}

/* ---- parts of declarations; `item` is the declaration ---- */

static void walk_bits(const struct walk *w, const struct item *item, enum item_kind kind,
		      const char *prefix, const struct bits *list)
{
	for (const struct bits *b = list; b; b = b->next) {
		bool absent = b->offer && b->offer->target->about.unimplemented;

		report(w, (struct item){
			.kind = kind,
			.state = absent ? ITEM_DESCRIBED : item->state,
			.name = b->name ? namef("%s.%s", prefix, b->name)
					: namef("%s bits %u..%u", prefix, b->high, b->low),
			.at = &b->at, .about = &b->about, .owner = item->about,
			.reserved = b->kind != BITS_NAMED,
		});
	}
}

static void walk_fields(const struct walk *w, const struct item *item, enum item_kind kind,
			const char *prefix, const struct field *list)
{
	for (const struct field *f = list; f; f = f->next)
		report(w, (struct item){
			.kind = kind, .state = item->state,
			.name = f->kind == FIELD_DATA ? namef("%s.%s", prefix, f->name)
						      : namef("%s offset %u", prefix, f->offset),
			.at = &f->at, .about = &f->about, .owner = item->about,
			.reserved = f->kind != FIELD_DATA,
		});
}

/* ---- declarations ---- */

static void walk_call(const struct walk *w, const struct call *c)
{
	struct item item = {
		.kind = ITEM_CALL,
		.state = c->unknown ? ITEM_NAME_ONLY : state_of(&c->about),
		.name = c->named, .at = &c->at, .about = &c->about, .call = c,
	};

	report(w, item);
	walk_fields(w, &item, ITEM_CALL_FIELD, c->named, c->in.fields);
	walk_fields(w, &item, ITEM_CALL_FIELD, namef("%s var", c->named), c->var.fields);
	walk_fields(w, &item, ITEM_CALL_FIELD, namef("%s each", c->named), c->each_in.fields);
	walk_fields(w, &item, ITEM_CALL_FIELD, namef("%s out", c->named), c->out.fields);
	walk_fields(w, &item, ITEM_CALL_FIELD, namef("%s each out", c->named), c->each_out.fields);
}

static void walk_msr(const struct walk *w, const struct msr *m)
{
	struct item item = {
		.kind = ITEM_MSR,
		.state = m->unknown ? ITEM_NAME_ONLY : state_of(&m->about),
		.name = m->named, .at = &m->at, .about = &m->about, .numbers = m->count,
	};

	report(w, item);
	walk_bits(w, &item, ITEM_MSR_BITS, m->named, m->bits);
}

static void walk_leaf(const struct walk *w, const struct cpuid_leaf *l)
{
	static const char *const registers[CPUID_REGISTERS] = { "EAX", "EBX", "ECX", "EDX" };
	const char *name = namef("CPUID 0x%08x", l->number);
	struct item item = {
		.kind = ITEM_LEAF, .state = state_of(&l->about), .name = name,
		.at = &l->at, .about = &l->about,
	};

	report(w, item);
	for (unsigned r = 0; r < CPUID_REGISTERS; r++)
		walk_bits(w, &item, ITEM_LEAF_BITS, namef("%s %s", name, registers[r]),
			  l->registers[r].bits);
}

static void walk_offer(const struct walk *w, const struct offer *o)
{
	report(w, (struct item){ .kind = ITEM_OFFER, .name = o->name, .at = &o->at,
				 .about = &o->about });
	for (const struct offer_bit *b = o->bits; b; b = b->next)
		report(w, (struct item){
			.kind = ITEM_OFFER_BIT, .state = state_of(&b->about),
			.name = namef("%s.%s", o->name, b->name),
			.at = &b->at, .about = &b->about, .owner = &o->about,
		});
}

static void walk_type(const struct walk *w, const struct type *t)
{
	struct item item = {
		.kind = ITEM_TYPE, .name = t->name, .at = &t->at, .about = &t->about, .type = t,
	};

	report(w, item);
	walk_fields(w, &item, ITEM_TYPE_FIELD, t->name, t->fields);
	walk_bits(w, &item, ITEM_TYPE_BITS, t->name, t->bits);
	for (const struct enumerator *v = t->values; v; v = v->next)
		report(w, (struct item){
			.kind = ITEM_VALUE, .state = state_of(&v->about),
			.name = v->about.named ? v->named : namef("%s.%s", t->name, v->name),
			.at = &v->at, .about = &v->about, .owner = &t->about, .type = t,
		});
}

void each_item(const struct spec *s, void (*visit)(void *context, const struct item *item),
	       void *context)
{
	const struct walk w = { visit, context };

	for (const struct remark *r = s->remarks; r; r = r->next)
		report(&w, (struct item){ .kind = ITEM_REMARK, .name = r->subject, .at = &r->at,
					  .about = &r->about });
	for (const struct type *t = s->types; t; t = t->next)
		walk_type(&w, t);
	for (const struct status *st = s->statuses; st; st = st->next)
		report(&w, (struct item){ .kind = ITEM_STATUS, .name = c_status(st), .at = &st->at,
					  .about = &st->about });
	for (const struct rule *r = s->rules; r; r = r->next)
		report(&w, (struct item){ .kind = ITEM_RULE, .name = namef("rule %s", r->name),
					  .at = &r->at, .about = &r->about });
	for (const struct offer *o = s->offers; o; o = o->next)
		walk_offer(&w, o);
	for (const struct call *c = s->calls; c; c = c->next)
		walk_call(&w, c);
	for (const struct msr *m = s->msrs; m; m = m->next)
		walk_msr(&w, m);
	for (const struct cpuid_leaf *l = s->leaves; l; l = l->next)
		walk_leaf(&w, l);
}

unsigned item_arch(const struct item *item)
{
	return item->about->arch & (item->owner ? item->owner->arch : ARCH_ALL);
}

static bool has_mark(const struct about *a, enum mark_kind kind)
{
	const struct mark *m = a->marks;

	while (m && m->kind != kind)
		m = m->next;
	return m != NULL;
}

bool item_has_mark(const struct item *item, enum mark_kind kind)
{
	return has_mark(item->about, kind) || (item->owner && has_mark(item->owner, kind));
}
