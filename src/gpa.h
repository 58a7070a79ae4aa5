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

#endif
