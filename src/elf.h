/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The parts of ELF a loader of executables reads (System V ABI, chapters 4 and 5). */
#ifndef PARTITA_ELF_H
#define PARTITA_ELF_H

#include "types.h"

#define ELF_MAGIC 0x464c457fu
#define ELF_CLASS_32 1
#define ELF_CLASS_64 2
#define ELF_LITTLE_ENDIAN 1
#define ELF_EXECUTABLE 2
#define ELF_MACHINE_386 3
#define ELF_MACHINE_X86_64 62
#define ELF_LOAD 1

struct elf_ident { u32 magic; u8 class, data, version, _pad[9]; };

struct elf32_header {
	struct elf_ident ident;
	u16 type, machine;
	u32 version, entry, phoff, shoff, flags;
	u16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
_Static_assert(sizeof(struct elf32_header) == 52, "ELF32 header");

struct elf32_segment { u32 type, offset, vaddr, paddr, filesz, memsz, flags, align; };
_Static_assert(sizeof(struct elf32_segment) == 32, "ELF32 program header");

struct elf64_header {
	struct elf_ident ident;
	u16 type, machine;
	u32 version;
	u64 entry, phoff, shoff;
	u32 flags;
	u16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
_Static_assert(sizeof(struct elf64_header) == 64, "ELF64 header");

struct elf64_segment { u32 type, flags; u64 offset, vaddr, paddr, filesz, memsz, align; };
_Static_assert(sizeof(struct elf64_segment) == 56, "ELF64 program header");

#endif
