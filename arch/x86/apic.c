/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The physical local APIC, which belongs to the root; reached in the mode it is in. */
#include "apic.h"

#include "cpu.h"
#include "machine.h"

#define XAPIC_ICR_HIGH 0x310
#define BASE_ADDRESS 0x000ffffffffff000ull

/* Followed by every write of APIC_BASE, so that an access needs no RDMSR. */
static bool x2apic;
static u64 base = APIC_DEFAULT_BASE;

void apic_base_written(u64 value)
{
	x2apic = (value & (APIC_BASE_EXTD | APIC_BASE_ENABLE)) ==
		 (APIC_BASE_EXTD | APIC_BASE_ENABLE);
	base = value & BASE_ADDRESS;
}

void apic_init(void)
{
	apic_base_written(cpu_rdmsr(MSR_APIC_BASE));
}

static volatile u32 *xapic(u32 reg)
{
	return machine_ptr(HPA(base + reg));
}

u64 machine_apic_read(u32 reg)
{
	if (x2apic)
		return cpu_rdmsr(MSR_X2APIC_FIRST + (reg >> 4));
	if (reg == APIC_ICR)
		return (u64)*xapic(XAPIC_ICR_HIGH) << 32 | *xapic(APIC_ICR);
	return *xapic(reg);
}

bool machine_apic_write(u32 reg, u64 value)
{
	if (x2apic)
		return machine_msr_write(MSR_X2APIC_FIRST + (reg >> 4), value);
	if (reg == APIC_ICR)
		*xapic(XAPIC_ICR_HIGH) = (u32)(value >> 32);
	*xapic(reg) = (u32)value;
	return true;
}
