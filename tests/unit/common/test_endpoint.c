/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/endpoint.h"

static void
what_people_write_is_taken_apart(void **state)
{
	static const struct {
		const char *where;
		const char *host;
		uint16_t port;
		bool is_v6;
		bool is_unix;
	} rows[] = {
		{ "127.0.0.1:6379", "127.0.0.1", 6379, false, false },
		{ "redis.example:1", "redis.example", 1, false, false },
		{ "h:65535", "h", 65535, false, false },
		{ "[::1]:6379", "::1", 6379, true, false },
		{ "[2001:db8::7]:80", "2001:db8::7", 80, true, false },
		{ "unix:/run/redis.sock", "/run/redis.sock", 0, false, true },
		{ "unix:a:b", "a:b", 0, false, true },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct endpoint e;
		const char *refused = endpoint_read(rows[i].where, false, &e);
		if (refused)
			fail_msg("%s: %s", rows[i].where, refused);
		assert_string_equal(e.host, rows[i].host);
		assert_int_equal(e.port, rows[i].port);
		assert_int_equal(e.is_v6, rows[i].is_v6);
		assert_int_equal(e.is_unix, rows[i].is_unix);
	}
}

static void
what_is_no_endpoint_is_refused_and_changes_nothing(void **state)
{
	static const char *const rows[] = { "", ":", "host", "host:", ":80", "host:0",
		"host:65536", "host:-1", "host:+1", "host: 1", "host:1x", "host:000001",
		"::1:6379", "[::1]", "[::1]:", "[]:80", "[::1:80", "::1]:80", "[host]:80",
		"[[::1]]:80", "a:b:80", "unix:" };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct endpoint e = { .port = 77 };
		if (!endpoint_read(rows[i], false, &e))
			fail_msg("%s was taken", rows[i]);
		assert_int_equal(e.port, 77);
	}
}

static void
only_a_listener_takes_port_0(void **state)
{
	struct endpoint e;
	assert_non_null(endpoint_read("127.0.0.1:0", false, &e));
	assert_null(endpoint_read("127.0.0.1:0", true, &e));
	assert_int_equal(e.port, 0);
}

/* One byte more is refused, and the longest ends with a NUL. */
static void
lengths_have_limits(void **state)
{
	struct endpoint e;
	char where[400];
	memset(where, 'h', sizeof(where));
	strcpy(where + ENDPOINT_HOST_MAX, ":80");
	assert_null(endpoint_read(where, false, &e));
	assert_int_equal(strlen(e.host), ENDPOINT_HOST_MAX);
	memset(where, 'h', sizeof(where));
	strcpy(where + ENDPOINT_HOST_MAX + 1, ":80");
	assert_non_null(endpoint_read(where, false, &e));

	memset(where, 'p', sizeof(where));
	memcpy(where, "unix:", 5);
	where[5 + ENDPOINT_PATH_MAX] = '\0';
	assert_null(endpoint_read(where, false, &e));
	assert_int_equal(strlen(e.host), ENDPOINT_PATH_MAX);
	where[5 + ENDPOINT_PATH_MAX] = 'p';
	where[5 + ENDPOINT_PATH_MAX + 1] = '\0';
	assert_non_null(endpoint_read(where, false, &e));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_people_write_is_taken_apart),
		cmocka_unit_test(what_is_no_endpoint_is_refused_and_changes_nothing),
		cmocka_unit_test(only_a_listener_takes_port_0),
		cmocka_unit_test(lengths_have_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
