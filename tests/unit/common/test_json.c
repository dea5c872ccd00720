/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/json.h"

static char buffer[4096];

static void
assert_json(const struct json *j, const char *want)
{
	assert_true(json_ok(j));
	assert_int_equal(j->len, strlen(want));
	assert_memory_equal(j->buf, want, j->len);
}

/* A record that uses every call. */
static void
write_record(struct json *j)
{
	json_open_object(j, NULL);
	json_put_str(j, "s", "a\"b");
	json_put_text(j, "t", SPAN("\xff"));
	json_put_printable(j, "p", SPAN("x\x01"));
	json_put_base64(j, "b", SPAN("fo"));
	json_put_hex(j, "h", SPAN("\x01\xab"), ':');
	json_put_uint(j, "u", UINT64_MAX);
	json_put_int(j, "i", INT64_MIN);
	json_put_double(j, "d", 1.5, 2);
	json_put_bool(j, "y", true);
	json_put_bool(j, "n", false);
	json_put_null(j, "z");
	json_put_time_eve(j, "w", 1795343400000000000);
	json_put_raw(j, "r", SPAN("[1]"));
	json_open_array(j, "a");
	json_put_uint(j, NULL, 1);
	json_open_object(j, NULL);
	json_close(j);
	json_open_array(j, NULL);
	json_close(j);
	json_put_str(j, NULL, NULL);
	json_close(j);
	json_close(j);
}

static const char record[] =
    "{\"s\":\"a\\\"b\",\"t\":\"\\\\xff\",\"p\":\"x.\",\"b\":\"Zm8=\",\"h\":\"01:ab\","
    "\"u\":18446744073709551615,\"i\":-9223372036854775808,\"d\":1.50,\"y\":true,\"n\":false,"
    "\"z\":null,\"w\":\"2026-11-22T10:30:00.000000+0000\",\"r\":[1],\"a\":[1,{},[],\"\"]}";

static void
commas_and_brackets_stand_where_they_must(void **state)
{
	struct json j;

	json_init(&j, buffer, sizeof(buffer));
	write_record(&j);
	assert_json(&j, record);
}

static void
every_buffer_too_small_is_full_and_never_overrun(void **state)
{
	for (size_t cap = 0; cap < sizeof(record) - 1; cap++) {
		char *buf = malloc(cap ? cap : 1);
		struct json j;
		json_init(&j, buf, cap);
		write_record(&j);
		assert_true(j.is_full);
		assert_false(json_ok(&j));
		assert_true(j.len <= cap);
		free(buf);
	}
	struct json j;
	json_init(&j, buffer, sizeof(record) - 1);
	write_record(&j);
	assert_json(&j, record);
}

static void
full_sticks_although_something_smaller_would_fit(void **state)
{
	struct json j;

	json_init(&j, buffer, 8);
	json_open_array(&j, NULL);
	json_put_str(&j, NULL, "much too long");
	size_t len = j.len;
	json_put_uint(&j, NULL, 1);
	json_close(&j);
	assert_true(j.is_full);
	assert_int_equal(j.len, len);
	assert_false(json_ok(&j));
}

static void
nothing_written_or_left_open_is_not_ok(void **state)
{
	struct json j;

	json_init(&j, buffer, sizeof(buffer));
	assert_false(json_ok(&j));
	json_open_object(&j, NULL);
	assert_false(json_ok(&j));
	json_close(&j);
	assert_true(json_ok(&j));
	json_close(&j); /* one too many closes nothing */
	assert_json(&j, "{}");
}

static void
every_byte_is_escaped_as_json_and_eve_demand(void **state)
{
	static const struct {
		struct span bytes;
		const char *text;      /* json_put_text() */
		const char *printable; /* json_put_printable() */
	} rows[] = {
		{ SPAN(""), "\"\"", "\"\"" },
		{ SPAN("\"\\/"), "\"\\\"\\\\/\"", "\"\\\"\\\\/\"" },
		{ SPAN("\b\t\n\v\f\r"), "\"\\b\\t\\n\\u000b\\f\\r\"", "\"..\\n..\\r\"" },
		{ SPAN("\0\x01\x1f\x7f"), "\"\\u0000\\u0001\\u001f\\u007f\"", "\"....\"" },
		{ SPAN("\xe5\x85\xb3"), "\"\xe5\x85\xb3\"", "\"...\"" },
		{ SPAN("\xe5\x85"), "\"\\\\xe5\\\\x85\"", "\"..\"" },
		{ SPAN("a\xffz"), "\"a\\\\xffz\"", "\"a.z\"" },
		{ SPAN("\xff\n\"\\\x7f\0"), "\"\\\\xff\\n\\\"\\\\\\\\x7f\\u0000\"",
		    "\".\\n\\\"\\\\..\"" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct json j;
		json_init(&j, buffer, sizeof(buffer));
		json_put_text(&j, NULL, rows[i].bytes);
		assert_json(&j, rows[i].text);
		json_init(&j, buffer, sizeof(buffer));
		json_put_printable(&j, NULL, rows[i].bytes);
		assert_json(&j, rows[i].printable);
	}
}

static void
no_byte_leaves_a_control_character_or_bad_utf8_in_the_text(void **state)
{
	for (unsigned c = 0; c < 0x10000; c++) {
		const uint8_t bytes[2] = { (uint8_t)(c >> 8), (uint8_t)c };
		struct json j;
		json_init(&j, buffer, sizeof(buffer));
		json_put_text(&j, NULL, span_of(bytes, 2));
		assert_true(json_ok(&j));
		assert_true(utf8_is_valid(span_of(j.buf, j.len)));
		for (size_t i = 0; i < j.len; i++)
			assert_true((uint8_t)j.buf[i] >= 0x20);
	}
}

static void
utf8_is_what_rfc_3629_says(void **state)
{
	static const struct {
		struct span bytes;
		bool is_valid;
	} rows[] = {
		{ SPAN(""), true },
		{ SPAN("\x7f"), true },
		{ SPAN("\xc2\x80"), true },
		{ SPAN("\xdf\xbf"), true },
		{ SPAN("\xe0\xa0\x80"), true },
		{ SPAN("\xed\x9f\xbf"), true },
		{ SPAN("\xee\x80\x80"), true },
		{ SPAN("\xef\xbf\xbf"), true },
		{ SPAN("\xf0\x90\x80\x80"), true },
		{ SPAN("\xf4\x8f\xbf\xbf"), true },
		{ SPAN("a\xe5\x85\xb3z"), true },
		{ SPAN("\x80"), false },
		{ SPAN("\xbf"), false },
		{ SPAN("\xc0\x80"), false }, /* overlong */
		{ SPAN("\xc1\xbf"), false },
		{ SPAN("\xe0\x9f\xbf"), false },
		{ SPAN("\xf0\x8f\xbf\xbf"), false },
		{ SPAN("\xed\xa0\x80"), false }, /* surrogates */
		{ SPAN("\xed\xbf\xbf"), false },
		{ SPAN("\xf4\x90\x80\x80"), false }, /* past the last */
		{ SPAN("\xf5\x80\x80\x80"), false },
		{ SPAN("\xff"), false },
		{ SPAN("\xc2"), false }, /* cut */
		{ SPAN("\xe0\xa0"), false },
		{ SPAN("\xf0\x90\x80"), false },
		{ SPAN("\xc2z"), false },
		{ SPAN("\xe5\x85z"), false },
		{ SPAN("\xf0\x90\x80z"), false },
		{ SPAN("\xe5z\xb3"), false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (utf8_is_valid(rows[i].bytes) != rows[i].is_valid)
			fail_msg("row %zu", i);
}

static void
numbers_that_json_cannot_say_are_null(void **state)
{
	static const struct {
		double value;
		int decimals;
		const char *want;
	} rows[] = {
		{ 0, 0, "0" },
		{ 2.345, 1, "2.3" },
		{ -0.5, 3, "-0.500" },
		{ (double)NAN, 2, "null" },
		{ (double)INFINITY, 2, "null" },
		{ -(double)INFINITY, 2, "null" },
		{ 1e300, 2, "null" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct json j;
		json_init(&j, buffer, sizeof(buffer));
		json_put_double(&j, NULL, rows[i].value, rows[i].decimals);
		assert_json(&j, rows[i].want);
	}
}

static void
a_rewind_leaves_no_trace_of_the_member(void **state)
{
	struct json j;

	json_init(&j, buffer, sizeof(buffer));
	json_open_object(&j, NULL);
	struct json_mark first = json_mark(&j);
	json_put_uint(&j, "no", 1);
	json_rewind(&j, first);
	json_put_uint(&j, "a", 1);
	struct json_mark second = json_mark(&j);
	json_open_object(&j, "no");
	json_open_array(&j, "deeper");
	json_put_uint(&j, NULL, 2);
	json_rewind(&j, second);
	json_put_uint(&j, "b", 2);
	json_close(&j);
	assert_json(&j, "{\"a\":1,\"b\":2}");
}

static void
a_rewind_does_not_hide_that_something_was_lost(void **state)
{
	struct json j;

	json_init(&j, buffer, 16);
	json_open_object(&j, NULL);
	struct json_mark mark = json_mark(&j);
	json_put_str(&j, "k", "longer than the buffer");
	json_rewind(&j, mark);
	json_close(&j);
	assert_false(json_ok(&j));
}

static void
depth_ends_at_its_limit(void **state)
{
	struct json j;

	json_init(&j, buffer, sizeof(buffer));
	for (unsigned i = 0; i < JSON_DEPTH; i++)
		json_open_array(&j, NULL);
	assert_false(j.is_full);
	for (unsigned i = 0; i < JSON_DEPTH; i++)
		json_close(&j);
	assert_true(json_ok(&j));
	assert_int_equal(j.len, 2 * JSON_DEPTH);

	json_init(&j, buffer, sizeof(buffer));
	for (unsigned i = 0; i < 3 * JSON_DEPTH; i++)
		json_open_object(&j, i ? "k" : NULL);
	assert_true(j.is_full);
	for (unsigned i = 0; i < 3 * JSON_DEPTH; i++)
		json_close(&j);
	assert_false(json_ok(&j));
}

static void
a_text_is_cut_between_characters(void **state)
{
	char buf[512];
	struct json j;

	json_init(&j, buf, sizeof(buf));
	json_open_array(&j, NULL);
	json_put_text_cut(&j, NULL, SPAN("topic"), 5);
	json_put_text_cut(&j, NULL, SPAN("topic"), 3);
	json_put_text_cut(&j, NULL,
	    SPAN("a\xe5\x85\xb3"
		 "b"),
	    3);
	json_put_text_cut(&j, NULL, SPAN("\xff\xfe\xfd"), 1);
	json_put_text_cut(&j, NULL, SPAN("ab"), 0);
	json_close(&j);
	assert_true(json_ok(&j));
	buf[j.len] = 0;
	assert_string_equal(buf, "[\"topic\",\"top[truncated 2 additional bytes]\","
				 "\"a[truncated 4 additional bytes]\","
				 "\"\\\\xff[truncated 2 additional bytes]\","
				 "\"[truncated 2 additional bytes]\"]");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commas_and_brackets_stand_where_they_must),
		cmocka_unit_test(every_buffer_too_small_is_full_and_never_overrun),
		cmocka_unit_test(full_sticks_although_something_smaller_would_fit),
		cmocka_unit_test(nothing_written_or_left_open_is_not_ok),
		cmocka_unit_test(every_byte_is_escaped_as_json_and_eve_demand),
		cmocka_unit_test(no_byte_leaves_a_control_character_or_bad_utf8_in_the_text),
		cmocka_unit_test(utf8_is_what_rfc_3629_says),
		cmocka_unit_test(numbers_that_json_cannot_say_are_null),
		cmocka_unit_test(a_rewind_leaves_no_trace_of_the_member),
		cmocka_unit_test(a_rewind_does_not_hide_that_something_was_lost),
		cmocka_unit_test(depth_ends_at_its_limit),
		cmocka_unit_test(a_text_is_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
