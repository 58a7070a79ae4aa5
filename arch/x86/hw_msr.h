/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Which hardware MSRs the root reaches, in one table that both vendors build their MSR bitmaps and
 * exits from.
 */
#ifndef PARTITA_X86_HW_MSR_H
#define PARTITA_X86_HW_MSR_H

#include "types.h"
#include "vcpu.h"

enum hw_msr_rule {
	HW_MSR_UNLISTED,     /* read forwarded to hardware, write refused */
	HW_MSR_OPEN,         /* no exit at all */
	HW_MSR_READ_OPEN,    /* reads do not exit; writes are handled by name in hw_msr_write */
	HW_MSR_FORWARD,      /* exit; then done on the hardware for the guest */
	HW_MSR_READ_ONLY,    /* read forwarded, write refused */
	HW_MSR_WRITE_IGNORED,/* read forwarded, write dropped */
	HW_MSR_ZERO,         /* reads zero, write dropped */
	HW_MSR_EMULATED,     /* handled by name in hw_msr_read and hw_msr_write */
	HW_MSR_HIDDEN,       /* refused */
};

/*
 * Supervisor state that XSAVES may have to do with: shadow stacks. XRSTORS writes MSRs without an
 * exit: those of processor trace say where in physical memory the processor writes, those of user
 * interrupts which processor is interrupted.
 */
#define XSS_OFFERED (3ull << 11)

/* The rule for an MSR. Pure; total. */
enum hw_msr_rule hw_msr_rule(u32 msr);

/*
 * Whether an access needs no exit; vendors may still intercept more, never less. TSC_DEADLINE
 * counts in host time: a vendor intercepts it while the VP's TSC offset is not zero.
 */
bool hw_msr_open(u32 msr, bool write);

/*
 * An access that exited and is neither synthetic nor the vendor's: VM_SKIP (done, *value set by a
 * read) or VM_GP.
 */
enum vm_next hw_msr_read(struct vcpu *v, u32 msr, u64 *value);
enum vm_next hw_msr_write(struct vcpu *v, u32 msr, u64 value);

#endif
