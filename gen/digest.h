/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* By which text a specification is known. */
#ifndef HVGEN_DIGEST_H
#define HVGEN_DIGEST_H

struct spec;

/*
 * Find the SHA-256 of all bytes of all sources one after the other, in the order in which they are
 * first included, as 64 hexadecimal digits; what sha256sum says of `cat` of them.
 */
void spec_digest(struct spec *s);
/* What has been found; lives as long as the specification. */
const char *spec_sha256(const struct spec *s);

#endif
