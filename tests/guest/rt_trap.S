/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Entries of all 256 vectors, and running a function so that a fault in it comes back here. */
#include "rt_asm.h"

	.text
	/* Vectors 8, 10..14, 17, 21, 29, 30 push an error code. Sixteen bytes each. */
	.globl rt_trap_entries
	.balign 16
rt_trap_entries:
	vector = 0
	.rept 256
	.balign 16
	.if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || \
		vector == 29 || vector == 30)
	push $0
	.endif
	push $vector
	jmp trap_common
	vector = vector + 1
	.endr

#ifdef __x86_64__
trap_common:
	push %rax
	push %rcx
	push %rdx
	push %rbx
	push %rbp
	push %rsi
	push %rdi
	push %r8
	push %r9
	push %r10
	push %r11
	push %r12
	push %r13
	push %r14
	push %r15
	cld
	mov %rsp, %rdi
	mov %rsp, %rbp
	and $~15, %rsp
	call rt_trap
	mov %rbp, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %r11
	pop %r10
	pop %r9
	pop %r8
	pop %rdi
	pop %rsi
	pop %rbp
	pop %rbx
	pop %rdx
	pop %rcx
	pop %rax
	add $16, %rsp
	iretq

	.globl rt_try
rt_try:
	push %rbp
	push %rbx
	push %r12
	push %r13
	push %r14
	push %r15
	self %rbx
	pushq RT_CPU_TRY_STACK(%rbx)
	mov %rsp, RT_CPU_TRY_STACK(%rbx)
	mov %rdi, %rax
	mov %rsi, %rdi
	call *%rax
	xor %eax, %eax
try_leave:
	popq RT_CPU_TRY_STACK(%rbx)
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbx
	pop %rbp
	ret

	/* Leave the innermost rt_try with the vector in rt_fault; return when there is none. */
	.globl rt_unwind
rt_unwind:
	self %rcx
	cmpq $0, RT_CPU_TRY_STACK(%rcx)
	je 1f
	mov %rcx, %rbx
	mov RT_CPU_TRY_STACK(%rbx), %rsp
	mov $SEL_DATA, %eax
	mov %eax, %ss /* none, after a fault of user mode; 32-bit code needs one */
	mov RT_CPU_FAULT(%rbx), %eax
	cld
	jmp try_leave
1:	ret

	/* void (*)(u64 argument[2]): {msr, value} and {address, value}. */
	.globl rt_insn_rdmsr, rt_rdmsr_at, rt_insn_wrmsr, rt_wrmsr_at
rt_insn_rdmsr:
	mov (%rdi), %ecx
rt_rdmsr_at:
	rdmsr
	mov %eax, 8(%rdi)
	mov %edx, 12(%rdi)
	ret
rt_insn_wrmsr:
	mov (%rdi), %ecx
	mov 8(%rdi), %eax
	mov 12(%rdi), %edx
rt_wrmsr_at:
	wrmsr
	ret

	.globl rt_insn_read, rt_read_at, rt_insn_write, rt_write_at
rt_insn_read:
	mov (%rdi), %rsi
rt_read_at:
	mov (%rsi), %al
	mov %al, 8(%rdi)
	ret
rt_insn_write:
	mov (%rdi), %rsi
	mov 8(%rdi), %al
rt_write_at:
	mov %al, (%rsi)
	ret
#else
trap_common:
	pushal
	mov $SEL_DATA, %eax
	mov %eax, %ds
	mov %eax, %es
	cld
	mov %esp, %ebp
	and $~15, %esp
	sub $12, %esp
	push %ebp
	call rt_trap
	mov %ebp, %esp
	popal
	add $8, %esp
	iret

	.globl rt_try
rt_try:
	push %ebp
	push %ebx
	push %esi
	push %edi
	self %ebx
	pushl RT_CPU_TRY_STACK(%ebx)
	mov %esp, RT_CPU_TRY_STACK(%ebx)
	sub $4, %esp
	pushl 32(%esp) /* the argument, behind 6 words here, the return address, the function */
	call *32(%esp)
	add $8, %esp
	xor %eax, %eax
try_leave:
	popl RT_CPU_TRY_STACK(%ebx)
	pop %edi
	pop %esi
	pop %ebx
	pop %ebp
	ret

	.globl rt_unwind
rt_unwind:
	self %ecx
	cmpl $0, RT_CPU_TRY_STACK(%ecx)
	je 1f
	mov %ecx, %ebx
	mov RT_CPU_TRY_STACK(%ebx), %esp
	mov RT_CPU_FAULT(%ebx), %eax
	cld
	jmp try_leave
1:	ret

	.globl rt_insn_rdmsr, rt_rdmsr_at, rt_insn_wrmsr, rt_wrmsr_at
rt_insn_rdmsr:
	push %edi
	mov 8(%esp), %edi
	mov (%edi), %ecx
rt_rdmsr_at:
	rdmsr
	mov %eax, 8(%edi)
	mov %edx, 12(%edi)
	pop %edi
	ret
rt_insn_wrmsr:
	push %edi
	mov 8(%esp), %edi
	mov (%edi), %ecx
	mov 8(%edi), %eax
	mov 12(%edi), %edx
rt_wrmsr_at:
	wrmsr
	pop %edi
	ret

	.globl rt_insn_read, rt_read_at, rt_insn_write, rt_write_at
rt_insn_read:
	mov 4(%esp), %edx
	mov (%edx), %ecx
rt_read_at:
	mov (%ecx), %al
	mov %al, 8(%edx)
	ret
rt_insn_write:
	mov 4(%esp), %edx
	mov (%edx), %ecx
	mov 8(%edx), %al
rt_write_at:
	mov %al, (%ecx)
	ret
#endif

	.section .note.GNU-stack, "", @progbits
