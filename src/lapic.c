/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Registers and priorities of the virtual local APIC (Intel SDM vol. 3 chapter 11). */
#include "lapic.h"

#include "alloc.h"
#include "hv_abi.h"
#include "machine.h"
#include "partition.h"
#include "string.h"
#include "vcpu.h"
#include "virt.h"

/* Version 0x14, six LVT entries, no suppression of EOI broadcasts (SDM figure 11-7). */
#define VERSION 0x00050014u
#define DFR_FLAT 0xffffffffu
#define SVR_WRITABLE 0x1ffu
#define ICR_WRITABLE 0x000ccfffu
#define ICR_HIGH_WRITABLE 0xff000000u /* in an xAPIC */
#define ICR_STATUS (1u << 12) /* read-only in an xAPIC, reserved in an x2APIC */
#define VECTORS 256
#define LVT_EXTINT 0x700u
#define LVT_NMI 0x400u
#define NO_EOI_REQUIRED HV_VIRTUAL_APIC_ASSIST_NO_EOI_REQUIRED_MASK

#define LVT_MODE(entry) ((entry) >> 8 & 7)
#define LVT_VECTOR(entry) ((u8)(entry))
#define LVT_STATUS (1u << 12)     /* read-only, as is the next */
#define LVT_REMOTE_IRR (1u << 14)
enum { MODE_FIXED = 0, MODE_NMI = 4 };

/* What may be done with a register, by mode. */
enum {
	READ = 1,          /* in both modes */
	WRITE = 2,
	X2_READ = 4,
	X2_WRITE = 8,
	X2_ZERO = 16,      /* in x2APIC mode only zero may be written */
	READ_ANY = READ | X2_READ,
	WRITE_ANY = WRITE | X2_WRITE,
};

/* One register, or a row of them. writable: the bits that a write changes; ignored: not reserved. */
struct reg {
	u16 first, last;
	u8 access;
	u32 writable, ignored;
};

static const struct reg regs[] = {
	{ LAPIC_ID, LAPIC_ID, READ_ANY, 0, 0 },
	{ LAPIC_VERSION, LAPIC_VERSION, READ_ANY, 0, 0 },
	{ LAPIC_TPR, LAPIC_TPR, READ_ANY | WRITE_ANY, 0xff, 0 },
	/* This and RRD: nothing behind them since the Pentium 4, and no error (SDM table 11-1). */
	{ LAPIC_APR, LAPIC_APR, READ, 0, 0 },
	{ LAPIC_PPR, LAPIC_PPR, READ_ANY, 0, 0 },
	{ LAPIC_EOI, LAPIC_EOI, WRITE_ANY | X2_ZERO, 0, 0 },
	{ LAPIC_RRD, LAPIC_RRD, READ, 0, 0 },
	{ LAPIC_LDR, LAPIC_LDR, READ_ANY | WRITE, 0xff000000, 0 },
	{ LAPIC_DFR, LAPIC_DFR, READ | WRITE, 0xf0000000, 0 },
	{ LAPIC_SVR, LAPIC_SVR, READ_ANY | WRITE_ANY, SVR_WRITABLE, 0 },
	{ LAPIC_ISR, LAPIC_IRR + 0x70, READ_ANY, 0, 0 },
	{ LAPIC_ESR, LAPIC_ESR, READ_ANY | WRITE_ANY | X2_ZERO, 0, 0 },
	{ LAPIC_ICR, LAPIC_ICR, READ_ANY | WRITE_ANY, ICR_WRITABLE, 0 },
	{ LAPIC_ICR_HIGH, LAPIC_ICR_HIGH, READ | WRITE, ICR_HIGH_WRITABLE, 0 },
	{ LAPIC_LVT_TIMER, LAPIC_LVT_TIMER, READ_ANY | WRITE_ANY, 0x000700ff, LVT_STATUS },
	{ LAPIC_LVT_THERMAL, LAPIC_LVT_PERFORMANCE, READ_ANY | WRITE_ANY, 0x000107ff, LVT_STATUS },
	{ LAPIC_LVT_LINT0, LAPIC_LVT_LINT1, READ_ANY | WRITE_ANY, 0x0001a7ff,
	  LVT_STATUS | LVT_REMOTE_IRR },
	{ LAPIC_LVT_ERROR, LAPIC_LVT_ERROR, READ_ANY | WRITE_ANY, 0x000100ff, LVT_STATUS },
	{ LAPIC_TIMER_INITIAL, LAPIC_TIMER_INITIAL, READ_ANY | WRITE_ANY, UINT32_MAX, 0 },
	{ LAPIC_TIMER_CURRENT, LAPIC_TIMER_CURRENT, READ_ANY, 0, 0 },
	{ LAPIC_TIMER_DIVIDE, LAPIC_TIMER_DIVIDE, READ_ANY | WRITE_ANY, 0xb, 0 },
	{ LAPIC_SELF_IPI, LAPIC_SELF_IPI, X2_WRITE, 0xff, 0 },
};

static const struct reg *reg_at(u32 offset)
{
	for (size_t i = 0; i < ARRAY_SIZE(regs); i++)
		if (offset >= regs[i].first && offset <= regs[i].last)
			return &regs[i];
	return NULL;
}

/* ---- sets of vectors: eight words of 32, 16 bytes apart ---- */

static u32 *word_of(const struct lapic *l, u32 set, u8 vector)
{
	return lapic_reg(l, set + (vector / 32u) * 0x10);
}

static bool has_vector(const struct lapic *l, u32 set, u8 vector)
{
	return *word_of(l, set, vector) >> vector % 32 & 1;
}

/* Of the IRR and the ISR it is known which words are not zero: most of the time none is. */
static u32 *words_in(struct lapic *l, u32 set)
{
	return set == LAPIC_IRR ? &l->irr_words : &l->isr_words;
}

static inline void add_vector(struct lapic *l, u32 set, u8 vector)
{
	*word_of(l, set, vector) |= 1u << vector % 32;
	*words_in(l, set) |= 1u << vector / 32;
}

static inline void remove_vector(struct lapic *l, u32 set, u8 vector)
{
	u32 *word = word_of(l, set, vector);

	*word &= ~(1u << vector % 32);
	if (!*word)
		*words_in(l, set) &= ~(1u << vector / 32);
}

static inline int highest_vector(struct lapic *l, u32 set)
{
	const u32 words = *words_in(l, set);
	u32 word;

	if (!words)
		return LAPIC_NO_VECTOR;
	word = 31 - (u32)__builtin_clz(words);
	return (int)(word * 32 + 31) - __builtin_clz(*lapic_reg(l, set + word * 0x10));
}

/* ---- priorities ---- */

/* SDM 11.8.3.1: the class of what is in service, or the task's priority when that is no lower. */
static u32 class_in_service(struct lapic *l)
{
	const int vector = highest_vector(l, LAPIC_ISR);

	return vector < 0 ? 0 : (u32)vector & 0xf0;
}

static u32 update_ppr(struct vcpu *v)
{
	const u32 tpr = lapic_tpr(v), service = class_in_service(&v->lapic);
	const u32 ppr = (tpr & 0xf0) >= service ? tpr : service;

	*lapic_reg(&v->lapic, LAPIC_PPR) = ppr;
	return ppr;
}

/*
 * Edge-triggered vectors of one word of the sets. One that is level-triggered and not ended yet
 * stays so: the machine waits for its EOI.
 */
static void accept_edges(struct lapic *l, u32 word, u32 vectors)
{
	u32 *irr = lapic_reg(l, LAPIC_IRR + word * 0x10);
	const u32 isr = *lapic_reg(l, LAPIC_ISR + word * 0x10);

	*lapic_reg(l, LAPIC_TMR + word * 0x10) &= ~vectors | *irr | isr;
	*irr |= vectors;
	l->irr_words |= (u32)(*irr != 0) << word;
}

void lapic_take_posted(struct vcpu *v)
{
	struct lapic *l = &v->lapic;

	for (u32 i = 0; i < ARRAY_SIZE(l->posted); i++) {
		u64 bits;

		if (!__atomic_load_n(&l->posted[i], __ATOMIC_RELAXED))
			continue;
		/* Acquire: what the sender wrote before it posted is seen by who takes the vector. */
		bits = __atomic_exchange_n(&l->posted[i], 0, __ATOMIC_ACQUIRE);
		if (!lapic_accepts(l))
			continue;
		if ((u32)bits)
			accept_edges(l, 2 * i, (u32)bits);
		if (bits >> 32)
			accept_edges(l, 2 * i + 1, (u32)(bits >> 32));
	}
}

/* What may be delivered has changed: that matters where something is pending. */
static inline void check_interrupts(struct vcpu *v)
{
	if (v->lapic.irr_words)
		vcpu_check_interrupts(v);
}

/* ---- the end of interrupts ---- */

/* The machine waits for the end of what is level-triggered. */
static void tell_end(const struct lapic *l, u8 vector)
{
	if (has_vector(l, LAPIC_TMR, vector))
		machine_end_interrupt(vector);
}

void lapic_ended(struct vcpu *v, u8 vector)
{
	tell_end(&v->lapic, vector);
	synic_vector_ended(v, vector);
	check_interrupts(v);
}

void lapic_awaited_ends(const struct vcpu *v, u64 set[4])
{
	for (u32 i = 0; i < 4; i++)
		set[i] = *lapic_reg(&v->lapic, LAPIC_TMR + 2 * i * 0x10) |
			 (u64)*lapic_reg(&v->lapic, LAPIC_TMR + (2 * i + 1) * 0x10) << 32 |
			 v->synic.vectors[i];
}

u8 lapic_in_service(struct lapic *l)
{
	const int vector = highest_vector(l, LAPIC_ISR);

	return vector < 0 ? 0 : (u8)vector;
}

void lapic_count_in_service(struct lapic *l)
{
	l->isr_words = 0;
	for (u32 word = 0; word < VECTORS / 32; word++)
		l->isr_words |= (u32)(*lapic_reg(l, LAPIC_ISR + word * 0x10) != 0) << word;
}

static void end_highest(struct vcpu *v)
{
	const u8 vector = lapic_in_service(&v->lapic);

	if (!vector)
		return;
	remove_vector(&v->lapic, LAPIC_ISR, vector);
	lapic_ended(v, vector);
}

/*
 * The guest need not tell the end of the vector that it is about to be given: it clears the bit
 * instead (TLFS 10.3.5). Not where somebody waits for that end: a device, or a message that a slot
 * was too full for. For another pending interrupt, lapic_pending() takes the offer back.
 */
static void offer_eoi(struct vcpu *v, u8 vector)
{
	struct lapic *l = &v->lapic;

	if (!l->assist)
		return;
	l->eoi_offered = !has_vector(l, LAPIC_TMR, vector) && !synic_has_vector(v, vector);
	*l->assist = l->eoi_offered ? NO_EOI_REQUIRED : 0;
}

void lapic_settle_eoi(struct vcpu *v)
{
	struct lapic *l = &v->lapic;
	const bool used = !(*l->assist & NO_EOI_REQUIRED);

	l->eoi_offered = false;
	*l->assist = 0;
	if (used)
		end_highest(v);
}

static inline void withdraw_eoi(struct vcpu *v)
{
	if (v->lapic.eoi_offered)
		lapic_settle_eoi(v);
}

void lapic_set_assist(struct vcpu *v, u32 *assist)
{
	withdraw_eoi(v);
	v->lapic.assist = assist;
}

void lapic_eoi(struct vcpu *v)
{
	withdraw_eoi(v);
	end_highest(v);
}

/* ---- delivery ---- */

int lapic_pending(struct vcpu *v)
{
	struct lapic *l = &v->lapic;
	int vector;

	if (!l->irr_words || !lapic_accepts(l))
		return LAPIC_NO_VECTOR;
	withdraw_eoi(v); /* before the look at the IRR: an end can bring the next message */
	vector = highest_vector(l, LAPIC_IRR);
	return (vector & 0xf0) > (int)(update_ppr(v) & 0xf0) ? vector : LAPIC_NO_VECTOR;
}

u8 lapic_blocked_class(struct vcpu *v)
{
	const int vector = highest_vector(&v->lapic, LAPIC_IRR);
	const u32 class = (u32)vector & 0xf0;

	if (vector < 0 || !lapic_accepts(&v->lapic) || class <= class_in_service(&v->lapic) ||
	    class > (lapic_tpr(v) & 0xf0u))
		return 0;
	return (u8)class;
}

void lapic_accept(struct vcpu *v, u8 vector)
{
	struct lapic *l = &v->lapic;

	remove_vector(l, LAPIC_IRR, vector);
	if (synic_ends_itself(v, vector)) {
		tell_end(l, vector);
		return;
	}
	add_vector(l, LAPIC_ISR, vector);
	offer_eoi(v, vector);
}

/* The processor may hold it, and the guest move it by CR8 without an exit. */
u8 lapic_tpr(const struct vcpu *v)
{
	*lapic_reg(&v->lapic, LAPIC_TPR) = virt->get_tpr(v);
	return (u8)*lapic_reg(&v->lapic, LAPIC_TPR);
}

void lapic_set_tpr(struct vcpu *v, u8 tpr)
{
	*lapic_reg(&v->lapic, LAPIC_TPR) = tpr;
	virt->set_tpr(v, tpr);
	check_interrupts(v);
}

/* ---- interrupts on their way in ---- */

void lapic_raise(struct vcpu *v, u8 vector, bool level)
{
	struct lapic *l = &v->lapic;

	if (vector < LAPIC_FIRST_VECTOR) {
		lapic_error(v, LAPIC_ERROR_RECEIVED_VECTOR);
		return;
	}
	if (level) {
		/* While the APIC takes none it waits here: ended at once, it would come at once. */
		*word_of(l, LAPIC_TMR, vector) |= 1u << vector % 32;
		add_vector(l, LAPIC_IRR, vector);
	} else if (has_vector(l, LAPIC_IRR, vector) || !lapic_accepts(l)) {
		return; /* one that is pending is no more so by another */
	} else {
		accept_edges(l, vector / 32u, 1u << vector % 32);
	}
	vcpu_check_interrupts(v);
}

void lapic_post(struct vcpu *target, u8 vector)
{
	struct lapic *l = &target->lapic;

	/* Release: pairs with lapic_take_posted(). */
	__atomic_fetch_or(&l->posted[vector / 64], 1ull << vector % 64, __ATOMIC_RELEASE);
	vcpu_request(target, VCPU_REQUEST_INTERRUPT);
}

void lapic_error(struct vcpu *v, u32 bit)
{
	struct lapic *l = &v->lapic;
	const bool armed = !l->errors;

	/* SDM 11.5.3: one interrupt until the ESR is written. */
	l->errors |= bit;
	if (armed)
		lapic_raise_lvt(v, LAPIC_LVT_ERROR);
}

void lapic_raise_lvt(struct vcpu *v, u32 entry)
{
	const u32 value = *lapic_reg(&v->lapic, entry);

	if (value & LAPIC_LVT_MASKED)
		return;
	if (LVT_MODE(value) == MODE_FIXED)
		lapic_raise(v, LVT_VECTOR(value), false);
	else if (LVT_MODE(value) == MODE_NMI)
		vcpu_request(v, VCPU_REQUEST_NMI);
}

/* ---- registers ---- */

static bool is_lvt(u32 offset)
{
	return offset >= LAPIC_LVT_TIMER && offset <= LAPIC_LVT_ERROR;
}

static void write_svr(struct vcpu *v, u32 value)
{
	lapic_take_posted(v);
	vcpu_check_interrupts(v);
	*lapic_reg(&v->lapic, LAPIC_SVR) = value;
	if (value & LAPIC_SVR_ENABLE)
		return;
	/* SDM 11.4.7.2: all entries become masked and stay so; what is pending stays pending. */
	for (u32 entry = LAPIC_LVT_TIMER; entry <= LAPIC_LVT_ERROR; entry += 0x10) {
		const u32 masked = *lapic_reg(&v->lapic, entry) | LAPIC_LVT_MASKED;

		*lapic_reg(&v->lapic, entry) = masked;
		machine_lvt_written(entry, masked);
	}
}

static void write_lvt(struct vcpu *v, u32 offset, u32 value)
{
	struct lapic *l = &v->lapic;

	if (offset == LAPIC_LVT_TIMER)
		lapic_timer_settle(v);
	if (!(*lapic_reg(l, LAPIC_SVR) & LAPIC_SVR_ENABLE))
		value |= LAPIC_LVT_MASKED;
	*lapic_reg(l, offset) = value;
	if (offset == LAPIC_LVT_TIMER)
		lapic_timer_written(v, offset);
	else
		machine_lvt_written(offset, value);
}

/*
 * Devices' interrupts are sent to logical ids, too. In x2APIC mode the eight bits of such a
 * destination are members of cluster 0 (SDM 11.12.10.2): the flat model has the same ones.
 */
static void logical_id_changed(struct vcpu *v)
{
	const struct lapic *l = &v->lapic;
	const u32 ldr = *lapic_reg(l, LAPIC_LDR);

	if (!lapic_is_x2apic(l))
		machine_logical_id(ldr, *lapic_reg(l, LAPIC_DFR));
	else
		machine_logical_id(ldr >> 16 ? 0 : ldr << 24, DFR_FLAT);
}

/* The value has been checked against the register's writable bits. */
static void write_reg(struct vcpu *v, u32 offset, u32 value)
{
	struct lapic *l = &v->lapic;

	switch (offset) {
	case LAPIC_TPR:
		lapic_set_tpr(v, (u8)value);
		break;
	case LAPIC_EOI:
		lapic_eoi(v);
		break;
	case LAPIC_SVR:
		write_svr(v, value);
		break;
	case LAPIC_ESR: /* SDM 11.5.3: a write shows what has come up since the last one */
		*lapic_reg(l, offset) = l->errors;
		l->errors = 0;
		break;
	case LAPIC_SELF_IPI:
		if (value < LAPIC_FIRST_VECTOR)
			lapic_error(v, LAPIC_ERROR_SENT_VECTOR);
		lapic_raise(v, (u8)value, false);
		break;
	case LAPIC_TIMER_INITIAL:
	case LAPIC_TIMER_DIVIDE:
		*lapic_reg(l, offset) = value;
		lapic_timer_written(v, offset);
		break;
	case LAPIC_LDR:
	case LAPIC_DFR:
		*lapic_reg(l, offset) = value;
		logical_id_changed(v);
		break;
	default:
		if (is_lvt(offset))
			write_lvt(v, offset, value);
		else
			*lapic_reg(l, offset) = value;
	}
}

static u32 read_reg(struct vcpu *v, u32 offset)
{
	if (offset == LAPIC_TIMER_CURRENT)
		return lapic_timer_count(v);
	if (offset == LAPIC_TPR)
		return lapic_tpr(v);
	if (offset == LAPIC_PPR || (offset >= LAPIC_ISR && offset < LAPIC_TMR))
		withdraw_eoi(v);
	if (offset == LAPIC_PPR)
		return update_ppr(v);
	if (offset >= LAPIC_IRR && offset < LAPIC_IRR + 0x80)
		lapic_take_posted(v);
	return *lapic_reg(&v->lapic, offset);
}

u64 lapic_read_icr(const struct vcpu *v)
{
	return (u64)*lapic_reg(&v->lapic, LAPIC_ICR_HIGH) << 32 | *lapic_reg(&v->lapic, LAPIC_ICR);
}

static void send_icr(struct vcpu *v)
{
	const u64 icr = lapic_read_icr(v);
	const unsigned shift = lapic_is_x2apic(&v->lapic) ? 32 : 56;

	lapic_send(v, (u32)icr, (u32)(icr >> shift));
}

bool lapic_write_icr(struct vcpu *v, u64 value)
{
	const bool wide = lapic_is_x2apic(&v->lapic);
	const u32 command = (u32)value & ICR_WRITABLE,
		  high = (u32)(value >> 32) & (wide ? UINT32_MAX : ICR_HIGH_WRITABLE);

	if ((u32)value & ~(ICR_WRITABLE | ICR_STATUS))
		return false;
	*lapic_reg(&v->lapic, LAPIC_ICR) = command;
	*lapic_reg(&v->lapic, LAPIC_ICR_HIGH) = high;
	lapic_send(v, command, wide ? high : high >> 24);
	return true;
}

/* The register of an xAPIC at an offset. NULL, and an error noted: there is none. */
static const struct reg *memory_reg(struct vcpu *v, u32 offset)
{
	const struct reg *r = reg_at(offset);

	if (r && r->access & (READ | WRITE))
		return r;
	lapic_error(v, LAPIC_ERROR_REGISTER);
	return NULL;
}

u32 lapic_read(struct vcpu *v, u32 offset)
{
	const struct reg *r = memory_reg(v, offset);

	return r && r->access & READ ? read_reg(v, offset) : 0;
}

void lapic_write(struct vcpu *v, u32 offset, u32 value)
{
	const struct reg *r = memory_reg(v, offset);

	if (!r || !(r->access & WRITE))
		return;
	if (offset == LAPIC_DFR)
		value |= ~r->writable; /* SDM figure 11-14: ones */
	else
		value &= r->writable;
	write_reg(v, offset, value);
	if (offset == LAPIC_ICR)
		send_icr(v);
}

void lapic_stored(struct vcpu *v, u32 offset)
{
	const u32 at = ALIGN_DOWN(offset, 0x10);
	u32 *reg = lapic_reg(&v->lapic, at);
	const u32 value = *reg;

	if (at == LAPIC_ID)
		*reg = v->apic_id << 24;
	else if (at == LAPIC_EOI)
		*reg = 0;
	lapic_write(v, at, value);
}

static u32 offset_of(u32 msr)
{
	return (msr - LAPIC_MSR_FIRST) * 0x10;
}

/* The rest is made when it is read, or in two places of the page. */
bool lapic_msr_is_plain(u32 msr)
{
	const u32 offset = offset_of(msr);
	const struct reg *r = reg_at(offset);

	return r && r->access & X2_READ && offset != LAPIC_PPR && offset != LAPIC_ICR &&
	       offset != LAPIC_TIMER_CURRENT && (offset < LAPIC_ISR || offset >= LAPIC_TMR);
}

bool lapic_msr_read(struct vcpu *v, u32 msr, u64 *value)
{
	const u32 offset = offset_of(msr);
	const struct reg *r = reg_at(offset);

	if (!lapic_is_x2apic(&v->lapic) || !r || !(r->access & X2_READ))
		return false;
	*value = offset == LAPIC_ICR ? lapic_read_icr(v) : read_reg(v, offset);
	return true;
}

bool lapic_msr_write(struct vcpu *v, u32 msr, u64 value)
{
	const u32 offset = offset_of(msr);
	const struct reg *r = reg_at(offset);

	if (!lapic_is_x2apic(&v->lapic) || !r || !(r->access & X2_WRITE))
		return false;
	if (offset == LAPIC_ICR)
		return !(value & ICR_STATUS) && lapic_write_icr(v, value);
	if (value & ~(u64)(r->access & X2_ZERO ? 0 : r->writable | r->ignored))
		return false;
	write_reg(v, offset, (u32)value & r->writable);
	return true;
}

/* ---- modes ---- */

bool lapic_in_memory(const struct vcpu *v)
{
	return lapic_is_enabled(&v->lapic) && !lapic_is_x2apic(&v->lapic);
}

/* SDM 11.12.5: in x2APIC mode both ids follow from the initial one. */
static void set_ids(struct vcpu *v)
{
	const u32 id = v->apic_id;
	struct lapic *l = &v->lapic;

	if (lapic_is_x2apic(l)) {
		*lapic_reg(l, LAPIC_ID) = id;
		*lapic_reg(l, LAPIC_LDR) = (id >> 4) << 16 | 1u << (id & 15);
	} else {
		*lapic_reg(l, LAPIC_ID) = id << 24;
	}
	logical_id_changed(v);
}

/* What is level-triggered and forgotten would keep the machine waiting for its EOI. */
static void end_levels(const struct lapic *l)
{
	for (u32 vector = LAPIC_FIRST_VECTOR; vector < VECTORS; vector++)
		if (has_vector(l, LAPIC_IRR, (u8)vector) || has_vector(l, LAPIC_ISR, (u8)vector))
			tell_end(l, (u8)vector);
}

void lapic_reset(struct vcpu *v)
{
	struct lapic *l = &v->lapic;

	if (l->eoi_offered)
		*l->assist = 0;
	l->eoi_offered = false;
	end_levels(l);
	memset(l->page, 0, PAGE_SIZE);
	l->irr_words = l->isr_words = 0;
	for (u32 i = 0; i < ARRAY_SIZE(l->posted); i++)
		__atomic_store_n(&l->posted[i], 0, __ATOMIC_RELAXED);
	l->errors = 0;
	l->deadline = l->tsc_deadline = 0;
	l->timer_mode = l->timer_initial = l->timer_divide = 0;
	*lapic_reg(l, LAPIC_VERSION) = VERSION;
	*lapic_reg(l, LAPIC_DFR) = DFR_FLAT;
	*lapic_reg(l, LAPIC_SVR) = 0xff;
	for (u32 entry = LAPIC_LVT_TIMER; entry <= LAPIC_LVT_ERROR; entry += 0x10) {
		*lapic_reg(l, entry) = LAPIC_LVT_MASKED;
		machine_lvt_written(entry, LAPIC_LVT_MASKED);
	}
	set_ids(v);
	virt->set_tpr(v, 0);
	vcpu_deadlines_changed(v);
	vcpu_check_interrupts(v);
}

/* Firmware hands over with the PIC wired through (MP 1.4, 3.6.2.2): so does the virtual APIC. */
static void adopt_pin(struct lapic *l, u32 entry, u32 value)
{
	*lapic_reg(l, entry) = value;
	machine_lvt_written(entry, value);
	if (!(value & LAPIC_LVT_MASKED))
		*lapic_reg(l, LAPIC_SVR) |= LAPIC_SVR_ENABLE;
}

bool lapic_create(struct vcpu *v)
{
	v->lapic.page = alloc_page();
	return v->lapic.page;
}

void lapic_start(struct vcpu *v, bool bootstrap)
{
	const u32 pin0 = machine_lvt(LAPIC_LVT_LINT0), pin1 = machine_lvt(LAPIC_LVT_LINT1);

	v->lapic.base = LAPIC_BASE_ADDRESS | LAPIC_BASE_ENABLE | (bootstrap ? LAPIC_BASE_BSP : 0);
	lapic_reset(v);
	if (!bootstrap)
		return;
	adopt_pin(&v->lapic, LAPIC_LVT_LINT0, pin0);
	adopt_pin(&v->lapic, LAPIC_LVT_LINT1, pin1);
}

/*
 * A page that processors watch is there for all VPs or for none: one that does not reach its APIC
 * there would find memory.
 */
static void show_page(struct partition *p)
{
	bool all = true;

	partition_lock(p);
	for (u32 i = 0; i < p->env.vp_count; i++)
		all &= lapic_in_memory(p->vp[i]);
	gpa_show_apics(p, all);
	partition_unlock(p);
}

/*
 * SDM figure 11-27: x2APIC is entered from xAPIC mode alone and left only by turning the APIC off.
 * The registers do not move: the page is the machine's.
 */
bool lapic_write_base(struct vcpu *v, u64 value)
{
	const u64 mode = LAPIC_BASE_ENABLE | LAPIC_BASE_X2APIC;
	struct lapic *l = &v->lapic;
	const u64 from = l->base & mode, to = value & mode;

	if ((value ^ l->base) & ~mode || to == LAPIC_BASE_X2APIC)
		return false;
	if ((from == mode && to == LAPIC_BASE_ENABLE) || (!from && to == mode))
		return false;
	l->base = value;
	if (from == to)
		return true;
	if (!to || !from)
		lapic_reset(v);
	set_ids(v);
	if (!to) { /* SDM 11.4.3: the pins are the processor's INTR and NMI */
		machine_lvt_written(LAPIC_LVT_LINT0, LVT_EXTINT);
		machine_lvt_written(LAPIC_LVT_LINT1, LVT_NMI);
	}
	show_page(v->partition);
	vcpu_check_interrupts(v);
	return true;
}
