/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The hypervisor's own page tables: the image by its permissions, all physical memory as data. */
#include "paging.h"

#include "alloc.h"
#include "cpu.h"
#include "machine.h"
#include "panic.h"
#include "string.h"

#define PTE_P (1ull << 0)
#define PTE_W (1ull << 1)
#define PTE_PWT (1ull << 3)
#define PTE_PCD (1ull << 4)
#define PTE_PS (1ull << 7)
#define PTE_G (1ull << 8)
#define PTE_NX (1ull << 63)
#define PTE_UC (PTE_PCD | PTE_PWT) /* PAT entry 3, uncached from reset on */
#define PTE_ADDRESS 0x000ffffffffff000ull

#define LEVELS 4
#define SIZE_2M (2 * MIB)
#define LOW_TOP (4 * GIB) /* everything below is mapped, devices included */

extern char image_start[], image_text_end[], image_rodata_end[], image_end[];

static u64 image_hpa;     /* (c) */
static u64 *top;          /* (c) */

void paging_locate(u64 hpa)
{
	image_hpa = hpa;
}

void *machine_ptr(hpa_t hpa)
{
	return (void *)(PHYS_MAP + hpa.v);
}

hpa_t machine_hpa(const void *ptr)
{
	u64 address = (u64)ptr;

	return HPA(address >= IMAGE_BASE ? address - IMAGE_BASE + image_hpa : address - PHYS_MAP);
}

u64 paging_cr3(void)
{
	return machine_hpa(top).v;
}

static void *table_page(void)
{
	void *page = alloc_page();

	if (!page)
		panic("out of memory for the hypervisor's own page tables");
	return page;
}

/* The table below entry index; allocated when absent. */
static u64 *next_table(u64 *table, unsigned index)
{
	if (!(table[index] & PTE_P))
		table[index] = machine_hpa(table_page()).v | PTE_W | PTE_P;
	return machine_ptr(HPA(table[index] & PTE_ADDRESS));
}

static unsigned index_of(u64 address, unsigned level)
{
	return address >> (PAGE_SHIFT + 9 * (level - 1)) & 511;
}

/* level: 1 4 KiB, 2 2 MiB, 3 1 GiB. */
static void map(u64 address, u64 hpa, unsigned level, u64 bits)
{
	u64 *table = top;

	for (unsigned l = 4; l > level; l--)
		table = next_table(table, index_of(address, l));
	table[index_of(address, level)] = hpa | bits | (level > 1 ? PTE_PS : 0) | PTE_G | PTE_P;
}

static void map_image(const char *from, const char *to, u64 bits)
{
	for (const char *at = from; at < to; at += PAGE_SIZE)
		map((u64)at, machine_hpa(at).v, 1, bits);
}

/* Write-back only where there is RAM: a cached alias of a device could be read ahead. */
static bool holds_ram(const struct boot_info *bi, u64 base, u64 size)
{
	for (u32 i = 0; i < bi->range_count; i++) {
		const struct boot_range *r = &bi->range[i];

		if (r->type == BOOT_MEMORY_RAM && r->base < base + size &&
		    base < r->base + r->length)
			return true;
	}
	return false;
}

static void map_low(const struct boot_info *bi)
{
	for (u64 at = 0; at < LOW_TOP; at += SIZE_2M)
		map(PHYS_MAP + at, at, 2,
		    PTE_W | PTE_NX | (holds_ram(bi, at, SIZE_2M) ? 0 : PTE_UC));
}

/* RAM above 4 GiB, in 1 GiB pages where it fills them and the processor has them. */
static void map_high(u64 base, u64 end)
{
	const bool huge = cpu_has(CPU_PAGE1GB);
	u64 at = ALIGN_DOWN(base < LOW_TOP ? LOW_TOP : base, SIZE_2M);

	while (at < end) {
		const bool one = huge && !(at & (GIB - 1)) && end - at >= GIB;

		map(PHYS_MAP + at, at, one ? 3 : 2, PTE_W | PTE_NX);
		at += one ? GIB : SIZE_2M;
	}
}

u64 paging_low_cr3(u32 page)
{
	u64 *tables[LEVELS];

	for (unsigned i = 0; i < LEVELS; i++) {
		tables[i] = alloc_page();
		if (!tables[i])
			return 0;
	}
	memcpy(tables[0], top, PAGE_SIZE);
	for (unsigned i = 0; i + 1 < LEVELS; i++)
		tables[i][0] = machine_hpa(tables[i + 1]).v | PTE_W | PTE_P;
	tables[LEVELS - 1][page >> PAGE_SHIFT] = page | PTE_P;
	return machine_hpa(tables[0]).v;
}

void paging_init(const struct boot_info *bi)
{
	const u64 reachable = 1ull << (machine_physical_address_bits() < 46
					       ? machine_physical_address_bits()
					       : 46);

	top = table_page();
	map_image(image_start, image_text_end, 0);
	map_image(image_text_end, image_rodata_end, PTE_NX);
	map_image(image_rodata_end, image_end, PTE_W | PTE_NX);
	map_low(bi);
	for (u32 i = 0; i < bi->range_count; i++) {
		const struct boot_range *r = &bi->range[i];
		const u64 end = r->base + r->length;

		if (r->type == BOOT_MEMORY_RAM && end > LOW_TOP && end <= reachable &&
		    r->base < end)
			map_high(r->base, end);
	}
	cpu_wrmsr(MSR_EFER, cpu_rdmsr(MSR_EFER) | EFER_NXE);
	cpu_write_cr3(paging_cr3());
}
