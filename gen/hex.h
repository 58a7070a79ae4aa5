/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Numbers and bytes in the forms in which people have them at hand. */
#ifndef HVGEN_HEX_H
#define HVGEN_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HEX_LIMIT = 1 << 16 };  /* bytes that a dump may have */

struct hex {
	uint8_t bytes[HEX_LIMIT];
	size_t count;
	const char *wrong;     /* why reading stopped, or NULL */
	char word[32];         /* the word that it concerns */
};

/*
 * A hexadecimal number of at most 64 bits, with or without 0x; '_' and '`' separate digits. False
 * for anything else.
 */
bool hex_number(const char *word, uint64_t *number);

/*
 * Append the bytes of a text. A word of hexadecimal digits is bytes in the order of memory; one
 * with 0x in front is a little-endian number of 1, 2, 4 or 8 bytes. In dumps of xxd, hexdump -C, od
 * and gdb addresses and the characters behind the bytes are skipped.
 */
void hex_read_text(struct hex *h, const char *text);

/*
 * Append what a file holds: bytes when it has any that are no text, else a text as above. "-" is
 * standard input. False when it cannot be read; why is in errno.
 */
bool hex_read_file(struct hex *h, const char *path);

#endif
