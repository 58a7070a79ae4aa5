/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Part of the guest header: the forms of a hypercall. */

/* ---- Calling the hypercall page ------------------------------------------------------------- */

/*
 * Rules for every form: CPL 0, protected mode; parameters 8-byte aligned, each list inside one
 * page, input and output apart and on no overlay page; neither interrupts nor another processor
 * may use the same parameter pages meanwhile. The address of each parameter block is passed
 * beside its GPA, so that the compiler knows that the hypervisor reads and writes it.
 */

/* The page takes its arguments where Microsoft's convention has them: it is such a function. */
#if defined(HV_INLINE) && defined(__x86_64__) && !defined(__TINYC__)
typedef hv_u64 (__attribute__((__ms_abi__)) *hv_call_fn)(hv_u64 control, hv_u64 in_gpa,
							 hv_u64 out_gpa);
#else
typedef void (*hv_call_fn)(void);
#endif

/* The function that a mapped hypercall page is. */
HV_FN hv_call_fn hv_call_page(void *mapped)
{
	return HV_RECAST(hv_call_fn, HV_RECAST(hv_uptr, mapped));
}

#if defined(HV_EXTERN_STUBS)
#if defined(__cplusplus)
extern "C"
#endif
hv_u64 hv_stub_call(hv_call_fn page, hv_u64 control, hv_u64 in_gpa, hv_u64 out_gpa,
		    const void *in_va, void *out_va);
#if !defined(HV_HYPERCALL)
#define HV_HYPERCALL hv_stub_call
#endif
#endif

#if !defined(HV_HYPERCALL)
#define HV_HYPERCALL hv_hypercall_ms
#endif

#if defined(HV_INLINE)
/* The page as a symbol of the image: no indirect call, which some kernels forbid themselves. */
#if defined(__ELF__)
extern HV_ATTRIBUTE((__visibility__("hidden"))) hv_u8 hv_hypercall_page[]
	__asm__("hv_hypercall_page");
#endif
#endif

#if defined(HV_INLINE) && defined(__x86_64__)

/* Above the red zone, which is not to be touched, with shadow space for a Microsoft function. */
#if defined(HV_NO_REDZONE)
#define HV_SKIP "32"
#else
#define HV_SKIP "160"
#endif
#define HV_CALL_64(target) \
	"leaq -" HV_SKIP "(%%rsp), %%rsp\n\tcall " target "\n\tleaq " HV_SKIP "(%%rsp), %%rsp"
#if defined(__SSE__)
#define HV_XMM_CLOBBERS , "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5"
#else
#define HV_XMM_CLOBBERS
#endif

/*
 * One hypercall by inline assembly: everything a Microsoft function may change is declared. RCX is
 * read and written: a rep call counts in it.
 */
#define HV_ISSUE_64(instruction) \
	__asm__ __volatile__("movq %3, %%r8\n\t" instruction \
			     : "=a"(result), "+c"(control), "+d"(in_gpa) \
			     : "r"(out_gpa), "r"(page), "r"(in_va), "r"(out_va) \
			     : "cc", "memory", "r8", "r9", "r10", "r11" HV_XMM_CLOBBERS)

HV_FN hv_u64 hv_hypercall_raw(hv_call_fn page, hv_u64 control, hv_u64 in_gpa, hv_u64 out_gpa,
			      const void *in_va, void *out_va)
{
	hv_u64 result;

	HV_ISSUE_64(HV_CALL_64("*%4"));
	return result;
}

#if defined(__ELF__)
HV_FN hv_u64 hv_hypercall_symbol(hv_call_fn page, hv_u64 control, hv_u64 in_gpa, hv_u64 out_gpa,
				 const void *in_va, void *out_va)
{
	hv_u64 result;

	HV_ISSUE_64(HV_CALL_64("hv_hypercall_page"));
	return result;
}
#endif

/*
 * Without the page, by the instruction itself (VMCALL, VMMCALL): legal only where the hypervisor
 * says so, as Partita and isolated partitions do; elsewhere it may be #UD.
 */
HV_FN hv_u64 hv_hypercall_vmcall(hv_call_fn page, hv_u64 control, hv_u64 in_gpa, hv_u64 out_gpa,
				 const void *in_va, void *out_va)
{
	hv_u64 result;

	HV_ISSUE_64(".byte 0x0f, 0x01, 0xc1");
	return result;
}

HV_FN hv_u64 hv_hypercall_vmmcall(hv_call_fn page, hv_u64 control, hv_u64 in_gpa, hv_u64 out_gpa,
				  const void *in_va, void *out_va)
{
	hv_u64 result;

	HV_ISSUE_64(".byte 0x0f, 0x01, 0xd9");
	return result;
}

#if defined(__TINYC__)
#define hv_hypercall_ms hv_hypercall_raw
#else
/* One hypercall through a function pointer: the compiler does all the above itself. */
HV_FN hv_u64 hv_hypercall_ms(hv_call_fn page, hv_u64 control, hv_u64 in_gpa, hv_u64 out_gpa,
			     const void *in_va, void *out_va)
{
	hv_u64 result;

	__asm__ __volatile__("" : : "r"(in_va), "r"(out_va) : "memory");
	result = page(control, in_gpa, out_gpa);
	__asm__ __volatile__("" : : "r"(in_va), "r"(out_va) : "memory");
	return result;
}

#define HV_XMM_STUB 1
/*
 * One hypercall with up to 112 bytes of input in registers: RDX, R8, XMM0 to XMM5. input has 14
 * qwords. The caller owns the SSE registers; the hypervisor must offer this form (CPUID
 * 0x40000003 EDX bit 4), else the call is #UD.
 */
HV_FN hv_u64 hv_hypercall_xmm(hv_call_fn page, hv_u64 control, const hv_u64 *input)
{
	hv_u64 result;
	hv_u64 first = input[0];

	__asm__ __volatile__("movups 16(%3), %%xmm0\n\tmovups 32(%3), %%xmm1\n\t"
			     "movups 48(%3), %%xmm2\n\tmovups 64(%3), %%xmm3\n\t"
			     "movups 80(%3), %%xmm4\n\tmovups 96(%3), %%xmm5\n\t"
			     "movq 8(%3), %%r8\n\t" HV_CALL_64("*%4")
			     : "=a"(result), "+c"(control), "+d"(first)
			     : "r"(input), "r"(page)
			     : "cc", "memory", "r8", "r9", "r10", "r11" HV_XMM_CLOBBERS);
	return result;
}
#endif

#elif defined(HV_INLINE)

struct hv_call32 {
	hv_call_fn page;
	hv_u32 control_low, control_high;
	hv_u32 in_low, in_high;
	hv_u32 out_low, out_high;
	const void *in_va;
	void *out_va;
};

/*
 * One hypercall: control EDX:EAX, input EBX:ECX, output EDI:ESI, result EDX:EAX. That leaves a
 * compiler no register to work with, so the arguments travel in memory, and what a function must
 * keep is saved here.
 */
#define HV_ISSUE_32(name, instruction) \
	HV_FN hv_u64 name( \
		hv_call_fn page, hv_u64 control, hv_u64 in_gpa, hv_u64 out_gpa, \
		const void *in_va, void *out_va) \
	{ \
		struct hv_call32 call; \
		void *low = &call; \
		hv_u32 high; \
	\
		call.page = page; \
		call.control_low = HV_CAST(hv_u32, control & HV_C64(0, 0xffffffff)); \
		call.control_high = HV_CAST(hv_u32, control >> 32); \
		call.in_low = HV_CAST(hv_u32, in_gpa & HV_C64(0, 0xffffffff)); \
		call.in_high = HV_CAST(hv_u32, in_gpa >> 32); \
		call.out_low = HV_CAST(hv_u32, out_gpa & HV_C64(0, 0xffffffff)); \
		call.out_high = HV_CAST(hv_u32, out_gpa >> 32); \
		call.in_va = in_va; \
		call.out_va = out_va; \
		__asm__ __volatile__("pushl %%ebx\n\tpushl %%esi\n\t" \
				     "pushl %%edi\n\tpushl %%ebp\n\t" \
				     "movl %%eax, %%ebp\n\t" \
				     "movl 4(%%ebp), %%eax\n\tmovl 8(%%ebp), %%edx\n\t" \
				     "movl 12(%%ebp), %%ecx\n\tmovl 16(%%ebp), %%ebx\n\t" \
				     "movl 20(%%ebp), %%esi\n\tmovl 24(%%ebp), %%edi\n\t" \
				     instruction "\n\t" \
				     "popl %%ebp\n\tpopl %%edi\n\tpopl %%esi\n\tpopl %%ebx" \
				     : "+a"(low), "=d"(high) : : "ecx", "cc", "memory"); \
		return (HV_CAST(hv_u64, high) << 32) | HV_RECAST(hv_uptr, low); \
	}

HV_ISSUE_32(hv_hypercall_raw, "call *(%%ebp)")
#if defined(__ELF__)
HV_ISSUE_32(hv_hypercall_symbol, "call hv_hypercall_page")
#endif
/* The instruction itself: see the forms of 64 bits. */
HV_ISSUE_32(hv_hypercall_vmcall, ".byte 0x0f, 0x01, 0xc1")
HV_ISSUE_32(hv_hypercall_vmmcall, ".byte 0x0f, 0x01, 0xd9")
#define hv_hypercall_ms hv_hypercall_raw

#endif

/* One hypercall with up to 16 bytes of input in registers. control must have HV_CONTROL_FAST. */
HV_FN hv_u64 hv_hypercall_fast(hv_call_fn page, hv_u64 control, hv_u64 first, hv_u64 second)
{
	return HV_HYPERCALL(page, control, first, second, HV_NULL, HV_NULL);
}
