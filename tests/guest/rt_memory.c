/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What the boot loader tells: memory map, command line; and a window to any physical page. */
#include "rt.h"

#define MULTIBOOT_MAGIC 0x2badb002
#define MULTIBOOT_HAS_COMMAND_LINE (1u << 2)
#define MULTIBOOT_HAS_MODULES (1u << 3)
#define MULTIBOOT_HAS_MAP (1u << 6)

#define WINDOW 0x800000u        /* RAM behind the image that nothing else uses */
#define PAGE_RIGHTS 0x7         /* present, writable, user */

struct multiboot_info {
	u32 flags, lower, upper, device, command_line, modules, module_list, symbols[4], map_length,
		map;
};
struct __attribute__((packed)) multiboot_range { u32 size; u64 base, length; u32 kind; };

struct rt_range rt_map[64];
unsigned rt_map_count;
const char *rt_command_line = "";
unsigned rt_module_count;

extern u64 rt_directory[4 * 512];
static u64 window_table[512] RT_PAGE_ALIGNED;

static void flush_translations(void)
{
	uintptr_t cr3;

	__asm__ volatile("mov %%cr3, %0; mov %0, %%cr3" : "=r"(cr3) : : "memory");
}

static void take_map(const struct multiboot_info *mb)
{
	uintptr_t at = mb->map, end = at + mb->map_length;

	while (at < end && rt_map_count < RT_COUNT(rt_map)) {
		const struct multiboot_range *r = (const struct multiboot_range *)at;

		rt_map[rt_map_count++] = (struct rt_range){ r->base, r->length, r->kind };
		at += r->size + sizeof(r->size);
	}
}

bool rt_memory_init(u32 magic, u32 info)
{
	const struct multiboot_info *mb = (const struct multiboot_info *)(uintptr_t)info;

	rt_directory[WINDOW >> 21] = RT_GPA(window_table) | PAGE_RIGHTS;
	flush_translations();
	if (magic != MULTIBOOT_MAGIC)
		return false;
	if (mb->flags & MULTIBOOT_HAS_COMMAND_LINE)
		rt_command_line = (const char *)(uintptr_t)mb->command_line;
	if (mb->flags & MULTIBOOT_HAS_MODULES)
		rt_module_count = mb->modules;
	if (mb->flags & MULTIBOOT_HAS_MAP)
		take_map(mb);
	return true;
}

enum rt_kind rt_kind_of(u64 gpa, bool *listed)
{
	*listed = false;
	for (unsigned i = 0; i < rt_map_count; i++) {
		const struct rt_range *r = &rt_map[i];

		if (gpa + RT_PAGE <= r->base || gpa >= r->base + r->size)
			continue;
		*listed = true;
		return r->kind;
	}
	return RT_RESERVED;
}

u64 rt_ram_end(void)
{
	u64 end = 0;

	for (unsigned i = 0; i < rt_map_count; i++)
		if (rt_map[i].kind == RT_RAM && rt_map[i].base + rt_map[i].size > end)
			end = rt_map[i].base + rt_map[i].size;
	return end;
}

void *rt_window(unsigned slot, u64 gpa)
{
	uintptr_t address = WINDOW + slot * RT_PAGE;

	((volatile u64 *)window_table)[slot] = (gpa & ~(u64)(RT_PAGE - 1)) | PAGE_RIGHTS;
	__asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
	return (void *)address;
}

volatile u64 *rt_window_entry(unsigned slot)
{
	return &window_table[slot];
}

static bool ends_word(char c)
{
	return !c || c == ' ';
}

static const char *find_word(const char *word, char last)
{
	size_t n = strlen(word);

	for (const char *p = rt_command_line; *p; p++)
		if ((p == rt_command_line || p[-1] == ' ') && !memcmp(p, word, n) &&
		    (last ? p[n] == last : ends_word(p[n])))
			return p + n;
	return NULL;
}

bool rt_option(const char *word)
{
	return find_word(word, 0) != NULL;
}

const char *rt_option_value(const char *key)
{
	const char *p = find_word(key, '=');

	return p ? p + 1 : NULL;
}

u32 rt_parse(const char *p)
{
	u32 value = 0, base = 10;

	if (p[0] == '0' && p[1] == 'x') {
		base = 16;
		p += 2;
	}
	for (; *p; p++) {
		u32 digit = 99;

		if (*p >= '0' && *p <= '9')
			digit = (u32)(*p - '0');
		else if (*p >= 'a' && *p <= 'f')
			digit = (u32)(*p - 'a') + 10;

		if (digit >= base)
			break;
		value = value * base + digit;
	}
	return value;
}
