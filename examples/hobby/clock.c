/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * What a kernel of one's own wants first from a hypervisor: clocks that need no calibration, and
 * last words when it dies. No memory, no hypercall page, no other header.
 */
#include "hv_tlfs.h"

#include "clock.h"

static struct hv_detected hypervisor;
static int present;

int clock_start(unsigned long long *tsc_hz, unsigned long long *apic_hz)
{
	hv_u64 tsc = 0, apic = 0;

	present = hv_detect(&hypervisor);
	if (!present || !hv_frequencies(&hypervisor, &tsc, &apic))
		return 0;
	*tsc_hz = tsc;
	*apic_hz = apic;
	return 1;
}

unsigned long long clock_read(void)
{
	if (!present || !hv_has_privilege_access_partition_reference_counter(&hypervisor))
		return 0;
	return hv_rdmsr(HV_X64_MSR_TIME_REF_COUNT);
}

void last_words(unsigned long long why, unsigned long long where)
{
	if (present)
		(void)hv_crash(&hypervisor, why, where, 0, 0, 0);
}
