/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What the neutral hypervisor asks of the machine below it; faked in host tests. */
#ifndef PARTITA_MACHINE_H
#define PARTITA_MACHINE_H

#include "types.h"

struct vcpu;

struct cpuid_regs { u32 eax, ebx, ecx, edx; };

/* Rates measured once at boot, in hertz. */
struct machine_rates { u64 tsc_hz, apic_timer_hz; };

/* Measure them against the PM timer at the given port. False: no two measurements agreed. */
bool machine_rates(u16 pm_timer_port, struct machine_rates *out);

/*
 * Physical memory through the hypervisor's direct map. Any physical address is valid; no ownership
 * is implied.
 */
void *machine_ptr(hpa_t hpa);
hpa_t machine_hpa(const void *ptr); /* of an object in the direct map or in the hypervisor image */

u64 machine_tsc(void);
void machine_cpuid(u32 leaf, u32 subleaf, struct cpuid_regs *out);
unsigned machine_physical_address_bits(void);

/* Access a hardware MSR; false (and no effect) when the processor raises #GP. */
bool machine_msr_read(u32 msr, u64 *value);
bool machine_msr_write(u32 msr, u64 value);

u32 machine_in(u16 port, unsigned size);             /* size in bytes: 1, 2, 4 */
void machine_out(u16 port, unsigned size, u32 value);

/* Registers of a device in memory, 32 bits each. */
u32 machine_mmio_read(hpa_t hpa);
void machine_mmio_write(hpa_t hpa, u32 value);

/*
 * The guest's XMM registers are live in the processor while the hypervisor runs (it uses none). n
 * is 0..5.
 */
void machine_xmm_read(unsigned n, u64 out[2]);
void machine_xmm_write(unsigned n, const u64 in[2]);

/* The guest's PKRU, which is live likewise. Its CR4.PKE is set. */
u32 machine_pkru(void);

/*
 * The VP that the calling processor runs; NULL before it was bound to one, which is for good and
 * sets up the processor's timer by the rates that were measured.
 */
struct vcpu *machine_vcpu(void);
void machine_bind(struct vcpu *v);

struct boot_info;

/*
 * Start the processors with these APIC ids, one after the other: each calls entry on its own stack,
 * which calls machine_online() when the next may follow, and never returns. How many did.
 */
u32 machine_start_processors(const struct boot_info *bi, const u32 *apic_ids, u32 count,
			     u64 tsc_hz, void (*entry)(void));
void machine_online(void);

/* Make the processor with this APIC id exit from its guest, or from virt->wait(). */
void machine_kick(u32 apic_id);

/*
 * Interrupt the calling processor when its TSC has come to a value, replacing what was set before;
 * 0: never. It may come early, and interrupt_timer() sets it again then.
 */
void machine_timer_set(u64 tsc);

/* A level-triggered interrupt of the calling processor, which the guest was given, has ended. */
void machine_end_interrupt(u8 vector);

/*
 * The PIC's request was held back while the guest could not take it, because taking it decides its
 * vector. From now on it comes through again.
 */
void machine_release_pic(void);

/*
 * An LVT entry of the calling processor's virtual APIC has a new value: the physical one follows
 * where it has a source outside. machine_lvt() reads the physical one.
 */
void machine_lvt_written(u32 entry, u32 value);
u32 machine_lvt(u32 entry);

/*
 * The calling processor's virtual APIC has this logical id in this model, as registers of an xAPIC:
 * where devices' interrupts are sent by such an id, the physical APIC takes them.
 */
void machine_logical_id(u32 ldr, u32 dfr);

/* Wait a moment in a loop that waits for another processor. */
void machine_pause(void);

/* The hypervisor's own console; bounded time, never blocks for a missing device. */
void machine_console_write(const char *text, size_t length);

/* A character that came in by it; -1: none waits, -2: none can come. */
int machine_console_read(void);

/* Stop this processor for good. */
_Noreturn void machine_halt(void);

#endif
