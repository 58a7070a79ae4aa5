/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Generated text: buffer, layout helpers, and files that are rewritten only when their bytes
 * change.
 */
#include "emit.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COLUMNS 100
#define COMMENT_COLUMNS 98

void *must(void *memory)
{
	if (!memory) {
		fputs("hvgen: out of memory\n", stderr);
		exit(2);
	}
	return memory;
}

/* Make room for n more bytes and a NUL behind them, which formatting leaves there. */
static void reserve(struct text *t, size_t n)
{
	size_t wanted = t->len + n + 1;

	if (wanted <= t->cap)
		return;
	t->cap = t->cap ? t->cap : 4096;
	while (t->cap < wanted)
		t->cap *= 2;
	t->data = must(realloc(t->data, t->cap));
}

static void put(struct text *t, char c)
{
	reserve(t, 1);
	t->data[t->len++] = c;
}

static void put_bytes(struct text *t, const char *bytes, size_t n)
{
	reserve(t, n);
	memcpy(t->data + t->len, bytes, n);
	t->len += n;
}

static bool at_line_start(const struct text *t)
{
	return t->len == 0 || t->data[t->len - 1] == '\n';
}

/* The tabs in front of a line that begins with that character. */
static void indent(struct text *t, char first)
{
	if (t->indent && at_line_start(t) && first != '\n' && first != '#')
		for (unsigned i = 0; i < t->indent; i++)
			put(t, '\t');
}

void emit_char(struct text *t, char c)
{
	indent(t, c);
	put(t, c);
}

void emit_bytes(struct text *t, const char *bytes, size_t n)
{
	for (size_t length; n; bytes += length, n -= length) {
		const char *end = t->indent ? memchr(bytes, '\n', n) : NULL;

		length = end ? (size_t)(end + 1 - bytes) : n;
		indent(t, *bytes);
		put_bytes(t, bytes, length);
	}
}

/* A number in base 10 or 16, filled up at its left to a width. */
static void put_number(struct text *t, unsigned long long value, unsigned base, char fill,
		       unsigned width)
{
	char digits[64];
	size_t at = sizeof(digits);

	do
		digits[--at] = "0123456789abcdef"[value % base];
	while (value /= base);
	while (sizeof(digits) - at < width && at)
		digits[--at] = fill;
	put_bytes(t, digits + at, sizeof(digits) - at);
}

/* What a conversion of an unsigned number takes: nothing, "ll" or "z" in front of its letter. */
static unsigned long long next_number(const char **f, va_list *args)
{
	if (**f == 'z') {
		++*f;
		return va_arg(*args, size_t);
	}
	if (**f == 'l') {
		*f += 2;
		return va_arg(*args, unsigned long long);
	}
	return va_arg(*args, unsigned);
}

/* Behind a '%': one of the few conversions that nearly all text is made with. False: another. */
static bool put_conversion(struct text *t, const char **f, va_list *args)
{
	const char fill = **f == '0' ? '0' : ' ';
	unsigned width = 0;

	if (**f == 's') {
		const char *string = va_arg(*args, const char *);

		++*f;
		put_bytes(t, string, strlen(string));
		return true;
	}
	while (isdigit((unsigned char)**f))
		width = 10 * width + (unsigned)(*(*f)++ - '0');
	if (!strchr("uxzl", **f) || (**f == 'l' && (*f)[1] != 'l'))
		return false;
	const unsigned long long value = next_number(f, args);
	const char letter = *(*f)++;

	put_number(t, value, letter == 'x' ? 16 : 10, fill, width);
	return letter == 'x' || letter == 'u';
}

/* Format behind what is there as vsnprintf() would. False: that one is needed. */
static bool append_quickly(struct text *t, const char *fmt, va_list *args)
{
	while (*fmt) {
		const size_t plain = strcspn(fmt, "%");

		put_bytes(t, fmt, plain);
		fmt += plain;
		if (*fmt && (fmt++, !put_conversion(t, &fmt, args)))
			return false;
	}
	return true;
}

/* Format behind what is there. The C library does all it does not know, at several times the cost. */
static void vappend(struct text *t, const char *fmt, va_list args)
{
	const size_t start = t->len;
	va_list again;

	va_copy(again, args);
	if (!append_quickly(t, fmt, &again)) {
		t->len = start;
		va_end(again);
		va_copy(again, args);
		const size_t n = (size_t)vsnprintf(NULL, 0, fmt, again);

		reserve(t, n);
		vsnprintf(t->data + t->len, n + 1, fmt, args);
		t->len += n;
	}
	va_end(again);
	reserve(t, 0);
	t->data[t->len] = 0;
}

/* The text, which is there until the next call. */
static const struct text *vformat(const char *fmt, va_list args)
{
	static struct text scratch;

	scratch.len = 0;
	vappend(&scratch, fmt, args);
	return &scratch;
}

static void vemit(struct text *t, const char *fmt, va_list args)
{
	const struct text *s;

	if (!t->indent) {
		vappend(t, fmt, args);
		return;
	}
	s = vformat(fmt, args);
	emit_bytes(t, s->data, s->len);
}

void emit(struct text *t, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	vemit(t, fmt, args);
	va_end(args);
}

void emit_line(struct text *t, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	vemit(t, fmt, args);
	va_end(args);
	put(t, '\n');
}

void emit_blank(struct text *t)
{
	put(t, '\n');
}

void emit_open(struct text *t, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	vemit(t, fmt, args);
	va_end(args);
	put(t, '\n');
	t->indent++;
}

void emit_close(struct text *t, const char *fmt, ...)
{
	va_list args;
	t->indent--;
	va_start(args, fmt);
	vemit(t, fmt, args);
	va_end(args);
	put(t, '\n');
}

static unsigned column_of(const struct text *t)
{
	size_t start = t->len;
	unsigned column = 0;

	while (start > 0 && t->data[start - 1] != '\n')
		start--;
	for (size_t i = start; i < t->len; i++)
		column = t->data[i] == '\t' ? (column / 8 + 1) * 8 : column + 1;
	return column;
}

void emit_column(struct text *t, unsigned column)
{
	emit_char(t, ' ');
	for (unsigned at = column_of(t); at < column; at++)
		emit_char(t, ' ');
}

/* One word at a time; a comment's end inside the text must not end the comment. */
static void comment_word(struct text *t, const char *word, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i && word[i - 1] == '*' && word[i] == '/')
			emit_char(t, ' ');
		emit_char(t, (unsigned char)word[i] < 0x80 ? word[i] : '?');
	}
}

void emit_comment(struct text *t, const char *text)
{
	const char *p = text ? text + strspn(text, " \n\t") : "";
	bool one_line = t->indent * 8 + strlen(p) + 6 <= COMMENT_COLUMNS && !strchr(p, '\n');

	if (!*p)
		return;
	emit(t, one_line ? "/*" : "/*\n *");
	while (*p) {
		size_t n = strcspn(p, " \n\t");
		if (!one_line && column_of(t) + 1 + n > COMMENT_COLUMNS)
			emit(t, "\n *");
		emit_char(t, ' ');
		comment_word(t, p, n);
		p += n;
		p += strspn(p, " \n\t");
	}
	emit(t, one_line ? " */\n" : "\n */\n");
}

void emit_words(struct text *t, const char *first, const char *rest, const char *last,
		const char *text)
{
	const char *p = text ? text + strspn(text, " \n\t") : "";
	bool fresh = true;

	if (!*p)
		return;
	emit(t, "%s", first);
	while (*p) {
		size_t n = strcspn(p, " \n\t");

		if (!fresh && column_of(t) + 1 + n + strlen(last) > COLUMNS) {
			emit(t, "\n%s", rest);
			fresh = true;
		}
		emit(t, "%s%.*s", fresh ? "" : " ", (int)n, p);
		fresh = false;
		p += n;
		p += strspn(p, " \n\t");
	}
	emit_line(t, "%s", last);
}

void emit_escaped(struct text *t, const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (*p == '"' || *p == '\\')
			emit(t, "\\%c", *p);
		else if (*p < ' ' || *p > '~')
			emit(t, "\\%03o", *p);
		else
			emit_char(t, (char)*p);
	}
}

void emit_banner(struct text *t, const char *what)
{
	emit_line(t, "/* SPDX-License-Identifier: BSD-2-Clause OR MIT */");
	emit_comment(t, namef("%s Generated by hvgen from the specification: edit that.", what));
}

/* Where to end a line: at the last space behind a comma or a bar before the margin. */
static size_t break_at(const char *text, size_t room)
{
	size_t length = strlen(text), at = room;

	if (length <= room)
		return length;
	while (at > 0 && (text[at] != ' ' || !strchr(",|&", text[at - 1])))
		at--;
	return at > 0 ? at : length;
}

void emit_wrapped(struct text *t, const char *fmt, ...)
{
	struct text all = { 0 };
	unsigned deeper = 0;
	va_list args;

	va_start(args, fmt);
	vappend(&all, fmt, args);
	va_end(args);
	for (const char *p = all.data; *p; p += strspn(p, " ")) {
		size_t n = break_at(p, COLUMNS - 8 * (t->indent + deeper));

		emit_line(t, "%s%.*s", deeper ? "\t" : "", (int)n, p);
		deeper = 1;
		p += n;
	}
	text_free(&all);
}

void text_free(struct text *t)
{
	free(t->data);
	*t = (struct text){ 0 };
}

/*
 * Names are kept in blocks of a list that stays reachable, so that leak checkers see they are meant
 * to stay.
 */
struct kept {
	struct kept *next;
	size_t used, size;
	char text[];
};

enum { KEPT_BYTES = 64 * 1024 };

static struct kept *kept_names;

/* Room for n bytes and a NUL. */
static char *keep(size_t n)
{
	struct kept *k = kept_names;

	if (!k || k->size - k->used <= n) {
		size_t size = n < KEPT_BYTES ? KEPT_BYTES : n + 1;

		k = must(malloc(sizeof(*k) + size));
		*k = (struct kept){ .next = kept_names, .size = size };
		kept_names = k;
	}
	k->used += n + 1;
	return k->text + k->used - n - 1;
}

const char *upper(const char *name)
{
	size_t n = strlen(name);
	char *s = keep(n);
	for (size_t i = 0; i <= n; i++)
		s[i] = (char)toupper((unsigned char)name[i]);
	return s;
}

const char *camel(const char *name)
{
	char *s = keep(strlen(name)), *out = s;
	bool start = true;

	for (; *name; name++) {
		if (*name != '_')
			*out++ = start ? (char)toupper((unsigned char)*name) : *name;
		start = *name == '_';
	}
	*out = 0;
	return s;
}

const char *namef(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	const struct text *s = vformat(fmt, args);
	va_end(args);
	return memcpy(keep(s->len), s->data, s->len + 1);
}

/* Whether a file of the length of the text holds its bytes. */
static bool same_bytes(const struct text *t, const char *path)
{
	static char block[1 << 16];
	const int file = open(path, O_RDONLY);
	bool same = file >= 0;

	for (size_t at = 0; same && at < t->len;) {
		const ssize_t n = read(file, block, sizeof(block));

		same = n > 0 && (size_t)n <= t->len - at &&
		       memcmp(block, t->data + at, (size_t)n) == 0;
		at += same ? (size_t)n : 0;
	}
	if (file >= 0)
		close(file);
	return same;
}

static bool complain(const char *what, const char *path)
{
	fprintf(stderr, "hvgen: cannot %s %s: %s\n", what, path, strerror(errno));
	return false;
}

static bool write_file(const struct text *t, const char *path)
{
	FILE *f = fopen(path, "wb");
	if (!f)
		return complain("create", path);
	setvbuf(f, NULL, _IONBF, 0); /* there is one piece to write */
	bool written = !t->len || fwrite(t->data, 1, t->len, f) == t->len;
	if (fclose(f) != 0 || !written) {
		complain("write", path);
		remove(path);
		return false;
	}
	return true;
}

/* Put the text in the place of a file, which is whole at any time. */
static bool replace_file(const struct text *t, const char *path, const char *temporary, mode_t mode)
{
	if (!write_file(t, temporary))
		return false;
	if (chmod(temporary, mode & 07777) == 0 && rename(temporary, path) == 0)
		return true;
	complain("replace", path);
	remove(temporary);
	return false;
}

bool text_save(const struct text *t, const char *dir, const char *name)
{
	const char *path = namef("%s/%s", dir, name);
	struct stat old;

	if (stat(path, &old) != 0)
		return write_file(t, path);
	if (old.st_size == (off_t)t->len && same_bytes(t, path))
		return true;
	return replace_file(t, path, namef("%s/.%s.%ld", dir, name, (long)getpid()), old.st_mode);
}
