/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * x86 registers, bits and MSR numbers by their manual names, and one inline function per privileged
 * instruction.
 */
#ifndef PARTITA_X86_CPU_H
#define PARTITA_X86_CPU_H

#include "types.h"
#include "machine.h"

#define CR0_PE (1ull << 0)
#define CR0_MP (1ull << 1)
#define CR0_EM (1ull << 2)
#define CR0_TS (1ull << 3)
#define CR0_ET (1ull << 4)
#define CR0_NE (1ull << 5)
#define CR0_WP (1ull << 16)
#define CR0_AM (1ull << 18)
#define CR0_NW (1ull << 29)
#define CR0_CD (1ull << 30)
#define CR0_PG (1ull << 31)

/* Reserved, but only in the upper half does MOV refuse such bits (SDM 2.5). */
#define CR0_IGNORED 0x1ffaffc0ull

#define CR4_VME (1ull << 0)
#define CR4_PVI (1ull << 1)
#define CR4_TSD (1ull << 2)
#define CR4_DE (1ull << 3)
#define CR4_PSE (1ull << 4)
#define CR4_PAE (1ull << 5)
#define CR4_MCE (1ull << 6)
#define CR4_PGE (1ull << 7)
#define CR4_PCE (1ull << 8)
#define CR4_OSFXSR (1ull << 9)
#define CR4_OSXMMEXCPT (1ull << 10)
#define CR4_UMIP (1ull << 11)
#define CR4_LA57 (1ull << 12)
#define CR4_VMXE (1ull << 13)
#define CR4_SMXE (1ull << 14)
#define CR4_FSGSBASE (1ull << 16)
#define CR4_PCIDE (1ull << 17)
#define CR4_OSXSAVE (1ull << 18)
#define CR4_SMEP (1ull << 20)
#define CR4_SMAP (1ull << 21)
#define CR4_PKE (1ull << 22)
#define CR4_CET (1ull << 23)
#define CR4_PKS (1ull << 24)

#define EFER_SCE (1ull << 0)
#define EFER_LME (1ull << 8)
#define EFER_LMA (1ull << 10)
#define EFER_NXE (1ull << 11)
#define EFER_SVME (1ull << 12)
#define EFER_LMSLE (1ull << 13)
#define EFER_FFXSR (1ull << 14)
#define EFER_TCE (1ull << 15)
#define EFER_AUTO_IBRS (1ull << 21)

#define RFLAGS_CF (1ull << 0)
#define RFLAGS_ONE (1ull << 1)
#define RFLAGS_TF (1ull << 8)
#define RFLAGS_IF (1ull << 9)
#define RFLAGS_DF (1ull << 10)
#define RFLAGS_NT (1ull << 14)
#define RFLAGS_RF (1ull << 16)
#define RFLAGS_VM (1ull << 17)
#define RFLAGS_AC (1ull << 18)

#define VECTOR_DE 0
#define VECTOR_DB 1
#define VECTOR_NMI 2
#define VECTOR_BP 3
#define VECTOR_OF 4
#define VECTOR_UD 6
#define VECTOR_DF 8
#define VECTOR_TS 10
#define VECTOR_NP 11
#define VECTOR_SS 12
#define VECTOR_GP 13
#define VECTOR_PF 14
#define VECTOR_AC 17
#define VECTOR_MC 18
#define VECTOR_CP 21

#define MSR_TSC 0x10
#define MSR_APIC_BASE 0x1b
#define MSR_FEATURE_CONTROL 0x3a
#define MSR_TSC_ADJUST 0x3b
#define MSR_SPEC_CTRL 0x48
#define MSR_PRED_CMD 0x49
#define MSR_BIOS_UPDT_TRIG 0x79
#define MSR_BIOS_SIGN_ID 0x8b
#define MSR_MTRR_CAP 0xfe
#define MSR_ARCH_CAPABILITIES 0x10a
#define MSR_FLUSH_CMD 0x10b
#define MSR_SYSENTER_CS 0x174
#define MSR_SYSENTER_ESP 0x175
#define MSR_SYSENTER_EIP 0x176
#define MSR_DEBUGCTL 0x1d9
#define MSR_MTRR_FIRST 0x200 /* variable and fixed ranges; not each number is one */
#define MSR_MTRR_LAST 0x26f
#define MSR_PAT 0x277
#define MSR_MTRR_DEF_TYPE 0x2ff
#define MSR_TSC_DEADLINE 0x6e0
#define MSR_X2APIC_FIRST 0x800
#define MSR_X2APIC_LAST 0x8ff
#define MSR_S_CET 0x6a2
#define MSR_ISST 0x6a8 /* table of shadow stacks for interrupts */
#define MSR_XSS 0xda0
#define MSR_EFER 0xc0000080
#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_CSTAR 0xc0000083
#define MSR_SFMASK 0xc0000084
#define MSR_FS_BASE 0xc0000100
#define MSR_GS_BASE 0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_TSC_AUX 0xc0000103
#define MSR_VM_CR 0xc0010114
#define MSR_IGNNE 0xc0010115
#define MSR_SMM_CTL 0xc0010116
#define MSR_VM_HSAVE_PA 0xc0010117

#define APIC_BASE_BSP (1ull << 8)
#define APIC_BASE_EXTD (1ull << 10)
#define APIC_BASE_ENABLE (1ull << 11)

/* After RESET; INIT resets the debug registers alone (SDM table 10-1). */
#define PAT_RESET 0x0007040600070406ull
#define DR6_RESET 0xffff0ff0ull
#define DR7_RESET 0x400ull

#define DR6_BREAKPOINTS 0xfull
#define DR6_GENERAL_DETECT (1ull << 13)
#define DR6_SINGLE_STEP (1ull << 14)
#define DR7_GENERAL_DETECT (1ull << 13)

#define DEBUGCTL_BTF 2ull /* single steps are branches */

/* CPUID feature bits as leaf-register-bit, for cpu_has(). */
#define CPU_FEATURE(leaf, reg, bit) (((u64)(leaf) << 8) | ((reg) << 5) | (bit))
enum { CPU_EAX, CPU_EBX, CPU_ECX, CPU_EDX };
#define CPU_SSE2 CPU_FEATURE(1, CPU_EDX, 26)
#define CPU_APIC CPU_FEATURE(1, CPU_EDX, 9)
#define CPU_MTRR CPU_FEATURE(1, CPU_EDX, 12)
#define CPU_VMX CPU_FEATURE(1, CPU_ECX, 5)
#define CPU_X2APIC CPU_FEATURE(1, CPU_ECX, 21)
#define CPU_XSAVE CPU_FEATURE(1, CPU_ECX, 26)
#define CPU_PCID CPU_FEATURE(1, CPU_ECX, 17)
#define CPU_TSC_DEADLINE CPU_FEATURE(1, CPU_ECX, 24)
#define CPU_FSGSBASE CPU_FEATURE(7, CPU_EBX, 0)
#define CPU_SMEP CPU_FEATURE(7, CPU_EBX, 7)
#define CPU_SMAP CPU_FEATURE(7, CPU_EBX, 20)
#define CPU_UMIP CPU_FEATURE(7, CPU_ECX, 2)
#define CPU_PKU CPU_FEATURE(7, CPU_ECX, 3)
#define CPU_CET_SS CPU_FEATURE(7, CPU_ECX, 7)
#define CPU_LA57 CPU_FEATURE(7, CPU_ECX, 16)
#define CPU_CET_IBT CPU_FEATURE(7, CPU_EDX, 20)
#define CPU_SVM CPU_FEATURE(0x80000001, CPU_ECX, 2)
#define CPU_SYSCALL CPU_FEATURE(0x80000001, CPU_EDX, 11)
#define CPU_NX CPU_FEATURE(0x80000001, CPU_EDX, 20)
#define CPU_FFXSR CPU_FEATURE(0x80000001, CPU_EDX, 25)
#define CPU_PAGE1GB CPU_FEATURE(0x80000001, CPU_EDX, 26)
#define CPU_RDTSCP CPU_FEATURE(0x80000001, CPU_EDX, 27)
#define CPU_LM CPU_FEATURE(0x80000001, CPU_EDX, 29)
#define CPU_TCE CPU_FEATURE(0x80000001, CPU_ECX, 17)
#define CPU_AUTO_IBRS CPU_FEATURE(0x80000021, CPU_EAX, 8)

/*
 * Whether the processor reports a feature; a leaf it does not have counts as zero. Slow: not for
 * the exit path.
 */
bool cpu_has(u64 feature);
/* Highest basic (0) or extended (0x80000000) leaf. */
u32 cpu_max_leaf(u32 range);
/* CPUID with leaves beyond the maximum reading zero. */
void cpu_cpuid(u32 leaf, u32 subleaf, struct cpuid_regs *out);
/* Bits of CR4 that this processor implements, from CPUID. */
u64 cpu_cr4_supported(void);
/* Bits of EFER that this processor implements, SVME and LMA not among them. */
u64 cpu_efer_supported(void);

/* MOV to CR0; false, and no effect, when the processor refuses the value with #GP. */
bool cpu_try_write_cr0(u64 value);

static inline u64 cpu_rdmsr(u32 msr)
{
	u32 lo, hi;

	asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr) : "memory");
	return (u64)hi << 32 | lo;
}

static inline void cpu_wrmsr(u32 msr, u64 value)
{
	asm volatile("wrmsr" : : "c"(msr), "a"((u32)value), "d"((u32)(value >> 32)) : "memory");
}

static inline u64 cpu_rdtsc(void)
{
	u32 lo, hi;

	asm volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (u64)hi << 32 | lo;
}

#define CPU_REGISTER(name, reg)                                               \
	static inline u64 cpu_read_##name(void)                               \
	{                                                                     \
		u64 value;                                                    \
		asm volatile("mov %%" reg ", %0" : "=r"(value) : : "memory"); \
		return value;                                                 \
	}                                                                     \
	static inline void cpu_write_##name(u64 value)                        \
	{                                                                     \
		asm volatile("mov %0, %%" reg : : "r"(value) : "memory");     \
	}
CPU_REGISTER(cr0, "cr0")
CPU_REGISTER(cr2, "cr2")
CPU_REGISTER(cr3, "cr3")
CPU_REGISTER(cr4, "cr4")
CPU_REGISTER(cr8, "cr8")
CPU_REGISTER(dr0, "dr0")
CPU_REGISTER(dr1, "dr1")
CPU_REGISTER(dr2, "dr2")
CPU_REGISTER(dr3, "dr3")
CPU_REGISTER(dr6, "dr6")
CPU_REGISTER(dr7, "dr7")
#undef CPU_REGISTER

static inline void cpu_xsetbv(u32 index, u64 value)
{
	asm volatile("xsetbv" : : "c"(index), "a"((u32)value), "d"((u32)(value >> 32)) : "memory");
}

static inline void cpu_wbinvd(void)
{
	asm volatile("wbinvd" : : : "memory");
}

/* In every loop that waits: an emulator runs other processors only then. */
static inline void cpu_pause(void)
{
	asm volatile("pause" : : : "memory");
}

static inline u8 cpu_in8(u16 port)
{
	u8 value;

	asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline u16 cpu_in16(u16 port)
{
	u16 value;

	asm volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline u32 cpu_in32(u16 port)
{
	u32 value;

	asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void cpu_out8(u16 port, u8 value)
{
	asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void cpu_out16(u16 port, u16 value)
{
	asm volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline void cpu_out32(u16 port, u32 value)
{
	asm volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

#endif
