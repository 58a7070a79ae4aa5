/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * CPUID leaves of the hardware as a guest sees them: native, without what the hypervisor keeps for
 * itself.
 */
#ifndef PARTITA_X86_HW_CPUID_H
#define PARTITA_X86_HW_CPUID_H

#include "machine.h"
#include "vcpu.h"

/* Any leaf outside 0x40000000..0x4fffffff. */
void hw_cpuid(struct vcpu *v, u32 leaf, u32 subleaf, struct cpuid_regs *out);

/* Same for a leaf read from hardware already: masks it. cr4 is the guest's. Pure. */
void hw_cpuid_mask(u32 leaf, u32 subleaf, u64 cr4, bool invariant_tsc, struct cpuid_regs *regs);

#endif
