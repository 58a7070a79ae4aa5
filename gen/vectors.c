/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Lists the test vectors that follow from the rules of the specification. */
#include "vectors.h"

#include <ctype.h>
#include <string.h>

#include "edges.h"
#include "spell.h"

/* Bits of the control word (TLFS 3.7). */
enum {
	FAST_BIT = 16,
	VARHEAD_SHIFT = 17,
	NESTED_BIT = 31,
	REPS_SHIFT = 32,
	START_SHIFT = 48,
};

/* The calls in turn, and where the next vector goes. */
struct lister {
	struct spec *spec;
	const struct call *call; /* NULL for codes without one */
	const struct msr *msr;
	struct sample good;      /* keeps all rules of the call, or of the MSR */
	const struct vector *plain; /* the first one of the call: its input is `good` */
	unsigned inputs;
	struct vector **tail;
	struct msr_vector **msr_tail;
};

/* ---- one vector ---- */

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

/* Give a vector a sample as its input, and the control word that goes with it. */
static void fill(struct lister *l, struct vector *v, const struct sample *s, unsigned reps)
{
	unsigned size = input_size(l->call, s->var_count, reps);
	uint8_t *input = size ? spec_alloc(l->spec, size) : NULL;

	for (unsigned i = 0; i < size; i++)
		input[i] = input_byte(l->call, s, i);
	v->control = control(l->call, s->var_count, reps);
	v->input_size = size;
	v->input = input;
	v->input_number = size ? ++l->inputs : 0;
}

/* Append a vector that breaks no rule: a copy of the call's plain one. */
static struct vector *add(struct lister *l, const char *name)
{
	struct vector *v = spec_alloc(l->spec, sizeof(*v));

	if (l->call && l->plain)
		*v = *l->plain;
	v->next = NULL;
	v->call = l->call;
	v->name = spec_printf(l->spec, "%s/%s", l->call ? l->call->name : "unknown", name);
	v->rule = "";
	*l->tail = v;
	l->tail = &v->next;
	return v;
}

/* Likewise one that breaks a rule of the calling convention: the caller sees to that. */
static struct vector *add_breaking(struct lister *l, const char *name, const char *rule)
{
	const struct rule *r = spec_rule(l->spec, rule);
	struct vector *v = add(l, name);

	v->rule = r->id;
	v->status = r->status;
	return v;
}

/* ---- the rules of a call ---- */

/*
 * "FLUSH_VIRTUAL_ADDRESS_LIST_FLAGS_RESERVED" of call flush_virtual_address_list is
 * "flags-reserved".
 */
static const char *kebab(struct spec *s, const char *enumerator, const char *owner)
{
	const char *rest = enumerator + strlen(owner) + 1;
	char *name = spec_alloc(s, strlen(rest) + 1);

	for (unsigned i = 0; rest[i]; i++)
		name[i] = rest[i] == '_' ? '-' : (char)tolower((unsigned char)rest[i]);
	return name;
}

static struct vector *add_sample(struct lister *l, const char *name, const struct sample *s,
				 const struct check *broken)
{
	struct vector *v = add(l, name);

	fill(l, v, s, l->call->rep);
	v->rule = broken ? broken->id : "";
	v->status = broken ? broken->status : NULL;
	return v;
}

static void rule_vectors(struct lister *l)
{
	const struct call *c = l->call;

	for (const struct check *k = c->checks; k; k = k->next) {
		struct sample s = l->good;

		sample_break(&s, c->checks, k, 0);
		add_sample(l, kebab(l->spec, k->enumerator, c->name), &s, k);
	}
}

static void take_edge(void *context, const struct check *k, const struct sample *s,
		      const char *edge)
{
	struct lister *l = context;
	const char *rule = kebab(l->spec, k->enumerator, l->call->name);

	add_sample(l, spec_printf(l->spec, "%s-%s", rule, edge), s,
		   sample_broken(s, l->call->checks))->edge = true;
}

/* A set of processors that is not empty: processor 0 in bank 0. */
static void bank_vector(struct lister *l)
{
	const struct check *k = l->call->checks;
	struct sample s = l->good;

	while (k && k->kind != CHECK_COUNT)
		k = k->next;
	if (!k)
		return;
	for (unsigned i = 0; i < k->on.size; i++)
		s.in[k->on.offset + i] = i == 0;
	s.var_count = 1;
	s.bank = 1;
	if (!sample_broken(&s, l->call->checks))
		fill(l, add(l, "positive-one-bank"), &s, l->call->rep);
}

/* ---- the calling convention ---- */

static void control_vectors(struct lister *l)
{
	static const unsigned reserved[] = { 27, 30, 44, 47, 60, 63 };
	const bool rep = l->call->rep;
	const char *name;

	for (unsigned i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
		name = spec_printf(l->spec, "control-reserved-%u", reserved[i]);
		add_breaking(l, name, "control_reserved")->control |= 1ull << reserved[i];
	}
	add_breaking(l, "nested", "nested")->control |= 1ull << NESTED_BIT;
	name = rep ? "no-repetitions" : "repetitions-of-a-simple-call";
	add_breaking(l, name, "rep_count")->control ^= 1ull << REPS_SHIFT;
	name = rep ? "start-at-count" : "start-of-a-simple-call";
	add_breaking(l, name, "rep_start")->control |= 1ull << START_SHIFT;
}

static void variable_header_vector(struct lister *l)
{
	struct sample s = l->good;

	if (l->call->varhead)
		return;
	s.var_count = 1;
	fill(l, add_breaking(l, "unexpected-variable-header", "variable_header"), &s, l->call->rep);
}

static bool has_output(const struct call *c)
{
	return c->out.present || c->each_out.present;
}

static void make_fast(struct vector *v)
{
	v->fast = true;
	v->output = has_output(v->call);
	v->control |= 1ull << FAST_BIT;
}

/* The fewest repetitions that are too many for the registers. */
static unsigned too_many_reps(const struct lister *l)
{
	unsigned reps = 1;

	while (call_fits_registers(l->call, l->good.var_count, reps))
		reps++;
	return reps;
}

static void fast_vectors(struct lister *l)
{
	const struct call *c = l->call;
	struct vector *v;

	if (!call_fits_registers(c, l->good.var_count, c->rep)) {
		make_fast(add_breaking(l, "not-in-registers", "fast_allowed"));
		return;
	}
	v = add(l, has_output(c)			      ? "positive-output-in-registers"
		   : l->plain->input_size <= SPEC_FAST_BYTES ? "positive-fast"
							      : "positive-xmm");
	make_fast(v);
	if (!c->rep || !(c->each_in.size + c->each_out.size))
		return;
	v = add_breaking(l, "too-long-for-registers", "fast_allowed");
	fill(l, v, &l->good, too_many_reps(l));
	make_fast(v);
}

static void place_vectors(struct lister *l)
{
	const struct call *c = l->call;
	unsigned in = input_size(c, l->good.var_count, c->rep);
	unsigned out = call_out_size(c) + (c->rep ? c->each_out.size : 0);

	if (!in && !out)
		return;
	add_breaking(l, "misaligned", "gpa_alignment")->place = PLACE_MISALIGNED;
	if ((in ? in : out) > 8)
		add_breaking(l, "across-a-page", "gpa_page")->place = PLACE_CROSSING;
	add_breaking(l, "beyond-the-address-space", "gpa_space")->place = PLACE_BEYOND;
	if (in && out)
		add_breaking(l, "overlap", "gpa_overlap")->place = PLACE_OVERLAP;
}

static void call_vectors(struct lister *l)
{
	struct vector *plain;

	l->good = sample_of_call(l->call);
	l->plain = NULL;
	plain = add(l, "positive");
	fill(l, plain, &l->good, l->call->rep);
	l->plain = plain;
	if (l->call->unknown)
		return;
	bank_vector(l);
	rule_vectors(l);
	control_vectors(l);
	variable_header_vector(l);
	fast_vectors(l);
	place_vectors(l);
	for (const struct check *k = l->call->checks; k; k = k->next)
		edges_of(l->spec, &l->good, l->call->checks, k, take_edge, l);
}

static bool is_code(const struct spec *s, unsigned code)
{
	for (const struct call *c = s->calls; c; c = c->next)
		if (c->code == code && for_x64(&c->about))
			return true;
	return false;
}

/* Codes that the specification does not have. */
static void unknown_vectors(struct lister *l)
{
	static const uint16_t codes[] = { 0x0000, 0x0001, 0x7fff, 0x8000, 0xffff };

	l->call = NULL;
	for (unsigned i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (!is_code(l->spec, codes[i]))
			add_breaking(l, spec_printf(l->spec, "code-%04x", codes[i]), "code_known")
				->control = codes[i];
}

/* ---- MSRs ---- */

static struct msr_vector *add_access(struct lister *l, const char *name)
{
	struct msr_vector *v = spec_alloc(l->spec, sizeof(*v));

	v->msr = l->msr;
	v->name = spec_printf(l->spec, "%s/%s", l->msr->name, name);
	v->rule = "";
	*l->msr_tail = v;
	l->msr_tail = &v->next;
	return v;
}

/* What a register that held its reset value holds after a write. */
static uint64_t written_back(const struct msr *m, uint64_t value)
{
	uint64_t preserve = msr_mask(m, BITS_PRESERVE);

	return ((value & ~preserve) | (m->reset & preserve)) & ~msr_mask(m, BITS_PAD);
}

static struct msr_vector *add_write(struct lister *l, const char *name, uint64_t value)
{
	struct msr_vector *v = add_access(l, name);

	v->write = true;
	v->value = value;
	v->known = l->msr->readable && !l->msr->computed;
	v->expect = written_back(l->msr, value);
	return v;
}

/* Likewise one that breaks a rule: it leaves the register as it is. */
static struct msr_vector *add_bad_write(struct lister *l, const char *name, uint64_t value,
					const struct check *k)
{
	struct msr_vector *v = add_write(l, name, value);

	v->rule = k->id;
	v->known = false;
	v->expect = 0;
	return v;
}

static const char *msr_rule_name(struct lister *l, const struct check *k)
{
	return kebab(l->spec, k->enumerator, spec_printf(l->spec, "msr_%s", l->msr->name));
}

static void msr_rule_vector(struct lister *l, const struct check *k)
{
	const char *name = msr_rule_name(l, k);
	struct sample s = l->good;

	if (k->kind == CHECK_MSR_READ) {
		add_access(l, name)->rule = k->id;
		return;
	}
	if (k->kind != CHECK_MSR_WRITE)
		sample_break(&s, l->msr->checks, k, 0);
	add_bad_write(l, name, s.msr, k)->before = k->kind == CHECK_MSR_LOCKED ? s.msr_old : 0;
}

static void take_msr_edge(void *context, const struct check *k, const struct sample *s,
			  const char *edge)
{
	struct lister *l = context;
	const struct check *broken = sample_broken(s, l->msr->checks);
	const char *name = spec_printf(l->spec, "%s-%s", msr_rule_name(l, k), edge);
	struct msr_vector *v = broken ? add_bad_write(l, name, s->msr, broken)
				      : add_write(l, name, s->msr);

	v->edge = true;
}

/* Bits that a write leaves alone or that read zero, each written as what it is not. */
static void left_alone_vector(struct lister *l)
{
	uint64_t left = msr_mask(l->msr, BITS_PRESERVE) | msr_mask(l->msr, BITS_PAD);

	if (left && l->msr->writable)
		add_write(l, "left-alone", (l->good.msr & ~left) | (~l->msr->reset & left))->edge =
			true;
}

/* Bits that stay zero while another MSR is zero, as it is after reset. */
static void waiting_vector(struct lister *l)
{
	uint64_t waiting = 0;

	for (const struct bits *b = l->msr->bits; b; b = b->next)
		if (b->ignored_unless_msr && msr_implemented(b->ignored_unless_msr) &&
		    !b->ignored_unless_msr->reset)
			waiting |= bits_mask(b);
	if (!waiting || !l->msr->writable)
		return;
	struct msr_vector *v = add_write(l, "waiting", l->good.msr | waiting);
	v->edge = true;
	v->known = false; /* the other one may have been written meanwhile */
	v->expect &= ~waiting;
}

static void msr_vectors(struct lister *l)
{
	const struct msr *m = l->msr;

	l->good = sample_of_msr(m);
	if (m->readable)
		add_access(l, "read");
	if (m->writable)
		add_write(l, "write", l->good.msr);
	for (const struct check *k = m->checks; k; k = k->next)
		msr_rule_vector(l, k);
	for (const struct check *k = m->checks; k; k = k->next)
		edges_of(l->spec, &l->good, m->checks, k, take_msr_edge, l);
	left_alone_vector(l);
	waiting_vector(l);
}

/* ---- all ---- */

void vectors_list(struct spec *s)
{
	struct lister l = { .spec = s, .tail = &s->vectors, .msr_tail = &s->msr_vectors };

	if (!s->rules) /* a part of a specification, as unit tests check them */
		return;
	for (l.call = s->calls; l.call; l.call = l.call->next)
		if (for_x64(&l.call->about))
			call_vectors(&l);
	unknown_vectors(&l);
	for (l.msr = s->msrs; l.msr; l.msr = l.msr->next)
		if (for_x64(&l.msr->about))
			msr_vectors(&l);
}

const struct status *vector_answer(const struct spec *s, const struct vector *v)
{
	bool lacking = !v->call || !call_implemented(v->call);

	return lacking ? spec_rule(s, "code_known")->status : v->status;
}
