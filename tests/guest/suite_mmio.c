/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Instructions on a register of the local APIC in memory: each does to the processor's registers and
 * flags, and to the operand, what it does on plain memory.
 */
#include "test.h"

#define APIC_INITIAL 0x380 /* of the timer, which is masked: 32 bits that can all be written */
#define LVT_TIMER 0x320
#define LVT_MASKED (1u << 16)
#define FLAG_AF 0x10u      /* undefined after logic */
#define RET 0xc3
#define REP 0xf3
#define DEFAULT_BASE 0xfee00000u /* where the page is after reset */

/* An instruction with its operand at RDI, or a byte or more above; RSI is 0. */
struct form { const char *name; bool only64; u8 length, bytes[12]; };

static const struct form forms[] = {
	{ "mov-r8", false, 2, { 0x8a, 0x0f } },
	{ "mov-r8-second-byte", false, 3, { 0x8a, 0x4f, 0x01 } },
	{ "mov-high", false, 2, { 0x8a, 0x2f } },
	{ "mov-r16", false, 3, { 0x66, 0x8b, 0x0f } },
	{ "mov-r16-upper", false, 4, { 0x66, 0x8b, 0x4f, 0x02 } },
	{ "mov-r32", false, 2, { 0x8b, 0x0f } },
	{ "mov-disp8", false, 3, { 0x8b, 0x4f, 0x00 } },
	{ "mov-disp32", false, 6, { 0x8b, 0x8f, 0, 0, 0, 0 } },
	{ "mov-sib", false, 3, { 0x8b, 0x0c, 0x37 } },
	{ "mov-sib-scaled", false, 3, { 0x8b, 0x0c, 0xf7 } },
	{ "mov-sib-disp8", false, 4, { 0x8b, 0x4c, 0x37, 0x00 } },
	{ "mov-sib-disp32", false, 7, { 0x8b, 0x8c, 0x77, 0, 0, 0, 0 } },
	{ "mov-segment-prefix", false, 4, { 0x2e, 0x3e, 0x8b, 0x0f } },
	{ "mov-to-memory", false, 2, { 0x89, 0x0f } },
	{ "mov-immediate", false, 6, { 0xc7, 0x07, 0x78, 0x56, 0x34, 0x92 } },
	{ "movzx-8", false, 3, { 0x0f, 0xb6, 0x0f } },
	{ "movzx-8-to-16", false, 4, { 0x66, 0x0f, 0xb6, 0x0f } },
	{ "movzx-16", false, 3, { 0x0f, 0xb7, 0x0f } },
	{ "movsx-8", false, 4, { 0x0f, 0xbe, 0x4f, 0x03 } },
	{ "movsx-16", false, 4, { 0x0f, 0xbf, 0x4f, 0x02 } },
	{ "xchg", false, 2, { 0x87, 0x0f } },
	{ "add-to-memory", false, 2, { 0x01, 0x0f } },
	{ "add-to-register", false, 2, { 0x03, 0x0f } },
	{ "or-to-memory", false, 2, { 0x09, 0x0f } },
	{ "or-to-register", false, 2, { 0x0b, 0x0f } },
	{ "and-to-memory", false, 2, { 0x21, 0x0f } },
	{ "and-to-register", false, 2, { 0x23, 0x0f } },
	{ "sub-to-memory", false, 2, { 0x29, 0x0f } },
	{ "sub-to-register", false, 2, { 0x2b, 0x0f } },
	{ "xor-to-memory", false, 2, { 0x31, 0x0f } },
	{ "xor-to-register", false, 2, { 0x33, 0x0f } },
	{ "cmp-memory", false, 2, { 0x39, 0x0f } },
	{ "cmp-register", false, 2, { 0x3b, 0x0f } },
	{ "cmp-r8", false, 2, { 0x3a, 0x0f } },
	{ "cmp-r16", false, 3, { 0x66, 0x39, 0x0f } },
	{ "test", false, 2, { 0x85, 0x0f } },
	{ "test-immediate", false, 6, { 0xf7, 0x07, 0x00, 0x01, 0x00, 0x80 } },
	{ "test-immediate-8", false, 3, { 0xf6, 0x07, 0x80 } },
	{ "add-immediate", false, 6, { 0x81, 0x07, 0xff, 0xff, 0xff, 0x7f } },
	{ "or-immediate", false, 6, { 0x81, 0x0f, 0x00, 0x01, 0x00, 0x00 } },
	{ "and-immediate-8", false, 3, { 0x83, 0x27, 0xf0 } },
	{ "sub-immediate-8", false, 3, { 0x83, 0x2f, 0x7f } },
	{ "xor-immediate-8", false, 3, { 0x83, 0x37, 0x80 } },
	{ "cmp-immediate-8", false, 3, { 0x83, 0x3f, 0x01 } },
	{ "lock-or", false, 3, { 0xf0, 0x09, 0x0f } },
	{ "lock-and-immediate", false, 7, { 0xf0, 0x81, 0x27, 0xff, 0x00, 0xff, 0x00 } },
	{ "stos", false, 1, { 0xab } },
	{ "rep-stos", false, 2, { 0xf3, 0xab } },
	{ "mov-r8d", true, 3, { 0x44, 0x8b, 0x07 } },
	{ "mov-from-r15", true, 3, { 0x44, 0x89, 0x3f } },
	{ "mov-sil", true, 3, { 0x40, 0x8a, 0x37 } },
	{ "mov-base-r9", true, 3, { 0x41, 0x8b, 0x09 } },
	{ "mov-32-bit-address", true, 3, { 0x67, 0x8b, 0x0f } },
	{ "movsx-8-to-64", true, 5, { 0x48, 0x0f, 0xbe, 0x4f, 0x03 } },
	{ "movsxd", true, 3, { 0x48, 0x63, 0x0f } },
	{ "movzx-16-to-64", true, 4, { 0x48, 0x0f, 0xb7, 0x0f } },
};

/* Operands with which carries, signs and zeroes come and go: in memory, and in a register. */
static const u32 operands[][2] = {
	{ 0x80ff7f01, 0x11223344 }, { 0x7fffffff, 1 }, { 0x80000000, 0x80000000 }, { 5, 5 },
	{ 0xfffffff1, 0xf },
};

static u8 code[32];
static volatile u32 plain[4];

/* What the instruction makes of the registers, with its operand at an address. */
static void run_at(const struct form *f, uintptr_t address, u32 operand, struct rt_regs *out)
{
	struct rt_regs in = { .reg = { [RT_AX] = 0x5a5a1234 } };

	in.reg[RT_CX] = f->bytes[0] == REP ? 1 : operand;
	in.reg[RT_DI] = address;
#ifdef __x86_64__
	in.reg[RT_R8] = in.reg[RT_R15] = operand | (uintptr_t)0xabcd << 48;
	in.reg[RT_R9] = address;
#endif
	memcpy(code, f->bytes, f->length);
	code[f->length] = RET;
	EXPECT_EQ(rt_call(code, &in, out), FAULT_NONE, "fault");
	/* What depends on the address is told from it. */
	out->reg[RT_DI] -= address;
#ifdef __x86_64__
	out->reg[RT_R9] -= address;
#endif
}

static void compare(void *argument)
{
	const struct form *f = argument;
	volatile u32 *const apic = (volatile u32 *)(uintptr_t)(DEFAULT_BASE + APIC_INITIAL);
	struct rt_regs got, want;

	for (unsigned i = 0; i < RT_COUNT(operands); i++) {
		plain[0] = *apic = operands[i][0];
		run_at(f, (uintptr_t)plain, operands[i][1], &want);
		run_at(f, (uintptr_t)apic, operands[i][1], &got);
		EXPECT_EQ(*apic, plain[0], "the operand");
		for (unsigned reg = 0; reg < RT_REGS; reg++)
			if (reg != RT_SP)
				EXPECT_EQ(got.reg[reg], want.reg[reg], "a register");
		got.flags[0] &= (u8)~FLAG_AF;
		want.flags[0] &= (u8)~FLAG_AF;
		EXPECT_EQ(got.flags[0] | got.flags[1] << 8, want.flags[0] | want.flags[1] << 8,
			  "the flags");
	}
	*apic = 0;
}

void suite_mmio(void)
{
	rt_apic_enable();
	rt_apic_write(LVT_TIMER, LVT_MASKED);
	for (unsigned i = 0; i < RT_COUNT(forms); i++)
		if (sizeof(uintptr_t) == 8 || !forms[i].only64)
			test_run_one("mmio", forms[i].name, compare, (void *)&forms[i]);
}
