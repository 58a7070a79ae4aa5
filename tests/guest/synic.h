/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The SynIC of the processor that runs, set up for a test and taken down again. */
#ifndef SYNIC_H
#define SYNIC_H

#include "test.h"

/* What the processor that runs lays over its memory. */
struct synic_pages {
	struct hv_message_page messages;
	struct hv_event_flags_page events;
};
struct synic_pages *synic_own(void);

/* Access to an MSR that must not fault. */
void synic_write(u32 msr, u64 value);
u64 synic_read(u32 msr);

/* Controller and pages on, all slots and flags empty; false: not offered, and the test skipped. */
bool synic_on(void);
/* Everything off, all sources masked. */
void synic_off(void);

/* Set a source: its vector, and other bits of the register. */
void synic_source(u32 source, u32 vector, u64 bits);

/* Its slot; and take all messages that come to it. */
struct hv_message *synic_slot(u32 source);
void synic_drain(u32 source);

/* The calls; the hypercall page is enabled. The status. */
u32 synic_post(u32 connection, u32 type, const void *payload, u32 size);
u32 synic_signal(u32 connection, u32 flag);

/* Take the interrupts that are pending. */
void interrupts_in(void);

#endif
