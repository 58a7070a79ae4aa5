/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What the suites of the local APIC share: its registers, its modes, and interrupts waited for. */
#ifndef APIC_H
#define APIC_H

#include "test.h"

/* By their offset in memory; MSR 0x800 + offset / 16 in x2APIC mode. */
enum apic_reg {
	APIC_ID = 0x20,
	APIC_VERSION = 0x30,
	APIC_TPR = 0x80,
	APIC_APR = 0x90,
	APIC_PPR = 0xa0,
	APIC_EOI = 0xb0,
	APIC_RRD = 0xc0,
	APIC_LDR = 0xd0,
	APIC_DFR = 0xe0,
	APIC_SVR = 0xf0,
	APIC_ISR = 0x100,
	APIC_TMR = 0x180,
	APIC_IRR = 0x200,
	APIC_ESR = 0x280,
	APIC_ICR = 0x300,
	APIC_ICR_HIGH = 0x310,
	APIC_LVT_TIMER = 0x320,
	APIC_LVT_THERMAL = 0x330,
	APIC_LVT_PERFORMANCE = 0x340,
	APIC_LVT_LINT0 = 0x350,
	APIC_LVT_LINT1 = 0x360,
	APIC_LVT_ERROR = 0x370,
	APIC_TIMER_INITIAL = 0x380,
	APIC_TIMER_CURRENT = 0x390,
	APIC_TIMER_DIVIDE = 0x3e0,
	APIC_SELF_IPI = 0x3f0
};

#define APIC_MSR(reg) (0x800u + (reg) / 16)
#define APIC_MASKED (1u << 16)
#define APIC_PERIODIC (1u << 17)
#define APIC_TSC_DEADLINE (2u << 17)
#define APIC_DIVIDE_BY_1 0xbu

#define SVR_ENABLE (1u << 8)
#define ESR_SENT_VECTOR (1u << 5)
#define ESR_RECEIVED_VECTOR (1u << 6)
#define ESR_REGISTER (1u << 7)

/* The command register: delivery mode, destination mode, shorthand. */
#define ICR_FIXED 0x0u
#define ICR_LOWEST 0x100u
#define ICR_NMI 0x400u
#define ICR_INIT 0x500u
#define ICR_STARTUP 0x600u
#define ICR_LOGICAL (1u << 11)
#define ICR_STATUS (1u << 12)
#define ICR_ASSERT (1u << 14)
#define ICR_LEVEL (1u << 15)
#define ICR_SELF (1u << 18)
#define ICR_ALL (2u << 18)
#define ICR_OTHERS (3u << 18)

#define MSR_APIC_BASE 0x1b
#define MSR_TSC_DEADLINE 0x6e0
#define APIC_BASE_BSP (1u << 8)
#define APIC_BASE_X2APIC (1u << 10)
#define APIC_BASE_ENABLE (1u << 11)

#define SPURIOUS_VECTOR 0xff
#define VECTOR_NMI 2

enum apic_mode { APIC_OFF, APIC_IN_MEMORY, APIC_BY_MSR };

/* What the mode of the calling processor's APIC is now. */
enum apic_mode apic_mode(void);
/*
 * Turn it off and into the mode (an enum apic_mode): from power-up state, enabled by software unless
 * it is off. To be run on any processor.
 */
void apic_reset_to(void *mode);

/* Every vector's handler from now on: nothing but the EOI. */
void apic_handle_by_eoi(void);

/* Let interrupts in for a few instructions. */
void apic_let_in(void);
/* Let them in until the vector came that often to the calling processor; false: it did not. */
bool apic_wait_for(u32 vector, u32 count);
/* Let them in for ticks of the PM timer. */
void apic_let_in_for(u32 ticks);

bool apic_vector_bit(u32 set, u32 vector);

/*
 * Run the tests in both modes, as suites NAME-xapic and NAME-x2apic; afterwards the APIC is as it
 * was at the start, in memory.
 */
void apic_test_run(const char *name, const struct test *tests, unsigned count);
/* The same in x2APIC mode alone, where there is one. */
void apic_test_run_x2apic(const char *name, const struct test *tests, unsigned count);
/* The mode in which it runs them just now, for other processors to follow. */
extern enum apic_mode apic_tested_mode;

#endif
