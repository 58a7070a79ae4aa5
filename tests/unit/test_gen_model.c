/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Tests of what the generator makes of a good specification. */
/* link: gen/model.c gen/diag.c gen/read.c gen/build.c gen/refer.c gen/unique.c gen/layout.c */
/* link: gen/rules.c gen/check.c gen/check_bits.c gen/check_msr.c gen/check_cpuid.c */
/* link: gen/check_testable.c gen/sample.c gen/vectors.c gen/near.c gen/check_remarks.c */
/* link: gen/items.c gen/emit.c gen/spell.c gen/edges.c */
/* link: build/obj/gen/lex.c build/obj/gen/parse.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "diag.h"
#include "read.h"

static const char *const head =
	"interface \"hv1\" version 0.1.0\n"
	"statuses {\n 0 success\n 3 invalid_hypercall_input\n 5 invalid_parameter\n"
	" 6 access_denied\n}\n"
	"rules {\n 1 privilege else access_denied\n"
	" 2 variable_header else invalid_hypercall_input\n"
	" 3 caller_mode else UD 4 page_enabled else UD 5 code_known else UD\n"
	" 6 control_reserved else UD 7 nested else UD 8 rep_count else UD\n"
	" 9 rep_start else UD 10 fast_allowed else UD 11 xmm_offered else UD\n"
	" 12 gpa_alignment else UD 13 gpa_page else UD 14 gpa_space else UD\n"
	" 15 gpa_overlap else UD 16 gpa_access else GP\n}\n"
	"privileges privilege : u64 {\n 5 p\n 40 q unimplemented \"not yet\"\n}\n"
	"cpuid 0x40000003 features {\n eax {\n 4..0 mbz\n 5 p = privilege.p\n 31..6 mbz\n }\n"
	" ebx {\n 7..0 mbz\n 8 q = privilege.q\n 31..9 level = value level\n }\n}\n"
	"struct keep size 1 shared {\n 0 u8 x\n}\n"
	"hypercall keep_statuses = 0x00ff simple {\n status invalid_parameter\n}\n";

/* Read a specification of the head and the text, and expect no errors. */
static struct spec *good(const char *text)
{
	struct spec *s = spec_new();
	const char *whole = spec_printf(s, "%s%s", head, text);

	read_text(s, "test.def", whole, strlen(whole));
	if (!spec_check(s))
		diag_print(s, stdout);
	assert_int_equal(s->error_count, 0);
	return s;
}

static const struct call *call_named(const struct spec *s, const char *name)
{
	const struct call *c = s->calls;

	while (c && strcmp(c->name, name) != 0)
		c = c->next;
	assert_non_null(c);
	return c;
}

static void layouts(void **state)
{
	struct spec *s = good("type id = u64\n"
			      "bits b : u16 {\n 7..0 low\n 15..8 mbz\n}\n"
			      "struct inner size 16 {\n 0 id a\n 8 b b\n 10 pad[6]\n}\n"
			      "struct outer size 64 shared {\n 0 u8 x[16]\n 16 inner y[2]\n"
			      " 48 u128 z\n}\n");
	const struct type *outer = spec_type(s, "outer");
	const struct field *y = outer->fields->next;

	(void)state;
	assert_int_equal(outer->size, 64);
	assert_int_equal(outer->align, 16);
	assert_int_equal(field_size(y), 32);
	assert_ptr_equal(y->type, spec_type(s, "inner"));
	assert_int_equal(y->type->align, 8);
	assert_string_equal(y->type->fields->next->next->name, "_pad0");
	assert_ptr_equal(spec_type(s, "id")->base, spec_type(s, "u64"));
	assert_true(type_mbz_mask(spec_type(s, "b")) == 0xff00);
	spec_free(s);
}

static void header_is_rounded_when_elements_follow(void **state)
{
	struct spec *s = good("hypercall a = 1 simple {\n in {\n 0 u32 x\n }\n}\n"
			      "hypercall b = 2 rep {\n in {\n 0 u32 x\n }\n"
			      " each in {\n 0 u32 y\n }\n"
			      " out {\n 0 u8 z\n }\n each out {\n 0 u8 z\n }\n}\n");

	(void)state;
	assert_int_equal(call_in_size(call_named(s, "a")), 4);
	assert_int_equal(call_in_size(call_named(s, "b")), 8);
	assert_int_equal(call_out_size(call_named(s, "b")), 8);
	assert_int_equal(call_named(s, "b")->each_in.size, 4);
	spec_free(s);
}

static void names(void **state)
{
	struct spec *s = good("hypercall flush_now = 1 simple, fast {\n}\n"
			      "hypercall other = 2 simple {\n named \"HvExtOther\"\n}\n"
			      "enum reg : u32 open, shared {\n 1 x64_rip\n 2 y named \"HvY\"\n}\n"
			      "msr sint = 0x40000090 stride 1 count 2 vp, rw {\n reset 0\n}\n");
	const struct type *reg = spec_type(s, "reg");

	(void)state;
	assert_string_equal(call_named(s, "flush_now")->named, "HvCallFlushNow");
	assert_true(call_named(s, "flush_now")->fast && call_named(s, "flush_now")->xmm);
	assert_string_equal(call_named(s, "other")->named, "HvExtOther");
	assert_string_equal(reg->values->named, "X64Rip");
	assert_string_equal(reg->values->next->named, "HvY");
	assert_string_equal(spec_msr(s, "sint")->named, "HV_X64_MSR_SINT");
	assert_string_equal(spec_upper(s, "vp_set"), "VP_SET");
	spec_free(s);
}

static void notes_find_their_item(void **state)
{
	struct spec *s = good("/// Of the struct,\n/// in two lines.\n@ours \"struct\"\n"
			      "struct a size 8 shared {  /// And here.\n"
			      "    ref \"page 1\", \"page 2\"\n"
			      "    @observed \"struct too\"\n"
			      "    /// Before x.\n"
			      "    0 u32 x  @erratum \"of x\"  /// Behind x.\n"
			      "             @disputed \"x again\"\n"
			      "    @ours \"of the struct again\"\n"
			      "    4 u32 y\n"
			      "}\n");
	const struct type *a = spec_type(s, "a");
	const struct mark *m = a->about.marks, *x = a->fields->about.marks;

	(void)state;
	assert_string_equal(a->about.doc, "Of the struct,\nin two lines.\nAnd here.");
	assert_string_equal(a->about.refs->next->name.text, "page 2");
	assert_string_equal(m->reason, "struct");
	assert_string_equal(m->next->reason, "struct too");
	assert_string_equal(m->next->next->reason, "of the struct again");
	assert_null(m->next->next->next);
	assert_string_equal(a->fields->about.doc, "Before x.\nBehind x.");
	assert_int_equal(x->kind, MARK_ERRATUM);
	assert_int_equal(x->next->kind, MARK_DISPUTED);
	assert_null(x->next->next);
	assert_null(a->fields->next->about.marks);
	assert_string_equal(a->fields->next->about.doc, "");
	spec_free(s);
}

/* The enumerators of a call's rules, in order, each followed by its status. */
static const char *rules_of(struct spec *s, const struct check *list)
{
	const char *text = "";

	for (const struct check *c = list; c; c = c->next)
		text = spec_printf(s, "%s%s%s %s:%s", text, text[0] ? "\n" : "", c->id,
				   c->enumerator, c->status->name);
	return text;
}

static void rules_of_every_kind(void **state)
{
	struct spec *s = good("bits b : u8 {\n 3..0 low in 1..2\n 7..4 mbz\n}\n"
			      "enum e : u8 {\n 1 one\n}\n"
			      "flags f : u8 {\n 0 bit\n}\n"
			      "struct p size 2 {\n 0 u8 m nonzero\n 1 mbz[1]\n}\n"
			      "hypercall c = 0x14 rep, varhead {\n"
			      " status invalid_parameter\n"
			      " in {\n 0 f f\n 1 b b unless f.bit\n 2 e e else GP\n 3 pad[1]\n"
			      " 4 u32 n in 3..4\n 8 u64 banks\n }\n"
			      " var {\n u64 v count_of banks\n }\n"
			      " each in {\n 0 p p[2]\n 4 u32 z mbz\n }\n"
			      "}\n");

	(void)state;
	assert_string_equal(rules_of(s, call_named(s, "c")->checks),
			    "HVR-0014-01 C_F_RESERVED:invalid_parameter\n"
			    "HVR-0014-02 C_B_RESERVED:invalid_parameter\n"
			    "HVR-0014-03 C_B_LOW_RANGE:invalid_parameter\n"
			    "HVR-0014-04 C_E_VALUE:GP\n"
			    "HVR-0014-05 C_N_RANGE:invalid_parameter\n"
			    "HVR-0014-06 C_BANKS_COUNT:invalid_hypercall_input\n"
			    "HVR-0014-07 C_EACH_P_M_NONZERO:invalid_parameter\n"
			    "HVR-0014-08 C_EACH_P_AT_1_MBZ:invalid_parameter\n"
			    "HVR-0014-09 C_EACH_Z_ZERO:invalid_parameter");
	spec_free(s);
}

static void operands(void **state)
{
	struct spec *s = good("flags f : u8 {\n 2 bit\n}\n"
			      "bits b : u16 {\n 3..0 low\n 11..4 mid nonzero\n 15..12 mbz\n}\n"
			      "struct p size 8 {\n 0 u32 pad_word\n 4 b b\n 6 pad[2]\n}\n"
			      "hypercall c = 1 simple {\n status invalid_parameter\n"
			      " in {\n 0 f f\n 1 pad[3]\n 4 p list[3] unless f.bit\n }\n}\n");
	const struct check *mask = call_named(s, "c")->checks;
	const struct check *reserved = mask->next, *mid = reserved->next;

	(void)state;
	assert_int_equal(mask->kind, CHECK_RESERVED);
	assert_true(mask->mask == 0xfb);
	assert_false(mask->guarded);
	assert_int_equal(reserved->kind, CHECK_RESERVED);
	assert_true(reserved->mask == 0xf000);
	assert_string_equal(reserved->on.member, "list[i].b");
	assert_int_equal(reserved->on.offset, 8);
	assert_int_equal(reserved->on.count, 3);
	assert_int_equal(reserved->on.stride, 8);
	assert_int_equal(mid->kind, CHECK_NONZERO);
	assert_string_equal(mid->on.path, "list[i].b.mid");
	assert_string_equal(mid->on.member, "list[i].b");
	assert_int_equal(mid->on.shift, 4);
	assert_int_equal(mid->on.width, 8);
	assert_true(mid->guarded);
	assert_int_equal(mid->unless.offset, 0);
	assert_true(mid->unless_mask == 4 && mid->unless_value == 4);
	assert_string_equal(mid->text, "list[i].b.mid is not zero, unless f.bit");
	spec_free(s);
}

static void msrs(void **state)
{
	struct spec *s = good("msr b = 0x40000012 stride 2 count 3 vp, wo {\n reset 0\n}\n"
			      "msr a = 0x40000001 partition, rw {\n needs privilege.p\n"
			      " reset 0x10\n 0 on ignored_unless c\n 1 lock locks\n"
			      " 3..2 preserve\n 7..4 x in 1..9\n"
			      " 11..8 mbz\n 63..12 page gpa\n}\n"
			      "msr c = 0x40000013 partition, ro {\n reset 0\n}\n"
			      "msr d = 0x40000020 vp, rw {\n reset 0x10000\n"
			      " 7..0 x in 16..255 unless off\n 15..8 mbz\n 16 off\n"
			      " 63..17 mbz\n}\n");
	const struct msr *a = spec_msr(s, "a");
	const struct check *guarded = spec_msr(s, "d")->checks->next;

	(void)state;
	assert_int_equal(s->msr_row_count, 6);
	assert_int_equal(s->msr_rows[0].number, 0x40000001);
	assert_int_equal(s->msr_rows[1].number, 0x40000012);
	assert_int_equal(s->msr_rows[2].number, 0x40000013);
	assert_int_equal(s->msr_rows[4].number, 0x40000016);
	assert_int_equal(s->msr_rows[4].index, 2);
	assert_true(msr_mask(a, BITS_MBZ) == 0xf00 && msr_mask(a, BITS_PRESERVE) == 0xc);
	assert_ptr_equal(a->bits->ignored_unless_msr, spec_msr(s, "c"));
	assert_true(offer_use_mask(a->needs, spec_offer(s, "privilege")) == 1 << 5);
	assert_string_equal(rules_of(s, a->checks), "HVR-M-40000001-01 MSR_A_LOCKED:GP\n"
						    "HVR-M-40000001-02 MSR_A_RESERVED:GP\n"
						    "HVR-M-40000001-03 MSR_A_X_RANGE:GP\n"
						    "HVR-M-40000001-04 MSR_A_PAGE_GPA:GP");
	assert_string_equal(rules_of(s, spec_msr(s, "b")->checks),
			    "HVR-M-40000012-01 MSR_B_READ:GP");
	assert_string_equal(rules_of(s, spec_msr(s, "c")->checks),
			    "HVR-M-40000013-01 MSR_C_WRITE:GP");
	assert_string_equal(guarded->text, "x is in 0x10..0xff, unless off");
	assert_true(guarded->guarded && guarded->unless.part == PART_MSR);
	assert_true(guarded->unless_mask == 0x10000 && guarded->unless_value == 0x10000);
	spec_free(s);
}

static void offers_and_cpuid(void **state)
{
	struct spec *s = good("hypercall c = 1 simple {\n needs privilege.p\n}\n");
	const struct offer_bit *p = spec_offer_bit(s, "privilege", "p");

	(void)state;
	assert_true(offer_implemented_mask(spec_offer(s, "privilege")) == 1 << 5);
	assert_string_equal(call_named(s, "c")->denied->name, "access_denied");
	assert_int_equal(p->shown->low, 5);
	assert_string_equal(s->values->name, "level");
	assert_null(spec_offer_bit(s, "privilege", "x"));
	assert_null(spec_offer(s, "hint"));
	spec_free(s);
}

static void masks(void **state)
{
	const struct bits all = { .high = 63, .low = 0 };
	const struct bits one = { .high = 63, .low = 63 };
	const struct bits out = { .high = 99, .low = 70 };

	(void)state;
	assert_true(low_bits(0) == 0 && low_bits(1) == 1 && low_bits(63) == UINT64_MAX >> 1);
	assert_true(low_bits(64) == UINT64_MAX && low_bits(65) == UINT64_MAX);
	assert_true(bits_mask(&all) == UINT64_MAX);
	assert_true(bits_mask(&one) == 1ull << 63);
	assert_true(bits_mask(&out) == 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(layouts),
		cmocka_unit_test(header_is_rounded_when_elements_follow),
		cmocka_unit_test(names),
		cmocka_unit_test(notes_find_their_item),
		cmocka_unit_test(rules_of_every_kind),
		cmocka_unit_test(operands),
		cmocka_unit_test(msrs),
		cmocka_unit_test(offers_and_cpuid),
		cmocka_unit_test(masks),
	};

	return cmocka_run_group_tests_name("generator: model", tests, NULL, NULL);
}
