/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Typed calls and the loop of rep calls, against hypervisors that do as they are told. */
#include "stubs.h"

static struct hv_callctx c;

static hv_u32 reps_of(hv_u64 control)
{
	return control >> 32 & 0xfff;
}

static hv_u32 start_of(hv_u64 control)
{
	return control >> 48 & 0xfff;
}

/* ---- a script ---- */

struct turn {
	hv_u16 status;
	hv_u32 reps; /* completed, from the start of the list */
};

static const struct turn *script;
static unsigned turns; /* of the script; the last one is repeated for ever */

static hv_u64 follow_script(hv_u64 control, hv_u64 in, hv_u64 out)
{
	const struct turn *turn = &script[calls <= turns ? calls - 1 : turns - 1];

	(void)control;
	(void)in;
	(void)out;
	return (hv_u64)turn->reps << 32 | turn->status;
}

/* A list of so many that need neither input nor output, by the script. */
static hv_u16 play(const struct turn *with, unsigned count_of_turns, hv_u32 count, hv_u32 *done)
{
	struct hv_list list;

	script = with;
	turns = count_of_turns;
	start(follow_script);
	hv_list_start(&list, count, 16, 0, 0);
	return hv_result_status(hv_list_call(&c, HV_CALL_UNMAP_GPA_PAGES, &list, done));
}

#define PLAY(count, ...) \
	play((const struct turn[]){ __VA_ARGS__ }, \
	     sizeof((struct turn[]){ __VA_ARGS__ }) / sizeof(struct turn), count, &done)

static void progress(void)
{
	hv_u32 done;

	CHECK(PLAY(5, { 0, 2 }, { 0, 4 }, { 0, 5 }) == 0 && done == 5 && calls == 3);
	CHECK(start_of(controls[0]) == 0 && start_of(controls[1]) == 2);
	CHECK(start_of(controls[2]) == 4 && reps_of(controls[2]) == 5);
	CHECK(PLAY(3, { 0x78, 1 }, { 0x78, 1 }, { 0x78, 2 }, { 0, 3 }) == 0 && done == 3);
	CHECK(calls == 4 && start_of(controls[2]) == 1 && breaches == 0);
	CHECK(PLAY(3, { 0x78, 3 }) == 0 && done == 3 && calls == 1);
}

static void failure(void)
{
	hv_u32 done;

	CHECK(PLAY(5, { 0, 2 }, { 5, 3 }) == 5 && done == 3 && calls == 2);
	CHECK(PLAY(5, { 0, 2 }, { 5, 0 }) == 5 && done == 2);
	CHECK(PLAY(5, { 6, 0 }) == 6 && done == 0 && calls == 1 && breaches == 0);
}

/* What the hypervisor must not do ends the loop all the same. */
static void breach(void)
{
	hv_u32 done;

	CHECK(PLAY(5, { 0, 2 }, { 0, 2 }) == 0 && done == 2 && calls == 2 && breaches == 1);
	CHECK(PLAY(5, { 0, 2 }, { 0, 1 }) == 0 && done == 2 && calls == 2 && breaches == 1);
	CHECK(PLAY(5, { 0, 9 }) == 0 && done == 5 && calls == 1 && breaches == 1);
	CHECK(PLAY(5, { 0x78, 2 }) == 0x78 && done == 2 && calls == HV_IDLE_TURNS + 2);
	CHECK(breaches == 0);
}

static hv_u64 all_at_once(hv_u64 control, hv_u64 in, hv_u64 out)
{
	(void)in;
	(void)out;
	return control & HV_CONTROL_REPS_MASK;
}

static void long_list(void)
{
	struct hv_list list;
	hv_u32 done;

	start(all_at_once);
	hv_list_start(&list, 10000, 0, 0, 0);
	CHECK(hv_list_call(&c, 1, &list, &done) >> 32 == 1810 && done == 10000 && calls == 3);
	CHECK(reps_of(controls[0]) == 4095 && reps_of(controls[2]) == 1810);
	start(all_at_once);
	hv_list_start(&list, 4096, 0, 0, 1);
	CHECK(hv_list_call(&c, 1, &list, &done) == HV_STATUS_INVALID_HYPERCALL_INPUT);
	CHECK(done == 0 && calls == 0);
}

/* ---- elements ---- */

/* Seven repetitions at a time: each register is three times its name, and its place in the list. */
static hv_u64 registers(hv_u64 control, hv_u64 in, hv_u64 out)
{
	const struct hv_get_vp_registers_in *header = at(in);
	const struct hv_get_vp_registers_each_in *each = at(in + sizeof(*header));
	struct hv_get_vp_registers_each_out *value = at(out);
	hv_u32 reps = reps_of(control), first = start_of(control);
	hv_u32 end = first + 7 < reps ? first + 7 : reps;

	CHECK(header->partition_id == 77 && !header->_mbz0[0] && header->target_vtl == 0x1f);
	for (hv_u32 i = first; i < end; i++) {
		if (each[i].name == 900)
			return (hv_u64)i << 32 | HV_STATUS_INVALID_PARAMETER;
		value[i].value.low = 3 * (hv_u64)each[i].name;
		value[i].value.high = i;
	}
	return (hv_u64)end << 32;
}

static void lists_over_pages(void)
{
	static struct hv_get_vp_registers_each_in names[1000];
	static struct hv_get_vp_registers_each_out values[1001];
	struct hv_get_vp_registers_in header;
	hv_u32 done;

	memset(&header, 0xff, sizeof(header));
	header.partition_id = 77;
	values[1000].value.low = 1;
	for (hv_u32 i = 0; i < 1000; i++)
		names[i].name = 1000 + i;
	start(registers);
	CHECK(hv_call_get_vp_registers(&c, &header, names, 1000, &done, values) == 0);
	CHECK(done == 1000 && values[1000].value.low == 1);
	for (hv_u32 i = 0; i < 1000; i++)
		CHECK(values[i].value.low == 3 * (1000 + i) && values[i].value.high == i % 256);
	names[600].name = 900;
	memset(values, 0, sizeof(values));
	CHECK(hv_call_get_vp_registers(&c, &header, names, 1000, &done, values) ==
	      HV_STATUS_INVALID_PARAMETER);
	CHECK(done == 600 && values[599].value.low && !values[600].value.low);
}

/* Reserved bits of each element are cleared on the way, and nothing else. */
static hv_u64 clean_elements(hv_u64 control, hv_u64 in, hv_u64 out)
{
	const struct hv_set_vp_registers_each_in *each =
		at(in + sizeof(struct hv_set_vp_registers_in));

	(void)out;
	for (hv_u32 i = 0; i < reps_of(control); i++) {
		for (hv_u32 n = 0; n < sizeof(each->_mbz0); n++)
			CHECK(!each[i]._mbz0[n]);
		CHECK(each[i].name == ~0u && each[i].value.high == ~HV_C64(0, 0));
	}
	return control & HV_CONTROL_REPS_MASK;
}

static void reserved_elements(void)
{
	struct hv_set_vp_registers_in header;
	struct hv_set_vp_registers_each_in each[200];
	hv_u32 done;

	memset(&header, 0xff, sizeof(header));
	memset(each, 0xff, sizeof(each));
	start(clean_elements);
	CHECK(hv_call_set_vp_registers(&c, &header, each, 200, &done) == 0 && done == 200);
	CHECK(calls == 2);
}

/* ---- registers or pages ---- */

static void without_pages(void)
{
	struct hv_callctx no_pages = { .page = c.page };
	struct hv_notify_long_spin_wait_in spin;
	struct hv_send_synthetic_cluster_ipi_in ipi;

	memset(&spin, 0, sizeof(spin));
	memset(&ipi, 0xff, sizeof(ipi));
	spin.spin_count = 0x77;
	start(all_at_once);
	CHECK(hv_call_notify_long_spin_wait(&no_pages, &spin) == 0 && asked.in == 0x77);
	CHECK(controls[0] == HV_CONTROL(HV_CALL_NOTIFY_LONG_SPIN_WAIT, 1, 0, 0, 0));
	CHECK(hv_call_send_synthetic_cluster_ipi(&no_pages, &ipi) == 0);
	CHECK(asked.out == ~HV_C64(0, 0) && asked.in >> 37 == (asked.in >> 37 & ~HV_C64(0, 7)));
}

static void flush(hv_u32 count)
{
	static struct hv_flush_virtual_address_list_ex_each_in each[700];
	struct hv_flush_virtual_address_list_ex_in header = { .address_space = 0x1111 };
	hv_u64 banks[2] = { 5, 6 };
	hv_u32 done;

	for (hv_u32 i = 0; i < count; i++)
		each[i].range = 100 + i;
	header.valid_bank_mask = 3;
	start(all_at_once);
	CHECK(hv_call_flush_virtual_address_list_ex(&c, &header, banks, 2, each, count, &done) ==
		      0 && done == count);
}

/* 48 bytes of header, then 8 for each: up to 8 of them fit registers. */
static void variable_header(void)
{
	flush(1);
	CHECK(controls[0] == hv_control_flush_virtual_address_list_ex(0, 2, 1, 0));
	CHECK(asked.in == hv_gpa_value(c.in_gpa) && asked.out == hv_gpa_value(c.out_gpa));
	CHECK(HV_CAST(hv_u64 *, c.in)[4] == 5 && HV_CAST(hv_u64 *, c.in)[6] == 100);
	flush(700);
	CHECK(calls == 2 && reps_of(controls[0]) == 506 && HV_CAST(hv_u64 *, c.in)[6] == 606);
#if defined(HV_XMM_STUB)
	c.forms = HV_FORM_XMM;
	flush(8);
	CHECK(controls[0] == hv_control_flush_virtual_address_list_ex(1, 2, 8, 0));
	CHECK(asked.in == 0x1111 && HV_RECAST(hv_u64 *, seen_xmm)[11] == 107);
	flush(1);
	CHECK(HV_RECAST(hv_u64 *, seen_xmm)[4] == 100 && !HV_RECAST(hv_u64 *, seen_xmm)[5]);
	flush(9);
	CHECK(!(controls[0] & HV_CONTROL_FAST));
	c.forms = 0;
#endif
}

static hv_u64 give_id(hv_u64 control, hv_u64 in, hv_u64 out)
{
	(void)in;
	memcpy(at(out), &control, 8);
	return calls > 1 ? HV_STATUS_ACCESS_DENIED : 0;
}

static void output(void)
{
	struct hv_get_partition_id_out id = { 0 };

	start(give_id);
	CHECK(hv_call_get_partition_id(&c, &id) == 0);
	CHECK(id.partition_id == HV_CALL_GET_PARTITION_ID);
	id.partition_id = 1;
	CHECK(hv_call_get_partition_id(&c, &id) == HV_STATUS_ACCESS_DENIED && id.partition_id == 1);
}

void test_lists(hv_u8 *page)
{
	c = context(page);
	progress();
	failure();
	breach();
	long_list();
	lists_over_pages();
	reserved_elements();
	without_pages();
	variable_header();
	output();
	CHECK(breaches == 0);
}
