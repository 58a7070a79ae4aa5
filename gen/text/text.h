/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Parts of outputs that no specification changes, written in their own language: each file beside
 * this one but C headers is a string of the generator, named after it.
 */
#ifndef HVGEN_TEXT_H
#define HVGEN_TEXT_H

extern const char text_hv_tlfs_py[];
extern const char text_lib_rs[];
extern const char text_wire_rs[];

#endif
