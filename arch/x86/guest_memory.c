/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Memory of a VP as its own instructions reach it: by segments and by its page tables, with the faults
 * that the processor would raise.
 */
#include "guest_memory.h"

#include "apic_page.h"
#include "cpu.h"
#include "gpa.h"
#include "log.h"
#include "machine.h"
#include "partition.h"
#include "reg_rules.h"
#include "segment.h"
#include "string.h"
#include "virt.h"

/* More than this of an APIC is no register. */
#define MOST_OF_APIC 4u

static enum insn_code code_of(const struct virt_code *c)
{
	if (!(c->cr0 & CR0_PE))
		return INSN_CODE16;
	if (c->efer & EFER_LMA && c->cs_attributes & SEGMENT_L)
		return INSN_CODE64;
	return c->cs_attributes & SEGMENT_DB ? INSN_CODE32 : INSN_CODE16;
}

/* Nobody changes accessed bits in what the firmware keeps in ROM. */
static bool replace(void *context, u64 gpa, size_t length, u64 old, u64 new)
{
	struct vcpu *v = context;
	void *entry = gpa_ptr(v->partition, &v->hits, GPA(gpa), NPT_W);
	u32 old32 = (u32)old;

	if (!entry)
		return true;
	if (length == sizeof(u32))
		return __atomic_compare_exchange_n((u32 *)entry, &old32, (u32)new, false,
						   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	return __atomic_compare_exchange_n((u64 *)entry, &old, new, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

/* Enough to read what the processor has just read itself. */
static struct guest_walk reading_walk(struct vcpu *v, const struct virt_code *c)
{
	return (struct guest_walk){
		.cr0 = c->cr0,
		.cr3 = c->cr3,
		.cr4 = c->cr4,
		.efer = c->efer,
		.read = gpa_read_code,
		.context = v,
	};
}

struct guest_walk guest_walk_of(struct vcpu *v)
{
	struct virt_code c;
	struct guest_walk walk;

	virt->get_code(v, &c);
	walk = reading_walk(v, &c);
	walk.physical_bits = machine_physical_address_bits();
	walk.replace = replace;
	return walk;
}

size_t guest_fetch(struct vcpu *v, enum insn_code *code, u8 bytes[INSN_MAX])
{
	struct guest_walk walk;
	struct virt_code c;

	virt->get_code(v, &c);
	*code = code_of(&c);
	walk = reading_walk(v, &c);
	return guest_walk_read(&walk, *code == INSN_CODE64 ? c.rip : (u32)(c.rip + c.cs_base), bytes,
			       INSN_MAX);
}

unsigned guest_cpl(struct vcpu *v)
{
	struct segment ss;

	virt->get_segment(v, VSEG_SS, &ss);
	return SEGMENT_DPL(ss.attributes);
}

/* ---- segments ---- */

/* In protected mode segments have a type; those of real mode are what was loaded last. */
static bool type_allows(struct vcpu *v, const struct segment *s, bool write)
{
	if (!(virt->get_reg(v, VREG_CR0) & CR0_PE))
		return true;
	if (!(s->attributes & SEGMENT_P))
		return false;
	if (s->attributes & SEGMENT_CODE)
		return !write && s->attributes & SEGMENT_READABLE;
	return !write || s->attributes & SEGMENT_WRITABLE;
}

/* Segments that grow down have what is above their limit. */
static bool limit_allows(const struct segment *s, u64 offset, u32 size)
{
	const u64 last = offset + size - 1;

	if ((s->attributes & (SEGMENT_CODE | SEGMENT_DOWN)) == SEGMENT_DOWN)
		return offset > s->limit &&
		       last <= (s->attributes & SEGMENT_DB ? UINT32_MAX : UINT16_MAX);
	return last <= s->limit;
}

static enum vm_next linear64(struct vcpu *v, enum vseg seg, u64 offset, u32 size,
			     const struct segment *s, u64 *linear)
{
	const bool la57 = virt->get_reg(v, VREG_CR4) & CR4_LA57;

	*linear = offset + (seg == VSEG_FS || seg == VSEG_GS ? s->base : 0);
	if (reg_canonical(*linear, la57) && reg_canonical(*linear + size - 1, la57))
		return VM_SKIP;
	return vcpu_fault(v, seg == VSEG_SS ? VECTOR_SS : VECTOR_GP, 0);
}

enum vm_next guest_linear(struct vcpu *v, enum vseg seg, u64 offset, u32 size, bool write,
			  u64 *linear)
{
	struct virt_code code;
	struct segment s;

	virt->get_code(v, &code);
	virt->get_segment(v, seg, &s);
	if (code_of(&code) == INSN_CODE64)
		return linear64(v, seg, offset, size, &s, linear);
	*linear = (u32)(s.base + offset);
	if (type_allows(v, &s, write) && limit_allows(&s, offset, size))
		return VM_SKIP;
	return vcpu_fault(v, seg == VSEG_SS ? VECTOR_SS : VECTOR_GP, 0);
}

/* ---- pages ---- */

struct guest_rights guest_own_rights(struct vcpu *v, bool write)
{
	struct guest_rights r = guest_system_rights(v, write);

	r.user = guest_cpl(v) == 3;
	if (r.user || virt->get_reg(v, VREG_RFLAGS) & RFLAGS_AC)
		r.without_user = false;
	return r;
}

struct guest_rights guest_system_rights(struct vcpu *v, bool write)
{
	const u64 cr4 = virt->get_reg(v, VREG_CR4);

	return (struct guest_rights){
		.write = write,
		.without_user = cr4 & CR4_SMAP,
		.pkru = cr4 & CR4_PKE ? machine_pkru() : 0,
	};
}

/* Whether the hypervisor can do for the guest what it may do there itself. */
static bool is_reached(struct vcpu *v, u64 gpa, u32 size, bool write)
{
	struct partition *p = v->partition;

	if (gpa_ptr(p, &v->hits, GPA(gpa), write ? NPT_W : NPT_R))
		return true;
	if (gpa_is_emulated(&p->gpa, gpa))
		return size <= MOST_OF_APIC;
	return gpa_device_ptr(p, GPA(gpa));
}

static enum vm_next find_on_page(struct vcpu *v, const struct guest_walk *walk, u64 linear,
				 u32 size, const struct guest_rights *rights, u64 *gpa)
{
	u32 error;

	switch (guest_walk_access(walk, linear, rights, gpa, &error)) {
	case GUEST_WALK_AGAIN:
		return VM_RETRY;
	case GUEST_WALK_FAULT:
		virt->set_reg(v, VREG_CR2, walk->efer & EFER_LMA ? linear : (u32)linear);
		return vcpu_fault(v, VECTOR_PF, error);
	default:
		break;
	}
	if (is_reached(v, *gpa, size, rights->write))
		return VM_SKIP;
	log_refusal(v, "refused access to GPA 0x%lx (%s) by an instruction carried out for it",
		    *gpa, rights->write ? "write" : "read");
	return VM_GP;
}

enum vm_next guest_find(struct vcpu *v, const struct guest_walk *walk, u64 linear, u32 size,
			const struct guest_rights *rights, struct guest_data *out)
{
	const u32 left = (u32)(PAGE_SIZE - (linear & ~PAGE_MASK));
	enum vm_next next;

	out->size = size;
	out->first = size < left ? size : left;
	next = find_on_page(v, walk, linear, out->first, rights, &out->gpa[0]);
	if (next == VM_SKIP && size > left)
		next = find_on_page(v, walk, linear + left, size - left, rights, &out->gpa[1]);
	return next;
}

/* Devices are accessed as the guest would, where that is one access. */
static void copy_device(void *to, const void *from, u32 size)
{
	switch (size) {
	case 1: *(volatile u8 *)to = *(const volatile u8 *)from; break;
	case 2: *(volatile u16 *)to = *(const volatile u16 *)from; break;
	case 4: *(volatile u32 *)to = *(const volatile u32 *)from; break;
	default: memcpy(to, from, size);
	}
}

static void read_page(struct vcpu *v, u64 gpa, void *out, u32 size)
{
	const void *from = gpa_ptr(v->partition, &v->hits, GPA(gpa), NPT_R);
	u64 value;

	if (from) {
		memcpy(out, from, size);
	} else if (gpa_is_emulated(&v->partition->gpa, gpa)) {
		value = apic_page_read(v, gpa, size);
		memcpy(out, &value, size);
	} else {
		from = gpa_device_ptr(v->partition, GPA(gpa));
		if (from)
			copy_device(out, from, size);
		else /* another VP has put something else there meanwhile */
			memset(out, 0xff, size);
	}
}

static void write_page(struct vcpu *v, u64 gpa, const void *in, u32 size)
{
	void *to = gpa_ptr(v->partition, &v->hits, GPA(gpa), NPT_W);
	u64 value = 0;

	if (to) {
		memcpy(to, in, size);
	} else if (gpa_is_emulated(&v->partition->gpa, gpa)) {
		memcpy(&value, in, size);
		apic_page_write(v, gpa, size, value);
	} else {
		to = gpa_device_ptr(v->partition, GPA(gpa));
		if (to)
			copy_device(to, in, size);
	}
}

void guest_read(struct vcpu *v, const struct guest_data *data, void *out)
{
	read_page(v, data->gpa[0], out, data->first);
	if (data->size > data->first)
		read_page(v, data->gpa[1], (u8 *)out + data->first, data->size - data->first);
}

void guest_write(struct vcpu *v, const struct guest_data *data, const void *in)
{
	write_page(v, data->gpa[0], in, data->first);
	if (data->size > data->first)
		write_page(v, data->gpa[1], (const u8 *)in + data->first, data->size - data->first);
}
