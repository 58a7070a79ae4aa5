/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * A tiny operating system: it asks the hypervisor beneath it for facts, by the guest header alone,
 * prints them on the first serial port, and ends the machine.
 */
#include "hv_tlfs.h"

enum {
	PORT_COM1 = 0x3f8,
	PORT_END = 0xf4,        /* of Partita, and of QEMU's isa-debug-exit */
	END_GOOD = 0x10,        /* all facts printed */
	END_ALONE = 0x11,       /* no hypervisor of this interface */
	END_BAD = 1,
	SPINS = 5,
};

/* ---- the machine ---- */

static void out_byte(hv_u16 port, hv_u8 value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "d"(port));
}

static hv_u8 in_byte(hv_u16 port)
{
	hv_u8 value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "d"(port));
	return value;
}

/* 115200 baud, 8 data bits, no interrupts. */
static void serial_start(void)
{
	out_byte(PORT_COM1 + 1, 0);
	out_byte(PORT_COM1 + 3, 0x80);
	out_byte(PORT_COM1, 1);
	out_byte(PORT_COM1 + 1, 0);
	out_byte(PORT_COM1 + 3, 3);
}

static void put_char(char c)
{
	while (!(in_byte(PORT_COM1 + 5) & 0x20))
		;
	out_byte(PORT_COM1, (hv_u8)c);
}

static void end(hv_u8 how)
{
	while (!(in_byte(PORT_COM1 + 5) & 0x40))
		;
	out_byte(PORT_END, how);
	for (;;)
		__asm__ volatile("hlt");
}

/* ---- text ---- */

static void put(const char *text)
{
	while (*text)
		put_char(*text++);
}

static void put_hex(hv_u64 value)
{
	int shift = 60;

	put("0x");
	while (shift > 0 && !(value >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		put_char("0123456789abcdef"[value >> shift & 15]);
}

/* Without a 64-bit division, which would be a call of the compiler's library. */
static void put_number(hv_u64 value)
{
	char digits[20];
	int n = 0;

	do {
		hv_u64 quotient = hv_mulhi64(value, 0xcccccccccccccccdull) >> 3;

		digits[n++] = (char)('0' + (value - quotient * 10));
		value = quotient;
	} while (value);
	while (n)
		put_char(digits[--n]);
}

static void line(const char *name, hv_u64 value, void (*print)(hv_u64), const char *unit)
{
	put(name);
	put(": ");
	print(value);
	put(unit);
	put_char('\n');
}

/* ---- facts ---- */

static void identity(const struct hv_detected *d)
{
	struct hv_cpuid_leaf version = d->leaf[HV_CPUID_VERSION - HV_CPUID_FIRST];
	struct hv_cpuid_leaf features = d->leaf[HV_CPUID_FEATURES - HV_CPUID_FIRST];
	struct hv_cpuid_leaf advice = d->leaf[HV_CPUID_RECOMMENDATIONS - HV_CPUID_FIRST];

	put("vendor: ");
	put(d->vendor);
	put("\nversion: ");
	put_number(version.ebx >> 16);
	put_char('.');
	put_number(version.ebx & 0xffff);
	line(", build", version.eax, put_number, "");
	line("privileges", (hv_u64)features.ebx << 32 | features.eax, put_hex, "");
	line("features", features.edx, put_hex, "");
	line("recommendations", advice.eax, put_hex, "");
}

static hv_u8 page[HV_PAGE_SIZE] __attribute__((aligned(HV_PAGE_SIZE)));
static hv_u8 clock[HV_PAGE_SIZE] __attribute__((aligned(HV_PAGE_SIZE)));

static void clocks(const struct hv_detected *d)
{
	hv_u64 tsc, apic, time;

	if (hv_frequencies(d, &tsc, &apic)) {
		line("TSC", tsc, put_number, " Hz");
		line("APIC timer", apic, put_number, " Hz");
	}
	if (hv_has_privilege_access_partition_reference_counter(d))
		line("reference time", hv_rdmsr(HV_X64_MSR_TIME_REF_COUNT), put_number,
		     "00 ns, by its counter");
	if (!hv_has_privilege_access_partition_reference_tsc(d))
		return;
	hv_wrmsr(HV_X64_MSR_REFERENCE_TSC, (hv_uptr)clock | HV_X64_MSR_REFERENCE_TSC_ENABLE);
	if (hv_reference_time(clock, &time))
		line("reference time", time, put_number, "00 ns, by its page");
	else
		put("reference time: its page is not valid\n");
}

/* Who we are, and a hypercall page; there is no paging, so that addresses are GPAs. */
static void enable_hypercalls(void)
{
	hv_wrmsr(HV_X64_MSR_GUEST_OS_ID, HV_C64(0x80000000, 0) | 0x7171);
	hv_wrmsr(HV_X64_MSR_HYPERCALL, (hv_uptr)page | HV_X64_MSR_HYPERCALL_ENABLE);
}

/* Two calls that every implementation has, or refuses politely. */
static hv_status hypercalls(const struct hv_detected *d)
{
	static hv_u8 input[HV_PAGE_SIZE] __attribute__((aligned(HV_PAGE_SIZE)));
	static hv_u8 output[HV_PAGE_SIZE] __attribute__((aligned(HV_PAGE_SIZE)));
	struct hv_callctx c = { hv_call_page(page), input, output, (hv_uptr)input,
				(hv_uptr)output, 0 };
	struct hv_notify_long_spin_wait_in spins = { .spin_count = SPINS };
	struct hv_get_partition_id_out id = { 0 };
	hv_status status = hv_call_notify_long_spin_wait(&c, &spins);

	put("HvCallNotifyLongSpinWait: ");
	put(hv_status_name(status));
	put_char('\n');
	if (hv_has_privilege_access_partition_id(d) &&
	    hv_call_get_partition_id(&c, &id) == HV_STATUS_SUCCESS)
		line("partition", id.partition_id, put_number, "");
	return status;
}

void tiny_main(void);
void tiny_main(void)
{
	struct hv_detected d;

	serial_start();
	if (!hv_detect(&d)) {
		put("tiny-os: there is no hypervisor interface\n");
		end(END_ALONE);
	}
	enable_hypercalls();
	identity(&d);
	if (hv_has_privilege_access_vp_index(&d))
		line("virtual processor", hv_rdmsr(HV_X64_MSR_VP_INDEX), put_number, "");
	clocks(&d);
	end(hypercalls(&d) == HV_STATUS_SUCCESS ? END_GOOD : END_BAD);
}
