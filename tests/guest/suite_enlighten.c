/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What spares a guest work: idling, interrupts without EOI, notification of long waits. */
#include "test.h"

#define APIC_EOI 0xb0
#define APIC_ISR 0x100
#define APIC_IRR 0x200
#define APIC_TIMER_ENTRY 0x320
#define APIC_TIMER_INITIAL 0x380
#define APIC_TIMER_DIVIDE 0x3e0
#define APIC_MASKED 0x10000
#define APIC_DIVIDE_BY_1 0xb
#define ICR_SELF (1u << 18)
#define ICR_ASSERT (1u << 14)
#define LOW 0x51
#define HIGH 0x61
#define TIMER 0x71
#define PM_HZ 3579545u
#define NEVER 0xffffffffu
#define NAP 100          /* the part of a second that an idle processor sleeps */
#define UNITS 10000000u  /* of reference time, in a second */

static u8 page[RT_PAGE] RT_PAGE_ALIGNED;

static u64 read_msr(u32 msr)
{
	u64 value = 0;

	EXPECT_EQ(rt_rdmsr(msr, &value), FAULT_NONE, "fault of the read");
	return value;
}

static bool vector_bit(u32 base, u32 vector)
{
	return rt_apic_read(base + (vector / 32) * 16) & (1u << vector % 32);
}

/* Interrupts are enabled for a moment. */
static void take_interrupts(void)
{
	__asm__ volatile("sti" : : : "memory");
	for (unsigned i = 0; i < 100; i++)
		__asm__ volatile("pause");
	__asm__ volatile("cli" : : : "memory");
}

/* ---- idling ---- */

static bool idle_offered(void)
{
	return offered(hv_has_privilege_access_guest_idle_reg) &&
		offered(hv_has_privilege_access_partition_reference_counter) &&
		offered(hv_has_privilege_access_frequency_regs);
}

/* Idle, with interrupts disabled, until the timer comes; how long it was in reference time. */
static u64 nap(void)
{
	u64 start, passed;

	take_interrupts(); /* or what the firmware has left pending would end it */
	rt_apic_enable();
	rt_apic_write(APIC_TIMER_DIVIDE, APIC_DIVIDE_BY_1);
	rt_apic_write(APIC_TIMER_ENTRY, TIMER);
	start = read_msr(HV_X64_MSR_TIME_REF_COUNT);
	rt_apic_write(APIC_TIMER_INITIAL,
		(u32)rt_div(read_msr(HV_X64_MSR_APIC_FREQUENCY), NAP, NULL));
	EXPECT_EQ(read_msr(HV_X64_MSR_GUEST_IDLE), 0, "GUEST_IDLE");
	passed = read_msr(HV_X64_MSR_TIME_REF_COUNT) - start;
	EXPECT(vector_bit(APIC_IRR, TIMER), "what ended it is not pending");
	rt_apic_write(APIC_TIMER_ENTRY, APIC_MASKED);
	take_interrupts();
	rt_apic_write(APIC_EOI, 0);
	return passed;
}

static void idle_until_interrupt(void)
{
	u64 passed;

	if (!idle_offered())
		return;
	passed = nap();
	EXPECT(passed >= UNITS / NAP - UNITS / NAP / 20, "idle for %llu units only", passed);
}

static void idle_with_one_pending(void)
{
	if (!idle_offered())
		return;
	interrupt_hold();
	for (unsigned i = 0; i < 3; i++)
		EXPECT_EQ(read_msr(HV_X64_MSR_GUEST_IDLE), 0, "GUEST_IDLE");
	interrupt_let_in();
}

/* Whatever its own handler's priority: the interrupt that holds another up is no reason to sleep. */
static void idle_with_one_held_up(void)
{
	if (!idle_offered())
		return;
	rt_apic_enable();
	rt_apic_send(ICR_SELF | ICR_ASSERT | HIGH, 0);
	take_interrupts();
	EXPECT(vector_bit(APIC_ISR, HIGH), "nothing is in service");
	rt_apic_send(ICR_SELF | ICR_ASSERT | LOW, 0);
	EXPECT_EQ(read_msr(HV_X64_MSR_GUEST_IDLE), 0, "GUEST_IDLE");
	rt_apic_write(APIC_EOI, 0);
	take_interrupts();
	rt_apic_write(APIC_EOI, 0);
}

static void idle_is_no_run_time(void)
{
	u64 used = ~0ull, slept = 0;

	if (!idle_offered() || !offered(hv_has_privilege_access_vp_run_time_reg))
		return;
	/* An emulator's processor may be taken away where it does not idle. */
	for (unsigned i = 0; i < 5 && used >= slept / 2; i++) {
		used = read_msr(HV_X64_MSR_VP_RUNTIME);
		slept = nap();
		used = read_msr(HV_X64_MSR_VP_RUNTIME) - used;
	}
	EXPECT(used < slept / 2, "%llu units used while %llu passed", used, slept);
}

static void enable_apic(void *unused)
{
	(void)unused;
	rt_apic_enable();
}

static void idle_there(void *unused)
{
	u64 value;

	(void)unused;
	rt_rdmsr(HV_X64_MSR_GUEST_IDLE, &value);
	take_interrupts();
	rt_apic_write(APIC_EOI, 0);
}

static bool is_done(void *cpu)
{
	return __atomic_load_n(&((struct rt_cpu *)cpu)->work, __ATOMIC_ACQUIRE) == 2;
}

/* How Linux hands a lock over: the waiter idles with interrupts disabled until it is kicked. */
static void idle_until_kicked(void)
{
	if (rt_cpu_count == 1) {
		test_skip("one processor");
		return;
	}
	if (!idle_offered())
		return;
	EXPECT(rt_cpu_start(1), "the other processor does not start");
	EXPECT_EQ(rt_run_on(1, enable_apic, NULL), FAULT_NONE, "fault of enabling its APIC");
	for (unsigned i = 0; i < 3; i++) {
		rt_ask(1, idle_there, NULL);
		rt_pm_wait(PM_HZ / 100);
		EXPECT(!is_done(&rt_cpus[1]), "it did not wait");
		rt_apic_send(ICR_ASSERT | LOW, rt_cpus[1].apic_id);
		EXPECT_EQ(rt_answer(1), FAULT_NONE, "fault there");
		EXPECT_EQ(rt_cpus[1].interrupts[LOW], i + 1, "kicks that it took");
	}
	rt_cpu_stop(1);
}

/* ---- EOI ---- */

static u32 *const assist = (u32 *)page;
static u32 spared[256];

static void end_as_told(u32 vector)
{
	u32 bit = 0;

	__asm__ volatile("xchg %0, %1" : "+r"(bit), "+m"(*assist));
	if (bit & HV_VIRTUAL_APIC_ASSIST_NO_EOI_REQUIRED_MASK)
		spared[vector]++;
	else
		rt_apic_write(APIC_EOI, 0);
}

static bool assist_on(void)
{
	if (!offered(hv_has_privilege_access_intr_ctrl_regs))
		return false;
	rt_apic_enable();
	memset(spared, 0, sizeof(spared));
	rt_on_interrupt = end_as_told;
	EXPECT_EQ(rt_wrmsr(HV_X64_MSR_VP_ASSIST_PAGE,
			  RT_GPA(page) | HV_X64_MSR_VP_ASSIST_PAGE_ENABLE),
		FAULT_NONE, "fault of the write");
	return true;
}

static void assist_off(void)
{
	rt_wrmsr(HV_X64_MSR_VP_ASSIST_PAGE, 0);
	rt_on_interrupt = NULL;
	EXPECT(!vector_bit(APIC_ISR, LOW) && !vector_bit(APIC_ISR, HIGH),
		"an interrupt is still in service");
}

static void no_eoi(void)
{
	u32 before = rt_interrupts[LOW];

	if (!assist_on())
		return;
	for (unsigned i = 0; i < 10; i++) {
		rt_apic_send(ICR_SELF | ICR_ASSERT | LOW, 0);
		take_interrupts();
	}
	EXPECT_EQ(rt_interrupts[LOW] - before, 10, "interrupts taken");
	EXPECT_EQ(spared[LOW], 10, "those that needed no EOI");
	assist_off();
}

/* The higher one comes first: its end is what the lower one waits for. */
static void eoi_for_another(void)
{
	u32 low = rt_interrupts[LOW], high = rt_interrupts[HIGH];

	if (!assist_on())
		return;
	rt_apic_send(ICR_SELF | ICR_ASSERT | LOW, 0);
	rt_apic_send(ICR_SELF | ICR_ASSERT | HIGH, 0);
	take_interrupts();
	EXPECT_EQ(rt_interrupts[LOW] - low, 1, "lower interrupts taken");
	EXPECT_EQ(rt_interrupts[HIGH] - high, 1, "higher interrupts taken");
	EXPECT_EQ(spared[HIGH], 0, "higher ones that needed no EOI");
	EXPECT_EQ(spared[LOW], 1, "lower ones that needed no EOI");
	assist_off();
}

static void send_other(u32 vector)
{
	if (vector == HIGH)
		rt_apic_send(ICR_SELF | ICR_ASSERT | LOW, 0);
	end_as_told(vector);
}

/* One that becomes pending while the offer stands makes it void. */
static void eoi_offer_taken_back(void)
{
	u32 low = rt_interrupts[LOW];

	if (!assist_on())
		return;
	rt_on_interrupt = send_other;
	rt_apic_send(ICR_SELF | ICR_ASSERT | HIGH, 0);
	take_interrupts();
	EXPECT_EQ(spared[HIGH], 0, "higher ones that needed no EOI");
	EXPECT_EQ(rt_interrupts[LOW] - low, 1, "lower interrupts taken");
	assist_off();
}

/* A guest that ends all by EOI never looks at the page. */
static void eoi_all_the_same(u32 vector)
{
	(void)vector;
	rt_apic_write(APIC_EOI, 0);
}

static void eoi_in_spite_of_it(void)
{
	u32 before = rt_interrupts[LOW];

	if (!assist_on())
		return;
	rt_on_interrupt = eoi_all_the_same;
	for (unsigned i = 0; i < 3; i++) {
		rt_apic_send(ICR_SELF | ICR_ASSERT | LOW, 0);
		take_interrupts();
		EXPECT(!(*assist & HV_VIRTUAL_APIC_ASSIST_NO_EOI_REQUIRED_MASK),
			"the bit outlives the interrupt");
	}
	EXPECT_EQ(rt_interrupts[LOW] - before, 3, "interrupts taken");
	assist_off();
}

/* ---- long waits ---- */

static void spin_notification(void)
{
	const u32 tries = rt_cpuid(HV_CPUID_RECOMMENDATIONS, 0).ebx;

	EXPECT(tries, "notify after no try at all");
	EXPECT(call_enable(), "no hypercall page");
	for (u32 n = 1; n; n = n << 4)
		EXPECT_EQ(call(HV_CALL_NOTIFY_LONG_SPIN_WAIT | HV_CONTROL_FAST, n, 0).status,
			HV_STATUS_SUCCESS, "status of a notification");
	call_disable();
	if (tries == NEVER)
		return;
	EXPECT(tries >= 16, "notify after %u tries", tries);
}

/* ---- what there is none of ---- */

static void extended_capabilities(void)
{
	const bool open = hv_has_privilege_enable_extended_hypercalls(&offer);
	u16 status;
	u64 found;

	EXPECT(call_enable(), "no hypercall page");
	memset(call_output, 0xff, RT_PAGE);
	status = call(HV_CALL_EXT_QUERY_CAPABILITIES, 0, RT_GPA(call_output)).status;
	EXPECT_EQ(status, open ? HV_STATUS_SUCCESS : HV_STATUS_ACCESS_DENIED, "status");
	memcpy(&found, call_output, sizeof(found));
	EXPECT_EQ(found, open ? 0 : ~0ull, "extended calls");
	call_disable();
}

static void tsc_emulation_status(void)
{
	const bool open = hv_has_privilege_access_reenlightenment_controls(&offer);
	const u32 want = open ? FAULT_NONE : FAULT_GP;
	u64 value = 0;

	EXPECT_EQ(rt_rdmsr(HV_X64_MSR_TSC_EMULATION_STATUS, &value), want, "a read");
	EXPECT_EQ(value, 0, "the status");
	EXPECT_EQ(rt_wrmsr(HV_X64_MSR_TSC_EMULATION_STATUS, 1), FAULT_GP, "setting it");
	EXPECT_EQ(rt_wrmsr(HV_X64_MSR_TSC_EMULATION_STATUS, 0), want, "clearing it");
}

void suite_enlighten(void)
{
	static const struct test tests[] = {
		{ "idle-until-interrupt", idle_until_interrupt },
		{ "idle-with-one-pending", idle_with_one_pending },
		{ "idle-with-one-held-up", idle_with_one_held_up },
		{ "idle-is-no-run-time", idle_is_no_run_time },
		{ "idle-until-kicked", idle_until_kicked },
		{ "no-eoi", no_eoi },
		{ "eoi-for-another", eoi_for_another },
		{ "eoi-offer-taken-back", eoi_offer_taken_back },
		{ "eoi-in-spite-of-it", eoi_in_spite_of_it },
		{ "spin-notification", spin_notification },
		{ "extended-capabilities", extended_capabilities },
		{ "tsc-emulation-status", tsc_emulation_status },
	};

	test_run("enlighten", tests, RT_COUNT(tests));
}
