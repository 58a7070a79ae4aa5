/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * The runtime of the bare test guests: console, faults that can be caught, memory, time, and calls
 * with every register set.
 */
#ifndef RT_H
#define RT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rt_asm.h"

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef unsigned long long u64; /* so that %llx fits in both widths */

#define RT_COUNT(array) (sizeof(array) / sizeof(array)[0])
#define RT_PAGE 4096u
#define RT_PAGE_ALIGNED __attribute__((aligned(4096)))
/* Memory is mapped one to one: a guest physical address is the address. */
#define RT_GPA(pointer) ((u64)(uintptr_t)(pointer))

/* ---- start (rt_entry.S) ---- */
extern u64 rt_boot_tsc;         /* TSC at the second instruction of the guest */
void guest_main(u32 magic, u32 info);

/* ---- console and end (rt_print.c) ---- */
void rt_console_init(void);
/* Understands %s %c %d %u %x %llu %llx %%, with zero padding and width. */
void rt_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
void rt_vprintf(const char *format, va_list args);
/* Write into a buffer instead; always terminated. */
void rt_format(char *buffer, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void rt_vformat(char *buffer, size_t size, const char *format, va_list args);
/* End the machine with value on port 0xf4: 0x10 means success, 1 failure. */
_Noreturn void rt_exit(u32 value);

void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *text);
int strcmp(const char *a, const char *b);
const char *strstr(const char *text, const char *word);

/* ---- instructions ---- */
static inline void outb(u16 port, u8 value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}
static inline void outw(u16 port, u16 value)
{
	__asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}
static inline void outl(u16 port, u32 value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}
static inline u8 inb(u16 port)
{
	u8 v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}
static inline u16 inw(u16 port)
{
	u16 v;

	__asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}
static inline u32 inl(u16 port)
{
	u32 v;

	__asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline u64 rt_tsc(void)
{
	u32 low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (u64)high << 32 | low;
}

struct rt_cpuid { u32 eax, ebx, ecx, edx; };

static inline struct rt_cpuid rt_cpuid(u32 leaf, u32 subleaf)
{
	struct rt_cpuid r;

	__asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
		: "0"(leaf), "2"(subleaf));
	return r;
}

/* Quotient by a 32-bit number without a library. */
static inline u64 rt_div(u64 value, u32 by, u32 *rest)
{
	u32 high = (u32)(value >> 32), low = (u32)value, q, r = high % by;

	__asm__("divl %4" : "=a"(q), "=d"(r) : "0"(low), "1"(r), "rm"(by));
	if (rest)
		*rest = r;
	return (u64)(high / by) << 32 | q;
}

/* ---- faults (rt_trap.c, rt_trap.S) ---- */
enum {
	FAULT_NONE = 0,
	FAULT_DB = 1,
	FAULT_UD = 6,
	FAULT_DF = 8,
	FAULT_NP = 11,
	FAULT_SS = 12,
	FAULT_GP = 13,
	FAULT_PF = 14
};

struct rt_caught {
	u32 vector;             /* FAULT_NONE when nothing was raised (#DE is never provoked) */
	u32 cs;
	uintptr_t error, ip, address;   /* address: CR2 of a #PF */
	uintptr_t cx, si, di, flags;
};

/* What an interrupt found: where, and the registers that hold a control word. */
struct rt_interruption { uintptr_t ip, ax, cx, dx; };

/* Each of these is the calling processor's own. */
#define rt_fault (rt_self()->fault)               /* the last one caught */
#define rt_interrupts (rt_self()->interrupts)     /* how often each vector above 31 came */
#define rt_on_interrupt (rt_self()->on_interrupt) /* called for them, when set */
#define rt_interrupted (rt_self()->interrupted)   /* by the last of them */
#define rt_takes_nmi (rt_self()->takes_nmi)       /* NMIs are counted likewise, and no faults */

/* Tables, descriptors and task register of the calling processor, from now on processor n. */
void rt_trap_init(unsigned n);
/*
 * Run function(argument); returns FAULT_NONE, or the vector that ended it, with rt_fault filled.
 * May be nested.
 */
u32 rt_try(void (*function)(void *), void *argument);
/* Each tries one instruction (labels below) and returns FAULT_NONE or the vector. */
u32 rt_rdmsr(u32 msr, u64 *value);
u32 rt_wrmsr(u32 msr, u64 value);
u32 rt_read8(uintptr_t address, u8 *value);
u32 rt_write8(uintptr_t address, u8 value);
/* Where the instructions of these four are, for comparing with rt_fault.ip. */
extern const u8 rt_rdmsr_at[], rt_wrmsr_at[], rt_read_at[], rt_write_at[];

/* ---- calls with every register known (rt_call.S) ---- */
enum {
	RT_AX,
	RT_CX,
	RT_DX,
	RT_BX,
	RT_SP,
	RT_BP,
	RT_SI,
	RT_DI,
	RT_R8,
	RT_R9,
	RT_R10,
	RT_R11,
	RT_R12,
	RT_R13,
	RT_R14,
	RT_R15
};

struct rt_regs {
	uintptr_t reg[RT_REGS];         /* in encoding order; reg[RT_SP] is only stored */
	u8 flags[16];                   /* the flags register in the first word, only stored */
	u64 xmm[RT_REGS][2];
};
_Static_assert(offsetof(struct rt_regs, xmm) == RT_REGS_XMM, "rt_call.S stores here");

/*
 * Near-call target with the registers of *in; everything after its return goes to *out. Faults are
 * caught.
 */
u32 rt_call(const void *target, const struct rt_regs *in, struct rt_regs *out);
extern const u8 rt_marked_return[];     /* code: puts RT_MARK into RT_BP and returns */
#define RT_MARK 0x3a41c3d
#define rt_call_sp (rt_self()->call_sp) /* the stack pointer just before the call instruction */

/* ---- processors (rt_cpu.c, rt_entry.S) ---- */
/*
 * What each processor has for itself. Processor 0 is the one that came here from the boot loader;
 * the others wait for INIT and a start-up IPI, and are back in that state when a test is done with
 * them.
 */
struct rt_cpu {
	u64 gdt[RT_GDT_ENTRIES]; /* first, so that SGDT tells where this is */
	uintptr_t try_stack, call_target, call_sp;
	struct rt_caught fault;
	struct rt_regs call_in __attribute__((aligned(512)));
	struct rt_regs call_out __attribute__((aligned(512)));
	u8 user_stack[1024] __attribute__((aligned(512)));
	volatile u32 interrupts[256];
	void (*on_interrupt)(u32 vector);
	volatile struct rt_interruption interrupted;
	bool takes_nmi;
	u32 apic_id;
	u32 tss[26];
	/* Shared, by __atomic: whether it has started, and the work that it was given. */
	bool online;
	u32 work; /* enum rt_work */
	void (*function)(void *argument);
	void *argument;
	u32 result;
	u8 trap_stack[8192] __attribute__((aligned(16))); /* for entries from CPL 3 */
	u8 stack[32768] __attribute__((aligned(16)));
};
_Static_assert(offsetof(struct rt_cpu, try_stack) == RT_CPU_TRY_STACK, "rt_trap.S");
_Static_assert(offsetof(struct rt_cpu, call_target) == RT_CPU_CALL_TARGET, "rt_call.S");
_Static_assert(offsetof(struct rt_cpu, call_sp) == RT_CPU_CALL_SP, "rt_call.S");
_Static_assert(offsetof(struct rt_cpu, fault) == RT_CPU_FAULT, "rt_trap.S");
_Static_assert(offsetof(struct rt_cpu, call_in) == RT_CPU_CALL_IN, "rt_call.S");
_Static_assert(offsetof(struct rt_cpu, call_out) == RT_CPU_CALL_OUT, "rt_call.S");
_Static_assert(offsetof(struct rt_cpu, user_stack) + 1024 - 16 == RT_CPU_USER_SP, "rt_call.S");

extern struct rt_cpu rt_cpus[RT_CPUS];
extern unsigned rt_cpu_count;   /* by the MADT, RT_CPUS at most */
#define RT_LOST 0x100u          /* instead of a vector: it did not answer in time */

static inline struct rt_cpu *rt_self(void)
{
	struct __attribute__((packed)) { u16 limit; uintptr_t base; } gdtr;

	__asm__("sgdt %0" : "=m"(gdtr));
	return (struct rt_cpu *)gdtr.base;
}

static inline unsigned rt_index(void)
{
	return (unsigned)(rt_self() - rt_cpus);
}

void rt_cpu_init(void); /* count the processors; needs the machine's tables */
/* Bring processor n here by INIT and a start-up IPI, whatever it does. False: it does not come. */
bool rt_cpu_start(unsigned n);
/*
 * For other ways to start one: INIT, and its state here as it must be for a start; then wait until
 * it has called rt_cpu_main(). False: it does not come.
 */
void rt_cpu_prepare(unsigned n);
bool rt_cpu_arrives(unsigned n);
void rt_cpu_main(unsigned n);
/* Start all others; how many processors there are then, the calling one included. */
unsigned rt_cpus_start(void);
/* Back to waiting for a start-up IPI. */
void rt_cpu_stop(unsigned n);
void rt_cpus_stop(void);
/*
 * Run function(argument) on processor n, which has started. rt_ask() lets it begin, rt_answer()
 * waits until it is done: FAULT_NONE, the vector that ended it, or RT_LOST. rt_run_on() does both;
 * on the calling processor it is rt_try(). Whoever it runs on has interrupts disabled at first.
 */
void rt_ask(unsigned n, void (*function)(void *), void *argument);
u32 rt_answer(unsigned n);
u32 rt_run_on(unsigned n, void (*function)(void *), void *argument);
/* Wait until condition(argument); false when it did not become true within five seconds. */
bool rt_wait_for(bool (*condition)(void *), void *argument);

/* ---- other modes (rt_modes.S): one processor at a time ---- */
/*
 * Near-call target at CPL 3 with registers as in; comes back by the fault that it must raise.
 * FAULT_NONE: it returned.
 */
u32 rt_call_user(const void *target, const struct rt_regs *in);
extern uintptr_t rt_user_flags;         /* its flags, else 2 */
/*
 * In real mode near-call RT_REAL_PAGE with EAX, EBX, ECX, EDX, ESI, EDI zero. Returns the vector
 * raised, or FAULT_NONE.
 */
u32 rt_call_real(void);
/* IP (within the trampoline's segment at RT_REAL_BASE) of what rt_call_real caught. */
extern u32 rt_real_ip;
/*
 * Call the page in the 32-bit convention from a 64-bit kernel (compatibility mode). Not in the
 * 32-bit guest.
 */
u64 rt_call_compat(u32 page, u64 control, u64 input, u64 output);
/* Call with paging off. Only in the 32-bit guest. */
u64 rt_call_unpaged(u32 page, u64 control, u64 input, u64 output);

/* ---- memory (rt_memory.c) ---- */
enum rt_kind { RT_RAM = 1, RT_RESERVED = 2, RT_ACPI = 3, RT_NVS = 4, RT_BAD = 5 };
struct rt_range { u64 base, size; u32 kind; };

extern struct rt_range rt_map[64];
extern unsigned rt_map_count;
extern const char *rt_command_line;
extern unsigned rt_module_count;

/* Take over what the boot loader tells. False when magic is not that of multiboot1. */
bool rt_memory_init(u32 magic, u32 info);
/* Kind of the page at gpa by the memory map; RT_RESERVED, *listed false, when no range names it. */
enum rt_kind rt_kind_of(u64 gpa, bool *listed);
u64 rt_ram_end(void);                   /* end of the highest range of RAM */
/*
 * Map the page of any GPA at one of the window's addresses until the next call for the slot
 * (0..RT_WINDOWS - 1; the rest is the runtime's), on the calling processor.
 */
#define RT_WINDOWS 496
#define RT_WINDOW_MACHINE RT_WINDOWS
#define RT_WINDOW_APIC (RT_WINDOWS + 1) /* and one for each further processor */
void *rt_window(unsigned slot, u64 gpa);
/* The page table entry behind it, for changes without a flush. */
volatile u64 *rt_window_entry(unsigned slot);
bool rt_option(const char *word);       /* the command line has this word */
/* Text after `key=`, or NULL; it ends at a blank or the end. */
const char *rt_option_value(const char *key);
u32 rt_parse(const char *digits);       /* decimal, or hexadecimal after 0x */

/* ---- machine (rt_machine.c) ---- */
void rt_machine_init(void);
extern u16 rt_pm_timer, rt_pm1a;        /* ports, 0 when ACPI has none */
/* Wait at least that many PM timer ticks (3579545 Hz); how many it was, 0 without one. */
u32 rt_pm_wait(u32 ticks);
/* Ask for soft off, or for the sleep state that is `other` types (1 to 7) from it; false: cannot. */
bool rt_sleep(u32 other);
bool rt_power_off(void);                /* returns only on failure */
/* The local APIC of the calling processor, registers by their offset in memory in either mode. */
u32 rt_apic_read(u32 reg);
void rt_apic_write(u32 reg, u32 value);
/* The interrupt command register; destination: an APIC id or what the mode has in its place. */
void rt_apic_send(u32 command, u32 destination);
void rt_apic_enable(void);
/* An ACPI table by its signature, mapped one to one; NULL: there is none. */
const void *rt_acpi_table(const char *signature);
void rt_pic_mask(void);

#endif
