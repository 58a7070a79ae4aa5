/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The log: whole lines, prefixed "partita: ", bounded where a guest can provoke them. */
#ifndef PARTITA_LOG_H
#define PARTITA_LOG_H

#include "types.h"

struct vcpu;

/* One line each; the newline is added. Never blocks for a missing console. */
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Something a guest did that was refused. The format string is the kind: LOG_REFUSALS lines of
 * each, then only counted.
 */
#define LOG_REFUSALS 64
void log_refusal(struct vcpu *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same with any address as the kind, and limit lines of it. */
void log_refusal_of(struct vcpu *v, const void *kind, unsigned limit, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* A finished line without prefix or newline; for texts that were composed elsewhere. */
void log_line(const char *line);

/* Say how many refusals were counted but not shown. */
void log_summary(void);

/* From now on one processor alone writes, and waits for nobody. */
void log_alone(void);

#endif
