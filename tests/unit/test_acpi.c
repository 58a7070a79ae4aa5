/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* ACPI tables of good firmware, and of firmware that lies. */
/* link: src/acpi.c tests/unit/fake_machine.c tests/unit/fake_virt.c src/lib/text.c */
#include "fake.h"

#include <stdlib.h>
#include <string.h>

#include "acpi.h"

#define LIMIT 0x200000ull
#define RSDP 0xf0000
#define RSDT 0x100000
#define XSDT 0x100100
#define FADT 0x100200
#define DSDT 0x100400
#define MADT 0x100600
#define MADT_LENGTH (44 + 3 * 8 + 12 + 16)

static struct acpi_info info;

static void put(u64 hpa, u64 value, unsigned size)
{
	memcpy(fake_at(hpa), &value, size);
}

static u8 sum(u64 hpa, u64 length)
{
	u8 s = 0;

	while (length--)
		s = (u8)(s + *(u8 *)fake_at(hpa++));
	return s;
}

static void fix(u64 hpa, u64 length, u64 at)
{
	*(u8 *)fake_at(at) = 0;
	*(u8 *)fake_at(at) = (u8)-sum(hpa, length);
}

static void table(u64 hpa, const char *signature, u32 length)
{
	memcpy(fake_at(hpa), signature, 4);
	put(hpa + 4, length, 4);
}

static void build_madt(void)
{
	u64 at = MADT + 44;

	table(MADT, "APIC", MADT_LENGTH);
	for (u64 i = 0; i < 3; i++, at += 8) {
		put(at, 0x0800 | i << 16 | i << 24,
		    4); /* type 0, length 8, processor i, APIC id i */
		put(at + 4, i < 2 ? 1 : 2, 4);          /* the third may be enabled later */
	}
	put(at, 0x0c01, 2); /* an I/O APIC */
	put(at + 4, 0xfec00000, 4);
	at += 12;
	put(at, 0x1009, 2); /* an x2APIC */
	put(at + 4, 0x100, 4);
	put(at + 8, 1, 4);
	fix(MADT, MADT_LENGTH, MADT + 9);
}

/* Firmware as QEMU's: revision 0, RSDT, ports in the 32-bit fields. */
static int setup(void **state)
{
	static const u8 s5[] = { 0x08, '_',  'S',  '5',	 '_',  0x12, 0x06,
				 0x04, 0x0a, 0x05, 0x01, 0x00, 0x00 };

	(void)state;
	fake_reset(LIMIT);
	memcpy(fake_at(RSDP), "RSD PTR ", 8);
	put(RSDP + 16, RSDT, 4);
	fix(RSDP, 20, RSDP + 8);
	table(RSDT, "RSDT", 36 + 8);
	put(RSDT + 36, FADT, 4);
	put(RSDT + 40, MADT, 4);
	table(XSDT, "XSDT", 36 + 16);
	put(XSDT + 36, MADT, 8);
	put(XSDT + 44, FADT, 8);
	table(FADT, "FACP", 244);
	put(FADT + 40, DSDT, 4);
	put(FADT + 64, 0x604, 4);
	put(FADT + 76, 0x608, 4);
	put(FADT + 112, 1 << 10, 4);
	put(FADT + 116, 1, 1);
	put(FADT + 120, 0xcf9, 8);
	put(FADT + 128, 0x0f, 1);
	table(DSDT, "DSDT", 36 + 40);
	memcpy(fake_at(DSDT + 50), s5, sizeof(s5));
	build_madt();
	return 0;
}

static void test_read(void **state)
{
	(void)state;
	assert_true(acpi_read(0, LIMIT, &info));
	assert_int_equal(info.rsdp, RSDP);
	assert_int_equal(info.pm1a_control, 0x604);
	assert_int_equal(info.pm1b_control, 0);
	assert_int_equal(info.pm_timer, 0x608);
	assert_int_equal(info.reset_port, 0xcf9);
	assert_int_equal(info.reset_value, 0x0f);
	assert_true(info.has_s5);
	assert_int_equal(info.s5_a, 5);
	assert_int_equal(info.s5_b, 1);
	assert_int_equal(info.madt, MADT);
	assert_int_equal(info.processors, 3);
}

/* Revision 2: XSDT, and addresses in the 64-bit fields where the others are zero. */
static void test_read_xsdt(void **state)
{
	(void)state;
	put(RSDP + 15, 2, 1);
	put(RSDP + 16, 0, 4);
	put(RSDP + 24, XSDT, 8);
	fix(RSDP, 20, RSDP + 8);
	put(FADT + 40, 0, 4);
	put(FADT + 140, DSDT, 8);
	put(FADT + 64, 0, 4);
	put(FADT + 172, 1, 1);
	put(FADT + 176, 0x1804, 8);
	put(FADT + 184, 0, 1);
	put(FADT + 188, 0x77, 8); /* memory, not a port */
	assert_true(acpi_read(RSDP, LIMIT, &info));
	assert_int_equal(info.pm1a_control, 0x1804);
	assert_int_equal(info.pm1b_control, 0);
	assert_true(info.has_s5);
	assert_int_equal(info.processors, 3);
}

static void test_hint(void **state)
{
	(void)state;
	memcpy(fake_at(0x150000), fake_at(RSDP), 20);
	memset(fake_at(RSDP), 0, 20);
	assert_false(acpi_read(0, LIMIT, &info));
	assert_int_equal(info.rsdp, 0);
	assert_true(acpi_read(0x150000, LIMIT, &info));
	assert_int_equal(info.rsdp, 0x150000);
	assert_false(acpi_read(0x150008, LIMIT, &info));
	assert_false(acpi_read(UINT64_MAX - 4, LIMIT, &info));
}

static void test_ebda(void **state)
{
	(void)state;
	memcpy(fake_at(0x9fc20), fake_at(RSDP), 20);
	memset(fake_at(RSDP), 0, 20);
	put(0x40e, 0x9fc0, 2);
	assert_true(acpi_read(0, LIMIT, &info));
	assert_int_equal(info.rsdp, 0x9fc20);
}

static void test_no_reset(void **state)
{
	(void)state;
	put(FADT + 116, 0, 1); /* the reset register lies in memory */
	assert_true(acpi_read(0, LIMIT, &info));
	assert_int_equal(info.reset_port, 0);
	put(FADT + 116, 1, 1);
	put(FADT + 112, 0, 4); /* not supported */
	assert_true(acpi_read(0, LIMIT, &info));
	assert_int_equal(info.reset_port, 0);
}

static void test_s5_forms(void **state)
{
	static const struct { u8 aml[12]; bool good; u8 a, b;
	} rows[] = {
		{ { 0x12, 0x06, 0x04, 0x00, 0x00, 0x00, 0x00 }, true, 0, 0 },
		{ { 0x12, 0x0a, 0x04, 0x0a, 0x07, 0x0b, 0x06, 0x00, 0x00 }, true, 7, 6 },
		{ { 0x12, 0x47, 0x00, 0x04, 0x0a, 0x05, 0x0a, 0x05 },
		  true,
		  5,
		  5 }, /* PkgLength of two bytes */
		{ { 0x12, 0x08, 0x01, 0x0c, 0x05, 0x03, 0x00, 0x00 }, true, 5, 3 }, /* one DWORD */
		{ { 0x12, 0x06, 0x02, 0xff, 0xff }, true, 7, 7 },
		{ { 0x13, 0x06, 0x04, 0x00, 0x00 }, false, 0, 0 },
		{ { 0x12, 0x06, 0x00, 0x00, 0x00 }, false, 0, 0 },
		{ { 0x12, 0x06, 0x04, 0x0e, 0x00 }, false, 0, 0 },
		{ { 0x12, 0x06, 0x01, 0x00, 0x00 }, false, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		setup(NULL);
		memcpy(fake_at(DSDT + 55), rows[i].aml, sizeof(rows[i].aml));
		assert_true(acpi_read(0, LIMIT, &info));
		assert_int_equal(info.has_s5, rows[i].good);
		if (rows[i].good) {
			assert_int_equal(info.s5_a, rows[i].a);
			assert_int_equal(info.s5_b, rows[i].b);
		}
	}
}

static u32 keep_processor(const struct acpi_info *from, u32 apic_id)
{
	return acpi_disable_other_processors(from, &apic_id, 1);
}

static void test_disable(void **state)
{
	u8 before[MADT_LENGTH], *madt = fake_at(MADT);

	(void)state;
	assert_true(acpi_read(0, LIMIT, &info));
	memcpy(before, madt, sizeof(before));
	assert_int_equal(keep_processor(&info, 1), 2);
	assert_int_equal(sum(MADT, MADT_LENGTH), 0);
	before[9] = madt[9];
	before[44 + 4] = 0;
	before[44 + 3 * 8 + 12 + 8] = 0;
	assert_memory_equal(madt, before, sizeof(before));
	assert_true(acpi_read(0, LIMIT, &info));
	assert_int_equal(info.processors, 1);
	assert_int_equal(keep_processor(&info, 1), 0);
	assert_int_equal(keep_processor(&(struct acpi_info){ 0 }, 1), 0);
}

/* Of the states of sleep soft off stays; what only looks like a name is left alone. */
static void test_hide_sleep(void **state)
{
	static const char aml[] = "\x08_S3_\x12\x04\x01\x01\x08\\_S1_\x12\x04\x01\x02"
				  "\x0d_S4_\x00\x08_S2_\x14\x08_S0_\x12\x08_S5_\x12";
	static const char hidden[] = "\x08XS3_\x12\x04\x01\x01\x08\\XS1_\x12\x04\x01\x02"
				     "\x0d_S4_\x00\x08_S2_\x14\x08_S0_\x12\x08_S5_\x12";
	const u64 length = 36 + sizeof(aml);

	(void)state;
	table(DSDT, "DSDT", (u32)length);
	memcpy(fake_at(DSDT + 36), aml, sizeof(aml));
	fix(DSDT, length, DSDT + 9);
	table(MADT, "SSDT", (u32)length);
	memcpy(fake_at(MADT + 36), aml, sizeof(aml));
	fix(MADT, length, MADT + 9);
	assert_true(acpi_read(0, LIMIT, &info));
	assert_int_equal(acpi_hide_sleep_states(&info, LIMIT), 2 * 2);
	assert_memory_equal((u8 *)fake_at(DSDT + 36) + 1, hidden + 1, sizeof(hidden) - 1);
	assert_memory_equal((u8 *)fake_at(MADT + 36) + 1, hidden + 1, sizeof(hidden) - 1);
	assert_int_equal(sum(DSDT, length), 0);
	assert_int_equal(sum(MADT, length), 0);
	assert_int_equal(acpi_hide_sleep_states(&info, LIMIT), 0);
	assert_int_equal(acpi_hide_sleep_states(&(struct acpi_info){ 0 }, LIMIT), 0);
}

static void test_processors(void **state)
{
	u32 ids[4] = { 99, 99, 99, 99 };

	(void)state;
	assert_true(acpi_read(0, LIMIT, &info));
	assert_int_equal(acpi_processors(&info, ids, 2), 2);
	assert_int_equal(ids[2], 99);
	assert_int_equal(acpi_processors(&info, ids, 4), 3);
	assert_int_equal(acpi_disable_other_processors(&info, ids + 1, 2), 1);
	assert_int_equal(sum(MADT, MADT_LENGTH), 0);
	assert_int_equal(acpi_processors(&info, ids, 4), 2);
	assert_int_equal(acpi_processors(&(struct acpi_info){ 0 }, ids, 4), 0);
}

static void test_ioapics(void **state)
{
	u64 addresses[2] = { 0, 0 };

	(void)state;
	assert_true(acpi_read(0, LIMIT, &info));
	assert_int_equal(acpi_ioapics(&info, addresses, 0), 0);
	assert_int_equal(acpi_ioapics(&info, addresses, 2), 1);
	assert_int_equal(addresses[0], 0xfec00000);
	put(MADT + 44 + 3 * 8 + 1, 11, 1); /* too short for an address */
	assert_int_equal(acpi_ioapics(&info, addresses, 2), 0);
	assert_int_equal(acpi_ioapics(&(struct acpi_info){ 0 }, addresses, 2), 0);
}

static void test_broken_madt(void **state)
{
	(void)state;
	for (u32 length = 0; length < 256; length++) {
		setup(NULL);
		put(MADT + 44 + 1, length,
		    1); /* an entry that is too short, or reaches beyond the table */
		assert_true(acpi_read(0, LIMIT, &info));
		keep_processor(&info, 9);
		assert_true(info.processors <= 4);
	}
	for (u32 length = 0; length < 44 + 60; length++) {
		setup(NULL);
		put(MADT + 4, length, 4);
		acpi_read(0, LIMIT, &info);
		keep_processor(&info, 9);
	}
}

/* Tables that claim to reach the limit and beyond: the sanitizer watches what is read there. */
static void test_lengths(void **state)
{
	static const u32 lengths[] = { 0,	  4,	      35,	 36,	   37,
				       40,	  44,	      0xff00,	 0x100000, 0xffffff,
				       0x1000000, 0x7fffffff, 0xffffffff };
	static const u64 tables[] = { RSDT, FADT, DSDT, MADT };

	(void)state;
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
			setup(NULL);
			put(tables[t] + 4, lengths[i], 4);
			acpi_read(0, LIMIT, &info);
			keep_processor(&info, 0);
			acpi_hide_sleep_states(&info, LIMIT);
		}
	}
}

/* The same at the very end of memory, byte by byte. */
static void test_at_the_limit(void **state)
{
	static const u64 pointers[] = { RSDP + 16, RSDT + 36, RSDT + 40, FADT + 40 };

	(void)state;
	for (size_t p = 0; p < ARRAY_SIZE(pointers); p++) {
		for (u64 back = 0; back < 260; back++) {
			setup(NULL);
			memset(fake_at(LIMIT - 260), 0x40, 260);
			for (u64 at = LIMIT - back; back >= 8 && at + 8 <= LIMIT; at = LIMIT) {
				memcpy(fake_at(at),
				       p == 0	? "RSDT"
				       : p == 1 ? "FACP"
				       : p == 2 ? "APIC"
						: "DSDT",
				       4);
				put(at + 4, back, 4);
			}
			put(pointers[p], LIMIT - back, 4);
			fix(RSDP, 20, RSDP + 8);
			acpi_read(0, LIMIT, &info);
			keep_processor(&info, 0);
			acpi_hide_sleep_states(&info, LIMIT);
		}
	}
}

/* Random bytes over the tables. */
static void test_noise(void **state)
{
	(void)state;
	srand(3);
	for (unsigned round = 0; round < 3000; round++) {
		if (round % 10 == 0)
			setup(NULL);
		for (unsigned i = 0; i < 8; i++)
			put(RSDT + (u64)rand() % 0x700, (u64)rand(), 1);
		acpi_read(0, LIMIT, &info);
		keep_processor(&info, 0);
		acpi_hide_sleep_states(&info, LIMIT);
	}
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_read),	 TEST(test_read_xsdt),	 TEST(test_hint),
		TEST(test_ebda),	 TEST(test_no_reset),	 TEST(test_s5_forms),
		TEST(test_disable),	 TEST(test_hide_sleep),	 TEST(test_processors), TEST(test_ioapics),  TEST(test_broken_madt),
		TEST(test_lengths),	 TEST(test_at_the_limit), TEST(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
