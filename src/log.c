/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The log: whole lines, prefixed, bounded where a guest can provoke them. */
#include "log.h"

#include "machine.h"
#include "spin.h"
#include "text.h"
#include "vcpu.h"

#define LINE_MAX 240
#define KINDS 256

/* How often each kind of refusal came and was shown. All is (a). */
static struct kind { const void *kind; u64 count, shown; } kinds[KINDS];
static u64 other_kinds;         /* (a) */
static bool alone; /* (a) the machine is coming to its end */

static void write_line(struct text *t)
{
	static struct spin lock;
	/* A panic must not wait for one who will never go on. */
	const bool locks = !__atomic_load_n(&alone, __ATOMIC_RELAXED);

	if (t->len == t->size - 1)
		t->len--; /* room for the newline of a line that was cut */
	t->buf[t->len++] = '\n';
	if (locks)
		spin_lock(&lock);
	machine_console_write(t->buf, t->len);
	if (locks)
		spin_unlock(&lock);
}

void log_alone(void)
{
	__atomic_store_n(&alone, true, __ATOMIC_RELAXED);
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

/* The counter of a kind, or NULL when there are too many kinds. */
static struct kind *find_kind(const void *kind)
{
	u32 at = (u32)((uintptr_t)kind >> 3) * 0x9e3779b1u;

	for (u32 i = 0; i < KINDS; i++) {
		struct kind *k = &kinds[(at + i) % KINDS];
		const void *there = __atomic_load_n(&k->kind, __ATOMIC_RELAXED);

		if (!there && __atomic_compare_exchange_n(&k->kind, &there, kind, false,
							  __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return k;
		if (there == kind)
			return k;
	}
	return NULL;
}

static void refusal_va(struct vcpu *v, const void *kind, unsigned limit, const char *fmt,
		       va_list args)
{
	struct kind *k = find_kind(kind);
	char buf[LINE_MAX];
	struct text t;
	u64 before;

	if (!k) {
		__atomic_fetch_add(&other_kinds, 1, __ATOMIC_RELAXED);
		return;
	}
	before = __atomic_fetch_add(&k->count, 1, __ATOMIC_RELAXED);
	if (before >= limit)
		return;
	__atomic_fetch_add(&k->shown, 1, __ATOMIC_RELAXED);
	text_init(&t, buf, sizeof(buf));
	text_printf(&t, "partita: vp %u: ", v->index);
	text_vprintf(&t, fmt, args);
	if (before + 1 == limit)
		text_printf(&t, " (more of this kind are only counted)");
	write_line(&t);
}

void log_refusal(struct vcpu *v, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	refusal_va(v, fmt, LOG_REFUSALS, fmt, args);
	va_end(args);
}

void log_refusal_of(struct vcpu *v, const void *kind, unsigned limit, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	refusal_va(v, kind, limit, fmt, args);
	va_end(args);
}

void log_summary(void)
{
	u64 hidden = other_kinds;

	for (unsigned i = 0; i < KINDS; i++)
		hidden += kinds[i].count - kinds[i].shown;
	if (hidden)
		log_info("%lu more refusals were not shown", hidden);
}
