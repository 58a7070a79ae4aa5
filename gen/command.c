/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What the commands of hvgen share: reading their specification, and refusing words. */
#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "diag.h"
#include "digest.h"
#include "emit.h"
#include "model.h"
#include "read.h"

int command_refuse(const struct command *c, const char *what, const char *word)
{
	fprintf(stderr, "hvgen: %s: %s%s%s%s\n", c->name, what, word ? " '" : "", word ? word : "",
		word ? "'" : "");
	fprintf(stderr, "usage: hvgen %s %s\n", c->name, c->usage);
	return BAD_USAGE;
}

int command_unread(const char *path)
{
	fprintf(stderr, "hvgen: cannot read '%s': %s\n", path, strerror(errno));
	return BAD_USAGE;
}

struct spec *command_load(const char *path, size_t *errors, int *status)
{
	struct spec *s = spec_new();

	if (!read_spec(s, path)) {
		*status = command_unread(path);
	} else if (!spec_check(s)) {
		diag_print(s, stderr);
		*errors += s->error_count;
		if (*status == GOOD)
			*status = BAD_SPEC;
	} else {
		spec_digest(s);
		return s;
	}
	spec_free(s);
	return NULL;
}

int command_printed(const struct command *c, int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "hvgen: cannot write what %s prints: %s\n", c->name, strerror(errno));
	return BAD_SPEC;
}

int command_print(const struct command *c, char **words, void (*print)(const struct spec *s))
{
	size_t errors = 0;
	int status = GOOD;
	struct spec *s;

	if (!words[0])
		return command_refuse(c, "no file given", NULL);
	if (words[0][0] == '-' && words[0][1])
		return command_refuse(c, "unknown option", words[0]);
	if (words[1])
		return command_refuse(c, "more than one file: second is", words[1]);
	s = command_load(words[0], &errors, &status);
	command_sum_up(errors);
	if (s)
		print(s);
	spec_free(s);
	return command_printed(c, status);
}

/* Beside the folder of the program, NULL when it is not there. */
static const char *beside_program(const char *name)
{
	const char *whole;
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n <= 0)
		return NULL;
	path[n] = 0;
	for (unsigned up = 0; up < 2 && strrchr(path, '/'); up++)
		*strrchr(path, '/') = 0;
	whole = namef("%s/%s", path, name);
	return access(whole, R_OK) == 0 ? whole : NULL;
}

static const char *usual_spec(void)
{
	static const char *const usual = "spec/hypercalls.def";
	const char *path = access(usual, R_OK) == 0 ? usual : beside_program(usual);

	return path ? path : beside_program("share/hv-tlfs/hypercalls.def");
}

struct spec *command_load_usual(const char *path, int *status)
{
	size_t errors = 0;
	struct spec *s;

	if (!path)
		path = usual_spec();
	if (!path) {
		fputs("hvgen: no specification here nor beside hvgen: name it with -s\n", stderr);
		*status = BAD_USAGE;
		return NULL;
	}
	s = command_load(path, &errors, status);
	command_sum_up(errors);
	return s;
}

void command_sum_up(size_t errors)
{
	if (errors)
		fprintf(stderr, "%zu error%s\n", errors, errors == 1 ? "" : "s");
}

int command_is_option(const char *word, const char *name, const char *letter)
{
	return strcmp(word, name) == 0 || strcmp(word, letter) == 0;
}
