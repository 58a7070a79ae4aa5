/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Lists the rules of validators: each field's own, and what its type brings. */
#include <string.h>

#include "check.h"
#include "diag.h"

/* ---- one rule ---- */

/* The path as part of an enumerator: dots become underscores, indices go. */
static const char *spell_subject(struct spec *s, const char *path)
{
	size_t length = strlen(path), used = 0;
	char *out = spec_alloc(s, length + 1);

	for (size_t i = 0; i < length; i++) {
		if (path[i] == '[')
			i += strcspn(path + i, "]");
		else
			out[used++] = path[i] == '.' ? '_' : path[i];
	}
	return spec_upper(s, out);
}

struct check *rules_add(struct rule_list *rules, enum check_kind kind, const struct operand *on,
			const char *suffix, const struct rule_source *from, const char *text)
{
	struct spec *s = rules->spec;
	struct check *c = spec_alloc(s, sizeof(*c));
	const char *subject = spell_subject(s, on->path);

	c->kind = kind;
	c->on = *on;
	c->at = from->at;
	c->status = from->status;
	c->text = text;
	c->id = spec_printf(s, "%s%02u", rules->id_prefix, ++rules->count);
	c->enumerator = spec_printf(s, "%s%s%s%s", rules->name_prefix, subject,
				    subject[0] ? "_" : "", suffix);
	*rules->tail = c;
	rules->tail = &c->next;
	return c;
}

/* ---- what types bring ---- */

static void add_reserved(struct rule_list *rules, const struct operand *on, uint64_t mask,
			 const char *text, const struct rule_source *from)
{
	if (mask)
		rules_add(rules, CHECK_RESERVED, on, "RESERVED", from, text)->mask = mask;
}

static void add_range(struct rule_list *rules, const struct operand *on, const struct range *in,
		      const struct rule_source *from)
{
	const char *text = spec_printf(rules->spec, "%s is in 0x%llx..0x%llx", on->path,
				       (unsigned long long)in->low, (unsigned long long)in->high);
	struct check *c = rules_add(rules, CHECK_RANGE, on, "RANGE", from, text);

	c->low = in->low;
	c->high = in->high;
}

static void add_nonzero(struct rule_list *rules, const struct operand *on,
			const struct rule_source *from)
{
	rules_add(rules, CHECK_NONZERO, on, "NONZERO", from,
		  spec_printf(rules->spec, "%s is not zero", on->path));
}

void rules_add_type(struct rule_list *rules, const struct operand *on, const struct type *type,
		    const struct rule_source *from)
{
	struct spec *s = rules->spec;
	const char *text;

	if (type->kind == TYPE_ENUM && !type->open) {
		text = spec_printf(s, "%s is one of the values of %s", on->path, type->name);
		rules_add(rules, CHECK_ENUM, on, "VALUE", from, text)->type = type;
	}
	if (type->kind == TYPE_FLAGS) {
		text = spec_printf(s, "%s has no bits beyond those of %s", on->path, type->name);
		add_reserved(rules, on, low_bits(on->width) & ~type_flags_mask(type), text, from);
	}
	if (type->kind == TYPE_BITS)
		rules_add_bits(rules, on, type->bits, from);
}

static struct operand part_of(struct spec *s, const struct operand *whole, const struct bits *b)
{
	struct operand on = *whole;

	on.path = whole->path[0] ? spec_printf(s, "%s.%s", whole->path, b->name) : b->name;
	on.shift = whole->shift + b->low;
	on.width = b->high - b->low + 1;
	return on;
}

/* Put the condition of an MSR's part on the rules from `first` on. */
static void guard_part(struct rule_list *rules, const struct operand *whole, const struct bits *b,
		       struct check *first)
{
	struct spec *s = rules->spec;

	if (!first)
		diag_error(s, &b->unless.at, "'%s' has no rule that this could change", b->name);
	for (struct check *c = first; c && b->unless_bit; c = c->next) {
		c->guarded = true;
		c->unless = *whole;
		c->unless_mask = c->unless_value = bits_mask(b->unless_bit);
		c->text = spec_printf(s, "%s, unless %s", c->text, b->unless_bit->name);
	}
}

static void add_part(struct rule_list *rules, const struct operand *whole, const struct bits *b,
		     const struct rule_source *from)
{
	struct operand on = part_of(rules->spec, whole, b);
	struct check **first = rules->tail;
	struct rule_source own = *from;
	struct spec *s = rules->spec;

	if (whole->part == PART_MSR)
		own.at = b->at;
	if (b->nonzero)
		add_nonzero(rules, &on, &own);
	if (b->in)
		add_range(rules, &on, b->in, &own);
	if (b->gpa)
		rules_add(rules, CHECK_MSR_GPA, &on, "GPA", &own,
			  spec_printf(s, "%s is a page inside the guest physical address space",
				      on.path));
	if (b->type)
		rules_add_type(rules, &on, b->type, &own);
	if (b->unless.text)
		guard_part(rules, whole, b, *first);
}

void rules_add_bits(struct rule_list *rules, const struct operand *whole, const struct bits *list,
		    const struct rule_source *from)
{
	uint64_t mask = 0;

	for (const struct bits *b = list; b; b = b->next)
		if (b->kind == BITS_MBZ)
			mask |= bits_mask(b);
	add_reserved(rules, whole, mask & low_bits(whole->width),
		     spec_printf(rules->spec, "reserved bits%s%s are zero",
				 whole->path[0] ? " of " : "", whole->path),
		     from);
	for (const struct bits *b = list; b; b = b->next)
		if (b->kind == BITS_NAMED)
			add_part(rules, whole, b, from);
}

/* ---- the input of a call ---- */

/* A list of fields somewhere in the input: a block, or a struct inside one. */
struct scope {
	struct rule_list *rules;
	const struct call *call;
	enum part part;
	const struct field *fields;
	const char *path;              /* "", or "range." */
	unsigned offset, count, stride; /* count > 1 inside an array of structs */
	const struct name *otherwise;  /* of the field that holds the struct, or NULL */
};

static struct operand operand_of(const struct scope *scope, const struct field *f)
{
	struct operand on = {
		.part = scope->part,
		.path = spec_printf(scope->rules->spec, "%s%s%s", scope->path, f->name,
				    f->is_array ? "[i]" : ""),
		.offset = scope->offset + f->offset,
		.size = f->type->size,
		.width = f->type->size * 8,
		.count = scope->count * f->count,
		.stride = scope->stride,
	};

	on.member = on.path;
	if (f->is_array)
		on.stride = f->type->size;
	return on;
}

/* All bytes of an array at once. */
static struct operand whole_of(const struct scope *scope, const struct field *f)
{
	struct operand on = operand_of(scope, f);

	on.path = on.member = spec_printf(scope->rules->spec, "%s%s", scope->path, f->name);
	on.size = field_size(f);
	on.width = on.size * 8;
	on.count = scope->count;
	on.stride = scope->stride;
	return on;
}

static bool is_listed(const struct spec *s, const struct call *c, const struct status *status)
{
	for (const struct rule *r = s->rules; r; r = r->next)
		if (r->status == status)
			return true;
	for (const struct status_use *u = c->statuses; u; u = u->next)
		if (u->status == status)
			return true;
	return false;
}

const char *field_refusal(const struct field *f)
{
	if (f->count_of.text)
		return "invalid_hypercall_input";
	if (f->valid == VALID_PARTITION)
		return "invalid_partition_id";
	return f->valid == VALID_VP ? "invalid_vp_index" : "invalid_parameter";
}

/* What breaking the rules of a field yields, and that the call admits it. */
static struct rule_source source_of(const struct scope *scope, const struct field *f,
				    const struct name *otherwise)
{
	struct spec *s = scope->rules->spec;
	const char *name = field_refusal(f);
	struct name usual = { .text = name, .at = f->at };
	struct rule_source from = { .at = otherwise ? otherwise->at : f->at };

	from.status = otherwise ? refer_status(s, otherwise) : refer_real_status(s, &usual);
	if (from.status && !status_is_fault(from.status) &&
	    !is_listed(s, scope->call, from.status) && !is_lost(s, name)) {
		diag_error(s, &from.at, "'%s' yields '%s', which the call does not list",
			   f->kind == FIELD_MBZ ? "mbz" : f->name, from.status->name);
		diag_note(s, &scope->call->at, "add it behind 'status' of this call");
	}
	from.at = f->at;
	return from;
}

/* ---- unless ---- */

static const struct field *find_field(const struct field *list, const struct field *end,
				      const char *name)
{
	for (const struct field *f = list; f && f != end; f = f->next)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

/*
 * The bits that tell, and what they are when the rules do not hold. False when the name means
 * nothing there.
 */
static bool guard_value(const struct type *t, const char *name, uint64_t *mask, uint64_t *value)
{
	for (const struct enumerator *v = t->values; v; v = v->next) {
		if (strcmp(v->name, name) != 0)
			continue;
		*value = t->kind == TYPE_FLAGS ? 1ull << (v->value & 63) : v->value;
		*mask = t->kind == TYPE_FLAGS ? *value : low_bits(t->size * 8);
		return true;
	}
	for (const struct bits *b = t->bits; b; b = b->next) {
		if (!b->name || strcmp(b->name, name) != 0 || b->high != b->low)
			continue;
		*mask = *value = bits_mask(b);
		return true;
	}
	return false;
}

/* Look for the field of `unless` beside f: in the same list, then in the fixed header. */
static const struct field *find_guard(const struct scope *scope, const struct field *f,
				      struct scope *home)
{
	const struct field *found = find_field(scope->fields, NULL, f->unless->field.text);

	*home = *scope;
	if ((found && found != f) || scope->part == PART_IN)
		return found;
	*home = (struct scope){ .rules = scope->rules, .part = PART_IN, .path = "", .count = 1 };
	return find_field(scope->call->in.fields, NULL, f->unless->field.text);
}

/* Put the condition of f on the rules from `first` on. */
static void guard_rules(const struct scope *scope, const struct field *f, struct check *first)
{
	struct spec *s = scope->rules->spec;
	const struct unless *u = f->unless;
	struct scope home;
	const struct field *guard = find_guard(scope, f, &home);
	uint64_t mask, value;

	if (!guard || guard == f) {
		diag_error(s, &u->field.at, "no other field '%s'", u->field.text);
		return;
	}
	if (!guard->type)
		return;
	if (guard->is_array || home.count > 1 ||
	    !guard_value(guard->type, u->bit.text, &mask, &value)) {
		diag_error(s, &u->bit.at, "'%s' has no bit or value '%s'", u->field.text,
			   u->bit.text);
		return;
	}
	for (struct check *c = first; c; c = c->next) {
		if (c->guarded)
			diag_error(s, &u->field.at, "a condition inside a condition");
		c->guarded = true;
		c->unless = operand_of(&home, guard);
		c->unless_mask = mask;
		c->unless_value = value;
		c->text = spec_printf(s, "%s, unless %s.%s", c->text, c->unless.path, u->bit.text);
	}
}

/* ---- fields ---- */

static void add_fields(const struct scope *scope);

static void add_struct(const struct scope *scope, const struct field *f,
		       const struct name *otherwise)
{
	struct scope inner = *scope;

	inner.fields = f->type->fields;
	inner.path = spec_printf(scope->rules->spec, "%s%s%s.", scope->path, f->name,
				 f->is_array ? "[i]" : "");
	inner.offset = scope->offset + f->offset;
	inner.otherwise = otherwise;
	if (f->is_array) {
		inner.count = f->count;
		inner.stride = f->type->size;
	}
	add_fields(&inner);
}

static void add_zero(const struct scope *scope, const struct field *f,
		     const struct rule_source *from)
{
	struct operand on = whole_of(scope, f);
	unsigned last = on.offset + on.size - 1;
	struct spec *s = scope->rules->spec;

	if (f->kind == FIELD_DATA) {
		rules_add(scope->rules, CHECK_ZERO, &on, "ZERO", from,
			  spec_printf(s, "%s is zero", on.path));
		return;
	}
	on.path = spec_printf(s, "%sat_%u", scope->path, on.offset);
	rules_add(scope->rules, CHECK_ZERO, &on, "MBZ", from,
		  on.size == 1 ? spec_printf(s, "byte %u is zero", last)
			       : spec_printf(s, "bytes %u..%u are zero", on.offset, last));
}

static void add_count(const struct scope *scope, const struct field *f,
		      const struct rule_source *from)
{
	struct spec *s = scope->rules->spec;
	const struct field *mask = find_field(scope->call->in.fields, NULL, f->count_of.text);
	struct scope header = { .rules = scope->rules, .part = PART_IN, .path = "", .count = 1 };
	struct operand on;

	if (!mask) {
		diag_error(s, &f->count_of.at, "no field '%s' in the fixed header",
			   f->count_of.text);
		return;
	}
	if (!mask->type)
		return;
	if (mask->is_array || mask->type->kind == TYPE_STRUCT || mask->type->size > 8) {
		diag_error(s, &f->count_of.at, "'%s' is no number whose bits could be counted",
			   mask->name);
		return;
	}
	on = operand_of(&header, mask);
	rules_add(scope->rules, CHECK_COUNT, &on, "COUNT", from,
		  spec_printf(s, "the variable header has one qword for each bit set in %s",
			      on.path));
}

/* The part of a byte that says which trust level is meant, below the bit that makes it count. */
static bool find_level(const struct type *type, uint64_t *mask, uint64_t *counts)
{
	const struct bits *level = type->bits, *use = level ? level->next : NULL;

	if (type->kind != TYPE_BITS || !use || !level->name || !use->name ||
	    strcmp(level->name, "target_vtl") != 0 || strcmp(use->name, "use_target_vtl") != 0 ||
	    use->high != use->low)
		return false;
	*counts = bits_mask(use);
	*mask = bits_mask(level) | *counts;
	return true;
}

static void add_valid(const struct scope *scope, const struct field *f, const struct operand *on,
		      const struct rule_source *from)
{
	static const char *const what[VALID_COUNT] = {
		[VALID_PARTITION] = "names a partition that the caller may act on",
		[VALID_VP] = "is the index of a virtual processor",
		[VALID_VTL] = "names a trust level that the partition has",
		[VALID_ADDRESS] = "is a guest physical address",
		[VALID_PAGE] = "is a guest physical page",
	};
	struct spec *s = scope->rules->spec;
	const struct enumerator *self = type_value(f->type, "self");
	uint64_t mask = 0, special = self ? self->value : 0;
	struct check *k;

	if (f->valid == VALID_VTL && !find_level(f->type, &mask, &special)) {
		diag_error(s, &f->valid_at, "'%s' has no target_vtl with use_target_vtl above it",
			   f->type->name);
		return;
	}
	if ((f->valid == VALID_PARTITION || f->valid == VALID_VP) && !self) {
		diag_error(s, &f->valid_at, "'%s' has no value 'self'", f->type->name);
		return;
	}
	k = rules_add(scope->rules, CHECK_VALID, on, "VALID", from,
		      spec_printf(s, "%s %s", on->path, what[f->valid]));
	k->valid = f->valid;
	k->type = f->type;
	k->mask = mask;
	k->special = special;
}

static bool is_number(const struct field *f)
{
	return f->type->kind != TYPE_STRUCT && f->type->size <= 8;
}

static void add_own(const struct scope *scope, const struct field *f,
		    const struct rule_source *from)
{
	struct operand on = operand_of(scope, f);

	if (f->count_of.text)
		add_count(scope, f, from);
	if (scope->part == PART_VAR)
		return;
	if (f->kind == FIELD_MBZ || f->zero)
		add_zero(scope, f, from);
	if (f->nonzero)
		add_nonzero(scope->rules, &on, from);
	if (f->in)
		add_range(scope->rules, &on, f->in, from);
	if (f->kind == FIELD_DATA && !f->zero)
		rules_add_type(scope->rules, &on, f->type, from);
	if (f->valid && is_number(f))
		add_valid(scope, f, &on, from);
}

static void check_field_words(struct spec *s, const struct scope *scope, const struct field *f)
{
	if (f->in && !is_number(f))
		diag_error(s, &f->in->at, "'%s' is no number that could be in a range", f->name);
	else if (f->in && f->in->high > low_bits(f->type->size * 8))
		diag_error(s, &f->in->at, "the range does not fit in %u bits", f->type->size * 8);
	if (f->valid && !is_number(f))
		diag_error(s, &f->valid_at, "'%s' is no number that could be valid", f->name);
	if (f->count_of.text && scope->part != PART_VAR)
		diag_error(s, &f->count_of.at, "only a variable header counts the bits of a field");
	if (scope->part == PART_VAR && (f->in || f->nonzero || f->zero || f->valid))
		diag_error(s, &f->at, "the only rule of a variable header is count_of");
}

static void add_field(const struct scope *scope, const struct field *f)
{
	struct spec *s = scope->rules->spec;
	const struct name *otherwise = f->otherwise.text ? &f->otherwise : scope->otherwise;
	struct check **first = scope->rules->tail;
	struct rule_source from = { .at = f->at };

	check_field_words(s, scope, f);
	if (f->type->kind == TYPE_STRUCT && f->kind == FIELD_DATA)
		add_struct(scope, f, otherwise);
	add_own(scope, f, &from);
	if (!*first && (f->otherwise.text || f->unless))
		diag_error(s, f->unless ? &f->unless->field.at : &f->otherwise.at,
			   "'%s' has no rule that this could change", f->name);
	if (!*first)
		return;
	if (f->is_array && scope->count > 1 && (*first)->on.count > scope->count)
		diag_error(s, &f->at, "a rule for an array inside an array");
	if (!(*first)->status)
		from = source_of(scope, f, otherwise);
	for (struct check *c = *first; c; c = c->next)
		if (!c->status)
			c->status = from.status;
	if (f->unless)
		guard_rules(scope, f, *first);
}

static void add_fields(const struct scope *scope)
{
	for (const struct field *f = scope->fields; f; f = f->next)
		if (f->type && f->type->size)
			add_field(scope, f);
}

static void add_block(struct rule_list *rules, const struct call *c, const struct block *b,
		      enum part part)
{
	struct scope scope = {
		.rules = rules,
		.call = c,
		.part = part,
		.fields = b->fields,
		.path = "",
		.count = 1,
	};

	add_fields(&scope);
}

void rules_of_call(struct spec *s, struct call *c)
{
	struct rule_list rules = {
		.spec = s,
		.id_prefix = spec_printf(s, "HVR-%04x-", c->code),
		.name_prefix = spec_printf(s, "%s_", spec_upper(s, c->name)),
		.tail = &c->checks,
	};

	add_block(&rules, c, &c->in, PART_IN);
	add_block(&rules, c, &c->var, PART_VAR);
	rules.name_prefix = spec_printf(s, "%sEACH_", rules.name_prefix);
	add_block(&rules, c, &c->each_in, PART_EACH);
}
