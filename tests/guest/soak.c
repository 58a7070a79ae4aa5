/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Random traffic of all processors at once, for `soak=SECONDS` on the command line: IPIs and NMIs by
 * every way, timers of every kind, messages and events, flushes whose effect is looked for, and
 * instructions that must be refused. Everything sent is counted where it arrives; at the end the sums agree.
 */
#include "apic.h"
#include "control.h"
#include "synic.h"

#define IPI_VECTOR 0x60         /* and one more for each further sender */
#define TIMER_VECTOR 0x80       /* and one more for each further timer */
#define MESSAGE_VECTOR 0xa0
#define EVENT_VECTOR 0xa1
#define MESSAGES HV_LOOP_BACK_SOURCE_MESSAGE
#define EVENTS HV_LOOP_BACK_SOURCE_EVENT
#define MESSAGE_TYPE 1u
#define MOST_POSTS 32u          /* at once, to one */
#define EVENT_FLAG(sender) ((sender) * 97u) /* of each sender another word */
#define STIMERS 4
#define APIC_TIMER STIMERS      /* the timer behind the synthetic ones */
#define TIMERS (STIMERS + 1)
#define FIRST_SINT 2            /* of the timers that send messages */
#define MESSAGE_TIMER 2         /* this one and those behind it do; the last by a source with auto-EOI */
#define UNITS_PER_SECOND 10000000u
#define PATIENCE (5 * UNITS_PER_SECOND)
#define DELAY_UNITS 20000u      /* most of a timer: 2 ms */
#define APIC_COUNT_MASK 0xffffu
#define WINDOW_PAGES 4
#define PTE_RIGHTS 0xfffu

/* What one processor does to others. An interrupt is out until its target has handled it. */
struct soak_cpu {
	u32 random;
	u32 out[RT_CPUS];               /* (a) IPIs of this sender, by target */
	u32 nmi_out;                    /* (a) an NMI is on its way to this one */
	u32 sent[RT_CPUS], taken[RT_CPUS]; /* by target; by sender */
	u32 nmis_sent, nmis_taken;
	u32 posted[RT_CPUS], received[RT_CPUS]; /* (a) messages by target; by sender */
	u32 full, disordered;           /* posts that had to wait; messages out of their order */
	u32 event_out[RT_CPUS];         /* (a) events of this sender, by target */
	u32 signalled[RT_CPUS], noticed[RT_CPUS]; /* by target; by sender */
	volatile bool runs[TIMERS];     /* until its handler has seen it */
	u64 due[TIMERS];                /* reference time */
	u32 armed[TIMERS], fired[TIMERS], early;
	u32 generation;                 /* (a) of the page in its window */
	u32 flushes, looks, stale;
	u32 probes, let_through;
	u32 calls, halts, refusals;     /* what the hypervisor counts, too */
	u32 lost_patience;
};

static struct soak_cpu cpus[RT_CPUS];
static u8 inputs[RT_CPUS][RT_PAGE] RT_PAGE_ALIGNED;
static u32 pages[WINDOW_PAGES][RT_PAGE / sizeof(u32)] RT_PAGE_ALIGNED;
static volatile u32 *windows[RT_CPUS]; /* each to one of the pages, moved by its processor alone */
static u64 soak_end;            /* reference time */
static u32 ready, finished;     /* (a) processors that can take traffic; whose own has all arrived */
static bool by_ipi_call, by_timers, by_messages, by_ports;

static struct soak_cpu *self(void)
{
	return &cpus[rt_index()];
}

static u32 next_random(struct soak_cpu *c)
{
	c->random ^= c->random << 13;
	c->random ^= c->random >> 17;
	c->random ^= c->random << 5;
	return c->random;
}

/* As rt_rdmsr() and rt_wrmsr(), for handlers, and for what does not fault. */
static u64 read_msr(u32 msr)
{
	u32 low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr) : "memory");
	return (u64)high << 32 | low;
}

static void write_msr(u32 msr, u64 value)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((u32)value), "d"((u32)(value >> 32)) : "memory");
}

static u64 reference_time(void)
{
	return read_msr(HV_X64_MSR_TIME_REF_COUNT);
}

static bool is_set(u32 *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

/* ---- arrivals ---- */

static void take_ipi(struct soak_cpu *c, u32 sender)
{
	c->taken[sender]++;
	__atomic_store_n(&cpus[sender].out[rt_index()], 0, __ATOMIC_RELEASE);
}

static void take_timer(struct soak_cpu *c, u32 timer)
{
	if (timer < STIMERS && reference_time() < c->due[timer])
		c->early++;
	c->fired[timer]++;
	c->runs[timer] = false;
}

/* The slot becomes free; if another message waits for it, the hypervisor wants to hear of that. */
static void take_message(struct soak_cpu *c, u32 timer)
{
	volatile struct hv_message *slot = synic_slot(FIRST_SINT + timer - MESSAGE_TIMER);

	if (slot->header.type != HV_MESSAGE_TYPE_TIMER_EXPIRED)
		return;
	take_timer(c, timer);
	slot->header.type = 0;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (slot->header.flags & HV_MESSAGE_FLAGS_MESSAGE_PENDING_MASK)
		write_msr(HV_X64_MSR_EOM, 0);
}

/* What a message says. */
struct parcel { u32 sender, number; };

static void take_posts(struct soak_cpu *c)
{
	struct hv_message message;
	struct parcel parcel;

	while (hv_message_take(synic_slot(MESSAGES), &message)) {
		memcpy(&parcel, message.payload, sizeof(parcel));
		if (message.header.type != MESSAGE_TYPE || parcel.sender >= RT_CPUS ||
			parcel.number != c->received[parcel.sender]) {
			c->disordered++;
			continue;
		}
		__atomic_fetch_add(&c->received[parcel.sender], 1, __ATOMIC_RELEASE);
	}
}

static void take_events(struct soak_cpu *c)
{
	for (u32 sender = 0; sender < rt_cpu_count; sender++) {
		if (!hv_event_flag_take(&synic_own()->events.sints[EVENTS], EVENT_FLAG(sender)))
			continue;
		c->noticed[sender]++;
		__atomic_store_n(&cpus[sender].event_out[rt_index()], 0, __ATOMIC_RELEASE);
	}
}

static void arrive(u32 vector)
{
	struct soak_cpu *c = self();
	const u32 timer = vector - TIMER_VECTOR;

	if (vector == VECTOR_NMI) {
		c->nmis_taken++;
		__atomic_store_n(&c->nmi_out, 0, __ATOMIC_RELEASE);
		return;
	}
	if (vector >= IPI_VECTOR && vector < IPI_VECTOR + RT_CPUS)
		take_ipi(c, vector - IPI_VECTOR);
	else if (vector == MESSAGE_VECTOR)
		take_posts(c);
	else if (vector == EVENT_VECTOR)
		take_events(c);
	else if (timer >= MESSAGE_TIMER && timer < STIMERS)
		take_message(c, timer);
	else if (timer < TIMERS)
		take_timer(c, timer);
	if (timer != STIMERS - 1) /* that one has ended itself */
		rt_apic_write(APIC_EOI, 0);
}

/* ---- IPIs ---- */

static u64 call_status(u64 control, u64 input, u64 output)
{
	self()->calls++;
	return call(control, input, output).status;
}

static void send_by_call(u32 vector, u32 target)
{
	EXPECT_EQ(call_status(HV_CALL_SEND_SYNTHETIC_CLUSTER_IPI | HV_CONTROL_FAST, vector, 1ull << target),
		HV_STATUS_SUCCESS, "status of an IPI");
}

static void send_ipi(struct soak_cpu *c)
{
	const u32 me = rt_index(), random = next_random(c), target = random % rt_cpu_count;
	const u32 vector = IPI_VECTOR + me;

	if (is_set(&c->out[target]))
		return;
	__atomic_store_n(&c->out[target], 1, __ATOMIC_RELEASE);
	c->sent[target]++;
	if (by_ipi_call && random & 0x10000)
		send_by_call(vector, target);
	else if (target == me && random & 0x20000)
		rt_apic_send(ICR_SELF | ICR_ASSERT | vector, 0);
	else
		rt_apic_send(ICR_ASSERT | vector, rt_cpus[target].apic_id);
}

/* To all others, when none of them has one of this sender's to handle. */
static void send_to_others(struct soak_cpu *c)
{
	const u32 me = rt_index();

	for (u32 n = 0; n < rt_cpu_count; n++)
		if (n != me && is_set(&c->out[n]))
			return;
	for (u32 n = 0; n < rt_cpu_count; n++) {
		if (n == me)
			continue;
		__atomic_store_n(&c->out[n], 1, __ATOMIC_RELEASE);
		c->sent[n]++;
	}
	rt_apic_send(ICR_OTHERS | ICR_ASSERT | (IPI_VECTOR + me), 0);
}

/* NMIs have no number: one at a time is on its way to each processor. */
static void send_nmi(struct soak_cpu *c)
{
	const u32 target = next_random(c) % rt_cpu_count;

	if (__atomic_exchange_n(&cpus[target].nmi_out, 1, __ATOMIC_ACQ_REL))
		return;
	c->nmis_sent++;
	rt_apic_send(ICR_NMI | ICR_ASSERT, rt_cpus[target].apic_id);
}

/* ---- messages and events by ports ---- */

static void post_one(struct soak_cpu *c, u32 target)
{
	const struct parcel parcel = { rt_index(), c->posted[target] };
	u32 status;

	c->calls++;
	status = synic_post(HV_LOOP_BACK_MESSAGE + target, MESSAGE_TYPE, &parcel, sizeof(parcel));
	if (status == HV_STATUS_INSUFFICIENT_BUFFERS) {
		c->full++;
		return;
	}
	EXPECT_EQ(status, HV_STATUS_SUCCESS, "status of a message");
	c->posted[target]++;
}

/* Several may be on their way, and more than there are buffers; those that went arrive in order. */
static void post(struct soak_cpu *c)
{
	const u32 random = next_random(c);

	for (u32 i = random >> 8; by_ports && i % MOST_POSTS; i++)
		post_one(c, random % rt_cpu_count);
}

static void signal(struct soak_cpu *c)
{
	const u32 me = rt_index(), target = next_random(c) % rt_cpu_count;

	if (!by_ports || is_set(&c->event_out[target]))
		return;
	__atomic_store_n(&c->event_out[target], 1, __ATOMIC_RELEASE);
	c->signalled[target]++;
	c->calls++;
	EXPECT_EQ(synic_signal(HV_LOOP_BACK_EVENT + target, EVENT_FLAG(me)), HV_STATUS_SUCCESS,
		"status of an event");
}

/* ---- timers ---- */

static u64 timer_config(u32 timer)
{
	const u64 vector = (u64)(TIMER_VECTOR + timer) << HV_STIMER_CONFIG_APIC_VECTOR_SHIFT;
	const u64 source = (u64)(FIRST_SINT + timer - MESSAGE_TIMER) << HV_STIMER_CONFIG_SINTX_SHIFT;

	return HV_STIMER_CONFIG_AUTO_ENABLE_MASK |
	       (timer >= MESSAGE_TIMER ? source : HV_STIMER_CONFIG_DIRECT_MODE_MASK | vector);
}

static void arm_timer(struct soak_cpu *c)
{
	const u32 random = next_random(c), timer = random % TIMERS;

	if (c->runs[timer] || (timer < STIMERS && !by_timers) ||
	    (timer >= MESSAGE_TIMER && timer < STIMERS && !by_messages))
		return;
	c->armed[timer]++;
	/* Before it runs: it may be over at once. */
	c->due[timer] = reference_time() + (random >> 8) % DELAY_UNITS;
	c->runs[timer] = true;
	if (timer == APIC_TIMER)
		rt_apic_write(APIC_TIMER_INITIAL, (random >> 8 & APIC_COUNT_MASK) + 1);
	else
		write_msr(HV_X64_MSR_STIMER0_COUNT + 2 * timer, c->due[timer]);
}

static bool any_timer_runs(const struct soak_cpu *c)
{
	for (u32 i = 0; i < TIMERS; i++)
		if (c->runs[i])
			return true;
	return false;
}

/* Sleep until something comes; something will. */
static void sleep(struct soak_cpu *c)
{
	__asm__ volatile("cli" : : : "memory");
	if (any_timer_runs(c)) {
		c->halts++;
		__asm__ volatile("sti; hlt" : : : "memory");
	}
	__asm__ volatile("sti" : : : "memory");
}

/* ---- flushes ---- */

static u64 flush(u32 code, u32 reps, uintptr_t address)
{
	u64 *in = (u64 *)inputs[rt_index()];

	in[0] = read_cr3();
	in[1] = HV_FLUSH_FLAGS_ALL_PROCESSORS;
	in[2] = 0;
	in[3] = address;
	return call_status(HV_CONTROL(code, 0, 0, reps, 0), RT_GPA(in), 0);
}

/* Another page comes into this processor's window; what it says is seen by all from then on. */
static void exchange_page(struct soak_cpu *c)
{
	const u32 me = rt_index(), next = c->generation + 1;
	volatile u64 *entry = rt_window_entry(me);
	const uintptr_t window = (uintptr_t)windows[me];
	u64 status;

	*entry = RT_GPA(pages[next % WINDOW_PAGES]) | (*entry & PTE_RIGHTS);
	if (next_random(c) & 1)
		status = flush(HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST, 1, window);
	else
		status = flush(HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, 0, 0);
	EXPECT_EQ(status, HV_STATUS_SUCCESS, "status of a flush");
	__atomic_store_n(&c->generation, next, __ATOMIC_RELEASE);
	c->flushes++;
}

/* A look may find the page to come, never the one before. */
static void look_at_page(struct soak_cpu *c)
{
	const u32 other = next_random(c) % rt_cpu_count;
	const u32 before = __atomic_load_n(&cpus[other].generation, __ATOMIC_ACQUIRE);
	const u32 seen = *windows[other];

	if (before != __atomic_load_n(&cpus[other].generation, __ATOMIC_ACQUIRE))
		return;
	c->looks++;
	if (seen != before % WINDOW_PAGES && seen != (before + 1) % WINDOW_PAGES)
		c->stale++;
}

/* ---- what must be refused ---- */

/* Of MSRs, the hypervisor tells which synthetic ones it refuses. */
static bool is_synthetic(u32 msr)
{
	return msr >> 16 == HV_X64_MSR_GUEST_OS_ID >> 16;
}

static bool is_refused(struct soak_cpu *c)
{
	static const u32 msrs[] = { HV_X64_MSR_VP_INDEX, 0x480, 0xc0010117, 0x4000ffff, 0x40000fff, 0x9e };
	const u32 random = next_random(c), msr = msrs[(random >> 8) % RT_COUNT(msrs)];
	u64 value;

	switch (random % 4) {
	case 0:
		c->refusals += is_synthetic(msr);
		return rt_wrmsr(msr, random) == FAULT_GP;
	case 1:
		if (msr == HV_X64_MSR_VP_INDEX)
			return true;
		c->refusals += is_synthetic(msr);
		return rt_rdmsr(msr, &value) == FAULT_GP;
	case 2:
		c->refusals++;
		return call_status(0xf000 | random >> 20 | HV_CONTROL_FAST, random, random) ==
		       HV_STATUS_INVALID_HYPERCALL_CODE;
	default: /* reserved bits of the control word */
		c->refusals++;
		return call_status(HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE | 1u << 27, random, 0) ==
		       HV_STATUS_INVALID_HYPERCALL_INPUT;
	}
}

static void probe(struct soak_cpu *c)
{
	c->probes++;
	if (!is_refused(c))
		c->let_through++;
	/* A fault that was caught leaves interrupts disabled. */
	__asm__ volatile("sti" : : : "memory");
}

/* ---- one processor ---- */

static void set_up(struct soak_cpu *c)
{
	rt_takes_nmi = true;
	rt_on_interrupt = arrive;
	rt_apic_enable();
	rt_apic_write(APIC_TIMER_DIVIDE, APIC_DIVIDE_BY_1);
	rt_apic_write(APIC_LVT_TIMER, TIMER_VECTOR + APIC_TIMER);
	if (by_messages) {
		synic_on();
		synic_source(FIRST_SINT, TIMER_VECTOR + MESSAGE_TIMER, 0);
		synic_source(FIRST_SINT + 1, TIMER_VECTOR + MESSAGE_TIMER + 1,
			HV_X64_MSR_SINT_AUTO_EOI);
		synic_source(MESSAGES, MESSAGE_VECTOR, 0);
		synic_source(EVENTS, EVENT_VECTOR, 0);
	}
	for (u32 i = 0; by_timers && i < (by_messages ? STIMERS : MESSAGE_TIMER); i++)
		write_msr(HV_X64_MSR_STIMER0_CONFIG + 2 * i, timer_config(i));
}

static void act(struct soak_cpu *c)
{
	static void (*const acts[])(struct soak_cpu *) = {
		send_ipi, send_ipi, send_to_others, send_nmi, post, signal, arm_timer, arm_timer, sleep,
		exchange_page, look_at_page, look_at_page, look_at_page, probe
	};

	acts[next_random(c) % RT_COUNT(acts)](c);
}

static bool is_quiet(struct soak_cpu *c)
{
	const u32 me = rt_index();

	for (u32 n = 0; n < rt_cpu_count; n++)
		if (is_set(&c->out[n]) || is_set(&cpus[n].nmi_out) || is_set(&c->event_out[n]) ||
			__atomic_load_n(&cpus[n].received[me], __ATOMIC_ACQUIRE) != c->posted[n])
			return false;
	return !any_timer_runs(c);
}

/* Take what is still on its way: all of this processor's own, then what others have sent to it. */
static void settle(struct soak_cpu *c)
{
	const u64 give_up = reference_time() + PATIENCE;
	bool quiet = false;

	while (__atomic_load_n(&finished, __ATOMIC_ACQUIRE) < rt_cpu_count) {
		if (!quiet && is_quiet(c)) {
			quiet = true;
			__atomic_fetch_add(&finished, 1, __ATOMIC_ACQ_REL);
		}
		if (reference_time() > give_up) {
			c->lost_patience++;
			return;
		}
		__asm__ volatile("pause");
	}
}

static void soak_one(void *unused)
{
	struct soak_cpu *c = self();

	(void)unused;
	set_up(c);
	__atomic_fetch_add(&ready, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&ready, __ATOMIC_ACQUIRE) < rt_cpu_count)
		__asm__ volatile("pause");
	__asm__ volatile("sti" : : : "memory");
	while (reference_time() < soak_end)
		act(c);
	settle(c);
	__asm__ volatile("cli" : : : "memory");
	rt_takes_nmi = false;
}

/* ---- all of them ---- */

static void prepare(u32 seconds, u32 seed)
{
	memset(cpus, 0, sizeof(cpus));
	for (u32 i = 0; i < WINDOW_PAGES; i++)
		pages[i][0] = i;
	for (u32 n = 0; n < rt_cpu_count; n++) {
		cpus[n].random = (seed + n) * 2654435761u | 1;
		windows[n] = rt_window(n, RT_GPA(pages[0]));
	}
	by_timers = offered_all(HV_PRIVILEGE_ACCESS_SYNTHETIC_TIMER_REGS, HV_FEATURE_DIRECT_SYNTHETIC_TIMERS);
	by_messages = by_timers && offered_all(HV_PRIVILEGE_ACCESS_SYNIC_REGS, 0);
	by_ports = by_messages && offered_all(HV_PRIVILEGE_POST_MESSAGES | HV_PRIVILEGE_SIGNAL_EVENTS, 0);
	by_ipi_call = offer.leaf[4].eax & HV_HINT_USE_SYNTHETIC_CLUSTER_IPI;
	ready = finished = 0;
	soak_end = reference_time() + (u64)seconds * UNITS_PER_SECOND;
}

static void traffic(void)
{
	const char *seed = rt_option_value("seed");

	EXPECT(call_enable(), "no hypercall page");
	EXPECT_EQ(rt_cpus_start(), rt_cpu_count, "processors that started");
	prepare(rt_parse(rt_option_value("soak")), seed ? rt_parse(seed) : 1);
	for (unsigned n = 1; n < rt_cpu_count; n++)
		rt_ask(n, soak_one, NULL);
	soak_one(NULL);
	for (unsigned n = 1; n < rt_cpu_count; n++)
		EXPECT_EQ(rt_answer(n), FAULT_NONE, "what ended it there");
	for (unsigned n = 0; n < rt_cpu_count; n++)
		EXPECT(!cpus[n].lost_patience, "processor %u waits in vain for what was sent", n);
	rt_cpus_stop();
	call_disable();
}

/* What each has sent to each, and what each has taken from each: rows of struct soak_cpu. */
static void pairs_balance(const char *what, size_t sent, size_t taken)
{
	u32 sum = 0;

	for (unsigned n = 0; n < rt_cpu_count; n++)
		for (unsigned m = 0; m < rt_cpu_count; m++) {
			const u32 out = ((const u32 *)((const u8 *)&cpus[n] + sent))[m];
			const u32 in = ((const u32 *)((const u8 *)&cpus[m] + taken))[n];

			EXPECT(out == in, "from %u to %u: %u sent, %u arrived", n, m, out, in);
			sum += out;
		}
	rt_printf("soak: %u %s\n", sum, what);
	EXPECT(sum > 0, "none was sent");
}

static void ipis_balance(void)
{
	pairs_balance("IPIs", offsetof(struct soak_cpu, sent), offsetof(struct soak_cpu, taken));
}

static void messages_balance(void)
{
	u32 full = 0;

	if (!by_ports) {
		test_skip("not offered");
		return;
	}
	pairs_balance("messages", offsetof(struct soak_cpu, posted), offsetof(struct soak_cpu, received));
	for (unsigned n = 0; n < rt_cpu_count; n++) {
		full += cpus[n].full;
		EXPECT(!cpus[n].disordered, "%u came out of order to %u", cpus[n].disordered, n);
	}
	rt_printf("soak: %u times no buffer was free\n", full);
}

static void events_balance(void)
{
	if (!by_ports) {
		test_skip("not offered");
		return;
	}
	pairs_balance("events", offsetof(struct soak_cpu, signalled), offsetof(struct soak_cpu, noticed));
}

static void nmis_balance(void)
{
	u32 sent = 0, taken = 0;

	for (unsigned n = 0; n < rt_cpu_count; n++) {
		sent += cpus[n].nmis_sent;
		taken += cpus[n].nmis_taken;
	}
	rt_printf("soak: %u NMIs\n", sent);
	EXPECT(sent > 0 && sent == taken, "%u sent, %u arrived", sent, taken);
}

static void timers_balance(void)
{
	for (unsigned t = 0; t < TIMERS; t++) {
		u32 armed = 0, fired = 0;

		for (unsigned n = 0; n < rt_cpu_count; n++) {
			armed += cpus[n].armed[t];
			fired += cpus[n].fired[t];
			EXPECT(!cpus[n].early, "%u came early on %u", cpus[n].early, n);
		}
		rt_printf("soak: timer %u: %u\n", t, armed);
		EXPECT(armed == fired, "timer %u: %u armed, %u fired", t, armed, fired);
	}
}

static void flushes_reach_all(void)
{
	u32 flushes = 0, looks = 0;

	for (unsigned n = 0; n < rt_cpu_count; n++) {
		flushes += cpus[n].flushes;
		looks += cpus[n].looks;
		EXPECT(!cpus[n].stale, "%u saw %u pages that were gone", n, cpus[n].stale);
	}
	rt_printf("soak: %u flushes, %u looks\n", flushes, looks);
	EXPECT(flushes > 0 && looks > 0, "none was made");
}

static void probes_are_refused(void)
{
	u32 sum = 0;

	for (unsigned n = 0; n < rt_cpu_count; n++) {
		sum += cpus[n].probes;
		EXPECT(!cpus[n].let_through, "%u of %u were not", cpus[n].let_through, cpus[n].probes);
	}
	rt_printf("soak: %u probes\n", sum);
	EXPECT(sum > 0, "none was made");
}

/* For comparison with what the hypervisor has counted. */
static void tell_counts(void)
{
	u32 calls = 0, halts = 0, refusals = 0, interrupts = 0, nmis = 0;

	for (unsigned n = 0; n < rt_cpu_count; n++) {
		calls += cpus[n].calls;
		halts += cpus[n].halts;
		refusals += cpus[n].refusals;
		nmis += cpus[n].nmis_taken;
		for (unsigned vector = 32; vector < RT_COUNT(rt_cpus[n].interrupts); vector++)
			interrupts += rt_cpus[n].interrupts[vector];
	}
	rt_printf("soak: counted %u calls, %u halts, %u refusals, %u interrupts, %u NMIs\n", calls,
		halts, refusals, interrupts, nmis);
	EXPECT(calls > 0 && halts > 0 && interrupts > 0, "nothing happened");
}

void soak(void)
{
	static const struct test tests[] = {
		{ "traffic", traffic },
		{ "ipis-balance", ipis_balance },
		{ "nmis-balance", nmis_balance },
		{ "messages-balance", messages_balance },
		{ "events-balance", events_balance },
		{ "timers-balance", timers_balance },
		{ "flushes-reach-all", flushes_reach_all },
		{ "probes-are-refused", probes_are_refused },
		{ "counts", tell_counts },
	};

	test_run("soak", tests, RT_COUNT(tests));
}
