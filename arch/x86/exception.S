/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Entry points of the 32 exceptions: registers into struct exception_frame (panic.h), then C; and of
 * interrupts and NMIs, of which the vector is all that counts.
 */

	.text
	.globl exception_stubs
	.balign 16
exception_stubs:                                /* 16 bytes apart */
	vector = 0
	.rept 32
	.balign 16
	/* #DF #TS #NP #SS #GP #PF #AC #CP #VC #SX push an error code (SDM table 6-1) */
	.if !((0x60227d00 >> vector) & 1)
	push $0
	.endif
	push $vector
	jmp exception_common
	vector = vector + 1
	.endr

	.globl interrupt_stubs
	.balign 16			/* 8 bytes apart */
interrupt_stubs:
	vector = 0
	.rept 256
	.balign 8
	push $(vector - 128)		/* as a byte */
	jmp interrupt_common
	vector = vector + 1
	.endr

interrupt_common:
	push %rax
	push %rcx
	push %rdx
	push %rsi
	push %rdi
	push %r8
	push %r9
	push %r10
	push %r11
	cld
	mov 72(%rsp), %edi		/* nine registers lie below, and RIP on the frame above */
	sub $-128, %edi
	lea 80(%rsp), %rsi
	call interrupt_entry		/* which wants its stack aligned to words alone */
	pop %r11
	pop %r10
	pop %r9
	pop %r8
	pop %rdi
	pop %rsi
	pop %rdx
	pop %rcx
	pop %rax
	add $8, %rsp
	iretq

exception_common:
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
	mov %cr2, %rax
	push %rax
	cld
	mov %rsp, %rdi
	mov %rsp, %rbx
	and $-16, %rsp
	call exception_entry
	mov %rbx, %rsp
	pop %rax
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

/*
 * void idt_wait(const bool *nmi, bool has_gif): halt until an NMI or an interrupt comes, unless *nmi
 * says that one has. One that hits between here and the HLT goes on behind it: idt.c sees to that.
 */
	.globl idt_wait, idt_wait_end
idt_wait:
	cmpb $0, (%rdi)
	jne idt_wait_end
	test %sil, %sil
	jz 1f
	stgi
1:	sti
	hlt
idt_wait_end:
	ret

	.section .note.GNU-stack, "", @progbits
