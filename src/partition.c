/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Partitions: what one is made of, its MSRs at reset, and how the root comes to its end. */
#include "partition.h"

#include "alloc.h"
#include "flush.h"
#include "gpa.h"
#include "hypercall.h"
#include "interrupt.h"
#include "io.h"
#include "log.h"
#include "machine.h"
#include "offer.h"
#include "observe.h"
#include "overlay.h"
#include "panic.h"
#include "string.h"
#include "text.h"
#include "virt.h"

/* Version 10.0.27744: what the root's tools expect behind this interface. */
#define VERSION_MAJOR 10
#define VERSION_MINOR 0
#define VERSION_BUILD 27744

#define TIMER_MOST_HZ 1000000000u

void partition_lock(struct partition *p)
{
	spin_lock(&p->lock);
}

void partition_unlock(struct partition *p)
{
	struct gpa_space *g = &p->gpa;
	const bool stale = g->stale;
	const u32 count = g->loose_count;
	u64 *loose[GPA_LOOSE_TABLES];

	memcpy(loose, g->loose, sizeof(loose));
	g->stale = false;
	g->loose_count = 0;
	spin_unlock(&p->lock);
	if (stale)
		flush_gpa(p);
	for (u32 i = 0; i < count; i++)
		free_page(loose[i]);
}

void partition_fill_cpuid(struct partition *p)
{
	const struct spec_values values = {
		.build_number = VERSION_BUILD,
		.major_version = VERSION_MAJOR,
		.minor_version = VERSION_MINOR,
		.long_spin_wait_count = UINT32_MAX, /* never: each VP has a processor to itself */
		.physical_address_bits = p->gpa.address_bits,
		.max_virtual_processors = p->env.vp_count,
		.max_logical_processors = p->env.vp_count,
		.msr_bitmaps_in_use = 1,
		.second_level_address_translation_in_use = 1,
	};

	spec_cpuid_fill(p->cpuid, &p->offer, &values);
}

/* The virtual APIC timer counts the TSC, at no more than the most that software is used to. */
static void set_timer_rate(struct partition *p)
{
	while (p->tsc_hz >> p->apic_timer_shift > TIMER_MOST_HZ)
		p->apic_timer_shift++;
	p->apic_timer_hz = p->tsc_hz >> p->apic_timer_shift;
}

bool partition_create(struct partition *p, const struct partition_config *config)
{
	p->env.partition_id = config->id;
	p->offer = config->offer;
	offer_settle(&p->offer);
	p->tsc_hz = config->rates->tsc_hz;
	set_timer_rate(p);
	p->gpa.address_bits = config->address_bits;
	if (!gpa_build(p))
		return false;
	/* All VPs begin with their APICs in memory. */
	p->gpa.apic_page = virt->apic_page();
	gpa_show_apics(p, true);
	p->env.gpa_pages = p->gpa.page_limit;
	p->gpa.table_budget = p->gpa.tables + config->table_budget;
	partition_fill_cpuid(p);
	reftime_start(&p->time, p->tsc_hz, machine_tsc());
	partition_reset(p);
	return true;
}

void partition_reset(struct partition *p)
{
	partition_lock(p);
	overlay_reset(p);
	partition_unlock(p);
	spec_msr_reset_partition(p->msr);
	p->msr[SPEC_MSR_SLOT_TSC_FREQUENCY] = p->tsc_hz;
	p->msr[SPEC_MSR_SLOT_APIC_FREQUENCY] = p->apic_timer_hz;
	p->invariant_tsc = false;
	hypercall_open(p, false);
	for (u32 i = 0; i < p->env.vp_count; i++)
		vcpu_reset(p->vp[i]);
}

static void log_end(enum partition_end why, u32 value)
{
	switch (why) {
	case END_POWER_OFF:
		log_info("end: power-off");
		break;
	case END_EXIT:
		log_info("end: exit %u", value);
		break;
	case END_RESET:
		log_info("end: reset");
		break;
	case END_TRIPLE_FAULT:
		log_info("end: triple fault");
		break;
	case END_PANIC:
		log_info("end: panic");
		break;
	}
}

static void log_statistics(const struct partition *p)
{
	u64 exits = 0, interrupts = 0, nmis = 0;

	for (u32 i = 0; i < p->env.vp_count; i++) {
		exits += p->vp[i]->exits;
		interrupts += p->vp[i]->interrupts;
		nmis += p->vp[i]->nmis;
	}
	log_info("%lu exits, %lu refused memory accesses, %lu pages of nested tables", exits,
		 p->gpa.refused, p->gpa.tables);
	log_info("%lu interrupts and %lu NMIs given to the guest", interrupts, nmis);
	observe_log_counts(p);
	log_summary();
}

_Noreturn void partition_end_root(struct partition *p, enum partition_end why, u32 value)
{
	interrupt_stop_others(p);
	log_statistics(p);
	observe_write(p);
	log_end(why, value);
	machine_end(why, value);
}

_Noreturn void triple_fault_exit(struct vcpu *v)
{
	log_warn("vp %u: triple fault of the root", v->index);
	panic_dump_vcpu(v);
	partition_end_root(v->partition, END_TRIPLE_FAULT, 0);
}
