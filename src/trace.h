/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* A ring of one processor's latest events: a few stores to write, read in a panic or by hvgen. */
#ifndef PARTITA_TRACE_H
#define PARTITA_TRACE_H

#include "types.h"
#include "trace_format.h"
#include "vcpu.h"

struct text;

struct trace_ring { struct trace_record record[TRACE_RECORDS]; };
_Static_assert(sizeof(struct trace_ring) == 1u << 8 * sizeof(((struct vcpu *)0)->trace_at),
	       "vcpu.trace_at wraps with the ring");

/* The next record, its type and exit filled in. Only the processor that runs v. */
static inline struct trace_record *trace_next(struct vcpu *v, enum trace_type type)
{
	struct trace_record *r = (void *)((u8 *)v->trace + v->trace_at);

	v->trace_at += sizeof(*r);
	r->type = (u16)type;
	r->exit = (u16)v->exits;
	return r;
}

/* Write one record of up to three numbers. Only the processor that runs v. */
static inline void trace(struct vcpu *v, enum trace_type type, u32 a, u64 b, u64 c)
{
	struct trace_record *r = trace_next(v, type);

	r->a = a;
	r->b = b;
	r->c = c;
}

/* The record that was written back records ago; 1: the latest. */
static inline const struct trace_record *trace_back(const struct vcpu *v, u32 back)
{
	return (void *)((u8 *)v->trace + (u16)(v->trace_at - back * sizeof(struct trace_record)));
}

/* Write one record in words; exits: the VP's number of them by now. */
void trace_decode(const struct trace_record *r, u64 exits, struct text *out);

/* Log the last count records of a VP, oldest first. */
void trace_dump(const struct vcpu *v, u32 count);

#endif
