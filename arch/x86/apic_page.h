/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Registers of the APICs in memory, by guest physical address. */
#ifndef PARTITA_X86_APIC_PAGE_H
#define PARTITA_X86_APIC_PAGE_H

#include "types.h"

struct vcpu;

/* Accesses of size bytes, which no VP but the one that makes them may ask for. */
u64 apic_page_read(struct vcpu *v, u64 gpa, unsigned size);
void apic_page_write(struct vcpu *v, u64 gpa, unsigned size, u64 value);

#endif
