/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Sets of virtual processors as hypercalls carry them: up to 64 banks of 64 (HV_VP_SET). */
#include "vpset.h"

/* Without -mpopcnt the compiler would call its library. */
static uint32_t count_bits(uint64_t x)
{
	x -= (x >> 1) & 0x5555555555555555ull;
	x = (x & 0x3333333333333333ull) + ((x >> 2) & 0x3333333333333333ull);
	x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0full;
	return (uint32_t)((x * 0x0101010101010101ull) >> 56);
}

struct vpset vpset_all(void)
{
	return (struct vpset){ .all = true };
}

struct vpset vpset_mask(const uint64_t *mask)
{
	return (struct vpset){ .valid = 1, .banks = mask };
}

bool vpset_sparse(struct vpset *out, uint64_t valid, const uint64_t *banks, uint32_t bank_count)
{
	if (count_bits(valid) != bank_count)
		return false;
	*out = (struct vpset){ .valid = valid, .banks = banks };
	return true;
}

bool vpset_within(const struct vpset *s, uint32_t count)
{
	const uint64_t *bank = s->banks;

	if (s->all)
		return true;
	for (uint64_t valid = s->valid; valid; valid &= valid - 1, bank++) {
		const uint32_t first = 64 * (uint32_t)__builtin_ctzll(valid);

		if (*bank && (first >= count || (count - first < 64 && *bank >> (count - first))))
			return false;
	}
	return true;
}

bool vpset_has(const struct vpset *s, uint32_t vp)
{
	uint32_t bank = vp / 64;

	if (s->all)
		return true;
	if (bank >= VPSET_BANKS || !(s->valid >> bank & 1))
		return false;
	return s->banks[count_bits(s->valid & ((1ull << bank) - 1))] >> (vp % 64) & 1;
}
