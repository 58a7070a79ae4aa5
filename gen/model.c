/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Memory and look-ups of the specification, and the small facts that outputs ask for. */
#include "model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct status status_ud = { .name = "UD", .value = 0xffff };
const struct status status_gp = { .name = "GP", .value = 0xfffe };

/* ---- memory ---- */

enum { CHUNK_BYTES = 64 * 1024 };

struct chunk {
	struct chunk *next;
	size_t used, size;
	_Alignas(max_align_t) char bytes[];
};

struct arena {
	struct chunk *chunks;
};

static void *checked(void *memory)
{
	if (memory)
		return memory;
	fputs("hvgen: out of memory\n", stderr);
	exit(2);
}

struct spec *spec_new(void)
{
	struct spec *s = checked(calloc(1, sizeof(*s)));

	s->arena = checked(calloc(1, sizeof(*s->arena)));
	return s;
}

void spec_free(struct spec *s)
{
	if (!s)
		return;
	for (struct chunk *c = s->arena->chunks, *next; c; c = next) {
		next = c->next;
		free(c);
	}
	free(s->arena);
	free(s);
}

void *spec_alloc(struct spec *s, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	struct chunk *c = s->arena->chunks;

	size = (size + align - 1) & ~(align - 1);
	if (!c || c->size - c->used < size) {
		size_t room = size > CHUNK_BYTES ? size : CHUNK_BYTES;

		c = checked(calloc(1, sizeof(*c) + room));
		c->size = room;
		c->next = s->arena->chunks;
		s->arena->chunks = c;
	}
	c->used += size;
	return c->bytes + c->used - size;
}

const char *spec_strndup(struct spec *s, const char *text, size_t length)
{
	char *copy = spec_alloc(s, length + 1);

	memcpy(copy, text, length);
	return copy;
}

const char *spec_printf(struct spec *s, const char *format, ...)
{
	va_list args;
	int length;
	char *text;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	text = spec_alloc(s, (size_t)length + 1);
	va_start(args, format);
	vsnprintf(text, (size_t)length + 1, format, args);
	va_end(args);
	return text;
}

/* ---- names ---- */

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

const char *spec_camel(struct spec *s, const char *name)
{
	char *out = spec_alloc(s, strlen(name) + 1), *to = out;
	bool start = true;

	for (; *name; name++) {
		if (*name != '_')
			*to++ = start ? upper(*name) : *name;
		start = *name == '_';
	}
	return out;
}

const char *spec_upper(struct spec *s, const char *name)
{
	char *out = spec_alloc(s, strlen(name) + 1);

	for (size_t i = 0; name[i]; i++)
		out[i] = upper(name[i]);
	return out;
}

const char *mark_name(enum mark_kind kind)
{
	static const char *const names[MARK_COUNT] = { "observed", "erratum", "disputed", "ours" };

	return names[kind];
}

const char *seen_name(enum seen_in who)
{
	static const char *const names[SEEN_COUNT] = { "kvm", "xen", "openvmm" };

	return names[who];
}

const char *caller_name(unsigned i)
{
	static const char *const names[] = { "guest", "parent", "root", "vtl" };

	return i < sizeof(names) / sizeof(names[0]) ? names[i] : NULL;
}

/* ---- look-ups ---- */

static struct type builtins[] = {
	{ .name = "u8", .size = 1, .align = 1 },
	{ .name = "u16", .size = 2, .align = 2 },
	{ .name = "u32", .size = 4, .align = 4 },
	{ .name = "u64", .size = 8, .align = 8 },
	{ .name = "i64", .size = 8, .align = 8, .is_signed = true },
	{ .name = "u128", .size = 16, .align = 16 },
};

struct type *spec_type(const struct spec *s, const char *name)
{
	for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++)
		if (strcmp(builtins[i].name, name) == 0)
			return &builtins[i];
	for (struct type *t = s->types; t; t = t->next)
		if (strcmp(t->name, name) == 0)
			return t;
	return NULL;
}

struct status *spec_status(const struct spec *s, const char *name)
{
	for (struct status *status = s->statuses; status; status = status->next)
		if (strcmp(status->name, name) == 0)
			return status;
	return NULL;
}

struct offer *spec_offer(const struct spec *s, const char *block)
{
	for (struct offer *o = s->offers; o; o = o->next)
		if (strcmp(o->name, block) == 0)
			return o;
	return NULL;
}

struct offer_bit *spec_offer_bit(const struct spec *s, const char *block, const char *bit)
{
	struct offer *o = spec_offer(s, block);

	for (struct offer_bit *b = o ? o->bits : NULL; b; b = b->next)
		if (strcmp(b->name, bit) == 0)
			return b;
	return NULL;
}

struct msr *spec_msr(const struct spec *s, const char *name)
{
	for (struct msr *m = s->msrs; m; m = m->next)
		if (strcmp(m->name, name) == 0)
			return m;
	return NULL;
}

struct rule *spec_rule(const struct spec *s, const char *name)
{
	for (struct rule *r = s->rules; r; r = r->next)
		if (strcmp(r->name, name) == 0)
			return r;
	return NULL;
}

/* ---- small facts ---- */

bool status_is_fault(const struct status *s)
{
	return s == &status_ud || s == &status_gp;
}

uint64_t low_bits(unsigned width)
{
	return width >= 64 ? ~0ull : (1ull << width) - 1;
}

unsigned count_bits(uint64_t value)
{
	unsigned n = 0;

	for (; value; value &= value - 1)
		n++;
	return n;
}

uint64_t bits_mask(const struct bits *b)
{
	return b->low < 64 ? low_bits(b->high - b->low + 1) << b->low : 0;
}

static uint64_t list_mask(const struct bits *list, enum bits_kind kind)
{
	uint64_t mask = 0;

	for (const struct bits *b = list; b; b = b->next)
		if (b->kind == kind)
			mask |= bits_mask(b);
	return mask;
}

uint64_t msr_mask(const struct msr *m, enum bits_kind kind)
{
	return list_mask(m->bits, kind);
}

uint64_t type_mbz_mask(const struct type *t)
{
	return list_mask(t->bits, BITS_MBZ);
}

uint64_t type_flags_mask(const struct type *t)
{
	uint64_t mask = 0;

	for (const struct enumerator *e = t->values; e; e = e->next)
		if (e->value < 64)
			mask |= 1ull << e->value;
	return mask;
}

unsigned field_size(const struct field *f)
{
	return f->type ? f->type->size * f->count : 0;
}

static unsigned header_size(const struct block *header, bool more_follows)
{
	return more_follows ? (header->size + 7) & ~7u : header->size;
}

unsigned call_in_size(const struct call *c)
{
	return header_size(&c->in, c->var.present || c->each_in.present);
}

unsigned call_out_size(const struct call *c)
{
	return header_size(&c->out, c->each_out.present);
}

bool call_fits_registers(const struct call *c, unsigned var_count, unsigned reps)
{
	unsigned input = call_in_size(c) + 8 * var_count + c->each_in.size * reps;
	unsigned output = call_out_size(c) + c->each_out.size * reps;

	if (!output)
		return c->xmm && input <= SPEC_XMM_BYTES;
	return (input + SPEC_FAST_BYTES - 1) / SPEC_FAST_BYTES * SPEC_FAST_BYTES + output <=
	       SPEC_XMM_BYTES;
}

uint64_t offer_use_mask(const struct offer_use *list, const struct offer *block)
{
	uint64_t mask = 0;

	for (const struct offer_use *u = list; u; u = u->next)
		if (u->target && u->target->block == block)
			mask |= 1ull << u->target->bit;
	return mask;
}

uint64_t offer_implemented_mask(const struct offer *block)
{
	uint64_t mask = 0;

	for (const struct offer_bit *b = block->bits; b; b = b->next)
		if (!b->about.unimplemented)
			mask |= 1ull << b->bit;
	return mask;
}

const char *about_alias(const struct about *a, const char *own)
{
	bool is_c = a->named && strncmp(a->named, "HV_", 3) == 0;

	return is_c && strcmp(a->named, own) != 0 ? a->named : NULL;
}

const char *valid_name(enum valid v)
{
	static const char *const names[VALID_COUNT] = {
		[VALID_PARTITION] = "partition", [VALID_VP] = "vp",	[VALID_VTL] = "vtl",
		[VALID_ADDRESS] = "address",	 [VALID_PAGE] = "page",
	};

	return names[v];
}

const struct enumerator *type_value(const struct type *t, const char *name)
{
	const struct enumerator *e = t->values;

	while (e && strcmp(e->name, name) != 0)
		e = e->next;
	return e;
}
