/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* MSR exits: synthetic MSRs by the generated table, others by those who know them. */
#include "msr.h"

#include "hw_msr.h"
#include "log.h"
#include "partition.h"
#include "spec_check.h"
#include "spec_msrs.h"
#include "spec_names.h"
#include "trace.h"
#include "virt.h"

#define SYNTHETIC_FIRST 0x40000000u
#define SYNTHETIC_COUNT 0x10000000u
#define RULE_LINES 8 /* log lines per rule */

#define COLD __attribute__((noinline, cold))

/* Trace and log a refusal: by rule where the specification has one, else why says it in words. */
static COLD bool refuse(struct vcpu *v, u32 number, const char *access, u32 rule, const char *why,
			u64 value)
{
	v->last_rule = rule;
	trace(v, TRACE_REFUSAL, rule, number, value);
	if (rule)
		log_refusal_of(v, &spec_rules[rule], RULE_LINES,
			       "refused %s of MSR 0x%x (%s), value 0x%lx: %s: %s", access, number,
			       spec_msr_name(number), value, spec_rules[rule].id,
			       spec_rules[rule].text);
	else
		log_refusal_of(v, why, LOG_REFUSALS, "refused %s of MSR 0x%x (%s), value 0x%lx: %s",
			       access, number, spec_msr_name(number), value, why);
	return false;
}

static bool is_open(const struct vcpu *v, const struct spec_msr *row, u16 way)
{
	const struct spec_offer *offer = &v->partition->offer;

	return (row->flags & (way | SPEC_MSR_IMPLEMENTED)) == (way | SPEC_MSR_IMPLEMENTED) &&
	       !(row->needs_privilege & ~offer->privilege) &&
	       !(row->needs_feature & ~offer->feature);
}

static COLD bool refuse_unoffered(struct vcpu *v, u32 number, const char *access, u64 value)
{
	const struct spec_msr *row = spec_msr_row(number);

	v->last_rule = SPEC_RULE_NONE;
	trace(v, TRACE_REFUSAL, SPEC_RULE_NONE, number, value);
	log_refusal_of(v, refuse_unoffered, LOG_REFUSALS,
		       "refused %s of MSR 0x%x (%s), value 0x%lx: not offered to this partition, "
		       "needs privileges 0x%lx, features 0x%lx",
		       access, number, spec_msr_name(number), value, row->needs_privilege,
		       row->needs_feature);
	return false;
}

/* Why an MSR is not open. */
static COLD bool refuse_access(struct vcpu *v, u32 number, u16 way, u64 value)
{
	const struct spec_msr *row = spec_msr_row(number);
	const char *access = way == SPEC_MSR_READ ? "read" : "write";

	if (!(row->flags & SPEC_MSR_KNOWN))
		return refuse(v, number, access, SPEC_RULE_NONE, "no such MSR", value);
	if (!(row->flags & SPEC_MSR_IMPLEMENTED))
		return refuse(v, number, access, SPEC_RULE_NONE, "not implemented", value);
	if (row->flags & way)
		return refuse_unoffered(v, number, access, value);
	return refuse(v, number, access,
		      way == SPEC_MSR_READ ? row->refuse_read : row->refuse_write, "not this way",
		      value);
}

static u64 *slot_of(struct vcpu *v, const struct spec_msr *row)
{
	return row->flags & SPEC_MSR_VP ? &v->msr[row->slot] : &v->partition->msr[row->slot];
}

void msr_open(struct vcpu *v)
{
	v->msr_env = (struct spec_msr_env){ v->partition->msr, v->msr,
					    v->partition->gpa.page_limit };
	for (u32 at = 0; at < SPEC_MSR_RANGE; at++) {
		const struct spec_msr *row = spec_msr_row(SPEC_MSR_FIRST + at);
		struct msr_view *view = &v->msr_view[spec_msr_index[at]];
		const bool readable = is_open(v, row, SPEC_MSR_READ),
			   computed = row->flags & SPEC_MSR_COMPUTED;

		view->slot = slot_of(v, row);
		view->plain = readable && !computed ? view->slot : NULL;
		view->read = readable && computed ? row : NULL;
		view->write = is_open(v, row, SPEC_MSR_WRITE) ? row : NULL;
		view->free_below = row->free_bits < 64 ? 1ull << row->free_bits : 0;
	}
}

static const struct msr_view *view_of(const struct vcpu *v, u32 number)
{
	const u32 at = number - SPEC_MSR_FIRST;

	return &v->msr_view[at < SPEC_MSR_RANGE ? spec_msr_index[at] : 0];
}

bool msr_read(struct vcpu *v, u32 number, u64 *value)
{
	const struct msr_view *view = view_of(v, number);

	v->current_msr = number;
	if (view->plain) {
		*value = *view->plain;
		return true;
	}
	if (!view->read)
		return refuse_access(v, number, SPEC_MSR_READ, 0);
	return view->read->read(v, view->read->index, value) ||
	       refuse(v, number, "read", SPEC_RULE_NONE, "not possible now", 0);
}

/* Why a value cannot be written: a rule, or that the handler said no. */
static COLD bool refuse_value(struct vcpu *v, u32 rule, u64 value)
{
	return refuse(v, v->current_msr, "write", rule,
		      rule ? "" : "not possible with this value now", value);
}

/* The rule that a value breaks, and what of it is stored. */
static __attribute__((noinline)) u32 check(struct vcpu *v, const struct msr_view *view, u64 *value)
{
	return view->write->check(&v->msr_env, *view->slot, value);
}

static inline bool write_slot(struct vcpu *v, const struct msr_view *view, u64 value)
{
	const struct spec_msr *row = view->write;
	u64 stored = value, *slot = view->slot;

	trace(v, TRACE_MSR_WRITE, v->current_msr, value, 0);
	if (value >= view->free_below) {
		u64 put_right = value;
		const u32 rule = check(v, view, &put_right);

		if (rule)
			return refuse_value(v, rule, value);
		stored = put_right;
	}
	if (row->flags & SPEC_MSR_ACTS && !row->write(v, row->index, *slot, stored))
		return refuse_value(v, SPEC_RULE_NONE, stored);
	*slot = stored;
	return true;
}

/* What VPs share is written by one of them at a time. */
static __attribute__((noinline)) bool write_shared(struct vcpu *v, const struct msr_view *view,
						   u64 value)
{
	bool good;

	partition_lock(v->partition);
	good = write_slot(v, view, value);
	partition_unlock(v->partition);
	return good;
}

/* A write to an MSR that is open to it. */
static inline bool write_open(struct vcpu *v, const struct msr_view *view, u32 number, u64 value)
{
	v->current_msr = number;
	return view->write->flags & SPEC_MSR_VP ? write_slot(v, view, value)
						: write_shared(v, view, value);
}

static COLD bool write_closed(struct vcpu *v, u32 number, u64 value)
{
	v->current_msr = number;
	return refuse_access(v, number, SPEC_MSR_WRITE, value);
}

bool msr_write(struct vcpu *v, u32 number, u64 value)
{
	const struct msr_view *view = view_of(v, number);

	return view->write ? write_open(v, view, number, value) : write_closed(v, number, value);
}

static enum vm_next hardware_read(struct vcpu *v, u32 number, u64 *value)
{
	switch (virt->msr_read(v, number, value)) {
	case VIRT_MSR_DONE:
		return VM_SKIP;
	case VIRT_MSR_FAULT:
		return VM_GP;
	default:
		return hw_msr_read(v, number, value);
	}
}

static enum vm_next hardware_write(struct vcpu *v, u32 number, u64 value)
{
	switch (virt->msr_write(v, number, value)) {
	case VIRT_MSR_DONE:
		return VM_SKIP;
	case VIRT_MSR_FAULT:
		return VM_GP;
	default:
		return hw_msr_write(v, number, value);
	}
}

static void put_result(struct vcpu *v, u64 value)
{
	v->regs.rax = (u32)value;
	v->regs.rdx = value >> 32;
}

static __attribute__((noinline)) enum vm_next read_computed(struct vcpu *v,
							    const struct spec_msr *row)
{
	u64 value;

	if (!row->read(v, row->index, &value)) {
		refuse(v, row->number, "read", SPEC_RULE_NONE, "not possible now", 0);
		return VM_GP;
	}
	put_result(v, value);
	return VM_SKIP;
}

/* Everything that the views do not answer. */
static __attribute__((noinline)) enum vm_next read_other(struct vcpu *v, u32 number)
{
	u64 value = 0;
	enum vm_next next;

	if (number - SYNTHETIC_FIRST < SYNTHETIC_COUNT)
		next = msr_read(v, number, &value) ? VM_SKIP : VM_GP;
	else
		next = hardware_read(v, number, &value);
	if (next == VM_SKIP)
		put_result(v, value);
	return next;
}

enum vm_next msr_read_exit(struct vcpu *v)
{
	const u32 number = (u32)v->regs.rcx;
	const struct msr_view *view = view_of(v, number);

	if (view->plain) {
		put_result(v, *view->plain);
		return VM_SKIP;
	}
	return view->read ? read_computed(v, view->read) : read_other(v, number);
}

static __attribute__((noinline)) enum vm_next write_other(struct vcpu *v, u32 number, u64 value)
{
	if (number - SYNTHETIC_FIRST < SYNTHETIC_COUNT)
		return write_closed(v, number, value) ? VM_SKIP : VM_GP;
	return hardware_write(v, number, value);
}

enum vm_next msr_write_exit(struct vcpu *v)
{
	const u32 number = (u32)v->regs.rcx;
	const u64 value = v->regs.rdx << 32 | (u32)v->regs.rax;
	const struct msr_view *view = view_of(v, number);

	if (!view->write)
		return write_other(v, number, value);
	return write_open(v, view, number, value) ? VM_SKIP : VM_GP;
}
