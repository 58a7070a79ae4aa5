/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Virtual addresses of the hypervisor; constants alone, for the 32-bit boot program too. */
#ifndef PARTITA_X86_LAYOUT_H
#define PARTITA_X86_LAYOUT_H

#define PHYS_MAP 0xffff800000000000   /* all physical memory, as data */
#define IMAGE_BASE 0xffffffff80000000 /* where the image is linked */

#endif
