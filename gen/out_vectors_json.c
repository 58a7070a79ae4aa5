/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* hv_vectors.json: the test vectors for everyone who can read JSON. */
#include "digest.h"
#include "json.h"
#include "out.h"
#include "spell.h"
#include "vectors.h"

enum { FORMAT = 1 };

static const char *status_name(const struct status *status)
{
	if (!status)
		return "HV_STATUS_SUCCESS";
	return status_is_fault(status) ? upper(status->name) : c_status(status);
}

static void hex(struct json *j, const char *key, const uint8_t *bytes, unsigned size)
{
	static const char digits[] = "0123456789abcdef";
	char text[2 * SPEC_PAGE + 1];

	for (unsigned i = 0; i < size; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	text[2 * size] = 0;
	json_text(j, key, text);
}

/* ---- words and layouts ---- */

/* A word that differs from its neighbours in every part; what is reserved stays zero. */
static uint64_t word_of(const struct bits *list, unsigned variant)
{
	const uint64_t mixed = 0x9e3779b97f4a7c15ull * (variant + 1);
	uint64_t named = 0;

	for (const struct bits *b = list; b; b = b->next)
		if (b->kind == BITS_NAMED)
			named |= bits_mask(b);
	return mixed & named;
}

static void word(struct json *j, const char *name, const struct bits *list, unsigned size,
		 unsigned variant)
{
	uint64_t value = word_of(list, variant);
	uint8_t bytes[8] = { 0 };

	for (unsigned i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
	json_row(j, NULL);
	json_text(j, "id", name);
	json_number(j, "size", size);
	json_number(j, "value", value);
	hex(j, "bytes", bytes, size);
	json_object(j, "parts");
	for (const struct bits *b = list; b; b = b->next)
		if (b->kind == BITS_NAMED)
			json_number(j, b->name, (value & bits_mask(b)) >> b->low);
	json_end(j);
	json_end(j);
}

static void words(struct json *j, const struct spec *s)
{
	enum { VARIANTS = 2 };

	json_array(j, "words");
	for (const struct type *type = s->types; type; type = type->next)
		for (unsigned i = 0; type->kind == TYPE_BITS && i < VARIANTS; i++)
			if (for_x64(&type->about))
				word(j, type->name, type->bits, type->size, i);
	for (const struct msr *m = s->msrs; m; m = m->next)
		for (unsigned i = 0; m->bits && i < VARIANTS; i++)
			if (for_x64(&m->about))
				word(j, namef("msr_%s", m->name), m->bits, 8, i);
	json_end(j);
}

static void layout(struct json *j, const char *name, const struct field *fields, unsigned size,
		   unsigned align)
{
	json_object(j, NULL);
	json_text(j, "id", name);
	json_number(j, "size", size);
	json_number(j, "align", align);
	json_array(j, "fields");
	for (const struct field *f = fields; f; f = f->next) {
		if (f->kind != FIELD_DATA)
			continue;
		json_row(j, NULL);
		json_text(j, "name", f->name);
		json_number(j, "offset", f->offset);
		json_number(j, "size", f->type->size);
		json_number(j, "count", f->count);
		json_end(j);
	}
	json_end(j);
	json_end(j);
}

static void layouts(struct json *j, const struct spec *s)
{
	json_array(j, "layouts");
	for (const struct type *type = s->types; type; type = type->next)
		if (type->kind == TYPE_STRUCT && for_x64(&type->about))
			layout(j, type->name, type->fields, type->size, type->align);
	for (const struct call *c = s->calls; c; c = c->next)
		for (unsigned i = 0; for_x64(&c->about) && i < CALL_BLOCKS; i++) {
			const struct block *b = call_block(c, i);

			if (b->present)
				layout(j, block_name(c, b), b->fields, b->size, b->align);
		}
	json_end(j);
}

/* ---- sets of processors ---- */

enum { SET_MOST = 8 };

/* Ascending, below 4096: a set has 64 banks. */
static const struct set {
	unsigned count;
	uint16_t processors[SET_MOST];
} sets[] = {
	{ 0, { 0 } },
	{ 1, { 0 } },
	{ 1, { 63 } },
	{ 2, { 63, 64 } },
	{ 3, { 0, 1, 2 } },
	{ 4, { 5, 64, 130, 191 } },
	{ 2, { 1000, 4095 } },
	{ 8, { 0, 64, 128, 192, 256, 320, 384, 448 } },
};

/* A sparse set: a bit for each group of 64 processors that has a bank, and those banks. */
static void processor_set(struct json *j, const struct set *set)
{
	uint64_t banks[64] = { 0 }, mask = 0;

	json_row(j, NULL);
	json_array(j, "processors");
	for (unsigned i = 0; i < set->count; i++) {
		banks[set->processors[i] / 64] |= 1ull << set->processors[i] % 64;
		mask |= 1ull << set->processors[i] / 64;
		json_number(j, NULL, set->processors[i]);
	}
	json_end(j);
	json_number(j, "valid_bank_mask", mask);
	json_array(j, "bank_contents");
	for (unsigned i = 0; i < 64; i++)
		if (mask >> i & 1)
			json_number(j, NULL, banks[i]);
	json_end(j);
	json_end(j);
}

static void processor_sets(struct json *j)
{
	json_array(j, "processor_sets");
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		processor_set(j, &sets[i]);
	json_end(j);
}

/* ---- calls and MSRs ---- */

static void needs(struct json *j, const struct offer_use *list)
{
	json_array(j, "needs");
	for (const struct offer_use *u = list; u; u = u->next)
		json_text(j, NULL, namef("%s.%s", u->block.text, u->bit.text));
	json_end(j);
}

static void call_vector(struct json *j, const struct spec *s, const struct vector *v)
{
	static const char *const places[] = {
		[PLACE_START] = "start",     [PLACE_MISALIGNED] = "misaligned",
		[PLACE_CROSSING] = "crossing", [PLACE_BEYOND] = "beyond",
		[PLACE_OVERLAP] = "overlap",
	};
	const struct call *c = v->call;

	json_row(j, NULL);
	json_text(j, "name", v->name);
	json_number(j, "code", v->control & 0xffff);
	json_text(j, "rule", *v->rule ? v->rule : NULL);
	json_text(j, "status", status_name(v->status));
	json_text(j, "answer", status_name(vector_answer(s, v)));
	json_bool(j, "edge", v->edge);
	needs(j, c ? c->needs : NULL);
	json_text(j, "denied", c && c->needs ? status_name(c->denied) : NULL);
	json_number(j, "control", v->control);
	json_bool(j, "fast", v->fast);
	json_bool(j, "output", v->output);
	json_text(j, "place", places[v->place]);
	hex(j, "input", v->input, v->input_size);
	json_end(j);
}

static void msr_vector(struct json *j, const struct msr_vector *v)
{
	const struct msr *m = v->msr;

	json_row(j, NULL);
	json_text(j, "name", v->name);
	json_number(j, "msr", m->number);
	json_text(j, "rule", *v->rule ? v->rule : NULL);
	json_bool(j, "faults", *v->rule);
	json_bool(j, "answer_faults", *v->rule || !msr_implemented(m));
	json_bool(j, "edge", v->edge);
	needs(j, m->needs);
	json_text(j, "access", v->write ? "write" : "read");
	if (v->write) {
		json_number(j, "before", v->before);
		json_number(j, "value", v->value);
	}
	if (v->known)
		json_number(j, "read_back", v->expect);
	json_end(j);
}

/* What the members mean that do not say it themselves. */
static const struct {
	const char *member, *meaning;
} about[] = {
	{ "words", "integers cut into parts: value, its bytes, and its parts" },
	{ "layouts", "structures: sizes, alignments and offsets in bytes; no fillers" },
	{ "processor_sets", "sparse sets: bit n of the mask, a bank for processors 64n to 64n+63" },
	{ "rule", "the rule that is broken, null where none is" },
	{ "status", "what a hypervisor that has the call must answer; UD and GP are faults; where no "
		    "rule is broken any other status that the call lists is fine" },
	{ "answer", "the same of Partita, which refuses the calls that it lacks" },
	{ "denied", "what comes instead when one of `needs` is not held; of MSRs always GP" },
	{ "place", "where the input lies, or the output of a call without input: at the start of a "
		   "page, misaligned, eight bytes before the end of a page (crossing), beyond the "
		   "guest physical address space, or where the output lies (overlap)" },
	{ "fast", "the input is in RDX, R8 and XMM0 to XMM5" },
	{ "output", "the output returns there, too, behind the input from a multiple of 16 bytes on" },
	{ "edge", "legal or not, it asks for things that are not harmless on a live system" },
	{ "before", "written first, unless 0" },
	{ "read_back", "what a read gives after the write where all MSRs held their reset values" },
};

void out_vectors_json(struct text *t, const struct spec *s)
{
	struct json j = { .text = t };

	json_object(&j, NULL);
	json_number(&j, "format", FORMAT);
	json_text(&j, "interface", s->interface);
	json_text(&j, "version",
		  namef("%u.%u.%u", s->version[0], s->version[1], s->version[2]));
	json_text(&j, "sha256", spec_sha256(s));
	json_object(&j, "about");
	for (size_t i = 0; i < sizeof(about) / sizeof(about[0]); i++)
		json_text(&j, about[i].member, about[i].meaning);
	json_end(&j);
	words(&j, s);
	layouts(&j, s);
	processor_sets(&j);
	json_array(&j, "calls");
	for (const struct vector *v = s->vectors; v; v = v->next)
		call_vector(&j, s, v);
	json_end(&j);
	json_array(&j, "msrs");
	for (const struct msr_vector *v = s->msr_vectors; v; v = v->next)
		msr_vector(&j, v);
	json_end(&j);
	json_end(&j);
}
