/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The only door between the neutral hypervisor and a vendor core (VMX or SVM). */
#ifndef PARTITA_VIRT_H
#define PARTITA_VIRT_H

/* struct vcpu offsets for entry.S; vcpu_asm.c asserts them. */
#define VCPU_RAX 0x00
#define VCPU_RCX 0x08
#define VCPU_RDX 0x10
#define VCPU_RBX 0x18
#define VCPU_RSP 0x20
#define VCPU_RBP 0x28
#define VCPU_RSI 0x30
#define VCPU_RDI 0x38
#define VCPU_R8 0x40
#define VCPU_R9 0x48
#define VCPU_R10 0x50
#define VCPU_R11 0x58
#define VCPU_R12 0x60
#define VCPU_R13 0x68
#define VCPU_R14 0x70
#define VCPU_R15 0x78
#define VCPU_VENDOR 0x80
#define VCPU_REGS_WRITTEN 0x88

#ifndef __ASSEMBLER__

#include "vcpu.h"

struct text; /* a bounded string being written, text.h */

/* Rights and memory type of a nested mapping. */
#define NPT_R 1u
#define NPT_W 2u
#define NPT_X 4u
enum npt_type { NPT_UC, NPT_WB };

/* A port access that exited; size in bytes. */
struct io_access { u16 port; u8 size; bool in, string; };

/* A nested page fault. */
struct npt_fault {
	gpa_t gpa;
	u32 access; /* NPT_R|W|X asked for */
	bool walk;  /* while walking guest page tables */
};

/* Where the guest executes, and what its fetches go by. */
struct virt_code {
	u64 cr0, cr3, cr4, efer, rip, cs_base;
	u16 cs_attributes; /* as in struct segment */
};

/* Events that the hypervisor waits for the guest to be ready for. */
struct virt_window {
	bool interrupt;  /* exit when an interrupt can be taken */
	bool nmi;        /* likewise */
	u8 priority;     /* exit when the task priority's class falls below this one; 0: never */
};

/* Instructions that store what a kernel may want to hide; a set of them. */
enum virt_store {
	VIRT_STORE_GDTR = 1u << 0,
	VIRT_STORE_IDTR = 1u << 1,
	VIRT_STORE_LDTR = 1u << 2,
	VIRT_STORE_TR = 1u << 3,
};

/* What a vendor did with an access to a hardware MSR. */
enum virt_msr { VIRT_MSR_DONE, VIRT_MSR_FAULT, VIRT_MSR_NOT_MINE };

/* One vendor. Where something goes wrong, it is explained into text by name. */
struct virt {
	const char *name;             /* "VMX", "SVM" */
	unsigned char call_opcode[3]; /* VMCALL or VMMCALL, for the hypercall page */

	/*
	 * True when this CPU is of the vendor and has all that is needed; names what is missing in
	 * text otherwise.
	 */
	bool (*probe)(struct text *missing);

	/*
	 * Turn virtualisation on for the calling CPU. False with a reason in text when firmware
	 * locked it off.
	 */
	bool (*cpu_enable)(struct text *why);

	/*
	 * Allocate and fill the vendor state of a fresh VP whose partition has its nested tables.
	 * False: out of memory.
	 */
	bool (*vcpu_create)(struct vcpu *v);

	/* Put a VP into its start state. */
	void (*vcpu_start)(struct vcpu *v, const struct vcpu_start *start);

	/* Run the VP; returns never. After each exit it calls observe_handler. */
	void (*vcpu_run)(struct vcpu *v) __attribute__((noreturn));

	/* Handle an exit and get ready for the next entry. */
	void (*exit)(struct vcpu *v);

	/*
	 * Registers by name, and some of them together. set returns false when the value is illegal
	 * for the register; nothing is changed then.
	 */
	u64 (*get_reg)(struct vcpu *v, enum vreg reg);
	bool (*set_reg)(struct vcpu *v, enum vreg reg, u64 value);
	void (*get_code)(struct vcpu *v, struct virt_code *out);
	void (*get_segment)(struct vcpu *v, enum vseg seg, struct segment *out);
	bool (*set_segment)(struct vcpu *v, enum vseg seg, const struct segment *in);

	/*
	 * Drop all guest-virtual translations of the VP, or all nested ones, before it runs again.
	 * On its own processor.
	 */
	void (*flush_gva)(struct vcpu *v);
	void (*flush_gpa)(struct vcpu *v);

	/*
	 * Whether the guest can take an interrupt, or an NMI, at the next entry; and make it so. An
	 * entry takes one event.
	 */
	bool (*interrupt_open)(struct vcpu *v);
	bool (*nmi_open)(struct vcpu *v);
	void (*inject_interrupt)(struct vcpu *v, u8 vector);
	void (*inject_nmi)(struct vcpu *v);

	/* Go on behind the instruction at RIP, which has length bytes. */
	void (*skip)(struct vcpu *v, unsigned length);

	/*
	 * Behind the instruction that is being finished, a debug trap is due for breakpoints: their
	 * bits in DR6.
	 */
	void (*trap)(struct vcpu *v, u64 hits);

	/* Take the physical interrupts and NMIs that wait for the processor. */
	void (*let_in)(struct vcpu *v);
	/* Halt until an interrupt or an NMI comes, and take it; not if one has come. */
	void (*wait)(struct vcpu *v);

	/* Which changes of the guest's state to exit for from now on, with v->look set. */
	void (*set_window)(struct vcpu *v, const struct virt_window *window);

	/* The task priority as the processor has it: CR8 is its upper half. */
	u8 (*get_tpr)(const struct vcpu *v);
	void (*set_tpr)(struct vcpu *v, u8 tpr);

	/* The state after INIT, and where a start-up IPI lets it begin (SDM 9.1.1 and 9.4.4). */
	void (*vcpu_init)(struct vcpu *v);
	void (*vcpu_start_up)(struct vcpu *v, u8 vector);

	/*
	 * Give a VP that is in the state after INIT another one to begin in. False, and it stays as
	 * it is: these values do not go together, or the processor does not have them.
	 */
	bool (*vcpu_load)(struct vcpu *v, const struct vcpu_context *context);

	/*
	 * Nested page table format: an entry that maps hpa at level (1: 4 KiB, 2: 2 MiB, 3: 1 GiB),
	 * or points to a table.
	 */
	u64 (*npt_leaf)(hpa_t hpa, unsigned level, u32 rights, enum npt_type type);
	u64 (*npt_table)(hpa_t table);
	bool (*npt_has_1g)(void);

	/*
	 * The page that processors of this vendor watch when it is mapped where the local APICs are,
	 * for VPs that reach theirs there; nobody sees what is in it. NULL: none.
	 */
	const void *(*apic_page)(void);

	/*
	 * Make count ports from port exit (or not) for every VP of the partition; call before its
	 * VPs run.
	 */
	void (*intercept_ports)(struct partition *p, u16 port, u32 count, bool on);

	/* Guest TSC = host TSC + offset from now on. The caller keeps v->tsc_offset. */
	void (*set_tsc_offset)(struct vcpu *v, u64 offset);

	/*
	 * Whether SGDT, SIDT, SLDT and STR can be made to raise #GP in user mode; and for which of
	 * them (a set of enum virt_store) they do.
	 */
	bool (*can_refuse_stores)(void);
	void (*refuse_stores)(struct vcpu *v, u32 stores);

	/* Vendor-owned hardware MSRs (EFER, PAT, VMX/SVM controls). */
	enum virt_msr (*msr_read)(struct vcpu *v, u32 msr, u64 *value);
	enum virt_msr (*msr_write)(struct vcpu *v, u32 msr, u64 value);

	/*
	 * Write the vendor's view of the VP (exit code by name, qualification, event being
	 * delivered) for a panic.
	 */
	void (*explain)(struct vcpu *v, struct text *out);
};

extern const struct virt vmx_virt, svm_virt;
extern const struct virt *virt; /* chosen once at boot, constant afterwards */

/*
 * Exits, from a vendor's switch into the neutral hypervisor. General registers are in v->regs. Each
 * returns what to do with the instruction; cpuid always finishes.
 */
enum vm_next hypercall_exit(struct vcpu *v, enum caller_mode mode);  /* src/hypercall.c */
void cpuid_exit(struct vcpu *v);                                     /* src/cpuid.c */
enum vm_next msr_read_exit(struct vcpu *v);                          /* src/msr.c: ECX -> EDX:EAX */
enum vm_next msr_write_exit(struct vcpu *v);
enum vm_next io_exit(struct vcpu *v, const struct io_access *io);    /* src/io.c */
enum vm_next string_io_exit(struct vcpu *v, const struct io_access *io); /* arch/x86/string_io.c */
enum vm_next npt_fault_exit(struct vcpu *v, const struct npt_fault *fault); /* src/gpa.c */
enum vm_next xsetbv_exit(struct vcpu *v);                            /* arch/x86/xsave.c */
enum vm_next apic_page_exit(struct vcpu *v, const struct npt_fault *fault); /* arch/x86/apic_page.c */
_Noreturn void triple_fault_exit(struct vcpu *v);                    /* src/partition.c */
_Noreturn void unexpected_exit(struct vcpu *v); /* src/panic.c: dumps everything */

#endif
#endif
