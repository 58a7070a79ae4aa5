/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Memory type range registers of VPs and processors. */
#include "mtrr.h"

#include "cpu.h"
#include "partition.h"
#include "string.h"
#include "vcpu.h"

#define MSR_VARIABLE 0x200u /* pairs of base and mask */
#define MSR_FIXED_64K 0x250u
#define MSR_FIXED_16K 0x258u
#define MSR_FIXED_4K 0x268u
#define CAP_RANGES 0xffu
#define DEF_TYPE_LEGAL 0xcffull
#define DEF_TYPE_ENABLE (1ull << 11)
#define BASE_FLAGS 0xfffull /* all reserved but the type */
#define MASK_VALID (1ull << 11)

/* Where the registers of each kind begin among a VP's: the variable ones first. */
enum { FIXED = 2 * VCPU_MTRR_RANGES, DEF_TYPE = FIXED + 11 };
_Static_assert(DEF_TYPE + 1 == VCPU_MTRRS, "as many as a VP has");

static const u32 fixed[] = {
	MSR_FIXED_64K,	  MSR_FIXED_16K,    MSR_FIXED_16K + 1, MSR_FIXED_4K,
	MSR_FIXED_4K + 1, MSR_FIXED_4K + 2, MSR_FIXED_4K + 3,  MSR_FIXED_4K + 4,
	MSR_FIXED_4K + 5, MSR_FIXED_4K + 6, MSR_FIXED_4K + 7,
};

static unsigned range_count(void)
{
	u64 cap = 0;

	machine_msr_read(MSR_MTRR_CAP, &cap);
	cap &= CAP_RANGES;
	return cap < VCPU_MTRR_RANGES ? (unsigned)cap : VCPU_MTRR_RANGES;
}

/* A register's place in vcpu.mtrr, or -1. */
static int slot_of(u32 msr, unsigned ranges)
{
	if (msr - MSR_VARIABLE < 2 * ranges)
		return (int)(msr - MSR_VARIABLE);
	for (unsigned i = 0; i < ARRAY_SIZE(fixed); i++)
		if (fixed[i] == msr)
			return (int)(FIXED + i);
	return msr == MSR_MTRR_DEF_TYPE ? (int)DEF_TYPE : -1;
}

/* SDM table 12-8: uncacheable, write combining, write through, write protected, write back. */
static bool type_valid(u8 type)
{
	return type <= 6 && type != 2 && type != 3;
}

static bool types_valid(u64 value)
{
	for (unsigned shift = 0; shift < 64; shift += 8)
		if (!type_valid((u8)(value >> shift)))
			return false;
	return true;
}

bool mtrr_valid(u32 msr, u64 value, unsigned ranges, unsigned physical_bits)
{
	const int slot = slot_of(msr, ranges);

	if (slot < 0)
		return false;
	if (slot == DEF_TYPE)
		return !(value & ~DEF_TYPE_LEGAL) && type_valid((u8)value);
	if (slot >= FIXED)
		return types_valid(value);
	if (value >> physical_bits)
		return false;
	return slot % 2 ? !(value & BASE_FLAGS & ~MASK_VALID)
			: !(value & BASE_FLAGS & ~0xffull) && type_valid((u8)value);
}

bool mtrr_read(const struct vcpu *v, u32 msr, u64 *value)
{
	const int slot = slot_of(msr, range_count());

	if (!cpu_has(CPU_MTRR) || slot < 0)
		return false;
	*value = v->mtrr[slot];
	return true;
}

bool mtrr_write(struct vcpu *v, u32 msr, u64 value)
{
	const unsigned ranges = range_count();

	if (!cpu_has(CPU_MTRR) || !mtrr_valid(msr, value, ranges, machine_physical_address_bits()))
		return false;
	v->mtrr[slot_of(msr, ranges)] = value;
	return true;
}

/* ---- the processor's own ---- */

static void read_all(u64 *to, unsigned ranges)
{
	for (unsigned i = 0; i < 2 * ranges; i++)
		to[i] = cpu_rdmsr(MSR_VARIABLE + i);
	for (unsigned i = 0; i < ARRAY_SIZE(fixed); i++)
		to[FIXED + i] = cpu_rdmsr(fixed[i]);
	to[DEF_TYPE] = cpu_rdmsr(MSR_MTRR_DEF_TYPE);
}

/* SDM 12.11.7.2, with caches off and nothing in them or in the TLB that has the old types. */
static void write_all(const u64 *from, unsigned ranges)
{
	const u64 cr0 = cpu_read_cr0(), cr4 = cpu_read_cr4();

	cpu_write_cr0((cr0 | CR0_CD) & ~CR0_NW);
	cpu_wbinvd();
	cpu_write_cr4(cr4 & ~CR4_PGE);
	cpu_wrmsr(MSR_MTRR_DEF_TYPE, from[DEF_TYPE] & ~DEF_TYPE_ENABLE);
	for (unsigned i = 0; i < 2 * ranges; i++)
		cpu_wrmsr(MSR_VARIABLE + i, from[i]);
	for (unsigned i = 0; i < ARRAY_SIZE(fixed); i++)
		cpu_wrmsr(fixed[i], from[FIXED + i]);
	cpu_wrmsr(MSR_MTRR_DEF_TYPE, from[DEF_TYPE]);
	cpu_wbinvd();
	cpu_write_cr4(cr4);
	cpu_write_cr0(cr0);
}

void mtrr_start(struct vcpu *v)
{
	const u64 *first = v->partition->vp[0]->mtrr;
	const unsigned ranges = range_count();

	if (!cpu_has(CPU_MTRR))
		return;
	read_all(v->mtrr, ranges);
	if (memcmp(v->mtrr, first, sizeof(v->mtrr)) == 0)
		return;
	write_all(first, ranges);
	memcpy(v->mtrr, first, sizeof(v->mtrr));
}
