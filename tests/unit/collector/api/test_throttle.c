/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "collector/api/throttle.h"

#define SEC 1000000ll

static void
the_wait_doubles_up_to_its_limit(void **state)
{
	static const unsigned address[] = { 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512,
		900, 900 };
	static const unsigned account[] = { 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60,
		60 };
	struct throttle *t = throttle_new();
	int64_t now = 5 * SEC;

	assert_non_null(t);
	for (size_t i = 0; i < sizeof(address) / sizeof(address[0]); i++) {
		throttle_failed(t, THROTTLE_ADDRESS, "198.51.100.1", now);
		throttle_failed(t, THROTTLE_ACCOUNT, "admin", now);
		assert_int_equal(throttle_wait_s(t, THROTTLE_ADDRESS, "198.51.100.1", now),
		    address[i]);
		assert_int_equal(throttle_wait_s(t, THROTTLE_ACCOUNT, "admin", now),
		    account[i]);
	}
	/* others are not concerned, nor is an account named like an address */
	assert_int_equal(throttle_wait_s(t, THROTTLE_ADDRESS, "198.51.100.2", now), 0);
	assert_int_equal(throttle_wait_s(t, THROTTLE_ACCOUNT, "198.51.100.1", now), 0);
	throttle_free(t);
}

static void
time_and_the_right_password_forget(void **state)
{
	struct throttle *t = throttle_new();
	int64_t now = 0;

	for (int i = 0; i < 8; i++)
		throttle_failed(t, THROTTLE_ADDRESS, "a", now);
	assert_int_equal(throttle_wait_s(t, THROTTLE_ADDRESS, "a", now), 8);
	assert_int_equal(throttle_wait_s(t, THROTTLE_ADDRESS, "a", now + 7 * SEC + 1), 1);
	assert_int_equal(throttle_wait_s(t, THROTTLE_ADDRESS, "a", now + 8 * SEC), 0);
	now += 3601 * SEC;
	throttle_failed(t, THROTTLE_ADDRESS, "a", now); /* counts from the start again */
	assert_int_equal(throttle_wait_s(t, THROTTLE_ADDRESS, "a", now), 0);
	for (int i = 0; i < 8; i++)
		throttle_failed(t, THROTTLE_ADDRESS, "a", now);
	throttle_forget(t, THROTTLE_ADDRESS, "a");
	assert_int_equal(throttle_wait_s(t, THROTTLE_ADDRESS, "a", now), 0);
	throttle_free(t);
}

/* A flood of addresses must not push out an account that is being guessed right now. */
static void
a_full_table_gives_up_the_quietest(void **state)
{
	struct throttle *t = throttle_new();
	char name[24];

	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "address %d", i);
		throttle_failed(t, THROTTLE_ADDRESS, name, i * SEC);
		throttle_failed(t, THROTTLE_ACCOUNT, "admin", i * SEC);
	}
	assert_int_equal(throttle_wait_s(t, THROTTLE_ACCOUNT, "admin", 4999 * SEC), 60);
	throttle_free(t);
}

static void
hashes_are_rationed(void **state)
{
	struct throttle *t = throttle_new();
	int64_t now = 1000 * SEC;
	int n = 0;

	while (throttle_take_hash(t, now))
		assert_true(++n < 100);
	assert_int_equal(n, 6);
	assert_false(throttle_take_hash(t, now + SEC / 2 - 1));
	assert_true(throttle_take_hash(t, now + SEC / 2));
	for (n = 0; throttle_take_hash(t, now + 3600 * SEC); n++)
		;
	assert_int_equal(n, 6); /* a quiet hour saves up no more */
	throttle_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_wait_doubles_up_to_its_limit),
		cmocka_unit_test(time_and_the_right_password_forget),
		cmocka_unit_test(a_full_table_gives_up_the_quietest),
		cmocka_unit_test(hashes_are_rationed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
