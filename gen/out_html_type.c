/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The pages of types. */
#include "html_layout.h"
#include "out_html.h"
#include "spell.h"
#include "words.h"

static const char *kind(const struct type *y)
{
	static const char *const kinds[] = {
		[TYPE_INTEGER] = "integer", [TYPE_ALIAS] = "name of an integer",
		[TYPE_BITS] = "bits",	    [TYPE_ENUM] = "values",
		[TYPE_FLAGS] = "flags",	    [TYPE_STRUCT] = "structure",
	};

	return namef("%s%s, %u byte%s", y->kind == TYPE_ENUM && y->open ? "open list of " : "",
		     kinds[y->kind], y->size, y->size == 1 ? "" : "s");
}

static void value(struct text *t, const struct type *y, const struct enumerator *e)
{
	bool flag = y->kind == TYPE_FLAGS;

	emit(t, "<tr id=\"%s\"><td class=\"n\">", value_anchor(e));
	emit(t, flag ? "%llu" : "0x%llx", (unsigned long long)e->value);
	emit(t, "</td><td><b>");
	html_name(t, e->named);
	emit(t, "</b> <code>%s</code>", e->name);
	if (e->type && e->type->kind != TYPE_INTEGER) {
		emit(t, ": ");
		html_link(t, href_type(e->type), e->type_name.text, true);
	} else if (e->type) {
		emit(t, ": <code>%s</code>", e->type_name.text);
	}
	emit(t, "</td><td>");
	html_remarks(t, &e->about);
	emit(t, "</td></tr>\n");
}

static void values(struct text *t, const struct type *y)
{
	emit(t, "<h2>%s</h2>\n", y->kind == TYPE_FLAGS ? "Flags" : "Values");
	html_table(t, "values", y->kind == TYPE_FLAGS ? "bit|name|remarks" : "value|name|remarks");
	for (const struct enumerator *e = y->values; e; e = e->next)
		value(t, y, e);
	html_table_end(t);
}

static void type(struct site *site, const struct type *y)
{
	struct text *t = &site->page;

	html_open(t, site, "types.html", y->name);
	html_title(t, "types.html", "Types", &y->at, y->name, kind(y));
	html_lead(t, &y->about);
	emit(t, "<dl>\n");
	html_fact_text(t, "Made of", y->base_name.text ? namef("`%s`", y->base_name.text) : NULL);
	html_facts_about(t, &y->about);
	if (for_x64(&y->about))
		html_fact_text(t, "In C", namef("`%s`", c_type("hv_", y)));
	emit(t, "</dl>\n");
	html_marks(t, &y->about);
	if (y->kind == TYPE_BITS)
		html_bits(t, "Bits", y->bits, y->size * 8, NULL);
	else if (y->kind == TYPE_STRUCT)
		html_fields(t, "Layout", y->fields, y->size);
	else if (y->kind != TYPE_ALIAS)
		values(t, y);
	html_users(t, site, y, "Used by");
	html_close(t, site);
	site_save(site, href_type(y));
}

void out_html_types(struct site *site)
{
	for (const struct type *y = site->spec->types; y; y = y->next)
		type(site, y);
}
