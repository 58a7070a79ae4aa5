/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * The trace as the hypervisor keeps and writes it, in plain C types: hvgen, a host program, reads it.
 */
#ifndef PARTITA_TRACE_FORMAT_H
#define PARTITA_TRACE_FORMAT_H

#include <stdint.h>

enum trace_type {
	TRACE_NONE,
	TRACE_HYPERCALL, /* a: status, repetitions << 16; b: control; c, d: first words of input */
	TRACE_INPUT,     /* of the call before it: a: offset; b, c, d: input there */
	TRACE_REFUSAL,   /* a: rule, b: code or MSR number, c: value */
	TRACE_MSR_WRITE, /* a: number, b: value */
	TRACE_CPUID,     /* a: leaf, b: subleaf; of the hardware's leaves */
	TRACE_IO,        /* a: port, b: value, c: 1 in, 0 out */
	TRACE_NPT_FAULT, /* a: access, b: GPA */
	TRACE_INJECT,    /* a: vector, b: error code; by the vendor */
	TRACE_INTERRUPT, /* a: physical vector, b: TSC */
	TRACE_VENDOR,    /* a: vendor's exit code, b, c: qualifications; rare exits only */
	TRACE_EXIT,      /* a: enum exit_kind, b: TSC, c: RIP, d: TSC ticks until it was handled */
	TRACE_TYPES
};

/* exit: the low bits of the VP's number of exits, which orders records and costs no RDTSC. */
struct trace_record { uint16_t type, exit; uint32_t a; uint64_t b, c, d; };
_Static_assert(sizeof(struct trace_record) == 32, "a record is half a cache line");

#define TRACE_RECORDS 2048 /* 64 KiB: a 16-bit offset in bytes wraps by itself */

/* Why a guest was left, as both vendors have it. */
#define EXIT_KINDS(X) \
	X(HYPERCALL, "hypercall") \
	X(CPUID, "CPUID") \
	X(MSR_READ, "RDMSR") \
	X(MSR_WRITE, "WRMSR") \
	X(PORT, "port") \
	X(NPT_FAULT, "nested page fault") \
	X(INTERRUPT, "physical interrupt") \
	X(NMI, "NMI or kick") \
	X(WINDOW, "window") \
	X(HALT, "HLT") \
	X(REGISTER, "control or debug register") \
	X(APIC, "local APIC") \
	X(OTHER, "other")

enum exit_kind {
#define EXIT_KIND_ENUM(name, text) EXIT_##name,
	EXIT_KINDS(EXIT_KIND_ENUM)
#undef EXIT_KIND_ENUM
	EXIT_KIND_COUNT
};

/* What stands in front of the records of one VP, oldest first. */
#define TRACE_MAGIC "PartTrc1"
struct trace_head {
	char magic[8];
	uint32_t vp, records;
	uint64_t exits;                    /* the VP's number of them */
	uint64_t tsc_hz, started;          /* TSC at its creation */
	uint32_t kinds, _zero;
	struct { uint64_t count, ticks; } of[EXIT_KIND_COUNT];
};

#endif
