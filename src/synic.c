/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The synthetic interrupt controller of a VP (TLFS chapter 11). */
#include "synic.h"

#include "hv_abi.h"
#include "lapic.h"
#include "machine.h"
#include "overlay.h"
#include "partition.h"
#include "string.h"
#include "spec_msrs.h"
#include "vcpu.h"

_Static_assert(sizeof(struct hv_message) == SYNIC_MESSAGE, "a buffer has a message");

/* Registers of a VP that others read: each is one word, and a change takes effect when it is seen. */
static u64 register_of(const struct vcpu *v, u32 slot)
{
	return __atomic_load_n(&v->msr[slot], __ATOMIC_RELAXED);
}

static u64 sint_of(const struct vcpu *v, u32 source)
{
	return register_of(v, SPEC_MSR_SLOT_SINT + source);
}

/* A page of the controller, while it is on. SIMP and SIEFP have the same bits. */
static void *page_of(const struct vcpu *v, u32 msr_slot, u32 overlay)
{
	if (!(register_of(v, SPEC_MSR_SLOT_SCONTROL) & HV_X64_MSR_SCONTROL_ENABLE) ||
	    !(register_of(v, msr_slot) & HV_X64_MSR_SIMP_ENABLE))
		return NULL;
	return v->partition->overlays.slot[overlay + v->index].page;
}

static struct hv_message_page *message_page(const struct vcpu *v)
{
	return page_of(v, SPEC_MSR_SLOT_SIMP, OVERLAY_SIMP);
}

static struct hv_event_flags_page *event_page(const struct vcpu *v)
{
	return page_of(v, SPEC_MSR_SLOT_SIEFP, OVERLAY_SIEFP);
}

static bool is_masked(u64 sint)
{
	return sint & HV_X64_MSR_SINT_MASKED;
}

bool synic_takes_messages(const struct vcpu *v)
{
	return message_page(v);
}

bool synic_takes_events(const struct vcpu *v, u32 source)
{
	return event_page(v) && !is_masked(sint_of(v, source));
}

/* Who masks a source or polls it gets messages without their interrupt. */
static void interrupt(struct vcpu *v, u64 sint)
{
	const u8 vector = (u8)(sint & HV_X64_MSR_SINT_VECTOR_MASK);

	if (is_masked(sint) || sint & HV_X64_MSR_SINT_POLLING)
		return;
	if (machine_vcpu() == v)
		lapic_raise(v, vector, false);
	else
		lapic_post(v, vector);
}

/* ---- messages ---- */

/* The lock is held. */
static void append(struct synic *s, u32 source, struct synic_buffer *b)
{
	struct synic_queue *q = &s->queue[source];

	b->next = NULL;
	if (q->first)
		q->last->next = b;
	else
		q->first = b;
	q->last = b;
	__atomic_fetch_or(&s->waiting, 1u << source, __ATOMIC_RELAXED);
}

/* The lock is held. Release: who claims the buffer next finds it unused. */
static void release(struct synic_buffer *b)
{
	b->repeats = 0;
	__atomic_store_n(&b->busy, false, __ATOMIC_RELEASE);
}

static void note_empty(struct synic *s, u32 source)
{
	if (!s->queue[source].first)
		__atomic_fetch_and(&s->waiting, ~(1u << source), __ATOMIC_RELAXED);
}

/* Off its queue, and onto its end again if it is to be repeated. */
static void take_first(struct synic *s, u32 source)
{
	struct synic_buffer *b = s->queue[source].first;

	s->queue[source].first = b->next;
	if (b->repeats) {
		b->repeats--;
		append(s, source, b);
	} else {
		release(b);
		note_empty(s, source);
	}
}

/*
 * The type goes last: it is what makes the slot full in the eyes of the guest, who will look at the
 * flags when it has emptied it.
 */
static void fill_slot(volatile struct hv_message *slot, const struct hv_message *message,
		      bool more)
{
	const u32 words = (message->header.payload_size + 7u) / 8;

	slot->header.payload_size = message->header.payload_size;
	slot->header.flags = more ? HV_MESSAGE_FLAGS_MESSAGE_PENDING_MASK : 0;
	slot->header.sender = message->header.sender;
	for (u32 i = 0; i < words; i++)
		slot->payload[i] = message->payload[i];
	__atomic_store_n(&slot->header.type, message->header.type, __ATOMIC_RELEASE);
}

/*
 * Whether the slot can take a message. If not, the guest is told that one waits; it may have
 * emptied the slot in the meantime and not see that any more, hence the second look. Both sides
 * write, then read what the other writes: the fence here pairs with the guest's.
 */
static bool slot_is_free(volatile struct hv_message *slot)
{
	if (!__atomic_load_n(&slot->header.type, __ATOMIC_ACQUIRE))
		return true;
	slot->header.flags |= HV_MESSAGE_FLAGS_MESSAGE_PENDING_MASK;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return !__atomic_load_n(&slot->header.type, __ATOMIC_ACQUIRE);
}

/* The lock is held. */
static void deliver_first(struct vcpu *v, u32 source)
{
	struct hv_message_page *page = message_page(v);
	const struct synic_queue *q = &v->synic.queue[source];
	struct synic_buffer *b = q->first;

	if (!b || !page || !slot_is_free(&page->slots[source]))
		return;
	if (b->freshen)
		b->freshen(v, b);
	fill_slot(&page->slots[source], (const struct hv_message *)b->message,
		  b->next || b->repeats);
	take_first(&v->synic, source);
	interrupt(v, sint_of(v, source));
}

bool synic_claim(struct synic_buffer *b)
{
	return !__atomic_exchange_n(&b->busy, true, __ATOMIC_ACQUIRE);
}

void synic_post(struct vcpu *v, u32 source, struct synic_buffer *b)
{
	spin_lock(&v->synic.lock);
	b->source = (u8)source;
	append(&v->synic, source, b);
	deliver_first(v, source);
	spin_unlock(&v->synic.lock);
}

bool synic_repeat(struct vcpu *v, struct synic_buffer *b)
{
	bool waits;

	spin_lock(&v->synic.lock);
	waits = __atomic_load_n(&b->busy, __ATOMIC_RELAXED);
	if (waits && b->repeats < SYNIC_REPEATS)
		b->repeats++;
	spin_unlock(&v->synic.lock);
	return waits;
}

static void take_out(struct synic_queue *q, struct synic_buffer *b)
{
	struct synic_buffer **at = &q->first, *before = NULL;

	while (*at != b) {
		before = *at;
		at = &before->next;
	}
	*at = b->next;
	if (q->last == b)
		q->last = before;
}

void synic_cancel(struct vcpu *v, struct synic_buffer *b)
{
	struct synic *s = &v->synic;

	spin_lock(&s->lock);
	if (b->busy) { /* it may have been delivered just now */
		take_out(&s->queue[b->source], b);
		release(b);
		note_empty(s, b->source);
	}
	spin_unlock(&s->lock);
}

static __attribute__((noinline)) void retry(struct vcpu *v, u32 sources)
{
	spin_lock(&v->synic.lock);
	for (; sources; sources &= sources - 1)
		deliver_first(v, (u32)__builtin_ctz(sources));
	spin_unlock(&v->synic.lock);
}

void synic_retry(struct vcpu *v)
{
	const u32 waiting = __atomic_load_n(&v->synic.waiting, __ATOMIC_RELAXED);

	if (waiting)
		retry(v, waiting);
}

/* ---- events ---- */

bool synic_signal(struct vcpu *v, u32 source, u32 flag)
{
	struct hv_event_flags_page *page = event_page(v);
	const u64 sint = sint_of(v, source), bit = 1ull << flag % 64;

	if (!page || is_masked(sint))
		return false;
	/* A flag that is set already has its interrupt on the way. */
	if (!(__atomic_fetch_or(&page->sints[source].flags[flag / 64], bit, __ATOMIC_SEQ_CST) &
	      bit))
		interrupt(v, sint);
	return true;
}

/* ---- vectors ---- */

static bool has(const u64 set[4], u8 vector)
{
	return set[vector / 64] >> vector % 64 & 1;
}

bool synic_has_vector(const struct vcpu *v, u8 vector)
{
	return has(v->synic.vectors, vector);
}

bool synic_ends_itself(const struct vcpu *v, u8 vector)
{
	return has(v->synic.auto_eoi, vector);
}

void synic_vector_ended(struct vcpu *v, u8 vector)
{
	const u32 waiting = __atomic_load_n(&v->synic.waiting, __ATOMIC_RELAXED);
	u32 sources = 0;

	if (!waiting || !synic_has_vector(v, vector))
		return;
	for (u32 source = 0; source < SYNIC_SOURCES; source++)
		if ((u8)sint_of(v, source) == vector)
			sources |= 1u << source;
	retry(v, waiting & sources);
}

static void learn_vectors(struct vcpu *v, u32 changed, u64 value)
{
	struct synic *s = &v->synic;

	memset(s->auto_eoi, 0, sizeof(s->auto_eoi));
	memset(s->vectors, 0, sizeof(s->vectors));
	for (u32 source = 0; source < SYNIC_SOURCES; source++) {
		const u64 sint = source == changed ? value : sint_of(v, source);
		const u8 vector = (u8)sint;

		if (is_masked(sint))
			continue;
		s->vectors[vector / 64] |= 1ull << vector % 64;
		if (sint & HV_X64_MSR_SINT_AUTO_EOI)
			s->auto_eoi[vector / 64] |= 1ull << vector % 64;
	}
	vcpu_check_interrupts(v); /* another end may be awaited */
}

void synic_reset(struct vcpu *v)
{
	struct synic *s = &v->synic;

	spin_lock(&s->lock);
	for (u32 source = 0; source < SYNIC_SOURCES; source++) {
		struct synic_queue *q = &s->queue[source];

		while (q->first) {
			struct synic_buffer *b = q->first;

			q->first = b->next;
			release(b);
		}
	}
	__atomic_store_n(&s->waiting, 0, __ATOMIC_RELAXED);
	spin_unlock(&s->lock);
	memset(s->auto_eoi, 0, sizeof(s->auto_eoi));
	memset(s->vectors, 0, sizeof(s->vectors));
}

/* ---- MSRs ---- */

static bool set_page(struct vcpu *v, u32 overlay, u64 value)
{
	const u32 id = overlay + v->index;
	bool good = true;

	partition_lock(v->partition);
	if (value & HV_X64_MSR_SIMP_ENABLE)
		good = overlay_set(v->partition, id, value >> HV_X64_MSR_SIMP_GPFN_SHIFT);
	else
		overlay_clear(v->partition, id);
	partition_unlock(v->partition);
	return good;
}

/* A register that messages depend on: with its new value, those that wait may pass. */
static void take_effect(struct vcpu *v, u32 slot, u64 value)
{
	__atomic_store_n(&v->msr[slot], value, __ATOMIC_RELAXED);
	synic_retry(v);
}

bool msr_write_scontrol(struct vcpu *v, u32 index, u64 old, u64 value)
{
	(void)index, (void)old;
	take_effect(v, SPEC_MSR_SLOT_SCONTROL, value);
	return true;
}

bool msr_write_siefp(struct vcpu *v, u32 index, u64 old, u64 value)
{
	(void)index, (void)old;
	return set_page(v, OVERLAY_SIEFP, value);
}

bool msr_write_simp(struct vcpu *v, u32 index, u64 old, u64 value)
{
	(void)index, (void)old;
	if (!set_page(v, OVERLAY_SIMP, value))
		return false;
	take_effect(v, SPEC_MSR_SLOT_SIMP, value);
	return true;
}

bool msr_write_eom(struct vcpu *v, u32 index, u64 old, u64 value)
{
	(void)index, (void)old, (void)value;
	synic_retry(v);
	return true;
}

bool msr_write_sint(struct vcpu *v, u32 index, u64 old, u64 value)
{
	(void)old;
	learn_vectors(v, index, value);
	return true;
}
