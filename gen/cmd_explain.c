/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* hvgen explain: what a name or a number of the interface means. */
#include "command.h"

#include <stdio.h>

#include "explain.h"

struct options {
	const char *file, *word;
	bool all;
};

static int take(const struct command *self, char **words, struct options *o)
{
	if (command_is_option(words[0], "--spec", "-s")) {
		if (words[1] && !o->file)
			return o->file = words[1], 2;
		command_refuse(self, words[1] ? "second option" : "no file behind", words[0]);
		return 0;
	}
	if (command_is_option(words[0], "--all", "-a"))
		return o->all = true, 1;
	if (words[0][0] == '-')
		command_refuse(self, "unknown option", words[0]);
	else if (o->word)
		command_refuse(self, "more than one name: second is", words[0]);
	else
		return o->word = words[0], 1;
	return 0;
}

static int not_found(struct spec *s, const char *word)
{
	const char *near = find_near(s, word);

	fprintf(stderr, "hvgen: explain: nothing is called '%s'\n", word);
	if (near)
		fprintf(stderr, "did you mean %s?\n", near);
	return BAD_USAGE;
}

/* A line for each of the things, with the word that means it alone. */
static void list(const struct found *f, const char *word)
{
	printf("'%s' may mean:\n", word);
	for (; f; f = f->next)
		printf("  hvgen explain %s:%s\n", find_kind(f), find_name(f));
}

static int answer(struct spec *s, const struct options *o)
{
	const struct found *f = find(s, o->word);
	struct screen screen = { 0 };

	if (!f)
		return not_found(s, o->word);
	if (f->next) {
		list(f, o->word);
		return GOOD;
	}
	explain(&screen, s, f);
	screen_show(&screen, stdout, o->all);
	return GOOD;
}

static int run(const struct command *self, char **words)
{
	struct options o = { 0 };
	int status = GOOD;
	struct spec *s;

	for (int taken; *words; words += taken) {
		taken = take(self, words, &o);
		if (!taken)
			return BAD_USAGE;
	}
	if (!o.word || !*o.word)
		return command_refuse(self, "no name given", NULL);
	s = command_load_usual(o.file, &status);
	if (s)
		status = answer(s, &o);
	spec_free(s);
	return command_printed(self, status);
}

const struct command command_explain = {
	.name = "explain",
	.run = run,
	.usage = "[-s FILE] [--all] NAME",
	.help = "What NAME means: a call, MSR, CPUID leaf or bit, status, register,\n"
		"type, value, privilege or rule, in any usual spelling or by its\n"
		"number. One screen; --all does not cut it. KIND:NAME chooses where a\n"
		"name means several things. Without FILE: spec/hypercalls.def here or\n"
		"beside the folder of hvgen, or what was installed with it.",
};
