/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* A ring of the latest events of one processor: a few stores to write, decoded by generated names in a panic. */
#ifndef PARTITA_TRACE_H
#define PARTITA_TRACE_H

#include "types.h"
#include "vcpu.h"

struct text;

enum trace_type {
	TRACE_NONE,
	TRACE_HYPERCALL,      /* a: code, b: control, c: result */
	TRACE_REFUSAL,        /* a: rule, b: code or MSR number, c: value */
	TRACE_MSR_READ,       /* a: number, b: value */
	TRACE_MSR_WRITE,      /* a: number, b: value */
	TRACE_CPUID,          /* a: leaf, b: subleaf */
	TRACE_IO,             /* a: port, b: value, c: 1 in, 0 out */
	TRACE_NPT_FAULT,      /* a: access, b: GPA */
	TRACE_INJECT,         /* a: vector, b: error code; by the vendor */
	TRACE_EXIT,           /* a: vendor's exit code, b, c: its qualifications; by the vendor, rare exits only */
	TRACE_TYPES
};

struct trace_record { u16 type, vp; u32 a; u64 b, c, d; };
_Static_assert(sizeof(struct trace_record) == 32, "a record is half a cache line");

#define TRACE_RECORDS 128 /* a power of two: one page with what it holds */

struct trace_ring {
	struct trace_record record[TRACE_RECORDS];
	u64 next; /* records ever written */
};

/* Write one record. Only the processor that runs v. d of a record is the VP's exit count: it orders, it costs no RDTSC. */
static inline void trace(struct vcpu *v, enum trace_type type, u32 a, u64 b, u64 c)
{
	struct trace_ring *ring = v->trace;
	struct trace_record *r = &ring->record[ring->next++ % TRACE_RECORDS];

	r->type = type;
	r->vp = (u16)v->index;
	r->a = a;
	r->b = b;
	r->c = c;
	r->d = v->exits;
}

/* Write one record in words. */
void trace_decode(const struct trace_record *r, struct text *out);

/* Log the last count records, oldest first. */
void trace_dump(const struct trace_ring *ring, u32 count);

#endif
