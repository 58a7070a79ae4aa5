/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The words for what the trace ring holds. */
#include "trace.h"

#include "log.h"
#include "spec_check.h"
#include "spec_names.h"
#include "text.h"
#include "virt.h"

static void decode_refusal(const struct trace_record *r, struct text *out)
{
	if (r->a < SPEC_RULE_COUNT)
		text_printf(out, "refused by %s (%s), code or MSR 0x%lx, value 0x%lx",
			    spec_rules[r->a].id, spec_rules[r->a].text, r->b, r->c);
	else
		text_printf(out, "refused, code or MSR 0x%lx, value 0x%lx", r->b, r->c);
}

static void decode_body(const struct trace_record *r, struct text *out)
{
	switch (r->type) {
	case TRACE_HYPERCALL:
		text_printf(out, "%s, control 0x%lx, input 0x%lx 0x%lx: %s, %u reps",
			    spec_call_name((u16)r->b), r->b, r->c, r->d, spec_status_name((u16)r->a),
			    r->a >> 16);
		break;
	case TRACE_INPUT:
		text_printf(out, "input at 0x%x: 0x%lx 0x%lx 0x%lx", r->a, r->b, r->c, r->d);
		break;
	case TRACE_REFUSAL:
		decode_refusal(r, out);
		break;
	case TRACE_MSR_WRITE:
		text_printf(out, "write MSR 0x%x %s = 0x%lx", r->a, spec_msr_name(r->a), r->b);
		break;
	case TRACE_CPUID:
		text_printf(out, "CPUID 0x%x.%lu", r->a, r->b);
		break;
	case TRACE_IO:
		text_printf(out, "%s port 0x%x, value 0x%lx", r->c ? "in" : "out", r->a, r->b);
		break;
	case TRACE_NPT_FAULT:
		text_printf(out, "nested page fault at GPA 0x%lx, access %s%s%s", r->b,
			    r->a & NPT_R ? "r" : "", r->a & NPT_W ? "w" : "",
			    r->a & NPT_X ? "x" : "");
		break;
	case TRACE_INJECT:
		text_printf(out, "injected vector %u, error code 0x%lx", r->a, r->b);
		break;
	case TRACE_INTERRUPT:
		text_printf(out, "physical interrupt, vector %u", r->a);
		break;
	case TRACE_VENDOR:
		text_printf(out, "exit code 0x%x, 0x%lx, 0x%lx", r->a, r->b, r->c);
		break;
	case TRACE_EXIT:
		text_printf(out, "left at 0x%lx", r->c);
		break;
	default:
		text_printf(out, "record of unknown type %u", r->type);
	}
}

void trace_decode(const struct trace_record *r, u64 exits, struct text *out)
{
	text_printf(out, "exit %lu: ", exits - (u16)(exits - r->exit));
	decode_body(r, out);
}

void trace_dump(const struct vcpu *v, u32 count)
{
	char line[200];
	struct text t;

	for (u32 back = count < TRACE_RECORDS ? count : TRACE_RECORDS; back; back--) {
		const struct trace_record *r = trace_back(v, back);

		if (r->type == TRACE_NONE)
			continue;
		text_init(&t, line, sizeof(line));
		trace_decode(r, v->exits, &t);
		log_info("trace: %s", line);
	}
}
