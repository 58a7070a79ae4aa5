/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Calls from modes that C does not run in: real, compatibility, protected without paging. */
#include "rt_asm.h"

#define CR0_PG (1 << 31)
#define CR0_PE (1 << 0)
#define MSR_EFER 0xc0000080
#define EFER_LME (1 << 8)
/* Address, and offset in its segment, of a label of the copied trampoline. */
#define REAL_ADDRESS(label) (label - rt_real_start + RT_REAL_BASE)
#define REAL_OFFSET(label) (label - rt_real_start)
#define REAL_SEGMENT (RT_REAL_BASE >> 4)
#define REAL_STACK 0x7ff0

	.text
	/*
	 * u32 rt_real_asm(void): the trampoline has been copied to RT_REAL_BASE. Goes down to real
	 * mode, near-calls RT_REAL_PAGE and comes back with the vector it raised or 0.
	 */
	.globl rt_real_asm
#ifdef __x86_64__
	.code64
rt_real_asm:
	push %rbp
	push %rbx
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, real_stack(%rip)
	sidt real_idt(%rip)
	ljmpl *real_down(%rip)
#else
rt_real_asm:
	push %ebp
	push %ebx
	push %esi
	push %edi
	mov %esp, real_stack
	sidt real_idt
#endif
	.code32
real_down32:
	mov %cr0, %eax
	and $~CR0_PG, %eax
	mov %eax, %cr0
#ifdef __x86_64__
	mov $MSR_EFER, %ecx
	rdmsr
	and $~EFER_LME, %eax
	wrmsr
#endif
	mov $SEL_DATA16, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	ljmp $SEL_CODE16, $REAL_ADDRESS(real_protected16)

real_up32:
	mov $SEL_DATA, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	lidt real_idt
#ifdef __x86_64__
	mov $MSR_EFER, %ecx
	rdmsr
	or $EFER_LME, %eax
	wrmsr
#endif
	mov %cr0, %eax
	or $CR0_PG, %eax
	mov %eax, %cr0
	ljmp $SEL_CODE, $real_home
#ifdef __x86_64__
	.code64
real_home:
	mov real_stack(%rip), %rsp
	mov REAL_ADDRESS(real_vector), %eax
	mov REAL_ADDRESS(real_fault_ip), %ecx
	mov %ecx, rt_real_ip(%rip)
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbx
	pop %rbp
	ret

	/* u64 rt_call_compat(u32 page, u64 control, u64 input, u64 output) */
	.globl rt_call_compat
rt_call_compat:
	push %rbp
	push %rbx
	push %r12
	push %r13
	push %r14
	push %r15
	mov %edi, %ebp
	mov %rcx, %rdi
	mov %edi, %eax
	mov %rsi, %r10
	mov %eax, %esi
	shr $32, %rdi
	mov %edx, %ecx
	mov %rdx, %rbx
	shr $32, %rbx
	mov %r10d, %eax
	mov %r10, %rdx
	shr $32, %rdx
	lcall *compat_entry(%rip)
	shl $32, %rdx
	mov %eax, %eax
	or %rdx, %rax
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbx
	pop %rbp
	ret
	.code32
compat_call:
	call *%ebp
	lret

	.section .data
real_down: .long real_down32
	.word SEL_CODE32
compat_entry: .long compat_call
	.word SEL_CODE32
#else
real_home:
	mov real_stack, %esp
	mov REAL_ADDRESS(real_vector), %eax
	mov REAL_ADDRESS(real_fault_ip), %ecx
	mov %ecx, rt_real_ip
	pop %edi
	pop %esi
	pop %ebx
	pop %ebp
	ret

	/* u64 rt_call_unpaged(u32 page, u64 control, u64 input, u64 output) */
	.globl rt_call_unpaged
rt_call_unpaged:
	push %ebp
	push %ebx
	push %esi
	push %edi
	mov %cr0, %eax
	and $~CR0_PG, %eax
	mov %eax, %cr0
	mov 20(%esp), %ebp
	mov 24(%esp), %eax
	mov 28(%esp), %edx
	mov 32(%esp), %ecx
	mov 36(%esp), %ebx
	mov 40(%esp), %esi
	mov 44(%esp), %edi
	call *%ebp
	mov %cr0, %ecx
	or $CR0_PG, %ecx
	mov %ecx, %cr0
	pop %edi
	pop %esi
	pop %ebx
	pop %ebp
	ret
#endif

	.section .rodata
	.globl rt_real_start, rt_real_end, rt_real_vectors
	.code16
	.balign 16
rt_real_start:
real_protected16:
	mov %cr0, %eax
	and $~CR0_PE, %eax
	mov %eax, %cr0
	ljmp $REAL_SEGMENT, $REAL_OFFSET(real_mode)
real_mode:
	mov %cs, %ax
	mov %ax, %ds
	xor %eax, %eax
	mov %ax, %es
	mov %ax, %ss
	mov $REAL_STACK, %sp
	lidtw REAL_OFFSET(real_table)
	movl %eax, REAL_OFFSET(real_vector)
	movl %eax, REAL_OFFSET(real_fault_ip)
	mov %eax, %ebx
	mov %eax, %ecx
	mov %eax, %edx
	mov %eax, %esi
	mov %eax, %edi
	/* A near call to RT_REAL_PAGE, spelled out: relative to where this runs. */
	.byte 0xe8
	.word RT_REAL_PAGE - RT_REAL_BASE - REAL_OFFSET(real_back)
real_back:
	jmp real_leave

	/* Eight bytes for each vector. */
	.balign 8
rt_real_vectors:
	n = 0
	.rept 32
	.balign 8
	pushw $n
	jmp real_fault
	n = n + 1
	.endr
real_fault:
	mov %cs, %ax
	mov %ax, %ds
	xor %eax, %eax
	pop %ax
	movl %eax, REAL_OFFSET(real_vector)
	pop %ax
	movl %eax, REAL_OFFSET(real_fault_ip)
real_leave:
	mov %cr0, %eax
	or $CR0_PE, %eax
	mov %eax, %cr0
	ljmpl $SEL_CODE32, $real_up32
	.balign 4
real_vector: .long 0
real_fault_ip: .long 0
real_table: .word 0x3ff
	.long 0
rt_real_end:

	.section .bss
	.balign 8
	.globl rt_real_ip
real_stack: .skip 8
real_idt: .skip 16
rt_real_ip: .skip 4

	.section .note.GNU-stack, "", @progbits
