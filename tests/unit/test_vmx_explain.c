/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* A legal VMCS passes every check of VM entry; broken in one place, each check is named. */
/* link: arch/x86/vmx/explain.c arch/x86/vmx/check.c arch/x86/event.c src/lib/text.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "vmx/vmx.h"
#include "text.h"

#define ANY (0xffffffffull << 32) /* every control allowed, none required */

/* A processor that has everything. */
static const struct vmx_caps caps = {
	.basic = VMX_BASIC_TRUE_CONTROLS,
	.pin = 0x7f00000016 | 0xffull << 32,
	.processor = ANY | 0x04006172,
	.secondary = ANY & ~(1ull << 63),
	.exit = 0x007fffff00036dfb,
	.entry = 0x0000ffff000011fb,
	.misc = VMX_MISC_EXIT_STORES_LMA | 0x7 << 6 | 4 << 16,
	.cr0_fixed0 = 0x80000021,
	.cr0_fixed1 = 0xffffffff,
	.cr4_fixed0 = 0x2000,
	.cr4_fixed1 = 0xf727ff | 1 << 23,
	.ept_vpid = EPT_CAP_WALK_4 | EPT_CAP_WB | EPT_CAP_2M | EPT_CAP_INVEPT |
		    EPT_CAP_INVEPT_SINGLE | EPT_CAP_AD,
	.physical_bits = 40,
	.linear_bits = 48,
};

/* A 64-bit kernel in the middle of its work. */
static const struct vmcs_image good = {
	.vpid = 1,
	.guest_cs_selector = 0x10,
	.guest_ss_selector = 0x18,
	.guest_tr_selector = 0x40,
	.host_cs_selector = 8,
	.host_ss_selector = 16,
	.host_ds_selector = 16,
	.host_es_selector = 16,
	.host_tr_selector = 24,
	.io_bitmap_a = 0x1000,
	.io_bitmap_b = 0x2000,
	.msr_bitmap = 0x3000,
	.ept_pointer = 0x4000 | 6 | 3 << 3 | 1 << 6,
	.link_pointer = ~0ull,
	.guest_pat = 0x0007040600070406,
	.guest_efer = 0xd01,
	.host_pat = 0x0007040600070406,
	.host_efer = 0xd00,
	.pin_controls = 0x16 | PIN_NMI | PIN_VIRTUAL_NMIS,
	.processor_controls = 0x04006172 | PROC_TSC_OFFSETTING | PROC_IO_BITMAPS |
			      PROC_MSR_BITMAPS | PROC_SECONDARY,
	.secondary_controls = PROC2_EPT | PROC2_VPID | PROC2_UNRESTRICTED_GUEST,
	.exit_controls = 0x36dfb | EXIT_SAVE_DEBUG | EXIT_HOST_64 | EXIT_SAVE_PAT | EXIT_LOAD_PAT |
			 EXIT_SAVE_EFER | EXIT_LOAD_EFER,
	.entry_controls =
		0x11fb | ENTRY_LOAD_DEBUG | ENTRY_IA32E_GUEST | ENTRY_LOAD_PAT | ENTRY_LOAD_EFER,
	.guest_cs_limit = ~0u,
	.guest_ss_limit = ~0u,
	.guest_ds_limit = ~0u,
	.guest_es_limit = ~0u,
	.guest_fs_limit = ~0u,
	.guest_gs_limit = ~0u,
	.guest_tr_limit = 0x67,
	.guest_cs_access_rights = 0xa09b,
	.guest_ss_access_rights = 0xc093,
	.guest_ds_access_rights = 0xc093,
	.guest_es_access_rights = 0xc093,
	.guest_fs_access_rights = 0xc093,
	.guest_gs_access_rights = 0xc093,
	.guest_ldtr_access_rights = 0x10000,
	.guest_tr_access_rights = 0x8b,
	.guest_gdtr_limit = 0x7f,
	.guest_idtr_limit = 0xfff,
	.guest_cr0 = 0x80050033,
	.guest_cr3 = 0x5000,
	.guest_cr4 = 0x2020,
	.guest_dr7 = 0x400,
	.guest_rip = 0xffffffff81000000,
	.guest_rsp = 0xffffffff82000000,
	.guest_rflags = 2,
	.host_cr0 = 0x80010031,
	.host_cr3 = 0x6000,
	.host_cr4 = 0x2020,
	.host_rip = 0xffffffff80000000,
};

struct change {
	size_t field;
	u64 value;
};
struct breakage {
	const char *name;
	struct change change[6];
};

#define F(name) offsetof(struct vmcs_image, name) + 1 /* 0 ends a list */
#define EVENT(type, vector) (EVENT_VALID | (type) << EVENT_TYPE_SHIFT | (vector))
#define WITH_PROC(bits) { F(processor_controls), 0x04006172 | PROC_SECONDARY | (bits) }
#define WITH_PROC2(bits) { F(secondary_controls), (bits) }
#define WITH_PIN(bits) { F(pin_controls), 0x16 | PIN_NMI | PIN_VIRTUAL_NMIS | (bits) }

static const struct breakage controls[] = {
	{ "pin-based controls: reserved bit", { { F(pin_controls), PIN_NMI } } },
	{ "processor-based controls: reserved bit", { { F(processor_controls), 0 } } },
	{ "secondary controls: reserved bit", { WITH_PROC2(1u << 31) } },
	{ "CR3-target count: more than the processor has", { { F(cr3_target_count), 5 } } },
	{ "virtual NMIs without NMI exiting", { { F(pin_controls), 0x16 | PIN_VIRTUAL_NMIS } } },
	{ "NMI-window exiting without virtual NMIs",
	  { { F(pin_controls), 0x16 | PIN_NMI }, WITH_PROC(PROC_NMI_WINDOW) } },
	{ "APIC virtualization without TPR shadow", { WITH_PROC2(PROC2_X2APIC) } },
	{ "virtualize x2APIC mode together with virtualize APIC accesses",
	  { WITH_PROC(PROC_TPR_SHADOW), WITH_PROC2(PROC2_X2APIC | PROC2_APIC_ACCESSES) } },
	{ "virtual-interrupt delivery without external-interrupt exiting",
	  { WITH_PROC(PROC_TPR_SHADOW), WITH_PROC2(PROC2_INTERRUPT_DELIVERY) } },
	{ "posted interrupts without virtual-interrupt delivery",
	  { WITH_PIN(PIN_POSTED_INTERRUPTS) } },
	{ "posted interrupts without acknowledge interrupt on exit",
	  { WITH_PIN(PIN_POSTED_INTERRUPTS | PIN_EXTERNAL_INTERRUPT), WITH_PROC(PROC_TPR_SHADOW),
	    WITH_PROC2(PROC2_INTERRUPT_DELIVERY) } },
	{ "VPID is 0", { { F(vpid), 0 } } },
	{ "unrestricted guest without EPT", { WITH_PROC2(PROC2_UNRESTRICTED_GUEST) } },
	{ "page-modification logging without EPT", { WITH_PROC2(PROC2_PML) } },
	{ "mode-based execute control without EPT", { WITH_PROC2(PROC2_MODE_BASED_EXECUTE) } },
	{ "I/O bitmap A address", { { F(io_bitmap_a), 0x1001 } } },
	{ "I/O bitmap B address", { { F(io_bitmap_b), 1ull << 40 } } },
	{ "MSR bitmap address", { { F(msr_bitmap), 8 } } },
	{ "virtual-APIC address", { WITH_PROC(PROC_TPR_SHADOW), { F(virtual_apic_address), 16 } } },
	{ "TPR threshold: reserved bit", { WITH_PROC(PROC_TPR_SHADOW), { F(tpr_threshold), 16 } } },
	{ "APIC-access address",
	  { WITH_PROC2(PROC2_APIC_ACCESSES), { F(apic_access_address), 4 } } },
	{ "posted-interrupt vector",
	  { WITH_PIN(PIN_POSTED_INTERRUPTS | PIN_EXTERNAL_INTERRUPT),
	    WITH_PROC(PROC_TPR_SHADOW),
	    WITH_PROC2(PROC2_INTERRUPT_DELIVERY),
	    { F(posted_interrupt_vector), 256 },
	    { F(exit_controls), 0x36dfb | EXIT_ACKNOWLEDGE_INTERRUPT | EXIT_HOST_64 } } },
	{ "posted-interrupt descriptor address",
	  { WITH_PIN(PIN_POSTED_INTERRUPTS | PIN_EXTERNAL_INTERRUPT),
	    WITH_PROC(PROC_TPR_SHADOW),
	    WITH_PROC2(PROC2_INTERRUPT_DELIVERY),
	    { F(posted_interrupt_descriptor), 32 },
	    { F(exit_controls), 0x36dfb | EXIT_ACKNOWLEDGE_INTERRUPT | EXIT_HOST_64 } } },
	{ "PML address", { WITH_PROC2(PROC2_EPT | PROC2_PML), { F(pml_address), 1 } } },
	{ "EPT pointer: memory type is neither UC nor WB",
	  { { F(ept_pointer), 0x4000 | 1 | 3 << 3 } } },
	{ "EPT pointer: page-walk length is not 4", { { F(ept_pointer), 0x4000 | 6 | 2 << 3 } } },
	{ "EPT pointer: reserved bit", { { F(ept_pointer), 0x4000 | 6 | 3 << 3 | 1 << 8 } } },
	{ "VM-exit controls: reserved bit", { { F(exit_controls), 0 } } },
	{ "save VMX-preemption timer without the timer",
	  { { F(exit_controls), 0x36dfb | EXIT_HOST_64 | EXIT_SAVE_PREEMPTION_TIMER } } },
	{ "VM-exit MSR-store address",
	  { { F(exit_msr_store_count), 1 }, { F(exit_msr_store_address), 8 } } },
	{ "VM-exit MSR-load address",
	  { { F(exit_msr_load_count), 1 }, { F(exit_msr_load_address), 8 } } },
	{ "VM-entry controls: reserved bit", { { F(entry_controls), 0 } } },
	{ "event to inject: reserved type",
	  { { F(entry_interruption_information), EVENT(1, 0) } } },
	{ "event to inject: NMI with a vector that is not 2",
	  { { F(entry_interruption_information), EVENT(2, 3) } } },
	{ "event to inject: exception vector above 31",
	  { { F(entry_interruption_information), EVENT(3, 32) } } },
	{ "event to inject: vector of an other event",
	  { { F(entry_interruption_information), EVENT(7, 1) } } },
	{ "event to inject: error code missing",
	  { { F(entry_interruption_information), EVENT(3, 13) } } },
	{ "event to inject: error code where none belongs",
	  { { F(entry_interruption_information), EVENT(3, 6) | EVENT_ERROR_CODE } } },
	{ "event to inject: error code where none belongs", /* none in real mode */
	  { { F(entry_interruption_information), EVENT(3, 13) | EVENT_ERROR_CODE },
	    { F(guest_cr0), 0x30 } } },
	{ "event to inject: reserved bit",
	  { { F(entry_interruption_information), EVENT(3, 6) | 1 << 12 } } },
	{ "event to inject: error code above 15 bits",
	  { { F(entry_interruption_information), EVENT(3, 13) | EVENT_ERROR_CODE },
	    { F(entry_exception_error_code), 0x10000 } } },
	{ "event to inject: instruction length above 15",
	  { { F(entry_interruption_information), EVENT(4, 0x80) },
	    { F(entry_instruction_length), 16 } } },
	{ "event to inject: instruction length 0",
	  { { F(entry_interruption_information), EVENT(4, 0x80) } } },
	{ "VM-entry MSR-load address",
	  { { F(entry_msr_load_count), 1 }, { F(entry_msr_load_address), 8 } } },
	{ "entry to SMM outside SMM",
	  { { F(entry_controls), 0x11fb | ENTRY_IA32E_GUEST | ENTRY_TO_SMM } } },
};

static const struct breakage host[] = {
	{ "host CR0: fixed bit", { { F(host_cr0), 0x80010011 } } },
	{ "host CR4: fixed bit", { { F(host_cr4), 0x20 } } },
	{ "host CR4.CET without CR0.WP",
	  { { F(host_cr4), 0x2020 | 1 << 23 }, { F(host_cr0), 0x80000031 } } },
	{ "host CR3: reserved bit", { { F(host_cr3), 1ull << 40 } } },
	{ "host SYSENTER_ESP not canonical", { { F(host_sysenter_esp), 1ull << 47 } } },
	{ "host SYSENTER_EIP not canonical", { { F(host_sysenter_eip), 1ull << 47 } } },
	{ "host PAT: reserved memory type", { { F(host_pat), 2 } } },
	{ "host EFER: reserved bit", { { F(host_efer), 0x1d00 } } },
	{ "host EFER: LMA or LME against host address-space size", { { F(host_efer), 0x900 } } },
	{ "host ES selector: RPL or TI", { { F(host_es_selector), 3 } } },
	{ "host CS selector: RPL or TI", { { F(host_cs_selector), 0xb } } },
	{ "host SS selector: RPL or TI", { { F(host_ss_selector), 0x13 } } },
	{ "host DS selector: RPL or TI", { { F(host_ds_selector), 4 } } },
	{ "host FS selector: RPL or TI", { { F(host_fs_selector), 4 } } },
	{ "host GS selector: RPL or TI", { { F(host_gs_selector), 1 } } },
	{ "host TR selector: RPL or TI", { { F(host_tr_selector), 0x1c } } },
	{ "host CS selector is 0", { { F(host_cs_selector), 0 } } },
	{ "host TR selector is 0", { { F(host_tr_selector), 0 } } },
	{ "host SS selector is 0", { { F(host_ss_selector), 0 }, { F(exit_controls), 0x36dfb } } },
	{ "host FS base not canonical", { { F(host_fs_base), 1ull << 63 } } },
	{ "host GS base not canonical", { { F(host_gs_base), 1ull << 63 } } },
	{ "host TR base not canonical", { { F(host_tr_base), 1ull << 63 } } },
	{ "host GDTR base not canonical", { { F(host_gdtr_base), 1ull << 63 } } },
	{ "host IDTR base not canonical", { { F(host_idtr_base), 1ull << 63 } } },
	{ "host address-space size is 0 in IA-32e mode", { { F(exit_controls), 0x36dfb } } },
	{ "host CR4.PAE is 0", { { F(host_cr4), 0x2000 } } },
	{ "host RIP not canonical", { { F(host_rip), 1ull << 63 } } },
};

/* Turn the good guest into a 32-bit one; the cases that need it have room for two more changes. */
#define LEGACY \
	{ F(entry_controls), 0x11fb | ENTRY_LOAD_DEBUG | ENTRY_LOAD_PAT | ENTRY_LOAD_EFER }, \
	{ F(guest_efer), 0 }, { F(guest_rip), 0x100000 }, { F(guest_cs_access_rights), 0xc09b }
#define RESTRICTED WITH_PROC2(PROC2_EPT | PROC2_VPID)

static const struct breakage guest_registers[] = {
	{ "guest CR0: fixed bit", { { F(guest_cr0), 0x80050013 } } },
	{ "guest CR0: fixed bit", { RESTRICTED, { F(guest_cr0), 0x33 } } },
	{ "guest CR0: PG without PE", { { F(guest_cr0), 0x80050032 } } },
	{ "guest CR4: fixed bit", { { F(guest_cr4), 0x20 } } },
	{ "guest CR4.CET without CR0.WP",
	  { { F(guest_cr4), 0x2020 | 1 << 23 }, { F(guest_cr0), 0x80040033 } } },
	{ "IA-32e mode guest with CR0.PG = 0", { { F(guest_cr0), 0x50033 } } },
	{ "IA-32e mode guest with CR4.PAE = 0", { { F(guest_cr4), 0x2000 } } },
	{ "guest CR4.PCIDE outside IA-32e mode", { LEGACY, { F(guest_cr4), 0x2000 | 1 << 17 } } },
	{ "guest CR3: reserved bit", { { F(guest_cr3), 1ull << 40 } } },
	{ "guest DEBUGCTL: reserved bit", { { F(guest_debugctl), 1 << 16 } } },
	{ "guest DR7: reserved bit", { { F(guest_dr7), 1ull << 32 } } },
	{ "guest SYSENTER_ESP not canonical", { { F(guest_sysenter_esp), 1ull << 47 } } },
	{ "guest SYSENTER_EIP not canonical", { { F(guest_sysenter_eip), 1ull << 47 } } },
	{ "guest PAT: reserved memory type", { { F(guest_pat), 3 } } },
	{ "guest EFER: reserved bit", { { F(guest_efer), 0x1d01 } } },
	{ "guest EFER.LMA differs from IA-32e mode guest", { { F(guest_efer), 0x901 } } },
	{ "guest EFER.LMA differs from EFER.LME with paging on", { { F(guest_efer), 0xc01 } } },
	{ "guest GDTR base not canonical", { { F(guest_gdtr_base), 1ull << 63 } } },
	{ "guest IDTR base not canonical", { { F(guest_idtr_base), 1ull << 63 } } },
	{ "guest GDTR limit above 16 bits", { { F(guest_gdtr_limit), 0x10000 } } },
	{ "guest IDTR limit above 16 bits", { { F(guest_idtr_limit), 0x10000 } } },
	{ "guest RIP above 4 GiB outside 64-bit mode", { LEGACY, { F(guest_rip), 1ull << 32 } } },
	{ "guest RIP not canonical", { { F(guest_rip), 1ull << 63 } } },
	{ "guest RFLAGS: reserved bit", { { F(guest_rflags), 0 } } },
	{ "guest RFLAGS: reserved bit", { { F(guest_rflags), 2 | 1 << 15 } } },
	{ "guest RFLAGS.IF is 0 with an external interrupt to inject",
	  { { F(entry_interruption_information), EVENT(0, 32) } } },
};

static const struct breakage guest_segments[] = {
	{ "guest CS type is not accessed code", { { F(guest_cs_access_rights), 0xa09a } } },
	{ "guest CS type is not accessed code",
	  { RESTRICTED, { F(guest_cs_access_rights), 0xc093 } } },
	{ "guest CS DPL of a data segment is not 0", { { F(guest_cs_access_rights), 0xc0b3 } } },
	{ "guest CS DPL differs from SS DPL", { { F(guest_cs_access_rights), 0xa0fb } } },
	{ "guest CS DPL above SS DPL", { { F(guest_cs_access_rights), 0xa0ff } } },
	{ "guest CS: L and D/B both set", { { F(guest_cs_access_rights), 0xe09b } } },
	{ "guest SS RPL differs from CS RPL", { RESTRICTED, { F(guest_ss_selector), 0x1b } } },
	{ "guest SS type is not writable accessed data",
	  { { F(guest_ss_access_rights), 0xc091 } } },
	{ "guest SS DPL differs from its RPL",
	  { RESTRICTED, { F(guest_ss_selector), 0x1b }, { F(guest_cs_selector), 0x13 } } },
	{ "guest SS DPL is not 0",
	  { LEGACY,
	    { F(guest_ss_access_rights), 0xc0f3 },
	    { F(guest_cs_access_rights), 0xc093 } } },
	{ "guest ES type is not accessed", { { F(guest_es_access_rights), 0xc092 } } },
	{ "guest DS type is unreadable code", { { F(guest_ds_access_rights), 0xc099 } } },
	{ "guest FS DPL below its RPL", { RESTRICTED, { F(guest_fs_selector), 3 } } },
	{ "guest GS base not canonical or above 4 GiB", { { F(guest_gs_base), 1ull << 63 } } },
	{ "guest CS base not canonical or above 4 GiB", { { F(guest_cs_base), 1ull << 32 } } },
	{ "guest DS base not canonical or above 4 GiB", { { F(guest_ds_base), 1ull << 32 } } },
	{ "guest ES access rights: S is 0", { { F(guest_es_access_rights), 0xc083 } } },
	{ "guest SS access rights: P is 0", { { F(guest_ss_access_rights), 0xc013 } } },
	{ "guest GS access rights: reserved bit", { { F(guest_gs_access_rights), 0xc193 } } },
	{ "guest CS limit does not fit its granularity", { { F(guest_cs_limit), 0xfffff000 } } },
	{ "guest SS limit does not fit its granularity",
	  { { F(guest_ss_access_rights), 0x4093 } } },
	{ "guest TR selector: TI", { { F(guest_tr_selector), 4 } } },
	{ "guest TR base not canonical", { { F(guest_tr_base), 1ull << 63 } } },
	{ "guest TR type is not a busy TSS", { { F(guest_tr_access_rights), 0x89 } } },
	{ "guest TR type is not a busy TSS",
	  { { F(guest_tr_access_rights), 0x83 } } }, /* 16-bit, in IA-32e mode */
	{ "guest TR access rights: S or P", { { F(guest_tr_access_rights), 0x0b } } },
	{ "guest TR is unusable", { { F(guest_tr_access_rights), 0x1008b } } },
	{ "guest TR access rights: reserved bit", { { F(guest_tr_access_rights), 0x18b } } },
	{ "guest TR limit does not fit its granularity", { { F(guest_tr_limit), 0x100000 } } },
	{ "guest LDTR selector: TI",
	  { { F(guest_ldtr_access_rights), 0x82 }, { F(guest_ldtr_selector), 4 } } },
	{ "guest LDTR base not canonical",
	  { { F(guest_ldtr_access_rights), 0x82 }, { F(guest_ldtr_base), 1ull << 63 } } },
	{ "guest LDTR type is not an LDT", { { F(guest_ldtr_access_rights), 0x83 } } },
	{ "guest LDTR access rights: S or P", { { F(guest_ldtr_access_rights), 0x02 } } },
	{ "guest LDTR access rights: reserved bit", { { F(guest_ldtr_access_rights), 0x182 } } },
	{ "guest LDTR limit does not fit its granularity",
	  { { F(guest_ldtr_access_rights), 0x82 }, { F(guest_ldtr_limit), 0x100000 } } },
};

#define STI_SHADOW \
	{ \
		F(guest_interruptibility), BLOCKED_BY_STI \
	}
#define MOV_SS_SHADOW \
	{ \
		F(guest_interruptibility), BLOCKED_BY_MOV_SS \
	}
#define PAE32 \
	{ \
		F(guest_cr4), 0x2020 \
	}

static const struct breakage guest_rest[] = {
	{ "guest activity state: reserved", { { F(guest_activity), 4 } } },
	{ "guest activity state: HLT above CPL 0",
	  { { F(guest_activity), 1 },
	    { F(guest_ss_access_rights), 0xc0f3 },
	    { F(guest_cs_access_rights), 0xa0fb } } },
	{ "guest activity state: not active with blocking by STI or MOV SS",
	  { { F(guest_activity), 1 }, MOV_SS_SHADOW } },
	{ "guest activity state: event that does not end HLT",
	  { { F(guest_activity), 1 }, { F(entry_interruption_information), EVENT(3, 6) } } },
	{ "guest activity state: event that does not end shutdown",
	  { { F(guest_activity), 2 }, { F(entry_interruption_information), EVENT(3, 6) } } },
	{ "guest activity state: event while waiting for SIPI",
	  { { F(guest_activity), 3 }, { F(entry_interruption_information), EVENT(2, 2) } } },
	{ "guest interruptibility: reserved bit", { { F(guest_interruptibility), 32 } } },
	{ "guest interruptibility: blocking by STI and by MOV SS",
	  { { F(guest_interruptibility), 3 } } },
	{ "guest interruptibility: blocking by STI with IF = 0", { STI_SHADOW } },
	{ "guest interruptibility: external interrupt injected while blocked",
	  { STI_SHADOW,
	    { F(guest_rflags), 0x202 },
	    { F(entry_interruption_information), EVENT(0, 32) } } },
	{ "guest interruptibility: NMI injected while blocked by MOV SS",
	  { MOV_SS_SHADOW, { F(entry_interruption_information), EVENT(2, 2) } } },
	{ "guest interruptibility: blocking by SMI outside SMM",
	  { { F(guest_interruptibility), BLOCKED_BY_SMI } } },
	{ "guest interruptibility: NMI injected while blocked by NMI",
	  { { F(guest_interruptibility), BLOCKED_BY_NMI },
	    { F(entry_interruption_information), EVENT(2, 2) } } },
	{ "guest pending debug exceptions: reserved bit", { { F(guest_pending_debug), 16 } } },
	{ "guest pending debug exceptions: BS is 0 while single-stepping",
	  { MOV_SS_SHADOW, { F(guest_rflags), 0x102 } } },
	{ "guest pending debug exceptions: BS without single-stepping",
	  { MOV_SS_SHADOW, { F(guest_pending_debug), PENDING_DEBUG_SINGLE_STEP } } },
	{ "VMCS link pointer", { { F(link_pointer), 1 } } },
	{ "guest PDPTE0: reserved bit", { LEGACY, PAE32, { F(guest_pdpte0), 1ull << 40 | 1 } } },
	{ "guest PDPTE3: reserved bit", { LEGACY, PAE32, { F(guest_pdpte3), 3 } } },
};

/* Virtual-8086 mode: every segment as it must be, then one of them not. */
static const struct breakage guest_v8086[] = {
	{ NULL, { { 0, 0 } } },
	{ "guest DS base in virtual-8086 mode is not the selector times 16",
	  { { F(guest_ds_base), 16 } } },
	{ "guest CS limit in virtual-8086 mode is not 0xffff", { { F(guest_cs_limit), 0xfffff } } },
	{ "guest GS access rights in virtual-8086 mode are not 0xf3",
	  { { F(guest_gs_access_rights), 0x93 } } },
};

static void apply(struct vmcs_image *image, const struct breakage *b)
{
	for (unsigned n = 0; n < 6 && b->change[n].field; n++)
		*(u64 *)((u8 *)image + b->change[n].field - 1) = b->change[n].value;
}

typedef const char *check(const struct vmcs_image *, const struct vmx_caps *);

static void break_each(const struct vmcs_image *base, const struct breakage *b, size_t count,
		       check *checker)
{
	for (size_t n = 0; n < count; n++) {
		struct vmcs_image image = *base;
		const char *found;

		apply(&image, &b[n]);
		found = checker(&image, &caps);
		if (!b[n].name)
			assert_null(found);
		else if (!found)
			fail_msg("nothing found, expected: %s", b[n].name);
		else
			assert_string_equal(found, b[n].name);
	}
}

static void good_image_passes(void **state)
{
	(void)state;
	assert_null(vmx_check_controls(&good, &caps));
	assert_null(vmx_check_host(&good, &caps));
	assert_null(vmx_check_guest(&good, &caps));
}

static void real_mode_and_paging_off_pass(void **state)
{
	struct vmcs_image image = good;

	(void)state;
	image.entry_controls &= ~(u64)ENTRY_IA32E_GUEST;
	image.guest_efer = 0;
	image.guest_rip = 0xfff0;
	image.guest_cr0 = 0x60000030; /* as after RESET: CD and NW set, PE and PG clear */
	image.guest_cr4 = 0x2000;
	image.guest_cs_access_rights = image.guest_ss_access_rights = image.guest_ds_access_rights =
		0x93;
	image.guest_es_access_rights = image.guest_fs_access_rights = image.guest_gs_access_rights =
		0x93;
	image.guest_cs_limit = image.guest_ss_limit = image.guest_ds_limit = 0xffff;
	image.guest_es_limit = image.guest_fs_limit = image.guest_gs_limit = 0xffff;
	image.guest_cs_base = 0xffff0000;
	assert_null(vmx_check_guest(&image, &caps));
}

static void each_control_check_is_named(void **state)
{
	(void)state;
	break_each(&good, controls, ARRAY_SIZE(controls), vmx_check_controls);
}

static void each_host_check_is_named(void **state)
{
	(void)state;
	break_each(&good, host, ARRAY_SIZE(host), vmx_check_host);
}

static void each_guest_check_is_named(void **state)
{
	(void)state;
	break_each(&good, guest_registers, ARRAY_SIZE(guest_registers), vmx_check_guest);
	break_each(&good, guest_segments, ARRAY_SIZE(guest_segments), vmx_check_guest);
	break_each(&good, guest_rest, ARRAY_SIZE(guest_rest), vmx_check_guest);
}

static void virtual_8086_checks_are_named(void **state)
{
	static const struct breakage legacy = { NULL, { LEGACY } };
	struct vmcs_image image = good;

	(void)state;
	apply(&image, &legacy);
	image.guest_rflags = 2 | 1 << 17;
	image.guest_cs_base = 0x100;
	image.guest_ss_base = 0x180;
	image.guest_cs_limit = image.guest_ss_limit = image.guest_ds_limit = 0xffff;
	image.guest_es_limit = image.guest_fs_limit = image.guest_gs_limit = 0xffff;
	image.guest_cs_access_rights = image.guest_ss_access_rights = image.guest_ds_access_rights =
		0xf3;
	image.guest_es_access_rights = image.guest_fs_access_rights = image.guest_gs_access_rights =
		0xf3;
	break_each(&image, guest_v8086, ARRAY_SIZE(guest_v8086), vmx_check_guest);
	image.entry_controls |= ENTRY_IA32E_GUEST;
	image.guest_efer = 0xd01;
	assert_string_equal(vmx_check_guest(&image, &caps),
			    "guest RFLAGS.VM outside protected mode");
}

/* Checks that depend on what the processor has. */
static void capabilities_matter(void **state)
{
	struct vmcs_image halted = good;
	struct vmx_caps less = caps;

	(void)state;
	less.ept_vpid &= ~EPT_CAP_AD;
	assert_string_equal(vmx_check_controls(&good, &less),
			    "EPT pointer: no accessed and dirty flags on this processor");
	less.ept_vpid &= ~EPT_CAP_WB;
	assert_string_equal(vmx_check_controls(&good, &less),
			    "EPT pointer: no WB memory type on this processor");
	halted.guest_activity = 1;
	assert_null(vmx_check_guest(&halted, &caps));
	less.misc &= ~(1ull << 6);
	assert_string_equal(vmx_check_guest(&halted, &less),
			    "guest activity state: not supported by this processor");
}

static char buffer[1024];

static const char *missing(const struct vmx_caps *c)
{
	struct text text;

	text_init(&text, buffer, sizeof(buffer));
	vmx_explain_missing(c, &text);
	return buffer;
}

static void missing_features_are_named(void **state)
{
	struct vmx_caps less = caps;

	(void)state;
	assert_string_equal(missing(&caps), "");
	less.secondary &= ~((u64)PROC2_UNRESTRICTED_GUEST << 32);
	assert_string_equal(missing(&less), "unrestricted guest");
	less.processor &= ~((u64)PROC_MSR_BITMAPS << 32);
	less.basic = 0;
	less.ept_vpid &= ~EPT_CAP_2M;
	assert_string_equal(
		missing(&less),
		"TRUE controls, use MSR bitmaps, unrestricted guest, EPT 2-MByte pages");
}

static const char *explained(const struct vmcs_image *image, u32 error)
{
	struct text text;

	text_init(&text, buffer, sizeof(buffer));
	vmx_explain_image(image, &caps, error, &text);
	return buffer;
}

static void entry_failures_are_explained(void **state)
{
	struct vmcs_image image = good;

	(void)state;
	image.vpid = 0;
	assert_non_null(strstr(explained(&image, 7),
			       "VM-instruction error 7: VM entry with invalid control fields\n"
			       "  the check that fails: VPID is 0\n"));
	image.host_tr_selector = 0;
	assert_non_null(
		strstr(explained(&image, 8), "  the check that fails: host TR selector is 0\n"));
	image.exit_reason = VMX_EXIT_ENTRY_FAILED | VMX_EXIT_INVALID_GUEST_STATE;
	image.guest_rflags = 0;
	assert_non_null(strstr(explained(&image, 0),
			       "VM-entry failure due to invalid guest state, qualification 0x0\n"
			       "  the check that fails: guest RFLAGS: reserved bit\n"));
	image.guest_rflags = 2;
	assert_non_null(strstr(explained(&image, 0), "no check known here fails\n"));
	assert_non_null(strstr(explained(&image, 5), "VMRESUME with non-launched VMCS"));
}

static void exits_are_explained(void **state)
{
	struct vmcs_image image = good;

	(void)state;
	image.exit_reason = VMX_EXIT_EPT_VIOLATION;
	image.exit_qualification = 0x18a;
	image.guest_physical_address = 0x1234000;
	image.guest_linear_address = 0x5678;
	image.idt_vectoring_information = EVENT(3, 14) | EVENT_ERROR_CODE;
	image.idt_vectoring_error_code = 2;
	explained(&image, 0);
	assert_non_null(strstr(
		buffer, "VMX exit 48: EPT violation, qualification 0x18a (write of GPA 0x1234000, "
			"linear 0x5678; allowed: r--)\n"));
	assert_non_null(strstr(buffer, "being delivered: exception, vector 0xe, error 0x2\n"));
	image.exit_reason = VMX_EXIT_IO;
	image.exit_qualification = 0x3f80038;
	assert_non_null(strstr(explained(&image, 0), "(REP INS port 0x3f8, 1 bytes)"));
	image.exit_reason = VMX_EXIT_CR_ACCESS;
	image.exit_qualification = 0x300;
	assert_non_null(strstr(explained(&image, 0), "(MOV to CR0, general register 3)"));
	assert_string_equal(vmx_exit_reason_name(5), "unknown exit reason");
	assert_string_equal(vmx_instruction_error_name(14), "unknown VM-instruction error");
	assert_string_equal(vmx_instruction_error_name(999), "unknown VM-instruction error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_image_passes),
		cmocka_unit_test(real_mode_and_paging_off_pass),
		cmocka_unit_test(each_control_check_is_named),
		cmocka_unit_test(each_host_check_is_named),
		cmocka_unit_test(each_guest_check_is_named),
		cmocka_unit_test(virtual_8086_checks_are_named),
		cmocka_unit_test(capabilities_matter),
		cmocka_unit_test(missing_features_are_named),
		cmocka_unit_test(entry_failures_are_explained),
		cmocka_unit_test(exits_are_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
