/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "tests/unit/collector/scratch.h"

static int
setup(void **state)
{
	struct scratch *s = calloc(1, sizeof(*s));
	scratch_open(s);
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

static void
every_kind_of_value_comes_back(void **state)
{
	struct scratch *s = *state;
	struct db_stmt *stmt;
	const uint8_t blob[3] = { 0, 255, 0 };
	assert_int_equal(db_query(s->db, &stmt, "SELECT $1, $2, $3, $4, $5, $6, $3", "iIdtbn",
			     INT64_MIN, -7, 1.5, "关", blob, sizeof(blob)),
	    0);
	assert_int_equal(db_step(stmt), 1);
	assert_true(db_int(stmt, 0) == INT64_MIN);
	assert_int_equal(db_int(stmt, 1), -7);
	assert_true(db_double(stmt, 2) == 1.5);
	assert_string_equal(db_text(stmt, 3), "关");
	size_t length;
	assert_memory_equal(db_blob(stmt, 4, &length), blob, 3);
	assert_int_equal(length, 3);
	assert_true(db_is_null(stmt, 5));
	assert_null(db_text(stmt, 5));
	assert_string_equal(db_text_or(stmt, 5, "-"), "-");
	assert_true(db_double(stmt, 6) == 1.5); /* a parameter may repeat */
	assert_int_equal(db_step(stmt), 0);
	db_finish(stmt);
}

static void
parameters_go_by_number_and_not_by_place(void **state)
{
	struct scratch *s = *state;
	struct db_stmt *stmt;
	assert_int_equal(db_query(s->db, &stmt, "SELECT $2, $1", "tt", "one", "two"), 0);
	assert_int_equal(db_step(stmt), 1);
	assert_string_equal(db_text(stmt, 0), "two");
	assert_string_equal(db_text(stmt, 1), "one");
	db_finish(stmt);
}

static void
the_same_sql_can_run_inside_its_own_loop(void **state)
{
	struct scratch *s = *state;
	static const char sql[] =
	    "SELECT class FROM facility_class WHERE class >= $1 ORDER BY class";
	struct db_stmt *outer, *inner;
	assert_int_equal(db_query(s->db, &outer, sql, "t", ""), 0);
	assert_int_equal(db_step(outer), 1);
	assert_int_equal(db_query(s->db, &inner, sql, "t", "PTL"), 0);
	assert_int_equal(db_step(inner), 1);
	assert_string_equal(db_text(inner, 0), "PTL");
	assert_string_equal(db_text(outer, 0), "AIS");
	db_finish(inner);
	assert_int_equal(db_step(outer), 1);
	db_finish(outer);
}

static void
a_finished_statement_forgets_what_was_bound(void **state)
{
	struct scratch *s = *state;
	struct db_stmt *stmt;
	assert_int_equal(db_query(s->db, &stmt, "SELECT $1", "t", "old"), 0);
	db_finish(stmt);
	assert_int_equal(db_query(s->db, &stmt, "SELECT $1", ""), 0);
	assert_int_equal(db_step(stmt), 1);
	assert_true(db_is_null(stmt, 0));
	db_finish(stmt);
}

/* Bound as NULL it would have been stored: the column allows it. */
static void
what_cannot_be_bound_is_told_and_not_stored(void **state)
{
	struct scratch *s = *state;
	static const char sql[] = "INSERT INTO dead_letter (at, stream, entry, reason, raw)"
				  " VALUES (1, 's', 'e', 'r', $1)";
	const size_t too_big = (size_t)3 << 30; /* refused by its length, never read */
	assert_int_equal(db_run(s->db, NULL, sql, "b", "x", too_big), -EEXIST);
	assert_non_null(strstr(db_error(s->db), "too big"));
	assert_int_equal(scratch_number(s, "SELECT count(*) FROM dead_letter"), 0);

	struct db_stmt *stmt;
	assert_int_equal(db_prepare(s->db, "SELECT $1, $2", &stmt), 0);
	db_bind_text_n(stmt, 1, "x", too_big);
	db_bind_int(stmt, 2, 7); /* a later success does not hide it */
	assert_int_equal(db_step(stmt), -EEXIST);
	db_finish(stmt);
	assert_int_equal(db_run(s->db, NULL, sql, "b", "x", (size_t)1), 0); /* nor stays it */
	assert_int_equal(scratch_number(s, "SELECT count(*) FROM dead_letter"), 1);
}

static void
broken_promises_are_eexist_and_keep_the_transaction(void **state)
{
	struct scratch *s = *state;
	static const char sql[] = "INSERT INTO counter (name, value) VALUES ($1, $2)";
	assert_int_equal(db_begin(s->db), 0);
	assert_int_equal(db_run(s->db, NULL, sql, "tI", "a", 1), 0);
	assert_int_equal(db_run(s->db, NULL, sql, "tI", "a", 2), -EEXIST);
	assert_true(strlen(db_error(s->db)) > 0);
	assert_int_equal(db_run(s->db, NULL, sql, "tn", "b"), -EEXIST);
	assert_int_equal(
	    db_run(s->db, NULL,
		"INSERT INTO sensor_zone (sensor, zone, last_seen) VALUES (99, 'z', 0)", ""),
	    -EEXIST);
	assert_int_equal(db_commit(s->db), 0);
	assert_int_equal(scratch_number(s, "SELECT value FROM counter WHERE name = 'a'"), 1);
}

static void
a_rollback_leaves_nothing(void **state)
{
	struct scratch *s = *state;
	assert_int_equal(db_begin(s->db), 0);
	assert_true(db_in_transaction(s->db));
	assert_int_equal(
	    db_run(s->db, NULL, "INSERT INTO counter (name, value) VALUES ('a', 1)", ""), 0);
	db_rollback(s->db);
	assert_false(db_in_transaction(s->db));
	assert_int_equal(scratch_number(s, "SELECT count(*) FROM counter"), 0);
	db_rollback(s->db); /* and once more does no harm */
}

static void
insert_gives_the_row_and_changed_counts(void **state)
{
	struct scratch *s = *state;
	int64_t id = 0, changed = 0;
	static const char sql[] = "INSERT INTO zone (code, name, kind) VALUES ($1, 'n', 'k')"
				  " ON CONFLICT (code) DO NOTHING RETURNING id";
	assert_int_equal(db_insert(s->db, &id, sql, "t", "z1"), 0);
	assert_true(id > 0);
	assert_int_equal(db_insert(s->db, &id, sql, "t", "z1"), -ENOENT);
	assert_int_equal(db_insert(s->db, NULL, sql, "t", "z2"), 0);
	assert_int_equal(db_run(s->db, &changed, "UPDATE zone SET name = 'm'", ""), 0);
	assert_int_equal(changed, 2);
	assert_int_equal(db_get_int(s->db, &id, "SELECT id FROM zone WHERE code = 'z9'", ""),
	    -ENOENT);
}

static void
migrating_again_changes_nothing_but_a_changed_file_is_refused(void **state)
{
	struct scratch *s = *state;
	int64_t files = scratch_number(s, "SELECT count(*) FROM schema_file");
	assert_true(files >= 2);
	assert_int_equal(db_migrate(s->db), 0);
	assert_int_equal(scratch_number(s, "SELECT count(*) FROM schema_file"), files);
	assert_int_equal(db_run(s->db, NULL, "UPDATE schema_file SET hash = 'x'", ""), 0);
	assert_int_equal(db_migrate(s->db), -EEXIST);
	assert_non_null(strstr(db_error(s->db), "10-core.sql"));
}

static void
a_reader_sees_what_was_committed_and_cannot_write(void **state)
{
	struct scratch *s = *state;
	char error[256];
	assert_int_equal(
	    db_run(s->db, NULL, "INSERT INTO counter (name, value) VALUES ('a', 5)", ""), 0);
	struct db *reader = db_open(s->folder, DB_READ_ONLY, error, sizeof(error));
	assert_non_null(reader);
	int64_t value;
	assert_int_equal(db_get_int(reader, &value, "SELECT value FROM counter", ""), 0);
	assert_int_equal(value, 5);
	assert_true(db_run(reader, NULL, "UPDATE counter SET value = 6", "") < 0);
	db_close(reader);
}

static void
a_store_that_is_not_there_is_said(void **state)
{
	char error[256] = "";
	assert_null(db_open("/nowhere/at/all", DB_READ_WRITE, error, sizeof(error)));
	assert_non_null(strstr(error, "/nowhere/at/all"));
	assert_null(db_open("postgresql://x", DB_READ_WRITE, error, sizeof(error)));
	assert_non_null(strstr(error, "PostgreSQL"));
}

/* In a child: kills itself between statements of an open transaction, after one commit. */
static void
a_killed_writer_leaves_only_what_it_committed(void **state)
{
	struct scratch *s = *state;
	db_close(s->db);
	pid_t child = fork();
	if (child == 0) {
		char error[256];
		struct db *db = db_open(s->folder, DB_READ_WRITE, error, sizeof(error));
		db_begin(db);
		db_run(db, NULL, "INSERT INTO counter (name, value) VALUES ('kept', 1)", "");
		db_commit(db);
		db_begin(db);
		db_run(db, NULL, "INSERT INTO counter (name, value) VALUES ('lost', 1)", "");
		kill(getpid(), SIGKILL);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	char error[256];
	s->db = db_open(s->folder, DB_READ_WRITE, error, sizeof(error));
	assert_non_null(s->db);
	assert_int_equal(scratch_number(s, "SELECT count(*) FROM counter WHERE name = 'kept'"),
	    1);
	assert_int_equal(scratch_number(s, "SELECT count(*) FROM counter"), 1);
}

#define UNIT(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(every_kind_of_value_comes_back),
		UNIT(parameters_go_by_number_and_not_by_place),
		UNIT(the_same_sql_can_run_inside_its_own_loop),
		UNIT(a_finished_statement_forgets_what_was_bound),
		UNIT(what_cannot_be_bound_is_told_and_not_stored),
		UNIT(broken_promises_are_eexist_and_keep_the_transaction),
		UNIT(a_rollback_leaves_nothing),
		UNIT(insert_gives_the_row_and_changed_counts),
		UNIT(migrating_again_changes_nothing_but_a_changed_file_is_refused),
		UNIT(a_reader_sees_what_was_committed_and_cannot_write),
		UNIT(a_store_that_is_not_there_is_said),
		UNIT(a_killed_writer_leaves_only_what_it_committed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
