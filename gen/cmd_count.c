/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* hvgen count: how much a specification says, by provenance, architecture and state. */
#include "command.h"

#include <stdio.h>
#include <string.h>

#include "items.h"

/* A row of the table. Enums that are catalogues of their own have rows of their own. */
struct row {
	const char *title;
	enum item_kind kind;
	bool stateless;         /* nothing of this kind can be unimplemented */
	const char *enums;      /* ITEM_VALUE: names of the enums, a blank behind each; or all */
};

static const struct row rows[] = {
	{ .title = "hypercalls", .kind = ITEM_CALL },
	{ .title = "fields of calls", .kind = ITEM_CALL_FIELD },
	{ .title = "MSRs", .kind = ITEM_MSR },
	{ .title = "MSR bits", .kind = ITEM_MSR_BITS },
	{ .title = "CPUID leaves", .kind = ITEM_LEAF },
	{ .title = "CPUID bits", .kind = ITEM_LEAF_BITS },
	{ .title = "statuses", .kind = ITEM_STATUS, .stateless = true },
	{ .title = "rules of calling", .kind = ITEM_RULE, .stateless = true },
	{ .title = "privileges, features", .kind = ITEM_OFFER_BIT },
	{ .title = "blocks of those", .kind = ITEM_OFFER, .stateless = true },
	{ .title = "registers", .kind = ITEM_VALUE, .enums = "register_name " },
	{ .title = "counters", .kind = ITEM_VALUE, .stateless = true,
	  .enums = "hypervisor_counter lp_counter partition_counter vp_counter " },
	{ .title = "message types", .kind = ITEM_VALUE, .stateless = true,
	  .enums = "message_type " },
	{ .title = "properties", .kind = ITEM_VALUE, .stateless = true,
	  .enums = "partition_property system_property " },
	{ .title = "intercept types", .kind = ITEM_VALUE, .stateless = true,
	  .enums = "intercept_type " },
	{ .title = "port types", .kind = ITEM_VALUE, .stateless = true, .enums = "port_type " },
	{ .title = "other values, flags", .kind = ITEM_VALUE, .stateless = true },
	{ .title = "types", .kind = ITEM_TYPE, .stateless = true },
	{ .title = "fields of types", .kind = ITEM_TYPE_FIELD, .stateless = true },
	{ .title = "bits of types", .kind = ITEM_TYPE_BITS, .stateless = true },
	{ .title = "remarks", .kind = ITEM_REMARK, .stateless = true },
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* What stands in a row. */
struct tally {
	unsigned all, reserved, unmarked, marked[MARK_COUNT];
	unsigned arch[ARCH_ALL + 1];          /* by set of enum arch */
	unsigned state[ITEM_NAME_ONLY + 1];
};

struct table {
	const struct spec *spec;
	unsigned other_forms;   /* of calls whose code has been counted */
	struct tally tallies[ROWS];
};

static bool lists(const struct row *r, const char *name)
{
	size_t length = strlen(name);

	for (const char *p = r->enums; *p; p += strcspn(p, " ") + 1)
		if (strncmp(p, name, length) == 0 && p[length] == ' ')
			return true;
	return false;
}

static unsigned row_of(const struct item *item)
{
	unsigned i = 0;

	while (rows[i].kind != item->kind ||
	       (rows[i].enums && !lists(&rows[i], item->type->name)))
		i++;
	return i;
}

/* A code that is declared for several architectures or forms is one call. */
static bool is_other_form(const struct spec *s, const struct call *call)
{
	const struct call *c = s->calls;

	while (c != call && c->code != call->code)
		c = c->next;
	return c != call;
}

static void count(void *context, const struct item *item)
{
	struct table *t = context;
	struct tally *tally = &t->tallies[row_of(item)];
	unsigned n = item->numbers;
	bool marked = false;

	if (item->call && is_other_form(t->spec, item->call)) {
		t->other_forms++;
		return;
	}
	for (unsigned i = 0; i < MARK_COUNT; i++)
		if (item_has_mark(item, (enum mark_kind)i)) {
			tally->marked[i] += n;
			marked = true;
		}
	tally->all += n;
	tally->reserved += item->reserved ? n : 0;
	tally->unmarked += marked ? 0 : n;
	tally->arch[item_arch(item)] += n;
	tally->state[item->state] += n;
}

static void print_row(const struct row *r, const struct tally *t)
{
	printf("%-20s %5u %8u  %7u %8u %7u %8u %5u  %5u %5u %5u", r->title, t->all, t->reserved,
	       t->unmarked, t->marked[MARK_OBSERVED], t->marked[MARK_ERRATUM],
	       t->marked[MARK_DISPUTED], t->marked[MARK_OURS], t->arch[ARCH_ALL],
	       t->arch[ARCH_X64], t->arch[ARCH_ARM64]);
	if (r->stateless)
		putchar('\n');
	else
		printf("  %5u %9u %9u\n", t->state[ITEM_WORKS], t->state[ITEM_DESCRIBED],
		       t->state[ITEM_NAME_ONLY]);
}

static void print_table(const struct spec *s)
{
	struct table t = { .spec = s };
	unsigned absences = 0;

	each_item(s, count, &t);
	for (const struct absence *a = s->absences; a; a = a->next)
		absences++;
	puts("                       all reserved  by text observed erratum disputed  ours"
	     "   both   x64 arm64  works described name only");
	for (unsigned i = 0; i < ROWS; i++)
		print_row(&rows[i], &t.tallies[i]);
	printf("absences             %5u\n\n", absences);
	printf("\"By text\": without a mark. An item has the marks of its declaration, too, and may\n"
	       "have several. Calls are counted by code; %u are declared again in another form.\n",
	       t.other_forms);
}

static int run(const struct command *self, char **words)
{
	return command_print(self, words, print_table);
}

const struct command command_count = {
	.name = "count",
	.run = run,
	.usage = "FILE",
	.help = "Print how many calls, fields, MSRs, bits, statuses, registers and types\n"
		"there are, by provenance, architecture, and whether they work here.",
};
