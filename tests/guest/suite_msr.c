/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Every generated MSR vector, values at start, and what a vector cannot say. */
#include "test.h"

#include "hv_vectors.h"

/* Whether the MSR that a vector is about may be used. */
static bool is_open(const struct hv_msr_vector *v)
{
	return !v->lacking && offered_all(v->needs_privilege, v->needs_feature);
}

static bool msr_offered(u32 msr)
{
	for (unsigned i = 0; i < hv_msr_vector_count; i++)
		if (hv_msr_vectors[i].msr == msr)
			return is_open(&hv_msr_vectors[i]);
	return false;
}

/* ---- generated ---- */

static void run_vector(void *argument)
{
	const struct hv_msr_vector *v = argument;
	u32 wanted = v->faults || !is_open(v) ? FAULT_GP : FAULT_NONE;
	u64 kept = 0, value = 0;
	bool restore;

	if (v->msr == HV_X64_MSR_GUEST_IDLE)
		interrupt_hold();
	restore = v->write && rt_rdmsr(v->msr, &kept) == FAULT_NONE;

	if (v->before)
		rt_wrmsr(v->msr, v->before);
	EXPECT_EQ(
		v->write ? rt_wrmsr(v->msr, v->value) : rt_rdmsr(v->msr, &value), wanted, "fault");
	if (wanted) {
		EXPECT_EQ(rt_fault.ip, (uintptr_t)(v->write ? rt_wrmsr_at : rt_rdmsr_at),
			"its address");
		EXPECT_EQ(rt_fault.error, 0, "its error code");
		if (v->write && restore && rt_rdmsr(v->msr, &value) == FAULT_NONE && v->read_known)
			EXPECT_EQ(value, kept, "value after the refusal");
	} else if (v->read_known) {
		rt_rdmsr(v->msr, &value);
		EXPECT_EQ(value, v->expect_read, "value read after the write");
	}
	if (restore && !wanted && v->msr != HV_X64_MSR_CRASH_CTL)
		rt_wrmsr(v->msr, kept);
	if (v->msr == HV_X64_MSR_GUEST_IDLE)
		interrupt_let_in();
}

/* Those that first set a lock are for the end: it stays until reset. */
static void run_vectors(bool locking)
{
	for (unsigned i = 0; i < hv_msr_vector_count; i++)
		if (!hv_msr_vectors[i].before == !locking)
			test_run_one("msr", hv_msr_vectors[i].name, run_vector,
				(void *)(uintptr_t)&hv_msr_vectors[i]);
}

void suite_msr_locks(void)
{
	run_vectors(true);
}

/* ---- by hand ---- */

static void values_at_start(void)
{
	u64 value;

	for (unsigned i = 0; i < hv_msr_vector_count; i++) {
		const struct hv_msr_vector *v = &hv_msr_vectors[i];

		if (!v->read_known || !is_open(v))
			continue;
		EXPECT(rt_rdmsr(v->msr, &value) == FAULT_NONE, "%s cannot be read", v->name);
		EXPECT(value == v->expect_read, "MSR 0x%x is 0x%llx, not 0x%llx", v->msr, value,
			v->expect_read);
	}
}

static void vp_index(void)
{
	u64 value = ~0ull;

	EXPECT_EQ(rt_rdmsr(HV_X64_MSR_VP_INDEX, &value), FAULT_NONE, "fault of the read");
	EXPECT_EQ(value, 0, "index of the boot processor");
	EXPECT(value < rt_cpuid(HV_CPUID_LIMITS, 0).eax,
		"the index is not below the limit of leaf 5");
}

static void preserved_bits(void)
{
	static const struct { u32 msr; u64 fields;
	} msrs[] = {
		{ HV_X64_MSR_REFERENCE_TSC,
			HV_X64_MSR_REFERENCE_TSC_ENABLE | HV_X64_MSR_REFERENCE_TSC_GPFN_MASK },
		{ HV_X64_MSR_VP_ASSIST_PAGE,
			HV_X64_MSR_VP_ASSIST_PAGE_ENABLE | HV_X64_MSR_VP_ASSIST_PAGE_GPFN_MASK },
	};
	u64 before, after = 0;

	for (unsigned i = 0; i < RT_COUNT(msrs); i++) {
		if (!msr_offered(msrs[i].msr))
			continue;
		rt_rdmsr(msrs[i].msr, &before);
		EXPECT_EQ(rt_wrmsr(msrs[i].msr, before | ~msrs[i].fields), FAULT_NONE,
			"fault of ones to preserved bits");
		rt_rdmsr(msrs[i].msr, &after);
		EXPECT_EQ(after, before, "value after ones to preserved bits");
	}
}

void suite_msr(void)
{
	static const struct test tests[] = {
		{ "values-at-start", values_at_start },
		{ "vp-index", vp_index },
		{ "preserved-bits", preserved_bits },
	};

	test_run("msr", tests, RT_COUNT(tests));
	run_vectors(false);
}
