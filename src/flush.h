/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Flushes of translations that reach every VP they must, and are complete when they return. */
#ifndef PARTITA_FLUSH_H
#define PARTITA_FLUSH_H

#include "types.h"

struct partition;
struct vcpu;
struct vpset;

/*
 * Drop the guest-virtual translations of the VPs in the set, or all nested translations of the
 * partition: no VP uses an old one once this returns. The caller holds no lock. While it waits for
 * others it meets what they ask of its own VP.
 */
void flush_gva(struct partition *p, const struct vpset *set);
void flush_gpa(struct partition *p);

/*
 * While the calling processor's own VP waits for another: its guest does not run, so that the
 * flushes that others want of it can be noted. Does not return when the machine ends.
 */
void flush_answer(struct vcpu *self);

/* The VP's part of what was asked for: bits of enum vcpu_request. */
void flush_requested(struct vcpu *v, u32 requests);

#endif
