/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The table of outputs, and writing all of them. */
#include "out.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "emit.h"

static const struct output {
	const char *name;
	void (*write)(struct text *t, const struct spec *s);
} outputs[] = {
	{ "hv_abi.h", out_abi_h },
	{ "spec_calls.h", out_calls_h },
	{ "spec_calls.c", out_calls_c },
	{ "spec_check.h", out_check_h },
	{ "spec_check.c", out_check_c },
	{ "spec_offer.h", out_offer_h },
	{ "spec_msrs.h", out_msrs_h },
	{ "spec_msrs.c", out_msrs_c },
	{ "spec_cpuid.h", out_cpuid_h },
	{ "spec_cpuid.c", out_cpuid_c },
	{ "spec_names.h", out_names_h },
	{ "spec_names.c", out_names_c },
	{ "hv_tlfs.h", out_guest_h },
	{ "hv_vectors.h", out_vectors_h },
	{ "reference.md", out_reference_md },
};

/* Make the folder and those above it. */
static bool make_folder(const char *dir)
{
	char path[4096];
	int n = snprintf(path, sizeof(path), "%s", dir);

	if (n < 0 || (size_t)n >= sizeof(path)) {
		fprintf(stderr, "hvgen: folder name too long: %.40s...\n", dir);
		return false;
	}
	for (char *p = path + 1;; p++) {
		if (*p && *p != '/')
			continue;
		char end = *p;
		*p = 0;
		if (mkdir(path, 0777) != 0 && errno != EEXIST) {
			fprintf(stderr, "hvgen: cannot make folder %s: %s\n", path,
				strerror(errno));
			return false;
		}
		if (!end)
			return true;
		*p = end;
	}
}

bool out_all(const struct spec *s, const char *dir)
{
	bool ok = make_folder(dir);

	for (size_t i = 0; ok && i < sizeof(outputs) / sizeof(outputs[0]); i++) {
		struct text t = { 0 };
		outputs[i].write(&t, s);
		ok = text_save(&t, dir, outputs[i].name);
		text_free(&t);
	}
	return ok;
}
