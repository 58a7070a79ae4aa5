/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Ports and connections: the table, the calls that go by it, and every status they can have. */
/* link: core */
#include "fake.h"

#include <string.h>

#include "hv_abi.h"
#include "lapic.h"
#include "msr.h"
#include "port.h"

#define PAGES 0x200000ull /* two for each VP */
#define VECTOR 0x95u
#define TYPE 0x4321u
#define ON 1ull
#define MESSAGES HV_LOOP_BACK_SOURCE_MESSAGE
#define EVENTS HV_LOOP_BACK_SOURCE_EVENT

static struct partition *partition;

/* A VP's controller on, with both loop-back sources; it is the one that runs from here on. */
static struct vcpu *enable(u32 index)
{
	struct vcpu *v = partition->vp[index];
	const u64 page = PAGES + 2 * PAGE_SIZE * index;

	fake_machine.vcpu = v;
	lapic_write(v, LAPIC_SVR, 0x1ff);
	assert_true(msr_write(v, HV_X64_MSR_SIMP, page | ON));
	assert_true(msr_write(v, HV_X64_MSR_SIEFP, (page + PAGE_SIZE) | ON));
	assert_true(msr_write(v, HV_X64_MSR_SCONTROL, ON));
	assert_true(msr_write(v, HV_X64_MSR_SINT0 + MESSAGES, VECTOR));
	assert_true(msr_write(v, HV_X64_MSR_SINT0 + EVENTS, VECTOR));
	return v;
}

/* A partition of count VPs, the first of them enabled. */
static struct vcpu *start(u32 count)
{
	partition = fake_vps(count)->partition;
	fake_machine.on_pause = fake_others_flush;
	return enable(0);
}

static struct hv_message *slot(u32 index)
{
	struct hv_message_page *page =
		partition->overlays.slot[OVERLAY_SIMP + index].page;

	return &page->slots[MESSAGES];
}

static bool take_flag(u32 index, u32 flag)
{
	struct hv_event_flags_page *page =
		partition->overlays.slot[OVERLAY_SIEFP + index].page;
	const bool set = page->sints[EVENTS].flags[flag / 64] >> flag % 64 & 1;

	page->sints[EVENTS].flags[flag / 64] &= ~(1ull << flag % 64);
	return set;
}

static enum hv_status post(struct vcpu *v, u32 connection, u32 number)
{
	return port_post(v, connection, TYPE, &number, sizeof(number));
}

/* The number of the message in a VP's slot, which is empty then; 0: it was. */
static u32 consume(u32 index)
{
	struct hv_message *m = slot(index);
	const u32 number = (u32)m->payload[0];

	if (m->header.type == HV_MESSAGE_TYPE_NONE)
		return 0;
	m->header.type = HV_MESSAGE_TYPE_NONE;
	if (m->header.flags)
		assert_true(msr_write(partition->vp[index], HV_X64_MSR_EOM, 0));
	return number;
}

/* ---- the table ---- */

/* Many objects, found each by its partition, kind and number; a number is taken once. */
static void test_table(void **state)
{
	enum { COUNT = 3000 };
	static struct port ports[2][COUNT];
	static struct connection connections[2][COUNT];
	static struct partition others[2];
	struct connection connection;
	struct port port;
	struct vcpu *v = start(1);

	(void)state;
	memset(others, 0, sizeof(others));
	for (u32 p = 0; p < 2; p++) {
		others[p].env.partition_id = 17 + p;
		for (u32 i = 0; i < COUNT; i++) {
			ports[p][i] = (struct port){ .type = HV_PORT_TYPE_EVENT,
						     .partition = partition, .vp = 0,
						     .source = EVENTS,
						     .base_flag = (u16)(i % 1024 + 1024 * p),
						     .flag_count = 1 };
			connections[p][i].port = &ports[p][i];
			assert_true(port_add(&ports[p][i], &others[p], i * 7));
			assert_true(connection_add(&connections[p][i], &others[p], i * 7));
		}
	}
	assert_false(port_add(&port, &others[0], 7));
	assert_false(connection_add(&connection, &others[1], 14));
	for (u32 p = 0; p < 2; p++) {
		struct vcpu from = { .partition = &others[p] };

		for (u32 i = 0; i < COUNT; i++) {
			assert_int_equal(port_signal(&from, i * 7, 0), HV_STATUS_SUCCESS);
			assert_true(take_flag(0, i % 1024 + 1024 * p));
			assert_int_equal(port_signal(&from, i * 7 + 1, 0),
					 HV_STATUS_INVALID_CONNECTION_ID);
		}
	}
	assert_int_equal(port_signal(v, 7, 0), HV_STATUS_INVALID_CONNECTION_ID);
}

/* ---- messages ---- */

static void test_message(void **state)
{
	struct vcpu *v = start(1);

	(void)state;
	for (u32 size = 0; size <= 240; size++) {
		u8 payload[240], zeros[8] = { 0 };

		memset(payload, (int)size + 1, sizeof(payload));
		memset(slot(0), 0xee, sizeof(*slot(0)));
		slot(0)->header.type = 0;
		assert_int_equal(port_post(v, HV_LOOP_BACK_MESSAGE, TYPE + size, payload, size),
				 HV_STATUS_SUCCESS);
		assert_int_equal(slot(0)->header.type, TYPE + size);
		assert_int_equal(slot(0)->header.payload_size, size);
		assert_int_equal(slot(0)->header.flags, 0);
		assert_int_equal(slot(0)->header.sender, HV_LOOP_BACK_MESSAGE);
		assert_memory_equal(slot(0)->payload, payload, size);
		assert_memory_equal((u8 *)slot(0)->payload + size, zeros, -size & 7);
	}
	assert_int_equal(lapic_pending(v), VECTOR);
}

/* One in the slot, sixteen in buffers, none beyond; each buffer is free when it was delivered. */
static void test_buffers(void **state)
{
	struct vcpu *v = start(1);

	(void)state;
	for (u32 round = 0; round < 3; round++) {
		for (u32 i = 1; i <= 1 + PORT_BUFFERS; i++)
			assert_int_equal(post(v, HV_LOOP_BACK_MESSAGE, i), HV_STATUS_SUCCESS);
		assert_int_equal(post(v, HV_LOOP_BACK_MESSAGE, 99), HV_STATUS_INSUFFICIENT_BUFFERS);
		/* Other ports have their own. */
		assert_int_equal(post(v, HV_LOOP_BACK_MESSAGE_ANY, 50), HV_STATUS_SUCCESS);
		assert_int_equal(consume(0), 1);
		assert_int_equal(post(v, HV_LOOP_BACK_MESSAGE, 51), HV_STATUS_SUCCESS);
		for (u32 i = 2; i <= 1 + PORT_BUFFERS; i++)
			assert_int_equal(consume(0), i);
		assert_int_equal(consume(0), 50);
		assert_int_equal(consume(0), 51);
		assert_int_equal(consume(0), 0);
	}
}

static void test_message_states(void **state)
{
	struct vcpu *v = start(2);

	(void)state;
	assert_int_equal(post(v, 1, 1), HV_STATUS_INVALID_CONNECTION_ID);
	assert_int_equal(post(v, HV_LOOP_BACK_MESSAGE + 2, 1), HV_STATUS_INVALID_CONNECTION_ID);
	assert_int_equal(post(v, HV_LOOP_BACK_EVENT, 1), HV_STATUS_INVALID_PORT_ID);
	assert_int_equal(post(v, HV_LOOP_BACK_MESSAGE + 1, 1), HV_STATUS_INVALID_SYNIC_STATE);
	assert_true(msr_write(v, HV_X64_MSR_SIMP, PAGES));
	assert_int_equal(post(v, HV_LOOP_BACK_MESSAGE, 1), HV_STATUS_INVALID_SYNIC_STATE);
	assert_int_equal(post(v, HV_LOOP_BACK_MESSAGE_ANY, 1), HV_STATUS_INVALID_SYNIC_STATE);
	assert_true(msr_write(v, HV_X64_MSR_SIMP, PAGES | ON));
	assert_true(msr_write(v, HV_X64_MSR_SCONTROL, 0));
	assert_int_equal(post(v, HV_LOOP_BACK_MESSAGE, 1), HV_STATUS_INVALID_SYNIC_STATE);
	assert_true(msr_write(v, HV_X64_MSR_SCONTROL, ON));
	assert_int_equal(post(v, HV_LOOP_BACK_MESSAGE, 1), HV_STATUS_SUCCESS);
	/* The port of a VP that is not there. */
	partition->env.vp_count = 1;
	assert_int_equal(post(v, HV_LOOP_BACK_MESSAGE + 1, 1), HV_STATUS_INVALID_VP_INDEX);
	assert_int_equal(port_signal(v, HV_LOOP_BACK_EVENT + 1, 0), HV_STATUS_INVALID_VP_INDEX);
}

/* A VP that is reset gives the buffers of what waited for it back. */
static void test_reset_frees_buffers(void **state)
{
	struct vcpu *v = start(1);

	(void)state;
	while (post(v, HV_LOOP_BACK_MESSAGE, 1) == HV_STATUS_SUCCESS)
		;
	vcpu_reset(v);
	enable(0);
	for (u32 i = 1; i <= 1 + PORT_BUFFERS; i++)
		assert_int_equal(post(v, HV_LOOP_BACK_MESSAGE, i), HV_STATUS_SUCCESS);
	assert_int_equal(post(v, HV_LOOP_BACK_MESSAGE, 1), HV_STATUS_INSUFFICIENT_BUFFERS);
	assert_int_equal(consume(0), 1);
}

/* Each VP's own port, from each VP. */
static void test_all_pairs(void **state)
{
	enum { COUNT = 4 };

	(void)state;
	start(COUNT);
	for (u32 i = 1; i < COUNT; i++)
		enable(i);
	for (u32 from = 0; from < COUNT; from++)
		for (u32 to = 0; to < COUNT; to++) {
			struct vcpu *v = partition->vp[from];

			fake_machine.vcpu = v;
			assert_int_equal(post(v, HV_LOOP_BACK_MESSAGE + to, 10 * from + to + 1),
					 HV_STATUS_SUCCESS);
			assert_int_equal(port_signal(v, HV_LOOP_BACK_EVENT + to, from),
					 HV_STATUS_SUCCESS);
			for (u32 i = 0; i < COUNT; i++) {
				assert_int_equal(consume(i), i == to ? 10 * from + to + 1 : 0);
				assert_int_equal(take_flag(i, from), i == to);
			}
		}
}

/* To any: the sender if it can, else the next that can. */
static void test_any(void **state)
{
	struct vcpu *v = start(3), *last = enable(2);

	(void)state;
	fake_machine.vcpu = v;
	assert_int_equal(post(v, HV_LOOP_BACK_MESSAGE_ANY, 1), HV_STATUS_SUCCESS);
	assert_int_equal(consume(0), 1);
	assert_int_equal(post(partition->vp[1], HV_LOOP_BACK_MESSAGE_ANY, 2), HV_STATUS_SUCCESS);
	assert_int_equal(consume(2), 2);
	assert_int_equal(port_signal(v, HV_LOOP_BACK_EVENT_ANY, 3), HV_STATUS_SUCCESS);
	assert_true(take_flag(0, HV_LOOP_BACK_FLAGS_BASE + 3));
	assert_true(msr_write(v, HV_X64_MSR_SINT0 + EVENTS, HV_X64_MSR_SINT_MASKED));
	assert_int_equal(port_signal(v, HV_LOOP_BACK_EVENT_ANY, 4), HV_STATUS_SUCCESS);
	assert_true(take_flag(2, HV_LOOP_BACK_FLAGS_BASE + 4));
	assert_true(msr_write(last, HV_X64_MSR_SIEFP, 0));
	assert_int_equal(port_signal(v, HV_LOOP_BACK_EVENT_ANY, 4), HV_STATUS_INVALID_SYNIC_STATE);
}

/* ---- events ---- */

static void test_event_states(void **state)
{
	struct vcpu *v = start(1);

	(void)state;
	assert_int_equal(port_signal(v, 2, 0), HV_STATUS_INVALID_CONNECTION_ID);
	assert_int_equal(port_signal(v, HV_LOOP_BACK_MESSAGE, 0), HV_STATUS_INVALID_PORT_ID);
	assert_int_equal(port_signal(v, HV_LOOP_BACK_EVENT, SYNIC_FLAGS),
			 HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(port_signal(v, HV_LOOP_BACK_EVENT_ANY, HV_LOOP_BACK_FLAGS_COUNT),
			 HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(port_signal(v, HV_LOOP_BACK_EVENT, SYNIC_FLAGS - 1), HV_STATUS_SUCCESS);
	assert_true(take_flag(0, SYNIC_FLAGS - 1));
	assert_true(msr_write(v, HV_X64_MSR_SINT0 + EVENTS, HV_X64_MSR_SINT_MASKED));
	assert_int_equal(port_signal(v, HV_LOOP_BACK_EVENT, 0), HV_STATUS_INVALID_SYNIC_STATE);
	assert_true(msr_write(v, HV_X64_MSR_SINT0 + EVENTS, VECTOR));
	assert_true(msr_write(v, HV_X64_MSR_SCONTROL, 0));
	assert_int_equal(port_signal(v, HV_LOOP_BACK_EVENT, 0), HV_STATUS_INVALID_SYNIC_STATE);
	assert_false(take_flag(0, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_buffers),
		cmocka_unit_test(test_message_states),
		cmocka_unit_test(test_reset_frees_buffers),
		cmocka_unit_test(test_all_pairs),
		cmocka_unit_test(test_any),
		cmocka_unit_test(test_event_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
