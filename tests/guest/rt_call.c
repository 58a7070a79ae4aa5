/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The C side of calls with known registers and from other modes. */
#include "rt.h"

extern const u8 rt_user_back[];
extern const u8 rt_real_start[], rt_real_end[], rt_real_vectors[];

uintptr_t rt_user_flags = 2;

void rt_call_asm(void *unused);
void rt_user_asm(void *unused);
u32 rt_real_asm(void);

u32 rt_call(const void *target, const struct rt_regs *in, struct rt_regs *out)
{
	struct rt_cpu *cpu = rt_self();
	u32 fault;

	cpu->call_target = (uintptr_t)target;
	memcpy(&cpu->call_in, in, sizeof(*in));
	memset(&cpu->call_out, 0, sizeof(*out));
	fault = rt_try(rt_call_asm, NULL);
	memcpy(out, &cpu->call_out, sizeof(*out));
	return fault;
}

u32 rt_call_user(const void *target, const struct rt_regs *in)
{
	struct rt_cpu *cpu = rt_self();
	u32 fault;

	cpu->call_target = (uintptr_t)target;
	memcpy(&cpu->call_in, in, sizeof(*in));
	fault = rt_try(rt_user_asm, NULL);
	return fault == FAULT_GP && rt_fault.ip == (uintptr_t)rt_user_back ? FAULT_NONE : fault;
}

u32 rt_call_real(void)
{
	u32 saved[32], vector;
	volatile u32 *table = (volatile u32 *)rt_window(0, 0);

	for (u32 v = 0; v < 32; v++) {
		saved[v] = table[v];
		table[v] =
			(RT_REAL_BASE >> 4) << 16 | (u32)(rt_real_vectors - rt_real_start + 8 * v);
	}
	memcpy((void *)RT_REAL_BASE, rt_real_start, (size_t)(rt_real_end - rt_real_start));
	vector = rt_real_asm();
	for (u32 v = 0; v < 32; v++)
		table[v] = saved[v];
	return vector;
}
