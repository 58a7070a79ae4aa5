/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The VMCB in words: exit codes, events, and the check of VMRUN that failed. */
#include "svm.h"

#include "cpu.h"
#include "text.h"

#define DEBUG_UPPER 0xffffffff00000000ull

const char *svm_exit_name(u64 code)
{
	switch ((u32)code) {
#define SVM_EXIT_CASE(name, number, text) case SVM_EXIT_##name: return text;
	SVM_EXITS(SVM_EXIT_CASE)
#undef SVM_EXIT_CASE
	default:
		break;
	}
	if (code < 0x10)
		return "control register read";
	if (code < 0x20)
		return "control register write";
	if (code < 0x40)
		return "debug register access";
	if (code < 0x60)
		return "exception";
	return "unknown exit";
}

/* APM 15.20: types 0 2 3 4; vectors of exceptions below 32, and 2 is not one of them. */
static bool event_legal(u32 event)
{
	const unsigned type = event >> VMCB_EVENT_TYPE_SHIFT & 7, vector = event & 0xff;

	if (!(event & VMCB_EVENT_VALID))
		return true;
	if (type == 1 || type > 4)
		return false;
	return type != 3 || (vector < 32 && vector != VECTOR_NMI);
}

const char *svm_check_vmcb(const struct vmcb *b, u64 cr4_supported, u64 efer_supported,
			   unsigned physical_bits)
{
	const struct vmcb_save *s = &b->save;
	const bool long_mode = s->efer & EFER_LME && s->cr0 & CR0_PG;
	const u32 vmrun = 1u << INTERCEPT_VMRUN % 32;

	if (!(s->efer & EFER_SVME))
		return "EFER.SVME is 0";
	if (s->cr0 & CR0_NW && !(s->cr0 & CR0_CD))
		return "CR0.NW is 1 and CR0.CD is 0";
	if (s->cr0 >> 32)
		return "CR0 bits 63:32 are not 0";
	if (s->cr3 >> physical_bits)
		return "CR3 has reserved bits set";
	if (s->cr4 & ~cr4_supported)
		return "CR4 has reserved bits set";
	if ((s->dr6 | s->dr7) & DEBUG_UPPER)
		return "DR6 or DR7 bits 63:32 are not 0";
	if (s->efer & ~(efer_supported | EFER_SVME | EFER_LMA))
		return "EFER has reserved bits set";
	if (long_mode && !(s->cr4 & CR4_PAE))
		return "EFER.LME and CR0.PG are 1 and CR4.PAE is 0";
	if (long_mode && !(s->cr0 & CR0_PE))
		return "EFER.LME and CR0.PG are 1 and CR0.PE is 0";
	if (long_mode && s->cs.attributes & VMCB_CS_L && s->cs.attributes & VMCB_CS_L << 1)
		return "CS.L and CS.D are both 1 in long mode";
	if (!(b->control.intercept[VMCB_INTERCEPT_WORD + 1] & vmrun))
		return "VMRUN is not intercepted";
	if (b->control.iopm_pa >> physical_bits || b->control.msrpm_pa >> physical_bits)
		return "a permission map lies beyond physical memory";
	if (!event_legal(b->control.event))
		return "EVENTINJ holds an illegal event";
	if (!b->control.asid)
		return "the ASID is 0";
	if (b->control.n_cr3 >> physical_bits)
		return "nCR3 has reserved bits set";
	return NULL;
}

static void explain_event(const char *when, u32 event, u32 error, struct text *out)
{
	static const char *const types[] = { "interrupt", "type 1", "NMI",    "exception",
					     "INT n",     "type 5", "type 6", "type 7" };

	if (!(event & VMCB_EVENT_VALID))
		return;
	text_printf(out, "%s: %s, vector %u", when, types[event >> VMCB_EVENT_TYPE_SHIFT & 7],
		    event & 0xff);
	if (event & VMCB_EVENT_ERROR_VALID)
		text_printf(out, ", error code 0x%x", error);
	text_printf(out, "\n");
}

static void explain_info(const struct vmcb_control *c, struct text *out)
{
	const u32 info = (u32)c->exit_info1;

	switch ((u32)c->exit_code) {
	case SVM_EXIT_IOIO:
		text_printf(out, "port 0x%x, %s, %u bytes%s%s, next rip 0x%lx\n", IOIO_PORT(info),
			    info & IOIO_IN ? "in" : "out", IOIO_SIZE(info),
			    info & IOIO_STRING ? ", string" : "", info & IOIO_REP ? ", rep" : "",
			    c->exit_info2);
		break;
	case SVM_EXIT_MSR:
		text_printf(out, "%s\n", info ? "WRMSR" : "RDMSR");
		break;
	case SVM_EXIT_NPF:
		text_printf(out, "gpa 0x%lx, %s%s\n", c->exit_info2,
			    info & NPF_FETCH   ? "fetch"
			    : info & NPF_WRITE ? "write"
					       : "read",
			    c->exit_info1 & NPF_GUEST_WALK
				    ? ", in a walk of the guest's page tables"
				    : "");
		break;
	default:
		break;
	}
}

void svm_explain(const struct vmcb *b, const char *failed, struct text *out)
{
	const struct vmcb_control *c = &b->control;

	text_printf(out, "exit 0x%lx (%s), info 0x%lx 0x%lx\n", c->exit_code,
		    svm_exit_name(c->exit_code), c->exit_info1, c->exit_info2);
	explain_info(c, out);
	explain_event("delivering", c->exit_event, c->exit_event_error, out);
	explain_event("to be injected", c->event, c->event_error, out);
	if ((u32)c->exit_code == SVM_EXIT_INVALID)
		text_printf(out, "failed check: %s\n",
			    failed ? failed : "none of those the manual lists");
	text_printf(out, "cpl %u, interrupt shadow %u, asid %u, tlb control %u, tsc offset 0x%lx\n",
		    b->save.cpl, (u32)(c->interrupt_shadow & VMCB_INTERRUPT_SHADOW), c->asid,
		    c->tlb_control, c->tsc_offset);
}
