/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/workflow/deadline.h"

#define SEC 1000000ll

static const struct law law = {
	.alarms = { 50, 80, 100 },
	.n_alarms = 3,
	.due_soon_percent = 80,
};

static void
state_and_alarm_follow_the_share_of_the_limit(void **state)
{
	static const struct {
		int64_t at;
		const char *state;
		int alarm;
		int64_t next;
	} rows[] = {
		{ -5, "pending", 0, 1800 * SEC },
		{ 0, "pending", 0, 1800 * SEC },
		{ 1800 * SEC - 1, "pending", 0, 1800 * SEC },
		{ 1800 * SEC, "pending", 50, 2880 * SEC },
		{ 2880 * SEC - 1, "pending", 50, 2880 * SEC },
		{ 2880 * SEC, "due_soon", 80, 3600 * SEC },
		{ 3600 * SEC - 1, "due_soon", 80, 3600 * SEC },
		{ 3600 * SEC, "due_soon", 100,
		    3600 * SEC + 1 }, /* in time, though it is the last moment */
		{ 3600 * SEC + 1, "overdue", 100, -1 },
		{ 999999 * SEC, "overdue", 100, -1 },
	};
	const int64_t start = 1700000000 * SEC;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct deadline d = deadline_at(&law, start, 3600, start + rows[i].at);

		assert_string_equal(d.state, rows[i].state);
		assert_int_equal(d.alarm, rows[i].alarm);
		assert_int_equal(d.next_us, rows[i].next < 0 ? -1 : start + rows[i].next);
	}
}

static void
a_limit_without_a_number_never_ends(void **state)
{
	struct deadline d = deadline_at(&law, 0, -1, INT64_MAX);

	assert_string_equal(d.state, "pending");
	assert_int_equal(d.alarm, 0);
	assert_int_equal(d.next_us, -1);
}

/* Following next_us from step to step must show every state and alarm and come to an end. */
static void
the_next_moment_leads_through_every_change(void **state)
{
	static const int64_t limits[] = { 1, 7, 1800, 3600, 14400, 86400, 2592000 };

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		int64_t now = 42;
		int steps = 0, alarms = 0;

		for (;;) {
			struct deadline d = deadline_at(&law, 42, limits[i], now);

			alarms |= 1 << (d.alarm / 10);
			if (d.next_us < 0)
				break;
			assert_true(d.next_us > now);
			now = d.next_us;
			assert_true(++steps < 10);
		}
		assert_int_equal(alarms, 1 << 0 | 1 << 5 | 1 << 8 | 1 << 10);
		assert_int_equal(now, 42 + limits[i] * SEC + 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(state_and_alarm_follow_the_share_of_the_limit),
		cmocka_unit_test(a_limit_without_a_number_never_ends),
		cmocka_unit_test(the_next_moment_leads_through_every_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
