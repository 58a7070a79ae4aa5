/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Compares the decoder of accesses to the APIC page with Zydis: which instructions it takes, and
 * all that it says of them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <Zydis/Zydis.h>

#include "mmio.h"

#define INSN_MOST 15
#define ROOM 32           /* bytes of an instruction, with what may stand behind it */
#define LONG_LEAST 8
#define LONG_MOST INSN_MOST
#define FAILURES_SHOWN 5

struct mode {
	const char *name;
	enum insn_code code;
	ZydisMachineMode machine;
	ZydisStackWidth stack;
	unsigned prefix_count;
	u8 prefixes[27];
};

#define LEGACY 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3
#define REX 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, \
	    0x48, 0x49, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f

static const struct mode modes[] = {
	{ "16-bit", INSN_CODE16, ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_STACK_WIDTH_16, 11, { LEGACY } },
	{ "32-bit", INSN_CODE32, ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32, 11, { LEGACY } },
	{ "64-bit", INSN_CODE64, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64, 27,
	  { LEGACY, REX } },
};

/* One test: what was compared in one mode. */
struct sweep {
	const struct mode *mode;
	ZydisDecoder decoder;
	u64 compared, taken, failed;
};

/* An instruction being put together: prefixes, opcode and what follows. */
struct bytes { size_t count; u8 at[ROOM]; };

static void put(struct bytes *b, u8 byte)
{
	b->at[b->count++] = byte;
}

/* ---- what Zydis says, in the decoder's terms ---- */

static bool op_of(ZydisMnemonic mnemonic, bool to_memory, enum mmio_op *op)
{
	switch (mnemonic) {
	case ZYDIS_MNEMONIC_MOV:
		*op = to_memory ? MMIO_WRITE : MMIO_READ;
		return true;
	case ZYDIS_MNEMONIC_MOVZX: case ZYDIS_MNEMONIC_MOVSX: case ZYDIS_MNEMONIC_MOVSXD:
		*op = MMIO_READ;
		return true;
	case ZYDIS_MNEMONIC_STOSB: case ZYDIS_MNEMONIC_STOSW:
	case ZYDIS_MNEMONIC_STOSD: case ZYDIS_MNEMONIC_STOSQ:
		*op = MMIO_STORE;
		return true;
	case ZYDIS_MNEMONIC_XCHG: *op = MMIO_EXCHANGE; return true;
	case ZYDIS_MNEMONIC_AND: *op = MMIO_AND; return true;
	case ZYDIS_MNEMONIC_OR: *op = MMIO_OR; return true;
	case ZYDIS_MNEMONIC_XOR: *op = MMIO_XOR; return true;
	case ZYDIS_MNEMONIC_ADD: *op = MMIO_ADD; return true;
	case ZYDIS_MNEMONIC_SUB: *op = MMIO_SUB; return true;
	case ZYDIS_MNEMONIC_CMP: *op = MMIO_CMP; return true;
	case ZYDIS_MNEMONIC_TEST: *op = MMIO_TEST; return true;
	default: return false;
	}
}

/* A general register in encoding order; false for others. */
static bool set_register(struct mmio_insn *out, ZydisRegister r, unsigned bits)
{
	out->reg_size = (u8)(bits / 8);
	if (bits > 8) {
		const ZydisRegisterClass class = ZydisRegisterGetClass(r);

		out->reg = (u8)ZydisRegisterGetId(r);
		return class == ZYDIS_REGCLASS_GPR16 || class == ZYDIS_REGCLASS_GPR32 ||
		       class == ZYDIS_REGCLASS_GPR64;
	}
	out->high = r >= ZYDIS_REGISTER_AH && r <= ZYDIS_REGISTER_BH;
	out->reg = (u8)(out->high ? r - ZYDIS_REGISTER_AH
			: r >= ZYDIS_REGISTER_SPL ? r - ZYDIS_REGISTER_SPL + 4
						  : r - ZYDIS_REGISTER_AL);
	return ZydisRegisterGetClass(r) == ZYDIS_REGCLASS_GPR8;
}

static void set_string(struct mmio_insn *out, const ZydisDecodedInstruction *i, u8 size)
{
	out->op = MMIO_STORE;
	out->size = out->reg_size = size;
	out->memory_first = true;
	out->address_size = i->address_width / 8;
	out->repeat = i->attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE |
				       ZYDIS_ATTRIB_HAS_REPNE);
}

/*
 * True when it is an instruction that the decoder is for: a memory operand, and a general register
 * or an immediate.
 */
static bool translate(const ZydisDecodedInstruction *i, const ZydisDecodedOperand *operands,
		      struct mmio_insn *out)
{
	const bool first = operands[0].type == ZYDIS_OPERAND_TYPE_MEMORY;
	const ZydisDecodedOperand *memory = &operands[!first], *other = &operands[first];

	*out = (struct mmio_insn){ .length = i->length };
	if (!op_of(i->mnemonic, first, &out->op) || memory->type != ZYDIS_OPERAND_TYPE_MEMORY)
		return false;
	if (out->op == MMIO_STORE) {
		set_string(out, i, (u8)(memory->size / 8));
		return true;
	}
	out->size = (u8)(memory->size / 8);
	out->memory_first = first;
	out->sign = i->mnemonic == ZYDIS_MNEMONIC_MOVSX || i->mnemonic == ZYDIS_MNEMONIC_MOVSXD;
	if (other->type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
		out->immediate = true;
		out->value = other->imm.value.u;
		return true;
	}
	return other->type == ZYDIS_OPERAND_TYPE_REGISTER &&
	       set_register(out, other->reg.value, other->size);
}

static bool expected(const ZydisDecoder *decoder, const struct bytes *b, struct mmio_insn *out)
{
	ZydisDecodedInstruction i;
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecoderContext context;
	enum mmio_op op;

	if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(decoder, &context, b->at, b->count, &i)) ||
	    !op_of(i.mnemonic, false, &op))
		return false;
	return ZYAN_SUCCESS(ZydisDecoderDecodeOperands(decoder, &context, &i, operands,
						       ZYDIS_MAX_OPERAND_COUNT)) &&
	       translate(&i, operands, out);
}

/* ---- comparison ---- */

/* Of an immediate only what the operand has room for counts; of registers and strings, their own. */
static bool equal(const struct mmio_insn *a, const struct mmio_insn *b)
{
	const u64 mask = a->size == 8 ? ~0ull : (1ull << 8 * a->size) - 1;

	if (a->op != b->op || a->length != b->length || a->size != b->size ||
	    a->immediate != b->immediate || a->memory_first != b->memory_first)
		return false;
	if (a->op == MMIO_STORE)
		return a->repeat == b->repeat && a->address_size == b->address_size;
	if (a->immediate)
		return ((a->value ^ b->value) & mask) == 0;
	return a->reg == b->reg && a->reg_size == b->reg_size && a->high == b->high &&
	       a->sign == b->sign;
}

static void print_insn(const char *who, bool good, const struct mmio_insn *i)
{
	printf("  %s: ", who);
	if (!good) {
		printf("refused\n");
		return;
	}
	printf("op %d length %u size %u register %u of %u%s%s%s%s%s address %u value 0x%" PRIx64 "\n",
	       i->op, i->length, i->size, i->reg, i->reg_size, i->high ? " high" : "",
	       i->sign ? " sign" : "", i->immediate ? " immediate" : "",
	       i->memory_first ? " memory first" : "", i->repeat ? " repeat" : "", i->address_size,
	       i->value);
}

static void fail(struct sweep *s, const struct bytes *b, const char *why, const bool good[2],
		 const struct mmio_insn insn[2])
{
	if (s->failed++ >= FAILURES_SHOWN)
		return;
	printf("%s, %s:", s->mode->name, why);
	for (size_t i = 0; i < b->count && i <= INSN_MOST; i++)
		printf(" %02x", b->at[i]);
	printf("\n");
	print_insn("decoder", good[0], &insn[0]);
	print_insn("Zydis", good[1], &insn[1]);
}

/* The instruction at the beginning of the bytes. True when both take it. */
static bool compare(struct sweep *s, const struct bytes *b)
{
	struct mmio_insn insn[2];
	const bool good[2] = { mmio_decode(b->at, b->count, s->mode->code, &insn[0]),
			       expected(&s->decoder, b, &insn[1]) };

	s->compared++;
	if (good[0] != good[1] || (good[0] && !equal(&insn[0], &insn[1]))) {
		fail(s, b, "different", good, insn);
		return false;
	}
	s->taken += good[0];
	return good[0];
}

/* An instruction that is taken must be refused while any byte of it is missing. */
static void compare_shorter(struct sweep *s, const struct bytes *b)
{
	struct mmio_insn whole = { 0 }, part;

	if (!mmio_decode(b->at, b->count, s->mode->code, &whole))
		return;
	s->taken++;
	for (unsigned count = 0; count <= whole.length; count++) {
		/* A block of its own, so that a byte read behind its end is noticed. */
		u8 *bytes = malloc(count ? count : 1);
		const bool good = mmio_decode(memcpy(bytes, b->at, count), count, s->mode->code, &part);

		free(bytes);
		s->compared++;
		if (good != (count == whole.length) || (good && !equal(&whole, &part)))
			fail(s, b, "cut off", (bool[]){ good, count == whole.length },
			     (struct mmio_insn[]){ part, whole });
	}
}

/* ---- sweeps ---- */

/* What follows ModRM: displacements and immediates, of both signs. */
static const u8 tails[2][12] = {
	{ 0x21, 0x93, 0xa5, 0xf7, 0x88, 0xc1, 0xd2, 0xe3, 0xf4, 0x85, 0x96, 0xa7 },
	{ 0x65, 0x13, 0x25, 0x37, 0x48, 0x51, 0x62, 0x73, 0x04, 0x15, 0x26, 0x37 },
};

static bool is_prefix(const struct mode *m, u8 byte)
{
	return memchr(m->prefixes, byte, m->prefix_count);
}

/* The opcode, by number: the first 256 are of one byte, the next of two. False: it is none. */
static bool put_opcode(const struct mode *m, struct bytes *b, unsigned opcode)
{
	if (opcode >= 256)
		put(b, 0x0f);
	else if (opcode == 0x0f || is_prefix(m, (u8)opcode))
		return false;
	put(b, (u8)opcode);
	return true;
}

typedef void visit(struct sweep *s, const struct bytes *b);

/* All opcodes with all of their ModRM bytes, behind the prefixes. */
static void each_modrm(struct sweep *s, const struct bytes *prefixes, visit *v)
{
	for (unsigned opcode = 0; opcode < 512; opcode++) {
		struct bytes b = *prefixes;

		if (!put_opcode(s->mode, &b, opcode))
			continue;
		for (unsigned modrm = 0; modrm < 256; modrm++) {
			struct bytes whole = b;

			put(&whole, (u8)modrm);
			memcpy(whole.at + whole.count, tails[modrm & 1], sizeof(tails[0]));
			whole.count += sizeof(tails[0]);
			v(s, &whole);
		}
	}
}

/* All sequences of up to `most` prefixes. */
static void each_prefixes(struct sweep *s, unsigned most, struct bytes *b, visit *v)
{
	each_modrm(s, b, v);
	for (unsigned i = 0; most && i < s->mode->prefix_count; i++) {
		put(b, s->mode->prefixes[i]);
		each_prefixes(s, most - 1, b, v);
		b->count--;
	}
}

static void visit_compare(struct sweep *s, const struct bytes *b)
{
	compare(s, b);
}

static void opcodes(struct sweep *s)
{
	struct bytes none = { 0 };

	each_prefixes(s, 2, &none, visit_compare);
}

/* ModRM is the second byte of the opcode's end: its SIB byte takes all values. */
static void visit_sib(struct sweep *s, const struct bytes *b)
{
	struct bytes all = *b;
	u8 *sib = all.at + b->count - sizeof(tails[0]);

	if ((sib[-1] & 7) != 4 || sib[-1] >= 0xc0 || !compare(s, b))
		return;
	for (unsigned value = 0; value < 256; value++) {
		*sib = (u8)value;
		compare(s, &all);
	}
}

static void sibs(struct sweep *s)
{
	struct bytes none = { 0 };

	each_prefixes(s, 1, &none, visit_sib);
}

static void visit_shorter(struct sweep *s, const struct bytes *b)
{
	compare_shorter(s, b);
}

static void cut_off(struct sweep *s)
{
	struct bytes none = { 0 };

	each_prefixes(s, 1, &none, visit_shorter);
}

/* The same prefix over and over: about as long as an instruction may be, and beyond. */
static void long_ones(struct sweep *s)
{
	for (unsigned i = 0; i < s->mode->prefix_count; i++) {
		struct bytes b = { .count = LONG_LEAST };

		memset(b.at, s->mode->prefixes[i], b.count);
		while (b.count < LONG_MOST) {
			put(&b, s->mode->prefixes[i]);
			each_modrm(s, &b, visit_compare);
		}
	}
}

static u64 random_bits(void)
{
	static u64 state = 0x9e3779b97f4a7c15;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Any prefixes in any order, any opcode, any bytes behind it. */
static void mixed(struct sweep *s)
{
	for (unsigned n = 0; n < 4000000; n++) {
		struct bytes b = { 0 };

		for (u64 left = random_bits() >> 7 & random_bits() & 15; left; left--)
			put(&b, s->mode->prefixes[random_bits() % s->mode->prefix_count]);
		if (!put_opcode(s->mode, &b, random_bits() >> 9 & (random_bits() & 32 ? 511 : 255)))
			continue;
		while (b.count < ROOM)
			put(&b, (u8)(random_bits() >> 11));
		compare(s, &b);
	}
}

static bool run(const struct mode *mode, const char *what, void (*sweep)(struct sweep *))
{
	struct sweep s = { .mode = mode };

	if (!ZYAN_SUCCESS(ZydisDecoderInit(&s.decoder, mode->machine, mode->stack))) {
		printf("not ok %s, %s: no decoder\n", mode->name, what);
		return false;
	}
	sweep(&s);
	/* A sweep in which nothing is taken would show nothing. */
	printf("%s%s: %s, %" PRIu64 " compared, %" PRIu64 " taken, %" PRIu64 " different\n",
	       s.failed || !s.taken ? "not ok " : "ok ", what, mode->name, s.compared, s.taken,
	       s.failed);
	return !s.failed && s.taken;
}

static bool run_all(const struct mode *mode)
{
	return run(mode, "all opcodes and ModRM, up to two prefixes", opcodes) &
	       run(mode, "all SIB", sibs) & run(mode, "cut off", cut_off) &
	       run(mode, "the longest", long_ones) & run(mode, "any prefixes and bytes", mixed);
}

/* Argument: the one mode to look at. */
int main(int count, char **arguments)
{
	bool good = true;

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (count < 2 || !strcmp(arguments[1], modes[i].name))
			good &= run_all(&modes[i]);
	printf("done: decoder against Zydis\n");
	return !good;
}
