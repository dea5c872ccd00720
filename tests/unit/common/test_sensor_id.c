/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "common/sensor_id.h"

static void
names_are_plain_and_short(void **state)
{
	char longest[SENSOR_ID_MAX + 2];
	static const struct {
		const char *name;
		bool is_valid;
	} rows[] = {
		{ "sensor-1", true }, { "A", true }, { "0_a.B-9", true }, { "a..b", true },
		{ "-", true }, { "", false }, { ".", false }, { "..", false }, { ".x", false },
		{ "a/b", false }, { "a b", false }, { "a{b}", false }, { "a:b", false },
		{ "a@b", false }, { "a[b", false }, { "a`b", false }, { "传感器", false },
		{ "\xe9t\xe9", false }, /* letters in Latin-1 */
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (sensor_id_is_valid(span_str(rows[i].name)) != rows[i].is_valid)
			fail_msg("\"%s\"", rows[i].name);

	memset(longest, 'x', sizeof(longest));
	assert_true(sensor_id_is_valid(span_of(longest, SENSOR_ID_MAX)));
	assert_false(sensor_id_is_valid(span_of(longest, SENSOR_ID_MAX + 1)));
	assert_false(sensor_id_is_valid(span_of("a\0b", 3)));
	assert_false(sensor_id_is_valid(SPAN_NONE));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_plain_and_short),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
