/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* VM entry, VM exit and NMIs in root mode: registers go straight to and from struct vcpu. */
#include "virt.h"

	.text

/*
 * RSP: the struct vcpu. Loads all general registers but RSP from it; RSP ends behind the registers.
 */
.macro load_guest_registers
	pop	%rax
	pop	%rcx
	pop	%rdx
	pop	%rbx
	lea	8(%rsp), %rsp		/* RSP is in the VMCS */
	pop	%rbp
	pop	%rsi
	pop	%rdi
	pop	%r8
	pop	%r9
	pop	%r10
	pop	%r11
	pop	%r12
	pop	%r13
	pop	%r14
	pop	%r15
.endm

/* _Noreturn void vmx_launch(struct vcpu *v): the first entry of a VMCS that was cleared. */
	.globl	vmx_launch
vmx_launch:
	mov	%rdi, %rsp
	load_guest_registers
	vmlaunch
	jmp	entry_failed

/*
 * Every exit comes here (SDM 28.5): RSP is the end of v->regs, RFLAGS is 2, no other register has
 * changed. An NMI may come at any point and has its own stack; nothing else is expected before RSP
 * is good.
 */
	.globl	vmx_exit_stub
	.balign	64
vmx_exit_stub:
	push	%r15
	push	%r14
	push	%r13
	push	%r12
	push	%r11
	push	%r10
	push	%r9
	push	%r8
	push	%rdi
	push	%rsi
	push	%rbp
	lea	-8(%rsp), %rsp
	push	%rbx
	push	%rdx
	push	%rcx
	push	%rax
	mov	%rsp, %rdi
	mov	%rsp, %rbx		/* kept across the call */
	mov	VCPU_VENDOR(%rsp), %rsp	/* the top of the VP's stack */
	call	*observe_handler(%rip)	/* vmx_exit, unless exits are observed */
	mov	%rbx, %rsp
	load_guest_registers
	vmresume

/*
 * VM entry fell through: the VM-instruction error says why, the guest's registers are still in *v.
 */
entry_failed:
	lea	-(VCPU_R15 + 8)(%rsp), %rdi
	mov	VCPU_VENDOR(%rdi), %rsp
	call	vmx_entry_failed
	ud2

/*
 * void vmx_unblock_nmis(void): an exit for an NMI leaves NMIs blocked until an IRET (SDM 28.2);
 * make one to our caller.
 */
	.globl	vmx_unblock_nmis
vmx_unblock_nmis:
	pop	%rcx
	mov	%rsp, %rax
	mov	%ss, %edx
	push	%rdx
	push	%rax
	pushfq
	mov	%cs, %edx
	push	%rdx
	push	%rcx
	iretq

/* On its own stack (IST). */
	.globl	vmx_nmi_stub
vmx_nmi_stub:
	push	%rax
	push	%rcx
	push	%rdx
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	cld
	call	vmx_nmi
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rdx
	pop	%rcx
	pop	%rax
	iretq

	.section .note.GNU-stack, "", @progbits
