/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Task switches in made-up memory: what becomes of both tasks, and the faults that no guest can plan. */
/* link: core arch/x86/task.c arch/x86/guest_memory.c arch/x86/apic_page.c arch/x86/mmio.c arch/x86/insn.c */
/* link: arch/x86/debug.c arch/x86/reg_rules.c */
#include "fake.h"

#include <string.h>

#include "cpu.h"
#include "segment.h"
#include "task.h"

#define GDT 0x100000ull
#define OLD 0x101000ull
#define NEW 0x102000ull
#define STACK 0x103000ull
#define TABLES 0x300000ull
#define SEL_CODE 0x08
#define SEL_DATA 0x10
#define SEL_OLD 0x18
#define SEL_NEW 0x20
#define SEL_SPARE 0x28
#define AVAILABLE 0x89u
#define BUSY 0x8bu
#define NARROW 0x81u
#define DR6_TASK (1ull << 15)

struct tss { u32 link, stacks[6], cr3, eip, eflags, gpr[8], segment[6], ldt; u16 trap, ports; };

static struct vcpu *v;
static struct tss *old, *new;
static u64 *gdt;

static u64 descriptor(u64 base, u32 limit, u32 access, u32 flags)
{
	return (limit & 0xffff) | (base & 0xffffff) << 16 | (u64)access << 40 |
	       (u64)(limit >> 16 & 15) << 48 | (u64)flags << 52 | (base >> 24 & 0xff) << 56;
}

static u32 access_of(u32 selector)
{
	return gdt[selector / 8] >> 40 & 0xff;
}

/* Two tasks of 32 bits without paging; the first runs. */
static int setup(void **state)
{
	(void)state;
	v = fake_vp();
	gdt = fake_at(GDT);
	old = fake_at(OLD);
	new = fake_at(NEW);
	gdt[SEL_CODE / 8] = descriptor(0, 0xfffff, 0x9b, 12);
	gdt[SEL_DATA / 8] = descriptor(0, 0xfffff, 0x93, 12);
	gdt[SEL_OLD / 8] = descriptor(OLD, sizeof(*old) - 1, BUSY, 0);
	gdt[SEL_NEW / 8] = descriptor(NEW, sizeof(*new) - 1, AVAILABLE, 0);
	memset(old, 0xcc, sizeof(*old));
	memset(new, 0, sizeof(*new));
	new->eip = 0x12345678;
	new->eflags = 0xffffffff & ~RFLAGS_VM & ~RFLAGS_NT;
	for (unsigned i = 0; i < 8; i++)
		new->gpr[i] = 0x1000 * i;
	new->gpr[VREG_RSP] = STACK + 0x100;
	for (unsigned i = 0; i < 6; i++)
		new->segment[i] = i == VSEG_CS ? SEL_CODE : SEL_DATA;
	fake_virt.segment[VSEG_GDTR] = (struct segment){ .base = GDT, .limit = 0x2f };
	fake_virt.segment[VSEG_TR] = (struct segment){ OLD, sizeof(*old) - 1, SEL_OLD, BUSY };
	for (enum vseg seg = VSEG_ES; seg <= VSEG_GS; seg++)
		fake_virt.segment[seg] = (struct segment){ 0, UINT32_MAX, (u16)(0x40 + seg), 0xc093 };
	for (unsigned i = 0; i < 8; i++)
		(&v->regs.rax)[i] = 0x500000000ull + i;
	fake_virt.reg[VREG_CR0] = CR0_PE;
	fake_virt.reg[VREG_EFER] = 0;
	fake_virt.reg[VREG_RFLAGS] = 0x202 | RFLAGS_RF;
	fake_virt.reg[VREG_DR7] = 0x4ff;
	return 0;
}

static struct task_switch by(enum task_source source)
{
	return (struct task_switch){ .source = source, .selector = SEL_NEW, .eip = 0x4444 };
}

static void expect_entered(void)
{
	assert_int_equal(fake_virt.reg[VREG_RIP], 0x12345678);
	assert_int_equal(v->regs.rcx, 0x1000);
	assert_int_equal(v->regs.rdi, 0x7000);
	assert_int_equal(v->regs.rsp, STACK + 0x100);
	assert_int_equal(fake_virt.segment[VSEG_TR].selector, SEL_NEW);
	assert_int_equal(fake_virt.segment[VSEG_TR].attributes, BUSY);
	assert_int_equal(fake_virt.segment[VSEG_TR].base, NEW);
	assert_int_equal(fake_virt.segment[VSEG_CS].attributes, 0xc09b);
	assert_int_equal(fake_virt.segment[VSEG_GS].limit, UINT32_MAX);
	assert_true(fake_virt.reg[VREG_CR0] & CR0_TS);
	assert_int_equal(fake_virt.reg[VREG_DR7], 0x4aa);
}

static void test_call(void **state)
{
	struct task_switch t = by(TASK_CALL);

	(void)state;
	assert_int_equal(task_switch(v, &t), VM_SKIP);
	expect_entered();
	assert_int_equal(fake_virt.reg[VREG_RFLAGS],
			 (0x3f7fd7 & ~RFLAGS_VM) | RFLAGS_NT);
	assert_int_equal(new->link, SEL_OLD);
	assert_int_equal(access_of(SEL_OLD), BUSY);
	assert_int_equal(access_of(SEL_NEW), BUSY);
	assert_int_equal(old->eip, 0x4444);
	assert_int_equal(old->eflags, 0x202);
	assert_int_equal(old->gpr[VREG_RBX], VREG_RBX);
	assert_int_equal(old->segment[VSEG_FS], 0xcccc0044);
	assert_int_equal(old->cr3, 0xcccccccc); /* never saved */
	assert_int_equal(old->ldt, 0xcccccccc);
	assert_false(t.trap);
}

static void test_jump_and_return(void **state)
{
	struct task_switch t = by(TASK_JUMP);

	(void)state;
	assert_int_equal(task_switch(v, &t), VM_SKIP);
	expect_entered();
	assert_false(fake_virt.reg[VREG_RFLAGS] & RFLAGS_NT);
	assert_int_equal(new->link, 0);
	assert_int_equal(access_of(SEL_OLD), AVAILABLE);
	assert_int_equal(access_of(SEL_NEW), BUSY);
	setup(NULL);
	t = by(TASK_IRET);
	fake_virt.reg[VREG_RFLAGS] = 2 | RFLAGS_NT;
	gdt[SEL_NEW / 8] = descriptor(NEW, sizeof(*new) - 1, BUSY, 0);
	assert_int_equal(task_switch(v, &t), VM_SKIP);
	expect_entered();
	assert_int_equal(old->eflags, 2);
	assert_int_equal(access_of(SEL_OLD), AVAILABLE);
	assert_int_equal(access_of(SEL_NEW), BUSY);
}

static void test_event(void **state)
{
	struct task_switch t = by(TASK_IDT);

	(void)state;
	t.external = t.resumes = t.has_error = true;
	t.error = 0xabcd;
	new->trap = 1;
	assert_int_equal(task_switch(v, &t), VM_SKIP);
	assert_int_equal(old->eflags, 0x202 | RFLAGS_RF);
	assert_int_equal(v->regs.rsp, STACK + 0xfc);
	assert_int_equal(*(u32 *)fake_at(STACK + 0xfc), 0xabcd);
	assert_int_equal(new->link, SEL_OLD);
	assert_true(t.trap);
	assert_true(fake_virt.reg[VREG_DR6] & DR6_TASK);
	/* Where there is no room for the error code, the new task is told so. */
	setup(NULL);
	new->gpr[VREG_RSP] = 2;
	gdt[SEL_SPARE / 8] = descriptor(0, 0xff, 0x93, 4);
	new->segment[VSEG_SS] = SEL_SPARE;
	new->trap = 1;
	assert_int_equal(task_switch(v, &t), VM_FAULT);
	assert_int_equal(v->fault.vector, VECTOR_SS);
	assert_int_equal(fake_virt.reg[VREG_RIP], 0x12345678);
	assert_int_equal(v->regs.rsp, 2);
	assert_false(t.trap);
}

/* Nothing has changed. */
static void expect_refused(enum task_source source, u8 vector, u32 error)
{
	struct task_switch t = by(source);

	t.external = source == TASK_IDT;
	assert_int_equal(task_switch(v, &t), VM_FAULT);
	assert_int_equal(v->fault.vector, vector);
	assert_int_equal(v->fault.error, error);
	if (vector == VECTOR_PF && error == 0)
		assert_int_equal(fake_virt.reg[VREG_CR2], NEW);
	assert_int_equal(old->eip, 0xcccccccc);
	assert_int_equal(new->link, 0);
	assert_int_equal(fake_virt.segment[VSEG_TR].selector, SEL_OLD);
	setup(NULL);
}

static void test_refused(void **state)
{
	(void)state;
	gdt[SEL_NEW / 8] = descriptor(NEW, sizeof(*new) - 1, BUSY, 0);
	expect_refused(TASK_CALL, VECTOR_GP, SEL_NEW);
	expect_refused(TASK_IRET, VECTOR_TS, SEL_NEW);
	gdt[SEL_NEW / 8] = descriptor(NEW, sizeof(*new) - 1, AVAILABLE & ~0x80u, 0);
	expect_refused(TASK_IDT, VECTOR_NP, SEL_NEW | 1);
	gdt[SEL_NEW / 8] = descriptor(NEW, sizeof(*new) - 2, AVAILABLE, 0);
	expect_refused(TASK_JUMP, VECTOR_TS, SEL_NEW);
	fake_virt.segment[VSEG_GDTR].limit = SEL_NEW + 6;
	expect_refused(TASK_JUMP, VECTOR_GP, SEL_NEW);
	fake_virt.segment[VSEG_TR].limit = 0x5e;
	expect_refused(TASK_CALL, VECTOR_TS, SEL_OLD);
}

/* One page of all is missing, or is only for reading. */
static void page(u64 gpa, u32 bits)
{
	u32 *directory = fake_at(TABLES), *table = fake_at(TABLES + PAGE_SIZE);

	fake_virt.reg[VREG_CR0] = CR0_PE | CR0_PG | CR0_WP;
	fake_virt.reg[VREG_CR3] = new->cr3 = TABLES;
	directory[0] = (TABLES + PAGE_SIZE) | 3;
	for (u32 i = 0; i < 1024; i++)
		table[i] = i << PAGE_SHIFT | 3;
	table[gpa >> PAGE_SHIFT] = (u32)gpa | bits;
}

static void test_pages(void **state)
{
	(void)state;
	page(OLD, 1);
	expect_refused(TASK_CALL, VECTOR_PF, 3);
	page(NEW, 0);
	expect_refused(TASK_CALL, VECTOR_PF, 0);
	page(GDT, 1);
	expect_refused(TASK_CALL, VECTOR_PF, 3);
}

static void expect_told(u16 *selector, u16 value, u8 vector)
{
	struct task_switch t = by(TASK_CALL);

	*selector = value;
	assert_int_equal(task_switch(v, &t), VM_FAULT);
	assert_int_equal(v->fault.vector, vector);
	assert_int_equal(v->fault.error, value & ~3u);
	assert_int_equal(fake_virt.segment[VSEG_TR].selector, SEL_NEW);
	assert_int_equal(fake_virt.reg[VREG_RIP], 0x12345678);
	assert_int_equal(new->link, SEL_OLD);
	assert_int_equal(old->eip, 0x4444);
	/* The rest can be entered: a stack and code of one level. */
	assert_int_equal(SEGMENT_DPL(fake_virt.segment[VSEG_CS].attributes),
			 SEGMENT_DPL(fake_virt.segment[VSEG_SS].attributes));
	assert_true(fake_virt.segment[VSEG_CS].attributes & SEGMENT_P);
	setup(NULL);
}

static void test_told_by_the_new(void **state)
{
	(void)state;
	expect_told((u16 *)&new->segment[VSEG_CS], 0, VECTOR_TS);
	expect_told((u16 *)&new->segment[VSEG_CS], SEL_DATA, VECTOR_TS);
	expect_told((u16 *)&new->segment[VSEG_CS], SEL_CODE | 3, VECTOR_TS);
	expect_told((u16 *)&new->segment[VSEG_SS], SEL_CODE, VECTOR_TS);
	expect_told((u16 *)&new->segment[VSEG_SS], SEL_DATA | 3, VECTOR_TS);
	expect_told((u16 *)&new->segment[VSEG_DS], 0x30, VECTOR_TS);
	expect_told((u16 *)&new->segment[VSEG_GS], 0xc, VECTOR_TS);
	expect_told((u16 *)&new->ldt, SEL_DATA, VECTOR_TS);
	expect_told((u16 *)&new->ldt, 0xc, VECTOR_TS);
	gdt[SEL_SPARE / 8] = descriptor(0, 0xfffff, 0x13, 12);
	expect_told((u16 *)&new->segment[VSEG_SS], SEL_SPARE, VECTOR_SS);
	gdt[SEL_SPARE / 8] = descriptor(0, 0xfffff, 0x13, 12);
	expect_told((u16 *)&new->segment[VSEG_ES], SEL_SPARE, VECTOR_NP);
	gdt[SEL_SPARE / 8] = descriptor(0, 0xfffff, 0x1f, 12); /* conforming */
	expect_told((u16 *)&new->segment[VSEG_CS], SEL_SPARE | 3, VECTOR_NP);
}

/* Levels: conforming code may be more privileged than it is asked for. */
static void test_levels(void **state)
{
	struct task_switch t = by(TASK_CALL);

	(void)state;
	gdt[SEL_CODE / 8] = descriptor(0, 0xfffff, 0x9f, 12);
	gdt[SEL_DATA / 8] = descriptor(0, 0xfffff, 0xf2, 12);
	for (enum vseg seg = VSEG_ES; seg <= VSEG_GS; seg++)
		new->segment[seg] |= 3;
	assert_int_equal(task_switch(v, &t), VM_SKIP);
	assert_int_equal(fake_virt.segment[VSEG_SS].attributes, 0xc0f3);
	assert_int_equal(access_of(SEL_DATA), 0xf3); /* accessed now */
}

static void test_v86(void **state)
{
	struct task_switch t = by(TASK_JUMP);

	(void)state;
	new->eflags |= RFLAGS_VM;
	new->segment[VSEG_DS] = 0x1234;
	assert_int_equal(task_switch(v, &t), VM_SKIP);
	assert_int_equal(fake_virt.segment[VSEG_DS].base, 0x12340);
	assert_int_equal(fake_virt.segment[VSEG_CS].attributes, 0xf3);
	assert_int_equal(fake_virt.segment[VSEG_CS].limit, 0xffff);
	assert_true(fake_virt.reg[VREG_RFLAGS] & RFLAGS_VM);
}

/* From 32 bits to 16 and back. */
static void test_narrow(void **state)
{
	static const u16 image[22] = { 0, 0, 0, 0, 0, 0, 0, 0x1111, 0xf002, 1, 2, 3, 4, 0x800, 6, 7, 8,
				       SEL_DATA, SEL_CODE, SEL_SPARE, SEL_DATA, 0 };
	struct task_switch t = by(TASK_CALL);
	u16 *narrow = fake_at(NEW);

	(void)state;
	gdt[SEL_NEW / 8] = descriptor(NEW, sizeof(image) - 1, NARROW, 0);
	gdt[SEL_SPARE / 8] = descriptor(0, 0xffff, 0x93, 0);
	memcpy(narrow, image, sizeof(image));
	t.has_error = true;
	t.error = 0x7777;
	assert_int_equal(task_switch(v, &t), VM_SKIP);
	assert_int_equal(fake_virt.reg[VREG_RIP], 0x1111);
	assert_int_equal(v->regs.rbx, 0xffff0004);
	assert_int_equal(fake_virt.segment[VSEG_FS].selector, 0);
	assert_int_equal(fake_virt.segment[VSEG_TR].attributes, NARROW | 2);
	assert_int_equal(v->regs.rsp, 0xffff07fe);
	assert_int_equal(narrow[0], SEL_OLD);
	/* Back. */
	t = by(TASK_IRET);
	t.selector = SEL_OLD;
	memset(old, 0, sizeof(*old));
	memcpy(old->segment, (u32[]){ SEL_DATA, SEL_CODE, SEL_DATA, SEL_DATA, 0, 0 }, 24);
	v->regs.rdi = 0x89abcdef;
	assert_int_equal(task_switch(v, &t), VM_SKIP);
	assert_int_equal(narrow[7], 0x4444);
	assert_int_equal(narrow[8] & RFLAGS_NT, 0);
	assert_int_equal(narrow[16], 0xcdef);
	assert_int_equal(narrow[18], SEL_CODE);
	assert_int_equal(narrow[21], 0);
	assert_int_equal(access_of(SEL_NEW), NARROW);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		TEST(test_call),    TEST(test_jump_and_return), TEST(test_event),
		TEST(test_refused), TEST(test_pages),           TEST(test_told_by_the_new),
		TEST(test_levels),  TEST(test_v86),             TEST(test_narrow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
