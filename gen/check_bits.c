/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Parts of a register or byte: their order, their coverage, and the words behind them. */
#include "check.h"
#include "diag.h"

const char *spell_bits(struct spec *s, unsigned high, unsigned low)
{
	return high == low ? spec_printf(s, "bit %u", low)
			   : spec_printf(s, "bits %u..%u", high, low);
}

static void check_place(struct spec *s, const struct bits *b, const struct bits *before,
			unsigned next)
{
	if (before && b->low < before->low) {
		diag_error(s, &b->range_at, "out of order: bit %u after bit %u", b->low,
			   before->low);
	} else if (b->low < next) {
		diag_error(s, &b->range_at, "overlaps the line before, which ends at bit %u",
			   next - 1);
		diag_note(s, &before->range_at, "declared here");
	} else if (b->low > next) {
		diag_error(s, &b->range_at,
			   "nothing names %s: cover them with mbz, pad or preserve",
			   spell_bits(s, b->low - 1, next));
	}
}

static void refuse_word(struct spec *s, const struct bits *b, bool present, const char *word)
{
	if (present)
		diag_error(s, &b->at, "'%s' means nothing here", word);
}

static void check_words(struct spec *s, const struct bits *b, enum bits_home home)
{
	bool reserved = b->kind != BITS_NAMED;

	refuse_word(s, b, b->gpa && (reserved || home != HOME_MSR), "gpa");
	refuse_word(s, b, b->locks && (reserved || home != HOME_MSR), "locks");
	refuse_word(s, b, b->ignored_unless.text && (reserved || home != HOME_MSR),
		    "ignored_unless");
	refuse_word(s, b, b->unless.text && (reserved || home != HOME_MSR), "unless");
	refuse_word(s, b, b->nonzero && (reserved || home == HOME_CPUID), "nonzero");
	refuse_word(s, b, b->in && (reserved || home == HOME_CPUID), "in");
	refuse_word(s, b, b->type_name.text && (reserved || home == HOME_CPUID), ": type");
	refuse_word(s, b, b->kind == BITS_PRESERVE && home == HOME_CPUID, "preserve");
}

/* Every value that the type knows has room in the part. */
static bool type_fits(const struct type *t, unsigned width)
{
	switch (t->kind) {
	case TYPE_STRUCT:
		return false;
	case TYPE_FLAGS:
		return type_flags_mask(t) <= low_bits(width);
	case TYPE_ENUM:
		for (const struct enumerator *v = t->values; v; v = v->next)
			if (v->value > low_bits(width))
				return false;
		return true;
	default:
		return t->size * 8 == width;
	}
}

static void check_content(struct spec *s, struct bits *b)
{
	unsigned width = b->high - b->low + 1;

	if (b->in && b->in->high > low_bits(width))
		diag_error(s, &b->in->at, "the range does not fit in %u bits", width);
	if (!b->type_name.text)
		return;
	b->type = refer_type(s, &b->type_name);
	if (b->type && b->type->size && !type_fits(b->type, width))
		diag_error(s, &b->type_name.at, "'%s' does not fit in %u bits", b->type->name,
			   width);
}

void check_bits(struct spec *s, struct bits *list, unsigned width, enum bits_home home,
		const char *what, const struct pos *at)
{
	const struct bits *before = NULL;
	unsigned next = 0;

	for (struct bits *b = list; b; b = b->next) {
		check_place(s, b, before, next);
		check_words(s, b, home);
		check_content(s, b);
		if (b->high >= width)
			diag_error(s, &b->range_at, "bit %u is outside the %u bits of '%s'",
				   b->high, width, what);
		if (b->high >= next)
			next = b->high + 1;
		before = b;
	}
	if (next < width)
		diag_error(s, at, "nothing names %s of '%s': cover them with mbz, pad or preserve",
			   spell_bits(s, width - 1, next), what);
}
