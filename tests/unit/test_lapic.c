/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The virtual local APIC of one VP: registers, priorities, triggers, errors, modes, the timer. */
/* link: core */
#include "fake.h"

#include <string.h>

#include "interrupt.h"
#include "lapic.h"
#include "machine.h"

#define SVR_ON 0x1ffu
#define BOTH_MODES (LAPIC_BASE_ENABLE | LAPIC_BASE_X2APIC)

/* A VP whose APIC is on and enabled by software, with nothing pending. */
static struct vcpu *enabled_vp(void)
{
	struct vcpu *v = fake_vp();

	lapic_write(v, LAPIC_SVR, SVR_ON);
	return v;
}

static bool in_set(struct vcpu *v, u32 set, u8 vector)
{
	return lapic_read(v, set + vector / 32u * 0x10) >> vector % 32 & 1;
}

/* What an entry to the guest does. */
static int take(struct vcpu *v)
{
	int vector;

	lapic_take_posted(v);
	vector = lapic_pending(v);
	if (vector >= 0)
		lapic_accept(v, (u8)vector);
	return vector;
}

/* ---- registers ---- */

static void test_after_reset(void **state)
{
	struct vcpu *v = fake_vps(2)->partition->vp[1];

	(void)state;
	assert_int_equal(v->lapic.base, 0xfee00800);
	assert_int_equal(v->partition->vp[0]->lapic.base, 0xfee00900);
	assert_int_equal(lapic_read(v, LAPIC_ID), 8u << 24);
	assert_int_equal(lapic_read(v, LAPIC_VERSION), 0x50014);
	assert_int_equal(lapic_read(v, LAPIC_SVR), 0xff);
	assert_int_equal(lapic_read(v, LAPIC_DFR), 0xffffffff);
	assert_int_equal(lapic_read(v, LAPIC_LDR), 0);
	for (u32 entry = LAPIC_LVT_TIMER; entry <= LAPIC_LVT_ERROR; entry += 0x10)
		assert_int_equal(lapic_read(v, entry), LAPIC_LVT_MASKED);
	for (u32 offset = LAPIC_ISR; offset < LAPIC_IRR + 0x80; offset += 0x10)
		assert_int_equal(lapic_read(v, offset), 0);
}

/* Interrupts of devices that are sent by logical id find the processor by the guest's. */
static void test_logical_id_outside(void **state)
{
	struct vcpu *v = enabled_vp();

	(void)state;
	assert_int_equal(fake_machine.ldr, 0);
	lapic_write(v, LAPIC_LDR, 4u << 24);
	assert_int_equal(fake_machine.ldr, 4u << 24);
	lapic_write(v, LAPIC_DFR, 0);
	assert_int_equal(fake_machine.dfr, 0x0fffffff);
	assert_true(lapic_write_base(v, v->lapic.base | BOTH_MODES));
	assert_int_equal(fake_machine.ldr, 0x80u << 24); /* member 7 of cluster 0 */
	assert_int_equal(fake_machine.dfr, 0xffffffff);
	v = v->partition->vp[0];
	lapic_reset(v);
	assert_int_equal(fake_machine.ldr, 0x80u << 24);
}

/* The physical pins, which the firmware has set up, go on as they were. */
static void test_pins_are_adopted(void **state)
{
	struct vcpu *v;

	(void)state;
	v = fake_vp();
	fake_machine.lvt_value = 0x700;
	lapic_start(v, true);
	assert_int_equal(lapic_read(v, LAPIC_LVT_LINT0), 0x700);
	assert_int_equal(lapic_read(v, LAPIC_SVR), SVR_ON);
	assert_int_equal(fake_machine.lvt[fake_machine.lvts - 1].where, LAPIC_LVT_LINT1);
	assert_int_equal(fake_machine.lvt[fake_machine.lvts - 1].value, 0x700);
	lapic_start(v, false);
	assert_int_equal(lapic_read(v, LAPIC_LVT_LINT0), LAPIC_LVT_MASKED);
	fake_machine.lvt_value = LAPIC_LVT_MASKED;
	lapic_start(v, true);
	assert_int_equal(lapic_read(v, LAPIC_SVR), 0xff);
}

/* What a write of ones leaves, and what x2APIC mode lets through. */
static void test_writable_bits(void **state)
{
	static const struct { u32 offset, ones; bool x2_write; u32 x2_good; } regs[] = {
		{ LAPIC_TPR, 0xff, true, 0xff },
		{ LAPIC_LDR, 0xff000000, false, 0 },
		{ LAPIC_DFR, 0xffffffff, false, 0 },
		{ LAPIC_SVR, 0x1ff, true, 0x1ff },
		{ LAPIC_LVT_TIMER, 0x700ff, true, 0x710ff },
		{ LAPIC_LVT_THERMAL, 0x107ff, true, 0x117ff },
		{ LAPIC_LVT_PERFORMANCE, 0x107ff, true, 0x117ff },
		{ LAPIC_LVT_LINT0, 0x1a7ff, true, 0x1f7ff },
		{ LAPIC_LVT_LINT1, 0x1a7ff, true, 0x1f7ff },
		{ LAPIC_LVT_ERROR, 0x100ff, true, 0x110ff },
		{ LAPIC_TIMER_DIVIDE, 0xb, true, 0xb },
		{ LAPIC_TIMER_INITIAL, 0xffffffff, true, 0xffffffff },
		{ LAPIC_ICR_HIGH, 0xff000000, false, 0 },
	};
	u64 value;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(regs); i++) {
		struct vcpu *v = enabled_vp();
		const u32 msr = LAPIC_MSR_FIRST + regs[i].offset / 16;

		lapic_write(v, regs[i].offset, 0xffffffff);
		assert_int_equal(lapic_read(v, regs[i].offset) & ~LAPIC_LVT_MASKED,
				 regs[i].ones & ~LAPIC_LVT_MASKED);
		assert_false(lapic_msr_write(v, msr, 0));
		assert_false(lapic_msr_read(v, msr, &value));
		assert_true(lapic_write_base(v, v->lapic.base | LAPIC_BASE_X2APIC));
		assert_int_equal(lapic_msr_write(v, msr, regs[i].x2_good), regs[i].x2_write);
		if (!regs[i].x2_write)
			continue;
		assert_true(lapic_msr_read(v, msr, &value));
		assert_int_equal(value, regs[i].ones & regs[i].x2_good);
		for (u32 bit = 0; bit < 64; bit++)
			if (bit >= 32 || !(regs[i].x2_good >> bit & 1))
				assert_false(lapic_msr_write(v, msr, 1ull << bit));
	}
}

static void test_x2apic_registers(void **state)
{
	/* Those that are only read, only written, and not there. */
	static const u32 read[] = { 0x802, 0x803, 0x80a, 0x80d, 0x810, 0x817, 0x818, 0x827, 0x839 };
	static const u32 written[] = { 0x80b, 0x83f };
	static const u32 none[] = { 0x800, 0x801, 0x804, 0x809, 0x80c, 0x80e, 0x829, 0x82f, 0x831,
				    0x83a, 0x83d, 0x840, 0x8ff };
	struct vcpu *v = enabled_vp();
	u64 value;

	(void)state;
	assert_true(lapic_write_base(v, v->lapic.base | LAPIC_BASE_X2APIC));
	assert_true(lapic_msr_read(v, 0x802, &value));
	assert_int_equal(value, 7);
	assert_true(lapic_msr_read(v, 0x80d, &value));
	assert_int_equal(value, 1u << 7);
	for (size_t i = 0; i < ARRAY_SIZE(read); i++) {
		assert_true(lapic_msr_read(v, read[i], &value));
		assert_false(lapic_msr_write(v, read[i], 0));
	}
	for (size_t i = 0; i < ARRAY_SIZE(written); i++)
		assert_false(lapic_msr_read(v, written[i], &value));
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		assert_false(lapic_msr_read(v, none[i], &value));
		assert_false(lapic_msr_write(v, none[i], 0));
	}
	/* EOI and ESR take zero alone, the ICR no reserved bit and no delivery status. */
	assert_true(lapic_msr_write(v, 0x80b, 0));
	assert_false(lapic_msr_write(v, 0x80b, 1));
	assert_true(lapic_msr_write(v, 0x828, 0));
	assert_false(lapic_msr_write(v, 0x828, 1));
	assert_false(lapic_msr_write(v, 0x830, 1u << 12));
	assert_false(lapic_msr_write(v, 0x830, 1u << 13));
	assert_false(lapic_msr_write(v, 0x830, 1u << 20));
	assert_true(lapic_msr_write(v, 0x830, 0x1234567800000040));
	assert_true(lapic_msr_read(v, 0x830, &value));
	assert_int_equal(value, 0x1234567800000040);
}

/* ---- priorities ---- */

static void test_highest_first(void **state)
{
	struct vcpu *v = enabled_vp();

	(void)state;
	lapic_raise(v, 0x31, false);
	lapic_raise(v, 0x42, false);
	lapic_raise(v, 0x47, false);
	lapic_raise(v, 0x47, false); /* the same is the same */
	assert_true(v->look);
	assert_int_equal(take(v), 0x47);
	assert_false(in_set(v, LAPIC_IRR, 0x47));
	assert_true(in_set(v, LAPIC_ISR, 0x47));
	assert_int_equal(lapic_read(v, LAPIC_PPR), 0x40);
	assert_int_equal(take(v), LAPIC_NO_VECTOR); /* of the same class */
	lapic_raise(v, 0x50, false);
	assert_int_equal(take(v), 0x50);
	lapic_eoi(v);
	assert_false(in_set(v, LAPIC_ISR, 0x50));
	assert_true(in_set(v, LAPIC_ISR, 0x47));
	assert_int_equal(take(v), LAPIC_NO_VECTOR);
	v->look = 0;
	lapic_eoi(v);
	assert_true(v->look);
	assert_int_equal(take(v), 0x42);
	lapic_eoi(v);
	assert_int_equal(take(v), 0x31);
	lapic_eoi(v);
	lapic_eoi(v); /* of nothing */
	assert_int_equal(lapic_read(v, LAPIC_PPR), 0);
	assert_int_equal(take(v), LAPIC_NO_VECTOR);
}

/* Every vector against every task priority; SDM 11.8.3.1. */
static void test_task_priority(void **state)
{
	struct vcpu *v = enabled_vp();

	(void)state;
	for (u32 vector = LAPIC_FIRST_VECTOR; vector < 256; vector++) {
		lapic_raise(v, (u8)vector, false);
		for (u32 tpr = 0; tpr < 256; tpr++) {
			const bool open = vector >> 4 > tpr >> 4;

			lapic_write(v, LAPIC_TPR, tpr);
			assert_int_equal(fake_virt.tpr, tpr);
			assert_int_equal(lapic_read(v, LAPIC_PPR), tpr);
			assert_int_equal(lapic_pending(v), open ? (int)vector : LAPIC_NO_VECTOR);
			assert_int_equal(lapic_blocked_class(v), open ? 0 : vector & 0xf0);
		}
		lapic_write(v, LAPIC_TPR, 0);
		assert_int_equal(take(v), vector);
		lapic_eoi(v);
	}
}

/* The guest moves CR8 without an exit: what the processor holds is what counts. */
static void test_task_priority_of_processor(void **state)
{
	struct vcpu *v = enabled_vp();

	(void)state;
	lapic_raise(v, 0x55, false);
	fake_virt.tpr = 0x50;
	assert_int_equal(lapic_pending(v), LAPIC_NO_VECTOR);
	assert_int_equal(lapic_read(v, LAPIC_TPR), 0x50);
	fake_virt.tpr = 0x40;
	assert_int_equal(lapic_pending(v), 0x55);
	/* No fall of the task priority helps against what is in service. */
	assert_int_equal(take(v), 0x55);
	lapic_raise(v, 0x56, false);
	fake_virt.tpr = 0x60;
	assert_int_equal(lapic_blocked_class(v), 0);
	assert_int_equal(lapic_read(v, LAPIC_PPR), 0x60);
	fake_virt.tpr = 0x10;
	assert_int_equal(lapic_read(v, LAPIC_PPR), 0x50);
}

/* ---- triggers ---- */

static void test_level(void **state)
{
	struct vcpu *v = enabled_vp();

	(void)state;
	lapic_raise(v, 0x40, true);
	assert_true(in_set(v, LAPIC_TMR, 0x40));
	lapic_raise(v, 0x50, false);
	assert_int_equal(take(v), 0x50);
	lapic_eoi(v);
	assert_int_equal(fake_machine.ends, 0);
	assert_int_equal(take(v), 0x40);
	assert_int_equal(fake_machine.ends, 0);
	lapic_eoi(v);
	assert_int_equal(fake_machine.ends, 1);
	assert_int_equal(fake_machine.ended[0], 0x40);
	/* Its next trigger decides anew. */
	lapic_raise(v, 0x40, false);
	assert_false(in_set(v, LAPIC_TMR, 0x40));
	assert_int_equal(take(v), 0x40);
	lapic_eoi(v);
	assert_int_equal(fake_machine.ends, 1);
}

/* An edge of the same vector does not make the machine wait for ever. */
static void test_level_then_edge(void **state)
{
	struct vcpu *v = enabled_vp();

	(void)state;
	lapic_raise(v, 0x40, true);
	lapic_raise(v, 0x40, false);
	assert_int_equal(take(v), 0x40);
	lapic_post(v, 0x40);
	lapic_post(v, 0x61);
	assert_int_equal(take(v), 0x61);
	assert_false(in_set(v, LAPIC_TMR, 0x61));
	assert_true(in_set(v, LAPIC_TMR, 0x40));
	lapic_eoi(v);
	assert_int_equal(fake_machine.ends, 0);
	lapic_eoi(v);
	assert_int_equal(fake_machine.ends, 1);
}

/* While software has the APIC disabled, edges are lost, and levels and what was pending wait. */
static void test_software_disabled(void **state)
{
	struct vcpu *v = enabled_vp();

	(void)state;
	lapic_raise(v, 0x35, false);
	lapic_post(v, 0x36);
	lapic_write(v, LAPIC_LVT_LINT1, 0x400);
	lapic_write(v, LAPIC_SVR, 0xff);
	assert_int_equal(lapic_read(v, LAPIC_LVT_LINT1), 0x400 | LAPIC_LVT_MASKED);
	assert_int_equal(fake_machine.lvt[fake_machine.lvts - 2].value, 0x400 | LAPIC_LVT_MASKED);
	lapic_write(v, LAPIC_LVT_LINT1, 0x400);
	assert_int_equal(lapic_read(v, LAPIC_LVT_LINT1), 0x400 | LAPIC_LVT_MASKED);
	lapic_raise(v, 0x41, false);
	lapic_post(v, 0x42);
	lapic_raise(v, 0x43, true);
	assert_int_equal(lapic_pending(v), LAPIC_NO_VECTOR);
	assert_int_equal(lapic_blocked_class(v), 0);
	assert_int_equal(fake_machine.ends, 0);
	v->look = 0;
	lapic_write(v, LAPIC_SVR, SVR_ON);
	assert_true(v->look);
	assert_int_equal(take(v), 0x43);
	lapic_eoi(v);
	assert_int_equal(fake_machine.ended[0], 0x43);
	assert_int_equal(take(v), 0x36);
	lapic_eoi(v);
	assert_int_equal(take(v), 0x35);
	lapic_eoi(v);
	assert_int_equal(take(v), LAPIC_NO_VECTOR);
	assert_int_equal(lapic_read(v, LAPIC_LVT_LINT1), 0x400 | LAPIC_LVT_MASKED);
}

/* INIT forgets all, and the machine waits for no EOI that cannot come. */
static void test_reset_ends_levels(void **state)
{
	struct vcpu *v = enabled_vp();

	(void)state;
	lapic_raise(v, 0x90, true);
	lapic_raise(v, 0x80, true);
	lapic_raise(v, 0x70, false);
	assert_int_equal(take(v), 0x90);
	lapic_post(v, 0x60);
	lapic_write(v, LAPIC_LVT_TIMER, 0x40);
	lapic_write(v, LAPIC_TIMER_INITIAL, 1000000);
	assert_int_not_equal(fake_machine.timer, 0);
	lapic_set_tpr(v, 0x30);
	lapic_reset(v);
	assert_int_equal(fake_machine.ends, 2);
	assert_int_equal(fake_machine.timer, 0);
	assert_int_equal(fake_virt.tpr, 0);
	lapic_write(v, LAPIC_SVR, SVR_ON);
	assert_int_equal(lapic_pending(v), LAPIC_NO_VECTOR);
	assert_int_equal(fake_machine.lvt[fake_machine.lvts - 1].value, LAPIC_LVT_MASKED);
}

/* What has ended is not ended again. */
static void test_reset_ends_no_more(void **state)
{
	struct vcpu *v = enabled_vp();

	(void)state;
	lapic_raise(v, 0x90, true);
	assert_int_equal(take(v), 0x90);
	lapic_write(v, LAPIC_EOI, 0);
	assert_int_equal(fake_machine.ends, 1);
	lapic_read(v, 0x40);
	lapic_reset(v);
	assert_int_equal(fake_machine.ends, 1);
	assert_int_equal(v->lapic.errors, 0);
}

/* Reads of the IRR show what others have sent. */
static void test_posted_is_seen(void **state)
{
	static const u8 vectors[] = { 0x10, 0x1f, 0x20, 0x3f, 0x40, 0x9c, 0xe0, 0xff };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct vcpu *v = enabled_vp();

		lapic_post(v, vectors[i]);
		assert_true(v->requests & VCPU_REQUEST_INTERRUPT);
		assert_true(in_set(v, LAPIC_IRR, vectors[i]));
		assert_int_equal(take(v), vectors[i]);
	}
}

/* ---- local vectors and errors ---- */

/* Entries are masked while software has the APIC disabled, and left alone when it stays enabled. */
static void test_lvt_and_svr(void **state)
{
	struct vcpu *v = enabled_vp();

	(void)state;
	for (u32 entry = LAPIC_LVT_TIMER; entry <= LAPIC_LVT_ERROR; entry += 0x10)
		lapic_write(v, entry, 0x55);
	assert_int_equal(fake_machine.lvt[fake_machine.lvts - 2].where, LAPIC_LVT_LINT1);
	assert_int_equal(fake_machine.lvt[fake_machine.lvts - 2].value, 0x55);
	lapic_write(v, LAPIC_SVR, SVR_ON);
	for (u32 entry = LAPIC_LVT_TIMER; entry <= LAPIC_LVT_ERROR; entry += 0x10)
		assert_int_equal(lapic_read(v, entry), 0x55);
	lapic_write(v, LAPIC_SVR, 0xff);
	for (u32 entry = LAPIC_LVT_TIMER; entry <= LAPIC_LVT_ERROR; entry += 0x10) {
		assert_int_equal(lapic_read(v, entry), LAPIC_LVT_MASKED | 0x55);
		lapic_write(v, entry, 0x56);
		assert_int_equal(lapic_read(v, entry), LAPIC_LVT_MASKED | 0x56);
	}
	lapic_write(v, LAPIC_LDR, 0x12000000);
	assert_int_equal(lapic_read(v, LAPIC_LDR), 0x12000000);
}

static void test_lvt(void **state)
{
	struct vcpu *v = enabled_vp();

	(void)state;
	lapic_write(v, LAPIC_LVT_THERMAL, 0x10044);
	lapic_raise_lvt(v, LAPIC_LVT_THERMAL);
	assert_int_equal(take(v), LAPIC_NO_VECTOR);
	lapic_write(v, LAPIC_LVT_THERMAL, 0x44);
	lapic_raise_lvt(v, LAPIC_LVT_THERMAL);
	assert_int_equal(take(v), 0x44);
	lapic_write(v, LAPIC_LVT_PERFORMANCE, 0x400);
	lapic_raise_lvt(v, LAPIC_LVT_PERFORMANCE);
	assert_int_equal(take(v), LAPIC_NO_VECTOR);
	assert_true(v->requests & VCPU_REQUEST_NMI);
	assert_int_equal(fake_machine.kicks, 0);
	/* SMI, INIT and ExtINT are the machine's. */
	v->requests = 0;
	for (u32 mode = 1; mode < 8; mode++) {
		lapic_write(v, LAPIC_LVT_PERFORMANCE, mode << 8 | 0x44);
		if (mode != 4)
			lapic_raise_lvt(v, LAPIC_LVT_PERFORMANCE);
	}
	assert_int_equal(v->requests, 0);
	assert_int_equal(take(v), LAPIC_NO_VECTOR);
}

static u32 latched_errors(struct vcpu *v)
{
	lapic_write(v, LAPIC_ESR, 0);
	return lapic_read(v, LAPIC_ESR);
}

static void test_errors(void **state)
{
	struct vcpu *v = enabled_vp();

	(void)state;
	lapic_write(v, LAPIC_LVT_ERROR, 0x30);
	assert_int_equal(lapic_read(v, 0x40), 0);
	assert_int_equal(lapic_read(v, LAPIC_ESR), 0); /* shown by the next write only */
	assert_int_equal(take(v), 0x30);
	lapic_eoi(v);
	/* One interrupt until the register is written; errors add up. */
	lapic_raise(v, 15, false);
	lapic_write(v, LAPIC_SELF_IPI, 0x40); /* is none in xAPIC mode */
	assert_int_equal(take(v), LAPIC_NO_VECTOR);
	assert_int_equal(latched_errors(v), LAPIC_ERROR_REGISTER | LAPIC_ERROR_RECEIVED_VECTOR);
	assert_int_equal(latched_errors(v), 0);
	lapic_write(v, LAPIC_ICR, 0x4000f); /* to itself */
	assert_int_equal(take(v), 0x30);
	assert_int_equal(latched_errors(v), LAPIC_ERROR_SENT_VECTOR);
	/* Registers that can only be read, or only be written, are there all the same. */
	lapic_write(v, LAPIC_VERSION, 1);
	lapic_write(v, LAPIC_ISR, 1);
	assert_int_equal(lapic_read(v, LAPIC_EOI), 0);
	assert_int_equal(latched_errors(v), 0);
}

/* An illegal vector for errors is an error, and not one without end. */
static void test_error_of_error(void **state)
{
	struct vcpu *v = enabled_vp();

	(void)state;
	lapic_write(v, LAPIC_LVT_ERROR, 3);
	lapic_read(v, 0x40);
	assert_int_equal(latched_errors(v), LAPIC_ERROR_REGISTER | LAPIC_ERROR_RECEIVED_VECTOR);
	assert_int_equal(take(v), LAPIC_NO_VECTOR);
}

static void test_self_ipi(void **state)
{
	struct vcpu *v = enabled_vp();
	u64 value;

	(void)state;
	assert_true(lapic_write_base(v, v->lapic.base | LAPIC_BASE_X2APIC));
	assert_true(lapic_msr_write(v, 0x83f, 0x77));
	assert_int_equal(take(v), 0x77);
	assert_true(lapic_msr_write(v, 0x80b, 0));
	assert_true(lapic_msr_write(v, 0x83f, 0x10));
	assert_int_equal(take(v), 0x10);
	assert_int_equal(v->lapic.errors, 0);
	lapic_eoi(v);
	assert_true(lapic_msr_write(v, 0x83f, 0x0f));
	assert_int_equal(take(v), LAPIC_NO_VECTOR);
	assert_true(lapic_msr_write(v, 0x828, 0));
	assert_true(lapic_msr_read(v, 0x828, &value));
	assert_int_equal(value, LAPIC_ERROR_SENT_VECTOR | LAPIC_ERROR_RECEIVED_VECTOR);
	assert_false(lapic_msr_write(v, 0x83f, 0x100));
}

/* ---- what the processor does on the page ---- */

/* The registers that processors store, SDM 30.4.3.2. */
static const u32 stored[] = {
	LAPIC_ID, LAPIC_EOI, LAPIC_LDR, LAPIC_DFR, LAPIC_SVR, LAPIC_ESR, LAPIC_ICR,
	LAPIC_LVT_TIMER, LAPIC_LVT_THERMAL, LAPIC_LVT_PERFORMANCE, LAPIC_LVT_LINT0,
	LAPIC_LVT_LINT1, LAPIC_LVT_ERROR, LAPIC_TIMER_INITIAL, LAPIC_TIMER_DIVIDE,
};

/* Registers that were written, with something in service, an error waiting, and the timer running. */
static struct vcpu *used_vp(u32 lvt_timer)
{
	struct vcpu *v = enabled_vp();

	fake_machine.tsc = 1000000;
	lapic_write(v, LAPIC_LVT_TIMER, lvt_timer);
	lapic_write(v, LAPIC_TIMER_INITIAL, 5000);
	lapic_read(v, 0x40);
	lapic_raise(v, 0x44, true);
	assert_int_equal(take(v), 0x44);
	return v;
}

/* A write that the processor has stored comes to the same as one that it has not. */
static void test_stored(void **state)
{
	static const u32 values[] = { 0, ~0u, 0x00040077, 0x000200ff, 0x1000a };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(stored) * ARRAY_SIZE(values) * 2; i++) {
		const u32 offset = stored[i / 2 % ARRAY_SIZE(stored)];
		const u32 value = values[i / 2 / ARRAY_SIZE(stored)];
		const u32 lvt = i % 2 ? 0x400ff : 0x200ff;
		struct vcpu *v = used_vp(lvt);
		static u8 page[PAGE_SIZE];
		struct lapic expected;
		u64 timer;
		u32 ends;

		lapic_write(v, offset, value);
		lapic_pending(v);
		memcpy(page, v->lapic.page, sizeof(page));
		expected = v->lapic;
		timer = fake_machine.timer;
		ends = fake_machine.ends;

		v = used_vp(lvt);
		*lapic_reg(&v->lapic, offset) = value;
		lapic_stored(v, offset);
		lapic_pending(v);
		assert_memory_equal(page, v->lapic.page, sizeof(page));
		expected.page = v->lapic.page;
		assert_memory_equal(&expected, &v->lapic, sizeof(expected));
		assert_int_equal(timer, fake_machine.timer);
		assert_int_equal(ends, fake_machine.ends);
	}
}

/* What may be read from the page by MSR is there; what is not there is none of that. */
static void test_plain_msrs(void **state)
{
	struct vcpu *v = used_vp(0x200ff);
	u32 plain = 0;
	u64 value;

	(void)state;
	assert_true(lapic_write_base(v, v->lapic.base | LAPIC_BASE_X2APIC));
	lapic_set_tpr(v, 0x57);
	for (u32 msr = LAPIC_MSR_FIRST; msr <= LAPIC_MSR_LAST; msr++) {
		if (!lapic_msr_is_plain(msr))
			continue;
		plain++;
		assert_true(lapic_msr_read(v, msr, &value));
		assert_int_equal(value, *(u64 *)(v->lapic.page + (msr - LAPIC_MSR_FIRST) * 16));
	}
	/* Ids, version, TPR, LDR, SVR, TMR and IRR, ESR, six LVT entries, two of the timer. */
	assert_int_equal(plain, 2 + 1 + 1 + 1 + 16 + 1 + 6 + 2);
	assert_false(lapic_msr_is_plain(0x80b));
	assert_false(lapic_msr_is_plain(0x80e));
}

/* The processor ends interrupts; those that somebody waits for it tells of. */
static void test_ended_by_processor(void **state)
{
	struct vcpu *v = enabled_vp();
	u64 set[4];

	(void)state;
	v->synic.vectors[3] = 1ull << 0x3f;
	assert_int_equal(lapic_in_service(&v->lapic), 0);
	lapic_raise(v, 0x31, true);
	assert_int_equal(take(v), 0x31);
	lapic_raise(v, 0x85, false);
	assert_int_equal(take(v), 0x85);
	assert_int_equal(lapic_in_service(&v->lapic), 0x85);
	lapic_awaited_ends(v, set);
	assert_int_equal(set[0], 1ull << 0x31);
	assert_int_equal(set[1] | set[2], 0);
	assert_int_equal(set[3], 1ull << 0x3f);
	*lapic_reg(&v->lapic, LAPIC_ISR + 0x40) = 0;
	lapic_count_in_service(&v->lapic);
	assert_int_equal(lapic_in_service(&v->lapic), 0x31);
	*lapic_reg(&v->lapic, LAPIC_ISR + 0x10) = 0;
	lapic_count_in_service(&v->lapic);
	assert_int_equal(lapic_in_service(&v->lapic), 0);
	lapic_ended(v, 0x31);
	assert_int_equal(fake_machine.ends, 1);
	assert_int_equal(fake_machine.ended[0], 0x31);
	lapic_ended(v, 0x85);
	assert_int_equal(fake_machine.ends, 1);
}

/* ---- modes ---- */

/* SDM figure 11-27: every mode to every other. */
static void test_modes(void **state)
{
	static const u64 mode[] = { 0, LAPIC_BASE_ENABLE, BOTH_MODES, LAPIC_BASE_X2APIC };
	static const bool legal[3][4] = {
		{ true, true, false, false },
		{ true, true, true, false },
		{ true, false, true, false },
	};

	(void)state;
	for (unsigned from = 0; from < 3; from++) {
		for (unsigned to = 0; to < 4; to++) {
			struct vcpu *v = enabled_vp();
			const u64 rest = v->lapic.base & ~BOTH_MODES;

			if (from != 1)
				assert_true(lapic_write_base(v, rest | mode[from]));
			assert_int_equal(lapic_write_base(v, rest | mode[to]), legal[from][to]);
			assert_int_equal(v->lapic.base,
					 rest | mode[legal[from][to] ? to : from]);
			assert_int_equal(lapic_in_memory(v), v->lapic.base == (rest | mode[1]));
			for (unsigned bit = 0; bit < 64; bit++)
				if (!(BOTH_MODES >> bit & 1))
					assert_false(lapic_write_base(v, v->lapic.base ^
									 1ull << bit));
		}
	}
}

static void test_mode_changes_keep_or_reset(void **state)
{
	struct vcpu *v = enabled_vp();
	const u64 base = v->lapic.base;
	u32 lvts;

	(void)state;
	lapic_write(v, LAPIC_LVT_TIMER, 0x44);
	lapic_raise(v, 0x50, true);
	assert_true(lapic_write_base(v, base | LAPIC_BASE_X2APIC));
	assert_int_equal(take(v), 0x50);
	assert_int_equal(*lapic_reg(&v->lapic, LAPIC_LVT_TIMER), 0x44);
	assert_int_equal(*lapic_reg(&v->lapic, LAPIC_ID), 7);
	lvts = fake_machine.lvts;
	/* Off: the state is gone, and the pins are the processor's own. */
	assert_true(lapic_write_base(v, base & ~LAPIC_BASE_ENABLE));
	assert_int_equal(fake_machine.ends, 1);
	assert_int_equal(fake_machine.lvts, lvts + 8);
	assert_int_equal(fake_machine.lvt[fake_machine.lvts - 2].value, 0x700);
	assert_int_equal(fake_machine.lvt[fake_machine.lvts - 1].value, 0x400);
	assert_true(lapic_write_base(v, base));
	assert_int_equal(lapic_read(v, LAPIC_ID), 7u << 24);
	assert_int_equal(lapic_read(v, LAPIC_LDR), 0);
	assert_int_equal(lapic_read(v, LAPIC_LVT_TIMER), LAPIC_LVT_MASKED);
	assert_int_equal(lapic_read(v, LAPIC_SVR), 0xff);
	assert_int_equal(fake_machine.lvt[fake_machine.lvts - 1].value, LAPIC_LVT_MASKED);
}

/* ---- the timer ---- */

#define TIMER_VECTOR 0x60
#define ONE_SHOT TIMER_VECTOR
#define PERIODIC (1u << 17 | TIMER_VECTOR)
#define DEADLINE (2u << 17 | TIMER_VECTOR)
#define DIVIDE_BY_1 0xbu

/* TSC ticks of one count, when the guest divides by one. */
static u64 ticks(const struct vcpu *v)
{
	return 1ull << v->partition->apic_timer_shift;
}

static struct vcpu *timer_vp(u32 lvt)
{
	struct vcpu *v = enabled_vp();

	fake_machine.tsc = 1000000;
	lapic_write(v, LAPIC_LVT_TIMER, lvt);
	lapic_write(v, LAPIC_TIMER_DIVIDE, DIVIDE_BY_1);
	return v;
}

/* The processor's timer fires at a TSC. */
static int fire(struct vcpu *v, u64 tsc)
{
	int vector;

	fake_machine.tsc = tsc;
	interrupt_timer(v, tsc);
	vector = take(v);
	if (vector >= 0)
		lapic_eoi(v);
	return vector;
}

static void test_one_shot(void **state)
{
	struct vcpu *v = timer_vp(ONE_SHOT);
	const u64 start = fake_machine.tsc, end = start + 500 * ticks(v);

	(void)state;
	assert_int_equal(lapic_read(v, LAPIC_TIMER_CURRENT), 0);
	lapic_write(v, LAPIC_TIMER_INITIAL, 500);
	assert_int_equal(fake_machine.timer, end);
	assert_int_equal(lapic_read(v, LAPIC_TIMER_CURRENT), 500);
	fake_machine.tsc = start + 1;
	assert_int_equal(lapic_read(v, LAPIC_TIMER_CURRENT), 500);
	fake_machine.tsc = start + 200 * ticks(v);
	assert_int_equal(lapic_read(v, LAPIC_TIMER_CURRENT), 300);
	/* Too early: it is set again. */
	assert_int_equal(fire(v, end - 1), LAPIC_NO_VECTOR);
	assert_int_equal(fake_machine.timer, end);
	assert_int_equal(lapic_read(v, LAPIC_TIMER_CURRENT), 1);
	assert_int_equal(fire(v, end), TIMER_VECTOR);
	assert_int_equal(lapic_read(v, LAPIC_TIMER_CURRENT), 0);
	assert_int_equal(lapic_read(v, LAPIC_TIMER_INITIAL), 500);
	assert_int_equal(v->timer_set, 0);
	/* An interrupt of a timer that is not set is none of the hypervisor's. */
	interrupt_timer(v, end + 1);
	/* Zero stops it. */
	lapic_write(v, LAPIC_TIMER_INITIAL, 1000000);
	lapic_write(v, LAPIC_TIMER_INITIAL, 0);
	assert_int_equal(fake_machine.timer, 0);
}

static void test_periodic(void **state)
{
	struct vcpu *v = timer_vp(PERIODIC);
	const u64 start = fake_machine.tsc, period = 100000 * ticks(v);

	(void)state;
	lapic_write(v, LAPIC_TIMER_INITIAL, 100000);
	assert_int_equal(fire(v, start + period + 7), TIMER_VECTOR);
	assert_int_equal(fake_machine.timer, start + 2 * period);
	assert_int_equal(lapic_read(v, LAPIC_TIMER_CURRENT), 100000 - 7 / ticks(v));
	/* Periods that were missed are one, and the beat goes on. */
	assert_int_equal(fire(v, start + 5 * period + 3), TIMER_VECTOR);
	assert_int_equal(take(v), LAPIC_NO_VECTOR);
	assert_int_equal(fake_machine.timer, start + 6 * period);
	/* Masked it goes on without a word; as one-shot it ends with this period. */
	lapic_write(v, LAPIC_LVT_TIMER, PERIODIC | LAPIC_LVT_MASKED);
	assert_int_equal(fire(v, start + 6 * period), LAPIC_NO_VECTOR);
	assert_int_equal(fake_machine.timer, start + 7 * period);
	lapic_write(v, LAPIC_LVT_TIMER, ONE_SHOT);
	assert_int_equal(fire(v, start + 7 * period), TIMER_VECTOR);
	assert_int_equal(v->timer_set, 0);
}

/* What has come to its end is not lost, or found masked or not, by a change before it is told. */
static void test_late_timer(void **state)
{
	struct vcpu *v = timer_vp(ONE_SHOT);

	(void)state;
	lapic_write(v, LAPIC_TIMER_INITIAL, 500);
	fake_machine.tsc += 501 * ticks(v);
	lapic_write(v, LAPIC_TIMER_INITIAL, 1000);
	assert_int_equal(fake_machine.timer, fake_machine.tsc + 1000 * ticks(v));
	assert_int_equal(take(v), TIMER_VECTOR);
	lapic_eoi(v);
	fake_machine.tsc += 1001 * ticks(v);
	lapic_write(v, LAPIC_LVT_TIMER, ONE_SHOT | LAPIC_LVT_MASKED);
	assert_int_equal(take(v), TIMER_VECTOR);
	lapic_eoi(v);
	lapic_write(v, LAPIC_TIMER_INITIAL, 500);
	fake_machine.tsc += 501 * ticks(v);
	lapic_write(v, LAPIC_LVT_TIMER, ONE_SHOT);
	assert_int_equal(take(v), LAPIC_NO_VECTOR);
	lapic_write(v, LAPIC_TIMER_INITIAL, 500);
	fake_machine.tsc += 501 * ticks(v);
	lapic_write(v, LAPIC_TIMER_DIVIDE, 0);
	assert_int_equal(take(v), TIMER_VECTOR);
	lapic_eoi(v);
	lapic_write(v, LAPIC_LVT_TIMER, DEADLINE);
	lapic_write_tsc_deadline(v, fake_machine.tsc + 5);
	fake_machine.tsc += 6;
	lapic_write_tsc_deadline(v, 0);
	assert_int_equal(take(v), TIMER_VECTOR);
}

/* The shortest of periods leaves the guest time to do something about it. */
static void test_short_period(void **state)
{
	struct vcpu *v = timer_vp(PERIODIC);
	const u64 start = fake_machine.tsc;

	(void)state;
	lapic_write(v, LAPIC_TIMER_INITIAL, 1);
	assert_int_equal(fake_machine.timer, start + ticks(v));
	assert_int_equal(fire(v, start + 100), TIMER_VECTOR);
	assert_int_equal(fake_machine.timer, start + 100 + FAKE_TSC_HZ / 10000);
}

/* SDM figure 11-10: what the codes divide by. */
static void test_divide(void **state)
{
	static const struct { u32 code, by; } divides[] = {
		{ 0, 2 }, { 1, 4 }, { 2, 8 }, { 3, 16 }, { 8, 32 }, { 9, 64 }, { 10, 128 }, { 11, 1 }
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(divides); i++) {
		struct vcpu *v = timer_vp(ONE_SHOT);
		const u64 start = fake_machine.tsc;

		lapic_write(v, LAPIC_TIMER_DIVIDE, divides[i].code);
		lapic_write(v, LAPIC_TIMER_INITIAL, 1000);
		assert_int_equal(fake_machine.timer, start + 1000 * ticks(v) * divides[i].by);
		/* A new rate holds for what is left. */
		fake_machine.tsc = start + 400 * ticks(v) * divides[i].by;
		lapic_write(v, LAPIC_TIMER_DIVIDE, DIVIDE_BY_1);
		assert_int_equal(lapic_read(v, LAPIC_TIMER_CURRENT), 600);
		assert_int_equal(fake_machine.timer, fake_machine.tsc + 600 * ticks(v));
	}
}

static void test_longest_count(void **state)
{
	struct vcpu *v = timer_vp(ONE_SHOT);

	(void)state;
	lapic_write(v, LAPIC_TIMER_DIVIDE, 10);
	lapic_write(v, LAPIC_TIMER_INITIAL, 0xffffffff);
	assert_int_equal(lapic_read(v, LAPIC_TIMER_CURRENT), 0xffffffff);
	assert_int_equal(fake_machine.timer - fake_machine.tsc, 0xffffffffull * 128 * ticks(v));
}

static void test_deadline(void **state)
{
	struct vcpu *v = timer_vp(ONE_SHOT);
	const u64 now = fake_machine.tsc;

	(void)state;
	/* In another mode it is not there. */
	lapic_write_tsc_deadline(v, now + 5);
	assert_int_equal(lapic_read_tsc_deadline(v), 0);
	assert_int_equal(fake_machine.timer, 0);
	/* A count that runs ends with the change of mode, and counts there are none. */
	lapic_write(v, LAPIC_TIMER_INITIAL, 1000000);
	lapic_write(v, LAPIC_LVT_TIMER, DEADLINE);
	assert_int_equal(fake_machine.timer, 0);
	lapic_write(v, LAPIC_TIMER_INITIAL, 500);
	assert_int_equal(lapic_read(v, LAPIC_TIMER_INITIAL), 0);
	assert_int_equal(lapic_read(v, LAPIC_TIMER_CURRENT), 0);
	assert_int_equal(fake_machine.timer, 0);
	/* The guest's TSC is not the host's. */
	v->tsc_offset = 1ull << 40;
	lapic_write_tsc_deadline(v, now + (1ull << 40) + 700);
	assert_int_equal(fake_machine.timer, now + 700);
	assert_int_equal(lapic_read_tsc_deadline(v), now + (1ull << 40) + 700);
	assert_int_equal(lapic_read(v, LAPIC_TIMER_CURRENT), 0);
	assert_int_equal(fire(v, now + 699), LAPIC_NO_VECTOR);
	assert_int_equal(fire(v, now + 700), TIMER_VECTOR);
	assert_int_equal(lapic_read_tsc_deadline(v), 0);
	/* One that has passed fires at once, zero disarms, and so does another mode. */
	lapic_write_tsc_deadline(v, 1ull << 40);
	assert_int_not_equal(fake_machine.timer, 0);
	assert_int_equal(fire(v, now + 701), TIMER_VECTOR);
	lapic_write_tsc_deadline(v, now + (1ull << 41));
	lapic_write_tsc_deadline(v, 0);
	assert_int_equal(fake_machine.timer, 0);
	lapic_write_tsc_deadline(v, now + (1ull << 41));
	lapic_write(v, LAPIC_LVT_TIMER, PERIODIC);
	assert_int_equal(fake_machine.timer, 0);
	lapic_write(v, LAPIC_LVT_TIMER, DEADLINE);
	assert_int_equal(lapic_read_tsc_deadline(v), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_after_reset),
		cmocka_unit_test(test_logical_id_outside),
		cmocka_unit_test(test_pins_are_adopted),
		cmocka_unit_test(test_writable_bits),
		cmocka_unit_test(test_x2apic_registers),
		cmocka_unit_test(test_highest_first),
		cmocka_unit_test(test_task_priority),
		cmocka_unit_test(test_task_priority_of_processor),
		cmocka_unit_test(test_level),
		cmocka_unit_test(test_level_then_edge),
		cmocka_unit_test(test_software_disabled),
		cmocka_unit_test(test_reset_ends_levels),
		cmocka_unit_test(test_reset_ends_no_more),
		cmocka_unit_test(test_posted_is_seen),
		cmocka_unit_test(test_lvt_and_svr),
		cmocka_unit_test(test_lvt),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_error_of_error),
		cmocka_unit_test(test_self_ipi),
		cmocka_unit_test(test_stored),
		cmocka_unit_test(test_plain_msrs),
		cmocka_unit_test(test_ended_by_processor),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_mode_changes_keep_or_reset),
		cmocka_unit_test(test_one_shot),
		cmocka_unit_test(test_periodic),
		cmocka_unit_test(test_late_timer),
		cmocka_unit_test(test_short_period),
		cmocka_unit_test(test_divide),
		cmocka_unit_test(test_longest_count),
		cmocka_unit_test(test_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
