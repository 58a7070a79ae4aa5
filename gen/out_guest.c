/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * hv_tlfs.h: the interface for guests, one header without dependencies in the common subset of C89
 * and C++.
 */
#include <string.h>

#include "guest_text.h"
#include "out.h"
#include "spell.h"

enum { VALUE_COLUMN = 64, LAST_COLUMN = 100 };

static void section(struct text *t, const char *title)
{
	emit(t, "/* ---- %s ", title);
	for (size_t n = strlen(title) + 9; n < 97; n++)
		emit_char(t, '-');
	emit_line(t, " */\n");
}

static void define(struct text *t, const char *name, const char *value)
{
	emit(t, "#define %s", name);
	if (strlen("#define  ") + strlen(name) + strlen(value) > LAST_COLUMN)
		emit(t, " \\\n\t");
	else
		emit_column(t, VALUE_COLUMN);
	emit_line(t, "%s", value);
}

/* A constant of so many bytes without a suffix that C89 lacks. */
static const char *number(uint64_t v, unsigned bytes)
{
	if (bytes < 8)
		return namef("0x%llxu", (unsigned long long)v);
	return namef("HV_C64(0x%x, 0x%x)", (unsigned)(v >> 32), (unsigned)v);
}

/* ---- statuses ---- */

static void status_names(struct text *t, const struct spec *s)
{
	size_t longest = 0;

	for (const struct status *st = s->statuses; st; st = st->next)
		longest = strlen(c_status(st)) > longest ? strlen(c_status(st)) : longest;
	emit(t, "#if !defined(HV_NO_STRINGS)\n");
	emit_comment(t, "Characters and not pointers: nothing here needs to be relocated.");
	emit(t, "struct hv_status_entry {\n\thv_u16 code;\n\tchar name[%zu];\n};\n", longest + 1);
	emit_open(t, "static HV_ATTRIBUTE((__unused__)) const struct hv_status_entry "
		     "hv_status_entries[] = {");
	for (const struct status *st = s->statuses; st; st = st->next)
		emit_line(t, "{ 0x%04x, \"%s\" }%s", st->value, c_status(st), st->next ? "," : "");
	emit_close(t, "};");
	emit_blank(t);
	emit(t, "HV_FN const char *hv_status_name(hv_u16 status)\n{\n\thv_u32 i;\n\n"
		"\tfor (i = 0; i < sizeof(hv_status_entries) / sizeof(hv_status_entries[0]); i++)\n"
		"\t\tif (hv_status_entries[i].code == status)\n\t\t\treturn "
		"hv_status_entries[i].name;\n"
		"\treturn \"unknown status\";\n}\n#endif\n\n");
}

static void statuses(struct text *t, const struct spec *s)
{
	section(t, "Statuses");
	for (const struct status *st = s->statuses; st; st = st->next) {
		emit_comment(t, first_line(st->about.doc));
		define(t, c_status(st), namef("0x%04x", st->value));
	}
	emit_blank(t);
	status_names(t, s);
}

/* ---- types ---- */

/* Functions only for parts that are neither one bit nor the whole word. */
static void accessors(struct text *t, const char *macro, const char *function, const char *field,
		      const char *type)
{
	emit_line(t, "HV_FN %s %s_get_%s(%s word)", type, function, field, type);
	emit_line(t,
		  "{\n\treturn HV_CAST(%s, hv_field_get(word,\n\t\t%s_MASK,\n\t\t%s_SHIFT));\n}\n",
		  type, macro, macro);
	emit_line(t, "HV_FN %s %s_set_%s(\n\t%s word, %s value)", type, function, field, type, type);
	emit_line(t,
		  "{\n\treturn HV_CAST(%s, hv_field_set(word, "
		  "value,\n\t\t%s_MASK,\n\t\t%s_SHIFT));\n}\n",
		  type, macro, macro);
}

static bool is_part(const struct bits *b, unsigned bytes)
{
	return b->kind == BITS_NAMED && b->high != b->low && b->high - b->low + 1 != 8 * bytes;
}

/*
 * A part has shift, width and mask, a single bit is a constant too, the whole word needs nothing.
 */
static void bit_constants(struct text *t, const char *macro, const struct bits *b, unsigned bytes)
{
	bool single = b->high == b->low;
	const char *alias = about_alias(&b->about, macro);

	emit_comment(t, b->about.doc);
	if (alias)
		define(t, alias, number(bits_mask(b), bytes));
	if (!single && !is_part(b, bytes))
		return;
	if (single)
		define(t, macro, number(bits_mask(b), bytes));
	define(t, namef("%s_MASK", macro), number(bits_mask(b), bytes));
	define(t, namef("%s_SHIFT", macro), namef("%u", b->low));
	if (!single)
		define(t, namef("%s_WIDTH", macro), namef("%u", b->high - b->low + 1));
}

/* Constants of the parts of a word, then their accessors. */
static void bit_fields(struct text *t, const char *macros, const char *functions,
		       const struct bits *bits, unsigned bytes)
{
	for (const struct bits *b = bits; b; b = b->next)
		if (b->kind == BITS_NAMED)
			bit_constants(t, namef("%s_%s", macros, upper(b->name)), b, bytes);
	emit_blank(t);
	for (const struct bits *b = bits; b; b = b->next)
		if (is_part(b, bytes))
			accessors(t, namef("%s_%s", macros, upper(b->name)), functions, b->name,
				  namef("hv_u%u", 8 * bytes));
}

/* A constant, under the name that other headers give it too when that is one of C. */
static void constant(struct text *t, const struct type *type, const struct enumerator *e,
		     uint64_t value)
{
	const char *name = namef("HV_%s_%s", upper(type->name), upper(e->name));
	const char *alias = about_alias(&e->about, name);

	emit_comment(t, e->about.doc);
	define(t, name, number(value, type->size));
	if (alias)
		define(t, alias, number(value, type->size));
}

static void flags(struct text *t, const struct type *type)
{
	const char *prefix = namef("HV_%s", upper(type->name));

	for (const struct enumerator *e = type->values; e; e = e->next)
		constant(t, type, e, 1ull << e->value);
	define(t, namef("%s_MASK", prefix), number(type_flags_mask(type), type->size));
	emit_blank(t);
}

/* Constants and not a C enum: the size and sign of one differ from compiler to compiler. */
static void enumeration(struct text *t, const struct type *type)
{
	for (const struct enumerator *e = type->values; e; e = e->next)
		if (for_x64(&e->about))
			constant(t, type, e, e->value);
	emit_blank(t);
}

static void member(struct text *t, const struct field *f)
{
	emit(t, "%s %s%s;", c_type("hv_", f->type), f->name,
	     f->is_array ? namef("[%u]", f->count) : "");
	if (f->kind != FIELD_DATA)
		emit(t, f->kind == FIELD_PAD ? " /* ignored */" : " /* must be zero */");
	emit_blank(t);
}

static void structure(struct text *t, const char *name, const struct field *fields, unsigned size,
		      unsigned align)
{
	emit_open(t, "struct hv_%s {", name);
	for (const struct field *f = fields; f; f = f->next) {
		if (f->kind == FIELD_DATA)
			emit_comment(t, f->about.doc);
		member(t, f);
	}
	emit_close(t, align >= 8 ? "} HV_ALIGN(%u);" : "};", align);
	emit_line(t, "HV_HAS_SIZE(hv_%s, %u);", name, size);
	for (const struct field *f = fields; f; f = f->next)
		emit_line(t, "HV_IS_AT(hv_%s, %s, %u);", name, f->name, f->offset);
	emit_blank(t);
}

static void plain_types(struct text *t, const struct spec *s)
{
	for (const struct type *type = s->types; type; type = type->next) {
		if (!for_x64(&type->about) || type->kind == TYPE_STRUCT || type->kind == TYPE_ALIAS)
			continue;
		emit_comment(t, type->about.doc);
		if (*type->about.doc)
			emit_blank(t);
		if (type->kind == TYPE_BITS)
			bit_fields(t, namef("HV_%s", upper(type->name)), namef("hv_%s", type->name),
				   type->bits, type->size);
		else if (type->kind == TYPE_FLAGS)
			flags(t, type);
		else
			enumeration(t, type);
	}
}

static void one_struct(struct text *t, const struct type *type)
{
	emit_comment(t, type->about.doc);
	structure(t, type->name, type->fields, type->size, type->align);
}

/* ---- what a guest is offered ---- */

static void leaf_bits(struct text *t, const struct cpuid_leaf *l, unsigned reg)
{
	static const char *const names[CPUID_REGISTERS] = { "EAX", "EBX", "ECX", "EDX" };

	for (const struct bits *b = l->registers[reg].bits; b; b = b->next) {
		if (b->kind != BITS_NAMED || !b->name)
			continue;
		const char *macro =
			namef("HV_CPUID_%s_%s_%s", upper(l->name), names[reg], upper(b->name));
		if (b->source == CPUID_CONSTANT)
			define(t, namef("HV_CPUID_%s_%s", upper(l->name), upper(b->name)),
			       number(b->constant, 4));
		if (b->high != b->low)
			define(t, namef("%s_SHIFT", macro), namef("%u", b->low));
		define(t, b->high != b->low ? namef("%s_MASK", macro) : macro,
		       number(bits_mask(b), 4));
	}
}

/* Bits as a partition is offered them: privileges as one word, and what else there is. */
static void offer_bits(struct text *t, const struct offer *o)
{
	emit_comment(t, o->about.doc);
	for (const struct offer_bit *b = o->bits; b; b = b->next)
		define(t, namef("HV_%s_%s", upper(o->name), upper(b->name)),
		       number(1ull << b->bit, o->width / 8));
	emit_blank(t);
}

static unsigned leaf_count(const struct spec *s)
{
	unsigned count = 1;

	for (const struct cpuid_leaf *l = s->leaves; l; l = l->next)
		if (leaf_implemented(l) && l->number - LEAF_FIRST >= count)
			count = l->number - LEAF_FIRST + 1;
	return count;
}

static void cpuid(struct text *t, const struct spec *s)
{
	section(t, "CPUID");
	define(t, "HV_CPUID_FIRST", number(LEAF_FIRST, 4));
	define(t, "HV_CPUID_LEAVES", namef("%uu", leaf_count(s)));
	emit_blank(t);
	for (const struct cpuid_leaf *l = s->leaves; l; l = l->next) {
		if (!for_x64(&l->about))
			continue;
		emit_comment(t, l->about.doc);
		define(t, namef("HV_CPUID_%s", upper(l->name)), number(l->number, 4));
		for (unsigned reg = 0; reg < CPUID_REGISTERS; reg++)
			leaf_bits(t, l, reg);
		emit_blank(t);
	}
}

/* What detection compares: CPUID leaf `interface` with its constant `signature`. */
static bool has_signature(const struct spec *s)
{
	for (const struct cpuid_leaf *l = s->leaves; l; l = l->next)
		for (const struct bits *b = l->registers[CPUID_EAX].bits; b; b = b->next)
			if (strcmp(l->name, "interface") == 0 && for_x64(&l->about) &&
			    b->source == CPUID_CONSTANT && strcmp(b->name, "signature") == 0)
				return true;
	return false;
}

static void question(struct text *t, const struct cpuid_leaf *l, const char *reg,
		     const struct bits *b)
{
	const struct offer_bit *o = b->offer->target;

	emit_line(t, "HV_FN int hv_has_%s_%s(const struct hv_detected *d)", o->block->name,
		  o->name);
	emit_line(t, "{\n\treturn (d->leaf[%u].%s & %s) != 0;\n}\n", l->number - LEAF_FIRST, reg,
		  number(bits_mask(b), 4));
}

/* One question per offered bit that a leaf shows. */
static void offered(struct text *t, const struct spec *s)
{
	static const char *const names[CPUID_REGISTERS] = { "eax", "ebx", "ecx", "edx" };

	for (const struct cpuid_leaf *l = s->leaves; l; l = l->next)
		for (unsigned reg = 0; for_x64(&l->about) && reg < CPUID_REGISTERS; reg++)
			for (const struct bits *b = l->registers[reg].bits; b; b = b->next)
				if (b->source == CPUID_OFFER)
					question(t, l, names[reg], b);
}

/* ---- MSRs ---- */

static void msr(struct text *t, const struct msr *m)
{
	if (!for_x64(&m->about))
		return;
	if (m->unknown)
		emit_comment(t, m->about.doc);
	else
		emit_comment(t, namef("%s (%s, %s%s)", m->about.doc,
			      m->vp ? "per processor" : "per partition", m->readable ? "read" : "",
			      m->readable && m->writable ? " and write"
			      : m->writable              ? "write"
							 : " only"));
	for (unsigned i = 0; i < m->count; i++)
		define(t, msr_instance(m, i), number(m->number + i * m->stride, 4));
	if (m->strided) {
		define(t, namef("%s_COUNT", m->named), namef("%u", m->count));
		define(t, namef("%s_STRIDE", m->named), namef("%u", m->stride));
	}
	bit_fields(t, m->named, namef("hv_msr_%s", m->name), m->bits, 8);
}

/* ---- hypercalls ---- */

static void call_types(struct text *t, const struct call *c)
{
	emit_comment(t, namef("%s%s%s", c->named, *c->about.doc ? ": " : "", c->about.doc));
	define(t, namef("HV_CALL_%s", upper(c->name)), namef("0x%04x", c->code));
	emit_blank(t);
	for (unsigned i = 0; i < CALL_BLOCKS; i++) {
		const struct block *b = call_block(c, i);
		if (b->present)
			structure(t, block_name(c, b), b->fields, b->size, b->align);
	}
}

/* The control word from just what the call's shape leaves open. */
static void control(struct text *t, const struct call *c)
{
	bool in_registers = c->fast || c->xmm;

	if (c->unknown)
		return;
	const char *open = namef("%s%s%s", in_registers ? ", hv_u32 fast" : "",
				 c->varhead ? ", hv_u32 var_count" : "",
				 c->rep ? ", hv_u32 reps, hv_u32 start" : "");

	open = *open ? open + 2 : "void";
	bool long_line = strlen(c->name) + strlen(open) > 70;
	emit_line(t, "HV_FN hv_u64 hv_control_%s(%s%s)", c->name, long_line ? "\n\t" : "", open);
	emit_open(t, "{");
	emit_line(t, "return HV_CONTROL(HV_CALL_%s, %s, %s, %s);", upper(c->name),
		  in_registers ? "fast" : "0", c->varhead ? "var_count" : "0",
		  c->rep ? "reps, start" : "0, 0");
	emit_close(t, "}");
	emit_blank(t);
}

static const char *control_of(const struct call *c, bool fast)
{
	const char *open = namef("%s%s%s", c->fast || c->xmm ? (fast ? ", 1" : ", 0") : "",
				 c->varhead ? ", var_count" : "", c->rep ? ", reps, 0" : "");
	return namef("hv_control_%s(%s)", c->name, *open ? open + 2 : "");
}

static void wrapper_head(struct text *t, const struct call *c)
{
	emit_line(t, "HV_FN hv_u16 hv_call_%s(", c->name);
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

/* Two registers hold it all: no pages needed. */
static void fast_body(struct text *t, const struct call *c)
{
	emit(t, "hv_u64 words[2];\nhv_u64 result;\n\nwords[0] = 0;\nwords[1] = 0;\n");
	if (c->in.present)
		emit_line(t, "hv_copy(words, in, sizeof(*in));");
	emit_line(t, "result = hv_hypercall_fast(c->page, %s,\n\twords[0], words[1]);",
		  control_of(c, true));
}

static void input_lines(struct text *t, const struct call *c)
{
	if (c->in.present)
		emit_line(t, "(void)hv_put(c, 0, in, sizeof(*in));");
	if (c->varhead)
		emit_line(t, "at = hv_put(c, at, var, var_count * 8);");
	if (c->each_in.present)
		emit_line(t, "at = hv_put(c, at, each, reps * HV_CAST(hv_u32, sizeof(*each)));");
}

static void memory_body(struct text *t, const struct call *c)
{
	bool counted = c->varhead || c->each_in.present;

	if (counted)
		emit_line(t, "hv_u32 at = %u;", call_in_size(c));
	emit_line(t, "hv_u64 result;");
	emit_blank(t);
	if (c->rep)
		emit_line(t, "HV_ASSERT(reps <= HV_REPS_MAX);");
	if (c->each_out.present)
		emit_line(t, "HV_ASSERT(%u + reps * sizeof(*each_out) <= HV_PAGE_SIZE);",
			  call_out_size(c));
	input_lines(t, c);
	if (counted)
		emit_line(t, "HV_ASSERT(at <= HV_PAGE_SIZE);");
	emit_line(t, "result = %s(c->page,", c->rep ? "hv_rep_call" : "hv_hypercall_ms");
	emit_line(t, "\t%s,\n\tc->in_gpa, c->out_gpa, c->in, c->out);", control_of(c, false));
}

static void output_lines(struct text *t, const struct call *c)
{
	if (c->out.present)
		emit_line(t, "if (hv_result_status(result) == 0)\n\thv_copy(out, c->out, "
			     "sizeof(*out));");
	if (c->rep)
		emit_line(t, "*done = hv_result_reps(result);");
	if (c->each_out.present)
		emit_line(t, "hv_copy(each_out, HV_CAST(const hv_u8 *, c->out) + %u,\n"
			     "\t*done * HV_CAST(hv_u32, sizeof(*each_out)));", call_out_size(c));
}

static void wrapper(struct text *t, const struct call *c)
{
	if (c->unknown)
		return;
	emit_comment(t,
		     namef("%s%s", c->named,
			   c->rep ? "; *done: repetitions completed, also when a later one failed"
				  : ""));
	wrapper_head(t, c);
	emit_open(t, "{");
	if (c->fast && !c->rep && !c->varhead)
		fast_body(t, c);
	else
		memory_body(t, c);
	output_lines(t, c);
	emit_line(t, "return hv_result_status(result);");
	emit_close(t, "}");
	emit_blank(t);
}

/* ---- what needs certain registers ---- */

static bool shows(const struct spec *s, const char *block, const char *bit)
{
	const struct offer_bit *b = spec_offer_bit(s, block, bit);

	return b && b->shown;
}

static bool has_msr(const struct spec *s, const char *name, const char *named)
{
	const struct msr *m = spec_msr(s, name);

	return m && for_x64(&m->about) && strcmp(m->named, named) == 0;
}

static bool has_frequencies(const struct spec *s)
{
	return shows(s, "privilege", "access_frequency_regs") &&
	       shows(s, "feature", "frequency_regs") &&
	       has_msr(s, "tsc_frequency", "HV_X64_MSR_TSC_FREQUENCY") &&
	       has_msr(s, "apic_frequency", "HV_X64_MSR_APIC_FREQUENCY");
}

static bool has_bit(const struct msr *m, const char *name)
{
	for (const struct bits *b = m->bits; b; b = b->next)
		if (b->name && strcmp(b->name, name) == 0 && b->high == b->low)
			return true;
	return false;
}

static bool has_crash(const struct spec *s)
{
	return shows(s, "feature", "guest_crash_regs") &&
	       has_msr(s, "crash_p", "HV_X64_MSR_CRASH_P") &&
	       has_msr(s, "crash_ctl", "HV_X64_MSR_CRASH_CTL") &&
	       spec_msr(s, "crash_p")->strided && spec_msr(s, "crash_p")->count == 5 &&
	       has_bit(spec_msr(s, "crash_ctl"), "crash_notify") &&
	       has_bit(spec_msr(s, "crash_ctl"), "crash_message");
}

/* ---- the file ---- */

static void version(struct text *t, const struct spec *s)
{
	emit(t, "#ifndef HV_TLFS_H_\n#define HV_TLFS_H_\n\n");
	emit_comment(t, "Of the specification this file was made from: major, minor, patch.");
	define(t, "HV_TLFS_VERSION",
	       namef("0x%02x%02x%02x", s->version[0], s->version[1], s->version[2]));
	define(t, "HV_TLFS_INTERFACE", namef("\"%s\"", s->interface));
	emit_blank(t);
}

static void for_calls(struct text *t, const struct spec *s,
		      void (*print)(struct text *, const struct call *))
{
	for (const struct call *c = s->calls; c; c = c->next)
		if (for_x64(&c->about))
			print(t, c);
}

void out_guest_h(struct text *t, const struct spec *s)
{
	emit(t, "%s", guest_top);
	version(t, s);
	emit_line(t, "%s", guest_base);
	statuses(t, s);
	section(t, "Types");
	plain_types(t, s);
	each_struct(t, s, one_struct);
	cpuid(t, s);
	section(t, "Privileges and features");
	for (const struct offer *o = s->offers; o; o = o->next)
		offer_bits(t, o);
	section(t, "MSRs");
	for (const struct msr *m = s->msrs; m; m = m->next)
		msr(t, m);
	section(t, "Hypercalls");
	for_calls(t, s, call_types);
	for_calls(t, s, control);
	emit_line(t, "%s", guest_stubs);
	if (has_signature(s)) {
		emit_line(t, "%s", guest_detect);
		offered(t, s);
	}
	section(t, "Typed calls");
	for_calls(t, s, wrapper);
	emit_line(t, "%s", guest_time);
	if (has_signature(s) && has_frequencies(s))
		emit_line(t, "%s", guest_frequencies);
	if (has_signature(s) && has_crash(s))
		emit_line(t, "%s", guest_crash);
	emit(t, "#endif /* HV_STUBS */\n\n#endif /* HV_TLFS_H_ */\n");
}
