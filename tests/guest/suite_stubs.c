/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The header's own stubs, used as an operating system would use them. */
#include "control.h"
#include "test.h"

static void msr_access(void)
{
	hv_wrmsr(HV_X64_MSR_GUEST_OS_ID,
		hv_msr_guest_os_id_set_build_number(hv_rdmsr(HV_X64_MSR_GUEST_OS_ID), 77));
	EXPECT_EQ(hv_msr_guest_os_id_get_build_number(hv_rdmsr(HV_X64_MSR_GUEST_OS_ID)), 77,
		"build number");
	EXPECT_EQ(hv_msr_hypercall_get_gpfn(hv_rdmsr(HV_X64_MSR_HYPERCALL)),
		RT_GPA(call_page) >> 12, "page number");
}

static void null_call(void)
{
	struct hv_callctx c = call_context();
	u64 control = hv_control_notify_long_spin_wait(1);

	EXPECT_EQ(hv_hypercall_fast(c.page, control, 5, 0), HV_STATUS_SUCCESS, "the fast form");
	EXPECT_EQ(hv_hypercall_raw(c.page, control, 5, 0, NULL, NULL), HV_STATUS_SUCCESS,
		"the raw form");
	EXPECT_EQ(hv_hypercall_ms(c.page, control | HV_CONTROL_RESERVED_MASK, 5, 0, NULL, NULL),
		HV_STATUS_INVALID_HYPERCALL_INPUT, "reserved bits by the function pointer");
	EXPECT_EQ(hv_hypercall_raw(c.page, control | HV_CONTROL_RESERVED_MASK, 5, 0, NULL, NULL),
		HV_STATUS_INVALID_HYPERCALL_INPUT, "reserved bits in the raw form");
}

static void flush(void)
{
	struct hv_callctx c = call_context();
	struct hv_flush_virtual_address_space_in in = { .address_space = read_cr3(),
		.processor_mask = 1 };
	struct hv_flush_virtual_address_space_ex_in ex = { .address_space = read_cr3(),
		.format = HV_VP_SET_FORMAT_SPARSE_4K, .valid_bank_mask = 1 };
	hv_u64 bank = 1;

	EXPECT_EQ(hv_call_flush_virtual_address_space(&c, &in), HV_STATUS_SUCCESS, "a space");
	EXPECT_EQ(hv_call_flush_virtual_address_space_ex(&c, &ex, &bank, 1), HV_STATUS_SUCCESS,
		"a space, extended");
	in.processor_mask = 0;
	EXPECT_EQ(hv_call_flush_virtual_address_space(&c, &in), HV_STATUS_INVALID_PARAMETER,
		"a space for nobody");
}

static void flush_list(void)
{
	static struct hv_flush_virtual_address_list_each_in ranges[300];
	struct hv_flush_virtual_address_list_in in = { .address_space = read_cr3(),
		.processor_mask = 1 };
	struct hv_callctx c = call_context();
	hv_u32 done = 0;

	for (unsigned i = 0; i < RT_COUNT(ranges); i++)
		ranges[i].range = hv_gva_range_set_page(0, i);
	EXPECT_EQ(hv_call_flush_virtual_address_list(&c, &in, ranges, RT_COUNT(ranges), &done),
		HV_STATUS_SUCCESS, "a list");
	EXPECT_EQ(done, RT_COUNT(ranges), "repetitions done");
}

static void registers(void)
{
	static const u32 wanted[] = { HV_REGISTER_NAME_VP_INDEX, HV_REGISTER_NAME_X64_CR3,
		0x7ffffff0 };
	struct hv_get_vp_registers_in in = { .partition_id = HV_PARTITION_ID_SELF,
		.vp_index = HV_VP_INDEX_SELF };
	struct hv_get_vp_registers_each_in names[RT_COUNT(wanted)];
	struct hv_get_vp_registers_each_out values[RT_COUNT(wanted)];
	struct hv_callctx c = call_context();
	hv_u32 done = 0;

	if (!offered(hv_has_privilege_access_vp_registers))
		return;
	for (unsigned i = 0; i < RT_COUNT(wanted); i++)
		names[i].name = wanted[i];
	EXPECT_EQ(hv_call_get_vp_registers(&c, &in, names, 2, &done, values), HV_STATUS_SUCCESS,
		"two registers");
	EXPECT_EQ(done, 2, "repetitions done");
	EXPECT_EQ(values[1].value.low, read_cr3(), "CR3");
	EXPECT_EQ(hv_call_get_vp_registers(&c, &in, names, 3, &done, values),
		HV_STATUS_INVALID_PARAMETER, "two registers and one that is not");
	EXPECT_EQ(done, 2, "repetitions done until then");
}

static void partition_id(void)
{
	struct hv_get_partition_id_out out = { 0 };
	struct hv_callctx c = call_context();

	if (!offered(hv_has_privilege_access_partition_id))
		return;
	EXPECT_EQ(hv_call_get_partition_id(&c, &out), HV_STATUS_SUCCESS, "the call");
	EXPECT(out.partition_id != HV_PARTITION_ID_INVALID, "the id is that of no partition");
}

/* Refused, each as something that does not exist here. */
static void not_here(void)
{
	struct hv_delete_port_in port = { .port_partition = HV_PARTITION_ID_SELF };
	struct hv_connect_port_in connection = { .port_partition = HV_PARTITION_ID_SELF };
	struct hv_callctx c = call_context();

	EXPECT_EQ(hv_call_delete_port(&c, &port), HV_STATUS_INVALID_HYPERCALL_CODE,
		"deleting a port");
	EXPECT_EQ(hv_call_connect_port(&c, &connection), HV_STATUS_INVALID_HYPERCALL_CODE,
		"a connection");
}

void suite_stubs(void)
{
	static const struct test tests[] = {
		{ "msr-access", msr_access },
		{ "null-call", null_call },
		{ "flush", flush },
		{ "flush-list", flush_list },
		{ "registers", registers },
		{ "partition-id", partition_id },
		{ "not-here", not_here },
	};

	call_enable();
	test_run("stubs", tests, RT_COUNT(tests));
}
