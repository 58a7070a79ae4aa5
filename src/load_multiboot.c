/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Multiboot1 ELF32 kernels as root partition (Multiboot Specification 0.6.96): the image lies where
 * its headers say.
 */
#include "load.h"

#include "elf.h"
#include "string.h"
#include "text.h"
#include "machine.h"

#define HEADER_MAGIC 0x1badb002u
#define HEADER_SEARCH 8192u
#define HEADER_UNKNOWN_REQUIRED 0xfff8u /* required, but not alignment, memory or video */
#define LOADER_MAGIC 0x2badb002u

#define INFO_MEMORY (1u << 0)
#define INFO_COMMAND_LINE (1u << 2)
#define INFO_MODULES (1u << 3)
#define INFO_MEMORY_MAP (1u << 6)
#define INFO_LOADER_NAME (1u << 9)

#define FOUR_GIB (1ull << 32)
#define STRING_SPACE 16384u

struct multiboot_info {
	u32 flags, mem_lower, mem_upper, boot_device, cmdline, mods_count, mods_addr, syms[4];
	u32 mmap_length, mmap_addr, drives[2], config_table, boot_loader_name, apm_table;
};
_Static_assert(sizeof(struct multiboot_info) == 72, "multiboot information, without video");

struct multiboot_module { u32 start, end, string, reserved; };
struct multiboot_range { u32 size; u64 base, length; u32 type; } __attribute__((packed));
_Static_assert(sizeof(struct multiboot_range) == 24, "multiboot memory map entry");

/* One block of root memory below 4 GiB: everything the kernel is told, and its first stack. */
struct handover {
	struct multiboot_info info;
	struct multiboot_module module[BOOT_MAX_MODULES];
	struct multiboot_range range[2 * BOOT_MAX_RANGES];
	u64 gdt[4];
	u32 used;
	char strings[STRING_SPACE];
};

static u32 required_features(const struct load_file *f, bool *found)
{
	const u64 end = f->size < HEADER_SEARCH ? f->size : HEADER_SEARCH;
	const u8 *data = machine_ptr(HPA(f->base));

	*found = false;
	for (u64 at = 0; at + 12 <= end; at += 4) {
		u32 word[3];

		memcpy(word, data + at, sizeof(word));
		if (word[0] != HEADER_MAGIC || word[0] + word[1] + word[2])
			continue;
		*found = true;
		return word[1] & 0xffff;
	}
	return 0;
}

bool load_is_multiboot(const struct load_file *f)
{
	bool found;

	required_features(f, &found);
	return found;
}

static bool read_header(struct load *l, struct elf32_header *h)
{
	bool found;

	if (required_features(&l->image, &found) & HEADER_UNKNOWN_REQUIRED) {
		text_printf(l->error, "the multiboot1 kernel requires a feature that is not known");
		return false;
	}
	memset(h, 0, sizeof(*h));
	if (l->image.size >= sizeof(*h))
		memcpy(h, machine_ptr(HPA(l->image.base)), sizeof(*h));
	if (h->ident.magic != ELF_MAGIC || h->ident.class != ELF_CLASS_32 ||
	    h->ident.data != ELF_LITTLE_ENDIAN || h->machine != ELF_MACHINE_386 ||
	    h->phentsize != sizeof(struct elf32_segment) || !h->phnum || h->phoff > l->image.size ||
	    (u64)h->phnum * sizeof(struct elf32_segment) > l->image.size - h->phoff) {
		text_printf(l->error,
			    "the multiboot1 kernel is not a sound ELF32 executable for i386");
		return false;
	}
	return true;
}

/* Place every segment; *end becomes the first address behind the image. */
static bool place_image(struct load *l, const struct elf32_header *h, u64 *end)
{
	const u8 *table = (const u8 *)machine_ptr(HPA(l->image.base)) + h->phoff;

	*end = 0;
	for (u32 i = 0; i < h->phnum; i++) {
		struct elf32_segment s;

		memcpy(&s, table + i * sizeof(s), sizeof(s));
		if (s.type != ELF_LOAD || !s.memsz)
			continue;
		if (!load_place(l, s.paddr, s.filesz, s.memsz, s.offset))
			return false;
		if ((u64)s.paddr + s.memsz > *end)
			*end = (u64)s.paddr + s.memsz;
	}
	if (!*end)
		text_printf(l->error, "the multiboot1 kernel has nothing to load");
	return *end != 0;
}

/*
 * Copy a string behind the others. The boot program hands over less than STRING_SPACE in all; more
 * would read empty.
 */
static u32 add_string(struct handover *o, u64 at, const char *string)
{
	u64 length = strlen(string);

	if (length >= STRING_SPACE - 1 - o->used)
		return (u32)(at + offsetof(struct handover, strings) + STRING_SPACE - 1);
	memcpy(o->strings + o->used, string, length + 1);
	o->used += (u32)length + 1;
	return (u32)(at + offsetof(struct handover, strings) + o->used - length - 1);
}

static void add_range(void *handover, u64 base, u64 end, u32 type)
{
	struct handover *o = handover;
	const u32 n = o->info.mmap_length / sizeof(o->range[0]);

	if (base >= end || n == ARRAY_SIZE(o->range))
		return;
	o->range[n] = (struct multiboot_range){ sizeof(o->range[0]) - sizeof(u32), base, end - base,
						type };
	o->info.mmap_length += sizeof(o->range[0]);
}

/* The two sizes of the days before the memory map: KiB below 640 KiB, and KiB from 1 MiB on. */
static void fill_sizes(const struct gpa_space *g, struct multiboot_info *info)
{
	for (u32 i = 0; i < g->ram_count; i++) {
		if (!g->ram[i].base)
			info->mem_lower = (u32)((g->ram[i].end < MIB ? g->ram[i].end : MIB) / 1024);
		if (g->ram[i].base <= MIB && g->ram[i].end > MIB)
			info->mem_upper = (u32)((g->ram[i].end - MIB) / 1024);
	}
}

static bool fill_modules(const struct load *l, struct handover *o, u64 at)
{
	for (u32 i = 0; i < l->file_count; i++) {
		const struct load_file *f = &l->file[i];

		if (f->base + f->size > FOUR_GIB) {
			text_printf(
				l->error,
				"module %u lies above 4 GiB, where a 32-bit kernel cannot reach it",
				i + 1);
			return false;
		}
		o->module[i] = (struct multiboot_module){ (u32)f->base, (u32)(f->base + f->size),
							  add_string(o, at, f->string), 0 };
	}
	return true;
}

static bool fill_handover(const struct load *l, struct handover *o, u64 at)
{
	memset(o, 0, sizeof(*o));
	o->gdt[2] = 0x00cf9b000000ffff;
	o->gdt[3] = 0x00cf93000000ffff;
	o->info.flags =
		INFO_MEMORY | INFO_COMMAND_LINE | INFO_MODULES | INFO_MEMORY_MAP | INFO_LOADER_NAME;
	o->info.cmdline = add_string(o, at, l->image.string);
	o->info.boot_loader_name = add_string(o, at, "Partita");
	o->info.mods_count = l->file_count;
	o->info.mods_addr = (u32)(at + offsetof(struct handover, module));
	o->info.mmap_addr = (u32)(at + offsetof(struct handover, range));
	fill_sizes(&l->p->gpa, &o->info);
	load_memory_map(l, add_range, o);
	return fill_modules(l, o, at);
}

bool load_multiboot(struct load *l)
{
	struct elf32_header h;
	u64 image_end, at;

	if (!read_header(l, &h) || !place_image(l, &h, &image_end))
		return false;
	at = load_find(l, sizeof(struct handover), PAGE_SIZE, image_end, FOUR_GIB);
	if (!at) {
		text_printf(l->error, "no memory behind the image for the multiboot information");
		return false;
	}
	if (!fill_handover(l, machine_ptr(HPA(at)), at))
		return false;
	l->start->rip = h.entry;
	l->start->rax = LOADER_MAGIC;
	l->start->rbx = at + offsetof(struct handover, info);
	l->start->gdt = GPA(at + offsetof(struct handover, gdt));
	return true;
}
