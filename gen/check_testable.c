/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* No rule without a test: what the test vectors will need is found before anything is written. */
#include "check.h"
#include "diag.h"
#include "sample.h"

/* False after an error: the sample breaks a rule that it was made to keep. */
static bool check_good(struct spec *s, const struct sample *good, const struct check *rules)
{
	const struct check *broken = sample_broken(good, rules);

	if (broken)
		diag_error(s, &broken->at,
			   "no input was found that keeps this rule and all others: %s",
			   broken->text);
	return !broken;
}

static bool is_access(const struct check *k)
{
	return k->kind == CHECK_MSR_READ || k->kind == CHECK_MSR_WRITE;
}

static void check_each(struct spec *s, const struct sample *good, const struct check *rules)
{
	if (!check_good(s, good, rules))
		return;
	for (const struct check *k = rules; k; k = k->next) {
		struct sample broken = *good;

		if (!is_access(k) && !sample_break(&broken, rules, k, 0))
			diag_error(s, &k->at,
				   "nothing breaks this rule and none before it, so that it "
				   "cannot be tested: %s",
				   k->text);
	}
}

void check_testable(struct spec *s)
{
	for (const struct call *c = s->calls; c; c = c->next) {
		struct sample good = sample_of_call(c);

		check_each(s, &good, c->checks);
	}
	for (const struct msr *m = s->msrs; m; m = m->next) {
		struct sample good = sample_of_msr(m);

		check_each(s, &good, m->checks);
	}
}
