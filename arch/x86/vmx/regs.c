/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Registers by name: each write is checked so that VM entry cannot fail because of it. */
#include "vmx.h"
#include "cpu.h"
#include "gpa.h"
#include "hw_msr.h"
#include "partition.h"
#include "reg_rules.h"
#include "virt.h"

/* What the guest must not see of CR4, and reads as 0. */
#define CR4_HIDDEN (CR4_VMXE | CR4_SMXE)

/*
 * The four fields of each segment register, by enum vseg. GDTR and IDTR have no selector and no
 * access rights.
 */
static const struct {
	struct vmcs_field selector, base, limit, rights;
} segment_fields[VSEG_COUNT] = {
#define AT(n) \
	{ { 0x0800 + 2 * (n) }, { 0x6806 + 2 * (n) }, { 0x4800 + 2 * (n) }, { 0x4814 + 2 * (n) } }
	AT(VSEG_ES), AT(VSEG_CS), AT(VSEG_SS), AT(VSEG_DS), AT(VSEG_FS), AT(VSEG_GS),
	AT(VSEG_LDTR), AT(VSEG_TR), AT(VSEG_GDTR), AT(VSEG_IDTR),
#undef AT
};

static u64 guest_cr0(void)
{
	u64 mask = vmread(vmcs_cr0_guest_host_mask);

	return (vmread(vmcs_guest_cr0) & ~mask) | (vmread(vmcs_cr0_read_shadow) & mask);
}

static u64 guest_cr4(void)
{
	u64 mask = vmread(vmcs_cr4_guest_host_mask);

	return (vmread(vmcs_guest_cr4) & ~mask) | (vmread(vmcs_cr4_read_shadow) & mask);
}

/* DR0 to DR3 and DR6 are never switched: the processor holds the guest's. */
static u64 read_debug(enum vreg reg)
{
	switch (reg) {
	case VREG_DR0: return cpu_read_dr0();
	case VREG_DR1: return cpu_read_dr1();
	case VREG_DR2: return cpu_read_dr2();
	case VREG_DR3: return cpu_read_dr3();
	case VREG_DR6: return cpu_read_dr6();
	default: return vmread(vmcs_guest_dr7);
	}
}

/*
 * MSRs that VM entries and exits do not switch: the processor holds the guest's. 0 for a register
 * that is none.
 */
static u32 live_msr(enum vreg reg)
{
	switch (reg) {
	case VREG_STAR: return MSR_STAR;
	case VREG_LSTAR: return MSR_LSTAR;
	case VREG_CSTAR: return MSR_CSTAR;
	case VREG_SFMASK: return MSR_SFMASK;
	case VREG_KERNEL_GS_BASE: return MSR_KERNEL_GS_BASE;
	case VREG_TSC_AUX: return MSR_TSC_AUX;
	default: return 0;
	}
}

static u64 read_live_msr(enum vreg reg)
{
	u64 value = 0;

	return machine_msr_read(live_msr(reg), &value) ? value : 0;
}

u64 vmx_get_reg(struct vcpu *v, enum vreg reg)
{
	vmx_load(v->vendor);
	if (reg == VREG_RFLAGS)
		vmx_store_put_off(v); /* its step would show */
	switch (reg) {
	case VREG_RSP: return vmread(vmcs_guest_rsp);
	case VREG_RAX ... VREG_RBX:
	case VREG_RBP ... VREG_R15: return (&v->regs.rax)[reg - VREG_RAX];
	case VREG_RIP: return vmread(vmcs_guest_rip);
	case VREG_RFLAGS: return vmread(vmcs_guest_rflags);
	case VREG_CR0: return guest_cr0();
	case VREG_CR2: return cpu_read_cr2();
	case VREG_CR3: return vmread(vmcs_guest_cr3);
	case VREG_CR4: return guest_cr4();
	case VREG_CR8: return lapic_tpr(v) >> 4;
	case VREG_DR0 ... VREG_DR7: return read_debug(reg);
	case VREG_EFER: return vmread(vmcs_guest_efer);
	case VREG_PAT: return vmread(vmcs_guest_pat);
	case VREG_SYSENTER_CS: return vmread(vmcs_guest_sysenter_cs);
	case VREG_SYSENTER_ESP: return vmread(vmcs_guest_sysenter_esp);
	case VREG_SYSENTER_EIP: return vmread(vmcs_guest_sysenter_eip);
	case VREG_TSC: return machine_tsc() + v->tsc_offset;
	case VREG_APIC_BASE: return v->lapic.base;
	default: return read_live_msr(reg);
	}
}

static void read_rules(struct vcpu *v, struct reg_rules *rules)
{
	struct segment cs;

	vmx_get_segment(v, VSEG_CS, &cs);
	*rules = (struct reg_rules){
		.cr4_supported = cpu_cr4_supported() & vmx_caps.cr4_fixed1 & ~CR4_HIDDEN,
		.efer_supported = cpu_efer_supported(),
		.physical_bits = vmx_caps.physical_bits,
		.la57 = guest_cr4() & CR4_LA57,
		.cr0 = guest_cr0(),
		.cr4 = guest_cr4(),
		.efer = vmread(vmcs_guest_efer),
		.rflags = vmread(vmcs_guest_rflags),
		.cs_attributes = cs.attributes,
	};
}

bool vmx_cr0_valid(struct vcpu *v, u64 value)
{
	struct reg_rules rules;

	read_rules(v, &rules);
	return reg_valid(&rules, VREG_CR0, value);
}

/* CR0.PG and EFER.LME decide LMA, which VM entry wants to see in two places. */
static void update_long_mode(void)
{
	u64 efer = vmread(vmcs_guest_efer), controls = vmread(vmcs_entry_controls);
	bool lma = (efer & EFER_LME) && (vmread(vmcs_guest_cr0) & CR0_PG);

	vmwrite(vmcs_guest_efer, lma ? efer | EFER_LMA : efer & ~EFER_LMA);
	vmwrite(vmcs_entry_controls,
		lma ? controls | ENTRY_IA32E_GUEST : controls & ~(u64)ENTRY_IA32E_GUEST);
}

/*
 * With EPT the four PDPTEs of PAE paging come from the VMCS, not from memory. False: one that MOV
 * to CR3 would refuse.
 */
static bool load_pdptes(struct vcpu *v, u64 cr0, u64 cr3, u64 cr4)
{
	static const struct vmcs_field field[4] = {
		{ 0x280a }, { 0x280c }, { 0x280e }, { 0x2810 }
	};
	const u64 *pdpte;

	if (!(cr0 & CR0_PG) || !(cr4 & CR4_PAE) || (vmread(vmcs_guest_efer) & EFER_LME))
		return true;
	pdpte = gpa_ptr(v->partition, &v->hits, GPA(cr3 & 0xffffffe0), NPT_R);
	if (!pdpte)
		return false;
	for (unsigned n = 0; n < 4; n++)
		if ((pdpte[n] & 1) && ((pdpte[n] & 0x1e6) || pdpte[n] >> vmx_caps.physical_bits))
			return false;
	for (unsigned n = 0; n < 4; n++)
		vmwrite(field[n], pdpte[n]);
	return true;
}

/* The values are valid each by itself. False: the page tables they lead to are not. */
static bool set_paging(struct vcpu *v, u64 cr0, u64 cr3, u64 cr4)
{
	if (!load_pdptes(v, cr0, cr3, cr4))
		return false;
	vmwrite(vmcs_guest_cr0, (cr0 & ~CR0_HOST) | CR0_NE);
	vmwrite(vmcs_cr0_read_shadow, cr0);
	vmwrite(vmcs_guest_cr3, cr3);
	vmwrite(vmcs_guest_cr4, cr4 | vmx_caps.cr4_fixed0);
	update_long_mode();
	virt->flush_gva(v);
	return true;
}

static bool set_efer(struct vcpu *v, u64 value)
{
	vmwrite(vmcs_guest_efer, value);
	update_long_mode();
	virt->flush_gva(v);
	return true;
}

static bool set_debug(enum vreg reg, u64 value)
{
	switch (reg) {
	case VREG_DR0: cpu_write_dr0(value); break;
	case VREG_DR1: cpu_write_dr1(value); break;
	case VREG_DR2: cpu_write_dr2(value); break;
	case VREG_DR3: cpu_write_dr3(value); break;
	case VREG_DR6: cpu_write_dr6(value); break;
	default: vmwrite(vmcs_guest_dr7, value); break;
	}
	return true;
}

static bool write_field(struct vmcs_field field, u64 value)
{
	vmwrite(field, value);
	return true;
}

/*
 * VM entry wants no blocking by STI with IF clear, and pending single-steps to agree with TF (SDM
 * 27.3.1.5).
 */
static bool set_rflags(u64 value)
{
	vmwrite(vmcs_guest_interruptibility,
		vmread(vmcs_guest_interruptibility) & ~(u64)(BLOCKED_BY_STI | BLOCKED_BY_MOV_SS));
	vmwrite(vmcs_guest_pending_debug, 0);
	vmwrite(vmcs_guest_rflags, value);
	return true;
}

static bool write_reg(struct vcpu *v, enum vreg reg, u64 value, const struct reg_rules *rules)
{
	u64 cr3 = vmread(vmcs_guest_cr3);

	switch (reg) {
	case VREG_RSP: return write_field(vmcs_guest_rsp, value);
	case VREG_RAX ... VREG_RBX:
	case VREG_RBP ... VREG_R15: vcpu_regs_to_write(v)[reg - VREG_RAX] = value; return true;
	case VREG_RIP: return write_field(vmcs_guest_rip, value);
	case VREG_RFLAGS: return set_rflags(value);
	case VREG_CR0: return set_paging(v, value, cr3, rules->cr4);
	case VREG_CR2: cpu_write_cr2(value); return true;
	case VREG_CR3: return set_paging(v, rules->cr0, value, rules->cr4);
	case VREG_CR4: return set_paging(v, rules->cr0, cr3, value);
	case VREG_CR8: lapic_set_tpr(v, (u8)(value << 4)); return true;
	case VREG_DR0 ... VREG_DR7: return set_debug(reg, value);
	case VREG_EFER: return set_efer(v, value);
	case VREG_PAT: return write_field(vmcs_guest_pat, value);
	case VREG_SYSENTER_CS: return write_field(vmcs_guest_sysenter_cs, value);
	case VREG_SYSENTER_ESP: return write_field(vmcs_guest_sysenter_esp, value);
	case VREG_SYSENTER_EIP: return write_field(vmcs_guest_sysenter_eip, value);
	case VREG_TSC: virt->set_tsc_offset(v, value - machine_tsc()); return true;
	case VREG_APIC_BASE: return lapic_write_base(v, value);
	default: return live_msr(reg) && machine_msr_write(live_msr(reg), value);
	}
}

/*
 * Each value may be legal and yet not go with the others (a DPL, a mode, RFLAGS.VM), nor with the
 * event that is about to be injected: what VM entry would refuse is undone here, because afterwards
 * it would be the hypervisor's failure.
 */
static bool keep_if_enterable(const struct vmcs_image *before)
{
	struct vmcs_image now;

	vmx_read_image(&now);
	if (!vmx_check_controls(&now, &vmx_caps) && !vmx_check_guest(&now, &vmx_caps))
		return true;
	vmx_undo(before, &now);
	return false;
}

static void begin_write(struct vcpu *v, struct reg_rules *rules)
{
	vmx_load(v->vendor);
	vmx_store_put_off(v); /* the store may not be the next instruction any more */
	read_rules(v, rules);
}

bool vmx_set_reg(struct vcpu *v, enum vreg reg, u64 value)
{
	struct vmcs_image before;
	struct reg_rules rules;

	begin_write(v, &rules);
	if (!reg_valid(&rules, reg, value))
		return false;
	vmx_read_image(&before);
	return write_reg(v, reg, value, &rules) && keep_if_enterable(&before);
}

/*
 * A segment that is not present is one the VMCS calls unusable; its DPL still counts as the CPL in
 * SS.
 */
void vmx_get_code(struct vcpu *v, struct virt_code *out)
{
	struct segment cs;

	vmx_get_segment(v, VSEG_CS, &cs);
	*out = (struct virt_code){
		.cr0 = vmx_get_reg(v, VREG_CR0), .cr3 = vmx_get_reg(v, VREG_CR3),
		.cr4 = vmx_get_reg(v, VREG_CR4), .efer = vmx_get_reg(v, VREG_EFER),
		.rip = vmx_get_reg(v, VREG_RIP), .cs_base = cs.base, .cs_attributes = cs.attributes,
	};
}

void vmx_get_segment(struct vcpu *v, enum vseg seg, struct segment *out)
{
	u64 rights;

	vmx_load(v->vendor);
	*out = (struct segment){ .base = vmread(segment_fields[seg].base),
				 .limit = (u32)vmread(segment_fields[seg].limit) };
	if (seg == VSEG_GDTR || seg == VSEG_IDTR)
		return;
	rights = vmread(segment_fields[seg].rights);
	out->selector = (u16)vmread(segment_fields[seg].selector);
	out->attributes = (u16)(rights & 0xf0ff);
	if (rights & SEGMENT_UNUSABLE)
		out->attributes &= (u16)~0x80;
}

void vmx_write_segment(enum vseg seg, const struct segment *in)
{
	u32 rights = in->attributes & 0x80 ? in->attributes : in->attributes | SEGMENT_UNUSABLE;

	vmwrite(segment_fields[seg].base, in->base);
	vmwrite(segment_fields[seg].limit, in->limit);
	if (seg == VSEG_GDTR || seg == VSEG_IDTR)
		return;
	vmwrite(segment_fields[seg].selector, in->selector);
	vmwrite(segment_fields[seg].rights, rights);
}

bool vmx_set_segment(struct vcpu *v, enum vseg seg, const struct segment *in)
{
	struct vmcs_image before;
	struct reg_rules rules;

	begin_write(v, &rules);
	if (!reg_segment_valid(&rules, seg, in))
		return false;
	vmx_read_image(&before);
	vmx_write_segment(seg, in);
	return keep_if_enterable(&before);
}

static bool write_context(struct vcpu *v, const struct vcpu_context *c)
{
	vmwrite(vmcs_guest_efer, c->efer);
	if (!set_paging(v, c->cr0, c->cr3, c->cr4))
		return false;
	for (enum vseg seg = 0; seg < VSEG_COUNT; seg++)
		vmx_write_segment(seg, &c->segment[seg]);
	vmwrite(vmcs_guest_rip, c->rip);
	vmwrite(vmcs_guest_rsp, c->rsp);
	vmwrite(vmcs_guest_pat, c->pat);
	return set_rflags(c->rflags);
}

bool vmx_set_context(struct vcpu *v, const struct vcpu_context *c)
{
	struct vmcs_image before, now;
	struct reg_rules rules;

	begin_write(v, &rules);
	if (!reg_context_valid(&rules, c))
		return false;
	vmx_read_image(&before);
	if (write_context(v, c))
		return keep_if_enterable(&before);
	vmx_read_image(&now);
	vmx_undo(&before, &now);
	return false;
}
