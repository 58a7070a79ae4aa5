/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Measures what exits and interrupts cost in TSC ticks: under an instruction counter the counts are
 * exact and repeat. 64-bit only. On the bare machine it measures the floor of both.
 */
#include "bench.h"

#include "control.h"

#define GUEST_ID 0x8100000000000001ull
#define SUCCESS 0x10
#define FAILURE 1
#define RECORD_PORT 0x505
#define APIC_BASE 0xfee00000u
#define APIC_ID 0x20
#define FLUSH_EX 256                     /* where in the page those of the Ex flushes are */
#define APIC_TPR 0x80
#define NEVER_HIGH "0x100000" /* upper half of a reference time that does not come */

static bool recorded;
bool bench_bare;
u32 bench_rounds = 100, bench_loops = 1000;
u8 bench_page[RT_PAGE] RT_PAGE_ALIGNED;
u8 bench_input[RT_PAGE] RT_PAGE_ALIGNED;

/*
 * Operands of a loop: what the registers hold when it starts, and again in every round for RAX and
 * RCX.
 */
struct operands { u64 rax, rcx, rdx, r8; };

/*
 * Every loop is alike but for the instruction in the middle, so that the empty one costs what the
 * others cost around it: the difference is the instruction alone.
 */
#define LOOP(name, instruction) \
	static __attribute__((noinline)) u64 name(const struct operands *o, const void *target) \
	{ \
		u64 start, rounds = bench_loops, dx = o->rdx; \
		register u64 r8 __asm__("r8") = o->r8; \
		register u64 r12 __asm__("r12") = o->rax; \
		register u64 r13 __asm__("r13") = o->rcx; \
		register const void *r14 __asm__("r14") = target; \
\
		start = rt_tsc(); \
		__asm__ volatile("1: mov %%r12, %%rax; mov %%r13, %%rcx; " \
				 BENCH_MARK_TEXT(BENCH_BEGIN) "; " instruction "; " \
				 BENCH_MARK_TEXT(BENCH_END) "; dec %[rounds]; jnz 1b" \
				 : [rounds] "+S"(rounds), "+d"(dx) \
				 : "r"(r8), "r"(r12), "r"(r13), "r"(r14) \
				 : "rax", "rbx", "rcx", "memory", "cc"); \
		return rt_tsc() - start; \
	}

LOOP(loop_empty, "")
LOOP(loop_cpuid, "cpuid")
LOOP(loop_rdmsr, "rdmsr")
LOOP(loop_wrmsr, "wrmsr")
LOOP(loop_arm, "xor %%edx, %%edx; wrmsr; inc %%ecx; mov $" NEVER_HIGH ", %%edx; wrmsr; dec %%ecx; "
	       "xor %%edx, %%edx; mov %%r8d, %%eax; wrmsr")
LOOP(loop_call, "call *%%r14")
LOOP(loop_read, "mov (%%r14), %%eax")
LOOP(loop_write, "mov %%eax, (%%r14)")

struct operation {
	const char *name;
	u64 (*loop)(const struct operands *, const void *target);
	struct operands operands;
};

static bool enable_page(void)
{
	return !rt_wrmsr(HV_X64_MSR_GUEST_OS_ID, GUEST_ID) &&
	       !rt_wrmsr(HV_X64_MSR_HYPERCALL, RT_GPA(bench_page) | HV_X64_MSR_HYPERCALL_ENABLE);
}

/* This address space, one page; a vector. */
void bench_fill_input(u64 processors)
{
	const uintptr_t cr3 = read_cr3();

	memcpy(bench_input, (u64[]){ cr3, 0, processors, RT_GPA(bench_page) }, 32);
	memcpy(bench_input + FLUSH_EX,
	       (u64[]){ cr3, 0, HV_VP_SET_FORMAT_SPARSE_4K, 1, processors, RT_GPA(bench_page) },
	       48);
	memcpy(bench_input + BENCH_IPI_EX,
	       (u64[]){ BENCH_VECTOR, HV_VP_SET_FORMAT_SPARSE_4K, 1, processors }, 32);
}

void bench_print(const char *name, u64 ticks, u64 loop)
{
	BENCH_MARK(BENCH_NAME);
	if (!recorded)
		rt_printf("bench: %s %llu %llu\n", name, ticks, loop);
}

static void measure(const struct operation *op, const void *target)
{
	u64 loop = loop_empty(&op->operands, target);
	u64 gross = op->loop(&op->operands, target);

	bench_print(op->name, rt_div(gross - loop, bench_loops, NULL),
		    rt_div(loop, bench_loops, NULL));
}

/* A call with its parameters at an offset of the page of them. */
#define BY_MEMORY(name, call, header, reps, offset) \
	{ name, loop_call, \
		{ 0, HV_CONTROL(call, 0, header, reps, 0), RT_GPA(bench_input) + (offset), 0 } }

static void measure_all(const struct operation *operations, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		measure(&operations[i], bench_page);
}

void bench_exits(void)
{
	const struct operation operations[] = {
		{ "cpuid", loop_cpuid, { HV_CPUID_FEATURES, 0, 0, 0 } },
		{ "null_hypercall", loop_call,
			{ 0, HV_CONTROL(HV_CALL_NOTIFY_LONG_SPIN_WAIT, 1, 0, 0, 0), 0, 0 } },
		BY_MEMORY("null_hypercall_memory", HV_CALL_NOTIFY_LONG_SPIN_WAIT, 0, 0, 0),
		{ "vp_index", loop_rdmsr, { 0, HV_X64_MSR_VP_INDEX, 0, 0 } },
		{ "reference_counter", loop_rdmsr, { 0, HV_X64_MSR_TIME_REF_COUNT, 0, 0 } },
		{ "eoi", loop_wrmsr, { 0, HV_X64_MSR_EOI, 0, 0 } },
		{ "tpr", loop_wrmsr, { 0, HV_X64_MSR_TPR, 0, 0 } },
		BY_MEMORY("flush_space", HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, 0, 0, 0),
		BY_MEMORY("flush_list", HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST, 0, 1, 0),
		BY_MEMORY("flush_space_ex", HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX, 1, 0, FLUSH_EX),
		BY_MEMORY("flush_list_ex", HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX, 1, 1, FLUSH_EX),
		{ "cluster_ipi_masked", loop_call,
			{ 0, HV_CONTROL(HV_CALL_SEND_SYNTHETIC_CLUSTER_IPI, 1, 0, 0, 0),
				BENCH_VECTOR, 1 } },
		BY_MEMORY("cluster_ipi_ex_masked", HV_CALL_SEND_SYNTHETIC_CLUSTER_IPI_EX, 1, 0,
			  BENCH_IPI_EX),
		{ "signal_event", loop_call,
			{ 0, HV_CONTROL(HV_CALL_SIGNAL_EVENT, 1, 0, 0, 0), HV_LOOP_BACK_EVENT, 0 } },
		{ "stimer_arm", loop_arm,
			{ 0, HV_X64_MSR_STIMER0_CONFIG, 0,
				HV_STIMER_CONFIG_ENABLE | HV_STIMER_CONFIG_DIRECT_MODE |
				(u64)BENCH_VECTOR << HV_STIMER_CONFIG_APIC_VECTOR_SHIFT } },
	};

	bench_fill_input(1);
	measure_all(operations, RT_COUNT(operations));
}

void bench_flush_all(void)
{
	const struct operation operations[] = {
		BY_MEMORY("flush_space_all", HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, 0, 0, 0),
		BY_MEMORY("flush_list_all", HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST, 0, 1, 0),
		BY_MEMORY("flush_space_ex_all", HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX, 1, 0, FLUSH_EX),
		BY_MEMORY("flush_list_ex_all", HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX, 1, 1, FLUSH_EX),
	};

	measure_all(operations, RT_COUNT(operations));
}

/* In memory, where no processor helps. */
static void registers(void)
{
	static const struct operation read = { "xapic_read", loop_read, { 0, 0, 0, 0 } },
				      write = { "xapic_write", loop_write, { 0, 0, 0, 0 } };
	const u8 *page = rt_window(0, APIC_BASE);

	measure(&read, page + APIC_ID);
	measure(&write, page + APIC_TPR);
}

static void with_one(void)
{
	registers();
	if (!bench_bare) {
		bench_exits();
		bench_self();
		bench_messages();
	}
	bench_timers();
	if (bench_bare)
		bench_floor();
}

/* Tells the emulator to begin its record, or to end it. */
static void switch_record(void)
{
	outb(RECORD_PORT, 1);
	__asm__ volatile("xchg %bx, %bx");
}

/* Of each operation's few rounds the last is looked at; what they take does not count. */
static void record(void (*operations)(void))
{
	recorded = true;
	bench_rounds = 2;
	bench_loops = 5;
	switch_record();
	operations();
	switch_record();
}

void guest_main(u32 magic, u32 info)
{
	struct hv_detected offer;
	const bool good = (rt_console_init(), rt_trap_init(0), rt_memory_init(magic, info));
	void (*operations)(void);

	if (!good)
		rt_exit(FAILURE);
	rt_machine_init();
	rt_pic_mask();
	rt_cpu_init();
	bench_bare = !hv_detect(&offer);
	if (!bench_bare && !enable_page())
		rt_exit(FAILURE);
	bench_print("entry_tsc", rt_boot_tsc, 0);
	bench_events_init();
	operations = rt_cpus_start() > 1 ? bench_other : with_one;
	if (rt_option("record"))
		record(operations);
	else
		operations();
	rt_exit(SUCCESS);
}
