/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Messages of the boot program, for those who wonder why nothing starts: on COM2 and on the
 * emulators' debug port.
 */
#include "boot.h"

#define COM2 0x2f8
#define DEBUG_PORT 0xe9
#define LINE_STATUS 5
#define TRANSMITTER_EMPTY 0x20
#define WAIT_LIMIT                                                                               \
	100000 /* reads of the status: about 100 ms on real hardware, and the port may not exist \
		*/

static void out8(uint16_t port, uint8_t value)
{
	asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static uint8_t in8(uint16_t port)
{
	uint8_t value;

	asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

/* 115200 baud, 8N1, FIFOs on, no interrupts. */
static void serial_start(void)
{
	static const uint8_t setting[][2] = { { 1, 0 }, { 3, 0x80 }, { 0, 1 }, { 1, 0 },
					      { 3, 3 }, { 2, 7 },    { 4, 3 } };

	for (unsigned i = 0; i < sizeof(setting) / sizeof(setting[0]); i++)
		out8(COM2 + setting[i][0], setting[i][1]);
}

static void serial_put(char c)
{
	unsigned tries = 0;

	while (!(in8(COM2 + LINE_STATUS) & TRANSMITTER_EMPTY) && ++tries < WAIT_LIMIT)
		asm volatile("pause");
	out8(COM2, (uint8_t)c);
}

void print(const char *text)
{
	static bool started;

	if (!started)
		serial_start();
	started = true;
	for (; *text; text++) {
		if (*text == '\n')
			serial_put('\r');
		serial_put(*text);
		out8(DEBUG_PORT, (uint8_t)*text);
	}
}
