/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Work for a Linux root that would go wrong on a bad hypervisor: processes, mappings changed under running
 * threads, clocks and timers, futexes, barriers across processors. Every part checks its own sums.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_THREADS 64
#define PAGE 4096
#define COPIED_PAGES 8
#define MAPPED_PAGES 16
#define FILE_PAGES 4
#define NANOSECONDS 1000000000ull
#define PERIOD_NS 2000000ull

static int rounds, processors;
static atomic_bool failed;

/* The first mistake of a part is told; the part goes on to its end. */
static __attribute__((format(printf, 1, 2))) void fail(const char *format, ...)
{
	va_list arguments;

	if (atomic_exchange(&failed, true))
		return;
	va_start(arguments, format);
	printf("load: wrong: ");
	vprintf(format, arguments);
	printf("\n");
	va_end(arguments);
}

/* No memory, no thread: nothing that the load is about. */
static void need(bool good, const char *what)
{
	if (good)
		return;
	printf("load: cannot: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void stay_on(int processor)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(processor % processors, &set);
	need(sched_setaffinity(0, sizeof(set), &set) == 0, "sched_setaffinity");
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NANOSECONDS + (uint64_t)t.tv_nsec;
}

/* Run body(0) to body(count - 1) at the same time, each on its processor. */
static void in_threads(int count, void *(*body)(void *))
{
	pthread_t thread[MAX_THREADS];

	for (intptr_t i = 0; i < count; i++)
		need(pthread_create(&thread[i], NULL, body, (void *)i) == 0, "pthread_create");
	for (int i = 0; i < count; i++)
		pthread_join(thread[i], NULL);
}

/* ---- processes: what a child writes is its own ---- */

static uint32_t copied[COPIED_PAGES * PAGE / sizeof(uint32_t)];

static void fill_copied(uint32_t value)
{
	for (size_t i = 0; i < sizeof(copied) / sizeof(*copied); i++)
		copied[i] = value + (uint32_t)i;
}

static bool copied_is(uint32_t value)
{
	for (size_t i = 0; i < sizeof(copied) / sizeof(*copied); i++)
		if (copied[i] != value + (uint32_t)i)
			return false;
	return true;
}

static _Noreturn void be_child(int number)
{
	bool good;

	stay_on(number);
	good = copied_is(0);
	fill_copied((uint32_t)number << 16);
	sched_yield();
	good &= copied_is((uint32_t)number << 16);
	_exit(good ? number & 0x7f : 0xff);
}

static void processes(void)
{
	const int count = 2 * processors;

	fill_copied(0);
	for (int round = 0; round < 4 * rounds; round++) {
		pid_t child[2 * MAX_THREADS];

		for (int i = 0; i < count; i++) {
			child[i] = fork();
			need(child[i] >= 0, "fork");
			if (!child[i])
				be_child(i);
		}
		for (int i = 0; i < count; i++) {
			int status = 0;

			if (waitpid(child[i], &status, 0) != child[i] || !WIFEXITED(status) ||
			    WEXITSTATUS(status) != (i & 0x7f))
				fail("child %d ended with status 0x%x", i, status);
		}
		if (!copied_is(0))
			fail("a child's writes reached its parent");
	}
}

/* ---- mappings: a page is exchanged while all processors read it ---- */

static _Atomic uint32_t *window;
static atomic_uint generation; /* of the page in the window, once it is there for all */
static atomic_bool exchanged;

/* A read may be of the next page already, never of the one before. */
static void *read_window(void *argument)
{
	unsigned before, seen;

	stay_on((int)(intptr_t)argument + 1);
	while (!exchanged) {
		before = generation;
		seen = *window;
		if (before != generation)
			continue;
		if (seen != before % FILE_PAGES && seen != (before + 1) % FILE_PAGES)
			fail("page %u of exchange %u is still seen", seen, before);
	}
	return NULL;
}

static void *exchange_window(void *argument)
{
	const int file = (int)(intptr_t)argument;

	stay_on(0);
	for (unsigned i = 1; i <= 100 * (unsigned)rounds; i++) {
		need(mmap(window, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, file, i % FILE_PAGES * PAGE) == window,
		     "mmap");
		generation = i;
		if (*window != i % FILE_PAGES)
			fail("exchange %u is not seen by who made it", i);
		if (processors == 1)
			sched_yield();
	}
	exchanged = true;
	return NULL;
}

static void exchanges(void)
{
	const int file = memfd_create("pages", 0);
	pthread_t writer;

	need(file >= 0 && ftruncate(file, FILE_PAGES * PAGE) == 0, "memfd_create");
	for (uint32_t i = 0; i < FILE_PAGES; i++)
		need(pwrite(file, &i, sizeof(i), i * PAGE) == sizeof(i), "pwrite");
	window = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, 0);
	need(window != MAP_FAILED, "mmap");
	need(pthread_create(&writer, NULL, exchange_window, (void *)(intptr_t)file) == 0, "pthread_create");
	in_threads(processors == 1 ? 1 : processors - 1, read_window);
	pthread_join(writer, NULL);
	munmap((void *)window, PAGE);
	close(file);
}

/* ---- mappings: each thread has its own, in the address space of all ---- */

static void *map_and_unmap(void *argument)
{
	const uint32_t mark = 0x5a000000 + (uint32_t)(intptr_t)argument;

	stay_on((int)(intptr_t)argument);
	for (int round = 0; round < 10 * rounds; round++) {
		uint32_t *area = mmap(NULL, MAPPED_PAGES * PAGE, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		need(area != MAP_FAILED, "mmap");
		for (size_t i = 0; i < MAPPED_PAGES * PAGE / sizeof(*area); i += PAGE / sizeof(*area)) {
			if (area[i])
				fail("a new page has 0x%x in it", area[i]);
			area[i] = mark;
		}
		need(mprotect(area, MAPPED_PAGES * PAGE, PROT_READ) == 0, "mprotect");
		for (size_t i = 0; i < MAPPED_PAGES * PAGE / sizeof(*area); i += PAGE / sizeof(*area))
			if (area[i] != mark)
				fail("a page has 0x%x instead of 0x%x", area[i], mark);
		munmap(area, MAPPED_PAGES * PAGE);
	}
	return NULL;
}

static void mappings(void)
{
	in_threads(2 * processors, map_and_unmap);
}

/* ---- clocks and timers ---- */

static _Atomic uint64_t latest;

/* A clock that any thread has read is not behind that on another processor. */
static void *watch_clock(void *argument)
{
	stay_on((int)(intptr_t)argument);
	for (int i = 0; i < 2000 * rounds; i++) {
		uint64_t before = latest, time = now();

		if (time < before)
			fail("the clock went back by %lu ns", (unsigned long)(before - time));
		while (before < time && !atomic_compare_exchange_weak(&latest, &before, time))
			;
	}
	return NULL;
}

/* A periodic timer has expired exactly as often as its period went by. */
static void *count_periods(void *argument)
{
	const struct itimerspec period = { { 0, PERIOD_NS }, { 0, PERIOD_NS } };
	const int timer = timerfd_create(CLOCK_MONOTONIC, 0);
	uint64_t sum = 0, armed, armed_after;

	stay_on((int)(intptr_t)argument);
	armed = now();
	need(timer >= 0 && timerfd_settime(timer, 0, &period, NULL) == 0, "timerfd");
	armed_after = now();
	for (int i = 0; i < 10 * rounds; i++) {
		uint64_t expired, before = now(), after;

		need(read(timer, &expired, sizeof(expired)) == sizeof(expired), "read of a timer");
		after = now();
		sum += expired;
		/* It waits for one at least, and counts no more than have gone by. */
		if (sum > (after - armed) / PERIOD_NS)
			fail("%lu periods in %lu ns", (unsigned long)sum, (unsigned long)(after - armed));
		if (before > armed_after && sum < (before - armed_after) / PERIOD_NS)
			fail("only %lu periods in %lu ns", (unsigned long)sum, (unsigned long)(before - armed_after));
	}
	close(timer);
	return NULL;
}

static void *sleep_until(void *argument)
{
	stay_on((int)(intptr_t)argument);
	for (int i = 0; i < 10 * rounds; i++) {
		const uint64_t until = now() + 300000ull * (uint64_t)(i % 7);
		const struct timespec t = { (time_t)(until / NANOSECONDS), (long)(until % NANOSECONDS) };

		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
			;
		if (now() < until)
			fail("a sleep ended %lu ns early", (unsigned long)(until - now()));
	}
	return NULL;
}

static void *one_of_the_timers(void *argument)
{
	switch ((intptr_t)argument % 3) {
	case 0: return watch_clock(argument);
	case 1: return count_periods(argument);
	default: return sleep_until(argument);
	}
}

static void timers(void)
{
	in_threads(processors, watch_clock);
	in_threads(3 * processors, one_of_the_timers);
}

/* ---- futexes ---- */

static atomic_uint turn[MAX_THREADS];

static long futex(atomic_uint *word, int operation, unsigned value)
{
	return syscall(SYS_futex, word, operation | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

/* Two threads of a pair, on neighbouring processors, wait for each other. */
static void *take_turns(void *argument)
{
	const unsigned number = (unsigned)(intptr_t)argument, side = number % 2;
	atomic_uint *word = &turn[number / 2];

	stay_on((int)(number / 2 + side));
	for (unsigned i = 0; i < 100 * (unsigned)rounds; i++) {
		unsigned seen;

		while ((seen = *word) % 2 != side)
			futex(word, FUTEX_WAIT, seen);
		if (seen / 2 != i)
			fail("turn %u instead of %u", seen / 2, i);
		*word = seen + 1;
		futex(word, FUTEX_WAKE, 1);
	}
	return NULL;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t barrier;
static unsigned long counter; /* by mutex */

static void *count_together(void *argument)
{
	stay_on((int)(intptr_t)argument);
	for (int i = 0; i < 20 * rounds; i++) {
		for (int j = 0; j < 20; j++) {
			pthread_mutex_lock(&mutex);
			counter++;
			pthread_mutex_unlock(&mutex);
		}
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

static void futexes(void)
{
	const int count = 2 * processors;
	const unsigned long expected = (unsigned long)count * 20 * 20 * (unsigned long)rounds;

	memset(turn, 0, sizeof(turn));
	in_threads(count, take_turns);
	counter = 0;
	pthread_barrier_init(&barrier, NULL, (unsigned)count);
	in_threads(count, count_together);
	pthread_barrier_destroy(&barrier);
	if (counter != expected)
		fail("counted %lu instead of %lu", counter, expected);
}

/* ---- barriers: an interrupt of every processor that runs a thread of ours ---- */

/*
 * Two sides each write their word and read the other's; one orders that by a barrier of all processors, the other by
 * nothing but the compiler's. Both reading 0 would be a barrier that did not reach the other side.
 */
static atomic_int here, there, seen_here, seen_there;

static void *fast_side(void *argument)
{
	stay_on((int)(intptr_t)argument);
	for (int i = 0; i < 50 * rounds; i++) {
		pthread_barrier_wait(&barrier);
		atomic_store_explicit(&here, 1, memory_order_relaxed);
		atomic_signal_fence(memory_order_seq_cst);
		seen_there = atomic_load_explicit(&there, memory_order_relaxed);
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

static void *slow_side(void *argument)
{
	stay_on((int)(intptr_t)argument);
	for (int i = 0; i < 50 * rounds; i++) {
		here = there = 0;
		pthread_barrier_wait(&barrier);
		atomic_store_explicit(&there, 1, memory_order_relaxed);
		if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) != 0)
			fail("membarrier: %s", strerror(errno));
		seen_here = atomic_load_explicit(&here, memory_order_relaxed);
		pthread_barrier_wait(&barrier);
		if (!seen_here && !seen_there)
			fail("a barrier did not reach the other processor");
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

static void *either_side(void *argument)
{
	return argument ? fast_side(argument) : slow_side(argument);
}

static void barriers(void)
{
	need(syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0, "membarrier");
	pthread_barrier_init(&barrier, NULL, 2);
	in_threads(2, either_side);
	pthread_barrier_destroy(&barrier);
}

static const struct { const char *name; void (*run)(void); } parts[] = {
	{ "processes", processes }, { "exchanges", exchanges }, { "mappings", mappings },
	{ "timers", timers },	    { "futexes", futexes },	{ "barriers", barriers },
};

int main(int argc, char **argv)
{
	bool good = true;

	rounds = argc == 2 ? atoi(argv[1]) : 0;
	if (rounds <= 0) {
		fprintf(stderr, "usage: load ROUNDS\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	processors = (int)sysconf(_SC_NPROCESSORS_ONLN);
	if (processors > MAX_THREADS / 3)
		processors = MAX_THREADS / 3;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		const uint64_t start = now();

		failed = false;
		parts[i].run();
		good &= !failed;
		printf("load: %s %s (%lu ms)\n", parts[i].name, failed ? "FAILED" : "good",
		       (unsigned long)((now() - start) / 1000000));
	}
	printf("load: %s\n", good ? "complete" : "incomplete");
	return !good;
}
