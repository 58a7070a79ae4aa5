/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The hypervisor's own page tables: the image by its permissions, all physical memory as data. */
#ifndef PARTITA_X86_PAGING_H
#define PARTITA_X86_PAGING_H

#include "boot_info.h"
#include "layout.h"
#include "types.h"

/* Tell where the image lies; machine_ptr and machine_hpa work from then on. */
void paging_locate(u64 image_hpa);

/* Build the final tables from the allocator and switch to them. Panics when memory is short. */
void paging_init(const struct boot_info *bi);

/*
 * CR3 of tables like the hypervisor's own, in which the page below 1 MiB also is where it lies in
 * physical memory, to be executed. 0: out of memory.
 */
u64 paging_low_cr3(u32 page);

/* CR3 of the hypervisor. */
u64 paging_cr3(void);

#endif
