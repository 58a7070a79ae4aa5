/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Decodes instructions with a memory operand that kernels use on an APIC page. */
#include "mmio.h"

#define INSN_MOST 15

/* How the operands of an opcode are laid out. */
enum form {
	FORM_NONE,
	FORM_MODRM,       /* register and memory */
	FORM_IMM8,        /* memory and an immediate byte */
	FORM_IMM,         /* memory and an immediate of the operand's size, four bytes at most */
	FORM_OFFSET,      /* accumulator and an absolute address */
	FORM_STRING,
};

struct opcode {
	u8 form, op;
	bool byte;        /* the operand in memory is one byte, else the operand size */
	bool memory_first;
};

/* The two opcodes of a pair: bytes, then words. */
#define PAIR(n, f, o, memory) \
	[n] = { f, o, true, memory }, [(n) + 1] = { f, o, false, memory }
/* The four of an operation with ModRM: to memory, then to the register. */
#define GROUP(n, o) PAIR(n, FORM_MODRM, o, true), PAIR((n) + 2, FORM_MODRM, o, false)

static const struct opcode one_byte[256] = {
	GROUP(0x00, MMIO_ADD),
	GROUP(0x08, MMIO_OR),
	GROUP(0x20, MMIO_AND),
	GROUP(0x28, MMIO_SUB),
	GROUP(0x30, MMIO_XOR),
	GROUP(0x38, MMIO_CMP),
	PAIR(0x84, FORM_MODRM, MMIO_TEST, true),
	PAIR(0x86, FORM_MODRM, MMIO_EXCHANGE, true),
	PAIR(0x88, FORM_MODRM, MMIO_WRITE, true),
	PAIR(0x8a, FORM_MODRM, MMIO_READ, false),
	PAIR(0xa0, FORM_OFFSET, MMIO_READ, false),
	PAIR(0xa2, FORM_OFFSET, MMIO_WRITE, true),
	PAIR(0xaa, FORM_STRING, MMIO_STORE, true),
	PAIR(0xc6, FORM_IMM, MMIO_WRITE, true),
	PAIR(0xf6, FORM_IMM, MMIO_TEST, true),
	/* What 80 to 83 do is in their ModRM byte; 82 is 80 once more, but not in 64-bit code. */
	PAIR(0x80, FORM_IMM, MMIO_ADD, true),
	PAIR(0x82, FORM_IMM8, MMIO_ADD, true),
};

/* 80 to 83: by the middle field of ModRM. ADC and SBB are nobody's. */
static bool group_op(unsigned field, u8 *op)
{
	static const u8 ops[8] = {
		MMIO_ADD, MMIO_OR, 0, 0, MMIO_AND, MMIO_SUB, MMIO_XOR, MMIO_CMP
	};

	*op = ops[field];
	return field != 2 && field != 3;
}

/* Bytes being read; `ended` once one was asked for that is not there. */
struct stream { const u8 *bytes; size_t count, at; bool ended; };

static u8 next(struct stream *s)
{
	if (s->at >= s->count) {
		s->ended = true;
		return 0;
	}
	return s->bytes[s->at++];
}

static u64 next_signed(struct stream *s, unsigned size)
{
	u64 value = 0;

	for (unsigned i = 0; i < size; i++)
		value |= (u64)next(s) << 8 * i;
	if (size < 8 && size && value >> (8 * size - 1))
		value |= ~0ull << 8 * size;
	return value;
}

static unsigned operand_size(enum insn_code code, const struct insn_prefixes *p)
{
	if (p->rex & 8)
		return 8;
	return (code == INSN_CODE16) != p->operand ? 2 : 4;
}

/* Step over what addresses memory behind a ModRM byte. False: the operand is a register. */
static bool skip_address(struct stream *s, u8 modrm, unsigned size)
{
	const unsigned mod = modrm >> 6, rm = modrm & 7;
	unsigned displacement = mod == 1 ? 1 : mod == 2 ? (size == 2 ? 2 : 4) : 0;

	if (mod == 3)
		return false;
	if (size == 2) {
		if (mod == 0 && rm == 6)
			displacement = 2;
	} else if (rm == 4) {
		if ((next(s) & 7) == 5 && mod == 0)
			displacement = 4;
	} else if (mod == 0 && rm == 5) {
		displacement = 4;
	}
	while (displacement--)
		next(s);
	return true;
}

static void set_register(struct mmio_insn *out, const struct insn_prefixes *p, unsigned field)
{
	out->reg = (u8)(field | (p->rex & 4) << 1);
	if (out->reg_size == 1 && !p->rex && out->reg >= 4) {
		out->high = true;
		out->reg -= 4;
	}
}

/* MOVZX and MOVSX, and MOVSXD of 64-bit code. */
static bool decode_extension(struct stream *s, u8 opcode, const struct insn_prefixes *p,
			     enum insn_code code, struct mmio_insn *out)
{
	const u8 modrm = next(s);

	*out = (struct mmio_insn){
		.op = MMIO_READ,
		.size = opcode == 0x63 ? 4 : opcode & 1 ? 2 : 1,
		.reg_size = (u8)operand_size(code, p),
		.sign = opcode == 0x63 || opcode & 8,
	};
	set_register(out, p, modrm >> 3 & 7);
	return skip_address(s, modrm, insn_address_size(code, p));
}

static bool decode_modrm(struct stream *s, const struct opcode *o, u8 opcode,
			 const struct insn_prefixes *p, enum insn_code code, struct mmio_insn *out)
{
	const u8 modrm = next(s);
	const unsigned field = modrm >> 3 & 7;

	if (!skip_address(s, modrm, insn_address_size(code, p)))
		return false;
	if (o->form == FORM_MODRM) {
		set_register(out, p, field);
		return true;
	}
	out->immediate = true;
	out->value = next_signed(s, o->form == FORM_IMM8 ? 1 : out->size < 4 ? out->size : 4);
	if (opcode >= 0x80 && opcode <= 0x83) {
		u8 op;

		if (!group_op(field, &op))
			return false;
		out->op = op;
		return true;
	}
	return field == 0 || (field == 1 && out->op == MMIO_TEST);
}

/* LOCK is legal with what reads and changes memory. */
static bool may_lock(const struct mmio_insn *i)
{
	return i->memory_first && i->op >= MMIO_EXCHANGE && i->op <= MMIO_SUB;
}

static bool decode_one_byte(struct stream *s, u8 opcode, const struct insn_prefixes *p,
			    enum insn_code code, struct mmio_insn *out)
{
	const struct opcode *o = &one_byte[opcode];

	if (opcode == 0x82 && code == INSN_CODE64)
		return false;
	*out = (struct mmio_insn){
		.op = o->op,
		.size = (u8)(o->byte ? 1 : operand_size(code, p)),
		.memory_first = o->memory_first,
		.address_size = (u8)insn_address_size(code, p),
	};
	out->reg_size = out->size;
	switch (o->form) {
	case FORM_NONE:
		return false;
	case FORM_OFFSET:
		next_signed(s, out->address_size);
		break;
	case FORM_STRING:
		out->repeat = p->repeat;
		break;
	default:
		if (!decode_modrm(s, o, opcode, p, code, out))
			return false;
	}
	return !p->lock || may_lock(out);
}

bool mmio_decode(const u8 *bytes, size_t count, enum insn_code code, struct mmio_insn *out)
{
	struct stream s = { bytes, count < INSN_MOST ? count : INSN_MOST, 0, false };
	const struct insn_prefixes p = insn_prefixes(bytes, s.count, code == INSN_CODE64);
	u8 opcode;
	bool good;

	s.at = p.count;
	opcode = next(&s);

	if (opcode == 0x0f) {
		opcode = next(&s);
		good = ((opcode & 0xf6) == 0xb6) && !p.lock &&
		       decode_extension(&s, opcode, &p, code, out);
	} else if (opcode == 0x63 && code == INSN_CODE64) {
		good = !p.lock && decode_extension(&s, opcode, &p, code, out);
	} else {
		good = decode_one_byte(&s, opcode, &p, code, out);
	}
	out->length = (u8)s.at;
	return good && !s.ended;
}

static bool is_of(const struct mmio_memo *memo, const struct mmio_source *source)
{
	return memo->source.words[0] == source->words[0] &&
	       memo->source.words[1] == source->words[1] &&
	       memo->source.count == source->count && memo->source.code == source->code;
}

const struct mmio_insn *mmio_recall(struct mmio_memo *memo, const struct mmio_source *source)
{
	if (source->count && is_of(memo, source))
		return &memo->insn;
	memo->source.count = 0;
	if (!mmio_decode((const u8 *)source->words, source->count, source->code, &memo->insn))
		return NULL;
	memo->source = *source;
	return &memo->insn;
}

#define FLAG_CF (1ull << 0)
#define FLAG_PF (1ull << 2)
#define FLAG_AF (1ull << 4)
#define FLAG_ZF (1ull << 6)
#define FLAG_SF (1ull << 7)
#define FLAG_OF (1ull << 11)
#define FLAGS (FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF)

static u64 result_of(enum mmio_op op, u64 a, u64 b)
{
	switch (op) {
	case MMIO_AND: case MMIO_TEST: return a & b;
	case MMIO_OR: return a | b;
	case MMIO_XOR: return a ^ b;
	case MMIO_ADD: return a + b;
	case MMIO_SUB: case MMIO_CMP: return a - b;
	default: return b;
	}
}

/* Carry and overflow come from the operands and the result at the sign bit. */
static u64 carries(enum mmio_op op, u64 a, u64 b, u64 r, u64 sign)
{
	const bool add = op == MMIO_ADD, sub = op == MMIO_SUB || op == MMIO_CMP;
	const u64 carry = add ? (a & b) | ((a | b) & ~r) : (~a & b) | ((~a | b) & r);
	const u64 overflow = add ? (a ^ r) & (b ^ r) : (a ^ b) & (a ^ r);

	if (!add && !sub)
		return 0;
	return (carry & sign ? FLAG_CF : 0) | (overflow & sign ? FLAG_OF : 0) |
	       ((a ^ b ^ r) & 0x10 ? FLAG_AF : 0);
}

u64 mmio_compute(enum mmio_op op, u64 first, u64 second, unsigned size, u64 *rflags)
{
	const u64 mask = size == 8 ? ~0ull : (1ull << 8 * size) - 1, sign = mask ^ mask >> 1;
	const u64 a = first & mask, b = second & mask, r = result_of(op, a, b) & mask;

	if (op < MMIO_AND)
		return r;
	*rflags = (*rflags & ~FLAGS) | carries(op, a, b, r, sign) | (r ? 0 : FLAG_ZF) |
		  (r & sign ? FLAG_SF : 0) |
		  (__builtin_parity((unsigned)r & 0xff) ? 0 : FLAG_PF);
	return r;
}
