/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Part of the guest header: reference time from its page. */

/* ---- Time ----------------------------------------------------------------------------------- */

/* The high 64 bits of a product, without a 128-bit type. */
HV_FN hv_u64 hv_mulhi64_portable(hv_u64 a, hv_u64 b)
{
	hv_u64 low = HV_C64(0, 0xffffffff);
	hv_u64 ll = (a & low) * (b & low);
	hv_u64 lh = (a & low) * (b >> 32);
	hv_u64 hl = (a >> 32) * (b & low);
	hv_u64 middle = (ll >> 32) + (lh & low) + (hl & low);

	return (a >> 32) * (b >> 32) + (lh >> 32) + (hl >> 32) + (middle >> 32);
}

HV_FN hv_u64 hv_mulhi64(hv_u64 a, hv_u64 b)
{
#if defined(HV_INLINE) && defined(__x86_64__)
	__asm__("mulq %2" : "+a"(a), "=d"(b) : "r"(b) : "cc");
	return b;
#else
	return hv_mulhi64_portable(a, b);
#endif
}

/*
 * Read the reference TSC page: partition time in units of 100 ns into *time. Zero when the page
 * is not valid at present (its sequence is 0): read HV_X64_MSR_TIME_REF_COUNT then. page is where
 * the page is mapped.
 *
 * The hypervisor gives the sequence another value whenever it changes the rest. Between two reads
 * of the same value lie those of scale, offset and counter: volatile keeps them there for the
 * compiler, the processor keeps loads in order, and hv_rdtsc() orders itself on both sides.
 */
HV_FN int hv_reference_time(const volatile void *page, hv_u64 *time)
{
	const volatile hv_u32 *sequence = HV_CAST(const volatile hv_u32 *, page);
	const volatile hv_u64 *words = HV_CAST(const volatile hv_u64 *, page);
	hv_u32 before;
	hv_u64 tsc, scale, offset;

	do {
		before = *sequence;
		if (before == 0)
			return 0;
		tsc = hv_rdtsc();
		scale = words[1];
		offset = words[2];
	} while (*sequence != before);
	*time = hv_mulhi64(tsc, scale) + offset;
	return 1;
}
