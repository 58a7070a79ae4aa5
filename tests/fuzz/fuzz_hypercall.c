/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Feeds hypercalls to the real code on the fake machine: a seed is a control word and its input, as
 * build/outputs/fuzz/README.md says. Besides what the sanitizers see, results must be well formed,
 * repetitions must get on, both conventions must agree, and memory must be left alone.
 */
/* link: core */
#include "fake.h"

#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hv_abi.h"
#include "hypercall.h"
#include "spec_calls.h"
#include "spec_check.h"
#include "spec_names.h"

#define IN_PAGE 0x200000ull
#define OUT_PAGE 0x201000ull
#define AFTER_PAGE 0x202000ull
#define CANARY 0xa5

#define CONTROL_FAST (1ull << 16)
#define COUNT(word) ((u32)((word) >> 32) & 0xfff)
#define START(word) ((u32)((word) >> 48) & 0xfff)
#define RESULT_RESERVED (~(0xffffull | 0xfffull << 32))

/* How often the handler of each code was reached. */
static unsigned reached[0x10000];

#define DEMAND(condition) \
	do { \
		if (!(condition)) \
			found(#condition, control); \
	} while (0)

static _Noreturn void found(const char *what, u64 control)
{
	fprintf(stderr, "%s, control 0x%llx: not so: %s\n", spec_call_name((u16)control),
		(unsigned long long)control, what);
	abort();
}

/* ---- one call ---- */

/*
 * The one VP. A refused call leaves no trace in a machine, which is costly to make: the next call
 * finds it as good as new.
 */
static struct vcpu *ready_vp(bool used)
{
	static struct vcpu *v;

	if (!v || used)
		v = fake_vp();
	return v;
}

static void fill_pages(const u8 *input, size_t size)
{
	memset(fake_at(IN_PAGE), 0, PAGE_SIZE);
	memset(fake_at(OUT_PAGE), CANARY, 2 * PAGE_SIZE);
	memcpy(fake_at(IN_PAGE), input, size);
	memcpy(fake_machine.xmm, (u8 *)fake_at(IN_PAGE) + 16, sizeof(fake_machine.xmm));
}

static void set_registers(struct vcpu *v, enum caller_mode mode, u64 control)
{
	const u64 *words = fake_at(IN_PAGE);
	const bool fast = control & CONTROL_FAST;
	const u64 in = fast ? words[0] : IN_PAGE, out = fast ? words[1] : OUT_PAGE;

	if (mode == CALLER_64) {
		v->regs.rcx = control;
		v->regs.rdx = in;
		v->regs.r8 = out;
		return;
	}
	v->regs.rdx = control >> 32;
	v->regs.rax = (u32)control;
	v->regs.rbx = in >> 32;
	v->regs.rcx = (u32)in;
	v->regs.rdi = out >> 32;
	v->regs.rsi = (u32)out;
}

static u64 control_left(const struct vcpu *v, enum caller_mode mode)
{
	return mode == CALLER_64 ? v->regs.rcx : v->regs.rdx << 32 | (u32)v->regs.rax;
}

static u64 result_of(const struct vcpu *v, enum caller_mode mode)
{
	return mode == CALLER_64 ? v->regs.rax : v->regs.rdx << 32 | (u32)v->regs.rax;
}

#define TRACED_BYTES 16 /* from the beginning of the copy, whatever it holds */

/* What a handler reads or writes behind its lists is nobody's: a use of it is an error. */
static void guard_copies(struct vcpu *v, u64 control, bool on)
{
	const struct spec_call *row = spec_call_row((u16)control);
	u64 in = row->in_size + 8 * ((u32)(control >> 17) & 0x3ff) +
		 (u64)row->each_in_size * COUNT(control);
	u64 out = row->out_size + (u64)row->each_out_size * COUNT(control);

	ASAN_UNPOISON_MEMORY_REGION(v->call_in, PAGE_SIZE);
	ASAN_UNPOISON_MEMORY_REGION(v->call_out, PAGE_SIZE);
	/* Whole words are copied, or two registers and whole XMM registers. */
	in = control & CONTROL_FAST ? (in + !in + 15) & ~15ull : (in + 7) & ~7ull;
	in = in < TRACED_BYTES ? TRACED_BYTES : in;
	if (on && in < PAGE_SIZE)
		ASAN_POISON_MEMORY_REGION(v->call_in + in, PAGE_SIZE - in);
	if (on && out < PAGE_SIZE)
		ASAN_POISON_MEMORY_REGION(v->call_out + out, PAGE_SIZE - out);
}

/* Entries until the call is done; a repetition that is interrupted goes on further along. */
static enum vm_next run_to_end(struct vcpu *v, enum caller_mode mode, u64 control)
{
	for (;;) {
		u64 left;
		enum vm_next next = hypercall_exit(v, mode);

		if (v->last_rule == SPEC_RULE_NONE)
			reached[(u16)control]++;
		if (next != VM_RETRY)
			return next;
		left = control_left(v, mode);
		if (left == control || (u16)left != (u16)control) /* the call set RIP or registers */
			return next;
		DEMAND(COUNT(left) == COUNT(control));
		DEMAND(START(left) > START(control) && START(left) < COUNT(control));
		control = left;
	}
}

static void check_result(u64 control, u64 result)
{
	const bool rep = spec_call_row((u16)control)->flags & SPEC_CALL_REP;

	DEMAND((result & RESULT_RESERVED) == 0);
	DEMAND(strncmp(spec_status_name((u16)result), "HV_STATUS_", 10) == 0);
	DEMAND(COUNT(result) <= (rep ? COUNT(control) : 0));
	if ((u16)result == HV_STATUS_SUCCESS && rep)
		DEMAND(COUNT(result) == COUNT(control));
}

static void check_memory(u64 control, const u8 *input, size_t size)
{
	const u8 *in = fake_at(IN_PAGE), *after = fake_at(AFTER_PAGE);

	DEMAND(memcmp(in, input, size) == 0);
	for (size_t i = size; i < PAGE_SIZE; i++)
		DEMAND(in[i] == 0);
	for (size_t i = 0; i < PAGE_SIZE; i++)
		DEMAND(after[i] == CANARY);
}

struct outcome { enum vm_next next; u64 result; };

static struct outcome call(enum caller_mode mode, u64 control, const u8 *input, size_t size)
{
	static bool used;
	struct vcpu *v = ready_vp(used);
	struct outcome o;

	fill_pages(input, size);
	set_registers(v, mode, control);
	v->last_rule = SPEC_RULE_NONE;
	guard_copies(v, control, true);
	o.next = run_to_end(v, mode, control);
	guard_copies(v, control, false);
	o.result = o.next == VM_SKIP ? result_of(v, mode) : 0;
	check_memory(control, input, size);
	used = v->last_rule == SPEC_RULE_NONE || COUNT(o.result);
	return o;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

/* Nothing of a call is kept for the next. Inputs that are no seed are turned away. */
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct outcome wide, narrow;
	u64 control;

	if (size < sizeof(control) || size > sizeof(control) + PAGE_SIZE)
		return -1;
	memcpy(&control, data, sizeof(control));
	wide = call(CALLER_64, control, data + sizeof(control), size - sizeof(control));
	narrow = call(CALLER_32, control, data + sizeof(control), size - sizeof(control));
	if (wide.next == VM_SKIP && narrow.next == VM_SKIP) {
		check_result(control, wide.result);
		check_result(control, narrow.result);
		DEMAND(wide.result == narrow.result);
	}
	return 0;
}

/* ---- what was reached ---- */

static void report(void)
{
	for (unsigned code = 0; code < 0x10000; code++)
		if (spec_call_row((u16)code)->flags & SPEC_CALL_IMPLEMENTED)
			fprintf(stderr, "reached %u times: %s\n", reached[code],
				spec_call_name((u16)code));
}

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	if (getenv("FUZZ_REPORT"))
		atexit(report);
	return 0;
}

/* ---- bugs to be found: does this harness see anything? The linker puts them in front. ---- */

#ifdef PLANT_WILD_STATUS
enum hv_status __wrap_hv_get_partition_id(struct vcpu *v, struct hv_get_partition_id_out *out);

enum hv_status __wrap_hv_get_partition_id(struct vcpu *v, struct hv_get_partition_id_out *out)
{
	(void)v, (void)out;
	return (enum hv_status)0x7777;
}
#endif

#ifdef PLANT_LONG_READ
enum hv_status
__wrap_hv_flush_virtual_address_space_ex(struct vcpu *v,
					 const struct hv_flush_virtual_address_space_ex_in *in,
					 const u64 *var, u32 var_count);

enum hv_status
__wrap_hv_flush_virtual_address_space_ex(struct vcpu *v,
					 const struct hv_flush_virtual_address_space_ex_in *in,
					 const u64 *var, u32 var_count)
{
	(void)v, (void)in;
	return var[var_count] ? HV_STATUS_INVALID_PARAMETER : HV_STATUS_SUCCESS;
}
#endif
