/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Synthetic MSRs by number, under the rules of the generated table; for register calls and MSR exits alike. */
#ifndef PARTITA_MSR_H
#define PARTITA_MSR_H

#include "types.h"

struct vcpu;

/* Read or write as RDMSR and WRMSR of v would. False: refused, logged and traced; nothing has changed. */
bool msr_read(struct vcpu *v, u32 number, u64 *value);
bool msr_write(struct vcpu *v, u32 number, u64 value);

#endif
