/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* A root that means harm: what it tries must end in a refusal, and both sides must live on. */
#include "control.h"
#include "test.h"

#define SET HV_CALL_SET_VP_REGISTERS
#define GET HV_CALL_GET_VP_REGISTERS
#define ENABLE HV_X64_MSR_VP_ASSIST_PAGE_ENABLE
#define MSR_TSC 0x10
#define MSR_APIC_BASE 0x1b
#define MSR_MISC_ENABLE 0x1a0
#define MISC_XD_DISABLE (1ull << 34)
#define APIC_EXTD (1ull << 10)
#define APIC_EN (1ull << 11)
#define MSR_XSS 0xda0
#define XSS_SHADOW_STACKS (3ull << 11)
#define CPUID_X2APIC (1u << 21)         /* leaf 1 ECX */
#define CR4_RESERVED (1u << 30)
#define DR7_GD (1u << 13)
#define DR7_OFF 0x400u
#define FAR_GPA 0x4000000000ull         /* 256 GiB: no memory there, inside every address space */
#define MIB 0x100000ull
#define MOVES 6000u
#define APIC_MESSAGES 0xfee01000ull     /* devices write there to interrupt processor 1 */
#define APIC_MESSAGE_STEP 0x1000u
#define IOAPIC_BASE 0xfec00000ull
#define IOAPIC_WINDOW (0x10 / 4)        /* in words */
#define IOAPIC_LAST_ENTRY (0x10 + 2 * 23)
#define ENTRY_MASKED (1u << 16)

/* Delivery modes of an interrupt (SDM figure 11-12). */
enum { DELIVER_FIXED, DELIVER_LOWEST, DELIVER_SMI, DELIVER_NMI = 4, DELIVER_INIT };

/* Exits of several kinds get their right answers. */
static void expect_alive(const char *after)
{
	struct rt_cpuid leaf = rt_cpuid(HV_CPUID_INTERFACE, 0);
	u64 value = 0;

	EXPECT(leaf.eax == 0x31237648, "CPUID 0x40000001 says 0x%x after %s", leaf.eax, after);
	EXPECT(!rt_rdmsr(HV_X64_MSR_VP_INDEX, &value) && !value, "VP_INDEX after %s", after);
}

/* A processor's write to where messages of devices go is no message. */
static void messages_to_processors(void)
{
	for (u32 mode = DELIVER_FIXED; mode <= DELIVER_INIT; mode++)
		for (u32 to = 0; to < 4; to++) {
			volatile u32 *at = rt_window(1, APIC_MESSAGES + to * APIC_MESSAGE_STEP);

			*at = mode << 8 | 0x51;
			EXPECT(*at == ~0u, "0x%x is in the place for messages", *at);
		}
	expect_alive("messages");
}

/* The last entry, of which nothing is known but that no device of the platforms uses it. */
static void io_apic_entries(void)
{
	volatile u32 *ioapic = rt_window(1, IOAPIC_BASE);

	for (u32 mode = DELIVER_FIXED; mode <= DELIVER_INIT; mode++) {
		const bool stays = mode <= DELIVER_LOWEST || mode == DELIVER_NMI;
		u32 found;

		ioapic[0] = IOAPIC_LAST_ENTRY;
		EXPECT_EQ(ioapic[0], IOAPIC_LAST_ENTRY, "selected register");
		ioapic[IOAPIC_WINDOW] = mode << 8 | 0x51;
		found = ioapic[IOAPIC_WINDOW];
		EXPECT(!(found & ENTRY_MASKED) == stays, "mode %u: entry 0x%x", mode, found);
		EXPECT_EQ(found & 0xff, 0x51u, "vector");
	}
	ioapic[IOAPIC_WINDOW] = ENTRY_MASKED;
	expect_alive("entries of the I/O APIC");
}

static struct result set(u32 name, u64 low, u64 high)
{
	struct hv_set_vp_registers_in *in = (struct hv_set_vp_registers_in *)call_input;
	struct hv_set_vp_registers_each_in *each = (void *)(in + 1);
	const u64 value[2] = { low, high };

	memset(call_input, 0, RT_PAGE);
	in->partition_id = HV_PARTITION_ID_SELF;
	in->vp_index = HV_VP_INDEX_SELF;
	each->name = name;
	memcpy(&each->value, value, sizeof(value));
	return call(HV_CONTROL(SET, 0, 0, 1, 0), RT_GPA(call_input), 0);
}

static struct result get(u32 name, u64 value[2])
{
	struct hv_get_vp_registers_in *in = (struct hv_get_vp_registers_in *)call_input;
	struct hv_get_vp_registers_each_in *each = (void *)(in + 1);
	struct result r;

	memset(call_input, 0, RT_PAGE);
	in->partition_id = HV_PARTITION_ID_SELF;
	in->vp_index = HV_VP_INDEX_SELF;
	each->name = name;
	r = call(HV_CONTROL(GET, 0, 0, 1, 0), RT_GPA(call_input), RT_GPA(call_output));
	memcpy(value, call_output, 16);
	return r;
}

/* A local APIC over memory of the hypervisor would take part of it away. */
static void apic_stays_in_place(void)
{
	u64 base = 0, now = 0;

	if (!offered(hv_has_privilege_access_vp_registers))
		return;
	call_enable();
	rt_rdmsr(MSR_APIC_BASE, &base);
	for (u64 at = 16 * MIB; at < 0x100000000ull; at *= 2) {
		struct result r = set(HV_REGISTER_NAME_X64_APIC_BASE, (base & 0xfff) | at, 0);

		EXPECT_EQ(r.status, HV_STATUS_INVALID_REGISTER_VALUE, "status of a base elsewhere");
		rt_rdmsr(MSR_APIC_BASE, &now);
		EXPECT_EQ(now, base, "APIC_BASE");
	}
}

/*
 * The hypervisor must know the mode of the APIC that it is asked to write to. Ends with the APIC
 * off, from where some processors need a reset: the last test.
 */
static void apic_mode_by_name(void)
{
	u64 base = 0, value = 0;

	if (!offered(hv_has_privilege_access_vp_registers) ||
	    !offered(hv_has_privilege_access_intr_ctrl_regs))
		return;
	if (!(rt_cpuid(1, 0).ecx & CPUID_X2APIC)) {
		test_skip("no x2APIC");
		return;
	}
	call_enable();
	rt_rdmsr(MSR_APIC_BASE, &base);
	EXPECT_EQ(set(HV_REGISTER_NAME_X64_APIC_BASE, base | APIC_EXTD, 0).status,
		HV_STATUS_SUCCESS, "status of turning x2APIC mode on");
	EXPECT_EQ(rt_wrmsr(HV_X64_MSR_TPR, 0x30), FAULT_NONE, "fault of TPR in x2APIC mode");
	EXPECT_EQ(rt_rdmsr(0x808, &value), FAULT_NONE, "fault of the APIC's own");
	EXPECT_EQ(value, 0x30, "TPR in x2APIC mode");
	for (u32 mode = 0; mode < 8; mode++)
		if (mode != 2 && mode != 5 && mode != 6) /* SMI, INIT, start-up */
			rt_wrmsr(HV_X64_MSR_ICR, 0xfffffff000000090ull | mode << 8);
	EXPECT_EQ(set(HV_REGISTER_NAME_X64_APIC_BASE, base & ~(APIC_EN | APIC_EXTD), 0).status,
		HV_STATUS_SUCCESS, "status of turning the APIC off");
	rt_rdmsr(HV_X64_MSR_TPR, &value);
	rt_rdmsr(HV_X64_MSR_ICR, &value);
	rt_wrmsr(HV_X64_MSR_EOI, 0);
	expect_alive("changes of APIC_BASE");
	/* On again, for who comes next. */
	EXPECT_EQ(set(HV_REGISTER_NAME_X64_APIC_BASE, base, 0).status, HV_STATUS_SUCCESS,
		"status of turning the APIC on");
	rt_apic_enable();
}

/* One after the other, with no exit for anything else between them. */
static void reserved_bits_in_a_row(void)
{
	const uintptr_t cr4 = read_cr4() | CR4_RESERVED;

	for (u32 i = 0; i < 5; i++)
		EXPECT_EQ(set_cr4(cr4), FAULT_GP, "fault of a reserved bit of CR4");
	expect_alive("reserved bits of CR4");
}

static u64 reference_time(void)
{
	u64 value = 0;

	EXPECT_EQ(rt_rdmsr(HV_X64_MSR_TIME_REF_COUNT, &value), FAULT_NONE, "fault of the read");
	return value;
}

static void set_tsc(u64 value)
{
	EXPECT_EQ(rt_wrmsr(MSR_TSC, value), FAULT_NONE, "fault of writing the TSC");
}

static void time_only_rises(void)
{
	static const u64 values[] = { 0, ~0ull, 1ull << 63, 0ull - 20000, 0ull - 2000, 1,
		1ull << 40, 0ull - 200000 };
	u64 start = rt_tsc(), first, last, now;

	if (!offered(hv_has_privilege_access_partition_reference_counter))
		return;
	first = last = reference_time();
	for (u32 i = 0; i < RT_COUNT(values); i++) {
		set_tsc(values[i]);
		for (u32 n = 0; n < 200; n++) {
			now = reference_time();
			EXPECT(now >= last && now - first < 100000000,
				"reference time went from %llu to %llu after TSC 0x%llx", last, now,
				values[i]);
			last = now;
		}
	}
	set_tsc(start);
}

/* A page for which the TSC is about to wrap would jump back: it must say that it is not valid. */
static void time_page_before_the_wrap(void)
{
	static u8 page[RT_PAGE] RT_PAGE_ALIGNED;
	const volatile u32 *sequence = (const volatile u32 *)page;
	u64 start = rt_tsc();

	if (!offered(hv_has_privilege_access_partition_reference_tsc))
		return;
	rt_wrmsr(HV_X64_MSR_REFERENCE_TSC, RT_GPA(page) | 1);
	EXPECT(*sequence, "the page is not valid at first");
	set_tsc(0ull - 1000000);
	EXPECT_EQ(*sequence, 0, "sequence of a page near the wrap of the TSC");
	set_tsc(start);
	EXPECT(*sequence, "the page is not valid afterwards");
	rt_wrmsr(HV_X64_MSR_REFERENCE_TSC, 0);
}

/* Moves of an overlay over memory of devices, each into another piece of 2 MiB, cost nothing. */
static void overlay_moves_cost_nothing(void)
{
	u8 byte;

	if (!offered(hv_has_privilege_access_intr_ctrl_regs))
		return;
	for (u32 i = 0; i < MOVES; i++) {
		u64 gpa = FAR_GPA + i * 2 * MIB;

		if (i % 64 == 0)
			EXPECT_EQ(rt_read8((uintptr_t)rt_window(0, gpa + RT_PAGE), &byte),
				FAULT_NONE, "fault of reading memory of no device");
		EXPECT_EQ(rt_wrmsr(HV_X64_MSR_VP_ASSIST_PAGE, gpa | ENABLE), FAULT_NONE,
			"fault of moving the page");
	}
	rt_wrmsr(HV_X64_MSR_VP_ASSIST_PAGE, 0);
	expect_alive("moves of an overlay");
}

static bool is_refused(u64 gpa)
{
	u8 byte;

	return rt_read8((uintptr_t)rt_window(0, gpa), &byte) == FAULT_GP;
}

/* An overlay laid over each page of a piece of 2 MiB, while another comes and goes beside it. */
static void lay_over_pages(u64 piece)
{
	for (u64 gpa = piece; gpa < piece + 2 * MIB; gpa += RT_PAGE) {
		const u64 beside = gpa ^ RT_PAGE;

		rt_wrmsr(HV_X64_MSR_VP_ASSIST_PAGE, gpa | ENABLE);
		rt_wrmsr(HV_X64_MSR_SIMP, beside | HV_X64_MSR_SIMP_ENABLE);
		rt_wrmsr(HV_X64_MSR_SIMP, 0);
		EXPECT(is_refused(beside), "the hypervisor's page at 0x%llx can be read", beside);
	}
	rt_wrmsr(HV_X64_MSR_VP_ASSIST_PAGE, 0);
}

/* Where the hypervisor is, every page of it is tried: one of them is that of the overlay itself. */
static void overlays_over_the_hypervisor(void)
{
	u32 pieces = 0;

	if (!offered(hv_has_privilege_access_intr_ctrl_regs) ||
	    !offered(hv_has_privilege_access_synic_regs))
		return;
	for (u64 piece = 16 * MIB; piece < 1024 * MIB; piece += 2 * MIB) {
		if (!is_refused(piece) || !is_refused(piece + 2 * MIB - RT_PAGE))
			continue;
		lay_over_pages(piece);
		pieces++;
	}
	EXPECT(pieces, "the hypervisor was not found");
	expect_alive("overlays over the hypervisor");
}

/* In the debug registers of the hypervisor's own time nothing of the guest may be armed. */
static void debug_registers_are_guarded(void)
{
	u64 value[2];
	uintptr_t armed = DR7_OFF | DR7_GD, off = DR7_OFF;

	if (!offered(hv_has_privilege_access_vp_registers))
		return;
	call_enable();
	EXPECT_EQ(set(HV_REGISTER_NAME_X64_DR7, armed, 0).status, HV_STATUS_SUCCESS, "setting GD");
	EXPECT_EQ(get(HV_REGISTER_NAME_X64_DR0, value).status, HV_STATUS_SUCCESS, "reading DR0");
	EXPECT_EQ(set(HV_REGISTER_NAME_X64_DR0, 0x1234, 0).status, HV_STATUS_SUCCESS, "DR0");
	EXPECT_EQ(get(HV_REGISTER_NAME_X64_DR6, value).status, HV_STATUS_SUCCESS, "reading DR6");
	EXPECT_EQ(set(HV_REGISTER_NAME_X64_DR7, off, 0).status, HV_STATUS_SUCCESS, "clearing GD");
}

/* The A20 gate would take a bit away from the hypervisor's addresses too. */
static void address_line_20_stays(void)
{
	outb(0x92, (u8)(inb(0x92) & ~3));
	expect_alive("port 0x92");
	outb(0x64, 0xdd);
	expect_alive("command 0xdd of the keyboard controller");
	outb(0x64, 0xd1);
	outb(0x60, 0xdd);
	expect_alive("command 0xd1 of the keyboard controller");
	outb(0x92, (u8)((inb(0x92) | 2) & ~1));
}

/* A machine that sleeps wakes up in the root's own code, without a hypervisor. */
static void sleep_is_refused(void)
{
	for (u32 other = 1; other < 8; other++)
		if (!rt_sleep(other)) {
			test_skip("no ACPI sleep states");
			return;
		}
	expect_alive("sleep");
}

/* Accesses that meet intercepted ports in part. */
static void ports_in_part(void)
{
	inl(0xcf8);
	outl(0xcf8, 0);
	inw(0x63);
	inl(0x61);
	inw(0xf3);
	inl(0xf1);
	inl(0x2f5);
	inw(0x2ff);
	inl(0xffff);
	inw(0xffff);
	expect_alive("ports");
}

/* No-execute pages are the hypervisor's too. */
static void no_execute_stays(void)
{
	u64 value = 0;

	if (rt_rdmsr(MSR_MISC_ENABLE, &value)) {
		test_skip("no MISC_ENABLE");
		return;
	}
	EXPECT_EQ(rt_wrmsr(MSR_MISC_ENABLE, value | MISC_XD_DISABLE), FAULT_GP,
		"fault of MISC_ENABLE.XD_DISABLE");
}

/* With others, XRSTORS would write MSRs that the hypervisor keeps to itself. */
static void only_shadow_stacks_in_xss(void)
{
	const struct rt_cpuid states = rt_cpuid(0xd, 1);

	EXPECT(!(states.ecx & ~XSS_SHADOW_STACKS) && !states.edx,
		"CPUID offers supervisor states 0x%x, 0x%x", states.ecx, states.edx);
	for (u32 bit = 0; bit < 64; bit++)
		if (!(XSS_SHADOW_STACKS >> bit & 1))
			EXPECT(rt_wrmsr(MSR_XSS, 1ull << bit) == FAULT_GP, "bit %u of XSS is written", bit);
	expect_alive("XSS");
}

static u32 random_state = 1;

static u64 random(void)
{
	u64 value = 0;

	for (u32 i = 0; i < 4; i++) {
		random_state = random_state * 1103515245 + 12345;
		value = value << 16 | (random_state >> 8 & 0xffff);
	}
	return value;
}

/* Values from all over: few bits of the old one flipped, one bit, sign-extended, anything. */
static u64 hostile_value(u64 old)
{
	u64 r = random(), bit = 1ull << (r & 63);

	switch (r >> 60 & 7) {
	case 0: return random();
	case 1: return bit;
	case 2: return 0 - bit;
	case 3: return old ^ bit ^ 1ull << (r >> 8 & 63);
	case 4: return r >> 59 & 1 ? ~0ull : 0;
	default: return old ^ bit;
	}
}

/*
 * Whatever of these a call accepts, the guest must be able to go on with; the old value comes back
 * afterwards. Registers without which this code could not go on are left out.
 */
static void registers_at_random(void)
{
	static const u32 names[] = {
		HV_REGISTER_NAME_X64_CR2, HV_REGISTER_NAME_X64_DR0, HV_REGISTER_NAME_X64_DR3,
		HV_REGISTER_NAME_X64_DR6, HV_REGISTER_NAME_X64_FS, HV_REGISTER_NAME_X64_GS,
		HV_REGISTER_NAME_X64_LDTR, HV_REGISTER_NAME_X64_TR, HV_REGISTER_NAME_X64_TSC,
		HV_REGISTER_NAME_X64_KERNEL_GS_BASE, HV_REGISTER_NAME_X64_PAT,
		HV_REGISTER_NAME_X64_SYSENTER_CS, HV_REGISTER_NAME_X64_SYSENTER_EIP,
		HV_REGISTER_NAME_X64_SYSENTER_ESP, HV_REGISTER_NAME_X64_STAR,
		HV_REGISTER_NAME_X64_LSTAR, HV_REGISTER_NAME_X64_CSTAR,
		HV_REGISTER_NAME_X64_SFMASK, HV_REGISTER_NAME_X64_TSC_AUX,
		HV_REGISTER_NAME_X64_CR8,
#ifdef __x86_64__
		HV_REGISTER_NAME_X64_ES, HV_REGISTER_NAME_X64_DS, /* mean nothing there */
#endif
	};
	u64 start = rt_tsc(), old[2];

	if (!offered(hv_has_privilege_access_vp_registers))
		return;
	call_enable();
	for (u32 i = 0; i < 3000; i++) {
		u32 name = names[random() % RT_COUNT(names)];
		struct result r;

		if (get(name, old).status)
			continue;
		r = set(name, hostile_value(old[0]), random() & 1 ? old[1] : hostile_value(old[1]));
		EXPECT(!r.fault && (!r.status || r.status == HV_STATUS_INVALID_REGISTER_VALUE),
			"register 0x%x: fault %u, %s", name, r.fault, hv_status_name(r.status));
		rt_cpuid(0, 0);
		r = set(name, old[0], old[1]);
		EXPECT(!r.status, "restoring register 0x%x: %s", name, hv_status_name(r.status));
	}
	set_tsc(start);
	expect_alive("registers at random");
}

void suite_hostile(void)
{
	static const struct test tests[] = {
		{ "messages", messages_to_processors },
		{ "io-apic", io_apic_entries },
		{ "apic-base", apic_stays_in_place },
		{ "cr4-in-a-row", reserved_bits_in_a_row },
		{ "time", time_only_rises },
		{ "time-page", time_page_before_the_wrap },
		{ "overlay-moves", overlay_moves_cost_nothing },
		{ "overlay-over-hypervisor", overlays_over_the_hypervisor },
		{ "debug-registers", debug_registers_are_guarded },
		{ "ports", ports_in_part },
		{ "registers-at-random", registers_at_random },
		{ "xd-disable", no_execute_stays },
		{ "xss", only_shadow_stacks_in_xss },
		{ "sleep", sleep_is_refused },
		{ "a20", address_line_20_stays },
		{ "apic-mode", apic_mode_by_name },
	};
	const char *only = rt_option_value("hostile");

	for (unsigned i = 0; i < RT_COUNT(tests); i++)
		if (!only || rt_parse(only) == i)
			test_run("hostile", &tests[i], 1);
}
