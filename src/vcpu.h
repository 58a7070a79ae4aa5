/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* A virtual processor: its registers, its synthetic MSRs, and what an exit handler may answer. */
#ifndef PARTITA_VCPU_H
#define PARTITA_VCPU_H

#include "types.h"
#include "gpa.h"
#include "lapic.h"
#include "mmio.h"
#include "stimer.h"
#include "unhalted.h"
#include "spec_calls.h"
#include "spec_msrs.h"
#include "trace_format.h"

struct msr_view;
struct partition;
struct remote_call;
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
	VM_FAULT,  /* raise vcpu.fault at the instruction */
	VM_REPEAT, /* of a string instruction: one repetition is finished, and it is not the last */
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

/* State that a VP is given whole, in any mode; everything not named stays as INIT left it. */
struct vcpu_context {
	u64 rip, rsp, rflags, efer, cr0, cr3, cr4, pat;
	struct segment segment[VSEG_COUNT];
};

/* What one processor asks of a VP that another runs: bits of vcpu.requests. */
enum vcpu_request {
	VCPU_REQUEST_INTERRUPT = 1u << 0, /* vectors were posted */
	VCPU_REQUEST_NMI = 1u << 1,
	VCPU_REQUEST_INIT = 1u << 2,
	VCPU_REQUEST_START_UP = 1u << 3,  /* at vcpu.start_up_vector */
	VCPU_REQUEST_FLUSH_GVA = 1u << 4,
	VCPU_REQUEST_FLUSH_GPA = 1u << 5,
	VCPU_REQUEST_STOP = 1u << 6,      /* the machine ends: never enter the guest again */
	VCPU_REQUEST_CALL = 1u << 7,      /* calls wait in vcpu.remote */
	VCPU_REQUEST_SHOW = 1u << 8,      /* log what is known about the VP, then ask the next */
};

/* What is flushed: guest-virtual translations, or all that lead through the nested tables. */
enum flush_kind { FLUSH_GVA, FLUSH_GPA, FLUSH_KINDS };

/* Whether a VP runs, or waits in the hypervisor. */
enum vcpu_state {
	VCPU_RUNS,
	VCPU_WAITS_FOR_START_UP, /* after INIT (SDM 9.4) */
	VCPU_HALTED,             /* in HLT: until it can take an interrupt or an NMI */
	VCPU_IDLES,              /* in a read of the guest idle MSR: until an interrupt is pending */
};

#define VCPU_EXTINTS 16

/* Memory type range registers: two for each of the most ranges that a VP has, and twelve. */
#define VCPU_MTRR_RANGES 16
#define VCPU_MTRRS (2 * VCPU_MTRR_RANGES + 12)

struct vcpu {
	struct vcpu_regs regs;             /* (s) */
	void *vendor;                      /* (c) struct vmx_vcpu or struct svm_vcpu */
	u64 regs_written;                  /* (s) 1: any of regs may have been, see below */
	/*
	 * Looked at after every exit, as one word: what others ask for, and whether an interrupt
	 * might be delivered or a window be opened.
	 */
	u32 requests;                      /* (a) */
	u32 look;                          /* (s) 1: interrupts are to be looked at */
	struct partition *partition;       /* (c) */
	u32 index;                         /* (c) VP index */
	u32 apic_id;                       /* (c) */
	struct spec_msr_env msr_env;       /* (c) what rules of MSRs ask about it */
	u64 msr[SPEC_MSR_VP_SLOTS];        /* (s) stored synthetic MSRs of VP scope */
	u8 *call_in, *call_out;            /* (c) a page each: copies of hypercall input, output */
	struct spec_args short_args;       /* (s) of calls by the short way; all but each_in (c) */
	struct trace_ring *trace;          /* (s) */
	u16 trace_at;                      /* (s) offset of the next record in it, in bytes */
	u8 exit_kind;                      /* (s) enum exit_kind of the latest exit */
	struct msr_view *msr_view;         /* (c) by row of the MSR table: what is open */
	u64 started_tsc;                   /* (c) */
	u64 waited;                        /* (s) TSC ticks spent where it did not run */
	u64 tsc_offset;                    /* (s) guest TSC = host TSC + offset */
	u64 exits;                         /* (s) count since start */
	u64 exit_count[EXIT_KIND_COUNT];   /* (s) of each kind; they sum up to exits */
	u64 exit_ticks[EXIT_KIND_COUNT];   /* (s) TSC ticks they took, where that is observed */
	u64 interrupts, nmis;              /* (s) count of those it was given */
	struct lapic lapic;                /* (s), some of it (a) */
	struct synic synic;                /* (s), its queues by their lock */
	struct stimer stimer[STIMERS];     /* (s) */
	struct unhalted_timer unhalted;    /* (s) */
	enum vcpu_state state;             /* (s), others look */
	bool nmi_pending;                  /* (s) an NMI waits for the guest to take it */
	u8 start_up_vector;                /* (a) written before the request */
	bool pic_waits;                    /* (s) the PIC has a request that the guest cannot take */
	u8 extint[VCPU_EXTINTS];           /* (s) vectors that the PIC gave, latest last */
	u32 extint_count;                  /* (s) */
	u32 flush_wanted[FLUSH_KINDS];     /* (a) by kind: number of the latest that is asked for, */
	u32 flush_done[FLUSH_KINDS];       /* (a) and of the latest that is met */
	struct remote_call *remote;        /* (a) what others have this VP do, latest first */
	bool kicked;                       /* (a) an NMI is on its way to make it exit */
	u64 missed_since;                  /* (a) host TSC since when somebody waits for it, or 0 */
	u64 twin_sent;                     /* (a) host TSC when another one was sent, or 0 */
	u64 mtrr[VCPU_MTRRS];              /* (s) */
	u64 keys_due;                      /* (s) host TSC to look for keys at; 0: never */
	u64 timer_set;                     /* (s) host TSC that the processor's timer is set to */
	struct gpa_hits hits;              /* (s) */
	struct mmio_memo mmio[MMIO_MEMOS]; /* (s) by the register that is accessed */
	u64 last_fault, last_fault_exit;   /* (s) to notice nested page faults without progress */
	u32 same_faults;                   /* (s) */
	struct { u8 vector; u32 error; } fault; /* (s) what VM_FAULT means */
	bool rip_written;                  /* (s) the hypercall being handled set RIP itself */
	bool asked;                        /* (s) that hypercall has asked another VP, and waited */
	/* What was handled last, for panics and refusals. */
	u16 current_call;                  /* (s) */
	u32 current_msr;                   /* (s) */
	u32 last_rule;                     /* (s) enum spec_rule of the last refusal */
};

/*
 * The general registers by enum vreg, for one to be written that C functions keep for their callers:
 * those, RBX apart, the SVM core loads before it enters the guest only if this has been called.
 */
static inline u64 *vcpu_regs_to_write(struct vcpu *v)
{
	v->regs_written = 1;
	return &v->regs.rax;
}
/*
 * Legend: (c) constant after creation; (s) only the processor that runs this VP touches it;
 * (a) atomic, any processor.
 */

/*
 * Ask something of a VP: a set of enum vcpu_request. Its processor leaves the guest for it. From any
 * processor.
 */
void vcpu_request(struct vcpu *target, u32 request);

/* Make it exit, if it has nothing to be asked. On its own processor: once it has entered the guest. */
void vcpu_kick(struct vcpu *target);

/* Send a kick again that should have arrived: for whoever waits for what it was to bring about. */
void vcpu_insist(struct vcpu *target);

/* Make the calling processor's VP exit once it has entered the guest, whatever became of other kicks. */
void vcpu_kick_at_once(struct vcpu *v);

/* INIT for a VP; and a start-up IPI at page vector << 12, which one that waits for it takes. */
void vcpu_ask_init(struct vcpu *target);
void vcpu_start_up(struct vcpu *target, u8 vector);

/* HLT has been executed: wait for something to deliver before the guest goes on. */
void vcpu_halt(struct vcpu *v);

/* The VP's earliest deadline may be another now: set the processor's timer. */
void vcpu_deadlines_changed(struct vcpu *v);

/*
 * The VP has one more deadline; now: the host's TSC. One that is given up need not be told: the timer
 * then comes early, and is set again.
 */
void vcpu_deadline_added(struct vcpu *v, u64 deadline, u64 now);

/* Whether there is something to do before the next entry: requests or look, as one word. */
static inline bool vcpu_is_wanted(const struct vcpu *v)
{
	_Static_assert(offsetof(struct vcpu, look) == offsetof(struct vcpu, requests) + 4 &&
		       offsetof(struct vcpu, requests) % 8 == 0, "one word");
	return *(const volatile u64 *)&v->requests;
}

/* Count the exit that is being handled. */
static inline void vcpu_count(struct vcpu *v, enum exit_kind kind)
{
	v->exit_kind = kind;
	v->exit_count[kind]++;
}

/* Raise a fault at the instruction; error is its error code, where it has one. */
static inline enum vm_next vcpu_fault(struct vcpu *v, u8 vector, u32 error)
{
	v->fault.vector = vector;
	v->fault.error = error;
	return VM_FAULT;
}

/* Pending interrupts, or what may be delivered, have changed: look before the next entry. */
static inline void vcpu_check_interrupts(struct vcpu *v)
{
	v->look = 1;
}

/*
 * Make a VP of p with the next free index: its pages, trace ring and vendor state. The partition's
 * nested tables exist. NULL: out of memory. vcpu_reset: its synthetic MSRs, and what they control,
 * are again as after creation.
 */
struct vcpu *vcpu_create(struct partition *p, u32 apic_id);
void vcpu_reset(struct vcpu *v);

#endif
