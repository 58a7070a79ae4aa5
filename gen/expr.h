/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Rules as C expressions over `in`, `each`, `a` (hypercalls) or `value`, `old`, `env` (MSRs). */
#ifndef HVGEN_EXPR_H
#define HVGEN_EXPR_H

#include "model.h"

/* True in C when the rule is broken, as text. */
const char *expr_broken(const struct check *k);
/* True in C while a guarded rule holds at all, as text. */
const char *expr_guard(const struct check *k);

/* What a rule looks at as an unsigned number, as text. */
const char *expr_value(const struct operand *o);

/* Whether a call has rules for elements (each) or for what comes before them. */
bool has_checks(const struct call *c, bool each);
/* Whether those rules read a part. */
bool looks_at(const struct call *c, bool each, enum part part);

#endif
