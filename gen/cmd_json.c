/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* hvgen json: the model of a specification for other programs. */
#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model_json.h"

static int print(const struct spec *s, bool places)
{
	struct text t = { 0 };
	bool written;

	model_json(&t, s, places);
	written = fwrite(t.data, 1, t.len, stdout) == t.len && fflush(stdout) == 0;
	if (!written)
		fprintf(stderr, "hvgen: cannot write the model: %s\n", strerror(errno));
	text_free(&t);
	return written ? GOOD : BAD_SPEC;
}

static int run(const struct command *self, char **words)
{
	const char *file = NULL;
	bool places = false;
	size_t errors = 0;
	int status = GOOD;
	struct spec *s;

	for (; *words; words++) {
		if (strcmp(*words, "--places") == 0)
			places = true;
		else if (**words == '-' && (*words)[1])
			return command_refuse(self, "unknown option", *words);
		else if (file)
			return command_refuse(self, "more than one file: second is", *words);
		else
			file = *words;
	}
	if (!file)
		return command_refuse(self, "no file given", NULL);
	s = command_load(file, &errors, &status);
	command_sum_up(errors);
	if (s)
		status = print(s, places);
	spec_free(s);
	return status;
}

const struct command command_json = {
	.name = "json",
	.run = run,
	.usage = "[--places] FILE",
	.help = "Write the model of one FILE without mistakes to standard output, as\n"
		"gen/model.schema.json describes it. It does not depend on how the text\n"
		"is laid out; with --places each item also says where it is declared.",
};
