/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Virtual processors: what they are made of and what their synthetic MSRs are at reset. */
#include "vcpu.h"

#include "alloc.h"
#include "machine.h"
#include "msr.h"
#include "overlay.h"
#include "partition.h"
#include "spec_msrs.h"
#include "trace.h"
#include "virt.h"

static void *alloc_bytes(size_t size)
{
	return alloc_pages((size + PAGE_SIZE - 1) / PAGE_SIZE);
}

struct vcpu *vcpu_create(struct partition *p, u32 apic_id)
{
	struct vcpu *v = alloc_bytes(sizeof(*v));

	if (!v || p->env.vp_count == PARTITION_MAX_VPS)
		return NULL;
	v->partition = p;
	v->index = p->env.vp_count;
	v->apic_id = apic_id;
	v->call_in = alloc_page();
	v->call_out = alloc_page();
	v->trace = alloc_bytes(sizeof(*v->trace));
	v->msr_view = alloc_bytes(SPEC_MSR_ROWS * sizeof(*v->msr_view));
	v->started_tsc = machine_tsc();
	if (!v->call_in || !v->call_out || !v->trace || !v->msr_view)
		return NULL;
	v->short_args = (struct spec_args){ .env = &p->env, .in = v->call_in };
	gpa_forget(&v->hits);
	stimer_create(v);
	if (!lapic_create(v) || !virt->vcpu_create(v))
		return NULL;
	lapic_start(v, v->index == 0);
	p->vp[p->env.vp_count++] = v;
	vcpu_reset(v);
	msr_open(v);
	return v;
}

void vcpu_reset(struct vcpu *v)
{
	struct partition *p = v->partition;

	lapic_set_assist(v, NULL);
	synic_reset(v);
	unhalted_reset(v);
	stimer_reset(v);
	partition_lock(p);
	overlay_forget(p, OVERLAY_ASSIST + v->index);
	overlay_forget(p, OVERLAY_SIMP + v->index);
	overlay_forget(p, OVERLAY_SIEFP + v->index);
	partition_unlock(p);
	virt->refuse_stores(v, 0);
	spec_msr_reset_vp(v->msr);
	v->msr[SPEC_MSR_SLOT_VP_INDEX] = v->index;
}
