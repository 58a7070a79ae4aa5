/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * False hypercall pages: page_minimal changes as little as the TLFS lets a page change, page_trash
 * as much as Microsoft's calling convention lets a function change. Both ask answer(). And
 * saved_by(), which sees whether a function gives back the registers that are its caller's.
 */
	.text

#if defined(__x86_64__)

	.globl page_minimal
page_minimal:
	pushq %rbp
	movq %rsp, %rbp
	pushq %rdi
	pushq %rsi
	pushq %rdx
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	subq $512, %rsp
	andq $-64, %rsp
	fxsave (%rsp)
	leaq seen_xmm(%rip), %rax
	movups %xmm0, (%rax)
	movups %xmm1, 16(%rax)
	movups %xmm2, 32(%rax)
	movups %xmm3, 48(%rax)
	movups %xmm4, 64(%rax)
	movups %xmm5, 80(%rax)
	movq %rcx, %rdi
	movq %rdx, %rsi
	movq %r8, %rdx
	call answer
	fxrstor (%rsp)
	leaq -56(%rbp), %rsp
	popq %r11
	popq %r10
	popq %r9
	popq %r8
	popq %rdx
	popq %rsi
	popq %rdi
	popq %rbp
	movq $0x5a5a, %rcx	/* a rep call counts in it */
	ret

	.globl page_trash
page_trash:
	call page_minimal
	movq $-1, %rdx
	movq $-1, %r8
	movq $-1, %r9
	movq $-1, %r10
	movq $-1, %r11
	pcmpeqd %xmm0, %xmm0
	pcmpeqd %xmm1, %xmm1
	pcmpeqd %xmm2, %xmm2
	pcmpeqd %xmm3, %xmm3
	pcmpeqd %xmm4, %xmm4
	pcmpeqd %xmm5, %xmm5
	movq $-1, 8(%rsp)	/* the shadow space above the return address */
	movq $-1, 16(%rsp)
	movq $-1, 24(%rsp)
	movq $-1, 32(%rsp)
	ret

/* int saved_by(void (*function)(void)) */
	.globl saved_by
saved_by:
	pushq %rbp
	pushq %rbx
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	subq $8, %rsp
	movq $0x11, %rbx
	movq $0x22, %rbp
	movq $0x33, %r12
	movq $0x44, %r13
	movq $0x55, %r14
	movq $0x66, %r15
	call *%rdi
	subq $0x11, %rbx
	subq $0x22, %rbp
	subq $0x33, %r12
	subq $0x44, %r13
	subq $0x55, %r14
	subq $0x66, %r15
	orq %rbp, %rbx
	orq %r12, %rbx
	orq %r13, %rbx
	orq %r14, %rbx
	orq %r15, %rbx
	xorl %eax, %eax
	testq %rbx, %rbx
	setz %al
	addq $8, %rsp
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbx
	popq %rbp
	ret

#else

	.globl page_minimal
page_minimal:
	pushl %ebp
	movl %esp, %ebp
	pushl %ecx
	subl $12, %esp
	andl $-16, %esp
	subl $8, %esp		/* with the arguments below, a multiple of 16 */
	pushl %edi
	pushl %esi
	pushl %ebx
	pushl %ecx
	pushl %edx
	pushl %eax
	call answer
	movl -4(%ebp), %ecx
	leave
	ret

	.globl page_trash
page_trash:
	call page_minimal
	movl $-1, %ecx
	movl $-1, %ebx
	movl $-1, %esi
	movl $-1, %edi
	ret

	.globl saved_by
saved_by:
	pushl %ebp
	pushl %ebx
	pushl %esi
	pushl %edi
	movl 20(%esp), %eax
	subl $12, %esp
	movl $0x11, %ebx
	movl $0x22, %ebp
	movl $0x33, %esi
	movl $0x44, %edi
	call *%eax
	subl $0x11, %ebx
	subl $0x22, %ebp
	subl $0x33, %esi
	subl $0x44, %edi
	orl %ebp, %ebx
	orl %esi, %ebx
	orl %edi, %ebx
	xorl %eax, %eax
	testl %ebx, %ebx
	setz %al
	addl $12, %esp
	popl %edi
	popl %esi
	popl %ebx
	popl %ebp
	ret

#endif

	.section .note.GNU-stack, "", %progbits
