/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The root loaders on sound and on hostile images, in a fake physical memory of 64 MiB. */
/* link: src/load.c src/load_linux.c src/load_multiboot.c src/lib/text.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <sanitizer/asan_interface.h>
#include <stdlib.h>
#include <string.h>

#include "elf.h"
#include "text.h"
#include "load.h"
#include "log.h"
#include "machine.h"

#define MEMORY (64 * MIB)
#define HIDDEN (62 * MIB)
#define MODULES (2 * MIB)

static u8 *memory;
static struct partition partition;
static struct boot_info boot;
static struct vcpu_start start;
static char error[256];

void *machine_ptr(hpa_t hpa)
{
	return memory + hpa.v;
}

void log_info(const char *fmt, ...)
{
	(void)fmt;
}

static int set_up(void **state)
{
	(void)state;
	memory = calloc(1, MEMORY);
	memset(&partition, 0, sizeof(partition));
	memset(&boot, 0, sizeof(boot));
	partition.gpa.ram_count = 2;
	partition.gpa.ram[0] = (struct gpa_range){ 0, 0x9f000 };
	partition.gpa.ram[1] = (struct gpa_range){ MIB, HIDDEN };
	partition.gpa.hidden_base = HIDDEN;
	partition.gpa.hidden_end = MEMORY;
	boot.range_count = 1;
	boot.range[0] = (struct boot_range){ 0xf0000, 0x10000, BOOT_MEMORY_RESERVED, 0 };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	ASAN_UNPOISON_MEMORY_REGION(memory, MEMORY);
	free(memory);
	return 0;
}

/* Hand over size bytes as the next module, each on a page of its own; returns where they lie. */
static u64 add_module(const void *data, u64 size, const char *string)
{
	static char strings[BOOT_MAX_MODULES][8192];
	const u32 n = boot.module_count++;
	u64 base = n ? ALIGN_UP(boot.module[n - 1].base + boot.module[n - 1].length, PAGE_SIZE)
		     : MODULES;

	memcpy(memory + base, data, size);
	strcpy(strings[n], string);
	boot.module[n] = (struct boot_module){ base, size, (u64)((u8 *)strings[n] - memory) };
	return base;
}

static bool load(void)
{
	struct text t;

	text_init(&t, error, sizeof(error));
	return load_root(&partition, &boot, 0xf5a00, &start, &t);
}

static void assert_refused(const char *why)
{
	assert_false(load());
	if (!strstr(error, why))
		fail_msg("expected '%s' in '%s'", why, error);
}

struct vmlinux { struct elf64_header h; struct elf64_segment s[2]; u8 code[64]; };

static struct vmlinux sound_vmlinux(void)
{
	struct vmlinux v = {
		.h = { .ident = { ELF_MAGIC, ELF_CLASS_64, ELF_LITTLE_ENDIAN, 1, { 0 } },
		       .type = ELF_EXECUTABLE,
		       .machine = ELF_MACHINE_X86_64,
		       .entry = 16 * MIB + 8,
		       .phoff = sizeof(struct elf64_header),
		       .phentsize = sizeof(struct elf64_segment),
		       .phnum = 2 }
	};

	v.s[0] = (struct elf64_segment){ .type = ELF_LOAD,
					 .offset = offsetof(struct vmlinux, code),
					 .vaddr = ~0ull << 31,
					 .paddr = 16 * MIB,
					 .filesz = 32,
					 .memsz = 32 };
	v.s[1] = (struct elf64_segment){ .type = ELF_LOAD,
					 .offset = offsetof(struct vmlinux, code) + 32,
					 .paddr = 18 * MIB,
					 .filesz = 32,
					 .memsz = MIB };
	memset(v.code, 0xc3, sizeof(v.code));
	return v;
}

static void vmlinux_is_placed_with_its_boot_parameters(void **state)
{
	const struct vmlinux v = sound_vmlinux();
	u8 *zero_page;
	u32 command_line;
	u64 rsdp, *pml4;

	(void)state;
	memset(memory + 18 * MIB, 0xaa, MIB);
	add_module(&v, sizeof(v), "vmlinux console=ttyS0 quiet");
	assert_true(load());
	assert_memory_equal(memory + 16 * MIB, v.code, 32);
	assert_memory_equal(memory + 18 * MIB, v.code, 32);
	for (u64 i = 32; i < MIB; i++)
		assert_int_equal(memory[18 * MIB + i], 0);
	assert_true(start.long_mode);
	assert_int_equal(start.rip, 16 * MIB + 8);
	zero_page = memory + start.rsi;
	memcpy(&command_line, zero_page + 0x228, 4);
	assert_string_equal((char *)memory + command_line, "console=ttyS0 quiet");
	memcpy(&rsdp, zero_page + 0x70, 8);
	assert_int_equal(rsdp, 0xf5a00);
	assert_int_equal(zero_page[0x1fe] | zero_page[0x1ff] << 8, 0xaa55);
	pml4 = (u64 *)(memory + start.cr3);
	for (u64 gpa = 0; gpa < 4 * GIB; gpa += 2 * MIB) {
		u64 *pdpt = (u64 *)(memory + (pml4[0] & PAGE_MASK));
		u64 *pd = (u64 *)(memory + (pdpt[gpa >> 30] & PAGE_MASK));

		assert_int_equal(pd[(gpa >> 21) & 511], gpa | 0x83);
	}
	assert_int_equal(*(u64 *)(memory + start.gdt.v + 0x10), 0x00af9b000000ffff);
}

static void memory_map_hides_the_hypervisor(void **state)
{
	static const struct { u64 base, length; u32 type;
	} expected[] = {
		{ 0, 0x9f000, BOOT_MEMORY_RAM },
		{ MIB, HIDDEN - MIB, BOOT_MEMORY_RAM },
		{ HIDDEN, MEMORY - HIDDEN, BOOT_MEMORY_RESERVED },
		{ 0xf0000, 0x10000, BOOT_MEMORY_RESERVED },
	};
	const struct vmlinux v = sound_vmlinux();
	const u8 *zero_page;

	(void)state;
	add_module(&v, sizeof(v), "vmlinux");
	assert_true(load());
	zero_page = memory + start.rsi;
	assert_int_equal(zero_page[0x1e8], ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		u64 base, length;
		u32 type;

		memcpy(&base, zero_page + 0x2d0 + i * 20, 8);
		memcpy(&length, zero_page + 0x2d8 + i * 20, 8);
		memcpy(&type, zero_page + 0x2e0 + i * 20, 4);
		assert_int_equal(base, expected[i].base);
		assert_int_equal(length, expected[i].length);
		assert_int_equal(type, expected[i].type);
	}
}

static void initrds_are_kept_or_joined(void **state)
{
	const struct vmlinux v = sound_vmlinux();

	(void)state;
	for (u32 count = 1; count <= 3; count++) {
		u32 at, size, expected_size = 0;

		tear_down(state);
		set_up(state);
		add_module(&v, sizeof(v), "vmlinux");
		for (u32 i = 0; i < count; i++)
			add_module("abcdefg", 7, "initrd");
		assert_true(load());
		memcpy(&at, memory + start.rsi + 0x218, 4);
		memcpy(&size, memory + start.rsi + 0x21c, 4);
		expected_size = count == 1 ? 7 : 8 * count;
		assert_int_equal(size, expected_size);
		for (u32 i = 0; i < count; i++)
			assert_memory_equal(memory + at + 8 * i, "abcdefg", 7);
		assert_true(at + size <= HIDDEN && at >= 19 * MIB);
	}
}

static void modules_in_the_way_are_moved(void **state)
{
	struct vmlinux v = sound_vmlinux();
	u8 *initrd = malloc(20 * MIB);
	u32 at;

	(void)state;
	for (u64 i = 0; i < 20 * MIB; i++)
		initrd[i] = (u8)(i * 7 + (i >> 12));
	add_module(&v, sizeof(v), "vmlinux");
	add_module(initrd, 20 * MIB, "initrd");      /* 2 MiB to 22 MiB: under the kernel */
	assert_true(load());
	memcpy(&at, memory + start.rsi + 0x218, 4);
	assert_memory_equal(memory + at, initrd, 20 * MIB);
	assert_memory_equal(memory + 16 * MIB, v.code, 32);
	free(initrd);
}

static void vmlinux_with_bad_segments_is_refused(void **state)
{
	static const struct { u64 offset, paddr, filesz, memsz; const char *why; } bad[] = {
		{ 1 << 20, 18 * MIB, 32, 32, "outside the file" },
		{ ~0ull - 8, 18 * MIB, 32, 32, "outside the file" },
		{ 0, 18 * MIB, 64, 32, "outside the file" },
		{ 0, 18 * MIB, ~0ull, ~0ull, "outside the file" },
		{ 0, HIDDEN, 32, 32, "no free memory" },
		{ 0, HIDDEN - 16, 32, 32, "no free memory" },
		{ 0, 18 * MIB, 32, ~0ull, "no free memory" },
		{ 0, ~0ull - 8, 32, 64, "no free memory" },
		{ 0, 0xa0000, 32, 32, "no free memory" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct vmlinux v = sound_vmlinux();

		tear_down(state);
		set_up(state);
		v.s[1].offset = bad[i].offset;
		v.s[1].paddr = bad[i].paddr;
		v.s[1].filesz = bad[i].filesz;
		v.s[1].memsz = bad[i].memsz;
		add_module(&v, sizeof(v), "vmlinux");
		assert_refused(bad[i].why);
	}
}

static void entry_outside_the_image_is_refused(void **state)
{
	struct vmlinux v = sound_vmlinux();

	(void)state;
	v.h.entry = 8 * MIB;
	add_module(&v, sizeof(v), "vmlinux");
	assert_refused("entry");
}

static void overlong_command_line_is_refused(void **state)
{
	const struct vmlinux v = sound_vmlinux();
	char line[5000];

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	line[7] = ' ';
	line[sizeof(line) - 1] = 0;
	add_module(&v, sizeof(v), line);
	assert_refused("too long");
}

/* A bzImage with one set-up sector and a payload of one page. */
static void make_bzimage(u8 *file, u64 pref, u32 init_size, bool relocatable)
{
	memset(file, 0, 1024 + PAGE_SIZE);
	file[0x1f1] = 1;
	file[0x1fe] = 0x55;
	file[0x1ff] = 0xaa;
	memcpy(file + 0x202, "HdrS", 4);
	file[0x206] = 0x0f;
	file[0x207] = 0x02;
	memcpy(file + 0x230, &(u32){ 2 * MIB }, 4);
	file[0x234] = relocatable;
	file[0x236] = 1;
	memcpy(file + 0x238, &(u32){ 2047 }, 4);
	memcpy(file + 0x258, &pref, 8);
	memcpy(file + 0x260, &init_size, 4);
	memset(file + 1024, 0x90, PAGE_SIZE);
}

static void bzimage_goes_where_it_asks_or_fits(void **state)
{
	static const struct { u64 pref, at; bool relocatable;
	} cases[] = {
		{ 16 * MIB, 16 * MIB, false },
		{ 16 * MIB, 16 * MIB, true },
		{ 48 * MIB, 0,
		  false }, /* 48 + 20 MiB reaches the hypervisor, and it may not be moved */
		{ 48 * MIB, 40 * MIB, true },
	};
	u8 file[1024 + PAGE_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		tear_down(state);
		set_up(state);
		make_bzimage(file, cases[i].pref, 20 * MIB, cases[i].relocatable);
		add_module(file, sizeof(file), "bzImage root=/dev/null");
		if (!cases[i].at) {
			assert_refused("no memory for the kernel");
			continue;
		}
		assert_true(load());
		assert_int_equal(start.rip, cases[i].at + 0x200);
		assert_memory_equal(memory + cases[i].at, file + 1024, PAGE_SIZE);
		assert_int_equal(memory[start.rsi + 0x210], 0xff);
	}
}

static void bzimage_without_64_bit_entry_is_refused(void **state)
{
	u8 file[1024 + PAGE_SIZE];

	make_bzimage(file, 16 * MIB, MIB, true);
	file[0x206] = 0x0b;
	add_module(file, sizeof(file), "bzImage");
	assert_refused("no 64-bit entry");
	tear_down(state);
	set_up(state);
	make_bzimage(file, 16 * MIB, MIB, true);
	file[0x1f1] = 200;
	add_module(file, sizeof(file), "bzImage");
	assert_refused("set-up sectors");
}

struct kernel32 { struct elf32_header h; struct elf32_segment s; u32 multiboot[3]; u8 code[52]; };

static struct kernel32 sound_kernel(u32 paddr)
{
	struct kernel32 k = {
		.h = { .ident = { ELF_MAGIC, ELF_CLASS_32, ELF_LITTLE_ENDIAN, 1, { 0 } },
		       .type = 2,
		       .machine = ELF_MACHINE_386,
		       .entry = paddr + 12,
		       .phoff = sizeof(struct elf32_header),
		       .phentsize = sizeof(struct elf32_segment),
		       .phnum = 1 }
	};

	k.s = (struct elf32_segment){ .type = ELF_LOAD,
				      .offset = offsetof(struct kernel32, multiboot),
				      .paddr = paddr,
				      .filesz = 64,
				      .memsz = 8192 };
	k.multiboot[0] = 0x1badb002;
	k.multiboot[1] = 3;
	k.multiboot[2] = -(0x1badb002u + 3);
	memset(k.code, 0xf4, sizeof(k.code));
	return k;
}

static void multiboot_kernel_lies_where_its_headers_say(void **state)
{
	static const u32 places[] = { 0, 0x100000, 8 * MIB };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		const struct kernel32 k = sound_kernel(places[i]);
		u32 info[18], module[4];

		tear_down(state);
		set_up(state);
		memset(memory + places[i], 0xaa, 8192);
		add_module(&k, sizeof(k), "kernel one two");
		add_module("module!", 7, "mod its arguments");
		assert_true(load());
		assert_memory_equal(memory + places[i], k.multiboot, 64);
		assert_int_equal(memory[places[i] + 8191], 0);
		assert_false(start.long_mode);
		assert_int_equal(start.rip, places[i] + 12);
		assert_int_equal(start.rax, 0x2badb002);
		assert_true(start.rbx >= places[i] + 8192);
		memcpy(info, memory + start.rbx, sizeof(info));
		assert_string_equal((char *)memory + info[4], "kernel one two");
		assert_int_equal(info[5], 1);
		memcpy(module, memory + info[6], sizeof(module));
		assert_memory_equal(memory + module[0], "module!", 7);
		assert_int_equal(module[1] - module[0], 7);
		assert_string_equal((char *)memory + module[2], "mod its arguments");
		assert_int_equal(info[11], 4 * 24);
		assert_int_equal(info[1], 0x9f000 / 1024);
		assert_int_equal(info[2], (HIDDEN - MIB) / 1024);
	}
}

static void multiboot_kernel_that_is_not_sound_is_refused(void **state)
{
	struct kernel32 k = sound_kernel(0x100000);

	k.multiboot[1] = 0x10;
	k.multiboot[2] = -(0x1badb002u + 0x10);
	add_module(&k, sizeof(k), "kernel");
	assert_refused("requires a feature");
	tear_down(state);
	set_up(state);
	k = sound_kernel(0x100000);
	k.h.phnum = 60000;
	add_module(&k, sizeof(k), "kernel");
	assert_refused("not a sound ELF32");
	tear_down(state);
	set_up(state);
	k = sound_kernel(0xfffff000);
	add_module(&k, sizeof(k), "kernel");
	assert_refused("no free memory");
}

/* Every prefix of a sound image is loaded or refused; what lies behind the file is never read. */
static void truncated_images_never_overrun(void **state)
{
	const struct vmlinux v = sound_vmlinux();
	const struct kernel32 k = sound_kernel(0x100000);
	u8 bzimage[1024 + PAGE_SIZE];
	const struct { const void *data; size_t size; } images[] = {
		{ &v, sizeof(v) }, { &k, sizeof(k) }, { bzimage, sizeof(bzimage) },
	};

	make_bzimage(bzimage, 16 * MIB, MIB, true);
	for (size_t i = 0; i < ARRAY_SIZE(images); i++) {
		for (size_t size = 0; size <= images[i].size; size += 1 + size / 64) {
			tear_down(state);
			set_up(state);
			/*
			 * The file ends where RAM ends, so that it is staged in place; behind it
			 * everything is poisoned.
			 */
			partition.gpa.ram[1].end = partition.gpa.hidden_base = MODULES + size;
			add_module(images[i].data, size, "image");
			ASAN_POISON_MEMORY_REGION(memory + MODULES + size, MEMORY - MODULES - size);
			assert_false(load());
		}
	}
}

static void nothing_to_load_is_refused(void **state)
{
	(void)state;
	assert_refused("no root image");
	add_module("just text", 9, "text");
	assert_refused("neither");
}

static void program_that_wants_a_linker_is_refused(void **state)
{
	struct vmlinux v = sound_vmlinux();

	(void)state;
	v.h.type = 3; /* ET_DYN */
	add_module(&v, sizeof(v), "ls");
	assert_refused("neither");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		TEST(program_that_wants_a_linker_is_refused),
		TEST(vmlinux_is_placed_with_its_boot_parameters),
		TEST(memory_map_hides_the_hypervisor),
		TEST(initrds_are_kept_or_joined),
		TEST(modules_in_the_way_are_moved),
		TEST(vmlinux_with_bad_segments_is_refused),
		TEST(entry_outside_the_image_is_refused),
		TEST(overlong_command_line_is_refused),
		TEST(bzimage_goes_where_it_asks_or_fits),
		TEST(bzimage_without_64_bit_entry_is_refused),
		TEST(multiboot_kernel_lies_where_its_headers_say),
		TEST(multiboot_kernel_that_is_not_sound_is_refused),
		TEST(truncated_images_never_overrun),
		TEST(nothing_to_load_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
