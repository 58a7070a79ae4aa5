/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The page allocator: all memory taken after boot, from the hypervisor's own region. */
#ifndef PARTITA_ALLOC_H
#define PARTITA_ALLOC_H

#include "types.h"

struct alloc_statistics { u64 pages, free, peak; };

/* Take the region [base, base + size) of physical memory; its contents are lost. */
void alloc_init(hpa_t base, u64 size);

/* Give what lies at end and behind it away: nothing of it was handed out yet. */
void alloc_cut(hpa_t end);

/*
 * Zeroed pages in the direct map, owned by the caller; NULL when out. alloc_pages: physically
 * contiguous.
 */
void *alloc_page(void);
void *alloc_pages(size_t count);

/* Give one page of either back. NULL is ignored. */
void free_page(void *page);

void alloc_get_statistics(struct alloc_statistics *out);

#endif
