/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The small pure parts: text, memory functions, sets of processors, address ranges. */
/* link: src/lib/text.c src/lib/vpset.c src/lib/ranges.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ranges.h"
#include "text.h"
#include "vpset.h"

/* The hypervisor's own functions under other names, beside those of the C library. */
#define memcpy own_memcpy
#define memmove own_memmove
#define memset own_memset
#define memcmp own_memcmp
#define strlen own_strlen
#define strcmp own_strcmp
#define strncmp own_strncmp
void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#include "../../src/lib/string.c"
#pragma GCC diagnostic pop
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen
#undef strcmp
#undef strncmp

#define same(...) check_same(__LINE__, __VA_ARGS__)

/* Ours against the C library's. */
static void __attribute__((format(printf, 2, 3))) check_same(int line, const char *fmt, ...)
{
	char ours[128], theirs[128];
	struct text t;
	va_list args;

	text_init(&t, ours, sizeof(ours));
	va_start(args, fmt);
	text_vprintf(&t, fmt, args);
	va_end(args);
	va_start(args, fmt);
	vsnprintf(theirs, sizeof(theirs), fmt, args);
	va_end(args);
	if (strcmp(ours, theirs) != 0)
		fail_msg("line %d: '%s' should be '%s'", line, ours, theirs);
	assert_int_equal(t.len, strlen(ours));
}

static void test_printf(void **state)
{
	(void)state;
	same("plain");
	same("%s|%10s|%-10s|%.2s|%.*s", "abc", "abc", "abc", "abc", 1, "xyz");
	same("%c%c", 'a', 'z');
	same("%d %d %d %ld %lld", 0, -1, INT32_MIN, INT64_MIN, (long long)INT64_MAX);
	same("%u %lu %zu", UINT32_MAX, UINT64_MAX, (size_t)7);
	same("%x %X %lx %llx", 0xbeef, 0xBEEF, UINT64_MAX, 0x123456789abcdefull);
	same("%016lx|%4x|%-4x|%04x", 0x1234ul, 0xau, 0xau, 0xau);
	same("%5d|%-5d|%05d", -42, -42, -42);
	same("%p", (void *)0x1234);
	same("100%%");
}

static void test_text_is_bounded(void **state)
{
	(void)state;
	for (size_t size = 1; size < 20; size++) {
		char *buf = malloc(size); /* the sanitizer watches its end */
		struct text t;

		text_init(&t, buf, size);
		text_printf(&t, "%s %d %016lx", "hello", -123456, 1ul);
		assert_int_equal(t.len, size - 1);
		assert_int_equal(buf[size - 1], '\0');
		text_char(&t, 'x');
		assert_int_equal(t.len, size - 1);
		free(buf);
	}
}

static void test_text_odd_formats(void **state)
{
	char buf[64];
	struct text t;
	const char *volatile odd = "a%", *volatile none = NULL;

	(void)state;
	text_init(&t, buf, sizeof(buf));
	text_printf(&t, "%s", none);
	assert_string_equal(buf, "(null)");
	text_init(&t, buf, sizeof(buf));
#pragma GCC diagnostic ignored "-Wformat-security"
	text_printf(&t, odd);
	assert_string_equal(buf, "a");
	text_init(&t, buf, sizeof(buf));
	text_sanitised(&t, "a\0\n\x1b\x7f\xff~", 7);
	assert_string_equal(buf, "a.....~");
}

static void test_memory(void **state)
{
	unsigned char a[64], b[64], want[64];

	(void)state;
	for (size_t from = 0; from < 20; from++) {
		for (size_t to = 0; to < 20; to++) {
			for (size_t n = 0; n < 40; n++) {
				for (size_t i = 0; i < 64; i++)
					a[i] = b[i] = want[i] = (unsigned char)i;
				memmove(want + to, want + from, n);
				own_memmove(a + to, a + from, n);
				assert_memory_equal(a, want, 64);
				memset(want + to, 0x5a, n);
				own_memset(a + to, 0x5a, n);
				assert_memory_equal(a, want, 64);
				memcpy(want + to, b + from, n);
				own_memcpy(a + to, b + from, n);
				assert_memory_equal(a, want, 64);
			}
		}
	}
}

static int sign(int x)
{
	return (x > 0) - (x < 0);
}

static void test_compare(void **state)
{
	static const char *const words[] = { "", "a", "ab", "abc", "abd", "b", "\xff" };

	(void)state;
	for (size_t i = 0; i < 7; i++) {
		assert_int_equal(own_strlen(words[i]), strlen(words[i]));
		for (size_t j = 0; j < 7; j++) {
			assert_int_equal(sign(own_strcmp(words[i], words[j])),
					 sign(strcmp(words[i], words[j])));
			for (size_t n = 0; n < 4; n++)
				assert_int_equal(sign(own_strncmp(words[i], words[j], n)),
						 sign(strncmp(words[i], words[j], n)));
		}
	}
	assert_int_equal(sign(own_memcmp("a\0c", "a\0b", 3)), 1);
	assert_int_equal(own_memcmp("a\0c", "a\0b", 2), 0);
}

static void test_single_banks(void **state)
{
	(void)state;
	for (uint32_t bank = 0; bank < 64; bank++) {
		for (uint32_t bit = 0; bit < 64; bit++) {
			uint64_t *banks = malloc(sizeof(*banks)), member = 64 * bank + bit;
			struct vpset set;

			*banks = 1ull << bit;
			assert_true(vpset_sparse(&set, 1ull << bank, banks, 1));
			for (uint32_t vp = 0; vp < 4200;
			     vp += vp + 1 == member || vp == member ? 1 : 7)
				assert_int_equal(vpset_has(&set, vp), vp == member);
			assert_true(vpset_has(&set, (uint32_t)member));
			free(banks);
		}
	}
}

/* Full and random sets against a plain bit map. */
static void test_many_banks(void **state)
{
	(void)state;
	srand(1);
	for (unsigned round = 0; round < 200; round++) {
		uint64_t valid =
			round ? (uint64_t)rand() << 40 ^ (uint64_t)rand() << 15 ^ (uint64_t)rand()
			      : UINT64_MAX;
		bool want[4096] = { false };
		uint64_t banks[64];
		uint32_t count = 0;
		struct vpset set;

		for (uint32_t b = 0; b < 64; b++) {
			if (!(valid >> b & 1))
				continue;
			banks[count] = (uint64_t)rand() << 33 ^ (uint64_t)rand();
			for (uint32_t i = 0; i < 64; i++)
				want[64 * b + i] = banks[count] >> i & 1;
			count++;
		}
		for (uint32_t claim = 0; claim < 1024; claim++)
			if (claim != count)
				assert_false(vpset_sparse(&set, valid, banks, claim));
		assert_true(vpset_sparse(&set, valid, banks, count));
		for (uint32_t vp = 0; vp < 4096; vp++)
			assert_int_equal(vpset_has(&set, vp), want[vp]);
		assert_false(vpset_has(&set, 4096));
		assert_false(vpset_has(&set, UINT32_MAX));
	}
}

/* Every member of any bank, with others of its bank and of those around it below the limit. */
static void test_within(void **state)
{
	uint64_t banks[3] = { 1, 1, 0 };
	struct vpset set;

	(void)state;
	for (uint32_t member = 64; member < 64 * 63; member++) {
		const uint32_t bank = member / 64;

		banks[1] = 1ull << member % 64 | 1;
		assert_true(vpset_sparse(&set, 7ull << (bank - 1), banks, 3));
		assert_true(vpset_within(&set, member + 1));
		assert_true(vpset_within(&set, UINT32_MAX));
		assert_false(vpset_within(&set, member));
		assert_false(vpset_within(&set, 0));
	}
}

static void test_other_sets(void **state)
{
	uint64_t mask = 1ull << 63 | 1;
	struct vpset set = vpset_mask(&mask), all = vpset_all(), none;

	(void)state;
	assert_true(vpset_has(&set, 0) && vpset_has(&set, 63));
	assert_false(vpset_has(&set, 1) || vpset_has(&set, 64));
	assert_true(vpset_has(&all, 0) && vpset_has(&all, 5000));
	assert_true(vpset_sparse(&none, 0, NULL, 0));
	assert_false(vpset_has(&none, 0));
	assert_true(vpset_within(&set, 64) && !vpset_within(&set, 63));
	assert_true(vpset_within(&all, 0) && vpset_within(&none, 0));
}

/* Random unions and cuts against a map of units. */
static void test_ranges(void **state)
{
	struct gpa_range storage[8];
	struct ranges l = { storage, 0, 8 };
	bool want[64] = { false };

	(void)state;
	srand(2);
	for (unsigned round = 0; round < 20000; round++) {
		u64 base = (u64)rand() % 64, end = base + (u64)rand() % 8;
		bool add = rand() % 2;

		end = end > 64 ? 64 : end;
		if (!(add ? ranges_add : ranges_cut)(&l, base, end)) {
			assert_int_equal(l.count, 8); /* full: nothing has changed */
			continue;
		}
		for (u64 i = base; i < end; i++)
			want[i] = add;
		for (u64 i = 0; i < 64; i++) {
			bool in = false;

			for (u32 r = 0; r < l.count; r++)
				in |= i >= storage[r].base && i < storage[r].end;
			assert_int_equal(in, want[i]);
		}
		for (u32 r = 0; r < l.count; r++) {
			assert_true(storage[r].base < storage[r].end);
			assert_true(!r || storage[r - 1].end < storage[r].base);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_printf),		 cmocka_unit_test(test_text_is_bounded),
		cmocka_unit_test(test_text_odd_formats), cmocka_unit_test(test_memory),
		cmocka_unit_test(test_compare),		 cmocka_unit_test(test_single_banks),
		cmocka_unit_test(test_many_banks),	 cmocka_unit_test(test_within),
		cmocka_unit_test(test_other_sets),
		cmocka_unit_test(test_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
