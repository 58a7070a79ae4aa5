/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What the tests of the guest header in user space share. */
#ifndef STUBS_H
#define STUBS_H

/* The hypervisor's breaches of its contract are counted: they are what is tested. */
extern int breaches;
#define HV_ASSERT(x) ((x) ? (void)0 : (void)breaches++)

#include "hv_tlfs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CHECK(x) ((x) ? (void)0 : (printf("%s:%d: %s\n", __FILE__, __LINE__, #x), exit(1)))

/* False pages, and what stood in XMM0 to XMM5 when one was called. */
extern hv_u8 page_minimal[], page_trash[];
extern hv_u8 seen_xmm[96];

/* Who answers the pages: control word, input and output as the page was given them. */
extern hv_u64 (*hypervisor)(hv_u64 control, hv_u64 in, hv_u64 out);

/*
 * What the hypervisor was asked last, and the first qword of input that was memory; the control
 * words since start(). Not static: a compiler knows that inline assembly does not change what no
 * other file can see, and here it does, in the hypervisor's place.
 */
enum { CONTROLS = 64 };
extern struct asked {
	hv_u64 control, in, out, input;
} asked;
extern hv_u64 controls[CONTROLS];
extern unsigned calls;

/* What the false pages call. */
hv_u64 answer(hv_u64 control, hv_u64 in, hv_u64 out);
/* Forget all that, and let somebody else answer. */
void start(hv_u64 (*answer)(hv_u64, hv_u64, hv_u64));

/* Two pages of parameters and a false hypercall page. */
struct hv_callctx context(hv_u8 *page);

static inline void *at(hv_u64 address)
{
	return (void *)(hv_uptr)address;
}

static inline hv_u64 address(const void *p)
{
	return (hv_uptr)p;
}

void test_forms(hv_u8 *page);
void test_lists(hv_u8 *page);

#endif
