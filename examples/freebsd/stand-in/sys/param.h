/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Stands in for FreeBSD's header where that is not installed: what the example uses of it. */
#ifndef STAND_IN_SYS_PARAM_H
#define STAND_IN_SYS_PARAM_H

#include <stddef.h>
#include <stdint.h>

#define ENXIO 6
#define EOPNOTSUPP 45

#endif
