/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Former names in the guest header: sources that use them go on building. */
#include "out_guest.h"

#include "spell.h"

/* One name for another, between the same beginning and end. */
static void former(struct text *t, const char *before, const char *old, const char *after,
		   const char *name)
{
	guest_define(t, namef("%s%s%s", before, old, after), namef("%s%s%s", before, name, after));
}

static void former_constants(struct text *t, const char *before, const char *name,
			     const struct about *a)
{
	for (const struct name_list *n = a->formerly; n; n = n->next)
		former(t, before, upper(n->name.text), "", upper(name));
}

static void former_offers(struct text *t, const struct offer *o)
{
	for (const struct offer_bit *b = o->bits; b; b = b->next) {
		former_constants(t, namef("HV_%s_", upper(o->name)), b->name, &b->about);
		for (const struct name_list *n = b->about.formerly; n; n = n->next)
			former(t, namef("hv_has_%s_", o->name), n->name.text, "", b->name);
	}
}

/* The structs and functions of a call; a macro for one that the call lacks stays unused. */
static void former_call(struct text *t, const struct call *c)
{
	static const char *const blocks[] = { "_in", "_each_in", "_out", "_each_out" };

	former_constants(t, "HV_CALL_", c->name, &c->about);
	for (const struct name_list *n = c->about.formerly; n; n = n->next) {
		for (unsigned i = 0; i < CALL_BLOCKS; i++)
			former(t, "hv_", n->name.text, blocks[i], c->name);
		former(t, "hv_control_", n->name.text, "", c->name);
		former(t, "hv_call_", n->name.text, "", c->name);
	}
}

void guest_former(struct text *t, const struct spec *s)
{
	struct text names = { 0 };

	for (const struct status *st = s->statuses; st; st = st->next)
		former_constants(&names, "HV_STATUS_", st->name, &st->about);
	for (const struct type *type = s->types; type; type = type->next)
		for (const struct enumerator *e = type->values; e; e = e->next)
			if (for_x64(&type->about) && for_x64(&e->about))
				former_constants(&names, namef("HV_%s_", upper(type->name)),
						 e->name, &e->about);
	for (const struct offer *o = s->offers; o; o = o->next)
		former_offers(&names, o);
	for (const struct call *c = s->calls; c; c = c->next)
		if (for_x64(&c->about))
			former_call(&names, c);
	if (names.len) {
		guest_section(t, "Former names");
		emit_line(t, "%.*s", (int)names.len, names.data);
	}
	text_free(&names);
}
