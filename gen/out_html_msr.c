/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The pages of MSRs and CPUID leaves. */
#include "html_layout.h"
#include "out_html.h"
#include "spell.h"
#include "words.h"

static const char *numbers(const struct msr *m)
{
	if (!m->strided)
		return namef("<code>0x%08x</code> MSR", m->number);
	return namef("<code>0x%08x</code> to <code>0x%08x</code> MSRs%s", m->number,
		     m->number + (m->count - 1) * m->stride,
		     m->stride > 1 ? namef(", every %u", m->stride) : "");
}

static void msr_facts(struct text *t, const struct msr *m)
{
	emit(t, "<dl>\n");
	html_fact_text(t, "One for each", words_scope(m));
	html_fact_text(t, "Access", words_access(m));
	if (m->needs) {
		html_fact(t, "Needs");
		html_offers(t, m->needs);
		emit(t, ", else <code>#GP</code>");
		html_fact_end(t);
	}
	if (m->has_reset)
		html_fact_text(t, "At reset", namef("`0x%llx`", (unsigned long long)m->reset));
	html_facts_about(t, &m->about);
	if (for_x64(&m->about))
		html_fact_text(t, "In C",
			       namef("`%s`", m->strided ? namef("%s0", m->named) : m->named));
	emit(t, "</dl>\n");
}

static void msr(struct site *site, const struct msr *m)
{
	struct text *t = &site->page;
	const char *name = msr_title(m);

	html_open(t, site, "msrs.html", name);
	html_title(t, "msrs.html", "MSRs", &m->at, name, numbers(m));
	html_lead(t, &m->about);
	html_state(t, &m->about, "Every access is answered with <code>#GP</code>.");
	msr_facts(t, m);
	html_marks(t, &m->about);
	if (m->bits)
		html_bits(t, "Bits", m->bits, 64, NULL);
	html_checks(t, m->checks);
	html_close(t, site);
	site_save(site, href_msr(m));
}

void out_html_msrs(struct site *site)
{
	for (const struct msr *m = site->spec->msrs; m; m = m->next)
		msr(site, m);
}

static void leaf(struct site *site, const struct cpuid_leaf *l)
{
	struct text *t = &site->page;
	const char *title = namef("CPUID 0x%08x %s", l->number, l->name);

	html_open(t, site, "cpuid.html", title);
	html_title(t, "cpuid.html", "CPUID", &l->at, title, NULL);
	html_lead(t, &l->about);
	html_state(t, &l->about, "Reads zero.");
	emit(t, "<dl>\n");
	html_facts_about(t, &l->about);
	emit(t, "</dl>\n");
	html_marks(t, &l->about);
	for (unsigned i = 0; i < CPUID_REGISTERS; i++)
		if (l->registers[i].present)
			html_bits(t, upper(register_names[i]), l->registers[i].bits, 32,
				  register_names[i]);
	html_close(t, site);
	site_save(site, href_leaf(l));
}

void out_html_leaves(struct site *site)
{
	for (const struct cpuid_leaf *l = site->spec->leaves; l; l = l->next)
		leaf(site, l);
}
