/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* hvgen diff: what changed between two specifications, and what that breaks. */
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff.h"
#include "read.h"

/* The exit status tells the verdict, which is why mistakes have others than elsewhere. */
enum {
	DIFF_SAME = 0,
	DIFF_COMPATIBLE = 1,
	DIFF_BREAKING = 2,
	DIFF_BAD_SPEC = 3,
	DIFF_BAD_USAGE = 4,
	DIFF_BAD_VERSION = 5,
};

enum { WAIVER_LINE = 512 };  /* bytes that a line of a file of waivers may have */

enum form { FORM_TEXT, FORM_JSON, FORM_CHANGELOG };

/* A change that is known and wanted. */
struct waiver {
	struct waiver *next;
	const char *rule, *item;
	bool used;
};

struct options {
	const struct command *self;
	const char *old, *new;
	enum form form;
	bool release, rules;
	struct waiver *waivers;
};

/* ---- waivers ---- */

static int refuse(const struct options *o, const char *what, const char *word)
{
	command_refuse(o->self, what, word);
	return 0;
}

static bool is_rule(const char *name)
{
	for (unsigned i = 0; i < DIFF_RULE_COUNT; i++)
		if (strcmp(diff_rules[i].name, name) == 0)
			return true;
	return false;
}

/* Take RULE@ITEM. False after a message. */
static bool allow(struct options *o, const char *word)
{
	const char *at = strchr(word, '@');
	struct waiver *w;

	if (!at || !at[1])
		return refuse(o, "a waiver is RULE@ITEM, not", word);
	w = calloc(1, sizeof(*w));
	if (!w) {
		fputs("hvgen: out of memory\n", stderr);
		exit(DIFF_BAD_USAGE);
	}
	w->rule = namef("%.*s", (int)(at - word), word);
	w->item = namef("%s", at + 1);
	APPEND(o->waivers, w);
	return is_rule(w->rule) || refuse(o, "unknown rule", w->rule);
}

/* One waiver a line; '#' and what follows says why. */
static bool allow_line(struct options *o, char *line)
{
	line[strcspn(line, "#\r\n")] = '\0';
	line += strspn(line, " \t");
	for (size_t end = strlen(line); end && strchr(" \t", line[end - 1]);)
		line[--end] = '\0';
	return !*line || allow(o, line);
}

static bool allow_file(struct options *o, const char *path)
{
	FILE *file = fopen(path, "r");
	char line[WAIVER_LINE];
	bool good = true;

	if (!file)
		return refuse(o, "cannot read the file of waivers", path);
	while (good && fgets(line, sizeof(line), file))
		good = allow_line(o, line);
	if (ferror(file))
		good = refuse(o, "cannot read the file of waivers", path);
	fclose(file);
	return good;
}

static void free_waivers(struct options *o)
{
	for (struct waiver *w = o->waivers, *next; w; w = next) {
		next = w->next;
		free(w);
	}
}

static bool waives(struct waiver *w, const struct change *c)
{
	if (strcmp(w->rule, diff_rules[c->rule].name) != 0 || strcmp(w->item, c->item) != 0)
		return false;
	w->used = true;
	return true;
}

static void apply_waivers(const struct options *o, struct diff *d)
{
	for (struct change *c = d->changes; c; c = c->next)
		for (struct waiver *w = o->waivers; w; w = w->next)
			if (waives(w, c))
				c->allowed = true;
	for (const struct waiver *w = o->waivers; w; w = w->next)
		if (!w->used)
			fprintf(stderr, "hvgen: diff: nothing is allowed by '%s@%s'\n", w->rule,
				w->item);
}

/* ---- words ---- */

static int take_file(const char **file, const char *word)
{
	*file = word;
	return 1;
}

/* Take one word, or two of them. Returns how many; 0 after a refusal. */
static int take(struct options *o, char **words)
{
	const char *word = words[0];

	if (strcmp(word, "--json") == 0)
		return o->form = FORM_JSON, 1;
	if (strcmp(word, "--changelog") == 0)
		return o->form = FORM_CHANGELOG, 1;
	if (strcmp(word, "--release") == 0)
		return o->release = true, 1;
	if (strcmp(word, "--rules") == 0)
		return o->rules = true, 1;
	if (strcmp(word, "--allow") == 0 || strcmp(word, "--allow-file") == 0) {
		if (!words[1])
			return refuse(o, "nothing behind", word);
		return (word[7] ? allow_file(o, words[1]) : allow(o, words[1])) ? 2 : 0;
	}
	if (word[0] == '-' && word[1])
		return refuse(o, "unknown option", word);
	if (o->new)
		return refuse(o, "more than two files: third is", word);
	return take_file(o->old ? &o->new : &o->old, word);
}

/* ---- the command ---- */

static void print_text(struct text *t)
{
	if (t->len)
		fwrite(t->data, 1, t->len, stdout);
	text_free(t);
}

static void print(const struct options *o, const struct diff *d)
{
	struct text t = { 0 };

	if (o->form == FORM_TEXT)
		diff_print_text(d, stdout);
	else if (o->form == FORM_JSON)
		diff_print_json(d, &t);
	else
		diff_print_changelog(d, &t);
	print_text(&t);
}

static int verdict(const struct options *o, const struct diff *d)
{
	if (o->release)
		return diff_version_suffices(d) ? DIFF_SAME : DIFF_BAD_VERSION;
	if (diff_verdict(d) == BREAKING)
		return DIFF_BREAKING;
	return diff_level(d) >= MINOR ? DIFF_COMPATIBLE : DIFF_SAME;
}

static int verdict_of_mistakes(int status)
{
	return status == GOOD ? DIFF_SAME : status == BAD_SPEC ? DIFF_BAD_SPEC : DIFF_BAD_USAGE;
}

static int compare(const struct options *o)
{
	size_t errors = 0;
	int status = GOOD;
	struct spec *old = command_load(o->old, &errors, &status);
	struct spec *new = command_load(o->new, &errors, &status);

	command_sum_up(errors);
	if (status == GOOD) {
		struct diff d = diff_specs(old, new);

		apply_waivers(o, &d);
		print(o, &d);
		status = verdict(o, &d);
	} else {
		status = verdict_of_mistakes(status);
	}
	spec_free(old);
	spec_free(new);
	return status;
}

/* A changelog starts with a version that has nothing before it. */
static int print_first(const struct options *o)
{
	size_t errors = 0;
	int status = GOOD;
	struct spec *s = command_load(o->old, &errors, &status);
	struct text t = { 0 };

	command_sum_up(errors);
	if (s)
		diff_print_first(s, &t);
	print_text(&t);
	spec_free(s);
	return verdict_of_mistakes(status);
}

static int print_rules(void)
{
	struct text t = { 0 };

	diff_print_rules(&t);
	print_text(&t);
	return DIFF_SAME;
}

static int run_with(struct options *o, char **words)
{
	for (int taken; *words; words += taken) {
		taken = take(o, words);
		if (!taken)
			return DIFF_BAD_USAGE;
	}
	if (o->rules)
		return print_rules();
	if (o->form == FORM_CHANGELOG && o->old && !o->new)
		return print_first(o);
	if (!o->new) {
		refuse(o, "two files are needed", NULL);
		return DIFF_BAD_USAGE;
	}
	return compare(o);
}

static int run(const struct command *self, char **words)
{
	struct options o = { .self = self };
	int status = run_with(&o, words);

	free_waivers(&o);
	return status;
}

const struct command command_diff = {
	.name = "diff",
	.run = run,
	.usage = "[--json | --changelog] [--release] [--allow RULE@ITEM]... [--allow-file F]...\n"
		 "                  OLD NEW",
	.help = "What changed from OLD to NEW: each change with its rule, what it does\n"
		"to running guests (wire) and to sources, the part of the version it\n"
		"demands, and its line in both files. --changelog says the same in\n"
		"Markdown; with one file alone, that it is the first. A change that\n"
		"is allowed counts for nothing; F has a waiver on each line. --rules\n"
		"prints the table of rules instead.\n"
		"Exit status: 0 nothing that guests or sources notice; 1 compatible;\n"
		"2 breaking; 3 mistakes in a file; 4 wrong usage, or a file cannot be\n"
		"read. With --release: 0 NEW's version goes as far as the changes\n"
		"demand; 5 it does not.",
};
