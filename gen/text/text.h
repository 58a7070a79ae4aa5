/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Parts of outputs that no specification changes, written in their own language: each file beside
 * this one is a string of the generator, named after it; so is the language's manual. What stands
 * above the first empty line of guest_*.h and trace_*.h, the parts of headers, speaks of the part
 * alone and is left out.
 */
#ifndef HVGEN_TEXT_H
#define HVGEN_TEXT_H

extern const char text_LANGUAGE_md[];
extern const char text_fuzz_md[];
extern const char text_guest_call_h[];
extern const char text_guest_clock_h[];
extern const char text_guest_compiler_h[];
extern const char text_guest_crash_h[];
extern const char text_guest_detect_h[];
extern const char text_guest_frequencies_h[];
extern const char text_guest_licence_h[];
extern const char text_guest_lists_h[];
extern const char text_guest_platform_h[];
extern const char text_guest_status_h[];
extern const char text_guest_synic_h[];
extern const char text_guest_time_h[];
extern const char text_guest_top_h[];
extern const char text_guest_word_h[];
extern const char text_guest_xmm_h[];
extern const char text_hv_tlfs_py[];
extern const char text_lib_rs[];
extern const char text_trace_code_h[];
extern const char text_trace_types_h[];
extern const char text_wire_rs[];

#endif
