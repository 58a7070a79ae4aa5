/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Watching a partition: each exit with its time, and the trace for hvgen to decode. */
#include "observe.h"

#include "log.h"
#include "machine.h"
#include "partition.h"
#include "spec_calls.h"
#include "trace.h"
#include "virt.h"

#define DEBUG_PORT 0xe9
#define INPUT_MOST 256 /* bytes of a call's input that are kept */
#define RECORD_INPUT 24
#define RECORD_HEAD 16 /* bytes of input in the call's own record */

#define CONTROL_VAR(c) ((u32)((c) >> 17) & 0x3ff)
#define CONTROL_COUNT(c) ((u32)((c) >> 32) & 0xfff)

void (*observe_handler)(struct vcpu *v);

void observe_choose(bool on)
{
	observe_handler = on ? observe_exit : virt->exit;
}

u16 observe_port(void)
{
	return observe_handler == observe_exit ? DEBUG_PORT : 0;
}

/* The call of the exit under way, behind which there may be what it had injected; or NULL. */
static const struct trace_record *latest_call(const struct vcpu *v)
{
	for (u32 back = 1; back < TRACE_RECORDS; back++) {
		const struct trace_record *r = trace_back(v, back);

		if (r->type == TRACE_HYPERCALL)
			return r;
		if (r->type == TRACE_EXIT)
			break;
	}
	return NULL;
}

/* The rest of the input of the call that was just handled, from the hypervisor's copy. */
static void trace_input(struct vcpu *v)
{
	const struct trace_record *call = latest_call(v);
	const struct spec_call *row;
	u32 size;

	if (!call)
		return;
	row = spec_call_row((u16)call->b);
	size = row->in_size + 8 * CONTROL_VAR(call->b) + row->each_in_size * CONTROL_COUNT(call->b);
	size = size < INPUT_MOST ? size : INPUT_MOST;
	for (u32 at = RECORD_HEAD; at < size; at += RECORD_INPUT) {
		const u64 *in = (const u64 *)(v->call_in + at);
		struct trace_record *r = trace_next(v, TRACE_INPUT);

		r->a = at;
		r->b = in[0];
		r->c = in[1];
		r->d = in[2];
	}
}

void observe_exit(struct vcpu *v)
{
	const u64 start = machine_tsc(), number = v->exits + 1;
	struct trace_record *r = trace_next(v, TRACE_EXIT);

	/* Complete where the exit is the last one, too. */
	r->exit = (u16)number;
	r->a = EXIT_KIND_COUNT;
	r->b = start;
	r->c = virt->get_reg(v, VREG_RIP);
	r->d = 0;
	virt->exit(v);
	if (v->exit_kind == EXIT_HYPERCALL)
		trace_input(v);
	r->a = v->exit_kind;
	r->d = machine_tsc() - start;
	v->exit_ticks[v->exit_kind] += r->d;
}

/* ---- the end ---- */

static void write_bytes(const void *bytes, size_t count)
{
	for (const u8 *b = bytes; count--; b++)
		machine_out(DEBUG_PORT, 1, *b);
}

static void write_vcpu(const struct vcpu *v)
{
	struct trace_head head = {
		.magic = TRACE_MAGIC, .vp = v->index, .exits = v->exits,
		.tsc_hz = v->partition->tsc_hz, .started = v->started_tsc,
		.kinds = EXIT_KIND_COUNT,
	};

	for (u32 i = 1; i <= TRACE_RECORDS; i++)
		head.records += trace_back(v, i)->type != TRACE_NONE;
	for (u32 kind = 0; kind < EXIT_KIND_COUNT; kind++) {
		head.of[kind].count = v->exit_count[kind];
		head.of[kind].ticks = v->exit_ticks[kind];
	}
	write_bytes(&head, sizeof(head));
	for (u32 back = head.records; back; back--)
		write_bytes(trace_back(v, back), sizeof(struct trace_record));
}

void observe_write(const struct partition *p)
{
	if (!observe_port())
		return;
	for (u32 i = 0; i < p->env.vp_count; i++)
		write_vcpu(p->vp[i]);
}

/* ---- counters ---- */

void observe_log_counts(const struct partition *p)
{
	static const char *const names[] = {
#define EXIT_KIND_NAME(name, text) text,
		EXIT_KINDS(EXIT_KIND_NAME)
#undef EXIT_KIND_NAME
	};

	for (u32 kind = 0; kind < EXIT_KIND_COUNT; kind++) {
		u64 count = 0, ticks = 0;

		for (u32 i = 0; i < p->env.vp_count; i++) {
			count += p->vp[i]->exit_count[kind];
			ticks += p->vp[i]->exit_ticks[kind];
		}
		if (!count)
			continue;
		if (observe_port())
			log_info("exits: %lu of kind %s, %lu TSC ticks each", count, names[kind],
				 ticks / count);
		else
			log_info("exits: %lu of kind %s", count, names[kind]);
	}
}
