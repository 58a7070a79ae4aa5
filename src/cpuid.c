/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* CPUID exits: the hypervisor's leaves from the partition's table, all others from the hardware's policy. */
#include "hw_cpuid.h"
#include "partition.h"
#include "spec_cpuid.h"
#include "trace.h"
#include "virt.h"

#define RANGE_FIRST 0x40000000u
#define RANGE_COUNT 0x10000000u

void cpuid_exit(struct vcpu *v)
{
	u32 leaf = (u32)v->regs.rax, subleaf = (u32)v->regs.rcx;
	struct cpuid_regs r = { 0 };

	trace(v, TRACE_CPUID, leaf, subleaf, 0);
	if (leaf - SPEC_CPUID_FIRST < SPEC_CPUID_LEAVES) {
		const struct spec_cpuid_leaf *l = &v->partition->cpuid[leaf - SPEC_CPUID_FIRST];

		r = (struct cpuid_regs){ l->eax, l->ebx, l->ecx, l->edx };
	} else if (leaf - RANGE_FIRST >= RANGE_COUNT) {
		hw_cpuid(v, leaf, subleaf, &r);
	}
	/* Leaves of the range beyond ours read zero: some guests read them without looking at the highest leaf. */
	v->regs.rax = r.eax;
	v->regs.rbx = r.ebx;
	v->regs.rcx = r.ecx;
	v->regs.rdx = r.edx;
}
