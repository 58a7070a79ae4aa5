/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Near calls with all general and XMM registers loaded before, stored after; also from CPL 3. */
#include "rt_asm.h"

	.text
#ifdef __x86_64__
	.macro load_registers
	self %rax
	lea RT_CPU_CALL_IN(%rax), %rax
	n = 0
	.irp x, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movups RT_REGS_XMM + 16 * n(%rax), %xmm\x
	n = n + 1
	.endr
	mov 1 * 8(%rax), %rcx
	mov 2 * 8(%rax), %rdx
	mov 3 * 8(%rax), %rbx
	mov 5 * 8(%rax), %rbp
	mov 6 * 8(%rax), %rsi
	mov 7 * 8(%rax), %rdi
	mov 8 * 8(%rax), %r8
	mov 9 * 8(%rax), %r9
	mov 10 * 8(%rax), %r10
	mov 11 * 8(%rax), %r11
	mov 12 * 8(%rax), %r12
	mov 13 * 8(%rax), %r13
	mov 14 * 8(%rax), %r14
	mov 15 * 8(%rax), %r15
	mov 0 * 8(%rax), %rax
	.endm

	/* void rt_call_asm(void *unused): from call_in by call_target to call_out. */
	.globl rt_call_asm
rt_call_asm:
	push %rbp
	push %rbx
	push %r12
	push %r13
	push %r14
	push %r15
	self %rax
	pushq RT_CPU_CALL_TARGET(%rax)
	mov %rsp, RT_CPU_CALL_SP(%rax)
	load_registers
	call *(%rsp)
	pushfq
	push %rax
	self %rax
	popq RT_CPU_CALL_OUT + 0 * 8(%rax)
	popq RT_CPU_CALL_OUT + RT_REGS_FLAGS(%rax)
	mov %rcx, RT_CPU_CALL_OUT + 1 * 8(%rax)
	mov %rdx, RT_CPU_CALL_OUT + 2 * 8(%rax)
	mov %rbx, RT_CPU_CALL_OUT + 3 * 8(%rax)
	mov %rsp, RT_CPU_CALL_OUT + 4 * 8(%rax)
	mov %rbp, RT_CPU_CALL_OUT + 5 * 8(%rax)
	mov %rsi, RT_CPU_CALL_OUT + 6 * 8(%rax)
	mov %rdi, RT_CPU_CALL_OUT + 7 * 8(%rax)
	mov %r8, RT_CPU_CALL_OUT + 8 * 8(%rax)
	mov %r9, RT_CPU_CALL_OUT + 9 * 8(%rax)
	mov %r10, RT_CPU_CALL_OUT + 10 * 8(%rax)
	mov %r11, RT_CPU_CALL_OUT + 11 * 8(%rax)
	mov %r12, RT_CPU_CALL_OUT + 12 * 8(%rax)
	mov %r13, RT_CPU_CALL_OUT + 13 * 8(%rax)
	mov %r14, RT_CPU_CALL_OUT + 14 * 8(%rax)
	mov %r15, RT_CPU_CALL_OUT + 15 * 8(%rax)
	mov RT_CPU_CALL_SP(%rax), %rsp
	n = 0
	.irp x, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movups %xmm\x, RT_CPU_CALL_OUT + RT_REGS_XMM + 16 * n(%rax)
	n = n + 1
	.endr
	cld
	pop %rax
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbx
	pop %rbp
	ret

	/* The same call at CPL 3. Always ends in a fault, at rt_user_back when it returned. */
	.globl rt_user_asm, rt_user_back
rt_user_asm:
	self %rax
	mov RT_CPU_CALL_TARGET(%rax), %rcx
	lea RT_CPU_USER_SP(%rax), %rax
	mov %rcx, (%rax)
	pushq $SEL_USER_DATA
	push %rax
	pushq rt_user_flags(%rip)
	pushq $SEL_USER_CODE
	lea user_code(%rip), %rax
	push %rax
	load_registers
	iretq
user_code:
	call *(%rsp)
rt_user_back:
	hlt
#else
	.macro load_registers
	self %eax
	lea RT_CPU_CALL_IN(%eax), %eax
	n = 0
	.irp x, 0, 1, 2, 3, 4, 5, 6, 7
	movups RT_REGS_XMM + 16 * n(%eax), %xmm\x
	n = n + 1
	.endr
	mov 1 * 4(%eax), %ecx
	mov 2 * 4(%eax), %edx
	mov 3 * 4(%eax), %ebx
	mov 5 * 4(%eax), %ebp
	mov 6 * 4(%eax), %esi
	mov 7 * 4(%eax), %edi
	mov 0 * 4(%eax), %eax
	.endm

	.globl rt_call_asm
rt_call_asm:
	push %ebp
	push %ebx
	push %esi
	push %edi
	self %eax
	pushl RT_CPU_CALL_TARGET(%eax)
	mov %esp, RT_CPU_CALL_SP(%eax)
	load_registers
	call *(%esp)
	pushfl
	push %eax
	self %eax
	popl RT_CPU_CALL_OUT + 0 * 4(%eax)
	popl RT_CPU_CALL_OUT + RT_REGS_FLAGS(%eax)
	mov %ecx, RT_CPU_CALL_OUT + 1 * 4(%eax)
	mov %edx, RT_CPU_CALL_OUT + 2 * 4(%eax)
	mov %ebx, RT_CPU_CALL_OUT + 3 * 4(%eax)
	mov %esp, RT_CPU_CALL_OUT + 4 * 4(%eax)
	mov %ebp, RT_CPU_CALL_OUT + 5 * 4(%eax)
	mov %esi, RT_CPU_CALL_OUT + 6 * 4(%eax)
	mov %edi, RT_CPU_CALL_OUT + 7 * 4(%eax)
	mov RT_CPU_CALL_SP(%eax), %esp
	n = 0
	.irp x, 0, 1, 2, 3, 4, 5, 6, 7
	movups %xmm\x, RT_CPU_CALL_OUT + RT_REGS_XMM + 16 * n(%eax)
	n = n + 1
	.endr
	cld
	pop %edi
	pop %edi
	pop %esi
	pop %ebx
	pop %ebp
	ret

	.globl rt_user_asm, rt_user_back
rt_user_asm:
	self %ebx
	mov RT_CPU_CALL_TARGET(%ebx), %ecx
	lea RT_CPU_USER_SP(%ebx), %ebx
	mov %ecx, (%ebx)
	mov $SEL_USER_DATA, %eax
	mov %eax, %ds
	mov %eax, %es
	push %eax
	push %ebx
	pushl rt_user_flags
	push $SEL_USER_CODE
	push $user_code
	load_registers
	iret
user_code:
	call *(%esp)
rt_user_back:
	hlt
#endif

	/* A return that leaves a mark in the base pointer. */
	.globl rt_marked_return
rt_marked_return:
	mov $0x3a41c3d, %ebp
	ret

	.section .note.GNU-stack, "", @progbits
