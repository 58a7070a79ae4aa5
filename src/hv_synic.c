/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Hypercalls of the TLFS's chapter on inter-partition communication. */
#include "hv_abi.h"
#include "port.h"
#include "spec_calls.h"

enum hv_status hv_post_message(struct vcpu *v, const struct hv_post_message_in *in)
{
	return port_post(v, in->connection, in->message_type, in->payload, in->payload_size);
}

enum hv_status hv_signal_event(struct vcpu *v, const struct hv_signal_event_in *in)
{
	return port_signal(v, in->connection, in->flag_number);
}
