/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Keys on the hypervisor's console: what a person may ask while the partition runs. */
#ifndef PARTITA_KEYS_H
#define PARTITA_KEYS_H

#include "types.h"

struct vcpu;

/*
 * From now on the processor of v looks for keys. The console's device is the hypervisor's alone,
 * but its interrupt would come by a controller that is the root's: so the processor's timer brings
 * it there, ten times a second, whatever its guest does.
 */
void keys_start(struct vcpu *v);

/* Look, and do what the keys say, when it is time to. Another time is set in v->keys_due. */
void keys_check(struct vcpu *v, u64 now);

/* What a VP has to do for VCPU_REQUEST_SHOW, on its own processor. */
void keys_show(struct vcpu *v);

#endif
