/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The hypervisor's own command line: "name key=value ...", known keys from options.def. */
#include "options.h"

#include "string.h"
#include "text.h"

struct options options;

struct option_row { const char *name, *value, *help; size_t offset; };

static const struct option_row rows[] = {
#define OPTION(name, value, help) { #name, value, help, offsetof(struct options, name) },
#include "options.def"
#undef OPTION
};

static void set(struct options *o, const struct option_row *row, const char *value, size_t length)
{
	char *slot = (char *)o + row->offset;

	memcpy(slot, value, length);
	slot[length] = '\0';
}

static void set_defaults(struct options *o)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		set(o, &rows[i], rows[i].value, strlen(rows[i].value));
}

static void list_options(struct text *error)
{
	text_printf(error, "known options:");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		text_printf(error, "\n  %s=%s  %s", rows[i].name, rows[i].value, rows[i].help);
}

static const struct option_row *find(const char *word, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strlen(rows[i].name) == length && strncmp(rows[i].name, word, length) == 0)
			return &rows[i];
	return NULL;
}

static size_t span(const char *s, char stop)
{
	size_t n = 0;

	while (s[n] && s[n] != ' ' && s[n] != stop)
		n++;
	return n;
}

static bool parse_word(struct options *o, const char *word, size_t length, struct text *error)
{
	size_t name = span(word, '=');
	const struct option_row *row = name < length ? find(word, name) : NULL;

	if (!row) {
		text_printf(error, "unknown option '%.*s'; ", (int)(length < 60 ? length : 60),
			    word);
		list_options(error);
		return false;
	}
	if (length - name - 1 >= OPTION_MAX) {
		text_printf(error, "value of option '%s' is longer than %d characters", row->name,
			    OPTION_MAX - 1);
		return false;
	}
	set(o, row, word + name + 1, length - name - 1);
	return true;
}

bool options_parse(struct options *o, const char *line, struct text *error)
{
	bool first = true;

	set_defaults(o);
	for (; *line; first = false) {
		size_t length;

		while (*line == ' ')
			line++;
		length = span(line, ' ');
		/* Boot loaders put the file name first; some put nothing. */
		if (length && !(first && span(line, '=') == length) &&
		    !parse_word(o, line, length, error))
			return false;
		line += length;
	}
	return true;
}

bool options_number(const char *s, u64 *out)
{
	unsigned base = s[0] == '0' && (s[1] == 'x' || s[1] == 'X') ? 16 : 10;
	u64 value = 0;

	if (base == 16)
		s += 2;
	if (!*s)
		return false;
	for (; *s; s++) {
		char lower = (char)(*s | 0x20);
		unsigned digit = *s >= '0' && *s <= '9' ? (unsigned)(*s - '0') :
			lower >= 'a' && lower <= 'f' ? (unsigned)(lower - 'a') + 10 : 16;

		if (digit >= base || value > (UINT64_MAX - digit) / base)
			return false;
		value = value * base + digit;
	}
	*out = value;
	return true;
}
