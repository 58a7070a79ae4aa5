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

struct rt_fault {
	u32 vector;             /* FAULT_NONE when nothing was raised (#DE is never provoked) */
	u32 cs;
	uintptr_t error, ip, address;   /* address: CR2 of a #PF */
};

extern struct rt_fault rt_fault;        /* the last one caught */
extern volatile u32 rt_interrupts[256]; /* how often each vector above 31 came */
extern void (*rt_on_interrupt)(u32 vector); /* called for them, when set */
/* What the last of them interrupted: where, and the registers that hold a control word. */
extern volatile struct rt_interrupted { uintptr_t ip, ax, cx, dx; } rt_interrupted;

void rt_trap_init(void);
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
extern uintptr_t rt_call_sp;            /* the stack pointer just before the call instruction */

/* ---- other modes (rt_modes.S) ---- */
/*
 * Near-call target at CPL 3 with registers as in; comes back by the fault that it must raise.
 * FAULT_NONE: it returned.
 */
u32 rt_call_user(const void *target, const struct rt_regs *in);
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
 * (0..511).
 */
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
bool rt_power_off(void);                /* returns only on failure */
u32 rt_apic_read(u32 reg);              /* the memory-mapped local APIC */
void rt_apic_write(u32 reg, u32 value);
void rt_apic_enable(void);
void rt_pic_mask(void);

#endif
