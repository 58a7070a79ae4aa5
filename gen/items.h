/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Everything a specification declares, one item after the other: for those who count or list them. */
#ifndef HVGEN_ITEMS_H
#define HVGEN_ITEMS_H

#include "model.h"

enum item_kind {
	ITEM_CALL,
	ITEM_CALL_FIELD,
	ITEM_MSR,
	ITEM_MSR_BITS,
	ITEM_LEAF,
	ITEM_LEAF_BITS,
	ITEM_STATUS,
	ITEM_RULE,
	ITEM_OFFER,
	ITEM_OFFER_BIT,
	ITEM_TYPE,
	ITEM_TYPE_FIELD,
	ITEM_TYPE_BITS,
	ITEM_VALUE,
	ITEM_REMARK,
	ITEM_KINDS
};

/* How much of an item this hypervisor has. */
enum item_state {
	ITEM_WORKS,        /* nothing says otherwise; of types and the like nothing can */
	ITEM_DESCRIBED,    /* known, and refused */
	ITEM_NAME_ONLY,    /* no more than a number and a name is published */
};

struct item {
	enum item_kind kind;
	enum item_state state;
	const char *name;            /* for people; unique enough to be searched for in a file */
	const struct pos *at;
	const struct about *about;
	const struct about *owner;   /* of the declaration around it, or NULL */
	const struct type *type;     /* ITEM_TYPE, ITEM_VALUE: the type */
	const struct call *call;     /* ITEM_CALL */
	unsigned numbers;            /* what it stands for: the MSRs of a family, else 1 */
	bool reserved;               /* bits or bytes without a meaning */
};

/*
 * Call `visit` for each item: a declaration first, then what is in it. Names live until the
 * program ends. For a specification that passed.
 */
void each_item(const struct spec *s, void (*visit)(void *context, const struct item *item),
	       void *context);

/* The architectures an item exists on: a set of enum arch. */
unsigned item_arch(const struct item *item);

/* True when the item, or the declaration around it, has a mark of that kind. */
bool item_has_mark(const struct item *item, enum mark_kind kind);

#endif
