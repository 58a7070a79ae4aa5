/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What CPUID says about the processor, and which control register bits follow from it. */
#include "cpu.h"

#define EXTENDED 0x80000000u

/* Leaves of neither range read zero, not the last leaf as on Intel: that one may be masked. */
u32 cpu_max_leaf(u32 range)
{
	struct cpuid_regs r;

	machine_cpuid(range, 0, &r);
	return (r.eax & 0xffff0000) == range ? r.eax : range;
}

void cpu_cpuid(u32 leaf, u32 subleaf, struct cpuid_regs *out)
{
	if (leaf > cpu_max_leaf(leaf & EXTENDED))
		*out = (struct cpuid_regs){ 0 };
	else
		machine_cpuid(leaf, subleaf, out);
}

bool cpu_has(u64 feature)
{
	struct cpuid_regs r;
	u32 value[4];

	cpu_cpuid((u32)(feature >> 8), 0, &r);
	value[CPU_EAX] = r.eax;
	value[CPU_EBX] = r.ebx;
	value[CPU_ECX] = r.ecx;
	value[CPU_EDX] = r.edx;
	return value[feature >> 5 & 3] >> (feature & 31) & 1;
}

/* Asked for on the way of guests' accesses: CPUID is dear, and an exit where we are a guest. */
unsigned machine_physical_address_bits(void)
{
	static unsigned bits; /* known before a second processor starts */
	struct cpuid_regs r;

	if (!bits) {
		cpu_cpuid(EXTENDED + 8, 0, &r);
		bits = r.eax & 0xff ? r.eax & 0xff : 36;
	}
	return bits;
}

u64 cpu_cr4_supported(void)
{
	static const struct { u64 feature, bit;
	} optional[] = {
		{ CPU_FEATURE(1, CPU_EDX, 1), CR4_VME | CR4_PVI },
		{ CPU_FEATURE(1, CPU_EDX, 2), CR4_DE },
		{ CPU_FEATURE(1, CPU_EDX, 3), CR4_PSE },
		{ CPU_FEATURE(1, CPU_EDX, 7), CR4_MCE },
		{ CPU_FEATURE(1, CPU_EDX, 13), CR4_PGE },
		{ CPU_FEATURE(1, CPU_EDX, 24), CR4_OSFXSR },
		{ CPU_FEATURE(1, CPU_EDX, 25), CR4_OSXMMEXCPT },
		{ CPU_UMIP, CR4_UMIP },
		{ CPU_LA57, CR4_LA57 },
		{ CPU_FSGSBASE, CR4_FSGSBASE },
		{ CPU_PCID, CR4_PCIDE },
		{ CPU_XSAVE, CR4_OSXSAVE },
		{ CPU_SMEP, CR4_SMEP },
		{ CPU_SMAP, CR4_SMAP },
		{ CPU_PKU, CR4_PKE },
		{ CPU_CET_SS, CR4_CET },
		{ CPU_CET_IBT, CR4_CET },
		{ CPU_FEATURE(7, CPU_ECX, 31), CR4_PKS },
	};
	u64 cr4 = CR4_TSD | CR4_PAE | CR4_PCE;

	for (unsigned i = 0; i < ARRAY_SIZE(optional); i++)
		if (cpu_has(optional[i].feature))
			cr4 |= optional[i].bit;
	return cr4;
}

u64 cpu_efer_supported(void)
{
	static const struct { u64 feature, bit;
	} optional[] = {
		{ CPU_SYSCALL, EFER_SCE }, { CPU_LM, EFER_LME },  { CPU_NX, EFER_NXE },
		{ CPU_FFXSR, EFER_FFXSR }, { CPU_TCE, EFER_TCE }, { CPU_AUTO_IBRS, EFER_AUTO_IBRS },
	};
	u64 efer = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(optional); i++)
		if (cpu_has(optional[i].feature))
			efer |= optional[i].bit;
	return efer;
}
