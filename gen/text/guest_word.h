/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Part of the guest header: the control word and the result. */

/* ---- The control word and the result of a hypercall ----------------------------------------- */

#define HV_CONTROL_CODE_MASK HV_C64(0, 0xffff)
#define HV_CONTROL_FAST HV_C64(0, 0x10000)
#define HV_CONTROL_VARHEAD_SHIFT 17
#define HV_CONTROL_VARHEAD_MASK HV_C64(0, 0x7fe0000)
#define HV_CONTROL_NESTED HV_C64(0, 0x80000000)
#define HV_CONTROL_REPS_SHIFT 32
#define HV_CONTROL_REPS_MASK HV_C64(0xfff, 0)
#define HV_CONTROL_START_SHIFT 48
#define HV_CONTROL_START_MASK HV_C64(0xfff0000, 0)
#define HV_CONTROL_RESERVED_MASK HV_C64(0xf000f000, 0x78000000)
#define HV_REPS_MAX 4095
#define HV_PAGE_SIZE 4096

/* The whole control word. varhead: qwords of the variable header. reps, start: of a rep call. */
#define HV_CONTROL(code, fast, varhead, reps, start) \
	(HV_CAST(hv_u64, code) | ((fast) ? HV_CONTROL_FAST : HV_C64(0, 0)) | \
	 (HV_CAST(hv_u64, varhead) << HV_CONTROL_VARHEAD_SHIFT) | \
	 (HV_CAST(hv_u64, reps) << HV_CONTROL_REPS_SHIFT) | \
	 (HV_CAST(hv_u64, start) << HV_CONTROL_START_SHIFT))

/* The status in a result: HV_STATUS_... */
HV_FN hv_u16 hv_result_status(hv_u64 result)
{
	return HV_CAST(hv_u16, result & 0xffff);
}

/* Repetitions completed, counted from the start of the list, not from the start index. */
HV_FN hv_u32 hv_result_reps(hv_u64 result)
{
	return HV_CAST(hv_u32, (result >> 32) & 0xfff);
}

HV_FN hv_u32 hv_popcount(hv_u64 bits)
{
	hv_u32 n = 0;

	for (; bits; bits &= bits - 1)
		n++;
	return n;
}
