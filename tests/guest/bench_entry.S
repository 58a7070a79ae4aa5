/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The measuring guest's interrupt handler, and the loop around VMRUN of its own small monitor. */

#include "bench_marks.h"

#ifdef __x86_64__
	.text
	.globl bench_handler
bench_handler:
	push %rax
	push %rdx
	rdtsc
	mov %eax, bench_arrival(%rip)
	nopl BENCH_END(%rax)
	push %rcx
	call *bench_end_interrupt(%rip)
	lock incl bench_arrivals(%rip)
	pop %rcx
	pop %rdx
	pop %rax
	iretq

	.globl bench_floor_run
bench_floor_run:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	sub $8, %rsp
	push %rdi			/* 8(%rsp): VMCB */
	push %rsi			/* (%rsp): registers */
enter:
	mov (%rsp), %rax
	mov 0(%rax), %rbx
	mov 8(%rax), %rcx
	mov 16(%rax), %rdx
	mov 24(%rax), %rbp
	mov 32(%rax), %rsi
	mov 40(%rax), %rdi
	mov 48(%rax), %r8
	mov 56(%rax), %r9
	mov 64(%rax), %r10
	mov 72(%rax), %r11
	mov 80(%rax), %r12
	mov 88(%rax), %r13
	mov 96(%rax), %r14
	mov 104(%rax), %r15
	mov 8(%rsp), %rax
	vmrun %rax
	mov (%rsp), %rax
	mov %rbx, 0(%rax)
	mov %rcx, 8(%rax)
	mov %rdx, 16(%rax)
	mov %rbp, 24(%rax)
	mov %rsi, 32(%rax)
	mov %rdi, 40(%rax)
	mov %r8, 48(%rax)
	mov %r9, 56(%rax)
	mov %r10, 64(%rax)
	mov %r11, 72(%rax)
	mov %r12, 80(%rax)
	mov %r13, 88(%rax)
	mov %r14, 96(%rax)
	mov %r15, 104(%rax)
	mov %rax, %rdi
	call bench_floor_exit
	test %al, %al
	jnz enter
	add $24, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret
#endif

	.section .note.GNU-stack, "", @progbits
