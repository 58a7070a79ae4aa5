/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The EOI, ICR and TPR MSRs, compared with what the local APIC itself shows. */
#include "test.h"

#define APIC_ID 0x20
#define APIC_TPR 0x80
#define APIC_ICR_LOW 0x300
#define APIC_ICR_HIGH 0x310
#define APIC_ISR 0x100
#define APIC_IRR 0x200
#define ICR_SELF (1u << 18)
#define ICR_ASSERT (1u << 14)
#define VECTOR 0x91

static bool in_service, end_in_handler;

static bool apic_offered(void)
{
	return offered(hv_has_privilege_access_intr_ctrl_regs);
}

static bool vector_bit(u32 base, u32 vector)
{
	return rt_apic_read(base + (vector / 32) * 16) & (1u << vector % 32);
}

static void write_msr(u32 msr, u64 value)
{
	EXPECT_EQ(rt_wrmsr(msr, value), FAULT_NONE, "fault of the write");
}

static void tpr(void)
{
	u64 value = 0;

	if (!apic_offered())
		return;
	rt_apic_enable();
	for (u32 v = 0; v < 0x100; v += 0x11) {
		write_msr(HV_X64_MSR_TPR, v);
		EXPECT_EQ(rt_apic_read(APIC_TPR), v, "the APIC's TPR");
		EXPECT_EQ(rt_rdmsr(HV_X64_MSR_TPR, &value), FAULT_NONE, "fault of the read");
		EXPECT_EQ(value, v, "TPR");
	}
	rt_apic_write(APIC_TPR, 0x20);
	rt_rdmsr(HV_X64_MSR_TPR, &value);
	EXPECT_EQ(value, 0x20, "TPR after a write to the APIC itself");
	write_msr(HV_X64_MSR_TPR, 0);
}

static void tpr_refuses(void)
{
	if (!apic_offered())
		return;
	for (u32 bit = 8; bit < 64; bit++)
		EXPECT_EQ(
			rt_wrmsr(HV_X64_MSR_TPR, 1ull << bit), FAULT_GP, "fault of a reserved bit");
	EXPECT_EQ(rt_apic_read(APIC_TPR), 0, "the APIC's TPR after the refusals");
}

static void on_interrupt(u32 vector)
{
	in_service = vector_bit(APIC_ISR, vector);
	if (end_in_handler)
		rt_wrmsr(HV_X64_MSR_EOI, 0);
}

static void interrupts_for_a_while(void)
{
	__asm__ volatile("sti; nop; nop; nop; cli" : : : "memory");
	rt_pm_wait(1000);
}

/* A fixed interrupt to ourselves through ICR; taken; and ended through EOI. */
static void icr_and_eoi(void)
{
	u32 before = rt_interrupts[VECTOR];
	u64 value = 0;

	if (!apic_offered())
		return;
	rt_apic_enable();
	rt_on_interrupt = on_interrupt;
	in_service = false;
	end_in_handler = true;
	write_msr(HV_X64_MSR_ICR, ICR_SELF | ICR_ASSERT | VECTOR);
	EXPECT(vector_bit(APIC_IRR, VECTOR), "the interrupt is not pending in the APIC");
	EXPECT_EQ(rt_rdmsr(HV_X64_MSR_ICR, &value), FAULT_NONE, "fault of the read");
	EXPECT_EQ((u32)value & 0xff, VECTOR, "vector in ICR");
	interrupts_for_a_while();
	EXPECT_EQ(rt_interrupts[VECTOR] - before, 1, "interrupts taken");
	EXPECT(in_service, "the interrupt was not in service in its handler");
	EXPECT(!vector_bit(APIC_ISR, VECTOR), "EOI did not end the interrupt");
	rt_on_interrupt = NULL;
}

/* By destination instead of shorthand: the high half of ICR must count. */
static void icr_destination(void)
{
	u64 id = rt_apic_read(APIC_ID) >> 24;
	u32 before = rt_interrupts[VECTOR];

	if (!apic_offered())
		return;
	rt_on_interrupt = on_interrupt;
	end_in_handler = true;
	write_msr(HV_X64_MSR_ICR, id << 56 | ICR_ASSERT | VECTOR);
	EXPECT_EQ(rt_apic_read(APIC_ICR_HIGH) >> 24, id, "destination in the APIC");
	interrupts_for_a_while();
	EXPECT_EQ(rt_interrupts[VECTOR] - before, 1, "interrupts taken");
	write_msr(HV_X64_MSR_ICR, (id ^ 1) << 56 | ICR_ASSERT | VECTOR);
	EXPECT_EQ(rt_apic_read(APIC_ICR_HIGH) >> 24, id ^ 1, "other destination in the APIC");
	interrupts_for_a_while();
	EXPECT_EQ(
		rt_interrupts[VECTOR] - before, 1, "interrupts taken after one for somebody else");
	rt_on_interrupt = NULL;
}

static void eoi_refuses(void)
{
	u64 value;

	if (!apic_offered())
		return;
	EXPECT_EQ(rt_rdmsr(HV_X64_MSR_EOI, &value), FAULT_GP, "fault of reading EOI");
	EXPECT_EQ(rt_fault.ip, (uintptr_t)rt_rdmsr_at, "its address");
	EXPECT_EQ(rt_wrmsr(HV_X64_MSR_EOI, 1ull << 32), FAULT_GP, "fault of a reserved bit");
	EXPECT_EQ(rt_wrmsr(HV_X64_MSR_EOI, 0), FAULT_NONE, "fault of EOI with nothing in service");
}

void suite_apic(void)
{
	static const struct test tests[] = {
		{ "tpr", tpr }, { "tpr-refuses", tpr_refuses }, { "icr-and-eoi", icr_and_eoi },
		{ "icr-destination", icr_destination }, { "eoi-refuses", eoi_refuses },
	};

	test_run("apic", tests, RT_COUNT(tests));
}
