/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Guest-virtual to guest-physical translation in every paging mode, by reading the guest's own page
 * tables.
 */
#include "guest_walk.h"

#include "cpu.h"

#define PTE_P 1ull
#define PTE_PS (1ull << 7)
#define ADDRESS_64 0x000ffffffffff000ull
#define ADDRESS_32 0xfffff000ull
#define CR3_PAE_BASE 0xffffffe0ull

/* How one mode's tables look. */
struct walk_format {
	unsigned levels, index_bits, entry_bytes;
	unsigned large_levels; /* a set bit n: entries of level n may map memory by themselves */
	u64 root, address;
};

static struct walk_format format_of(const struct guest_walk *w)
{
	if (w->efer & EFER_LMA)
		return (struct walk_format){
			w->cr4 & CR4_LA57 ? 5 : 4, 9,         8, 1 << 2 | 1 << 3,
			w->cr3 & ADDRESS_64,       ADDRESS_64
		};
	if (w->cr4 & CR4_PAE)
		return (struct walk_format){ 3, 9, 8, 1 << 2, w->cr3 & CR3_PAE_BASE, ADDRESS_64 };
	return (struct walk_format){
		2, 10, 4, w->cr4 & CR4_PSE ? 1 << 2 : 0, w->cr3 & ADDRESS_32, ADDRESS_32
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

bool guest_walk_translate(const struct guest_walk *w, u64 linear, u64 *gpa)
{
	struct walk_format f;
	u64 table;

	if (!(w->efer & EFER_LMA))
		linear = (u32)linear;
	if (!(w->cr0 & CR0_PG)) {
		*gpa = linear;
		return true;
	}
	f = format_of(w);
	table = f.root;
	for (unsigned level = f.levels; level > 0; level--) {
		const unsigned shift = PAGE_SHIFT + f.index_bits * (level - 1);
		const u64 index = linear >> shift & ((1u << f.index_bits) - 1),
			  offset_mask = (1ull << shift) - 1;
		u64 entry = 0;

		if (!w->read(w->context, table + index * f.entry_bytes, &entry, f.entry_bytes) ||
		    !(entry & PTE_P))
			return false;
		if (level == 1 || (f.large_levels >> level & 1 && entry & PTE_PS)) {
			*gpa = leaf_base(&f, level, entry, offset_mask) | (linear & offset_mask);
			return true;
		}
		table = entry & f.address;
	}
	return false;
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
