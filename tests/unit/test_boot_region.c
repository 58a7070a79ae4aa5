/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Where the boot program places the hypervisor, on good and hostile memory maps. */
/* link: boot/region.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../boot/boot.h"

#define MIB (1ull << 20)
#define GIB (1ull << 30)

static struct boot_info bi;

static int setup(void **state)
{
	(void)state;
	memset(&bi, 0, sizeof(bi));
	return 0;
}

static void range(uint64_t base, uint64_t end, uint32_t type)
{
	bi.range[bi.range_count++] = (struct boot_range){ base, end - base, type, 0 };
}

static void module(uint64_t base, uint64_t end)
{
	bi.module[bi.module_count++] = (struct boot_module){ base, end - base, 0 };
}

static uint64_t chosen(uint64_t size)
{
	const struct boot_span self = { 1 * MIB, 2 * MIB };

	return region_choose(&bi, &self, 1, size);
}

static void test_top_of_ram(void **state)
{
	(void)state;
	range(0, 640 * 1024, BOOT_MEMORY_RAM);
	range(1 * MIB, 512 * MIB - 0x20000, BOOT_MEMORY_RAM);
	range(512 * MIB - 0x20000, 512 * MIB, BOOT_MEMORY_RESERVED);
	assert_int_equal(chosen(4 * MIB), 506 * MIB);
}

static void test_below_4_gib(void **state)
{
	(void)state;
	range(1 * MIB, 3 * GIB, BOOT_MEMORY_RAM);
	range(4 * GIB, 8 * GIB, BOOT_MEMORY_RAM);
	assert_int_equal(chosen(4 * MIB), 3 * GIB - 4 * MIB);
	setup(NULL);
	range(1 * MIB, 8 * GIB, BOOT_MEMORY_RAM);
	assert_int_equal(chosen(4 * MIB), 4 * GIB - 4 * MIB);
}

static void test_avoids_modules_and_itself(void **state)
{
	(void)state;
	range(1 * MIB, 64 * MIB, BOOT_MEMORY_RAM);
	module(60 * MIB, 63 * MIB);
	module(55 * MIB + 1, 57 * MIB);
	assert_int_equal(chosen(4 * MIB), 50 * MIB);
	module(3 * MIB, 59 * MIB);
	assert_int_equal(chosen(4 * MIB), 0); /* the boot program lies below */
}

/* A reserved range over RAM wins; ranges may come in any order. */
static void test_overlapping_ranges(void **state)
{
	(void)state;
	range(40 * MIB, 64 * MIB, BOOT_MEMORY_RESERVED);
	range(1 * MIB, 64 * MIB, BOOT_MEMORY_RAM);
	assert_int_equal(chosen(2 * MIB), 38 * MIB);
}

static void test_nothing_fits(void **state)
{
	(void)state;
	assert_int_equal(chosen(4 * MIB), 0);
	range(1 * MIB, 5 * MIB, BOOT_MEMORY_RAM);
	assert_int_equal(chosen(4 * MIB), 0);
	range(4 * GIB, 8 * GIB, BOOT_MEMORY_RAM);
	assert_int_equal(chosen(4 * MIB), 0);
}

static void test_hostile_ranges(void **state)
{
	(void)state;
	range(1 * MIB, 32 * MIB, BOOT_MEMORY_RAM);
	bi.range[bi.range_count++] = (struct boot_range){ ~0ull - 4096, 1 << 20, BOOT_MEMORY_RAM,
							  0 }; /* wraps */
	bi.range[bi.range_count++] = (struct boot_range){ 16 * MIB, 0, BOOT_MEMORY_RESERVED,
							  0 }; /* empty */
	bi.range[bi.range_count++] = (struct boot_range){ 30 * MIB, ~0ull, BOOT_MEMORY_RESERVED,
							  0 }; /* wraps */
	assert_int_equal(chosen(2 * MIB), 28 * MIB);
	bi.image_size = 1 * MIB;
	assert_false(region_place(&bi, NULL, 0)); /* 64 TiB and more: their tables are 64 MiB */
}

static void test_size_follows_memory(void **state)
{
	uint64_t small;

	(void)state;
	bi.image_size = 300 * 1024;
	range(1 * MIB, 512 * MIB, BOOT_MEMORY_RAM);
	assert_true(region_place(&bi, NULL, 0));
	small = boot_region_size(&bi, 1);
	assert_int_equal(small, 4 * MIB);
	range(4 * GIB, 1024 * GIB, BOOT_MEMORY_RAM);
	assert_true(region_place(&bi, NULL, 0));
	assert_in_range(boot_region_size(&bi, 1), small + 1020 * 8 * 1024, 64 * MIB);
}

static void test_room_for_processors(void **state)
{
	(void)state;
	bi.image_size = 300 * 1024;
	range(1 * MIB, 512 * MIB, BOOT_MEMORY_RAM);
	assert_true(region_place(&bi, NULL, 0));
	assert_int_equal(bi.processors, BOOT_MOST_PROCESSORS);
	assert_int_equal(bi.hv_base + bi.hv_size, 512 * MIB);
	assert_true(bi.hv_size >= bi.image_size + 256 * BOOT_PROCESSOR_MEMORY);

	bi.range[0].length = 31 * MIB; /* not for all */
	assert_true(region_place(&bi, NULL, 0));
	assert_int_equal(bi.processors, BOOT_MOST_PROCESSORS / 2);
	assert_int_equal(bi.hv_size, boot_region_size(&bi, BOOT_MOST_PROCESSORS / 2));

	bi.range[0].length = 5 * MIB; /* for the fewest */
	assert_true(region_place(&bi, NULL, 0));
	assert_in_range(bi.processors, 1, 8);
	bi.range[0].length = 2 * MIB;
	assert_false(region_place(&bi, NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_top_of_ram, setup),
		cmocka_unit_test_setup(test_below_4_gib, setup),
		cmocka_unit_test_setup(test_avoids_modules_and_itself, setup),
		cmocka_unit_test_setup(test_overlapping_ranges, setup),
		cmocka_unit_test_setup(test_nothing_fits, setup),
		cmocka_unit_test_setup(test_hostile_ranges, setup),
		cmocka_unit_test_setup(test_size_follows_memory, setup),
		cmocka_unit_test_setup(test_room_for_processors, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
