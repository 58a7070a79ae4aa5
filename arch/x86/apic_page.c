/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Carries out instructions that reach registers of the APICs in memory. */
#include "cpu.h"
#include "gpa.h"
#include "guest_walk.h"
#include "insn.h"
#include "ioapic.h"
#include "lapic.h"
#include "log.h"
#include "mmio.h"
#include "panic.h"
#include "partition.h"
#include "text.h"
#include "virt.h"

#define ATTRIBUTE_L (1u << 13)
#define ATTRIBUTE_DB (1u << 14)
#define REGISTER_STRIDE 16u

/* ---- the instruction ---- */

static enum mmio_code code_of(struct vcpu *v, const struct segment *cs)
{
	if (!(virt->get_reg(v, VREG_CR0) & CR0_PE))
		return MMIO_CODE16;
	if (virt->get_reg(v, VREG_EFER) & EFER_LMA && cs->attributes & ATTRIBUTE_L)
		return MMIO_CODE64;
	return cs->attributes & ATTRIBUTE_DB ? MMIO_CODE32 : MMIO_CODE16;
}

/* The instruction at RIP: its bytes, and how many could be read. */
static size_t fetch(struct vcpu *v, enum mmio_code *code, u8 bytes[INSN_MAX])
{
	const struct guest_walk walk = {
		virt->get_reg(v, VREG_CR0), virt->get_reg(v, VREG_CR3), virt->get_reg(v, VREG_CR4),
		virt->get_reg(v, VREG_EFER), gpa_read_code, v
	};
	u64 linear = virt->get_reg(v, VREG_RIP);
	struct segment cs;

	virt->get_segment(v, VSEG_CS, &cs);
	*code = code_of(v, &cs);
	if (*code != MMIO_CODE64)
		linear = (u32)(linear + cs.base);
	return guest_walk_read(&walk, linear, bytes, INSN_MAX);
}

static _Noreturn void refuse(struct vcpu *v, u64 gpa, const u8 *bytes, size_t count)
{
	char buf[64];
	struct text t;

	text_init(&t, buf, sizeof(buf));
	for (size_t i = 0; i < count; i++)
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
	const unsigned shift = i->high ? 8 : 0;
	const u64 mask = i->reg_size >= 4 ? ~0ull : ((1ull << 8 * i->reg_size) - 1) << shift;
	u64 old = i->reg == 4 && !i->high ? virt->get_reg(v, VREG_RSP) : (&v->regs.rax)[i->reg];

	if (i->reg_size == 4)
		value = (u32)value;
	old = (old & ~mask) | (value << shift & mask);
	if (i->reg == 4 && !i->high)
		virt->set_reg(v, VREG_RSP, old);
	else
		(&v->regs.rax)[i->reg] = old;
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
static u64 read_memory(struct vcpu *v, u64 gpa, unsigned size)
{
	const u64 within = gpa % REGISTER_STRIDE;

	if (is_lapic(gpa))
		return read_lapic(v, (u32)(gpa & ~PAGE_MASK), size);
	if (within + size > 4)
		return ~0ull;
	return ioapic_read(v->partition, gpa - within) >> 8 * within;
}

static void write_memory(struct vcpu *v, u64 gpa, unsigned size, u64 value)
{
	if (is_lapic(gpa))
		write_lapic(v, (u32)(gpa & ~PAGE_MASK), size, value);
	else if (size == 4 && gpa % REGISTER_STRIDE == 0)
		ioapic_write(v->partition, gpa, (u32)value);
}

/* ---- the operations ---- */

static u64 size_mask(unsigned size)
{
	return size == 8 ? ~0ull : (1ull << 8 * size) - 1;
}

/* RDI and RCX are written as far as the address size goes, and 32 bits clear the upper half. */
static u64 advanced(u64 reg, u64 step, unsigned address_size)
{
	const u64 mask = size_mask(address_size), kept = address_size == 4 ? 0 : reg & ~mask;

	return kept | ((reg + step) & mask);
}

/* One of REP STOS at a time: RIP stays until the last. False: there is more to do. */
static bool store_string(struct vcpu *v, const struct mmio_insn *i, u64 gpa)
{
	const u64 step = virt->get_reg(v, VREG_RFLAGS) & RFLAGS_DF ? -(u64)i->size : i->size;
	const u64 mask = size_mask(i->address_size);

	/* None to do makes no access: another processor has changed the instruction meanwhile. */
	if (i->repeat && !(v->regs.rcx & mask))
		return true;
	write_memory(v, gpa, i->size, v->regs.rax);
	v->regs.rdi = advanced(v->regs.rdi, step, i->address_size);
	if (!i->repeat)
		return true;
	v->regs.rcx = advanced(v->regs.rcx, -1ull, i->address_size);
	return !(v->regs.rcx & mask);
}

static void compute(struct vcpu *v, const struct mmio_insn *i, u64 gpa)
{
	const u64 memory = read_memory(v, gpa, i->size) & size_mask(i->size);
	const u64 other = i->immediate ? i->value : get_register(v, i);
	u64 rflags = virt->get_reg(v, VREG_RFLAGS), result;

	result = i->memory_first ? mmio_compute(i->op, memory, other, i->size, &rflags)
				 : mmio_compute(i->op, other, memory, i->size, &rflags);
	if (mmio_has_result(i->op)) {
		if (i->memory_first)
			write_memory(v, gpa, i->size, result);
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
		set_register(v, i, extend(read_memory(v, gpa, i->size), i->size, i->sign));
		return true;
	case MMIO_WRITE:
		write_memory(v, gpa, i->size, i->immediate ? i->value : get_register(v, i));
		return true;
	case MMIO_STORE:
		return store_string(v, i, gpa);
	case MMIO_EXCHANGE:
		old = read_memory(v, gpa, i->size);
		write_memory(v, gpa, i->size, get_register(v, i));
		set_register(v, i, old);
		return true;
	default:
		compute(v, i, gpa);
		return true;
	}
}

enum vm_next apic_page_exit(struct vcpu *v, const struct npt_fault *fault)
{
	struct mmio_insn insn;
	enum mmio_code code;
	u8 bytes[INSN_MAX];
	const size_t count = fetch(v, &code, bytes);
	const u64 gpa = fault->gpa.v;

	if (fault->walk || fault->access & NPT_X || !mmio_decode(bytes, count, code, &insn) ||
	    (gpa & ~PAGE_MASK) + insn.size > PAGE_SIZE)
		refuse(v, gpa, bytes, count);
	if (execute(v, &insn, gpa))
		virt->skip(v, insn.length);
	return VM_RETRY;
}
