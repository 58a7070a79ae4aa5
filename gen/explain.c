/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* One screen about one thing of the interface: which of the screens it is. */
#include "explain.h"

void explain(struct screen *screen, const struct spec *s, const struct found *f)
{
	switch (f->kind) {
	case FOUND_CALL:
		return explain_call(screen, s, f->call);
	case FOUND_MSR:
		return explain_msr(screen, s, f);
	case FOUND_LEAF:
		return explain_leaf(screen, s, f->leaf);
	case FOUND_REGISTER:
		return explain_register(screen, s, f);
	case FOUND_BITS:
		return explain_bits(screen, s, f);
	case FOUND_STATUS:
		return explain_status(screen, s, f->status);
	case FOUND_TYPE:
		return explain_type(screen, s, f->type);
	case FOUND_VALUE:
		return explain_value(screen, s, f);
	case FOUND_OFFER:
		return explain_offer(screen, s, f->offer);
	case FOUND_OFFER_BIT:
		return explain_offer_bit(screen, s, f->offer_bit);
	case FOUND_RULE:
		return explain_rule(screen, s, f->rule);
	case FOUND_CHECK:
		return explain_check(screen, s, f);
	}
}
