/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Part of the guest header: what the typed calls are made of. */

/* ---- Typed calls ----------------------------------------------------------------------------- */

/*
 * What typed calls need: one per processor, another for code that may interrupt a call (NMI). A
 * call whose input always fits registers does without the two pages.
 */
struct hv_callctx {
	hv_call_fn page;        /* the hypercall page, as mapped for execution */
	void *in;               /* one page for input and one for output, as mapped here ... */
	void *out;
	hv_gpa_t in_gpa;        /* ... and where the hypervisor finds them */
	hv_gpa_t out_gpa;
	hv_u32 forms;           /* HV_FORM_...: what else may be used; 0 is always right */
};

#define HV_FORM_XMM 1           /* input in XMM registers: see hv_use_xmm() */

#define HV_REGISTER_BYTES 16
#define HV_XMM_BYTES 112

/* Copy so many bytes into words, and zeros behind them up to a count of words. */
HV_FN void hv_take(hv_u64 *words, hv_u32 count, const void *from, hv_u32 bytes)
{
	hv_u32 i;

	for (i = bytes / 8; i < count; i++)
		words[i] = 0;
	hv_copy(words, from, bytes);
}

/* Put bytes at an offset of the input page; the offset after them. */
HV_FN hv_u32 hv_put(const struct hv_callctx *c, hv_u32 at, const void *from, hv_u32 bytes)
{
	HV_ASSERT(at <= HV_PAGE_SIZE && bytes <= HV_PAGE_SIZE - at);
	hv_copy(HV_CAST(hv_u8 *, c->in) + at, from, bytes);
	return at + bytes;
}

/* Of the qword at an offset of the input page, keep these bits: the others are reserved. */
HV_FN void hv_keep(const struct hv_callctx *c, hv_u32 at, hv_u64 bits)
{
	HV_CAST(hv_u64 *, c->in)[at / 8] &= bits;
}

/*
 * One hypercall with this input, which may stand in the input page already. A control word with
 * HV_CONTROL_FAST may go in registers, and does when its input fits; else by the pages.
 */
HV_FN hv_u64 hv_issue(const struct hv_callctx *c, hv_u64 control, const void *input, hv_u32 bytes)
{
	hv_u64 words[HV_XMM_BYTES / 8];

	if ((control & HV_CONTROL_FAST) && bytes <= HV_REGISTER_BYTES) {
		hv_take(words, 2, input, bytes);
		return hv_hypercall_fast(c->page, control, words[0], words[1]);
	}
#if defined(HV_XMM_STUB)
	if ((control & HV_CONTROL_FAST) && bytes <= HV_XMM_BYTES && (c->forms & HV_FORM_XMM)) {
		hv_take(words, HV_XMM_BYTES / 8, input, bytes);
		return hv_hypercall_xmm(c->page, control, words);
	}
#endif
	if (input != c->in)
		(void)hv_put(c, 0, input, bytes);
	return HV_HYPERCALL(c->page, control & ~HV_CONTROL_FAST, hv_gpa_value(c->in_gpa),
			    hv_gpa_value(c->out_gpa), c->in, c->out);
}

/* How often a rep call that times out is repeated while nothing more gets done. */
#if !defined(HV_IDLE_TURNS)
#define HV_IDLE_TURNS 1000
#endif

/*
 * A rep call of this input until all its repetitions are done, one fails, or it keeps timing out
 * without progress. control holds the count; *done is where to start, and then what has been done,
 * counted from the start of the list like the hypervisor's own count. The result is that of the
 * last call. Success without progress breaks the hypervisor's contract: HV_ASSERT, and no loop.
 */
HV_FN hv_u64 hv_rep_call(const struct hv_callctx *c, hv_u64 control, const void *input,
			 hv_u32 bytes, hv_u32 *done)
{
	hv_u32 count = HV_CAST(hv_u32, hv_field_get(control, HV_CONTROL_REPS_MASK,
						    HV_CONTROL_REPS_SHIFT));
	hv_u32 idle = 0;

	for (;;) {
		hv_u64 result = hv_issue(c, hv_field_set(control, *done, HV_CONTROL_START_MASK,
							 HV_CONTROL_START_SHIFT), input, bytes);
		hv_u16 status = hv_result_status(result);
		hv_u32 reps = hv_result_reps(result);
		int progress = reps > *done;

		HV_ASSERT(reps <= count);
		if (progress)
			*done = reps < count ? reps : count;
		if (status != 0 && status != HV_STATUS_TIME_OUT)
			return result;
		if (*done >= count)
			return result & ~HV_C64(0, 0xffff);
		HV_ASSERT(progress || status == HV_STATUS_TIME_OUT);
		idle = progress ? 0 : idle + 1;
		if (idle > (status ? HV_IDLE_TURNS : 0u))
			return result;
		HV_RELAX();
	}
}

/* The list of a rep call: elements to give, elements to get; NULL and 0 where there are none. */
struct hv_list {
	hv_u32 count;
	const void *each;
	hv_u32 each_bytes;
	const hv_u64 *keep;     /* bits of an element that are not reserved; NULL: all */
	void *each_out;
	hv_u32 each_out_bytes;
	hv_u32 head;            /* bytes of input and of output in front of the list */
	hv_u32 out_head;
	int whole;              /* must not be split: its header says where the list begins */
};

/* A list without elements to give or to get: set those that there are. */
HV_FN void hv_list_start(struct hv_list *l, hv_u32 count, hv_u32 head, hv_u32 out_head, int whole)
{
	l->count = count;
	l->each = HV_NULL;
	l->each_bytes = 0;
	l->keep = HV_CAST(const hv_u64 *, HV_NULL);
	l->each_out = HV_NULL;
	l->each_out_bytes = 0;
	l->head = head;
	l->out_head = out_head;
	l->whole = whole;
}

/* How many elements one call can take; 0 when the list cannot be passed. */
HV_FN hv_u32 hv_list_most(const struct hv_list *l)
{
	hv_u32 most = HV_REPS_MAX;

	if (l->head > HV_PAGE_SIZE || l->out_head > HV_PAGE_SIZE)
		return 0;
	if (l->each_bytes && (HV_PAGE_SIZE - l->head) / l->each_bytes < most)
		most = (HV_PAGE_SIZE - l->head) / l->each_bytes;
	if (l->each_out_bytes && (HV_PAGE_SIZE - l->out_head) / l->each_out_bytes < most)
		most = (HV_PAGE_SIZE - l->out_head) / l->each_out_bytes;
	return l->whole && l->count > most ? 0 : most;
}

/* Elements from first on behind the header in the input page; bytes of the whole input. */
HV_FN hv_u32 hv_list_put(const struct hv_callctx *c, const struct hv_list *l, hv_u32 first,
			 hv_u32 count)
{
	hv_u32 words = l->each_bytes / 8;
	hv_u32 i;

	if (l->each_bytes)
		(void)hv_put(c, l->head, HV_CAST(const hv_u8 *, l->each) + first * l->each_bytes,
			     count * l->each_bytes);
	for (i = 0; l->keep && i < count * words; i++)
		hv_keep(c, l->head + 8 * i, l->keep[i % words]);
	return l->head + count * l->each_bytes;
}

/*
 * A rep call of a list of any length: as many calls as its pages make necessary. *done: elements
 * dealt with, also when a later one failed. What cannot be passed is refused as the hypervisor
 * would, without asking it.
 */
HV_FN hv_u64 hv_list_call(const struct hv_callctx *c, hv_u64 control, const struct hv_list *l,
			  hv_u32 *done)
{
	hv_u32 most = hv_list_most(l);
	hv_u64 result;

	*done = 0;
	if (most == 0)
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	do {
		hv_u32 count = l->count - *done < most ? l->count - *done : most;
		hv_u32 bytes = hv_list_put(c, l, *done, count);
		hv_u32 some = 0;

		result = hv_rep_call(c, hv_field_set(control, count, HV_CONTROL_REPS_MASK,
						     HV_CONTROL_REPS_SHIFT), c->in, bytes, &some);
		if (l->each_out_bytes)
			hv_copy(HV_CAST(hv_u8 *, l->each_out) + *done * l->each_out_bytes,
				HV_CAST(const hv_u8 *, c->out) + l->out_head,
				some * l->each_out_bytes);
		*done += some;
		if (some < count)
			break;
	} while (hv_result_status(result) == 0 && *done < l->count);
	return result;
}
