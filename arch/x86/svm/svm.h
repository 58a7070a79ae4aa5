/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What the files of the SVM core share: the vendor state of a VP and the exit codes. */
#ifndef PARTITA_SVM_H
#define PARTITA_SVM_H

#include "types.h"
#include "insn.h"
#include "vcpu.h"
#include "vmcb.h"

struct text;
struct virt_code;

#define SVM_EXIT_EXCEPTION 0x40 /* of vector 0; those of the others follow */
#define SVM_EXCEPTIONS 32

/* Exit codes that are handled or may be seen, APM volume 2, appendix C. Names: svm_exit_name(). */
#define SVM_EXITS(X) \
	X(INTR, 0x60, "physical interrupt") \
	X(NMI, 0x61, "NMI") \
	X(SMI, 0x62, "SMI") \
	X(INIT, 0x63, "INIT signal") \
	X(VINTR, 0x64, "virtual interrupt window") \
	X(CR0_SEL_WRITE, 0x65, "selective CR0 write") \
	X(WRITE_CR4, 0x14, "MOV to CR4") \
	X(IDTR_READ, 0x66, "SIDT") \
	X(GDTR_READ, 0x67, "SGDT") \
	X(LDTR_READ, 0x68, "SLDT") \
	X(TR_READ, 0x69, "STR") \
	X(WRITE_CR8, 0x18, "MOV to CR8") \
	X(WRITE_DR4, 0x34, "MOV to DR4") \
	X(WRITE_DR5, 0x35, "MOV to DR5") \
	X(WRITE_DR6, 0x36, "MOV to DR6") \
	X(WRITE_DR7, 0x37, "MOV to DR7") \
	X(RDTSC, 0x6e, "RDTSC") \
	X(RDPMC, 0x6f, "RDPMC") \
	X(CPUID, 0x72, "CPUID") \
	X(RSM, 0x73, "RSM") \
	X(IRET, 0x74, "IRET") \
	X(SWINT, 0x75, "INT n") \
	X(INVD, 0x76, "INVD") \
	X(PAUSE, 0x77, "PAUSE") \
	X(HLT, 0x78, "HLT") \
	X(INVLPG, 0x79, "INVLPG") \
	X(INVLPGA, 0x7a, "INVLPGA") \
	X(IOIO, 0x7b, "I/O instruction") \
	X(MSR, 0x7c, "RDMSR or WRMSR") \
	X(TASK_SWITCH, 0x7d, "task switch") \
	X(FERR_FREEZE, 0x7e, "FERR freeze") \
	X(SHUTDOWN, 0x7f, "shutdown") \
	X(VMRUN, 0x80, "VMRUN") \
	X(VMMCALL, 0x81, "VMMCALL") \
	X(VMLOAD, 0x82, "VMLOAD") \
	X(VMSAVE, 0x83, "VMSAVE") \
	X(STGI, 0x84, "STGI") \
	X(CLGI, 0x85, "CLGI") \
	X(SKINIT, 0x86, "SKINIT") \
	X(RDTSCP, 0x87, "RDTSCP") \
	X(ICEBP, 0x88, "INT1") \
	X(WBINVD, 0x89, "WBINVD") \
	X(MONITOR, 0x8a, "MONITOR") \
	X(MWAIT, 0x8b, "MWAIT") \
	X(XSETBV, 0x8d, "XSETBV") \
	X(NPF, 0x400, "nested page fault") \
	X(INVALID, 0xffffffff, "invalid guest state in the VMCB")

enum svm_exit_code {
#define SVM_EXIT_ENUM(name, number, text) SVM_EXIT_##name = number,
	SVM_EXITS(SVM_EXIT_ENUM)
#undef SVM_EXIT_ENUM
};

/*
 * Lengths of instructions that exited before, for processors that do not store the next RIP: by
 * instruction, linear address and address space, so that only the first exit of each place reads
 * guest memory.
 */
#define SVM_LENGTHS 32
struct svm_length {
	u64 linear, space, length, _reserved;
}; /* a power of two, for the sake of the index */

/* Why the guest is made to exit behind its next instruction. */
enum svm_step {
	SVM_STEP_NONE,
	SVM_STEP_IRET,   /* the one that ends the blocking of NMIs */
	SVM_STEP_TO_NMI, /* something else holds an NMI back for as long */
	SVM_STEP_DR7,    /* a MOV to DR7 that else is intercepted, as some processors alone arm by it */
	SVM_STEP_STORE,  /* one of those that exit only for the sake of others */
};

/*
 * The vendor state of a VP; v->vendor. The VMCB is its first page. Only the processor that runs the
 * VP touches it.
 */
struct svm_vcpu {
	struct vmcb vmcb;
	u64 vmcb_pa;                          /* constant */
	u64 invalid_exit;                     /* v->exits at the latest SVM_EXIT_INVALID */
	u64 injected_exit;                    /* v->exits at the one after svm_inject_interrupt() */
	u32 injected;                         /* what that put into EVENTINJ */
	bool window;                          /* the guest exits when it can take an interrupt */
	bool nmi_blocked;                     /* the guest has taken an NMI and not yet executed IRET */
	enum svm_step step;                   /* why TF is ours */
	u64 step_rflags, step_dr6;            /* the guest's, before that */
	u32 refused_stores;                   /* enum virt_store: not in user mode */
	struct svm_length lengths[INSN_COUNT][SVM_LENGTHS];
};

/* Facts about the processor, constant after probe. */
struct svm_features {
	bool nrip, flush_by_asid;
	/*
	 * MOV to CR0, CR4 and to debug registers does not refuse what VMRUN refuses: some
	 * emulators. Then they are intercepted.
	 */
	bool lax;
	/*
	 * An interrupt that was injected is delivered once more when QEMU stops its processors before
	 * the next exit, as for a change of the memory map: wherever the guest is by then, with its
	 * interrupts disabled or not. It does not show until then, but QEMU is lax, too.
	 */
	bool repeats;
	/*
	 * QEMU's VMRUN adds a virtual interrupt to what is asked of the processor without a lock, and
	 * what the APIC asks at the same moment may be lost: until it looks again.
	 */
	bool forgets;
};
extern struct svm_features svm_features;

static inline struct svm_vcpu *svm_of(struct vcpu *v)
{
	return v->vendor;
}

/* svm.c: whether an exit happens for it. */
void svm_intercept(struct vmcb *b, enum vmcb_intercept bit, bool on);

/* svm.c: as in virt.h; and whether the delivery of what it put in is what the exit came in. */
void svm_inject_interrupt(struct vcpu *v, u8 vector);
bool svm_was_interrupt(const struct vcpu *v, u32 exit_event);

/* svm.c: guest translations must be dropped before the next entry. */
void svm_flush(struct vcpu *v);

/* step.c: exit behind the next instruction, or when it faults; the guest does not see it. */
void svm_step(struct vcpu *v, enum svm_step why);
/*
 * step.c: what svm_step() did is undone, the instruction not yet executed; interrupts are looked at
 * before the guest goes on.
 */
void svm_step_cancel(struct vcpu *v);
/* step.c: the instruction has been executed. True: the guest is due a trap for a step of its own. */
bool svm_step_done(struct vcpu *v);

/* npiep.c: as in virt.h; and whether those instructions exit. */
bool svm_can_refuse_stores(void);
void svm_refuse_stores(struct vcpu *v, u32 stores);
void svm_intercept_stores(struct svm_vcpu *s, u32 stores);
/* npiep.c: one of them exited. VM_GP, or VM_RETRY: it is executed now. */
enum vm_next svm_store_exit(struct vcpu *v);

/* exit.c: as in virt.h. */
void svm_skip(struct vcpu *v, unsigned length);
void svm_trap(struct vcpu *v, u64 hits);
void svm_wait(struct vcpu *v);
void svm_let_in(struct vcpu *v);

/* exit.c: called by entry.S after every exit; returns to enter the guest again. */
void svm_exit(struct vcpu *v);

/* entry.S: run the VP for good. */
_Noreturn void svm_enter(struct vcpu *v, u64 vmcb_pa);

/* regs.c: as in virt.h. */
u64 svm_get_reg(struct vcpu *v, enum vreg reg);
bool svm_set_reg(struct vcpu *v, enum vreg reg, u64 value);
void svm_get_code(struct vcpu *v, struct virt_code *out);
void svm_get_segment(struct vcpu *v, enum vseg seg, struct segment *out);
bool svm_set_segment(struct vcpu *v, enum vseg seg, const struct segment *in);
/* regs.c: without the checks, for start states. */
void svm_write_segment(struct vmcb *b, enum vseg seg, const struct segment *in);

/* Whether the values of a context are legal beside each other; put one into the VMCB unchecked. */
bool svm_context_valid(struct vcpu *v, const struct vcpu_context *context);
void svm_write_context(struct vmcb *b, const struct vcpu_context *context);

/* explain.c; pure. */
const char *svm_exit_name(u64 code);
/* The first condition of APM 15.5.1 that the VMCB does not meet, by name; NULL when all hold. */
const char *svm_check_vmcb(const struct vmcb *b, u64 cr4_supported, u64 efer_supported,
			   unsigned physical_bits);
void svm_explain(const struct vmcb *b, const char *failed_check, struct text *out);

static inline void svm_vmload(u64 vmcb_pa)
{
	asm volatile("vmload %0" : : "a"(vmcb_pa) : "memory");
}

static inline void svm_vmsave(u64 vmcb_pa)
{
	asm volatile("vmsave %0" : : "a"(vmcb_pa) : "memory");
}

#endif
