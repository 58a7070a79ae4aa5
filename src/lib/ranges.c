/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Sorted lists of address ranges that do not touch each other. */
#include "ranges.h"

#include "string.h"

/* Replace ranges [at, at + out) by the in ranges of with. */
static bool replace(struct ranges *l, u32 at, u32 out, const struct gpa_range *with, u32 in)
{
	if (l->count - out + in > l->max)
		return false;
	memmove(l->range + at + in, l->range + at + out, (l->count - at - out) * sizeof(*l->range));
	memcpy(l->range + at, with, in * sizeof(*l->range));
	l->count = l->count - out + in;
	return true;
}

bool ranges_add(struct ranges *l, u64 base, u64 end)
{
	struct gpa_range merged = { base, end };
	u32 at = 0, touching = 0;

	if (base >= end)
		return true;
	while (at < l->count && l->range[at].end < base)
		at++;
	for (; at + touching < l->count && l->range[at + touching].base <= end; touching++) {
		const struct gpa_range *r = &l->range[at + touching];

		merged.base = r->base < merged.base ? r->base : merged.base;
		merged.end = r->end > merged.end ? r->end : merged.end;
	}
	return replace(l, at, touching, &merged, 1);
}

bool ranges_cut(struct ranges *l, u64 base, u64 end)
{
	struct gpa_range rest[2];
	u32 at = 0, touching = 0, left = 0;

	if (base >= end)
		return true;
	while (at < l->count && l->range[at].end <= base)
		at++;
	while (at + touching < l->count && l->range[at + touching].base < end)
		touching++;
	if (!touching)
		return true;
	if (l->range[at].base < base)
		rest[left++] = (struct gpa_range){ l->range[at].base, base };
	if (l->range[at + touching - 1].end > end)
		rest[left++] = (struct gpa_range){ end, l->range[at + touching - 1].end };
	return replace(l, at, touching, rest, left);
}
