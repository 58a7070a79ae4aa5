/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Lengths of the few instructions that exit, for processors that do not save the next RIP. Pure. */
#ifndef PARTITA_X86_INSN_H
#define PARTITA_X86_INSN_H

#include "types.h"

#define INSN_MAX 15

enum insn {
	INSN_CPUID,
	INSN_RDMSR,
	INSN_WRMSR,
	INSN_VMCALL,
	INSN_VMMCALL,
	INSN_HLT,
	INSN_INVD,
	INSN_WBINVD,
	INSN_XSETBV,
	INSN_RDTSC,
	INSN_RDTSCP,
	INSN_MOV_TO_CR,
	INSN_MOV_TO_DR,
	INSN_COUNT
};

/*
 * Length with prefixes if the bytes begin with that instruction, else 0. REX counts as a prefix
 * only in 64-bit code.
 */
unsigned insn_length(enum insn insn, const u8 *bytes, size_t count, bool code64);

/*
 * Of a MOV to a control or debug register that insn_length found: which, and the general register
 * it is loaded from.
 */
struct insn_move { u8 to, from; };
struct insn_move insn_move(const u8 *bytes, unsigned length, bool code64);

#endif
