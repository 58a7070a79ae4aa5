/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * hv_tlfs.h: the interface for guests, one header without dependencies in the common subset of C89
 * and C++.
 */
#include "out_guest.h"

#include <stdio.h>
#include <string.h>

#include "command.h"
#include "digest.h"
#include "out.h"
#include "spell.h"
#include "text/text.h"

enum { VALUE_COLUMN = 64, LAST_COLUMN = 100 };

void guest_section(struct text *t, const char *title)
{
	emit(t, "/* ---- %s ", title);
	for (size_t n = strlen(title) + 9; n < 97; n++)
		emit_char(t, '-');
	emit_line(t, " */\n");
}

void guest_define(struct text *t, const char *name, const char *value)
{
	size_t column = strlen("#define  ") + strlen(name);

	emit(t, "#define %s", name);
	if ((column > VALUE_COLUMN ? column : VALUE_COLUMN) + strlen(value) > LAST_COLUMN)
		emit(t, " \\\n\t");
	else
		emit_column(t, VALUE_COLUMN);
	emit_line(t, "%s", value);
}

const char *guest_number(uint64_t v, unsigned bytes)
{
	if (bytes < 8)
		return namef("0x%llxu", (unsigned long long)v);
	return namef("HV_C64(0x%x, 0x%x)", (unsigned)(v >> 32), (unsigned)v);
}

/* Major, minor, letter: "v5.0C" is 0x050003; what is no edition is 0. */
static const char *edition(const char *name)
{
	unsigned major = 0, minor = 0;
	char letter = 0;

	(void)sscanf(name, "v%u.%u%c", &major, &minor, &letter);
	return namef("0x%02x%02x%02x", major, minor, letter ? (letter | 0x20) - 'a' + 1 : 0);
}

void guest_since(struct text *t, const char *name, const struct about *a)
{
	if (a->since)
		guest_define(t, namef("HV_SINCE_%s", name), edition(a->since));
}

/* ---- what needs certain items ---- */

static bool shows(const struct spec *s, const char *block, const char *bit)
{
	const struct offer_bit *b = spec_offer_bit(s, block, bit);

	return b && b->shown;
}

static bool has_msr(const struct spec *s, const char *name, const char *named)
{
	const struct msr *m = spec_msr(s, name);

	return m && for_x64(&m->about) && strcmp(m->named, named) == 0;
}

static bool has_bit(const struct bits *bits, const char *name)
{
	for (const struct bits *b = bits; b; b = b->next)
		if (b->name && strcmp(b->name, name) == 0 && b->high == b->low)
			return true;
	return false;
}

static bool has_field(const struct spec *s, const char *type, const char *name)
{
	const struct type *holder = spec_type(s, type);

	for (const struct field *f = holder ? holder->fields : NULL; f; f = f->next)
		if (strcmp(f->name, name) == 0)
			return true;
	return false;
}

/* What detection compares: CPUID leaf `interface` with its constant `signature`. */
static bool has_signature(const struct spec *s)
{
	for (const struct cpuid_leaf *l = s->leaves; l; l = l->next)
		for (const struct bits *b = l->registers[CPUID_EAX].bits; b; b = b->next)
			if (strcmp(l->name, "interface") == 0 && for_x64(&l->about) &&
			    b->source == CPUID_CONSTANT && strcmp(b->name, "signature") == 0)
				return true;
	return false;
}

static bool has_frequencies(const struct spec *s)
{
	return shows(s, "privilege", "access_frequency_regs") &&
	       shows(s, "feature", "frequency_regs") &&
	       has_msr(s, "tsc_frequency", "HV_X64_MSR_TSC_FREQUENCY") &&
	       has_msr(s, "apic_frequency", "HV_X64_MSR_APIC_FREQUENCY");
}

static bool has_crash(const struct spec *s)
{
	return shows(s, "feature", "guest_crash_regs") &&
	       has_msr(s, "crash_p", "HV_X64_MSR_CRASH_P") &&
	       has_msr(s, "crash_ctl", "HV_X64_MSR_CRASH_CTL") &&
	       spec_msr(s, "crash_p")->strided && spec_msr(s, "crash_p")->count == 5 &&
	       has_bit(spec_msr(s, "crash_ctl")->bits, "crash_notify") &&
	       has_bit(spec_msr(s, "crash_ctl")->bits, "crash_message");
}

static bool has_messages(const struct spec *s)
{
	const struct type *flags = spec_type(s, "message_flags");

	return has_msr(s, "eom", "HV_X64_MSR_EOM") && has_field(s, "message", "header") &&
	       has_field(s, "message_header", "type") && has_field(s, "message_header", "flags") &&
	       has_field(s, "event_flags", "flags") && flags &&
	       has_bit(flags->bits, "message_pending");
}

/* ---- the file ---- */

static void version(struct text *t, const struct spec *s)
{
	const char *number = namef("0x%02x%02x%02x", s->version[0], s->version[1], s->version[2]);

	emit_comment(t, "The specification this file was made from: major, minor, patch; its text; "
			"the interface; the edition of the TLFS, as HV_SINCE_... have it (v6.0b is "
			"0x060002); what made it.");
	guest_define(t, "HV_TLFS_VERSION", number);
	guest_define(t, "HV_TLFS_SPEC_SHA256", namef("\"%s\"", spec_sha256(s)));
	guest_define(t, "HV_TLFS_NAME", namef("\"%s\"", s->interface));
	guest_define(t, "HV_TLFS_EDITION", edition("v6.0b"));
	guest_define(t, "HV_TLFS_GENERATOR", "\"hvgen " HVGEN_VERSION "\"");
	emit(t, "\n#define HV_TLFS_CHECK(major, minor) \\\n"
		"\t(HV_TLFS_VERSION >= (((major) << 16) | ((minor) << 8)))\n\n");
	emit(t, "#if !defined(HV_TLFS_INTERFACE)\n"
		"#define HV_TLFS_INTERFACE HV_TLFS_VERSION\n"
		"#elif HV_TLFS_INTERFACE > HV_TLFS_VERSION\n"
		"#error \"this hv_tlfs.h is older than the HV_TLFS_INTERFACE asked for\"\n"
		"#elif (HV_TLFS_INTERFACE >> 16) != (HV_TLFS_VERSION >> 16)\n"
		"#error \"this hv_tlfs.h is of another major version than HV_TLFS_INTERFACE\"\n"
		"#endif\n\n");
}

/* What is called without memory and without a hypercall page. */
static void tier0(struct text *t, const struct spec *s)
{
	emit_line(t, "%s", text_guest_platform_h);
	guest_updates(t, s);
	emit_line(t, "%s", text_guest_time_h);
	if (has_msr(s, "time_ref_count", "HV_X64_MSR_TIME_REF_COUNT"))
		emit_line(t, "%s", text_guest_clock_h);
	if (has_messages(s))
		emit_line(t, "%s", text_guest_synic_h);
	if (has_signature(s)) {
		emit_line(t, "%s", text_guest_detect_h);
		guest_questions(t, s);
		if (has_frequencies(s))
			emit_line(t, "%s", text_guest_frequencies_h);
		if (has_crash(s))
			emit_line(t, "%s", text_guest_crash_h);
	}
	emit(t, "#endif /* HV_TIER0 */\n\n");
}

static void stubs(struct text *t, const struct spec *s)
{
	emit(t, "#if defined(HV_STUBS)\n\n");
	emit_line(t, "%s", text_guest_call_h);
	emit_line(t, "%s", text_guest_lists_h);
	if (has_signature(s) && shows(s, "feature", "xmm_registers_for_fast_hypercall"))
		emit_line(t, "#if defined(HV_TIER0)\n%s#endif\n", text_guest_xmm_h);
	guest_calls(t, s);
	emit(t, "#endif /* HV_STUBS */\n\n");
}

void guest_body(struct text *t, const struct spec *s)
{
	version(t, s);
	emit_line(t, "%s", text_guest_compiler_h);
	emit_line(t, "%s", text_guest_word_h);
	guest_statuses(t, s);
	guest_types(t, s);
	guest_cpuid(t, s);
	guest_offers(t, s);
	guest_msrs(t, s);
	guest_call_types(t, s);
	tier0(t, s);
	stubs(t, s);
	guest_former(t, s);
}

void out_guest_h(struct text *t, const struct spec *s)
{
	emit_line(t, "%s%s", text_guest_top_h, text_guest_licence_h);
	emit(t, "#if defined(HV_NO_SHORT_NAMES)\n#include \"hv_tlfs_long.h\"\n"
		"#elif !defined(HV_TLFS_H_)\n#define HV_TLFS_H_\n\n");
	guest_body(t, s);
	emit(t, "#endif /* HV_TLFS_H_ */\n");
}
