/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Stores of descriptor table registers, which user mode may be forbidden and nobody else is. */
#include "test.h"

#define FLAGS_TF 0x100
#define ALL                                                                         \
	(HV_X64_MSR_NPIEP_CONFIG_PREVENT_SGDT | HV_X64_MSR_NPIEP_CONFIG_PREVENT_SIDT | \
		HV_X64_MSR_NPIEP_CONFIG_PREVENT_SLDT | HV_X64_MSR_NPIEP_CONFIG_PREVENT_STR)
#define WINDOW 7
#define FILL 0x5c

/* To where the accumulator points, and to itself; and a return. */
static u8 codes[][4] = {
	{ 0x0f, 0x01, 0x00, 0xc3 }, /* sgdt */
	{ 0x0f, 0x01, 0x08, 0xc3 }, /* sidt */
	{ 0x0f, 0x00, 0x00, 0xc3 }, /* sldt */
	{ 0x0f, 0x00, 0x08, 0xc3 }, /* str */
	{ 0x0f, 0x00, 0xc0, 0xc3 }, /* sldt, register */
	{ 0x0f, 0x00, 0xc8, 0xc3 }, /* str, register */
};
static const struct store { const char *name; u32 bit; u8 *code; bool memory; } stores[] = {
	{ "SGDT", HV_X64_MSR_NPIEP_CONFIG_PREVENT_SGDT, codes[0], true },
	{ "SIDT", HV_X64_MSR_NPIEP_CONFIG_PREVENT_SIDT, codes[1], true },
	{ "SLDT", HV_X64_MSR_NPIEP_CONFIG_PREVENT_SLDT, codes[2], true },
	{ "STR", HV_X64_MSR_NPIEP_CONFIG_PREVENT_STR, codes[3], true },
	{ "SLDT of a register", HV_X64_MSR_NPIEP_CONFIG_PREVENT_SLDT, codes[4], false },
	{ "STR of a register", HV_X64_MSR_NPIEP_CONFIG_PREVENT_STR, codes[5], false },
};

static u8 stored[16];

static bool npiep(u64 config)
{
	u64 value = ~0ull;

	if (!offered(hv_has_feature_npiep1))
		return false;
	EXPECT_EQ(rt_wrmsr(HV_X64_MSR_NPIEP_CONFIG, config), FAULT_NONE, "fault of the write");
	EXPECT_EQ(rt_rdmsr(HV_X64_MSR_NPIEP_CONFIG, &value), FAULT_NONE, "fault of the read");
	EXPECT_EQ(value, config, "NPIEP_CONFIG");
	return true;
}

static u32 in_user_mode(const struct store *s)
{
	struct rt_regs r = { 0 };

	memset(stored, FILL, sizeof(stored));
	r.reg[RT_AX] = (uintptr_t)stored;
	return rt_call_user(s->code, &r);
}

static void user_mode(void)
{
	for (u32 config = 0; config <= ALL; config++) {
		if (!npiep(config))
			return;
		for (unsigned i = 0; i < RT_COUNT(stores); i++) {
			const struct store *s = &stores[i];
			u32 fault = in_user_mode(s);
			bool refused = config & s->bit;

			EXPECT(fault == (refused ? FAULT_GP : FAULT_NONE), "%s raises %u with 0x%x",
				s->name, fault, config);
			if (refused)
				EXPECT(rt_fault.ip == (uintptr_t)s->code && !rt_fault.error,
					"%s raises #GP(%llx) at 0x%llx", s->name,
					(u64)rt_fault.error, (u64)rt_fault.ip);
			EXPECT((stored[0] == FILL && stored[1] == FILL) == (refused || !s->memory),
				"what %s has stored with 0x%x", s->name, config);
		}
	}
	npiep(0);
}

static uintptr_t execute(const struct store *s, void *to)
{
	uintptr_t ax = (uintptr_t)to;

	__asm__ volatile("call *%1" : "+a"(ax) : "r"(s->code) : "memory");
	return ax;
}

static void kernel_mode(void)
{
	u8 before[sizeof(stored)];

	for (unsigned i = 0; i < RT_COUNT(stores); i++) {
		uintptr_t with, without;

		if (!npiep(0))
			return;
		memset(stored, FILL, sizeof(stored));
		without = execute(&stores[i], stored);
		memcpy(before, stored, sizeof(stored));
		npiep(ALL);
		memset(stored, FILL, sizeof(stored));
		with = execute(&stores[i], stored);
		EXPECT(!memcmp(before, stored, sizeof(stored)), "%s stores something else",
			stores[i].name);
		EXPECT_EQ(with, without, "the accumulator");
	}
	npiep(0);
}

/* The other half of these instructions: nobody is forbidden to load. */
static void loads(void)
{
	if (!npiep(ALL))
		return;
	execute(&stores[0], stored);
	__asm__ volatile("lgdt %0" : : "m"(stored));
	execute(&stores[1], stored);
	__asm__ volatile("lidt %0" : : "m"(stored));
	__asm__ volatile("lldt %w0" : : "r"(0));
	npiep(0);
}

static void step_store(void *to)
{
	__asm__ volatile(
#ifdef __x86_64__
		"pushfq; orl %1, (%%rsp); popfq; sgdt (%0); nop"
#else
		"pushfl; orl %1, (%%esp); popfl; sgdt (%0); nop"
#endif
		: : "r"(to), "i"(FLAGS_TF) : "memory");
}

/* A guest's own trap comes behind the store, which has been done. */
static void own_trap(void)
{
	if (!npiep(ALL))
		return;
	memset(stored, FILL, sizeof(stored));
	EXPECT_EQ(rt_try(step_store, stored), FAULT_DB, "fault of a step");
	EXPECT_EQ(*(const u8 *)rt_fault.ip, 0x90, "the instruction behind the trap");
	EXPECT(stored[0] != FILL || stored[1] != FILL, "nothing was stored");
	npiep(0);
}

struct faulty { const struct store *store; void *to; };

static void execute_faulty(void *argument)
{
	const struct faulty *f = argument;

	execute(f->store, f->to);
}

/* The fault of the store itself, and none of it left behind. */
static void faults(void)
{
	void *window = rt_window(WINDOW, RT_GPA(stored) & ~(u64)(RT_PAGE - 1));
	volatile u64 *entry = rt_window_entry(WINDOW);
	const u64 old = *entry;

	if (!npiep(ALL))
		return;
	*entry = 0;
	__asm__ volatile("invlpg (%0)" : : "r"(window) : "memory");
	for (unsigned i = 0; i < RT_COUNT(stores); i++) {
		struct faulty f = { &stores[i], window };

		if (!stores[i].memory)
			continue;
		EXPECT_EQ(rt_try(execute_faulty, &f), FAULT_PF, "fault");
		EXPECT_EQ(rt_fault.address, (uintptr_t)window, "its address");
		EXPECT_EQ(rt_fault.ip, (uintptr_t)stores[i].code, "where it is");
		EXPECT_EQ(in_user_mode(&stores[i]), FAULT_GP, "fault in user mode after it");
	}
	*entry = old;
	npiep(0);
}

void suite_npiep(void)
{
	static const struct test tests[] = {
		{ "user-mode", user_mode },
		{ "kernel-mode", kernel_mode },
		{ "loads", loads },
		{ "own-trap", own_trap },
		{ "faults", faults },
	};

	test_run("npiep", tests, RT_COUNT(tests));
}
