/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What the files of the measuring guest share. */
#ifndef BENCH_H
#define BENCH_H

#include "bench_marks.h"
#include "hv_tlfs.h"
#include "rt.h"

#define BENCH_VECTOR 0x61

/* A mark, for C: they stand where nothing is measured, or where the empty loop has as many. */
#define BENCH_TEXT(number) #number
#define BENCH_MARK_TEXT(number) "nopl " BENCH_TEXT(number) "(%%rax)"
#define BENCH_MARK(number) __asm__ volatile(BENCH_MARK_TEXT(number) : : : "memory")

extern bool bench_bare; /* no hypervisor: events by the machine's means, and the floor */

/* How often an operation is done: more where nothing else than a loop is measured. */
extern u32 bench_rounds, bench_loops;

/*
 * One line for the script: `bench: NAME TICKS LOOP`. Under an instruction counter the ticks are
 * instructions of one round; loop: those around it, which are not in ticks.
 */
void bench_print(const char *name, u64 ticks, u64 loop);

extern u8 bench_page[], bench_input[]; /* the hypercall page, and one of parameters */

/* ---- bench.c: operations that exit, as they are under a hypervisor and above the monitor ---- */
void bench_exits(void);
void bench_flush_all(void); /* by calls that name all processors */

/* Parameters for a set of processors; those of the IPI are at BENCH_IPI_EX. */
#define BENCH_IPI_EX 512
void bench_fill_input(u64 processors);

/* ---- bench_floor.c: the same above the smallest monitor there can be ---- */
void bench_floor(void);

/* ---- bench_events.c: interrupts, timers and other processors ---- */

/* Interrupts of the own processor that a write of the interrupt command MSR brings. */
void bench_self(void);
/* Messages and events of the loop-back ports, to their handlers. */
void bench_messages(void);
void bench_timers(void);
/* Interrupts and flushes with a second processor, which has started. */
void bench_other(void);
void bench_events_init(void); /* first */

/* ---- bench_entry.S ---- */

/* Notes the TSC, ends the interrupt by bench_end_interrupt, counts it. */
extern const u8 bench_handler[];
extern volatile u32 bench_arrival, bench_arrivals;
extern void (*bench_end_interrupt)(void);

/* Run the VMCB until bench_floor_exit() says false. */
struct bench_regs { u64 rbx, rcx, rdx, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15; };
void bench_floor_run(u64 vmcb, struct bench_regs *regs);
bool bench_floor_exit(struct bench_regs *regs);

#endif
