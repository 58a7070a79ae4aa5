/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The hypervisor's own command line: "name key=value ...", known keys from options.def. */
#ifndef PARTITA_OPTIONS_H
#define PARTITA_OPTIONS_H

#include "types.h"

struct text;

#define OPTION_MAX 64 /* bytes of a value with its terminator */

struct options {
#define OPTION(name, value, help) char name[OPTION_MAX];
#include "options.def"
#undef OPTION
};

extern struct options options; /* constant after options_parse */

/*
 * Set defaults, then read the line (its first word, the image's name, is skipped when it has no
 * '='). False: error says what is wrong and lists the known options.
 */
bool options_parse(struct options *o, const char *line, struct text *error);

/* "0x1f" or "31" to a number; false when it is not one. */
bool options_number(const char *s, u64 *out);

#endif
