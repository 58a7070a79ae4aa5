/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Guest physical address space: what a partition may touch, and the nested page tables that say so to the processor. */
#ifndef PARTITA_GPA_H
#define PARTITA_GPA_H

#include "types.h"

struct partition;

#define GPA_MAX_RANGES 64

/* RAM of the partition, sorted, not overlapping; identity mapped (GPA = HPA) in the root. */
struct gpa_range { u64 base, end; };

struct gpa_space {
	u64 root;                             /* hpa of the top-level nested table */
	unsigned address_bits;                /* width of the guest physical address space */
	u32 ram_count;
	struct gpa_range ram[GPA_MAX_RANGES];
	u64 hidden_base, hidden_end;          /* the hypervisor's own memory */
	u32 last_hit;                         /* index into ram of the last lookup: hypercall pages repeat */
	u64 tables, table_budget;             /* pages in use for nested tables, and the most allowed */
};

/*
 * Build the nested tables of p: its RAM identity mapped write-back with all rights, in large pages where they fit; the
 * low 2 MiB in small pages. ram, hidden_* and address_bits are set by the caller. False: out of memory.
 */
bool gpa_build(struct partition *p);

/* True when the page number lies in RAM of the partition. */
bool gpa_is_ram(struct gpa_space *g, u64 gpn);

/*
 * Host address of the byte at gpa, valid to the end of its page, as the guest sees it: overlays first, then RAM. rights: NPT_R or
 * NPT_W. NULL: nothing there, or no such right.
 */
void *gpa_ptr(struct partition *p, gpa_t gpa, u32 rights);

/* Show the page hpa at page number gpn instead of what lies there; splits larger pages. False: out of memory. */
bool gpa_map_page(struct partition *p, u64 gpn, hpa_t hpa, u32 rights);

/* Show again what lies at gpn by the memory map; the large page comes back when it is whole. */
void gpa_unmap_page(struct partition *p, u64 gpn);

/* First page number outside the guest physical address space. */
static inline u64 gpa_page_limit(const struct gpa_space *g)
{
	return 1ull << (g->address_bits - PAGE_SHIFT);
}

#endif
