/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Where the hypervisor's log goes: a serial port or the emulator's debug port; waits are bounded.
 */
#include "console.h"

#include "cpu.h"
#include "machine.h"
#include "string.h"

#define COM1 0x3f8
#define COM2 0x2f8
#define DEBUG_PORT 0xe9
#define SERIAL_PORTS 8

#define UART_DATA 0
#define UART_INTERRUPTS 1
#define UART_FIFO 2
#define UART_LINE 3
#define UART_MODEM 4
#define UART_STATUS 5
#define UART_DATA_READY 0x01
#define UART_TRANSMITTER_EMPTY 0x20
#define UART_ABSENT 0xff
#define UART_WAIT \
	200000 /* status reads: some 200 ms on hardware, long for one character at 9600 baud */

static u16 port = COM2;
static bool started;

/* 115200 baud, 8N1, FIFOs on, no interrupts. */
static void serial_start(void)
{
	cpu_out8(port + UART_INTERRUPTS, 0);
	cpu_out8(port + UART_LINE, 0x80);
	cpu_out8(port + UART_DATA, 1);
	cpu_out8(port + UART_INTERRUPTS, 0);
	cpu_out8(port + UART_LINE, 3);
	cpu_out8(port + UART_FIFO, 7);
	cpu_out8(port + UART_MODEM, 3);
}

static void serial_put(char c)
{
	for (u32 tries = 0; tries < UART_WAIT; tries++) {
		if (cpu_in8(port + UART_STATUS) & UART_TRANSMITTER_EMPTY)
			break;
		cpu_pause();
	}
	cpu_out8(port + UART_DATA, (u8)c);
}

void machine_console_write(const char *text, size_t length)
{
	if (!port)
		return;
	if (port == DEBUG_PORT) {
		while (length--)
			cpu_out8(DEBUG_PORT, (u8)*text++);
		return;
	}
	if (cpu_in8(port + UART_STATUS) == UART_ABSENT)
		return;
	if (!started)
		serial_start();
	started = true;
	for (; length--; text++) {
		if (*text == '\n')
			serial_put('\r');
		serial_put(*text);
	}
}

int machine_console_read(void)
{
	u8 status;

	if (!port || port == DEBUG_PORT)
		return -2;
	status = cpu_in8(port + UART_STATUS);
	if (status == UART_ABSENT)
		return -2;
	return status & UART_DATA_READY ? cpu_in8(port + UART_DATA) : -1;
}

bool console_select(const char *name)
{
	static const struct { const char *name; u16 port; } consoles[] = {
		{ "com1", COM1 }, { "com2", COM2 }, { "e9", DEBUG_PORT }, { "none", 0 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(consoles); i++) {
		if (strcmp(name, consoles[i].name))
			continue;
		started = started && port == consoles[i].port;
		port = consoles[i].port;
		return true;
	}
	return false;
}

u16 console_port(u16 *count)
{
	*count = port == DEBUG_PORT ? 1 : SERIAL_PORTS;
	return port;
}
