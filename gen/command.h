/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The commands of hvgen: one source file each, listed in one table in main.c. */
#ifndef HVGEN_COMMAND_H
#define HVGEN_COMMAND_H

#include <stddef.h>

#define HVGEN_VERSION "0.1.0"

struct spec;

enum { GOOD = 0, BAD_SPEC = 1, BAD_USAGE = 2 };

struct command {
	const char *name;
	/* Runs on the words behind the name, up to a NULL; returns the exit status. */
	int (*run)(const struct command *self, char **words);
	const char *usage;  /* what stands behind the name; a line each */
	const char *help;   /* what it does: lines of up to 68 columns without a line end behind the last */
};

extern const struct command command_check;
extern const struct command command_count;
extern const struct command command_decode;
extern const struct command command_diff;
extern const struct command command_errata;
extern const struct command command_explain;
extern const struct command command_flat;
extern const struct command command_fmt;
extern const struct command command_gen;
extern const struct command command_json;

/*
 * Say what is wrong with the words of a command, naming `word` unless it is NULL, and how the
 * command is used. Returns BAD_USAGE.
 */
int command_refuse(const struct command *c, const char *what, const char *word);

/* Say that a file cannot be read, and by errno why. Returns BAD_USAGE. */
int command_unread(const char *path);

/*
 * Read and check one specification and report what is wrong with it on standard error. NULL, with
 * *status set and its errors counted in *errors, unless it is good. The caller frees it.
 */
struct spec *command_load(const char *path, size_t *errors, int *status);

/*
 * The whole of a command that takes one FILE and prints something about it on standard output.
 * Returns the exit status.
 */
int command_print(const struct command *c, char **words, void (*print)(const struct spec *s));

/*
 * The same for a command that is about one specification and goes on without it being named: when
 * `path` is NULL, spec/hypercalls.def in the current folder, else beside the folder of the program,
 * else what was installed with it.
 */
struct spec *command_load_usual(const char *path, int *status);

/* The status to end with: as given, or that of an output that cannot be written. */
int command_printed(const struct command *c, int status);

/* The last line of a report: how many errors there were; nothing when there were none. */
void command_sum_up(size_t errors);

/* True for `--name` and `-n` given as the two spellings. */
int command_is_option(const char *word, const char *name, const char *letter);

#endif
