/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * The ways to end that the command line can ask for: what the hypervisor and boot/run make of each
 * is for others to check.
 */
#include "test.h"

static void end_triple(void)
{
	struct __attribute__((packed)) { u16 limit; uintptr_t base; } none = { 0, 0 };

	__asm__ volatile("lidt %0; ud2" : : "m"(none));
}

static void end_reset(void)
{
	rt_wrmsr(HV_X64_MSR_RESET, HV_X64_MSR_RESET_RESET);
}

static void end_cf9(void)
{
	outb(0xcf9, 0x02);
	outb(0xcf9, 0x06);
}

static void end_hang(void)
{
	for (;;)
		__asm__ volatile("pause");
}

/* Halted for good, where interrupts reach it. */
static void end_idle(void)
{
	for (;;)
		__asm__ volatile("sti; hlt");
}

static void end_power_off(void)
{
	rt_power_off();
}

/* What no kernel does with a local APIC: the hypervisor ends the partition and says so. */
static void end_apic(void)
{
	const uintptr_t apic = 0xfee00000;

	rt_apic_enable();
	__asm__ volatile("push (%0)" : : "r"(apic));
}

/* Tell the hypervisor of a crash with a text, as a panicking kernel does, and stay alive. */
static void end_crash(void)
{
	static const char text[] = "guest: this is the text of a crash\nsecond line\n";

	memcpy(call_output, text, sizeof(text));
	if (hv_detect(&offer))
		hv_crash(&offer, 0xc0, 0xc1, 0xc2, RT_GPA(call_output), sizeof(text) - 1);
	rt_exit(0x10);
}

/* Calls for a trace to show: a flush of two ranges, and one that breaks a rule. */
static void end_calls(void)
{
	static const struct hv_flush_virtual_address_list_in head = { 0x1000, 1, 1 };
	static const u64 ranges[] = { 0x2000, 0x3001 };

	if (!call_enable())
		return;
	memcpy(call_input, &head, sizeof(head));
	memcpy(call_input + sizeof(head), ranges, sizeof(ranges));
	call(HV_CONTROL(HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST, 0, 0, 2, 0),
	     RT_GPA(call_input), 0);
	call(HV_CONTROL(HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST, 0, 0, 0, 0),
	     RT_GPA(call_input), 0);
	rt_exit(0x10);
}

void ending_by_command_line(void)
{
	static const struct {
		const char *word;
		void (*end)(void);
	} endings[] = {
		{ "triple", end_triple },
		{ "reset", end_reset },
		{ "cf9", end_cf9 },
		{ "hang", end_hang },
		{ "idle", end_idle },
		{ "poweroff", end_power_off },
		{ "apic", end_apic },
		{ "crash", end_crash },
		{ "calls", end_calls },
	};
	const char *value = rt_option_value("exit");

	if (value)
		rt_exit(rt_parse(value));
	for (unsigned i = 0; i < RT_COUNT(endings); i++) {
		if (!rt_option(endings[i].word))
			continue;
		rt_printf("guest: %s\n", endings[i].word);
		endings[i].end();
		rt_printf("guest: still here after %s\n", endings[i].word);
		rt_exit(1);
	}
}
