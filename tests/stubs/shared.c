/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Tier 0 with instructions of this program's own, and what is shared with the hypervisor: messages,
 * events, the reference TSC page. Run under ASan and UBSan by tests/stubs/run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hv_cpuid_leaf;
static void fake_cpuid(unsigned leaf, struct hv_cpuid_leaf *r);
static unsigned long long fake_rdmsr(unsigned msr);
static void fake_wrmsr(unsigned msr, unsigned long long value);
static unsigned long long fake_rdtsc(void);
#define HV_CPUID(leaf, r) fake_cpuid(leaf, r)
#define HV_RDMSR(msr) fake_rdmsr(msr)
#define HV_WRMSR(msr, value) fake_wrmsr(msr, value)
#define HV_RDTSC() fake_rdtsc()
#include "hv_tlfs.h"

#define CHECK(x) ((x) ? (void)0 : (printf("%s:%d: %s\n", __FILE__, __LINE__, #x), exit(1)))
#define ALL (~HV_C64(0, 0))

/* ---- the machine ---- */

static struct hv_cpuid_leaf leaves[HV_CPUID_LEAVES];
static hv_u32 processor_bits;
static hv_u64 msr_value;
static hv_u32 msr_number;
static unsigned msr_writes;
static hv_u64 counter;
static void (*before_counter)(void);

static void fake_cpuid(unsigned leaf, struct hv_cpuid_leaf *r)
{
	memset(r, 0xee, sizeof(*r));
	if (leaf == 1)
		r->ecx = processor_bits;
	if (leaf - HV_CPUID_FIRST < HV_CPUID_LEAVES)
		*r = leaves[leaf - HV_CPUID_FIRST];
}

static unsigned long long fake_rdmsr(unsigned msr)
{
	msr_number = msr;
	return msr_value;
}

static void fake_wrmsr(unsigned msr, unsigned long long value)
{
	msr_number = msr;
	msr_value = value;
	msr_writes++;
}

static unsigned long long fake_rdtsc(void)
{
	if (before_counter)
		before_counter();
	return counter;
}

/* ---- detection ---- */

static void detection(void)
{
	struct hv_detected d;

	memset(leaves, 0xff, sizeof(leaves));
	leaves[0].eax = HV_CPUID_FIRST + 5;
	memcpy(&leaves[0].ebx, "Microsoft Hv", 12);
	leaves[1].eax = HV_CPUID_INTERFACE_SIGNATURE;
	CHECK(!hv_detect(&d));
	processor_bits = 0x80000000;
	CHECK(hv_detect(&d) && d.max_leaf == HV_CPUID_FIRST + 5);
	CHECK(strcmp(d.vendor, "Microsoft Hv") == 0);
	CHECK(d.leaf[5].eax == 0xffffffff && d.leaf[6].eax == 0 && d.leaf[6].edx == 0);
	CHECK(hv_has_privilege_access_vp_index(&d));
	leaves[3].eax = ~HV_CPUID_FEATURES_EAX_ACCESS_VP_INDEX;
	CHECK(hv_detect(&d) && !hv_has_privilege_access_vp_index(&d));
	leaves[0].eax--;
	CHECK(!hv_detect(&d));
	leaves[0].eax++;
	leaves[1].eax++;
	CHECK(!hv_detect(&d));
}

/* ---- MSRs ---- */

static void updates(void)
{
	msr_value = HV_C64(0xaaaaaaaa, 0xaaaaaaaa);
	hv_msr_update_hypercall(HV_X64_MSR_HYPERCALL_LOCKED, HV_X64_MSR_HYPERCALL_ENABLE);
	CHECK(msr_number == HV_X64_MSR_HYPERCALL && msr_value == HV_C64(0xaaaaaaaa, 0xaaaaaaa9));
	msr_value = ALL;
	hv_msr_update_sint(3, HV_X64_MSR_SINT_MASKED, 0);
	CHECK(msr_number == HV_X64_MSR_SINT3 && msr_value == (ALL & ~HV_X64_MSR_SINT_MASKED));
	msr_value = ALL;
	hv_msr_update(1, HV_C64(0, 0xf), HV_C64(0, 0xf0), HV_C64(0, 3), HV_C64(0, 0x101));
	CHECK(msr_value == HV_C64(0, 0xfd));
}

/* ---- time ---- */

static struct hv_reference_tsc_page tsc_page;
static unsigned changes;

static hv_u64 slow_mulhi(hv_u64 a, hv_u64 b)
{
	hv_u64 high = 0, low = 0;

	for (int i = 63; i >= 0; i--) {
		high = high << 1 | low >> 63;
		low <<= 1;
		if (b >> i & 1) {
			low += a;
			high += low < a;
		}
	}
	return high;
}

static void products(void)
{
	hv_u64 a = 0x9e3779b97f4a7c15, b = 0xd1b54a32d192ed03;

	CHECK(hv_mulhi64(ALL, ALL) == ALL - 1 && hv_mulhi64_portable(ALL, ALL) == ALL - 1);
	for (int i = 0; i < 10000; i++) {
		CHECK(hv_mulhi64(a, b) == slow_mulhi(a, b));
		CHECK(hv_mulhi64_portable(a, b) == slow_mulhi(a, b));
		a = a * 6364136223846793005 + 1442695040888963407;
		b = (b << 7 | b >> 57) ^ a;
	}
}

/* The hypervisor moves the machine while its clock is being read, twice. */
static void migrate(void)
{
	if (changes == 2)
		return;
	changes++;
	tsc_page.sequence++;
	tsc_page.scale /= 2;
	tsc_page.offset += 1000;
}

/* And here it goes where there is no such page. */
static void invalidate(void)
{
	tsc_page.sequence = 0;
}

static void reference_time(void)
{
	hv_u64 now = 7;

	counter = 1 << 20;
	CHECK(!hv_reference_time(&tsc_page, &now) && now == 7);
	tsc_page.sequence = 0xffffffff; /* no special value */
	tsc_page.scale = (hv_u64)1 << 63;
	tsc_page.offset = 5;
	CHECK(hv_reference_time(&tsc_page, &now) && now == (1 << 19) + 5);
	tsc_page.sequence = 1;
	before_counter = migrate;
	CHECK(hv_reference_time(&tsc_page, &now) && now == (1 << 17) + 2005);
	CHECK(changes == 2 && tsc_page.sequence == 3);
	msr_value = 4321;
	CHECK(hv_time(&tsc_page) == (1 << 17) + 2005);
	before_counter = invalidate;
	CHECK(hv_time(&tsc_page) == 4321 && msr_number == HV_X64_MSR_TIME_REF_COUNT);
	before_counter = NULL;
}

/* ---- messages and events ---- */

static void messages(void)
{
	struct hv_message slot, copy;

	memset(&slot, 0, sizeof(slot));
	memset(&copy, 0, sizeof(copy));
	msr_writes = 0;
	CHECK(hv_message_take(&slot, &copy) == 0 && msr_writes == 0);
	slot.header.type = 0x80000001;
	slot.header.payload_size = 240;
	slot.payload[29] = 29;
	CHECK(hv_message_take(&slot, &copy) == 0x80000001 && slot.header.type == 0);
	CHECK(copy.header.type == 0x80000001 && copy.payload[29] == 29 && msr_writes == 0);
	slot.header.type = 5;
	slot.header.flags = HV_MESSAGE_FLAGS_MESSAGE_PENDING;
	CHECK(hv_message_take(&slot, &copy) == 5 && msr_writes == 1);
	CHECK(msr_number == HV_X64_MSR_EOM && msr_value == 0);
	CHECK(hv_exchange_if(&slot.header.type, 4, 9) == 0 && slot.header.type == 0);
}

static void events(void)
{
	static struct hv_event_flags flags;

	flags.flags[1] = HV_C64(0x80000000, 0x00000005);
	CHECK(hv_event_flags_take(&flags, 0) == 0 && hv_event_flags_take(&flags, 2) == 5);
	CHECK(flags.flags[1] == HV_C64(0x80000000, 0));
	CHECK(!hv_event_flag_take(&flags, 126) && hv_event_flag_take(&flags, 127));
	CHECK(!hv_event_flag_take(&flags, 127) && flags.flags[1] == 0);
	flags.flags[31] = HV_C64(0x80000000, 0);
	CHECK(hv_event_flag_take(&flags, 2047) && flags.flags[31] == 0);
}

/* ---- statuses ---- */

static void statuses(void)
{
	CHECK(strcmp(hv_status_name(HV_STATUS_SUCCESS), "HV_STATUS_SUCCESS") == 0);
	CHECK(strcmp(hv_status_name(HV_STATUS_ACCESS_DENIED), "HV_STATUS_ACCESS_DENIED") == 0);
	CHECK(strstr(hv_status_text(HV_STATUS_ACCESS_DENIED), "privilege"));
	CHECK(strcmp(hv_status_text(0x7777), "unknown status") == 0);
	CHECK(hv_status_class(HV_STATUS_SUCCESS) == HV_CLASS_SUCCESS);
	CHECK(hv_status_class(HV_STATUS_INSUFFICIENT_MEMORY) == HV_CLASS_DEPOSIT);
	CHECK(hv_status_class(HV_STATUS_INSUFFICIENT_ROOT_MEMORY) == HV_CLASS_DEPOSIT);
	CHECK(hv_status_class(HV_STATUS_TIME_OUT) == HV_CLASS_RETRY);
	CHECK(hv_status_class(HV_STATUS_INVALID_VP_STATE) == HV_CLASS_STATE);
	CHECK(hv_status_class(HV_STATUS_INVALID_VP_INDEX) == HV_CLASS_CALLER);
	CHECK(hv_status_class(0x7777) == HV_CLASS_OTHER);
	for (hv_u32 i = 0; i < HV_STATUSES; i++) {
		hv_u16 code = hv_status_entries[i].code;
		CHECK(strncmp(hv_status_name(code), "HV_STATUS_", 10) == 0);
		CHECK(*hv_status_text(code));
	}
}

int main(void)
{
	detection();
	updates();
	products();
	reference_time();
	messages();
	events();
	statuses();
	return 0;
}
