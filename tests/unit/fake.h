/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* A machine and a vendor core that exist in memory only and remember what was done to them. */
#ifndef PARTITA_TESTS_FAKE_H
#define PARTITA_TESTS_FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "partition.h"
#include "vcpu.h"
#include "virt.h"

#define FAKE_HISTORY 64
#define FAKE_CONSOLE 65536
#define FAKE_DEBUG_PORT 0xe9
#define FAKE_DEBUG_BYTES (1 << 18)

/* Physical memory of the fake machine: RAM up to the hypervisor's region at its top. */
#define FAKE_MEMORY (64 * MIB)
#define FAKE_HIDDEN (48 * MIB)
#define FAKE_GPA_BITS 40
#define FAKE_TSC_HZ 2000000000ull
#define FAKE_APIC_HZ 25000000ull

struct fake_write { u32 where, size; u64 value; };

struct fake_machine {
	u8 *memory;
	u64 size;
	u64 tsc;                             /* machine_tsc(); rises by tsc_step with each look */
	u64 tsc_step;
	u64 xmm[6][2];
	u32 xmm_reads;
	u32 pkru;
	u32 in_value;                        /* what every port reads */
	struct fake_write out[FAKE_HISTORY]; /* port writes, and their number */
	u32 outs;
	u8 debug[FAKE_DEBUG_BYTES] __attribute__((aligned(8))); /* what was written to the debug port instead */
	size_t debug_length;
	struct vcpu *vcpu;                   /* whom the calling processor runs */
	u32 kick[FAKE_HISTORY], kicks;       /* APIC ids that were to exit, and their number */
	u64 timer;                           /* when the processor's timer is due; 0: never */
	struct fake_write lvt[FAKE_HISTORY]; /* physical LVT entries written, and their number */
	u32 lvts;
	struct fake_write mmio[FAKE_HISTORY]; /* registers in memory written, and their number */
	u32 mmios;
	u32 mmio_value;                      /* what each of them reads */
	u32 ldr, dfr;                        /* logical id of the physical APIC */
	u32 lvt_value;                       /* what every physical LVT entry reads */
	u8 ended[FAKE_HISTORY];              /* vectors of level-triggered interrupts that ended */
	u32 ends;
	u32 pic_releases;
	void (*on_pause)(void);              /* what other processors do while this one waits */
	char console[FAKE_CONSOLE];
	size_t console_length;
	const char *keys;                    /* what is typed there */
	bool no_keys;                        /* it has no way in */
	u16 console_port, console_ports;
	jmp_buf *halt;                       /* where machine_halt() goes */
};
extern struct fake_machine fake_machine;

struct fake_core {
	u64 reg[VREG_COUNT];
	u64 illegal;                         /* the one value that every register refuses */
	struct segment segment[VSEG_COUNT];
	void (*on_set)(void);                /* called in every set_reg: a chance to meddle */
	u32 gva_flushes, gpa_flushes;
	bool interrupt_shut, nmi_shut;       /* the guest can take none */
	u8 injected[FAKE_HISTORY];           /* vectors of interrupts, and their number */
	u32 injections, nmis, inits;
	u8 start_up_page;                    /* of the latest start-up IPI */
	struct vcpu_context context;         /* that it was given last */
	u8 tpr;
	struct virt_window window;
	u32 windows, let_ins, waits;
	u64 traps;                           /* breakpoints that were hit */
	u32 string_accesses;                 /* to ports, that were to be carried out */
	u32 apic_accesses;                   /* that the hypervisor was to carry out */
	void (*on_wait)(struct vcpu *v);     /* what ends a wait in the hypervisor */
	void (*on_exit)(struct vcpu *v);     /* what an exit is */
	u64 tsc_offset;
	u32 refused_stores;                  /* enum virt_store */
	bool no_1g;
	const void *apic_page;               /* what lies where the APICs are */
	struct fake_write ports[FAKE_HISTORY];
	u32 port_count;
};
/* By VP index; most tests have one VP. */
extern struct fake_core fake_virts[PARTITION_MAX_VPS];
#define fake_virt (fake_virts[0])

/* An empty machine with size bytes of zeroed memory; the one before is gone. */
void fake_reset(u64 size);

/*
 * A machine of FAKE_MEMORY with an allocator in its hidden part, a partition that is offered all
 * that is implemented, and its VP with the hypercall page enabled in 64-bit mode. RAM: 0 to 640 KiB
 * and 1 MiB to FAKE_HIDDEN.
 */
struct vcpu *fake_vp(void);

/* The same with count VPs, whose APIC ids are 7 and up; the first is returned, and runs. */
struct vcpu *fake_vps(u32 count);

/* What fake_machine.on_pause can be: all other VPs do the flushes that are asked of them. */
void fake_others_flush(void);

/* Physical memory at hpa. */
void *fake_at(u64 hpa);

/* Whether the log has a text. */
bool fake_logged(const char *text);

/* The nested mapping of gpa: its entry, and at which level; 0: none. */
u64 fake_npt(struct partition *p, u64 gpa, unsigned *level);
#define FAKE_NPT_TYPE(entry) ((entry) >> 3 & 1)
#define FAKE_NPT_RIGHTS(entry) ((u32)(entry) & 7)
#define FAKE_NPT_ADDRESS(entry) ((entry) & 0x000ffffffffff000ull)

/* Runs statement and is true when it ended the machine. */
#define fake_halts(statement) \
	({ \
		jmp_buf fake_here; \
		volatile bool fake_halted = true; \
		fake_machine.halt = &fake_here; \
		if (!setjmp(fake_here)) { \
			statement; \
			fake_halted = false; \
		} \
		fake_machine.halt = NULL; \
		fake_halted; \
	})

#endif
