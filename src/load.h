/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Loading the root partition: its image, its modules, and the state its VP starts in. */
#ifndef PARTITA_LOAD_H
#define PARTITA_LOAD_H

#include "boot_info.h"
#include "partition.h"

struct text;

/* A file the boot loader left in memory, after staging; string is "name arguments". */
struct load_file { u64 base, size; const char *string; };

/* What the loaders share. All memory of the root named by p->gpa.ram is theirs to fill. */
struct load {
	struct partition *p;
	const struct boot_info *boot;
	u64 rsdp;   /* ACPI root pointer for the root, 0: it searches itself */
	u64 staged; /* staged files begin here; nothing may be placed at or above */
	struct load_file image;
	u32 file_count;
	struct load_file file[BOOT_MAX_MODULES]; /* initrds, or modules of a multiboot kernel */
	struct vcpu_start *start;
	struct text *error;
};

/*
 * Move the modules out of the way, recognise module 0 (Linux bzImage, ELF64 vmlinux, multiboot1
 * ELF32) and place it. Fills start. False: error says what is wrong with which module; root memory
 * is undefined then.
 */
bool load_root(struct partition *p, const struct boot_info *boot, u64 rsdp,
	       struct vcpu_start *start, struct text *error);

/* One per format: recognise by its magic, then place. The images are hostile input. */
bool load_is_bzimage(const struct load_file *f);
bool load_is_vmlinux(const struct load_file *f);
bool load_is_multiboot(const struct load_file *f);
bool load_bzimage(struct load *l);
bool load_vmlinux(struct load *l);
bool load_multiboot(struct load *l);

/* Services for the formats. */
/* fits: root RAM below the staged files. place: copies from the image and zeroes the rest. */
bool load_fits(const struct load *l, u64 base, u64 size);
bool load_place(struct load *l, u64 base, u64 file_size, u64 size, u64 offset);
/* Free root RAM in [floor, ceiling), highest first; 0: none. */
u64 load_find(const struct load *l, u64 size, u64 align, u64 floor, u64 ceiling);

/*
 * The root's view of memory: its RAM, the hypervisor's region as reserved, and what firmware calls
 * something else.
 */
void load_memory_map(const struct load *l, void (*add)(void *to, u64 base, u64 end, u32 type),
		     void *to);
const char *load_arguments(const char *string);                    /* after the first word */

#endif
