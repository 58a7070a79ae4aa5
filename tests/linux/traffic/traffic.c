// SPDX-License-Identifier: BSD-2-Clause OR MIT
/*
 * Random traffic of all processors of a Linux root, beside whatever else it does: messages, events, synthetic timers,
 * functions called on other processors, and MSRs read wherever there may be one. What is sent is counted where it
 * arrives; when the module is removed, the sums must agree.
 */
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <asm/mshyperv.h>

/* Linux has names of its own for these things: ours get longer ones. */
#define HV_NO_SHORT_NAMES
#define HV_NO_REDZONE
#include "hv_tlfs.h"

#define MOST 16                 /* processors */
#define MESSAGES HV_TLFS_LOOP_BACK_SOURCE_MESSAGE
#define EVENTS HV_TLFS_LOOP_BACK_SOURCE_EVENT
#define TIMER 1                 /* timer 0 is the kernel's */
#define TIMER_SOURCE 4
#define DELAY_UNITS 20000       /* most of a timer, in 100 ns */
#define MESSAGE_TYPE 1
#define PATIENCE_MS 5000
#define EVENT_FLAG(sender) ((sender) * 97)

/* What one processor does to others; rows are by target for what is sent, by sender for what arrives. */
struct traffic {
	struct task_struct *thread;
	struct hv_tlfs_message_page *messages;
	struct hv_tlfs_event_flags_page *events;
	void *input;
	u32 random;
	u32 posted[MOST], received[MOST], full, disordered;
	u32 signalled[MOST], noticed[MOST];
	bool event_out[MOST];   /* an event of this sender is on its way to a target */
	u32 called[MOST], answered[MOST];
	u32 armed, fired, early;
	u64 due;                /* reference time of the timer */
	bool timer_runs;
	u32 probes, refused, let_through;
};

struct parcel { u32 sender, number; };

static struct traffic all[MOST];
static unsigned int count;
static unsigned int seed = 1;
module_param(seed, uint, 0);

static u32 next_random(struct traffic *t)
{
	t->random ^= t->random << 13;
	t->random ^= t->random >> 17;
	t->random ^= t->random << 5;
	return t->random;
}

static u64 reference_time(void)
{
	u64 time;

	rdmsrl(HV_TLFS_X64_MSR_TIME_REF_COUNT, time);
	return time;
}

/* ---- arrivals: in the interrupt of the processor that receives ---- */

static void take_messages(struct traffic *t)
{
	struct hv_tlfs_message message;
	struct parcel parcel;

	while (hv_tlfs_message_take(&t->messages->slots[MESSAGES], &message)) {
		memcpy(&parcel, (const void *)message.payload, sizeof(parcel));
		if (message.header.type != MESSAGE_TYPE || parcel.sender >= count ||
		    parcel.number != t->received[parcel.sender])
			t->disordered++;
		else
			WRITE_ONCE(t->received[parcel.sender], parcel.number + 1);
	}
}

static void take_events(struct traffic *t, unsigned int me)
{
	for (unsigned int sender = 0; sender < count; sender++) {
		if (!hv_tlfs_event_flag_take(&t->events->sints[EVENTS], EVENT_FLAG(sender)))
			continue;
		t->noticed[sender]++;
		smp_store_release(&all[sender].event_out[me], false);
	}
}

static void take_timer(struct traffic *t)
{
	struct hv_tlfs_message message;

	while (hv_tlfs_message_take(&t->messages->slots[TIMER_SOURCE], &message)) {
		t->early += reference_time() < t->due;
		t->fired++;
		WRITE_ONCE(t->timer_runs, false);
	}
}

static void arrive(void)
{
	const unsigned int me = smp_processor_id();

	take_messages(&all[me]);
	take_events(&all[me], me);
	take_timer(&all[me]);
}

static void answer(void *sender)
{
	all[smp_processor_id()].answered[(unsigned long)sender]++;
}

/* ---- traffic: in the thread of the processor that sends ---- */

static struct hv_tlfs_callctx context_of(struct traffic *t)
{
	return (struct hv_tlfs_callctx){
		.page = hv_tlfs_call_page(hv_hypercall_pg), .in = t->input, .in_gpa = virt_to_phys(t->input)
	};
}

static void post(struct traffic *t, unsigned int me)
{
	const unsigned int target = next_random(t) % count;
	const struct parcel parcel = { me, t->posted[target] };
	struct hv_tlfs_post_message_in in = {
		.connection = HV_TLFS_LOOP_BACK_MESSAGE + hv_cpu_number_to_vp_number(target),
		.message_type = MESSAGE_TYPE, .payload_size = sizeof(parcel)
	};
	struct hv_tlfs_callctx c = context_of(t);
	hv_tlfs_status status;

	memcpy(in.payload, &parcel, sizeof(parcel));
	status = hv_tlfs_call_post_message(&c, &in);
	if (status == HV_TLFS_STATUS_SUCCESS)
		t->posted[target]++;
	else if (status == HV_TLFS_STATUS_INSUFFICIENT_BUFFERS)
		t->full++;
	else
		pr_err("traffic: wrong: a message to %u: %s\n", target, hv_tlfs_status_name(status));
}

static void signal(struct traffic *t, unsigned int me)
{
	const unsigned int target = next_random(t) % count;
	struct hv_tlfs_signal_event_in in = {
		.connection = HV_TLFS_LOOP_BACK_EVENT + hv_cpu_number_to_vp_number(target),
		.flag_number = EVENT_FLAG(me)
	};
	struct hv_tlfs_callctx c = context_of(t);
	hv_tlfs_status status;

	if (smp_load_acquire(&t->event_out[target]))
		return;
	smp_store_release(&t->event_out[target], true);
	t->signalled[target]++;
	status = hv_tlfs_call_signal_event(&c, &in);
	if (status != HV_TLFS_STATUS_SUCCESS)
		pr_err("traffic: wrong: an event to %u: %s\n", target, hv_tlfs_status_name(status));
}

static void call_function(struct traffic *t, unsigned int me)
{
	const unsigned int target = next_random(t) % count;

	t->called[target]++;
	smp_call_function_single(target, answer, (void *)(unsigned long)me, true);
}

static void arm_timer(struct traffic *t, unsigned int me)
{
	if (READ_ONCE(t->timer_runs))
		return;
	t->armed++;
	t->due = reference_time() + next_random(t) % DELAY_UNITS;
	WRITE_ONCE(t->timer_runs, true);
	wrmsrl(HV_TLFS_X64_MSR_STIMER0_COUNT + 2 * TIMER, t->due);
}

/* Whatever a read gives or refuses is well, if only the kernel goes on. */
static void read_any(struct traffic *t)
{
	static const u32 origins[] = {
		0, 0x400, 0x800, 0xc00, 0xc0000000, 0xc0010000, 0xc0011000, 0x40000000, 0x4b564d00
	};
	const u32 origin = origins[next_random(t) % ARRAY_SIZE(origins)];
	u64 value;

	t->refused += rdmsrl_safe(origin + next_random(t) % 0x400, &value) != 0;
}

/* What a guest must not have: VMX's and SVM's own, MSRs that nobody has, and the number of its VP to write. */
static bool is_refused(struct traffic *t)
{
	static const u32 msrs[] = { 0x480, 0x48b, 0xc0010117, 0x40000fff, 0x4000ffff, HV_TLFS_X64_MSR_VP_INDEX };
	const u32 random = next_random(t), msr = msrs[random % ARRAY_SIZE(msrs)];
	u64 value;

	if (random & 0x10000 || msr == HV_TLFS_X64_MSR_VP_INDEX)
		return wrmsrl_safe(msr, random) != 0;
	return rdmsrl_safe(msr, &value) != 0;
}

static void probe(struct traffic *t, unsigned int me)
{
	t->probes++;
	read_any(t);
	t->let_through += !is_refused(t);
}

static int run(void *argument)
{
	static void (*const acts[])(struct traffic *t, unsigned int me) = {
		post, signal, call_function, arm_timer, probe
	};
	const unsigned int me = (unsigned long)argument;
	struct traffic *t = &all[me];

	while (!kthread_should_stop()) {
		acts[next_random(t) % ARRAY_SIZE(acts)](t, me);
		usleep_range(100, 500);
	}
	return 0;
}

/* ---- the beginning ---- */

/* The kernel ends the interrupt only where automatic ends are discouraged. */
static void set_source(u32 source)
{
	const bool ends = ms_hyperv.hints & HV_DEPRECATING_AEOI_RECOMMENDED;
	const u64 automatic = ends ? 0 : HV_TLFS_X64_MSR_SINT_AUTO_EOI;

	wrmsrl(HV_TLFS_X64_MSR_SINT0 + source, HYPERVISOR_CALLBACK_VECTOR | automatic);
}

static void switch_on(void *unused)
{
	struct traffic *t = &all[smp_processor_id()];

	wrmsrl(HV_TLFS_X64_MSR_SIMP, virt_to_phys(t->messages) | HV_TLFS_X64_MSR_SIMP_ENABLE);
	wrmsrl(HV_TLFS_X64_MSR_SIEFP, virt_to_phys(t->events) | HV_TLFS_X64_MSR_SIEFP_ENABLE);
	wrmsrl(HV_TLFS_X64_MSR_SCONTROL, HV_TLFS_X64_MSR_SCONTROL_ENABLE);
	set_source(MESSAGES);
	set_source(EVENTS);
	set_source(TIMER_SOURCE);
	wrmsrl(HV_TLFS_X64_MSR_STIMER0_CONFIG + 2 * TIMER, HV_TLFS_STIMER_CONFIG_AUTO_ENABLE_MASK |
	       (u64)TIMER_SOURCE << HV_TLFS_STIMER_CONFIG_SINTX_SHIFT);
}

static void switch_off(void *unused)
{
	wrmsrl(HV_TLFS_X64_MSR_STIMER0_CONFIG + 2 * TIMER, 0);
	wrmsrl(HV_TLFS_X64_MSR_SINT0 + MESSAGES, HV_TLFS_X64_MSR_SINT_MASKED);
	wrmsrl(HV_TLFS_X64_MSR_SINT0 + EVENTS, HV_TLFS_X64_MSR_SINT_MASKED);
	wrmsrl(HV_TLFS_X64_MSR_SINT0 + TIMER_SOURCE, HV_TLFS_X64_MSR_SINT_MASKED);
	wrmsrl(HV_TLFS_X64_MSR_SCONTROL, 0);
	wrmsrl(HV_TLFS_X64_MSR_SIEFP, 0);
	wrmsrl(HV_TLFS_X64_MSR_SIMP, 0);
}

static void free_pages_of_all(void)
{
	for (unsigned int n = 0; n < count; n++) {
		free_page((unsigned long)all[n].messages);
		free_page((unsigned long)all[n].events);
		free_page((unsigned long)all[n].input);
	}
}

static bool have_pages(void)
{
	bool good = true;

	for (unsigned int n = 0; n < count; n++) {
		all[n].messages = (void *)get_zeroed_page(GFP_KERNEL);
		all[n].events = (void *)get_zeroed_page(GFP_KERNEL);
		all[n].input = (void *)get_zeroed_page(GFP_KERNEL);
		good &= all[n].messages && all[n].events && all[n].input;
	}
	return good;
}

static void start_threads(void)
{
	for (unsigned int n = 0; n < count; n++) {
		struct task_struct *thread = kthread_create_on_cpu(run, (void *)(unsigned long)n, n, "traffic/%u");

		all[n].random = 2654435761u * (seed + n) | 1;
		all[n].thread = IS_ERR(thread) ? NULL : thread;
		if (all[n].thread)
			wake_up_process(thread);
		else
			pr_err("traffic: wrong: no thread for %u\n", n);
	}
}

static int __init traffic_init(void)
{
	count = num_online_cpus();
	if (!hv_hypercall_pg || count > MOST || !have_pages()) {
		free_pages_of_all();
		return -ENODEV;
	}
	hv_setup_vmbus_handler(arrive);
	on_each_cpu(switch_on, NULL, true);
	start_threads();
	return 0;
}

/* ---- the end ---- */

static bool is_quiet(unsigned int me)
{
	const struct traffic *t = &all[me];

	for (unsigned int n = 0; n < count; n++)
		if (READ_ONCE(t->event_out[n]) || READ_ONCE(all[n].received[me]) != t->posted[n])
			return false;
	return !READ_ONCE(t->timer_runs);
}

static void settle(void)
{
	for (unsigned int n = 0, waited = 0; n < count; n++)
		for (; !is_quiet(n) && waited < PATIENCE_MS; waited++)
			usleep_range(1000, 1100);
}

static void compare(const char *what, u32 sent, u32 arrived)
{
	if (sent == arrived)
		pr_info("traffic: %u %s\n", sent, what);
	else
		pr_err("traffic: wrong: %u %s were sent, %u arrived\n", sent, what, arrived);
}

static void tell(void)
{
	struct traffic sum = { 0 };

	for (unsigned int n = 0; n < count; n++) {
		const struct traffic *t = &all[n];

		for (unsigned int m = 0; m < count; m++) {
			sum.posted[0] += t->posted[m];
			sum.received[0] += t->received[m];
			sum.signalled[0] += t->signalled[m];
			sum.noticed[0] += t->noticed[m];
			sum.called[0] += t->called[m];
			sum.answered[0] += t->answered[m];
		}
		sum.armed += t->armed;
		sum.fired += t->fired;
		sum.early += t->early;
		sum.disordered += t->disordered;
		sum.full += t->full;
		sum.probes += t->probes;
		sum.refused += t->refused;
		sum.let_through += t->let_through;
	}
	compare("messages", sum.posted[0], sum.received[0]);
	compare("events", sum.signalled[0], sum.noticed[0]);
	compare("calls of functions", sum.called[0], sum.answered[0]);
	compare("timers", sum.armed, sum.fired);
	compare("messages that came in order", sum.received[0], sum.received[0] + sum.disordered);
	compare("timers that were not early", sum.fired, sum.fired - sum.early);
	compare("probes that were refused", sum.probes, sum.probes - sum.let_through);
	pr_info("traffic: %u times no buffer was free, %u of %u MSRs could not be read\n", sum.full, sum.refused,
		sum.probes);
	pr_info("traffic: complete\n");
}

static void __exit traffic_exit(void)
{
	for (unsigned int n = 0; n < count; n++)
		if (all[n].thread)
			kthread_stop(all[n].thread);
	settle();
	on_each_cpu(switch_off, NULL, true);
	hv_remove_vmbus_handler();
	tell();
	free_pages_of_all();
}

module_init(traffic_init);
module_exit(traffic_exit);
MODULE_DESCRIPTION("Random traffic between the processors of a TLFS hypervisor's guest");
MODULE_LICENSE("Dual BSD/GPL");
