/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The pages of the linked reference: each function writes those of one kind. */
#ifndef HVGEN_OUT_HTML_H
#define HVGEN_OUT_HTML_H

struct site;

void out_html_calls(struct site *site);
void out_html_msrs(struct site *site);
void out_html_leaves(struct site *site);
void out_html_types(struct site *site);
/* The front page, and the lists by chapter of the items above. */
void out_html_lists(struct site *site);
/* Statuses, the checks of the calling convention, and privileges and features. */
void out_html_tables(struct site *site);
void out_html_conformance(struct site *site);
void out_html_provenance(struct site *site);
/* What the search looks through. */
void out_html_search(struct site *site);

#endif
