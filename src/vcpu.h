/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* A virtual processor: its registers, its synthetic MSRs, and what an exit handler may answer. */
#ifndef PARTITA_VCPU_H
#define PARTITA_VCPU_H

#include "types.h"
#include "spec_msrs.h"

struct msr_view;
struct partition;
struct trace_record;
struct trace_ring;

/*
 * General registers in x86 encoding order. On an exit all sixteen are valid here except RSP, which
 * stays with the vendor (virt->get_reg). Offset 0 of struct vcpu: entry.S addresses them by the
 * VCPU_* constants in virt.h.
 */
struct vcpu_regs {
	u64 rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi;
	u64 r8, r9, r10, r11, r12, r13, r14, r15;
};

/* What a handler wants done before the guest goes on. */
enum vm_next {
	VM_SKIP,   /* the instruction is finished: advance RIP past it */
	VM_RETRY,  /* RIP stays: execute the instruction again, or state was set explicitly */
	VM_UD,     /* raise #UD at the instruction */
	VM_GP,     /* raise #GP(0) at the instruction */
};

/* How the guest called: decided by the vendor from CPL, CR0.PE, RFLAGS.VM, EFER.LMA and CS.L. */
enum caller_mode { CALLER_64, CALLER_32, CALLER_ILLEGAL };

/* Registers by name for code that is not on the fast path. */
enum vreg {
	VREG_RAX, VREG_RCX, VREG_RDX, VREG_RBX, VREG_RSP, VREG_RBP, VREG_RSI, VREG_RDI,
	VREG_R8, VREG_R9, VREG_R10, VREG_R11, VREG_R12, VREG_R13, VREG_R14, VREG_R15,
	VREG_RIP, VREG_RFLAGS,
	VREG_CR0, VREG_CR2, VREG_CR3, VREG_CR4, VREG_CR8,
	VREG_DR0, VREG_DR1, VREG_DR2, VREG_DR3, VREG_DR6, VREG_DR7,
	VREG_EFER, VREG_PAT,
	VREG_SYSENTER_CS, VREG_SYSENTER_ESP, VREG_SYSENTER_EIP,
	VREG_STAR, VREG_LSTAR, VREG_CSTAR, VREG_SFMASK, VREG_KERNEL_GS_BASE,
	VREG_TSC, VREG_TSC_AUX, VREG_APIC_BASE,
	VREG_COUNT
};

enum vseg {
	VSEG_ES, VSEG_CS, VSEG_SS, VSEG_DS, VSEG_FS, VSEG_GS,
	VSEG_LDTR, VSEG_TR, VSEG_GDTR, VSEG_IDTR, VSEG_COUNT
};

/*
 * attributes: type 3:0, S 4, DPL 6:5, P 7, AVL 12, L 13, D/B 14, G 15 (the TLFS and VMX form
 * without the unusable bit). GDTR and IDTR use base and limit only.
 */
struct segment { u64 base; u32 limit; u16 selector, attributes; };

/* State a virtual processor starts in; everything not named is as after RESET or zero. */
struct vcpu_start {
	bool long_mode;            /* 64-bit, paging on with cr3; else flat 32-bit, paging off */
	u64 rip, rsp, rax, rbx, rsi, cr3;
	gpa_t gdt;                 /* page with a GDT: flat code at 0x10, data at 0x18 */
};

struct vcpu {
	struct vcpu_regs regs;             /* (s) */
	void *vendor;                      /* (c) struct vmx_vcpu or struct svm_vcpu */
	struct partition *partition;       /* (c) */
	u32 index;                         /* (c) VP index */
	u32 apic_id;                       /* (c) */
	u64 msr[SPEC_MSR_VP_SLOTS];        /* (s) stored synthetic MSRs of VP scope */
	u8 *call_in, *call_out;            /* (c) a page each: copies of hypercall input, output */
	struct trace_ring *trace;          /* (s) */
	struct trace_record *trace_next;   /* (s) the next record in it */
	struct msr_view *msr_view;         /* (c) by row of the MSR table: what is open */
	u64 started_tsc;                   /* (c) */
	u64 tsc_offset;                    /* (s) guest TSC = host TSC + offset */
	u64 exits;                         /* (s) count since start */
	bool rip_written;                  /* (s) the hypercall being handled set RIP itself */
	/* What was handled last, for panics and refusals. */
	u16 current_call;                  /* (s) */
	u32 current_msr;                   /* (s) */
	u32 last_rule;                     /* (s) enum spec_rule of the last refusal */
};
/* Legend: (c) constant after creation; (s) only the processor that runs this VP touches it. */

/*
 * Make a VP of p with the next free index: its pages, trace ring and vendor state. The partition's
 * nested tables exist. NULL: out of memory. vcpu_reset: back to what its MSRs and overlays are
 * after creation.
 */
struct vcpu *vcpu_create(struct partition *p, u32 apic_id);
void vcpu_reset(struct vcpu *v);

#endif
