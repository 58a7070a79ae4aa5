/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Hypercalls that raise interrupts on sets of virtual processors. */
#include "hv_abi.h"
#include "lapic.h"
#include "partition.h"
#include "spec_calls.h"
#include "vcpu.h"
#include "vpset.h"

static void interrupt(struct vcpu *v, u32 index, u8 vector)
{
	lapic_interrupt(v, v->partition->vp[index], vector);
}

/* A set with a processor that does not exist is refused whole, before anybody is interrupted. */
static enum hv_status interrupt_set(struct vcpu *v, const struct vpset *set, u8 vector)
{
	const u32 count = v->partition->env.vp_count;

	if (!vpset_within(set, count))
		return HV_STATUS_INVALID_PARAMETER;
	for (u32 i = 0; i < count; i++)
		if (vpset_has(set, i))
			interrupt(v, i, vector);
	return HV_STATUS_SUCCESS;
}

enum hv_status hv_send_synthetic_cluster_ipi(struct vcpu *v,
					     const struct hv_send_synthetic_cluster_ipi_in *in)
{
	const u32 count = v->partition->env.vp_count;
	u64 mask = in->processor_mask;

	if (count < 64 && mask >> count)
		return HV_STATUS_INVALID_PARAMETER;
	for (; mask; mask &= mask - 1)
		interrupt(v, (u32)__builtin_ctzll(mask), (u8)in->vector);
	return HV_STATUS_SUCCESS;
}

enum hv_status hv_send_synthetic_cluster_ipi_ex(struct vcpu *v,
						const struct hv_send_synthetic_cluster_ipi_ex_in *in,
						const u64 *var, u32 var_count)
{
	struct vpset set = vpset_all();

	if (in->format != HV_VP_SET_FORMAT_ALL &&
	    !vpset_sparse(&set, in->valid_bank_mask, var, var_count))
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	return interrupt_set(v, &set, (u8)in->vector);
}
