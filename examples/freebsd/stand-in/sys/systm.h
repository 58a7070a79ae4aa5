/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Stands in for FreeBSD's header where that is not installed: what the example uses of it. */
#ifndef STAND_IN_SYS_SYSTM_H
#define STAND_IN_SYS_SYSTM_H

int printf(const char *format, ...) __attribute__((__format__(__printf__, 1, 2)));

#endif
