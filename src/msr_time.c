/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What synthetic MSRs do: reference time and the TSC (TLFS chapter 12). */
#include "hv_abi.h"
#include "machine.h"
#include "overlay.h"
#include "partition.h"
#include "reftsc.h"
#include "spec_msrs.h"
#include "vcpu.h"

_Static_assert(offsetof(struct hv_reference_tsc_page, scale) ==
			       offsetof(struct reftsc_page, scale) &&
		       offsetof(struct hv_reference_tsc_page, offset) ==
			       offsetof(struct reftsc_page, offset),
	       "the part of the page that is written is laid out as the interface says");

bool msr_read_time_ref_count(struct vcpu *v, u32 index, u64 *value)
{
	(void)index;
	*value = reftime_at(&v->partition->time, machine_tsc());
	return true;
}

/* A VP has a processor to itself: it runs whenever it does not wait in the hypervisor. */
bool msr_read_vp_runtime(struct vcpu *v, u32 index, u64 *value)
{
	const u64 ticks = machine_tsc() - v->started_tsc - v->waited;

	(void)index;
	*value = (u64)(((u128)ticks * v->partition->time.scale) >> 64);
	return true;
}

bool msr_write_reference_tsc(struct vcpu *v, u32 index, u64 old, u64 value)
{
	struct partition *p = v->partition;

	(void)index, (void)old;
	if (!(value & HV_X64_MSR_REFERENCE_TSC_ENABLE)) {
		overlay_clear(p, OVERLAY_REFERENCE_TSC);
		return true;
	}
	if (!overlay_page(p, OVERLAY_REFERENCE_TSC))
		return false;
	reftsc_publish(p);
	return overlay_set(p, OVERLAY_REFERENCE_TSC, value >> HV_X64_MSR_REFERENCE_TSC_GPFN_SHIFT);
}

/* Once shown it stays: a guest that saw an invariant TSC relies on it. */
bool msr_write_tsc_invariant_control(struct vcpu *v, u32 index, u64 old, u64 value)
{
	(void)index;
	if (old & ~value & HV_X64_MSR_TSC_INVARIANT_CONTROL_EXPOSE_INVARIANT_TSC)
		return false;
	v->partition->invariant_tsc = value & HV_X64_MSR_TSC_INVARIANT_CONTROL_EXPOSE_INVARIANT_TSC;
	return true;
}
