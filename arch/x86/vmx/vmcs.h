/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The fields of a VMCS as constants of their own type; VMREAD and VMWRITE take nothing else. */
#ifndef PARTITA_VMCS_H
#define PARTITA_VMCS_H

#include "types.h"

/*
 * Its encoding also says how wide the field is (SDM vol. 3, appendix B). Neither converts from nor
 * to an integer.
 */
struct vmcs_field { u32 encoding; };

enum vmcs_width { VMCS_16, VMCS_64, VMCS_32, VMCS_NATURAL };

static inline enum vmcs_width vmcs_width(struct vmcs_field field)
{
	return (enum vmcs_width)(field.encoding >> 13 & 3);
}

/*
 * Every field that is written, or looked at when something went wrong: the name after SDM chapter
 * 25, and the encoding.
 */
#define VMCS_FIELDS(X) \
	X(vpid, 0x0000) X(posted_interrupt_vector, 0x0002) \
	X(guest_es_selector, 0x0800) X(guest_cs_selector, 0x0802) X(guest_ss_selector, 0x0804) \
	X(guest_ds_selector, 0x0806) X(guest_fs_selector, 0x0808) X(guest_gs_selector, 0x080a) \
	X(guest_ldtr_selector, 0x080c) X(guest_tr_selector, 0x080e) X(interrupt_status, 0x0810) \
	X(host_es_selector, 0x0c00) X(host_cs_selector, 0x0c02) X(host_ss_selector, 0x0c04) \
	X(host_ds_selector, 0x0c06) X(host_fs_selector, 0x0c08) X(host_gs_selector, 0x0c0a) \
	X(host_tr_selector, 0x0c0c) \
	X(io_bitmap_a, 0x2000) X(io_bitmap_b, 0x2002) X(msr_bitmap, 0x2004) \
	X(exit_msr_store_address, 0x2006) X(exit_msr_load_address, 0x2008) \
	X(entry_msr_load_address, 0x200a) \
	X(pml_address, 0x200e) X(tsc_offset, 0x2010) X(virtual_apic_address, 0x2012) \
	X(apic_access_address, 0x2014) X(posted_interrupt_descriptor, 0x2016) \
	X(ept_pointer, 0x201a) X(eoi_exit_bitmap0, 0x201c) X(eoi_exit_bitmap1, 0x201e) \
	X(eoi_exit_bitmap2, 0x2020) X(eoi_exit_bitmap3, 0x2022) \
	X(xss_exiting_bitmap, 0x202c) X(encls_exiting_bitmap, 0x202e) \
	X(guest_physical_address, 0x2400) \
	X(link_pointer, 0x2800) X(guest_debugctl, 0x2802) X(guest_pat, 0x2804) \
	X(guest_efer, 0x2806) \
	X(guest_pdpte0, 0x280a) X(guest_pdpte1, 0x280c) X(guest_pdpte2, 0x280e) \
	X(guest_pdpte3, 0x2810) \
	X(host_pat, 0x2c00) X(host_efer, 0x2c02) \
	X(pin_controls, 0x4000) X(processor_controls, 0x4002) X(exception_bitmap, 0x4004) \
	X(page_fault_error_mask, 0x4006) X(page_fault_error_match, 0x4008) \
	X(cr3_target_count, 0x400a) \
	X(exit_controls, 0x400c) X(exit_msr_store_count, 0x400e) X(exit_msr_load_count, 0x4010) \
	X(entry_controls, 0x4012) X(entry_msr_load_count, 0x4014) \
	X(entry_interruption_information, 0x4016) \
	X(entry_exception_error_code, 0x4018) X(entry_instruction_length, 0x401a) \
	X(tpr_threshold, 0x401c) \
	X(secondary_controls, 0x401e) \
	X(instruction_error, 0x4400) X(exit_reason, 0x4402) \
	X(exit_interruption_information, 0x4404) \
	X(exit_interruption_error_code, 0x4406) X(idt_vectoring_information, 0x4408) \
	X(idt_vectoring_error_code, 0x440a) X(exit_instruction_length, 0x440c) \
	X(exit_instruction_information, 0x440e) \
	X(guest_es_limit, 0x4800) X(guest_cs_limit, 0x4802) X(guest_ss_limit, 0x4804) \
	X(guest_ds_limit, 0x4806) \
	X(guest_fs_limit, 0x4808) X(guest_gs_limit, 0x480a) X(guest_ldtr_limit, 0x480c) \
	X(guest_tr_limit, 0x480e) \
	X(guest_gdtr_limit, 0x4810) X(guest_idtr_limit, 0x4812) \
	X(guest_es_access_rights, 0x4814) X(guest_cs_access_rights, 0x4816) \
	X(guest_ss_access_rights, 0x4818) \
	X(guest_ds_access_rights, 0x481a) X(guest_fs_access_rights, 0x481c) \
	X(guest_gs_access_rights, 0x481e) \
	X(guest_ldtr_access_rights, 0x4820) X(guest_tr_access_rights, 0x4822) \
	X(guest_interruptibility, 0x4824) X(guest_activity, 0x4826) X(guest_sysenter_cs, 0x482a) \
	X(preemption_timer, 0x482e) \
	X(host_sysenter_cs, 0x4c00) \
	X(cr0_guest_host_mask, 0x6000) X(cr4_guest_host_mask, 0x6002) X(cr0_read_shadow, 0x6004) \
	X(cr4_read_shadow, 0x6006) \
	X(exit_qualification, 0x6400) X(guest_linear_address, 0x640a) \
	X(guest_cr0, 0x6800) X(guest_cr3, 0x6802) X(guest_cr4, 0x6804) \
	X(guest_es_base, 0x6806) X(guest_cs_base, 0x6808) X(guest_ss_base, 0x680a) \
	X(guest_ds_base, 0x680c) \
	X(guest_fs_base, 0x680e) X(guest_gs_base, 0x6810) X(guest_ldtr_base, 0x6812) \
	X(guest_tr_base, 0x6814) \
	X(guest_gdtr_base, 0x6816) X(guest_idtr_base, 0x6818) X(guest_dr7, 0x681a) \
	X(guest_rsp, 0x681c) X(guest_rip, 0x681e) X(guest_rflags, 0x6820) \
	X(guest_pending_debug, 0x6822) \
	X(guest_sysenter_esp, 0x6824) X(guest_sysenter_eip, 0x6826) \
	X(host_cr0, 0x6c00) X(host_cr3, 0x6c02) X(host_cr4, 0x6c04) X(host_fs_base, 0x6c06) \
	X(host_gs_base, 0x6c08) \
	X(host_tr_base, 0x6c0a) X(host_gdtr_base, 0x6c0c) X(host_idtr_base, 0x6c0e) \
	X(host_sysenter_esp, 0x6c10) X(host_sysenter_eip, 0x6c12) X(host_rsp, 0x6c14) \
	X(host_rip, 0x6c16)

/* vmcs_guest_cr0 and so on. */
#define VMCS_CONSTANT(name, code) \
	__attribute__((unused)) static const struct vmcs_field vmcs_##name = { code };
VMCS_FIELDS(VMCS_CONSTANT)
#undef VMCS_CONSTANT

/*
 * The values of all fields at one moment; 0 for a field the processor does not have. What explain.c
 * reasons about.
 */
struct vmcs_image {
#define VMCS_MEMBER(name, code) u64 name;
	VMCS_FIELDS(VMCS_MEMBER)
#undef VMCS_MEMBER
};

_Static_assert(sizeof(struct vmcs_field) == 4, "a field is its encoding");

/* Of the current VMCS, which must exist. The field must exist on this processor. */
static inline u64 vmread(struct vmcs_field field)
{
	u64 value;

	asm volatile("vmread %1, %0" : "=r"(value) : "r"((u64)field.encoding) : "cc");
	return value;
}

/* As vmread, but false when the processor refuses: no such field, or no current VMCS. */
static inline bool vmread_try(struct vmcs_field field, u64 *value)
{
	bool failed;

	asm volatile("vmread %2, %0" : "=r"(*value), "=@ccbe"(failed) : "r"((u64)field.encoding));
	return !failed;
}

/*
 * A field the processor does not know, or no current VMCS, is our own mistake: panics with the
 * field's encoding.
 */
_Noreturn void vmwrite_failed(struct vmcs_field field, u64 value);

static inline void vmwrite(struct vmcs_field field, u64 value)
{
	bool failed;

	asm volatile("vmwrite %1, %2" : "=@ccbe"(failed) : "r"(value), "r"((u64)field.encoding));
	if (__builtin_expect(failed, 0))
		vmwrite_failed(field, value);
}

#endif
