/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Instructions that a process must not get away with, beside those that it may, again and again on all processors of a
 * Linux root: each must end as it ends without a hypervisor, by the signal of the exception that it raises or well.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define MAX_THREADS 64
#define PAGE 4096
#define REST_US 300             /* between two instructions: others want to run, too */
#define HIDDEN_PORT 0x2f8       /* the serial port of the hypervisor's console, */
#define HIDDEN_PORTS 8          /* which is as if it were not there */

/* How an instruction may end. */
enum { WELL = 1, UD = 2, GP = 4, TRAP = 8 };

/* Operands in memory are at RDI; RAX, RCX and RDX hold anything. */
static const struct probe { const char *name; const char code[8]; int length, ends; } probes[] = {
	/* Calls of a hypervisor are for the kernel alone. */
	{ "VMCALL", "\x0f\x01\xc1", 3, UD },
	{ "VMMCALL", "\x0f\x01\xd9", 3, UD },
	/* What a hypervisor itself would use. */
	{ "VMLAUNCH", "\x0f\x01\xc2", 3, UD },
	{ "VMRESUME", "\x0f\x01\xc3", 3, UD },
	{ "VMXOFF", "\x0f\x01\xc4", 3, UD },
	{ "VMFUNC", "\x0f\x01\xd4", 3, UD },
	{ "VMREAD", "\x0f\x78\xc1", 3, UD },
	{ "VMWRITE", "\x0f\x79\xc1", 3, UD },
	{ "VMPTRLD", "\x0f\xc7\x37", 3, UD },
	{ "VMCLEAR", "\x66\x0f\xc7\x37", 4, UD },
	{ "VMXON", "\xf3\x0f\xc7\x37", 4, UD },
	{ "INVEPT", "\x66\x0f\x38\x80\x07", 5, UD },
	{ "INVVPID", "\x66\x0f\x38\x81\x07", 5, UD },
	{ "VMRUN", "\x0f\x01\xd8", 3, UD | GP },
	{ "VMLOAD", "\x0f\x01\xda", 3, UD | GP },
	{ "VMSAVE", "\x0f\x01\xdb", 3, UD | GP },
	{ "STGI", "\x0f\x01\xdc", 3, UD | GP },
	{ "CLGI", "\x0f\x01\xdd", 3, UD | GP },
	{ "SKINIT", "\x0f\x01\xde", 3, UD | GP },
	{ "INVLPGA", "\x0f\x01\xdf", 3, UD | GP },
	{ "GETSEC", "\x0f\x37", 2, UD | GP },
	{ "RSM", "\x0f\xaa", 2, UD },
	/* What is for the kernel. */
	{ "RDMSR", "\x0f\x32", 2, GP },
	{ "WRMSR", "\x0f\x30", 2, GP },
	{ "RDPMC", "\x0f\x33", 2, GP | WELL },
	{ "HLT", "\xf4", 1, GP },
	{ "CLI", "\xfa", 1, GP },
	{ "IN", "\xec", 1, GP },
	{ "OUT", "\xee", 1, GP },
	{ "INSB", "\x6c", 1, GP },
	{ "OUTSB", "\x6e", 1, GP },
	{ "INVD", "\x0f\x08", 2, GP },
	{ "WBINVD", "\x0f\x09", 2, GP },
	{ "CLTS", "\x0f\x06", 2, GP },
	{ "LGDT", "\x0f\x01\x17", 3, GP },
	{ "LIDT", "\x0f\x01\x1f", 3, GP },
	{ "LLDT", "\x0f\x00\x17", 3, GP },
	{ "LTR", "\x0f\x00\x1f", 3, GP },
	{ "LMSW", "\x0f\x01\x37", 3, GP },
	{ "INVLPG", "\x0f\x01\x3f", 3, GP },
	{ "SWAPGS", "\x0f\x01\xf8", 3, GP },
	{ "XSETBV", "\x0f\x01\xd1", 3, GP },
	{ "MOV from CR0", "\x0f\x20\xc0", 3, GP },
	{ "MOV to CR3", "\x0f\x22\xd8", 3, GP },
	{ "MOV to CR8", "\x44\x0f\x22\xc0", 4, GP },
	{ "MOV from DR7", "\x0f\x21\xf8", 3, GP },
	{ "MONITOR", "\x0f\x01\xc8", 3, UD | GP },
	{ "MWAIT", "\x0f\x01\xc9", 3, UD | GP },
	{ "INT 2", "\xcd\x02", 2, GP },
	{ "INT 0xf3", "\xcd\xf3", 2, GP },
	/* Where the processor has UMIP, the kernel answers some of these. */
	{ "SGDT", "\x0f\x01\x07", 3, GP | WELL },
	{ "SIDT", "\x0f\x01\x0f", 3, GP | WELL },
	{ "SLDT", "\x0f\x00\x07", 3, GP | WELL },
	{ "STR", "\x0f\x00\x0f", 3, GP | WELL },
	{ "SMSW", "\x0f\x01\x27", 3, GP | WELL },
	/* What anybody may. */
	{ "CPUID", "\x0f\xa2", 2, WELL },
	{ "RDTSC", "\x0f\x31", 2, WELL },
	{ "XGETBV", "\x0f\x01\xd0", 3, WELL | GP },
	{ "UD2", "\x0f\x0b", 2, UD },
	{ "INT3", "\xcc", 1, TRAP },
	{ "INT1", "\xf1", 1, TRAP | UD }, /* QEMU does not have it */
};
#define PROBES ((int)(sizeof(probes) / sizeof(*probes)))

static int processors;
static uint32_t seed;
static bool has_ports;
static atomic_ulong done, wrong;
static time_t end; /* of CLOCK_BOOTTIME */
static __thread sigjmp_buf back;

static void on_signal(int number)
{
	siglongjmp(back, number);
}

static int end_of(int number)
{
	switch (number) {
	case 0: return WELL;
	case SIGILL: return UD;
	case SIGSEGV: return GP;
	case SIGTRAP: return TRAP;
	default: return 0;
	}
}

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Run the code, which returns; RCX stands for all that could matter. */
static void call(const void *code, void *operand, uint64_t rcx)
{
	uint64_t rax = rcx, rdx = rcx;

	__asm__ volatile("call *%[code]"
			 : "+a"(rax), "+c"(rcx), "+d"(rdx), "+D"(operand)
			 : [code] "r"(code)
			 : "rbx", "rsi", "r11", "memory", "cc");
}

static void try_one(const struct probe *p, uint8_t *page, uint64_t rcx)
{
	int number;

	memcpy(page, p->code, (size_t)p->length);
	page[p->length] = 0xc3; /* RET */
	number = sigsetjmp(back, 1);
	if (!number)
		call(page, page + PAGE / 2, rcx);
	done++;
	if (end_of(number) & p->ends)
		return;
	wrong++;
	printf("probe: wrong: %s with 0x%lx: signal %d\n", p->name, (unsigned long)rcx, number);
}

static void try_port(uint32_t number)
{
	const unsigned short port = (unsigned short)(HIDDEN_PORT + number % HIDDEN_PORTS);
	const unsigned value = inb(port);

	done++;
	if (value == 0xff)
		return;
	wrong++;
	printf("probe: wrong: port 0x%x has 0x%x\n", port, value);
}

static bool is_over(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec >= end;
}

static void *try_all(void *argument)
{
	static const uint32_t origins[] = { 0, 0x174, 0x480, 0x40000000, 0x800, 0xc0000080 };
	const int number = (int)(intptr_t)argument;
	uint32_t state = 2654435761u * (seed + (uint32_t)number) | 1;
	uint8_t *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0);
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(number, &set);
	if (page == MAP_FAILED || sched_setaffinity(0, sizeof(set), &set) ||
	    (has_ports && ioperm(HIDDEN_PORT, HIDDEN_PORTS, 1))) {
		wrong++;
		printf("probe: cannot: %s\n", strerror(errno));
		return NULL;
	}
	while (!is_over()) {
		const uint32_t random = next_random(&state);

		if (has_ports && random % 16 == 0)
			try_port(random >> 8);
		else
			try_one(&probes[(random >> 8) % PROBES], page,
				origins[(random >> 4) % 6] + (random >> 28));
		usleep(REST_US);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static const int signals[] = { SIGILL, SIGSEGV, SIGBUS, SIGTRAP, SIGFPE };
	pthread_t thread[MAX_THREADS];

	end = argc == 3 ? atoi(argv[1]) : 0;
	if (end <= 0) {
		fprintf(stderr, "usage: probe SECONDS SEED\nTries instructions until the kernel is that old.\n");
		return 2;
	}
	seed = (uint32_t)strtoul(argv[2], NULL, 0);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		signal(signals[i], on_signal);
	processors = (int)sysconf(_SC_NPROCESSORS_ONLN);
	if (processors > MAX_THREADS)
		processors = MAX_THREADS;
	has_ports = ioperm(HIDDEN_PORT, HIDDEN_PORTS, 1) == 0;
	for (int i = 0; i < processors; i++)
		if (pthread_create(&thread[i], NULL, try_all, (void *)(intptr_t)i))
			return 2;
	for (int i = 0; i < processors; i++)
		pthread_join(thread[i], NULL);
	printf("probe: %lu tries, %lu wrong, ports %s\n", done, wrong, has_ports ? "too" : "not");
	return wrong != 0;
}
