/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Instructions that exit: their prefixes, their lengths, and the few that are taken apart. */
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

/* Outside 64-bit code by any of six prefixes; in it only FS and GS have a base. */
static void name_segment(struct insn_prefixes *p, unsigned segment, bool code64)
{
	if (code64 && segment < INSN_FS)
		return;
	p->has_segment = true;
	p->segment = (u8)segment;
}

struct insn_prefixes insn_prefixes(const u8 *bytes, size_t count, bool code64)
{
	struct insn_prefixes p = { 0 };

	for (; p.count < count; p.count++) {
		const u8 byte = bytes[p.count];

		switch (byte) {
		case 0x26: case 0x2e: case 0x36: case 0x3e:
			name_segment(&p, byte >> 3 & 3, code64);
			break;
		case 0x64: case 0x65:
			name_segment(&p, byte & 7, code64);
			break;
		case 0x66:
			p.operand = true;
			break;
		case 0x67:
			p.address = true;
			break;
		case 0xf0:
			p.lock = true;
			break;
		case 0xf2: case 0xf3:
			p.repeat = true;
			break;
		default:
			if (!code64 || (byte & 0xf0) != 0x40)
				return p;
			/* A REX counts only right before the opcode. */
			p.rex = byte;
			continue;
		}
		p.rex = 0;
	}
	return p;
}

unsigned insn_address_size(enum insn_code code, const struct insn_prefixes *p)
{
	if (code == INSN_CODE64)
		return p->address ? 4 : 8;
	return (code == INSN_CODE32) != p->address ? 4 : 2;
}

/* What is written has the size of an address, and 32 bits clear the upper half. */
u64 insn_advance(u64 reg, u64 step, unsigned address_size)
{
	const u64 mask = insn_mask(address_size), kept = address_size == 4 ? 0 : reg & ~mask;

	return kept | ((reg + step) & mask);
}

/* INS writes to ES whatever the prefixes say; OUTS reads from DS unless they do. */
bool insn_string(const u8 *bytes, size_t count, enum insn_code code, struct insn_string *out)
{
	struct insn_prefixes p;

	if (count > INSN_MAX)
		count = INSN_MAX;
	p = insn_prefixes(bytes, count, code == INSN_CODE64);
	if (p.count == count || p.lock || (bytes[p.count] & 0xfc) != 0x6c)
		return false;
	*out = (struct insn_string){
		.length = p.count + 1,
		.address_size = (u8)insn_address_size(code, &p),
		.in = !(bytes[p.count] & 2),
		.repeat = p.repeat,
		.segment = p.has_segment ? p.segment : INSN_DS,
	};
	if (out->in)
		out->segment = INSN_ES;
	return true;
}

unsigned insn_length(enum insn insn, const u8 *bytes, size_t count, bool code64)
{
	const struct opcode *op = &opcodes[insn];
	const unsigned operands = insn == INSN_MOV_TO_CR || insn == INSN_MOV_TO_DR;
	unsigned at;

	if (count > INSN_MAX)
		count = INSN_MAX;
	at = insn_prefixes(bytes, count, code64).count;
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
