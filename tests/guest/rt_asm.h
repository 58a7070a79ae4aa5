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

/* Offsets in struct rt_regs. */
#define RT_REGS_FLAGS (RT_REGS * RT_WORD)
#define RT_REGS_XMM (RT_REGS_FLAGS + 16)

#endif
