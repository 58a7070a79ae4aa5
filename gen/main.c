/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* hvgen: reads a specification, says what is wrong with it, and writes what is made of it. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "out.h"
#include "text/text.h"

static const struct command *const commands[] = {
	&command_check,
	&command_diff,
	&command_flat,
	&command_gen,
	&command_fmt,
	&command_json,
	&command_errata,
	&command_count,
	&command_explain,
	&command_decode,
};

static const size_t commands_count = sizeof(commands) / sizeof(commands[0]);

static void print_usage(FILE *to)
{
	for (size_t i = 0; i < commands_count; i++)
		fprintf(to, "%s hvgen %s %s\n", i ? "      " : "usage:", commands[i]->name,
			commands[i]->usage);
	fputs("       hvgen --help | --version | --grammar\n", to);
}

/* The lines of a text, the first behind a title, the others below its start. */
static void print_entry(const char *title, const char *text)
{
	printf("  %-10s ", title);
	for (; *text; text++) {
		putchar(*text);
		if (*text == '\n')
			printf("%13s", "");
	}
	putchar('\n');
}

static void print_help(void)
{
	print_usage(stdout);
	puts("\nhvgen compiles a specification of the hypervisor interface. FILE is its front door\n"
	     "(spec/hypercalls.def); includes are followed.\n");
	for (size_t i = 0; i < commands_count; i++)
		print_entry(commands[i]->name, commands[i]->help);
	puts("\n  -h, --help     this text\n"
	     "  -V, --version  the version of the generator\n"
	     "  --grammar      the manual of the language, with an example of each word\n");
	out_list(stdout);
	puts("\nThe language is described by --grammar, the program by hvgen(1).\n"
	     "Exit status, but for diff: 0 done; 1 the specification has mistakes, or an output cannot be written;\n"
	     "2 wrong usage, or FILE cannot be read.");
}

static int refuse(const char *what, const char *word)
{
	fprintf(stderr, "hvgen: %s%s%s%s\n", what, word ? " '" : "", word ? word : "",
		word ? "'" : "");
	print_usage(stderr);
	return BAD_USAGE;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return refuse("no command given", NULL);
	if (command_is_option(argv[1], "--help", "-h"))
		return print_help(), GOOD;
	if (command_is_option(argv[1], "--version", "-V"))
		return puts("hvgen " HVGEN_VERSION), GOOD;
	if (strcmp(argv[1], "--grammar") == 0)
		return fputs(text_LANGUAGE_md, stdout), GOOD;
	for (size_t i = 0; i < commands_count; i++)
		if (strcmp(argv[1], commands[i]->name) == 0)
			return commands[i]->run(commands[i], argv + 2);
	return refuse(argv[1][0] == '-' ? "unknown option" : "unknown command", argv[1]);
}
