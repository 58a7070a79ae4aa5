/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Every generated hypercall vector, in the form it is written in and again in registers where its
 * call allows that.
 */
#include "test.h"

#include "hv_vectors.h"

#define FAST (1ull << 16)
#define WORDS CALL_WORDS
#define BEYOND_MEMORY 0x000ffffffffff000ull

enum { PLACE_START, PLACE_MISALIGNED, PLACE_CROSSING, PLACE_BEYOND, PLACE_SAME };
enum { EXPECT_UD = 0xffff, EXPECT_GP = 0xfffe };

/* One vector on its way through a test: as written, or with its input moved into registers. */
struct trial { const struct hv_vector *vector; bool in_registers; };

static bool xmm_offered(void)
{
	return hv_has_feature_xmm_registers_for_fast_hypercall(&offer);
}

static bool starts_with(const char *text, const char *start)
{
	while (*start && *text == *start)
		text++, start++;
	return !*start;
}

void vectors_list_codes(u8 *map)
{
	for (unsigned i = 0; i < hv_vector_count; i++)
		if (!starts_with(hv_vectors[i].name, "unknown/"))
			map[hv_vectors[i].code / 8] |= (u8)(1 << hv_vectors[i].code % 8);
}

/* The good vector in registers that the generator has made for a call that takes them, or NULL. */
static const struct hv_vector *register_form(u16 code)
{
	for (unsigned i = 0; i < hv_vector_count; i++)
		if (hv_vectors[i].code == code && hv_vectors[i].fast && hv_vectors[i].positive)
			return &hv_vectors[i];
	return NULL;
}

static bool returns_in_registers(u16 code)
{
	const struct hv_vector *form = register_form(code);

	return form && form->output;
}

static struct result by_registers(const struct hv_vector *v)
{
	u64 words[WORDS] = { 0 };
	size_t size = v->input_size < sizeof(words) ? v->input_size : sizeof(words);

	if (size)
		memcpy(words, v->input, size);
	if (returns_in_registers(v->code))
		return call_xmm_out(v->control | FAST, words, (unsigned)(size + 15) / 16 * 2);
	return v->input_size > 16 ? call_xmm(v->control | FAST, words)
				  : call(v->control | FAST, words[0], words[1]);
}

static struct result by_memory(const struct hv_vector *v)
{
	u64 offset = v->gpa_form == PLACE_MISALIGNED ? 4
		: v->gpa_form == PLACE_CROSSING	     ? RT_PAGE - 8
						     : 0;
	u64 input = RT_GPA(call_input), output = RT_GPA(call_output);
	u64 *placed = v->input_size ? &input : &output;

	memset(call_input, 0, RT_PAGE);
	if (v->input_size && !offset)
		memcpy(call_input, v->input, v->input_size);
	*placed += offset;
	if (v->gpa_form == PLACE_BEYOND)
		*placed = BEYOND_MEMORY;
	if (v->gpa_form == PLACE_SAME)
		output = input;
	return call(v->control, input, output);
}

/* Refusals that generated checks and the convention alone can give. */
static bool is_convention_status(u16 status)
{
	return status == HV_STATUS_INVALID_HYPERCALL_CODE ||
		status == HV_STATUS_INVALID_HYPERCALL_INPUT ||
		status == HV_STATUS_INVALID_ALIGNMENT;
}

/* Whether the control word or its place is refused, which comes before the check for XMM. */
static bool is_refused_earlier(const struct hv_vector *v)
{
	return starts_with(v->rule, "HVR-C-");
}

static void judge(const struct hv_vector *v, struct result r, u16 wanted)
{
	u32 fault = wanted == EXPECT_UD ? FAULT_UD : wanted == EXPECT_GP ? FAULT_GP : FAULT_NONE;

	EXPECT(r.fault == fault, "fault %u, not %u (rule %s)", r.fault, fault, v->rule);
	if (r.fault || fault)
		return;
	if (v->positive && wanted == HV_STATUS_SUCCESS) {
		EXPECT(!is_convention_status(r.status), "%s for good input",
			hv_status_name(r.status));
		return;
	}
	EXPECT(r.status == wanted, "%s, not %s (rule %s)", hv_status_name(r.status),
		hv_status_name(wanted), v->rule);
	EXPECT(!r.reps, "%u repetitions done", r.reps);
}

/* What this hypervisor must answer as it stands: whether it has the call, then its gates. */
static u16 wanted_of(const struct trial *t)
{
	const struct hv_vector *v = t->vector;
	bool in_registers = v->fast || t->in_registers;

	if (v->answer != v->status)
		return v->answer;
	if (!offered_all(v->needs_privilege, v->needs_feature))
		return v->denied;
	if (in_registers && !is_refused_earlier(v) &&
		((v->input_size > 16 && !xmm_offered()) ||
			(returns_in_registers(v->code) && !call_output_offered())))
		return EXPECT_UD;
	return v->status;
}

static void run(void *argument)
{
	const struct trial *t = argument;
	const struct hv_vector *v = t->vector;
	u16 wanted = wanted_of(t);

	judge(v, v->fast || t->in_registers ? by_registers(v) : by_memory(v), wanted);
}

static void run_named(const struct hv_vector *v, bool in_registers)
{
	struct trial t = { v, in_registers };
	char name[100];

	rt_format(name, sizeof(name), "%s%s", v->name, in_registers ? " in registers" : "");
	test_run_one("vector", name, run, &t);
}

void suite_vectors(void)
{
	call_enable();
	for (unsigned i = 0; i < hv_vector_count; i++) {
		const struct hv_vector *v = &hv_vectors[i];

		run_named(v, false);
		if (!v->fast && v->gpa_form == PLACE_START && v->input_size &&
			v->input_size <= WORDS * 8 && register_form(v->code))
			run_named(v, true);
	}
}
