/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The calling convention of hypercalls (TLFS chapter 4), which is known here alone. */
#include "hypercall.h"

#include "hv_abi.h"
#include "log.h"
#include "machine.h"
#include "partition.h"
#include "spec_calls.h"
#include "spec_check.h"
#include "spec_names.h"
#include "string.h"
#include "text.h"
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
#define XMM_REGISTERS 6
#define XMM_BYTES 112

/*
 * Repetitions per entry. TLFS 4.2 gives a call about 50 microseconds; our longest handler takes
 * well under a tenth of one. RIP stays on the instruction between entries, so that interrupts are
 * taken there.
 */
#define REPS_PER_ENTRY 64

#define RULE_LINES 8 /* log lines per rule */

#define COLD __attribute__((noinline, cold))
/* Parts of the one path that every call takes: inlined, so that struct call stays in registers. */
#define PART static inline __attribute__((always_inline))

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

PART bool page_enabled(const struct partition *p)
{
	return p->msr[SPEC_MSR_SLOT_HYPERCALL] & HV_X64_MSR_HYPERCALL_ENABLE;
}

PART bool is_granted(const struct partition *p, const struct spec_call *row)
{
	return !((row->needs_privilege & ~p->offer.privilege) |
		 (row->needs_feature & ~p->offer.feature));
}

/* Put the result where the convention wants it: one register, or EDX:EAX. */
PART void put_result(struct vcpu *v, bool wide, u64 control, u64 result)
{
	const u64 *in = (const u64 *)v->call_in;
	struct trace_record *r = trace_next(v, TRACE_HYPERCALL);

	r->a = (u32)result | (u32)(result >> 16);
	r->b = control;
	r->c = in[0];
	r->d = in[1];
	v->regs.rax = wide ? result : (u32)result;
	if (!wide)
		v->regs.rdx = result >> 32;
}

PART void put_control(struct vcpu *v, bool wide, u64 control)
{
	if (wide) {
		v->regs.rcx = control;
	} else {
		v->regs.rax = (u32)control;
		v->regs.rdx = control >> 32;
	}
}

/* Past the instruction, unless the call itself said where to go on. */
PART enum vm_next finished(struct vcpu *v)
{
	if (__builtin_expect(!v->rip_written, 1))
		return VM_SKIP;
	v->rip_written = false;
	return VM_RETRY;
}

static COLD void log_refused_call(struct vcpu *v, u64 control, u32 rule)
{
	const struct spec_rule_info *info = &spec_rules[rule];
	const struct spec_call *row = spec_call_row((u16)control);
	char needs[80] = "";
	struct text t;

	text_init(&t, needs, sizeof(needs));
	if (rule == SPEC_RULE_PRIVILEGE)
		text_printf(&t, " It needs privileges 0x%lx, features 0x%lx.", row->needs_privilege,
			    row->needs_feature);
	log_refusal_of(v, info, RULE_LINES, "refused %s (0x%x, control 0x%lx): %s: %s%s",
		       spec_call_name((u16)control), (u16)control, control, info->id, info->text,
		       needs);
}

/* Answer a call that breaks a rule; reps: absolute number of repetitions done. */
static COLD enum vm_next refuse(struct vcpu *v, bool wide, u64 control, u32 rule, u32 reps)
{
	const struct spec_rule_info *info = &spec_rules[rule];
	const u16 code = (u16)control,
		  status = rule == SPEC_RULE_PRIVILEGE ? spec_call_row(code)->denied : info->status;

	v->last_rule = rule;
	trace(v, TRACE_REFUSAL, rule, code, control);
	log_refused_call(v, control, rule);
	if (status == SPEC_FAULT_UD)
		return VM_UD;
	if (status == SPEC_FAULT_GP)
		return VM_GP;
	put_result(v, wide, control, RESULT(status, reps));
	return finished(v);
}

PART struct call read_call(struct vcpu *v, bool wide)
{
	const struct vcpu_regs *r = &v->regs;
	struct call c = { .v = v, .wide = wide };

	if (wide) {
		c.control = r->rcx;
		c.in = r->rdx;
		c.out = r->r8;
	} else {
		c.control = r->rdx << 32 | (u32)r->rax;
		c.in = r->rbx << 32 | (u32)r->rcx;
		c.out = r->rdi << 32 | (u32)r->rsi;
	}
	c.row = spec_call_row((u16)c.control);
	c.var = CONTROL_VAR(c.control);
	c.count = CONTROL_COUNT(c.control);
	c.start = CONTROL_START(c.control);
	/*
	 * At most 4096 + 8 * 1023 + 4096 * 4095 bytes: no overflow before the lists are held
	 * against a page.
	 */
	c.head_size = c.row->in_size + 8 * c.var;
	c.in_size = c.head_size + c.row->each_in_size * c.count;
	c.out_size = c.row->out_size + c.row->each_out_size * c.count;
	return c;
}

/* Rules on who calls what, and on the control word. */
PART u32 check_control(const struct call *c)
{
	const bool rep = c->row->flags & SPEC_CALL_REP;

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

/* Where output in registers begins: behind the input, at a pair of words or an XMM register. */
PART u32 output_start(const struct call *c)
{
	return (u32)ALIGN_UP(c->in_size, FAST_BYTES);
}

/* Output needs no claim of its call, as input does; but a 64-bit caller (TLFS 3.7.1). */
PART u32 check_fast_output(const struct call *c)
{
	const struct spec_offer *o = &c->v->partition->offer;

	if (output_start(c) + c->out_size > XMM_BYTES)
		return SPEC_RULE_FAST_ALLOWED;
	if (!c->wide || !(o->feature & SPEC_FEATURE_FAST_HYPERCALL_OUTPUT) ||
	    !(o->privilege & SPEC_PRIVILEGE_FAST_HYPERCALL_OUTPUT))
		return SPEC_RULE_XMM_OFFERED;
	return SPEC_RULE_NONE;
}

PART u32 check_fast_input(const struct call *c)
{
	if (!(c->row->flags & (SPEC_CALL_FAST | SPEC_CALL_XMM)) || c->in_size > XMM_BYTES)
		return SPEC_RULE_FAST_ALLOWED;
	return SPEC_RULE_NONE;
}

PART u32 check_fast(const struct call *c)
{
	const u32 rule = c->out_size ? check_fast_output(c) : check_fast_input(c);

	if (rule)
		return rule;
	if (c->in_size > FAST_BYTES &&
	    !(c->v->partition->offer.feature & SPEC_FEATURE_XMM_REGISTERS_FOR_FAST_HYPERCALL))
		return SPEC_RULE_XMM_OFFERED;
	return SPEC_RULE_NONE;
}

PART bool crosses_page(u64 gpa, u32 size)
{
	return (gpa & ~PAGE_MASK) + size > PAGE_SIZE;
}

/* Rules on where lists lie; one of no bytes lies at 0, and overlaps nothing. */
PART u32 check_memory(const struct call *c)
{
	const u64 limit = c->v->partition->gpa.page_limit << PAGE_SHIFT;
	const u64 in = c->in_size ? c->in : 0, out = c->out_size ? c->out : 0;

	if ((in | out) & 7)
		return SPEC_RULE_GPA_ALIGNMENT;
	if (crosses_page(in, c->in_size) || crosses_page(out, c->out_size))
		return SPEC_RULE_GPA_PAGE;
	if (in >= limit || out >= limit)
		return SPEC_RULE_GPA_SPACE;
	if (in < out + c->out_size && out < in + c->in_size)
		return SPEC_RULE_GPA_OVERLAP;
	return SPEC_RULE_NONE;
}

/*
 * Copy between a guest's page and a private one, by whole words: lists begin on a multiple of 8, so
 * that the last word ends in the same page. volatile: each word is read once, whatever the guest's
 * other processors do to it meanwhile.
 */
PART void copy_words(volatile u64 *to, const volatile u64 *from, u32 bytes)
{
	u32 words = (bytes + 7) / 8;

	for (; words > 4; words--, to++, from++)
		*to = *from;
	switch (words) { /* most lists are this short */
	case 4:
		to[3] = from[3];
		/* fall through */
	case 3:
		to[2] = from[2];
		/* fall through */
	case 2:
		to[1] = from[1];
		/* fall through */
	case 1:
		to[0] = from[0];
	}
}

/* Input of a fast call: two words from general registers, then XMM0 to XMM5. */
PART void gather_registers(const struct call *c)
{
	u64 *to = (u64 *)c->v->call_in;

	to[0] = c->in;
	to[1] = c->out;
	for (u32 n = 0; FAST_BYTES * (n + 1) < c->in_size; n++)
		machine_xmm_read(n, to + 2 * (n + 1));
}

/* Fill the registers of a fast call into its list, as a guest's page would have it. */
static COLD u8 *load_output(const struct call *c, u64 list[XMM_BYTES / 8])
{
	list[0] = c->in;
	list[1] = c->out;
	for (u32 n = 0; n < XMM_REGISTERS; n++)
		machine_xmm_read(n, list + 2 * (n + 1));
	return (u8 *)list + output_start(c);
}

/* And back, the words that output lies in; what is left of the last one stays as it was. */
static COLD void store_output(const struct call *c, const u64 list[XMM_BYTES / 8])
{
	const u32 first = output_start(c) / 8, end = (output_start(c) + c->out_size + 7) / 8;

	for (u32 word = first; word < end; word++) {
		if (word == 0)
			c->v->regs.rdx = list[word];
		else if (word == 1)
			c->v->regs.r8 = list[word];
		else
			machine_xmm_write(word / 2 - 1, list + word / 2 * 2);
	}
}

/*
 * Fetch what this entry needs, each byte once: the headers, and elements [start, end). From here on
 * nothing but the private copy is looked at.
 */
PART u32 copy_in(const struct call *c, u32 end)
{
	struct partition *p = c->v->partition;
	u32 first = c->head_size + c->row->each_in_size * c->start;
	const u32 last = c->head_size + c->row->each_in_size * end;
	u8 *to = c->v->call_in;
	const u8 *from;

	if (!c->in_size)
		return SPEC_RULE_NONE;
	from = gpa_ptr(p, &c->v->hits, GPA(c->in), NPT_R);
	if (!from)
		return SPEC_RULE_GPA_ACCESS;
	if (c->start) { /* headers in front of elements are whole words */
		copy_words((u64 *)to, (const u64 *)from, c->head_size);
		first &= ~7u; /* two elements may share a word */
	} else {
		first = 0;
	}
	copy_words((u64 *)(to + first), (const u64 *)(from + first), last - first);
	return SPEC_RULE_NONE;
}

/* Where output goes; NULL in *to for a call without. */
PART u32 find_output(const struct call *c, u8 **to)
{
	struct partition *p = c->v->partition;

	*to = NULL;
	if (!c->out_size)
		return SPEC_RULE_NONE;
	*to = gpa_ptr(p, &c->v->hits, GPA(c->out), NPT_W);
	return *to ? SPEC_RULE_NONE : SPEC_RULE_GPA_ACCESS;
}

/* The rule that a checker of the table finds broken; most elements have none to check. */
PART u32 check(u32 (*checker)(const struct spec_args *), const struct spec_args *args)
{
	return checker == spec_check_none ? SPEC_RULE_NONE : checker(args);
}

PART struct spec_args arguments(const struct call *c)
{
	u8 *in = c->v->call_in;

	return (struct spec_args){
		.env = &c->v->partition->env,
		.in = in,
		.var = (const u64 *)(in + c->row->in_size),
		.var_count = c->var,
		.out = c->v->call_out,
	};
}

PART enum vm_next run_simple(const struct call *c, u8 *output)
{
	struct spec_args args = arguments(c);
	enum hv_status status;
	u32 rule;

	if (output)
		memset(c->v->call_out, 0, c->out_size);
	rule = check(c->row->check, &args);
	if (rule)
		return refuse(c->v, c->wide, c->control, rule, 0);
	status = c->row->handle(c->v, &args);
	if (status == HV_STATUS_SUCCESS && output)
		memcpy(output, c->v->call_out, c->out_size);
	put_result(c->v, c->wide, c->control, RESULT(status, 0));
	return finished(c->v);
}

/* A repetition that waited for another VP is the last of its entry. */
PART bool has_asked(struct vcpu *v)
{
	const bool asked = v->asked;

	v->asked = false;
	return asked;
}

/* Do repetitions from start up to end; returns the first not done, with why in rule or status. */
PART u32 repeat(const struct call *c, struct spec_args *args, u32 end, u32 *rule,
		enum hv_status *status)
{
	const u32 in_size = c->row->each_in_size, out_size = c->row->each_out_size;
	u32 i;

	args->each_in = c->v->call_in + c->head_size + in_size * c->start;
	args->each_out = c->v->call_out + c->row->out_size + out_size * c->start;
	for (i = c->start; i < end; i++) {
		if (out_size)
			memset(args->each_out, 0, out_size);
		*rule = check(c->row->check_each, args);
		if (*rule)
			break;
		*status = c->row->handle(c->v, args);
		if (*status != HV_STATUS_SUCCESS)
			break;
		if (has_asked(c->v))
			return i + 1;
		args->each_in = (const u8 *)args->each_in + in_size;
		args->each_out = (u8 *)args->each_out + out_size;
	}
	return i;
}

/* Write the output of repetitions [start, done), and the fixed one. */
static void copy_out(struct vcpu *v, const struct spec_call *row, u8 *output, u32 start, u32 done)
{
	const u32 first = row->out_size + row->each_out_size * start;

	memcpy(output, v->call_out, row->out_size);
	memcpy(output + first, v->call_out + first, row->each_out_size * (done - start));
}

/* An entry ends with repetition done: the call does, or RIP stays for the next entry. */
PART enum vm_next end_rep(struct vcpu *v, bool wide, u64 control, enum hv_status status, u32 done)
{
	if (status == HV_STATUS_SUCCESS && done < CONTROL_COUNT(control) && !v->rip_written) {
		put_control(v, wide, CONTROL_WITH_START(control, done));
		return VM_RETRY;
	}
	put_result(v, wide, control, RESULT(status, done));
	return finished(v);
}

PART enum vm_next run_rep(const struct call *c, u32 end, u8 *output)
{
	struct spec_args args = arguments(c);
	enum hv_status status = HV_STATUS_SUCCESS;
	u32 rule, done;

	if (output)
		memset(c->v->call_out, 0, c->row->out_size);
	rule = check(c->row->check, &args);
	if (rule)
		return refuse(c->v, c->wide, c->control, rule, c->start);
	done = repeat(c, &args, end, &rule, &status);
	if (output)
		copy_out(c->v, c->row, output, c->start, done);
	if (rule)
		return refuse(c->v, c->wide, c->control, rule, done);
	return end_rep(c->v, c->wide, c->control, status, done);
}

static __attribute__((noinline)) enum vm_next general_call(struct vcpu *v, enum caller_mode mode)
{
	const struct call c = read_call(v, mode == CALLER_64);
	const bool fast = c.control & CONTROL_FAST;
	u64 list[XMM_BYTES / 8];
	enum vm_next next;
	u8 *output = NULL;
	u32 rule, end;

	v->current_call = (u16)c.control;
	rule = mode == CALLER_ILLEGAL ? SPEC_RULE_CALLER_MODE : check_control(&c);
	if (rule)
		return refuse(v, c.wide, c.control, rule, 0);
	end = c.count - c.start > REPS_PER_ENTRY ? c.start + REPS_PER_ENTRY : c.count;
	if (fast) {
		rule = check_fast(&c);
		if (!rule)
			gather_registers(&c);
		if (!rule && c.out_size)
			output = load_output(&c, list);
	} else {
		rule = check_memory(&c);
		if (!rule)
			rule = find_output(&c, &output);
		if (!rule)
			rule = copy_in(&c, end);
	}
	if (rule)
		return refuse(v, c.wide, c.control, rule, 0);
	next = c.row->flags & SPEC_CALL_REP ? run_rep(&c, end, output) : run_simple(&c, output);
	if (fast && output)
		store_output(&c, list);
	return next;
}

void hypercall_open(struct partition *p, bool enabled)
{
	for (u16 code = 0; code < SPEC_CALL_LOW; code++) {
		const struct spec_call *row = spec_call_row(code);
		const bool plain =
			!(row->flags & SPEC_CALL_VARHEAD) && !row->out_size && !row->each_out_size;
		const bool open =
			enabled && (row->flags & SPEC_CALL_IMPLEMENTED) && is_granted(p, row);

		p->short_call[code] = open && plain ? row : NULL;
	}
}

/* Check, do and answer a simple call without output, whose input is in the private copy. */
PART enum vm_next run_short(struct vcpu *v, const struct spec_call *row)
{
	const u32 rule = check(row->check, &v->short_args);

	if (__builtin_expect(rule, 0))
		return refuse(v, true, v->regs.rcx, rule, 0);
	put_result(v, true, v->regs.rcx, row->handle(v, &v->short_args));
	return finished(v);
}

static __attribute__((noinline)) enum vm_next fast_call(struct vcpu *v, const struct spec_call *row)
{
	u64 *to = (u64 *)v->call_in;

	to[0] = v->regs.rdx;
	to[1] = v->regs.r8;
	return run_short(v, row);
}

/*
 * Fetch size bytes of input from a page that was used lately; false where that or a rule is in the
 * way.
 */
PART bool copy_in_short(struct vcpu *v, u32 size)
{
	const u64 in = v->regs.rdx;
	const u8 *page = gpa_recent_page(&v->hits, GPA(in), NPT_R);

	if (!page || (in & 7) || crosses_page(in, size))
		return false;
	copy_words((u64 *)v->call_in, (const u64 *)(page + (in & ~PAGE_MASK)), size);
	return true;
}

static __attribute__((noinline)) enum vm_next memory_call(struct vcpu *v,
							  const struct spec_call *row)
{
	if (!copy_in_short(v, row->in_size))
		return general_call(v, CALLER_64);
	return run_short(v, row);
}

/* A rep call of few repetitions from the first one on. */
static __attribute__((noinline)) enum vm_next rep_call(struct vcpu *v, const struct spec_call *row)
{
	const u64 control = v->regs.rcx;
	const u32 count = CONTROL_COUNT(control), in_size = row->each_in_size;
	struct spec_args *args = &v->short_args;
	enum hv_status status;
	u32 done = 0, rule;

	if (!copy_in_short(v, row->in_size + in_size * count))
		return general_call(v, CALLER_64);
	args->each_in = v->call_in + row->in_size;
	rule = check(row->check, args);
	if (rule)
		return refuse(v, true, control, rule, 0);
	for (;;) {
		rule = check(row->check_each, args);
		if (rule)
			return refuse(v, true, control, rule, done);
		status = row->handle(v, args);
		if (status != HV_STATUS_SUCCESS || ++done == count || has_asked(v))
			break;
		args->each_in = (const u8 *)args->each_in + in_size;
	}
	return end_rep(v, true, control, status, done);
}

/*
 * Control words of nothing but a code and, for the third, a repetition count below REPS_PER_ENTRY.
 */
#define PLAIN_FAST(c) ((c) >> 16 == 1)
#define PLAIN_MEMORY(c) ((c) >> 16 == 0)
#define PLAIN_REP(c) (((c) & ~(0xffffull | (u64)(REPS_PER_ENTRY - 1) << 32)) == 0 && (c) >> 32)

/*
 * The short paths make the same checks as general_call(): of a 64-bit call whose row is open,
 * without output, with a plain control word, few are left. Whatever does not pass goes the general
 * way from the start.
 */
enum vm_next hypercall_exit(struct vcpu *v, enum caller_mode mode)
{
	const u64 control = v->regs.rcx;
	const struct spec_call *row;

	if (mode != CALLER_64 || (u16)control >= SPEC_CALL_LOW)
		return general_call(v, mode);
	row = v->partition->short_call[(u16)control];
	v->current_call = (u16)control;
	if (!row)
		return general_call(v, mode);
	if (PLAIN_FAST(control) && (row->flags & (SPEC_CALL_FAST | SPEC_CALL_REP)) == SPEC_CALL_FAST)
		return fast_call(v, row);
	if (PLAIN_MEMORY(control) && !(row->flags & SPEC_CALL_REP))
		return memory_call(v, row);
	if (PLAIN_REP(control) && (row->flags & SPEC_CALL_REP))
		return rep_call(v, row);
	return general_call(v, mode);
}
