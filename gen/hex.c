/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Reads hexadecimal numbers and dumps. */
#include "hex.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool has_prefix(const char *word)
{
	return word[0] == '0' && (word[1] == 'x' || word[1] == 'X');
}

bool hex_number(const char *word, uint64_t *number)
{
	unsigned digits = 0;

	*number = 0;
	for (const char *p = has_prefix(word) ? word + 2 : word; *p; p++) {
		if (*p == '_' || *p == '`')
			continue;
		if (digit(*p) < 0 || *number >> 60)
			return false;
		*number = *number << 4 | (unsigned)digit(*p);
		digits++;
	}
	return digits > 0;
}

/* ---- words ---- */

static void fail(struct hex *h, const char *what, const char *word, size_t length)
{
	h->wrong = what;
	snprintf(h->word, sizeof(h->word), "%.*s", (int)length, word);
}

static void add_byte(struct hex *h, const char *digits)
{
	if (h->count == HEX_LIMIT)
		h->wrong = "more bytes than anything of the interface has";
	else
		h->bytes[h->count++] = (uint8_t)(digit(digits[0]) << 4 | digit(digits[1]));
}

static size_t digits_of(const char *word, size_t length)
{
	size_t n = 0;

	while (n < length && digit(word[n]) >= 0)
		n++;
	return n;
}

static void add_word(struct hex *h, const char *word, size_t length)
{
	bool number = length > 2 && has_prefix(word);
	const char *at = number ? word + 2 : word;
	size_t digits = number ? length - 2 : length;
	bool fits = !number || digits == 2 || digits == 4 || digits == 8 || digits == 16;

	if (digits_of(at, digits) != digits)
		fail(h, "neither a number nor bytes", word, length);
	else if (number && !fits)
		fail(h, "a number in memory has 2, 4, 8 or 16 digits", word, length);
	else if (digits % 2)
		fail(h, "half a byte", word, length);
	for (size_t i = 0; !h->wrong && i < digits; i += 2)
		add_byte(h, number ? at + digits - 2 - i : at + i);
}

/* ---- lines ---- */

static size_t word_length(const char *p, const char *end)
{
	size_t n = 0;

	while (p + n < end && !isspace((unsigned char)p[n]) && p[n] != ',')
		n++;
	return n;
}

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && (isspace((unsigned char)*p) || *p == ','))
		p++;
	return p;
}

/* Whether all words of a line but the first are single bytes: the first is an address then. */
static bool bytes_follow(const char *p, const char *end)
{
	unsigned words = 0;

	for (p = skip_blanks(p, end); p < end; p = skip_blanks(p, end)) {
		size_t length = word_length(p, end);

		if (length != 2 || digits_of(p, length) != 2)
			return false;
		words++;
		p += length;
	}
	return words > 0;
}

/* What is known of a dump while it is read. */
struct dump {
	bool barred;           /* hexdump -C: characters stand between bars */
	size_t address;        /* digits of the address of the last line without a colon; 0: none */
};

/* Where the bytes begin behind "00000010:", "0x7ff0 <symbol+8>:" or "00000010  ". */
static const char *skip_address(struct dump *d, const char *p, const char *end)
{
	const char *colon = memchr(p, ':', (size_t)(end - p));
	size_t length = word_length(p, end);
	bool last = length == d->address && skip_blanks(p + length, end) == end;

	if (colon)
		return colon + 1;
	if (digits_of(p, length) != length || length < 6)
		return p;
	if (!last && !d->barred && !bytes_follow(p + length, end))
		return p;
	d->address = length;
	return p + length;
}

/* Bytes end at a bar, and behind an address with a colon at two blanks: characters follow. */
static void read_line(struct hex *h, struct dump *d, const char *p, const char *end)
{
	const char *bar = memchr(p, '|', (size_t)(end - p));
	bool colon;

	end = bar ? bar : end;
	colon = memchr(p, ':', (size_t)(end - p));
	p = skip_blanks(skip_address(d, skip_blanks(p, end), end), end);
	for (const char *at = p; colon && at + 1 < end; at++)
		if (at[0] == ' ' && at[1] == ' ')
			end = at;
	while (p < end && !h->wrong) {
		size_t length = word_length(p, end);

		add_word(h, p, length);
		p = skip_blanks(p + length, end);
	}
}

void hex_read_text(struct hex *h, const char *text)
{
	struct dump d = { .barred = strchr(text, '|') };

	while (*text && !h->wrong) {
		const char *end = text + strcspn(text, "\n");

		read_line(h, &d, text, end);
		text = *end ? end + 1 : end;
	}
}

/* ---- files ---- */

static bool is_text(const char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!isprint((unsigned char)bytes[i]) && !isspace((unsigned char)bytes[i]))
			return false;
	return true;
}

/* A dump in text takes at most some five characters for a byte, and its addresses. */
enum { FILE_LIMIT = 8 * HEX_LIMIT };

static void take_file(struct hex *h, char *bytes, size_t count)
{
	if (is_text(bytes, count)) {
		bytes[count] = 0;
		hex_read_text(h, bytes);
	} else if (count > HEX_LIMIT - h->count) {
		h->wrong = "more bytes than anything of the interface has";
	} else {
		memcpy(h->bytes + h->count, bytes, count);
		h->count += count;
	}
}

bool hex_read_file(struct hex *h, const char *path)
{
	static char bytes[FILE_LIMIT + 1];
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	size_t count;
	bool bad;

	if (!f)
		return false;
	count = fread(bytes, 1, FILE_LIMIT, f);
	bad = ferror(f);
	if (f != stdin)
		fclose(f);
	if (!bad)
		take_file(h, bytes, count);
	return !bad;
}
