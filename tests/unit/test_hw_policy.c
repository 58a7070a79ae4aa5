/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What of the hardware the root sees: MSRs, CPUID leaves, register values, XCR0. */
/* link: arch/x86/hw_msr.c arch/x86/mtrr.c arch/x86/hw_cpuid.c arch/x86/reg_rules.c arch/x86/xsave.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "apic.h"
#include "cpu.h"
#include "hw_cpuid.h"
#include "hw_msr.h"
#include "mtrr.h"
#include "reftsc.h"
#include "reg_rules.h"
#include "virt.h"
#include "xsave.h"

/* The hardware behind the policy: what was done to it last. */
static struct { u64 value, written; u32 msr; unsigned reads, writes; bool faults; } hw;
#define MSR_MCG_STATUS 0x17a /* one of those that pass */

static struct vcpu vp;
static u64 features;

const struct virt *virt;

bool machine_msr_read(u32 msr, u64 *value)
{
	hw.msr = msr;
	hw.reads++;
	*value = hw.value;
	return !hw.faults;
}

bool machine_msr_write(u32 msr, u64 value)
{
	hw.msr = msr;
	hw.writes++;
	hw.written = value;
	return !hw.faults;
}

unsigned machine_physical_address_bits(void)
{
	return 40;
}

u64 machine_tsc(void)
{
	return 1000;
}

bool cpu_has(u64 feature)
{
	return feature == features;
}

void cpu_cpuid(u32 leaf, u32 subleaf, struct cpuid_regs *out)
{
	(void)leaf, (void)subleaf;
	memset(out, 0xff, sizeof(*out));
}

/* The virtual APIC: it has a base, a deadline, and no MSR that its x2APIC mode would open. */
bool lapic_write_base(struct vcpu *v, u64 value)
{
	v->lapic.base = value;
	return true;
}

bool lapic_msr_read(struct vcpu *v, u32 msr, u64 *value)
{
	(void)v, (void)msr, (void)value;
	return false;
}

bool lapic_msr_write(struct vcpu *v, u32 msr, u64 value)
{
	(void)v, (void)msr, (void)value;
	return false;
}

u64 lapic_read_tsc_deadline(const struct vcpu *v)
{
	return v->lapic.tsc_deadline;
}

void lapic_write_tsc_deadline(struct vcpu *v, u64 value)
{
	v->lapic.tsc_deadline = value;
}

void reftsc_set_tsc_offset(struct vcpu *v, u64 offset)
{
	v->tsc_offset = offset;
}

static int setup(void **state)
{
	(void)state;
	memset(&hw, 0, sizeof(hw));
	memset(&vp, 0, sizeof(vp));
	features = 0;
	return 0;
}

static void test_rules(void **state)
{
	static const struct { u32 msr; enum hw_msr_rule rule;
	} cases[] = {
		{ 0, HW_MSR_UNLISTED },
		{ 0xffffffff, HW_MSR_UNLISTED },
		{ 0xf, HW_MSR_UNLISTED },
		{ MSR_TSC, HW_MSR_READ_OPEN },
		{ MSR_APIC_BASE, HW_MSR_EMULATED },
		{ MSR_LSTAR, HW_MSR_OPEN },
		{ MSR_FS_BASE, HW_MSR_OPEN },
		{ MSR_TSC_AUX, HW_MSR_OPEN },
		{ 0x800, HW_MSR_EMULATED },
		{ 0x8ff, HW_MSR_EMULATED },
		{ 0x900, HW_MSR_UNLISTED },
		{ 0x200, HW_MSR_EMULATED },
		{ MSR_MTRR_DEF_TYPE, HW_MSR_EMULATED },
		{ 0x47f, HW_MSR_FORWARD },
		{ 0x480, HW_MSR_HIDDEN },
		{ 0x492, HW_MSR_HIDDEN },
		{ MSR_VM_HSAVE_PA, HW_MSR_HIDDEN },
		{ MSR_VM_CR, HW_MSR_HIDDEN },
		{ MSR_EFER, HW_MSR_EMULATED },
		{ MSR_PAT, HW_MSR_EMULATED },
		{ MSR_BIOS_UPDT_TRIG, HW_MSR_WRITE_IGNORED },
		{ 0xc0010020, HW_MSR_WRITE_IGNORED },
		{ 0xc0010112, HW_MSR_HIDDEN },
		{ 0xc0010010, HW_MSR_READ_ONLY },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(hw_msr_rule(cases[i].msr), cases[i].rule);
}

/* Nothing that controls virtualisation, time, paging or SMM may be written without an exit. */
static void test_never_open(void **state)
{
	static const u32 guarded[] = {
		MSR_TSC,   MSR_TSC_ADJUST,  MSR_APIC_BASE,       MSR_EFER,     MSR_PAT,
		MSR_VM_CR, MSR_VM_HSAVE_PA, MSR_FEATURE_CONTROL, MSR_DEBUGCTL, 0x480,
		0x9b,      0xc0010111,      0xc0010112,          0xc0010113,   0xc0000104,
	};
	unsigned open = 0;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(guarded); i++)
		assert_false(hw_msr_open(guarded[i], true));
	for (u32 i = 0; i < 0x2000; i++)
		open += hw_msr_open(i, true) + hw_msr_open(0xc0000000 + i, true) +
			hw_msr_open(0xc0010000 + i, true);
	/* SPEC_CTRL, PRED_CMD, FLUSH_CMD, 3 SYSENTER, 4 system call, 4 bases */
	assert_int_equal(open, 14);
}

static void test_forwarded(void **state)
{
	u64 value;

	(void)state;
	hw.value = 0x1234;
	assert_int_equal(hw_msr_read(&vp, MSR_MCG_STATUS, &value), VM_SKIP);
	assert_int_equal(value, 0x1234);
	assert_int_equal(hw_msr_write(&vp, MSR_MCG_STATUS, 0x5678), VM_SKIP);
	assert_int_equal(hw.written, 0x5678);
	hw.faults = true;
	assert_int_equal(hw_msr_read(&vp, MSR_MCG_STATUS, &value), VM_GP);
	assert_int_equal(hw_msr_write(&vp, MSR_MCG_STATUS, 0x5678), VM_GP);
}

static void test_refused(void **state)
{
	u64 value;

	(void)state;
	assert_int_equal(hw_msr_read(&vp, 0x480, &value), VM_GP);
	assert_int_equal(hw_msr_write(&vp, 0x480, 0), VM_GP);
	assert_int_equal(hw_msr_write(&vp, MSR_MTRR_CAP, 0), VM_GP);
	assert_int_equal(hw_msr_write(&vp, 0x17, 0), VM_GP); /* unlisted */
	assert_int_equal(hw_msr_write(&vp, MSR_BIOS_UPDT_TRIG, 1), VM_SKIP);
	assert_int_equal(hw_msr_write(&vp, 0xc0010000, 1), VM_SKIP);
	assert_int_equal(hw_msr_read(&vp, 0xc0010000, &value), VM_SKIP);
	assert_int_equal(value, 0);
	assert_int_equal(hw.reads + hw.writes, 0);
	assert_int_equal(hw_msr_read(&vp, MSR_FEATURE_CONTROL, &value), VM_SKIP);
	assert_int_equal(value, 1);
	assert_int_equal(hw_msr_write(&vp, MSR_FEATURE_CONTROL, 5), VM_GP);
	assert_int_equal(hw_msr_write(&vp, MSR_DEBUGCTL, 1 << 6), VM_GP);
	assert_int_equal(hw_msr_write(&vp, 0x1a0, 1ull << 34), VM_GP);
	assert_int_equal(hw.writes, 0);
}

/* Bits of XSS that would open MSRs to XRSTORS: processor trace, PASID, user interrupts, branches. */
static void test_supervisor_states(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		const bool shadow_stacks = bit == 11 || bit == 12;

		assert_int_equal(hw_msr_write(&vp, MSR_XSS, 1ull << bit),
				 shadow_stacks ? VM_SKIP : VM_GP);
		if (shadow_stacks)
			assert_int_equal(hw.written, 1ull << bit);
	}
	assert_int_equal(hw.writes, 2);
	assert_int_equal(hw_msr_write(&vp, MSR_XSS, 0), VM_SKIP);
}

static void test_time(void **state)
{
	u64 value;

	(void)state;
	assert_int_equal(hw_msr_write(&vp, MSR_TSC, 5000), VM_SKIP);
	assert_int_equal(vp.tsc_offset, 4000);
	assert_int_equal(hw_msr_read(&vp, MSR_TSC, &value), VM_SKIP);
	assert_int_equal(value, 5000);
	assert_int_equal(hw_msr_write(&vp, MSR_TSC_DEADLINE, 6000), VM_SKIP);
	assert_int_equal(vp.lapic.tsc_deadline, 6000);
	assert_int_equal(hw_msr_read(&vp, MSR_TSC_ADJUST, &value),
			 VM_GP); /* this processor has none */
	features = CPU_FEATURE(7, CPU_EBX, 1);
	hw.value = 70;
	assert_int_equal(hw_msr_read(&vp, MSR_TSC_ADJUST, &value), VM_SKIP);
	assert_int_equal(value, 4070);
	assert_int_equal(hw_msr_write(&vp, MSR_TSC_ADJUST, 70), VM_SKIP);
	assert_int_equal(vp.tsc_offset, 0);
}

static struct cpuid_regs masked(u32 leaf, u32 subleaf, u64 cr4, bool invariant)
{
	struct cpuid_regs r = { ~0u, ~0u, ~0u, ~0u };

	hw_cpuid_mask(leaf, subleaf, cr4, invariant, &r);
	return r;
}

static void test_mtrr_values(void **state)
{
	static const struct { u32 msr; u64 value; bool valid;
	} cases[] = {
		{ 0x200, 6, true },	       { 0x200, 2, false },
		{ 0x200, 0xfffffff006, true }, { 0x200, 0x10000000006, false },
		{ 0x200, 0x106, false },       { 0x201, 0xffc0000800, true },
		{ 0x201, 0x806, false },       { 0x201, 1ull << 40, false },
		{ 0x20f, 0x800, true },	       { 0x210, 0, false },
		{ 0x250, 0x0606060606060606, true },
		{ 0x250, 0x0606030606060606, false },
		{ 0x251, 0, false },	       { 0x259, 0, true },
		{ 0x25a, 0, false },	       { 0x26f, 0x0706060606060606, false },
		{ 0x26f, 0x0501040600060606, true },
		{ 0x2ff, 0xc06, true },	       { 0x2ff, 0xc07, false },
		{ 0x2ff, 0x1c06, false },      { 0x2ff, 0x806, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(mtrr_valid(cases[i].msr, cases[i].value, 8, 40), cases[i].valid);
}

/* A VP has its own: the processor's are not written, each keeps what it was given. */
static void test_mtrrs(void **state)
{
	u64 value;

	(void)state;
	assert_int_equal(hw_msr_read(&vp, 0x200, &value), VM_GP); /* none on this processor */
	features = CPU_MTRR;
	hw.value = 8; /* MTRRCAP: eight ranges */
	for (u32 n = 0; n < 16; n++)
		assert_int_equal(hw_msr_write(&vp, 0x200 + n, (u64)n << 12), VM_SKIP);
	assert_int_equal(hw_msr_write(&vp, 0x26f, 0x0505050505050505), VM_SKIP);
	assert_int_equal(hw_msr_write(&vp, MSR_MTRR_DEF_TYPE, 0xc00), VM_SKIP);
	for (u32 n = 0; n < 16; n++) {
		assert_int_equal(hw_msr_read(&vp, 0x200 + n, &value), VM_SKIP);
		assert_int_equal(value, (u64)n << 12);
	}
	assert_int_equal(hw_msr_read(&vp, 0x26f, &value), VM_SKIP);
	assert_int_equal(value, 0x0505050505050505);
	assert_int_equal(hw_msr_read(&vp, MSR_MTRR_DEF_TYPE, &value), VM_SKIP);
	assert_int_equal(value, 0xc00);
	assert_int_equal(hw_msr_write(&vp, 0x210, 0), VM_GP);
	assert_int_equal(hw_msr_write(&vp, 0x250, 7), VM_GP);
	assert_int_equal(hw.writes, 0);
}

static void test_cpuid(void **state)
{
	static const u32 empty[] = { 5, 0xa, 0x12, 0x14, 0x8000000a, 0x8000001f };

	(void)state;
	assert_int_equal(masked(1, 0, 0, false).ecx & (1u << 3 | 1u << 5 | 1u << 6 | 1u << 27), 0);
	assert_int_equal(masked(1, 0, CR4_OSXSAVE, false).ecx >> 27 & 1, 1);
	assert_int_equal(masked(1, 0, 0, false).ecx >> 31, 1);
	assert_int_equal(masked(7, 0, 0, false).ecx >> 4 & 1, 0);
	assert_int_equal(masked(7, 0, CR4_PKE, false).ecx >> 4 & 1, 1);
	assert_int_equal(masked(7, 0, 0, false).ebx >> 2 & 1, 0);
	assert_int_equal(masked(0xd, 0, 0, false).ecx, ~0u);
	assert_int_equal(masked(0xd, 1, 0, false).eax, ~0u);
	assert_int_equal(masked(0xd, 1, 0, false).ecx, 3u << 11);
	assert_int_equal(masked(0xd, 1, 0, false).edx, 0);
	assert_int_equal(masked(0xd, 8, 0, false).eax, 0);
	assert_int_equal(masked(0xd, 11, 0, false).eax, ~0u);
	assert_int_equal(masked(0x80000001, 0, 0, false).ecx >> 2 & 1, 0);
	assert_int_equal(masked(0x80000007, 0, 0, false).edx >> 8 & 1, 0);
	assert_int_equal(masked(0x80000007, 0, 0, true).edx >> 8 & 1, 1);
	assert_int_equal(masked(0x80000008, 0, 0, true).eax, ~0u);
	for (unsigned i = 0; i < ARRAY_SIZE(empty); i++) {
		const struct cpuid_regs r = masked(empty[i], 0, 0, true);

		assert_int_equal(r.eax | r.ebx | r.ecx | r.edx, 0);
	}
}

static const struct reg_rules long_mode = {
	.cr4_supported = CR4_PAE | CR4_PGE | CR4_PCIDE | CR4_OSFXSR,
	.efer_supported = EFER_SCE | EFER_LME | EFER_NXE,
	.physical_bits = 40,
	.cr0 = CR0_PE | CR0_PG | CR0_WP | CR0_ET,
	.cr4 = CR4_PAE,
	.efer = EFER_LME | EFER_LMA,
	.cs_attributes = 0xa09b,
};

static void test_register_values(void **state)
{
	static const struct { enum vreg reg; u64 value; bool valid;
	} cases[] = {
		{ VREG_RIP, 0xffff800000000000ull, true },
		{ VREG_RIP, 0x0000800000000000ull, false },
		{ VREG_RFLAGS, 2, true },
		{ VREG_RFLAGS, 0, false },
		{ VREG_RFLAGS, 2 | 1 << 15, false },
		{ VREG_RFLAGS, 2 | RFLAGS_VM, false },
		{ VREG_CR0, CR0_PE | CR0_PG, true },
		{ VREG_CR0, CR0_PG, false },
		{ VREG_CR0, CR0_PE | CR0_NW, false },
		{ VREG_CR0, 1ull << 32 | CR0_PE, false },
		{ VREG_CR0, CR0_PE | 1 << 6, false },
		{ VREG_CR3, 0xfffffff000ull, true },
		{ VREG_CR3, 1ull << 40, false },
		{ VREG_CR4, CR4_PAE | CR4_PGE, true },
		{ VREG_CR4, 0, false },
		{ VREG_CR4, CR4_PAE | CR4_SMEP, false },
		{ VREG_CR4, CR4_PAE | CR4_PCIDE, true },
		{ VREG_CR8, 15, true },
		{ VREG_CR8, 16, false },
		{ VREG_EFER, EFER_LME | EFER_LMA | EFER_SCE, true },
		{ VREG_EFER, EFER_LMA, false },
		{ VREG_EFER, EFER_LME, false },
		{ VREG_EFER, EFER_LME | EFER_LMA | EFER_SVME, false },
		{ VREG_PAT, 0x0007040600070406ull, true },
		{ VREG_PAT, 0x02, false },
		{ VREG_PAT, 8ull << 56, false },
		{ VREG_DR6, 0xffff0ff0, true },
		{ VREG_DR6, 0, false },
		{ VREG_DR7, 0x400, true },
		{ VREG_DR7, 0, false },
		{ VREG_DR7, 1ull << 32 | 0x400, false },
		{ VREG_LSTAR, 1ull << 47, false },
		{ VREG_STAR, ~0ull, true },
		{ VREG_SFMASK, 1ull << 32, false },
		{ VREG_APIC_BASE, 0xfee00900, true },
		{ VREG_APIC_BASE, 0xfee00400, false },
		{ VREG_APIC_BASE, 0xfee00801, false },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++)
		if (reg_valid(&long_mode, cases[i].reg, cases[i].value) != cases[i].valid)
			fail_msg("register %u, value 0x%lx", cases[i].reg,
				 (unsigned long)cases[i].value);
	assert_true(reg_canonical(1ull << 55, true));
	assert_false(reg_canonical(1ull << 56, true));
	for (unsigned bit = 0; bit < 64; bit++)
		assert_int_equal(reg_s_cet_valid(1ull << bit), bit < 2);
}

static void test_segments(void **state)
{
	static const struct { enum vseg seg; struct segment s; bool valid;
	} cases[] = {
		{ VSEG_CS, { 0, 0xffffffff, 0x10, 0xa09b }, true },
		{ VSEG_CS, { 0, 0xffffffff, 0x10, 0xe09b }, false }, /* L and D */
		{ VSEG_CS, { 0, 0xffffffff, 0x10, 0xc093 }, false }, /* data in protected mode */
		{ VSEG_CS, { 0, 0xfffffffe, 0x10, 0xa09b }, false }, /* limit not in pages */
		{ VSEG_DS, { 0, 0xfffff, 0x18, 0x0093 }, true },
		{ VSEG_DS, { 0, 0x100000, 0x18, 0x0093 }, false },
		{ VSEG_DS, { 0, 0, 0, 0 }, true },
		{ VSEG_DS, { 1ull << 32, 0xffff, 0x18, 0x0093 }, false },
		{ VSEG_FS, { 0xffff800000000000ull, 0xffff, 0x18, 0x0093 }, true },
		{ VSEG_FS, { 1ull << 47, 0xffff, 0x18, 0x0093 }, false },
		{ VSEG_DS, { 0, 0xffff, 0x18, 0x0193 }, false },
		{ VSEG_TR, { 0, 0x67, 0x20, 0x008b }, true },
		{ VSEG_TR, { 0, 0x67, 0x24, 0x008b }, false },
		{ VSEG_TR, { 0, 0x67, 0x20, 0x0089 }, false },
		{ VSEG_TR, { 0, 0, 0, 0 }, false },
		{ VSEG_LDTR, { 0, 0xffff, 0, 0x0082 }, true },
		{ VSEG_LDTR, { 0, 0xffff, 0, 0x0093 }, false },
		{ VSEG_GDTR, { 0, 0xffff, 0, 0 }, true },
		{ VSEG_IDTR, { 0, 0x10000, 0, 0 }, false },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++)
		if (reg_segment_valid(&long_mode, cases[i].seg, &cases[i].s) != cases[i].valid)
			fail_msg("case %u", i);
}

static void test_xcr0(void **state)
{
	(void)state;
	assert_true(xcr0_valid(7, 0xe7));
	assert_true(xcr0_valid(1, 0xe7));
	assert_true(xcr0_valid(0xe7, 0xe7));
	assert_false(xcr0_valid(6, 0xe7));      /* x87 is always on */
	assert_false(xcr0_valid(5, 0xe7));      /* AVX needs SSE */
	assert_false(xcr0_valid(0x27, 0xe7));   /* AVX-512 comes whole */
	assert_false(xcr0_valid(0xe3, 0xe7));   /* and needs AVX */
	assert_false(xcr0_valid(7 | 8, 0x1f));  /* BNDREGS without BNDCSR */
	assert_false(xcr0_valid(7, 3));         /* not supported */
	assert_false(xcr0_valid(3 | 1ull << 17, ~0ull));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_rules, setup),
		cmocka_unit_test_setup(test_never_open, setup),
		cmocka_unit_test_setup(test_forwarded, setup),
		cmocka_unit_test_setup(test_refused, setup),
		cmocka_unit_test_setup(test_supervisor_states, setup),
		cmocka_unit_test_setup(test_time, setup),
		cmocka_unit_test(test_mtrr_values),
		cmocka_unit_test_setup(test_mtrrs, setup),
		cmocka_unit_test(test_cpuid),
		cmocka_unit_test(test_register_values),
		cmocka_unit_test(test_segments),
		cmocka_unit_test(test_xcr0),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
