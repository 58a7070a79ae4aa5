/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What synthetic MSRs do: the local APIC, which is the processor's own, and the assist page. */
#include "hv_abi.h"
#include "machine.h"
#include "overlay.h"
#include "partition.h"
#include "spec_msrs.h"
#include "vcpu.h"

#define APIC_TPR 0x80
#define APIC_EOI 0xb0
#define APIC_ICR 0x300

/*
 * Intel SDM 11.6.1, 11.12.9: the low half's fields, and the status bit that is read-only or
 * reserved by mode.
 */
#define ICR_FIELDS 0x000ccfffull
#define ICR_STATUS (1ull << 12)

bool msr_write_eoi(struct vcpu *v, u32 index, u64 old, u64 value)
{
	(void)v, (void)index, (void)old, (void)value;
	return machine_apic_write(APIC_EOI, 0); /* an x2APIC refuses any other value */
}

bool msr_read_icr(struct vcpu *v, u32 index, u64 *value)
{
	(void)v, (void)index;
	*value = machine_apic_read(APIC_ICR);
	return true;
}

bool msr_write_icr(struct vcpu *v, u32 index, u64 old, u64 value)
{
	(void)v, (void)index, (void)old;
	/* An x2APIC raises #GP for reserved bits: that is for the guest to take, not for us. */
	if ((u32)value & ~(ICR_FIELDS | ICR_STATUS))
		return false;
	return machine_apic_write(APIC_ICR, value & ~ICR_STATUS);
}

bool msr_read_tpr(struct vcpu *v, u32 index, u64 *value)
{
	(void)v, (void)index;
	*value = machine_apic_read(APIC_TPR) & 0xff;
	return true;
}

bool msr_write_tpr(struct vcpu *v, u32 index, u64 old, u64 value)
{
	(void)v, (void)index, (void)old;
	return machine_apic_write(APIC_TPR, value);
}

bool msr_write_vp_assist_page(struct vcpu *v, u32 index, u64 old, u64 value)
{
	u32 id = OVERLAY_ASSIST + v->index;

	(void)index, (void)old;
	if (value & HV_X64_MSR_VP_ASSIST_PAGE_ENABLE)
		return overlay_set(v->partition, id, value >> HV_X64_MSR_VP_ASSIST_PAGE_GPFN_SHIFT);
	overlay_clear(v->partition, id);
	return true;
}
