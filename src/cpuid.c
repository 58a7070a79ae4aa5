/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* CPUID exits: our leaves from the partition's table, others from the hardware's policy. */
#include "hw_cpuid.h"
#include "partition.h"
#include "spec_cpuid.h"
#include "trace.h"
#include "virt.h"

#define RANGE_FIRST 0x40000000u
#define RANGE_COUNT 0x10000000u

static __attribute__((noinline)) void other_leaf(struct vcpu *v, u32 leaf, u32 subleaf)
{
	struct cpuid_regs r = { 0 };

	/*
	 * Leaves of the range beyond ours read zero: some guests read them without looking at the
	 * highest leaf.
	 */
	if (leaf - RANGE_FIRST >= RANGE_COUNT) {
		trace(v, TRACE_CPUID, leaf, subleaf, 0);
		hw_cpuid(v, leaf, subleaf, &r);
	}
	v->regs.rax = r.eax;
	v->regs.rbx = r.ebx;
	v->regs.rcx = r.ecx;
	v->regs.rdx = r.edx;
}

void cpuid_exit(struct vcpu *v)
{
	const u32 leaf = (u32)v->regs.rax;
	const struct spec_cpuid_leaf *l;

	if (leaf - SPEC_CPUID_FIRST >= SPEC_CPUID_LEAVES) {
		other_leaf(v, leaf, (u32)v->regs.rcx);
		return;
	}
	l = &v->partition->cpuid[leaf - SPEC_CPUID_FIRST];
	v->regs.rax = l->eax;
	v->regs.rbx = l->ebx;
	v->regs.rcx = l->ecx;
	v->regs.rdx = l->edx;
}
