/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Port exits: the console is hidden, the ends of the machine are noticed, all else passes. */
#include "io.h"

#include "console.h"
#include "log.h"
#include "machine.h"
#include "observe.h"
#include "options.h"
#include "spin.h"
#include "string.h"
#include "trace.h"
#include "virt.h"

#define SLP_TYP(v) ((v) >> 10 & 7) /* PM1 control, ACPI 6.4, 4.8.3.2.1 */
#define SLP_EN (1u << 13)
#define RESET_CPU 4u               /* in PORT_RESET_CONTROL */
#define PORT_BOCHS_SHUTDOWN 0x8900

/* In PORT_SYSTEM_CONTROL and, but for the sense of reset, in the keyboard's output port. */
#define OUTPUT_RESET 1u
#define OUTPUT_A20 2u
/* To PORT_KEYBOARD_COMMAND. */
#define KEYBOARD_WRITE_OUTPUT 0xd1
#define KEYBOARD_DISABLE_A20 0xdd
#define KEYBOARD_ENABLE_A20 0xdf

/* Set once before the root runs. */
static struct {
	struct acpi_info acpi;
	u16 console, console_count;
	u16 trace; /* 0: none */
} ports;

/*
 * The keyboard controller is one for all VPs: what is sent to it and what is known of it change
 * together.
 */
static struct spin lock;
/* The next byte of data is for the keyboard controller's output port. */
static bool output_expected;

static void intercept(struct partition *p, u16 port, u32 count)
{
	if (port && count)
		virt->intercept_ports(p, port, count, true);
}

void io_init(struct partition *p, const struct acpi_info *acpi)
{
	ports.acpi = *acpi;
	ports.console = console_port(&ports.console_count);
	ports.trace = observe_port();
	intercept(p, ports.console, ports.console_count);
	intercept(p, ports.trace, 1);
	intercept(p, PORT_EXIT, 1);
	intercept(p, PORT_RESET_CONTROL, 1);
	intercept(p, PORT_KEYBOARD_COMMAND, 1);
	intercept(p, PORT_KEYBOARD_DATA, 1);
	intercept(p, PORT_SYSTEM_CONTROL, 1);
	intercept(p, acpi->reset_port, 1);
	intercept(p, acpi->pm1a_control, 2);
	intercept(p, acpi->pm1b_control, 2);
}

/* The machine ends by itself after this; some take a while, hence the halt behind it. */
static void power_off(void)
{
	const struct acpi_info *a = &ports.acpi;

	if (!a->has_s5)
		return;
	if (a->pm1a_control)
		machine_out(a->pm1a_control, 2, (u32)a->s5_a << 10 | SLP_EN);
	if (a->pm1b_control)
		machine_out(a->pm1b_control, 2, (u32)a->s5_b << 10 | SLP_EN);
}

static void end_qemu(enum partition_end why, u32 value)
{
	/*
	 * The emulator's status becomes (value << 1) | 1; what really happened stands in the log.
	 */
	if (why == END_POWER_OFF)
		power_off();
	machine_out(PORT_EXIT, 4, why == END_EXIT ? value : why == END_PANIC ? 0x3e : 0x3f);
}

static void end_bochs(void)
{
	for (const char *c = "Shutdown"; *c; c++)
		machine_out(PORT_BOCHS_SHUTDOWN, 1, (u8)*c);
}

static void end_hardware(enum partition_end why)
{
	if (why == END_POWER_OFF)
		power_off();
	if (why == END_RESET || why == END_TRIPLE_FAULT) {
		machine_out(PORT_RESET_CONTROL, 1, 0x02);
		machine_out(PORT_RESET_CONTROL, 1, 0x02 | RESET_CPU);
		machine_out(PORT_KEYBOARD_COMMAND, 1, 0xfe);
	}
}

_Noreturn void machine_end(enum partition_end why, u32 value)
{
	if (strcmp(options.end, "qemu") == 0)
		end_qemu(why, value);
	else if (strcmp(options.end, "bochs") == 0)
		end_bochs();
	else
		end_hardware(why);
	machine_halt();
}

static bool touches(const struct io_access *io, u16 port, u16 count)
{
	return count && io->port < port + count && port < io->port + io->size;
}

/* What of a value written goes to the control word at port; 0: none of it. */
static u32 control_of(const struct io_access *io, u32 value, u16 port)
{
	if (!port || !touches(io, port, 2))
		return 0;
	return io->port < port ? value >> 8 * (port - io->port)
			       : (u16)(value << 8 * (io->port - port));
}

/* A write of the sleep enable bit with the type of soft off, to the control word at port. */
static bool is_power_off(const struct io_access *io, u32 value, u16 port, u8 type)
{
	const u32 control = control_of(io, value, port);

	return (control & SLP_EN) && SLP_TYP(control) == type;
}

/*
 * In whatever state that is not the end: firmware would wake the machine into code of the root, with
 * no hypervisor.
 */
static bool is_sleep(const struct io_access *io, u32 value)
{
	return (control_of(io, value, ports.acpi.pm1a_control) |
		control_of(io, value, ports.acpi.pm1b_control)) & SLP_EN;
}

/* Where in a value written the byte for port is, as a shift; only when the access touches it. */
static unsigned shift_of(const struct io_access *io, u16 port)
{
	return 8u * (u16)(port - io->port);
}

/*
 * The gate of address line 20 would take that bit from the hypervisor's addresses too, where the
 * processor still has it: it stays open.
 */
static u32 keep_a20(const struct io_access *io, u32 value)
{
	const unsigned shift = shift_of(io, PORT_KEYBOARD_COMMAND);

	if (touches(io, PORT_SYSTEM_CONTROL, 1))
		value |= OUTPUT_A20 << shift_of(io, PORT_SYSTEM_CONTROL);
	if (output_expected && touches(io, PORT_KEYBOARD_DATA, 1))
		value |= OUTPUT_A20 << shift_of(io, PORT_KEYBOARD_DATA);
	if (touches(io, PORT_KEYBOARD_COMMAND, 1) &&
	    (u8)(value >> shift) == KEYBOARD_DISABLE_A20)
		value |= KEYBOARD_ENABLE_A20 << shift;
	return value;
}

/* Follow what the keyboard controller expects next, once an access is done. */
static void follow_keyboard(const struct io_access *io, u32 value)
{
	if (touches(io, PORT_KEYBOARD_DATA, 1))
		output_expected = false;
	if (touches(io, PORT_KEYBOARD_COMMAND, 1))
		output_expected = (u8)(value >> shift_of(io, PORT_KEYBOARD_COMMAND)) ==
				  KEYBOARD_WRITE_OUTPUT;
}

static bool is_output_reset(const struct io_access *io, u32 value)
{
	if (touches(io, PORT_SYSTEM_CONTROL, 1) &&
	    value >> shift_of(io, PORT_SYSTEM_CONTROL) & OUTPUT_RESET)
		return true;
	return output_expected && touches(io, PORT_KEYBOARD_DATA, 1) &&
	       !(value >> shift_of(io, PORT_KEYBOARD_DATA) & OUTPUT_RESET);
}

/*
 * Whether a write brings a byte to port, and which. A dword to PORT_PCI_ADDRESS is an address and
 * nothing else, although it covers PORT_RESET_CONTROL.
 */
static bool brings(const struct io_access *io, u32 value, u16 port, u8 *byte)
{
	if (!touches(io, port, 1) || (io->port == PORT_PCI_ADDRESS && io->size == 4))
		return false;
	*byte = (u8)(value >> shift_of(io, port));
	return true;
}

static bool is_reset(const struct io_access *io, u32 value)
{
	const struct acpi_info *a = &ports.acpi;
	u8 byte;

	if (brings(io, value, PORT_RESET_CONTROL, &byte) && byte & RESET_CPU)
		return true;
	/*
	 * 0xf0 to 0xff pulse output lines of the keyboard controller; line 0 is the processor's
	 * reset.
	 */
	if (brings(io, value, PORT_KEYBOARD_COMMAND, &byte) && (byte & 0xf1) == 0xf0)
		return true;
	if (is_output_reset(io, value))
		return true;
	return a->reset_port && brings(io, value, a->reset_port, &byte) && byte == a->reset_value;
}

/* Whether this write is one of the ways to end the root, and which. */
static bool is_end(const struct io_access *io, u32 value, enum partition_end *why)
{
	const struct acpi_info *a = &ports.acpi;

	if (io->port == PORT_EXIT)
		*why = END_EXIT;
	else if (is_reset(io, value))
		*why = END_RESET;
	else if (a->has_s5 && (is_power_off(io, value, a->pm1a_control, a->s5_a) ||
			       is_power_off(io, value, a->pm1b_control, a->s5_b)))
		*why = END_POWER_OFF;
	else
		return false;
	return true;
}

/* AL, AX or EAX, the last as a 32-bit operation that clears the upper half. */
static void put_rax(struct vcpu *v, unsigned size, u32 value)
{
	if (size == 1)
		v->regs.rax = (v->regs.rax & ~0xffull) | (u8)value;
	else if (size == 2)
		v->regs.rax = (v->regs.rax & ~0xffffull) | (u16)value;
	else
		v->regs.rax = value;
}

static void write_port(struct vcpu *v, const struct io_access *io, u32 value)
{
	enum partition_end why = END_EXIT;
	bool ends, sleeps;

	spin_lock(&lock);
	value = keep_a20(io, value);
	ends = is_end(io, value, &why);
	sleeps = !ends && is_sleep(io, value);
	if (!ends && !sleeps) {
		machine_out(io->port, io->size, value);
		follow_keyboard(io, value);
	}
	spin_unlock(&lock);
	if (ends)
		partition_end_root(v->partition, why, why == END_EXIT ? value : 0);
	if (sleeps)
		log_refusal(v, "refused to sleep: 0x%x to port 0x%x", value, io->port);
}

static u32 mask_of(const struct io_access *io)
{
	return io->size == 4 ? UINT32_MAX : (1u << 8 * io->size) - 1;
}

static bool is_hidden(const struct io_access *io)
{
	return touches(io, ports.console, ports.console_count) ||
	       (ports.trace && touches(io, ports.trace, 1));
}

u32 io_read(struct vcpu *v, const struct io_access *io)
{
	const u32 value = is_hidden(io) ? mask_of(io) : machine_in(io->port, io->size);

	trace(v, TRACE_IO, io->port, value, io->in);
	return value;
}

void io_write(struct vcpu *v, const struct io_access *io, u32 value)
{
	value &= mask_of(io);
	trace(v, TRACE_IO, io->port, value, io->in);
	if (!is_hidden(io))
		write_port(v, io, value);
}

enum vm_next io_exit(struct vcpu *v, const struct io_access *io)
{
	if (io->string)
		return string_io_exit(v, io);
	if (io->in)
		put_rax(v, io->size, io_read(v, io));
	else
		io_write(v, io, (u32)v->regs.rax);
	return VM_SKIP;
}
