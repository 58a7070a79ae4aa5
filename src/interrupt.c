/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What interrupts a VP: requests of other processors, timers, pending vectors, and their order. */
#include "interrupt.h"

#include "flush.h"
#include "keys.h"
#include "lapic.h"
#include "log.h"
#include "machine.h"
#include "partition.h"
#include "reftsc.h"
#include "remote.h"
#include "virt.h"

#define OVERDUE_SHIFT 10 /* of the TSC's rate: 1 ms */
#define PATIENCE_SHIFT 4 /* 62 ms: emulators take a processor away for several */

/*
 * One kick is under way at a time, so that each NMI is known for what it is. One that has not
 * arrived yet serves this purpose, too: its target clears the flag before it looks.
 */
void vcpu_kick(struct vcpu *target)
{
	if (!__atomic_exchange_n(&target->kicked, true, __ATOMIC_SEQ_CST))
		machine_kick(target->apic_id);
	else
		vcpu_insist(target);
}

static void send_twin(struct vcpu *target, u64 now)
{
	__atomic_store_n(&target->twin_sent, now, __ATOMIC_SEQ_CST);
	machine_kick(target->apic_id);
}

/*
 * QEMU's VMRUN writes back without a lock what is asked of the processor, and an NMI that comes at
 * this moment is lost. All later kicks would be with it. Of those who wait one sends another.
 */
void vcpu_insist(struct vcpu *target)
{
	const u64 patience = target->partition->tsc_hz >> PATIENCE_SHIFT;
	u64 now, since;

	if (!__atomic_load_n(&target->kicked, __ATOMIC_RELAXED))
		return;
	since = __atomic_load_n(&target->missed_since, __ATOMIC_RELAXED);
	now = machine_tsc();
	if (since && (i64)(now - since) <= (i64)patience)
		return;
	if (__atomic_compare_exchange_n(&target->missed_since, &since, now, false, __ATOMIC_RELAXED,
					__ATOMIC_RELAXED) && since)
		send_twin(target, now);
}

void vcpu_kick_at_once(struct vcpu *v)
{
	if (__atomic_exchange_n(&v->kicked, true, __ATOMIC_SEQ_CST))
		send_twin(v, machine_tsc());
	else
		machine_kick(v->apic_id);
}

void vcpu_request(struct vcpu *target, u32 request)
{
	__atomic_fetch_or(&target->requests, request, __ATOMIC_SEQ_CST);
	if (machine_vcpu() != target)
		vcpu_kick(target);
}

void interrupt_stop_others(struct partition *p)
{
	struct vcpu *self = machine_vcpu(), *first = NULL;

	if (!__atomic_compare_exchange_n(&p->ended_by, &first, self, false, __ATOMIC_SEQ_CST,
					 __ATOMIC_SEQ_CST)) {
		if (first == self)
			return;
		machine_halt();
	}
	log_alone();
	for (u32 i = 0; i < p->env.vp_count; i++)
		if (p->vp[i] != self)
			vcpu_request(p->vp[i], VCPU_REQUEST_STOP);
}

/* What asked a running processor to start before this INIT came to nothing. */
void vcpu_ask_init(struct vcpu *target)
{
	__atomic_fetch_and(&target->requests, ~VCPU_REQUEST_START_UP, __ATOMIC_SEQ_CST);
	vcpu_request(target, VCPU_REQUEST_INIT);
}

void vcpu_start_up(struct vcpu *target, u8 vector)
{
	__atomic_store_n(&target->start_up_vector, vector, __ATOMIC_RELAXED);
	vcpu_request(target, VCPU_REQUEST_START_UP);
}

/* The earlier of two deadlines, of which 0 is none. */
static inline u64 earlier(u64 a, u64 b)
{
	return !a || (b && (i64)(b - a) < 0) ? b : a;
}

/* So late that nothing may come of it any more. */
static bool is_overdue(const struct vcpu *v, u64 now)
{
	return v->timer_set &&
	       (i64)(now - v->timer_set) > (i64)(v->partition->tsc_hz >> OVERDUE_SHIFT);
}

/* A timer that was lost, as emulators can, would take all later ones with it. */
static void recover_timer(struct vcpu *v, u64 now)
{
	if (is_overdue(v, now))
		machine_timer_set(v->timer_set);
}

void vcpu_deadlines_changed(struct vcpu *v)
{
	const u64 timers = earlier(v->lapic.deadline, stimer_next(v)),
		  next = earlier(timers, earlier(v->unhalted.deadline, v->keys_due));

	if (next == v->timer_set && !is_overdue(v, machine_tsc()))
		return;
	v->timer_set = next;
	machine_timer_set(next);
}

void vcpu_deadline_added(struct vcpu *v, u64 deadline, u64 now)
{
	if (!v->timer_set || (i64)(deadline - v->timer_set) < 0)
		v->timer_set = deadline;
	else if (!is_overdue(v, now))
		return;
	machine_timer_set(v->timer_set);
}

void interrupt_timer(struct vcpu *v, u64 now)
{
	v->timer_set = 0; /* it has fired, early or not */
	lapic_timer_check(v, now);
	stimer_check(v, now);
	unhalted_check(v, now);
	keys_check(v, now);
	vcpu_deadlines_changed(v);
}

void interrupt_from_pic(struct vcpu *v, u8 vector)
{
	/* As many as the PIC has lines: it gives no second one of a line that is in service. */
	if (v->extint_count < VCPU_EXTINTS)
		v->extint[v->extint_count++] = vector;
	v->look = true;
}

/* Whether it may be a kick that was but slow, of which another one was sent meanwhile. */
static bool is_twin(struct vcpu *v)
{
	const u64 sent = __atomic_load_n(&v->twin_sent, __ATOMIC_SEQ_CST);

	return sent && machine_tsc() - sent < v->partition->tsc_hz;
}

void interrupt_nmi(struct vcpu *v)
{
	__atomic_store_n(&v->missed_since, 0, __ATOMIC_RELAXED);
	/* An NMI of the machine's own that comes together with a kick is lost in it. */
	if (__atomic_exchange_n(&v->kicked, false, __ATOMIC_SEQ_CST) || is_twin(v))
		return;
	v->nmi_pending = true;
	v->look = true;
}

/*
 * The bootstrap processor does not wait for a start-up IPI but goes on in the firmware (SDM 9.4.2),
 * which starts the machine once more.
 */
static void init(struct vcpu *v)
{
	if (v->lapic.base & LAPIC_BASE_BSP)
		partition_end_root(v->partition, END_RESET, 0);
	v->state = VCPU_WAITS_FOR_START_UP;
	v->nmi_pending = false;
	v->extint_count = 0;
	v->pic_waits = false;
	lapic_reset(v);
	vcpu_reset(v);
	virt->vcpu_init(v);
	reftsc_vp_changed(v);
}

static void start_up(struct vcpu *v)
{
	virt->vcpu_start_up(v, __atomic_load_n(&v->start_up_vector, __ATOMIC_RELAXED));
	v->state = VCPU_RUNS;
	reftsc_vp_changed(v);
}

/* SDM 9.4.1: INIT reaches a processor that waits for a start-up IPI, too; the reverse does not. */
static void take_requests(struct vcpu *v)
{
	const u32 requests = __atomic_exchange_n(&v->requests, 0, __ATOMIC_SEQ_CST);

	if (v->state == VCPU_RUNS)
		recover_timer(v, machine_tsc());
	if (requests & VCPU_REQUEST_INTERRUPT)
		lapic_take_posted(v);
	if (requests & (VCPU_REQUEST_FLUSH_GVA | VCPU_REQUEST_FLUSH_GPA))
		flush_requested(v, requests);
	if (requests & VCPU_REQUEST_INIT)
		init(v);
	else if (requests & VCPU_REQUEST_NMI)
		v->nmi_pending = true;
	if (requests & VCPU_REQUEST_START_UP && v->state == VCPU_WAITS_FOR_START_UP)
		start_up(v);
	if (requests & VCPU_REQUEST_CALL) {
		remote_requested(v);
		v->rip_written = false; /* no hypercall is under way that it could concern */
	}
	if (requests & VCPU_REQUEST_SHOW)
		keys_show(v);
	if (requests & VCPU_REQUEST_STOP)
		machine_halt();
	v->look = true;
}

/* Whether any vector waits, whatever its priority. */
static inline bool has_vector(const struct vcpu *v)
{
	return v->extint_count || lapic_has_pending(&v->lapic);
}

/* The vector to inject next: the PIC's before the APIC's, whose priorities do not hold for it. */
static int next_vector(struct vcpu *v)
{
	if (!has_vector(v))
		return LAPIC_NO_VECTOR;
	return v->extint_count ? v->extint[v->extint_count - 1] : lapic_pending(v);
}

static void inject_interrupt(struct vcpu *v, u8 vector)
{
	v->interrupts++;
	if (v->extint_count)
		v->extint_count--;
	else
		lapic_accept(v, vector);
	virt->inject_interrupt(v, vector);
}

static void admit_pic(struct vcpu *v)
{
	if (!v->pic_waits || !virt->interrupt_open(v))
		return;
	v->pic_waits = false;
	machine_release_pic();
	virt->let_in(v);
}

/* False: the guest cannot take it yet. */
static bool deliver_nmi(struct vcpu *v)
{
	if (!virt->nmi_open(v))
		return false;
	v->nmi_pending = false;
	v->nmis++;
	virt->inject_nmi(v);
	return true;
}

/*
 * Of vectors that wait for a guest that cannot take any, the priorities are looked at when it can.
 * True: one went in.
 */
static bool deliver_vector(struct vcpu *v, struct virt_window *window)
{
	bool done;
	int vector;

	if (v->lapic.eoi_offered) /* not while another one waits (TLFS 10.3.5) */
		lapic_settle_eoi(v);
	if (!virt->interrupt_open(v)) {
		window->interrupt = true;
		return false;
	}
	vector = next_vector(v);
	done = vector >= 0;
	if (done) {
		inject_interrupt(v, (u8)vector);
		vector = next_vector(v);
	}
	if (vector >= 0)
		window->interrupt = true;
	else
		window->priority = lapic_blocked_class(v);
	return done;
}

/*
 * At most one event goes in per entry. For what waits a window is opened: an exit as soon as the
 * guest can take it. True: one went in.
 */
static bool deliver(struct vcpu *v)
{
	struct virt_window window = { .interrupt = v->pic_waits };
	bool done = v->nmi_pending && deliver_nmi(v);

	window.nmi = v->nmi_pending;
	if (has_vector(v))
		done |= deliver_vector(v, &window);
	virt->set_window(v, &window);
	v->look = false; /* whatever was let in has been looked at */
	return done;
}

void vcpu_halt(struct vcpu *v)
{
	v->state = VCPU_HALTED;
	vcpu_check_interrupts(v);
}

/* What ends HLT: that which the guest takes at once. */
static bool ends_halt(struct vcpu *v)
{
	return v->look && (deliver(v) || (v->pic_waits && virt->interrupt_open(v)));
}

/* What ends idling: that which asks for the processor's attention, were it ready or not. */
static bool ends_idling(const struct vcpu *v)
{
	return v->nmi_pending || v->pic_waits || has_vector(v);
}

static bool is_awake(struct vcpu *v)
{
	return (v->state == VCPU_HALTED && ends_halt(v)) ||
	       (v->state == VCPU_IDLES && ends_idling(v));
}

static void wait(struct vcpu *v)
{
	const u64 start = machine_tsc();

	unhalted_pause(v);
	recover_timer(v, start);
	virt->wait(v);
	v->waited += machine_tsc() - start;
}

/* What other processors ask for is done, and may have it run again. */
static inline void look_around(struct vcpu *v)
{
	if (__atomic_load_n(&v->requests, __ATOMIC_ACQUIRE))
		take_requests(v);
	if (is_awake(v))
		v->state = VCPU_RUNS;
}

static void wait_to_run(struct vcpu *v)
{
	do {
		wait(v);
		look_around(v);
	} while (v->state != VCPU_RUNS);
	unhalted_resume(v);
}

void interrupt_service(struct vcpu *v)
{
	/* Before requests are looked at: a kick that comes in with it would not come again. */
	if (v->look)
		admit_pic(v);
	look_around(v);
	if (v->state != VCPU_RUNS)
		wait_to_run(v);
	if (v->look)
		deliver(v);
}
