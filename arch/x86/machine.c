/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* machine.h on x86: each a few instructions. */
#include "machine.h"

#include "cpu.h"
#include "irq.h"
#include "mtrr.h"
#include "percpu.h"

/* The instruction at label 1 may raise #GP; the code goes on at label 2 then. */
#define MAY_FAULT " .section .exception_table, \"a\"; .quad 1b, 2b; .previous"

struct vcpu *machine_vcpu(void)
{
	return cpu_self()->vcpu;
}

void machine_bind(struct vcpu *v)
{
	cpu_self()->vcpu = v;
	mtrr_start(v);
	irq_init();
}

void machine_pause(void)
{
	cpu_pause();
}

u64 machine_tsc(void)
{
	return cpu_rdtsc();
}

void machine_cpuid(u32 leaf, u32 subleaf, struct cpuid_regs *out)
{
	asm volatile("cpuid"
		     : "=a"(out->eax), "=b"(out->ebx), "=c"(out->ecx), "=d"(out->edx)
		     : "0"(leaf), "2"(subleaf));
}

bool machine_msr_read(u32 msr, u64 *value)
{
	u32 lo, hi, fault = 1;

	asm volatile("1: rdmsr; xor %2, %2; 2:" MAY_FAULT
		     : "=a"(lo), "=d"(hi), "+r"(fault)
		     : "c"(msr)
		     : "memory");
	if (fault)
		return false;
	*value = (u64)hi << 32 | lo;
	return true;
}

bool machine_msr_write(u32 msr, u64 value)
{
	u32 fault = 1;

	asm volatile("1: wrmsr; xor %0, %0; 2:" MAY_FAULT
		     : "+r"(fault) : "c"(msr), "a"((u32)value), "d"((u32)(value >> 32)) : "memory");
	return !fault;
}

bool cpu_try_write_cr0(u64 value)
{
	u32 fault = 1;

	asm volatile("1: mov %1, %%cr0; xor %0, %0; 2:" MAY_FAULT
		     : "+r"(fault)
		     : "r"(value)
		     : "memory");
	return !fault;
}

u32 machine_in(u16 port, unsigned size)
{
	return size == 1 ? cpu_in8(port) : size == 2 ? cpu_in16(port) : cpu_in32(port);
}

void machine_out(u16 port, unsigned size, u32 value)
{
	if (size == 1)
		cpu_out8(port, (u8)value);
	else if (size == 2)
		cpu_out16(port, (u16)value);
	else
		cpu_out32(port, value);
}

u32 machine_mmio_read(hpa_t hpa)
{
	return *(volatile u32 *)machine_ptr(hpa);
}

void machine_mmio_write(hpa_t hpa, u32 value)
{
	*(volatile u32 *)machine_ptr(hpa) = value;
}

void machine_xmm_read(unsigned n, u64 out[2])
{
	switch (n) {
	case 0: asm volatile("movups %%xmm0, %0" : "=m"(*(u128 *)out)); break;
	case 1: asm volatile("movups %%xmm1, %0" : "=m"(*(u128 *)out)); break;
	case 2: asm volatile("movups %%xmm2, %0" : "=m"(*(u128 *)out)); break;
	case 3: asm volatile("movups %%xmm3, %0" : "=m"(*(u128 *)out)); break;
	case 4: asm volatile("movups %%xmm4, %0" : "=m"(*(u128 *)out)); break;
	default: asm volatile("movups %%xmm5, %0" : "=m"(*(u128 *)out)); break;
	}
}

void machine_xmm_write(unsigned n, const u64 in[2])
{
	switch (n) {
	case 0: asm volatile("movups %0, %%xmm0" : : "m"(*(const u128 *)in)); break;
	case 1: asm volatile("movups %0, %%xmm1" : : "m"(*(const u128 *)in)); break;
	case 2: asm volatile("movups %0, %%xmm2" : : "m"(*(const u128 *)in)); break;
	case 3: asm volatile("movups %0, %%xmm3" : : "m"(*(const u128 *)in)); break;
	case 4: asm volatile("movups %0, %%xmm4" : : "m"(*(const u128 *)in)); break;
	default: asm volatile("movups %0, %%xmm5" : : "m"(*(const u128 *)in)); break;
	}
}

/* RDPKRU asks for CR4.PKE, which the hypervisor has no use for. */
u32 machine_pkru(void)
{
	const u64 cr4 = cpu_read_cr4();
	u32 pkru;

	cpu_write_cr4(cr4 | CR4_PKE);
	asm volatile("rdpkru" : "=a"(pkru) : "c"(0) : "edx");
	cpu_write_cr4(cr4);
	return pkru;
}

_Noreturn void machine_halt(void)
{
	for (;;)
		asm volatile("cli; hlt");
}
