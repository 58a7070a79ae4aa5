/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Where the hypervisor's log goes: a serial port or the emulator's debug port; waits are bounded.
 */
#ifndef PARTITA_X86_CONSOLE_H
#define PARTITA_X86_CONSOLE_H

#include "types.h"

/*
 * "com1", "com2", "e9" or "none"; false (and no change) for anything else. The boot choice is com2.
 */
bool console_select(const char *name);

/* First port and count of the console's device, which the root must not see; 0 when it has none. */
u16 console_port(u16 *count);

#endif
