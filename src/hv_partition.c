/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Hypercalls of the TLFS's chapter on partitions. */
#include "hv_abi.h"
#include "partition.h"
#include "spec_calls.h"
#include "vcpu.h"

enum hv_status hv_get_partition_id(struct vcpu *v, struct hv_get_partition_id_out *out)
{
	out->partition_id = v->partition->env.partition_id;
	return HV_STATUS_SUCCESS;
}
