/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Hypercalls of the TLFS's chapter on virtual processors: their start, numbers and registers. */
#include "hv_abi.h"
#include "machine.h"
#include "msr.h"
#include "partition.h"
#include "reftsc.h"
#include "remote.h"
#include "spec_calls.h"
#include "spec_cpuid.h"
#include "spec_msrs.h"
#include "string.h"
#include "vcpu.h"
#include "virt.h"

#define SEGMENT_ATTRIBUTES 0xf0ff /* bits 11:8 are padding */

/* A 128-bit register value as two halves. */
struct value { u64 low, high; };

/* Where a register lives: a, with its meaning by kind. */
enum source_kind {
	KIND_NONE,
	KIND_REGISTER, /* enum vreg */
	KIND_SEGMENT,  /* enum vseg, layout segment_register */
	KIND_TABLE,    /* enum vseg, layout table_register */
	KIND_MSR,      /* number of a synthetic MSR */
	KIND_LEAF,     /* number of a CPUID leaf of ours */
	KIND_TSC,
	KIND_APIC_ID,
};

struct source { u32 name; enum source_kind kind; u32 a; };

static const struct source sources[] = {
	{ HV_REGISTER_NAME_HYPERVISOR_VERSION, KIND_LEAF, 0x40000002 },
	{ HV_REGISTER_NAME_PRIVILEGES_AND_FEATURES_INFO, KIND_LEAF, 0x40000003 },
	{ HV_REGISTER_NAME_FEATURES_INFO, KIND_LEAF, 0x40000004 },
	{ HV_REGISTER_NAME_IMPLEMENTATION_LIMITS_INFO, KIND_LEAF, 0x40000005 },
	{ HV_REGISTER_NAME_HARDWARE_FEATURES_INFO, KIND_LEAF, 0x40000006 },
	{ HV_REGISTER_NAME_CPU_MANAGEMENT_FEATURES_INFO, KIND_LEAF, 0x40000007 },
	{ HV_REGISTER_NAME_PASID_FEATURES_INFO, KIND_LEAF, 0x40000008 },
	{ HV_REGISTER_NAME_NESTED_VIRT_FEATURES_INFO, KIND_LEAF, 0x4000000a },
	{ HV_REGISTER_NAME_GUEST_CRASH_P0, KIND_MSR, HV_X64_MSR_CRASH_P0 },
	{ HV_REGISTER_NAME_GUEST_CRASH_P1, KIND_MSR, HV_X64_MSR_CRASH_P0 + 1 },
	{ HV_REGISTER_NAME_GUEST_CRASH_P2, KIND_MSR, HV_X64_MSR_CRASH_P0 + 2 },
	{ HV_REGISTER_NAME_GUEST_CRASH_P3, KIND_MSR, HV_X64_MSR_CRASH_P0 + 3 },
	{ HV_REGISTER_NAME_GUEST_CRASH_P4, KIND_MSR, HV_X64_MSR_CRASH_P0 + 4 },
	{ HV_REGISTER_NAME_GUEST_CRASH_CTL, KIND_MSR, HV_X64_MSR_CRASH_CTL },
	{ HV_REGISTER_NAME_PROCESSOR_CLOCK_FREQUENCY, KIND_MSR, HV_X64_MSR_TSC_FREQUENCY },
	{ HV_REGISTER_NAME_INTERRUPT_CLOCK_FREQUENCY, KIND_MSR, HV_X64_MSR_APIC_FREQUENCY },
	{ HV_REGISTER_NAME_X64_RAX, KIND_REGISTER, VREG_RAX },
	{ HV_REGISTER_NAME_X64_RCX, KIND_REGISTER, VREG_RCX },
	{ HV_REGISTER_NAME_X64_RDX, KIND_REGISTER, VREG_RDX },
	{ HV_REGISTER_NAME_X64_RBX, KIND_REGISTER, VREG_RBX },
	{ HV_REGISTER_NAME_X64_RSP, KIND_REGISTER, VREG_RSP },
	{ HV_REGISTER_NAME_X64_RBP, KIND_REGISTER, VREG_RBP },
	{ HV_REGISTER_NAME_X64_RSI, KIND_REGISTER, VREG_RSI },
	{ HV_REGISTER_NAME_X64_RDI, KIND_REGISTER, VREG_RDI },
	{ HV_REGISTER_NAME_X64_R8, KIND_REGISTER, VREG_R8 },
	{ HV_REGISTER_NAME_X64_R9, KIND_REGISTER, VREG_R9 },
	{ HV_REGISTER_NAME_X64_R10, KIND_REGISTER, VREG_R10 },
	{ HV_REGISTER_NAME_X64_R11, KIND_REGISTER, VREG_R11 },
	{ HV_REGISTER_NAME_X64_R12, KIND_REGISTER, VREG_R12 },
	{ HV_REGISTER_NAME_X64_R13, KIND_REGISTER, VREG_R13 },
	{ HV_REGISTER_NAME_X64_R14, KIND_REGISTER, VREG_R14 },
	{ HV_REGISTER_NAME_X64_R15, KIND_REGISTER, VREG_R15 },
	{ HV_REGISTER_NAME_X64_RIP, KIND_REGISTER, VREG_RIP },
	{ HV_REGISTER_NAME_X64_RFLAGS, KIND_REGISTER, VREG_RFLAGS },
	{ HV_REGISTER_NAME_X64_CR0, KIND_REGISTER, VREG_CR0 },
	{ HV_REGISTER_NAME_X64_CR2, KIND_REGISTER, VREG_CR2 },
	{ HV_REGISTER_NAME_X64_CR3, KIND_REGISTER, VREG_CR3 },
	{ HV_REGISTER_NAME_X64_CR4, KIND_REGISTER, VREG_CR4 },
	{ HV_REGISTER_NAME_X64_CR8, KIND_REGISTER, VREG_CR8 },
	{ HV_REGISTER_NAME_X64_DR0, KIND_REGISTER, VREG_DR0 },
	{ HV_REGISTER_NAME_X64_DR1, KIND_REGISTER, VREG_DR1 },
	{ HV_REGISTER_NAME_X64_DR2, KIND_REGISTER, VREG_DR2 },
	{ HV_REGISTER_NAME_X64_DR3, KIND_REGISTER, VREG_DR3 },
	{ HV_REGISTER_NAME_X64_DR6, KIND_REGISTER, VREG_DR6 },
	{ HV_REGISTER_NAME_X64_DR7, KIND_REGISTER, VREG_DR7 },
	{ HV_REGISTER_NAME_X64_ES, KIND_SEGMENT, VSEG_ES },
	{ HV_REGISTER_NAME_X64_CS, KIND_SEGMENT, VSEG_CS },
	{ HV_REGISTER_NAME_X64_SS, KIND_SEGMENT, VSEG_SS },
	{ HV_REGISTER_NAME_X64_DS, KIND_SEGMENT, VSEG_DS },
	{ HV_REGISTER_NAME_X64_FS, KIND_SEGMENT, VSEG_FS },
	{ HV_REGISTER_NAME_X64_GS, KIND_SEGMENT, VSEG_GS },
	{ HV_REGISTER_NAME_X64_LDTR, KIND_SEGMENT, VSEG_LDTR },
	{ HV_REGISTER_NAME_X64_TR, KIND_SEGMENT, VSEG_TR },
	{ HV_REGISTER_NAME_X64_IDTR, KIND_TABLE, VSEG_IDTR },
	{ HV_REGISTER_NAME_X64_GDTR, KIND_TABLE, VSEG_GDTR },
	{ HV_REGISTER_NAME_X64_TSC, KIND_TSC, 0 },
	{ HV_REGISTER_NAME_X64_EFER, KIND_REGISTER, VREG_EFER },
	{ HV_REGISTER_NAME_X64_KERNEL_GS_BASE, KIND_REGISTER, VREG_KERNEL_GS_BASE },
	{ HV_REGISTER_NAME_X64_APIC_BASE, KIND_REGISTER, VREG_APIC_BASE },
	{ HV_REGISTER_NAME_X64_PAT, KIND_REGISTER, VREG_PAT },
	{ HV_REGISTER_NAME_X64_SYSENTER_CS, KIND_REGISTER, VREG_SYSENTER_CS },
	{ HV_REGISTER_NAME_X64_SYSENTER_EIP, KIND_REGISTER, VREG_SYSENTER_EIP },
	{ HV_REGISTER_NAME_X64_SYSENTER_ESP, KIND_REGISTER, VREG_SYSENTER_ESP },
	{ HV_REGISTER_NAME_X64_STAR, KIND_REGISTER, VREG_STAR },
	{ HV_REGISTER_NAME_X64_LSTAR, KIND_REGISTER, VREG_LSTAR },
	{ HV_REGISTER_NAME_X64_CSTAR, KIND_REGISTER, VREG_CSTAR },
	{ HV_REGISTER_NAME_X64_SFMASK, KIND_REGISTER, VREG_SFMASK },
	{ HV_REGISTER_NAME_X64_INITIAL_APIC_ID, KIND_APIC_ID, 0 },
	{ HV_REGISTER_NAME_X64_TSC_AUX, KIND_REGISTER, VREG_TSC_AUX },
	{ HV_REGISTER_NAME_VP_RUNTIME, KIND_MSR, HV_X64_MSR_VP_RUNTIME },
	{ HV_REGISTER_NAME_X64_HYPERCALL, KIND_MSR, HV_X64_MSR_HYPERCALL },
	{ HV_REGISTER_NAME_GUEST_OS_ID, KIND_MSR, HV_X64_MSR_GUEST_OS_ID },
	{ HV_REGISTER_NAME_VP_INDEX, KIND_MSR, HV_X64_MSR_VP_INDEX },
	{ HV_REGISTER_NAME_TIME_REF_COUNT, KIND_MSR, HV_X64_MSR_TIME_REF_COUNT },
	{ HV_REGISTER_NAME_X64_SYNTHETIC_EOI, KIND_MSR, HV_X64_MSR_EOI },
	{ HV_REGISTER_NAME_X64_SYNTHETIC_ICR, KIND_MSR, HV_X64_MSR_ICR },
	{ HV_REGISTER_NAME_X64_SYNTHETIC_TPR, KIND_MSR, HV_X64_MSR_TPR },
	{ HV_REGISTER_NAME_VP_ASSIST_PAGE, KIND_MSR, HV_X64_MSR_VP_ASSIST_PAGE },
	{ HV_REGISTER_NAME_REFERENCE_TSC, KIND_MSR, HV_X64_MSR_REFERENCE_TSC },
	{ HV_REGISTER_NAME_SINT0, KIND_MSR, HV_X64_MSR_SINT0 },
	{ HV_REGISTER_NAME_SINT1, KIND_MSR, HV_X64_MSR_SINT0 + 1 },
	{ HV_REGISTER_NAME_SINT2, KIND_MSR, HV_X64_MSR_SINT0 + 2 },
	{ HV_REGISTER_NAME_SINT3, KIND_MSR, HV_X64_MSR_SINT0 + 3 },
	{ HV_REGISTER_NAME_SINT4, KIND_MSR, HV_X64_MSR_SINT0 + 4 },
	{ HV_REGISTER_NAME_SINT5, KIND_MSR, HV_X64_MSR_SINT0 + 5 },
	{ HV_REGISTER_NAME_SINT6, KIND_MSR, HV_X64_MSR_SINT0 + 6 },
	{ HV_REGISTER_NAME_SINT7, KIND_MSR, HV_X64_MSR_SINT0 + 7 },
	{ HV_REGISTER_NAME_SINT8, KIND_MSR, HV_X64_MSR_SINT0 + 8 },
	{ HV_REGISTER_NAME_SINT9, KIND_MSR, HV_X64_MSR_SINT0 + 9 },
	{ HV_REGISTER_NAME_SINT10, KIND_MSR, HV_X64_MSR_SINT0 + 10 },
	{ HV_REGISTER_NAME_SINT11, KIND_MSR, HV_X64_MSR_SINT0 + 11 },
	{ HV_REGISTER_NAME_SINT12, KIND_MSR, HV_X64_MSR_SINT0 + 12 },
	{ HV_REGISTER_NAME_SINT13, KIND_MSR, HV_X64_MSR_SINT0 + 13 },
	{ HV_REGISTER_NAME_SINT14, KIND_MSR, HV_X64_MSR_SINT0 + 14 },
	{ HV_REGISTER_NAME_SINT15, KIND_MSR, HV_X64_MSR_SINT0 + 15 },
	{ HV_REGISTER_NAME_SCONTROL, KIND_MSR, HV_X64_MSR_SCONTROL },
	{ HV_REGISTER_NAME_SVERSION, KIND_MSR, HV_X64_MSR_SVERSION },
	{ HV_REGISTER_NAME_SIFP, KIND_MSR, HV_X64_MSR_SIEFP },
	{ HV_REGISTER_NAME_SIPP, KIND_MSR, HV_X64_MSR_SIMP },
	{ HV_REGISTER_NAME_EOM, KIND_MSR, HV_X64_MSR_EOM },
	{ HV_REGISTER_NAME_STIMER0_CONFIG, KIND_MSR, HV_X64_MSR_STIMER0_CONFIG },
	{ HV_REGISTER_NAME_STIMER0_COUNT, KIND_MSR, HV_X64_MSR_STIMER0_COUNT },
	{ HV_REGISTER_NAME_STIMER1_CONFIG, KIND_MSR, HV_X64_MSR_STIMER1_CONFIG },
	{ HV_REGISTER_NAME_STIMER1_COUNT, KIND_MSR, HV_X64_MSR_STIMER1_COUNT },
	{ HV_REGISTER_NAME_STIMER2_CONFIG, KIND_MSR, HV_X64_MSR_STIMER2_CONFIG },
	{ HV_REGISTER_NAME_STIMER2_COUNT, KIND_MSR, HV_X64_MSR_STIMER2_COUNT },
	{ HV_REGISTER_NAME_STIMER3_CONFIG, KIND_MSR, HV_X64_MSR_STIMER3_CONFIG },
	{ HV_REGISTER_NAME_STIMER3_COUNT, KIND_MSR, HV_X64_MSR_STIMER3_COUNT },
	{ HV_REGISTER_NAME_STIME_UNHALTED_TIMER_CONFIG, KIND_MSR,
	  HV_X64_MSR_STIME_UNHALTED_TIMER_CONFIG },
	{ HV_REGISTER_NAME_STIME_UNHALTED_TIMER_COUNT, KIND_MSR,
	  HV_X64_MSR_STIME_UNHALTED_TIMER_COUNT },
};

static const struct source *find_source(u32 name)
{
	static const struct source none = { 0, KIND_NONE, 0 };

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		if (sources[i].name == name)
			return &sources[i];
	return &none;
}

static void get_segment(struct vcpu *v, enum vseg seg, struct value *out)
{
	struct segment s;

	virt->get_segment(v, seg, &s);
	*out = (struct value){ s.base, s.limit | (u64)s.selector << 32 | (u64)s.attributes << 48 };
}

static void get_table(struct vcpu *v, enum vseg seg, struct value *out)
{
	struct segment s;

	virt->get_segment(v, seg, &s);
	*out = (struct value){ (u64)(u16)s.limit << 48, s.base };
}

static void get_leaf(struct vcpu *v, u32 leaf, struct value *out)
{
	const struct spec_cpuid_leaf *l = &v->partition->cpuid[leaf - SPEC_CPUID_FIRST];

	*out = (struct value){ l->eax | (u64)l->ebx << 32, l->ecx | (u64)l->edx << 32 };
}

static enum hv_status get_register(struct vcpu *v, u32 name, struct value *out)
{
	const struct source *s = find_source(name);

	switch (s->kind) {
	case KIND_REGISTER:
		out->low = virt->get_reg(v, s->a);
		return HV_STATUS_SUCCESS;
	case KIND_SEGMENT:
		get_segment(v, s->a, out);
		return HV_STATUS_SUCCESS;
	case KIND_TABLE:
		get_table(v, s->a, out);
		return HV_STATUS_SUCCESS;
	case KIND_LEAF:
		get_leaf(v, s->a, out);
		return HV_STATUS_SUCCESS;
	case KIND_MSR:
		return msr_read(v, s->a, &out->low) ? HV_STATUS_SUCCESS
						    : HV_STATUS_INVALID_PARAMETER;
	case KIND_TSC:
		out->low = machine_tsc() + v->tsc_offset;
		return HV_STATUS_SUCCESS;
	case KIND_APIC_ID:
		out->low = v->apic_id;
		return HV_STATUS_SUCCESS;
	default:
		return HV_STATUS_INVALID_PARAMETER;
	}
}

static bool set_plain(struct vcpu *v, enum vreg reg, struct value value)
{
	if (value.high || !virt->set_reg(v, reg, value.low))
		return false;
	v->rip_written |= reg == VREG_RIP;
	return true;
}

static bool set_segment(struct vcpu *v, enum vseg seg, struct value value)
{
	struct segment s = {
		.base = value.low,
		.limit = (u32)value.high,
		.selector = (u16)(value.high >> 32),
		.attributes = (u16)(value.high >> 48) & SEGMENT_ATTRIBUTES,
	};

	return virt->set_segment(v, seg, &s);
}

static bool set_table(struct vcpu *v, enum vseg seg, struct value value)
{
	struct segment s = { .base = value.high, .limit = (u16)(value.low >> 48) };

	return virt->set_segment(v, seg, &s);
}

static bool set_tsc(struct vcpu *v, struct value value)
{
	if (value.high)
		return false;
	reftsc_set_tsc_offset(v, value.low - machine_tsc());
	return true;
}

/*
 * INVALID_PARAMETER where the register does not exist or is read-only, else what to make of a
 * refused value.
 */
static enum hv_status set_register(struct vcpu *v, u32 name, struct value value)
{
	const struct source *s = find_source(name);
	bool done;

	switch (s->kind) {
	case KIND_REGISTER:
		done = set_plain(v, s->a, value);
		break;
	case KIND_SEGMENT:
		done = set_segment(v, s->a, value);
		break;
	case KIND_TABLE:
		done = set_table(v, s->a, value);
		break;
	case KIND_TSC:
		done = set_tsc(v, value);
		break;
	case KIND_MSR:
		if (!(spec_msr_row(s->a)->flags & SPEC_MSR_WRITE))
			return HV_STATUS_INVALID_PARAMETER;
		done = !value.high && msr_write(v, s->a, value.low);
		break;
	default:
		return HV_STATUS_INVALID_PARAMETER;
	}
	return done ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_REGISTER_VALUE;
}

/* Whom a call means; its rules have seen to it that the partition is the caller's, and has the VP. */
static struct vcpu *target_of(struct vcpu *v, u32 index)
{
	return index == HV_VP_INDEX_SELF ? v : v->partition->vp[index];
}

/* A register on its way between VPs. */
struct access { u32 name; struct value value; enum hv_status status; };

static void get_there(struct vcpu *target, void *argument)
{
	struct access *a = argument;

	a->status = get_register(target, a->name, &a->value);
}

static void set_there(struct vcpu *target, void *argument)
{
	struct access *a = argument;

	a->status = set_register(target, a->name, a->value);
}

enum hv_status hv_get_vp_registers(struct vcpu *v, const struct hv_get_vp_registers_in *in,
				   const struct hv_get_vp_registers_each_in *each,
				   struct hv_get_vp_registers_each_out *each_out)
{
	struct access a = { .name = each->name };

	_Static_assert(sizeof(a.value) == sizeof(each_out->value), "a register value has 128 bits");
	remote_run(target_of(v, in->vp_index), get_there, &a);
	memcpy(&each_out->value, &a.value, sizeof(a.value));
	return a.status;
}

enum hv_status hv_set_vp_registers(struct vcpu *v, const struct hv_set_vp_registers_in *in,
				   const struct hv_set_vp_registers_each_in *each)
{
	struct access a = { .name = each->name };

	memcpy(&a.value, &each->value, sizeof(a.value));
	remote_run(target_of(v, in->vp_index), set_there, &a);
	return a.status;
}

enum hv_status
hv_get_vp_index_from_apic_id(struct vcpu *v, const struct hv_get_vp_index_from_apic_id_in *in,
			     const struct hv_get_vp_index_from_apic_id_each_in *each,
			     struct hv_get_vp_index_from_apic_id_each_out *each_out)
{
	const struct partition *p = v->partition;

	(void)in;
	for (u32 i = 0; i < p->env.vp_count; i++) {
		if (p->vp[i]->apic_id != each->apic_id)
			continue;
		each_out->vp_index = i;
		return HV_STATUS_SUCCESS;
	}
	return HV_STATUS_INVALID_PARAMETER;
}

/* ---- start in a given state ---- */

static struct segment segment_from(const struct hv_segment_register *in)
{
	return (struct segment){ in->base, in->limit, in->selector,
				 in->attributes & SEGMENT_ATTRIBUTES };
}

static struct segment table_from(const struct hv_table_register *in)
{
	return (struct segment){ in->base, in->limit, 0, 0 };
}

static struct vcpu_context context_from(const struct hv_init_vp_context *in)
{
	return (struct vcpu_context){
		.rip = in->rip,
		.rsp = in->rsp,
		.rflags = in->rflags,
		.efer = in->efer,
		.cr0 = in->cr0,
		.cr3 = in->cr3,
		.cr4 = in->cr4,
		.pat = in->msr_cr_pat,
		.segment = {
			[VSEG_ES] = segment_from(&in->es),
			[VSEG_CS] = segment_from(&in->cs),
			[VSEG_SS] = segment_from(&in->ss),
			[VSEG_DS] = segment_from(&in->ds),
			[VSEG_FS] = segment_from(&in->fs),
			[VSEG_GS] = segment_from(&in->gs),
			[VSEG_LDTR] = segment_from(&in->ldtr),
			[VSEG_TR] = segment_from(&in->tr),
			[VSEG_GDTR] = table_from(&in->gdtr),
			[VSEG_IDTR] = table_from(&in->idtr),
		},
	};
}

/* A start on its way to the VP that it is for. */
struct start { struct vcpu_context context; enum hv_status status; };

static void start_there(struct vcpu *target, void *argument)
{
	struct start *s = argument;

	if (target->state != VCPU_WAITS_FOR_START_UP) {
		s->status = HV_STATUS_INVALID_VP_STATE;
	} else if (!virt->vcpu_load(target, &s->context)) {
		s->status = HV_STATUS_INVALID_REGISTER_VALUE;
	} else {
		target->state = VCPU_RUNS;
		reftsc_vp_changed(target);
	}
}

enum hv_status hv_start_virtual_processor(struct vcpu *v,
					  const struct hv_start_virtual_processor_in *in)
{
	struct start s = { .context = context_from(&in->vp_context), .status = HV_STATUS_SUCCESS };

	remote_run(target_of(v, in->vp_index), start_there, &s);
	return s.status;
}
