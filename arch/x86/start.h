/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What every processor sets up for itself. */
#ifndef PARTITA_X86_START_H
#define PARTITA_X86_START_H

/*
 * CR0 and CR4 as the host runs: caches on, FPU reachable (machine_xmm_read), everything supported
 * that we use.
 */
void start_control_registers(void);

#endif
