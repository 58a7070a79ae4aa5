/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What others have to tell the hypercall layer; its entry is hypercall_exit() in virt.h. */
#ifndef PARTITA_HYPERCALL_H
#define PARTITA_HYPERCALL_H

#include "types.h"

struct partition;

/*
 * Work out again which calls may take the short path; whenever the hypercall page is enabled or
 * disabled, or what the partition is offered was changed.
 */
void hypercall_open(struct partition *p, bool enabled);

#endif
