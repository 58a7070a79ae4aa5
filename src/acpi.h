/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The few facts taken from the firmware's ACPI tables, and the changes made to them. */
#ifndef PARTITA_ACPI_H
#define PARTITA_ACPI_H

#include "types.h"

struct acpi_info {
	u64 rsdp;                        /* root pointer, physical; 0: nothing else is valid */
	u16 pm1a_control, pm1b_control;  /* ports, 0: none */
	u16 pm_timer;                    /* port, 0: none */
	u16 reset_port;                  /* port to write reset_value to, 0: none or not a port */
	u8 reset_value;
	bool has_s5;
	u8 s5_a, s5_b;                   /* SLP_TYP of soft off */
	u64 madt, madt_length;           /* physical address, 0: none; all of it below the limit */
	u32 processors;                  /* enabled in the MADT */
};

/*
 * Find and read the tables; hint is the root pointer of the boot loader or 0 to search for it.
 * Nothing at or above physical address limit is touched. False: no ACPI.
 */
bool acpi_read(u64 hint, u64 limit, struct acpi_info *out);

/* The APIC ids of up to max enabled processors, in the order of the MADT; returns how many. */
u32 acpi_processors(const struct acpi_info *info, u32 *apic_ids, u32 max);

/* The physical addresses of up to max I/O APICs; returns how many. */
u32 acpi_ioapics(const struct acpi_info *info, u64 *addresses, u32 max);

/*
 * Disable every processor of the MADT that is not in the list, in place, with a right checksum.
 * Returns how many were disabled.
 */
u32 acpi_disable_other_processors(const struct acpi_info *info, const u32 *apic_ids, u32 count);

/*
 * Rename the packages of S1 to S4 in DSDT and SSDTs, in place, with right checksums: who looks for
 * them finds that the machine has no such state. Returns how many were renamed.
 */
u32 acpi_hide_sleep_states(const struct acpi_info *info, u64 limit);

#endif
