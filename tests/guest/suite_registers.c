/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Registers by name: reading all, writing back what was read, what is refused, and how much is done
 * until then.
 */
#include "hv_vectors.h"
#include "test.h"

#define GET HV_CALL_GET_VP_REGISTERS
#define SET HV_CALL_SET_VP_REGISTERS
#define UNKNOWN_NAME 0x7ffffff0u
#define MSR_EFER 0xc0000080

enum {
	READ = 1, /* can be read */
	WRITE = 2, /* can be written */
	BACK = 4, /* writing what was read changes nothing that the convention keeps, and starts
		     nothing */
	ALL = READ | WRITE | BACK,
};

#define NAME(name, how) { HV_REGISTER_NAME_##name, how, #name }
#ifdef __x86_64__
#define KEPT_64 ALL     /* a register that no operand of a 64-bit call is in */
#define KEPT_32 (READ | WRITE)
#else
#define KEPT_64 (READ | WRITE)
#define KEPT_32 ALL
#endif
#define OPERAND (READ | WRITE)

static const struct { u32 name; u32 how; const char *text;
} names[] = {
	NAME(HYPERVISOR_VERSION, READ),
	NAME(PRIVILEGES_AND_FEATURES_INFO, READ),
	NAME(FEATURES_INFO, READ),
	NAME(IMPLEMENTATION_LIMITS_INFO, READ),
	NAME(HARDWARE_FEATURES_INFO, READ),
	NAME(CPU_MANAGEMENT_FEATURES_INFO, READ),
	NAME(PASID_FEATURES_INFO, READ),
	NAME(NESTED_VIRT_FEATURES_INFO, READ),
	NAME(GUEST_CRASH_P0, ALL),
	NAME(GUEST_CRASH_P1, ALL),
	NAME(GUEST_CRASH_P2, ALL),
	NAME(GUEST_CRASH_P3, ALL),
	NAME(GUEST_CRASH_P4, ALL),
	NAME(GUEST_CRASH_CTL, READ | WRITE),
	NAME(PROCESSOR_CLOCK_FREQUENCY, READ),
	NAME(INTERRUPT_CLOCK_FREQUENCY, READ),
	NAME(X64_RAX, OPERAND),
	NAME(X64_RCX, OPERAND),
	NAME(X64_RDX, OPERAND),
	NAME(X64_RBX, KEPT_64),
	NAME(X64_RSP, OPERAND),
	NAME(X64_RBP, ALL),
	NAME(X64_RSI, KEPT_64),
	NAME(X64_RDI, KEPT_64),
	NAME(X64_R8, KEPT_32),
	NAME(X64_R9, ALL),
	NAME(X64_R10, ALL),
	NAME(X64_R11, ALL),
	NAME(X64_R12, ALL),
	NAME(X64_R13, ALL),
	NAME(X64_R14, ALL),
	NAME(X64_R15, ALL),
	NAME(X64_RIP, OPERAND),
	NAME(X64_RFLAGS, ALL),
	NAME(X64_CR0, ALL),
	NAME(X64_CR2, ALL),
	NAME(X64_CR3, ALL),
	NAME(X64_CR4, ALL),
	NAME(X64_CR8, ALL),
	NAME(X64_DR0, ALL),
	NAME(X64_DR1, ALL),
	NAME(X64_DR2, ALL),
	NAME(X64_DR3, ALL),
	NAME(X64_DR6, ALL),
	NAME(X64_DR7, ALL),
	NAME(X64_ES, ALL),
	NAME(X64_CS, ALL),
	NAME(X64_SS, ALL),
	NAME(X64_DS, ALL),
	NAME(X64_FS, ALL),
	NAME(X64_GS, ALL),
	NAME(X64_LDTR, ALL),
	NAME(X64_TR, ALL),
	NAME(X64_IDTR, ALL),
	NAME(X64_GDTR, ALL),
	NAME(X64_TSC, ALL),
	NAME(X64_EFER, ALL),
	NAME(X64_KERNEL_GS_BASE, ALL),
	NAME(X64_APIC_BASE, ALL),
	NAME(X64_PAT, ALL),
	NAME(X64_SYSENTER_CS, ALL),
	NAME(X64_SYSENTER_EIP, ALL),
	NAME(X64_SYSENTER_ESP, ALL),
	NAME(X64_STAR, ALL),
	NAME(X64_LSTAR, ALL),
	NAME(X64_CSTAR, ALL),
	NAME(X64_SFMASK, ALL),
	NAME(X64_INITIAL_APIC_ID, READ),
	NAME(X64_TSC_AUX, ALL),
	NAME(VP_RUNTIME, READ),
	NAME(X64_HYPERCALL, ALL),
	NAME(GUEST_OS_ID, ALL),
	NAME(VP_INDEX, READ),
	NAME(TIME_REF_COUNT, READ),
	NAME(X64_SYNTHETIC_EOI, WRITE),
	NAME(X64_SYNTHETIC_ICR, READ | WRITE),
	NAME(X64_SYNTHETIC_TPR, ALL),
	NAME(VP_ASSIST_PAGE, ALL),
	NAME(REFERENCE_TSC, ALL),
	NAME(SINT0, ALL),
	NAME(SINT1, ALL),
	NAME(SINT2, ALL),
	NAME(SINT3, ALL),
	NAME(SINT4, ALL),
	NAME(SINT5, ALL),
	NAME(SINT6, ALL),
	NAME(SINT7, ALL),
	NAME(SINT8, ALL),
	NAME(SINT9, ALL),
	NAME(SINT10, ALL),
	NAME(SINT11, ALL),
	NAME(SINT12, ALL),
	NAME(SINT13, ALL),
	NAME(SINT14, ALL),
	NAME(SINT15, ALL),
	NAME(SCONTROL, ALL),
	NAME(SVERSION, READ),
	NAME(SIFP, ALL),
	NAME(SIPP, ALL),
	NAME(EOM, ALL),
	NAME(STIMER0_CONFIG, ALL),
	NAME(STIMER0_COUNT, ALL),
	NAME(STIMER1_CONFIG, ALL),
	NAME(STIMER1_COUNT, ALL),
	NAME(STIMER2_CONFIG, ALL),
	NAME(STIMER2_COUNT, ALL),
	NAME(STIMER3_CONFIG, ALL),
	NAME(STIMER3_COUNT, ALL),
	NAME(STIME_UNHALTED_TIMER_CONFIG, ALL),
	NAME(STIME_UNHALTED_TIMER_COUNT, ALL),
};

/* Both calls begin alike. */
static void *head(u64 partition, u32 vp, u8 vtl)
{
	struct hv_get_vp_registers_in *in = (struct hv_get_vp_registers_in *)call_input;

	memset(call_input, 0, RT_PAGE);
	in->partition_id = partition;
	in->vp_index = vp;
	in->target_vtl = vtl;
	return in + 1;
}

static struct result get_listed(u32 count, u32 start)
{
	return call(HV_CONTROL(GET, 0, 0, count, start), RT_GPA(call_input), RT_GPA(call_output));
}

static struct result get(u32 name, u64 value[2])
{
	struct hv_get_vp_registers_each_in *each = head(HV_PARTITION_ID_SELF, HV_VP_INDEX_SELF, 0);
	struct result r;

	each->name = name;
	memset(call_output, 0xee, 32);
	r = get_listed(1, 0);
	memcpy(value, call_output, 16);
	return r;
}

/* Fill in the list of a write of one register. */
static void set_input(u32 name, const u64 value[2])
{
	struct hv_set_vp_registers_each_in *each = head(HV_PARTITION_ID_SELF, HV_VP_INDEX_SELF, 0);

	each->name = name;
	memcpy(&each->value, value, 16);
}

static struct result set(u32 name, const u64 value[2])
{
	set_input(name, value);
	return call(HV_CONTROL(SET, 0, 0, 1, 0), RT_GPA(call_input), 0);
}

static bool expect_result(struct result r, u16 status, u32 reps, const char *what)
{
	bool good = !r.fault && r.status == status && r.reps == reps;

	EXPECT(good, "%s: fault %u, %s, %u repetitions; wanted %s, %u", what, r.fault,
		hv_status_name(r.status), r.reps, hv_status_name(status), reps);
	return good;
}

static bool registers_offered(void)
{
	return offered(hv_has_privilege_access_vp_registers);
}

static void denied(void)
{
	u64 value[2] = { 0, 0 };

	if (hv_has_privilege_access_vp_registers(&offer)) {
		test_skip("AccessVpRegisters is offered");
		return;
	}
	expect_result(get(HV_REGISTER_NAME_VP_INDEX, value), HV_STATUS_ACCESS_DENIED, 0, "reading");
	EXPECT_EQ(value[0], 0xeeeeeeeeeeeeeeeeull, "output of a denied call");
	expect_result(set(HV_REGISTER_NAME_X64_DR0, value), HV_STATUS_ACCESS_DENIED, 0, "writing");
}

/* One that two bits gate. */
static int has_unhalted_timer(const struct hv_detected *d)
{
	return hv_has_privilege_access_synthetic_timer_regs(d) &&
	       hv_has_feature_synthetic_time_unhalted_timer(d);
}

/* Registers that are MSRs go by the gates of those. */
static bool is_feature_off(u32 name)
{
	static const struct { u32 first, last; offered_fn bit; } gates[] = {
		{ HV_REGISTER_NAME_GUEST_CRASH_P0, HV_REGISTER_NAME_GUEST_CRASH_CTL,
			hv_has_feature_guest_crash_regs },
		{ HV_REGISTER_NAME_PROCESSOR_CLOCK_FREQUENCY,
			HV_REGISTER_NAME_INTERRUPT_CLOCK_FREQUENCY,
			hv_has_privilege_access_frequency_regs },
		{ HV_REGISTER_NAME_VP_RUNTIME, HV_REGISTER_NAME_VP_RUNTIME,
			hv_has_privilege_access_vp_run_time_reg },
		{ HV_REGISTER_NAME_TIME_REF_COUNT, HV_REGISTER_NAME_TIME_REF_COUNT,
			hv_has_privilege_access_partition_reference_counter },
		{ HV_REGISTER_NAME_X64_SYNTHETIC_EOI, HV_REGISTER_NAME_X64_SYNTHETIC_TPR,
			hv_has_privilege_access_intr_ctrl_regs },
		{ HV_REGISTER_NAME_VP_ASSIST_PAGE, HV_REGISTER_NAME_VP_ASSIST_PAGE,
			hv_has_privilege_access_intr_ctrl_regs },
		{ HV_REGISTER_NAME_REFERENCE_TSC, HV_REGISTER_NAME_REFERENCE_TSC,
			hv_has_privilege_access_partition_reference_tsc },
		{ HV_REGISTER_NAME_SINT0, HV_REGISTER_NAME_EOM, hv_has_privilege_access_synic_regs },
		{ HV_REGISTER_NAME_STIMER0_CONFIG, HV_REGISTER_NAME_STIMER3_COUNT,
			hv_has_privilege_access_synthetic_timer_regs },
		{ HV_REGISTER_NAME_STIME_UNHALTED_TIMER_CONFIG,
			HV_REGISTER_NAME_STIME_UNHALTED_TIMER_COUNT, has_unhalted_timer },
	};

	for (unsigned i = 0; i < RT_COUNT(gates); i++)
		if (name >= gates[i].first && name <= gates[i].last)
			return !gates[i].bit(&offer);
	return false;
}

static void read_all(void)
{
	u64 value[2];

	for (unsigned i = 0; i < RT_COUNT(names) && registers_offered(); i++) {
		if (is_feature_off(names[i].name))
			continue;
		if (names[i].how & READ)
			expect_result(
				get(names[i].name, value), HV_STATUS_SUCCESS, 1, names[i].text);
		else
			expect_result(get(names[i].name, value), HV_STATUS_INVALID_PARAMETER, 0,
				names[i].text);
	}
}

static void write_back(void)
{
	u64 value[2], again[2];

	for (unsigned i = 0; i < RT_COUNT(names) && registers_offered(); i++) {
		bool moves = names[i].name == HV_REGISTER_NAME_X64_TSC ||
			names[i].name == HV_REGISTER_NAME_X64_RFLAGS;

		if (!(names[i].how & BACK) || is_feature_off(names[i].name) ||
			get(names[i].name, value).status)
			continue;
		if (!expect_result(set(names[i].name, value), HV_STATUS_SUCCESS, 1, names[i].text))
			continue;
		get(names[i].name, again);
		EXPECT(moves || !memcmp(value, again, 16), "%s was 0x%llx:%llx, is 0x%llx:%llx",
			names[i].text, value[1], value[0], again[1], again[0]);
	}
}

static void read_only(void)
{
	u64 value[2] = { 0, 0 };

	for (unsigned i = 0; i < RT_COUNT(names) && registers_offered(); i++)
		if (!(names[i].how & WRITE))
			expect_result(set(names[i].name, value), HV_STATUS_INVALID_PARAMETER, 0,
				names[i].text);
}

static bool is_tested(u32 name)
{
	for (unsigned i = 0; i < RT_COUNT(names); i++)
		if (names[i].name == name)
			return true;
	return false;
}

/* What the specification says is served is what the tests above read and write. */
static void served_names(void)
{
	unsigned count = RT_COUNT(hv_registers_served) - 1;

	for (unsigned i = 0; i < count; i++)
		EXPECT(is_tested(hv_registers_served[i]), "register 0x%x", hv_registers_served[i]);
	EXPECT_EQ(count, RT_COUNT(names), "registers served");
}

/* Names that are known and not served are refused as unknown ones are. */
static void refused_names(void)
{
	u64 value[2] = { 0, 0 };

	for (unsigned i = 0; i < RT_COUNT(hv_registers_refused) - 1 && registers_offered(); i++) {
		u32 name = hv_registers_refused[i];

		EXPECT(expect_result(set(name, value), HV_STATUS_INVALID_PARAMETER, 0, "writing"),
			"register 0x%x", name);
		EXPECT(expect_result(get(name, value), HV_STATUS_INVALID_PARAMETER, 0, "reading"),
			"register 0x%x", name);
		value[0] = value[1] = 0;
	}
}

static void expect_value(u32 name, u64 wanted, const char *text)
{
	u64 value[2] = { 0, 0 };

	get(name, value);
	EXPECT(value[0] == wanted && !value[1], "%s is 0x%llx:%llx, not 0x%llx", text, value[1],
		value[0], wanted);
}

#define CONTROL_REGISTER(number) \
	({ \
		uintptr_t v_; \
		__asm__ volatile("mov %%cr" #number ", %0" : "=r"(v_)); \
		(u64) v_; \
	})

static void true_values(void)
{
	u64 efer, value[2];
	struct rt_cpuid leaf = rt_cpuid(HV_CPUID_FEATURES, 0);

	if (!registers_offered())
		return;
	expect_value(HV_REGISTER_NAME_X64_CR0, CONTROL_REGISTER(0), "CR0");
	expect_value(HV_REGISTER_NAME_X64_CR3, CONTROL_REGISTER(3), "CR3");
	expect_value(HV_REGISTER_NAME_X64_CR4, CONTROL_REGISTER(4), "CR4");
	rt_rdmsr(MSR_EFER, &efer);
	expect_value(HV_REGISTER_NAME_X64_EFER, efer, "EFER");
	expect_value(HV_REGISTER_NAME_VP_INDEX, 0, "VP_INDEX");
	expect_value(HV_REGISTER_NAME_X64_RBP, (uintptr_t)0xc0dec0de5a5a1005ull, "RBP");
	get(HV_REGISTER_NAME_PRIVILEGES_AND_FEATURES_INFO, value);
	EXPECT(value[0] == (leaf.eax | (u64)leaf.ebx << 32) &&
			value[1] == (leaf.ecx | (u64)leaf.edx << 32),
		"the features are 0x%llx:%llx", value[1], value[0]);
}

static void true_segments(void)
{
	struct __attribute__((packed)) { u16 limit; uintptr_t base; } gdt;
	struct hv_segment_register s;
	struct hv_table_register t;
	u64 value[2];

	if (!registers_offered())
		return;
	__asm__ volatile("sgdt %0" : "=m"(gdt));
	get(HV_REGISTER_NAME_X64_GDTR, value);
	memcpy(&t, value, sizeof(t));
	EXPECT_EQ(t.base, gdt.base, "base of GDTR");
	EXPECT_EQ(t.limit, gdt.limit, "limit of GDTR");
	get(HV_REGISTER_NAME_X64_CS, value);
	memcpy(&s, value, sizeof(s));
	EXPECT_EQ(s.selector, SEL_CODE, "selector of CS");
	EXPECT_EQ(s.base, 0, "base of CS");
	EXPECT(s.attributes & HV_SEGMENT_ATTRIBUTES_PRESENT, "CS is not present");
	EXPECT_EQ(s.attributes & HV_SEGMENT_ATTRIBUTES_LONG,
		RT_WORD == 8 ? HV_SEGMENT_ATTRIBUTES_LONG : 0, "long CS");
	get(HV_REGISTER_NAME_X64_TR, value);
	memcpy(&s, value, sizeof(s));
	EXPECT_EQ(s.selector, SEL_TSS, "selector of TR");
	EXPECT_EQ(s.limit, 103, "limit of TR");
}

/* Repetitions before the bad one are done and counted, from the first of the list. */
static void unknown_name(void)
{
	static const u32 good[] = { HV_REGISTER_NAME_VP_INDEX, HV_REGISTER_NAME_X64_CR0,
		HV_REGISTER_NAME_X64_CR3 };
	struct hv_get_vp_registers_each_in *each = head(HV_PARTITION_ID_SELF, HV_VP_INDEX_SELF, 0);
	u64 *out = (u64 *)call_output;

	if (!registers_offered())
		return;
	for (unsigned i = 0; i < RT_COUNT(good); i++)
		each[i].name = good[i];
	each[3].name = UNKNOWN_NAME;
	each[4].name = HV_REGISTER_NAME_X64_CR0;
	memset(call_output, 0xee, RT_PAGE);
	expect_result(get_listed(5, 0), HV_STATUS_INVALID_PARAMETER, 3, "the fourth of five");
	EXPECT_EQ(out[2], CONTROL_REGISTER(0), "the second value");
	EXPECT_EQ(out[4], CONTROL_REGISTER(3), "the third value");
	EXPECT_EQ(out[8], 0xeeeeeeeeeeeeeeeeull, "the fifth value, never reached");
	expect_result(get_listed(5, 2), HV_STATUS_INVALID_PARAMETER, 3,
		"the fourth of five, from the third");
	expect_result(get_listed(5, 4), HV_STATUS_SUCCESS, 5, "the fifth of five");
	EXPECT_EQ(out[8], CONTROL_REGISTER(0), "the fifth value");
}

/* More than one entry of the hypervisor does: outputs lie where the repetition's own number says.
 */
static void long_list(void)
{
	enum { MOST = RT_PAGE / 16 };
	struct hv_get_vp_registers_each_in *each = head(HV_PARTITION_ID_SELF, HV_VP_INDEX_SELF, 0);
	u64 (*out)[2] = (u64 (*)[2])call_output;

	if (!registers_offered())
		return;
	for (unsigned i = 0; i < MOST; i++)
		each[i].name = i % 2 ? HV_REGISTER_NAME_X64_CR3 : HV_REGISTER_NAME_X64_CR0;
	memset(call_output, 0xee, RT_PAGE);
	expect_result(get_listed(MOST, 0), HV_STATUS_SUCCESS, MOST, "a page of registers");
	for (unsigned i = 0; i < MOST; i++)
		EXPECT(out[i][0] == (i % 2 ? CONTROL_REGISTER(3) : CONTROL_REGISTER(0)) &&
				!out[i][1],
			"value %u is 0x%llx:%llx", i, out[i][1], out[i][0]);
	expect_result(get_listed(MOST + 1, 0), HV_STATUS_INVALID_ALIGNMENT, 0,
		"more than a page of output");
}

static void wrong_target(void)
{
	if (!registers_offered())
		return;
	head(0x1234567, HV_VP_INDEX_SELF, 0);
	expect_result(get_listed(1, 0), HV_STATUS_INVALID_PARTITION_ID, 0, "another partition");
	head(HV_PARTITION_ID_SELF, rt_cpu_count, 0);
	expect_result(get_listed(1, 0), HV_STATUS_INVALID_VP_INDEX, 0, "a processor that is not there");
	head(HV_PARTITION_ID_SELF, HV_VP_INDEX_ANY, 0);
	expect_result(get_listed(1, 0), HV_STATUS_INVALID_VP_INDEX, 0, "any processor");
	head(HV_PARTITION_ID_SELF, HV_VP_INDEX_SELF, 0x80);
	expect_result(get_listed(1, 0), HV_STATUS_INVALID_PARAMETER, 0,
		"a reserved bit of the trust level");
	head(HV_PARTITION_ID_SELF, HV_VP_INDEX_SELF, HV_INPUT_VTL_USE_TARGET_VTL | 1);
	expect_result(get_listed(1, 0), HV_STATUS_INVALID_PARAMETER, 0,
		"a trust level that is not there");
}

static void overlap(void)
{
	if (!registers_offered())
		return;
	head(HV_PARTITION_ID_SELF, HV_VP_INDEX_SELF, 0);
	expect_result(call(HV_CONTROL(GET, 0, 0, 1, 0), RT_GPA(call_input), RT_GPA(call_input) + 8),
		HV_STATUS_INVALID_ALIGNMENT, 0, "output over the input");
}

/* Values that no register can hold are refused before they do harm. */
static void bad_values(void)
{
	static const struct { u32 name; u64 low, high;
	} bad[] = {
		{ HV_REGISTER_NAME_X64_CR0, 0, 1 },
		{ HV_REGISTER_NAME_X64_CR0, 0x80000000, 0 }, /* paging without protection */
		{ HV_REGISTER_NAME_X64_CR4, ~0ull, 0 },
		{ HV_REGISTER_NAME_X64_CR8, 0x10, 0 },
		{ HV_REGISTER_NAME_X64_EFER, ~0ull, 0 },
		{ HV_REGISTER_NAME_X64_DR7, 1ull << 32, 0 },
		{ HV_REGISTER_NAME_X64_DR0, 0, 1 },
		{ HV_REGISTER_NAME_X64_LSTAR, 1ull << 63, 0 },
		{ HV_REGISTER_NAME_X64_PAT, 2, 0 },
	};
	u64 before[2], after[2], value[2];

	for (unsigned i = 0; i < RT_COUNT(bad) && registers_offered(); i++) {
		value[0] = bad[i].low;
		value[1] = bad[i].high;
		get(bad[i].name, before);
		EXPECT(expect_result(set(bad[i].name, value), HV_STATUS_INVALID_REGISTER_VALUE, 0,
			       "a bad value"),
			"register 0x%x, value 0x%llx", bad[i].name, bad[i].low);
		get(bad[i].name, after);
		EXPECT(!memcmp(before, after, 16), "register 0x%x changed", bad[i].name);
	}
}

static void debug_register(void)
{
	u64 value[2] = { 0x12345678, 0 };
	uintptr_t now;

	if (!registers_offered())
		return;
	expect_result(set(HV_REGISTER_NAME_X64_DR0, value), HV_STATUS_SUCCESS, 1, "writing DR0");
	__asm__ volatile("mov %%dr0, %0" : "=r"(now));
	EXPECT_EQ(now, 0x12345678, "DR0");
	value[0] = 0;
	set(HV_REGISTER_NAME_X64_DR0, value);
}

/* Raw, for what changes registers: how the call comes back is compared by the caller. */
static struct rt_regs set_raw(u32 name, u64 low)
{
	struct rt_regs before, after;
	u64 value[2] = { low, 0 };

	set_input(name, value);
	call_registers(&before, HV_CONTROL(SET, 0, 0, 1, 0), RT_GPA(call_input), 0);
	EXPECT_EQ(rt_call(call_page, &before, &after), FAULT_NONE, "fault of the call");
	return after;
}

static void general_register(void)
{
	if (registers_offered())
		EXPECT_EQ(set_raw(HV_REGISTER_NAME_X64_RBP, 0x600dbeef).reg[RT_BP], 0x600dbeef,
			"RBP");
}

/* Over the page's own RET, into code that marks its passing. */
static void instruction_pointer(void)
{
	struct rt_regs after;

	if (!registers_offered())
		return;
	after = set_raw(HV_REGISTER_NAME_X64_RIP, (uintptr_t)rt_marked_return);
	EXPECT_EQ(after.reg[RT_BP], RT_MARK, "the mark");
}

/* Three registers take all 14 words, so that each has its place. */
static void in_registers(void)
{
	u64 words[14] = { HV_PARTITION_ID_SELF, HV_VP_INDEX_SELF, HV_REGISTER_NAME_X64_DR0, 0, 0x4321, 0,
		HV_REGISTER_NAME_X64_DR1, 0, 0x8765, 0, HV_REGISTER_NAME_X64_DR2, 0, 0xcba9, 0 };
	uintptr_t dr0, dr1, dr2;

	if (!registers_offered() || !offered(hv_has_feature_xmm_registers_for_fast_hypercall))
		return;
	expect_result(call_xmm(HV_CONTROL(SET, 1, 0, 3, 0), words), HV_STATUS_SUCCESS, 3, "three");
	__asm__ volatile("mov %%dr0, %0; mov %%dr1, %1; mov %%dr2, %2"
		: "=r"(dr0), "=r"(dr1), "=r"(dr2));
	EXPECT_EQ(dr0, 0x4321, "DR0");
	EXPECT_EQ(dr1, 0x8765, "DR1");
	EXPECT_EQ(dr2, 0xcba9, "DR2");
	words[13] = 1;
	expect_result(call_xmm(HV_CONTROL(SET, 1, 0, 3, 0), words),
		HV_STATUS_INVALID_REGISTER_VALUE, 2, "a bit in the very last word");
	words[4] = words[8] = words[12] = words[13] = 0;
	call_xmm(HV_CONTROL(SET, 1, 0, 3, 0), words);
}

void suite_registers(void)
{
	static const struct test tests[] = {
		{ "denied", denied },
		{ "read-all", read_all },
		{ "write-back", write_back },
		{ "read-only", read_only },
		{ "true-values", true_values },
		{ "true-segments", true_segments },
		{ "served-names", served_names },
		{ "refused-names", refused_names },
		{ "unknown-name", unknown_name },
		{ "long-list", long_list },
		{ "wrong-target", wrong_target },
		{ "overlap", overlap },
		{ "bad-values", bad_values },
		{ "debug-register", debug_register },
		{ "general-register", general_register },
		{ "instruction-pointer", instruction_pointer },
		{ "in-registers", in_registers },
	};

	call_enable();
	test_run("registers", tests, RT_COUNT(tests));
}
