/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The virtual machine control block, APM volume 2, appendix B. */
#ifndef PARTITA_VMCB_H
#define PARTITA_VMCB_H

#include "types.h"

/* Intercepts of control.intercept[], as bit numbers over its words 3, 4 and 5 (APM tables B-1). */
enum vmcb_intercept {
	INTERCEPT_INTR = 0,
	INTERCEPT_NMI,
	INTERCEPT_SMI,
	INTERCEPT_INIT,
	INTERCEPT_VINTR,
	INTERCEPT_CR0_SEL,
	INTERCEPT_IDTR_READ,
	INTERCEPT_GDTR_READ,
	INTERCEPT_LDTR_READ,
	INTERCEPT_TR_READ,
	INTERCEPT_RDPMC = 15,
	INTERCEPT_CPUID = 18,
	INTERCEPT_IRET = 20,
	INTERCEPT_INVD = 22,
	INTERCEPT_HLT = 24,
	INTERCEPT_INVLPGA = 26,
	INTERCEPT_IOIO,
	INTERCEPT_MSR,
	INTERCEPT_SHUTDOWN = 31,
	INTERCEPT_VMRUN = 32,
	INTERCEPT_VMMCALL,
	INTERCEPT_VMLOAD,
	INTERCEPT_VMSAVE,
	INTERCEPT_STGI,
	INTERCEPT_CLGI,
	INTERCEPT_SKINIT,
	INTERCEPT_MONITOR = 42,
	INTERCEPT_MWAIT,
};

#define VMCB_INTERCEPT_WORD 3 /* the first of those above in control.intercept[] */
#define VMCB_INTERCEPT_CR 0
#define VMCB_INTERCEPT_CR_WRITE(n) (1u << (16 + (n)))
#define VMCB_INTERCEPT_EXCEPTION 2
#define VMCB_INTERCEPT_DR 1
#define VMCB_INTERCEPT_DR_WRITE(n) (1u << (16 + (n)))

#define VMCB_TLB_KEEP 0
#define VMCB_TLB_FLUSH_ALL 1
#define VMCB_TLB_FLUSH_ASID 3

/* virtual_interrupt: the guest's CR8 in bits 7:0; what waits to be taken, and of which priority. */
#define VMCB_V_TPR 0xffull
#define VMCB_V_IRQ (1ull << 8)
#define VMCB_V_PRIORITY (0xfull << 16)
#define VMCB_V_IGNORE_TPR (1ull << 20)
#define VMCB_V_MASKING (1ull << 24)

#define VMCB_INTERRUPT_SHADOW 1ull
#define VMCB_NP_ENABLE 1ull

/* EVENTINJ and EXITINTINFO. */
#define VMCB_EVENT_TYPE_SHIFT 8
#define VMCB_EVENT_TYPE (7u << VMCB_EVENT_TYPE_SHIFT)
#define VMCB_EVENT_ERROR_VALID (1u << 11)
#define VMCB_EVENT_VALID (1u << 31)

/* EXITINFO1 of a nested page fault: a page fault error code, and where in the walk. */
#define NPF_WRITE (1ull << 1)
#define NPF_FETCH (1ull << 4)
#define NPF_GUEST_WALK (1ull << 33)

/* EXITINFO1 of an I/O exit. */
#define IOIO_IN (1u << 0)
#define IOIO_STRING (1u << 2)
#define IOIO_REP (1u << 3)
#define IOIO_SIZE(info) ((info) >> 4 & 7)
#define IOIO_PORT(info) ((info) >> 16 & 0xffff)

struct vmcb_control {
	u32 intercept[6];       /* CR, DR, exceptions, and the three words of enum vmcb_intercept */
	u8 _0[0x3c - 0x18];
	u16 pause_threshold, pause_count;
	u64 iopm_pa, msrpm_pa, tsc_offset;
	u32 asid;
	u8 tlb_control, _1[3];
	u64 virtual_interrupt;
	u64 interrupt_shadow;
	u64 exit_code, exit_info1, exit_info2;
	u32 exit_event, exit_event_error;     /* EXITINTINFO */
	u64 np_enable;
	u8 _2[0xa8 - 0x98];
	u32 event, event_error;               /* EVENTINJ */
	u64 n_cr3;
	u64 lbr_enable;
	u32 clean, _3;
	u64 next_rip;
	u8 fetched, bytes[15];
	u8 _4[0x400 - 0xe0];
};

/* attributes: bits 7:0 as in a descriptor's byte 5, 11:8 as in its flags: AVL, L, D/B, G. */
struct vmcb_segment { u16 selector, attributes; u32 limit; u64 base; };

#define VMCB_CS_L (1u << 9)

struct vmcb_save {
	struct vmcb_segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
	u8 _0[0xcb - 0xa0];
	u8 cpl;
	u32 _1;
	u64 efer;
	u8 _2[0x148 - 0xd8];
	u64 cr4, cr3, cr0, dr7, dr6, rflags, rip;
	u8 _3[0x1d8 - 0x180];
	u64 rsp, s_cet, ssp, isst, rax;
	u64 star, lstar, cstar, sfmask, kernel_gs_base, sysenter_cs, sysenter_esp, sysenter_eip,
		cr2;
	u8 _4[0x268 - 0x248];
	u64 pat, debugctl, branch_from, branch_to, exception_from, exception_to;
	u8 _5[0xc00 - 0x298];
};

struct vmcb { struct vmcb_control control; struct vmcb_save save; };

#define AT(type, member, offset) \
	_Static_assert(offsetof(struct type, member) == (offset), #type "." #member)
AT(vmcb_control, intercept, 0x000);
AT(vmcb_control, pause_threshold, 0x03c);
AT(vmcb_control, iopm_pa, 0x040);
AT(vmcb_control, tsc_offset, 0x050);
AT(vmcb_control, asid, 0x058);
AT(vmcb_control, tlb_control, 0x05c);
AT(vmcb_control, virtual_interrupt, 0x060);
AT(vmcb_control, interrupt_shadow, 0x068);
AT(vmcb_control, exit_code, 0x070);
AT(vmcb_control, exit_event, 0x088);
AT(vmcb_control, np_enable, 0x090);
AT(vmcb_control, event, 0x0a8);
AT(vmcb_control, n_cr3, 0x0b0);
AT(vmcb_control, clean, 0x0c0);
AT(vmcb_control, next_rip, 0x0c8);
AT(vmcb_control, fetched, 0x0d0);
AT(vmcb_save, gdtr, 0x060);
AT(vmcb_save, tr, 0x090);
AT(vmcb_save, cpl, 0x0cb);
AT(vmcb_save, efer, 0x0d0);
AT(vmcb_save, cr4, 0x148);
AT(vmcb_save, dr7, 0x160);
AT(vmcb_save, rflags, 0x170);
AT(vmcb_save, rip, 0x178);
AT(vmcb_save, rsp, 0x1d8);
AT(vmcb_save, rax, 0x1f8);
AT(vmcb_save, kernel_gs_base, 0x220);
AT(vmcb_save, cr2, 0x240);
AT(vmcb_save, pat, 0x268);
AT(vmcb, save, 0x400);
#undef AT
_Static_assert(sizeof(struct vmcb) == 4096, "a VMCB is one page");

#endif
