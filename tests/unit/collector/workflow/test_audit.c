/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "collector/workflow/audit.h"
#include "tests/unit/collector/scratch.h"

static void
write_rows(struct scratch *s, int n)
{
	for (int i = 0; i < n; i++)
		assert_int_equal(audit_write(s->db, &(struct audit_row){ .at = 1000 + i,
							.actor = "duty",
							.object_kind = "incident",
							.object_id = 1,
							.what = "incident.state",
							.from = i ? "A1" : NULL,
							.to = "A2",
							.why = "研判" }),
		    0);
}

static void
an_untouched_chain_is_whole(void **state)
{
	struct scratch s;
	struct audit_finding f;

	scratch_open(&s);
	assert_int_equal(audit_check(s.db, &f), 0);
	assert_true(f.rows == 0 && f.row == 0);
	assert_string_equal(f.hash, "");
	write_rows(&s, 5);
	assert_int_equal(audit_check(s.db, &f), 0);
	assert_true(f.rows == 5 && f.row == 0);
	assert_int_equal(strlen(f.hash), 64);
	scratch_done(&s);
}

static void
any_change_shows_at_its_row(void **state)
{
	static const struct {
		const char *sql;
		int64_t row;
		bool is_link_lost;
	} changes[] = {
		{ "UPDATE audit SET why = '' WHERE id = 3", 3, false },
		{ "UPDATE audit SET at = at + 1 WHERE id = 1", 1, false },
		{ "UPDATE audit SET actor = 'chief' WHERE id = 5", 5, false },
		/* NULL is not empty */
		{ "UPDATE audit SET from_value = '' WHERE id = 1", 1, false },
		{ "UPDATE audit SET from_value = 'A', to_value = '1A2' WHERE id = 2", 2,
		    false },
		{ "UPDATE audit SET hash = 'x' WHERE id = 4", 4, false },
		{ "DELETE FROM audit WHERE id = 2", 3, true },
		{ "DELETE FROM audit WHERE id = 1", 2, true },
	};

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct scratch s;
		struct audit_finding f;

		scratch_open(&s);
		write_rows(&s, 5);
		assert_int_equal(db_run(s.db, NULL, changes[i].sql, ""), 0);
		assert_int_equal(audit_check(s.db, &f), -EBADMSG);
		assert_int_equal(f.row, changes[i].row);
		assert_int_equal(f.is_link_lost, changes[i].is_link_lost);
		scratch_done(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_untouched_chain_is_whole),
		cmocka_unit_test(any_change_shows_at_its_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
