/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The digest of a specification's sources. */
#include "digest.h"

#include <stdio.h>

#include "model.h"
#include "sha256.h"

void spec_digest(struct spec *s)
{
	struct sha256 h;
	uint8_t digest[SHA256_BYTES];
	char *digits = spec_alloc(s, 2 * SHA256_BYTES + 1);

	sha256_start(&h);
	for (const struct source *source = s->sources; source; source = source->next)
		sha256_add(&h, source->text, source->size);
	sha256_end(&h, digest);
	for (unsigned i = 0; i < SHA256_BYTES; i++)
		snprintf(digits + 2 * i, 3, "%02x", digest[i]);
	s->sha256 = digits;
}

const char *spec_sha256(const struct spec *s)
{
	return s->sha256;
}
