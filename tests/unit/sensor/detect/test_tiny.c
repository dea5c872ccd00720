/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "sensor/detect/tiny.h"

static bool found[64];

static void
note(const uint32_t *users, uint32_t count, size_t end, void *arg)
{
	for (uint32_t i = 0; i < count; i++)
		found[users[i]] = true;
}

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

static bool
plain_find(const struct tiny_literal *l, const uint8_t *text, size_t len)
{
	for (size_t at = 0; at + l->len <= len; at++) {
		if (fold(text[at], l->is_nocase) == l->bytes[0] &&
		    (l->len == 1 || fold(text[at + 1], l->is_nocase) == l->bytes[1]))
			return true;
	}
	return false;
}

static void
it_finds_what_a_plain_search_finds(void **state)
{
	static const uint8_t letters[] = { 'a', 'b', 'q', 'z', 'A', 'Q', 0, 0x80, 0xff, '{',
		'@' };
	uint32_t seed = 5;
	for (unsigned round = 0; round < 4000; round++) {
		struct tiny_literal literals[64];
		unsigned count = 1 + pick(&seed, round % 2 ? 4 : 64);
		for (unsigned i = 0; i < count; i++) {
			bool is_nocase = pick(&seed, 2);
			literals[i] = (struct tiny_literal){
				.len = (uint8_t)(1 + pick(&seed, 8) % 5 % 2),
				.is_nocase = is_nocase,
				.user = i,
			};
			for (int j = 0; j < 2; j++)
				literals[i].bytes[j] =
				    fold(letters[pick(&seed, sizeof(letters))], is_nocase);
		}
		struct tiny *tiny = tiny_new(literals, count);
		assert_non_null(tiny);
		/* Exactly as long as it is: a read behind it is seen. */
		size_t len = pick(&seed, 150);
		uint8_t *text = malloc(len ? len : 1);
		for (size_t i = 0; i < len; i++)
			text[i] = pick(&seed, 8) ? (uint8_t)pick(&seed, 256)
						 : letters[pick(&seed, sizeof(letters))];
		memset(found, 0, sizeof(found));
		tiny_scan(tiny, span_of(text, len), note, NULL);
		for (unsigned i = 0; i < count; i++) {
			if (found[i] != plain_find(&literals[i], text, len))
				fail_msg("round %u: literal %u of %u", round, i, count);
		}
		free(text);
		tiny_free(tiny);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_finds_what_a_plain_search_finds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
