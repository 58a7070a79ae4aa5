/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The first instructions: multiboot1 leaves us in 32-bit protected mode without paging, and there we stay. */
	.section .multiboot, "a"
	.balign 4
	.long 0x1badb002, 0, -0x1badb002

	.section .text.start, "ax"
	.globl start
start:
	cli
	cld
	mov $stack_top, %esp
	lgdt gdt_pointer
	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	ljmp $0x08, $1f
1:	xor %ebp, %ebp
	call tiny_main
2:	hlt
	jmp 2b

	.section .rodata
	.balign 8
gdt:
	.quad 0, 0x00cf9b000000ffff, 0x00cf93000000ffff /* none, code, data: all of memory */
gdt_pointer:
	.word gdt_pointer - gdt - 1
	.long gdt

	.bss
	.balign 16
	.skip 8192
stack_top:

	.section .note.GNU-stack, "", @progbits
