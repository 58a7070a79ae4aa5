/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What must be true of statuses, rules, calls and offers; and nothing is declared in vain. */
#include "check.h"

#include <string.h>

#include "diag.h"
#include "vectors.h"

/* ---- names that items take when nothing else is said ---- */

static const char *name_value(struct spec *s, const struct enumerator *v)
{
	return v->about.named ? v->about.named : spec_camel(s, v->name);
}

static void name_things(struct spec *s)
{
	for (struct call *c = s->calls; c; c = c->next)
		c->named = c->about.named ? c->about.named
					  : spec_printf(s, "HvCall%s", spec_camel(s, c->name));
	for (struct msr *m = s->msrs; m; m = m->next)
		m->named = m->about.named ? m->about.named
					  : spec_printf(s, "HV_X64_MSR_%s", spec_upper(s, m->name));
	for (struct type *t = s->types; t; t = t->next)
		for (struct enumerator *v = t->values; v; v = v->next)
			v->named = name_value(s, v);
}

/* ---- statuses and rules ---- */

/* The checks that the calling convention consists of: the hypervisor and its tests name them. */
static const char *const convention[] = {
	"caller_mode", "page_enabled", "code_known", "privilege", "control_reserved", "nested",
	"rep_count", "rep_start", "variable_header", "fast_allowed", "xmm_offered",
	"gpa_alignment", "gpa_page", "gpa_space", "gpa_overlap", "gpa_access",
};

void check_statuses(struct spec *s)
{
	for (struct status *status = s->statuses; status; status = status->next) {
		bool success = strcmp(status->name, "success") == 0;

		if (success)
			status->used = true;
		if (success != (status->value == 0))
			diag_error(s, &status->at, "status 0 is 'success', and no other");
	}
}

static struct pos start_of(const struct spec *s)
{
	return (struct pos){ .source = s->sources, .line = 1, .column = 1, .length = 1 };
}

static void check_convention(struct spec *s)
{
	const struct pos start = start_of(s);
	const char *missing = "";

	if (!s->rules && s->sources && !is_lost(s, "rules"))
		diag_error(s, &start, "no rules are declared: the calling convention has %zu",
			   sizeof(convention) / sizeof(convention[0]));
	if (!s->rules)
		return;
	for (size_t i = 0; i < sizeof(convention) / sizeof(convention[0]); i++)
		if (!spec_rule(s, convention[i]) && !is_lost(s, convention[i]))
			missing = spec_printf(s, "%s%s'%s'", missing, *missing ? ", " : "",
					      convention[i]);
	if (*missing)
		diag_error(s, &s->rules->at,
			   "this list lacks rules of the calling convention: %s", missing);
}

void check_rules(struct spec *s)
{
	const struct rule *before = NULL;

	check_convention(s);

	for (struct rule *r = s->rules; r; r = r->next) {
		if (before && r->number < before->number)
			diag_error(s, &r->at, "out of order: rule %u after %u", r->number,
				   before->number);
		if (r->otherwise.text)
			r->status = refer_status(s, &r->otherwise);
		else
			diag_error(s, &r->at,
				   "rule '%s' does not say what it yields: write else STATUS",
				   r->name);
		before = r;
	}
}

/* ---- calls ---- */

static void check_blocks(struct spec *s, const struct call *c)
{
	bool has_element = c->each_in.present || c->each_out.present;

	if (c->rep && !has_element && !c->counted)
		diag_error(s, &c->at,
			   "a rep call needs an element, each in { } or each out { }, or the word "
			   "'counted'");
	if (c->counted && (!c->rep || has_element))
		diag_error(s, &c->counted_at, "'counted' is a rep call without elements");
	if (!c->rep && c->each_in.present)
		diag_error(s, &c->each_in.at, "only a rep call has elements");
	if (!c->rep && c->each_out.present)
		diag_error(s, &c->each_out.at, "only a rep call has elements");
	if (c->varhead && !c->var.present)
		diag_error(s, &c->varhead_at, "'varhead' without a var { } block");
	if (!c->varhead && c->var.present)
		diag_error(s, &c->var.at, "a variable header must be claimed by 'varhead'");
}

/* Input goes in registers only if it fits there and nothing comes back. */
static void check_claim(struct spec *s, const struct call *c, const char *claim, unsigned limit,
			const struct pos *at)
{
	unsigned size = call_in_size(c) + c->each_in.size;

	if (c->out.present || c->each_out.present)
		diag_error(s, at, "'%s' claims that there is no output, but there is", claim);
	if (size > limit)
		diag_error(s, at, "'%s' claims at most %u bytes of input, but there are %u", claim,
			   limit, size);
}

static void check_output(struct spec *s, const struct block *b)
{
	for (const struct field *f = b->fields; f; f = f->next)
		if (f->in || f->nonzero || f->zero || f->valid || f->count_of.text || f->unless ||
		    f->otherwise.text)
			diag_error(s, &f->at, "output has no rules");
}

static void check_status_list(struct spec *s, struct call *c)
{
	for (struct status_use *u = c->statuses; u; u = u->next) {
		u->status = refer_real_status(s, &u->name);
		for (const struct status_use *other = c->statuses; other != u; other = other->next)
			if (strcmp(other->name.text, u->name.text) == 0)
				diag_error(s, &u->name.at, "'%s' is listed twice", u->name.text);
	}
}

static void check_gate(struct spec *s, struct call *c)
{
	struct name denied = c->denied_name;

	refer_needs(s, c->needs);
	refer_offers(s, c->offered);
	if (!c->needs)
		return;
	if (!denied.text)
		denied = (struct name){ .text = "access_denied", .at = c->needs->block.at };
	c->denied = refer_status(s, &denied);
}

/* Of an unknown call there is a code and a name, and no more. */
static void check_unknown(struct spec *s, const struct call *c)
{
	bool has_block = c->in.present || c->var.present || c->each_in.present || c->out.present ||
			 c->each_out.present;

	if (call_implemented(c))
		diag_error(s, &c->at, "call '%s' works, but its shape is unknown", c->name);
	if (c->xmm || c->varhead || c->counted || c->continuable || has_block)
		diag_error(s, &c->at, "'%s' is unknown: it has no parameters and no claims", c->name);
}

static void check_call(struct spec *s, struct call *c)
{
	if (!c->callers && !c->unknown)
		c->callers = CALLER_GUEST;
	check_gate(s, c);
	check_status_list(s, c);
	rules_of_call(s, c);
	check_output(s, &c->out);
	check_output(s, &c->each_out);
	if (c->about.broken)
		return;
	if (c->unknown) {
		check_unknown(s, c);
		return;
	}
	check_blocks(s, c);
	if (c->fast_at.source)
		check_claim(s, c, "fast", SPEC_FAST_BYTES, &c->fast_at);
	else if (c->xmm)
		check_claim(s, c, "xmm", SPEC_XMM_BYTES, &c->xmm_at);
}

void check_calls(struct spec *s)
{
	for (struct call *c = s->calls; c; c = c->next)
		check_call(s, c);
}

/* ---- what is offered ---- */

static void refer_fields(struct spec *s, const struct field *list)
{
	for (const struct field *f = list; f; f = f->next)
		refer_offers(s, f->about.offered);
}

static void refer_parts(struct spec *s, const struct bits *list)
{
	for (const struct bits *b = list; b; b = b->next)
		refer_offers(s, b->about.offered);
}

/* The bits that lines say tell of them. */
static void refer_lines(struct spec *s)
{
	for (const struct type *t = s->types; t; t = t->next) {
		for (const struct enumerator *v = t->values; v; v = v->next)
			refer_offers(s, v->about.offered);
		refer_fields(s, t->fields);
		refer_parts(s, t->bits);
	}
	for (const struct call *c = s->calls; c; c = c->next) {
		refer_fields(s, c->in.fields);
		refer_fields(s, c->var.fields);
		refer_fields(s, c->each_in.fields);
		refer_fields(s, c->out.fields);
		refer_fields(s, c->each_out.fields);
	}
	for (const struct msr *m = s->msrs; m; m = m->next)
		refer_parts(s, m->bits);
}

/* What works must not be out of reach. */
static void check_reach(struct spec *s, const struct offer_use *needs, const char *what,
			const char *name)
{
	for (const struct offer_use *u = needs; u; u = u->next) {
		if (!u->target || !u->target->about.unimplemented)
			continue;
		diag_error(s, &u->block.at, "%s '%s' works, but '%s.%s' is never offered", what,
			   name, u->block.text, u->bit.text);
		diag_note(s, &u->target->at, "marked unimplemented here");
	}
}

struct users {
	unsigned all, working;
	const struct pos *first;
};

static void count_users(struct users *users, const struct offer_use *list,
			const struct offer_bit *bit, bool works)
{
	for (const struct offer_use *u = list; u; u = u->next) {
		if (u->target != bit)
			continue;
		if (!users->all++)
			users->first = &u->block.at;
		users->working += works;
	}
}

/* What is offered must not be empty. */
static void check_promise(struct spec *s, const struct offer_bit *bit)
{
	struct users users = { 0 };

	for (const struct call *c = s->calls; c; c = c->next) {
		count_users(&users, c->needs, bit, call_implemented(c));
		count_users(&users, c->offered, bit, call_implemented(c));
	}
	for (const struct msr *m = s->msrs; m; m = m->next)
		count_users(&users, m->needs, bit, msr_implemented(m));
	if (!users.all || users.working || bit->about.unimplemented || is_lost(s, bit->name))
		return;
	diag_error(s, &bit->at, "'%s.%s' is offered, but all that it opens is unimplemented",
		   bit->block->name, bit->name);
	diag_note(s, users.first, "for example this");
}

void check_offers(struct spec *s)
{
	refer_lines(s);
	for (const struct call *c = s->calls; c; c = c->next)
		if (call_implemented(c))
			check_reach(s, c->needs, "call", c->name);
	for (const struct msr *m = s->msrs; m; m = m->next)
		if (msr_implemented(m))
			check_reach(s, m->needs, "MSR", m->name);
	for (const struct offer *o = s->offers; o; o = o->next) {
		refuse_c_word(s, o->name, &o->at, "a block");
		for (const struct offer_bit *b = o->bits; b; b = b->next)
			check_promise(s, b);
	}
}

/* ---- what nothing uses ---- */

static void refuse_unused(struct spec *s, bool used, const char *what, const char *name,
			  const struct pos *at)
{
	if (!used && !is_lost(s, name))
		diag_error(s, at, "%s '%s' is never used", what, name);
}

static void check_unused_bits(struct spec *s, const struct offer *o)
{
	for (const struct offer_bit *b = o->bits; b; b = b->next)
		refuse_unused(s, b->used || b != spec_offer_bit(s, o->name, b->name),
			      o->is_privileges ? "privilege" : "feature", b->name, &b->at);
}

/* What is declared a second time cannot be named, and has been refused for that already. */
void check_unused(struct spec *s)
{
	for (const struct type *t = s->types; t; t = t->next)
		refuse_unused(s, t->used || t->shared || t != spec_type(s, t->name), "type",
			      t->name, &t->at);
	for (const struct status *status = s->statuses; status; status = status->next)
		refuse_unused(s,
			      status->used || status->shared ||
				      status != spec_status(s, status->name),
			      "status", status->name, &status->at);
	for (const struct offer *o = s->offers; o; o = o->next)
		check_unused_bits(s, o);
}

/* ---- all of it ---- */

/*
 * A single file without an interface is a part of a specification: what it names is declared in
 * other parts, which are not known here.
 */
static void check_interface(struct spec *s)
{
	const struct pos start = start_of(s);

	if (s->interface || !s->sources || is_lost(s, "interface"))
		return;
	diag_error(s, &start, "no interface is declared: write interface \"name\" version 0.1.0");
	if (s->sources->next)
		return;
	diag_note(s, &start, "a part of a specification is checked with the file that includes it");
	s->missing_source = true;
}

bool spec_check(struct spec *s)
{
	name_things(s);
	check_interface(s);
	check_unique(s);
	layout_types(s);
	layout_calls(s);
	check_statuses(s);
	check_rules(s);
	check_calls(s);
	check_msrs(s);
	check_cpuid(s);
	check_offers(s);
	check_unused(s);
	check_remarks(s);
	if (s->error_count == 0) {
		check_spellings(s);
		check_absences(s);
	}
	if (s->error_count == 0)
		check_testable(s);
	if (s->error_count == 0)
		vectors_list(s);
	return s->error_count == 0;
}
