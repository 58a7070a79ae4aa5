/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Interrupts of a device, the serial port, by the I/O APIC and by the old controllers: level- and
 * edge-triggered, held back, ended in any order, and taken by each processor.
 */
#include "apic.h"
#include "test.h"

#define IO_APIC 0xfec00000u
#define IO_APIC_DATA 0x10
#define IO_APIC_ENTRY(pin) (0x10 + 2 * (pin))
#define ENTRY_LOGICAL (1u << 11)
#define ENTRY_REMOTE_IRR (1u << 14)
#define ENTRY_LEVEL (1u << 15)
#define ENTRY_MASKED (1u << 16)

#define SERIAL_LINE 4
#define SERIAL_ENABLE 0x3f9
#define SERIAL_WHICH 0x3fa
#define SERIAL_MODEM 0x3fc
#define SERIAL_STATUS 0x3fd
#define SERIAL_IDLE 0x40
#define SERIAL_MODEM_OUT2 0x0b  /* OUT2 lets the line through; RTS and DTR as they are */
#define SERIAL_EMPTY 0x02       /* the transmitter can take a byte */

#define PIC_FIRST 0xc0          /* vectors from here while a test uses it */
#define PIC_END 0x20
#define LVT_EXTINT 0x700u

#define VECTOR 0xa1
#define HIGHER 0xb1
#define SETTLE 3580             /* ticks of the PM timer, 1 ms */

/* ---- the device and its way ---- */

static u32 io_apic_read(u32 reg)
{
	volatile u32 *page = rt_window(RT_WINDOW_MACHINE, IO_APIC);

	page[0] = reg;
	return page[IO_APIC_DATA / 4];
}

static void io_apic_write(u32 reg, u32 value)
{
	volatile u32 *page = rt_window(RT_WINDOW_MACHINE, IO_APIC);

	page[0] = reg;
	page[IO_APIC_DATA / 4] = value;
}

static void route(u32 entry, u32 destination)
{
	io_apic_write(IO_APIC_ENTRY(SERIAL_LINE), ENTRY_MASKED);
	io_apic_write(IO_APIC_ENTRY(SERIAL_LINE) + 1, destination << 24);
	io_apic_write(IO_APIC_ENTRY(SERIAL_LINE), entry);
}

static void unroute(void)
{
	io_apic_write(IO_APIC_ENTRY(SERIAL_LINE), ENTRY_MASKED);
}

static bool has_sent_all(void *unused)
{
	(void)unused;
	return inb(SERIAL_STATUS) & SERIAL_IDLE;
}

/* The device asks from now on until it has been asked why. It is our console, too. */
static void raise_line(void)
{
	rt_wait_for(has_sent_all, NULL);
	outb(SERIAL_MODEM, SERIAL_MODEM_OUT2);
	outb(SERIAL_ENABLE, 0);
	outb(SERIAL_ENABLE, SERIAL_EMPTY);
}

static void lower_line(void)
{
	inb(SERIAL_WHICH);
	outb(SERIAL_ENABLE, 0);
}

static u32 times, lower_at;     /* how often it came to any processor; the last time asks why */
static bool level_seen;         /* by TMR, the last time */
static bool levels_stay;        /* the I/O APIC sends again what is not lowered: not that of Bochs */

static void take(u32 vector)
{
	times++;
	level_seen = apic_vector_bit(APIC_TMR, vector);
	levels_stay = io_apic_read(IO_APIC_ENTRY(SERIAL_LINE)) & ENTRY_REMOTE_IRR;
	if (times >= lower_at)
		lower_line();
	rt_apic_write(APIC_EOI, 0);
}

static bool came_often(void *unused)
{
	(void)unused;
	return __atomic_load_n(&times, __ATOMIC_RELAXED) >= lower_at;
}

static void begin(void (*handler)(u32))
{
	times = 0;
	lower_at = 1;
	rt_on_interrupt = handler;
}

/* Until the handler has lowered the line, and then for a while. */
static void wait_for_line(void)
{
	__asm__ volatile("sti" : : : "memory");
	rt_wait_for(came_often, NULL);
	rt_pm_wait(SETTLE);
	__asm__ volatile("cli" : : : "memory");
}

/* ---- by the I/O APIC ---- */

static void level(void)
{
	static const u8 vectors[] = { 0x21, VECTOR, 0xfd };

	for (unsigned i = 0; i < RT_COUNT(vectors); i++) {
		begin(take);
		route(ENTRY_LEVEL | vectors[i], rt_self()->apic_id);
		raise_line();
		wait_for_line();
		EXPECT_EQ(times, 1, "interrupts of a line that is lowered at once");
		begin(take);
		lower_at = levels_stay ? 3 : 1;
		raise_line();
		wait_for_line();
		EXPECT_EQ(times, lower_at, "interrupts until the line was lowered");
		EXPECT(level_seen, "TMR does not show that it is level-triggered");
		EXPECT(!(io_apic_read(IO_APIC_ENTRY(SERIAL_LINE)) & ENTRY_REMOTE_IRR),
			"the I/O APIC waits for an EOI");
		unroute();
	}
}

static void edge(void)
{
	static const u8 vectors[] = { 0x21, VECTOR, 0xfd };

	for (unsigned i = 0; i < RT_COUNT(vectors); i++) {
		begin(take);
		lower_at = 2;
		route(vectors[i], rt_self()->apic_id);
		raise_line();
		apic_let_in_for(SETTLE);
		EXPECT(times == 1, "%u interrupts 0x%x of one edge", times, vectors[i]);
		EXPECT(!level_seen, "TMR shows that it is level-triggered");
		lower_line();
		raise_line();
		wait_for_line();
		EXPECT(times == 2, "%u interrupts 0x%x of two edges", times, vectors[i]);
		unroute();
	}
}

/* Both kinds of one vector, one after the other: the later kind counts. */
static void changes_kind(void)
{
	for (unsigned i = 0; i < 4; i++) {
		begin(take);
		route(i % 2 ? VECTOR : ENTRY_LEVEL | VECTOR, rt_self()->apic_id);
		raise_line();
		wait_for_line();
		EXPECT_EQ(times, 1, "interrupts");
		EXPECT_EQ(level_seen, i % 2 == 0, "level-triggered by TMR");
		rt_apic_send(ICR_SELF | ICR_ASSERT | VECTOR, 0);
		apic_let_in();
		EXPECT_EQ(times, 2, "interrupts with one of its own");
		EXPECT(!level_seen, "its own is level-triggered");
		unroute();
	}
}

static void held_back(void)
{
	begin(take);
	route(ENTRY_LEVEL | VECTOR, rt_self()->apic_id);
	rt_apic_write(APIC_TPR, VECTOR & 0xf0);
	raise_line();
	apic_let_in_for(SETTLE);
	EXPECT_EQ(times, 0, "interrupts in spite of the task's priority");
	rt_apic_write(APIC_TPR, 0);
	wait_for_line();
	EXPECT_EQ(times, 1, "interrupts");
	unroute();
}

static void logical(void)
{
	begin(take);
	if (apic_tested_mode == APIC_IN_MEMORY)
		rt_apic_write(APIC_LDR, 0x40000000);
	route(ENTRY_LEVEL | ENTRY_LOGICAL | VECTOR,
		apic_tested_mode == APIC_IN_MEMORY ? 0x40 : 1u << rt_self()->apic_id);
	raise_line();
	wait_for_line();
	EXPECT_EQ(times, 1, "interrupts by a logical destination");
	unroute();
}

/* While it is in service another, of a higher class, comes and ends. */
static void interrupted(u32 vector)
{
	if (vector == VECTOR) {
		rt_apic_send(ICR_SELF | ICR_ASSERT | HIGHER, 0);
		apic_let_in();
		take(vector);
	} else {
		rt_apic_write(APIC_EOI, 0);
	}
}

static void nested(void)
{
	const u32 before = rt_interrupts[HIGHER];

	for (unsigned i = 0; i < 3; i++) {
		begin(interrupted);
		lower_at = levels_stay ? 2 : 1;
		route(ENTRY_LEVEL | VECTOR, rt_self()->apic_id);
		raise_line();
		wait_for_line();
		EXPECT_EQ(times, lower_at, "interrupts");
		unroute();
	}
	EXPECT_EQ(rt_interrupts[HIGHER] - before, 3 * lower_at, "interrupts in between");
}

/* Turned off with a device's interrupt in service: the machine must not wait for its end. */
static void leave_in_service(u32 vector)
{
	(void)vector;
	times++;
	lower_line();
}

static void forgotten(void)
{
	enum apic_mode off = APIC_OFF;

	begin(leave_in_service);
	route(ENTRY_LEVEL | VECTOR, rt_self()->apic_id);
	raise_line();
	wait_for_line();
	EXPECT_EQ(times, 1, "interrupts");
	apic_reset_to(&off);
	apic_reset_to(&apic_tested_mode);
	level();
}

/* ---- by the old controllers ---- */

static void pic_init(u8 master, u8 slave, u8 mask)
{
	outb(0x20, 0x11);
	outb(0xa0, 0x11);
	outb(0x21, master);
	outb(0xa1, slave);
	outb(0x21, 4);
	outb(0xa1, 2);
	outb(0x21, 1);
	outb(0xa1, 1);
	outb(0x21, mask);
	outb(0xa1, 0xff);
}

static bool in_apic_service;

static void take_from_pic(u32 vector)
{
	times++;
	in_apic_service = apic_vector_bit(APIC_ISR, vector);
	lower_line();
	outb(PIC_END, 0x60 | SERIAL_LINE);
}

static void by_pic(void)
{
	const u32 vector = PIC_FIRST + SERIAL_LINE, before = rt_interrupts[vector];

	begin(take_from_pic);
	pic_init(PIC_FIRST, PIC_FIRST + 8, (u8)~(1u << SERIAL_LINE));
	rt_apic_write(APIC_LVT_LINT0, LVT_EXTINT);
	for (u32 i = 1; i <= 3; i++) {
		lower_at = i;
		raise_line();
		rt_pm_wait(SETTLE / 10);
		EXPECT_EQ(times, i - 1, "interrupts while they are disabled");
		wait_for_line();
		EXPECT_EQ(rt_interrupts[vector] - before, i, "interrupts");
		EXPECT(!in_apic_service, "it is in service in the APIC");
	}
	/* The APIC's priorities do not hold for it. */
	rt_apic_write(APIC_TPR, 0xff);
	lower_at = 4;
	raise_line();
	wait_for_line();
	EXPECT_EQ(rt_interrupts[vector] - before, 4, "interrupts with the highest task priority");
	rt_apic_write(APIC_TPR, 0);
	rt_apic_write(APIC_LVT_LINT0, APIC_MASKED | LVT_EXTINT);
	pic_init(8, 0x70, 0xff);
	rt_pic_mask();
}

/* ---- to other processors ---- */

static void listen(void *unused)
{
	(void)unused;
	apic_reset_to(&apic_tested_mode);
	rt_on_interrupt = take;
	__asm__ volatile("sti" : : : "memory");
	rt_wait_for(came_often, NULL);
	__asm__ volatile("cli" : : : "memory");
}

static void to_others(void)
{
	EXPECT_EQ(rt_cpus_start(), rt_cpu_count, "processors that started");
	for (unsigned n = 1; n < rt_cpu_count; n++) {
		begin(take);
		lower_at = levels_stay ? 3 : 1;
		rt_ask(n, listen, NULL);
		rt_pm_wait(SETTLE);
		route(ENTRY_LEVEL | VECTOR, rt_cpus[n].apic_id);
		raise_line();
		EXPECT_EQ(rt_answer(n), FAULT_NONE, "fault there");
		EXPECT_EQ(rt_cpus[n].interrupts[VECTOR], lower_at, "interrupts there");
		unroute();
	}
	rt_cpus_stop();
}

static void hold(void *unused)
{
	(void)unused;
	apic_reset_to(&apic_tested_mode);
	rt_on_interrupt = leave_in_service;
	__asm__ volatile("sti" : : : "memory");
	rt_wait_for(came_often, NULL);
	__asm__ volatile("cli" : : : "memory");
}

/* INIT takes a processor away whose device's interrupt is in service; it can have the next one. */
static void init_in_service(void)
{
	for (unsigned i = 0; i < 2; i++) {
		begin(take);
		EXPECT(rt_cpu_start(1), "it does not start");
		rt_ask(1, hold, NULL);
		rt_pm_wait(SETTLE);
		route(ENTRY_LEVEL | VECTOR, rt_cpus[1].apic_id);
		raise_line();
		EXPECT_EQ(rt_answer(1), FAULT_NONE, "fault there");
		EXPECT_EQ(rt_cpus[1].interrupts[VECTOR], 1, "interrupts there");
		unroute();
	}
	rt_cpus_stop();
}

void suite_devices(void)
{
	static const struct test tests[] = {
		{ "level", level },
		{ "edge", edge },
		{ "changes-kind", changes_kind },
		{ "held-back", held_back },
		{ "logical", logical },
		{ "nested", nested },
		{ "forgotten", forgotten },
		{ "by-pic", by_pic },
	};
	static const struct test of_several[] = {
		{ "to-others", to_others },
		{ "init-in-service", init_in_service },
	};

	apic_test_run("devices", tests, RT_COUNT(tests));
	if (rt_cpu_count > 1)
		apic_test_run("devices", of_several, RT_COUNT(of_several));
	outb(SERIAL_ENABLE, 0);
}
