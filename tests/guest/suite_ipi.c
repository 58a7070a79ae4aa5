/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Inter-processor interrupts: every kind, to every kind of destination, and who does not get them.
 * In both modes of the local APIC; with one processor, what it sends itself.
 */
#include "apic.h"
#include "test.h"

#define VECTOR 0x71
#define WAKE_VECTOR 0x72
#define WATCH_VECTOR 0xe0
#define PATIENCE 3              /* periods of the watch */
#define ROUNDS 300
#define SETTLE 360              /* ticks of the PM timer, 100 us: for what must not come */
#define OTHER_START_PAGE 0xb000
#define DFR_CLUSTER 0x0fffffffu
#define DFR_FLAT 0xffffffffu

extern const u8 rt_start[], rt_start_end[];

static bool stop_listening;
static u32 expected[RT_CPUS];   /* how often VECTOR must have come to each */
static u32 ready;               /* processors that are, by atomic operations */

/* ---- the listening processors ---- */

/* Take interrupts until told to stop, halted between them. */
static void listen(void *unused)
{
	(void)unused;
	apic_handle_by_eoi();
	while (!__atomic_load_n(&stop_listening, __ATOMIC_ACQUIRE))
		__asm__ volatile("sti; hlt; cli" : : : "memory");
}

static bool all_ready(void *unused)
{
	(void)unused;
	return __atomic_load_n(&ready, __ATOMIC_ACQUIRE) == rt_cpu_count;
}

/* All others listen in the mode that is tested. False: they do not come, and the test has failed. */
static bool begin(void)
{
	apic_handle_by_eoi();
	rt_takes_nmi = false;
	__atomic_store_n(&stop_listening, false, __ATOMIC_RELEASE);
	if (rt_cpus_start() != rt_cpu_count) {
		test_fail("not all processors start");
		return false;
	}
	expected[0] = rt_interrupts[VECTOR];
	for (unsigned n = 1; n < rt_cpu_count; n++) {
		EXPECT_EQ(rt_run_on(n, apic_reset_to, &apic_tested_mode), FAULT_NONE,
			"fault of its mode");
		rt_ask(n, listen, NULL);
		expected[n] = 0;
	}
	return true;
}

static void end(void)
{
	__atomic_store_n(&stop_listening, true, __ATOMIC_RELEASE);
	for (unsigned n = 1; n < rt_cpu_count; n++)
		rt_apic_send(ICR_ASSERT | WAKE_VECTOR, rt_cpus[n].apic_id);
	for (unsigned n = 1; n < rt_cpu_count; n++)
		EXPECT_EQ(rt_answer(n), FAULT_NONE, "what ended a listening processor");
	rt_cpus_stop();
}

static bool all_came(void *unused)
{
	(void)unused;
	for (unsigned n = 0; n < rt_cpu_count; n++)
		if (rt_cpus[n].interrupts[VECTOR] < expected[n])
			return false;
	return true;
}

/* Send, and see it come to exactly the processors of the set. */
static void send_to(u32 command, u32 destination, u32 set, const char *what)
{
	rt_apic_send(command | ICR_ASSERT | VECTOR, destination);
	for (unsigned n = 0; n < rt_cpu_count; n++)
		expected[n] += set >> n & 1;
	__asm__ volatile("sti" : : : "memory");
	rt_wait_for(all_came, NULL);
	rt_pm_wait(SETTLE);
	__asm__ volatile("cli" : : : "memory");
	for (unsigned n = 0; n < rt_cpu_count; n++) {
		const u32 came = rt_cpus[n].interrupts[VECTOR];

		EXPECT(came == expected[n], "%s: %u of %u came to processor %u", what, came,
			expected[n], n);
		expected[n] = came;
	}
}

static u32 everybody(void)
{
	return (1u << rt_cpu_count) - 1;
}

static u32 broadcast(void)
{
	return apic_tested_mode == APIC_BY_MSR ? ~0u : 0xff;
}

/* ---- fixed interrupts ---- */

static void physical(void)
{
	if (!begin())
		return;
	for (unsigned n = 0; n < rt_cpu_count; n++)
		send_to(ICR_FIXED, rt_cpus[n].apic_id, 1u << n, "one");
	send_to(ICR_FIXED, broadcast(), everybody(), "broadcast");
	send_to(ICR_FIXED, 0x7e, 0, "nobody");
	end();
}

static void shorthands(void)
{
	if (!begin())
		return;
	send_to(ICR_SELF, 0x7e, 1, "self");
	send_to(ICR_ALL, 0x7e, everybody(), "all");
	send_to(ICR_OTHERS, 0, everybody() & ~1u, "others");
	end();
}

/* From another processor: its own idea of self and others. */
static void shorthands_there(void *unused)
{
	(void)unused;
	rt_apic_send(ICR_SELF | ICR_ASSERT | VECTOR, 0);
	rt_apic_send(ICR_OTHERS | ICR_ASSERT | WAKE_VECTOR, 0);
	apic_handle_by_eoi();
	apic_wait_for(VECTOR, rt_interrupts[VECTOR] + 1);
}

static void from_another(void)
{
	const u32 before = rt_interrupts[WAKE_VECTOR];

	if (!begin())
		return;
	end();
	EXPECT(rt_cpu_start(1), "it does not start");
	EXPECT_EQ(rt_run_on(1, apic_reset_to, &apic_tested_mode), FAULT_NONE, "fault of its mode");
	rt_interrupts[VECTOR] = 0;
	EXPECT_EQ(rt_run_on(1, shorthands_there, NULL), FAULT_NONE, "fault there");
	EXPECT(apic_wait_for(WAKE_VECTOR, before + 1), "none came from it");
	EXPECT_EQ(rt_cpus[1].interrupts[VECTOR], 1, "what it sent itself");
	EXPECT_EQ(rt_cpus[1].interrupts[WAKE_VECTOR], 0, "what it sent to others and got itself");
	EXPECT_EQ(rt_interrupts[VECTOR], 0, "what it sent itself and came here");
	rt_cpus_stop();
}

/* ---- logical destinations ---- */

struct logical { u32 ldr, dfr; };

static void set_logical(void *argument)
{
	const struct logical *l = argument;

	rt_apic_write(APIC_LDR, l->ldr << 24);
	rt_apic_write(APIC_DFR, l->dfr);
}

/* Listening processors cannot be asked: their registers are set before. */
static bool begin_logical(u32 dfr, const u8 ids[RT_CPUS])
{
	if (!begin())
		return false;
	end();
	__atomic_store_n(&stop_listening, false, __ATOMIC_RELEASE);
	for (unsigned n = 0; n < rt_cpu_count; n++) {
		struct logical l = { ids[n], dfr };

		if (n && !rt_cpu_start(n))
			test_fail("processor %u does not start", n);
		if (n)
			rt_run_on(n, apic_reset_to, &apic_tested_mode);
		EXPECT_EQ(rt_run_on(n, set_logical, &l), FAULT_NONE, "fault of LDR and DFR");
		expected[n] = rt_cpus[n].interrupts[VECTOR];
		if (n)
			rt_ask(n, listen, NULL);
	}
	return true;
}

static void flat(void)
{
	static const u8 ids[RT_CPUS] = { 1, 2, 4, 8, 16, 32, 64, 128 };

	if (!begin_logical(DFR_FLAT, ids))
		return;
	for (u32 set = 0; set <= everybody(); set++)
		send_to(ICR_LOGICAL, set, set, "a set");
	send_to(ICR_LOGICAL, 0xff, everybody(), "broadcast");
	if (rt_cpu_count < 8)
		send_to(ICR_LOGICAL, 0x80, 0, "nobody");
	end();
}

/* Two processors in each cluster of four. */
static void clusters(void)
{
	static const u8 ids[RT_CPUS] = { 0x01, 0x02, 0x11, 0x18, 0x31, 0x32, 0x41, 0x42 };

	if (!begin_logical(DFR_CLUSTER, ids))
		return;
	for (u32 to = 0; to < 0x50; to++) {
		u32 set = 0;

		for (unsigned n = 0; n < rt_cpu_count; n++)
			if ((ids[n] ^ to) >> 4 == 0 && ids[n] & to & 15)
				set |= 1u << n;
		if (set || to % 16 == 15)
			send_to(ICR_LOGICAL, to, set, "some of a cluster");
	}
	send_to(ICR_LOGICAL, 0xff, everybody(), "broadcast");
	end();
}

/* The registers have no writable id: sixteen processors by their initial id in each cluster. */
static void logical_x2apic(void)
{
	if (!begin())
		return;
	for (u32 set = 0; set <= everybody(); set++) {
		u32 to = 0;

		for (unsigned n = 0; n < rt_cpu_count; n++)
			to |= (set >> n & 1) << rt_cpus[n].apic_id;
		send_to(ICR_LOGICAL, to, set, "a set");
	}
	send_to(ICR_LOGICAL, 0x0001ffff, 0, "another cluster");
	send_to(ICR_LOGICAL, ~0u, everybody(), "broadcast");
	end();
}

static void logical(void)
{
	if (apic_tested_mode == APIC_BY_MSR) {
		logical_x2apic();
		return;
	}
	flat();
	clusters();
}

/* ---- lowest priority ---- */

static u32 sum_of_vectors(void)
{
	u32 sum = 0;

	for (unsigned n = 0; n < rt_cpu_count; n++)
		sum += rt_cpus[n].interrupts[VECTOR];
	return sum;
}

static bool sum_is_higher(void *before)
{
	return sum_of_vectors() > *(u32 *)before;
}

/* To one processor out of all, and never to one that would not take it. */
static void lowest_priority(void)
{
	if (!begin())
		return;
	for (unsigned round = 0; round < 8; round++) {
		u32 before = sum_of_vectors(), own = rt_interrupts[VECTOR];

		rt_apic_write(APIC_TPR, round % 2 ? 0xf0 : 0);
		rt_apic_send(ICR_LOWEST | ICR_ASSERT | VECTOR, broadcast());
		__asm__ volatile("sti" : : : "memory");
		EXPECT(rt_cpu_count == 1 && round % 2 ? true : rt_wait_for(sum_is_higher, &before),
			"it came to nobody");
		rt_pm_wait(SETTLE);
		if (round % 2 && rt_cpu_count > 1)
			EXPECT_EQ(rt_interrupts[VECTOR], own, "it came to the busy one");
		rt_apic_write(APIC_TPR, 0);
		rt_pm_wait(SETTLE);
		__asm__ volatile("cli" : : : "memory");
		EXPECT_EQ(sum_of_vectors(), before + 1, "to how many it came in all");
	}
	end();
}

/* ---- NMIs ---- */

static bool nmi_came(void *cpu)
{
	return ((struct rt_cpu *)cpu)->interrupts[VECTOR_NMI];
}

/* Whatever the task's priority and the interrupt flag, and with the APIC disabled by software. */
static void wait_for_nmi(void *came)
{
	rt_takes_nmi = true;
	rt_apic_write(APIC_TPR, 0xff);
	rt_apic_write(APIC_SVR, SPURIOUS_VECTOR);
	__atomic_store_n((u32 *)came, 1, __ATOMIC_RELEASE);
	*(u32 *)came = rt_wait_for(nmi_came, rt_self()) ? 2 : 3;
}

static bool is_set(void *flag)
{
	return __atomic_load_n((u32 *)flag, __ATOMIC_ACQUIRE);
}

static void nmi_by(u32 shorthand)
{
	u32 came[RT_CPUS] = { 0 };

	EXPECT_EQ(rt_cpus_start(), rt_cpu_count, "processors that started");
	for (unsigned n = 1; n < rt_cpu_count; n++) {
		rt_run_on(n, apic_reset_to, &apic_tested_mode);
		rt_ask(n, wait_for_nmi, &came[n]);
		rt_wait_for(is_set, &came[n]);
	}
	if (shorthand)
		rt_apic_send(ICR_NMI | ICR_ASSERT | shorthand, 0);
	for (unsigned n = 1; n < rt_cpu_count && !shorthand; n++)
		rt_apic_send(ICR_NMI | ICR_ASSERT, rt_cpus[n].apic_id);
	for (unsigned n = 1; n < rt_cpu_count; n++) {
		EXPECT_EQ(rt_answer(n), FAULT_NONE, "fault there");
		EXPECT_EQ(came[n], 2, "state of who waits for an NMI");
		EXPECT_EQ(rt_cpus[n].interrupts[VECTOR_NMI], 1, "NMIs that came");
	}
	rt_cpus_stop();
}

static void nmi_physical(void)
{
	nmi_by(0);
}

static void nmi_others(void)
{
	nmi_by(ICR_OTHERS);
}

/* To itself by its id, with interrupts disabled; a second one waits until the first has returned. */
static u32 nmi_depth, nmi_deepest;

static void send_nmi_once(u32 vector)
{
	nmi_depth++;
	if (vector == VECTOR_NMI && rt_interrupts[VECTOR_NMI] == 1) {
		rt_apic_send(ICR_NMI | ICR_ASSERT, rt_self()->apic_id);
		rt_apic_send(ICR_NMI | ICR_ASSERT, rt_self()->apic_id);
		rt_pm_wait(SETTLE);
	}
	if (nmi_depth > nmi_deepest)
		nmi_deepest = nmi_depth;
	nmi_depth--;
}

static void nmi_to_self(void)
{
	rt_takes_nmi = true;
	rt_interrupts[VECTOR_NMI] = 0;
	nmi_depth = nmi_deepest = 0;
	rt_on_interrupt = send_nmi_once;
	rt_apic_send(ICR_NMI | ICR_ASSERT, rt_self()->apic_id);
	rt_pm_wait(SETTLE);
	EXPECT_EQ(rt_interrupts[VECTOR_NMI], 2, "NMIs that came, two of three as one");
	EXPECT_EQ(nmi_deepest, 1, "depth of NMIs");
	rt_takes_nmi = false;
}

/* ---- many, and none lost ---- */

/* A periodic timer, seconds apart: what it finds halted has missed its interrupt. */
static void watch(bool on)
{
	rt_apic_write(APIC_TIMER_DIVIDE, 0x3); /* by 16 */
	rt_apic_write(APIC_LVT_TIMER, on ? APIC_PERIODIC | WATCH_VECTOR : APIC_MASKED);
	rt_apic_write(APIC_TIMER_INITIAL, on ? 1u << 26 : 0);
}

static void halt_until(u32 vector, u32 count)
{
	while (rt_interrupts[vector] < count && rt_interrupts[WATCH_VECTOR] < PATIENCE)
		__asm__ volatile("sti; hlt; cli" : : : "memory");
}

/* Take the token from the one before, give it to the next, and sleep until it is here again. */
static void pass_on(void *unused)
{
	const unsigned self = rt_index();
	const u32 next = rt_cpus[(self + 1) % rt_cpu_count].apic_id;

	(void)unused;
	if (self)
		apic_reset_to(&apic_tested_mode);
	apic_handle_by_eoi();
	rt_interrupts[VECTOR] = rt_interrupts[WATCH_VECTOR] = 0;
	watch(true);
	__atomic_fetch_add(&ready, 1, __ATOMIC_ACQ_REL);
	rt_wait_for(all_ready, NULL);
	for (u32 round = 1; round <= ROUNDS; round++) {
		if (self)
			halt_until(VECTOR, round);
		rt_apic_send(ICR_ASSERT | VECTOR, next);
		if (!self)
			halt_until(VECTOR, round);
	}
	watch(false);
}

static void round_and_round(void)
{
	EXPECT_EQ(rt_cpus_start(), rt_cpu_count, "processors that started");
	ready = 0;
	for (unsigned n = 1; n < rt_cpu_count; n++)
		rt_ask(n, pass_on, NULL);
	pass_on(NULL);
	for (unsigned n = 1; n < rt_cpu_count; n++)
		EXPECT_EQ(rt_answer(n), FAULT_NONE, "fault there");
	for (unsigned n = 0; n < rt_cpu_count; n++) {
		EXPECT_EQ(rt_cpus[n].interrupts[VECTOR], ROUNDS, "how often the token came by");
		EXPECT(rt_cpus[n].interrupts[WATCH_VECTOR] < PATIENCE, "processor %u slept on", n);
	}
	rt_cpus_stop();
}

/* NMIs among interrupts, each sent when the one before has been taken: as many come. */
static void count_nmis(void *unused)
{
	(void)unused;
	apic_reset_to(&apic_tested_mode);
	apic_handle_by_eoi();
	rt_takes_nmi = true;
	watch(true);
	__atomic_fetch_add(&ready, 1, __ATOMIC_ACQ_REL);
	halt_until(VECTOR_NMI, ROUNDS);
	watch(false);
}

struct count_of { unsigned cpu; u32 vector, count; };

static bool has_counted(void *argument)
{
	const struct count_of *c = argument;

	return rt_cpus[c->cpu].interrupts[c->vector] >= c->count;
}

static void nmis_among_others(void)
{
	struct count_of nmis = { 1, VECTOR_NMI, 0 };

	EXPECT(rt_cpu_start(1), "it does not start");
	ready = rt_cpu_count - 1;
	rt_ask(1, count_nmis, NULL);
	rt_wait_for(all_ready, NULL);
	for (nmis.count = 1; nmis.count <= ROUNDS; nmis.count++) {
		rt_apic_send(ICR_ASSERT | VECTOR, rt_cpus[1].apic_id);
		rt_apic_send(ICR_NMI | ICR_ASSERT, rt_cpus[1].apic_id);
		rt_apic_send(ICR_ASSERT | WAKE_VECTOR, rt_cpus[1].apic_id);
		if (!rt_wait_for(has_counted, &nmis))
			break;
	}
	EXPECT_EQ(rt_answer(1), FAULT_NONE, "fault there");
	EXPECT_EQ(rt_cpus[1].interrupts[VECTOR_NMI], ROUNDS, "NMIs that came");
	EXPECT(rt_cpus[1].interrupts[VECTOR] > 0 && rt_cpus[1].interrupts[WAKE_VECTOR] > 0,
		"no interrupts came with them");
	rt_cpus_stop();
}

/* ---- INIT and start-up ---- */

static void answer(void *flag)
{
	*(u32 *)flag = 42;
}

/* A start-up IPI to one that runs, and the message that ends an INIT's level, do nothing. */
static void ignored_when_running(void)
{
	u32 flag = 0;

	EXPECT(rt_cpu_start(1), "it does not start");
	rt_apic_send(ICR_STARTUP | ICR_ASSERT | RT_START_BASE >> 12, rt_cpus[1].apic_id);
	if (apic_tested_mode != APIC_BY_MSR)
		rt_apic_send(ICR_INIT | ICR_LEVEL, rt_cpus[1].apic_id);
	rt_pm_wait(SETTLE);
	EXPECT_EQ(rt_run_on(1, answer, &flag), FAULT_NONE, "fault there");
	EXPECT_EQ(flag, 42, "what it answers");
	rt_cpus_stop();
}

static bool is_online(void *cpu)
{
	return __atomic_load_n(&((struct rt_cpu *)cpu)->online, __ATOMIC_ACQUIRE);
}

/* The vector is the page; an INIT after it takes it back; the first of two counts. */
static void start_up_vector(void)
{
	struct rt_cpu *cpu = &rt_cpus[1];

	memcpy((void *)OTHER_START_PAGE, rt_start, (size_t)(rt_start_end - rt_start));
	memset((void *)RT_START_BASE, 0xf4, 16); /* HLT: nobody may come from there */
	rt_cpu_stop(1);
	rt_apic_send(ICR_STARTUP | ICR_ASSERT | OTHER_START_PAGE >> 12, cpu->apic_id);
	EXPECT(rt_wait_for(is_online, cpu), "it does not start at the other page");
	rt_cpu_stop(1);
	rt_pm_wait(SETTLE);
	EXPECT(!is_online(cpu), "it runs after INIT");
	EXPECT(rt_cpu_start(1), "it does not start again");
	rt_cpus_stop();
}

static void init_others(void)
{
	EXPECT_EQ(rt_cpus_start(), rt_cpu_count, "processors that started");
	rt_apic_send(ICR_INIT | ICR_ASSERT | ICR_OTHERS, 0);
	rt_pm_wait(SETTLE);
	for (unsigned n = 1; n < rt_cpu_count; n++)
		rt_cpus[n].online = false;
	rt_apic_send(ICR_STARTUP | ICR_ASSERT | ICR_OTHERS | RT_START_BASE >> 12, 0);
	for (unsigned n = 1; n < rt_cpu_count; n++)
		EXPECT(rt_wait_for(is_online, &rt_cpus[n]), "processor %u does not start", n);
	rt_cpus_stop();
}

/* What is sent while it waits for a start-up IPI is not there afterwards, but for NMIs perhaps. */
static void waiting_takes_none(void)
{
	if (!begin())
		return;
	end();
	rt_cpus[1].interrupts[VECTOR] = 0;
	rt_apic_send(ICR_FIXED | ICR_ASSERT | VECTOR, rt_cpus[1].apic_id);
	rt_pm_wait(SETTLE);
	EXPECT(rt_cpu_start(1), "it does not start");
	EXPECT_EQ(rt_run_on(1, apic_reset_to, &apic_tested_mode), FAULT_NONE, "fault of its mode");
	EXPECT_EQ(rt_cpus[1].interrupts[VECTOR], 0, "interrupts that came");
	rt_cpus_stop();
}

/* ---- the command register itself ---- */

static void illegal_vectors(void)
{
	const u32 before = rt_interrupts[VECTOR];

	apic_handle_by_eoi();
	rt_apic_write(APIC_LVT_ERROR, VECTOR);
	rt_apic_write(APIC_ESR, 0);
	rt_apic_write(APIC_ESR, 0);
	for (u32 vector = 0; vector < 16; vector++) {
		rt_apic_send(ICR_ASSERT | vector, rt_self()->apic_id);
		apic_let_in();
		EXPECT_EQ(rt_interrupts[VECTOR], before + 1 + vector, "error interrupts");
		rt_apic_write(APIC_ESR, 0);
		EXPECT(rt_apic_read(APIC_ESR) & ESR_SENT_VECTOR, "no error for vector %u", vector);
		rt_apic_write(APIC_ESR, 0);
		EXPECT_EQ(rt_apic_read(APIC_ESR), 0, "ESR after the next write");
	}
	for (u32 word = 0; word < 8; word++)
		EXPECT_EQ(rt_apic_read(APIC_IRR + 16 * word), 0, "what is pending");
	rt_apic_write(APIC_LVT_ERROR, APIC_MASKED | VECTOR);
	rt_apic_send(ICR_ASSERT | ICR_SELF | 1, 0);
	apic_let_in();
	EXPECT_EQ(rt_interrupts[VECTOR], before + 16, "error interrupts when masked");
	rt_apic_write(APIC_ESR, 0);
}

/* Legal to write, sent by nobody: kinds that do not exist or not for this shorthand. */
static void carried_out_by_nobody(void)
{
	static const u32 commands[] = { 0x300, 0x700, ICR_NMI | ICR_SELF, ICR_INIT | ICR_SELF,
		ICR_STARTUP | ICR_SELF, ICR_NMI | ICR_ALL, ICR_INIT | ICR_ALL,
		ICR_STARTUP | ICR_ALL, 0x200 | ICR_SELF };

	if (!begin())
		return;
	for (unsigned i = 0; i < RT_COUNT(commands); i++)
		send_to(commands[i], rt_self()->apic_id, 0, "a command that nobody knows");
	send_to(ICR_OTHERS, 0, everybody() & ~1u, "others are alive");
	end();
}

static void command_reads_back(void)
{
	static const u32 commands[] = { ICR_FIXED, ICR_LOWEST, ICR_LOGICAL, ICR_LEVEL | ICR_ASSERT };

	apic_handle_by_eoi();
	for (unsigned i = 0; i < RT_COUNT(commands); i++) {
		const u32 to = commands[i] & ICR_LOGICAL ? 0 : 0x7e;

		rt_apic_send(commands[i] | VECTOR, to);
		EXPECT_EQ(rt_apic_read(APIC_ICR), commands[i] | VECTOR, "the command, idle");
		if (apic_tested_mode == APIC_IN_MEMORY)
			EXPECT_EQ(rt_apic_read(APIC_ICR_HIGH) >> 24, to, "its destination");
	}
}

void suite_ipi(void)
{
	static const struct test tests[] = {
		{ "physical", physical },
		{ "shorthands", shorthands },
		{ "logical", logical },
		{ "lowest-priority", lowest_priority },
		{ "nmi-to-self", nmi_to_self },
		{ "illegal-vectors", illegal_vectors },
		{ "carried-out-by-nobody", carried_out_by_nobody },
		{ "command-reads-back", command_reads_back },
	};
	static const struct test of_several[] = {
		{ "from-another", from_another },
		{ "nmi-physical", nmi_physical },
		{ "nmi-others", nmi_others },
		{ "round-and-round", round_and_round },
		{ "nmis-among-others", nmis_among_others },
		{ "ignored-when-running", ignored_when_running },
		{ "start-up-vector", start_up_vector },
		{ "init-others", init_others },
		{ "waiting-takes-none", waiting_takes_none },
	};

	apic_test_run("ipi", tests, RT_COUNT(tests));
	if (rt_cpu_count > 1)
		apic_test_run("ipi", of_several, RT_COUNT(of_several));
}
