/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What guests are spared: EOIs, idle loops, clocks that differ; with several VPs. */
/* link: core */
#include "fake.h"

#include "flush.h"
#include "hv_abi.h"
#include "interrupt.h"
#include "lapic.h"
#include "machine.h"
#include "msr.h"
#include "overlay.h"
#include "reftsc.h"
#include "spec_msrs.h"

#define PAGE 0x300000ull
#define SOFTWARE_ENABLE 0x1ff /* SVR */
#define LOW 0x41
#define MIDDLE 0x61
#define HIGH 0x81
#define VPS 3

static struct vcpu *v;
static struct partition *p;

/* What the other processors do while this one waits for them. */
static void others_flush(void)
{
	for (u32 i = 0; i < VPS; i++)
		if (p->vp[i] != fake_machine.vcpu)
			flush_requested(p->vp[i], VCPU_REQUEST_FLUSH_GPA);
}

static int setup(void **state)
{
	(void)state;
	v = fake_vps(VPS);
	p = v->partition;
	fake_machine.on_pause = others_flush;
	for (u32 i = 0; i < VPS; i++) {
		p->vp[i]->state = VCPU_RUNS;
		lapic_write(p->vp[i], LAPIC_SVR, SOFTWARE_ENABLE);
	}
	return 0;
}

static u64 read_msr(struct vcpu *of, u32 number)
{
	u64 value = 0xdead;

	assert_true(msr_read(of, number, &value));
	return value;
}

/* ---- EOI by the assist page ---- */

static u32 *assist_on(void)
{
	assert_true(msr_write(v, HV_X64_MSR_VP_ASSIST_PAGE, PAGE | 1));
	return overlay_page(p, OVERLAY_ASSIST);
}

static bool in_service(u8 vector)
{
	return *lapic_reg(&v->lapic, LAPIC_ISR + vector / 32u * 0x10) >> vector % 32 & 1;
}

/* The guest goes on, ready for an interrupt. */
static void enter(void)
{
	fake_virt.interrupt_shut = false;
	interrupt_service(v);
}

static void interrupt(u8 vector)
{
	lapic_raise(v, vector, false);
	enter();
}

static void test_no_eoi(void **state)
{
	u32 *assist = assist_on();

	(void)state;
	interrupt(LOW);
	assert_int_equal(*assist, 1);
	assert_true(in_service(LOW));
	*assist = 0;    /* the guest's way of ending it */
	interrupt(LOW); /* it has: or this one were held up */
	assert_int_equal(fake_virt.injections, 2);
	assert_int_equal(*assist, 1);
	assert_true(msr_write(v, HV_X64_MSR_EOI, 0)); /* allowed all the same */
	assert_int_equal(*assist, 0);
	assert_false(in_service(LOW));
	interrupt(LOW);
	*assist = 0;
	assert_int_equal(lapic_read(v, LAPIC_ISR + 0x20), 0);
}

/* A pending one that is held up must learn of the end at once. */
static void test_no_eoi_is_taken_back(void **state)
{
	u32 *assist = assist_on();

	(void)state;
	interrupt(MIDDLE);
	assert_int_equal(*assist, 1);
	interrupt(LOW);
	assert_int_equal(*assist, 0);
	assert_int_equal(fake_virt.injections, 1);
	assert_true(msr_write(v, HV_X64_MSR_EOI, 0));
	enter();
	assert_int_equal(fake_virt.injections, 2);
	assert_int_equal(*assist, 1);
	/* Two at once: the first must not keep the second waiting. */
	*assist = 0;
	lapic_raise(v, LOW, false);
	lapic_raise(v, LOW + 1, false);
	enter();
	assert_true(in_service(LOW + 1));
	assert_int_equal(*assist, 0);
}

/* Of nested ones the inner alone is spared its EOI. */
static void test_no_eoi_nested(void **state)
{
	u32 *assist = assist_on();

	(void)state;
	interrupt(LOW);
	interrupt(HIGH);
	assert_true(in_service(LOW) && in_service(HIGH));
	assert_int_equal(*assist, 1);
	*assist = 0;
	assert_true(msr_write(v, HV_X64_MSR_EOI, 0));
	assert_false(in_service(LOW) || in_service(HIGH));
	/* Had the outer one been ended already, the inner one is on its own. */
	interrupt(LOW);
	*assist = 0;
	interrupt(HIGH);
	assert_true(!in_service(LOW) && in_service(HIGH));
}

static void test_eoi_required(void **state)
{
	u32 *assist = assist_on();

	(void)state;
	lapic_raise(v, LOW, true); /* a device waits for it */
	enter();
	assert_int_equal(*assist, 0);
	assert_true(msr_write(v, HV_X64_MSR_EOI, 0));
	assert_int_equal(fake_machine.ends, 1);
	lapic_post(v, LOW); /* an edge by the same vector */
	enter();
	assert_int_equal(*assist, 1);
	assert_true(msr_write(v, HV_X64_MSR_EOI, 0));
	assert_int_equal(fake_machine.ends, 1);
	assert_true(msr_write(v, HV_X64_MSR_SINT0 + 2, HIGH));
	*assist = 1; /* a guest that plays */
	interrupt(HIGH);
	assert_int_equal(*assist, 0);
}

static void test_assist_page_goes_away(void **state)
{
	u32 *assist = assist_on();

	(void)state;
	interrupt(LOW);
	*assist = 0;
	assert_true(msr_write(v, HV_X64_MSR_VP_ASSIST_PAGE, 0));
	assert_false(in_service(LOW));
	interrupt(LOW);
	assert_int_equal(*assist, 0);
	assert_true(in_service(LOW));
}

/* ---- idling and run time ---- */

static void tick(struct vcpu *waiting)
{
	(void)waiting;
	fake_machine.tsc += FAKE_TSC_HZ; /* one second */
}

static void wake_by_vector(struct vcpu *waiting)
{
	tick(waiting);
	lapic_post(waiting, LOW);
}

static void wake_by_nmi(struct vcpu *waiting)
{
	tick(waiting);
	waiting->nmi_pending = true;
}

static void wake_by_pic(struct vcpu *waiting)
{
	tick(waiting);
	interrupt_from_pic(waiting, LOW);
}

static void idle(void)
{
	assert_int_equal(read_msr(v, HV_X64_MSR_GUEST_IDLE), 0);
	assert_int_not_equal(v->requests | v->look, 0); /* or nobody would look */
	interrupt_service(v);
	assert_int_equal(v->state, VCPU_RUNS);
}

/* Even a guest that takes no interrupt is woken by one, which stays pending. */
static void test_idle(void **state)
{
	static void (*const wakers[])(struct vcpu *) = { wake_by_vector, wake_by_nmi, wake_by_pic };

	(void)state;
	fake_virt.interrupt_shut = fake_virt.nmi_shut = true;
	for (size_t i = 0; i < ARRAY_SIZE(wakers); i++) {
		const u32 waits = fake_virt.waits;

		fake_virt.on_wait = wakers[i];
		idle();
		assert_int_equal(fake_virt.waits, waits + 1);
		assert_int_equal(fake_virt.injections + fake_virt.nmis, 0);
		idle(); /* still pending: it does not wait */
		assert_int_equal(fake_virt.waits, waits + 1);
		setup(NULL);
		fake_virt.interrupt_shut = fake_virt.nmi_shut = true;
	}
}

/* One that its priority holds back wakes, too: it may be the kick of who holds a lock. */
static void test_idle_ignores_priority(void **state)
{
	(void)state;
	interrupt(HIGH);
	fake_virt.on_wait = wake_by_vector;
	idle();
	assert_int_equal(fake_virt.waits, 1);
	assert_int_equal(fake_virt.injections, 1);
}

static void flush_then_wake(struct vcpu *waiting)
{
	if (fake_virt.waits == 1)
		__atomic_fetch_or(&waiting->requests, VCPU_REQUEST_FLUSH_GVA, __ATOMIC_SEQ_CST);
	else
		wake_by_vector(waiting);
}

static void test_idle_answers_requests(void **state)
{
	(void)state;
	fake_virt.on_wait = flush_then_wake;
	idle();
	assert_int_equal(fake_virt.waits, 2);
	assert_int_equal(fake_virt.gva_flushes, 1);
}

static void test_run_time(void **state)
{
	u64 start = read_msr(v, HV_X64_MSR_VP_RUNTIME);

	(void)state;
	tick(v);
	assert_in_range(read_msr(v, HV_X64_MSR_VP_RUNTIME) - start, 9999999, 10000001);
	fake_virt.on_wait = wake_by_vector;
	idle(); /* for a second */
	assert_in_range(read_msr(v, HV_X64_MSR_VP_RUNTIME) - start, 9999999, 10000001);
}

/* ---- one clock for all ---- */

static struct reftsc_page *page_on(void)
{
	assert_true(msr_write(v, HV_X64_MSR_REFERENCE_TSC, PAGE | 1));
	return overlay_page(p, OVERLAY_REFERENCE_TSC);
}

static u64 page_time(const struct reftsc_page *page, const struct vcpu *of)
{
	const u64 tsc = fake_machine.tsc + of->tsc_offset;

	return (u64)(((u128)tsc * page->scale) >> 64) + page->offset;
}

static void test_clock_of_several(void **state)
{
	struct reftsc_page *page = page_on();
	u64 time;

	(void)state;
	fake_machine.tsc += 123456789;
	assert_int_equal(page->sequence, 1);
	for (u32 i = 0; i < VPS; i++) {
		time = read_msr(v, HV_X64_MSR_TIME_REF_COUNT);
		reftsc_set_tsc_offset(p->vp[i], 987654321);
		/* Until all agree no formula is right for all; the counter does not mind. */
		assert_int_equal(page->sequence, i == VPS - 1 ? 2 : 0);
		for (u32 k = 0; k < VPS; k++)
			assert_int_equal(read_msr(p->vp[k], HV_X64_MSR_TIME_REF_COUNT),
					 time + (i == VPS - 1));
	}
	for (u32 i = 0; i < VPS; i++)
		assert_int_equal(page_time(page, p->vp[i]),
				 read_msr(v, HV_X64_MSR_TIME_REF_COUNT));
}

static u32 sequence_while_waiting;

static void start_it(struct vcpu *waiting)
{
	const struct reftsc_page *page = overlay_page(p, OVERLAY_REFERENCE_TSC);

	sequence_while_waiting = page->sequence;
	vcpu_start_up(waiting, 0x12);
}

/* One that waits for its start does not count until then. */
static void test_clock_of_a_late_one(void **state)
{
	struct reftsc_page *page = page_on();

	(void)state;
	reftsc_set_tsc_offset(p->vp[2], 5);
	assert_int_equal(page->sequence, 0);
	fake_machine.vcpu = p->vp[2];
	vcpu_request(p->vp[2], VCPU_REQUEST_INIT);
	fake_virts[2].on_wait = start_it;
	interrupt_service(p->vp[2]);
	assert_int_equal(sequence_while_waiting, 1);
	assert_int_equal(page->sequence, 0);
}

static void test_clock_comes_back(void **state)
{
	struct reftsc_page *page = page_on();

	(void)state;
	fake_machine.tsc += 123456789;
	reftsc_set_tsc_offset(p->vp[2], 5);
	assert_int_equal(page->sequence, 0);
	/* Neither enabling the page anew nor moving it makes it valid. */
	assert_true(msr_write(v, HV_X64_MSR_REFERENCE_TSC, 0));
	assert_true(msr_write(v, HV_X64_MSR_REFERENCE_TSC, (PAGE + 0x1000) | 1));
	assert_int_equal(page->sequence, 0);
	reftsc_set_tsc_offset(p->vp[2], 0);
	assert_int_not_equal(page->sequence, 0);
	assert_int_equal(page_time(page, v), read_msr(v, HV_X64_MSR_TIME_REF_COUNT));
}

/* By whatever two formulas, time does not go back. */
static void test_clock_is_monotonic(void **state)
{
	u64 last = 0;

	(void)state;
	fake_machine.tsc_step = 7;
	for (u64 i = 1; i < 2000; i++) {
		const u64 offset = i * 0x9e3779b97f4a7c15;

		for (u32 k = 0; k < VPS; k++) {
			u64 now = read_msr(p->vp[k], HV_X64_MSR_TIME_REF_COUNT);

			assert_true(now >= last);
			last = now;
			reftsc_set_tsc_offset(p->vp[k], offset);
		}
	}
}

/* ---- what INIT leaves ---- */

static void test_init(void **state)
{
	struct vcpu *other = p->vp[1];

	(void)state;
	fake_machine.vcpu = other;
	assert_true(msr_write(v, HV_X64_MSR_CRASH_P0, 5)); /* the partition's */
	assert_true(msr_write(other, HV_X64_MSR_VP_ASSIST_PAGE, PAGE | 1));
	assert_true(msr_write(other, HV_X64_MSR_SIMP, (PAGE + 0x1000) | 1));
	assert_true(msr_write(other, HV_X64_MSR_SIEFP, (PAGE + 0x2000) | 1));
	assert_true(msr_write(other, HV_X64_MSR_SINT0 + 3, LOW));
	assert_true(msr_write(v, HV_X64_MSR_SINT0 + 3, LOW));
	*(u32 *)overlay_page(p, OVERLAY_ASSIST + 1) = 1;
	vcpu_request(other, VCPU_REQUEST_INIT);
	vcpu_start_up(other, 0x12);
	interrupt_service(other);
	assert_int_equal(read_msr(other, HV_X64_MSR_VP_ASSIST_PAGE), 0);
	assert_int_equal(read_msr(other, HV_X64_MSR_SIMP), 0);
	assert_int_equal(read_msr(other, HV_X64_MSR_SIEFP), 0);
	assert_int_equal(read_msr(other, HV_X64_MSR_SINT0 + 3), HV_X64_MSR_SINT_MASKED);
	assert_int_equal(read_msr(other, HV_X64_MSR_VP_INDEX), 1);
	assert_int_equal(*(u32 *)overlay_page(p, OVERLAY_ASSIST + 1), 0);
	for (u32 id = 0; id < OVERLAY_COUNT; id++)
		assert_false(p->overlays.slot[id].on);
	assert_int_equal(read_msr(v, HV_X64_MSR_SINT0 + 3), LOW);
	assert_int_equal(read_msr(other, HV_X64_MSR_CRASH_P0), 5);
}

/* Whose an MSR is: a value of the partition's is seen by all VPs, of a VP's by itself alone. */
static void test_scope(void **state)
{
	(void)state;
	for (u32 number = SPEC_MSR_FIRST; number < SPEC_MSR_FIRST + SPEC_MSR_RANGE; number++) {
		const struct spec_msr *row = spec_msr_row(number);
		const u16 plain = SPEC_MSR_IMPLEMENTED | SPEC_MSR_READ;
		const bool own = row->flags & SPEC_MSR_VP;
		u64 *slot = own ? &v->msr[row->slot] : &p->msr[row->slot];

		if ((row->flags & (plain | SPEC_MSR_COMPUTED)) != plain)
			continue;
		*slot ^= 0x5a;
		assert_int_equal(read_msr(v, number), *slot);
		assert_int_equal(read_msr(p->vp[1], number) != *slot, own);
	}
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_no_eoi),
		TEST(test_no_eoi_is_taken_back),
		TEST(test_no_eoi_nested),
		TEST(test_eoi_required),
		TEST(test_assist_page_goes_away),
		TEST(test_idle),
		TEST(test_idle_ignores_priority),
		TEST(test_idle_answers_requests),
		TEST(test_run_time),
		TEST(test_clock_of_several),
		TEST(test_clock_of_a_late_one),
		TEST(test_clock_comes_back),
		TEST(test_clock_is_monotonic),
		TEST(test_init),
		TEST(test_scope),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
