/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Bytes and numbers as text. */
#include "value.h"

#include <string.h>

#include "explain.h"
#include "words.h"

enum { STEP_COLUMNS = 2, ROW_BYTES = 16 };

uint64_t memory_number(const struct memory *m, size_t at, unsigned size)
{
	uint64_t number = 0;

	for (unsigned i = 0; i < size && i < 8 && at + i < m->count; i++)
		number |= (uint64_t)m->bytes[at + i] << (8 * i);
	return number;
}

static bool is_zero(const struct memory *m, size_t at, size_t count)
{
	for (size_t i = at; i < at + count && i < m->count; i++)
		if (m->bytes[i])
			return false;
	return true;
}

/* ---- meanings ---- */

const struct enumerator *value_named(const struct type *type, uint64_t number)
{
	const struct enumerator *found = NULL;

	for (const struct enumerator *e = type->values; e; e = e->next)
		if (e->value == number && (!found || found->about.arch == ARCH_ARM64))
			found = e;
	return found;
}

static const char *flags_meaning(const struct type *type, uint64_t number)
{
	uint64_t unknown = number & ~type_flags_mask(type);
	const char *text = "";

	for (const struct enumerator *e = type->values; e; e = e->next)
		if (number >> e->value & 1)
			text = explain_also(text, e->named);
	if (unknown)
		text = explain_also(text,
				    namef("unknown bits 0x%llx", (unsigned long long)unknown));
	return text;
}

const char *value_meaning(const struct type *type, uint64_t number)
{
	const struct enumerator *e;

	if (type->kind == TYPE_FLAGS)
		return flags_meaning(type, number);
	if (type->kind != TYPE_ENUM)
		return "";
	e = value_named(type, number);
	return e ? e->named : type->open ? "" : namef("no value of %s", type->name);
}

/* ---- lines ---- */

/* "! " in front of what is wrong, then place, name, value and meaning. */
static void line(struct text *t, unsigned depth, bool wrong, const char *place, const char *name,
		 const char *value, const char *meaning)
{
	const char *start = namef("%c %*s%-7s %-28s %s", wrong ? '!' : ' ',
				  (int)(depth * STEP_COLUMNS), "", place, name, value);
	unsigned column = (unsigned)strlen(start) + 2;

	explain_line(t, start, column, meaning);
}

static const char *number_text(uint64_t number, unsigned width)
{
	if (width <= 4)
		return namef("%llu", (unsigned long long)number);
	return namef("0x%0*llx", (int)(width + 3) / 4, (unsigned long long)number);
}

/* ---- bits ---- */

static const char *bits_meaning(const struct bits *b, uint64_t value)
{
	if (b->gpa)
		return namef("page at 0x%llx", (unsigned long long)value << b->low);
	return b->type ? value_meaning(b->type, value) : "";
}

/* Whether its `value` in the word `number` is refused: not while its `unless` bit is set. */
static bool is_broken(const struct bits *b, uint64_t number, uint64_t value)
{
	if (b->unless_bit && number & bits_mask(b->unless_bit))
		return false;
	if (b->kind != BITS_NAMED)
		return b->kind == BITS_MBZ && value;
	if (b->nonzero && !value)
		return true;
	return b->in && (value < b->in->low || value > b->in->high);
}

void value_bits(struct text *t, const struct bits *list, uint64_t number, unsigned depth)
{
	for (const struct bits *b = list; b; b = b->next) {
		uint64_t value = (number & bits_mask(b)) >> b->low;
		const char *name = b->name ? b->name : namef("(%s)", words_bits_rule(b));
		bool wrong = is_broken(b, number, value);
		const char *meaning = bits_meaning(b, value);

		if (b->kind != BITS_NAMED && !value)
			continue;
		if (wrong)
			meaning = b->kind == BITS_MBZ ? "reserved bits are set" : "not allowed";
		line(t, depth, wrong, words_bit_range(b->high, b->low), name,
		     number_text(value, b->high - b->low + 1), meaning);
		if (b->type && b->type->kind == TYPE_BITS)
			value_bits(t, b->type->bits, value, depth + 1);
	}
}

/* ---- fields ---- */

/* Bytes in rows, all in one when they are zero. */
static void raw_bytes(struct text *t, const char *name, const struct memory *m, size_t at,
		      size_t count, unsigned depth, bool must_be_zero)
{
	size_t end = at + count < m->count ? at + count : m->count;

	if (is_zero(m, at, count)) {
		if (!must_be_zero && *name != '(')
			line(t, depth, false, namef("0x%04zx", at), name,
			     namef("%zu bytes of zero", count), "");
		return;
	}
	for (size_t row = at; row < end; row += ROW_BYTES) {
		const char *bytes = "";

		for (size_t i = row; i < row + ROW_BYTES && i < end; i++)
			bytes = namef("%s%02x", bytes, m->bytes[i]);
		line(t, depth, must_be_zero, namef("0x%04zx", row), row == at ? name : "", bytes,
		     "");
	}
}

static void number_line(struct text *t, const struct type *type, const char *name,
			const struct memory *m, size_t at, unsigned depth)
{
	uint64_t number = memory_number(m, at, type->size);
	const char *text = namef("0x%0*llx", (int)type->size * 2, (unsigned long long)number);
	const char *meaning = value_meaning(type, number);
	bool wrong = type->kind == TYPE_FLAGS ? number & ~type_flags_mask(type)
					      : strncmp(meaning, "no value", 8) == 0;

	if (type->size == 16)
		text = namef("0x%016llx%016llx", (unsigned long long)memory_number(m, at + 8, 8),
			     (unsigned long long)number);
	line(t, depth, wrong, namef("0x%04zx", at), name, text, meaning);
	if (type->kind == TYPE_BITS)
		value_bits(t, type->bits, number, depth + 1);
}

void value_typed(struct text *t, const struct type *type, const char *name, const struct memory *m,
		 size_t base, unsigned depth)
{
	if (base + type->size > m->count && type->kind != TYPE_STRUCT) {
		line(t, depth, true, namef("0x%04zx", base), name, "cut short", "");
	} else if (type->kind == TYPE_STRUCT) {
		line(t, depth, false, namef("0x%04zx", base), name, "", type->name);
		value_fields(t, type->fields, m, base, depth + 1);
	} else {
		number_line(t, type, name, m, base, depth);
	}
}

static void range_line(struct text *t, const struct field *f, size_t at, unsigned first,
		       unsigned end, const char *what, unsigned depth)
{
	bool missing = strcmp(what, "missing") == 0;

	if (first < end)
		line(t, depth, missing, namef("0x%04zx", at + (size_t)first * f->type->size),
		     namef("%s[%s]", f->name, first + 1 < end ? namef("%u..%u", first, end - 1)
							      : namef("%u", first)),
		     what, "");
}

/* Elements of an array, those at its end that are all zero as one line. */
static void array(struct text *t, const struct field *f, const struct memory *m, size_t at,
		  unsigned depth)
{
	unsigned size = f->type->size;
	size_t there = (m->count - at + size - 1) / size;
	unsigned end = there < f->count ? (unsigned)there : f->count, used = end;

	while (used && is_zero(m, at + (size_t)(used - 1) * size, size))
		used--;
	for (unsigned i = 0; i < used; i++)
		value_typed(t, f->type, namef("%s[%u]", f->name, i), m, at + (size_t)i * size,
			    depth);
	range_line(t, f, at, used, end, "zero", depth);
	range_line(t, f, at, end, f->count, "missing", depth);
}

static void field(struct text *t, const struct field *f, const struct memory *m, size_t base,
		  unsigned depth)
{
	bool is_bytes = f->is_array && f->type->kind == TYPE_INTEGER && f->type->size == 1;
	size_t at = base + f->offset;

	if (at >= m->count)
		line(t, depth, true, namef("0x%04zx", at),
		     f->kind == FIELD_DATA ? f->name : "(filler)", "missing", "");
	else if (f->kind != FIELD_DATA)
		raw_bytes(t, f->kind == FIELD_PAD ? "(ignored)" : "(must be zero)", m, at, f->count,
			  depth, f->kind == FIELD_MBZ);
	else if (is_bytes)
		raw_bytes(t, f->name, m, at, f->count, depth, false);
	else if (f->is_array)
		array(t, f, m, at, depth);
	else
		value_typed(t, f->type, f->name, m, at, depth);
}

void value_fields(struct text *t, const struct field *list, const struct memory *m, size_t base,
		  unsigned depth)
{
	for (const struct field *f = list; f; f = f->next)
		field(t, f, m, base, depth);
}
