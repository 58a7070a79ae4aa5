/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The table of outputs, and writing all of them. */
#include "out.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "emit.h"

enum {
	SET_CORE,
	SET_GUEST,
	SET_TEST,
	SET_DOC,
	SET_PYTHON,
	SET_RUST,
	SET_HTML,
	SET_VECTORS,
	SET_FUZZ,
	SET_TRACE,
	SET_COUNT,
};

static const struct set {
	const char *name, *what;
} sets[SET_COUNT] = {
	[SET_CORE] = { "core", "what links into the hypervisor" },
	[SET_GUEST] = { "guest", "what a guest uses" },
	[SET_TEST] = { "test", "what tests of the validators on a host use" },
	[SET_DOC] = { "doc", "what people read" },
	[SET_PYTHON] = { "python", "a module for Python" },
	[SET_RUST] = { "rust", "a crate for Rust" },
	[SET_HTML] = { "html", "the reference as linked pages" },
	[SET_VECTORS] = { "vectors", "test vectors for everyone" },
	[SET_FUZZ] = { "fuzz", "what feeds a fuzzer of hypercalls" },
	[SET_TRACE] = { "trace", "what traces and debuggers show words with" },
};

static const struct output {
	unsigned set;
	const char *name, *what;
	void (*write)(struct text *t, const struct spec *s);
} outputs[] = {
	{ SET_CORE, "hv_abi.h", "types of the interface, for the hypervisor", out_abi_h },
	{ SET_CORE, "spec_calls.h", "the total table of hypercalls", out_calls_h },
	{ SET_CORE, "spec_calls.c", "the same", out_calls_c },
	{ SET_CORE, "spec_check.h", "validators of their input, and the list of rules",
	  out_check_h },
	{ SET_CORE, "spec_check.c", "the same", out_check_c },
	{ SET_CORE, "spec_offer.h", "privileges and features", out_offer_h },
	{ SET_CORE, "spec_msrs.h", "the total table of synthetic MSRs", out_msrs_h },
	{ SET_CORE, "spec_msrs.c", "the same", out_msrs_c },
	{ SET_CORE, "spec_cpuid.h", "CPUID leaves, filled from what a partition is offered",
	  out_cpuid_h },
	{ SET_CORE, "spec_cpuid.c", "the same", out_cpuid_c },
	{ SET_CORE, "spec_names.h", "names of calls, MSRs, statuses and registers", out_names_h },
	{ SET_CORE, "spec_names.c", "the same", out_names_c },
	{ SET_GUEST, "hv_tlfs.h", "the whole interface: one header, no dependencies",
	  out_guest_h },
	{ SET_GUEST, "hv_tlfs_long.h", "the same, all names with tlfs in front", out_guest_long_h },
	{ SET_GUEST, "hv_vectors.h", "test vectors: one per rule and one good one per call",
	  out_vectors_h },
	{ SET_TEST, "hv_edges.h", "more test vectors: both sides of every edge of every rule",
	  out_edges_h },
	{ SET_TEST, "mutants.c", "the validators with each rule weakened in turn", out_mutants_c },
	{ SET_TEST, "eva.c", "the validators called with unknown input, for Frama-C's Eva", out_eva_c },
	{ SET_DOC, "reference.md", "the reference, with what is implemented and what is refused",
	  out_reference_md },
	{ SET_PYTHON, "python/hv_tlfs.py", "the interface: takes it apart and puts it together",
	  out_python },
	{ SET_RUST, "rust/Cargo.toml", "the manifest: no dependencies", out_rust_manifest },
	{ SET_RUST, "rust/src/lib.rs", "the crate: no unsafe code", out_rust_lib },
	{ SET_RUST, "rust/src/wire.rs", "what words and structures have in common", out_rust_wire },
	{ SET_RUST, "rust/src/call.rs", "hypercalls", out_rust_call },
	{ SET_RUST, "rust/src/cpuid.rs", "CPUID leaves", out_rust_cpuid },
	{ SET_RUST, "rust/src/msr.rs", "synthetic MSRs", out_rust_msr },
	{ SET_RUST, "rust/src/offer.rs", "privileges and features", out_rust_offer },
	{ SET_RUST, "rust/src/status.rs", "statuses", out_rust_status },
	{ SET_RUST, "rust/src/types.rs", "words and structures", out_rust_types },
	{ SET_VECTORS, "hv_vectors.json", "words, layouts, sets, calls and MSRs: what must come out",
	  out_vectors_json },
	{ SET_FUZZ, "fuzz/README.md", "the format of the seeds", out_fuzz_readme },
	{ SET_FUZZ, "fuzz/hv_tlfs.dict", "control words, values, numbers of MSRs", out_fuzz_dict },
	{ SET_TRACE, "hv_decode.h", "control words, results, MSRs and CPUID registers as text",
	  out_trace_h },
};

static const size_t output_count = sizeof(outputs) / sizeof(outputs[0]);

/* Outputs of many files, whose names the specification decides: each has a folder for itself. */
static const struct folder {
	unsigned set;
	const char *name, *what;
	bool (*fill)(const struct spec *s, const char *dir);
} folders[] = {
	{ SET_HTML, "docs/", "pages with drawings and links; style.css and search.js belong to them",
	  out_html },
	{ SET_FUZZ, "fuzz/corpus/", "seeds: CALL-N.bin", out_fuzz_corpus },
};

static const size_t folder_count = sizeof(folders) / sizeof(folders[0]);

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

bool out_save(const struct text *t, const char *dir, const char *name)
{
	const char *slash = strrchr(name, '/');

	if (!slash)
		return text_save(t, dir, name);
	dir = namef("%s/%.*s", dir, (int)(slash - name), name);
	return make_folder(dir) && text_save(t, dir, slash + 1);
}

static bool write_output(const struct output *o, const struct spec *s, const char *dir)
{
	static struct text t; /* its memory serves all outputs */

	t.len = t.indent = 0;
	o->write(&t, s);
	return out_save(&t, dir, o->name);
}

static bool fill_folder(const struct folder *f, const struct spec *s, const char *dir)
{
	dir = namef("%s/%s", dir, f->name);
	return make_folder(dir) && f->fill(s, dir);
}

unsigned out_set(const char *name)
{
	for (unsigned i = 0; i < SET_COUNT; i++)
		if (strcmp(sets[i].name, name) == 0)
			return 1u << i;
	return 0;
}

const char *out_set_name(unsigned i)
{
	return i < SET_COUNT ? sets[i].name : NULL;
}

/* The next output that nobody has begun, folders first: they are the long ones. */
static bool write_next(const struct spec *s, const char *dir, unsigned wanted, size_t i)
{
	if (i < folder_count)
		return !(wanted >> folders[i].set & 1) || fill_folder(&folders[i], s, dir);
	i -= folder_count;
	return !(wanted >> outputs[i].set & 1) || write_output(&outputs[i], s, dir);
}

static bool write_rest(const struct spec *s, const char *dir, unsigned wanted, size_t *begun)
{
	for (size_t i; i = __atomic_fetch_add(begun, 1, __ATOMIC_RELAXED),
		       i < folder_count + output_count;)
		if (!write_next(s, dir, wanted, i))
			return false;
	return true;
}

/*
 * Outputs know nothing of each other: a second process takes its turns at them, which halves the
 * time on two processors. Where there can be no second one, the first has it all to do.
 */
bool out_write(const struct spec *s, const char *dir, unsigned wanted)
{
	size_t *begun;
	int status = 0;

	if (!make_folder(dir))
		return false;
	begun = mmap(NULL, sizeof(*begun), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (begun == MAP_FAILED) {
		fprintf(stderr, "hvgen: out of memory\n");
		return false;
	}
	fflush(NULL);
	const pid_t second = fork();
	const bool ok = write_rest(s, dir, wanted, begun);

	if (second == 0)
		_exit(!ok);
	if (second > 0 && waitpid(second, &status, 0) != second)
		status = 1;
	munmap(begun, sizeof(*begun));
	return ok && status == 0;
}

void out_list(FILE *to)
{
	for (unsigned i = 0; i < SET_COUNT; i++) {
		fprintf(to, "%s%s: %s\n", i ? "" : "sets of outputs:\n", sets[i].name,
			sets[i].what);
		for (size_t k = 0; k < output_count; k++)
			if (outputs[k].set == i)
				fprintf(to, "  %-22s %s\n", outputs[k].name, outputs[k].what);
		for (size_t k = 0; k < folder_count; k++)
			if (folders[k].set == i)
				fprintf(to, "  %-22s %s\n", folders[k].name, folders[k].what);
	}
}
