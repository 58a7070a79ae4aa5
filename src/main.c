/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* From the boot program's facts to a running root partition. */
#include "main.h"

#include "acpi.h"
#include "alloc.h"
#include "console.h"
#include "io.h"
#include "keys.h"
#include "load.h"
#include "log.h"
#include "machine.h"
#include "observe.h"
#include "options.h"
#include "panic.h"
#include "partition.h"
#include "port.h"
#include "ranges.h"
#include "string.h"
#include "text.h"
#include "virt.h"

#define ROOT_PARTITION_ID 1
#define GPA_BITS_MOST 48 /* four levels of nested tables */

/*
 * Kept from the root unless asked for by name: stock Debian kernels that are no root partition
 * follow a NULL pointer when told that they may ask for their partition id, and no Linux guest uses
 * its own registers.
 */
#define PRIVILEGES_ON_DEMAND                                                                       \
	(SPEC_PRIVILEGE_ACCESS_PARTITION_ID | SPEC_PRIVILEGE_ACCESS_VP_REGISTERS)

const struct virt *virt;

static struct partition root; /* the one partition; all zero before partition_create() */

static struct { u64 partition, vp; } footprint; /* bytes that each takes, without nested tables */

static bool is_switch(const char *value)
{
	return strcmp(value, "on") == 0 || strcmp(value, "off") == 0;
}

/* default, all or a number. */
static bool is_offer(const char *value)
{
	u64 bits;

	return !strcmp(value, "default") || !strcmp(value, "all") || options_number(value, &bits);
}

static bool check_offers(struct text *error)
{
	const struct { const char *name, *value; } offers[] = {
		{ "privileges", options.privileges },
		{ "features", options.features },
		{ "hints", options.hints },
	};

	for (size_t i = 0; i < ARRAY_SIZE(offers); i++)
		if (!is_offer(offers[i].value)) {
			text_printf(error, "option %s: '%s' is neither default, all nor a number",
				    offers[i].name, offers[i].value);
			return false;
		}
	return true;
}

/* What no other room says of itself. */
static bool check_values(struct text *error)
{
	static const char *const ends[] = { "none", "qemu", "bochs" };
	bool end = false;
	u64 records;

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		end |= strcmp(options.end, ends[i]) == 0;
	if (!end)
		text_printf(error, "option end: '%s' is none of none, qemu, bochs", options.end);
	else if (!options_number(options.trace, &records) || records > PANIC_RECORDS)
		text_printf(error, "option trace: '%s' is no number from 0 to %u", options.trace,
			    PANIC_RECORDS);
	else if (!is_switch(options.observe))
		text_printf(error, "option observe: '%s' is neither on nor off", options.observe);
	else if (!is_switch(options.apicv))
		text_printf(error, "option apicv: '%s' is neither on nor off", options.apicv);
	else
		return check_offers(error);
	return false;
}

static void read_options(const struct boot_info *bi)
{
	char buf[1024];
	struct text error;
	const char *line = machine_ptr(HPA(bi->command_line));
	bool good;

	text_init(&error, buf, sizeof(buf));
	good = options_parse(&options, bi->command_line ? line : "", &error);
	/* Before anything is said: the line may name another console. */
	if (good && !console_select(options.console)) {
		text_printf(&error, "option console: '%s' is none of com1, com2, e9, none",
			    options.console);
		good = false;
	}
	good = good && check_values(&error);
	log_info("Partita, an open hypervisor for the Hv#1 interface");
	if (good)
		return;
	for (char *at = buf; *at;) {
		size_t length = 0;

		while (at[length] && at[length] != '\n')
			length++;
		log_warn("%.*s", (int)length, at);
		at += length + (at[length] == '\n');
	}
	panic("the command line is wrong");
}

/* Never more than what is implemented. */
static u64 chosen_bits(const char *name, const char *value, u64 implemented, u64 normal)
{
	u64 bits = 0;

	if (strcmp(value, "default") == 0)
		return normal;
	if (strcmp(value, "all") == 0)
		return implemented;
	options_number(value, &bits);
	if (bits & ~implemented)
		log_warn("option %s: bits 0x%lx are not implemented and not offered", name,
			 bits & ~implemented);
	return bits & implemented;
}

static struct spec_offer root_offer(void)
{
	const u64 features = SPEC_FEATURE_IMPLEMENTED &
			     ~(virt->can_refuse_stores() ? 0 : SPEC_FEATURE_NPIEP1);

	return (struct spec_offer){
		.privilege =
			chosen_bits("privileges", options.privileges, SPEC_PRIVILEGE_IMPLEMENTED,
				    SPEC_PRIVILEGE_IMPLEMENTED & ~PRIVILEGES_ON_DEMAND),
		.feature = chosen_bits("features", options.features, features, features),
		.hint = chosen_bits("hints", options.hints, SPEC_HINT_IMPLEMENTED,
				    SPEC_HINT_IMPLEMENTED),
	};
}

static void choose_core(void)
{
	static const struct virt *const cores[] = { &vmx_virt, &svm_virt };
	char buf[512];
	struct text why;

	text_init(&why, buf, sizeof(buf));
	for (size_t i = 0; i < ARRAY_SIZE(cores) && !virt; i++) {
		why.len = 0;
		if (cores[i]->probe(&why))
			virt = cores[i];
		else
			log_info("no %s: the processor lacks %s", cores[i]->name, buf);
	}
	if (!virt)
		panic("this processor lacks what is needed to run a guest");
	if (!virt->cpu_enable(&why))
		panic("%s cannot be turned on: %s", virt->name, buf);
	observe_choose(strcmp(options.observe, "on") == 0);
	log_info("core: %s", virt->name);
}

/* What firmware calls RAM and nothing else, in whole pages, without the hypervisor. */
static void find_memory(struct gpa_space *g, const struct boot_info *bi)
{
	struct ranges ram = { g->ram, 0, GPA_MAX_RANGES };
	bool fits = true;

	for (u32 i = 0; i < bi->range_count && i < BOOT_MAX_RANGES; i++) {
		const struct boot_range *r = &bi->range[i];

		if (r->type == BOOT_MEMORY_RAM)
			fits &= ranges_add(&ram, ALIGN_UP(r->base, PAGE_SIZE),
					   ALIGN_DOWN(r->base + r->length, PAGE_SIZE));
	}
	for (u32 i = 0; i < bi->range_count && i < BOOT_MAX_RANGES; i++) {
		const struct boot_range *r = &bi->range[i];

		if (r->type != BOOT_MEMORY_RAM)
			fits &= ranges_cut(&ram, ALIGN_DOWN(r->base, PAGE_SIZE),
					   ALIGN_UP(r->base + r->length, PAGE_SIZE));
	}
	g->hidden_base = bi->hv_base;
	g->hidden_end = bi->hv_base + bi->hv_size;
	fits &= ranges_cut(&ram, g->hidden_base, g->hidden_end);
	fits &= ranges_cut(&ram, 1ull << g->address_bits, UINT64_MAX);
	if (!fits)
		panic("the firmware's memory map has too many pieces");
	g->ram_count = ram.count;
}

/* The hypervisor's local APIC is out of reach, and so is what interrupts processors by messages. */
static void guard_apics(struct partition *p, const struct acpi_info *acpi)
{
	struct ioapics *io = &p->ioapics;

	gpa_emulate(&p->gpa, LAPIC_BASE_ADDRESS, LAPIC_MESSAGES_END);
	io->count = acpi_ioapics(acpi, io->base, IOAPICS);
	if (!io->count)
		io->base[io->count++] = IOAPIC_DEFAULT_BASE;
	for (u32 i = 0; i < io->count; i++) {
		io->base[i] &= PAGE_MASK;
		gpa_emulate(&p->gpa, io->base[i], io->base[i] + PAGE_SIZE);
	}
}

/* First physical address that the direct map need not reach: the tables of firmware lie below. */
static u64 memory_limit(const struct boot_info *bi)
{
	u64 limit = 4 * GIB;

	for (u32 i = 0; i < bi->range_count && i < BOOT_MAX_RANGES; i++)
		if (bi->range[i].type == BOOT_MEMORY_RAM &&
		    bi->range[i].base + bi->range[i].length > limit)
			limit = bi->range[i].base + bi->range[i].length;
	return limit;
}

#define CPUID_TOPOLOGY 0xbu

/* All of it, where the processor says more than the eight bits of old. */
static u32 own_apic_id(void)
{
	struct cpuid_regs r;

	machine_cpuid(0, 0, &r);
	if (r.eax >= CPUID_TOPOLOGY) {
		machine_cpuid(CPUID_TOPOLOGY, 0, &r);
		if (r.ebx)
			return r.edx;
	}
	machine_cpuid(1, 0, &r);
	return r.ebx >> 24;
}

static void read_firmware(const struct boot_info *bi, struct acpi_info *acpi)
{
	const u64 limit = memory_limit(bi);

	if (!acpi_read(bi->rsdp, limit, acpi))
		log_warn("no ACPI tables: the root cannot power off");
	acpi_hide_sleep_states(acpi, limit);
}

static u64 used_bytes(void)
{
	struct alloc_statistics memory;

	alloc_get_statistics(&memory);
	return (memory.pages - memory.free) * PAGE_SIZE;
}

/* The region has room for more processors than most machines have; what lies behind it is RAM. */
static void give_memory_back(struct boot_info *bi, const struct acpi_info *acpi)
{
	const u32 found = acpi->processors ? acpi->processors : 1;

	if (found >= bi->processors)
		return;
	bi->processors = found;
	bi->hv_size = boot_region_size(bi, found);
	alloc_cut(HPA(bi->hv_base + bi->hv_size));
}

static struct vcpu *create_processor(void)
{
	struct vcpu *v = vcpu_create(&root, own_apic_id());

	if (!v || !port_loop_back(&root, v->index))
		panic("not enough memory for a virtual processor");
	return v;
}

/* What a processor of the root does until its guest runs: everything of its VP is its own. */
static void start_processor(void)
{
	char buf[256];
	struct text why;
	struct vcpu *v;

	text_init(&why, buf, sizeof(buf));
	if (!virt->cpu_enable(&why))
		panic("%s cannot be turned on: %s", virt->name, buf);
	v = create_processor();
	machine_bind(v);
	virt->vcpu_init(v);
	v->state = VCPU_WAITS_FOR_START_UP;
	machine_online();
	virt->vcpu_run(v);
}

_Static_assert(BOOT_MOST_PROCESSORS == PARTITION_MAX_VPS, "a VP for each");

/* Processors that cannot be had are hidden from the root, which would start them otherwise. */
static void start_other_processors(const struct boot_info *bi, const struct acpi_info *acpi)
{
	u32 ids[PARTITION_MAX_VPS], others[PARTITION_MAX_VPS], count = 0, disabled;
	const u32 found = acpi_processors(acpi, ids, PARTITION_MAX_VPS), own = own_apic_id();

	for (u32 i = 0; i < found && count + 1 < bi->processors; i++)
		if (ids[i] != own)
			others[count++] = ids[i];
	machine_start_processors(bi, others, count, root.tsc_hz, start_processor);
	for (u32 i = 0; i < root.env.vp_count; i++)
		ids[i] = root.vp[i]->apic_id;
	disabled = acpi_disable_other_processors(acpi, ids, root.env.vp_count);
	if (disabled)
		log_warn("%u of %u processors are not used: disabled in the MADT", disabled,
			 acpi->processors);
	partition_fill_cpuid(&root);
	log_info("%u virtual processors", root.env.vp_count);
}

static void create_root(const struct boot_info *bi, const struct acpi_info *acpi)
{
	struct alloc_statistics memory;
	struct machine_rates rates;
	unsigned bits = machine_physical_address_bits();
	struct partition_config config = {
		.id = ROOT_PARTITION_ID,
		.offer = root_offer(),
		.address_bits = bits < GPA_BITS_MOST ? bits : GPA_BITS_MOST,
		.rates = &rates,
	};
	const u64 used = used_bytes();

	if (!machine_rates(acpi->pm_timer, &rates))
		panic("the TSC could not be measured against the PM timer (port 0x%x)",
		      acpi->pm_timer);
	log_info("TSC %lu Hz, APIC timer %lu Hz", rates.tsc_hz, rates.apic_timer_hz);
	alloc_get_statistics(&memory);
	config.table_budget = memory.free / 2; /* the rest for tables of RAM, overlays and the VP */
	root.gpa.address_bits = config.address_bits;
	find_memory(&root.gpa, bi);
	guard_apics(&root, acpi);
	if (!partition_create(&root, &config))
		panic("not enough memory for the root partition's nested tables");
	if (!port_create_table() || !port_loop_back(&root, HV_VP_INDEX_ANY))
		panic("not enough memory for the root partition's ports");
	footprint.partition = sizeof(root) + used_bytes() - used - root.gpa.tables * PAGE_SIZE;
	log_info("privileges 0x%lx, features 0x%lx, hints 0x%lx", root.offer.privilege,
		 root.offer.feature, root.offer.hint);
}

static _Noreturn void start_root(const struct boot_info *bi, const struct acpi_info *acpi)
{
	const u64 used = used_bytes();
	struct vcpu *v = create_processor();
	struct vcpu_start start;
	char buf[256];
	struct text error;

	footprint.vp = used_bytes() - used;
	machine_bind(v);
	io_init(&root, acpi);
	text_init(&error, buf, sizeof(buf));
	if (!load_root(&root, bi, acpi->rsdp, &start, &error))
		panic("root image: %s", buf);
	start_other_processors(bi, acpi);
	virt->vcpu_start(v, &start);
	log_info("%lu bytes for the partition without its nested tables, %lu for each of its VPs",
		 footprint.partition, footprint.vp);
	log_info("hypervisor at 0x%lx, %lu MiB, %lu KiB in use; starting the root at 0x%lx",
		 bi->hv_base, bi->hv_size / MIB, (bi->image_size + used_bytes()) / 1024, start.rip);
	keys_start(v);
	virt->vcpu_run(v);
}

_Noreturn void hv_main(struct boot_info *bi)
{
	struct acpi_info acpi = { 0 };

	read_options(bi);
	choose_core();
	read_firmware(bi, &acpi);
	give_memory_back(bi, &acpi);
	create_root(bi, &acpi);
	start_root(bi, &acpi);
}
