/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Calls on other virtual processors: their numbers, their registers, and their start in any state. */
#include "test.h"

#define GET HV_CALL_GET_VP_REGISTERS
#define SET HV_CALL_SET_VP_REGISTERS
#define START HV_CALL_START_VIRTUAL_PROCESSOR
#define BY_APIC_ID HV_CALL_GET_VP_INDEX_FROM_APIC_ID
#define NO_APIC_ID 0x7fffff00u
#define PATTERN 0x5a17c0deu
#define GO 0x600d600du
#define ROUNDS 100
#define STEP_ROUNDS 500
#define FLAGS_TF 0x100
#define MOST_DELAY 4000                 /* in turns of a loop, by steps of so many */
#define STEP 37
#define RESET_RIP 0xfff0
#define RESET_CS_BASE 0xffff0000
#define ICR_STARTUP (6u << 8 | 1u << 14) /* asserted */
#define SEGMENT_DPL_SHIFT (48 + 5)      /* in the upper half of a segment register */
#define PAT_RESET 0x0007040600070406ull

/* Parameters of each processor's own calls. */
static u8 input[RT_CPUS][RT_PAGE] RT_PAGE_ALIGNED;
static u8 output[RT_CPUS][RT_PAGE] RT_PAGE_ALIGNED;

static void expect(struct result r, u16 status, u32 reps, const char *what)
{
	EXPECT(!r.fault && r.status == status && r.reps == reps,
		"%s: fault %u, %s, %u repetitions; wanted %s, %u", what, r.fault,
		hv_status_name(r.status), r.reps, hv_status_name(status), reps);
}

static bool others_start(void)
{
	if (rt_cpu_count == 1) {
		test_skip("one processor");
		return false;
	}
	EXPECT_EQ(rt_cpus_start(), rt_cpu_count, "processors that started");
	return true;
}

/* ---- numbers ---- */

static u32 *apic_ids(u32 count)
{
	struct hv_get_vp_index_from_apic_id_in *in = (void *)input[0];
	u32 *id = (u32 *)(in + 1);

	memset(input[0], 0, RT_PAGE);
	in->partition_id = HV_PARTITION_ID_SELF;
	for (u32 i = 0; i < count; i++)
		id[i] = rt_cpus[i % rt_cpu_count].apic_id;
	return id;
}

static struct result call_0(u64 control)
{
	return call(control, RT_GPA(input[0]), RT_GPA(output[0]));
}

static void numbers(void)
{
	const u32 count = 700, *index = (const u32 *)output[0];

	apic_ids(count);
	memset(output[0], 0xee, RT_PAGE);
	expect(call_0(HV_CONTROL(BY_APIC_ID, 0, 0, count, 0)), HV_STATUS_SUCCESS, count,
		"700 numbers");
	for (u32 i = 0; i < count; i++)
		EXPECT(index[i] == i % rt_cpu_count, "number %u is %u", i, index[i]);
	EXPECT_EQ(index[count], 0xeeeeeeee, "what lies behind the list");
}

static void numbers_refuse(void)
{
	apic_ids(5)[3] = NO_APIC_ID;
	expect(call_0(HV_CONTROL(BY_APIC_ID, 0, 0, 5, 0)), HV_STATUS_INVALID_PARAMETER, 3,
		"an id that nobody has");
	apic_ids(5)[3] = NO_APIC_ID;
	expect(call_0(HV_CONTROL(BY_APIC_ID, 0, 0, 5, 4)), HV_STATUS_SUCCESS, 5, "from behind it");
	apic_ids(1);
	((struct hv_get_vp_index_from_apic_id_in *)input[0])->partition_id = 0x1234567;
	expect(call_0(HV_CONTROL(BY_APIC_ID, 0, 0, 1, 0)), HV_STATUS_INVALID_PARTITION_ID, 0,
		"another partition");
}

/* ---- registers ---- */

static bool registers_offered(void)
{
	return offered(hv_has_privilege_access_vp_registers);
}

static struct result get_many(u32 vp, u32 name, u32 count)
{
	struct hv_get_vp_registers_in *in = (void *)input[rt_index()];
	struct hv_get_vp_registers_each_in *each = (void *)(in + 1);

	*in = (struct hv_get_vp_registers_in){ .partition_id = HV_PARTITION_ID_SELF,
		.vp_index = vp };
	for (u32 i = 0; i < count; i++)
		each[i].name = name;
	return call(HV_CONTROL(GET, 0, 0, count, 0), RT_GPA(in), RT_GPA(output[rt_index()]));
}

static u64 get(u32 vp, u32 name)
{
	expect(get_many(vp, name, 1), HV_STATUS_SUCCESS, 1, "a read");
	return *(const u64 *)output[rt_index()];
}

static struct result set(u32 vp, u32 name, u64 value)
{
	struct hv_set_vp_registers_in *in = (void *)input[rt_index()];
	struct hv_set_vp_registers_each_in *each = (void *)(in + 1);

	*in = (struct hv_set_vp_registers_in){ .partition_id = HV_PARTITION_ID_SELF,
		.vp_index = vp };
	memset(each, 0, sizeof(*each));
	each->name = name;
	memcpy(&each->value, &value, sizeof(value));
	return call(HV_CONTROL(SET, 0, 0, 1, 0), RT_GPA(in), 0);
}

extern const u8 vp_spin_at[], vp_spin_end[];

/* Spins with a pattern in SI until DI changes; *argument is DI then. */
static __attribute__((noinline)) void spin(void *argument)
{
	uintptr_t go = 0;

	__asm__ volatile(".globl vp_spin_at, vp_spin_end\n"
			 "vp_spin_at: pause; test %0, %0; jz vp_spin_at\n"
			 "vp_spin_end:"
		: "+D"(go)
		: "S"((uintptr_t)PATTERN)
		: "cc");
	*(uintptr_t *)argument = go;
}

static bool spins(void *n)
{
	const u64 rip = get(*(unsigned *)n, HV_REGISTER_NAME_X64_RIP);

	return rip >= RT_GPA(vp_spin_at) && rip < RT_GPA(vp_spin_end);
}

static void registers_of_others(void)
{
	if (!registers_offered() || !others_start())
		return;
	for (unsigned n = 1; n < rt_cpu_count; n++) {
		uintptr_t went = 0;

		rt_ask(n, spin, &went);
		EXPECT(rt_wait_for(spins, &n), "processor %u does not spin", n);
		EXPECT_EQ(get(n, HV_REGISTER_NAME_X64_RSI), PATTERN, "RSI there");
		EXPECT_EQ(get(n, HV_REGISTER_NAME_VP_INDEX), n, "VP_INDEX there");
		EXPECT_EQ(get(n, HV_REGISTER_NAME_X64_INITIAL_APIC_ID), rt_cpus[n].apic_id,
			"APIC id there");
		EXPECT_EQ(get(n, HV_REGISTER_NAME_X64_RDI), 0, "RDI there");
		expect(set(n, HV_REGISTER_NAME_X64_RDI, GO), HV_STATUS_SUCCESS, 1, "a write");
		EXPECT_EQ(rt_answer(n), FAULT_NONE, "fault there");
		EXPECT_EQ(went, GO, "what it was sent on with");
	}
	rt_cpus_stop();
}

/* The same in stores that exit, which the SVM core then lets the processor make in a step. */
static __attribute__((noinline)) void spin_storing(void *argument)
{
	struct __attribute__((packed)) { u16 limit; u64 base; } stored;
	uintptr_t go = 0;

	rt_wrmsr(HV_X64_MSR_NPIEP_CONFIG, HV_X64_MSR_NPIEP_CONFIG_PREVENT_SGDT);
	__asm__ volatile("1: sgdt %1; test %0, %0; jz 1b" : "+D"(go), "=m"(stored) : : "cc");
	rt_wrmsr(HV_X64_MSR_NPIEP_CONFIG, 0);
	*(uintptr_t *)argument = go;
}

/* What the hypervisor does for a step is not seen in the flags, and does not stay there. */
static void flags_in_a_step(void)
{
	uintptr_t went = 0;

	if (!offered(hv_has_feature_npiep1) || !registers_offered() || !others_start())
		return;
	rt_ask(1, spin_storing, &went);
	for (unsigned i = 0; i < STEP_ROUNDS; i++) {
		const u64 flags = get(1, HV_REGISTER_NAME_X64_RFLAGS);

		EXPECT(!(flags & FLAGS_TF), "RFLAGS there is 0x%llx", flags);
		expect(set(1, HV_REGISTER_NAME_X64_RFLAGS, flags), HV_STATUS_SUCCESS, 1, "a write");
	}
	expect(set(1, HV_REGISTER_NAME_X64_RDI, GO), HV_STATUS_SUCCESS, 1, "a write of RDI");
	EXPECT_EQ(rt_answer(1), FAULT_NONE, "fault there");
	EXPECT_EQ(went, GO, "what it was sent on with");
	rt_cpus_stop();
}

/* Each general register, and others of every kind, written there and read back there. */
static void every_kind_there(void)
{
	static const struct { u32 name; u64 value; } kinds[] = {
		{ HV_REGISTER_NAME_X64_RAX, 0x11111111 }, { HV_REGISTER_NAME_X64_RCX, 0x22222222 },
		{ HV_REGISTER_NAME_X64_RDX, 0x33333333 }, { HV_REGISTER_NAME_X64_RBX, 0x44444444 },
		{ HV_REGISTER_NAME_X64_RBP, 0x55555555 }, { HV_REGISTER_NAME_X64_CR2, 0x66666000 },
		{ HV_REGISTER_NAME_X64_CR8, 0x7 }, { HV_REGISTER_NAME_X64_DR0, 0x77777777 },
		{ HV_REGISTER_NAME_X64_LSTAR, 0x12345678 },
		{ HV_REGISTER_NAME_X64_SYSENTER_ESP, 0x23456789 },
	};

	if (!registers_offered() || !others_start())
		return;
	rt_cpu_prepare(1); /* one that waits has nothing to lose */
	for (unsigned i = 0; i < RT_COUNT(kinds); i++) {
		const u64 own = get(HV_VP_INDEX_SELF, HV_REGISTER_NAME_X64_DR0);

		expect(set(1, kinds[i].name, kinds[i].value), HV_STATUS_SUCCESS, 1, "a write");
		EXPECT(get(1, kinds[i].name) == kinds[i].value, "register 0x%x is 0x%llx",
			kinds[i].name, get(1, kinds[i].name));
		EXPECT_EQ(get(HV_VP_INDEX_SELF, HV_REGISTER_NAME_X64_DR0), own, "DR0 here");
	}
	expect(set(1, HV_REGISTER_NAME_X64_CR0, 1ull << 40), HV_STATUS_INVALID_REGISTER_VALUE, 0,
		"a bad CR0");
	expect(set(1, HV_REGISTER_NAME_VP_INDEX, 0), HV_STATUS_INVALID_PARAMETER, 0,
		"a register that cannot be written");
	EXPECT(rt_cpu_start(1), "it does not start after that");
	rt_cpus_stop();
}

/* Where it goes on is another's to say; it then is there, and the call is not made again. */
static void set_rip_there(void)
{
	uintptr_t went = 1;
	unsigned n = 1;

	if (!registers_offered() || !others_start())
		return;
	rt_ask(1, spin, &went);
	EXPECT(rt_wait_for(spins, &n), "it does not spin");
	expect(set(1, HV_REGISTER_NAME_X64_RIP, RT_GPA(vp_spin_end)), HV_STATUS_SUCCESS, 1,
		"a write");
	EXPECT_EQ(rt_answer(1), FAULT_NONE, "fault there");
	EXPECT_EQ(went, 0, "RDI at the end");
	rt_cpus_stop();
}

static void state_after_init(void)
{
	if (!registers_offered() || !others_start())
		return;
	rt_cpu_prepare(1);
	EXPECT_EQ(get(1, HV_REGISTER_NAME_X64_RIP), RESET_RIP, "RIP");
	EXPECT_EQ(get(1, HV_REGISTER_NAME_X64_CS), RESET_CS_BASE, "base of CS");
	EXPECT_EQ(get(1, HV_REGISTER_NAME_X64_RFLAGS), 2, "RFLAGS");
	EXPECT_EQ(get(1, HV_REGISTER_NAME_X64_EFER), 0, "EFER");
	EXPECT_EQ(get(1, HV_REGISTER_NAME_X64_CR3), 0, "CR3");
	EXPECT_EQ(get(1, HV_REGISTER_NAME_X64_RDX), rt_cpuid(1, 0).eax, "RDX");
	rt_cpus_stop();
}

static void registers_refuse(void)
{
	if (!registers_offered())
		return;
	expect(get_many(rt_cpu_count, HV_REGISTER_NAME_X64_RIP, 1), HV_STATUS_INVALID_VP_INDEX, 0,
		"the first that is not there");
	expect(get_many(rt_cpu_count - 1, 0x7ffffff0, 3), HV_STATUS_INVALID_PARAMETER, 0,
		"an unknown name");
}

static struct result set_segment(u32 vp, u32 name, const struct hv_segment_register *value)
{
	struct hv_set_vp_registers_in *in = (void *)input[rt_index()];
	struct hv_set_vp_registers_each_in *each = (void *)(in + 1);

	*in = (struct hv_set_vp_registers_in){ .partition_id = HV_PARTITION_ID_SELF,
		.vp_index = vp };
	memset(each, 0, sizeof(*each));
	each->name = name;
	memcpy(&each->value, value, sizeof(*value));
	return call(HV_CONTROL(SET, 0, 0, 1, 0), RT_GPA(in), 0);
}

static bool begins(void *unused)
{
	(void)unused;
	return get(1, HV_REGISTER_NAME_X64_CS) == RT_START_BASE;
}

/*
 * One that waits is made to wait at CPL 3, each step of which is legal. It starts at CPL 0 all the
 * same: the code segment that a start-up IPI gives goes with no other.
 */
static void start_up_above_cpl_0(void)
{
	static const u8 jump_to_itself[] = { 0xeb, 0xfe };
	const struct hv_segment_register code = { .limit = 0xffff, .attributes = 0x9f },
					 stack = { .limit = 0xffff, .attributes = 0xf3 };

	if (!registers_offered() || !others_start())
		return;
	rt_cpu_prepare(1);
	expect(set(1, HV_REGISTER_NAME_X64_CR0, 0x11), HV_STATUS_SUCCESS, 1, "protected mode");
	expect(set_segment(1, HV_REGISTER_NAME_X64_CS, &code), HV_STATUS_SUCCESS, 1,
		"a conforming code segment");
	expect(set_segment(1, HV_REGISTER_NAME_X64_SS, &stack), HV_STATUS_SUCCESS, 1, "CPL 3");
	memcpy((void *)RT_START_BASE, jump_to_itself, sizeof(jump_to_itself));
	rt_apic_send(ICR_STARTUP | RT_START_BASE >> 12, rt_cpus[1].apic_id);
	EXPECT(rt_wait_for(begins, NULL), "it does not begin");
	get(1, HV_REGISTER_NAME_X64_SS);
	EXPECT_EQ(((u64 *)output[0])[1] >> SEGMENT_DPL_SHIFT & 3, 0, "CPL");
	EXPECT(rt_cpu_start(1), "it does not start after that");
	rt_cpus_stop();
}

static void flush_all(void)
{
	u64 *in = (u64 *)input[rt_index()];

	in[0] = 0;
	in[1] = HV_FLUSH_FLAGS_ALL_PROCESSORS | HV_FLUSH_FLAGS_ALL_VIRTUAL_ADDRESS_SPACES;
	in[2] = 0;
	expect(call(HV_CONTROL(HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, 0, 0, 0, 0), RT_GPA(in), 0),
		HV_STATUS_SUCCESS, 0, "a flush");
}

static u32 quiet, go_on;

/*
 * Sets TR again and again to a type that is none in long mode, which some processors refuse; then
 * makes no exit of its own until it is told to go on.
 */
static void set_refused(void *unused)
{
	struct hv_segment_register good, bad;

	(void)unused;
	get(HV_VP_INDEX_SELF, HV_REGISTER_NAME_X64_TR);
	memcpy(&good, output[rt_index()], sizeof(good));
	bad = good;
	bad.attributes = (bad.attributes & ~0xf) | 3;
	for (unsigned i = 0; i < 4 * ROUNDS; i++)
		set_segment(HV_VP_INDEX_SELF, HV_REGISTER_NAME_X64_TR, &bad);
	expect(set_segment(HV_VP_INDEX_SELF, HV_REGISTER_NAME_X64_TR, &good), HV_STATUS_SUCCESS, 1,
		"the old TR");
	__atomic_store_n(&quiet, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&go_on, __ATOMIC_ACQUIRE))
		__asm__ volatile("pause");
}

/* What a refused register undoes must not be that another processor wants something. */
static void refused_while_asked(void)
{
	if (!registers_offered() || !others_start())
		return;
	quiet = go_on = 0;
	rt_ask(1, set_refused, NULL);
	for (unsigned delay = 0; !__atomic_load_n(&quiet, __ATOMIC_ACQUIRE);
		delay = (delay + STEP) % MOST_DELAY) {
		for (unsigned i = 0; i < delay; i++)
			__asm__ volatile("pause");
		flush_all();
	}
	for (unsigned i = 0; i < ROUNDS; i++)
		flush_all();
	__atomic_store_n(&go_on, 1, __ATOMIC_RELEASE);
	EXPECT_EQ(rt_answer(1), FAULT_NONE, "fault there");
	rt_cpus_stop();
}

/*
 * All ask their neighbours at the same time, and flush everybody in between: nobody may wait for one
 * that waits.
 */
static void ask_neighbour(void *unused)
{
	const u32 next = (rt_index() + 1) % rt_cpu_count;

	(void)unused;
	for (unsigned i = 0; i < ROUNDS; i++) {
		expect(get_many(next, HV_REGISTER_NAME_VP_INDEX, 5), HV_STATUS_SUCCESS, 5,
			"five reads");
		for (unsigned k = 0; k < 5; k++)
			EXPECT_EQ(((u64 *)output[rt_index()])[2 * k], next, "VP_INDEX there");
		expect(set(next, HV_REGISTER_NAME_X64_DR1, i), HV_STATUS_SUCCESS, 1, "a write");
		flush_all();
	}
}

static void all_at_once(void)
{
	if (!registers_offered() || !others_start())
		return;
	for (unsigned n = 1; n < rt_cpu_count; n++)
		rt_ask(n, ask_neighbour, NULL);
	ask_neighbour(NULL);
	for (unsigned n = 1; n < rt_cpu_count; n++)
		EXPECT_EQ(rt_answer(n), FAULT_NONE, "fault there");
	rt_cpus_stop();
}

/* ---- start ---- */

/* Where a started processor begins: its number lies on its stack. */
extern const u8 vp_entry[];
#ifdef __x86_64__
__asm__(".globl vp_entry\nvp_entry: pop %rdi; call rt_cpu_main");
#else
__asm__(".globl vp_entry\nvp_entry: call rt_cpu_main");
#endif

static bool start_offered(void)
{
	return offered(hv_has_privilege_start_virtual_processor) && registers_offered();
}

static void own_register(u32 name, void *to, size_t size)
{
	get(HV_VP_INDEX_SELF, name);
	memcpy(to, output[0], size);
}

/* This processor's own mode and tables, with processor n's stack. */
static struct hv_init_vp_context own_context(unsigned n)
{
	struct hv_init_vp_context c;
	uintptr_t *top = (uintptr_t *)(rt_cpus[n].stack + sizeof(rt_cpus[n].stack)) - 4;

	*top = n;
#define OWN(field, name) own_register(HV_REGISTER_NAME_X64_##name, &c.field, sizeof(c.field))
	OWN(cs, CS);
	OWN(ds, DS);
	OWN(es, ES);
	OWN(fs, FS);
	OWN(gs, GS);
	OWN(ss, SS);
	OWN(tr, TR);
	OWN(ldtr, LDTR);
	OWN(idtr, IDTR);
	OWN(gdtr, GDTR);
	OWN(efer, EFER);
	OWN(cr0, CR0);
	OWN(cr3, CR3);
	OWN(cr4, CR4);
	OWN(msr_cr_pat, PAT);
#undef OWN
	c.rip = RT_GPA(vp_entry);
	c.rsp = RT_GPA(top);
	c.rflags = 2;
	return c;
}

/* What a start-up IPI at the trampoline gives. */
static struct hv_init_vp_context real_context(void)
{
	const struct hv_segment_register data = { .limit = 0xffff, .attributes = 0x93 };

	return (struct hv_init_vp_context){
		.rflags = 2,
		.cr0 = 0x10,
		.msr_cr_pat = PAT_RESET,
		.cs = { .base = RT_START_BASE, .limit = 0xffff, .selector = RT_START_BASE >> 4,
			.attributes = 0x9b },
		.ds = data,
		.es = data,
		.fs = data,
		.gs = data,
		.ss = data,
		.tr = { .limit = 0xffff, .attributes = 0x8b },
		.ldtr = { .limit = 0xffff, .attributes = 0x82 },
		.gdtr = { .limit = 0xffff },
		.idtr = { .limit = 0xffff },
	};
}

static struct result start(u32 vp, const struct hv_init_vp_context *context)
{
	struct hv_start_virtual_processor_in *in = (void *)input[0];

	memset(in, 0, sizeof(*in));
	in->partition_id = HV_PARTITION_ID_SELF;
	in->vp_index = vp;
	in->vp_context = *context;
	return call(HV_CONTROL(START, 0, 0, 0, 0), RT_GPA(in), 0);
}

static void start_in_own_mode(void)
{
	if (!start_offered() || !others_start())
		return;
	for (unsigned n = 1; n < rt_cpu_count; n++) {
		uintptr_t went = 0;
		struct hv_init_vp_context c;
		unsigned k = n;

		rt_cpu_prepare(n);
		c = own_context(n);
		expect(start(n, &c), HV_STATUS_SUCCESS, 0, "the start");
		EXPECT(rt_cpu_arrives(n), "processor %u does not come", n);
		rt_ask(n, spin, &went);
		EXPECT(rt_wait_for(spins, &k), "processor %u does not spin", n);
		EXPECT_EQ(get(n, HV_REGISTER_NAME_X64_CR3), c.cr3, "CR3 there");
		EXPECT_EQ(get(n, HV_REGISTER_NAME_X64_EFER), c.efer, "EFER there");
		set(n, HV_REGISTER_NAME_X64_RDI, GO);
		EXPECT_EQ(rt_answer(n), FAULT_NONE, "fault there");
		EXPECT_EQ(went, GO, "what it was sent on with");
	}
	rt_cpus_stop();
}

static void start_in_real_mode(void)
{
	const struct hv_init_vp_context c = real_context();

	if (!start_offered() || !others_start()) /* which puts the trampoline where it is */
		return;
	rt_cpu_prepare(1);
	expect(start(1, &c), HV_STATUS_SUCCESS, 0, "the start");
	EXPECT(rt_cpu_arrives(1), "it does not come");
	rt_cpus_stop();
}

static void start_refuses_state(void)
{
	const struct hv_init_vp_context c = real_context();

	if (!start_offered())
		return;
	expect(start(HV_VP_INDEX_SELF, &c), HV_STATUS_INVALID_VP_STATE, 0, "itself");
	expect(start(0, &c), HV_STATUS_INVALID_VP_STATE, 0, "itself, by its number");
	expect(start(rt_cpu_count, &c), HV_STATUS_INVALID_VP_INDEX, 0, "one that is not there");
	if (!others_start())
		return;
	expect(start(1, &c), HV_STATUS_INVALID_VP_STATE, 0, "one that runs");
	rt_cpu_prepare(1);
	expect(start(1, &c), HV_STATUS_SUCCESS, 0, "one that waits");
	expect(start(1, &c), HV_STATUS_INVALID_VP_STATE, 0, "the same again");
	EXPECT(rt_cpu_arrives(1), "it does not come");
	rt_cpus_stop();
}

/* One field of a good context made wrong. */
#define BAD(field, wrong) \
	{ offsetof(struct hv_init_vp_context, field), \
		sizeof(((struct hv_init_vp_context *)0)->field), (wrong), #field " " #wrong }

static const struct { u32 offset, size; u64 wrong; const char *text; } bad[] = {
	BAD(rflags, 0),
	BAD(rflags, 0x8002),
	BAD(rflags, 1ull << 32 | 2),
	BAD(cr0, 0x80000010),
	BAD(cr0, 0x20000011),
	BAD(cr0, 1ull << 32 | 0x10),
	BAD(cr3, 1ull << 62),
	BAD(cr4, 1ull << 62),
	BAD(cr4, 1u << 13),
	BAD(efer, 2),
	BAD(efer, 0x400),
	BAD(efer, 0x1000),
	BAD(msr_cr_pat, 2),
	BAD(msr_cr_pat, 0x0800000000000000),
	BAD(rip, 0x8000000000000000),
	BAD(cs.attributes, 0),
	BAD(cs.limit, 0x100000),
	BAD(ss.limit, 0x100000),
	BAD(tr.attributes, 0),
	BAD(tr.attributes, 0x93),
	BAD(ldtr.attributes, 0x93),
	BAD(gdtr.base, 0x8000000000000000),
	BAD(idtr.base, 0x0000800000000000),
};

static void start_refuses_values(void)
{
	const struct hv_init_vp_context good = real_context();

	if (!start_offered() || !others_start())
		return;
	rt_cpu_prepare(1);
	for (unsigned i = 0; i < RT_COUNT(bad); i++) {
		struct hv_init_vp_context c = good;

		memcpy((u8 *)&c + bad[i].offset, &bad[i].wrong, bad[i].size);
		expect(start(1, &c), HV_STATUS_INVALID_REGISTER_VALUE, 0, bad[i].text);
	}
	EXPECT_EQ(get(1, HV_REGISTER_NAME_X64_RIP), RESET_RIP, "RIP after that");
	EXPECT_EQ(get(1, HV_REGISTER_NAME_X64_CS), RESET_CS_BASE, "base of CS after that");
	expect(start(1, &good), HV_STATUS_SUCCESS, 0, "a good one after that");
	EXPECT(rt_cpu_arrives(1), "it does not come");
	rt_cpus_stop();
}

void suite_vp(void)
{
	static const struct test tests[] = {
		{ "numbers", numbers },
		{ "numbers-refuse", numbers_refuse },
		{ "registers-of-others", registers_of_others },
		{ "flags-in-a-step", flags_in_a_step },
		{ "every-kind-there", every_kind_there },
		{ "set-rip-there", set_rip_there },
		{ "state-after-init", state_after_init },
		{ "start-up-above-cpl-0", start_up_above_cpl_0 },
		{ "registers-refuse", registers_refuse },
		{ "refused-while-asked", refused_while_asked },
		{ "all-at-once", all_at_once },
		{ "start-in-own-mode", start_in_own_mode },
		{ "start-in-real-mode", start_in_real_mode },
		{ "start-refuses-state", start_refuses_state },
		{ "start-refuses-values", start_refuses_values },
	};

	call_enable();
	test_run("vp", tests, RT_COUNT(tests));
}
