/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * SGDT, SIDT, SLDT and STR, which user mode may be forbidden: where it is the kernel that executes
 * one, the processor does that itself, in a step without the exit.
 */
#include "svm.h"

#include "virt.h"

void svm_intercept_stores(struct svm_vcpu *s, u32 stores)
{
	svm_intercept(&s->vmcb, INTERCEPT_GDTR_READ, stores & VIRT_STORE_GDTR);
	svm_intercept(&s->vmcb, INTERCEPT_IDTR_READ, stores & VIRT_STORE_IDTR);
	svm_intercept(&s->vmcb, INTERCEPT_LDTR_READ, stores & VIRT_STORE_LDTR);
	svm_intercept(&s->vmcb, INTERCEPT_TR_READ, stores & VIRT_STORE_TR);
}

bool svm_can_refuse_stores(void)
{
	return true;
}

void svm_refuse_stores(struct vcpu *v, u32 stores)
{
	struct svm_vcpu *s = svm_of(v);

	s->refused_stores = stores;
	svm_intercept_stores(s, stores);
}

enum vm_next svm_store_exit(struct vcpu *v)
{
	struct svm_vcpu *s = svm_of(v);

	if (s->vmcb.save.cpl)
		return VM_GP;
	svm_step_cancel(v);
	svm_step(v, SVM_STEP_STORE);
	return VM_RETRY;
}
