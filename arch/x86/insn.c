/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Lengths of the few instructions that exit, for processors that do not save the next RIP. */
#include "insn.h"

#include "string.h"

struct opcode { u8 length, bytes[3]; };

static const struct opcode opcodes[INSN_COUNT] = {
	[INSN_CPUID] = { 2, { 0x0f, 0xa2 } },
	[INSN_RDMSR] = { 2, { 0x0f, 0x32 } },
	[INSN_WRMSR] = { 2, { 0x0f, 0x30 } },
	[INSN_VMCALL] = { 3, { 0x0f, 0x01, 0xc1 } },
	[INSN_VMMCALL] = { 3, { 0x0f, 0x01, 0xd9 } },
	[INSN_HLT] = { 1, { 0xf4 } },
	[INSN_INVD] = { 2, { 0x0f, 0x08 } },
	[INSN_WBINVD] = { 2, { 0x0f, 0x09 } },
	[INSN_XSETBV] = { 3, { 0x0f, 0x01, 0xd1 } },
	[INSN_RDTSC] = { 2, { 0x0f, 0x31 } },
	[INSN_RDTSCP] = { 3, { 0x0f, 0x01, 0xf9 } },
	[INSN_MOV_TO_CR] = { 2,
			     { 0x0f,
			       0x22 } }, /* a ModRM byte follows, always of the register form */
	[INSN_MOV_TO_DR] = { 2, { 0x0f, 0x23 } },
};

static bool is_prefix(u8 byte)
{
	switch (byte) {
	case 0x26: case 0x2e: case 0x36: case 0x3e: case 0x64: case 0x65: /* segments */
	case 0x66: case 0x67:                                             /* sizes */
	case 0xf0: case 0xf2: case 0xf3:                                  /* lock, repeat */
		return true;
	default:
		return false;
	}
}

unsigned insn_length(enum insn insn, const u8 *bytes, size_t count, bool code64)
{
	const struct opcode *op = &opcodes[insn];
	const unsigned operands = insn == INSN_MOV_TO_CR || insn == INSN_MOV_TO_DR;
	unsigned at = 0;

	if (count > INSN_MAX)
		count = INSN_MAX;
	/* A REX that another prefix follows is ignored, so both kinds may come in any order. */
	while (at < count && (is_prefix(bytes[at]) || (code64 && (bytes[at] & 0xf0) == 0x40)))
		at++;
	if (at + op->length + operands > count || memcmp(bytes + at, op->bytes, op->length))
		return 0;
	return at + op->length + operands;
}

struct insn_move insn_move(const u8 *bytes, unsigned length, bool code64)
{
	const u8 modrm = bytes[length - 1];
	/* A REX counts only right before the opcode. */
	const u8 rex = code64 && length > 3 && (bytes[length - 4] & 0xf0) == 0x40
			       ? bytes[length - 4]
			       : 0;

	return (struct insn_move){
		.to = (u8)((modrm >> 3 & 7) | (rex & 4) << 1),
		.from = (u8)((modrm & 7) | (rex & 1) << 3),
	};
}
