/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * The boot program: checks the processor, finds a place for the hypervisor, copies it there and
 * enters it.
 */
#include "boot.h"
#include "core_header.h"
#include "layout.h"

#define CPUID_LONG_MODE (1u << 29)
#define CPUID_NX (1u << 20)
#define EFLAGS_ID (1u << 21)

#define PTE_PRESENT 1u
#define PTE_WRITE 2u
#define PTE_LARGE 0x80u

extern const char core_image[], core_image_end[], boot_image[], boot_image_end[];

static struct boot_handover handover;
/*
 * Used only until the hypervisor has its own: top level, low 512 GiB, image, one directory per low
 * GiB, image directory.
 */
static uint64_t top[512] __attribute__((aligned(4096)));
static uint64_t low[512] __attribute__((aligned(4096)));
static uint64_t high[512] __attribute__((aligned(4096)));
static uint64_t directory[4][512] __attribute__((aligned(4096)));
static uint64_t image_directory[512] __attribute__((aligned(4096)));

void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);

/* The compiler calls these two by itself. */
void *memcpy(void *to, const void *from, size_t n)
{
	char *t = to;
	const char *f = from;

	asm volatile("rep movsb" : "+D"(t), "+S"(f), "+c"(n) : : "memory");
	return to;
}

void *memset(void *to, int byte, size_t n)
{
	char *t = to;

	asm volatile("rep stosb" : "+D"(t), "+c"(n) : "a"(byte) : "memory");
	return to;
}

_Noreturn void boot_refuse(const char *why)
{
	print("partita: boot: ");
	print(why);
	print("\npartita: end: panic\n");
	for (;;)
		asm volatile("cli; hlt");
}

static bool has_cpuid(void)
{
	uint32_t before, after;

	asm volatile(
		"pushf; pushf; pop %0; mov %0, %1; xor %2, %1; push %1; popf; pushf; pop %1; popf"
		: "=&r"(before), "=&r"(after)
		: "i"(EFLAGS_ID));
	return (before ^ after) & EFLAGS_ID;
}

static uint32_t cpuid_edx(uint32_t leaf, uint32_t *eax)
{
	uint32_t ebx, ecx = 0, edx;

	*eax = leaf;
	asm volatile("cpuid" : "+a"(*eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	return edx;
}

static void check_processor(void)
{
	uint32_t most, edx, ignored;

	if (!has_cpuid())
		boot_refuse("this processor has no CPUID instruction; a 64-bit one with VMX or SVM "
			    "is needed");
	cpuid_edx(0x80000000, &most);
	edx = most >= 0x80000001 ? cpuid_edx(0x80000001, &ignored) : 0;
	if (!(edx & CPUID_LONG_MODE))
		boot_refuse("this processor has no 64-bit long mode");
	if (!(edx & CPUID_NX))
		boot_refuse("this processor has no no-execute page protection (NX); the firmware "
			    "may have it disabled");
}

static void fill_directory(uint64_t *table, uint64_t base)
{
	for (unsigned i = 0; i < 512; i++)
		table[i] = (base + (uint64_t)i * BOOT_LARGE_PAGE) | PTE_LARGE | PTE_WRITE |
			   PTE_PRESENT;
}

/*
 * The first 4 GiB where they are and at PHYS_MAP, and the hypervisor's region where it is linked.
 */
static void make_tables(uint64_t region)
{
	const uint32_t link = PTE_WRITE | PTE_PRESENT;

	for (unsigned i = 0; i < 4; i++) {
		fill_directory(directory[i], (uint64_t)i << 30);
		low[i] = (uintptr_t)directory[i] | link;
	}
	fill_directory(image_directory, region);
	high[(IMAGE_BASE >> 30) & 511] = (uintptr_t)image_directory | link;
	top[0] = (uintptr_t)low | link;
	top[(PHYS_MAP >> 39) & 511] = (uintptr_t)low | link;
	top[(IMAGE_BASE >> 39) & 511] = (uintptr_t)high | link;
}

/* String offsets become the addresses they will have. */
static void place_strings(struct boot_info *bi, uint64_t strings)
{
	bi->command_line += strings;
	for (uint32_t i = 0; i < bi->module_count; i++)
		bi->module[i].string += strings;
}

static uint64_t place(const struct core_header *core, uint64_t *handover_at)
{
	struct boot_info *bi = &handover.info;
	const struct boot_span self = { (uintptr_t)boot_image, (uintptr_t)boot_image_end };
	const uint64_t kept = (sizeof(handover) + BOOT_PAGE - 1) & ~(BOOT_PAGE - 1);

	bi->image_size = core->image_size + kept;
	if (!region_place(bi, &self, 1))
		boot_refuse("not enough memory: no free 2 MiB aligned place below 4 GiB for the "
			    "hypervisor");
	*handover_at = bi->hv_base + core->image_size;
	place_strings(bi, *handover_at + offsetof(struct boot_handover, strings));
	return bi->hv_base;
}

void boot_main(uint32_t magic, uint32_t info)
{
	const struct core_header *core = (const void *)core_image;
	const uint32_t bytes = (uint32_t)(core_image_end - core_image);
	uint64_t region, handover_at;

	check_processor();
	if (core->magic != CORE_MAGIC || bytes > core->image_size)
		boot_refuse("the hypervisor's image inside this file is damaged");
	if (!multiboot_read(magic, info, &handover))
		boot_refuse("not started by a multiboot 1 or multiboot 2 loader");
	if (!handover.info.module_count)
		boot_refuse("no module: the root partition's kernel must be loaded as the first "
			    "module");
	region = place(core, &handover_at);
	memcpy((void *)(uintptr_t)region, core_image, bytes);
	memset((void *)(uintptr_t)(region + bytes), 0, (uint32_t)core->image_size - bytes);
	memcpy((void *)(uintptr_t)handover_at, &handover, sizeof(handover));
	make_tables(region);
	boot_enter_long_mode((uintptr_t)top, core->entry, PHYS_MAP + handover_at);
}
