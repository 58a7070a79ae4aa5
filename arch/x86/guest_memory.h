/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Memory of a VP as its own instructions reach it: by segments and by its page tables, with the faults
 * that the processor would raise.
 */
#ifndef PARTITA_X86_GUEST_MEMORY_H
#define PARTITA_X86_GUEST_MEMORY_H

#include "guest_walk.h"
#include "insn.h"
#include "vcpu.h"

/* Data, found: the guest physical addresses of its part on one page, and on a second one. */
struct guest_data { u64 gpa[2]; u32 first, size; };

/* How the VP translates addresses now. */
struct guest_walk guest_walk_of(struct vcpu *v);

/* The instruction at RIP: its bytes, and how many of INSN_MAX could be read. */
size_t guest_fetch(struct vcpu *v, enum insn_code *code, u8 bytes[INSN_MAX]);

/* 0 to 3. */
unsigned guest_cpl(struct vcpu *v);

/*
 * The linear address of size bytes at an offset in a segment. VM_SKIP: here it is; VM_FAULT: its limit
 * or its type do not allow the access.
 */
enum vm_next guest_linear(struct vcpu *v, enum vseg seg, u64 offset, u32 size, bool write,
			  u64 *linear);

/*
 * What the instruction at RIP may do at a linear address; and the processor itself with the tables
 * that descriptors are in.
 */
struct guest_rights guest_own_rights(struct vcpu *v, bool write);
struct guest_rights guest_system_rights(struct vcpu *v, bool write);

/*
 * Find size bytes, a page at most, at a linear address. VM_SKIP: reads and writes of *out, until the
 * guest runs again, cannot fail. VM_FAULT, VM_GP: the fault, CR2 included. VM_RETRY: begin again with
 * the next exit.
 */
enum vm_next guest_find(struct vcpu *v, const struct guest_walk *walk, u64 linear, u32 size,
			const struct guest_rights *rights, struct guest_data *out);
void guest_read(struct vcpu *v, const struct guest_data *data, void *out);
void guest_write(struct vcpu *v, const struct guest_data *data, const void *in);

#endif
