/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The memory functions a freestanding compiler calls itself; on the host, its C library's. */
#if __STDC_HOSTED__
/*
 * No guard here: found beside its includer, this file comes again by the search path before the
 * library's own does.
 */
#include_next <string.h>
#elif !defined(PARTITA_STRING_H)
#define PARTITA_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);

#endif
