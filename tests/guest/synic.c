/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The SynIC of the processor that runs, set up for a test and taken down again. */
#include "synic.h"

/* What each processor lays over its memory, and its input of calls. */
static struct synic_pages pages[RT_CPUS] RT_PAGE_ALIGNED;
static u8 inputs[RT_CPUS][RT_PAGE] RT_PAGE_ALIGNED;

struct synic_pages *synic_own(void)
{
	return &pages[rt_index()];
}

void synic_write(u32 msr, u64 value)
{
	const u32 fault = rt_wrmsr(msr, value);

	EXPECT(fault == FAULT_NONE, "exception %u at writing 0x%llx to MSR 0x%x", fault, value,
		msr);
}

u64 synic_read(u32 msr)
{
	u64 value = ~0ull;

	EXPECT(rt_rdmsr(msr, &value) == FAULT_NONE, "MSR 0x%x cannot be read", msr);
	return value;
}

void synic_source(u32 source, u32 vector, u64 bits)
{
	synic_write(HV_X64_MSR_SINT0 + source, vector | bits);
}

bool synic_on(void)
{
	struct synic_pages *p = synic_own();

	if (!offered(hv_has_privilege_access_synic_regs))
		return false;
	rt_apic_enable();
	synic_write(HV_X64_MSR_SIMP, RT_GPA(&p->messages) | HV_X64_MSR_SIMP_ENABLE);
	synic_write(HV_X64_MSR_SIEFP, RT_GPA(&p->events) | HV_X64_MSR_SIEFP_ENABLE);
	synic_write(HV_X64_MSR_SCONTROL, HV_X64_MSR_SCONTROL_ENABLE);
	memset(&p->messages, 0, sizeof(p->messages));
	memset(&p->events, 0, sizeof(p->events));
	return true;
}

void synic_off(void)
{
	for (u32 source = 0; source < HV_X64_MSR_SINT_COUNT; source++)
		synic_source(source, 0, HV_X64_MSR_SINT_MASKED);
	synic_write(HV_X64_MSR_SCONTROL, 0);
	synic_write(HV_X64_MSR_SIEFP, 0);
	synic_write(HV_X64_MSR_SIMP, 0);
}

struct hv_message *synic_slot(u32 source)
{
	return &synic_own()->messages.slots[source];
}

void synic_drain(u32 source)
{
	struct hv_message *slot = synic_slot(source);
	struct hv_message copy;

	while (hv_message_take(slot, &copy))
		;
}

static struct hv_callctx own_context(void)
{
	u8 *input = inputs[rt_index()];

	return (struct hv_callctx){ .page = hv_call_page(call_page), .in = input,
		.in_gpa = RT_GPA(input) };
}

u32 synic_post(u32 connection, u32 type, const void *payload, u32 size)
{
	struct hv_post_message_in in = { .connection = connection,
		.message_type = type,
		.payload_size = size };
	struct hv_callctx c = own_context();

	memcpy(in.payload, payload, size < sizeof(in.payload) ? size : sizeof(in.payload));
	return hv_call_post_message(&c, &in);
}

u32 synic_signal(u32 connection, u32 flag)
{
	struct hv_signal_event_in in = { .connection = connection, .flag_number = (u16)flag };
	struct hv_callctx c = own_context();

	return hv_call_signal_event(&c, &in);
}

void interrupts_in(void)
{
	__asm__ volatile("sti; nop; nop; nop; cli" : : : "memory");
}
