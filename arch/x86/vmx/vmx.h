/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What the files of the VMX core share: capability MSRs, control bits, the vendor state of a VP. */
#ifndef PARTITA_VMX_H
#define PARTITA_VMX_H

#include "types.h"
#include "event.h"
#include "vcpu.h"
#include "vmcs.h"

struct text;
struct virt_code;
struct cpuid_regs;

/* Capability MSRs, SDM vol. 3 appendix A. */
#define MSR_VMX_BASIC 0x480u
#define MSR_VMX_PINBASED_CTLS 0x481u
#define MSR_VMX_PROCBASED_CTLS 0x482u
#define MSR_VMX_EXIT_CTLS 0x483u
#define MSR_VMX_ENTRY_CTLS 0x484u
#define MSR_VMX_MISC 0x485u
#define MSR_VMX_CR0_FIXED0 0x486u
#define MSR_VMX_CR0_FIXED1 0x487u
#define MSR_VMX_CR4_FIXED0 0x488u
#define MSR_VMX_CR4_FIXED1 0x489u
#define MSR_VMX_PROCBASED_CTLS2 0x48bu
#define MSR_VMX_EPT_VPID_CAP 0x48cu
#define MSR_VMX_TRUE_PINBASED_CTLS 0x48du
#define MSR_VMX_TRUE_PROCBASED_CTLS 0x48eu
#define MSR_VMX_TRUE_EXIT_CTLS 0x48fu
#define MSR_VMX_TRUE_ENTRY_CTLS 0x490u

#define VMX_BASIC_TRUE_CONTROLS (1ull << 55)
#define VMX_MISC_EXIT_STORES_LMA (1ull << 5)
#define VMX_MISC_ZERO_LENGTH_INJECTION (1ull << 30)

#define EPT_CAP_WALK_4 (1ull << 6)
#define EPT_CAP_WB (1ull << 14)
#define EPT_CAP_2M (1ull << 16)
#define EPT_CAP_1G (1ull << 17)
#define EPT_CAP_INVEPT (1ull << 20)
#define EPT_CAP_AD (1ull << 21)
#define EPT_CAP_INVEPT_SINGLE (1ull << 25)
#define VPID_CAP_INVVPID (1ull << 32)
#define VPID_CAP_INVVPID_SINGLE (1ull << 41)

/* Pin-based VM-execution controls, SDM 25.6.1. */
#define PIN_EXTERNAL_INTERRUPT (1u << 0)
#define PIN_NMI (1u << 3)
#define PIN_VIRTUAL_NMIS (1u << 5)
#define PIN_PREEMPTION_TIMER (1u << 6)
#define PIN_POSTED_INTERRUPTS (1u << 7)

/* Processor-based VM-execution controls, SDM 25.6.2. */
#define PROC_INTERRUPT_WINDOW (1u << 2)
#define PROC_TSC_OFFSETTING (1u << 3)
#define PROC_HLT (1u << 7)
#define PROC_MWAIT (1u << 10)
#define PROC_RDPMC (1u << 11)
#define PROC_TPR_SHADOW (1u << 21)
#define PROC_NMI_WINDOW (1u << 22)
#define PROC_IO_BITMAPS (1u << 25)
#define PROC_MSR_BITMAPS (1u << 28)
#define PROC_MONITOR (1u << 29)
#define PROC_SECONDARY (1u << 31)

#define PROC2_APIC_ACCESSES (1u << 0)
#define PROC2_EPT (1u << 1)
#define PROC2_DESCRIPTOR_TABLES (1u << 2)
#define PROC2_RDTSCP (1u << 3)
#define PROC2_X2APIC (1u << 4)
#define PROC2_VPID (1u << 5)
#define PROC2_UNRESTRICTED_GUEST (1u << 7)
#define PROC2_APIC_REGISTERS (1u << 8)
#define PROC2_INTERRUPT_DELIVERY (1u << 9)
#define PROC2_INVPCID (1u << 12)
#define PROC2_ENCLS (1u << 15)
#define PROC2_PML (1u << 17)
#define PROC2_XSAVES (1u << 20)
#define PROC2_MODE_BASED_EXECUTE (1u << 22)
#define PROC2_USER_WAIT (1u << 26)

#define EXIT_SAVE_DEBUG (1u << 2)
#define EXIT_HOST_64 (1u << 9)
#define EXIT_ACKNOWLEDGE_INTERRUPT (1u << 15)
#define EXIT_SAVE_PAT (1u << 18)
#define EXIT_LOAD_PAT (1u << 19)
#define EXIT_SAVE_EFER (1u << 20)
#define EXIT_LOAD_EFER (1u << 21)
#define EXIT_SAVE_PREEMPTION_TIMER (1u << 22)

#define ENTRY_LOAD_DEBUG (1u << 2)
#define ENTRY_IA32E_GUEST (1u << 9)
#define ENTRY_TO_SMM (1u << 10)
#define ENTRY_DEACTIVATE_DUAL_MONITOR (1u << 11)
#define ENTRY_LOAD_PAT (1u << 14)
#define ENTRY_LOAD_EFER (1u << 15)

/* Guest interruptibility, SDM 25.4.2, and pending debug exceptions. */
#define BLOCKED_BY_STI 1u
#define BLOCKED_BY_MOV_SS 2u
#define BLOCKED_BY_SMI 4u
#define BLOCKED_BY_NMI 8u
#define PENDING_DEBUG_BREAKPOINT (1u << 12) /* an enabled one */
#define PENDING_DEBUG_SINGLE_STEP (1u << 14)
#define SEGMENT_UNUSABLE (1u << 16)

/* Interruption information, SDM 25.8.3 and 25.9.2: vector 7:0, type 10:8. */
#define EVENT_TYPE_SHIFT 8
#define EVENT_ERROR_CODE (1u << 11)
#define EVENT_NMI_UNBLOCKED_BY_IRET (1u << 12) /* exits only */
#define EVENT_VALID (1u << 31)
#define EVENT_RESERVED_TYPE 1u
#define EVENT_OTHER_TYPE 7u

/* Basic exit reasons, SDM appendix C: those that are handled, and their neighbours by name. */
#define VMX_EXIT_REASONS(X) \
	X(EXCEPTION_OR_NMI, 0, "exception or NMI") \
	X(EXTERNAL_INTERRUPT, 1, "external interrupt") \
	X(TRIPLE_FAULT, 2, "triple fault") \
	X(INIT, 3, "INIT signal") \
	X(SIPI, 4, "start-up IPI") \
	X(INTERRUPT_WINDOW, 7, "interrupt window") \
	X(NMI_WINDOW, 8, "NMI window") \
	X(TASK_SWITCH, 9, "task switch") \
	X(CPUID, 10, "CPUID") \
	X(GETSEC, 11, "GETSEC") \
	X(HLT, 12, "HLT") \
	X(INVD, 13, "INVD") \
	X(INVLPG, 14, "INVLPG") \
	X(RDPMC, 15, "RDPMC") \
	X(RDTSC, 16, "RDTSC") \
	X(RSM, 17, "RSM") \
	X(VMCALL, 18, "VMCALL") \
	X(VMCLEAR, 19, "VMCLEAR") \
	X(VMLAUNCH, 20, "VMLAUNCH") \
	X(VMPTRLD, 21, "VMPTRLD") \
	X(VMPTRST, 22, "VMPTRST") \
	X(VMREAD, 23, "VMREAD") \
	X(VMRESUME, 24, "VMRESUME") \
	X(VMWRITE, 25, "VMWRITE") \
	X(VMXOFF, 26, "VMXOFF") \
	X(VMXON, 27, "VMXON") \
	X(CR_ACCESS, 28, "control-register access") \
	X(MOV_DR, 29, "MOV DR") \
	X(IO, 30, "I/O instruction") \
	X(RDMSR, 31, "RDMSR") \
	X(WRMSR, 32, "WRMSR") \
	X(INVALID_GUEST_STATE, 33, "VM-entry failure due to invalid guest state") \
	X(MSR_LOADING, 34, "VM-entry failure due to MSR loading") \
	X(MWAIT, 36, "MWAIT") \
	X(MONITOR_TRAP, 37, "monitor trap flag") \
	X(MONITOR, 39, "MONITOR") \
	X(PAUSE, 40, "PAUSE") \
	X(MACHINE_CHECK, 41, "VM-entry failure due to machine-check event") \
	X(TPR_BELOW_THRESHOLD, 43, "TPR below threshold") \
	X(APIC_ACCESS, 44, "APIC access") \
	X(VIRTUALIZED_EOI, 45, "virtualized EOI") \
	X(GDTR_IDTR, 46, "access to GDTR or IDTR") \
	X(LDTR_TR, 47, "access to LDTR or TR") \
	X(EPT_VIOLATION, 48, "EPT violation") \
	X(EPT_MISCONFIGURATION, 49, "EPT misconfiguration") \
	X(INVEPT, 50, "INVEPT") \
	X(RDTSCP, 51, "RDTSCP") \
	X(PREEMPTION_TIMER, 52, "VMX-preemption timer expired") \
	X(INVVPID, 53, "INVVPID") \
	X(WBINVD, 54, "WBINVD or WBNOINVD") \
	X(XSETBV, 55, "XSETBV") \
	X(APIC_WRITE, 56, "APIC write") \
	X(RDRAND, 57, "RDRAND") \
	X(INVPCID, 58, "INVPCID") \
	X(VMFUNC, 59, "VMFUNC") \
	X(ENCLS, 60, "ENCLS") \
	X(RDSEED, 61, "RDSEED") \
	X(PML_FULL, 62, "page-modification log full") \
	X(XSAVES, 63, "XSAVES") \
	X(XRSTORS, 64, "XRSTORS") \
	X(PCONFIG, 65, "PCONFIG") \
	X(SPP, 66, "sub-page permission event") \
	X(UMWAIT, 67, "UMWAIT") \
	X(TPAUSE, 68, "TPAUSE") \
	X(LOADIWKEY, 69, "LOADIWKEY") \
	X(ENQCMD_PASID, 72, "ENQCMD PASID translation failure") \
	X(ENQCMDS_PASID, 73, "ENQCMDS PASID translation failure") \
	X(BUS_LOCK, 74, "bus lock") \
	X(NOTIFY_WINDOW, 75, "instruction timeout") \
	X(SEAMCALL, 76, "SEAMCALL") \
	X(TDCALL, 77, "TDCALL")

enum vmx_exit_reason {
#define VMX_EXIT_ENUM(name, number, text) VMX_EXIT_##name = number,
	VMX_EXIT_REASONS(VMX_EXIT_ENUM)
#undef VMX_EXIT_ENUM
};
#define VMX_EXIT_ENTRY_FAILED (1u << 31) /* in the exit reason field */

/*
 * What the processor can do: its capability MSRs. Controls: bits 31:0 must be 1, bits 63:32 may be
 * 1.
 */
struct vmx_caps {
	u64 basic, pin, processor, secondary, exit, entry, misc;
	u64 cr0_fixed0, cr0_fixed1, cr4_fixed0, cr4_fixed1;
	u64 ept_vpid;
	unsigned physical_bits, linear_bits;
};

extern struct vmx_caps vmx_caps; /* read once by probe, constant afterwards */

/* Bits of CR0 of which the guest has a copy: NE must be 1 and the caching bits stay 0. */
#define CR0_HOST (CR0_NE | CR0_CD | CR0_NW)

/*
 * The vendor state of a VP. It lies at the top of the VP's host stack: entry.S loads its address
 * into RSP after an exit. All belongs to the processor that runs the VP.
 */
struct vmx_vcpu {
	struct vcpu *v;             /* constant */
	void *vmcs;                 /* constant; the 4 KiB region */
	u32 processor_controls;     /* what the VMCS has */
	u32 secondary_controls;     /* what the VMCS has */
	u32 refused_stores;         /* enum virt_store: not in user mode */
	bool stepping;              /* over a store: TF is ours, and exceptions exit */
	u64 step_rflags, step_debugctl, step_blocked; /* the guest's, before that */
	u32 pin_controls;           /* constant; an NMI adds the preemption timer in the VMCS */
	u16 vpid;                   /* constant; 0: the processor has none */
	u16 interrupt_status;       /* what the VMCS has: the vector in service in its upper half */
	u64 awaited_ends[4];        /* what the VMCS has: a bit per vector whose EOI exits */
	u32 entry_error;            /* VM-instruction error of a VM entry that failed early, or 0 */
	/*
	 * Generations of flushes asked for and done: VM entry happens only when they are equal.
	 * Emulators flush on every transition, so this is all that shows one that was forgotten.
	 */
	u32 flush_wanted, flush_done;
	bool flush_gva, flush_gpa;  /* what the next flush must reach */
} __attribute__((aligned(16)));

/* vmx.c: make the VMCS of x current; read every field of it. */
void vmx_load(struct vmx_vcpu *x);
void vmx_read_image(struct vmcs_image *image);
/*
 * vmx.c: make the fields that differ what they were, but for the pin-based controls, which are an
 * NMI's. All of those must be writable ones.
 */
void vmx_undo(const struct vmcs_image *before, const struct vmcs_image *now);
/* vmx.c: do the flushes asked for since the last VM entry. */
void vmx_flush(struct vmx_vcpu *x);
/*
 * vmx.c: an NMI has hit the hypervisor, which was not waiting: note it, and make the next VM entry
 * exit at once. Called with NMIs blocked, from the NMI stub.
 */
void vmx_nmi(void);

/* vapic.c: the processor's capabilities and the options are known. As in virt.h. */
void vmx_apic_choose(void);
const void *vmx_apic_page(void);
/* vapic.c: the bitmap of all MSRs is made. */
void vmx_apic_set_bitmaps(const u8 *closed);
/* vapic.c: the fields that only it uses, in a fresh VMCS. */
void vmx_apic_start(void);
/* vapic.c: interrupts have been looked at: let the processor do what it can until the next look. */
void vmx_apic_update(struct vmx_vcpu *x);
/* vapic.c: APIC access, APIC write, virtualized EOI. */
enum vm_next vmx_apic_exit(struct vcpu *v, u32 reason);

/* Interrupts may have ended in the guest: it was left. */
static inline void vmx_apic_left(struct vmx_vcpu *x)
{
	u16 status;

	if (!(x->secondary_controls & PROC2_INTERRUPT_DELIVERY) || !x->interrupt_status)
		return;
	status = (u16)vmread(vmcs_interrupt_status);
	if (status == x->interrupt_status)
		return;
	x->interrupt_status = status;
	lapic_count_in_service(&x->v->lapic);
}

/* They may have begun or ended here: it is entered. */
static inline void vmx_apic_enter(struct vmx_vcpu *x)
{
	u16 status;

	if (!(x->secondary_controls & PROC2_INTERRUPT_DELIVERY))
		return;
	status = (u16)(lapic_in_service(&x->v->lapic) << 8);
	if (status == x->interrupt_status)
		return;
	x->interrupt_status = status;
	vmwrite(vmcs_interrupt_status, status);
}

/* exit.c: as in virt.h. */
void vmx_skip(struct vcpu *v, unsigned length);
void vmx_trap(struct vcpu *v, u64 hits);
void vmx_wait(struct vcpu *v);
void vmx_let_in(struct vcpu *v);

/* npiep.c: as in virt.h. */
bool vmx_can_refuse_stores(void);
void vmx_refuse_stores(struct vcpu *v, u32 stores);
/* npiep.c: an access to GDTR, IDTR, LDTR or TR. VM_GP, or VM_RETRY: it is executed now. */
enum vm_next vmx_table_exit(struct vcpu *v, u32 reason);
/* npiep.c: an exception ends that. True: *event is the guest's. */
bool vmx_store_ended(struct vcpu *v, const struct event *event);
/*
 * npiep.c: something else is delivered first, the instruction has not come to its end, or its
 * registers are read or written: what the step did is undone.
 */
void vmx_store_put_off(struct vcpu *v);

/* exit.c: called by entry.S after an exit, and when VMLAUNCH or VMRESUME fell through. */
void vmx_exit(struct vcpu *v);
_Noreturn void vmx_entry_failed(struct vcpu *v);

/* entry.S */
_Noreturn void vmx_launch(struct vcpu *v);
void vmx_exit_stub(void);
void vmx_nmi_stub(void);
void vmx_unblock_nmis(void);

/* regs.c: as in virt.h. vmx_write_segment leaves it to the caller that VM entry will succeed. */
u64 vmx_get_reg(struct vcpu *v, enum vreg reg);
bool vmx_set_reg(struct vcpu *v, enum vreg reg, u64 value);
void vmx_get_code(struct vcpu *v, struct virt_code *out);
void vmx_get_segment(struct vcpu *v, enum vseg seg, struct segment *out);
bool vmx_set_segment(struct vcpu *v, enum vseg seg, const struct segment *in);
bool vmx_set_context(struct vcpu *v, const struct vcpu_context *context);
void vmx_write_segment(enum vseg seg, const struct segment *in);
/* regs.c: whether MOV to CR0 with this value would succeed on the processor itself. */
bool vmx_cr0_valid(struct vcpu *v, u64 value);

/*
 * check.c: the first check of VM entry (SDM vol. 3, 27.2 and 27.3) that the state would fail, by
 * name; NULL when all pass.
 */
const char *vmx_check_controls(const struct vmcs_image *i, const struct vmx_caps *c);
const char *vmx_check_host(const struct vmcs_image *i, const struct vmx_caps *c);
const char *vmx_check_guest(const struct vmcs_image *i, const struct vmx_caps *c);

/*
 * explain.c; all pure. missing: the features a processor lacks, by their SDM names, separated by
 * commas.
 */
const char *vmx_exit_reason_name(u32 basic_reason);
const char *vmx_instruction_error_name(u32 number);
void vmx_explain_missing(const struct vmx_caps *c, struct text *out);
void vmx_explain_image(const struct vmcs_image *i, const struct vmx_caps *c, u32 entry_error,
		       struct text *out);

#endif
