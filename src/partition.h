/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* A partition: a unit of isolation, what it is offered, its memory and its virtual processors. */
#ifndef PARTITA_PARTITION_H
#define PARTITA_PARTITION_H

#include "types.h"
#include "gpa.h"
#include "ioapic.h"
#include "overlay.h"
#include "reftsc.h"
#include "spec_calls.h"
#include "spec_cpuid.h"
#include "spec_msrs.h"
#include "spec_offer.h"
#include "spin.h"
#include "vcpu.h"

/* Four banks of 64; xAPIC ids are no more. */
#define PARTITION_MAX_VPS OVERLAY_VPS

/*
 * Why the root partition, and with it the machine, came to its end; the words of the log's last
 * line.
 */
enum partition_end { END_POWER_OFF, END_EXIT, END_RESET, END_TRIPLE_FAULT, END_PANIC };

struct partition {
	struct spin lock;
	struct spec_env env;                    /* (c) what rules of hypercalls ask about it */
	struct spec_offer offer;                /* (c) privileges, features and hints it has */
	struct spec_cpuid_leaf cpuid[SPEC_CPUID_LEAVES]; /* (c) filled from the offer at creation */
	u64 msr[SPEC_MSR_PARTITION_SLOTS];      /* (p) stored synthetic MSRs of partition scope */
	const struct spec_call *short_call[SPEC_CALL_LOW]; /* (p) by code: open to short paths */
	struct gpa_space gpa;                   /* (p) nested tables */
	struct overlays overlays;               /* (p) pages that hide guest memory */
	struct ioapics ioapics;
	struct reftime time;                    /* (p) reference time */
	bool invariant_tsc;                     /* (p) exposed in CPUID 0x80000007 */
	u64 tsc_hz, apic_timer_hz;              /* (c) */
	unsigned apic_timer_shift;              /* (c) TSC ticks of one APIC timer tick: a power of two */
	u32 crashes;                            /* (p) crash notifications so far */
	u32 identities;                         /* (p) changes of the guest OS id so far */
	struct vcpu *ended_by;                  /* (a) the VP that brings the machine to its end */
	struct vcpu *vp[PARTITION_MAX_VPS];     /* (c) by VP index; env has their number */
};
/* Legend: (c) constant after creation; (p) the partition's lock; (a) atomic. */

struct machine_rates;

/* What a partition is made from. */
struct partition_config {
	u64 id;
	struct spec_offer offer;          /* settled by partition_create() */
	u64 table_budget;                 /* nested tables for devices, beside its RAM's */
	unsigned address_bits;
	const struct machine_rates *rates;
};

/*
 * Make p, whose gpa.ram and gpa.hidden_* are filled in and all else is zero: nested tables, CPUID,
 * MSRs at reset, reference time from 0. False: out of memory.
 */
bool partition_create(struct partition *p, const struct partition_config *config);

/*
 * Changes of what VPs share. Unlocking waits, with the lock released, until no VP uses an old nested
 * translation any more.
 */
void partition_lock(struct partition *p);
void partition_unlock(struct partition *p);

/* Fill in its CPUID leaves; again when it has all its virtual processors. */
void partition_fill_cpuid(struct partition *p);

/* Give every synthetic MSR of the partition and its VPs its reset value, take all overlays away. */
void partition_reset(struct partition *p);

/*
 * End the root partition: log why (value: what it wrote to the exit port), then stop or reset the
 * machine.
 */
_Noreturn void partition_end_root(struct partition *p, enum partition_end why, u32 value);

#endif
