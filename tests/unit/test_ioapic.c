/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What of the I/O APICs passes through, and what does not. */
/* link: core */
#include "fake.h"

#include "ioapic.h"

#define FIRST 0xfec00000ull
#define SECOND 0xfec10000ull
#define MASKED 0x10000u

static struct partition *p;

static int setup(void **state)
{
	(void)state;
	p = fake_vp()->partition;
	p->ioapics = (struct ioapics){ .count = 2, .base = { FIRST, SECOND } };
	return 0;
}

/* The value that the machine's register has after a write of value to register selected. */
static u32 through(u64 base, u8 selected, u32 value)
{
	const u32 before = fake_machine.mmios;

	ioapic_write(p, base, selected);
	ioapic_write(p, base + 0x10, value);
	assert_int_equal(fake_machine.mmios, before + 2);
	assert_int_equal(fake_machine.mmio[before].where, base);
	assert_int_equal(fake_machine.mmio[before].value, selected);
	assert_int_equal(fake_machine.mmio[before + 1].where, base + 0x10);
	return (u32)fake_machine.mmio[before + 1].value;
}

static void test_modes(void **state)
{
	static const bool good[8] = { true, true, false, false, true, false, false, true };

	(void)state;
	for (u32 mode = 0; mode < 8; mode++) {
		const u32 value = mode << 8 | 0xa030, high = mode << 8 | 0x05000000;

		assert_int_equal(through(FIRST, 0x10, value), good[mode] ? value : value | MASKED);
		assert_int_equal(through(SECOND, 0x3e, value), good[mode] ? value : value | MASKED);
		assert_int_equal(through(FIRST, 0x11, high), high);
		assert_int_equal(through(FIRST, 0x00, high), high);
	}
}

/* Remembered from the first entry on that brings the PIC's interrupts. */
static void test_brings_pic(void **state)
{
	(void)state;
	through(FIRST, 0x10, 0x730 | MASKED);
	through(FIRST, 0x11, 0x730);
	through(FIRST, 0x00, 0x730);
	through(FIRST, 0x12, 0x430);
	assert_false(p->ioapics.brings_pic);
	through(SECOND, 0x10, 0x730);
	assert_true(p->ioapics.brings_pic);
	through(SECOND, 0x10, 0x730 | MASKED);
	assert_true(p->ioapics.brings_pic);
}

/* Each has its own selected register. */
static void test_two(void **state)
{
	(void)state;
	ioapic_write(p, FIRST, 0x10);
	ioapic_write(p, SECOND, 0x11);
	ioapic_write(p, FIRST + 0x10, 0x530);
	ioapic_write(p, SECOND + 0x10, 0x530);
	assert_int_equal(fake_machine.mmio[2].value, 0x530 | MASKED);
	assert_int_equal(fake_machine.mmio[3].value, 0x530);
}

static void test_other_registers(void **state)
{
	(void)state;
	fake_machine.mmio_value = 0x170020;
	assert_int_equal(ioapic_read(p, FIRST + 0x10), 0x170020);
	ioapic_write(p, FIRST + 0x40, 0x531); /* EOI */
	assert_int_equal(fake_machine.mmio[0].value, 0x531);
	assert_int_equal(ioapic_read(p, FIRST + PAGE_SIZE), 0xffffffff);
	ioapic_write(p, 0xfee01000, 0x531);
	assert_int_equal(fake_machine.mmios, 1);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_modes), TEST(test_two), TEST(test_brings_pic),
					    TEST(test_other_registers) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
