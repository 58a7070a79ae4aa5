/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * The virtual local APIC of a VP (Intel SDM vol. 3 chapter 11), in xAPIC and x2APIC mode. Only the
 * processor that runs the VP touches it, but for lapic_post(), which any may call.
 */
#ifndef PARTITA_LAPIC_H
#define PARTITA_LAPIC_H

#include "types.h"

struct vcpu;

/* Registers by their xAPIC offset; SDM table 11-1. The x2APIC has each at MSR 0x800 + offset / 16. */
enum lapic_reg {
	LAPIC_ID = 0x020,
	LAPIC_VERSION = 0x030,
	LAPIC_TPR = 0x080,
	LAPIC_APR = 0x090,
	LAPIC_PPR = 0x0a0,
	LAPIC_EOI = 0x0b0,
	LAPIC_RRD = 0x0c0,
	LAPIC_LDR = 0x0d0,
	LAPIC_DFR = 0x0e0,
	LAPIC_SVR = 0x0f0,
	LAPIC_ISR = 0x100,  /* and seven more, 0x10 apart; likewise the next two */
	LAPIC_TMR = 0x180,
	LAPIC_IRR = 0x200,
	LAPIC_ESR = 0x280,
	LAPIC_ICR = 0x300,
	LAPIC_ICR_HIGH = 0x310,
	LAPIC_LVT_TIMER = 0x320,
	LAPIC_LVT_THERMAL = 0x330,
	LAPIC_LVT_PERFORMANCE = 0x340,
	LAPIC_LVT_LINT0 = 0x350,
	LAPIC_LVT_LINT1 = 0x360,
	LAPIC_LVT_ERROR = 0x370,
	LAPIC_TIMER_INITIAL = 0x380,
	LAPIC_TIMER_CURRENT = 0x390,
	LAPIC_TIMER_DIVIDE = 0x3e0,
	LAPIC_SELF_IPI = 0x3f0,
};

#define LAPIC_BASE_BSP (1ull << 8)
#define LAPIC_BASE_X2APIC (1ull << 10)
#define LAPIC_BASE_ENABLE (1ull << 11)
#define LAPIC_BASE_ADDRESS 0xfee00000ull
/* What is written up to here can be a message that interrupts a processor (SDM 11.11.1). */
#define LAPIC_MESSAGES_END 0xfef00000ull

#define LAPIC_SVR_ENABLE (1u << 8)
#define LAPIC_LVT_MASKED (1u << 16)
#define LAPIC_MSR_FIRST 0x800u
#define LAPIC_MSR_LAST 0x8ffu

#define LAPIC_NO_VECTOR (-1)
#define LAPIC_FIRST_VECTOR 16 /* lower ones are illegal */

struct lapic {
	u8 *page;         /* (c) the registers at their offsets; VMX has it as virtual-APIC page */
	u32 irr_words, isr_words; /* (s) bit n: word n of the register is not zero */
	u64 base;         /* (s) IA32_APIC_BASE as the guest sees it */
	u64 posted[4];    /* (a) vectors asked for by any processor, not in the IRR yet */
	u32 errors;       /* (s) what the ESR shows after it is written next */
	u64 deadline;     /* (s) host TSC at which the timer fires next; 0: never */
	u64 tsc_deadline; /* (s) IA32_TSC_DEADLINE as the guest wrote it; 0: disarmed */
	/* (s) The timer's registers as they are in force: the page may have what comes next. */
	u32 timer_mode, timer_initial, timer_divide;
	u32 *assist;      /* (s) first word of the VP assist page; NULL while that is off */
	bool eoi_offered; /* (s) assist says that what is in service needs no EOI */
};
/*
 * Legend: (c) constant after creation; (s) only the processor that runs the VP; (a) atomic, any
 * processor.
 */

/*
 * The page of a fresh VP's APIC; false: out of memory. Once the vendor's part of the VP exists, the
 * start state, of which one VP is the bootstrap processor.
 */
bool lapic_create(struct vcpu *v);
void lapic_start(struct vcpu *v, bool bootstrap);

/* What INIT leaves of it: the registers after power-up; mode, base and id stay (SDM 11.4.7.3). */
void lapic_reset(struct vcpu *v);

/*
 * Access in xAPIC mode: 32 bits at an offset that is a multiple of 16. What does not exist reads
 * zero, ignores writes and is noted in the ESR.
 */
u32 lapic_read(struct vcpu *v, u32 offset);
void lapic_write(struct vcpu *v, u32 offset, u32 value);

/* MSRs 0x800 to 0x8ff. False, and nothing done: #GP, as in every mode but x2APIC. */
bool lapic_msr_read(struct vcpu *v, u32 msr, u64 *value);
bool lapic_msr_write(struct vcpu *v, u32 msr, u64 value);

/*
 * The interrupt command register as one number: bits 63:32 are the destination as the APIC's mode
 * has it, in xAPIC mode in its upper eight bits. False: reserved bits are set.
 */
u64 lapic_read_icr(const struct vcpu *v);
bool lapic_write_icr(struct vcpu *v, u64 value);

/* IA32_APIC_BASE. False: #GP, for a transition that SDM figure 11-27 does not have. */
bool lapic_write_base(struct vcpu *v, u64 value);

/* True while the guest reaches the registers in memory; at which page they are. */
bool lapic_in_memory(const struct vcpu *v);

/* An interrupt for this VP, by its own processor; level: its EOI is told to the machine. */
void lapic_raise(struct vcpu *v, u8 vector, bool level);

/*
 * An edge-triggered interrupt for any VP, from any processor, which makes the VP take what was posted
 * before it looks what to deliver.
 */
void lapic_post(struct vcpu *target, u8 vector);
void lapic_take_posted(struct vcpu *v);

/* The same from the processor that runs another VP, or this one. */
static inline void lapic_interrupt(struct vcpu *from, struct vcpu *target, u8 vector)
{
	if (target == from)
		lapic_raise(target, vector, false);
	else
		lapic_post(target, vector);
}

/*
 * The vector to deliver next, or LAPIC_NO_VECTOR when none is pending or the priority of what runs
 * forbids it. lapic_accept() takes it into service.
 */
int lapic_pending(struct vcpu *v);
void lapic_accept(struct vcpu *v, u8 vector);

/*
 * The priority class that the task must fall below for a pending interrupt to be delivered; 0: it
 * holds none up.
 */
u8 lapic_blocked_class(struct vcpu *v);

/* Whether any vector is pending, even one that is held up. */
static inline bool lapic_has_pending(const struct lapic *l)
{
	return l->irr_words;
}

/* End of the interrupt in service with the highest priority. */
void lapic_eoi(struct vcpu *v);

/*
 * Where the guest looks whether an interrupt needs an EOI (struct hv_vp_assist_page); NULL: nowhere.
 * Where that is allowed it then ends an interrupt there, without an exit.
 */
void lapic_set_assist(struct vcpu *v, u32 *assist);

/*
 * Take back the offer that what is in service needs no EOI (lapic.eoi_offered), and learn whether the
 * guest has made use of it. While its processor is here the guest does not touch the bit.
 */
void lapic_settle_eoi(struct vcpu *v);

/* The task priority register: all eight bits, or as CR8 has it the upper four. */
u8 lapic_tpr(const struct vcpu *v);
void lapic_set_tpr(struct vcpu *v, u8 tpr);

/* ---- where the processor does a part of it by itself, on the page ---- */

/*
 * It has stored what the guest wrote to the register at offset, in xAPIC mode: carry that out. A
 * write of a part of a register, which the manual leaves undefined, counts as one of all of it.
 */
void lapic_stored(struct vcpu *v, u32 offset);

/* Reading the MSR, in x2APIC mode, is reading the page and nothing else. */
bool lapic_msr_is_plain(u32 msr);

/*
 * The processor ends interrupts: the one in service with the highest priority (0: none); the
 * vectors whose end somebody waits for; that others may have ended; that this one, of those, has.
 */
u8 lapic_in_service(struct lapic *l);
void lapic_awaited_ends(const struct vcpu *v, u64 set[4]);
void lapic_count_in_service(struct lapic *l);
void lapic_ended(struct vcpu *v, u8 vector);

/* ---- inter-processor interrupts; lapic_ipi.c ---- */

/* Do what a write of the interrupt command register says. dest: bits 63:32 of the x2APIC's form. */
void lapic_send(struct vcpu *from, u32 command, u32 dest);

/* ---- the timer; lapic_timer.c ---- */

/* Registers of the timer were written, or its LVT entry was: the page has the new value. */
void lapic_timer_written(struct vcpu *v, u32 offset);
u32 lapic_timer_count(const struct vcpu *v);

/* IA32_TSC_DEADLINE: reads 0 and ignores writes while the timer is in another mode. */
u64 lapic_read_tsc_deadline(const struct vcpu *v);
void lapic_write_tsc_deadline(struct vcpu *v, u64 value);

/* The guest's TSC was set: a deadline of that clock is another moment now. */
void lapic_tsc_changed(struct vcpu *v);

/* Fire if the deadline has come; the next one is in lapic.deadline afterwards. */
void lapic_timer_check(struct vcpu *v, u64 now);

/*
 * Before the timer is changed: what has come to its end does so as it was, however late the
 * processor's timer is.
 */
void lapic_timer_settle(struct vcpu *v);

/* ---- for the files of the APIC ---- */

static inline u32 *lapic_reg(const struct lapic *l, u32 offset)
{
	return (u32 *)(l->page + offset);
}

static inline bool lapic_is_x2apic(const struct lapic *l)
{
	return l->base & LAPIC_BASE_X2APIC;
}

static inline bool lapic_is_enabled(const struct lapic *l)
{
	return l->base & LAPIC_BASE_ENABLE;
}

/* Whether fixed interrupts reach it: it is on, and its software has enabled it. */
static inline bool lapic_accepts(const struct lapic *l)
{
	return lapic_is_enabled(l) && *lapic_reg(l, LAPIC_SVR) & LAPIC_SVR_ENABLE;
}

/* Bits of the ESR, SDM figure 11-9. */
#define LAPIC_ERROR_SENT_VECTOR (1u << 5)
#define LAPIC_ERROR_RECEIVED_VECTOR (1u << 6)
#define LAPIC_ERROR_REGISTER (1u << 7)

/* Note an error (a bit of the ESR), and raise the error interrupt where that is wanted. */
void lapic_error(struct vcpu *v, u32 bit);

/* Deliver what an LVT entry says, unless it is masked. */
void lapic_raise_lvt(struct vcpu *v, u32 entry);

#endif
