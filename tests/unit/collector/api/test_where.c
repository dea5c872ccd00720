/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "collector/api/where.h"
#include "tests/unit/collector/scratch.h"

static void
values_are_bound_and_numbered(void **state)
{
	struct scratch s;
	struct db_stmt *stmt;
	struct where w;

	scratch_open(&s);
	where_init(&w, "SELECT $1 + 0 FROM (SELECT 5 AS a, 'x''; DROP' AS b)");
	where_int(&w, "a = $", 5);
	where_text(&w, "b = $", "x'; DROP");
	where_int_int(&w, "(a, a) < ($, $)", 6, 0);
	where_plain(&w, "a IS NOT NULL");
	where_limit(&w, 3);
	assert_string_equal(w.sql,
	    "SELECT $1 + 0 FROM (SELECT 5 AS a, 'x''; DROP' AS b) WHERE a = $1 AND b = $2"
	    " AND (a, a) < ($3, $4) AND a IS NOT NULL LIMIT $5");
	assert_int_equal(where_query(&w, s.db, &stmt), 0);
	assert_int_equal(db_step(stmt), 1);
	assert_int_equal(db_int(stmt, 0), 5);
	assert_int_equal(db_step(stmt), 0);
	db_finish(stmt);
	scratch_done(&s);
}

/* The longest text of the most escaped characters fits, and finds itself only. */
static void
a_search_is_literal(void **state)
{
	struct scratch s;
	struct db_stmt *stmt;
	struct where w;
	char text[WHERE_SEARCH_CHARS + 1], sql[600];

	scratch_open(&s);
	memset(text, '%', WHERE_SEARCH_CHARS);
	text[WHERE_SEARCH_CHARS] = '\0';
	for (int is_same = 0; is_same < 2; is_same++) {
		snprintf(sql, sizeof(sql), "SELECT 1 FROM (SELECT '%s%s' AS t)",
		    is_same ? "%" : "x", text + 1);
		where_init(&w, sql);
		where_search(&w, text, "t IN ($)", "t LIKE $ ESCAPE '!'");
		assert_int_equal(where_query(&w, s.db, &stmt), 0);
		assert_int_equal(db_step(stmt), is_same);
		db_finish(stmt);
	}
	for (size_t i = 0; i < WHERE_SEARCH_CHARS; i++)
		memcpy(sql + 4 * i, "\xf0\xa0\x80\x80", 5); /* four bytes a character */
	where_init(&w, "SELECT ''");
	where_search(&w, sql, "t IN ($)", "t LIKE $ ESCAPE '!'");
	assert_int_equal(strlen(w.like), 4 * WHERE_SEARCH_CHARS + 2);
	scratch_done(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_bound_and_numbered),
		cmocka_unit_test(a_search_is_literal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
