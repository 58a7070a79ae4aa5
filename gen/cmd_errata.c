/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* hvgen errata: the marks of a specification as a page, by chapter and kind. */
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emit.h"
#include "items.h"

enum { SHOWN_ITEMS = 4 };  /* of those that share a mark's reason; the others are counted */

/* One mark at one item. */
struct entry {
	const struct mark *mark;
	const char *name;
	enum item_kind kind;
	unsigned order;        /* of being found, to sort by */
	bool told;
};

struct list {
	struct entry *entries;
	size_t count, room;
};

static const struct {
	const char *title, *meaning;
} kinds[MARK_COUNT] = {
	[MARK_ERRATUM] = { "Wrong in the document", "the document contradicts itself or cannot be right" },
	[MARK_DISPUTED] = { "Disputed", "sources disagree" },
	[MARK_OBSERVED] = { "Observed", "no document has it; this is what software does" },
	[MARK_OURS] = { "Our choice", "no source decides it" },
};

/* What a reader wants to know first. */
static const enum mark_kind order[MARK_COUNT] = {
	MARK_ERRATUM, MARK_DISPUTED, MARK_OBSERVED, MARK_OURS,
};

/* ---- the list ---- */

static void add(void *context, const struct item *item)
{
	struct list *l = context;

	for (const struct mark *m = item->about->marks; m; m = m->next) {
		if (l->count == l->room) {
			l->room = l->room ? l->room * 2 : 256;
			l->entries = realloc(l->entries, l->room * sizeof(*l->entries));
			if (!l->entries) {
				fputs("hvgen: out of memory\n", stderr);
				exit(BAD_USAGE);
			}
		}
		l->entries[l->count] = (struct entry){ m, item->name, item->kind,
						       (unsigned)l->count, false };
		l->count++;
	}
}

/* By file, then by place; marks of one block stand at one place and keep the order of its items. */
static int compare(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	const struct pos *x = &a->mark->at, *y = &b->mark->at;

	if (x->source != y->source)
		return x->source->index < y->source->index ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

/* ---- the page ---- */

static void print_name(struct text *t, const struct entry *e)
{
	emit(t, e->kind == ITEM_REMARK ? "%s" : "`%s`", e->name);
}

static bool shares(const struct entry *a, const struct entry *b)
{
	return a->mark->kind == b->mark->kind && strcmp(a->mark->reason, b->mark->reason) == 0;
}

/* One reason, with all of its file that share it; they are told with it. */
static void print_entry(struct text *t, struct entry *first, struct entry *end)
{
	unsigned shared = 0;

	emit(t, "- ");
	for (struct entry *e = first; e < end; e++) {
		if (!shares(e, first))
			continue;
		if (shared < SHOWN_ITEMS) {
			emit(t, "%s", shared ? ", " : "");
			print_name(t, e);
		}
		shared++;
		e->told = true;
	}
	if (shared > SHOWN_ITEMS)
		emit(t, " and %u more", shared - SHOWN_ITEMS);
	emit_line(t, ": %s", first->mark->reason);
}

static void print_kind(struct text *t, struct entry *first, struct entry *end, enum mark_kind kind)
{
	bool any = false;

	for (struct entry *e = first; e < end; e++) {
		if (e->told || e->mark->kind != kind)
			continue;
		if (!any)
			emit_line(t, "\n%s:\n", kinds[kind].title);
		any = true;
		print_entry(t, e, end);
	}
}

/* The name without its folders: the page stands beside the files. */
static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void print_files(struct text *t, struct list *l)
{
	struct entry *end = l->entries + l->count, *next;

	for (struct entry *first = l->entries; first < end; first = next) {
		const struct source *source = first->mark->at.source;

		for (next = first; next < end && next->mark->at.source == source;)
			next++;
		emit_line(t, "\n## [%s](%s)",
			  source->title ? source->title : base_name(source->name),
			  base_name(source->name));
		for (unsigned i = 0; i < MARK_COUNT; i++)
			print_kind(t, first, next, order[i]);
	}
}

static unsigned count_marks(const struct list *l, enum mark_kind kind)
{
	unsigned count = 0;

	for (size_t i = 0; i < l->count; i++) {
		bool again = i && l->entries[i - 1].mark->at.line == l->entries[i].mark->at.line &&
			     l->entries[i - 1].mark->at.column == l->entries[i].mark->at.column &&
			     l->entries[i - 1].mark->at.source == l->entries[i].mark->at.source;

		count += !again && l->entries[i].mark->kind == kind;
	}
	return count;
}

static void print_head(struct text *t, const struct list *l)
{
	emit_line(t, "# Errata\n\n"
		     "What the documents and their readers do not agree on, and what was decided here.\n"
		     "Printed by `hvgen errata` from the marks of the specification: change those, not this page.\n"
		     "A mark stands at its item; where several of a file share a reason, they share a line.\n\n"
		     "| mark | how many | what it says |\n|---|---|---|");
	for (unsigned i = 0; i < MARK_COUNT; i++)
		emit_line(t, "| @%s | %u | %s |", mark_name(order[i]), count_marks(l, order[i]),
			  kinds[order[i]].meaning);
}

static void print_absences(struct text *t, const struct spec *s)
{
	if (s->absences)
		emit_line(t, "\n## Left out on purpose\n");
	for (const struct absence *a = s->absences; a; a = a->next)
		emit_line(t, "- `%s`: %s", a->name, a->reason);
}

static void print_page(const struct spec *s)
{
	struct list list = { 0 };
	struct text text = { 0 };

	each_item(s, add, &list);
	if (list.count)
		qsort(list.entries, list.count, sizeof(*list.entries), compare);
	print_head(&text, &list);
	print_files(&text, &list);
	print_absences(&text, s);
	fwrite(text.data, 1, text.len, stdout);
	text_free(&text);
	free(list.entries);
}

static int run(const struct command *self, char **words)
{
	return command_print(self, words, print_page);
}

const struct command command_errata = {
	.name = "errata",
	.run = run,
	.usage = "FILE",
	.help = "Print what is wrong in the documents, disputed, observed or chosen, and\n"
		"what is left out, as a page in Markdown: spec/ERRATA.md.",
};
