/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * From an exit to the handler and back: one switch, one call per case, then what the handler wants
 * done.
 */
#include "svm.h"

#include "cpu.h"
#include "debug.h"
#include "event.h"
#include "guest_memory.h"
#include "idt.h"
#include "interrupt.h"
#include "irq.h"
#include "lapic.h"
#include "log.h"
#include "machine.h"
#include "partition.h"
#include "percpu.h"
#include "trace.h"
#include "virt.h"

#define DR6_ON 0xffff0ff0ull
#define DR6_OFF (1ull << 12)

/* What was being delivered when the exit came. */
static struct event read_exit_event(struct vcpu *v)
{
	const struct vmcb_control *c = &svm_of(v)->vmcb.control;

	return (struct event){
		.valid = c->exit_event & VMCB_EVENT_VALID,
		.type = svm_was_interrupt(v, c->exit_event)
				? EVENT_INTERRUPT
				: c->exit_event >> VMCB_EVENT_TYPE_SHIFT & 7,
		.vector = (u8)c->exit_event,
		.has_error = c->exit_event & VMCB_EVENT_ERROR_VALID,
		.error = c->exit_event_error,
	};
}

static void inject(struct vcpu *v, const struct event *e)
{
	struct vmcb_control *c = &svm_of(v)->vmcb.control;

	trace(v, TRACE_INJECT, e->vector, e->error, 0);
	c->event_error = e->error;
	c->event = VMCB_EVENT_VALID | (u32)e->type << VMCB_EVENT_TYPE_SHIFT |
		   (e->has_error ? VMCB_EVENT_ERROR_VALID : 0) | e->vector;
}

/*
 * An exception at the instruction, on top of whatever was being delivered. In real mode none has an
 * error code.
 */
static void raise_event(struct vcpu *v, const struct event *second)
{
	struct svm_vcpu *s = svm_of(v);
	const struct event first = read_exit_event(v);
	struct event out;

	svm_step_cancel(v);
	if (event_combine(&first, second, &out) == EVENT_TRIPLE)
		triple_fault_exit(v);
	out.has_error = out.has_error && s->vmcb.save.cr0 & CR0_PE;
	inject(v, &out);
}

/* A fault at the instruction; the image of RFLAGS that it pushes has RF set (APM 8.3). */
static __attribute__((noinline)) void raise_with(struct vcpu *v, u8 vector, u32 error)
{
	struct event e = event_exception(vector);

	e.error = error;
	svm_of(v)->vmcb.save.rflags |= RFLAGS_RF;
	raise_event(v, &e);
}

static void raise(struct vcpu *v, u8 vector)
{
	raise_with(v, vector, 0);
}

/* What is neither finished nor to be tried again. */
static void refuse(struct vcpu *v, enum vm_next next)
{
	if (next == VM_FAULT)
		raise_with(v, v->fault.vector, v->fault.error);
	else
		raise(v, next == VM_UD ? VECTOR_UD : VECTOR_GP);
}

static __attribute__((noinline)) void repeat_event(struct vcpu *v)
{
	const struct event e = read_exit_event(v);

	if (!event_must_repeat(&e))
		return;
	if (e.type == EVENT_INTERRUPT)
		svm_inject_interrupt(v, e.vector);
	else
		inject(v, &e);
	vcpu_check_interrupts(v); /* for the sake of what must be behind it */
}

/*
 * The exit is dealt with: what it interrupted is delivered again, unless the instruction at RIP
 * does that itself.
 */
static inline void repeat_delivery(struct vcpu *v)
{
	if (svm_of(v)->vmcb.control.exit_event & VMCB_EVENT_VALID)
		repeat_event(v);
}

static inline void cancel_step(struct vcpu *v)
{
	if (svm_of(v)->step)
		svm_step_cancel(v);
}

static bool is_code64(const struct vmcb_save *s)
{
	return s->efer & EFER_LMA && s->cs.attributes & VMCB_CS_L;
}

/* The bytes at RIP; returns how many could be read. */
static size_t fetch(struct vcpu *v, u8 bytes[INSN_MAX])
{
	enum insn_code code;

	return guest_fetch(v, &code, bytes);
}

/*
 * Length of the instruction at RIP by its bytes. Where they cannot be read it has no prefixes, as
 * compilers write it. At 4 GiB it is looked at each time: whoever knows it from before does not ask
 * whether the address wraps.
 */
static u64 measure(struct vcpu *v, enum insn insn, struct svm_length *keep)
{
	static const u8 plain[INSN_COUNT] = {
		[INSN_CPUID] = 2,   [INSN_RDMSR] = 2, [INSN_WRMSR] = 2,
		[INSN_VMMCALL] = 3, [INSN_INVD] = 2,  [INSN_HLT] = 1,
	};
	const struct vmcb_save *s = &svm_of(v)->vmcb.save;
	u8 bytes[INSN_MAX];
	const unsigned length = insn_length(insn, bytes, fetch(v, bytes), is_code64(s));

	if (!length)
		return plain[insn];
	if (s->rip >> 32 != (s->rip + length) >> 32)
		return length;
	*keep = (struct svm_length){ .linear = s->rip + s->cs.base,
				     .space = s->cr3,
				     .length = length };
	return length;
}

/* Whether the end of an instruction, which is no branch, makes a trap. */
static bool is_stepped(struct vcpu *v, struct vmcb_save *s)
{
	if (svm_of(v)->step)
		return svm_step_done(v);
	if (!(s->rflags & RFLAGS_TF) || cpu_rdmsr(MSR_DEBUGCTL) & DEBUGCTL_BTF)
		return false;
	s->dr6 |= DR6_SINGLE_STEP;
	return true;
}

/* RF ends with the instruction; TF makes a trap of its end. */
static __attribute__((noinline)) void finish_flags(struct vcpu *v, struct vmcb_save *s)
{
	const struct event trap = event_exception(VECTOR_DB);

	s->rflags &= ~RFLAGS_RF;
	if (is_stepped(v, s))
		inject(v, &trap);
}

static inline void go_to(struct vcpu *v, struct vmcb *b, u64 rip)
{
	b->save.rip = rip;
	b->control.interrupt_shadow = 0;
	if (__builtin_expect(b->save.rflags & (RFLAGS_TF | RFLAGS_RF), 0))
		finish_flags(v, &b->save);
}

void svm_skip(struct vcpu *v, unsigned length)
{
	struct vmcb *b = &svm_of(v)->vmcb;
	const u64 rip = b->save.rip + length;

	go_to(v, b, is_code64(&b->save) ? rip : (u32)rip);
}

static __attribute__((noinline)) void skip_unknown(struct vcpu *v, enum insn insn,
						   struct svm_length *keep)
{
	svm_skip(v, (unsigned)measure(v, insn, keep));
}

static inline void skip(struct vcpu *v, struct svm_vcpu *s, enum insn insn)
{
	const u64 rip = s->vmcb.save.rip, linear = rip + s->vmcb.save.cs.base;
	/* Entry linear % SVM_LENGTHS, in bytes: the form that costs least. */
	const u64 offset = linear * sizeof(struct svm_length) % sizeof(s->lengths[insn]);
	struct svm_length *l = (void *)((u8 *)s->lengths[insn] + offset);

	if (svm_features.nrip)
		go_to(v, &s->vmcb, s->vmcb.control.next_rip);
	else if (__builtin_expect(l->linear == linear && l->space == s->vmcb.save.cr3, 1))
		go_to(v, &s->vmcb, rip + l->length);
	else
		skip_unknown(v, insn, l);
}

/* What a handler of an instruction wants done. */
static inline void finish(struct vcpu *v, struct svm_vcpu *s, enum vm_next next, enum insn insn)
{
	if (__builtin_expect(next == VM_SKIP, 1))
		skip(v, s, insn);
	else if (next != VM_RETRY)
		refuse(v, next);
}

static inline enum caller_mode caller_mode(const struct vmcb_save *s)
{
	if (__builtin_expect(is_code64(s) && !s->cpl, 1))
		return CALLER_64;
	return is_code64(s) || s->cpl || !(s->cr0 & CR0_PE) || s->rflags & RFLAGS_VM ? CALLER_ILLEGAL : CALLER_32;
}

/* INVD would throw away what the hypervisor wrote. */
static enum vm_next invd_exit(void)
{
	cpu_wbinvd();
	return VM_SKIP;
}

/* Behind the instruction; a single step may have made the trap already. */
void svm_trap(struct vcpu *v, u64 hits)
{
	struct event trap;

	if (!hits)
		return;
	trap = event_exception(VECTOR_DB);
	svm_of(v)->vmcb.save.dr6 |= hits;
	inject(v, &trap);
}

/*
 * Between repetitions of a string instruction traps are as behind it, but its breakpoint is not met
 * again (SDM 18.3.1.1).
 */
static void repeat(struct vcpu *v, struct vmcb *b)
{
	go_to(v, b, b->save.rip);
	b->save.rflags |= RFLAGS_RF;
}

/* Where the instruction has gone on to, and what its ports have hit. */
static __attribute__((noinline)) void port_exit(struct vcpu *v, struct vmcb *b)
{
	const u32 info = (u32)b->control.exit_info1;
	const struct io_access io = {
		.port = (u16)IOIO_PORT(info), .size = IOIO_SIZE(info), .in = info & IOIO_IN,
		.string = info & IOIO_STRING,
	};
	const enum vm_next next = io_exit(v, &io);

	if (next == VM_RETRY)
		return;
	if (next != VM_SKIP && next != VM_REPEAT) {
		refuse(v, next);
		return;
	}
	if (next == VM_SKIP)
		go_to(v, b, b->control.exit_info2);
	else
		repeat(v, b);
	svm_trap(v, debug_port_hits(v, &io));
}

static __attribute__((noinline)) void npf_exit(struct vcpu *v, const struct vmcb_control *c)
{
	const struct npt_fault fault = {
		.gpa = GPA(c->exit_info2),
		.access = c->exit_info1 & NPF_FETCH   ? NPT_X
			  : c->exit_info1 & NPF_WRITE ? NPT_W
						      : NPT_R,
		.walk = c->exit_info1 & NPF_GUEST_WALK,
	};
	enum vm_next next;

	cancel_step(v);
	next = npt_fault_exit(v, &fault);
	if (next == VM_RETRY)
		repeat_delivery(v);
	else if (next == VM_REPEAT)
		repeat(v, &svm_of(v)->vmcb);
	else
		raise(v, VECTOR_GP);
}

/* A MOV to a control or debug register at RIP: what goes where. False: there is none. */
static bool decode_move(struct vcpu *v, enum insn insn, struct insn_move *move, u64 *value,
			unsigned *length)
{
	const bool code64 = is_code64(&svm_of(v)->vmcb.save);
	u8 bytes[INSN_MAX];

	*length = insn_length(insn, bytes, fetch(v, bytes), code64);
	if (!*length)
		return false;
	*move = insn_move(bytes, *length, code64);
	*value = svm_get_reg(v, (enum vreg)(VREG_RAX + move->from));
	if (!code64)
		*value = (u32)*value;
	return true;
}

/*
 * Only where svm_features.lax: the checks that the processor itself leaves out. Code that cannot be
 * read gets #GP.
 */
static __attribute__((noinline)) void cr_exit(struct vcpu *v, struct vmcb *b)
{
	struct insn_move move;
	unsigned length;
	u64 value;

	if (decode_move(v, INSN_MOV_TO_CR, &move, &value, &length) &&
	    (move.to ? svm_set_reg(v, VREG_CR4, value)
		     : svm_set_reg(v, VREG_CR0, (value & ~CR0_IGNORED) | CR0_ET)))
		go_to(v, b, b->save.rip + length);
	else
		raise(v, VECTOR_GP);
}

static __attribute__((noinline)) void dr_exit(struct vcpu *v, struct vmcb *b)
{
	struct insn_move move;
	unsigned length;
	u64 value;

	if (!decode_move(v, INSN_MOV_TO_DR, &move, &value, &length)) {
		raise(v, VECTOR_GP);
		return;
	}
	if (move.to < 6 && b->save.cr4 & CR4_DE) {
		raise(v, VECTOR_UD);
		return;
	}
	if (b->save.dr7 & DR7_GENERAL_DETECT) {
		b->save.dr7 &= ~DR7_GENERAL_DETECT; /* for the handler's sake */
		b->save.dr6 |= DR6_GENERAL_DETECT;
		raise(v, VECTOR_DB);
		return;
	}
	if (value >> 32) {
		raise(v, VECTOR_GP);
		return;
	}
	if (move.to & 1) { /* DR7, or DR5 that means it */
		svm_step(v, SVM_STEP_DR7);
		return;
	}
	b->save.dr6 = (value | DR6_ON) & ~DR6_OFF;
	go_to(v, b, b->save.rip + length);
}

static bool is_refused(const struct vmcb *b)
{
	return svm_check_vmcb(b, cpu_cr4_supported(), cpu_efer_supported(),
			      machine_physical_address_bits());
}

/*
 * Some processors give this exit, with RIP at the instruction, where a guest's MOV to CR3 or CR4
 * sets reserved bits and #GP is due. Otherwise VMRUN refused the VMCB. Where processors check less
 * than VMRUN does that is the guest's doing, and nothing is left of its state.
 */
static __attribute__((noinline)) void invalid_exit(struct vcpu *v)
{
	struct svm_vcpu *s = svm_of(v);
	u8 bytes[INSN_MAX];
	const size_t count = fetch(v, bytes);
	const unsigned length = insn_length(INSN_MOV_TO_CR, bytes, count, is_code64(&s->vmcb.save));
	const unsigned cr = length ? bytes[length - 1] >> 3 & 7 : 0;

	/* Two in a row may be two such instructions: then nothing is wrong with the VMCB. */
	if ((cr != 3 && cr != 4) || (s->invalid_exit == v->exits - 1 && is_refused(&s->vmcb))) {
		if (!svm_features.lax)
			unexpected_exit(v);
		log_warn("vp %u: VMRUN refuses the state that the guest is in: shut down",
			 v->index);
		triple_fault_exit(v);
	}
	s->invalid_exit = v->exits;
	raise(v, VECTOR_GP);
}

/*
 * Physical interrupts and NMIs are held as long as GIF is 0: here they come in, by the IDT, and
 * leave their vectors with the processor.
 */
void svm_let_in(struct vcpu *v)
{
	idt_listen(true);
	/* IF, cleared by an interrupt, must be set for the next to exit (APM 15.21.1). */
	asm volatile("stgi; nop; nop; clgi; sti" : : : "memory");
	idt_listen(false);
	irq_take(v);
}

void svm_wait(struct vcpu *v)
{
	idt_listen(true);
	idt_wait(&cpu_self()->nmi, true);
	asm volatile("clgi; sti" : : : "memory");
	idt_listen(false);
	irq_take(v);
}

/* Something came from outside, at the end of an instruction or in the middle of a delivery. */
static inline void interrupted(struct vcpu *v)
{
	cancel_step(v);
	repeat_delivery(v);
}

static __attribute__((noinline)) void intr_exit(struct vcpu *v)
{
	interrupted(v);
	irq_exit(v);
}

static __attribute__((noinline)) void nmi_exit(struct vcpu *v)
{
	interrupted(v);
	svm_let_in(v);
	vcpu_check_interrupts(v);
}

static __attribute__((noinline)) void window_exit(struct vcpu *v)
{
	interrupted(v);
	vcpu_check_interrupts(v);
}

/* Behind HLT; where a trap is due there, it is not waited for anything. */
static __attribute__((noinline)) void hlt_exit(struct vcpu *v, struct svm_vcpu *s)
{
	skip(v, s, INSN_HLT);
	if (!(s->vmcb.save.rflags & RFLAGS_TF))
		vcpu_halt(v);
}

static __attribute__((noinline)) void store_exit(struct vcpu *v)
{
	if (svm_store_exit(v) == VM_GP)
		raise(v, VECTOR_GP);
}

static __attribute__((noinline)) void cr8_exit(struct vcpu *v, struct vmcb *b)
{
	struct insn_move move;
	unsigned length;
	u64 value;

	if (!decode_move(v, INSN_MOV_TO_CR, &move, &value, &length) || value >> 4) {
		raise(v, VECTOR_GP);
		return;
	}
	lapic_set_tpr(v, (u8)(value << 4));
	go_to(v, b, b->save.rip + length);
}

/* The IRET that ends the blocking of NMIs is about to be executed: behind it they are open. */
static __attribute__((noinline)) void iret_exit(struct vcpu *v)
{
	svm_intercept(&svm_of(v)->vmcb, INTERCEPT_IRET, false);
	svm_step(v, SVM_STEP_IRET);
}

/* Of a step, or one of those that could follow each other without end. */
static __attribute__((noinline)) void exception_exit(struct vcpu *v, u8 vector)
{
	struct svm_vcpu *s = svm_of(v);
	struct event e = event_exception(vector);

	if (!s->step && !(ENDLESS_EXCEPTIONS >> vector & 1))
		unexpected_exit(v);
	if (s->step && vector == VECTOR_DB && s->vmcb.save.dr6 & DR6_SINGLE_STEP) {
		if (svm_step_done(v))
			inject(v, &e);
		return;
	}
	if (e.has_error)
		e.error = (u32)s->vmcb.control.exit_info1;
	if (vector == VECTOR_PF)
		s->vmcb.save.cr2 = s->vmcb.control.exit_info2;
	raise_event(v, &e);
}

static __attribute__((noinline)) void other_exit(struct vcpu *v, const struct vmcb_control *c)
{
	const u32 code = (u32)c->exit_code;

	vcpu_count(v, EXIT_OTHER);
	trace(v, TRACE_VENDOR, code, c->exit_info1, c->exit_info2);
	if (code < SVM_EXIT_EXCEPTION || code >= SVM_EXIT_EXCEPTION + SVM_EXCEPTIONS)
		unexpected_exit(v);
	exception_exit(v, (u8)(code - SVM_EXIT_EXCEPTION));
}

/*
 * Counted from the first code that is handled, the table of the switch below needs one comparison.
 */
#define CASE(name) ((u32)SVM_EXIT_##name - SVM_EXIT_INTR)

/* What a guest does seldom. */
static __attribute__((noinline)) void rare_exit(struct vcpu *v, struct svm_vcpu *s)
{
	struct vmcb *b = &s->vmcb;

	switch ((u32)b->control.exit_code - SVM_EXIT_INTR) {
	case CASE(IDTR_READ):
	case CASE(GDTR_READ):
	case CASE(LDTR_READ):
	case CASE(TR_READ):
		store_exit(v);
		break;
	case CASE(INVD):
		vcpu_count(v, EXIT_OTHER);
		finish(v, s, invd_exit(), INSN_INVD);
		break;
	case CASE(RDPMC): /* no performance counters */
		vcpu_count(v, EXIT_OTHER);
		raise(v, VECTOR_GP);
		break;
	case CASE(VMRUN):
	case CASE(VMLOAD):
	case CASE(VMSAVE):
	case CASE(STGI):
	case CASE(CLGI):
	case CASE(SKINIT):
	case CASE(INVLPGA): /* no SVM */
	case CASE(MONITOR):
	case CASE(MWAIT): /* HLT is how a guest waits */
		vcpu_count(v, EXIT_OTHER);
		raise(v, VECTOR_UD);
		break;
	case CASE(INIT):
		partition_end_root(v->partition, END_RESET, 0);
	case CASE(CR0_SEL_WRITE):
	case CASE(WRITE_CR4):
		vcpu_count(v, EXIT_REGISTER);
		cr_exit(v, b);
		break;
	case CASE(WRITE_DR4):
	case CASE(WRITE_DR5):
	case CASE(WRITE_DR6):
	case CASE(WRITE_DR7):
		vcpu_count(v, EXIT_REGISTER);
		dr_exit(v, b);
		break;
	case CASE(SHUTDOWN):
		triple_fault_exit(v);
	case CASE(INVALID):
		vcpu_count(v, EXIT_OTHER);
		invalid_exit(v);
		break;
	default:
		other_exit(v, &b->control);
	}
}

void svm_exit(struct vcpu *v)
{
	struct svm_vcpu *s = svm_of(v);
	struct vmcb *b = &s->vmcb;

	v->exits++;
	v->regs.rax = b->save.rax;
	b->control.tlb_control = VMCB_TLB_KEEP;
	switch ((u32)b->control.exit_code - SVM_EXIT_INTR) {
	case CASE(CPUID):
		vcpu_count(v, EXIT_CPUID);
		cpuid_exit(v);
		skip(v, s, INSN_CPUID);
		break;
	case CASE(MSR):
		if (b->control.exit_info1) {
			vcpu_count(v, EXIT_MSR_WRITE);
			finish(v, s, msr_write_exit(v), INSN_WRMSR);
		} else {
			vcpu_count(v, EXIT_MSR_READ);
			finish(v, s, msr_read_exit(v), INSN_RDMSR);
		}
		break;
	case CASE(VMMCALL):
		vcpu_count(v, EXIT_HYPERCALL);
		finish(v, s, hypercall_exit(v, caller_mode(&b->save)), INSN_VMMCALL);
		break;
	case CASE(IOIO):
		vcpu_count(v, EXIT_PORT);
		port_exit(v, b);
		break;
	case CASE(NPF):
		vcpu_count(v, EXIT_NPT_FAULT);
		npf_exit(v, &b->control);
		break;
	case CASE(INTR):
		vcpu_count(v, EXIT_INTERRUPT);
		intr_exit(v);
		break;
	case CASE(NMI):
		vcpu_count(v, EXIT_NMI);
		nmi_exit(v);
		break;
	case CASE(VINTR):
		vcpu_count(v, EXIT_WINDOW);
		window_exit(v);
		break;
	case CASE(WRITE_CR8):
		vcpu_count(v, EXIT_REGISTER);
		cr8_exit(v, b);
		break;
	case CASE(IRET):
		vcpu_count(v, EXIT_WINDOW);
		iret_exit(v);
		break;
	case CASE(HLT):
		vcpu_count(v, EXIT_HALT);
		hlt_exit(v, s);
		break;
	default:
		rare_exit(v, s);
	}
	if (__builtin_expect(vcpu_is_wanted(v), 0))
		interrupt_service(v);
	b->save.rax = v->regs.rax;
}
