/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Intercepted ports: what is hidden, what ends the machine, what is passed on. */
/* link: core */
#include "fake.h"

#include <string.h>

#include "io.h"
#include "options.h"
#include "text.h"

#define PM1A 0x604
#define RESET_PORT 0x92

static struct vcpu *v;
static const struct acpi_info acpi = {
	.rsdp = 1,
	.pm1a_control = PM1A,
	.reset_port = RESET_PORT,
	.reset_value = 0x01,
	.has_s5 = true,
	.s5_a = 5,
};

static int setup(void **state)
{
	(void)state;
	v = fake_vp();
	fake_machine.console_port = 0x2f8;
	fake_machine.console_ports = 8;
	options_parse(&options, "x end=qemu", &(struct text){ (char[1]){ 0 }, 1, 0 });
	io_init(v->partition, &acpi);
	return 0;
}

static enum vm_next in(u16 port, u8 size)
{
	return io_exit(v, &(struct io_access){ .port = port, .size = size, .in = true });
}

static enum vm_next out(u16 port, u8 size, u32 value)
{
	v->regs.rax = 0xffffffff00000000 | value;
	return io_exit(v, &(struct io_access){ .port = port, .size = size });
}

static bool intercepted(u16 port)
{
	for (u32 i = 0; i < fake_virt.port_count; i++)
		if (port >= fake_virt.ports[i].where &&
		    port < fake_virt.ports[i].where + fake_virt.ports[i].size)
			return fake_virt.ports[i].value;
	return false;
}

static void test_intercepts(void **state)
{
	static const u16 ports[] = { 0x2f8, 0x2ff, 0xf4,	 0xcf9, 0x60,
				     0x64,  0x92,  PM1A, PM1A + 1, RESET_PORT };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ports); i++)
		assert_true(intercepted(ports[i]));
	assert_false(intercepted(0x3f8));
	assert_false(intercepted(0x300));
	assert_false(intercepted(0xcf8));
	assert_false(intercepted(0));
}

static void test_sizes(void **state)
{
	(void)state;
	fake_machine.in_value = 0x89abcdef;
	v->regs.rax = 0x1111111122222222;
	assert_int_equal(in(0x64, 1), VM_SKIP);
	assert_int_equal(v->regs.rax, 0x11111111222222ef);
	assert_int_equal(in(PM1A, 2), VM_SKIP);
	assert_int_equal(v->regs.rax, 0x111111112222cdef);
	assert_int_equal(in(0xcf8, 4), VM_SKIP);
	assert_int_equal(v->regs.rax, 0x89abcdef);
	assert_int_equal(out(PM1A, 2, 0x12345678 & ~0x2000u), VM_SKIP);
	assert_int_equal(fake_machine.outs, 1);
	assert_int_equal(fake_machine.out[0].where, PM1A);
	assert_int_equal(fake_machine.out[0].size, 2);
	assert_int_equal(fake_machine.out[0].value, 0x5678 & ~0x2000u);
}

static void test_console_is_hidden(void **state)
{
	(void)state;
	fake_machine.in_value = 0;
	v->regs.rax = 0;
	assert_int_equal(in(0x2fd, 1), VM_SKIP);
	assert_int_equal(v->regs.rax, 0xff);
	assert_int_equal(in(0x2f7, 2), VM_SKIP); /* touches its first port */
	assert_int_equal(v->regs.rax, 0xffff);
	assert_int_equal(in(0x2ff, 4), VM_SKIP);
	assert_int_equal(v->regs.rax, 0xffffffff);
	assert_int_equal(out(0x2f8, 1, 'x'), VM_SKIP);
	assert_int_equal(fake_machine.outs, 0);
}

/* Not by RAX: memory is another's business. */
static void test_strings(void **state)
{
	(void)state;
	v->regs.rax = 0x10;
	assert_int_equal(io_exit(v, &(struct io_access){ .port = 0xf4, .size = 4, .string = true }),
			 VM_RETRY);
	assert_int_equal(fake_virt.string_accesses, 1);
	assert_int_equal(fake_machine.outs, 0);
}

static void test_exit_port(void **state)
{
	(void)state;
	assert_true(fake_halts(out(PORT_EXIT, 4, 0x10)));
	assert_true(fake_logged("partita: end: exit 16\n"));
	assert_int_equal(fake_machine.out[0].where, PORT_EXIT);
	assert_int_equal(fake_machine.out[0].value, 0x10);
	assert_int_equal(in(PORT_EXIT, 4), VM_SKIP);
}

static void test_power_off(void **state)
{
	static const struct { u16 port; u8 size; u32 value; bool ends; } rows[] = {
		{ PM1A, 2, 5 << 10 | 0x2000, true },
		{ PM1A, 4, 5 << 10 | 0x2000 | 1, true },
		{ PM1A + 1, 1, (5 << 10 | 0x2000) >> 8, true },
		{ PM1A + 1, 2, (5 << 10 | 0x2000) >> 8, true },
		{ PM1A - 2, 4, (5u << 10 | 0x2000) << 16, true },
		{ PM1A - 2, 2, 5 << 10 | 0x2000, false }, /* not the word */
		{ PM1A, 2, 5 << 10, false },          /* without the enable bit */
		{ PM1A, 1, 0xff, false },
		{ PM1A + 1, 1, 5 << 2, false },
	};

	(void)state;
	for (volatile size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		setup(NULL);
		assert_int_equal(fake_halts(out(rows[i].port, rows[i].size, rows[i].value)),
				 rows[i].ends);
		assert_int_equal(fake_logged("partita: end: power-off\n"), rows[i].ends);
		/* Either way the machine gets what was written, or its own soft off. */
		assert_int_equal(fake_machine.out[0].where, rows[i].ends ? PM1A : rows[i].port);
	}
}

/* Other states than soft off are never reached: what would wake up has no hypervisor. */
static void test_sleep_is_refused(void **state)
{
	static const struct { u16 port; u8 size; u32 value; } rows[] = {
		{ PM1A, 2, 1 << 10 | 0x2000 },
		{ PM1A, 4, 3 << 10 | 0x2000 },
		{ PM1A + 1, 1, 0x20 },
		{ PM1A - 1, 4, 0x200000 },
		{ PM1A - 2, 4, 0x20000000 },
		{ PM1A - 3, 4, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		setup(NULL);
		assert_int_equal(out(rows[i].port, rows[i].size, rows[i].value), VM_SKIP);
		assert_int_equal(fake_machine.outs, !rows[i].value);
		assert_int_equal(fake_logged("refused to sleep"), rows[i].value != 0);
	}
}

static void test_resets(void **state)
{
	static const struct { u16 port; u8 size; u32 value; bool ends;
	} rows[] = {
		{ 0xcf9, 1, 0x06, true },
		{ 0xcf9, 1, 0x0e, true },
		{ 0xcf9, 1, 0x02, false },
		{ 0xcf8, 4, 0x80000600, false }, /* a PCI configuration address, although it covers
						    0xcf9 */
		{ 0xcf8, 2, 0x0600, true },
		{ 0xcf8, 2, 0x0006, false },
		{ 0xcf6, 4, 0x06000000, true },
		{ 0xcf9, 2, 0x0006, true },
		{ 0xcf9, 2, 0x0602, false },
		{ 0x64, 1, 0xfe, true },
		{ 0x64, 1, 0xf0, true },
		{ 0x63, 2, 0xfe00, true },
		{ 0x61, 4, 0xfe000000, true },
		{ 0x64, 4, 0x000000fe, true },
		{ 0x64, 2, 0xfe20, false },
		{ 0x64, 1, 0xff, false },
		{ 0x64, 1, 0xd1, false },
		{ RESET_PORT, 1, 0x01, true },
		{ RESET_PORT, 1, 0x02, false },
		{ RESET_PORT - 1, 2, 0x0102, true },
	};

	(void)state;
	for (volatile size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		setup(NULL);
		assert_int_equal(fake_halts(out(rows[i].port, rows[i].size, rows[i].value)),
				 rows[i].ends);
		assert_int_equal(fake_logged("partita: end: reset\n"), rows[i].ends);
		if (!rows[i].ends)
			assert_int_equal(fake_machine.out[0].value, rows[i].value);
	}
}

/* Address line 20 stays: what would close its gate is changed, and nothing else is. */
static void test_a20(void **state)
{
	static const struct { u16 port; u8 size; u32 value, done; } rows[] = {
		{ 0x92, 1, 0x00, 0x02 },     { 0x90, 4, 0x00fcffff, 0x00feffff },
		{ 0x64, 1, 0xdd, 0xdf },     { 0x60, 1, 0xdd, 0xdd },
		{ 0x64, 1, 0xd1, 0xd1 },     { 0x60, 1, 0xdd, 0xdf },
		{ 0x60, 1, 0x00, 0x00 },     { 0x64, 1, 0xd1, 0xd1 },
		{ 0x64, 1, 0x20, 0x20 },     { 0x60, 1, 0x00, 0x00 },
		{ 0x63, 2, 0xdd00, 0xdf00 }, { 0x65, 1, 0xdd, 0xdd },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		setup(NULL);
		assert_int_equal(out(rows[i].port, rows[i].size, rows[i].value), VM_SKIP);
		assert_int_equal(fake_machine.out[0].value, rows[i].done);
	}
	assert_int_equal(out(0x64, 1, 0xd1), VM_SKIP);
	assert_true(fake_halts(out(0x60, 1, 0xde)));
	assert_true(fake_logged("partita: end: reset\n"));
}

/* The three ways to end a machine; the log's last line stays the last. */
static void test_ends(void **state)
{
	static const char *const ways[] = { "x end=none", "x end=qemu", "x end=bochs" };

	(void)state;
	for (volatile size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		for (volatile enum partition_end why = END_POWER_OFF; why <= END_PANIC; why++) {
			setup(NULL);
			options_parse(&options, ways[i], &(struct text){ (char[1]){ 0 }, 1, 0 });
			fake_machine.console_length = 0;
			assert_true(fake_halts(machine_end(why, 3)));
			assert_int_equal(fake_machine.console_length, 0);
			if (i == 2)
				assert_int_equal(fake_machine.outs, 8);
			else if (i == 0 && (why == END_EXIT || why == END_PANIC))
				assert_int_equal(fake_machine.outs, 0);
			else
				assert_true(fake_machine.outs > 0);
		}
	}
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_intercepts), TEST(test_sizes),     TEST(test_console_is_hidden),
		TEST(test_strings),    TEST(test_exit_port), TEST(test_power_off),
		TEST(test_sleep_is_refused),
		TEST(test_resets),     TEST(test_a20),	     TEST(test_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
