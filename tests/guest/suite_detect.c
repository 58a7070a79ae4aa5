/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * The CPUID leaves: what the interface defines in them, what must be zero, and what one leaf
 * promises of another.
 */
#include "test.h"

#define LEAF_SPACE 0x100u
#define HYPERVISOR_PRESENT (1u << 31)

/* Bits that the interface defines in a leaf; every other one must be zero. */
struct defined { u32 leaf, eax, ebx, ecx, edx; };

#define F(name) HV_CPUID_FEATURES_##name
#define R(name) HV_CPUID_RECOMMENDATIONS_EAX_##name
#define H(name) HV_CPUID_HARDWARE_EAX_##name

/* Facilities that this interface version can offer. Everything else it names is for others. */
#define PRIVILEGES_LOW \
	(F(EAX_ACCESS_VP_RUN_TIME_REG) | F(EAX_ACCESS_PARTITION_REFERENCE_COUNTER) | \
		F(EAX_ACCESS_SYNIC_REGS) | F(EAX_ACCESS_SYNTHETIC_TIMER_REGS) | \
		F(EAX_ACCESS_INTR_CTRL_REGS) | F(EAX_ACCESS_HYPERCALL_MSRS) | \
		F(EAX_ACCESS_VP_INDEX) | F(EAX_ACCESS_RESET_REG) | \
		F(EAX_ACCESS_PARTITION_REFERENCE_TSC) | F(EAX_ACCESS_FREQUENCY_REGS) | \
		F(EAX_ACCESS_GUEST_IDLE_REG) | F(EAX_ACCESS_REENLIGHTENMENT_CONTROLS) | \
		F(EAX_ACCESS_TSC_INVARIANT_CONTROLS))
#define PRIVILEGES_HIGH \
	(F(EBX_ACCESS_PARTITION_ID) | F(EBX_ACCESS_VP_REGISTERS) | F(EBX_POST_MESSAGES) | \
		F(EBX_SIGNAL_EVENTS) | F(EBX_ENABLE_EXTENDED_HYPERCALLS) | \
		F(EBX_START_VIRTUAL_PROCESSOR) | F(EBX_ENABLE_EXTENDED_GVA_RANGES) | \
		F(EBX_FAST_HYPERCALL_OUTPUT))
#define FEATURES \
	(F(EDX_XMM_REGISTERS_FOR_FAST_HYPERCALL) | F(EDX_FREQUENCY_REGS) | \
		F(EDX_GUEST_IDLE) | F(EDX_NPIEP1) | F(EDX_EXTENDED_GVA_RANGES) | \
		F(EDX_FAST_HYPERCALL_OUTPUT) | F(EDX_SYNTHETIC_TIME_UNHALTED_TIMER) | \
		F(EDX_GUEST_CRASH_REGS) | F(EDX_HYPERCALL_MSR_LOCK) | \
		F(EDX_SINT_POLLING_MODE) | F(EDX_DIRECT_SYNTHETIC_TIMERS))
#define HINTS \
	(R(USE_APIC_MSRS) | R(USE_X2APIC_MSRS) | R(USE_SYNTHETIC_CLUSTER_IPI) | \
		R(USE_HYPERCALL_FOR_REMOTE_FLUSH) | R(USE_HV_REGISTER_FOR_RESET) | \
		R(USE_RELAXED_TIMING) | R(DEPRECATE_AUTO_EOI) | R(USE_EX_PROCESSOR_MASKS))
#define HARDWARE \
	(H(APIC_OVERLAY_ASSIST) | H(MSR_BITMAPS) | H(PERFORMANCE_COUNTERS) | \
		H(SECOND_LEVEL_ADDRESS_TRANSLATION) | H(DMA_REMAPPING) | H(INTERRUPT_REMAPPING) | \
		H(MEMORY_PATROL_SCRUBBER) | H(DMA_PROTECTION) | H(HPET_REQUESTED) | \
		H(SYNTHETIC_TIMERS_VOLATILE) | H(HYPERVISOR_LEVEL_MASK) | \
		H(PHYSICAL_DESTINATION_MODE_REQUIRED) | H(USE_VMFUNC_FOR_ALIAS_MAP_SWITCH) | \
		H(MEMORY_ZEROING) | H(UNRESTRICTED_GUEST) | H(RESOURCE_ALLOCATION) | \
		H(RESOURCE_MONITORING) | H(GUEST_PMU) | H(GUEST_LBR) | H(GUEST_IPT) | \
		H(APIC_EMULATION) | H(WATCHDOG))

static const struct defined defined[] = {
	{ HV_CPUID_VENDOR, ~0u, ~0u, ~0u, ~0u },
	{ HV_CPUID_INTERFACE, ~0u, 0, 0, 0 },
	{ HV_CPUID_VERSION, ~0u, ~0u, ~0u, ~0u },
	{ HV_CPUID_FEATURES, PRIVILEGES_LOW, PRIVILEGES_HIGH, F(ECX_MAX_SUPPORTED_C_STATE_MASK),
		FEATURES },
	{ HV_CPUID_RECOMMENDATIONS, HINTS, ~0u,
		HV_CPUID_RECOMMENDATIONS_ECX_PHYSICAL_ADDRESS_BITS_MASK, 0 },
	{ HV_CPUID_LIMITS, ~0u, ~0u, ~0u, 0 },
	{ HV_CPUID_HARDWARE, HARDWARE, 0, 0, 0 },
	{ HV_CPUID_MANAGEMENT, 0, 0, 0, 0 },
	{ HV_CPUID_SHARED_VIRTUAL_MEMORY, 0, 0, 0, 0 },
	{ HV_CPUID_NESTED_ACCESS, 0, 0, 0, 0 },
	{ HV_CPUID_NESTED, 0, 0, 0, 0 },
};

static void vendor(void)
{
	EXPECT(rt_cpuid(1, 0).ecx & HYPERVISOR_PRESENT,
		"leaf 1 does not say that there is a hypervisor");
	EXPECT(!strcmp(offer.vendor, "Microsoft Hv"), "the vendor is %s", offer.vendor);
	EXPECT_EQ(offer.max_leaf, HV_CPUID_FIRST + HV_CPUID_LEAVES - 1, "highest leaf");
}

static void no_other_bits(void)
{
	_Static_assert(RT_COUNT(defined) == HV_CPUID_LEAVES, "every leaf of the interface");
	for (unsigned i = 0; i < RT_COUNT(defined); i++) {
		struct rt_cpuid r = rt_cpuid(defined[i].leaf, 0);

		EXPECT(!(r.eax & ~defined[i].eax) && !(r.ebx & ~defined[i].ebx) &&
				!(r.ecx & ~defined[i].ecx) && !(r.edx & ~defined[i].edx),
			"leaf 0x%x is %x %x %x %x", defined[i].leaf, r.eax, r.ebx, r.ecx, r.edx);
	}
}

/* What a guest of this interface cannot do without. */
static void minimum(void)
{
	EXPECT(hv_has_privilege_access_hypercall_msrs(&offer), "AccessHypercallMsrs is clear");
	EXPECT(hv_has_privilege_access_vp_index(&offer), "AccessVpIndex is clear");
	EXPECT(!hv_has_privilege_create_partitions(&offer), "CreatePartitions is set");
	EXPECT(!hv_has_privilege_cpu_management(&offer), "CpuManagement is set");
	EXPECT(!hv_has_privilege_access_frequency_regs(&offer) ==
			!hv_has_feature_frequency_regs(&offer),
		"one bit of the frequencies without the other");
	EXPECT(rt_cpuid(HV_CPUID_LIMITS, 0).eax >= 1, "no virtual processor is possible");
}

static void version(void)
{
	struct rt_cpuid r = rt_cpuid(HV_CPUID_VERSION, 0);

	EXPECT(r.eax, "the build number is 0");
	EXPECT(r.ebx & HV_CPUID_VERSION_EBX_MAJOR_VERSION_MASK, "the major version is 0");
}

static void same_at_any_subleaf(void)
{
	for (u32 i = 0; i < HV_CPUID_LEAVES; i++) {
		struct rt_cpuid a = rt_cpuid(HV_CPUID_FIRST + i, 0),
				b = rt_cpuid(HV_CPUID_FIRST + i, 0x1234567);

		EXPECT(!memcmp(&a, &b, sizeof(a)), "leaf 0x%x depends on ECX", HV_CPUID_FIRST + i);
	}
}

static void expect_zero(u32 leaf)
{
	struct rt_cpuid r = rt_cpuid(leaf, 0);

	EXPECT(!(r.eax | r.ebx | r.ecx | r.edx), "leaf 0x%x is %x %x %x %x", leaf, r.eax, r.ebx,
		r.ecx, r.edx);
}

static void other_leaves_are_zero(void)
{
	for (u32 leaf = HV_CPUID_FIRST + HV_CPUID_LEAVES; leaf < HV_CPUID_FIRST + LEAF_SPACE;
		leaf++)
		expect_zero(leaf);
	for (u32 leaf = HV_CPUID_FIRST + LEAF_SPACE; leaf < HV_CPUID_FIRST + 16 * LEAF_SPACE;
		leaf += 0x11)
		expect_zero(leaf);
	expect_zero(0x40010000);
	expect_zero(0x4fffffff);
}

/* The processor's own virtualisation is the hypervisor's. */
static void no_virtualisation_beneath(void)
{
	EXPECT(!(rt_cpuid(1, 0).ecx & (1u << 5)), "VMX is shown");
	EXPECT(!(rt_cpuid(0x80000001, 0).ecx & (1u << 2)), "SVM is shown");
}

void suite_detect(void)
{
	static const struct test tests[] = {
		{ "vendor", vendor },
		{ "no-other-bits", no_other_bits },
		{ "minimum", minimum },
		{ "version", version },
		{ "same-at-any-subleaf", same_at_any_subleaf },
		{ "other-leaves-are-zero", other_leaves_are_zero },
		{ "no-virtualisation-beneath", no_virtualisation_beneath },
	};

	test_run("detect", tests, RT_COUNT(tests));
}
