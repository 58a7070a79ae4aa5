/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Objects of which Eva is to know nothing. */
#ifndef TESTS_EVA_UNKNOWN_H
#define TESTS_EVA_UNKNOWN_H

/* Put anything at all into every byte of an object. */
void eva_unknown(void *object, unsigned long size);

#endif
