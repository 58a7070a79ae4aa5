/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * The synthetic interrupt controller of a VP (TLFS chapter 11): sixteen sources, each with a slot
 * for a message and 2048 event flags.
 */
#ifndef PARTITA_SYNIC_H
#define PARTITA_SYNIC_H

#include "types.h"
#include "spin.h"

struct hv_message;
struct vcpu;

#define SYNIC_SOURCES 16
#define SYNIC_FLAGS 2048 /* per source */

/*
 * A message on its way. Owned by who sends it, and left alone by that one until `queued` is false
 * again.
 */
struct synic_buffer {
	struct synic_buffer *next;
	bool queued;               /* (a) */
	_Alignas(8) u8 message[256]; /* struct hv_message */
};

struct synic {
	struct spin lock;          /* of the queues, and of who writes the message page */
	struct {
		struct synic_buffer *first, *last;
	} queue[SYNIC_SOURCES];
	u64 auto_eoi[4];           /* (s) vectors that end themselves */
	u64 vectors[4];            /* (s) vectors of sources: their EOI may free a slot */
};
/* Legend: (s) only the processor that runs the VP; (a) atomic. */

/* Whether messages and events can be queued for the VP. */
bool synic_is_enabled(const struct vcpu *v);

/*
 * Queue a message for a source of the VP and deliver what can be. The buffer must not be queued.
 * From any processor.
 */
void synic_post(struct vcpu *v, u32 source, struct synic_buffer *buffer);

/* Set an event flag. False: the controller or its page is off, or the source masked. */
bool synic_signal(struct vcpu *v, u32 source, u32 flag);

/* Slots may have become free: try again what is queued, for one source or all. */
void synic_retry(struct vcpu *v, u32 source);
void synic_retry_all(struct vcpu *v);

/*
 * The vector ends itself when it is delivered; its EOI tells that a slot may be free; it is that of
 * a source.
 */
bool synic_ends_itself(const struct vcpu *v, u8 vector);
void synic_vector_ended(struct vcpu *v, u8 vector);
bool synic_has_vector(const struct vcpu *v, u8 vector);

/* Everything that was queued is lost. */
void synic_reset(struct vcpu *v);

#endif
