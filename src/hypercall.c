/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The calling convention of hypercalls (TLFS chapter 4), known here alone: registers, checks in their order, copies, result. */
#include "hv_abi.h"
#include "log.h"
#include "machine.h"
#include "partition.h"
#include "spec_calls.h"
#include "spec_check.h"
#include "spec_names.h"
#include "string.h"
#include "trace.h"
#include "virt.h"

/* The control word. */
#define CONTROL_FAST (1ull << 16)
#define CONTROL_VAR(c) ((u32)((c) >> 17) & 0x3ff)
#define CONTROL_RESERVED (0xfull << 27 | 0xfull << 44 | 0xfull << 60)
#define CONTROL_NESTED (1ull << 31)
#define CONTROL_COUNT(c) ((u32)((c) >> 32) & 0xfff)
#define CONTROL_START(c) ((u32)((c) >> 48) & 0xfff)
#define CONTROL_START_MASK (0xfffull << 48)
#define CONTROL_WITH_START(c, n) (((c) & ~CONTROL_START_MASK) | (u64)(n) << 48)

#define RESULT(status, reps) ((u64)(u32)(status) | (u64)(reps) << 32)

#define FAST_BYTES 16
#define XMM_BYTES 112

/*
 * Repetitions per entry. TLFS 4.2 gives a call about 50 microseconds; our longest handler takes well under a tenth of one.
 * RIP stays on the instruction between entries, so that interrupts are taken there.
 */
#define REPS_PER_ENTRY 64

#define RULE_LINES 8 /* log lines per rule */

#define COLD __attribute__((noinline, cold))

/* One hypercall on its way. */
struct call {
	struct vcpu *v;
	const struct spec_call *row;
	u64 control;
	u64 in, out;             /* GPAs, or the two register words of a fast call */
	u32 var, count, start;   /* qwords of variable header, repetitions, first one to do */
	u32 head_size;           /* fixed and variable header, bytes */
	u32 in_size, out_size;   /* whole lists, bytes */
	bool wide;               /* 64-bit convention */
};

static bool page_enabled(const struct partition *p)
{
	return p->msr[SPEC_MSR_SLOT_HYPERCALL] & HV_X64_MSR_HYPERCALL_ENABLE;
}

static bool is_granted(const struct partition *p, const struct spec_call *row)
{
	return !(row->needs_privilege & ~p->offer.privilege) && !(row->needs_feature & ~p->offer.feature);
}

/* Put a 64-bit value where the convention wants control word and result: one register, or EDX:EAX. */
static void put_result(struct call *c, u64 result)
{
	struct vcpu_regs *r = &c->v->regs;

	trace(c->v, TRACE_HYPERCALL, (u16)c->control, c->control, result);
	if (c->wide) {
		r->rax = result;
	} else {
		r->rax = (u32)result;
		r->rdx = result >> 32;
	}
}

static void put_control(struct call *c, u64 control)
{
	struct vcpu_regs *r = &c->v->regs;

	if (c->wide) {
		r->rcx = control;
	} else {
		r->rax = (u32)control;
		r->rdx = control >> 32;
	}
}

/* Answer a call that breaks a rule; reps: absolute number of repetitions done. */
static COLD enum vm_next refuse(struct call *c, u32 rule, u32 reps)
{
	const struct spec_rule_info *info = &spec_rules[rule];
	u16 status = rule == SPEC_RULE_PRIVILEGE ? c->row->denied : info->status;

	c->v->last_rule = rule;
	trace(c->v, TRACE_REFUSAL, rule, (u16)c->control, c->control);
	log_refusal_of(c->v, info, RULE_LINES, "refused %s (0x%x, control 0x%lx): %s: %s", spec_call_name((u16)c->control),
		       (u16)c->control, c->control, info->id, info->text);
	if (status == SPEC_FAULT_UD)
		return VM_UD;
	if (status == SPEC_FAULT_GP)
		return VM_GP;
	put_result(c, RESULT(status, reps));
	return VM_SKIP;
}

static void read_registers(struct call *c)
{
	const struct vcpu_regs *r = &c->v->regs;

	if (c->wide) {
		c->control = r->rcx;
		c->in = r->rdx;
		c->out = r->r8;
	} else {
		c->control = r->rdx << 32 | (u32)r->rax;
		c->in = r->rbx << 32 | (u32)r->rcx;
		c->out = r->rdi << 32 | (u32)r->rsi;
	}
	c->row = spec_call_row((u16)c->control);
	c->var = CONTROL_VAR(c->control);
	c->count = CONTROL_COUNT(c->control);
	c->start = CONTROL_START(c->control);
	/* At most 4096 + 8 * 1023 + 4096 * 4095 bytes: no overflow before the lists are held against a page. */
	c->head_size = c->row->in_size + 8 * c->var;
	c->in_size = c->head_size + c->row->each_in_size * c->count;
	c->out_size = c->row->out_size + c->row->each_out_size * c->count;
}

/* Rules on who calls what, and on the control word. */
static u32 check_control(const struct call *c)
{
	bool rep = c->row->flags & SPEC_CALL_REP;

	if (!page_enabled(c->v->partition))
		return SPEC_RULE_PAGE_ENABLED;
	if (!(c->row->flags & SPEC_CALL_IMPLEMENTED))
		return SPEC_RULE_CODE_KNOWN;
	if (!is_granted(c->v->partition, c->row))
		return SPEC_RULE_PRIVILEGE;
	if (c->control & CONTROL_RESERVED)
		return SPEC_RULE_CONTROL_RESERVED;
	if (c->control & CONTROL_NESTED)
		return SPEC_RULE_NESTED;
	if (rep != (c->count != 0))
		return SPEC_RULE_REP_COUNT;
	if (rep ? c->start >= c->count : c->start != 0)
		return SPEC_RULE_REP_START;
	if (c->var && !(c->row->flags & SPEC_CALL_VARHEAD))
		return SPEC_RULE_VARIABLE_HEADER;
	return SPEC_RULE_NONE;
}

static u32 check_fast(const struct call *c)
{
	if (!(c->row->flags & (SPEC_CALL_FAST | SPEC_CALL_XMM)) || c->in_size > XMM_BYTES || c->out_size)
		return SPEC_RULE_FAST_ALLOWED;
	if (c->in_size > FAST_BYTES && !(c->v->partition->offer.feature & SPEC_FEATURE_XMM_REGISTERS_FOR_FAST_HYPERCALL))
		return SPEC_RULE_XMM_OFFERED;
	return SPEC_RULE_NONE;
}

static bool crosses_page(u64 gpa, u32 size)
{
	return (gpa & ~PAGE_MASK) + size > PAGE_SIZE;
}

/* Rules on where lists lie; a list of no bytes lies nowhere. */
static u32 check_memory(const struct call *c)
{
	u64 limit = gpa_page_limit(&c->v->partition->gpa) << PAGE_SHIFT;
	u64 in = c->in_size ? c->in : 0, out = c->out_size ? c->out : 0;

	if ((in | out) & 7)
		return SPEC_RULE_GPA_ALIGNMENT;
	if (crosses_page(in, c->in_size) || crosses_page(out, c->out_size))
		return SPEC_RULE_GPA_PAGE;
	if (in >= limit || out >= limit)
		return SPEC_RULE_GPA_SPACE;
	if (c->in_size && c->out_size && in < out + c->out_size && out < in + c->in_size)
		return SPEC_RULE_GPA_OVERLAP;
	return SPEC_RULE_NONE;
}

/*
 * Copy between a guest's page and a private one, by whole words: lists begin on a multiple of 8, so that the last word ends
 * in the same page. volatile: each word is read once, whatever the guest's other processors do to it meanwhile.
 */
static inline void copy_words(volatile u64 *to, const volatile u64 *from, u32 bytes)
{
	for (u32 i = 0; i < (bytes + 7) / 8; i++)
		to[i] = from[i];
}

/* Input of a fast call: two words from general registers, then XMM0 to XMM5. */
static void gather_registers(const struct call *c)
{
	u64 *to = (u64 *)c->v->call_in;

	to[0] = c->in;
	to[1] = c->out;
	for (u32 n = 0; FAST_BYTES * (n + 1) < c->in_size; n++)
		machine_xmm_read(n, to + 2 * (n + 1));
}

/*
 * Fetch what this entry needs, each byte once: the headers, and elements [start, end). From here on nothing but the
 * private copy is looked at.
 */
static u32 copy_in(const struct call *c, u32 end)
{
	struct partition *p = c->v->partition;
	u32 first = c->head_size + c->row->each_in_size * c->start, last = c->head_size + c->row->each_in_size * end;
	u8 *to = c->v->call_in;
	const u8 *from;

	if (!c->in_size)
		return SPEC_RULE_NONE;
	from = gpa_ptr(p, &p->gpa, GPA(c->in), NPT_R);
	if (!from)
		return SPEC_RULE_GPA_ACCESS;
	if (c->start == 0) { /* all in one piece */
		copy_words((u64 *)to, (const u64 *)from, last);
		return SPEC_RULE_NONE;
	}
	copy_words((u64 *)to, (const u64 *)from, c->head_size); /* whole words where elements follow */
	first &= ~7u; /* with the word that two elements may share */
	copy_words((u64 *)(to + first), (const u64 *)(from + first), last - first);
	return SPEC_RULE_NONE;
}

/* Where output goes; NULL in *to for a call without. */
static u32 find_output(const struct call *c, u8 **to)
{
	struct partition *p = c->v->partition;

	*to = NULL;
	if (!c->out_size)
		return SPEC_RULE_NONE;
	*to = gpa_ptr(p, &p->gpa, GPA(c->out), NPT_W);
	return *to ? SPEC_RULE_NONE : SPEC_RULE_GPA_ACCESS;
}

static struct spec_args arguments(const struct call *c)
{
	u8 *in = c->v->call_in;

	return (struct spec_args){
		.in = in,
		.var = (const u64 *)(in + c->row->in_size),
		.var_count = c->var,
		.out = c->v->call_out,
	};
}

static enum vm_next run_simple(struct call *c, u8 *output)
{
	struct spec_args args = arguments(c);
	enum hv_status status;
	u32 rule;

	if (c->out_size)
		memset(c->v->call_out, 0, c->out_size);
	rule = c->row->check(&args);
	if (rule)
		return refuse(c, rule, 0);
	status = c->row->handle(c->v, &args);
	if (status == HV_STATUS_SUCCESS && output)
		memcpy(output, c->v->call_out, c->out_size);
	put_result(c, RESULT(status, 0));
	return VM_SKIP;
}

/* Do repetitions from start up to end; returns the first not done, with why in rule or status. */
static u32 repeat(struct call *c, struct spec_args *args, u32 end, u32 *rule, enum hv_status *status)
{
	const struct spec_call *row = c->row;
	u32 i;

	for (i = c->start; i < end; i++) {
		args->each_in = c->v->call_in + c->head_size + row->each_in_size * i;
		args->each_out = c->v->call_out + row->out_size + row->each_out_size * i;
		if (row->each_out_size)
			memset(args->each_out, 0, row->each_out_size);
		*rule = row->check_each(args);
		if (*rule)
			break;
		*status = row->handle(c->v, args);
		if (*status != HV_STATUS_SUCCESS)
			break;
	}
	return i;
}

static enum vm_next run_rep(struct call *c, u32 end, u8 *output)
{
	struct spec_args args = arguments(c);
	enum hv_status status = HV_STATUS_SUCCESS;
	u32 each = c->row->each_out_size, rule, done;

	if (c->row->out_size)
		memset(c->v->call_out, 0, c->row->out_size);
	c->v->rip_written = false;
	rule = c->row->check(&args);
	if (rule)
		return refuse(c, rule, c->start);
	done = repeat(c, &args, end, &rule, &status);
	if (output) {
		u32 first = c->row->out_size + each * c->start;

		memcpy(output, c->v->call_out, c->row->out_size);
		memcpy(output + first, c->v->call_out + first, each * (done - c->start));
	}
	if (rule)
		return refuse(c, rule, done);
	if (status == HV_STATUS_SUCCESS && done < c->count && !c->v->rip_written) {
		put_control(c, CONTROL_WITH_START(c->control, done));
		return VM_RETRY;
	}
	put_result(c, RESULT(status, done));
	return c->v->rip_written ? VM_RETRY : VM_SKIP;
}

static __attribute__((noinline)) enum vm_next general_call(struct vcpu *v, enum caller_mode mode)
{
	struct call c = { .v = v, .wide = mode == CALLER_64 };
	u8 *output = NULL;
	u32 rule, end;

	read_registers(&c);
	v->current_call = (u16)c.control;
	if (mode == CALLER_ILLEGAL)
		return refuse(&c, SPEC_RULE_CALLER_MODE, 0);
	rule = check_control(&c);
	if (rule)
		return refuse(&c, rule, 0);
	end = c.count - c.start > REPS_PER_ENTRY ? c.start + REPS_PER_ENTRY : c.count;
	if (c.control & CONTROL_FAST) {
		rule = check_fast(&c);
		if (!rule)
			gather_registers(&c);
	} else {
		rule = check_memory(&c);
		if (!rule)
			rule = find_output(&c, &output);
		if (!rule)
			rule = copy_in(&c, end);
	}
	if (rule)
		return refuse(&c, rule, 0);
	return c.row->flags & SPEC_CALL_REP ? run_rep(&c, end, output) : run_simple(&c, output);
}

/* Check, do and answer a simple call without output, whose input is in the private copy. */
static inline enum vm_next run_short(struct vcpu *v, const struct spec_call *row, u64 control)
{
	struct spec_args args = { .in = v->call_in };

	if (row->check(&args))
		return general_call(v, CALLER_64); /* which finds the rule again and refuses by its name */
	v->current_call = row->code;
	v->regs.rax = row->handle(v, &args);
	trace(v, TRACE_HYPERCALL, row->code, control, v->regs.rax);
	return VM_SKIP;
}

/*
 * The short paths make the same checks as general_call(): of a 64-bit call with a control word of nothing but a code, and
 * perhaps the fast bit, not many are left. Whatever does not pass goes the general way from the start.
 */
enum vm_next hypercall_exit(struct vcpu *v, enum caller_mode mode)
{
	const u64 control = v->regs.rcx, in = v->regs.rdx;
	const struct spec_call *row = spec_call_row((u16)control);
	struct partition *p = v->partition;
	const u32 shape = row->flags & (SPEC_CALL_IMPLEMENTED | SPEC_CALL_REP | SPEC_CALL_VARHEAD);
	u64 *to = (u64 *)v->call_in;

	if (mode != CALLER_64 || shape != SPEC_CALL_IMPLEMENTED || row->out_size || !page_enabled(p) || !is_granted(p, row))
		return general_call(v, mode);
	if (control >> 16 == 1 && (row->flags & SPEC_CALL_FAST)) {
		to[0] = in;
		to[1] = v->regs.r8;
		return run_short(v, row, control);
	}
	if (control >> 16 == 0 && !(in & 7) && !crosses_page(in, row->in_size)) {
		const u64 *from = gpa_ptr_recent(&p->gpa, GPA(in), NPT_R);

		if (from) {
			copy_words(to, from, row->in_size);
			return run_short(v, row, control);
		}
	}
	return general_call(v, mode);
}
