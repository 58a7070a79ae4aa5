/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * What the boot program hands to the hypervisor: physical addresses, plain C types that a 32-bit
 * program can fill.
 */
#ifndef PARTITA_BOOT_INFO_H
#define PARTITA_BOOT_INFO_H

#include <stdint.h>

#define BOOT_MAX_RANGES 64
#define BOOT_MAX_MODULES 16
#define BOOT_MEMORY_RAM 1          /* types as in the BIOS E820 map */
#define BOOT_MEMORY_RESERVED 2

struct boot_range { uint64_t base, length; uint32_t type, _pad; };
struct boot_module { uint64_t base, length, string; /* NUL-terminated: "name arguments" */ };

struct boot_info {
	uint64_t hv_base, hv_size; /* its region: image first, then free memory; 2 MiB aligned */
	uint64_t image_size;               /* bytes of it the image (with its zeroed data) takes */
	uint64_t command_line;             /* "name key=value ..." */
	uint64_t rsdp; /* ACPI root pointer if the boot loader gave one, else 0 */
	uint32_t range_count, module_count;
	struct boot_range range[BOOT_MAX_RANGES];     /* the firmware's memory map, unmodified */
	struct boot_module module[BOOT_MAX_MODULES];
};

#endif
