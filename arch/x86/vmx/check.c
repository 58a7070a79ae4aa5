/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The checks of VM entry, made again over a copy of the VMCS, to name the one that failed. */
#include "vmx.h"
#include "cpu.h"

/*
 * All functions here are pure: the first check that fails is returned by name, NULL when every one
 * passes.
 */
#define REFUSE(bad, name) \
	do { \
		if (bad) \
			return (name); \
	} while (0)
#define FIRST_OF(call) \
	do { \
		const char *failed_ = (call); \
		if (failed_) \
			return failed_; \
	} while (0)

#define EFER_INTEL (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE)

enum activity { ACTIVITY_ACTIVE, ACTIVITY_HLT, ACTIVITY_SHUTDOWN, ACTIVITY_WAIT_FOR_SIPI };

static bool control_reserved(u64 value, u64 capability)
{
	return (value & (u32)capability) != (u32)capability || (value & ~(capability >> 32));
}

static bool fixed_violated(u64 value, u64 fixed0, u64 fixed1)
{
	return (value & fixed0) != fixed0 || (value & ~fixed1);
}

static bool canonical(u64 address, unsigned bits)
{
	i64 top = (i64)address >> (bits - 1);

	return top == 0 || top == -1;
}

/* A physical address with its low bits clear, inside the processor's width. */
static bool bad_physical(u64 address, u64 alignment, const struct vmx_caps *c)
{
	return (address & (alignment - 1)) || address >> c->physical_bits;
}

static bool bad_pat(u64 pat)
{
	for (unsigned n = 0; n < 8; n++) {
		u8 type = (u8)(pat >> (8 * n));

		if (type > 7 || type == 2 || type == 3)
			return true;
	}
	return false;
}

static bool has(u64 controls, u32 bit)
{
	return controls & bit;
}

/* Secondary controls count as zero unless they are activated. */
static u32 secondary(const struct vmcs_image *i)
{
	return has(i->processor_controls, PROC_SECONDARY) ? (u32)i->secondary_controls : 0;
}

/* SDM 27.2.1.1, first part: which controls go together. */
static const char *check_execution_controls(const struct vmcs_image *i, const struct vmx_caps *c)
{
	u64 pin = i->pin_controls, proc = i->processor_controls;
	u32 proc2 = secondary(i);

	REFUSE(control_reserved(pin, c->pin), "pin-based controls: reserved bit");
	REFUSE(control_reserved(proc, c->processor), "processor-based controls: reserved bit");
	REFUSE(has(proc, PROC_SECONDARY) && control_reserved(i->secondary_controls, c->secondary),
	       "secondary controls: reserved bit");
	REFUSE(i->cr3_target_count > (c->misc >> 16 & 0x1ff),
	       "CR3-target count: more than the processor has");
	REFUSE(!has(pin, PIN_NMI) && has(pin, PIN_VIRTUAL_NMIS),
	       "virtual NMIs without NMI exiting");
	REFUSE(!has(pin, PIN_VIRTUAL_NMIS) && has(proc, PROC_NMI_WINDOW),
	       "NMI-window exiting without virtual NMIs");
	REFUSE(!has(proc, PROC_TPR_SHADOW) &&
		       has(proc2, PROC2_X2APIC | PROC2_APIC_REGISTERS | PROC2_INTERRUPT_DELIVERY),
	       "APIC virtualization without TPR shadow");
	REFUSE(has(proc2, PROC2_X2APIC) && has(proc2, PROC2_APIC_ACCESSES),
	       "virtualize x2APIC mode together with virtualize APIC accesses");
	REFUSE(has(proc2, PROC2_INTERRUPT_DELIVERY) && !has(pin, PIN_EXTERNAL_INTERRUPT),
	       "virtual-interrupt delivery without external-interrupt exiting");
	REFUSE(has(pin, PIN_POSTED_INTERRUPTS) && !has(proc2, PROC2_INTERRUPT_DELIVERY),
	       "posted interrupts without virtual-interrupt delivery");
	REFUSE(has(pin, PIN_POSTED_INTERRUPTS) &&
		       !has(i->exit_controls, EXIT_ACKNOWLEDGE_INTERRUPT),
	       "posted interrupts without acknowledge interrupt on exit");
	REFUSE(has(proc2, PROC2_VPID) && i->vpid == 0, "VPID is 0");
	REFUSE(has(proc2, PROC2_UNRESTRICTED_GUEST) && !has(proc2, PROC2_EPT),
	       "unrestricted guest without EPT");
	REFUSE(has(proc2, PROC2_PML) && !has(proc2, PROC2_EPT),
	       "page-modification logging without EPT");
	REFUSE(has(proc2, PROC2_MODE_BASED_EXECUTE) && !has(proc2, PROC2_EPT),
	       "mode-based execute control without EPT");
	return NULL;
}

/* SDM 27.2.1.1, second part: the addresses the controls use. */
static const char *check_execution_addresses(const struct vmcs_image *i, const struct vmx_caps *c)
{
	u64 pin = i->pin_controls, proc = i->processor_controls;
	u32 proc2 = secondary(i);

	REFUSE(has(proc, PROC_IO_BITMAPS) && bad_physical(i->io_bitmap_a, PAGE_SIZE, c),
	       "I/O bitmap A address");
	REFUSE(has(proc, PROC_IO_BITMAPS) && bad_physical(i->io_bitmap_b, PAGE_SIZE, c),
	       "I/O bitmap B address");
	REFUSE(has(proc, PROC_MSR_BITMAPS) && bad_physical(i->msr_bitmap, PAGE_SIZE, c),
	       "MSR bitmap address");
	REFUSE(has(proc, PROC_TPR_SHADOW) && bad_physical(i->virtual_apic_address, PAGE_SIZE, c),
	       "virtual-APIC address");
	REFUSE(has(proc, PROC_TPR_SHADOW) && !has(proc2, PROC2_INTERRUPT_DELIVERY) &&
		       i->tpr_threshold >> 4,
	       "TPR threshold: reserved bit");
	REFUSE(has(proc2, PROC2_APIC_ACCESSES) &&
		       bad_physical(i->apic_access_address, PAGE_SIZE, c),
	       "APIC-access address");
	REFUSE(has(pin, PIN_POSTED_INTERRUPTS) && i->posted_interrupt_vector >> 8,
	       "posted-interrupt vector");
	REFUSE(has(pin, PIN_POSTED_INTERRUPTS) &&
		       bad_physical(i->posted_interrupt_descriptor, 64, c),
	       "posted-interrupt descriptor address");
	REFUSE(has(proc2, PROC2_PML) && bad_physical(i->pml_address, PAGE_SIZE, c), "PML address");
	return NULL;
}

/* SDM 27.2.1.1 on the EPT pointer, 25.6.11 for its format. */
static const char *check_ept_pointer(const struct vmcs_image *i, const struct vmx_caps *c)
{
	u64 eptp = i->ept_pointer;

	if (!has(secondary(i), PROC2_EPT))
		return NULL;
	REFUSE((eptp & 7) != 0 && (eptp & 7) != 6, "EPT pointer: memory type is neither UC nor WB");
	REFUSE((eptp & 7) == 6 && !(c->ept_vpid & EPT_CAP_WB),
	       "EPT pointer: no WB memory type on this processor");
	REFUSE((eptp >> 3 & 7) != 3, "EPT pointer: page-walk length is not 4");
	REFUSE((eptp & 0x40) && !(c->ept_vpid & EPT_CAP_AD),
	       "EPT pointer: no accessed and dirty flags on this processor");
	REFUSE((eptp & 0xf80) || eptp >> c->physical_bits, "EPT pointer: reserved bit");
	return NULL;
}

/* SDM 27.2.1.2. */
static const char *check_exit_controls(const struct vmcs_image *i, const struct vmx_caps *c)
{
	REFUSE(control_reserved(i->exit_controls, c->exit), "VM-exit controls: reserved bit");
	REFUSE(!has(i->pin_controls, PIN_PREEMPTION_TIMER) &&
		       has(i->exit_controls, EXIT_SAVE_PREEMPTION_TIMER),
	       "save VMX-preemption timer without the timer");
	REFUSE(i->exit_msr_store_count && bad_physical(i->exit_msr_store_address, 16, c),
	       "VM-exit MSR-store address");
	REFUSE(i->exit_msr_load_count && bad_physical(i->exit_msr_load_address, 16, c),
	       "VM-exit MSR-load address");
	return NULL;
}

/* SDM 27.2.1.3 on the event to inject. */
static const char *check_injection(const struct vmcs_image *i, const struct vmx_caps *c)
{
	u64 event = i->entry_interruption_information, vector = event & 0xff;
	unsigned type = event >> EVENT_TYPE_SHIFT & 7;
	bool protected_mode = i->guest_cr0 & CR0_PE;
	bool error_code = type == EVENT_EXCEPTION && protected_mode && event_has_error((u8)vector);
	bool software = type >= EVENT_SOFT_INTERRUPT && type <= EVENT_SOFT_EXCEPTION;

	if (!(event & EVENT_VALID))
		return NULL;
	REFUSE(type == EVENT_RESERVED_TYPE, "event to inject: reserved type");
	REFUSE(type == EVENT_NMI && vector != 2,
	       "event to inject: NMI with a vector that is not 2");
	REFUSE(type == EVENT_EXCEPTION && vector > 31,
	       "event to inject: exception vector above 31");
	REFUSE(type == EVENT_OTHER_TYPE && vector != 0,
	       "event to inject: vector of an other event");
	REFUSE(!(event & EVENT_ERROR_CODE) && error_code, "event to inject: error code missing");
	REFUSE((event & EVENT_ERROR_CODE) && !error_code,
	       "event to inject: error code where none belongs");
	REFUSE(event & 0x7ffff000, "event to inject: reserved bit");
	REFUSE((event & EVENT_ERROR_CODE) && i->entry_exception_error_code >> 16,
	       "event to inject: error code above 15 bits");
	REFUSE(software && i->entry_instruction_length > 15,
	       "event to inject: instruction length above 15");
	REFUSE(software && i->entry_instruction_length == 0 &&
		       !(c->misc & VMX_MISC_ZERO_LENGTH_INJECTION),
	       "event to inject: instruction length 0");
	return NULL;
}

/* SDM 27.2.1.3. */
static const char *check_entry_controls(const struct vmcs_image *i, const struct vmx_caps *c)
{
	REFUSE(control_reserved(i->entry_controls, c->entry), "VM-entry controls: reserved bit");
	FIRST_OF(check_injection(i, c));
	REFUSE(i->entry_msr_load_count && bad_physical(i->entry_msr_load_address, 16, c),
	       "VM-entry MSR-load address");
	REFUSE(has(i->entry_controls, ENTRY_TO_SMM | ENTRY_DEACTIVATE_DUAL_MONITOR),
	       "entry to SMM outside SMM");
	return NULL;
}

const char *vmx_check_controls(const struct vmcs_image *i, const struct vmx_caps *c)
{
	FIRST_OF(check_execution_controls(i, c));
	FIRST_OF(check_execution_addresses(i, c));
	FIRST_OF(check_ept_pointer(i, c));
	FIRST_OF(check_exit_controls(i, c));
	return check_entry_controls(i, c);
}

/* SDM 27.2.2. */
static const char *check_host_registers(const struct vmcs_image *i, const struct vmx_caps *c)
{
	u64 lma = has(i->exit_controls, EXIT_HOST_64) ? EFER_LMA | EFER_LME : 0;

	REFUSE(fixed_violated(i->host_cr0, c->cr0_fixed0, c->cr0_fixed1), "host CR0: fixed bit");
	REFUSE(fixed_violated(i->host_cr4, c->cr4_fixed0, c->cr4_fixed1), "host CR4: fixed bit");
	REFUSE((i->host_cr4 & CR4_CET) && !(i->host_cr0 & CR0_WP), "host CR4.CET without CR0.WP");
	REFUSE(i->host_cr3 >> c->physical_bits, "host CR3: reserved bit");
	REFUSE(!canonical(i->host_sysenter_esp, c->linear_bits), "host SYSENTER_ESP not canonical");
	REFUSE(!canonical(i->host_sysenter_eip, c->linear_bits), "host SYSENTER_EIP not canonical");
	REFUSE(has(i->exit_controls, EXIT_LOAD_PAT) && bad_pat(i->host_pat),
	       "host PAT: reserved memory type");
	if (!has(i->exit_controls, EXIT_LOAD_EFER))
		return NULL;
	REFUSE(i->host_efer & ~EFER_INTEL, "host EFER: reserved bit");
	REFUSE((i->host_efer & (EFER_LMA | EFER_LME)) != lma,
	       "host EFER: LMA or LME against host address-space size");
	return NULL;
}

/* SDM 27.2.3. */
static const char *check_host_segments(const struct vmcs_image *i, const struct vmx_caps *c)
{
	REFUSE(i->host_es_selector & 7, "host ES selector: RPL or TI");
	REFUSE(i->host_cs_selector & 7, "host CS selector: RPL or TI");
	REFUSE(i->host_ss_selector & 7, "host SS selector: RPL or TI");
	REFUSE(i->host_ds_selector & 7, "host DS selector: RPL or TI");
	REFUSE(i->host_fs_selector & 7, "host FS selector: RPL or TI");
	REFUSE(i->host_gs_selector & 7, "host GS selector: RPL or TI");
	REFUSE(i->host_tr_selector & 7, "host TR selector: RPL or TI");
	REFUSE(i->host_cs_selector == 0, "host CS selector is 0");
	REFUSE(i->host_tr_selector == 0, "host TR selector is 0");
	REFUSE(!has(i->exit_controls, EXIT_HOST_64) && i->host_ss_selector == 0,
	       "host SS selector is 0");
	REFUSE(!canonical(i->host_fs_base, c->linear_bits), "host FS base not canonical");
	REFUSE(!canonical(i->host_gs_base, c->linear_bits), "host GS base not canonical");
	REFUSE(!canonical(i->host_tr_base, c->linear_bits), "host TR base not canonical");
	REFUSE(!canonical(i->host_gdtr_base, c->linear_bits), "host GDTR base not canonical");
	REFUSE(!canonical(i->host_idtr_base, c->linear_bits), "host IDTR base not canonical");
	return NULL;
}

const char *vmx_check_host(const struct vmcs_image *i, const struct vmx_caps *c)
{
	FIRST_OF(check_host_registers(i, c));
	FIRST_OF(check_host_segments(i, c));
	/* SDM 27.2.4; this hypervisor runs in IA-32e mode, always. */
	REFUSE(!has(i->exit_controls, EXIT_HOST_64), "host address-space size is 0 in IA-32e mode");
	REFUSE(!(i->host_cr4 & CR4_PAE), "host CR4.PAE is 0");
	REFUSE(!canonical(i->host_rip, c->linear_bits), "host RIP not canonical");
	return NULL;
}

static bool ia32e(const struct vmcs_image *i)
{
	return has(i->entry_controls, ENTRY_IA32E_GUEST);
}

static bool unrestricted(const struct vmcs_image *i)
{
	return has(secondary(i), PROC2_UNRESTRICTED_GUEST);
}

/* SDM 27.3.1.1 on CR0, CR3 and CR4. */
static const char *check_guest_control_registers(const struct vmcs_image *i,
						 const struct vmx_caps *c)
{
	/*
	 * Unrestricted guests may have paging and protection off; CD and NW are not checked (SDM
	 * 24.8).
	 */
	u64 free0 = unrestricted(i) ? CR0_PE | CR0_PG : 0;
	u64 cr0_fixed0 = c->cr0_fixed0 & ~free0 & ~(CR0_CD | CR0_NW),
	    cr0_fixed1 = c->cr0_fixed1 | CR0_CD | CR0_NW;

	REFUSE(fixed_violated(i->guest_cr0, cr0_fixed0, cr0_fixed1), "guest CR0: fixed bit");
	REFUSE((i->guest_cr0 & CR0_PG) && !(i->guest_cr0 & CR0_PE), "guest CR0: PG without PE");
	REFUSE(fixed_violated(i->guest_cr4, c->cr4_fixed0, c->cr4_fixed1), "guest CR4: fixed bit");
	REFUSE((i->guest_cr4 & CR4_CET) && !(i->guest_cr0 & CR0_WP),
	       "guest CR4.CET without CR0.WP");
	REFUSE(ia32e(i) && !(i->guest_cr0 & CR0_PG), "IA-32e mode guest with CR0.PG = 0");
	REFUSE(ia32e(i) && !(i->guest_cr4 & CR4_PAE), "IA-32e mode guest with CR4.PAE = 0");
	REFUSE(!ia32e(i) && (i->guest_cr4 & CR4_PCIDE), "guest CR4.PCIDE outside IA-32e mode");
	REFUSE(i->guest_cr3 >> c->physical_bits, "guest CR3: reserved bit");
	return NULL;
}

/* SDM 27.3.1.1 on debug registers and MSRs. */
static const char *check_guest_msrs(const struct vmcs_image *i, const struct vmx_caps *c)
{
	u64 lma = i->guest_efer & EFER_LMA, lme = i->guest_efer & EFER_LME;

	REFUSE(has(i->entry_controls, ENTRY_LOAD_DEBUG) && i->guest_debugctl & ~0xffc7ull,
	       "guest DEBUGCTL: reserved bit");
	REFUSE(has(i->entry_controls, ENTRY_LOAD_DEBUG) && i->guest_dr7 >> 32,
	       "guest DR7: reserved bit");
	REFUSE(!canonical(i->guest_sysenter_esp, c->linear_bits),
	       "guest SYSENTER_ESP not canonical");
	REFUSE(!canonical(i->guest_sysenter_eip, c->linear_bits),
	       "guest SYSENTER_EIP not canonical");
	REFUSE(has(i->entry_controls, ENTRY_LOAD_PAT) && bad_pat(i->guest_pat),
	       "guest PAT: reserved memory type");
	if (!has(i->entry_controls, ENTRY_LOAD_EFER))
		return NULL;
	REFUSE(i->guest_efer & ~EFER_INTEL, "guest EFER: reserved bit");
	REFUSE(!lma == ia32e(i), "guest EFER.LMA differs from IA-32e mode guest");
	REFUSE((i->guest_cr0 & CR0_PG) && !lma != !lme,
	       "guest EFER.LMA differs from EFER.LME with paging on");
	return NULL;
}

/* A segment register of the guest as the image has it. */
struct seg {
	u64 selector, base, limit, rights;
};

static bool usable(const struct seg *s)
{
	return !(s->rights & SEGMENT_UNUSABLE);
}

static unsigned seg_type(const struct seg *s)
{
	return s->rights & 15;
}

static unsigned seg_dpl(const struct seg *s)
{
	return s->rights >> 5 & 3;
}

static bool bad_granularity(const struct seg *s)
{
	bool pages = s->rights & 0x8000;

	return ((s->limit & 0xfff) != 0xfff && pages) || (s->limit >> 20 && !pages);
}

/* The names of a check for each of the six registers: "guest CS ...". */
#define SIX(what) { "guest ES " what, "guest CS " what, "guest SS " what, \
		    "guest DS " what, "guest FS " what, "guest GS " what }
enum { ES, CS, SS, DS, FS, GS, SEGS };

static void read_segments(const struct vmcs_image *i, struct seg seg[SEGS])
{
#define SEG(N, n) \
	seg[N] = (struct seg){ i->guest_##n##_selector, i->guest_##n##_base, i->guest_##n##_limit, \
			       i->guest_##n##_access_rights }
	SEG(ES, es);
	SEG(CS, cs);
	SEG(SS, ss);
	SEG(DS, ds);
	SEG(FS, fs);
	SEG(GS, gs);
#undef SEG
}

/* SDM 27.3.1.2: virtual-8086 mode leaves no choice. */
static const char *check_v8086_segments(const struct seg seg[SEGS])
{
	static const char *const base[SEGS] =
		SIX("base in virtual-8086 mode is not the selector times 16");
	static const char *const limit[SEGS] = SIX("limit in virtual-8086 mode is not 0xffff");
	static const char *const rights[SEGS] =
		SIX("access rights in virtual-8086 mode are not 0xf3");

	for (unsigned n = 0; n < SEGS; n++) {
		REFUSE(seg[n].base != seg[n].selector << 4, base[n]);
		REFUSE(seg[n].limit != 0xffff, limit[n]);
		REFUSE(seg[n].rights != 0xf3, rights[n]);
	}
	return NULL;
}

/* SDM 27.3.1.2: type and DPL of CS. */
static const char *check_cs(const struct vmcs_image *i, const struct seg *cs, const struct seg *ss)
{
	unsigned type = seg_type(cs);
	bool data = type == 3 && unrestricted(i);

	REFUSE(!data && (type & 9) != 9, "guest CS type is not accessed code");
	REFUSE(type == 3 && seg_dpl(cs) != 0, "guest CS DPL of a data segment is not 0");
	REFUSE((type == 9 || type == 11) && seg_dpl(cs) != seg_dpl(ss),
	       "guest CS DPL differs from SS DPL");
	REFUSE((type == 13 || type == 15) && seg_dpl(cs) > seg_dpl(ss),
	       "guest CS DPL above SS DPL");
	REFUSE(ia32e(i) && (cs->rights & 0x2000) && (cs->rights & 0x4000),
	       "guest CS: L and D/B both set");
	return NULL;
}

/* SDM 27.3.1.2: selector, type and DPL of SS. */
static const char *check_ss(const struct vmcs_image *i, const struct seg *cs, const struct seg *ss)
{
	REFUSE(!unrestricted(i) && (ss->selector & 3) != (cs->selector & 3),
	       "guest SS RPL differs from CS RPL");
	REFUSE(usable(ss) && seg_type(ss) != 3 && seg_type(ss) != 7,
	       "guest SS type is not writable accessed data");
	REFUSE(!unrestricted(i) && seg_dpl(ss) != (ss->selector & 3),
	       "guest SS DPL differs from its RPL");
	REFUSE((seg_type(cs) == 3 || !(i->guest_cr0 & CR0_PE)) && seg_dpl(ss) != 0,
	       "guest SS DPL is not 0");
	return NULL;
}

/* SDM 27.3.1.2: what is asked of ES, DS, FS and GS when usable. */
static const char *check_data_segment(const struct vmcs_image *i, const struct seg *s, unsigned n)
{
	static const char *const accessed[SEGS] = SIX("type is not accessed");
	static const char *const readable[SEGS] = SIX("type is unreadable code");
	static const char *const dpl[SEGS] = SIX("DPL below its RPL");

	if (!usable(s) || n == CS || n == SS)
		return NULL;
	REFUSE(!(seg_type(s) & 1), accessed[n]);
	REFUSE((seg_type(s) & 8) && !(seg_type(s) & 2), readable[n]);
	REFUSE(!unrestricted(i) && seg_type(s) < 12 && seg_dpl(s) < (s->selector & 3), dpl[n]);
	return NULL;
}

/* SDM 27.3.1.2: what is asked of all six alike. */
static const char *check_segment(const struct seg *s, unsigned n, unsigned linear_bits)
{
	static const char *const base[SEGS] = SIX("base not canonical or above 4 GiB");
	static const char *const system[SEGS] = SIX("access rights: S is 0");
	static const char *const present[SEGS] = SIX("access rights: P is 0");
	static const char *const reserved[SEGS] = SIX("access rights: reserved bit");
	static const char *const granularity[SEGS] = SIX("limit does not fit its granularity");

	REFUSE((n == FS || n == GS) && !canonical(s->base, linear_bits), base[n]);
	REFUSE(n != FS && n != GS && (n == CS || usable(s)) && s->base >> 32, base[n]);
	if (!usable(s) && n != CS)
		return NULL;
	REFUSE(!(s->rights & 0x10), system[n]);
	REFUSE(!(s->rights & 0x80), present[n]);
	REFUSE(s->rights & 0xfffe0f00 || (n == CS && !usable(s)), reserved[n]);
	REFUSE(bad_granularity(s), granularity[n]);
	return NULL;
}

static const char *check_protected_segments(const struct vmcs_image *i, const struct seg seg[SEGS],
					    unsigned linear_bits)
{
	FIRST_OF(check_cs(i, &seg[CS], &seg[SS]));
	FIRST_OF(check_ss(i, &seg[CS], &seg[SS]));
	for (unsigned n = 0; n < SEGS; n++) {
		FIRST_OF(check_data_segment(i, &seg[n], n));
		FIRST_OF(check_segment(&seg[n], n, linear_bits));
	}
	return NULL;
}

/* SDM 27.3.1.2 on TR and LDTR. */
static const char *check_system_segments(const struct vmcs_image *i, const struct vmx_caps *c)
{
	struct seg tr = { i->guest_tr_selector, i->guest_tr_base, i->guest_tr_limit,
			  i->guest_tr_access_rights };
	struct seg ldtr = { i->guest_ldtr_selector, i->guest_ldtr_base, i->guest_ldtr_limit,
			    i->guest_ldtr_access_rights };

	REFUSE(tr.selector & 4, "guest TR selector: TI");
	REFUSE(!canonical(tr.base, c->linear_bits), "guest TR base not canonical");
	REFUSE(seg_type(&tr) != 11 && (ia32e(i) || seg_type(&tr) != 3),
	       "guest TR type is not a busy TSS");
	REFUSE((tr.rights & 0x90) != 0x80, "guest TR access rights: S or P");
	REFUSE(!usable(&tr), "guest TR is unusable");
	REFUSE(tr.rights & 0xfffe0f00, "guest TR access rights: reserved bit");
	REFUSE(bad_granularity(&tr), "guest TR limit does not fit its granularity");
	if (!usable(&ldtr))
		return NULL;
	REFUSE(ldtr.selector & 4, "guest LDTR selector: TI");
	REFUSE(!canonical(ldtr.base, c->linear_bits), "guest LDTR base not canonical");
	REFUSE(seg_type(&ldtr) != 2, "guest LDTR type is not an LDT");
	REFUSE((ldtr.rights & 0x90) != 0x80, "guest LDTR access rights: S or P");
	REFUSE(ldtr.rights & 0xfffe0f00, "guest LDTR access rights: reserved bit");
	REFUSE(bad_granularity(&ldtr), "guest LDTR limit does not fit its granularity");
	return NULL;
}

/* SDM 27.3.1.3 and 27.3.1.4. */
static const char *check_guest_tables_and_flow(const struct vmcs_image *i, const struct vmx_caps *c)
{
	bool code64 = ia32e(i) && (i->guest_cs_access_rights & 0x2000);
	u64 event = i->entry_interruption_information;
	bool external = (event & EVENT_VALID) && (event >> EVENT_TYPE_SHIFT & 7) == EVENT_INTERRUPT;
	u64 flags = i->guest_rflags;

	REFUSE(!canonical(i->guest_gdtr_base, c->linear_bits), "guest GDTR base not canonical");
	REFUSE(!canonical(i->guest_idtr_base, c->linear_bits), "guest IDTR base not canonical");
	REFUSE(i->guest_gdtr_limit >> 16, "guest GDTR limit above 16 bits");
	REFUSE(i->guest_idtr_limit >> 16, "guest IDTR limit above 16 bits");
	REFUSE(!code64 && i->guest_rip >> 32, "guest RIP above 4 GiB outside 64-bit mode");
	REFUSE(code64 && !canonical(i->guest_rip, c->linear_bits), "guest RIP not canonical");
	REFUSE((flags & ~0x3f7fd7ull) || !(flags & 2), "guest RFLAGS: reserved bit");
	REFUSE((flags & RFLAGS_VM) && (ia32e(i) || !(i->guest_cr0 & CR0_PE)),
	       "guest RFLAGS.VM outside protected mode");
	REFUSE(external && !(flags & RFLAGS_IF),
	       "guest RFLAGS.IF is 0 with an external interrupt to inject");
	return NULL;
}

/* SDM 27.3.1.5: the activity state and what may be injected into it. */
static const char *check_activity(const struct vmcs_image *i, const struct vmx_caps *c)
{
	u64 activity = i->guest_activity, event = i->entry_interruption_information;
	unsigned type = event >> EVENT_TYPE_SHIFT & 7;
	u64 vector = event & 0xff;
	bool wakes = type == EVENT_INTERRUPT || type == EVENT_NMI || type == EVENT_OTHER_TYPE ||
		     (type == EVENT_EXCEPTION && (vector == 1 || vector == 18));

	REFUSE(activity > ACTIVITY_WAIT_FOR_SIPI, "guest activity state: reserved");
	REFUSE(activity && !(c->misc >> (5 + activity) & 1),
	       "guest activity state: not supported by this processor");
	REFUSE(activity == ACTIVITY_HLT && (i->guest_ss_access_rights >> 5 & 3),
	       "guest activity state: HLT above CPL 0");
	REFUSE(activity && (i->guest_interruptibility & (BLOCKED_BY_STI | BLOCKED_BY_MOV_SS)),
	       "guest activity state: not active with blocking by STI or MOV SS");
	if (!(event & EVENT_VALID))
		return NULL;
	REFUSE(activity == ACTIVITY_HLT && !wakes,
	       "guest activity state: event that does not end HLT");
	REFUSE(activity == ACTIVITY_SHUTDOWN && type != EVENT_NMI &&
		       !(type == EVENT_EXCEPTION && vector == 18),
	       "guest activity state: event that does not end shutdown");
	REFUSE(activity == ACTIVITY_WAIT_FOR_SIPI,
	       "guest activity state: event while waiting for SIPI");
	return NULL;
}

/* SDM 27.3.1.5 on interruptibility. */
static const char *check_interruptibility(const struct vmcs_image *i)
{
	u64 blocked = i->guest_interruptibility, event = i->entry_interruption_information;
	unsigned type = event >> EVENT_TYPE_SHIFT & 7;
	bool external = (event & EVENT_VALID) && type == EVENT_INTERRUPT;
	bool nmi = (event & EVENT_VALID) && type == EVENT_NMI;

	REFUSE(blocked >> 5, "guest interruptibility: reserved bit");
	REFUSE((blocked & 3) == 3, "guest interruptibility: blocking by STI and by MOV SS");
	REFUSE((blocked & BLOCKED_BY_STI) && !(i->guest_rflags & RFLAGS_IF),
	       "guest interruptibility: blocking by STI with IF = 0");
	REFUSE(external && (blocked & 3),
	       "guest interruptibility: external interrupt injected while blocked");
	REFUSE(nmi && (blocked & BLOCKED_BY_MOV_SS),
	       "guest interruptibility: NMI injected while blocked by MOV SS");
	REFUSE(blocked & BLOCKED_BY_SMI, "guest interruptibility: blocking by SMI outside SMM");
	REFUSE(nmi && has(i->pin_controls, PIN_VIRTUAL_NMIS) && (blocked & BLOCKED_BY_NMI),
	       "guest interruptibility: NMI injected while blocked by NMI");
	return NULL;
}

/* SDM 27.3.1.5 on pending debug exceptions and the VMCS link pointer. */
static const char *check_pending(const struct vmcs_image *i, const struct vmx_caps *c)
{
	u64 pending = i->guest_pending_debug;
	bool step = (i->guest_rflags & RFLAGS_TF) && !(i->guest_debugctl & DEBUGCTL_BTF);
	bool held = (i->guest_interruptibility & 3) || i->guest_activity == ACTIVITY_HLT;

	REFUSE(pending & ~0x1500full, "guest pending debug exceptions: reserved bit");
	REFUSE(held && step && !(pending & PENDING_DEBUG_SINGLE_STEP),
	       "guest pending debug exceptions: BS is 0 while single-stepping");
	REFUSE(held && !step && (pending & PENDING_DEBUG_SINGLE_STEP),
	       "guest pending debug exceptions: BS without single-stepping");
	REFUSE(i->link_pointer != ~0ull && bad_physical(i->link_pointer, PAGE_SIZE, c),
	       "VMCS link pointer");
	return NULL;
}

/* SDM 27.3.1.6: with EPT the PDPTEs come from the VMCS. */
static const char *check_pdptes(const struct vmcs_image *i, const struct vmx_caps *c)
{
	static const char *const name[4] = { "guest PDPTE0: reserved bit",
					     "guest PDPTE1: reserved bit",
					     "guest PDPTE2: reserved bit",
					     "guest PDPTE3: reserved bit" };
	u64 pdpte[4] = { i->guest_pdpte0, i->guest_pdpte1, i->guest_pdpte2, i->guest_pdpte3 };

	if (!(i->guest_cr0 & CR0_PG) || !(i->guest_cr4 & CR4_PAE) || ia32e(i) ||
	    !has(secondary(i), PROC2_EPT))
		return NULL;
	for (unsigned n = 0; n < 4; n++)
		REFUSE((pdpte[n] & 1) && ((pdpte[n] & 0x1e6) || pdpte[n] >> c->physical_bits),
		       name[n]);
	return NULL;
}

const char *vmx_check_guest(const struct vmcs_image *i, const struct vmx_caps *c)
{
	struct seg seg[SEGS];

	read_segments(i, seg);
	FIRST_OF(check_guest_control_registers(i, c));
	FIRST_OF(check_guest_msrs(i, c));
	FIRST_OF(i->guest_rflags & RFLAGS_VM ? check_v8086_segments(seg)
					     : check_protected_segments(i, seg, c->linear_bits));
	FIRST_OF(check_system_segments(i, c));
	FIRST_OF(check_guest_tables_and_flow(i, c));
	FIRST_OF(check_activity(i, c));
	FIRST_OF(check_interruptibility(i));
	FIRST_OF(check_pending(i, c));
	return check_pdptes(i, c);
}
