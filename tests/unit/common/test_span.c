/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "common/span.h"

static void
equal_means_same_length_and_same_bytes(void **state)
{
	assert_true(span_eq(SPAN("ab"), SPAN("ab")));
	assert_false(span_eq(SPAN("ab"), SPAN("aB")));
	assert_false(span_eq(SPAN("ab"), SPAN("abc")));
	assert_false(span_eq(SPAN("a\0b"), SPAN("a\0c")));
	assert_true(span_eq(SPAN_NONE, SPAN("")));
	assert_true(span_eq(span_str(NULL), SPAN_NONE));
}

static void
case_is_ignored_for_ascii_letters_only(void **state)
{
	static const struct {
		struct span a, b;
		bool is_equal;
	} rows[] = {
		{ SPAN("Content-Length"), SPAN("cONTENT-lENGTH"), true },
		{ SPAN("az"), SPAN("AZ"), true },
		{ SPAN("@"), SPAN("`"), false },
		{ SPAN("["), SPAN("{"), false },
		{ SPAN("\xe4"), SPAN("\xc4"), false },
		{ SPAN("0"), SPAN("\x10"), false },
		{ SPAN("a"), SPAN("ab"), false },
		{ SPAN("host\0a"), SPAN("HOST\0A"), true },
		{ SPAN("host\0a"), SPAN("host\0b"), false },
		{ SPAN(""), SPAN_NONE, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(span_caseeq(rows[i].a, rows[i].b), rows[i].is_equal);
		assert_int_equal(span_caseeq(rows[i].b, rows[i].a), rows[i].is_equal);
	}
}

static void
a_part_is_clipped_to_what_is_there(void **state)
{
	struct span s = SPAN("abcdef");

	assert_true(span_eq(span_sub(s, 2, 3), SPAN("cde")));
	assert_true(span_eq(span_sub(s, 4, 9), SPAN("ef")));
	assert_true(span_eq(span_sub(s, 4, SIZE_MAX), SPAN("ef")));
	assert_int_equal(span_sub(s, 6, 1).len, 0);
	assert_int_equal(span_sub(s, SIZE_MAX, SIZE_MAX).len, 0);
	assert_true(span_eq(span_from(s, 5), SPAN("f")));
	assert_int_equal(span_from(s, 7).len, 0);
	assert_int_equal(span_sub(SPAN_NONE, 3, 4).len, 0);
	assert_null(span_sub(SPAN_NONE, 3, 4).p);
}

static void
finding_gives_the_first_place_or_none(void **state)
{
	struct span s = SPAN("a\0ba\0b");

	assert_int_equal(span_find(s, SPAN("\0b")), 1);
	assert_int_equal(span_find(s, SPAN("ba")), 2);
	assert_int_equal(span_find(s, SPAN("bb")), -1);
	assert_int_equal(span_find(s, SPAN("a\0ba\0bx")), -1);
	assert_int_equal(span_find(s, SPAN("")), 0);
	assert_int_equal(span_find(SPAN_NONE, SPAN("")), 0);
	assert_int_equal(span_find(SPAN_NONE, SPAN("a")), -1);
	assert_int_equal(span_chr(s, 0), 1);
	assert_int_equal(span_chr(s, 'c'), -1);
	assert_int_equal(span_chr(SPAN_NONE, 0), -1);
}

static void
a_prefix_may_be_empty_or_whole(void **state)
{
	assert_true(span_starts(SPAN("abc"), SPAN("ab")));
	assert_true(span_starts(SPAN("abc"), SPAN("abc")));
	assert_true(span_starts(SPAN("abc"), SPAN_NONE));
	assert_false(span_starts(SPAN("abc"), SPAN("abcd")));
	assert_false(span_starts(SPAN("abc"), SPAN("b")));
}

static void
trimming_takes_spaces_and_tabs_from_both_ends(void **state)
{
	assert_true(span_eq(span_trim(SPAN(" \ta b\t ")), SPAN("a b")));
	assert_true(span_eq(span_trim(SPAN("\ra\n")), SPAN("\ra\n")));
	assert_int_equal(span_trim(SPAN(" \t ")).len, 0);
	assert_int_equal(span_trim(SPAN_NONE).len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_means_same_length_and_same_bytes),
		cmocka_unit_test(case_is_ignored_for_ascii_letters_only),
		cmocka_unit_test(a_part_is_clipped_to_what_is_there),
		cmocka_unit_test(finding_gives_the_first_place_or_none),
		cmocka_unit_test(a_prefix_may_be_empty_or_whole),
		cmocka_unit_test(trimming_takes_spaces_and_tabs_from_both_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
