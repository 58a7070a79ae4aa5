/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* XSETBV on behalf of a guest: XCR0 is the guest's at all times, but VMX exits on every write. */
#include "xsave.h"

#include "cpu.h"
#include "virt.h"

#define XCR0_X87 (1ull << 0)
#define XCR0_SSE (1ull << 1)
#define XCR0_AVX (1ull << 2)
#define XCR0_BND (3ull << 3)
#define XCR0_AVX512 (7ull << 5)
#define XCR0_TILE (3ull << 17)

static bool all_or_none(u64 value, u64 group)
{
	return !(value & group) || (value & group) == group;
}

bool xcr0_valid(u64 value, u64 supported)
{
	if (value & ~supported || !(value & XCR0_X87))
		return false;
	if (value & XCR0_AVX && !(value & XCR0_SSE))
		return false;
	if (value & XCR0_AVX512 && !(value & XCR0_AVX))
		return false;
	return all_or_none(value, XCR0_BND) && all_or_none(value, XCR0_AVX512) &&
	       all_or_none(value, XCR0_TILE);
}

static u64 supported(void)
{
	struct cpuid_regs r;

	cpu_cpuid(0xd, 0, &r);
	return (u64)r.edx << 32 | r.eax;
}

enum vm_next xsetbv_exit(struct vcpu *v)
{
	const u64 value = v->regs.rdx << 32 | (u32)v->regs.rax;

	if (!cpu_has(CPU_XSAVE) || !(virt->get_reg(v, VREG_CR4) & CR4_OSXSAVE))
		return VM_UD;
	if ((u32)v->regs.rcx != 0 || !xcr0_valid(value, supported()))
		return VM_GP;
	cpu_xsetbv(0, value);
	return VM_SKIP;
}
