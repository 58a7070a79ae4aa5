/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Carries out instructions that reach registers of the APICs in memory. */
#include "apic_page.h"

#include "cpu.h"
#include "debug.h"
#include "gpa.h"
#include "guest_memory.h"
#include "insn.h"
#include "ioapic.h"
#include "lapic.h"
#include "log.h"
#include "mmio.h"
#include "panic.h"
#include "partition.h"
#include "text.h"
#include "virt.h"

#define REGISTER_STRIDE 16u

/* ---- the instruction ---- */

static _Noreturn void refuse(struct vcpu *v, u64 gpa, const struct mmio_source *source)
{
	const u8 *bytes = (const u8 *)source->words;
	char buf[64];
	struct text t;

	text_init(&t, buf, sizeof(buf));
	for (u32 i = 0; i < source->count; i++)
		text_printf(&t, " %02x", bytes[i]);
	log_warn("vp %u: no instruction for an APIC, at GPA 0x%lx:%s", v->index, gpa, buf);
	panic_dump_vcpu(v);
	partition_end_root(v->partition, END_PANIC, 0);
}

/* ---- its operands ---- */

static u64 get_register(const struct vcpu *v, const struct mmio_insn *i)
{
	const u64 value = (&v->regs.rax)[i->reg];

	return i->reg == 4 && !i->high ? virt->get_reg((struct vcpu *)v, VREG_RSP)
				       : value >> (i->high ? 8 : 0);
}

/* Writes of 32 bits clear the upper half, shorter ones leave the rest alone. */
static void set_register(struct vcpu *v, const struct mmio_insn *i, u64 value)
{
	const bool is_rsp = i->reg == 4 && !i->high;
	const unsigned shift = i->high ? 8 : 0;
	u64 *reg = vcpu_regs_to_write(v) + i->reg;

	if (i->reg_size == 4) {
		value = (u32)value;
	} else if (i->reg_size < 4) {
		const u64 mask = ((1ull << 8 * i->reg_size) - 1) << shift;
		const u64 old = is_rsp ? virt->get_reg(v, VREG_RSP) : *reg;

		value = (old & ~mask) | (value << shift & mask);
	}
	if (is_rsp)
		virt->set_reg(v, VREG_RSP, value);
	else
		*reg = value;
}

static u64 extend(u64 value, unsigned size, bool sign)
{
	const unsigned unused = 64 - 8 * size;

	return sign ? (u64)((i64)(value << unused) >> unused) : value << unused >> unused;
}

/* ---- the registers ---- */

/*
 * Registers are 32 bits at multiples of 16 (SDM 11.4.1). A part of one may be read; what lies
 * between them is nothing.
 */
static u64 read_lapic(struct vcpu *v, u32 offset, unsigned size)
{
	const u32 within = offset % REGISTER_STRIDE;

	if (!lapic_in_memory(v))
		return ~0ull; /* nothing answers on the bus */
	if (within + size > 4)
		return 0;
	return lapic_read(v, offset - within) >> 8 * within;
}

static void write_lapic(struct vcpu *v, u32 offset, unsigned size, u64 value)
{
	if (lapic_in_memory(v) && size == 4 && offset % REGISTER_STRIDE == 0)
		lapic_write(v, offset, (u32)value);
}

static bool is_lapic(u64 gpa)
{
	return (gpa & PAGE_MASK) == LAPIC_BASE_ADDRESS;
}

/*
 * I/O APICs, too, take 32 bits at multiples of 16. In the rest of the place that is for messages to
 * processors a root finds nothing.
 */
u64 apic_page_read(struct vcpu *v, u64 gpa, unsigned size)
{
	const u64 within = gpa % REGISTER_STRIDE;

	if (is_lapic(gpa))
		return read_lapic(v, (u32)(gpa & ~PAGE_MASK), size);
	if (within + size > 4)
		return ~0ull;
	return ioapic_read(v->partition, gpa - within) >> 8 * within;
}

void apic_page_write(struct vcpu *v, u64 gpa, unsigned size, u64 value)
{
	if (is_lapic(gpa))
		write_lapic(v, (u32)(gpa & ~PAGE_MASK), size, value);
	else if (size == 4 && gpa % REGISTER_STRIDE == 0)
		ioapic_write(v->partition, gpa, (u32)value);
}

/* ---- the operations ---- */

/* One of REP STOS at a time: RIP stays until the last. False: there is more to do. */
static bool store_string(struct vcpu *v, const struct mmio_insn *i, u64 gpa)
{
	const u64 step = virt->get_reg(v, VREG_RFLAGS) & RFLAGS_DF ? -(u64)i->size : i->size;
	const u64 mask = insn_mask(i->address_size);

	/* None to do makes no access: another processor has changed the instruction meanwhile. */
	if (i->repeat && !(v->regs.rcx & mask))
		return true;
	apic_page_write(v, gpa, i->size, v->regs.rax);
	v->regs.rdi = insn_advance(v->regs.rdi, step, i->address_size);
	if (!i->repeat)
		return true;
	v->regs.rcx = insn_advance(v->regs.rcx, -1ull, i->address_size);
	return !(v->regs.rcx & mask);
}

static void compute(struct vcpu *v, const struct mmio_insn *i, u64 gpa)
{
	const u64 memory = apic_page_read(v, gpa, i->size) & insn_mask(i->size);
	const u64 other = i->immediate ? i->value : get_register(v, i);
	u64 rflags = virt->get_reg(v, VREG_RFLAGS), result;

	result = i->memory_first ? mmio_compute(i->op, memory, other, i->size, &rflags)
				 : mmio_compute(i->op, other, memory, i->size, &rflags);
	if (mmio_has_result(i->op)) {
		if (i->memory_first)
			apic_page_write(v, gpa, i->size, result);
		else
			set_register(v, i, result);
	}
	virt->set_reg(v, VREG_RFLAGS, rflags);
}

/* False: the instruction is to be executed again. */
static bool execute(struct vcpu *v, const struct mmio_insn *i, u64 gpa)
{
	u64 old;

	switch (i->op) {
	case MMIO_READ:
		set_register(v, i, extend(apic_page_read(v, gpa, i->size), i->size, i->sign));
		return true;
	case MMIO_WRITE:
		apic_page_write(v, gpa, i->size, i->immediate ? i->value : get_register(v, i));
		return true;
	case MMIO_STORE:
		return store_string(v, i, gpa);
	case MMIO_EXCHANGE:
		old = apic_page_read(v, gpa, i->size);
		apic_page_write(v, gpa, i->size, get_register(v, i));
		set_register(v, i, old);
		return true;
	default:
		compute(v, i, gpa);
		return true;
	}
}

static bool writes(const struct mmio_insn *i)
{
	return i->op == MMIO_WRITE || i->op == MMIO_STORE || i->op == MMIO_EXCHANGE ||
	       (i->memory_first && i->op > MMIO_EXCHANGE && mmio_has_result(i->op));
}

/* Behind a repetition, which is not the last. */
static enum vm_next again(struct vcpu *v, const struct mmio_insn *i, u64 gpa)
{
	virt->trap(v, debug_place_hits(v, gpa, i->size, true));
	return VM_REPEAT;
}

enum vm_next apic_page_exit(struct vcpu *v, const struct npt_fault *fault)
{
	const u64 gpa = fault->gpa.v;
	struct mmio_source source = { { 0 }, 0, 0 };
	const struct mmio_insn *insn;

	source.count = (u32)guest_fetch(v, &source.code, (u8 *)source.words);
	insn = mmio_recall(&v->mmio[gpa / REGISTER_STRIDE % MMIO_MEMOS], &source);
	if (fault->walk || fault->access & NPT_X || !insn ||
	    (gpa & ~PAGE_MASK) + insn->size > PAGE_SIZE)
		refuse(v, gpa, &source);
	if (!execute(v, insn, gpa))
		return again(v, insn, gpa);
	virt->skip(v, insn->length);
	virt->trap(v, debug_place_hits(v, gpa, insn->size, writes(insn)));
	return VM_RETRY;
}
