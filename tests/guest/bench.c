/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Measures what exits cost in TSC ticks: under an instruction counter the counts are exact and
 * repeat. 64-bit only.
 */
#include "hv_tlfs.h"
#include "rt.h"

#define ROUNDS 1000
#define GUEST_ID 0x8100000000000001ull
#define SUCCESS 0x10
#define FAILURE 1

static u8 page[RT_PAGE] RT_PAGE_ALIGNED;
static u8 input[RT_PAGE] RT_PAGE_ALIGNED;

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
	static __attribute__((noinline)) u64 name(const struct operands *o) \
	{ \
		u64 start, rounds = ROUNDS, dx = o->rdx; \
		register u64 r8 __asm__("r8") = o->r8; \
		register u64 r12 __asm__("r12") = o->rax; \
		register u64 r13 __asm__("r13") = o->rcx; \
		register u8 *r14 __asm__("r14") = page; \
\
		start = rt_tsc(); \
		__asm__ volatile("1: mov %%r12, %%rax; mov %%r13, %%rcx; " instruction \
				 "; dec %[rounds]; jnz 1b" \
				 : [rounds] "+S"(rounds), "+d"(dx) \
				 : "r"(r8), "r"(r12), "r"(r13), "r"(r14) \
				 : "rax", "rbx", "rcx", "memory", "cc"); \
		return rt_tsc() - start; \
	}

LOOP(loop_empty, "")
LOOP(loop_cpuid, "cpuid")
LOOP(loop_rdmsr, "rdmsr")
LOOP(loop_wrmsr, "wrmsr")
LOOP(loop_call, "call *%%r14")

struct operation {
	const char *name;
	u64 (*loop)(const struct operands *);
	struct operands operands;
};

static bool enable_page(void)
{
	return !rt_wrmsr(HV_X64_MSR_GUEST_OS_ID, GUEST_ID) &&
		!rt_wrmsr(HV_X64_MSR_HYPERCALL, RT_GPA(page) | HV_X64_MSR_HYPERCALL_ENABLE);
}

/* Parameters of the flushes: this address space, this processor, one page. */
static void fill_input(void)
{
	uintptr_t cr3;

	__asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
	((u64 *)input)[0] = cr3;
	((u64 *)input)[2] = 1;
	((u64 *)input)[3] = RT_GPA(page);
}

/*
 * One line: `bench: NAME INSTRUCTIONS FLOOR`, both for one round; the instructions without the
 * floor.
 */
static void measure(const struct operation *op)
{
	u64 floor = loop_empty(&op->operands);
	u64 gross = op->loop(&op->operands);

	rt_printf("bench: %s %llu %llu\n", op->name, rt_div(gross - floor, ROUNDS, NULL),
		rt_div(floor, ROUNDS, NULL));
}

static void measure_all(void)
{
	const struct operation operations[] = {
		{ "cpuid", loop_cpuid, { HV_CPUID_FEATURES, 0, 0, 0 } },
		{ "null_hypercall", loop_call,
			{ 0, HV_CONTROL(HV_CALL_NOTIFY_LONG_SPIN_WAIT, 1, 0, 0, 0), 0, 0 } },
		{ "null_hypercall_memory", loop_call,
			{ 0, HV_CONTROL(HV_CALL_NOTIFY_LONG_SPIN_WAIT, 0, 0, 0, 0), RT_GPA(input),
				0 } },
		{ "vp_index", loop_rdmsr, { 0, HV_X64_MSR_VP_INDEX, 0, 0 } },
		{ "reference_counter", loop_rdmsr, { 0, HV_X64_MSR_TIME_REF_COUNT, 0, 0 } },
		{ "flush_space", loop_call,
			{ 0, HV_CONTROL(HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, 0, 0, 0, 0),
				RT_GPA(input), 0 } },
		{ "flush_list", loop_call,
			{ 0, HV_CONTROL(HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST, 0, 0, 1, 0),
				RT_GPA(input), 0 } },
		{ "eoi", loop_wrmsr, { 0, HV_X64_MSR_EOI, 0, 0 } },
		{ "tpr", loop_wrmsr, { 0, HV_X64_MSR_TPR, 0, 0 } },
	};

	for (unsigned i = 0; i < RT_COUNT(operations); i++)
		measure(&operations[i]);
}

void guest_main(u32 magic, u32 info)
{
	rt_console_init();
	rt_trap_init(0);
	if (!rt_memory_init(magic, info))
		rt_exit(FAILURE);
	rt_printf("bench: entry_tsc %llu 0\n", rt_boot_tsc);
	if (!enable_page()) {
		rt_printf("bench: no such hypervisor here\n");
		rt_exit(FAILURE);
	}
	fill_input();
	measure_all();
	rt_exit(SUCCESS);
}
