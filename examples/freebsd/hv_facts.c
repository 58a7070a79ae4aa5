/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* A FreeBSD kernel module that prints facts of the hypervisor beneath when it is loaded. */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/kernel.h>
#include <sys/module.h>

#include "hv_tlfs.h"

static void
print_clocks(const struct hv_detected *d)
{
	hv_u64 tsc, apic;

	if (hv_frequencies(d, &tsc, &apic))
		printf("hv_facts: TSC %ju Hz, APIC timer %ju Hz\n", (uintmax_t)tsc,
		    (uintmax_t)apic);
	if (hv_has_privilege_access_partition_reference_counter(d))
		printf("hv_facts: reference time %ju00 ns\n",
		    (uintmax_t)hv_rdmsr(HV_X64_MSR_TIME_REF_COUNT));
}

static int
hv_facts_load(void)
{
	static struct hv_detected d;

	if (!hv_detect(&d))
		return (ENXIO);
	printf("hv_facts: %s\n", d.vendor);
	print_clocks(&d);
	if (hv_has_privilege_access_vp_index(&d))
		printf("hv_facts: virtual processor %ju\n",
		    (uintmax_t)hv_rdmsr(HV_X64_MSR_VP_INDEX));
	return (0);
}

static int
hv_facts_event(module_t module, int what, void *arg)
{
	(void)module;
	(void)arg;
	if (what == MOD_LOAD)
		return (hv_facts_load());
	return (what == MOD_UNLOAD ? 0 : EOPNOTSUPP);
}

static moduledata_t hv_facts_module = { "hv_facts", hv_facts_event, NULL };

DECLARE_MODULE(hv_facts, hv_facts_module, SI_SUB_DRIVERS, SI_ORDER_ANY);
