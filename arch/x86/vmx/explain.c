/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* VMX in words: missing features, exit reasons, and why a VM entry failed. Pure. */
#include "vmx.h"
#include "text.h"

/* What this core cannot do without: capability bits by their SDM names. */
static const struct {
	const char *name;
	size_t capability; /* offset of a control capability in struct vmx_caps */
	u32 bit;
} needed_control[] = {
#define NEED(capability, bit, name) \
	{ \
		name, offsetof(struct vmx_caps, capability), bit \
	}
	NEED(pin, PIN_NMI, "NMI exiting"),
	NEED(pin, PIN_VIRTUAL_NMIS, "virtual NMIs"),
	NEED(processor, PROC_TSC_OFFSETTING, "use TSC offsetting"),
	NEED(processor, PROC_HLT, "HLT exiting"),
	NEED(processor, PROC_MWAIT, "MWAIT exiting"),
	NEED(processor, PROC_MONITOR, "MONITOR exiting"),
	NEED(processor, PROC_RDPMC, "RDPMC exiting"),
	NEED(processor, PROC_NMI_WINDOW, "NMI-window exiting"),
	NEED(processor, PROC_IO_BITMAPS, "use I/O bitmaps"),
	NEED(processor, PROC_MSR_BITMAPS, "use MSR bitmaps"),
	NEED(processor, PROC_SECONDARY, "activate secondary controls"),
	NEED(secondary, PROC2_EPT, "enable EPT"),
	NEED(secondary, PROC2_UNRESTRICTED_GUEST, "unrestricted guest"),
	NEED(exit, EXIT_SAVE_DEBUG, "save debug controls"),
	NEED(exit, EXIT_HOST_64, "host address-space size"),
	NEED(exit, EXIT_SAVE_PAT, "save IA32_PAT"),
	NEED(exit, EXIT_LOAD_PAT, "load IA32_PAT on exit"),
	NEED(exit, EXIT_SAVE_EFER, "save IA32_EFER"),
	NEED(exit, EXIT_LOAD_EFER, "load IA32_EFER on exit"),
	NEED(entry, ENTRY_LOAD_DEBUG, "load debug controls"),
	NEED(entry, ENTRY_IA32E_GUEST, "IA-32e mode guest"),
	NEED(entry, ENTRY_LOAD_PAT, "load IA32_PAT on entry"),
	NEED(entry, ENTRY_LOAD_EFER, "load IA32_EFER on entry"),
#undef NEED
};

static const struct {
	const char *name;
	u64 bit;
} needed_ept[] = {
	{ "EPT page-walk length 4", EPT_CAP_WALK_4 },
	{ "EPT write-back memory type", EPT_CAP_WB },
	{ "EPT 2-MByte pages", EPT_CAP_2M },
	{ "single-context INVEPT", EPT_CAP_INVEPT | EPT_CAP_INVEPT_SINGLE },
};

static const char *const instruction_errors[] = {
	/* SDM 31.4 */
	[1] = "VMCALL executed in VMX root operation",
	[2] = "VMCLEAR with invalid physical address",
	[3] = "VMCLEAR with VMXON pointer",
	[4] = "VMLAUNCH with non-clear VMCS",
	[5] = "VMRESUME with non-launched VMCS",
	[6] = "VMRESUME after VMXOFF",
	[7] = "VM entry with invalid control fields",
	[8] = "VM entry with invalid host-state fields",
	[9] = "VMPTRLD with invalid physical address",
	[10] = "VMPTRLD with VMXON pointer",
	[11] = "VMPTRLD with incorrect VMCS revision identifier",
	[12] = "VMREAD or VMWRITE from or to unsupported VMCS component",
	[13] = "VMWRITE to read-only VMCS component",
	[15] = "VMXON executed in VMX root operation",
	[16] = "VM entry with invalid executive-VMCS pointer",
	[17] = "VM entry with non-launched executive VMCS",
	[18] = "VM entry with executive-VMCS pointer not VMXON pointer",
	[19] = "VMCALL with non-clear VMCS",
	[20] = "VMCALL with invalid VM-exit control fields",
	[22] = "VMCALL with incorrect MSEG revision identifier",
	[23] = "VMXOFF under dual-monitor treatment of SMIs and SMM",
	[24] = "VMCALL with invalid SMM-monitor features",
	[25] = "VM entry with invalid VM-execution control fields in executive VMCS",
	[26] = "VM entry with events blocked by MOV SS",
	[28] = "invalid operand to INVEPT or INVVPID",
};
#define ERROR_CONTROLS 7
#define ERROR_HOST 8

const char *vmx_instruction_error_name(u32 number)
{
	const char *name =
		number < ARRAY_SIZE(instruction_errors) ? instruction_errors[number] : NULL;

	return name ? name : "unknown VM-instruction error";
}

const char *vmx_exit_reason_name(u32 basic_reason)
{
	switch (basic_reason) {
#define NAME(symbol, number, text) \
	case number: return text;
		VMX_EXIT_REASONS(NAME)
#undef NAME
	default: return "unknown exit reason";
	}
}

static void list(struct text *out, size_t start, const char *name)
{
	text_printf(out, out->len == start ? "%s" : ", %s", name);
}

void vmx_explain_missing(const struct vmx_caps *c, struct text *out)
{
	bool ept = c->secondary >> 32 & PROC2_EPT;
	size_t start = out->len;

	if (!(c->basic & VMX_BASIC_TRUE_CONTROLS))
		list(out, start, "TRUE controls");
	if (!(c->misc & VMX_MISC_EXIT_STORES_LMA))
		list(out, start, "IA-32e mode guest stored on exit");
	for (size_t n = 0; n < ARRAY_SIZE(needed_control); n++) {
		const u64 *capability = (const u64 *)((const u8 *)c + needed_control[n].capability);

		if (!(*capability >> 32 & needed_control[n].bit))
			list(out, start, needed_control[n].name);
	}
	for (size_t n = 0; ept && n < ARRAY_SIZE(needed_ept); n++)
		if ((c->ept_vpid & needed_ept[n].bit) != needed_ept[n].bit)
			list(out, start, needed_ept[n].name);
}

static void explain_cr_access(u64 q, struct text *out)
{
	static const char *const what[4] = { "MOV to CR", "MOV from CR", "CLTS of CR",
					     "LMSW to CR" };

	text_printf(out, " (%s%u, general register %u)", what[q >> 4 & 3], (u32)(q & 15),
		    (u32)(q >> 8 & 15));
}

static void explain_io(u64 q, struct text *out)
{
	text_printf(out, " (%s%s%s port 0x%x, %u bytes)", q & 32 ? "REP " : "",
		    q & 8 ? "IN" : "OUT", q & 16 ? "S" : "", (u32)(q >> 16 & 0xffff),
		    (u32)(q & 7) + 1);
}

static void explain_ept_violation(const struct vmcs_image *i, struct text *out)
{
	u64 q = i->exit_qualification;

	text_printf(out, " (%s%s%sof GPA 0x%lx", q & 1 ? "read " : "", q & 2 ? "write " : "",
		    q & 4 ? "fetch " : "", i->guest_physical_address);
	if (q & 0x80)
		text_printf(out, ", linear 0x%lx%s", i->guest_linear_address,
			    q & 0x100 ? "" : ", in a page walk");
	text_printf(out, "; allowed: %c%c%c)", q & 8 ? 'r' : '-', q & 16 ? 'w' : '-',
		    q & 32 ? 'x' : '-');
}

static void explain_qualification(const struct vmcs_image *i, struct text *out)
{
	text_printf(out, ", qualification 0x%lx", i->exit_qualification);
	switch (i->exit_reason & 0xffff) {
	case VMX_EXIT_CR_ACCESS: explain_cr_access(i->exit_qualification, out); break;
	case VMX_EXIT_IO: explain_io(i->exit_qualification, out); break;
	case VMX_EXIT_EPT_VIOLATION: explain_ept_violation(i, out); break;
	case VMX_EXIT_EPT_MISCONFIGURATION:
		text_printf(out, " (GPA 0x%lx)", i->guest_physical_address);
		break;
	case VMX_EXIT_TASK_SWITCH:
		text_printf(out, " (selector 0x%x)", (u32)(i->exit_qualification & 0xffff));
		break;
	default: break;
	}
}

static void explain_event(const char *when, u64 info, u64 error, struct text *out)
{
	static const char *const type[8] = {
		"external interrupt", "reserved type",      "NMI",
		"exception",          "software interrupt", "privileged software exception",
		"software exception", "other event"
	};

	if (!(info & EVENT_VALID))
		return;
	text_printf(out, "  %s: %s, vector 0x%x", when, type[info >> EVENT_TYPE_SHIFT & 7],
		    (u32)(info & 0xff));
	if (info & EVENT_ERROR_CODE)
		text_printf(out, ", error 0x%x", (u32)error);
	text_printf(out, "\n");
}

/*
 * Which of the three sets of checks the processor complained about, and the check of it that fails.
 */
static void explain_entry_failure(const struct vmcs_image *i, const struct vmx_caps *c, u32 error,
				  struct text *out)
{
	const char *check = error == ERROR_CONTROLS ? vmx_check_controls(i, c) :
			    error == ERROR_HOST ? vmx_check_host(i, c) :
			    error == 0 ? vmx_check_guest(i, c) : NULL;

	if (error)
		text_printf(out, "VM entry failed: VM-instruction error %u: %s\n", error,
			    vmx_instruction_error_name(error));
	else
		text_printf(out, "VM entry failed: %s, qualification 0x%lx\n",
			    vmx_exit_reason_name(i->exit_reason & 0xffff), i->exit_qualification);
	if (check)
		text_printf(out, "  the check that fails: %s\n", check);
	else if (error == ERROR_CONTROLS || error == ERROR_HOST ||
		 (i->exit_reason & 0xffff) == VMX_EXIT_INVALID_GUEST_STATE)
		text_printf(out, "  no check known here fails\n");
}

void vmx_explain_image(const struct vmcs_image *i, const struct vmx_caps *c, u32 entry_error,
		       struct text *out)
{
	if (entry_error || (i->exit_reason & VMX_EXIT_ENTRY_FAILED)) {
		explain_entry_failure(i, c, entry_error, out);
	} else {
		text_printf(out, "VMX exit %u: %s", (u32)(i->exit_reason & 0xffff),
			    vmx_exit_reason_name(i->exit_reason & 0xffff));
		explain_qualification(i, out);
		text_printf(out, "\n");
	}
	explain_event("exit caused by", i->exit_interruption_information,
		      i->exit_interruption_error_code, out);
	explain_event("being delivered", i->idt_vectoring_information, i->idt_vectoring_error_code,
		      out);
	explain_event("to be injected", i->entry_interruption_information,
		      i->entry_exception_error_code, out);
	text_printf(out,
		    "  interruptibility 0x%x, activity %u, pending debug 0x%lx, length %u\n",
		    (u32)i->guest_interruptibility, (u32)i->guest_activity, i->guest_pending_debug,
		    (u32)i->exit_instruction_length);
}
