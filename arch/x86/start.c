/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* From the boot program's state to the one that the neutral hypervisor expects. */
#include "alloc.h"
#include "apic.h"
#include "cpu.h"
#include "idt.h"
#include "main.h"
#include "paging.h"
#include "panic.h"
#include "start.h"

_Noreturn void start(struct boot_info *bi);

void start_control_registers(void)
{
	u64 cr4 = CR4_PAE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT;

	if (cpu_has(CPU_XSAVE))
		cr4 |= CR4_OSXSAVE; /* XSETBV is executed for guests */
	if (cpu_has(CPU_SMEP))
		cr4 |= CR4_SMEP;
	cpu_write_cr0(CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG);
	cpu_write_cr4(cr4);
}

_Noreturn void start(struct boot_info *bi)
{
	paging_locate(bi->hv_base);
	idt_init();
	idt_load(&boot_cpu);
	start_control_registers();
	alloc_init(HPA(bi->hv_base + bi->image_size), bi->hv_size - bi->image_size);
	paging_init(bi);
	apic_init();
	hv_main(bi);
}
