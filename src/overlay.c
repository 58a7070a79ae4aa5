/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Overlay pages: pages of the hypervisor that hide the guest's memory at a page the guest chose. */
#include "overlay.h"

#include "alloc.h"
#include "gpa.h"
#include "machine.h"
#include "partition.h"
#include "string.h"
#include "virt.h"

static u32 rights_of(u32 id)
{
	switch (id) {
	case OVERLAY_HYPERCALL:
		return NPT_R | NPT_X;
	case OVERLAY_REFERENCE_TSC:
		return NPT_R;
	default:
		return NPT_R | NPT_W;
	}
}

void *overlay_page(struct partition *p, u32 id)
{
	struct overlay *o = &p->overlays.slot[id];

	if (!o->page)
		o->page = alloc_page();
	return o->page;
}

/* The id after this one; VPs that do not exist have no overlays. */
static u32 next_id(const struct partition *p, u32 id)
{
	const u32 next = id + 1, vp = (next - OVERLAY_ASSIST) % OVERLAY_VPS;

	return next >= OVERLAY_ASSIST && vp >= p->env.vp_count ? next + OVERLAY_VPS - vp : next;
}

static const struct overlay *seen_at(const struct partition *p, u64 gpn, u32 *id)
{
	const struct overlay *slot = p->overlays.slot;

	for (*id = 0; *id < OVERLAY_COUNT; *id = next_id(p, *id))
		if (slot[*id].on && slot[*id].gpn == gpn)
			return &slot[*id];
	return NULL;
}

void *overlay_at(struct partition *p, u64 gpn, u32 *rights)
{
	u32 id;
	const struct overlay *o = seen_at(p, gpn, &id);

	if (!o)
		return NULL;
	*rights = rights_of(id);
	return o->page;
}

/* Make the nested tables show at gpn what is to be seen there. */
static bool show(struct partition *p, u64 gpn)
{
	u32 rights;
	void *page = overlay_at(p, gpn, &rights);

	if (gpn >= p->gpa.page_limit)
		return true;
	if (page)
		return gpa_map_page(p, gpn, machine_hpa(page), rights);
	gpa_unmap_page(p, gpn);
	return true;
}

bool overlay_set(struct partition *p, u32 id, u64 gpn)
{
	struct overlay *o = &p->overlays.slot[id];

	if (o->on && o->gpn == gpn)
		return true;
	overlay_clear(p, id);
	if (!overlay_page(p, id))
		return false;
	o->gpn = gpn;
	o->on = true;
	if (show(p, gpn))
		return true;
	o->on = false;
	return false;
}

void overlay_clear(struct partition *p, u32 id)
{
	struct overlay *o = &p->overlays.slot[id];

	if (!o->on)
		return;
	o->on = false;
	/* The tables down to this page exist, so that showing what was under it needs no memory. */
	show(p, o->gpn);
}

void overlay_forget(struct partition *p, u32 id)
{
	overlay_clear(p, id);
	if (p->overlays.slot[id].page)
		memset(p->overlays.slot[id].page, 0, PAGE_SIZE);
}

void overlay_reset(struct partition *p)
{
	for (u32 id = 0; id < OVERLAY_COUNT; id++)
		overlay_forget(p, id);
}
