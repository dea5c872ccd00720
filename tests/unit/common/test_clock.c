/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/span.h"

static const struct {
	uint64_t seconds;
	const char *text; /* without microseconds and zone */
} days[] = {
	{ 0, "1970-01-01T00:00:00" },
	{ 68169600, "1972-02-29T00:00:00" }, /* the first leap day */
	{ 951782399, "2000-02-28T23:59:59" },
	{ 951782400, "2000-02-29T00:00:00" }, /* a century that is a leap year */
	{ 951868800, "2000-03-01T00:00:00" },
	{ 1704067199, "2023-12-31T23:59:59" },
	{ 1709164800, "2024-02-29T00:00:00" },
	{ 1795343400, "2026-11-22T10:30:00" },
	{ 4107542399, "2100-02-28T23:59:59" },
	{ 4107542400, "2100-03-01T00:00:00" }, /* a century that is not */
	{ 9214646399, "2261-12-31T23:59:59" },
};

#define DAYS (sizeof(days) / sizeof(days[0]))

static void
every_date_is_printed_and_read_back(void **state)
{
	for (size_t i = 0; i < DAYS; i++) {
		char eve[CLOCK_EVE_LEN], utc[CLOCK_UTC_LEN], want[48];
		nsec_t ns = days[i].seconds * NSEC_PER_SEC + 7000, back;

		size_t n = clock_format_eve(ns, eve);
		snprintf(want, sizeof(want), "%s.000007+0000", days[i].text);
		assert_string_equal(eve, want);
		assert_int_equal(n, strlen(want));
		assert_int_equal(clock_parse(eve, n, &back), 0);
		assert_int_equal(back, ns);

		n = clock_format_utc(ns, utc);
		snprintf(want, sizeof(want), "%s.000007Z", days[i].text);
		assert_string_equal(utc, want);
		assert_int_equal(n, strlen(want));
		assert_int_equal(clock_parse(utc, n, &back), 0);
		assert_int_equal(back, ns);
	}
}

/* One instant on every day of three centuries, and the last microsecond of it. */
static void
no_day_is_lost_between_1970_and_2261(void **state)
{
	for (uint64_t day = 0; day < 106651; day++) {
		char text[CLOCK_UTC_LEN];
		nsec_t ns = (day * 86400 + 86399) * NSEC_PER_SEC + 999999000, back = 0;
		size_t n = clock_format_utc(ns, text);
		if (clock_parse(text, n, &back) < 0 || back != ns)
			fail_msg("day %llu: %s", (unsigned long long)day, text);
	}
}

static void
what_is_less_than_a_microsecond_is_cut_not_rounded(void **state)
{
	char text[CLOCK_UTC_LEN];

	clock_format_utc(NSEC_PER_SEC - 1, text);
	assert_string_equal(text, "1970-01-01T00:00:00.999999Z");
}

static void
the_largest_time_still_fits_its_buffer(void **state)
{
	char eve[CLOCK_EVE_LEN], utc[CLOCK_UTC_LEN];

	assert_true(clock_format_eve(UINT64_MAX, eve) < sizeof(eve));
	assert_true(clock_format_utc(UINT64_MAX, utc) < sizeof(utc));
	assert_string_equal(utc, "2554-07-21T23:34:33.709551Z");
}

static void
every_rfc_3339_form_is_read(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} rows[] = {
		{ "2026-11-22T10:30:00Z", 1795343400000000000 },
		{ "2026-11-22t10:30:00z", 1795343400000000000 },
		{ "2026-11-22 10:30:00Z", 1795343400000000000 },
		{ "2026-11-22T10:30:00.5Z", 1795343400500000000 },
		{ "2026-11-22T10:30:00.123456789Z", 1795343400123456789 },
		{ "2026-11-22T10:30:00.1234567899999Z", 1795343400123456789 },
		{ "2026-11-22T18:30:00+08:00", 1795343400000000000 },
		{ "2026-11-22T18:30:00+0800", 1795343400000000000 },
		{ "2026-11-22T05:00:00-05:30", 1795343400000000000 },
		{ "2026-11-21T23:59:60Z", 1795305600000000000 },
		{ "1970-01-01T08:00:00+08:00", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		nsec_t ns = 1;
		assert_int_equal(clock_parse(rows[i].text, strlen(rows[i].text), &ns), 0);
		assert_int_equal(ns, rows[i].ns);
	}
}

static void
what_is_no_time_is_refused_and_leaves_the_result_alone(void **state)
{
	static const char *const rows[] = {
		"",
		"2026-11-22",
		"2026-11-22T10:30:00", /* no zone */
		"2026-11-22T10:30Z",
		"2026-11-22T10:30:00.Z",
		"2026-11-22T10:30:00,5Z",
		"2026-11-22T10:30:00Z ",
		" 2026-11-22T10:30:00Z",
		"2026-11-22_10:30:00Z",
		"2026/11/22T10:30:00Z",
		"2026-00-22T10:30:00Z",
		"2026-13-22T10:30:00Z",
		"2026-11-00T10:30:00Z",
		"2026-11-31T10:30:00Z",
		"2026-02-29T10:30:00Z",
		"2100-02-29T10:30:00Z",
		"2024-02-30T10:30:00Z",
		"2026-11-22T24:00:00Z",
		"2026-11-22T10:60:00Z",
		"2026-11-22T10:30:61Z",
		"2026-11-22T10:30:00+24:00",
		"2026-11-22T10:30:00+08:60",
		"2026-11-22T10:30:00+8:00",
		"2026-11-22T10:30:00+08",
		"2026-11-22T10:30:00+08:00Z",
		"-026-11-22T10:30:00Z",
		"1969-12-31T23:59:59Z",
		"1970-01-01T00:00:00+00:01", /* before 1970 */
		"2262-01-01T00:00:00Z",
		"20261122T103000Z",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		nsec_t ns = 4711;
		if (clock_parse(rows[i], strlen(rows[i]), &ns) != -EINVAL || ns != 4711)
			fail_msg("\"%s\" was read as %llu", rows[i], (unsigned long long)ns);
	}
}

static void
every_prefix_of_a_time_is_refused(void **state)
{
	static const char text[] = "2026-11-22T10:30:00.123456+08:00";
	nsec_t ns;

	for (size_t len = 0; len < sizeof(text) - 1; len++)
		assert_int_equal(clock_parse(text, len, &ns), -EINVAL);
	assert_int_equal(clock_parse(text, sizeof(text) - 1, &ns), 0);
	/* A NUL inside ends nothing: it is a byte that does not belong. */
	assert_int_equal(clock_parse(text, sizeof(text), &ns), -EINVAL);
}

static void
clocks_advance(void **state)
{
	nsec_t mono = clock_mono_ns(), cpu = clock_thread_cpu_ns();

	assert_true(clock_wall_ns() > 1700000000 * NSEC_PER_SEC);
	for (volatile unsigned i = 0; i < 1000000; i++)
		;
	assert_true(clock_mono_ns() > mono);
	assert_true(clock_thread_cpu_ns() > cpu);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_date_is_printed_and_read_back),
		cmocka_unit_test(no_day_is_lost_between_1970_and_2261),
		cmocka_unit_test(what_is_less_than_a_microsecond_is_cut_not_rounded),
		cmocka_unit_test(the_largest_time_still_fits_its_buffer),
		cmocka_unit_test(every_rfc_3339_form_is_read),
		cmocka_unit_test(what_is_no_time_is_refused_and_leaves_the_result_alone),
		cmocka_unit_test(every_prefix_of_a_time_is_refused),
		cmocka_unit_test(clocks_advance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
