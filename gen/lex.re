/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The words of the language: the token table is the block between the re2c marks. */
#include "lex.h"

#include <stdio.h>
#include <string.h>

#include "diag.h"
#include "parse.h"

void lex_init(struct lexer *l, struct spec *s, const struct source *source)
{
	*l = (struct lexer){
		.spec = s,
		.source = source,
		.cursor = source->text,
		.limit = source->text + source->size,
		.line_start = source->text,
		.line = 1,
	};
}

static struct pos position(const struct lexer *l, const char *start)
{
	return (struct pos){
		.source = l->source,
		.line = l->line,
		.column = (unsigned)(start - l->line_start) + 1,
		.length = (unsigned)(l->cursor - start),
	};
}

/* A token of the bytes from start to the cursor, without `skip` in front and `drop` behind. */
static struct token make(struct lexer *l, int kind, const char *start, size_t skip, size_t drop)
{
	size_t length = (size_t)(l->cursor - start) - skip - drop;
	struct token t = {
		.kind = kind,
		.at = position(l, start),
		.text = spec_strndup(l->spec, start + skip, length),
		.first = !l->line_has_token,
	};

	l->line_has_token = true;
	return t;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static struct token make_number(struct lexer *l, const char *start, unsigned base)
{
	struct token t = make(l, TOKEN_NUMBER, start, 0, 0);
	bool fits = true;

	for (const char *p = start + (base == 16 ? 2 : 0); p < l->cursor; p++) {
		int d = digit(*p);

		if (d < 0)
			continue;
		fits &= !__builtin_mul_overflow(t.number, base, &t.number);
		fits &= !__builtin_add_overflow(t.number, (uint64_t)d, &t.number);
	}
	if (!fits) {
		diag_error(l->spec, &t.at, "number does not fit in 64 bits");
		t.number = 0;
	}
	return t;
}

/* Strings and documentation end up in C headers that every compiler must read: ASCII alone. */
static void refuse_foreign_bytes(struct lexer *l, const struct token *t)
{
	for (const char *p = t->text; *p; p++) {
		if (((unsigned char)*p >= ' ' && (unsigned char)*p < 0x7f) || *p == '\t')
			continue;
		diag_error(l->spec, &t->at, "only ASCII may stand in a string or in documentation");
		return;
	}
}

static struct token make_text(struct lexer *l, int kind, const char *start, size_t skip,
			      size_t drop)
{
	struct token t = make(l, kind, start, skip, drop);

	if (memchr(start, 0, (size_t)(l->cursor - start)))
		diag_error(l->spec, &t.at, "NUL byte inside a string or documentation");
	refuse_foreign_bytes(l, &t);
	return t;
}

/* Documentation without the slashes, the blank behind them and the blanks at the end. */
static struct token make_doc(struct lexer *l, const char *start)
{
	const char *end = l->cursor;
	size_t skip = start[3] == ' ' ? 4 : 3;

	while (end > start + skip && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
		end--;
	return make_text(l, TOKEN_DOC, start, skip, (size_t)(l->cursor - end));
}

/* Both go on as the token that was meant, so that one slip is one message. */
static struct token make_bad_number(struct lexer *l, const char *start)
{
	struct token t = make(l, TOKEN_NUMBER, start, 0, 0);

	diag_error(l->spec, &t.at, "'%s' is neither a number nor a name", t.text);
	return t;
}

static struct token make_open_string(struct lexer *l, const char *start)
{
	struct token t = make_text(l, TOKEN_STRING, start, 1, 0);

	diag_error(l->spec, &t.at, "the string does not end on its line");
	return t;
}

static void refuse_byte(struct lexer *l, const char *start)
{
	struct pos at = position(l, start);
	unsigned char c = (unsigned char)*start;

	l->line_has_token = true;
	if (c == 0)
		diag_error(l->spec, &at, "NUL byte");
	else if (c >= ' ' && c < 0x7f)
		diag_error(l->spec, &at, "unexpected character '%c'", c);
	else
		diag_error(l->spec, &at, "unexpected byte 0x%02x", c);
}

static void next_line(struct lexer *l)
{
	l->line++;
	l->line_start = l->cursor;
	l->line_has_token = false;
}

struct token lex_next(struct lexer *l)
{
	const char *start;

#define TOKEN(name) return make(l, TOKEN_##name, start, 0, 0)
again:
	start = l->cursor;
/*!re2c
	re2c:define:YYCTYPE = "unsigned char";
	re2c:define:YYCURSOR = "l->cursor";
	re2c:define:YYMARKER = "l->marker";
	re2c:define:YYLIMIT = "l->limit";
	re2c:yyfill:enable = 0;
	re2c:eof = 0;

	text = [^\n];
	name = [A-Za-z_][A-Za-z0-9_]*;

	$                 { return make(l, TOKEN_END, start, 0, 0); }
	"\n"              { next_line(l); goto again; }
	[ \t\r]+          { goto again; }
	"////" text*      { goto again; }
	"///" text*       { return make_doc(l, start); }
	"//" text*        { goto again; }

	"include"         { TOKEN(INCLUDE); }
	"interface"       { TOKEN(INTERFACE); }
	"version"         { TOKEN(VERSION); }
	"type"            { TOKEN(TYPE); }
	"bits"            { TOKEN(BITS); }
	"enum"            { TOKEN(ENUM); }
	"flags"           { TOKEN(FLAGS); }
	"struct"          { TOKEN(STRUCT); }
	"statuses"        { TOKEN(STATUSES); }
	"rules"           { TOKEN(RULES); }
	"privileges"      { TOKEN(PRIVILEGES); }
	"features"        { TOKEN(FEATURES); }
	"hypercall"       { TOKEN(HYPERCALL); }
	"msr"             { TOKEN(MSR); }
	"cpuid"           { TOKEN(CPUID); }
	"remark"          { TOKEN(REMARK); }
	"absent"          { TOKEN(ABSENT); }

	"size"            { TOKEN(SIZE); }
	"stride"          { TOKEN(STRIDE); }
	"count"           { TOKEN(COUNT); }

	"ref"             { TOKEN(REF); }
	"since"           { TOKEN(SINCE); }
	"seen"            { TOKEN(SEEN); }
	"arch"            { TOKEN(ARCH); }
	"named"           { TOKEN(NAMED); }
	"unimplemented"   { TOKEN(UNIMPLEMENTED); }
	"formerly"        { TOKEN(FORMERLY); }
	"offered"         { TOKEN(OFFERED); }
	"needs"           { TOKEN(NEEDS); }
	"caller"          { TOKEN(CALLER); }
	"status"          { TOKEN(STATUS); }
	"continuable"     { TOKEN(CONTINUABLE); }
	"in"              { TOKEN(IN); }
	"var"             { TOKEN(VAR); }
	"each"            { TOKEN(EACH); }
	"out"             { TOKEN(OUT); }
	"reset"           { TOKEN(RESET); }
	"acts"            { TOKEN(ACTS); }
	"computed"        { TOKEN(COMPUTED); }

	"pad"             { TOKEN(PAD); }
	"mbz"             { TOKEN(MBZ); }
	"preserve"        { TOKEN(PRESERVE); }
	"nonzero"         { TOKEN(NONZERO); }
	"valid"           { TOKEN(VALID); }
	"count_of"        { TOKEN(COUNT_OF); }
	"unless"          { TOKEN(UNLESS); }
	"else"            { TOKEN(ELSE); }
	"gpa"             { TOKEN(GPA); }
	"locks"           { TOKEN(LOCKS); }
	"ignored_unless"  { TOKEN(IGNORED_UNLESS); }
	"constant"        { TOKEN(CONSTANT); }
	"value"           { TOKEN(VALUE); }

	name              { TOKEN(NAME); }
	"@" name          { return make(l, TOKEN_MARK, start, 1, 0); }
	"0x" [0-9a-fA-F] [0-9a-fA-F_]* { return make_number(l, start, 16); }
	[0-9] [0-9_]*     { return make_number(l, start, 10); }
	[0-9] [0-9A-Za-z_]+ { return make_bad_number(l, start); }
	["] [^"\n]* ["]   { return make_text(l, TOKEN_STRING, start, 1, 1); }
	["] [^"\n]*       { return make_open_string(l, start); }

	"{"               { TOKEN(LBRACE); }
	"}"               { TOKEN(RBRACE); }
	"["               { TOKEN(LBRACKET); }
	"]"               { TOKEN(RBRACKET); }
	"="               { TOKEN(EQUALS); }
	":"               { TOKEN(COLON); }
	","               { TOKEN(COMMA); }
	"."               { TOKEN(DOT); }
	".."              { TOKEN(RANGE); }

	*                 { refuse_byte(l, start); goto again; }
*/
}

static const char *const keywords[] = {
	[TOKEN_INCLUDE] = "include", [TOKEN_INTERFACE] = "interface", [TOKEN_VERSION] = "version",
	[TOKEN_TYPE] = "type", [TOKEN_BITS] = "bits", [TOKEN_ENUM] = "enum",
	[TOKEN_FLAGS] = "flags", [TOKEN_STRUCT] = "struct", [TOKEN_STATUSES] = "statuses",
	[TOKEN_RULES] = "rules", [TOKEN_PRIVILEGES] = "privileges", [TOKEN_FEATURES] = "features",
	[TOKEN_HYPERCALL] = "hypercall", [TOKEN_MSR] = "msr", [TOKEN_CPUID] = "cpuid",
	[TOKEN_REMARK] = "remark", [TOKEN_ABSENT] = "absent", [TOKEN_SIZE] = "size",
	[TOKEN_STRIDE] = "stride", [TOKEN_COUNT] = "count", [TOKEN_REF] = "ref",
	[TOKEN_SINCE] = "since", [TOKEN_ARCH] = "arch", [TOKEN_SEEN] = "seen",
	[TOKEN_BODY_SEEN] = "seen", [TOKEN_NAMED] = "named",
	[TOKEN_FORMERLY] = "formerly", [TOKEN_UNIMPLEMENTED] = "unimplemented",
	[TOKEN_OFFERED] = "offered",
	[TOKEN_NEEDS] = "needs", [TOKEN_CALLER] = "caller", [TOKEN_STATUS] = "status",
	[TOKEN_CONTINUABLE] = "continuable", [TOKEN_IN] = "in", [TOKEN_VAR] = "var",
	[TOKEN_EACH] = "each", [TOKEN_OUT] = "out", [TOKEN_RESET] = "reset", [TOKEN_ACTS] = "acts",
	[TOKEN_COMPUTED] = "computed", [TOKEN_PAD] = "pad", [TOKEN_MBZ] = "mbz",
	[TOKEN_PRESERVE] = "preserve", [TOKEN_NONZERO] = "nonzero", [TOKEN_VALID] = "valid",
	[TOKEN_COUNT_OF] = "count_of",
	[TOKEN_UNLESS] = "unless", [TOKEN_ELSE] = "else", [TOKEN_GPA] = "gpa",
	[TOKEN_LOCKS] = "locks", [TOKEN_IGNORED_UNLESS] = "ignored_unless",
	[TOKEN_CONSTANT] = "constant", [TOKEN_VALUE] = "value",
};

/* What a message calls the others. */
static const char *const token_names[] = {
	[TOKEN_END] = "the end of the file", [TOKEN_NAME] = "a name", [TOKEN_NUMBER] = "a number",
	[TOKEN_STRING] = "a string", [TOKEN_MARK] = "a mark", [TOKEN_BODY_MARK] = "a mark",
	[TOKEN_DOC] = "documentation", [TOKEN_LINE_DOC] = "documentation", [TOKEN_LBRACE] = "'{'",
	[TOKEN_RBRACE] = "'}'", [TOKEN_LBRACKET] = "'['", [TOKEN_RBRACKET] = "']'",
	[TOKEN_EQUALS] = "'='", [TOKEN_COLON] = "':'", [TOKEN_COMMA] = "','", [TOKEN_DOT] = "'.'",
	[TOKEN_RANGE] = "'..'",
};

int lex_kinds(void)
{
	return sizeof(keywords) / sizeof(keywords[0]);
}

const char *lex_keyword(int kind)
{
	return kind >= 0 && kind < lex_kinds() ? keywords[kind] : NULL;
}

const char *lex_token_name(int kind)
{
	static char quoted[32];
	int count = sizeof(token_names) / sizeof(token_names[0]);

	if (lex_keyword(kind)) {
		snprintf(quoted, sizeof(quoted), "'%s'", lex_keyword(kind));
		return quoted;
	}
	if (kind < 0 || kind >= count || !token_names[kind])
		return "something else";
	return token_names[kind];
}

bool lex_opens_declaration(int kind)
{
	switch (kind) {
	case TOKEN_INCLUDE: case TOKEN_INTERFACE: case TOKEN_TYPE: case TOKEN_BITS:
	case TOKEN_ENUM: case TOKEN_FLAGS: case TOKEN_STRUCT: case TOKEN_STATUSES:
	case TOKEN_RULES: case TOKEN_PRIVILEGES: case TOKEN_FEATURES: case TOKEN_HYPERCALL:
	case TOKEN_MSR: case TOKEN_CPUID: case TOKEN_REMARK: case TOKEN_ABSENT:
		return true;
	default:
		return false;
	}
}
