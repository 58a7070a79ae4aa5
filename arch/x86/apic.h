/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The physical local APIC, which belongs to the root; reached in the mode it is in. */
#ifndef PARTITA_X86_APIC_H
#define PARTITA_X86_APIC_H

#include "types.h"

#define APIC_ID 0x20
#define APIC_TPR 0x80
#define APIC_EOI 0xb0
#define APIC_SPIV 0xf0
#define APIC_ICR 0x300
#define APIC_LVT_TIMER 0x320
#define APIC_TIMER_INITIAL 0x380
#define APIC_TIMER_CURRENT 0x390
#define APIC_TIMER_DIVIDE 0x3e0

#define APIC_DEFAULT_BASE 0xfee00000ull

/* Learn the mode and base; again whenever APIC_BASE was written (value: what was written). */
void apic_init(void);
void apic_base_written(u64 value);

#endif
