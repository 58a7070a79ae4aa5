/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Part of the guest header: messages and events, as the hypervisor leaves them in shared pages. */

#if defined(HV_INLINE)

/* ---- Messages and events --------------------------------------------------------------------- */

/* Store value where old still stands; what stood there. A full barrier. */
HV_FN hv_u32 hv_exchange_if(volatile hv_u32 *at, hv_u32 old, hv_u32 value)
{
	__asm__ __volatile__("lock; cmpxchgl %2, %1"
			     : "+a"(old), "+m"(*at) : "r"(value) : "cc", "memory");
	return old;
}

/*
 * Take the message of a slot of the message page. Its type; 0 when the slot is empty or somebody
 * else was faster (another processor, after a crash).
 *
 * The hypervisor writes the type last, and x86 keeps loads in order: what is copied after a type
 * other than 0 is whole. LOCK CMPXCHG is a full barrier: the slot is freed after the copy, and the
 * flag is read after the slot is seen free. Without that the hypervisor could find the slot still
 * taken and set the flag after we have found it clear: the queue would wait for ever.
 */
HV_FN hv_u32 hv_message_take(struct hv_message *slot, struct hv_message *copy)
{
	volatile hv_u32 *type = &slot->header.type;
	const volatile hv_u8 *flags = &slot->header.flags;
	hv_u32 taken = *type;

	if (taken == 0)
		return 0;
	hv_copy(copy, slot, HV_CAST(hv_u32, sizeof(*copy)));
	if (hv_exchange_if(type, taken, 0) != taken)
		return 0;
	if (*flags & HV_MESSAGE_FLAGS_MESSAGE_PENDING)
		hv_wrmsr(HV_X64_MSR_EOM, 0);
	return taken;
}

/*
 * Take 32 flags of a source at once: those that were set, all of them clear now. XCHG with memory
 * is atomic and a full barrier: what the sender wrote before a flag is seen after it is taken.
 */
HV_FN hv_u32 hv_event_flags_take(struct hv_event_flags *source, hv_u32 word)
{
	volatile hv_u32 *at = HV_CAST(volatile hv_u32 *, HV_CAST(volatile void *, source)) + word;
	hv_u32 flags = 0;

	if (*at == 0)
		return 0;
	__asm__ __volatile__("xchgl %0, %1" : "+r"(flags), "+m"(*at) : : "memory");
	return flags;
}

/* Take one flag: whether it was set. */
HV_FN int hv_event_flag_take(struct hv_event_flags *source, hv_u32 flag)
{
	volatile hv_u32 *at = HV_CAST(volatile hv_u32 *, HV_CAST(volatile void *, source));
	hv_u8 was;

	__asm__ __volatile__("lock; btrl %2, %1\n\tsetc %0"
			     : "=q"(was), "+m"(at[flag / 32]) : "r"(flag % 32) : "cc", "memory");
	return was;
}

#endif /* HV_INLINE */
