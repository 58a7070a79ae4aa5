/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Marks for a record of all instructions: operands of instructions that do nothing, by which
 * tests/run/paths.py finds them. A path is what is done from the last beginning before an end to
 * that end; its name comes behind it.
 */
#ifndef BENCH_MARKS_H
#define BENCH_MARKS_H

#define BENCH_BEGIN 0xbe91
#define BENCH_END 0xe9d1
#define BENCH_NAME 0x9a3e

#endif
