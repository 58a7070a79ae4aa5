/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Extended hypercalls: those from 0x8000 on. */
#include "hv_abi.h"
#include "spec_calls.h"
#include "vcpu.h"

/* Bit n of the capabilities is the call with this code plus n. */
#define FIRST_CALL HV_CALL_EXT_GET_BOOT_ZEROED_MEMORY

enum hv_status hv_ext_query_capabilities(struct vcpu *v, struct hv_ext_query_capabilities_out *out)
{
	(void)v;
	for (u16 n = 0; FIRST_CALL + n < 0x8000 + SPEC_CALL_EXTENDED; n++)
		if (spec_call_row(FIRST_CALL + n)->flags & SPEC_CALL_IMPLEMENTED)
			out->capabilities |= 1ull << n;
	return HV_STATUS_SUCCESS;
}
