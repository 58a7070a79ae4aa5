/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* hvgen flat: a specification as one file, as releases are kept. */
#include "command.h"

#include <stdio.h>
#include <string.h>

#include "model.h"

/* The source that stands in place of a line of another, or NULL. */
static const struct source *included_at(const struct spec *s, const struct source *by,
					unsigned line)
{
	for (const struct source *i = s->sources; i; i = i->next)
		if (i->includer == by && i->included_at.line == line)
			return i;
	return NULL;
}

static bool is_include(const char *line)
{
	return strncmp(line, "include", 7) == 0 && strchr(" \t\r\n\"", line[7]);
}

static void print_line(const char *line, size_t length)
{
	if (is_include(line))
		return; /* read already: each source counts once */
	fwrite(line, 1, length, stdout);
	if (line[length - 1] != '\n')
		putchar('\n');
}

static void print_source(const struct spec *s, const struct source *source)
{
	const char *line = source->text, *end = source->text + source->size;

	for (unsigned number = 1; line < end; number++) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t length = newline ? (size_t)(newline + 1 - line) : (size_t)(end - line);
		const struct source *other = included_at(s, source, number);

		if (other)
			print_source(s, other);
		else
			print_line(line, length);
		line += length;
	}
}

static int run(const struct command *self, char **words)
{
	size_t errors = 0;
	int status = GOOD;
	struct spec *s;

	if (!words[0])
		return command_refuse(self, "no file given", NULL);
	if (words[0][0] == '-' && words[0][1])
		return command_refuse(self, "unknown option", words[0]);
	if (words[1])
		return command_refuse(self, "more than one file: second is", words[1]);
	s = command_load(words[0], &errors, &status);
	command_sum_up(errors);
	if (s)
		print_source(s, s->sources);
	spec_free(s);
	return status;
}

const struct command command_flat = {
	.name = "flat",
	.run = run,
	.usage = "FILE",
	.help = "Print FILE with its includes in their places, as one file.",
};
