/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Breakpoints as the processor finds them. */
#include "debug.h"

#include "cpu.h"
#include "guest_memory.h"
#include "virt.h"

#define BREAKPOINTS 4
#define DR7_ANY 0xffu
#define DR7_ENABLES(dr7, n) ((dr7) >> 2 * (n) & 3)
#define DR7_KIND(dr7, n) ((dr7) >> (16 + 4 * (n)) & 3)
#define DR7_LENGTH(dr7, n) (0x4821u >> 4 * ((dr7) >> (18 + 4 * (n)) & 3) & 15)
#define KIND_CODE 0
#define KIND_WRITE 1
#define KIND_PORT 2
#define KIND_DATA 3

u64 debug_enabled(u64 dr7)
{
	u64 bits = (dr7 | dr7 >> 1) & 0x55; /* local or global, of two bits each */

	bits = (bits | bits >> 1) & 0x33;
	return (bits | bits >> 2) & 0xf;
}

bool debug_is_code_hit(struct vcpu *v, u64 bits)
{
	const u64 dr7 = virt->get_reg(v, VREG_DR7);

	for (unsigned n = 0; n < BREAKPOINTS; n++)
		if (bits >> n & 1 && DR7_KIND(dr7, n) == KIND_CODE)
			return true;
	return false;
}

/* Which breakpoint is meant, of which kinds, and what it is compared with. */
struct probe { u64 at; u32 size; unsigned kind, other_kind; bool by_place; };

/* Where a breakpoint of data leads to. False: nowhere. */
static bool place_of(struct vcpu *v, u64 linear, u64 *gpa)
{
	const struct guest_walk walk = guest_walk_of(v);

	return guest_walk_translate(&walk, linear, gpa);
}

static bool is_hit(struct vcpu *v, const struct probe *p, u64 dr7, unsigned n)
{
	const u64 length = DR7_LENGTH(dr7, n);
	u64 first = virt->get_reg(v, (enum vreg)(VREG_DR0 + n)) & ~(length - 1);

	if (!DR7_ENABLES(dr7, n) ||
	    (DR7_KIND(dr7, n) != p->kind && DR7_KIND(dr7, n) != p->other_kind))
		return false;
	if (p->by_place && !place_of(v, first, &first))
		return false;
	return first < p->at + p->size && p->at < first + length;
}

static bool any_enabled(struct vcpu *v)
{
	return virt->get_reg(v, VREG_DR7) & DR7_ANY;
}

static __attribute__((noinline)) u64 hits_of(struct vcpu *v, const struct probe *p)
{
	const u64 dr7 = virt->get_reg(v, VREG_DR7);
	u64 hits = 0;

	for (unsigned n = 0; n < BREAKPOINTS; n++)
		if (is_hit(v, p, dr7, n))
			hits |= 1ull << n;
	return hits;
}

u64 debug_data_hits(struct vcpu *v, u64 linear, u32 size, bool write)
{
	const struct probe p = { linear, size, KIND_DATA, write ? KIND_WRITE : KIND_DATA, false };

	return any_enabled(v) ? hits_of(v, &p) : 0;
}

u64 debug_place_hits(struct vcpu *v, u64 gpa, u32 size, bool write)
{
	const struct probe p = { gpa, size, KIND_DATA, write ? KIND_WRITE : KIND_DATA, true };

	return any_enabled(v) ? hits_of(v, &p) : 0;
}

u64 debug_port_hits(struct vcpu *v, const struct io_access *io)
{
	const struct probe p = { io->port, io->size, KIND_PORT, KIND_PORT, false };

	return any_enabled(v) && virt->get_reg(v, VREG_CR4) & CR4_DE ? hits_of(v, &p) : 0;
}
