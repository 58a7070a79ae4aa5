/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * SGDT, SIDT, SLDT and STR, which user mode may be forbidden: whatever else exits with them, the
 * processor executes itself, in a step without the exit. Its end is a trap or a fault, which the
 * guest does not see unless it is its own; not every processor has the monitor trap flag.
 */
#include "vmx.h"

#include "cpu.h"
#include "debug.h"
#include "virt.h"

#define ACCESS_DPL (3u << 5)
/* Instruction information, SDM tables 28-10 and 28-11: which of the four it is, stores first. */
#define TABLE_INSTRUCTION(info) ((info) >> 28 & 3)
#define IS_LOAD(which) ((which) >= 2)
#define SHADOW (BLOCKED_BY_STI | BLOCKED_BY_MOV_SS)

/* What one of those instructions may raise. */
#define STEP_EXCEPTIONS                                                           \
	(1u << VECTOR_DB | 1u << VECTOR_TS | 1u << VECTOR_NP | 1u << VECTOR_SS | \
	 1u << VECTOR_GP | 1u << VECTOR_PF | 1u << VECTOR_AC)

static void set_exits(struct vmx_vcpu *x, bool on)
{
	x->secondary_controls = on ? x->secondary_controls | PROC2_DESCRIPTOR_TABLES
				   : x->secondary_controls & ~PROC2_DESCRIPTOR_TABLES;
	vmwrite(vmcs_secondary_controls, x->secondary_controls);
}

bool vmx_can_refuse_stores(void)
{
	return vmx_caps.secondary >> 32 & PROC2_DESCRIPTOR_TABLES;
}

void vmx_refuse_stores(struct vcpu *v, u32 stores)
{
	struct vmx_vcpu *x = v->vendor;

	if (x->refused_stores == stores)
		return;
	x->refused_stores = stores;
	set_exits(x, stores);
}

/*
 * Branch steps would let the end of a store pass, and a shadow would put the trap off (SDM
 * 27.3.1.5).
 */
static void start(struct vmx_vcpu *x)
{
	x->stepping = true;
	x->step_rflags = vmread(vmcs_guest_rflags);
	x->step_debugctl = vmread(vmcs_guest_debugctl);
	x->step_blocked = vmread(vmcs_guest_interruptibility) & SHADOW;
	vmwrite(vmcs_guest_rflags, x->step_rflags | RFLAGS_TF);
	vmwrite(vmcs_guest_debugctl, x->step_debugctl & ~DEBUGCTL_BTF);
	if (x->step_blocked)
		vmwrite(vmcs_guest_interruptibility,
			vmread(vmcs_guest_interruptibility) & ~(u64)SHADOW);
	/* The guest's own step has this pending at the exit on some processors: too early. */
	vmwrite(vmcs_guest_pending_debug,
		vmread(vmcs_guest_pending_debug) & ~(u64)PENDING_DEBUG_SINGLE_STEP);
	vmwrite(vmcs_exception_bitmap, STEP_EXCEPTIONS);
	set_exits(x, false);
}

static void stop(struct vmx_vcpu *x)
{
	const u64 rflags = vmread(vmcs_guest_rflags) & ~RFLAGS_TF;

	x->stepping = false;
	vmwrite(vmcs_guest_rflags, rflags | (x->step_rflags & RFLAGS_TF));
	vmwrite(vmcs_guest_debugctl, x->step_debugctl);
	vmwrite(vmcs_exception_bitmap, ENDLESS_EXCEPTIONS);
	set_exits(x, x->refused_stores);
}

static u32 store_of(u32 reason, u32 which)
{
	if (reason == VMX_EXIT_GDTR_IDTR)
		return which ? VIRT_STORE_IDTR : VIRT_STORE_GDTR;
	return which ? VIRT_STORE_TR : VIRT_STORE_LDTR;
}

enum vm_next vmx_table_exit(struct vcpu *v, u32 reason)
{
	struct vmx_vcpu *x = v->vendor;
	const u32 which = TABLE_INSTRUCTION((u32)vmread(vmcs_exit_instruction_information));
	const bool user = vmread(vmcs_guest_ss_access_rights) & ACCESS_DPL;

	if (user && !IS_LOAD(which) && x->refused_stores & store_of(reason, which))
		return VM_GP;
	start(x);
	return VM_RETRY;
}

void vmx_store_put_off(struct vcpu *v)
{
	struct vmx_vcpu *x = v->vendor;

	if (!x->stepping)
		return;
	stop(x);
	if (x->step_blocked)
		vmwrite(vmcs_guest_interruptibility,
			vmread(vmcs_guest_interruptibility) | x->step_blocked);
}

/* The exit has left DR6 alone: what it would have been is in the qualification (SDM table 28-1). */
static bool trapped(struct vmx_vcpu *x)
{
	const bool own = x->step_rflags & RFLAGS_TF && !(x->step_debugctl & DEBUGCTL_BTF);
	const u64 hits = vmread(vmcs_exit_qualification) & debug_enabled(vmread(vmcs_guest_dr7));

	stop(x);
	if (!own && !hits)
		return false;
	cpu_write_dr6((cpu_read_dr6() & ~DR6_BREAKPOINTS) | hits | (own ? DR6_SINGLE_STEP : 0));
	return true;
}

bool vmx_store_ended(struct vcpu *v, const struct event *event)
{
	if (event->vector == VECTOR_DB)
		return trapped(v->vendor);
	vmx_store_put_off(v);
	if (event->vector == VECTOR_PF)
		cpu_write_cr2(vmread(vmcs_exit_qualification));
	/* As for every fault: SDM 18.3.1.1. */
	vmwrite(vmcs_guest_rflags, vmread(vmcs_guest_rflags) | RFLAGS_RF);
	return true;
}
