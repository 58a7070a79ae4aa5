/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Nested tables: built, split and merged by overlays, grown by devices within a budget. */
/* link: core */
#include "fake.h"

#include <string.h>

#include "alloc.h"
#include "gpa.h"
#include "lapic.h"
#include "machine.h"
#include "overlay.h"
#include "trace.h"

static struct vcpu *v;
static struct partition *p;

static int setup(void **state)
{
	(void)state;
	v = fake_vp();
	p = v->partition;
	return 0;
}

/* The map is changed under the lock, whose release flushes. */
static bool set_overlay(u32 id, u64 gpn)
{
	bool good;

	partition_lock(p);
	good = overlay_set(p, id, gpn);
	partition_unlock(p);
	return good;
}

static void clear_overlay(u32 id)
{
	partition_lock(p);
	overlay_clear(p, id);
	partition_unlock(p);
}

static bool map_page(u64 gpn, hpa_t hpa, u32 rights)
{
	bool good;

	partition_lock(p);
	good = gpa_map_page(p, gpn, hpa, rights);
	partition_unlock(p);
	return good;
}

static void unmap_page(u64 gpn)
{
	partition_lock(p);
	gpa_unmap_page(p, gpn);
	partition_unlock(p);
}

static unsigned level_at(u64 gpa)
{
	unsigned level;

	fake_npt(p, gpa, &level);
	return level;
}

static bool is_identity(u64 gpa)
{
	unsigned level;
	u64 entry = fake_npt(p, gpa, &level), size = PAGE_SIZE << 9 * (level - 1);

	return entry && FAKE_NPT_ADDRESS(entry) == ALIGN_DOWN(gpa, size) &&
	       FAKE_NPT_RIGHTS(entry) == 7;
}

static enum vm_next touch(u64 gpa, u32 access)
{
	v->exits++;
	return npt_fault_exit(v, &(struct npt_fault){ GPA(gpa), access, false });
}

static void test_built(void **state)
{
	unsigned level;

	(void)state;
	for (u64 gpa = 0; gpa < FAKE_HIDDEN; gpa += PAGE_SIZE) {
		bool ram = gpa < 0xa0000 || gpa >= 0x100000;

		assert_int_equal(is_identity(gpa), ram);
		if (ram)
			assert_int_equal(FAKE_NPT_TYPE(fake_npt(p, gpa, &level)), NPT_WB);
		assert_int_equal(gpa_is_ram(&p->gpa, gpa >> 12), ram);
	}
	assert_int_equal(level_at(0x1000), 1);
	assert_int_equal(level_at(0x200000), 2);
	for (u64 gpa = FAKE_HIDDEN; gpa < FAKE_MEMORY; gpa += PAGE_SIZE)
		assert_int_equal(fake_npt(p, gpa, &level), 0);
}

static void test_split_and_merge(void **state)
{
	u64 tables = p->gpa.tables;

	(void)state;
	assert_true(map_page(0x600, HPA(FAKE_HIDDEN), NPT_R));
	assert_int_equal(p->gpa.tables, tables + 1);
	assert_int_equal(level_at(0x600000), 1);
	assert_false(is_identity(0x600000));
	for (u64 gpa = 0x601000; gpa < 0x800000; gpa += PAGE_SIZE)
		assert_true(is_identity(gpa));
	/* Accessed and dirty bits, as a processor sets them, do not keep the pieces apart. */
	for (u64 gpa = 0x601000; gpa < 0x700000; gpa += PAGE_SIZE) {
		u64 *table = fake_at(p->gpa.root);

		for (unsigned level = 4; level > 1; level--)
			table = fake_at(
				FAKE_NPT_ADDRESS(table[gpa >> (12 + 9 * (level - 1)) & 511]));
		table[gpa >> 12 & 511] |= 3 << 5;
	}
	fake_virt.gpa_flushes = 0;
	unmap_page(0x600);
	assert_int_equal(level_at(0x600000), 2);
	assert_true(is_identity(0x600000));
	assert_int_equal(p->gpa.tables, tables);
	assert_int_equal(fake_virt.gpa_flushes, 1);
}

static void test_two_overlays_in_one_large_page(void **state)
{
	(void)state;
	assert_true(set_overlay(OVERLAY_HYPERCALL, 0x600));
	assert_true(set_overlay(OVERLAY_ASSIST, 0x601));
	clear_overlay(OVERLAY_HYPERCALL);
	assert_int_equal(level_at(0x600000), 1);
	assert_true(is_identity(0x600000));
	assert_false(is_identity(0x601000));
	clear_overlay(OVERLAY_ASSIST);
	assert_int_equal(level_at(0x600000), 2);
}

static void test_overlays_at_one_page(void **state)
{
	u32 rights;

	(void)state;
	assert_true(set_overlay(OVERLAY_ASSIST, 0x600));
	assert_true(set_overlay(OVERLAY_HYPERCALL, 0x600));
	assert_ptr_equal(overlay_at(p, 0x600, &rights), p->overlays.slot[OVERLAY_HYPERCALL].page);
	clear_overlay(OVERLAY_HYPERCALL);
	assert_ptr_equal(overlay_at(p, 0x600, &rights), p->overlays.slot[OVERLAY_ASSIST].page);
	assert_int_equal(rights, NPT_R | NPT_W);
	clear_overlay(OVERLAY_ASSIST);
	assert_null(overlay_at(p, 0x600, &rights));
	assert_true(is_identity(0x600000));
}

/*
 * An overlay needs no RAM behind it: over a device, over our own memory; nothing shows afterwards.
 */
static void test_overlay_without_ram(void **state)
{
	static const u64 places[] = { FAKE_HIDDEN, 0xa0000, 0xfee00000,
				      (1ull << FAKE_GPA_BITS) - PAGE_SIZE };
	unsigned level;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		u64 tables = p->gpa.tables;

		assert_true(set_overlay(OVERLAY_ASSIST, places[i] >> 12));
		assert_ptr_equal(fake_at(FAKE_NPT_ADDRESS(fake_npt(p, places[i], &level))),
				 p->overlays.slot[OVERLAY_ASSIST].page);
		clear_overlay(OVERLAY_ASSIST);
		assert_int_equal(fake_npt(p, places[i], &level), 0);
		assert_true(p->gpa.tables <= tables + 1);
	}
}

/*
 * Whoever guesses where an overlay's page lies and lays it over itself has an entry there that looks
 * like one of the memory map: nothing else of the hypervisor's memory may come with it.
 */
static void test_overlay_over_itself(void **state)
{
	const u64 gpn = machine_hpa(overlay_page(p, OVERLAY_ASSIST)).v >> PAGE_SHIFT;
	unsigned level;

	(void)state;
	assert_true(set_overlay(OVERLAY_ASSIST, gpn));
	assert_true(set_overlay(OVERLAY_SIMP, gpn ^ 1));
	clear_overlay(OVERLAY_SIMP);
	assert_int_equal(fake_npt(p, (gpn ^ 1) << PAGE_SHIFT, &level), 0);
	assert_int_equal(touch((gpn ^ 1) << PAGE_SHIFT, NPT_R), VM_GP);
	assert_true(fake_npt(p, gpn << PAGE_SHIFT, &level));
	assert_int_equal(level, 1);
	clear_overlay(OVERLAY_ASSIST);
	assert_int_equal(fake_npt(p, gpn << PAGE_SHIFT, &level), 0);
}

static void test_overlay_outside(void **state)
{
	(void)state;
	assert_true(set_overlay(OVERLAY_REFERENCE_TSC, 1ull << (FAKE_GPA_BITS - 12)));
	assert_true(set_overlay(OVERLAY_REFERENCE_TSC, UINT64_MAX >> 12));
	clear_overlay(OVERLAY_REFERENCE_TSC);
}

static void test_out_of_memory(void **state)
{
	unsigned level;

	(void)state;
	assert_non_null(overlay_page(p, OVERLAY_ASSIST));
	while (alloc_page())
		continue;
	assert_false(set_overlay(OVERLAY_ASSIST, 0x600));
	assert_false(p->overlays.slot[OVERLAY_ASSIST].on);
	assert_true(is_identity(0x600000));
	assert_false(set_overlay(OVERLAY_HYPERCALL, 0x601));
	assert_int_equal(touch(600 * GIB, NPT_R), VM_GP);
	assert_int_equal(fake_npt(p, 600 * GIB, &level), 0);
}

static void test_devices(void **state)
{
	unsigned level;
	u64 entry;

	(void)state;
	assert_int_equal(touch(0xbee00030, NPT_R), VM_RETRY);
	assert_true(is_identity(0xbee00030));
	entry = fake_npt(p, 0xbee00000, &level);
	assert_int_equal(FAKE_NPT_TYPE(entry), NPT_UC);
	assert_int_equal(level, 3); /* all of that GiB is nobody's */
	/* The video hole: small pages, one by one. */
	assert_int_equal(touch(0xb8000, NPT_W), VM_RETRY);
	assert_int_equal(level_at(0xb8000), 1);
	assert_int_equal(FAKE_NPT_TYPE(fake_npt(p, 0xb8000, &level)), NPT_UC);
	assert_int_equal(fake_npt(p, 0xb9000, &level), 0);
	/* The GiB with RAM in it: 2 MiB at a time. */
	assert_int_equal(touch(FAKE_MEMORY + 5, NPT_R), VM_RETRY);
	assert_int_equal(level_at(FAKE_MEMORY), 2);
}

static void test_devices_without_1g(void **state)
{
	(void)state;
	p->gpa.has_1g = false;
	assert_int_equal(touch(0xbee00030, NPT_R), VM_RETRY);
	assert_int_equal(level_at(0xbee00000), 2);
}

/* The registers of the APIC are never mapped, whatever is beside them. */
static void test_apic_page(void **state)
{
	unsigned level;

	(void)state;
	assert_int_equal(touch(0xfee00030, NPT_R), VM_SKIP);
	assert_int_equal(touch(0xfed00000, NPT_R), VM_RETRY);
	assert_int_equal(touch(0xfef00000, NPT_R), VM_RETRY);
	assert_true(is_identity(0xfed00000) && is_identity(0xfef00000));
	assert_int_equal(fake_npt(p, 0xfee00000, &level), 0);
	assert_int_equal(touch(0xfeefffff, NPT_W), VM_SKIP); /* messages go there */
	assert_int_equal(fake_virt.apic_accesses, 2);
}

static void write_base(u32 vp, u64 mode)
{
	assert_true(lapic_write_base(p->vp[vp], (vp ? 0 : LAPIC_BASE_BSP) | LAPIC_BASE_ADDRESS | mode));
	fake_others_flush();
}

static bool shows(const void *page, u32 rights)
{
	unsigned level;
	const u64 entry = fake_npt(p, LAPIC_BASE_ADDRESS, &level);

	if (!page)
		return !entry;
	return level == 1 && FAKE_NPT_ADDRESS(entry) == machine_hpa(page).v &&
	       FAKE_NPT_RIGHTS(entry) == rights;
}

/* The page that processors watch is there while all VPs have their APICs there, and no overlay. */
static void test_watched_page(void **state)
{
	const u32 rights = NPT_R | NPT_W;
	const void *page;
	u32 flushes;

	(void)state;
	v = fake_vps(2);
	p = v->partition;
	fake_machine.on_pause = fake_others_flush;
	write_base(1, 0);
	assert_true(shows(NULL, 0)); /* this vendor has none */
	page = p->gpa.apic_page = alloc_page();
	write_base(1, LAPIC_BASE_ENABLE);
	assert_true(shows(page, rights));
	assert_null(gpa_ptr(p, &v->hits, GPA(LAPIC_BASE_ADDRESS), NPT_R));
	flushes = fake_virt.gpa_flushes;
	write_base(0, LAPIC_BASE_ENABLE | LAPIC_BASE_X2APIC);
	assert_true(shows(NULL, 0));
	assert_int_equal(fake_virt.gpa_flushes, flushes + 1);
	write_base(1, LAPIC_BASE_ENABLE | LAPIC_BASE_X2APIC);
	write_base(0, 0);
	write_base(0, LAPIC_BASE_ENABLE);
	assert_true(shows(NULL, 0));
	write_base(1, 0);
	write_base(1, LAPIC_BASE_ENABLE);
	assert_true(shows(page, rights));
	assert_true(set_overlay(OVERLAY_ASSIST, LAPIC_BASE_ADDRESS >> PAGE_SHIFT));
	assert_true(shows(overlay_page(p, OVERLAY_ASSIST), rights));
	write_base(1, 0);
	assert_true(shows(overlay_page(p, OVERLAY_ASSIST), rights));
	write_base(1, LAPIC_BASE_ENABLE);
	clear_overlay(OVERLAY_ASSIST);
	assert_true(shows(page, rights));
}

/* Another VP maps a page while this one is about to ask for it: what it allows is tried again. */
static void test_other_vp_is_faster(void **state)
{
	(void)state;
	assert_true(set_overlay(OVERLAY_ASSIST, 0xbee00));
	for (unsigned i = 0; i < 500; i++)
		assert_int_equal(touch(0xbee00000, NPT_W), VM_RETRY);
	clear_overlay(OVERLAY_ASSIST);
}

/* A device page beside an overlay: the rest of the piece comes page by page. */
static void test_device_beside_overlay(void **state)
{
	(void)state;
	assert_true(set_overlay(OVERLAY_ASSIST, 0xbee00));
	assert_int_equal(touch(0xbee01000, NPT_R), VM_RETRY);
	assert_true(is_identity(0xbee01000));
	assert_int_equal(touch(0x90000000, NPT_R), VM_RETRY);
	assert_true(is_identity(0x90000000));
	clear_overlay(OVERLAY_ASSIST);
	assert_int_equal(touch(0xbee00000, NPT_R), VM_RETRY);
	assert_true(is_identity(0xbee00000));
}

/* Touching all of the address space ends at the budget, and RAM stays as it was. */
static void test_budget(void **state)
{
	u64 refused = 0;

	(void)state;
	p->gpa.has_1g = false;
	for (u64 gpa = 1 * GIB; gpa < 1ull << FAKE_GPA_BITS; gpa += GIB)
		refused += touch(gpa, NPT_R) == VM_GP;
	assert_true(refused > 0);
	assert_true(p->gpa.tables <= p->gpa.table_budget);
	assert_int_equal(p->gpa.refused, refused);
	assert_true(is_identity(0x600000));
	assert_true(set_overlay(OVERLAY_HYPERCALL, 0x600)); /* overlays are not held to it */
}

static void test_refused(void **state)
{
	static const u64 places[] = { FAKE_HIDDEN, FAKE_MEMORY - 1, 1ull << FAKE_GPA_BITS,
				      UINT64_MAX };
	unsigned level;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		for (u32 access = NPT_R; access <= NPT_X; access <<= 1)
			assert_int_equal(touch(places[i], access), VM_GP);
	assert_int_equal(p->gpa.refused, 12);
	assert_int_equal(fake_npt(p, FAKE_HIDDEN, &level), 0);
	assert_true(
		fake_logged("refused access to GPA 0x3000000 (read): memory of the hypervisor"));
	assert_int_equal(v->trace->record[0].type, TRACE_NPT_FAULT);
}

/* Writing to the hypercall page is the guest's mistake, not a reason to map anything. */
static void test_write_to_overlay(void **state)
{
	unsigned level;

	(void)state;
	assert_true(set_overlay(OVERLAY_HYPERCALL, 0x600));
	assert_int_equal(touch(0x600010, NPT_W), VM_GP);
	assert_int_equal(FAKE_NPT_RIGHTS(fake_npt(p, 0x600000, &level)), NPT_R | NPT_X);
}

/*
 * A fault on what is mapped is answered; the same again and again without progress is our own
 * mistake.
 */
static void test_spurious_fault(void **state)
{
	(void)state;
	assert_int_equal(touch(0x600000, NPT_W), VM_RETRY);
	for (unsigned i = 0; i < 3000; i++) {
		v->exits += i % 500 == 0;
		assert_int_equal(touch(0x600000, NPT_W), VM_RETRY);
	}
	assert_true(fake_halts(for (unsigned i = 0; i < 1001; i++) touch(0x600000, NPT_W)));
	assert_true(fake_logged("partita: end: panic"));
}

static void test_lookup(void **state)
{
	struct gpa_hits *h = &p->vp[0]->hits;

	(void)state;
	for (unsigned pass = 0; pass < 2; pass++) {
		assert_ptr_equal(gpa_ptr(p, h, GPA(0x12345), NPT_R), fake_at(0x12345));
		assert_ptr_equal(gpa_ptr(p, h, GPA(FAKE_HIDDEN - 1), NPT_W),
				 fake_at(FAKE_HIDDEN - 1));
		assert_null(gpa_ptr(p, h, GPA(FAKE_HIDDEN), NPT_R));
		assert_null(gpa_ptr(p, h, GPA(0xa0000), NPT_R));
		assert_null(gpa_ptr(p, h, GPA(1ull << FAKE_GPA_BITS), NPT_R));
		assert_null(gpa_ptr(p, h, GPA(UINT64_MAX), NPT_R));
	}
	/* The cache forgets when an overlay comes or goes, and keeps rights apart. */
	assert_ptr_equal(gpa_ptr(p, h, GPA(0x600008), NPT_W), fake_at(0x600008));
	assert_true(set_overlay(OVERLAY_HYPERCALL, 0x600));
	assert_ptr_equal(gpa_ptr(p, h, GPA(0x600008), NPT_R),
			 (u8 *)p->overlays.slot[OVERLAY_HYPERCALL].page + 8);
	assert_null(gpa_ptr(p, h, GPA(0x600008), NPT_W));
	clear_overlay(OVERLAY_HYPERCALL);
	assert_ptr_equal(gpa_ptr(p, h, GPA(0x600008), NPT_W), fake_at(0x600008));
	/* Pages that share a place in the cache. */
	for (u64 gpn = 0x600; gpn < 0x600 + 4 * GPA_HITS; gpn++)
		assert_ptr_equal(gpa_ptr(p, h, GPA(gpn << 12), NPT_R), fake_at(gpn << 12));
}

/* Device memory below an overlay comes back in a large piece, whether it was mapped before or not. */
static void test_merge_over_devices(void **state)
{
	const u64 gpa = 0x1000000000;
	u64 tables;

	(void)state;
	assert_true(set_overlay(OVERLAY_ASSIST, gpa >> PAGE_SHIFT));
	assert_int_equal(touch(gpa + PAGE_SIZE, NPT_R), VM_RETRY);
	clear_overlay(OVERLAY_ASSIST);
	tables = p->gpa.tables;
	assert_true(level_at(gpa) > 1);
	assert_true(is_identity(gpa));
	for (u64 at = gpa; at < gpa + 64 * 2 * MIB; at += 2 * MIB)
		assert_true(set_overlay(OVERLAY_ASSIST, at >> PAGE_SHIFT));
	clear_overlay(OVERLAY_ASSIST);
	assert_int_equal(p->gpa.tables, tables);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_built),
		TEST(test_split_and_merge),
		TEST(test_merge_over_devices),
		TEST(test_two_overlays_in_one_large_page),
		TEST(test_overlays_at_one_page),
		TEST(test_overlay_without_ram),
		TEST(test_overlay_over_itself),
		TEST(test_overlay_outside),
		TEST(test_out_of_memory),
		TEST(test_devices),
		TEST(test_devices_without_1g), TEST(test_apic_page),
		TEST(test_watched_page),
		TEST(test_other_vp_is_faster),
		TEST(test_device_beside_overlay),
		TEST(test_refused),
		TEST(test_budget),
		TEST(test_write_to_overlay),
		TEST(test_spurious_fault),
		TEST(test_lookup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
