/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Where a processor begins after its start-up IPI (Intel SDM vol. 3, 9.4.4): real mode, at the start
 * of a page below 1 MiB to which this was copied. smp.c fills the words at its end.
 */

#define AT(label) (label - smp_trampoline)

	.section .rodata
	.balign 16
	.globl smp_trampoline, smp_trampoline_end, smp_words
smp_trampoline:
	.code16
	cli
	cld
	mov	%cs, %ax
	mov	%ax, %ds
	lgdtl	AT(gdtr)
	movl	AT(page), %ebx
	mov	%cr0, %eax
	or	$1, %al			/* CR0.PE */
	mov	%eax, %cr0
	ljmpl	*AT(to_protected)

	.code32
protected:
	mov	$0x18, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	%cr4, %eax
	or	$0x20, %eax		/* CR4.PAE */
	mov	%eax, %cr4
	mov	AT(cr3)(%ebx), %eax
	mov	%eax, %cr3
	mov	$0xc0000080, %ecx
	rdmsr
	or	$0x900, %eax		/* EFER.LME, EFER.NXE */
	wrmsr
	mov	%cr0, %eax
	and	$0x9fffffff, %eax	/* caches on: CR0.CD and CR0.NW clear */
	or	$0x80010001, %eax	/* CR0.PG, CR0.WP, CR0.PE */
	mov	%eax, %cr0
	ljmp	*AT(to_long)(%ebx)

	.code64
long:
	mov	%ebx, %ebx		/* the upper half is undefined so far */
	mov	AT(stack)(%rbx), %rsp
	mov	AT(argument)(%rbx), %rdi
	xor	%ebp, %ebp
	jmp	*AT(entry)(%rbx)

	.balign 8
gdt:
	.quad 0
	.quad 0x00af9b000000ffff	/* 64-bit code */
	.quad 0x00cf9b000000ffff	/* 32-bit code */
	.quad 0x00cf93000000ffff	/* data */
	.balign 8
smp_words:				/* struct words in smp.c; addresses lack the page's yet */
	.word 0
gdtr:
	.word gdtr - 2 - gdt - 1
	.long AT(gdt)
page:
	.long 0, 0
to_protected:
	.long AT(protected)
	.word 0x10, 0
to_long:
	.long AT(long)
	.word 0x08, 0
cr3:
	.quad 0
stack:
	.quad 0
argument:
	.quad 0
entry:
	.quad 0
smp_trampoline_end:

	.section .note.GNU-stack, "", @progbits
