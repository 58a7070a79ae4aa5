/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The reference as linked pages, one for each hypercall, MSR, CPUID leaf and type. */
#include "out_html.h"

#include "out.h"
#include "site.h"

bool out_html(const struct spec *s, const char *dir)
{
	struct site site;

	site_open(&site, s, dir);
	out_html_lists(&site);
	out_html_calls(&site);
	out_html_msrs(&site);
	out_html_leaves(&site);
	out_html_types(&site);
	out_html_tables(&site);
	out_html_conformance(&site);
	out_html_provenance(&site);
	out_html_search(&site);
	site_close(&site);
	return site.good;
}
