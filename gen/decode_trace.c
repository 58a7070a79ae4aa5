/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The trace that a hypervisor of this interface left: what it did, in the order of time. */
#include "decode.h"

#include <string.h>

#include "../src/trace_format.h"
#include "find.h"
#include "spell.h"
#include "words.h"

enum { CALL_INPUT = 16, RECORD_INPUT = 24, INPUT_MOST = 4096 };

/* What one VP left. */
struct section {
	struct trace_head head;
	const uint8_t *records;
	uint32_t next;         /* the record to show next */
	uint64_t time;         /* TSC of the latest record that has one; 0: none had */
	uint64_t exit;         /* the full number of the record shown last */
	uint16_t refused_exit; /* the low part of that of the latest refusal by the convention */
	bool refused;
};

enum { SECTIONS_MOST = 64 };

struct trace {
	struct text *t;
	const struct spec *s;
	struct section sections[SECTIONS_MOST];
	unsigned count;
	uint64_t start;        /* TSC from which times count */
};

static const char *const kind_names[] = {
#define EXIT_KIND_NAME(name, text) text,
	EXIT_KINDS(EXIT_KIND_NAME)
#undef EXIT_KIND_NAME
};

static struct trace_record record(const struct section *c, uint32_t i)
{
	struct trace_record r;

	memcpy(&r, c->records + (size_t)i * sizeof(r), sizeof(r));
	return r;
}

/* ---- input of calls ---- */

/* A value in a line: names of enums and flags where there are any. */
static void put_value(struct text *t, const struct type *type, const struct memory *m, size_t at)
{
	const uint64_t number = memory_number(m, at, type->size);
	const char *meaning = value_meaning(type, number);

	if (at + type->size > m->count)
		emit(t, "?");
	else if (*meaning)
		emit(t, "%s", meaning);
	else
		emit(t, "0x%llx", (unsigned long long)number);
}

static void put_fields(struct text *t, const struct field *list, const struct memory *m, size_t base,
		       const char **comma);

/* How many elements of an array to show: the zeros at its end say nothing. */
static unsigned telling(const struct field *f, const struct memory *m, size_t at)
{
	unsigned count = f->count;

	while (count > 1 && at + count * f->type->size > m->count)
		count--;
	while (count > 1 && !memory_number(m, at + (count - 1) * f->type->size, f->type->size))
		count--;
	return count;
}

static void put_field(struct text *t, const struct field *f, const struct memory *m, size_t base,
		      const char **comma)
{
	const size_t at = base + f->offset;
	const unsigned shown = telling(f, m, at);

	if (f->type->kind == TYPE_STRUCT && !f->is_array) {
		put_fields(t, f->type->fields, m, at, comma);
		return;
	}
	emit(t, "%s%s=", *comma, f->name);
	*comma = ", ";
	if (f->is_array && f->count > 1)
		emit(t, "[");
	for (unsigned i = 0; i < shown; i++) {
		emit(t, "%s", i ? " " : "");
		put_value(t, f->type, m, at + (size_t)i * f->type->size);
	}
	if (f->is_array && f->count > 1)
		emit(t, f->count > shown ? " ...]" : "]");
}

static void put_fields(struct text *t, const struct field *list, const struct memory *m, size_t base,
		       const char **comma)
{
	for (const struct field *f = list; f; f = f->next)
		if (f->kind == FIELD_DATA)
			put_field(t, f, m, base, comma);
}

static unsigned control_var(uint64_t control)
{
	return (unsigned)(control >> 17) & 0x3ff;
}

static unsigned control_count(uint64_t control)
{
	return (unsigned)(control >> 32) & 0xfff;
}

static unsigned control_start(uint64_t control)
{
	return (unsigned)(control >> 48) & 0xfff;
}

/* What of the input was kept: in the call's own record and in others of its exit. */
static size_t gather(const struct section *c, const struct trace_record *call, size_t size,
		     uint8_t bytes[INPUT_MOST])
{
	size_t got = CALL_INPUT;

	memcpy(bytes, &call->c, CALL_INPUT);
	for (uint32_t i = c->next; i < c->head.records; i++) {
		const struct trace_record r = record(c, i);

		if (r.exit != call->exit)
			break;
		if (r.type != TRACE_INPUT || r.a != got || got + RECORD_INPUT > INPUT_MOST)
			continue;
		memcpy(bytes + got, &r.b, RECORD_INPUT);
		got += RECORD_INPUT;
	}
	return got < size ? got : size;
}

static void put_input(struct text *t, const struct section *c, const struct trace_record *r,
		      const struct call *call)
{
	const unsigned head = call_in_size(call), var = control_var(r->b),
		       each = call->each_in.size;
	static uint8_t bytes[INPUT_MOST];
	const size_t elements = head + 8u * var + (size_t)each * control_start(r->b);
	const struct memory m = {
		bytes, gather(c, r, elements + (size_t)each * control_count(r->b), bytes),
	};
	const char *comma = "";

	put_fields(t, call->in.fields, &m, 0, &comma);
	for (unsigned i = 0; i < var && head + 8u * i < m.count; i++) {
		emit(t, "%s0x%llx", i ? " " : comma,
		     (unsigned long long)memory_number(&m, head + 8u * i, 8));
		comma = ", ";
	}
	for (size_t at = elements; each && at + each <= m.count; at += each) {
		emit(t, "%s{", at == elements ? comma : ", ");
		comma = "";
		put_fields(t, call->each_in.fields, &m, at, &comma);
		emit(t, "}");
	}
}

static const struct status *status_of(const struct spec *s, unsigned value)
{
	for (const struct status *st = s->statuses; st; st = st->next)
		if (st->value == value)
			return st;
	return NULL;
}

static void put_call(struct trace *tr, const struct section *c, const struct trace_record *r)
{
	const struct status *st = status_of(tr->s, r->a & 0xffff);
	const struct call *call = tr->s->calls;
	struct text *t = tr->t;

	while (call && (call->code != (r->b & 0xffff) || !for_x64(&call->about)))
		call = call->next;
	if (call)
		emit(t, "%s(", call->named);
	else
		emit(t, "call 0x%04llx(", (unsigned long long)r->b & 0xffff);
	if (call && !call->unknown && !(c->refused && c->refused_exit == r->exit))
		put_input(t, c, r, call);
	emit(t, ")%s", r->b >> 16 & 1 ? " fast" : "");
	if (control_count(r->b))
		emit(t, " of %u from %u", control_count(r->b), control_start(r->b));
	emit(t, " = ");
	if (st)
		emit(t, "%s", c_status(st));
	else
		emit(t, "0x%04x", r->a & 0xffff);
	if (r->a >> 16)
		emit(t, ", %u done", r->a >> 16);
}

/* ---- other records ---- */

/* Rules are numbered as the generated code numbers them. False for one of the convention. */
static bool put_rule(struct text *t, const struct spec *s, uint32_t number)
{
	uint32_t at = 1;

	for (const struct rule *r = s->rules; r; r = r->next, at++) {
		if (at != number)
			continue;
		emit(t, " by %s: %s", r->id, *r->about.doc ? first_line(r->about.doc) : r->name);
		return false;
	}
	for (const struct call *c = s->calls; c; c = c->next)
		for (const struct check *k = c->checks; k && for_x64(&c->about); k = k->next)
			if (at++ == number)
				return emit(t, " by %s: %s", k->id, k->text), true;
	for (const struct msr *m = s->msrs; m; m = m->next)
		for (const struct check *k = m->checks; k && for_x64(&m->about); k = k->next)
			if (at++ == number)
				return emit(t, " by %s: %s", k->id, k->text), true;
	return true;
}

static void put_msr(struct text *t, const struct spec *s, uint32_t number)
{
	for (const struct msr *m = s->msrs; m; m = m->next) {
		const uint32_t step = number - m->number, stride = m->stride ? m->stride : 1;

		if (!for_x64(&m->about) || number < m->number || step % stride ||
		    step / stride >= m->count)
			continue;
		emit(t, "%s", m->strided ? msr_instance(m, step / stride) : m->named);
		return;
	}
	emit(t, "MSR 0x%08x", number);
}

static void put_refusal(struct trace *tr, struct section *c, const struct trace_record *r)
{
	emit(tr->t, "refused ");
	if (r->b >= MSR_FIRST)
		put_msr(tr->t, tr->s, (uint32_t)r->b);
	else
		emit(tr->t, "0x%llx", (unsigned long long)r->b);
	emit(tr->t, ", value 0x%llx", (unsigned long long)r->c);
	c->refused = r->a && !put_rule(tr->t, tr->s, r->a);
	c->refused_exit = r->exit;
}

static void put_exit(struct text *t, const struct trace_record *r)
{
	if (r->a < EXIT_KIND_COUNT)
		emit(t, "exit at 0x%llx: %s, %llu ticks", (unsigned long long)r->c,
		     kind_names[r->a], (unsigned long long)r->d);
	else
		emit(t, "exit at 0x%llx, not handled yet", (unsigned long long)r->c);
}

static void put_record(struct trace *tr, struct section *c, const struct trace_record *r)
{
	const unsigned long long b = r->b, d = r->c;
	struct text *t = tr->t;

	switch (r->type) {
	case TRACE_HYPERCALL:
		put_call(tr, c, r);
		break;
	case TRACE_REFUSAL:
		put_refusal(tr, c, r);
		break;
	case TRACE_MSR_WRITE:
		put_msr(t, tr->s, r->a);
		emit(t, " = 0x%llx", b);
		break;
	case TRACE_CPUID:
		emit(t, "CPUID 0x%x.%llu", r->a, b);
		break;
	case TRACE_IO:
		emit(t, "%s port 0x%x, value 0x%llx", d ? "in" : "out", r->a, b);
		break;
	case TRACE_NPT_FAULT:
		emit(t, "nested page fault at GPA 0x%llx, access %s%s%s", b, r->a & 1 ? "r" : "",
		     r->a & 2 ? "w" : "", r->a & 4 ? "x" : "");
		break;
	case TRACE_INJECT:
		emit(t, "inject vector %u, error code 0x%llx", r->a, b);
		break;
	case TRACE_INTERRUPT:
		emit(t, "physical interrupt, vector %u", r->a);
		break;
	case TRACE_VENDOR:
		emit(t, "exit code 0x%x, 0x%llx, 0x%llx", r->a, b, d);
		break;
	case TRACE_EXIT:
		put_exit(t, r);
		break;
	default:
		emit(t, "record of unknown type %u", r->type);
	}
}

/* ---- order ---- */

/* When the next record was written, as far as it is known. */
static uint64_t next_time(const struct section *c)
{
	const struct trace_record r = record(c, c->next);

	if (r.type == TRACE_EXIT || r.type == TRACE_INTERRUPT)
		return r.b;
	return c->time;
}

static struct section *earliest(struct trace *tr)
{
	struct section *first = NULL;

	for (struct section *c = tr->sections; c < tr->sections + tr->count; c++)
		if (c->next < c->head.records && (!first || next_time(c) < next_time(first)))
			first = c;
	return first;
}

static void put_time(struct trace *tr, const struct section *c)
{
	const uint64_t hz = c->head.tsc_hz ? c->head.tsc_hz : 1, ticks = c->time - tr->start;

	if (!c->time)
		emit(tr->t, "%13s", "");
	else
		emit(tr->t, "%6llu.%06llu", (unsigned long long)(ticks / hz),
		     (unsigned long long)(ticks % hz / (hz / 1000000 ? hz / 1000000 : 1)));
}

static void put_next(struct trace *tr, struct section *c)
{
	const struct trace_record r = record(c, c->next);

	c->time = next_time(c);
	c->exit += (uint16_t)(r.exit - c->exit);
	c->next++;
	if (r.type == TRACE_INPUT) /* shown with its call */
		return;
	put_time(tr, c);
	emit(tr->t, "  vp %u  %llu  ", c->head.vp, (unsigned long long)c->exit);
	put_record(tr, c, &r);
	emit_char(tr->t, '\n');
}

/* ---- the whole ---- */

static bool read_section(const struct memory *m, size_t *at, struct section *c, const char **why)
{
	const struct trace_head *h = &c->head;
	size_t size;

	*why = "the trace is cut short";
	if (m->count - *at < sizeof(*h))
		return false;
	memcpy(&c->head, m->bytes + *at, sizeof(*h));
	*why = "this is no trace of this version";
	if (memcmp(h->magic, TRACE_MAGIC, sizeof(h->magic)) != 0 || h->kinds != EXIT_KIND_COUNT)
		return false;
	*why = "the trace is cut short";
	size = (size_t)h->records * sizeof(struct trace_record);
	if (m->count - *at - sizeof(*h) < size)
		return false;
	c->records = m->bytes + *at + sizeof(*h);
	*at += sizeof(*h) + size;
	/*
	 * The last record tells the low part of the VP's number of exits, or is a little older; newer,
	 * where another VP read that number while this one went on.
	 */
	for (uint32_t i = h->records; i > 0; i--)
		c->exit = i == h->records
				  ? h->exits - (int16_t)(h->exits - record(c, i - 1).exit)
				  : c->exit - (uint16_t)(c->exit - record(c, i - 1).exit);
	return true;
}

static void put_head(struct text *t, const struct section *c)
{
	emit_line(t, "vp %u: %llu exits, %u records", c->head.vp, (unsigned long long)c->head.exits,
		  c->head.records);
	for (unsigned k = 0; k < EXIT_KIND_COUNT; k++) {
		const unsigned long long count = c->head.of[k].count, ticks = c->head.of[k].ticks;

		if (count)
			emit_line(t, "  %10llu %-26s %12llu ticks, %llu each", count, kind_names[k],
				  ticks, ticks / count);
	}
}

bool decode_trace(struct text *t, const struct spec *s, const struct memory *m, const char **why)
{
	static struct trace tr;
	struct section *c;
	size_t at = 0;

	tr = (struct trace){ .t = t, .s = s };
	for (; at < m->count; tr.count++) {
		*why = "there are too many processors";
		if (tr.count == SECTIONS_MOST)
			return false;
		c = &tr.sections[tr.count];
		if (!read_section(m, &at, c, why))
			return false;
		if (!tr.start || c->head.started < tr.start)
			tr.start = c->head.started;
	}
	for (c = tr.sections; c < tr.sections + tr.count; c++)
		put_head(t, c);
	while ((c = earliest(&tr)))
		put_next(&tr, c);
	return true;
}
