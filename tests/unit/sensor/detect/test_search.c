/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "sensor/rule/content.h"

static uint32_t
pick(uint32_t *seed, uint32_t n)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 8) % n;
}

static uint8_t
fold(uint8_t c, bool is_nocase)
{
	return is_nocase && c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static const uint8_t *
plain_search(const uint8_t *text, size_t len, size_t from, const uint8_t *needle, size_t n,
    bool is_nocase)
{
	for (size_t at = from; at + n <= len; at++) {
		size_t i = 0;
		while (i < n && fold(text[at + i], is_nocase) == needle[i])
			i++;
		if (i == n)
			return text + at;
	}
	return NULL;
}

static void
it_finds_the_first_place_a_plain_search_finds(void **state)
{
	static const uint8_t letters[] = { 'a', 'b', 'A', 'B', 0, 0xff, '@', '[', '{' };
	uint32_t seed = 11;
	for (unsigned round = 0; round < 200000; round++) {
		bool is_nocase = pick(&seed, 2);
		size_t n = pick(&seed, 8) ? 1 + pick(&seed, 4) : pick(&seed, 40);
		size_t len = pick(&seed, 90);
		size_t from = pick(&seed, 4) ? 0 : pick(&seed, 95);
		uint8_t needle[40];
		/* Exactly as long as it is: a read behind it is seen. */
		uint8_t *text = malloc(len ? len : 1);
		for (size_t i = 0; i < n; i++)
			needle[i] = fold(letters[pick(&seed, sizeof(letters))], is_nocase);
		for (size_t i = 0; i < len; i++)
			text[i] = pick(&seed, 3) ? (uint8_t)pick(&seed, 256)
						 : letters[pick(&seed, sizeof(letters))];
		if (n && len > n && pick(&seed, 3) == 0)
			memcpy(text + pick(&seed, (uint32_t)(len - n + 1)), needle, n);
		const uint8_t *found =
		    content_search(span_of(text, len), from, span_of(needle, n), is_nocase);
		const uint8_t *expected =
		    from > len ? NULL : plain_search(text, len, from, needle, n, is_nocase);
		assert_ptr_equal(found, expected);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_finds_the_first_place_a_plain_search_finds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
