/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Single steps, debug registers and shadows, above all where an instruction leaves the guest. */
#include "apic.h"
#include "control.h"

#define CR4_DE (1u << 3)
#define CR4_OSXSAVE (1u << 18)
#define CPUID_XSAVE (1u << 26)
#define DR6_HIT 0xfu
#define FLAG_RF (1u << 16)
#define DR6_BD (1u << 13)
#define DR6_BS (1u << 14)
#define DR7_OFF 0x400u
#define DR7_GD (1u << 13)
#define DR7_L0 1u
#define DR7_WRITE (1u << 16)    /* of four bytes, at DR0 */
#define DR7_PORT (2u << 16)
#define DR7_FOUR (3u << 18)
#define PORT_KEYBOARD 0x64      /* its accesses leave the guest */
#define PORT_SYSTEM 0x92
#define VECTOR 0x51
#define APIC_PAGE 0xfee00000u

#define DEBUG_REGISTER(n)                                                         \
	static uintptr_t read_dr##n(void)                                         \
	{                                                                         \
		uintptr_t value;                                                  \
		__asm__ volatile("mov %%dr" #n ", %0" : "=r"(value));             \
		return value;                                                     \
	}                                                                         \
	static void write_dr##n(void *value)                                      \
	{                                                                         \
		__asm__ volatile("mov %0, %%dr" #n : : "r"(*(uintptr_t *)value)); \
	}
DEBUG_REGISTER(0)
DEBUG_REGISTER(6)
DEBUG_REGISTER(7)

static void set_dr6(uintptr_t value)
{
	write_dr6(&value);
}

static void set_dr7(uintptr_t value)
{
	write_dr7(&value);
}

static void set_dr0(const void *address)
{
	uintptr_t value = (uintptr_t)address;

	write_dr0(&value);
}

/* What a #DB leaves in DR6, and the register ready for the next. */
static u32 take_dr6(void)
{
	u32 value = (u32)read_dr6();

	set_dr6(0);
	return value & (DR6_HIT | DR6_BD | DR6_BS);
}

/* ---- single steps: POPF sets TF, and the trap comes behind the next instruction ---- */

static u32 step_a, step_c, step_d;

#define STEPPED(name, code)                                                                   \
	extern const u8 behind_##name[];                                                      \
	static void step_##name(void *unused)                                                 \
	{                                                                                     \
		u32 a = step_a, c = step_c, d = step_d;                                       \
                                                                                              \
		(void)unused;                                                                 \
		__asm__ volatile(PUSHF "; orl $0x100, (" SP "); " POPF "; " code "\n"         \
				 ".globl behind_" #name "\nbehind_" #name ": nop; nop"        \
				 : "+a"(a), "+c"(c), "+d"(d)                                  \
				 :                                                            \
				 : "ebx", "memory", "cc");                                    \
	}
STEPPED(nop, "nop")
STEPPED(cpuid, "cpuid")
STEPPED(prefixed_cpuid, ".byte 0x2e; cpuid")
STEPPED(rdmsr, "rdmsr")
STEPPED(wrmsr, "wrmsr")
STEPPED(in, "inb %%dx, %%al")
STEPPED(out, "outb %%al, %%dx")
STEPPED(load, "movl (%%edx), %%eax")
STEPPED(store, "movl %%eax, (%%edx)")
STEPPED(exchange, "xchgl %%eax, (%%edx)")
STEPPED(hlt, "hlt")
STEPPED(invd, "invd")
STEPPED(xsetbv, "xsetbv")
STEPPED(vmcall, "vmcall")
STEPPED(vmmcall, "vmmcall")
#ifdef __x86_64__
STEPPED(cr8, "mov %%rax, %%cr8")
#endif

/* One step that ends where it should, and nothing else seen in DR6. */
static void expect_step(const char *what, void (*run)(void *), const u8 *behind)
{
	u32 fault, dr6;

	set_dr6(0);
	fault = rt_try(run, NULL);
	dr6 = take_dr6();
	EXPECT(fault == FAULT_DB, "stepping over %s raised %u", what, fault);
	EXPECT(rt_fault.ip == (uintptr_t)behind, "%s: reported at 0x%llx, not 0x%llx", what,
		(u64)rt_fault.ip, RT_GPA(behind));
	EXPECT(dr6 == DR6_BS, "%s: DR6 has 0x%x", what, dr6);
}

#define EXPECT_STEP(name) expect_step(#name, step_##name, behind_##name)

static void steps(void)
{
	u64 base = 0;

	EXPECT_STEP(nop);
	step_a = 0;
	EXPECT_STEP(cpuid);
	EXPECT_STEP(prefixed_cpuid);
	step_c = MSR_APIC_BASE;
	EXPECT_STEP(rdmsr);
	rt_rdmsr(MSR_APIC_BASE, &base);
	step_a = (u32)base;
	step_d = (u32)(base >> 32);
	EXPECT_STEP(wrmsr);
	step_d = PORT_KEYBOARD;
	EXPECT_STEP(in);
	step_a = inb(PORT_SYSTEM);
	step_d = PORT_SYSTEM;
	EXPECT_STEP(out);
	EXPECT_STEP(invd);
}

/* The trap ends HLT, interrupts disabled or not. */
static void step_over_hlt(void)
{
	EXPECT_STEP(hlt);
}

static void step_over_xsetbv(void)
{
	uintptr_t cr4 = read_cr4();

	if (!(rt_cpuid(1, 0).ecx & CPUID_XSAVE)) {
		test_skip("no XSAVE");
		return;
	}
	write_cr4(cr4 | CR4_OSXSAVE);
	step_a = 1;
	step_c = step_d = 0;
	EXPECT_STEP(xsetbv);
	write_cr4(cr4);
}

/* Which of the two opcodes makes a hypercall here, the page tells. */
static bool page_has_vmmcall(void)
{
	for (unsigned i = 0; i < 64; i++)
		if (call_page[i] == 0x0f && call_page[i + 1] == 1)
			return call_page[i + 2] == 0xd9;
	return false;
}

static void step_over_hypercall(void)
{
	void (*run)(void *) = step_vmcall;
	const u8 *behind = behind_vmcall;

	if (!call_enable()) {
		test_skip("no hypercall page");
		return;
	}
	if (page_has_vmmcall()) {
		run = step_vmmcall;
		behind = behind_vmmcall;
	}
	step_a = step_c = step_d = 0;
	expect_step("a hypercall", run, behind);
}

#ifdef __x86_64__
static void step_over_cr8(void)
{
	step_a = 0;
	EXPECT_STEP(cr8);
}
#endif

/* One of its registers; some are the processor's own doing, with and without an exit. */
static void step_over_register(u32 offset, bool writes)
{
	step_a = step_d = 0;
	step_c = APIC_MSR(offset);
	if (apic_tested_mode == APIC_IN_MEMORY)
		step_d = APIC_PAGE + offset;
	if (apic_tested_mode == APIC_IN_MEMORY && writes)
		EXPECT_STEP(store);
	else if (apic_tested_mode == APIC_IN_MEMORY)
		EXPECT_STEP(load);
	else if (writes)
		EXPECT_STEP(wrmsr);
	else
		EXPECT_STEP(rdmsr);
}

static void step_over_apic(void)
{
	static const u16 written[] = { APIC_TPR, APIC_EOI, APIC_ESR, APIC_TIMER_INITIAL };
	static const u16 read[] = { APIC_VERSION, APIC_TPR, APIC_PPR, APIC_TIMER_CURRENT };

	for (unsigned i = 0; i < RT_COUNT(written); i++)
		step_over_register(written[i], true);
	for (unsigned i = 0; i < RT_COUNT(read); i++)
		step_over_register(read[i], false);
	if (apic_tested_mode != APIC_IN_MEMORY)
		return;
	step_a = 0;
	step_d = APIC_PAGE + APIC_TIMER_INITIAL;
	EXPECT_STEP(exchange);
}

/* An interrupt that the stepped instruction brings about: the trap comes first, neither is lost. */
static void trap_before_interrupt(void)
{
	if (!offered(hv_has_privilege_access_intr_ctrl_regs))
		return;
	rt_apic_enable();
	rt_interrupts[VECTOR] = 0;
	step_c = HV_X64_MSR_ICR;
	step_a = 0x40000 | VECTOR; /* to itself */
	step_d = 0;
	__asm__ volatile("sti");
	EXPECT_STEP(wrmsr);
	EXPECT_EQ(rt_interrupts[VECTOR], 0, "interrupts before the trap");
	__asm__ volatile("sti; nop; nop; cli");
	EXPECT_EQ(rt_interrupts[VECTOR], 1, "interrupts behind the trap");
	rt_apic_write(APIC_EOI, 0);
}

/* ---- breakpoints ---- */

static void store_register(void *address)
{
	*(volatile u32 *)address = 0;
}

static void load_register(void *address)
{
	(void)*(volatile u32 *)address;
}

static void store_string(void *address)
{
	u32 count = 2;

	__asm__ volatile("rep; stosl" : "+D"(address), "+c"(count) : "a"(0) : "memory");
}

/* Registers of the APIC in memory are watched like other memory. */
static void watched_apic(void)
{
	void *const tpr = (void *)(uintptr_t)(APIC_PAGE + APIC_TPR),
	     *const timer = (void *)(uintptr_t)(APIC_PAGE + APIC_TIMER_INITIAL);

	if (apic_tested_mode != APIC_IN_MEMORY)
		return;
	set_dr6(0);
	set_dr0(timer);
	set_dr7(DR7_OFF | DR7_L0 | DR7_WRITE | DR7_FOUR);
	EXPECT_EQ(rt_try(store_register, timer), FAULT_DB, "a write of what is watched");
	EXPECT_EQ(take_dr6(), 1, "DR6");
	EXPECT_EQ(rt_try(load_register, timer), FAULT_NONE, "a read where writes are watched");
	EXPECT_EQ(rt_try(store_register, tpr), FAULT_NONE, "a write of another register");
	EXPECT_EQ(rt_try(store_string, timer), FAULT_DB, "the first of two that are stored");
	EXPECT_EQ(take_dr6(), 1, "DR6");
	EXPECT_EQ(rt_fault.cx, 1, "CX");
	set_dr7(DR7_OFF | DR7_L0 | DR7_WRITE * 3 | DR7_FOUR);
	EXPECT_EQ(rt_try(load_register, timer), FAULT_DB, "a read where both are watched");
	EXPECT_EQ(take_dr6(), 1, "DR6");
	set_dr7(DR7_OFF);
	EXPECT_EQ(rt_try(store_register, timer), FAULT_NONE, "a write that is not watched");
}

extern const u8 break_at[], break_behind[];

static void run_to_breakpoint(void *unused)
{
	(void)unused;
	__asm__ volatile("xor %%eax, %%eax\n.globl break_at\nbreak_at: cpuid\n"
			 ".globl break_behind\nbreak_behind: nop"
			 :
			 :
			 : "eax", "ebx", "ecx", "edx");
}

static void code_breakpoint(void)
{
	set_dr0(break_at);
	set_dr7(DR7_OFF | DR7_L0);
	EXPECT_EQ(rt_try(run_to_breakpoint, NULL), FAULT_DB, "a breakpoint at CPUID");
	EXPECT_EQ(rt_fault.ip, (uintptr_t)break_at, "where it is reported");
	EXPECT_EQ(take_dr6(), 1, "DR6");
	set_dr0(break_behind);
	EXPECT_EQ(rt_try(run_to_breakpoint, NULL), FAULT_DB, "a breakpoint behind CPUID");
	EXPECT_EQ(rt_fault.ip, (uintptr_t)break_behind, "where it is reported");
	EXPECT_EQ(take_dr6(), 1, "DR6");
	set_dr7(DR7_OFF);
	EXPECT_EQ(rt_try(run_to_breakpoint, NULL), FAULT_NONE, "a breakpoint that is off");
}

static volatile u32 watched;

static void write_watched(void *unused)
{
	(void)unused;
	watched = 1;
	rt_cpuid(0, 0);
}

static void data_breakpoint(void)
{
	set_dr0((const void *)&watched);
	set_dr7(DR7_OFF | DR7_L0 | DR7_WRITE | DR7_FOUR);
	EXPECT_EQ(rt_try(write_watched, NULL), FAULT_DB, "a write of what is watched");
	EXPECT_EQ(take_dr6(), 1, "DR6");
	rt_cpuid(0, 0); /* leaves the guest, which keeps its registers */
	EXPECT_EQ(read_dr7(), DR7_OFF | DR7_L0 | DR7_WRITE | DR7_FOUR, "DR7 after an exit");
	EXPECT_EQ(read_dr0(), (uintptr_t)&watched, "DR0 after an exit");
	EXPECT_EQ(rt_try(write_watched, NULL), FAULT_DB, "a second one after an exit");
	take_dr6();
	set_dr7(DR7_OFF);
}

static void touch_port(void *port)
{
	inb((u16)(uintptr_t)port);
}

/* With CR4.DE, of a port that leaves the guest and of one that does not. */
static void port_breakpoint(void)
{
	static const u16 ports[] = { 0x80, PORT_KEYBOARD };
	uintptr_t cr4 = read_cr4();

	write_cr4(cr4 | CR4_DE);
	for (unsigned i = 0; i < RT_COUNT(ports); i++) {
		set_dr0((const void *)(uintptr_t)ports[i]);
		set_dr7(DR7_OFF | DR7_L0 | DR7_PORT);
		EXPECT(rt_try(touch_port, (void *)(uintptr_t)ports[i]) == FAULT_DB,
			"no trap of port 0x%x", ports[i]);
		EXPECT_EQ(take_dr6(), 1, "DR6");
		EXPECT_EQ(rt_try(touch_port, (void *)(uintptr_t)0x61), FAULT_NONE, "another port");
	}
	set_dr7(DR7_OFF);
	write_cr4(cr4);
}

/* Faults that the hypervisor raises push RF, and what it finishes leaves none behind. */
static void resume_flag(void)
{
	uintptr_t flags;

	EXPECT_EQ(rt_wrmsr(HV_X64_MSR_VP_INDEX, 0), FAULT_GP, "a write of VP_INDEX");
	EXPECT_EQ(rt_fault.flags & FLAG_RF, FLAG_RF, "RF of a refused WRMSR");
	set_dr6(0);
	EXPECT_STEP(cpuid);
	EXPECT_EQ(rt_fault.flags & FLAG_RF, 0, "RF of a step over CPUID");
	__asm__ volatile("xor %%eax, %%eax; cpuid; " PUSHF "; pop %0"
			 : "=r"(flags) : : "eax", "ebx", "ecx", "edx", "memory");
	EXPECT_EQ(flags & FLAG_RF, 0, "RF behind CPUID");
}

/* ---- access to the registers ---- */

static void general_detect(void)
{
	uintptr_t value = DR7_OFF;

	set_dr7(DR7_OFF | DR7_GD);
	EXPECT_EQ(rt_try(write_dr7, &value), FAULT_DB, "MOV to DR7 under general detect");
	EXPECT_EQ(take_dr6(), DR6_BD, "DR6");
	EXPECT_EQ(read_dr7(), DR7_OFF, "DR7 in the handler");
	EXPECT_EQ(rt_try(write_dr7, &value), FAULT_NONE, "MOV to DR7 without it");
}

static void write_dr5(void *value)
{
	__asm__ volatile("mov %0, %%dr5" : : "r"(*(uintptr_t *)value));
}

/* Four and five are others' names, unless CR4.DE takes them away. */
static void other_names(void)
{
	uintptr_t cr4 = read_cr4(), value = DR7_OFF | 0x155;

	EXPECT_EQ(rt_try(write_dr5, &value), FAULT_NONE, "MOV to DR5");
	EXPECT_EQ(read_dr7(), DR7_OFF | 0x155, "DR7 afterwards");
	set_dr7(DR7_OFF);
	write_cr4(cr4 | CR4_DE);
	EXPECT_EQ(rt_try(write_dr5, &value), FAULT_UD, "MOV to DR5 with CR4.DE");
	write_cr4(cr4);
	EXPECT_EQ(read_dr7(), DR7_OFF, "DR7 afterwards");
}

static void reserved_bits(void)
{
	set_dr7(DR7_OFF);
	set_dr6(0);
	EXPECT_EQ(read_dr6() & 0xffff0ff0, 0xffff0ff0, "the ones of DR6");
	set_dr6(0xffffffff);
	EXPECT_EQ(read_dr6() & 0x1000, 0, "the zero of DR6");
	set_dr6(0);
#ifdef __x86_64__
	{
		uintptr_t wide = 1ull << 32;

		EXPECT_EQ(rt_try(write_dr7, &wide), FAULT_GP, "the upper half of DR7");
		EXPECT_EQ(rt_try(write_dr6, &wide), FAULT_GP, "the upper half of DR6");
	}
#endif
}

/* ---- shadows ---- */

static u16 stack_selector;
extern const u8 pending_at[], pending_behind[];

/* What MOV SS reads is watched; its trap waits for the next instruction, which leaves the guest. */
static void load_watched_selector(void *unused)
{
	(void)unused;
	__asm__ volatile("mov %0, %%ss\n.globl pending_at, pending_behind\n"
			 "pending_at: cpuid\npending_behind: nop"
			 :
			 : "m"(stack_selector), "a"(0)
			 : "ebx", "ecx", "edx");
}

static void trap_held_by_mov_ss(void)
{
	__asm__ volatile("mov %%ss, %0" : "=m"(stack_selector));
	set_dr0(&stack_selector);
	set_dr7(DR7_OFF | DR7_L0 | 3u << 16 | 1u << 18); /* any access to two bytes */
	EXPECT_EQ(rt_try(load_watched_selector, NULL), FAULT_DB, "a watched selector");
	if (rt_fault.ip == (uintptr_t)pending_at)
		test_skip("this processor's MOV SS holds no trap back"); /* QEMU's */
	else
		EXPECT_EQ(rt_fault.ip, (uintptr_t)pending_behind, "where it is reported");
	EXPECT_EQ(take_dr6(), 1, "DR6");
	set_dr7(DR7_OFF);
}

/* ---- instructions that are exceptions ---- */

#define INSTRUCTION(name, code)                                                       \
	extern const u8 name##_behind[];                                              \
	static void name(void *unused)                                                \
	{                                                                             \
		(void)unused;                                                         \
		__asm__ volatile(code "\n.globl " #name "_behind\n" #name "_behind:"); \
	}
INSTRUCTION(try_int1, ".byte 0xf1")
INSTRUCTION(try_int3, "int3")
INSTRUCTION(try_int_3, ".byte 0xcd, 3")
INSTRUCTION(try_int_1, ".byte 0xcd, 1")

static void software_exceptions(void)
{
	static const struct {
		const char *name;
		void (*run)(void *);
		const u8 *behind;
		u32 vector;
	} all[] = {
		{ "INT1", try_int1, try_int1_behind, FAULT_DB },
		{ "INT3", try_int3, try_int3_behind, 3 },
		{ "INT 3", try_int_3, try_int_3_behind, 3 },
		{ "INT 1", try_int_1, try_int_1_behind, FAULT_DB },
	};

	set_dr6(0);
	for (unsigned i = 0; i < RT_COUNT(all); i++) {
		u32 fault = rt_try(all[i].run, NULL);

		if (all[i].run == try_int1 && fault == FAULT_UD)
			continue; /* QEMU 7.2 does not know it */
		EXPECT(fault == all[i].vector, "%s raised %u", all[i].name, fault);
		EXPECT(rt_fault.ip == (uintptr_t)all[i].behind, "%s: not reported behind it",
			all[i].name);
	}
	EXPECT_EQ(take_dr6(), 0, "DR6");
}

void suite_debug(void)
{
	static const struct test tests[] = {
		{ "steps", steps },
		{ "step-hlt", step_over_hlt },
		{ "step-xsetbv", step_over_xsetbv },
		{ "step-hypercall", step_over_hypercall },
#ifdef __x86_64__
		{ "step-cr8", step_over_cr8 },
#endif
		{ "trap-before-interrupt", trap_before_interrupt },
		{ "code-breakpoint", code_breakpoint },
		{ "data-breakpoint", data_breakpoint },
		{ "port-breakpoint", port_breakpoint },
		{ "resume-flag", resume_flag },
		{ "general-detect", general_detect },
		{ "dr5", other_names },
		{ "reserved-bits", reserved_bits },
		{ "mov-ss-trap", trap_held_by_mov_ss },
		{ "software-exceptions", software_exceptions },
	};
	static const struct test of_apic[] = {
		{ "step-apic", step_over_apic },
		{ "watched-apic", watched_apic },
	};

	test_run("debug", tests, RT_COUNT(tests));
	apic_test_run("debug", of_apic, RT_COUNT(of_apic));
}
