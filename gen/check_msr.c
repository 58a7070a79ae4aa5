/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* MSRs: where they lie, what their bits refuse, and that they start in a legal state. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "diag.h"
#include "near.h"

static void check_number(struct spec *s, const struct msr *m)
{
	uint64_t last = m->number + (uint64_t)(m->count - 1) * m->stride;

	if (m->count && (m->number < MSR_FIRST || last > MSR_LAST))
		diag_error(s, &m->number_at, "outside the synthetic MSRs, 0x%x to 0x%x", MSR_FIRST,
			   MSR_LAST);
}

/* Of an unknown MSR there is a number and a name, and no more. */
static void check_unknown(struct spec *s, const struct msr *m)
{
	if (msr_implemented(m))
		diag_error(s, &m->at, "MSR '%s' works, but nothing is known of it", m->name);
	if (m->has_reset || m->bits || m->acts || m->computed)
		diag_error(s, &m->at, "'%s' is unknown: it has no content", m->name);
}

static void check_access(struct spec *s, const struct msr *m)
{
	if (m->computed && m->writable && !m->readable)
		diag_error(s, &m->at, "'%s' is write-only: there is no read to compute", m->name);
	if (m->acts && m->readable && !m->writable)
		diag_error(s, &m->at, "'%s' is read-only: there is no write to act on", m->name);
}

static void resolve_unless(struct spec *s, const struct msr *m, struct bits *b)
{
	const struct bits *bit = m->bits;

	while (bit && (!bit->name || strcmp(bit->name, b->unless.text) != 0))
		bit = bit->next;
	if (!bit || bit->high != bit->low || bit == b)
		diag_error(s, &b->unless.at, "'%s' has no other single bit '%s'", m->name,
			   b->unless.text);
	else
		b->unless_bit = bit;
}

static void report_msr(struct spec *s, const struct name *n)
{
	struct near near = { .wanted = n->text };

	for (const struct msr *m = s->msrs; m; m = m->next)
		near_try(&near, m->name);
	diag_error(s, &n->at, "unknown MSR '%s'%s", n->text, near_hint(s, &near));
}

static void resolve_bits(struct spec *s, struct msr *m)
{
	for (struct bits *b = m->bits; b; b = b->next) {
		struct name *n = &b->ignored_unless;

		if (b->unless.text)
			resolve_unless(s, m, b);
		if (!n->text)
			continue;
		b->ignored_unless_msr = spec_msr(s, n->text);
		if (!b->ignored_unless_msr && !is_lost(s, n->text))
			report_msr(s, n);
		else if (b->ignored_unless_msr == m)
			diag_error(s, &n->at, "'%s' cannot wait for itself", m->name);
		else if (b->ignored_unless_msr && b->ignored_unless_msr->strided)
			diag_error(s, &n->at, "'%s' is more than one MSR", n->text);
	}
}

/* ---- the reset value ---- */

static bool is_value(const struct type *t, uint64_t value)
{
	for (const struct enumerator *v = t->values; v; v = v->next)
		if (v->value == value)
			return true;
	return false;
}

static bool type_admits(const struct type *t, uint64_t value)
{
	if (t->kind == TYPE_ENUM)
		return t->open || is_value(t, value);
	if (t->kind == TYPE_FLAGS)
		return (value & ~type_flags_mask(t)) == 0;
	return (value & type_mbz_mask(t)) == 0;
}

static bool part_admits(const struct bits *b, uint64_t value)
{
	if (b->kind == BITS_MBZ || b->kind == BITS_PAD || b->ignored_unless.text)
		return value == 0;
	if (b->in && (value < b->in->low || value > b->in->high))
		return false;
	if (b->nonzero && value == 0)
		return false;
	return !b->type || type_admits(b->type, value);
}

static void check_reset(struct spec *s, const struct msr *m)
{
	if (!m->has_reset && !m->about.broken && !m->unknown)
		diag_error(s, &m->at, "MSR '%s' has no reset value", m->name);
	if (!m->has_reset)
		return;
	for (const struct bits *b = m->bits; b; b = b->next) {
		if (b->unless_bit && m->reset & bits_mask(b->unless_bit))
			continue;
		if (b->high >= 64 || part_admits(b, (m->reset & bits_mask(b)) >> b->low))
			continue;
		diag_error(s, &m->reset_at, "the reset value breaks the rule of %s",
			   spell_bits(s, b->high, b->low));
		diag_note(s, &b->range_at, "declared here");
	}
}

/* ---- rules ---- */

static uint64_t locking_bits(const struct msr *m)
{
	uint64_t mask = 0;

	for (const struct bits *b = m->bits; b; b = b->next)
		if (b->locks)
			mask |= bits_mask(b);
	return mask;
}

static void list_rules(struct spec *s, struct msr *m)
{
	const struct rule_source from = { .at = m->at, .status = &status_gp };
	const struct operand whole = {
		.part = PART_MSR, .path = "", .member = "value", .size = 8, .width = 64, .count = 1
	};
	struct rule_list rules = {
		.spec = s,
		.id_prefix = spec_printf(s, "HVR-M-%08x-", m->number),
		.name_prefix = spec_printf(s, "MSR_%s_", spec_upper(s, m->name)),
		.tail = &m->checks,
	};
	uint64_t locks = locking_bits(m);
	const char *text;

	if (!m->readable)
		rules_add(&rules, CHECK_MSR_READ, &whole, "READ", &from, "the MSR is not read");
	if (!m->writable) {
		rules_add(&rules, CHECK_MSR_WRITE, &whole, "WRITE", &from,
			  "the MSR is not written");
		return;
	}
	if (locks) {
		text = "the MSR is not locked";
		rules_add(&rules, CHECK_MSR_LOCKED, &whole, "LOCKED", &from, text)->mask = locks;
	}
	rules_add_bits(&rules, &whole, m->bits, &from);
}

/* ---- instances ---- */

static int by_number(const void *left, const void *right)
{
	const struct msr_row *a = left, *b = right;

	return a->number < b->number ? -1 : a->number > b->number;
}

static void list_rows(struct spec *s)
{
	size_t count = 0;

	for (const struct msr *m = s->msrs; m; m = m->next)
		count += m->count;
	s->msr_rows = spec_alloc(s, count * sizeof(*s->msr_rows));
	for (const struct msr *m = s->msrs; m; m = m->next)
		for (uint32_t i = 0; i < m->count; i++)
			s->msr_rows[s->msr_row_count++] = (struct msr_row){
				m, i, m->number + i * m->stride
			};
	qsort(s->msr_rows, count, sizeof(*s->msr_rows), by_number);
}

void check_msrs(struct spec *s)
{
	for (struct msr *m = s->msrs; m; m = m->next) {
		refer_needs(s, m->needs);
		resolve_bits(s, m);
		if (m->bits && !m->about.broken)
			check_bits(s, m->bits, 64, HOME_MSR, m->name, &m->at);
		check_number(s, m);
		check_access(s, m);
		if (m->unknown && !m->about.broken)
			check_unknown(s, m);
		check_reset(s, m);
		list_rules(s, m);
	}
	list_rows(s);
}
