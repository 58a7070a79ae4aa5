/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* CR0, CR3 and CR4: to read, to write, and to write where a fault may be due. */
#ifndef PARTITA_GUEST_CONTROL_H
#define PARTITA_GUEST_CONTROL_H

#include "rt.h"

/* set_crN: the fault that writing a value raises, or FAULT_NONE. */
#define CONTROL_REGISTER(n)                                                           \
	static inline uintptr_t read_cr##n(void)                                      \
	{                                                                             \
		uintptr_t value;                                                      \
		__asm__ volatile("mov %%cr" #n ", %0" : "=r"(value));                 \
		return value;                                                         \
	}                                                                             \
	static inline void write_cr##n(uintptr_t value)                               \
	{                                                                             \
		__asm__ volatile("mov %0, %%cr" #n : : "r"(value) : "memory");        \
	}                                                                             \
	static inline void write_cr##n##_from(void *value)                            \
	{                                                                             \
		write_cr##n(*(uintptr_t *)value);                                     \
	}                                                                             \
	static inline u32 set_cr##n(uintptr_t value)                                  \
	{                                                                             \
		return rt_try(write_cr##n##_from, &value);                            \
	}
CONTROL_REGISTER(0)
CONTROL_REGISTER(3)
CONTROL_REGISTER(4)
#undef CONTROL_REGISTER

/* What has been translated is looked up again, but for global pages. */
static inline void reload_cr3(void)
{
	write_cr3(read_cr3());
}

#endif
