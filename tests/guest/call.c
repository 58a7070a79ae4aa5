/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Hypercalls with canaries in every register that the convention does not name. */
#include "test.h"

u8 call_page[RT_PAGE] RT_PAGE_ALIGNED;
u8 call_input[RT_PAGE] RT_PAGE_ALIGNED;
u8 call_output[RT_PAGE] RT_PAGE_ALIGNED;

#define GUEST_ID 0x8100000000000001ull /* an open source system, TLFS "Guest OS Identity" */
/* The one part of the control word that a continuation changes. */
#define START_INDEX (0xfffull << 48)

#ifdef __x86_64__
static const char register_names[][4] = { "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
	"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15" };
#else
static const char register_names[][4] = { "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi" };
#endif

bool call_enable(void)
{
	u64 value;

	if (rt_wrmsr(HV_X64_MSR_GUEST_OS_ID, GUEST_ID) ||
	    rt_wrmsr(HV_X64_MSR_HYPERCALL, RT_GPA(call_page) | HV_X64_MSR_HYPERCALL_ENABLE) ||
	    rt_rdmsr(HV_X64_MSR_HYPERCALL, &value))
		return false;
	return value == (RT_GPA(call_page) | HV_X64_MSR_HYPERCALL_ENABLE);
}

void call_disable(void)
{
	rt_wrmsr(HV_X64_MSR_HYPERCALL, 0);
	rt_wrmsr(HV_X64_MSR_GUEST_OS_ID, 0);
}

struct hv_callctx call_context(void)
{
	return (struct hv_callctx){ .page = hv_call_page(call_page), .in = call_input,
		.out = call_output, .in_gpa = RT_GPA(call_input), .out_gpa = RT_GPA(call_output) };
}

void call_registers(struct rt_regs *r, u64 control, u64 input, u64 output)
{
	for (unsigned i = 0; i < RT_REGS; i++) {
		r->reg[i] = (uintptr_t)0xc0dec0de5a5a1000ull + i;
		r->xmm[i][0] = 0x1111222233334400ull + i;
		r->xmm[i][1] = 0x5555666677778800ull + i;
	}
#ifdef __x86_64__
	r->reg[RT_CX] = control;
	r->reg[RT_DX] = input;
	r->reg[RT_R8] = output;
#else
	r->reg[RT_AX] = (u32)control;
	r->reg[RT_DX] = (u32)(control >> 32);
	r->reg[RT_CX] = (u32)input;
	r->reg[RT_BX] = (u32)(input >> 32);
	r->reg[RT_SI] = (u32)output;
	r->reg[RT_DI] = (u32)(output >> 32);
#endif
}

/* What of a register may change. */
static uintptr_t volatile_bits(unsigned i)
{
#ifdef __x86_64__
	return i == RT_AX ? ~0ull : i == RT_CX ? START_INDEX : 0;
#else
	return i == RT_AX || i == RT_DX ? ~0u : 0;
#endif
}

static void check_registers(const struct rt_regs *before, const struct rt_regs *after)
{
	for (unsigned i = 0; i < RT_REGS; i++) {
		uintptr_t expected = i == RT_SP ? rt_call_sp : before->reg[i];

		EXPECT(!((after->reg[i] ^ expected) & ~volatile_bits(i)),
			"%s changed from 0x%llx to 0x%llx", register_names[i], (u64)expected,
			(u64)after->reg[i]);
		EXPECT(after->xmm[i][0] == before->xmm[i][0] &&
				after->xmm[i][1] == before->xmm[i][1],
			"xmm%u changed", i);
	}
}

/* Move the words in which output may return out of the registers, as if they were unchanged. */
static void take_output(const struct rt_regs *before, struct rt_regs *after, u64 *words,
	unsigned first)
{
#ifdef __x86_64__
	for (unsigned word = first; word < CALL_WORDS; word++) {
		const unsigned i = word == 0 ? RT_DX : RT_R8, xmm = word / 2 - 1, half = word % 2;

		words[word] = word < 2 ? after->reg[i] : after->xmm[xmm][half];
		if (word < 2)
			after->reg[i] = before->reg[i];
		else
			after->xmm[xmm][half] = before->xmm[xmm][half];
	}
#else
	(void)before, (void)after, (void)words, (void)first;
#endif
}

/* words: where output goes that returns from word `first` on; first is CALL_WORDS for none. */
static struct result perform(const struct rt_regs *before, u64 *words, unsigned first)
{
	struct rt_regs after;
	struct result r = { 0 };

	r.fault = rt_call(call_page, before, &after);
	if (r.fault)
		return r;
	take_output(before, &after, words, first);
	check_registers(before, &after);
#ifdef __x86_64__
	r.word = after.reg[RT_AX];
#else
	r.word = (u64)after.reg[RT_DX] << 32 | after.reg[RT_AX];
#endif
	r.status = (u16)hv_result_status(r.word);
	r.reps = hv_result_reps(r.word);
	return r;
}

struct result call(u64 control, u64 input, u64 output)
{
	struct rt_regs before;

	call_registers(&before, control, input, output);
	return perform(&before, NULL, CALL_WORDS);
}

static struct rt_regs wide_registers(u64 control, const u64 words[CALL_WORDS])
{
	struct rt_regs before;

	call_registers(&before, control, words[0], words[1]);
	for (unsigned i = 0; i < 6; i++) {
		before.xmm[i][0] = words[2 + 2 * i];
		before.xmm[i][1] = words[3 + 2 * i];
	}
	return before;
}

struct result call_xmm(u64 control, const u64 words[CALL_WORDS])
{
	const struct rt_regs before = wide_registers(control, words);

	return perform(&before, NULL, CALL_WORDS);
}

struct result call_xmm_out(u64 control, u64 words[CALL_WORDS], unsigned first)
{
	const struct rt_regs before = wide_registers(control, words);

	return perform(&before, words, first);
}
