/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* hvgen: reads a specification, says what is wrong with it, and writes what is made of it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "diag.h"
#include "out.h"
#include "read.h"

#define VERSION "0.1.0"

enum { GOOD = 0, BAD_SPEC = 1, BAD_USAGE = 2 };

static const char usage[] =
	"usage: hvgen check FILE...\n"
	"       hvgen gen -o FOLDER FILE\n"
	"       hvgen --help | --version\n";

static const char help[] =
	"\n"
	"hvgen compiles a specification of the hypervisor interface. FILE is its front door\n"
	"(spec/hypercalls.def); includes are followed.\n"
	"\n"
	"  check   Read each FILE, report every mistake with its line and a caret on standard "
	"error,\n"
	"          write nothing.\n"
	"  gen     The same for one FILE; if it has no mistakes, write all outputs into FOLDER, "
	"which\n"
	"          is made when missing. A file whose content would not change is left alone.\n"
	"\n"
	"  -o, --output FOLDER   where gen writes\n"
	"  -h, --help            this text\n"
	"  -V, --version         the version of the generator\n"
	"\n"
	"outputs of gen:\n"
	"  hv_abi.h                 types of the interface, for the hypervisor\n"
	"  spec_calls.h .c          the total table of hypercalls\n"
	"  spec_check.h .c          validators of their input, and the list of rules\n"
	"  spec_msrs.h .c           the total table of synthetic MSRs\n"
	"  spec_cpuid.h .c          CPUID leaves, filled from what a partition is offered\n"
	"  spec_offer.h             privileges and features\n"
	"  spec_names.h .c          names of calls, MSRs, statuses and registers\n"
	"  hv_tlfs.h                the whole interface for guests: one header, no dependencies\n"
	"  hv_vectors.h             test vectors: one per rule and one good one per call\n"
	"  reference.md             the reference, with what is implemented and what is refused\n"
	"\n"
	"The language is described in gen/LANGUAGE.md.\n"
	"Exit status: 0 done; 1 the specification has mistakes, or an output cannot be written;\n"
	"2 wrong usage, or FILE cannot be read.\n";

static int refuse(const char *what, const char *word)
{
	fprintf(stderr, "hvgen: %s%s%s%s\n%s", what, word ? " '" : "", word ? word : "",
		word ? "'" : "", usage);
	return BAD_USAGE;
}

/*
 * Read and check one specification and report what is wrong with it. NULL, with *status set, unless
 * it is good.
 */
static struct spec *load(const char *path, size_t *errors, int *status)
{
	struct spec *s = spec_new();

	if (!read_spec(s, path)) {
		fprintf(stderr, "hvgen: cannot read '%s': %s\n", path, strerror(errno));
		*status = BAD_USAGE;
	} else if (!spec_check(s)) {
		diag_print(s, stderr);
		*errors += s->error_count;
		if (*status == GOOD)
			*status = BAD_SPEC;
	} else {
		return s;
	}
	spec_free(s);
	return NULL;
}

static void sum_up(size_t errors)
{
	if (errors)
		fprintf(stderr, "%zu error%s\n", errors, errors == 1 ? "" : "s");
}

static int check(char **files)
{
	size_t errors = 0;
	int status = GOOD;

	if (!*files)
		return refuse("check: no file given", NULL);
	for (; *files; files++) {
		if (**files == '-' && (*files)[1])
			return refuse("check: unknown option", *files);
		spec_free(load(*files, &errors, &status));
	}
	sum_up(errors);
	return status;
}

static int generate(char **args)
{
	const char *folder = NULL, *file = NULL;
	size_t errors = 0;
	int status = GOOD;
	struct spec *s;

	for (; *args; args++) {
		if (strcmp(*args, "-o") == 0 || strcmp(*args, "--output") == 0) {
			if (!args[1] || folder)
				return refuse(folder ? "gen: second option"
						     : "gen: no folder behind",
					      *args);
			folder = *++args;
		} else if (**args == '-' && (*args)[1]) {
			return refuse("gen: unknown option", *args);
		} else if (file) {
			return refuse("gen: more than one file: second is", *args);
		} else {
			file = *args;
		}
	}
	if (!folder || !file)
		return refuse(folder ? "gen: no file given" : "gen: no output folder given", NULL);
	s = load(file, &errors, &status);
	sum_up(errors);
	if (s && !out_all(s, folder))
		status = BAD_SPEC;
	spec_free(s);
	return status;
}

static bool is_option(const char *word, const char *name, const char *letter)
{
	return strcmp(word, name) == 0 || strcmp(word, letter) == 0;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return refuse("no command given", NULL);
	if (is_option(argv[1], "--help", "-h")) {
		printf("%s%s", usage, help);
		return GOOD;
	}
	if (is_option(argv[1], "--version", "-V")) {
		puts("hvgen " VERSION);
		return GOOD;
	}
	if (strcmp(argv[1], "check") == 0)
		return check(argv + 2);
	if (strcmp(argv[1], "gen") == 0)
		return generate(argv + 2);
	return refuse(argv[1][0] == '-' ? "unknown option" : "unknown command", argv[1]);
}
