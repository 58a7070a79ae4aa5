/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Memory type range registers (SDM 12.11). The processor's are firmware's for good: types that
 * differ between processors would leave the hypervisor's memory without coherence. Each VP has
 * registers of its own, which keep what is written; nested paging gives the types.
 */
#ifndef PARTITA_X86_MTRR_H
#define PARTITA_X86_MTRR_H

#include "types.h"

struct vcpu;

/*
 * Registers of a VP at its start, as firmware left them on the first processor. The calling
 * processor, which runs the VP, has the same from now on.
 */
void mtrr_start(struct vcpu *v);

/* False: #GP. msr is one of 0x200 to 0x26f or 0x2ff. */
bool mtrr_read(const struct vcpu *v, u32 msr, u64 *value);
bool mtrr_write(struct vcpu *v, u32 msr, u64 value);

/* Whether a processor with so many variable ranges and physical address bits takes the value. Pure. */
bool mtrr_valid(u32 msr, u64 value, unsigned ranges, unsigned physical_bits);

#endif
