/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * What the boot program hands to the hypervisor: physical addresses, plain C types that a 32-bit
 * program can fill.
 */
#ifndef PARTITA_BOOT_INFO_H
#define PARTITA_BOOT_INFO_H

#include <stdint.h>

#define BOOT_LARGE_PAGE (2u << 20)
#define BOOT_MAX_RANGES 64
#define BOOT_MAX_MODULES 16
#define BOOT_MEMORY_RAM 1          /* types as in the BIOS E820 map */
#define BOOT_MEMORY_RESERVED 2

/*
 * What a processor and its virtual one need: stacks, control blocks, pages and rings, and the pages
 * that its overlays take later.
 */
#define BOOT_PROCESSOR_MEMORY (192u << 10)
#define BOOT_MOST_PROCESSORS 256u

struct boot_range { uint64_t base, length; uint32_t type, _pad; };
struct boot_module { uint64_t base, length, string; /* NUL-terminated: "name arguments" */ };

struct boot_info {
	uint64_t hv_base, hv_size; /* its region: image first, then free memory; 2 MiB aligned */
	uint64_t common_size; /* bytes the region needs besides those of processors */
	uint64_t processors;               /* as many has it room for */
	uint64_t image_size;               /* bytes of it the image (with its zeroed data) takes */
	uint64_t command_line;             /* "name key=value ..." */
	uint64_t rsdp; /* ACPI root pointer if the boot loader gave one, else 0 */
	uint32_t range_count, module_count;
	struct boot_range range[BOOT_MAX_RANGES];     /* the firmware's memory map, unmodified */
	struct boot_module module[BOOT_MAX_MODULES];
};

/* What the region must have for so many processors, in whole large pages. */
static inline uint64_t boot_region_size(const struct boot_info *bi, uint64_t processors)
{
	const uint64_t bytes = bi->common_size + processors * BOOT_PROCESSOR_MEMORY;

	return (bytes + BOOT_LARGE_PAGE - 1) & ~(uint64_t)(BOOT_LARGE_PAGE - 1);
}

#endif
