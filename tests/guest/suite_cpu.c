/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The processor as a guest finds it: what a vendor core hides or emulates must not show. */
#include "control.h"
#include "test.h"

#define CR0_NE (1u << 5)
#define CR4_VMXE (1u << 13)
#define CR4_OSXSAVE (1u << 18)
#define CPUID_VMX (1u << 5)
#define CPUID_XSAVE (1u << 26)
#define CPUID_SVM (1u << 2)
#define EFER_LMA (1u << 10)
#define EFER_SVME (1u << 12)
#define MSR_DEBUGCTL 0x1d9
#define MSR_PAT 0x277
#define MSR_VMX_BASIC 0x480
#define MSR_EFER 0xc0000080
#define DEBUGCTL_BTS (1u << 7)
#define PAT_RESERVED_TYPE 2
#define FAULT_NMI 2
#define APIC_ID 0x20
#define APIC_ICR 0x300
#define APIC_ICR_HIGH 0x310
#define ICR_NMI 0x4400

static void hides_virtualization(void)
{
	u64 value = 0;

	EXPECT_EQ(rt_cpuid(1, 0).ecx & CPUID_VMX, 0, "VMX in CPUID");
	EXPECT_EQ(rt_cpuid(0x80000001, 0).ecx & CPUID_SVM, 0, "SVM in CPUID");
	EXPECT_EQ(read_cr4() & CR4_VMXE, 0, "CR4.VMXE");
	EXPECT_EQ(rt_rdmsr(MSR_EFER, &value), FAULT_NONE, "fault of reading EFER");
	EXPECT_EQ(value & EFER_SVME, 0, "EFER.SVME");
	EXPECT_EQ(rt_wrmsr(MSR_EFER, value | EFER_SVME), FAULT_GP, "fault of setting EFER.SVME");
	EXPECT_EQ(rt_rdmsr(MSR_VMX_BASIC, &value), FAULT_GP, "fault of reading VMX_BASIC");
}

static void vmxe_cannot_be_set(void)
{
	uintptr_t value = read_cr4() | CR4_VMXE;

	EXPECT_EQ(set_cr4(value), FAULT_GP, "fault of setting CR4.VMXE");
	EXPECT_EQ(read_cr4() & CR4_VMXE, 0, "CR4.VMXE afterwards");
	value = read_cr4();
	EXPECT_EQ(set_cr4(value), FAULT_NONE, "fault of writing CR4 as it is");
}

/* VMX needs the bit set and must show it as it was written. */
static void ne_is_free(void)
{
	uintptr_t before = read_cr0(), flipped = before ^ CR0_NE;

	EXPECT_EQ(set_cr0(flipped), FAULT_NONE, "fault of flipping CR0.NE");
	EXPECT_EQ(read_cr0(), flipped, "CR0 with NE flipped");
	EXPECT_EQ(set_cr0(before), FAULT_NONE, "fault of flipping CR0.NE back");
	EXPECT_EQ(read_cr0(), before, "CR0 with NE as before");
}

static u64 vmx_operand[2];

#define INSTRUCTION(name, code) \
	static void name(void *argument) \
	{ \
		(void)argument; \
		__asm__ volatile(code : : "m"(vmx_operand) : "memory", "cc", "ax", "cx", "dx"); \
	}
INSTRUCTION(try_vmxon, "vmxon %0")
INSTRUCTION(try_vmclear, "vmclear %0")
INSTRUCTION(try_vmptrld, "vmptrld %0")
INSTRUCTION(try_vmptrst, "vmptrst %0")
INSTRUCTION(try_vmlaunch, "vmlaunch")
INSTRUCTION(try_vmresume, "vmresume")
INSTRUCTION(try_vmxoff, "vmxoff")
/* With an operand that would be legal: a misaligned one may be refused first. */
INSTRUCTION(try_vmrun, "xor %%eax, %%eax; vmrun")
INSTRUCTION(try_vmload, "xor %%eax, %%eax; vmload")
INSTRUCTION(try_vmsave, "xor %%eax, %%eax; vmsave")
INSTRUCTION(try_clgi, "clgi")
INSTRUCTION(try_getsec, "xor %%eax, %%eax; getsec")
INSTRUCTION(try_vmfunc, "xor %%eax, %%eax; xor %%ecx, %%ecx; vmfunc")
INSTRUCTION(try_monitor, "lea %0, %%eax; xor %%ecx, %%ecx; xor %%edx, %%edx; monitor")
INSTRUCTION(try_mwait, "xor %%eax, %%eax; xor %%ecx, %%ecx; mwait")
INSTRUCTION(try_invd, "invd")
INSTRUCTION(try_xsetbv_bad_index, "mov $1, %%ecx; xor %%edx, %%edx; mov $1, %%eax; xsetbv")
INSTRUCTION(try_xsetbv_no_x87, "xor %%ecx, %%ecx; xor %%edx, %%edx; xor %%eax, %%eax; xsetbv")
INSTRUCTION(try_xsetbv, "xor %%ecx, %%ecx; xor %%edx, %%edx; mov $1, %%eax; xsetbv")
#ifdef __x86_64__
INSTRUCTION(try_vmread, "vmread %%rax, %%rcx")
INSTRUCTION(try_vmwrite, "vmwrite %%rax, %%rcx")
INSTRUCTION(try_invept, "xor %%eax, %%eax; invept %0, %%rax")
INSTRUCTION(try_invvpid, "xor %%eax, %%eax; invvpid %0, %%rax")
#else
INSTRUCTION(try_vmread, "vmread %%eax, %%ecx")
INSTRUCTION(try_vmwrite, "vmwrite %%eax, %%ecx")
INSTRUCTION(try_invept, "xor %%eax, %%eax; invept %0, %%eax")
INSTRUCTION(try_invvpid, "xor %%eax, %%eax; invvpid %0, %%eax")
#endif

static void virtualization_instructions(void)
{
	static const struct {
		const char *name;
		void (*run)(void *);
	} all[] = {
		{ "VMXON", try_vmxon },       { "VMCLEAR", try_vmclear },
		{ "VMPTRLD", try_vmptrld },   { "VMPTRST", try_vmptrst },
		{ "VMLAUNCH", try_vmlaunch }, { "VMRESUME", try_vmresume },
		{ "VMXOFF", try_vmxoff },     { "VMREAD", try_vmread },
		{ "VMWRITE", try_vmwrite },   { "INVEPT", try_invept },
		{ "INVVPID", try_invvpid },   { "VMFUNC", try_vmfunc },
		{ "GETSEC", try_getsec },     { "VMRUN", try_vmrun },
		{ "VMLOAD", try_vmload },     { "VMSAVE", try_vmsave },
		{ "CLGI", try_clgi },
	};

	for (unsigned i = 0; i < RT_COUNT(all); i++) {
		u32 fault = rt_try(all[i].run, NULL);

		EXPECT(fault == FAULT_UD, "fault of %s is %u", all[i].name, fault);
	}
}

/* A guest that waits does so by HLT or GUEST_IDLE, where the hypervisor sees it. */
static void no_mwait(void)
{
	EXPECT_EQ(rt_cpuid(1, 0).ecx >> 3 & 1, 0, "MONITOR in CPUID");
	EXPECT_EQ(rt_cpuid(5, 0).eax, 0, "size of what MONITOR watches");
	EXPECT_EQ(rt_try(try_monitor, NULL), FAULT_UD, "fault of MONITOR");
	EXPECT_EQ(rt_try(try_mwait, NULL), FAULT_UD, "fault of MWAIT");
}

static void caches_survive_invd(void)
{
	static volatile u32 word;

	word = 0x600dda7a;
	EXPECT_EQ(rt_try(try_invd, NULL), FAULT_NONE, "fault of INVD");
	EXPECT_EQ(word, 0x600dda7a, "memory after INVD");
}

static void extended_control_register(void)
{
	uintptr_t before = read_cr4(), with = before | CR4_OSXSAVE,
		  without = before & ~(uintptr_t)CR4_OSXSAVE;

	if (!(rt_cpuid(1, 0).ecx & CPUID_XSAVE)) {
		test_skip("no XSAVE");
		return;
	}
	EXPECT_EQ(set_cr4(without), FAULT_NONE, "fault of clearing CR4.OSXSAVE");
	EXPECT_EQ(rt_try(try_xsetbv, NULL), FAULT_UD, "fault of XSETBV without CR4.OSXSAVE");
	EXPECT_EQ(set_cr4(with), FAULT_NONE, "fault of setting CR4.OSXSAVE");
	EXPECT_EQ(rt_try(try_xsetbv, NULL), FAULT_NONE, "fault of XSETBV");
	EXPECT_EQ(rt_try(try_xsetbv_bad_index, NULL), FAULT_GP, "fault of XSETBV of XCR1");
	EXPECT_EQ(rt_try(try_xsetbv_no_x87, NULL), FAULT_GP,
		  "fault of XSETBV without the x87 state");
	EXPECT_EQ(set_cr4(before), FAULT_NONE, "fault of restoring CR4");
}

static void model_specific_registers(void)
{
	u64 efer = 0, pat = 0, again = 0;

	EXPECT_EQ(rt_rdmsr(MSR_EFER, &efer), FAULT_NONE, "fault of reading EFER");
	EXPECT_EQ(!(efer & EFER_LMA), RT_WORD == 4, "EFER.LMA clear");
	EXPECT_EQ(rt_wrmsr(MSR_EFER, efer), FAULT_NONE, "fault of writing EFER as it is");
	EXPECT_EQ(rt_wrmsr(MSR_EFER, efer | 2), FAULT_GP, "fault of a reserved bit of EFER");
	EXPECT_EQ(rt_wrmsr(MSR_EFER, efer ^ 1), FAULT_NONE, "fault of flipping EFER.SCE");
	rt_rdmsr(MSR_EFER, &again);
	EXPECT_EQ(again, efer ^ 1, "EFER with SCE flipped");
	rt_wrmsr(MSR_EFER, efer);
	EXPECT_EQ(rt_rdmsr(MSR_PAT, &pat), FAULT_NONE, "fault of reading PAT");
	EXPECT_EQ(rt_wrmsr(MSR_PAT, (pat & ~0xffull) | PAT_RESERVED_TYPE), FAULT_GP,
		  "fault of a reserved type in PAT");
	EXPECT_EQ(rt_wrmsr(MSR_PAT, pat ^ 0x0700000000000000), FAULT_NONE, "fault of writing PAT");
	rt_rdmsr(MSR_PAT, &again);
	EXPECT_EQ(again, pat ^ 0x0700000000000000, "PAT as written");
	rt_wrmsr(MSR_PAT, pat);
}

/* Branch traces go through a buffer that only the hypervisor's owner of the DS area could name. */
static void debug_control(void)
{
	u64 value = 0;

	EXPECT_EQ(rt_rdmsr(MSR_DEBUGCTL, &value), FAULT_NONE, "fault of reading DEBUGCTL");
	EXPECT_EQ(value, 0, "DEBUGCTL at start");
	EXPECT_EQ(rt_wrmsr(MSR_DEBUGCTL, DEBUGCTL_BTS), FAULT_GP, "fault of DEBUGCTL.BTS");
	EXPECT_EQ(rt_wrmsr(MSR_DEBUGCTL, 1), FAULT_NONE, "fault of DEBUGCTL.LBR");
	rt_rdmsr(MSR_DEBUGCTL, &value);
	rt_wrmsr(MSR_DEBUGCTL, 0);
	EXPECT_EQ(value & ~1ull, 0, "DEBUGCTL as written"); /* QEMU's processor drops the bit */
}

extern const u8 step_after[], shadow_after[];

/* TF set by POPF traps behind the next instruction, which leaves the guest on the way. */
static void step_cpuid(void *argument)
{
	(void)argument;
	__asm__ volatile(PUSHF "; orl $0x100, (" SP "); xor %%eax, %%eax; " POPF "; cpuid\n"
			       ".globl step_after\nstep_after: nop; nop"
			 :
			 :
			 : "eax", "ebx", "ecx", "edx", "memory", "cc");
}

static void single_step_over_an_exit(void)
{
	EXPECT_EQ(rt_try(step_cpuid, NULL), FAULT_DB, "trap of stepping over CPUID");
	EXPECT_EQ(rt_fault.ip, (uintptr_t)step_after, "where it is reported");
}

/*
 * MOV SS holds back the trap of TF for one instruction; when that one exits, the hold is over
 * behind it.
 */
static void step_shadow(void *argument)
{
	(void)argument;
	__asm__ volatile("mov %%ss, %%edx; " PUSHF "; orl $0x100, (" SP "); xor %%eax, %%eax; " POPF
			 "\n"
			 "mov %%edx, %%ss; cpuid\n"
			 ".globl shadow_after\nshadow_after: nop; nop"
			 :
			 :
			 : "eax", "ebx", "ecx", "edx", "memory", "cc");
}

static void shadow_ends_behind_an_exit(void)
{
	EXPECT_EQ(rt_try(step_shadow, NULL), FAULT_DB, "trap behind MOV SS and CPUID");
	EXPECT_EQ(rt_fault.ip, (uintptr_t)shadow_after, "where it is reported");
}

static void sti_cpuid(void *argument)
{
	(void)argument;
	__asm__ volatile("sti; cpuid; sti; nop; cli" : : "a"(0) : "ebx", "ecx", "edx", "memory");
}

static void exit_behind_sti(void)
{
	EXPECT_EQ(rt_try(sti_cpuid, NULL), FAULT_NONE, "fault of CPUID behind STI");
}

/* Code for real mode, near-called at RT_REAL_PAGE. */
static u32 run_real(const u8 *code, size_t size)
{
	memcpy((u8 *)RT_REAL_PAGE, code, size);
	return rt_call_real();
}

static void exits_in_real_mode(void)
{
	/* xor eax, eax; cpuid; ret */
	static const u8 cpuid[] = { 0x66, 0x31, 0xc0, 0x0f, 0xa2, 0xc3 };
	/* mov ecx, 0x480; rdmsr; ret: VMX_BASIC is hidden */
	static const u8 rdmsr[] = { 0x66, 0xb9, 0x80, 0x04, 0x00, 0x00, 0x0f, 0x32, 0xc3 };
	/* mov dx, 0x64; in al, dx; ret: an intercepted port */
	static const u8 in[] = { 0xba, 0x64, 0x00, 0xec, 0xc3 };

	EXPECT_EQ(run_real(cpuid, sizeof(cpuid)), FAULT_NONE, "fault of CPUID");
	EXPECT_EQ(run_real(in, sizeof(in)), FAULT_NONE, "fault of IN");
	EXPECT_EQ(run_real(rdmsr, sizeof(rdmsr)), FAULT_GP, "fault of a refused RDMSR");
	EXPECT_EQ(rt_real_ip, RT_REAL_PAGE - RT_REAL_BASE + 6, "where it is reported");
}

static void send_nmi(void *argument)
{
	(void)argument;
	rt_apic_write(APIC_ICR_HIGH, rt_apic_read(APIC_ID));
	rt_apic_write(APIC_ICR, ICR_NMI);
	for (u32 i = 0; i < 1000; i++)
		__asm__ volatile("pause");
}

/* A return from interrupt to the next instruction: it ends the blocking of NMIs. */
static void return_from_interrupt(void *argument)
{
	(void)argument;
#ifdef __x86_64__
	__asm__ volatile("mov %%ss, %%ecx; push %%rcx; lea 8(%%rsp), %%rax; push %%rax; pushfq; "
			 "mov %%cs, %%ecx; push %%rcx\n"
			 "lea 1f(%%rip), %%rax; push %%rax; iretq; 1:"
			 :
			 :
			 : "rax", "rcx", "memory", "cc");
#else
	__asm__ volatile("pushfl; mov %%cs, %%ecx; push %%ecx; push $1f; iret; 1:"
			 :
			 :
			 : "ecx", "memory", "cc");
#endif
	for (u32 i = 0; i < 1000; i++)
		__asm__ volatile("pause");
}

/* The handler here never returns, so the processor goes on blocking NMIs until an IRET. */
static void non_maskable_interrupts(void)
{
	rt_apic_enable();
	rt_try(return_from_interrupt, NULL);
	EXPECT_EQ(rt_try(send_nmi, NULL), FAULT_NMI, "what a first NMI raises");
	EXPECT_EQ(rt_try(send_nmi, NULL), FAULT_NONE, "what a second NMI raises while blocked");
	EXPECT_EQ(rt_try(return_from_interrupt, NULL), FAULT_NMI, "what the IRET lets through");
	EXPECT_EQ(rt_try(return_from_interrupt, NULL), FAULT_NONE,
		  "what a second IRET lets through");
}

void suite_cpu(void)
{
	static const struct test tests[] = {
		{ "hides-virtualization", hides_virtualization },
		{ "vmxe", vmxe_cannot_be_set },
		{ "ne", ne_is_free },
		{ "virtualization-instructions", virtualization_instructions },
		{ "no-mwait", no_mwait },
		{ "invd", caches_survive_invd },
		{ "xsetbv", extended_control_register },
		{ "efer-pat", model_specific_registers },
		{ "debugctl", debug_control },
		{ "single-step", single_step_over_an_exit },
		{ "mov-ss-shadow", shadow_ends_behind_an_exit },
		{ "sti-shadow", exit_behind_sti },
		{ "real-mode", exits_in_real_mode },
		{ "nmi", non_maskable_interrupts },
	};

	test_run("cpu", tests, RT_COUNT(tests));
}
