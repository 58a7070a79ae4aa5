/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Calls on other virtual processors: interrupts to sets of them, their registers, their start. */
/* link: core */
#include "fake.h"

#include <string.h>
#include <ucontext.h>

#include "hv_abi.h"
#include "interrupt.h"
#include "msr.h"
#include "reftsc.h"
#include "remote.h"
#include "spec_calls.h"

#define IN_PAGE 0x200000ull
#define OUT_PAGE 0x210000ull
#define FAST (1ull << 16)
#define VAR(n) ((u64)(n) << 17)
#define REPS(n) ((u64)(n) << 32)
#define MANY 128   /* two banks */
#define VECTOR 0x65
#define LAPIC_ENABLED 0x1ffu

static struct vcpu *v;
static struct partition *p;

static void several(u32 count)
{
	v = fake_vps(count);
	p = v->partition;
	for (u32 i = 0; i < count; i++)
		lapic_write(p->vp[i], LAPIC_SVR, LAPIC_ENABLED);
}

static int setup(void **state)
{
	(void)state;
	several(4);
	return 0;
}

/* ---- the call, with lists of its own for each VP ---- */

static u64 in_of(const struct vcpu *of)
{
	return IN_PAGE + of->index * PAGE_SIZE;
}

static u64 out_of(const struct vcpu *of)
{
	return OUT_PAGE + of->index * PAGE_SIZE;
}

static enum vm_next enter(struct vcpu *by, u64 control)
{
	by->regs.rcx = control;
	by->regs.rdx = in_of(by);
	by->regs.r8 = out_of(by);
	return hypercall_exit(by, CALLER_64);
}

/* The result of a call whose entries follow each other at once. */
static u64 call_by(struct vcpu *by, u64 control, const void *input, size_t size)
{
	if (size)
		memcpy(fake_at(in_of(by)), input, size);
	while (enter(by, control) == VM_RETRY)
		control = by->regs.rcx;
	return by->regs.rax;
}

static u64 call(u64 control, const void *input, size_t size)
{
	return call_by(v, control, input, size);
}

/* ---- interrupts ---- */

static bool has_interrupt(struct vcpu *of, u8 vector)
{
	const u32 irr = *lapic_reg(&of->lapic, LAPIC_IRR + vector / 32u * 0x10);

	return (irr >> vector % 32 & 1) || (of->lapic.posted[vector / 64] >> vector % 64 & 1);
}

/* Exactly the VPs of a set, which has a bit per VP, have the interrupt. */
static void expect_interrupts(const u64 set[2], u8 vector)
{
	for (u32 i = 0; i < p->env.vp_count; i++)
		assert_int_equal(has_interrupt(p->vp[i], vector), set[i / 64] >> i % 64 & 1);
}

static void test_ipi_to_mask(void **state)
{
	(void)state;
	for (u64 mask = 0; mask < 16; mask++) {
		const u64 words[2] = { VECTOR, mask }, set[2] = { mask };

		several(4);
		assert_int_equal(call(HV_CALL_SEND_SYNTHETIC_CLUSTER_IPI, words, 16), 0);
		expect_interrupts(set, VECTOR);
		assert_int_equal(fake_machine.kicks, __builtin_popcountll(mask & ~1ull));
		several(4);
		v->regs.rcx = HV_CALL_SEND_SYNTHETIC_CLUSTER_IPI | FAST;
		v->regs.rdx = VECTOR;
		v->regs.r8 = mask;
		assert_int_equal(hypercall_exit(v, CALLER_64), VM_SKIP);
		expect_interrupts(set, VECTOR);
	}
}

static void test_ipi_refuses(void **state)
{
	static const struct { u32 vector; u64 mask; } rows[] = {
		{ 15, 1 }, { 256, 1 }, { VECTOR, 1 << 4 | 1 }, { VECTOR, 1ull << 63 },
	};
	static const u64 nobody[2];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const u64 words[2] = { rows[i].vector, rows[i].mask };

		assert_int_equal(call(HV_CALL_SEND_SYNTHETIC_CLUSTER_IPI, words, 16),
				 HV_STATUS_INVALID_PARAMETER);
		expect_interrupts(nobody, VECTOR);
	}
}

/* Banks: of VPs that exist and of those that do not, with and without a bank in between. */
static void test_ipi_to_sparse_set(void **state)
{
	static const struct { u64 valid, banks[3]; u32 count; u16 status; u64 set[2]; } rows[] = {
		{ 1, { 5 }, 1, HV_STATUS_SUCCESS, { 5, 0 } },
		{ 2, { 1ull << 63 | 1 }, 1, HV_STATUS_SUCCESS, { 0, 1ull << 63 | 1 } },
		{ 3, { 1ull << 63, 2 }, 2, HV_STATUS_SUCCESS, { 1ull << 63, 2 } },
		{ 3, { 0, ~0ull }, 2, HV_STATUS_SUCCESS, { 0, ~0ull } },
		{ 1ull << 63 | 2, { 4, 0 }, 2, HV_STATUS_SUCCESS, { 0, 4 } },
		{ 0, { 0 }, 0, HV_STATUS_SUCCESS, { 0 } },
		{ 5, { 1, 1 }, 2, HV_STATUS_INVALID_PARAMETER, { 0 } },
		{ 1ull << 63 | 3, { 1, 1, 1ull << 63 }, 3, HV_STATUS_INVALID_PARAMETER, { 0 } },
		{ 3, { 1 }, 1, HV_STATUS_INVALID_HYPERCALL_INPUT, { 0 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		u64 words[6] = { VECTOR, HV_VP_SET_FORMAT_SPARSE_4K, rows[i].valid };

		memcpy(words + 3, rows[i].banks, sizeof(rows[i].banks));
		several(MANY);
		assert_int_equal(call(HV_CALL_SEND_SYNTHETIC_CLUSTER_IPI_EX | VAR(rows[i].count),
				      words, 24 + 8 * rows[i].count),
				 rows[i].status);
		expect_interrupts(rows[i].set, VECTOR);
	}
}

static void test_ipi_to_all(void **state)
{
	static const u64 words[3] = { VECTOR, HV_VP_SET_FORMAT_ALL, 0 }, all[2] = { ~0ull, ~0ull };

	(void)state;
	several(MANY);
	assert_int_equal(call(HV_CALL_SEND_SYNTHETIC_CLUSTER_IPI_EX, words, sizeof(words)), 0);
	expect_interrupts(all, VECTOR);
}

/* A count in the middle of a bank. */
static void test_ipi_beyond_last(void **state)
{
	static const u64 last[4] = { VECTOR, HV_VP_SET_FORMAT_SPARSE_4K, 2, 1ull << 5 },
			 next[4] = { VECTOR, HV_VP_SET_FORMAT_SPARSE_4K, 2, 1ull << 6 };

	(void)state;
	several(64 + 6);
	assert_int_equal(call(HV_CALL_SEND_SYNTHETIC_CLUSTER_IPI_EX | VAR(1), last, 32), 0);
	assert_true(has_interrupt(p->vp[69], VECTOR));
	assert_int_equal(call(HV_CALL_SEND_SYNTHETIC_CLUSTER_IPI_EX | VAR(1), next, 32),
			 HV_STATUS_INVALID_PARAMETER);
}

/* ---- other processors at work while one waits ---- */

static void serve(struct vcpu *of)
{
	struct vcpu *const self = fake_machine.vcpu;

	fake_machine.vcpu = of;
	if (of->requests)
		interrupt_service(of);
	fake_machine.vcpu = self;
}

static void all_serve(void)
{
	for (u32 i = 0; i < p->env.vp_count; i++)
		if (p->vp[i] != fake_machine.vcpu)
			serve(p->vp[i]);
}

struct get { struct hv_get_vp_registers_in in; u32 name[8]; };
struct set { struct hv_set_vp_registers_in in; struct hv_set_vp_registers_each_in each[4]; };

static u64 get(u32 vp, u32 name, u32 count)
{
	struct get g = { .in = { .partition_id = HV_PARTITION_ID_SELF, .vp_index = vp } };

	for (u32 i = 0; i < count; i++)
		g.name[i] = name;
	return call(HV_CALL_GET_VP_REGISTERS | REPS(count), &g, sizeof(g));
}

static struct set set_input(u32 vp, u32 name, u64 value)
{
	struct set s = { .in = { .partition_id = HV_PARTITION_ID_SELF, .vp_index = vp } };

	for (size_t i = 0; i < ARRAY_SIZE(s.each); i++) {
		s.each[i].name = name;
		memcpy(&s.each[i].value, &value, sizeof(value));
	}
	return s;
}

static void test_registers_of_others(void **state)
{
	const struct set s = set_input(2, HV_REGISTER_NAME_X64_CR3, 0x5000);
	const u64 *out = fake_at(OUT_PAGE);

	(void)state;
	fake_machine.on_pause = all_serve;
	fake_virts[2].reg[VREG_RIP] = 0x1234;
	assert_int_equal(get(2, HV_REGISTER_NAME_X64_RIP, 1), REPS(1));
	assert_int_equal(out[0], 0x1234);
	assert_int_equal(get(3, HV_REGISTER_NAME_VP_INDEX, 8), REPS(8));
	for (u32 i = 0; i < 8; i++)
		assert_int_equal(out[2 * i], 3);
	assert_int_equal(call(HV_CALL_SET_VP_REGISTERS | REPS(1), &s, 48), REPS(1));
	assert_int_equal(fake_virts[2].reg[VREG_CR3], 0x5000);
	assert_int_equal(fake_virts[0].reg[VREG_CR3], 0);
	assert_int_equal(get(2, 0x7ffffff0, 2), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(get(4, HV_REGISTER_NAME_X64_RIP, 1), HV_STATUS_INVALID_VP_INDEX);
	assert_null(p->vp[2]->remote);
}

/* Each wait for another VP ends the entry: interrupts of the caller come in between. */
static void test_one_wait_per_entry(void **state)
{
	const struct set s = set_input(1, HV_REGISTER_NAME_X64_CR3, 0x5000),
			 own = set_input(0, HV_REGISTER_NAME_X64_CR3, 0x5000);

	(void)state;
	fake_machine.on_pause = all_serve;
	memcpy(fake_at(IN_PAGE), &s, sizeof(s));
	assert_int_equal(enter(v, HV_CALL_SET_VP_REGISTERS | REPS(4)), VM_RETRY);
	assert_int_equal(v->regs.rcx >> 48, 1);
	gpa_ptr(p, &v->hits, GPA(IN_PAGE), NPT_R); /* the short path */
	assert_int_equal(enter(v, HV_CALL_SET_VP_REGISTERS | REPS(4)), VM_RETRY);
	assert_int_equal(v->regs.rcx >> 48, 1);
	memcpy(fake_at(IN_PAGE), &own, sizeof(own));
	assert_int_equal(enter(v, HV_CALL_SET_VP_REGISTERS | REPS(4)), VM_SKIP);
}

/* Output in registers is put together over the entries. */
static void test_output_over_entries(void **state)
{
	u64 control = HV_CALL_GET_VP_REGISTERS | FAST | REPS(3);
	const u64 head[2] = { HV_PARTITION_ID_SELF, 2 };
	const u32 names[4] = { HV_REGISTER_NAME_VP_INDEX, HV_REGISTER_NAME_X64_CR3,
			       HV_REGISTER_NAME_VP_INDEX };
	u32 entries = 1;

	(void)state;
	fake_machine.on_pause = all_serve;
	fake_virts[2].reg[VREG_CR3] = 0x5000;
	memcpy(fake_machine.xmm[0], names, sizeof(names));
	v->regs.rdx = head[0];
	v->regs.r8 = head[1];
	for (v->regs.rcx = control; hypercall_exit(v, CALLER_64) == VM_RETRY; entries++)
		;
	assert_int_equal(entries, 3);
	assert_int_equal(v->regs.rax, REPS(3));
	assert_int_equal(fake_machine.xmm[1][0], 2);
	assert_int_equal(fake_machine.xmm[2][0], 0x5000);
	assert_int_equal(fake_machine.xmm[3][0], 2);
	assert_memory_equal(fake_machine.xmm[0], names, sizeof(names));
}

/* RIP of a VP that is not in a call: its next call is skipped as ever. */
static void test_rip_of_another(void **state)
{
	const struct set s = set_input(1, HV_REGISTER_NAME_X64_RIP, 0x7777);

	(void)state;
	fake_machine.on_pause = all_serve;
	assert_int_equal(call(HV_CALL_SET_VP_REGISTERS | REPS(1), &s, 48), REPS(1));
	assert_int_equal(fake_virts[1].reg[VREG_RIP], 0x7777);
	p->vp[1]->regs.rcx = HV_CALL_NOTIFY_LONG_SPIN_WAIT | FAST;
	assert_int_equal(hypercall_exit(p->vp[1], CALLER_64), VM_SKIP);
}

/* ---- two at once: each a thread of its own, that goes on whenever the other pauses ---- */

static ucontext_t thread[2], scheduler;
static u8 stacks[2][256 * 1024];
static u32 running;
static u64 results[2];
static u32 pauses;

static void let_other_run(void)
{
	const u32 self = running;

	assert_true(++pauses < 1000);
	running = !self;
	fake_machine.vcpu = p->vp[running];
	swapcontext(&thread[self], &thread[running]);
}

/* A call on the other VP; then the guest, whose exits look for requests, until both are done. */
static void ask_other(unsigned self, unsigned name)
{
	struct get g = { .in = { .partition_id = HV_PARTITION_ID_SELF, .vp_index = !self } };
	struct set s = set_input(!self, name, 0xabc0 + self);
	struct vcpu *by = p->vp[self];
	u64 written;

	g.name[0] = g.name[1] = g.name[2] = name;
	written = call_by(by, HV_CALL_SET_VP_REGISTERS | REPS(2), &s, sizeof(s));
	results[self] = written | call_by(by, HV_CALL_GET_VP_REGISTERS | REPS(3), &g, sizeof(g));
	while (results[0] == UINT64_MAX || results[1] == UINT64_MAX) {
		if (by->requests)
			interrupt_service(by);
		let_other_run();
	}
	swapcontext(&thread[self], &scheduler);
}

static void start_thread(u32 n, u32 name)
{
	getcontext(&thread[n]);
	thread[n].uc_stack.ss_sp = stacks[n];
	thread[n].uc_stack.ss_size = sizeof(stacks[n]);
	thread[n].uc_link = &scheduler;
	makecontext(&thread[n], (void (*)(void))ask_other, 2, n, name);
	results[n] = UINT64_MAX;
}

static void ask_each_other(u32 name)
{
	several(2);
	pauses = running = 0;
	start_thread(0, name);
	start_thread(1, name);
	fake_machine.on_pause = let_other_run;
	swapcontext(&scheduler, &thread[0]);
	for (u32 n = 0; n < 2; n++) {
		assert_int_equal(results[n], REPS(3) | REPS(2));
		assert_null(p->vp[n]->remote);
	}
}

static void test_ask_each_other(void **state)
{
	(void)state;
	ask_each_other(HV_REGISTER_NAME_X64_CR3);
	assert_int_equal(fake_virts[0].reg[VREG_CR3], 0xabc1);
	assert_int_equal(fake_virts[1].reg[VREG_CR3], 0xabc0);
	for (u32 n = 0; n < 2; n++)
		assert_int_equal(*(u64 *)fake_at(out_of(p->vp[n])), 0xabc0 + n);
}

/* What is asked moves an overlay, whose flush waits in its turn for the one who asked. */
static void test_ask_for_flushes(void **state)
{
	(void)state;
	ask_each_other(HV_REGISTER_NAME_VP_ASSIST_PAGE);
}

/* The first VP's loop in which it waits for another. */
static void serve_first(void)
{
	remote_requested(v);
}

/* RIP set in the midst of a call is where the guest goes on: the call is not skipped as well. */
static void set_rip_of_first(void)
{
	const struct set s = set_input(0, HV_REGISTER_NAME_X64_RIP, 0x8888);
	struct vcpu *const self = fake_machine.vcpu;

	fake_machine.on_pause = serve_first;
	fake_machine.vcpu = p->vp[2];
	assert_int_equal(call_by(p->vp[2], HV_CALL_SET_VP_REGISTERS | REPS(1), &s, 48), REPS(1));
	fake_machine.vcpu = self;
	fake_machine.on_pause = all_serve;
}

static void test_rip_in_a_call(void **state)
{
	struct get g = { .in = { .partition_id = HV_PARTITION_ID_SELF, .vp_index = 1 } };

	(void)state;
	g.name[0] = HV_REGISTER_NAME_X64_CR3;
	memcpy(fake_at(IN_PAGE), &g, sizeof(g));
	fake_machine.on_pause = set_rip_of_first;
	assert_int_equal(enter(v, HV_CALL_GET_VP_REGISTERS | REPS(1)), VM_RETRY);
	assert_int_equal(v->regs.rax, REPS(1));
	assert_int_equal(fake_virts[0].reg[VREG_RIP], 0x8888);
}

/* ---- a machine that ends ---- */

static void stop(void)
{
	fake_machine.vcpu->requests |= VCPU_REQUEST_STOP;
}

static void test_stops_while_waiting(void **state)
{
	(void)state;
	fake_machine.on_pause = stop;
	assert_true(fake_halts(get(1, HV_REGISTER_NAME_X64_RIP, 1)));
}

/* ---- numbers ---- */

static void test_numbers(void **state)
{
	struct { struct hv_get_vp_index_from_apic_id_in in; u32 id[6]; } in = {
		.in = { .partition_id = HV_PARTITION_ID_SELF },
		.id = { 10, 7, 9, 8, 11, 7 },
	};
	const u32 *out = fake_at(OUT_PAGE);

	(void)state;
	assert_int_equal(call(HV_CALL_GET_VP_INDEX_FROM_APIC_ID | REPS(4), &in, sizeof(in)),
			 REPS(4));
	assert_int_equal(out[0], 3);
	assert_int_equal(out[1], 0);
	assert_int_equal(out[2], 2);
	assert_int_equal(out[3], 1);
	assert_int_equal(call(HV_CALL_GET_VP_INDEX_FROM_APIC_ID | REPS(6), &in, sizeof(in)),
			 REPS(4) | HV_STATUS_INVALID_PARAMETER);
}

/* ---- start ---- */

static void wait_ends(struct vcpu *of)
{
	(void)of;
	fail_msg("a VP that waits was waited for");
}

static struct hv_start_virtual_processor_in start_input(u32 vp)
{
	return (struct hv_start_virtual_processor_in){
		.partition_id = HV_PARTITION_ID_SELF,
		.vp_index = vp,
		.vp_context = {
			.rip = 0x1111, .rsp = 0x2222, .rflags = 2, .efer = 0xd00, .cr0 = 0x80000011,
			.cr3 = 0x3000, .cr4 = 0x20, .msr_cr_pat = 0x0007040600070406,
			.cs = { .base = 1, .limit = 0xffffffff, .selector = 0x10, .attributes = 0xaf9b },
			.tr = { .base = 0x4444, .limit = 0x67, .selector = 0x40, .attributes = 0x8b },
			.gdtr = { .base = 0x5555, .limit = 0x7f },
			.idtr = { .base = 0x6666, .limit = 0xfff },
		},
	};
}

static u64 start(u32 vp)
{
	const struct hv_start_virtual_processor_in in = start_input(vp);

	return call(HV_CALL_START_VIRTUAL_PROCESSOR, &in, sizeof(in));
}

static void test_start(void **state)
{
	const struct vcpu_context *c = &fake_virts[1].context;

	(void)state;
	fake_virts[1].on_wait = wait_ends;
	p->vp[1]->state = VCPU_WAITS_FOR_START_UP;
	fake_machine.on_pause = all_serve;
	assert_int_equal(start(1), HV_STATUS_SUCCESS);
	assert_int_equal(p->vp[1]->state, VCPU_RUNS);
	assert_int_equal(c->rip, 0x1111);
	assert_int_equal(c->rsp, 0x2222);
	assert_int_equal(c->efer, 0xd00);
	assert_int_equal(c->cr3, 0x3000);
	assert_int_equal(c->segment[VSEG_CS].attributes, 0xa09b);
	assert_int_equal(c->segment[VSEG_TR].base, 0x4444);
	assert_int_equal(c->segment[VSEG_GDTR].limit, 0x7f);
	assert_int_equal(c->segment[VSEG_IDTR].base, 0x6666);
	assert_int_equal(start(1), HV_STATUS_INVALID_VP_STATE);
}

static void test_start_refuses(void **state)
{
	(void)state;
	fake_machine.on_pause = all_serve;
	assert_int_equal(start(0), HV_STATUS_INVALID_VP_STATE);
	assert_int_equal(start(HV_VP_INDEX_SELF), HV_STATUS_INVALID_VP_STATE);
	assert_int_equal(start(3), HV_STATUS_INVALID_VP_STATE);
	assert_int_equal(start(4), HV_STATUS_INVALID_VP_INDEX);
}

/* The clock's page is for VPs of one TSC: one that starts with another takes it away, as its IPI does. */
static void test_start_with_another_tsc(void **state)
{
	const struct reftsc_page *page;

	(void)state;
	fake_machine.on_pause = all_serve;
	assert_true(msr_write(v, HV_X64_MSR_REFERENCE_TSC, HV_X64_MSR_REFERENCE_TSC_ENABLE));
	p->vp[1]->state = VCPU_WAITS_FOR_START_UP;
	page = p->overlays.slot[OVERLAY_REFERENCE_TSC].page;
	reftsc_set_tsc_offset(p->vp[1], 5);
	assert_int_not_equal(page->sequence, 0);
	assert_int_equal(start(1), HV_STATUS_SUCCESS);
	assert_int_equal(page->sequence, 0);
}

/* Values that the processor cannot be in: the VP waits on, and a start-up IPI still starts it. */
static void start_up(struct vcpu *of)
{
	vcpu_start_up(of, 0x9a);
}

static void test_start_refuses_values(void **state)
{
	struct hv_start_virtual_processor_in in = start_input(1);

	(void)state;
	in.vp_context.rip = fake_virts[1].illegal = 0xbad;
	fake_virts[1].on_wait = start_up;
	p->vp[1]->state = VCPU_WAITS_FOR_START_UP;
	fake_machine.on_pause = all_serve;
	assert_int_equal(call(HV_CALL_START_VIRTUAL_PROCESSOR, &in, sizeof(in)),
			 HV_STATUS_INVALID_REGISTER_VALUE);
	assert_int_equal(fake_virts[1].start_up_page, 0x9a);
	assert_int_equal(p->vp[1]->state, VCPU_RUNS);
}

/* ---- extended calls ---- */

static void test_capabilities(void **state)
{
	(void)state;
	memset(fake_at(OUT_PAGE), 0xee, 16);
	assert_int_equal(call(HV_CALL_EXT_QUERY_CAPABILITIES, NULL, 0), HV_STATUS_SUCCESS);
	assert_int_equal(*(u64 *)fake_at(OUT_PAGE), 0); /* it is the only one */
	assert_int_equal(*(u64 *)fake_at(OUT_PAGE + 8), 0xeeeeeeeeeeeeeeee);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_ipi_to_mask),
		TEST(test_ipi_refuses),
		TEST(test_ipi_to_sparse_set),
		TEST(test_ipi_to_all),
		TEST(test_ipi_beyond_last),
		TEST(test_registers_of_others),
		TEST(test_one_wait_per_entry),
		TEST(test_output_over_entries),
		TEST(test_rip_of_another),
		TEST(test_ask_each_other),
		TEST(test_ask_for_flushes),
		TEST(test_rip_in_a_call),
		TEST(test_stops_while_waiting),
		TEST(test_numbers),
		TEST(test_start),
		TEST(test_start_with_another_tsc),
		TEST(test_start_refuses),
		TEST(test_start_refuses_values),
		TEST(test_capabilities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
