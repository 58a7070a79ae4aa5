/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* hv_vectors.h: the test vectors as tables of C89. */
#include "out.h"
#include "spell.h"
#include "vectors.h"

static const char call_struct[] =
	"/*\n"
	" * One hypercall. It is made in memory form with the input at the start of a page and the "
	"output\n"
	" * at that of another, unless fast or gpa_form says otherwise.\n"
	" */\n"
	"struct hv_vector {\n"
	"\tconst char *name;            /* \"flush_virtual_address_list_ex/flags-reserved\" */\n"
	"\tconst char *rule;            /* id of the rule it breaks, \"\" for a positive one */\n"
	"\tunsigned short code;\n"
	"\t/*\n"
	"\t * What the specification demands of a hypervisor that has the call; 0xffff: #UD,\n"
	"\t * 0xfffe: #GP. Of a positive one 0, and any other status the call lists is fine.\n"
	"\t */\n"
	"\tunsigned short status;\n"
	"\t/* The same of the hypervisor this file comes with: it refuses the calls that it lacks. "
	"*/\n"
	"\tunsigned short answer;\n"
	"\tunsigned short denied;       /* what comes instead when one of the bits below is not held "
	"*/\n"
	"\tunsigned long long needs_privilege; /* of the mask in CPUID leaf 0x40000003, EBX:EAX */\n"
	"\tunsigned long long needs_feature;   /* of EDX there */\n"
	"\tunsigned char positive;      /* 1: breaks no rule */\n"
	"\tunsigned char fast;          /* 1: input in registers, RDX, R8, then XMM0 to XMM5 */\n"
	"\tunsigned char output;        /* 1: output, too, behind it from a multiple of 16 bytes on "
	"*/\n"
	"\t/*\n"
	"\t * Where the input lies, or the output of a call without input. 0: start of a page;\n"
	"\t * 1: misaligned; 2: eight bytes before the end of a page; 3: beyond the guest\n"
	"\t * physical address space; 4: input and output at the same place.\n"
	"\t */\n"
	"\tunsigned char gpa_form;\n"
	"\tunsigned long long control;  /* the whole control word */\n"
	"\tunsigned short input_size;\n"
	"\tconst unsigned char *input;  /* header, variable header, elements; 0 when there is none "
	"*/\n"
	"};\n\n";

static const char msr_struct[] =
	"/*\n"
	" * One access to a synthetic MSR. Positive writes write 0 where that is legal: keep and "
	"restore\n"
	" * what the guest needs.\n"
	" */\n"
	"struct hv_msr_vector {\n"
	"\tconst char *name;            /* \"hypercall/reserved\" */\n"
	"\tconst char *rule;            /* id of the rule it breaks, \"\" when none */\n"
	"\tunsigned int msr;\n"
	"\tunsigned char write;         /* 1: write value, 0: read */\n"
	"\tunsigned char faults;        /* 1: #GP where the MSR is there and its bits below are held "
	"*/\n"
	"\tunsigned char lacking;       /* 1: the hypervisor this file comes with lacks it: #GP */\n"
	"\tunsigned char read_known;    /* 1: a read after this write gives expect_read */\n"
	"\tunsigned long long needs_privilege; /* as above; #GP where one is not held */\n"
	"\tunsigned long long needs_feature;\n"
	"\tunsigned long long value;\n"
	"\tunsigned long long before;   /* not 0: write this first; a lock it sets stays until "
	"reset */\n"
	"\tunsigned long long expect_read;\n"
	"};\n\n";

/* Vectors that differ in the control word or the place alone share an input. */
static void inputs(struct text *t, const struct spec *s, bool edges)
{
	unsigned last = 0;

	for (const struct vector *v = s->vectors; v; v = v->next) {
		if (v->edge != edges || v->input_number <= last)
			continue;
		last = v->input_number;
		emit(t, "static const unsigned char hv_input_%u[%u] = {", last, v->input_size);
		for (unsigned i = 0; i < v->input_size; i++)
			emit(t, "%s0x%02x,", i % 12 ? " " : "\n\t", v->input[i]);
		emit_line(t, "\n};");
	}
}

static unsigned number_of(const struct status *status)
{
	return status ? status_number(status) : 0;
}

static void call_row(struct text *t, const struct spec *s, const struct vector *v)
{
	const struct offer_use *needs = v->call ? v->call->needs : NULL;
	const struct status *denied = needs ? v->call->denied : NULL;
	const char *input = v->input_size ? namef("hv_input_%u", v->input_number)
					  : "(const unsigned char *)0";

	emit_line(t, "{ \"%s\",", v->name);
	emit(t, "  \"%s\", 0x%04x, ", v->rule, (unsigned)(v->control & 0xffff));
	emit(t, "0x%04x, 0x%04x, 0x%04x, ", number_of(v->status), number_of(vector_answer(s, v)),
	     number_of(denied));
	emit_line(t, "%s, %s,", c_hex(needs_mask(s, needs, "privilege"), 8),
		  c_hex(needs_mask(s, needs, "feature"), 8));
	emit_line(t, "  %u, %u, %u, %u, %s, %u, %s },", !*v->rule, v->fast, v->output, v->place,
		  c_hex(v->control, 8), v->input_size, input);
}

static void msr_row(struct text *t, const struct spec *s, const struct msr_vector *v)
{
	const struct msr *m = v->msr;

	emit_line(t, "{ \"%s\",", v->name);
	emit(t, "  \"%s\", 0x%08x, %u, %u, ", v->rule, m->number, v->write, *v->rule != 0);
	emit(t, "%u, %u, ", !msr_implemented(m), v->known);
	emit_line(t, "%s, %s,", c_hex(needs_mask(s, m->needs, "privilege"), 8),
		  c_hex(needs_mask(s, m->needs, "feature"), 8));
	emit_line(t, "  %s, %s, %s },", c_hex(v->value, 8), c_hex(v->before, 8),
		  c_hex(v->expect, 8));
}

/* Names of registers that are served, or of those that are only known. */
static void register_list(struct text *t, const struct type *type, const char *name, bool served)
{
	emit_line(t, "static const unsigned int %s[] = {", name);
	for (const struct enumerator *e = type->values; e; e = e->next)
		if (for_x64(&e->about) && !e->about.unimplemented == served)
			emit_line(t, "0x%08llx, /* %s */", (unsigned long long)e->value, e->named);
	emit_line(t, "0xffffffff, /* the end */\n};");
}

static void registers(struct text *t, const struct spec *s)
{
	const struct type *type = spec_type(s, "register_name");

	if (!type)
		return;
	emit_line(t, "\n/* Registers by name: those that are served, and those that are refused. */");
	register_list(t, type, "hv_registers_served", true);
	register_list(t, type, "hv_registers_refused", false);
}

static void call_table(struct text *t, const struct spec *s, const char *name, bool edges)
{
	inputs(t, s, edges);
	emit_line(t, "\nstatic const struct hv_vector %ss[] = {", name);
	for (const struct vector *v = s->vectors; v; v = v->next)
		if (v->edge == edges)
			call_row(t, s, v);
	emit_line(t, "{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }\n};");
	emit_line(t, "static const unsigned %s_count = sizeof(%ss) / sizeof(%ss[0]) - 1;", name,
		  name, name);
	emit_blank(t);
}

static void msr_table(struct text *t, const struct spec *s, const char *name, bool edges)
{
	emit_line(t, "static const struct hv_msr_vector %ss[] = {", name);
	for (const struct msr_vector *v = s->msr_vectors; v; v = v->next)
		if (v->edge == edges)
			msr_row(t, s, v);
	emit_line(t, "{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }\n};");
	emit_line(t, "static const unsigned %s_count =\n\tsizeof(%ss) / sizeof(%ss[0]) - 1;", name,
		  name, name);
}

void out_vectors_h(struct text *t, const struct spec *s)
{
	emit_banner(t, "Test vectors: every rule broken once, every call and MSR used well. A row of "
		       "zeros ends each table.");
	emit(t, "#ifndef HV_VECTORS_H\n#define HV_VECTORS_H\n\n%s%s", call_struct, msr_struct);
	call_table(t, s, "hv_vector", false);
	msr_table(t, s, "hv_msr_vector", false);
	registers(t, s);
	emit(t, "\n#endif\n");
}

void out_edges_h(struct text *t, const struct spec *s)
{
	emit_banner(t, "More test vectors: both sides of every edge of every rule. Good ones ask for "
		       "all sorts of things: they are for validators, not for a live system.");
	emit(t, "#ifndef HV_EDGES_H\n#define HV_EDGES_H\n\n#include \"hv_vectors.h\"\n\n");
	call_table(t, s, "hv_edge", true);
	msr_table(t, s, "hv_msr_edge", true);
	emit(t, "\n#endif\n");
}
