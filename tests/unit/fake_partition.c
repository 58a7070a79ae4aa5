/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* A partition with one VP, made by the real code on the fake machine. */
#include "fake.h"

#include <string.h>

#include "alloc.h"
#include "flush.h"
#include "hv_abi.h"
#include "hypercall.h"
#include "machine.h"
#include "port.h"
#include "spec_msrs.h"

static struct partition partition;

struct vcpu *fake_vps(u32 count)
{
	static const struct machine_rates rates = { FAKE_TSC_HZ, FAKE_APIC_HZ };
	struct partition_config config = {
		.id = 1,
		.offer = { .privilege = SPEC_PRIVILEGE_IMPLEMENTED,
			   .feature = SPEC_FEATURE_IMPLEMENTED,
			   .hint = SPEC_HINT_IMPLEMENTED },
		.table_budget = 64,
		.address_bits = FAKE_GPA_BITS,
		.rates = &rates,
	};

	fake_reset(FAKE_MEMORY);
	memset(&partition, 0, sizeof(partition));
	alloc_init(HPA(FAKE_HIDDEN), FAKE_MEMORY - FAKE_HIDDEN);
	partition.gpa.ram_count = 2;
	partition.gpa.ram[0] = (struct gpa_range){ 0, 0xa0000 };
	partition.gpa.ram[1] = (struct gpa_range){ 0x100000, FAKE_HIDDEN };
	partition.gpa.hidden_base = FAKE_HIDDEN;
	partition.gpa.hidden_end = FAKE_MEMORY;
	gpa_emulate(&partition.gpa, LAPIC_BASE_ADDRESS, LAPIC_MESSAGES_END);
	assert_true(partition_create(&partition, &config));
	assert_true(port_create_table());
	assert_true(port_loop_back(&partition, HV_VP_INDEX_ANY));
	for (u32 i = 0; i < count; i++) {
		assert_non_null(vcpu_create(&partition, 7 + i));
		assert_true(port_loop_back(&partition, i));
	}
	fake_machine.vcpu = partition.vp[0];
	partition.msr[SPEC_MSR_SLOT_GUEST_OS_ID] = 0x8100000601000000;
	partition.msr[SPEC_MSR_SLOT_HYPERCALL] = HV_X64_MSR_HYPERCALL_ENABLE;
	hypercall_open(&partition, true);
	return partition.vp[0];
}

void fake_others_flush(void)
{
	for (u32 i = 0; i < partition.env.vp_count; i++) {
		struct vcpu *v = partition.vp[i];

		if (v != fake_machine.vcpu)
			flush_requested(v, __atomic_exchange_n(&v->requests, 0, __ATOMIC_SEQ_CST));
	}
}

struct vcpu *fake_vp(void)
{
	return fake_vps(1);
}
