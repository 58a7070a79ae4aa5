/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Looks for the things that a word may mean. */
#include "find.h"

#include <ctype.h>
#include <string.h>

#include "near.h"
#include "spell.h"

const char *const cpuid_register_names[CPUID_REGISTERS] = { "eax", "ebx", "ecx", "edx" };

const char *find_kind(const struct found *f)
{
	static const char *const names[] = {
		[FOUND_CALL] = "call",	       [FOUND_MSR] = "msr",
		[FOUND_LEAF] = "cpuid",	       [FOUND_REGISTER] = "cpuid",
		[FOUND_BITS] = "cpuid",	       [FOUND_STATUS] = "status",
		[FOUND_TYPE] = "type",	       [FOUND_VALUE] = "value",
		[FOUND_OFFER] = "privileges",  [FOUND_OFFER_BIT] = "privilege",
		[FOUND_RULE] = "rule",	       [FOUND_CHECK] = "rule",
	};
	bool is_register = f->kind == FOUND_VALUE && strcmp(f->type->name, "register_name") == 0;

	return is_register ? "register" : names[f->kind];
}

/* ---- spellings ---- */

/* How sure a spelling is: a full name of the TLFS, the name in the specification, any other. */
enum grade { NO_GRADE, GRADE_VALUE, GRADE_OTHER, GRADE_OWN, GRADE_FULL };

enum { NEAR_COUNT = 3, WORD_LIMIT = 96 };

struct search {
	struct spec *spec;
	char word[WORD_LIMIT];         /* in plain spelling */
	const char *kind;              /* those alone; "": any */
	unsigned arch;                 /* things of that architecture alone; 0: any */
	enum grade grade;              /* of what has been found */
	struct found *list;
	bool number_given;
	uint64_t number;
	unsigned distance[NEAR_COUNT]; /* of the nearest names, ascending */
	const char *near[NEAR_COUNT];
	bool want_near;
};

/* Lower case without underscores, as "HvCallFoo", "HVCALL_FOO" and "hv_call_foo" agree on. */
static void plain_spelling(char *to, const char *from)
{
	unsigned n = 0;

	for (; *from && n < WORD_LIMIT - 1; from++)
		if (*from != '_')
			to[n++] = (char)tolower((unsigned char)*from);
	to[n] = 0;
}

static void consider_near(struct search *q, const char *name, const char *plain)
{
	size_t length = strlen(q->word);
	unsigned d = near_distance(q->word, plain), at = NEAR_COUNT;

	/* A part of a name is near, too. */
	if (length >= 4 && strstr(plain, q->word) && d > 2)
		d = 2;
	for (unsigned i = 0; i < NEAR_COUNT; i++)
		if (q->near[i] && strcmp(q->near[i], name) == 0)
			return;
	while (at > 0 && (!q->near[at - 1] || d < q->distance[at - 1]))
		at--;
	if (at == NEAR_COUNT || d > 2 + length / 6)
		return;
	for (unsigned i = NEAR_COUNT - 1; i > at; i--) {
		q->near[i] = q->near[i - 1];
		q->distance[i] = q->distance[i - 1];
	}
	q->near[at] = name;
	q->distance[at] = d;
}

static unsigned arch_of(const struct found *f)
{
	const struct about *a = find_about(f);

	return a ? a->arch : ARCH_ALL;
}

static bool wanted(const struct search *q, const struct found *f)
{
	if (q->arch && arch_of(f) != q->arch)
		return false;
	return !*q->kind || strcmp(q->kind, find_kind(f)) == 0;
}

static bool same_thing(const struct found *a, const struct found *b)
{
	return a->kind == b->kind && a->call == b->call && a->msr == b->msr &&
	       a->index == b->index && a->whole_family == b->whole_family && a->leaf == b->leaf &&
	       a->reg == b->reg && a->bits == b->bits && a->status == b->status &&
	       a->type == b->type && a->value == b->value && a->offer == b->offer &&
	       a->offer_bit == b->offer_bit && a->rule == b->rule && a->check == b->check;
}

static void take(struct search *q, const struct found *f, enum grade grade)
{
	struct found *copy, **end = &q->list;

	if (grade < q->grade)
		return;
	if (grade > q->grade)
		q->list = NULL;
	q->grade = grade;
	for (; *end; end = &(*end)->next)
		if (same_thing(*end, f))
			return;
	copy = spec_alloc(q->spec, sizeof(*copy));
	*copy = *f;
	*end = copy;
}

/* The thing may be called so. */
static void consider(struct search *q, const struct found *f, const char *name, enum grade grade)
{
	char plain[WORD_LIMIT];

	if (!name || !wanted(q, f))
		return;
	plain_spelling(plain, name);
	if (q->want_near)
		consider_near(q, find_name(f), plain);
	else if (strcmp(plain, q->word) == 0)
		take(q, f, grade);
}

static void consider_number(struct search *q, const struct found *f, uint64_t number)
{
	if (q->number_given && number == q->number && wanted(q, f))
		take(q, f, GRADE_FULL);
}

/*
 * Former names, and names in front of a reference's section: "HvCreatePort" of "HvCreatePort, v2.0
 * section 9".
 */
static void consider_about(struct search *q, const struct found *f, const struct about *a)
{
	for (const struct name_list *n = a->formerly; n; n = n->next)
		consider(q, f, n->name.text, GRADE_OTHER);
	for (const struct name_list *r = a->refs; r; r = r->next) {
		size_t length = strcspn(r->name.text, ", ");

		if (strncmp(r->name.text, "Hv", 2) == 0 || strncmp(r->name.text, "HV_", 3) == 0)
			consider(q, f, namef("%.*s", (int)length, r->name.text), GRADE_OTHER);
	}
}

/* ---- each kind of thing ---- */

static void search_checks(struct search *q, const struct found *of, const struct check *list)
{
	for (const struct check *k = list; k; k = k->next) {
		struct found f = *of;

		f.kind = FOUND_CHECK;
		f.check = k;
		consider(q, &f, k->id, GRADE_FULL);
		if (!q->want_near)
			consider(q, &f, namef("SPEC_RULE_%s", k->enumerator), GRADE_FULL);
	}
}

static void search_calls(struct search *q)
{
	for (const struct call *c = q->spec->calls; c; c = c->next) {
		struct found f = { .kind = FOUND_CALL, .call = c };

		consider(q, &f, c->named, GRADE_FULL);
		consider(q, &f, c->name, GRADE_OWN);
		if (!q->want_near) {
			consider(q, &f, namef("HvCall%s", camel(c->name)), GRADE_OTHER);
			consider(q, &f, namef("Hv%s", camel(c->name)), GRADE_OTHER);
			consider_about(q, &f, &c->about);
		}
		consider_number(q, &f, c->code);
		search_checks(q, &f, c->checks);
	}
}

static void search_msr(struct search *q, const struct msr *m)
{
	struct found f = { .kind = FOUND_MSR, .msr = m, .whole_family = m->strided };

	consider(q, &f, m->named, GRADE_FULL);
	consider(q, &f, m->name, GRADE_OWN);
	if (!q->want_near)
		consider(q, &f, namef("HV_MSR_%s", m->name), GRADE_OTHER);
	search_checks(q, &f, m->checks);
	for (f.index = 0, f.whole_family = false; f.index < m->count; f.index++) {
		consider_number(q, &f, m->number + (uint64_t)f.index * m->stride);
		if (!m->strided)
			continue;
		consider(q, &f, msr_instance(m, f.index), GRADE_FULL);
		consider(q, &f, namef("%s%u", m->name, f.index), GRADE_OWN);
	}
}

/* "0x40000003.edx", "features.edx". */
static void search_register(struct search *q, const struct found *leaf, unsigned reg)
{
	struct found f = *leaf;
	const char *places[2] = {
		namef("0x%08x.%s", leaf->leaf->number, cpuid_register_names[reg]),
		namef("%s.%s", leaf->leaf->name, cpuid_register_names[reg]),
	};

	f.kind = FOUND_REGISTER;
	f.reg = reg;
	for (unsigned i = 0; i < 2; i++)
		consider(q, &f, places[i], GRADE_FULL);
	f.kind = FOUND_BITS;
	for (const struct bits *b = leaf->leaf->registers[reg].bits; b; b = b->next) {
		f.bits = b;
		for (unsigned i = 0; i < 2; i++) {
			for (unsigned bit = b->low; bit <= b->high && !q->want_near; bit++)
				consider(q, &f, namef("%s.%u", places[i], bit), GRADE_FULL);
			if (b->name)
				consider(q, &f, namef("%s.%s", places[i], b->name), GRADE_FULL);
		}
		if (b->name && b->source != CPUID_OFFER)
			consider(q, &f, b->name, GRADE_OWN);
		consider(q, &f, b->about.named, GRADE_FULL);
	}
}

static void search_leaves(struct search *q)
{
	for (const struct cpuid_leaf *l = q->spec->leaves; l; l = l->next) {
		struct found f = { .kind = FOUND_LEAF, .leaf = l };

		consider_number(q, &f, l->number);
		consider(q, &f, l->name, GRADE_OWN);
		for (unsigned r = 0; r < CPUID_REGISTERS; r++)
			if (l->registers[r].present)
				search_register(q, &f, r);
	}
}

static void search_statuses(struct search *q)
{
	for (const struct status *st = q->spec->statuses; st; st = st->next) {
		struct found f = { .kind = FOUND_STATUS, .status = st };

		consider(q, &f, namef("HV_STATUS_%s", upper(st->name)), GRADE_FULL);
		consider(q, &f, st->name, GRADE_OWN);
		consider_about(q, &f, &st->about);
		consider_number(q, &f, st->value);
	}
}

/* Small numbers are values of nearly every list and name none. */
enum { LEAST_TELLING_VALUE = 0x10000 };

static void search_values(struct search *q, const struct type *t)
{
	for (const struct enumerator *e = t->values; e; e = e->next) {
		struct found f = { .kind = FOUND_VALUE, .type = t, .value = e };

		consider(q, &f, e->named, e->about.named ? GRADE_FULL : GRADE_VALUE);
		if (t->kind == TYPE_ENUM && (e->value >= LEAST_TELLING_VALUE || *q->kind))
			consider_number(q, &f, e->value);
		if (q->want_near)
			continue;
		consider(q, &f, e->name, GRADE_VALUE);
		consider_about(q, &f, &e->about);
		consider(q, &f, namef("%s.%s", t->name, e->name), GRADE_FULL);
		consider(q, &f, namef("HV_%s_%s", t->name, e->name), GRADE_OTHER);
	}
}

static void search_types(struct search *q)
{
	for (const struct type *t = q->spec->types; t; t = t->next) {
		struct found f = { .kind = FOUND_TYPE, .type = t };

		consider(q, &f, namef("HV_%s", upper(t->name)), GRADE_FULL);
		consider(q, &f, t->name, GRADE_OWN);
		consider(q, &f, t->about.named, GRADE_FULL);
		if (!q->want_near) {
			consider(q, &f, namef("HV_X64_%s", t->name), GRADE_OTHER);
			consider_about(q, &f, &t->about);
		}
		search_values(q, t);
	}
}

static void search_offers(struct search *q)
{
	for (const struct offer *o = q->spec->offers; o; o = o->next) {
		struct found f = { .kind = FOUND_OFFER, .offer = o };

		consider(q, &f, o->name, GRADE_OWN);
		f.kind = FOUND_OFFER_BIT;
		for (const struct offer_bit *b = o->bits; b; b = b->next) {
			f.offer_bit = b;
			consider(q, &f, namef("%s.%s", o->name, b->name), GRADE_FULL);
			consider(q, &f, b->about.named, GRADE_FULL);
			if (q->want_near)
				continue;
			consider(q, &f, namef("%s.%u", o->name, b->bit), GRADE_FULL);
			consider(q, &f, b->name, GRADE_OWN);
			consider_about(q, &f, &b->about);
			consider(q, &f, namef("HV_%s_%s", o->name, b->name), GRADE_OTHER);
		}
	}
}

static void search_rules(struct search *q)
{
	for (const struct rule *r = q->spec->rules; r; r = r->next) {
		struct found f = { .kind = FOUND_RULE, .rule = r };

		consider(q, &f, r->id, GRADE_FULL);
		consider(q, &f, r->name, GRADE_OWN);
	}
}

static void search_all(struct search *q)
{
	search_calls(q);
	for (const struct msr *m = q->spec->msrs; m; m = m->next)
		search_msr(q, m);
	search_leaves(q);
	search_statuses(q);
	search_types(q);
	search_offers(q);
	search_rules(q);
}

/* ---- the word ---- */

bool find_number(const char *word, uint64_t *number)
{
	bool hex = word[0] == '0' && (word[1] == 'x' || word[1] == 'X');
	const char *p = hex ? word + 2 : word;
	unsigned base = hex ? 16 : 10;

	*number = 0;
	if (!isxdigit((unsigned char)*p))
		return false;
	for (; *p; p++) {
		int c = tolower((unsigned char)*p);
		unsigned digit = isdigit(c) ? (unsigned)(c - '0') : (unsigned)(c - 'a' + 10);

		if (c == '_')
			continue;
		if (!isxdigit(c) || digit >= base ||
		    __builtin_mul_overflow(*number, base, number) ||
		    __builtin_add_overflow(*number, digit, number))
			return false;
	}
	return true;
}

/* Take "arm64:" and "KIND:" off the word; the rest of it. */
static const char *take_kind(struct search *q, const char *word)
{
	const char *colon;

	q->kind = "";
	if (strncmp(word, "arm64:", 6) == 0) {
		q->arch = ARCH_ARM64;
		word += 6;
	}
	colon = strchr(word, ':');
	if (!colon)
		return word;
	q->kind = namef("%.*s", (int)(colon - word), word);
	return colon + 1;
}

/* Whether the list has a thing of the same kind and name that is not for ARM64 alone. */
static bool has_twin(const struct found *list, const struct found *f)
{
	for (; list; list = list->next) {
		bool same_place = f->kind == FOUND_BITS && list->kind == FOUND_BITS &&
				  list->leaf->number == f->leaf->number && list->reg == f->reg;

		if (arch_of(list) != ARCH_ARM64 && strcmp(find_kind(list), find_kind(f)) == 0 &&
		    (same_place || strcmp(find_name(list), find_name(f)) == 0))
			return true;
	}
	return false;
}

/* Where a name means one thing on x64 and another on ARM64, x64 is meant. */
static void drop_arm64_twins(struct search *q)
{
	for (struct found **at = &q->list; *at;) {
		if (arch_of(*at) == ARCH_ARM64 && has_twin(q->list, *at))
			*at = (*at)->next;
		else
			at = &(*at)->next;
	}
}

const struct found *find(struct spec *s, const char *word)
{
	struct search q = { .spec = s };

	word = take_kind(&q, word);
	plain_spelling(q.word, word);
	q.number_given = find_number(word, &q.number);
	search_all(&q);
	if (!q.list && strncmp(q.word, "0x", 2) != 0) {
		q.number_given = find_number(namef("0x%s", word), &q.number);
		search_all(&q);
	}
	if (!q.arch)
		drop_arm64_twins(&q);
	return q.list;
}

const char *find_near(struct spec *s, const char *word)
{
	struct search q = { .spec = s, .want_near = true };
	const char *text = NULL;

	plain_spelling(q.word, take_kind(&q, word));
	search_all(&q);
	for (unsigned i = 0; i < NEAR_COUNT && q.near[i]; i++) {
		bool last = i == NEAR_COUNT - 1 || !q.near[i + 1];

		text = text ? namef("%s%s%s", text, last ? " or " : ", ", q.near[i]) : q.near[i];
	}
	return text;
}

/* ---- back ---- */

const char *find_name(const struct found *f)
{
	switch (f->kind) {
	case FOUND_CALL:
		return f->call->named;
	case FOUND_MSR:
		return f->whole_family ? f->msr->named : msr_instance(f->msr, f->index);
	case FOUND_LEAF:
		return namef("0x%08x", f->leaf->number);
	case FOUND_REGISTER:
		return namef("0x%08x.%s", f->leaf->number, cpuid_register_names[f->reg]);
	case FOUND_BITS:
		return namef("0x%08x.%s.%u", f->leaf->number, cpuid_register_names[f->reg],
			     f->bits->low);
	case FOUND_STATUS:
		return c_status(f->status);
	case FOUND_TYPE:
		return namef("HV_%s", upper(f->type->name));
	case FOUND_VALUE:
		return f->value->about.named ? f->value->named
					     : namef("%s.%s", f->type->name, f->value->name);
	case FOUND_OFFER:
		return f->offer->name;
	case FOUND_OFFER_BIT:
		return namef("%s.%s", f->offer->name, f->offer_bit->name);
	case FOUND_RULE:
		return f->rule->id;
	case FOUND_CHECK:
		return f->check->id;
	}
	return "";
}

const struct about *find_about(const struct found *f)
{
	switch (f->kind) {
	case FOUND_CALL:
		return &f->call->about;
	case FOUND_MSR:
		return &f->msr->about;
	case FOUND_LEAF:
	case FOUND_REGISTER:
		return &f->leaf->about;
	case FOUND_BITS:
		return f->leaf->about.arch != ARCH_ALL ? &f->leaf->about : &f->bits->about;
	case FOUND_STATUS:
		return &f->status->about;
	case FOUND_TYPE:
		return &f->type->about;
	case FOUND_VALUE:
		return &f->value->about;
	case FOUND_OFFER:
		return &f->offer->about;
	case FOUND_OFFER_BIT:
		return &f->offer_bit->about;
	case FOUND_RULE:
		return &f->rule->about;
	case FOUND_CHECK:
		break;
	}
	return NULL;
}

bool find_bits(const struct spec *s, const struct bits *b, struct found *place)
{
	for (const struct cpuid_leaf *l = s->leaves; l; l = l->next)
		for (unsigned r = 0; r < CPUID_REGISTERS; r++)
			for (const struct bits *at = l->registers[r].bits; at; at = at->next)
				if (at == b) {
					*place = (struct found){ .kind = FOUND_BITS, .leaf = l,
								 .reg = r, .bits = b };
					return true;
				}
	return false;
}
