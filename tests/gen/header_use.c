/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * What tests/gen/header compiles with every compiler and language: the guest header twice, and
 * some use of all it offers.
 */
#include "hv_tlfs.h"
#include "hv_tlfs.h"

hv_u64 use_constants(hv_u16 attributes);
hv_u64 use_constants(hv_u16 attributes)
{
	return hv_segment_attributes_set_segment_type(attributes, 3) +
	       sizeof(struct hv_vp_assist_page) + HV_FEATURE_FREQUENCY_REGS +
	       HV_PRIVILEGE_ACCESS_VP_INDEX + HV_CONTROL(HV_CALL_GET_PARTITION_ID, 0, 0, 0, 0);
}

#if !defined(HV_NO_STRINGS)
const char *use_strings(void);
const char *use_strings(void)
{
	return hv_status_name(HV_STATUS_ACCESS_DENIED);
}
#endif

#if defined(HV_STUBS)
int use_stubs(struct hv_callctx *c, void *page);
int use_stubs(struct hv_callctx *c, void *page)
{
	struct hv_detected found;
	struct hv_get_partition_id_out id;
	struct hv_get_vp_registers_in in;
	struct hv_get_vp_registers_each_in name;
	struct hv_get_vp_registers_each_out value;
	struct hv_notify_long_spin_wait_in spin;
	hv_u64 time, tsc, apic;
	hv_u32 done;

	if (!hv_detect(&found) || !hv_has_privilege_access_vp_index(&found))
		return 1;
	hv_wrmsr(HV_X64_MSR_GUEST_OS_ID, 1);
	hv_wrmsr(HV_X64_MSR_HYPERCALL,
		 hv_rdmsr(HV_X64_MSR_HYPERCALL) | HV_X64_MSR_HYPERCALL_ENABLE);
	if (!hv_frequencies(&found, &tsc, &apic))
		return hv_crash(&found, 1, 2, 3, 0, 0);
	c->page = hv_call_page(page);
	in.partition_id = HV_PARTITION_ID_SELF;
	in.vp_index = HV_VP_INDEX_SELF;
	in.target_vtl = 0;
	name.name = HV_REGISTER_NAME_X64_RIP;
	spin.spin_count = 1;
	return hv_call_get_partition_id(c, &id) +
	       hv_call_get_vp_registers(c, &in, &name, 1, &done, &value) +
	       hv_call_notify_long_spin_wait(c, &spin) + hv_reference_time(page, &time);
}
#endif
