/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Registers and segments of a VP by name: from the VMCB, or live in the processor where SVM leaves
 * them there.
 */
#include "svm.h"

#include "cpu.h"
#include "machine.h"
#include "reftsc.h"
#include "reg_rules.h"
#include "virt.h"

/* In the type of a task segment. */
#define SEGMENT_BUSY 2

/* The register's place in the VMCB, or NULL when it lives elsewhere. */
static u64 *in_vmcb(struct vmcb *b, enum vreg reg)
{
	switch (reg) {
	case VREG_RSP: return &b->save.rsp;
	case VREG_RIP: return &b->save.rip;
	case VREG_RFLAGS: return &b->save.rflags;
	case VREG_CR0: return &b->save.cr0;
	case VREG_CR2: return &b->save.cr2;
	case VREG_CR3: return &b->save.cr3;
	case VREG_CR4: return &b->save.cr4;
	case VREG_DR6: return &b->save.dr6;
	case VREG_DR7: return &b->save.dr7;
	case VREG_PAT: return &b->save.pat;
	default: return NULL;
	}
}

/*
 * MSRs that are the guest's while the hypervisor runs: VMRUN does not touch them. 0: not such a
 * register.
 */
static u32 live_msr(enum vreg reg)
{
	switch (reg) {
	case VREG_SYSENTER_CS: return MSR_SYSENTER_CS;
	case VREG_SYSENTER_ESP: return MSR_SYSENTER_ESP;
	case VREG_SYSENTER_EIP: return MSR_SYSENTER_EIP;
	case VREG_STAR: return MSR_STAR;
	case VREG_LSTAR: return MSR_LSTAR;
	case VREG_CSTAR: return MSR_CSTAR;
	case VREG_SFMASK: return MSR_SFMASK;
	case VREG_KERNEL_GS_BASE: return MSR_KERNEL_GS_BASE;
	case VREG_TSC_AUX: return MSR_TSC_AUX;
	default: return 0;
	}
}

static u64 read_live(struct vcpu *v, enum vreg reg)
{
	u64 value = 0;

	switch (reg) {
	case VREG_CR8: return lapic_tpr(v) >> 4;
	case VREG_DR0: return cpu_read_dr0();
	case VREG_DR1: return cpu_read_dr1();
	case VREG_DR2: return cpu_read_dr2();
	case VREG_DR3: return cpu_read_dr3();
	case VREG_EFER: return svm_of(v)->vmcb.save.efer & ~EFER_SVME;
	case VREG_TSC: return machine_tsc() + v->tsc_offset;
	case VREG_APIC_BASE: return v->lapic.base;
	default:
		if (live_msr(reg))
			machine_msr_read(live_msr(reg), &value); /* TSC_AUX may not exist: zero */
		return value;
	}
}

static bool is_general(enum vreg reg)
{
	return reg <= VREG_R15 && reg != VREG_RSP;
}

u64 svm_get_reg(struct vcpu *v, enum vreg reg)
{
	const u64 *place;

	if (is_general(reg))
		return ((const u64 *)&v->regs)[reg];
	if (reg == VREG_RFLAGS || reg == VREG_DR6)
		svm_step_cancel(v); /* it would show */
	place = in_vmcb(&svm_of(v)->vmcb, reg);
	return place ? *place : read_live(v, reg);
}

static struct reg_rules read_rules(struct vcpu *v)
{
	struct segment cs;

	svm_get_segment(v, VSEG_CS, &cs);
	return (struct reg_rules){
		.cr4_supported = cpu_cr4_supported(),
		.efer_supported = cpu_efer_supported(),
		.physical_bits = machine_physical_address_bits(),
		.la57 = svm_get_reg(v, VREG_CR4) & CR4_LA57,
		.cr0 = svm_get_reg(v, VREG_CR0),
		.cr4 = svm_get_reg(v, VREG_CR4),
		.efer = svm_get_reg(v, VREG_EFER),
		.rflags = svm_get_reg(v, VREG_RFLAGS),
		.cs_attributes = cs.attributes,
	};
}

/* CR0.PG and EFER.LME decide EFER.LMA. */
static void update_long_mode(struct vmcb_save *save)
{
	save->efer &= ~EFER_LMA;
	if (save->efer & EFER_LME && save->cr0 & CR0_PG)
		save->efer |= EFER_LMA;
}

static bool write_live(struct vcpu *v, enum vreg reg, u64 value)
{
	switch (reg) {
	case VREG_CR8: lapic_set_tpr(v, (u8)(value << 4)); return true;
	case VREG_DR0: cpu_write_dr0(value); return true;
	case VREG_DR1: cpu_write_dr1(value); return true;
	case VREG_DR2: cpu_write_dr2(value); return true;
	case VREG_DR3: cpu_write_dr3(value); return true;
	case VREG_EFER: svm_of(v)->vmcb.save.efer = value | EFER_SVME; return true;
	case VREG_TSC: reftsc_set_tsc_offset(v, value - machine_tsc()); return true;
	case VREG_APIC_BASE: return lapic_write_base(v, value);
	default: return live_msr(reg) && machine_msr_write(live_msr(reg), value);
	}
}

static bool changes_translation(enum vreg reg)
{
	return reg == VREG_CR0 || reg == VREG_CR3 || reg == VREG_CR4 || reg == VREG_EFER ||
	       reg == VREG_PAT;
}

bool svm_set_reg(struct vcpu *v, enum vreg reg, u64 value)
{
	struct vmcb *b = &svm_of(v)->vmcb;
	struct reg_rules rules;
	u64 *place;

	if (is_general(reg)) {
		vcpu_regs_to_write(v)[reg] = value;
		return true;
	}
	svm_step_cancel(v); /* what it was made for may not be the next instruction any more */
	rules = read_rules(v);
	if (!reg_valid(&rules, reg, value))
		return false;
	place = in_vmcb(b, reg);
	if (place)
		*place = value;
	else if (!write_live(v, reg, value))
		return false;
	if (reg == VREG_CR0)
		update_long_mode(&b->save);
	if (changes_translation(reg))
		svm_flush(v);
	return true;
}

static struct vmcb_segment *segment_of(struct vmcb *b, enum vseg seg)
{
	switch (seg) {
	case VSEG_ES: return &b->save.es;
	case VSEG_CS: return &b->save.cs;
	case VSEG_SS: return &b->save.ss;
	case VSEG_DS: return &b->save.ds;
	case VSEG_FS: return &b->save.fs;
	case VSEG_GS: return &b->save.gs;
	case VSEG_LDTR: return &b->save.ldtr;
	case VSEG_TR: return &b->save.tr;
	case VSEG_GDTR: return &b->save.gdtr;
	default: return &b->save.idtr;
	}
}

/*
 * FS, GS, TR and LDTR are in the processor; VMSAVE brings them, and MSRs of the system calls, into
 * the VMCB.
 */
static bool is_live(enum vseg seg)
{
	return seg == VSEG_FS || seg == VSEG_GS || seg == VSEG_TR || seg == VSEG_LDTR;
}

/* As struct segment has them. */
static u16 attributes_of(const struct vmcb_segment *s)
{
	return (u16)((s->attributes & 0xff) | (s->attributes & 0xf00) << 4);
}

void svm_get_code(struct vcpu *v, struct virt_code *out)
{
	const struct vmcb_save *s = &svm_of(v)->vmcb.save;

	*out = (struct virt_code){
		.cr0 = s->cr0, .cr3 = s->cr3, .cr4 = s->cr4, .efer = s->efer, .rip = s->rip,
		.cs_base = s->cs.base, .cs_attributes = attributes_of(&s->cs),
	};
}

void svm_get_segment(struct vcpu *v, enum vseg seg, struct segment *out)
{
	struct svm_vcpu *s = svm_of(v);
	const struct vmcb_segment *from = segment_of(&s->vmcb, seg);

	if (is_live(seg))
		svm_vmsave(s->vmcb_pa);
	*out = (struct segment){
		.base = from->base, .limit = from->limit, .selector = from->selector,
		.attributes = attributes_of(from),
	};
	/*
	 * A loaded TR is busy, whatever type LTR found: some processors keep the one it found
	 * (QEMU's does).
	 */
	if (seg == VSEG_TR)
		out->attributes |= SEGMENT_BUSY;
}

void svm_write_segment(struct vmcb *b, enum vseg seg, const struct segment *in)
{
	*segment_of(b, seg) = (struct vmcb_segment){
		.selector = in->selector, .limit = in->limit, .base = in->base,
		.attributes = (u16)((in->attributes & 0xff) | (in->attributes >> 4 & 0xf00)),
	};
	if (seg == VSEG_SS)
		b->save.cpl = in->attributes >> 5 & 3;
	/* QEMU's ends the machine when it takes the stack of a 32-bit TSS that is busy. */
	if (seg == VSEG_TR && svm_features.lax)
		b->save.tr.attributes &= (u16)~SEGMENT_BUSY;
}

bool svm_set_segment(struct vcpu *v, enum vseg seg, const struct segment *in)
{
	struct svm_vcpu *s = svm_of(v);
	struct reg_rules rules;

	svm_step_cancel(v);
	rules = read_rules(v);
	if (!reg_segment_valid(&rules, seg, in))
		return false;
	if (is_live(seg))
		svm_vmsave(s->vmcb_pa);
	svm_write_segment(&s->vmcb, seg, in);
	if (is_live(seg))
		svm_vmload(s->vmcb_pa);
	return true;
}

bool svm_context_valid(struct vcpu *v, const struct vcpu_context *c)
{
	const struct reg_rules rules = read_rules(v);

	return reg_context_valid(&rules, c);
}

void svm_write_context(struct vmcb *b, const struct vcpu_context *c)
{
	for (enum vseg seg = 0; seg < VSEG_COUNT; seg++)
		svm_write_segment(b, seg, &c->segment[seg]);
	b->save.rip = c->rip;
	b->save.rsp = c->rsp;
	b->save.rflags = c->rflags;
	b->save.efer = c->efer | EFER_SVME;
	b->save.cr0 = c->cr0;
	b->save.cr3 = c->cr3;
	b->save.cr4 = c->cr4;
	b->save.pat = c->pat;
}
