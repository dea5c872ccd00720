/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <sodium.h>

#include "collector/api/session.h"
#include "tests/unit/collector/scratch.h"

#define SEC 1000000ll

struct bench {
	struct scratch scratch;
	struct sessions *sessions;
};

static void
bench_open(struct bench *b)
{
	assert_true(sodium_init() >= 0);
	scratch_open(&b->scratch);
	assert_int_equal(db_run(b->scratch.db, NULL,
			     "INSERT INTO account (name, display_name, role, password_hash, "
			     "created_at, changed_at)"
			     " VALUES ('duty', '值班员', 'analyst', 'x', 1, 1), ('other', 'x', "
			     "'emperor', 'x', 1, 1)",
			     ""),
	    0);
	b->sessions = sessions_new(100);
	assert_non_null(b->sessions);
}

static void
bench_done(struct bench *b)
{
	sessions_free(b->sessions);
	scratch_done(&b->scratch);
}

static void
a_session_is_found_by_its_token_until_its_time_is_over(void **state)
{
	char token[SESSION_TOKEN_LEN + 1], wrong[SESSION_TOKEN_LEN + 1];
	const struct session *s;
	struct bench b;

	bench_open(&b);
	assert_null(session_open(b.sessions, b.scratch.db, "nobody", 0, token));
	s = session_open(b.sessions, b.scratch.db, "duty", 7 * SEC, token);
	assert_non_null(s);
	assert_int_equal(strlen(token), SESSION_TOKEN_LEN);
	assert_int_equal(s->role, ROLE_ANALYST);
	assert_string_equal(s->display_name, "值班员");
	assert_ptr_equal(session_find(b.sessions, b.scratch.db, token, 8 * SEC), s);
	strcpy(wrong, token);
	wrong[5] ^= 1;
	assert_null(session_find(b.sessions, b.scratch.db, wrong, 8 * SEC));
	assert_null(session_find(b.sessions, b.scratch.db, "", 8 * SEC));
	assert_non_null(session_find(b.sessions, b.scratch.db, token, 107 * SEC - 1));
	assert_null(session_find(b.sessions, b.scratch.db, token, 107 * SEC));
	assert_int_equal(sessions_count(b.sessions), 0);
	bench_done(&b);
}

static void
an_unknown_role_may_only_read(void **state)
{
	char token[SESSION_TOKEN_LEN + 1];
	struct bench b;

	bench_open(&b);
	assert_int_equal(session_open(b.sessions, b.scratch.db, "other", 0, token)->role,
	    ROLE_VIEWER);
	bench_done(&b);
}

static void
a_changed_account_ends_its_sessions(void **state)
{
	static const char *const changes[] = {
		"UPDATE account SET changed_at = 2 WHERE name = 'duty'",
		"UPDATE account SET role = 'viewer' WHERE name = 'duty'",
		"DELETE FROM account WHERE name = 'duty'",
	};

	for (size_t i = 0; i < 3; i++) {
		char token[SESSION_TOKEN_LEN + 1], kept[SESSION_TOKEN_LEN + 1];
		struct bench b;

		bench_open(&b);
		session_open(b.sessions, b.scratch.db, "duty", 0, token);
		session_open(b.sessions, b.scratch.db, "other", 0, kept);
		assert_int_equal(db_run(b.scratch.db, NULL, changes[i], ""), 0);
		assert_null(session_find(b.sessions, b.scratch.db, token, 1));
		assert_non_null(session_find(b.sessions, b.scratch.db, kept, 1));
		bench_done(&b);
	}
}

static void
the_oldest_sessions_make_room(void **state)
{
	char tokens[SESSIONS_PER_ACCOUNT + 1][SESSION_TOKEN_LEN + 1],
	    other[SESSION_TOKEN_LEN + 1];
	struct bench b;

	bench_open(&b);
	session_open(b.sessions, b.scratch.db, "other", 0, other);
	for (int i = 0; i <= SESSIONS_PER_ACCOUNT; i++)
		assert_non_null(
		    session_open(b.sessions, b.scratch.db, "duty", 10 + i, tokens[i]));
	assert_int_equal(sessions_count(b.sessions), SESSIONS_PER_ACCOUNT + 1);
	assert_null(session_find(b.sessions, b.scratch.db, tokens[0], 50));
	for (int i = 1; i <= SESSIONS_PER_ACCOUNT; i++)
		assert_non_null(session_find(b.sessions, b.scratch.db, tokens[i], 50));
	assert_non_null(
	    session_find(b.sessions, b.scratch.db, other, 50)); /* not at others' cost */
	bench_done(&b);
}

static void
closing_and_renewing(void **state)
{
	char one[SESSION_TOKEN_LEN + 1], two[SESSION_TOKEN_LEN + 1],
	    three[SESSION_TOKEN_LEN + 1];
	struct bench b;

	bench_open(&b);
	session_open(b.sessions, b.scratch.db, "duty", 0, one);
	session_open(b.sessions, b.scratch.db, "duty", 0, two);
	session_open(b.sessions, b.scratch.db, "other", 0, three);
	assert_int_equal(db_run(b.scratch.db, NULL,
			     "UPDATE account SET changed_at = 5 WHERE name = 'duty'", ""),
	    0);
	session_renew(b.sessions, b.scratch.db,
	    session_open(b.sessions, b.scratch.db, "duty", 0, one));
	assert_non_null(session_find(b.sessions, b.scratch.db, one, 1));
	assert_null(session_find(b.sessions, b.scratch.db, two, 1));
	assert_non_null(session_find(b.sessions, b.scratch.db, three, 1));
	session_close(b.sessions, session_find(b.sessions, b.scratch.db, three, 1));
	assert_null(session_find(b.sessions, b.scratch.db, three, 1));
	assert_int_equal(sessions_count(b.sessions), 1);
	bench_done(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_is_found_by_its_token_until_its_time_is_over),
		cmocka_unit_test(an_unknown_role_may_only_read),
		cmocka_unit_test(a_changed_account_ends_its_sessions),
		cmocka_unit_test(the_oldest_sessions_make_room),
		cmocka_unit_test(closing_and_renewing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
