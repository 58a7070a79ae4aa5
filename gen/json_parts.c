/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Parts that items of several kinds share: names, remarks, fields, bits, values and rules. */
#include "model_json.h"

#include <string.h>

#include "spell.h"

/* ---- names ---- */

const char *type_title(const struct type *t)
{
	if (t->kind == TYPE_INTEGER)
		return t->name;
	return t->about.named ? t->about.named : namef("HV_%s", upper(t->name));
}

const char *value_title(const struct type *t, const struct enumerator *e)
{
	if (e->about.named)
		return e->about.named;
	return namef("%s_%s", type_title(t), upper(e->name));
}

const char *offer_title(const struct offer_bit *b)
{
	return b->about.named ? b->about.named : camel(b->name);
}

const char *part_title(const struct bits *b)
{
	if (b->about.named)
		return b->about.named;
	if (b->source == CPUID_OFFER && b->offer->target)
		return offer_title(b->offer->target);
	return camel(b->name);
}

const char *status_title(const struct status *s)
{
	return status_is_fault(s) ? s->name : c_status(s);
}

/* ---- what is said of anything ---- */

void put_head(struct model_json *m, const char *name, uint64_t value, const char *id)
{
	json_text(&m->json, "name", name);
	json_number(&m->json, "value", value);
	json_text(&m->json, "id", id);
}

static void put_optional(struct json *j, const char *key, const char *text)
{
	if (text && *text)
		json_text(j, key, text);
}

static void put_names(struct json *j, const char *key, const struct name_list *names)
{
	if (!names)
		return;
	json_array(j, key);
	for (; names; names = names->next)
		json_text(j, NULL, names->name.text);
	json_end(j);
}

static void put_marks(struct json *j, const struct mark *marks)
{
	if (!marks)
		return;
	json_array(j, "marks");
	for (; marks; marks = marks->next) {
		json_row(j, NULL);
		json_text(j, "kind", mark_name(marks->kind));
		json_text(j, "reason", marks->reason);
		json_end(j);
	}
	json_end(j);
}

/* Other hypervisors that have it, and with what reserve. */
static void put_seen(struct json *j, const struct seen *seen)
{
	if (!seen)
		return;
	json_array(j, "seen");
	for (; seen; seen = seen->next) {
		json_row(j, NULL);
		json_text(j, "in", seen_name(seen->who));
		put_optional(j, "how", seen->how);
		json_end(j);
	}
	json_end(j);
}

const char *source_name(const struct spec *s, const struct source *source)
{
	const char *front = s->sources->name, *slash = strrchr(front, '/');
	size_t folder = slash ? (size_t)(slash + 1 - front) : 0;

	return strncmp(source->name, front, folder) == 0 ? source->name + folder : source->name;
}

static void put_place(struct model_json *m, const struct pos *at)
{
	json_row(&m->json, "place");
	json_text(&m->json, "file", source_name(m->spec, at->source));
	json_number(&m->json, "line", at->line);
	json_number(&m->json, "column", at->column);
	json_end(&m->json);
}

void put_about(struct model_json *m, const struct about *a, const struct pos *at)
{
	struct json *j = &m->json;

	if (a->arch != ARCH_ALL)
		json_text(j, "arch", a->arch & ARCH_X64 ? "x64" : "arm64");
	put_optional(j, "unimplemented", a->unimplemented);
	put_optional(j, "doc", a->doc);
	put_offers(m, "offered", a->offered);
	put_names(j, "formerly", a->formerly);
	put_names(j, "refs", a->refs);
	put_optional(j, "since", a->since);
	put_marks(j, a->marks);
	put_seen(j, a->seen);
	if (m->places)
		put_place(m, at);
}

void put_offers(struct model_json *m, const char *key, const struct offer_use *uses)
{
	if (!uses)
		return;
	json_array(&m->json, key);
	for (; uses; uses = uses->next)
		json_text(&m->json, NULL, namef("%s.%s", uses->block.text, uses->bit.text));
	json_end(&m->json);
}

/* ---- rules ---- */

/* Put a word behind a rule, as it stands in the language. */
static const char *add_word(const char *rule, const char *word)
{
	return *rule ? namef("%s %s", rule, word) : word;
}

static const char *add_range(const char *rule, const struct range *in)
{
	return add_word(rule, namef("in 0x%llx..0x%llx", (unsigned long long)in->low,
				    (unsigned long long)in->high));
}

static void put_rule(struct json *j, const char *rule)
{
	json_text(j, "rule", *rule ? rule : NULL);
}

static const char *field_rule(const struct field *f)
{
	const char *rule = f->kind == FIELD_PAD			? "pad"
			   : f->kind == FIELD_MBZ || f->zero	? "mbz"
								: "";

	if (f->in)
		rule = add_range(rule, f->in);
	if (f->nonzero)
		rule = add_word(rule, "nonzero");
	if (f->valid)
		rule = add_word(rule, namef("valid %s", valid_name(f->valid)));
	if (f->count_of.text)
		rule = add_word(rule, namef("count_of %s", f->count_of.text));
	if (f->unless)
		rule = add_word(rule, namef("unless %s.%s", f->unless->field.text,
					    f->unless->bit.text));
	if (f->otherwise.text)
		rule = add_word(rule, namef("else %s", f->otherwise.text));
	return rule;
}

static const char *part_rule(const struct bits *b)
{
	static const char *const kinds[] = {
		[BITS_NAMED] = "", [BITS_MBZ] = "mbz", [BITS_PAD] = "pad",
		[BITS_PRESERVE] = "preserve",
	};
	const char *rule = kinds[b->kind];

	if (b->in)
		rule = add_range(rule, b->in);
	if (b->nonzero)
		rule = add_word(rule, "nonzero");
	if (b->gpa)
		rule = add_word(rule, "gpa");
	if (b->locks)
		rule = add_word(rule, "locks");
	if (b->unless.text)
		rule = add_word(rule, namef("unless %s", b->unless.text));
	if (b->ignored_unless.text)
		rule = add_word(rule, namef("ignored_unless %s", b->ignored_unless.text));
	return rule;
}

void put_checks(struct model_json *m, const struct check *checks)
{
	static const char *const parts[] = {
		[PART_IN] = "input", [PART_VAR] = "variable", [PART_EACH] = "rep",
		[PART_MSR] = "msr",
	};
	struct json *j = &m->json;

	json_array(j, "checks");
	for (; checks; checks = checks->next) {
		json_row(j, NULL);
		json_text(j, "id", checks->id);
		json_text(j, "part", parts[checks->on.part]);
		json_text(j, "path", checks->on.path);
		json_text(j, "text", checks->text);
		json_text(j, "status", status_title(checks->status));
		json_end(j);
	}
	json_end(j);
}

/* ---- rows ---- */

static void put_field(struct model_json *m, const struct field *f, unsigned base)
{
	struct json *j = &m->json;

	json_row(j, NULL);
	json_number(j, "offset", base + f->offset);
	json_number(j, "size", field_size(f));
	json_text(j, "name", f->name);
	if (f->kind == FIELD_DATA) {
		json_text(j, "type", type_title(f->type));
		if (f->is_array)
			json_number(j, "count", f->count);
	}
	put_rule(j, field_rule(f));
	put_about(m, &f->about, &f->at);
	json_end(j);
}

void put_fields(struct model_json *m, const char *key, const struct field *fields, unsigned base)
{
	json_array(&m->json, key);
	for (; fields; fields = fields->next)
		put_field(m, fields, base);
	json_end(&m->json);
}

void put_bits(struct model_json *m, const char *key, const struct bits *bits)
{
	struct json *j = &m->json;

	json_array(j, key);
	for (const struct bits *b = bits; b; b = b->next) {
		json_row(j, NULL);
		json_text(j, "name", b->name ? part_title(b) : NULL);
		json_number(j, "value", b->low);
		json_text(j, "id", b->name);
		json_number(j, "width", b->high - b->low + 1);
		if (b->type)
			json_text(j, "type", type_title(b->type));
		put_rule(j, part_rule(b));
		put_about(m, &b->about, &b->at);
		json_end(j);
	}
	json_end(j);
}

void put_value(struct model_json *m, const char *name, const struct enumerator *e)
{
	json_row(&m->json, NULL);
	put_head(m, name, e->value, e->name);
	if (e->type)
		json_text(&m->json, "layout", type_title(e->type));
	put_about(m, &e->about, &e->at);
	json_end(&m->json);
}

void put_values(struct model_json *m, const char *key, const struct type *t)
{
	json_array(&m->json, key);
	for (const struct enumerator *e = t->values; e; e = e->next)
		put_value(m, value_title(t, e), e);
	json_end(&m->json);
}
