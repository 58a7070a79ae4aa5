/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* machine.h over a block of memory, with a history of writes. */
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "console.h"
#include "machine.h"

struct fake_machine fake_machine;

/* Zeroes without touching them: tests start over thousands of times and use few of their pages. */
static u8 *zeroes(u8 *old, u64 old_size, u64 size)
{
	void *memory = old;

	if (old_size != size) {
		free(old);
		assert_int_equal(posix_memalign(&memory, PAGE_SIZE, size), 0);
	}
	assert_int_equal(madvise(memory, size, MADV_DONTNEED), 0);
	return memory;
}

void fake_reset(u64 size)
{
	u8 *memory = zeroes(fake_machine.memory, fake_machine.size, size);

	memset(&fake_machine, 0, sizeof(fake_machine));
	memset(fake_virts, 0, sizeof(fake_virts));
	fake_machine.memory = memory;
	fake_machine.size = size;
	fake_machine.keys = "";
	for (u32 i = 0; i < PARTITION_MAX_VPS; i++)
		fake_virts[i].illegal = 0xbadbadbadbad;
}

void *fake_at(u64 hpa)
{
	return fake_machine.memory + hpa;
}

bool fake_logged(const char *text)
{
	return strstr(fake_machine.console, text) != NULL;
}

void *machine_ptr(hpa_t hpa)
{
	return fake_machine.memory + hpa.v;
}

hpa_t machine_hpa(const void *ptr)
{
	return HPA((u64)((const u8 *)ptr - fake_machine.memory));
}

int machine_console_read(void)
{
	if (fake_machine.no_keys)
		return -2;
	return *fake_machine.keys ? *fake_machine.keys++ : -1;
}

u64 machine_tsc(void)
{
	return fake_machine.tsc += fake_machine.tsc_step;
}

void machine_cpuid(u32 leaf, u32 subleaf, struct cpuid_regs *out)
{
	*out = (struct cpuid_regs){ leaf, subleaf, 0x11111111, 0x22222222 };
}

u32 machine_pkru(void)
{
	return fake_machine.pkru;
}

unsigned machine_physical_address_bits(void)
{
	return FAKE_GPA_BITS;
}

static void record(struct fake_write *list, u32 *count, u32 where, u32 size, u64 value)
{
	if (*count < FAKE_HISTORY)
		list[*count] = (struct fake_write){ where, size, value };
	++*count;
}

u32 machine_in(u16 port, unsigned size)
{
	(void)port;
	return size == 4 ? fake_machine.in_value : fake_machine.in_value & ((1u << 8 * size) - 1);
}

void machine_out(u16 port, unsigned size, u32 value)
{
	if (port == FAKE_DEBUG_PORT && fake_machine.debug_length < FAKE_DEBUG_BYTES)
		fake_machine.debug[fake_machine.debug_length++] = (u8)value;
	else
		record(fake_machine.out, &fake_machine.outs, port, size, value);
}

u32 machine_mmio_read(hpa_t hpa)
{
	(void)hpa;
	return fake_machine.mmio_value;
}

void machine_mmio_write(hpa_t hpa, u32 value)
{
	record(fake_machine.mmio, &fake_machine.mmios, (u32)hpa.v, 4, value);
}

void machine_xmm_read(unsigned n, u64 out[2])
{
	assert_in_range(n, 0, 5);
	fake_machine.xmm_reads++;
	memcpy(out, fake_machine.xmm[n], 16);
}

void machine_xmm_write(unsigned n, const u64 in[2])
{
	assert_in_range(n, 0, 5);
	memcpy(fake_machine.xmm[n], in, 16);
}

struct vcpu *machine_vcpu(void)
{
	return fake_machine.vcpu;
}

void machine_kick(u32 apic_id)
{
	if (fake_machine.kicks < FAKE_HISTORY)
		fake_machine.kick[fake_machine.kicks] = apic_id;
	fake_machine.kicks++;
}

void machine_timer_set(u64 tsc)
{
	fake_machine.timer = tsc;
}

void machine_end_interrupt(u8 vector)
{
	if (fake_machine.ends < FAKE_HISTORY)
		fake_machine.ended[fake_machine.ends] = vector;
	fake_machine.ends++;
}

void machine_release_pic(void)
{
	fake_machine.pic_releases++;
}

void machine_lvt_written(u32 entry, u32 value)
{
	record(fake_machine.lvt, &fake_machine.lvts, entry, 4, value);
}

u32 machine_lvt(u32 entry)
{
	(void)entry;
	return fake_machine.lvt_value;
}

void machine_logical_id(u32 ldr, u32 dfr)
{
	fake_machine.ldr = ldr;
	fake_machine.dfr = dfr;
}

void machine_pause(void)
{
	if (fake_machine.on_pause)
		fake_machine.on_pause();
}

void machine_console_write(const char *text, size_t length)
{
	size_t room = FAKE_CONSOLE - 1 - fake_machine.console_length;

	if (length > room)
		length = room;
	memcpy(fake_machine.console + fake_machine.console_length, text, length);
	fake_machine.console_length += length;
	fake_machine.console[fake_machine.console_length] = '\0';
}

u16 console_port(u16 *count)
{
	*count = fake_machine.console_ports;
	return fake_machine.console_port;
}

_Noreturn void machine_halt(void)
{
	if (fake_machine.halt)
		longjmp(*fake_machine.halt, 1);
	fprintf(stderr, "the machine ended where no test expected it; its log:\n%s",
		fake_machine.console);
	abort();
}
