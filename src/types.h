/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Fixed-width integers, address types that do not convert into each other, and a few helpers. */
#ifndef PARTITA_TYPES_H
#define PARTITA_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t i32;
typedef int64_t i64;
typedef unsigned __int128 u128;

/* A guest physical and a host physical address. Equal numbers in the root, never the same thing. */
typedef struct { u64 v; } gpa_t;
typedef struct { u64 v; } hpa_t;

#define GPA(x) ((gpa_t){ (x) })
#define HPA(x) ((hpa_t){ (x) })

#define PAGE_SIZE UINT64_C(4096)
#define PAGE_SHIFT 12
#define PAGE_MASK (~(PAGE_SIZE - 1))
#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define ALIGN_UP(x, a) (((x) + (a) - 1) & ~((u64)(a) - 1))
#define ALIGN_DOWN(x, a) ((x) & ~((u64)(a) - 1))

#endif
