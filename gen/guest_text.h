/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The fixed parts of hv_tlfs.h, in the order in which they stand there. */
#ifndef HVGEN_GUEST_TEXT_H
#define HVGEN_GUEST_TEXT_H

extern const char guest_top[];
extern const char guest_base[];
extern const char guest_stubs[];
extern const char guest_detect[];
extern const char guest_time[];
extern const char guest_frequencies[];
extern const char guest_crash[];

#endif
