/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Hardware task switches, which only 32-bit code makes; the VMX core carries them out itself. */
#include "control.h"
#include "test.h"

#ifdef __x86_64__

static void jump_far(void *selector)
{
	struct __attribute__((packed)) { u32 offset; u16 selector; } to = { 0, 0 };

	to.selector = (u16)(uintptr_t)selector;
	__asm__ volatile("ljmpl *%0" : : "m"(to));
}

static void undefined(void *unused)
{
	(void)unused;
	__asm__ volatile("ud2");
}

/* In 64-bit code a task segment is no place to go to, and no gate leads there. */
static void no_tasks(void)
{
	struct __attribute__((packed)) { u16 limit; u64 base; } idtr;
	u64 *gate, before;

	EXPECT_EQ(rt_try(jump_far, (void *)SEL_TSS), FAULT_GP, "a jump to a task segment");
	EXPECT_EQ(rt_fault.error, SEL_TSS, "its error code");
	__asm__ volatile("sidt %0" : "=m"(idtr));
	gate = (u64 *)(uintptr_t)idtr.base + 2 * FAULT_UD;
	before = gate[0];
	gate[0] = (u64)SEL_TSS << 16 | 0x85ull << 40;
	EXPECT_EQ(rt_try(undefined, NULL), FAULT_GP, "a task gate");
	gate[0] = before;
	EXPECT((rt_fault.error & ~1ull) == FAULT_UD * 8 + 2 ||
		       rt_fault.error == FAULT_UD * 16 + 2, /* QEMU's processor */
		"its error code is 0x%x", (u32)rt_fault.error);
}

void suite_tasks(void)
{
	static const struct test tests[] = { { "none", no_tasks } };

	test_run("tasks", tests, RT_COUNT(tests));
}

#else

#define SEL_TASK SEL_FREE
#define SEL_GATE (SEL_FREE + 0x08)
#define SEL_LDT (SEL_FREE + 0x10)
#define SEL_NARROW_TASK (SEL_FREE + 0x18)
#define SEL_SPARE (SEL_FREE + 0x20)
#define SEL_HANDLER (SEL_FREE + 0x28)
#define SEL_NONE (RT_GDT_ENTRIES * 8)
#define FAULT_TS 10
#define TSS_AVAILABLE 0x89u
#define TSS_BUSY 0x8bu
#define TSS_NARROW 0x81u
#define FLAG_TF (1u << 8)
#define FLAG_NT (1u << 14)
#define FLAG_RF (1u << 16)
#define FLAG_VM (1u << 17)
#define FLAGS_STATUS 0x8d5u
#define CR0_TS 8u
#define DR6_BS (1u << 14)
#define DR6_BT (1u << 15)
#define DR7_L0_G1 (0x400u | 1u | 8u)
#define DR7_G1 (0x400u | 8u)
#define VECTOR_TASK 0x52
#define APIC_EOI 0xb0
#define WINDOW 2
#define ENTRY_PRESENT 1u
#define CANARY 0x5a5a5a5au

struct tss {
	u32 link, esp0, ss0, stacks[4], cr3, eip, eflags, gpr[8], segment[6], ldt;
	u16 trap, ports;
};
enum { ES, CS, SS, DS, FS, GS };

static struct tss task RT_PAGE_ALIGNED; /* and so at the beginning of a window */
static u8 task_stack[4096] __attribute__((aligned(16)));

/* What the task found when it began, and what it is to do. */
struct seen { u32 flags, gpr[8], tr, cr3, cr0, ds, fs, ldt; };
struct seen task_seen;
u32 task_runs, task_jumps_back, task_pops;
void (*task_function)(void);
extern const u8 task_begin[], task_called[];

__asm__(".pushsection .text\n.globl task_begin\n"
	"task_begin:\n"
	"movl %eax, task_seen + 4; movl %ecx, task_seen + 8; movl %edx, task_seen + 12\n"
	"movl %ebx, task_seen + 16; movl %esp, task_seen + 20; movl %ebp, task_seen + 24\n"
	"movl %esi, task_seen + 28; movl %edi, task_seen + 32\n"
	"pushfl; popl task_seen\n"
	"xor %eax, %eax; str %ax; movl %eax, task_seen + 36\n"
	"mov %cr3, %eax; movl %eax, task_seen + 40\n"
	"mov %cr0, %eax; movl %eax, task_seen + 44\n"
	"xor %eax, %eax; mov %ds, %ax; movl %eax, task_seen + 48\n"
	"mov %fs, %ax; movl %eax, task_seen + 52\n"
	"sldt %ax; movl %eax, task_seen + 56\n"
	"clts; incl task_runs; mov task_function, %eax; test %eax, %eax; jz 1f; call *%eax\n"
	"1: addl task_pops, %esp; cmpl $0, task_jumps_back; jne 2f\n"
	"iret; jmp task_begin\n"
	"2: ljmp $0x40, $0; jmp task_begin\n" /* SEL_TSS */
	".popsection");

static struct tss *own(void)
{
	return (struct tss *)rt_self()->tss;
}

static u64 descriptor_of(uintptr_t base, u32 limit, u32 access)
{
	return (limit & 0xffff) | (u64)(base & 0xffffff) << 16 | (u64)access << 40 |
	       (u64)(limit >> 16 & 15) << 48 | (u64)(base >> 24) << 56;
}

static void describe(u32 selector, u64 descriptor)
{
	rt_self()->gdt[selector / 8] = descriptor;
}

static u32 access_of(u32 selector)
{
	return (u32)(rt_self()->gdt[selector / 8] >> 40 & 0xff);
}

/* A task that could run, and its own one that can be come back to. */
static void prepare(void)
{
	static const struct tss fresh = {
		.segment = { SEL_DATA, SEL_CODE, SEL_DATA, SEL_DATA, SEL_DATA, SEL_DATA },
		.gpr = { 1, 2, 3, 4, 0, 6, 7, 8 },
		.eflags = 2, .ss0 = SEL_DATA, .link = CANARY, .ports = sizeof(struct tss),
	};

	task = fresh;
	task.cr3 = own()->cr3 = read_cr3();
	task.eip = (u32)task_begin;
	task.gpr[RT_SP] = (u32)(task_stack + sizeof(task_stack));
	task.esp0 = (u32)(task_stack + 2048);
	describe(SEL_TASK, descriptor_of((uintptr_t)&task, sizeof(task) - 1, TSS_AVAILABLE));
	describe(SEL_GATE, (u64)SEL_TASK << 16 | 0x85ull << 40);
	task_runs = task_jumps_back = task_pops = 0;
	task_function = NULL;
}

/* Whatever task a fault has left this in: the own one again. */
static void recover(void)
{
	describe(SEL_TSS, descriptor_of((uintptr_t)own(), sizeof(struct tss) - 1, TSS_AVAILABLE));
	__asm__ volatile("ltr %w0; lldt %w1; clts\n"
			 "pushfl; andl $~0x4000, (%%esp); popfl"
			 : : "r"(SEL_TSS), "r"(0) : "memory", "cc");
}

static u32 task_register(void)
{
	u32 tr = 0;

	__asm__("str %w0" : "+r"(tr));
	return tr;
}

/* ---- ways to go there ---- */

u32 after[8], after_flags; /* the code below writes them by name */

/* With known registers; those that it comes back with go to after[]. */
#define SWITCH(name, code)                                                                  \
	extern const u8 name##_behind[];                                                    \
	static __attribute__((noinline)) void name(void *unused)                            \
	{                                                                                   \
		(void)unused;                                                               \
		__asm__ volatile("pushal; mov $0x11, %eax; mov $0x22, %ecx; mov $0x33, %edx\n" \
				 "mov $0x44, %ebx; mov $0x66, %ebp; mov $0x77, %esi\n"       \
				 "pushl $3; popfl; mov $0x88, %edi\n" code "\n.globl " #name "_behind\n"  \
				 #name "_behind:\n"                                          \
				 "mov %eax, after; mov %ecx, after + 4; mov %edx, after + 8\n" \
				 "mov %ebx, after + 12; mov %ebp, after + 20\n"              \
				 "mov %esi, after + 24; mov %edi, after + 28\n"              \
				 "pushfl; popl after_flags; popal");                         \
	}
SWITCH(by_call, "lcall $0x50, $0")
SWITCH(by_jump, "ljmp $0x50, $0")
SWITCH(by_gate, "lcall $0x58, $0")
SWITCH(by_narrow, "lcall $0x68, $0")
SWITCH(by_int, "int $0x52")
SWITCH(by_ud, "ud2")
_Static_assert(SEL_TASK == 0x50 && SEL_GATE == 0x58 && SEL_NARROW_TASK == 0x68, "in the code above");

static void expect_own_registers(const char *what)
{
	for (unsigned i = 0; i < 8; i++)
		EXPECT(i == RT_SP || after[i] == 0x11 * (i + 1), "%s: register %u came back as 0x%x",
			what, i, after[i]);
	EXPECT(after_flags & 1, "%s: CF came back clear", what);
	EXPECT(!(after_flags & FLAG_NT), "%s: NT came back set", what);
	EXPECT(task_register() == SEL_TSS, "%s: TR came back as 0x%x", what, task_register());
}

static void expect_saved(const char *what, const u8 *eip)
{
	const struct tss *t = own();

	EXPECT(t->eip == (u32)eip, "%s: EIP saved as 0x%x, not 0x%x", what, t->eip, (u32)eip);
	EXPECT((t->eflags & FLAGS_STATUS & 1) == 1, "%s: flags saved as 0x%x", what, t->eflags);
	for (unsigned i = 0; i < 8; i++)
		EXPECT(i == RT_SP || t->gpr[i] == 0x11 * (i + 1), "%s: register %u saved as 0x%x",
			what, i, t->gpr[i]);
	EXPECT(t->segment[CS] == SEL_CODE && t->segment[DS] == SEL_DATA, "%s: selectors saved", what);
}

/* ---- there and back ---- */

static u32 busy_there[2];

static void note_busy(void)
{
	busy_there[0] = access_of(SEL_TSS);
	busy_there[1] = access_of(SEL_TASK);
}

static void expect_task_state(const char *what)
{
	EXPECT(task_runs == 1, "%s: it ran %u times", what, task_runs);
	for (unsigned i = 0; i < 8; i++)
		EXPECT(i == RT_SP || task_seen.gpr[i] == i + 1, "%s: register %u was 0x%x there", what,
			i, task_seen.gpr[i]);
	EXPECT(task_seen.tr == SEL_TASK, "%s: TR was 0x%x there", what, task_seen.tr);
	EXPECT(task_seen.cr0 & CR0_TS, "%s: CR0.TS was clear there", what);
	EXPECT(task_seen.ds == SEL_DATA, "%s: DS was 0x%x there", what, task_seen.ds);
}

static void nested(const char *what, void (*run)(void *), const u8 *behind)
{
	prepare();
	task_function = note_busy;
	EXPECT(rt_try(run, NULL) == FAULT_NONE, "%s raised %u", what, rt_fault.vector);
	expect_task_state(what);
	EXPECT(task_seen.flags & FLAG_NT, "%s: NT was clear there", what);
	EXPECT(task.link == SEL_TSS || (task.link & 0xffff) == SEL_TSS, "%s: the link is 0x%x", what,
		task.link);
	EXPECT(busy_there[0] == TSS_BUSY && busy_there[1] == TSS_BUSY, "%s: access bytes %x %x there",
		what, busy_there[0], busy_there[1]);
	EXPECT(access_of(SEL_TASK) == TSS_AVAILABLE, "%s: it is still busy", what);
	EXPECT(!(task.eflags & FLAG_NT), "%s: its NT was saved set", what);
	expect_saved(what, behind);
	expect_own_registers(what);
	/* Once more, where it has left off. */
	describe(SEL_TASK, descriptor_of((uintptr_t)&task, sizeof(task) - 1, TSS_AVAILABLE));
	EXPECT(rt_try(run, NULL) == FAULT_NONE && task_runs == 2, "%s: it does not go on", what);
	__asm__ volatile("clts");
}

static void calls(void)
{
	nested("CALL", by_call, by_call_behind);
	nested("CALL of a gate", by_gate, by_gate_behind);
}

static void jumps(void)
{
	prepare();
	task_function = note_busy;
	task_jumps_back = 1;
	EXPECT_EQ(rt_try(by_jump, NULL), FAULT_NONE, "JMP");
	expect_task_state("JMP");
	EXPECT_EQ(task_seen.flags & FLAG_NT, 0, "NT there");
	EXPECT_EQ(task.link, CANARY, "the link");
	EXPECT(busy_there[0] == TSS_AVAILABLE && busy_there[1] == TSS_BUSY, "access bytes %x %x there",
		busy_there[0], busy_there[1]);
	EXPECT_EQ(access_of(SEL_TSS), TSS_BUSY, "access byte behind it");
	EXPECT_EQ(access_of(SEL_TASK), TSS_AVAILABLE, "that of the task");
	expect_saved("JMP", by_jump_behind);
	expect_own_registers("JMP");
	__asm__ volatile("clts");
}

/* ---- through the interrupt table ---- */

static u64 *idt(void)
{
	struct __attribute__((packed)) { u16 limit; u32 base; } idtr;

	__asm__ volatile("sidt %0" : "=m"(idtr));
	return (u64 *)(uintptr_t)idtr.base;
}

static void with_task_gate(unsigned vector, void (*run)(void))
{
	const u64 before = idt()[vector];

	idt()[vector] = (u64)SEL_TASK << 16 | 0x85ull << 40;
	run();
	idt()[vector] = before;
}

static void int_through_gate(void)
{
	nested("INT n", by_int, by_int_behind);
}

static void step_over_ud2(void)
{
	own()->eip += 2;
}

static void ud_through_gate(void)
{
	prepare();
	task_function = step_over_ud2;
	EXPECT_EQ(rt_try(by_ud, NULL), FAULT_NONE, "UD2");
	expect_task_state("#UD");
	EXPECT_EQ(task_seen.gpr[RT_SP], (u32)(task_stack + sizeof(task_stack)), "ESP there");
	expect_saved("#UD", by_ud_behind); /* the handler has moved it */
	expect_own_registers("#UD");
}

static u32 task_error, task_cr2;

static void note_error(void)
{
	task_error = *(u32 *)(uintptr_t)task_seen.gpr[RT_SP];
	__asm__ volatile("mov %%cr2, %0" : "=r"(task_cr2));
	own()->eip += 2;
}

SWITCH(by_gp, "mov %ebx, %ds") /* two bytes; 0x44 is of an LDT, and there is none */

static void gp_through_gate(void)
{
	prepare();
	task_function = note_error;
	task_pops = 4;
	EXPECT_EQ(rt_try(by_gp, NULL), FAULT_NONE, "#GP");
	EXPECT_EQ(task_seen.gpr[RT_SP], (u32)(task_stack + sizeof(task_stack) - 4), "ESP there");
	EXPECT_EQ(task_error, 0x44, "the error code");
	EXPECT_EQ(task_runs, 1, "how often it ran");
	expect_own_registers("#GP");
}

static void read_nowhere(void *address)
{
	__asm__ volatile(".byte 0x8a, 0x03" : : "b"(address) : "eax"); /* mov al, [ebx] */
}

static void pf_through_gate(void)
{
	u8 *page = rt_window(WINDOW, RT_GPA(task_stack));

	prepare();
	*rt_window_entry(WINDOW) &= ~(u64)ENTRY_PRESENT;
	reload_cr3();
	task_function = note_error;
	task_pops = 4;
	EXPECT_EQ(rt_try(read_nowhere, page + 5), FAULT_NONE, "#PF");
	EXPECT_EQ(task_error, 0, "the error code");
	EXPECT_EQ(task_cr2, (u32)page + 5, "CR2");
	EXPECT_EQ(task_runs, 1, "how often it ran");
	*rt_window_entry(WINDOW) |= ENTRY_PRESENT;
	reload_cr3();
}

static void end_interrupt(void)
{
	rt_apic_write(APIC_EOI, 0);
}

static void interrupt_through_gate(void)
{
	prepare();
	task_function = end_interrupt;
	rt_apic_enable();
	for (u32 n = 1; n <= 3; n++) {
		rt_apic_send(0x40000 | VECTOR_TASK, 0); /* to itself */
		__asm__ volatile("sti; nop; nop; cli");
		EXPECT_EQ(task_runs, n, "how often it ran");
	}
	EXPECT_EQ(task_seen.gpr[RT_SP], (u32)(task_stack + sizeof(task_stack)), "ESP there");
	EXPECT_EQ(task_register(), SEL_TSS, "TR");
	EXPECT_EQ(own()->eflags & FLAG_RF, 0, "RF as saved");
}

static void interrupts(void)
{
	with_task_gate(VECTOR_TASK, int_through_gate);
	with_task_gate(VECTOR_TASK, interrupt_through_gate);
	with_task_gate(FAULT_UD, ud_through_gate);
	with_task_gate(FAULT_GP, gp_through_gate);
	with_task_gate(FAULT_PF, pf_through_gate);
	__asm__ volatile("clts");
}

/* ---- what a task brings along ---- */

static u32 read_there;

static void read_window(void)
{
	read_there = *(volatile u32 *)rt_window(WINDOW, RT_GPA(&task));
}

static u64 pointers[4] __attribute__((aligned(32)));
extern u64 rt_pointers[512];

/* The same tables, found by other pointers: CR3 is the task's while it runs, and its own again. */
static void address_spaces(void)
{
	const u32 cr3 = read_cr3();

	prepare();
	memcpy(pointers, rt_pointers, sizeof(pointers));
	pointers[1] = pointers[0];
	task.cr3 = (u32)pointers;
	task_function = read_window;
	EXPECT_EQ(rt_try(by_call, NULL), FAULT_NONE, "CALL");
	EXPECT_EQ(task_seen.cr3, (u32)pointers, "CR3 there");
	EXPECT_EQ(read_there, SEL_TSS | (task.link & 0xffff0000), "memory by it");
	EXPECT_EQ(read_cr3(), cr3, "CR3 behind it");
	__asm__ volatile("clts");
}

static void local_tables(void)
{
	static u64 ldt[2];

	prepare();
	ldt[1] = 0x00cf92000000ffff; /* not accessed yet */
	describe(SEL_LDT, descriptor_of((uintptr_t)ldt, sizeof(ldt) - 1, 0x82));
	task.ldt = SEL_LDT;
	task.segment[FS] = 8 | 4;
	EXPECT_EQ(rt_try(by_call, NULL), FAULT_NONE, "CALL");
	EXPECT_EQ(task_seen.ldt, SEL_LDT, "LDTR there");
	EXPECT_EQ(task_seen.fs, 8 | 4, "FS there");
	EXPECT_EQ(task_runs, 1, "how often it ran");
	if (!(ldt[1] >> 40 & 1))
		test_skip("this processor's tasks set no accessed bits"); /* QEMU's */
	prepare();
	task.segment[FS] = 0;
	EXPECT_EQ(rt_try(by_call, NULL), FAULT_NONE, "CALL without either");
	EXPECT_EQ(task_seen.fs, 0, "FS there");
	EXPECT_EQ(task_seen.ldt, 0, "LDTR there");
	__asm__ volatile("clts");
}

static u32 read_dr6(void)
{
	u32 value;

	__asm__ volatile("mov %%dr6, %0; mov %1, %%dr6" : "=&r"(value) : "r"(0));
	return value & (DR6_BS | DR6_BT);
}

/*
 * QEMU's processor does not know the debug trap of a task, and does not come out of a task with a
 * segment that cannot be loaded.
 */
static bool has_traps = true;

static void debugging(void)
{
	u32 dr7, fault;

	prepare();
	__asm__ volatile("mov %0, %%dr0; mov %0, %%dr1; mov %1, %%dr7" : : "r"(0), "r"(DR7_L0_G1));
	EXPECT_EQ(rt_try(by_call, NULL), FAULT_NONE, "CALL");
	__asm__ volatile("mov %%dr7, %0; mov %1, %%dr7" : "=&r"(dr7) : "r"(0x400));
	EXPECT_EQ(dr7, DR7_G1, "DR7 behind it");
	prepare();
	read_dr6();
	task.eflags |= FLAG_TF;
	EXPECT_EQ(rt_try(by_call, NULL), FAULT_DB, "a task that is stepped");
	EXPECT_EQ(read_dr6(), DR6_BS, "DR6");
	EXPECT(rt_fault.ip > (u32)task_begin && rt_fault.ip < (u32)task_begin + 8, "reported at 0x%x",
		(u32)rt_fault.ip);
	recover();
	prepare();
	task.trap = 1;
	fault = rt_try(by_call, NULL);
	if (fault == FAULT_NONE) {
		has_traps = false;
		test_skip("this processor's tasks have no debug trap");
		return;
	}
	EXPECT_EQ(fault, FAULT_DB, "a task with a debug trap");
	EXPECT_EQ(read_dr6(), DR6_BT, "DR6");
	EXPECT_EQ(rt_fault.ip, (u32)task_begin, "where it is reported");
	EXPECT_EQ(task_register(), SEL_TASK, "TR then");
	recover();
}

/* 16 bits: in low memory, and with another task segment. */
static void narrow_task(void)
{
	static const u8 code[] = {
		0x9c, 0x58, 0xa3, 0x00, 0x98, /* pushf; pop ax; mov [0x9800], ax */
		0x89, 0x1e, 0x02, 0x98,       /* mov [0x9802], bx */
		0xcf                          /* iret */
	};
	static struct { u16 link, stacks[6], ip, flags, gpr[8], segment[4], ldt; } narrow;
	volatile u16 *low = (volatile u16 *)(RT_REAL_PAGE + 0x800);

	prepare();
	memcpy((void *)RT_REAL_PAGE, code, sizeof(code));
	narrow.ip = RT_REAL_PAGE;
	narrow.flags = 2;
	narrow.gpr[RT_BX] = 0x1234;
	narrow.gpr[RT_SP] = RT_REAL_PAGE + 0x400;
	narrow.segment[CS] = SEL_CODE16;
	narrow.segment[ES] = narrow.segment[SS] = narrow.segment[DS] = SEL_DATA16;
	describe(SEL_NARROW_TASK, descriptor_of((uintptr_t)&narrow, sizeof(narrow) - 1, TSS_NARROW));
	EXPECT_EQ(rt_try(by_narrow, NULL), FAULT_NONE, "CALL");
	EXPECT_EQ(low[0] & FLAG_NT, FLAG_NT, "NT there");
	EXPECT_EQ(low[1], 0x1234, "BX there");
	EXPECT_EQ(narrow.link, SEL_TSS, "the link");
	EXPECT_EQ(narrow.ip, RT_REAL_PAGE + sizeof(code), "IP as saved");
	EXPECT_EQ(narrow.flags & FLAG_NT, 0, "NT as saved");
	EXPECT_EQ(narrow.gpr[RT_BX], 0x1234, "BX as saved");
	EXPECT_EQ(narrow.segment[CS], SEL_CODE16, "CS as saved");
	EXPECT_EQ(access_of(SEL_NARROW_TASK), TSS_NARROW, "its access byte");
	expect_own_registers("a task of 16 bits");
	__asm__ volatile("clts");
}

static void v86_task(void)
{
	prepare();
	*(u8 *)RT_REAL_PAGE = 0xf4; /* HLT, which level 3 may not */
	task.eflags |= FLAG_VM;
	task.eip = 0;
	task.segment[CS] = RT_REAL_PAGE >> 4;
	for (unsigned i = 0; i < 6; i++)
		if (i != CS)
			task.segment[i] = 0x1000;
	task.gpr[RT_SP] = 0x100;
	EXPECT_EQ(rt_try(by_call, NULL), FAULT_GP, "HLT in virtual-8086 mode");
	EXPECT_EQ(rt_fault.cs, RT_REAL_PAGE >> 4, "its CS");
	EXPECT_EQ(rt_fault.ip, 0, "its EIP");
	EXPECT_EQ(task_register(), SEL_TASK, "TR then");
	recover();
}

/* ---- refusals ---- */

static void expect_old(const char *what, void (*run)(void *), u32 fault, u32 error)
{
	u32 got = rt_try(run, NULL);

	EXPECT(got == fault, "%s raised %u, not %u", what, got, fault);
	EXPECT(rt_fault.error == error, "%s: error code 0x%x, not 0x%x", what, (u32)rt_fault.error,
		error);
	EXPECT(task_register() == SEL_TSS, "%s: TR is 0x%x", what, task_register());
	EXPECT(!task_runs, "%s: it ran", what);
	EXPECT(access_of(SEL_TSS) == TSS_BUSY, "%s: the own one is not busy", what);
}

/* IRET with NT, to what the link says. */
static void return_to(void *link)
{
	own()->link = (u32)(uintptr_t)link;
	__asm__ volatile("pushfl; orl $0x4000, (%%esp); popfl; iret" : : : "memory", "cc");
}

static void expect_return(const char *what, u32 link, u32 fault, u32 error)
{
	u32 got = rt_try(return_to, (void *)(uintptr_t)link);

	__asm__ volatile("pushfl; andl $~0x4000, (%%esp); popfl" : : : "memory", "cc");
	EXPECT(got == fault, "%s raised %u, not %u", what, got, fault);
	EXPECT(rt_fault.error == error, "%s: error code 0x%x", what, (u32)rt_fault.error);
	EXPECT(task_register() == SEL_TSS, "%s: TR is 0x%x", what, task_register());
}

static void refused_in_the_old(void)
{
	const uintptr_t base = (uintptr_t)&task;

	prepare();
	describe(SEL_TASK, descriptor_of(base, sizeof(task) - 1, TSS_AVAILABLE & ~0x80u));
	expect_old("one that is not present", by_call, FAULT_NP, SEL_TASK);
	describe(SEL_TASK, descriptor_of(base, sizeof(task) - 1, TSS_BUSY));
	expect_old("CALL of a busy one", by_call, FAULT_GP, SEL_TASK);
	expect_old("JMP to a busy one", by_jump, FAULT_GP, SEL_TASK);
	describe(SEL_TASK, descriptor_of(base, sizeof(task) - 2, TSS_AVAILABLE));
	expect_old("one that is too short", by_call, FAULT_TS, SEL_TASK);
	describe(SEL_GATE, (u64)SEL_TASK << 16 | 0x05ull << 40);
	expect_old("a gate that is not present", by_gate, FAULT_NP, SEL_GATE);
	describe(SEL_GATE, (u64)SEL_NONE << 16 | 0x85ull << 40);
	expect_old("a gate to nowhere", by_gate, FAULT_GP, SEL_NONE);
	describe(SEL_GATE, (u64)SEL_DATA << 16 | 0x85ull << 40);
	expect_old("a gate to data", by_gate, FAULT_GP, SEL_DATA);
	expect_return("IRET to one that is not busy", SEL_GATE, FAULT_TS, SEL_GATE);
	expect_return("IRET to none", 0, FAULT_TS, 0);
	expect_return("IRET beyond the table", SEL_NONE, FAULT_TS, SEL_NONE);
}

/* The pages of the new one are looked for before anything has changed. */
static void absent_pages(void)
{
	u8 *page = rt_window(WINDOW, RT_GPA(&task));

	prepare();
	describe(SEL_TASK, descriptor_of((uintptr_t)page, sizeof(task) - 1, TSS_AVAILABLE));
	*rt_window_entry(WINDOW) &= ~(u64)ENTRY_PRESENT;
	reload_cr3();
	expect_old("a task that is not there", by_call, FAULT_PF, 0);
	EXPECT(rt_fault.address >= (uintptr_t)page && rt_fault.address < (uintptr_t)page + sizeof(task),
		"CR2 is 0x%x", (u32)rt_fault.address);
	EXPECT_EQ(access_of(SEL_TASK), TSS_AVAILABLE, "its access byte");
	*rt_window_entry(WINDOW) |= ENTRY_PRESENT;
	reload_cr3();
	EXPECT_EQ(rt_try(by_call, NULL), FAULT_NONE, "once it is");
	EXPECT_EQ(task_runs, 1, "how often it ran");
	__asm__ volatile("clts");
}

/*
 * A task without a code or a stack segment can tell of that only by another task, which comes back to
 * the first.
 */
static struct tss handler;
static u8 handler_stack[1024] __attribute__((aligned(16)));
u32 handler_error, handler_runs;
extern const u8 handler_begin[];
void handler_main(void);

__asm__(".pushsection .text\nhandler_begin: popl handler_error; clts; call handler_main\n"
	"ljmp $0x40, $0\n.popsection"); /* SEL_TSS */

void handler_main(void)
{
	handler_runs++;
	describe(SEL_TSS, descriptor_of((uintptr_t)own(), sizeof(struct tss) - 1, TSS_AVAILABLE));
}

/* Of what is wrong with the new task, it is this task that is told about. */
static void expect_new(const char *what, u32 fault, u32 error)
{
	const u64 before = idt()[fault];
	u32 got;

	handler = task;
	handler.ldt = handler.link = 0;
	for (unsigned i = 0; i < 6; i++)
		handler.segment[i] = i == CS ? SEL_CODE : SEL_DATA;
	handler.eip = (u32)handler_begin;
	handler.gpr[RT_SP] = (u32)(handler_stack + sizeof(handler_stack));
	describe(SEL_HANDLER, descriptor_of((uintptr_t)&handler, sizeof(handler) - 1, TSS_AVAILABLE));
	handler_runs = 0;
	idt()[fault] = (u64)SEL_HANDLER << 16 | 0x85ull << 40;
	got = rt_try(by_call, NULL);
	idt()[fault] = before;
	EXPECT(got == FAULT_NONE && handler_runs == 1, "%s raised %u, not %u", what, got, fault);
	EXPECT(handler_error == error, "%s: error code 0x%x, not 0x%x", what, handler_error, error);
	EXPECT((handler.link & 0xffff) == SEL_TASK, "%s: told by task 0x%x", what, handler.link);
	EXPECT(task.eip == (u32)task_begin, "%s: reported at 0x%x", what, task.eip);
	EXPECT(!task_runs, "%s: it ran", what);
	EXPECT((task.link & 0xffff) == SEL_TSS, "%s: the link is 0x%x", what, task.link);
	EXPECT(access_of(SEL_TASK) == TSS_BUSY, "%s: its access byte is 0x%x", what,
		access_of(SEL_TASK));
	recover();
}

static void expect_selector(const char *what, unsigned segment, u32 selector, u32 fault)
{
	prepare();
	task.segment[segment] = selector;
	expect_new(what, fault, selector & ~3u);
}

static void refused_in_the_new(void)
{
	static const u64 absent_code = 0x00cf1b000000ffff, absent_data = 0x00cf13000000ffff,
			 execute_only = 0x00cf99000000ffff, read_only = 0x00cf91000000ffff;

	if (!has_traps) {
		test_skip("this processor's tasks do not tell of faults");
		return;
	}
	expect_selector("CS with data", CS, SEL_DATA, FAULT_TS);
	expect_selector("CS beyond the table", CS, SEL_NONE, FAULT_TS);
	expect_selector("no CS", CS, 0, FAULT_TS);
	describe(SEL_SPARE, absent_code);
	expect_selector("CS not present", CS, SEL_SPARE, FAULT_NP);
	expect_selector("no SS", SS, 0, FAULT_TS);
	expect_selector("SS with code", SS, SEL_CODE, FAULT_TS);
	expect_selector("SS of another level", SS, SEL_USER_DATA, FAULT_TS);
	describe(SEL_SPARE, absent_data);
	expect_selector("SS not present", SS, SEL_SPARE, FAULT_SS);
	expect_selector("DS not present", DS, SEL_SPARE, FAULT_NP);
	describe(SEL_SPARE, read_only);
	expect_selector("SS read-only", SS, SEL_SPARE, FAULT_TS);
	describe(SEL_SPARE, execute_only);
	expect_selector("ES that cannot be read", ES, SEL_SPARE, FAULT_TS);
	expect_selector("FS beyond the table", FS, SEL_NONE, FAULT_TS);
	expect_selector("GS with a task segment", GS, SEL_TSS, FAULT_TS);
	expect_selector("GS of an LDT that is none", GS, 0xc, FAULT_TS);
}

static void refused_ldt(void)
{
	if (!has_traps) {
		test_skip("this processor's tasks do not tell of faults");
		return;
	}
	prepare();
	task.ldt = SEL_DATA;
	expect_new("an LDT that is data", FAULT_TS, SEL_DATA);
	prepare();
	task.ldt = 0xc;
	expect_new("an LDT in an LDT", FAULT_TS, 0xc);
	prepare();
	describe(SEL_LDT, descriptor_of(0x1000, 7, 0x02));
	task.ldt = SEL_LDT;
	expect_new("an LDT that is not present", FAULT_TS, SEL_LDT);
}

void suite_tasks(void)
{
	static const struct test tests[] = {
		{ "call", calls },
		{ "jump", jumps },
		{ "interrupts", interrupts },
		{ "address-spaces", address_spaces },
		{ "ldt", local_tables },
		{ "debug", debugging },
		{ "16-bit", narrow_task },
		{ "v86", v86_task },
		{ "refused", refused_in_the_old },
		{ "absent-pages", absent_pages },
		{ "refused-there", refused_in_the_new },
		{ "refused-ldt", refused_ldt },
	};

	test_run("tasks", tests, RT_COUNT(tests));
	memset(&rt_self()->gdt[SEL_FREE / 8], 0, (RT_GDT_ENTRIES - SEL_FREE / 8) * 8);
}

#endif
