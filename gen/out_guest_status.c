/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Statuses in the guest header: numbers, and names, texts and classes that need no relocation. */
#include "out_guest.h"

#include <fnmatch.h>
#include <string.h>

#include "spell.h"
#include "text/text.h"

/* What a caller can do about a status. The TLFS has no classes: the first pattern that fits. */
static const struct class_rule {
	const char *name, *pattern;
} class_rules[] = {
	{ "SUCCESS", "success" },
	{ "DEPOSIT", "insufficient_*memory" },
	{ "RETRY", "time_out" },
	{ "RETRY", "insufficient_buffers" },
	{ "RETRY", "call_pending" },
	{ "PRIVILEGE", "access_denied" },
	{ "ABSENT", "*not_supported" },
	{ "ABSENT", "*incompatible*" },
	{ "ABSENT", "*_unavailable" },
	{ "ABSENT", "invalid_hypercall_code" },
	{ "STATE", "*_state" },
	{ "STATE", "*_denied" },
	{ "STATE", "object_in_use" },
	{ "STATE", "*already*" },
	{ "STATE", "not_allowed_*" },
	{ "STATE", "*acknowledged" },
	{ "CALLER", "invalid_*" },
	{ "CALLER", "unknown_*" },
	{ "CALLER", "*_out_of_range" },
	{ "OTHER", "*" },
};

static const struct class_text {
	const char *name, *text;
} classes[] = {
	{ "SUCCESS", "done" },
	{ "RETRY", "the same call may succeed later" },
	{ "DEPOSIT", "deposit memory to the partition, then repeat the call" },
	{ "PRIVILEGE", "this partition may not" },
	{ "CALLER", "the parameters are wrong: a mistake of the caller" },
	{ "STATE", "not in this state of the object" },
	{ "ABSENT", "not on this hypervisor or processor" },
	{ "OTHER", "none of these" },
};

static unsigned class_of(const struct status *st)
{
	const struct class_rule *rule = class_rules;
	unsigned class = 0;

	while (fnmatch(rule->pattern, st->name, 0) != 0)
		rule++;
	while (strcmp(classes[class].name, rule->name) != 0)
		class++;
	return class;
}

static const char *text_of(const struct status *st)
{
	return *st->about.doc ? first_line(st->about.doc) : "";
}

static void class_constants(struct text *t)
{
	emit_comment(t, "What to do about a status.");
	for (unsigned i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		emit_comment(t, classes[i].text);
		guest_define(t, namef("HV_CLASS_%s", classes[i].name), namef("%u", i));
	}
	emit_blank(t);
}

/* One member per status, no array of them: C89 ends a string at 509 characters. */
static void strings(struct text *t, const struct spec *s)
{
	emit_comment(t, "Name, NUL and text of each status, one after the other. Offsets and not "
			"pointers lead there: nothing needs to be relocated.");
	emit_open(t, "static HV_ATTRIBUTE((__unused__)) const struct hv_status_strings {");
	for (const struct status *st = s->statuses; st; st = st->next)
		emit_line(t, "char of_%04x[%zu];", st->value,
			  strlen(c_status(st)) + strlen(text_of(st)) + 2);
	emit_close(t, "} hv_status_strings = {");
	t->indent++;
	for (const struct status *st = s->statuses; st; st = st->next) {
		emit(t, "\"%s\\0\"\n\t\"", c_status(st));
		emit_escaped(t, text_of(st));
		emit_line(t, "\"%s", st->next ? "," : "");
	}
	emit_close(t, "};");
	emit_blank(t);
}

static void entries(struct text *t, const struct spec *s)
{
	size_t at = 0;

	emit_open(t, "static HV_ATTRIBUTE((__unused__)) const struct hv_status_entry {\n"
		     "\thv_u16 code, at, category;");
	emit_close(t, "} hv_status_entries[] = {");
	t->indent++;
	for (const struct status *st = s->statuses; st; st = st->next) {
		emit_line(t, "{ 0x%04x, %zu, HV_CLASS_%s }%s", st->value, at,
			  classes[class_of(st)].name, st->next ? "," : "");
		at += strlen(c_status(st)) + strlen(text_of(st)) + 2;
	}
	emit_close(t, "};");
	emit_line(t, "#define HV_STATUSES \\\n"
		     "\tHV_CAST(hv_u32, sizeof(hv_status_entries) / sizeof(hv_status_entries[0]))");
	emit_line(t, "HV_STATIC_ASSERT(sizeof(struct hv_status_strings) == %zu, status_strings);",
		  at);
	emit_blank(t);
}

void guest_statuses(struct text *t, const struct spec *s)
{
	guest_section(t, "Statuses");
	emit(t, "typedef hv_u16 hv_status;\n\n");
	for (const struct status *st = s->statuses; st; st = st->next) {
		emit_comment(t, text_of(st));
		guest_define(t, c_status(st), namef("0x%04x", st->value));
	}
	emit_blank(t);
	class_constants(t);
	emit(t, "#if !defined(HV_NO_STRINGS)\n\n");
	strings(t, s);
	entries(t, s);
	emit_line(t, "%s\n#endif /* HV_NO_STRINGS */\n", text_guest_status_h);
}
