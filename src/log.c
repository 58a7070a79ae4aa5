/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The hypervisor's log: whole lines, prefixed "partita: ", bounded where a guest can provoke them. */
#include "log.h"

#include "machine.h"
#include "text.h"
#include "vcpu.h"

#define LINE_MAX 240
#define KINDS 32

/* How often each kind of refusal came. Only the processor that handles it writes; a lost count is no harm. */
static struct { const char *fmt; u64 count; } kinds[KINDS];
static u64 other_kinds;

static void write_line(struct text *t)
{
	if (t->len == t->size - 1)
		t->len--; /* room for the newline of a line that was cut */
	t->buf[t->len++] = '\n';
	machine_console_write(t->buf, t->len);
}

static void log_va(const char *level, const char *fmt, va_list args)
{
	char buf[LINE_MAX];
	struct text t;

	text_init(&t, buf, sizeof(buf));
	text_printf(&t, "partita: %s", level);
	text_vprintf(&t, fmt, args);
	write_line(&t);
}

void log_info(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_va("", fmt, args);
	va_end(args);
}

void log_warn(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_va("warning: ", fmt, args);
	va_end(args);
}

void log_line(const char *line)
{
	char buf[LINE_MAX];
	struct text t;

	text_init(&t, buf, sizeof(buf));
	text_printf(&t, "partita: %s", line);
	write_line(&t);
}

/* Count one more of the kind; true while it is still to be shown. */
static bool count_kind(const char *fmt, bool *last)
{
	unsigned i = 0;

	while (i < KINDS && kinds[i].fmt && kinds[i].fmt != fmt)
		i++;
	if (i == KINDS) {
		other_kinds++;
		return false;
	}
	kinds[i].fmt = fmt;
	*last = ++kinds[i].count == LOG_REFUSALS;
	return kinds[i].count <= LOG_REFUSALS;
}

void log_refusal(struct vcpu *v, const char *fmt, ...)
{
	char buf[LINE_MAX];
	struct text t;
	va_list args;
	bool last = false;

	if (!count_kind(fmt, &last))
		return;
	text_init(&t, buf, sizeof(buf));
	text_printf(&t, "partita: vp %u: ", v->index);
	va_start(args, fmt);
	text_vprintf(&t, fmt, args);
	va_end(args);
	if (last)
		text_printf(&t, " (more of this kind are only counted)");
	write_line(&t);
}

void log_summary(void)
{
	u64 hidden = other_kinds;

	for (unsigned i = 0; i < KINDS; i++)
		if (kinds[i].count > LOG_REFUSALS)
			hidden += kinds[i].count - LOG_REFUSALS;
	if (hidden)
		log_info("%lu more refusals were not shown", hidden);
}
