/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Hypercalls of the TLFS's chapter on the virtual MMU: flushes of guest-virtual translations. */
#include "flush.h"
#include "gpa.h"
#include "hv_abi.h"
#include "partition.h"
#include "spec_calls.h"
#include "vcpu.h"
#include "virt.h"
#include "vpset.h"

/*
 * Every flush drops all translations of a VP: that is always enough, and cheaper than finding out
 * what may stay.
 */
static void flush_set(struct vcpu *v, const struct vpset *set)
{
	flush_gva(v->partition, set);
}

static __attribute__((noinline)) void flush_mask_of_many(struct vcpu *v, u64 flags, u64 mask)
{
	const struct vpset set =
		flags & HV_FLUSH_FLAGS_ALL_PROCESSORS ? vpset_all() : vpset_mask(&mask);

	flush_set(v, &set);
}

static inline enum hv_status flush_mask(struct vcpu *v, u64 flags, u64 mask)
{
	if (v->partition->env.vp_count > 1)
		flush_mask_of_many(v, flags, mask);
	else if ((flags & HV_FLUSH_FLAGS_ALL_PROCESSORS) || (mask & 1))
		virt->flush_gva(v);
	return HV_STATUS_SUCCESS;
}

static enum hv_status flush_sparse(struct vcpu *v, u64 flags, u64 format, u64 valid,
				   const u64 *banks, u32 bank_count)
{
	struct vpset set = vpset_all();

	if (!(flags & HV_FLUSH_FLAGS_ALL_PROCESSORS) && format != HV_VP_SET_FORMAT_ALL &&
	    !vpset_sparse(&set, valid, banks, bank_count))
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	flush_set(v, &set);
	return HV_STATUS_SUCCESS;
}

enum hv_status hv_flush_virtual_address_space(struct vcpu *v,
					      const struct hv_flush_virtual_address_space_in *in)
{
	return flush_mask(v, in->flags, in->processor_mask);
}

/*
 * The extended format says of more pages in one range. A range of any format drops all, so that it
 * only counts whether the partition may use it.
 */
static inline bool format_offered(struct vcpu *v, u64 flags)
{
	const struct spec_offer *o = &v->partition->offer;

	return !(flags & HV_FLUSH_LIST_FLAGS_USE_EXTENDED_RANGE_FORMAT) ||
	       (o->feature & SPEC_FEATURE_EXTENDED_GVA_RANGES &&
		o->privilege & SPEC_PRIVILEGE_ENABLE_EXTENDED_GVA_RANGES);
}

enum hv_status
hv_flush_virtual_address_list(struct vcpu *v, const struct hv_flush_virtual_address_list_in *in,
			      const struct hv_flush_virtual_address_list_each_in *each)
{
	(void)each; /* one range or all: no less is flushed */
	if (!format_offered(v, in->flags))
		return HV_STATUS_INVALID_PARAMETER;
	return flush_mask(v, in->flags, in->processor_mask);
}

enum hv_status
hv_flush_virtual_address_space_ex(struct vcpu *v,
				  const struct hv_flush_virtual_address_space_ex_in *in,
				  const u64 *var, u32 var_count)
{
	return flush_sparse(v, in->flags, in->format, in->valid_bank_mask, var, var_count);
}

enum hv_status hv_flush_virtual_address_list_ex(
	struct vcpu *v, const struct hv_flush_virtual_address_list_ex_in *in, const u64 *var,
	u32 var_count, const struct hv_flush_virtual_address_list_ex_each_in *each)
{
	(void)each;
	if (!format_offered(v, in->flags))
		return HV_STATUS_INVALID_PARAMETER;
	return flush_sparse(v, in->flags, in->format, in->valid_bank_mask, var, var_count);
}
