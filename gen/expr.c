/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Rules as C expressions. */
#include "expr.h"

#include <string.h>

#include "spell.h"

bool has_checks(const struct call *c, bool each)
{
	for (const struct check *k = c->checks; k; k = k->next)
		if ((k->on.part == PART_EACH) == each)
			return true;
	return false;
}

bool looks_at(const struct call *c, bool each, enum part part)
{
	for (const struct check *k = c->checks; k; k = k->next)
		if ((k->on.part == PART_EACH) == each &&
		    (k->on.part == part || (k->guarded && k->unless.part == part)))
			return true;
	return false;
}

static const char *part_pointer(enum part p)
{
	return p == PART_EACH ? "each" : "in";
}

/* The integer that holds the operand. */
static const char *holder(const struct operand *o)
{
	if (o->part == PART_MSR)
		return "*value";
	if (o->part == PART_VAR)
		return "a->var[i]";
	return namef("%s->%s", part_pointer(o->part), o->member);
}

/* The operand itself, as an unsigned number. */
const char *expr_value(const struct operand *o)
{
	if (o->shift == 0 && o->width == 8 * o->size)
		return holder(o);
	if (o->shift == 0)
		return namef("(%s & %s)", holder(o), c_hex(low_bits(o->width), o->size));
	return namef("(%s >> %u & %s)", holder(o), o->shift, c_hex(low_bits(o->width), o->size));
}

/*
 * Largest power of two of bytes, at most eight, that one aligned load at `offset` may take out of
 * `left`.
 */
static unsigned chunk(unsigned offset, unsigned left)
{
	unsigned n = 8;

	while (n > left || offset % n)
		n /= 2;
	return n;
}

/* All bytes of an operand or-ed together, as few loads as their alignment allows. */
static const char *all_bytes(const struct operand *o)
{
	const char *index = o->count > 1 ? namef(" + i * %u", o->stride) : "";
	unsigned align = o->count > 1 && o->stride % 8 ? o->stride : 8;
	const char *text = "";

	for (unsigned at = 0, n; at < o->size; at += n) {
		n = chunk((o->offset + at) | align, o->size - at);
		text = namef("%s%sload%u(%s, %u%s)", text, at ? " | " : "", 8 * n,
			     part_pointer(o->part), o->offset + at, index);
	}
	return strchr(text, '|') ? namef("(%s)", text) : text;
}

static bool is_memory(const struct operand *o)
{
	return (o->part == PART_IN || o->part == PART_EACH) && o->width == 8 * o->size;
}

static const char *range(const struct check *k)
{
	const char *v = expr_value(&k->on);
	const char *low = namef("%s < %s", v, c_hex(k->low, k->on.size));
	const char *high = namef("%s > %s", v, c_hex(k->high, k->on.size));

	if (k->low == 0)
		return high;
	if (k->high >= low_bits(k->on.width))
		return low;
	return k->guarded ? namef("(%s || %s)", low, high) : namef("%s || %s", low, high);
}

/* What is known when the call is made is in the environment. */
static const char *invalid(const struct check *k)
{
	const char *v = expr_value(&k->on), *special = c_hex(k->special, k->on.size);

	switch (k->valid) {
	case VALID_PARTITION:
		return namef("%s != %s && %s != a->env->partition_id", v, special, v);
	case VALID_VP:
		return namef("%s != %s && %s >= a->env->vp_count", v, special, v);
	case VALID_VTL:
		return namef("(%s & %s) > (%s | a->env->vtl)", v, c_hex(k->mask, k->on.size),
			     special);
	case VALID_ADDRESS:
		return namef("%s >> 12 >= a->env->gpa_pages", v);
	case VALID_PAGE:
		return namef("%s >= a->env->gpa_pages", v);
	case VALID_ANYTHING:
	case VALID_COUNT:
		break;
	}
	return "false";
}

static bool dense_from_zero(const struct type *type, uint64_t *last)
{
	uint64_t expected = 0;

	for (const struct enumerator *e = type->values; e; e = e->next)
		if (e->value != expected++)
			return false;
	*last = expected - 1;
	return expected > 0;
}

static const char *membership(const struct check *k)
{
	const char *v = expr_value(&k->on), *text = "";
	uint64_t last;

	if (dense_from_zero(k->type, &last))
		return namef("%s > %s", v, c_hex(last, k->on.size));
	for (const struct enumerator *e = k->type->values; e; e = e->next)
		text = namef("%s%s%s != %s", text, *text ? " && " : "", v,
			     c_hex(e->value, k->on.size));
	return text;
}

const char *expr_guard(const struct check *k)
{
	const struct operand *o = &k->unless;

	if (k->unless_value == k->unless_mask && count_bits(k->unless_mask) == 1)
		return namef("!(%s & %s)", holder(o), c_hex(k->unless_mask, o->size));
	if (k->unless_mask == low_bits(8 * o->size))
		return namef("%s != %s", holder(o), c_hex(k->unless_value, o->size));
	return namef("(%s & %s) != %s", holder(o), c_hex(k->unless_mask, o->size),
		     c_hex(k->unless_value, o->size));
}

const char *expr_broken(const struct check *k)
{
	const struct operand *o = &k->on;

	switch (k->kind) {
	case CHECK_ZERO:
		return namef("%s != 0", is_memory(o) ? all_bytes(o) : expr_value(o));
	case CHECK_NONZERO:
		return namef("%s == 0", is_memory(o) ? all_bytes(o) : expr_value(o));
	case CHECK_RESERVED:
		return namef("(%s & %s) != 0", expr_value(o), c_hex(k->mask, o->size));
	case CHECK_RANGE:
		return range(k);
	case CHECK_ENUM:
		return membership(k);
	case CHECK_VALID:
		return invalid(k);
	case CHECK_COUNT:
		return namef("a->var_count != popcount(%s)", expr_value(o));
	case CHECK_MSR_LOCKED:
		return namef("(old & %s) != 0", c_hex(k->mask, 8));
	case CHECK_MSR_GPA:
		return namef("%s >= env->gpa_pages", expr_value(o));
	case CHECK_MSR_READ:
	case CHECK_MSR_WRITE:
		break;
	}
	return "true";
}
