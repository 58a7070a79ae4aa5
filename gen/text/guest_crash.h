/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Part of the guest header: telling of a crash. */

/* ---- Crash ---------------------------------------------------------------------------------- */

/*
 * Tell the hypervisor of a crash: three numbers and a text of so many bytes at a GPA, or 0 and 0.
 * Needs neither memory nor the hypercall page. Zero when it is not offered.
 */
HV_FN int hv_crash(
	const struct hv_detected *d, hv_u64 p0, hv_u64 p1, hv_u64 p2, hv_u64 text_gpa,
	hv_u64 bytes)
{
	if (!hv_has_feature_guest_crash_regs(d))
		return 0;
	hv_wrmsr(HV_X64_MSR_CRASH_P0, p0);
	hv_wrmsr(HV_X64_MSR_CRASH_P1, p1);
	hv_wrmsr(HV_X64_MSR_CRASH_P2, p2);
	hv_wrmsr(HV_X64_MSR_CRASH_P3, text_gpa);
	hv_wrmsr(HV_X64_MSR_CRASH_P4, bytes);
	hv_wrmsr(HV_X64_MSR_CRASH_CTL, HV_X64_MSR_CRASH_CTL_CRASH_NOTIFY |
		 (bytes ? HV_X64_MSR_CRASH_CTL_CRASH_MESSAGE : HV_C64(0, 0)));
	return 1;
}
