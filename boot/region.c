/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Where the hypervisor goes: the top of RAM below 4 GiB. Pure, so that hostile memory maps are
 * tried on the host.
 */
#include "boot.h"

#define HEAP (2u << 20)
/*
 * Nested tables and the direct map take a page per GiB each; the same again for large pages that
 * are split later.
 */
#define TABLES_PER_GIB (4u * BOOT_PAGE)
#define GIB_SHIFT 30
#define MOST_GIB 4096u /* the tables of more than this would not fit below 4 GiB with reason */

static uint64_t align_down(uint64_t value, uint64_t to)
{
	return value & ~(to - 1);
}

static uint64_t range_end(const struct boot_range *r)
{
	uint64_t end = r->base + r->length;

	return end < r->base ? UINT64_MAX : end;
}

/* All but what processors need. */
static uint64_t common_size(const struct boot_info *bi)
{
	uint64_t top = BOOT_4GIB, gib;

	for (uint32_t i = 0; i < bi->range_count; i++)
		if (bi->range[i].type == BOOT_MEMORY_RAM && range_end(&bi->range[i]) > top)
			top = range_end(&bi->range[i]);
	gib = (top - 1) >> GIB_SHIFT;
	if (gib >= MOST_GIB)
		gib = MOST_GIB - 1;
	return bi->image_size + HEAP + (gib + 1) * TABLES_PER_GIB;
}

/* Lowers *base below span if the region at *base would touch it. */
static bool step_below(uint64_t *base, uint64_t size, uint64_t from, uint64_t end)
{
	if (from >= end || *base >= end || *base + size <= from)
		return false;
	*base = from < size ? 0 : align_down(from - size, BOOT_LARGE_PAGE);
	return true;
}

static bool step_below_all(const struct boot_info *bi, const struct boot_span *taken,
			   unsigned count, uint64_t *base, uint64_t size)
{
	bool moved = false;

	for (uint32_t i = 0; i < bi->range_count; i++)
		if (bi->range[i].type != BOOT_MEMORY_RAM)
			moved |= step_below(base, size, bi->range[i].base,
					    range_end(&bi->range[i]));
	for (uint32_t i = 0; i < bi->module_count; i++)
		moved |= step_below(base, size, bi->module[i].base,
				    bi->module[i].base + bi->module[i].length);
	for (unsigned i = 0; i < count; i++)
		moved |= step_below(base, size, taken[i].base, taken[i].end);
	return moved;
}

static uint64_t choose_in(const struct boot_info *bi, const struct boot_range *ram,
			  const struct boot_span *taken, unsigned count, uint64_t size)
{
	uint64_t end = range_end(ram) < BOOT_4GIB ? range_end(ram) : BOOT_4GIB, base;

	if (end < size || ram->base >= end)
		return 0;
	base = align_down(end - size, BOOT_LARGE_PAGE);
	while (base && base >= ram->base && step_below_all(bi, taken, count, &base, size))
		;
	return base >= ram->base ? base : 0;
}

uint64_t region_choose(const struct boot_info *bi, const struct boot_span *taken,
		       unsigned taken_count, uint64_t size)
{
	uint64_t best = 0, base;

	for (uint32_t i = 0; i < bi->range_count; i++) {
		if (bi->range[i].type != BOOT_MEMORY_RAM)
			continue;
		base = choose_in(bi, &bi->range[i], taken, taken_count, size);
		if (base > best)
			best = base;
	}
	return best;
}

bool region_place(struct boot_info *bi, const struct boot_span *taken, unsigned taken_count)
{
	bi->hv_base = 0;
	bi->common_size = common_size(bi);
	for (bi->processors = BOOT_MOST_PROCESSORS; bi->processors; bi->processors /= 2) {
		bi->hv_size = boot_region_size(bi, bi->processors);
		bi->hv_base = region_choose(bi, taken, taken_count, bi->hv_size);
		if (bi->hv_base)
			break;
	}
	return bi->hv_base;
}
