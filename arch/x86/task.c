/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Hardware task switches (SDM vol. 3A, chapter 8), for processors that leave them to the hypervisor. */
#include "task.h"

#include "cpu.h"
#include "guest_memory.h"
#include "segment.h"
#include "string.h"
#include "virt.h"

/* Types of system descriptors (SDM table 3-2). */
#define TYPE_LDT 2u
#define TYPE_TSS 1u       /* available; of 16 bits */
#define TYPE_BUSY 2u      /* set besides */
#define TYPE_WIDE 8u      /* likewise: of 32 bits */
#define SELECTOR_LDT 4u
#define SELECTOR_RPL 3u
#define ACCESS_AT 5       /* byte of a descriptor with its type */
#define ACCESSED 1u
#define MOST_TRIES 16u

#define DR7_LOCAL 0x155ull /* breakpoints of one task */
#define DR6_TASK (1ull << 15)
#define RFLAGS_LEGAL 0x3f7fd5ull
#define FLAT_CODE 0xc09bu
#define FLAT_DATA 0xc093u
#define V86_SEGMENT 0xf3u

/* Task segments in memory (SDM figures 8-2 and 8-10); segments in the order of enum vseg. */
struct tss32 {
	u32 link, stacks[6], cr3, eip, eflags, gpr[8], segment[6], ldt;
	u16 trap, ports;
};
struct tss16 { u16 link, stacks[6], ip, flags, gpr[8], segment[4], ldt; };
_Static_assert(sizeof(struct tss32) == 104 && sizeof(struct tss16) == 44, "as the processor has them");

/* What is saved of a task: from the instruction pointer to the last segment. */
#define SAVED32 (offsetof(struct tss32, ldt) - offsetof(struct tss32, eip))
#define SAVED16 (offsetof(struct tss16, ldt) - offsetof(struct tss16, ip))

/* A task: its segment, and where its parts were found. */
struct task {
	struct segment tss;
	struct guest_data access; /* the byte of its descriptor that says whether it is busy */
	struct guest_data state;  /* what is read, or saved */
	struct guest_data link;
};

/* What a new task begins with. */
struct task_state {
	u32 cr3, eip, eflags, gpr[8];
	u16 segment[6], ldt;
	bool trap;
};

static bool is_wide(const struct task *k)
{
	return k->tss.attributes & TYPE_WIDE;
}

static enum vm_next fault(struct vcpu *v, const struct task_switch *t, u8 vector, u16 selector)
{
	return vcpu_fault(v, vector, (selector & ~SELECTOR_RPL) | t->external);
}

/* ---- descriptors ---- */

struct tables {
	struct guest_walk walk;
	struct segment gdt, ldt;
};

static struct segment parse(u16 selector, u64 d)
{
	struct segment s = {
		.base = (d >> 16 & 0xffffff) | (d >> 56 & 0xff) << 24,
		.limit = (u32)((d & 0xffff) | (d >> 32 & 0xf0000)),
		.selector = selector,
		.attributes = (u16)(d >> 40 & 0xf0ff),
	};

	if (s.attributes & SEGMENT_G)
		s.limit = s.limit << PAGE_SHIFT | 0xfff;
	return s;
}

/* Somebody may change the page tables in the very moment, but hardly so often. */
static enum vm_next find_by(struct vcpu *v, const struct guest_walk *walk, u64 linear, u32 size,
			    const struct guest_rights *rights, struct guest_data *out)
{
	enum vm_next next = VM_RETRY;

	for (unsigned tries = 0; next == VM_RETRY && tries < MOST_TRIES; tries++)
		next = guest_find(v, walk, (u32)linear, size, rights, out);
	return next;
}

static enum vm_next find(struct vcpu *v, const struct tables *tables, u64 linear, u32 size,
			 bool write, struct guest_data *out)
{
	const struct guest_rights rights = guest_system_rights(v, write);

	return find_by(v, &tables->walk, linear, size, &rights, out);
}

/* The descriptor of a selector that is not null; vector: what is raised where there is none. */
static enum vm_next read_descriptor(struct vcpu *v, const struct task_switch *t,
				    const struct tables *tables, u16 selector, u8 vector,
				    struct segment *out)
{
	const struct segment *table = selector & SELECTOR_LDT ? &tables->ldt : &tables->gdt;
	const u32 offset = selector & ~7u;
	struct guest_data at;
	enum vm_next next;
	u64 raw;

	if ((table == &tables->ldt && !(table->attributes & SEGMENT_P)) ||
	    offset + 7 > table->limit)
		return fault(v, t, vector, selector);
	next = find(v, tables, table->base + offset, sizeof(raw), false, &at);
	if (next != VM_SKIP)
		return next;
	guest_read(v, &at, &raw);
	*out = parse(selector, raw);
	return VM_SKIP;
}

static enum vm_next find_access(struct vcpu *v, const struct tables *tables, u16 selector,
				struct guest_data *out)
{
	const struct segment *table = selector & SELECTOR_LDT ? &tables->ldt : &tables->gdt;

	return find(v, tables, table->base + (selector & ~7u) + ACCESS_AT, 1, true, out);
}

static void change_access(struct vcpu *v, const struct guest_data *at, u8 clear, u8 set)
{
	u8 access;

	guest_read(v, at, &access);
	access = (u8)((access & ~clear) | set);
	guest_write(v, at, &access);
}

/* ---- both tasks are looked for, before anything is changed ---- */

/* The processor has looked before it left this to us; but it is memory, that others may change. */
static enum vm_next check_new(struct vcpu *v, const struct task_switch *t, const struct task *k)
{
	const u8 vector = t->source == TASK_IRET ? VECTOR_TS : VECTOR_GP;
	const u32 type = k->tss.attributes & (SEGMENT_TYPE | SEGMENT_S),
		  busy = t->source == TASK_IRET ? TYPE_BUSY : 0;

	if ((type & ~TYPE_WIDE) != (TYPE_TSS | busy))
		return fault(v, t, vector, t->selector);
	if (!(k->tss.attributes & SEGMENT_P))
		return fault(v, t, VECTOR_NP, t->selector);
	if (k->tss.limit < (is_wide(k) ? sizeof(struct tss32) : sizeof(struct tss16)) - 1)
		return fault(v, t, VECTOR_TS, t->selector);
	return VM_SKIP;
}

static enum vm_next find_new(struct vcpu *v, const struct task_switch *t,
			     const struct tables *tables, struct task *k)
{
	const u8 vector = t->source == TASK_IRET ? VECTOR_TS : VECTOR_GP;
	enum vm_next next;

	if (t->selector & SELECTOR_LDT)
		return fault(v, t, vector, t->selector);
	next = read_descriptor(v, t, tables, t->selector, vector, &k->tss);
	if (next == VM_SKIP)
		next = check_new(v, t, k);
	if (next == VM_SKIP)
		next = find_access(v, tables, t->selector, &k->access);
	if (next == VM_SKIP)
		next = find(v, tables, k->tss.base,
			    is_wide(k) ? sizeof(struct tss32) : sizeof(struct tss16), false,
			    &k->state);
	if (next == VM_SKIP)
		next = find(v, tables, k->tss.base, sizeof(u16), true, &k->link);
	return next;
}

static enum vm_next find_old(struct vcpu *v, const struct task_switch *t,
			     const struct tables *tables, struct task *k)
{
	enum vm_next next;
	u32 from, size;

	virt->get_segment(v, VSEG_TR, &k->tss);
	from = is_wide(k) ? offsetof(struct tss32, eip) : offsetof(struct tss16, ip);
	size = is_wide(k) ? SAVED32 : SAVED16;
	if (k->tss.limit < from + size - 1)
		return fault(v, t, VECTOR_TS, k->tss.selector);
	next = find_access(v, tables, k->tss.selector, &k->access);
	if (next == VM_SKIP)
		next = find(v, tables, k->tss.base + from, size, true, &k->state);
	return next;
}

/* ---- the old task is left ---- */

static u32 saved_flags(struct vcpu *v, const struct task_switch *t)
{
	u64 flags = virt->get_reg(v, VREG_RFLAGS);

	if (t->source == TASK_IRET)
		flags &= ~RFLAGS_NT;
	if (t->resumes)
		flags |= RFLAGS_RF;
	else if (!t->external)
		flags &= ~RFLAGS_RF;
	return (u32)flags;
}

static u16 selector_of(struct vcpu *v, enum vseg seg)
{
	struct segment s;

	virt->get_segment(v, seg, &s);
	return s.selector;
}

/* The upper halves of selectors in memory stay what they are. */
static void save32(struct vcpu *v, const struct task_switch *t, const struct task *k)
{
	u32 words[SAVED32 / sizeof(u32)], *at = words;

	guest_read(v, &k->state, words);
	*at++ = t->eip;
	*at++ = saved_flags(v, t);
	for (enum vreg r = VREG_RAX; r <= VREG_RDI; r++)
		*at++ = (u32)virt->get_reg(v, r);
	for (enum vseg seg = VSEG_ES; seg <= VSEG_GS; seg++, at++)
		*at = (*at & 0xffff0000) | selector_of(v, seg);
	guest_write(v, &k->state, words);
}

static void save16(struct vcpu *v, const struct task_switch *t, const struct task *k)
{
	u16 words[SAVED16 / sizeof(u16)], *at = words;

	*at++ = (u16)t->eip;
	*at++ = (u16)saved_flags(v, t);
	for (enum vreg r = VREG_RAX; r <= VREG_RDI; r++)
		*at++ = (u16)virt->get_reg(v, r);
	for (enum vseg seg = VSEG_ES; seg <= VSEG_DS; seg++)
		*at++ = selector_of(v, seg);
	guest_write(v, &k->state, words);
}

static bool nests(const struct task_switch *t)
{
	return t->source == TASK_CALL || t->source == TASK_IDT;
}

static void leave(struct vcpu *v, const struct task_switch *t, const struct task *old,
		  const struct task *new)
{
	if (!nests(t))
		change_access(v, &old->access, TYPE_BUSY, 0);
	if (is_wide(old))
		save32(v, t, old);
	else
		save16(v, t, old);
	if (t->source != TASK_IRET)
		change_access(v, &new->access, 0, TYPE_BUSY);
	if (nests(t))
		guest_write(v, &new->link, &old->tss.selector);
}

/* ---- the new one is entered ---- */

static void read32(struct vcpu *v, const struct task *k, struct task_state *s)
{
	struct tss32 tss;

	guest_read(v, &k->state, &tss);
	*s = (struct task_state){ .cr3 = tss.cr3, .eip = tss.eip, .eflags = tss.eflags,
				  .ldt = (u16)tss.ldt, .trap = tss.trap & 1 };
	memcpy(s->gpr, tss.gpr, sizeof(s->gpr));
	for (unsigned i = 0; i < ARRAY_SIZE(s->segment); i++)
		s->segment[i] = (u16)tss.segment[i];
}

/* What a task of 16 bits says nothing about: ones in the upper halves, no FS and GS, the same CR3. */
static void read16(struct vcpu *v, const struct task *k, struct task_state *s)
{
	struct tss16 tss;

	guest_read(v, &k->state, &tss);
	*s = (struct task_state){ .cr3 = (u32)virt->get_reg(v, VREG_CR3), .eip = tss.ip,
				  .eflags = tss.flags, .ldt = tss.ldt };
	for (unsigned i = 0; i < ARRAY_SIZE(s->gpr); i++)
		s->gpr[i] = 0xffff0000 | tss.gpr[i];
	memcpy(s->segment, tss.segment, sizeof(tss.segment));
}

/*
 * Selectors come before what they stand for: until that is loaded, code and stack are all of memory,
 * on the level that CS asks for, so that a fault can be told; the others are none.
 */
static void place_selectors(const struct task_state *s, u32 level, struct vcpu_context *c)
{
	for (enum vseg seg = VSEG_ES; seg <= VSEG_GS; seg++)
		c->segment[seg] = (struct segment){ .selector = s->segment[seg] };
	c->segment[VSEG_CS].attributes = (u16)(FLAT_CODE | level << 5);
	c->segment[VSEG_SS].attributes = (u16)(FLAT_DATA | level << 5);
	c->segment[VSEG_CS].limit = c->segment[VSEG_SS].limit = UINT32_MAX;
	c->segment[VSEG_LDTR] = (struct segment){ .selector = s->ldt };
}

static void place_v86(const struct task_state *s, struct vcpu_context *c)
{
	for (enum vseg seg = VSEG_ES; seg <= VSEG_GS; seg++)
		c->segment[seg] = (struct segment){ .base = (u64)s->segment[seg] << 4,
						    .limit = 0xffff,
						    .selector = s->segment[seg],
						    .attributes = V86_SEGMENT };
}

static enum vm_next load_ldt(struct vcpu *v, const struct task_switch *t, struct tables *tables,
			     u16 selector, struct segment *out)
{
	struct segment ldt;
	enum vm_next next;

	if (!(selector & ~SELECTOR_RPL))
		return VM_SKIP;
	if (selector & SELECTOR_LDT)
		return fault(v, t, VECTOR_TS, selector);
	next = read_descriptor(v, t, tables, selector, VECTOR_TS, &ldt);
	if (next != VM_SKIP)
		return next;
	if ((ldt.attributes & (SEGMENT_TYPE | SEGMENT_S)) != TYPE_LDT ||
	    !(ldt.attributes & SEGMENT_P))
		return fault(v, t, VECTOR_TS, selector);
	*out = tables->ldt = ldt;
	return VM_SKIP;
}

static bool code_is_good(const struct segment *s)
{
	const u32 level = SEGMENT_DPL(s->attributes), asked = s->selector & SELECTOR_RPL;

	if (!(s->attributes & SEGMENT_S) || !(s->attributes & SEGMENT_CODE))
		return false;
	return s->attributes & SEGMENT_CONFORMING ? level <= asked : level == asked;
}

static bool stack_is_good(const struct segment *s, u32 level)
{
	return s->attributes & SEGMENT_S && !(s->attributes & SEGMENT_CODE) &&
	       s->attributes & SEGMENT_WRITABLE && SEGMENT_DPL(s->attributes) == level &&
	       (s->selector & SELECTOR_RPL) == level;
}

static bool data_is_good(const struct segment *s, u32 level)
{
	const bool code = s->attributes & SEGMENT_CODE;

	if (!(s->attributes & SEGMENT_S) || (code && !(s->attributes & SEGMENT_READABLE)))
		return false;
	if (code && s->attributes & SEGMENT_CONFORMING)
		return true;
	return SEGMENT_DPL(s->attributes) >= level &&
	       SEGMENT_DPL(s->attributes) >= (s->selector & SELECTOR_RPL);
}

static bool is_good(enum vseg seg, const struct segment *s, u32 level)
{
	switch (seg) {
	case VSEG_CS: return code_is_good(s);
	case VSEG_SS: return stack_is_good(s, level);
	default: return data_is_good(s, level);
	}
}

/* SDM table 8-1: which exceptions these checks end in. */
static enum vm_next load_segment(struct vcpu *v, const struct task_switch *t,
				 const struct tables *tables, enum vseg seg, u32 level,
				 struct segment *out)
{
	const u16 selector = out->selector;
	struct guest_data access;
	enum vm_next next;
	struct segment s;

	if (!(selector & ~SELECTOR_RPL))
		return seg == VSEG_CS || seg == VSEG_SS ? fault(v, t, VECTOR_TS, selector) : VM_SKIP;
	next = read_descriptor(v, t, tables, selector, VECTOR_TS, &s);
	if (next != VM_SKIP)
		return next;
	if (!is_good(seg, &s, level))
		return fault(v, t, VECTOR_TS, selector);
	if (!(s.attributes & SEGMENT_P))
		return fault(v, t, seg == VSEG_SS ? VECTOR_SS : VECTOR_NP, selector);
	if (!(s.attributes & ACCESSED)) {
		next = find_access(v, tables, selector, &access);
		if (next != VM_SKIP)
			return next;
		change_access(v, &access, 0, ACCESSED);
		s.attributes |= ACCESSED;
	}
	*out = s;
	return VM_SKIP;
}

static enum vm_next load_segments(struct vcpu *v, const struct task_switch *t,
				  struct tables *tables, const struct task_state *s,
				  struct vcpu_context *c)
{
	static const enum vseg order[] = { VSEG_CS, VSEG_SS, VSEG_ES, VSEG_DS, VSEG_FS, VSEG_GS };
	const bool v86 = s->eflags & RFLAGS_VM;
	const u32 level = v86 ? 3 : s->segment[VSEG_CS] & SELECTOR_RPL;
	enum vm_next next;

	place_selectors(s, level, c);
	if (v86)
		place_v86(s, c);
	next = load_ldt(v, t, tables, s->ldt, &c->segment[VSEG_LDTR]);
	for (unsigned i = 0; next == VM_SKIP && !v86 && i < ARRAY_SIZE(order); i++)
		next = load_segment(v, t, tables, order[i], level, &c->segment[order[i]]);
	return next;
}

/* What a switch leaves alone of what is loaded as a whole. */
static struct vcpu_context context_of(struct vcpu *v)
{
	struct vcpu_context c = {
		.efer = virt->get_reg(v, VREG_EFER),
		.cr0 = virt->get_reg(v, VREG_CR0) | CR0_TS,
		.cr3 = virt->get_reg(v, VREG_CR3),
		.cr4 = virt->get_reg(v, VREG_CR4),
		.pat = virt->get_reg(v, VREG_PAT),
	};

	virt->get_segment(v, VSEG_GDTR, &c.segment[VSEG_GDTR]);
	virt->get_segment(v, VSEG_IDTR, &c.segment[VSEG_IDTR]);
	return c;
}

static u64 new_flags(const struct task_switch *t, const struct task_state *s)
{
	return (s->eflags & RFLAGS_LEGAL) | RFLAGS_ONE | (nests(t) ? RFLAGS_NT : 0);
}

static enum vm_next push_error(struct vcpu *v, const struct task *k, u32 error)
{
	const u32 size = is_wide(k) ? sizeof(u32) : sizeof(u16);
	const struct guest_rights rights = guest_own_rights(v, true);
	const struct guest_walk walk = guest_walk_of(v);
	const u64 rsp = virt->get_reg(v, VREG_RSP);
	struct guest_data at;
	enum vm_next next;
	struct segment ss;
	u64 mask, linear;

	virt->get_segment(v, VSEG_SS, &ss);
	mask = ss.attributes & SEGMENT_DB ? UINT32_MAX : UINT16_MAX;
	next = guest_linear(v, VSEG_SS, (rsp - size) & mask, size, true, &linear);
	if (next == VM_SKIP)
		next = find_by(v, &walk, linear, size, &rights, &at);
	if (next != VM_SKIP)
		return next;
	guest_write(v, &at, &error);
	virt->set_reg(v, VREG_RSP, (rsp & ~mask) | ((rsp - size) & mask));
	return VM_SKIP;
}

/*
 * The descriptors are read by the new task's page tables, and faults from here on are its own. Page
 * tables that the processor would refuse leave the VP in the old task, whose memory says otherwise.
 */
static enum vm_next enter(struct vcpu *v, struct task_switch *t, struct tables *tables,
			  const struct task *k)
{
	struct vcpu_context c = context_of(v);
	struct task_state s;
	enum vm_next next;

	if (is_wide(k))
		read32(v, k, &s);
	else
		read16(v, k, &s);
	if (c.cr0 & CR0_PG)
		tables->walk.cr3 = c.cr3 = s.cr3;
	next = load_segments(v, t, tables, &s, &c);
	c.segment[VSEG_TR] = k->tss;
	c.segment[VSEG_TR].selector = t->selector;
	c.segment[VSEG_TR].attributes |= TYPE_BUSY;
	c.rip = s.eip;
	c.rsp = s.gpr[VREG_RSP];
	c.rflags = new_flags(t, &s);
	if (!virt->vcpu_load(v, &c))
		return VM_GP;
	for (enum vreg r = VREG_RAX; r <= VREG_RDI; r++)
		if (r != VREG_RSP)
			vcpu_regs_to_write(v)[r] = s.gpr[r];
	virt->set_reg(v, VREG_DR7, virt->get_reg(v, VREG_DR7) & ~DR7_LOCAL);
	if (next == VM_SKIP && t->has_error)
		next = push_error(v, k, t->error);
	if (next == VM_RETRY) /* too late for that */
		next = fault(v, t, VECTOR_TS, t->selector);
	t->trap = next == VM_SKIP && s.trap;
	if (t->trap)
		virt->set_reg(v, VREG_DR6, virt->get_reg(v, VREG_DR6) | DR6_TASK);
	return next;
}

enum vm_next task_switch(struct vcpu *v, struct task_switch *t)
{
	struct tables tables = { .walk = guest_walk_of(v) };
	struct task old = { 0 }, new = { 0 };
	enum vm_next next;

	t->trap = false;
	virt->get_segment(v, VSEG_GDTR, &tables.gdt);
	next = find_new(v, t, &tables, &new);
	if (next == VM_SKIP)
		next = find_old(v, t, &tables, &old);
	if (next != VM_SKIP)
		return next;
	leave(v, t, &old, &new);
	return enter(v, t, &tables, &new);
}
