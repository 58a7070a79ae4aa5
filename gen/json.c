/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Writes JSON: nesting, commas, indentation and escapes. */
#include "json.h"

#include <assert.h>
#include <inttypes.h>

static bool in_row(const struct json *j)
{
	return j->row && j->depth >= j->row;
}

static void new_line(struct json *j)
{
	emit_char(j->text, '\n');
	for (unsigned i = 0; i < j->depth; i++)
		emit_bytes(j->text, "  ", 2);
}

static bool is_plain(unsigned char c)
{
	return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

static void escaped(struct json *j, unsigned char c)
{
	if (c == '"' || c == '\\')
		emit(j->text, "\\%c", c);
	else if (c == '\n')
		emit(j->text, "\\n");
	else
		emit(j->text, "\\u%04x", c);
}

/* Bytes beyond ASCII count as Latin-1, which keeps any input a legal document. */
static void quoted(struct json *j, const char *text)
{
	emit_char(j->text, '"');
	for (size_t plain = 0; *text; text += plain, plain = 0) {
		while (is_plain((unsigned char)text[plain]))
			plain++;
		emit_bytes(j->text, text, plain);
		if (text[plain])
			escaped(j, (unsigned char)text[plain++]);
	}
	emit_char(j->text, '"');
}

/* What stands in front of a value: the comma behind the one before, its place and its name. */
static void start_value(struct json *j, const char *key)
{
	if (j->filled)
		emit_char(j->text, ',');
	if (j->depth && !in_row(j))
		new_line(j);
	else if (j->filled)
		emit_char(j->text, ' ');
	j->filled = true;
	if (!key)
		return;
	quoted(j, key);
	emit(j->text, ": ");
}

static void begin(struct json *j, const char *key, const char *brackets)
{
	assert(j->depth < JSON_DEPTH);
	start_value(j, key);
	emit_char(j->text, brackets[0]);
	j->ends[j->depth++] = brackets[1];
	j->filled = false;
}

void json_object(struct json *j, const char *key)
{
	begin(j, key, "{}");
}

void json_array(struct json *j, const char *key)
{
	begin(j, key, "[]");
}

void json_row(struct json *j, const char *key)
{
	begin(j, key, "{}");
	if (!j->row)
		j->row = j->depth;
}

void json_end(struct json *j)
{
	bool lines = j->filled && !in_row(j);

	assert(j->depth);
	if (j->row == j->depth)
		j->row = 0;
	j->depth--;
	if (lines)
		new_line(j);
	emit_char(j->text, j->ends[j->depth]);
	j->filled = true;
	if (!j->depth)
		emit_char(j->text, '\n');
}

void json_text(struct json *j, const char *key, const char *value)
{
	start_value(j, key);
	if (value)
		quoted(j, value);
	else
		emit(j->text, "null");
}

void json_bool(struct json *j, const char *key, bool value)
{
	start_value(j, key);
	emit(j->text, value ? "true" : "false");
}

void json_number(struct json *j, const char *key, uint64_t value)
{
	start_value(j, key);
	emit(j->text, "%" PRIu64, value);
}
