/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Sample inputs: the rules of the specification evaluated, and values chosen to keep or break
 * them.
 */
#include "sample.h"

#include <string.h>

/* ---- values in a sample ---- */

static uint8_t *bytes_of(struct sample *s, const struct operand *o)
{
	switch (o->part) {
	case PART_MSR:
		return (uint8_t *)&s->msr;
	case PART_VAR:
		return (uint8_t *)&s->bank;
	case PART_EACH:
		return s->each + o->offset;
	case PART_IN:
		break;
	}
	return s->in + o->offset;
}

/* Little-endian on any host; an MSR and a bank are numbers of the host. */
static uint64_t word(const struct sample *s, const struct operand *o, unsigned i)
{
	const uint8_t *p = bytes_of((struct sample *)s, o) + i * o->stride;
	uint64_t v = 0;

	if (o->part == PART_MSR || o->part == PART_VAR)
		return o->part == PART_MSR ? s->msr : s->bank;
	for (unsigned at = 0; at < o->size && at < 8; at++)
		v |= (uint64_t)p[at] << (8 * at);
	return v;
}

static void set_word(struct sample *s, const struct operand *o, unsigned i, uint64_t v)
{
	uint8_t *p = bytes_of(s, o) + i * o->stride;

	if (o->part == PART_MSR)
		s->msr = v;
	else if (o->part == PART_VAR)
		s->bank = v;
	else
		for (unsigned at = 0; at < o->size; at++)
			p[at] = at < 8 ? (uint8_t)(v >> (8 * at)) : 0;
}

/* Bits of the operand alone; operands of more than eight bytes have no parts. */
static unsigned width_of(const struct operand *o)
{
	return o->width > 64 ? 64 : o->width;
}

static uint64_t value(const struct sample *s, const struct operand *o, unsigned i)
{
	return word(s, o, i) >> o->shift & low_bits(width_of(o));
}

static void set_element(struct sample *s, const struct operand *o, unsigned i, uint64_t v)
{
	uint64_t mask = low_bits(width_of(o)) << o->shift;

	set_word(s, o, i, (word(s, o, i) & ~mask) | (v << o->shift & mask));
}

/* ---- does a rule hold? ---- */

static bool any_byte(const struct sample *s, const struct operand *o, unsigned i)
{
	const uint8_t *p = bytes_of((struct sample *)s, o) + i * o->stride;

	if (o->size <= 8)
		return value(s, o, i) != 0;
	for (unsigned at = 0; at < o->size; at++)
		if (p[at])
			return true;
	return false;
}

static bool member(const struct type *type, uint64_t v)
{
	for (const struct enumerator *e = type->values; e; e = e->next)
		if (e->value == v)
			return true;
	return false;
}

/*
 * What every partition has: itself, its first processor, its lowest trust level, and addresses of
 * 36 bits. Of what lies between that and the impossible nothing can be said here.
 */
static bool surely_valid(const struct check *k, uint64_t v)
{
	switch (k->valid) {
	case VALID_PARTITION:
		return v == k->special;
	case VALID_VP:
		return v == k->special || v == 0;
	case VALID_VTL:
		return (v & k->mask) <= k->special;
	case VALID_ADDRESS:
		return v >> 36 == 0;
	case VALID_PAGE:
		return v >> 24 == 0;
	case VALID_ANYTHING:
	case VALID_COUNT:
		break;
	}
	return true;
}

static bool element_holds(const struct sample *s, const struct check *k, unsigned i)
{
	uint64_t v = value(s, &k->on, i);

	switch (k->kind) {
	case CHECK_ZERO:
		return !any_byte(s, &k->on, i);
	case CHECK_NONZERO:
		return any_byte(s, &k->on, i);
	case CHECK_RESERVED:
		return (v & k->mask) == 0;
	case CHECK_RANGE:
		return v >= k->low && v <= k->high;
	case CHECK_ENUM:
		return member(k->type, v);
	case CHECK_VALID:
		return surely_valid(k, v);
	case CHECK_COUNT:
		return s->var_count == count_bits(v);
	case CHECK_MSR_LOCKED:
		return (s->msr_old & k->mask) == 0;
	case CHECK_MSR_GPA:
		return v < low_bits(width_of(&k->on)); /* no address space is as wide as that */
	case CHECK_MSR_READ:
	case CHECK_MSR_WRITE:
		break;
	}
	return true; /* of accesses, not of values */
}

static bool counts(const struct sample *s, const struct check *k)
{
	return !k->guarded || (word(s, &k->unless, 0) & k->unless_mask) != k->unless_value;
}

static bool holds(const struct sample *s, const struct check *k)
{
	if (!counts(s, k))
		return true;
	for (unsigned i = 0; i < k->on.count; i++)
		if (!element_holds(s, k, i))
			return false;
	return true;
}

const struct check *sample_broken(const struct sample *s, const struct check *rules)
{
	while (rules && holds(s, rules))
		rules = rules->next;
	return rules;
}

/* ---- keeping all rules ---- */

/* A value that keeps a rule of values. */
static uint64_t kept_value(const struct sample *s, const struct check *k, unsigned i)
{
	switch (k->kind) {
	case CHECK_NONZERO:
		return 1;
	case CHECK_RANGE:
		return k->high; /* 0 when allowed, else the top: an IPI's spurious vector */
	case CHECK_ENUM:
		return k->type->values->value;
	case CHECK_RESERVED:
		return value(s, &k->on, i) & ~k->mask;
	case CHECK_VALID:
		return k->valid == VALID_PARTITION ? k->special : 0;
	default:
		return 0;
	}
}

static void satisfy(struct sample *s, const struct check *k)
{
	if (holds(s, k))
		return;
	if (k->kind == CHECK_COUNT) {
		s->var_count = count_bits(value(s, &k->on, 0));
		return;
	}
	for (unsigned i = 0; i < k->on.count; i++)
		if (!element_holds(s, k, i))
			set_element(s, &k->on, i, kept_value(s, k, i));
}

static void satisfy_all(struct sample *s, const struct check *rules)
{
	for (const struct check *k = rules; k; k = k->next)
		satisfy(s, k);
}

static const struct enumerator *enumerator_named(const struct type *t, const char *name)
{
	const struct enumerator *e = t->values;

	while (e && strcmp(e->name, name) != 0 && strcmp(e->named, name) != 0)
		e = e->next;
	return e;
}

/*
 * Of an open enum: the caller itself, or a register. One that is read may be any that every
 * processor has; one that is written gets zero, which the caller must survive.
 */
static uint64_t preferred(const struct type *t, bool written)
{
	static const char *const names[2][2] = {
		{ "self", "HvX64RegisterRip" },
		{ "self", "HvX64RegisterCr2" },
	};

	for (unsigned i = 0; i < 2; i++) {
		const struct enumerator *e = enumerator_named(t, names[written][i]);
		if (e)
			return e->value;
	}
	for (const struct enumerator *e = t->values; e; e = e->next)
		if (!strstr(e->name, "suspend"))
			return e->value;
	return 0;
}

static void prefer(uint8_t *block, const struct field *fields, unsigned base, bool written)
{
	for (const struct field *f = fields; f; f = f->next) {
		for (unsigned i = 0; f->kind == FIELD_DATA && i < f->count; i++) {
			unsigned at = base + f->offset + i * f->type->size;
			uint64_t v = f->type->kind == TYPE_ENUM && f->type->open
					     ? preferred(f->type, written)
					     : 0;
			if (f->type->kind == TYPE_STRUCT)
				prefer(block, f->type->fields, at, written);
			for (unsigned b = 0; v && b < f->type->size; b++)
				block[at + b] = (uint8_t)(v >> (8 * b));
		}
	}
}

struct sample sample_of_call(const struct call *c)
{
	struct sample s = { .bank = 0 };
	bool written = !c->out.present && !c->each_out.present;

	prefer(s.in, c->in.fields, 0, written);
	prefer(s.each, c->each_in.fields, 0, written);
	satisfy_all(&s, c->checks);
	return s;
}

/*
 * Zero when that is allowed: a register that acts does nothing then. Otherwise what it holds after
 * reset.
 */
struct sample sample_of_msr(const struct msr *m)
{
	struct sample s = { .msr_old = m->reset };

	if (sample_broken(&s, m->checks))
		s.msr = m->reset;
	return s;
}

/* ---- breaking one ---- */

static unsigned value_count(const struct type *t)
{
	unsigned n = 0;

	for (const struct enumerator *e = t->values; e; e = e->next)
		n++;
	return n;
}

/* A value that no partition has: no id is 0, and all else ends somewhere. */
static uint64_t impossible(const struct check *k)
{
	if (k->valid == VALID_PARTITION)
		return 0;
	return k->valid == VALID_VTL ? k->mask : low_bits(width_of(&k->on));
}

/* The smallest values that break a rule, one per try; false when there are no more. */
static bool break_value(struct sample *s, const struct check *k, unsigned i, unsigned try)
{
	const struct operand *o = &k->on;
	const uint64_t outside[2] = { k->high + 1, k->low - 1 };

	switch (k->kind) {
	case CHECK_ZERO:
		return try < width_of(o) && (set_element(s, o, i, 1ull << try), true);
	case CHECK_NONZERO:
		return try == 0 && (set_element(s, o, i, 0), true);
	case CHECK_RESERVED:
		return k->mask && try == 0 &&
		       (set_element(s, o, i, value(s, o, i) | (k->mask & -k->mask)), true);
	case CHECK_RANGE:
		return try < 2 && (set_element(s, o, i, outside[try]), true);
	case CHECK_ENUM:
		return try <= value_count(k->type) && (set_element(s, o, i, try), true);
	case CHECK_VALID:
		return try == 0 && (set_element(s, o, i, impossible(k)), true);
	case CHECK_COUNT:
		return try == 0 && (s->var_count++, true);
	case CHECK_MSR_LOCKED:
		return try == 0 && (s->msr_old |= k->mask & -k->mask, true);
	case CHECK_MSR_GPA:
		return try == 0 && (set_element(s, o, i, low_bits(width_of(o))), true);
	case CHECK_MSR_READ:
	case CHECK_MSR_WRITE:
		break;
	}
	return false;
}

/* Give the guard a legal value under which the rule counts, as near to what it was as can be. */
static void let_count(struct sample *s, const struct check *rules, const struct check *k)
{
	uint64_t all = word(s, &k->unless, 0);

	for (unsigned try = 0; !counts(s, k) && try <= UINT8_MAX; try++) {
		set_word(s, &k->unless, 0, (all & ~k->unless_mask) | (try & k->unless_mask));
		satisfy_all(s, rules);
	}
}

/* As many qwords of variable header as every rule but k wants. */
static void fit_counts(struct sample *s, const struct check *rules, const struct check *k)
{
	if (k->kind == CHECK_COUNT)
		return;
	for (const struct check *other = rules; other; other = other->next)
		if (other->kind == CHECK_COUNT)
			satisfy(s, other);
}

bool sample_break(struct sample *s, const struct check *rules, const struct check *k, unsigned i)
{
	for (unsigned try = 0;; try++) {
		struct sample broken = *s;

		let_count(&broken, rules, k);
		if (!break_value(&broken, k, i, try))
			return false;
		fit_counts(&broken, rules, k);
		if (sample_broken(&broken, rules) == k) {
			*s = broken;
			return true;
		}
	}
}

bool sample_break_both(struct sample *s, const struct check *rules, const struct check *k,
		       const struct check *later)
{
	struct sample first = *s;

	if (!sample_break(&first, rules, k, 0))
		return false;
	for (unsigned try = 0;; try++) {
		struct sample both = first;

		if (!break_value(&both, later, 0, try))
			return false;
		if (sample_broken(&both, rules) == k && !holds(&both, later)) {
			*s = both;
			return true;
		}
	}
}

/* ---- values of the caller's choice ---- */

void sample_put(struct sample *s, const struct check *rules, const struct check *k, unsigned i,
		uint64_t value)
{
	let_count(s, rules, k);
	set_element(s, &k->on, i, value);
	fit_counts(s, rules, k);
}

void sample_put_byte(struct sample *s, const struct check *rules, const struct check *k,
		     unsigned at, uint8_t value)
{
	let_count(s, rules, k);
	bytes_of(s, &k->on)[at] = value;
}

void sample_excuse(struct sample *s, const struct check *k)
{
	uint64_t all = word(s, &k->unless, 0);

	set_word(s, &k->unless, 0, (all & ~k->unless_mask) | k->unless_value);
}
