/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Attributes of struct segment, by bit. */
#ifndef PARTITA_X86_SEGMENT_H
#define PARTITA_X86_SEGMENT_H

#define SEGMENT_TYPE 0xfu
#define SEGMENT_READABLE (1u << 1) /* of code */
#define SEGMENT_WRITABLE (1u << 1) /* of data */
#define SEGMENT_CONFORMING (1u << 2) /* of code */
#define SEGMENT_DOWN (1u << 2)     /* of data: grows down */
#define SEGMENT_CODE (1u << 3)
#define SEGMENT_S (1u << 4)        /* code or data, not the processor's own */
#define SEGMENT_DPL(attributes) ((attributes) >> 5 & 3u)
#define SEGMENT_P (1u << 7)
#define SEGMENT_L (1u << 13)
#define SEGMENT_DB (1u << 14)
#define SEGMENT_G (1u << 15)

#endif
