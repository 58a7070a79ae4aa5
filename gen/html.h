/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* HTML that is being generated: escaped text, the frame of a page, and the pieces pages share. */
#ifndef HVGEN_HTML_H
#define HVGEN_HTML_H

#include "emit.h"
#include "site.h"

/* Append text with what means something in HTML escaped and line ends as spaces; NULL is none. */
void html_text(struct text *t, const char *text);

/* A page from its head up to the main text, and from there to its end. Its section is a page. */
void html_open(struct text *t, const struct site *site, const char *section, const char *title);
void html_close(struct text *t, const struct site *site);

/* "KVM" */
const char *html_hypervisor(enum seen_in who);

/*
 * The head of an item's page: the way there, its name, and its number and whatever else stands
 * below the name, as HTML; NULL is none. `refused` is the result of using what is not implemented.
 */
void html_title(struct text *t, const char *section, const char *section_title,
		const struct pos *at, const char *name, const char *below);
void html_state(struct text *t, const struct about *a, const char *refused);

/* A name; where it is long, lines may break behind underscores and in front of capitals. */
void html_name(struct text *t, const char *name);

/* A link to an item, named in code when `code`. */
void html_link(struct text *t, const char *href, const char *label, bool code);

/*
 * What any item may say of itself behind its name: architecture, refusal, documentation, marks and
 * other hypervisors; as little as possible, for a cell of a table.
 */
void html_remarks(struct text *t, const struct about *a);
/* The documentation and the marks, each as what follows the title of a page; nothing when none. */
void html_lead(struct text *t, const struct about *a);
void html_marks(struct text *t, const struct about *a);

/* Rows of a list of facts: html_fact() opens one, html_fact_end() ends it. */
void html_fact(struct text *t, const char *name);
void html_fact_end(struct text *t);
/* A whole row; nothing when the value is NULL or empty. */
void html_fact_text(struct text *t, const char *name, const char *value);
/* The rows that any item may have: where in the TLFS, since when, and who else has it. */
void html_facts_about(struct text *t, const struct about *a);

/* Links to all that leads to the item, as a section of that title; nothing when nothing does. */
void html_users(struct text *t, const struct site *site, const void *item, const char *title);
/* The same as a run of links. */
void html_user_links(struct text *t, const struct site *site, const void *item);

/* A row of links to bits of privileges and features. */
void html_offers(struct text *t, const struct offer_use *list);
/* The name of a status as a link, of a fault as text. */
void html_status(struct text *t, const struct status *status);

/* A table up to its first row: class, then the names of its columns divided by bars. */
void html_table(struct text *t, const char *class, const char *columns);
void html_table_end(struct text *t);

/* The rules of a validator. */
void html_checks(struct text *t, const struct check *list);

#endif
