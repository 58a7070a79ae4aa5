/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The hypervisor itself, carried as bytes. */

	.section .core, "a"
	.balign 4096
	.globl core_image, core_image_end
core_image:
	.incbin "build/core.bin"
core_image_end:

	.section .note.GNU-stack, "", @progbits
