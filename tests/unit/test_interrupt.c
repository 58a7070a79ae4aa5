/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What VPs do to each other: interrupts between processors, requests, flushes; and what goes in next. */
/* link: core */
#include "fake.h"

#include <string.h>

#include "flush.h"
#include "hv_abi.h"
#include "interrupt.h"
#include "lapic.h"
#include "machine.h"
#include "spec_calls.h"
#include "vpset.h"

#define SVR_ON 0x1ffu
#define ID 7u /* of the first VP; the others follow */
#define VECTOR 0x77u

/* Bits of the interrupt command. */
#define LOWEST (1u << 8)
#define SMI (2u << 8)
#define NMI (4u << 8)
#define INIT (5u << 8)
#define STARTUP (6u << 8)
#define LOGICAL (1u << 11)
#define ASSERT (1u << 14)
#define LEVEL (1u << 15)
#define TO_SELF (1u << 18)
#define TO_ALL (2u << 18)
#define TO_OTHERS (3u << 18)

static struct partition *partition;

/* VPs whose APICs are enabled, the first of them on this processor. */
static struct vcpu *start(u32 count)
{
	struct vcpu *v = fake_vps(count);

	partition = v->partition;
	for (u32 i = 0; i < count; i++)
		lapic_write(partition->vp[i], LAPIC_SVR, SVR_ON);
	return v;
}

static void run_on(u32 index)
{
	fake_machine.vcpu = partition->vp[index];
}

/* Who has a vector pending: a mask by VP index. All of them are taken. */
static u64 who_got(u8 vector)
{
	u64 mask = 0;

	for (u32 i = 0; i < partition->env.vp_count; i++) {
		struct vcpu *v = partition->vp[i];

		v->requests = 0;
		v->kicked = false;
		lapic_take_posted(v);
		if (lapic_pending(v) == vector) {
			lapic_accept(v, vector);
			lapic_eoi(v);
			mask |= 1ull << i;
		}
	}
	return mask;
}

/* Who was asked for something. */
static u64 who_was_asked(u32 request)
{
	u64 mask = 0;

	for (u32 i = 0; i < partition->env.vp_count; i++) {
		if (partition->vp[i]->requests & request)
			mask |= 1ull << i;
		partition->vp[i]->requests = 0;
		partition->vp[i]->kicked = false;
	}
	return mask;
}

/* A fixed interrupt by the xAPIC's registers. */
static u64 sent(struct vcpu *from, u32 command, u8 destination)
{
	lapic_write(from, LAPIC_ICR_HIGH, (u32)destination << 24);
	lapic_write(from, LAPIC_ICR, command | VECTOR);
	return who_got(VECTOR);
}

static u64 sent_x2(struct vcpu *from, u32 command, u32 destination)
{
	assert_true(lapic_msr_write(from, 0x830, (u64)destination << 32 | command | VECTOR));
	return who_got(VECTOR);
}

/* ---- destinations ---- */

static void test_physical(void **state)
{
	struct vcpu *v = start(4);

	(void)state;
	for (u32 id = 0; id < 255; id++)
		assert_int_equal(sent(v, 0, (u8)id), id - ID < 4 ? 1u << (id - ID) : 0);
	assert_int_equal(sent(v, 0, 0xff), 0xf);
	assert_int_equal(sent(v, LEVEL | ASSERT, ID + 2), 4);
	assert_int_equal(sent(v, LEVEL, ID + 2), 4); /* a trigger mode makes no difference */
}

static void test_shorthands(void **state)
{
	struct vcpu *v;

	(void)state;
	start(4);
	run_on(2);
	v = partition->vp[2];
	assert_int_equal(sent(v, TO_SELF, ID), 4);
	assert_int_equal(sent(v, TO_ALL, ID), 0xf);
	assert_int_equal(sent(v, TO_OTHERS, ID + 2), 0xb);
	/* SDM table 11-3: nothing but fixed goes to oneself. */
	assert_int_equal(sent(v, LOWEST | TO_SELF, 0), 0);
	assert_int_equal(sent(v, LOWEST | TO_ALL, 0), 0);
	lapic_write(v, LAPIC_ICR, NMI | TO_SELF);
	lapic_write(v, LAPIC_ICR, NMI | TO_ALL);
	assert_int_equal(who_was_asked(VCPU_REQUEST_NMI), 0);
	lapic_write(v, LAPIC_ICR, NMI | TO_OTHERS);
	assert_int_equal(who_was_asked(VCPU_REQUEST_NMI), 0xb);
}

/* Every id of eight bits against every destination. */
static void test_flat(void **state)
{
	struct vcpu *v = start(2), *target = partition->vp[1];

	(void)state;
	for (u32 id = 0; id < 256; id++) {
		lapic_write(target, LAPIC_LDR, id << 24);
		for (u32 destination = 0; destination < 255; destination++)
			assert_int_equal(sent(v, LOGICAL, (u8)destination),
					 id & destination ? 2 : 0);
	}
	lapic_write(v, LAPIC_LDR, 1u << 24);
	lapic_write(target, LAPIC_LDR, 2u << 24);
	assert_int_equal(sent(v, LOGICAL, 3), 3);
	assert_int_equal(sent(v, LOGICAL, 0xff), 3);
}

static void test_cluster(void **state)
{
	struct vcpu *v = start(2), *target = partition->vp[1];

	(void)state;
	lapic_write(target, LAPIC_DFR, 0x0fffffff);
	assert_int_equal(lapic_read(target, LAPIC_DFR), 0x0fffffff);
	for (u32 id = 0; id < 256; id++) {
		lapic_write(target, LAPIC_LDR, id << 24);
		for (u32 destination = 0; destination < 255; destination++) {
			const bool meant = id >> 4 == destination >> 4 && id & destination & 15;

			assert_int_equal(sent(v, LOGICAL, (u8)destination), meant ? 2 : 0);
		}
	}
	assert_int_equal(sent(v, LOGICAL, 0xff), 3);
}

static void to_x2apic(struct vcpu *v)
{
	assert_true(lapic_write_base(v, v->lapic.base | LAPIC_BASE_X2APIC));
}

/* Ids from 7 to 39: clusters 0, 1 and 2. */
static void test_x2apic(void **state)
{
	const u32 count = 33;
	struct vcpu *v = start(count);
	const u64 all = (1ull << count) - 1;

	(void)state;
	for (u32 i = 0; i < count; i++)
		to_x2apic(partition->vp[i]);
	for (u32 i = 0; i < count; i++) {
		const u32 id = ID + i, logical = id / 16 << 16 | 1u << id % 16;

		assert_int_equal(sent_x2(v, 0, id), 1ull << i);
		assert_int_equal(sent_x2(v, 0, id | 0x100), 0);
		assert_int_equal(sent_x2(v, LOGICAL, logical), 1ull << i);
		assert_int_equal(sent_x2(v, LOGICAL, logical | 3u << 16), 0);
	}
	assert_int_equal(sent_x2(v, LOGICAL, 0x1ffff), 0xffffull << 9);
	assert_int_equal(sent_x2(v, LOGICAL, 0x10000), 0);
	assert_int_equal(sent_x2(v, 0, 0xff), 0); /* an id like any other */
	assert_int_equal(sent_x2(v, 0, 0xffffffff), all);
	assert_int_equal(sent_x2(v, LOGICAL, 0xffffffff), all);
	assert_int_equal(sent_x2(v, TO_OTHERS, 0), all & ~1ull);
}

static void test_lowest_priority(void **state)
{
	struct vcpu *v = start(4);

	(void)state;
	assert_int_equal(sent(v, LOWEST, 0xff), 1);
	for (u32 i = 0; i < 4; i++)
		lapic_write(partition->vp[i], LAPIC_TPR, i == 2 ? 0x10 : 0x20);
	assert_int_equal(sent(v, LOWEST, 0xff), 4);
	assert_int_equal(sent(v, LOWEST | TO_OTHERS, 0), 4);
	assert_int_equal(sent(v, LOWEST, ID + 1), 2);
	/* Nobody takes it whose software has disabled the APIC. */
	lapic_write(partition->vp[2], LAPIC_SVR, 0xff);
	assert_int_equal(sent(v, LOWEST, 0xff), 1);
	assert_int_equal(sent(v, LOWEST, ID + 2), 0);
	assert_int_equal(sent(v, LOWEST, 0x55), 0);
}

/* An APIC that is off is reached by nothing; one that software has disabled, not by vectors. */
static void test_disabled(void **state)
{
	struct vcpu *v = start(3);

	(void)state;
	lapic_write(partition->vp[1], LAPIC_SVR, 0xff);
	assert_true(lapic_write_base(partition->vp[2], LAPIC_BASE_ADDRESS));
	assert_int_equal(sent(v, TO_ALL, 0), 1);
	assert_int_equal(sent(v, 0, 0xff), 1);
	lapic_write(v, LAPIC_ICR, NMI | TO_OTHERS);
	assert_int_equal(who_was_asked(VCPU_REQUEST_NMI), 2);
	lapic_write(v, LAPIC_ICR, INIT | TO_OTHERS);
	assert_int_equal(who_was_asked(VCPU_REQUEST_INIT), 2);
}

/* ---- kinds ---- */

static void test_kinds(void **state)
{
	struct vcpu *v = start(2), *target = partition->vp[1];

	(void)state;
	lapic_write(v, LAPIC_ICR_HIGH, (ID + 1) << 24);
	lapic_write(v, LAPIC_ICR, NMI | 0x55);
	assert_int_equal(target->requests, VCPU_REQUEST_NMI);
	lapic_write(v, LAPIC_ICR, INIT | LEVEL | ASSERT);
	assert_int_equal(target->requests, VCPU_REQUEST_NMI | VCPU_REQUEST_INIT);
	target->requests = 0;
	lapic_write(v, LAPIC_ICR, INIT | LEVEL); /* its end means nothing */
	assert_int_equal(target->requests, 0);
	lapic_write(v, LAPIC_ICR, STARTUP | 0x9a);
	assert_int_equal(target->requests, VCPU_REQUEST_START_UP);
	assert_int_equal(target->start_up_vector, 0x9a);
	target->requests = 0;
	lapic_write(v, LAPIC_ICR, SMI);
	lapic_write(v, LAPIC_ICR, 3u << 8 | VECTOR);
	lapic_write(v, LAPIC_ICR, 7u << 8 | VECTOR);
	assert_int_equal(target->requests, 0);
	lapic_write(v, LAPIC_ICR, 0x0f);
	assert_int_equal(target->requests, 0);
	assert_int_equal(v->lapic.errors, LAPIC_ERROR_SENT_VECTOR);
	assert_int_equal(lapic_read(v, LAPIC_ICR), 0x0f);
	v->lapic.errors = 0;
	lapic_write(v, LAPIC_ICR, LOWEST | 0x0f);
	assert_int_equal(v->lapic.errors, LAPIC_ERROR_SENT_VECTOR);
	v->lapic.errors = 0;
	lapic_write(v, LAPIC_ICR, 0x10);
	assert_int_equal(v->lapic.errors, 0);
	assert_int_equal(who_got(0x10), 2);
}

/* The synthetic register does the same in one write, with reserved bits refused or left out. */
static void test_synthetic_icr(void **state)
{
	struct vcpu *v = start(2);

	(void)state;
	assert_true(lapic_write_icr(v, (u64)(ID + 1) << 56 | VECTOR));
	assert_int_equal(who_got(VECTOR), 2);
	assert_true(lapic_write_icr(v, (u64)(ID + 1) << 56 | 0xffffff00000000 | VECTOR));
	assert_int_equal(lapic_read_icr(v), (u64)(ID + 1) << 56 | VECTOR);
	assert_int_equal(who_got(VECTOR), 2);
	for (u32 bit = 0; bit < 32; bit++)
		if (0xfff32000 >> bit & 1)
			assert_false(lapic_write_icr(v, 1ull << bit | VECTOR));
	assert_int_equal(who_got(VECTOR), 0);
}

/* ---- requests ---- */

/* One kick is on its way at a time, and none to oneself. */
static void test_kicks(void **state)
{
	struct vcpu *v = start(3), *target = partition->vp[1];

	(void)state;
	vcpu_request(target, VCPU_REQUEST_NMI);
	vcpu_request(target, VCPU_REQUEST_INTERRUPT);
	assert_int_equal(fake_machine.kicks, 1);
	assert_int_equal(fake_machine.kick[0], ID + 1);
	vcpu_request(v, VCPU_REQUEST_NMI);
	assert_int_equal(fake_machine.kicks, 1);
	interrupt_nmi(target);
	assert_false(target->nmi_pending);
	vcpu_request(target, VCPU_REQUEST_INTERRUPT);
	assert_int_equal(fake_machine.kicks, 2);
	/* An NMI that nobody has sent as a kick is the guest's. */
	interrupt_nmi(target);
	interrupt_nmi(target);
	assert_true(target->nmi_pending);
}

/* One that an emulator has lost is sent again by whoever has something to ask, or waits. */
static void test_lost_kicks(void **state)
{
	struct vcpu *target = (start(2), partition->vp[1]);
	const u64 late = partition->tsc_hz / 15;

	(void)state;
	fake_machine.tsc = 5000;
	vcpu_request(target, VCPU_REQUEST_NMI);
	vcpu_request(target, VCPU_REQUEST_INTERRUPT); /* missed from here on */
	fake_machine.tsc += late / 2;
	vcpu_insist(target);
	assert_int_equal(fake_machine.kicks, 1);
	fake_machine.tsc += late;
	vcpu_insist(target);
	assert_int_equal(fake_machine.kicks, 2);
	vcpu_insist(target);
	assert_int_equal(fake_machine.kicks, 2);
	fake_machine.tsc += late;
	vcpu_request(target, VCPU_REQUEST_INTERRUPT);
	assert_int_equal(fake_machine.kicks, 3);
	/* They were but slow: all come. What comes long after is the guest's. */
	for (unsigned i = 0; i < 3; i++)
		interrupt_nmi(target);
	assert_false(target->nmi_pending);
	fake_machine.tsc += partition->tsc_hz;
	interrupt_nmi(target);
	assert_true(target->nmi_pending);
	fake_machine.tsc += 2 * late;
	vcpu_insist(target);
	assert_int_equal(fake_machine.kicks, 3);
}

/* By the processor itself: at any rate, and what was under way may still come. */
static void test_kick_at_once(void **state)
{
	struct vcpu *v = start(2);

	(void)state;
	fake_machine.tsc = 5000;
	vcpu_kick_at_once(v);
	assert_int_equal(fake_machine.kicks, 1);
	interrupt_nmi(v);
	interrupt_nmi(v);
	assert_true(v->nmi_pending);
	v->nmi_pending = false;
	vcpu_kick(v);
	vcpu_kick_at_once(v);
	assert_int_equal(fake_machine.kicks, 3);
	interrupt_nmi(v);
	interrupt_nmi(v);
	assert_false(v->nmi_pending);
}

static void wake_by_start_up(struct vcpu *v)
{
	if (fake_virts[v->index].waits == 2)
		vcpu_start_up(v, 0x42);
	else
		v->requests |= VCPU_REQUEST_NMI; /* anything else wakes, and starts nothing */
}

/* INIT takes all away, and the VP waits until a start-up IPI comes. */
static void test_init_and_start_up(void **state)
{
	struct vcpu *v = start(2), *target = partition->vp[1];
	struct fake_core *core = &fake_virts[1];

	(void)state;
	lapic_raise(target, 0x40, true);
	interrupt_from_pic(target, 0x20);
	target->pic_waits = true;
	vcpu_request(target, VCPU_REQUEST_INIT);
	core->on_wait = wake_by_start_up;
	run_on(1);
	interrupt_service(target);
	assert_int_equal(core->inits, 1);
	assert_int_equal(core->waits, 2);
	assert_int_equal(core->start_up_page, 0x42);
	assert_int_equal(target->state, VCPU_RUNS);
	assert_int_equal(fake_machine.ended[0], 0x40);
	assert_int_equal(core->injections, 0);
	assert_int_equal(lapic_read(target, LAPIC_SVR), 0xff);
	assert_int_equal(lapic_read(target, LAPIC_ID), (ID + 1) << 24);
	/* A second one finds it running: SDM 9.4.1. */
	run_on(0);
	lapic_write(v, LAPIC_ICR_HIGH, (ID + 1) << 24);
	lapic_write(v, LAPIC_ICR, STARTUP | 0x55);
	run_on(1);
	interrupt_service(target);
	assert_int_equal(core->start_up_page, 0x42);
}

/* INIT and the start-up IPI behind it may be met together. */
static void test_init_and_start_up_at_once(void **state)
{
	struct vcpu *target;

	(void)state;
	start(2);
	target = partition->vp[1];
	vcpu_request(target, VCPU_REQUEST_INIT);
	vcpu_start_up(target, 0x99);
	interrupt_service(target);
	assert_int_equal(fake_virts[1].waits, 0);
	assert_int_equal(fake_virts[1].start_up_page, 0x99);
	assert_int_equal(target->state, VCPU_RUNS);
}

/* A start-up IPI from before the INIT was for a processor that ran: it starts nothing afterwards. */
static void test_init_after_start_up(void **state)
{
	struct vcpu *target;

	(void)state;
	start(2);
	target = partition->vp[1];
	vcpu_start_up(target, 0x99);
	vcpu_ask_init(target);
	fake_virts[1].on_wait = wake_by_start_up;
	run_on(1);
	interrupt_service(target);
	assert_int_equal(fake_virts[1].waits, 2);
	assert_int_equal(fake_virts[1].start_up_page, 0x42);
}

static void test_stop(void **state)
{
	struct vcpu *v = start(3);

	(void)state;
	interrupt_stop_others(partition);
	assert_int_equal(v->requests, 0);
	assert_int_equal(fake_machine.kicks, 2);
	for (u32 i = 1; i < 3; i++)
		assert_true(fake_halts(interrupt_service(partition->vp[i])));
	interrupt_stop_others(partition); /* once more is nothing */
	assert_int_equal(fake_machine.kicks, 2);
	run_on(1);
	assert_true(fake_halts(interrupt_stop_others(partition)));
}

/* ---- what goes in ---- */

static void service(struct vcpu *v)
{
	fake_virt.interrupt_shut = fake_virt.nmi_shut = false;
	interrupt_service(v);
}

static void test_one_at_a_time(void **state)
{
	struct vcpu *v = start(1);

	(void)state;
	lapic_raise(v, 0x40, false);
	lapic_raise(v, 0x50, false);
	service(v);
	assert_int_equal(fake_virt.injections, 1);
	assert_int_equal(fake_virt.injected[0], 0x50);
	assert_false(fake_virt.window.interrupt); /* the other has the same chance after its EOI */
	assert_false(v->look);
	lapic_raise(v, 0x60, false);
	fake_virt.interrupt_shut = true;
	interrupt_service(v);
	assert_int_equal(fake_virt.injections, 1);
	assert_true(fake_virt.window.interrupt);
	vcpu_check_interrupts(v); /* the window opens */
	service(v);
	assert_int_equal(fake_virt.injected[1], 0x60);
	assert_false(fake_virt.window.interrupt);
	lapic_eoi(v);
	lapic_eoi(v);
	service(v);
	assert_int_equal(fake_virt.injected[2], 0x40);
	assert_int_equal(fake_virt.injections, 3);
}

/* Nothing is looked at while nothing has changed. */
static void test_quiet(void **state)
{
	struct vcpu *v = start(1);

	(void)state;
	service(v);
	fake_virt.windows = 0;
	service(v);
	assert_int_equal(fake_virt.windows, 0);
}

static void test_priority_window(void **state)
{
	struct vcpu *v = start(1);

	(void)state;
	lapic_set_tpr(v, 0x80);
	lapic_raise(v, 0x72, false);
	service(v);
	assert_int_equal(fake_virt.injections, 0);
	assert_false(fake_virt.window.interrupt);
	assert_int_equal(fake_virt.window.priority, 0x70);
	fake_virt.tpr = 0x60;
	vcpu_check_interrupts(v);
	service(v);
	assert_int_equal(fake_virt.injected[0], 0x72);
	assert_int_equal(fake_virt.window.priority, 0);
}

static void test_nmi(void **state)
{
	struct vcpu *v = start(1);

	(void)state;
	vcpu_request(v, VCPU_REQUEST_NMI);
	service(v);
	assert_int_equal(fake_virt.nmis, 1);
	assert_false(fake_virt.window.nmi);
	vcpu_request(v, VCPU_REQUEST_NMI);
	interrupt_service(v); /* the guest handles the first */
	assert_int_equal(fake_virt.nmis, 1);
	assert_true(fake_virt.window.nmi);
	vcpu_request(v, VCPU_REQUEST_NMI); /* as many as come in the meantime are one */
	service(v);
	assert_int_equal(fake_virt.nmis, 2);
	vcpu_check_interrupts(v);
	service(v);
	assert_int_equal(fake_virt.nmis, 2);
}

/* The PIC's go before the APIC's and know no priorities. */
static void test_pic(void **state)
{
	struct vcpu *v = start(1);

	(void)state;
	lapic_set_tpr(v, 0xf0);
	lapic_raise(v, 0xff, false);
	interrupt_from_pic(v, 0x08);
	service(v);
	assert_int_equal(fake_virt.injected[0], 0x08);
	assert_int_equal(lapic_pending(v), LAPIC_NO_VECTOR);
	lapic_set_tpr(v, 0);
	service(v);
	assert_int_equal(fake_virt.injected[1], 0xff);
	for (u32 i = 0; i < 2 * VCPU_EXTINTS; i++)
		interrupt_from_pic(v, (u8)i);
	assert_int_equal(v->extint_count, VCPU_EXTINTS);
}

/* A request that the guest could not take is let in as soon as it can. */
static void test_pic_waits(void **state)
{
	struct vcpu *v = start(1);

	(void)state;
	v->pic_waits = true;
	vcpu_check_interrupts(v);
	fake_virt.interrupt_shut = true;
	interrupt_service(v);
	assert_int_equal(fake_machine.pic_releases, 0);
	assert_true(fake_virt.window.interrupt);
	vcpu_check_interrupts(v);
	service(v);
	assert_int_equal(fake_machine.pic_releases, 1);
	assert_int_equal(fake_virt.let_ins, 1);
	assert_false(v->pic_waits);
}

/* ---- flushes ---- */

/* What the other processors do while this one waits: each meets what is asked of it. */
static void others_serve(void)
{
	struct vcpu *const self = fake_machine.vcpu;

	for (u32 i = 0; i < partition->env.vp_count; i++) {
		struct vcpu *v = partition->vp[i];

		if (v == self || !v->requests)
			continue;
		fake_machine.vcpu = v;
		fake_virts[i].interrupt_shut = fake_virts[i].nmi_shut = false;
		interrupt_nmi(v);
		interrupt_service(v);
	}
	fake_machine.vcpu = self;
}

static void expect_flushes(const struct vpset *set, u32 times)
{
	for (u32 i = 0; i < partition->env.vp_count; i++) {
		assert_int_equal(fake_virts[i].gva_flushes, vpset_has(set, i) ? times : 0);
		assert_int_equal(fake_virts[i].gpa_flushes, 0);
		assert_int_equal(partition->vp[i]->requests, 0);
		fake_virts[i].gva_flushes = 0;
	}
}

static void test_flush_all(void **state)
{
	const struct vpset all = vpset_all();
	const gpa_t page = GPA(0x200000);

	(void)state;
	start(4);
	fake_machine.on_pause = others_serve;
	flush_gva(partition, &all);
	assert_int_equal(fake_machine.kicks, 3);
	expect_flushes(&all, 1);
	for (u32 i = 0; i < 4; i++)
		assert_non_null(gpa_ptr(partition, &partition->vp[i]->hits, page, NPT_R));
	flush_gpa(partition);
	for (u32 i = 0; i < 4; i++) {
		assert_null(gpa_recent_page(&partition->vp[i]->hits, page, NPT_R));
		assert_int_equal(fake_virts[i].gva_flushes, 0);
		assert_int_equal(fake_virts[i].gpa_flushes, 1);
	}
}

/* All subsets of five, from each of them. */
static void test_flush_some(void **state)
{
	(void)state;
	start(5);
	fake_machine.on_pause = others_serve;
	for (u32 from = 0; from < 5; from++) {
		run_on(from);
		for (u64 mask = 0; mask < 32; mask++) {
			const struct vpset set = vpset_mask(&mask);
			const u32 kicks = fake_machine.kicks;

			flush_gva(partition, &set);
			assert_int_equal(fake_machine.kicks - kicks,
					 __builtin_popcountll(mask & ~(1ull << from)));
			expect_flushes(&set, 1);
		}
	}
}

/* Sparse sets, with and without banks in between, over more VPs than one bank has. */
static void test_flush_sparse(void **state)
{
	static const struct { u64 valid, banks[4]; u32 count; } sets[] = {
		{ 0x1, { 0x8000000000000001 }, 1 },
		{ 0x2, { 0x8000000000000001 }, 1 },
		{ 0x4, { 1ull << 20 }, 1 },
		{ 0x8, { ~0ull }, 1 },                   /* none of these exists */
		{ 0x5, { 2, 4 }, 2 },
		{ 0x8000000000000006, { 1ull << 63, ~0ull, 1 }, 3 },
		{ 0xf, { 0, 0, 0, 0 }, 4 },
		{ 0x7, { ~0ull, ~0ull, ~0ull }, 3 },
		{ 0, { 0 }, 0 },
	};
	static const u32 froms[] = { 0, 63, 64, 127, 128, 149 };

	(void)state;
	start(150);
	fake_machine.on_pause = others_serve;
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		for (size_t f = 0; f < ARRAY_SIZE(froms); f++) {
			struct vpset set;

			assert_true(vpset_sparse(&set, sets[i].valid, sets[i].banks, sets[i].count));
			run_on(froms[f]);
			flush_gva(partition, &set);
			expect_flushes(&set, 1);
		}
	}
}

/* The same by the calls that a guest makes, each in its own form of a set. */
static void test_flush_calls(void **state)
{
	const u64 banks[] = { 2, 1ull << 15 };
	const struct hv_flush_virtual_address_space_ex_in sparse = { .valid_bank_mask = 5 };
	const struct hv_flush_virtual_address_space_ex_in every = {
		.format = HV_VP_SET_FORMAT_ALL
	};
	const struct hv_flush_virtual_address_space_in first = { .processor_mask = 0x10 };
	const struct vpset all = vpset_all();
	struct vpset set;
	struct vcpu *v = start(150);

	(void)state;
	fake_machine.on_pause = others_serve;
	assert_true(vpset_sparse(&set, 5, banks, 2));
	assert_int_equal(hv_flush_virtual_address_space_ex(v, &sparse, banks, 2), HV_STATUS_SUCCESS);
	expect_flushes(&set, 1);
	assert_int_equal(hv_flush_virtual_address_space_ex(v, &every, NULL, 0), HV_STATUS_SUCCESS);
	expect_flushes(&all, 1);
	set = vpset_mask(&first.processor_mask);
	assert_int_equal(hv_flush_virtual_address_space(v, &first), HV_STATUS_SUCCESS);
	expect_flushes(&set, 1);
	/* A bank is missing. */
	assert_int_equal(hv_flush_virtual_address_space_ex(v, &sparse, banks, 1),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
}

/* Two that flush each other at the same time: who waits does what is asked of it. */
static u32 depth;

static void other_flushes_too(void)
{
	const struct vpset all = vpset_all();
	struct vcpu *const self = fake_machine.vcpu;
	struct vcpu *const other = partition->vp[!self->index];

	if (depth++ == 0) {
		fake_machine.vcpu = other;
		flush_gva(partition, &all);
		fake_machine.vcpu = self;
		return;
	}
	/* The first one, which waits as well, comes to look again. */
	fake_machine.vcpu = partition->vp[0];
	__atomic_fetch_and(&fake_machine.vcpu->requests, ~VCPU_REQUEST_FLUSH_GVA, __ATOMIC_SEQ_CST);
	flush_requested(fake_machine.vcpu, VCPU_REQUEST_FLUSH_GVA);
	fake_machine.vcpu = self;
}

static void test_flush_each_other(void **state)
{
	const struct vpset all = vpset_all();

	(void)state;
	start(2);
	depth = 0;
	fake_machine.on_pause = other_flushes_too;
	flush_gva(partition, &all);
	for (u32 i = 0; i < 2; i++) {
		assert_int_equal(partition->vp[i]->requests, 0);
		assert_int_equal(partition->vp[i]->flush_done[FLUSH_GVA],
				 partition->vp[i]->flush_wanted[FLUSH_GVA]);
		assert_int_equal(fake_virts[i].gva_flushes, 2);
	}
}

/* Who has drawn a number, but not made the request yet, must not be told that it was met. */
static void number_before_request(void)
{
	fake_machine.vcpu->flush_wanted[FLUSH_GVA]++;
	others_serve();
}

static void test_flush_number_before_request(void **state)
{
	const struct vpset all = vpset_all();
	struct vcpu *v = start(2);

	(void)state;
	fake_machine.on_pause = number_before_request;
	flush_gva(partition, &all);
	assert_int_equal(v->flush_wanted[FLUSH_GVA], 1);
	assert_int_equal(v->flush_done[FLUSH_GVA], 0);
}

/* Nor must a flush of the other kind, which another VP has asked for in the meantime, tell it so. */
static void test_flush_number_of_other_kind(void **state)
{
	struct vcpu *target;

	(void)state;
	start(2);
	target = partition->vp[1];
	target->flush_wanted[FLUSH_GPA]++;
	target->flush_wanted[FLUSH_GVA]++;
	flush_requested(target, VCPU_REQUEST_FLUSH_GVA);
	assert_int_equal(target->flush_done[FLUSH_GVA], 1);
	assert_int_equal(target->flush_done[FLUSH_GPA], 0);
	flush_requested(target, VCPU_REQUEST_FLUSH_GPA);
	assert_int_equal(target->flush_done[FLUSH_GPA], 1);
}

/* A VP that waits for its start answers, too: its guest uses no translation. */
static void leave_wait(struct vcpu *v)
{
	vcpu_start_up(v, 1);
}

static void test_flush_while_waiting(void **state)
{
	struct vcpu *target;
	const struct vpset all = vpset_all();

	(void)state;
	start(2);
	target = partition->vp[1];
	target->state = VCPU_WAITS_FOR_START_UP;
	fake_virts[1].on_wait = leave_wait;
	fake_machine.on_pause = others_serve;
	flush_gva(partition, &all);
	assert_int_equal(fake_virts[1].gva_flushes, 1);
}

/* Numbers go round. */
static void test_flush_numbers_wrap(void **state)
{
	const struct vpset all = vpset_all();
	struct vcpu *target;

	(void)state;
	start(2);
	target = partition->vp[1];
	target->flush_wanted[FLUSH_GVA] = target->flush_done[FLUSH_GVA] = UINT32_MAX - 1;
	fake_machine.on_pause = others_serve;
	for (u32 i = 0; i < 4; i++)
		flush_gva(partition, &all);
	assert_int_equal(fake_virts[1].gva_flushes, 4);
	assert_int_equal(target->flush_done[FLUSH_GVA], 2);
}

/* ---- deadlines ---- */

static void test_earliest_deadline(void **state)
{
	struct vcpu *v = start(1);

	(void)state;
	fake_machine.tsc = 1000;
	v->lapic.deadline = 9000;
	vcpu_deadlines_changed(v);
	assert_int_equal(fake_machine.timer, 9000);
	v->stimer[2].deadline = 5000;
	vcpu_deadlines_changed(v);
	assert_int_equal(fake_machine.timer, 5000);
	v->lapic.deadline = (u64)-5; /* before now, as the TSC goes round */
	vcpu_deadlines_changed(v);
	assert_int_equal(fake_machine.timer, (u64)-5);
}

/* ---- the timer of unhalted time ---- */

#define CONFIG HV_X64_MSR_STIME_UNHALTED_TIMER_CONFIG
#define COUNT HV_X64_MSR_STIME_UNHALTED_TIMER_COUNT
#define ENABLED HV_X64_MSR_STIME_UNHALTED_TIMER_CONFIG_ENABLED
#define HALT 1000000 /* ticks */

static bool unhalted_set(struct vcpu *v, u32 msr, u64 value)
{
	v->regs.rcx = msr;
	v->regs.rax = (u32)value;
	v->regs.rdx = value >> 32;
	return msr_write_exit(v) == VM_SKIP;
}

/* The fake machine's TSC has 200 ticks in 100 ns. */
static struct vcpu *start_unhalted(u64 vector, u64 count)
{
	struct vcpu *v = start(1);

	fake_machine.tsc_step = 0;
	lapic_write(v, LAPIC_SVR, 0x1ff);
	assert_true(unhalted_set(v, COUNT, count));
	assert_true(unhalted_set(v, CONFIG, ENABLED | vector));
	return v;
}

static void pass(struct vcpu *v, u64 ticks)
{
	fake_machine.tsc += ticks;
	interrupt_timer(v, fake_machine.tsc);
}

static void test_unhalted_timer(void **state)
{
	struct vcpu *v = start_unhalted(0x60, 10000);
	const u64 period = 10000 * (FAKE_TSC_HZ / 10000000), due = fake_machine.tsc + period;

	(void)state;
	assert_in_range(fake_machine.timer, due - 2, due + 2);
	pass(v, period - 10);
	assert_int_equal(lapic_pending(v), -1);
	pass(v, 20);
	assert_int_equal(lapic_pending(v), 0x60);
	lapic_accept(v, 0x60);
	lapic_write(v, LAPIC_EOI, 0);
	assert_in_range(fake_machine.timer, due + period - 2, due + period + 2);
	/* Whole periods that were missed are not made up for. */
	pass(v, 10 * period);
	assert_in_range(fake_machine.timer, fake_machine.tsc + period - 2,
			fake_machine.tsc + period + 2);
	assert_true(unhalted_set(v, COUNT, 0));
	pass(v, 2 * period);
	assert_int_equal(v->unhalted.deadline, 0);
	/* Short ones are made longer. */
	assert_true(unhalted_set(v, COUNT, 1));
	assert_in_range(v->unhalted.period, 199999, 200000);
	assert_true(unhalted_set(v, CONFIG, 0x60));
	assert_int_equal(v->unhalted.period, 0);
}

static void halt_on(struct vcpu *v)
{
	/* What was set before it halted comes, and says nothing. */
	pass(v, HALT);
	assert_int_equal(v->unhalted.deadline, 0);
	assert_int_equal(v->timer_set, 0);
	interrupt_nmi(v);
}

static void test_halted_time(void **state)
{
	struct vcpu *v = start_unhalted(0x60, 1000);
	u64 deadline;

	(void)state;
	deadline = v->unhalted.deadline;
	fake_virt.on_wait = halt_on;
	vcpu_halt(v);
	interrupt_service(v);
	assert_int_equal(v->state, VCPU_RUNS);
	assert_int_equal(v->unhalted.deadline, deadline + HALT);
	assert_int_equal(fake_machine.timer, deadline + HALT);
	assert_int_equal(lapic_pending(v), -1);
}

static void test_unhalted_nmi(void **state)
{
	struct vcpu *v = start_unhalted(2, 1000);
	struct hv_vp_assist_page page = { 0 };

	(void)state;
	v->lapic.assist = (u32 *)&page;
	pass(v, 1000 * (FAKE_TSC_HZ / 10000000) + 2);
	assert_true(v->nmi_pending);
	assert_int_equal(page.synthetic_time_unhalted_timer_expired, 1);
	assert_int_equal(lapic_pending(v), -1);
	v->lapic.assist = NULL;
	/* Vectors: of exceptions only that of NMIs. */
	assert_false(unhalted_set(v, CONFIG, ENABLED | 3));
	assert_false(unhalted_set(v, CONFIG, ENABLED | 15));
	assert_false(unhalted_set(v, CONFIG, ENABLED | 1 << 9 | 0x60));
	assert_int_equal(v->unhalted.vector, 2);
	assert_true(unhalted_set(v, CONFIG, 3));
	assert_true(unhalted_set(v, CONFIG, ENABLED | 16));
	vcpu_reset(v);
	assert_int_equal(v->unhalted.period, 0);
}

/* The interrupt of one that was moved or turned off comes all the same, and finds what is wanted now. */
static void test_firing_timer(void **state)
{
	struct vcpu *v = start(1);

	(void)state;
	partition->tsc_hz = 1000000000;
	fake_machine.tsc = 10000;
	v->lapic.deadline = 20000;
	vcpu_deadlines_changed(v);
	v->lapic.deadline = 0;
	vcpu_deadlines_changed(v);
	assert_int_equal(fake_machine.timer, 0);
	interrupt_timer(v, 20000);
	assert_int_equal(fake_machine.timer, 0);
	v->lapic.deadline = 15000;
	vcpu_deadlines_changed(v);
	assert_int_equal(fake_machine.timer, 15000);
	v->lapic.deadline = 900000;
	vcpu_deadlines_changed(v);
	assert_int_equal(fake_machine.timer, 900000);
	interrupt_timer(v, 15000);
	assert_int_equal(fake_machine.timer, 900000);
	v->lapic.deadline = 0;
	vcpu_deadlines_changed(v);
	assert_int_equal(fake_machine.timer, 0);
	interrupt_timer(v, 20000);
}

/* One that should have fired long ago is set once more, by whatever is asked of the VP next. */
static void test_lost_timer(void **state)
{
	struct vcpu *v = start(1);

	(void)state;
	partition->tsc_hz = 1000000000;
	fake_machine.tsc = 10000;
	v->lapic.deadline = 20000;
	vcpu_deadlines_changed(v);
	fake_machine.timer = 0;
	fake_machine.tsc = 900000;
	vcpu_deadlines_changed(v);
	vcpu_deadline_added(v, 30000, fake_machine.tsc);
	vcpu_request(v, VCPU_REQUEST_INTERRUPT);
	interrupt_service(v);
	assert_int_equal(fake_machine.timer, 0); /* it is late, no more */
	fake_machine.tsc = 1100000;
	vcpu_request(v, VCPU_REQUEST_INTERRUPT);
	interrupt_service(v);
	assert_int_equal(fake_machine.timer, 20000);
	fake_machine.timer = 0;
	vcpu_deadlines_changed(v);
	assert_int_equal(fake_machine.timer, 20000);
	fake_machine.timer = 0;
	vcpu_deadline_added(v, 1200000, fake_machine.tsc);
	assert_int_equal(fake_machine.timer, 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_physical),
		cmocka_unit_test(test_lost_timer),
		cmocka_unit_test(test_shorthands),
		cmocka_unit_test(test_flat),
		cmocka_unit_test(test_cluster),
		cmocka_unit_test(test_x2apic),
		cmocka_unit_test(test_lowest_priority),
		cmocka_unit_test(test_disabled),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_synthetic_icr),
		cmocka_unit_test(test_kicks),
		cmocka_unit_test(test_lost_kicks),
		cmocka_unit_test(test_kick_at_once),
		cmocka_unit_test(test_init_and_start_up),
		cmocka_unit_test(test_init_and_start_up_at_once),
		cmocka_unit_test(test_init_after_start_up),
		cmocka_unit_test(test_one_at_a_time),
		cmocka_unit_test(test_quiet),
		cmocka_unit_test(test_priority_window),
		cmocka_unit_test(test_nmi),
		cmocka_unit_test(test_pic),
		cmocka_unit_test(test_pic_waits),
		cmocka_unit_test(test_unhalted_timer),
		cmocka_unit_test(test_halted_time),
		cmocka_unit_test(test_unhalted_nmi),
		cmocka_unit_test(test_flush_all),
		cmocka_unit_test(test_flush_some),
		cmocka_unit_test(test_flush_sparse),
		cmocka_unit_test(test_flush_calls),
		cmocka_unit_test(test_flush_each_other),
		cmocka_unit_test(test_flush_number_before_request),
		cmocka_unit_test(test_flush_number_of_other_kind),
		cmocka_unit_test(test_flush_while_waiting),
		cmocka_unit_test(test_flush_numbers_wrap),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_earliest_deadline),
		cmocka_unit_test(test_firing_timer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
