/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The digest of a specification's sources. */
#include "digest.h"

#include <stdio.h>

#include "emit.h"
#include "model.h"
#include "sha256.h"

const char *spec_sha256(const struct spec *s)
{
	struct sha256 h;
	uint8_t digest[SHA256_BYTES];
	char digits[2 * SHA256_BYTES + 1];

	sha256_start(&h);
	for (const struct source *source = s->sources; source; source = source->next)
		sha256_add(&h, source->text, source->size);
	sha256_end(&h, digest);
	for (unsigned i = 0; i < SHA256_BYTES; i++)
		snprintf(digits + 2 * i, 3, "%02x", digest[i]);
	return namef("%s", digits);
}
