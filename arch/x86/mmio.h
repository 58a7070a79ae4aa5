/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Instructions that reach a device's registers in memory: what kernels use on an APIC page. The
 * decoder is pure; where the operand lies in memory, the nested page fault has said.
 */
#ifndef PARTITA_X86_MMIO_H
#define PARTITA_X86_MMIO_H

#include "types.h"
#include "insn.h"

/* What is done with the operand in memory. */
enum mmio_op {
	MMIO_READ,     /* to a register, perhaps extended */
	MMIO_WRITE,    /* from a register or an immediate */
	MMIO_STORE,    /* STOS */
	MMIO_EXCHANGE,
	MMIO_AND, MMIO_OR, MMIO_XOR,
	MMIO_ADD, MMIO_SUB,
	MMIO_CMP, MMIO_TEST,
};

struct mmio_insn {
	enum mmio_op op;
	u8 length;         /* of the instruction, bytes */
	u8 size;           /* of the operand in memory, bytes: 1, 2, 4, 8 */
	u8 reg;            /* the register operand, in encoding order */
	u8 reg_size;       /* bytes of it that are written by a read */
	bool high;         /* AH, CH, DH or BH: the second byte of register `reg` */
	bool sign;         /* a read extends by the sign */
	bool immediate;    /* the other operand is `value` */
	bool memory_first; /* the operand in memory is the first one, which takes the result */
	bool repeat;       /* REP STOS */
	u8 address_size;   /* bytes of RDI and RCX that STOS uses: 2, 4, 8 */
	u64 value;         /* the immediate, extended by its sign */
};

/* What an instruction is decoded from: as many of its bytes as could be read, and zeros. */
struct mmio_source { u64 words[2]; u32 count; enum insn_code code; };

/*
 * Instructions that were decoded lately, for code that comes back to one of them: its bytes are read
 * each time and held against those that the result is of. All zero: none.
 */
#define MMIO_MEMOS 8
struct mmio_memo { struct mmio_source source; struct mmio_insn insn; };

/*
 * What the operation makes of its two operands of `size` bytes, and of the status flags in *rflags:
 * those are as the processor's, with AF 0 where the manual leaves it undefined.
 */
u64 mmio_compute(enum mmio_op op, u64 first, u64 second, unsigned size, u64 *rflags);

/* Whether the operation writes its result anywhere. */
static inline bool mmio_has_result(enum mmio_op op)
{
	return op != MMIO_CMP && op != MMIO_TEST;
}

/* False: none of these instructions, no memory operand, or it does not end within the bytes. */
bool mmio_decode(const u8 *bytes, size_t count, enum insn_code code, struct mmio_insn *out);

/* The same of one whose result is kept in a memo until the next; NULL instead of false. */
const struct mmio_insn *mmio_recall(struct mmio_memo *memo, const struct mmio_source *source);

#endif
