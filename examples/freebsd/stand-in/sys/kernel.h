/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Stands in for FreeBSD's header where that is not installed: what the example uses of it. */
#ifndef STAND_IN_SYS_KERNEL_H
#define STAND_IN_SYS_KERNEL_H

enum { SI_SUB_DRIVERS, SI_ORDER_ANY };

#endif
