/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Guest-virtual to guest-physical translation in every paging mode, by reading the guest's own page
 * tables.
 */
#include "guest_walk.h"

#include "cpu.h"

#define PTE_P 1ull
#define PTE_W (1ull << 1)
#define PTE_U (1ull << 2)
#define PTE_A (1ull << 5)
#define PTE_D (1ull << 6)
#define PTE_PS (1ull << 7)
#define PTE_NX (1ull << 63)
#define PTE_PAE_RESERVED (0x7ffull << 52)
#define PTE_32_LARGE_RESERVED (1ull << 21)
#define PTE_KEY(entry) ((entry) >> 59 & 15)
#define ADDRESS_64 0x000ffffffffff000ull
#define ADDRESS_32 0xfffff000ull
#define CR3_PAE_BASE 0xffffffe0ull
#define MOST_LEVELS 5

/* Error codes of page faults. */
#define ERROR_P (1u << 0)
#define ERROR_W (1u << 1)
#define ERROR_U (1u << 2)
#define ERROR_RESERVED (1u << 3)
#define ERROR_KEY (1u << 5)

/* How one mode's tables look. */
struct walk_format {
	unsigned levels, index_bits, index_mask, entry_bytes;
	unsigned large_levels; /* a set bit n: entries of level n may map memory by themselves */
	u64 root, address;
};

static struct walk_format format_of(const struct guest_walk *w)
{
	if (w->efer & EFER_LMA)
		return (struct walk_format){
			w->cr4 & CR4_LA57 ? 5 : 4, 9, 0x1ff, 8, 1 << 2 | 1 << 3,
			w->cr3 & ADDRESS_64, ADDRESS_64
		};
	if (w->cr4 & CR4_PAE)
		return (struct walk_format){ 3, 9, 0x1ff, 8, 1 << 2, w->cr3 & CR3_PAE_BASE,
					      ADDRESS_64 };
	return (struct walk_format){
		2, 10, 0x3ff, 4, w->cr4 & CR4_PSE ? 1 << 2 : 0, w->cr3 & ADDRESS_32, ADDRESS_32
	};
}

/*
 * Physical base of what an entry maps. 4 MiB pages carry address bits 39:32 in bits 20:13 (PSE-36).
 */
static u64 leaf_base(const struct walk_format *f, unsigned level, u64 entry, u64 offset_mask)
{
	u64 base = entry & f->address & ~offset_mask;

	if (f->entry_bytes == 4 && level == 2)
		base |= (entry >> 13 & 0xff) << 32;
	return base;
}

/* The entries on the way to an address, by level, down to the one that maps it. */
struct walk_path {
	struct walk_format format;
	u64 at[MOST_LEVELS + 1], entry[MOST_LEVELS + 1];
	unsigned leaf;
	u64 gpa;
};

/* The pointers of PAE paging have no rights and are never written. */
static bool is_pointer(const struct walk_format *f, unsigned level)
{
	return f->levels == 3 && level == 3;
}

/* Bits that must be zero in a present entry; not asked for where physical_bits is not told. */
static u64 reserved_bits(const struct guest_walk *w, const struct walk_format *f, unsigned level,
			 u64 entry)
{
	const bool large = level > 1 && entry & PTE_PS;
	u64 bits;

	if (is_pointer(f, level))
		return 0;
	if (f->entry_bytes == 4)
		return large && f->large_levels ? PTE_32_LARGE_RESERVED : 0;
	bits = ADDRESS_64 & ~((1ull << w->physical_bits) - 1);
	if (f->levels == 3)
		bits |= PTE_PAE_RESERVED;
	if (!(w->efer & EFER_NXE))
		bits |= PTE_NX;
	if (large && !(f->large_levels >> level & 1))
		bits |= PTE_PS;
	else if (large) /* but for the lowest, which says of what memory type it is */
		bits |= (1ull << (PAGE_SHIFT + 9 * (level - 1))) - (1ull << (PAGE_SHIFT + 1));
	return bits;
}

/* False: the address is not mapped. Then *error is what it lacks, without who asked. */
static bool follow(const struct guest_walk *w, u64 linear, struct walk_path *p, u32 *error)
{
	const struct walk_format f = format_of(w);
	unsigned shift = PAGE_SHIFT + f.index_bits * (f.levels - 1);
	u64 table = f.root;

	p->format = f;
	*error = 0;
	for (unsigned level = f.levels; level > 0; level--, shift -= f.index_bits) {
		const u64 index = linear >> shift & f.index_mask;
		u64 entry = 0;

		p->at[level] = table + index * f.entry_bytes;
		if (!w->read(w->context, p->at[level], &entry, f.entry_bytes) || !(entry & PTE_P))
			return false;
		if (w->physical_bits && entry & reserved_bits(w, &f, level, entry)) {
			*error = ERROR_P | ERROR_RESERVED;
			return false;
		}
		p->entry[level] = entry;
		if (level == 1 || (f.large_levels >> level & 1 && entry & PTE_PS)) {
			const u64 offset_mask = (1ull << shift) - 1;

			p->leaf = level;
			p->gpa = leaf_base(&f, level, entry, offset_mask) | (linear & offset_mask);
			return true;
		}
		table = entry & f.address;
	}
	return false;
}

/* Linear addresses are 32 bits wide outside of long mode. */
static u64 significant(const struct guest_walk *w, u64 linear)
{
	return w->efer & EFER_LMA ? linear : (u32)linear;
}

bool guest_walk_translate(const struct guest_walk *w, u64 linear, u64 *gpa)
{
	struct walk_path p;
	u32 error;

	linear = significant(w, linear);
	if (!(w->cr0 & CR0_PG)) {
		*gpa = linear;
		return true;
	}
	if (!follow(w, linear, &p, &error))
		return false;
	*gpa = p.gpa;
	return true;
}

/* Whether the key of a page of user mode forbids it (SDM 4.6.2). */
static bool key_forbids(const struct guest_walk *w, const struct guest_rights *r, u64 leaf)
{
	const u32 rights = r->pkru >> 2 * PTE_KEY(leaf);

	if (!(w->efer & EFER_LMA) || !(w->cr4 & CR4_PKE))
		return false;
	return rights & 1 || (rights & 2 && r->write && (r->user || w->cr0 & CR0_WP));
}

/* What of the rights is missing: bits of an error code, 0: nothing (SDM 4.6.1). */
static u32 missing(const struct guest_walk *w, const struct guest_rights *r,
		   const struct walk_path *p)
{
	u64 all = PTE_W | PTE_U;

	for (unsigned level = p->format.levels; level >= p->leaf; level--)
		if (!is_pointer(&p->format, level))
			all &= p->entry[level];
	if (all & PTE_U ? r->without_user : r->user)
		return ERROR_P;
	if (r->write && !(all & PTE_W) && (r->user || w->cr0 & CR0_WP))
		return ERROR_P;
	return all & PTE_U && key_forbids(w, r, p->entry[p->leaf]) ? ERROR_P | ERROR_KEY : 0;
}

/* False: an entry is another one meanwhile. */
static bool mark(const struct guest_walk *w, const struct walk_path *p, bool write)
{
	for (unsigned level = p->format.levels; level >= p->leaf; level--) {
		const u64 old = p->entry[level],
			  new = old | PTE_A | (write && level == p->leaf ? PTE_D : 0);

		if (new != old && !is_pointer(&p->format, level) &&
		    !w->replace(w->context, p->at[level], p->format.entry_bytes, old, new))
			return false;
	}
	return true;
}

enum guest_walk_end guest_walk_access(const struct guest_walk *w, u64 linear,
				      const struct guest_rights *r, u64 *gpa, u32 *error)
{
	struct walk_path p;

	linear = significant(w, linear);
	*gpa = linear;
	if (!(w->cr0 & CR0_PG))
		return GUEST_WALK_DONE;
	if (follow(w, linear, &p, error))
		*error = missing(w, r, &p);
	else
		p.leaf = 0;
	if (*error || !p.leaf) {
		*error |= (r->write ? ERROR_W : 0) | (r->user ? ERROR_U : 0);
		return GUEST_WALK_FAULT;
	}
	*gpa = p.gpa;
	return mark(w, &p, r->write) ? GUEST_WALK_DONE : GUEST_WALK_AGAIN;
}

size_t guest_walk_read(const struct guest_walk *w, u64 linear, void *out, size_t length)
{
	size_t done = 0;

	while (done < length) {
		const u64 at = linear + done;
		size_t part = PAGE_SIZE - (at & (PAGE_SIZE - 1));
		u64 gpa;

		if (part > length - done)
			part = length - done;
		if (!guest_walk_translate(w, at, &gpa) ||
		    !w->read(w->context, gpa, (u8 *)out + done, part))
			break;
		done += part;
	}
	return done;
}
