/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Part of the guest header: how fast the clocks run. */

/* Of the TSC, and of the APIC timer before its divider, in Hz. Zero when it is not offered. */
HV_FN int hv_frequencies(const struct hv_detected *d, hv_u64 *tsc, hv_u64 *apic)
{
	if (!hv_has_privilege_access_frequency_regs(d) || !hv_has_feature_frequency_regs(d))
		return 0;
	*tsc = hv_rdmsr(HV_X64_MSR_TSC_FREQUENCY);
	*apic = hv_rdmsr(HV_X64_MSR_APIC_FREQUENCY);
	return 1;
}
