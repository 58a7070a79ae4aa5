/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Proof that the offsets by which entry.S addresses struct vcpu are right. */
#include "virt.h"

#define AT(offset, member) _Static_assert(offset == offsetof(struct vcpu, member), #member)

AT(VCPU_RAX, regs.rax);
AT(VCPU_RCX, regs.rcx);
AT(VCPU_RDX, regs.rdx);
AT(VCPU_RBX, regs.rbx);
AT(VCPU_RSP, regs.rsp);
AT(VCPU_RBP, regs.rbp);
AT(VCPU_RSI, regs.rsi);
AT(VCPU_RDI, regs.rdi);
AT(VCPU_R8, regs.r8);
AT(VCPU_R9, regs.r9);
AT(VCPU_R10, regs.r10);
AT(VCPU_R11, regs.r11);
AT(VCPU_R12, regs.r12);
AT(VCPU_R13, regs.r13);
AT(VCPU_R14, regs.r14);
AT(VCPU_R15, regs.r15);
AT(VCPU_VENDOR, vendor);
AT(VCPU_REGS_WRITTEN, regs_written);
