/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What a partition is offered hangs together: no bit tells of what another one withholds. */
#include "offer.h"

#include "spec_offer.h"

/*
 * Guests ask for one bit of several: Linux looks at the privilege alone of GUEST_IDLE, and takes a
 * hint for a promise that what it recommends is there. In an order that makes one pass enough.
 */
static const struct { struct spec_offer what, needs; } ties[] = {
	{ { .privilege = SPEC_PRIVILEGE_ACCESS_GUEST_IDLE_REG },
	  { .feature = SPEC_FEATURE_GUEST_IDLE } },
	{ { .privilege = SPEC_PRIVILEGE_ACCESS_FREQUENCY_REGS },
	  { .feature = SPEC_FEATURE_FREQUENCY_REGS } },
	{ { .feature = SPEC_FEATURE_GUEST_IDLE },
	  { .privilege = SPEC_PRIVILEGE_ACCESS_GUEST_IDLE_REG } },
	{ { .feature = SPEC_FEATURE_FREQUENCY_REGS },
	  { .privilege = SPEC_PRIVILEGE_ACCESS_FREQUENCY_REGS } },
	{ { .feature = SPEC_FEATURE_SINT_POLLING_MODE },
	  { .privilege = SPEC_PRIVILEGE_ACCESS_SYNIC_REGS } },
	{ { .feature = SPEC_FEATURE_DIRECT_SYNTHETIC_TIMERS },
	  { .privilege = SPEC_PRIVILEGE_ACCESS_SYNTHETIC_TIMER_REGS } },
	{ { .hint = SPEC_HINT_USE_APIC_MSRS },
	  { .privilege = SPEC_PRIVILEGE_ACCESS_INTR_CTRL_REGS } },
	{ { .hint = SPEC_HINT_USE_HV_REGISTER_FOR_RESET },
	  { .privilege = SPEC_PRIVILEGE_ACCESS_RESET_REG } },
	{ { .hint = SPEC_HINT_DEPRECATE_AUTO_EOI },
	  { .privilege = SPEC_PRIVILEGE_ACCESS_SYNIC_REGS } },
	{ { .feature = SPEC_FEATURE_XMM_REGISTERS_FOR_FAST_HYPERCALL |
		       SPEC_FEATURE_HYPERCALL_MSR_LOCK,
	    .hint = SPEC_HINT_USE_HYPERCALL_FOR_REMOTE_FLUSH |
		    SPEC_HINT_USE_SYNTHETIC_CLUSTER_IPI | SPEC_HINT_USE_EX_PROCESSOR_MASKS },
	  { .privilege = SPEC_PRIVILEGE_ACCESS_HYPERCALL_MSRS } },
};

void offer_settle(struct spec_offer *o)
{
	for (unsigned i = 0; i < ARRAY_SIZE(ties); i++) {
		const struct spec_offer *what = &ties[i].what, *needs = &ties[i].needs;

		if (!(needs->privilege & ~o->privilege) && !(needs->feature & ~o->feature))
			continue;
		o->privilege &= ~what->privilege;
		o->feature &= ~what->feature;
		o->hint &= ~what->hint;
	}
}
