/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Every VM exit: one switch, one call per case; then the instruction is skipped or refused. */
#include "vmx.h"
#include "cpu.h"
#include "debug.h"
#include "event.h"
#include "idt.h"
#include "interrupt.h"
#include "irq.h"
#include "log.h"
#include "partition.h"
#include "percpu.h"
#include "reg_rules.h"
#include "task.h"
#include "trace.h"
#include "virt.h"

#define ACCESS_CODE64 (1u << 13)
#define ACCESS_DPL (3u << 5)

/* Kept out of vmx_exit, so that its common paths stay short. */
#define SLOW __attribute__((noinline))

/*
 * An event as VM exits record it and VM entries deliver it; the two formats agree (SDM 25.8.3,
 * 25.9.3).
 */
static struct event read_vectoring(void)
{
	u32 info = (u32)vmread(vmcs_idt_vectoring_information);
	struct event event = { .valid = info & EVENT_VALID };

	if (!event.valid)
		return event;
	event.type = info >> EVENT_TYPE_SHIFT & 7;
	event.vector = (u8)info;
	event.has_error = info & EVENT_ERROR_CODE;
	if (event.has_error)
		event.error = (u32)vmread(vmcs_idt_vectoring_error_code);
	return event;
}

static void inject(struct vcpu *v, const struct event *event)
{
	u32 info = EVENT_VALID | (u32)event->type << EVENT_TYPE_SHIFT | event->vector;

	vmx_store_put_off(v);
	if (event->has_error) {
		info |= EVENT_ERROR_CODE;
		vmwrite(vmcs_entry_exception_error_code, event->error);
	}
	if (event->type == EVENT_PRIVILEGED) /* it is reported behind the instruction */
		vmwrite(vmcs_entry_instruction_length, vmread(vmcs_exit_instruction_length));
	vmwrite(vmcs_entry_interruption_information, info);
	trace(v, TRACE_INJECT, event->vector, event->error, 0);
}

/* An exception on top of what was under way. In real mode no vector pushes an error code. */
static void raise_event(struct vcpu *v, const struct event *second)
{
	const struct event first = read_vectoring();
	struct event out;

	if (event_combine(&first, second, &out) == EVENT_TRIPLE)
		triple_fault_exit(v);
	if (!(vmread(vmcs_guest_cr0) & CR0_PE))
		out.has_error = false;
	inject(v, &out);
}

/* The image of RFLAGS that a fault pushes has RF set; injection pushes what it finds (SDM 18.3.1.1). */
static void set_resume_flag(void)
{
	vmwrite(vmcs_guest_rflags, vmread(vmcs_guest_rflags) | RFLAGS_RF);
}

/* Raise a fault at the instruction that exited. */
static SLOW void raise(struct vcpu *v, u8 vector, u32 error)
{
	struct event e = event_exception(vector);

	e.error = error;
	set_resume_flag();
	raise_event(v, &e);
}

/*
 * An exit in the middle of a delivery put it off: do it again. Of an NMI the processor has already
 * recorded that it blocks further ones, which would forbid injecting it.
 */
static void repeat_delivery(struct vcpu *v)
{
	struct event event = read_vectoring();

	if (!event.valid || !event_must_repeat(&event))
		return;
	if (event.type == EVENT_NMI)
		vmwrite(vmcs_guest_interruptibility,
			vmread(vmcs_guest_interruptibility) & ~(u64)BLOCKED_BY_NMI);
	inject(v, &event);
}

static bool is_code64(void)
{
	return (vmread(vmcs_guest_efer) & EFER_LMA) &&
	       (vmread(vmcs_guest_cs_access_rights) & ACCESS_CODE64);
}

/* More bits for DR6 that a trap behind the instruction is to show. */
static void add_trap(u64 bits)
{
	vmwrite(vmcs_guest_pending_debug, vmread(vmcs_guest_pending_debug) | bits);
}

void vmx_trap(struct vcpu *v, u64 hits)
{
	(void)v;
	if (hits)
		add_trap(hits | PENDING_DEBUG_BREAKPOINT);
}

/* The rare ends of an instruction: a single step is due, or RF has done its work. */
static SLOW void finish_flags(u64 rflags)
{
	vmwrite(vmcs_guest_rflags, rflags & ~RFLAGS_RF);
	if ((rflags & RFLAGS_TF) && !(vmread(vmcs_guest_debugctl) & DEBUGCTL_BTF))
		add_trap(PENDING_DEBUG_SINGLE_STEP);
}

/* Go on at rip, behind an instruction. Two VMREADs and a VMWRITE when nothing is special. */
static inline void go_to(u64 rip)
{
	u64 rflags = vmread(vmcs_guest_rflags), blocked = vmread(vmcs_guest_interruptibility);

	vmwrite(vmcs_guest_rip, rip);
	if (__builtin_expect(blocked & (BLOCKED_BY_STI | BLOCKED_BY_MOV_SS), 0))
		vmwrite(vmcs_guest_interruptibility,
			blocked & ~(u64)(BLOCKED_BY_STI | BLOCKED_BY_MOV_SS));
	if (__builtin_expect(rflags & (RFLAGS_TF | RFLAGS_RF), 0))
		finish_flags(rflags);
}

/*
 * The instruction ended at 4 GiB or at the edge of the canonical addresses. The first wraps outside
 * 64-bit mode; in the second VM entry would refuse what the next fetch should.
 */
static SLOW void skip_over_edge(struct vcpu *v, u64 rip)
{
	if (!is_code64())
		go_to((u32)rip);
	else if (reg_canonical(rip, vmread(vmcs_guest_cr4) & CR4_LA57))
		go_to(rip);
	else
		raise(v, VECTOR_GP, 0);
}

void vmx_skip(struct vcpu *v, unsigned length)
{
	const u64 old = vmread(vmcs_guest_rip), rip = old + length;

	if (__builtin_expect((old ^ rip) >> 32 != 0, 0))
		skip_over_edge(v, rip);
	else
		go_to(rip);
}

/*
 * Between repetitions of a string instruction traps are as behind it, but its breakpoint is not met
 * again (SDM 18.3.1.1).
 */
static SLOW void repeat(void)
{
	go_to(vmread(vmcs_guest_rip));
	set_resume_flag();
}

static inline void finish(struct vcpu *v, enum vm_next next)
{
	switch (next) {
	case VM_SKIP: vmx_skip(v, (unsigned)vmread(vmcs_exit_instruction_length)); break;
	case VM_RETRY: break;
	case VM_UD: raise(v, VECTOR_UD, 0); break;
	case VM_GP: raise(v, VECTOR_GP, 0); break;
	case VM_FAULT: raise(v, v->fault.vector, v->fault.error); break;
	case VM_REPEAT: repeat(); break;
	}
}

/* The CPL is SS.DPL in every mode, 3 in virtual-8086 mode (SDM 25.4.1). */
static inline enum caller_mode caller_mode(void)
{
	u64 cs = vmread(vmcs_guest_cs_access_rights);

	if (vmread(vmcs_guest_ss_access_rights) & ACCESS_DPL)
		return CALLER_ILLEGAL;
	if (vmread(vmcs_guest_efer) & EFER_LMA)
		return cs & ACCESS_CODE64 ? CALLER_64 : CALLER_32;
	return vmread(vmcs_guest_cr0) & CR0_PE ? CALLER_32 : CALLER_ILLEGAL;
}

void vmx_let_in(struct vcpu *v)
{
	idt_listen(true);
	asm volatile("sti; nop; cli" : : : "memory");
	idt_listen(false);
	irq_take(v);
}

void vmx_wait(struct vcpu *v)
{
	idt_listen(true);
	idt_wait(&cpu_self()->nmi, false);
	asm volatile("cli" : : : "memory");
	idt_listen(false);
	irq_take(v);
}

/*
 * A debug exception that exits has changed no debug register (SDM 28.1): what it is goes from the
 * exit qualification into DR6. A shadow is over.
 */
static void note_debug_exception(struct vcpu *v)
{
	const u64 bits = vmread(vmcs_exit_qualification) &
			 (DR6_BREAKPOINTS | DR6_GENERAL_DETECT | DR6_SINGLE_STEP);

	cpu_write_dr6((cpu_read_dr6() & ~DR6_BREAKPOINTS) | bits);
	if (bits & DR6_GENERAL_DETECT || debug_is_code_hit(v, bits))
		set_resume_flag();
	vmwrite(vmcs_guest_dr7, vmread(vmcs_guest_dr7) & ~DR7_GENERAL_DETECT);
	vmwrite(vmcs_guest_debugctl, vmread(vmcs_guest_debugctl) & ~DEBUGCTL_BTF);
	vmwrite(vmcs_guest_pending_debug, 0);
	vmwrite(vmcs_guest_interruptibility,
		vmread(vmcs_guest_interruptibility) & ~(u64)(BLOCKED_BY_STI | BLOCKED_BY_MOV_SS));
}

/* Of a step over a store, or one of those that could follow each other without end. */
static enum vm_next exception_exit(struct vcpu *v, u32 info)
{
	const struct vmx_vcpu *x = v->vendor;
	struct event event = {
		.valid = true,
		.type = info >> EVENT_TYPE_SHIFT & 7,
		.vector = (u8)info,
		.has_error = info & EVENT_ERROR_CODE,
	};

	if (event.has_error)
		event.error = (u32)vmread(vmcs_exit_interruption_error_code);
	if (x->stepping) {
		if (vmx_store_ended(v, &event))
			inject(v, &event);
		return VM_RETRY;
	}
	if (!(ENDLESS_EXCEPTIONS >> event.vector & 1))
		unexpected_exit(v);
	/* An IRET that raised it has already ended the blocking of NMIs (SDM 28.2.3). */
	if (info & EVENT_NMI_UNBLOCKED_BY_IRET &&
	    !(vmread(vmcs_idt_vectoring_information) & EVENT_VALID))
		vmwrite(vmcs_guest_interruptibility,
			vmread(vmcs_guest_interruptibility) | BLOCKED_BY_NMI);
	if (event.vector == VECTOR_DB && event.type == EVENT_EXCEPTION)
		note_debug_exception(v);
	raise_event(v, &event);
	return VM_RETRY;
}

static SLOW enum vm_next exception_or_nmi_exit(struct vcpu *v)
{
	u32 info = (u32)vmread(vmcs_exit_interruption_information);

	if ((info >> EVENT_TYPE_SHIFT & 7) != EVENT_NMI)
		return exception_exit(v, info);
	repeat_delivery(v);
	interrupt_nmi(v);
	vmx_unblock_nmis();
	return VM_RETRY;
}

/* The exit leaves the interrupt where it waits. */
static SLOW enum vm_next external_interrupt_exit(struct vcpu *v)
{
	repeat_delivery(v);
	irq_exit(v);
	return VM_RETRY;
}

/* An NMI hit the hypervisor after it had looked for the last time. */
static SLOW enum vm_next preemption_exit(struct vcpu *v)
{
	const struct vmx_vcpu *x = v->vendor;

	repeat_delivery(v);
	vmwrite(vmcs_pin_controls, x->pin_controls);
	irq_take(v);
	return VM_RETRY;
}

static SLOW enum vm_next window_exit(struct vcpu *v)
{
	vcpu_check_interrupts(v);
	return VM_RETRY;
}

/* Behind HLT; where a trap is due there, it is not waited for anything. */
static SLOW enum vm_next hlt_exit(struct vcpu *v)
{
	vmx_skip(v, (unsigned)vmread(vmcs_exit_instruction_length));
	if (!(vmread(vmcs_guest_rflags) & RFLAGS_TF))
		vcpu_halt(v);
	return VM_RETRY;
}

/* Faults among exceptions are told at the instruction itself; #DB here is a trap. */
static bool is_fault(const struct event *e)
{
	return e->type == EVENT_EXCEPTION && e->vector != VECTOR_DB && e->vector != VECTOR_DF &&
	       e->vector != VECTOR_MC;
}

/* Instructions, INT n among them, leave the old task behind themselves; other events do not. */
static struct task_switch read_task_switch(const struct event *e)
{
	const u32 qualification = (u32)vmread(vmcs_exit_qualification);
	struct task_switch t = {
		.source = qualification >> 30,
		.selector = (u16)qualification,
		.eip = (u32)vmread(vmcs_guest_rip),
	};

	t.external = t.source == TASK_IDT &&
		     (e->type == EVENT_INTERRUPT || e->type == EVENT_NMI ||
		      e->type == EVENT_EXCEPTION);
	if (!t.external) {
		t.eip += (u32)vmread(vmcs_exit_instruction_length);
		return t;
	}
	t.resumes = is_fault(e);
	t.has_error = e->has_error;
	t.error = e->error;
	return t;
}

/* Hardware leaves task switches to the hypervisor. */
static SLOW enum vm_next task_switch_exit(struct vcpu *v)
{
	const struct event event = read_vectoring(), trap = event_exception(VECTOR_DB);
	struct task_switch t = read_task_switch(&event);
	const enum vm_next next = task_switch(v, &t);

	if (next == VM_RETRY)
		repeat_delivery(v);
	if (next != VM_SKIP)
		return next;
	if (t.source == TASK_IRET)
		vmwrite(vmcs_guest_interruptibility,
			vmread(vmcs_guest_interruptibility) & ~(u64)BLOCKED_BY_NMI);
	if (t.trap)
		inject(v, &trap);
	return VM_RETRY;
}

/* The guest's caches hold the hypervisor's data too: write them back instead of dropping them. */
static enum vm_next invd_exit(void)
{
	cpu_wbinvd();
	return VM_SKIP;
}

/*
 * Only MOV to CR0 that changes NE or caching, and MOV to CR4 that sets a hidden bit, come here. The
 * bits are shown as asked for from now on, so that the instruction, tried again, runs on the
 * processor with everything it checks and loads.
 */
static SLOW enum vm_next cr_access_exit(struct vcpu *v)
{
	u64 qualification = vmread(vmcs_exit_qualification);
	u32 cr = qualification & 15, type = qualification >> 4 & 3, gpr = qualification >> 8 & 15;
	u64 value;

	trace(v, TRACE_VENDOR, VMX_EXIT_CR_ACCESS, qualification, vmread(vmcs_guest_rip));
	if (type != 0 || (cr != 0 && cr != 4))
		unexpected_exit(v);
	if (cr == 4)
		return VM_GP;
	value = vmx_get_reg(v, (enum vreg)(VREG_RAX + gpr));
	if (!is_code64())
		value = (u32)value;
	if (!vmx_cr0_valid(v, value))
		return VM_GP;
	vmwrite(vmcs_cr0_read_shadow,
		(vmread(vmcs_cr0_read_shadow) & ~CR0_HOST) | (value & CR0_HOST));
	return VM_RETRY;
}

static SLOW enum vm_next port_exit(struct vcpu *v)
{
	u64 qualification = vmread(vmcs_exit_qualification);
	struct io_access io = {
		.port = (u16)(qualification >> 16),
		.size = (qualification & 7) + 1,
		.in = qualification & 8,
		.string = qualification & 16,
	};
	const enum vm_next next = io_exit(v, &io);

	if (next == VM_SKIP || next == VM_REPEAT)
		vmx_trap(v, debug_port_hits(v, &io));
	return next;
}

/*
 * An access that the nested tables do not allow. The delivery it may have interrupted, or IRET's
 * unblocking, is undone.
 */
static SLOW enum vm_next ept_violation_exit(struct vcpu *v)
{
	u64 qualification = vmread(vmcs_exit_qualification);
	struct npt_fault fault = {
		.gpa = GPA(vmread(vmcs_guest_physical_address)),
		.access = qualification & (NPT_R | NPT_W | NPT_X),
		.walk = (qualification & 0x180) == 0x80,
	};
	bool vectoring = vmread(vmcs_idt_vectoring_information) & EVENT_VALID;
	enum vm_next next;

	if (!vectoring && (qualification & EVENT_NMI_UNBLOCKED_BY_IRET))
		vmwrite(vmcs_guest_interruptibility,
			vmread(vmcs_guest_interruptibility) | BLOCKED_BY_NMI);
	next = npt_fault_exit(v, &fault);
	if (next == VM_RETRY && vectoring)
		repeat_delivery(v);
	return next;
}

/* Counted as what they are, but not otherwise told apart. */
static SLOW enum vm_next other_exit(struct vcpu *v, u32 reason)
{
	vcpu_count(v, EXIT_OTHER);
	switch (reason) {
	case VMX_EXIT_XSETBV: return xsetbv_exit(v);
	case VMX_EXIT_GDTR_IDTR:
	case VMX_EXIT_LDTR_TR: return vmx_table_exit(v, reason);
	case VMX_EXIT_INVD: return invd_exit();
	case VMX_EXIT_TASK_SWITCH: return task_switch_exit(v);
	case VMX_EXIT_RDPMC: return VM_GP;
	case VMX_EXIT_GETSEC:
	case VMX_EXIT_VMCLEAR ... VMX_EXIT_VMXON:
	case VMX_EXIT_INVEPT:
	case VMX_EXIT_INVVPID:
	case VMX_EXIT_VMFUNC:
	case VMX_EXIT_ENCLS: /* an exit from within an enclave would have a reason of its own */
	case VMX_EXIT_SEAMCALL: /* exits by itself, like the next, wherever the processor has it */
	case VMX_EXIT_TDCALL:
	case VMX_EXIT_MONITOR:
	case VMX_EXIT_MWAIT: return VM_UD;
	case VMX_EXIT_TRIPLE_FAULT: triple_fault_exit(v);
	case VMX_EXIT_INIT: partition_end_root(v->partition, END_RESET, 0);
	default: unexpected_exit(v);
	}
}

static inline enum vm_next dispatch(struct vcpu *v, u32 reason)
{
	switch (reason) {
	case VMX_EXIT_VMCALL:
		vcpu_count(v, EXIT_HYPERCALL);
		return hypercall_exit(v, caller_mode());
	case VMX_EXIT_CPUID:
		vcpu_count(v, EXIT_CPUID);
		cpuid_exit(v);
		return VM_SKIP;
	case VMX_EXIT_RDMSR:
		vcpu_count(v, EXIT_MSR_READ);
		return msr_read_exit(v);
	case VMX_EXIT_WRMSR:
		vcpu_count(v, EXIT_MSR_WRITE);
		return msr_write_exit(v);
	case VMX_EXIT_IO:
		vcpu_count(v, EXIT_PORT);
		return port_exit(v);
	case VMX_EXIT_EPT_VIOLATION:
		vcpu_count(v, EXIT_NPT_FAULT);
		return ept_violation_exit(v);
	case VMX_EXIT_CR_ACCESS:
		vcpu_count(v, EXIT_REGISTER);
		return cr_access_exit(v);
	case VMX_EXIT_EXCEPTION_OR_NMI:
		vcpu_count(v, EXIT_NMI);
		return exception_or_nmi_exit(v);
	case VMX_EXIT_EXTERNAL_INTERRUPT:
		vcpu_count(v, EXIT_INTERRUPT);
		return external_interrupt_exit(v);
	case VMX_EXIT_HLT:
		vcpu_count(v, EXIT_HALT);
		return hlt_exit(v);
	case VMX_EXIT_APIC_ACCESS:
	case VMX_EXIT_APIC_WRITE:
	case VMX_EXIT_VIRTUALIZED_EOI:
		vcpu_count(v, EXIT_APIC);
		return vmx_apic_exit(v, reason);
	case VMX_EXIT_PREEMPTION_TIMER:
		vcpu_count(v, EXIT_NMI);
		return preemption_exit(v);
	case VMX_EXIT_INTERRUPT_WINDOW:
	case VMX_EXIT_NMI_WINDOW:
	case VMX_EXIT_TPR_BELOW_THRESHOLD:
		vcpu_count(v, EXIT_WINDOW);
		return window_exit(v);
	default:
		return other_exit(v, reason);
	}
}

void vmx_exit(struct vcpu *v)
{
	struct vmx_vcpu *x = v->vendor;

	v->exits++;
	vmx_apic_left(x);
	finish(v, dispatch(v, (u32)vmread(vmcs_exit_reason)));
	if (__builtin_expect(vcpu_is_wanted(v), 0))
		interrupt_service(v);
	vmx_apic_enter(x);
	if (__builtin_expect(x->flush_wanted != x->flush_done, 0))
		vmx_flush(x);
}

void vmx_entry_failed(struct vcpu *v)
{
	struct vmx_vcpu *x = v->vendor;

	x->entry_error = (u32)vmread(vmcs_instruction_error);
	unexpected_exit(v);
}
