/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* INS and OUTS at ports that leave the guest: as on a bare processor, in memory and in what they raise. */
#include "control.h"
#include "test.h"

#define PORT_DATA 0x60
#define PORT_KEYBOARD 0x64
#define PORT_SYSTEM 0x92        /* always reads the same */
#define PORT_EXIT 0xf4
#define KEYBOARD_READ_MODE 0x20
#define KEYBOARD_WRITE_MODE 0x60
#define KEYBOARD_OUTPUT_FULL 1u
#define KEYBOARD_INPUT_FULL 2u
#define CR0_WP (1u << 16)
#define MSR_FS_BASE 0xc0000100
#define ENTRY_PRESENT 1u
#define ENTRY_WRITABLE 2u
#define ENTRY_USER 4u
#define ENTRY_ACCESSED 0x20u
#define ENTRY_DIRTY 0x40u
#define PF_PRESENT 1u
#define PF_WRITE 2u
#define PF_USER 4u
#define DR6_HITS 0xfu
#define DR6_BS (1u << 14)
#define DR7_OFF 0x400u
#define DR7_WRITE_BYTE (1u | 1u << 16)
#define DR7_READ_WRITE_BYTE (1u | 3u << 16)
#define WINDOW 2                /* of two, one behind the other */
#define CANARY 0xa5
#define LOW_PAGE RT_REAL_PAGE   /* below 64 KiB, where 16-bit addresses reach */
#define REAL_DATA 0x800         /* in that page */

/* What the instructions below begin and end with. */
static uintptr_t reg_cx, reg_si, reg_di;
static u16 reg_port;

#define STRING(name, code)                                                                   \
	extern const u8 at_##name[], behind_##name[];                                        \
	static __attribute__((noinline)) void name(void *unused)                             \
	{                                                                                    \
		(void)unused;                                                                \
		__asm__ volatile(".globl at_" #name ", behind_" #name "\nat_" #name ": " code \
				 "\nbehind_" #name ":"                                       \
				 : "+c"(reg_cx), "+S"(reg_si), "+D"(reg_di)                  \
				 : "d"(reg_port)                                             \
				 : "memory");                                                \
	}
STRING(ins_byte, "insb")
STRING(ins_word, "insw")
STRING(ins_long, "insl")
STRING(outs_byte, "outsb")
STRING(outs_fs, "fs; outsb")
STRING(rep_ins, "rep; insb")
STRING(rep_ins_word, "rep; insw")
STRING(rep_outs, "rep; outsb")
STRING(rep_ins_down, "std; rep; insw; cld")
#ifdef __x86_64__
STRING(rep_ins_narrow, "rep; addr32 insb")
#else
STRING(rep_ins_narrow, "rep; addr16 insb")
STRING(rep_outs_ss, "rep; ss; outsb")
#endif

static u8 buffer[2 * RT_PAGE] RT_PAGE_ALIGNED;

static void prepare(u16 port, const void *memory, uintptr_t count)
{
	memset(buffer, CANARY, sizeof(buffer));
	reg_port = port;
	reg_si = reg_di = (uintptr_t)memory;
	reg_cx = count;
}

/* ---- one at a time ---- */

static void sizes(void)
{
	static const struct {
		const char *name;
		void (*run)(void *);
		u8 size;
	} all[] = { { "INSB", ins_byte, 1 }, { "INSW", ins_word, 2 }, { "INSL", ins_long, 4 } };
	const u32 want = inl(PORT_EXIT);

	for (unsigned i = 0; i < RT_COUNT(all); i++) {
		prepare(PORT_EXIT, buffer + 8, 7);
		EXPECT_EQ(rt_try(all[i].run, NULL), FAULT_NONE, all[i].name);
		EXPECT(!memcmp(buffer + 8, &want, all[i].size), "%s brought something else",
			all[i].name);
		EXPECT(buffer[7] == CANARY && buffer[8 + all[i].size] == CANARY,
			"%s wrote beside it", all[i].name);
		EXPECT_EQ(reg_di, (uintptr_t)buffer + 8 + all[i].size, "DI");
		EXPECT_EQ(reg_si, (uintptr_t)buffer + 8, "SI");
		EXPECT_EQ(reg_cx, 7, "CX");
	}
}

static void keyboard_wait(u32 mask, u32 want)
{
	for (unsigned i = 0; i < 100000 && (inb(PORT_KEYBOARD) & mask) != want; i++)
		;
}

static void keyboard_outs(u16 port, u8 value, void (*run)(void *))
{
	keyboard_wait(KEYBOARD_INPUT_FULL, 0);
	reg_port = port;
	reg_si = (uintptr_t)&value;
	EXPECT_EQ(rt_try(run, NULL), FAULT_NONE, "OUTSB");
	EXPECT_EQ(reg_si, (uintptr_t)&value + 1, "SI");
}

static u8 keyboard_mode(void)
{
	u8 mode = 0;

	keyboard_outs(PORT_KEYBOARD, KEYBOARD_READ_MODE, outs_byte);
	keyboard_wait(KEYBOARD_OUTPUT_FULL, KEYBOARD_OUTPUT_FULL);
	reg_port = PORT_DATA;
	reg_di = (uintptr_t)&mode;
	EXPECT_EQ(rt_try(ins_byte, NULL), FAULT_NONE, "INSB");
	return mode;
}

/* A device that keeps what it is given: the keyboard controller. */
static void there_and_back(void)
{
	const u8 before = keyboard_mode();

	for (u8 mode = 0x10; mode <= 0x30; mode += 0x10) {
		keyboard_outs(PORT_KEYBOARD, KEYBOARD_WRITE_MODE, outs_byte);
		keyboard_outs(PORT_DATA, mode, outs_byte);
		EXPECT_EQ(keyboard_mode() & 0x30, mode, "what the device has kept");
	}
	keyboard_outs(PORT_KEYBOARD, KEYBOARD_WRITE_MODE, outs_byte);
	keyboard_outs(PORT_DATA, before, outs_byte);
}

/* ---- repeated ---- */

static void repetition(void)
{
	const u16 want = inw(PORT_EXIT);

	prepare(PORT_EXIT, buffer + RT_PAGE - 5, 5); /* the third lies on both pages */
	EXPECT_EQ(rt_try(rep_ins_word, NULL), FAULT_NONE, "REP INSW");
	for (unsigned i = 0; i < 5; i++)
		EXPECT(!memcmp(buffer + RT_PAGE - 5 + 2 * i, &want, 2), "element %u is not there", i);
	EXPECT(buffer[RT_PAGE - 6] == CANARY && buffer[RT_PAGE + 5] == CANARY, "more was written");
	EXPECT_EQ(reg_di, (uintptr_t)buffer + RT_PAGE + 5, "DI");
	EXPECT_EQ(reg_cx, 0, "CX");
	EXPECT_EQ(rt_try(rep_ins_word, NULL), FAULT_NONE, "REP INSW of none");
	EXPECT_EQ(reg_di, (uintptr_t)buffer + RT_PAGE + 5, "DI");
	EXPECT_EQ(buffer[RT_PAGE + 5], CANARY, "what none brings");
}

static void downwards(void)
{
	const u16 want = inw(PORT_EXIT);

	prepare(PORT_EXIT, buffer + 20, 3);
	EXPECT_EQ(rt_try(rep_ins_down, NULL), FAULT_NONE, "REP INSW with DF");
	EXPECT_EQ(reg_di, (uintptr_t)buffer + 14, "DI");
	for (unsigned at = 16; at <= 20; at += 2)
		EXPECT(!memcmp(buffer + at, &want, 2), "nothing at %u", at);
	EXPECT(buffer[15] == CANARY && buffer[22] == CANARY, "more was written");
}

/* Addresses of half the size: EDI and ECX with what lies above them cleared, DI and CX with it kept. */
static void narrow_addresses(void)
{
	u8 *low = (u8 *)(uintptr_t)(LOW_PAGE + REAL_DATA);
	const u8 want = inb(PORT_SYSTEM);

	memset(low, CANARY, 4);
	reg_port = PORT_SYSTEM;
#ifdef __x86_64__
	reg_di = (uintptr_t)low | 1ull << 60;
	reg_cx = 1ull << 60 | 2;
	EXPECT_EQ(rt_try(rep_ins_narrow, NULL), FAULT_NONE, "REP INSB by EDI");
	EXPECT_EQ(reg_di, (uintptr_t)low + 2, "RDI");
	EXPECT_EQ(reg_cx, 0, "RCX");
#else
	reg_di = (uintptr_t)low | 0x770000;
	reg_cx = 0x880002;
	EXPECT_EQ(rt_try(rep_ins_narrow, NULL), FAULT_NONE, "REP INSB by DI");
	EXPECT_EQ(reg_di, ((uintptr_t)low | 0x770000) + 2, "EDI");
	EXPECT_EQ(reg_cx, 0x880000, "ECX");
#endif
	EXPECT(low[0] == want && low[1] == want && low[2] == CANARY, "memory has %x %x %x", low[0],
		low[1], low[2]);
}

/* ---- segments ---- */

#ifndef __x86_64__
static u64 descriptor_of(uintptr_t base, u32 limit, u32 access, u32 flags)
{
	return (limit & 0xffff) | (u64)(base & 0xffffff) << 16 | (u64)access << 40 |
	       (u64)(limit >> 16 & 15) << 48 | (u64)flags << 52 | (u64)(base >> 24) << 56;
}

#define SEGMENT_REGISTER(name)                                            \
	static void set_##name(u32 selector)                              \
	{                                                                 \
		__asm__ volatile("mov %0, %%" #name : : "r"(selector));   \
	}
SEGMENT_REGISTER(es)
SEGMENT_REGISTER(fs)
#endif

static void overrides(void)
{
	u8 command = KEYBOARD_READ_MODE;
	u8 mode = 0;
#ifdef __x86_64__
	rt_wrmsr(MSR_FS_BASE, (uintptr_t)&command - 0x100);
#else
	u64 *descriptor = &rt_self()->gdt[SEL_DATA16 / 8], before = *descriptor;

	*descriptor = descriptor_of((uintptr_t)&command - 0x100, 0x100, 0x93, 4);
	set_fs(SEL_DATA16);
#endif
	keyboard_wait(KEYBOARD_INPUT_FULL, 0);
	prepare(PORT_KEYBOARD, (void *)0x100, 0);
	EXPECT_EQ(rt_try(outs_fs, NULL), FAULT_NONE, "OUTSB of FS");
	keyboard_wait(KEYBOARD_OUTPUT_FULL, KEYBOARD_OUTPUT_FULL);
	mode = inb(PORT_DATA);
	EXPECT_EQ(mode, keyboard_mode(), "what its command brought");
#ifdef __x86_64__
	rt_wrmsr(MSR_FS_BASE, 0);
	prepare(PORT_SYSTEM, (void *)0x800000000000, 3);
	EXPECT_EQ(rt_try(rep_ins, NULL), FAULT_GP, "INSB beyond the canonical addresses");
	EXPECT_EQ(rt_fault.error, 0, "its error code");
	EXPECT_EQ(rt_fault.cx, 3, "its CX");
#else
	reg_si = 0x101;
	EXPECT_EQ(rt_try(outs_fs, NULL), FAULT_GP, "OUTSB beyond the limit of FS");
	EXPECT_EQ(rt_fault.ip, (uintptr_t)at_outs_fs, "where it is reported");
	EXPECT_EQ(rt_fault.error, 0, "its error code");
	*descriptor = before;
	set_fs(SEL_DATA);
#endif
}

#ifndef __x86_64__
/* INS with ES, by its selector; the runtime's trap loads it again. */
static void ins_with(void *selector)
{
	set_es((u32)(uintptr_t)selector);
	rep_ins(NULL);
	set_es(SEL_DATA);
}

static void outs_with(void *selector)
{
	__asm__ volatile("mov %0, %%ss" : : "r"(selector));
	rep_outs_ss(NULL);
	__asm__ volatile("mov %0, %%ss" : : "r"(SEL_DATA));
}

static void expect_segment(const char *what, void (*run)(void *), u32 selector, u32 want,
			   uintptr_t left)
{
	u32 fault;

	prepare(PORT_SYSTEM, buffer, 4);
	fault = rt_try(run, (void *)(uintptr_t)selector);
	EXPECT(fault == want, "%s raised %u, not %u", what, fault, want);
	if (want == FAULT_NONE)
		return;
	EXPECT(rt_fault.error == 0, "%s: error code 0x%x", what, (u32)rt_fault.error);
	EXPECT(rt_fault.cx == left, "%s: %u left, not %u", what, (u32)rt_fault.cx, (u32)left);
}

static void segments(void)
{
	u64 *descriptor = &rt_self()->gdt[SEL_DATA16 / 8], before = *descriptor;
	const uintptr_t end = (uintptr_t)buffer + 2;

	*descriptor = descriptor_of(0, 0xfffff, 0x93, 12);
	expect_segment("INS with all", ins_with, SEL_DATA16, FAULT_NONE, 0);
	*descriptor = descriptor_of((uintptr_t)buffer - RT_PAGE, RT_PAGE - 1, 0x93, 4);
	expect_segment("INS behind the limit", ins_with, SEL_DATA16, FAULT_GP, 4);
	*descriptor = descriptor_of(0, end - 1, 0x93, 4);
	if (end <= 1u << 20)
		expect_segment("INS over the limit", ins_with, SEL_DATA16, FAULT_GP, 2);
	*descriptor = descriptor_of(0, 0xfffff, 0x91, 12);
	expect_segment("INS into a read-only segment", ins_with, SEL_DATA16, FAULT_GP, 4);
	expect_segment("INS into code", ins_with, SEL_CODE, FAULT_GP, 4);
	expect_segment("INS without a segment", ins_with, 0, FAULT_GP, 4);
	*descriptor = descriptor_of(0, 0xfffff, 0x97, 12); /* grows down from 4 GiB to it: nothing */
	expect_segment("INS above what grows down", ins_with, SEL_DATA16, FAULT_GP, 4);
	*descriptor = descriptor_of(0, 0, 0x97, 12);
	expect_segment("INS within what grows down", ins_with, SEL_DATA16, FAULT_NONE, 0);
	*descriptor = before;
}

/* The stack's faults have a vector of their own: its limit ends above the stack that is used here. */
static void stack_segment(void)
{
	u64 *descriptor = &rt_self()->gdt[SEL_DATA16 / 8], before = *descriptor;

	*descriptor = descriptor_of(0, 0xffff, 0x93, 12); /* 256 MiB */
	prepare(PORT_KEYBOARD, (void *)0x10000000, 4);
	EXPECT_EQ(rt_try(outs_with, (void *)SEL_DATA16), FAULT_SS, "OUTS behind the stack");
	EXPECT_EQ(rt_fault.error, 0, "its error code");
	EXPECT_EQ(rt_fault.cx, 4, "CX");
	*descriptor = before;
}
#endif

/* ---- pages ---- */

static void change_entry(unsigned slot, u64 set, u64 clear)
{
	*rt_window_entry(slot) = (*rt_window_entry(slot) & ~clear) | set;
	reload_cr3();
}

/* Two pages of the window that show the buffer's. */
static u8 *two_pages(void)
{
	u8 *page = rt_window(WINDOW, RT_GPA(buffer));

	rt_window(WINDOW + 1, RT_GPA(buffer + RT_PAGE));
	return page;
}

/* A fault in the middle leaves what it takes to go on where it was. */
static void resumption(void)
{
	u8 *page = two_pages(), want = inb(PORT_SYSTEM);

	prepare(PORT_SYSTEM, page + RT_PAGE - 3, 7);
	change_entry(WINDOW + 1, 0, ENTRY_PRESENT);
	EXPECT_EQ(rt_try(rep_ins, NULL), FAULT_PF, "REP INSB into a page that is not there");
	EXPECT_EQ(rt_fault.ip, (uintptr_t)at_rep_ins, "where it is reported");
	EXPECT_EQ(rt_fault.error, PF_WRITE, "its error code");
	EXPECT_EQ(rt_fault.address, (uintptr_t)page + RT_PAGE, "CR2");
	EXPECT_EQ(rt_fault.cx, 4, "CX");
	EXPECT_EQ(rt_fault.di, (uintptr_t)page + RT_PAGE, "DI");
	EXPECT(buffer[RT_PAGE - 1] == want && buffer[RT_PAGE] == CANARY, "memory before it");
	change_entry(WINDOW + 1, ENTRY_PRESENT, 0);
	reg_cx = rt_fault.cx;
	reg_di = rt_fault.di;
	EXPECT_EQ(rt_try(rep_ins, NULL), FAULT_NONE, "the rest");
	EXPECT(buffer[RT_PAGE + 3] == want && buffer[RT_PAGE + 4] == CANARY, "memory behind it");
	/* An element on both pages is all or nothing, and CR2 is where it does not go on. */
	prepare(PORT_EXIT, page + RT_PAGE - 1, 2);
	change_entry(WINDOW + 1, 0, ENTRY_PRESENT);
	EXPECT_EQ(rt_try(rep_ins_word, NULL), FAULT_PF, "REP INSW across the edge");
	EXPECT_EQ(rt_fault.address, (uintptr_t)page + RT_PAGE, "CR2");
	EXPECT_EQ(rt_fault.cx, 2, "CX");
	EXPECT_EQ(buffer[RT_PAGE - 1], CANARY, "the half before the edge");
	prepare(PORT_KEYBOARD, page + RT_PAGE, 2);
	EXPECT_EQ(rt_try(rep_outs, NULL), FAULT_PF, "REP OUTSB from there");
	EXPECT_EQ(rt_fault.error, 0, "its error code");
	EXPECT_EQ(rt_fault.si, (uintptr_t)page + RT_PAGE, "SI");
	change_entry(WINDOW + 1, ENTRY_PRESENT, 0);
}

static void read_only_pages(void)
{
	u8 *page = two_pages();
	const uintptr_t cr0 = read_cr0();

	change_entry(WINDOW, 0, ENTRY_WRITABLE);
	prepare(PORT_SYSTEM, page, 2);
	write_cr0(cr0 | CR0_WP);
	EXPECT_EQ(rt_try(rep_ins, NULL), FAULT_PF, "REP INSB into a read-only page");
	EXPECT_EQ(rt_fault.error, PF_PRESENT | PF_WRITE, "its error code");
	EXPECT_EQ(rt_fault.cx, 2, "CX");
	write_cr0(cr0 & ~(uintptr_t)CR0_WP);
	EXPECT_EQ(rt_try(rep_ins, NULL), FAULT_NONE, "the same without CR0.WP");
	EXPECT_EQ(buffer[1], inb(PORT_SYSTEM), "what it brought");
	write_cr0(cr0);
	change_entry(WINDOW, ENTRY_WRITABLE, 0);
}

static void accessed_and_dirty(void)
{
	u8 *page = two_pages();

	change_entry(WINDOW, 0, ENTRY_ACCESSED | ENTRY_DIRTY);
	prepare(PORT_KEYBOARD, page, 1);
	page[0] = KEYBOARD_READ_MODE;
	change_entry(WINDOW, 0, ENTRY_ACCESSED | ENTRY_DIRTY);
	keyboard_wait(KEYBOARD_INPUT_FULL, 0);
	EXPECT_EQ(rt_try(rep_outs, NULL), FAULT_NONE, "OUTSB");
	EXPECT_EQ(*rt_window_entry(WINDOW) & (ENTRY_ACCESSED | ENTRY_DIRTY), ENTRY_ACCESSED,
		"bits after a read");
	keyboard_wait(KEYBOARD_OUTPUT_FULL, KEYBOARD_OUTPUT_FULL);
	prepare(PORT_DATA, page, 1);
	EXPECT_EQ(rt_try(rep_ins, NULL), FAULT_NONE, "INSB");
	EXPECT_EQ(*rt_window_entry(WINDOW) & (ENTRY_ACCESSED | ENTRY_DIRTY),
		ENTRY_ACCESSED | ENTRY_DIRTY, "bits after a write");
}

/* ---- user mode ---- */

extern const u8 user_rep_ins[], user_rep_ins_at[];
__asm__(".pushsection .text\n.globl user_rep_ins, user_rep_ins_at\n"
	"user_rep_ins: user_rep_ins_at: rep; insb; ret\n.popsection");

static u32 user_ins(u16 port, void *memory)
{
	struct rt_regs in = { 0 };

	in.reg[RT_DX] = port;
	in.reg[RT_CX] = 2;
	in.reg[RT_DI] = (uintptr_t)memory;
	return rt_call_user(user_rep_ins, &in);
}

/* The map of ports begins where the task segment does: its zeros allow the keyboard's status. */
static void user_mode(void)
{
	u32 *map_base = &rt_self()->tss[25], before = *map_base;
	u8 *page = two_pages();

	*map_base = sizeof(rt_self()->tss) << 16;
	prepare(PORT_KEYBOARD, page, 2);
	EXPECT_EQ(user_ins(PORT_KEYBOARD, page), FAULT_GP, "INSB of a port that is not allowed");
	EXPECT_EQ(buffer[0], CANARY, "what it brought");
	*map_base = 0;
	change_entry(WINDOW, ENTRY_USER, 0);
	EXPECT_EQ(user_ins(PORT_KEYBOARD, page), FAULT_NONE, "INSB of a port that is");
	EXPECT(buffer[1] != CANARY && buffer[2] == CANARY, "memory has %x %x", buffer[1], buffer[2]);
	change_entry(WINDOW, 0, ENTRY_USER);
	prepare(PORT_KEYBOARD, page, 2);
	EXPECT_EQ(user_ins(PORT_KEYBOARD, page), FAULT_PF, "INSB into the supervisor's page");
	EXPECT_EQ(rt_fault.error, PF_PRESENT | PF_WRITE | PF_USER, "its error code");
	EXPECT_EQ(rt_fault.address, (uintptr_t)page, "CR2");
	EXPECT_EQ(rt_fault.ip, (uintptr_t)user_rep_ins_at, "where it is reported");
	EXPECT_EQ(rt_fault.cx, 2, "CX");
	EXPECT_EQ(buffer[0], CANARY, "what it brought");
	*map_base = before;
}

/* ---- traps ---- */

#define STEPPED(name, code)                                                                   \
	static __attribute__((noinline)) void name(void *unused)                              \
	{                                                                                     \
		(void)unused;                                                                 \
		__asm__ volatile(PUSHF "; orl $0x100, (" SP "); " POPF "\n.globl at_" #name    \
				 "\nat_" #name ": " code                                      \
				 "\n.globl behind_" #name "\nbehind_" #name ": nop"           \
				 : "+c"(reg_cx), "+S"(reg_si), "+D"(reg_di)                   \
				 : "d"(reg_port)                                              \
				 : "memory", "cc");                                           \
	}
extern const u8 at_step_ins[], behind_step_ins[];
STEPPED(step_ins, "rep; insb")

static uintptr_t take_dr6(void)
{
	uintptr_t value;

	__asm__ volatile("mov %%dr6, %0; mov %1, %%dr6" : "=&r"(value) : "r"((uintptr_t)0));
	return value & (DR6_HITS | DR6_BS);
}

static void set_breakpoint(const void *address, uintptr_t dr7)
{
	__asm__ volatile("mov %0, %%dr0; mov %1, %%dr7" : : "r"(address), "r"(dr7));
}

static void single_steps(void)
{
	prepare(PORT_SYSTEM, buffer, 3);
	take_dr6();
	for (uintptr_t left = 2; left < 3; left--) {
		EXPECT_EQ(rt_try(step_ins, NULL), FAULT_DB, "stepping over REP INSB");
		EXPECT_EQ(take_dr6(), DR6_BS, "DR6");
		EXPECT_EQ(rt_fault.cx, left, "CX");
		EXPECT_EQ(rt_fault.ip, (uintptr_t)(left ? at_step_ins : behind_step_ins),
			"where it is reported");
		reg_cx = rt_fault.cx;
		reg_di = rt_fault.di;
	}
	EXPECT_EQ(reg_di, (uintptr_t)buffer + 3, "DI");
	EXPECT_EQ(buffer[3], CANARY, "what lies behind");
}

/* Run with one breakpoint; count elements from PORT_SYSTEM to the buffer. */
static u32 run_watched(void (*run)(void *), uintptr_t count, const void *address, uintptr_t dr7)
{
	u32 fault;

	prepare(PORT_SYSTEM, buffer, count);
	memset(buffer, inb(PORT_SYSTEM), count);
	take_dr6();
	set_breakpoint(address, dr7);
	fault = rt_try(run, NULL);
	set_breakpoint(NULL, DR7_OFF);
	return fault;
}

static void breakpoints(void)
{
	EXPECT_EQ(run_watched(rep_ins, 4, buffer + 1, DR7_OFF | DR7_WRITE_BYTE), FAULT_DB,
		"a watched byte");
	EXPECT_EQ(take_dr6(), 1, "DR6");
	EXPECT_EQ(rt_fault.cx, 2, "CX");
	EXPECT_EQ(rt_fault.ip, (uintptr_t)at_rep_ins, "where it is reported");
	EXPECT_EQ(run_watched(rep_ins, 2, buffer + 1, DR7_OFF | DR7_WRITE_BYTE), FAULT_DB,
		"the last is watched");
	EXPECT_EQ(rt_fault.ip, (uintptr_t)behind_rep_ins, "where it is reported");
	EXPECT_EQ(take_dr6(), 1, "DR6");
	EXPECT_EQ(run_watched(rep_outs, 2, buffer, DR7_OFF | DR7_WRITE_BYTE), FAULT_NONE,
		"a read where writes are watched");
	EXPECT_EQ(run_watched(rep_outs, 2, buffer, DR7_OFF | DR7_READ_WRITE_BYTE), FAULT_DB,
		"a read where both are");
	EXPECT_EQ(rt_fault.cx, 1, "CX");
	EXPECT_EQ(run_watched(rep_ins, 4, at_rep_ins, DR7_OFF | 1), FAULT_DB,
		"a breakpoint at the instruction");
	EXPECT_EQ(rt_fault.cx, 4, "CX");
	EXPECT_EQ(take_dr6(), 1, "DR6");
	EXPECT_EQ(run_watched(rep_ins, 4, behind_rep_ins, DR7_OFF | 1), FAULT_DB,
		"a breakpoint behind it");
	EXPECT_EQ(rt_fault.cx, 0, "CX");
	take_dr6();
}

/* ---- real mode ---- */

/* mov di, REAL_DATA; mov cx, 3; mov dx, port; rep insb; ret: there every segment begins alike. */
static void real_mode(void)
{
	static const u8 code[] = {
		0x0e, 0x07,                                /* push cs; pop es */
		0xbf, 0x00, 0x18,                          /* mov di, 0x1800 */
		0xb9, 0x03, 0x00, 0xba, 0x92, 0x00, 0xf3, 0x6c, 0xc3
	};
	u8 *page = (u8 *)(uintptr_t)RT_REAL_PAGE, want = inb(PORT_SYSTEM);

	memcpy(page, code, sizeof(code));
	memset(page + REAL_DATA, CANARY, 4);
	EXPECT_EQ(rt_call_real(), FAULT_NONE, "REP INSB in real mode");
	EXPECT(page[REAL_DATA] == want && page[REAL_DATA + 2] == want, "nothing was brought");
	EXPECT_EQ(page[REAL_DATA + 3], CANARY, "what lies behind");
}

void suite_strings(void)
{
	static const struct test tests[] = {
		{ "sizes", sizes },
		{ "there-and-back", there_and_back },
		{ "repetition", repetition },
		{ "downwards", downwards },
		{ "narrow-addresses", narrow_addresses },
		{ "overrides", overrides },
#ifndef __x86_64__
		{ "segments", segments },
		{ "stack-segment", stack_segment },
#endif
		{ "resumption", resumption },
		{ "read-only", read_only_pages },
		{ "accessed-dirty", accessed_and_dirty },
		{ "user", user_mode },
		{ "steps", single_steps },
		{ "breakpoints", breakpoints },
		{ "real-mode", real_mode },
	};

	test_run("strings", tests, RT_COUNT(tests));
}
