/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What synthetic MSRs do: the virtual local APIC by shorter ways, its assist page, and idling. */
#include "hv_abi.h"
#include "lapic.h"
#include "overlay.h"
#include "partition.h"
#include "spec_msrs.h"
#include "vcpu.h"

bool msr_write_eoi(struct vcpu *v, u32 index, u64 old, u64 value)
{
	(void)index, (void)old, (void)value;
	lapic_eoi(v);
	return true;
}

bool msr_read_icr(struct vcpu *v, u32 index, u64 *value)
{
	(void)index;
	*value = lapic_read_icr(v);
	return true;
}

bool msr_write_icr(struct vcpu *v, u32 index, u64 old, u64 value)
{
	(void)index, (void)old;
	return lapic_write_icr(v, value);
}

bool msr_read_tpr(struct vcpu *v, u32 index, u64 *value)
{
	(void)index;
	*value = lapic_tpr(v);
	return true;
}

bool msr_write_tpr(struct vcpu *v, u32 index, u64 old, u64 value)
{
	(void)index, (void)old;
	lapic_set_tpr(v, (u8)value);
	return true;
}

bool msr_write_vp_assist_page(struct vcpu *v, u32 index, u64 old, u64 value)
{
	const bool on = value & HV_X64_MSR_VP_ASSIST_PAGE_ENABLE;
	struct partition *p = v->partition;
	u32 id = OVERLAY_ASSIST + v->index;
	bool good = true;

	(void)index, (void)old;
	partition_lock(p);
	if (on)
		good = overlay_set(p, id, value >> HV_X64_MSR_VP_ASSIST_PAGE_GPFN_SHIFT);
	else
		overlay_clear(p, id);
	partition_unlock(p);
	lapic_set_assist(v, on && good ? overlay_page(p, id) : NULL);
	return good;
}

/* What ends it is looked for before the guest goes on. */
bool msr_read_guest_idle(struct vcpu *v, u32 index, u64 *value)
{
	(void)index;
	v->state = VCPU_IDLES;
	vcpu_check_interrupts(v);
	*value = 0;
	return true;
}
