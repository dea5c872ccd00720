/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/base64.h"

enum { CAP = 64 };

/* RFC 4648 section 10, and bytes that need the last two characters of the alphabet. */
static const struct {
	struct span bytes;
	struct span text;
} vectors[] = {
	{ SPAN(""), SPAN("") },
	{ SPAN("f"), SPAN("Zg==") },
	{ SPAN("fo"), SPAN("Zm8=") },
	{ SPAN("foo"), SPAN("Zm9v") },
	{ SPAN("foob"), SPAN("Zm9vYg==") },
	{ SPAN("fooba"), SPAN("Zm9vYmE=") },
	{ SPAN("foobar"), SPAN("Zm9vYmFy") },
	{ SPAN("\xff\xfe\0"), SPAN("//4A") },
	{ SPAN("\xfb\xef\xbe"), SPAN("++++") },
};

#define VECTORS (sizeof(vectors) / sizeof(vectors[0]))

static void
every_vector_encodes_to_its_text(void **state)
{
	for (size_t i = 0; i < VECTORS; i++) {
		size_t n = base64_encoded_len(vectors[i].bytes.len);
		char *out = malloc(n ? n : 1);
		assert_int_equal(n, vectors[i].text.len);
		base64_encode(vectors[i].bytes, out);
		assert_memory_equal(out, vectors[i].text.p, n);
		free(out);
	}
}

static void
every_vector_decodes_in_every_mode(void **state)
{
	for (size_t i = 0; i < VECTORS; i++) {
		for (int mode = BASE64_STRICT; mode <= BASE64_RFC2045; mode++) {
			uint8_t out[CAP];
			bool is_bad = true;
			size_t n = base64_decode(vectors[i].text, (enum base64_mode)mode, out,
			    CAP, &is_bad);
			assert_true(span_eq(span_of(out, n), vectors[i].bytes));
			assert_false(is_bad);
		}
	}
}

static void
every_byte_survives_the_way_there_and_back(void **state)
{
	uint8_t bytes[256], back[256];
	char text[344];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 167 + 13);
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		bool is_bad;
		base64_encode(span_of(bytes, len), text);
		size_t n = base64_decode(span_of(text, base64_encoded_len(len)), BASE64_STRICT,
		    back, sizeof(back), &is_bad);
		assert_int_equal(n, len);
		assert_memory_equal(back, bytes, len);
		assert_false(is_bad);
	}
}

/* What each mode makes of a text that the RFC would refuse. */
static const struct {
	struct span text;
	struct span rfc4648;
	struct span rfc2045;
	bool is_bad[3]; /* strict, RFC 4648, RFC 2045 */
} odd[] = {
	{ SPAN("Zg"), SPAN("f"), SPAN("f"), { true, false, false } },
	{ SPAN("Zg="), SPAN("f"), SPAN("f"), { true, false, false } },
	{ SPAN("Zg==="), SPAN("f"), SPAN("f"), { true, true, false } },
	{ SPAN("Zm9v="), SPAN("foo"), SPAN("foo"), { true, false, false } },
	{ SPAN("Zm9vZ==="), SPAN("foo"), SPAN("foo"), { true, true, true } },
	{ SPAN("Zm9vZ"), SPAN("foo"), SPAN("foo"), { true, true, true } },
	{ SPAN("===="), SPAN(""), SPAN(""), { true, true, false } },
	{ SPAN("Z"), SPAN(""), SPAN(""), { true, true, true } },
	{ SPAN("Zg==Zg=="), SPAN("f"), SPAN("f"), { true, true, true } },
	{ SPAN("Zm9v\r\nYmFy"), SPAN("foo"), SPAN("foobar"), { true, true, false } },
	{ SPAN("Zm9vYg==\r\n"), SPAN("foob"), SPAN("foob"), { true, true, false } },
	{ SPAN("Zm-v"), SPAN("f"), SPAN("fk"), { true, true, false } },
	{ SPAN(" Zm9v"), SPAN(""), SPAN("foo"), { true, true, false } },
	{ SPAN("Zm9v\0"), SPAN("foo"), SPAN("foo"), { true, true, false } },
	{ SPAN("\xff\xff\xff\xff"), SPAN(""), SPAN(""), { true, true, false } },
};

static void
each_mode_stops_or_goes_on_as_it_promises(void **state)
{
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		const struct span want[3] = { SPAN_NONE, odd[i].rfc4648, odd[i].rfc2045 };
		for (int mode = BASE64_STRICT; mode <= BASE64_RFC2045; mode++) {
			uint8_t out[CAP];
			bool is_bad;
			size_t n = base64_decode(odd[i].text, (enum base64_mode)mode, out, CAP,
			    &is_bad);
			if (!span_eq(span_of(out, n), want[mode]) ||
			    is_bad != odd[i].is_bad[mode])
				fail_msg("row %zu mode %d: %zu bytes, bad %d", i, mode, n,
				    is_bad);
		}
	}
}

static void
the_capacity_is_never_exceeded_and_what_fits_is_right(void **state)
{
	struct span text = SPAN("Zm9vYmE="), bytes = SPAN("fooba");

	for (size_t cap = 0; cap <= bytes.len; cap++) {
		for (int mode = BASE64_STRICT; mode <= BASE64_RFC2045; mode++) {
			uint8_t *out = malloc(cap ? cap : 1);
			size_t n = base64_decode(text, (enum base64_mode)mode, out, cap, NULL);
			assert_int_equal(n, cap);
			assert_memory_equal(out, bytes.p, cap);
			free(out);
		}
	}
}

static void
strictness_judges_also_what_does_not_fit(void **state)
{
	uint8_t out[3];
	bool is_bad;

	assert_int_equal(base64_decode(SPAN("Zm9v!"), BASE64_STRICT, out, 3, &is_bad), 0);
	assert_true(is_bad);
	assert_int_equal(base64_decode(SPAN("Zm9vYmFy"), BASE64_STRICT, out, 3, &is_bad), 3);
	assert_false(is_bad);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_vector_encodes_to_its_text),
		cmocka_unit_test(every_vector_decodes_in_every_mode),
		cmocka_unit_test(every_byte_survives_the_way_there_and_back),
		cmocka_unit_test(each_mode_stops_or_goes_on_as_it_promises),
		cmocka_unit_test(the_capacity_is_never_exceeded_and_what_fits_is_right),
		cmocka_unit_test(strictness_judges_also_what_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
