/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * The boot program's parts: it takes what the boot loader gave, places the hypervisor and enters
 * it.
 */
#ifndef PARTITA_BOOT_H
#define PARTITA_BOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "boot_info.h"

#define BOOT_PAGE 4096u
#define BOOT_4GIB 0x100000000ull

/*
 * Strings that outlive the boot loader's memory: copied behind struct boot_info into the
 * hypervisor's region.
 */
#define BOOT_STRINGS 12288u
struct boot_handover {
	struct boot_info info;
	uint32_t string_bytes;
	char strings[BOOT_STRINGS];
};

/* boot.c: called by head.S with what the boot loader left in EAX and EBX. */
void boot_main(uint32_t magic, uint32_t info);
/* Says why and stops. */
_Noreturn void boot_refuse(const char *why);

/*
 * multiboot.c: fill h from the boot loader's information; the string addresses are offsets into
 * h->strings.
 */
bool multiboot_read(uint32_t magic, uint32_t info, struct boot_handover *h);

/* region.c */
struct boot_span { uint64_t base, end; };

/*
 * The highest 2 MiB aligned place of size bytes in RAM below 4 GiB that touches no module and
 * nothing in taken[]; 0 when there is none.
 */
uint64_t region_choose(const struct boot_info *bi, const struct boot_span *taken,
		       unsigned taken_count, uint64_t size);

/*
 * Fills in the hypervisor's region from bi->image_size, chosen so, with room for as many processors
 * as possible. False when there is no place even for one.
 */
bool region_place(struct boot_info *bi, const struct boot_span *taken, unsigned taken_count);

/* print.c: to COM2 and the debug port; waits are bounded. */
void print(const char *text);

/* head.S: page tables are in CR3's format; never returns. */
_Noreturn void boot_enter_long_mode(uint32_t pml4, uint64_t entry, uint64_t argument);

#endif
