/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Rates of the TSC and of the local APIC timer, measured against the ACPI PM timer. */
#ifndef PARTITA_X86_CLOCK_H
#define PARTITA_X86_CLOCK_H

#include "machine.h"

/*
 * False if the port does not tick, or no two windows agree. The APIC timer is left stopped, as it
 * was at boot.
 */
bool machine_rates(u16 pm_timer_port, struct machine_rates *out);

/* From one window: PM timer ticks, TSC ticks, rounded to hertz. Pure. */
u64 clock_hz(u64 count, u32 pm_ticks);

#endif
