/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* SHA-256 (FIPS 180-4). */
#ifndef HVGEN_SHA256_H
#define HVGEN_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_BYTES = 32, SHA256_BLOCK = 64 };

struct sha256 {
	uint32_t state[8];
	uint64_t length;       /* bytes so far */
	uint8_t block[SHA256_BLOCK];
};

/* Start, add bytes in any pieces, end. */
void sha256_start(struct sha256 *h);
void sha256_add(struct sha256 *h, const void *bytes, size_t size);
void sha256_end(struct sha256 *h, uint8_t digest[SHA256_BYTES]);

#endif
