/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_bound_and_numbered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
