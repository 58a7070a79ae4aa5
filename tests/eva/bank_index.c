/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * A mistake that hypervisors have made, for Eva to find: the number of a processor, taken from
 * input, picks a bank of a set that is not as large as the number allows.
 */
#include "types.h"
#include "unknown.h"

#define BANKS 64

/* Whether the set has the processor. Missing: that its bank is below BANKS. */
static bool has_processor(const u64 *banks, u32 processor)
{
	return banks[processor / 64] >> (processor % 64) & 1;
}

bool eva_main(void);

bool eva_main(void)
{
	u64 banks[BANKS];
	u32 processor;

	eva_unknown(banks, sizeof(banks));
	eva_unknown(&processor, sizeof(processor));
	return has_processor(banks, processor);
}
