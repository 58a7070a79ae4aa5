/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * hv_stub_call(), for code built with HV_EXTERN_STUBS, and room for the hypercall page in the
 * image, for hv_hypercall_symbol(). For the GNU assembler and clang; hv_tlfs_stubs.asm says the
 * same to nasm.
 *
 *   uint64_t hv_stub_call(page, uint64_t control, uint64_t in_gpa, uint64_t out_gpa,
 *                         const void *in_va, void *out_va)
 *
 * The addresses are for the compiler, which must believe that the blocks are read and written here.
 */
#if defined(__x86_64__) || defined(__i386__)

/* Where indirect branches must land on an instruction that says so. */
#if defined(__CET__) && defined(__x86_64__)
#define LANDING .byte 0xf3, 0x0f, 0x1e, 0xfa
#elif defined(__CET__)
#define LANDING .byte 0xf3, 0x0f, 0x1e, 0xfb
#else
#define LANDING
#endif
/* 32-bit Windows puts an underscore in front of C's names. */
#if defined(_WIN32) && defined(__i386__)
#define STUB_CALL _hv_stub_call
#else
#define STUB_CALL hv_stub_call
#endif

	.text
	/* In 64 bits, 40 bytes: shadow space for the page, and alignment. */
	.globl STUB_CALL
	.balign 16
#if defined(__ELF__)
	.type STUB_CALL, @function
#endif
STUB_CALL:
	LANDING
#if defined(__x86_64__) && defined(_WIN32)
	/* Microsoft's convention, but for the page in front: move up by one. */
	movq %rcx, %rax
	movq %rdx, %rcx
	movq %r8, %rdx
	movq %r9, %r8
	subq $40, %rsp
	call *%rax
	addq $40, %rsp
	ret
#elif defined(__x86_64__)
	/* page RDI, control RSI, in_gpa RDX, out_gpa RCX; RDX is in place. */
	movq %rcx, %r8
	movq %rsi, %rcx
	subq $40, %rsp
	call *%rdi
	addq $40, %rsp
	ret
#else
	/* control EDX:EAX, in_gpa EBX:ECX, out_gpa EDI:ESI; the result is EDX:EAX, as C has it. */
	pushl %ebp
	movl %esp, %ebp
	pushl %ebx
	pushl %esi
	pushl %edi
	movl 12(%ebp), %eax
	movl 16(%ebp), %edx
	movl 20(%ebp), %ecx
	movl 24(%ebp), %ebx
	movl 28(%ebp), %esi
	movl 32(%ebp), %edi
	call *8(%ebp)
	movl -4(%ebp), %ebx
	movl -8(%ebp), %esi
	movl -12(%ebp), %edi
	leave
	ret
#endif
#if defined(__ELF__)
	.size STUB_CALL, . - STUB_CALL
#endif

	/* Until the hypervisor overlays it, a call of the page is a breakpoint. */
	.globl hv_hypercall_page
	.balign 4096
hv_hypercall_page:
	.fill 4096, 1, 0xcc

#endif

#if defined(__ELF__)
	.section .note.GNU-stack, "", %progbits
#endif
