/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * The synthetic interrupt controller: its registers and pages, messages and events by the loop-back
 * connections, and what becomes of the interrupts.
 */
#include "apic.h"
#include "synic.h"

#define VECTOR 0xa3
#define MESSAGES HV_LOOP_BACK_SOURCE_MESSAGE
#define EVENTS HV_LOOP_BACK_SOURCE_EVENT
#define BUFFERS 16u
#define TYPE 0x1234567u

static u8 spare[RT_PAGE] RT_PAGE_ALIGNED;

/* A message that is known by its number. */
static u32 post(u32 number)
{
	return synic_post(HV_LOOP_BACK_MESSAGE, TYPE, &number, sizeof(number));
}

static bool flag_is_set(u32 flag)
{
	return synic_own()->events.sints[EVENTS].flags[flag / 64] >> flag % 64 & 1;
}

static bool in_service(u32 vector)
{
	return rt_apic_read(APIC_ISR + vector / 32 * 16) & 1u << vector % 32;
}

/* Controller on, one source unmasked; and what both halves need offered. */
static bool begin(u32 source, u64 bits)
{
	if (!offered(source == MESSAGES ? hv_has_privilege_post_messages
					: hv_has_privilege_signal_events) ||
		!synic_on())
		return false;
	synic_source(source, VECTOR, bits);
	return true;
}

static void end(void)
{
	rt_on_interrupt = NULL;
	synic_drain(MESSAGES);
	synic_off();
}

static void end_interrupt(u32 vector)
{
	(void)vector;
	rt_apic_write(APIC_EOI, 0);
}

/* How many interrupts of the vector came since `before`, all that are pending included. */
static u32 came(u32 before)
{
	rt_on_interrupt = rt_on_interrupt ? rt_on_interrupt : end_interrupt;
	interrupts_in();
	return rt_interrupts[VECTOR] - before;
}

/* ---- registers and pages ---- */

static void at_start(void)
{
	if (!offered(hv_has_privilege_access_synic_regs))
		return;
	EXPECT_EQ(synic_read(HV_X64_MSR_SCONTROL), 0, "SCONTROL");
	EXPECT_EQ(synic_read(HV_X64_MSR_SVERSION), HV_SYNIC_LIMIT_VERSION, "SVERSION");
	EXPECT_EQ(synic_read(HV_X64_MSR_SIEFP), 0, "SIEFP");
	EXPECT_EQ(synic_read(HV_X64_MSR_SIMP), 0, "SIMP");
	for (u32 i = 0; i < HV_X64_MSR_SINT_COUNT; i++)
		EXPECT_EQ(synic_read(HV_X64_MSR_SINT0 + i), HV_X64_MSR_SINT_MASKED, "SINTx");
}

static void refused(void)
{
	u64 value;

	if (!offered(hv_has_privilege_access_synic_regs))
		return;
	EXPECT_EQ(rt_wrmsr(HV_X64_MSR_SVERSION, 1), FAULT_GP, "writing SVERSION");
	EXPECT_EQ(rt_rdmsr(HV_X64_MSR_SIRBP, &value), FAULT_GP, "reading SIRBP");
	EXPECT_EQ(rt_wrmsr(HV_X64_MSR_SIRBP, 0), FAULT_GP, "writing SIRBP");
	EXPECT_EQ(rt_wrmsr(HV_X64_MSR_SINT0 + HV_X64_MSR_SINT_COUNT, HV_X64_MSR_SINT_MASKED),
		FAULT_GP, "writing one past the last source");
	for (u32 vector = 0; vector < 16; vector++)
		EXPECT_EQ(rt_wrmsr(HV_X64_MSR_SINT0, vector), FAULT_GP, "an exception's vector");
	EXPECT_EQ(synic_read(HV_X64_MSR_SINT0), HV_X64_MSR_SINT_MASKED, "SINT0 after that");
	synic_source(0, 16, 0);
	synic_source(0, 255, 0);
	synic_source(0, 15, HV_X64_MSR_SINT_MASKED);
	synic_source(0, 0, HV_X64_MSR_SINT_MASKED);
}

static bool all_bytes(const void *at, u8 byte)
{
	for (unsigned i = 0; i < RT_PAGE; i++)
		if (((const volatile u8 *)at)[i] != byte)
			return false;
	return true;
}

/* One of the two pages: hides memory, keeps its contents while off, moves, and may be nowhere. */
static void page(u32 msr, u8 *at)
{
	memset(at, 0x5a, RT_PAGE);
	memset(spare, 0x5a, RT_PAGE);
	synic_write(msr, RT_GPA(at) | 1);
	EXPECT_EQ(synic_read(msr), RT_GPA(at) | 1, "the register");
	EXPECT(!all_bytes(at, 0x5a), "the page does not hide memory");
	memset(at, 0x77, RT_PAGE);
	synic_write(msr, RT_GPA(at));
	EXPECT(all_bytes(at, 0x5a), "memory did not come back");
	synic_write(msr, RT_GPA(spare) | 1);
	EXPECT(all_bytes(spare, 0x77), "the page did not keep what it held");
	memset(spare, 0, RT_PAGE);
	synic_write(msr, ~0xfffull | 1);
	EXPECT(all_bytes(spare, 0x5a), "memory did not come back from a page out of reach");
	synic_write(msr, 0);
}

static void pages(void)
{
	if (!offered(hv_has_privilege_access_synic_regs))
		return;
	page(HV_X64_MSR_SIMP, (u8 *)&synic_own()->messages);
	page(HV_X64_MSR_SIEFP, (u8 *)&synic_own()->events);
}

/* ---- messages ---- */

static void message_arrives(void)
{
	struct hv_message *slot = synic_slot(MESSAGES);
	const u32 before = rt_interrupts[VECTOR];
	u8 payload[240];

	if (!begin(MESSAGES, 0))
		return;
	for (u32 i = 0; i < sizeof(payload); i++)
		payload[i] = (u8)(i * 7 + 1);
	EXPECT_EQ(synic_post(HV_LOOP_BACK_MESSAGE, TYPE, payload, sizeof(payload)), HV_STATUS_SUCCESS,
		"the call");
	EXPECT_EQ(slot->header.type, TYPE, "its type");
	EXPECT_EQ(slot->header.payload_size, sizeof(payload), "its size");
	EXPECT_EQ(slot->header.flags, 0, "its flags");
	EXPECT_EQ(slot->header.sender, HV_LOOP_BACK_MESSAGE, "its port");
	EXPECT(!memcmp(slot->payload, payload, sizeof(payload)), "the payload is another");
	EXPECT_EQ(came(before), 1, "interrupts");
	end();
}

static void message_sizes(void)
{
	struct hv_message copy;

	if (!begin(MESSAGES, HV_X64_MSR_SINT_MASKED))
		return;
	for (u32 size = 0; size <= 240; size++) {
		memset(spare, (int)size + 1, 240);
		EXPECT_EQ(synic_post(HV_LOOP_BACK_MESSAGE, size + 1, spare, size), HV_STATUS_SUCCESS,
			"the call");
		EXPECT_EQ(hv_message_take(synic_slot(MESSAGES), &copy), size + 1, "its type");
		EXPECT_EQ(copy.header.payload_size, size, "its size");
		EXPECT(!memcmp(copy.payload, spare, size), "the payload of %u bytes is another",
			size);
	}
	end();
}

static void message_refused(void)
{
	static const u32 types[] = { 0, 0x80000000, 0x80000010, 0xffffffff };

	if (!begin(MESSAGES, HV_X64_MSR_SINT_MASKED))
		return;
	EXPECT_EQ(synic_post(1, TYPE, spare, 8), HV_STATUS_INVALID_CONNECTION_ID, "no connection");
	EXPECT_EQ(synic_post(HV_LOOP_BACK_MESSAGE + 63, TYPE, spare, 8),
		HV_STATUS_INVALID_CONNECTION_ID, "no processor");
	EXPECT_EQ(synic_post(HV_LOOP_BACK_EVENT, TYPE, spare, 8), HV_STATUS_INVALID_PORT_ID,
		"a port of events");
	for (u32 i = 0; i < RT_COUNT(types); i++)
		EXPECT_EQ(synic_post(HV_LOOP_BACK_MESSAGE, types[i], spare, 8),
			HV_STATUS_INVALID_PARAMETER, "a type that is not the guest's");
	EXPECT_EQ(synic_post(HV_LOOP_BACK_MESSAGE, TYPE, spare, 241), HV_STATUS_INVALID_PARAMETER,
		"241 bytes");
	EXPECT_EQ(synic_slot(MESSAGES)->header.type, 0, "the slot after all that");
	synic_write(HV_X64_MSR_SIMP, RT_GPA(&synic_own()->messages));
	EXPECT_EQ(post(1), HV_STATUS_INVALID_SYNIC_STATE, "no page");
	synic_write(HV_X64_MSR_SIMP, RT_GPA(&synic_own()->messages) | 1);
	synic_write(HV_X64_MSR_SCONTROL, 0);
	EXPECT_EQ(post(1), HV_STATUS_INVALID_SYNIC_STATE, "the controller off");
	EXPECT_EQ(synic_post(HV_LOOP_BACK_MESSAGE_ANY, TYPE, spare, 8),
		HV_STATUS_INVALID_SYNIC_STATE, "all controllers off");
	synic_write(HV_X64_MSR_SCONTROL, HV_X64_MSR_SCONTROL_ENABLE);
	EXPECT_EQ(synic_post(HV_LOOP_BACK_MESSAGE_ANY, TYPE, spare, 8), HV_STATUS_SUCCESS, "any");
	EXPECT_EQ(synic_slot(MESSAGES)->header.sender, HV_LOOP_BACK_MESSAGE_ANY, "its port");
	end();
}

/* Where the privilege or the registers are missing. */
static void not_offered(void)
{
	if (!hv_has_privilege_post_messages(&offer))
		EXPECT_EQ(post(1), HV_STATUS_ACCESS_DENIED, "a message");
	else if (!hv_has_privilege_access_synic_regs(&offer))
		EXPECT_EQ(post(1), HV_STATUS_INVALID_SYNIC_STATE, "a message");
	if (!hv_has_privilege_signal_events(&offer))
		EXPECT_EQ(synic_signal(HV_LOOP_BACK_EVENT, 0), HV_STATUS_ACCESS_DENIED, "an event");
	else if (!hv_has_privilege_access_synic_regs(&offer))
		EXPECT_EQ(synic_signal(HV_LOOP_BACK_EVENT, 0), HV_STATUS_INVALID_SYNIC_STATE, "an event");
}

/* One in the slot and all buffers full; what is too much is refused; then all come, in order. */
static void message_queue(void)
{
	struct hv_message copy;
	u32 number = 0;

	if (!begin(MESSAGES, HV_X64_MSR_SINT_MASKED))
		return;
	for (; number <= BUFFERS; number++) {
		EXPECT_EQ(post(number), HV_STATUS_SUCCESS, "a message that fits");
		EXPECT_EQ(synic_slot(MESSAGES)->header.flags,
			number ? HV_MESSAGE_FLAGS_MESSAGE_PENDING : 0, "flags of the slot");
	}
	EXPECT_EQ(post(number), HV_STATUS_INSUFFICIENT_BUFFERS, "one too many");
	for (number = 0; number <= BUFFERS; number++) {
		EXPECT_EQ(hv_message_take(synic_slot(MESSAGES), &copy), TYPE, "type of the next");
		EXPECT_EQ((u32)copy.payload[0], number, "its number");
		EXPECT_EQ(copy.header.flags,
			number < BUFFERS ? HV_MESSAGE_FLAGS_MESSAGE_PENDING : 0, "its flags");
	}
	EXPECT_EQ(hv_message_take(synic_slot(MESSAGES), &copy), 0, "type when all have come");
	EXPECT_EQ(post(99), HV_STATUS_SUCCESS, "another, when there is room");
	end();
}

/* Without EOM, an end of interrupt brings the next: here by the APIC, then by the MSR. */
static u32 taken;

static void take_without_eom(u32 vector)
{
	struct hv_message *slot = synic_slot(MESSAGES);

	EXPECT(in_service(vector), "the interrupt is not in service");
	EXPECT_EQ((u32)slot->payload[0], taken++, "number of the message");
	slot->header.type = 0;
	__asm__ volatile("mfence" : : : "memory");
	if (taken & 1)
		rt_apic_write(APIC_EOI, 0);
	else
		rt_wrmsr(HV_X64_MSR_EOI, 0);
}

static void eoi_brings_the_next(void)
{
	const u32 before = rt_interrupts[VECTOR];

	if (!offered(hv_has_privilege_access_intr_ctrl_regs) || !begin(MESSAGES, 0))
		return;
	taken = 0;
	rt_on_interrupt = take_without_eom;
	for (u32 number = 0; number < 4; number++)
		post(number);
	for (u32 i = 0; i < 8; i++)
		interrupts_in();
	EXPECT_EQ(taken, 4, "messages");
	EXPECT_EQ(rt_interrupts[VECTOR] - before, 4, "interrupts");
	end();
}

/* The next message brings the one before, too, if its turn has come. */
static void next_message_brings_the_first(void)
{
	if (!begin(MESSAGES, HV_X64_MSR_SINT_MASKED))
		return;
	post(0);
	post(1);
	synic_slot(MESSAGES)->header.type = 0;
	__asm__ volatile("mfence" : : : "memory");
	EXPECT_EQ(synic_slot(MESSAGES)->header.type, 0, "the slot before");
	post(2);
	EXPECT_EQ((u32)synic_slot(MESSAGES)->payload[0], 1, "number of the message");
	EXPECT_EQ(synic_slot(MESSAGES)->header.flags, HV_MESSAGE_FLAGS_MESSAGE_PENDING,
		"flags of the slot");
	end();
}

/* What waits comes when controller and page are on again. */
static void waits_while_off(void)
{
	static const struct { u32 msr; u64 on; } switches[] = {
		{ HV_X64_MSR_SCONTROL, HV_X64_MSR_SCONTROL_ENABLE }, { HV_X64_MSR_SIMP, 0 }
	};

	if (!begin(MESSAGES, HV_X64_MSR_SINT_MASKED))
		return;
	for (u32 i = 0; i < RT_COUNT(switches); i++) {
		const u64 on = switches[i].on ? switches[i].on : synic_read(HV_X64_MSR_SIMP);

		post(10 + i);
		post(20 + i);
		synic_slot(MESSAGES)->header.type = 0;
		synic_write(switches[i].msr, 0);
		synic_write(HV_X64_MSR_EOM, 0);
		synic_write(switches[i].msr, on);
		EXPECT_EQ((u32)synic_slot(MESSAGES)->payload[0], 20 + i, "number of the message");
		synic_drain(MESSAGES);
	}
	end();
}

static void masked_and_polled(void)
{
	static const u64 bits[] = { HV_X64_MSR_SINT_MASKED, HV_X64_MSR_SINT_POLLING };
	const u32 before = rt_interrupts[VECTOR];

	for (u32 i = 0; i < RT_COUNT(bits); i++) {
		if (!begin(MESSAGES, bits[i]))
			return;
		post(i);
		EXPECT_EQ(synic_slot(MESSAGES)->header.type, TYPE, "type in the slot");
		EXPECT_EQ(came(before), 0, "interrupts");
		synic_source(MESSAGES, VECTOR, 0);
		EXPECT_EQ(came(before), 0, "interrupts when it is unmasked later");
		end();
	}
}

static bool was_in_service;

static void look_in_service(u32 vector)
{
	was_in_service = in_service(vector);
}

static void auto_eoi(void)
{
	const u32 before = rt_interrupts[VECTOR];

	if (!begin(MESSAGES, HV_X64_MSR_SINT_AUTO_EOI))
		return;
	was_in_service = true;
	rt_on_interrupt = look_in_service;
	for (u32 i = 0; i < 3; i++) {
		post(i);
		interrupts_in();
		EXPECT(!was_in_service, "the interrupt is in service in its handler");
		EXPECT_EQ(rt_interrupts[VECTOR] - before, i + 1, "interrupts");
		synic_drain(MESSAGES);
	}
	end();
}

/* ---- events ---- */

static void event_arrives(void)
{
	static const u32 flags[] = { 0, 1, 63, 64, 1000, 2047 };
	const u32 before = rt_interrupts[VECTOR];

	if (!begin(EVENTS, 0))
		return;
	for (u32 i = 0; i < RT_COUNT(flags); i++) {
		EXPECT_EQ(synic_signal(HV_LOOP_BACK_EVENT, flags[i]), HV_STATUS_SUCCESS, "the call");
		EXPECT(flag_is_set(flags[i]), "flag %u is clear", flags[i]);
		EXPECT_EQ(came(before), i + 1, "interrupts");
		EXPECT_EQ(synic_signal(HV_LOOP_BACK_EVENT, flags[i]), HV_STATUS_SUCCESS, "once more");
		EXPECT_EQ(came(before), i + 1, "interrupts of a flag that was set");
	}
	for (u32 i = 0; i < RT_COUNT(flags); i++)
		EXPECT(hv_event_flag_take(&synic_own()->events.sints[EVENTS], flags[i]),
			"flag %u is clear", flags[i]);
	for (u32 word = 0; word < HV_EVENT_LIMIT_FLAG_QWORDS; word++)
		EXPECT_EQ(synic_own()->events.sints[EVENTS].flags[word], 0, "the other flags");
	end();
}

static void event_part(void)
{
	if (!begin(EVENTS, 0))
		return;
	rt_on_interrupt = end_interrupt;
	for (u32 flag = 0; flag < HV_LOOP_BACK_FLAGS_COUNT; flag++) {
		EXPECT_EQ(synic_signal(HV_LOOP_BACK_EVENT_ANY, flag), HV_STATUS_SUCCESS, "the call");
		EXPECT(flag_is_set(HV_LOOP_BACK_FLAGS_BASE + flag), "flag %u is clear", flag);
	}
	interrupts_in();
	EXPECT_EQ(synic_signal(HV_LOOP_BACK_EVENT_ANY, HV_LOOP_BACK_FLAGS_COUNT),
		HV_STATUS_INVALID_PARAMETER, "one past the port's flags");
	EXPECT(!flag_is_set(HV_LOOP_BACK_FLAGS_BASE + HV_LOOP_BACK_FLAGS_COUNT),
		"a flag that is not the port's is set");
	end();
}

static void event_refused(void)
{
	if (!begin(EVENTS, 0))
		return;
	EXPECT_EQ(synic_signal(2, 0), HV_STATUS_INVALID_CONNECTION_ID, "no connection");
	EXPECT_EQ(synic_signal(HV_LOOP_BACK_MESSAGE, 0), HV_STATUS_INVALID_PORT_ID,
		"a port of messages");
	EXPECT_EQ(synic_signal(HV_LOOP_BACK_EVENT, 2048), HV_STATUS_INVALID_PARAMETER, "flag 2048");
	EXPECT_EQ(synic_signal(HV_LOOP_BACK_EVENT, 65535), HV_STATUS_INVALID_PARAMETER, "flag 65535");
	synic_source(EVENTS, VECTOR, HV_X64_MSR_SINT_MASKED);
	EXPECT_EQ(synic_signal(HV_LOOP_BACK_EVENT, 1), HV_STATUS_INVALID_SYNIC_STATE, "masked");
	EXPECT_EQ(synic_signal(HV_LOOP_BACK_EVENT_ANY, 1), HV_STATUS_INVALID_SYNIC_STATE, "all masked");
	synic_source(EVENTS, VECTOR, 0);
	synic_write(HV_X64_MSR_SIEFP, RT_GPA(&synic_own()->events));
	EXPECT_EQ(synic_signal(HV_LOOP_BACK_EVENT, 1), HV_STATUS_INVALID_SYNIC_STATE, "no page");
	synic_write(HV_X64_MSR_SIEFP, RT_GPA(&synic_own()->events) | 1);
	synic_write(HV_X64_MSR_SCONTROL, 0);
	EXPECT_EQ(synic_signal(HV_LOOP_BACK_EVENT, 1), HV_STATUS_INVALID_SYNIC_STATE, "off");
	synic_write(HV_X64_MSR_SCONTROL, HV_X64_MSR_SCONTROL_ENABLE);
	EXPECT(!flag_is_set(1), "a refused event has set its flag");
	end();
}

static void event_polled(void)
{
	const u32 before = rt_interrupts[VECTOR];

	if (!begin(EVENTS, HV_X64_MSR_SINT_POLLING))
		return;
	EXPECT_EQ(synic_signal(HV_LOOP_BACK_EVENT, 5), HV_STATUS_SUCCESS, "the call");
	EXPECT(flag_is_set(5), "the flag is clear");
	EXPECT_EQ(came(before), 0, "interrupts");
	end();
}

/* A page out of reach of the guest is no reason to write elsewhere, or to refuse. */
static void pages_nowhere(void)
{
	const u64 nowhere = ~0xfffull | 1;

	if (!offered(hv_has_privilege_signal_events) || !begin(MESSAGES, 0) || !begin(EVENTS, 0))
		return;
	memset(spare, 0, RT_PAGE);
	synic_source(MESSAGES, VECTOR, HV_X64_MSR_SINT_MASKED);
	synic_write(HV_X64_MSR_SIMP, nowhere);
	synic_write(HV_X64_MSR_SIEFP, nowhere);
	EXPECT_EQ(post(7), HV_STATUS_SUCCESS, "a message");
	EXPECT_EQ(synic_signal(HV_LOOP_BACK_EVENT, 7), HV_STATUS_SUCCESS, "an event");
	synic_write(HV_X64_MSR_SIMP, RT_GPA(&synic_own()->messages) | 1);
	synic_write(HV_X64_MSR_SIEFP, RT_GPA(&synic_own()->events) | 1);
	EXPECT_EQ((u32)synic_slot(MESSAGES)->payload[0], 7, "the message when the page is back");
	EXPECT(flag_is_set(7), "the flag is lost");
	came(0);
	end();
}

void suite_synic(void)
{
	static const struct test tests[] = {
		{ "registers-at-start", at_start },
		{ "registers-refuse", refused },
		{ "pages", pages },
		{ "message-arrives", message_arrives },
		{ "message-sizes", message_sizes },
		{ "message-refused", message_refused },
		{ "not-offered", not_offered },
		{ "message-queue", message_queue },
		{ "eoi-brings-the-next", eoi_brings_the_next },
		{ "next-message-brings-the-first", next_message_brings_the_first },
		{ "waits-while-off", waits_while_off },
		{ "masked-and-polled", masked_and_polled },
		{ "auto-eoi", auto_eoi },
		{ "event-arrives", event_arrives },
		{ "event-part", event_part },
		{ "event-refused", event_refused },
		{ "event-polled", event_polled },
		{ "pages-nowhere", pages_nowhere },
	};

	call_enable();
	apic_test_run("synic", tests, RT_COUNT(tests));
}
