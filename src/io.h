/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Intercepted ports, and how the machine ends. */
#ifndef PARTITA_IO_H
#define PARTITA_IO_H

#include "types.h"
#include "acpi.h"
#include "partition.h"

struct io_access;
struct vcpu;

#define PORT_EXIT 0xf4          /* the root ends the machine with a value */
#define PORT_PCI_ADDRESS 0xcf8  /* as a dword */
#define PORT_RESET_CONTROL 0xcf9
#define PORT_KEYBOARD_COMMAND 0x64
#define PORT_KEYBOARD_DATA 0x60
#define PORT_SYSTEM_CONTROL 0x92

/* Remember the firmware's ports and intercept them all for the root. Call before its VPs run. */
void io_init(struct partition *p, const struct acpi_info *acpi);

/*
 * One access of a VP to intercepted ports, as the machine is to see it; a write that ends the root does
 * not come back.
 */
u32 io_read(struct vcpu *v, const struct io_access *io);
void io_write(struct vcpu *v, const struct io_access *io, u32 value);

/*
 * End the machine as the end= option says; value is what the root wrote to the exit port. Logs
 * nothing.
 */
_Noreturn void machine_end(enum partition_end why, u32 value);

#endif
