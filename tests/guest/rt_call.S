/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Near calls with all general and XMM registers loaded before, stored after; also from CPL 3. */
#include "rt_asm.h"

	.text
#ifdef __x86_64__
	.macro load_registers
	lea rt_call_in(%rip), %rax
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

	/* void rt_call_asm(void *unused): between rt_call_in and rt_call_out, to rt_call_target. */
	.globl rt_call_asm
rt_call_asm:
	push %rbp
	push %rbx
	push %r12
	push %r13
	push %r14
	push %r15
	push %rax
	mov %rsp, rt_call_sp(%rip)
	load_registers
	call *rt_call_target(%rip)
	mov %rax, rt_call_out + 0 * 8(%rip)
	mov %rcx, rt_call_out + 1 * 8(%rip)
	mov %rdx, rt_call_out + 2 * 8(%rip)
	mov %rbx, rt_call_out + 3 * 8(%rip)
	mov %rsp, rt_call_out + 4 * 8(%rip)
	mov %rbp, rt_call_out + 5 * 8(%rip)
	mov %rsi, rt_call_out + 6 * 8(%rip)
	mov %rdi, rt_call_out + 7 * 8(%rip)
	mov %r8, rt_call_out + 8 * 8(%rip)
	mov %r9, rt_call_out + 9 * 8(%rip)
	mov %r10, rt_call_out + 10 * 8(%rip)
	mov %r11, rt_call_out + 11 * 8(%rip)
	mov %r12, rt_call_out + 12 * 8(%rip)
	mov %r13, rt_call_out + 13 * 8(%rip)
	mov %r14, rt_call_out + 14 * 8(%rip)
	mov %r15, rt_call_out + 15 * 8(%rip)
	mov rt_call_sp(%rip), %rsp
	pushfq
	popq rt_call_out + RT_REGS_FLAGS(%rip)
	lea rt_call_out(%rip), %rax
	n = 0
	.irp x, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movups %xmm\x, RT_REGS_XMM + 16 * n(%rax)
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
	pushq $SEL_USER_DATA
	lea user_stack_top(%rip), %rax
	push %rax
	pushq $2
	pushq $SEL_USER_CODE
	lea user_code(%rip), %rax
	push %rax
	load_registers
	iretq
user_code:
	call *rt_call_target(%rip)
rt_user_back:
	hlt
#else
	.macro load_registers
	mov $rt_call_in, %eax
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
	mov %esp, rt_call_sp
	load_registers
	call *rt_call_target
	mov %eax, rt_call_out + 0 * 4
	mov %ecx, rt_call_out + 1 * 4
	mov %edx, rt_call_out + 2 * 4
	mov %ebx, rt_call_out + 3 * 4
	mov %esp, rt_call_out + 4 * 4
	mov %ebp, rt_call_out + 5 * 4
	mov %esi, rt_call_out + 6 * 4
	mov %edi, rt_call_out + 7 * 4
	mov rt_call_sp, %esp
	pushfl
	popl rt_call_out + RT_REGS_FLAGS
	mov $rt_call_out, %eax
	n = 0
	.irp x, 0, 1, 2, 3, 4, 5, 6, 7
	movups %xmm\x, RT_REGS_XMM + 16 * n(%eax)
	n = n + 1
	.endr
	cld
	pop %edi
	pop %esi
	pop %ebx
	pop %ebp
	ret

	.globl rt_user_asm, rt_user_back
rt_user_asm:
	mov $SEL_USER_DATA, %eax
	mov %eax, %ds
	mov %eax, %es
	push %eax
	push $user_stack_top
	push $2
	push $SEL_USER_CODE
	push $user_code
	load_registers
	iret
user_code:
	call *rt_call_target
rt_user_back:
	hlt
#endif

	/* A return that leaves a mark in the base pointer. */
	.globl rt_marked_return
rt_marked_return:
	mov $0x3a41c3d, %ebp
	ret

	.section .bss
	.balign 16
	.globl rt_call_in, rt_call_out, rt_call_target, rt_call_sp
rt_call_in: .skip 512
rt_call_out: .skip 512
rt_call_target: .skip 8
rt_call_sp: .skip 8
	.skip 1024
	.balign 16
user_stack_top:

	.section .note.GNU-stack, "", @progbits
