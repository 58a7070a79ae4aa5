/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * The calls that interrupt sets of processors, in all their forms: who is interrupted, how often,
 * and what they refuse.
 */
#include "test.h"

#define PLAIN HV_CALL_SEND_SYNTHETIC_CLUSTER_IPI
#define EX HV_CALL_SEND_SYNTHETIC_CLUSTER_IPI_EX
#define VECTOR 0xa7
#define APIC_EOI 0xb0
#define APIC_IRR 0x200
#define XMM_WORDS 14

/* Every way to name a set of the first 64 processors. */
enum form { FAST, MEMORY, EX_MEMORY, EX_XMM, FORMS };
static const char *const form_names[] = { "fast", "memory", "Ex", "Ex in XMM registers" };

static bool listening; /* by atomic operations, as the next */
static u32 listeners;

static struct result ex_call(u32 vector, u64 format, u64 valid, const u64 *banks, u32 count,
	bool registers)
{
	u64 words[XMM_WORDS] = { vector, format, valid };

	for (u32 i = 0; i < count && 3 + i < XMM_WORDS; i++)
		words[3 + i] = banks[i];
	if (registers)
		return call_xmm(HV_CONTROL(EX, 1, count, 0, 0), words);
	memset(call_input, 0, RT_PAGE);
	memcpy(call_input, words, 24);
	memcpy(call_input + 24, banks, count * 8);
	return call(HV_CONTROL(EX, 0, count, 0, 0), RT_GPA(call_input), 0);
}

static struct result send(enum form form, u32 vector, u64 mask)
{
	const u64 words[2] = { vector, mask };

	switch (form) {
	case FAST:
		return call(HV_CONTROL(PLAIN, 1, 0, 0, 0), vector, mask);
	case MEMORY:
		memcpy(call_input, words, sizeof(words));
		return call(HV_CONTROL(PLAIN, 0, 0, 0, 0), RT_GPA(call_input), 0);
	default:
		return ex_call(vector, HV_VP_SET_FORMAT_SPARSE_4K, !!mask, &mask, !!mask,
			form == EX_XMM);
	}
}

static bool can_send(enum form form)
{
	return form != EX_XMM || hv_has_feature_xmm_registers_for_fast_hypercall(&offer);
}

static void expect(struct result r, u16 status, const char *what)
{
	EXPECT(!r.fault && r.status == status && !r.reps, "%s: fault %u, %s, not %s", what, r.fault,
		hv_status_name(r.status), hv_status_name(status));
}

static void end_interrupt(u32 vector)
{
	(void)vector;
	rt_apic_write(APIC_EOI, 0);
}

static void listen(void)
{
	rt_apic_enable();
	rt_on_interrupt = end_interrupt;
}

static bool is_pending(u32 vector)
{
	return rt_apic_read(APIC_IRR + vector / 32 * 16) & (1u << vector % 32);
}

static void let_in(void)
{
	__asm__ volatile("sti; nop; cli" : : : "memory");
}

/* A self-IPI is there before the next instruction, and waits for IF. */
static void to_self(void)
{
	listen();
	for (enum form f = FAST; f < FORMS; f++) {
		const u32 before = rt_interrupts[VECTOR];

		if (!can_send(f))
			continue;
		expect(send(f, VECTOR, 1), HV_STATUS_SUCCESS, form_names[f]);
		EXPECT(is_pending(VECTOR), "%s: the interrupt is not pending", form_names[f]);
		EXPECT_EQ(rt_interrupts[VECTOR] - before, 0, "interrupts while IF is clear");
		let_in();
		EXPECT_EQ(rt_interrupts[VECTOR] - before, 1, form_names[f]);
		EXPECT(!is_pending(VECTOR), "%s: the interrupt is still pending", form_names[f]);
	}
	rt_on_interrupt = NULL;
}

/* With IF set the call's own return is what the interrupt comes upon, or it came before. */
static void at_once(void)
{
	const u32 before = rt_interrupts[VECTOR];
	u32 seen;

	listen();
	__asm__ volatile("sti" : : : "memory");
	for (unsigned i = 0; i < 100; i++) {
		expect(send(FAST, VECTOR, 1), HV_STATUS_SUCCESS, "the call");
		seen = rt_interrupts[VECTOR] - before;
		EXPECT(seen == i + 1, "%u interrupts after %u calls", seen, i + 1);
	}
	__asm__ volatile("cli" : : : "memory");
	rt_on_interrupt = NULL;
}

static void every_vector(void)
{
	listen();
	for (u32 vector = 0x20; vector <= 0xff; vector++) {
		const u32 before = rt_interrupts[vector];

		expect(send(FAST, vector, 1), HV_STATUS_SUCCESS, "the call");
		let_in();
		EXPECT(rt_interrupts[vector] - before == 1, "vector 0x%x came %u times", vector,
			rt_interrupts[vector] - before);
	}
	rt_on_interrupt = NULL;
}

/* Nobody is a set, too. */
static void to_nobody(void)
{
	const u32 before = rt_interrupts[VECTOR];
	const u64 no_banks[64] = { 0 };

	listen();
	for (enum form f = FAST; f < FORMS; f++)
		if (can_send(f))
			expect(send(f, VECTOR, 0), HV_STATUS_SUCCESS, form_names[f]);
	expect(ex_call(VECTOR, HV_VP_SET_FORMAT_SPARSE_4K, ~0ull, no_banks, 64, false),
		HV_STATUS_SUCCESS, "64 empty banks");
	let_in();
	EXPECT_EQ(rt_interrupts[VECTOR] - before, 0, "interrupts");
	rt_on_interrupt = NULL;
}

static void to_all(void)
{
	const u32 before = rt_interrupts[VECTOR];

	listen();
	expect(ex_call(VECTOR, HV_VP_SET_FORMAT_ALL, 0, NULL, 0, false), HV_STATUS_SUCCESS, "all");
	let_in();
	EXPECT_EQ(rt_interrupts[VECTOR] - before, 1, "interrupts");
	rt_on_interrupt = NULL;
}

/* Whoever is named beside those that do not exist is not interrupted either. */
static void refuses(void)
{
	const u64 far[2] = { 1, 1ull << 63 };
	u32 before;

	listen();
	before = rt_interrupts[VECTOR];
	for (enum form f = FAST; f < FORMS; f++) {
		if (!can_send(f))
			continue;
		expect(send(f, 0xf, 1), HV_STATUS_INVALID_PARAMETER, "vector 15");
		expect(send(f, 0, 1), HV_STATUS_INVALID_PARAMETER, "vector 0");
		expect(send(f, 0x100, 1), HV_STATUS_INVALID_PARAMETER, "vector 256");
		expect(send(f, 0x40000000 | VECTOR, 1), HV_STATUS_INVALID_PARAMETER,
			"a vector with a high bit");
		expect(send(f, VECTOR, 1ull << rt_cpu_count | 1), HV_STATUS_INVALID_PARAMETER,
			"the first processor that does not exist");
		expect(send(f, VECTOR, 1ull << 63 | 1), HV_STATUS_INVALID_PARAMETER, "processor 63");
	}
	expect(ex_call(VECTOR, HV_VP_SET_FORMAT_SPARSE_4K, 1ull << 63 | 1, far, 2, false),
		HV_STATUS_INVALID_PARAMETER, "processor 4095");
	expect(ex_call(VECTOR, HV_VP_SET_FORMAT_SPARSE_4K, 3, far, 1, false),
		HV_STATUS_INVALID_HYPERCALL_INPUT, "a bank too few");
	expect(ex_call(VECTOR, HV_VP_SET_FORMAT_SPARSE_4K, 1, far, 2, false),
		HV_STATUS_INVALID_HYPERCALL_INPUT, "a bank too many");
	expect(ex_call(VECTOR, 2, 1, far, 1, false), HV_STATUS_INVALID_PARAMETER, "format 2");
	let_in();
	EXPECT_EQ(rt_interrupts[VECTOR] - before, 0, "interrupts");
	rt_on_interrupt = NULL;
}

/* ---- several processors ---- */

static void take_interrupts(void *unused)
{
	(void)unused;
	listen();
	__asm__ volatile("sti" : : : "memory");
	__atomic_fetch_add(&listeners, 1, __ATOMIC_RELEASE);
	while (__atomic_load_n(&listening, __ATOMIC_ACQUIRE))
		__asm__ volatile("pause");
	__asm__ volatile("cli" : : : "memory");
}

static bool all_listen(void *unused)
{
	(void)unused;
	return __atomic_load_n(&listeners, __ATOMIC_ACQUIRE) == rt_cpu_count - 1;
}

static u32 total(void)
{
	u32 sum = 0;

	for (unsigned n = 0; n < rt_cpu_count; n++)
		sum += rt_cpus[n].interrupts[VECTOR];
	return sum;
}

static bool have_come(void *sum)
{
	return total() >= *(u32 *)sum;
}

/* One set in one form: each of its processors is interrupted once, and nobody else. */
static void send_to_some(enum form form, u64 mask)
{
	u32 before[RT_CPUS], sum = total();

	for (unsigned n = 0; n < rt_cpu_count; n++) {
		before[n] = rt_cpus[n].interrupts[VECTOR];
		sum += mask >> n & 1;
	}
	expect(send(form, VECTOR, mask), HV_STATUS_SUCCESS, form_names[form]);
	let_in();
	EXPECT(rt_wait_for(have_come, &sum), "%s: mask 0x%llx: %u interrupts are missing",
		form_names[form], mask, sum - total());
	for (unsigned n = 0; n < rt_cpu_count; n++)
		EXPECT(rt_cpus[n].interrupts[VECTOR] - before[n] == (mask >> n & 1),
			"%s: mask 0x%llx: %u interrupts of processor %u", form_names[form], mask,
			rt_cpus[n].interrupts[VECTOR] - before[n], n);
}

static bool others_listen(void)
{
	if (rt_cpu_count == 1) {
		test_skip("one processor");
		return false;
	}
	EXPECT_EQ(rt_cpus_start(), rt_cpu_count, "processors that started");
	__atomic_store_n(&listening, true, __ATOMIC_RELEASE);
	listeners = 0;
	listen();
	for (unsigned n = 1; n < rt_cpu_count; n++)
		rt_ask(n, take_interrupts, NULL);
	EXPECT(rt_wait_for(all_listen, NULL), "not all listen");
	return true;
}

static void others_end(void)
{
	__atomic_store_n(&listening, false, __ATOMIC_RELEASE);
	for (unsigned n = 1; n < rt_cpu_count; n++)
		EXPECT_EQ(rt_answer(n), FAULT_NONE, "fault there");
	rt_on_interrupt = NULL;
	rt_cpus_stop();
}

static void to_every_set(void)
{
	if (!others_listen())
		return;
	for (u64 mask = 0; mask < 1ull << rt_cpu_count; mask++)
		for (enum form f = FAST; f < FORMS; f++)
			if (can_send(f))
				send_to_some(f, mask);
	others_end();
}

static void to_all_of_several(void)
{
	u32 sum;

	if (!others_listen())
		return;
	sum = total() + rt_cpu_count;
	expect(ex_call(VECTOR, HV_VP_SET_FORMAT_ALL, 0, NULL, 0, false), HV_STATUS_SUCCESS, "all");
	let_in();
	EXPECT(rt_wait_for(have_come, &sum), "%u interrupts are missing", sum - total());
	EXPECT_EQ(total(), sum, "interrupts");
	others_end();
}

/* One that waits for a start-up IPI takes nothing, and what was sent is gone when it starts. */
static void to_one_that_waits(void)
{
	if (rt_cpu_count == 1) {
		test_skip("one processor");
		return;
	}
	rt_cpu_stop(1);
	expect(send(FAST, VECTOR, 2), HV_STATUS_SUCCESS, "the call");
	EXPECT(rt_cpu_start(1), "it does not start");
	__atomic_store_n(&listening, false, __ATOMIC_RELEASE);
	EXPECT_EQ(rt_run_on(1, take_interrupts, NULL), FAULT_NONE, "fault there");
	EXPECT_EQ(rt_cpus[1].interrupts[VECTOR], 0, "interrupts of before its start");
	rt_cpus_stop();
}

void suite_cluster(void)
{
	static const struct test tests[] = {
		{ "to-self", to_self }, { "at-once", at_once }, { "every-vector", every_vector },
		{ "to-nobody", to_nobody }, { "to-all", to_all }, { "refuses", refuses },
		{ "to-every-set", to_every_set }, { "to-all-of-several", to_all_of_several },
		{ "to-one-that-waits", to_one_that_waits },
	};

	call_enable();
	test_run("cluster", tests, RT_COUNT(tests));
}
