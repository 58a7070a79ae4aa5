/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The page that says what is implemented, what is refused and why, and who else has it. */
#include <stdlib.h>

#include "html.h"
#include "out_html.h"
#include "words.h"

/* ---- one row of a table ---- */

static void elsewhere(struct text *t, const struct about *a)
{
	for (unsigned who = 0; who < SEEN_COUNT; who++) {
		const struct seen *s = a->seen;

		while (s && s->who != who)
			s = s->next;
		emit(t, "<td class=\"%s\">%s", s ? "yes" : "no", s ? "&#10003;" : "&ndash;");
		if (s && *s->how) {
			emit(t, " <small>");
			html_text(t, s->how);
			emit(t, "</small>");
		}
		emit(t, "</td>");
	}
}

/* `here` is what the state is called when nothing refuses it. */
static void row(struct text *t, const char *number, const char *href, const char *name,
		const struct about *a, const char *here)
{
	emit(t, "<tr><td class=\"n\">%s</td><td>", number);
	html_link(t, href, name, false);
	emit(t, "</td><td>");
	if (a->unimplemented) {
		emit(t, "<b class=\"mark refused\">not implemented</b> ");
		html_text(t, a->unimplemented);
	} else {
		emit(t, "<b class=\"mark here\">%s</b>", here);
	}
	for (const struct mark *m = a->marks; m; m = m->next) {
		if (m->kind != MARK_OURS)
			continue;
		emit(t, " <small><b class=\"mark ours\">ours</b> ");
		html_text(t, m->reason);
		emit(t, "</small>");
	}
	emit(t, "</td>");
	elsewhere(t, a);
	emit(t, "</tr>\n");
}

static void table(struct text *t, const char *id, const char *title, const char *text,
		  const char *first)
{
	emit(t, "<h2 id=\"%s\">%s</h2>\n<p>%s</p>\n", id, title, text);
	html_table(t, "conformance", namef("%s|name|here|%s|%s|%s", first,
					   html_hypervisor(SEEN_KVM), html_hypervisor(SEEN_XEN),
					   html_hypervisor(SEEN_OPENVMM)));
}

/* ---- calls ---- */

static int by_code(const void *a, const void *b)
{
	const struct call *x = *(const struct call *const *)a, *y = *(const struct call *const *)b;

	if (x->code != y->code)
		return x->code < y->code ? -1 : 1;
	return (int)y->about.arch - (int)x->about.arch;
}

static void calls(struct text *t, const struct spec *s)
{
	size_t count = 0;
	const struct call **list;

	for (const struct call *c = s->calls; c; c = c->next)
		count++;
	list = must(malloc((count + 1) * sizeof(*list)));
	count = 0;
	for (const struct call *c = s->calls; c; c = c->next)
		list[count++] = c;
	qsort(list, count, sizeof(*list), by_code);
	table(t, "calls", "Hypercalls", namef("What is not here is answered with <code>%s</code>.",
					      words_outcome(spec_rule(s, "code_known")->status)),
	      "code");
	for (size_t i = 0; i < count; i++)
		row(t, namef("0x%04x", list[i]->code), href_call(list[i]), list[i]->named,
		    &list[i]->about, "implemented");
	html_table_end(t);
	free(list);
}

/* ---- the rest ---- */

static void msrs(struct text *t, const struct spec *s)
{
	table(t, "msrs", "MSRs", "What is not here raises <code>#GP</code>.", "number");
	for (const struct msr *m = s->msrs; m; m = m->next)
		row(t, namef("0x%08x", m->number), href_msr(m), msr_title(m), &m->about,
		    "implemented");
	html_table_end(t);
}

/* What a partition is shown of a bit that reads as something else than zero. */
static const char *shown(const struct bits *b)
{
	return b->source == CPUID_OFFER	     ? "if offered"
	       : b->source == CPUID_CONSTANT ? namef("0x%llx", (unsigned long long)b->constant)
	       : b->source == CPUID_VALUE    ? "filled in"
					     : "zero";
}

/* A bit with what is said of its source, its leaf or itself; the first refusal counts. */
static void bit_row(struct text *t, const struct cpuid_leaf *l, unsigned reg, const struct bits *b)
{
	struct about a = b->about;

	if (b->source == CPUID_OFFER)
		a.unimplemented = b->offer->target->about.unimplemented;
	if (l->about.unimplemented)
		a.unimplemented = l->about.unimplemented;
	row(t, namef("%x.%s.%s", l->number, register_names[reg], words_bit_range(b->high, b->low)),
	    namef("%s#%s", href_leaf(l), leaf_anchor(reg, b)), b->name, &a, shown(b));
}

static void bits(struct text *t, const struct spec *s)
{
	table(t, "cpuid", "CPUID bits", "What is not here reads zero.", "bit");
	for (const struct cpuid_leaf *l = s->leaves; l; l = l->next)
		for (unsigned i = 0; i < CPUID_REGISTERS; i++)
			for (const struct bits *b = l->registers[i].bits; b; b = b->next)
				if (b->kind == BITS_NAMED)
					bit_row(t, l, i, b);
	html_table_end(t);
}

/* ---- counts ---- */

struct tally {
	unsigned all, here, seen[SEEN_COUNT];
};

static void count(struct tally *n, const struct about *a)
{
	n->all++;
	n->here += !a->unimplemented;
	for (const struct seen *s = a->seen; s; s = s->next)
		n->seen[s->who]++;
}

static void tally_row(struct text *t, const char *name, const char *id, const struct tally *n)
{
	emit(t, "<tr><td><a href=\"#%s\">%s</a></td><td class=\"n\">%u</td><td class=\"n\">%u</td>",
	     id, name, n->all, n->here);
	for (unsigned who = 0; who < SEEN_COUNT; who++)
		emit(t, "<td class=\"n\">%u</td>", n->seen[who]);
	emit(t, "</tr>\n");
}

static void summary(struct text *t, const struct spec *s)
{
	struct tally of_calls = { 0 }, of_msrs = { 0 };

	for (const struct call *c = s->calls; c; c = c->next)
		count(&of_calls, &c->about);
	for (const struct msr *m = s->msrs; m; m = m->next)
		for (unsigned i = 0; i < m->count; i++)
			count(&of_msrs, &m->about);
	html_table(t, "tally", namef("|known|here|%s|%s|%s", html_hypervisor(SEEN_KVM),
				     html_hypervisor(SEEN_XEN), html_hypervisor(SEEN_OPENVMM)));
	tally_row(t, "Hypercalls", "calls", &of_calls);
	tally_row(t, "MSRs", "msrs", &of_msrs);
	html_table_end(t);
}

void out_html_conformance(struct site *site)
{
	struct text *t = &site->page;

	html_open(t, site, "conformance.html", "Conformance");
	emit(t, "<h1>Conformance</h1>\n<p class=\"lead\">What this hypervisor implements, what it "
		"refuses and why, where it chose, and who else has it: KVM, Xen and OpenVMM by "
		"their sources.</p>\n<p>Hyper-V is what the documents describe, and is taken to "
		"have all of this, each guest as much as its partition is granted; which release "
		"has what is not published.</p>\n");
	summary(t, site->spec);
	calls(t, site->spec);
	msrs(t, site->spec);
	bits(t, site->spec);
	html_close(t, site);
	site_save(site, "conformance.html");
}
