/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Which values a register may take, for registers set by name (hypercalls, start states). */
#include "reg_rules.h"

#include "cpu.h"
#include "segment.h"

#define CR0_LEGAL                                                                                  \
	(CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | \
	 CR0_PG)
#define RFLAGS_LEGAL 0x3f7fd7ull /* SDM 3.4.3 */
#define RFLAGS_RESERVED_OFF ~RFLAGS_LEGAL
#define DR6_FIXED_ON 0xffff0ff0ull
#define DR7_RESERVED 0xffffffff0000d000ull
#define APIC_BASE_FLAGS 0xd00ull

bool reg_canonical(u64 address, bool la57)
{
	const unsigned unused = la57 ? 7 : 16;

	return (u64)((i64)(address << unused) >> unused) == address;
}

bool reg_pat_valid(u64 pat)
{
	for (unsigned i = 0; i < 8; i++) {
		const u8 type = (u8)(pat >> i * 8);

		if (type > 7 || type == 2 || type == 3)
			return false;
	}
	return true;
}

bool reg_s_cet_valid(u64 s_cet)
{
	const u64 enable = 1, enable_writes = 2;

	return !(s_cet & ~(enable | enable_writes));
}

static bool cr0_valid(const struct reg_rules *r, u64 value)
{
	if (value & ~CR0_LEGAL || (value & CR0_PG && !(value & CR0_PE)) ||
	    (value & CR0_NW && !(value & CR0_CD)))
		return false;
	if (!(value & CR0_PG) && r->cr4 & CR4_PCIDE)
		return false;
	/* Long mode is neither entered nor left in a 64-bit segment. */
	if ((value ^ r->cr0) & CR0_PG && r->efer & EFER_LME && r->cs_attributes & SEGMENT_L)
		return false;
	if (!(value & CR0_WP) && r->cr4 & CR4_CET)
		return false;
	return !(value & CR0_PG) || !(r->efer & EFER_LME) || r->cr4 & CR4_PAE;
}

static bool cr3_valid(const struct reg_rules *r, u64 value)
{
	return !(value >> r->physical_bits);
}

static bool cr4_valid(const struct reg_rules *r, u64 value)
{
	if (value & ~r->cr4_supported)
		return false;
	if (r->efer & EFER_LMA && (!(value & CR4_PAE) || (value ^ r->cr4) & CR4_LA57))
		return false;
	if (value & CR4_PCIDE && !(r->efer & EFER_LMA))
		return false;
	return !(value & CR4_CET) || r->cr0 & CR0_WP;
}

/*
 * LMA follows LME and CR0.PG: a value that says otherwise is refused, like one that changes LME
 * under paging.
 */
static bool efer_valid(const struct reg_rules *r, u64 value)
{
	const bool paging = r->cr0 & CR0_PG;

	if (value & ~(r->efer_supported | EFER_LMA))
		return false;
	if (paging && (value ^ r->efer) & EFER_LME)
		return false;
	return !(value & EFER_LMA) == !(paging && value & EFER_LME);
}

static bool rip_valid(const struct reg_rules *r, u64 value)
{
	if (r->efer & EFER_LMA && r->cs_attributes & SEGMENT_L)
		return reg_canonical(value, r->la57);
	return !(value >> 32);
}

bool reg_valid(const struct reg_rules *r, enum vreg reg, u64 value)
{
	switch (reg) {
	case VREG_RIP:
		return rip_valid(r, value);
	case VREG_RFLAGS:
		return value & RFLAGS_ONE && !(value & RFLAGS_RESERVED_OFF) &&
		       !(r->efer & EFER_LMA && value & RFLAGS_VM);
	case VREG_CR0:
		return cr0_valid(r, value);
	case VREG_CR3:
		return cr3_valid(r, value);
	case VREG_CR4:
		return cr4_valid(r, value);
	case VREG_CR8:
		return value <= 15;
	case VREG_EFER:
		return efer_valid(r, value);
	case VREG_PAT:
		return reg_pat_valid(value);
	case VREG_DR0:
	case VREG_DR1:
	case VREG_DR2:
	case VREG_DR3:
	case VREG_SYSENTER_ESP:
	case VREG_SYSENTER_EIP:
	case VREG_LSTAR:
	case VREG_CSTAR:
	case VREG_KERNEL_GS_BASE:
		return reg_canonical(value, r->la57);
	case VREG_DR6:
		return !(value >> 32) && (value & DR6_FIXED_ON) == DR6_FIXED_ON &&
		       !(value & 1u << 12);
	case VREG_DR7:
		return !(value & DR7_RESERVED) && value & 1u << 10;
	case VREG_SFMASK:
	case VREG_TSC_AUX:
	case VREG_SYSENTER_CS:
		return !(value >> 32);
	case VREG_APIC_BASE:
		return !(value & 0xfff & ~APIC_BASE_FLAGS) && !(value >> r->physical_bits) &&
		       (value & APIC_BASE_ENABLE || !(value & APIC_BASE_EXTD));
	default:
		return true;
	}
}

static bool limit_valid(const struct segment *s)
{
	if (s->attributes & SEGMENT_G)
		return (s->limit & 0xfff) == 0xfff;
	return s->limit <= 0xfffff;
}

static bool table_register_valid(const struct reg_rules *r, const struct segment *in)
{
	return reg_canonical(in->base, r->la57) && in->limit <= 0xffff;
}

static bool code_valid(const struct reg_rules *r, const struct segment *in)
{
	if (!(in->attributes & SEGMENT_P) || !(in->attributes & SEGMENT_S) ||
	    !(in->attributes & SEGMENT_CODE))
		/* Real mode runs with data-like attributes too, and so does virtual-8086 mode. */
		return (!(r->cr0 & CR0_PE) || r->rflags & RFLAGS_VM) && in->attributes & SEGMENT_P &&
		       in->attributes & SEGMENT_S;
	return !(r->efer & EFER_LMA && in->attributes & SEGMENT_L && in->attributes & SEGMENT_DB);
}

bool reg_segment_valid(const struct reg_rules *r, enum vseg seg, const struct segment *in)
{
	const unsigned type = in->attributes & 15;

	if (seg == VSEG_GDTR || seg == VSEG_IDTR)
		return table_register_valid(r, in);
	if (in->attributes & 0x0f00)
		return false;
	if (seg == VSEG_TR)
		return in->attributes & SEGMENT_P && !(in->attributes & SEGMENT_S) &&
		       (type == 3 || type == 11) && limit_valid(in) &&
		       reg_canonical(in->base, r->la57) && !(in->selector & 4);
	if (seg == VSEG_CS)
		return code_valid(r, in) && limit_valid(in) && !(in->base >> 32);
	if (!(in->attributes & SEGMENT_P))
		return true;
	if (seg == VSEG_LDTR)
		return !(in->attributes & SEGMENT_S) && type == 2 && limit_valid(in) &&
		       reg_canonical(in->base, r->la57);
	if (!(in->attributes & SEGMENT_S) || !limit_valid(in))
		return false;
	return seg == VSEG_FS || seg == VSEG_GS ? reg_canonical(in->base, r->la57)
						: !(in->base >> 32);
}

bool reg_context_valid(const struct reg_rules *rules, const struct vcpu_context *c)
{
	const struct { enum vreg reg; u64 value; } values[] = {
		{ VREG_CR0, c->cr0 },   { VREG_CR3, c->cr3 }, { VREG_CR4, c->cr4 },
		{ VREG_EFER, c->efer }, { VREG_PAT, c->pat }, { VREG_RFLAGS, c->rflags },
		{ VREG_RIP, c->rip },
	};
	struct reg_rules r = *rules;

	r.cr0 = c->cr0;
	r.cr4 = c->cr4;
	r.efer = c->efer;
	r.rflags = c->rflags;
	r.la57 = c->cr4 & CR4_LA57;
	r.cs_attributes = c->segment[VSEG_CS].attributes;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		if (!reg_valid(&r, values[i].reg, values[i].value))
			return false;
	for (enum vseg seg = 0; seg < VSEG_COUNT; seg++)
		if (!reg_segment_valid(&r, seg, &c->segment[seg]))
			return false;
	return true;
}
