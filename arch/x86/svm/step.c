/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Making the guest exit behind one instruction, by a trap that it does not see: SVM has no exit for
 * the end of an IRET or of an interrupt shadow.
 */
#include "svm.h"

#include "cpu.h"
#include "debug.h"
#include "event.h"

/*
 * Faults end the step before its time. INT3 and INTO would have to be executed again when they
 * exit, with no step made: they are left to their handlers.
 */
#define FAULTS ~(1u << VECTOR_NMI | 1u << VECTOR_BP | 1u << VECTOR_OF)

static void intercept_dr7(struct svm_vcpu *s, bool on)
{
	const u32 writes = VMCB_INTERCEPT_DR_WRITE(5) | VMCB_INTERCEPT_DR_WRITE(7);
	u32 *word = &s->vmcb.control.intercept[VMCB_INTERCEPT_DR];

	*word = on ? *word | writes : *word & ~writes;
}

void svm_step(struct vcpu *v, enum svm_step why)
{
	struct svm_vcpu *s = svm_of(v);
	struct vmcb_save *save = &s->vmcb.save;

	s->step = why;
	s->step_rflags = save->rflags;
	s->step_dr6 = save->dr6;
	save->rflags |= RFLAGS_TF;
	save->dr6 &= ~(DR6_BREAKPOINTS | DR6_SINGLE_STEP);
	s->vmcb.control.intercept[VMCB_INTERCEPT_EXCEPTION] = FAULTS;
	if (why == SVM_STEP_DR7)
		intercept_dr7(s, false);
	if (why == SVM_STEP_STORE)
		svm_intercept_stores(s, 0);
}

static void stop(struct svm_vcpu *s)
{
	if (s->step == SVM_STEP_DR7)
		intercept_dr7(s, true);
	if (s->step == SVM_STEP_STORE)
		svm_intercept_stores(s, s->refused_stores);
	s->step = SVM_STEP_NONE;
	s->vmcb.control.intercept[VMCB_INTERCEPT_EXCEPTION] = ENDLESS_EXCEPTIONS;
}

static void restore_trap_flag(struct svm_vcpu *s)
{
	u64 *rflags = &s->vmcb.save.rflags;

	*rflags = (*rflags & ~RFLAGS_TF) | (s->step_rflags & RFLAGS_TF);
}

void svm_step_cancel(struct vcpu *v)
{
	struct svm_vcpu *s = svm_of(v);

	if (!s->step)
		return;
	restore_trap_flag(s);
	/* What a fault of the instruction has put there comes on top. */
	s->vmcb.save.dr6 |= s->step_dr6;
	if (s->step == SVM_STEP_IRET)
		svm_intercept(&s->vmcb, INTERCEPT_IRET, true);
	stop(s);
	vcpu_check_interrupts(v); /* for what the step was to make way for */
}

bool svm_step_done(struct vcpu *v)
{
	struct svm_vcpu *s = svm_of(v);
	const u64 hits = s->vmcb.save.dr6 & debug_enabled(s->vmcb.save.dr7),
		  own = s->step_rflags & RFLAGS_TF;

	if (s->step == SVM_STEP_IRET)
		s->nmi_blocked = false; /* the IRET has loaded the guest's TF */
	else
		restore_trap_flag(s);
	s->vmcb.save.dr6 = s->step_dr6 | hits | (own ? DR6_SINGLE_STEP : 0);
	stop(s);
	vcpu_check_interrupts(v);
	return hits || own;
}
