/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* A ring of one processor's latest events: a few stores to write, read in a panic. */
#ifndef PARTITA_TRACE_H
#define PARTITA_TRACE_H

#include "types.h"
#include "vcpu.h"

struct text;

enum trace_type {
	TRACE_NONE,
	TRACE_HYPERCALL,      /* b: control, c: result */
	TRACE_REFUSAL,        /* a: rule, b: code or MSR number, c: value */
	TRACE_MSR_WRITE,      /* a: number, b: value */
	TRACE_CPUID,          /* a: leaf, b: subleaf; of the hardware's leaves */
	TRACE_IO,             /* a: port, b: value, c: 1 in, 0 out */
	TRACE_NPT_FAULT,      /* a: access, b: GPA */
	TRACE_INJECT,         /* a: vector, b: error code; by the vendor */
	TRACE_EXIT,           /* a: vendor's exit code, b, c: qualifications; rare exits only */
	TRACE_TYPES
};

struct trace_record { u32 type, a; u64 b, c, exit; /* exit: the VP's exit count */ };
_Static_assert(sizeof(struct trace_record) == 32, "a record is half a cache line");

#define TRACE_RECORDS 64 /* half a page */

struct trace_ring { struct trace_record record[TRACE_RECORDS]; };
_Static_assert(sizeof(struct trace_ring) == PAGE_SIZE / 2, "the ring wraps by an address bit");

/*
 * Write one record. Only the processor that runs v. The exit count orders and dates records; it
 * costs no RDTSC.
 */
static inline void trace(struct vcpu *v, enum trace_type type, u32 a, u64 b, u64 c)
{
	struct trace_record *r = v->trace_next;

	/*
	 * The ring lies at the start of a page: past its end, the bit of its size is set, and
	 * cleared again.
	 */
	v->trace_next = (void *)((uintptr_t)(r + 1) & ~sizeof(struct trace_ring));
	*r = (struct trace_record){ type, a, b, c, v->exits };
}

/* Write one record in words. */
void trace_decode(const struct trace_record *r, struct text *out);

/* Log the last count records of a VP, oldest first. */
void trace_dump(const struct vcpu *v, u32 count);

#endif
