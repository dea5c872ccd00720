/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "common/cipher.h"

/* RFC 9001 appendix A.1. */
static void
keys_of_an_initial_packet_are_those_of_the_rfc(void **state)
{
	static const uint8_t salt[] = { 0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d,
		0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a };
	static const uint8_t id[] = { 0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08 };
	static const uint8_t key[] = { 0x1f, 0x36, 0x96, 0x13, 0xdd, 0x76, 0xd5, 0x46, 0x77,
		0x30, 0xef, 0xcb, 0xe3, 0xb1, 0xa2, 0x2d };
	static const uint8_t iv[] = { 0xfa, 0x04, 0x4b, 0x2f, 0x42, 0xa3, 0xfd, 0x3b, 0x46,
		0xfb, 0x25, 0x5c };
	uint8_t initial[32], client[32], out[16];

	assert_true(
	    cipher_extract(span_of(salt, sizeof(salt)), span_of(id, sizeof(id)), initial));
	assert_true(cipher_expand_label(initial, "client in", client, sizeof(client)));
	assert_true(cipher_expand_label(client, "quic key", out, sizeof(key)));
	assert_memory_equal(out, key, sizeof(key));
	assert_true(cipher_expand_label(client, "quic iv", out, sizeof(iv)));
	assert_memory_equal(out, iv, sizeof(iv));
	assert_false(cipher_expand_label(client, "quic iv", out, 33));
}

/* FIPS 197 appendix B. */
static void
a_block_is_that_of_the_standard(void **state)
{
	static const uint8_t key[] = { 0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab,
		0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c };
	static const uint8_t in[] = { 0x32, 0x43, 0xf6, 0xa8, 0x88, 0x5a, 0x30, 0x8d, 0x31,
		0x31, 0x98, 0xa2, 0xe0, 0x37, 0x07, 0x34 };
	static const uint8_t expected[] = { 0x39, 0x25, 0x84, 0x1d, 0x02, 0xdc, 0x09, 0xfb,
		0xdc, 0x11, 0x85, 0x97, 0x19, 0x6a, 0x0b, 0x32 };
	uint8_t out[CIPHER_BLOCK_BYTES];

	assert_true(cipher_block(key, in, out));
	assert_memory_equal(out, expected, sizeof(out));
}

/* The GCM specification's test cases 1 and 2. */
static void
what_was_sealed_opens_and_nothing_else_does(void **state)
{
	static const uint8_t zeros[16];
	uint8_t empty[] = { 0x58, 0xe2, 0xfc, 0xce, 0xfa, 0x7e, 0x30, 0x61, 0x36, 0x7f, 0x1d,
		0x57, 0xa4, 0xe7, 0x45, 0x5a };
	uint8_t sealed[] = { 0x03, 0x88, 0xda, 0xce, 0x60, 0xb6, 0xa3, 0x92, 0xf3, 0x28, 0xc2,
		0xb9, 0x71, 0xb2, 0xfe, 0x78, 0xab, 0x6e, 0x47, 0xd4, 0x2c, 0xec, 0x13, 0xbd,
		0xf5, 0x3a, 0x67, 0xb2, 0x12, 0x57, 0xbd, 0xdf };
	uint8_t out[sizeof(sealed)];
	struct span all = span_of(sealed, sizeof(sealed));

	assert_true(
	    cipher_gcm_open(zeros, zeros, SPAN_NONE, span_of(empty, sizeof(empty)), out));
	assert_true(cipher_gcm_open(zeros, zeros, SPAN_NONE, all, out));
	assert_memory_equal(out, zeros, 16);
	assert_false(cipher_gcm_open(zeros, zeros, SPAN("x"), all, out));
	assert_false(cipher_gcm_open(zeros, zeros, SPAN_NONE, span_sub(all, 0, 31), out));
	assert_false(cipher_gcm_open(zeros, zeros, SPAN_NONE, span_sub(all, 0, 15), out));
	sealed[0] ^= 1;
	assert_false(cipher_gcm_open(zeros, zeros, SPAN_NONE, all, out));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_of_an_initial_packet_are_those_of_the_rfc),
		cmocka_unit_test(a_block_is_that_of_the_standard),
		cmocka_unit_test(what_was_sealed_opens_and_nothing_else_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
