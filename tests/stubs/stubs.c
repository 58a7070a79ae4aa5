/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * The stubs of the guest header against a false hypercall page that changes everything it may. Run
 * by tests/gen/header.
 */
#define _GNU_SOURCE /* the names of registers in ucontext.h */
#include "hv_tlfs.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#define CHECK(x) ((x) ? (void)0 : (printf("line %d: %s\n", __LINE__, #x), exit(1)))

static int calls;
static hv_u64 last_control, last_input;

static void *at(hv_u64 address)
{
	return (void *)(hv_uptr)address;
}

static hv_u64 address(const void *p)
{
	return (hv_uptr)p;
}

/*
 * Two repetitions at a time: each register's value is three times its name, and its place in the
 * list.
 */
static hv_u64 registers(hv_u64 control, const hv_u8 *in, struct hv_get_vp_registers_each_out *out)
{
	hv_u32 reps = control >> 32 & 0xfff, start = control >> 48 & 0xfff;
	hv_u32 end = start + 2 < reps ? start + 2 : reps;

	for (hv_u32 i = start; i < end; i++) {
		struct hv_get_vp_registers_each_in each;
		memcpy(&each, in + sizeof(struct hv_get_vp_registers_in) + i * sizeof(each),
		       sizeof(each));
		out[i].value.low = 3 * (hv_u64)each.name;
		out[i].value.high = i;
	}
	return (hv_u64)end << 32;
}

/* What the page below calls. */
hv_u64 answer(hv_u64 control, hv_u64 in, hv_u64 out);
hv_u64 answer(hv_u64 control, hv_u64 in, hv_u64 out)
{
	calls++;
	last_control = control;
	switch (control & 0xffff) {
	case HV_CALL_GET_PARTITION_ID:
		memcpy(at(out), &control, 8);
		if (in)
			memcpy(&last_input, at(in), 8);
		return 0;
	case HV_CALL_GET_VP_REGISTERS:
		return registers(control, at(in), at(out));
	case HV_CALL_NOTIFY_LONG_SPIN_WAIT:
		return in == 0x77 ? 0 : HV_STATUS_INVALID_PARAMETER;
	case HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX: {
		const hv_u64 *words = at(in);
		return words[4] == 5 && words[5] == 6 && words[6] == 7
			       ? (hv_u64)1 << 32
			       : HV_STATUS_INVALID_PARAMETER;
	}
	}
	return HV_STATUS_INVALID_HYPERCALL_CODE;
}

extern char page[];

#if defined(__x86_64__)
__asm__(".globl page\npage:\n\t"
	"pushq %rbp\n\tmovq %rsp, %rbp\n\tpushq %rdi\n\tpushq %rsi\n\tandq $-16, %rsp\n\t"
	"movq %rcx, %rdi\n\tmovq %rdx, %rsi\n\tmovq %r8, %rdx\n\tcall answer\n\t"
	/*
	 * Everything a function of that convention may change, with the shadow space above its
	 * return address.
	 */
	"movq $-1, %rcx\n\tmovq $-1, %rdx\n\tmovq $-1, %r8\n\tmovq $-1, %r9\n\tmovq $-1, "
	"%r10\n\tmovq $-1, %r11\n\t"
	"pcmpeqd %xmm0, %xmm0\n\tpcmpeqd %xmm1, %xmm1\n\tpcmpeqd %xmm2, %xmm2\n\t"
	"pcmpeqd %xmm3, %xmm3\n\tpcmpeqd %xmm4, %xmm4\n\tpcmpeqd %xmm5, %xmm5\n\t"
	"movq $-1, 16(%rbp)\n\tmovq $-1, 24(%rbp)\n\tmovq $-1, 32(%rbp)\n\tmovq $-1, 40(%rbp)\n\t"
	"movq -8(%rbp), %rdi\n\tmovq -16(%rbp), %rsi\n\tmovq %rbp, %rsp\n\tpopq %rbp\n\tret\n");
#else
__asm__(".globl page\npage:\n\t"
	"pushl %ebp\n\tmovl %esp, %ebp\n\tandl $-16, %esp\n\tsubl $8, %esp\n\t"
	"pushl %edi\n\tpushl %esi\n\tpushl %ebx\n\tpushl %ecx\n\tpushl %edx\n\tpushl %eax\n\tcall "
	"answer\n\t"
	"movl $-1, %ecx\n\tmovl $-1, %ebx\n\tmovl $-1, %esi\n\tmovl $-1, %edi\n\t"
	"movl %ebp, %esp\n\tpopl %ebp\n\tret\n");
#endif

static void typed_calls(struct hv_callctx *c)
{
	struct hv_get_partition_id_out id;
	struct hv_get_vp_registers_in header = { 0 };
	struct hv_get_vp_registers_each_in names[5];
	struct hv_get_vp_registers_each_out values[5];
	struct hv_notify_long_spin_wait_in spin = { 0 };
	hv_u32 done;

	CHECK(hv_call_get_partition_id(c, &id) == 0 && id.partition_id == HV_CALL_GET_PARTITION_ID);
	for (hv_u32 i = 0; i < 5; i++)
		names[i].name = 100 + i;
	calls = 0;
	CHECK(hv_call_get_vp_registers(c, &header, names, 5, &done, values) == 0 && done == 5 &&
	      calls == 3);
	for (hv_u32 i = 0; i < 5; i++)
		CHECK(values[i].value.low == 3 * (100 + i) && values[i].value.high == i);
	spin.spin_count = 0x77;
	CHECK(hv_call_notify_long_spin_wait(c, &spin) == 0);
	CHECK(last_control == HV_CONTROL(HV_CALL_NOTIFY_LONG_SPIN_WAIT, 1, 0, 0, 0));
}

static void variable_header(struct hv_callctx *c)
{
	struct hv_flush_virtual_address_list_ex_in header = { 0 };
	struct hv_flush_virtual_address_list_ex_each_in each;
	hv_u64 banks[2] = { 5, 6 };
	hv_u32 done;

	each.range = 7;
	header.valid_bank_mask = 3;
	CHECK(hv_call_flush_virtual_address_list_ex(c, &header, banks, 2, &each, 1, &done) == 0 &&
	      done == 1);
	CHECK(last_control == hv_control_flush_virtual_address_list_ex(0, 2, 1, 0));
}

#if !defined(__TINYC__)
/*
 * A block whose address leaves this file through the stubs alone: its GPA comes from elsewhere,
 * here from a second name that the compiler knows nothing of. Its stores must not be lost, nor
 * what comes back.
 */
static struct { hv_u64 in, out; } block __asm__("block_of_stubs");
extern hv_u8 block_as_memory[];
__asm__(".globl block_as_memory\n.set block_as_memory, block_of_stubs");

static void escaping_block(hv_call_fn call)
{
	hv_u64 gpa = address(block_as_memory);

	for (int form = 0; form < 2; form++) {
		block.in = 0x77;
		block.out = 0;
		if (form)
			hv_hypercall_raw(call, HV_CALL_GET_PARTITION_ID, gpa, gpa + 8, &block.in,
					 &block.out);
		else
			hv_hypercall_ms(call, HV_CALL_GET_PARTITION_ID, gpa, gpa + 8, &block.in,
					&block.out);
		CHECK(last_input == 0x77 && block.out == HV_CALL_GET_PARTITION_ID);
	}
}
#else
static void escaping_block(hv_call_fn call)
{
	(void)call; /* it optimises no store away, and knows no second names */
}
#endif

/* Live values on both sides of a call, in what a compiler takes for a leaf function. */
static hv_u64 leaf(hv_call_fn call, hv_u64 x)
{
	hv_u64 values[8], result;

	for (hv_u32 i = 0; i < 8; i++)
		values[i] = x * (i + 3);
	result = hv_hypercall_raw(call, HV_CONTROL(HV_CALL_NOTIFY_LONG_SPIN_WAIT, 1, 0, 0, 0), 0x77,
				  0, HV_NULL, HV_NULL);
	for (hv_u32 i = 0; i < 8; i++)
		result += values[i];
	return result;
}

/* The product's high half against the school's way, one bit at a time. */
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

	CHECK(hv_mulhi64(~(hv_u64)0, ~(hv_u64)0) == ~(hv_u64)0 - 1);
	for (int i = 0; i < 10000; i++) {
		CHECK(hv_mulhi64(a, b) == slow_mulhi(a, b));
		a = a * 6364136223846793005 + 1442695040888963407;
		b = (b << 7 | b >> 57) ^ a;
	}
}

static void reference_time(void)
{
	static struct hv_reference_tsc_page tsc_page;
	hv_u64 now = 0, before;

	CHECK(!hv_reference_time(&tsc_page, &now) && now == 0);
	tsc_page.sequence = 1;
	tsc_page.scale = (hv_u64)1 << 63;
	tsc_page.offset = 12345;
	before = hv_rdtsc() / 2 + 12345;
	CHECK(hv_reference_time(&tsc_page, &now) && now >= before && now <= hv_rdtsc() / 2 + 12345);
}

/* ---- MSRs ---- */

#if defined(__x86_64__)
enum { AX = REG_RAX, CX = REG_RCX, DX = REG_RDX, IP = REG_RIP };
#else
enum { AX = REG_EAX, CX = REG_ECX, DX = REG_EDX, IP = REG_EIP };
#endif

static hv_u64 msrs[0x200];
static hv_u32 last_msr;

/* The kernel refuses RDMSR and WRMSR to a program: do what the hypervisor would. */
static void emulate(int number, siginfo_t *info, void *context)
{
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
	const hv_u8 *code = (const hv_u8 *)(hv_uptr)r[IP];

	(void)number;
	(void)info;
	last_msr = (hv_u32)r[CX];
	if (code[0] != 0x0f || (code[1] != 0x30 && code[1] != 0x32) ||
	    last_msr - 0x40000000 >= 0x200)
		abort();
	if (code[1] == 0x30)
		msrs[last_msr - 0x40000000] = (hv_u64)(hv_u32)r[DX] << 32 | (hv_u32)r[AX];
	r[AX] = (hv_u32)msrs[last_msr - 0x40000000];
	r[DX] = (hv_u32)(msrs[last_msr - 0x40000000] >> 32);
	r[IP] += 2;
}

static hv_u64 *msr(hv_u32 number)
{
	return &msrs[number - 0x40000000];
}

static void without_a_page(void)
{
	static struct hv_detected found;
	struct sigaction trap = { .sa_sigaction = emulate, .sa_flags = SA_SIGINFO };
	hv_u64 tsc = 0, apic = 0;

	CHECK(sigaction(SIGSEGV, &trap, NULL) == 0);
	CHECK(!hv_frequencies(&found, &tsc, &apic) && !hv_crash(&found, 1, 2, 3, 4, 5));
	CHECK(last_msr == 0);
	found.leaf[3].eax = HV_CPUID_FEATURES_EAX_ACCESS_FREQUENCY_REGS;
	found.leaf[3].edx = HV_CPUID_FEATURES_EDX_FREQUENCY_REGS |
			    HV_CPUID_FEATURES_EDX_GUEST_CRASH_REGS;
	*msr(HV_X64_MSR_TSC_FREQUENCY) = 3000000001;
	*msr(HV_X64_MSR_APIC_FREQUENCY) = (hv_u64)5 << 32;
	CHECK(hv_frequencies(&found, &tsc, &apic) && tsc == 3000000001);
	CHECK(apic == (hv_u64)5 << 32);
	CHECK(hv_crash(&found, 1, 2, (hv_u64)3 << 40, 0x4000, 5));
	CHECK(last_msr == HV_X64_MSR_CRASH_CTL && *msr(HV_X64_MSR_CRASH_P2) == (hv_u64)3 << 40);
	CHECK(*msr(HV_X64_MSR_CRASH_P3) == 0x4000 && *msr(HV_X64_MSR_CRASH_P4) == 5);
	CHECK(*msr(HV_X64_MSR_CRASH_CTL) == (hv_u64)3 << 62);
	CHECK(hv_crash(&found, 1, 2, 3, 0, 0) && *msr(HV_X64_MSR_CRASH_CTL) == (hv_u64)1 << 63);
}

int main(void)
{
	static hv_u8 in[4096] HV_ALIGN(4096), out[4096] HV_ALIGN(4096);
	struct hv_callctx c = { hv_call_page(page), in, out, address(in), address(out), 0 };

	typed_calls(&c);
	variable_header(&c);
	escaping_block(c.page);
	CHECK(leaf(c.page, 7) == 7 * (3 + 4 + 5 + 6 + 7 + 8 + 9 + 10));
#if defined(HV_XMM_STUB)
	hv_u64 words[14] = { 0x77 };
	CHECK(hv_hypercall_xmm(c.page, HV_CONTROL(HV_CALL_NOTIFY_LONG_SPIN_WAIT, 1, 0, 0, 0),
			       words) == 0);
#endif
	products();
	reference_time();
	without_a_page();
	return 0;
}
