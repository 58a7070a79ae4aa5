/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The rest of such a kernel sees no more than this. */
#ifndef CLOCK_H
#define CLOCK_H

/* Rates of the time stamp counter and of the APIC timer; 0 when they have to be measured. */
int clock_start(unsigned long long *tsc_hz, unsigned long long *apic_hz);

/* Time since the partition was made, in 100 ns; 0 when nobody tells. */
unsigned long long clock_read(void);

/* Tell the hypervisor that the kernel dies. */
void last_words(unsigned long long why, unsigned long long where);

#endif
