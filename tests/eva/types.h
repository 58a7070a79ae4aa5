/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* src/types.h for an analyser that knows no integer of 128 bits. */
#ifndef TESTS_EVA_TYPES_H
#define TESTS_EVA_TYPES_H

#define __int128 long
#define u128 half_u128
#include "../../src/types.h"
#undef u128
#undef __int128

struct two_halves {
	u64 low, high;
} __attribute__((aligned(16)));
#define u128 struct two_halves

#endif
