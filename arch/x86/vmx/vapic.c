/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * What the processor does of a VP's APIC by itself, on the page of its registers (Intel SDM vol. 3,
 * chapter 30). In memory it reads registers, and stores what is written to them before it exits;
 * in x2APIC mode it reads most of them, has the task priority, and ends interrupts, too, as long as
 * none is pending. Interrupts are delivered by the hypervisor all the same: Bochs does not look for
 * pending ones when it enters a guest, and delivers them with IF = 0 when a physical one comes.
 */
#include "vmx.h"

#include "lapic.h"
#include "log.h"
#include "machine.h"
#include "options.h"
#include "string.h"
#include "trace.h"
#include "virt.h"

#define IN_MEMORY (PROC2_APIC_ACCESSES | PROC2_APIC_REGISTERS)
#define BY_MSR (PROC2_X2APIC | PROC2_APIC_REGISTERS)
#define WITH_ENDS (BY_MSR | PROC2_INTERRUPT_DELIVERY)
#define ANY_OF_THEM (IN_MEMORY | WITH_ENDS)

#define MSR_OF(offset) (LAPIC_MSR_FIRST + (offset) / 16)
#define BITMAP_WRITES 0x800u /* of MSRs 0 to 0x1fff; their reads come first (SDM 25.6.9) */

/* The exit qualification of an access to the page, SDM table 28-6. */
#define ACCESS_OFFSET(q) ((q) & 0xfff)
#define ACCESS_TYPE(q) ((q) >> 12 & 15)
enum access_type { ACCESS_READ, ACCESS_WRITE, ACCESS_FETCH };

static u32 usable; /* (c) of those controls */

/* Where it is mapped, accesses are to the virtual-APIC page instead, or exit. */
static u8 access_page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

/* As the bitmap of all MSRs, but open to what the processor does; with_ends: to EOI, too. */
static u8 x2apic_bitmap[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static u8 with_ends_bitmap[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static const u8 *closed_bitmap; /* (c) */

static bool can(u32 controls)
{
	return (usable & controls) == controls;
}

void vmx_apic_choose(void)
{
	usable = strcmp(options.apicv, "off") ? (u32)(vmx_caps.secondary >> 32) & ANY_OF_THEM : 0;
	log_info("APIC virtualisation: %s%s%s", can(IN_MEMORY) ? "memory" : "none",
		 can(BY_MSR) ? ", x2APIC" : "", can(WITH_ENDS) ? ", ends of interrupts" : "");
}

const void *vmx_apic_page(void)
{
	return can(IN_MEMORY) ? access_page : NULL;
}

/* ---- MSRs ---- */

static void open_msr(u8 *bitmap, u32 msr)
{
	bitmap[msr / 8] &= (u8)~(1u << msr % 8);
}

void vmx_apic_set_bitmaps(const u8 *closed)
{
	closed_bitmap = closed;
	memcpy(x2apic_bitmap, closed, PAGE_SIZE);
	for (u32 msr = LAPIC_MSR_FIRST; msr <= LAPIC_MSR_LAST; msr++)
		if (lapic_msr_is_plain(msr))
			open_msr(x2apic_bitmap, msr);
	open_msr(x2apic_bitmap + BITMAP_WRITES, MSR_OF(LAPIC_TPR));
	memcpy(with_ends_bitmap, x2apic_bitmap, PAGE_SIZE);
	open_msr(with_ends_bitmap + BITMAP_WRITES, MSR_OF(LAPIC_EOI));
}

static const u8 *bitmap_for(u32 controls)
{
	if (controls & PROC2_INTERRUPT_DELIVERY)
		return with_ends_bitmap;
	return controls & PROC2_X2APIC ? x2apic_bitmap : closed_bitmap;
}

/* ---- what is used when ---- */

/*
 * An offered EOI is one that the guest may have made without anybody's knowledge: what is in service
 * is known once the hypervisor has looked.
 */
static u32 controls_for(struct vcpu *v)
{
	const bool offered = v->lapic.eoi_offered;

	if (lapic_in_memory(v))
		return !can(IN_MEMORY) ? 0 : offered ? PROC2_APIC_ACCESSES : IN_MEMORY;
	if (!lapic_is_x2apic(&v->lapic) || !can(BY_MSR))
		return 0;
	return can(WITH_ENDS) && !offered && !lapic_has_pending(&v->lapic) ? WITH_ENDS : BY_MSR;
}

static struct vmcs_field eoi_exit_bitmap(u32 i)
{
	return (struct vmcs_field){ vmcs_eoi_exit_bitmap0.encoding + 2 * i };
}

void vmx_apic_start(void)
{
	if (can(IN_MEMORY))
		vmwrite(vmcs_apic_access_address, machine_hpa(access_page).v);
	if (!can(WITH_ENDS))
		return;
	vmwrite(vmcs_interrupt_status, 0);
	for (u32 i = 0; i < 4; i++)
		vmwrite(eoi_exit_bitmap(i), 0);
}

/* Ends that somebody waits for are exits. */
static void set_awaited_ends(struct vmx_vcpu *x)
{
	u64 set[4];

	lapic_awaited_ends(x->v, set);
	for (u32 i = 0; i < 4; i++) {
		if (set[i] != x->awaited_ends[i])
			vmwrite(eoi_exit_bitmap(i), set[i]);
		x->awaited_ends[i] = set[i];
	}
}

void vmx_apic_update(struct vmx_vcpu *x)
{
	const u32 controls = (x->secondary_controls & ~ANY_OF_THEM) | controls_for(x->v);
	const u32 changed = controls ^ x->secondary_controls;

	if (controls & PROC2_INTERRUPT_DELIVERY)
		set_awaited_ends(x);
	if (!changed)
		return;
	x->secondary_controls = controls;
	vmwrite(vmcs_secondary_controls, controls);
	vmwrite(vmcs_msr_bitmap, machine_hpa(bitmap_for(controls)).v);
	/* Translations may hold what the place was (SDM 30.4.6.1). */
	if (changed & PROC2_APIC_ACCESSES)
		virt->flush_gpa(x->v);
}

/* ---- exits ---- */

static struct npt_fault access_of(u64 qualification)
{
	static const u32 right[] = {
		[ACCESS_READ] = NPT_R, [ACCESS_WRITE] = NPT_W, [ACCESS_FETCH] = NPT_X
	};
	const u32 type = ACCESS_TYPE(qualification);

	/* The others are no instruction's own: a delivery, a walk of page tables. */
	return (struct npt_fault){
		.gpa = GPA(LAPIC_BASE_ADDRESS | ACCESS_OFFSET(qualification)),
		.access = type < ARRAY_SIZE(right) ? right[type] : 0,
		.walk = type >= ARRAY_SIZE(right),
	};
}

enum vm_next vmx_apic_exit(struct vcpu *v, u32 reason)
{
	const u64 qualification = vmread(vmcs_exit_qualification);
	struct npt_fault fault;

	trace(v, TRACE_VENDOR, reason, qualification, vmread(vmcs_guest_rip));
	switch (reason) {
	case VMX_EXIT_APIC_WRITE: lapic_stored(v, ACCESS_OFFSET(qualification)); return VM_RETRY;
	case VMX_EXIT_VIRTUALIZED_EOI: lapic_ended(v, (u8)qualification); return VM_RETRY;
	default:
		fault = access_of(qualification);
		return npt_fault_exit(v, &fault);
	}
}
