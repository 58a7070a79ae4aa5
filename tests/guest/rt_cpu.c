/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The processors of the test guests: started by INIT and start-up IPI, given work, stopped. */
#include "rt.h"

#define ICR_ASSERT (1u << 14)
#define ICR_INIT (5u << 8 | ICR_ASSERT)
#define ICR_STARTUP (6u << 8 | ICR_ASSERT)
#define START_DELAY 36          /* ticks of the PM timer, 10 us: INIT needs no more for long */
#define PATIENCE (5 * 3579545u) /* ticks of it for an answer */
#define SPINS_PER_LOOK 200

enum rt_work { WORK_NONE, WORK_GIVEN, WORK_DONE };

struct __attribute__((packed)) madt { u8 header[36]; u32 apic, flags; };
struct __attribute__((packed)) madt_entry {
	u8 type, length;
	u8 processor, apic_id; /* of a local APIC */
	u32 flags;
};
#define MADT_LOCAL_APIC 0
#define MADT_ENABLED 1u

extern const u8 rt_start[], rt_start_end[];

struct rt_cpu rt_cpus[RT_CPUS];
unsigned rt_cpu_count = 1;
/* For the first instructions of a processor. */
u8 rt_cpu_by_apic_id[256];
u32 rt_stack_tops[RT_CPUS];

/* ---- how many there are ---- */

static void add_cpu(u32 apic_id)
{
	struct rt_cpu *cpu = &rt_cpus[rt_cpu_count];

	if (apic_id == rt_cpus[0].apic_id || rt_cpu_count == RT_CPUS)
		return;
	cpu->apic_id = apic_id;
	rt_cpu_by_apic_id[apic_id] = (u8)rt_cpu_count;
	rt_stack_tops[rt_cpu_count++] = (u32)(uintptr_t)(cpu->stack + sizeof(cpu->stack));
}

void rt_cpu_init(void)
{
	const struct madt *madt = rt_acpi_table("APIC");
	const u8 *at, *end;

	rt_cpus[0].apic_id = rt_cpuid(1, 0).ebx >> 24;
	rt_cpus[0].online = true;
	if (!madt)
		return;
	end = (const u8 *)madt + *(const u32 *)(madt->header + 4);
	for (at = (const u8 *)(madt + 1); at < end; at += ((const struct madt_entry *)at)->length) {
		const struct madt_entry *entry = (const struct madt_entry *)at;

		if (!entry->length)
			return;
		if (entry->type == MADT_LOCAL_APIC && entry->flags & MADT_ENABLED)
			add_cpu(entry->apic_id);
	}
}

/* ---- waiting ---- */

bool rt_wait_for(bool (*condition)(void *), void *argument)
{
	const u32 mask = 0xffffff;
	u32 last = inl(rt_pm_timer), passed = 0;

	while (!condition(argument)) {
		u32 now;

		if (passed > PATIENCE)
			return condition(argument);
		for (unsigned i = 0; i < SPINS_PER_LOOK && !condition(argument); i++)
			__asm__ volatile("pause");
		now = inl(rt_pm_timer);
		passed += (now - last) & mask;
		last = now;
	}
	return true;
}

static bool is_online(void *cpu)
{
	return __atomic_load_n(&((struct rt_cpu *)cpu)->online, __ATOMIC_ACQUIRE);
}

static bool has_done(void *cpu)
{
	return __atomic_load_n(&((struct rt_cpu *)cpu)->work, __ATOMIC_ACQUIRE) == WORK_DONE;
}

/* ---- starting and stopping ---- */

void rt_cpu_prepare(unsigned n)
{
	struct rt_cpu *cpu = &rt_cpus[n];

	rt_cpu_stop(n);
	memset(cpu, 0, offsetof(struct rt_cpu, apic_id));
	cpu->work = WORK_NONE;
}

bool rt_cpu_arrives(unsigned n)
{
	return rt_wait_for(is_online, &rt_cpus[n]);
}

bool rt_cpu_start(unsigned n)
{
	rt_cpu_prepare(n);
	memcpy((void *)RT_START_BASE, rt_start, (size_t)(rt_start_end - rt_start));
	rt_apic_send(ICR_STARTUP | RT_START_BASE >> 12, rt_cpus[n].apic_id);
	return rt_cpu_arrives(n);
}

unsigned rt_cpus_start(void)
{
	unsigned started = 1;

	for (unsigned n = 1; n < rt_cpu_count; n++)
		started += rt_cpu_start(n);
	return started;
}

void rt_cpu_stop(unsigned n)
{
	rt_apic_send(ICR_INIT, rt_cpus[n].apic_id);
	rt_pm_wait(START_DELAY);
	__atomic_store_n(&rt_cpus[n].online, false, __ATOMIC_RELEASE);
}

void rt_cpus_stop(void)
{
	for (unsigned n = 1; n < rt_cpu_count; n++)
		if (rt_cpus[n].online)
			rt_cpu_stop(n);
}

/* ---- work ---- */

/* Called on the processor's own stack, interrupts disabled. */
void rt_cpu_main(unsigned n)
{
	struct rt_cpu *cpu = &rt_cpus[n];

	rt_trap_init(n);
	__atomic_store_n(&cpu->online, true, __ATOMIC_RELEASE);
	for (;;) {
		while (__atomic_load_n(&cpu->work, __ATOMIC_ACQUIRE) != WORK_GIVEN)
			__asm__ volatile("pause");
		cpu->result = rt_try(cpu->function, cpu->argument);
		__asm__ volatile("cli");
		__atomic_store_n(&cpu->work, WORK_DONE, __ATOMIC_RELEASE);
	}
}

void rt_ask(unsigned n, void (*function)(void *), void *argument)
{
	struct rt_cpu *cpu = &rt_cpus[n];

	cpu->function = function;
	cpu->argument = argument;
	__atomic_store_n(&cpu->work, WORK_GIVEN, __ATOMIC_RELEASE);
}

u32 rt_answer(unsigned n)
{
	return rt_wait_for(has_done, &rt_cpus[n]) ? rt_cpus[n].result : RT_LOST;
}

u32 rt_run_on(unsigned n, void (*function)(void *), void *argument)
{
	if (n == rt_index())
		return rt_try(function, argument);
	rt_ask(n, function, argument);
	return rt_answer(n);
}
