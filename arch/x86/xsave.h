/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Rules of the extended control register XCR0. */
#ifndef PARTITA_X86_XSAVE_H
#define PARTITA_X86_XSAVE_H

#include "types.h"

/* True if XCR0 may take the value on a processor that supports these bits (SDM 2.6). Pure. */
bool xcr0_valid(u64 value, u64 supported);

#endif
