/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Measures interrupts: from the instruction that asks for one to its handler and its end. */
#include "bench.h"

#define ROUNDS 100
#define SELF (1u << 18)                  /* destination shorthand of the ICR */
#define APIC_EOI 0xb0
#define APIC_ICR_SELF SELF
#define APIC_LVT_TIMER 0x320
#define APIC_TIMER_INITIAL 0x380
#define APIC_TIMER_DIVIDE 0x3e0
#define DIVIDE_BY_1 0xb
#define FAR 5000                         /* units of 100 ns until a timer is due */
#define BARE_FAR 500000                  /* ticks of the APIC timer, likewise */

volatile u32 bench_arrival, bench_arrivals;
void (*bench_end_interrupt)(void);

static u8 reference[RT_PAGE] RT_PAGE_ALIGNED;
static struct hv_message_page messages RT_PAGE_ALIGNED;
static struct hv_event_flags_page events RT_PAGE_ALIGNED;
static bool bare;
static volatile bool stop_other, halt_other, other_ready;

static void end_by_msr(void)
{
	__asm__ volatile("wrmsr" : : "c"(HV_X64_MSR_EOI), "a"(0), "d"(0) : "memory");
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

/* ---- one's own ---- */

static inline u32 send_self(void)
{
	u32 start = (u32)rt_tsc();

	__asm__ volatile("wrmsr" : : "c"(HV_X64_MSR_ICR), "a"(SELF | BENCH_VECTOR), "d"(0) : "memory");
	return start;
}

void bench_self(void)
{
	u64 masked = 0, delivered = 0, done = 0;

	set_gate();
	bench_end_interrupt = end_by_msr;
	for (unsigned i = 0; i < ROUNDS; i++) {
		shut_interrupts();
		masked -= send_self();
		masked += (u32)rt_tsc();
		open_interrupts();
		__asm__ volatile("nop");
		delivered -= send_self();
		delivered += bench_arrival;
		done -= send_self();
		done += (u32)rt_tsc();
	}
	shut_interrupts();
	bench_print("self_ipi_masked", rt_div(masked & UINT32_MAX, ROUNDS, NULL), 0);
	bench_print("self_ipi_delivered", rt_div(delivered & UINT32_MAX, ROUNDS, NULL), 0);
	bench_print("self_ipi_done", rt_div(done & UINT32_MAX, ROUNDS, NULL), 0);
}

/* ---- the other processor ---- */

static void other(void *argument)
{
	(void)argument;
	if (!bare)
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

static void wait(u32 arrivals)
{
	while (bench_arrivals == arrivals)
		__asm__ volatile("pause");
}

/* Time for the other one to halt, or to spin again. */
static void settle(void)
{
	for (unsigned i = 0; i < 1000; i++)
		__asm__ volatile("pause");
}

static void send_other(const char *name)
{
	const u32 id = rt_cpus[1].apic_id;
	u64 sum = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		const u32 before = bench_arrivals;
		u32 start;

		settle();
		start = (u32)rt_tsc();
		if (bare)
			rt_apic_send(BENCH_VECTOR, id);
		else
			__asm__ volatile("wrmsr" : : "c"(HV_X64_MSR_ICR), "a"(BENCH_VECTOR),
				"d"(id << 24) : "memory");
		wait(before);
		sum += bench_arrival - start;
	}
	bench_print(name, rt_div(sum, ROUNDS, NULL), 0);
}

static void with_other(void)
{
	if (rt_cpus_start() < 2)
		return;
	bench_end_interrupt = bare ? end_by_register : end_by_msr;
	rt_ask(1, other, NULL);
	while (!other_ready)
		__asm__ volatile("pause");
	send_other("ipi_to_other");
	if (!bare)
		bench_flush_all();
	halt_other = true;
	send_other("ipi_to_halted");
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

/* Arm a timer; returns the TSC at which it is due. */
static u64 arm(void)
{
	u64 count;

	if (bare) {
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

	for (unsigned i = 0; i < ROUNDS; i++) {
		const u32 before = bench_arrivals;
		const u32 due = (u32)arm();

		open_interrupts();
		while (bench_arrivals == before) {
			if (halted)
				__asm__ volatile("hlt");
		}
		shut_interrupts();
		sum += (u32)(bench_arrival - due);
	}
	bench_print(name, rt_div(sum & UINT32_MAX, ROUNDS, NULL), 0);
}

static bool prepare_timer(void)
{
	if (bare) {
		rt_apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_1);
		rt_apic_write(APIC_LVT_TIMER, BENCH_VECTOR);
		return true;
	}
	return !rt_wrmsr(HV_X64_MSR_REFERENCE_TSC, RT_GPA(reference) | HV_X64_MSR_REFERENCE_TSC_ENABLE) &&
	       !rt_wrmsr(HV_X64_MSR_STIMER0_CONFIG,
			 HV_STIMER_CONFIG_AUTO_ENABLE | HV_STIMER_CONFIG_DIRECT_MODE |
				 (u64)BENCH_VECTOR << HV_STIMER_CONFIG_APIC_VECTOR_SHIFT);
}

/* ---- messages and events ---- */

static u64 call_fast(u64 control, u64 first, u64 second)
{
	register u64 r8 __asm__("r8") = second;
	u64 result;

	__asm__ volatile("call *%[page]" : "=a"(result), "+c"(control), "+d"(first), "+r"(r8)
		: [page] "r"(bench_page) : "r9", "r10", "r11", "memory");
	return result;
}

static u32 post(void)
{
	const u32 start = (u32)rt_tsc();

	call_fast(HV_CONTROL(HV_CALL_POST_MESSAGE, 0, 0, 0, 0), RT_GPA(bench_input), 0);
	return start;
}

static u32 signal(void)
{
	const u32 start = (u32)rt_tsc();

	call_fast(HV_CONTROL(HV_CALL_SIGNAL_EVENT, 1, 0, 0, 0), HV_LOOP_BACK_EVENT, 0);
	return start;
}

static void to_handler(const char *name, u32 (*send)(void))
{
	u64 sum = 0;
	u32 missed = 0;

	open_interrupts();
	for (unsigned i = 0; i < ROUNDS; i++) {
		const u32 before = bench_arrivals;

		sum -= send();
		missed += bench_arrivals == before;
		sum += bench_arrival;
		messages.slots[HV_LOOP_BACK_SOURCE_MESSAGE].header.type = 0;
		memset(&events, 0, sizeof(events));
	}
	shut_interrupts();
	if (!missed)
		bench_print(name, rt_div(sum & UINT32_MAX, ROUNDS, NULL), 0);
}

void bench_messages(void)
{
	static const struct hv_post_message_in input = {
		.connection = HV_LOOP_BACK_MESSAGE, .message_type = 1, .payload_size = 16
	};

	memcpy(bench_input, &input, sizeof(input));
	bench_end_interrupt = end_by_msr;
	to_handler("post_to_handler", post);
	to_handler("signal_to_handler", signal);
}

static void prepare_synic(void)
{
	rt_wrmsr(HV_X64_MSR_SIMP, RT_GPA(&messages) | HV_X64_MSR_SIMP_ENABLE);
	rt_wrmsr(HV_X64_MSR_SIEFP, RT_GPA(&events) | HV_X64_MSR_SIEFP_ENABLE);
	rt_wrmsr(HV_X64_MSR_SCONTROL, HV_X64_MSR_SCONTROL_ENABLE);
	rt_wrmsr(HV_X64_MSR_SINT0 + HV_LOOP_BACK_SOURCE_MESSAGE, BENCH_VECTOR);
	rt_wrmsr(HV_X64_MSR_SINT0 + HV_LOOP_BACK_SOURCE_EVENT, BENCH_VECTOR);
}

void bench_events_init(bool on_bare)
{
	bare = on_bare;
	rt_apic_enable();
	set_gate();
	if (!bare)
		prepare_synic();
}

void bench_events(void)
{
	bench_end_interrupt = bare ? end_by_register : end_by_msr;
	if (prepare_timer()) {
		late("timer_late_spinning", false);
		late("timer_late_halted", true);
	}
	with_other();
}
