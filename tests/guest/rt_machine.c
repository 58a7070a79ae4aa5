/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * The devices a test guest needs: ACPI tables, the PM timer, power-off, the local APIC, the old
 * interrupt controllers.
 */
#include "rt.h"

#define PM_TIMER_MASK 0xffffffu         /* 24 bits at least */
#define SLEEP_ENABLE (1u << 13)
#define SLEEP_TYPE_SHIFT 10
#define MSR_APIC_BASE 0x1b
#define MSR_X2APIC 0x800
#define APIC_BASE_X2APIC (1u << 10)
#define APIC_BASE_ENABLE (1u << 11)
#define APIC_ICR 0x300
#define APIC_ICR_HIGH 0x310
#define APIC_SPURIOUS 0xf0
#define APIC_SOFTWARE_ENABLE 0x100

struct __attribute__((packed)) acpi_header { char signature[4]; u32 length; u8 rest[28]; };
struct __attribute__((packed)) acpi_fadt {
	struct acpi_header header;
	u32 facs, dsdt;
	u8 skip[12];
	u32 pm1a_event, pm1b_event, pm1a_control, pm1b_control, pm2_control, pm_timer;
};
_Static_assert(offsetof(struct acpi_fadt, pm1a_control) == 64, "ACPI 5.2.9");
_Static_assert(offsetof(struct acpi_fadt, pm_timer) == 76, "ACPI 5.2.9");

u16 rt_pm_timer, rt_pm1a;
static u16 sleep_type;
static bool sleep_type_known;

static const u8 *find_rsdp(uintptr_t from, uintptr_t to)
{
	for (; from < to; from += 16)
		if (!memcmp((const void *)from, "RSD PTR ", 8))
			return (const u8 *)from;
	return NULL;
}

const void *rt_acpi_table(const char *signature)
{
	uintptr_t ebda;
	const u8 *rsdp;
	const struct acpi_header *rsdt;
	const u32 *entry;

	ebda = (uintptr_t)*(volatile u16 *)((u8 *)rt_window(RT_WINDOW_MACHINE, 0) + 0x40e) << 4;
	rsdp = ebda ? find_rsdp(ebda, ebda + 1024) : NULL;
	if (!rsdp)
		rsdp = find_rsdp(0xe0000, 0x100000);
	if (!rsdp)
		return NULL;
	rsdt = (const struct acpi_header *)(uintptr_t)*(const u32 *)(rsdp + 16);
	for (entry = (const u32 *)(rsdt + 1); (const u8 *)entry < (const u8 *)rsdt + rsdt->length;
		entry++)
		if (!memcmp((const void *)(uintptr_t)*entry, signature, 4))
			return (const void *)(uintptr_t)*entry;
	return NULL;
}

/* The first number of the package _S5_, in the byte-code's three spellings of it. */
static void find_sleep_type(const struct acpi_header *dsdt)
{
	const u8 *p = (const u8 *)dsdt, *end = p + dsdt->length - 8;

	for (; p < end; p++) {
		if (memcmp(p, "_S5_", 4) || p[4] != 0x12 /* PackageOp */)
			continue;
		p += 5 + (p[5] >> 6) + 1 + 1; /* package length, number of elements */
		sleep_type = *p == 0x0a /* BytePrefix */ ? p[1] : *p & 1 /* ZeroOp, OneOp */;
		sleep_type_known = true;
		return;
	}
}

void rt_machine_init(void)
{
	const struct acpi_fadt *fadt = rt_acpi_table("FACP");

	if (!fadt)
		return;
	rt_pm_timer = (u16)fadt->pm_timer;
	rt_pm1a = (u16)fadt->pm1a_control;
	find_sleep_type((const struct acpi_header *)(uintptr_t)fadt->dsdt);
}

u32 rt_pm_wait(u32 ticks)
{
	u32 start, passed;

	if (!rt_pm_timer)
		return 0;
	start = inl(rt_pm_timer);
	do {
		__asm__ volatile("pause");
		passed = (inl(rt_pm_timer) - start) & PM_TIMER_MASK;
	} while (passed < ticks);
	return passed;
}

bool rt_sleep(u32 other)
{
	if (!rt_pm1a || !sleep_type_known)
		return false;
	outw(rt_pm1a, (u16)(((sleep_type + other) & 7) << SLEEP_TYPE_SHIFT | SLEEP_ENABLE));
	return true;
}

bool rt_power_off(void)
{
	if (rt_sleep(0))
		rt_pm_wait(3579545);
	return false;
}

static u64 apic_base(void)
{
	u64 base = 0;

	rt_rdmsr(MSR_APIC_BASE, &base);
	return base;
}

static volatile u32 *apic_register(u64 base, u32 reg)
{
	return (volatile u32 *)((u8 *)rt_window(RT_WINDOW_APIC + rt_index(), base & ~0xfffull) +
		reg);
}

u32 rt_apic_read(u32 reg)
{
	const u64 base = apic_base();
	u64 value = 0;

	if (!(base & APIC_BASE_X2APIC))
		return *apic_register(base, reg);
	rt_rdmsr(MSR_X2APIC + reg / 16, &value);
	return (u32)value;
}

void rt_apic_write(u32 reg, u32 value)
{
	const u64 base = apic_base();

	if (base & APIC_BASE_X2APIC)
		rt_wrmsr(MSR_X2APIC + reg / 16, value);
	else
		*apic_register(base, reg) = value;
}

void rt_apic_send(u32 command, u32 destination)
{
	const u64 base = apic_base();

	if (base & APIC_BASE_X2APIC) {
		rt_wrmsr(MSR_X2APIC + APIC_ICR / 16, (u64)destination << 32 | command);
		return;
	}
	*apic_register(base, APIC_ICR_HIGH) = destination << 24;
	*apic_register(base, APIC_ICR) = command;
}

void rt_apic_enable(void)
{
	const u64 base = apic_base();

	if (!(base & APIC_BASE_ENABLE))
		rt_wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
	rt_apic_write(APIC_SPURIOUS, APIC_SOFTWARE_ENABLE | 0xff);
}

void rt_pic_mask(void)
{
	outb(0x21, 0xff);
	outb(0xa1, 0xff);
}
