/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Which values a register may take, for registers set by name (hypercalls, start states). Pure. */
#ifndef PARTITA_X86_REG_RULES_H
#define PARTITA_X86_REG_RULES_H

#include "vcpu.h"

/* What the processor supports and the registers whose values depend on each other. */
struct reg_rules {
	u64 cr4_supported, efer_supported;
	unsigned physical_bits;
	bool la57;
	u64 cr0, cr4, efer, rflags; /* current values of the virtual processor */
	u32 cs_attributes;
};

bool reg_canonical(u64 address, bool la57);
bool reg_pat_valid(u64 pat);
/* S_CET of an AMD processor, which has shadow stacks and no indirect branch tracking. */
bool reg_s_cet_valid(u64 s_cet);

/* True if the value is legal for the register now. Read-only registers are not its business. */
bool reg_valid(const struct reg_rules *rules, enum vreg reg, u64 value);

/*
 * True if the segment could have been loaded by the processor (SDM 27.3.1.2 in spirit; unusable
 * ones are legal).
 */
bool reg_segment_valid(const struct reg_rules *rules, enum vseg seg, const struct segment *in);

/*
 * True if each value is legal beside the others. Of the rules only what the processor supports
 * counts: there were no values before these.
 */
bool reg_context_valid(const struct reg_rules *rules, const struct vcpu_context *context);

#endif
