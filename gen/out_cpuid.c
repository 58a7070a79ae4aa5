/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * spec_cpuid.h and spec_cpuid.c: the CPUID leaves of a partition, computed once from what it is
 * offered.
 */
#include "out.h"
#include "spell.h"

static unsigned leaf_count(const struct spec *s)
{
	uint32_t last = LEAF_FIRST;

	for (const struct cpuid_leaf *l = s->leaves; l; l = l->next)
		if (leaf_implemented(l) && l->number > last)
			last = l->number;
	return last - LEAF_FIRST + 1;
}

void out_cpuid_h(struct text *t, const struct spec *s)
{
	emit_banner(t, "The CPUID leaves of a partition.");
	emit(t, "#ifndef SPEC_CPUID_H\n#define SPEC_CPUID_H\n\n#include \"spec_offer.h\"\n\n");
	emit_comment(t, "What only the hypervisor knows when it creates a partition.");
	emit_open(t, "struct spec_values {");
	for (const struct cpuid_value *v = s->values; v; v = v->next)
		emit_line(t, "u32 %s;", v->name);
	if (!s->values)
		emit_line(t, "u32 none;");
	emit_close(t, "};");
	emit_blank(t);
	emit(t, "struct spec_cpuid_leaf {\n\tu32 eax, ebx, ecx, edx;\n};\n\n");
	emit_line(t, "#define SPEC_CPUID_FIRST 0x%xu", LEAF_FIRST);
	emit_line(t, "#define SPEC_CPUID_LEAVES %u", leaf_count(s));
	emit_blank(t);
	emit_comment(t, "Fill in all leaves from SPEC_CPUID_FIRST on; registers and bits the "
			"specification does not name are zero.");
	emit(t, "void spec_cpuid_fill(struct spec_cpuid_leaf out[SPEC_CPUID_LEAVES], const struct "
		"spec_offer *offer,\n"
		"\t\t     const struct spec_values *values);\n\n#endif\n");
}

static const char *const register_names[CPUID_REGISTERS] = { "eax", "ebx", "ecx", "edx" };

/* Offered bits that move by the same distance move together: one line per block and distance. */
static bool already_moved(const struct bits *all, const struct bits *b)
{
	for (const struct bits *at = all; at != b; at = at->next)
		if (at->source == CPUID_OFFER &&
		    at->offer->target->block == b->offer->target->block &&
		    at->low - at->offer->target->bit == b->low - b->offer->target->bit)
			return true;
	return false;
}

static void offered_bits(struct text *t, const char *target, const struct bits *first)
{
	const struct offer_bit *target_bit = first->offer->target;
	int move = (int)first->low - (int)target_bit->bit;
	uint64_t mask = 0;

	for (const struct bits *b = first; b; b = b->next)
		if (b->source == CPUID_OFFER && b->offer->target->block == target_bit->block &&
		    (int)b->low - (int)b->offer->target->bit == move)
			mask |= 1ull << b->offer->target->bit;
	const char *picked = namef("offer->%s & %s", target_bit->block->name, c_hex(mask, 8));
	if (move)
		picked = namef("(%s) %s %d", picked, move > 0 ? "<<" : ">>",
			       move > 0 ? move : -move);
	emit_line(t, "%s |= (u32)(%s);", target, picked);
}

static void filled_in(struct text *t, const char *target, const struct bits *b)
{
	const char *field = namef("values->%s", b->value->name);
	unsigned width = b->high - b->low + 1;

	if (width < 32)
		field = namef("(%s & %s)", field, c_hex(low_bits(width), 4));
	emit_line(t, b->low ? "%s |= %s << %u;" : "%s |= %s;", target, field, b->low);
}

static void leaf_register(struct text *t, const char *target, const struct bits *all)
{
	uint64_t constant = 0;

	for (const struct bits *b = all; b; b = b->next) {
		if (b->source == CPUID_CONSTANT)
			constant |= b->constant << b->low & bits_mask(b);
		else if (b->source == CPUID_OFFER && !already_moved(all, b))
			offered_bits(t, target, b);
		else if (b->source == CPUID_VALUE)
			filled_in(t, target, b);
	}
	if (constant)
		emit_line(t, "%s |= %s;", target, c_hex(constant, 4));
}

void out_cpuid_c(struct text *t, const struct spec *s)
{
	emit_banner(t, "The CPUID leaves of a partition.");
	emit(t, "#include \"spec_cpuid.h\"\n\n");
	emit(t, "void spec_cpuid_fill(struct spec_cpuid_leaf out[SPEC_CPUID_LEAVES], const struct "
		"spec_offer *offer,\n"
		"\t\t     const struct spec_values *values)\n");
	emit_open(t, "{");
	emit_line(t, "(void)offer;");
	emit_line(t, "(void)values;");
	emit_line(t, "for (u32 i = 0; i < SPEC_CPUID_LEAVES; i++)");
	emit_line(t, "\tout[i] = (struct spec_cpuid_leaf){ 0 };");
	for (const struct cpuid_leaf *l = s->leaves; l; l = l->next) {
		if (!leaf_implemented(l))
			continue;
		emit_blank(t);
		emit_line(t, "/* 0x%08x %s */", l->number, l->name);
		for (unsigned i = 0; i < CPUID_REGISTERS; i++)
			leaf_register(
				t, namef("out[%u].%s", l->number - LEAF_FIRST, register_names[i]),
				l->registers[i].bits);
	}
	emit_close(t, "}");
}
