/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Events on their way into a guest: classes of exceptions and what becomes of a fault during a
 * delivery.
 */
#include "event.h"

#include "cpu.h"

#define BIT(vector) (1u << (vector))
#define WITH_ERROR                                                                            \
	(BIT(VECTOR_DF) | BIT(VECTOR_TS) | BIT(VECTOR_NP) | BIT(VECTOR_SS) | BIT(VECTOR_GP) | \
	 BIT(VECTOR_PF) | BIT(VECTOR_AC) | BIT(VECTOR_CP))
/* SDM table 6-4, APM table 8-2. */
#define CONTRIBUTORY                                                                          \
	(BIT(VECTOR_DE) | BIT(VECTOR_TS) | BIT(VECTOR_NP) | BIT(VECTOR_SS) | BIT(VECTOR_GP) | \
	 BIT(VECTOR_CP))

bool event_has_error(u8 vector)
{
	return vector < 32 && WITH_ERROR & BIT(vector);
}

struct event event_exception(u8 vector)
{
	return (struct event){
		.valid = true,
		.type = EVENT_EXCEPTION,
		.vector = vector,
		.has_error = event_has_error(vector),
	};
}

static bool contributory(const struct event *e)
{
	return e->type == EVENT_EXCEPTION && e->vector < 32 && CONTRIBUTORY & BIT(e->vector);
}

static bool is_exception(const struct event *e, u8 vector)
{
	return e->type == EVENT_EXCEPTION && e->vector == vector;
}

enum event_outcome event_combine(const struct event *first, const struct event *second,
				 struct event *out)
{
	const bool second_counts = contributory(second) || is_exception(second, VECTOR_PF);

	*out = *second;
	if (!first->valid || !second_counts)
		return EVENT_DELIVER;
	if (is_exception(first, VECTOR_DF))
		return EVENT_TRIPLE;
	if (is_exception(first, VECTOR_PF) || (contributory(first) && contributory(second)))
		*out = event_exception(VECTOR_DF);
	return EVENT_DELIVER;
}

bool event_must_repeat(const struct event *event)
{
	if (!event->valid)
		return false;
	if (event->type == EVENT_EXCEPTION) /* SVM reports INT3 and INTO as exceptions */
		return event->vector != VECTOR_BP && event->vector != VECTOR_OF;
	return event->type == EVENT_INTERRUPT || event->type == EVENT_NMI;
}
