/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* An interrupt that waits for the processor: what idles without one would idle for good. */
#include "test.h"

#define APIC_EOI 0xb0
#define ICR_SELF (1u << 18)
#define ICR_ASSERT (1u << 14)
#define VECTOR 0x31

void interrupt_hold(void)
{
	rt_apic_enable();
	rt_apic_send(ICR_SELF | ICR_ASSERT | VECTOR, 0);
}

void interrupt_let_in(void)
{
	__asm__ volatile("sti; nop; cli" : : : "memory");
	rt_apic_write(APIC_EOI, 0);
}
