/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Runs every test of calls against both false hypercall pages. Built and run by tests/stubs/run. */
#include "stubs.h"

int breaches;
hv_u8 seen_xmm[96];
hv_u64 (*hypervisor)(hv_u64 control, hv_u64 in, hv_u64 out);
struct asked asked;
hv_u64 controls[CONTROLS];
unsigned calls;

void start(hv_u64 (*answer)(hv_u64, hv_u64, hv_u64))
{
	hypervisor = answer;
	calls = 0;
	breaches = 0;
}

hv_u64 answer(hv_u64 control, hv_u64 in, hv_u64 out)
{
	asked.control = control;
	asked.in = in;
	asked.out = out;
	if (calls < CONTROLS)
		controls[calls] = control;
	calls++;
	return hypervisor(control, in, out);
}

struct hv_callctx context(hv_u8 *page)
{
	static hv_u8 in[HV_PAGE_SIZE] __attribute__((aligned(HV_PAGE_SIZE)));
	static hv_u8 out[HV_PAGE_SIZE] __attribute__((aligned(HV_PAGE_SIZE)));
	struct hv_callctx c = { .page = hv_call_page(page), .in = in, .out = out,
				.in_gpa = address(in), .out_gpa = address(out) };

	return c;
}

int main(void)
{
	hv_u8 *const pages[] = { page_minimal, page_trash };

	for (size_t i = 0; i < COUNT(pages); i++) {
		test_forms(pages[i]);
		test_lists(pages[i]);
	}
	return 0;
}
