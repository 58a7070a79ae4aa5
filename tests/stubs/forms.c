/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Every form of a hypercall: do arguments arrive, does everything survive that is the caller's? */
#define _GNU_SOURCE /* the names of registers in ucontext.h */
#include "stubs.h"

#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#if defined(__x86_64__)
enum { AX = REG_RAX, CX = REG_RCX, DX = REG_RDX, IP = REG_RIP };
#else
enum { AX = REG_EAX, CX = REG_ECX, DX = REG_EDX, IP = REG_EIP };
#endif

static hv_call_fn page_called;

/* Takes eight bytes from its input and puts the control word into its output. */
static hv_u64 mirror(hv_u64 control, hv_u64 in, hv_u64 out)
{
	if (!(control & HV_CONTROL_FAST)) {
		memcpy(&asked.input, at(in), 8);
		memcpy(at(out), &control, 8);
	}
	return HV_C64(0x123, 0x456);
}

/*
 * A block whose address leaves this file through one stub alone: its GPA comes from elsewhere, here
 * from a second name that the compiler knows nothing of. Its stores must not be lost, nor what
 * comes back. tcc, which keeps every store, knows no second names.
 */
struct block {
	hv_u64 in, out;
};

#if defined(__TINYC__)
#define BLOCK(form) \
	static struct block form##_data; \
	static struct block *const form##_memory = &form##_data;
#else
#define BLOCK(form) \
	static struct block form##_data __asm__(#form "_data"); \
	extern struct block form##_memory[]; \
	__asm__(".globl " #form "_memory\n.set " #form "_memory, " #form "_data");
#endif

#define CONTROL HV_C64(0x76543210, 0x9abc0321)
#define FAST HV_C64(0x11112222, 0x33314444)

/* Three functions per form, as its inlining decides what can go wrong. */
#define FORM(form) \
	BLOCK(form) \
	static void form##_block(void) \
	{ \
		hv_u64 gpa = address(form##_memory); \
		hv_u64 result; \
	\
		form##_data.in = 0x7766554433221100; \
		form##_data.out = 0; \
		result = form(page_called, CONTROL, gpa, gpa + 8, &form##_data.in, \
			      &form##_data.out); \
		CHECK(result == HV_C64(0x123, 0x456) && form##_data.out == CONTROL); \
		CHECK(asked.input == 0x7766554433221100 && asked.control == CONTROL); \
		CHECK(asked.in == gpa && asked.out == gpa + 8); \
	} \
	/* Live values on both sides of a call, in what a compiler takes for a leaf function. */ \
	static __attribute__((noinline)) hv_u64 form##_leaf(hv_u64 x, double y) \
	{ \
		volatile hv_u64 zone[8]; \
		hv_u64 values[8], result; \
		double more[4]; \
	\
		for (hv_u32 i = 0; i < 8; i++) \
			zone[i] = values[i] = x * (i + 3); \
		for (hv_u32 i = 0; i < 4; i++) \
			more[i] = y * (i + 1); \
		result = form(page_called, FAST, HV_C64(7, 8), HV_C64(9, 10), HV_NULL, HV_NULL); \
		for (hv_u32 i = 0; i < 8; i++) \
			result += values[i] + zone[i]; \
		for (hv_u32 i = 0; i < 4; i++) \
			result += (hv_u64)more[i]; \
		return result; \
	} \
	static void form##_called(void) \
	{ \
		volatile hv_u64 x = 7; \
		volatile double y = 5; \
	\
		CHECK(form##_leaf(x, y) == HV_C64(0x123, 0x456) + 2 * 7 * 52 + 5 * 10); \
		CHECK(asked.control == FAST && asked.in == HV_C64(7, 8) && \
		      asked.out == HV_C64(9, 10)); \
		form##_block(); \
	}

FORM(hv_hypercall_raw)
FORM(hv_stub_call)
#if !defined(__TINYC__)
FORM(hv_hypercall_symbol)
FORM(hv_hypercall_vmcall)
FORM(hv_hypercall_vmmcall)
#if defined(__x86_64__)
FORM(hv_hypercall_ms)
#endif
#endif

int saved_by(void (*function)(void));

static void form(void (*called)(void))
{
	called();
	CHECK(saved_by(called));
}

/* ---- instructions and a symbol that need a hypervisor ---- */

#if !defined(__TINYC__)
/*
 * Make every VMCALL and VMMCALL of this program an illegal instruction of the same length: as they
 * are they mean something to the hypervisor below.
 */
static void make_illegal(void)
{
	extern hv_u8 __executable_start[], etext[];
	static const hv_u8 illegal[] = { 0x0f, 0x0b, 0x90 };
	hv_u8 *code = at(address(__executable_start) & ~(hv_u64)(HV_PAGE_SIZE - 1));
	size_t bytes = (size_t)(address(etext) - address(code));

	CHECK(mprotect(code, bytes, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
	for (; bytes > 2; code++, bytes--)
		if (code[0] == 0x0f && code[1] == 0x01 && (code[2] == 0xc1 || code[2] == 0xd9))
			memcpy(code, illegal, sizeof(illegal));
}

/* The hypervisor's part of such an instruction, changing what it may. */
static void emulate_call(int number, siginfo_t *info, void *context)
{
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
	hv_u64 result;

	(void)number;
	(void)info;
#if defined(__x86_64__)
	result = answer((hv_u64)r[CX], (hv_u64)r[DX], (hv_u64)r[REG_R8]);
	r[AX] = (greg_t)result;
	r[CX] = r[DX] = r[REG_R8] = r[REG_R9] = r[REG_R10] = r[REG_R11] = -1;
#else
	result = answer((hv_u64)(hv_u32)r[DX] << 32 | (hv_u32)r[AX],
			(hv_u64)(hv_u32)r[REG_EBX] << 32 | (hv_u32)r[CX],
			(hv_u64)(hv_u32)r[REG_EDI] << 32 | (hv_u32)r[REG_ESI]);
	r[AX] = (greg_t)(hv_u32)result;
	r[DX] = (greg_t)(result >> 32);
	r[CX] = r[REG_EBX] = r[REG_EDI] = r[REG_ESI] = -1;
#endif
	r[IP] += 3;
}

static void instructions(void)
{
	struct sigaction trap = { .sa_sigaction = emulate_call, .sa_flags = SA_SIGINFO };

	CHECK(sigaction(SIGILL, &trap, NULL) == 0);
	make_illegal();
	form(hv_hypercall_vmcall_called);
	form(hv_hypercall_vmmcall_called);
}

/* Overlay the symbol with a jump to a false page, as a hypervisor does with its own page. */
static void symbol(hv_u8 *page)
{
	hv_u8 *overlay = hv_hypercall_page;
	hv_u32 distance = (hv_u32)(address(page) - address(overlay) - 5);

	CHECK(mprotect(overlay, HV_PAGE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
	overlay[0] = 0xe9;
	memcpy(overlay + 1, &distance, 4);
	form(hv_hypercall_symbol_called);
}
#endif

/* ---- XMM registers ---- */

#if defined(HV_XMM_STUB)
static void xmm(void)
{
	hv_u64 words[14];

	for (hv_u32 i = 0; i < 14; i++)
		words[i] = HV_C64(0xabcd, 0) + i;
	CHECK(hv_hypercall_xmm(page_called, FAST, words) == HV_C64(0x123, 0x456));
	CHECK(asked.control == FAST && asked.in == words[0] && asked.out == words[1]);
	CHECK(memcmp(seen_xmm, words + 2, sizeof(seen_xmm)) == 0);
}
#endif

/* ---- MSRs ---- */

static hv_u64 msrs[0x200];
static hv_u32 last_msr;

/* The kernel refuses RDMSR and WRMSR to a program: do what the hypervisor would. */
static void emulate_msr(int number, siginfo_t *info, void *context)
{
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
	const hv_u8 *code = (const hv_u8 *)(hv_uptr)r[IP];

	(void)number;
	(void)info;
	last_msr = (hv_u32)r[CX];
	if (code[0] != 0x0f || (code[1] != 0x30 && code[1] != 0x32) ||
	    last_msr - 0x40000000 >= 0x200)
		abort();
	if (code[1] == 0x30)
		msrs[last_msr - 0x40000000] = (hv_u64)(hv_u32)r[DX] << 32 | (hv_u32)r[AX];
	r[AX] = (hv_u32)msrs[last_msr - 0x40000000];
	r[DX] = (hv_u32)(msrs[last_msr - 0x40000000] >> 32);
	r[IP] += 2;
}

static hv_u64 *msr(hv_u32 number)
{
	return &msrs[number - 0x40000000];
}

static void msr_instructions(void)
{
	static struct hv_detected found;
	struct sigaction trap = { .sa_sigaction = emulate_msr, .sa_flags = SA_SIGINFO };
	hv_u64 tsc = 0, apic = 0;

	memset(msrs, 0, sizeof(msrs));
	memset(&found, 0, sizeof(found));
	last_msr = 0;
	CHECK(sigaction(SIGSEGV, &trap, NULL) == 0);
	CHECK(!hv_frequencies(&found, &tsc, &apic) && !hv_crash(&found, 1, 2, 3, 4, 5));
	CHECK(last_msr == 0);
	found.leaf[3].eax = HV_CPUID_FEATURES_EAX_ACCESS_FREQUENCY_REGS;
	found.leaf[3].edx = HV_CPUID_FEATURES_EDX_FREQUENCY_REGS |
			    HV_CPUID_FEATURES_EDX_GUEST_CRASH_REGS;
	*msr(HV_X64_MSR_TSC_FREQUENCY) = 3000000001;
	*msr(HV_X64_MSR_APIC_FREQUENCY) = (hv_u64)5 << 32;
	CHECK(hv_frequencies(&found, &tsc, &apic) && tsc == 3000000001);
	CHECK(apic == (hv_u64)5 << 32);
	CHECK(hv_crash(&found, 1, 2, (hv_u64)3 << 40, 0x4000, 5));
	CHECK(last_msr == HV_X64_MSR_CRASH_CTL && *msr(HV_X64_MSR_CRASH_P2) == (hv_u64)3 << 40);
	CHECK(*msr(HV_X64_MSR_CRASH_P3) == 0x4000 && *msr(HV_X64_MSR_CRASH_P4) == 5);
	CHECK(*msr(HV_X64_MSR_CRASH_CTL) == (hv_u64)3 << 62);
	CHECK(hv_crash(&found, 1, 2, 3, 0, 0) && *msr(HV_X64_MSR_CRASH_CTL) == (hv_u64)1 << 63);
}

void test_forms(hv_u8 *page)
{
	start(mirror);
	page_called = hv_call_page(page);
	form(hv_hypercall_raw_called);
	form(hv_stub_call_called);
#if !defined(__TINYC__)
#if defined(__x86_64__)
	form(hv_hypercall_ms_called);
#endif
	instructions();
	symbol(page);
#endif
#if defined(HV_XMM_STUB)
	xmm();
#endif
	msr_instructions();
}
