/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * spec_msrs.h and spec_msrs.c: the total table of synthetic MSRs, their slots, resets and write
 * rules.
 */
#include "expr.h"
#include "out.h"
#include "spell.h"

enum { NOT_FREE = 255 };

static const char structs[] =
	"struct vcpu;\n"
	"\n"
	"enum {\n"
	"\tSPEC_MSR_READ = 1,\n"
	"\tSPEC_MSR_WRITE = 2,\n"
	"\tSPEC_MSR_VP = 4, /* else partition */\n"
	"\tSPEC_MSR_COMPUTED = 8,\n"
	"\tSPEC_MSR_ACTS = 16,\n"
	"\tSPEC_MSR_IMPLEMENTED = 32,\n"
	"\tSPEC_MSR_KNOWN = 64\n"
	"};\n"
	"\n"
	"/* What the rules of a write may look at. */\n"
	"struct spec_msr_env {\n"
	"\tconst u64 *partition_slots;\n"
	"\tconst u64 *vp_slots;\n"
	"\tu64 gpa_pages; /* first page number outside the guest physical address space */\n"
	"};\n"
	"\n"
	"struct spec_msr {\n"
	"\tu32 number;\n"
	"\tu16 flags;\n"
	"\tu16 slot;  /* index into the stored values of its scope */\n"
	"\tu16 index; /* n of a strided MSR, else 0 */\n"
	"\t/* enum spec_rule that a read breaks where SPEC_MSR_READ is not set; likewise a write. "
	"*/\n"
	"\tu16 refuse_read, refuse_write;\n"
	"\t/* A value of so many bits is stored as it is, whatever was before; 255: ask check. */\n"
	"\tu8 free_bits;\n"
	"\tu64 needs_privilege, needs_feature; /* all bits must be offered */\n"
	"\tu64 reset;\n"
	"\t/*\n"
	"\t * 0, or the rule that writing *value over old breaks. Bits that a write leaves alone, "
	"or\n"
	"\t * that stay zero, are put right in *value.\n"
	"\t */\n"
	"\tu32 (*check)(const struct spec_msr_env *env, u64 old, u64 *value);\n"
	"\t/* Only when SPEC_MSR_COMPUTED, and only when SPEC_MSR_ACTS. */\n"
	"\tbool (*read)(struct vcpu *v, u32 index, u64 *value);\n"
	"\tbool (*write)(struct vcpu *v, u32 index, u64 old, u64 value);\n"
	"};\n"
	"extern const struct spec_msr spec_msr_rows[];\n"
	"\n";

static const char *index_type(const struct spec *s)
{
	return s->msr_row_count > 255 ? "u16" : "u8";
}

static void slots(struct text *t, const struct spec *s)
{
	emit_comment(t, "Slots of the partition and slots of a virtual processor, each from 0; of "
			"a strided MSR the first.");
	for (const struct msr *m = s->msrs; m; m = m->next) {
		if (!for_x64(&m->about) || !msr_implemented(m))
			continue;
		emit(t, "#define SPEC_MSR_SLOT_%s", upper(m->name));
		emit_column(t, 64);
		emit_line(t, "%u%s", msr_slot(s, m), m->vp ? " /* VP */" : "");
	}
	for (unsigned vp = 0; vp < 2; vp++)
		emit_line(t, "#define SPEC_MSR_%s_SLOTS %u", vp ? "VP" : "PARTITION",
			  msr_slots(s, vp) ? msr_slots(s, vp) : 1);
	emit_blank(t);
}

/* Those of x64, and row 0. */
static unsigned row_count(const struct spec *s)
{
	unsigned n = 1;

	for (size_t i = 0; i < s->msr_row_count; i++)
		n += for_x64(&s->msr_rows[i].msr->about);
	return n;
}

static void lookup(struct text *t, const struct spec *s)
{
	emit_line(t, "#define SPEC_MSR_FIRST 0x%xu", MSR_FIRST);
	emit_line(t, "#define SPEC_MSR_RANGE 0x%xu", MSR_LAST - MSR_FIRST + 1);
	emit_line(t, "#define SPEC_MSR_ROWS %u", row_count(s));
	emit_line(t, "extern const %s spec_msr_index[SPEC_MSR_RANGE];", index_type(s));
	emit_blank(t);
	emit_comment(t, "The row of an MSR. Total: row 0, which has no flags, is every number that "
			"is not in the specification.");
	emit_line(t, "static inline const struct spec_msr *spec_msr_row(u32 number)");
	emit_open(t, "{");
	emit_line(t, "u32 at = number - SPEC_MSR_FIRST;");
	emit_blank(t);
	emit_line(t, "return &spec_msr_rows[at < SPEC_MSR_RANGE ? spec_msr_index[at] : 0];");
	emit_close(t, "}");
	emit_blank(t);
}

static bool reads(const struct msr *m)
{
	return msr_implemented(m) && m->computed && m->readable;
}

static bool writes(const struct msr *m)
{
	return msr_implemented(m) && m->acts && m->writable;
}

void out_msrs_h(struct text *t, const struct spec *s)
{
	emit_banner(t, "The table of synthetic MSRs.");
	emit(t, "#ifndef SPEC_MSRS_H\n#define SPEC_MSRS_H\n\n#include \"types.h\"\n\n%s", structs);
	slots(t, s);
	lookup(t, s);
	emit_comment(t, "Tests of the tables alone make it a weak symbol.");
	emit(t, "#ifndef SPEC_HANDLER\n#define SPEC_HANDLER\n#endif\n\n");
	emit_comment(t, "What the hypervisor must have. A read gives the value; a write that is "
			"allowed is stored by the caller "
			"afterwards. False: #GP, nothing is stored.");
	for (const struct msr *m = s->msrs; m; m = m->next) {
		if (!for_x64(&m->about))
			continue;
		if (reads(m))
			emit_line(t,
				  "SPEC_HANDLER bool msr_read_%s(struct vcpu *v, u32 index, u64 "
				  "*value);",
				  m->name);
		if (writes(m))
			emit_wrapped(t,
				     "SPEC_HANDLER bool msr_write_%s(struct vcpu *v, u32 index, "
				     "u64 old, u64 value);",
				     m->name);
	}
	emit_blank(t);
	emit_comment(t, "Give every slot its reset value.");
	emit_line(t, "void spec_msr_reset_partition(u64 *slots);");
	emit_line(t, "void spec_msr_reset_vp(u64 *slots);");
	emit(t, "\n#endif\n");
}

static void adjustments(struct text *t, const struct spec *s, const struct msr *m)
{
	uint64_t pad = msr_mask(m, BITS_PAD), preserve = msr_mask(m, BITS_PRESERVE);

	if (pad)
		emit_line(t, "*value &= ~%s;", c_hex(pad, 8));
	if (preserve)
		emit_line(t, "*value = (*value & ~%s) | (old & %s);", c_hex(preserve, 8),
			  c_hex(preserve, 8));
	for (const struct bits *b = m->bits; b; b = b->next) {
		const struct msr *other = b->ignored_unless_msr;
		if (!other || !msr_implemented(other))
			continue;
		emit_line(t, "if (env->%s_slots[%u] == 0) /* %s */", other->vp ? "vp" : "partition",
			  msr_slot(s, other), other->name);
		emit_line(t, "\t*value &= ~%s;", c_hex(bits_mask(b), 8));
	}
}

static void check_function(struct text *t, const struct spec *s, const struct msr *m)
{
	const struct check *refused = msr_check(m, CHECK_MSR_WRITE);

	emit_blank(t);
	emit_line(t, "static u32 check_%s(const struct spec_msr_env *env, u64 old, u64 *value)",
		  m->name);
	emit_open(t, "{");
	emit(t, "(void)env;\n(void)old;\n(void)value;\n");
	for (const struct check *k = m->checks; k && !refused; k = k->next) {
		if (k->kind == CHECK_MSR_READ)
			continue;
		emit_line(t, "if (%s%s)", k->guarded ? namef("%s && ", expr_guard(k)) : "",
			  expr_broken(k));
		emit_line(t, "\treturn SPEC_RULE_%s;", k->enumerator);
	}
	if (!refused)
		adjustments(t, s, m);
	emit_line(t, "return SPEC_RULE_%s;", refused ? refused->enumerator : "NONE");
	emit_close(t, "}");
}

/* The bits that a rule which zero always passes looks at; all where it is of another kind. */
static uint64_t ruled_bits(const struct check *k)
{
	const uint64_t bits = low_bits(k->on.width) << k->on.shift;

	switch (k->kind) {
	case CHECK_RESERVED:
		return k->mask << k->on.shift;
	case CHECK_ZERO:
	case CHECK_MSR_GPA:
		return bits;
	case CHECK_RANGE:
		return k->low ? UINT64_MAX : bits;
	default:
		return UINT64_MAX;
	}
}

/* How many of the lowest bits a value may have that no rule and no adjustment is about. */
static unsigned free_bits(const struct msr *m)
{
	uint64_t ruled = msr_mask(m, BITS_PAD);
	unsigned n = 0;

	if (!msr_implemented(m) || !m->writable || msr_mask(m, BITS_PRESERVE))
		return NOT_FREE;
	for (const struct bits *b = m->bits; b; b = b->next)
		if (b->ignored_unless_msr)
			ruled |= bits_mask(b);
	for (const struct check *k = m->checks; k; k = k->next) {
		if (k->kind == CHECK_MSR_READ)
			continue;
		if (ruled_bits(k) == UINT64_MAX)
			return NOT_FREE;
		ruled |= ruled_bits(k);
	}
	while (n < 63 && !(ruled >> n & 1))
		n++;
	return n;
}

static const char *flag_list(const struct msr *m)
{
	return namef("SPEC_MSR_KNOWN%s%s%s%s%s%s",
		     msr_implemented(m) ? " | SPEC_MSR_IMPLEMENTED" : "",
		     m->readable ? " | SPEC_MSR_READ" : "", m->writable ? " | SPEC_MSR_WRITE" : "",
		     m->vp ? " | SPEC_MSR_VP" : "", reads(m) ? " | SPEC_MSR_COMPUTED" : "",
		     writes(m) ? " | SPEC_MSR_ACTS" : "");
}

static const char *rule_of(const struct msr *m, enum check_kind kind)
{
	const struct check *k = msr_check(m, kind);
	return namef("SPEC_RULE_%s", k ? k->enumerator : "NONE");
}

static void row(struct text *t, const struct spec *s, const struct msr_row *r)
{
	const struct msr *m = r->msr;
	unsigned slot = msr_implemented(m) ? msr_slot(s, m) + r->index : 0;

	emit_open(t, "{ /* %s */", msr_instance(m, r->index));
	emit_line(t, ".number = 0x%08x, .slot = %u, .index = %u,", r->number, slot, r->index);
	emit_wrapped(t, ".flags = %s,", flag_list(m));
	emit_line(t, ".refuse_read = %s,", rule_of(m, CHECK_MSR_READ));
	emit_line(t, ".refuse_write = %s,", rule_of(m, CHECK_MSR_WRITE));
	emit_line(t, ".free_bits = %u,", free_bits(m));
	emit_line(t, ".needs_privilege = %s,", c_hex(needs_mask(s, m->needs, "privilege"), 8));
	emit_line(t, ".needs_feature = %s,", c_hex(needs_mask(s, m->needs, "feature"), 8));
	emit_line(t, ".reset = %s,", c_hex(m->reset, 8));
	emit_line(t, ".check = check_%s,", m->name);
	emit_line(t, ".read = %s,", reads(m) ? namef("msr_read_%s", m->name) : "read_stored");
	emit_line(t, ".write = %s,", writes(m) ? namef("msr_write_%s", m->name) : "write_stored");
	emit_close(t, "},");
}

static void rows(struct text *t, const struct spec *s)
{
	emit_blank(t);
	emit_line(t, "/* One row is one cache line. */");
	emit_open(t, "__attribute__((aligned(64))) const struct spec_msr spec_msr_rows[] = {");
	emit_wrapped(t,
		     "{ .free_bits = %u, .check = check_unknown, .read = read_stored, "
		     ".write = write_stored },",
		     NOT_FREE);
	for (size_t i = 0; i < s->msr_row_count; i++)
		if (for_x64(&s->msr_rows[i].msr->about))
			row(t, s, &s->msr_rows[i]);
	emit_close(t, "};");
}

static void index_table(struct text *t, const struct spec *s)
{
	unsigned n = 0;

	emit_blank(t);
	emit_open(t, "const %s spec_msr_index[SPEC_MSR_RANGE] = {", index_type(s));
	for (size_t i = 0; i < s->msr_row_count; i++) {
		const struct msr_row *r = &s->msr_rows[i];
		if (for_x64(&r->msr->about))
			emit_line(t, "[0x%03x] = %u, /* %s */", r->number - MSR_FIRST, ++n,
				  msr_instance(r->msr, r->index));
	}
	emit_close(t, "};");
}

static void reset_function(struct text *t, const struct spec *s, bool vp)
{
	emit_blank(t);
	emit_line(t, "void spec_msr_reset_%s(u64 *slots)", vp ? "vp" : "partition");
	emit_open(t, "{");
	emit_line(t, "for (u32 i = 0; i < SPEC_MSR_%s_SLOTS; i++)", vp ? "VP" : "PARTITION");
	emit_line(t, "\tslots[i] = 0;");
	for (const struct msr *m = s->msrs; m; m = m->next) {
		if (m->vp != vp || !msr_implemented(m) || !for_x64(&m->about) || !m->reset)
			continue;
		for (unsigned i = 0; i < m->count; i++)
			emit_line(t, "slots[%u] = %s; /* %s */", msr_slot(s, m) + i,
				  c_hex(m->reset, 8), msr_instance(m, i));
	}
	emit_close(t, "}");
}

static const char no_ops[] =
	"/* In rows whose values are simply stored, and of numbers that do not exist: nothing "
	"calls them. */\n"
	"static bool read_stored(struct vcpu *v, u32 index, u64 *value)\n"
	"{\n\t(void)v;\n\t(void)index;\n\t*value = 0;\n\treturn false;\n}\n\n"
	"static bool write_stored(struct vcpu *v, u32 index, u64 old, u64 value)\n"
	"{\n\t(void)v;\n\t(void)index;\n\t(void)old;\n\t(void)value;\n\treturn true;\n}\n\n"
	"static u32 check_unknown(const struct spec_msr_env *env, u64 old, u64 *value)\n"
	"{\n\t(void)env;\n\t(void)old;\n\t(void)value;\n\treturn SPEC_RULE_NONE;\n}\n";

void out_msrs_c(struct text *t, const struct spec *s)
{
	emit_banner(t, "The table of synthetic MSRs.");
	emit(t, "#include \"spec_msrs.h\"\n\n#include \"spec_check.h\"\n\n%s", no_ops);
	for (const struct msr *m = s->msrs; m; m = m->next)
		if (for_x64(&m->about))
			check_function(t, s, m);
	rows(t, s);
	index_table(t, s);
	reset_function(t, s, false);
	reset_function(t, s, true);
}
