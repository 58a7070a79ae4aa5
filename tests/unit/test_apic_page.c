/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Instructions on the APIC page carried out: what they do to registers of both sides, and which end it. */
/* link: core arch/x86/apic_page.c arch/x86/guest_memory.c arch/x86/mmio.c */
/* link: arch/x86/insn.c arch/x86/debug.c arch/x86/reg_rules.c */
#include "fake.h"

#include <string.h>

#include "cpu.h"
#include "lapic.h"

#define CODE 0x100000ull
#define ATTRIBUTE_L (1u << 13)
#define ATTRIBUTE_DB (1u << 14)
#define TPR (LAPIC_BASE_ADDRESS + LAPIC_TPR)
#define LDR (LAPIC_BASE_ADDRESS + LAPIC_LDR)

static void set_code(u32 attributes, u64 base)
{
	fake_virt.segment[VSEG_CS] = (struct segment){ .base = base, .attributes = (u16)attributes };
}

/* In 64-bit code, with its instructions at CODE. */
static struct vcpu *vp64(void)
{
	struct vcpu *v = fake_vp();

	fake_virt.reg[VREG_CR0] = CR0_PE; /* without paging linear addresses are physical ones */
	fake_virt.reg[VREG_EFER] = EFER_LMA;
	fake_virt.reg[VREG_RIP] = CODE;
	set_code(ATTRIBUTE_L, 0);
	lapic_write(v, LAPIC_SVR, 0x1ff);
	return v;
}

static struct npt_fault fault_at(u64 gpa)
{
	return (struct npt_fault){ GPA(gpa), NPT_R | NPT_W, false };
}

/* The instruction, whose operand lies at gpa; returns how far RIP went, and takes it back. */
static u64 run(struct vcpu *v, u64 gpa, const u8 *bytes, size_t count)
{
	const struct npt_fault fault = fault_at(gpa);
	const u64 before = fake_virt.reg[VREG_RIP];
	enum vm_next next;
	u64 length;

	memcpy(fake_at(CODE), bytes, count);
	next = apic_page_exit(v, &fault);
	length = fake_virt.reg[VREG_RIP] - before;
	assert_int_equal(next, length ? VM_RETRY : VM_REPEAT);
	fake_virt.reg[VREG_RIP] = before;
	return length;
}
#define RUN(v, gpa, ...) \
	run(v, gpa, (const u8[]){ __VA_ARGS__ }, sizeof((const u8[]){ __VA_ARGS__ }))

static bool ends(struct vcpu *v, u64 gpa, const u8 *bytes, size_t count)
{
	return fake_halts(run(v, gpa, bytes, count));
}
#define ENDS(v, gpa, ...) \
	ends(v, gpa, (const u8[]){ __VA_ARGS__ }, sizeof((const u8[]){ __VA_ARGS__ }))

static void test_moves(void **state)
{
	struct vcpu *v = vp64();

	(void)state;
	v->regs.rcx = 0xffffffffffffff5a;
	assert_int_equal(RUN(v, TPR, 0x89, 0x08), 2); /* mov [rax], ecx */
	assert_int_equal(lapic_read(v, LAPIC_TPR), 0x5a);
	v->regs.rbx = UINT64_MAX;
	assert_int_equal(RUN(v, TPR, 0x8b, 0x18), 2); /* mov ebx, [rax] */
	assert_int_equal(v->regs.rbx, 0x5a);
	v->regs.rbx = UINT64_MAX;
	RUN(v, TPR, 0x66, 0x8b, 0x18); /* mov bx, [rax] */
	assert_int_equal(v->regs.rbx, 0xffffffffffff005a);
	RUN(v, TPR, 0x8a, 0x38); /* mov bh, [rax] */
	assert_int_equal(v->regs.rbx, 0xffffffffffff5a5a);
	RUN(v, TPR, 0x44, 0x8b, 0x38); /* mov r15d, [rax] */
	assert_int_equal(v->regs.r15, 0x5a);
	RUN(v, TPR, 0xc7, 0x00, 0x20, 0, 0, 0); /* mov dword [rax], 0x20 */
	assert_int_equal(lapic_read(v, LAPIC_TPR), 0x20);
	v->regs.rsp = 0xdead;
	RUN(v, TPR, 0x8b, 0x20); /* mov esp, [rax] */
	assert_int_equal(v->regs.rsp, 0x20);
	/* Parts of a register: LDR has 0x87 in its top byte. */
	lapic_write(v, LAPIC_LDR, 0x87000000);
	RUN(v, LDR + 3, 0x0f, 0xb6, 0x18); /* movzx ebx, byte [rax] */
	assert_int_equal(v->regs.rbx, 0x87);
	RUN(v, LDR + 3, 0x48, 0x0f, 0xbe, 0x18); /* movsx rbx, byte [rax] */
	assert_int_equal(v->regs.rbx, 0xffffffffffffff87);
	RUN(v, LDR + 2, 0x0f, 0xbf, 0x18); /* movsx ebx, word [rax] */
	assert_int_equal(v->regs.rbx, 0xffff8700);
	RUN(v, LDR, 0x48, 0x63, 0x18); /* movsxd rbx, dword [rax] */
	assert_int_equal(v->regs.rbx, 0xffffffff87000000);
}

static void test_exchange_and_arithmetic(void **state)
{
	struct vcpu *v = vp64();

	(void)state;
	lapic_write(v, LAPIC_TPR, 0x30);
	v->regs.rcx = 0x77;
	assert_int_equal(RUN(v, TPR, 0x87, 0x08), 2); /* xchg [rax], ecx */
	assert_int_equal(v->regs.rcx, 0x30);
	assert_int_equal(lapic_read(v, LAPIC_TPR), 0x77);
	RUN(v, TPR, 0x81, 0x20, 0xf0, 0, 0, 0); /* and dword [rax], 0xf0 */
	assert_int_equal(lapic_read(v, LAPIC_TPR), 0x70);
	RUN(v, TPR, 0xf0, 0x83, 0x08, 0x09); /* lock or dword [rax], 9 */
	assert_int_equal(lapic_read(v, LAPIC_TPR), 0x79);
	v->regs.rcx = 0x80;
	RUN(v, TPR, 0x33, 0x08); /* xor ecx, [rax] */
	assert_int_equal(v->regs.rcx, 0xf9);
	fake_virt.reg[VREG_RFLAGS] = 0x202;
	RUN(v, TPR, 0x83, 0x38, 0x79); /* cmp dword [rax], 0x79 */
	assert_int_equal(fake_virt.reg[VREG_RFLAGS], 0x246);
	assert_int_equal(lapic_read(v, LAPIC_TPR), 0x79);
	v->regs.rcx = 0x78;
	RUN(v, TPR, 0x3b, 0x08); /* cmp ecx, [rax]: below */
	assert_int_equal(fake_virt.reg[VREG_RFLAGS] & 1, 1);
	RUN(v, TPR, 0x39, 0x08); /* cmp [rax], ecx: above */
	assert_int_equal(fake_virt.reg[VREG_RFLAGS] & 1, 0);
	RUN(v, TPR, 0xf7, 0x00, 6, 0, 0, 0); /* test dword [rax], 6 */
	assert_int_equal(fake_virt.reg[VREG_RFLAGS] & 0x40, 0x40);
}

/* What is no whole register at its place is not written, and reads nothing behind its end. */
static void test_no_registers(void **state)
{
	struct vcpu *v = vp64();

	(void)state;
	v->regs.rcx = 0xff;
	RUN(v, TPR, 0x88, 0x08);       /* a byte */
	RUN(v, TPR, 0x48, 0x89, 0x08); /* eight */
	RUN(v, TPR + 4, 0x89, 0x08);
	RUN(v, TPR - 2, 0x89, 0x08);
	assert_int_equal(lapic_read(v, LAPIC_TPR), 0);
	lapic_write(v, LAPIC_TPR, 0xff);
	RUN(v, TPR + 1, 0x8b, 0x08);
	assert_int_equal(v->regs.rcx, 0);
	RUN(v, LAPIC_BASE_ADDRESS + 0xffc, 0x8b, 0x08);
	assert_int_equal(v->regs.rcx, 0);
	/* In x2APIC mode nothing answers there. */
	assert_true(lapic_write_base(v, v->lapic.base | LAPIC_BASE_X2APIC));
	RUN(v, TPR, 0x8b, 0x08);
	assert_int_equal(v->regs.rcx, 0xffffffff);
	RUN(v, TPR, 0xc7, 0x00, 0, 0, 0, 0);
	assert_int_equal(lapic_tpr(v), 0xff);
}

static void test_stores(void **state)
{
	struct vcpu *v = vp64();

	(void)state;
	v->regs.rax = 0x30;
	v->regs.rdi = TPR;
	v->regs.rcx = 3;
	assert_int_equal(RUN(v, TPR, 0xab), 1); /* stosd */
	assert_int_equal(lapic_read(v, LAPIC_TPR), 0x30);
	assert_int_equal(v->regs.rdi, TPR + 4);
	assert_int_equal(v->regs.rcx, 3);
	/* REP: one at a time, with RIP in place until the last. */
	v->regs.rax = 0x40;
	v->regs.rdi = TPR;
	assert_int_equal(RUN(v, TPR, 0xf3, 0xab), 0);
	assert_int_equal(lapic_read(v, LAPIC_TPR), 0x40);
	assert_int_equal(RUN(v, TPR + 4, 0xf3, 0xab), 0);
	assert_int_equal(RUN(v, TPR + 8, 0xf3, 0xab), 2);
	assert_int_equal(v->regs.rdi, TPR + 12);
	assert_int_equal(v->regs.rcx, 0);
	/* None to do, backwards, and by narrower registers. */
	v->regs.rax = 0;
	assert_int_equal(RUN(v, TPR, 0xf3, 0xab), 2);
	assert_int_equal(lapic_read(v, LAPIC_TPR), 0x40);
	fake_virt.reg[VREG_RFLAGS] = RFLAGS_DF;
	v->regs.rdi = 0x100000000ull;
	v->regs.rcx = 0x500000001ull;
	assert_int_equal(RUN(v, TPR, 0xf3, 0x67, 0xab), 3); /* by EDI and ECX */
	assert_int_equal(v->regs.rdi, 0xfffffffc);
	assert_int_equal(v->regs.rcx, 0);
	set_code(0, 0);
	v->regs.rdi = 0x12340002;
	v->regs.rcx = 0x12340002;
	assert_int_equal(RUN(v, TPR, 0xf3, 0x66, 0xab), 0); /* by DI and CX */
	assert_int_equal(v->regs.rdi, 0x1234fffe);
	assert_int_equal(v->regs.rcx, 0x12340001);
}

/* The size of code follows from CS and the mode, and so does where its bytes are. */
static void test_code_sizes(void **state)
{
	struct vcpu *v = vp64();

	(void)state;
	lapic_write(v, LAPIC_TPR, 0x10);
	v->regs.rax = UINT64_MAX;
	fake_virt.reg[VREG_RIP] = 0x10;
	set_code(ATTRIBUTE_DB, CODE - 0x10); /* compatibility mode */
	assert_int_equal(RUN(v, TPR, 0xa1, 0x80, 0x00, 0xe0, 0xfe), 5);
	assert_int_equal(v->regs.rax, 0x10);
	set_code(ATTRIBUTE_DB, 0xfffffff0 + CODE); /* the sum has 32 bits */
	assert_int_equal(RUN(v, TPR, 0xa1, 0x80, 0x00, 0xe0, 0xfe), 5);
	/* 16-bit code of protected mode, and real mode whatever CS says. */
	v->regs.rax = UINT64_MAX;
	fake_virt.reg[VREG_EFER] = 0;
	fake_virt.reg[VREG_RIP] = 0;
	set_code(0, CODE);
	assert_int_equal(RUN(v, TPR, 0xa1, 0x80, 0x00), 3);
	assert_int_equal(v->regs.rax, 0xffffffffffff0010);
	fake_virt.reg[VREG_CR0] = 0;
	fake_virt.reg[VREG_RIP] = 0;
	set_code(ATTRIBUTE_DB, CODE);
	assert_int_equal(RUN(v, TPR, 0x66, 0xa1, 0x80, 0x00), 4);
	assert_int_equal(v->regs.rax, 0x10);
}

/* An instruction across two pages; and what of one is at the end of memory is not enough. */
static void test_page_boundaries(void **state)
{
	static const u8 store[] = { 0xc7, 0x04, 0x25, 0x80, 0x00, 0xe0, 0xfe, 0x60, 0, 0, 0 };

	(void)state;
	for (unsigned before = 1; before < sizeof(store); before++) {
		struct vcpu *v = vp64();
		const struct npt_fault fault = fault_at(TPR);
		const u64 edge = CODE + PAGE_SIZE, end = FAKE_HIDDEN;

		memcpy(fake_at(edge - before), store, sizeof(store));
		fake_virt.reg[VREG_RIP] = edge - before;
		apic_page_exit(v, &fault);
		assert_int_equal(lapic_read(v, LAPIC_TPR), 0x60);
		assert_int_equal(fake_virt.reg[VREG_RIP], edge - before + sizeof(store));
		memcpy(fake_at(end - before), store, before);
		fake_virt.reg[VREG_RIP] = end - before;
		assert_true(fake_halts(apic_page_exit(v, &fault)));
	}
}

/* By where they lead to: without paging, the same address. */
static void test_breakpoints(void **state)
{
	struct vcpu *v = vp64();

	(void)state;
	fake_virt.reg[VREG_DR0] = TPR;
	fake_virt.reg[VREG_DR7] = DR7_RESET | 1 | 1u << 16 | 3u << 18; /* writes of four bytes */
	fake_virt.traps = 0;
	RUN(v, TPR, 0x8b, 0x18);       /* mov ebx, [rax] */
	RUN(v, TPR, 0x83, 0x38, 0x79); /* cmp dword [rax], 0x79 */
	RUN(v, TPR, 0x33, 0x08);       /* xor ecx, [rax] */
	RUN(v, TPR + 0x10, 0x89, 0x08);
	assert_int_equal(fake_virt.traps, 0);
	RUN(v, TPR, 0x89, 0x08);
	assert_int_equal(fake_virt.traps, 1);
	fake_virt.traps = 0;
	RUN(v, TPR, 0x83, 0x08, 0x09); /* or dword [rax], 9 */
	assert_int_equal(fake_virt.traps, 1);
	fake_virt.traps = 0;
	RUN(v, TPR + 3, 0x86, 0x08);   /* xchg [rax], cl */
	assert_int_equal(fake_virt.traps, 1);
	fake_virt.traps = 0;
	fake_virt.reg[VREG_DR7] |= 2u << 16;
	RUN(v, TPR, 0x8b, 0x18);
	assert_int_equal(fake_virt.traps, 1);
	fake_virt.traps = 0;
	v->regs.rdi = TPR;
	v->regs.rcx = 2;
	assert_int_equal(RUN(v, TPR, 0xf3, 0xab), 0); /* rep stosd */
	assert_int_equal(fake_virt.traps, 1);
}

/* The rest ends the partition, by name and with the bytes. */
static void test_refused(void **state)
{
	struct vcpu *v = vp64();
	struct npt_fault fault = fault_at(TPR);

	(void)state;
	assert_true(ENDS(v, TPR, 0xff, 0x30, 0x90)); /* push [rax] */
	assert_true(fake_logged("no instruction for an APIC, at GPA 0xfee00080: ff 30 90"));
	assert_true(fake_logged("end: panic"));
	v = vp64();
	assert_true(ENDS(v, LAPIC_BASE_ADDRESS + 0xffd, 0x89, 0x08)); /* over the page's end */
	v = vp64();
	fault.access = NPT_X;
	assert_true(fake_halts(apic_page_exit(v, &fault)));
	v = vp64();
	fault = fault_at(TPR);
	fault.walk = true;
	assert_true(fake_halts(apic_page_exit(v, &fault)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_exchange_and_arithmetic),
		cmocka_unit_test(test_no_registers),
		cmocka_unit_test(test_stores),
		cmocka_unit_test(test_code_sizes),
		cmocka_unit_test(test_page_boundaries),
		cmocka_unit_test(test_breakpoints),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
