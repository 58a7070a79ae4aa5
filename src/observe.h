/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Watching a partition: each exit with its time, and the trace for hvgen to decode. */
#ifndef PARTITA_OBSERVE_H
#define PARTITA_OBSERVE_H

#include "types.h"

struct partition;
struct vcpu;

/*
 * What the vendor calls after an exit: virt->exit, or where the option asks for it observe_exit().
 * Set once the vendor is known, constant afterwards.
 */
extern void (*observe_handler)(struct vcpu *v);
void observe_choose(bool on);

/* Handle an exit, with a record of it in the trace and its time counted. */
void observe_exit(struct vcpu *v);

/* Where the trace is written: 0 when exits are not observed. */
u16 observe_port(void);

/* Write the traces of all VPs there; nothing when exits are not observed. */
void observe_write(const struct partition *p);

/* Log how many exits of each kind there were, and how long they took. */
void observe_log_counts(const struct partition *p);

#endif
