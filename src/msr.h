/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Synthetic MSRs by number, under the rules of the generated table; for register calls and MSR exits alike. */
#ifndef PARTITA_MSR_H
#define PARTITA_MSR_H

#include "types.h"

struct vcpu;

/* Table of pointers to the values of MSRs that need no more than a look: for the numbers of the generated table. */
#define MSR_PLAIN_COUNT 0x200
#define MSR_PLAIN_BYTES (MSR_PLAIN_COUNT * sizeof(u64 *))

/* Fill the table of v from what its partition is offered; whenever that was changed. */
void msr_open(struct vcpu *v);

/* Read or write as RDMSR and WRMSR of v would. False: refused, logged and traced; nothing has changed. */
bool msr_read(struct vcpu *v, u32 number, u64 *value);
bool msr_write(struct vcpu *v, u32 number, u64 value);

#endif
