/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Reads what a multiboot 1 or multiboot 2 loader passed into one form; nothing of the loader's is
 * needed afterwards.
 */
#include "boot.h"

#define MB1_LOADED 0x2badb002u
#define MB2_LOADED 0x36d76289u

#define MB1_HAS_COMMAND_LINE (1u << 2)
#define MB1_HAS_MODULES (1u << 3)
#define MB1_HAS_MAP (1u << 6)

struct mb1_info {
	uint32_t flags, mem_lower, mem_upper, boot_device, command_line, module_count, modules,
		syms[4], map_length, map;
};
struct mb1_module { uint32_t start, end, string, _reserved; };
struct mb1_map { uint32_t size; uint64_t base, length; uint32_t type; } __attribute__((packed));

enum {
	MB2_END = 0,
	MB2_COMMAND_LINE = 1,
	MB2_MODULE = 3,
	MB2_MAP = 6,
};
struct mb2_tag { uint32_t type, size; };
struct mb2_module { struct mb2_tag tag; uint32_t start, end; char string[]; };
struct mb2_map { struct mb2_tag tag; uint32_t entry_size, entry_version; };
struct mb2_map_entry { uint64_t base, length; uint32_t type, _reserved; };

static const void *pointer(uint32_t address)
{
	return (const void *)(uintptr_t)address;
}

/*
 * Copies a string behind the information; the offset in h->strings stands for its address until it
 * is final.
 */
static uint64_t keep_string(struct boot_handover *h, const char *s)
{
	uint32_t at = h->string_bytes;

	do {
		if (h->string_bytes == BOOT_STRINGS)
			boot_refuse("the command lines are longer than 12 KiB together");
		h->strings[h->string_bytes++] = *s;
	} while (*s++);
	return at;
}

static void add_range(struct boot_info *bi, uint64_t base, uint64_t length, uint32_t type)
{
	if (bi->range_count == BOOT_MAX_RANGES)
		boot_refuse("the memory map has more than 64 ranges");
	bi->range[bi->range_count++] = (struct boot_range){ base, length, type, 0 };
}

static void add_module(struct boot_handover *h, uint32_t start, uint32_t end, const char *string)
{
	struct boot_info *bi = &h->info;

	if (bi->module_count == BOOT_MAX_MODULES)
		boot_refuse("more than 16 modules were loaded");
	if (end < start)
		boot_refuse("a module ends before it begins");
	bi->module[bi->module_count++] = (struct boot_module){ start, end - start,
							       keep_string(h, string) };
}

static bool read_mb1(const struct mb1_info *mb, struct boot_handover *h)
{
	const struct mb1_module *m = pointer(mb->modules);

	if (!(mb->flags & MB1_HAS_MAP))
		boot_refuse("the boot loader gave no memory map");
	h->info.command_line = keep_string(
		h, mb->flags & MB1_HAS_COMMAND_LINE ? pointer(mb->command_line) : "");
	for (uint32_t at = 0; at < mb->map_length;) {
		const struct mb1_map *e = pointer(mb->map + at);

		add_range(&h->info, e->base, e->length, e->type);
		at += e->size + sizeof(e->size);
	}
	for (uint32_t i = 0; mb->flags & MB1_HAS_MODULES && i < mb->module_count; i++)
		add_module(h, m[i].start, m[i].end, m[i].string ? pointer(m[i].string) : "");
	return true;
}

static void read_mb2_map(const struct mb2_map *map, struct boot_info *bi)
{
	if (map->entry_size < sizeof(struct mb2_map_entry))
		boot_refuse("the boot loader's memory map has entries too short");
	for (uint32_t at = sizeof(*map); at + map->entry_size <= map->tag.size;
	     at += map->entry_size) {
		const struct mb2_map_entry *e = (const void *)((const char *)map + at);

		add_range(bi, e->base, e->length, e->type);
	}
}

/*
 * The loader's copy of the root pointer would be lost; the firmware's own is found again by its
 * signature.
 */
static void read_mb2_tag(const struct mb2_tag *tag, struct boot_handover *h)
{
	const struct mb2_module *module = (const void *)tag;

	if (tag->type == MB2_COMMAND_LINE)
		h->info.command_line = keep_string(h, (const char *)(tag + 1));
	else if (tag->type == MB2_MODULE)
		add_module(h, module->start, module->end, module->string);
	else if (tag->type == MB2_MAP)
		read_mb2_map((const void *)tag, &h->info);
}

static bool read_mb2(uint32_t info, struct boot_handover *h)
{
	const uint32_t *head = pointer(info);

	h->info.command_line = keep_string(h, "");
	for (uint32_t at = 8; at + sizeof(struct mb2_tag) <= head[0];) {
		const struct mb2_tag *tag = pointer(info + at);

		if (tag->type == MB2_END || tag->size < sizeof(*tag))
			break;
		read_mb2_tag(tag, h);
		at += (tag->size + 7) & ~7u;
	}
	if (!h->info.range_count)
		boot_refuse("the boot loader gave no memory map");
	return true;
}

bool multiboot_read(uint32_t magic, uint32_t info, struct boot_handover *h)
{
	if (magic == MB1_LOADED)
		return read_mb1(pointer(info), h);
	if (magic == MB2_LOADED)
		return read_mb2(info, h);
	return false;
}
