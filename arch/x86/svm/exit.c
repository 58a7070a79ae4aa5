/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* From an exit to the handler and back: one switch, one call per case, then what the handler wants done. */
#include "svm.h"

#include "cpu.h"
#include "event.h"
#include "gpa.h"
#include "guest_walk.h"
#include "partition.h"
#include "string.h"
#include "trace.h"
#include "virt.h"

#define DR6_SINGLE_STEP (1ull << 14)

/* What was being delivered when the exit came. */
static struct event read_exit_event(const struct vmcb_control *c)
{
	return (struct event){
		.valid = c->exit_event & VMCB_EVENT_VALID,
		.type = c->exit_event >> VMCB_EVENT_TYPE_SHIFT & 7,
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
	c->event = VMCB_EVENT_VALID | (u32)e->type << VMCB_EVENT_TYPE_SHIFT | (e->has_error ? VMCB_EVENT_ERROR_VALID : 0) |
		   e->vector;
}

/* An exception at the instruction, on top of whatever was being delivered. In real mode none has an error code. */
static void raise(struct vcpu *v, u8 vector)
{
	const struct vmcb *b = &svm_of(v)->vmcb;
	const struct event first = read_exit_event(&b->control), second = event_exception(vector);
	struct event out;

	if (event_combine(&first, &second, &out) == EVENT_TRIPLE)
		triple_fault_exit(v);
	out.has_error = out.has_error && b->save.cr0 & CR0_PE;
	inject(v, &out);
}

/* The exit is dealt with: what it interrupted is delivered again, unless the instruction at RIP does that itself. */
static void repeat_delivery(struct vcpu *v)
{
	const struct event e = read_exit_event(&svm_of(v)->vmcb.control);

	if (event_must_repeat(&e))
		inject(v, &e);
}

static bool is_code64(const struct vmcb_save *s)
{
	return s->efer & EFER_LMA && s->cs.attributes & VMCB_CS_L;
}

static bool read_guest(void *context, u64 gpa, void *out, size_t length)
{
	struct partition *p = context;
	const void *from = gpa_ptr(p, &p->gpa, GPA(gpa), NPT_R);

	if (!from)
		return false;
	memcpy(out, from, length);
	return true;
}

/* The bytes at RIP; returns how many could be read. */
static size_t fetch(struct vcpu *v, u8 bytes[INSN_MAX])
{
	const struct vmcb_save *s = &svm_of(v)->vmcb.save;
	const struct guest_walk walk = { s->cr0, s->cr3, s->cr4, s->efer, read_guest, v->partition };

	return guest_walk_read(&walk, s->rip + (is_code64(s) ? 0 : s->cs.base), bytes, INSN_MAX);
}

/* Length of the instruction at RIP by its bytes. Code in ROM is not read: it has no prefixes then, as compilers write it. */
static __attribute__((noinline)) u32 measure(struct vcpu *v, enum insn insn, struct svm_length *keep)
{
	static const u8 plain[INSN_COUNT] = {
		[INSN_CPUID] = 2, [INSN_RDMSR] = 2, [INSN_WRMSR] = 2, [INSN_VMMCALL] = 3, [INSN_INVD] = 2,
	};
	const struct vmcb_save *s = &svm_of(v)->vmcb.save;
	u8 bytes[INSN_MAX];
	u32 length = insn_length(insn, bytes, fetch(v, bytes), is_code64(s));

	if (!length)
		return plain[insn];
	*keep = (struct svm_length){ s->rip + s->cs.base, s->cr3, insn, length };
	return length;
}

static inline u32 length_of(struct vcpu *v, const struct vmcb_save *s, enum insn insn)
{
	const u64 linear = s->rip + s->cs.base;
	struct svm_length *l = &svm_of(v)->lengths[linear % SVM_LENGTHS];

	if (l->linear == linear && l->space == s->cr3 && l->insn == insn)
		return l->length;
	return measure(v, insn, l);
}

/* RF ends with the instruction; TF makes a trap of its end. */
static __attribute__((noinline)) void finish_flags(struct vcpu *v, struct vmcb_save *s)
{
	const struct event step = event_exception(VECTOR_DB);

	s->rflags &= ~RFLAGS_RF;
	if (!(s->rflags & RFLAGS_TF))
		return;
	s->dr6 |= DR6_SINGLE_STEP;
	inject(v, &step);
}

static inline void go_to(struct vcpu *v, struct vmcb *b, u64 rip)
{
	b->save.rip = rip;
	b->control.interrupt_shadow = 0;
	if (__builtin_expect(b->save.rflags & (RFLAGS_TF | RFLAGS_RF), 0))
		finish_flags(v, &b->save);
}

static inline void skip(struct vcpu *v, struct vmcb *b, enum insn insn)
{
	go_to(v, b, svm_features.nrip ? b->control.next_rip : b->save.rip + length_of(v, &b->save, insn));
}

/* What a handler of an instruction wants done. */
static inline void finish(struct vcpu *v, struct vmcb *b, enum vm_next next, enum insn insn)
{
	if (__builtin_expect(next == VM_SKIP, 1))
		skip(v, b, insn);
	else if (next != VM_RETRY)
		raise(v, next == VM_UD ? VECTOR_UD : VECTOR_GP);
}

static inline enum caller_mode caller_mode(const struct vmcb_save *s)
{
	if (s->cpl || !(s->cr0 & CR0_PE) || s->rflags & RFLAGS_VM)
		return CALLER_ILLEGAL;
	return is_code64(s) ? CALLER_64 : CALLER_32;
}

/* INVD would throw away what the hypervisor wrote. */
static enum vm_next invd_exit(void)
{
	cpu_wbinvd();
	return VM_SKIP;
}

static void port_exit(struct vcpu *v, struct vmcb *b)
{
	const u32 info = (u32)b->control.exit_info1;
	const struct io_access io = {
		.port = (u16)IOIO_PORT(info), .size = IOIO_SIZE(info), .in = info & IOIO_IN,
		.string = info & IOIO_STRING, .rep = info & IOIO_REP,
	};
	const enum vm_next next = io_exit(v, &io);

	if (next == VM_SKIP)
		go_to(v, b, b->control.exit_info2);
	else
		raise(v, next == VM_UD ? VECTOR_UD : VECTOR_GP);
}

static void npf_exit(struct vcpu *v, const struct vmcb_control *c)
{
	const struct npt_fault fault = {
		.gpa = GPA(c->exit_info2),
		.access = c->exit_info1 & NPF_FETCH ? NPT_X : c->exit_info1 & NPF_WRITE ? NPT_W : NPT_R,
		.walk = c->exit_info1 & NPF_GUEST_WALK,
	};

	if (npt_fault_exit(v, &fault) == VM_RETRY)
		repeat_delivery(v);
	else
		raise(v, VECTOR_GP);
}

/*
 * Some processors give this exit, with RIP at the instruction, where a guest's MOV to CR3 or CR4 sets reserved bits and #GP
 * is due. Twice in a row it is our VMCB that is wrong.
 */
static void invalid_exit(struct vcpu *v)
{
	struct svm_vcpu *s = svm_of(v);
	u8 bytes[INSN_MAX];
	const size_t count = fetch(v, bytes);
	const unsigned length = insn_length(INSN_MOV_TO_CR, bytes, count, is_code64(&s->vmcb.save));
	const unsigned cr = length ? bytes[length - 1] >> 3 & 7 : 0;

	if (s->invalid_exit == v->exits - 1 || (cr != 3 && cr != 4))
		unexpected_exit(v);
	s->invalid_exit = v->exits;
	raise(v, VECTOR_GP);
}

void svm_exit(struct vcpu *v)
{
	struct vmcb *b = &svm_of(v)->vmcb;

	v->exits++;
	v->regs.rax = b->save.rax;
	b->control.tlb_control = VMCB_TLB_KEEP;
	switch ((u32)b->control.exit_code) {
	case SVM_EXIT_CPUID:
		cpuid_exit(v);
		skip(v, b, INSN_CPUID);
		break;
	case SVM_EXIT_MSR:
		if (b->control.exit_info1)
			finish(v, b, msr_write_exit(v), INSN_WRMSR);
		else
			finish(v, b, msr_read_exit(v), INSN_RDMSR);
		break;
	case SVM_EXIT_VMMCALL:
		finish(v, b, hypercall_exit(v, caller_mode(&b->save)), INSN_VMMCALL);
		break;
	case SVM_EXIT_IOIO:
		port_exit(v, b);
		break;
	case SVM_EXIT_NPF:
		npf_exit(v, &b->control);
		break;
	case SVM_EXIT_INVD:
		finish(v, b, invd_exit(), INSN_INVD);
		break;
	case SVM_EXIT_RDPMC: /* no performance counters */
		raise(v, VECTOR_GP);
		break;
	case SVM_EXIT_VMRUN:
	case SVM_EXIT_VMLOAD:
	case SVM_EXIT_VMSAVE:
	case SVM_EXIT_STGI:
	case SVM_EXIT_CLGI:
	case SVM_EXIT_SKINIT:
	case SVM_EXIT_INVLPGA: /* no SVM */
		raise(v, VECTOR_UD);
		break;
	case SVM_EXIT_INIT:
		partition_end_root(v->partition, END_RESET, 0);
	case SVM_EXIT_SHUTDOWN:
		triple_fault_exit(v);
	case SVM_EXIT_INVALID:
		invalid_exit(v);
		break;
	default:
		trace(v, TRACE_EXIT, (u32)b->control.exit_code, b->control.exit_info1, b->control.exit_info2);
		unexpected_exit(v);
	}
	b->save.rax = v->regs.rax;
}
