/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What synthetic MSRs do: identity, hypercall page, user mode, reset, crash (TLFS chapters 3, 13). */
#include "gpa.h"
#include "hv_abi.h"
#include "hypercall.h"
#include "log.h"
#include "overlay.h"
#include "partition.h"
#include "spec_msrs.h"
#include "string.h"
#include "text.h"
#include "vcpu.h"
#include "virt.h"

#define OPCODE_RET 0xc3
#define OPCODE_INT3 0xcc
#define IDENTITIES 8     /* changes of the guest OS id that are logged */
#define CRASH_MESSAGES 4 /* as many does the log take from one partition's life */

/*
 * A landing pad for guests with indirect branch tracking, the vendor's call, return; the rest
 * traps.
 */
static void fill_hypercall_page(u8 *page)
{
	static const u8 endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	size_t at = 0;

	memset(page, OPCODE_INT3, PAGE_SIZE);
	memcpy(page, endbr64, sizeof(endbr64));
	at += sizeof(endbr64);
	memcpy(page + at, virt->call_opcode, sizeof(virt->call_opcode));
	at += sizeof(virt->call_opcode);
	page[at] = OPCODE_RET;
}

static void disable_hypercall_page(struct partition *p)
{
	overlay_clear(p, OVERLAY_HYPERCALL);
	hypercall_open(p, false);
}

bool msr_write_hypercall(struct vcpu *v, u32 index, u64 old, u64 value)
{
	struct partition *p = v->partition;
	u8 *page;

	(void)index, (void)old;
	if (!(value & HV_X64_MSR_HYPERCALL_ENABLE)) {
		disable_hypercall_page(p);
		return true;
	}
	page = overlay_page(p, OVERLAY_HYPERCALL);
	if (!page)
		return false;
	if (!p->overlays.slot[OVERLAY_HYPERCALL].on) /* else other VPs may be executing it */
		fill_hypercall_page(page);
	hypercall_open(p, true);
	return overlay_set(p, OVERLAY_HYPERCALL, value >> HV_X64_MSR_HYPERCALL_GPFN_SHIFT);
}

/* TLFS 3.13: without an identity there is no hypercall page. */
bool msr_write_guest_os_id(struct vcpu *v, u32 index, u64 old, u64 value)
{
	struct partition *p = v->partition;

	(void)index;
	if (value) {
		if (value != old && v->partition->identities++ < IDENTITIES)
			log_info("vp %u: guest OS id 0x%lx", v->index, value);
		return true;
	}
	p->msr[SPEC_MSR_SLOT_HYPERCALL] &= ~(u64)HV_X64_MSR_HYPERCALL_ENABLE;
	disable_hypercall_page(p);
	return true;
}

_Static_assert((u32)VIRT_STORE_GDTR == HV_X64_MSR_NPIEP_CONFIG_PREVENT_SGDT &&
		       (u32)VIRT_STORE_IDTR == HV_X64_MSR_NPIEP_CONFIG_PREVENT_SIDT &&
		       (u32)VIRT_STORE_LDTR == HV_X64_MSR_NPIEP_CONFIG_PREVENT_SLDT &&
		       (u32)VIRT_STORE_TR == HV_X64_MSR_NPIEP_CONFIG_PREVENT_STR,
	       "the MSR's bits are those of enum virt_store");

bool msr_write_npiep_config(struct vcpu *v, u32 index, u64 old, u64 value)
{
	(void)index, (void)old;
	virt->refuse_stores(v, (u32)value);
	return true;
}

bool msr_write_reset(struct vcpu *v, u32 index, u64 old, u64 value)
{
	(void)index, (void)old;
	if (value & HV_X64_MSR_RESET_RESET)
		partition_end_root(v->partition, END_RESET, 0);
	return true;
}

bool msr_read_crash_ctl(struct vcpu *v, u32 index, u64 *value)
{
	(void)v, (void)index;
	*value = HV_X64_MSR_CRASH_CTL_CRASH_NOTIFY | HV_X64_MSR_CRASH_CTL_CRASH_MESSAGE;
	return true;
}

static void log_crash_text(struct vcpu *v, const char *text, u64 length)
{
	for (u64 at = 0; at < length && text[at];) {
		char line[160];
		struct text t;
		u64 end = at;

		while (end < length && text[end] && text[end] != '\n' &&
		       end - at < sizeof(line) - 1)
			end++;
		text_init(&t, line, sizeof(line));
		text_sanitised(&t, text + at, end - at);
		log_info("vp %u: guest: %s", v->index, line);
		at = end < length && text[end] == '\n' ? end + 1 : end;
	}
}

/*
 * P3 and P4: where the text lies and its length, at most a page; it may cross into a second page.
 */
static void log_crash_message(struct vcpu *v, const u64 *p)
{
	struct partition *partition = v->partition;
	u64 gpa = p[3], length = p[4] < PAGE_SIZE ? p[4] : PAGE_SIZE;

	while (length) {
		u64 piece = PAGE_SIZE - (gpa & ~PAGE_MASK);
		const char *text = gpa_ptr(partition, &v->hits, GPA(gpa), NPT_R);

		if (piece > length)
			piece = length;
		if (!text) {
			log_info("vp %u: guest: (text at GPA 0x%lx is not readable)", v->index,
				 gpa);
			return;
		}
		log_crash_text(v, text, piece);
		gpa += piece;
		length -= piece;
	}
}

bool msr_write_crash_ctl(struct vcpu *v, u32 index, u64 old, u64 value)
{
	struct partition *partition = v->partition;
	const u64 *p = &partition->msr[SPEC_MSR_SLOT_CRASH_P];

	(void)index, (void)old;
	if (!(value & HV_X64_MSR_CRASH_CTL_CRASH_NOTIFY) || partition->crashes++ >= CRASH_MESSAGES)
		return true;
	log_info("vp %u: guest crash: P0 0x%lx P1 0x%lx P2 0x%lx P3 0x%lx P4 0x%lx", v->index, p[0],
		 p[1], p[2], p[3], p[4]);
	if (value & HV_X64_MSR_CRASH_CTL_CRASH_MESSAGE)
		log_crash_message(v, p);
	return true;
}
