/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Remarks have something to say, and what is said to be absent is. */
#include <string.h>

#include "check.h"
#include "diag.h"
#include "items.h"

void check_remarks(struct spec *s)
{
	for (const struct remark *r = s->remarks; r; r = r->next)
		if (!r->about.marks && !r->about.broken)
			diag_error(s, &r->at, "a remark without a mark says nothing");
	for (const struct absence *a = s->absences; a; a = a->next)
		for (const struct absence *b = s->absences; b != a; b = b->next)
			if (strcmp(a->name, b->name) == 0) {
				diag_error(s, &a->at, "'%s' is absent already", a->name);
				diag_note(s, &b->at, "first declared here");
			}
}

static void compare(void *context, const struct item *item)
{
	struct spec *s = context;

	for (const struct absence *a = s->absences; a; a = a->next)
		if (item->kind != ITEM_REMARK && strcmp(a->name, item->name) == 0) {
			diag_error(s, &a->at, "'%s' is not absent", a->name);
			diag_note(s, item->at, "it is declared here");
		}
}

void check_absences(struct spec *s)
{
	if (s->absences)
		each_item(s, compare, s);
}
