/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Guest-virtual to guest-physical translation in every paging mode, by reading the guest's own page
 * tables. Pure.
 */
#ifndef PARTITA_X86_GUEST_WALK_H
#define PARTITA_X86_GUEST_WALK_H

#include "types.h"

/* What decides how the guest translates addresses. */
struct guest_walk {
	u64 cr0, cr3, cr4, efer;
	/*
	 * Copy length bytes at a guest physical address; false if that is no memory of the guest.
	 * Never crosses a page.
	 */
	bool (*read)(void *context, u64 gpa, void *out, size_t length);
	void *context;
};

/*
 * Translate a linear address. False: not mapped, or a table lies outside guest memory. Rights are
 * not checked.
 */
bool guest_walk_translate(const struct guest_walk *walk, u64 linear, u64 *gpa);

/* Copy up to length bytes at a linear address; returns how many could be read. */
size_t guest_walk_read(const struct guest_walk *walk, u64 linear, void *out, size_t length);

#endif
