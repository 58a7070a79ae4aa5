/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Hardware task switches (SDM vol. 3A, chapter 8), for processors that leave them to the hypervisor. */
#ifndef PARTITA_X86_TASK_H
#define PARTITA_X86_TASK_H

#include "vcpu.h"

/* What makes the switch; IDT: a task gate there. */
enum task_source { TASK_CALL, TASK_IRET, TASK_JUMP, TASK_IDT };

struct task_switch {
	enum task_source source;
	u16 selector;   /* of the new task segment */
	u32 eip;        /* where the old task is to go on */
	bool resumes;   /* at an instruction that has raised a fault: with RF */
	bool external;  /* by an event that is no instruction's intention */
	bool has_error; /* the new task gets an error code */
	u32 error;
	bool trap;      /* result: the new task wants a debug trap before its first instruction */
};

/*
 * Make the switch. VM_SKIP: the VP is in the new task. VM_RETRY: nothing has happened, try it again.
 * VM_FAULT, VM_GP: raise that, in the task that the VP is in now, be it the old or the new one.
 */
enum vm_next task_switch(struct vcpu *v, struct task_switch *t);

#endif
