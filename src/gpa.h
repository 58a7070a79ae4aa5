/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Guest physical address space: what a partition may touch, and the tables that say so. */
#ifndef PARTITA_GPA_H
#define PARTITA_GPA_H

#include "types.h"

struct partition;

#define GPA_MAX_RANGES 64

/*
 * RAM of the partition, sorted, not overlapping, whole pages; identity mapped (GPA = HPA) in the
 * root.
 */
struct gpa_range { u64 base, end; };

/*
 * Pages that a VP's hypercalls used last: parameters repeat at the same place. Forgotten whenever
 * the VP flushes its nested translations.
 */
#define GPA_HITS 32 /* the guest's tables on the way to its code, and lists of hypercalls */
struct gpa_hit { u64 gpn; u8 *page; u64 rights, _pad; };
struct gpa_hits { struct gpa_hit hit[GPA_HITS]; };

/* Places whose every access the hypervisor, or the processor for it, carries out: the APICs'. */
#define GPA_MAX_EMULATED 9

/* Nested tables that one change can make superfluous. */
#define GPA_LOOSE_TABLES 8

/* Legend: (c) constant after creation; (p) the partition's lock. */
struct gpa_space {
	u64 root;                             /* (c) hpa of the top-level nested table */
	unsigned address_bits;                /* (c) width of an address, at most 48 */
	u64 page_limit;                       /* (c) first page number outside of it */
	bool has_1g;                          /* (c) 1 GiB leaves exist */
	u32 ram_count;                        /* (c) */
	struct gpa_range ram[GPA_MAX_RANGES]; /* (c) */
	u32 emulated_count;                   /* (c) */
	struct gpa_range emulated[GPA_MAX_EMULATED]; /* (c) no memory */
	u64 hidden_base, hidden_end;          /* (c) the hypervisor's own memory */
	const void *apic_page;                /* (c) see virt->apic_page; NULL: there is none */
	bool shows_apics;                     /* (p) it lies where the APICs are */
	u64 tables, table_budget;             /* (p) nested tables; devices get none beyond it */
	bool stale;                           /* (p) old translations must be flushed */
	u64 *loose[GPA_LOOSE_TABLES];         /* (p) tables to be freed once that is done */
	u32 loose_count;                      /* (p) */
	u64 refused;                          /* (a) accesses answered with #GP */
};

/*
 * Build the nested tables of p: its RAM identity mapped write-back with all rights, in large pages
 * where they fit; the low 2 MiB in small pages. ram, emulated, hidden_*, address_bits and table_budget are
 * set by the caller. False: out of memory.
 */
bool gpa_build(struct partition *p);

/* From now on, and before gpa_build(), all that reaches a page of [base, end) exits. */
void gpa_emulate(struct gpa_space *g, u64 base, u64 end);

/* True when the page number lies in RAM of the partition. */
bool gpa_is_ram(const struct gpa_space *g, u64 gpn);

/*
 * Show the page hpa at page number gpn instead of what lies there; splits larger pages. False: out
 * of memory. The caller holds the partition's lock, and partition_unlock() flushes; likewise below.
 */
bool gpa_map_page(struct partition *p, u64 gpn, hpa_t hpa, u32 rights);

/* Show again what lies at gpn by the memory map; the large page comes back when it is whole. */
void gpa_unmap_page(struct partition *p, u64 gpn);

/*
 * Let the page that processors watch lie where the local APICs are, or nothing. Where memory is
 * short nothing lies there, which is as good.
 */
void gpa_show_apics(struct partition *p, bool on);

/* No page was used lately. */
void gpa_forget(struct gpa_hits *h);

/* The lookup behind gpa_ptr() when the page was not used lately. */
void *gpa_ptr_lookup(struct partition *p, struct gpa_hits *h, gpa_t gpa, u32 right);

/*
 * Copy length bytes at gpa, within its page, of where the guest may have code: its memory as it sees
 * it, and the firmware's ROM, where BIOS services run. context: the struct vcpu that asks; a
 * guest_walk reads by this. False: nothing there.
 */
bool gpa_read_code(void *context, u64 gpa, void *out, size_t length);

/*
 * Host address of the byte at gpa in a device's memory, valid to the end of its page; NULL: there is none,
 * or the hypervisor does not reach it. gpa_is_emulated: an APIC answers there.
 */
void *gpa_device_ptr(struct partition *p, gpa_t gpa);
bool gpa_is_emulated(const struct gpa_space *g, u64 gpa);

/* Guests lay tables out at distances that are powers of two: bits above the index count, too. */
static inline u32 gpa_hit_index(u64 gpn)
{
	return (u32)(gpn ^ gpn / GPA_HITS) % GPA_HITS;
}

/* The page of gpa, when it was used lately and gives that one right; else NULL. */
static inline u8 *gpa_recent_page(const struct gpa_hits *h, gpa_t gpa, u32 right)
{
	const struct gpa_hit *hit = &h->hit[gpa_hit_index(gpa.v >> PAGE_SHIFT)];

	return hit->gpn == gpa.v >> PAGE_SHIFT && (hit->rights & right) ? hit->page : NULL;
}

/*
 * Host address of the byte at gpa, valid to the end of its page and of the exit, as the guest sees
 * it: overlays first, then RAM. right: NPT_R or NPT_W. NULL: nothing there, or no such right. h is
 * that of the VP that asks.
 */
static inline void *gpa_ptr(struct partition *p, struct gpa_hits *h, gpa_t gpa, u32 right)
{
	u8 *page = gpa_recent_page(h, gpa, right);

	return page ? page + (gpa.v & ~PAGE_MASK) : gpa_ptr_lookup(p, h, gpa, right);
}

#endif
