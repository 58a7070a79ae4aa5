/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Inter-processor interrupts: who is meant, and what reaches them (Intel SDM vol. 3, 11.6). */
#include "lapic.h"

#include "partition.h"
#include "vcpu.h"

#define ICR_VECTOR(c) ((u8)(c))
#define ICR_MODE(c) ((c) >> 8 & 7)
#define ICR_LOGICAL (1u << 11)
#define ICR_ASSERT (1u << 14)
#define ICR_LEVEL (1u << 15)
#define ICR_SHORTHAND(c) ((c) >> 18 & 3)

enum { MODE_FIXED, MODE_LOWEST, MODE_SMI, MODE_NMI = 4, MODE_INIT, MODE_STARTUP };
enum { TO_DESTINATION, TO_SELF, TO_ALL, TO_OTHERS };

#define BROADCAST 0xffu
#define BROADCAST_X2APIC 0xffffffffu
#define DFR_MODEL(dfr) ((dfr) >> 28)
#define MODEL_FLAT 0xf

/* A destination as it was written: eight bits, or 32 by an x2APIC. */
struct destination { u32 value; bool wide, logical; };

static bool is_broadcast(const struct destination *d)
{
	return d->value == (d->wide ? BROADCAST_X2APIC : BROADCAST);
}

/* SDM 11.6.2.2: a set of eight, or one of fifteen clusters of four. */
static bool matches_logical(const struct lapic *l, const struct destination *d)
{
	const u32 ldr = *lapic_reg(l, LAPIC_LDR), id = ldr >> 24;

	if (lapic_is_x2apic(l)) /* SDM 11.12.10.2 */
		return d->value >> 16 == ldr >> 16 && (d->value & ldr & 0xffff);
	if (DFR_MODEL(*lapic_reg(l, LAPIC_DFR)) == MODEL_FLAT)
		return id & d->value;
	return (id ^ d->value) >> 4 == 0 && (id & d->value & 0xf);
}

/* Other processors' registers are read as they stand: a guest that moves them has a race anyway. */
static bool matches(const struct vcpu *target, const struct destination *d)
{
	if (is_broadcast(d))
		return true;
	return d->logical ? matches_logical(&target->lapic, d) : d->value == target->apic_id;
}

static bool is_meant(const struct vcpu *from, const struct vcpu *target, u32 command,
		     const struct destination *d)
{
	if (!lapic_is_enabled(&target->lapic))
		return false;
	switch (ICR_SHORTHAND(command)) {
	case TO_SELF: return target == from;
	case TO_ALL: return true;
	case TO_OTHERS: return target != from;
	default: return matches(target, d);
	}
}

static void deliver(struct vcpu *from, struct vcpu *target, u32 command)
{
	switch (ICR_MODE(command)) {
	case MODE_FIXED:
	case MODE_LOWEST:
		lapic_interrupt(from, target, ICR_VECTOR(command));
		break;
	case MODE_NMI:
		vcpu_request(target, VCPU_REQUEST_NMI);
		break;
	case MODE_INIT:
		vcpu_ask_init(target);
		break;
	case MODE_STARTUP:
		vcpu_start_up(target, ICR_VECTOR(command));
		break;
	default: /* SMIs are the machine's, and the rest is nobody's */
		break;
	}
}

/* As far as it is known: its guest may have moved it since, by CR8. */
static u32 priority_of(const struct vcpu *v)
{
	return *lapic_reg(&v->lapic, LAPIC_TPR);
}

/* SDM 11.6.2.4: any of those with the lowest task priority; the first of them. */
static struct vcpu *lowest_priority(struct vcpu *from, u32 command, const struct destination *d)
{
	const struct partition *p = from->partition;
	struct vcpu *best = NULL;

	for (u32 i = 0; i < p->env.vp_count; i++)
		if (is_meant(from, p->vp[i], command, d) && lapic_accepts(&p->vp[i]->lapic) &&
		    (!best || priority_of(p->vp[i]) < priority_of(best)))
			best = p->vp[i];
	return best;
}

/*
 * The one VP that a command can mean, where that is plain to see; most machines number their
 * processors from 0. NULL: there may be more, or another.
 */
static struct vcpu *only_target(struct vcpu *from, u32 command, const struct destination *d)
{
	const struct partition *p = from->partition;

	if (ICR_SHORTHAND(command) == TO_SELF)
		return from;
	if (ICR_SHORTHAND(command) != TO_DESTINATION || d->logical || is_broadcast(d) ||
	    d->value >= p->env.vp_count || p->vp[d->value]->apic_id != d->value)
		return NULL;
	return p->vp[d->value];
}

static void deliver_all(struct vcpu *from, u32 command, const struct destination *d)
{
	const struct partition *p = from->partition;

	for (u32 i = 0; i < p->env.vp_count; i++)
		if (is_meant(from, p->vp[i], command, d))
			deliver(from, p->vp[i], command);
}

/* Combinations of SDM table 11-3 that no processor carries out. */
static bool is_legal(u32 command)
{
	const u32 shorthand = ICR_SHORTHAND(command);

	return ICR_MODE(command) == MODE_FIXED || (shorthand != TO_SELF && shorthand != TO_ALL);
}

void lapic_send(struct vcpu *from, u32 command, u32 dest)
{
	const struct destination d = { dest, lapic_is_x2apic(&from->lapic),
				       command & ICR_LOGICAL };
	const u32 mode = ICR_MODE(command);
	struct vcpu *target;

	if (!is_legal(command))
		return;
	/* The message that ends the level of an INIT does nothing since the Pentium 4. */
	if (mode == MODE_INIT && (command & (ICR_LEVEL | ICR_ASSERT)) == ICR_LEVEL)
		return;
	if (mode <= MODE_LOWEST && ICR_VECTOR(command) < LAPIC_FIRST_VECTOR) {
		lapic_error(from, LAPIC_ERROR_SENT_VECTOR);
		return;
	}
	target = mode == MODE_LOWEST ? lowest_priority(from, command, &d)
				     : only_target(from, command, &d);
	if (!target && mode != MODE_LOWEST)
		deliver_all(from, command, &d);
	else if (target && lapic_is_enabled(&target->lapic))
		deliver(from, target, command);
}
