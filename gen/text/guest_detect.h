/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Part of the guest header: finding the hypervisor. */

/* ---- Detection ------------------------------------------------------------------------------ */

/* What hv_detect() found: all leaves of the interface, those above the highest one as zeros. */
struct hv_detected {
	hv_u32 max_leaf;
	char vendor[13];        /* for people; "Microsoft Hv" where compatibility matters */
	struct hv_cpuid_leaf leaf[HV_CPUID_LEAVES];
};

HV_FN void hv_detect_vendor(struct hv_detected *d, struct hv_cpuid_leaf first)
{
	hv_u32 i;

	for (i = 0; i < 4; i++) {
		d->vendor[i] = HV_CAST(char, (first.ebx >> (8 * i)) & 0x7f);
		d->vendor[4 + i] = HV_CAST(char, (first.ecx >> (8 * i)) & 0x7f);
		d->vendor[8 + i] = HV_CAST(char, (first.edx >> (8 * i)) & 0x7f);
	}
	d->vendor[12] = '\0';
}

/* Whether a hypervisor with this interface runs beneath. Fills in *d when there is one. */
HV_FN int hv_detect(struct hv_detected *d)
{
	struct hv_cpuid_leaf leaf;
	hv_u32 i;

	if (!(hv_cpuid(1).ecx & 0x80000000u))
		return 0;
	leaf = hv_cpuid(HV_CPUID_FIRST);
	if (leaf.eax < HV_CPUID_FIRST + 5 || leaf.eax > HV_CPUID_FIRST + 0xffff)
		return 0;
	if (hv_cpuid(HV_CPUID_INTERFACE).eax != HV_CPUID_INTERFACE_SIGNATURE)
		return 0;
	d->max_leaf = leaf.eax;
	hv_detect_vendor(d, leaf);
	for (i = 0; i < HV_CPUID_LEAVES; i++) {
		leaf = hv_cpuid(HV_CPUID_FIRST + i);
		if (HV_CPUID_FIRST + i > d->max_leaf)
			leaf.eax = leaf.ebx = leaf.ecx = leaf.edx = 0;
		d->leaf[i] = leaf;
	}
	return 1;
}
