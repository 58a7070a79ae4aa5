/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* hvgen decode: what numbers and bytes of the interface mean. */
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode.h"
#include "find.h"
#include "hex.h"
#include "read.h"

struct options {
	const char *file;
	unsigned var_count;
	char **words;          /* the kind and what follows it */
};

struct decoder {
	const struct command *self;
	struct spec *spec;
	const struct options *options;
	struct text text;
	struct hex hex;
};

/* ---- words ---- */

static int refuse(const struct decoder *d, const char *what, const char *word)
{
	return command_refuse(d->self, what, word);
}

static bool take_number(const struct decoder *d, const char *word, uint64_t *number)
{
	if (word && hex_number(word, number))
		return true;
	refuse(d, word ? "no hexadecimal number of at most 64 bits" : "a number is missing", word);
	return false;
}

/* The one thing of some kinds that a word means, NULL after a refusal. */
static const struct found *take_found(const struct decoder *d, const char *word, const char *kind)
{
	const struct found *f = word ? find(d->spec, namef("%s:%s", kind, word)) : NULL;
	const char *near;

	if (f && !f->next)
		return f;
	refuse(d, !word ? namef("no name given: which %s?", kind)
	       : f      ? namef("more than one %s is called", kind)
			: namef("no %s is called", kind), word);
	near = word && !f ? find_near(d->spec, namef("%s:%s", kind, word)) : NULL;
	if (near)
		fprintf(stderr, "did you mean %s?\n", near);
	return NULL;
}

static bool take_bytes(struct decoder *d, char **words)
{
	for (; *words && !d->hex.wrong; words++) {
		bool is_file = strcmp(*words, "-") == 0 || **words == '@';
		const char *path = **words == '@' ? *words + 1 : *words;

		if (is_file && !hex_read_file(&d->hex, path))
			return command_unread(path), false;
		if (!is_file)
			hex_read_text(&d->hex, *words);
	}
	if (d->hex.wrong)
		refuse(d, d->hex.wrong, *d->hex.word ? d->hex.word : NULL);
	else if (!d->hex.count)
		refuse(d, "no bytes given", NULL);
	return !d->hex.wrong && d->hex.count;
}

static struct memory memory(const struct decoder *d)
{
	return (struct memory){ d->hex.bytes, d->hex.count };
}

static int count_words(char **words)
{
	int n = 0;

	while (words[n])
		n++;
	return n;
}

static int at_most(const struct decoder *d, char **words, int limit)
{
	if (count_words(words) <= limit)
		return GOOD;
	return refuse(d, "too many words: one is", words[limit]);
}

/* ---- kinds ---- */

static int words_of_convention(struct decoder *d, char **words,
			       bool (*decode)(struct text *, const struct spec *, uint64_t,
					      const char **))
{
	const char *why = NULL;
	uint64_t number;

	if (at_most(d, words, 1) || !take_number(d, words[0], &number))
		return BAD_USAGE;
	return decode(&d->text, d->spec, number, &why) ? GOOD : refuse(d, why, NULL);
}

static int control(struct decoder *d, char **words)
{
	return words_of_convention(d, words, decode_control);
}

static int result(struct decoder *d, char **words)
{
	return words_of_convention(d, words, decode_result);
}

static int msr(struct decoder *d, char **words)
{
	const struct found *f = take_found(d, words[0], "msr");
	uint64_t value, old;

	if (!f || at_most(d, words, 3) || !take_number(d, words[1], &value))
		return BAD_USAGE;
	old = f->msr->reset;
	if (words[2] && !take_number(d, words[2], &old))
		return BAD_USAGE;
	decode_msr(&d->text, f->msr, f->index, value, old);
	return GOOD;
}

/* "eax=0x1" as the cpuid program prints it, or the number alone. */
static bool take_register(const struct decoder *d, const char *word, uint64_t *number)
{
	const char *equals = strchr(word, '=');

	if (!take_number(d, equals ? equals + 1 : word, number))
		return false;
	if (*number >> 32)
		refuse(d, "a register of CPUID has 32 bits", word);
	return *number >> 32 == 0;
}

static int cpuid(struct decoder *d, char **words)
{
	const struct found *f = take_found(d, words[0], "cpuid");
	int count = f ? count_words(words + 1) : 0;
	bool whole = f && f->kind == FOUND_LEAF;
	uint64_t value;

	if (!f)
		return BAD_USAGE;
	if (f->kind == FOUND_BITS)
		return refuse(d, "a leaf or a register of one is needed, not", words[0]);
	if (count != (whole ? CPUID_REGISTERS : 1))
		return refuse(d, whole ? "a leaf has four registers" : "a register has one value",
			      NULL);
	for (int i = 0; i < count; i++) {
		if (!take_register(d, words[1 + i], &value))
			return BAD_USAGE;
		decode_cpuid(&d->text, f->leaf, whole ? (unsigned)i : f->reg, (uint32_t)value);
	}
	return GOOD;
}

static int message(struct decoder *d, char **words)
{
	const char *why = NULL;
	struct memory m;

	if (!take_bytes(d, words))
		return BAD_USAGE;
	m = memory(d);
	return decode_message(&d->text, d->spec, &m, &why) ? GOOD : refuse(d, why, NULL);
}

static int input(struct decoder *d, char **words)
{
	const struct found *f = take_found(d, words[0], "call");
	struct memory m;

	if (!f || !take_bytes(d, words + 1))
		return BAD_USAGE;
	m = memory(d);
	decode_input(&d->text, f->call, &m, d->options->var_count);
	return GOOD;
}

static int output(struct decoder *d, char **words)
{
	const struct found *f = take_found(d, words[0], "call");
	struct memory m;

	if (!f || !take_bytes(d, words + 1))
		return BAD_USAGE;
	m = memory(d);
	decode_output(&d->text, f->call, &m);
	return GOOD;
}

static int typed(struct decoder *d, const struct type *type, const char *name, char **words)
{
	struct memory m;

	if (!take_bytes(d, words))
		return BAD_USAGE;
	m = memory(d);
	value_typed(&d->text, type, name, &m, 0, 0);
	if (m.count > type->size)
		emit_line(&d->text, "! %zu bytes too many", m.count - type->size);
	return GOOD;
}

static int type(struct decoder *d, char **words)
{
	const struct found *f = take_found(d, words[0], "type");

	return f ? typed(d, f->type, f->type->name, words + 1) : BAD_USAGE;
}

static int of_register(struct decoder *d, char **words)
{
	const struct found *f = take_found(d, words[0], "register");

	if (!f)
		return BAD_USAGE;
	if (!f->value->type)
		return refuse(d, "no layout is known of", f->value->named);
	return typed(d, f->value->type, f->value->named, words + 1);
}

/* The file may be larger than what a person would write. */
static int trace(struct decoder *d, char **words)
{
	const char *why = NULL;
	struct memory m;
	char *bytes;
	FILE *file;
	bool good;

	if (!words[0] || **words != '@')
		return refuse(d, "a trace is a file, as @PATH", words[0]);
	if (at_most(d, words, 1))
		return BAD_USAGE;
	file = fopen(words[0] + 1, "rb");
	bytes = file ? read_stream(file, &m.count) : NULL;
	if (!bytes)
		return command_unread(words[0] + 1);
	fclose(file);
	m.bytes = (const uint8_t *)bytes;
	good = decode_trace(&d->text, d->spec, &m, &why);
	free(bytes);
	return good ? GOOD : refuse(d, why, words[0] + 1);
}

static const struct kind {
	const char *name;
	int (*decode)(struct decoder *d, char **words);
} kinds[] = {
	{ "control", control }, { "result", result }, { "msr", msr },
	{ "cpuid", cpuid },	{ "message", message }, { "input", input },
	{ "output", output },	{ "type", type },	{ "register", of_register },
	{ "trace", trace },
};

/* ---- the command ---- */

static int take_option(const struct command *self, char **words, struct options *o)
{
	uint64_t number;

	if (!words[1])
		return command_refuse(self, "nothing behind", words[0]);
	if (command_is_option(words[0], "--spec", "-s"))
		return o->file = words[1], GOOD;
	if (strcmp(words[0], "--var") != 0)
		return command_refuse(self, "unknown option", words[0]);
	if (!find_number(words[1], &number) || number >= SPEC_PAGE / 8)
		return command_refuse(self, "no number of qwords that an input can have", words[1]);
	return o->var_count = (unsigned)number, GOOD;
}

static int decode(struct decoder *d)
{
	char **words = d->options->words;
	const struct kind *k = kinds;
	int status;

	for (; strcmp(k->name, words[0]) != 0; k++)
		if (k == &kinds[sizeof(kinds) / sizeof(kinds[0]) - 1])
			return refuse(d, "unknown kind", words[0]);
	status = k->decode(d, words + 1);
	if (status == GOOD && d->text.len)
		fwrite(d->text.data, 1, d->text.len, stdout);
	text_free(&d->text);
	return status;
}

static int run(const struct command *self, char **words)
{
	struct options o = { .var_count = VAR_UNKNOWN };
	static struct decoder d;
	int status = GOOD;

	for (; *words && words[0][0] == '-' && words[0][1]; words += 2)
		if (take_option(self, words, &o) != GOOD)
			return BAD_USAGE;
	if (!*words)
		return command_refuse(self, "no kind given", NULL);
	o.words = words;
	d.self = self;
	d.options = &o;
	d.spec = command_load_usual(o.file, &status);
	if (d.spec)
		status = decode(&d);
	spec_free(d.spec);
	return command_printed(self, status);
}

const struct command command_decode = {
	.name = "decode",
	.run = run,
	.usage = "[-s FILE] [--var N] KIND [NAME] HEX...",
	.help = "What numbers and bytes mean, and which rules they break. KIND:\n"
		"control WORD | result WORD | msr NAME VALUE [OLD] | cpuid LEAF.REG\n"
		"VALUE | cpuid LEAF EAX EBX ECX EDX | message BYTES | input CALL BYTES\n"
		"| output CALL BYTES | type NAME BYTES | register NAME BYTES | trace @PATH. BYTES are\n"
		"words of hexadecimal digits, 0x... for little-endian numbers, '-' for\n"
		"standard input or @PATH: binary, or a dump of xxd, hexdump, od or gdb.\n"
		"--var N: the input has N qwords of variable header.",
};
