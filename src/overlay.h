/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Overlay pages: pages of the hypervisor that hide the guest's memory at a page the guest chose. */
#ifndef PARTITA_OVERLAY_H
#define PARTITA_OVERLAY_H

#include "types.h"

struct partition;

/* One per page that can be laid over guest memory; of the last three, one per VP, by index. */
#define OVERLAY_VPS 256
enum overlay_id {
	OVERLAY_HYPERCALL,
	OVERLAY_REFERENCE_TSC,
	OVERLAY_ASSIST,
	OVERLAY_SIMP = OVERLAY_ASSIST + OVERLAY_VPS,
	OVERLAY_SIEFP = OVERLAY_SIMP + OVERLAY_VPS,
	OVERLAY_COUNT = OVERLAY_SIEFP + OVERLAY_VPS,
};

struct overlay {
	void *page;      /* the hypervisor's page, or NULL before it is first used */
	u64 gpn;         /* guest page number it lies at while on */
	bool on;
};

struct overlays { struct overlay slot[OVERLAY_COUNT]; };

/*
 * Lay overlay id at page number gpn, moving it when it is on elsewhere; what it uncovers comes
 * back. Several at one page: the lowest id is seen. A page outside the guest physical address space
 * is accepted and seen nowhere. False: out of memory, and the overlay is off.
 */
bool overlay_set(struct partition *p, u32 id, u64 gpn);
void overlay_clear(struct partition *p, u32 id);

/* The overlay page seen at gpn and its rights (NPT_*), or NULL. */
void *overlay_at(struct partition *p, u64 gpn, u32 *rights);

/* The page of an overlay, allocated and zeroed at first use; NULL when out of memory. */
void *overlay_page(struct partition *p, u32 id);

/* Take an overlay, or all of them, away and forget the contents. */
void overlay_forget(struct partition *p, u32 id);
void overlay_reset(struct partition *p);

#endif
