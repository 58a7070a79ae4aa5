/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Test vectors as data: every rule broken, every call and MSR used well. Each says what the
 * specification demands; what this hypervisor answers differs only where it lacks the call or MSR.
 */
#ifndef HVGEN_VECTORS_H
#define HVGEN_VECTORS_H

#include "model.h"

/* Where the input lies, or the output of a call without input; as hv_vector.gpa_form. */
enum place {
	PLACE_START,      /* at the start of a page, input and output each at its own */
	PLACE_MISALIGNED,
	PLACE_CROSSING,   /* eight bytes before the end of a page */
	PLACE_BEYOND,     /* outside the guest physical address space */
	PLACE_OVERLAP,    /* input and output at the same place */
};

/* One hypercall. */
struct vector {
	struct vector *next;
	const char *name;            /* "flush_virtual_address_list_ex/flags-reserved"; unique */
	const struct call *call;     /* NULL: a code that the specification does not have */
	const char *rule;            /* id of the rule it breaks; "" for a positive one */
	const struct status *status; /* what breaking it yields; NULL for a positive one */
	bool edge;                   /* one more at an edge of a rule; not for use on a live system */
	uint64_t control;            /* the whole control word, the code in its low 16 bits */
	bool fast;                   /* input in registers: RDX, R8, then XMM0 to XMM5 */
	bool output;                 /* output there, too: behind the input, from a multiple of 16 */
	enum place place;
	unsigned input_size;
	const uint8_t *input;        /* header, variable header, elements; NULL when empty */
	unsigned input_number;       /* from 1 in order of first use; equal: the same bytes */
};

/* One access to an MSR. */
struct msr_vector {
	struct msr_vector *next;
	const char *name;            /* "hypercall/reserved"; unique */
	const struct msr *msr;       /* the first one of a strided family */
	const char *rule;            /* id of the rule it breaks, which is always #GP; "" when none */
	bool edge;
	bool write;
	uint64_t value;              /* written */
	uint64_t before;             /* not 0: write this first */
	bool known;                  /* a read after this write gives `expect` */
	uint64_t expect;             /* what the register holds after a write over its reset value */
};

/*
 * List all vectors of a specification without errors in s->vectors and s->msr_vectors: those of
 * each call in turn, a positive one first, its edges last, then codes without a call. Positive
 * edges ask for all sorts of things that are legal and not harmless.
 */
void vectors_list(struct spec *s);

/* What this hypervisor answers: NULL for success or, of a positive vector, any status of the call. */
const struct status *vector_answer(const struct spec *s, const struct vector *v);

#endif
