/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Sets of virtual processors as hypercalls carry them: up to 64 banks of 64 (HV_VP_SET). */
#ifndef PARTITA_VPSET_H
#define PARTITA_VPSET_H

#include <stdbool.h>
#include <stdint.h>

#define VPSET_BANKS 64

/*
 * A parsed view: banks belong to the caller; bank i of those present is banks[number of present
 * banks below i].
 */
struct vpset {
	bool all;
	uint64_t valid;         /* bit b: bank b is present */
	const uint64_t *banks;
};

/* Every VP; the VPs of a mask of the first 64 (banks: one qword that lives as long as the set). */
struct vpset vpset_all(void);
struct vpset vpset_mask(const uint64_t *mask);

/* The set of a sparse header; false when bank_count is not the number of bits in valid. */
bool vpset_sparse(struct vpset *out, uint64_t valid, const uint64_t *banks, uint32_t bank_count);

/* Whether no VP in the set is named by an index of count or more: the set of all names none. */
bool vpset_within(const struct vpset *s, uint32_t count);

/* Whether a VP is in the set: any index may be asked. */
bool vpset_has(const struct vpset *s, uint32_t vp);

#endif
