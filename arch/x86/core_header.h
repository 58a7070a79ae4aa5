/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The first bytes of the hypervisor's image, by which the boot program knows how to start it. */
#ifndef PARTITA_CORE_HEADER_H
#define PARTITA_CORE_HEADER_H

#define CORE_MAGIC 0x61747261 /* "arta" */

#ifndef __ASSEMBLER__
#include <stdint.h>

struct core_header {
	uint32_t magic, _pad;
	uint64_t entry;       /* virtual address; rdi = struct boot_info * in the direct map */
	uint64_t image_size;  /* bytes from the header to the end of the zeroed data, whole pages */
};
#endif

#endif
