/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Every register of the local APIC in memory and as MSR, what each keeps of what is written and
 * what it refuses; the modes, how they are entered and left, and what each leaves behind.
 */
#include "apic.h"
#include "test.h"

#define CPUID_APIC (1u << 9)
#define VECTOR 0x73
#define SETTLE 360              /* ticks of the PM timer, 100 us */
#define LVT_NMI 0x400u
#define DEFAULT_BASE 0xfee00000ull

/* Where a register exists, and the bits that it keeps. */
enum { READ = 1, WRITE = 2, X2_READ = 4, X2_WRITE = 8, ANY = 15 };

static const struct reg {
	u16 first, last;
	u8 access;
	u32 keeps;      /* of what is written */
	u32 ones;       /* reads as ones whatever is written */
	u32 read_only;  /* bits that may be written but do not change */
} regs[] = {
	{ APIC_ID, APIC_ID, READ | X2_READ, 0, 0, 0 },
	{ APIC_VERSION, APIC_VERSION, READ | X2_READ, 0, 0, 0 },
	{ APIC_TPR, APIC_TPR, ANY, 0xff, 0, 0 },
	{ APIC_APR, APIC_APR, READ, 0, 0, 0 },
	{ APIC_PPR, APIC_PPR, READ | X2_READ, 0, 0, 0 },
	{ APIC_EOI, APIC_EOI, WRITE | X2_WRITE, 0, 0, 0 },
	{ APIC_RRD, APIC_RRD, READ, 0, 0, 0 },
	{ APIC_LDR, APIC_LDR, READ | WRITE | X2_READ, 0xff000000, 0, 0 },
	{ APIC_DFR, APIC_DFR, READ | WRITE, 0xf0000000, 0x0fffffff, 0 },
	{ APIC_SVR, APIC_SVR, ANY, 0x1ff, 0, 0 },
	{ APIC_ISR, APIC_IRR + 0x70, READ | X2_READ, 0, 0, 0 },
	{ APIC_ESR, APIC_ESR, ANY, 0, 0, 0 },
	{ APIC_ICR, APIC_ICR, ANY, 0x000ccfff, 0, 0 },
	{ APIC_ICR_HIGH, APIC_ICR_HIGH, READ | WRITE, 0xff000000, 0, 0 },
	{ APIC_LVT_TIMER, APIC_LVT_TIMER, ANY, 0x000700ff, 0, 0x1000 },
	{ APIC_LVT_THERMAL, APIC_LVT_PERFORMANCE, ANY, 0x000107ff, 0, 0x1000 },
	{ APIC_LVT_LINT0, APIC_LVT_LINT1, ANY, 0x0001a7ff, 0, 0x5000 },
	{ APIC_LVT_ERROR, APIC_LVT_ERROR, ANY, 0x000100ff, 0, 0x1000 },
	{ APIC_TIMER_INITIAL, APIC_TIMER_INITIAL, ANY, ~0u, 0, 0 },
	{ APIC_TIMER_CURRENT, APIC_TIMER_CURRENT, READ | X2_READ, 0, 0, 0 },
	{ APIC_TIMER_DIVIDE, APIC_TIMER_DIVIDE, ANY, 0xb, 0, 0 },
	{ APIC_SELF_IPI, APIC_SELF_IPI, X2_WRITE, 0xff, 0, 0 },
};

static const struct reg *reg_at(u32 offset)
{
	for (unsigned i = 0; i < RT_COUNT(regs); i++)
		if (offset >= regs[i].first && offset <= regs[i].last)
			return &regs[i];
	return NULL;
}

static bool is_lvt(u32 offset)
{
	return offset >= APIC_LVT_TIMER && offset <= APIC_LVT_ERROR;
}

static void enter(enum apic_mode mode)
{
	apic_reset_to(&mode);
}

static u32 take_errors(void)
{
	rt_apic_write(APIC_ESR, 0);
	return rt_apic_read(APIC_ESR);
}

/* ---- what both modes have ---- */

static void identity(void)
{
	const u32 id = rt_self()->apic_id;
	struct rt_cpuid topology = rt_cpuid(0xb, 0);

	EXPECT_EQ(rt_cpuid(1, 0).ebx >> 24, id, "initial APIC id");
	if (topology.ebx)
		EXPECT_EQ(topology.edx, id, "x2APIC id of CPUID");
	EXPECT_EQ(rt_apic_read(APIC_ID), apic_tested_mode == APIC_BY_MSR ? id : id << 24,
		"the id register");
	EXPECT_EQ(rt_apic_read(APIC_VERSION) & 0xff, 0x14, "the version");
	EXPECT_EQ(rt_apic_read(APIC_VERSION) >> 16 & 0xff, 5, "the number of the last LVT entry");
	if (apic_tested_mode == APIC_BY_MSR)
		EXPECT_EQ(rt_apic_read(APIC_LDR), id >> 4 << 16 | 1u << (id & 15), "LDR");
}

static void after_power_up(void)
{
	const bool memory = apic_tested_mode == APIC_IN_MEMORY;

	for (u32 offset = APIC_TPR; offset < APIC_SELF_IPI; offset += 16) {
		const struct reg *r = reg_at(offset);
		u32 expected = is_lvt(offset) ? APIC_MASKED : 0;

		if (!r || !(r->access & (memory ? READ : X2_READ)))
			continue;
		if (offset == APIC_DFR)
			expected = ~0u;
		else if (offset == APIC_SVR)
			expected = SPURIOUS_VECTOR;
		if (offset == APIC_LDR && !memory)
			continue;
		EXPECT(rt_apic_read(offset) == expected, "register 0x%x is 0x%x, not 0x%x", offset,
			rt_apic_read(offset), expected);
	}
}

static void after_off_and_on(void)
{
	u64 base = 0;

	rt_apic_write(APIC_TPR, 0x42);
	rt_apic_write(APIC_LVT_ERROR, VECTOR);
	rt_apic_send(ICR_SELF | ICR_ASSERT | VECTOR, 0);
	enter(APIC_OFF);
	rt_rdmsr(MSR_APIC_BASE, &base);
	rt_wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
	if (apic_tested_mode == APIC_BY_MSR)
		rt_wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE | APIC_BASE_X2APIC);
	after_power_up();
	enter(apic_tested_mode);
}

static void dirty(void *unused)
{
	(void)unused;
	apic_reset_to(&apic_tested_mode);
	rt_apic_write(APIC_TPR, 0x42);
	rt_apic_write(APIC_LVT_ERROR, VECTOR);
	rt_apic_write(APIC_TIMER_DIVIDE, APIC_DIVIDE_BY_1);
	rt_apic_write(APIC_TIMER_INITIAL, ~0u);
	rt_apic_send(ICR_SELF | ICR_ASSERT | VECTOR, 0);
	rt_apic_send(ICR_SELF | ICR_ASSERT | 1, 0);
	if (apic_tested_mode == APIC_IN_MEMORY) {
		rt_apic_write(APIC_LDR, 0x42000000);
		rt_apic_write(APIC_DFR, 0);
	}
}

static void look_after_init(void *unused)
{
	(void)unused;
	EXPECT_EQ(apic_mode(), apic_tested_mode, "the mode after INIT");
	identity();
	after_power_up();
}

/* INIT leaves the mode and the id, and nothing else. */
static void after_init(void)
{
	EXPECT(rt_cpu_start(1), "it does not start");
	EXPECT_EQ(rt_run_on(1, dirty, NULL), FAULT_NONE, "fault of writing");
	EXPECT(rt_cpu_start(1), "it does not start again");
	EXPECT_EQ(rt_run_on(1, look_after_init, NULL), FAULT_NONE, "fault of reading");
	rt_cpus_stop();
}

/* All that a register keeps, and no more; LVT entries stay masked. */
static void keeps(void)
{
	for (u32 offset = APIC_TPR; offset < APIC_SELF_IPI; offset += 16) {
		const struct reg *r = reg_at(offset);
		const bool memory = apic_tested_mode == APIC_IN_MEMORY;
		const u32 masked = is_lvt(offset) ? APIC_MASKED : 0;

		if (!r || !r->keeps || !(r->access & (memory ? WRITE : X2_WRITE)) ||
		    offset == APIC_ICR || offset == APIC_SVR)
			continue;
		rt_apic_write(offset, memory ? ~0u : r->keeps | r->read_only);
		EXPECT(rt_apic_read(offset) == (r->keeps | r->ones),
			"register 0x%x is 0x%x after ones", offset, rt_apic_read(offset));
		rt_apic_write(offset, masked);
		EXPECT(rt_apic_read(offset) == (masked | r->ones),
			"register 0x%x is 0x%x after zeroes", offset, rt_apic_read(offset));
	}
	enter(apic_tested_mode);
}

/* The end of service has no value that counts, and a read of it none. */
static void no_error_so_far(void)
{
	EXPECT_EQ(take_errors(), 0, "ESR after everything that was legal");
}

/* ---- disabled by software (SDM 11.4.7.2) ---- */

static void software_disabled(void)
{
	apic_handle_by_eoi();
	rt_interrupts[VECTOR] = 0;
	rt_apic_write(APIC_LVT_ERROR, VECTOR);
	rt_apic_write(APIC_LVT_TIMER, VECTOR);
	rt_apic_write(APIC_SVR, SPURIOUS_VECTOR);
	for (u32 offset = APIC_LVT_TIMER; offset <= APIC_LVT_ERROR; offset += 16) {
		EXPECT(rt_apic_read(offset) & APIC_MASKED, "LVT 0x%x is not masked", offset);
		rt_apic_write(offset, VECTOR);
		EXPECT(rt_apic_read(offset) == (APIC_MASKED | VECTOR),
			"LVT 0x%x is 0x%x after it was unmasked", offset, rt_apic_read(offset));
	}
	rt_apic_send(ICR_SELF | ICR_ASSERT | VECTOR, 0);
	rt_apic_send(ICR_ASSERT | VECTOR, rt_self()->apic_id);
	apic_let_in_for(SETTLE);
	EXPECT_EQ(rt_interrupts[VECTOR], 0, "interrupts that came");
	rt_apic_write(APIC_SVR, SVR_ENABLE | SPURIOUS_VECTOR);
	apic_let_in_for(SETTLE);
	EXPECT_EQ(rt_interrupts[VECTOR], 0, "interrupts that came after it was enabled");
	EXPECT(rt_apic_read(APIC_LVT_ERROR) & APIC_MASKED, "enabling it unmasked the LVT");
	rt_apic_send(ICR_SELF | ICR_ASSERT | VECTOR, 0);
	apic_let_in();
	EXPECT_EQ(rt_interrupts[VECTOR], 1, "interrupts that came when it was enabled");
	enter(apic_tested_mode);
}

static void send_from_disabled(void *unused)
{
	(void)unused;
	apic_reset_to(&apic_tested_mode);
	rt_apic_write(APIC_SVR, SPURIOUS_VECTOR);
	rt_apic_send(ICR_ASSERT | VECTOR, rt_cpus[0].apic_id);
}

/* It sends all the same. */
static void disabled_sends(void)
{
	const u32 before = rt_interrupts[VECTOR];

	apic_handle_by_eoi();
	EXPECT(rt_cpu_start(1), "it does not start");
	EXPECT_EQ(rt_run_on(1, send_from_disabled, NULL), FAULT_NONE, "fault there");
	EXPECT(apic_wait_for(VECTOR, before + 1), "the interrupt did not come");
	rt_cpus_stop();
}

/* ---- in memory ---- */

static u32 error_interrupts;

static void count_errors(u32 vector)
{
	error_interrupts += vector == VECTOR;
	rt_apic_write(APIC_EOI, 0);
}

/* Offsets where nothing is: read zero, and each one an error that can interrupt. */
static void reserved_offsets(void)
{
	rt_on_interrupt = count_errors;
	rt_apic_write(APIC_LVT_ERROR, VECTOR);
	take_errors();
	take_errors();
	for (u32 offset = 0; offset < RT_PAGE; offset += 16) {
		const struct reg *r = reg_at(offset);
		const u32 expected = r && r->access & (READ | WRITE) ? 0 : 1;

		if (r && offset != APIC_SELF_IPI)
			continue;
		error_interrupts = 0;
		EXPECT_EQ(rt_apic_read(offset), 0, "what a reserved register reads");
		apic_let_in();
		EXPECT(error_interrupts == expected, "0x%x: %u error interrupts of a read", offset,
			error_interrupts);
		EXPECT(take_errors() == (expected ? ESR_REGISTER : 0), "0x%x: the error of a read",
			offset);
		rt_apic_write(offset, 0);
		EXPECT(take_errors() == (expected ? ESR_REGISTER : 0), "0x%x: the error of a write",
			offset);
		apic_let_in();
	}
	enter(APIC_IN_MEMORY);
}

/* Registers that are only read ignore writes; one that is only written reads as zero. */
static void one_way(void)
{
	take_errors();
	for (u32 offset = 0; offset < APIC_SELF_IPI; offset += 16) {
		const struct reg *r = reg_at(offset);
		u32 before;

		if (!r || !(r->access & READ) || r->access & WRITE)
			continue;
		before = rt_apic_read(offset);
		rt_apic_write(offset, ~before);
		EXPECT(rt_apic_read(offset) == before, "register 0x%x was written", offset);
	}
	EXPECT_EQ(rt_apic_read(APIC_EOI), 0, "EOI");
	EXPECT_EQ(take_errors(), 0, "ESR");
}

static void no_msrs(void)
{
	u64 value;

	for (u32 msr = 0x800; msr < 0x900; msr++) {
		EXPECT(rt_rdmsr(msr, &value) == FAULT_GP, "MSR 0x%x can be read", msr);
		EXPECT(rt_wrmsr(msr, 0) == FAULT_GP, "MSR 0x%x can be written", msr);
	}
}

/* ---- by MSR ---- */

static void which_msrs(void)
{
	for (u32 offset = 0; offset < RT_PAGE; offset += 16) {
		const struct reg *r = reg_at(offset);
		u32 reads = r && r->access & X2_READ ? FAULT_NONE : FAULT_GP;
		u32 writes = r && r->access & X2_WRITE ? FAULT_NONE : FAULT_GP;
		u64 value;

		EXPECT(rt_rdmsr(APIC_MSR(offset), &value) == reads, "fault of reading MSR 0x%x",
			APIC_MSR(offset));
		EXPECT(rt_wrmsr(APIC_MSR(offset), is_lvt(offset) ? APIC_MASKED : 0) == writes,
			"fault of writing MSR 0x%x", APIC_MSR(offset));
	}
	enter(APIC_BY_MSR);
}

/* Each reserved bit alone faults, and the register stays as it was. */
static void reserved_bits(void)
{
	for (u32 offset = APIC_TPR; offset <= APIC_SELF_IPI; offset += 16) {
		const struct reg *r = reg_at(offset);
		u64 legal, before = 0, after = 0, base;

		if (!r || !(r->access & X2_WRITE))
			continue;
		legal = r->keeps | r->read_only | (offset == APIC_ICR ? ~0ull << 32 : 0);
		base = is_lvt(offset) ? APIC_MASKED : 0;
		rt_rdmsr(APIC_MSR(offset), &before);
		for (u32 bit = 0; bit < 64; bit++)
			if (!(legal >> bit & 1))
				EXPECT(rt_wrmsr(APIC_MSR(offset), 1ull << bit | base) == FAULT_GP,
					"MSR 0x%x takes bit %u", APIC_MSR(offset), bit);
		rt_rdmsr(APIC_MSR(offset), &after);
		EXPECT_EQ(after, before, "the register after the refusals");
	}
}

/* The command is one register: all 64 bits at once. */
static void command_is_one(void)
{
	const u64 command = 0x7e1234560000c0ffull & ~0x4000ull;
	u64 value = 0;

	EXPECT_EQ(rt_wrmsr(APIC_MSR(APIC_ICR), command), FAULT_NONE, "fault of the write");
	EXPECT_EQ(rt_rdmsr(APIC_MSR(APIC_ICR), &value), FAULT_NONE, "fault of the read");
	EXPECT_EQ(value, command, "the command");
}

static void self_ipi(void)
{
	apic_handle_by_eoi();
	rt_interrupts[VECTOR] = 0;
	EXPECT_EQ(rt_wrmsr(APIC_MSR(APIC_SELF_IPI), VECTOR), FAULT_NONE, "fault of the write");
	EXPECT(apic_vector_bit(APIC_IRR, VECTOR), "the interrupt is not pending");
	apic_let_in();
	EXPECT_EQ(rt_interrupts[VECTOR], 1, "interrupts that came");
	take_errors();
	rt_wrmsr(APIC_MSR(APIC_SELF_IPI), 3);
	EXPECT(take_errors() & ESR_SENT_VECTOR, "no error for an illegal vector");
}

/* Nobody answers in memory. */
static void not_in_memory(void)
{
	volatile u32 *tpr = (volatile u32 *)((u8 *)rt_window(10, DEFAULT_BASE) + APIC_TPR);

	rt_apic_write(APIC_TPR, 0x30);
	*tpr = 0x50;
	EXPECT_EQ(rt_apic_read(APIC_TPR), 0x30, "TPR after a write in memory");
	EXPECT(*tpr != 0x30, "TPR can be read in memory");
	rt_apic_write(APIC_TPR, 0);
}

/* ---- modes ---- */

static u64 base_now(void)
{
	u64 base = 0;

	rt_rdmsr(MSR_APIC_BASE, &base);
	return base;
}

static const char *name_of(enum apic_mode mode)
{
	static const char *const names[] = { "off", "memory", "MSRs" };

	return names[mode];
}

/* SDM figure 11-27: every step from every mode, the impossible fourth one included. */
static void transitions(void)
{
	static const u64 bits[] = { 0, APIC_BASE_ENABLE, APIC_BASE_ENABLE | APIC_BASE_X2APIC,
		APIC_BASE_X2APIC };
	static const bool allowed[3][4] = { { true, true, false, false },
		{ true, true, true, false }, { true, false, true, false } };

	for (unsigned from = APIC_OFF; from <= APIC_BY_MSR; from++)
		for (unsigned to = 0; to < RT_COUNT(bits); to++) {
			u64 base;

			enter(from);
			base = base_now();
			EXPECT(rt_wrmsr(MSR_APIC_BASE, (base & ~bits[2]) | bits[to]) ==
					(allowed[from][to] ? FAULT_NONE : FAULT_GP),
				"fault from %s to 0x%llx", name_of(from), bits[to]);
			EXPECT_EQ(base_now(), allowed[from][to] ? (base & ~bits[2]) | bits[to] : base,
				"IA32_APIC_BASE afterwards");
		}
	enter(APIC_IN_MEMORY);
}

static void base_refuses(void)
{
	const u64 base = base_now();
	const u32 width = rt_cpuid(0x80000008, 0).eax & 0xff;

	EXPECT_EQ(base & ~0xfffull, DEFAULT_BASE, "where the registers are");
	for (u32 bit = 0; bit < 64; bit++)
		if (bit < 8 || bit == 9 || bit >= width)
			EXPECT(rt_wrmsr(MSR_APIC_BASE, base ^ 1ull << bit) == FAULT_GP,
				"bit %u can be set", bit);
	/* They do not move here; a system that wants them elsewhere is told so. */
	EXPECT_EQ(rt_wrmsr(MSR_APIC_BASE, base + RT_PAGE), FAULT_GP, "fault of moving them");
	EXPECT_EQ(base_now(), base, "IA32_APIC_BASE afterwards");
}

/* Turned off, there is no local APIC: not in CPUID, not in memory, not for others. */
static void turned_off(void)
{
	volatile u32 *tpr = (volatile u32 *)((u8 *)rt_window(10, DEFAULT_BASE) + APIC_TPR);

	EXPECT(rt_cpuid(1, 0).edx & CPUID_APIC, "CPUID shows none while it is on");
	enter(APIC_OFF);
	EXPECT(!(rt_cpuid(1, 0).edx & CPUID_APIC), "CPUID shows one while it is off");
	no_msrs();
	*tpr = 0x50;
	EXPECT(*tpr != 0x50, "TPR can be written");
	enter(APIC_IN_MEMORY);
	EXPECT(rt_cpuid(1, 0).edx & CPUID_APIC, "CPUID shows none when it is on again");
	EXPECT_EQ(rt_apic_read(APIC_TPR), 0, "TPR after that");
}

static void turn_off(void *unused)
{
	enum apic_mode off = APIC_OFF;

	(void)unused;
	apic_reset_to(&off);
}

/* Nothing reaches an APIC that is off, by destination or shorthand. */
static void unreachable(void)
{
	enum apic_mode memory = APIC_IN_MEMORY;

	EXPECT(rt_cpu_start(1), "it does not start");
	EXPECT_EQ(rt_run_on(1, turn_off, NULL), FAULT_NONE, "fault there");
	rt_apic_send(ICR_ASSERT | VECTOR, rt_cpus[1].apic_id);
	rt_apic_send(ICR_ASSERT | ICR_OTHERS | VECTOR, 0);
	rt_apic_send(ICR_ASSERT | ICR_NMI | ICR_OTHERS, 0);
	rt_apic_send(ICR_ASSERT | ICR_INIT, rt_cpus[1].apic_id);
	rt_pm_wait(SETTLE);
	EXPECT_EQ(rt_run_on(1, apic_reset_to, &memory), FAULT_NONE, "fault of turning it on");
	EXPECT_EQ(rt_cpus[1].interrupts[VECTOR], 0, "interrupts that came");
	rt_cpus_stop();
}

void suite_apic_registers(void)
{
	static const struct test both[] = {
		{ "identity", identity },
		{ "after-off-and-on", after_off_and_on },
		{ "keeps", keeps },
		{ "no-error-so-far", no_error_so_far },
		{ "software-disabled", software_disabled },
	};
	static const struct test of_several[] = {
		{ "after-init", after_init },
		{ "disabled-sends", disabled_sends },
	};
	static const struct test in_memory[] = {
		{ "reserved-offsets", reserved_offsets },
		{ "one-way", one_way },
		{ "no-msrs", no_msrs },
		{ "transitions", transitions },
		{ "base-refuses", base_refuses },
		{ "turned-off", turned_off },
	};
	static const struct test in_memory_of_several[] = { { "unreachable", unreachable } };
	static const struct test by_msr[] = {
		{ "which-msrs", which_msrs },
		{ "reserved-bits", reserved_bits },
		{ "command-is-one", command_is_one },
		{ "self-ipi", self_ipi },
		{ "not-in-memory", not_in_memory },
	};

	apic_test_run("apic-registers", both, RT_COUNT(both));
	test_run("apic-registers-xapic", in_memory, RT_COUNT(in_memory));
	apic_test_run_x2apic("apic-registers", by_msr, RT_COUNT(by_msr));
	if (rt_cpu_count > 1) {
		apic_test_run("apic-registers", of_several, RT_COUNT(of_several));
		test_run("apic-registers-xapic", in_memory_of_several,
			RT_COUNT(in_memory_of_several));
	}
}
