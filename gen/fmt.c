/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The canonical form of a source, and the proof that it says the same. */
#include "fmt.h"

#include <assert.h>
#include <string.h>

#include "parse.h"
#include "read.h"

/* The atoms of a text; NULL when it cannot be read. */
static struct atom *read_atoms(struct spec *s, const char *name, const char *text, size_t size)
{
	struct token_list tokens = { 0 };
	const struct source *source = read_alone(s, name, text, size, &tokens);
	struct atom *atoms = s->error_count ? NULL : fmt_atoms(s, source, &tokens);

	token_list_free(&tokens);
	return atoms;
}

static bool same_atom(const struct atom *a, const struct atom *b)
{
	return a->kind == b->kind && a->length == b->length &&
	       memcmp(a->text, b->text, a->length) == 0;
}

/* Whether a text has the same words, notes and comments, with the same belonging to the same. */
static bool says_same(const struct atom *wanted, const char *name, const struct text *t)
{
	struct spec *s = spec_new();
	const struct atom *got = read_atoms(s, name, t->data ? t->data : "", t->len);
	bool same = got != NULL;

	for (; same && wanted->kind != TOKEN_END; wanted++, got++)
		same = same_atom(wanted, got);
	same = same && got->kind == TOKEN_END;
	spec_free(s);
	return same;
}

bool fmt_text(struct spec *s, const char *name, const char *text, size_t size, struct text *out)
{
	const struct atom *atoms = read_atoms(s, name, text, size);
	struct table *tables;
	struct entry *entries;

	if (!atoms)
		return false;
	entries = fmt_entries(s, atoms, &tables);
	fmt_layout(out, entries, tables);
	assert(says_same(atoms, name, out));
	return true;
}
