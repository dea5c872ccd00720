/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "common/digest.h"
#include "common/hex.h"

/* RFC 1321 A.5, FIPS 180-4. */
static const struct {
	enum digest_kind kind;
	const char *text, *hex;
} rows[] = {
	{ DIGEST_MD5, "", "d41d8cd98f00b204e9800998ecf8427e" },
	{ DIGEST_MD5, "abc", "900150983cd24fb0d6963f7d28e17f72" },
	{ DIGEST_SHA1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d" },
	{ DIGEST_SHA256, "abc",
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ DIGEST_SHA256, "",
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void
known_texts_have_their_digests(void **state)
{
	char text[2 * DIGEST_MAX + 1];

	for (size_t i = 0; i < ROWS; i++) {
		size_t len =
		    digest_hex(rows[i].kind, span_str(rows[i].text), text, sizeof(text));
		assert_int_equal(len, strlen(rows[i].hex));
		assert_string_equal(text, rows[i].hex);
	}
	assert_int_equal(digest_hex(DIGEST_MD5, SPAN_NONE, text, sizeof(text)), 32);
	assert_string_equal(text, rows[0].hex);
	assert_int_equal(digest_hex(DIGEST_SHA256, span_str("abc"), text, 13), 12);
	assert_string_equal(text, "ba7816bf8f01");
}

static void
a_stream_in_any_pieces_has_the_same_and_begins_anew(void **state)
{
	struct digest *digest = digest_new();

	assert_non_null(digest);
	for (size_t i = 0; i < ROWS; i++) {
		uint8_t whole[DIGEST_MAX], pieces[DIGEST_MAX];
		size_t len = digest_of(rows[i].kind, span_str(rows[i].text), whole);
		assert_true(digest_begin(digest, rows[i].kind));
		for (const char *c = rows[i].text; *c; c++)
			digest_update(digest, span_of(c, 1));
		digest_update(digest, SPAN_NONE);
		assert_int_equal(digest_end(digest, pieces), len);
		assert_memory_equal(whole, pieces, len);
	}
	digest_free(digest);
	digest_free(NULL);
}

static void
hex_is_cut_between_bytes(void **state)
{
	static const uint8_t bytes[] = { 0x01, 0xab, 0xff };
	struct span all = span_of(bytes, sizeof(bytes));
	char text[16];

	assert_int_equal(hex_text(all, ':', true, text, sizeof(text)), 8);
	assert_string_equal(text, "01:AB:FF");
	assert_int_equal(hex_text(all, ':', false, text, 8), 5);
	assert_string_equal(text, "01:ab");
	assert_int_equal(hex_text(all, 0, false, text, 1), 0);
	assert_string_equal(text, "");
	assert_int_equal(hex_text(all, 0, false, text, 0), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_texts_have_their_digests),
		cmocka_unit_test(a_stream_in_any_pieces_has_the_same_and_begins_anew),
		cmocka_unit_test(hex_is_cut_between_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
