/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The few memory functions a freestanding compiler calls by itself. */
#include "string.h"

#include <stdint.h>

/* Without this the compiler turns the loops below into calls of the functions they are in. */
#pragma GCC optimize("no-tree-loop-distribute-patterns")

/* A word and parts of it that may alias anything and lie at any address. */
typedef uint64_t __attribute__((may_alias, aligned(1))) word;
typedef uint32_t __attribute__((may_alias, aligned(1))) half;
typedef uint16_t __attribute__((may_alias, aligned(1))) quarter;

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	unsigned char *t = to;
	const unsigned char *f = from;

	for (; n >= 8; n -= 8, t += 8, f += 8)
		*(word *)t = *(const word *)f;
	if (n & 4) {
		*(half *)t = *(const half *)f;
		t += 4;
		f += 4;
	}
	if (n & 2) {
		*(quarter *)t = *(const quarter *)f;
		t += 2;
		f += 2;
	}
	if (n & 1)
		*t = *f;
	return to;
}

void *memmove(void *to, const void *from, size_t n)
{
	unsigned char *t = (unsigned char *)to + n;
	const unsigned char *f = (const unsigned char *)from + n;

	/*
	 * Forwards is safe unless the target starts inside the source; a word is read whole before
	 * it is written.
	 */
	if ((uintptr_t)to - (uintptr_t)from >= n)
		return memcpy(to, from, n);
	for (; n >= 8; n -= 8) {
		t -= 8;
		f -= 8;
		*(word *)t = *(const word *)f;
	}
	for (; n; n--)
		*--t = *--f;
	return to;
}

void *memset(void *to, int byte, size_t n)
{
	uint64_t pattern = 0x0101010101010101ull * (unsigned char)byte;
	unsigned char *t = to;

	for (; n >= 8; n -= 8, t += 8)
		*(word *)t = pattern;
	for (; n; n--)
		*t++ = (unsigned char)byte;
	return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++)
		if (*a != *b || !*a)
			return (unsigned char)*a - (unsigned char)*b;
	return 0;
}
