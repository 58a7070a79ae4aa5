/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Breakpoints as the processor finds them (SDM 18.2), where the hypervisor acts in its place. */
#ifndef PARTITA_X86_DEBUG_H
#define PARTITA_X86_DEBUG_H

#include "types.h"

struct io_access;
struct vcpu;

/* Those of the four bits of DR6 whose breakpoint is enabled in DR7. */
u64 debug_enabled(u64 dr7);

/* Whether one of these bits of DR6 stands for a breakpoint at the instruction that is next. */
bool debug_is_code_hit(struct vcpu *v, u64 bits);

/*
 * The bits of DR6 for breakpoints of a VP that an access to size bytes at a linear address, just made for
 * it, has hit.
 */
u64 debug_data_hits(struct vcpu *v, u64 linear, u32 size, bool write);

/*
 * The same by where in memory the breakpoints lead to, for those who do not know the linear address: two
 * that lead to one place are not told apart.
 */
u64 debug_place_hits(struct vcpu *v, u64 gpa, u32 size, bool write);

/* The bits of DR6 for breakpoints of a VP that an access to ports, just made for it, has hit. */
u64 debug_port_hits(struct vcpu *v, const struct io_access *io);

#endif
