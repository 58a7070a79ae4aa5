/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Turns VMX on, fills VMCSs, and answers virt.h in all that is neither exit nor register. */
#include "vmx.h"
#include "alloc.h"
#include "cpu.h"
#include "hw_msr.h"
#include "idt.h"
#include "interrupt.h"
#include "lapic.h"
#include "machine.h"
#include "paging.h"
#include "percpu.h"
#include "panic.h"
#include "partition.h"
#include "string.h"
#include "text.h"
#include "trace.h"
#include "virt.h"

#define STACK_PAGES 4
#define FEATURE_CONTROL_LOCKED 1ull
#define FEATURE_CONTROL_VMXON 4ull
#define EXCEPTIONS 32
#define GATE_BYTES 16
#define GATE_IST_SHIFT 32
#define TSS_LIMIT 0x67
#define TSS_IST1 0x24
#define NMI_STACK_TOP PAGE_SIZE

#define PORTS 0x10000u
#define EPT_TYPE_SHIFT 3
#define EPT_LARGE (1ull << 7)
#define EPT_TYPE_WB 6ull

struct vmx_caps vmx_caps;

static u64 *host_idt; /* (c) the hypervisor's own gates, but for NMIs, which have a stack */

/*
 * Bit n set: the port, or the MSR, exits. The root's, shared by its VPs: both say what the
 * machine's devices and registers allow. MSR bitmap: reads of 0 to 0x1fff, reads of 0xc0000000 up,
 * then the same for writes, 1 KiB each (SDM 25.6.9).
 */
static u8 io_bitmap[PORTS / 8] __attribute__((aligned(PAGE_SIZE)));
static u8 msr_bitmap[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

/* Instructions of SDM chapter 31: CF or ZF set says that they failed. */
static bool vmxon(hpa_t region)
{
	bool failed;

	asm volatile("vmxon %1" : "=@ccbe"(failed) : "m"(region.v) : "memory");
	return !failed;
}

static bool vmclear(hpa_t region)
{
	bool failed;

	asm volatile("vmclear %1" : "=@ccbe"(failed) : "m"(region.v) : "memory");
	return !failed;
}

static bool vmptrld(hpa_t region)
{
	bool failed;

	asm volatile("vmptrld %1" : "=@ccbe"(failed) : "m"(region.v) : "memory");
	return !failed;
}

static bool invvpid(u64 type, u16 vpid)
{
	u64 descriptor[2] = { vpid, 0 };
	bool failed;

	asm volatile("invvpid %1, %2" : "=@ccbe"(failed) : "m"(descriptor), "r"(type) : "memory");
	return !failed;
}

static bool invept(u64 type, u64 eptp)
{
	u64 descriptor[2] = { eptp, 0 };
	bool failed;

	asm volatile("invept %1, %2" : "=@ccbe"(failed) : "m"(descriptor), "r"(type) : "memory");
	return !failed;
}

#define SINGLE_CONTEXT 1

_Noreturn void vmwrite_failed(struct vmcs_field field, u64 value)
{
	panic("VMWRITE of 0x%lx to VMCS field 0x%x failed", value, field.encoding);
}

static void read_caps(struct vmx_caps *c)
{
	struct cpuid_regs sizes;
	bool true_controls;

	c->basic = cpu_rdmsr(MSR_VMX_BASIC);
	true_controls = c->basic & VMX_BASIC_TRUE_CONTROLS;
	c->pin = cpu_rdmsr(true_controls ? MSR_VMX_TRUE_PINBASED_CTLS : MSR_VMX_PINBASED_CTLS);
	c->processor =
		cpu_rdmsr(true_controls ? MSR_VMX_TRUE_PROCBASED_CTLS : MSR_VMX_PROCBASED_CTLS);
	c->exit = cpu_rdmsr(true_controls ? MSR_VMX_TRUE_EXIT_CTLS : MSR_VMX_EXIT_CTLS);
	c->entry = cpu_rdmsr(true_controls ? MSR_VMX_TRUE_ENTRY_CTLS : MSR_VMX_ENTRY_CTLS);
	c->misc = cpu_rdmsr(MSR_VMX_MISC);
	c->cr0_fixed0 = cpu_rdmsr(MSR_VMX_CR0_FIXED0);
	c->cr0_fixed1 = cpu_rdmsr(MSR_VMX_CR0_FIXED1);
	c->cr4_fixed0 = cpu_rdmsr(MSR_VMX_CR4_FIXED0);
	c->cr4_fixed1 = cpu_rdmsr(MSR_VMX_CR4_FIXED1);
	/* Each of the last two exists only when the one before says so (SDM A.3.3, A.10). */
	if (c->processor >> 32 & PROC_SECONDARY)
		c->secondary = cpu_rdmsr(MSR_VMX_PROCBASED_CTLS2);
	if (c->secondary >> 32 & (PROC2_EPT | PROC2_VPID))
		c->ept_vpid = cpu_rdmsr(MSR_VMX_EPT_VPID_CAP);
	cpu_cpuid(0x80000008, 0, &sizes);
	c->physical_bits = sizes.eax & 0xff;
	c->linear_bits = sizes.eax >> 8 & 0xff;
}

static bool probe(struct text *missing)
{
	struct vmx_caps caps = { 0 };
	size_t length = missing->len;

	if (!cpu_has(CPU_VMX)) {
		text_printf(missing, "VMX (virtual machine extensions)");
		return false;
	}
	read_caps(&caps);
	vmx_explain_missing(&caps, missing);
	vmx_caps = caps;
	if (missing->len != length)
		return false;
	vmx_apic_choose();
	return true;
}

/*
 * Firmware may have forbidden VMX for good; if it left the choice open, allow it and lock that (SDM
 * 24.7).
 */
static bool unlock(struct text *why)
{
	u64 control = cpu_rdmsr(MSR_FEATURE_CONTROL);

	if (control & FEATURE_CONTROL_VMXON)
		return true;
	if (control & FEATURE_CONTROL_LOCKED) {
		text_printf(why,
			    "the firmware disabled VMX (IA32_FEATURE_CONTROL is locked at 0x%lx)",
			    control);
		return false;
	}
	cpu_wrmsr(MSR_FEATURE_CONTROL, control | FEATURE_CONTROL_VMXON | FEATURE_CONTROL_LOCKED);
	return true;
}

/*
 * An NMI in root mode may come between any two instructions of entry.S, where RSP points into
 * struct vcpu: it needs a stack of its own, and a handler that reaches the current VMCS, so that
 * none is forgotten between the last look and VM entry.
 */
static bool build_host_tables(struct cpu *cpu)
{
	u64 stub = (u64)(uintptr_t)vmx_nmi_stub, stack = (u64)(uintptr_t)alloc_page();

	if (!stack)
		return false;
	stack += NMI_STACK_TOP;
	memcpy(cpu->tss + TSS_IST1, &stack, sizeof(stack));
	if (host_idt)
		return true;
	host_idt = alloc_page();
	if (!host_idt)
		return false;
	memcpy(host_idt, (const void *)(uintptr_t)idt_base(), EXCEPTIONS * GATE_BYTES);
	host_idt[2 * VECTOR_NMI] = (stub & 0xffff) | (u64)HOST_CS << 16 | 1ull << GATE_IST_SHIFT |
				   0x8eull << 40 | (stub >> 16 & 0xffff) << 48;
	host_idt[2 * VECTOR_NMI + 1] = stub >> 32;
	return true;
}

static bool cpu_enable(struct text *why)
{
	u32 *region = alloc_page();
	/* Exits leave CD and NW alone, so the root would run with what firmware left there. */
	u64 cr0 = (cpu_read_cr0() | vmx_caps.cr0_fixed0 | CR0_NE) & vmx_caps.cr0_fixed1 &
		  ~(CR0_CD | CR0_NW);

	if (!region || !build_host_tables(cpu_self())) {
		text_printf(why, "out of memory");
		return false;
	}
	if (!unlock(why))
		return false;
	cpu_write_cr0(cr0);
	cpu_write_cr4((cpu_read_cr4() | CR4_VMXE | vmx_caps.cr4_fixed0) & vmx_caps.cr4_fixed1);
	*region = (u32)vmx_caps.basic & 0x7fffffff;
	if (vmxon(machine_hpa(region)))
		return true;
	text_printf(why, "VMXON failed");
	return false;
}

void vmx_load(struct vmx_vcpu *x)
{
	struct cpu *cpu = cpu_self();

	if (cpu->vendor == x)
		return;
	hv_assert(vmptrld(machine_hpa(x->vmcs)));
	cpu->vendor = x;
}

/* The bits asked for, those the processor insists on, and of the optional ones what it has. */
static u32 adjust(u64 capability, u32 required, u32 optional)
{
	u32 allowed = (u32)(capability >> 32);

	hv_assert((required & ~allowed) == 0); /* probe looked */
	return required | (optional & allowed) | (u32)capability;
}

static void set_msr_bitmap(void)
{
	for (u32 n = 0; n < 0x2000; n++) {
		u8 bit = 1u << (n & 7);
		u32 high = 0xc0000000 + n;

		msr_bitmap[n / 8] |= hw_msr_open(n, false) ? 0 : bit;
		msr_bitmap[0x400 + n / 8] |= hw_msr_open(high, false) ? 0 : bit;
		msr_bitmap[0x800 + n / 8] |= hw_msr_open(n, true) ? 0 : bit;
		msr_bitmap[0xc00 + n / 8] |= hw_msr_open(high, true) ? 0 : bit;
	}
	vmx_apic_set_bitmaps(msr_bitmap);
}

/*
 * Interrupts and NMIs exit: the first are given to the virtual APIC, the second may be another
 * processor's kick. With the TPR shadow, CR8 is the virtual APIC's register without an exit.
 */
static void set_execution_controls(struct vmx_vcpu *x)
{
	u32 secondary = PROC2_EPT | PROC2_UNRESTRICTED_GUEST | (x->vpid ? PROC2_VPID : 0);

	x->processor_controls = adjust(vmx_caps.processor,
				       PROC_TSC_OFFSETTING | PROC_HLT | PROC_MWAIT |
					       PROC_MONITOR | PROC_RDPMC | PROC_IO_BITMAPS |
					       PROC_MSR_BITMAPS | PROC_TPR_SHADOW |
					       PROC_SECONDARY,
				       0);
	x->pin_controls = adjust(vmx_caps.pin,
				 PIN_EXTERNAL_INTERRUPT | PIN_NMI | PIN_VIRTUAL_NMIS, 0);
	vmwrite(vmcs_pin_controls, x->pin_controls);
	vmwrite(vmcs_preemption_timer, 0);
	vmwrite(vmcs_processor_controls, x->processor_controls);
	vmwrite(vmcs_virtual_apic_address, machine_hpa(x->v->lapic.page).v);
	vmwrite(vmcs_tpr_threshold, 0);
	x->secondary_controls =
		adjust(vmx_caps.secondary, secondary,
		       PROC2_RDTSCP | PROC2_INVPCID | PROC2_ENCLS | PROC2_XSAVES |
			       PROC2_USER_WAIT);
	vmwrite(vmcs_secondary_controls, x->secondary_controls);
	vmwrite(vmcs_exception_bitmap, ENDLESS_EXCEPTIONS);
	vmwrite(vmcs_page_fault_error_mask, 0);
	vmwrite(vmcs_page_fault_error_match, 0);
	vmwrite(vmcs_cr3_target_count, 0);
	vmwrite(vmcs_io_bitmap_a, machine_hpa(io_bitmap).v);
	vmwrite(vmcs_io_bitmap_b, machine_hpa(io_bitmap + PAGE_SIZE).v);
	vmwrite(vmcs_msr_bitmap, machine_hpa(msr_bitmap).v);
	vmwrite(vmcs_tsc_offset, x->v->tsc_offset);
	if (x->vpid)
		vmwrite(vmcs_vpid, x->vpid);
	if (x->secondary_controls & PROC2_ENCLS)
		vmwrite(vmcs_encls_exiting_bitmap, ~0ull);
	if (x->secondary_controls & PROC2_XSAVES)
		vmwrite(vmcs_xss_exiting_bitmap, 0);
	vmx_apic_start();
}

static u64 ept_pointer(const struct partition *p)
{
	u64 flags = EPT_TYPE_WB | 3 << 3; /* a walk of four levels */

	return p->gpa.root | flags | (vmx_caps.ept_vpid & EPT_CAP_AD ? 1 << 6 : 0);
}

/*
 * The guest owns every bit of CR0 and CR4 except those that VMX needs, which read as it wrote them;
 * VMXE, SMXE and what is not known here, which read as 0; and caching, which the hypervisor would
 * have to do without, too.
 */
static void set_memory_controls(struct vmx_vcpu *x)
{
	vmwrite(vmcs_ept_pointer, ept_pointer(x->v->partition));
	vmwrite(vmcs_cr0_guest_host_mask, CR0_HOST);
	vmwrite(vmcs_cr4_guest_host_mask, ~cpu_cr4_supported() | vmx_caps.cr4_fixed0);
	vmwrite(vmcs_cr4_read_shadow, 0);
}

static void set_transition_controls(void)
{
	vmwrite(vmcs_exit_controls, adjust(vmx_caps.exit,
					   EXIT_SAVE_DEBUG | EXIT_HOST_64 |
						   EXIT_SAVE_PAT |
						   EXIT_LOAD_PAT | EXIT_SAVE_EFER | EXIT_LOAD_EFER,
					   0));
	vmwrite(vmcs_entry_controls,
		adjust(vmx_caps.entry, ENTRY_LOAD_DEBUG | ENTRY_LOAD_PAT | ENTRY_LOAD_EFER, 0));
	vmwrite(vmcs_exit_msr_store_count, 0);
	vmwrite(vmcs_exit_msr_load_count, 0);
	vmwrite(vmcs_entry_msr_load_count, 0);
	vmwrite(vmcs_entry_interruption_information, 0);
}

static void set_host_state(struct vcpu *v)
{
	vmwrite(vmcs_host_cr0, cpu_read_cr0());
	vmwrite(vmcs_host_cr3, paging_cr3());
	vmwrite(vmcs_host_cr4, cpu_read_cr4());
	vmwrite(vmcs_host_pat, cpu_rdmsr(MSR_PAT));
	vmwrite(vmcs_host_efer, cpu_rdmsr(MSR_EFER));
	vmwrite(vmcs_host_cs_selector, HOST_CS);
	vmwrite(vmcs_host_ss_selector, HOST_DS);
	vmwrite(vmcs_host_ds_selector, HOST_DS);
	vmwrite(vmcs_host_es_selector, HOST_DS);
	vmwrite(vmcs_host_fs_selector, 0);
	vmwrite(vmcs_host_gs_selector, 0);
	vmwrite(vmcs_host_tr_selector, HOST_TR);
	vmwrite(vmcs_host_fs_base, 0);
	vmwrite(vmcs_host_gs_base, 0);
	vmwrite(vmcs_host_tr_base, (u64)(uintptr_t)cpu_self()->tss);
	vmwrite(vmcs_host_gdtr_base, (u64)(uintptr_t)cpu_self()->gdt);
	vmwrite(vmcs_host_idtr_base, (u64)(uintptr_t)host_idt);
	vmwrite(vmcs_host_sysenter_cs, 0);
	vmwrite(vmcs_host_sysenter_esp, 0);
	vmwrite(vmcs_host_sysenter_eip, 0);
	/* entry.S pushes the registers from here down, into their places in *v. */
	vmwrite(vmcs_host_rsp, (u64)(uintptr_t)(&v->regs + 1));
	vmwrite(vmcs_host_rip, (u64)(uintptr_t)vmx_exit_stub);
}

/* MSRs after RESET: INIT leaves them alone. */
static void reset_msrs(void)
{
	vmwrite(vmcs_guest_pat, PAT_RESET);
	vmwrite(vmcs_guest_debugctl, 0);
	vmwrite(vmcs_guest_sysenter_cs, 0);
	vmwrite(vmcs_guest_sysenter_esp, 0);
	vmwrite(vmcs_guest_sysenter_eip, 0);
	vmwrite(vmcs_link_pointer, ~0ull);
}

static bool vmx_vcpu_create(struct vcpu *v)
{
	u8 *stack = alloc_pages(STACK_PAGES);
	u32 *vmcs = alloc_page();
	struct vmx_vcpu *x;

	if (!stack || !vmcs)
		return false;
	x = (struct vmx_vcpu *)(stack + STACK_PAGES * PAGE_SIZE) - 1;
	*x = (struct vmx_vcpu){
		.v = v, .vmcs = vmcs, .flush_wanted = 1, .flush_gva = true, .flush_gpa = true
	};
	if (vmx_caps.secondary >> 32 & PROC2_VPID && vmx_caps.ept_vpid & VPID_CAP_INVVPID_SINGLE)
		x->vpid = (u16)(v->index + 1);
	v->vendor = x;
	*vmcs = (u32)vmx_caps.basic & 0x7fffffff;
	hv_assert(vmclear(machine_hpa(vmcs)));
	vmx_load(x);
	set_msr_bitmap();
	set_execution_controls(x);
	set_memory_controls(x);
	set_transition_controls();
	set_host_state(v);
	reset_msrs();
	return true;
}

/* What INIT changes, too (SDM table 10-1), but in 64-bit or in flat 32-bit mode. */
static void start_registers(struct vcpu *v, const struct vcpu_start *start)
{
	u64 lma = start->long_mode ? EFER_LME | EFER_LMA : 0;
	u64 cr0 = CR0_PE | CR0_ET | (start->long_mode ? CR0_PG : 0);
	u64 controls = vmread(vmcs_entry_controls) & ~(u64)ENTRY_IA32E_GUEST;

	v->regs = (struct vcpu_regs){ .rax = start->rax, .rbx = start->rbx, .rsi = start->rsi };
	vmwrite(vmcs_entry_controls, controls | (start->long_mode ? ENTRY_IA32E_GUEST : 0));
	vmwrite(vmcs_guest_cr0, cr0 | CR0_NE);
	vmwrite(vmcs_cr0_read_shadow, cr0);
	vmwrite(vmcs_guest_cr3, start->long_mode ? start->cr3 : 0);
	vmwrite(vmcs_guest_cr4, vmx_caps.cr4_fixed0 | (start->long_mode ? CR4_PAE : 0));
	vmwrite(vmcs_guest_efer, lma);
	vmwrite(vmcs_guest_dr7, DR7_RESET);
	vmwrite(vmcs_guest_rsp, start->rsp);
	vmwrite(vmcs_guest_rip, start->rip);
	vmwrite(vmcs_guest_rflags, RFLAGS_ONE);
	vmwrite(vmcs_guest_pending_debug, 0);
	vmwrite(vmcs_guest_interruptibility, 0);
	vmwrite(vmcs_guest_activity, 0);
	vmwrite(vmcs_entry_interruption_information, 0);
	virt->flush_gva(v);
}

static void vmx_vcpu_start(struct vcpu *v, const struct vcpu_start *start)
{
	const struct segment code = { 0, ~0u, 0x10, start->long_mode ? 0xa09b : 0xc09b };
	const struct segment data = { 0, ~0u, 0x18, 0xc093 };
	const struct segment gdtr = { start->gdt.v, 0x1f, 0, 0 }, idtr = { 0, 0xffff, 0, 0 };
	const struct segment tr = { 0, 0xffff, 0, 0x8b }, ldtr = { 0, 0xffff, 0, 0x82 };

	vmx_load(v->vendor);
	start_registers(v, start);
	for (enum vseg s = VSEG_ES; s <= VSEG_GS; s++)
		vmx_write_segment(s, s == VSEG_CS ? &code : &data);
	vmx_write_segment(VSEG_GDTR, &gdtr);
	vmx_write_segment(VSEG_IDTR, &idtr);
	vmx_write_segment(VSEG_TR, &tr);
	vmx_write_segment(VSEG_LDTR, &ldtr);
}

static void reset_debug_registers(void)
{
	cpu_write_dr0(0);
	cpu_write_dr1(0);
	cpu_write_dr2(0);
	cpu_write_dr3(0);
	cpu_write_dr6(DR6_RESET);
}

/* SDM table 10-1: what INIT leaves. The FPU and MSRs stay as they are. */
static void vmx_vcpu_init(struct vcpu *v)
{
	const struct segment code = { 0xffff0000, 0xffff, 0xf000, 0x9b };
	const struct segment data = { 0, 0xffff, 0, 0x93 }, table = { 0, 0xffff, 0, 0 };
	const struct segment tr = { 0, 0xffff, 0, 0x8b }, ldtr = { 0, 0xffff, 0, 0x82 };
	const struct vcpu_start none = { 0 };
	const u64 caching = vmread(vmcs_cr0_read_shadow) & (CR0_CD | CR0_NW);
	struct cpuid_regs id;

	vmx_store_put_off(v);
	start_registers(v, &none);
	for (enum vseg s = VSEG_ES; s <= VSEG_GS; s++)
		vmx_write_segment(s, s == VSEG_CS ? &code : &data);
	vmx_write_segment(VSEG_GDTR, &table);
	vmx_write_segment(VSEG_IDTR, &table);
	vmx_write_segment(VSEG_TR, &tr);
	vmx_write_segment(VSEG_LDTR, &ldtr);
	vmwrite(vmcs_guest_cr0, CR0_ET | CR0_NE);
	vmwrite(vmcs_cr0_read_shadow, caching | CR0_ET);
	vmwrite(vmcs_guest_rip, 0xfff0);
	cpu_write_cr2(0);
	reset_debug_registers();
	cpu_cpuid(1, 0, &id);
	v->regs.rdx = id.eax; /* the processor signature */
}

/* Registers may have been written since INIT, but it begins at CPL 0: the DPL of SS is that (25.4.1). */
static void vmx_vcpu_start_up(struct vcpu *v, u8 vector)
{
	const struct segment code = { (u64)vector << 12, 0xffff, (u16)(vector << 8), 0x9b };
	const struct segment stack = { 0, 0xffff, 0, 0x93 };

	(void)v;
	vmx_write_segment(VSEG_CS, &code);
	vmx_write_segment(VSEG_SS, &stack);
	vmwrite(vmcs_guest_rip, 0);
}

static _Noreturn void vmx_vcpu_run(struct vcpu *v)
{
	struct vmx_vcpu *x = v->vendor;

	vmx_load(x);
	/* From here on an NMI finds the VMCS that it is to change. */
	idt_adopt(host_idt);
	interrupt_service(v);
	vmx_apic_enter(x);
	vmx_flush(x);
	vmx_launch(v);
}

/*
 * What was looked at before this entry is old now: the preemption timer, with nothing left on it,
 * makes the entry an exit.
 */
void vmx_nmi(void)
{
	struct cpu *cpu = cpu_self();
	const struct vmx_vcpu *x = cpu->vendor;

	cpu->nmi = true;
	vmwrite(vmcs_pin_controls, x->pin_controls | PIN_PREEMPTION_TIMER);
}

/* ---- events ---- */

static bool event_is_free(void)
{
	return !(vmread(vmcs_entry_interruption_information) & EVENT_VALID);
}

/*
 * A trap behind the last instruction comes before interrupts and NMIs (SDM table 6-2), and VM entry
 * forgets it when it injects one (27.7.3).
 */
static bool trap_is_pending(void)
{
	return vmread(vmcs_guest_pending_debug) &
	       (PENDING_DEBUG_BREAKPOINT | PENDING_DEBUG_SINGLE_STEP);
}

static bool interrupt_open(struct vcpu *v)
{
	(void)v;
	return vmread(vmcs_guest_rflags) & RFLAGS_IF &&
	       !(vmread(vmcs_guest_interruptibility) & (BLOCKED_BY_STI | BLOCKED_BY_MOV_SS)) &&
	       event_is_free() && !trap_is_pending();
}

static bool nmi_open(struct vcpu *v)
{
	(void)v;
	return !(vmread(vmcs_guest_interruptibility) &
		 (BLOCKED_BY_STI | BLOCKED_BY_MOV_SS | BLOCKED_BY_NMI)) &&
	       event_is_free() && !trap_is_pending();
}

static void inject_interrupt(struct vcpu *v, u8 vector)
{
	vmx_store_put_off(v);
	trace(v, TRACE_INJECT, vector, 0, 0);
	vmwrite(vmcs_entry_interruption_information,
		EVENT_VALID | EVENT_INTERRUPT << EVENT_TYPE_SHIFT | vector);
}

static void inject_nmi(struct vcpu *v)
{
	vmx_store_put_off(v);
	trace(v, TRACE_INJECT, VECTOR_NMI, 0, 0);
	vmwrite(vmcs_entry_interruption_information,
		EVENT_VALID | EVENT_NMI << EVENT_TYPE_SHIFT | VECTOR_NMI);
}

/*
 * Processors may open the window for an NMI while STI still blocks, where VM entry need not inject
 * one; that for interrupts they do not, and IF is set then.
 */
static u32 window_controls(const struct virt_window *w)
{
	const bool sti = w->nmi && vmread(vmcs_guest_interruptibility) & BLOCKED_BY_STI;

	return (w->interrupt || sti ? PROC_INTERRUPT_WINDOW : 0) |
	       (w->nmi && !sti ? PROC_NMI_WINDOW : 0);
}

static void set_window(struct vcpu *v, const struct virt_window *w)
{
	struct vmx_vcpu *x = v->vendor;
	const u32 controls = (x->processor_controls & ~(PROC_INTERRUPT_WINDOW | PROC_NMI_WINDOW)) |
			     window_controls(w);

	if (controls != x->processor_controls) {
		x->processor_controls = controls;
		vmwrite(vmcs_processor_controls, controls);
	}
	vmwrite(vmcs_tpr_threshold, w->priority >> 4);
	vmx_apic_update(x);
}

/* The TPR shadow is the register itself. */
static u8 get_tpr(const struct vcpu *v)
{
	return (u8)*lapic_reg(&v->lapic, LAPIC_TPR);
}

static void set_tpr(struct vcpu *v, u8 tpr)
{
	(void)v, (void)tpr;
}

static void flush_gva(struct vcpu *v)
{
	struct vmx_vcpu *x = v->vendor;

	x->flush_gva = true;
	x->flush_wanted++;
}

static void flush_gpa(struct vcpu *v)
{
	struct vmx_vcpu *x = v->vendor;

	x->flush_gpa = true;
	x->flush_wanted++;
}

void vmx_flush(struct vmx_vcpu *x)
{
	u32 wanted = x->flush_wanted;

	/*
	 * Without VPIDs every transition flushes what belongs to linear addresses (SDM 29.4.3.1).
	 */
	if (x->flush_gva && x->vpid)
		hv_assert(invvpid(SINGLE_CONTEXT, x->vpid));
	if (x->flush_gpa)
		hv_assert(invept(SINGLE_CONTEXT, ept_pointer(x->v->partition)));
	x->flush_gva = x->flush_gpa = false;
	x->flush_done = wanted;
}

static u64 npt_leaf(hpa_t hpa, unsigned level, u32 rights, enum npt_type type)
{
	/*
	 * The memory type is combined with the guest's PAT; MTRRs have no say under EPT (SDM
	 * 29.3.7.2).
	 */
	u64 entry = hpa.v | rights | (type == NPT_WB ? EPT_TYPE_WB << EPT_TYPE_SHIFT : 0);

	return level > 1 ? entry | EPT_LARGE : entry;
}

static u64 npt_table(hpa_t table)
{
	return table.v | NPT_R | NPT_W | NPT_X;
}

static bool npt_has_1g(void)
{
	return vmx_caps.ept_vpid & EPT_CAP_1G;
}

static void intercept_ports(struct partition *p, u16 port, u32 count, bool on)
{
	hv_assert(p && port + count <= PORTS);
	for (u32 n = port; n < port + count; n++)
		io_bitmap[n / 8] =
			(u8)((io_bitmap[n / 8] & ~(1u << (n & 7))) | (unsigned)on << (n & 7));
}

static void set_tsc_offset(struct vcpu *v, u64 offset)
{
	vmx_load(v->vendor);
	vmwrite(vmcs_tsc_offset, offset);
}

/* DEBUGCTL is switched with the VMCS: the register itself reads 0 while the hypervisor runs. */
static enum virt_msr msr_read(struct vcpu *v, u32 msr, u64 *value)
{
	switch (msr) {
	case MSR_DEBUGCTL: *value = vmread(vmcs_guest_debugctl); return VIRT_MSR_DONE;
	case MSR_EFER: *value = vmx_get_reg(v, VREG_EFER); return VIRT_MSR_DONE;
	case MSR_PAT: *value = vmx_get_reg(v, VREG_PAT); return VIRT_MSR_DONE;
	default: return VIRT_MSR_NOT_MINE;
	}
}

static enum virt_msr msr_write(struct vcpu *v, u32 msr, u64 value)
{
	switch (msr) {
	case MSR_DEBUGCTL:
		/*
		 * Last-branch recording and single-stepping on branches; branch traces would need
		 * the hidden DS area.
		 */
		if (value & ~3ull)
			return VIRT_MSR_FAULT;
		vmwrite(vmcs_guest_debugctl, value);
		return VIRT_MSR_DONE;
	case MSR_EFER: /* LMA cannot be written (SDM 2.2.1) */
		value = (value & ~EFER_LMA) | (vmread(vmcs_guest_efer) & EFER_LMA);
		return vmx_set_reg(v, VREG_EFER, value) ? VIRT_MSR_DONE : VIRT_MSR_FAULT;
	case MSR_PAT: return vmx_set_reg(v, VREG_PAT, value) ? VIRT_MSR_DONE : VIRT_MSR_FAULT;
	default: return VIRT_MSR_NOT_MINE;
	}
}

/* Every field, and where its value is in an image. */
static const struct {
	struct vmcs_field field;
	size_t offset;
} image_fields[] = {
#define FIELD(name, code) { { code }, offsetof(struct vmcs_image, name) },
	VMCS_FIELDS(FIELD)
#undef FIELD
};

void vmx_read_image(struct vmcs_image *image)
{
	for (size_t n = 0; n < ARRAY_SIZE(image_fields); n++) {
		u64 *value = (u64 *)((u8 *)image + image_fields[n].offset);

		if (!vmread_try(image_fields[n].field, value))
			*value = 0;
	}
}

void vmx_undo(const struct vmcs_image *before, const struct vmcs_image *now)
{
	for (size_t n = 0; n < ARRAY_SIZE(image_fields); n++) {
		const u64 *old = (const u64 *)((const u8 *)before + image_fields[n].offset);

		/* vmx_nmi() may have written it in between, which must last until the next entry. */
		if (image_fields[n].field.encoding == vmcs_pin_controls.encoding)
			continue;
		if (*old != *(const u64 *)((const u8 *)now + image_fields[n].offset))
			vmwrite(image_fields[n].field, *old);
	}
}

static void explain(struct vcpu *v, struct text *out)
{
	struct vmx_vcpu *x = v->vendor;
	struct vmcs_image image;

	if (!x || cpu_self()->vendor != x) {
		text_printf(out, "no VMCS is loaded\n");
		return;
	}
	if (!v->exits && !x->entry_error) {
		text_printf(out, "no exit so far\n");
		return;
	}
	vmx_read_image(&image);
	vmx_explain_image(&image, &vmx_caps, x->entry_error, out);
}

const struct virt vmx_virt = {
	.name = "VMX",
	.call_opcode = { 0x0f, 0x01, 0xc1 }, /* VMCALL */
	.probe = probe,
	.cpu_enable = cpu_enable,
	.vcpu_create = vmx_vcpu_create,
	.vcpu_start = vmx_vcpu_start,
	.vcpu_run = vmx_vcpu_run,
	.exit = vmx_exit,
	.get_reg = vmx_get_reg,
	.set_reg = vmx_set_reg,
	.get_code = vmx_get_code,
	.get_segment = vmx_get_segment,
	.set_segment = vmx_set_segment,
	.flush_gva = flush_gva,
	.flush_gpa = flush_gpa,
	.interrupt_open = interrupt_open,
	.nmi_open = nmi_open,
	.inject_interrupt = inject_interrupt,
	.inject_nmi = inject_nmi,
	.skip = vmx_skip,
	.trap = vmx_trap,
	.let_in = vmx_let_in,
	.wait = vmx_wait,
	.set_window = set_window,
	.get_tpr = get_tpr,
	.set_tpr = set_tpr,
	.vcpu_init = vmx_vcpu_init,
	.vcpu_start_up = vmx_vcpu_start_up,
	.vcpu_load = vmx_set_context,
	.npt_leaf = npt_leaf,
	.npt_table = npt_table,
	.npt_has_1g = npt_has_1g,
	.apic_page = vmx_apic_page,
	.intercept_ports = intercept_ports,
	.set_tsc_offset = set_tsc_offset,
	.can_refuse_stores = vmx_can_refuse_stores,
	.refuse_stores = vmx_refuse_stores,
	.msr_read = msr_read,
	.msr_write = msr_write,
	.explain = explain,
};
