/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* hvgen fmt: sources in canonical form. */
#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "fmt.h"
#include "read.h"

struct job {
	bool check;
	size_t errors;
	int status;
};

static void fail(struct job *j, int status)
{
	if (j->status < status)
		j->status = status;
}

static bool is_stream(const char *file)
{
	return strcmp(file, "-") == 0;
}

/* The file that holds the text, not a link to it: that is to stay one. */
static bool replace(const char *file, const struct text *t)
{
	char *path = realpath(file, NULL);
	char *slash = path ? strrchr(path, '/') : NULL;
	bool saved = false;

	if (!path)
		fprintf(stderr, "hvgen: cannot replace '%s': %s\n", file, strerror(errno));
	else
		saved = (*slash = 0, text_save(t, path, slash + 1));
	free(path);
	return saved;
}

static bool print(const struct text *t)
{
	if ((!t->len || fwrite(t->data, 1, t->len, stdout) == t->len) && fflush(stdout) == 0)
		return true;
	fprintf(stderr, "hvgen: cannot write the text: %s\n", strerror(errno));
	return false;
}

/* What is to be done with the canonical form. */
static void deliver(struct job *j, const char *file, const struct text *t, const char *old,
		    size_t size)
{
	bool same = t->len == size && (!size || memcmp(t->data, old, size) == 0);

	if (j->check && same)
		return;
	if (j->check) {
		printf("%s\n", file);
		fail(j, BAD_SPEC);
	} else if (!(is_stream(file) ? print(t) : same || replace(file, t))) {
		fail(j, BAD_SPEC);
	}
}

static void format(struct job *j, const char *file, const char *text, size_t size)
{
	struct spec *s = spec_new();
	struct text t = { 0 };

	if (fmt_text(s, is_stream(file) ? "standard input" : file, text, size, &t)) {
		deliver(j, file, &t, text, size);
	} else {
		diag_print(s, stderr);
		j->errors += s->error_count;
		fail(j, BAD_SPEC);
	}
	text_free(&t);
	spec_free(s);
}

static void format_file(struct job *j, const char *file)
{
	FILE *stream = is_stream(file) ? stdin : fopen(file, "rb");
	char *text = NULL;
	size_t size;

	if (stream)
		text = read_stream(stream, &size);
	if (text) {
		format(j, file, text, size);
	} else {
		fprintf(stderr, "hvgen: cannot read '%s': %s\n", file, strerror(errno));
		fail(j, BAD_USAGE);
	}
	free(text);
	if (stream && stream != stdin)
		fclose(stream);
}

static int run(const struct command *self, char **words)
{
	struct job j = { 0 };
	size_t files = 0;

	for (char **w = words; *w; w++)
		if (strcmp(*w, "--check") == 0)
			j.check = true;
		else if (**w == '-' && !is_stream(*w))
			return command_refuse(self, "unknown option", *w);
		else
			files++;
	if (!files)
		return command_refuse(self, "no file given", NULL);
	for (char **w = words; *w; w++)
		if (strcmp(*w, "--check") != 0)
			format_file(&j, *w);
	command_sum_up(j.errors);
	return j.status;
}

const struct command command_fmt = {
	.name = "fmt",
	.run = run,
	.usage = "[--check] FILE...",
	.help = "Lay out each FILE in the one canonical form, in place; `-` is standard\n"
		"input, to standard output. Words, notes and comments stay as they are.\n"
		"With --check write nothing but the names of files that would change;\n"
		"the exit status is 1 if there are any.",
};
