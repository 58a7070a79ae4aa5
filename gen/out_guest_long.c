/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * hv_tlfs_long.h: the guest header once more, all names with TLFS_ or tlfs_ behind HV_ or hv_, for
 * trees that have names of their own with the short beginning.
 */
#include "out_guest.h"

#include <ctype.h>
#include <string.h>

#include "out.h"
#include "text/text.h"

enum { LAST_COLUMN = 100, TAB = 8, BREAK_AFTER = 24 };

/* Names that stay: what other files define or ask for. */
static bool fixed_name(const char *name, size_t length)
{
	static const char *const names[] = { "HV_NO_SHORT_NAMES", "hv_stub_call" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (length == strlen(names[i]) && strncmp(name, names[i], length) == 0)
			return true;
	return strncmp(name, "HV_TLFS_", 8) == 0 || strncmp(name, "hv_tlfs_", 8) == 0;
}

static size_t word_length(const char *at)
{
	size_t n = 0;

	while (isalnum((unsigned char)at[n]) || at[n] == '_')
		n++;
	return n;
}

/* One line with its names made long; strings stay as they are. */
static void rename_line(struct text *to, const char *line, size_t length)
{
	bool string = false;

	for (size_t i = 0; i < length;) {
		size_t word = string ? 0 : word_length(line + i);
		bool short_name = word > 3 && (strncmp(line + i, "HV_", 3) == 0 ||
					       strncmp(line + i, "hv_", 3) == 0);
		if (short_name && !fixed_name(line + i, word)) {
			emit(to, line[i] == 'H' ? "HV_TLFS_%.*s" : "hv_tlfs_%.*s", (int)word - 3,
			     line + i + 3);
			i += word;
			continue;
		}
		for (size_t n = word ? word : 1; n; n--, i++) {
			string ^= line[i] == '"' && (i == 0 || line[i - 1] != '\\');
			emit_char(to, line[i]);
		}
	}
}

/* Where to break a line of so many bytes: the last blank outside strings that fits; 0: nowhere. */
static size_t break_point(const char *line, size_t length)
{
	size_t column = 0, best = 0;
	bool string = false;

	for (size_t i = 0; i < length && column < LAST_COLUMN - 2; i++) {
		string ^= line[i] == '"' && (i == 0 || line[i - 1] != '\\');
		if (line[i] == ' ' && !string && column > BREAK_AFTER)
			best = i;
		column = line[i] == '\t' ? (column / TAB + 1) * TAB : column + 1;
	}
	return column < LAST_COLUMN - 2 ? 0 : best;
}

static size_t columns(const char *line, size_t length)
{
	size_t column = 0;

	for (size_t i = 0; i < length; i++)
		column = line[i] == '\t' ? (column / TAB + 1) * TAB : column + 1;
	return column;
}

/* A line, in several where it has become too long, in the manner of what it is part of. */
static void fold(struct text *to, const char *line, size_t length, bool in_macro)
{
	size_t margin = strspn(line, "\t");
	bool comment = strncmp(line + margin, "/*", 2) == 0 ||
		       strncmp(line + margin, " *", 2) == 0;
	bool macro = !comment && (in_macro || line[length - 1] == '\\' || *line == '#');

	while (length && columns(line, length) > LAST_COLUMN) {
		size_t at = break_point(line, length);
		if (!at)
			break;
		size_t end = at;
		while (end && line[end - 1] == ' ')
			end--;
		emit(to, "%.*s%s\n", (int)end, line, macro ? " \\" : "");
		line += at + 1;
		length -= at + 1;
		for (size_t i = 0; i < margin; i++)
			emit_char(to, '\t');
		emit(to, comment ? " * " : macro ? "\t" : "\t\t");
	}
	emit(to, "%.*s\n", (int)length, line);
}

static const char title[] =
	"/* SPDX-License-Identifier: BSD-2-Clause OR MIT */\n"
	"/*\n"
	" * hv_tlfs_long.h: hv_tlfs.h once more, with HV_TLFS_ and hv_tlfs_ for HV_ and hv_ in\n"
	" * front of every name, also of those to define before including. How to use it stands\n"
	" * there.\n"
	" *\n";

void out_guest_long_h(struct text *t, const struct spec *s)
{
	struct text shorter = { 0 }, renamed = { 0 };
	bool continued = false;

	emit_line(t, "%s%s%s", title, text_guest_licence_h,
		  "\n#ifndef HV_TLFS_LONG_H_\n#define HV_TLFS_LONG_H_\n");
	guest_body(&shorter, s);
	for (const char *line = shorter.data, *end = line + shorter.len; line < end;) {
		size_t length = strcspn(line, "\n");

		renamed.len = 0;
		rename_line(&renamed, line, length);
		emit_char(&renamed, '\0');
		if (length)
			fold(t, renamed.data, renamed.len - 1, continued);
		else
			emit_char(t, '\n');
		continued = length && line[length - 1] == '\\';
		line += length + 1;
	}
	emit_line(t, "#endif /* HV_TLFS_LONG_H_ */");
	text_free(&renamed);
	text_free(&shorter);
}
