/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * The SVM core behind virt.h: detection, switching on, VMCB set-up, nested page format, permission
 * maps.
 */
#include "svm.h"

#include "alloc.h"
#include "cpu.h"
#include "event.h"
#include "hw_msr.h"
#include "interrupt.h"
#include "irq.h"
#include "machine.h"
#include "panic.h"
#include "partition.h"
#include "reg_rules.h"
#include "string.h"
#include "text.h"
#include "trace.h"
#include "virt.h"

/* CPUID 0x8000000a */
#define SVM_LEAF 0x8000000au
#define SVM_NPT CPU_FEATURE(SVM_LEAF, CPU_EDX, 0)
#define SVM_NRIP CPU_FEATURE(SVM_LEAF, CPU_EDX, 3)
#define SVM_FLUSH_BY_ASID CPU_FEATURE(SVM_LEAF, CPU_EDX, 6)

#define VM_CR_LOCK (1ull << 3)
#define VM_CR_SVMDIS (1ull << 4)

/* Nested page table entries: ordinary ones, read by the processor as a user would (APM 15.25.5). */
#define NPT_P (1ull << 0)
#define NPT_RW (1ull << 1)
#define NPT_US (1ull << 2)
#define NPT_UNCACHED (3ull << 3) /* PWT, PCD: PAT entry 3 */
#define NPT_PS (1ull << 7)
#define NPT_NX (1ull << 63)

/* MSR permission map: two bits, read and write, per MSR of three ranges (APM 15.11). */
#define MSRPM_RANGE_BYTES 2048
#define MSRPM_RANGE_MSRS 0x2000
#define PORTS 65536

struct svm_features svm_features;

/*
 * Ports have three bits more, for accesses that run over the last one. One partition has them for
 * now.
 */
static u8 iopm[3 * PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static u8 msrpm[2 * PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

static bool probe(struct text *missing)
{
	static const struct { u64 feature; const char *name; } needed[] = {
		{ CPU_SVM, "SVM (secure virtual machine)" },
		{ SVM_NPT, "NPT (nested paging)" },
		{ CPU_NX, "NX (no-execute pages)" },
	};
	bool all = true;

	for (unsigned i = 0; i < ARRAY_SIZE(needed); i++) {
		if (cpu_has(needed[i].feature))
			continue;
		text_printf(missing, "%s%s", all ? "" : ", ", needed[i].name);
		all = false;
	}
	svm_features.nrip = cpu_has(SVM_NRIP);
	svm_features.flush_by_asid = cpu_has(SVM_FLUSH_BY_ASID);
	return all;
}

/* Whether a write that every processor refuses is accepted. */
static bool is_lax(void)
{
	const u64 cr0 = cpu_read_cr0();

	if (!cpu_try_write_cr0(cr0 | CR0_NW))
		return false;
	cpu_write_cr0(cr0);
	return true;
}

static bool cpu_enable(struct text *why)
{
	void *host_save = alloc_page();
	u64 vm_cr;

	if (!host_save) {
		text_printf(why, "out of memory");
		return false;
	}

	if (machine_msr_read(MSR_VM_CR, &vm_cr) && vm_cr & VM_CR_SVMDIS) {
		text_printf(why, "firmware switched SVM off (VM_CR.SVMDIS%s)",
			    vm_cr & VM_CR_LOCK ? ", locked" : "");
		return false;
	}
	svm_features.lax = svm_features.repeats = svm_features.forgets = is_lax();
	cpu_wrmsr(MSR_EFER, cpu_rdmsr(MSR_EFER) | EFER_SVME);
	cpu_wrmsr(MSR_VM_HSAVE_PA, machine_hpa(host_save).v);
	return true;
}

void svm_intercept(struct vmcb *b, enum vmcb_intercept bit, bool on)
{
	u32 *word = &b->control.intercept[VMCB_INTERCEPT_WORD + bit / 32];

	*word = on ? *word | 1u << bit % 32 : *word & ~(1u << bit % 32);
}

/* The bit of an MSR's read permission in the map, or -1 when it has none and always exits. */
static int msrpm_bit(u32 msr)
{
	static const u32 first[] = { 0, 0xc0000000, 0xc0010000 };

	for (unsigned i = 0; i < ARRAY_SIZE(first); i++)
		if (msr - first[i] < MSRPM_RANGE_MSRS)
			return (int)(i * MSRPM_RANGE_BYTES * 8 + (msr - first[i]) * 2);
	return -1;
}

static void msrpm_set(u32 msr, bool exit_on_read, bool exit_on_write)
{
	const int bit = msrpm_bit(msr);

	if (bit < 0)
		return;
	msrpm[bit / 8] &= (u8)~(3u << bit % 8);
	msrpm[bit / 8] |= (u8)((exit_on_read | exit_on_write << 1) << bit % 8);
}

static void set_msr_map(void)
{
	static const u32 first[] = { 0, 0xc0000000, 0xc0010000 };

	memset(msrpm, 0xff, sizeof(msrpm));
	for (unsigned i = 0; i < ARRAY_SIZE(first); i++)
		for (u32 msr = first[i]; msr < first[i] + MSRPM_RANGE_MSRS; msr++)
			msrpm_set(msr, !hw_msr_open(msr, false), !hw_msr_open(msr, true));
	/* The offset is not applied by every implementation to RDMSR as it is to RDTSC. */
	msrpm_set(MSR_TSC, true, true);
}

static void set_intercepts(struct vmcb *b)
{
	static const enum vmcb_intercept wanted[] = {
		INTERCEPT_INTR,    INTERCEPT_NMI,
		INTERCEPT_INIT,    INTERCEPT_RDPMC,   INTERCEPT_CPUID,  INTERCEPT_INVD,
		INTERCEPT_HLT,
		INTERCEPT_INVLPGA, INTERCEPT_IOIO,    INTERCEPT_MSR,    INTERCEPT_SHUTDOWN,
		INTERCEPT_VMRUN,   INTERCEPT_VMMCALL, INTERCEPT_VMLOAD, INTERCEPT_VMSAVE,
		INTERCEPT_STGI,    INTERCEPT_CLGI,    INTERCEPT_SKINIT,
		INTERCEPT_MONITOR, INTERCEPT_MWAIT,
	};

	for (unsigned i = 0; i < ARRAY_SIZE(wanted); i++)
		svm_intercept(b, wanted[i], true);
	b->control.intercept[VMCB_INTERCEPT_EXCEPTION] = ENDLESS_EXCEPTIONS;
	if (!svm_features.lax)
		return;
	svm_intercept(b, INTERCEPT_CR0_SEL, true);
	b->control.intercept[VMCB_INTERCEPT_CR] |= VMCB_INTERCEPT_CR_WRITE(4);
	for (unsigned n = 4; n < 8; n++)
		b->control.intercept[VMCB_INTERCEPT_DR] |= VMCB_INTERCEPT_DR_WRITE(n);
}

static bool svm_vcpu_create(struct vcpu *v)
{
	struct svm_vcpu *s = alloc_pages((sizeof(*s) + PAGE_SIZE - 1) / PAGE_SIZE);
	struct vmcb_control *c;

	if (!s)
		return false;
	v->vendor = s;
	s->vmcb_pa = machine_hpa(&s->vmcb).v;
	set_msr_map();
	set_intercepts(&s->vmcb);
	c = &s->vmcb.control;
	c->iopm_pa = machine_hpa(iopm).v;
	c->msrpm_pa = machine_hpa(msrpm).v;
	c->asid = v->index + 1; /* 0 is the host's */
	c->np_enable = VMCB_NP_ENABLE;
	c->n_cr3 = v->partition->gpa.root;
	c->virtual_interrupt = VMCB_V_MASKING;
	svm_flush(v);
	return true;
}

static void start_segments(struct vmcb *b, const struct vcpu_start *start)
{
	const struct segment data = { 0, 0xffffffff, 0x18, 0xc093 };
	const struct segment code = { 0, 0xffffffff, 0x10, start->long_mode ? 0xa09b : 0xc09b };
	const struct segment task = { 0, 0xffff, 0, 0x8b }, none = { 0, 0xffff, 0, 0x82 };
	const struct segment gdt = { start->gdt.v, 0x1f, 0, 0 }, idt = { 0, 0, 0, 0 };

	svm_write_segment(b, VSEG_CS, &code);
	svm_write_segment(b, VSEG_SS, &data);
	svm_write_segment(b, VSEG_DS, &data);
	svm_write_segment(b, VSEG_ES, &data);
	svm_write_segment(b, VSEG_FS, &data);
	svm_write_segment(b, VSEG_GS, &data);
	svm_write_segment(b, VSEG_TR, &task);
	svm_write_segment(b, VSEG_LDTR, &none);
	svm_write_segment(b, VSEG_GDTR, &gdt);
	svm_write_segment(b, VSEG_IDTR, &idt);
}

static void svm_vcpu_start(struct vcpu *v, const struct vcpu_start *start)
{
	struct svm_vcpu *s = svm_of(v);
	struct vmcb_save *save = &s->vmcb.save;

	memset(save, 0, sizeof(*save));
	memset(vcpu_regs_to_write(v), 0, sizeof(v->regs));
	start_segments(&s->vmcb, start);
	save->cr0 = CR0_PE | CR0_ET | CR0_NE | (start->long_mode ? CR0_PG | CR0_WP : 0);
	save->cr3 = start->long_mode ? start->cr3 : 0;
	save->cr4 = start->long_mode ? CR4_PAE : 0;
	save->efer = EFER_SVME | (start->long_mode ? EFER_LME | EFER_LMA | EFER_NXE : 0);
	save->pat = PAT_RESET;
	save->dr6 = DR6_RESET;
	save->dr7 = DR7_RESET;
	save->rflags = RFLAGS_ONE;
	save->rip = start->rip;
	save->rsp = start->rsp;
	save->rax = v->regs.rax = start->rax;
	v->regs.rbx = start->rbx;
	v->regs.rsi = start->rsi;
	/* FS, GS, TR, LDTR and the system call MSRs go into the processor now and stay there. */
	svm_vmload(s->vmcb_pa);
	svm_flush(v);
}

static void reset_debug_registers(struct vmcb_save *save)
{
	cpu_write_dr0(0);
	cpu_write_dr1(0);
	cpu_write_dr2(0);
	cpu_write_dr3(0);
	save->dr6 = DR6_RESET;
	save->dr7 = DR7_RESET;
}

/*
 * SDM table 10-1, APM table 14-1: what INIT leaves. FPU, XMM and the TSC stay; so do the MSRs, which
 * the guest's software sets up.
 */
static void svm_vcpu_init(struct vcpu *v)
{
	const struct segment code = { 0xffff0000, 0xffff, 0xf000, 0x9b };
	const struct segment data = { 0, 0xffff, 0, 0x93 }, table = { 0, 0xffff, 0, 0 };
	const struct segment task = { 0, 0xffff, 0, 0x8b }, none = { 0, 0xffff, 0, 0x82 };
	struct svm_vcpu *s = svm_of(v);
	struct vmcb_save *save = &s->vmcb.save;
	struct cpuid_regs id;

	svm_step_cancel(v);
	memset(vcpu_regs_to_write(v), 0, sizeof(v->regs));
	svm_vmsave(s->vmcb_pa);
	svm_write_segment(&s->vmcb, VSEG_CS, &code);
	for (enum vseg seg = VSEG_ES; seg <= VSEG_GS; seg++)
		if (seg != VSEG_CS)
			svm_write_segment(&s->vmcb, seg, &data);
	svm_write_segment(&s->vmcb, VSEG_TR, &task);
	svm_write_segment(&s->vmcb, VSEG_LDTR, &none);
	svm_write_segment(&s->vmcb, VSEG_GDTR, &table);
	svm_write_segment(&s->vmcb, VSEG_IDTR, &table);
	/* Caching as it was (SDM table 10-1, note 2). */
	save->cr0 = (save->cr0 & (CR0_CD | CR0_NW)) | CR0_ET;
	save->cr2 = save->cr3 = save->cr4 = 0;
	save->efer = EFER_SVME;
	reset_debug_registers(save);
	save->rflags = RFLAGS_ONE;
	save->rip = 0xfff0;
	save->rsp = save->rax = 0;
	cpu_cpuid(1, 0, &id);
	v->regs.rdx = id.eax; /* the processor signature */
	s->vmcb.control.event = 0;
	s->vmcb.control.interrupt_shadow = 0;
	s->nmi_blocked = false;
	svm_intercept(&s->vmcb, INTERCEPT_IRET, false);
	svm_vmload(s->vmcb_pa);
	svm_flush(v);
}

/* Registers may have been written since INIT, but it begins at CPL 0, which SS brings. */
static void svm_vcpu_start_up(struct vcpu *v, u8 vector)
{
	const struct segment code = { (u64)vector << 12, 0xffff, (u16)(vector << 8), 0x9b };
	const struct segment stack = { 0, 0xffff, 0, 0x93 };
	struct vmcb *b = &svm_of(v)->vmcb;

	svm_write_segment(b, VSEG_CS, &code);
	svm_write_segment(b, VSEG_SS, &stack);
	b->save.rip = 0;
}

static bool svm_vcpu_load(struct vcpu *v, const struct vcpu_context *c)
{
	struct svm_vcpu *s = svm_of(v);
	struct vmcb_save before;

	svm_step_cancel(v);
	if (!svm_context_valid(v, c))
		return false;
	svm_vmsave(s->vmcb_pa);
	before = s->vmcb.save;
	svm_write_context(&s->vmcb, c);
	if (svm_check_vmcb(&s->vmcb, cpu_cr4_supported(), cpu_efer_supported(),
			   machine_physical_address_bits())) {
		s->vmcb.save = before;
		return false;
	}
	svm_vmload(s->vmcb_pa);
	svm_flush(v);
	return true;
}

/*
 * GIF is 0 whenever the hypervisor runs and makes up for IF, which stays set: with V_INTR_MASKING,
 * it is the host's IF that lets a physical interrupt make the guest exit (APM 15.21.1).
 */
static _Noreturn void svm_vcpu_run(struct vcpu *v)
{
	asm volatile("clgi; sti");
	interrupt_service(v);
	svm_of(v)->vmcb.save.rax = v->regs.rax;
	svm_enter(v, svm_of(v)->vmcb_pa);
}

void svm_flush(struct vcpu *v)
{
	svm_of(v)->vmcb.control.tlb_control = svm_features.flush_by_asid ? VMCB_TLB_FLUSH_ASID
									 : VMCB_TLB_FLUSH_ALL;
}

/* ---- events ---- */

/* An event may be injected: none is, no shadow holds it back, and no step would be part of it. */
static bool is_free(const struct svm_vcpu *s)
{
	const struct vmcb_control *c = &s->vmcb.control;

	return !(c->interrupt_shadow & VMCB_INTERRUPT_SHADOW) && !(c->event & VMCB_EVENT_VALID) &&
	       !s->step;
}

static bool interrupt_open(struct vcpu *v)
{
	const struct vmcb *b = &svm_of(v)->vmcb;

	return b->save.rflags & RFLAGS_IF && is_free(svm_of(v));
}

/*
 * Where processors repeat interrupts: a software interrupt they do not, but that needs the right to
 * use the gate. Right behind any other comes an exit, see set_window().
 */
void svm_inject_interrupt(struct vcpu *v, u8 vector)
{
	struct svm_vcpu *s = svm_of(v);
	const bool soft = svm_features.repeats && !s->vmcb.save.cpl;
	const u32 type = soft ? EVENT_SOFT_INTERRUPT : EVENT_INTERRUPT;

	trace(v, TRACE_INJECT, vector, 0, 0);
	s->injected = VMCB_EVENT_VALID | type << VMCB_EVENT_TYPE_SHIFT | vector;
	s->injected_exit = v->exits + 1;
	s->vmcb.control.event = s->injected;
}

bool svm_was_interrupt(const struct vcpu *v, u32 exit_event)
{
	const struct svm_vcpu *s = v->vendor;

	return exit_event == s->injected && v->exits == s->injected_exit;
}

static bool nmi_open(struct vcpu *v)
{
	const struct svm_vcpu *s = svm_of(v);

	return !s->nmi_blocked && is_free(s);
}

/* From here to its IRET the guest takes no other (APM 8.2.3); the processor does not count it. */
static void inject_nmi(struct vcpu *v)
{
	struct svm_vcpu *s = svm_of(v);

	trace(v, TRACE_INJECT, VECTOR_NMI, 0, 0);
	s->vmcb.control.event =
		VMCB_EVENT_VALID | EVENT_NMI << VMCB_EVENT_TYPE_SHIFT | VECTOR_NMI;
	s->nmi_blocked = true;
	svm_intercept(&s->vmcb, INTERCEPT_IRET, true);
}

/*
 * An event that is injected first has an NMI of the processor's own behind it: it exits as soon as
 * the handler is reached. The end of a shadow has no exit but a trap.
 */
static void open_nmi_window(struct vcpu *v)
{
	struct svm_vcpu *s = svm_of(v);

	if (s->vmcb.control.event & VMCB_EVENT_VALID)
		vcpu_kick(v);
	else if (!s->step)
		svm_step(v, SVM_STEP_TO_NMI);
}

/* An interrupt is injected that the processor may repeat. */
static bool is_repeated(const struct vmcb_control *c)
{
	const u32 type = VMCB_EVENT_VALID | VMCB_EVENT_TYPE;

	return svm_features.repeats &&
	       (c->event & type) == (VMCB_EVENT_VALID | EVENT_INTERRUPT << VMCB_EVENT_TYPE_SHIFT);
}

/* Most of the time nothing was set before, and nothing is to be. */
static inline bool is_quiet(const struct svm_vcpu *s, const struct virt_window *w)
{
	return !s->window && !w->interrupt && !w->nmi && !w->priority &&
	       !is_repeated(&s->vmcb.control);
}

/*
 * A virtual interrupt that nothing masks but IF and the shadow exits when it would be taken. MOV to
 * CR8 exits too meanwhile: some emulators do not survive one that unmasks a virtual interrupt.
 * An NMI's window is the IRET of the one before, which exits anyway, or comes soon.
 */
static void set_window(struct vcpu *v, const struct virt_window *w)
{
	struct svm_vcpu *s = svm_of(v);
	struct vmcb_control *c = &s->vmcb.control;
	const u32 cr8 = VMCB_INTERCEPT_CR_WRITE(8);

	if (is_quiet(s, w))
		return;
	s->window = w->interrupt || w->priority;
	if (svm_features.forgets && c->virtual_interrupt & VMCB_V_IRQ)
		irq_look_again();
	c->virtual_interrupt &= VMCB_V_TPR | VMCB_V_MASKING;
	if (w->interrupt)
		c->virtual_interrupt |= VMCB_V_IRQ | VMCB_V_PRIORITY | VMCB_V_IGNORE_TPR;
	svm_intercept(&s->vmcb, INTERCEPT_VINTR, w->interrupt);
	if (s->window)
		c->intercept[VMCB_INTERCEPT_CR] |= cr8;
	else
		c->intercept[VMCB_INTERCEPT_CR] &= ~cr8;
	if (is_repeated(c))
		vcpu_kick_at_once(v); /* an exit right behind it leaves no time for that */
	if (w->nmi && !s->nmi_blocked)
		open_nmi_window(v);
}

/* CR8 has the upper half; the lower one is what was last written to the register. */
static u8 get_tpr(const struct vcpu *v)
{
	const struct svm_vcpu *s = v->vendor;
	const u8 class = (u8)(s->vmcb.control.virtual_interrupt & 0xf),
		 last = (u8)*lapic_reg(&v->lapic, LAPIC_TPR);

	return last >> 4 == class ? last : (u8)(class << 4);
}

static void set_tpr(struct vcpu *v, u8 tpr)
{
	struct vmcb_control *c = &svm_of(v)->vmcb.control;

	c->virtual_interrupt = (c->virtual_interrupt & ~VMCB_V_TPR) | tpr >> 4;
}

/* There is no right to read without one to execute or the reverse; a present entry is readable. */
static u64 npt_leaf(hpa_t hpa, unsigned level, u32 rights, enum npt_type type)
{
	if (!rights)
		return 0;
	return hpa.v | NPT_P | NPT_US | (rights & NPT_W ? NPT_RW : 0) |
	       (rights & NPT_X ? 0 : NPT_NX) | (type == NPT_UC ? NPT_UNCACHED : 0) |
	       (level > 1 ? NPT_PS : 0);
}

static u64 npt_table(hpa_t table)
{
	return table.v | NPT_P | NPT_RW | NPT_US;
}

static const void *no_apic_page(void)
{
	return NULL;
}

static bool npt_has_1g(void)
{
	return cpu_has(CPU_PAGE1GB);
}

static void intercept_ports(struct partition *p, u16 port, u32 count, bool on)
{
	(void)p;
	for (u32 i = port; i < port + count && i < PORTS; i++) {
		iopm[i / 8] &= (u8)~(1u << i % 8);
		iopm[i / 8] |= (u8)(on << i % 8);
	}
}

static void set_tsc_offset(struct vcpu *v, u64 offset)
{
	svm_of(v)->vmcb.control.tsc_offset = offset;
}

/*
 * The two MSRs of supervisor shadow stacks that VMRUN and exits exchange; NULL: the MSR is none, or
 * this processor has none.
 */
static u64 *shadow_stack_msr(struct vcpu *v, u32 msr)
{
	struct vmcb_save *s = &svm_of(v)->vmcb.save;

	if (!cpu_has(CPU_CET_SS))
		return NULL;
	return msr == MSR_S_CET ? &s->s_cet : msr == MSR_ISST ? &s->isst : NULL;
}

static enum virt_msr read_shadow_stack(struct vcpu *v, u32 msr, u64 *value)
{
	const u64 *place = shadow_stack_msr(v, msr);

	if (!place)
		return VIRT_MSR_NOT_MINE;
	*value = *place;
	return VIRT_MSR_DONE;
}

static enum virt_msr write_shadow_stack(struct vcpu *v, u32 msr, u64 value)
{
	const bool la57 = svm_of(v)->vmcb.save.cr4 & CR4_LA57;
	u64 *place = shadow_stack_msr(v, msr);

	if (!place)
		return VIRT_MSR_NOT_MINE;
	if (msr == MSR_S_CET ? !reg_s_cet_valid(value) : !reg_canonical(value, la57))
		return VIRT_MSR_FAULT;
	*place = value;
	return VIRT_MSR_DONE;
}

static enum virt_msr msr_read(struct vcpu *v, u32 msr, u64 *value)
{
	switch (msr) {
	case MSR_EFER:
		*value = svm_get_reg(v, VREG_EFER);
		return VIRT_MSR_DONE;
	case MSR_PAT:
		*value = svm_of(v)->vmcb.save.pat;
		return VIRT_MSR_DONE;
	case MSR_VM_CR:
		*value = VM_CR_SVMDIS | VM_CR_LOCK;
		return VIRT_MSR_DONE;
	case MSR_S_CET:
	case MSR_ISST:
		return read_shadow_stack(v, msr, value);
	default:
		return VIRT_MSR_NOT_MINE;
	}
}

static enum virt_msr msr_write(struct vcpu *v, u32 msr, u64 value)
{
	switch (msr) {
	case MSR_EFER: /* LMA is the processor's: a write does not change it */
		value = (value & ~EFER_LMA) | (svm_get_reg(v, VREG_EFER) & EFER_LMA);
		return svm_set_reg(v, VREG_EFER, value) ? VIRT_MSR_DONE : VIRT_MSR_FAULT;
	case MSR_PAT:
		return svm_set_reg(v, VREG_PAT, value) ? VIRT_MSR_DONE : VIRT_MSR_FAULT;
	case MSR_VM_CR:
		return VIRT_MSR_FAULT;
	case MSR_S_CET:
	case MSR_ISST:
		return write_shadow_stack(v, msr, value);
	default:
		return VIRT_MSR_NOT_MINE;
	}
}

static void explain(struct vcpu *v, struct text *out)
{
	const struct vmcb *b = &svm_of(v)->vmcb;
	const char *failed = (u32)b->control.exit_code != SVM_EXIT_INVALID
				     ? NULL
				     : svm_check_vmcb(b, cpu_cr4_supported(), cpu_efer_supported(),
						      machine_physical_address_bits());

	svm_explain(b, failed, out);
}

const struct virt svm_virt = {
	.name = "SVM",
	.call_opcode = { 0x0f, 0x01, 0xd9 }, /* VMMCALL */
	.probe = probe,
	.cpu_enable = cpu_enable,
	.vcpu_create = svm_vcpu_create,
	.vcpu_start = svm_vcpu_start,
	.vcpu_run = svm_vcpu_run,
	.exit = svm_exit,
	.get_reg = svm_get_reg,
	.set_reg = svm_set_reg,
	.get_code = svm_get_code,
	.get_segment = svm_get_segment,
	.set_segment = svm_set_segment,
	.flush_gva = svm_flush,
	.flush_gpa = svm_flush,
	.interrupt_open = interrupt_open,
	.nmi_open = nmi_open,
	.inject_interrupt = svm_inject_interrupt,
	.inject_nmi = inject_nmi,
	.skip = svm_skip,
	.trap = svm_trap,
	.let_in = svm_let_in,
	.wait = svm_wait,
	.set_window = set_window,
	.get_tpr = get_tpr,
	.set_tpr = set_tpr,
	.vcpu_init = svm_vcpu_init,
	.vcpu_start_up = svm_vcpu_start_up,
	.vcpu_load = svm_vcpu_load,
	.npt_leaf = npt_leaf,
	.npt_table = npt_table,
	.npt_has_1g = npt_has_1g,
	.apic_page = no_apic_page,
	.intercept_ports = intercept_ports,
	.set_tsc_offset = set_tsc_offset,
	.can_refuse_stores = svm_can_refuse_stores,
	.refuse_stores = svm_refuse_stores,
	.msr_read = msr_read,
	.msr_write = msr_write,
	.explain = explain,
};
