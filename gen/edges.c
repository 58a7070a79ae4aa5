/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Samples at the edges of rules. */
#include "edges.h"

/* One rule whose edges are handed out. */
struct edges {
	struct spec *spec;
	const struct sample *good;
	const struct check *rules, *k;
	edge_taker *take;
	void *context;
};

static void hand(const struct edges *e, const struct sample *s, const char *edge)
{
	e->take(e->context, e->k, s, edge);
}

static void with_value(const struct edges *e, uint64_t value, const char *edge)
{
	struct sample s = *e->good;

	sample_put(&s, e->rules, e->k, 0, value);
	hand(e, &s, edge);
}

static unsigned width_of(const struct check *k)
{
	return k->on.width > 64 ? 64 : k->on.width;
}

/* ---- by kind of rule ---- */

/* The lowest bit is the one that the rule's own vector sets. */
static void bit_edges(const struct edges *e, uint64_t mask)
{
	for (mask &= mask - 1; mask; mask &= mask - 1)
		with_value(e, mask & -mask,
			   spec_printf(e->spec, "bit-%u", count_bits((mask & -mask) - 1)));
}

/* The first byte is the one that the rule's own vector sets. */
static void byte_edges(const struct edges *e)
{
	for (unsigned at = 1; at < e->k->on.size; at++) {
		struct sample s = *e->good;

		sample_put_byte(&s, e->rules, e->k, at, 0x80);
		hand(e, &s, spec_printf(e->spec, "byte-%u", at));
	}
}

static void range_edges(const struct edges *e)
{
	const struct check *k = e->k;

	with_value(e, k->low, "low");
	with_value(e, k->high, "high");
	if (k->low)
		with_value(e, k->low - 1, "below");
	if (k->high < low_bits(width_of(k)))
		with_value(e, k->high + 1, "above");
}

static bool is_value(const struct type *type, uint64_t v)
{
	for (const struct enumerator *n = type->values; n; n = n->next)
		if (n->value == v)
			return true;
	return false;
}

static void beside_value(const struct edges *e, uint64_t v)
{
	if (!is_value(e->k->type, v) && v <= low_bits(width_of(e->k)))
		with_value(e, v, spec_printf(e->spec, "no-0x%llx", (unsigned long long)v));
}

/* A gap of one value has two neighbours: it is taken from below. */
static void value_edges(const struct edges *e)
{
	for (const struct enumerator *n = e->k->type->values; n; n = n->next) {
		with_value(e, n->value,
			   spec_printf(e->spec, "0x%llx", (unsigned long long)n->value));
		beside_value(e, n->value + 1);
		if (n->value >= 2 && !is_value(e->k->type, n->value - 2))
			beside_value(e, n->value - 1);
	}
	if (!is_value(e->k->type, 0))
		beside_value(e, 0);
}

/* Each single bank, and one qword too few. */
static void count_edges(const struct edges *e)
{
	struct sample s;

	for (unsigned bit = 0; bit < width_of(e->k); bit++) {
		s = *e->good;
		sample_put(&s, e->rules, e->k, 0, 1ull << bit);
		s.var_count = 1;
		hand(e, &s, spec_printf(e->spec, "bank-%u", bit));
	}
	s = *e->good;
	sample_put(&s, e->rules, e->k, 0, 1);
	s.var_count = 0;
	hand(e, &s, "too-few");
}

static void kind_edges(const struct edges *e)
{
	const struct check *k = e->k;

	switch (k->kind) {
	case CHECK_ZERO:
		byte_edges(e);
		break;
	case CHECK_NONZERO:
		with_value(e, 1ull << (width_of(k) - 1), "top-bit");
		break;
	case CHECK_RESERVED:
		bit_edges(e, k->mask);
		break;
	case CHECK_RANGE:
		range_edges(e);
		break;
	case CHECK_ENUM:
		value_edges(e);
		break;
	case CHECK_COUNT:
		count_edges(e);
		break;
	case CHECK_VALID:
	case CHECK_MSR_LOCKED:
	case CHECK_MSR_GPA:
	case CHECK_MSR_READ:
	case CHECK_MSR_WRITE:
		break;
	}
}

/* ---- of any rule ---- */

/* The same mistake in the last element of an array instead of the first. */
static void last_edge(const struct edges *e)
{
	struct sample s = *e->good;

	if (e->k->on.count > 1 && sample_break(&s, e->rules, e->k, e->k->on.count - 1))
		hand(e, &s, "last");
}

static void excused_edge(const struct edges *e)
{
	struct sample s = *e->good;

	if (!e->k->guarded || !sample_break(&s, e->rules, e->k, 0))
		return;
	sample_excuse(&s, e->k);
	hand(e, &s, "excused");
}

static bool same_validator(const struct check *a, const struct check *b)
{
	return (a->on.part == PART_EACH) == (b->on.part == PART_EACH);
}

const struct check *edge_rival(const struct sample *good, const struct check *rules,
			       const struct check *k)
{
	const struct check *next = k->next;
	struct sample s;

	if (!next || !same_validator(k, next) || next->status == k->status)
		return NULL;
	s = *good;
	return sample_break_both(&s, rules, k, next) ? next : NULL;
}

static void order_edge(const struct edges *e)
{
	const struct check *rival = edge_rival(e->good, e->rules, e->k);
	struct sample s = *e->good;

	if (!rival)
		return;
	sample_break_both(&s, e->rules, e->k, rival);
	hand(e, &s, "first");
}

void edges_of(struct spec *s, const struct sample *good, const struct check *rules,
	      const struct check *k, edge_taker *take, void *context)
{
	const struct edges e = { s, good, rules, k, take, context };

	kind_edges(&e);
	last_edge(&e);
	excused_edge(&e);
	order_edge(&e);
}
