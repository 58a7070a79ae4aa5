/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The conformance guest: runs the suites, or what its command line asks for instead. */
#include "test.h"

#define SUCCESS 0x10
#define FAILURE 1

struct hv_detected offer;

bool offered(offered_fn bit)
{
	if (!bit(&offer))
		test_skip("not offered");
	return bit(&offer);
}

bool call_output_offered(void)
{
	return RT_WORD == 8 && hv_has_feature_fast_hypercall_output(&offer) &&
		hv_has_privilege_fast_hypercall_output(&offer);
}

bool offered_all(u64 privileges, u64 features)
{
	const u64 held = offer.leaf[3].eax | (u64)offer.leaf[3].ebx << 32;

	return !(privileges & ~held) && !(features & ~(u64)offer.leaf[3].edx);
}

/* What there is to test; several: with more than one processor it tests more. */
static const struct suite { const char *name; void (*run)(void); bool several; } suites[] = {
	{ "detect", suite_detect, false },
	{ "cpu", suite_cpu, false },
	{ "msr", suite_msr, false },
	{ "page", suite_page, false },
	{ "time", suite_time, false },
	{ "assist", suite_assist, false },
	{ "debug", suite_debug, false },
	{ "delivery", suite_delivery, false },
	{ "modes", suite_modes, true },
	{ "strings", suite_strings, false },
	{ "tasks", suite_tasks, false },
	{ "enlighten", suite_enlighten, true },
	{ "npiep", suite_npiep, false },
	{ "apic", suite_apic, false },
	{ "mmio", suite_mmio, false },
	{ "apic-registers", suite_apic_registers, true },
	{ "priority", suite_priority, false },
	{ "synic", suite_synic, false },
	{ "stimer", suite_stimer, false },
	{ "cpus", suite_cpus, true },
	{ "ipi", suite_ipi, true },
	{ "apic-timer", suite_apic_timer, true },
	{ "devices", suite_devices, true },
	{ "synic-cpus", suite_synic_cpus, true },
	{ "convention", suite_convention, false },
	{ "flush", suite_flush, false },
	{ "cluster", suite_cluster, true },
	{ "registers", suite_registers, false },
	{ "vp", suite_vp, true },
	{ "scope", suite_scope, true },
	{ "stubs", suite_stubs, false },
	{ "vectors", suite_vectors, false },
	{ "hostile", suite_hostile, false },
	{ "siege", suite_siege, true },
	{ "last", suite_last, false },
};

/* Whether a name is one of a list with commas, which a blank ends. */
static bool is_listed(const char *list, const char *name)
{
	const size_t length = strlen(name);
	size_t n = 0;

	for (; *list && *list != ' '; list += n + (list[n] == ',')) {
		for (n = 0; list[n] && list[n] != ' ' && list[n] != ','; n++)
			;
		if (n == length && !memcmp(list, name, n))
			return true;
	}
	return false;
}

/* Whether the command line asks for it: by only=NAME,..., or by `several`; otherwise for all. */
static bool is_wanted(const struct suite *suite)
{
	const char *only = rt_option_value("only");

	if (only)
		return is_listed(only, suite->name);
	return suite->several || !rt_option("several");
}

static void run_suites(void)
{
	for (unsigned i = 0; i < RT_COUNT(suites); i++)
		if (is_wanted(&suites[i]))
			suites[i].run();
}

void guest_main(u32 magic, u32 info)
{
	rt_console_init();
	rt_trap_init(0);
	if (!rt_memory_init(magic, info)) {
		rt_printf("guest: not started by multiboot1\n");
		rt_exit(FAILURE);
	}
	rt_machine_init();
	rt_cpu_init();
	rt_pic_mask();
	ending_by_command_line();
	rt_printf("guest: %u-bit, command line: %s\n", RT_WORD * 8, rt_command_line);
	if (!hv_detect(&offer)) {
		rt_printf("skip detect: no such hypervisor here\n"
			"done: 0 ok, 0 failed, 1 skipped\n");
		rt_exit(FAILURE);
	}
	if (rt_option_value("hostile"))
		suite_hostile();
	else if (rt_option_value("soak"))
		soak();
	else if (rt_option("sweep"))
		suite_sweep();
	else
		run_suites();
	rt_exit(test_done() ? SUCCESS : FAILURE);
}
