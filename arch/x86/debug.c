/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Breakpoints as the processor finds them. */
#include "debug.h"

#include "cpu.h"
#include "virt.h"

#define BREAKPOINTS 4
#define DR7_ENABLES(dr7, n) ((dr7) >> 2 * (n) & 3)
#define DR7_KIND(dr7, n) ((dr7) >> (16 + 4 * (n)) & 3)
#define DR7_LENGTH(dr7, n) (0x4821u >> 4 * ((dr7) >> (18 + 4 * (n)) & 3) & 15)
#define KIND_CODE 0
#define KIND_WRITE 1
#define KIND_PORT 2
#define KIND_DATA 3

u64 debug_enabled(u64 dr7)
{
	u64 bits = 0;

	for (unsigned n = 0; n < BREAKPOINTS; n++)
		if (DR7_ENABLES(dr7, n))
			bits |= 1ull << n;
	return bits;
}

bool debug_is_code_hit(struct vcpu *v, u64 bits)
{
	const u64 dr7 = virt->get_reg(v, VREG_DR7);

	for (unsigned n = 0; n < BREAKPOINTS; n++)
		if (bits >> n & 1 && DR7_KIND(dr7, n) == KIND_CODE)
			return true;
	return false;
}

/* Breakpoints of one of two kinds that [at, at + size) touches. */
static u64 hits_of(struct vcpu *v, u64 at, u32 size, unsigned kind, unsigned other_kind)
{
	const u64 dr7 = virt->get_reg(v, VREG_DR7);
	u64 hits = 0;

	if (!debug_enabled(dr7))
		return 0;
	for (unsigned n = 0; n < BREAKPOINTS; n++) {
		const u64 length = DR7_LENGTH(dr7, n),
			  first = virt->get_reg(v, (enum vreg)(VREG_DR0 + n)) & ~(length - 1);

		if (DR7_ENABLES(dr7, n) &&
		    (DR7_KIND(dr7, n) == kind || DR7_KIND(dr7, n) == other_kind) &&
		    first < at + size && at < first + length)
			hits |= 1ull << n;
	}
	return hits;
}

u64 debug_data_hits(struct vcpu *v, u64 linear, u32 size, bool write)
{
	return hits_of(v, linear, size, KIND_DATA, write ? KIND_WRITE : KIND_DATA);
}

u64 debug_port_hits(struct vcpu *v, const struct io_access *io)
{
	if (!(virt->get_reg(v, VREG_CR4) & CR4_DE))
		return 0;
	return hits_of(v, io->port, io->size, KIND_PORT, KIND_PORT);
}
