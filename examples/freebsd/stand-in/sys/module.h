/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Stands in for FreeBSD's header where that is not installed: what the example uses of it. */
#ifndef STAND_IN_SYS_MODULE_H
#define STAND_IN_SYS_MODULE_H

enum { MOD_LOAD, MOD_UNLOAD };

typedef struct module *module_t;

typedef struct {
	const char *name;
	int (*event)(module_t module, int what, void *arg);
	void *arg;
} moduledata_t;

#define DECLARE_MODULE(name, data, subsystem, order) \
	const struct { moduledata_t *of; int when, where; } name##_declared = \
		{ &data, subsystem, order }

#endif
