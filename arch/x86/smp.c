/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Starting the other processors, each once, before the root runs. From then on their INIT and
 * start-up IPIs are virtual.
 */
#include "alloc.h"
#include "apic.h"
#include "boot_info.h"
#include "cpu.h"
#include "idt.h"
#include "machine.h"
#include "paging.h"
#include "percpu.h"
#include "start.h"
#include "string.h"

#define LOWEST_PAGE 0x1000u     /* below are the BIOS' vectors and data */
#define LOW_MEMORY 0xa0000u
#define PATIENCE_SECONDS 5

extern const u8 smp_trampoline[], smp_trampoline_end[], smp_words[];

/* The words at the end of the trampoline, in its order. */
struct words {
	u16 _0, gdt_limit;
	u32 gdt, page, _1;
	u32 protected_offset;
	u16 protected_segment, _2;
	u32 long_offset;
	u16 long_segment, _3;
	u64 cr3, stack, argument, entry;
};

static void (*first)(void);     /* (c) before the first processor is started */

/* On the new processor's own stack. */
static _Noreturn void begin(struct cpu *cpu)
{
	cpu_write_cr3(paging_cr3());
	idt_load(cpu);
	start_control_registers();
	apic_init();
	first();
	__builtin_unreachable();
}

/* A page of RAM below 640 KiB, for the code that starts in real mode. 0: there is none. */
static u32 find_page(const struct boot_info *bi)
{
	for (u32 i = 0; i < bi->range_count; i++) {
		const struct boot_range *r = &bi->range[i];
		u64 end = ALIGN_DOWN(r->base + r->length, PAGE_SIZE);

		end = end < LOW_MEMORY ? end : LOW_MEMORY;
		if (r->type == BOOT_MEMORY_RAM && end > LOWEST_PAGE &&
		    end - PAGE_SIZE >= ALIGN_UP(r->base, PAGE_SIZE))
			return (u32)(end - PAGE_SIZE);
	}
	return 0;
}

/* Copy the trampoline to its page and say where everything is. */
static struct words *place(u32 page, u64 cr3)
{
	u8 *to = machine_ptr(HPA(page));
	struct words *w = (struct words *)(to + (smp_words - smp_trampoline));

	memcpy(to, smp_trampoline, (size_t)(smp_trampoline_end - smp_trampoline));
	w->gdt += page;
	w->page = page;
	w->protected_offset += page;
	w->long_offset += page;
	w->cr3 = cr3;
	w->entry = (u64)begin;
	return w;
}

static bool wait_for(const struct cpu *cpu, u64 tsc_hz)
{
	const u64 start = cpu_rdtsc();

	while (!__atomic_load_n(&cpu->online, __ATOMIC_ACQUIRE)) {
		if (cpu_rdtsc() - start > PATIENCE_SECONDS * tsc_hz)
			return false;
		cpu_pause();
	}
	return true;
}

static struct cpu *new_cpu(u32 apic_id)
{
	struct cpu *cpu = alloc_page();
	u8 *stack = alloc_pages(CPU_STACK_PAGES);

	if (!cpu || !stack)
		return NULL;
	cpu->apic_id = apic_id;
	cpu->stack_top = stack + CPU_STACK_PAGES * PAGE_SIZE;
	return cpu;
}

u32 machine_start_processors(const struct boot_info *bi, const u32 *apic_ids, u32 count,
			     u64 tsc_hz, void (*entry)(void))
{
	const u32 page = find_page(bi);
	const u64 cr3 = page ? paging_low_cr3(page) : 0;
	u8 *saved = alloc_page();
	u32 started = 0;

	if (!cr3 || !saved)
		return 0;
	memcpy(saved, machine_ptr(HPA(page)), PAGE_SIZE);
	first = entry;
	for (u32 i = 0; i < count; i++) {
		struct cpu *cpu = new_cpu(apic_ids[i]);
		struct words *w = place(page, cr3);

		if (!cpu)
			break;
		w->stack = (u64)cpu->stack_top;
		w->argument = (u64)cpu;
		apic_start_processor(apic_ids[i], (u8)(page >> PAGE_SHIFT), tsc_hz);
		if (wait_for(cpu, tsc_hz))
			started++;
		else /* it must not come late, when its page is no longer what it was */
			apic_stop_processor(apic_ids[i]);
	}
	memcpy(machine_ptr(HPA(page)), saved, PAGE_SIZE);
	free_page(saved);
	return started;
}

void machine_online(void)
{
	__atomic_store_n(&cpu_self()->online, true, __ATOMIC_RELEASE);
}
