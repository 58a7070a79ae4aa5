/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Which interrupt comes when: priorities of vectors, the task and the processor, what is pending
 * and in service, and its end. In both modes of the local APIC.
 */
#include "apic.h"
#include "test.h"

#define LOW 0x41
#define MIDDLE 0x61
#define SAME_CLASS 0x6f
#define HIGH 0x91

static u32 order[8], order_count;
static u32 seen_ppr, nested_ppr;

static void send_self(u32 vector)
{
	rt_apic_send(ICR_SELF | ICR_ASSERT | vector, 0);
}

static void note_and_end(u32 vector)
{
	if (order_count < RT_COUNT(order))
		order[order_count++] = vector;
	if (vector != SPURIOUS_VECTOR)
		rt_apic_write(APIC_EOI, 0);
}

static void begin(void (*handler)(u32 vector))
{
	memset(order, 0, sizeof(order));
	order_count = 0;
	rt_on_interrupt = handler;
	rt_apic_write(APIC_TPR, 0);
}

static void expect_order(unsigned count, u32 first, u32 second, u32 third)
{
	EXPECT_EQ(order_count, count, "interrupts taken");
	EXPECT_EQ(order[0], first, "the first");
	EXPECT_EQ(order[1], second, "the second");
	EXPECT_EQ(order[2], third, "the third");
}

static void expect_idle(void)
{
	for (u32 word = 0; word < 8; word++) {
		EXPECT_EQ(rt_apic_read(APIC_ISR + 16 * word), 0, "what is in service at the end");
		EXPECT_EQ(rt_apic_read(APIC_IRR + 16 * word), 0, "what is pending at the end");
	}
}

static void highest_first(void)
{
	begin(note_and_end);
	send_self(LOW);
	send_self(HIGH);
	send_self(MIDDLE);
	EXPECT(apic_vector_bit(APIC_IRR, LOW) && apic_vector_bit(APIC_IRR, MIDDLE) &&
			apic_vector_bit(APIC_IRR, HIGH),
		"not all three are pending");
	EXPECT_EQ(order_count, 0, "taken while interrupts are disabled");
	apic_let_in();
	expect_order(3, HIGH, MIDDLE, LOW);
	expect_idle();
}

/* Every vector there is, all pending at once. */
static void every_vector(void)
{
	u32 before[256];

	begin(note_and_end);
	for (u32 v = 0x20; v < SPURIOUS_VECTOR; v++) {
		before[v] = rt_interrupts[v];
		send_self(v);
	}
	apic_let_in();
	for (u32 v = 0x20; v < SPURIOUS_VECTOR; v++)
		EXPECT(rt_interrupts[v] == before[v] + 1, "vector 0x%x came %u times", v,
			rt_interrupts[v] - before[v]);
	expect_order(8, 0xfe, 0xfd, 0xfc);
	expect_idle();
}

/* ---- the task priority ---- */

static void write_tpr(u32 tpr)
{
	rt_apic_write(APIC_TPR, tpr);
}

static void write_tpr_msr(u32 tpr)
{
	EXPECT_EQ(rt_wrmsr(HV_X64_MSR_TPR, tpr), FAULT_NONE, "fault of the TPR MSR");
}

#ifdef __x86_64__
static void write_cr8(void *value)
{
	__asm__ volatile("mov %0, %%cr8" : : "r"(*(u64 *)value) : "memory");
}

static u64 read_cr8(void)
{
	u64 value;

	__asm__ volatile("mov %%cr8, %0" : "=r"(value));
	return value;
}

static void write_class(u32 tpr)
{
	u64 class = tpr >> 4;

	EXPECT_EQ(rt_try(write_cr8, &class), FAULT_NONE, "fault of CR8");
}
#endif

/* A pending interrupt of the same class waits, with interrupts enabled, until the task's falls. */
static void task_holds_up(void (*set_priority)(u32))
{
	begin(note_and_end);
	set_priority(MIDDLE & 0xf0);
	send_self(MIDDLE);
	apic_let_in();
	EXPECT_EQ(order_count, 0, "taken in spite of the task's priority");
	EXPECT(apic_vector_bit(APIC_IRR, MIDDLE), "it is not pending");
	EXPECT_EQ(rt_apic_read(APIC_PPR) & 0xf0, MIDDLE & 0xf0, "class of PPR");
	send_self(HIGH);
	apic_let_in();
	expect_order(1, HIGH, 0, 0);
	__asm__ volatile("sti" : : : "memory");
	set_priority((MIDDLE & 0xf0) - 0x10);
	__asm__ volatile("nop; cli" : : : "memory");
	expect_order(2, HIGH, MIDDLE, 0);
	set_priority(0);
	expect_idle();
}

static void by_tpr(void)
{
	task_holds_up(write_tpr);
}

static void by_tpr_msr(void)
{
	if (offered(hv_has_privilege_access_intr_ctrl_regs))
		task_holds_up(write_tpr_msr);
}

/* Held up with interrupts disabled, too: neither alone is enough. */
static void by_both(void)
{
	begin(note_and_end);
	write_tpr(0xf0);
	send_self(HIGH);
	write_tpr(0);
	EXPECT_EQ(order_count, 0, "taken while interrupts are disabled");
	write_tpr(0xf0);
	apic_let_in();
	EXPECT_EQ(order_count, 0, "taken in spite of the task's priority");
	write_tpr(0);
	apic_let_in();
	expect_order(1, HIGH, 0, 0);
	expect_idle();
}

static void all_eight_bits(void)
{
	for (u32 tpr = 0; tpr < 0x100; tpr++) {
		write_tpr(tpr);
		EXPECT_EQ(rt_apic_read(APIC_TPR), tpr, "TPR");
		EXPECT_EQ(rt_apic_read(APIC_PPR), tpr, "PPR with nothing in service");
#ifdef __x86_64__
		EXPECT_EQ(read_cr8(), tpr >> 4, "CR8");
#endif
	}
	write_tpr(0);
}

#ifdef __x86_64__
static void by_cr8(void)
{
	task_holds_up(write_class);
}

static void cr8_is_tpr(void)
{
	for (u64 class = 0; class < 16; class++) {
		write_tpr(0x5a);
		EXPECT_EQ(rt_try(write_cr8, &class), FAULT_NONE, "fault of CR8");
		EXPECT_EQ(read_cr8(), class, "CR8");
		EXPECT_EQ(rt_apic_read(APIC_TPR) & 0xf0, class << 4, "class of TPR");
	}
	write_class(0);
}

/* The processor itself refuses them, but for QEMU's, which does not know these bits at all. */
static void cr8_refuses(void)
{
	u64 value = 1ull << 63;

	if (!rt_try(write_cr8, &value)) {
		EXPECT_EQ(read_cr8(), 0, "CR8 after bit 63");
		test_skip("this processor takes reserved bits");
		return;
	}
	write_class(0x30);
	for (u32 bit = 4; bit < 64; bit++) {
		value = 1ull << bit;
		EXPECT_EQ(rt_try(write_cr8, &value), FAULT_GP, "fault of a reserved bit");
	}
	EXPECT_EQ(read_cr8(), 3, "CR8 after the refusals");
	write_class(0);
}
#endif

/* ---- in service ---- */

/* In service, only a higher class comes in between. */
static void nest(u32 vector)
{
	order[order_count++ % RT_COUNT(order)] = vector;
	if (vector == MIDDLE && order_count == 1) {
		seen_ppr = rt_apic_read(APIC_PPR);
		EXPECT(apic_vector_bit(APIC_ISR, MIDDLE), "not in service in its handler");
		EXPECT(!apic_vector_bit(APIC_IRR, MIDDLE), "pending in its handler");
		send_self(SAME_CLASS);
		send_self(MIDDLE);
		send_self(LOW);
		send_self(HIGH);
		apic_let_in();
		EXPECT_EQ(order_count, 2, "interrupts by now");
	}
	if (vector == HIGH) {
		nested_ppr = rt_apic_read(APIC_PPR);
		EXPECT(apic_vector_bit(APIC_ISR, MIDDLE) && apic_vector_bit(APIC_ISR, HIGH),
			"not both are in service");
	}
	rt_apic_write(APIC_EOI, 0);
	EXPECT(!apic_vector_bit(APIC_ISR, vector), "0x%x in service after its end", vector);
}

static void nesting(void)
{
	begin(nest);
	rt_apic_write(APIC_TPR, 0x25);
	send_self(MIDDLE);
	apic_let_in();
	EXPECT_EQ(order_count, 5, "interrupts taken");
	EXPECT(order[0] == MIDDLE && order[1] == HIGH && order[2] == SAME_CLASS &&
			order[3] == MIDDLE && order[4] == LOW,
		"the order is %x %x %x %x %x", order[0], order[1], order[2], order[3], order[4]);
	EXPECT_EQ(seen_ppr, MIDDLE & 0xf0, "PPR in the handler");
	EXPECT_EQ(nested_ppr, HIGH & 0xf0, "PPR in the handler within it");
	EXPECT_EQ(rt_apic_read(APIC_PPR), 0x25, "PPR afterwards");
	rt_apic_write(APIC_TPR, 0);
	expect_idle();
}

/* The task's low four bits show in PPR only while its class is not below what is in service. */
static void look_at_ppr(u32 vector)
{
	(void)vector;
	rt_apic_write(APIC_TPR, (MIDDLE & 0xf0) | 7);
	seen_ppr = rt_apic_read(APIC_PPR);
	rt_apic_write(APIC_TPR, (MIDDLE & 0xf0) - 0x10 + 7);
	nested_ppr = rt_apic_read(APIC_PPR);
	rt_apic_write(APIC_TPR, 0);
	rt_apic_write(APIC_EOI, 0);
}

static void ppr_of_both(void)
{
	begin(look_at_ppr);
	send_self(MIDDLE);
	apic_let_in();
	EXPECT_EQ(seen_ppr, (MIDDLE & 0xf0) | 7, "PPR with the task in the same class");
	EXPECT_EQ(nested_ppr, MIDDLE & 0xf0, "PPR with the task one class below");
	expect_idle();
}

/* Pending once, however often it is sent; and once more while the first is in service. */
static void pending_once(void)
{
	begin(note_and_end);
	for (unsigned i = 0; i < 5; i++)
		send_self(MIDDLE);
	apic_let_in();
	expect_order(1, MIDDLE, 0, 0);
	expect_idle();
}

static void end_nothing(u32 vector)
{
	order[order_count++ % RT_COUNT(order)] = vector;
}

/* Without an EOI nothing of the class or below comes; each EOI ends the highest in service. */
static void one_eoi_each(void)
{
	begin(end_nothing);
	send_self(LOW);
	apic_let_in();
	send_self(HIGH);
	apic_let_in();
	send_self(MIDDLE);
	apic_let_in();
	expect_order(2, LOW, HIGH, 0);
	rt_apic_write(APIC_EOI, 0);
	EXPECT(!apic_vector_bit(APIC_ISR, HIGH), "the higher one is still in service");
	EXPECT(apic_vector_bit(APIC_ISR, LOW), "the lower one is no more in service");
	apic_let_in();
	expect_order(3, LOW, HIGH, MIDDLE);
	rt_apic_write(APIC_EOI, 0);
	rt_apic_write(APIC_EOI, 0);
	expect_idle();
	rt_apic_write(APIC_EOI, 0);
	expect_idle();
}

/* ---- where the processor is ---- */

/* In the shadow of STI nothing comes: what follows is still executed. */
static void after_sti(void)
{
	uintptr_t marked = 0;

	begin(note_and_end);
	send_self(MIDDLE);
	__asm__ volatile("sti; mov $1, %0; nop; cli" : "+r"(marked) : : "memory");
	EXPECT_EQ(order_count, 1, "interrupts taken");
	send_self(MIDDLE);
	__asm__ volatile("sti; cli" : : : "memory");
	EXPECT_EQ(order_count, 1, "interrupts taken between STI and CLI");
	apic_let_in();
	EXPECT_EQ(order_count, 2, "interrupts taken in the end");
	expect_idle();
}

/* One that is pending already, or made so by the last instruction before, wakes from HLT. */
static void wakes_from_halt(void)
{
	begin(note_and_end);
	send_self(MIDDLE);
	__asm__ volatile("sti; hlt; cli" : : : "memory");
	expect_order(1, MIDDLE, 0, 0);
	expect_idle();
}

static const struct test tests[] = {
	{ "highest-first", highest_first },
	{ "every-vector", every_vector },
	{ "task-by-tpr", by_tpr },
	{ "task-by-tpr-msr", by_tpr_msr },
	{ "task-and-flag", by_both },
	{ "all-eight-bits", all_eight_bits },
#ifdef __x86_64__
	{ "task-by-cr8", by_cr8 },
	{ "cr8-is-tpr", cr8_is_tpr },
	{ "cr8-refuses", cr8_refuses },
#endif
	{ "nesting", nesting },
	{ "ppr-of-both", ppr_of_both },
	{ "pending-once", pending_once },
	{ "one-eoi-each", one_eoi_each },
	{ "after-sti", after_sti },
	{ "wakes-from-halt", wakes_from_halt },
};

void suite_priority(void)
{
	apic_test_run("priority", tests, RT_COUNT(tests));
}
