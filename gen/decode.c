/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Takes things of the interface apart and judges them by the rules. */
#include "decode.h"

#include <string.h>

#include "explain.h"
#include "sample.h"
#include "spell.h"
#include "words.h"

/* ---- the control word ---- */

/* What stands in a part of a control or result word, which the specification declares as bits. */
static uint64_t part(const struct type *word, const char *name, uint64_t value)
{
	for (const struct bits *b = word->bits; b; b = b->next)
		if (b->name && strcmp(b->name, name) == 0)
			return (value & bits_mask(b)) >> b->low;
	return 0;
}

static const struct call *call_with_code(const struct spec *s, uint64_t code)
{
	for (const struct call *c = s->calls; c; c = c->next)
		if (c->code == code && for_x64(&c->about))
			return c;
	return NULL;
}

/* A control word in parts. */
struct control {
	const struct call *call;       /* NULL: no such call */
	uint64_t reserved;
	bool fast, nested;
	unsigned var, count, start;
};

/* Whether a rule of the convention is broken, as far as a control word tells. */
static bool breaks(const struct control *w, const char *rule)
{
	const struct call *c = w->call;

	if (strcmp(rule, "code_known") == 0)
		return !c || !call_implemented(c);
	if (strcmp(rule, "control_reserved") == 0)
		return w->reserved;
	if (strcmp(rule, "nested") == 0)
		return w->nested;
	if (!c || c->unknown)
		return false;
	if (strcmp(rule, "rep_count") == 0)
		return c->rep ? w->count == 0 : w->count != 0;
	if (strcmp(rule, "rep_start") == 0)
		return c->rep ? w->start >= w->count : w->start != 0;
	if (strcmp(rule, "variable_header") == 0)
		return w->var && !c->varhead;
	if (strcmp(rule, "fast_allowed") == 0)
		return w->fast && !call_fits_registers(c, w->var, w->count);
	return false;
}

static void broken_line(struct text *t, const char *id, const char *what, const struct status *st)
{
	emit(t, "! %s: ", id);
	screen_fill(t, 4, namef("%s, else %s", what, words_outcome(st)));
	emit_blank(t);
}

static void judge_control(struct text *t, const struct spec *s, const struct control *w)
{
	const struct rule *first = NULL;

	for (const struct rule *r = s->rules; r; r = r->next) {
		if (!breaks(w, r->name))
			continue;
		broken_line(t, r->id, *r->about.doc ? namef("%s Rule %s", r->about.doc, r->name)
						    : r->name, r->status);
		first = first ? first : r;
	}
	if (w->call && w->call->about.unimplemented)
		screen_item(t, "not here", w->call->about.unimplemented);
	if (first)
		emit_line(t, "answered with %s", words_outcome(first->status));
	else
		emit_line(t, "no rule about the control word is broken");
}

static void describe_call(struct text *t, const struct call *c)
{
	if (!c)
		return emit_line(t, "no call has that code");
	emit_line(t, "%s: %s", c->named, words_shape(c));
	if (!c->unknown)
		emit_line(t, "input: header %u bytes, each element %u; output: %u, each %u",
			  call_in_size(c), c->each_in.size, call_out_size(c), c->each_out.size);
}

static const struct type *word_type(const struct spec *s, const char *name, const char **why)
{
	const struct type *type = spec_type(s, name);

	if (type && type->kind == TYPE_BITS)
		return type;
	*why = namef("the specification has no bits '%s'", name);
	return NULL;
}

bool decode_control(struct text *t, const struct spec *s, uint64_t word, const char **why)
{
	const struct type *type = word_type(s, "hypercall_control", why);
	struct control w = { 0 };

	if (!type)
		return false;
	w.call = call_with_code(s, part(type, "code", word));
	w.reserved = word & type_mbz_mask(type);
	w.fast = part(type, "fast", word);
	w.nested = part(type, "nested", word);
	w.var = (unsigned)part(type, "variable_header_qwords", word);
	w.count = (unsigned)part(type, "rep_count", word);
	w.start = (unsigned)part(type, "rep_start", word);
	emit_line(t, "control word 0x%016llx", (unsigned long long)word);
	value_bits(t, type->bits, word, 0);
	describe_call(t, w.call);
	judge_control(t, s, &w);
	return true;
}

bool decode_result(struct text *t, const struct spec *s, uint64_t word, const char **why)
{
	const struct type *type = word_type(s, "hypercall_result", why);
	const struct status *st = s->statuses;

	if (!type)
		return false;
	while (st && st->value != (word & 0xffff))
		st = st->next;
	emit_line(t, "result 0x%016llx", (unsigned long long)word);
	value_bits(t, type->bits, word, 0);
	screen_item(t, "status", st ? namef("%s. %s", c_status(st), st->about.doc)
				    : "no status has that number");
	return true;
}

/* ---- registers ---- */

/* Rules of the list that the sample breaks, but for those of one part when `other` is set. */
static unsigned judge(struct text *t, const struct check *list, const struct sample *smp,
		      bool each, const char *where)
{
	unsigned broken = 0;

	for (const struct check *k = list; k; k = k->next) {
		if ((k->on.part == PART_EACH) != each || sample_broken(smp, k) != k)
			continue;
		broken_line(t, namef("%s%s", k->id, where), k->text, k->status);
		broken++;
	}
	return broken;
}

void decode_msr(struct text *t, const struct msr *m, uint32_t index, uint64_t value, uint64_t old)
{
	struct sample smp = { .msr = value, .msr_old = old };

	emit_line(t, "%s (0x%08x) = 0x%016llx", msr_instance(m, index),
		  m->number + index * m->stride, (unsigned long long)value);
	value_bits(t, m->bits, value, 0);
	if (m->about.unimplemented)
		screen_item(t, "not here", m->about.unimplemented);
	if (m->unknown)
		emit_line(t, "nothing is known of its content");
	else if (!m->writable)
		emit_line(t, "! read only: a write raises #GP");
	else if (!judge(t, m->checks, &smp, false, ""))
		emit_line(t, "a write of it breaks no rule");
}

void decode_cpuid(struct text *t, const struct cpuid_leaf *l, unsigned reg, uint32_t value)
{
	const char *clear = "";

	emit_line(t, "CPUID 0x%08x %s = 0x%08x", l->number, upper(cpuid_register_names[reg]),
		  value);
	if (!l->registers[reg].present) {
		emit_line(t, value ? "! reserved: it must be zero" : "  reserved");
		return;
	}
	for (const struct bits *b = l->registers[reg].bits; b; b = b->next) {
		struct bits alone = *b;
		bool zero_flag = b->kind == BITS_NAMED && b->high == b->low &&
				 !(value & bits_mask(b));

		alone.next = NULL;
		if (zero_flag)
			clear = explain_also(clear, b->name);
		else
			value_bits(t, &alone, value, 0);
	}
	screen_item(t, "  clear", clear);
}

/* ---- inputs and outputs of calls ---- */

static void elements(struct text *t, const struct block *each, const struct memory *m, size_t at)
{
	for (unsigned i = 0; each->size && at + (size_t)i * each->size < m->count; i++) {
		size_t base = at + (size_t)i * each->size;

		emit_line(t, "element %u", i);
		value_fields(t, each->fields, m, base, 0);
	}
}

/* The qwords of variable header that the rule about their number asks for. */
static unsigned wanted_var(const struct call *c, const struct sample *smp)
{
	for (const struct check *k = c->checks; k; k = k->next) {
		struct sample counted = *smp;

		if (k->kind != CHECK_COUNT)
			continue;
		for (unsigned n = 0; n <= 64; n++) {
			counted.var_count = n;
			if (sample_broken(&counted, k) != k)
				return n;
		}
	}
	return 0;
}

static void variable_header(struct text *t, const struct call *c, const struct memory *m,
			    unsigned count)
{
	const struct field *f = c->var.fields;

	if (!c->varhead)
		return;
	emit_line(t, "variable header, %u qwords", count);
	for (unsigned i = 0; i < count; i++)
		value_typed(t, f ? f->type : spec_type(NULL, "u64"),
			    namef("%s[%u]", f ? f->name : "var", i), m,
			    call_in_size(c) + (size_t)8 * i, 0);
}

static unsigned judge_elements(struct text *t, const struct call *c, const struct memory *m,
			       size_t at, struct sample *smp)
{
	unsigned broken = 0, size = c->each_in.size;

	for (unsigned i = 0; size && at + (size_t)(i + 1) * size <= m->count; i++) {
		memcpy(smp->each, m->bytes + at + (size_t)i * size, size);
		broken += judge(t, c->checks, smp, true, namef(", element %u", i));
	}
	return broken;
}

/* What is too much or too little. */
static unsigned judge_size(struct text *t, const struct memory *m, size_t head, unsigned each)
{
	size_t rest = m->count > head ? m->count - head : 0;

	if (m->count < head)
		emit_line(t, "! %zu bytes, but what comes before the elements takes %zu", m->count,
			  head);
	else if (each && rest % each)
		emit_line(t, "! the last element has %zu bytes instead of %u", rest % each, each);
	else if (!each && rest)
		emit_line(t, "! %zu bytes too many", rest);
	else
		return 0;
	return 1;
}

void decode_input(struct text *t, const struct call *c, const struct memory *m, unsigned var_count)
{
	static struct sample smp;
	unsigned head = call_in_size(c), broken;
	size_t there = m->count < head ? m->count : head, at;

	memset(&smp, 0, sizeof(smp));
	memcpy(smp.in, m->bytes, there);
	smp.var_count = var_count == VAR_UNKNOWN ? wanted_var(c, &smp) : var_count;
	at = head + (size_t)8 * smp.var_count;
	emit_line(t, "input of %s (0x%04x), %zu bytes", c->named, c->code, m->count);
	value_fields(t, c->in.fields, m, 0, 0);
	variable_header(t, c, m, smp.var_count);
	elements(t, &c->each_in, m, at);
	broken = judge_size(t, m, at, c->each_in.size);
	if (there == head)
		broken += judge(t, c->checks, &smp, false, "") +
			  judge_elements(t, c, m, at, &smp);
	if (c->unknown)
		emit_line(t, "nothing is known of its parameters");
	else if (!broken)
		emit_line(t, "it breaks no rule");
}

void decode_output(struct text *t, const struct call *c, const struct memory *m)
{
	emit_line(t, "output of %s (0x%04x), %zu bytes", c->named, c->code, m->count);
	value_fields(t, c->out.fields, m, 0, 0);
	elements(t, &c->each_out, m, call_out_size(c));
	judge_size(t, m, call_out_size(c), c->each_out.size);
}

/* ---- messages ---- */

static const struct field *field_named(const struct type *t, const char *name)
{
	const struct field *f = t ? t->fields : NULL;

	while (f && strcmp(f->name, name) != 0)
		f = f->next;
	return f;
}

/* Where things lie in a slot. */
struct slot {
	const struct type *message;
	const struct field *header, *payload, *type, *size;
};

static bool find_slot(const struct spec *s, struct slot *l, const char **why)
{
	l->message = spec_type(s, "message");
	l->header = field_named(l->message, "header");
	l->payload = field_named(l->message, "payload");
	l->type = field_named(l->header ? l->header->type : NULL, "type");
	l->size = field_named(l->header ? l->header->type : NULL, "payload_size");
	if (l->payload && l->type && l->size && l->type->type->kind == TYPE_ENUM)
		return true;
	*why = "the specification has no struct 'message' with a header and a payload";
	return false;
}

static void payload(struct text *t, const struct slot *l, const struct memory *m, size_t at)
{
	size_t head = at + l->header->offset, start = at + l->payload->offset;
	uint64_t number = memory_number(m, head + l->type->offset, l->type->type->size);
	uint64_t size = memory_number(m, head + l->size->offset, l->size->type->size);
	const struct enumerator *e = value_named(l->type->type, number);
	size_t room = field_size(l->payload);
	struct memory said = { m->bytes, start + (size < room ? size : room) };

	if (size > room)
		emit_line(t, "! the payload cannot have %u bytes", (unsigned)size);
	if (said.count > m->count)
		said.count = m->count;
	if (e && e->type) {
		value_typed(t, e->type, "payload", &said, start, 0);
		if (size != e->type->size)
			emit_line(t, "  payload_size is %u, %s has %u bytes", (unsigned)size,
				  e->type->name, e->type->size);
		return;
	}
	for (size_t i = start; i < said.count; i += 8)
		value_typed(t, spec_type(NULL, "u64"), "payload", &said, i, 0);
}

static void slot(struct text *t, const struct slot *l, const struct memory *m, size_t at)
{
	const struct type *header = l->header->type;
	uint64_t type = memory_number(m, at + l->header->offset + l->type->offset,
				      l->type->type->size);

	if (!type) {
		emit_line(t, "  empty");
		return;
	}
	value_fields(t, header->fields, m, at + l->header->offset, 0);
	if (m->count >= at + l->payload->offset)
		payload(t, l, m, at);
}

bool decode_message(struct text *t, const struct spec *s, const struct memory *m, const char **why)
{
	struct slot l;
	unsigned size;

	if (!find_slot(s, &l, why))
		return false;
	size = l.message->size;
	if (m->count < l.header->type->size) {
		*why = namef("%zu bytes are less than the header of a message, which has %u",
			     m->count, l.header->type->size);
		return false;
	}
	for (size_t at = 0; at < m->count; at += size) {
		if (m->count > size)
			emit_line(t, "SINT%zu", at / size);
		slot(t, &l, m, at);
	}
	if (m->count > size && m->count % size)
		emit_line(t, "! the last slot has %zu bytes instead of %u", m->count % size, size);
	return true;
}
