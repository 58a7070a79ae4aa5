/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Part of the guest header, where the specification has the feature: input in XMM registers. */

/*
 * Let calls pass input in XMM registers where the hypervisor takes it there; whether it does. Only
 * for code that may change these registers.
 */
HV_FN int hv_use_xmm(struct hv_callctx *c, const struct hv_detected *d)
{
	if (!hv_has_feature_xmm_registers_for_fast_hypercall(d))
		return 0;
	c->forms |= HV_FORM_XMM;
	return 1;
}
