/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * First instructions of a test guest: from multiboot1, or on further processors from a start-up
 * IPI, to C with paging, 64-bit or 32-bit PAE.
 */
#include "rt_asm.h"

#define MB_MAGIC 0x1badb002
#define MB_FLAGS 0x00000003 /* page-aligned modules, memory map */

#define CR0_PG (1 << 31)
#define CR0_CD (1 << 30)
#define CR0_NW (1 << 29)
#define CR0_WP (1 << 16)
#define CR0_NE (1 << 5)
#define CR0_EM (1 << 2)
#define CR0_MP (1 << 1)
#define CR0_PE (1 << 0)
#define CR4_PAE (1 << 5)
#define CR4_OSFXSR (1 << 9)
#define CR4_OSXMMEXCPT (1 << 10)
#define MSR_EFER 0xc0000080
#define EFER_LME (1 << 8)

/* Present, writable, user: code at CPL 3 shares the one map. */
#define TABLE 0x7
#define LARGE 0x87

	.macro load_data_segments
	mov $SEL_DATA, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov %eax, %fs
	mov %eax, %gs
	.endm

	/* Turn paging on, and on 64-bit long mode, going on at label. The page tables are there. */
	.macro enter_mode label
	mov %cr4, %eax
	or $(CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT), %eax
	mov %eax, %cr4
#ifdef __x86_64__
	mov $rt_top, %eax
	mov %eax, %cr3
	mov $MSR_EFER, %ecx
	rdmsr
	or $EFER_LME, %eax
	wrmsr
#else
	mov $rt_pointers, %eax
	mov %eax, %cr3
#endif
	mov %cr0, %eax
	and $~(CR0_NW | CR0_CD | CR0_EM), %eax
	or $(CR0_PG | CR0_WP | CR0_NE | CR0_MP | CR0_PE), %eax
	mov %eax, %cr0
	ljmp $SEL_CODE, $\label
	.endm

	.section .multiboot, "a"
	.balign 4
	.long MB_MAGIC, MB_FLAGS, -(MB_MAGIC + MB_FLAGS)

	.section .text.entry, "ax"
	.code32
	.globl rt_entry
rt_entry:
	mov %eax, %ecx
	rdtsc
	mov %eax, rt_boot_tsc
	mov %edx, rt_boot_tsc + 4
	cli
	cld
	mov %ecx, boot_magic
	mov %ebx, boot_info
	mov $stack_top, %esp
	lgdt rt_gdt_pointer
	load_data_segments

	/* 4 GiB one to one in pages of 2 MiB: four page directories in a row. */
	xor %ecx, %ecx
1:	mov %ecx, %eax
	shl $21, %eax
	or $LARGE, %eax
	mov %eax, rt_directory(, %ecx, 8)
	inc %ecx
	cmp $2048, %ecx
	jb 1b

	xor %ecx, %ecx
2:	mov %ecx, %eax
	shl $12, %eax
#ifdef __x86_64__
	add $rt_directory + TABLE, %eax
#else
	add $rt_directory + 1, %eax /* a PAE pointer has no rights */
#endif
	mov %eax, rt_pointers(, %ecx, 8)
	inc %ecx
	cmp $4, %ecx
	jb 2b

#ifdef __x86_64__
	movl $rt_pointers + TABLE, rt_top
#endif
	enter_mode in_mode

#ifdef __x86_64__
	.code64
#endif
in_mode:
	fninit
#ifdef __x86_64__
	mov $stack_top, %rsp
	xor %ebp, %ebp
	mov boot_magic, %edi
	mov boot_info, %esi
	call guest_main
#else
	xor %ebp, %ebp
	sub $8, %esp
	pushl boot_info
	pushl boot_magic
	call guest_main
#endif
3:	hlt
	jmp 3b

	/* Another processor, from the trampoline. Which one it is, its initial APIC id tells. */
	.code32
start_protected:
	load_data_segments
	mov $1, %eax
	cpuid
	shr $24, %ebx
	movzbl rt_cpu_by_apic_id(%ebx), %edi
	mov rt_stack_tops(, %edi, 4), %esp
	enter_mode start_in_mode
#ifdef __x86_64__
	.code64
#endif
start_in_mode:
	fninit
	xor %ebp, %ebp
#ifdef __x86_64__
	mov %esp, %esp
#else
	sub $12, %esp
	push %edi
#endif
	call rt_cpu_main
4:	hlt
	jmp 4b

	/* What a start-up IPI starts, copied to RT_START_BASE. */
	.section .rodata
	.globl rt_start, rt_start_end
	.balign 4
	.code16
rt_start:
	cli
	cld
	lgdtl %cs:start_gdt_pointer - rt_start
	mov %cr0, %eax
	or $CR0_PE, %eax
	mov %eax, %cr0
	ljmpl $SEL_CODE32, $start_protected
start_gdt_pointer:
	.word rt_gdt_end - rt_gdt - 1
	.long rt_gdt
rt_start_end:

	.section .data
	.balign 8
	.globl rt_boot_tsc, boot_magic, boot_info
rt_boot_tsc: .quad 0
boot_magic: .long 0
boot_info: .long 0

	.balign 16
	.globl rt_gdt, rt_gdt_pointer
rt_gdt:
	.quad 0
	.quad 0x00cf9b000000ffff /* SEL_CODE32 */
	.quad 0x00cf93000000ffff /* SEL_DATA */
	.quad 0x00af9b000000ffff /* SEL_CODE64 */
	.quad 0x00cff3000000ffff /* SEL_USER_DATA */
#ifdef __x86_64__
	.quad 0x00affb000000ffff /* SEL_USER_CODE */
#else
	.quad 0x00cffb000000ffff
#endif
	.quad 0x00009b000000ffff /* SEL_CODE16: RT_REAL_BASE is below 64 KiB */
	.quad 0x000093000000ffff /* SEL_DATA16 */
	.quad 0, 0 /* SEL_TSS, in each processor's own by rt_trap_init */
	.quad 0, 0, 0, 0, 0, 0 /* SEL_FREE */
rt_gdt_end:
	.if rt_gdt_end - rt_gdt != RT_GDT_ENTRIES * 8
	.error "RT_GDT_ENTRIES"
	.endif
rt_gdt_pointer:
	.word rt_gdt_end - rt_gdt - 1
	.long rt_gdt
	.long 0

	.section .bss
	.balign 4096
	.globl rt_directory, rt_pointers, rt_top
rt_directory: .skip 4 * 4096
rt_pointers: .skip 4096
rt_top: .skip 4096
	.skip 32768
stack_top:

	.section .note.GNU-stack, "", @progbits
