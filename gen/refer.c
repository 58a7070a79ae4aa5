/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What a written name refers to. */
#include <string.h>

#include "check.h"
#include "diag.h"
#include "near.h"

bool is_lost(const struct spec *s, const char *name)
{
	if (s->missing_source)
		return true;
	for (const struct name_list *n = s->lost; n; n = n->next)
		if (strcmp(n->name.text, name) == 0)
			return true;
	return false;
}

static void report_unknown(struct spec *s, const struct name *n, const char *what,
			   const struct near *near)
{
	if (!is_lost(s, n->text))
		diag_error(s, &n->at, "unknown %s '%s'%s", what, n->text, near_hint(s, near));
}

static void report_type(struct spec *s, const struct name *n)
{
	struct near near = { .wanted = n->text };

	for (const struct type *t = s->types; t; t = t->next)
		near_try(&near, t->name);
	report_unknown(s, n, "type", &near);
}

static void report_status(struct spec *s, const struct name *n)
{
	struct near near = { .wanted = n->text };

	for (const struct status *status = s->statuses; status; status = status->next)
		near_try(&near, status->name);
	report_unknown(s, n, "status", &near);
}

static void report_block(struct spec *s, const struct name *n)
{
	struct near near = { .wanted = n->text };

	for (const struct offer *o = s->offers; o; o = o->next)
		near_try(&near, o->name);
	report_unknown(s, n, "privileges or features block", &near);
}

static void report_bit(struct spec *s, const struct offer *o, const struct name *n)
{
	struct near near = { .wanted = n->text };

	for (const struct offer_bit *b = o->bits; b; b = b->next)
		near_try(&near, b->name);
	if (!is_lost(s, n->text))
		diag_error(s, &n->at, "'%s' has no bit '%s'%s", o->name, n->text,
			   near_hint(s, &near));
}

struct type *refer_type(struct spec *s, const struct name *n)
{
	struct type *t = spec_type(s, n->text);

	if (t)
		t->used = true;
	else
		report_type(s, n);
	return t;
}

const struct status *refer_real_status(struct spec *s, const struct name *n)
{
	struct status *status = spec_status(s, n->text);

	if (status)
		status->used = true;
	else
		report_status(s, n);
	return status;
}

const struct status *refer_status(struct spec *s, const struct name *n)
{
	if (strcmp(n->text, status_ud.name) == 0)
		return &status_ud;
	if (strcmp(n->text, status_gp.name) == 0)
		return &status_gp;
	return refer_real_status(s, n);
}

void refer_offers(struct spec *s, struct offer_use *uses)
{
	for (struct offer_use *u = uses; u; u = u->next) {
		const struct offer *o = spec_offer(s, u->block.text);

		u->target = spec_offer_bit(s, u->block.text, u->bit.text);
		if (u->target)
			u->target->used = true;
		else if (!o)
			report_block(s, &u->block);
		else
			report_bit(s, o, &u->bit);
	}
}

void refer_needs(struct spec *s, struct offer_use *uses)
{
	refer_offers(s, uses);
	for (struct offer_use *u = uses; u; u = u->next)
		if (u->target && strcmp(u->block.text, "privilege") != 0 &&
		    strcmp(u->block.text, "feature") != 0)
			diag_error(s, &u->block.at,
				   "'%s.%s' cannot be needed: only privilege.x and feature.x can",
				   u->block.text, u->bit.text);
}
