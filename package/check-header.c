/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * What check-header compiles with every compiler and language: the guest header twice, between
 * macros that other headers are known to define, and some use of all it offers.
 */
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#define interface struct
#define near
#define far
#define small char
#define IN
#define OUT
#define ERROR 0
#define BIT(n) (1 << (n))

#include "hv_tlfs.h"
#include "hv_tlfs.h"

#if defined(HV_NO_SHORT_NAMES)
#if defined(HV_CAST) || defined(HV_STATUS_ACCESS_DENIED)
#error "a short name"
#endif

hv_tlfs_u64 use_long_names(struct hv_tlfs_message *message);
hv_tlfs_u64 use_long_names(struct hv_tlfs_message *message)
{
	return message->payload[0] + HV_TLFS_CALL_GET_PARTITION_ID + HV_TLFS_STATUS_ACCESS_DENIED;
}

#else

#if !HV_TLFS_CHECK(0, 1) || HV_TLFS_CHECK(99, 0) || HV_TLFS_EDITION < HV_SINCE_CALL_POST_MESSAGE
#error "versions cannot be compared"
#endif

hv_u64 use_constants(hv_u16 attributes, hv_vp_index_t vp);
hv_u64 use_constants(hv_u16 attributes, hv_vp_index_t vp)
{
	return hv_segment_attributes_set_segment_type(attributes, 3) +
	       sizeof(struct hv_vp_assist_page) + HV_FEATURE_FREQUENCY_REGS +
	       HV_PRIVILEGE_ACCESS_VP_INDEX + hv_vp_index_value(vp) +
	       HV_CONTROL(HV_CALL_GET_PARTITION_ID, 0, 0, 0, 0) +
	       sizeof(HV_TLFS_SPEC_SHA256) + sizeof(HV_TLFS_GENERATOR);
}

#if !defined(HV_NO_STRINGS)
const char *use_strings(hv_u16 status);
const char *use_strings(hv_u16 status)
{
	return hv_status_class(status) == HV_CLASS_CALLER ? hv_status_text(status) :
							    hv_status_name(status);
}
#endif

#if defined(HV_TIER0)
int use_tier0(void *page, hv_u64 *time);
int use_tier0(void *page, hv_u64 *time)
{
	struct hv_detected found;
	hv_u64 tsc, apic;

	if (!hv_detect(&found) || !hv_has_privilege_access_vp_index(&found))
		return 1;
	hv_wrmsr(HV_X64_MSR_GUEST_OS_ID, 1);
	hv_msr_update_hypercall(0, HV_X64_MSR_HYPERCALL_ENABLE);
	hv_msr_update_sint(3, HV_X64_MSR_SINT_MASKED, HV_X64_MSR_SINT_AUTO_EOI);
	if (!hv_frequencies(&found, &tsc, &apic))
		return hv_crash(&found, 1, 2, 3, 0, 0);
	*time = hv_time(page) + hv_mulhi64(tsc, apic);
	return hv_reference_time(page, time);
}
#endif

#if defined(HV_INLINE)
hv_u32 use_synic(struct hv_message_page *messages, struct hv_event_flags_page *events);
hv_u32 use_synic(struct hv_message_page *messages, struct hv_event_flags_page *events)
{
	struct hv_message copy;

	return hv_message_take(&messages->slots[2], &copy) +
	       hv_event_flags_take(&events->sints[2], 0) +
	       HV_CAST(hv_u32, hv_event_flag_take(&events->sints[3], 40));
}

hv_u64 use_forms(hv_call_fn page, hv_u64 *block);
hv_u64 use_forms(hv_call_fn page, hv_u64 *block)
{
	hv_u64 result = hv_hypercall_raw(page, 1, 2, 3, block, block);

	result |= hv_hypercall_ms(page, 1, 2, 3, block, block);
	result |= hv_hypercall_vmcall(page, 1, 2, 3, block, block);
	return result | hv_hypercall_vmmcall(page, 1, 2, 3, block, block);
}
#endif

#if defined(HV_STUBS)
int use_calls(struct hv_callctx *c, void *page, hv_u64 *bank);
int use_calls(struct hv_callctx *c, void *page, hv_u64 *bank)
{
	struct hv_get_partition_id_out id;
	struct hv_get_vp_registers_in in;
	struct hv_get_vp_registers_each_in name;
	struct hv_get_vp_registers_each_out value;
	struct hv_notify_long_spin_wait_in spin;
	struct hv_send_synthetic_cluster_ipi_ex_in ipi;
	hv_u32 done;

	c->page = hv_call_page(page);
	c->in_gpa = hv_gpa(0x1000);
	in.partition_id = HV_PARTITION_ID_SELF;
	in.vp_index = hv_vp_index(HV_VP_INDEX_SELF);
	in.target_vtl = 0;
	name.name = HV_REGISTER_NAME_X64_RIP;
	spin.spin_count = 1;
	ipi.vector = 0x40;
	ipi.target_vtl = 0;
	ipi.format = HV_VP_SET_FORMAT_SPARSE_4K;
	ipi.valid_bank_mask = 1;
	return hv_call_get_partition_id(c, &id) +
	       hv_call_get_vp_registers(c, &in, &name, 1, &done, &value) +
	       hv_call_notify_long_spin_wait(c, &spin) +
	       hv_call_send_synthetic_cluster_ipi_ex(c, &ipi, bank, 1);
}
#endif

/* What must not compile, one line at a time. */
#if defined(MISTAKE)
hv_vp_index_t use_mistake(hv_apic_id_t apic, hv_vp_index_t vp);
hv_vp_index_t use_mistake(hv_apic_id_t apic, hv_vp_index_t vp)
{
	(void)apic;
	(void)vp;
	return MISTAKE;
}
#endif

#endif
