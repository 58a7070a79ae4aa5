/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* A partition: a unit of isolation, what it is offered, its memory and its virtual processors. */
#ifndef PARTITA_PARTITION_H
#define PARTITA_PARTITION_H

#include "types.h"
#include "gpa.h"
#include "overlay.h"
#include "reftsc.h"
#include "spec_cpuid.h"
#include "spec_msrs.h"
#include "spec_offer.h"
#include "vcpu.h"

#define PARTITION_MAX_VPS 64

/* Why the root partition, and with it the machine, came to its end; the words of the log's last line. */
enum partition_end { END_POWER_OFF, END_EXIT, END_RESET, END_TRIPLE_FAULT, END_PANIC };

struct partition {
	u64 id;                                             /* (c) */
	struct spec_offer offer;                            /* (c) privileges, features and hints it has */
	struct spec_cpuid_leaf cpuid[SPEC_CPUID_LEAVES];    /* (c) filled from the offer at creation */
	u64 msr[SPEC_MSR_PARTITION_SLOTS];                  /* (p) stored synthetic MSRs of partition scope */
	struct gpa_space gpa;                               /* (p) nested tables */
	struct overlays overlays;                           /* (p) pages that hide guest memory */
	struct reftime time;                                /* (p) reference time */
	bool invariant_tsc;                                 /* (p) exposed in CPUID 0x80000007 */
	u32 vp_count;                                       /* (c) */
	struct vcpu *vp[PARTITION_MAX_VPS];                 /* (c) by VP index */
};
/* Legend: (c) constant after creation; (p) the partition's lock, once several VPs run. */

/* End the root partition: log why (value: what it wrote to the exit port), then stop or reset the machine. */
_Noreturn void partition_end_root(struct partition *p, enum partition_end why, u32 value);

#endif
