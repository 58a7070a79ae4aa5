/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* hvgen gen: what is made of a specification. */
#include "command.h"

#include <stdio.h>
#include <string.h>

#include "model.h"
#include "out.h"

struct options {
	const char *folder, *file;
	unsigned sets;
};

static void refuse_set(const struct command *self, const char *name)
{
	command_refuse(self, "unknown set of outputs", name);
	fprintf(stderr, "known are");
	for (unsigned i = 0; out_set_name(i); i++)
		fprintf(stderr, "%s %s", i ? "," : "", out_set_name(i));
	fputs("; hvgen --help tells what is in them\n", stderr);
}

/* Take one word, or two of them. Returns how many; 0 after a refusal. */
static int take(const struct command *self, char **words, struct options *o)
{
	bool folder = command_is_option(words[0], "--output", "-o");

	if (folder || strcmp(words[0], "--only") == 0) {
		if (folder && o->folder)
			command_refuse(self, "second option", words[0]);
		else if (!words[1])
			command_refuse(self, folder ? "no folder behind" : "no set behind",
				       words[0]);
		else if (!folder && !out_set(words[1]))
			refuse_set(self, words[1]);
		else if (folder)
			return o->folder = words[1], 2;
		else
			return o->sets |= out_set(words[1]), 2;
		return 0;
	}
	if (words[0][0] == '-' && words[0][1])
		command_refuse(self, "unknown option", words[0]);
	else if (o->file)
		command_refuse(self, "more than one file: second is", words[0]);
	else
		return o->file = words[0], 1;
	return 0;
}

static int run(const struct command *self, char **words)
{
	struct options o = { 0 };
	size_t errors = 0;
	int status = GOOD;
	struct spec *s;

	for (int taken; *words; words += taken) {
		taken = take(self, words, &o);
		if (!taken)
			return BAD_USAGE;
	}
	if (!o.folder || !o.file)
		return command_refuse(self, o.folder ? "no file given" : "no output folder given",
				      NULL);
	s = command_load(o.file, &errors, &status);
	command_sum_up(errors);
	if (s && !out_write(s, o.folder, o.sets ? o.sets : ~0u))
		status = BAD_SPEC;
	spec_free(s);
	return status;
}

const struct command command_gen = {
	.name = "gen",
	.run = run,
	.usage = "-o FOLDER [--only SET]... FILE",
	.help = "Check FILE; if it has no mistakes, write the outputs into\n"
		"FOLDER, which is made when missing: all of them, or the SETs named.\n"
		"A file whose content would not change is left alone.",
};
