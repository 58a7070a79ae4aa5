/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What the root does with the physical I/O APICs passes through here. */
#include "ioapic.h"

#include "machine.h"
#include "partition.h"

/* Registers in memory; the others are behind the window. */
#define SELECT 0x00u
#define WINDOW 0x10u

/* A redirection entry is two registers, the lower half first. */
#define REG_REDIRECTION 0x10u
#define ENTRY_MODE(value) ((value) >> 8 & 7)
#define ENTRY_MASKED (1u << 16)
enum { MODE_FIXED = 0, MODE_LOWEST = 1, MODE_NMI = 4, MODE_EXTINT = 7 };

/* Which one has its registers there; count: none. */
static u32 find(const struct ioapics *all, u64 gpa)
{
	u32 i = 0;

	while (i < all->count && all->base[i] != (gpa & PAGE_MASK))
		i++;
	return i;
}

/* INIT and SMI are nobody's to send to a processor; other modes do not exist. */
static u32 harmless(u8 selected, u32 value)
{
	const u32 mode = ENTRY_MODE(value);

	if (selected < REG_REDIRECTION || selected & 1)
		return value;
	return mode == MODE_FIXED || mode == MODE_LOWEST || mode == MODE_NMI || mode == MODE_EXTINT
		       ? value
		       : value | ENTRY_MASKED;
}

static bool is_pic_entry(u8 selected, u32 value)
{
	return selected >= REG_REDIRECTION && !(selected & 1) &&
	       ENTRY_MODE(value) == MODE_EXTINT && !(value & ENTRY_MASKED);
}

/* What the window of one is given, known before the machine has it. */
static u32 check(struct ioapics *all, u8 selected, u32 value)
{
	if (is_pic_entry(selected, value))
		__atomic_store_n(&all->brings_pic, true, __ATOMIC_RELEASE);
	return harmless(selected, value);
}

u32 ioapic_read(struct partition *p, u64 gpa)
{
	u32 value = ~0u;

	partition_lock(p);
	if (find(&p->ioapics, gpa) < p->ioapics.count)
		value = machine_mmio_read(HPA(gpa));
	partition_unlock(p);
	return value;
}

/* The selected register is remembered: what the window is given depends on it. */
void ioapic_write(struct partition *p, u64 gpa, u32 value)
{
	struct ioapics *all = &p->ioapics;
	u32 i, offset = (u32)(gpa & ~PAGE_MASK);

	partition_lock(p);
	i = find(all, gpa);
	if (i < all->count) {
		if (offset == SELECT)
			all->selected[i] = (u8)value;
		else if (offset == WINDOW)
			value = check(all, all->selected[i], value);
		machine_mmio_write(HPA(gpa), value);
	}
	partition_unlock(p);
}
