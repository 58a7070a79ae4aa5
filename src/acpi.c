/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The few facts taken from the firmware's ACPI tables, which are hostile input throughout. */
#include "acpi.h"

#include "machine.h"
#include "string.h"

#define TABLE_MAX (16 * MIB)
#define TABLE_HEADER 36
#define RSDP_V1_SIZE 20
#define RSDP_SIZE 36

/* A stretch of physical memory known to be below the limit: reads outside of it give zero. */
struct table { const u8 *bytes; u64 hpa, length; };

/* Little-endian number of size bytes (1..8) at offset; 0 when any of it lies outside. */
static u64 get(const struct table *t, u64 offset, unsigned size)
{
	u64 value = 0;

	if (offset > t->length || size > t->length - offset)
		return 0;
	for (unsigned i = size; i--;)
		value = value << 8 | t->bytes[offset + i];
	return value;
}

static u8 sum(const u8 *bytes, u64 length)
{
	u8 s = 0;

	while (length--)
		s = (u8)(s + *bytes++);
	return s;
}

static bool window(u64 hpa, u64 length, u64 limit, struct table *out)
{
	if (!hpa || length > limit || hpa > limit - length)
		return false;
	*out = (struct table){ machine_ptr(HPA(hpa)), hpa, length };
	return true;
}

/* A table by its address: header and length in bounds. */
static bool table_at(u64 hpa, u64 limit, struct table *out)
{
	u64 length;

	if (!window(hpa, TABLE_HEADER, limit, out))
		return false;
	length = get(out, 4, 4);
	return length >= TABLE_HEADER && length <= TABLE_MAX && window(hpa, length, limit, out);
}

static bool signature_is(const struct table *t, const char *signature)
{
	return memcmp(t->bytes, signature, 4) == 0;
}

/* ACPI 6.4, 5.2.5.3: the first 20 bytes sum to zero. */
static bool is_rsdp(u64 hpa, u64 limit)
{
	struct table t;

	return window(hpa, RSDP_V1_SIZE, limit, &t) && memcmp(t.bytes, "RSD PTR ", 8) == 0 &&
	       sum(t.bytes, RSDP_V1_SIZE) == 0;
}

/* ACPI 6.4, 5.2.5.1: on a 16-byte boundary in the first KiB of the EBDA or in the BIOS area. */
static u64 search_rsdp(u64 limit)
{
	struct table bda;
	u64 ebda = 0;

	if (window(0x40e, 2, limit, &bda))
		ebda = get(&bda, 0, 2) << 4;
	for (u64 at = ebda; ebda && at < ebda + 1024; at += 16)
		if (is_rsdp(at, limit))
			return at;
	for (u64 at = 0xe0000; at < 0x100000; at += 16)
		if (is_rsdp(at, limit))
			return at;
	return 0;
}

/* The table that lists the others: XSDT where there is one. entry_size is that of its pointers. */
static bool root_table(u64 rsdp, u64 limit, struct table *out, unsigned *entry_size)
{
	struct table r;

	if (!window(rsdp, RSDP_V1_SIZE, limit, &r))
		return false;
	if (get(&r, 15, 1) >= 2 && window(rsdp, RSDP_SIZE, limit, &r) &&
	    table_at(get(&r, 24, 8), limit, out) && signature_is(out, "XSDT")) {
		*entry_size = 8;
		return true;
	}
	*entry_size = 4;
	return table_at(get(&r, 16, 4), limit, out) && signature_is(out, "RSDT");
}

static bool find_table(const struct table *root, unsigned entry_size, const char *signature,
		       u64 limit, struct table *out)
{
	for (u64 at = TABLE_HEADER; at + entry_size <= root->length; at += entry_size)
		if (table_at(get(root, at, entry_size), limit, out) && signature_is(out, signature))
			return true;
	return false;
}

/*
 * A port from a 32-bit block address or, where that is zero, from the generic address at x_offset.
 */
static u16 port_of(const struct table *fadt, u64 offset, u64 x_offset)
{
	u64 port = get(fadt, offset, 4);

	if (!port && get(fadt, x_offset, 1) == 1)
		port = get(fadt, x_offset + 4, 8);
	return port <= 0xffff ? (u16)port : 0;
}

/*
 * One integer of an AML package: ZeroOp, OneOp, OnesOp, BytePrefix, WordPrefix, DWordPrefix (ACPI
 * 6.4, 20.2.3).
 */
static bool aml_integer(const struct table *t, u64 *at, u8 *out)
{
	u64 op = get(t, *at, 1);
	unsigned size = op == 0x0a ? 1 : op == 0x0b ? 2 : op == 0x0c ? 4 : 0;

	if (!size && op > 1 && op != 0xff)
		return false;
	*out = (u8)(size ? get(t, *at + 1, 1) : op);
	*at += 1 + size;
	return *at <= t->length;
}

/*
 * The package at "_S5_": PackageOp, PkgLength (1 to 4 bytes), number of elements, SLP_TYPa,
 * SLP_TYPb.
 */
static bool parse_s5(const struct table *dsdt, u64 at, struct acpi_info *out)
{
	if (get(dsdt, at + 4, 1) != 0x12)
		return false;
	at += 5;
	at += 1 + (get(dsdt, at, 1) >> 6);
	if (get(dsdt, at, 1) < 1)
		return false;
	out->s5_b = 0;
	if (get(dsdt, at, 1) == 1) { /* one DWORD with both, as some firmware writes it */
		at++;
		if (get(dsdt, at, 1) != 0x0b && get(dsdt, at, 1) != 0x0c)
			return false;
		out->s5_a = get(dsdt, at + 1, 1) & 7;
		out->s5_b = get(dsdt, at + 2, 1) & 7;
		return true;
	}
	at++;
	return aml_integer(dsdt, &at, &out->s5_a) && aml_integer(dsdt, &at, &out->s5_b);
}

static void find_s5(const struct table *dsdt, struct acpi_info *out)
{
	for (u64 at = TABLE_HEADER; at + 8 < dsdt->length && !out->has_s5; at++)
		if (memcmp(dsdt->bytes + at, "_S5_", 4) == 0)
			out->has_s5 = parse_s5(dsdt, at, out);
	out->s5_a &= 7; /* SLP_TYP has three bits */
	out->s5_b &= 7;
}

static bool dsdt_of(const struct table *fadt, u64 limit, struct table *out)
{
	return (table_at(get(fadt, 140, 8), limit, out) ||
		table_at(get(fadt, 40, 4), limit, out)) &&
	       signature_is(out, "DSDT");
}

static void read_fadt(const struct table *fadt, u64 limit, struct acpi_info *out)
{
	struct table dsdt;

	out->pm1a_control = port_of(fadt, 64, 172);
	out->pm1b_control = port_of(fadt, 68, 184);
	out->pm_timer = port_of(fadt, 76, 208);
	/* RESET_REG counts when its flag is set and it is a byte in I/O space. */
	if ((get(fadt, 112, 4) >> 10 & 1) && get(fadt, 116, 1) == 1 &&
	    get(fadt, 120, 8) <= 0xffff) {
		out->reset_port = (u16)get(fadt, 120, 8);
		out->reset_value = (u8)get(fadt, 128, 1);
	}
	if (dsdt_of(fadt, limit, &dsdt))
		find_s5(&dsdt, out);
}

/* An entry of the MADT that is an enabled processor: where its flags are, and its APIC id. */
struct madt_processor { u64 flags_offset; u32 apic_id; };

struct madt_entry { u64 at, type, length; };

/* Step to the next entry from *at; false at the end or at one that makes no sense. */
static bool next_entry(const struct table *madt, u64 *at, struct madt_entry *out)
{
	if (*at + 2 > madt->length)
		return false;
	*out = (struct madt_entry){ *at, get(madt, *at, 1), get(madt, *at + 1, 1) };
	*at += out->length;
	return out->length >= 2 && *at <= madt->length;
}

/* Step to the next enabled processor. */
static bool next_processor(const struct table *madt, u64 *at, struct madt_processor *out)
{
	struct madt_entry e;

	while (next_entry(madt, at, &e)) {
		if (e.type == 0 && e.length >= 8)
			*out = (struct madt_processor){ e.at + 4, (u32)get(madt, e.at + 3, 1) };
		else if (e.type == 9 && e.length >= 16)
			*out = (struct madt_processor){ e.at + 8, (u32)get(madt, e.at + 4, 4) };
		else
			continue;
		if (get(madt, out->flags_offset, 4) & 1)
			return true;
	}
	return false;
}

#define MADT_ENTRIES 44

static u32 count_processors(const struct table *madt)
{
	struct madt_processor processor;
	u64 at = MADT_ENTRIES;
	u32 count = 0;

	while (next_processor(madt, &at, &processor))
		count++;
	return count;
}

bool acpi_read(u64 hint, u64 limit, struct acpi_info *out)
{
	struct table root, t;
	unsigned entry_size;
	u64 rsdp = is_rsdp(hint, limit) ? hint : search_rsdp(limit);

	memset(out, 0, sizeof(*out));
	if (!rsdp || !root_table(rsdp, limit, &root, &entry_size))
		return false;
	out->rsdp = rsdp;
	if (find_table(&root, entry_size, "FACP", limit, &t))
		read_fadt(&t, limit, out);
	if (find_table(&root, entry_size, "APIC", limit, &t)) {
		out->madt = t.hpa;
		out->madt_length = t.length;
		out->processors = count_processors(&t);
	}
	return true;
}

static struct table madt_of(const struct acpi_info *info)
{
	return (struct table){ machine_ptr(HPA(info->madt)), info->madt, info->madt_length };
}

u32 acpi_processors(const struct acpi_info *info, u32 *apic_ids, u32 max)
{
	const struct table madt = madt_of(info);
	struct madt_processor processor;
	u64 at = MADT_ENTRIES;
	u32 count = 0;

	while (count < max && info->madt && next_processor(&madt, &at, &processor))
		apic_ids[count++] = processor.apic_id;
	return count;
}

u32 acpi_ioapics(const struct acpi_info *info, u64 *addresses, u32 max)
{
	const struct table madt = madt_of(info);
	struct madt_entry e;
	u64 at = MADT_ENTRIES;
	u32 count = 0;

	while (count < max && info->madt && next_entry(&madt, &at, &e))
		if (e.type == 1 && e.length >= 12)
			addresses[count++] = get(&madt, e.at + 4, 4);
	return count;
}

static bool is_listed(const u32 *apic_ids, u32 count, u32 apic_id)
{
	while (count--)
		if (apic_ids[count] == apic_id)
			return true;
	return false;
}

u32 acpi_disable_other_processors(const struct acpi_info *info, const u32 *apic_ids, u32 count)
{
	struct madt_processor processor;
	struct table madt;
	u64 at = MADT_ENTRIES;
	u32 disabled = 0;
	u8 *bytes;

	if (!info->madt)
		return 0;
	bytes = machine_ptr(HPA(info->madt));
	madt = madt_of(info);
	while (next_processor(&madt, &at, &processor)) {
		if (is_listed(apic_ids, count, processor.apic_id))
			continue;
		/* Neither enabled nor to be enabled later. */
		bytes[processor.flags_offset] &= (u8)~3;
		disabled++;
	}
	bytes[9] = (u8)(bytes[9] - sum(bytes, info->madt_length));
	return disabled;
}

/*
 * Whether at is where the name of a sleeping state but soft off is defined as a package (ACPI 6.4,
 * 7.4.2): NameOp, perhaps RootChar, "_S1_" to "_S4_", PackageOp.
 */
static bool is_sleep_name(const struct table *t, u64 at)
{
	const u8 *name = t->bytes + at;
	const u8 before = name[-1] == '\\' ? name[-2] : name[-1];

	return before == 0x08 && name[0] == '_' && name[1] == 'S' && name[2] >= '1' &&
	       name[2] <= '4' && name[3] == '_' && name[4] == 0x12;
}

static u32 rename_sleep_states(const struct table *t)
{
	u8 *bytes = machine_ptr(HPA(t->hpa));
	u32 renamed = 0;

	for (u64 at = TABLE_HEADER + 1; at + 5 <= t->length; at++) {
		if (!is_sleep_name(t, at))
			continue;
		bytes[at] = 'X';
		renamed++;
	}
	if (renamed)
		bytes[9] = (u8)(bytes[9] - sum(bytes, t->length));
	return renamed;
}

u32 acpi_hide_sleep_states(const struct acpi_info *info, u64 limit)
{
	struct table root, t, dsdt;
	unsigned entry_size;
	u32 renamed = 0;

	if (!info->rsdp || !root_table(info->rsdp, limit, &root, &entry_size))
		return 0;
	for (u64 at = TABLE_HEADER; at + entry_size <= root.length; at += entry_size) {
		if (!table_at(get(&root, at, entry_size), limit, &t))
			continue;
		if (signature_is(&t, "SSDT"))
			renamed += rename_sleep_states(&t);
		else if (signature_is(&t, "FACP") && dsdt_of(&t, limit, &dsdt))
			renamed += rename_sleep_states(&dsdt);
	}
	return renamed;
}
