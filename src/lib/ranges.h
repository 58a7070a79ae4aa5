/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Sorted lists of address ranges that do not touch each other. */
#ifndef PARTITA_RANGES_H
#define PARTITA_RANGES_H

#include "gpa.h"
#include "types.h"

/* Storage belongs to the caller. */
struct ranges { struct gpa_range *range; u32 count, max; };

/*
 * Unite with, or take away, [base, end). False: the list would grow beyond max; nothing has
 * changed.
 */
bool ranges_add(struct ranges *l, u64 base, u64 end);
bool ranges_cut(struct ranges *l, u64 base, u64 end);

#endif
