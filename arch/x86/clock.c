/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Rates of the TSC and of the local APIC timer, measured against the ACPI PM timer. */
#include "clock.h"

#include "apic.h"
#include "cpu.h"
#include "irq.h"

#define PM_HZ 3579545u
#define PM_MASK 0xffffffu           /* 24 bits are there on every machine */
#define FIRST_WINDOW (PM_HZ / 1000) /* 1 ms; doubled until two windows agree */
#define WINDOWS 10
#define TOLERANCE_PPM 50
#define LAST_TOLERANCE_PPM 1000     /* of the longest window: a busy emulator's best */
#define EDGE_POLLS 1000000u /* a timer that does not tick within so many reads is not there */
#define PATIENCE 50000u             /* polls until an edge counts however long its polls took */
#define QUICK_POLLS 64              /* enough to learn how long an undisturbed poll takes */
#define APIC_TIMER_MASKED 0x10000u
#define APIC_TIMER_DIVIDE_BY_1 0xbu

struct sample { u32 pm; u64 tsc; u32 apic; };

u64 clock_hz(u64 count, u32 pm_ticks)
{
	return (count * PM_HZ + pm_ticks / 2) /
	       pm_ticks; /* windows are below a second: no overflow */
}

/* One reading of all three counters; returns the TSC ticks that it took. */
static u64 poll(u16 port, struct sample *out)
{
	const u64 start = cpu_rdtsc();

	out->pm = cpu_in32(port) & PM_MASK;
	out->tsc = cpu_rdtsc();
	out->apic = (u32)apic_read(APIC_TIMER_CURRENT);
	return cpu_rdtsc() - start;
}

/*
 * Four times what a poll takes when nothing comes between: the processor may be an emulator's
 * thread, or have an SMI.
 */
static u64 quick_limit(u16 port)
{
	struct sample ignored;
	u64 best = poll(port, &ignored);

	for (unsigned i = 1; i < QUICK_POLLS; i++) {
		const u64 took = poll(port, &ignored);

		if (took < best)
			best = took;
	}
	return 4 * best;
}

/* All three counters right after a tick of the PM timer, seen by two undisturbed polls in a row. */
static bool sample_edge(u16 port, u64 limit, struct sample *out)
{
	struct sample before;
	bool quick = false;

	for (u32 i = 0; i < EDGE_POLLS; i++) {
		const bool was_quick = quick;

		before = *out;
		quick = poll(port, out) <= limit;
		if (!i || out->pm == before.pm)
			continue;
		if ((quick && was_quick && out->tsc - before.tsc <= limit) || i > PATIENCE)
			return true;
	}
	return false;
}

static bool measure(u16 port, u64 limit, u32 window, struct machine_rates *out)
{
	struct sample from = { 0 }, to = { 0 };
	u32 ticks;

	if (!sample_edge(port, limit, &from))
		return false;
	do {
		if (!sample_edge(port, limit, &to))
			return false;
		ticks = (to.pm - from.pm) & PM_MASK;
	} while (ticks < window);
	out->tsc_hz = clock_hz(to.tsc - from.tsc, ticks);
	out->apic_timer_hz = clock_hz(from.apic - to.apic, ticks);
	return out->tsc_hz != 0;
}

static bool close_to(u64 a, u64 b, u32 ppm)
{
	const u64 difference = a < b ? b - a : a - b;

	return difference <= a / (1000000 / ppm);
}

static bool measure_until_stable(u16 port, struct machine_rates *out)
{
	const u64 limit = quick_limit(port);
	struct machine_rates last = { 0 };

	for (unsigned i = 0; i < WINDOWS; i++) {
		const u32 ppm = i < WINDOWS - 1 ? TOLERANCE_PPM : LAST_TOLERANCE_PPM;

		if (!measure(port, limit, FIRST_WINDOW << i, out))
			return false;
		if (close_to(out->tsc_hz, last.tsc_hz, ppm) &&
		    close_to(out->apic_timer_hz, last.apic_timer_hz, ppm))
			return true;
		last = *out;
	}
	return false;
}

bool machine_rates(u16 pm_timer_port, struct machine_rates *out)
{
	const u64 divide = apic_read(APIC_TIMER_DIVIDE),
		  lvt = apic_read(APIC_LVT_TIMER);
	bool done;

	if (!pm_timer_port)
		return false;
	apic_write(APIC_LVT_TIMER, APIC_TIMER_MASKED);
	apic_write(APIC_TIMER_DIVIDE, APIC_TIMER_DIVIDE_BY_1);
	apic_write(APIC_TIMER_INITIAL, 0xffffffff);
	done = measure_until_stable(pm_timer_port, out);
	if (done)
		irq_set_rates(out->tsc_hz, out->apic_timer_hz);
	apic_write(APIC_TIMER_INITIAL, 0);
	apic_write(APIC_TIMER_DIVIDE, divide);
	apic_write(APIC_LVT_TIMER, lvt);
	return done;
}
