/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The end by our own fault, and the dump of all that is known about a VP. */
#include "panic.h"

#include "gpa.h"
#include "interrupt.h"
#include "guest_walk.h"
#include "io.h"
#include "log.h"
#include "machine.h"
#include "observe.h"
#include "options.h"
#include "partition.h"
#include "spec_check.h"
#include "spec_names.h"
#include "string.h"
#include "text.h"
#include "trace.h"
#include "virt.h"

#define LINE 240
#define CODE_BYTES 16

static bool dumping; /* a dump may fail and panic in turn */

static void log_va(const char *what, const char *fmt, va_list args)
{
	char line[LINE];
	struct text t;

	text_init(&t, line, sizeof(line));
	text_vprintf(&t, fmt, args);
	log_info("%s%s", what, line);
}

static void dump_registers(struct vcpu *v)
{
	const struct vcpu_regs *r = &v->regs;

	log_info("  rip %016lx rsp %016lx rflags %016lx", virt->get_reg(v, VREG_RIP),
		 virt->get_reg(v, VREG_RSP), virt->get_reg(v, VREG_RFLAGS));
	log_info("  rax %016lx rbx %016lx rcx %016lx rdx %016lx", r->rax, r->rbx, r->rcx, r->rdx);
	log_info("  rsi %016lx rdi %016lx rbp %016lx r8  %016lx", r->rsi, r->rdi, r->rbp, r->r8);
	log_info("  r9  %016lx r10 %016lx r11 %016lx r12 %016lx", r->r9, r->r10, r->r11, r->r12);
	log_info("  r13 %016lx r14 %016lx r15 %016lx efer %lx", r->r13, r->r14, r->r15,
		 virt->get_reg(v, VREG_EFER));
	log_info("  cr0 %lx cr2 %lx cr3 %lx cr4 %lx", virt->get_reg(v, VREG_CR0),
		 virt->get_reg(v, VREG_CR2), virt->get_reg(v, VREG_CR3),
		 virt->get_reg(v, VREG_CR4));
}

static void dump_segments(struct vcpu *v)
{
	static const char names[VSEG_COUNT][5] = { "es", "cs",	 "ss", "ds",   "fs",
						   "gs", "ldtr", "tr", "gdtr", "idtr" };

	for (unsigned i = 0; i < VSEG_COUNT; i++) {
		struct segment s;

		virt->get_segment(v, i, &s);
		log_info("  %-4s selector %04x base %016lx limit %08x attributes %04x", names[i],
			 s.selector, s.base, s.limit, s.attributes);
	}
}

static void dump_code(struct vcpu *v)
{
	struct guest_walk walk = {
		.cr0 = virt->get_reg(v, VREG_CR0), .cr3 = virt->get_reg(v, VREG_CR3),
		.cr4 = virt->get_reg(v, VREG_CR4), .efer = virt->get_reg(v, VREG_EFER),
		.read = gpa_read_code, .context = v,
	};
	struct segment cs;
	u8 bytes[CODE_BYTES];
	char line[LINE];
	struct text t;
	size_t got;

	virt->get_segment(v, VSEG_CS, &cs);
	got = guest_walk_read(&walk, cs.base + virt->get_reg(v, VREG_RIP), bytes, sizeof(bytes));
	text_init(&t, line, sizeof(line));
	for (size_t i = 0; i < got; i++)
		text_printf(&t, " %02x", bytes[i]);
	log_info("  code at rip:%s", got ? line : " not readable");
}

static void dump_latest(const struct vcpu *v)
{
	if (v->current_call)
		log_info("  latest call 0x%x %s", v->current_call, spec_call_name(v->current_call));
	if (v->current_msr)
		log_info("  latest MSR 0x%x %s", v->current_msr, spec_msr_name(v->current_msr));
	if (v->last_rule && v->last_rule < SPEC_RULE_COUNT)
		log_info("  latest refusal %s: %s", spec_rules[v->last_rule].id,
			 spec_rules[v->last_rule].text);
}

static void dump_vendor(struct vcpu *v)
{
	char buf[LINE * 4];
	struct text t;

	text_init(&t, buf, sizeof(buf));
	virt->explain(v, &t);
	for (char *line = buf; *line;) {
		size_t length = 0;

		while (line[length] && line[length] != '\n')
			length++;
		log_info("  %s: %.*s", virt->name, (int)length, line);
		line += length + (line[length] == '\n');
	}
}

void panic_dump_vcpu(struct vcpu *v)
{
	u64 records = 0;

	log_info("vp %u of partition %lu, %lu exits", v->index, v->partition->env.partition_id, v->exits);
	dump_registers(v);
	dump_segments(v);
	dump_code(v);
	dump_latest(v);
	dump_vendor(v);
	if (options_number(options.trace, &records) && v->trace)
		trace_dump(v, records < PANIC_RECORDS ? (u32)records : PANIC_RECORDS);
}

void panic_dump_brief(struct vcpu *v)
{
	static const char *const states[] = {
		[VCPU_RUNS] = "runs",
		[VCPU_WAITS_FOR_START_UP] = "waits for a start-up IPI",
		[VCPU_HALTED] = "is halted",
		[VCPU_IDLES] = "idles",
	};

	log_info("vp %u of partition %lu, APIC id %u, %s, %lu exits", v->index,
		 v->partition->env.partition_id, v->apic_id, states[v->state], v->exits);
	dump_registers(v);
	log_info("  TPR 0x%x, %s pending", lapic_tpr(v),
		 lapic_pending(v) == LAPIC_NO_VECTOR ? "no interrupt" : "an interrupt is");
	dump_latest(v);
}

/* The others stop first, so that nothing changes any more and the log is ours alone. */
static void take_over(void)
{
	struct vcpu *v = machine_vcpu();

	if (!dumping && v)
		interrupt_stop_others(v->partition);
}

/* The dump of what was going on, and the end. */
static _Noreturn void finish(void)
{
	struct vcpu *v = machine_vcpu();

	if (!dumping && v && v->exits) {
		dumping = true;
		panic_dump_vcpu(v);
		observe_write(v->partition);
	}
	log_summary();
	log_info("end: panic");
	machine_end(END_PANIC, 0);
}

_Noreturn void panic(const char *fmt, ...)
{
	va_list args;

	take_over();
	va_start(args, fmt);
	log_va("panic: ", fmt, args);
	va_end(args);
	finish();
}

_Noreturn void panic_exception(const struct exception_frame *f)
{
	take_over();
	log_info("panic: exception %lu in the hypervisor, error code 0x%lx", f->vector, f->error);
	log_info("  rip %016lx cs %lx rflags %lx rsp %016lx cr2 %016lx", f->rip, f->cs, f->rflags,
		 f->rsp, f->cr2);
	log_info("  rax %016lx rbx %016lx rcx %016lx rdx %016lx", f->rax, f->rbx, f->rcx, f->rdx);
	log_info("  rsi %016lx rdi %016lx rbp %016lx r8  %016lx", f->rsi, f->rdi, f->rbp, f->r8);
	log_info("  r9  %016lx r10 %016lx r11 %016lx r12 %016lx", f->r9, f->r10, f->r11, f->r12);
	log_info("  r13 %016lx r14 %016lx r15 %016lx", f->r13, f->r14, f->r15);
	finish();
}

_Noreturn void unexpected_exit(struct vcpu *v)
{
	panic("an exit of vp %u that has no handler", v->index);
}
