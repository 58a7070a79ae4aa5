/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * The floor of what an exit can cost: a monitor in C that saves the general registers and answers
 * each exit with next to nothing, and above it the same measurements as under a hypervisor. On the
 * bare machine, for processors with SVM alone.
 */
#include "bench.h"

#define MSR_EFER 0xc0000080u
#define MSR_VM_HSAVE_PA 0xc0010117u
#define EFER_SVME (1ull << 12)
#define CPUID_SVM 2

/* APM volume 2, appendix B: offsets in the VMCB, and exit codes of appendix C. */
enum {
	INTERCEPT_3 = 0x0c, INTERCEPT_4 = 0x10, MSRPM = 0x48, ASID = 0x58, EXIT_CODE = 0x70,
	EXIT_INFO_1 = 0x78, EVENT = 0xa8, SAVE_ES = 0x400, SAVE_CS = 0x410, SAVE_SS = 0x420,
	SAVE_DS = 0x430, SAVE_GDTR = 0x460, SAVE_IDTR = 0x480, SAVE_EFER = 0x4d0,
	SAVE_CR4 = 0x548, SAVE_CR3 = 0x550, SAVE_CR0 = 0x558, SAVE_DR7 = 0x560, SAVE_DR6 = 0x568,
	SAVE_RFLAGS = 0x570, SAVE_RIP = 0x578, SAVE_RSP = 0x5d8, SAVE_RAX = 0x5f8,
};
enum { EXIT_CPUID = 0x72, EXIT_MSR = 0x7c, EXIT_VMMCALL = 0x81 };

#define ON_CPUID (1u << 18)
#define ON_MSR (1u << 28)
#define ON_VMRUN_AND_VMMCALL 3u
#define EVENT_INTERRUPT (1u << 31)
#define RFLAGS_IF (1u << 9)

static u8 vmcb[RT_PAGE] RT_PAGE_ALIGNED, host_state[RT_PAGE] RT_PAGE_ALIGNED;
static u8 msr_map[2 * RT_PAGE] RT_PAGE_ALIGNED;
static u8 stack[4 * RT_PAGE] RT_PAGE_ALIGNED;
static const struct rt_cpuid leaf = { 1, 2, 3, 4 };
static u64 stored;
static bool done;

#define FIELD(type, offset) (*(type *)(vmcb + (offset)))

static void skip(unsigned length)
{
	FIELD(u64, SAVE_RIP) += length;
}

static void answer_msr(struct bench_regs *r)
{
	if (!FIELD(u64, EXIT_INFO_1)) {
		FIELD(u64, SAVE_RAX) = (u32)stored;
		r->rdx = stored >> 32;
	} else {
		stored = r->rdx << 32 | FIELD(u32, SAVE_RAX);
		if ((u32)r->rcx == HV_X64_MSR_ICR && FIELD(u64, SAVE_RFLAGS) & RFLAGS_IF)
			FIELD(u64, EVENT) = EVENT_INTERRUPT | (u8)stored;
	}
	skip(2);
}

bool bench_floor_exit(struct bench_regs *r)
{
	switch (FIELD(u64, EXIT_CODE)) {
	case EXIT_CPUID:
		FIELD(u64, SAVE_RAX) = leaf.eax;
		r->rbx = leaf.ebx;
		r->rcx = leaf.ecx;
		r->rdx = leaf.edx;
		skip(2);
		return true;
	case EXIT_MSR:
		answer_msr(r);
		return true;
	case EXIT_VMMCALL:
		FIELD(u64, SAVE_RAX) = 0;
		skip(3);
		return !done;
	default:
		return false;
	}
}

static void guest(void)
{
	static const u8 call[] = { 0x0f, 0x01, 0xd9, 0xc3 }; /* vmmcall; ret */

	memcpy(bench_page, call, sizeof(call));
	bench_exits();
	bench_self();
	done = true;
	__asm__ volatile("vmmcall");
}

static void set_segment(u32 at, u16 selector, u16 attributes)
{
	FIELD(u16, at) = selector;
	FIELD(u16, at + 2) = attributes;
	FIELD(u32, at + 4) = UINT32_MAX;
}

static void set_table(u32 at, const u8 image[10])
{
	FIELD(u32, at + 4) = *(const u16 *)image;
	memcpy(vmcb + at + 8, image + 2, 8);
}

/* The guest goes on with what the machine has now, on a stack of its own. */
static void fill(void)
{
	u8 gdtr[10], idtr[10];
	u64 cr0, cr3, cr4, efer;

	__asm__ volatile("sgdt %0; sidt %1" : "=m"(gdtr), "=m"(idtr));
	__asm__ volatile("mov %%cr0, %0; mov %%cr3, %1; mov %%cr4, %2"
		: "=r"(cr0), "=r"(cr3), "=r"(cr4));
	rt_rdmsr(MSR_EFER, &efer);
	memset(msr_map, 0xff, sizeof(msr_map));
	FIELD(u32, INTERCEPT_3) = ON_CPUID | ON_MSR;
	FIELD(u32, INTERCEPT_4) = ON_VMRUN_AND_VMMCALL;
	FIELD(u64, MSRPM) = RT_GPA(msr_map);
	FIELD(u32, ASID) = 1;
	set_segment(SAVE_CS, SEL_CODE, 0x29b);
	set_segment(SAVE_DS, SEL_DATA, 0xc93);
	set_segment(SAVE_ES, SEL_DATA, 0xc93);
	set_segment(SAVE_SS, SEL_DATA, 0xc93);
	set_table(SAVE_GDTR, gdtr);
	set_table(SAVE_IDTR, idtr);
	FIELD(u64, SAVE_EFER) = efer;
	FIELD(u64, SAVE_CR0) = cr0;
	FIELD(u64, SAVE_CR3) = cr3;
	FIELD(u64, SAVE_CR4) = cr4;
	FIELD(u64, SAVE_DR6) = 0xffff0ff0;
	FIELD(u64, SAVE_DR7) = 0x400;
	FIELD(u64, SAVE_RFLAGS) = 2;
	FIELD(u64, SAVE_RIP) = RT_GPA(guest);
	FIELD(u64, SAVE_RSP) = RT_GPA(stack) + sizeof(stack) - 8;
}

void bench_floor(void)
{
	struct bench_regs regs = { 0 };
	u64 efer;

	if (rt_cpuid(0x80000000, 0).eax < 0x8000000a || !(rt_cpuid(0x80000001, 0).ecx >> CPUID_SVM & 1))
		return;
	rt_rdmsr(MSR_EFER, &efer);
	rt_wrmsr(MSR_EFER, efer | EFER_SVME);
	rt_wrmsr(MSR_VM_HSAVE_PA, RT_GPA(host_state));
	fill();
	bench_floor_run(RT_GPA(vmcb), &regs);
	if (!done)
		rt_printf("bench: the monitor met exit 0x%llx\n", FIELD(u64, EXIT_CODE));
}
