/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Control registers, paging, segments, privilege and memory types: what a bare processor does. */
#include "control.h"
#include "test.h"

#define CR0_PE (1u << 0)
#define CR0_NW (1u << 29)
#define CR0_CD (1u << 30)
#define CR0_PG (1u << 31)
#define CR4_PSE (1u << 4)
#define CR4_PAE (1u << 5)
#define CR4_UMIP (1u << 11)
#define CR4_PCIDE (1u << 17)
#define CR4_OSXSAVE (1u << 18)
#define CR4_SMEP (1u << 20)
#define CR4_SMAP (1u << 21)
#define EFER_LME (1u << 8)
#define EFER_NXE (1u << 11)
#define MSR_MTRR_CAP 0xfe
#define MSR_MTRR_BASE0 0x200
#define MSR_MTRR_FIXED 0x250
#define MSR_PAT 0x277
#define MSR_MTRR_DEF_TYPE 0x2ff
#define MSR_EFER 0xc0000080
#define CPUID_MTRR (1u << 12)   /* leaf 1 EDX */
#define CPUID_PCID (1u << 17)   /* leaf 1 ECX */
#define CPUID_XSAVE (1u << 26)
#define CPUID_OSXSAVE (1u << 27)
#define CPUID_INVPCID (1u << 10) /* leaf 7 EBX */
#define CPUID_SMEP (1u << 7)
#define CPUID_SMAP (1u << 20)
#define CPUID_UMIP (1u << 2)    /* leaf 7 ECX */
#define XCR0_AVX 4u
#define ENTRY_USER 4u
#define PF_PRESENT 1u
#define PF_USER 4u
#define PF_FETCH 16u
#define FAULT_NP 11
#define FAULT_SS 12
#define NO_PORT 0x540           /* on no platform of the tests is anything there */
#define DIRECTORY_ENTRIES 2048
#define WINDOW 2
#define NOT_PRESENT SEL_DATA16
#define NO_DESCRIPTOR (RT_GDT_ENTRIES * 8)

extern u64 rt_directory[DIRECTORY_ENTRIES], rt_pointers[512];

/* ---- control registers ---- */

static void cr0_bits(void)
{
	uintptr_t cr0 = read_cr0();

	EXPECT_EQ(set_cr0(cr0 | CR0_CD), FAULT_NONE, "fault of setting CD");
	EXPECT_EQ(read_cr0(), cr0 | CR0_CD, "CR0 with CD");
	rt_cpuid(0, 0);
	EXPECT_EQ(set_cr0(cr0 | CR0_CD | CR0_NW), FAULT_NONE, "fault of setting CD and NW");
	EXPECT_EQ(read_cr0(), cr0 | CR0_CD | CR0_NW, "CR0 with both");
	EXPECT_EQ(set_cr0(cr0 | CR0_NW), FAULT_GP, "fault of NW without CD");
	EXPECT_EQ(read_cr0(), cr0 | CR0_CD | CR0_NW, "CR0 afterwards");
	EXPECT_EQ(set_cr0(cr0), FAULT_NONE, "fault of clearing both");
	EXPECT_EQ(read_cr0(), cr0, "CR0 at the end");
	EXPECT_EQ(set_cr0(cr0 & ~(uintptr_t)CR0_PE), FAULT_GP, "fault of PG without PE");
#ifdef __x86_64__
	set_cr0(cr0 | 1ull << 32); /* refused, but ignored by QEMU's processor */
	EXPECT_EQ(read_cr0(), cr0, "CR0 after a write of the upper half");
	EXPECT_EQ(set_cr0(cr0 & ~(uintptr_t)CR0_PG), FAULT_GP, "fault of PG off in 64-bit code");
#endif
	EXPECT_EQ(read_cr0(), cr0, "CR0 after refusals");
}

#ifdef __x86_64__
static void long_mode_stays(void)
{
	uintptr_t cr4 = read_cr4();
	u64 efer = 0;

	EXPECT_EQ(set_cr4(cr4 & ~(uintptr_t)CR4_PAE), FAULT_GP, "fault of PAE off");
	EXPECT_EQ(read_cr4(), cr4, "CR4 afterwards");
	rt_rdmsr(MSR_EFER, &efer);
	EXPECT_EQ(rt_wrmsr(MSR_EFER, efer & ~(u64)EFER_LME), FAULT_GP, "fault of LME off");
}
#endif

struct __attribute__((packed)) invpcid { u64 pcid, address; };

static void invalidate_all(void *unused)
{
	struct invpcid descriptor = { 0, 0 };

	(void)unused;
	__asm__ volatile("invpcid %0, %1" : : "m"(descriptor), "r"((uintptr_t)2) : "memory");
}

static void process_contexts(void)
{
	uintptr_t cr3 = read_cr3(), cr4 = read_cr4();

	if (!(rt_cpuid(1, 0).ecx & CPUID_PCID)) {
		test_skip("no PCID");
		return;
	}
	if (RT_WORD == 4) {
		EXPECT_EQ(set_cr4(cr4 | CR4_PCIDE), FAULT_GP, "fault outside long mode");
		return;
	}
	EXPECT_EQ(set_cr3(cr3 | 8), FAULT_NONE, "fault of PWT in CR3");
	EXPECT_EQ(set_cr4(cr4 | CR4_PCIDE), FAULT_GP, "fault with low bits in CR3");
	set_cr3(cr3);
	EXPECT_EQ(set_cr4(cr4 | CR4_PCIDE), FAULT_NONE, "fault of PCIDE");
	EXPECT_EQ(set_cr3(cr3 | 5), FAULT_NONE, "fault of context 5");
	EXPECT_EQ(read_cr3(), cr3 | 5, "CR3 in context 5");
	rt_cpuid(0, 0);
	EXPECT_EQ(read_cr3(), cr3 | 5, "CR3 after an exit");
#ifdef __x86_64__
	EXPECT_EQ(set_cr3(cr3 | 6 | 1ull << 63), FAULT_NONE, "fault of keeping translations");
	EXPECT_EQ(read_cr3(), cr3 | 6, "CR3 without the request");
#endif
	if (rt_cpuid(7, 0).ebx & CPUID_INVPCID)
		EXPECT_EQ(rt_try(invalidate_all, NULL), FAULT_NONE, "fault of INVPCID");
	set_cr3(cr3);
	EXPECT_EQ(set_cr4(cr4), FAULT_NONE, "fault of PCIDE off");
}

/* ---- pages ---- */

/* All of the one map for the supervisor alone, or again for all. */
static void map_for_user(bool user)
{
	for (unsigned i = 0; i < DIRECTORY_ENTRIES; i++)
		rt_directory[i] = user ? rt_directory[i] | ENTRY_USER
				       : rt_directory[i] & ~(u64)ENTRY_USER;
	set_cr3(read_cr3());
}

static u8 code[RT_PAGE] RT_PAGE_ALIGNED = { 0xc3 };     /* a return */

static void call_it(void *address)
{
	((void (*)(void))address)();
}

static void read_it(void *address)
{
	*(volatile u8 *)address;
}

static void read_with_ac(void *address)
{
	__asm__ volatile("stac; movb (%0), %%al; clac" : : "r"(address) : "eax", "memory");
}

/* The window's page is the user's; its tables must say so, too. */
static void supervisor_and_user_pages(void)
{
	const u32 features = rt_cpuid(7, 0).ebx;
	u8 *page = rt_window(WINDOW, RT_GPA(code));
	uintptr_t cr4 = read_cr4();
	u64 *directory = &rt_directory[(uintptr_t)page >> 21];

	if (!(features & CPUID_SMEP) && !(features & CPUID_SMAP)) {
		test_skip("neither SMEP nor SMAP");
		return;
	}
	map_for_user(false);
	*directory |= ENTRY_USER;
	*rt_window_entry(WINDOW) |= ENTRY_USER;
	set_cr3(read_cr3());
	if (features & CPUID_SMEP) {
		EXPECT_EQ(set_cr4(cr4 | CR4_SMEP), FAULT_NONE, "fault of CR4.SMEP");
		EXPECT_EQ(rt_try(call_it, page), FAULT_PF, "a call of the user's page");
		EXPECT_EQ(rt_fault.address, (uintptr_t)page, "CR2");
		EXPECT_EQ(rt_fault.error & ~PF_FETCH, PF_PRESENT, "its error code");
		rt_cpuid(0, 0);
		EXPECT_EQ(rt_try(read_it, page), FAULT_NONE, "a read of the user's page");
	}
	if (features & CPUID_SMAP) {
		EXPECT_EQ(set_cr4(cr4 | CR4_SMAP), FAULT_NONE, "fault of CR4.SMAP");
		EXPECT_EQ(rt_try(read_it, page), FAULT_PF, "a read of the user's page");
		EXPECT_EQ(rt_fault.error, PF_PRESENT, "its error code");
		EXPECT_EQ(rt_try(read_with_ac, page), FAULT_NONE, "a read with RFLAGS.AC");
	}
	set_cr4(cr4);
	EXPECT_EQ(rt_try(call_it, page), FAULT_NONE, "a call without either");
	map_for_user(true);
}

static void no_execute(void)
{
	u8 *page = rt_window(WINDOW, RT_GPA(code));
	u64 efer = 0;

	rt_rdmsr(MSR_EFER, &efer);
	EXPECT_EQ(rt_wrmsr(MSR_EFER, efer | EFER_NXE), FAULT_NONE, "fault of EFER.NXE");
	*rt_window_entry(WINDOW) |= 1ull << 63;
	set_cr3(read_cr3());
	EXPECT_EQ(rt_try(call_it, page), FAULT_PF, "a call of a no-execute page");
	EXPECT_EQ(rt_fault.error, PF_PRESENT | PF_FETCH, "its error code");
	*rt_window_entry(WINDOW) &= ~(1ull << 63);
	set_cr3(read_cr3());
	EXPECT_EQ(rt_try(call_it, page), FAULT_NONE, "a call afterwards");
	rt_wrmsr(MSR_EFER, efer);
}

#ifndef __x86_64__
/* The four pointers are the processor's own copies: CR3 loads them. */
static void page_directory_pointers(void)
{
	static u64 pointers[4] __attribute__((aligned(32)));
	uintptr_t cr3 = read_cr3();
	volatile u32 *low = (volatile u32 *)0x1000;
	u32 first = *low;

	memcpy(pointers, rt_pointers, sizeof(pointers));
	/* The second gigabyte shows the first. */
	pointers[1] = pointers[0];
	EXPECT_EQ(set_cr3((uintptr_t)pointers), FAULT_NONE, "fault of other pointers");
	rt_cpuid(0, 0);
	EXPECT_EQ(*(volatile u32 *)0x40001000, first, "what the second gigabyte shows");
	*low = first + 1;
	EXPECT_EQ(*(volatile u32 *)0x40001000, first + 1, "what it shows of a change");
	*low = first;
	pointers[1] |= 1u << 5; /* reserved */
	if (set_cr3((uintptr_t)pointers) == FAULT_NONE) /* AMD's look at them when they use them */
		test_skip("this processor does not check what CR3 loads");
	set_cr3(cr3);
	EXPECT_EQ(read_cr3(), cr3, "CR3 at the end");
}

/* 32-bit paging of two levels and large pages, with exits in between, and back. */
static void paging_without_pae(void)
{
	static u32 directory[1024] RT_PAGE_ALIGNED;
	uintptr_t cr0 = read_cr0(), cr3 = read_cr3(), cr4 = read_cr4();
	struct rt_cpuid leaf;

	for (u32 i = 0; i < RT_COUNT(directory); i++)
		directory[i] = i << 22 | 0x87;
	EXPECT_EQ(set_cr0(cr0 & ~(uintptr_t)CR0_PG), FAULT_NONE, "fault of paging off");
	leaf = rt_cpuid(HV_CPUID_INTERFACE, 0);
	EXPECT_EQ(leaf.eax, 0x31237648, "CPUID without paging");
	set_cr4((cr4 & ~(uintptr_t)CR4_PAE) | CR4_PSE);
	set_cr3((uintptr_t)directory);
	EXPECT_EQ(set_cr0(cr0), FAULT_NONE, "fault of paging on");
	leaf = rt_cpuid(HV_CPUID_INTERFACE, 0);
	EXPECT_EQ(leaf.eax, 0x31237648, "CPUID with 32-bit paging");
	set_cr0(cr0 & ~(uintptr_t)CR0_PG);
	set_cr4(cr4);
	set_cr3(cr3);
	EXPECT_EQ(set_cr0(cr0), FAULT_NONE, "fault of PAE paging again");
}
#endif

/* ---- extended state ---- */

static void set_xcr0(void *value)
{
	__asm__ volatile("xsetbv" : : "a"(*(u32 *)value), "c"(0), "d"(0));
}

static u32 read_xcr0(void)
{
	u32 low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return low;
}

static u32 try_xcr0(u32 value)
{
	return rt_try(set_xcr0, &value);
}

static void extended_state(void)
{
	uintptr_t cr4 = read_cr4();
	u32 before;

	if (!(rt_cpuid(1, 0).ecx & CPUID_XSAVE)) {
		test_skip("no XSAVE");
		return;
	}
	set_cr4(cr4 & ~(uintptr_t)CR4_OSXSAVE);
	EXPECT_EQ(rt_cpuid(1, 0).ecx & CPUID_OSXSAVE, 0, "OSXSAVE in CPUID without CR4.OSXSAVE");
	set_cr4(cr4 | CR4_OSXSAVE);
	EXPECT_EQ(rt_cpuid(1, 0).ecx & CPUID_OSXSAVE, CPUID_OSXSAVE, "OSXSAVE with it");
	before = read_xcr0();
	EXPECT_EQ(try_xcr0(1), FAULT_NONE, "fault of the x87 state alone");
	EXPECT_EQ(read_xcr0(), 1, "XCR0");
	EXPECT_EQ(try_xcr0(3), FAULT_NONE, "fault of SSE");
	rt_cpuid(0, 0);
	EXPECT_EQ(read_xcr0(), 3, "XCR0 after an exit");
	EXPECT_EQ(try_xcr0(2), FAULT_GP, "fault of SSE without x87");
	EXPECT_EQ(try_xcr0(1 | XCR0_AVX), FAULT_GP, "fault of AVX without SSE");
	EXPECT_EQ(try_xcr0(0x80000003), FAULT_GP, "fault of a reserved bit");
	EXPECT_EQ(read_xcr0(), 3, "XCR0 after refusals");
	try_xcr0(before);
	set_cr4(cr4);
}

/* ---- privilege ---- */

#define USER_CODE(name, text) \
	extern const u8 name[]; \
	__asm__(".pushsection .text\n.globl " #name "\n" #name ": " text "; ret\n.popsection");
USER_CODE(user_cpuid, "xor %eax, %eax; cpuid")
USER_CODE(user_hlt, "hlt")
USER_CODE(user_cli, "cli")
USER_CODE(user_in, "in $0x60, %al")
USER_CODE(user_in_open, "in $0x80, %al")
USER_CODE(user_rdmsr, "mov $0x1b, %ecx; rdmsr")
USER_CODE(user_wrmsr, "mov $0x40000070, %ecx; wrmsr")
USER_CODE(user_vmcall, "vmcall")
USER_CODE(user_vmmcall, "vmmcall")
USER_CODE(user_invd, "invd")
USER_CODE(user_smsw, "smsw %ax")
#ifdef __x86_64__
USER_CODE(user_cr0, "mov %cr0, %rax")
USER_CODE(user_dr7, "mov %dr7, %rax")
#else
USER_CODE(user_cr0, "mov %cr0, %eax")
USER_CODE(user_dr7, "mov %dr7, %eax")
#endif

static void expect_user(const char *what, const void *target, u32 want)
{
	struct rt_regs in = { 0 };
	u32 fault = rt_call_user(target, &in);

	EXPECT(fault == want, "%s raised %u, not %u", what, fault, want);
	if (want)
		EXPECT(rt_fault.cs == SEL_USER_CODE, "%s: raised in segment 0x%x", what,
			rt_fault.cs);
}

static void user_code(void)
{
	static const struct { const char *name; const void *target; u32 fault; } all[] = {
		{ "CPUID", user_cpuid, FAULT_NONE }, { "HLT", user_hlt, FAULT_GP },
		{ "CLI", user_cli, FAULT_GP },	     { "IN", user_in, FAULT_GP },
		{ "IN 0x80", user_in_open, FAULT_GP }, { "RDMSR", user_rdmsr, FAULT_GP },
		{ "WRMSR", user_wrmsr, FAULT_GP },   { "INVD", user_invd, FAULT_GP },
		{ "MOV CR0", user_cr0, FAULT_GP },   { "MOV DR7", user_dr7, FAULT_GP },
		{ "SMSW", user_smsw, FAULT_NONE },   { "VMCALL", user_vmcall, FAULT_UD },
		{ "VMMCALL", user_vmmcall, FAULT_UD },
	};
	uintptr_t cr4 = read_cr4();

	rt_self()->tss[25] = sizeof(rt_self()->tss) << 16; /* no map of ports: none is allowed */
	for (unsigned i = 0; i < RT_COUNT(all); i++)
		expect_user(all[i].name, all[i].target, all[i].fault);
	if (!(rt_cpuid(7, 0).ecx & CPUID_UMIP))
		return;
	EXPECT_EQ(set_cr4(cr4 | CR4_UMIP), FAULT_NONE, "fault of CR4.UMIP");
	expect_user("SMSW under UMIP", user_smsw, FAULT_GP);
	set_cr4(cr4);
}

/* ---- segments ---- */

static void load_ds(void *selector)
{
	u32 old;

	__asm__ volatile("mov %%ds, %0; mov %w1, %%ds; mov %0, %%ds"
			 : "=&r"(old) : "r"(selector) : "memory");
}

static void load_ss(void *selector)
{
	u32 old;

	__asm__ volatile("mov %%ss, %0; mov %w1, %%ss; mov %0, %%ss"
			 : "=&r"(old) : "r"(selector) : "memory");
}

static void load_ldt(void *selector)
{
	__asm__ volatile("lldt %w0" : : "r"(selector));
}

static void load_task(void *selector)
{
	__asm__ volatile("ltr %w0" : : "r"(selector));
}

static void expect_load(const char *what, void (*load)(void *), u32 selector, u32 want)
{
	u32 fault = rt_try(load, (void *)(uintptr_t)selector);

	EXPECT(fault == want, "%s raised %u, not %u", what, fault, want);
	if (want)
		EXPECT(rt_fault.error == (selector & ~3u), "%s: error code 0x%llx", what,
			(u64)rt_fault.error);
}

static void selectors(void)
{
	u64 *descriptor = &rt_self()->gdt[NOT_PRESENT / 8], before = *descriptor;

	*descriptor &= ~(1ull << 47);
	expect_load("DS not present", load_ds, NOT_PRESENT, FAULT_NP);
	expect_load("SS not present", load_ss, NOT_PRESENT, FAULT_SS);
	*descriptor = before;
	expect_load("DS beyond the table", load_ds, NO_DESCRIPTOR, FAULT_GP);
	expect_load("SS with code", load_ss, SEL_CODE, FAULT_GP);
	expect_load("SS of another level", load_ss, SEL_DATA | 3, FAULT_GP);
	expect_load("no DS", load_ds, 0, FAULT_NONE);
	expect_load("LDT that is none", load_ldt, SEL_DATA, FAULT_GP);
	expect_load("no LDT", load_ldt, 0, FAULT_NONE);
	expect_load("a busy task", load_task, SEL_TSS, FAULT_GP);
#ifdef __x86_64__
	expect_load("no SS", load_ss, 0, FAULT_NONE);
#else
	expect_load("no SS", load_ss, 0, FAULT_GP);
#endif
}

#ifdef __x86_64__
static void read_stack(void *address)
{
	__asm__ volatile("push %%rbp; mov %0, %%rbp; movb (%%rbp), %%al; pop %%rbp"
			 : : "r"(address) : "rax", "memory");
}

static void no_addresses(void)
{
	void *nowhere = (void *)0x800000000000;
	u32 fault;

	EXPECT_EQ(rt_try(read_it, nowhere), FAULT_GP, "a read beyond the canonical addresses");
	fault = rt_try(read_stack, nowhere); /* QEMU's processor knows no difference */
	EXPECT(fault == FAULT_SS || fault == FAULT_GP, "a read of the stack there raised %u", fault);
	EXPECT_EQ(rt_try(call_it, nowhere), FAULT_GP, "a call there");
}
#else
static void bound(void *index)
{
	static const u32 limits[2] = { 1, 2 };

	__asm__ volatile("bound %0, %1" : : "r"(index), "m"(limits));
}

static void overflow(void *unused)
{
	(void)unused;
	__asm__ volatile("mov $0x7f, %%al; add $1, %%al; into" : : : "eax", "cc");
}

static void old_exceptions(void)
{
	EXPECT_EQ(rt_try(bound, (void *)3), 5, "BOUND outside");
	EXPECT_EQ(rt_try(bound, (void *)2), FAULT_NONE, "BOUND inside");
	EXPECT_EQ(rt_try(overflow, NULL), 4, "INTO");
}

static void read_beyond(void *selector)
{
	u32 old;

	__asm__ volatile("mov %%ds, %0; mov %w1, %%ds; movb 0x10000, %%al; mov %0, %%ds"
			 : "=&r"(old) : "r"(selector) : "eax", "memory");
}

static void segment_limits(void)
{
	u64 *descriptor = &rt_self()->gdt[SEL_DATA16 / 8], before = *descriptor;

	if (rt_try(read_beyond, (void *)SEL_DATA16) == FAULT_NONE) {
		test_skip("this processor checks no limits"); /* QEMU's */
		return;
	}
	EXPECT_EQ(rt_fault.vector, FAULT_GP, "a read at the limit");
	/* Growing down from 4 GiB to what was the limit: the same address lies inside. */
	*descriptor = 0x00409700000000ffull | 0xff00;
	EXPECT_EQ(rt_try(read_beyond, (void *)SEL_DATA16), FAULT_NONE, "a read that grows down");
	*descriptor = before;
}
#endif

/* ---- memory types and ports ---- */

static void memory_types(void)
{
	u64 cap = 0, old = 0, now = 0;

	if (!(rt_cpuid(1, 0).edx & CPUID_MTRR)) {
		test_skip("no MTRRs");
		return;
	}
	EXPECT_EQ(rt_rdmsr(MSR_MTRR_CAP, &cap), FAULT_NONE, "fault of MTRRCAP");
	EXPECT_EQ(rt_wrmsr(MSR_MTRR_CAP, cap), FAULT_GP, "fault of writing it");
	for (u32 n = 0; n < 2 * (cap & 0xff); n++) {
		const u64 value = n & 1 ? 0xffff0800 : 0x80000001;

		rt_rdmsr(MSR_MTRR_BASE0 + n, &old);
		EXPECT_EQ(rt_wrmsr(MSR_MTRR_BASE0 + n, value), FAULT_NONE, "fault of a range");
		rt_rdmsr(MSR_MTRR_BASE0 + n, &now);
		EXPECT_EQ(now, value, "the range as written");
		EXPECT_EQ(rt_wrmsr(MSR_MTRR_BASE0 + n, value | 1ull << 62), FAULT_GP,
			"fault of an address too wide");
		rt_wrmsr(MSR_MTRR_BASE0 + n, old);
	}
	EXPECT_EQ(rt_wrmsr(MSR_MTRR_BASE0, 2), FAULT_GP, "fault of a reserved type");
	rt_rdmsr(MSR_MTRR_FIXED, &old);
	EXPECT_EQ(rt_wrmsr(MSR_MTRR_FIXED, 0x0706050406060606), FAULT_GP, "fault of type 7");
	EXPECT_EQ(rt_wrmsr(MSR_MTRR_FIXED, 0x0001040506060606), FAULT_NONE, "fault of types");
	rt_rdmsr(MSR_MTRR_FIXED, &now);
	EXPECT_EQ(now, 0x0001040506060606, "the types as written");
	rt_wrmsr(MSR_MTRR_FIXED, old);
	rt_rdmsr(MSR_MTRR_DEF_TYPE, &old);
	EXPECT_EQ(rt_wrmsr(MSR_MTRR_DEF_TYPE, old | 0x1000), FAULT_GP, "fault of a reserved bit");
	EXPECT_EQ(rt_wrmsr(MSR_MTRR_DEF_TYPE, old ^ 0x800), FAULT_NONE, "fault of flipping E");
	rt_wrmsr(MSR_MTRR_DEF_TYPE, old);
}

static void set_pat(void *value)
{
	rt_wrmsr(MSR_PAT, *(u64 *)value);
}

static void get_types(void *values)
{
	u64 *v = values;

	rt_rdmsr(MSR_PAT, &v[0]);
	rt_rdmsr(MSR_MTRR_DEF_TYPE, &v[1]);
	rt_rdmsr(MSR_MTRR_FIXED, &v[2]);
	rt_rdmsr(MSR_MTRR_BASE0, &v[3]);
}

/* All processors begin with the same types; INIT leaves the page attribute table alone. */
static void types_of_others(void)
{
	u64 pat = 0x0007010600070106, own[4], others[4];

	if (rt_cpu_count == 1) {
		test_skip("one processor");
		return;
	}
	get_types(own);
	for (unsigned n = 1; n < rt_cpu_count; n++) {
		EXPECT(rt_cpu_start(n), "processor %u does not start", n);
		rt_run_on(n, get_types, others);
		EXPECT(!memcmp(own + 1, others + 1, 24), "processor %u has other MTRRs", n);
		rt_run_on(n, set_pat, &pat);
		rt_cpu_stop(n);
		rt_cpu_start(n);
		rt_run_on(n, get_types, others);
		EXPECT_EQ(others[0], pat, "PAT after INIT");
		rt_run_on(n, set_pat, own);
	}
	rt_cpus_stop();
}

static void ports_of_nothing(void)
{
	for (u16 port = NO_PORT; port < NO_PORT + 8; port++) {
		EXPECT_EQ(inb(port), 0xff, "a byte of no device");
		outb(port, 0);
	}
	EXPECT_EQ(inw(NO_PORT), 0xffff, "a word of no device");
	EXPECT_EQ(inl(NO_PORT), 0xffffffff, "a double word of no device");
}

void suite_modes(void)
{
	static const struct test tests[] = {
		{ "cr0", cr0_bits },
#ifdef __x86_64__
		{ "long-mode", long_mode_stays },
		{ "addresses", no_addresses },
#else
		{ "pdptes", page_directory_pointers },
		{ "no-pae", paging_without_pae },
		{ "old-exceptions", old_exceptions },
		{ "limits", segment_limits },
#endif
		{ "pcid", process_contexts },
		{ "smep-smap", supervisor_and_user_pages },
		{ "no-execute", no_execute },
		{ "xcr0", extended_state },
		{ "user", user_code },
		{ "selectors", selectors },
		{ "mtrrs", memory_types },
		{ "types-of-others", types_of_others },
		{ "no-ports", ports_of_nothing },
	};

	test_run("modes", tests, RT_COUNT(tests));
}
