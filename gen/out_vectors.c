/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * hv_vectors.h: for every rule the smallest input that breaks it, and for every call and MSR one
 * that is fine.
 */
#include <ctype.h>
#include <string.h>

#include "out.h"
#include "sample.h"
#include "spell.h"

/* Where an input lies, as in struct hv_vector. */
enum form { FORM_PLAIN, FORM_MISALIGNED, FORM_CROSSING, FORM_BEYOND, FORM_OVERLAP };

/* Input arrays go to one text and the table to another: C wants the first before the second. */
struct vectors {
	struct text arrays, rows;
	unsigned inputs;
	const struct spec *spec;
	const struct call *call;
	const char *plain_input; /* array of the call's good input, printed once */
};

/* One row of the table. */
struct vector {
	const char *name, *rule;
	const struct status *status; /* NULL: success */
	const char *input;
	unsigned input_size;
	uint64_t control;
	bool positive, fast;
	enum form form;
};

enum {
	FAST_BIT = 16, VARHEAD_SHIFT = 17, NESTED_BIT = 31, REPS_SHIFT = 32, START_SHIFT = 48,
};

static uint64_t control(const struct call *c, unsigned var_count, unsigned reps)
{
	return c->code | (uint64_t)var_count << VARHEAD_SHIFT | (uint64_t)reps << REPS_SHIFT;
}

/* What a control word asks for can be more than a page holds; the input of a vector never is. */
static unsigned input_size(const struct call *c, unsigned var_count, unsigned reps)
{
	unsigned size = call_in_size(c) + 8 * var_count + reps * c->each_in.size;

	return size < SPEC_PAGE ? size : SPEC_PAGE;
}

static uint8_t input_byte(const struct call *c, const struct sample *s, unsigned at)
{
	unsigned header = call_in_size(c);

	if (at < header)
		return s->in[at];
	at -= header;
	if (at < 8 * s->var_count)
		return (uint8_t)(s->bank >> (at % 8 * 8));
	return s->each[(at - 8 * s->var_count) % c->each_in.size];
}

/* Print an input; the name of its array. */
static const char *put_input(struct vectors *v, const struct sample *s, unsigned reps)
{
	unsigned size = input_size(v->call, s->var_count, reps);
	struct text *t = &v->arrays;

	if (size == 0)
		return "(const unsigned char *)0";
	const char *name = namef("hv_input_%u", v->inputs++);
	emit(t, "static const unsigned char %s[%u] = {", name, size);
	for (unsigned i = 0; i < size; i++)
		emit(t, "%s0x%02x,", i % 12 ? " " : "\n\t", input_byte(v->call, s, i));
	emit_line(t, "\n};");
	return name;
}

static void put(struct vectors *v, const struct vector *row)
{
	const struct call *c = v->call;
	bool there = !c || call_implemented(c);
	const struct status *refusal = spec_rule(v->spec, "code_known")->status;
	const struct status *status = there ? row->status : refusal;
	struct text *t = &v->rows;

	emit_line(t, "{ \"%s/%s\",", c ? c->name : "unknown", row->name);
	emit(t, "  \"%s\", 0x%04x, ", row->rule, (unsigned)(row->control & 0xffff));
	emit(t, "0x%04x, %u, ", status ? status_number(status) : 0, there && c && c->needs ? 1 : 0);
	emit(t, "%u, %u, ", row->positive, row->fast);
	emit_line(t, "%s, %u, %s, %u },", c_hex(row->control, 8), row->input_size, row->input,
		  row->form);
}

/*
 * "FLUSH_VIRTUAL_ADDRESS_LIST_FLAGS_RESERVED" of call flush_virtual_address_list is
 * "flags-reserved".
 */
static const char *kebab(const char *enumerator, const char *owner)
{
	const char *rest = enumerator + strlen(owner) + 1;
	struct text t = { 0 };

	for (; *rest; rest++)
		emit_char(&t, *rest == '_' ? '-' : (char)tolower((unsigned char)*rest));
	const char *name = namef("%.*s", (int)t.len, t.data);
	text_free(&t);
	return name;
}

static void rule_vectors(struct vectors *v, const struct sample *good)
{
	const struct call *c = v->call;

	for (const struct check *k = c->checks; k; k = k->next) {
		struct sample s = *good;

		sample_break(&s, c->checks, k);
		struct vector row = {
			.name = kebab(k->enumerator, c->name),
			.rule = k->id,
			.status = k->status,
			.input = put_input(v, &s, c->rep),
			.input_size = input_size(c, s.var_count, c->rep),
			.control = control(c, s.var_count, c->rep),
		};
		put(v, &row);
	}
}

/*
 * The good input again, as a template for rows that differ in the control word or the place alone.
 */
static struct vector plain(const struct vectors *v, const struct sample *good, const char *name)
{
	return (struct vector){
		.name = name,
		.rule = "",
		.input = v->plain_input,
		.input_size = input_size(v->call, good->var_count, v->call->rep),
		.control = control(v->call, good->var_count, v->call->rep),
	};
}

/*
 * A row that breaks a rule of the calling convention; for a call that is not there, the one before
 * all that.
 */
static void breaks(struct vectors *v, struct vector row, const char *rule)
{
	const struct rule *r = spec_rule(v->spec, call_implemented(v->call) ? rule : "code_known");

	row.rule = r->id;
	row.status = r->status;
	put(v, &row);
}

static void control_vectors(struct vectors *v, const struct sample *good)
{
	static const unsigned reserved[] = { 27, 30, 44, 47, 60, 63 };
	struct vector row;

	for (unsigned i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
		row = plain(v, good, namef("control-reserved-%u", reserved[i]));
		row.control |= 1ull << reserved[i];
		breaks(v, row, "control_reserved");
	}
	row = plain(v, good, "nested");
	row.control |= 1ull << NESTED_BIT;
	breaks(v, row, "nested");
	row = plain(v, good, v->call->rep ? "no-repetitions" : "repetitions-of-a-simple-call");
	row.control ^= 1ull << REPS_SHIFT;
	breaks(v, row, "rep_count");
	row = plain(v, good, v->call->rep ? "start-at-count" : "start-of-a-simple-call");
	row.control |= 1ull << START_SHIFT;
	breaks(v, row, "rep_start");
}

static void variable_header_vector(struct vectors *v, const struct sample *good)
{
	struct sample s = *good;

	if (v->call->varhead)
		return;
	s.var_count = 1;
	struct vector row = plain(v, &s, "unexpected-variable-header");
	row.input = put_input(v, &s, v->call->rep);
	breaks(v, row, "variable_header");
}

static void fast_vectors(struct vectors *v, const struct sample *good)
{
	const struct call *c = v->call;
	struct vector row = plain(v, good, "not-in-registers");

	row.fast = true;
	row.control |= 1ull << FAST_BIT;
	if (!c->fast && !c->xmm) {
		breaks(v, row, "fast_allowed");
		return;
	}
	row.name = row.input_size <= SPEC_FAST_BYTES ? "positive-fast" : "positive-xmm";
	row.positive = true;
	put(v, &row);
	if (!c->rep || !c->each_in.size)
		return;
	unsigned reps = (SPEC_XMM_BYTES - call_in_size(c)) / c->each_in.size + 1;
	row = plain(v, good, "too-long-for-registers");
	row.fast = true;
	row.control = control(c, good->var_count, reps) | 1ull << FAST_BIT;
	row.input_size = input_size(c, good->var_count, reps);
	row.input = put_input(v, good, reps);
	breaks(v, row, "fast_allowed");
}

static void place_vector(struct vectors *v, const struct sample *good, enum form form,
			 const char *name, const char *rule)
{
	struct vector row = plain(v, good, name);

	row.form = form;
	breaks(v, row, rule);
}

static void place_vectors(struct vectors *v, const struct sample *good)
{
	const struct call *c = v->call;
	unsigned in = input_size(c, good->var_count, c->rep);
	unsigned out = call_out_size(c) + (c->rep ? c->each_out.size : 0);

	if (!in && !out)
		return;
	place_vector(v, good, FORM_MISALIGNED, "misaligned", "gpa_alignment");
	if ((in ? in : out) > 8)
		place_vector(v, good, FORM_CROSSING, "across-a-page", "gpa_page");
	place_vector(v, good, FORM_BEYOND, "beyond-the-address-space", "gpa_space");
	if (in && out)
		place_vector(v, good, FORM_OVERLAP, "overlap", "gpa_overlap");
}

/* A set of processors that is not empty: processor 0 in bank 0. */
static void bank_vector(struct vectors *v, const struct sample *good)
{
	const struct check *k = v->call->checks;
	struct sample s = *good;

	while (k && k->kind != CHECK_COUNT)
		k = k->next;
	if (!k)
		return;
	for (unsigned i = 0; i < k->on.size; i++)
		s.in[k->on.offset + i] = i == 0;
	s.var_count = 1;
	s.bank = 1;
	if (sample_broken(&s, v->call->checks))
		return;
	struct vector row = plain(v, &s, "positive-one-bank");
	row.input = put_input(v, &s, v->call->rep);
	row.positive = true;
	put(v, &row);
}

static void call_vectors(struct vectors *v)
{
	struct sample good = sample_of_call(v->call);

	v->plain_input = put_input(v, &good, v->call->rep);
	struct vector row = plain(v, &good, "positive");
	row.positive = true;
	put(v, &row);
	if (v->call->unknown)
		return;
	bank_vector(v, &good);
	rule_vectors(v, &good);
	control_vectors(v, &good);
	variable_header_vector(v, &good);
	fast_vectors(v, &good);
	place_vectors(v, &good);
}

static bool is_code(const struct spec *s, unsigned code)
{
	for (const struct call *c = s->calls; c; c = c->next)
		if (c->code == code && for_x64(&c->about))
			return true;
	return false;
}

/* Codes that the specification does not have. */
static void unknown_vectors(struct vectors *v)
{
	static const unsigned codes[] = { 0x0000, 0x0001, 0x7fff, 0x8000, 0xffff };
	const struct rule *r = spec_rule(v->spec, "code_known");

	v->call = NULL;
	for (unsigned i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (is_code(v->spec, codes[i]))
			continue;
		struct vector row = {
			.name = namef("code-%04x", codes[i]),
			.rule = r->id,
			.status = r->status,
			.input = "(const unsigned char *)0",
			.control = codes[i],
		};
		put(v, &row);
	}
}

/* ---- MSRs ---- */

struct access {
	const char *name, *rule;
	bool write, faults, known;
	uint64_t value, before, expect;
};

static void put_access(struct text *t, const struct msr *m, const struct access *a)
{
	emit_line(t, "{ \"%s/%s\",", m->name, a->name);
	emit(t, "  \"%s\", 0x%08x, %u, %u, ", a->rule, m->number, a->write,
	     a->faults || !msr_implemented(m));
	emit(t, "%u, %u, ", msr_implemented(m) && m->needs ? 1 : 0, a->known);
	emit_line(t, "%s, %s, %s },", c_hex(a->value, 8), c_hex(a->before, 8), c_hex(a->expect, 8));
}

static void msr_rule_vector(struct text *t, const struct msr *m, const struct sample *good,
			    const struct check *k)
{
	struct access a = { .name = kebab(k->enumerator, namef("msr_%s", m->name)),
			    .rule = k->id,
			    .write = true,
			    .faults = true };

	if (k->kind == CHECK_MSR_READ) {
		a.write = false;
	} else if (k->kind == CHECK_MSR_WRITE) {
		a.value = good->msr;
	} else {
		struct sample s = *good;

		sample_break(&s, m->checks, k);
		a.value = s.msr;
		a.before = k->kind == CHECK_MSR_LOCKED ? s.msr_old : 0;
	}
	put_access(t, m, &a);
}

/* What a register that held its reset value holds after a write. */
static uint64_t written_back(const struct msr *m, uint64_t value)
{
	uint64_t preserve = msr_mask(m, BITS_PRESERVE);

	return ((value & ~preserve) | (m->reset & preserve)) & ~msr_mask(m, BITS_PAD);
}

static void msr_vectors(struct text *t, const struct msr *m)
{
	struct sample good = sample_of_msr(m);
	bool both = m->readable && m->writable;

	if (m->readable)
		put_access(t, m, &(struct access){ .name = "read", .rule = "" });
	if (m->writable)
		put_access(t, m,
			   &(struct access){ .name = "write",
					     .rule = "",
					     .write = true,
					     .value = good.msr,
					     .known = both && !m->computed && msr_implemented(m),
					     .expect = written_back(m, good.msr) });
	for (const struct check *k = m->checks; k; k = k->next)
		msr_rule_vector(t, m, &good, k);
}

/* ---- the file ---- */

static const char call_struct[] =
	"/*\n"
	" * One hypercall. It is made in memory form with the input at the start of a page and the "
	"output\n"
	" * at that of another, unless fast or gpa_form says otherwise.\n"
	" */\n"
	"struct hv_vector {\n"
	"\tconst char *name;            /* \"flush_virtual_address_list_ex/flags-reserved\" */\n"
	"\tconst char *rule;            /* id of the rule it breaks, \"\" for a positive one */\n"
	"\tunsigned short code;\n"
	"\tunsigned short status;       /* what it must yield; 0xffff: #UD, 0xfffe: #GP */\n"
	"\tunsigned char gated;         /* 1: has a gate; where it is shut, access_denied */\n"
	"\t/* 1: breaks no generated rule; in a guest any other status the call lists is fine. */\n"
	"\tunsigned char positive;\n"
	"\tunsigned char fast;          /* 1: input in registers, RDX, R8, then XMM0 to XMM5 */\n"
	"\tunsigned long long control;  /* the whole control word */\n"
	"\tunsigned short input_size;\n"
	"\tconst unsigned char *input;  /* header, variable header, elements; 0 when there is none "
	"*/\n"
	"\t/*\n"
	"\t * Where the input lies, or the output of a call without input. 0: start of a page;\n"
	"\t * 1: misaligned; 2: eight bytes before the end of a page; 3: beyond the guest\n"
	"\t * physical address space; 4: input and output at the same place.\n"
	"\t */\n"
	"\tunsigned char gpa_form;\n"
	"};\n\n";

static const char msr_struct[] =
	"/*\n"
	" * One access to a synthetic MSR. Positive writes write 0 where that is legal: keep and "
	"restore\n"
	" * what the guest needs.\n"
	" */\n"
	"struct hv_msr_vector {\n"
	"\tconst char *name;            /* \"hypercall/reserved\" */\n"
	"\tconst char *rule;            /* id of the rule it breaks, \"\" when none */\n"
	"\tunsigned int msr;\n"
	"\tunsigned char write;         /* 1: write value, 0: read */\n"
	"\tunsigned char faults;        /* 1: #GP; always for an MSR that is not implemented */\n"
	"\tunsigned char gated;         /* 1: has a gate; where it is shut, #GP */\n"
	"\tunsigned char read_known;    /* 1: a read after this write gives expect_read */\n"
	"\tunsigned long long value;\n"
	"\tunsigned long long before;   /* not 0: write this first; a lock it sets stays until "
	"reset */\n"
	"\tunsigned long long expect_read;\n"
	"};\n\n";

static void append(struct text *to, struct text *from)
{
	emit(to, "%.*s", (int)from->len, from->len ? from->data : "");
	text_free(from);
}

/* Names of registers that are served, or of those that are only known. */
static void register_list(struct text *t, const struct type *type, const char *name, bool served)
{
	emit_line(t, "static const unsigned int %s[] = {", name);
	for (const struct enumerator *e = type->values; e; e = e->next)
		if (for_x64(&e->about) && !e->about.unimplemented == served)
			emit_line(t, "0x%08llx, /* %s */", (unsigned long long)e->value, e->named);
	emit_line(t, "0xffffffff, /* the end */\n};");
}

static void registers(struct text *t, const struct spec *s)
{
	const struct type *type = spec_type(s, "register_name");

	if (!type)
		return;
	emit_line(t, "\n/* Registers by name: those that are served, and those that are refused. */");
	register_list(t, type, "hv_registers_served", true);
	register_list(t, type, "hv_registers_refused", false);
}

void out_vectors_h(struct text *t, const struct spec *s)
{
	struct vectors v = { .spec = s };

	emit_banner(t, "Test vectors: every rule broken once, every call and MSR used well.");
	emit(t, "#ifndef HV_VECTORS_H\n#define HV_VECTORS_H\n\n%s", call_struct);
	for (v.call = s->calls; v.call; v.call = v.call->next)
		if (for_x64(&v.call->about))
			call_vectors(&v);
	unknown_vectors(&v);
	append(t, &v.arrays);
	emit_line(t, "\nstatic const struct hv_vector hv_vectors[] = {");
	append(t, &v.rows);
	emit(t,
	     "};\nstatic const unsigned hv_vector_count = sizeof(hv_vectors) / "
	     "sizeof(hv_vectors[0]);\n\n%s",
	     msr_struct);
	emit_line(t, "/* A row of zeros ends the table. */");
	emit_line(t, "static const struct hv_msr_vector hv_msr_vectors[] = {");
	for (const struct msr *m = s->msrs; m; m = m->next)
		if (for_x64(&m->about))
			msr_vectors(t, m);
	emit(t, "{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }\n};\n"
		"static const unsigned hv_msr_vector_count =\n"
		"\tsizeof(hv_msr_vectors) / sizeof(hv_msr_vectors[0]) - 1;\n");
	registers(t, s);
	emit(t, "\n#endif\n");
}
