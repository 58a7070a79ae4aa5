/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The input of a generated vector in private copies, laid out as the calling convention has it. */
#ifndef PARTITA_TESTS_VECTOR_COPY_H
#define PARTITA_TESTS_VECTOR_COPY_H

#include <string.h>

#include "hv_vectors.h"
#include "spec_calls.h"

struct vector_copy {
	_Alignas(16) u8 in[4096];
	_Alignas(16) u8 each[4096];
	u64 var[1024];
	_Alignas(16) u8 out[4096];
};

/* A partition with one processor, no trust levels, and the 36-bit addresses that vectors rely on. */
static const struct spec_env vector_env = {
	.gpa_pages = 1 << 24, .partition_id = 7, .vp_count = 1, .vtl = 0
};

static inline u32 vector_var_count(const struct hv_vector *v)
{
	return v->control >> 17 & 0x3ff;
}

/* Copy both headers; copy must outlive the result. */
static inline struct spec_args vector_headers(struct vector_copy *copy, const struct hv_vector *v)
{
	const struct spec_call *row = spec_call_row(v->code);
	const u32 var_count = vector_var_count(v), end = row->in_size + 8 * var_count;

	memset(copy, 0, sizeof(*copy));
	assert_true(v->input_size >= end || v->input_size == sizeof(copy->in)); /* a page ends it */
	if (row->in_size)
		memcpy(copy->in, v->input, row->in_size);
	if (var_count)
		memcpy(copy->var, v->input + row->in_size,
		       (v->input_size < end ? v->input_size : end) - row->in_size);
	return (struct spec_args){ .env = &vector_env,
				   .in = copy->in,
				   .var = copy->var,
				   .var_count = var_count,
				   .out = copy->out };
}

/* Copy element i; false behind the last one. */
static inline bool vector_element(struct vector_copy *copy, const struct hv_vector *v, u32 i,
				  struct spec_args *args)
{
	const struct spec_call *row = spec_call_row(v->code);
	const u32 at = row->in_size + 8 * vector_var_count(v) + i * row->each_in_size;

	if (!row->each_in_size || at >= v->input_size)
		return false;
	assert_true(at + row->each_in_size <= v->input_size);
	memcpy(copy->each, v->input + at, row->each_in_size);
	args->each_in = copy->each;
	return true;
}

#endif
