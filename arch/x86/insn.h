/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Instructions that exit: their prefixes, their lengths, and the few that are taken apart. Pure. */
#ifndef PARTITA_X86_INSN_H
#define PARTITA_X86_INSN_H

#include "types.h"

#define INSN_MAX 15

/* The default sizes of operands and addresses at an instruction. */
enum insn_code { INSN_CODE16, INSN_CODE32, INSN_CODE64 };

/* Segments in the order of their encoding, which is that of enum vseg. */
#define INSN_ES 0
#define INSN_DS 3
#define INSN_FS 4

struct insn_prefixes {
	u8 count;          /* bytes of them all */
	u8 rex;            /* the one that counts, or 0 */
	bool operand, address, lock, repeat;
	bool has_segment;
	u8 segment;        /* the one that they name, if any */
};

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

struct insn_prefixes insn_prefixes(const u8 *bytes, size_t count, bool code64);

/* Bytes of an address, and what is left of a register as a string instruction counts with it. */
unsigned insn_address_size(enum insn_code code, const struct insn_prefixes *p);
u64 insn_advance(u64 reg, u64 step, unsigned address_size);

/* Bits of a value of 1, 2, 4 or 8 bytes. */
static inline u64 insn_mask(unsigned size)
{
	return size == 8 ? ~0ull : (1ull << 8 * size) - 1;
}

/* INS or OUTS; how much it moves, the exit has said. */
struct insn_string {
	u8 length;
	u8 address_size;
	bool in, repeat;
	u8 segment;
};

/* False: the bytes begin with no such instruction. */
bool insn_string(const u8 *bytes, size_t count, enum insn_code code, struct insn_string *out);

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
