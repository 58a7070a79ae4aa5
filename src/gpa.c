/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Nested page tables: built from the memory map, split for overlays, grown for devices. */
#include "gpa.h"

#include "alloc.h"
#include "lapic.h"
#include "log.h"
#include "machine.h"
#include "overlay.h"
#include "panic.h"
#include "partition.h"
#include "string.h"
#include "trace.h"
#include "virt.h"

/*
 * What EPT entries (Intel SDM 29.3.2) and AMD's nested entries (APM 15.25) agree on: zero is not
 * present, the address is in bits 51:12, and bit 7 at levels 2 and 3 marks a leaf. All else comes
 * from virt->npt_leaf and virt->npt_table.
 */
#define ENTRY_ADDRESS 0x000ffffffffff000ull
#define ENTRY_LEAF (1ull << 7)
#define ENTRIES 512
#define LEVELS 4
#define ALL_RIGHTS (NPT_R | NPT_W | NPT_X)
#define LOW_MEMORY (2 * MIB)
#define MOST_SAME_FAULTS 1000u
#define ROM_BASE 0xc0000
#define ROM_END 0x100000
#define DEVICES_END (4 * GIB) /* the hypervisor maps them up to there */

/* What a stretch of addresses is by the memory map. */
enum kind { KIND_RAM, KIND_HIDDEN, KIND_DEVICE, KIND_MIXED };

static u64 level_size(unsigned level)
{
	return PAGE_SIZE << (9 * (level - 1));
}

static u64 *table_of(u64 entry)
{
	return machine_ptr(HPA(entry & ENTRY_ADDRESS));
}

static u64 *entry_of(u64 *table, u64 gpa, unsigned level)
{
	return &table[gpa / level_size(level) % ENTRIES];
}

static bool is_table(u64 entry, unsigned level)
{
	return entry && level > 1 && !(entry & ENTRY_LEAF);
}

static bool overlaps(u64 base, u64 end, u64 other_base, u64 other_end)
{
	return base < other_end && other_base < end;
}

static bool contains(const struct gpa_range *r, u64 base, u64 end)
{
	return base >= r->base && end <= r->end;
}

void gpa_emulate(struct gpa_space *g, u64 base, u64 end)
{
	hv_assert(g->emulated_count < GPA_MAX_EMULATED);
	g->emulated[g->emulated_count++] = (struct gpa_range){ base, end };
}

bool gpa_is_emulated(const struct gpa_space *g, u64 gpa)
{
	for (u32 i = 0; i < g->emulated_count; i++)
		if (gpa >= g->emulated[i].base && gpa < g->emulated[i].end)
			return true;
	return false;
}

/* What [base, end) is: of one kind throughout, or mixed. */
static enum kind kind_of(const struct gpa_space *g, u64 base, u64 end)
{
	for (u32 i = 0; i < g->emulated_count; i++) {
		const struct gpa_range *r = &g->emulated[i];

		if (overlaps(base, end, r->base, r->end))
			return contains(r, base, end) ? KIND_HIDDEN : KIND_MIXED;
	}
	if (overlaps(base, end, g->hidden_base, g->hidden_end))
		return base >= g->hidden_base && end <= g->hidden_end ? KIND_HIDDEN : KIND_MIXED;
	for (u32 i = 0; i < g->ram_count; i++) {
		const struct gpa_range *r = &g->ram[i];

		if (overlaps(base, end, r->base, r->end))
			return contains(r, base, end) ? KIND_RAM : KIND_MIXED;
	}
	return KIND_DEVICE;
}

bool gpa_is_ram(const struct gpa_space *g, u64 gpn)
{
	u64 base = gpn << PAGE_SHIFT;

	return gpn < g->page_limit && kind_of(g, base, base + PAGE_SIZE) == KIND_RAM;
}

static u64 leaf(enum kind kind, u64 hpa, unsigned level)
{
	return virt->npt_leaf(HPA(hpa), level, ALL_RIGHTS, kind == KIND_RAM ? NPT_WB : NPT_UC);
}

/*
 * The largest level at which one leaf may map gpa by the memory map. The low 2 MiB stay in small
 * pages: there the memory types of RAM, the video hole and ROM change every few pages.
 */
static unsigned natural_level(const struct gpa_space *g, u64 gpa)
{
	for (unsigned level = g->has_1g ? 3 : 2; level > 1; level--) {
		u64 size = level_size(level), base = ALIGN_DOWN(gpa, size);

		if (base >= LOW_MEMORY && kind_of(g, base, base + size) != KIND_MIXED)
			return level;
	}
	return 1;
}

static u64 *new_table(struct gpa_space *g)
{
	u64 *table = alloc_page();

	if (table)
		g->tables++;
	return table;
}

/*
 * Replace a leaf at level by a table of leaves one level lower that map the same; an absent entry
 * by an empty table.
 */
static bool split(struct gpa_space *g, u64 *entry, u64 gpa, unsigned level)
{
	u64 base = ALIGN_DOWN(gpa, level_size(level)), step = level_size(level - 1);
	u64 *table = new_table(g);

	if (!table)
		return false;
	for (unsigned i = 0; *entry && i < ENTRIES; i++)
		table[i] = leaf(kind_of(g, base, base + step), base + i * step, level - 1);
	*entry = virt->npt_table(HPA(machine_hpa(table).v));
	return true;
}

/* The entry that maps gpa at level, making tables on the way. NULL: out of memory. */
static u64 *walk_to(struct gpa_space *g, u64 gpa, unsigned level)
{
	u64 *table = machine_ptr(HPA(g->root));

	for (unsigned at = LEVELS; at > level; at--) {
		u64 *entry = entry_of(table, gpa, at);

		if (!is_table(*entry, at) && !split(g, entry, gpa, at))
			return NULL;
		table = table_of(*entry);
	}
	return entry_of(table, gpa, level);
}

/* The leaf entry that maps gpa now, 0 for none. */
static u64 walk(const struct gpa_space *g, u64 gpa)
{
	u64 *table = machine_ptr(HPA(g->root));

	for (unsigned level = LEVELS; level; level--) {
		u64 entry = *entry_of(table, gpa, level);

		if (!is_table(entry, level))
			return entry;
		table = table_of(entry);
	}
	return 0;
}

void gpa_forget(struct gpa_hits *h)
{
	for (unsigned i = 0; i < GPA_HITS; i++)
		h->hit[i] = (struct gpa_hit){ .gpn = UINT64_MAX };
}

static bool map_range(struct gpa_space *g, const struct gpa_range *range)
{
	for (u64 at = range->base; at < range->end;) {
		unsigned level = natural_level(g, at);
		u64 *entry = walk_to(g, at, level);

		if (!entry)
			return false;
		*entry = leaf(KIND_RAM, at, level);
		at += level_size(level);
	}
	return true;
}

bool gpa_build(struct partition *p)
{
	struct gpa_space *g = &p->gpa;
	u64 *root = new_table(g);

	if (!root)
		return false;
	g->root = machine_hpa(root).v;
	g->page_limit = 1ull << (g->address_bits - PAGE_SHIFT);
	g->has_1g = virt->npt_has_1g();
	for (u32 i = 0; i < g->ram_count; i++) {
		hv_assert(!(g->ram[i].base & ~PAGE_MASK) && !(g->ram[i].end & ~PAGE_MASK));
		if (!map_range(g, &g->ram[i]))
			return false;
	}
	return true;
}

bool gpa_map_page(struct partition *p, u64 gpn, hpa_t hpa, u32 rights)
{
	u64 *entry = walk_to(&p->gpa, gpn << PAGE_SHIFT, 1);

	if (!entry)
		return false;
	*entry = virt->npt_leaf(hpa, 1, rights, NPT_WB);
	p->gpa.stale = true;
	return true;
}

/* What is mapped there is mapped by the memory map, if it is identity mapped. */
static bool may_be_whole(const struct gpa_space *g, u64 base, unsigned level)
{
	/* An overlay is, too, where the guest lays it over the very page that it is. */
	return level <= natural_level(g, base) &&
	       kind_of(g, base, base + level_size(level)) != KIND_HIDDEN;
}

/*
 * True when one entry at level may stand for a table at level - 1: all absent, or identity mapped by
 * the memory map. Both together happen in device memory alone, where what is absent is mapped when
 * it is asked for. Only addresses are compared: the processor sets accessed and dirty bits.
 */
static bool is_whole(const struct gpa_space *g, const u64 *table, u64 base, unsigned level,
		     bool *present)
{
	u64 step = level_size(level - 1);

	*present = false;
	for (unsigned i = 0; i < ENTRIES; i++) {
		if (table[i] && (table[i] & ENTRY_ADDRESS) != base + i * step)
			return false;
		*present |= table[i] != 0;
	}
	return !*present || may_be_whole(g, base, level);
}

/* Take back the table of gpa below level if one entry says the same. */
static bool merge(struct gpa_space *g, u64 gpa, unsigned level)
{
	u64 base = ALIGN_DOWN(gpa, level_size(level));
	u64 *entry = walk_to(g, gpa, level), *table = table_of(*entry);
	bool present;

	if (!is_whole(g, table, base, level, &present))
		return false;
	*entry = present ? leaf(kind_of(g, base, base + PAGE_SIZE), base, level) : 0;
	/* Processors may still walk it. */
	hv_assert(g->loose_count < GPA_LOOSE_TABLES);
	g->loose[g->loose_count++] = table;
	g->tables--;
	return true;
}

/* The entry of a page that has no overlay. */
static u64 under_overlays(const struct gpa_space *g, u64 gpa)
{
	if (gpa == LAPIC_BASE_ADDRESS && g->shows_apics)
		return virt->npt_leaf(machine_hpa(g->apic_page), 1, NPT_R | NPT_W, NPT_WB);
	return gpa_is_ram(g, gpa >> PAGE_SHIFT) ? leaf(KIND_RAM, gpa, 1) : 0;
}

void gpa_unmap_page(struct partition *p, u64 gpn)
{
	struct gpa_space *g = &p->gpa;
	u64 base = gpn << PAGE_SHIFT;
	u64 *entry = walk_to(g, base, 1);

	hv_assert(entry); /* the tables down to a mapped page exist */
	*entry = under_overlays(g, base);
	for (unsigned level = 2; level < LEVELS && merge(g, base, level);)
		level++;
	g->stale = true;
}

void gpa_show_apics(struct partition *p, bool on)
{
	const u64 gpn = LAPIC_BASE_ADDRESS >> PAGE_SHIFT;
	struct gpa_space *g = &p->gpa;
	u32 rights;

	if (!g->apic_page || g->shows_apics == on || !walk_to(g, LAPIC_BASE_ADDRESS, 1))
		return;
	g->shows_apics = on;
	if (!overlay_at(p, gpn, &rights))
		gpa_unmap_page(p, gpn);
}

void *gpa_ptr_lookup(struct partition *p, struct gpa_hits *h, gpa_t gpa, u32 right)
{
	u64 gpn = gpa.v >> PAGE_SHIFT;
	struct gpa_hit hit = { .gpn = gpn };
	u32 rights = ALL_RIGHTS;

	if (gpn >= p->gpa.page_limit)
		return NULL;
	hit.page = overlay_at(p, gpn, &rights);
	if (!hit.page && gpa_is_ram(&p->gpa, gpn))
		hit.page = machine_ptr(HPA(gpn << PAGE_SHIFT));
	if (!hit.page || !(rights & right))
		return NULL;
	hit.rights = rights;
	h->hit[gpa_hit_index(gpn)] = hit;
	return hit.page + (gpa.v & ~PAGE_MASK);
}

static __attribute__((noinline)) bool read_code(struct vcpu *v, u64 gpa, void *out, size_t length)
{
	const void *from = gpa_ptr(v->partition, &v->hits, GPA(gpa), NPT_R);

	if (!from && gpa >= ROM_BASE && gpa < ROM_END)
		from = machine_ptr(HPA(gpa));
	if (!from)
		return false;
	memcpy(out, from, length);
	return true;
}

bool gpa_read_code(void *context, u64 gpa, void *out, size_t length)
{
	struct vcpu *v = context;
	const u8 *page = gpa_recent_page(&v->hits, GPA(gpa), NPT_R);

	/* Most are entries of page tables: one load, one store. */
	if (!page || length != sizeof(u64))
		return read_code(v, gpa, out, length);
	__builtin_memcpy(out, page + (gpa & ~PAGE_MASK), sizeof(u64));
	return true;
}

void *gpa_device_ptr(struct partition *p, gpa_t gpa)
{
	const u64 page = gpa.v & PAGE_MASK;
	u32 rights;

	if (page >= DEVICES_END || page >> PAGE_SHIFT >= p->gpa.page_limit ||
	    overlay_at(p, page >> PAGE_SHIFT, &rights) ||
	    kind_of(&p->gpa, page, page + PAGE_SIZE) != KIND_DEVICE)
		return NULL;
	return machine_ptr(HPA(gpa.v));
}

static enum vm_next refuse_access(struct vcpu *v, const struct npt_fault *fault, const char *why)
{
	__atomic_fetch_add(&v->partition->gpa.refused, 1, __ATOMIC_RELAXED);
	log_refusal(v, "refused access to GPA 0x%lx (%s%s%s%s): %s", fault->gpa.v,
		    fault->access & NPT_R ? "read" : "", fault->access & NPT_W ? "write" : "",
		    fault->access & NPT_X ? "fetch" : "", fault->walk ? ", page walk" : "", why);
	return VM_GP;
}

/*
 * Identity map device memory in the largest piece that holds nothing else, while the budget lasts.
 */
static bool map_device(struct gpa_space *g, u64 page)
{
	unsigned level = natural_level(g, page);
	u64 *entry;

	if (g->tables + LEVELS > g->table_budget)
		return false;
	entry = walk_to(g, page, level);
	/* Where an overlay has split the piece, a smaller one must do. */
	while (entry && is_table(*entry, level))
		entry = walk_to(g, page, --level);
	if (!entry)
		return false;
	*entry = leaf(kind_of(g, page, page + PAGE_SIZE), ALIGN_DOWN(page, level_size(level)),
		      level);
	return true;
}

/*
 * Mapped with the right asked for: an old translation, gone with this exit, or another VP was
 * faster. Again and again without another exit in between is our mistake.
 */
static enum vm_next once_more(struct vcpu *v, const struct npt_fault *fault)
{
	const bool again = v->last_fault == fault->gpa.v && v->last_fault_exit + 1 == v->exits;

	v->same_faults = again ? v->same_faults + 1 : 0;
	if (v->same_faults > MOST_SAME_FAULTS)
		unexpected_exit(v);
	v->last_fault = fault->gpa.v;
	v->last_fault_exit = v->exits;
	return VM_RETRY;
}

/* The partition's lock is held: what lies there, and what is to be done about it. */
static enum vm_next resolve(struct vcpu *v, const struct npt_fault *fault)
{
	struct gpa_space *g = &v->partition->gpa;
	u64 page = fault->gpa.v & PAGE_MASK;
	u32 rights;

	if (page >> PAGE_SHIFT >= g->page_limit)
		return refuse_access(v, fault, "outside the guest physical address space");
	if (overlay_at(v->partition, page >> PAGE_SHIFT, &rights))
		return fault->access & ~rights
			       ? refuse_access(v, fault, "the overlay page does not allow it")
			       : once_more(v, fault);
	if (kind_of(g, page, page + PAGE_SIZE) == KIND_HIDDEN)
		return refuse_access(v, fault, "memory of the hypervisor");
	if (walk(g, page))
		return once_more(v, fault);
	if (!map_device(g, page))
		return refuse_access(v, fault, "too many places of device memory");
	return VM_RETRY;
}

enum vm_next npt_fault_exit(struct vcpu *v, const struct npt_fault *fault)
{
	enum vm_next next;

	trace(v, TRACE_NPT_FAULT, fault->access, fault->gpa.v, 0);
	if (gpa_is_emulated(&v->partition->gpa, fault->gpa.v))
		return apic_page_exit(v, fault);
	partition_lock(v->partition);
	next = resolve(v, fault);
	partition_unlock(v->partition);
	return next;
}
