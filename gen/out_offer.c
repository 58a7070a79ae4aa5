/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * spec_offer.h: privileges, features and hints, one bit each. The table of their names is in
 * spec_names.c.
 */
#include "out.h"
#include "spell.h"

static void block(struct text *t, const struct offer *o)
{
	const char *prefix = namef("SPEC_%s", upper(o->name));

	emit_comment(t, o->about.doc);
	for (const struct offer_bit *b = o->bits; b; b = b->next) {
		emit(t, "#define %s_%s", prefix, upper(b->name));
		emit_column(t, 64);
		emit_line(t, "(1ull << %u)%s", b->bit,
			  b->about.unimplemented ? " /* not implemented */" : "");
	}
	emit(t, "#define %s_IMPLEMENTED", prefix);
	emit_column(t, 64);
	emit_line(t, "%s", c_hex(offer_implemented_mask(o), 8));
	emit_blank(t);
}

void out_offer_h(struct text *t, const struct spec *s)
{
	unsigned count = 0;

	emit_banner(t, "What a partition is offered.");
	emit(t, "#ifndef SPEC_OFFER_H\n#define SPEC_OFFER_H\n\n#include \"types.h\"\n\n");
	emit_open(t, "struct spec_offer {");
	for (const struct offer *o = s->offers; o; o = o->next)
		emit_line(t, "u64 %s;", o->name);
	emit_close(t, "};");
	emit_blank(t);
	for (const struct offer *o = s->offers; o; o = o->next) {
		block(t, o);
		for (const struct offer_bit *b = o->bits; b; b = b->next)
			count++;
	}
	emit_comment(t, "Every bit by name; word counts the members of struct spec_offer.");
	emit_open(t, "struct spec_bit_name {");
	emit_line(t, "const char *name;");
	emit_line(t, "u8 word, bit;");
	emit_close(t, "};");
	emit_line(t, "#define SPEC_OFFER_NAMES %u", count);
	emit_line(t, "extern const struct spec_bit_name spec_offer_names[SPEC_OFFER_NAMES];");
	emit(t, "\n#endif\n");
}
