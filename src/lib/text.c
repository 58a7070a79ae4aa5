/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* A bounded, always terminated string under construction, and the printf that fills it. */
#include "text.h"

#include <stdbool.h>
#include <stdint.h>

#include "string.h"

/* One conversion of a format: %[-][0][width][.precision][l|ll|z]letter. */
struct conversion {
	bool left, zero, wide;
	int width, precision; /* precision -1: none */
};

void text_init(struct text *t, char *buf, size_t size)
{
	t->buf = buf;
	t->size = size;
	t->len = 0;
	buf[0] = '\0';
}

void text_char(struct text *t, char c)
{
	if (t->len + 1 >= t->size)
		return;
	t->buf[t->len++] = c;
	t->buf[t->len] = '\0';
}

void text_sanitised(struct text *t, const char *s, size_t length)
{
	for (size_t i = 0; i < length; i++)
		text_char(t, s[i] >= 0x20 && s[i] < 0x7f ? s[i] : '.');
}

static void put_padded(struct text *t, const struct conversion *c, const char *s, size_t length)
{
	size_t pad = c->width > 0 && (size_t)c->width > length ? (size_t)c->width - length : 0;

	for (size_t i = 0; !c->left && i < pad; i++)
		text_char(t, c->zero ? '0' : ' ');
	for (size_t i = 0; i < length; i++)
		text_char(t, s[i]);
	for (size_t i = 0; c->left && i < pad; i++)
		text_char(t, ' ');
}

static void put_string(struct text *t, struct conversion *c, const char *s)
{
	size_t length = 0;

	if (!s)
		s = "(null)";
	while ((c->precision < 0 || length < (size_t)c->precision) && s[length])
		length++;
	c->zero = false;
	put_padded(t, c, s, length);
}

static void put_number(struct text *t, struct conversion *c, uint64_t value, unsigned base,
		       bool negative, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char buf[24];
	size_t at = sizeof(buf);

	do {
		buf[--at] = digits[value % base];
		value /= base;
	} while (value);
	if (negative && c->zero) {
		text_char(t, '-'); /* the sign goes before padding zeros */
		c->width--;
	} else if (negative) {
		buf[--at] = '-';
	}
	if (c->left)
		c->zero = false;
	put_padded(t, c, &buf[at], sizeof(buf) - at);
}

static const char *parse_count(const char *f, int *out, va_list *args)
{
	int n = 0;

	if (*f == '*') {
		*out = va_arg(*args, int);
		return f + 1;
	}
	for (; *f >= '0' && *f <= '9'; f++)
		n = n < 10000 ? n * 10 + (*f - '0') : n;
	*out = n;
	return f;
}

/* Read a conversion after its '%'; returns the address of its letter. */
static const char *parse_conversion(const char *f, struct conversion *c, va_list *args)
{
	*c = (struct conversion){ .precision = -1 };
	for (; *f == '-' || *f == '0'; f++) {
		c->left |= *f == '-';
		c->zero |= *f == '0';
	}
	f = parse_count(f, &c->width, args);
	if (*f == '.')
		f = parse_count(f + 1, &c->precision, args);
	for (; *f == 'l' || *f == 'z'; f++)
		c->wide = true; /* long, long long and size_t are all 64 bits here */
	return f;
}

static void put_signed(struct text *t, struct conversion *c, va_list *args)
{
	int64_t value = c->wide ? va_arg(*args, int64_t) : va_arg(*args, int);

	put_number(t, c, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10, value < 0, false);
}

static void put_unsigned(struct text *t, struct conversion *c, va_list *args, unsigned base,
			 bool upper)
{
	put_number(t, c, c->wide ? va_arg(*args, uint64_t) : va_arg(*args, unsigned), base, false,
		   upper);
}

/* Carry out the conversion at letter; false when the format ends or the letter is unknown. */
static bool put_conversion(struct text *t, struct conversion *c, char letter, va_list *args)
{
	char single;

	switch (letter) {
	case 's':
		put_string(t, c, va_arg(*args, const char *));
		return true;
	case 'c':
		single = (char)va_arg(*args, int);
		put_padded(t, c, &single, 1);
		return true;
	case 'd':
		put_signed(t, c, args);
		return true;
	case 'u':
		put_unsigned(t, c, args, 10, false);
		return true;
	case 'x':
	case 'X':
		put_unsigned(t, c, args, 16, letter == 'X');
		return true;
	case 'p':
		text_char(t, '0');
		text_char(t, 'x');
		put_number(t, c, (uintptr_t)va_arg(*args, void *), 16, false, false);
		return true;
	case '%':
		text_char(t, '%');
		return true;
	default:
		return false;
	}
}

void text_vprintf(struct text *t, const char *fmt, va_list args)
{
	struct conversion c;
	va_list ap;

	va_copy(ap, args);
	for (; *fmt; fmt++) {
		if (*fmt != '%') {
			text_char(t, *fmt);
			continue;
		}
		fmt = parse_conversion(fmt + 1, &c, &ap);
		if (!put_conversion(t, &c, *fmt, &ap))
			break; /* an unknown letter: what follows in args cannot be trusted */
	}
	va_end(ap);
}

void text_printf(struct text *t, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	text_vprintf(t, fmt, args);
	va_end(args);
}
