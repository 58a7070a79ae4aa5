/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * The synthetic interrupt controller of a VP (TLFS chapter 11): sixteen sources, each with a slot
 * for a message and 2048 event flags.
 */
#ifndef PARTITA_SYNIC_H
#define PARTITA_SYNIC_H

#include "types.h"
#include "spin.h"

struct vcpu;

#define SYNIC_SOURCES 16
#define SYNIC_FLAGS 2048 /* per source */
#define SYNIC_MESSAGE 256 /* bytes: struct hv_message */
#define SYNIC_REPEATS 64 /* as often may a message that waits be asked for again; more are lost */

/*
 * A message on its way to a source of one VP. Who has claimed it fills it and posts it, and leaves
 * it alone then: it is free again when it was delivered.
 */
struct synic_buffer {
	bool busy;                  /* (a) claimed; cleared with the lock held */
	u8 source;                  /* (q) where it waits */
	u8 repeats;                 /* (q) how often it is to be delivered once more */
	struct synic_buffer *next;  /* (q) */
	/* (c) called right before a delivery, to bring the message up to date; NULL: as it is. */
	void (*freshen)(struct vcpu *v, struct synic_buffer *b);
	u64 message[SYNIC_MESSAGE / 8];
};

struct synic_queue { struct synic_buffer *first, *last; };

struct synic {
	struct spin lock;          /* (q), and of who writes the message page */
	u32 waiting;               /* (q) a bit per source: its queue is not empty; (a) for reading */
	struct synic_queue queue[SYNIC_SOURCES]; /* (q) */
	u64 auto_eoi[4];           /* (s) vectors that end themselves */
	u64 vectors[4];            /* (s) vectors of sources: their EOI may free a slot */
};
/*
 * Legend: (s) only the processor that runs the VP; (q) under the lock; (a) atomic; (c) constant.
 */

/* Whether a message, or an event of a source, can be sent to the VP now. From any processor. */
bool synic_takes_messages(const struct vcpu *v);
bool synic_takes_events(const struct vcpu *v, u32 source);

/*
 * A message to a source of the VP, from any processor: claim a buffer (false: it is busy), fill it
 * and post it. It is delivered when its turn comes and the slot is empty.
 */
bool synic_claim(struct synic_buffer *b);
void synic_post(struct vcpu *v, u32 source, struct synic_buffer *b);

/*
 * A buffer that was posted to the VP is to be delivered once more after that. False: it has been
 * delivered, and is free.
 */
bool synic_repeat(struct vcpu *v, struct synic_buffer *b);

/* A buffer that was posted to the VP and waits is not wanted any more. */
void synic_cancel(struct vcpu *v, struct synic_buffer *b);

/* Set an event flag. False: the controller or its page is off, or the source masked. */
bool synic_signal(struct vcpu *v, u32 source, u32 flag);

/* Slots may have become empty: try again what waits. */
void synic_retry(struct vcpu *v);

/*
 * The vector is a source's; it ends itself when it is delivered; its EOI tells that a slot may be
 * empty.
 */
bool synic_has_vector(const struct vcpu *v, u8 vector);
bool synic_ends_itself(const struct vcpu *v, u8 vector);
void synic_vector_ended(struct vcpu *v, u8 vector);

/* Everything that waits is lost. */
void synic_reset(struct vcpu *v);

#endif
