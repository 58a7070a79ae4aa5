/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Selectors, widths and offsets that assembler and C of the test guests' runtime share. */
#ifndef RT_ASM_H
#define RT_ASM_H

#define SEL_CODE32 0x08
#define SEL_DATA 0x10
#define SEL_CODE64 0x18
#define SEL_USER_DATA (0x20 | 3)
#define SEL_USER_CODE (0x28 | 3)
#define SEL_CODE16 0x30
#define SEL_DATA16 0x38
#define SEL_TSS 0x40
#define SEL_FREE 0x50 /* and five behind it, for tests */

#ifdef __x86_64__
#define SEL_CODE SEL_CODE64
#define RT_WORD 8
#define RT_REGS 16
#else
#define SEL_CODE SEL_CODE32
#define RT_WORD 4
#define RT_REGS 8
#endif

/* Where the real-mode trampoline lies, and the page right behind it that it can call into. */
#define RT_REAL_BASE 0x8000
#define RT_REAL_PAGE 0x9000
/* Where a start-up IPI lets another processor begin. */
#define RT_START_BASE 0xa000

#define RT_CPUS 8 /* at most */

/* Offsets in struct rt_regs. */
#define RT_REGS_FLAGS (RT_REGS * RT_WORD)
#define RT_REGS_XMM (RT_REGS_FLAGS + 16)

/* Offsets in struct rt_cpu. */
#define RT_GDT_ENTRIES 16
#define RT_CPU_TRY_STACK (RT_GDT_ENTRIES * 8)
#define RT_CPU_CALL_TARGET (RT_CPU_TRY_STACK + RT_WORD)
#define RT_CPU_CALL_SP (RT_CPU_CALL_TARGET + RT_WORD)
#define RT_CPU_FAULT (RT_CPU_CALL_SP + RT_WORD)
#define RT_CPU_CALL_IN 512
#define RT_CPU_CALL_OUT 1024
#define RT_CPU_USER_SP 2544 /* the last words of a stack */

#ifdef __ASSEMBLER__
/* The calling processor's struct rt_cpu: its GDT lies at the start. Needs the stack. */
#ifdef __x86_64__
	.macro self register
	lea -16(%rsp), %rsp
	sgdt (%rsp)
	mov 2(%rsp), \register
	lea 16(%rsp), %rsp
	.endm
#else
	.macro self register
	lea -16(%esp), %esp
	sgdt (%esp)
	mov 2(%esp), \register
	lea 16(%esp), %esp
	.endm
#endif
#endif

#endif
