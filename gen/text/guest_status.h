/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Part of the guest header: from a status to what is known of it. */

/* The place of a status in the table, HV_STATUSES when there is none. */
HV_FN hv_u32 hv_status_find(hv_u16 status)
{
	hv_u32 i = 0;

	while (i < HV_STATUSES && hv_status_entries[i].code != status)
		i++;
	return i;
}

/* "HV_STATUS_ACCESS_DENIED" */
HV_FN const char *hv_status_name(hv_u16 status)
{
	hv_u32 i = hv_status_find(status);

	if (i == HV_STATUSES)
		return "unknown status";
	return HV_RECAST(const char *, &hv_status_strings) + hv_status_entries[i].at;
}

/* What it means, for people. */
HV_FN const char *hv_status_text(hv_u16 status)
{
	const char *text = hv_status_name(status);

	if (hv_status_find(status) == HV_STATUSES)
		return text;
	while (*text++)
		;
	return text;
}

/* What to do about it: HV_CLASS_... */
HV_FN hv_u32 hv_status_class(hv_u16 status)
{
	hv_u32 i = hv_status_find(status);

	return i == HV_STATUSES ? HV_CAST(hv_u32, HV_CLASS_OTHER) : hv_status_entries[i].category;
}
