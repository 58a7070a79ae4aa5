/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* From files to a specification that is well written; check.h finds out what it means. */
#ifndef GEN_READ_H
#define GEN_READ_H

#include "model.h"

/*
 * Read the front door and all that it includes. False when the front door itself cannot be read;
 * why is then in errno. Everything else that is wrong is in the errors of the specification.
 */
bool read_spec(struct spec *s, const char *path);

/* The same for a text in memory; includes are relative to the folder of its name. */
void read_text(struct spec *s, const char *name, const char *text, size_t size);

#endif
