/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* SHA-256 against the examples of FIPS 180-4 and NIST's CAVS vectors. */
/* link: gen/sha256.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "sha256.h"

static void expect(struct sha256 *h, const char *wanted)
{
	uint8_t digest[SHA256_BYTES];
	char digits[2 * SHA256_BYTES + 1];

	sha256_end(h, digest);
	for (unsigned i = 0; i < SHA256_BYTES; i++)
		snprintf(digits + 2 * i, 3, "%02x", digest[i]);
	assert_string_equal(digits, wanted);
}

static void messages(void **state)
{
	static const struct {
		const char *message, *digest;
	} cases[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "\xd3", "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
		{ "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
		  "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
		  "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sha256 h;

		sha256_start(&h);
		sha256_add(&h, cases[i].message, strlen(cases[i].message));
		expect(&h, cases[i].digest);
	}
}

/* A million times "a", in pieces of every length: no piece may be lost between blocks. */
static void pieces(void **state)
{
	static char a[1000];
	struct sha256 h;
	size_t left = 1000000;

	memset(a, 'a', sizeof(a));
	sha256_start(&h);
	for (size_t n = 0; left > 0; n = n % sizeof(a) + 1) {
		size_t piece = n < left ? n : left;

		sha256_add(&h, a, piece);
		left -= piece;
	}
	expect(&h, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* Every place where the padding can start; the digests of zeros go into one digest. */
static void lengths(void **state)
{
	static const uint8_t zeros[130];
	struct sha256 all;

	sha256_start(&all);
	for (size_t n = 0; n <= sizeof(zeros); n++) {
		struct sha256 h;
		uint8_t digest[SHA256_BYTES];

		sha256_start(&h);
		sha256_add(&h, zeros, n);
		sha256_end(&h, digest);
		sha256_add(&all, digest, sizeof(digest));
	}
	expect(&all, "d6e99a52e4f306ac462a8669cfa9744fc9ac0cd54f1c1c92b91d2e3257397ead");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages),
		cmocka_unit_test(pieces),
		cmocka_unit_test(lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
