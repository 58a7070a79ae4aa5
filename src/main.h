/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Entry into the neutral hypervisor. */
#ifndef PARTITA_MAIN_H
#define PARTITA_MAIN_H

#include "boot_info.h"

/*
 * Called once on the boot processor with final page tables, IDT and the page allocator in place. bi
 * is readable for good.
 */
_Noreturn void hv_main(struct boot_info *bi);

#endif
