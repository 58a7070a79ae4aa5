/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Modes of the local APIC, and interrupts waited for. */
#include "apic.h"

#define CPUID_X2APIC (1u << 21)

enum apic_mode apic_tested_mode = APIC_IN_MEMORY;

static u64 apic_base(void)
{
	u64 base = 0;

	rt_rdmsr(MSR_APIC_BASE, &base);
	return base;
}

enum apic_mode apic_mode(void)
{
	const u64 base = apic_base();

	if (!(base & APIC_BASE_ENABLE))
		return APIC_OFF;
	return base & APIC_BASE_X2APIC ? APIC_BY_MSR : APIC_IN_MEMORY;
}

void apic_reset_to(void *mode)
{
	const u64 off = apic_base() & ~(u64)(APIC_BASE_ENABLE | APIC_BASE_X2APIC);

	rt_wrmsr(MSR_APIC_BASE, off);
	if (*(enum apic_mode *)mode == APIC_OFF)
		return;
	rt_wrmsr(MSR_APIC_BASE, off | APIC_BASE_ENABLE);
	if (*(enum apic_mode *)mode == APIC_BY_MSR)
		rt_wrmsr(MSR_APIC_BASE, off | APIC_BASE_ENABLE | APIC_BASE_X2APIC);
	rt_apic_write(APIC_SVR, SVR_ENABLE | SPURIOUS_VECTOR);
}

static void end_interrupt(u32 vector)
{
	if (vector != SPURIOUS_VECTOR && vector != VECTOR_NMI)
		rt_apic_write(APIC_EOI, 0);
}

void apic_handle_by_eoi(void)
{
	rt_on_interrupt = end_interrupt;
}

void apic_let_in(void)
{
	__asm__ volatile("sti; nop; nop; nop; nop; cli" : : : "memory");
}

void apic_let_in_for(u32 ticks)
{
	__asm__ volatile("sti" : : : "memory");
	rt_pm_wait(ticks);
	__asm__ volatile("cli" : : : "memory");
}

struct wanted { u32 vector, count; };

static bool has_come(void *argument)
{
	const struct wanted *w = argument;

	return rt_interrupts[w->vector] >= w->count;
}

bool apic_wait_for(u32 vector, u32 count)
{
	struct wanted w = { vector, count };
	bool came;

	__asm__ volatile("sti" : : : "memory");
	came = rt_wait_for(has_come, &w);
	__asm__ volatile("cli" : : : "memory");
	return came;
}

bool apic_vector_bit(u32 set, u32 vector)
{
	return rt_apic_read(set + vector / 32 * 16) >> vector % 32 & 1;
}

static void run_in(enum apic_mode mode, const char *name, const struct test *tests, unsigned count)
{
	char suite[32];

	rt_format(suite, sizeof(suite), "%s-%s", name, mode == APIC_BY_MSR ? "x2apic" : "xapic");
	apic_tested_mode = mode;
	apic_reset_to(&mode);
	test_run(suite, tests, count);
	rt_on_interrupt = NULL;
}

void apic_test_run_x2apic(const char *name, const struct test *tests, unsigned count)
{
	enum apic_mode memory = APIC_IN_MEMORY;

	if (rt_cpuid(1, 0).ecx & CPUID_X2APIC)
		run_in(APIC_BY_MSR, name, tests, count);
	apic_tested_mode = memory;
	apic_reset_to(&memory);
}

void apic_test_run(const char *name, const struct test *tests, unsigned count)
{
	run_in(APIC_IN_MEMORY, name, tests, count);
	apic_test_run_x2apic(name, tests, count);
}
