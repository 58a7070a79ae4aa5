/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* A vendor core over plain variables, with counts of what it was asked to do. */
#include "fake.h"

#include <string.h>

#include "hw_cpuid.h"
#include "hw_msr.h"
#include "text.h"

struct fake_core fake_virts[PARTITION_MAX_VPS];

static struct fake_core *of(const struct vcpu *v)
{
	return v->vendor;
}

static bool create(struct vcpu *v)
{
	v->vendor = &fake_virts[v->index];
	return true;
}

static u64 get_reg(struct vcpu *v, enum vreg reg)
{
	return reg <= VREG_R15 ? (&v->regs.rax)[reg] : of(v)->reg[reg];
}

static void get_code(struct vcpu *v, struct virt_code *out)
{
	const u64 *reg = of(v)->reg;
	const struct segment *cs = &of(v)->segment[VSEG_CS];

	*out = (struct virt_code){
		.cr0 = reg[VREG_CR0], .cr3 = reg[VREG_CR3], .cr4 = reg[VREG_CR4],
		.efer = reg[VREG_EFER], .rip = reg[VREG_RIP],
		.cs_base = cs->base, .cs_attributes = cs->attributes,
	};
}

static bool set_reg(struct vcpu *v, enum vreg reg, u64 value)
{
	if (of(v)->on_set)
		of(v)->on_set();
	if (value == of(v)->illegal)
		return false;
	*(reg <= VREG_R15 ? &(&v->regs.rax)[reg] : &of(v)->reg[reg]) = value;
	return true;
}

static void get_segment(struct vcpu *v, enum vseg seg, struct segment *out)
{
	*out = of(v)->segment[seg];
}

static bool set_segment(struct vcpu *v, enum vseg seg, const struct segment *in)
{
	if (in->base == of(v)->illegal)
		return false;
	of(v)->segment[seg] = *in;
	return true;
}

static void flush_gva(struct vcpu *v)
{
	of(v)->gva_flushes++;
}

static void flush_gpa(struct vcpu *v)
{
	of(v)->gpa_flushes++;
}

static bool interrupt_open(struct vcpu *v)
{
	return !of(v)->interrupt_shut;
}

static bool nmi_open(struct vcpu *v)
{
	return !of(v)->nmi_shut;
}

/* An entry takes one event: what was injected shuts the door until a test opens it. */
static void inject_interrupt(struct vcpu *v, u8 vector)
{
	struct fake_core *f = of(v);

	assert_false(f->interrupt_shut);
	if (f->injections < FAKE_HISTORY)
		f->injected[f->injections] = vector;
	f->injections++;
	f->interrupt_shut = true;
}

static void inject_nmi(struct vcpu *v)
{
	assert_false(of(v)->nmi_shut);
	of(v)->nmis++;
	of(v)->nmi_shut = true;
}

static void go_past(struct vcpu *v, unsigned length)
{
	of(v)->reg[VREG_RIP] += length;
}

static void trap(struct vcpu *v, u64 hits)
{
	of(v)->traps |= hits;
}

static void let_in(struct vcpu *v)
{
	of(v)->let_ins++;
}

static void wait_for_event(struct vcpu *v)
{
	of(v)->waits++;
	if (of(v)->on_wait)
		of(v)->on_wait(v);
}

static void set_window(struct vcpu *v, const struct virt_window *window)
{
	of(v)->window = *window;
	of(v)->windows++;
}

static u8 get_tpr(const struct vcpu *v)
{
	return of(v)->tpr;
}

static void set_tpr(struct vcpu *v, u8 tpr)
{
	of(v)->tpr = tpr;
}

static void vcpu_init(struct vcpu *v)
{
	of(v)->inits++;
}

static void start_up(struct vcpu *v, u8 vector)
{
	of(v)->start_up_page = vector;
}

static bool load(struct vcpu *v, const struct vcpu_context *context)
{
	if (context->rip == of(v)->illegal)
		return false;
	of(v)->context = *context;
	memcpy(of(v)->segment, context->segment, sizeof(context->segment));
	of(v)->reg[VREG_RIP] = context->rip;
	of(v)->reg[VREG_RFLAGS] = context->rflags;
	of(v)->reg[VREG_CR0] = context->cr0;
	of(v)->reg[VREG_CR3] = context->cr3;
	v->regs.rsp = context->rsp;
	return true;
}

static u64 npt_leaf(hpa_t hpa, unsigned level, u32 rights, enum npt_type type)
{
	return hpa.v | rights | (u64)type << 3 | (level > 1 ? 1u << 7 : 0);
}

static u64 npt_table(hpa_t table)
{
	return table.v | 7;
}

static const void *apic_page(void)
{
	return fake_virt.apic_page;
}

static bool npt_has_1g(void)
{
	return !fake_virt.no_1g;
}

static void intercept_ports(struct partition *p, u16 port, u32 count, bool on)
{
	(void)p;
	if (fake_virt.port_count < FAKE_HISTORY)
		fake_virt.ports[fake_virt.port_count] = (struct fake_write){ port, count, on };
	fake_virt.port_count++;
}

static void set_tsc_offset(struct vcpu *v, u64 offset)
{
	of(v)->tsc_offset = offset;
}

static void refuse_stores(struct vcpu *v, u32 stores)
{
	of(v)->refused_stores = stores;
}

/* EFER is the vendor's: reading works, writing faults. */
static enum virt_msr msr_read(struct vcpu *v, u32 msr, u64 *value)
{
	(void)v;
	*value = 0xd01;
	return msr == 0xc0000080 ? VIRT_MSR_DONE : VIRT_MSR_NOT_MINE;
}

static enum virt_msr msr_write(struct vcpu *v, u32 msr, u64 value)
{
	(void)v, (void)value;
	return msr == 0xc0000080 ? VIRT_MSR_FAULT : VIRT_MSR_NOT_MINE;
}

static void explain(struct vcpu *v, struct text *out)
{
	(void)v;
	text_printf(out, "fake exit\nfake qualification");
}

static void exit_guest(struct vcpu *v)
{
	v->exits++;
	of(v)->on_exit(v);
}

static const struct virt core = {
	.name = "FAKE",
	.call_opcode = { 0x0f, 0x01, 0xd9 },
	.vcpu_create = create,
	.exit = exit_guest,
	.get_reg = get_reg,
	.set_reg = set_reg,
	.get_code = get_code,
	.get_segment = get_segment,
	.set_segment = set_segment,
	.flush_gva = flush_gva,
	.flush_gpa = flush_gpa,
	.interrupt_open = interrupt_open,
	.nmi_open = nmi_open,
	.inject_interrupt = inject_interrupt,
	.inject_nmi = inject_nmi,
	.skip = go_past,
	.trap = trap,
	.let_in = let_in,
	.wait = wait_for_event,
	.set_window = set_window,
	.get_tpr = get_tpr,
	.set_tpr = set_tpr,
	.vcpu_init = vcpu_init,
	.vcpu_start_up = start_up,
	.vcpu_load = load,
	.npt_leaf = npt_leaf,
	.npt_table = npt_table,
	.npt_has_1g = npt_has_1g,
	.apic_page = apic_page,
	.intercept_ports = intercept_ports,
	.set_tsc_offset = set_tsc_offset,
	.refuse_stores = refuse_stores,
	.msr_read = msr_read,
	.msr_write = msr_write,
	.explain = explain,
};

const struct virt *virt = &core;

u64 fake_npt(struct partition *p, u64 gpa, unsigned *level)
{
	u64 *table = fake_at(p->gpa.root);

	for (*level = 4; *level; --*level) {
		u64 entry = table[gpa >> (12 + 9 * (*level - 1)) & 511];

		if (!entry || *level == 1 || (entry & 1u << 7))
			return entry;
		table = fake_at(FAKE_NPT_ADDRESS(entry));
	}
	return 0;
}

/* Counted, where a test is not linked with who carries them out. */
__attribute__((weak)) enum vm_next apic_page_exit(struct vcpu *v, const struct npt_fault *fault)
{
	(void)fault;
	of(v)->apic_accesses++;
	return VM_SKIP;
}

__attribute__((weak)) enum vm_next string_io_exit(struct vcpu *v, const struct io_access *io)
{
	(void)io;
	of(v)->string_accesses++;
	return VM_RETRY;
}

/* The hardware's side of CPUID and MSRs: leaves echo, MSR 0x1234 holds a value, all else faults. */
void hw_cpuid(struct vcpu *v, u32 leaf, u32 subleaf, struct cpuid_regs *out)
{
	(void)v;
	*out = (struct cpuid_regs){ leaf, subleaf, 0x33333333, 0x44444444 };
}

static u64 hw_msr_1234;

enum vm_next hw_msr_read(struct vcpu *v, u32 msr, u64 *value)
{
	(void)v;
	*value = hw_msr_1234;
	return msr == 0x1234 ? VM_SKIP : VM_GP;
}

enum vm_next hw_msr_write(struct vcpu *v, u32 msr, u64 value)
{
	(void)v;
	if (msr != 0x1234)
		return VM_GP;
	hw_msr_1234 = value;
	return VM_SKIP;
}
