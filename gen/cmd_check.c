/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* hvgen check: what is wrong with specifications. */
#include "command.h"

#include "model.h"

static int run(const struct command *self, char **words)
{
	size_t errors = 0;
	int status = GOOD;

	if (!*words)
		return command_refuse(self, "no file given", NULL);
	for (; *words; words++) {
		if (**words == '-' && (*words)[1])
			return command_refuse(self, "unknown option", *words);
		spec_free(command_load(*words, &errors, &status));
	}
	command_sum_up(errors);
	return status;
}

const struct command command_check = {
	.name = "check",
	.run = run,
	.usage = "FILE...",
	.help = "Read each FILE, report every mistake with its line and a caret on\n"
		"standard error, write nothing.",
};
