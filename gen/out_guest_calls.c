/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Hypercalls in the guest header: parameters, control words, and one typed function per call. */
#include "out_guest.h"

#include <string.h>

#include "spell.h"

/* ---- parameters and control words ---- */

static void call_types(struct text *t, const struct call *c)
{
	emit_comment(t, namef("%s%s%s", c->named, *c->about.doc ? ": " : "", c->about.doc));
	guest_define(t, namef("HV_CALL_%s", upper(c->name)), namef("0x%04x", c->code));
	guest_since(t, namef("CALL_%s", upper(c->name)), &c->about);
	emit_blank(t);
	for (unsigned i = 0; i < CALL_BLOCKS; i++) {
		const struct block *b = call_block(c, i);
		if (b->present)
			guest_struct(t, block_name(c, b), b->fields, b->size, b->align);
	}
}

/* The control word from just what the call's shape leaves open. */
static void control(struct text *t, const struct call *c)
{
	if (c->unknown)
		return;
	const char *open = namef("%s%s%s", c->xmm ? ", hv_u32 fast" : "",
				 c->varhead ? ", hv_u32 var_count" : "",
				 c->rep ? ", hv_u32 reps, hv_u32 start" : "");

	open = *open ? open + 2 : "void";
	bool long_line = strlen(c->name) + strlen(open) > 70;
	emit_line(t, "HV_FN hv_u64 hv_control_%s(%s%s)", c->name, long_line ? "\n\t" : "", open);
	emit_open(t, "{");
	emit_line(t, "return HV_CONTROL(HV_CALL_%s, %s, %s, %s);", upper(c->name),
		  c->xmm ? "fast" : "0", c->varhead ? "var_count" : "0",
		  c->rep ? "reps, start" : "0, 0");
	emit_close(t, "}");
	emit_blank(t);
}

static void for_calls(struct text *t, const struct spec *s,
		      void (*print)(struct text *, const struct call *))
{
	for (const struct call *c = s->calls; c; c = c->next)
		if (for_x64(&c->about))
			print(t, c);
}

void guest_call_types(struct text *t, const struct spec *s)
{
	guest_section(t, "Hypercalls");
	for_calls(t, s, call_types);
	for_calls(t, s, control);
}

/* ---- reserved bits ---- */

/* Bits that are somebody's, of a little-endian block: one byte of *keep each. */
static void keep_fields(uint8_t *keep, const struct field *fields)
{
	for (const struct field *f = fields; f; f = f->next) {
		if (f->kind != FIELD_DATA)
			continue;
		for (unsigned i = 0; i < f->count; i++) {
			uint8_t *at = keep + f->offset + i * f->type->size;

			if (f->type->kind == TYPE_STRUCT) {
				keep_fields(at, f->type->fields);
				continue;
			}
			memset(at, 0xff, f->type->size);
			for (unsigned n = 0; f->type->kind == TYPE_BITS && n < f->type->size; n++)
				at[n] = (uint8_t)(~type_mbz_mask(f->type) >> 8 * n);
		}
	}
}

static uint64_t keep_word(const uint8_t *keep)
{
	uint64_t word = 0;

	for (unsigned n = 0; n < 8; n++)
		word |= (uint64_t)keep[n] << 8 * n;
	return word;
}

/* Which bits of each qword of a block are not reserved; how many qwords there are. */
static unsigned keep_words(const struct block *b, uint64_t words[SPEC_PAGE / 8])
{
	uint8_t keep[SPEC_PAGE] = { 0 };
	unsigned count = (b->size + 7) / 8;

	keep_fields(keep, b->fields);
	for (unsigned i = 0; i < count; i++)
		words[i] = keep_word(keep + 8 * i);
	return count;
}

/* Statements that clear what is reserved, in the input page or in words[]. */
static void clear_reserved(struct text *t, const struct block *b, bool in_page)
{
	uint64_t words[SPEC_PAGE / 8];
	unsigned count = keep_words(b, words);

	for (unsigned i = 0; i < count; i++) {
		const char *keep = guest_number(words[i], 8);
		if (words[i] == UINT64_MAX)
			continue;
		if (in_page)
			emit_line(t, "hv_keep(c, %u, %s);", 8 * i, keep);
		else if (words[i])
			emit_line(t, "words[%u] &= %s;", i, keep);
		else
			emit_line(t, "words[%u] = 0;", i);
	}
}

static bool has_reserved(const struct block *b)
{
	uint64_t words[SPEC_PAGE / 8];
	unsigned count = keep_words(b, words);

	for (unsigned i = 0; i < count; i++)
		if (words[i] != UINT64_MAX)
			return true;
	return false;
}

/* ---- typed calls ---- */

static void head(struct text *t, const struct call *c)
{
	emit_line(t, "HV_FN hv_status hv_call_%s(", c->name);
	emit(t, "\tconst struct hv_callctx *c");
	if (c->in.present)
		emit(t, ",\n\tconst struct hv_%s_in *in", c->name);
	if (c->varhead)
		emit(t, ",\n\tconst hv_u64 *var, hv_u32 var_count");
	if (c->each_in.present)
		emit(t, ",\n\tconst struct hv_%s_each_in *each", c->name);
	if (c->rep)
		emit(t, ",\n\thv_u32 reps, hv_u32 *done");
	if (c->out.present)
		emit(t, ",\n\tstruct hv_%s_out *out", c->name);
	if (c->each_out.present)
		emit(t, ",\n\tstruct hv_%s_each_out *each_out", c->name);
	emit_line(t, ")");
}

static const char *control_of(const struct call *c)
{
	const char *open = namef("%s%s%s", c->xmm ? ", 1" : "", c->varhead ? ", var_count" : "",
				 c->rep ? ", 0, 0" : "");
	return namef("hv_control_%s(%s)", c->name, *open ? open + 2 : "");
}

/* Input of one size that may go in registers is put together on the stack: no page is needed. */
static void registers_body(struct text *t, const struct call *c)
{
	unsigned count = (c->in.size + 7) / 8;

	if (count)
		emit_line(t, "hv_u64 words[%u];", count);
	emit_line(t, "hv_u64 result;");
	emit_blank(t);
	if (count) {
		emit_line(t, "hv_take(words, %u, in, sizeof(*in));", count);
		clear_reserved(t, &c->in, false);
	}
	emit_line(t, "result = hv_issue(c, %s,\n\t%s, %u);", control_of(c),
		  count ? "words" : "HV_NULL", 8 * count);
}

/* Everything but a list, in the input page; `at` is behind it. */
static void page_input(struct text *t, const struct call *c)
{
	if (c->in.present) {
		emit_line(t, "(void)hv_put(c, 0, in, sizeof(*in));");
		clear_reserved(t, &c->in, true);
	}
	if (c->varhead)
		emit_line(t, "at = hv_put(c, at, var, var_count * 8);");
}

static void page_body(struct text *t, const struct call *c)
{
	if (c->varhead)
		emit_line(t, "hv_u32 at = %u;", call_in_size(c));
	emit_line(t, "hv_u64 result;");
	emit_blank(t);
	page_input(t, c);
	emit_line(t, "result = hv_issue(c, %s,\n\tc->in, %s);", control_of(c),
		  c->varhead ? "at" : namef("%u", call_in_size(c)));
}

/* A number of the header from which the list counts on: a second call would begin there again. */
static bool counts_on(const struct call *c)
{
	static const char *const names[] = { "target_gpa_base", "gpa_page_base", "gpa_page" };

	for (const struct field *f = c->in.fields; f; f = f->next)
		for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (strcmp(f->name, names[i]) == 0)
				return true;
	return false;
}

static void element_masks(struct text *t, const struct block *b)
{
	uint64_t words[SPEC_PAGE / 8];
	unsigned count = keep_words(b, words);

	emit_line(t, "static const hv_u64 keep[%u] = {", count);
	for (unsigned i = 0; i < count; i++)
		emit_line(t, "\t%s%s", guest_number(words[i], 8), i + 1 < count ? "," : "");
	emit_line(t, "};");
}

static void list_body(struct text *t, const struct call *c)
{
	bool masked = c->each_in.present && has_reserved(&c->each_in) && c->each_in.size % 8 == 0;

	if (masked)
		element_masks(t, &c->each_in);
	if (c->varhead)
		emit_line(t, "hv_u32 at = %u;", call_in_size(c));
	emit_line(t, "struct hv_list list;");
	emit_line(t, "hv_u64 result;");
	emit_blank(t);
	page_input(t, c);
	emit_line(t, "hv_list_start(&list, reps, %s, %u, %d);",
		  c->varhead ? "at" : namef("%u", call_in_size(c)), call_out_size(c), counts_on(c));
	if (c->each_in.present)
		emit_line(t, "list.each = each;\nlist.each_bytes = sizeof(*each);");
	if (masked)
		emit_line(t, "list.keep = keep;");
	if (c->each_out.present)
		emit_line(t, "list.each_out = each_out;\nlist.each_out_bytes = sizeof(*each_out);");
	emit_line(t, "result = hv_list_call(c,\n\t%s,\n\t&list, done);", control_of(c));
}

static void typed_call(struct text *t, const struct call *c)
{
	static const char done[] = "; *done: repetitions completed, also when a later one failed";

	if (c->unknown)
		return;
	emit_comment(t, namef("%s%s%s", c->named, c->rep ? done : "",
			      counts_on(c) ? "; a list must fit one call" : ""));
	head(t, c);
	emit_open(t, "{");
	if (c->rep)
		list_body(t, c);
	else if (c->xmm && !c->varhead)
		registers_body(t, c);
	else
		page_body(t, c);
	if (c->out.present)
		emit_line(t, "if (hv_result_status(result) == 0)\n"
			     "\thv_copy(out, c->out, sizeof(*out));");
	emit_line(t, "return hv_result_status(result);");
	emit_close(t, "}");
	emit_blank(t);
}

void guest_calls(struct text *t, const struct spec *s)
{
	for_calls(t, s, typed_call);
}
