/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* INS and OUTS at intercepted ports: one repetition for each exit, through the guest's own memory. */
#include "cpu.h"
#include "debug.h"
#include "guest_memory.h"
#include "io.h"
#include "log.h"
#include "vcpu.h"
#include "virt.h"

/* An access of CPL 3 that is not aligned, where those are faults (SDM 6.15, #AC). */
static bool is_misaligned(struct vcpu *v, u64 linear, u32 size)
{
	return linear & (size - 1) && virt->get_reg(v, VREG_CR0) & CR0_AM &&
	       virt->get_reg(v, VREG_RFLAGS) & RFLAGS_AC && guest_cpl(v) == 3;
}

_Static_assert(VSEG_ES == INSN_ES && VSEG_DS == INSN_DS && VSEG_FS == INSN_FS, "one order");

/* Where the next element lies in memory. VM_SKIP: found; else what becomes of the instruction. */
static enum vm_next find_element(struct vcpu *v, const struct insn_string *s, u32 size,
				 u64 *linear, struct guest_data *out)
{
	const u64 index = s->in ? v->regs.rdi : v->regs.rsi;
	const struct guest_rights rights = guest_own_rights(v, s->in);
	const struct guest_walk walk = guest_walk_of(v);
	enum vm_next next = guest_linear(v, (enum vseg)s->segment, index & insn_mask(s->address_size), size,
					 s->in, linear);

	if (next != VM_SKIP)
		return next;
	if (is_misaligned(v, *linear, size))
		return vcpu_fault(v, VECTOR_AC, 0);
	return guest_find(v, &walk, *linear, size, &rights, out);
}

static void move_element(struct vcpu *v, const struct io_access *io, const struct guest_data *data)
{
	u32 value = 0;

	if (io->in) {
		value = io_read(v, io);
		guest_write(v, data, &value);
	} else {
		guest_read(v, data, &value);
		io_write(v, io, value);
	}
}

/* The registers as behind one element. False: it was not the last. */
static bool advance(struct vcpu *v, const struct insn_string *s, u32 size)
{
	const u64 step = virt->get_reg(v, VREG_RFLAGS) & RFLAGS_DF ? -(u64)size : size;
	u64 *index = s->in ? &v->regs.rdi : &v->regs.rsi;

	*index = insn_advance(*index, step, s->address_size);
	if (!s->repeat)
		return true;
	v->regs.rcx = insn_advance(v->regs.rcx, -1ull, s->address_size);
	return !(v->regs.rcx & insn_mask(s->address_size));
}

/*
 * Memory comes first: nothing has happened yet when it faults. Bytes that are no such instruction are
 * another processor's doing, and are executed instead.
 */
enum vm_next string_io_exit(struct vcpu *v, const struct io_access *io)
{
	struct insn_string s;
	struct guest_data data;
	enum insn_code code;
	enum vm_next next;
	u8 bytes[INSN_MAX];
	const size_t count = guest_fetch(v, &code, bytes);
	u64 linear;
	bool last;

	if (!count) {
		log_refusal(v, "refused string access to port 0x%x by code that cannot be read",
			    io->port);
		return VM_GP;
	}
	if (!insn_string(bytes, count, code, &s) || s.in != io->in)
		return VM_RETRY;
	if (s.repeat && !(v->regs.rcx & insn_mask(s.address_size)))
		return VM_SKIP;
	next = find_element(v, &s, io->size, &linear, &data);
	if (next != VM_SKIP)
		return next;
	move_element(v, io, &data);
	last = advance(v, &s, io->size);
	virt->trap(v, debug_data_hits(v, linear, io->size, s.in));
	return last ? VM_SKIP : VM_REPEAT;
}
