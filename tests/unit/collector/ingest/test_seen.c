/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "collector/ingest/event_id.h"
#include "collector/ingest/seen.h"
#include "tests/unit/collector/scratch.h"

static int
setup(void **state)
{
	struct scratch *s = calloc(1, sizeof(*s));
	scratch_open(s);
	assert_int_equal(db_run(s->db, NULL,
			     "INSERT INTO sensor (id, name, first_seen, last_seen)"
			     " VALUES (1, 'a', 0, 0), (2, 'b', 0, 0)",
			     ""),
	    0);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	scratch_done(*state);
	free(*state);
	return 0;
}

/* "1-5 7-9" for sensor 1, epoch 1. */
static void
expect_ranges(struct scratch *s, const char *expected)
{
	char text[4096] = "";
	struct db_stmt *stmt;
	assert_int_equal(db_query(s->db, &stmt,
			     "SELECT first_seq, last_seq FROM event_seen"
			     " WHERE sensor = 1 AND epoch = 1 ORDER BY first_seq",
			     ""),
	    0);
	while (db_step(stmt) == 1)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%lld-%lld",
		    text[0] ? " " : "", (long long)db_int(stmt, 0), (long long)db_int(stmt, 1));
	db_finish(stmt);
	assert_string_equal(text, expected);
}

static void
ranges_grow_and_join_as_numbers_arrive(void **state)
{
	static const struct {
		int64_t seq;
		int is_new;
		const char *after;
	} steps[] = {
		{ 5, 1, "5-5" },
		{ 5, 0, "5-5" },
		{ 7, 1, "5-5 7-7" },
		{ 6, 1, "5-7" },
		{ 4, 1, "4-7" },
		{ 8, 1, "4-8" },
		{ 6, 0, "4-8" },
		{ 0, 1, "0-0 4-8" },
		{ 2, 1, "0-0 2-2 4-8" },
		{ 1, 1, "0-2 4-8" },
		{ 3, 1, "0-8" },
		{ INT64_MAX - 1, 1, "0-8 9223372036854775806-9223372036854775806" },
		{ INT64_MAX - 1, 0, "0-8 9223372036854775806-9223372036854775806" },
	};
	struct scratch *s = *state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		assert_int_equal(seen_add(s->db, 1, 1, steps[i].seq), steps[i].is_new);
		expect_ranges(s, steps[i].after);
	}
}

static void
runs_and_sensors_do_not_touch_each_other(void **state)
{
	struct scratch *s = *state;
	assert_int_equal(seen_add(s->db, 1, 1, 1), 1);
	assert_int_equal(seen_add(s->db, 1, 2, 1), 1);
	assert_int_equal(seen_add(s->db, 2, 1, 1), 1);
	assert_int_equal(seen_add(s->db, 1, 2, 2), 1);
	expect_ranges(s, "1-1");
}

/* A plain array of flags says what is right, for many random orders with many repeats. */
static void
any_order_with_repeats_counts_each_number_once(void **state)
{
	enum { NUMBERS = 400, ROUNDS = 12, TRIES = 1600 };
	struct scratch *s = *state;
	unsigned random = 20260105;
	for (int64_t epoch = 10; epoch < 10 + ROUNDS; epoch++) {
		bool has[NUMBERS] = { false };
		int fresh = 0, ranges = 0;
		assert_int_equal(db_begin(s->db), 0);
		for (int i = 0; i < TRIES; i++) {
			random = random * 1103515245u + 12345u;
			int seq = (int)(random >> 16) % NUMBERS;
			int r = seen_add(s->db, 1, epoch, seq);
			assert_int_equal(r, !has[seq]);
			fresh += r;
			has[seq] = true;
		}
		assert_int_equal(db_commit(s->db), 0);
		int total = 0;
		for (int i = 0; i < NUMBERS; i++) {
			total += has[i];
			ranges += has[i] && (i == 0 || !has[i - 1]);
		}
		assert_int_equal(fresh, total);
		int64_t rows, sum;
		assert_int_equal(
		    db_get_int(s->db, &rows,
			"SELECT count(*) FROM event_seen WHERE sensor = 1 AND epoch = $1", "i",
			epoch),
		    0);
		assert_int_equal(db_get_int(s->db, &sum,
				     "SELECT sum(last_seq - first_seq + 1) FROM event_seen"
				     " WHERE sensor = 1 AND epoch = $1",
				     "i", epoch),
		    0);
		assert_int_equal(rows, ranges);
		assert_int_equal(sum, total);
	}
}

static void
ids_have_one_spelling(void **state)
{
	static const char *const good[] = { "sensor-1/3/17", "a/0/0",
		"A.b_c-9/1/9223372036854775806" };
	static const char *const bad[] = { "", "a", "a/1", "a/1/", "a//1", "/1/1", "a/1/1/1",
		"a/01/1", "a/1/01", "a/-1/1", "a/1/+1", "a/1/1 ", " a/1/1", "a/1/x", "a b/1/1",
		".a/1/1", "../1/1", "a/9223372036854775807/1", "a/1/9223372036854775807",
		"a/1/99999999999999999999",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/1/1" };
	struct event_id id;
	char text[EVENT_ID_TEXT_MAX + 1];
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(event_id_parse(span_str(good[i]), &id));
		assert_string_equal(event_id_text(&id, text), good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(event_id_parse(span_str(bad[i]), &id));
	assert_false(event_id_parse(span_of("a\0/1/1", 6), &id));
}

#define UNIT(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(ranges_grow_and_join_as_numbers_arrive),
		UNIT(runs_and_sensors_do_not_touch_each_other),
		UNIT(any_order_with_repeats_counts_each_number_once),
		cmocka_unit_test(ids_have_one_spelling),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
