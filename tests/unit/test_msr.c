/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Synthetic MSRs: resets, gates, what reads and writes do; and CPUID leaves. */
/* link: core */
#include "fake.h"

#include <string.h>

#include "hv_abi.h"
#include "interrupt.h"
#include "machine.h"
#include "msr.h"
#include "offer.h"
#include "overlay.h"
#include "reftsc.h"
#include "spec_check.h"
#include "spec_msrs.h"

#define PAGE 0x300000ull

static struct vcpu *v;
static struct partition *p;

static int setup(void **state)
{
	(void)state;
	v = fake_vp();
	p = v->partition;
	return 0;
}

static u64 read_msr(u32 number)
{
	u64 value = 0xdead;

	assert_true(msr_read(v, number, &value));
	return value;
}

/* What the guest sees at gpa by its nested tables. */
static u8 *seen(u64 gpa, u32 *rights)
{
	unsigned level;
	u64 entry = fake_npt(p, gpa, &level);

	*rights = FAKE_NPT_RIGHTS(entry);
	return entry ? (u8 *)fake_at(FAKE_NPT_ADDRESS(entry)) +
			       (level == 1 ? 0 : gpa & ((PAGE_SIZE << 9 * (level - 1)) - 1))
		     : NULL;
}

static bool sees_guest_ram(u64 gpa)
{
	u32 rights;

	return seen(gpa, &rights) == fake_at(gpa) && rights == (NPT_R | NPT_W | NPT_X);
}

/* Every stored MSR, written with what it takes, is back at its reset value after a reset. */
static void test_reset(void **state)
{
	(void)state;
	for (u32 number = 0x40000000; number < 0x40000200; number++) {
		const struct spec_msr *row = spec_msr_row(number);
		u64 *slot = row->flags & SPEC_MSR_VP ? &v->msr[row->slot] : &p->msr[row->slot];

		if (row->flags & SPEC_MSR_IMPLEMENTED)
			*slot = 0x5555555555555555;
	}
	p->invariant_tsc = true;
	partition_reset(p);
	for (u32 number = 0x40000000; number < 0x40000200; number++) {
		const struct spec_msr *row = spec_msr_row(number);
		u64 slot = row->flags & SPEC_MSR_VP ? v->msr[row->slot] : p->msr[row->slot],
		    want = row->reset;

		if (number == HV_X64_MSR_TSC_FREQUENCY)
			want = FAKE_TSC_HZ;
		if (number == HV_X64_MSR_APIC_FREQUENCY)
			want = p->apic_timer_hz;
		if (row->flags & SPEC_MSR_IMPLEMENTED)
			assert_int_equal(slot, want);
	}
	assert_false(p->invariant_tsc);
}

static void test_reset_takes_overlays_away(void **state)
{
	(void)state;
	assert_true(msr_write(v, HV_X64_MSR_HYPERCALL, PAGE | 1));
	assert_true(msr_write(v, HV_X64_MSR_VP_ASSIST_PAGE, (PAGE + 0x1000) | 1));
	assert_true(msr_write(v, HV_X64_MSR_REFERENCE_TSC, (PAGE + 0x2000) | 1));
	for (u64 at = PAGE; at < PAGE + 0x3000; at += PAGE_SIZE)
		assert_false(sees_guest_ram(at));
	partition_reset(p);
	for (u64 at = PAGE; at < PAGE + 0x3000; at += PAGE_SIZE)
		assert_true(sees_guest_ram(at));
}

/* Numbers outside of the table and those that are not implemented: #GP, both ways. */
static void test_unknown(void **state)
{
	static const u32 numbers[] = { 0x40000003 + 1, 0x4000001f, 0x400001ff, 0x40000200,
				       0x4fffffff,     HV_X64_MSR_SIRBP };
	u64 value;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		assert_false(msr_read(v, numbers[i], &value));
		assert_false(msr_write(v, numbers[i], 0));
	}
	assert_true(fake_logged("no such MSR"));
	assert_true(fake_logged("not implemented"));
}

static void test_gates(void **state)
{
	u64 value;

	(void)state;
	p->offer.privilege = 0;
	p->offer.feature = 0;
	msr_open(v);
	for (u32 number = 0x40000000; number < 0x40000200; number++) {
		assert_false(msr_read(v, number, &value));
		assert_false(msr_write(v, number, 0));
	}
	assert_true(fake_logged("not offered to this partition, needs privileges 0x"));
}

/* Each privilege, and each feature, opens what needs it and nothing else. */
static void expect_gates(u64 privilege, u64 feature)
{
	p->offer.privilege = privilege;
	p->offer.feature = feature;
	msr_open(v);
	for (u32 number = SPEC_MSR_FIRST; number < SPEC_MSR_FIRST + SPEC_MSR_RANGE; number++) {
		const struct spec_msr *row = spec_msr_row(number);
		const struct msr_view *view = &v->msr_view[spec_msr_index[number - SPEC_MSR_FIRST]];
		const bool open = row->flags & SPEC_MSR_IMPLEMENTED &&
				  !(row->needs_privilege & ~privilege) &&
				  !(row->needs_feature & ~feature);

		assert_int_equal(view->plain || view->read,
				 open && row->flags & SPEC_MSR_READ);
		assert_int_equal(!!view->write, open && row->flags & SPEC_MSR_WRITE);
	}
}

static void test_every_gate(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		expect_gates(~(1ull << bit), ~0ull);
		expect_gates(~0ull, ~(1ull << bit));
		expect_gates(1ull << bit, ~0ull);
	}
}

/* A partition that is offered this, with all hints; what CPUID tells it then. */
static u32 offered_with(u64 privilege, u64 feature, u32 leaf, unsigned reg)
{
	struct spec_offer o = { .privilege = privilege, .feature = feature,
				.hint = SPEC_HINT_IMPLEMENTED };
	const struct spec_cpuid_leaf *l = &p->cpuid[leaf - SPEC_CPUID_FIRST];

	offer_settle(&o);
	p->offer = o;
	partition_fill_cpuid(p);
	return reg == 0 ? l->eax : l->edx;
}

/* No hint to use, and no sign of, what is withheld. */
static void test_offer_hangs_together(void **state)
{
	static const struct { u64 privilege; u32 eax, edx, hints; } rows[] = {
		{ SPEC_PRIVILEGE_ACCESS_GUEST_IDLE_REG, 1u << 10, 1u << 5, 0 },
		{ SPEC_PRIVILEGE_ACCESS_FREQUENCY_REGS, 1u << 11, 1u << 8, 0 },
		{ SPEC_PRIVILEGE_ACCESS_SYNIC_REGS, 1u << 2, 1u << 17, 1u << 9 },
		{ SPEC_PRIVILEGE_ACCESS_SYNTHETIC_TIMER_REGS, 1u << 3, 1u << 19, 0 },
		{ SPEC_PRIVILEGE_ACCESS_INTR_CTRL_REGS, 1u << 4, 0, 1u << 3 },
		{ SPEC_PRIVILEGE_ACCESS_RESET_REG, 1u << 7, 0, 1u << 4 },
		{ SPEC_PRIVILEGE_ACCESS_HYPERCALL_MSRS, 1u << 5, 1u << 4 | 1u << 18,
		  1u << 2 | 1u << 10 | 1u << 11 },
	};
	const u64 all = SPEC_PRIVILEGE_IMPLEMENTED, features = SPEC_FEATURE_IMPLEMENTED;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const u64 without = all & ~rows[i].privilege;

		assert_int_equal(offered_with(without, features, 0x40000003, 0),
				 (u32)all & ~rows[i].eax);
		assert_int_equal(offered_with(without, features, 0x40000003, 3),
				 (u32)features & ~rows[i].edx);
		assert_int_equal(offered_with(without, features, 0x40000004, 0),
				 SPEC_HINT_IMPLEMENTED & ~rows[i].hints);
	}
	/* Linux asks for the privilege alone. */
	assert_false(offered_with(all, 0, 0x40000003, 0) & (1u << 10 | 1u << 11));
	assert_int_equal(offered_with(all, features, 0x40000004, 0), SPEC_HINT_IMPLEMENTED);
}

static void test_exits(void **state)
{
	(void)state;
	memset(&v->regs, 0xff, sizeof(v->regs));
	v->regs.rcx = 0xabcdef0100000000 | HV_X64_MSR_TSC_FREQUENCY;
	assert_int_equal(msr_read_exit(v), VM_SKIP);
	assert_int_equal(v->regs.rax, (u32)FAKE_TSC_HZ);
	assert_int_equal(v->regs.rdx, FAKE_TSC_HZ >> 32);
	v->regs.rcx = HV_X64_MSR_CRASH_P0 + 4;
	v->regs.rax = 0xffffffff00000005;
	v->regs.rdx = 0xffffffff00000006;
	assert_int_equal(msr_write_exit(v), VM_SKIP);
	assert_int_equal(read_msr(HV_X64_MSR_CRASH_P0 + 4), 0x600000005);
	v->regs.rcx = 0x40000150;
	v->regs.rax = v->regs.rdx = 0x77;
	assert_int_equal(msr_read_exit(v), VM_GP);
	assert_int_equal(v->regs.rax, 0x77);
	assert_int_equal(v->regs.rdx, 0x77);
}

/* The vendor is asked first, then the hardware's table. */
static void test_hardware_msrs(void **state)
{
	(void)state;
	v->regs.rcx = 0xc0000080;
	assert_int_equal(msr_read_exit(v), VM_SKIP);
	assert_int_equal(v->regs.rax, 0xd01);
	assert_int_equal(msr_write_exit(v), VM_GP);
	v->regs.rcx = 0x1234;
	v->regs.rax = 9;
	v->regs.rdx = 1;
	assert_int_equal(msr_write_exit(v), VM_SKIP);
	v->regs.rax = v->regs.rdx = 0;
	assert_int_equal(msr_read_exit(v), VM_SKIP);
	assert_int_equal(v->regs.rdx << 32 | v->regs.rax, 0x100000009);
	v->regs.rcx = 0x1235;
	assert_int_equal(msr_read_exit(v), VM_GP);
}

static void test_hypercall_page(void **state)
{
	static const u8 start[] = { 0xf3, 0x0f, 0x1e, 0xfa, 0x0f, 0x01, 0xd9, 0xc3, 0xcc };
	u32 rights;

	(void)state;
	assert_true(msr_write(v, HV_X64_MSR_HYPERCALL, PAGE | 1));
	assert_memory_equal(seen(PAGE, &rights), start, sizeof(start));
	assert_int_equal(rights, NPT_R | NPT_X);
	assert_int_equal(seen(PAGE, &rights)[PAGE_SIZE - 1], 0xcc);
	assert_int_equal(read_msr(HV_X64_MSR_HYPERCALL), PAGE | 1);
	/* Moved: the old place is RAM again. */
	assert_true(msr_write(v, HV_X64_MSR_HYPERCALL, (PAGE + 0x5000) | 1));
	assert_true(sees_guest_ram(PAGE));
	assert_false(sees_guest_ram(PAGE + 0x5000));
	/* Off by the identity. */
	assert_true(msr_write(v, HV_X64_MSR_GUEST_OS_ID, 0));
	assert_int_equal(read_msr(HV_X64_MSR_HYPERCALL), PAGE + 0x5000);
	assert_true(sees_guest_ram(PAGE + 0x5000));
	/* And it stays off without one: the bit is ignored, the place is kept. */
	assert_true(msr_write(v, HV_X64_MSR_HYPERCALL, PAGE | 1));
	assert_int_equal(read_msr(HV_X64_MSR_HYPERCALL), PAGE);
	assert_true(sees_guest_ram(PAGE));
}

static void test_hypercall_lock(void **state)
{
	(void)state;
	assert_true(msr_write(v, HV_X64_MSR_HYPERCALL, PAGE | 3));
	assert_false(msr_write(v, HV_X64_MSR_HYPERCALL, PAGE | 1));
	assert_false(msr_write(v, HV_X64_MSR_HYPERCALL, PAGE | 3));
	assert_int_equal(read_msr(HV_X64_MSR_HYPERCALL), PAGE | 3);
	assert_false(sees_guest_ram(PAGE));
	partition_reset(p);
	assert_true(msr_write(v, HV_X64_MSR_HYPERCALL, 0));
}

/* Another VP may be executing it: a page that is there is not written again, nor when it moves. */
static void test_hypercall_page_is_filled_once(void **state)
{
	u8 *page;

	(void)state;
	assert_true(msr_write(v, HV_X64_MSR_HYPERCALL, PAGE | 1));
	page = p->overlays.slot[OVERLAY_HYPERCALL].page;
	assert_int_equal(page[0], 0xf3);
	page[0] = 0;
	assert_true(msr_write(v, HV_X64_MSR_HYPERCALL, PAGE | 1));
	assert_true(msr_write(v, HV_X64_MSR_HYPERCALL, (PAGE + 0x5000) | 1));
	assert_int_equal(page[0], 0);
	assert_true(msr_write(v, HV_X64_MSR_HYPERCALL, 0));
	assert_true(msr_write(v, HV_X64_MSR_HYPERCALL, PAGE | 1));
	assert_int_equal(page[0], 0xf3);
}

static void test_hypercall_page_outside(void **state)
{
	(void)state;
	assert_false(msr_write(v, HV_X64_MSR_HYPERCALL, 1ull << FAKE_GPA_BITS | 1));
	assert_true(msr_write(v, HV_X64_MSR_HYPERCALL, ((1ull << FAKE_GPA_BITS) - PAGE_SIZE) | 1));
}

static void test_identity(void **state)
{
	(void)state;
	assert_int_equal(read_msr(HV_X64_MSR_VP_INDEX), 0);
	assert_false(msr_write(v, HV_X64_MSR_VP_INDEX, 0));
	assert_int_equal(v->last_rule, SPEC_RULE_MSR_VP_INDEX_WRITE);
	assert_int_equal(read_msr(HV_X64_MSR_APIC_FREQUENCY), FAKE_TSC_HZ / 2);
}

static void test_reset_msr(void **state)
{
	(void)state;
	assert_true(msr_write(v, HV_X64_MSR_RESET, 0));
	assert_true(fake_halts(msr_write(v, HV_X64_MSR_RESET, 1)));
	assert_true(fake_logged("partita: end: reset\n"));
}

static void test_time(void **state)
{
	u64 start;

	(void)state;
	start = read_msr(HV_X64_MSR_TIME_REF_COUNT);
	fake_machine.tsc += FAKE_TSC_HZ; /* one second */
	assert_in_range(read_msr(HV_X64_MSR_TIME_REF_COUNT) - start, 9999999, 10000001);
	assert_in_range(read_msr(HV_X64_MSR_VP_RUNTIME), 9999999, 10000001);
}

static void test_tsc_page(void **state)
{
	struct reftsc_page *page;
	u32 rights, sequence;

	(void)state;
	assert_true(msr_write(v, HV_X64_MSR_REFERENCE_TSC, PAGE | 1));
	page = (struct reftsc_page *)seen(PAGE, &rights);
	assert_int_equal(rights, NPT_R);
	for (unsigned i = 0; i < 100; i++) {
		u64 tsc = fake_machine.tsc += 12345679,
		    page_time = (u64)(((u128)tsc * page->scale) >> 64) + page->offset;

		assert_int_equal(read_msr(HV_X64_MSR_TIME_REF_COUNT), page_time);
	}
	/* The guest sets its TSC: another offset, time goes on. */
	sequence = page->sequence;
	for (unsigned i = 1; i < 11; i++) {
		u64 before = read_msr(HV_X64_MSR_TIME_REF_COUNT), guest_tsc;

		reftsc_set_tsc_offset(v, i * 0x123456789abcdefull);
		assert_int_not_equal(page->sequence, sequence);
		assert_int_not_equal(page->sequence, 0);
		sequence = page->sequence;
		guest_tsc = fake_machine.tsc + fake_virt.tsc_offset;
		assert_int_equal(read_msr(HV_X64_MSR_TIME_REF_COUNT), before + 1);
		assert_int_equal((u64)(((u128)guest_tsc * page->scale) >> 64) + page->offset,
				 before + 1);
	}
	/* Outside of the address space it is accepted and nowhere. */
	assert_true(msr_write(v, HV_X64_MSR_REFERENCE_TSC, 1ull << FAKE_GPA_BITS | 1));
	assert_true(sees_guest_ram(PAGE));
	assert_true(msr_write(v, HV_X64_MSR_REFERENCE_TSC, 0));
}

static void test_assist_page(void **state)
{
	u32 rights;

	(void)state;
	memset(fake_at(PAGE), 0x5a, PAGE_SIZE);
	assert_true(msr_write(v, HV_X64_MSR_VP_ASSIST_PAGE, PAGE | 1));
	assert_int_equal(seen(PAGE, &rights)[0], 0);
	assert_int_equal(rights, NPT_R | NPT_W);
	seen(PAGE, &rights)[8] = 1;
	assert_true(msr_write(v, HV_X64_MSR_VP_ASSIST_PAGE, 0));
	assert_int_equal(*(u8 *)fake_at(PAGE + 8), 0x5a);
	assert_true(sees_guest_ram(PAGE));
}

static void test_invariant_tsc(void **state)
{
	(void)state;
	assert_false(msr_write(v, HV_X64_MSR_TSC_INVARIANT_CONTROL, 2));
	assert_false(p->invariant_tsc);
	assert_true(msr_write(v, HV_X64_MSR_TSC_INVARIANT_CONTROL, 1));
	assert_true(p->invariant_tsc);
	assert_false(msr_write(v, HV_X64_MSR_TSC_INVARIANT_CONTROL, 0));
	assert_true(p->invariant_tsc);
	assert_int_equal(read_msr(HV_X64_MSR_TSC_INVARIANT_CONTROL), 1);
}

static void test_apic(void **state)
{
	u64 value;

	(void)state;
	assert_true(msr_write(v, HV_X64_MSR_EOI, 5));
	assert_false(msr_read(v, HV_X64_MSR_EOI, &value));
	assert_false(msr_write(v, HV_X64_MSR_ICR, 1ull << 20));
	lapic_write(v, LAPIC_SVR, 0x1ff);
	assert_true(msr_write(v, HV_X64_MSR_ICR, 0x12000000000408fd)); /* to itself */
	assert_int_equal(read_msr(HV_X64_MSR_ICR), 0x12000000000408fd);
	interrupt_service(v);
	assert_int_equal(fake_virt.injections, 1);
	assert_int_equal(fake_virt.injected[0], 0xfd);
	assert_true(msr_write(v, HV_X64_MSR_EOI, 0));
	assert_int_equal(*lapic_reg(&v->lapic, LAPIC_ISR + 7 * 0x10), 0);
	assert_true(msr_write(v, HV_X64_MSR_TPR, 0x40));
	assert_false(msr_write(v, HV_X64_MSR_TPR, 0x140));
	assert_int_equal(read_msr(HV_X64_MSR_TPR), 0x40);
	assert_int_equal(fake_virt.tpr, 0x40);
}

/* A guest's last words: lines of the log, without what a terminal might obey, over a page's end. */
static void test_crash(void **state)
{
	static const char text[] = "Kernel panic\nnot \x1b[2Jsyncing\n";

	(void)state;
	assert_int_equal(read_msr(HV_X64_MSR_CRASH_CTL), 0xc000000000000000);
	memcpy(fake_at(PAGE + PAGE_SIZE - 5), text, sizeof(text));
	assert_true(msr_write(v, HV_X64_MSR_CRASH_P0, 0x11));
	assert_true(msr_write(v, HV_X64_MSR_CRASH_P0 + 3, PAGE + PAGE_SIZE - 5));
	assert_true(msr_write(v, HV_X64_MSR_CRASH_P0 + 4, sizeof(text) - 1));
	assert_true(msr_write(v, HV_X64_MSR_CRASH_CTL, 1ull << 62));
	assert_false(fake_logged("guest"));
	assert_true(msr_write(v, HV_X64_MSR_CRASH_CTL, 3ull << 62));
	assert_true(fake_logged("guest crash: P0 0x11"));
	assert_true(fake_logged("guest: l panic\n"));
	assert_true(fake_logged("guest: not .[2Jsyncing\n"));
	assert_null(strchr(fake_machine.console, 0x1b));
	assert_int_equal(read_msr(HV_X64_MSR_CRASH_CTL), 0xc000000000000000);
}

static void test_crash_of_a_liar(void **state)
{
	static const u64 places[] = { FAKE_HIDDEN, 0xa0000, 1ull << 50, UINT64_MAX - 5,
				      FAKE_HIDDEN - 1 };
	size_t length;

	(void)state;
	memset(fake_at(FAKE_HIDDEN), 'S', PAGE_SIZE);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		setup(NULL);
		assert_true(msr_write(v, HV_X64_MSR_CRASH_P0 + 3, places[i]));
		assert_true(msr_write(v, HV_X64_MSR_CRASH_P0 + 4, UINT64_MAX));
		assert_true(msr_write(v, HV_X64_MSR_CRASH_CTL, 3ull << 62));
		assert_true(fake_logged("is not readable"));
		assert_false(fake_logged("SSSS"));
	}
	for (unsigned i = 0; i < 10; i++)
		assert_true(msr_write(v, HV_X64_MSR_CRASH_CTL, 3ull << 62));
	length = fake_machine.console_length;
	assert_true(msr_write(v, HV_X64_MSR_CRASH_CTL, 3ull << 62));
	assert_int_equal(fake_machine.console_length, length);
}

static void cpuid(u32 leaf, u32 subleaf)
{
	memset(&v->regs, 0xff, sizeof(v->regs));
	v->regs.rax = 0xffffffff00000000 | leaf;
	v->regs.rcx = 0xffffffff00000000 | subleaf;
	cpuid_exit(v);
}

static void test_cpuid(void **state)
{
	(void)state;
	cpuid(0x40000000, 0);
	assert_int_equal(v->regs.rax, 0x4000000a);
	assert_int_equal(v->regs.rbx, 0x7263694d);
	assert_int_equal(v->regs.rcx, 0x666f736f);
	assert_int_equal(v->regs.rdx, 0x76482074);
	cpuid(0x40000001, 0);
	assert_int_equal(v->regs.rax, 0x31237648);
	cpuid(0x40000002, 0);
	assert_int_equal(v->regs.rax, 27744);
	assert_int_equal(v->regs.rbx, 10 << 16);
	cpuid(0x40000003, 0);
	assert_int_equal(v->regs.rax, (u32)SPEC_PRIVILEGE_IMPLEMENTED);
	assert_int_equal(v->regs.rbx, SPEC_PRIVILEGE_IMPLEMENTED >> 32);
	assert_int_equal(v->regs.rdx, (u32)SPEC_FEATURE_IMPLEMENTED);
	assert_false(v->regs.rbx & 1);       /* CreatePartitions */
	assert_false(v->regs.rbx & 1 << 12); /* CpuManagement */
	cpuid(0x40000004, 0);
	assert_int_equal(v->regs.rax, SPEC_HINT_IMPLEMENTED);
	cpuid(1, 2);
	assert_int_equal(v->regs.rax, 1);
	assert_int_equal(v->regs.rbx, 2);
	assert_int_equal(v->regs.rdx, 0x44444444);
}

/* Some guests read leaves without looking at the highest one: nothing must come back but zeros. */
static void test_cpuid_beyond(void **state)
{
	(void)state;
	for (u32 leaf = 0x4000000b; leaf < 0x40000200; leaf++) {
		cpuid(leaf, 0);
		assert_int_equal(v->regs.rax | v->regs.rbx | v->regs.rcx | v->regs.rdx, 0);
	}
	cpuid(0x4fffffff, 0);
	assert_int_equal(v->regs.rax | v->regs.rbx | v->regs.rcx | v->regs.rdx, 0);
	cpuid(0x50000000, 0);
	assert_int_equal(v->regs.rax, 0x50000000);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_reset),
		TEST(test_reset_takes_overlays_away),
		TEST(test_unknown),
		TEST(test_gates),
		TEST(test_every_gate),
		TEST(test_offer_hangs_together),
		TEST(test_exits),
		TEST(test_hardware_msrs),
		TEST(test_hypercall_page),
		TEST(test_hypercall_lock),
		TEST(test_hypercall_page_is_filled_once),
		TEST(test_hypercall_page_outside),
		TEST(test_identity),
		TEST(test_reset_msr),
		TEST(test_time),
		TEST(test_tsc_page),
		TEST(test_assist_page),
		TEST(test_invariant_tsc),
		TEST(test_apic),
		TEST(test_crash),
		TEST(test_crash_of_a_liar),
		TEST(test_cpuid),
		TEST(test_cpuid_beyond),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
