/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Walks of hand-made guest page tables in every paging mode, and lengths of instructions. */
/* link: arch/x86/guest_walk.c arch/x86/insn.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "cpu.h"
#include "guest_walk.h"
#include "insn.h"

#define MEMORY (64 * PAGE_SIZE)
#define P 1u
#define PS (1u << 7)

static u8 memory[MEMORY];
static u64 lowest_refused; /* addresses from here on are no guest memory */

static bool read_memory(void *context, u64 gpa, void *out, size_t length)
{
	(void)context;
	if (gpa >= lowest_refused || length > lowest_refused - gpa ||
	    (gpa & ~PAGE_MASK) + length > PAGE_SIZE)
		return false;
	memcpy(out, memory + gpa, length);
	return true;
}

static void set64(u64 table, unsigned index, u64 entry)
{
	memcpy(memory + table + index * 8, &entry, 8);
}

static void set32(u64 table, unsigned index, u32 entry)
{
	memcpy(memory + table + index * 4, &entry, 4);
}

static int setup(void **state)
{
	(void)state;
	memset(memory, 0, sizeof(memory));
	lowest_refused = MEMORY;
	return 0;
}

static struct guest_walk walk(u64 cr0, u64 cr3, u64 cr4, u64 efer)
{
	return (struct guest_walk){ .cr0 = cr0, .cr3 = cr3, .cr4 = cr4, .efer = efer,
				    .read = read_memory };
}

static u64 translated(const struct guest_walk *w, u64 linear)
{
	u64 gpa = 0;

	return guest_walk_translate(w, linear, &gpa) ? gpa : UINT64_MAX;
}

static void test_no_paging(void **state)
{
	const struct guest_walk w = walk(CR0_PE, 0x1000, 0, 0);

	(void)state;
	assert_int_equal(translated(&w, 0x12345), 0x12345);
	assert_int_equal(translated(&w, 0x100012345),
			 0x12345); /* linear addresses are 32 bits wide then */
}

static void test_32_bit(void **state)
{
	struct guest_walk w = walk(CR0_PE | CR0_PG, 0x1018, 0,
				   0); /* PWT and PCD in CR3 are no address */

	(void)state;
	set32(0x1000, 0x301, 0x2000 | P);
	set32(0x2000, 0x202, 0x00abc000 | P | 0x60);
	assert_int_equal(translated(&w, 0xc0602123), 0xabc123);
	assert_int_equal(translated(&w, 0xc0603123), UINT64_MAX);
	assert_int_equal(translated(&w, 0x80000000), UINT64_MAX);
	set32(0x1000, 0x301, 0x00c00000 | PS | P | 5 << 13);
	assert_int_equal(translated(&w, 0xc0602123),
			 UINT64_MAX); /* without CR4.PSE it points to a table, out of memory */
	w.cr4 = CR4_PSE;
	assert_int_equal(translated(&w, 0xc0602123), 5ull << 32 | 0x00e02123);
}

static void test_pae(void **state)
{
	const struct guest_walk w = walk(CR0_PE | CR0_PG, 0x1020, CR4_PAE, 0);

	(void)state;
	set64(0x1020, 3, 0x2000 | P);
	set64(0x2000, 5, 0x3000 | P);
	set64(0x3000, 7, 0x8000000123456000ull | P);
	set64(0x2000, 6, 0x1c00000 | PS | P | 1u << 12);
	assert_int_equal(translated(&w, 3ull << 30 | 5 << 21 | 7 << 12 | 0xabc), 0x123456abc);
	assert_int_equal(translated(&w, 3ull << 30 | 6 << 21 | 0x12345),
			 0x1c12345); /* bit 12 is PAT there */
	assert_int_equal(translated(&w, 1ull << 30), UINT64_MAX);
}

static void test_4_and_5_levels(void **state)
{
	struct guest_walk w = walk(CR0_PE | CR0_PG, 0x1fff, CR4_PAE, EFER_LMA | EFER_LME);
	const u64 linear = 0xffff800000000000ull | 1ull << 39 | 2ull << 30 | 3 << 21 | 4 << 12 | 5;

	(void)state;
	set64(0x1000, 257, 0x2000 | P);
	set64(0x2000, 2, 0x3000 | P);
	set64(0x3000, 3, 0x4000 | P);
	set64(0x4000, 4, 0x765000 | P | PS); /* PAT at the last level */
	assert_int_equal(translated(&w, linear), 0x765005);
	set64(0x3000, 3, 0x40000000 | P | PS);
	assert_int_equal(translated(&w, linear), 0x40004005);
	set64(0x2000, 2, 0x80000000 | P | PS);
	assert_int_equal(translated(&w, linear), 0x80604005);
	set64(0x1000, 257, 0x2000 | P | PS); /* reserved there: not our business */
	assert_int_equal(translated(&w, linear), 0x80604005);
	set64(0x5000, 511, 0x1000 | P);
	w.cr3 = 0x5000;
	w.cr4 |= CR4_LA57;
	assert_int_equal(translated(&w, linear), 0x80604005);
	lowest_refused = 0x2000;
	w.cr4 &= ~CR4_LA57;
	w.cr3 = 0x1000;
	assert_int_equal(translated(&w, linear), UINT64_MAX);
}

/* ---- accesses of data ---- */

#define W 2u
#define U 4u
#define A 0x20u
#define D 0x40u
#define NX (1ull << 63)
#define KEY(n) ((u64)(n) << 59)
#define PAGE64 0x765000ull
#define LINEAR64 (1ull << 39 | 2ull << 30 | 3 << 21 | 4 << 12 | 5)

static bool refuse_replacing;

static bool replace_memory(void *context, u64 gpa, size_t length, u64 old, u64 new)
{
	u64 now = 0;

	(void)context;
	memcpy(&now, memory + gpa, length);
	assert_int_equal(now, old);
	if (!refuse_replacing)
		memcpy(memory + gpa, &new, length);
	return !refuse_replacing;
}

static u64 get64(u64 table, unsigned index)
{
	u64 entry;

	memcpy(&entry, memory + table + index * 8, 8);
	return entry;
}

/* Four levels to PAGE64, of which the last has these bits. */
static struct guest_walk walk64(u64 bits)
{
	struct guest_walk w = walk(CR0_PE | CR0_PG | CR0_WP, 0x1000, CR4_PAE,
				   EFER_LMA | EFER_LME | EFER_NXE);

	set64(0x1000, 1, 0x2000 | P | W | U);
	set64(0x2000, 2, 0x3000 | P | W | U);
	set64(0x3000, 3, 0x4000 | P | W | U);
	set64(0x4000, 4, PAGE64 | bits);
	w.physical_bits = 40;
	w.replace = replace_memory;
	return w;
}

/* The error code of the fault, or NO_FAULT. */
#define NO_FAULT 0x1000u
static u32 error_of(const struct guest_walk *w, u64 linear, struct guest_rights r)
{
	u64 gpa = 0;
	u32 error = 0;

	switch (guest_walk_access(w, linear, &r, &gpa, &error)) {
	case GUEST_WALK_DONE: return NO_FAULT;
	case GUEST_WALK_FAULT: return error;
	default: return UINT32_MAX;
	}
}

static const struct guest_rights read_only, writing = { .write = true }, by_user = { .user = true },
	writing_by_user = { .write = true, .user = true }, closed = { .without_user = true };

static void test_rights(void **state)
{
	struct guest_walk w = walk64(P | W);

	(void)state;
	assert_int_equal(error_of(&w, LINEAR64, writing), NO_FAULT);
	assert_int_equal(error_of(&w, LINEAR64, closed), NO_FAULT);
	assert_int_equal(error_of(&w, LINEAR64, by_user), 5);
	assert_int_equal(error_of(&w, LINEAR64, writing_by_user), 7);
	w = walk64(P | U);
	assert_int_equal(error_of(&w, LINEAR64, by_user), NO_FAULT);
	assert_int_equal(error_of(&w, LINEAR64, writing), 3);
	assert_int_equal(error_of(&w, LINEAR64, writing_by_user), 7);
	assert_int_equal(error_of(&w, LINEAR64, closed), 1);
	w.cr0 &= ~CR0_WP;
	assert_int_equal(error_of(&w, LINEAR64, writing), NO_FAULT);
	assert_int_equal(error_of(&w, LINEAR64, writing_by_user), 7);
	/* What is missing higher up counts as well. */
	w = walk64(P | W | U);
	set64(0x2000, 2, 0x3000 | P | W);
	assert_int_equal(error_of(&w, LINEAR64, by_user), 5);
	set64(0x2000, 2, 0x3000 | P | U);
	assert_int_equal(error_of(&w, LINEAR64, writing), 3);
	set64(0x2000, 2, 0);
	assert_int_equal(error_of(&w, LINEAR64, writing), 2);
	assert_int_equal(error_of(&w, LINEAR64, writing_by_user), 6);
}

static void test_keys(void **state)
{
	struct guest_walk w = walk64(P | W | U | KEY(3));
	struct guest_rights r = { .pkru = 2u << 6 };

	(void)state;
	assert_int_equal(error_of(&w, LINEAR64, r), NO_FAULT);
	r.write = true;
	assert_int_equal(error_of(&w, LINEAR64, r), NO_FAULT);
	w.cr4 |= CR4_PKE;
	assert_int_equal(error_of(&w, LINEAR64, r), 0x23);
	w.cr0 &= ~CR0_WP;
	assert_int_equal(error_of(&w, LINEAR64, r), NO_FAULT);
	r.user = true;
	assert_int_equal(error_of(&w, LINEAR64, r), 0x27);
	r = (struct guest_rights){ .pkru = 1u << 6 };
	assert_int_equal(error_of(&w, LINEAR64, r), 0x21);
	r.pkru = ~(3u << 6);
	assert_int_equal(error_of(&w, LINEAR64, r), NO_FAULT);
	w = walk64(P | W | KEY(3)); /* keys are of user pages */
	w.cr4 |= CR4_PKE;
	r.pkru = 1u << 6;
	assert_int_equal(error_of(&w, LINEAR64, r), NO_FAULT);
}

static void test_reserved_bits(void **state)
{
	struct guest_walk w = walk64(P | W | NX);

	(void)state;
	assert_int_equal(error_of(&w, LINEAR64, read_only), NO_FAULT);
	w.efer &= ~EFER_NXE;
	assert_int_equal(error_of(&w, LINEAR64, read_only), 9);
	w = walk64(P | W | 1ull << 39);
	assert_int_equal(error_of(&w, LINEAR64, read_only), NO_FAULT);
	w = walk64(P | W | 1ull << 40);
	assert_int_equal(error_of(&w, LINEAR64, writing), 11);
	w = walk64(P | W);
	set64(0x1000, 1, 0x2000 | P | W | U | PS);
	assert_int_equal(error_of(&w, LINEAR64, read_only), 9);
	w = walk64(P | W);
	set64(0x3000, 3, 0x1200000 | P | W | PS | 1u << 12);
	assert_int_equal(error_of(&w, LINEAR64, read_only), NO_FAULT);
	set64(0x3000, 3, 0x1200000 | P | W | PS | 1u << 13);
	assert_int_equal(error_of(&w, LINEAR64, read_only), 9);
	/* Absent entries have none. */
	w = walk64(1ull << 40);
	assert_int_equal(error_of(&w, LINEAR64, read_only), 0);
}

static void test_accessed_and_dirty(void **state)
{
	const struct guest_walk w = walk64(P | W);

	(void)state;
	error_of(&w, LINEAR64, by_user);
	assert_int_equal(get64(0x1000, 1), 0x2000 | P | W | U);
	error_of(&w, LINEAR64, read_only);
	assert_int_equal(get64(0x1000, 1), 0x2000 | P | W | U | A);
	assert_int_equal(get64(0x3000, 3), 0x4000 | P | W | U | A);
	assert_int_equal(get64(0x4000, 4), PAGE64 | P | W | A);
	refuse_replacing = true;
	assert_int_equal(error_of(&w, LINEAR64, writing), UINT32_MAX);
	assert_int_equal(error_of(&w, LINEAR64, read_only), NO_FAULT);
	refuse_replacing = false;
	assert_int_equal(error_of(&w, LINEAR64, writing), NO_FAULT);
	assert_int_equal(get64(0x4000, 4), PAGE64 | P | W | A | D);
	assert_int_equal(get64(0x3000, 3), 0x4000 | P | W | U | A);
}

/* Pointers of PAE have no rights, and 32-bit entries have neighbours. */
static void test_narrow_formats(void **state)
{
	struct guest_walk w = walk(CR0_PE | CR0_PG, 0x1020, CR4_PAE, 0);

	(void)state;
	w.physical_bits = 40;
	w.replace = replace_memory;
	set64(0x1020, 3, 0x2000 | P);
	set64(0x2000, 5, 0x3000 | P | W | U);
	set64(0x3000, 7, 0x5000 | P | W | U);
	assert_int_equal(error_of(&w, 3ull << 30 | 5 << 21 | 7 << 12, writing_by_user), NO_FAULT);
	assert_int_equal(get64(0x1020, 3), 0x2000 | P);
	assert_int_equal(get64(0x3000, 7), 0x5000 | P | W | U | A | D);
	set64(0x3000, 7, 0x5000 | P | W | U | 1ull << 53);
	assert_int_equal(error_of(&w, 3ull << 30 | 5 << 21 | 7 << 12, writing_by_user), 15);
	w.cr4 = CR4_PSE;
	w.cr3 = 0x4000;
	set32(0x4000, 2, 0x6000 | P | W | U);
	set32(0x6000, 8, 0x7000 | P | W);
	set32(0x6000, 9, 0x1234);
	assert_int_equal(error_of(&w, 2u << 22 | 8 << 12, writing), NO_FAULT);
	assert_int_equal(get64(0x6000, 4), 0x7000 | P | W | A | D | 0x1234ull << 32);
	set32(0x4000, 2, P | W | PS | 1u << 21);
	assert_int_equal(error_of(&w, 2u << 22, writing), 11);
	w.cr0 = CR0_PE;
	assert_int_equal(error_of(&w, 2u << 22, writing_by_user), NO_FAULT);
}

/* Bytes on both sides of a page boundary, and none behind an unmapped page. */
static void test_read_across_pages(void **state)
{
	const struct guest_walk w = walk(CR0_PE | CR0_PG, 0x1000, 0, 0);
	u8 out[8];

	(void)state;
	set32(0x1000, 0, 0x2000 | P);
	set32(0x2000, 0, 0x5000 | P);
	set32(0x2000, 1, 0x3000 | P);
	memcpy(memory + 0x5ffc, "abcd", 4);
	memcpy(memory + 0x3000, "efgh", 4);
	assert_int_equal(guest_walk_read(&w, 0xffc, out, 8), 8);
	assert_memory_equal(out, "abcdefgh", 8);
	set32(0x2000, 1, 0);
	assert_int_equal(guest_walk_read(&w, 0xffc, out, 8), 4);
	assert_int_equal(guest_walk_read(&w, 0x1000, out, 8), 0);
}

static void test_lengths(void **state)
{
	static const struct {
		enum insn insn;
		const char *bytes;
		size_t count;
		bool code64;
		unsigned length;
	} cases[] = {
		{ INSN_CPUID, "\x0f\xa2", 2, true, 2 },
		{ INSN_CPUID, "\x0f\xa2\x0f", 3, false, 2 },
		{ INSN_CPUID, "\x66\x0f\xa2", 3, false, 3 },
		{ INSN_CPUID, "\x48\x0f\xa2", 3, true, 3 },
		{ INSN_CPUID, "\x48\x0f\xa2", 3, false,
		  0 }, /* DEC EAX, then CPUID: not at this address */
		{ INSN_CPUID, "\x48\x66\x0f\xa2", 4, true, 4 },
		{ INSN_CPUID, "\x0f", 1, true, 0 },
		{ INSN_CPUID, "\x0f\x32", 2, true, 0 },
		{ INSN_RDMSR, "\xf3\x0f\x32", 3, true, 3 },
		{ INSN_WRMSR, "\x2e\x3e\x0f\x30", 4, true, 4 },
		{ INSN_VMMCALL, "\x0f\x01\xd9", 3, true, 3 },
		{ INSN_VMMCALL, "\x0f\x01\xc1", 3, true, 0 },
		{ INSN_VMCALL, "\x0f\x01\xc1", 3, true, 3 },
		{ INSN_XSETBV, "\x0f\x01\xd1", 3, true, 3 },
		{ INSN_INVD, "\x0f\x08", 2, true, 2 },
		{ INSN_WBINVD, "\xf3\x0f\x09", 3, true, 3 }, /* WBNOINVD */
		{ INSN_HLT, "\xf4", 1, true, 1 },
		{ INSN_RDTSCP, "\x0f\x01\xf9", 3, true, 3 },
		{ INSN_MOV_TO_CR, "\x0f\x22\xe0", 3, true, 3 },
		{ INSN_MOV_TO_CR, "\x44\x0f\x22\xc0", 4, true, 4 },
		{ INSN_MOV_TO_CR, "\x0f\x22", 2, true, 0 },
		{ INSN_CPUID, "\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x0f\xa2", 15,
		  true, 15 },
		{ INSN_CPUID, "\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x0f\xa2",
		  16, true, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(insn_length(cases[i].insn, (const u8 *)cases[i].bytes,
					     cases[i].count, cases[i].code64),
				 cases[i].length);
}

/* INS and OUTS: sizes of addresses, segments and repetition by their prefixes. */
static void test_strings(void **state)
{
	static const struct {
		const char *bytes;
		size_t count;
		enum insn_code code;
		struct insn_string insn;
	} cases[] = {
		{ "\x6c", 1, INSN_CODE64, { 1, 8, true, false, 0 } },
		{ "\x6d", 1, INSN_CODE32, { 1, 4, true, false, 0 } },
		{ "\x6e", 1, INSN_CODE16, { 1, 2, false, false, 3 } },
		{ "\xf3\x6f", 2, INSN_CODE64, { 2, 8, false, true, 3 } },
		{ "\xf2\x66\x6f", 3, INSN_CODE32, { 3, 4, false, true, 3 } },
		{ "\x67\x6e", 2, INSN_CODE64, { 2, 4, false, false, 3 } },
		{ "\x67\x6e", 2, INSN_CODE32, { 2, 2, false, false, 3 } },
		{ "\x67\x6e", 2, INSN_CODE16, { 2, 4, false, false, 3 } },
		{ "\x26\x6e", 2, INSN_CODE32, { 2, 4, false, false, 0 } },
		{ "\x2e\x6e", 2, INSN_CODE32, { 2, 4, false, false, 1 } },
		{ "\x36\x6e", 2, INSN_CODE32, { 2, 4, false, false, 2 } },
		{ "\x64\x6e", 2, INSN_CODE32, { 2, 4, false, false, 4 } },
		{ "\x64\x3e\x6e", 3, INSN_CODE32, { 3, 4, false, false, 3 } },
		{ "\x65\x3e\x6e", 3, INSN_CODE64, { 3, 8, false, false, 5 } },
		{ "\x65\x6c", 2, INSN_CODE64, { 2, 8, true, false, 0 } },
		{ "\x48\x6f", 2, INSN_CODE64, { 2, 8, false, false, 3 } },
	};
	static const char *const others[] = { "\x6b", "\x70", "\xf0\x6c", "\x48\x6c", "\xf3" };
	struct insn_string out;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_true(insn_string((const u8 *)cases[i].bytes, cases[i].count, cases[i].code,
					&out));
		assert_memory_equal(&out, &cases[i].insn, sizeof(out));
		assert_false(insn_string((const u8 *)cases[i].bytes, cases[i].count - 1,
					 cases[i].code, &out));
	}
	for (unsigned i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(insn_string((const u8 *)others[i], strlen(others[i]), INSN_CODE32, &out));
}

static void test_moves(void **state)
{
	static const struct {
		const char *bytes;
		unsigned length;
		bool code64;
		struct insn_move move;
	} cases[] = {
		{ "\x0f\x22\xc0", 3, true, { 0, 0 } },
		{ "\x0f\x22\xd9", 3, false, { 3, 1 } },
		{ "\x41\x0f\x22\xc7", 4, true, { 0, 15 } },
		{ "\x44\x0f\x22\xc0", 4, true, { 8, 0 } },
		{ "\x66\x0f\x23\xf8", 4, true, { 7, 0 } },
		{ "\x41\x66\x0f\x23\xf3", 5, true, { 6, 3 } },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct insn_move m = insn_move((const u8 *)cases[i].bytes, cases[i].length,
						     cases[i].code64);

		assert_int_equal(m.to, cases[i].move.to);
		assert_int_equal(m.from, cases[i].move.from);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_no_paging, setup),
		cmocka_unit_test_setup(test_32_bit, setup),
		cmocka_unit_test_setup(test_pae, setup),
		cmocka_unit_test_setup(test_4_and_5_levels, setup),
		cmocka_unit_test_setup(test_read_across_pages, setup),
		cmocka_unit_test_setup(test_rights, setup),
		cmocka_unit_test_setup(test_keys, setup),
		cmocka_unit_test_setup(test_reserved_bits, setup),
		cmocka_unit_test_setup(test_accessed_and_dirty, setup),
		cmocka_unit_test_setup(test_narrow_formats, setup),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
