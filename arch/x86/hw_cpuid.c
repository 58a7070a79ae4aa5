/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * CPUID leaves of the hardware as a guest sees them: native, without what the hypervisor keeps for
 * itself.
 */
#include "hw_cpuid.h"

#include "cpu.h"
#include "hw_msr.h"
#include "partition.h"
#include "virt.h"

#define BIT(n) (1u << (n))

static void copy_bit(u32 *to, unsigned bit, bool on)
{
	*to = on ? *to | BIT(bit) : *to & ~BIT(bit);
}

/*
 * Leaf 1: no DTES64, MONITOR, DS_CPL, VMX, SMX, PDCM, DS; a hypervisor is there; OSXSAVE mirrors the guest's
 * own CR4. The local APIC is ours: with x2APIC mode and TSC deadline whatever the processor has.
 */
static void mask_features(u64 cr4, struct cpuid_regs *r)
{
	r->ecx &= ~(BIT(2) | BIT(3) | BIT(4) | BIT(5) | BIT(6) | BIT(15));
	r->ecx |= BIT(21) | BIT(24) | BIT(31);
	copy_bit(&r->ecx, 27, cr4 & CR4_OSXSAVE);
	r->edx &= ~BIT(21);
}

/*
 * Leaf 7: no SGX, PT, WAITPKG, ENQCMD, SGX_LC, user interrupts, PCONFIG, architectural LBR, FRED,
 * HRESET, LAM.
 */
static void mask_structured(u32 subleaf, u64 cr4, struct cpuid_regs *r)
{
	if (subleaf == 1)
		r->eax &= ~(BIT(17) | BIT(22) | BIT(26));
	if (subleaf)
		return;
	r->ebx &= ~(BIT(2) | BIT(25));
	r->ecx &= ~(BIT(5) | BIT(29) | BIT(30));
	r->edx &= ~(BIT(5) | BIT(18) | BIT(19));
	copy_bit(&r->ecx, 4, cr4 & CR4_PKE);
}

/* Leaf 0xd: of the states that IA32_XSS has, which ECX of a state's own subleaf tells, those offered. */
static void mask_states(u32 subleaf, struct cpuid_regs *r)
{
	if (subleaf == 1) {
		r->ecx &= (u32)XSS_OFFERED;
		r->edx = 0;
	} else if (subleaf > 1 && r->ecx & 1 && !(subleaf < 64 && XSS_OFFERED >> subleaf & 1)) {
		*r = (struct cpuid_regs){ 0 };
	}
}

void hw_cpuid_mask(u32 leaf, u32 subleaf, u64 cr4, bool invariant_tsc, struct cpuid_regs *r)
{
	switch (leaf) {
	case 1:
		mask_features(cr4, r);
		break;
	case 7:
		mask_structured(subleaf, cr4, r);
		break;
	case 0xd:
		mask_states(subleaf, r);
		break;
	case 0x80000001: /* no SVM, IBS, SKINIT, counters of core, north bridge and cache */
		r->ecx &= ~(BIT(2) | BIT(10) | BIT(12) | BIT(23) | BIT(24) | BIT(28));
		break;
	case 0x80000008: /* no INVLPGB: it would need a right that the VMCB does not give */
		r->ebx &= ~(BIT(3) | BIT(21));
		break;
	case 0x80000007:
		copy_bit(&r->edx, 8, invariant_tsc);
		break;
	case 5:          /* MONITOR, MWAIT: a wait that only the processor would see */
	case 0xa:        /* performance monitoring */
	case 0x12:       /* SGX */
	case 0x14:       /* processor trace */
	case 0x1b:       /* PCONFIG */
	case 0x1c:       /* LBR */
	case 0x23:       /* performance monitoring, extended */
	case 0x8000000a: /* SVM */
	case 0x8000001b: /* instruction sampling */
	case 0x8000001f: /* memory encryption */
	case 0x80000022: /* performance monitoring 2 */
		*r = (struct cpuid_regs){ 0 };
		break;
	default:
		break;
	}
}

void hw_cpuid(struct vcpu *v, u32 leaf, u32 subleaf, struct cpuid_regs *out)
{
	cpu_cpuid(leaf, subleaf, out);
	hw_cpuid_mask(leaf, subleaf, virt->get_reg(v, VREG_CR4), v->partition->invariant_tsc, out);
	if (leaf == 1 && !lapic_is_enabled(&v->lapic))
		out->edx &= ~BIT(9); /* SDM 11.4.3 */
}
