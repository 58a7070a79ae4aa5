/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Keys on the hypervisor's console: what a person may ask while the partition runs. */
#include "keys.h"

#include "alloc.h"
#include "log.h"
#include "machine.h"
#include "observe.h"
#include "panic.h"
#include "partition.h"
#include "spec_names.h"
#include "spec_msrs.h"
#include "trace.h"
#include "vcpu.h"

#define LOOKS_PER_SECOND 10
#define RECORDS 16 /* of each VP that key t logs */

struct key {
	char key;
	const char *help;
	void (*act)(struct vcpu *v);
};

static void show_help(struct vcpu *v);

/* A VP's registers are with the processor that runs it: each shows its own, one after the other. */
static void show_vps(struct vcpu *v)
{
	vcpu_request(v->partition->vp[0], VCPU_REQUEST_SHOW);
}

void keys_show(struct vcpu *v)
{
	struct partition *p = v->partition;

	panic_dump_brief(v);
	if (v->index + 1 < p->env.vp_count)
		vcpu_request(p->vp[v->index + 1], VCPU_REQUEST_SHOW);
}

static void show_msrs(const struct partition *p)
{
	for (u32 at = 0; at < SPEC_MSR_RANGE; at++) {
		const struct spec_msr *row = spec_msr_row(SPEC_MSR_FIRST + at);
		const u16 wanted = SPEC_MSR_KNOWN | SPEC_MSR_IMPLEMENTED;

		if ((row->flags & (wanted | SPEC_MSR_VP | SPEC_MSR_COMPUTED)) == wanted &&
		    p->msr[row->slot])
			log_info("  %s = 0x%lx", spec_msr_name(SPEC_MSR_FIRST + at),
				 p->msr[row->slot]);
	}
}

static void show_partitions(struct vcpu *v)
{
	const struct partition *p = v->partition;
	struct alloc_statistics memory;

	alloc_get_statistics(&memory);
	log_info("partition %lu: %u virtual processors, privileges 0x%lx, features 0x%lx, hints 0x%lx",
		 p->env.partition_id, p->env.vp_count, p->offer.privilege, p->offer.feature,
		 p->offer.hint);
	show_msrs(p);
	log_info("  %lu pages of nested tables; of the hypervisor's %lu pages %lu are free, %lu were in "
		 "use at most", p->gpa.tables, memory.pages, memory.free, memory.peak);
}

static void show_counters(struct vcpu *v)
{
	const struct partition *p = v->partition;

	for (u32 i = 0; i < p->env.vp_count; i++)
		log_info("vp %u: %lu exits", i, p->vp[i]->exits);
	observe_log_counts(p);
	log_summary();
}

static void show_traces(struct vcpu *v)
{
	const struct partition *p = v->partition;

	for (u32 i = 0; i < p->env.vp_count; i++) {
		log_info("vp %u:", i);
		trace_dump(p->vp[i], RECORDS);
	}
	observe_write(p);
	log_info("end of the traces");
}

static const struct key keys[] = {
	{ 'h', "these keys", show_help },
	{ 'v', "virtual processors", show_vps },
	{ 'p', "partitions", show_partitions },
	{ 'c', "counters", show_counters },
	{ 't', "the latest events; of an observed run all, to port 0xe9", show_traces },
};

static void show_help(struct vcpu *v)
{
	(void)v;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		log_info("key %c: %s", keys[i].key, keys[i].help);
}

static void act(struct vcpu *v, char key)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].key == key)
			keys[i].act(v);
}

void keys_start(struct vcpu *v)
{
	if (machine_console_read() >= -1)
		v->keys_due = machine_tsc() + v->partition->tsc_hz / LOOKS_PER_SECOND;
	vcpu_deadlines_changed(v);
}

void keys_check(struct vcpu *v, u64 now)
{
	if (!v->keys_due || (i64)(now - v->keys_due) < 0)
		return;
	v->keys_due = now + v->partition->tsc_hz / LOOKS_PER_SECOND;
	for (int key = machine_console_read(); key >= 0; key = machine_console_read())
		act(v, (char)key);
}
