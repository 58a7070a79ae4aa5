/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Linux as root partition, by its 64-bit boot protocol (Documentation/arch/x86/boot.rst of Linux):
 * bzImage and vmlinux.
 */
#include "load.h"

#include "elf.h"
#include "string.h"
#include "text.h"
#include "machine.h"

#define BOOT_FLAG 0xaa55
#define HEADER_MAGIC 0x53726448u       /* "HdrS" */
#define VERSION_64_BIT_ENTRY 0x020c
#define LOADER_UNDEFINED 0xff
#define LOADED_HIGH 1
#define XLF_KERNEL_64 1
#define ENTRY_64 0x200                 /* of the 64-bit entry from where the kernel was loaded */
#define SECTOR 512u
#define KERNEL_FLOOR (16 * MIB)
#define FOUR_GIB (1ull << 32)
#define LOW_MEMORY 0xa0000ull
#define LOW_FLOOR 0x10000ull
#define COMMAND_LINE_SIZE 4096u
#define E820_MAX 128u
#define LARGE_PAGE (2 * MIB)

#define PTE_PRESENT 1ull
#define PTE_WRITE 2ull
#define PTE_LARGE 0x80ull

/* struct setup_header of the boot protocol, from its offset 0x1f1. */
struct setup_header {
	u8 setup_sects;
	u16 root_flags;
	u32 syssize;
	u16 ram_size, vid_mode, root_dev, boot_flag, jump;
	u32 header;
	u16 version;
	u32 realmode_switch;
	u16 start_sys_seg, kernel_version;
	u8 type_of_loader, loadflags;
	u16 setup_move_size;
	u32 code32_start, ramdisk_image, ramdisk_size, bootsect_kludge;
	u16 heap_end_ptr;
	u8 ext_loader_ver, ext_loader_type;
	u32 cmd_line_ptr, initrd_addr_max, kernel_alignment;
	u8 relocatable_kernel, min_alignment;
	u16 xloadflags;
	u32 cmdline_size, hardware_subarch;
	u64 hardware_subarch_data;
	u32 payload_offset, payload_length;
	u64 setup_data, pref_address;
	u32 init_size, handover_offset, kernel_info_offset;
} __attribute__((packed));

struct e820_entry { u64 base, length; u32 type; } __attribute__((packed));

/* struct boot_params, the "zero page"; what is not named here stays zero. */
struct boot_params {
	u8 screen_info[0x70];
	u64 acpi_rsdp_addr;
	u8 _a[0xc0 - 0x78];
	u32 ext_ramdisk_image, ext_ramdisk_size, ext_cmd_line_ptr;
	u8 _b[0x1e8 - 0xcc];
	u8 e820_entries;
	u8 _c[0x1f1 - 0x1e9];
	struct setup_header hdr;
	u8 _d[0x2d0 - 0x1f1 - sizeof(struct setup_header)];
	struct e820_entry e820_table[E820_MAX];
	u8 _e[PAGE_SIZE - 0x2d0 - E820_MAX * sizeof(struct e820_entry)];
} __attribute__((packed));

_Static_assert(offsetof(struct boot_params, acpi_rsdp_addr) == 0x70, "boot_params");
_Static_assert(offsetof(struct boot_params, hdr.header) == 0x202, "boot_params");
_Static_assert(offsetof(struct boot_params, hdr.cmd_line_ptr) == 0x228, "boot_params");
_Static_assert(offsetof(struct boot_params, hdr.pref_address) == 0x258, "boot_params");
_Static_assert(offsetof(struct boot_params, e820_table) == 0x2d0, "boot_params");
_Static_assert(sizeof(struct boot_params) == PAGE_SIZE, "boot_params");

/* One block of the root's low memory: what the kernel needs until it has its own. */
struct handover {
	struct boot_params params;
	char command_line[COMMAND_LINE_SIZE];
	u64 pml4[512], pdpt[512], directory[4][512];
	u64 gdt[512];
};

static const struct setup_header *header_of(const struct load_file *f)
{
	const struct boot_params *file = machine_ptr(HPA(f->base));

	return f->size >= PAGE_SIZE ? &file->hdr : NULL;
}

bool load_is_bzimage(const struct load_file *f)
{
	const struct setup_header *h = header_of(f);

	return h && h->boot_flag == BOOT_FLAG && h->header == HEADER_MAGIC;
}

bool load_is_vmlinux(const struct load_file *f)
{
	struct elf64_header h;

	if (f->size < sizeof(h))
		return false;
	memcpy(&h, machine_ptr(HPA(f->base)), sizeof(h));
	return h.ident.magic == ELF_MAGIC && h.ident.class == ELF_CLASS_64 &&
	       h.ident.data == ELF_LITTLE_ENDIAN && h.machine == ELF_MACHINE_X86_64 &&
	       h.type == ELF_EXECUTABLE; /* no program that wants a linker */
}

static void add_e820(void *params, u64 base, u64 end, u32 type)
{
	struct boot_params *bp = params;

	if (base < end && bp->e820_entries < E820_MAX)
		bp->e820_table[bp->e820_entries++] = (struct e820_entry){ base, end - base, type };
}

static void set_ramdisk(struct boot_params *bp, u64 base, u64 size)
{
	bp->hdr.ramdisk_image = (u32)base;
	bp->hdr.ramdisk_size = (u32)size;
	bp->ext_ramdisk_image = (u32)(base >> 32);
	bp->ext_ramdisk_size = (u32)(size >> 32);
}

/*
 * One initrd stays where it was staged; several are joined behind the kernel, each on a 4-byte
 * boundary as Linux asks.
 */
static bool join_initrds(struct load *l, struct boot_params *bp, u64 kernel_end)
{
	u64 total = 0, to;

	if (l->file_count < 2) {
		if (l->file_count)
			set_ramdisk(bp, l->file[0].base, l->file[0].size);
		return true;
	}
	for (u32 i = 0; i < l->file_count; i++)
		total += ALIGN_UP(l->file[i].size, 4);
	to = load_find(l, total, PAGE_SIZE, kernel_end, FOUR_GIB);
	if (!to) {
		text_printf(l->error, "no memory behind the kernel for %lu bytes of initrds",
			    total);
		return false;
	}
	set_ramdisk(bp, to, total);
	for (u32 i = 0; i < l->file_count; i++) {
		const u64 size = l->file[i].size, padded = ALIGN_UP(size, 4);

		memcpy(machine_ptr(HPA(to)), machine_ptr(HPA(l->file[i].base)), size);
		memset((u8 *)machine_ptr(HPA(to)) + size, 0, padded - size);
		to += padded;
	}
	return true;
}

/* Identity mapping of the first 4 GiB, and the flat segments the boot protocol names. */
static void fill_tables(struct handover *o, u64 at)
{
	const u64 link = PTE_WRITE | PTE_PRESENT;

	o->pml4[0] = (at + offsetof(struct handover, pdpt)) | link;
	for (u64 i = 0; i < 4; i++) {
		o->pdpt[i] = (at + offsetof(struct handover, directory) + i * PAGE_SIZE) | link;
		for (u64 k = 0; k < 512; k++)
			o->directory[i][k] = (i * GIB + k * LARGE_PAGE) | PTE_LARGE | link;
	}
	o->gdt[2] = 0x00af9b000000ffff;
	o->gdt[3] = 0x00cf93000000ffff;
}

/* Everything but the kernel itself; hdr is what the kernel's own header says. */
static bool hand_over(struct load *l, const struct setup_header *hdr, u64 kernel, u64 kernel_end,
		      u64 entry)
{
	const char *arguments = load_arguments(l->image.string);
	const u64 at = load_find(l, sizeof(struct handover), PAGE_SIZE, LOW_FLOOR, LOW_MEMORY);
	struct handover *o = machine_ptr(HPA(at));

	if (!at || (at + sizeof(*o) > kernel && at < kernel_end)) {
		text_printf(l->error, "no low memory for the kernel's boot parameters");
		return false;
	}
	if (strlen(arguments) >= COMMAND_LINE_SIZE ||
	    (hdr->cmdline_size && strlen(arguments) > hdr->cmdline_size)) {
		text_printf(l->error, "the kernel's command line is too long (%lu bytes)",
			    strlen(arguments));
		return false;
	}
	memset(o, 0, sizeof(*o));
	o->params.hdr = *hdr;
	o->params.hdr.type_of_loader = LOADER_UNDEFINED;
	o->params.hdr.loadflags |= LOADED_HIGH;
	o->params.hdr.code32_start = (u32)kernel;
	o->params.hdr.cmd_line_ptr = (u32)(at + offsetof(struct handover, command_line));
	o->params.acpi_rsdp_addr = l->rsdp;
	memcpy(o->command_line, arguments, strlen(arguments) + 1);
	load_memory_map(l, add_e820, &o->params);
	fill_tables(o, at);
	l->start->long_mode = true;
	l->start->rip = entry;
	l->start->rsi = at;
	l->start->cr3 = at + offsetof(struct handover, pml4);
	l->start->gdt = GPA(at + offsetof(struct handover, gdt));
	return join_initrds(l, &o->params, kernel_end);
}

/* Where the kernel asks to be, or, when it can be moved, the highest place that fits. */
static u64 bzimage_place(const struct load *l, const struct setup_header *h, u64 size)
{
	const u64 align = h->kernel_alignment ? h->kernel_alignment : LARGE_PAGE;

	if (load_fits(l, h->pref_address, size))
		return h->pref_address;
	if (!h->relocatable_kernel || (align & (align - 1)))
		return 0;
	return load_find(l, size, align, KERNEL_FLOOR, FOUR_GIB);
}

bool load_bzimage(struct load *l)
{
	const struct setup_header h = *header_of(&l->image);
	const u64 offset = ((h.setup_sects ? h.setup_sects : 4u) + 1) * SECTOR;
	u64 size, to;

	if (h.version < VERSION_64_BIT_ENTRY || !(h.xloadflags & XLF_KERNEL_64)) {
		text_printf(l->error, "the bzImage has no 64-bit entry (boot protocol %u.%02u)",
			    h.version >> 8, h.version & 0xff);
		return false;
	}
	if (offset >= l->image.size) {
		text_printf(l->error, "the bzImage ends inside its set-up sectors");
		return false;
	}
	size = l->image.size - offset > h.init_size ? l->image.size - offset : h.init_size;
	to = bzimage_place(l, &h, size);
	if (!to) {
		text_printf(
			l->error,
			"no memory for the kernel: it needs 0x%lx bytes, by preference at 0x%lx",
			size, h.pref_address);
		return false;
	}
	if (!load_place(l, to, l->image.size - offset, l->image.size - offset, offset))
		return false;
	return hand_over(l, &h, to, to + size, to + ENTRY_64);
}

static bool read_vmlinux(struct load *l, struct elf64_header *h)
{
	memcpy(h, machine_ptr(HPA(l->image.base)), sizeof(*h));
	if (h->phentsize == sizeof(struct elf64_segment) && h->phnum && h->phoff <= l->image.size &&
	    h->phnum * sizeof(struct elf64_segment) <= l->image.size - h->phoff)
		return true;
	text_printf(l->error, "the vmlinux has no sound program headers");
	return false;
}

bool load_vmlinux(struct load *l)
{
	const struct setup_header hdr = { .boot_flag = BOOT_FLAG,
					  .header = HEADER_MAGIC,
					  .version = VERSION_64_BIT_ENTRY,
					  .kernel_alignment = LARGE_PAGE };
	struct elf64_header h;
	u64 low = UINT64_MAX, high = 0;

	if (!read_vmlinux(l, &h))
		return false;
	for (u32 i = 0; i < h.phnum; i++) {
		struct elf64_segment s;

		memcpy(&s, (u8 *)machine_ptr(HPA(l->image.base)) + h.phoff + i * sizeof(s),
		       sizeof(s));
		if (s.type != ELF_LOAD || !s.memsz)
			continue;
		if (!load_place(l, s.paddr, s.filesz, s.memsz, s.offset))
			return false;
		low = s.paddr < low ? s.paddr : low;
		high = s.paddr + s.memsz > high ? s.paddr + s.memsz : high;
	}
	if (h.entry < low || h.entry >= high || high > FOUR_GIB) {
		text_printf(l->error, "the vmlinux's entry 0x%lx lies outside what it loads",
			    h.entry);
		return false;
	}
	return hand_over(l, &hdr, low, high, h.entry);
}
