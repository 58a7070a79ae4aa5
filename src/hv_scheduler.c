/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Hypercalls of the TLFS's chapter on scheduling. */
#include "hv_abi.h"
#include "spec_calls.h"
#include "vcpu.h"

/* A hint without effect while every VP has a processor of its own. */
enum hv_status hv_notify_long_spin_wait(struct vcpu *v,
					const struct hv_notify_long_spin_wait_in *in)
{
	(void)v, (void)in;
	return HV_STATUS_SUCCESS;
}
