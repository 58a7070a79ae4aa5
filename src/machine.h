/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What the neutral hypervisor asks of the machine below it; faked in host tests. */
#ifndef PARTITA_MACHINE_H
#define PARTITA_MACHINE_H

#include "types.h"

struct cpuid_regs { u32 eax, ebx, ecx, edx; };

/* Rates measured once at boot, in hertz. */
struct machine_rates { u64 tsc_hz, apic_timer_hz; };

/* Measure them against the PM timer at the given port. False: no two measurements agreed. */
bool machine_rates(u16 pm_timer_port, struct machine_rates *out);

/*
 * Physical memory through the hypervisor's direct map. Any physical address is valid; no ownership
 * is implied.
 */
void *machine_ptr(hpa_t hpa);
hpa_t machine_hpa(const void *ptr); /* of an object in the direct map or in the hypervisor image */

u64 machine_tsc(void);
void machine_cpuid(u32 leaf, u32 subleaf, struct cpuid_regs *out);
unsigned machine_physical_address_bits(void);

/* Access a hardware MSR; false (and no effect) when the processor raises #GP. */
bool machine_msr_read(u32 msr, u64 *value);
bool machine_msr_write(u32 msr, u64 value);

u32 machine_in(u16 port, unsigned size);             /* size in bytes: 1, 2, 4 */
void machine_out(u16 port, unsigned size, u32 value);

/*
 * The guest's XMM registers are live in the processor while the hypervisor runs (it uses none). n
 * is 0..5.
 */
void machine_xmm_read(unsigned n, u64 out[2]);

/*
 * The physical local APIC in whichever mode the processor has it now; reg is the xAPIC offset (0x80
 * TPR, 0xb0 EOI, 0x300 ICR). False: an x2APIC refuses the value.
 */
u64 machine_apic_read(u32 reg);
bool machine_apic_write(u32 reg, u64 value);

/* The hypervisor's own console; bounded time, never blocks for a missing device. */
void machine_console_write(const char *text, size_t length);

/* Stop this processor for good. */
_Noreturn void machine_halt(void);

#endif
