/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Refuses names and numbers that are declared twice. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "diag.h"

/* Things of one kind, to be sorted by name and by number. */
struct entry {
	const char *name;
	struct pos name_at;
	uint64_t number;
	struct pos number_at;
	unsigned order;
	unsigned arch;         /* set of enum arch: where name and number count */
	unsigned size;         /* of an alias: bytes of its constant, else 0 */
};

struct entries {
	struct spec *spec;
	struct entry *list;
	unsigned count, room;
};

static void add(struct entries *e, const char *name, const struct pos *name_at, uint64_t number,
		const struct pos *number_at)
{
	if (e->count == e->room) {
		unsigned room = e->room ? e->room * 2 : 64;
		struct entry *list = spec_alloc(e->spec, room * sizeof(*list));

		if (e->count)
			memcpy(list, e->list, e->count * sizeof(*list));
		e->list = list;
		e->room = room;
	}
	e->list[e->count] = (struct entry){ .name = name, .name_at = *name_at, .number = number,
					    .number_at = *number_at, .order = e->count,
					    .arch = ARCH_ALL };
	e->count++;
}

/* The same for what may exist on one architecture alone. */
static void add_for(struct entries *e, unsigned arch, const char *name, const struct pos *name_at,
		    uint64_t number, const struct pos *number_at)
{
	add(e, name, name_at, number, number_at);
	e->list[e->count - 1].arch = arch;
}

/* Names that something had before; like its own, nothing else may take them. */
static void add_former(struct entries *e, const struct about *about)
{
	for (const struct name_list *n = about->formerly; n; n = n->next)
		add_for(e, about->arch, n->name.text, &n->name.at, 0, &n->name.at);
}

static int by_order(const struct entry *a, const struct entry *b)
{
	return a->order < b->order ? -1 : a->order > b->order;
}

static int by_name(const void *left, const void *right)
{
	int difference = strcmp(((const struct entry *)left)->name,
				((const struct entry *)right)->name);

	return difference ? difference : by_order(left, right);
}

static int by_number(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return by_order(a, b);
}

static bool same_name(const struct entry *a, const struct entry *b)
{
	return strcmp(a->name, b->name) == 0;
}

static bool same_number(const struct entry *a, const struct entry *b)
{
	return a->number == b->number;
}

/* The first that is the same on the same architecture, or `this` itself, in a sorted list. */
static const struct entry *first_same(const struct entries *e, const struct entry *this,
				      bool (*same)(const struct entry *, const struct entry *))
{
	const struct entry *first = this;

	for (const struct entry *other = this; other-- > e->list && same(other, this);)
		if (other->arch & this->arch)
			first = other;
	return first;
}

static void check_names_by(struct entries *e, const char *what,
			   bool (*same)(const struct entry *, const struct entry *))
{
	if (e->count)
		qsort(e->list, e->count, sizeof(*e->list), by_name);
	for (unsigned i = 1; i < e->count; i++) {
		const struct entry *this = &e->list[i], *first = first_same(e, this, same);

		if (first == this)
			continue;
		diag_error(e->spec, &this->name_at, "second %s '%s'", what, this->name);
		diag_note(e->spec, &first->name_at, "first declared here");
	}
}

static void check_names(struct entries *e, const char *what)
{
	check_names_by(e, what, same_name);
}

static void check_numbers(struct entries *e, const char *what)
{
	if (e->count)
		qsort(e->list, e->count, sizeof(*e->list), by_number);
	for (unsigned i = 1; i < e->count; i++) {
		const struct entry *this = &e->list[i], *first = first_same(e, this, same_number);

		if (first == this)
			continue;
		diag_error(e->spec, &this->number_at, "%s 0x%llx is taken already", what,
			   (unsigned long long)this->number);
		diag_note(e->spec, &first->number_at, "first declared here, as '%s'", first->name);
	}
}

/* ---- the lists ---- */

static void check_fields(struct spec *s, const struct field *list)
{
	struct entries e = { .spec = s };

	for (const struct field *f = list; f; f = f->next)
		add(&e, f->name, &f->at, 0, &f->at);
	check_names(&e, "field");
}

static void check_parts(struct spec *s, const struct bits *list)
{
	struct entries e = { .spec = s };

	for (const struct bits *b = list; b; b = b->next)
		if (b->name)
			add(&e, b->name, &b->at, 0, &b->at);
	check_names(&e, "bit name");
}

static void check_values(struct spec *s, const struct type *t)
{
	struct entries e = { .spec = s };

	for (const struct enumerator *v = t->values; v; v = v->next)
		add_for(&e, v->about.arch, v->name, &v->at, v->value, &v->at);
	check_numbers(&e, t->kind == TYPE_FLAGS ? "bit" : "value");
	for (const struct enumerator *v = t->values; v; v = v->next)
		add_former(&e, &v->about);
	check_names(&e, t->kind == TYPE_FLAGS ? "flag" : "value");
}

static void check_types(struct spec *s)
{
	struct entries e = { .spec = s };

	for (const struct type *t = s->types; t; t = t->next) {
		if (spec_type(s, t->name)->kind == TYPE_INTEGER)
			diag_error(s, &t->at, "'%s' is a type of the language", t->name);
		add(&e, t->name, &t->at, 0, &t->at);
		check_values(s, t);
		check_fields(s, t->fields);
		check_parts(s, t->bits);
	}
	check_names(&e, "type");
}

static void check_status_list(struct spec *s)
{
	struct entries e = { .spec = s };

	for (const struct status *status = s->statuses; status; status = status->next)
		add(&e, status->name, &status->at, status->value, &status->at);
	check_numbers(&e, "status");
	for (const struct status *status = s->statuses; status; status = status->next)
		add_former(&e, &status->about);
	check_names(&e, "status");
}

static void check_rule_list(struct spec *s)
{
	struct entries e = { .spec = s };

	for (const struct rule *r = s->rules; r; r = r->next)
		add(&e, r->name, &r->at, r->number, &r->at);
	check_numbers(&e, "rule");
	check_names(&e, "rule");
}

static void check_offer_bits(struct spec *s, const struct offer *o)
{
	struct entries e = { .spec = s };

	for (const struct offer_bit *b = o->bits; b; b = b->next)
		add(&e, b->name, &b->at, b->bit, &b->at);
	check_numbers(&e, "bit");
	for (const struct offer_bit *b = o->bits; b; b = b->next)
		add_former(&e, &b->about);
	check_names(&e, "bit name");
}

static void check_offer_list(struct spec *s)
{
	struct entries e = { .spec = s };

	for (const struct offer *o = s->offers; o; o = o->next) {
		add(&e, o->name, &o->at, 0, &o->at);
		check_offer_bits(s, o);
	}
	check_names(&e, "privileges or features block");
}

/* A call that is a second one by its own name is not reported once more by the TLFS's. */
static bool is_first(const struct spec *s, const struct call *c)
{
	const struct call *first = s->calls;

	while (first != c && strcmp(first->name, c->name) != 0)
		first = first->next;
	return first == c;
}

static void check_call_list(struct spec *s)
{
	struct entries e = { .spec = s }, named = { .spec = s };

	for (const struct call *c = s->calls; c; c = c->next) {
		add_for(&e, c->about.arch, c->name, &c->at, c->code, &c->code_at);
		if (is_first(s, c))
			add(&named, c->named, &c->at, 0, &c->at);
		check_fields(s, c->in.fields);
		check_fields(s, c->var.fields);
		check_fields(s, c->each_in.fields);
		check_fields(s, c->out.fields);
		check_fields(s, c->each_out.fields);
	}
	check_numbers(&e, "call code");
	for (const struct call *c = s->calls; c; c = c->next)
		add_former(&e, &c->about);
	check_names(&e, "hypercall");
	check_names(&named, "hypercall");
}

static void check_msr_list(struct spec *s)
{
	struct entries e = { .spec = s }, numbers = { .spec = s };

	for (const struct msr *m = s->msrs; m; m = m->next) {
		add(&e, m->name, &m->at, m->number, &m->number_at);
		for (uint32_t i = 0; i < m->count; i++)
			add(&numbers, m->name, &m->at, m->number + (uint64_t)i * m->stride,
			    &m->number_at);
		check_parts(s, m->bits);
	}
	check_numbers(&numbers, "MSR number");
	check_names(&e, "MSR");
}

static void check_leaf_list(struct spec *s)
{
	struct entries e = { .spec = s };

	for (const struct cpuid_leaf *l = s->leaves; l; l = l->next) {
		add_for(&e, l->about.arch, l->name, &l->at, l->number, &l->number_at);
		for (int r = 0; r < CPUID_REGISTERS; r++)
			check_parts(s, l->registers[r].bits);
	}
	check_numbers(&e, "CPUID leaf");
	check_names(&e, "CPUID leaf");
}

void check_unique(struct spec *s)
{
	check_types(s);
	check_status_list(s);
	check_rule_list(s);
	check_offer_list(s);
	check_call_list(s);
	check_msr_list(s);
	check_leaf_list(s);
}

/* ---- names in C ---- */

/* C is written for x64: what exists elsewhere alone takes no name there. */
static bool in_c(const struct about *about)
{
	return about->arch & ARCH_X64;
}

static void add_c(struct entries *e, const struct pos *at, const char *name)
{
	add(e, name, at, 0, at);
}

/* Equal constants may share the name that other headers give them. */
static bool clashes(const struct entry *a, const struct entry *b)
{
	return same_name(a, b) && !(a->size && a->size == b->size && a->number == b->number);
}

/* The name that other headers give a constant of `size` bytes, too. */
static void add_alias(struct entries *e, const char *own, const struct about *about,
		      const struct pos *at, uint64_t value, unsigned size)
{
	const char *alias = about_alias(about, own);

	if (!alias)
		return;
	add(e, alias, at, value, at);
	e->list[e->count - 1].size = size;
}

/* The constants of a part: of one bit, or of more. */
static void add_part(struct entries *e, const char *macro, const struct bits *b, unsigned bytes)
{
	static const char *const endings[] = { "", "_MASK", "_SHIFT", "_WIDTH" };

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		add_c(e, &b->at, spec_printf(e->spec, "%s%s", macro, endings[i]));
	add_alias(e, macro, &b->about, &b->at, bits_mask(b), bytes);
}

static void add_parts(struct entries *e, const char *prefix, const struct bits *list,
		      unsigned bytes)
{
	for (const struct bits *b = list; b; b = b->next)
		if (b->name)
			add_part(e, spec_printf(e->spec, "%s_%s", prefix,
						spec_upper(e->spec, b->name)), b, bytes);
}

static void add_value(struct entries *e, const struct type *t, const struct enumerator *v)
{
	const char *name = spec_printf(e->spec, "HV_%s_%s", spec_upper(e->spec, t->name),
				       spec_upper(e->spec, v->name));
	uint64_t value = t->kind == TYPE_FLAGS ? 1ull << v->value : v->value;

	add_c(e, &v->at, name);
	add_alias(e, name, &v->about, &v->at, value, t->size);
}

/* Former names are spelled like the present one. */
static void add_former_c(struct entries *e, const char *prefix, const struct about *about)
{
	for (const struct name_list *n = about->formerly; n; n = n->next)
		add_c(e, &n->name.at, spec_printf(e->spec, "%s%s", prefix,
						  spec_upper(e->spec, n->name.text)));
}

static void add_type(struct entries *e, const struct type *t)
{
	struct spec *s = e->spec;
	const char *prefix = spec_printf(s, "HV_%s", spec_upper(s, t->name));

	if (t->kind == TYPE_STRUCT || t->kind == TYPE_ENUM)
		add_c(e, &t->at, spec_printf(s, "hv_%s", t->name));
	if (t->kind == TYPE_FLAGS)
		add_c(e, &t->at, spec_printf(s, "%s_MASK", prefix));
	for (const struct enumerator *v = t->values; v; v = v->next)
		if (in_c(&v->about)) {
			add_value(e, t, v);
			add_former_c(e, spec_printf(s, "%s_", prefix), &v->about);
		}
	add_parts(e, prefix, t->bits, t->size);
}

static void add_call(struct entries *e, const struct call *c)
{
	const struct block *const blocks[] = { &c->in, &c->each_in, &c->out, &c->each_out };
	static const char *const names[] = { "in", "each_in", "out", "each_out" };

	add_c(e, &c->at, spec_printf(e->spec, "HV_CALL_%s", spec_upper(e->spec, c->name)));
	add_former_c(e, "HV_CALL_", &c->about);
	for (unsigned i = 0; i < 4; i++)
		if (blocks[i]->present)
			add_c(e, &c->at, spec_printf(e->spec, "hv_%s_%s", c->name, names[i]));
	for (const struct check *k = c->checks; k; k = k->next)
		add_c(e, &k->at, spec_printf(e->spec, "SPEC_RULE_%s", k->enumerator));
}

static void add_msr(struct entries *e, const struct msr *m)
{
	for (uint32_t i = 0; i < m->count; i++)
		add_c(e, &m->at, m->strided ? spec_printf(e->spec, "%s%u", m->named, i) : m->named);
	if (m->strided) {
		add_c(e, &m->at, spec_printf(e->spec, "%s_COUNT", m->named));
		add_c(e, &m->at, spec_printf(e->spec, "%s_STRIDE", m->named));
	}
	add_parts(e, m->named, m->bits, 8);
	for (const struct check *k = m->checks; k; k = k->next)
		add_c(e, &k->at, spec_printf(e->spec, "SPEC_RULE_%s", k->enumerator));
}

static void add_leaf(struct entries *e, const struct cpuid_leaf *l)
{
	static const char *const names[CPUID_REGISTERS] = { "EAX", "EBX", "ECX", "EDX" };
	struct spec *s = e->spec;
	const char *prefix = spec_printf(s, "HV_CPUID_%s", spec_upper(s, l->name));

	add_c(e, &l->at, prefix);
	for (unsigned r = 0; r < CPUID_REGISTERS; r++) {
		add_parts(e, spec_printf(s, "%s_%s", prefix, names[r]), l->registers[r].bits, 4);
		for (const struct bits *b = l->registers[r].bits; b; b = b->next)
			if (b->source == CPUID_CONSTANT)
				add_c(e, &b->at, spec_printf(s, "%s_%s", prefix,
							     spec_upper(s, b->name)));
	}
}

static void add_lists(struct entries *e)
{
	struct spec *s = e->spec;

	for (const struct status *status = s->statuses; status; status = status->next) {
		add_c(e, &status->at,
		      spec_printf(s, "HV_STATUS_%s", spec_upper(s, status->name)));
		add_former_c(e, "HV_STATUS_", &status->about);
	}
	for (const struct rule *r = s->rules; r; r = r->next)
		add_c(e, &r->at, spec_printf(s, "SPEC_RULE_%s", spec_upper(s, r->name)));
	for (const struct offer *o = s->offers; o; o = o->next)
		for (const struct offer_bit *b = o->bits; b; b = b->next) {
			const char *prefix = spec_printf(s, "HV_%s_", spec_upper(s, o->name));

			add_c(e, &b->at, spec_printf(s, "%s%s", prefix, spec_upper(s, b->name)));
			add_former_c(e, prefix, &b->about);
		}
}

void check_spellings(struct spec *s)
{
	struct entries e = { .spec = s };

	if (s->statuses)
		add_c(&e, &s->statuses->at, "hv_status");
	for (const struct type *t = s->types; t; t = t->next)
		if (in_c(&t->about))
			add_type(&e, t);
	for (const struct call *c = s->calls; c; c = c->next)
		if (in_c(&c->about))
			add_call(&e, c);
	for (const struct msr *m = s->msrs; m; m = m->next)
		if (in_c(&m->about))
			add_msr(&e, m);
	for (const struct cpuid_leaf *l = s->leaves; l; l = l->next)
		if (in_c(&l->about))
			add_leaf(&e, l);
	add_lists(&e);
	check_names_by(&e, "C name", clashes);
}
