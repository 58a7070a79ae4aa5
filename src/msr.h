/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Synthetic MSRs by number, for register calls and MSR exits alike. */
#ifndef PARTITA_MSR_H
#define PARTITA_MSR_H

#include "types.h"

struct vcpu;

struct spec_msr;

/*
 * One row of the generated table as v sees it: what of it is open, and where its value lies. All
 * NULL: nothing is.
 */
struct msr_view {
	const u64 *plain;              /* the value, when reading needs no more than a look */
	const struct spec_msr *read;   /* the row, when it may be read but is computed */
	const struct spec_msr *write;  /* the row, when it may be written */
	u64 *slot;                     /* the stored value */
	u64 free_below;                /* values below it break no rule and are stored as they are */
};

/* Fill the views of v from what its partition is offered; whenever that was changed. */
void msr_open(struct vcpu *v);

/*
 * Read or write as RDMSR and WRMSR of v would. False: refused, logged and traced; nothing has
 * changed.
 */
bool msr_read(struct vcpu *v, u32 number, u64 *value);
bool msr_write(struct vcpu *v, u32 number, u64 value);

#endif
