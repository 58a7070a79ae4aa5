/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Events on their way into a guest: classes of exceptions and what becomes of a fault during a
 * delivery. Pure.
 */
#ifndef PARTITA_X86_EVENT_H
#define PARTITA_X86_EVENT_H

#include "types.h"

/*
 * Kinds of events, numbered as VMX interruption information (Intel SDM 25.8.3); SVM has the first
 * five alike.
 */
enum event_type {
	EVENT_INTERRUPT = 0,
	EVENT_NMI = 2,
	EVENT_EXCEPTION = 3,
	EVENT_SOFT_INTERRUPT = 4,  /* INT n */
	EVENT_PRIVILEGED = 5,      /* INT1; VMX only */
	EVENT_SOFT_EXCEPTION = 6,  /* INT3, INTO; VMX only */
};

/*
 * Vectors, as bits, of exceptions that can raise themselves in their own delivery, again and again:
 * a breakpoint on the stack, a stack that is not aligned. They exit, as in between a processor may
 * hear nothing, be it an NMI.
 */
#define ENDLESS_EXCEPTIONS (1u << 1 | 1u << 17)

struct event {
	bool valid;
	u8 type;      /* enum event_type */
	u8 vector;
	bool has_error;
	u32 error;
};

/* What comes of an exception while another event is being delivered. */
enum event_outcome {
	EVENT_DELIVER,  /* deliver *out */
	EVENT_TRIPLE,   /* the processor shuts down */
};

/* True for exceptions that push an error code (in protected mode). */
bool event_has_error(u8 vector);

/*
 * The exception `second` arises while `first` was being delivered (or first->valid is false).
 * Writes what the processor delivers then: the second one, or a double fault (SDM table 6-5, APM
 * table 8-3).
 */
enum event_outcome event_combine(const struct event *first, const struct event *second,
				 struct event *out);

/*
 * True if an event whose delivery was interrupted by an exit must be injected again. INT n, INT3,
 * INTO and INT1 are not: RIP still is at the instruction, which raises them again when executed.
 */
bool event_must_repeat(const struct event *event);

/* An exception with the error code 0 where the vector has one. */
struct event event_exception(u8 vector);

#endif
