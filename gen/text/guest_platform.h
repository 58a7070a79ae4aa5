/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Part of the guest header: instructions, and what of the stubs this compiler can have. */

/* ---- Instructions ---------------------------------------------------------------------------- */

/*
 * HV_INLINE  there is inline assembly for x86
 * HV_TIER0   detection, MSRs, time and crash: with that, or with macros of yours
 * HV_STUBS   hypercalls: with that, or with the functions of hv_tlfs_stubs
 */
#if !defined(HV_NO_STUBS)
#if (defined(__GNUC__) || defined(__clang__) || defined(__TINYC__)) && \
	(defined(__x86_64__) || defined(__i386__))
#define HV_INLINE 1
#endif
#if defined(HV_INLINE) || \
	(defined(HV_CPUID) && defined(HV_RDMSR) && defined(HV_WRMSR) && defined(HV_RDTSC))
#define HV_TIER0 1
#endif
#if defined(HV_INLINE) || defined(HV_EXTERN_STUBS)
#define HV_STUBS 1
#endif
#endif

#if defined(HV_TIER0) || defined(HV_STUBS)

#if !defined(HV_ASSERT)
HV_FN void hv_trap(void)
{
#if defined(HV_INLINE)
	__asm__ __volatile__("ud2");
#else
	for (;;)
		;
#endif
}
#define HV_ASSERT(x) ((x) ? HV_CAST(void, 0) : hv_trap())
#endif
#if !defined(HV_RELAX)
#define HV_RELAX() HV_CAST(void, 0)
#endif

/* Neither calls a library nor becomes a call of one. */
HV_FN void hv_copy(void *to, const void *from, hv_u32 bytes)
{
#if defined(HV_INLINE)
	hv_uptr n = bytes;

	__asm__ __volatile__("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
#else
	volatile hv_u8 *t = HV_CAST(volatile hv_u8 *, to);
	const hv_u8 *f = HV_CAST(const hv_u8 *, from);

	while (bytes--)
		*t++ = *f++;
#endif
}

#endif /* HV_TIER0 or HV_STUBS */

#if defined(HV_TIER0)

struct hv_cpuid_leaf {
	hv_u32 eax, ebx, ecx, edx;
};

HV_FN struct hv_cpuid_leaf hv_cpuid(hv_u32 leaf)
{
	struct hv_cpuid_leaf r;

#if defined(HV_CPUID)
	HV_CPUID(leaf, &r);
#else
	__asm__ __volatile__("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			     : "a"(leaf), "c"(0));
#endif
	return r;
}

HV_FN hv_u64 hv_rdmsr(hv_u32 msr)
{
#if defined(HV_RDMSR)
	return HV_RDMSR(msr);
#else
	hv_u32 low, high;

	__asm__ __volatile__("rdmsr" : "=a"(low), "=d"(high) : "c"(msr) : "memory");
	return (HV_CAST(hv_u64, high) << 32) | low;
#endif
}

HV_FN void hv_wrmsr(hv_u32 msr, hv_u64 value)
{
#if defined(HV_WRMSR)
	HV_WRMSR(msr, value);
#else
	hv_u32 low = HV_CAST(hv_u32, value & HV_C64(0, 0xffffffff));
	hv_u32 high = HV_CAST(hv_u32, value >> 32);

	__asm__ __volatile__("wrmsr" : : "c"(msr), "a"(low), "d"(high) : "memory");
#endif
}

/*
 * The time stamp counter. RDTSC itself is not ordered: the first LFENCE lets it wait for earlier
 * loads, the second lets later ones wait for it.
 */
HV_FN hv_u64 hv_rdtsc(void)
{
#if defined(HV_RDTSC)
	return HV_RDTSC();
#else
	hv_u32 low, high;

	__asm__ __volatile__("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
	return (HV_CAST(hv_u64, high) << 32) | low;
#endif
}

/*
 * Clear and set bits of an MSR: the bits it names may change, those it wants preserved are written
 * as they were read, all others as zero.
 */
HV_FN void hv_msr_update(hv_u32 msr, hv_u64 named, hv_u64 preserved, hv_u64 clear, hv_u64 set)
{
	hv_u64 old = hv_rdmsr(msr);

	hv_wrmsr(msr, (old & preserved) | (((old & ~clear) | set) & named));
}
