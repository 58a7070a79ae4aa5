/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Part of the guest header, where the specification has the counter: time, come what may. */

/* Partition time in units of 100 ns: from the page, or while that is invalid from the counter. */
HV_FN hv_u64 hv_time(const volatile void *page)
{
	hv_u64 time;

	return hv_reference_time(page, &time) ? time : hv_rdmsr(HV_X64_MSR_TIME_REF_COUNT);
}
