/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The end by our own fault: assertions, and the dump of all that is known. */
#ifndef PARTITA_PANIC_H
#define PARTITA_PANIC_H

#include "types.h"

struct vcpu;

/* Most records of a VP's trace that a dump shows; the option trace says how many. */
#define PANIC_RECORDS 64

/* What an exception stub of the hypervisor itself leaves on the stack, lowest address first. */
struct exception_frame {
	u64 cr2;
	u64 r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
	u64 vector, error;               /* error is 0 for exceptions without one */
	u64 rip, cs, rflags, rsp, ss;    /* pushed by the processor */
};

/*
 * Log the reason and everything known about the current VP, then end the machine. A panic inside a
 * panic just ends it.
 */
_Noreturn void panic(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void panic_exception(const struct exception_frame *frame);

/* For mistakes of ours, never for guest input. Stays in release builds. */
#define hv_assert(cond)                                                                            \
	do {                                                                                       \
		if (__builtin_expect(!(cond), 0))                                                  \
			panic("%s:%d: %s: assertion failed: %s", __FILE__, __LINE__, __func__,     \
			      #cond);                                                              \
	} while (0)

/*
 * Log what is known about a VP: registers, code bytes, latest call and refusal, the vendor's view,
 * the trace's tail.
 */
void panic_dump_vcpu(struct vcpu *v);

/* The same in a few lines, of a VP that goes on; on its own processor. */
void panic_dump_brief(struct vcpu *v);

#endif
