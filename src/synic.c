/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The synthetic interrupt controller of a VP (TLFS chapter 11). */
#include "synic.h"

#include "hv_abi.h"
#include "lapic.h"
#include "overlay.h"
#include "partition.h"
#include "stimer.h"
#include "string.h"
#include "spec_msrs.h"
#include "vcpu.h"

/* Registers of a VP that others read: each is one word, and a change takes effect when it is seen. */
static u64 register_of(const struct vcpu *v, u32 slot)
{
	return __atomic_load_n(&v->msr[slot], __ATOMIC_RELAXED);
}

static u64 sint_of(const struct vcpu *v, u32 source)
{
	return register_of(v, SPEC_MSR_SLOT_SINT + source);
}

bool synic_is_enabled(const struct vcpu *v)
{
	return register_of(v, SPEC_MSR_SLOT_SCONTROL) & HV_X64_MSR_SCONTROL_ENABLE;
}

/* A page of the controller, while it is on. */
static void *page_of(const struct vcpu *v, u32 msr_slot, u32 overlay)
{
	if (!synic_is_enabled(v) || !(register_of(v, msr_slot) & HV_X64_MSR_SIMP_ENABLE))
		return NULL;
	return v->partition->overlays.slot[overlay + v->index].page;
}

static bool is_masked(u64 sint)
{
	return sint & HV_X64_MSR_SINT_MASKED;
}

static void interrupt(struct vcpu *v, u64 sint)
{
	if (!is_masked(sint) && !(sint & HV_X64_MSR_SINT_POLLING))
		lapic_post(v, (u8)(sint & HV_X64_MSR_SINT_VECTOR_MASK));
}

/* ---- messages ---- */

/*
 * The type goes last: it is what makes the slot full in the eyes of the guest, which looks at the
 * flags once it has emptied it.
 */
static void fill_slot(volatile struct hv_message *slot, const struct hv_message *message,
		      bool more)
{
	slot->header.payload_size = message->header.payload_size;
	slot->header.flags = more ? HV_MESSAGE_FLAGS_MESSAGE_PENDING_MASK : 0;
	slot->header.sender = message->header.sender;
	for (u32 i = 0; i < ARRAY_SIZE(message->payload); i++)
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

/* The lock is held. A message for a source that nobody looks at is lost (TLFS 11.8). */
static void deliver_first(struct vcpu *v, u32 source)
{
	struct hv_message_page *page = page_of(v, SPEC_MSR_SLOT_SIMP, OVERLAY_SIMP);
	struct synic_buffer *b = v->synic.queue[source].first;
	struct hv_message *slot;

	if (!b || !page)
		return;
	slot = &page->slots[source];
	if (!slot_is_free(slot))
		return;
	v->synic.queue[source].first = b->next;
	fill_slot(slot, (const struct hv_message *)b->message, b->next);
	__atomic_store_n(&b->queued, false, __ATOMIC_RELEASE);
	interrupt(v, sint_of(v, source));
}

void synic_post(struct vcpu *v, u32 source, struct synic_buffer *b)
{
	struct synic *s = &v->synic;

	b->next = NULL;
	__atomic_store_n(&b->queued, true, __ATOMIC_RELAXED);
	spin_lock(&s->lock);
	if (s->queue[source].first)
		s->queue[source].last->next = b;
	else
		s->queue[source].first = b;
	s->queue[source].last = b;
	deliver_first(v, source);
	spin_unlock(&s->lock);
}

void synic_retry(struct vcpu *v, u32 source)
{
	if (!__atomic_load_n(&v->synic.queue[source].first, __ATOMIC_RELAXED))
		return;
	spin_lock(&v->synic.lock);
	deliver_first(v, source);
	spin_unlock(&v->synic.lock);
}

void synic_retry_all(struct vcpu *v)
{
	for (u32 source = 0; source < SYNIC_SOURCES; source++)
		synic_retry(v, source);
}

/* ---- events ---- */

bool synic_signal(struct vcpu *v, u32 source, u32 flag)
{
	struct hv_event_flags_page *page = page_of(v, SPEC_MSR_SLOT_SIEFP, OVERLAY_SIEFP);
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

bool synic_ends_itself(const struct vcpu *v, u8 vector)
{
	return has(v->synic.auto_eoi, vector);
}

bool synic_has_vector(const struct vcpu *v, u8 vector)
{
	return has(v->synic.vectors, vector);
}

void synic_vector_ended(struct vcpu *v, u8 vector)
{
	if (!synic_has_vector(v, vector))
		return;
	for (u32 source = 0; source < SYNIC_SOURCES; source++)
		if ((u8)sint_of(v, source) == vector)
			synic_retry(v, source);
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
}

void synic_reset(struct vcpu *v)
{
	struct synic *s = &v->synic;

	spin_lock(&s->lock);
	for (u32 source = 0; source < SYNIC_SOURCES; source++) {
		for (struct synic_buffer *b = s->queue[source].first, *next; b; b = next) {
			next = b->next; /* who owns it may queue it anew at once */
			__atomic_store_n(&b->queued, false, __ATOMIC_RELEASE);
		}
		s->queue[source].first = s->queue[source].last = NULL;
	}
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

bool msr_write_siefp(struct vcpu *v, u32 index, u64 old, u64 value)
{
	(void)index, (void)old;
	return set_page(v, OVERLAY_SIEFP, value);
}

bool msr_write_simp(struct vcpu *v, u32 index, u64 old, u64 value)
{
	(void)index, (void)old;
	return set_page(v, OVERLAY_SIMP, value);
}

bool msr_write_eom(struct vcpu *v, u32 index, u64 old, u64 value)
{
	(void)index, (void)old, (void)value;
	synic_retry_all(v);
	stimer_retry(v);
	return true;
}

bool msr_write_sint(struct vcpu *v, u32 index, u64 old, u64 value)
{
	(void)old;
	learn_vectors(v, index, value);
	return true;
}
