/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What the files of the measuring guest share. */
#ifndef BENCH_H
#define BENCH_H

#include "hv_tlfs.h"
#include "rt.h"

#define BENCH_ROUNDS 1000
#define BENCH_VECTOR 0x61

/*
 * One line for the script: `bench: NAME TICKS LOOP`. Under an instruction counter the ticks are
 * instructions of one round; loop: those around it, which are not in ticks.
 */
void bench_print(const char *name, u64 ticks, u64 loop);

extern u8 bench_page[], bench_input[]; /* the hypercall page, and one of parameters */

/* ---- bench.c: operations that exit, as they are under a hypervisor and above the monitor ---- */
void bench_exits(void);
void bench_flush_all(void); /* by calls that name two processors */

/* ---- bench_floor.c: the same above the smallest monitor there can be ---- */
void bench_floor(void);

/* ---- bench_events.c: interrupts, timers and other processors ---- */

/* Interrupts of the own processor that a write of the interrupt command MSR brings. */
void bench_self(void);
/* Messages and events of the loop-back ports, to their handlers. */
void bench_messages(void);
/* Timers and, where there is one, another processor. */
void bench_events(void);
/* First: with a hypervisor's means, or (bare) with those of the machine. */
void bench_events_init(bool bare);

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
