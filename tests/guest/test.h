/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Tests of the conformance guest: how one is written, how it makes hypercalls, and the suites. */
#ifndef TEST_H
#define TEST_H

#include "hv_tlfs.h"
#include "rt.h"

/* Prints one line: `ok NAME`, `not ok NAME: detail` or `skip NAME: reason`. Exceptions fail it. */
struct test { const char *name; void (*run)(void); };

void test_run(const char *suite, const struct test *tests, unsigned count);
/* The same for a test that is made from data: run(argument). */
void test_run_one(const char *suite, const char *name, void (*run)(void *), void *argument);
/* Fail the running test; the first detail is shown, with the number of others. */
void test_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
void test_skip(const char *reason);
/* Print the tally; true when nothing failed. */
bool test_done(void);

#define EXPECT(condition, ...) do { if (!(condition)) test_fail(__VA_ARGS__); } while (0)
#define EXPECT_EQ(got, want, what) do { u64 got_ = (got), want_ = (want); \
	if (got_ != want_) test_fail("%s is 0x%llx, not 0x%llx", (what), got_, want_); } while (0)

/* ---- what the hypervisor offers (main.c) ---- */
extern struct hv_detected offer;

/* A bit that gates something: one of the header's hv_has_...(). */
typedef int (*offered_fn)(const struct hv_detected *);
/* Whether it stands; if not, the running test is skipped. */
bool offered(offered_fn bit);
/* Whether all of these bits of the privilege mask and the feature word stand. */
bool offered_all(u64 privileges, u64 features);

/* ---- hypercalls (call.c) ---- */
struct result { u32 fault; u16 status; u32 reps; u64 word; };

extern u8 call_page[];                  /* where the suites put the hypercall page */
extern u8 call_input[], call_output[];  /* a page each for parameters */

/* Identify as a guest and enable the page at call_page. False when that does not work. */
bool call_enable(void);
void call_disable(void);
/* A call in this mode's convention, canaries in all other registers; a changed one fails the test. */
struct result call(u64 control, u64 input, u64 output);
/* With input in XMM registers too: words 0 and 1 go to the general ones. */
#define CALL_WORDS 14
struct result call_xmm(u64 control, const u64 words[CALL_WORDS]);
/* Likewise with output behind it: words from `first` on may change, and are what came back. */
struct result call_xmm_out(u64 control, u64 words[CALL_WORDS], unsigned first);
/* Whether output may return so: where the bits stand, to 64-bit callers. */
bool call_output_offered(void);
/* What the header's own stubs need. */
struct hv_callctx call_context(void);
/* Fill registers with canaries and place the convention's three operands. */
void call_registers(struct rt_regs *r, u64 control, u64 input, u64 output);

/* ---- interrupts (interrupt.c) ---- */
/*
 * Make one pending on the calling processor, whose interrupts are disabled: GUEST_IDLE returns at
 * once then. And let it in and end it.
 */
void interrupt_hold(void);
void interrupt_let_in(void);

/* ---- suites ---- */
void suite_detect(void);
void suite_cpu(void);
void suite_debug(void);
void suite_delivery(void);
void suite_tasks(void);
void suite_strings(void);
void suite_modes(void);
void suite_page(void);
void suite_msr(void);
void suite_time(void);
void suite_assist(void);
void suite_enlighten(void);
void suite_npiep(void);
void suite_scope(void);
void suite_apic(void);
void suite_mmio(void);
void suite_cpus(void);
void suite_priority(void);
void suite_apic_registers(void);
void suite_ipi(void);
void suite_apic_timer(void);
void suite_devices(void);
void suite_synic(void);
void suite_stimer(void);
void suite_synic_cpus(void);
void suite_convention(void);
void suite_flush(void);
void suite_cluster(void);
void suite_registers(void);
void suite_vp(void);
void suite_stubs(void);
void suite_vectors(void);
/* Set bit n of a map of 65536 for each call code n that the specification declares. */
void vectors_list_codes(u8 *map);
void suite_last(void); /* what leaves lasting marks: the lock of the hypercall page */
void suite_msr_locks(void); /* part of it */
void suite_hostile(void);
void suite_siege(void);
void suite_sweep(void);
void soak(void);

/* Other ends than that of the suites, by command line; returns when none was asked for. */
void ending_by_command_line(void);

/* What is written otherwise in assembly of the two widths. */
#ifdef __x86_64__
#define PUSHF "pushfq"
#define POPF "popfq"
#define SP "%%rsp"
#else
#define PUSHF "pushfl"
#define POPF "popfl"
#define SP "%%esp"
#endif

#endif
