/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Accesses to the APIC page: how kernels write them, and arithmetic that is the processor's. */
/* link: arch/x86/mmio.c arch/x86/insn.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "mmio.h"

struct encoded { u8 count, bytes[15]; enum insn_code code; struct mmio_insn insn; };

/* As Linux, Windows, the BSDs and firmware reach their APIC. */
static void test_of_kernels(void **state)
{
	static const struct encoded cases[] = {
		{ 6, { 0x8b, 0x87, 0x20, 0xd0, 0x5f, 0xff }, INSN_CODE64, /* mov eax, [rdi - x] */
		  { .op = MMIO_READ, .size = 4, .reg = 0, .reg_size = 4 } },
		{ 6, { 0x89, 0xb7, 0x00, 0xd0, 0x5f, 0xff }, INSN_CODE64, /* mov [rdi - x], esi */
		  { .op = MMIO_WRITE, .size = 4, .reg = 6, .reg_size = 4, .memory_first = true } },
		{ 6, { 0x87, 0xb7, 0x00, 0xd0, 0x5f, 0xff }, INSN_CODE64, /* xchg [rdi - x], esi */
		  { .op = MMIO_EXCHANGE, .size = 4, .reg = 6, .reg_size = 4, .memory_first = true } },
		{ 11, { 0xc7, 0x04, 0x25, 0xb0, 0xd0, 0x5f, 0xff, 0, 0, 0, 0 }, INSN_CODE64,
		  { .op = MMIO_WRITE, .size = 4, .reg_size = 4, .immediate = true,
		    .memory_first = true } },
		{ 5, { 0xa1, 0x20, 0x00, 0xe0, 0xfe }, INSN_CODE32, /* mov eax, [0xfee00020] */
		  { .op = MMIO_READ, .size = 4, .reg_size = 4 } },
		/* or [r8 + 16], imm32: a byte too few, and whole */
		{ 7, { 0x41, 0x81, 0x48, 0x10, 0x00, 0x01, 0x00 }, INSN_CODE64, { .size = 0 } },
		{ 8, { 0x41, 0x81, 0x48, 0x10, 0x00, 0x01, 0x00, 0x80 }, INSN_CODE64,
		  { .op = MMIO_OR, .size = 4, .reg_size = 4, .immediate = true, .memory_first = true,
		    .value = 0xffffffff80000100 } },
		/* test [eax + 0x300], imm32: likewise */
		{ 7, { 0xf7, 0x80, 0x00, 0x03, 0x00, 0x00, 0x00 }, INSN_CODE32, { .size = 0 } },
		{ 10, { 0xf7, 0x80, 0x00, 0x03, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00 }, INSN_CODE32,
		  { .op = MMIO_TEST, .size = 4, .reg_size = 4, .immediate = true,
		    .memory_first = true, .value = 0x1000 } },
		{ 3, { 0xf3, 0x67, 0xab }, INSN_CODE16, /* rep stosw, by EDI and ECX */
		  { .op = MMIO_STORE, .size = 2, .reg_size = 2, .memory_first = true,
		    .repeat = true } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct encoded *c = &cases[i];
		struct mmio_insn insn;

		if (!c->insn.size) {
			assert_false(mmio_decode(c->bytes, c->count, c->code, &insn));
			continue;
		}
		assert_true(mmio_decode(c->bytes, c->count, c->code, &insn));
		assert_int_equal(insn.length, c->count);
		assert_int_equal(insn.op, c->insn.op);
		assert_int_equal(insn.size, c->insn.size);
		assert_int_equal(insn.reg, c->insn.reg);
		assert_int_equal(insn.reg_size, c->insn.reg_size);
		assert_int_equal(insn.immediate, c->insn.immediate);
		assert_int_equal(insn.value, c->insn.value);
		assert_int_equal(insn.memory_first, c->insn.memory_first);
		assert_int_equal(insn.repeat, c->insn.repeat);
	}
}

/* Instructions with a memory operand that are refused: none of them is for a device's registers. */
static void test_refused(void **state)
{
	static const struct { u8 count, bytes[8]; } cases[] = {
		{ 2, { 0xff, 0x00 } },       /* inc [rax] */
		{ 2, { 0xff, 0x30 } },       /* push [rax] */
		{ 2, { 0xff, 0x10 } },       /* call [rax] */
		{ 2, { 0x10, 0x00 } },       /* adc [rax], al */
		{ 3, { 0x83, 0x18, 0x01 } }, /* sbb [rax], 1 */
		{ 1, { 0xa5 } },             /* movs */
		{ 1, { 0xad } },             /* lods */
		{ 2, { 0x8e, 0x00 } },       /* mov es, [rax] */
		{ 2, { 0x8c, 0x00 } },       /* mov [rax], es */
		{ 2, { 0x8d, 0x00 } },       /* lea eax, [rax] */
		{ 2, { 0x8b, 0xc0 } },       /* mov eax, eax */
		{ 3, { 0x0f, 0x10, 0x00 } }, /* movups xmm0, [rax] */
		{ 3, { 0x0f, 0xab, 0x00 } }, /* bts [rax], eax */
		{ 3, { 0x0f, 0xb1, 0x08 } }, /* cmpxchg [rax], ecx */
		{ 3, { 0xf0, 0x89, 0x00 } }, /* lock mov */
		{ 3, { 0xf0, 0x03, 0x00 } }, /* lock add eax, [rax] */
		{ 2, { 0xf0, 0xab } },       /* lock stos */
		{ 0, { 0 } },
	};
	struct mmio_insn insn;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_false(mmio_decode(cases[i].bytes, cases[i].count, INSN_CODE64, &insn));
}

/* Only the same bytes, as many of them, in the same mode, are not decoded again. */
static void test_memo(void **state)
{
	static const struct mmio_source sources[] = {
		{ { 0x408b }, 3, INSN_CODE64 },         /* mov eax, [rax + 0] */
		{ { 0x20408b }, 3, INSN_CODE64 },       /* another displacement */
		{ { 0x20408b }, 3, INSN_CODE16 },       /* ax, [bx + si + 0x20] */
		{ { 0x20408b }, 2, INSN_CODE64 },       /* its end cannot be read */
		{ { 0x20408b, 1 }, 15, INSN_CODE64 },   /* more can, which is not its own */
		{ { 0 }, 0, INSN_CODE16 },              /* as the empty memo */
		{ { 0xc08b }, 2, INSN_CODE64 },         /* no operand in memory */
	};
	struct mmio_memo memo = { 0 };

	(void)state;
	for (size_t i = 0; i < 4 * ARRAY_SIZE(sources); i++) {
		const struct mmio_source *s = &sources[i / 2 % ARRAY_SIZE(sources)];
		const struct mmio_insn *insn = mmio_recall(&memo, s);
		struct mmio_insn want;

		if (!mmio_decode((const u8 *)s->words, s->count, s->code, &want)) {
			assert_null(insn);
			continue;
		}
		assert_non_null(insn);
		assert_int_equal(insn->length, want.length);
		assert_int_equal(insn->size, want.size);
		assert_int_equal(insn->reg, want.reg);
	}
}

/* ---- arithmetic ---- */

#define STATUS_FLAGS 0x8d5ull
#define FLAG_AF 0x10ull

/* The same by the processor of this host: name of the instruction, operands in registers. */
#define NATIVE(name, type, constraint)                                                    \
	static u64 name##_##type(u64 a, u64 b, u64 *flags)                                \
	{                                                                                 \
		type x = (type)a;                                                         \
		__asm__("sub $128, %%rsp; " #name " %2, %0; pushfq; popq %1; add $128, %%rsp" \
			: "+" constraint(x), "=&r"(*flags)                                \
			: constraint((type)b)                                             \
			: "cc");                                                          \
		return x;                                                                 \
	}
#define NATIVES(name) NATIVE(name, u8, "q") NATIVE(name, u16, "r") NATIVE(name, u32, "r") \
	NATIVE(name, u64, "r")
NATIVES(and) NATIVES(or) NATIVES(xor) NATIVES(add) NATIVES(sub) NATIVES(cmp) NATIVES(test)

typedef u64 native(u64 a, u64 b, u64 *flags);
#define NATIVE_ROW(name) { name##_u8, name##_u16, name##_u32, name##_u64 }
static const struct { enum mmio_op op; native *of_size[4]; } natives[] = {
	{ MMIO_AND, NATIVE_ROW(and) }, { MMIO_OR, NATIVE_ROW(or) }, { MMIO_XOR, NATIVE_ROW(xor) },
	{ MMIO_ADD, NATIVE_ROW(add) }, { MMIO_SUB, NATIVE_ROW(sub) }, { MMIO_CMP, NATIVE_ROW(cmp) },
	{ MMIO_TEST, NATIVE_ROW(test) },
};

static bool is_logic(enum mmio_op op)
{
	return op == MMIO_AND || op == MMIO_OR || op == MMIO_XOR || op == MMIO_TEST;
}

static void compare(unsigned row, unsigned log_size, u64 a, u64 b)
{
	const enum mmio_op op = natives[row].op;
	const u64 defined = STATUS_FLAGS & ~(is_logic(op) ? FLAG_AF : 0), others = ~STATUS_FLAGS;
	u64 flags = a ^ b << 3, native_flags;
	const u64 before = flags;
	const u64 result = mmio_compute(op, a, b, 1u << log_size, &flags);
	const u64 expected = natives[row].of_size[log_size](a, b, &native_flags);

	if (mmio_has_result(op))
		assert_int_equal(result, expected);
	assert_int_equal(flags & defined, native_flags & defined);
	assert_int_equal(flags & others, before & others);
}

static u64 random_bits(void)
{
	static u64 state = 0x9e3779b97f4a7c15;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Numbers close to where carries and signs change are as frequent as others. */
static u64 operand(void)
{
	const u64 bits = random_bits();

	return bits & 1 ? bits >> 8 : (bits >> 8 & 3) - 2 + (bits & 2 ? 1ull << (bits >> 16 & 63) : 0);
}

static void test_arithmetic(void **state)
{
	(void)state;
	for (unsigned row = 0; row < ARRAY_SIZE(natives); row++) {
		for (unsigned i = 0; i < 0x10000; i++)
			compare(row, 0, i >> 8, i & 0xff);
		for (unsigned i = 0; i < 100000; i++)
			compare(row, i % 4, operand(), operand());
	}
}

/* Moves change no flags. */
static void test_moves(void **state)
{
	u64 flags = 0x8d7;

	(void)state;
	assert_int_equal(mmio_compute(MMIO_EXCHANGE, 1, 0x12345, 2, &flags), 0x2345);
	assert_int_equal(flags, 0x8d7);
	assert_true(mmio_has_result(MMIO_SUB));
	assert_false(mmio_has_result(MMIO_CMP));
	assert_false(mmio_has_result(MMIO_TEST));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_kernels),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_memo),
		cmocka_unit_test(test_arithmetic),
		cmocka_unit_test(test_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
