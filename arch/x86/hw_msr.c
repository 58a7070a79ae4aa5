/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Which hardware MSRs the root reaches: one policy table, and the few that are handled by name. */
#include "hw_msr.h"

#include "cpu.h"
#include "lapic.h"
#include "machine.h"
#include "mtrr.h"
#include "reftsc.h"

#define FEATURE_CONTROL_LOCKED 1 /* and every feature off */
#define DEBUGCTL_LEGAL 3         /* LBR, BTF */
#define MSR_MISC_ENABLE 0x1a0u
/* Forbids no-execute pages, which the hypervisor has too: the next exit could not load its EFER. */
#define MISC_ENABLE_XD_DISABLE (1ull << 34)

struct hw_msr_policy { u32 first, last; enum hw_msr_rule rule; };

/* Sorted. What is not here is HW_MSR_UNLISTED. */
static const struct hw_msr_policy policies[] = {
	{ MSR_TSC, MSR_TSC, HW_MSR_READ_OPEN },
	{ MSR_APIC_BASE, MSR_APIC_BASE, HW_MSR_EMULATED },
	{ 0x33, 0x33, HW_MSR_FORWARD }, /* TEST_CTRL */
	{ MSR_FEATURE_CONTROL, MSR_TSC_ADJUST, HW_MSR_EMULATED },
	{ MSR_SPEC_CTRL, MSR_PRED_CMD, HW_MSR_OPEN },
	{ MSR_BIOS_UPDT_TRIG, MSR_BIOS_UPDT_TRIG, HW_MSR_WRITE_IGNORED },
	{ MSR_BIOS_SIGN_ID, MSR_BIOS_SIGN_ID, HW_MSR_FORWARD },
	{ 0x9b, 0x9e, HW_MSR_HIDDEN },  /* SMM monitor, SMBASE */
	{ 0xc1, 0xc8, HW_MSR_HIDDEN },  /* performance counters */
	{ 0xe1, 0xe1, HW_MSR_FORWARD }, /* UMWAIT_CONTROL */
	{ MSR_MTRR_CAP, MSR_MTRR_CAP, HW_MSR_READ_ONLY },
	{ MSR_FLUSH_CMD, MSR_FLUSH_CMD, HW_MSR_OPEN },
	{ 0x122, 0x123, HW_MSR_FORWARD }, /* TSX_CTRL, MCU_OPT_CTRL */
	{ 0x140, 0x140, HW_MSR_FORWARD }, /* MISC_FEATURES_ENABLES */
	{ MSR_SYSENTER_CS, MSR_SYSENTER_EIP, HW_MSR_OPEN },
	{ 0x179, 0x17b, HW_MSR_FORWARD }, /* MCG_CAP, STATUS, CTL */
	{ 0x186, 0x18d, HW_MSR_HIDDEN },  /* PERFEVTSEL */
	{ 0x199, 0x199, HW_MSR_FORWARD }, /* PERF_CTL */
	{ 0x19a, 0x19c, HW_MSR_FORWARD }, /* clock modulation, thermal interrupt and status */
	{ MSR_MISC_ENABLE, MSR_MISC_ENABLE, HW_MSR_EMULATED },
	{ 0x1a6, 0x1a7, HW_MSR_HIDDEN },  /* OFFCORE_RSP */
	{ 0x1b0, 0x1b2, HW_MSR_FORWARD }, /* energy bias, package thermal */
	{ 0x1c4, 0x1c5, HW_MSR_FORWARD }, /* XFD, XFD_ERR */
	{ MSR_DEBUGCTL, MSR_DEBUGCTL, HW_MSR_EMULATED },
	{ 0x1f2, 0x1f3, HW_MSR_READ_ONLY },    /* SMRR */
	{ 0x1fc, 0x1fc, HW_MSR_FORWARD },      /* POWER_CTL */
	{ MSR_MTRR_FIRST, MSR_MTRR_LAST, HW_MSR_EMULATED },
	{ MSR_PAT, MSR_PAT, HW_MSR_EMULATED }, /* by the vendor */
	{ 0x280, 0x29f, HW_MSR_FORWARD },      /* MC_CTL2 */
	{ MSR_MTRR_DEF_TYPE, MSR_MTRR_DEF_TYPE, HW_MSR_EMULATED },
	{ 0x309, 0x30c, HW_MSR_HIDDEN },  /* fixed counters */
	{ 0x329, 0x329, HW_MSR_HIDDEN },  /* PERF_METRICS */
	{ 0x345, 0x345, HW_MSR_HIDDEN },  /* PERF_CAPABILITIES */
	{ 0x38d, 0x396, HW_MSR_HIDDEN },  /* counter control */
	{ 0x3f1, 0x3f1, HW_MSR_HIDDEN },  /* PEBS_ENABLE */
	{ 0x400, 0x47f, HW_MSR_FORWARD }, /* machine check banks */
	{ 0x480, 0x493, HW_MSR_HIDDEN },  /* VMX capabilities */
	{ 0x4c1, 0x4c8, HW_MSR_HIDDEN },  /* full-width counters */
	{ 0x560, 0x58f, HW_MSR_HIDDEN },  /* processor trace */
	{ 0x600, 0x600, HW_MSR_HIDDEN },  /* DS_AREA */
	{ 0x6a0, 0x6a8, HW_MSR_FORWARD }, /* shadow stacks */
	{ MSR_TSC_DEADLINE, MSR_TSC_DEADLINE, HW_MSR_EMULATED },
	{ 0x6e1, 0x6e1, HW_MSR_FORWARD }, /* PKRS */
	{ 0x770, 0x77f, HW_MSR_FORWARD }, /* hardware P-states */
	{ MSR_X2APIC_FIRST, MSR_X2APIC_LAST, HW_MSR_EMULATED },
	{ MSR_XSS, MSR_XSS, HW_MSR_EMULATED },
	{ 0x14ce, 0x14cf, HW_MSR_HIDDEN },       /* architectural LBR */
	{ MSR_EFER, MSR_EFER, HW_MSR_EMULATED }, /* by the vendor */
	{ MSR_STAR, MSR_SFMASK, HW_MSR_OPEN },
	{ 0xc00000e7, 0xc00000e9, HW_MSR_READ_ONLY }, /* MPERF, APERF, IRPERF */
	{ MSR_FS_BASE, MSR_TSC_AUX, HW_MSR_OPEN },
	{ 0xc0000104, 0xc0000104, HW_MSR_HIDDEN },  /* TSC ratio */
	{ 0xc0000408, 0xc000040a, HW_MSR_FORWARD }, /* MC4_MISC1.. */
	{ 0xc0002000, 0xc0002fff, HW_MSR_FORWARD }, /* scalable machine check banks */
	{ 0xc0010000, 0xc0010007,
	  HW_MSR_ZERO }, /* legacy counters: present on every AMD processor */
	{ 0xc0010010, 0xc0010010, HW_MSR_READ_ONLY },     /* SYSCFG */
	{ 0xc0010015, 0xc0010015, HW_MSR_FORWARD },       /* HWCR */
	{ 0xc0010016, 0xc001001d, HW_MSR_READ_ONLY },     /* IORR, TOP_MEM */
	{ 0xc0010020, 0xc0010020, HW_MSR_WRITE_IGNORED }, /* microcode patch loader */
	{ 0xc0010044, 0xc001004f, HW_MSR_FORWARD },       /* MC_CTL_MASK */
	{ 0xc0010061, 0xc001006b, HW_MSR_FORWARD },       /* P-states */
	{ 0xc0010111, 0xc0010113, HW_MSR_HIDDEN },        /* SMBASE, TSEG */
	{ MSR_VM_CR, MSR_VM_HSAVE_PA, HW_MSR_HIDDEN },    /* VM_CR is the vendor's */
	{ 0xc0010118, 0xc0010118, HW_MSR_HIDDEN },        /* SVM_KEY */
	{ 0xc001011f, 0xc001011f, HW_MSR_FORWARD },       /* VIRT_SPEC_CTRL */
	{ 0xc0010130, 0xc0010132, HW_MSR_HIDDEN },        /* encrypted guests */
	{ 0xc0010200, 0xc001020b, HW_MSR_ZERO },          /* extended counters */
	{ 0xc00102b0, 0xc00102b4, HW_MSR_FORWARD },       /* collaborative P-states */
	{ 0xc0010300, 0xc001031f, HW_MSR_HIDDEN },        /* branch records */
	{ 0xc0011020, 0xc001102f, HW_MSR_FORWARD },       /* LS_CFG, DE_CFG and their kin: errata */
	{ 0xc0011030, 0xc001103b, HW_MSR_HIDDEN },        /* instruction sampling */
};

enum hw_msr_rule hw_msr_rule(u32 msr)
{
	u32 low = 0, high = ARRAY_SIZE(policies);

	while (low < high) {
		const u32 middle = (low + high) / 2;

		if (msr > policies[middle].last)
			low = middle + 1;
		else if (msr < policies[middle].first)
			high = middle;
		else
			return policies[middle].rule;
	}
	return HW_MSR_UNLISTED;
}

bool hw_msr_open(u32 msr, bool write)
{
	const enum hw_msr_rule rule = hw_msr_rule(msr);

	return rule == HW_MSR_OPEN || (rule == HW_MSR_READ_OPEN && !write);
}

static bool has_tsc_adjust(void)
{
	return cpu_has(CPU_FEATURE(7, CPU_EBX, 1));
}

static enum vm_next read_hardware(u32 msr, u64 *value)
{
	return machine_msr_read(msr, value) ? VM_SKIP : VM_GP;
}

static enum vm_next read_tsc_adjust(struct vcpu *v, u64 *value)
{
	if (!has_tsc_adjust() || !machine_msr_read(MSR_TSC_ADJUST, value))
		return VM_GP;
	*value += v->tsc_offset;
	return VM_SKIP;
}

/* MSRs of guest time, and those whose hardware value is not the guest's. */
static enum vm_next read_by_name(struct vcpu *v, u32 msr, u64 *value)
{
	switch (msr) {
	case MSR_TSC:
		*value = machine_tsc() + v->tsc_offset;
		return VM_SKIP;
	case MSR_TSC_ADJUST:
		return read_tsc_adjust(v, value);
	case MSR_TSC_DEADLINE:
		*value = lapic_read_tsc_deadline(v);
		return VM_SKIP;
	case MSR_APIC_BASE:
		*value = v->lapic.base;
		return VM_SKIP;
	case MSR_X2APIC_FIRST ... MSR_X2APIC_LAST:
		return lapic_msr_read(v, msr, value) ? VM_SKIP : VM_GP;
	case MSR_MTRR_FIRST ... MSR_MTRR_LAST:
	case MSR_MTRR_DEF_TYPE:
		return mtrr_read(v, msr, value) ? VM_SKIP : VM_GP;
	case MSR_FEATURE_CONTROL:
		*value = FEATURE_CONTROL_LOCKED;
		return VM_SKIP;
	case MSR_MISC_ENABLE:
	case MSR_DEBUGCTL:
	case MSR_XSS:
		return read_hardware(msr, value);
	default:
		return VM_GP;
	}
}

enum vm_next hw_msr_read(struct vcpu *v, u32 msr, u64 *value)
{
	*value = 0;
	switch (hw_msr_rule(msr)) {
	case HW_MSR_READ_OPEN:
	case HW_MSR_EMULATED:
		return read_by_name(v, msr, value);
	case HW_MSR_ZERO:
		return VM_SKIP;
	case HW_MSR_HIDDEN:
		return VM_GP;
	default:
		return read_hardware(msr, value);
	}
}

static enum vm_next write_hardware(u32 msr, u64 value)
{
	return machine_msr_write(msr, value) ? VM_SKIP : VM_GP;
}

static enum vm_next write_tsc_adjust(struct vcpu *v, u64 value)
{
	u64 hardware;

	if (!has_tsc_adjust() || !machine_msr_read(MSR_TSC_ADJUST, &hardware))
		return VM_GP;
	reftsc_set_tsc_offset(v, value - hardware);
	return VM_SKIP;
}

static enum vm_next write_by_name(struct vcpu *v, u32 msr, u64 value)
{
	switch (msr) {
	case MSR_TSC:
		reftsc_set_tsc_offset(v, value - machine_tsc());
		return VM_SKIP;
	case MSR_TSC_ADJUST:
		return write_tsc_adjust(v, value);
	case MSR_TSC_DEADLINE:
		lapic_write_tsc_deadline(v, value);
		return VM_SKIP;
	case MSR_APIC_BASE:
		return lapic_write_base(v, value) ? VM_SKIP : VM_GP;
	case MSR_X2APIC_FIRST ... MSR_X2APIC_LAST:
		return lapic_msr_write(v, msr, value) ? VM_SKIP : VM_GP;
	case MSR_MTRR_FIRST ... MSR_MTRR_LAST:
	case MSR_MTRR_DEF_TYPE:
		return mtrr_write(v, msr, value) ? VM_SKIP : VM_GP;
	case MSR_MISC_ENABLE:
		return value & MISC_ENABLE_XD_DISABLE ? VM_GP : write_hardware(msr, value);
	case MSR_DEBUGCTL:
		return value & ~(u64)DEBUGCTL_LEGAL ? VM_GP : write_hardware(msr, value);
	case MSR_XSS:
		return value & ~XSS_OFFERED ? VM_GP : write_hardware(msr, value);
	default:
		return VM_GP;
	}
}

enum vm_next hw_msr_write(struct vcpu *v, u32 msr, u64 value)
{
	switch (hw_msr_rule(msr)) {
	case HW_MSR_OPEN:
	case HW_MSR_FORWARD:
		return write_hardware(msr, value);
	case HW_MSR_READ_OPEN:
	case HW_MSR_EMULATED:
		return write_by_name(v, msr, value);
	case HW_MSR_WRITE_IGNORED:
	case HW_MSR_ZERO:
		return VM_SKIP;
	default:
		return VM_GP;
	}
}
