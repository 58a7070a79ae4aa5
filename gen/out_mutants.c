/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * mutants.c: the validators again, with a number for each way in which each rule can be wrong. A
 * test asks for one after the other and wants each to be noticed by a vector.
 */
#include "edges.h"
#include "expr.h"
#include "out.h"
#include "spell.h"

/* The mutants of one call or MSR: their functions go to one text, their names to another. */
struct mutants {
	struct text code, names, calls, msrs;
	const struct spec *spec;
	const struct call *call; /* NULL for an MSR */
	unsigned count;          /* number of the last one; 0 is the validator as it should be */
	const struct check *k;   /* the rule that is being weakened */
};

/* Name one more mutant; its number. `flags` is what the test must do itself. */
static unsigned name_mutant(struct mutants *m, const char *what, const char *flags)
{
	emit_line(&m->names, "{ \"%s\", \"%s\", %s },", m->k->id, what, flags);
	return ++m->count;
}

static const char *parens(const char *expression)
{
	return namef("(%s)", expression);
}

/* The whole condition under which the rule is broken. */
static const char *guarded(const struct check *k, const char *broken)
{
	return k->guarded ? namef("%s && (%s)", expr_guard(k), broken) : broken;
}

static void wrong(struct mutants *m, const char *what, const char *broken)
{
	unsigned number = name_mutant(m, what, "0");

	emit_line(&m->code, "case %u:", number);
	m->code.indent++;
	emit_wrapped(&m->code, "broken = %s;", broken);
	emit_line(&m->code, "break;");
	m->code.indent--;
}

/* Another rule in its place, with the same guard. */
static void wrong_rule(struct mutants *m, const char *what, const struct check *other)
{
	wrong(m, what, guarded(m->k, expr_broken(other)));
}

/* ---- by kind of rule ---- */

static uint64_t greatest(const struct check *k)
{
	return low_bits(k->on.width > 64 ? 64 : k->on.width);
}

static unsigned number_of(uint64_t bit)
{
	return count_bits(bit - 1);
}

static void lose_bits(struct mutants *m, uint64_t mask)
{
	for (uint64_t left = mask; left; left &= left - 1) {
		uint64_t bit = left & -left;
		struct check other = *m->k;

		other.kind = CHECK_RESERVED;
		other.mask = mask & ~bit;
		wrong_rule(m, namef("without bit %u", number_of(bit)), &other);
	}
}

static const char *any_of_bytes(const struct check *k, unsigned from, unsigned to)
{
	struct check part = *k;

	part.on.offset += from;
	part.on.size = to - from;
	part.on.width = 8 * part.on.size;
	return from < to ? expr_broken(&part) : "false";
}

static void lose_bytes(struct mutants *m)
{
	const struct check *k = m->k;

	for (unsigned at = 0; at < k->on.size; at++)
		wrong(m, namef("without byte %u", at),
		      guarded(k, namef("%s || %s", any_of_bytes(k, 0, at),
				       any_of_bytes(k, at + 1, k->on.size))));
}

static void move_bound(struct mutants *m, const char *what, uint64_t low, uint64_t high)
{
	struct check other = *m->k;

	other.low = low;
	other.high = high;
	wrong_rule(m, what, &other);
}

static void move_bounds(struct mutants *m)
{
	const uint64_t low = m->k->low, high = m->k->high;

	move_bound(m, "low bound one higher", low + 1, high);
	if (low)
		move_bound(m, "low bound one lower", low - 1, high);
	if (high)
		move_bound(m, "high bound one lower", low, high - 1);
	if (high < greatest(m->k))
		move_bound(m, "high bound one higher", low, high + 1);
}

static bool is_value(const struct type *type, uint64_t v)
{
	for (const struct enumerator *e = type->values; e; e = e->next)
		if (e->value == v)
			return true;
	return false;
}

static void gain_value(struct mutants *m, uint64_t v)
{
	const struct check *k = m->k;

	if (!is_value(k->type, v) && v <= greatest(k))
		wrong(m, namef("with %s", c_hex(v, 4)),
		      guarded(k, namef("%s && %s != %s", parens(expr_broken(k)),
				       expr_value(&k->on), c_hex(v, k->on.size))));
}

static void change_values(struct mutants *m)
{
	const struct check *k = m->k;

	for (const struct enumerator *e = k->type->values; e; e = e->next) {
		wrong(m, namef("without %s", c_hex(e->value, 4)),
		      guarded(k, namef("%s || %s == %s", parens(expr_broken(k)),
				       expr_value(&k->on), c_hex(e->value, k->on.size))));
		gain_value(m, e->value + 1);
		if (e->value && !is_value(k->type, e->value - 2))
			gain_value(m, e->value - 1);
	}
}

static void miscount(struct mutants *m)
{
	const struct operand *on = &m->k->on;
	const char *value = expr_value(on);

	wrong(m, "more are fine", guarded(m->k, namef("a->var_count < popcount(%s)", value)));
	wrong(m, "fewer are fine", guarded(m->k, namef("a->var_count > popcount(%s)", value)));
	for (unsigned bit = 0; bit < on->width; bit++)
		wrong(m, namef("without bank %u", bit),
		      guarded(m->k, namef("a->var_count != popcount(%s & ~%s)", value,
					  c_hex(1ull << bit, on->size))));
}

static void by_kind(struct mutants *m)
{
	const struct check *k = m->k;

	switch (k->kind) {
	case CHECK_ZERO:
		lose_bytes(m);
		break;
	case CHECK_RESERVED:
		lose_bits(m, k->mask);
		break;
	case CHECK_RANGE:
		move_bounds(m);
		break;
	case CHECK_ENUM:
		change_values(m);
		break;
	case CHECK_COUNT:
		miscount(m);
		break;
	case CHECK_VALID:
	case CHECK_NONZERO:
	case CHECK_MSR_LOCKED:
	case CHECK_MSR_GPA:
	case CHECK_MSR_READ:
	case CHECK_MSR_WRITE:
		break;
	}
}

static const char *broken_of(const struct check *k)
{
	if (k->kind == CHECK_MSR_READ)
		return "!write";
	return guarded(k, expr_broken(k));
}

/* Every way in which one rule can be wrong, then as it should be. */
static void alternatives(struct mutants *m)
{
	const struct check *k = m->k;
	const char *broken = broken_of(k);

	emit_line(&m->code, "switch (n) {");
	wrong(m, "dropped", "false");
	if (k->guarded) {
		wrong(m, "without its guard", expr_broken(k));
		wrong(m, "with its guard inverted",
		      namef("!(%s) && (%s)", expr_guard(k), expr_broken(k)));
	}
	if (k->on.count > 1)
		wrong(m, "without the last element",
		      namef("i != %u && (%s)", k->on.count - 1, broken));
	by_kind(m);
	emit_line(&m->code, "default:");
	m->code.indent++;
	emit_wrapped(&m->code, "broken = %s;", broken);
	m->code.indent--;
	emit_line(&m->code, "}");
	name_mutant(m, "with another status", "1");
}

static void rule(struct mutants *m, const struct check *k)
{
	struct text *t = &m->code;
	bool loop = k->on.count > 1;

	m->k = k;
	if (loop)
		emit_open(t, "for (u32 i = 0; i < %u; i++) {", k->on.count);
	alternatives(m);
	emit_line(t, "if (broken)\n\treturn SPEC_RULE_%s;", k->enumerator);
	if (loop)
		emit_close(t, "}");
}

/* ---- calls ---- */

/* The next rule tried before this one. */
static void swapped(struct mutants *m, const struct check *k, const struct sample *good)
{
	const struct check *rival = edge_rival(good, m->call->checks, k);

	if (!rival || rival->on.count > 1)
		return;
	m->k = k;
	emit_wrapped(&m->code, "if (n == %u && (%s))", name_mutant(m, "after the next rule", "0"),
		     broken_of(rival));
	emit_line(&m->code, "\treturn SPEC_RULE_%s;", rival->enumerator);
}

static void call_function(struct mutants *m, bool each)
{
	const struct sample good = sample_of_call(m->call);
	const struct call *c = m->call;
	struct text *t = &m->code;

	emit_blank(t);
	emit_line(t, "static u32 check_%s%s(u32 n, const struct spec_args *a)",
		  each ? "each_" : "", c->name);
	emit_open(t, "{");
	if (looks_at(c, each, PART_IN))
		emit_line(t, "const struct hv_%s_in *in = a->in;", c->name);
	if (looks_at(c, each, PART_EACH))
		emit_line(t, "const struct hv_%s_each_in *each = a->each_in;", c->name);
	if (has_checks(c, each))
		emit_line(t, "bool broken;\n");
	else
		emit_line(t, "(void)n;\n(void)a;");
	for (const struct check *k = c->checks; k; k = k->next) {
		if ((k->on.part == PART_EACH) != each)
			continue;
		swapped(m, k, &good);
		rule(m, k);
	}
	emit_line(t, "return SPEC_RULE_NONE;");
	emit_close(t, "}");
}

static void call_mutants(struct mutants *m)
{
	unsigned first = m->count + 1;

	call_function(m, false);
	call_function(m, true);
	emit_wrapped(&m->calls, "{ 0x%04x, %u, %u, check_%s, check_each_%s },", m->call->code,
		     first, m->count, m->call->name, m->call->name);
}

/* ---- MSRs ---- */

/* Bits that a write treats apart, each in turn forgotten; `how` speaks of `mask`. */
static void forget_bits(struct mutants *m, uint64_t mask, const char *what, const char *how)
{
	static const struct check none = { .id = "" };
	struct text *t = &m->code;

	if (!mask)
		return;
	m->k = &none;
	emit_line(t, "switch (n) {");
	for (uint64_t left = mask; left; left &= left - 1) {
		uint64_t bit = left & -left;
		const char *name = namef("bit %u not %s", number_of(bit), what);

		emit_line(t, "case %u:", name_mutant(m, name, "0"));
		emit_line(t, "\tmask = %s;\n\tbreak;", c_hex(mask & ~bit, 8));
	}
	emit_line(t, "default:\n\tmask = %s;\n}", c_hex(mask, 8));
	emit_line(t, "%s", how);
}

static void adjustments(struct mutants *m, const struct msr *msr)
{
	forget_bits(m, msr_mask(msr, BITS_PAD), "ignored", "*value &= ~mask;");
	forget_bits(m, msr_mask(msr, BITS_PRESERVE), "preserved",
		    "*value = (*value & ~mask) | (old & mask);");
	for (const struct bits *b = msr->bits; b; b = b->next) {
		const struct msr *other = b->ignored_unless_msr;

		if (!other || !msr_implemented(other))
			continue;
		emit_line(&m->code, "if (env->%s_slots[%u] == 0) {", other->vp ? "vp" : "partition",
			  msr_slot(m->spec, other));
		m->code.indent++;
		forget_bits(m, bits_mask(b), "waiting", "*value &= ~mask;");
		m->code.indent--;
		emit_line(&m->code, "}");
	}
}

static void msr_mutants(struct mutants *m, const struct msr *msr)
{
	unsigned first = m->count + 1;
	struct text *t = &m->code;

	emit_blank(t);
	emit_wrapped(t,
		     "static u32 check_msr_%s(u32 n, bool write, const struct spec_msr_env *env, u64 "
		     "old, u64 *value)",
		     msr->name);
	emit_open(t, "{");
	emit_line(t, "u64 mask;\nbool broken;\n");
	emit(t, "(void)n;\n(void)env;\n(void)old;\n(void)value;\n(void)mask;\n(void)broken;\n");
	for (const struct check *k = msr->checks; k; k = k->next)
		if (k->kind == CHECK_MSR_READ)
			rule(m, k);
	emit_line(t, "if (!write)\n\treturn SPEC_RULE_NONE;");
	for (const struct check *k = msr->checks; k; k = k->next)
		if (k->kind != CHECK_MSR_READ)
			rule(m, k);
	if (msr->writable)
		adjustments(m, msr);
	emit_line(t, "return SPEC_RULE_NONE;");
	emit_close(t, "}");
	emit_wrapped(&m->msrs, "{ 0x%08x, %u, %u, check_msr_%s },", msr->number, first, m->count,
		     msr->name);
}

/* ---- the file ---- */

static const char structs[] =
	"struct mutant {\n"
	"\tconst char *rule;  /* id; \"\": what a write does to bits that it leaves alone */\n"
	"\tconst char *what;  /* is wrong with it */\n"
	"\tbool other_status; /* for the test to see to: the functions yield rules */\n"
	"};\n"
	"\n"
	"/* Mutants first..last are of this call: n as an argument asks for one, 0 for none. */\n"
	"struct mutant_call {\n"
	"\tu16 code;\n"
	"\tu32 first, last;\n"
	"\tu32 (*check)(u32 n, const struct spec_args *a);\n"
	"\tu32 (*check_each)(u32 n, const struct spec_args *a);\n"
	"};\n"
	"\n"
	"/* Likewise of this MSR; a read alters nothing. */\n"
	"struct mutant_msr {\n"
	"\tu32 number;\n"
	"\tu32 first, last;\n"
	"\tu32 (*check)(u32 n, bool write, const struct spec_msr_env *env, u64 old, u64 *value);\n"
	"};\n\n";

static void append(struct text *to, struct text *from)
{
	emit(to, "%.*s", (int)from->len, from->len ? from->data : "");
	text_free(from);
}

static void table(struct text *t, const char *type, const char *name, struct text *rows)
{
	emit_blank(t);
	emit_line(t, "const struct %s %s[] = {", type, name);
	append(t, rows);
	emit_line(t, "};");
}

void out_mutants_c(struct text *t, const struct spec *s)
{
	struct mutants m = { .spec = s };

	emit_banner(t, "The validators with each rule weakened in turn, for a test to include.");
	emit(t, "#include \"spec_calls.h\"\n#include \"spec_check.h\"\n#include \"spec_msrs.h\"\n\n");
	emit(t, "%s", structs);
	emit_check_helpers(t);
	for (m.call = s->calls; m.call; m.call = m.call->next)
		if (for_x64(&m.call->about))
			call_mutants(&m);
	for (const struct msr *msr = s->msrs; msr; msr = msr->next)
		if (for_x64(&msr->about))
			msr_mutants(&m, msr);
	append(t, &m.code);
	table(t, "mutant_call", "mutant_calls", &m.calls);
	table(t, "mutant_msr", "mutant_msrs", &m.msrs);
	emit_blank(t);
	emit_line(t, "const struct mutant mutants[] = {\n{ \"\", \"none\", 0 },");
	append(t, &m.names);
	emit_line(t, "};");
}
