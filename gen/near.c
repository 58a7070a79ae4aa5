/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Distances between names, as Damerau and Levenshtein count them. */
#include "near.h"

#include <string.h>

enum { LONGEST = 64 };  /* letters of a name that is compared at all */

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Rows are ends of `a`, columns ends of `b`; three rows are enough to see a swap. */
unsigned near_distance(const char *a, const char *b)
{
	unsigned rows[3][LONGEST + 1];
	unsigned width = (unsigned)strlen(b);

	if (strlen(a) > LONGEST || width > LONGEST)
		return NEAR_NEVER;
	for (unsigned j = 0; j <= width; j++)
		rows[0][j] = j;
	for (unsigned i = 1; a[i - 1]; i++) {
		unsigned *before = rows[(i + 1) % 3], *above = rows[(i + 2) % 3], *row = rows[i % 3];

		row[0] = i;
		for (unsigned j = 1; j <= width; j++) {
			row[j] = least(least(above[j], row[j - 1]) + 1,
				       above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
	}
	return rows[strlen(a) % 3][width];
}

void near_try(struct near *n, const char *candidate)
{
	unsigned d = near_distance(n->wanted, candidate);

	if (d > strlen(n->wanted) / 3 || (n->best && d >= n->distance))
		return;
	n->best = candidate;
	n->distance = d;
}

const char *near_hint(struct spec *s, const struct near *n)
{
	return n->best ? spec_printf(s, "; did you mean '%s'?", n->best) : "";
}
