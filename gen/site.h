/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The reference as linked pages: where each item has its place, and what leads to it. */
#ifndef HVGEN_SITE_H
#define HVGEN_SITE_H

#include "emit.h"
#include "model.h"

/* Something that speaks of an item: the page to open, and how it is called. */
struct edge {
	const void *item;      /* struct type, status or offer_bit */
	const char *href, *label;
	unsigned order;        /* of the first to speak */
};

struct site {
	const struct spec *spec;
	const char *dir;
	struct text page;      /* the one being written; its memory is used again */
	struct edge *edges;    /* sorted by item, then by order */
	size_t edge_count, edge_room;
	bool good;             /* every page so far was written */
};

void site_open(struct site *site, const struct spec *s, const char *dir);
void site_close(struct site *site);

/* Write the page as a file of that name, and begin another. */
void site_save(struct site *site, const char *name);

/* The first of the edges that lead to the item; they end where the item changes. NULL: none. */
const struct edge *site_edges(const struct site *site, const void *item);
/* The edge behind one, or NULL. */
const struct edge *site_next(const struct site *site, const struct edge *e);

/* Where things are. */
const char *href_call(const struct call *c);
const char *href_msr(const struct msr *m);
const char *href_leaf(const struct cpuid_leaf *l);
const char *href_type(const struct type *t);
const char *href_value(const struct type *t, const struct enumerator *e);
const char *href_offer(const struct offer_bit *b);

/* "HV_X64_MSR_EOM", "HV_X64_MSR_SINT0 to 15". */
const char *msr_title(const struct msr *m);

/* The anchor of a value in the page of its type: names may return on another architecture. */
const char *value_anchor(const struct enumerator *e);
/* The anchor of a bit in the page of its leaf: "eax-5". */
const char *leaf_anchor(unsigned reg, const struct bits *b);
extern const char *const register_names[CPUID_REGISTERS]; /* "eax" .. "edx" */

/* The title of the chapter in which something is declared; its anchor. */
const char *chapter_title(const struct source *source);
const char *chapter_anchor(const struct source *source);

#endif
