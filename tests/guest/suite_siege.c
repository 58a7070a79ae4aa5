/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Several processors that mean harm at the same time: none may stop another's progress, or the
 * hypervisor's.
 */
#include "test.h"

#define FLUSHES 8
#define ROUNDS 30
#define RESTARTS 3
#define MSR_APIC_BASE 0x1b
#define MSR_PAT 0x277
#define MSR_EFER 0xc0000080
#define EFER_NXE (1u << 11)
#define ICR_NMI 0x4400u
#define ICR_ASSERT 0x4000u
#define FAR_GPA 0x4000000000ull
#define FIRST_FREE_VECTOR 0x40

#define PCI_ADDRESS 0xcf8
#define PCI_DATA 0xcfc
#define PCI_ENABLE (1u << 31)
#define PCI_COMMAND 0x04
#define PCI_CLASS 0x08
#define PCI_FUNCTIONS 256       /* of one bus */
#define COMMAND_MEMORY (1u << 1)
#define CLASS_STORAGE 1
#define APIC_EOI 0xb0
#define ICR_SELF (1u << 18)
#define FLAGS_INTERRUPTS 0x200
#define VECTOR 0x81
#define INTERRUPTS 5000
#define LINGER 500
#define GAP 50000

/* ---- processors that do not listen ---- */

#define DEAF(name, code)                                                                 \
	static void name(void *unused)                                                   \
	{                                                                                \
		(void)unused;                                                            \
		__asm__ volatile("mov %%ss, %%ebx\n1: " code "; jmp 1b"                  \
				 : : "d"(0) : "eax", "ebx", "ecx", "memory"); \
	}
DEAF(spins, "cli")
DEAF(halts, "cli; hlt")
DEAF(waits, "sti; hlt")
DEAF(holds_events_back, "mov %%ebx, %%ss; mov %%ebx, %%ss")
DEAF(opens_and_closes, "sti; cli")
DEAF(leaves_for_cpuid, "xor %%eax, %%eax; cpuid; mov %%ss, %%ebx")
DEAF(reads_ports, "in $0x64, %%al")
DEAF(writes_caches_back, "wbinvd")
DEAF(idles, "mov $0x400000f0, %%ecx; rdmsr")

static void reads_apic(void *unused)
{
	(void)unused;
	for (;;)
		rt_apic_read(0x30);
}

static void take_nmi(void *unused)
{
	rt_apic_send(ICR_NMI, rt_self()->apic_id);
	spins(unused);
}

/* The handler never returns, so that further ones stay blocked. */
static void keeps_nmis_blocked(void *unused)
{
	rt_takes_nmi = false;
	rt_try(take_nmi, NULL);
	spins(unused);
}

#ifdef __x86_64__
/*
 * A breakpoint on the stack of its own handler: each delivery makes the next one, without an
 * instruction between them.
 */
struct gate { u16 low, selector; u8 stack, type; u16 middle; u32 high, zero; };
#define VENDOR_AMD 0x68747541   /* "Auth" */
#define TSS_IST3 13             /* its index in words of 32 bits */
#define DR7_WRITE_8 0x90401u    /* eight bytes at DR0 */

static u8 trap_stack[RT_PAGE] RT_PAGE_ALIGNED;

static void set_trap_stack(u8 ist)
{
	struct __attribute__((packed)) { u16 limit; struct gate *base; } idtr;

	__asm__("sidt %0" : "=m"(idtr));
	idtr.base[FAULT_DB].stack = ist;
}

static void traps_for_ever(void *unused)
{
	uintptr_t top = (uintptr_t)(trap_stack + sizeof(trap_stack));

	(void)unused;
	memcpy(&rt_self()->tss[TSS_IST3], &top, sizeof(top));
	__asm__ volatile("mov %0, %%dr0; mov %1, %%dr7; int $1"
			 : : "r"(top - 8), "r"((uintptr_t)DR7_WRITE_8));
}
#endif

static bool flush_all(void)
{
	u64 *in = (u64 *)call_input;

	memset(call_input, 0, RT_PAGE);
	in[1] = HV_FLUSH_FLAGS_ALL_PROCESSORS | HV_FLUSH_FLAGS_ALL_VIRTUAL_ADDRESS_SPACES;
	return call(HV_CONTROL(HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, 0, 0, 0, 0),
		    RT_GPA(call_input), 0).status == HV_STATUS_SUCCESS;
}

/* INIT has reached the processor when it has met a flush that came later. */
static void stop(unsigned n)
{
	rt_cpu_stop(n);
	EXPECT(flush_all(), "a flush fails after INIT");
}

static void nothing(void *unused)
{
	(void)unused;
}

/* While processor 1 does that, all that concerns it completes, and it can be had again. */
static void besiege(const char *what, void (*work)(void *))
{
	EXPECT(rt_cpu_start(1), "processor 1 does not start before it %s", what);
	rt_ask(1, work, NULL);
	rt_pm_wait(720);
	for (unsigned i = 0; i < FLUSHES; i++) {
		EXPECT(flush_all(), "a flush fails while processor 1 %s", what);
		rt_apic_send(ICR_ASSERT | 0x31, rt_cpus[1].apic_id);
	}
	stop(1);
	EXPECT(rt_cpu_start(1), "processor 1 is lost when it %s", what);
	EXPECT(rt_run_on(1, nothing, NULL) == FAULT_NONE, "processor 1 does not work after it %s",
		what);
}

static bool ready(void)
{
	if (rt_cpu_count == 1)
		test_skip("one processor");
	else if (!call_enable())
		test_skip("no hypercall page");
	else
		return true;
	return false;
}

static void deaf_processors(void)
{
	static const struct { const char *what; void (*work)(void *); } all[] = {
		{ "spins", spins }, { "halts", halts }, { "waits", waits },
		{ "holds events back", holds_events_back },
		{ "opens and closes", opens_and_closes },
		{ "leaves for CPUID", leaves_for_cpuid }, { "reads ports", reads_ports },
		{ "writes caches back", writes_caches_back }, { "reads its APIC", reads_apic },
		{ "keeps NMIs blocked", keeps_nmis_blocked }, { "idles", idles },
	};

	if (!ready())
		return;
	for (unsigned i = 0; i < RT_COUNT(all); i++)
		besiege(all[i].what, all[i].work);
	rt_cpus_stop();
	EXPECT(flush_all(), "a flush fails while all others wait for a start-up IPI");
}

#ifdef __x86_64__
static void endless_traps(void)
{
	if (!ready())
		return;
	if (rt_cpuid(0, 0).ebx == VENDOR_AMD) {
		test_skip("QEMU aborts");
		return;
	}
	set_trap_stack(3);
	besiege("traps for ever", traps_for_ever);
	set_trap_stack(0);
	rt_cpus_stop();
}
#endif

/* ---- all at once ---- */

static u64 next_random(u64 *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state >> 20 ^ *state << 30;
}

/* MSRs of the processor's own, whatever is written to them; addresses lie where nothing is. */
static void write_msrs(u64 r)
{
	static const u32 msrs[] = {
		MSR_APIC_BASE, MSR_PAT, 0x10, 0x3b, 0x48, 0x1a0, 0x1d9, 0x200, 0x250, 0x2ff, 0x6e0,
		0x802, 0x808, 0x80b, 0x80f, 0x828, 0x832, 0x83f, 0xda0, 0x480, 0xc0010114,
		0xc0010117, 0xc0000103, 0x40000070, 0x40000072, 0x40000080, 0x40000084, 0x40000090,
		0x400000b0, 0x400000b1, 0x400000b2, 0x400000b3, 0x40000101, 0x400000f1,
	};
	const u32 msr = msrs[r % RT_COUNT(msrs)];
	u64 value = r >> 8 & 1 ? r >> 13 : 1ull << (r >> 9 & 63);

	rt_wrmsr(msr, value);
	rt_rdmsr(msr, &value);
	rt_wrmsr(HV_X64_MSR_VP_ASSIST_PAGE, FAR_GPA + (r >> 16 & 0xff) * RT_PAGE + (r & 1));
	rt_wrmsr(HV_X64_MSR_SIMP, FAR_GPA + (r >> 18 & 0xff) * RT_PAGE + (r >> 1 & 1));
	rt_wrmsr((u32)(r >> 7), r);
}

/* No call that writes or stops other processors is among these codes. */
static void make_calls(u64 r)
{
	static const u16 codes[] = { 0x0002, 0x0003, 0x0008, 0x000b, 0x0013, 0x0014, 0x0015, 0x005c,
		0x005d, 0x8001, 0x0000, 0xffff };
	struct rt_regs in = { 0 }, out;
	const u64 control = codes[r % RT_COUNT(codes)] | (r & ~0xffffull);

	call_registers(&in, control, r >> 3, r >> 7);
	rt_call(call_page, &in, &out);
}

/* INIT is for processor 0 to send; an NMI would hit one that starts before it has a table for it. */
static void interrupt_others(u64 r)
{
	const u32 vector = FIRST_FREE_VECTOR + (r & 0x3f), other = (u32)(r >> 8) % rt_cpu_count;

	if (!(r >> 16 & 7))
		rt_apic_send(ICR_NMI, rt_self()->apic_id);
	else if (other)
		rt_apic_send(ICR_ASSERT | vector, rt_cpus[other].apic_id);
	rt_apic_write(0xb0, 0);
}

static void attack(void *seed)
{
	u64 state = (uintptr_t)seed;

	rt_takes_nmi = true;
	for (;;) {
		const u64 r = next_random(&state);

		switch (r >> 40 & 7) {
		case 0: case 1: write_msrs(r); break;
		case 2: case 3: make_calls(r); break;
		case 4: interrupt_others(r); break;
		case 5: rt_cpuid((u32)r, (u32)(r >> 9)); break;
		case 6: inb(r & 1 ? 0x64 : 0x92); break;
		default: __asm__ volatile("sti; nop; cli");
		}
	}
}

/* Processor 0 gets its answers all the time, and takes the others back whenever it likes. */
static void attacks(void)
{
	u64 index = 0;

	if (!ready())
		return;
	for (unsigned n = 0; n < RESTARTS * (rt_cpu_count - 1); n++) {
		const unsigned other = 1 + n % (rt_cpu_count - 1);

		stop(other);
		EXPECT(rt_cpu_start(other), "processor %u does not start", other);
		rt_ask(other, attack, (void *)(uintptr_t)(n + 1));
		for (unsigned i = 0; i < ROUNDS / RESTARTS; i++) {
			EXPECT_EQ(rt_cpuid(HV_CPUID_INTERFACE, 0).eax, 0x31237648, "CPUID");
			EXPECT(!rt_rdmsr(HV_X64_MSR_VP_INDEX, &index) && !index, "VP_INDEX");
			EXPECT(flush_all(), "a flush fails");
		}
	}
	for (unsigned n = 1; n < rt_cpu_count; n++) {
		stop(n);
		EXPECT(rt_cpu_start(n), "processor %u is lost", n);
		EXPECT(rt_run_on(n, nothing, NULL) == FAULT_NONE, "processor %u does not work", n);
	}
	rt_cpus_stop();
}

/* ---- a machine that changes under way ---- */

/* The command register of each function of bus 0, by the old way to configuration space. */
static u32 function_command(u32 function)
{
	outl(PCI_ADDRESS, PCI_ENABLE | function << 8 | PCI_COMMAND);
	return inl(PCI_DATA);
}

/* A mass storage device whose registers are in memory. PCI_FUNCTIONS: there is none. */
static u32 find_storage(void)
{
	u32 function = 0;

	for (; function < PCI_FUNCTIONS; function++) {
		outl(PCI_ADDRESS, PCI_ENABLE | function << 8 | PCI_CLASS);
		if (inl(PCI_DATA) >> 24 == CLASS_STORAGE &&
		    function_command(function) & COMMAND_MEMORY)
			break;
	}
	return function;
}

static bool rearranges; /* atomic */

/* QEMU has one lock for all of this, which it gives to nobody who waits unless it is let go for a while. */
static void let_others_in(void)
{
	for (volatile unsigned i = 0; i < GAP; i++)
		;
}

/* Takes a device's registers out of memory and puts them there again. */
static void rearrange_memory(void *storage)
{
	const u16 command = (u16)function_command((u32)(uintptr_t)storage);

	while (__atomic_load_n(&rearranges, __ATOMIC_RELAXED)) {
		outw(PCI_DATA, command & ~COMMAND_MEMORY);
		outw(PCI_DATA, command);
		let_others_in();
	}
}

/* Long enough for whatever comes in between. */
static void linger(u32 vector)
{
	(void)vector;
	for (unsigned i = 0; i < LINGER; i++)
		__asm__ volatile("pause");
	rt_apic_write(APIC_EOI, 0);
}

/* One interrupt, which comes to this mode. */
static void interrupt_kernel(void)
{
	rt_apic_send(ICR_SELF | ICR_ASSERT | VECTOR, 0);
	__asm__ volatile("sti; nop; cli" : : : "memory");
}

static void interrupt_user(void)
{
	const struct rt_regs in = { 0 };

	rt_apic_send(ICR_SELF | ICR_ASSERT | VECTOR, 0);
	rt_call_user(rt_marked_return, &in);
}

/* Emulators stop all their processors for it, in the middle of whatever they do. */
static void memory_changes(void)
{
	const u32 storage = find_storage();

	if (!ready())
		return;
	if (storage == PCI_FUNCTIONS) {
		test_skip("no device to take out of memory");
		return;
	}
	EXPECT(rt_cpu_start(1), "processor 1 does not start");
	rt_apic_enable();
	rt_on_interrupt = linger;
	rt_interrupts[VECTOR] = 0;
	rearranges = true;
	rt_ask(1, rearrange_memory, (void *)(uintptr_t)storage);
	rt_user_flags = FLAGS_INTERRUPTS | 2;
	for (u32 i = 0; i < INTERRUPTS; i++)
		(i % 2 ? interrupt_user : interrupt_kernel)();
	rt_user_flags = 2;
	__atomic_store_n(&rearranges, false, __ATOMIC_RELAXED);
	EXPECT_EQ(rt_answer(1), FAULT_NONE, "fault of processor 1");
	EXPECT_EQ(rt_interrupts[VECTOR], INTERRUPTS, "number of interrupts");
	rt_on_interrupt = NULL;
	rt_cpus_stop();
}

void suite_siege(void)
{
	static const struct test tests[] = {
		{ "deaf-processors", deaf_processors },
#ifdef __x86_64__
		{ "endless-traps", endless_traps },
#endif
		{ "attacks", attacks },
		{ "memory-changes", memory_changes },
	};

	test_run("siege", tests, RT_COUNT(tests));
}
