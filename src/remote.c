/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What the processor of one VP does on behalf of another. */
#include "remote.h"

#include "flush.h"
#include "machine.h"
#include "vcpu.h"

/* Lies with the caller, who has one at a time; done is the target's last access. */
struct remote_call {
	struct remote_call *next;
	void (*act)(struct vcpu *target, void *argument);
	void *argument;
	bool done; /* (a) */
};

static void push(struct vcpu *target, struct remote_call *call)
{
	call->next = __atomic_load_n(&target->remote, __ATOMIC_RELAXED);
	/* Release: the target sees the call whole. The list is only ever taken as one. */
	while (!__atomic_compare_exchange_n(&target->remote, &call->next, call, true,
					    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		machine_pause();
}

void remote_requested(struct vcpu *v)
{
	struct remote_call *call = __atomic_exchange_n(&v->remote, NULL, __ATOMIC_ACQUIRE), *next;

	for (; call; call = next) {
		next = call->next; /* the call is gone once it is done */
		call->act(v, call->argument);
		__atomic_store_n(&call->done, true, __ATOMIC_RELEASE);
	}
}

/*
 * Two VPs that ask each other wait here both, and each does the other's work. A flush never waits
 * for a call, so that what act waits for always comes.
 */
static void wait_for(const struct remote_call *call, struct vcpu *target, struct vcpu *self)
{
	while (!__atomic_load_n(&call->done, __ATOMIC_ACQUIRE)) {
		flush_answer(self);
		if (__atomic_load_n(&self->remote, __ATOMIC_RELAXED))
			remote_requested(self);
		vcpu_insist(target);
		machine_pause();
	}
}

void remote_run(struct vcpu *target, void (*act)(struct vcpu *target, void *argument),
		void *argument)
{
	struct vcpu *const self = machine_vcpu();
	struct remote_call call = { .act = act, .argument = argument };

	if (target == self) {
		act(self, argument);
		return;
	}
	push(target, &call);
	vcpu_request(target, VCPU_REQUEST_CALL);
	wait_for(&call, target, self);
	self->asked = true;
}
