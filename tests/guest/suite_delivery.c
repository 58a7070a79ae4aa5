/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Events whose delivery leaves the guest half way, because the stack is on a page that the nested
 * tables do not map yet or do not let it write: what was under way is done again, or becomes what
 * the processor makes of two faults.
 */
#include "test.h"

#define ENABLE HV_X64_MSR_VP_ASSIST_PAGE_ENABLE
/* The last page below the extended BIOS data is memory that no map calls so: mapped when touched. */
#define STACK_PAGE 0x9f000u
#define STACK_TOP (STACK_PAGE + 0xbf0)
#define VECTOR 0x52
#define FAULT_NMI 2
#define FAULT_BP 3
#define FAULT_OF 4
#define FAULT_DF 8
#define FAULT_NP 11
#define APIC_EOI 0xb0
#define APIC_NMI 0x4400 /* to the processor with APIC id 0 */
#define TO_SELF 0x40000

#ifdef __x86_64__
#define SP "%%rsp"
#define BP "%%rbp"
#else
#define SP "%%esp"
#define BP "%%ebp"
#endif

/* Take the page's nested mapping away: it comes back when it is next touched. */
static bool unmap_stack(void)
{
	return rt_wrmsr(HV_X64_MSR_VP_ASSIST_PAGE, STACK_PAGE | ENABLE) == FAULT_NONE &&
		rt_wrmsr(HV_X64_MSR_VP_ASSIST_PAGE, 0) == FAULT_NONE;
}

static uintptr_t other_stack;

/*
 * The event on the other stack; it comes back by rt_try(), or is an interrupt that returns. The
 * registers that it needs are in place before the stack changes.
 */
#define ON_STACK(name, code)                                                         \
	extern const u8 name##_at[], name##_behind[];                                \
	static void name(void *argument)                                             \
	{                                                                            \
		__asm__ volatile("push " BP "; mov " SP ", " BP "; mov %1, " SP "\n" \
				 ".globl " #name "_at, " #name "_behind\n"           \
				 #name "_at: " code "\n" #name "_behind: nop\n"      \
				 "mov " BP ", " SP "; pop " BP                       \
				 :                                                   \
				 : "a"(argument), "b"(other_stack), "d"(0)           \
				 : "ecx", "memory", "cc");                           \
	}
ON_STACK(raise_int, "int $0x52")
ON_STACK(raise_int3, "int3")
ON_STACK(raise_int1, ".byte 0xf1")
ON_STACK(raise_ud, "ud2")
ON_STACK(raise_np, "mov %%ax, %%fs")
ON_STACK(raise_gp, "mov %%ax, %%fs")
#ifdef __x86_64__
ON_STACK(raise_pf, "movb (%%rax), %%cl")
#else
ON_STACK(raise_pf, "movb (%%eax), %%cl")
ON_STACK(raise_into, "mov $0x7f, %%cl; add $1, %%cl; into")
#endif
/* An MSR that raises an interrupt or NMI here, which comes on this stack. */
ON_STACK(raise_self, "mov $0x40000071, %%ecx; sti; wrmsr; nop; nop; cli")
ON_STACK(raise_nmi, "mov $0x40000071, %%ecx; wrmsr; nop; nop")

struct event {
	const char *name;
	void (*run)(void *);
	uintptr_t argument;
	const u8 *at;   /* the address that is to be reported */
	u32 vector;
	uintptr_t error;
};

/* A descriptor of data that is not present, in place of the 16-bit data of real mode. */
#define NOT_PRESENT SEL_DATA16
#define NO_DESCRIPTOR (RT_GDT_ENTRIES * 8)
/* One that 4 GiB mapped one to one do not reach, or that the test unmaps. */
#define UNMAPPED_SLOT 3

static const struct event exceptions[] = {
	{ "INT3", raise_int3, 0, raise_int3_behind, FAULT_BP, 0 },
	{ "UD2", raise_ud, 0, raise_ud_at, FAULT_UD, 0 },
	{ "#NP", raise_np, NOT_PRESENT, raise_np_at, FAULT_NP, NOT_PRESENT },
	{ "#GP", raise_gp, NO_DESCRIPTOR, raise_gp_at, FAULT_GP, NO_DESCRIPTOR },
#ifndef __x86_64__
	{ "INTO", raise_into, 0, raise_into_behind, FAULT_OF, 0 },
#endif
};

static void expect_event(const struct event *e)
{
	u32 fault;

	EXPECT(unmap_stack(), "the page cannot be unmapped");
	fault = rt_try(e->run, (void *)e->argument);
	EXPECT(fault == e->vector, "%s raised %u", e->name, fault);
	EXPECT(rt_fault.ip == (uintptr_t)e->at, "%s: reported at 0x%llx, not 0x%llx", e->name,
		(u64)rt_fault.ip, RT_GPA(e->at));
	EXPECT(rt_fault.error == e->error, "%s: error code 0x%llx", e->name, (u64)rt_fault.error);
}

/* Another stack, and a descriptor that is not present. False: the test is skipped. */
static bool prepare(u64 *descriptor)
{
	if (!offered(hv_has_privilege_access_intr_ctrl_regs))
		return false;
	other_stack = STACK_TOP;
	*descriptor = rt_self()->gdt[NOT_PRESENT / 8];
	rt_self()->gdt[NOT_PRESENT / 8] &= ~(1ull << 47);
	return true;
}

static void exceptions_on_a_new_page(void)
{
	static const struct event int1 = { "INT1", raise_int1, 0, raise_int1_behind, FAULT_DB, 0 };
	u64 descriptor;

	if (!prepare(&descriptor))
		return;
	for (unsigned i = 0; i < RT_COUNT(exceptions); i++)
		expect_event(&exceptions[i]);
	if (rt_try(raise_int1, NULL) != FAULT_UD) /* QEMU 7.2 does not know it */
		expect_event(&int1);
	rt_self()->gdt[NOT_PRESENT / 8] = descriptor;
}

static void page_fault_on_a_new_page(void)
{
	u8 *page = rt_window(UNMAPPED_SLOT, 0);
	const struct event e = { "#PF", raise_pf, (uintptr_t)page + 0x123, raise_pf_at, FAULT_PF,
		0 };
	u64 descriptor;

	if (!prepare(&descriptor))
		return;
	*rt_window_entry(UNMAPPED_SLOT) = 0;
	__asm__ volatile("invlpg %0" : : "m"(*page) : "memory");
	expect_event(&e);
	EXPECT_EQ(rt_fault.address, e.argument, "CR2");
	rt_self()->gdt[NOT_PRESENT / 8] = descriptor;
}

/* These return: each comes once, and behind it the program goes on. */
static void interrupts_on_a_new_page(void)
{
	u64 descriptor;

	if (!prepare(&descriptor))
		return;
	rt_apic_enable();
	for (unsigned i = 1; i <= 3; i++) {
		unmap_stack();
		rt_interrupts[VECTOR] = 0;
		EXPECT_EQ(rt_try(raise_int, NULL), FAULT_NONE, "fault of INT n");
		EXPECT_EQ(rt_interrupts[VECTOR], 1, "deliveries of INT n");
		EXPECT_EQ(rt_interrupted.ip, (uintptr_t)raise_int_behind, "where it returns to");
		unmap_stack();
		EXPECT_EQ(rt_try(raise_self, (void *)(TO_SELF | VECTOR)), FAULT_NONE,
			"fault of an interrupt");
		EXPECT_EQ(rt_interrupts[VECTOR], 2, "deliveries of an interrupt");
		rt_apic_write(APIC_EOI, 0);
	}
	rt_self()->gdt[NOT_PRESENT / 8] = descriptor;
}

/* The second is blocked by the first until its IRET, whatever happened to the delivery. */
static void nmis_on_a_new_page(void)
{
	u64 descriptor;

	if (!prepare(&descriptor))
		return;
	rt_takes_nmi = true;
	for (unsigned i = 1; i <= 3; i++) {
		unmap_stack();
		rt_interrupts[FAULT_NMI] = 0;
		EXPECT_EQ(rt_try(raise_nmi, (void *)APIC_NMI), FAULT_NONE,
			"fault of an NMI");
		EXPECT_EQ(rt_interrupts[FAULT_NMI], 1, "deliveries of an NMI");
	}
	rt_takes_nmi = false;
	rt_self()->gdt[NOT_PRESENT / 8] = descriptor;
}

#ifdef __x86_64__
/*
 * A stack that may not be written, for one vector, by its gate: the refusal comes on top of what
 * was under way (SDM table 6-5).
 */
struct gate { u16 low, selector; u8 stack, type; u16 middle; u32 high, zero; };
#define TSS_IST2 11 /* its index in words of 32 bits */

static struct gate *gate_of(u32 vector)
{
	struct __attribute__((packed)) { u16 limit; struct gate *base; } idtr;

	__asm__("sidt %0" : "=m"(idtr));
	return &idtr.base[vector];
}

static void expect_refusal(u32 vector, const struct event *e, u32 want)
{
	struct gate *gate = gate_of(vector);
	u32 fault;

	gate->stack = 2;
	fault = rt_try(e->run, (void *)e->argument);
	gate->stack = 0;
	EXPECT(fault == want, "%s on a stack that is refused raised %u", e->name, fault);
	EXPECT(rt_fault.error == 0, "%s: error code 0x%llx", e->name, (u64)rt_fault.error);
	EXPECT(want == FAULT_DF || rt_fault.ip == (uintptr_t)e->at, "%s: reported at 0x%llx",
		e->name, (u64)rt_fault.ip);
}

/* The hypercall page is not writable. */
static void refused_stacks(void)
{
	static const struct event interrupt = { "INT n", raise_int, 0, raise_int_at, 0, 0 },
		invalid = { "UD2", raise_ud, 0, raise_ud_at, 0, 0 },
		contributory = { "#NP", raise_np, NOT_PRESENT, raise_np_at, 0, 0 };
	uintptr_t top = (uintptr_t)call_page + RT_PAGE;
	u64 descriptor;

	if (!call_enable() || !prepare(&descriptor))
		return;
	memcpy(&rt_self()->tss[TSS_IST2], &top, sizeof(top));
	expect_refusal(VECTOR, &interrupt, FAULT_GP);
	expect_refusal(FAULT_UD, &invalid, FAULT_GP);
	expect_refusal(FAULT_NP, &contributory, FAULT_DF);
	rt_self()->gdt[NOT_PRESENT / 8] = descriptor;
}
#endif

void suite_delivery(void)
{
	static const struct test tests[] = {
		{ "exceptions", exceptions_on_a_new_page },
		{ "page-fault", page_fault_on_a_new_page },
		{ "interrupts", interrupts_on_a_new_page },
		{ "nmis", nmis_on_a_new_page },
#ifdef __x86_64__
		{ "refused-stacks", refused_stacks },
#endif
	};

	test_run("delivery", tests, RT_COUNT(tests));
}
