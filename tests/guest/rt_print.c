/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Text on the first serial port, the end of the machine, and the few library functions that a
 * compiler expects.
 */
#include "rt.h"

#define COM1 0x3f8
#define COM_INTERRUPTS (COM1 + 1)
#define COM_LINE_CONTROL (COM1 + 3)
#define COM_LINE_STATUS (COM1 + 5)
#define COM_DIVISOR_ACCESS 0x80
#define COM_8N1 0x03
#define COM_EMPTY 0x20          /* the holding register takes a byte */
#define COM_IDLE 0x40           /* everything has left */
#define PORT_END 0xf4

/* Not every firmware leaves eight data bits behind. 115200 baud, no interrupts. */
static void serial_init(void)
{
	outb(COM_LINE_CONTROL, COM_DIVISOR_ACCESS | COM_8N1);
	outb(COM1, 1);
	outb(COM_INTERRUPTS, 0);
	outb(COM_LINE_CONTROL, COM_8N1);
	outb(COM_INTERRUPTS, 0);
}

/*
 * 115200 baud, 8 data bits, no parity, no interrupts; firmware may leave the port as reset does,
 * with 5 bits.
 */
void rt_console_init(void)
{
	outb(COM1 + 1, 0);
	outb(COM1 + 3, 0x80);   /* the divisor is at 0 and 1 */
	outb(COM1 + 0, 1);
	outb(COM1 + 1, 0);
	outb(COM1 + 3, 0x03);
	outb(COM1 + 2, 0x07);   /* FIFOs on, and empty */
	outb(COM1 + 4, 0x03);
}

static void serial_char(char c)
{
	static bool ready;

	if (!ready)
		serial_init();
	ready = true;
	for (u32 patience = 0; patience < 1000000 && !(inb(COM_LINE_STATUS) & COM_EMPTY);
		patience++)
		__asm__ volatile("pause");
	outb(COM1, (u8)c);
}

struct sink { char *buffer; size_t size, used; };

static void put(struct sink *s, char c)
{
	if (!s->buffer) {
		if (c == '\n')
			serial_char('\r');
		serial_char(c);
		return;
	}
	if (s->used + 1 < s->size)
		s->buffer[s->used++] = c;
}

static void put_number(struct sink *s, u64 value, unsigned base, unsigned width, char fill)
{
	char digits[24];
	unsigned n = 0;
	u32 rest;

	do {
		value = rt_div(value, base, &rest);
		digits[n++] = "0123456789abcdef"[rest];
	} while (value);
	for (; width > n; width--)
		put(s, fill);
	while (n)
		put(s, digits[--n]);
}

static void put_signed(struct sink *s, long long value, unsigned width, char fill)
{
	if (value < 0)
		put(s, '-');
	put_number(s, value < 0 ? -(u64)value : (u64)value, 10, width, fill);
}

static void put_text(struct sink *s, const char *text)
{
	for (text = text ? text : "(null)"; *text; text++)
		put(s, *text);
}

static u64 take_unsigned(va_list *args, unsigned longs)
{
	return longs > 1 ? va_arg(*args, unsigned long long) : longs ? va_arg(*args, unsigned long)
		: va_arg(*args, unsigned int);
}

static long long take_signed(va_list *args, unsigned longs)
{
	return longs > 1 ? va_arg(*args, long long)
		: longs	 ? va_arg(*args, long)
			 : va_arg(*args, int);
}

/* One conversion behind its '%'; returns where the format goes on. */
static const char *convert(struct sink *s, const char *f, va_list *args)
{
	unsigned width = 0, longs = 0;
	char fill = ' ';

	if (*f == '0')
		fill = '0';
	for (; *f >= '0' && *f <= '9'; f++)
		width = width * 10 + (unsigned)(*f - '0');
	for (; *f == 'l'; f++)
		longs++;
	switch (*f) {
	case 's': put_text(s, va_arg(*args, const char *)); break;
	case 'c': put(s, (char)va_arg(*args, int)); break;
	case 'd': put_signed(s, take_signed(args, longs), width, fill); break;
	case 'u': put_number(s, take_unsigned(args, longs), 10, width, fill); break;
	case 'x': put_number(s, take_unsigned(args, longs), 16, width, fill); break;
	default: put(s, *f); break;
	}
	return f + 1;
}

static void print(struct sink *s, const char *format, va_list args)
{
	va_list copy;

	va_copy(copy, args);
	while (*format) {
		if (*format != '%')
			put(s, *format++);
		else
			format = convert(s, format + 1, &copy);
	}
	va_end(copy);
}

void rt_vprintf(const char *format, va_list args)
{
	struct sink s = { 0 };

	print(&s, format, args);
}

void rt_printf(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	rt_vprintf(format, args);
	va_end(args);
}

void rt_vformat(char *buffer, size_t size, const char *format, va_list args)
{
	struct sink s = { buffer, size, 0 };

	print(&s, format, args);
	buffer[s.used] = 0;
}

void rt_format(char *buffer, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	rt_vformat(buffer, size, format, args);
	va_end(args);
}

_Noreturn void rt_exit(u32 value)
{
	for (u32 patience = 0; patience < 1000000 && !(inb(COM_LINE_STATUS) & COM_IDLE); patience++)
		__asm__ volatile("pause");
	outl(PORT_END, value);
	for (;;)
		__asm__ volatile("cli; hlt");
}

void *memcpy(void *to, const void *from, size_t size)
{
	void *start = to;

	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
	return start;
}

void *memset(void *to, int byte, size_t size)
{
	void *start = to;

	__asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(byte) : "memory");
	return start;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const u8 *p = a, *q = b;

	for (; size && *p == *q; size--, p++, q++)
		;
	return size ? *p - *q : 0;
}

size_t strlen(const char *text)
{
	size_t n = 0;

	while (text[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	for (; *a && *a == *b; a++, b++)
		;
	return (u8)*a - (u8)*b;
}

const char *strstr(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (; *text; text++)
		if (!memcmp(text, word, n))
			return text;
	return NULL;
}
