/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The image's header and its first instructions: a stack, then C. */
#include "core_header.h"

	.section .core_header, "a"
	.long CORE_MAGIC, 0
	.quad core_start
	.quad image_bytes

	.text
	.globl core_start
core_start:                                     /* rdi: struct boot_info * */
	lea boot_stack_end(%rip), %rsp
	xor %ebp, %ebp
	call start
	ud2

	.bss
	.balign 4096
	.skip 16384
	.globl boot_stack_end
boot_stack_end:

	.section .note.GNU-stack, "", @progbits
