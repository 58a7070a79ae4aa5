/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Facts in words. */
#include "words.h"

#include "spell.h"

const char *words_arches(unsigned set)
{
	return set == ARCH_ALL ? "x64 and ARM64" : set & ARCH_X64 ? "x64" : "ARM64";
}

const char *words_bit_range(unsigned high, unsigned low)
{
	return high == low ? namef("%u", low) : namef("%u..%u", high, low);
}

const char *words_outcome(const struct status *st)
{
	return status_is_fault(st) ? namef("#%s", st->name) : c_status(st);
}

const char *words_bits_rule(const struct bits *b)
{
	static const char *const kinds[] = { "", "must be zero", "ignored", "preserved" };

	if (b->kind != BITS_NAMED)
		return kinds[b->kind];
	if (b->ignored_unless.text)
		return namef("stays zero while %s is zero", b->ignored_unless.text);
	return b->gpa     ? "a guest physical page number"
	       : b->locks ? "locks the register until reset"
			  : "";
}

const char *words_source(const struct bits *b)
{
	switch (b->source) {
	case CPUID_OFFER:
		return namef("%s.%s", b->offer->block.text, b->offer->bit.text);
	case CPUID_CONSTANT:
		return namef("0x%llx", (unsigned long long)b->constant);
	case CPUID_VALUE:
		return namef("value %s", b->value->name);
	case CPUID_NONE:
		break;
	}
	return "zero";
}

const char *words_shape(const struct call *c)
{
	if (c->unknown)
		return "unknown, as are the parameters";
	return namef("%s%s%s%s%s%s", c->rep ? "rep" : "simple",
		     c->counted ? " without elements" : "", c->varhead ? ", variable header" : "",
		     c->fast ? ", fast" : "", c->xmm && !c->fast ? ", XMM fast" : "",
		     c->continuable ? ", continuable" : "");
}

const char *words_callers(unsigned set)
{
	const char *text = "";

	for (unsigned i = 0; caller_name(i); i++)
		if (set & 1u << i)
			text = namef("%s%s%s", text, *text ? ", " : "", caller_name(i));
	return text;
}

const char *words_scope(const struct msr *m)
{
	if (m->unknown)
		return "unknown, as is all else";
	return m->vp ? "virtual processor" : "partition";
}

const char *words_access(const struct msr *m)
{
	if (m->unknown)
		return NULL;
	return !m->writable ? "read only" : !m->readable ? "write only" : "read and write";
}
