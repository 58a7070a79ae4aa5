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
	/* The rest is for guest_walk_access() alone. */
	unsigned physical_bits; /* width of a physical address: what lies above it is reserved */
	/* Replace an entry of 4 or 8 bytes if it is old still; false when it is not. */
	bool (*replace)(void *context, u64 gpa, size_t length, u64 old, u64 new);
};

/* Who accesses data, and how. */
struct guest_rights {
	bool write;
	bool user;         /* CPL 3, and no access to the processor's own tables */
	bool without_user; /* SMAP keeps it from pages of user mode */
	u32 pkru;          /* with CR4.PKE: the rights by protection key */
};

enum guest_walk_end {
	GUEST_WALK_DONE,
	GUEST_WALK_FAULT,
	GUEST_WALK_AGAIN, /* somebody changes the tables: begin again */
};

/*
 * Translate a linear address. False: not mapped, or a table lies outside guest memory. Rights are
 * not checked.
 */
bool guest_walk_translate(const struct guest_walk *walk, u64 linear, u64 *gpa);

/*
 * Translate the address of an access of data as the processor does it: with rights, and accessed and
 * dirty bits set. *error: the error code of the page fault, if it is one.
 */
enum guest_walk_end guest_walk_access(const struct guest_walk *walk, u64 linear,
				      const struct guest_rights *rights, u64 *gpa, u32 *error);

/* Copy up to length bytes at a linear address; returns how many could be read. */
size_t guest_walk_read(const struct guest_walk *walk, u64 linear, void *out, size_t length);

#endif
