/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Measures interrupts: from the instruction that asks for one to its handler and its end. */
#include "bench.h"

#define SELF (1u << 18)                  /* destination shorthands of the ICR */
#define EVERYBODY (2u << 18)
#define OTHER 2ull                       /* processors by bits */
#define ALL 3ull
#define SETTLE 1000
#define PATIENCE 1000000
#define APIC_EOI 0xb0
#define APIC_LVT_TIMER 0x320
#define APIC_TIMER_INITIAL 0x380
#define APIC_TIMER_DIVIDE 0x3e0
#define DIVIDE_BY_1 0xb
#define FAR 1000                         /* units of 100 ns until a timer is due */
#define BARE_FAR 100000                  /* ticks of the APIC timer, likewise */

volatile u32 bench_arrival, bench_arrivals;
void (*bench_end_interrupt)(void);

static u8 reference[RT_PAGE] RT_PAGE_ALIGNED;
static struct hv_message_page messages RT_PAGE_ALIGNED;
static struct hv_event_flags_page events RT_PAGE_ALIGNED;
static volatile bool stop_other, halt_other, other_ready;

static void write_msr(u32 number, u32 low, u32 high)
{
	__asm__ volatile("wrmsr" : : "c"(number), "a"(low), "d"(high) : "memory");
}

static void end_by_msr(void)
{
	write_msr(HV_X64_MSR_EOI, 0, 0);
}

static void end_by_register(void)
{
	rt_apic_write(APIC_EOI, 0);
}

/* The runtime's handlers do more than is to be measured. */
static void set_gate(void)
{
	struct __attribute__((packed)) { u16 limit; u64 base; } idtr;
	const u64 to = RT_GPA(bench_handler);
	u16 *gate;

	__asm__ volatile("sidt %0" : "=m"(idtr));
	gate = (u16 *)(uintptr_t)(idtr.base + 16 * BENCH_VECTOR);
	gate[0] = (u16)to;
	gate[1] = SEL_CODE;
	gate[2] = 0x8e00;
	gate[3] = (u16)(to >> 16);
	gate[4] = (u16)(to >> 32);
	gate[5] = (u16)(to >> 48);
}

static void open_interrupts(void)
{
	__asm__ volatile("sti" : : : "memory");
}

static void shut_interrupts(void)
{
	__asm__ volatile("cli" : : : "memory");
}

/* ---- from an instruction to the handler ---- */

/* Time for everybody to halt, or to spin again. */
static void settle(void)
{
	for (unsigned i = 0; i < SETTLE; i++)
		__asm__ volatile("pause");
}

static inline u32 begin_path(void)
{
	BENCH_MARK(BENCH_BEGIN);
	return (u32)rt_tsc();
}

/* The end of a path that is no interrupt's arrival. */
static inline u32 end_path(void)
{
	const u32 now = (u32)rt_tsc();

	BENCH_MARK(BENCH_END);
	return now;
}

static bool wait(u32 before, u32 arrivals)
{
	for (unsigned i = 0; i < PATIENCE; i++) {
		if (bench_arrivals - before >= arrivals)
			return true;
		__asm__ volatile("pause");
	}
	return false;
}

/* From what send() does, whose start it returns, to the last of so many arrivals. */
static void to_handlers(const char *name, u32 (*send)(void), u32 arrivals)
{
	u64 sum = 0;
	bool good = true;

	open_interrupts();
	for (unsigned i = 0; i < bench_rounds && good; i++) {
		const u32 before = bench_arrivals;
		u32 start;

		messages.slots[HV_LOOP_BACK_SOURCE_MESSAGE].header.type = 0;
		events.sints[HV_LOOP_BACK_SOURCE_EVENT].flags[0] = 0;
		settle();
		start = send();
		good = wait(before, arrivals);
		sum += bench_arrival - start;
	}
	shut_interrupts();
	if (good)
		bench_print(name, rt_div(sum, bench_rounds, NULL), 0);
}

static u64 call(u64 control, u64 first, u64 second)
{
	register u64 r8 __asm__("r8") = second;
	u64 result;

	__asm__ volatile("call *%[page]" : "=a"(result), "+c"(control), "+d"(first), "+r"(r8)
		: [page] "r"(bench_page) : "r9", "r10", "r11", "memory");
	return result;
}

/* ---- one's own ---- */

static u32 send_self(void)
{
	const u32 start = begin_path();

	write_msr(HV_X64_MSR_ICR, SELF | BENCH_VECTOR, 0);
	return start;
}

/* Until it is sent and waits. */
static u32 self_masked(void)
{
	u32 start;

	open_interrupts();
	__asm__ volatile("nop"); /* the one before arrives */
	shut_interrupts();
	start = send_self();
	return end_path() - start;
}

/* Until its handler has returned. */
static u32 self_done(void)
{
	const u32 start = send_self();

	return end_path() - start;
}

static void measure(const char *name, u32 (*path)(void))
{
	u64 sum = 0;

	open_interrupts();
	for (unsigned i = 0; i < bench_rounds; i++)
		sum += path();
	shut_interrupts();
	bench_print(name, rt_div(sum, bench_rounds, NULL), 0);
}

void bench_self(void)
{
	set_gate();
	bench_end_interrupt = end_by_msr;
	measure("self_ipi_masked", self_masked);
	to_handlers("self_ipi_delivered", send_self, 1);
	measure("self_ipi_done", self_done);
}

/* ---- the other processor ---- */

static void other(void *argument)
{
	(void)argument;
	if (!bench_bare)
		rt_wrmsr(HV_X64_MSR_GUEST_OS_ID, 0x8100000000000001ull);
	rt_apic_enable();
	open_interrupts();
	other_ready = true;
	while (!stop_other) {
		if (halt_other)
			__asm__ volatile("sti; hlt");
		else
			__asm__ volatile("pause");
	}
	shut_interrupts();
}

static u32 send_other(void)
{
	const u32 id = rt_cpus[1].apic_id, start = begin_path();

	if (bench_bare)
		rt_apic_send(BENCH_VECTOR, id);
	else
		write_msr(HV_X64_MSR_ICR, BENCH_VECTOR, id << 24);
	return start;
}

static u32 send_all(void)
{
	const u32 start = begin_path();

	if (bench_bare)
		rt_apic_send(EVERYBODY | BENCH_VECTOR, 0);
	else
		write_msr(HV_X64_MSR_ICR, EVERYBODY | BENCH_VECTOR, 0);
	return start;
}

static u32 cluster(u64 processors)
{
	const u32 start = begin_path();

	call(HV_CONTROL(HV_CALL_SEND_SYNTHETIC_CLUSTER_IPI, 1, 0, 0, 0), BENCH_VECTOR, processors);
	return start;
}

static u32 cluster_other(void)
{
	return cluster(OTHER);
}

static u32 cluster_all(void)
{
	return cluster(ALL);
}

static u32 cluster_ex(void)
{
	const u32 start = begin_path();

	call(HV_CONTROL(HV_CALL_SEND_SYNTHETIC_CLUSTER_IPI_EX, 0, 1, 0, 0),
	     RT_GPA(bench_input) + BENCH_IPI_EX, 0);
	return start;
}

static void by_calls(void)
{
	bench_fill_input(OTHER);
	to_handlers("cluster_ipi_to_other", cluster_other, 1);
	to_handlers("cluster_ipi_ex_to_other", cluster_ex, 1);
	bench_fill_input(ALL);
	to_handlers("cluster_ipi_to_all", cluster_all, 2);
	to_handlers("cluster_ipi_ex_to_all", cluster_ex, 2);
	bench_flush_all();
}

void bench_other(void)
{
	bench_end_interrupt = bench_bare ? end_by_register : end_by_msr;
	rt_ask(1, other, NULL);
	while (!other_ready)
		__asm__ volatile("pause");
	to_handlers("ipi_to_other", send_other, 1);
	to_handlers("ipi_to_all", send_all, 2);
	if (!bench_bare)
		by_calls();
	halt_other = true;
	to_handlers("ipi_to_halted", send_other, 1);
	stop_other = true;
	rt_apic_send(BENCH_VECTOR, rt_cpus[1].apic_id);
	rt_answer(1);
}

/* ---- timers ---- */

static u64 reference_of(u64 tsc)
{
	const volatile struct hv_reference_tsc_page *p = (void *)reference;

	return (u64)((unsigned __int128)tsc * p->scale >> 64) + (u64)p->offset;
}

/* The first TSC at which the reference counter has come to a count. */
static u64 tsc_of(u64 count)
{
	u64 low = rt_tsc(), high = low + (1 << 24);

	while (low < high) {
		const u64 middle = (low + high) / 2;

		if (reference_of(middle) < count)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* One that is due at once. */
static u32 arm_past(void)
{
	const u32 start = begin_path();

	if (bench_bare)
		rt_apic_write(APIC_TIMER_INITIAL, 1);
	else
		write_msr(HV_X64_MSR_STIMER0_COUNT, 1, 0);
	return start;
}

/* Arm a timer; returns the TSC at which it is due. */
static u64 arm(void)
{
	u64 count;

	if (bench_bare) {
		const u64 start = rt_tsc();

		rt_apic_write(APIC_TIMER_INITIAL, BARE_FAR);
		return start + BARE_FAR;
	}
	count = reference_of(rt_tsc()) + FAR;
	rt_wrmsr(HV_X64_MSR_STIMER0_COUNT, count);
	return tsc_of(count);
}

static void late(const char *name, bool halted)
{
	u64 sum = 0;

	for (unsigned i = 0; i < bench_rounds; i++) {
		const u32 before = bench_arrivals;
		const u32 due = (u32)arm();

		open_interrupts();
		while (bench_arrivals == before) {
			BENCH_MARK(BENCH_BEGIN);
			if (halted)
				__asm__ volatile("hlt");
		}
		shut_interrupts();
		sum += (u32)(bench_arrival - due);
	}
	bench_print(name, rt_div(sum & UINT32_MAX, bench_rounds, NULL), 0);
}

static bool prepare_timer(void)
{
	if (bench_bare) {
		rt_apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_1);
		rt_apic_write(APIC_LVT_TIMER, BENCH_VECTOR);
		return true;
	}
	return !rt_wrmsr(HV_X64_MSR_REFERENCE_TSC,
			 RT_GPA(reference) | HV_X64_MSR_REFERENCE_TSC_ENABLE) &&
	       !rt_wrmsr(HV_X64_MSR_STIMER0_CONFIG,
			 HV_STIMER_CONFIG_AUTO_ENABLE | HV_STIMER_CONFIG_DIRECT_MODE |
				 (u64)BENCH_VECTOR << HV_STIMER_CONFIG_APIC_VECTOR_SHIFT);
}

/* ---- messages and events ---- */

static u32 post(void)
{
	const u32 start = begin_path();

	call(HV_CONTROL(HV_CALL_POST_MESSAGE, 0, 0, 0, 0), RT_GPA(bench_input), 0);
	return start;
}

static u32 signal(void)
{
	const u32 start = begin_path();

	call(HV_CONTROL(HV_CALL_SIGNAL_EVENT, 1, 0, 0, 0), HV_LOOP_BACK_EVENT, 0);
	return start;
}

void bench_messages(void)
{
	static const struct hv_post_message_in input = {
		.connection = HV_LOOP_BACK_MESSAGE, .message_type = 1, .payload_size = 16
	};

	memcpy(bench_input, &input, sizeof(input));
	bench_end_interrupt = end_by_msr;
	to_handlers("post_to_handler", post, 1);
	to_handlers("signal_to_handler", signal, 1);
}

static void prepare_synic(void)
{
	rt_wrmsr(HV_X64_MSR_SIMP, RT_GPA(&messages) | HV_X64_MSR_SIMP_ENABLE);
	rt_wrmsr(HV_X64_MSR_SIEFP, RT_GPA(&events) | HV_X64_MSR_SIEFP_ENABLE);
	rt_wrmsr(HV_X64_MSR_SCONTROL, HV_X64_MSR_SCONTROL_ENABLE);
	rt_wrmsr(HV_X64_MSR_SINT0 + HV_LOOP_BACK_SOURCE_MESSAGE, BENCH_VECTOR);
	rt_wrmsr(HV_X64_MSR_SINT0 + HV_LOOP_BACK_SOURCE_EVENT, BENCH_VECTOR);
}

void bench_events_init(void)
{
	rt_apic_enable();
	set_gate();
	if (!bench_bare)
		prepare_synic();
}

void bench_timers(void)
{
	bench_end_interrupt = bench_bare ? end_by_register : end_by_msr;
	if (!prepare_timer())
		return;
	to_handlers("stimer_to_handler", arm_past, 1);
	late("timer_late_spinning", false);
	late("timer_late_halted", true);
}
