/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Flushes of translations that reach every VP they must, and are complete when they return. */
#include "flush.h"

#include "machine.h"
#include "partition.h"
#include "virt.h"
#include "vpset.h"

#define FLUSHES (VCPU_REQUEST_FLUSH_GVA | VCPU_REQUEST_FLUSH_GPA)

static u32 request_of(enum flush_kind kind)
{
	return kind == FLUSH_GVA ? VCPU_REQUEST_FLUSH_GVA : VCPU_REQUEST_FLUSH_GPA;
}

static void flush_own(struct vcpu *v, enum flush_kind kind)
{
	if (kind == FLUSH_GVA) {
		virt->flush_gva(v);
		return;
	}
	gpa_forget(&v->hits);
	virt->flush_gpa(v);
}

static void meet(struct vcpu *v, enum flush_kind kind)
{
	/* Acquire: changes of tables made before the number was drawn are seen by later entries. */
	const u32 wanted = __atomic_load_n(&v->flush_wanted[kind], __ATOMIC_ACQUIRE);

	flush_own(v, kind);
	__atomic_store_n(&v->flush_done[kind], wanted, __ATOMIC_RELEASE);
}

void flush_requested(struct vcpu *v, u32 requests)
{
	if (requests & VCPU_REQUEST_FLUSH_GVA)
		meet(v, FLUSH_GVA);
	if (requests & VCPU_REQUEST_FLUSH_GPA)
		meet(v, FLUSH_GPA);
}

void flush_answer(struct vcpu *self)
{
	const u32 requests = __atomic_load_n(&self->requests, __ATOMIC_ACQUIRE);

	if (requests & VCPU_REQUEST_STOP)
		machine_halt();
	if (requests & FLUSHES)
		flush_requested(self, __atomic_fetch_and(&self->requests, ~FLUSHES,
							 __ATOMIC_SEQ_CST));
}

static void wait_for(struct vcpu *target, enum flush_kind kind, u32 number, struct vcpu *self)
{
	while ((i32)(__atomic_load_n(&target->flush_done[kind], __ATOMIC_ACQUIRE) - number) < 0) {
		flush_answer(self);
		vcpu_insist(target);
		machine_pause();
	}
}

/*
 * Numbers are drawn before requests are made: whoever meets the request has met the number. Who
 * meets another's request meanwhile may meet the number, too, so that each kind counts for itself.
 */
static void flush_others(struct partition *p, const struct vpset *set, enum flush_kind kind)
{
	struct vcpu *const self = machine_vcpu();
	u32 number[PARTITION_MAX_VPS];

	for (u32 i = 0; i < p->env.vp_count; i++) {
		struct vcpu *v = p->vp[i];

		if (v == self || !vpset_has(set, i))
			continue;
		number[i] = __atomic_add_fetch(&v->flush_wanted[kind], 1, __ATOMIC_SEQ_CST);
		vcpu_request(v, request_of(kind));
	}
	for (u32 i = 0; i < p->env.vp_count; i++)
		if (p->vp[i] != self && vpset_has(set, i))
			wait_for(p->vp[i], kind, number[i], self);
}

static void flush(struct partition *p, const struct vpset *set, enum flush_kind kind)
{
	struct vcpu *const self = machine_vcpu();

	if (self && vpset_has(set, self->index))
		flush_own(self, kind);
	/* Before the root runs there is nobody else. */
	if (self && p->env.vp_count > 1)
		flush_others(p, set, kind);
}

void flush_gva(struct partition *p, const struct vpset *set)
{
	flush(p, set, FLUSH_GVA);
}

void flush_gpa(struct partition *p)
{
	const struct vpset all = vpset_all();

	flush(p, &all, FLUSH_GPA);
}
