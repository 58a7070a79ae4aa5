// SPDX-License-Identifier: BSD-2-Clause OR MIT
/* A Linux module that prints facts of the hypervisor beneath when it is loaded. */
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <asm/mshyperv.h>

/* Linux has an HV_STATUS_SUCCESS and a struct hv_vpset of its own: ours get longer names. */
#define HV_NO_SHORT_NAMES
#define HV_NO_REDZONE
#include "hv_tlfs.h"

static void print_clocks(const struct hv_tlfs_detected *d)
{
	hv_tlfs_u64 tsc, apic;

	if (hv_tlfs_frequencies(d, &tsc, &apic))
		pr_info("hv_facts: TSC %llu Hz, APIC timer %llu Hz\n", (u64)tsc, (u64)apic);
	if (hv_tlfs_has_privilege_access_partition_reference_counter(d))
		pr_info("hv_facts: reference time %llu00 ns\n",
			(u64)hv_tlfs_rdmsr(HV_TLFS_X64_MSR_TIME_REF_COUNT));
}

/*
 * One call through the page that the kernel has set up. The parameters are ours, in two pages of
 * their own; nothing may interrupt or migrate us while they are in use.
 */
static int print_partition(void)
{
	struct hv_tlfs_get_partition_id_out id = { 0 };
	struct hv_tlfs_callctx c = { 0 };
	unsigned long flags, pages;
	hv_tlfs_status status;

	pages = __get_free_pages(GFP_KERNEL | __GFP_ZERO, 1);
	if (!pages)
		return -ENOMEM;
	c.page = hv_tlfs_call_page(hv_hypercall_pg);
	c.in = (void *)pages;
	c.out = (void *)(pages + PAGE_SIZE);
	c.in_gpa = virt_to_phys(c.in);
	c.out_gpa = virt_to_phys(c.out);
	local_irq_save(flags);
	status = hv_tlfs_call_get_partition_id(&c, &id);
	local_irq_restore(flags);
	free_pages(pages, 1);
	if (status == HV_TLFS_STATUS_SUCCESS)
		pr_info("hv_facts: partition %llu\n", (u64)id.partition_id);
	else
		pr_info("hv_facts: partition unknown: %s\n", hv_tlfs_status_name(status));
	return 0;
}

static int __init hv_facts_init(void)
{
	static struct hv_tlfs_detected d;

	if (!hv_tlfs_detect(&d))
		return -ENODEV;
	pr_info("hv_facts: %s, virtual processor %u\n", d.vendor,
		(unsigned int)hv_tlfs_rdmsr(HV_TLFS_X64_MSR_VP_INDEX));
	print_clocks(&d);
	return hv_hypercall_pg ? print_partition() : 0;
}

static void __exit hv_facts_exit(void)
{
}

module_init(hv_facts_init);
module_exit(hv_facts_exit);
MODULE_DESCRIPTION("Facts of a TLFS hypervisor, by the generated guest header");
MODULE_LICENSE("Dual BSD/GPL");
