/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Several virtual processors: started, told apart, at work at the same time, and stopped again. */
#include "test.h"

#define LEAF_APIC_ID 1
#define MSR_APIC_BASE 0x1b
#define APIC_BASE_BSP (1u << 8)
#define ROUNDS 20000
#define NO_SUCH_CALL 0xfffe

static u32 counter;             /* by atomic operations */
static u32 arrived;

static bool others_start(void)
{
	const unsigned started = rt_cpus_start();

	EXPECT_EQ(started, rt_cpu_count, "processors that started");
	return started == rt_cpu_count;
}

struct identity { u64 vp_index, apic_base; u32 apic_id; unsigned self; };

static void identify(void *argument)
{
	struct identity *id = argument;

	rt_rdmsr(HV_X64_MSR_VP_INDEX, &id->vp_index);
	rt_rdmsr(MSR_APIC_BASE, &id->apic_base);
	id->apic_id = rt_cpuid(LEAF_APIC_ID, 0).ebx >> 24;
	id->self = rt_index();
}

static void identities(void)
{
	if (!others_start())
		return;
	for (unsigned n = 0; n < rt_cpu_count; n++) {
		struct identity id = { 0 };

		EXPECT_EQ(rt_run_on(n, identify, &id), FAULT_NONE, "fault there");
		EXPECT_EQ(id.self, n, "the runtime's own number");
		EXPECT_EQ(id.apic_id, rt_cpus[n].apic_id, "APIC id of CPUID");
		EXPECT_EQ(!!(id.apic_base & APIC_BASE_BSP), n == 0, "BSP flag of IA32_APIC_BASE");
		if (hv_has_privilege_access_vp_index(&offer))
			EXPECT_EQ(id.vp_index, n, "VP index");
	}
	rt_cpus_stop();
}

static bool all_arrived(void *unused)
{
	(void)unused;
	return __atomic_load_n(&arrived, __ATOMIC_ACQUIRE) == rt_cpu_count;
}

/* Waits until all are in it at once: none may have to wait for another to finish. */
static void meet_and_count(void *met)
{
	__atomic_fetch_add(&arrived, 1, __ATOMIC_ACQ_REL);
	*(bool *)met = rt_wait_for(all_arrived, NULL);
	for (unsigned i = 0; i < ROUNDS; i++)
		__atomic_fetch_add(&counter, 1, __ATOMIC_RELAXED);
}

static void at_once(void)
{
	bool met[RT_CPUS] = { false };

	if (!others_start())
		return;
	counter = arrived = 0;
	for (unsigned n = 1; n < rt_cpu_count; n++)
		rt_ask(n, meet_and_count, &met[n]);
	meet_and_count(&met[0]);
	for (unsigned n = 1; n < rt_cpu_count; n++)
		EXPECT_EQ(rt_answer(n), FAULT_NONE, "fault there");
	for (unsigned n = 0; n < rt_cpu_count; n++)
		EXPECT(met[n], "processor %u did not meet the others", n);
	EXPECT_EQ(counter, ROUNDS * rt_cpu_count, "sum of what all counted");
	rt_cpus_stop();
}

static void raise_ud(void *unused)
{
	(void)unused;
	__asm__ volatile("ud2");
}

static void faults_are_own(void)
{
	if (!others_start())
		return;
	rt_fault.vector = FAULT_NONE;
	for (unsigned n = 1; n < rt_cpu_count; n++) {
		EXPECT_EQ(rt_run_on(n, raise_ud, NULL), FAULT_UD, "fault there");
		EXPECT_EQ(rt_cpus[n].fault.vector, FAULT_UD, "what it keeps");
		EXPECT_EQ(rt_fault.vector, FAULT_NONE, "what this processor keeps");
	}
	rt_cpus_stop();
}

static void count_for_ever(void *unused)
{
	(void)unused;
	for (;;) {
		__atomic_fetch_add(&counter, 1, __ATOMIC_RELAXED);
		__asm__ volatile("pause");
	}
}

static bool has_counted(void *unused)
{
	(void)unused;
	return __atomic_load_n(&counter, __ATOMIC_RELAXED) > 1000;
}

/* INIT takes a processor away from whatever it does, and it can be had again. */
static void stop_and_restart(void)
{
	struct identity id = { 0 };
	u32 seen;

	if (!others_start())
		return;
	counter = 0;
	rt_ask(1, count_for_ever, NULL);
	EXPECT(rt_wait_for(has_counted, NULL), "it does not count");
	rt_cpu_stop(1);
	rt_pm_wait(3580);
	seen = counter;
	rt_pm_wait(3580);
	EXPECT_EQ(counter, seen, "what it counted after INIT");
	EXPECT(rt_cpu_start(1), "it does not start again");
	EXPECT_EQ(rt_run_on(1, identify, &id), FAULT_NONE, "fault there");
	EXPECT_EQ(id.apic_id, rt_cpus[1].apic_id, "its APIC id");
	rt_cpus_stop();
}

/* Hypercalls with all registers known; a wrong one fails the test. */
static void call_often(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < 200; i++)
		EXPECT_EQ(call(NO_SUCH_CALL | HV_CONTROL_FAST, i, 0).status,
			HV_STATUS_INVALID_HYPERCALL_CODE, "status");
}

static void calls_at_once(void)
{
	if (!others_start())
		return;
	EXPECT(call_enable(), "no hypercall page");
	for (unsigned n = 1; n < rt_cpu_count; n++)
		rt_ask(n, call_often, NULL);
	call_often(NULL);
	for (unsigned n = 1; n < rt_cpu_count; n++)
		EXPECT_EQ(rt_answer(n), FAULT_NONE, "fault there");
	call_disable();
	rt_cpus_stop();
}

void suite_cpus(void)
{
	static const struct test tests[] = {
		{ "identities", identities }, { "at-once", at_once },
		{ "faults-are-own", faults_are_own }, { "stop-and-restart", stop_and_restart },
		{ "calls-at-once", calls_at_once },
	};

	if (rt_cpu_count > 1)
		test_run("cpus", tests, RT_COUNT(tests));
}
