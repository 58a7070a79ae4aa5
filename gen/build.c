/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Turns what the grammar recognises into items of the specification. */
#include "build.h"

#include <string.h>

#include "diag.h"
#include "near.h"

enum { NUMBER_LIMIT = 0xffff };

void build_init(struct build *b, struct spec *s, const struct source *source)
{
	*b = (struct build){ .spec = s, .source = source };
	build_reset_state(b);
}

void build_reset_state(struct build *b)
{
	*b = (struct build){ .spec = b->spec, .source = b->source, .alone = b->alone,
			     .pending.doc = "" };
}

/* ---- pieces ---- */

struct name build_name(const struct token *t)
{
	return (struct name){ .text = t->text, .at = t->at };
}

/* A position that reaches from one token to the end of another on the same line. */
static struct pos span(const struct token *from, const struct token *to)
{
	struct pos at = from->at;

	if (from->at.line == to->at.line)
		at.length = to->at.column + to->at.length - from->at.column;
	return at;
}

/*
 * Offsets, sizes, counts and bit numbers are small. One that is not becomes the largest, which is
 * far beyond anything legal: what checks its meaning refuses it, in better words than could be
 * found here.
 */
static unsigned small_number(const struct token *t)
{
	return t->number < NUMBER_LIMIT ? (unsigned)t->number : NUMBER_LIMIT;
}

/* Likewise for numbers of MSRs and CPUID leaves. */
static uint32_t word_number(const struct token *t)
{
	return t->number < UINT32_MAX ? (uint32_t)t->number : UINT32_MAX;
}

struct range *build_range(struct build *b, const struct token *low, const struct token *high)
{
	struct range *r = spec_alloc(b->spec, sizeof(*r));

	*r = (struct range){ .low = low->number, .high = high->number, .at = span(low, high) };
	if (r->low > r->high)
		diag_error(b->spec, &r->at, "empty range: write the low end first");
	return r;
}

struct name_list *build_list(struct build *b, struct name_list *list, const struct token *item)
{
	struct name_list *n = spec_alloc(b->spec, sizeof(*n));

	n->name = build_name(item);
	APPEND(list, n);
	return list;
}

struct offer_use *build_use(struct build *b, const struct token *block, const struct token *bit)
{
	struct offer_use *u = spec_alloc(b->spec, sizeof(*u));

	u->block = build_name(block);
	u->block.at = span(block, bit);
	u->bit = build_name(bit);
	return u;
}

/* ---- notes ---- */

static void add_doc(struct build *b, struct about *about, const char *text)
{
	about->doc = about->doc[0] ? spec_printf(b->spec, "%s\n%s", about->doc, text) : text;
}

static void add_mark(struct build *b, struct about *about, const struct token *mark,
		     const struct token *reason)
{
	struct mark *m;
	int kind = 0;

	while (kind < MARK_COUNT && strcmp(mark_name((enum mark_kind)kind), mark->text) != 0)
		kind++;
	if (kind == MARK_COUNT) {
		diag_error(b->spec, &mark->at,
			   "unknown mark '@%s': known are @observed, @erratum, @disputed, @ours",
			   mark->text);
		return;
	}
	if (!reason || !reason->text[0]) {
		diag_error(b->spec, &mark->at, "mark without a reason: write @%s \"why\"",
			   mark->text);
		return;
	}
	m = spec_alloc(b->spec, sizeof(*m));
	*m = (struct mark){ .kind = (enum mark_kind)kind, .reason = reason->text, .at = mark->at };
	APPEND(about->marks, m);
}

void build_doc(struct build *b, const struct token *doc)
{
	add_doc(b, &b->pending, doc->text);
	b->pending_at = doc->at;
}

void build_line_doc(struct build *b, const struct token *doc)
{
	add_doc(b, b->target, doc->text);
}

void build_mark(struct build *b, const struct token *mark, const struct token *reason)
{
	add_mark(b, b->target, mark, reason);
}

void build_body_mark(struct build *b, const struct token *mark, const struct token *reason)
{
	if (!b->body)
		b->pending_at = mark->at;
	add_mark(b, b->body ? b->body : &b->pending, mark, reason);
}

/* One hypervisor of a list; NULL after a message. */
struct seen *build_seen_in(struct build *b, const struct token *who, const struct token *how)
{
	unsigned known = 0;
	struct seen *seen;

	while (known < SEEN_COUNT && strcmp(seen_name((enum seen_in)known), who->text) != 0)
		known++;
	if (known == SEEN_COUNT) {
		diag_error(b->spec, &who->at,
			   "unknown hypervisor '%s': known are kvm, xen, openvmm", who->text);
		return NULL;
	}
	seen = spec_alloc(b->spec, sizeof(*seen));
	*seen = (struct seen){
		.who = (enum seen_in)known, .how = how ? how->text : "", .at = who->at
	};
	return seen;
}

static void add_seen(struct build *b, struct about *about, struct seen *list)
{
	for (struct seen *next; list; list = next) {
		next = list->next;
		list->next = NULL;
		for (const struct seen *s = about->seen; s; s = s->next)
			if (s->who == list->who)
				diag_error(b->spec, &list->at, "'%s' is named twice",
					   seen_name(s->who));
		APPEND(about->seen, list);
	}
}

void build_seen(struct build *b, struct seen *list)
{
	add_seen(b, b->target, list);
}

void build_body_seen(struct build *b, struct seen *list)
{
	if (!b->body && list)
		b->pending_at = list->at;
	add_seen(b, b->body ? b->body : &b->pending, list);
}

/* Give what was waiting to the item that it precedes, which takes further notes from now on. */
static void take_notes(struct build *b, struct about *about)
{
	about->doc = b->pending.doc;
	about->marks = b->pending.marks;
	about->seen = b->pending.seen;
	about->arch = ARCH_ALL;
	b->pending = (struct about){ .doc = "" };
	b->target = about;
}

static void refuse_pending(struct build *b)
{
	if (b->pending.doc[0] || b->pending.marks || b->pending.seen)
		diag_error(b->spec, &b->pending_at, "nothing follows that this could belong to");
	b->pending = (struct about){ .doc = "" };
}

void build_ref(struct build *b, const struct token *keyword, struct name_list *refs)
{
	(void)keyword;
	for (struct name_list *next; refs; refs = next) {
		next = refs->next;
		refs->next = NULL;
		APPEND(b->body->refs, refs);
	}
	b->target = b->body;
}

void build_since(struct build *b, const struct token *edition)
{
	b->body->since = edition->text;
	b->target = b->body;
}

void build_arch(struct build *b, const struct name_list *words)
{
	b->body->arch = 0;
	for (const struct name_list *w = words; w; w = w->next) {
		if (strcmp(w->name.text, "x64") == 0)
			b->body->arch |= ARCH_X64;
		else if (strcmp(w->name.text, "arm64") == 0)
			b->body->arch |= ARCH_ARM64;
		else
			diag_error(b->spec, &w->name.at,
				   "unknown architecture '%s': known are x64, arm64", w->name.text);
	}
	b->target = b->body;
}

static bool is_c_name(const char *text)
{
	static const char *const letters =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

	return (text[0] < '0' || text[0] > '9') && strspn(text, letters) == strlen(text);
}

/* The name of a call or an MSR is a line of its body; other names belong to the line they end. */
static struct about *named_about(struct build *b, const struct token *keyword)
{
	if (b->call || (b->msr && !b->bits))
		return b->body;
	if (b->msr && keyword->first && keyword->at.column <= b->bits->range_at.column)
		diag_error(b->spec, &keyword->at, "the name of an MSR stands in front of its bits");
	return b->target;
}

void build_named(struct build *b, const struct token *keyword, const struct token *name)
{
	struct about *about = named_about(b, keyword);

	if (!name->text[0])
		diag_error(b->spec, &name->at, "an empty name");
	else if (!is_c_name(name->text))
		diag_error(b->spec, &name->at, "a name is made of letters, digits and '_'");
	about->named = name->text;
	b->target = about;
}

void build_formerly(struct build *b, struct name_list *names)
{
	struct about *about = b->call ? b->body : b->target;

	if (b->in_rules)
		diag_error(b->spec, &names->name.at, "a rule has no former names");
	APPEND(about->formerly, names);
	b->target = about;
}

void build_line_offered(struct build *b, const struct token *keyword, struct offer_use *uses)
{
	if (b->in_rules || b->in_statuses || b->offer || b->leaf)
		diag_error(b->spec, &keyword->at,
			   "only fields, values, and bits of types and MSRs are offered");
	APPEND(b->target->offered, uses);
}

/* Of enums that is the values, or all values of a continued block. */
static bool may_be_unimplemented(const struct build *b, const struct about *about)
{
	if (b->type)
		return b->type->kind == TYPE_ENUM && (b->continued || about != b->body);
	return b->call || b->msr || b->leaf || (b->offer && about != b->body);
}

void build_unimplemented(struct build *b, const struct token *keyword, const struct token *reason)
{
	struct about *about = b->call || b->msr || b->leaf ? b->body : b->target;

	if (!may_be_unimplemented(b, about))
		diag_error(b->spec, &keyword->at,
			   "only calls, MSRs, CPUID leaves, privileges, features and values of an "
			   "enum can be unimplemented");
	if (!reason || !reason->text[0])
		diag_error(b->spec, &keyword->at,
			   "'unimplemented' without a reason: write unimplemented \"why\"");
	about->unimplemented = reason ? reason->text : "";
	b->target = about;
}

/* ---- declarations ---- */

/* A declaration opens; it counts as broken until its end has been seen. */
static void open_body(struct build *b, struct about *about)
{
	take_notes(b, about);
	about->broken = true;
	b->body = about;
	b->fillers = 0;
}

/* What the body of a block says of each of its values, unless that says something else. */
static void say_of(struct build *b, struct about *value)
{
	value->arch = b->body->arch;
	if (!value->unimplemented)
		value->unimplemented = b->body->unimplemented;
	if (!value->since)
		value->since = b->body->since;
	for (const struct mark *m = b->body->marks; m; m = m->next) {
		struct mark *copy = spec_alloc(b->spec, sizeof(*copy));

		*copy = *m;
		copy->next = NULL;
		APPEND(value->marks, copy);
	}
}

static void say_of_all(struct build *b)
{
	if (b->continued)
		for (struct enumerator *e = *b->fresh_values; e; e = e->next)
			say_of(b, &e->about);
	if (b->in_statuses)
		for (struct status *status = *b->fresh_statuses; status; status = status->next)
			say_of(b, &status->about);
}

void build_close(struct build *b)
{
	refuse_pending(b);
	say_of_all(b);
	if (b->body)
		b->body->broken = false;
	build_reset_state(b);
}

void build_interface(struct build *b, const struct token *name, const struct token *x,
		     const struct token *y, const struct token *z)
{
	struct spec *s = b->spec;

	if (s->interface) {
		diag_error(s, &name->at, "second interface '%s'", name->text);
		diag_note(s, &s->interface_at, "first declared here");
	}
	s->interface = name->text;
	s->interface_at = name->at;
	s->version[0] = small_number(x);
	s->version[1] = small_number(y);
	s->version[2] = small_number(z);
	take_notes(b, &s->interface_about);
}

static void type_word(struct build *b, struct type *t, const struct name *word)
{
	if (strcmp(word->text, "shared") == 0)
		t->shared = true;
	else if (strcmp(word->text, "open") == 0 && t->kind == TYPE_ENUM)
		t->open = true;
	else
		diag_error(b->spec, &word->at, "unknown word '%s' here", word->text);
}

/*
 * Statuses and rules are single lists of the whole specification, and a continued enum has been
 * declared above: their bodies have nothing of their own that notes could document.
 */
static void open_list(struct build *b)
{
	struct about *about = spec_alloc(b->spec, sizeof(*about));

	open_body(b, about);
}

/* The enum of that name above, whose values go on in this block. */
static void continue_enum(struct build *b, const struct token *name, const struct token *base)
{
	struct type *t = spec_type(b->spec, name->text);

	refuse_pending(b);
	if (!t || t->kind != TYPE_ENUM) {
		if (!b->spec->missing_source)
			diag_error(b->spec, &name->at, "no enum '%s' above that could be continued",
				   name->text);
		t = spec_alloc(b->spec, sizeof(*t));
		*t = (struct type){ .kind = TYPE_ENUM, .name = name->text, .at = name->at };
	} else if (strcmp(t->base_name.text, base->text) != 0) {
		diag_error(b->spec, &base->at, "'%s' is made of %s, not %s", name->text,
			   t->base_name.text, base->text);
		diag_note(b->spec, &t->base_name.at, "first declared here");
	}
	open_list(b);
	b->continued = true;
	b->type = t;
	b->fresh_values = &t->values;
	while (*b->fresh_values)
		b->fresh_values = &(*b->fresh_values)->next;
}

static bool is_continued(const struct name_list *words)
{
	return words && !words->next && strcmp(words->name.text, "continued") == 0;
}

void build_type(struct build *b, enum type_kind kind, const struct token *name,
		const struct token *base, const struct token *size, const struct name_list *words)
{
	struct type *t = spec_alloc(b->spec, sizeof(*t));

	if (kind == TYPE_ENUM && is_continued(words)) {
		continue_enum(b, name, base);
		return;
	}
	t->kind = kind;
	t->name = name->text;
	t->at = name->at;
	if (base)
		t->base_name = build_name(base);
	if (size) {
		t->declared_size = small_number(size);
		t->size_at = size->at;
	}
	for (const struct name_list *w = words; w; w = w->next)
		type_word(b, t, &w->name);
	open_body(b, &t->about);
	b->type = t;
	b->bits_list = &t->bits;
	b->field_list = &t->fields;
	APPEND(b->spec->types, t);
}

void build_statuses(struct build *b, const struct token *keyword, const struct name_list *words)
{
	(void)keyword;
	open_list(b);
	b->in_statuses = true;
	b->fresh_statuses = &b->spec->statuses;
	while (*b->fresh_statuses)
		b->fresh_statuses = &(*b->fresh_statuses)->next;
	for (const struct name_list *w = words; w; w = w->next)
		if (strcmp(w->name.text, "shared") == 0)
			b->shared_statuses = true;
		else
			diag_error(b->spec, &w->name.at, "unknown word '%s' here", w->name.text);
}

void build_rules(struct build *b, const struct token *keyword)
{
	if (b->spec->rules) {
		diag_error(b->spec, &keyword->at, "second list of rules: their order is one");
		diag_note(b->spec, &b->spec->rules->at, "the first list starts here");
	}
	open_list(b);
	b->in_rules = true;
}

void build_offer(struct build *b, bool privileges, const struct token *name,
		 const struct token *width)
{
	struct offer *o = spec_alloc(b->spec, sizeof(*o));

	for (const struct offer *other = b->spec->offers; other; other = other->next)
		o->index++;
	o->name = name->text;
	o->at = name->at;
	o->is_privileges = privileges;
	o->width = strcmp(width->text, "u32") == 0 ? 32 : 64;
	if (strcmp(width->text, "u32") != 0 && strcmp(width->text, "u64") != 0)
		diag_error(b->spec, &width->at, "privileges and features are u32 or u64");
	open_body(b, &o->about);
	b->offer = o;
	APPEND(b->spec->offers, o);
}

/* ---- values ---- */

static void add_enumerator(struct build *b, const struct token *value, const struct token *name)
{
	struct enumerator *e = spec_alloc(b->spec, sizeof(*e));

	e->name = name->text;
	e->at = name->at;
	e->value = value->number;
	take_notes(b, &e->about);
	b->value = e;
	APPEND(b->type->values, e);
}

static void add_status(struct build *b, const struct token *value, const struct token *name)
{
	struct status *status = spec_alloc(b->spec, sizeof(*status));

	status->name = name->text;
	status->at = name->at;
	status->value = (uint16_t)value->number;
	if (value->number >= status_gp.value)
		diag_error(b->spec, &value->at,
			   "a status has 16 bits, and the two highest values are taken");
	status->shared = b->shared_statuses;
	take_notes(b, &status->about);
	APPEND(b->spec->statuses, status);
}

static void add_rule(struct build *b, const struct token *value, const struct token *name)
{
	struct rule *r = spec_alloc(b->spec, sizeof(*r));

	r->name = name->text;
	r->at = name->at;
	r->number = small_number(value);
	r->id = spec_printf(b->spec, "HVR-C-%02u", r->number);
	take_notes(b, &r->about);
	b->rule = r;
	APPEND(b->spec->rules, r);
}

static void add_offer_bit(struct build *b, const struct token *value, const struct token *name)
{
	struct offer_bit *bit = spec_alloc(b->spec, sizeof(*bit));

	bit->block = b->offer;
	bit->name = name->text;
	bit->at = name->at;
	bit->bit = (unsigned)value->number;
	if (value->number >= b->offer->width) {
		diag_error(b->spec, &value->at, "bit outside the %u bits of '%s'", b->offer->width,
			   b->offer->name);
		bit->bit = 0;
	}
	take_notes(b, &bit->about);
	APPEND(b->offer->bits, bit);
}

void build_value(struct build *b, const struct token *value, const struct token *name)
{
	b->value = NULL;
	if (b->in_statuses)
		add_status(b, value, name);
	else if (b->in_rules)
		add_rule(b, value, name);
	else if (b->offer)
		add_offer_bit(b, value, name);
	else
		add_enumerator(b, value, name);
}

void build_value_type(struct build *b, const struct token *type)
{
	if (b->value)
		b->value->type_name = build_name(type);
	else
		diag_error(b->spec, &type->at, "only a value of an enum or flag set has a layout");
}

void build_value_else(struct build *b, const struct token *status)
{
	if (b->in_rules)
		b->rule->otherwise = build_name(status);
	else
		diag_error(b->spec, &status->at, "only a rule has something else to yield");
}

/* ---- bits ---- */

void build_part_name(struct build *b, const struct token *name, enum bits_kind kind)
{
	b->part_name = *name;
	b->part_kind = kind;
}

void build_bits(struct build *b, const struct token *high, const struct token *low)
{
	struct bits *bits = spec_alloc(b->spec, sizeof(*bits));

	bits->kind = b->part_kind;
	bits->name = bits->kind == BITS_NAMED ? b->part_name.text : NULL;
	bits->at = b->part_name.at;
	bits->high = small_number(high);
	bits->low = small_number(low);
	bits->range_at = span(high, low);
	if (bits->high < bits->low) {
		diag_error(b->spec, &bits->range_at, "high bit first: write %u..%u", bits->low,
			   bits->high);
		bits->high = small_number(low);
		bits->low = small_number(high);
	}
	take_notes(b, &bits->about);
	b->bits = bits;
	APPEND(*b->bits_list, bits);
}

void build_part_unless(struct build *b, const struct token *bit)
{
	if (b->bits->unless.text)
		diag_error(b->spec, &bit->at, "second 'unless' of one line");
	b->bits->unless = build_name(bit);
}

void build_part_else(struct build *b, const struct token *status)
{
	if (!b->msr || strcmp(status->text, "GP") != 0)
		diag_error(b->spec, &status->at,
			   "bits of an MSR yield GP, others what their field says");
}

/* A bit has one source; a second one is refused where it stands. */
static bool claim_source(struct build *b, const struct pos *at, enum cpuid_source source)
{
	if (!b->leaf) {
		diag_error(b->spec, at, "only bits of a CPUID register have a source");
		return false;
	}
	if (b->bits->source != CPUID_NONE) {
		diag_error(b->spec, at, "second source for one bit");
		return false;
	}
	b->bits->source = source;
	return true;
}

void build_constant(struct build *b, const struct token *number)
{
	if (claim_source(b, &number->at, CPUID_CONSTANT))
		b->bits->constant = number->number;
}

void build_cpuid_value(struct build *b, const struct token *name)
{
	struct cpuid_value *v;

	if (!claim_source(b, &name->at, CPUID_VALUE))
		return;
	for (v = b->spec->values; v; v = v->next)
		if (strcmp(v->name, name->text) == 0)
			break;
	if (!v) {
		v = spec_alloc(b->spec, sizeof(*v));
		v->name = name->text;
		v->at = name->at;
		APPEND(b->spec->values, v);
	}
	b->bits->value = v;
}

void build_cpuid_offer(struct build *b, const struct token *equals, struct offer_use *use)
{
	if (claim_source(b, &equals->at, CPUID_OFFER))
		b->bits->offer = use;
}

/* ---- fields ---- */

static struct field *add_field(struct build *b, const struct token *offset,
			       const struct token *name)
{
	struct field *f = spec_alloc(b->spec, sizeof(*f));

	f->name = name->text;
	f->at = name->at;
	f->count = 1;
	f->offset_at = name->at;
	if (offset) {
		f->offset = small_number(offset);
		f->offset_at = offset->at;
	}
	take_notes(b, &f->about);
	b->field = f;
	APPEND(*b->field_list, f);
	return f;
}

void build_field(struct build *b, const struct token *offset, const struct token *type,
		 const struct token *name)
{
	add_field(b, offset, name)->type_name = build_name(type);
}

void build_filler(struct build *b, enum field_kind kind, const struct token *offset,
		  const struct token *keyword, const struct token *bytes)
{
	struct field *f = add_field(b, offset, keyword);

	f->kind = kind;
	f->name = spec_printf(b->spec, "_%s%u", keyword->text, b->fillers++);
	f->is_array = true;
	f->count = small_number(bytes);
	f->count_at = bytes->at;
}

void build_array(struct build *b, const struct token *count)
{
	if (b->field->is_array)
		diag_error(b->spec, &count->at, "second array size of one field");
	b->field->is_array = true;
	b->field->count = small_number(count);
	b->field->count_at = count->at;
}

void build_valid(struct build *b, const struct token *kind)
{
	struct name name = build_name(kind);
	struct near near = { .wanted = name.text };

	if (b->field->valid)
		diag_error(b->spec, &kind->at, "second 'valid' of one field");
	b->field->valid_at = kind->at;
	for (enum valid v = VALID_PARTITION; v < VALID_COUNT; v++) {
		near_try(&near, valid_name(v));
		if (strcmp(valid_name(v), name.text) == 0)
			b->field->valid = v;
	}
	if (!b->field->valid)
		diag_error(b->spec, &kind->at,
			   "'%s' is nothing that could be valid: partition, vp, vtl, address or "
			   "page%s",
			   name.text, near_hint(b->spec, &near));
}

void build_unless(struct build *b, const struct token *field, const struct token *bit)
{
	struct unless *u = spec_alloc(b->spec, sizeof(*u));

	if (b->field->unless)
		diag_error(b->spec, &field->at, "second 'unless' of one field");
	u->field = build_name(field);
	u->bit = build_name(bit);
	b->field->unless = u;
}

/* ---- hypercalls ---- */

static void call_word(struct build *b, struct call *c, const struct name *word)
{
	if (strcmp(word->text, "fast") == 0) {
		c->fast = c->xmm = true;
		c->fast_at = word->at;
		if (!c->xmm_at.source)
			c->xmm_at = word->at;
	} else if (strcmp(word->text, "xmm") == 0) {
		c->xmm = true;
		c->xmm_at = word->at;
	} else if (strcmp(word->text, "counted") == 0) {
		c->counted = true;
		c->counted_at = word->at;
	} else if (strcmp(word->text, "varhead") == 0) {
		c->varhead = true;
		c->varhead_at = word->at;
	} else {
		diag_error(b->spec, &word->at, "unknown word '%s': a call is fast, xmm, varhead or counted",
			   word->text);
	}
}

static void call_words(struct build *b, struct call *c, const struct name_list *words)
{
	const struct name *shape = words ? &words->name : NULL;

	c->rep = shape && strcmp(shape->text, "rep") == 0;
	c->unknown = shape && strcmp(shape->text, "unknown") == 0;
	if (!c->rep && !c->unknown && (!shape || strcmp(shape->text, "simple") != 0)) {
		diag_error(b->spec, shape ? &shape->at : &c->code_at,
			   "a call is 'simple', 'rep' or 'unknown'; say which first");
		return;
	}
	for (const struct name_list *w = words->next; w; w = w->next)
		call_word(b, c, &w->name);
}

void build_call(struct build *b, const struct token *name, const struct token *code,
		const struct name_list *words)
{
	struct call *c = spec_alloc(b->spec, sizeof(*c));

	c->name = name->text;
	c->at = name->at;
	c->code = (uint16_t)code->number;
	c->code_at = code->at;
	if (code->number > UINT16_MAX)
		diag_error(b->spec, &code->at, "a call code has 16 bits");
	call_words(b, c, words);
	open_body(b, &c->about);
	b->call = c;
	APPEND(b->spec->calls, c);
}

void build_block(struct build *b, const struct token *keyword, struct block *block)
{
	if (block->present) {
		diag_error(b->spec, &keyword->at, "second block of this kind in one call");
		diag_note(b->spec, &block->at, "first declared here");
	}
	*block = (struct block){ .present = true, .at = keyword->at };
	b->field_list = &block->fields;
	b->target = b->body;
	b->fillers = 0;
}

void build_empty_var(struct build *b, const struct token *brace)
{
	diag_error(b->spec, &brace->at,
		   "a variable header is one field without an offset: write u64 name");
}

static void add_uses(struct offer_use **list, struct offer_use *uses)
{
	APPEND(*list, uses);
}

void build_offered(struct build *b, struct offer_use *uses)
{
	add_uses(&b->call->offered, uses);
	b->target = b->body;
}

void build_needs(struct build *b, struct offer_use *uses, const struct name *otherwise)
{
	b->target = b->body;
	if (b->call) {
		add_uses(&b->call->needs, uses);
		if (otherwise->text)
			b->call->denied_name = *otherwise;
		return;
	}
	add_uses(&b->msr->needs, uses);
	if (otherwise->text && strcmp(otherwise->text, "GP") != 0)
		diag_error(b->spec, &otherwise->at, "an MSR yields GP, not '%s'", otherwise->text);
}

void build_callers(struct build *b, const struct token *keyword, const struct name_list *words)
{
	if (b->call->callers)
		diag_error(b->spec, &keyword->at, "second list of callers");
	for (const struct name_list *w = words; w; w = w->next) {
		unsigned i = 0;

		while (caller_name(i) && strcmp(caller_name(i), w->name.text) != 0)
			i++;
		if (caller_name(i))
			b->call->callers |= 1u << i;
		else
			diag_error(b->spec, &w->name.at,
				   "unknown caller '%s': known are guest, parent, root, vtl",
				   w->name.text);
	}
	b->target = b->body;
}

void build_call_statuses(struct build *b, const struct name_list *words)
{
	for (const struct name_list *w = words; w; w = w->next) {
		struct status_use *u = spec_alloc(b->spec, sizeof(*u));

		u->name = w->name;
		APPEND(b->call->statuses, u);
	}
	b->target = b->body;
}

/* ---- MSRs and CPUID ---- */

/*
 * The words of an MSR answer two questions, its scope and its access; each must be answered once.
 * Or neither answer is known.
 */
static void msr_words(struct build *b, struct msr *m, const struct name_list *words)
{
	unsigned scopes = 0, accesses = 0;

	if (words && !words->next && strcmp(words->name.text, "unknown") == 0) {
		m->unknown = m->readable = m->writable = true;
		return;
	}
	for (const struct name_list *w = words; w; w = w->next) {
		const char *word = w->name.text;

		if (strcmp(word, "partition") == 0 || strcmp(word, "vp") == 0) {
			m->vp = word[0] == 'v';
			scopes++;
		} else if (strcmp(word, "ro") == 0 || strcmp(word, "wo") == 0 ||
			   strcmp(word, "rw") == 0) {
			m->readable = word[0] == 'r';
			m->writable = word[1] == 'w' || word[0] == 'w';
			accesses++;
		} else {
			diag_error(b->spec, &w->name.at, "unknown word '%s' here", word);
		}
	}
	if (scopes != 1)
		diag_error(b->spec, &m->at, "an MSR is either 'partition' or 'vp'");
	if (accesses != 1)
		diag_error(b->spec, &m->at, "an MSR is one of 'ro', 'wo' and 'rw'");
}

void build_msr(struct build *b, const struct token *name, const struct token *number,
	       const struct token *stride, const struct token *count, const struct name_list *words)
{
	struct msr *m = spec_alloc(b->spec, sizeof(*m));

	m->name = name->text;
	m->at = name->at;
	m->number = word_number(number);
	m->number_at = number->at;
	m->stride = m->count = 1;
	if (stride) {
		m->strided = true;
		m->stride = small_number(stride);
		m->count = small_number(count);
		if (!m->stride || !m->count)
			diag_error(b->spec, m->stride ? &count->at : &stride->at,
				   "must not be zero");
	}
	msr_words(b, m, words);
	open_body(b, &m->about);
	b->msr = m;
	b->bits_list = &m->bits;
	APPEND(b->spec->msrs, m);
}

void build_reset(struct build *b, const struct token *keyword, const struct token *number)
{
	if (b->msr->has_reset) {
		diag_error(b->spec, &keyword->at, "second reset value");
		diag_note(b->spec, &b->msr->reset_at, "first given here");
	}
	b->msr->has_reset = true;
	b->msr->reset = number->number;
	b->msr->reset_at = number->at;
	b->target = b->body;
}

void build_leaf(struct build *b, const struct token *number, const struct token *name)
{
	struct cpuid_leaf *l = spec_alloc(b->spec, sizeof(*l));

	l->name = name->text;
	l->at = name->at;
	l->number = word_number(number);
	l->number_at = number->at;
	open_body(b, &l->about);
	b->leaf = l;
	APPEND(b->spec->leaves, l);
}

void build_register(struct build *b, const struct token *name)
{
	static const char *const names[CPUID_REGISTERS] = { "eax", "ebx", "ecx", "edx" };
	int i = 0;

	b->target = b->body;
	while (i < CPUID_REGISTERS && strcmp(names[i], name->text) != 0)
		i++;
	if (i == CPUID_REGISTERS) {
		diag_error(b->spec, &name->at,
			   "unknown register '%s': a leaf has eax, ebx, ecx, edx", name->text);
		b->bits_list = &b->discarded;
		return;
	}
	if (b->leaf->registers[i].present) {
		diag_error(b->spec, &name->at, "second '%s' in one leaf", name->text);
		diag_note(b->spec, &b->leaf->registers[i].at, "first declared here");
	}
	b->leaf->registers[i] = (struct cpuid_register){ .present = true, .at = name->at };
	b->bits_list = &b->leaf->registers[i].bits;
}

/* ---- remarks ---- */

void build_remark(struct build *b, const struct token *subject)
{
	struct remark *r = spec_alloc(b->spec, sizeof(*r));

	r->subject = subject->text;
	r->at = subject->at;
	open_body(b, &r->about);
	APPEND(b->spec->remarks, r);
}

void build_absence(struct build *b, const struct token *name, const struct token *reason)
{
	struct absence *a = spec_alloc(b->spec, sizeof(*a));

	refuse_pending(b);
	if (!reason->text[0])
		diag_error(b->spec, &reason->at, "an absence without a reason");
	*a = (struct absence){ .name = name->text, .reason = reason->text, .at = name->at };
	APPEND(b->spec->absences, a);
}

/* ---- what does not parse ---- */

/* A name in the wrong place may be a keyword with a slip. */
static const char *keyword_hint(struct build *b, const struct token *found)
{
	struct near near = { .wanted = found->text };

	for (int kind = 0; kind < lex_kinds(); kind++)
		if (lex_keyword(kind))
			near_try(&near, lex_keyword(kind));
	return near.distance ? near_hint(b->spec, &near) : "";
}

void build_syntax_error(struct build *b, const struct token *found, const int *expected, int count)
{
	const char *hint = keyword_hint(b, found);
	char list[160] = "";
	size_t used = 0;

	for (int i = 0; i < count && count <= 4; i++) {
		const char *separator = i == 0 ? ", expected " : i == count - 1 ? " or " : ", ";

		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", separator,
					 lex_token_name(expected[i]));
	}
	if (b->failed)
		return;
	b->failed = true;
	if (found->text[0] && found->kind != TOKEN_END)
		diag_error(b->spec, &found->at, "unexpected '%.40s'%s", found->text,
			   *hint ? hint : list);
	else
		diag_error(b->spec, &found->at, "unexpected %s%s", lex_token_name(found->kind),
			   list);
}

void build_too_deep(struct build *b)
{
	struct pos at = { .source = b->source, .line = 1, .column = 1, .length = 1 };

	b->failed = true;
	diag_error(b->spec, &at, "nested too deep");
}
