/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The model as JSON, as gen/model.schema.json describes it. */
#ifndef HVGEN_MODEL_JSON_H
#define HVGEN_MODEL_JSON_H

#include "json.h"
#include "model.h"

struct model_json {
	struct json json;
	const struct spec *spec;
	bool places;           /* say of each item where it is declared */
};

/*
 * Append the whole model. Lists stand in the order of their numbers, so that it depends neither on
 * the order of declarations nor on blanks and comments, unless places are asked for; the digest of
 * the sources alone does.
 */
void model_json(struct text *t, const struct spec *s, bool places);

/* ---- parts of items; json_parts.c ---- */

/* What items are called: as in the TLFS or, where that has no name, as the guest header does. */
const char *type_title(const struct type *t);
const char *value_title(const struct type *t, const struct enumerator *e);
const char *part_title(const struct bits *b);
const char *offer_title(const struct offer_bit *b);
const char *status_title(const struct status *s);
/* The path of a source as seen from the front door's folder, when it lies in there. */
const char *source_name(const struct spec *s, const struct source *source);

/* The members "name", "value" and "id" that begin an item. */
void put_head(struct model_json *m, const char *name, uint64_t value, const char *id);
/* What can be said about anything: members stand only where something is said. */
void put_about(struct model_json *m, const struct about *a, const struct pos *at);
/* Arrays of names. An empty list is no member. */
void put_offers(struct model_json *m, const char *key, const struct offer_use *uses);
void put_checks(struct model_json *m, const struct check *checks);

/* Arrays of rows; absent lists are empty arrays. `base` is added to the offsets of fields. */
void put_fields(struct model_json *m, const char *key, const struct field *fields, unsigned base);
void put_bits(struct model_json *m, const char *key, const struct bits *bits);
void put_values(struct model_json *m, const char *key, const struct type *t);
/* One value of an enum or flag set, as a row. */
void put_value(struct model_json *m, const char *name, const struct enumerator *e);

#endif
