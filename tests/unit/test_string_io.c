/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* INS and OUTS carried out: registers, memory and ports behind them, and what they raise instead. */
/* link: core arch/x86/string_io.c arch/x86/guest_memory.c arch/x86/apic_page.c arch/x86/mmio.c */
/* link: arch/x86/insn.c arch/x86/debug.c arch/x86/reg_rules.c */
#include "fake.h"

#include <string.h>

#include "cpu.h"
#include "segment.h"

#define CODE 0x100000ull
#define DATA 0x200000ull
#define TABLES 0x300000ull
#define PORT 0x92
#define FLAT 0xc093u /* writable data */

static struct vcpu *v;

static void set_segment(enum vseg seg, u64 base, u32 limit, u32 attributes)
{
	fake_virt.segment[seg] = (struct segment){ base, limit, 8, (u16)attributes };
}

/* 32-bit code without paging, in flat segments. */
static int setup(void **state)
{
	(void)state;
	v = fake_vp();
	for (enum vseg seg = VSEG_ES; seg <= VSEG_GS; seg++)
		set_segment(seg, 0, UINT32_MAX, FLAT);
	set_segment(VSEG_CS, 0, UINT32_MAX, 0xc09b);
	fake_virt.reg[VREG_CR0] = CR0_PE;
	fake_virt.reg[VREG_EFER] = 0;
	fake_virt.reg[VREG_RIP] = CODE;
	fake_virt.reg[VREG_RFLAGS] = RFLAGS_ONE;
	fake_virt.reg[VREG_DR7] = DR7_RESET;
	v->regs.rsi = v->regs.rdi = DATA;
	v->regs.rcx = 3;
	return 0;
}

static enum vm_next run(bool in, unsigned size, const char *bytes, size_t count)
{
	const struct io_access io = { PORT, (u8)size, in, true };

	memcpy(fake_at(CODE), bytes, count);
	return io_exit(v, &io);
}
#define IN(size, bytes) run(true, size, bytes, sizeof(bytes) - 1)
#define OUT(size, bytes) run(false, size, bytes, sizeof(bytes) - 1)

static void expect_fault(enum vm_next next, u8 vector, u32 error)
{
	assert_int_equal(next, VM_FAULT);
	assert_int_equal(v->fault.vector, vector);
	assert_int_equal(v->fault.error, error);
	assert_int_equal(v->regs.rcx, 3);
	assert_int_equal(fake_machine.outs, 0);
}

static void test_single(void **state)
{
	(void)state;
	fake_machine.in_value = 0x89abcdef;
	assert_int_equal(IN(1, "\x6c"), VM_SKIP);
	assert_int_equal(*(u32 *)fake_at(DATA), 0xef);
	assert_int_equal(v->regs.rdi, DATA + 1);
	assert_int_equal(v->regs.rcx, 3);
	assert_int_equal(IN(4, "\x6d"), VM_SKIP);
	assert_int_equal(*(u64 *)fake_at(DATA), 0x89abcdefef);
	assert_int_equal(v->regs.rdi, DATA + 5);
	assert_int_equal(v->regs.rsi, DATA);
	memcpy(fake_at(DATA), "\x20\x40\x60", 3);
	assert_int_equal(OUT(1, "\x6e"), VM_SKIP);
	assert_int_equal(fake_machine.out[0].value & ~2u, 0x20);
	assert_int_equal(fake_machine.out[0].where, PORT);
	assert_int_equal(OUT(2, "\x66\x6f"), VM_SKIP);
	assert_int_equal(fake_machine.out[1].value & ~2u, 0x6040);
	assert_int_equal(v->regs.rsi, DATA + 3);
}

static void test_repeated(void **state)
{
	(void)state;
	assert_int_equal(OUT(1, "\xf3\x6e"), VM_REPEAT);
	assert_int_equal(v->regs.rcx, 2);
	assert_int_equal(OUT(1, "\xf3\x6e"), VM_REPEAT);
	assert_int_equal(OUT(1, "\xf3\x6e"), VM_SKIP);
	assert_int_equal(v->regs.rsi, DATA + 3);
	assert_int_equal(fake_machine.outs, 3);
	assert_int_equal(OUT(1, "\xf3\x6e"), VM_SKIP); /* none to do */
	assert_int_equal(v->regs.rsi, DATA + 3);
	assert_int_equal(fake_machine.outs, 3);
	/* Downwards, by 16-bit registers: what is above them stays. */
	fake_virt.reg[VREG_RFLAGS] |= RFLAGS_DF;
	v->regs.rdi = 0x12340000;
	v->regs.rcx = 0x50002;
	assert_int_equal(IN(2, "\xf3\x66\x67\x6d"), VM_REPEAT);
	assert_int_equal(v->regs.rdi, 0x1234fffe);
	assert_int_equal(v->regs.rcx, 0x50001);
	assert_int_equal(*(u16 *)fake_at(0), (u16)fake_machine.in_value);
}

/* Another processor has changed the code, or none can be read there. */
static void test_no_such_code(void **state)
{
	(void)state;
	assert_int_equal(OUT(1, "\x6c"), VM_RETRY);
	assert_int_equal(OUT(1, "\x90"), VM_RETRY);
	fake_virt.reg[VREG_RIP] = FAKE_HIDDEN;
	assert_int_equal(OUT(1, "\x6e"), VM_GP);
	assert_int_equal(fake_machine.outs, 0);
}

static void test_segments(void **state)
{
	(void)state;
	set_segment(VSEG_FS, 0x1000, UINT32_MAX, FLAT);
	memset(fake_at(DATA), 0x10, 1);
	memset(fake_at(DATA + 0x1000), 0x20, 1);
	OUT(1, "\x64\x6e");
	assert_int_equal(fake_machine.out[0].value & ~2u, 0x20);
	setup(NULL);
	set_segment(VSEG_DS, 0, DATA - 1, FLAT);
	expect_fault(OUT(1, "\xf3\x6e"), VECTOR_GP, 0);
	set_segment(VSEG_DS, 0, DATA, FLAT);
	expect_fault(OUT(2, "\xf3\x66\x6f"), VECTOR_GP, 0);
	set_segment(VSEG_SS, 0, DATA - 1, FLAT);
	expect_fault(OUT(1, "\x36\xf3\x6e"), VECTOR_SS, 0);
	set_segment(VSEG_ES, 0, UINT32_MAX, 0xc091); /* not writable */
	expect_fault(IN(1, "\xf3\x6c"), VECTOR_GP, 0);
	set_segment(VSEG_ES, 0, UINT32_MAX, 0xc013); /* null */
	expect_fault(IN(1, "\xf3\x6c"), VECTOR_GP, 0);
	set_segment(VSEG_CS, 0, UINT32_MAX, 0xc099); /* not readable */
	expect_fault(OUT(1, "\x2e\xf3\x6e"), VECTOR_GP, 0);
	set_segment(VSEG_ES, 0, DATA, 0xc097); /* grows down */
	expect_fault(IN(1, "\xf3\x6c"), VECTOR_GP, 0);
	set_segment(VSEG_ES, 0, DATA - 1, 0xc097);
	assert_int_equal(IN(1, "\xf3\x6c"), VM_REPEAT);
	/* In real mode only the limit counts. */
	fake_virt.reg[VREG_CR0] = 0;
	v->regs.rdi = 0x10;
	set_segment(VSEG_ES, DATA, 0xffff, 0x13);
	assert_int_equal(IN(1, "\x6c"), VM_SKIP);
	v->regs.rdi = 0xffff;
	v->regs.rcx = 3;
	expect_fault(IN(2, "\x6d"), VECTOR_GP, 0);
}

static void test_64_bit(void **state)
{
	(void)state;
	fake_virt.reg[VREG_EFER] = EFER_LMA;
	set_segment(VSEG_CS, 0, 0, 0xa09b);
	set_segment(VSEG_DS, 0x5000, 0, 0); /* of no meaning there */
	memset(fake_at(DATA), 0x40, 1);
	assert_int_equal(OUT(1, "\x6e"), VM_SKIP);
	assert_int_equal(fake_machine.out[0].value & ~2u, 0x40);
	setup(NULL);
	fake_virt.reg[VREG_EFER] = EFER_LMA;
	set_segment(VSEG_CS, 0, 0, 0xa09b);
	v->regs.rdi = 0x7fffffffffff;
	expect_fault(IN(2, "\xf3\x66\x6d"), VECTOR_GP, 0);
	v->regs.rdi = 1ull << 63 | DATA;
	assert_int_equal(IN(1, "\xf3\x67\x6c"), VM_REPEAT);
	assert_int_equal(v->regs.rdi, DATA + 1);
	assert_int_equal(v->regs.rcx, 2);
}

/* 32-bit paging that maps the code and one page of data. */
static void page(u32 bits)
{
	fake_virt.reg[VREG_CR0] = CR0_PE | CR0_PG | CR0_WP;
	fake_virt.reg[VREG_CR3] = TABLES;
	((u32 *)fake_at(TABLES))[0] = (TABLES + PAGE_SIZE) | 7;
	((u32 *)fake_at(TABLES + PAGE_SIZE))[CODE >> 12] = CODE | 7;
	((u32 *)fake_at(TABLES + PAGE_SIZE))[DATA >> 12] = DATA | bits;
}

static void test_pages(void **state)
{
	(void)state;
	page(1);
	expect_fault(IN(1, "\xf3\x6c"), VECTOR_PF, 3);
	assert_int_equal(fake_virt.reg[VREG_CR2], DATA);
	set_segment(VSEG_SS, 0, UINT32_MAX, FLAT | 3 << 5);
	expect_fault(OUT(1, "\xf3\x6e"), VECTOR_PF, 5);
	page(7);
	v->regs.rdi = v->regs.rsi = DATA + PAGE_SIZE - 2;
	expect_fault(IN(4, "\xf3\x6d"), VECTOR_PF, 6);
	assert_int_equal(fake_virt.reg[VREG_CR2], DATA + PAGE_SIZE);
	assert_int_equal(OUT(2, "\xf3\x66\x6f"), VM_REPEAT);
	v->regs.rcx = 3;
	fake_machine.outs = 0;
	/* The whole element, on pages that are no neighbours in memory. */
	((u32 *)fake_at(TABLES + PAGE_SIZE))[(DATA >> 12) + 1] = (DATA + 4 * PAGE_SIZE) | 7;
	fake_machine.in_value = 0x89abcdef;
	assert_int_equal(IN(4, "\x6d"), VM_SKIP);
	assert_int_equal(*(u16 *)fake_at(DATA + PAGE_SIZE - 2), 0xcdef);
	assert_int_equal(*(u16 *)fake_at(DATA + 4 * PAGE_SIZE), 0x89ab);
	/* SMAP closes pages of the user to the kernel, but with AC. */
	set_segment(VSEG_SS, 0, UINT32_MAX, FLAT);
	fake_virt.reg[VREG_CR4] = CR4_SMAP;
	v->regs.rdi = DATA;
	expect_fault(IN(1, "\xf3\x6c"), VECTOR_PF, 3);
	fake_virt.reg[VREG_RFLAGS] |= RFLAGS_AC;
	assert_int_equal(IN(1, "\xf3\x6c"), VM_REPEAT);
}

static void test_alignment(void **state)
{
	(void)state;
	v->regs.rdi = DATA + 1;
	fake_virt.reg[VREG_CR0] |= CR0_AM;
	fake_virt.reg[VREG_RFLAGS] |= RFLAGS_AC;
	assert_int_equal(IN(2, "\x66\x6d"), VM_SKIP);
	set_segment(VSEG_SS, 0, UINT32_MAX, FLAT | 3 << 5);
	expect_fault(IN(2, "\x66\x6d"), VECTOR_AC, 0);
	v->regs.rdi = DATA;
	assert_int_equal(IN(2, "\x66\x6d"), VM_SKIP);
}

/* What is nobody's memory, and what is an APIC's. */
static void test_places(void **state)
{
	(void)state;
	v->regs.rdi = FAKE_HIDDEN;
	assert_int_equal(IN(1, "\x6c"), VM_GP);
	lapic_write(v, LAPIC_SVR, 0x1ff);
	fake_machine.in_value = 0x50;
	v->regs.rdi = LAPIC_BASE_ADDRESS + LAPIC_TPR;
	assert_int_equal(IN(4, "\x6d"), VM_SKIP);
	assert_int_equal(lapic_read(v, LAPIC_TPR), 0x50);
	v->regs.rsi = LAPIC_BASE_ADDRESS + LAPIC_TPR;
	assert_int_equal(OUT(1, "\x6e"), VM_SKIP);
	assert_int_equal(fake_machine.out[0].value & ~2u, 0x50);
}

static void test_breakpoints(void **state)
{
	(void)state;
	fake_virt.reg[VREG_DR0] = DATA;
	fake_virt.reg[VREG_DR0 + 1] = DATA + 4;
	fake_virt.reg[VREG_DR7] = DR7_RESET | 5 | 1u << 16 | 3u << 20; /* writes; all, one byte */
	OUT(1, "\x6e");
	assert_int_equal(fake_virt.traps, 0);
	IN(1, "\x6c");
	assert_int_equal(fake_virt.traps, 1);
	fake_virt.traps = 0;
	IN(4, "\x6d"); /* from DATA + 1 to DATA + 4 */
	assert_int_equal(fake_virt.traps, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		TEST(test_single),   TEST(test_repeated),  TEST(test_no_such_code),
		TEST(test_segments), TEST(test_64_bit),    TEST(test_pages),
		TEST(test_alignment), TEST(test_places),   TEST(test_breakpoints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
