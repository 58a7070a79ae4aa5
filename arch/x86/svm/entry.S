/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The loop around VMRUN: registers go straight to and from struct vcpu. */
#include "virt.h"

	.text

/*
 * _Noreturn void svm_enter(struct vcpu *v, u64 vmcb_pa). GIF is 0 from the first exit on: nothing
 * interrupts the host; FS, GS, TR, LDTR and the system call MSRs are the guest's all the time, so
 * there is nothing to load or save for them.
 */
	.globl	svm_enter
	.balign	64
svm_enter:
	push	%rsi			/* 8(%rsp): VMCB, physical */
	push	%rdi			/* (%rsp): struct vcpu; stack aligned for calls */
	mov	%rdi, %rbx
load_all:
	movq	$0, VCPU_REGS_WRITTEN(%rbx)
	mov	VCPU_RBP(%rbx), %rbp
	mov	VCPU_R12(%rbx), %r12
	mov	VCPU_R13(%rbx), %r13
	mov	VCPU_R14(%rbx), %r14
	mov	VCPU_R15(%rbx), %r15
enter_guest:
	mov	VCPU_RCX(%rbx), %rcx
	mov	VCPU_RDX(%rbx), %rdx
	mov	VCPU_RSI(%rbx), %rsi
	mov	VCPU_RDI(%rbx), %rdi
	mov	VCPU_R8(%rbx), %r8
	mov	VCPU_R9(%rbx), %r9
	mov	VCPU_R10(%rbx), %r10
	mov	VCPU_R11(%rbx), %r11
	mov	VCPU_RBX(%rbx), %rbx
	mov	8(%rsp), %rax
	vmrun	%rax
	mov	(%rsp), %rax		/* RAX and RSP are the host's again */
	mov	%rbx, VCPU_RBX(%rax)
	mov	%rax, %rbx		/* kept across the call */
	mov	%rcx, VCPU_RCX(%rax)
	mov	%rdx, VCPU_RDX(%rax)
	mov	%rbp, VCPU_RBP(%rax)
	mov	%rsi, VCPU_RSI(%rax)
	mov	%rdi, VCPU_RDI(%rax)
	mov	%rax, %rdi
	mov	%r8, VCPU_R8(%rax)
	mov	%r9, VCPU_R9(%rax)
	mov	%r10, VCPU_R10(%rax)
	mov	%r11, VCPU_R11(%rax)
	mov	%r12, VCPU_R12(%rax)
	mov	%r13, VCPU_R13(%rax)
	mov	%r14, VCPU_R14(%rax)
	mov	%r15, VCPU_R15(%rax)
	call	*observe_handler(%rip)	/* svm_exit, unless exits are observed */
	/* What functions keep, RBP and R12 to R15, the guest finds as it was, unless it was written. */
	cmpq	$0, VCPU_REGS_WRITTEN(%rbx)
	je	enter_guest
	jmp	load_all

	.section .note.GNU-stack, "", @progbits
