/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Objects of which Eva is to know nothing. */
#include "unknown.h"

#include <__fc_builtin.h>

void eva_unknown(void *object, unsigned long size)
{
	Frama_C_make_unknown(object, size);
}
