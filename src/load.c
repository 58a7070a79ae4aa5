/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Root loader: stages the boot loader's modules at the top of memory and hands the image to the
 * format that knows it.
 */
#include "load.h"

#include "string.h"
#include "text.h"
#include "log.h"
#include "machine.h"

#define NO_FILE UINT32_MAX

const char *load_arguments(const char *string)
{
	while (*string && *string != ' ')
		string++;
	while (*string == ' ')
		string++;
	return string;
}

static const struct gpa_range *range_of(const struct gpa_space *g, u64 base, u64 size)
{
	for (u32 i = 0; i < g->ram_count; i++)
		if (base >= g->ram[i].base && base < g->ram[i].end && size <= g->ram[i].end - base)
			return &g->ram[i];
	return NULL;
}

bool load_fits(const struct load *l, u64 base, u64 size)
{
	return range_of(&l->p->gpa, base, size) && (base >= l->staged || size <= l->staged - base);
}

bool load_place(struct load *l, u64 base, u64 file_size, u64 size, u64 offset)
{
	u8 *to = machine_ptr(HPA(base));

	if (file_size > size || offset > l->image.size || file_size > l->image.size - offset) {
		text_printf(l->error, "a segment lies outside the file (offset 0x%lx, 0x%lx bytes)",
			    offset, file_size);
		return false;
	}
	if (!load_fits(l, base, size)) {
		text_printf(l->error, "no free memory at 0x%lx for 0x%lx bytes", base, size);
		return false;
	}
	memcpy(to, (u8 *)machine_ptr(HPA(l->image.base)) + offset, file_size);
	memset(to + file_size, 0, size - file_size);
	return true;
}

u64 load_find(const struct load *l, u64 size, u64 align, u64 floor, u64 ceiling)
{
	const struct gpa_space *g = &l->p->gpa;
	u64 best = 0;

	for (u32 i = 0; i < g->ram_count; i++) {
		u64 end = g->ram[i].end < ceiling ? g->ram[i].end : ceiling, base;

		if (g->ram[i].base < l->staged && end > l->staged)
			end = l->staged;
		if (end < size)
			continue;
		base = ALIGN_DOWN(end - size, align);
		if (base >= floor && base >= g->ram[i].base && base > best)
			best = base;
	}
	return best;
}

void load_memory_map(const struct load *l, void (*add)(void *to, u64 base, u64 end, u32 type),
		     void *to)
{
	const struct gpa_space *g = &l->p->gpa;

	for (u32 i = 0; i < g->ram_count; i++)
		add(to, g->ram[i].base, g->ram[i].end, BOOT_MEMORY_RAM);
	add(to, g->hidden_base, g->hidden_end, BOOT_MEMORY_RESERVED);
	for (u32 i = 0; i < l->boot->range_count; i++) {
		const struct boot_range *r = &l->boot->range[i];

		if (r->type != BOOT_MEMORY_RAM)
			add(to, r->base, r->base + r->length, r->type);
	}
}

/* The not yet staged module with the highest address. */
static u32 highest_module(const struct boot_info *boot, const bool *done)
{
	u32 found = NO_FILE;

	for (u32 i = 0; i < boot->module_count; i++)
		if (!done[i] &&
		    (found == NO_FILE || boot->module[i].base > boot->module[found].base))
			found = i;
	return found;
}

/* Top of the RAM below the hypervisor: staged files grow down from here. */
static u64 staging_top(const struct gpa_space *g)
{
	u64 top = 0;

	for (u32 i = 0; i < g->ram_count; i++)
		if (g->ram[i].base < g->hidden_base && g->ram[i].end > top)
			top = g->ram[i].end;
	return top < g->hidden_base ? top : g->hidden_base;
}

/*
 * Modules are moved in descending order, each to the highest free page below the one before. A
 * module never moves onto one that waits, because all that wait lie below it and it only moves up;
 * one that could not move up stays.
 */
static bool stage(struct load *l, struct load_file *files)
{
	bool done[BOOT_MAX_MODULES] = { false };
	const u64 top = staging_top(&l->p->gpa);
	u32 i;

	l->staged = top;
	while ((i = highest_module(l->boot, done)) != NO_FILE) {
		const struct boot_module *m = &l->boot->module[i];
		u64 to = m->length < l->staged ? ALIGN_DOWN(l->staged - m->length, PAGE_SIZE) : 0;

		done[i] = true;
		files[i] = (struct load_file){ m->base, m->length, machine_ptr(HPA(m->string)) };
		if (m->base >= top)
			continue;
		if (to > m->base && range_of(&l->p->gpa, to, m->length)) {
			memmove(machine_ptr(HPA(to)), machine_ptr(HPA(m->base)), m->length);
			files[i].base = to;
		}
		if (files[i].base + m->length > l->staged) {
			text_printf(l->error, "modules overlap at 0x%lx", files[i].base);
			return false;
		}
		l->staged = files[i].base;
	}
	return true;
}

struct format {
	const char *name;
	bool (*is)(const struct load_file *);
	bool (*load)(struct load *);
};

static const struct format formats[] = {
	{ "Linux bzImage", load_is_bzimage, load_bzimage },
	{ "Linux vmlinux", load_is_vmlinux, load_vmlinux },
	{ "multiboot1 kernel", load_is_multiboot, load_multiboot },
};

bool load_root(struct partition *p, const struct boot_info *boot, u64 rsdp,
	       struct vcpu_start *start, struct text *error)
{
	struct load_file files[BOOT_MAX_MODULES];
	struct load l = { .p = p, .boot = boot, .rsdp = rsdp, .start = start, .error = error };

	if (!boot->module_count || boot->module_count > BOOT_MAX_MODULES) {
		text_printf(error,
			    "no root image: the first module must be the root partition's kernel");
		return false;
	}
	if (!stage(&l, files))
		return false;
	l.image = files[0];
	l.file_count = boot->module_count - 1;
	memcpy(l.file, files + 1, l.file_count * sizeof(files[0]));
	memset(start, 0, sizeof(*start));
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		if (!formats[i].is(&l.image))
			continue;
		log_info("root: %s, %lu bytes, %u further modules", formats[i].name, l.image.size,
			 l.file_count);
		return formats[i].load(&l);
	}
	text_printf(error, "the first module is neither a Linux bzImage, an ELF64 vmlinux nor an ELF32 "
			   "kernel with a multiboot1 header in its first 8 KiB");
	return false;
}
