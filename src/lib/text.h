/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* A bounded, always terminated string under construction, and the printf that fills it. */
#ifndef PARTITA_TEXT_H
#define PARTITA_TEXT_H

#include <stdarg.h>
#include <stddef.h>

/*
 * Owned by the caller. len counts what is in buf without the terminator; what does not fit is
 * dropped.
 */
struct text { char *buf; size_t size, len; };

/* Start an empty text in buf (size bytes, at least 1). */
void text_init(struct text *t, char *buf, size_t size);

/*
 * Append. Knows %s %c %d %u %x %X %p %% with l/ll/z, a width and 0 or - flags; %.Ns and %.*s bound
 * a string.
 */
void text_printf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_vprintf(struct text *t, const char *fmt, va_list args)
	__attribute__((format(printf, 2, 0)));

/*
 * Append one character as it is; append length characters with everything unprintable shown as '.'
 * .
 */
void text_char(struct text *t, char c);
void text_sanitised(struct text *t, const char *s, size_t length);

#endif
