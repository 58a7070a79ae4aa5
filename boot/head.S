/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Multiboot headers, the first instructions, and the step into long mode. */

#define MB1_MAGIC 0x1badb002
#define MB1_FLAGS 0x00000003 /* modules on page boundaries; memory map wanted */
#define MB2_MAGIC 0xe85250d6

	.section .multiboot, "a"
	.balign 8
mb1_header:
	.long MB1_MAGIC
	.long MB1_FLAGS
	.long -(MB1_MAGIC + MB1_FLAGS)

	.balign 8
mb2_header:
	.long MB2_MAGIC
	.long 0                                 /* protected mode i386 */
	.long mb2_end - mb2_header
	.long -(MB2_MAGIC + 0 + (mb2_end - mb2_header))
	.word 1, 0                              /* information request: */
	.long 20
	.long 6, 3, 1                           /* memory map, modules, command line */
	.balign 8
	.word 6, 0                              /* modules on page boundaries */
	.long 8
	.word 0, 0
	.long 8
mb2_end:

	.text
	.code32
	.globl boot_start
boot_start:
	cli
	cld
	mov $boot_stack_top, %esp
	push $0
	popf
	push %ebx
	push %eax
	call boot_main
1:	hlt
	jmp 1b

	/* boot_enter_long_mode(pml4, entry, argument): 4, 8 and 8 bytes on the stack. */
	.globl boot_enter_long_mode
boot_enter_long_mode:
	mov 4(%esp), %eax
	mov %eax, %cr3
	mov %cr4, %eax
	or $0x20, %eax                          /* CR4.PAE */
	mov %eax, %cr4
	mov $0xc0000080, %ecx
	rdmsr
	or $0x900, %eax                         /* EFER.LME, EFER.NXE */
	wrmsr
	mov %cr0, %eax
	and $0x9fffffff, %eax                   /* caches on: CR0.CD and CR0.NW clear */
	or $0x80010001, %eax                    /* CR0.PG, CR0.WP, CR0.PE */
	mov %eax, %cr0
	lgdt boot_gdtr
	ljmp $0x08, $1f
	.code64
1:	mov %esp, %esp                          /* the upper half is undefined so far */
	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	xor %eax, %eax
	mov %eax, %fs
	mov %eax, %gs
	mov 8(%rsp), %rax
	mov 16(%rsp), %rdi
	jmp *%rax

	.section .rodata
	.balign 8
boot_gdt:
	.quad 0
	.quad 0x00af9b000000ffff                /* 64-bit code */
	.quad 0x00cf93000000ffff                /* data */
boot_gdtr:
	.word boot_gdtr - boot_gdt - 1
	.long boot_gdt

	.bss
	.balign 16
	.skip 8192
boot_stack_top:

	.section .note.GNU-stack, "", @progbits
