/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* MSRs in the guest header: numbers, parts, and writes that respect what is reserved. */
#include "out_guest.h"

#include "spell.h"

static const char *access_text(const struct msr *m)
{
	if (m->unknown)
		return m->about.doc;
	return namef("%s (%s, %s%s)", m->about.doc, m->vp ? "per processor" : "per partition",
		     m->readable ? "read" : "",
		     m->readable && m->writable ? " and write" : m->writable ? "write" : " only");
}

static void msr(struct text *t, const struct msr *m)
{
	emit_comment(t, access_text(m));
	for (unsigned i = 0; i < m->count; i++)
		guest_define(t, msr_instance(m, i), guest_number(m->number + i * m->stride, 4));
	if (m->strided) {
		guest_define(t, namef("%s_COUNT", m->named), namef("%u", m->count));
		guest_define(t, namef("%s_STRIDE", m->named), namef("%u", m->stride));
	}
	guest_since(t, m->named + 3, &m->about);
	guest_bits(t, m->named, namef("hv_msr_%s", m->name), m->bits, 8);
}

void guest_msrs(struct text *t, const struct spec *s)
{
	guest_section(t, "MSRs");
	for (const struct msr *m = s->msrs; m; m = m->next)
		if (for_x64(&m->about))
			msr(t, m);
}

static void update(struct text *t, const struct msr *m)
{
	emit_line(t, "HV_FN void hv_msr_update_%s(%shv_u64 clear, hv_u64 set)", m->name,
		  m->strided ? "hv_u32 index, " : "");
	emit_open(t, "{");
	emit_line(t, "hv_msr_update(%s%s,", m->strided ? msr_instance(m, 0) : m->named,
		  m->strided ? namef(" + %u * index", m->stride) : "");
	emit_line(t, "\t%s,", guest_number(msr_mask(m, BITS_NAMED), 8));
	emit_line(t, "\t%s, clear, set);", guest_number(msr_mask(m, BITS_PRESERVE), 8));
	emit_close(t, "}");
	emit_blank(t);
}

/* Where something is preserved, a plain write is a mistake. */
void guest_updates(struct text *t, const struct spec *s)
{
	for (const struct msr *m = s->msrs; m; m = m->next)
		if (for_x64(&m->about) && m->readable && m->writable && m->bits)
			update(t, m);
}
